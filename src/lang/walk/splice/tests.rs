use std::ops::Range;
use std::path::Path;

use proptest::prelude::*;

use super::Replaced;
use crate::lang::facts::Facts;
use crate::lang::parse::Point;
use crate::lang::{LangId, ParseLimits, Parser, Seams, Tree, canonical, extract, extract_with_seams, follow};

/// A text, its tree, and what it says.
struct Version {
    lang: LangId,
    text: String,
    tree: Tree,
    facts: Facts,
    seams: Seams,
}

impl Version {
    fn new(file: &str, text: &str) -> Version {
        let lang = LangId::of_path(Path::new(file)).unwrap();
        let tree = Parser::new().parse(lang, text, None, &ParseLimits::default()).unwrap();
        let (facts, seams) = extract_with_seams(lang, &tree, text, &|_| true);
        assert_eq!(canonical(facts.clone()), canonical(extract(lang, &tree, text)), "seams change nothing");
        Version { lang, text: text.to_owned(), tree, facts, seams }
    }

    /// The version after edits, and whether its facts follow from this one's. They are those of all of the text, however
    /// they come about.
    fn edited(&self, edits: &[(Range<usize>, &str)]) -> (Version, bool) {
        let (mut text, mut old, mut change) = (self.text.clone(), self.tree.clone(), None);
        for (range, new) in edits {
            let end = range.start + new.len();
            let mut next = text.clone();
            next.replace_range(range.clone(), new);
            old.edit(Point::of(&text, range.start), Point::of(&text, range.end), Point::of(&next, end));
            let this = Replaced { start: range.start as u32, old_end: range.end as u32, new_end: end as u32 };
            change = Some(change.map_or(this, |before: Replaced| before.then(this)));
            text = next;
        }
        let tree = Parser::new().parse(self.lang, &text, Some(&old), &ParseLimits::default()).unwrap();
        let change = tree.read_otherwise(&old, &text, change.unwrap());
        let followed = follow(self.lang, &tree, &text, &|_| true, (&self.facts, &self.seams), change);
        let whole = extract_with_seams(self.lang, &tree, &text, &|_| true);
        let follows = followed.is_some();
        let (facts, seams) = followed.unwrap_or_else(|| whole.clone());
        assert_eq!(canonical(facts.clone()), canonical(whole.0), "{edits:?}\n{text}");
        (Version { lang: self.lang, text, tree, facts, seams }, follows)
    }

    /// Replaces the last place where `from` stands.
    fn replaced(&self, from: &str, to: &str) -> (Version, bool) {
        let at = self.text.rfind(from).unwrap();
        self.edited(&[(at..at + from.len(), to)])
    }
}

const TOURS: [(&str, &str); 11] = [
    ("a.c", include_str!("../../c/fixtures/tour.c")),
    ("a.cc", include_str!("../../cpp/fixtures/tour.cc")),
    ("a.go", include_str!("../../go/fixtures/tour.go")),
    ("A.java", include_str!("../../java/fixtures/Tour.java")),
    ("a.js", include_str!("../../javascript/fixtures/tour.js")),
    ("b.js", include_str!("../../javascript/fixtures/jsdoc.js")),
    ("a.py", include_str!("../../python/fixtures/tour.py")),
    ("a.rs", include_str!("../../rust/fixtures/items.rs")),
    ("b.rs", include_str!("../../rust/fixtures/bodies.rs")),
    ("a.ts", include_str!("../../typescript/fixtures/tour.ts")),
    ("a.tsx", include_str!("../../typescript/fixtures/elements.tsx")),
];

/// What people type, and what breaks a text.
const PIECES: [&str; 14] =
    ["x", ".", "\n", "(", ")", "{", "}", "\"", "/*", "// ", "#", " = 1;\n", "\"\"\"", "if (!x) return;\n"];

