//! Includes: which file of the folder an `#include` means.

use smallvec::SmallVec;

use super::system::SYSTEM_HEADERS;
use super::targets::target;
use crate::lang::modules::{
    FileId, Layout, Manifest, ModuleStrategy, ModuleTarget, file_name, join, parent, reach,
};

/// Module rules of C and C++.
pub struct Includes;

/// Directories that a compilation database may name; those beyond say little that the first do not.
const DIRECTORIES_MAX: usize = 256;

/// Headers of one name that are looked at.
const SAME_NAME_MAX: usize = 256;

impl ModuleStrategy for Includes {
    fn manifest_names(&self) -> &'static [&'static str] {
        &["compile_commands.json", "compile_flags.txt"]
    }

    fn project_files(&self) -> &'static [&'static str] {
        &[
            "CMakeLists.txt",
            "meson.build",
            "configure.ac",
            "Makefile",
            "GNUmakefile",
            "makefile",
            "compile_commands.json",
            "compile_flags.txt",
        ]
    }

    fn read_manifest(&self, dir: &str, file: &str, text: &str) -> Option<Manifest> {
        let mut directories: Vec<String> = Vec::new();
        let mut add = |directory: String| {
            if directories.len() < DIRECTORIES_MAX && !directories.contains(&directory) {
                directories.push(directory);
            }
        };
        if file == "compile_flags.txt" {
            let flags: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
            include_flags(&flags, |path| add(path.to_owned()));
        } else {
            let commands: Vec<serde_json::Value> = serde_json::from_str(text).ok()?;
            for command in &commands {
                let base = command["directory"].as_str().unwrap_or_default();
                let absolute = |path: &str| match path.starts_with('/') {
                    true => path.to_owned(),
                    false => join(base, path).unwrap_or_default(),
                };
                if let Some(arguments) = command["arguments"].as_array() {
                    let flags: Vec<&str> = arguments.iter().filter_map(|a| a.as_str()).collect();
                    include_flags(&flags, |path| add(absolute(path)));
                } else if let Some(line) = command["command"].as_str() {
                    let flags: Vec<&str> =
                        line.split_whitespace().map(|f| f.trim_matches(['"', '\''])).collect();
                    include_flags(&flags, |path| add(absolute(path)));
                }
            }
        }
        if directories.is_empty() {
            return None;
        }
        let entries = directories.into_iter().map(|d| ("include".to_owned(), d)).collect();
        Some(Manifest { dir: dir.to_owned(), file: file.to_owned(), name: None, entries })
    }

    /// The specifier is the path with its opening delimiter. A quoted path is looked for beside the file first. Then,
    /// and for one in angle brackets, every file whose path ends with it can be meant: one in a directory that the
    /// compilation names, in one named `include`, the nearest, in this order.
    fn resolve(&self, layout: &dyn Layout, from: FileId, specifier: &str) -> ModuleTarget {
        let (quoted, path) = match (specifier.strip_prefix('"'), specifier.strip_prefix('<')) {
            (Some(path), _) => (true, path),
            (_, Some(path)) => (false, path),
            _ => return ModuleTarget::Unknown,
        };
        let here = parent(layout.path(from));
        if quoted && let Some(file) = reach(layout, here, path).and_then(|p| layout.file(&p)) {
            return ModuleTarget::file(file);
        }
        let directories = include_directories(layout);
        let in_directory =
            |dir: &String| join(dir, path).and_then(|p| layout.file(&p)).filter(|f| *f != from);
        if let Some(file) = directories.iter().find_map(in_directory) {
            return ModuleTarget::file(file);
        }
        if !quoted && is_of_system(path) {
            return ModuleTarget::External;
        }
        let path: String = join("", path.trim_start_matches("../")).unwrap_or_default();
        let named = layout.files_named(file_name(&path), SAME_NAME_MAX);
        let whole =
            nearest(layout, here, from, named.iter().copied().filter(|f| ends_with(layout.path(*f), &path)));
        if let Some(file) = whole {
            return ModuleTarget::file(file);
        }
        // A header that is installed under another directory than the one it is kept in.
        match (quoted, named.as_slice()) {
            (true, [only]) if *only != from => ModuleTarget::file(*only),
            _ => ModuleTarget::External,
        }
    }

    fn ways(&self) -> Option<fn(&str) -> Option<&str>> {
        Some(|specifier| specifier.strip_prefix('"'))
    }

    fn target(&self, path: &str) -> Option<&'static str> {
        target(path)
    }

    fn child_of_dir(&self, _layout: &dyn Layout, _dir: &str, _name: &str) -> ModuleTarget {
        ModuleTarget::Unknown
    }

    fn siblings(&self, _layout: &dyn Layout, _file: FileId) -> Vec<FileId> {
        Vec::new()
    }
}

/// The directories that `-I` and its like name among the flags.
fn include_flags(flags: &[&str], mut found: impl FnMut(&str)) {
    const FLAGS: [&str; 4] = ["-I", "-isystem", "-iquote", "-idirafter"];
    let mut flags = flags.iter();
    while let Some(flag) = flags.next() {
        for word in FLAGS {
            match flag.strip_prefix(word) {
                Some("") => {
                    if let Some(path) = flags.next() {
                        found(path);
                    }
                    break;
                }
                Some(path) => {
                    found(path.trim_start_matches('='));
                    break;
                }
                None => {}
            }
        }
    }
}

