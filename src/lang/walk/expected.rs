//! Contextual types: what the place of a value says that it is to be.
//!
//! A literal that is handed to a parameter, returned, or given to what is declared has the members of that type, so its
//! keys are uses of them, and a function in it is handed what the type says.

use super::Walk;
use super::builder::NewDef;
use super::frame::Frame;
use crate::lang::facts::{DECLARED, DefKind, Role, ScopeKind, Span, Term, TermId};
use crate::lang::rules::{Action, Context, Slot, TermAction, Wrap};

/// Literals and operands around a value that are looked through.
const AROUND_MAX: usize = 8;

impl Walk<'_> {
    /// What is expected of the value of a frame that is about to be read, as the term of such a value.
    pub(super) fn expected(&mut self, frame: &Frame) -> Option<TermId> {
        // What stands for a type is no value: the default of a type parameter is none of its constraint.
        if !self.pack.knobs.contextual || frame.context == Context::Type {
            return None;
        }
        let (mut slot, mut wrap, mut target, mut argument) =
            (frame.slot, frame.wrap, frame.target, frame.argument);
        let mut elements = 0;
        let mut found = None;
        for _ in 0..AROUND_MAX {
            if let Some((call, position)) = argument {
                found = Some(self.argument_of(call, position));
                break;
            }
            if wrap != Wrap::None {
                return None;
            }
            let above = &self.frames[target];
            match slot {
                Slot::Init => {
                    found = match (above.key, above.ty) {
                        (Some(key), _) => Some(key),
                        (None, Some(ty)) => Some(self.builder.term(Term::Instance(ty))),
                        _ => return None,
                    };
                    break;
                }
                Slot::Return => {
                    found = Some(self.expected_result()?);
                    break;
                }
                Slot::Item | Slot::Value => {
                    let rule = self.rules.rule(above.rule?);
                    if rule.has(Action::Term(TermAction::List)) {
                        elements += 1;
                    } else if !rule.has(Action::Term(TermAction::Union))
                        && !rule.has(Action::Term(TermAction::Same))
                    {
                        return None;
                    }
                }
                _ => return None,
            }
            (slot, wrap, target, argument) = (above.slot, above.wrap, above.target, above.argument);
        }
        let mut term = found?;
        for _ in 0..elements {
            term = self.builder.term(Term::Index(term));
        }
        Some(term)
    }

    /// What the parameter of a call is declared to be.
    fn argument_of(&mut self, call: usize, position: u32) -> TermId {
        let hole = self.call_hole(call);
        self.builder.term(Term::Argument(hole, position, DECLARED))
    }

    /// What the function around is expected to return.
    fn expected_result(&mut self) -> Option<TermId> {
        let at = self.frames.iter().rposition(|frame| frame.owns_function)?;
        let function = self.functions.last()?;
        let (argument, declared) = (function.argument, function.declared);
        let result = match (self.frames[at].ty, declared, argument) {
            (Some(ty), ..) => self.builder.term(Term::Instance(ty)),
            (None, Some(function), _) => self.builder.term(Term::Call(function)),
            (None, None, Some((call, position))) => {
                let function = self.argument_of(call, position);
                self.builder.term(Term::Call(function))
            }
            _ => return None,
        };
        // What an asynchronous function returns is what its result is awaited to be.
        Some(self.builder.term(Term::Await(result)))
    }

    /// A key of the object literal on top, as a use of the member that is expected there.
    pub(super) fn contextual_key(&mut self, name: Span) -> Option<TermId> {
        if !self.pack.knobs.contextual {
            return None;
        }
        let at = self.frames.len() - 1;
        if self.builder.facts.scope(self.frames[at].scope).kind != ScopeKind::Object {
            return None;
        }
        let expected = match self.frames[at].expected {
            Some(known) => known,
            None => {
                let Frame { slot, wrap, target, argument, context, .. } = self.frames[at];
                let expected =
                    self.expected(&Frame { slot, wrap, target, argument, context, ..Frame::root() });
                self.frames[at].expected = Some(expected);
                expected
            }
        }?;
        let scope = self.frames[at].scope;
        let key = self.builder.reference(name, Role::Key, scope, Some(expected));
        Some(self.builder.term(Term::Ref(key)))
    }

    /// Stands for a call while its arguments are read.
    pub(super) fn call_hole(&mut self, call: usize) -> TermId {
        match self.frames[call].call_hole {
            Some(hole) => hole,
            None => {
                let hole = self.builder.term(Term::Unknown);
                self.frames[call].call_hole = Some(hole);
                hole
            }
        }
    }

    /// `{ x }` as a value: a property of the literal, or a field of what is being built.
    pub(super) fn shorthand(&mut self, frame: &Frame, span: Span, value: Option<TermId>) {
        if let Some(recv) = self.subject_term(frame.subject, frame.group) {
            self.builder.reference(span, Role::Key, frame.scope, Some(recv));
        } else if self.builder.facts.scope(frame.scope).kind == ScopeKind::Object {
            let def = self.builder.define(NewDef {
                kind: DefKind::Property,
                flags: frame.flags,
                name_span: span,
                span,
                scope: frame.scope,
            });
            self.builder.facts.defs[def.index()].init = value;
            self.contextual_key(span);
        }
    }
}
