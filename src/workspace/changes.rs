//! What a folder's next build has to look at again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// More changed paths than this are not told apart: a walk over the folder is cheaper than asking for each.
pub const CHANGED_PATHS_MAX: usize = 4_096;

/// A set of changes that only grows until a build takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Changes {
    #[default]
    Nothing,
    /// These files or directories, absolute.
    Paths(BTreeSet<PathBuf>),
    /// Any file may have changed: compare every one with the disk.
    Rescan,
    /// Read everything again, whatever it looks like.
    Everything,
}

impl Changes {
    pub fn path(path: &Path) -> Changes {
        Changes::Paths(BTreeSet::from([path.to_owned()]))
    }

    pub fn is_nothing(&self) -> bool {
        *self == Changes::Nothing
    }

    /// Adds the other changes; the wider kind wins.
    pub fn merge(&mut self, other: Changes) {
        match (&mut *self, other) {
            (_, Changes::Nothing) | (Changes::Everything, _) => {}
            (Changes::Nothing, other) | (_, other @ Changes::Everything) => *self = other,
            (Changes::Rescan, _) => {}
            (_, Changes::Rescan) => *self = Changes::Rescan,
            (Changes::Paths(own), Changes::Paths(more)) => own.extend(more),
        }
        if matches!(self, Changes::Paths(paths) if paths.len() > CHANGED_PATHS_MAX) {
            *self = Changes::Rescan;
        }
    }

    /// Takes all, leaving nothing.
    pub fn take(&mut self) -> Changes {
        std::mem::take(self)
    }
}

impl<P: Into<PathBuf>> FromIterator<P> for Changes {
    fn from_iter<I: IntoIterator<Item = P>>(paths: I) -> Changes {
        let paths: BTreeSet<PathBuf> = paths.into_iter().map(Into::into).collect();
        let mut changes = Changes::Nothing;
        if !paths.is_empty() {
            changes.merge(Changes::Paths(paths));
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wider_kind_wins_and_paths_add_up() {
        let paths = |list: &[&str]| list.iter().collect::<Changes>();
        let mut changes = paths(&["/a"]);
        changes.merge(paths(&["/b", "/a"]));
        assert_eq!(changes, paths(&["/a", "/b"]));
        changes.merge(Changes::Nothing);
        assert_eq!(changes, paths(&["/a", "/b"]));
        changes.merge(Changes::Rescan);
        changes.merge(paths(&["/c"]));
        assert_eq!(changes, Changes::Rescan);
        changes.merge(Changes::Everything);
        changes.merge(Changes::Rescan);
        assert_eq!(changes.take(), Changes::Everything);
        assert!(changes.is_nothing());
    }

    #[test]
    fn too_many_paths_are_a_rescan() {
        let many: Changes = (0..=CHANGED_PATHS_MAX).map(|i| format!("/{i}")).collect();
        assert_eq!(many, Changes::Rescan);
    }
}
