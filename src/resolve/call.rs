//! Calls: constructors, functions, and methods of types without source.

use std::rc::Rc;

use super::member::Wanted;
use super::ty::{Head, Ty};
use super::{Cx, Resolver, Symbol, Tier, Typed};
use crate::lang::facts::{DefKind, Name, TermId};
use crate::lang::modules::FileId;
use crate::lang::pack::Hands;

impl Resolver<'_> {
    /// What calling a value gives.
    pub(super) fn call(&self, file: FileId, callee: Typed) -> Typed {
        let tier = callee.tier;
        match callee.ty {
            Ty::Of(inner) => Typed::new((*inner).clone(), Tier::Inferred).at_most(tier),
            Ty::Function(symbol, seen) => {
                let result = self.result(symbol);
                let ty = match seen {
                    Some(seen) => result.ty.subst(&seen).bounded(),
                    None => result.ty,
                };
                Typed { ty, tier: result.tier }.at_most(tier)
            }
            Ty::Closure(_, result) => Typed { ty: (*result).clone(), tier },
            Ty::Handed(receiver, name) => {
                Typed { ty: self.handed(file, &receiver, name), tier }.at_most(Tier::Inferred)
            }
            Ty::Foreign(name) => Typed { ty: Ty::Foreign(name), tier },
            Ty::Super(inner) => Typed { ty: Ty::Super(inner), tier },
            Ty::Union(parts) => {
                let results: Vec<Typed> =
                    parts.iter().map(|p| self.call(file, Typed { ty: p.clone(), tier })).collect();
                let tier = results.iter().filter_map(|t| t.tier).max();
                Typed { ty: Ty::union(results.into_iter().map(|t| t.ty).filter(|t| !t.is_unknown())), tier }
            }
            Ty::Named(Head::Def(symbol), args) if self.def(symbol).kind == DefKind::Enum => {
                Typed { ty: Ty::Named(Head::Def(symbol), args), tier }
            }
            ty @ (Ty::Named(..) | Ty::This(_)) => match self.built_on(&ty) {
                Some(Ty::Closure(_, result)) => Typed { ty: (*result).clone(), tier },
                _ => self
                    .member_result(&Typed { ty, tier }, self.knobs(file).call_names, file)
                    .unwrap_or_default(),
            },
            _ => Typed::unknown(),
        }
    }

    /// What the first of these members gives, called if it is a method, as a value if it is a type.
    pub(super) fn member_result(&self, of: &Typed, names: &[&str], file: FileId) -> Option<Typed> {
        names.iter().find_map(|word| {
            let name = self.view.lookup_name(word)?;
            let found = self.member(of, None, Wanted::any(name), file);
            let first = found.first_symbol()?;
            let value = self.value_of_resolution(&found);
            let result = match self.def(first).kind.is_callable() {
                true => self.call(file, value),
                false => value.map(|ty| ty.instance()),
            };
            (!result.ty.is_unknown()).then(|| result.at_most(Tier::Inferred))
        })
    }

    /// What a method of a type without source hands out, by the language's table.
    fn handed(&self, file: FileId, receiver: &Ty, name: Name) -> Ty {
        let text = self.view.name_text(name);
        let Some((_, hands)) = self.knobs(file).hands.iter().find(|(n, _)| *n == text) else {
            return Ty::Foreign(None);
        };
        let of = |ty: &Ty| Typed::sure(ty.clone());
        match hands {
            Hands::Receiver => receiver.clone(),
            Hands::Inner => match self.unwrapped(of(receiver)).ty {
                ref same if same == receiver => self.element_of(file, of(receiver)).ty,
                inner => inner,
            },
            Hands::Second => match receiver {
                Ty::Named(Head::Foreign(_), Some(args)) => args.get(1).cloned().unwrap_or(Ty::Foreign(None)),
                _ => Ty::Foreign(None),
            },
            Hands::Element => match receiver {
                Ty::Map(pair) => pair.1.clone(),
                _ => self.element_of(file, of(receiver)).ty,
            },
            Hands::Entry => self.element_of(file, of(receiver)).ty,
            Hands::Elements => Ty::list(self.element_of(file, of(receiver)).ty),
            Hands::Keys => Ty::list(match receiver {
                Ty::Map(pair) => pair.0.clone(),
                _ => Ty::Foreign(None),
            }),
            Hands::Values => Ty::list(match receiver {
                Ty::Map(pair) => pair.1.clone(),
                _ => self.element_of(file, of(receiver)).ty,
            }),
            Hands::Items => Ty::list(match receiver {
                Ty::Map(pair) => Ty::Tuple([pair.0.clone(), pair.1.clone()].into()),
                _ => Ty::Tuple([Ty::Foreign(None), self.element_of(file, of(receiver)).ty].into()),
            }),
            Hands::Enumerated => {
                Ty::list(Ty::Tuple([Ty::Foreign(None), self.element_of(file, of(receiver)).ty].into()))
            }
        }
    }

    /// The `nth` parameter handed to a function that is the argument at `position` of a call.
    pub(super) fn argument(&self, cx: Cx, call: TermId, position: u32, nth: u32) -> Typed {
        use crate::lang::facts::Term;
        let index = self.index(cx.file);
        let callee = match index.facts.term(call) {
            Term::Call(callee) | Term::Instance(callee) => *callee,
            Term::Same(inner) => match index.facts.term(*inner) {
                Term::Call(callee) | Term::Instance(callee) => *callee,
                _ => return Typed::unknown(),
            },
            _ => return Typed::unknown(),
        };
        let callee = self.eval(cx, callee);
        match &callee.ty {
            Ty::Function(symbol, seen) => self.argument_of(*symbol, seen.as_deref(), position, nth),
            Ty::Of(inner) => {
                let (Some(class), Some(args)) = (inner.symbol(), type_arguments(inner)) else {
                    return Typed::unknown();
                };
                let mut words = self.knobs(cx.file).constructor_names.iter();
                let constructor = words.find_map(|word| {
                    let name = self.view.lookup_name(word)?;
                    self.member_of_symbol(class, Wanted::any(name)).first_symbol()
                });
                let Some(constructor) = constructor else { return Typed::unknown() };
                let seen = self.arguments(class, args);
                self.argument_of(constructor, Some(&seen), position, nth)
            }
            // Callbacks of containers are handed an element, nearly always first.
            Ty::Handed(receiver, _) if nth == 0 => {
                let element = self.element_of(cx.file, Typed::sure((**receiver).clone()));
                match element.ty {
                    Ty::Foreign(_) => self.unwrapped_argument(receiver),
                    ty => Typed::new(ty, Tier::Inferred),
                }
            }
            Ty::Handed(..) | Ty::Foreign(_) => Typed::sure(Ty::Unknown),
            _ => Typed::unknown(),
        }
    }

    /// What the function hands to a function at that position, as its `nth` parameter.
    fn argument_of(&self, function: Symbol, seen: Option<&super::Subst>, position: u32, nth: u32) -> Typed {
        let Some(parameter) = self.parameter_at(function, position) else { return Typed::unknown() };
        let value = self.value(parameter).ty;
        let value = match seen {
            Some(seen) => value.subst(seen),
            None => value,
        };
        let value = match (&value, seen) {
            // What a type parameter is bound to be.
            (Ty::Param(param), Some(seen)) => self.bounds(*param).subst(seen),
            (Ty::Param(param), None) => self.bounds(*param),
            _ => value,
        };
        let handed = |ty: &Ty| match ty {
            Ty::Closure(params, _) => params.get(nth as usize).cloned(),
            _ => None,
        };
        let ty = match &value {
            Ty::Union(parts) => parts.iter().find_map(handed),
            // A box of a function.
            Ty::Named(Head::Foreign(_), Some(args)) => args.first().and_then(handed),
            ty => handed(ty),
        };
        Typed { ty: ty.unwrap_or_default(), tier: Some(Tier::Inferred) }
    }

    fn unwrapped_argument(&self, receiver: &Rc<Ty>) -> Typed {
        match &**receiver {
            Ty::Named(Head::Foreign(_), Some(args)) if !args.is_empty() => {
                Typed::new(args[0].clone(), Tier::Inferred)
            }
            _ => Typed::unknown(),
        }
    }

    /// The parameter at that position, its receiver not counted.
    fn parameter_at(&self, function: Symbol, position: u32) -> Option<Symbol> {
        use crate::lang::facts::DefFlags;
        let index = self.index(function.file);
        let def = index.facts.def(function.def);
        let body = def.body?;
        let skip = usize::from(def.flags.has(DefFlags::RECEIVER) && index.lang.knobs().self_parameter);
        index
            .facts
            .defs_with_ids()
            .filter(|(_, d)| d.scope == body && d.kind == DefKind::Parameter)
            .nth(position as usize + skip)
            .map(|(def, _)| Symbol { file: function.file, def })
    }
}

/// The arguments of a named type.
fn type_arguments(ty: &Ty) -> Option<&super::ty::Args> {
    match ty {
        Ty::Named(_, args) => Some(args),
        _ => None,
    }
}
