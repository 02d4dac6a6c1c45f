//! Find references.

use std::sync::atomic::AtomicBool;

use super::{Empty, Location, destinations};
use crate::graph::View;
use crate::lang::modules::FileId;
use crate::resolve::{ReferenceLimits, Resolver};

/// A place where a symbol is used or declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    pub location: Location,
    pub declaration: bool,
    pub write: bool,
}

/// The uses of a symbol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// By file, then position.
    pub items: Vec<Use>,
    /// How many there are, those beyond the limit not counted.
    pub total: usize,
    /// The limit was reached: there may be more.
    pub truncated: bool,
    pub cancelled: bool,
}

/// Every use of what the name at the offset stands for, at most `limit`.
pub fn references(
    view: &View,
    file: FileId,
    offset: u32,
    include_declaration: bool,
    limit: usize,
    cancel: &AtomicBool,
) -> Result<Uses, Empty> {
    let resolver = Resolver::new(view);
    let best = destinations(&resolver, file, offset)?;
    let Some(target) = best.first().filter(|d| !d.tier.is_guess() || best.len() == 1) else {
        return Err(Empty::Unresolved("several definitions may be meant"));
    };
    let limits = ReferenceLimits { found_max: Some(limit), cancel: Some(cancel), within: None };
    let found = resolver.references(target.target(), limits);
    let items: Vec<Use> = found
        .found
        .iter()
        .filter(|f| include_declaration || !f.declaration)
        .take(limit)
        .map(|f| Use {
            location: Location { file: f.file, span: f.span, full: f.span },
            declaration: f.declaration,
            write: f.write,
        })
        .collect();
    Ok(Uses { total: items.len(), items, truncated: found.truncated, cancelled: found.cancelled })
}
