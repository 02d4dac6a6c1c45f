//! Files of one folder that are for different systems or machines, and so are not built together.

use super::{Entity, Resolution, Resolver};
use crate::lang::facts::DefFlags;
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

    /// Of definitions in several files, those first that are built together with the file.
    pub(super) fn built_first(&self, file: FileId, found: Resolution) -> Resolution {
        let Resolution::Found(mut hits) = found else { return found };
        if hits.len() > 1 && self.knobs(file).build_constraints {
            let strategy = self.index(file).lang.strategy();
            let is_out = |file: FileId| strategy.is_left_out(self.layout().path(file));
            let marked = self.index(file).facts.defs.first().is_some_and(|d| d.flags.has(DefFlags::INACTIVE));
            let own = marked || is_out(file);
            hits.sort_by_key(|hit| match hit.entity {
                Entity::Symbol(symbol) if symbol.file != file => {
                    let out = self.def(symbol).flags.has(DefFlags::INACTIVE) || is_out(symbol.file);
                    (true, out != own)
                }
                Entity::Symbol(_) => (false, false),
                Entity::Place(_) => (true, false),
            });
        }
        Resolution::Found(hits)
    }
}
