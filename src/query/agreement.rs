//! Definition and references say the same: a use of a symbol is one of its references if and only if the symbol is what
//! the use leads to.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::{Destination, definition, references as all_references};
use crate::graph::View;
use crate::graph::fixture::Fixture;
use crate::lang::facts::Span;
use crate::lang::modules::{FileId, Layout};

/// A name in a file.
type Place = (FileId, Span);

fn references(view: &View, (file, span): Place) -> BTreeSet<Place> {
    let found = all_references(view, file, span.start, true, usize::MAX, &AtomicBool::new(false));
    found.into_iter().flat_map(|uses| uses.items).map(|u| (u.location.file, u.location.span)).collect()
}

fn place(destination: &Destination) -> Place {
    (destination.location.file, destination.location.span)
}

/// The two directions for everything that the files use; what contradicts.
fn contradictions(view: &View) -> Vec<String> {
    let mut wrong = Vec::new();
    let told = |(file, span): Place| format!("{}:{}..{}", view.path(file), span.start, span.end);
    for file in view.files() {
        let facts = view.facts(file);
        for used in facts.refs.iter().filter(|r| !r.span.is_empty()).map(|r| (file, r.span)) {
            let Ok(found) = definition(view, file, used.1.start) else { continue };
            let sure = found.iter().filter(|d| !d.tier.is_guess() && !d.location.span.is_empty());
            for target in sure.map(place) {
                // On a definition's own name several things may stand, of which the use is another one.
                let at_target = definition(view, target.0, target.1.start).unwrap_or_default();
                if at_target.iter().any(|d| place(d) == target) && !references(view, target).contains(&used) {
                    wrong.push(format!("{} leads to {}, whose references lack it", told(used), told(target)));
                }
            }
        }
        for def in facts.defs.iter().filter(|d| !d.name_span.is_empty() && !d.kind.is_alias()) {
            let own = (file, def.name_span);
            let Ok(found) = definition(view, file, def.name_span.start) else { continue };
            if found.first().map(place) != Some(own) {
                continue;
            }
            for used in references(view, own) {
                let is_use = view.facts(used.0).refs.iter().any(|r| r.span == used.1);
                let leads = definition(view, used.0, used.1.start).unwrap_or_default();
                // Members that override each other are one symbol to their references.
                let means = |d: &Destination| place(d) == own || references(view, place(d)).contains(&own);
                if is_use && !leads.iter().any(means) {
                    wrong.push(format!(
                        "{} is a reference of {}, to which it does not lead",
                        told(used),
                        told(own)
                    ));
                }
            }
        }
    }
    wrong
}

#[test]
fn in_the_fixtures_of_every_pack() {
    let mut wrong = Vec::new();
    for pack in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lang")).unwrap() {
        let Ok(files) = fs::read_dir(pack.unwrap().path().join("fixtures")) else { continue };
        for path in files.map(|f| f.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e != "facts")) {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let files = [(name, fs::read_to_string(&path).unwrap())].into_iter().collect();
            wrong.extend(contradictions(&Fixture { files, ..Fixture::default() }.view()));
        }
    }
    assert!(wrong.is_empty(), "{} contradictions:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn across_files() {
    for fixture in [
        "
        //- /pkg/__init__.py
        from .a import Base as Root, helper
        //- /pkg/a.py
        class Base:
            def __init__(self, size): self.size = size
            def run(self): return self.size
        def helper(width=1): return Base(width)
        //- /main.py
        import pkg
        class Low(pkg.Root):
            def run(self): return super().run() + self.size
        pkg.helper(width=2).run()
        Low(1).run()
        ",
        "
        //- /a.ts
        export interface Shape { area(): number; name: string }
        export class Square implements Shape { constructor(public name: string) {} area() { return 1; } }
        //- /b.ts
        import { Shape as S, Square } from './a';
        export function f(shape: S) { const { name } = shape; return name + shape.area(); }
        f(new Square('x'));
        new Square('y').area();
        ",
        "
        //- /go.mod
        module example.com/m
        //- /a/a.go
        package a
        type T struct { Name string; size int }
        func (t *T) Size() int { return t.size }
        func New(name string) *T { return &T{Name: name, size: 1} }
        //- /main.go
        package main
        import b \"example.com/m/a\"
        type U struct { *b.T }
        func main() { u := U{b.New(\"x\")}; _ = u.Name; _ = u.Size() }
        ",
        "
        //- /src/lib.rs
        mod a;
        use a::{Tree, Walk as W};
        pub fn go(tree: &Tree) -> usize { tree.walk() + tree.size + Tree::new(1).size }
        //- /src/a.rs
        pub struct Tree { pub size: usize }
        pub trait Walk { fn walk(&self) -> usize; }
        impl Walk for Tree { fn walk(&self) -> usize { self.size } }
        impl Tree { pub fn new(size: usize) -> Self { Tree { size } } }
        ",
        "
        //- /p/A.java
        package p;
        public class A { protected int size; public A(int size) { this.size = size; } int twice() { return 2 * size; } }
        //- /p/B.java
        package p;
        class B extends A { B() { super(1); } int go(A a) { return a.twice() + size + new A(3).size; } }
        ",
    ] {
        let wrong = contradictions(&Fixture::parse(fixture).view());
        assert!(wrong.is_empty(), "{} contradictions:\n{}", wrong.len(), wrong.join("\n"));
    }
}
