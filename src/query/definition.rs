//! Go to definition.

use super::{Answer, Destination, destinations};
use crate::graph::View;
use crate::lang::facts::Role;
use crate::lang::modules::FileId;
use crate::resolve::{Occurrence, Outcome, Resolver};

/// The definitions of the name at the offset, the best first. On a definition's own name: that definition. Where the same
/// letters name a variable and the field that it becomes, the variable and then the field.
pub fn definition(view: &View, file: FileId, offset: u32) -> Answer {
    let resolver = Resolver::new(view);
    let mut found = destinations(&resolver, file, offset)?;
    let Some(Occurrence::Ref(first)) = resolver.at(file, offset) else { return Ok(found) };
    let facts = view.facts(file);
    let span = facts.reference(first).span;
    for (id, _) in
        facts.refs_with_ids().filter(|(id, r)| *id != first && r.span == span && r.role == Role::Key)
    {
        let Outcome::Found(targets) = resolver.resolve(file, id) else { continue };
        for (target, tier) in targets.into_iter().filter(|(_, tier)| !tier.is_guess()) {
            if !found.iter().any(|d| d.target() == target) {
                found.push(Destination::new(view, target, tier));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
