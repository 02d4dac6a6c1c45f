//! Types above and below a type.

use std::sync::atomic::AtomicBool;

use super::item::Item;
use super::{Empty, destinations};
use crate::graph::View;
use crate::lang::facts::DefKind;
use crate::lang::modules::FileId;
use crate::resolve::{ReferenceLimits, Resolver, Symbol, Target};

/// What a question about a type found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relatives {
    pub items: Vec<Item>,
    /// The limit was reached: there may be more.
    pub truncated: bool,
    pub cancelled: bool,
}

/// The type that the name at the offset stands for; of a constructor, the one that it makes.
pub fn prepare_types(view: &View, file: FileId, offset: u32) -> Result<Vec<Item>, Empty> {
    let resolver = Resolver::new(view);
    let found = destinations(&resolver, file, offset)?;
    let only = found.len() == 1;
    let mut types: Vec<Symbol> = Vec::new();
    for destination in found.iter().filter(|d| only || !d.tier.is_guess()) {
        let Some(symbol) = destination.symbol else { continue };
        let symbol = match destination.kind {
            DefKind::Constructor => {
                let facts = view.facts(symbol.file);
                let owner = facts.scope(facts.def(symbol.def).scope).owner;
                owner.map(|def| Symbol { def, ..symbol })
            }
            kind => (kind.is_type() && kind != DefKind::TypeParameter).then_some(symbol),
        };
        types.extend(symbol.filter(|s| !types.contains(s)));
    }
    Ok(types.into_iter().map(|symbol| Item::new(view, Target::Symbol(symbol))).collect())
}

/// The types that a type inherits from, implements or embeds itself, in source order.
pub fn supertypes(view: &View, symbol: Symbol) -> Vec<Item> {
    let above = Resolver::new(view).supertypes(symbol);
    above.into_iter().map(|symbol| Item::new(view, Target::Symbol(symbol))).collect()
}

/// The types that inherit from a type, implement or embed it themselves, at most `limit`; by file, then position.
pub fn subtypes(view: &View, symbol: Symbol, limit: usize, cancel: &AtomicBool) -> Relatives {
    let limits =
        ReferenceLimits { found_max: Some(limit), cancel: Some(cancel), ..ReferenceLimits::default() };
    let below = Resolver::new(view).subtypes(symbol, limits);
    let items = below.found.into_iter().take(limit);
    Relatives {
        items: items.map(|symbol| Item::new(view, Target::Symbol(symbol))).collect(),
        truncated: below.truncated,
        cancelled: below.cancelled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    /// Names of the types directly above and below the one at `$0`.
    fn check_types(fixture: &str, above: &[&str], below: &[&str]) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let items = prepare_types(&view, file, offset).unwrap();
        let symbol = items.first().and_then(|item| item.target.symbol()).unwrap();
        let names = |items: Vec<Item>| items.into_iter().map(|item| item.name).collect::<Vec<_>>();
        assert_eq!(names(supertypes(&view, symbol)), above);
        assert_eq!(names(subtypes(&view, symbol, 100, &AtomicBool::new(false)).items), below);
    }

    #[test]
    fn python_classes_are_followed_through_imports_under_other_names() {
        check_types(
            "
            //- /a.py
            class Top: pass
            class $0Mid(Top, object): pass
            //- /b.py
            from a import Mid as Other
            class Low(Other): pass
            //- /c.py
            from b import Other
            class Lower(Other, Generic[T]): pass
            class Not: x: Other
            //- /d.py
            class Mid: pass
            class Stranger(Mid): pass
            ",
            &["Top"],
            &["Low", "Lower"],
        );
    }

    #[test]
    fn rust_types_stand_below_their_traits() {
        check_types(
            "
            //- /src/lib.rs
            pub trait Above {}
            pub trait $0T: Above {}
            struct A;
            impl T for A {}
            impl<X: T> Clone for B<X> {}
            struct B<X>(X);
            trait Sub: T + Clone {}
            ",
            &["Above"],
            &["A", "Sub"],
        );
    }

    #[test]
    fn typescript_classes_and_interfaces() {
        check_types(
            "
            //- /a.ts
            export interface I {}
            export class $0A implements I {}
            //- /b.ts
            import * as a from './a';
            class B extends a.A {}
            interface C extends a.A {}
            ",
            &["I"],
            &["B", "C"],
        );
    }

    #[test]
    fn java_classes_and_go_embedding() {
        check_types(
            "
            //- /p/A.java
            package p;
            interface I<X> {}
            class $0A implements I<String> { A() {} }
            //- /p/B.java
            package p;
            class B extends A {}
            ",
            &["I"],
            &["B"],
        );
        check_types(
            "
            //- /go.mod
            module example.com/m
            //- /a.go
            package m
            type Base struct{}
            type $0Mid struct{ *Base }
            type Low struct{ Mid; n int }
            ",
            &["Base"],
            &["Low"],
        );
    }
}
