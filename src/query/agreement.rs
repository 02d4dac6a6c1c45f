//! Definition and references say the same: a use of a symbol is one of its references if and only if the symbol is what
//! the use leads to. Where a macro is used whose text mentions the symbol, the use leads to the macro; what the text itself
//! mentions counts here, although it is no reference of its own where the macro's uses are.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::atomic::AtomicBool;

use super::{Destination, definition, references as all_references};
use crate::graph::View;
use crate::lang::facts::{DefKind, Role, Span};
use crate::lang::modules::{FileId, Layout};

/// A name in a file.
type Place = (FileId, Span);

/// Uses of one symbol that are asked where they lead.
const USES_MAX: usize = 64;

/// What was compared, and what contradicts.
#[derive(Clone, Debug, Default)]
pub struct Agreement {
    /// Uses whose definitions were asked for their references.
    pub uses: usize,
    /// Definitions whose references were asked for their definitions.
    pub definitions: usize,
    /// Searches that ran out of time, of which nothing is said.
    pub cut: usize,
    /// In words, with places as path and bytes.
    pub contradictions: Vec<String>,
}

/// Compares the two directions for every `every`-th use and definition of the view, from the first on.
pub fn agreement(view: &View, every: usize) -> Agreement {
    let mut comparing = Comparing { view, known: BTreeMap::new(), found: Agreement::default() };
    let (mut at_use, mut at_def) = (0, 0);
    for file in view.files() {
        let facts = view.facts(file);
        for used in facts.refs.iter().filter(|r| !r.span.is_empty()) {
            if at_use % every.max(1) == 0 {
                comparing.use_to_definition((file, used.span), used.role == Role::Key);
            }
            at_use += 1;
        }
        for def in facts.defs.iter().filter(|d| !d.name_span.is_empty() && !d.kind.is_alias()) {
            if at_def % every.max(1) == 0 {
                comparing.definition_to_uses((file, def.name_span));
            }
            at_def += 1;
        }
    }
    comparing.found
}

/// The uses of a symbol, each with whether it is a macro's that mentions the symbol.
type Uses = BTreeMap<Place, bool>;

struct Comparing<'v> {
    view: &'v View,
    /// Symbols whose references were asked for.
    known: BTreeMap<Place, Option<Rc<Uses>>>,
    found: Agreement,
}

impl Comparing<'_> {
    /// The references of the symbol; `None` if the search for them was cut off.
    fn references(&mut self, (file, span): Place) -> Option<Rc<Uses>> {
        if let Some(known) = self.known.get(&(file, span)) {
            return known.clone();
        }
        let never = AtomicBool::new(false);
        let found = all_references(self.view, file, span.start, true, usize::MAX, &never).unwrap_or_default();
        self.found.cut += usize::from(found.truncated);
        let uses = (!found.truncated).then(|| {
            let items = found.items.iter().map(|u| (u.location, u.expansion));
            let mentions = found.mentions.iter().map(|location| (*location, false));
            Rc::new(
                items.chain(mentions).map(|(l, expansion)| ((l.file, l.span), expansion)).collect::<Uses>(),
            )
        });
        self.known.insert((file, span), uses.clone());
        uses
    }

    /// Whether the use is one of the symbol's references, or may be.
    fn may_refer(&mut self, used: Place, symbol: Place) -> bool {
        self.references(symbol).is_none_or(|uses| uses.contains_key(&used))
    }

    fn told(&self, (file, span): Place) -> String {
        format!("{}:{}..{}", self.view.path(file), span.start, span.end)
    }

    fn use_to_definition(&mut self, used: Place, is_key: bool) {
        let Ok(found) = definition(self.view, used.0, used.1.start) else { return };
        self.found.uses += 1;
        // An argument that no parameter has the name of leads to the function, which it does not name.
        let taken = |d: &Destination| is_key && d.kind.is_callable();
        // A variable that holds a function leads to both, and is no name of the function.
        let holds = found.iter().any(|d| d.kind == DefKind::Variable);
        let held = |d: &Destination| holds && d.kind.is_callable();
        let sure = found
            .iter()
            .filter(|d| !d.tier.is_guess() && !d.location.span.is_empty() && !taken(d) && !held(d));
        for target in sure.map(place).collect::<BTreeSet<_>>() {
            // On a definition's own name several things may stand, of which the use is another one.
            let at_target = definition(self.view, target.0, target.1.start).unwrap_or_default();
            if at_target.iter().any(|d| place(d) == target) && !self.may_refer(used, target) {
                let told =
                    format!("{} leads to {}, whose references lack it", self.told(used), self.told(target));
                self.found.contradictions.push(told);
            }
        }
    }

    fn definition_to_uses(&mut self, own: Place) {
        let Ok(found) = definition(self.view, own.0, own.1.start) else { return };
        if found.first().map(place) != Some(own) {
            return;
        }
        self.found.definitions += 1;
        let Some(uses) = self.references(own) else { return };
        let is_type = self.view.facts(own.0).defs.iter().any(|d| d.name_span == own.1 && d.kind.is_type());
        let step = uses.len().div_ceil(USES_MAX).max(1);
        for (used, expansion) in uses.iter().step_by(step).map(|(used, expansion)| (*used, *expansion)) {
            let is_use = self.view.facts(used.0).refs.iter().any(|r| r.span == used.1);
            let leads = definition(self.view, used.0, used.1.start).unwrap_or_default();
            let agrees = match expansion {
                true => leads.iter().any(|d| d.kind == DefKind::Macro),
                // Where a type is called, the use leads to its constructor. Members that override each other are one
                // symbol to their references.
                false => leads.iter().any(|d| {
                    let constructs = is_type && d.kind == DefKind::Constructor;
                    constructs || place(d) == own || self.may_refer(own, place(d))
                }),
            };
            if is_use && !agrees {
                let told = format!(
                    "{} is a reference of {}, to which it does not lead",
                    self.told(used),
                    self.told(own)
                );
                self.found.contradictions.push(told);
            }
        }
    }
}

