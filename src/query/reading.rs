//! A file's text as a tree, and as it would be with something else in it. What an open document was read as is taken from
//! there.

use std::sync::Arc;

use crate::graph::{OpenFile, View};
use crate::lang::facts::Span;
use crate::lang::modules::{FileId, Layout};
use crate::lang::parse::Point;
use crate::lang::{ParseLimits, Parser, Reading, Replaced, Tree};

/// The tree of the file's text, which the view has given out; `None` if it cannot be parsed.
pub fn tree(view: &View, file: FileId, text: &str) -> Option<Tree> {
    match view.reading(file) {
        Some(reading) => Some(reading.tree.clone()),
        None => Parser::new().parse(view.lang(file), text, None, &ParseLimits::default()).ok(),
    }
}

/// The view as it would be with something else in the place of a span of the file's text; `None` if that cannot be parsed.
/// What the file's text says there is at hand.
pub fn with_replaced(view: &View, file: FileId, text: &str, span: Span, new: &str) -> Option<View> {
    let lang = view.lang(file);
    let (start, end) = (span.start as usize, span.end as usize);
    let after: Arc<str> = [&text[..start], new, &text[end..]].concat().into();
    let parse = |seed| Parser::new().parse(lang, &after, seed, &ParseLimits::default()).ok();
    let reading = match view.reading(file) {
        Some(before) => {
            let mut seed = before.tree.clone();
            let from = Point::of(text, start);
            let (old, new) = (from.behind(&text[start..end]), from.behind(new));
            seed.edit(from, old, new);
            let (old_end, new_end) = (span.end, new.offset as u32);
            let replaced = Replaced { start: span.start, old_end, new_end };
            before.next(lang, (parse(Some(&seed))?, &seed), &after, &|_| true, replaced)
        }
        None => Reading::whole(lang, parse(None)?, &after, &|_| true),
    };
    let (path, facts) = (view.path(file).to_owned(), Arc::clone(&reading.facts));
    let document = OpenFile { path, lang, text: after, facts, reading: Some(Arc::new(reading)) };
    Some(view.changed(vec![document], &[]))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::graph::fixture::Fixture;
    use crate::lang::facts::Facts;
    use crate::query::{completions, signature_help};

    /// A file that other items of its language stand in, before and behind; what is written in it behind a mark for
    /// members, and in a call. `there` is the member, which takes two.
    const WRITTEN: [[&str; 6]; 6] = [
        [
            "a.py",
            "",
            "# größer\ndef N(n):\n    return n + 1\n",
            "class A:\n    def there(self, one, two): pass\n",
            "def f(a: A):\n    a.$0\n",
            "def f(a: A):\n    a.there(1, $0\n",
        ],
        [
            "a.rs",
            "",
            "/// größer\nfn N(n: u8) -> u8 { n + 1 }\n",
            "struct A;\nimpl A { fn there(&self, one: u8, two: u8) {} }\n",
            "fn f(a: A) { a.$0 }\n",
            "fn f(a: A) { a.there(1, $0 }\n",
        ],
        [
            "a.go",
            "package a\n",
            "// größer\nfunc N(n int) int { return n + 1 }\n",
            "type A struct{}\nfunc (a A) there(one int, two int) {}\n",
            "func f(a A) {\n\ta.$0\n}\n",
            "func f(a A) {\n\ta.there(1, $0\n}\n",
        ],
        [
            "A.java",
            "",
            "// größer\nclass N { int n(int n) { return n + 1; } }\n",
            "class A { void there(int one, int two) {} }\n",
            "class F { void f(A a) { a.$0; } }\n",
            "class F { void f(A a) { a.there(1, $0); } }\n",
        ],
        [
            "a.ts",
            "",
            "// größer\nfunction N(n: number) { return n + 1; }\n",
            "class A { there(one: number, two: number) {} }\n",
            "function f(a: A) { a.$0 }\n",
            "function f(a: A) { a.there(1, $0 }\n",
        ],
        [
            "a.cc",
            "",
            "// größer\nint N(int n) { return n + 1; }\n",
            "struct A { void there(int one, int two); };\n",
            "void f(A a) { a.$0; }\n",
            "void f(A a) { a.there(1, $0; }\n",
        ],
    ];

    /// The fixture's file as an open document, without what it was read as and with it.
    fn opened(fixture: &Fixture) -> (FileId, u32, [View; 2]) {
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let (path, lang, text) = (view.path(file), view.lang(file), view.text(file).unwrap());
        let tree = tree(&view, file, &text).unwrap();
        let whole = Arc::new(Reading::whole(lang, tree, &text, &|_| true));
        let open = [None, Some(Arc::clone(&whole))].map(|reading| {
            let (path, text, facts) = (path.to_owned(), Arc::clone(&text), Arc::clone(&whole.facts));
            view.changed(vec![OpenFile { path, lang, text, facts, reading }], &[])
        });
        (file, offset, open)
    }

    #[test]
    fn what_is_written_is_the_same_by_what_was_read_before() {
        for [path, head, filler, class, member, call] in WRITTEN {
            let others = |mark: &str| -> String {
                (0..60).map(|i| filler.replace('N', &format!("{mark}{i}"))).collect()
            };
            let (before, behind) = (others("Before"), others("Behind"));
            for (written, new) in [(member, "fresh"), (call, "fresh)")] {
                let text = format!("\n//- /{path}\n{head}{before}{class}{written}{behind}");
                let (file, offset, [by_text, by_reading]) = opened(&Fixture::parse(&text));
                let text = by_text.text(file).unwrap();
                let says = |view: &View| {
                    let there = with_replaced(view, file, &text, Span::new(offset, offset), new).unwrap();
                    Facts::clone(&there.reading(file).unwrap().facts)
                };
                let (follows, whole) = (says(&by_reading), says(&by_text));
                // A new name stands behind those that are taken over.
                let is_last = |facts: &Facts| facts.names.last().is_some_and(|name| **name == *"fresh");
                assert!(is_last(&follows) && !is_last(&whole), "{path}: {written}");
                assert_eq!(follows.in_order_of_names(), whole.in_order_of_names(), "{path}: {written}");
                let cancel = AtomicBool::new(false);
                let completed = |view: &View| completions(view, file, offset, 100, &cancel);
                let (found, help) = (completed(&by_reading), signature_help(&by_reading, file, offset));
                assert_eq!(found, completed(&by_text), "{path}: {written}");
                assert_eq!(help, signature_help(&by_text, file, offset), "{path}: {written}");
                match written == member {
                    true => assert!(found.is_some_and(|f| f.items[0].label == "there"), "{path}"),
                    false => {
                        assert!(help.is_some_and(|h| h.signatures[0].label.contains("there")), "{path}");
                    }
                }
            }
        }
    }
}
