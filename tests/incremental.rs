//! However a folder got to its state, every reference in it leads where a fresh build says: over edits, new files, renames
//! and deletes, in every language.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use coppice::graph::fixture::Fixture;
use coppice::graph::{Changes, Graph, Texts, View};
use coppice::lang::facts::RefId;
use coppice::lang::modules::Layout;
use coppice::resolve::{Outcome, Resolver, Target};
use proptest::prelude::*;

/// A language's files: path, and the texts that may stand there.
type Language = &'static [(&'static str, &'static [&'static str])];

const PYTHON: Language = &[
    (
        "pkg/__init__.py",
        &["from .base import Base as Root\n", "from .base import *\n__all__ = ['Base']\n", ""],
    ),
    (
        "pkg/base.py",
        &[
            "class Base:\n    def go(self): return self\n    def stop(self): pass\n",
            "class Other:\n    def go(self): pass\nclass Base(Other): pass\n",
            "def Base(): return 1\n",
        ],
    ),
    (
        "main.py",
        &[
            "from pkg import Root\nx = Root()\nx.go().stop()\n",
            "import pkg.base as b\ndef f(y: b.Base): return y.go()\nf(1)\n",
            "from pkg import *\nBase().stop()\n",
        ],
    ),
];

const RUST: Language = &[
    ("Cargo.toml", &["[package]\nname = \"one\"\n"]),
    (
        "src/lib.rs",
        &["mod shape;\nmod user;\npub use shape::Shape;\n", "mod shape;\npub mod user;\n", "mod user;\n"],
    ),
    (
        "src/shape.rs",
        &[
            "pub struct Shape { pub side: u32 }\nimpl Shape { pub fn new() -> Self { Shape { side: 1 } } pub fn area(&self) -> u32 { self.side } }\n",
            "pub trait Area { fn area(&self) -> u32; }\npub enum Shape { Round, Square(u32) }\nimpl Area for Shape { fn area(&self) -> u32 { 1 } }\n",
        ],
    ),
    (
        "src/user.rs",
        &[
            "use crate::shape::Shape;\nfn f() { let s = Shape::new(); s.area(); s.side; }\n",
            "use super::shape::*;\nfn g(s: &Shape) -> u32 { match s { Shape::Square(n) => *n, _ => s.area() } }\n",
        ],
    ),
];

const TYPESCRIPT: Language = &[
    ("tsconfig.json", &["{ \"compilerOptions\": { \"paths\": { \"@/*\": [\"./src/*\"] } } }"]),
    ("src/index.ts", &["export * from './a';\n", "export { A as B } from './a';\n", "export default 1;\n"]),
    (
        "src/a.ts",
        &[
            "export class A { x = 1; go(): A { return this; } }\nexport function make() { return new A(); }\n",
            "export interface A { go(): void }\nexport const make = (): A => null!;\n",
        ],
    ),
    (
        "src/use.ts",
        &[
            "import { A, make } from '@/index';\nconst a: A = make();\na.go().x;\n",
            "import { B } from './index';\nimport * as all from './a';\nnew B().go();\nall.make();\n",
        ],
    ),
];

const JAVASCRIPT: Language = &[
    (
        "lib/app.js",
        &[
            "var app = exports = module.exports = {};\napp.init = function () { this.ready = 1; };\n",
            "exports.init = function () {};\n",
        ],
    ),
    (
        "lib/index.js",
        &[
            "module.exports = require('./app');\n",
            "const { init } = require('./app');\nmodule.exports = { init };\n",
        ],
    ),
    (
        "main.js",
        &["const app = require('./lib');\napp.init();\n", "import { init } from './lib/app.js';\ninit();\n"],
    ),
];

const GO: Language = &[
    ("go.mod", &["module example.org/m\n"]),
    (
        "p/a.go",
        &[
            "package p\ntype T struct { N int }\nfunc (t *T) Go() *T { return t }\n",
            "package p\ntype U struct{ M int }\ntype T struct { U }\n",
        ],
    ),
    (
        "p/b.go",
        &["package p\nfunc New() *T { return &T{N: 1} }\n", "package p\nvar New = func() T { return T{} }\n"],
    ),
    (
        "main.go",
        &[
            "package main\nimport \"example.org/m/p\"\nfunc main() { p.New().Go().N++ }\n",
            "package main\nimport q \"example.org/m/p\"\nfunc main() { x := q.New(); x.M = 1 }\n",
        ],
    ),
];

const C: Language = &[
    ("compile_flags.txt", &["-Iinclude\n"]),
    (
        "include/a.h",
        &[
            "#define N 2\nstruct a;\nint make(struct a *);\n",
            "typedef struct a { int x; } a_t;\nstatic int make(a_t *a) { return a->x; }\n",
            "class a { public: int x; };\nint make(a*);\n",
        ],
    ),
    (
        "src/a.c",
        &[
            "#include <a.h>\nstruct a { int x; };\nint make(struct a *a) { return a->x + N; }\n",
            "#include \"../include/a.h\"\nstatic int make(struct a *a);\n",
        ],
    ),
    (
        "src/use.c",
        &[
            "#include \"a.h\"\nint use(struct a *a) { return make(a); }\n",
            "#include <a.h>\nint use(a_t *a) { return make(a) + a->x + N; }\n",
        ],
    ),
];

