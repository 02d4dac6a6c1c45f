//! Go's modules: a package is a directory, its import path is found through `go.mod` and `vendor`.

use smallvec::SmallVec;

use super::constraints;
use crate::lang::modules::{
    FileId, Layout, Manifest, ModuleStrategy, ModuleTarget, Unit, is_in, join, parent, upwards,
};

/// Module rules of Go.
pub struct Modules;

/// Elements of an import path that name a repository and say nothing of the directory in it (`github.com/a/b`).
const REPOSITORY_PARTS: usize = 3;

impl ModuleStrategy for Modules {
    fn by_directory(&self) -> bool {
        true
    }

    fn manifest_names(&self) -> &'static [&'static str] {
        &["go.mod", "go.work"]
    }

    fn read_manifest(&self, dir: &str, file: &str, text: &str) -> Option<Manifest> {
        let mut manifest =
            Manifest { dir: dir.to_owned(), file: file.to_owned(), name: None, entries: Vec::new() };
        let mut block = None;
        for line in text.lines() {
            let line = line.split("//").next().unwrap_or_default().trim();
            let mut words = line.split_whitespace();
            let Some(first) = words.next() else { continue };
            match (block, first) {
                (Some(_), ")") => block = None,
                (Some(directive), _) => directive_line(&mut manifest, directive, line),
                (None, directive) => {
                    let rest = line[first.len()..].trim();
                    if rest == "(" {
                        block = Some(directive);
                    } else {
                        directive_line(&mut manifest, directive, rest);
                    }
                }
            }
        }
        Some(manifest)
    }

    fn resolve(&self, layout: &dyn Layout, from: FileId, specifier: &str) -> ModuleTarget {
        let here = parent(layout.path(from));
        let path = specifier.trim_end_matches('/');
        if path == "C" || path == "unsafe" {
            return ModuleTarget::External;
        }
        if path.starts_with('.') {
            return match join(here, path) {
                Some(dir) => package(layout, from, &dir).unwrap_or(ModuleTarget::Unknown),
                None => ModuleTarget::External,
            };
        }
        replaced(layout, from, path)
            .or_else(|| in_modules(layout, from, path))
            .or_else(|| vendored(layout, from, path))
            .or_else(|| stored(layout, from, path))
            .or_else(|| without_module(layout, from, path))
            .unwrap_or(ModuleTarget::External)
    }

    fn library_manifests(&self, layout: &dyn Layout, from: FileId, specifier: &str) -> Vec<String> {
        let dirs = cached(layout, parent(layout.path(from)), specifier.trim_end_matches('/'));
        let modules = layout.stores().iter().map(|store| format!("{store}/go.mod"));
        dirs.into_iter().map(|(dir, _)| format!("{dir}/go.mod")).chain(modules).collect()
    }

    fn child_of_dir(&self, _layout: &dyn Layout, _dir: &str, _name: &str) -> ModuleTarget {
        ModuleTarget::Unknown
    }

    fn specifier(&self, layout: &dyn Layout, from: FileId, target: FileId) -> Option<String> {
        let dir = parent(layout.path(target));
        let inside =
            |m: &&Manifest| m.dir.is_empty() || dir == m.dir || dir.starts_with(&format!("{}/", m.dir));
        let module = layout.manifests("go.mod").iter().filter(inside).max_by_key(|m| m.dir.len())?;
        let below = dir[module.dir.len()..].trim_matches('/');
        let specifier = match (module.name.as_deref()?, below) {
            (name, "") => name.to_owned(),
            // The standard library's own module has no part in its paths.
            ("std", below) => below.to_owned(),
            (name, below) => format!("{name}/{below}"),
        };
        let reaches =
            matches!(self.resolve(layout, from, &specifier), ModuleTarget::Files(f) if f.contains(&target));
        reaches.then_some(specifier)
    }

    fn closed_units(&self) -> Option<Unit> {
        Some(Unit::Directory)
    }

    fn is_left_out(&self, path: &str) -> bool {
        constraints::is_left_out(path)
    }

    /// The files of the directory, as far as they may be of the same package: other files never see tests.
    /// Which of them are is said by their package clauses.
    fn siblings(&self, layout: &dyn Layout, file: FileId) -> Vec<FileId> {
        let path = layout.path(file);
        let test = is_test(path);
        layout
            .files_in(parent(path))
            .into_iter()
            .filter(|other| *other != file && is_go(layout, *other))
            .filter(|other| test || !is_test(layout.path(*other)))
            .collect()
    }
}

