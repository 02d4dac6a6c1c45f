//! Packages of Cargo: which of a folder's packages can name what another one declares.

use rustc_hash::{FxHashMap, FxHashSet};

use super::modules::MANIFEST;
use crate::lang::modules::{Layout, Manifest, parent, upwards};

/// The manifest of the package that the file is part of: the nearest above it.
pub fn package_of<'a>(layout: &'a dyn Layout, path: &str) -> Option<&'a Manifest> {
    let manifests = layout.manifests(MANIFEST);
    upwards(parent(path)).find_map(|dir| {
        let at = manifests.binary_search_by(|m| m.dir.as_str().cmp(dir)).ok()?;
        Some(&manifests[at])
    })
}

/// The directories of the package and of all that depend on it, themselves or by others. A dependency is every package
/// of its name that the folder has, in whatever version.
pub fn dependents(layout: &dyn Layout, dir: &str) -> FxHashSet<String> {
    let manifests = layout.manifests(MANIFEST);
    let mut named: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (at, manifest) in manifests.iter().enumerate() {
        for name in manifest.name.as_deref().into_iter().chain(manifest.values("package")) {
            named.entry(name).or_default().push(at);
        }
    }
    let mut used_by: Vec<Vec<usize>> = vec![Vec::new(); manifests.len()];
    for (at, manifest) in manifests.iter().enumerate() {
        let renamed =
            manifest.values("rename").filter_map(|entry| entry.split_once('=')).map(|(_, name)| name);
        for name in manifest.values("dependency").chain(renamed) {
            for dependency in named.get(name).into_iter().flatten() {
                used_by[*dependency].push(at);
            }
        }
    }
    let mut dirs: FxHashSet<String> = FxHashSet::default();
    let mut open: Vec<usize> = manifests.iter().position(|m| m.dir == dir).into_iter().collect();
    while let Some(at) = open.pop() {
        if dirs.insert(manifests[at].dir.clone()) {
            open.extend(&used_by[at]);
        }
    }
    dirs
}
