//! The graph through its public interface: what goes in comes out, and an updated graph is the graph built anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use coppice::graph::fixture::Fixture;
use coppice::graph::{Changes, EncodedFile, Graph, GraphBuilder, OpenFile, Texts, View, blob};
use coppice::lang::facts::{Facts, Name};
use coppice::lang::modules::Layout;
use coppice::lang::{LangId, ParseLimits, Parser, extract};
use proptest::prelude::*;

fn facts_of(path: &str, text: &str) -> Facts {
    let lang = LangId::of_path(path.as_ref()).unwrap();
    let tree = Parser::new().parse(lang, text, None, &ParseLimits::default()).unwrap();
    extract(lang, &tree, text)
}

/// Lines from which files are put together; the edits of the tests are other choices of lines.
const LINES: &[&str] = &[
    "import os.path as p, sys",
    "from .b import f as g, *",
    "from a import *",
    "class A(B, metaclass=M):",
    "    x: Optional[int] = 1",
    "    def m(self, a, *b, c=1, **d) -> 'List[A]':",
    "        self.y = [q for q in a.items()]",
    "        return self.m(lambda z: z.w)[0]",
    "def f(x: int = f(1)):",
    "    with open(x) as fh, g() as (u, v): pass",
    "    k, l = f(x).y, {1: 2}",
    "    \u{e9}t\u{e9} = '\u{1F600}'",
    "__all__ = ['f', 'A']",
    "",
];

fn file() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(LINES), 0..25).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn facts_survive_their_encoding(text in file()) {
        let facts = facts_of("a.py", &text);
        let encoded = blob::encode(&facts);
        let names: Vec<(Name, u32)> =
            encoded.names.iter().map(|n| (*n, facts.names[n.index()].len() as u32)).collect();
        let mut decoded = blob::decode(&encoded.bytes, &names).unwrap();
        decoded.names = facts.names.clone();
        prop_assert_eq!(decoded, facts);
    }
}

/// Everything that can be asked of a graph, without its numbers.
#[derive(Debug, PartialEq)]
struct Answers {
    files: BTreeMap<String, (u64, u32, u32, u32, String)>,
    files_with: BTreeMap<String, BTreeSet<String>>,
    defs_named: BTreeMap<String, BTreeSet<(String, u32)>>,
    extensions: BTreeMap<String, BTreeSet<String>>,
    directories: BTreeMap<String, BTreeSet<String>>,
}

fn answers(graph: &Graph) -> Answers {
    let mut answers = Answers {
        files: BTreeMap::new(),
        files_with: BTreeMap::new(),
        defs_named: BTreeMap::new(),
        extensions: BTreeMap::new(),
        directories: BTreeMap::new(),
    };
    for id in graph.files() {
        let row = graph.row(id);
        let mut facts = (*graph.facts(id)).clone();
        // Numbers differ between graphs, texts do not.
        let named = |n: &mut Name, texts: &mut Vec<Box<str>>| {
            texts.push(graph.name_text(*n).into());
            *n = Name(0);
        };
        let mut texts = Vec::new();
        facts.defs.iter_mut().for_each(|d| named(&mut d.name, &mut texts));
        facts.refs.iter_mut().for_each(|r| named(&mut r.name, &mut texts));
        facts.extensions.iter_mut().for_each(|e| named(&mut e.target_name, &mut texts));
        facts.listed.iter_mut().flatten().for_each(|n| named(n, &mut texts));
        for term in &mut facts.terms {
            if let coppice::lang::facts::Term::Module(name) = term {
                named(name, &mut texts);
            }
        }
        let path = graph.path(id).to_owned();
        assert_eq!(graph.file(&path), Some(id));
        for dir in ["", "d", "d/e", "nowhere"] {
            let files = graph.files_in(dir).into_iter().map(|f| graph.path(f).to_owned()).collect();
            assert!(graph.has_dir(dir) || BTreeSet::is_empty(&files));
            answers.directories.insert(dir.to_owned(), files);
        }
        let lines = graph.line_index(id);
        let details = format!("{facts:?} {texts:?} {lines:?} {}", graph.is_ascii(id));
        answers.files.insert(path, (row.meta.hash, row.lines, row.defs, row.refs, details));
    }
    for (name, text) in graph.names() {
        assert_eq!(graph.lookup_name(text), Some(name));
        let path = |f| graph.path(f).to_owned();
        let put = |map: &mut BTreeMap<_, _>, files: BTreeSet<String>| {
            if !files.is_empty() {
                map.insert(text.to_owned(), files);
            }
        };
        put(&mut answers.files_with, graph.files_with(name).map(path).collect());
        put(&mut answers.extensions, graph.extensions_of(name).map(path).collect());
        let defs: BTreeSet<_> = graph.defs_named(name).map(|(f, d)| (path(f), d.0)).collect();
        if !defs.is_empty() {
            answers.defs_named.insert(text.to_owned(), defs);
        }
    }
    answers
}