/// One directive of a `go.mod` or `go.work`, in a block or on a line of its own.
fn directive_line(manifest: &mut Manifest, directive: &str, rest: &str) {
    let unquoted = |word: &str| word.trim_matches(['"', '`']).to_owned();
    match directive {
        "module" => manifest.name = rest.split_whitespace().next().map(unquoted),
        "require" => {
            let mut words = rest.split_whitespace();
            if let (Some(path), Some(version)) = (words.next(), words.next()) {
                manifest.entries.push((format!("require {}", unquoted(path)), unquoted(version)));
            }
        }
        "replace" => {
            let Some((old, new)) = rest.split_once("=>") else { return };
            let (Some(old), Some(new)) = (old.split_whitespace().next(), new.split_whitespace().next())
            else {
                return;
            };
            manifest.entries.push((format!("replace {}", unquoted(old)), unquoted(new)));
        }
        _ => {}
    }
}

/// What `path` is below `prefix`: `Some("")` for the prefix itself.
fn below<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(prefix)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

fn is_go(layout: &dyn Layout, file: FileId) -> bool {
    layout.path(file).ends_with(".go")
}

fn is_test(path: &str) -> bool {
    path.ends_with("_test.go")
}

/// The package in the directory as the file sees it: tests of the directory itself see its tests too.
fn package(layout: &dyn Layout, from: FileId, dir: &str) -> Option<ModuleTarget> {
    let from = layout.path(from);
    let tests = is_test(from) && parent(from) == dir;
    let files: SmallVec<[FileId; 1]> = layout
        .files_in(dir)
        .into_iter()
        .filter(|file| is_go(layout, *file) && (tests || !is_test(layout.path(*file))))
        .collect();
    (!files.is_empty()).then_some(ModuleTarget::Files(files))
}

/// The manifest that governs the directory: the one in it or in the nearest directory above.
fn governing<'a>(layout: &'a dyn Layout, name: &str, dir: &str) -> Option<&'a Manifest> {
    layout.manifests(name).iter().filter(|m| below_dir(dir, &m.dir)).max_by_key(|m| m.dir.len())
}

fn below_dir(dir: &str, top: &str) -> bool {
    top.is_empty() || below(dir, top).is_some()
}

/// By a `replace` directive with a path, of the module or of the workspace around it.
fn replaced(layout: &dyn Layout, from: FileId, path: &str) -> Option<ModuleTarget> {
    let here = parent(layout.path(from));
    for name in ["go.work", "go.mod"] {
        let Some(manifest) = governing(layout, name, here) else { continue };
        let mut found: Option<(usize, String)> = None;
        for (key, target) in &manifest.entries {
            let Some(old) = key.strip_prefix("replace ") else { continue };
            let Some(rest) = below(path, old) else { continue };
            if !target.starts_with('.') {
                continue;
            }
            let Some(dir) = join(&manifest.dir, target).and_then(|dir| join(&dir, rest)) else {
                // Outside the folder, where a store may be.
                return Some(of_store(layout, from, path).unwrap_or(ModuleTarget::External));
            };
            if found.as_ref().is_none_or(|(len, _)| old.len() > *len) {
                found = Some((old.len(), dir));
            }
        }
        if let Some((_, dir)) = found
            && let Some(target) = package(layout, from, &dir)
        {
            return Some(target);
        }
    }
    None
}

/// In a module of the folder: the longest module path first, of equal ones the file's own.
fn in_modules(layout: &dyn Layout, from: FileId, path: &str) -> Option<ModuleTarget> {
    let here = parent(layout.path(from));
    let mut candidates: Vec<(usize, bool, String)> = layout
        .manifests("go.mod")
        .iter()
        // Of a library there may be several versions; only its own files find it so.
        .filter(|m| !is_in(&m.dir, layout.stores()) || below_dir(here, &m.dir))
        .filter_map(|manifest| {
            // Packages of the standard library are imported without their module's name.
            let name = manifest.name.as_deref().map(|name| if name == "std" { "" } else { name })?;
            let rest = if name.is_empty() { path } else { below(path, name)? };
            let dir = join(&manifest.dir, rest)?;
            Some((name.len(), below_dir(here, &manifest.dir), dir))
        })
        .collect();
    candidates.sort_by_key(|(len, own, _)| std::cmp::Reverse((*len, *own)));
    let of_folder = candidates.iter().any(|(len, _, dir)| *len > 0 && !is_in(dir, layout.stores()));
    let found = candidates.iter().find_map(|(_, _, dir)| package(layout, from, dir));
    // A path inside a module of the folder is nowhere else, so a missing package is not taken for a library.
    found.or_else(|| of_folder.then_some(ModuleTarget::Unknown))
}

