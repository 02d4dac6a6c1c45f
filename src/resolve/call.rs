//! Calls: constructors, functions, and methods of types without source.

use std::rc::Rc;

use smallvec::SmallVec;

use super::member::Wanted;
use super::ty::{Head, Ty};
use super::{Cx, Resolver, Symbol, Tier, Typed};
use crate::lang::facts::{Def, DefFlags, DefKind, Name, TermId};
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
            Hands::Inner => {
                let receiver = self.looked_through(file, receiver);
                match self.unwrapped(of(receiver)).ty {
                    ref same if same == receiver => self.element_of(file, of(receiver)).ty,
                    inner => inner,
                }
            }
            Hands::Second => match receiver {
                Ty::Named(Head::Foreign(_), Some(args)) => args.get(1).cloned().unwrap_or(Ty::Foreign(None)),
                _ => Ty::Foreign(None),
            },
            Hands::Element => match receiver {
                Ty::Map(_) if self.knobs(file).optional.is_some() => self.optional_element(file, receiver),
                Ty::Map(pair) => pair.1.clone(),
                _ => self.element_of(file, of(receiver)).ty,
            },
            Hands::Entry => self.element_of(file, of(receiver)).ty,
            Hands::Elements => Ty::list(self.element_of(file, of(receiver)).ty),
            Hands::Keys => Ty::list(match receiver {
                Ty::Named(Head::Foreign(_), Some(args)) if args.len() == 2 => args[0].clone(),
                Ty::Map(pair) => pair.0.clone(),
                _ => Ty::Foreign(None),
            }),
            Hands::Values => Ty::list(match receiver {
                Ty::Named(Head::Foreign(_), Some(args)) if args.len() == 2 => args[1].clone(),
                Ty::Map(pair) => pair.1.clone(),
                _ => self.element_of(file, of(receiver)).ty,
            }),
            Hands::Items => Ty::list(match receiver {
                Ty::Named(Head::Foreign(_), Some(args)) if args.len() == 2 => Ty::Tuple(Rc::clone(args)),
                Ty::Map(pair) => Ty::Tuple([pair.0.clone(), pair.1.clone()].into()),
                _ => Ty::Tuple([Ty::Foreign(None), self.element_of(file, of(receiver)).ty].into()),
            }),
            Hands::Maybe => self.optional_element(file, receiver),
            Hands::Guard => {
                let receiver = self.looked_through(file, receiver);
                Ty::union([self.unwrapped(of(receiver)).ty, receiver.clone()])
            }
            Hands::Parts => Ty::list(receiver.clone()),
            Hands::Flattened => {
                let element = self.element_of(file, of(receiver));
                Ty::list(self.element_of(file, element).ty)
            }
            Hands::Nth(at) => match receiver {
                Ty::Tuple(parts) | Ty::Named(Head::Foreign(_), Some(parts)) => {
                    parts.get(*at as usize).cloned().unwrap_or(Ty::Foreign(None))
                }
                _ => Ty::Foreign(None),
            },
            Hands::Called => match receiver {
                Ty::Closure(_, result) => (**result).clone(),
                _ => self.element_of(file, of(receiver)).ty,
            },
            // Nothing is known of the arguments.
            Hands::Mapped | Hands::Flat | Hands::Returned | Hands::Zipped | Hands::Given | Hands::Folded => {
                Ty::Foreign(None)
            }
            Hands::Enumerated => {
                Ty::list(Ty::Tuple([Ty::Foreign(None), self.element_of(file, of(receiver)).ty].into()))
            }
        }
    }

    /// An element, or a mapping's value, as something that may be missing.
    fn optional_element(&self, file: FileId, receiver: &Ty) -> Ty {
        let element = match receiver {
            Ty::Map(pair) => pair.1.clone(),
            _ => self.element_of(file, Typed::sure(receiver.clone())).ty,
        };
        let optional = self.knobs(file).optional.and_then(|word| self.view.lookup_name(word));
        match optional {
            Some(name) => Ty::Named(Head::Foreign(name), Some([element].into())),
            None => element,
        }
    }

    /// What the wrappers around another wrapper hold: an `Arc` of a `Mutex` is the `Mutex`.
    fn looked_through<'t>(&self, file: FileId, ty: &'t Ty) -> &'t Ty {
        match ty {
            Ty::Named(Head::Foreign(head), Some(args)) if self.looks_through(file, *head) => {
                match args.first() {
                    Some(inner @ Ty::Named(Head::Foreign(_), Some(_))) => self.looked_through(file, inner),
                    _ => ty,
                }
            }
            _ => ty,
        }
    }

    /// The `nth` parameter handed to a function that is the argument at `position` of a call.
    pub(super) fn argument(&self, cx: Cx, call: TermId, position: u32, nth: u32) -> Typed {
        use crate::lang::facts::{DECLARED, Term};
        if position == DECLARED {
            let function = self.eval(cx, call);
            let ty = self.handed_to(cx.file, &function.ty, nth).unwrap_or_default();
            return Typed::new(ty, Tier::Inferred);
        }
        let index = self.index(cx.file);
        let callee = match index.facts.term(call) {
            Term::Call(callee) | Term::Instance(callee) => *callee,
            Term::Same(inner) => match index.facts.term(*inner) {
                Term::Call(callee) | Term::Instance(callee) => *callee,
                _ => return Typed::unknown(),
            },
            _ => return Typed::unknown(),
        };
        let callee = index.facts.callee(callee);
        if nth == DECLARED {
            return self.expected_argument(cx, callee, position);
        }
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
            Ty::Handed(receiver, _) if matches!(**receiver, Ty::Map(_)) && nth < 2 => {
                let Ty::Map(pair) = &**receiver else { return Typed::unknown() };
                let of_key = (nth == 0) == self.knobs(cx.file).keys_first;
                let ty = match (self.knobs(cx.file).pairs.is_empty(), nth) {
                    (true, _) if of_key => pair.0.clone(),
                    (true, _) => pair.1.clone(),
                    (false, _) => Ty::Tuple([pair.0.clone(), pair.1.clone()].into()),
                };
                Typed::new(ty, Tier::Inferred)
            }
            // Those that compare are handed two elements, those that add up one after what there is so far.
            Ty::Handed(receiver, name) if nth == 1 && self.takes_elements(cx.file, *name) => {
                let element = self.element_of(cx.file, Typed::sure((**receiver).clone()));
                Typed::new(element.ty, Tier::Inferred)
            }
            // What there is so far has a type of its own.
            Ty::Handed(_, name) if nth == 0 && self.named_in(*name, self.knobs(cx.file).folding) => {
                Typed::unknown()
            }
            // A mapping without its own kind of type (Java) hands out its key, then its value.
            Ty::Handed(receiver, _) if nth < 2 && is_pair(receiver) && self.knobs(cx.file).keys_first => {
                match &**receiver {
                    Ty::Named(_, Some(args)) => Typed::new(args[nth as usize].clone(), Tier::Inferred),
                    _ => Typed::unknown(),
                }
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
        let ty = self.handed_to(function.file, &value, nth);
        Typed { ty: ty.unwrap_or_default(), tier: Some(Tier::Inferred) }
    }

    /// What a function of the type is handed as its `nth` parameter.
    fn handed_to(&self, file: FileId, function: &Ty, nth: u32) -> Option<Ty> {
        match function {
            Ty::Closure(params, _) => params.get(nth as usize).cloned(),
            Ty::Function(symbol, seen) => {
                let ty = self.whole_parameter(*symbol, nth)?;
                Some(seen.as_ref().map_or_else(|| ty.clone(), |seen| ty.subst(seen)))
            }
            // A class is handed what its base from outside takes first (`class A extends Component<Props>`).
            Ty::Of(class) => self.argument_of_base(class.symbol()?, nth as usize),
            Ty::Union(parts) => parts.iter().find_map(|part| self.handed_to(file, part, nth)),
            Ty::Named(Head::Foreign(name), Some(args)) => {
                if self.named_in(*name, self.knobs(file).functional) {
                    // One argument stands for all parameters (`BinaryOperator<T>`).
                    return args.get(nth as usize).or(args.first().filter(|_| args.len() == 1)).cloned();
                }
                // A box of a function.
                args.first().and_then(|inner| self.handed_to(file, inner, nth))
            }
            Ty::Named(Head::Def(symbol), args) => {
                let method = self.only_method(*symbol)?;
                let parameter = self.parameter_at(method, nth)?;
                let seen = self.arguments_or_defaults(*symbol, args);
                Some(self.value(parameter).ty.subst(&seen))
            }
            _ => None,
        }
    }

    /// The type of the `nth` parameter, whether it has a name or is taken apart where it stands.
    pub(super) fn whole_parameter(&self, function: Symbol, nth: u32) -> Option<Ty> {
        use crate::lang::facts::{Role, Term};
        let parameter = self.parameter_at(function, nth)?;
        let index = self.index(parameter.file);
        let def = index.facts.def(parameter.def);
        let key = match def.init.map(|init| index.facts.term(init)) {
            Some(Term::Ref(key)) if nth == 0 && def.ty.is_none() => Some(index.facts.reference(*key)),
            _ => None,
        };
        match key.filter(|key| key.role == Role::Key).map(|key| key.recv) {
            Some(whole) => Some(self.eval(Cx { file: parameter.file, scope: def.scope }, whole?).ty),
            None => Some(self.value(parameter).ty),
        }
    }

    /// The method of an interface that has one alone, to be written by whoever makes a value of it.
    fn only_method(&self, symbol: Symbol) -> Option<Symbol> {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        let body = def.body.filter(|_| def.kind == DefKind::Interface)?;
        let own = |d: &Def| d.scope == body && d.kind == DefKind::Method && !d.flags.has(DefFlags::STATIC);
        let mut methods = index.facts.defs_with_ids().filter(|(_, d)| own(d));
        let (only, _) = methods.next()?;
        methods.next().is_none().then_some(Symbol { file: symbol.file, def: only })
    }

    /// Whether the second argument of a method's callback is an element.
    fn takes_elements(&self, file: FileId, method: Name) -> bool {
        let knobs = self.knobs(file);
        self.named_in(method, knobs.comparing) || self.named_in(method, knobs.folding)
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
        self.parameters(function).get(position as usize).copied()
    }

    /// The parameters of a function, its receiver not counted.
    pub(super) fn parameters(&self, function: Symbol) -> SmallVec<[Symbol; 4]> {
        let index = self.index(function.file);
        let def = index.facts.def(function.def);
        let Some(body) = def.body else { return SmallVec::new() };
        let skip = usize::from(def.flags.has(DefFlags::RECEIVER) && index.lang.knobs().self_parameter);
        index
            .facts
            .defs_with_ids()
            .filter(|(_, d)| d.scope == body && d.kind == DefKind::Parameter)
            .skip(skip)
            .map(|(def, _)| Symbol { file: function.file, def })
            .collect()
    }
}

/// Whether it is a type from outside with two arguments.
fn is_pair(ty: &Ty) -> bool {
    matches!(ty, Ty::Named(Head::Foreign(_), Some(args)) if args.len() == 2)
}

/// The arguments of a named type.
fn type_arguments(ty: &Ty) -> Option<&super::ty::Args> {
    match ty {
        Ty::Named(_, args) => Some(args),
        _ => None,
    }
}
