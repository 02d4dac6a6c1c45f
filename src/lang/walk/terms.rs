//! The terms that nodes make of what their children put in the slots.

use super::Walk;
use super::frame::Frame;
use crate::lang::facts::{DefKind, Literal, SAYS, ScopeId, Term, TermId};
use crate::lang::rules::{Context, Slot, TermAction, Wrap};

impl Walk<'_> {
    /// The term that a rule makes of the frame's slots; nothing if nobody wants it.
    pub(super) fn made(&mut self, action: TermAction, frame: &Frame) -> Option<TermId> {
        if frame.slot == Slot::None && frame.call_hole.is_none() {
            return None;
        }
        let items = || -> Box<[TermId]> { self.items[frame.items_start..].into() };
        let value = frame.value;
        let term = match action {
            TermAction::None => return None,
            TermAction::Same => return value,
            TermAction::Init => match (frame.init, self.adopter(frame)) {
                (None, Some(def)) => Term::Def(def),
                (init, _) => return init,
            },
            TermAction::Cast => match frame.ty {
                Some(ty) => Term::Instance(ty),
                None => return value,
            },
            TermAction::Type | TermAction::Each => return frame.ty,
            TermAction::First => return items().first().copied(),
            TermAction::Second => return items().get(1).copied(),
            TermAction::Wrap => {
                let value = value?;
                let head = match self.builder.facts.term(value) {
                    Term::Ref(reference) => self.builder.facts.reference(*reference).recv.unwrap_or(value),
                    _ => value,
                };
                let ty = self.builder.term(Term::Apply(head, items()));
                Term::Instance(ty)
            }
            TermAction::Zip => {
                let parts = self.builder.term(Term::Tuple(items()));
                Term::List(parts)
            }
            TermAction::Several if items().len() < 2 => return items().first().copied(),
            TermAction::Call | TermAction::New => {
                let mut callee = value?;
                let arguments = items();
                if frame.given && !arguments.is_empty() {
                    let whole = std::iter::once(callee).chain(arguments).collect();
                    callee = self.builder.term(Term::Tuple(whole));
                } else if !arguments.is_empty() {
                    callee = self.builder.term(Term::Apply(callee, arguments));
                }
                if action == TermAction::Call { Term::Call(callee) } else { Term::Instance(callee) }
            }
            TermAction::Index => Term::Index(value?),
            TermAction::Element => match self.items[frame.items_start..] {
                [] => return None,
                [only] => return Some(only),
                [first, ..] => Term::Index(first),
            },
            TermAction::Iter => Term::Iter(value?),
            TermAction::Await => Term::Await(value?),
            TermAction::Unwrap => Term::Unwrap(value?),
            TermAction::Deref => Term::Deref(value?),
            TermAction::AddrOf => Term::AddrOf(value?),
            TermAction::Instance => Term::Instance(frame.ty?),
            TermAction::Apply => Term::Apply(value?, items()),
            TermAction::Union if items().len() < 2 => return items().first().copied(),
            TermAction::Union => Term::Union(items()),
            TermAction::Tuple | TermAction::Several => Term::Tuple(items()),
            TermAction::Says => match *items() {
                [name, ty] => Term::Payload(ty, name, SAYS),
                _ => return None,
            },
            TermAction::List => match items().first().copied().or(value) {
                Some(element) => Term::List(element),
                None => Term::Literal(Literal::List),
            },
            TermAction::Map => match *items() {
                [key, value, ..] => Term::Map(key, value),
                _ => Term::Literal(Literal::Map),
            },
            TermAction::Func => match frame.ty.or(value) {
                Some(result) => Term::Func(result),
                None => Term::Literal(Literal::Function),
            },
            TermAction::Object => {
                let object = Term::Object(frame.scope);
                let spread = items();
                let mapped = match frame.context {
                    Context::Type => self.mapped(frame.scope),
                    _ => None,
                };
                if spread.is_empty() && mapped.is_none() {
                    object
                } else {
                    // What is spread in it, or mapped, has members that are its own.
                    let object = self.builder.term(object);
                    Term::Union(std::iter::once(object).chain(spread).chain(mapped).collect())
                }
            }
            TermAction::SelfValue => Term::SelfValue,
            TermAction::SelfType => Term::SelfType,
            TermAction::Super => Term::Super,
            TermAction::Literal(literal) => Term::Literal(literal),
        };
        Some(self.builder.term(term))
    }

    /// The type whose keys the type of an object maps (`{ [K in keyof T]: … }`).
    fn mapped(&self, object: ScopeId) -> Option<TermId> {
        let facts = &self.builder.facts;
        let key = facts.defs.iter().rev().take_while(|d| d.scope >= object).find(|d| d.scope == object)?;
        match facts.term(key.ty.filter(|_| key.kind == DefKind::TypeParameter)?) {
            Term::Tuple(of) if of.len() == 1 => of.first().copied(),
            _ => None,
        }
    }

    pub(super) fn wrapped(&mut self, wrap: Wrap, term: TermId) -> TermId {
        let term = match wrap {
            Wrap::None => return term,
            Wrap::Iter => Term::Iter(term),
            Wrap::Index => Term::Index(term),
            Wrap::Await => Term::Await(term),
            Wrap::Unwrap => Term::Unwrap(term),
            Wrap::Deref => Term::Deref(term),
            Wrap::AddrOf => Term::AddrOf(term),
            Wrap::Enter => Term::Enter(term),
            Wrap::Instance => Term::Instance(term),
            Wrap::Call => Term::Call(term),
            Wrap::List => Term::List(term),
            Wrap::Awaited => {
                let parts = match self.builder.facts.term(term) {
                    Term::List(element) => Some(*element),
                    Term::Tuple(_) => None,
                    _ => Some(self.builder.term(Term::Iter(term))),
                };
                match parts {
                    Some(element) => {
                        let awaited = self.builder.term(Term::Await(element));
                        Term::List(awaited)
                    }
                    None => Term::Await(term),
                }
            }
            Wrap::Mapping => {
                let key = self.builder.term(Term::Literal(Literal::String));
                Term::Map(key, term)
            }
            Wrap::Entries => {
                let key = self.builder.term(Term::Literal(Literal::String));
                let value = self.builder.term(Term::Index(term));
                let pair = self.builder.term(Term::Tuple([key, value].into()));
                Term::List(pair)
            }
            Wrap::Enumerate => {
                let position = self.builder.term(Term::Unknown);
                let element = self.builder.term(Term::Iter(term));
                let pair = self.builder.term(Term::Tuple([position, element].into()));
                Term::List(pair)
            }
        };
        self.builder.term(term)
    }
}
