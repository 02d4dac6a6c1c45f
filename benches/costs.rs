//! What questions cost about texts that people do not write: `cargo bench --bench costs`.
//!
//! Each is asked of a text and of one four times as long, in CPU time of this thread, the least of three. Four times the
//! text is to take about four times as long; sixteen times would be each piece against all others. The exit code is 1 if
//! one is too steep.

mod clock;

use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use clock::Clock;
use coppice::graph::View;
use coppice::graph::fixture::Fixture;
use coppice::lang::modules::FileId;
use coppice::query::{
    self, FindingKind, code_lenses, document_links, document_symbols, references, rename, semantic_tokens,
    workspace_symbols,
};

/// Growth beyond which a question is too steep, midway between in proportion and in square.
const GROWTH_MAX: f64 = 9.0;
const PIECES: usize = 1_500;

/// A group of questions.
type Group = fn(&mut Look);

const GROUPS: [(&str, Group); 7] = [
    ("findings", findings),
    ("outlines and lenses", outlines_and_lenses),
    ("links", links),
    ("tokens", tokens),
    ("names with many definitions", names_with_many_definitions),
    ("renames", renames),
    ("symbols of a folder", symbols_of_a_folder),
];

fn main() -> ExitCode {
    let mut look = Look::default();
    for (question, group) in GROUPS {
        look.question = question;
        group(&mut look);
    }
    ExitCode::from(u8::from(look.steep > 0))
}

/// CPU time of a question about the file with the cursor, of so many pieces; the least of some.
fn cost(make: &dyn Fn(usize) -> String, pieces: usize, ask: &dyn Fn(&View, FileId, u32)) -> f64 {
    let fixture = Fixture::parse(&make(pieces));
    let view = fixture.view();
    let (file, offset) = fixture.cursor(&view);
    let once = || {
        let clock = Clock::start();
        ask(&view, file, offset);
        clock.seconds()
    };
    (0..3).map(|_| once()).fold(f64::MAX, f64::min)
}

/// What has been seen so far.
#[derive(Default)]
struct Look {
    question: &'static str,
    steep: usize,
}

impl Look {
    fn at(&mut self, make: impl Fn(usize) -> String, ask: impl Fn(&View, FileId, u32)) {
        let (few, many) = (cost(&make, PIECES, &ask), cost(&make, 4 * PIECES, &ask));
        let steep = many > few * GROWTH_MAX;
        self.steep += usize::from(steep);
        let mark = if steep { "  steep" } else { "" };
        println!("{:32} {:8.2} ms {:8.2} ms {:6.1}x{mark}", self.question, few * 1e3, many * 1e3, many / few);
    }
}

fn lines(pieces: usize, line: impl Fn(usize) -> String) -> String {
    (0..pieces).map(|i| line(i) + "\n").collect()
}

fn never() -> AtomicBool {
    AtomicBool::new(false)
}

fn findings(look: &mut Look) {
    let ask = |view: &View, file, _| {
        query::findings(view, file, &FindingKind::ALL, &never());
    };
    look.at(|n| format!("//- /a.py\n$0{}", lines(n, |i| format!("def _a{i}(): pass"))), ask);
    look.at(|n| format!("//- /a.py\n$0def f():\n{}", lines(n, |i| format!(" a{i} = 1\n a{i}"))), ask);
    look.at(|n| format!("//- /a.py\n$0{}", lines(n, |i| format!("import a{i}\na{i}"))), ask);
    look.at(|n| format!("//- /b.py\nimport a\n//- /a.py\n$0{}", lines(n, |_| "import b\nb".to_owned())), ask);
    look.at(|n| format!("//- /a.ts\n$0class A {{\n{}}}", lines(n, |i| format!("private f{i}() {{}}"))), ask);
}

fn outlines_and_lenses(look: &mut Look) {
    look.at(
        |n| format!("//- /a.rs\n$0struct A;\n{}", lines(n, |_| "impl A {}".to_owned())),
        |view, file, _| {
            document_symbols(view, file);
        },
    );
    look.at(
        |n| format!("//- /a.rs\n$0struct A;\n{}", lines(n, |_| "impl A {}".to_owned())),
        |view, file, _| {
            code_lenses(view, file, None, &never());
        },
    );
}

fn links(look: &mut Look) {
    look.at(
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

fn tokens(look: &mut Look) {
    look.at(
        |n| format!("//- /a.py\n$0def x(): pass\n{}", lines(n, |_| "x()".to_owned())),
        |view, file, _| {
            semantic_tokens(view, file, None, &never());
        },
    );
}

fn names_with_many_definitions(look: &mut Look) {
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
    look.at(fields, tokens);
    let overloads = |n| {
        let (declared, called) = (
            lines(n / MANY, |_| "function f(a: 1): void;".to_owned()),
            lines(n / MANY, |_| "f(1);".to_owned()),
        );
        format!("//- /a.ts\n$0{declared}function f(a: any) {{}}\n{called}")
    };
    look.at(overloads, tokens);
    let uses = |view: &View, file, offset| {
        references(view, file, offset, true, usize::MAX, &never()).unwrap();
    };
    let assigned = |n| {
        format!(
            "//- /a.py\nclass A:\n def m(self):\n  self.$0zz = 1\n{}",
            lines(n / MANY, |_| "  self.zz = 1".to_owned())
        )
    };
    look.at(assigned, uses);
    let written = |n| {
        let fields = lines(n / MANY, |_| "this.zz = 1;".to_owned());
        format!("//- /a.js\nclass A {{ m() {{\nthis.$0zz = 1;\n{fields}}} }}\n")
    };
    look.at(written, uses);
}

fn renames(look: &mut Look) {
    let ask = |view: &View, file, offset| {
        rename(view, file, offset, "zzz", &never()).unwrap();
    };
    look.at(|n| format!("//- /a.py\ndef $0x(): pass\n{}", lines(n, |_| "x()".to_owned())), ask);
    look.at(|n| format!("//- /a.py\ndef $0x(): pass\n{}", lines(n, |_| "# x\ny()".to_owned())), ask);
}

fn symbols_of_a_folder(look: &mut Look) {
    look.at(
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