/// An edit of a text: a piece put in, letters taken away, or some of the text put elsewhere.
fn edit(text: &str, (kind, at, len, piece): (u8, usize, usize, usize)) -> (Range<usize>, String) {
    let place = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
    let at = place(at % (text.len() + 1));
    match kind {
        0 => (at..at, PIECES[piece % PIECES.len()].to_owned()),
        1 => (at..place(at + len), String::new()),
        _ => {
            let from = place(piece % (text.len() + 1));
            (at..at, text[from..place(from + 3 * len)].to_owned())
        }
    }
}

/// The text between others that say nothing of its names, so that it lies apart.
fn amid(text: &str, filler: &str) -> String {
    let rest = |mark: &str| (0..60).map(|i| filler.replace('N', &format!("{mark}{i}"))).collect::<String>();
    format!("{}{text}{}", rest("before"), rest("behind"))
}

/// Whether what the last `from` says, put in place of it, is told without a walk over all.
#[track_caller]
fn follows(file: &str, text: &str, filler: &str, from: &str, to: &str) -> bool {
    let version = Version::new(file, &amid(text, filler));
    version.replaced(from, to).1
}

#[test]
fn what_is_typed_in_an_item_is_read_by_itself() {
    let all = [
        ("a.c", "int f(void) { int one = 1; return one; }\n", "int N(int n) { return n + 1; }\n"),
        ("a.go", "func f() int { var one = 1; return one }\n", "func N(n int) int { return n + 1 }\n"),
        ("a.js", "function f() { let one = 1; return one; }\n", "function N(n) { return n + 1; }\n"),
        ("a.py", "def f():\n    one = 1; return one\n", "def N(n):\n    return n + 1\n"),
        ("a.rs", "fn f() -> u8 { let one = 1; return one; }\n", "fn N(n: u8) -> u8 { n + 1 }\n"),
        ("a.ts", "function f() { let one = 1; return one; }\n", "function N(n: number) { return n + 1; }\n"),
    ];
    for (file, text, filler) in all {
        let mut version = Version::new(file, &amid(text, filler));
        for (from, to) in
            [("return one", "return on"), ("return on", "return on."), ("on.", "on.x"), ("one = 1", "o = 1")]
        {
            let (next, follows) = version.replaced(from, to);
            assert!(follows, "{file}: {to} in the place of {from}");
            version = next;
        }
    }
}

#[test]
fn so_is_what_is_typed_before_all_others() {
    let text = "import one\nfrom two import three\n".to_owned() + &"def f(n):\n    return n + 1\n".repeat(40);
    let (first, follows) = Version::new("a.py", &text).replaced("one\n", "on\n");
    assert!(follows && first.replaced("on\n", "once\n").1);
}

#[test]
fn so_is_what_is_typed_in_an_item_of_a_large_one() {
    let all = [
        (
            "a.cc",
            "namespace n {\n$class C {\n$};\n}\n",
            "int f() { return one; }\n",
            "int N(int n) { return n + 1; }\n",
        ),
        ("a.go", "package p\nvar all = []int{\n$}\n", "one + two,\n", "f(N),\n"),
        ("a.java", "class A {\n$}\n", "int f() { return one; }\n", "int N(int n) { return n + 1; }\n"),
        (
            "a.py",
            "class A:\n    a = 1\n$",
            "    def f(self): return one\n",
            "    def N(self, n): return n + 1\n",
        ),
        ("a.rs", "mod m {\n$}\n", "fn f() -> u8 { return one; }\n", "fn N(n: u8) -> u8 { n + 1 }\n"),
        ("a.ts", "class A {\n$}\n", "f() { return one; }\n", "N(n: number) { return n + 1; }\n"),
    ];
    for (file, whole, text, filler) in all {
        let inner = amid(text, filler);
        let mut version = Version::new(file, &whole.replace('$', &inner));
        for (from, to) in [("one", "on"), ("on", "one.x"), ("one.x", "one")] {
            let (next, follows) = version.replaced(from, to);
            assert!(follows, "{file}: {to} in the place of {from}");
            version = next;
        }
    }
}

