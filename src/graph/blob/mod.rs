//! The facts of a file as bytes.
//!
//! Scopes, definitions, references, the rest and terms follow one another, each item a head of one or two bytes and
//! then what the head does not say: numbers of variable length, mostly differences from the item before. Names,
//! terms and bodies are usually met in the order of their numbers, so a head can say *the next new one* and spend
//! nothing more; names are numbered by their first use in the bytes for that.
//!
//! Decoding trusts nothing: whatever the bytes, it yields an error or facts whose numbers all name something that is
//! there, and takes no more memory than a constant times their length.

mod decode;
mod encode;
mod heads;
mod mentions;
mod outline;
mod skim;
#[cfg(test)]
mod tests;

pub use decode::decode;
pub use encode::{Encoded, encode};
pub use mentions::{Links, Mentions, mentions};
pub use outline::{DefSketch, kinds_of, outline, package, sketch};

use super::codec::CorruptError;
use crate::lang::facts::{DefId, Facts, ScopeId, ScopeKind, Term, TermId};

const SCOPE_KINDS: [ScopeKind; 7] = [
    ScopeKind::File,
    ScopeKind::Module,
    ScopeKind::Class,
    ScopeKind::Extension,
    ScopeKind::Function,
    ScopeKind::Block,
    ScopeKind::Object,
];

/// How an optional number is written: not there, the next new one, or spelled out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    None,
    Next,
    Explicit,
}

impl Slot {
    const COUNT: u8 = 3;
    const fn is_explicit(self) -> u8 {
        matches!(self, Slot::Explicit) as u8
    }
}

/// Puts the first byte of a head in front of a name whose span is not as long as its text (an escaped or quoted one).
/// No head has this value.
const ODD_LENGTH: u8 = 255;

/// First bytes of terms. Two successive tags mean: the child is the next new term; it is spelled out.
mod tag {
    pub const UNKNOWN: u8 = 0;
    pub const EXPORTS: u8 = 1;
    pub const SELF_VALUE: u8 = 2;
    pub const SELF_TYPE: u8 = 3;
    pub const SUPER: u8 = 4;
    pub const DEF: u8 = 5;
    pub const OBJECT: u8 = 6;
    pub const REF: u8 = 7;
    pub const UNION: u8 = 8;
    pub const TUPLE: u8 = 9;
    /// And the next new name.
    pub const MODULE: u8 = 10;
    pub const SAME: u8 = 12;
    pub const CALL: u8 = 14;
    pub const INSTANCE: u8 = 16;
    pub const INDEX: u8 = 18;
    pub const ITER: u8 = 20;
    pub const AWAIT: u8 = 22;
    pub const UNWRAP: u8 = 24;
    pub const DEREF: u8 = 26;
    pub const ADDR_OF: u8 = 28;
    pub const ENTER: u8 = 30;
    pub const LIST: u8 = 32;
    pub const FUNC: u8 = 34;
    pub const NTH: u8 = 36;
    pub const PAYLOAD: u8 = 38;
    pub const ARGUMENT: u8 = 40;
    pub const MAP: u8 = 42;
    pub const APPLY: u8 = 44;
    /// And the literal's number.
    pub const LITERAL: u8 = 46;
    /// A reference near the one that the last such term named: the least difference, and so on to the last tag.
    pub const NEAR_REF: u8 = 64;
    pub const NEAR_REF_LEAST: i64 = -32;
}

/// Whether every number in the facts is one of something that is there, and every scope stands behind its parent.
pub fn check(facts: &Facts) -> Result<(), CorruptError> {
    let scope = |s: ScopeId| s.index() < facts.scopes.len();
    let def = |d: DefId| d.index() < facts.defs.len();
    let term = |t: TermId| t.index() < facts.terms.len();
    let term_if = |t: Option<TermId>| t.is_none_or(term);
    let scopes = facts.scopes.iter().enumerate().all(|(i, s)| {
        let parent = s.parent.map_or(i == 0, |p| p.index() < i);
        parent && s.owner.is_none_or(def) && term_if(s.of) && s.span.start <= s.span.end
    });
    let defs = facts.defs.iter().all(|d| {
        let terms = term_if(d.of) && term_if(d.ty) && term_if(d.init);
        let spans = d.span.start <= d.span.end && d.name_span.start <= d.name_span.end;
        scope(d.scope) && d.body.is_none_or(scope) && terms && spans
    });
    let refs = facts.refs.iter().all(|r| scope(r.scope) && term_if(r.recv) && r.span.start <= r.span.end);
    let globs = facts.globs.iter().all(|g| scope(g.scope) && term(g.target));
    let extensions = facts.extensions.iter().all(|e| {
        term(e.target) && e.scope.is_none_or(scope) && e.def.is_none_or(def) && term_if(e.implements)
    });
    let inherits = facts.inherits.iter().all(|i| def(i.def) && term(i.base));
    let arguments = facts
        .arguments
        .iter()
        .all(|a| a.callee.index() < facts.refs.len() && a.items.iter().all(|item| term(*item)));
    let terms = facts.terms.iter().all(|t| match t {
        Term::Ref(r) => r.index() < facts.refs.len(),
        Term::Def(d) => def(*d),
        Term::Object(s) => scope(*s),
        Term::Same(a)
        | Term::Call(a)
        | Term::Instance(a)
        | Term::Index(a)
        | Term::Iter(a)
        | Term::Await(a)
        | Term::Unwrap(a)
        | Term::Deref(a)
        | Term::AddrOf(a)
        | Term::Enter(a)
        | Term::List(a)
        | Term::Func(a)
        | Term::Nth(a, _)
        | Term::Argument(a, _, _) => term(*a),
        Term::Payload(a, b, _) | Term::Map(a, b) => term(*a) && term(*b),
        Term::Apply(a, parts) => term(*a) && parts.iter().all(|p| term(*p)),
        Term::Union(parts) | Term::Tuple(parts) => parts.iter().all(|p| term(*p)),
        Term::Unknown
        | Term::Module(_)
        | Term::Exports
        | Term::SelfValue
        | Term::SelfType
        | Term::Super
        | Term::Literal(_) => true,
    });
    let whole = scopes && defs && refs && globs && extensions && inherits && arguments && terms;
    if whole && !facts.scopes.is_empty() { Ok(()) } else { Err(CorruptError::OutOfRange) }
}
