//! What is around a symbol, a file or a directory, as nodes and edges for a picture.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::{FxHashMap, FxHashSet};

use super::call_hierarchy::{callers, incoming_calls, mentions, outgoing_calls};
use super::document_links::document_links;
use super::item::Item;
use super::type_hierarchy::{subtypes, supertypes};
use crate::graph::View;
use crate::lang::facts::{DefKind, Role};
use crate::lang::modules::{FileId, Layout};
use crate::resolve::{ReferenceLimits, Resolver, Symbol, Target};

/// Most nodes of a picture: more cannot be told apart.
pub const NODES_MAX: usize = 200;

/// Nodes that are counted without being shown.
const SEEN_MAX: usize = 10_000;

/// Calls, importers or subtypes of one node that are followed.
const NEIGHBOURS_MAX: usize = 500;

/// How two nodes belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EdgeKind {
    Calls,
    Imports,
    Inherits,
    /// Mentions a type that nothing calls.
    Uses,
}

impl EdgeKind {
    pub fn name(self) -> &'static str {
        match self {
            EdgeKind::Calls => "calls",
            EdgeKind::Imports => "imports",
            EdgeKind::Inherits => "inherits",
            EdgeKind::Uses => "uses",
        }
    }
}

/// An edge between nodes by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    pub kind: EdgeKind,
}

/// A picture's data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// What was asked about first, then by distance.
    pub nodes: Vec<Item>,
    pub edges: Vec<Edge>,
    /// How many nodes were counted, those included that are not shown.
    pub total: usize,
    /// Not everything was counted: a limit was reached, or the way led on from nodes that are not shown.
    pub more: bool,
    pub cancelled: bool,
}

impl Picture {
    /// Leaves out nodes, and the edges that lead there; the first stays.
    pub fn retain(&mut self, keeps: impl Fn(&Item) -> bool) {
        let kept: Vec<bool> = self.nodes.iter().enumerate().map(|(at, n)| at == 0 || keeps(n)).collect();
        let numbers: Vec<usize> = kept
            .iter()
            .scan(0, |next, kept| {
                let number = *next;
                *next += usize::from(*kept);
                Some(number)
            })
            .collect();
        self.edges.retain(|edge| kept[edge.from] && kept[edge.to]);
        for edge in &mut self.edges {
            (edge.from, edge.to) = (numbers[edge.from], numbers[edge.to]);
        }
        let mut kept = kept.into_iter();
        let before = self.nodes.len();
        self.nodes.retain(|_| kept.next().unwrap_or_default());
        self.total -= before - self.nodes.len();
    }

    /// Draws one more thing beside the first, with an edge from it; whether there was a place for it.
    pub fn add(&mut self, item: Item, kind: EdgeKind) -> bool {
        self.total += 1;
        if self.nodes.len() >= NODES_MAX {
            return false;
        }
        self.edges.push(Edge { from: self.nodes.len(), to: 0, kind });
        self.nodes.push(item);
        true
    }
}

/// What leads to a symbol.
#[derive(Default)]
pub struct Leading {
    pub found: Vec<(Item, EdgeKind)>,
    /// The limit was reached: there may be more.
    pub truncated: bool,
}

/// What leads to a symbol in a view that has it as a dependency's: who calls it, or mentions it if it is a type that is
/// not called, and what is below it.
pub fn leading_to(view: &View, symbol: Symbol, cancel: &AtomicBool) -> Leading {
    let mut leading = leading_here(view, symbol, cancel);
    leading.found.retain(|(item, _)| !view.is_library(item.target.file()));
    leading
}

