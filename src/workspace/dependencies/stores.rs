//! Where a folder's libraries lie.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::super::bounds::Bounds;
use super::super::scan;
use super::super::settings::Dependencies;
use crate::graph::Graph;

/// Entries of a directory that are looked at for environments and stores in it.
const ENTRIES_MAX: usize = 1_024;
/// Stores of one folder.
const STORES_MAX: usize = 64;

/// Files and directories that are written when dependencies change.
const MARKS: [&str; 17] = [
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "node_modules",
    "node_modules/.package-lock.json",
    "node_modules/.yarn-integrity",
    "node_modules/.modules.yaml",
    "node_modules/@types",
    "requirements.txt",
    "poetry.lock",
    "uv.lock",
    "Pipfile.lock",
    "go.mod",
    "go.sum",
    "vendor/modules.txt",
    "Cargo.lock",
];

/// The directories in which libraries lie by their names, as module rules take them: relative to the folder if they are
/// in it, else absolute.
pub fn stores(root: &Path, setting: &Dependencies) -> Vec<String> {
    let bounds = Bounds::new(root, named(setting));
    let mut found = environments(root, &bounds);
    // Where `vendor` is not ignored it is source like any other, and the graph has it anyway.
    let vendored = ["vendor/modules.txt", "Cargo.lock"].iter().any(|mark| root.join(mark).is_file());
    found.extend((vendored && root.join("vendor").is_dir()).then(|| "vendor".to_owned()));
    if let Dependencies::Stores(named) = setting {
        for store in named {
            let Ok(real) = store.canonicalize() else { continue };
            for dir in parts(&real, &bounds) {
                match dir.strip_prefix(root).ok().and_then(scan::relative) {
                    Some(inside) => found.push(inside),
                    None => found.extend(dir.to_str().map(str::to_owned)),
                }
            }
        }
    }
    found.sort_unstable_by_key(|store| store.starts_with('/'));
    found.dedup();
    found.retain(|store| !store.is_empty());
    found.truncate(STORES_MAX);
    found
}

/// Paths that the user's setting lets be opened.
pub fn named(setting: &Dependencies) -> &[PathBuf] {
    match setting {
        Dependencies::Stores(named) => named,
        Dependencies::Inside | Dependencies::Off => &[],
    }
}

/// The `site-packages` of virtual environments that lie directly in the folder.
fn environments(root: &Path, bounds: &Bounds) -> Vec<String> {
    let mut found = Vec::new();
    for name in entries(root) {
        let dir = root.join(&name);
        if !dir.join("pyvenv.cfg").is_file() {
            continue;
        }
        for site in site_packages(&dir, bounds) {
            found.extend(site.strip_prefix(root).ok().and_then(scan::relative));
        }
    }
    found
}

/// What an environment has in it; nothing if it is a link to where nothing may be opened.
fn site_packages(environment: &Path, bounds: &Bounds) -> Vec<PathBuf> {
    let lib = environment.join("lib");
    let names = if bounds.holds(&lib) { entries(&lib) } else { Vec::new() };
    let versions = names.into_iter().filter(|name| name.starts_with("python"));
    let unix = versions.map(|name| lib.join(name).join("site-packages"));
    unix.chain([environment.join("Lib/site-packages")])
        .filter(|dir| dir.is_dir() && bounds.holds(dir))
        .collect()
}

/// A store as the user names it, and those in it where it is only what holds them: an environment, a registry's cache, a
/// `GOPATH` or `GOROOT`.
fn parts(store: &Path, bounds: &Bounds) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = site_packages(store, bounds);
    let registry = |name: &String| name.starts_with("index.") || name.starts_with("github.com-");
    found.extend(entries(store).iter().filter(|name| registry(name)).map(|name| store.join(name)));
    let inner = ["node_modules", "pkg/mod", "src"].map(|name| store.join(name));
    let whole = |dir: &PathBuf| dir.is_dir() && (!dir.ends_with("src") || dir.join("builtin").is_dir());
    found.extend(inner.into_iter().filter(whole));
    found.push(store.to_owned());
    found
}

/// Names in a directory, in order; none if it cannot be read.
fn entries(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let entries = entries.take(ENTRIES_MAX).flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    names
}

/// What was there of everything that changes with the dependencies: a load is right for as long as this is the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(Vec<(String, Option<i128>)>);

impl Marks {
    /// Looks at the folder and at every directory with a manifest in it, and at the stores.
    pub fn read(root: &Path, graph: &Graph, setting: &Dependencies) -> Marks {
        const DIRS_MAX: usize = 64;
        let mut dirs: Vec<&str> = graph.all_manifests().map(|m| m.dir.as_str()).collect();
        dirs.push("");
        dirs.sort_unstable();
        dirs.dedup();
        dirs.truncate(DIRS_MAX);
        let below = dirs.iter().flat_map(|dir| MARKS.iter().map(move |mark| (dir, mark)));
        let mut paths: Vec<String> = below
            .map(|(dir, mark)| if dir.is_empty() { (*mark).to_owned() } else { format!("{dir}/{mark}") })
            .collect();
        paths.extend(stores(root, setting));
        Marks(
            paths
                .into_iter()
                .map(|path| (changed_at(&root.join(&path)), path))
                .map(|(at, p)| (p, at))
                .collect(),
        )
    }
}

/// When a file or directory was last written, in nanoseconds.
fn changed_at(path: &Path) -> Option<i128> {
    let changed = fs::metadata(path).ok()?.modified().ok()?;
    Some(match changed.duration_since(UNIX_EPOCH) {
        Ok(after) => after.as_nanos() as i128,
        Err(before) => -(before.duration().as_nanos() as i128),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_and_registries_are_looked_into() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("folder");
        for path in ["folder/env/lib/python3.11/site-packages", "folder/plain/lib/python3.11/site-packages"] {
            fs::create_dir_all(dir.path().join(path)).unwrap();
        }
        fs::write(root.join("env/pyvenv.cfg"), "").unwrap();
        assert_eq!(stores(&root, &Dependencies::Inside), ["env/lib/python3.11/site-packages"]);
        // A link is followed to where something may be opened, and nowhere else.
        let outside = dir.path().join("outside");
        fs::create_dir_all(outside.join("lib/python3.11/site-packages")).unwrap();
        fs::write(outside.join("pyvenv.cfg"), "").unwrap();
        std::os::unix::fs::symlink(&outside, root.join("linked")).unwrap();
        assert_eq!(stores(&root, &Dependencies::Inside), ["env/lib/python3.11/site-packages"]);
        let with_it = stores(&root, &Dependencies::Stores(vec![outside]));
        assert!(with_it.contains(&"linked/lib/python3.11/site-packages".to_owned()), "{with_it:?}");
        let registry = dir.path().join("registry");
        fs::create_dir_all(registry.join("index.crates.io-1")).unwrap();
        let real = registry.canonicalize().unwrap();
        let named = stores(&root, &Dependencies::Stores(vec![registry, "/not/there".into()]));
        let inner = real.join("index.crates.io-1");
        assert_eq!(
            named[1..],
            [inner.to_str().unwrap().to_owned(), real.to_str().unwrap().to_owned()],
            "{named:?}"
        );
    }
}
