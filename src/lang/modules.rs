//! How a language finds the file that a module specifier names.
//!
//! A strategy is the only per-language code that looks beyond one file, and it sees no more than the folder's
//! paths and manifests.

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::facts::Span;
use super::{LangId, Tree};

/// A file of a folder's graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

impl FileId {
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What the project file of a package says (`package.json`, `Cargo.toml`, `go.mod`, …), reduced by its strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The directory that it stands in, relative to the folder; empty for the folder itself.
    pub dir: String,
    /// The manifest's own file name.
    pub file: String,
    /// The package's name, if it has one.
    pub name: Option<String>,
    /// What the strategy keeps of it: key and value, in source order.
    pub entries: Vec<(String, String)>,
}

impl Manifest {
    /// The values that stand under the key, in source order.
    pub fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.entries.iter().filter(move |(k, _)| k == key).map(|(_, v)| v.as_str())
    }
}

/// What a strategy may know of a folder. Paths are relative to the folder, separated by `/`.
pub trait Layout {
    fn path(&self, file: FileId) -> &str;
    fn file(&self, path: &str) -> Option<FileId>;
    /// The files directly inside the directory; `""` is the folder itself.
    fn files_in(&self, dir: &str) -> Vec<FileId>;
    /// Files of that name, wherever they lie, by path; at most so many.
    fn files_named(&self, file_name: &str, max: usize) -> Vec<FileId>;
    /// Whether any file of the graph lies in or below the directory.
    fn has_dir(&self, dir: &str) -> bool;
    fn lang(&self, file: FileId) -> LangId;
    /// All manifests of that file name, sorted by directory.
    fn manifests(&self, file_name: &str) -> &[Manifest];
    /// Directories in which libraries lie by the names that imports give them (`site-packages`, a module cache): inside
    /// the folder, or absolute.
    fn stores(&self) -> &[String] {
        &[]
    }
    /// Where the folder lies; empty while nothing is known of what lies around it.
    fn root(&self) -> &str {
        ""
    }
}

/// What a module specifier names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModuleTarget {
    /// A module made of these files: one for most languages, a package's files for Go.
    Files(SmallVec<[FileId; 1]>),
    /// A directory that is a namespace without a file of its own.
    Directory(String),
    /// Known to lie outside the folder.
    External,
    /// Not found, and not known to be outside either.
    Unknown,
}

impl ModuleTarget {
    pub fn file(file: FileId) -> Self {
        ModuleTarget::Files(SmallVec::from_slice(&[file]))
    }
}

/// What sees each other's names without an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    File,
    /// All files of a directory.
    Directory,
}

