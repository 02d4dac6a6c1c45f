//! What tests show values to be: between two offsets a name stands for what was asked of it.

use tree_sitter::Node;

use super::Walk;
use crate::lang::facts::{Literal, RefId, Span, Term, TermId, WHOLE};

/// Tests that hold at one place.
const HOLDING_MAX: usize = 64;

/// Names looked back at for the one that a test names.
const NAMES_BACK_MAX: usize = 4_096;

/// What a name was tested with.
#[derive(Clone)]
pub enum Tested {
    /// It is an instance of the type that is named there.
    Instance(Span),
    /// The function that is named there says what it is.
    Guard(Span),
    /// Its member that is named there is, or is not, one of these.
    Member { member: Span, values: Vec<Value>, is: bool },
}

/// What a member is compared with.
#[derive(Clone, Copy)]
pub enum Value {
    /// A string.
    Text(Span),
    /// What is named there.
    Named(Span),
}

/// A test of a name that has succeeded.
pub struct Narrowed<'t> {
    name: &'t str,
    /// Where it holds.
    region: Span,
    by: Tested,
    /// The term of what it was tested with, once that was asked for.
    term: Option<TermId>,
}

impl<'t> Walk<'t> {
    /// In the region, which may lie ahead, the name stands for what the test in the hook's node says.
    pub fn narrow(&mut self, name: &'t str, region: Span, by: Tested, node: Node<'t>) {
        let here = self.span(node).start;
        self.narrowed.retain(|held| held.region.end > here);
        if self.narrowed.len() < HOLDING_MAX {
            self.narrowed.push(Narrowed { name, region, by, term: None });
        }
    }

    /// The name is another one from here on, or holds something else.
    pub(super) fn widen(&mut self, name: Span) {
        if self.narrowed.is_empty() {
            return;
        }
        let text = self.builder.text(name);
        self.narrowed.retain(|held| held.name != text || held.region.start > name.start);
    }

    /// What a use of a bare name stands for by the test that holds there.
    pub(super) fn as_tested(&mut self, used: RefId, span: Span) -> Option<TermId> {
        let text = self.builder.text(span);
        let holds = |held: &Narrowed<'_>| {
            held.name == text && held.region.start <= span.start && span.end <= held.region.end
        };
        let at = self.narrowed.iter().rposition(holds)?;
        let by = match self.narrowed[at].term {
            Some(by) => by,
            None => {
                let tested = self.narrowed[at].by.clone();
                self.tested(tested)?
            }
        };
        self.narrowed[at].term = Some(by);
        let used = self.builder.term(Term::Ref(used));
        Some(self.builder.term(Term::Payload(by, used, WHOLE)))
    }

    fn tested(&mut self, tested: Tested) -> Option<TermId> {
        let term = match tested {
            Tested::Instance(by) => Term::Instance(self.used_at(by)?),
            Tested::Guard(by) => Term::Call(self.used_at(by)?),
            Tested::Member { member, values, is } => {
                let mut parts = vec![self.used_at(member)?];
                for value in values {
                    parts.push(match value {
                        Value::Text(span) => self.text_literal(span),
                        Value::Named(span) => self.used_at(span)?,
                    });
                }
                match (is, parts.as_slice()) {
                    (true, _) => Term::Tuple(parts.into()),
                    (false, [member, value]) => Term::Map(*member, *value),
                    _ => return None,
                }
            }
        };
        Some(self.builder.term(term))
    }

    /// The term of the use that stands at the span.
    fn used_at(&mut self, span: Span) -> Option<TermId> {
        let refs = &self.builder.facts.refs;
        let from = refs.len().saturating_sub(NAMES_BACK_MAX);
        let back = refs[from..].iter().rposition(|r| r.span == span)?;
        Some(self.builder.term(Term::Ref(RefId((from + back) as u32))))
    }

    /// A string that is told apart from others.
    pub fn text_literal(&mut self, content: Span) -> TermId {
        let number = text_number(self.builder.text(content));
        let literal = self.builder.term(Term::Literal(Literal::String));
        self.builder.term(Term::Nth(literal, number))
    }
}

/// The number that stands for a text (FNV-1a).
fn text_number(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |number, byte| (number ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