/// In the `vendor` directory of a directory above the file.
fn vendored(layout: &dyn Layout, from: FileId, path: &str) -> Option<ModuleTarget> {
    for dir in upwards(parent(layout.path(from))) {
        let vendor = join(dir, "vendor")?;
        if layout.has_dir(&vendor)
            && let Some(target) = package(layout, from, &join(&vendor, path)?)
        {
            return Some(target);
        }
    }
    None
}

/// Where the module of an import path lies in the module caches, with what follows the module in the path, by the versions
/// that the folder's modules require, those around the file first.
fn cached(layout: &dyn Layout, here: &str, path: &str) -> Vec<(String, String)> {
    let mut required: Vec<(bool, bool, usize, &str, &str)> = Vec::new();
    for manifest in layout.manifests("go.mod") {
        for (key, version) in &manifest.entries {
            let Some(module) = key.strip_prefix("require ").filter(|module| below(path, module).is_some())
            else {
                continue;
            };
            let own = is_in(&manifest.dir, layout.stores());
            required.push((own, !below_dir(here, &manifest.dir), usize::MAX - module.len(), module, version));
        }
    }
    // The folder chooses versions for its libraries, too.
    required.sort_unstable();
    let mut found = Vec::new();
    for (.., module, version) in required {
        let dir = format!("{}@{}", escaped(module), escaped(version));
        let rest = below(path, module).unwrap_or_default();
        for store in layout.stores() {
            if let Some(dir) = join(store, &dir).filter(|dir| layout.has_dir(dir)) {
                found.push((dir, rest.to_owned()));
            }
        }
    }
    found
}