/// The module rules of a language.
pub trait ModuleStrategy: Sync {
    /// File names of the manifests that it wants to see.
    fn manifest_names(&self) -> &'static [&'static str];
    /// File names of what says at the top of a folder where that lies which the folder depends on.
    fn dependency_files(&self) -> &'static [&'static str] {
        self.manifest_names()
    }
    /// Names of the files at the top of a project that stand for it, what people look after themselves first.
    fn project_files(&self) -> &'static [&'static str] {
        self.manifest_names()
    }
    /// Reads a manifest; `None` if it says nothing of use. Never fails: a broken manifest is no manifest.
    fn read_manifest(&self, dir: &str, file: &str, text: &str) -> Option<Manifest>;
    /// The module that a [`Term::Module`](super::facts::Term::Module) specifier names in the file.
    fn resolve(&self, layout: &dyn Layout, from: FileId, specifier: &str) -> ModuleTarget;
    /// The directory in which the submodules of a module file lie, if it can have any.
    fn child_dir(&self, _layout: &dyn Layout, _parent: FileId) -> Option<String> {
        None
    }
    /// The submodule of a module file (Rust's `mod name;`, a member of a Python package).
    fn child(&self, layout: &dyn Layout, parent: FileId, name: &str) -> ModuleTarget {
        match self.child_dir(layout, parent) {
            Some(dir) => self.child_of_dir(layout, &dir, name),
            None => ModuleTarget::Unknown,
        }
    }
    /// The submodule inside a namespace directory.
    fn child_of_dir(&self, layout: &dyn Layout, dir: &str, name: &str) -> ModuleTarget;
    /// The path in a specifier that is one from the file that has it, rather than a name; nothing where a language has only
    /// names.
    fn ways(&self) -> Option<fn(&str) -> Option<&str>> {
        None
    }
    /// The path without an extension, relative to the folder, that a relative specifier can only mean.
    fn beside(&self, _layout: &dyn Layout, _from: FileId, _specifier: &str) -> Option<String> {
        None
    }
    /// The path without an extension that [`child`](Self::child) can only be at.
    fn child_path(&self, _layout: &dyn Layout, _parent: FileId, _name: &str) -> Option<String> {
        None
    }
    /// The other files that share one top-level scope with the file (a Go package).
    fn siblings(&self, layout: &dyn Layout, file: FileId) -> Vec<FileId>;
    /// The specifier by which the file names a module, the way people write it; `None` if it cannot.
    fn specifier(&self, _layout: &dyn Layout, _from: FileId, _target: FileId) -> Option<String> {
        None
    }
    /// The directory and the name of the module that a file is by its path: what imports call it where they name it by one
    /// name. The main file of a directory may be called by that.
    fn module_of<'p>(&self, path: &'p str) -> (&'p str, &'p str) {
        (parent(path), stem(path))
    }
    /// Whether a file is known by the directory that it lies in alone, so that no import tells its own name.
    fn by_directory(&self) -> bool {
        false
    }
    /// How modules are named where their names say what they lie in (`pkg.mod`).
    fn dotted(&self) -> Option<&'static dyn DottedModules> {
        None
    }
    /// Where it has to be said that a file at the path is a module, by what name, and the line that says so.
    fn declaration(&self, _layout: &dyn Layout, _path: &str) -> Option<(FileId, String, String)> {
        None
    }
    /// Paths of the manifests of libraries that [`resolve`](Self::resolve) would look at for this specifier, if they were
    /// known; they lie in `node_modules` or in a store.
    fn library_manifests(&self, _layout: &dyn Layout, _from: FileId, _specifier: &str) -> Vec<String> {
        Vec::new()
    }
    /// What is compiled together with the file, by its main file (a crate's root): macros of one unit are seen in
    /// all of it. `None` where the language has no such thing.
    fn unit(&self, _layout: &dyn Layout, _file: FileId) -> Option<FileId> {
        None
    }
    /// Where code can mean what another unit declares only if an import leads there, through however many others, and an
    /// import means the same in all files of a directory: what is a unit.
    fn closed_units(&self) -> Option<Unit> {
        None
    }
    /// Whether a file of that path likely is left out of a build by its name alone.
    fn is_left_out(&self, _path: &str) -> bool {
        false
    }
    /// The system or machine that a file of that path is for, if it is another than the likely one.
    fn target(&self, _path: &str) -> Option<&'static str> {
        None
    }
    /// The directory of the package that the file is part of, where packages say what they depend on.
    fn package<'l>(&self, _layout: &'l dyn Layout, _file: FileId) -> Option<&'l str> {
        None
    }
    /// The directories of the packages that can name what the package declares: itself and those that depend on it.
    fn dependents<'l>(&self, _layout: &'l dyn Layout, _package: &str) -> FxHashSet<&'l str> {
        FxHashSet::default()
    }
    /// The directories of the packages that declare what the package can name: itself and those that it depends on. One is
    /// among them if this one is among its [`dependents`](Self::dependents).
    fn dependencies<'l>(&self, _layout: &'l dyn Layout, _package: &str) -> FxHashSet<&'l str> {
        FxHashSet::default()
    }
}

/// Modules that are named by where they lie, as names with a separator between them (`pkg.mod`), or by the way from the
/// package of the file that names them (`..mod`). Paths are without an ending, and a directory's is that of its main file.
pub trait DottedModules: Sync {
    fn separator(&self) -> char;
    /// Where a file names modules by the way from it, in source order.
    fn relative_names(&self, tree: &Tree) -> Vec<Span>;
    /// The path that such a name says in a file of the directory; `None` if that is outside, or the name no such one.
    fn relative_path(&self, dir: &str, name: &str) -> Option<String>;
    /// The name that says the way from a file of the directory to the path.
    fn relative_name(&self, dir: &str, path: &str) -> String;
    /// Paths of files, with endings, that the module may be in if it is no directory.
    fn files(&self, path: &str) -> Vec<String>;
    /// The statement that imports the module from what it lies in, or by its own name if that is empty.
    fn import(&self, package: &str, name: &str) -> String;
    /// What the name at the offset of a statement is taken from; `None` if it is part of a module's whole name.
    fn package_of_item<'t>(&self, statement: &'t str, at: usize) -> Option<&'t str>;
    /// Where the text behind an imported name gives it another one, what gives it.
    fn alias<'t>(&self, behind: &'t str) -> Option<&'t str>;
}

