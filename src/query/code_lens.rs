//! How often a definition is used, who calls it, and what stands below it.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use rustc_hash::FxHashMap;

use super::Location;
use super::call_hierarchy::calls_within;
use super::document_symbols::{DocumentSymbol, document_symbols};
use super::item::Item;
use super::more_than_called::more_than_called;
use crate::graph::View;
use crate::lang::facts::{DefKind, Name, Span};
use crate::lang::modules::{FileId, Layout};
use crate::lang::pack::Interfaces;
use crate::resolve::{ReferenceLimits, Resolver, Symbol, Target};

/// Most lenses of one file.
const LENSES_MAX: usize = 2_000;

/// What a lens counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LensKind {
    References,
    /// The functions and files that call a function.
    Callers,
    /// Types directly below a type.
    Implementations,
}

/// A place above which something is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lens {
    /// The name of the definition.
    pub span: Span,
    pub kind: LensKind,
}

/// What is offered above the definitions of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lenses {
    /// In source order.
    pub lenses: Vec<Lens>,
    pub cancelled: bool,
}

/// What a lens counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// What the number is of, each once.
    pub counted: Vec<Location>,
    /// Where callers call; of everything else the places are what is counted.
    pub sites: Vec<Location>,
    /// The limit was reached: there are more.
    pub truncated: bool,
    pub cancelled: bool,
}

/// The lenses of a file: its types and functions. Callers are offered where the folder does more with a function's name
/// than to call it, as far as that is known by the time that is given: where it does not, its references are its calls,
/// and to count those again says nothing.
pub fn code_lenses(view: &View, file: FileId, until: Option<Instant>, cancel: &AtomicBool) -> Lenses {
    let mut lenses = Vec::new();
    let mut functions: Vec<(Name, Span)> = Vec::new();
    let facts = view.facts(file);
    let named: FxHashMap<Span, Name> =
        facts.defs.iter().filter(|d| !d.kind.is_alias()).map(|d| (d.name_span, d.name)).collect();
    let outline = document_symbols(view, file);
    // Where types name no bases, only what is made to be implemented can have something below it.
    let implements = view.lang(file).knobs().interfaces == Interfaces::Named;
    let mut open: Vec<&DocumentSymbol> = outline.iter().rev().collect();
    while let Some(symbol) = open.pop() {
        open.extend(symbol.children.iter().rev());
        let is_type = symbol.kind.is_type() && symbol.kind != DefKind::TypeAlias;
        // What extends a type is no definition of one.
        let Some(name) = named.get(&symbol.span).filter(|_| is_type || symbol.kind.is_callable()) else {
            continue;
        };
        // What makes an instance names the type, whose lens counts it.
        if symbol.kind == DefKind::Constructor {
            continue;
        }
        lenses.push(Lens { span: symbol.span, kind: LensKind::References });
        if symbol.kind.is_callable() {
            functions.push((*name, symbol.span));
        }
        if is_type && (implements || matches!(symbol.kind, DefKind::Interface | DefKind::Trait)) {
            lenses.push(Lens { span: symbol.span, kind: LensKind::Implementations });
        }
        if lenses.len() >= LENSES_MAX {
            break;
        }
    }
    let limits = ReferenceLimits { until, cancel: Some(cancel), ..ReferenceLimits::default() };
    let found = more_than_called(view, file, functions.iter().map(|(name, _)| *name), limits);
    functions.retain(|(name, _)| found.names.contains(name));
    lenses.extend(functions.into_iter().map(|(_, span)| Lens { span, kind: LensKind::Callers }));
    // Stable: references come first.
    lenses.sort_by_key(|lens| lens.span.start);
    lenses.truncate(LENSES_MAX);
    Lenses { lenses, cancelled: found.cancelled }
}

