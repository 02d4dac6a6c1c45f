//! Elements of markup in code: an opening and a closing tag that bear one name.

use super::facts::Span;
use super::parse::Tree;

/// Levels around a place that are looked at for the tag it is in.
const DEPTH_MAX: usize = 8;

impl Tree {
    /// The names in the opening and the closing tag of the element in one of whose names the offset is. `None` where they
    /// are not the same, or there is but one.
    pub fn linked_names(&self, text: &str, offset: u32) -> Option<[Span; 2]> {
        let at = offset as usize;
        // A cursor behind the last letter of a name is in it.
        [at, at.saturating_sub(1)].into_iter().find_map(|at| self.names_around(text, at, offset))
    }

    fn names_around(&self, text: &str, at: usize, offset: u32) -> Option<[Span; 2]> {
        let mut node = self.inner.root_node().descendant_for_byte_range(at, at)?;
        for _ in 0..DEPTH_MAX {
            if matches!(node.kind(), "jsx_opening_element" | "jsx_closing_element") {
                let element = node.parent()?;
                let names =
                    [element.child_by_field_name("open_tag")?, element.child_by_field_name("close_tag")?]
                        .map(|tag| tag.child_by_field_name("name"));
                let [Some(open), Some(close)] = names else { return None };
                let spans = [open, close].map(|n| Span::new(n.start_byte() as u32, n.end_byte() as u32));
                let same = text.get(open.byte_range()) == text.get(close.byte_range());
                return (same && spans.iter().any(|span| span.touches(offset))).then_some(spans);
            }
            node = node.parent()?;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::lang::{LangId, ParseLimits, Parser};

    /// The names that are linked with the place of `|`.
    fn linked(lang: &str, text: &str) -> Option<[String; 2]> {
        let offset = text.find('|').unwrap() as u32;
        let text = text.replace('|', "");
        let lang = LangId::of_language_id(lang).unwrap();
        let tree = Parser::new().parse(lang, &text, None, &ParseLimits::default()).unwrap();
        let spans = tree.linked_names(&text, offset)?;
        Some(spans.map(|span| text[span.start as usize..span.end as usize].to_owned()))
    }

    #[test]
    fn the_names_of_an_element_are_linked() {
        for lang in ["javascript", "javascriptreact", "typescriptreact"] {
            let both = |name: &str| Some([name.to_owned(), name.to_owned()]);
            assert_eq!(linked(lang, "const x = <d|iv a={1}><b>t</b></div>;"), both("div"), "{lang}");
            assert_eq!(linked(lang, "const x = <div><b>t</b></div|>;"), both("div"), "{lang}");
            assert_eq!(linked(lang, "const x = <div><|b>t</b></div>;"), both("b"), "{lang}");
            assert_eq!(linked(lang, "const x = <A.B|></A.B>;"), both("A.B"), "{lang}");
            assert_eq!(linked(lang, "const x = <div a={|1}></div>;"), None, "{lang}");
            assert_eq!(linked(lang, "const x = <di|v/>;"), None, "{lang}");
            assert_eq!(linked(lang, "const x = <div>t|</div>;"), None, "{lang}");
            assert_eq!(linked(lang, "const x = a| < b;"), None, "{lang}");
        }
    }
}