/// Joins and normalises: `join("a/b", "../c") == Some("a/c")`; `None` when it leaves the folder. What is absolute stays
/// so.
pub fn join(dir: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = dir.split('/').filter(|p| !p.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    let joined = parts.join("/");
    Some(if dir.starts_with('/') { format!("/{joined}") } else { joined })
}

/// The same, and where it leaves the folder for one of the stores, the absolute path there; a library's way back into the
/// folder is a path of the folder.
pub fn reach(layout: &dyn Layout, dir: &str, relative: &str) -> Option<String> {
    let root = layout.root();
    let path = match join(dir, relative) {
        Some(path) if !path.starts_with('/') => return Some(path),
        Some(path) => path,
        None if root.is_empty() => return None,
        None => join(root, &way_out(dir, relative)?)?,
    };
    if !root.is_empty()
        && let Some(inside) = path.strip_prefix(root)
        && (inside.is_empty() || inside.starts_with('/'))
    {
        return Some(inside.trim_start_matches('/').to_owned());
    }
    is_in(&path, layout.stores()).then_some(path)
}

/// Where a relative path in a directory of the folder leads, from the folder's top, if that is outside: `../x`.
pub fn way_out(dir: &str, relative: &str) -> Option<String> {
    if dir.starts_with('/') || relative.starts_with('/') {
        return None;
    }
    let (mut up, mut parts): (usize, Vec<&str>) = (0, dir.split('/').filter(|p| !p.is_empty()).collect());
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => up += usize::from(parts.pop().is_none()),
            other => parts.push(other),
        }
    }
    (up > 0).then(|| vec![".."; up].into_iter().chain(parts).collect::<Vec<_>>().join("/"))
}

/// Under which a manifest keeps the ways that lead from it out of the folder, as [`way_out`] tells them.
pub const LEADS: &str = "leads";

/// The ways in a manifest's text that lead out of the folder. What stands for many names in them is left out.
pub fn ways_out(dir: &str, text: &str) -> Vec<String> {
    /// More are not written by people.
    const WAYS_MAX: usize = 256;
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@' | '+' | '*');
    let mut found: Vec<String> = Vec::new();
    for word in text.split(|c| !is_part(c)).filter(|word| word.starts_with("..") || word.starts_with("./")) {
        let plain = word.find('*').map_or(word, |star| &word[..star]);
        if let Some(way) = way_out(dir, plain)
            && !found.contains(&way)
            && found.len() < WAYS_MAX
        {
            found.push(way);
        }
    }
    found
}

/// The way from a directory to a path: how many levels up, and the names from there.
pub fn way<'p>(dir: &str, path: &'p str) -> (usize, Vec<&'p str>) {
    let here: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    let mut there: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let common = here.iter().zip(&there).take_while(|(a, b)| a == b).count();
    there.drain(..common);
    (here.len() - common, there)
}

/// The way from a directory to a path, with dots in front of it: `./x`, `../x`.
pub fn relative_path(dir: &str, path: &str) -> String {
    let (up, names) = way(dir, path);
    let start = if up == 0 { "./".to_owned() } else { "../".repeat(up) };
    format!("{start}{}", names.join("/"))
}

