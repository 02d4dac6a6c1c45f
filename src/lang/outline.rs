//! Facts without what happens inside functions: what is defined, and what its definitions say of it.

use super::facts::{DefKind, Facts, RefId, ScopeKind, Term, TermId};
use super::walk::compact::{children, compact};

/// Drops the references that no definition outside of function bodies is made of, and what is known of the types and
/// values of local variables. Scopes and definitions keep their numbers.
pub fn outline(facts: &mut Facts) {
    let inside = inside_functions(facts);
    for def in &mut facts.defs {
        // Parameters are part of a signature, and what is assigned to a receiver is a member.
        let said = def.kind.is_callable()
            || def.kind.is_type()
            || matches!(def.kind, DefKind::Parameter | DefKind::TypeParameter)
            || def.of.is_some();
        if inside[def.scope.index()] && !said {
            (def.ty, def.init) = (None, None);
        }
    }
    facts.arguments.clear();
    facts.arities.clear();
    let kept = said_by_definitions(facts);
    let mut numbers = Vec::with_capacity(kept.len());
    let mut next = 0;
    for keep in &kept {
        numbers.push(keep.then_some(RefId(next)));
        next += u32::from(*keep);
    }
    let mut keeps = kept.iter();
    facts.refs.retain(|_| keeps.next().is_some_and(|keep| *keep));
    for term in &mut facts.terms {
        if let Term::Ref(reference) = term {
            *term = numbers[reference.index()].map_or(Term::Unknown, Term::Ref);
        }
    }
    compact(facts);
}

/// Which scopes lie inside of a function.
pub(super) fn inside_functions(facts: &Facts) -> Vec<bool> {
    let mut inside: Vec<bool> = Vec::with_capacity(facts.scopes.len());
    for scope in &facts.scopes {
        let above = scope.parent.is_some_and(|parent| inside[parent.index()]);
        inside.push(above || scope.kind == ScopeKind::Function);
    }
    inside
}

/// Which references the definitions, scopes, globs, extensions and bases reach.
fn said_by_definitions(facts: &Facts) -> Vec<bool> {
    let mut pending: Vec<TermId> = facts.scopes.iter().filter_map(|s| s.of).collect();
    pending.extend(facts.defs.iter().flat_map(|d| [d.of, d.ty, d.init]).flatten());
    pending.extend(facts.globs.iter().map(|g| g.target));
    pending.extend(facts.extensions.iter().flat_map(|e| [Some(e.target), e.implements]).flatten());
    pending.extend(facts.inherits.iter().map(|i| i.base));
    let mut seen = vec![false; facts.terms.len()];
    let mut kept = vec![false; facts.refs.len()];
    while let Some(id) = pending.pop() {
        if std::mem::replace(&mut seen[id.index()], true) {
            continue;
        }
        let mut term = facts.term(id).clone();
        if let Term::Ref(reference) = term {
            kept[reference.index()] = true;
            pending.extend(facts.reference(reference).recv);
        }
        children(&mut term, |child| pending.push(*child));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{LangId, ParseLimits, Parser, extract};
    use std::path::Path;

    const SOURCE: &str = "\
from shop import Price
import os

class Basket(Price):
    rate: float = 0.5

    def total(self, n: int) -> Price:
        local = os.path.join('a', 'b')
        for item in self.items:
            local = item.cost(n)
        return Price(local)
";

    #[test]
    fn definitions_stay_and_bodies_go() {
        let lang = LangId::of_path(Path::new("a.py")).unwrap();
        let tree = Parser::new().parse(lang, SOURCE, None, &ParseLimits::default()).unwrap();
        let whole = extract(lang, &tree, SOURCE);
        let mut slim = whole.clone();
        outline(&mut slim);
        let in_range = |t: &Term| !matches!(t, Term::Ref(r) if r.index() >= slim.refs.len());
        assert!(slim.terms.iter().all(in_range));
        let names = |facts: &Facts| -> Vec<(String, crate::lang::facts::DefKind)> {
            facts.defs.iter().map(|d| (facts.names[d.name.index()].to_string(), d.kind)).collect()
        };
        assert_eq!(names(&slim), names(&whole));
        let mut used: Vec<&str> = slim.refs.iter().map(|r| &*slim.names[r.name.index()]).collect();
        used.dedup();
        for gone in ["join", "cost", "items", "item"] {
            assert!(!used.contains(&gone), "{used:?}");
        }
        assert!(used.contains(&"Price") && used.contains(&"float"), "{used:?}");
        assert!(slim.refs.len() < whole.refs.len() && slim.terms.len() < whole.terms.len());
        let mut again = slim.clone();
        outline(&mut again);
        assert_eq!((again.refs.len(), again.terms.len()), (slim.refs.len(), slim.terms.len()));
    }
}
