//! Go to declaration.

use super::Answer;
use crate::graph::View;
use crate::lang::modules::FileId;

/// The declarations of the name at the offset: its definitions, in languages that do not tell the two apart.
pub fn declaration(view: &View, file: FileId, offset: u32) -> Answer {
    super::definition(view, file, offset)
}
