//! What questions cost about texts that people do not write.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::*;
use crate::graph::fixture::Fixture;

const PIECES: usize = 1_500;

fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// CPU time of a question about the file with the cursor, of so many pieces; the least of some.
fn cost(make: &dyn Fn(usize) -> String, pieces: usize, ask: &dyn Fn(&View, FileId, u32)) -> Duration {
    let fixture = Fixture::parse(&make(pieces));
    let view = fixture.view();
    let (file, offset) = fixture.cursor(&view);
    let once = || {
        let start = cpu_time();
        ask(&view, file, offset);
        cpu_time() - start
    };
    (0..3).map(|_| once()).min().unwrap()
}

/// Four times the text takes about four times as long: sixteen times would be one piece against all others.
#[track_caller]
fn check_linear(make: impl Fn(usize) -> String, ask: impl Fn(&View, FileId, u32)) {
    let (few, many) = (cost(&make, PIECES, &ask), cost(&make, 4 * PIECES, &ask));
    assert!(many < few * 9, "{few:?}, then {many:?}");
}

fn lines(pieces: usize, line: impl Fn(usize) -> String) -> String {
    (0..pieces).map(|i| line(i) + "\n").collect()
}

fn never() -> AtomicBool {
    AtomicBool::new(false)
}

#[test]
fn findings() {
    let ask = |view: &View, file, _| {
        super::findings(view, file, &FindingKind::ALL, &never());
    };
    check_linear(|n| format!("//- /a.py\n$0{}", lines(n, |i| format!("def _a{i}(): pass"))), ask);
    check_linear(|n| format!("//- /a.py\n$0def f():\n{}", lines(n, |i| format!(" a{i} = 1\n a{i}"))), ask);
    check_linear(|n| format!("//- /a.py\n$0{}", lines(n, |i| format!("import a{i}\na{i}"))), ask);
    check_linear(
        |n| format!("//- /b.py\nimport a\n//- /a.py\n$0{}", lines(n, |_| "import b\nb".to_owned())),
        ask,
    );
    check_linear(
        |n| format!("//- /a.ts\n$0class A {{\n{}}}", lines(n, |i| format!("private f{i}() {{}}"))),
        ask,
    );
}

#[test]
fn outlines_and_lenses() {
    check_linear(
        |n| format!("//- /a.rs\n$0struct A;\n{}", lines(n, |_| "impl A {}".to_owned())),
        |view, file, _| {
            document_symbols(view, file);
        },
    );
    check_linear(
        |n| format!("//- /a.rs\n$0struct A;\n{}", lines(n, |_| "impl A {}".to_owned())),
        |view, file, _| {
            code_lenses(view, file);
        },
    );
}

#[test]
fn links() {
    check_linear(
        |n| {
            let imports = lines(8 * n, |_| "import q.B;".to_owned());
            format!(
                "//- /q/B.java\npackage q;\npublic class B {{}}\n//- /p/A.java\npackage p;\n$0{imports}class A {{}}\n"
            )
        },
        |view, file, _| {
            document_links(view, file, &never());
        },
    );
}

#[test]
fn tokens() {
    check_linear(
        |n| format!("//- /a.py\n$0def x(): pass\n{}", lines(n, |_| "x()".to_owned())),
        |view, file, _| {
            semantic_tokens(view, file, None, &never());
        },
    );
}

#[test]
fn names_with_many_definitions() {
    // More than one use has, and few enough to be quick.
    const MANY: usize = 15;
    let fields = |n| {
        format!(
            "//- /a.py\nclass A:\n def $0m(self):\n{}",
            lines(n / MANY, |_| "  self.zz = self.zz".to_owned())
        )
    };
    let tokens = |view: &View, file, _| {
        semantic_tokens(view, file, None, &never());
    };
    check_linear(fields, tokens);
    let overloads = |n| {
        let (declared, called) = (
            lines(n / MANY, |_| "function f(a: 1): void;".to_owned()),
            lines(n / MANY, |_| "f(1);".to_owned()),
        );
        format!("//- /a.ts\n$0{declared}function f(a: any) {{}}\n{called}")
    };
    check_linear(overloads, tokens);
    let uses = |view: &View, file, offset| {
        references(view, file, offset, true, usize::MAX, &never()).unwrap();
    };
    let assigned = |n| {
        format!(
            "//- /a.py\nclass A:\n def m(self):\n  self.$0zz = 1\n{}",
            lines(n / MANY, |_| "  self.zz = 1".to_owned())
        )
    };
    check_linear(assigned, uses);
    let written = |n| {
        let fields = lines(n / MANY, |_| "this.zz = 1;".to_owned());
        format!("//- /a.js\nclass A {{ m() {{\nthis.$0zz = 1;\n{fields}}} }}\n")
    };
    check_linear(written, uses);
}

#[test]
fn a_definition_in_many_places_is_told_by_the_first() {
    let fields = lines(10_000, |_| "  self.zz = 1".to_owned());
    let fixture =
        Fixture::parse(&format!("//- /a.py\nclass A:\n def m(self):\n{fields}  print(self.$0zz)\n"));
    let view = fixture.view();
    let (file, offset) = fixture.cursor(&view);
    let found = definition(&view, file, offset).unwrap();
    assert!((1..=1_000).contains(&found.len()), "{}", found.len());
    let uses = references(&view, file, offset, true, usize::MAX, &never()).unwrap();
    assert_eq!(uses.items.len(), 10_001);
}

#[test]
fn renames() {
    let ask = |view: &View, file, offset| {
        rename(view, file, offset, "zzz", &never()).unwrap();
    };
    check_linear(|n| format!("//- /a.py\ndef $0x(): pass\n{}", lines(n, |_| "x()".to_owned())), ask);
    check_linear(|n| format!("//- /a.py\ndef $0x(): pass\n{}", lines(n, |_| "# x\ny()".to_owned())), ask);
}

#[test]
fn symbols_of_a_folder() {
    check_linear(
        |n| {
            let (others, fields) =
                (lines(n, |i| format!("def y{i}(): pass")), lines(n, |_| "  self.zz = 1".to_owned()));
            format!("//- /a.py\n$0{others}class A:\n def m(self):\n{fields}")
        },
        |view, _, _| {
            workspace_symbols(view, "zz", 10, &never());
        },
    );
}
