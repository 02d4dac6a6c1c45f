//! Go to definition.

use super::{Answer, Destination, destinations};
use crate::graph::View;
use crate::lang::facts::{Role, Span};
use crate::lang::modules::FileId;
use crate::resolve::{Occurrence, Outcome, Resolver};

/// The definitions of the name at the offset, the best first. On a definition's own name: that definition. Where the same
/// letters name a variable and the field that it becomes, the variable and then the field.
pub fn definition(view: &View, file: FileId, offset: u32) -> Answer {
    let resolver = Resolver::new(view);
    let mut found = destinations(&resolver, file, offset)?;
    let at = resolver.at(file, offset);
    // The name of a module that is an object leads to that, where its path leads to the file.
    for destination in &mut found {
        if destination.symbol.is_none()
            && let Some(object) = resolver.exported_object(destination.location.file)
            && !matches!(at, Some(Occurrence::Ref(path)) if resolver.imported_module(file, path).is_some())
        {
            let def = view.facts(object.file).def(object.def).clone();
            let start = def.name_span.start;
            destination.location.span = Span::new(start, start);
            destination.location.full = def.span;
        }
    }
    let Some(Occurrence::Ref(first)) = at else { return Ok(found) };
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