const PATHS: [&str; 7] = ["a.py", "b.py", "d/__init__.py", "d/e/x.py", "d/e.py", "d0.py", "\u{e9} .py"];

fn built(files: &BTreeMap<&str, String>) -> Graph {
    let mut builder = GraphBuilder::new();
    for (path, text) in files {
        builder.add(Fixture::encode(path, text).unwrap());
    }
    builder.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn an_updated_graph_is_the_graph_built_anew(
        first in prop::collection::btree_map(prop::sample::select(&PATHS[..]), file(), 0..5),
        steps in prop::collection::vec(
            prop::collection::btree_map(prop::sample::select(&PATHS[..]), prop::option::of(file()), 1..4), 1..6),
    ) {
        let mut files = first;
        let mut graph = built(&files);
        for step in steps {
            let mut changes = Changes::default();
            for (path, text) in step {
                match text {
                    Some(text) => {
                        changes.changed.push(Fixture::encode(path, &text).unwrap());
                        files.insert(path, text);
                    }
                    None => {
                        changes.removed.push(path.to_owned());
                        files.remove(path);
                    }
                }
            }
            graph = graph.update(changes).unwrap();
            prop_assert_eq!(graph.file_count() as usize, files.len());
            prop_assert_eq!(answers(&graph), answers(&built(&files)));
        }
    }
}

fn opened(path: &str, text: &str) -> OpenFile {
    let (text, facts) = (text.into(), Arc::new(facts_of("a.py", text)));
    OpenFile {
        path: path.into(),
        lang: LangId::of_path("a.py".as_ref()).unwrap(),
        text,
        facts,
        reading: None,
    }
}

struct NoTexts;

impl Texts for NoTexts {
    fn read(&self, _: &str) -> std::io::Result<String> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_view_is_the_graph_of_its_texts(
        first in prop::collection::btree_map(prop::sample::select(&PATHS[..]), file(), 0..5),
        changed in prop::collection::btree_map(prop::sample::select(&PATHS[..]), file(), 0..3),
        removed in prop::sample::select(&PATHS[..]),
        steps in prop::collection::vec(
            prop::collection::btree_map(prop::sample::select(&PATHS[..]), prop::option::of(file()), 0..4), 1..6),
    ) {
        let mut files = first;
        let changes = Changes {
            changed: changed.iter().map(|(path, text)| Fixture::encode(path, text).unwrap()).collect(),
            removed: vec![removed.to_owned()],
            manifests: None,
        };
        let graph = built(&files).update(changes).unwrap();
        files.remove(removed);
        files.extend(changed);
        let on_disk = files.clone();
        let mut view = View::new(Arc::new(graph), Vec::new(), Arc::new(NoTexts));
        let mut open: BTreeMap<&str, OpenFile> = BTreeMap::new();
        for step in steps {
            for (path, text) in step {
                match text {
                    Some(text) => {
                        open.insert(path, opened(path, &text));
                        files.insert(path, text);
                    }
                    None => {
                        open.remove(path);
                        match on_disk.get(path) {
                            Some(text) => files.insert(path, text.clone()),
                            None => files.remove(path),
                        };
                    }
                }
            }
            view = view.with_documents(open.values().cloned().collect());
            prop_assert_eq!(answers(&view), answers(&built(&files)));
            for path in files.keys() {
                prop_assert_eq!(view.is_open(view.file(path).unwrap()), open.contains_key(path));
            }
        }
    }

