//! Whose members a search's targets are: what stands before a name rules a target out by its type alone, where its
//! members would take far longer to find.

use smallvec::SmallVec;

use super::ty::{Head, Ty};
use super::{Cx, Resolver, Symbol, Target};
use crate::lang::facts::{DefKind, Name, Ref, RefId, Role, ScopeKind};
use crate::lang::modules::FileId;
use crate::lang::pack::{AssignedMembers, Interfaces};

/// Types whose bounds, arguments and parts are looked into, one in another.
const NESTED_MAX: u32 = 8;

/// A type with a member that is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Type(Symbol),
    /// One from outside, by its name.
    Foreign(Name),
}

/// All types that have any of the targets as their own member; no other type inherits these.
#[derive(Clone, Debug, Default)]
pub(super) struct Holders(SmallVec<[Holder; 2]>);

impl Resolver<'_> {
    /// The types that the targets are members of; nothing where others may have them too.
    pub(super) fn holders(&self, targets: impl Iterator<Item = Target>) -> Option<Holders> {
        let mut all = Holders::default();
        for target in targets {
            if let Some(holder) = self.holder(target.symbol()?)?
                && !all.0.contains(&holder)
            {
                all.0.push(holder);
            }
        }
        Some(all)
    }

    /// The type that the symbol is a member of, if it is one of any. Only where types inherit from traits alone, whose
    /// members are not told in this way.
    fn holder(&self, symbol: Symbol) -> Option<Option<Holder>> {
        let index = self.index(symbol.file);
        let knobs = index.lang.knobs();
        let def = index.facts.def(symbol.def);
        let told = knobs.interfaces == Interfaces::Blocks
            && knobs.assigned_members == AssignedMembers::None
            && def.of.is_none()
            && !def.kind.is_alias();
        if !told {
            return None;
        }
        let scope = index.facts.scope(def.scope);
        match scope.kind {
            ScopeKind::File | ScopeKind::Module => {
                // A module is what stands before names, too.
                (def.kind != DefKind::Module).then_some(None)
            }
            ScopeKind::Class => {
                let owner = self.canonical(Symbol { file: symbol.file, def: scope.owner? });
                self.is_concrete(owner).then_some(Some(Holder::Type(owner)))
            }
            ScopeKind::Extension => {
                let extension = index.facts.extensions.iter().find(|e| e.scope == Some(def.scope))?;
                let cx = Cx { file: symbol.file, scope: def.scope };
                match self.eval(cx, extension.target).ty.instance() {
                    Ty::Named(Head::Def(owner), _) | Ty::This(owner) => {
                        let owner = self.canonical(owner);
                        self.is_concrete(owner).then_some(Some(Holder::Type(owner)))
                    }
                    Ty::Foreign(Some(head)) | Ty::Named(Head::Foreign(head), _) => {
                        Some(Some(Holder::Foreign(head)))
                    }
                    _ => None,
                }
            }
            ScopeKind::Function | ScopeKind::Block | ScopeKind::Object => None,
        }
    }

    /// Whether nothing can inherit from the type.
    fn is_concrete(&self, symbol: Symbol) -> bool {
        matches!(self.def(symbol).kind, DefKind::Struct | DefKind::Union | DefKind::Enum)
    }

    /// Whether what stands before the name has no member that is a target.
    pub(super) fn rules_out(&self, file: FileId, id: RefId, r: &Ref, holders: &Holders) -> bool {
        let Some(recv) = r.recv else { return false };
        if matches!(r.role, Role::Import | Role::Key | Role::Macro) {
            return false;
        }
        self.resolve_links(file, id);
        let typed = self.eval(Cx { file, scope: r.scope }, recv);
        self.has_none_of(&typed.ty, file, holders, NESTED_MAX)
    }

    fn has_none_of(&self, ty: &Ty, file: FileId, holders: &Holders, nested: u32) -> bool {
        let Some(nested) = nested.checked_sub(1) else { return false };
        let none = |ty: &Ty| self.has_none_of(ty, file, holders, nested);
        match ty {
            Ty::Named(Head::Def(symbol), _) | Ty::This(symbol) => {
                let symbol = self.canonical(*symbol);
                let known = self.is_concrete(symbol) || self.def(symbol).kind == DefKind::Trait;
                known && !holders.0.contains(&Holder::Type(symbol))
            }
            Ty::Named(Head::Foreign(head), args) => {
                let inner = args.as_deref().and_then(<[Ty]>::first);
                let inner = inner.filter(|_| self.looks_through(file, *head));
                !holders.0.contains(&Holder::Foreign(*head)) && inner.is_none_or(none)
            }
            Ty::Foreign(Some(head)) => !holders.0.contains(&Holder::Foreign(*head)),
            Ty::Of(inner) => match **inner {
                Ty::Named(..) | Ty::This(_) | Ty::Foreign(_) | Ty::Param(_) | Ty::Union(_) => none(inner),
                _ => false,
            },
            Ty::Param(param) => none(&self.bounds(*param)),
            Ty::Union(parts) => parts.iter().all(none),
            Ty::Unknown
            | Ty::Foreign(None)
            | Ty::Handed(..)
            | Ty::Closure(..)
            | Ty::Tuple(_)
            | Ty::List(_)
            | Ty::Map(_)
            | Ty::Literal(_) => true,
            Ty::Module(_) | Ty::Exports(_) | Ty::Function(..) | Ty::Object(..) | Ty::Super(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    /// Of the uses of a member's name in the fixture, those with something before them that is not ruled out as the
    /// owner of the definition at the cursor, and whether it can be told at all.
    fn open_uses(fixture: &str) -> Option<Vec<String>> {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let resolver = Resolver::new(&view);
        let Some(super::super::Occurrence::Def(def)) = resolver.at(file, offset) else {
            panic!("there is no definition at the cursor")
        };
        let name = view.facts(file).def(def).name;
        let holders = resolver.holders([Target::Symbol(Symbol { file, def })].into_iter())?;
        let mut open = Vec::new();
        for file in view.files() {
            let facts = view.facts(file);
            for (id, r) in facts.refs_with_ids().filter(|(_, r)| r.name == name && r.recv.is_some()) {
                if !resolver.rules_out(file, id, r, &holders) {
                    let text = view.text(file).unwrap();
                    let line = text[..r.span.start as usize].rfind('\n').map_or(0, |at| at + 1);
                    open.push(text[line..].lines().next().unwrap_or_default().trim().to_owned());
                }
            }
        }
        Some(open)
    }

    const TYPES: &str = "
        //- /src/lib.rs
        pub struct A;
        pub struct B { pub go: u32 }
        pub trait Go { fn go(&self) {} }
        impl Go for B {}
        impl A { pub fn go(&self) -> B { loop {} } }
        pub trait More { fn go(&self) {} }
        impl More for String { fn go(&self) {} }
        pub fn go() {}
        pub mod inner { pub fn go() {} }
        fn f<T: Go>(a: A, b: &B, boxed: Box<A>, many: Vec<A>, any: T, text: String) {
            a.go();
            b.go;
            boxed.go();
            many.go();
            any.go();
            text.go();
            A::go(&a);
            a.go().go;
            inner::go();
        }
        ";

    #[test]
    fn a_type_rules_out_members_of_others() {
        let at = |what: &str, marked: &str| open_uses(&TYPES.replacen(what, marked, 1));
        let of_a = at("A { pub fn go", "A { pub fn $0go").unwrap();
        assert_eq!(of_a, ["a.go();", "boxed.go();", "A::go(&a);", "a.go().go;", "inner::go();"]);
        let of_b = at("pub go: u32", "pub $0go: u32").unwrap();
        assert_eq!(of_b, ["b.go;", "a.go().go;", "inner::go();"]);
        let of_text = at("for String { fn go", "for String { fn $0go").unwrap();
        assert_eq!(of_text, ["text.go();", "inner::go();"]);
        assert_eq!(at("}\n        pub fn go", "}\n        pub fn $0go").unwrap(), ["inner::go();"]);
    }

    #[test]
    fn members_of_traits_are_not_told_by_types() {
        assert_eq!(open_uses(&TYPES.replacen("Go { fn go", "Go { fn $0go", 1)), None);
    }
}
