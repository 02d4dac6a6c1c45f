//! What a selection grows to.

use crate::lang::Tree;
use crate::lang::facts::Span;

/// Steps of one selection; whoever grows one further selects everything.
const STEPS_MAX: usize = 128;

/// What lies around an offset of a document, the innermost first, each larger than the one before; at least an empty
/// range at the offset.
pub fn selection_ranges(tree: &Tree, text: &str, offset: u32) -> Vec<Span> {
    let mut spans = tree.around(text, offset);
    spans.truncate(STEPS_MAX);
    if spans.is_empty() {
        spans.push(Span::new(offset, offset));
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;
    use crate::lang::modules::Layout;
    use crate::lang::{ParseLimits, Parser};

    /// What the selection at the cursor grows to, up to the whole text.
    fn check_grows(fixture: &str, expected: &[&str]) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let text = view.text(file).unwrap();
        let tree = Parser::new().parse(view.lang(file), &text, None, &ParseLimits::default()).unwrap();
        let spans = selection_ranges(&tree, &text, offset);
        assert!(spans.windows(2).all(|pair| pair[1].encloses(pair[0]) && pair[1] != pair[0]), "{spans:?}");
        let grown: Vec<&str> =
            spans.iter().map(|span| &text[span.start as usize..span.end as usize]).collect();
        assert_eq!(grown[..grown.len().min(expected.len())], *expected, "{}", view.path(file));
        assert_eq!(grown.last().map(|all| all.trim()), Some(text.trim()));
    }

    #[test]
    fn selections_grow_from_names_to_statements_in_every_language() {
        check_grows("\n//- /a.py\ndef f():\n    g(a$0b, 1)\n", &["ab", "ab, 1", "(ab, 1)", "g(ab, 1)"]);
        check_grows(
            "\n//- /a.ts\nfunction f() {\n    g(a$0b, 1);\n}\n",
            &["ab", "ab, 1", "(ab, 1)", "g(ab, 1)", "g(ab, 1);"],
        );
        check_grows(
            "\n//- /a.rs\nfn f() {\n    g(a$0b, 1);\n}\n",
            &["ab", "ab, 1", "(ab, 1)", "g(ab, 1)", "g(ab, 1);"],
        );
        check_grows(
            "\n//- /a.go\npackage m\n\nfunc f() {\n\tg(a$0b, 1)\n}\n",
            &["ab", "ab, 1", "(ab, 1)", "g(ab, 1)"],
        );
        check_grows(
            "\n//- /A.java\nclass A { void f() {\n    g(a$0b, 1);\n} }\n",
            &["ab", "ab, 1", "(ab, 1)", "g(ab, 1)", "g(ab, 1);"],
        );
        check_grows(
            "\n//- /a.c\nvoid f(void) {\n    g(a$0b, 1);\n}\n",
            &["ab", "ab, 1", "(ab, 1)", "g(ab, 1)", "g(ab, 1);"],
        );
    }
}
