//! Calls as they are written: which argument stands where.

use super::facts::Span;
use super::parse::Tree;

/// Arguments of one call that are looked at.
const ARGUMENTS_MAX: usize = 64;

/// A call and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSite {
    /// Where what is called ends, its type arguments aside: the end of its name, if it has one.
    pub callee_end: u32,
    /// Those that are handed over by their position, up to the first of which that is not known.
    pub arguments: Vec<Span>,
}

impl Tree {
    /// The calls in a part of the text, at most `max`, in source order of what is called.
    pub fn call_sites(&self, within: Span, max: usize) -> Vec<CallSite> {
        let mut sites = Vec::new();
        let mut cursor = self.inner.walk();
        loop {
            let node = cursor.node();
            let inside = node.start_byte() < within.end as usize && within.start as usize <= node.end_byte();
            if inside && matches!(node.kind(), "arguments" | "argument_list") {
                sites.extend(site(node));
                if sites.len() >= max {
                    break;
                }
            }
            if inside && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    sites.sort_by_key(|site| site.callee_end);
                    return sites;
                }
            }
        }
        sites.sort_by_key(|site| site.callee_end);
        sites
    }
}

fn site(list: tree_sitter::Node<'_>) -> Option<CallSite> {
    let mut callee = list.prev_named_sibling()?;
    if callee.kind().contains("type_arguments") || callee.kind().contains("type_parameter") {
        callee = callee.prev_named_sibling()?;
    }
    // A name with type arguments ends before them.
    let last = callee.named_child(callee.named_child_count().saturating_sub(1) as u32);
    if let Some(arguments) = last.filter(|last| last.kind().contains("type_arguments")) {
        callee = arguments.prev_named_sibling()?;
    }
    let mut cursor = list.walk();
    let given = list.named_children(&mut cursor).filter(|n| !n.is_extra()).take(ARGUMENTS_MAX);
    // Behind a spread, nobody can count; what is given by name says so itself.
    let by_position = given.take_while(|n| !is_spread_or_named(n.kind()));
    let arguments = by_position.map(|n| Span::new(n.start_byte() as u32, n.end_byte() as u32)).collect();
    Some(CallSite { callee_end: callee.end_byte() as u32, arguments })
}

fn is_spread_or_named(kind: &str) -> bool {
    ["spread", "splat", "variadic", "keyword", "named", "for_in", "generator"]
        .iter()
        .any(|word| kind.contains(word))
}

#[cfg(test)]
mod tests {
    use crate::lang::facts::Span;
    use crate::lang::{LangId, ParseLimits, Parser};

    /// What is called, up to its end, with its arguments.
    fn check_calls(path: &str, text: &str, expected: &[&str]) {
        let lang = LangId::of_path(path.as_ref()).unwrap();
        let tree = Parser::new().parse(lang, text, None, &ParseLimits::default()).unwrap();
        let sites = tree.call_sites(Span::new(0, text.len() as u32), 100);
        let cut = |span: Span| &text[span.start as usize..span.end as usize];
        let shown = sites.iter().map(|site| {
            let start = text[..site.callee_end as usize]
                .rfind([' ', '.', '(', '\n', ':', ';'])
                .map_or(0, |at| at + 1);
            let name = cut(Span::new(start as u32, site.callee_end));
            format!("{name}/{}", site.arguments.iter().map(|a| cut(*a)).collect::<Vec<_>>().join("|"))
        });
        assert_eq!(shown.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn arguments_by_position_are_found_in_every_language() {
        check_calls("a.py", "a.f(1, g(x), *y, 2, k=3)\nh(k=1)\n", &["f/1|g(x)", "g/x", "h/"]);
        check_calls("a.rs", "fn m() { a.f::<T>(1, g(x)); S::new(2) }", &["f/1|g(x)", "g/x", "new/2"]);
        check_calls("a.ts", "new C<T>(1, /* c */ 2); a.f<U>(x, ...y);", &["C/1|2", "f/x"]);
        check_calls("a.go", "package m\nfunc f() { g(1, x...); a.B(2) }", &["g/1", "B/2"]);
        check_calls("A.java", "class A { void f() { g(1, 2); new B<>(3); } }", &["g/1|2", "B/3"]);
    }
}
