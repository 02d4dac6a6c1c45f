//! What calls give by what they are given: type parameters that the arguments bind, and what callbacks return.

use super::member::Wanted;
use super::ty::{Head, Subst, Ty};
use super::{Cx, Resolver, Symbol, Tier, Typed};
use crate::lang::facts::{DefFlags, Name, Term, TermId};
use crate::lang::pack::Hands;

/// Parameters that are looked at for what they bind.
const PARAMETERS_MAX: usize = 8;

impl Resolver<'_> {
    /// What a call gives; the first term is called, the others are its arguments.
    pub(super) fn call_given(&self, cx: Cx, parts: &[TermId]) -> Typed {
        let Some((callee, given)) = parts.split_first() else { return Typed::unknown() };
        let callee = self.eval(cx, *callee);
        let found = match &callee.ty {
            Ty::Handed(receiver, name) => self.handed_given(cx, receiver, *name, given),
            Ty::Function(symbol, seen) => {
                let result = self.result(*symbol).ty;
                let bound = self.bound_by(cx, *symbol, given, &result);
                let result = bound.map(|bound| result.subst(&bound));
                result.map(|ty| seen.as_ref().map_or_else(|| ty.clone(), |seen| ty.subst(seen)))
            }
            Ty::Of(inner) => self.constructed_of(cx, inner, given),
            _ => None,
        };
        match found {
            Some(ty) => Typed { ty: ty.bounded(), tier: callee.tier }.at_most(Tier::Inferred),
            None => self.call(cx.file, callee),
        }
    }

    /// What a method of a type without source hands out, where that depends on the arguments.
    fn handed_given(&self, cx: Cx, receiver: &Ty, name: Name, given: &[TermId]) -> Option<Ty> {
        let text = self.view.name_text(name);
        let (_, hands) = self.knobs(cx.file).hands.iter().find(|(n, _)| *n == text)?;
        let nth = |at: usize| given.get(at).map(|term| self.eval(cx, *term));
        let result = || nth(0).map(|function| self.call(cx.file, function).ty);
        let element = |ty: Ty| match ty {
            Ty::Named(Head::Foreign(_), Some(args)) if !args.is_empty() => args[0].clone(),
            ty => self.element_of(cx.file, Typed::sure(ty)).ty,
        };
        Some(match hands {
            Hands::Mapped => mapped(receiver, result()?),
            Hands::Flat => Ty::list(element(result()?)),
            Hands::Returned => result()?,
            Hands::Zipped => {
                let of = |ty: Ty| self.element_of(cx.file, Typed::sure(ty)).ty;
                Ty::list(Ty::Tuple([of(receiver.clone()), of(nth(0)?.ty)].into()))
            }
            Hands::Given => nth(0)?.ty,
            Hands::Folded => match nth(1).or_else(|| nth(0)).map(|typed| typed.ty) {
                Some(Ty::Closure(..) | Ty::Function(..)) | None => element(receiver.clone()),
                Some(ty) => ty,
            },
            _ => return None,
        })
    }

    /// The type with its parameters as the arguments of its constructor bind them.
    fn constructed_of(&self, cx: Cx, class: &Ty, given: &[TermId]) -> Option<Ty> {
        let Ty::Named(Head::Def(symbol), None) = class else { return None };
        let params = self.params(*symbol);
        if params.is_empty() {
            return None;
        }
        let mut words = self.knobs(symbol.file).constructor_names.iter();
        let constructor = words.find_map(|word| {
            let name = self.view.lookup_name(word)?;
            self.member_of_symbol(*symbol, Wanted::any(name)).first_symbol()
        })?;
        let whole = Ty::Named(Head::Def(*symbol), Some(params.iter().map(|p| Ty::Param(*p)).collect()));
        let bound = self.bound_by(cx, constructor, given, &whole)?;
        Some(whole.subst(&bound))
    }

    /// What the arguments say of the type parameters in what the function gives; `None` if nothing.
    fn bound_by(&self, cx: Cx, function: Symbol, given: &[TermId], result: &Ty) -> Option<Subst> {
        if !result.has_params() {
            return None;
        }
        let mut bound = Subst::default();
        let parameters = self.parameters(function);
        let is_variadic = |parameter: &&Symbol| self.def(**parameter).flags.has(DefFlags::VARIADIC);
        let index = self.index(cx.file);
        // Behind what is spread nobody knows which argument is whose.
        let in_order = given.iter().take_while(|term| !matches!(index.facts.term(**term), Term::Iter(_)));
        for (at, term) in in_order.take(PARAMETERS_MAX).enumerate() {
            let parameter = parameters.get(at).or(parameters.last().filter(is_variadic));
            let Some(parameter) = parameter else { break };
            let wanted = self.value(*parameter).ty;
            if !wanted.has_params() {
                continue;
            }
            let ty = self.eval(cx, *term).ty;
            match (&wanted, is_variadic(&parameter)) {
                // One of several, or all of them as one list.
                (Ty::List(_), true) if matches!(ty, Ty::List(_)) => {}
                (Ty::List(element), true) => self.bind(element, &ty, &mut bound),
                (wanted, _) => self.bind(wanted, &ty, &mut bound),
            }
        }
        (!bound.is_empty()).then_some(bound)
    }

    /// Binds the parameters in a type to what stands in their places in a value's.
    fn bind(&self, wanted: &Ty, given: &Ty, bound: &mut Subst) {
        let pairs = |wanted: &[Ty], given: &[Ty], bound: &mut Subst| {
            wanted.iter().zip(given).for_each(|(wanted, given)| self.bind(wanted, given, bound));
        };
        match (wanted, given) {
            (_, Ty::Unknown | Ty::Foreign(None) | Ty::Handed(..)) => {}
            (Ty::Param(param), given) => {
                let known = bound.params.iter().any(|(p, _)| p == param);
                if !known && !given.is_null() && *given != Ty::Param(*param) {
                    bound.params.push((*param, given.clone()));
                }
            }
            // A bare parameter takes what no other part does.
            (Ty::Union(parts), given) => {
                let (bare, shaped): (Vec<&Ty>, _) =
                    parts.iter().partition(|part| matches!(part, Ty::Param(_)));
                let before = bound.params.len();
                shaped.into_iter().for_each(|part| self.bind(part, given, bound));
                if bound.params.len() == before {
                    bare.into_iter().for_each(|part| self.bind(part, given, bound));
                }
            }
            (Ty::List(wanted), Ty::List(given)) | (Ty::Of(wanted), Ty::Of(given)) => {
                self.bind(wanted, given, bound);
            }
            (Ty::List(wanted), Ty::Tuple(parts)) => {
                self.bind(wanted, &Ty::union(parts.iter().cloned()), bound);
            }
            (Ty::Map(wanted), Ty::Map(given)) => {
                self.bind(&wanted.0, &given.0, bound);
                self.bind(&wanted.1, &given.1, bound);
            }
            (Ty::Tuple(wanted), Ty::Tuple(given)) => pairs(wanted, given, bound),
            (Ty::Closure(_, wanted), Ty::Closure(_, given)) => self.bind(wanted, given, bound),
            (Ty::Closure(_, wanted), Ty::Function(function, _)) => {
                self.bind(wanted, &self.result(*function).ty, bound);
            }
            (Ty::Closure(_, wanted), Ty::Of(given)) => self.bind(wanted, given, bound),
            // What a function type from outside gives is its last argument.
            (Ty::Named(Head::Foreign(_), Some(wanted)), Ty::Closure(_, given)) => {
                if let Some(wanted) = wanted.last() {
                    self.bind(wanted, given, bound);
                }
            }
            (Ty::Named(Head::Foreign(_), Some(wanted)), Ty::Function(function, _)) => {
                if let Some(wanted) = wanted.last() {
                    self.bind(wanted, &self.result(*function).ty, bound);
                }
            }
            (Ty::Named(Head::Def(base), Some(wanted)), Ty::Named(Head::Def(symbol), args)) => {
                let seen = self.arguments(*symbol, args);
                let linear = self.linear(*symbol);
                let Some((_, path)) = linear.types.iter().find(|(ty, _)| ty == base) else { return };
                let path = path.then(&seen);
                let given: Vec<Ty> =
                    self.params(*base).iter().map(|param| Ty::Param(*param).subst(&path)).collect();
                pairs(wanted, &given, bound);
            }
            (Ty::Named(head, Some(wanted)), Ty::Named(other, Some(given))) if head == other => {
                pairs(wanted, given, bound);
            }
            _ => {}
        }
    }
}

/// The receiver with what a callback makes of its elements instead of them.
fn mapped(receiver: &Ty, result: Ty) -> Ty {
    match (receiver, &result) {
        // What already is one is not put into another.
        (Ty::Named(head, Some(_)), Ty::Named(other, Some(_))) if head == other => result,
        (Ty::Named(head, Some(args)), _) if !args.is_empty() => {
            let args = std::iter::once(result).chain(args[1..].iter().cloned()).collect();
            Ty::Named(*head, Some(args))
        }
        _ => Ty::list(result),
    }
}
