//! Whose members a search's targets are: what stands before a name rules a target out by its type alone, where its
//! members would take far longer to find.

use smallvec::SmallVec;

use super::ty::{Head, Ty};
use super::{Cx, Resolver, Symbol, Target};
use crate::graph::{Holder, Holders};
use crate::lang::facts::{DefKind, Ref, RefId, Role, ScopeKind};
use crate::lang::modules::FileId;
use crate::lang::pack::{AssignedMembers, Interfaces};

/// Types whose bounds, arguments and parts are looked into, one in another.
const NESTED_MAX: u32 = 8;

/// All types that have any of the targets as their own member; no other type inherits these.
pub(super) type Owners = SmallVec<[Holder; 2]>;

impl Resolver<'_> {
    /// The types that the targets are members of; nothing where others may have them too.
    pub(super) fn owners(&self, targets: impl Iterator<Item = Target>) -> Option<Owners> {
        let mut all = Owners::default();
        for target in targets {
            if let Some(owner) = self.owner_told(target.symbol()?)?
                && !all.contains(&owner)
            {
                all.push(owner);
            }
        }
        Some(all)
    }

    /// The type that the symbol is a member of, if it is one of any. Only where types inherit from traits alone, whose
    /// members are not told in this way.
    fn owner_told(&self, symbol: Symbol) -> Option<Option<Holder>> {
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
                self.is_concrete(owner).then_some(Some(named(owner)))
            }
            ScopeKind::Extension => {
                let extension = index.facts.extensions.iter().find(|e| e.scope == Some(def.scope))?;
                let cx = Cx { file: symbol.file, scope: def.scope };
                match self.eval(cx, extension.target).ty.instance() {
                    Ty::Named(Head::Def(owner), _) | Ty::This(owner) => {
                        let owner = self.canonical(owner);
                        self.is_concrete(owner).then_some(Some(named(owner)))
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

    /// The types that the name can be a member of, by what stands before it.
    pub(super) fn holders(&self, file: FileId, id: RefId, r: &Ref) -> Holders {
        let Some(recv) = r.recv else { return Holders::Open };
        if matches!(r.role, Role::Import | Role::Key | Role::Macro) {
            return Holders::Open;
        }
        self.resolve_links(file, id);
        let typed = self.eval(Cx { file, scope: r.scope }, recv);
        let mut all = Owners::new();
        match (self.gather(&typed.ty, file, &mut all, NESTED_MAX), &all[..]) {
            (None, _) => Holders::Open,
            (Some(()), [holder]) => Holders::One(*holder),
            (Some(()), all) => Holders::Of(all.into()),
        }
    }

    /// Gathers the types that have members of a value of the type; `None` if any type may.
    fn gather(&self, ty: &Ty, file: FileId, all: &mut Owners, nested: u32) -> Option<()> {
        let nested = nested.checked_sub(1)?;
        match ty {
            Ty::Named(Head::Def(symbol), _) | Ty::This(symbol) => {
                let symbol = self.canonical(*symbol);
                let known = self.is_concrete(symbol) || self.def(symbol).kind == DefKind::Trait;
                known.then(|| add(all, named(symbol)))
            }
            Ty::Named(Head::Foreign(head), args) => {
                add(all, Holder::Foreign(*head));
                let inner = args.as_deref().and_then(<[Ty]>::first);
                match inner.filter(|_| self.looks_through(file, *head)) {
                    Some(inner) => self.gather(inner, file, all, nested),
                    None => Some(()),
                }
            }
            Ty::Foreign(Some(head)) => {
                add(all, Holder::Foreign(*head));
                Some(())
            }
            Ty::Of(inner) => match **inner {
                Ty::Named(..) | Ty::This(_) | Ty::Foreign(_) | Ty::Param(_) | Ty::Union(_) => {
                    self.gather(inner, file, all, nested)
                }
                _ => None,
            },
            Ty::Param(param) => self.gather(&self.bounds(*param), file, all, nested),
            Ty::Union(parts) => parts.iter().try_for_each(|part| self.gather(part, file, all, nested)),
            Ty::Unknown
            | Ty::Foreign(None)
            | Ty::Handed(..)
            | Ty::Closure(..)
            | Ty::Tuple(_)
            | Ty::List(_)
            | Ty::Map(_)
            | Ty::Literal(_) => Some(()),
            Ty::Module(_) | Ty::Exports(_) | Ty::Function(..) | Ty::Object(..) | Ty::Super(_) => None,
        }
    }
}

fn named(symbol: Symbol) -> Holder {
    Holder::Type(symbol.file, symbol.def)
}

fn add(all: &mut Owners, holder: Holder) {
    if !all.contains(&holder) {
        all.push(holder);
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
        let owners = resolver.owners([Target::Symbol(Symbol { file, def })].into_iter())?;
        let mut open = Vec::new();
        for file in view.files() {
            let facts = view.facts(file);
            for (id, r) in facts.refs_with_ids().filter(|(_, r)| r.name == name && r.recv.is_some()) {
                if resolver.holders(file, id, r).may_be(&owners) {
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
