//! Go to definition.

use super::{Answer, destinations};
use crate::graph::View;
use crate::lang::modules::FileId;
use crate::resolve::Resolver;

/// The definitions of the name at the offset, the best first. On a definition's own name: that definition.
pub fn definition(view: &View, file: FileId, offset: u32) -> Answer {
    destinations(&Resolver::new(view), file, offset)
}
