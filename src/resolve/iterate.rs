//! Parts of values: elements, contents of wrappers, parts of tuples and patterns.

use super::ty::{Head, Ty};
use super::{Cx, Resolver, Symbol, Tier, Typed};
use crate::lang::facts::{DefKind, Literal, Name, TermId};
use crate::lang::modules::FileId;

impl Resolver<'_> {
    /// An element by iteration.
    pub(super) fn element_of(&self, file: FileId, of: Typed) -> Typed {
        let tier = of.tier;
        match &of.ty {
            Ty::List(element) => Typed { ty: (**element).clone(), tier },
            Ty::Map(pair) if !self.knobs(file).pairs.is_empty() || self.knobs(file).iterates_pairs => {
                Typed { ty: Ty::Tuple([pair.0.clone(), pair.1.clone()].into()), tier }
            }
            Ty::Map(pair) => Typed { ty: pair.0.clone(), tier },
            Ty::Tuple(parts) => Typed { ty: Ty::union(parts.iter().cloned()), tier },
            Ty::Named(Head::Foreign(_), Some(args)) => {
                Typed { ty: args.last().cloned().unwrap_or_default(), tier }
            }
            Ty::Named(Head::Def(_), _) | Ty::This(_) => {
                let step = |iterator: &Typed| self.member_result(iterator, self.knobs(file).next_names, file);
                if let Some(next) = step(&of) {
                    return next;
                }
                match self.member_result(&of, self.knobs(file).iter_names, file) {
                    Some(result) => match result.ty {
                        // An iterator hands out its elements; a type named as the element is the element.
                        Ty::List(element) => Typed { ty: (*element).clone(), tier: result.tier },
                        Ty::Named(Head::Foreign(_), Some(ref args)) if args.len() == 1 => {
                            Typed { ty: args[0].clone(), tier: result.tier }
                        }
                        Ty::Named(Head::Def(_), _) | Ty::This(_)
                            if !self.knobs(file).next_names.is_empty() =>
                        {
                            step(&result).unwrap_or_default()
                        }
                        _ if self.knobs(file).textual => self.pointee(file, result),
                        _ => result,
                    },
                    None => self.element_of_base(file, &of),
                }
            }
            Ty::Of(class) if class.symbol().is_some_and(|class| self.is_enumeration(class)) => {
                Typed { ty: (**class).clone(), tier }
            }
            Ty::Param(param) => self.element_of(file, Typed { ty: self.bounds(*param), tier }),
            Ty::Union(parts) => self.each(parts, tier, |part| self.element_of(file, part)),
            Ty::Literal(Literal::String) => of,
            Ty::Foreign(_) | Ty::Handed(..) | Ty::Literal(_) => Typed { ty: Ty::Foreign(None), tier },
            _ => Typed::unknown(),
        }
    }

    /// An element of a type that derives from a container without source (`class Names(list[str])`).
    fn element_of_base(&self, file: FileId, of: &Typed) -> Typed {
        match self.built_on(&of.ty) {
            Some(base) => self.element_of(file, Typed { ty: base, tier: of.tier }),
            // An array or pointer has the type of its elements.
            None if self.knobs(file).textual => of.clone(),
            None => Typed::unknown(),
        }
    }

    /// The container or function that a type of the folder is built on, with the type's arguments put in.
    pub(super) fn built_on(&self, ty: &Ty) -> Option<Ty> {
        let symbol = ty.symbol()?;
        let args = match ty {
            Ty::Named(_, args) => args.clone(),
            _ => None,
        };
        let receiver = self.arguments(symbol, &args);
        let is_built_on = |base: &Ty| {
            matches!(base, Ty::List(_) | Ty::Map(_) | Ty::Closure(..) | Ty::Named(Head::Foreign(_), Some(_)))
        };
        self.linear(symbol).types.iter().find_map(|(ty, path)| {
            let base = self.bases(*ty).into_iter().find(is_built_on)?;
            Some(base.subst(&path.then(&receiver)))
        })
    }

    /// An element by index or key.
    pub(super) fn index_of(&self, file: FileId, of: Typed) -> Typed {
        let tier = of.tier;
        match &of.ty {
            Ty::Map(pair) => Typed { ty: pair.1.clone(), tier },
            Ty::Named(Head::Def(_), _) | Ty::This(_) => {
                match self.member_result(&of, self.knobs(file).index_names, file) {
                    Some(result) => result,
                    None => match self.built_on(&of.ty) {
                        Some(base) => self.index_of(file, Typed { ty: base, tier }),
                        None if self.knobs(file).textual => of,
                        None => Typed::unknown(),
                    },
                }
            }
            Ty::Union(parts) => self.each(parts, tier, |part| self.index_of(file, part)),
            // A subscripted type is still a type (`Generic[T]` read as a value).
            Ty::Of(_) | Ty::Function(..) => of,
            _ => self.element_of(file, of),
        }
    }

    /// The value awaited.
    pub(super) fn awaited(&self, of: Typed) -> Typed {
        let tier = of.tier;
        match &of.ty {
            Ty::Named(Head::Foreign(_), Some(args)) if args.len() == 1 => Typed { ty: args[0].clone(), tier },
            Ty::Named(Head::Foreign(_), Some(args)) if args.len() == 3 => Typed { ty: args[2].clone(), tier },
            Ty::Union(parts) => self.each(parts, tier, |part| self.awaited(part)),
            _ => of,
        }
    }

    /// The value inside an optional, a result or another wrapper.
    pub(super) fn unwrapped(&self, of: Typed) -> Typed {
        let tier = of.tier;
        match &of.ty {
            Ty::Named(Head::Foreign(_), Some(args)) if !args.is_empty() => {
                Typed { ty: args[0].clone(), tier }
            }
            Ty::Union(parts) => {
                let some = parts.iter().filter(|p| !p.is_null());
                Typed { ty: Ty::union(some.map(|p| self.unwrapped(Typed::sure(p.clone())).ty)), tier }
            }
            _ => of,
        }
    }

    /// The value pointed to.
    pub(super) fn pointee(&self, file: FileId, of: Typed) -> Typed {
        let tier = of.tier;
        match &of.ty {
            Ty::Named(Head::Foreign(name), Some(args))
                if !args.is_empty() && self.named_in(*name, self.knobs(file).transparent) =>
            {
                Typed { ty: args[0].clone(), tier }
            }
            Ty::Named(Head::Def(_), _) if !self.knobs(file).deref_names.is_empty() => {
                self.member_result(&of, self.knobs(file).deref_names, file).unwrap_or(of)
            }
            _ => of,
        }
    }

    /// What a context manager hands out.
    pub(super) fn entered(&self, file: FileId, of: Typed) -> Typed {
        match &of.ty {
            Ty::Named(Head::Def(_), _) | Ty::This(_) => {
                match self.member_result(&of, self.knobs(file).enter_names, file) {
                    Some(result) => result,
                    None => of,
                }
            }
            Ty::List(_) | Ty::Named(Head::Foreign(_), Some(_)) => self.element_of(file, of),
            _ => of,
        }
    }

    /// The n-th part of a tuple.
    pub(super) fn nth(&self, file: FileId, of: Typed, nth: u32) -> Typed {
        let tier = of.tier;
        match &of.ty {
            Ty::Tuple(parts) => Typed { ty: parts.get(nth as usize).cloned().unwrap_or_default(), tier },
            Ty::Union(parts) => self.each(parts, tier, |part| self.nth(file, part, nth)),
            _ if self.knobs(file).several_results => {
                if nth == 0 {
                    of
                } else {
                    Typed::unknown()
                }
            }
            Ty::Named(Head::Def(_), _) | Ty::This(_) | Ty::Map(_) => self.element_of(file, of),
            Ty::List(element) => Typed { ty: (**element).clone(), tier },
            Ty::Foreign(_) | Ty::Handed(..) => Typed { ty: Ty::Foreign(None), tier },
            _ => Typed::unknown(),
        }
    }

    /// The n-th payload of a variant or positional pattern.
    pub(super) fn payload(&self, cx: Cx, pattern: TermId, subject: TermId, nth: u32) -> Typed {
        let subject = self.eval(cx, subject);
        let found = self.denoted(cx, pattern);
        let symbol = found.as_ref().and_then(|f| f.first_symbol());
        if let Some(symbol) = symbol {
            return self.payload_of(symbol, &subject, nth);
        }
        let Some(name) = self.pattern_name(cx, pattern) else { return Typed::unknown() };
        self.payload_of_foreign(cx.file, name, &subject)
    }

    fn pattern_name(&self, cx: Cx, pattern: TermId) -> Option<Name> {
        use crate::lang::facts::Term;
        match self.index(cx.file).facts.term(pattern) {
            Term::Ref(reference) => Some(self.reference_of(cx.file, *reference).name),
            _ => None,
        }
    }

    /// What `Some(x)` binds: the argument of the subject's type that the language's table names.
    fn payload_of_foreign(&self, file: FileId, name: Name, subject: &Typed) -> Typed {
        let text = self.view.name_text(name);
        let argument = self.knobs(file).variants.iter().find(|(n, _)| *n == text).map(|(_, at)| *at as usize);
        match (&subject.ty, argument) {
            (Ty::Named(Head::Foreign(_), Some(args)), Some(at)) => {
                Typed { ty: args.get(at).cloned().unwrap_or_default(), tier: subject.tier }
            }
            (Ty::List(element), Some(0)) => Typed { ty: (**element).clone(), tier: subject.tier },
            (Ty::Union(parts), Some(_)) => {
                let parts = parts.clone();
                self.each(&parts, subject.tier, |part| self.payload_of_foreign(file, name, &part))
            }
            (Ty::Foreign(_) | Ty::Handed(..), _) => Typed::sure(Ty::Foreign(None)),
            _ => Typed::unknown(),
        }
    }

    /// The n-th field of a tuple variant or tuple struct.
    fn payload_of(&self, symbol: Symbol, subject: &Typed, nth: u32) -> Typed {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        let by = match &subject.ty {
            Ty::Named(Head::Def(owner), args) => self.arguments(*owner, args),
            _ => Default::default(),
        };
        if let Some(body) = def.body {
            let fields = index
                .facts
                .defs_with_ids()
                .filter(|(_, d)| d.scope == body && matches!(d.kind, DefKind::Field | DefKind::Property));
            if let Some((field, _)) = fields.into_iter().nth(nth as usize) {
                let value = self.value(Symbol { file: symbol.file, def: field });
                return value.map(|ty| ty.subst(&by));
            }
        }
        let Some(ty) = def.ty.filter(|_| def.kind == DefKind::EnumMember || def.kind == DefKind::Struct)
        else {
            return Typed::unknown();
        };
        let declared = self.eval(Cx { file: symbol.file, scope: def.body.unwrap_or(def.scope) }, ty);
        let ty = match declared.ty.instance() {
            Ty::Tuple(parts) => parts.get(nth as usize).cloned().unwrap_or_default(),
            single if nth == 0 => single,
            _ => Ty::Unknown,
        };
        Typed::new(ty.subst(&by), Tier::Declared)
    }

    fn each(&self, parts: &[Ty], tier: super::TierOr, f: impl Fn(Typed) -> Typed) -> Typed {
        let ty =
            Ty::union(parts.iter().map(|p| f(Typed { ty: p.clone(), tier }).ty).filter(|t| !t.is_unknown()));
        Typed { ty, tier }
    }
}
