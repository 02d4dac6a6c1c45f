//! Packages of Cargo: which of a folder's packages can name what another one declares.

use rustc_hash::{FxHashMap, FxHashSet};

use super::modules::{MANIFEST, VIRTUAL, WORKSPACE};
use crate::lang::modules::{Layout, Manifest, parent, reach, upwards};

/// The manifest of the package that the file is part of: the nearest above it.
pub fn package_of<'a>(layout: &'a dyn Layout, path: &str) -> Option<&'a Manifest> {
    manifests_above(layout, parent(path)).find(|m| m.values(VIRTUAL).next().is_none())
}

/// The manifest of the workspace that the package is a member of: the nearest above that is one.
fn workspace_of<'a>(layout: &'a dyn Layout, package: &Manifest) -> Option<&'a Manifest> {
    manifests_above(layout, &package.dir).find(|m| m.values(WORKSPACE).next().is_some())
}

fn manifests_above<'a>(layout: &'a dyn Layout, dir: &str) -> impl Iterator<Item = &'a Manifest> {
    let manifests = layout.manifests(MANIFEST);
    upwards(dir).filter_map(move |dir| {
        let at = manifests.binary_search_by(|m| m.dir.as_str().cmp(dir)).ok()?;
        Some(&manifests[at])
    })
}

/// The package that a crate's name stands for in a package, where a manifest gives it another one.
pub fn renamed<'a>(layout: &'a dyn Layout, package: &'a Manifest, name: &str) -> Option<&'a str> {
    of_dependency(package, "rename", name).or_else(|| {
        let workspace = workspace_of(layout, package).filter(|_| is_inherited(package, name))?;
        of_dependency(workspace, "workspace rename", name)
    })
}

/// Where the package lies that a crate's name stands for in a package, if a manifest says so: outside the folder in one of
/// the stores, or nowhere that is known.
pub fn placed(layout: &dyn Layout, package: &Manifest, name: &str) -> Option<Option<String>> {
    if let Some(path) = of_dependency(package, "path", name) {
        return Some(reach(layout, &package.dir, path));
    }
    let workspace = workspace_of(layout, package).filter(|_| is_inherited(package, name))?;
    let path = of_dependency(workspace, "workspace path", name)?;
    Some(reach(layout, &workspace.dir, path))
}

fn is_inherited(package: &Manifest, name: &str) -> bool {
    package.values("inherited").any(|own| own == name)
}

/// What is kept under the key of the dependency.
fn of_dependency<'a>(manifest: &'a Manifest, key: &'a str, name: &str) -> Option<&'a str> {
    manifest.values(key).find_map(|entry| entry.strip_prefix(name)?.strip_prefix('='))
}

/// The names by which a manifest's package depends on others. An inherited one has its package's name, or one that the
/// workspace gives it.
fn needs<'l>(layout: &'l dyn Layout, manifest: &'l Manifest) -> impl Iterator<Item = &'l str> {
    let renamed = manifest.values("rename").filter_map(|entry| entry.split_once('=')).map(|(_, name)| name);
    let workspace = workspace_of(layout, manifest).filter(|_| manifest.values("inherited").next().is_some());
    let inherited = workspace.into_iter().flat_map(move |workspace| {
        manifest.values("inherited").filter_map(|name| of_dependency(workspace, "workspace rename", name))
    });
    manifest.values("dependency").chain(renamed).chain(inherited)
}

/// The names by which others depend on a manifest's package.
fn names(manifest: &Manifest) -> impl Iterator<Item = &str> {
    manifest.name.as_deref().into_iter().chain(manifest.values("package"))
}

/// The directories of the package and of all that depend on it, themselves or by others. A dependency is every package
/// of its name that the folder has, in whatever version.
pub fn dependents<'l>(layout: &'l dyn Layout, dir: &str) -> FxHashSet<&'l str> {
    reached(layout.manifests(MANIFEST), dir, |manifest| needs(layout, manifest), names)
}

/// The directories of the package and of all that it depends on, itself or by others.
pub fn dependencies<'l>(layout: &'l dyn Layout, dir: &str) -> FxHashSet<&'l str> {
    reached(layout.manifests(MANIFEST), dir, names, |manifest| needs(layout, manifest))
}

/// The directories of the package and of all that are reached from it: each leads on by some names to those that have them.
fn reached<'l, H, L>(
    manifests: &'l [Manifest],
    dir: &str,
    has: impl Fn(&'l Manifest) -> H,
    leads: impl Fn(&'l Manifest) -> L,
) -> FxHashSet<&'l str>
where
    H: Iterator<Item = &'l str>,
    L: Iterator<Item = &'l str>,
{
    // By name: as many packages may have one name, links between packages could be the square of their number.
    let mut by_name: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (at, manifest) in manifests.iter().enumerate() {
        for name in has(manifest) {
            by_name.entry(name).or_default().push(at);
        }
    }
    let mut dirs: FxHashSet<&str> = FxHashSet::default();
    let mut open: Vec<usize> = manifests.iter().position(|m| m.dir == dir).into_iter().collect();
    while let Some(at) = open.pop() {
        let manifest = &manifests[at];
        if dirs.insert(&manifest.dir) {
            open.extend(leads(manifest).filter_map(|name| by_name.remove(name)).flatten());
        }
    }
    dirs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::LangId;
    use crate::lang::modules::FileId;

    struct Manifests(Vec<Manifest>);

    impl Layout for Manifests {
        fn file(&self, _: &str) -> Option<FileId> {
            None
        }
        fn path(&self, _: FileId) -> &str {
            ""
        }
        fn files_in(&self, _: &str) -> Vec<FileId> {
            Vec::new()
        }
        fn files_named(&self, _: &str, _: usize) -> Vec<FileId> {
            Vec::new()
        }
        fn has_dir(&self, _: &str) -> bool {
            false
        }
        fn lang(&self, _: FileId) -> LangId {
            LangId::all().next().unwrap()
        }
        fn manifests(&self, _: &str) -> &[Manifest] {
            &self.0
        }
    }

    #[test]
    fn many_packages_of_one_name_that_use_that_name_are_followed_once() {
        let manifest = |at: u32| Manifest {
            dir: format!("{at:06}"),
            file: MANIFEST.to_owned(),
            name: Some("same".to_owned()),
            entries: vec![("dependency".to_owned(), "same".to_owned())],
        };
        let layout = Manifests((0..60_000).map(manifest).collect());
        assert_eq!(dependents(&layout, "000007").len(), layout.0.len());
        assert_eq!(dependencies(&layout, "000007").len(), layout.0.len());
    }
}
