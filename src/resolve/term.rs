//! Terms evaluated to light types.

use std::rc::Rc;

use super::ty::Ty;
use super::{Cx, Resolution, Resolver, Tier, Typed};
use crate::lang::facts::{DefKind, Literal, RefId, Role, SAYS, Term, TermId, WHOLE};

impl Resolver<'_> {
    /// What a term of a file is, seen from a place in it.
    pub(super) fn eval(&self, cx: Cx, term: TermId) -> Typed {
        self.nested(|| self.eval_term(cx, term)).unwrap_or_default()
    }

    fn eval_term(&self, cx: Cx, term: TermId) -> Typed {
        let index = self.index(cx.file);
        let sub = |t: &TermId| self.eval(cx, *t);
        match index.facts.term(term) {
            Term::Unknown => Typed::unknown(),
            Term::Ref(reference) => self.eval_reference(cx, *reference),
            Term::Def(def) => self.value(super::Symbol { file: cx.file, def: *def }),
            Term::Module(_) => match self.denoted(cx, term) {
                Some(found) => self.value_of_resolution(&found),
                None => Typed::unknown(),
            },
            Term::Exports => Typed::sure(Ty::Exports(cx.file)),
            Term::SelfValue => Typed::new(self.self_value(cx), Tier::Member),
            Term::SelfType => Typed::new(self.self_type(cx), Tier::Member),
            Term::Super => Typed::new(Ty::Super(Rc::new(self.self_value(cx))), Tier::Member),
            Term::Same(inner) | Term::AddrOf(inner) => sub(inner),
            Term::Call(callee) => match index.facts.term(*callee) {
                Term::Tuple(parts) => self.call_given(cx, parts),
                _ => self.call(cx.file, sub(callee)),
            },
            Term::Instance(ty) => sub(ty).map(|ty| ty.instance()).at_most(Tier::Declared),
            Term::Index(inner) => self.index_of(cx.file, sub(inner)),
            Term::Iter(inner) => self.element_of(cx.file, sub(inner)),
            Term::Await(inner) => self.awaited(sub(inner)),
            Term::Unwrap(inner) => self.unwrapped(sub(inner)),
            Term::Deref(inner) => self.pointee(cx.file, sub(inner)),
            Term::Enter(inner) => self.entered(cx.file, sub(inner)),
            // What text it has matters only where it is compared.
            Term::Nth(inner, _) if matches!(index.facts.term(*inner), Term::Literal(_)) => sub(inner),
            Term::Nth(inner, nth) => self.nth(cx.file, sub(inner), *nth),
            Term::Payload(by, subject, WHOLE) => self.tested(cx, *by, *subject),
            // What it says is asked for by the tests that call it.
            Term::Payload(.., SAYS) => Typed::sure(Ty::Literal(Literal::Boolean)),
            Term::Payload(pattern, subject, nth) => self.payload(cx, *pattern, *subject, *nth),
            Term::Argument(call, position, nth) => self.argument(cx, *call, *position, *nth),
            Term::Apply(head, args) => {
                let args: Vec<Ty> = args.iter().map(|a| sub(a).ty.instance()).collect();
                if let Some(aliased) = self.applied_alias(cx, *head, &args) {
                    return aliased;
                }
                let head = sub(head);
                head.map(|head| self.applied(cx.file, head, args).bounded())
            }
            Term::Union(parts) => {
                let mut tier = None;
                let ty = Ty::union(
                    parts
                        .iter()
                        .map(|part| {
                            let typed = sub(part);
                            tier = tier.max(typed.tier);
                            typed.ty
                        })
                        .filter(|ty| !ty.is_unknown()),
                );
                Typed { ty, tier }
            }
            Term::Tuple(parts) => Typed::sure(Ty::Tuple(parts.iter().map(|p| sub(p).ty).collect()).bounded()),
            Term::List(element) => sub(element).map(|ty| Ty::list(ty).bounded()),
            Term::Map(key, value) => Typed::sure(Ty::Map(Rc::new((sub(key).ty, sub(value).ty))).bounded()),
            Term::Func(result) => sub(result).map(|ty| Ty::Closure(Rc::new([]), Rc::new(ty)).bounded()),
            Term::Literal(literal) => Typed::sure(match literal {
                Literal::List | Literal::Set => Ty::list(Ty::Unknown),
                Literal::Map => Ty::Map(Rc::new((Ty::Unknown, Ty::Unknown))),
                other => Ty::Literal(*other),
            }),
            Term::Object(scope) => Typed::sure(Ty::Object(cx.file, *scope)),
        }
    }

    /// The type of a member that a base from outside takes as one of its arguments.
    fn base_argument(&self, cx: Cx, class: super::Symbol, name: crate::lang::facts::Name) -> Option<Ty> {
        let text = self.view.name_text(name);
        let nth = self.knobs(cx.file).base_members.iter().position(|member| *member == text)?;
        self.argument_of_base(class, nth)
    }

    /// What an alias with type parameters of its own stands for, given arguments (`type Result<T> = …`).
    fn applied_alias(&self, cx: Cx, head: TermId, args: &[Ty]) -> Option<Typed> {
        let alias = self.denoted(cx, head)?.first_symbol()?;
        if self.def(alias).kind != DefKind::TypeAlias || self.params(alias).is_empty() {
            return None;
        }
        let by = self.arguments_or_defaults(alias, &Some(args.into()));
        Some(self.value(alias).map(|ty| ty.subst(&by).bounded()))
    }

    pub(super) fn eval_reference(&self, cx: Cx, id: RefId) -> Typed {
        let resolution = self.reference(cx.file, id);
        let r = self.reference_of(cx.file, id);
        if let Some(recv) = r.recv
            && self.named_in(r.name, self.knobs(cx.file).prototype_names)
        {
            let receiver = self.eval(cx, recv);
            if matches!(receiver.ty, Ty::Function(..) | Ty::Of(_)) {
                // What the members of all instances are assigned to is one of them.
                return receiver.map(|ty| ty.instance());
            }
        }
        match (&*resolution, r.recv) {
            (Resolution::External(_), Some(recv)) => {
                let receiver = self.eval(cx, recv);
                if let Ty::This(class) = receiver.ty
                    && let Some(ty) = self.base_argument(cx, class, r.name)
                {
                    return Typed::new(ty, Tier::Declared);
                }
                let foreign = match receiver.ty {
                    // A member of a module or of a type that is only a name is known by its own name.
                    Ty::Foreign(_) | Ty::Module(_) | Ty::Unknown => Ty::Foreign(Some(r.name)),
                    Ty::Of(ref inner) if self.named_in(r.name, self.knobs(cx.file).element_types) => {
                        self.element_of(cx.file, Typed::sure((**inner).clone())).ty.of()
                    }
                    Ty::Of(_) => Ty::Foreign(Some(r.name)),
                    Ty::Tuple(ref parts) if self.named_in(r.name, self.knobs(cx.file).pairs) => {
                        let words = self.knobs(cx.file).pairs;
                        let at = words.iter().position(|word| *word == self.view.name_text(r.name));
                        at.and_then(|at| parts.get(at)).cloned().unwrap_or_default()
                    }
                    other => Ty::Handed(Rc::new(other), r.name),
                };
                Typed { ty: foreign, tier: receiver.tier }
            }
            // A type that nothing in the folder declares is from outside.
            (Resolution::Missing(_), None) if matches!(r.role, Role::Type | Role::Inherit) => {
                Typed::sure(Ty::Foreign(Some(r.name)))
            }
            _ => {
                let mut typed = self.value_of_resolution(&resolution);
                if r.recv.is_some()
                    && let Some(first) = resolution.hits().first()
                {
                    typed = typed.at_most(first.tier);
                }
                typed
            }
        }
    }
}
