//! A definition, or a whole file, as hierarchies and lenses list it.

use super::container::containers;
use super::{Destination, Location};
use crate::graph::View;
use crate::lang::facts::{DefKind, ScopeId};
use crate::lang::modules::{FileId, Layout};
use crate::resolve::{Symbol, Target, Tier};

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub target: Target,
    pub name: String,
    /// `None` for a file.
    pub kind: Option<DefKind>,
    /// The name of what it stands in; of a file, its path.
    pub container: Option<String>,
    pub location: Location,
}

impl Item {
    pub fn new(view: &View, target: Target) -> Item {
        let Destination { location, kind, name, .. } = Destination::new(view, target, Tier::Lexical);
        let facts = view.facts(location.file);
        match target {
            Target::Symbol(symbol) => Item {
                target,
                name,
                kind: Some(kind),
                container: containers(view, &facts, facts.def(symbol.def), usize::MAX)
                    .next()
                    .map(str::to_owned),
                location,
            },
            Target::File(file) => Item {
                target,
                name,
                kind: None,
                container: Some(view.path(file).to_owned()),
                location: Location { full: facts.scope(ScopeId::FILE).span, ..location },
            },
        }
    }

    /// The definition whose name starts at the offset, of several there the one that can be called.
    pub fn at(view: &View, file: FileId, offset: u32) -> Option<Symbol> {
        let facts = view.facts(file);
        let here = facts.defs_with_ids().filter(|(_, d)| d.name_span.start == offset && !d.kind.is_alias());
        let (def, _) = here.min_by_key(|(_, d)| (!d.kind.is_callable(), !d.kind.is_type()))?;
        Some(Symbol { file, def })
    }
}
