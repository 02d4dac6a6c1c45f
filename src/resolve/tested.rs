//! Values that tests have shown to be of a type.

use super::member::Wanted;
use super::ty::{Head, Ty};
use super::{Cx, Resolver, Symbol, Tier, Typed};
use crate::lang::facts::{DefFlags, DefKind, Name, SAYS, Term, TermId};

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
            Term::Nth(function, position) => match self.says(cx, *function, *position) {
                Some(says) => says,
                None => return known,
            },
            _ => self.eval(cx, by),
        };
        self.with_shown(known, shown.at_most(Tier::Inferred))
    }

    /// What a function says of its argument at the position when it gives true (`x is Dog`).
    fn says(&self, cx: Cx, function: TermId, position: u32) -> Option<Typed> {
        let Typed { ty: Ty::Function(function, seen), tier } = self.eval(cx, function) else { return None };
        let index = self.index(function.file);
        let def = index.facts.def(function.def);
        let Term::Payload(ty, name, SAYS) = index.facts.term(def.ty?) else { return None };
        let Term::Ref(name) = index.facts.term(*name) else { return None };
        let named = self.reference(function.file, *name).first_symbol()?;
        if self.parameters(function).get(position as usize) != Some(&named) {
            return None;
        }
        // Another signature may say something else.
        let signed = |other: &Symbol| self.def(*other).kind.is_callable() && *other != function;
        let group = self.group(function);
        if group.iter().filter(|other| signed(other)).any(|other| self.says_of_argument(*other)) {
            return None;
        }
        let there = Cx { file: function.file, scope: def.body.unwrap_or(def.scope) };
        let says = self.eval(there, *ty).ty.instance();
        let ty = seen.map_or_else(|| says.clone(), |seen| says.subst(&seen));
        Some(Typed { ty: ty.bounded(), tier })
    }

    fn says_of_argument(&self, function: Symbol) -> bool {
        let index = self.index(function.file);
        let ty = index.facts.def(function.def).ty;
        ty.is_some_and(|ty| matches!(index.facts.term(ty), Term::Payload(.., SAYS)))
    }

    /// What is known of a value with what a test has shown it to be.
    fn with_shown(&self, known: Typed, shown: Typed) -> Typed {
        if shown.ty.is_unknown() || shown.ty.has_params() {
            return known;
        }
        let bound = match &known.ty {
            // What a type parameter is bound to be.
            Ty::Param(param) => self.bounds(*param),
            ty => ty.clone(),
        };
        let parts = match &bound {
            Ty::Union(parts) => parts.to_vec(),
            ty => vec![ty.clone()],
        };
        let is_above = |above: Symbol, of: Symbol| self.linear(of).types.iter().any(|(ty, _)| *ty == above);
        let both = |known: Typed, shown: Typed| Typed {
            tier: known.tier.max(shown.tier),
            ty: Ty::union([known.ty, shown.ty]),
        };
        match shown.ty.symbol() {
            Some(shown_symbol) => {
                // What is known to be more than that stays so.
                let stays = |ty: &Ty| ty.symbol().is_some_and(|of| is_above(shown_symbol, of));
                let kept: Vec<Ty> = parts.iter().filter(|part| stays(part)).cloned().collect();
                if !kept.is_empty() {
                    return match kept.len() == parts.len() {
                        true => known,
                        false => Typed { ty: Ty::union(kept), tier: known.tier },
                    };
                }
                let becomes =
                    |ty: &Ty| ty.symbol().map_or(is_open(ty), |above| is_above(above, shown_symbol));
                match parts.iter().any(becomes) {
                    true => shown,
                    // It has the members of both.
                    false => both(known, shown),
                }
            }
            None if parts.iter().all(is_open) => shown,
            None => match &shown.ty {
                Ty::Object(..) | Ty::Union(_) => both(known, shown),
                // What is not of the folder leaves what is, unless that is one of several.
                _ if parts.contains(&shown.ty) => {
                    let may_be = |ty: &Ty| {
                        let open = |of: Symbol| self.linear(of).external || self.linear(of).unknown;
                        *ty == shown.ty || ty.symbol().is_some_and(open)
                    };
                    Typed { ty: Ty::union(parts.into_iter().filter(may_be)), tier: known.tier }
                }
                _ => known,
            },
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
        let Some(values) = values.iter().map(|value| self.distinct(cx, *value)).collect::<Option<Vec<_>>>()
        else {
            return known;
        };
        let fits = |part: &&Ty| {
            self.member_equals(cx, part, name, &values).is_none_or(|equals| match is {
                true => equals != Equals::Never,
                false => equals != Equals::Always,
            })
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

    /// Whether a member of the type is one of the values by what it is declared to be; nothing if that is not known.
    fn member_equals(&self, cx: Cx, ty: &Ty, name: Name, values: &[Distinct]) -> Option<Equals> {
        let symbol =
            self.member(&Typed::sure(ty.clone()), None, Wanted::any(name), cx.file).first_symbol()?;
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        let there = Cx { file: symbol.file, scope: def.scope };
        let declared = match index.facts.term(def.ty?) {
            Term::Union(parts) => parts.to_vec(),
            _ => vec![def.ty?],
        };
        let (mut any, mut all) = (false, !def.flags.has(DefFlags::OPTIONAL));
        for one in declared {
            let own = self.distinct(there, one)?;
            // A member of an enum may have the value of a text.
            if values.iter().any(|value| value.is_text() != own.is_text()) {
                return None;
            }
            let equals = values.contains(&own);
            (any, all) = (any || equals, all && equals);
        }
        Some(match (any, all) {
            (false, _) => Equals::Never,
            (true, false) => Equals::Sometimes,
            (true, true) => Equals::Always,
        })
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
                let is_member = self.def(symbol).kind == DefKind::EnumMember;
                is_member.then_some(Distinct::Member(symbol))
            }
            _ => None,
        }
    }
}

/// Whether nothing of the folder is known of a value of the type.
fn is_open(ty: &Ty) -> bool {
    matches!(
        ty,
        Ty::Unknown
            | Ty::Foreign(_)
            | Ty::Named(Head::Foreign(_), _)
            | Ty::Handed(..)
            | Ty::Literal(_)
            | Ty::List(_)
            | Ty::Map(_)
            | Ty::Tuple(_)
    )
}

/// How often a member of a type is one of some values.
#[derive(Clone, Copy, PartialEq)]
enum Equals {
    Never,
    Sometimes,
    Always,
}

/// What tells a value apart.
#[derive(PartialEq)]
enum Distinct {
    Text(u32),
    Member(Symbol),
}

impl Distinct {
    fn is_text(&self) -> bool {
        matches!(self, Distinct::Text(_))
    }
}