/// Whether the path lies in one of the directories, or is one of them.
pub fn is_in(path: &str, dirs: &[String]) -> bool {
    dirs.iter()
        .any(|dir| path.strip_prefix(&**dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// The directory and those above it, the nearest first; the last is the folder itself.
pub fn upwards(dir: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(dir), |dir| (!dir.is_empty()).then(|| parent(dir)))
}

/// The directory part of a path; empty at the top.
pub fn parent(path: &str) -> &str {
    path.rfind('/').map_or("", |at| &path[..at])
}

/// The last part of a path.
pub fn file_name(path: &str) -> &str {
    path.rfind('/').map_or(path, |at| &path[at + 1..])
}

/// A file's name up to its first dot.
pub fn stem(path: &str) -> &str {
    file_name(path).split('.').next().unwrap_or_default()
}

/// The module that a file is whose main file of a directory is called so: by the directory's name, if it has one.
pub fn module_with_main<'p>(path: &'p str, main: &str) -> (&'p str, &'p str) {
    let dir = parent(path);
    match stem(path) == main && !dir.is_empty() {
        true => (parent(dir), file_name(dir)),
        false => (dir, stem(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn join_normalises_and_stays_inside() {
        assert_eq!(join("a/b", "../c").as_deref(), Some("a/c"));
        assert_eq!(join("", "./x/./y").as_deref(), Some("x/y"));
        assert_eq!(join("a", "../../x"), None);
        assert_eq!(join("/a/b", "../c").as_deref(), Some("/a/c"));
        assert_eq!(parent("a/b/c.rs"), "a/b");
        assert_eq!(parent("c.rs"), "");
        assert_eq!(upwards("a/b").collect::<Vec<_>>(), ["a/b", "a", ""]);
        assert_eq!(file_name("a/c.rs"), "c.rs");
    }

    #[test]
    fn ways_out_are_told_from_the_top() {
        assert_eq!(way_out("a/b", "../../../x/y").as_deref(), Some("../x/y"));
        assert_eq!(way_out("a/b", "../../x"), None);
        assert_eq!(way_out("", "./../x/./z/../y/").as_deref(), Some("../x/y"));
        assert_eq!(way_out("/far", "../x"), None);
        let text = r#"{"extends": "../../base.json", "paths": {"x/*": ["../../x/src/*"]}, "y": "../inside ...", "a../b": 1}"#;
        assert_eq!(ways_out("in", text), ["../base.json", "../x/src"]);
        assert_eq!(ways_out("", "path='../x', -e ./../y; replace z => ../x"), ["../x", "../y"]);
    }

    #[test]
    fn what_leaves_the_folder_reaches_stores_and_nothing_else() {
        struct Stores(Vec<String>);
        impl Layout for Stores {
            fn path(&self, _: FileId) -> &str {
                ""
            }
            fn file(&self, _: &str) -> Option<FileId> {
                None
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
                &[]
            }
            fn stores(&self) -> &[String] {
                &self.0
            }
            fn root(&self) -> &str {
                "/ws/app"
            }
        }
        let stores = Stores(vec!["/ws/lib".to_owned()]);
        let reach = |dir: &str, way: &str| reach(&stores, dir, way);
        assert_eq!(reach("in", "../x").as_deref(), Some("x"));
        assert_eq!(reach("in", "../../lib/src/x").as_deref(), Some("/ws/lib/src/x"));
        assert_eq!(reach("in", "../../library/x"), None);
        assert_eq!(reach("/ws/lib/src", "../y").as_deref(), Some("/ws/lib/y"));
        assert_eq!(reach("/ws/lib", "../other/y"), None);
        // Back in the folder it is the folder's own file.
        assert_eq!(reach("/ws/lib", "../app/in/x").as_deref(), Some("in/x"));
        assert_eq!(reach("in", "../../app/x").as_deref(), Some("x"));
        assert_eq!(reach("", "../../../../../.."), None);
    }

    #[test]
    fn ways_go_up_to_what_is_common_and_down() {
        assert_eq!(relative_path("a/b", "a/b/c/d"), "./c/d");
        assert_eq!(relative_path("a/b", "a/c"), "../c");
        assert_eq!(relative_path("a/b", "a"), "../");
        assert_eq!(relative_path("", "x"), "./x");
        assert_eq!(way("a/b", ""), (2, vec![]));
    }

    #[test]
    fn a_file_is_a_module_by_its_name_or_its_directorys() {
        let module = |path: &'static str| {
            LangId::of_path(std::path::Path::new(path)).unwrap().strategy().module_of(path)
        };
        assert_eq!(module("a/b/__init__.pyi"), ("a", "b"));
        assert_eq!(module("a/b/mod.rs"), ("a", "b"));
        assert_eq!(module("a/b/index.d.ts"), ("a", "b"));
        // At the top there is no name to take, and other languages have other main files, or none.
        assert_eq!(module("index.js"), ("", "index"));
        assert_eq!(module("a/index.rs"), ("a", "index"));
        assert_eq!(module("a/mod.go"), ("a", "mod"));
    }
}
