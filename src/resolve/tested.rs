//! Values that tests have shown to be of a type.

use super::member::Wanted;
use super::ty::{Head, Ty};
use super::{Cx, Resolver, Symbol, Tier, Typed};
use crate::lang::facts::{Name, Term, TermId};

/// Types around each other that are looked through.
const WRAPPED_MAX: usize = 6;

impl Resolver<'_> {
    /// A value that a test has shown to be an instance of a type, what a function says that its argument is, or one of the
    /// types whose member has a value.
    pub(super) fn tested(&self, cx: Cx, by: TermId, subject: TermId) -> Typed {
        let index = self.index(cx.file);
        let known = self.eval(cx, subject);
        let shown = match index.facts.term(by) {
            Term::Tuple(parts) => {
                let Some((member, values)) = parts.split_first() else { return known };
                return self.with_member(cx, known, *member, values, true);
            }
            Term::Map(member, value) => return self.with_member(cx, known, *member, &[*value], false),
            // Such a function gives a truth value, whose type stands for what it says.
            Term::Call(_) => match self.eval(cx, by) {
                Typed { ty: Ty::Tuple(says), tier } if says.len() == 1 => {
                    Typed { ty: says[0].instance(), tier }
                }
                _ => return known,
            },
            _ => self.eval(cx, by),
        };
        let Some(base) = shown.ty.symbol() else {
            return match &shown.ty {
                Ty::Unknown => known,
                // It has the members of both.
                Ty::Object(..) | Ty::Union(_) if !known.ty.is_unknown() => {
                    let tier = known.tier.max(shown.tier);
                    Typed { ty: Ty::union([known.ty, shown.ty]), tier }
                }
                ty if ty.has_params() => known,
                _ => shown.at_most(Tier::Inferred),
            };
        };
        // What is known to be more than that stays so.
        let is_more = |ty: &Ty| {
            let above = |of: Symbol| self.linear(of).types.iter().any(|(above, _)| *above == base);
            ty.symbol().is_some_and(|of| of != base && above(of))
        };
        let more: Vec<Ty> = match &known.ty {
            Ty::Union(parts) => parts.iter().filter(|part| is_more(part)).cloned().collect(),
            ty if is_more(ty) => return known,
            _ => Vec::new(),
        };
        match more.is_empty() {
            true => shown.at_most(Tier::Inferred),
            false => Typed { ty: Ty::union(more), tier: known.tier },
        }
    }

    /// Of several types those whose member is, or is not, one of the values.
    fn with_member(&self, cx: Cx, known: Typed, member: TermId, values: &[TermId], is: bool) -> Typed {
        let index = self.index(cx.file);
        let Term::Ref(member) = index.facts.term(member) else { return known };
        let parts = self.alternatives(cx, &known.ty, 0);
        if parts.len() < 2 {
            return known;
        }
        let name = index.facts.reference(*member).name;
        let fits = |part: &&Ty| {
            let equal = self.member_equals(cx, part, name, values);
            equal.is_none_or(|equal| equal == is)
        };
        let kept: Vec<Ty> = parts.iter().filter(fits).cloned().collect();
        match kept.is_empty() {
            true => known,
            false => Typed { ty: Ty::union(kept), tier: known.tier },
        }
    }

    /// The types that a value may be of, looked for in types that have the members of their argument.
    pub(super) fn alternatives(&self, cx: Cx, ty: &Ty, depth: usize) -> Vec<Ty> {
        match ty {
            Ty::Union(parts) if depth < WRAPPED_MAX => {
                parts.iter().flat_map(|part| self.alternatives(cx, part, depth + 1)).collect()
            }
            Ty::Named(Head::Foreign(head), Some(args))
                if depth < WRAPPED_MAX && !args.is_empty() && self.looks_through(cx.file, *head) =>
            {
                self.alternatives(cx, &args[0], depth + 1)
            }
            other => vec![other.clone()],
        }
    }

    /// Whether a member of the type is declared to be one of the values; nothing if it may be other things, too.
    fn member_equals(&self, cx: Cx, ty: &Ty, name: Name, values: &[TermId]) -> Option<bool> {
        let symbol =
            self.member(&Typed::sure(ty.clone()), None, Wanted::any(name), cx.file).first_symbol()?;
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        let there = Cx { file: symbol.file, scope: def.scope };
        let declared = match index.facts.term(def.ty?) {
            Term::Union(parts) => parts.to_vec(),
            _ => vec![def.ty?],
        };
        let mut found = false;
        for one in declared {
            let own = self.distinct(there, one)?;
            found |= values.iter().any(|value| self.distinct(cx, *value).as_ref() == Some(&own));
        }
        Some(found)
    }

    /// A value or type that is told apart from others: a literal by its text, a member of an enum.
    fn distinct(&self, cx: Cx, term: TermId) -> Option<Distinct> {
        let index = self.index(cx.file);
        match index.facts.term(term) {
            Term::Nth(literal, text) if matches!(index.facts.term(*literal), Term::Literal(_)) => {
                Some(Distinct::Text(*text))
            }
            Term::Ref(reference) => {
                let symbol = self.reference(cx.file, *reference).first_symbol()?;
                let is_member = self.def(symbol).kind == crate::lang::facts::DefKind::EnumMember;
                is_member.then_some(Distinct::Member(symbol))
            }
            _ => None,
        }
    }
}

/// What tells a value apart.
#[derive(PartialEq)]
enum Distinct {
    Text(u32),
    Member(Symbol),
}
