//! Go to implementation.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::{Destination, Empty, Location, destinations};
use crate::graph::View;
use crate::lang::facts::Span;
use crate::lang::modules::FileId;
use crate::resolve::{ReferenceLimits, Resolver, Symbol, Target, Tier};

/// What implements something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Implementers {
    /// By file, then position; what is found through an interface or a base is one of several that may be called.
    pub items: Vec<Destination>,
    /// What is implemented, by the files and names of its definitions.
    pub defined: Vec<(FileId, Span)>,
    /// The limit was reached: there may be more.
    pub truncated: bool,
    pub cancelled: bool,
}

/// What implements the type or member that the name at the offset stands for, at most `limit`: types below an interface
/// or class, members that override one; what is no more than declared in one place is its own implementation. The search
/// ends with what it has at the time that is given.
pub fn implementation(
    view: &View,
    file: FileId,
    offset: u32,
    limit: usize,
    until: Option<Instant>,
    cancel: &AtomicBool,
) -> Result<Implementers, Empty> {
    let resolver = Resolver::new(view);
    let found = destinations(&resolver, file, offset)?;
    let only = found.len() == 1;
    let mut all = Implementers::default();
    let limits = limits(limit, until, cancel);
    for destination in found.into_iter().filter(|d| only || !d.tier.is_guess()) {
        match destination.symbol {
            Some(symbol) => all.add(&resolver, symbol, destination.tier, limits),
            None => all.items.push(destination),
        }
    }
    Ok(all.within(limit))
}

/// The same, of a symbol that is known.
pub fn implementation_of(
    view: &View,
    symbol: Symbol,
    limit: usize,
    until: Option<Instant>,
    cancel: &AtomicBool,
) -> Implementers {
    let mut all = Implementers::default();
    all.add(&Resolver::new(view), symbol, Tier::Lexical, limits(limit, until, cancel));
    all.within(limit)
}

fn limits(limit: usize, until: Option<Instant>, cancel: &AtomicBool) -> ReferenceLimits<'_> {
    ReferenceLimits { found_max: Some(limit), until, cancel: Some(cancel), ..ReferenceLimits::default() }
}

impl Implementers {
    fn add(&mut self, resolver: &Resolver<'_>, symbol: Symbol, tier: Tier, limits: ReferenceLimits<'_>) {
        let view = resolver.view();
        self.defined.push((symbol.file, view.facts(symbol.file).def(symbol.def).name_span));
        let implementing = resolver.implementations_of(symbol, limits);
        self.truncated |= implementing.truncated;
        self.cancelled |= implementing.cancelled;
        for place in implementing.found {
            let own = place.symbol == Some(symbol);
            let tier = if own { tier } else { Tier::Dispatch.max(tier) };
            let location = Location { file: place.file, span: place.span, full: place.full };
            let target = Target::Symbol(place.symbol.unwrap_or(symbol));
            let item = Destination { location, symbol: place.symbol, ..Destination::new(view, target, tier) };
            if !self.items.iter().any(|i| i.location == item.location) {
                self.items.push(item);
            }
        }
    }

    fn within(mut self, limit: usize) -> Implementers {
        self.truncated |= self.items.len() > limit;
        self.items.truncate(limit);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::starts;
    use super::*;
    use crate::graph::fixture::Fixture;

    /// What stands in brackets implements the name at `$0`.
    fn check_implementations(fixture: &str) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let found = implementation(&view, file, offset, 100, None, &AtomicBool::new(false));
        let items = found.map(|found| found.items).unwrap_or_default();
        assert_eq!(starts(&view, items.iter().map(|d| &d.location)), fixture.starts());
    }

