//! Uses of a symbol: what is asked for, what is found, and what counts as one symbol.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rustc_hash::FxHashSet;

use super::search::Effort;
use super::{Cx, Resolver, Symbol, Target};
use crate::lang::facts::{DefKind, Role, Span};
use crate::lang::modules::FileId;

/// What bounds a search for references.
#[derive(Clone, Copy, Default)]
pub struct ReferenceLimits<'a> {
    /// Places that are kept; the search stops there.
    pub found_max: Option<usize>,
    /// Set by somebody who no longer wants the answer.
    pub cancel: Option<&'a AtomicBool>,
    /// When the search ends with what it has.
    pub until: Option<Instant>,
    /// Only look into this file.
    pub within: Option<FileId>,
    /// Where a macro is used whose text mentions the symbol counts as a use of it.
    pub expansions: bool,
    /// Which uses are kept and counted, by what they do; all if it is not said.
    pub keeps: Option<fn(Role) -> bool>,
}

impl ReferenceLimits<'_> {
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_some_and(|cancel| cancel.load(Ordering::Relaxed))
    }

    pub(super) fn is_late(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// Whether a search ends here, because of the time or of who no longer wants the answer.
    pub fn is_over(&self) -> bool {
        self.is_cancelled() || self.is_late()
    }
}

/// A place where a symbol is used or declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    pub file: FileId,
    pub span: Span,
    /// It is one of the symbol's own definitions rather than a use.
    pub declaration: bool,
    /// It writes to the symbol.
    pub write: bool,
    /// What is written here is a macro, whose text mentions the symbol.
    pub expansion: bool,
}

impl Found {
    pub(super) fn new(file: FileId, span: Span) -> Found {
        Found { file, span, declaration: false, write: false, expansion: false }
    }
}

/// What a search for references found.
#[derive(Clone, Debug, Default)]
pub struct References {
    /// By file, then position.
    pub found: Vec<Found>,
    /// Names of the symbol in the texts of macros whose uses are among `found`: what they say is said there.
    pub mentions: Vec<Found>,
    /// What was searched for: the target, what counts as one symbol with it, and what that overrides.
    pub targets: Vec<Target>,
    /// A limit was reached, there may be more.
    pub truncated: bool,
    pub cancelled: bool,
}

impl Resolver<'_> {
    /// Every use of the target in the view, as far as the limits let it.
    pub fn references(&self, target: Target, limits: ReferenceLimits<'_>) -> References {
        self.search(target, limits, Effort::usual())
    }

    /// The definitions that count as one symbol with this one, members of the same class included.
    pub(super) fn same_symbol(&self, symbol: Symbol) -> Vec<Symbol> {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        let mut all: Vec<Symbol> = self.group(symbol).into_iter().collect();
        // What one place declares in several scopes is one symbol (the variable of a type switch).
        if def.kind == DefKind::Variable {
            for (id, other) in index.named(def.name) {
                let twin = Symbol { file: symbol.file, def: id };
                if other.name_span == def.name_span && other.kind == def.kind && !all.contains(&twin) {
                    all.push(twin);
                }
            }
        }
        let owner = match def.of {
            Some(_) => self.owner_by_receiver(symbol.file, def),
            None => match def.kind {
                DefKind::Field | DefKind::Property | DefKind::Method => index
                    .facts
                    .scope(def.scope)
                    .owner
                    .map(|def| self.canonical(Symbol { file: symbol.file, def })),
                _ => None,
            },
        };
        if let Some(owner) = owner
            && self.knobs(symbol.file).assigned_members != crate::lang::pack::AssignedMembers::None
        {
            let mut seen: FxHashSet<Symbol> = all.iter().copied().collect();
            all.extend(self.own_symbols(owner, def.name).into_iter().filter(|member| seen.insert(*member)));
        }
        all
    }
}

impl Resolver<'_> {
    /// Definitions of a trait's member in its implementations, in languages where they count as uses of it.
    pub(super) fn implementations(&self, symbol: Symbol) -> Vec<Symbol> {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        let owner = index.facts.scope(def.scope).owner.map(|def| Symbol { file: symbol.file, def });
        let Some(owner) = owner.filter(|o| index.facts.def(o.def).kind == DefKind::Trait) else {
            return Vec::new();
        };
        if !index.lang.knobs().implementations_use {
            return Vec::new();
        }
        let mut found = Vec::new();
        for file in self.view.files_with(index.facts.def(owner.def).name) {
            let there = self.index(file);
            for extension in &there.facts.extensions {
                let (Some(scope), Some(implements)) = (extension.scope, extension.implements) else {
                    continue;
                };
                let Some((member, _)) = there.declared(scope, def.name).next() else { continue };
                if self.eval(Cx { file, scope }, implements).ty.instance().symbol() == Some(owner) {
                    found.push(Symbol { file, def: member });
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    /// The uses of the definition at the fixture's cursor.
    fn search(fixture: &str, until: Option<Instant>) -> References {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let resolver = Resolver::new(&view);
        let Some(super::super::Occurrence::Def(def)) = resolver.at(file, offset) else {
            panic!("there is no definition at the cursor")
        };
        let limits = ReferenceLimits { until, ..ReferenceLimits::default() };
        resolver.references(Target::Symbol(Symbol { file, def }), limits)
    }

    #[test]
    fn a_search_whose_time_is_up_says_so() {
        let fixture = "\n//- /a.py\ndef $0f(): pass\nf()\n";
        let late = search(fixture, Some(Instant::now()));
        assert!(late.truncated && late.found.is_empty());
        let whole = search(fixture, None);
        assert_eq!((whole.truncated, whole.found.len()), (false, 2));
    }

    #[test]
    fn what_cannot_be_seen_elsewhere_is_found_where_it_can() {
        let found = |fixture: &str| search(fixture, None).found.len();
        // A parameter's name is written in calls of other files.
        assert_eq!(
            found("\n//- /a.py\ndef f($0width): print(width)\n//- /b.py\nfrom a import f\nf(width=1)\n"),
            3
        );
        // Tests of the same directory see small names.
        let small = "
            //- /go.mod
            module m
            //- /a.go
            package m
            func $0small() {}
            //- /a_test.go
            package m
            func run() { small() }
            //- /sub/b.go
            package sub
            func small() {}
            func run() { small() }
            ";
        assert_eq!(found(small), 2);
        // What is not public is seen in its module and those below it.
        let hidden = "
            //- /Cargo.toml
            [package]
            name = \"m\"
            //- /src/lib.rs
            mod a;
            fn f(x: a::A) { x.go(); x.size; }
            //- /src/a.rs
            mod b;
            pub struct A { size: u32 }
            impl A { fn $0go(&self) { self.size; } }
            impl A { fn more(&self) { self.go(); } }
            //- /src/a/b.rs
            fn f(x: super::A) { x.go(); x.size; }
            ";
        assert_eq!(found(hidden), 3);
        assert_eq!(found(&hidden.replace("$0", "").replace("size: u32", "$0size: u32")), 3);
        assert_eq!(found(&hidden.replace("fn $0", "pub fn $0")), 4);
        assert_eq!(found(&hidden.replace("mod b;", "mod b; #[path = \"../else.rs\"] mod c;")), 4);
        // A member is used without a receiver where classes see their members.
        let member = "
            //- /A.java
            class A { int $0size; int get() { return size; } }
            //- /B.java
            class B extends A { int twice() { return size + this.size; } }
            ";
        assert_eq!(found(member), 4);
    }
}