const CPP: Language = &[
    (
        "a.h",
        &[
            "namespace n {\nclass A { public: A(int n); int go(int a) const; static int count; };\n}\n",
            "namespace n {\ntemplate <typename T> struct A { T go(int a); T *next; };\n}\n",
        ],
    ),
    (
        "a.cc",
        &[
            "#include \"a.h\"\nnamespace n {\nint A::count = 0;\nint A::go(int a) const { return a + count; }\n}\n",
            "#include \"a.h\"\nnamespace n {\ntemplate <typename T> T A<T>::go(int a) { return next->go(a); }\n}\n",
        ],
    ),
    (
        "use.cc",
        &[
            "#include \"a.h\"\nint use(n::A *a) { return a->go(1) + n::A::count; }\n",
            "#include \"a.h\"\nusing namespace n;\nint use(A<int> *a) { return a->next->go(1); }\n",
        ],
    ),
];

const JAVA: Language = &[
    (
        "one/A.java",
        &[
            "package one;\npublic class A { public int n; public A go() { return this; } }\n",
            "package one;\npublic interface A { A go(); }\n",
        ],
    ),
    (
        "two/B.java",
        &[
            "package two;\nimport one.A;\nclass B extends A { void f(A a) { a.go().n = 1; go(); } }\n",
            "package two;\nimport one.*;\nclass B { static A make() { return null; } }\n",
        ],
    ),
    (
        "two/C.java",
        &[
            "package two;\nclass C { void g() { B.make().go(); } }\n",
            "package two;\nclass C extends B { void g() { n = 2; } }\n",
        ],
    ),
];

struct NoTexts;

impl Texts for NoTexts {
    fn read(&self, _: &str) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// Where every reference of the graph leads, by path and offset.
fn destinations(graph: Graph) -> BTreeMap<(String, u32, u32), BTreeSet<String>> {
    let view = View::new(Arc::new(graph), Vec::new(), Arc::new(NoTexts));
    let resolver = Resolver::new(&view);
    let mut destinations = BTreeMap::new();
    for file in view.files().collect::<Vec<_>>() {
        let facts = view.facts(file);
        for (id, reference) in facts.refs.iter().enumerate() {
            let found = match resolver.resolve(file, RefId(id as u32)) {
                Outcome::Found(targets) => targets
                    .into_iter()
                    .map(|(target, tier)| {
                        let at = match target {
                            Target::Symbol(symbol) => view.facts(symbol.file).def(symbol.def).name_span.start,
                            _ => 0,
                        };
                        format!("{} {at} {tier:?}", view.path(target.file()))
                    })
                    .collect(),
                other => BTreeSet::from([format!("{other:?}")]),
            };
            destinations.insert((view.path(file).to_owned(), reference.span.start, id as u32), found);
        }
    }
    destinations
}

fn fixture_of(files: &BTreeMap<&'static str, &'static str>) -> Fixture {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    Fixture { files, ..Fixture::default() }
}

/// Which text each file has at each step; past the last text the file is not there.
fn histories(language: Language) -> impl Strategy<Value = Vec<Vec<usize>>> {
    let files: Vec<_> = language.iter().map(|(_, texts)| 0..=texts.len()).collect();
    prop::collection::vec(files, 2..7)
}

fn check_history(language: Language, history: &[Vec<usize>]) {
    let mut graph: Option<Graph> = None;
    let mut files: BTreeMap<&str, &str> = BTreeMap::new();
    for step in history {
        let mut changes = Changes::default();
        for ((path, texts), choice) in language.iter().zip(step) {
            // Manifests stay: what a changed one does is a matter of the scan.
            let manifest = Fixture::encode(path, "").is_none();
            match texts.get(if manifest { 0 } else { *choice }) {
                Some(text) => {
                    if files.insert(path, text) != Some(text) {
                        changes.changed.extend(Fixture::encode(path, text));
                    }
                }
                None => {
                    files.remove(path);
                    changes.removed.push((*path).to_owned());
                }
            }
        }
        let built = fixture_of(&files).graph();
        let updated = match graph.take() {
            Some(graph) => graph.update(changes).unwrap(),
            None => fixture_of(&files).graph(),
        };
        graph = Some(updated.update(Changes::default()).unwrap());
        assert_eq!(destinations(updated), destinations(built));
    }
}

macro_rules! languages {
    ($($name:ident: $language:ident),* $(,)?) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(48))]
            $(#[test]
            fn $name(history in histories($language)) {
                check_history($language, &history);
            })*
        }

        /// The histories mean something: with its first texts each language resolves across files.
        #[test]
        fn the_first_texts_lead_from_file_to_file() {
            for language in [$($language),*] {
                let files = language.iter().map(|(path, texts)| (*path, texts[0])).collect();
                let across = destinations(fixture_of(&files).graph())
                    .into_iter()
                    .filter(|((path, ..), found)| found.iter().any(|f| !f.starts_with(path.as_str()) && f.contains(' ')))
                    .count();
                assert!(across >= 2, "{}: {across} references across files", language[0].0);
            }
        }
    };
}

languages! {
    python: PYTHON,
    rust: RUST,
    typescript: TYPESCRIPT,
    javascript: JAVASCRIPT,
    go: GO,
    java: JAVA,
    c: C,
    cpp: CPP,
}