fn place(destination: &Destination) -> Place {
    (destination.location.file, destination.location.span)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::graph::fixture::Fixture;

    fn contradictions(view: &View) -> Vec<String> {
        agreement(view, 1).contradictions
    }

    #[test]
    fn in_the_fixtures_of_every_pack() {
        let mut wrong = Vec::new();
        for pack in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lang")).unwrap() {
            let Ok(files) = fs::read_dir(pack.unwrap().path().join("fixtures")) else { continue };
            for path in
                files.map(|f| f.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e != "facts"))
            {
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
            //- /low/Cargo.toml
            [package]
            name = \"low-things\"
            [lib]
            name = \"low\"
            //- /low/src/lib.rs
            pub struct Thing { pub size: usize }
            impl Thing { pub fn new() -> Thing { Thing { size: 1 } } }
            //- /mid/Cargo.toml
            [package]
            name = \"mid\"
            [dependencies]
            low-things = \"1\"
            //- /mid/src/lib.rs
            pub use low::Thing as Item;
            pub trait Walk { fn walk(&self) -> usize; }
            impl Walk for Item { fn walk(&self) -> usize { self.size } }
            impl Walk for Vec<u8> { fn walk(&self) -> usize { 1 } }
            //- /top/Cargo.toml
            [package]
            name = \"top\"
            [dev-dependencies]
            middle = { version = \"1\", package = \"mid\" }
            //- /top/src/lib.rs
            use middle::{Item, Walk};
            pub fn go(bytes: Vec<u8>) -> usize { Item::new().walk() + Item::new().size + bytes.walk() }
            //- /aside/Cargo.toml
            [package]
            name = \"aside\"
            [dependencies]
            low-things = \"1\"
            //- /aside/src/lib.rs
            pub fn go(thing: low::Thing, bytes: Vec<u8>) -> usize { thing.walk() + thing.size + bytes.walk() }
            ",
            "
            //- /p/A.java
            package p;
            public class A { protected int size; public A(int size) { this.size = size; } int twice() { return 2 * size; } }
            //- /p/B.java
            package p;
            class B extends A { B() { super(1); } int go(A a) { return a.twice() + size + new A(3).size; } }
            ",
            "
            //- /a.h
            typedef int number;
            number f(number x);
            #define CAST(x) ((number)(x))
            #define TWICE(x) (CAST(x) + f(x))
            //- /a.c
            #include \"a.h\"
            int g(int x) { return CAST(x) + TWICE(x); }
            ",
        ] {
            let wrong = contradictions(&Fixture::parse(fixture).view());
            assert!(wrong.is_empty(), "{} contradictions:\n{}", wrong.len(), wrong.join("\n"));
        }
    }
}
