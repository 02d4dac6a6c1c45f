//! Drops the terms that nothing refers to once a file is read, and sees through the placeholders.

use crate::lang::facts::{Facts, Term, TermId};

/// Placeholders are followed this far; longer chains do not arise from one pattern.
const STEPS_MAX: usize = 8;

/// Keeps the terms that a scope, definition, reference, glob, extension or base reaches.
pub fn compact(facts: &mut Facts) {
    compact_with(facts, |_| {});
}

/// What facts that say the same have in common: without terms and names that nothing mentions, in order of their use.
#[must_use]
pub fn canonical(mut facts: Facts) -> Facts {
    compact(&mut facts);
    facts.in_order_of_names()
}

/// The same, and behind them those that something else reaches: it calls what it is given on the ids of these.
pub fn compact_with(facts: &mut Facts, others: impl FnOnce(&mut dyn FnMut(&mut TermId))) {
    let terms = std::mem::take(&mut facts.terms);
    let mut renumber =
        Renumber { numbers: vec![u32::MAX; terms.len()], pending: Vec::new(), kept: 0, terms: &terms };
    for scope in &mut facts.scopes {
        renumber.optional(&mut scope.of);
    }
    for def in &mut facts.defs {
        renumber.optional(&mut def.of);
        renumber.optional(&mut def.ty);
        renumber.optional(&mut def.init);
    }
    for reference in &mut facts.refs {
        renumber.optional(&mut reference.recv);
    }
    for glob in &mut facts.globs {
        renumber.id(&mut glob.target);
    }
    for extension in &mut facts.extensions {
        renumber.id(&mut extension.target);
        renumber.optional(&mut extension.implements);
    }
    for inherit in &mut facts.inherits {
        renumber.id(&mut inherit.base);
    }
    for arguments in &mut facts.arguments {
        arguments.items.iter_mut().for_each(|item| renumber.id(item));
    }
    let mut kept = Vec::new();
    renumber.follow(&mut kept);
    others(&mut |id| renumber.id(id));
    renumber.follow(&mut kept);
    facts.terms = kept;
}

struct Renumber<'a> {
    /// The new number of each old term, `u32::MAX` while it is not kept.
    numbers: Vec<u32>,
    /// Old numbers in the order of the new ones.
    pending: Vec<u32>,
    kept: u32,
    terms: &'a [Term],
}

impl Renumber<'_> {
    /// Keeps what the terms reach that are kept but not yet among these.
    fn follow(&mut self, kept: &mut Vec<Term>) {
        while let Some(next) = self.pending.get(kept.len()) {
            let mut term = self.terms[*next as usize].clone();
            children(&mut term, |child| self.id(child));
            kept.push(term);
        }
    }

    fn optional(&mut self, id: &mut Option<TermId>) {
        if let Some(id) = id {
            self.id(id);
        }
    }

    fn id(&mut self, id: &mut TermId) {
        let mut at = *id;
        for _ in 0..STEPS_MAX {
            match &self.terms[at.index()] {
                Term::Same(inner) => at = *inner,
                _ => break,
            }
        }
        let number = &mut self.numbers[at.index()];
        if *number == u32::MAX {
            *number = self.kept;
            self.kept += 1;
            self.pending.push(at.0);
        }
        *id = TermId(*number);
    }
}

/// Calls `visit` on every child of a term.
pub fn children(term: &mut Term, mut visit: impl FnMut(&mut TermId)) {
    match term {
        Term::Unknown
        | Term::Ref(_)
        | Term::Def(_)
        | Term::Module(_)
        | Term::Exports
        | Term::SelfValue
        | Term::SelfType
        | Term::Super
        | Term::Literal(_)
        | Term::Object(_) => {}
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
        | Term::Nth(a, _)
        | Term::Argument(a, _, _)
        | Term::List(a)
        | Term::Func(a) => visit(a),
        Term::Payload(a, b, _) | Term::Map(a, b) => {
            visit(a);
            visit(b);
        }
        Term::Apply(head, arguments) => {
            visit(head);
            arguments.iter_mut().for_each(visit);
        }
        Term::Union(parts) | Term::Tuple(parts) => parts.iter_mut().for_each(visit),
    }
}
