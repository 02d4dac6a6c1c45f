//! Who calls what.

use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::item::Item;
use super::{Empty, destinations};
use crate::graph::View;
use crate::lang::facts::{Def, DefFlags, DefId, DefKind, Facts, Role, ScopeId, ScopeKind, Span};
use crate::lang::modules::FileId;
use crate::resolve::{Outcome, ReferenceLimits, Resolver, Symbol, Target};

/// The calls between two of the folder's definitions, seen from one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The other one: who calls, or what is called.
    pub item: Item,
    /// The names that are called, in the caller's file; in source order, never empty.
    pub sites: Vec<Span>,
}

/// What a question about calls found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// By file, then position.
    pub calls: Vec<Call>,
    /// The limit was reached: there may be more.
    pub truncated: bool,
    pub cancelled: bool,
}

/// What can be called of what the name at the offset stands for.
pub fn prepare_calls(view: &View, file: FileId, offset: u32) -> Result<Vec<Item>, Empty> {
    let resolver = Resolver::new(view);
    let found = destinations(&resolver, file, offset)?;
    let only = found.len() == 1;
    let sure = found.iter().filter(|d| only || !d.tier.is_guess()).filter_map(|d| d.symbol);
    let called = sure.filter(|s| is_called(&view.facts(s.file), s.def));
    Ok(called.map(|symbol| Item::new(view, Target::Symbol(symbol))).collect())
}

/// The calls of a definition, by who makes them; at most `sites_max` of them.
pub fn incoming_calls(view: &View, symbol: Symbol, sites_max: usize, cancel: &AtomicBool) -> Calls {
    calls_within(view, symbol, limited(sites_max, cancel))
}

/// The same within limits of other kinds, too.
pub(super) fn calls_within(view: &View, symbol: Symbol, limits: ReferenceLimits<'_>) -> Calls {
    uses_by(view, symbol, is_call, limits)
}

/// The uses of a type that neither call nor extend it, by what they stand in; at most `sites_max` of them.
pub(super) fn mentions(view: &View, symbol: Symbol, sites_max: usize, cancel: &AtomicBool) -> Calls {
    let mentions = |role| !is_call(role) && !matches!(role, Role::Inherit | Role::Import | Role::Label);
    uses_by(view, symbol, mentions, limited(sites_max, cancel))
}

fn limited(sites_max: usize, cancel: &AtomicBool) -> ReferenceLimits<'_> {
    ReferenceLimits { found_max: Some(sites_max), cancel: Some(cancel), ..ReferenceLimits::default() }
}

/// The uses of a kind, by the definition or file that they stand in.
fn uses_by(view: &View, symbol: Symbol, keeps: fn(Role) -> bool, limits: ReferenceLimits<'_>) -> Calls {
    let resolver = Resolver::new(view);
    let limits = ReferenceLimits { keeps: Some(keeps), ..limits };
    let found = resolver.references(Target::Symbol(symbol), limits);
    let mut all = Grouped::default();
    for uses in found.found.chunk_by(|a, b| a.file == b.file) {
        let file = uses[0].file;
        let spans: FxHashSet<Span> = uses.iter().filter(|u| !u.declaration).map(|u| u.span).collect();
        let facts = view.facts(file);
        let callers = callers(&facts);
        for r in facts.refs.iter().filter(|r| keeps(r.role) && spans.contains(&r.span)) {
            all.add(caller(file, callers[r.scope.index()]), r.span);
        }
    }
    Calls { truncated: found.truncated, cancelled: found.cancelled, ..all.finish(view) }
}

/// What a definition calls, or what a file calls outside of its definitions; at most `sites_max` calls are looked at.
/// Calls that lead out of the folder, or to a guess, are left out.
pub fn outgoing_calls(view: &View, target: Target, sites_max: usize, cancel: &AtomicBool) -> Calls {
    let resolver = Resolver::new(view);
    let file = target.file();
    let facts = view.facts(file);
    let callers = callers(&facts);
    // What is declared several times for one body does what the body does, wherever it is asked.
    let wanted: SmallVec<[Option<DefId>; 1]> = match target.symbol() {
        Some(symbol) if facts.def(symbol.def).flags.has(DefFlags::OVERLOAD) => {
            resolver.overloads(symbol).into_iter().map(|s| Some(s.def)).collect()
        }
        symbol => SmallVec::from_elem(symbol.map(|s| s.def), 1),
    };
    let mut all = Grouped::default();
    let mut calls = Calls::default();
    let own =
        facts.refs_with_ids().filter(|(_, r)| is_call(r.role) && wanted.contains(&callers[r.scope.index()]));
    for (at, (id, r)) in own.enumerate() {
        if cancel.load(Ordering::Relaxed) {
            calls.cancelled = true;
            break;
        }
        if at >= sites_max {
            calls.truncated = true;
            break;
        }
        let Outcome::Found(targets) = resolver.resolve(file, id) else { continue };
        for (target, _) in targets.into_iter().filter(|(_, tier)| !tier.is_guess()) {
            if target.symbol().is_some_and(|s| is_called(&view.facts(s.file), s.def)) {
                all.add(target, r.span);
            }
        }
    }
    Calls { truncated: calls.truncated, cancelled: calls.cancelled, ..all.finish(view) }
}

