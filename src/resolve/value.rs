//! What a definition's value is, and what calling it gives.

use std::rc::Rc;

use smallvec::SmallVec;

use super::ty::{Head, Ty};
use super::{Cx, Entity, Hit, Resolution, Resolver, Symbol, Tier, Typed};
use crate::lang::facts::{Def, DefFlags, DefKind, Literal, ScopeKind};
use crate::lang::pack::Visibility;

/// Assignments to one name that are looked at for its type.
const ASSIGNMENTS_MAX: usize = 8;

impl Resolver<'_> {
    /// The value of a definition, with its type parameters as they are declared.
    pub(super) fn value(&self, symbol: Symbol) -> Typed {
        self.remember(&self.values, symbol, Typed::unknown, || {
            let index = self.index(symbol.file);
            let def = index.facts.def(symbol.def);
            let typed = self.settled(symbol, self.value_of(symbol, def));
            Typed { ty: typed.ty.bounded(), tier: typed.tier }
        })
    }

    fn value_of(&self, symbol: Symbol, def: &Def) -> Typed {
        use DefKind::*;
        match def.kind {
            Class | Struct | Enum | Union | Interface | Trait => {
                Typed::sure(Ty::named(self.canonical(symbol)).of())
            }
            TypeParameter => Typed::sure(Ty::Param(symbol).of()),
            TypeAlias => match def.ty.or(def.init) {
                Some(ty) => self.eval(self.inside(symbol, def), ty).map(|ty| ty.instance().of()),
                None => Typed::unknown(),
            },
            Module | Namespace => match self.file_module(symbol) {
                Some(place) => Typed::sure(Ty::Module(Rc::new(place))),
                None => Typed::sure(Ty::Module(Rc::new(super::ty::Place::Inline(symbol)))),
            },
            Function | Method | Constructor | Macro => {
                if def.flags.has(DefFlags::GETTER) {
                    self.result(symbol)
                } else {
                    Typed::sure(Ty::Function(symbol, None))
                }
            }
            EnumMember => self.variant(symbol, def),
            Import | Export => match def.init {
                Some(init) => self.eval(Cx { file: symbol.file, scope: def.scope }, init),
                None => Typed::unknown(),
            },
            Variable | Field | Property | Parameter | Constant | Static => self.variable(symbol, def),
            Label => Typed::unknown(),
        }
    }

    /// The place at which a definition's own terms are evaluated.
    fn inside(&self, symbol: Symbol, def: &Def) -> Cx {
        Cx { file: symbol.file, scope: def.body.unwrap_or(def.scope) }
    }

    /// A value of the enum that the member belongs to.
    fn variant(&self, symbol: Symbol, def: &Def) -> Typed {
        let index = self.index(symbol.file);
        let owner = index.facts.scope(def.scope).owner;
        match owner {
            Some(owner) => {
                let owner = self.canonical(Symbol { file: symbol.file, def: owner });
                Typed::sure(Ty::named(owner))
            }
            None => self.variable(symbol, def),
        }
    }

    fn variable(&self, symbol: Symbol, def: &Def) -> Typed {
        let own = self.declared_or_assigned(symbol, def);
        if self.type_variable(symbol, &own.ty).is_some() {
            return Typed::sure(Ty::Param(symbol).of());
        }
        if let Some(class) = self.enumeration(symbol, def) {
            return Typed::sure(Ty::named(class));
        }
        let settled = |typed: &Typed| !matches!(typed.ty, Ty::Unknown | Ty::Literal(Literal::Null));
        if settled(&own) && !def.flags.has(DefFlags::ASSIGNED) || def.ty.is_some() {
            return own;
        }
        // What one assignment leaves open another may say.
        let mut parts: SmallVec<[Typed; 4]> = SmallVec::from_elem(own, 1);
        for other in self.assignments(symbol, def) {
            if parts.len() >= ASSIGNMENTS_MAX {
                break;
            }
            let index = self.index(other.file);
            let typed = self.declared_or_assigned(other, index.facts.def(other.def));
            if index.facts.def(other.def).ty.is_some() && settled(&typed) {
                return typed;
            }
            parts.push(typed);
        }
        let tier = parts.iter().filter(|t| settled(t)).filter_map(|t| t.tier).max();
        let known = parts.into_iter().map(|t| t.ty).filter(|ty| !ty.is_unknown());
        Typed { ty: Ty::union(known), tier }
    }

    /// What a variable that stands for any type is at least, if what it is initialised with makes it one.
    pub(super) fn type_variable(&self, symbol: Symbol, ty: &Ty) -> Option<Ty> {
        let words = self.knobs(symbol.file).type_variables;
        match ty {
            Ty::Foreign(Some(name)) if self.named_in(*name, words) => Some(Ty::Unknown),
            Ty::Of(inner) => match &**inner {
                Ty::Named(Head::Foreign(name), Some(args)) if self.named_in(*name, words) => {
                    Some(Ty::union(args.iter().cloned()))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The class whose instance the variable in its body is, by the class's bases.
    fn enumeration(&self, symbol: Symbol, def: &Def) -> Option<Symbol> {
        if self.knobs(symbol.file).enum_bases.is_empty() || def.kind != DefKind::Field || def.of.is_some() {
            return None;
        }
        let index = self.index(symbol.file);
        let class = Symbol { file: symbol.file, def: index.facts.scope(def.scope).owner? };
        (def.ty.is_none() && self.is_enumeration(class)).then(|| self.canonical(class))
    }

    /// Whether the variables of the class are its instances.
    pub(super) fn is_enumeration(&self, class: Symbol) -> bool {
        let words = self.knobs(class.file).enum_bases;
        let is_base = |base: &Ty| match base {
            Ty::Foreign(Some(name)) | Ty::Named(Head::Foreign(name), _) => self.named_in(*name, words),
            _ => false,
        };
        !words.is_empty()
            && self.linear(class).types.iter().any(|(ty, _)| self.bases(*ty).iter().any(is_base))
    }

    /// The other definitions of the same variable or field.
    fn assignments(&self, symbol: Symbol, def: &Def) -> SmallVec<[Symbol; 4]> {
        let index = self.index(symbol.file);
        if def.of.is_some() {
            let Some(owner) = self.owner_by_receiver(symbol.file, def) else { return SmallVec::new() };
            let mut found: SmallVec<[Symbol; 4]> = SmallVec::new();
            for (id, other) in index.named(def.name) {
                let same = other.of.is_some() && self.owner_by_receiver(symbol.file, other) == Some(owner);
                if id != symbol.def && same {
                    found.push(Symbol { file: symbol.file, def: id });
                }
            }
            return found;
        }
        if index.lang.knobs().visibility == Visibility::Declaration
            && matches!(index.facts.scope(def.scope).kind, ScopeKind::Function | ScopeKind::Block)
        {
            return SmallVec::new();
        }
        self.group(symbol).into_iter().filter(|s| *s != symbol).collect()
    }

    /// By the declared type, else by what is assigned.
    fn declared_or_assigned(&self, symbol: Symbol, def: &Def) -> Typed {
        let cx = self.inside(symbol, def);
        if let Some(ty) = def.ty {
            let declared = self.eval(cx, ty);
            return Typed::new(declared.ty.instance(), Tier::Declared);
        }
        if def.kind.is_callable() || def.kind.is_alias() || def.kind.is_type() {
            return self.value(symbol);
        }
        let Some(init) = def.init else { return Typed::unknown() };
        let inferred = self.eval(cx, init);
        let tier = match inferred.ty {
            Ty::Of(_) | Ty::Module(_) | Ty::Function(..) => Tier::Import,
            _ => Tier::Inferred,
        };
        inferred.at_most(tier)
    }

    /// What calling the definition gives, with its type parameters as they are declared.
    pub(super) fn result(&self, symbol: Symbol) -> Typed {
        self.remember(&self.results, symbol, Typed::unknown, || {
            let index = self.index(symbol.file);
            let def = index.facts.def(symbol.def);
            let typed = self.settled(symbol, self.result_of(symbol, def));
            Typed { ty: typed.ty.bounded(), tier: typed.tier }
        })
    }

    fn result_of(&self, symbol: Symbol, def: &Def) -> Typed {
        let cx = self.inside(symbol, def);
        if let Some(ty) = def.ty {
            let declared = self.eval(cx, ty);
            return Typed::new(declared.ty.instance(), Tier::Declared);
        }
        if def.kind == DefKind::Constructor
            && let Some(owner) = index_owner(self, symbol, def)
        {
            return Typed::new(Ty::This(owner), Tier::Inferred);
        }
        // An implementation returns what another signature of the same function declares.
        if let Some(declared) = self.declared_by_overload(symbol) {
            return declared;
        }
        let Some(init) = def.init else { return Typed::unknown() };
        let returned = self.eval(cx, init).at_most(Tier::Inferred);
        if def.flags.has(DefFlags::GENERATOR) && !matches!(returned.ty, Ty::Unknown | Ty::List(_)) {
            return returned.map(Ty::list);
        }
        returned
    }

    fn declared_by_overload(&self, symbol: Symbol) -> Option<Typed> {
        let group = self.group(symbol);
        group.into_iter().filter(|s| *s != symbol).find_map(|other| {
            let index = self.index(other.file);
            let def = index.facts.def(other.def);
            let ty = def.ty.filter(|_| def.kind.is_callable() && def.flags.has(DefFlags::OVERLOAD))?;
            let declared = self.eval(self.inside(other, def), ty);
            Some(Typed::new(declared.ty.instance(), Tier::Declared))
        })
    }

    /// The value that a resolution gives, as its receiver sees it.
    pub(super) fn value_of_resolution(&self, resolution: &Resolution) -> Typed {
        match resolution {
            Resolution::External(name) => Typed::sure(Ty::Foreign(*name)),
            Resolution::Missing(_) => Typed::unknown(),
            Resolution::Found(hits) => {
                if let [hit] = hits.as_slice() {
                    return self.value_of_hit(hit);
                }
                let mut tier = None;
                let mut parts: SmallVec<[Ty; 4]> = SmallVec::new();
                for hit in hits {
                    let typed = self.value_of_hit(hit);
                    tier = tier.max(typed.tier);
                    // Signatures of one function: the first stands for all, they differ in what they return.
                    if matches!(typed.ty, Ty::Function(..))
                        && parts.iter().any(|p| matches!(p, Ty::Function(..)))
                    {
                        continue;
                    }
                    parts.push(typed.ty);
                }
                Typed { ty: Ty::union(parts.into_iter().filter(|p| !p.is_unknown())), tier }
            }
        }
    }

    pub(super) fn value_of_hit(&self, hit: &Hit) -> Typed {
        let guess = hit.tier.is_guess().then_some(hit.tier);
        match &hit.entity {
            Entity::Place(place) => Typed { ty: Ty::Module(Rc::clone(place)), tier: guess },
            Entity::Symbol(symbol) => {
                let value = self.value(*symbol);
                let ty = match &hit.subst {
                    Some(subst) => value.ty.subst(subst).bounded(),
                    None => value.ty,
                };
                Typed { ty, tier: value.tier }.at_most(guess)
            }
        }
    }

    /// A generic type or function with its arguments put in.
    pub(super) fn applied(&self, file: crate::lang::modules::FileId, head: Ty, args: Vec<Ty>) -> Ty {
        match head {
            Ty::Of(inner) => match &*inner {
                Ty::Named(Head::Def(symbol), _) => Ty::Named(Head::Def(*symbol), Some(args.into())).of(),
                Ty::Named(Head::Foreign(name), _) => self.applied_foreign(file, *name, args),
                _ => Ty::Of(inner),
            },
            Ty::Foreign(Some(name)) => self.applied_foreign(file, name, args),
            Ty::Function(symbol, seen) => {
                let mut subst = self.arguments(symbol, &Some(args.into()));
                if let Some(seen) = seen {
                    subst = subst.then(&seen);
                }
                Ty::Function(symbol, Some(Rc::new(subst)))
            }
            // A function type: what it is applied to are its parameters.
            Ty::Closure(_, result) => Ty::Closure(args.into(), result),
            other => other,
        }
    }

    fn applied_foreign(
        &self,
        file: crate::lang::modules::FileId,
        name: crate::lang::facts::Name,
        args: Vec<Ty>,
    ) -> Ty {
        use crate::lang::pack::Generic;
        let text = self.view.name_text(name);
        let generic = self.knobs(file).generics.iter().find(|(n, _)| *n == text).map(|(_, g)| *g);
        let mut args = args;
        match generic {
            None => Ty::Named(Head::Foreign(name), Some(args.into())).of(),
            Some(Generic::List) => Ty::list(args.drain(..).next().unwrap_or_default()).of(),
            Some(Generic::Map) => {
                let mut args = args.into_iter();
                let key = args.next().unwrap_or_default();
                Ty::Map(Rc::new((key, args.next().unwrap_or_default()))).of()
            }
            Some(Generic::Tuple) => Ty::Tuple(args.into()).of(),
            Some(Generic::Union) => Ty::union(args).of(),
            Some(Generic::Type) => args.drain(..).next().unwrap_or_default().of().of(),
            Some(Generic::Callable) => {
                let result = args.pop().unwrap_or_default();
                Ty::Closure(args.into(), Rc::new(result)).of()
            }
            Some(Generic::Returned) => match args.drain(..).next() {
                Some(Ty::Named(Head::Def(function), _)) if self.def(function).kind.is_callable() => {
                    self.result(function).ty.of()
                }
                Some(Ty::Closure(_, result)) => (*result).clone().of(),
                _ => Ty::Foreign(Some(name)),
            },
        }
    }
}

/// The type that a constructor belongs to.
fn index_owner(resolver: &Resolver<'_>, symbol: Symbol, def: &Def) -> Option<Symbol> {
    let index = resolver.index(symbol.file);
    let owner = index.facts.scope(def.scope).owner?;
    Some(resolver.canonical(Symbol { file: symbol.file, def: owner }))
}
