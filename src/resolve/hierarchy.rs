//! Types above and below a type.

use smallvec::SmallVec;

use super::ty::Head;
use super::{Cx, ReferenceLimits, Resolver, Symbol, Tier, Ty};
use crate::lang::facts::{DefFlags, DefId, DefKind, Facts, Name, Term, TermId};
use crate::lang::modules::{FileId, Layout};

/// Names that one type is followed under.
const NAMES_MAX: usize = 64;

/// Parts of the term of a base that are looked at for its name.
const PARTS_MAX: usize = 64;

/// Types that were searched for.
#[derive(Clone, Debug, Default)]
pub struct Types {
    /// By file, then position.
    pub found: Vec<Symbol>,
    /// The limit was reached, there may be more.
    pub truncated: bool,
    pub cancelled: bool,
}

impl Resolver<'_> {
    /// The types of the folder that a type directly inherits from, implements or embeds, in source order.
    pub fn supertypes(&self, symbol: Symbol) -> Vec<Symbol> {
        self.begin();
        let own = self.canonical(symbol);
        let mut found = Vec::new();
        for base in self.bases(own) {
            let base = base.symbol().map(|base| self.canonical(base));
            found.extend(base.filter(|base| *base != own && !found.contains(base)));
        }
        found
    }

    /// The types of the folder that directly inherit from a type, implement it or embed it.
    pub fn subtypes(&self, symbol: Symbol, limits: ReferenceLimits<'_>) -> Types {
        self.begin();
        let own = self.canonical(symbol);
        let mut types = Types::default();
        let mut names: SmallVec<[Name; 4]> = SmallVec::from_elem(self.def(own).name, 1);
        let mut at = 0;
        while let Some(name) = names.get(at).copied() {
            at += 1;
            for file in self.view.files_with(name) {
                if self.view.lang(file).family() != self.view.lang(own.file).family() {
                    continue;
                }
                types.cancelled |= limits.is_cancelled();
                types.truncated |= limits.is_late();
                if types.cancelled || types.truncated {
                    return types;
                }
                self.begin();
                for below in self.below_in(file, own, name) {
                    if !types.found.contains(&below) {
                        types.found.push(below);
                    }
                }
                if limits.found_max.is_some_and(|max| types.found.len() > max) {
                    types.truncated = true;
                    return types;
                }
                for alias in self.aliases_in(file, own, name) {
                    if names.len() < NAMES_MAX && !names.contains(&alias) {
                        names.push(alias);
                    }
                }
            }
        }
        types.found.sort_unstable();
        types
    }

    /// The one named type of the folder that a variable's value is known to be, and how it was found.
    pub fn named_type_of(&self, symbol: Symbol) -> Option<(Symbol, Option<Tier>)> {
        self.begin();
        let typed = self.value(symbol);
        match typed.ty {
            Ty::Named(Head::Def(ty), None) if self.def(ty).kind.is_type() => {
                Some((self.canonical(ty), typed.tier))
            }
            _ => None,
        }
    }

    /// Types of a file that name a type as their base by this name.
    fn below_in(&self, file: FileId, own: Symbol, name: Name) -> Vec<Symbol> {
        let index = self.index(file);
        let facts = &index.facts;
        let mut found = Vec::new();
        let is_own = |ty: &Ty| self.is_type(ty, own);
        for inherit in &facts.inherits {
            let def = facts.def(inherit.def);
            let scope = def.body.unwrap_or(def.scope);
            if def.kind != DefKind::TypeParameter
                && mentions(facts, inherit.base, name)
                && is_own(&self.eval(Cx { file, scope }, inherit.base).ty.instance())
            {
                found.push(Symbol { file, def: inherit.def });
            }
        }
        for extension in &facts.extensions {
            let (Some(scope), Some(implements)) = (extension.scope, extension.implements) else { continue };
            let cx = Cx { file, scope };
            if mentions(facts, implements, name) && is_own(&self.eval(cx, implements).ty.instance()) {
                found.extend(self.eval(cx, extension.target).ty.instance().symbol());
            }
        }
        for (def, d) in facts.defs_with_ids().filter(|(_, d)| d.flags.has(DefFlags::EMBEDDED)) {
            let owner = facts.scope(d.scope).owner;
            if d.ty.is_some_and(|ty| mentions(facts, ty, name))
                && let Some(owner) = owner
                && is_own(&self.value(Symbol { file, def }).ty)
            {
                found.push(Symbol { file, def: owner });
            }
        }
        found.into_iter().map(|s| self.canonical(s)).filter(|s| *s != own).collect()
    }

    fn is_type(&self, ty: &Ty, own: Symbol) -> bool {
        match ty {
            Ty::Union(parts) => parts.iter().any(|part| self.is_type(part, own)),
            Ty::Of(inner) => self.is_type(inner, own),
            ty => ty.symbol().is_some_and(|s| self.canonical(s) == own),
        }
    }

    /// Other names that a file's imports, exports and aliases give to a type.
    fn aliases_in(&self, file: FileId, own: Symbol, name: Name) -> Vec<Name> {
        let index = self.index(file);
        let facts = &index.facts;
        let named = |def: DefId| {
            let d = facts.def(def);
            let is_alias = d.kind.is_alias() || d.kind == DefKind::TypeAlias;
            is_alias && d.name != name && d.ty.or(d.init).is_some_and(|term| mentions(facts, term, name))
        };
        let aliases = facts.defs_with_ids().map(|(def, _)| def).filter(|def| named(*def));
        let own_aliases =
            aliases.filter(|def| self.is_type(&self.value(Symbol { file, def: *def }).ty.instance(), own));
        own_aliases.map(|def| facts.def(def).name).collect()
    }
}

/// Whether a term names something by this name, its type arguments aside.
fn mentions(facts: &Facts, term: TermId, name: Name) -> bool {
    let mut open: SmallVec<[TermId; 8]> = SmallVec::from_elem(term, 1);
    for _ in 0..PARTS_MAX {
        let Some(term) = open.pop() else { return false };
        match facts.term(term) {
            Term::Ref(reference) if facts.reference(*reference).name == name => return true,
            Term::Apply(inner, _)
            | Term::Same(inner)
            | Term::Instance(inner)
            | Term::AddrOf(inner)
            | Term::Deref(inner) => open.push(*inner),
            Term::Union(parts) | Term::Tuple(parts) => open.extend(parts.iter().copied()),
            _ => {}
        }
    }
    false
}
