//! Paths and directories of a graph. Files lie sorted by path, so a directory is a range, and what is below a
//! subdirectory is passed over in one search.

use super::generation::Graph;
use crate::lang::LangId;
use crate::lang::modules::{FileId, Layout, Manifest, file_name};

impl Layout for Graph {
    fn path(&self, file: FileId) -> &str {
        self.path_of(file)
    }

    fn file(&self, path: &str) -> Option<FileId> {
        let frozen = || self.base.find(path).filter(|id| !self.overlay.is_removed(*id));
        self.overlay.find_new(path).or_else(frozen)
    }

    fn files_in(&self, dir: &str) -> Vec<FileId> {
        let frozen = Sorted {
            len: self.base.file_count(),
            path: |n| self.base.path(FileId(n)),
            first_from: |path: &str| self.base.first_from(path),
        };
        let mut files = Vec::new();
        let prefix = prefix(dir);
        frozen.directly_below(&prefix, |n| {
            if !self.overlay.is_removed(FileId(n)) {
                files.push(FileId(n));
            }
        });
        let new = self.overlay.new_files();
        let sorted = Sorted {
            len: new.len() as u32,
            path: |n| &*new[n as usize].0,
            first_from: |path: &str| new.partition_point(|(p, _)| **p < *path) as u32,
        };
        let frozen_files = files.len();
        sorted.directly_below(&prefix, |n| files.push(new[n as usize].1));
        let shelf = self.overlay.libraries();
        let libraries = Sorted {
            len: shelf.len(),
            path: |n| shelf.path(n),
            first_from: |path: &str| shelf.first_from(path),
        };
        libraries.directly_below(&prefix, |n| files.push(shelf.id(n as usize)));
        if files.len() > frozen_files {
            // In the order of a fresh build, wherever a file lies.
            files.sort_by(|a, b| self.path(*a).cmp(self.path(*b)));
        }
        files
    }

    fn files_named(&self, name: &str, max: usize) -> Vec<FileId> {
        let frozen = self.base.files_named(name).filter(|id| !self.overlay.is_removed(*id));
        let new = self.overlay.new_files().iter();
        let new = new.filter(|(path, _)| file_name(path) == name).map(|(_, id)| *id);
        let mut files: Vec<FileId> = frozen.chain(new).collect();
        files.sort_by(|a, b| self.path(*a).cmp(self.path(*b)));
        files.truncate(max);
        files
    }

    fn has_dir(&self, dir: &str) -> bool {
        let prefix = prefix(dir);
        let first = self.base.first_from(&prefix);
        let frozen = (first..self.base.file_count())
            .map(FileId)
            .take_while(|id| self.base.path(*id).starts_with(&prefix))
            .any(|id| !self.overlay.is_removed(id));
        let new = self.overlay.new_files();
        let first = new.partition_point(|(p, _)| **p < *prefix);
        let shelf = self.overlay.libraries();
        let in_libraries = || {
            let first = shelf.first_from(&prefix);
            first < shelf.len() && shelf.path(first).starts_with(&prefix)
        };
        frozen || new.get(first).is_some_and(|(p, _)| p.starts_with(&prefix)) || in_libraries()
    }

    fn lang(&self, file: FileId) -> LangId {
        self.lang_of(file)
    }

    fn manifests(&self, file_name: &str) -> &[Manifest] {
        self.manifests.named(file_name)
    }

    fn stores(&self) -> &[String] {
        self.manifests.stores()
    }

    fn root(&self) -> &str {
        self.manifests.root()
    }
}

/// What the paths of everything below a directory start with.
fn prefix(dir: &str) -> String {
    if dir.is_empty() { String::new() } else { format!("{dir}/") }
}

/// Paths in order, and a search among them.
struct Sorted<P, F> {
    len: u32,
    path: P,
    first_from: F,
}

impl<'a, P: Fn(u32) -> &'a str, F: Fn(&str) -> u32> Sorted<P, F> {
    /// The paths that have the prefix and no `/` after it.
    fn directly_below(&self, prefix: &str, mut found: impl FnMut(u32)) {
        let mut at = (self.first_from)(prefix);
        while at < self.len {
            let Some(rest) = (self.path)(at).strip_prefix(prefix) else { break };
            at = match rest.find('/') {
                // `0` is the character after `/`: the first path that is not below the subdirectory.
                Some(slash) => (self.first_from)(&format!("{prefix}{}0", &rest[..slash])),
                None => {
                    found(at);
                    at + 1
                }
            };
        }
    }
}
