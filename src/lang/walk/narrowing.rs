//! What tests show values to be: between two offsets a name stands for what was asked of it.

use rustc_hash::FxHashMap;
use tree_sitter::Node;

use super::Walk;
use crate::lang::facts::{Literal, Name, RefId, Role, ScopeKind, Span, Term, TermId, WHOLE};

/// Tests that hold at one place.
const HOLDING_MAX: usize = 64;

/// Loops, or functions, between a test and a use that are looked at; behind more of them the test is not believed.
const BETWEEN_MAX: usize = 256;

/// Names looked back at for the one that a test names.
const NAMES_BACK_MAX: usize = 4_096;

/// What a name was tested with.
#[derive(Clone)]
pub enum Tested {
    /// It is an instance of the type that is named there.
    Instance(Span),
    /// The function that is named there says what it is, being its argument at the position.
    Guard(Span, u32),
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
    /// From the name that is tested to the end of the condition.
    tested: Span,
    by: Tested,
    /// The term of what it was tested with, once that was asked for; nothing inside if there is none.
    term: Option<Option<TermId>>,
}

/// Uses of names that tests speak of, and loops: what writes of the names in the whole file are held against.
#[derive(Default)]
pub(super) struct TestedUses {
    uses: Vec<TestedUse>,
    loops: Vec<Span>,
}

struct TestedUse {
    term: TermId,
    used: RefId,
    /// The term of the name without the test.
    plain: TermId,
    /// Where the test begins to hold.
    from: u32,
}

impl<'t> Walk<'t> {
    /// In the region, which may lie ahead, the name stands for what the test says. The condition is read up to `until`.
    pub fn narrow(&mut self, name: Node<'t>, region: Span, by: Tested, until: u32) {
        let (text, at) = (self.text(name), self.span(name).start);
        self.narrowed.retain(|held| held.region.end > at);
        if self.narrowed.len() < HOLDING_MAX {
            let tested = Span::new(at, until.max(at));
            self.narrowed.push(Narrowed { name: text, region, tested, by, term: None });
        }
    }

    /// What is written in the node may be read in it again.
    pub fn repeated(&mut self, node: Node<'t>) {
        let span = self.span(node);
        self.tested_uses.loops.push(span);
        self.keep_whole(node.end_byte());
    }

    /// The name is another one from here on, or holds something else.
    pub(super) fn widen(&mut self, name: Span) {
        if self.narrowed.is_empty() {
            return;
        }
        let text = self.builder.text(name);
        let ends = |held: &Narrowed<'_>| {
            let at = name.start;
            held.name == text && at > held.tested.start && (at < held.tested.end || at >= held.region.start)
        };
        self.narrowed.retain(|held| !ends(held));
    }

    /// Whether a test holds behind this place.
    pub(super) fn is_tested_behind(&self, at: u32) -> bool {
        self.narrowed.iter().any(|held| held.region.end > at)
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
                self.tested(tested)
            }
        };
        self.narrowed[at].term = Some(by);
        let plain = self.builder.term(Term::Ref(used));
        let term = self.builder.term(Term::Payload(by?, plain, WHOLE));
        let from = self.narrowed[at].region.start;
        self.tested_uses.uses.push(TestedUse { term, used, plain, from });
        Some(term)
    }

    /// Takes back what tests say where the name may have been written since: in a loop that writes it, as what stands
    /// behind comes before, and in a function, which may run at any time.
    pub(super) fn settle_tests(&mut self) {
        let TestedUses { uses, mut loops } = std::mem::take(&mut self.tested_uses);
        if uses.is_empty() {
            return;
        }
        let facts = &mut self.builder.facts;
        let mut written: FxHashMap<Name, Vec<u32>> = FxHashMap::default();
        for write in facts.refs.iter().filter(|r| r.role == Role::Write && r.recv.is_none()) {
            written.entry(write.name).or_default().push(write.span.start);
        }
        if written.is_empty() {
            return;
        }
        written.values_mut().for_each(|writes| writes.sort_unstable());
        let is_function = |kind: ScopeKind| kind == ScopeKind::Function;
        let functions = facts.scopes.iter().filter(|scope| is_function(scope.kind));
        let mut functions: Vec<Span> = functions.map(|scope| scope.span).collect();
        functions.sort_unstable_by_key(|span| span.start);
        loops.sort_unstable_by_key(|span| span.start);
        for TestedUse { term, used, plain, from } in uses {
            let used = facts.reference(used);
            let Some(writes) = written.get(&used.name) else { continue };
            let writes_in = |span: &Span| {
                let next = writes.partition_point(|at| *at < span.start);
                writes.get(next).is_some_and(|at| *at < span.end)
            };
            let at = used.span.start;
            if stands_in(&functions, from, at, |_| true) || stands_in(&loops, from, at, writes_in) {
                facts.terms[term.index()] = Term::Same(plain);
            }
        }
    }

    fn tested(&mut self, tested: Tested) -> Option<TermId> {
        let term = match tested {
            Tested::Instance(by) => Term::Instance(self.used_at(by)?),
            Tested::Guard(by, position) => Term::Nth(self.used_at(by)?, position),
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

/// Whether the place stands in one of the sorted spans that begins behind `from` and is of the kind.
fn stands_in(spans: &[Span], from: u32, at: u32, is: impl Fn(&Span) -> bool) -> bool {
    let first = spans.partition_point(|span| span.start < from);
    let mut between = spans[first..].iter().take_while(|span| span.start <= at);
    between.by_ref().take(BETWEEN_MAX).any(|span| at < span.end && is(span)) || between.next().is_some()
}

/// The number that stands for a text (FNV-1a).
fn text_number(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |number, byte| (number ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