    #[test]
    fn python_overrides_and_subclasses() {
        check_implementations(
            "
            //- /a.py
            class Base:
                def ⟦run⟧(self): pass
            class Mid(Base): pass
            //- /b.py
            from a import Mid as M
            class Low(M):
                def ⟦run⟧(self): pass
            class Other:
                def run(self): pass
            def go(x: M): x.$0run()
            ",
        );
        check_implementations("\n//- /a.py\nclass $0⟦A⟧: pass\nclass ⟦B⟧(A): pass\nclass ⟦C⟧(B): pass\n");
        check_implementations("\n//- /a.py\ndef ⟦f⟧(): pass\n$0f()\n");
    }

    #[test]
    fn rust_blocks_and_their_members() {
        let text = "
            //- /src/lib.rs
            trait Shape { fn area(&self) -> f64; }
            struct A;
            struct B<T>(T);
            impl Shape for A { fn area(&self) -> f64 { 1.0 } }
            impl<T> Shape for B<T> { fn area(&self) -> f64 { 2.0 } }
            impl A { fn area(&self) {} }
            fn f(x: &dyn Shape) { x.area(); }
            ";
        check_implementations(
            &text
                .replace("dyn Shape", "dyn $0Shape")
                .replace("Shape for A", "Shape for ⟦A⟧")
                .replace("Shape for B", "Shape for ⟦B⟧"),
        );
        check_implementations(
            &text
                .replace("x.area", "x.$0area")
                .replace("fn area(&self) -> f64 {", "fn ⟦area⟧(&self) -> f64 {"),
        );
    }

    #[test]
    fn typescript_classes_of_an_interface() {
        let text = "
            //- /a.ts
            export interface I { close(): void }
            //- /b.ts
            import { I } from './a';
            export abstract class Half implements I { abstract close(): void; }
            export class Whole extends Half { close() {} }
            export class Not { close() {} }
            function f(i: I) { i.close(); }
            ";
        check_implementations(
            &text.replace("i.close", "i.$0close").replace("Half { close", "Half { ⟦close⟧"),
        );
        check_implementations(&text.replace("(i: I)", "(i: $0I)").replace("class Whole", "class ⟦Whole⟧"));
    }

    #[test]
    fn javascript_overrides() {
        check_implementations(
            "
            //- /a.js
            class A { $0⟦m⟧() {} }
            class B extends A { ⟦m⟧() {} }
            ",
        );
    }

    #[test]
    fn go_types_that_have_the_methods() {
        let text = "
            //- /go.mod
            module m
            //- /a.go
            package m
            type Closer interface { Close() error }
            type ReadCloser interface { Closer; Read(p []byte) (int, error) }
            type File struct{}
            func (f *File) Close() error { return nil }
            func (f *File) Read(p []byte) (int, error) { return 0, nil }
            type Big struct{ *File }
            type Half struct{}
            func (h Half) Close() error { return nil }
            type Odd struct{}
            func (o Odd) Close() {}
            func use(c ReadCloser) { c.Close() }
            ";
        let types = text.replace("type File", "type ⟦File⟧").replace("type Big", "type ⟦Big⟧");
        check_implementations(&types.replace("c ReadCloser", "c $0ReadCloser"));
        check_implementations(
            &types.replace("type Half", "type ⟦Half⟧").replace("type Closer", "type $0Closer"),
        );
        check_implementations(
            &text
                .replace("c.Close", "c.$0Close")
                .replace("*File) Close", "*File) ⟦Close⟧")
                .replace("Half) Close", "Half) ⟦Close⟧"),
        );
    }

    #[test]
    fn java_overrides_with_as_many_parameters() {
        let text = "
            //- /p/I.java
            package p;
            interface I { void go(int x); }
            //- /p/A.java
            package p;
            abstract class A implements I { public void go(int x, int y) {} }
            class B extends A { public void go(int x) {} }
            class C { void use(I i) { i.go(1); } }
            ";
        check_implementations(
            &text.replace("i.go", "i.$0go").replace("void go(int x) {}", "void ⟦go⟧(int x) {}"),
        );
        check_implementations(&text.replace("I i)", "$0I i)").replace("class B", "class ⟦B⟧"));
    }
}
