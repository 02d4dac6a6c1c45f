//! What a definition stands in.

use crate::graph::View;
use crate::lang::facts::{Def, Facts, ScopeId, ScopeKind};

/// The names of the types, modules and functions around a definition, the innermost first, out of the `scopes_max`
/// innermost scopes. A member that is declared outside of its type's body stands in that type first of all.
pub fn containers<'a>(
    view: &'a View,
    facts: &'a Facts,
    def: &'a Def,
    scopes_max: usize,
) -> impl Iterator<Item = &'a str> {
    let own = facts.extensions.iter().find(|e| e.def.is_some_and(|d| std::ptr::eq(facts.def(d), def)));
    let around = facts.ancestors(def.scope).take(scopes_max).filter_map(|id| {
        let scope = facts.scope(id);
        match scope.owner {
            Some(owner) => Some(facts.def(owner).name),
            None if scope.kind == ScopeKind::Extension => {
                facts.extensions.iter().find(|e| e.scope == Some(id)).map(|e| e.target_name)
            }
            None => None,
        }
    });
    own.map(|e| e.target_name).into_iter().chain(around).map(|name| view.name_text(name))
}

/// Whether names of the scope are seen inside a function or block alone.
pub fn is_local(facts: &Facts, scope: ScopeId) -> bool {
    let kinds = facts.ancestors(scope).map(|s| facts.scope(s).kind);
    let outside = |kind: &ScopeKind| !matches!(kind, ScopeKind::Object);
    matches!(kinds.into_iter().find(outside), Some(ScopeKind::Function | ScopeKind::Block))
}