    #[test]
    fn a_graph_is_itself_again_from_disk_and_when_folded(
        first in prop::collection::btree_map(prop::sample::select(&PATHS[..]), file(), 0..5),
        changed in prop::collection::btree_map(prop::sample::select(&PATHS[..]), file(), 0..3),
        removed in prop::sample::select(&PATHS[..]),
    ) {
        let changes = Changes {
            changed: changed.iter().map(|(path, text)| Fixture::encode(path, text).unwrap()).collect(),
            removed: vec![removed.to_owned()],
            manifests: None,
        };
        let graph = built(&first).update(changes).unwrap();
        let mut bytes = Vec::new();
        graph.save(&mut bytes).unwrap();
        let loaded = Graph::load(&mut &*bytes, 1 << 20).unwrap();
        prop_assert_eq!(answers(&loaded), answers(&graph));
        prop_assert_eq!(answers(&graph.folded().unwrap()), answers(&graph));
        prop_assert_eq!(loaded.totals(), graph.totals());
    }
}

#[test]
fn an_overlay_that_grows_is_folded_into_fresh_columns() {
    let encoded =
        |i: usize, text: &str| -> EncodedFile { Fixture::encode(&format!("f{i}.py"), text).unwrap() };
    let mut builder = GraphBuilder::new();
    (0..600).for_each(|i| builder.add(encoded(i, "def f(): pass\n")));
    let graph = builder.finish().unwrap();
    let changed = (0..400).map(|i| encoded(i, "def g(): return f()\n")).collect();
    let removed = (400..500).map(|i| format!("f{i}.py")).collect();
    let graph = graph.update(Changes { changed, removed, manifests: None }).unwrap();
    assert_eq!(graph.file_count(), 500);
    let first = graph.file("f0.py").unwrap();
    assert_eq!(graph.path(first), "f0.py");
    let name = graph.lookup_name("g").unwrap();
    assert_eq!(graph.defs_named(name).count(), 400);
    assert_eq!(graph.files_with(graph.lookup_name("f").unwrap()).count(), 500);
    assert_eq!(graph.totals().files, 500);
}

#[test]
fn open_documents_count_instead_of_files() {
    let fixture = Fixture::parse(
        "
        //- /a.py
        def f(): pass
        //- /b.py
        f()
        ",
    );
    let graph = Arc::new(fixture.graph());
    let text: Arc<str> = "\n\u{1F600} = 1\ndef g(): pass\n".into();
    let open = ["a.py", "new.py"].map(|path| opened(path, &text));
    let view = View::new(Arc::clone(&graph), open.into(), Arc::new(NoTexts));
    let g = view.lookup_name("g").unwrap();
    assert_eq!(graph.lookup_name("g"), None);
    let paths: Vec<&str> = view.defs_named(g).map(|(f, _)| view.path(f)).collect();
    assert_eq!(paths, ["a.py", "new.py"]);
    assert_eq!(view.files().count(), 3);
    let a = view.file("a.py").unwrap();
    assert!(view.is_open(a) && !view.is_open(view.file("b.py").unwrap()));
    let offset = text.find("= 1").unwrap() as u32;
    let position = view.position(a, offset, coppice::text::Encoding::Utf16);
    assert_eq!((position.line, position.column), (1, 3));
    assert_eq!(view.offset(a, position, coppice::text::Encoding::Utf16), Some(offset));
}

#[test]
fn the_graph_is_as_large_as_it_says() {
    let text = LINES.join("\n").repeat(40);
    let mut builder = GraphBuilder::new();
    (0..200).for_each(|i| builder.add(Fixture::encode(&format!("f{i}.py"), &text).unwrap()));
    let graph = builder.finish().unwrap();
    let totals = graph.totals();
    let per_fact = graph.heap_bytes() as f64 / (totals.defs + totals.refs) as f64;
    assert!((4.0..12.0).contains(&per_fact), "{per_fact} bytes per definition or reference");
}