/// The directories of the folder that its compilation databases name, in their order.
fn include_directories(layout: &dyn Layout) -> SmallVec<[String; 8]> {
    let mut found = SmallVec::new();
    for name in ["compile_commands.json", "compile_flags.txt"] {
        for manifest in layout.manifests(name) {
            for path in manifest.values("include") {
                let inside = match path.starts_with('/') {
                    // Where the folder itself stands is not known here: the longest end of the path that is in it.
                    true => ends(path).find(|end| layout.has_dir(end)).map(str::to_owned),
                    false => join(&manifest.dir, path),
                };
                if let Some(dir) = inside.filter(|dir| !found.contains(dir)) {
                    found.push(dir);
                }
            }
        }
    }
    found
}

/// What is left of an absolute path without its first part, its first two parts, and so on.
fn ends(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(path.split_once('/').map(|(_, rest)| rest), |rest| {
        rest.split_once('/').map(|(_, rest)| rest)
    })
    .filter(|end| !end.is_empty())
}

/// Headers of the system and of the languages' libraries.
fn is_of_system(path: &str) -> bool {
    SYSTEM_HEADERS.binary_search(&path).is_ok()
}

fn ends_with(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

/// Of several files the one that most likely is meant: below a directory named `include`, then the one with the most
/// directories in common, then the one with the shortest path.
fn nearest(
    layout: &dyn Layout,
    here: &str,
    from: FileId,
    files: impl Iterator<Item = FileId>,
) -> Option<FileId> {
    let common = |path: &str| {
        parent(path).split('/').zip(here.split('/')).take_while(|(a, b)| a == b && !a.is_empty()).count()
    };
    files.filter(|f| *f != from).min_by_key(|file| {
        let path = layout.path(*file);
        let public = parent(path).split('/').any(|part| part == "include");
        (std::cmp::Reverse(common(path)), !public, path.len(), path.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::LangId;

    struct Folder(Vec<&'static str>);

    impl Layout for Folder {
        fn path(&self, file: FileId) -> &str {
            self.0[file.index()]
        }
        fn file(&self, path: &str) -> Option<FileId> {
            self.0.iter().position(|p| *p == path).map(|at| FileId(at as u32))
        }
        fn files_in(&self, dir: &str) -> Vec<FileId> {
            (0..self.0.len() as u32).map(FileId).filter(|f| parent(self.path(*f)) == dir).collect()
        }
        fn files_named(&self, file_name: &str, _: usize) -> Vec<FileId> {
            let named = |f: &FileId| crate::lang::modules::file_name(self.path(*f)) == file_name;
            (0..self.0.len() as u32).map(FileId).filter(named).collect()
        }
        fn has_dir(&self, dir: &str) -> bool {
            self.0.iter().any(|p| p.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/')))
        }
        fn lang(&self, _: FileId) -> LangId {
            LangId::of_language_id("c").unwrap()
        }
        fn manifests(&self, _: &str) -> &[Manifest] {
            &[]
        }
    }

    fn resolve(files: &[&'static str], from: &str, specifier: &str) -> Option<String> {
        let folder = Folder(files.to_vec());
        match Includes.resolve(&folder, folder.file(from).unwrap(), specifier) {
            ModuleTarget::Files(found) => Some(folder.path(found[0]).to_owned()),
            _ => None,
        }
    }

    #[test]
    fn a_quoted_path_is_beside_the_file_first() {
        let files = ["src/a.c", "src/x.h", "include/x.h", "include/lib/y.h", "lib/other/y.h"];
        let found = |specifier| resolve(&files, "src/a.c", specifier);
        assert_eq!(found("\"x.h").as_deref(), Some("src/x.h"));
        assert_eq!(found("<lib/y.h").as_deref(), Some("include/lib/y.h"));
        assert_eq!(found("\"../include/x.h").as_deref(), Some("include/x.h"));
        assert_eq!(found("<stdio.h"), None);
        assert_eq!(found("<gone.h"), None);
    }

    #[test]
    fn include_flags_are_read() {
        let flags = ["cc", "-Iinclude", "-isystem", "third/inc", "-c", "a.c", "-I", "."];
        let mut found = Vec::new();
        include_flags(&flags, |path| found.push(path.to_owned()));
        assert_eq!(found, ["include", "third/inc", "."]);
    }

    #[test]
    fn a_compilation_database_says_where_to_look() {
        let text = "[{\"directory\": \"/home/u/p/build\", \"file\": \"a.c\", \"command\": \"cc -I../inc -I/home/u/p/gen -c a.c\"}]";
        let manifest = Includes.read_manifest("build", "compile_commands.json", text).unwrap();
        let dirs: Vec<&str> = manifest.values("include").collect();
        assert_eq!(dirs, ["/home/u/p/inc", "/home/u/p/gen"]);
    }
}