/// What a lens counts, at most `limit`, and as far as that is known at the time that is given.
pub fn count_lens(
    view: &View,
    symbol: Symbol,
    kind: LensKind,
    limit: usize,
    until: Option<Instant>,
    cancel: &AtomicBool,
) -> Counted {
    let resolver = Resolver::new(view);
    let limits = ReferenceLimits {
        found_max: Some(limit),
        cancel: Some(cancel),
        until,
        expansions: true,
        ..ReferenceLimits::default()
    };
    match kind {
        LensKind::References => {
            let found = resolver.references(Target::Symbol(symbol), limits);
            let uses = found.found.iter().filter(|f| !f.declaration);
            let places = uses.map(|f| Location { file: f.file, span: f.span, full: f.span });
            Counted {
                counted: places.take(limit).collect(),
                truncated: found.truncated,
                cancelled: found.cancelled,
                ..Counted::default()
            }
        }
        LensKind::Callers => {
            let found = calls_within(view, symbol, ReferenceLimits { expansions: false, ..limits });
            let mut counted =
                Counted { truncated: found.truncated, cancelled: found.cancelled, ..Counted::default() };
            // What a dependency calls is its own to tell, as in the hierarchy of calls.
            for call in found.calls.iter().filter(|call| !view.is_library(call.item.location.file)) {
                counted.counted.push(call.item.location);
                let site = |span: &Span| Location { file: call.item.location.file, span: *span, full: *span };
                counted.sites.extend(call.sites.iter().map(site));
            }
            counted
        }
        LensKind::Implementations => {
            let below = resolver.subtypes(symbol, limits);
            let places = below.found.iter().map(|s| Item::new(view, Target::Symbol(*s)).location);
            Counted {
                counted: places.take(limit).collect(),
                truncated: below.truncated,
                cancelled: below.cancelled,
                ..Counted::default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    /// Name, kind and count of each lens of the file with the cursor.
    fn check_lenses(fixture: &str, expected: &str) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, _) = fixture.cursor(&view);
        let text = view.text(file).unwrap();
        let never = AtomicBool::new(false);
        let shown = code_lenses(&view, file, None, &never).lenses.into_iter().map(|lens| {
            let symbol = Item::at(&view, file, lens.span.start).unwrap();
            let counted = count_lens(&view, symbol, lens.kind, 100, None, &never);
            let name = &text[lens.span.start as usize..lens.span.end as usize];
            let number = counted.counted.len();
            match lens.kind {
                LensKind::References => format!("{name} {number}"),
                LensKind::Callers => format!("{name} {number} callers in {} places", counted.sites.len()),
                LensKind::Implementations => format!("{name} {number} below"),
            }
        });
        assert_eq!(shown.collect::<Vec<_>>().join(", "), expected, "{}", view.path(file));
    }

    #[test]
    fn uses_and_subtypes_are_counted_in_every_language() {
        check_lenses(
            "
            //- /a.py
            class $0A:
                x = 1
                def m(self): pass
            //- /b.py
            from a import A
            class B(A): pass
            A().m()
            ",
            "A 3, A 1 below, m 1",
        );
        check_lenses(
            "
            //- /a.ts
            class $0A { constructor(public x = 1) {} m() {} }
            new A(); new A().m();
            //- /b.py
            class B:
                def __init__(self): pass
            B()
            ",
            "A 2, A 0 below, m 1",
        );
        check_lenses("\n//- /b.py\nclass $0B:\n    def __init__(self): pass\nB()\n", "B 1, B 0 below");
        check_lenses(
            "\n//- /p/A.java\npackage p;\nclass $0A { A(int n) {} static A a = new A(1); }\n",
            "A 2, A 0 below",
        );
        check_lenses(
            "
            //- /src/lib.rs
            trait $0T { fn m(&self); }
            struct S;
            impl T for S { fn m(&self) {} }
            ",
            "T 1, T 1 below, m 1, S 1, m 0",
        );
        check_lenses(
            "
            //- /a.ts
            export interface $0I {}
            export const f = () => 1;
            class C implements I { m() { f(); this.m(); } }
            ",
            "I 1, I 1 below, f 1, C 0, C 0 below, m 1",
        );
        check_lenses(
            "
            //- /p/A.java
            package p;
            class $0A { void f() { f(); } }
            class B extends A {}
            ",
            "A 1, A 1 below, f 1, B 0, B 0 below",
        );
    }

    #[test]
    fn callers_are_counted_where_they_are_not_the_references() {
        check_lenses(
            "
            //- /a.py
            def $0f(): pass
            def g(): f(); f()
            //- /b.py
            from a import f
            f()
            register(f)
            ",
            "f 5, f 2 callers in 3 places, g 0",
        );
        check_lenses(
            "
            //- /a.ts
            export function $0f() {}
            function g() { f(); }
            //- /b.ts
            import { f } from './a';
            export const h = () => f();
            ",
            "f 3, f 2 callers in 2 places, g 0",
        );
        check_lenses(
            "
            //- /src/lib.rs
            fn $0f() {}
            fn g() { f(); f() }
            fn h() { let later = f; }
            ",
            "f 3, f 1 callers in 2 places, g 0, h 0",
        );
        check_lenses(
            "
            //- /go.mod
            module example.com/m
            //- /a.go
            package m
            func $0run() {}
            func later(f func()) {}
            func main() { run(); later(run) }
            ",
            "run 2, run 1 callers in 1 places, later 1, main 0",
        );
        check_lenses(
            "
            //- /a.c
            int $0area(int x) { return x; }
            int use(int (*f)(int)) { return f(area(1)); }
            int main(void) { return use(area); }
            ",
            "area 2, area 1 callers in 1 places, use 1, main 0",
        );
        // Where all that is done with them is to call them, and on types, there is nothing to add.
        check_lenses(
            "\n//- /a.py\nclass $0A: pass\ndef f(): pass\nf(); f()\nregister(A)\n",
            "A 1, A 0 below, f 2",
        );
    }
}