fn leading_here(view: &View, symbol: Symbol, cancel: &AtomicBool) -> Leading {
    let calling = incoming_calls(view, symbol, NEIGHBOURS_MAX, cancel);
    let mut leading = Leading { found: Vec::new(), truncated: calling.truncated };
    leading.found.extend(calling.calls.into_iter().map(|call| (call.item, EdgeKind::Calls)));
    if view.facts(symbol.file).def(symbol.def).kind.is_type() {
        if leading.found.is_empty() {
            let mentions = mentions(view, symbol, NEIGHBOURS_MAX, cancel);
            let own = |item: &Item| item.target.symbol() == Some(symbol);
            let others = mentions.calls.into_iter().filter(|by| !own(&by.item));
            leading.found.extend(others.map(|by| (by.item, EdgeKind::Uses)));
            leading.truncated |= mentions.truncated;
        }
        let below = subtypes(view, symbol, NEIGHBOURS_MAX, cancel);
        leading.found.extend(below.items.into_iter().map(|item| (item, EdgeKind::Inherits)));
        leading.truncated |= below.truncated;
    }
    leading
}

/// What a picture is drawn around.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Centre {
    Symbol(Symbol),
    File(FileId),
    /// Relative to the folder; empty for all of it.
    Directory(String),
}

/// The picture around something: calls and inheritance of a symbol, imports of a file, so many steps away; the imports
/// between the files of a directory and of those below it.
pub fn picture(view: &View, centre: &Centre, depth: usize, cancel: &AtomicBool) -> Picture {
    let mut drawing = Drawing {
        view,
        cancel,
        numbers: FxHashMap::default(),
        seen: FxHashSet::default(),
        edges: FxHashSet::default(),
        nodes: Vec::new(),
        more: false,
    };
    match centre {
        Centre::Symbol(symbol) => drawing.spread(Target::Symbol(*symbol), depth),
        Centre::File(file) => drawing.spread(Target::File(*file), depth),
        Centre::Directory(dir) => drawing.directory(dir),
    }
    drawing.finish()
}

/// What to draw around at an offset: what the name there stands for, or else what the place is in.
pub fn centre_at(view: &View, file: FileId, offset: u32) -> Centre {
    let found = super::destinations(&Resolver::new(view), file, offset);
    let named = found.ok().and_then(|found| found.into_iter().next()).map(|d| d.target());
    let facts = view.facts(file);
    let around = || callers(&facts)[facts.scope_at(offset).index()].map(|def| Symbol { file, def });
    match named {
        Some(Target::File(file)) => Centre::File(file),
        Some(Target::Symbol(symbol)) if is_drawn(view, symbol) => Centre::Symbol(symbol),
        _ => around().map_or(Centre::File(file), Centre::Symbol),
    }
}

/// Whether a symbol calls, is called, or inherits.
fn is_drawn(view: &View, symbol: Symbol) -> bool {
    let facts = view.facts(symbol.file);
    let def = facts.def(symbol.def);
    let calls = def.body.is_some_and(|body| callers(&facts)[body.index()] == Some(symbol.def));
    calls || def.kind.is_callable() || def.kind.is_type() && def.kind != DefKind::TypeParameter
}

struct Drawing<'a> {
    view: &'a View,
    cancel: &'a AtomicBool,
    nodes: Vec<Target>,
    numbers: FxHashMap<Target, usize>,
    seen: FxHashSet<Target>,
    edges: FxHashSet<Edge>,
    more: bool,
}

/// The edges of one node.
#[derive(Default)]
struct Neighbours {
    edges: Vec<(Target, Target, EdgeKind)>,
    /// The limit was reached: there may be more.
    truncated: bool,
}