/// Sites by who or what they belong to.
#[derive(Default)]
struct Grouped(FxHashMap<Target, Vec<Span>>);

impl Grouped {
    fn add(&mut self, target: Target, site: Span) {
        let sites = self.0.entry(target).or_default();
        if !sites.contains(&site) {
            sites.push(site);
        }
    }

    fn finish(self, view: &View) -> Calls {
        let of = |(target, mut sites): (Target, Vec<Span>)| {
            sites.sort_unstable();
            Call { item: Item::new(view, target), sites }
        };
        let mut calls: Vec<Call> = self.0.into_iter().map(of).collect();
        calls.sort_by_key(|call| (call.item.location, call.item.target));
        Calls { calls, ..Calls::default() }
    }
}

/// Whether a use is a call.
pub(super) fn is_call(role: Role) -> bool {
    matches!(role, Role::Call | Role::Macro)
}

fn caller(file: FileId, def: Option<DefId>) -> Target {
    def.map_or(Target::File(file), |def| Target::Symbol(Symbol { file, def }))
}

/// Whether a definition is something that is called and that calls: a function by any name, or a type.
fn is_called(facts: &Facts, def: DefId) -> bool {
    let def: &Def = facts.def(def);
    let is_function = |scope: ScopeId| facts.scope(scope).kind == ScopeKind::Function;
    def.kind.is_callable()
        || def.kind.is_type() && def.kind != DefKind::TypeParameter
        || def.kind == DefKind::EnumMember
        || def.body.is_some_and(is_function)
}