/// The way in which the module cache writes paths: a capital is its small letter behind an exclamation mark.
fn escaped(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        if c.is_ascii_uppercase() {
            out.push('!');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// In a module cache, or where a store is the root of import paths (a standard library, a `vendor` directory).
fn stored(layout: &dyn Layout, from: FileId, path: &str) -> Option<ModuleTarget> {
    let here = parent(layout.path(from));
    let in_cache = cached(layout, here, path)
        .into_iter()
        .find_map(|(dir, rest)| package(layout, from, &join(&dir, &rest)?));
    in_cache
        .or_else(|| layout.stores().iter().find_map(|store| package(layout, from, &join(store, path)?)))
        .or_else(|| of_store(layout, from, path))
}

/// In a store that is a module itself.
fn of_store(layout: &dyn Layout, from: FileId, path: &str) -> Option<ModuleTarget> {
    let modules = layout.manifests("go.mod").iter().filter(|m| layout.stores().contains(&m.dir));
    let dirs = modules.filter_map(|m| join(&m.dir, below(path, m.name.as_deref()?)?));
    dirs.into_iter().find_map(|dir| package(layout, from, &dir))
}

/// Code that no `go.mod` governs: the path as it is below `src` or a directory above, or its end below the
/// repository's name if it is long enough to be no coincidence.
fn without_module(layout: &dyn Layout, from: FileId, path: &str) -> Option<ModuleTarget> {
    let here = parent(layout.path(from));
    if governing(layout, "go.mod", here).is_some() {
        return None;
    }
    let is_remote = path.split('/').next().is_some_and(|host| host.contains('.'));
    for dir in upwards(here) {
        for root in ["src", ""] {
            // A one-word path at the top would turn every folder called like a standard package into it.
            if (is_remote || root == "src" || path.contains('/'))
                && let Some(target) = package(layout, from, &join(&join(dir, root)?, path)?)
            {
                return Some(target);
            }
        }
    }
    let parts: Vec<&str> = path.split('/').collect();
    if is_remote && parts.len() >= REPOSITORY_PARTS + 2 {
        return package(layout, from, &parts[REPOSITORY_PARTS..].join("/"));
    }
    None
}

/// The directory of a file, for tests and messages.
#[cfg(test)]
fn dir_of(path: &str) -> &str {
    parent(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::LangId;
    use crate::lang::modules::file_name;

    struct Folder {
        files: Vec<&'static str>,
        manifests: Vec<Manifest>,
    }

    impl Folder {
        fn new(files: &[&'static str], manifests: &[(&str, &str)]) -> Folder {
            let read = |(path, text): &(&str, &str)| {
                Modules.read_manifest(parent(path), file_name(path), text).unwrap()
            };
            Folder { files: files.to_vec(), manifests: manifests.iter().map(read).collect() }
        }

        /// The files that the import in the first file leads to.
        fn import(&self, path: &str) -> Vec<&'static str> {
            match Modules.resolve(self, FileId(0), path) {
                ModuleTarget::Files(files) => files.iter().map(|f| self.files[f.index()]).collect(),
                ModuleTarget::External => vec!["external"],
                ModuleTarget::Unknown => vec!["unknown"],
                ModuleTarget::Directory(_) => vec!["directory"],
            }
        }
    }

    impl Layout for Folder {
        fn path(&self, file: FileId) -> &str {
            self.files[file.index()]
        }
        fn file(&self, path: &str) -> Option<FileId> {
            self.files.iter().position(|f| *f == path).map(|at| FileId(at as u32))
        }
        fn files_in(&self, dir: &str) -> Vec<FileId> {
            (0..self.files.len() as u32)
                .map(FileId)
                .filter(|f| dir_of(self.files[f.index()]) == dir)
                .collect()
        }
        fn files_named(&self, file_name: &str, _: usize) -> Vec<FileId> {
            let named = |f: &FileId| crate::lang::modules::file_name(self.path(*f)) == file_name;
            (0..self.files.len() as u32).map(FileId).filter(named).collect()
        }
        fn has_dir(&self, dir: &str) -> bool {
            self.files.iter().any(|f| below_dir(dir_of(f), dir))
        }
        fn lang(&self, _file: FileId) -> LangId {
            LangId::of_language_id("go").unwrap()
        }
        fn manifests(&self, name: &str) -> &[Manifest] {
            match self.manifests.iter().position(|m| m.file == name) {
                Some(_) if self.manifests.iter().all(|m| m.file == name) => &self.manifests,
                _ => &[],
            }
        }
    }

    #[test]
    fn import_paths_are_found_through_the_module_of_the_folder() {
        let folder = Folder::new(
            &["main.go", "main_test.go", "util/a.go", "util/b.go", "util/a_test.go", "sub/x/x.go"],
            &[
                ("go.mod", "module example.com/top // here\n\ngo 1.22\n"),
                ("sub/go.mod", "module example.com/top/sub\n"),
            ],
        );
        assert_eq!(folder.import("example.com/top/util"), ["util/a.go", "util/b.go"]);
        assert_eq!(folder.import("example.com/top/sub/x"), ["sub/x/x.go"]);
        assert_eq!(folder.import("example.com/top"), ["main.go"]);
        assert_eq!(folder.import("example.com/top/gone"), ["unknown"]);
        assert_eq!(folder.import("example.com/topping"), ["external"]);
        assert_eq!(folder.import("fmt"), ["external"]);
    }

    #[test]
    fn replace_directives_with_a_path_lead_there() {
        let folder = Folder::new(
            &["app/main.go", "lib/v.go", "lib/deep/w.go"],
            &[("app/go.mod", "module a\nreplace (\n\tgithub.com/x/lib v1.0.0 => ../lib\n\tb => c v1\n)\n")],
        );
        assert_eq!(folder.import("github.com/x/lib"), ["lib/v.go"]);
        assert_eq!(folder.import("github.com/x/lib/deep"), ["lib/deep/w.go"]);
        assert_eq!(folder.import("b"), ["external"]);
    }

    #[test]
    fn vendored_packages_are_in_the_folder() {
        let folder = Folder::new(&["cmd/main.go", "vendor/github.com/x/y/y.go"], &[("go.mod", "module m\n")]);
        assert_eq!(folder.import("github.com/x/y"), ["vendor/github.com/x/y/y.go"]);
        assert_eq!(folder.import("github.com/x/z"), ["external"]);
    }

    #[test]
    fn without_a_module_only_whole_paths_and_long_ends_match() {
        let folder = Folder::new(
            &["src/example.com/a/main.go", "src/example.com/b/b.go", "pkg/util/strings/s.go", "strings/t.go"],
            &[],
        );
        assert_eq!(folder.import("example.com/b"), ["src/example.com/b/b.go"]);
        assert_eq!(folder.import("github.com/o/r/pkg/util/strings"), ["pkg/util/strings/s.go"]);
        assert_eq!(folder.import("github.com/o/r/strings"), ["external"]);
        assert_eq!(folder.import("strings"), ["external"]);
    }

    #[test]
    fn siblings_are_the_files_of_the_directory_and_tests_see_tests() {
        let folder = Folder::new(&["p/a.go", "p/b.go", "p/a_test.go", "p/c_test.go", "q/d.go"], &[]);
        let names = |file: u32| -> Vec<&str> {
            Modules.siblings(&folder, FileId(file)).iter().map(|f| folder.files[f.index()]).collect()
        };
        assert_eq!(names(0), ["p/b.go"]);
        assert_eq!(names(2), ["p/a.go", "p/b.go", "p/c_test.go"]);
    }
}