impl Drawing<'_> {
    fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// The node's number, if it has a place in the picture.
    fn node(&mut self, target: Target) -> Option<usize> {
        if let Some(number) = self.numbers.get(&target) {
            return Some(*number);
        }
        if self.seen.len() < SEEN_MAX {
            self.seen.insert(target);
        } else if !self.seen.contains(&target) {
            self.more = true;
        }
        if self.nodes.len() >= NODES_MAX {
            return None;
        }
        self.nodes.push(target);
        self.numbers.insert(target, self.nodes.len() - 1);
        Some(self.nodes.len() - 1)
    }

    fn spread(&mut self, centre: Target, depth: usize) {
        self.node(centre);
        let mut frontier = vec![centre];
        for step in 1..=depth {
            let mut next = Vec::new();
            for at in std::mem::take(&mut frontier) {
                if self.is_cancelled() {
                    return;
                }
                let Neighbours { edges, truncated } = self.neighbours(at);
                self.more |= truncated;
                for (from, to, kind) in edges {
                    let other = if from == at { to } else { from };
                    let is_new = !self.numbers.contains_key(&other);
                    let (Some(from), Some(to)) = (self.node(from), self.node(to)) else {
                        self.more |= step < depth;
                        continue;
                    };
                    self.edges.insert(Edge { from, to, kind });
                    if is_new {
                        next.push(other);
                    }
                }
            }
            frontier = next;
        }
    }

    /// The edges from and to a node.
    fn neighbours(&self, at: Target) -> Neighbours {
        let (view, cancel) = (self.view, self.cancel);
        let symbol = match at {
            Target::Symbol(symbol) => symbol,
            Target::File(file) => return self.imports(file),
        };
        let called = outgoing_calls(view, at, NEIGHBOURS_MAX, cancel);
        let leading = leading_here(view, symbol, cancel);
        let truncated = called.truncated || leading.truncated;
        let called = called.calls.into_iter().map(|call| (at, call.item.target, EdgeKind::Calls));
        let leading = leading.found.into_iter().map(|(item, kind)| (item.target, at, kind));
        let mut edges: Vec<_> = called.chain(leading).collect();
        if view.facts(symbol.file).def(symbol.def).kind.is_type() {
            edges.extend(
                supertypes(view, symbol).into_iter().map(|above| (at, above.target, EdgeKind::Inherits)),
            );
        }
        Neighbours { edges, truncated }
    }

    /// The files that a file imports, and those that import it.
    fn imports(&self, file: FileId) -> Neighbours {
        let at = Target::File(file);
        let links = document_links(self.view, file, self.cancel);
        let imported = links.into_iter().map(|link| (at, Target::File(link.file), EdgeKind::Imports));
        let limits = ReferenceLimits {
            found_max: Some(NEIGHBOURS_MAX),
            cancel: Some(self.cancel),
            ..ReferenceLimits::default()
        };
        let uses = Resolver::new(self.view).references(at, limits);
        let is_import = |file: FileId, span| {
            let facts = self.view.facts(file);
            facts.refs.iter().any(|r| r.span == span && r.role == Role::Import)
                || facts.defs.iter().any(|d| d.name_span == span && d.kind == DefKind::Module)
        };
        let importing = uses.found.into_iter().filter(|u| u.file != file && is_import(u.file, u.span));
        let importing = importing.map(|u| (Target::File(u.file), at, EdgeKind::Imports));
        Neighbours { edges: imported.chain(importing).collect(), truncated: uses.truncated }
    }

    fn directory(&mut self, dir: &str) {
        let below =
            |path: &str| dir.is_empty() || path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'));
        let mut files: Vec<FileId> = self.view.files().filter(|f| below(self.view.path(*f))).collect();
        files.sort_by_key(|f| self.view.path(*f));
        for file in &files {
            self.node(Target::File(*file));
        }
        for file in files.into_iter().take(NODES_MAX) {
            if self.is_cancelled() {
                return;
            }
            for link in document_links(self.view, file, self.cancel) {
                let number = |file| self.numbers.get(&Target::File(file)).copied();
                if let (Some(from), Some(to)) = (number(file), number(link.file)) {
                    self.edges.insert(Edge { from, to, kind: EdgeKind::Imports });
                }
            }
        }
    }

    fn finish(self) -> Picture {
        let mut edges: Vec<Edge> = self.edges.into_iter().collect();
        edges.sort_unstable();
        Picture {
            nodes: self.nodes.into_iter().map(|target| Item::new(self.view, target)).collect(),
            edges,
            total: self.seen.len(),
            more: self.more,
            cancelled: self.cancel.load(Ordering::Relaxed),
        }
    }
}