#[test]
fn what_later_items_see_is_looked_at_with_them() {
    // A prototype is that of a function of its name.
    let filler = "function Base() {}\nfunction N() {}\nD.prototype = new Base();\n";
    assert!(!follows("a.js", "function E() {}\n", filler, "E()", "D()"));
    assert!(follows("a.js", "function E() { return 1; }\n", filler, "return 1", "return 12"));
    // Whether a macro is defined decides conditions.
    let filler = "#ifdef M\nint N(int n) { return n + 1; }\n#endif\n";
    assert!(!follows("a.c", "#define L 1\nint f(void);\n", filler, "define L", "define M"));
    assert!(!follows("a.c", "#if 0\n#define M 1\n#endif\nint f(void);\n", filler, "#if 0", "#if 1"));
    // Of constants without a value the one before says what they are.
    let run = format!("const (\n{}X = 1\n{})\n", "A = 2\n".repeat(60), "Y\n".repeat(400));
    Version::new("a.go", &format!("package p\n{run}")).replaced("X = 1", "X = \"a\"");
    // What is tested is no longer sure of itself where a function writes it.
    let filler = "let v: A | B;\nfunction N() { if (v instanceof A) { g(() => v.a); } }\n";
    assert!(!follows("a.ts", "function f() { let w; w = 1; }\n", filler, "w = 1", "v = 1"));
}

#[test]
fn what_is_read_on_the_way_into_a_node_is_not_taken_apart() {
    let filler = "int N(int n) { return n + 1; }\n";
    let inside = |head: &str, rest: &str| format!("{head}\n{}{rest}#endif\n", amid("int one;\n", filler));
    let conditions = [
        ("#ifdef CONFIG_FOO", "CONFIG_FOO", "COFIG_FOO"),
        ("#if defined(_WIN32)", "_WIN32", "CONFIG_A"),
        ("#if 1 == 1", "== 1", "== 2"),
    ];
    for (head, from, to) in conditions {
        for rest in ["", "#else\nint two;\n"] {
            let version = Version::new("a.c", &inside(head, rest));
            let (next, _) = version.replaced(from, to);
            assert!(next.facts.defs != version.facts.defs, "{head}: the branch is another one");
            assert!(version.replaced("one", "on").1, "{head}: what it holds is read by itself");
        }
    }
    // What a list makes stands at the list.
    let lists = "#define LIST(X) X(A) X(B)\n#define MAKE(name) P_ ## name,\n";
    let many: String = (0..60).map(|i| format!("A{i} = {i},\n")).collect();
    Version::new("a.c", &format!("{lists}enum e {{\n{many}LIST(MAKE)\n}};\n")).replaced("A30", "A300");
}

#[test]
fn what_a_statement_shows_behind_it_is_not_taken_apart() {
    let many = |filler: &str| (0..60).map(|i| filler.replace('N', &i.to_string())).collect::<String>();
    let (calls, uses) = (many("g(N, N, N, N);\n"), many("h(x.aN, y.aN);\n"));
    let all = [
        (format!("if (!(x instanceof A)) {{\n{calls}foo();\n}}\n{uses}"), "foo();", "throw 1;"),
        (format!("if (yes(y)) {{\n{uses}}} else {{\n{calls}}}\n"), "yes(y)", "y instanceof B"),
        (format!("if (y) {{\n{uses}}} else {{\n{calls}}}\n"), "(y)", "(y instanceof B)"),
        (format!("switch (x.kind) {{\ncase a + b: {uses}break;\ndefault: {calls}\n}}\n"), "a + b", "\"a\""),
        (
            format!("x = f();\nfor (const i of o) {{\nif (x instanceof A) x.a();\n{calls}foo();\n}}\n"),
            "foo();",
            "x = g();",
        ),
    ];
    for (text, from, to) in all {
        let version = Version::new("a.ts", &text);
        let (next, _) = version.replaced(from, to);
        assert!(canonical(next.facts) != canonical(version.facts), "{from} to {to}");
    }
}

