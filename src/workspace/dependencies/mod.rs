//! Sources of dependencies: which are needed, where they lie, and what is kept of them.
//!
//! What is needed follows from what the folder's files import. Nothing is kept but what is declared; nothing is opened
//! outside the folder, the stores that the user names, and other workspace folders that the folder's own files name.

mod disk;
mod load;
mod neighbours;
mod stores;

use rustc_hash::FxHashSet;

pub use super::bounds::Bounds;
pub use load::{BUDGET_FRACTION, BYTES_MAX, FILE_BYTES_MAX, Job, asked_key, load, specifiers};
pub use neighbours::neighbours;
pub use stores::{Marks, named, stores};

use crate::graph::Libraries;

/// What came of a load.
#[derive(Debug, Default)]
pub struct Loaded {
    pub libraries: Libraries,
    /// Modules that the folder has asked for, by [`asked_key`].
    pub asked: FxHashSet<u64>,
    pub packages: Vec<Package>,
    pub missing: Vec<Missing>,
    /// Why not everything was read, if it was not.
    pub limited: Option<&'static str>,
}

/// A library of which something is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    pub name: String,
    pub files: u32,
    pub bytes: u64,
}

/// A library of which nothing is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    pub name: String,
    pub language: &'static str,
    pub why: &'static str,
}

#[cfg(test)]
mod tests;
