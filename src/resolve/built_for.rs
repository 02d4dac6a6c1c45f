//! Files of one folder that are for different systems or machines, and so are not built together.

use super::Resolver;
use crate::lang::modules::{FileId, Layout};

/// How likely one file is built together with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Apart {
    Together,
    /// What is there is for all systems, what asks for one.
    General,
    Elsewhere,
}

impl Resolver<'_> {
    /// How likely what stands in `there` is meant in `here`, by the systems that both are for.
    pub(super) fn apart(&self, here: FileId, there: FileId) -> Apart {
        let target = |file: FileId| self.layout().lang(file).strategy().target(self.layout().path(file));
        match (target(here), target(there)) {
            (own, other) if own == other => Apart::Together,
            (Some(_), None) => Apart::General,
            _ => Apart::Elsewhere,
        }
    }
}