#[test]
fn a_semicolon_that_macros_before_it_are_read_with_is_looked_at() {
    let used = "fn f() -> u8 { vec![one.map(|y| y.z)] }\n";
    let text = amid(used, "fn N(n: u8) -> u8 { n + 1 }\n");
    let version = Version::new("a.rs", &(text + "mod last {}\n"));
    let (next, _) = version.replaced("mod last {}", "mod last;");
    assert!(next.facts.defs.len() > version.facts.defs.len(), "what is between the bars is a definition now");
    next.replaced("mod last;", "mod last {}");
}

#[test]
fn a_constant_repeats_what_one_before_it_comes_to_say() {
    let run = format!("package p\nconst (\nA\n{})\n", "B\n".repeat(400));
    Version::new("a.go", &run).replaced("\nA\n", "\nA = iota\n");
}

#[test]
fn a_new_member_of_a_large_class_is_read_by_itself() {
    let all = [
        ("a.java", "class A {\n$}\n", "int here;\n", "int N(int n) { return n + 1; }\n"),
        ("a.py", "class A:\n    a = 1\n$", "    here = 1\n", "    def N(self, n): return n + 1\n"),
        ("a.rs", "mod m {\n$}\n", "fn here() {}\n", "fn N(n: u8) -> u8 { n + 1 }\n"),
        ("a.ts", "class A {\n$}\n", "here = 1;\n", "N(n: number) { return n + 1; }\n"),
    ];
    for (file, whole, member, filler) in all {
        let version = Version::new(file, &whole.replace('$', &amid(member, filler)));
        let (more, follows) =
            version.replaced(member, &format!("{member}{}", member.replace("here", "there")));
        assert!(follows, "{file}: another member");
        let (_, follows) = more.replaced(&member.replace("here", "there"), "");
        assert!(follows, "{file}: one less");
    }
    // In a list it matters which one a child is.
    let list = format!("package p\nvar all = f(\n{}last)\n", "func(n int) {},\n".repeat(60));
    let at = list.rfind("func").unwrap();
    Version::new("a.go", &list).edited(&[(at..at, "more, ")]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is edited, what follows is what a walk over all of it gives.
    #[test]
    fn facts_that_follow_are_those_of_the_whole_text(
        tour in 0..TOURS.len(),
        edits in prop::collection::vec((0u8..3, any::<usize>(), 0usize..40, any::<usize>()), 1..8),
    ) {
        let (file, text) = TOURS[tour];
        let mut version = Version::new(file, &text.repeat(3));
        for seed in edits {
            let (range, new) = edit(&version.text, seed);
            version = version.edited(&[(range, &new)]).0;
        }
    }

    /// Several changes are one: what is around it is the same, and at the same places.
    #[test]
    fn changes_add_up(edits in prop::collection::vec((0usize..60, 0usize..9, 0usize..9), 1..6)) {
        let before: Vec<u32> = (0..60).collect();
        let (mut now, mut change, mut fresh) = (before.clone(), None, 1_000);
        for (start, len, new) in edits {
            let start = start.min(now.len());
            let end = (start + len).min(now.len());
            fresh += 10;
            now.splice(start..end, fresh..fresh + new as u32);
            let this = Replaced { start: start as u32, old_end: end as u32, new_end: (start + new) as u32 };
            change = Some(change.map_or(this, |before: Replaced| before.then(this)));
        }
        let Replaced { start, old_end, new_end } = change.unwrap();
        prop_assert_eq!(&now[..start as usize], &before[..start as usize]);
        prop_assert_eq!(&now[new_end as usize..], &before[old_end as usize..]);
    }
}