/// For each scope, the innermost definition around it that calls what is called there; none for the file itself.
pub(super) fn callers(facts: &Facts) -> Vec<Option<DefId>> {
    let mut callers: Vec<Option<DefId>> = Vec::with_capacity(facts.scopes.len());
    for scope in &facts.scopes {
        let own = scope.owner.filter(|owner| is_called(facts, *owner));
        let around = || scope.parent.and_then(|parent| callers.get(parent.index()).copied().flatten());
        callers.push(own.or_else(around));
    }
    callers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    const SITES_MAX: usize = 100;

    /// What stands in brackets are the sites of all calls to, or by, the definition at `$0`; each call's other side is
    /// named, in order.
    fn check_calls(fixture: &str, ask: impl Fn(&View, Target) -> Calls, expected: &[&str]) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let items = prepare_calls(&view, file, offset).unwrap();
        let calls = ask(&view, items.first().unwrap().target).calls;
        let names: Vec<&str> = calls.iter().map(|c| &*c.item.name).collect();
        assert_eq!(names, expected);
        let mut sites: Vec<u32> = calls.iter().flat_map(|c| &c.sites).map(|s| s.start).collect();
        sites.sort_unstable();
        let mut marked: Vec<u32> = fixture.ranges.iter().map(|(_, span)| span.start).collect();
        marked.sort_unstable();
        assert_eq!(sites, marked);
    }

    fn check_incoming(fixture: &str, expected: &[&str]) {
        let ask = |view: &View, target: Target| {
            incoming_calls(view, target.symbol().unwrap(), SITES_MAX, &AtomicBool::new(false))
        };
        check_calls(fixture, ask, expected);
    }

    fn check_outgoing(fixture: &str, expected: &[&str]) {
        let ask =
            |view: &View, target: Target| outgoing_calls(view, target, SITES_MAX, &AtomicBool::new(false));
        check_calls(fixture, ask, expected);
    }

    #[test]
    fn calls_of_a_python_method_come_from_functions_methods_and_the_file() {
        check_incoming(
            "
            //- /a.py
            class A:
                def $0m(self): pass
                def n(self):
                    self.⟦m⟧(); self.⟦m⟧()
                    return self.m
            //- /b.py
            from a import A
            def f(a: A):
                return [a.⟦m⟧() for _ in ()]
            A().⟦m⟧()
            class B:
                def m(self): pass
            B().m()
            ",
            &["n", "b.py", "f"],
        );
    }

    #[test]
    fn calls_by_a_python_function_are_those_of_its_own_body() {
        check_outgoing(
            "
            //- /a.py
            import os
            class A: pass
            def g(): pass
            def $0f():
                os.getcwd()
                ⟦A⟧()
                def inner(): g()
                ⟦inner⟧(); ⟦g⟧()
            ",
            &["A", "g", "inner"],
        );
    }

    #[test]
    fn what_is_declared_for_one_body_calls_what_the_body_calls() {
        let python = "
            //- /a.py
            from typing import overload
            def g(): pass
            @overload
            def $0f(x: int) -> int: ...
            @overload
            def f(x: str) -> str: ...
            def f(x): return ⟦g⟧()
            ";
        check_outgoing(python, &["g"]);
        let typescript =
            "\n//- /a.ts\nfunction g() {}\nfunction $0f(x: number): void;\nfunction f(x: any) { ⟦g⟧(); }\n";
        check_outgoing(typescript, &["g"]);
    }

    #[test]
    fn a_rust_method_is_called_through_its_type() {
        check_incoming(
            "
            //- /src/lib.rs
            struct S;
            impl S { fn $0m(&self) {} fn n(&self) { self.⟦m⟧(); } }
            fn f(s: &S) { s.⟦m⟧(); let g = || S::⟦m⟧(s); g() }
            ",
            &["n", "f"],
        );
        check_outgoing(
            "
            //- /src/lib.rs
            mod a;
            macro_rules! mac { () => {} }
            fn $0f() { a::⟦g⟧(); ⟦mac⟧!(); Some(1); }
            //- /src/a.rs
            pub fn g() {}
            ",
            &["g", "mac"],
        );
    }

    #[test]
    fn functions_held_by_typescript_constants_call_and_are_called() {
        check_incoming(
            "
            //- /a.ts
            export const $0f = () => 1;
            //- /b.ts
            import { f as g } from './a';
            export const h = () => { ⟦g⟧(); };
            class C { m() { return ⟦g⟧(); } }
            ",
            &["h", "m"],
        );
        check_outgoing(
            "
            //- /a.ts
            class C { constructor() {} m() {} }
            const $0f = () => { new ⟦C⟧().⟦m⟧(); };
            ",
            &["C", "m"],
        );
    }

    #[test]
    fn what_has_no_name_calls_for_what_is_around_it() {
        check_incoming(
            "
            //- /a.js
            function $0f() {}
            ⟦f⟧();
            [1].forEach(function () { ⟦f⟧(); });
            module.exports = { go() { ⟦f⟧(); } };
            exports.run = function () { later(() => ⟦f⟧()); };
            function A() { ⟦f⟧(); }
            A.prototype.m = function m() { ⟦f⟧(); };
            ",
            &["a.js", "go", "run", "A", "m"],
        );
        check_incoming(
            "
            //- /a.js
            function $0A() { this.x = 1; }
            A.prototype.m = function () {};
            module.exports = A;
            //- /b.js
            var A = require('./a');
            var one = new ⟦A⟧();
            module.exports = function make() { return function () { return new ⟦A⟧(); }; };
            ",
            &["b.js", "make"],
        );
        check_incoming(
            "
            //- /a.js
            function A() {}
            A.prototype.$0m = function () {};
            A.prototype.n = function () { this.⟦m⟧(); };
            new A().⟦m⟧();
            ",
            &["a.js", "n"],
        );
    }

    #[test]
    fn go_and_java_methods_are_followed_across_files() {
        check_incoming(
            "
            //- /go.mod
            module example.com/m
            //- /a.go
            package m
            type T struct{}
            func (t *T) $0Run() {}
            //- /b.go
            package m
            func main() { t := &T{}; t.⟦Run⟧() }
            ",
            &["main"],
        );
        check_outgoing(
            "
            //- /p/A.java
            package p;
            class A { A() {} void run() {} }
            //- /p/B.java
            package p;
            class B { void $0go() { A a; a.⟦run⟧(); System.exit(1); } }
            ",
            &["run"],
        );
    }

    #[test]
    fn limits_are_kept_and_told() {
        let fixture = Fixture::parse("\n//- /a.py\ndef $0f(): f(); f(); f()\n");
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let symbol = Item::at(&view, file, offset).unwrap();
        let calls = outgoing_calls(&view, Target::Symbol(symbol), 2, &AtomicBool::new(false));
        assert_eq!((calls.calls[0].sites.len(), calls.truncated), (2, true));
        assert!(incoming_calls(&view, symbol, 2, &AtomicBool::new(false)).truncated);
        assert!(incoming_calls(&view, symbol, 2, &AtomicBool::new(true)).cancelled);
    }
}