impl Picture {
    /// In the language of Graphviz.
    pub fn dot(&self) -> String {
        let mut out = "digraph coppice {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
        for (number, node) in self.nodes.iter().enumerate() {
            let label = node.name.replace('\\', "\\\\").replace('"', "\\\"");
            let _ = writeln!(out, "  n{number} [label=\"{label}\"];");
        }
        for Edge { from, to, kind } in &self.edges {
            let style = match kind {
                EdgeKind::Calls => "",
                EdgeKind::Imports => " [style=dashed]",
                EdgeKind::Inherits => " [arrowhead=empty]",
                EdgeKind::Uses => " [style=dotted]",
            };
            let _ = writeln!(out, "  n{from} -> n{to}{style};");
        }
        out.push_str("}\n");
        out
    }

    /// In the language of Mermaid.
    pub fn mermaid(&self) -> String {
        let mut out = "flowchart LR\n".to_owned();
        for (number, node) in self.nodes.iter().enumerate() {
            let label = node.name.replace('#', "#35;").replace('"', "#quot;").replace('<', "#lt;");
            let _ = writeln!(out, "  n{number}[\"{label}\"]");
        }
        for Edge { from, to, kind } in &self.edges {
            let arrow = match kind {
                EdgeKind::Calls => "-->",
                EdgeKind::Imports => "-.->",
                EdgeKind::Inherits => "==>",
                EdgeKind::Uses => "--o",
            };
            let _ = writeln!(out, "  n{from} {arrow} n{to}");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    fn drawn(fixture: &str, depth: usize) -> Picture {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        picture(&view, &centre_at(&view, file, offset), depth, &AtomicBool::new(false))
    }

    fn check_edges(picture: &Picture, expected: &[&str]) {
        let name = |n: usize| &picture.nodes[n].name;
        let mut edges: Vec<String> = picture
            .edges
            .iter()
            .map(|e| format!("{} {} {}", name(e.from), e.kind.name(), name(e.to)))
            .collect();
        edges.sort();
        assert_eq!(edges, expected);
    }

    #[test]
    fn calls_and_types_around_symbols_in_every_language() {
        let python = "
            //- /a.py
            class A: pass
            class B(A):
                def m(self): $0f()
            def f(): g()
            def g(): h()
            def h(): pass
            ";
        check_edges(&drawn(python, 1), &["f calls g", "m calls f"]);
        check_edges(&drawn(python, 2), &["f calls g", "g calls h", "m calls f"]);
        check_edges(
            &drawn("\n//- /src/lib.rs\ntrait $0T {}\nstruct S;\nimpl T for S {}\nfn f() {}\n", 1),
            &["S inherits T"],
        );
        check_edges(
            &drawn("\n//- /a.ts\nclass $0A {}\nclass B extends A {}\nconst f = () => new A();\n", 1),
            &["B inherits A", "f calls A"],
        );
        let go = "
            //- /go.mod
            module m
            //- /a.go
            package m
            type $0T struct { next *T }
            type U struct { t T }
            func (t *T) run() {}
            func make() any { return &T{} }
            ";
        check_edges(&drawn(go, 1), &["U uses T", "make uses T", "run uses T"]);
        check_edges(
            &drawn("\n//- /p/A.java\npackage p;\nclass A { void f() { $0g(); } void g() {} }\n", 1),
            &["f calls g"],
        );
    }

    #[test]
    fn imports_around_a_file_and_in_a_directory() {
        let fixture = Fixture::parse(
            "
            //- /pkg/__init__.py
            //- /pkg/a.py
            from . import b
            //- /pkg/b.py
            import os
            //- /main.py
            import pkg.a
            ",
        );
        let view = fixture.view();
        let go = |centre: Centre| picture(&view, &centre, 1, &AtomicBool::new(false));
        check_edges(&go(Centre::File(view.file("pkg/b.py").unwrap())), &["a.py imports b.py"]);
        let inside = go(Centre::Directory("pkg".to_owned()));
        check_edges(&inside, &["a.py imports b.py"]);
        assert_eq!((inside.nodes.len(), inside.total), (3, 3));
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let calls: String = (0..NODES_MAX + 7).map(|n| format!("def g{n}(): f()\n")).collect();
        let fixture = format!("\n//- /a.py\ndef $0f(): pass\n{calls}");
        let many = drawn(&fixture, 1);
        assert_eq!((many.nodes.len(), many.total, many.more), (NODES_MAX, NODES_MAX + 8, false));
        assert_eq!(many.edges.len(), NODES_MAX - 1);
        // What leads on from those that are not shown is not known.
        let deep = drawn(&fixture, 2);
        assert_eq!((deep.nodes.len(), deep.total, deep.more), (NODES_MAX, NODES_MAX + 8, true));
    }

    #[test]
    fn what_is_beyond_a_limit_is_said_to_be_there() {
        let calls: String = (0..NEIGHBOURS_MAX + 7).map(|n| format!("def g{n}(): f()\n")).collect();
        let many = drawn(&format!("\n//- /a.py\ndef $0f(): pass\n{calls}"), 1);
        assert!(many.more && (NODES_MAX..NEIGHBOURS_MAX + 8).contains(&many.total), "{}", many.total);
        let types: String = (0..NEIGHBOURS_MAX + 7).map(|n| format!("class B{n}(A): pass\n")).collect();
        let many = drawn(&format!("\n//- /a.py\nclass $0A: pass\n{types}"), 1);
        assert!(many.more && many.total > NODES_MAX, "{}", many.total);
        // What is no call does not count to the calls, and only then is more than what is drawn.
        let uses: String = (0..NEIGHBOURS_MAX + 7).map(|_| "    x: A\n").collect();
        let many = drawn(&format!("\n//- /a.py\nclass $0A: pass\ndef f():\n    A()\n{uses}"), 1);
        assert_eq!((many.nodes.len(), many.total, many.more), (2, 2, false));
        let imports: String = (0..NEIGHBOURS_MAX + 7).map(|n| format!("//- /i{n}.py\nimport a\n")).collect();
        let many = drawn(&format!("\n//- /a.py\n$0\n{imports}"), 1);
        assert!(many.more && many.total > NODES_MAX / 2, "{}", many.total);
    }

    #[test]
    fn what_leads_here_from_one_folder_says_when_it_was_cut() {
        let led = |fixture: &str| {
            let fixture = Fixture::parse(fixture);
            let view = fixture.view();
            let (file, offset) = fixture.cursor(&view);
            let Centre::Symbol(symbol) = centre_at(&view, file, offset) else { panic!("no symbol") };
            leading_to(&view, symbol, &AtomicBool::new(false))
        };
        let calls = |count: usize| -> String { (0..count).map(|n| format!("def g{n}(): f()\n")).collect() };
        let whole = led(&format!("\n//- /a.py\ndef $0f(): pass\n{}", calls(7)));
        assert_eq!((whole.found.len(), whole.truncated), (7, false));
        assert!(led(&format!("\n//- /a.py\ndef $0f(): pass\n{}", calls(NEIGHBOURS_MAX + 7))).truncated);
        let types: String = (0..NEIGHBOURS_MAX + 7).map(|n| format!("class B{n}(A): pass\n")).collect();
        assert!(led(&format!("\n//- /a.py\nclass $0A: pass\n{types}")).truncated);
    }

    #[test]
    fn labels_are_written_as_each_language_wants_them() {
        let mut picture = drawn("\n//- /a.py\nclass $0A: pass\nclass B(A): pass\n", 1);
        picture.nodes[0].name = "a\"#<".to_owned();
        assert_eq!(
            picture.dot(),
            "digraph coppice {\n  rankdir=LR;\n  node [shape=box];\n  n0 [label=\"a\\\"#<\"];\n  n1 [label=\"B\"];\n  n1 -> n0 [arrowhead=empty];\n}\n"
        );
        assert_eq!(picture.mermaid(), "flowchart LR\n  n0[\"a#quot;#35;#lt;\"]\n  n1[\"B\"]\n  n1 ==> n0\n");
    }
}
