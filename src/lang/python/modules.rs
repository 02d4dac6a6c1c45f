//! Python's modules: packages, relative imports, src layouts.

use super::dotted::Dotted;
use crate::lang::modules::{
    DottedModules, FileId, Layout, Manifest, ModuleStrategy, ModuleTarget, file_name, is_in, join,
    module_with_main, parent, upwards,
};

/// Module rules of Python.
pub struct Modules;

/// Places below a project's root where import paths commonly start.
const SOURCE_ROOTS: [&str; 4] = ["", "src", "lib", "python"];

/// Modules whose types are told by their names (`Optional`, `Iterable`), so that their sources would say less.
const KNOWN_BY_NAME: [&str; 4] = ["typing", "typing_extensions", "collections", "builtins"];

impl ModuleStrategy for Modules {
    fn manifest_names(&self) -> &'static [&'static str] {
        &["pyproject.toml", "setup.py", "setup.cfg"]
    }

    /// That there is one matters, not what it says: its directory is a project's root.
    fn read_manifest(&self, dir: &str, file: &str, _text: &str) -> Option<Manifest> {
        Some(Manifest { dir: dir.to_owned(), file: file.to_owned(), name: None, entries: Vec::new() })
    }

    fn resolve(&self, layout: &dyn Layout, from: FileId, specifier: &str) -> ModuleTarget {
        let dots = specifier.bytes().take_while(|b| *b == b'.').count();
        let relative = specifier[dots..].replace('.', "/");
        let here = parent(layout.path(from));
        if dots > 0 {
            let mut base = here;
            for _ in 1..dots {
                if base.is_empty() {
                    return ModuleTarget::External;
                }
                base = parent(base);
            }
            return module_at(layout, base, &relative).unwrap_or(ModuleTarget::Unknown);
        }
        // A library does not import from the folder that uses it.
        if !is_in(here, layout.stores()) {
            for root in roots(layout, here) {
                if let Some(found) = module_at(layout, &root, &relative) {
                    return found;
                }
            }
        }
        let top = relative.split('/').next().unwrap_or_default();
        if KNOWN_BY_NAME.contains(&top) {
            return ModuleTarget::External;
        }
        let stubs = || {
            let path = format!("{top}-stubs{}", &relative[top.len()..]);
            layout.stores().iter().find_map(|store| module_at(layout, store, &path))
        };
        let library = || layout.stores().iter().find_map(|store| module_at(layout, store, &relative));
        stubs().or_else(library).unwrap_or(ModuleTarget::External)
    }

    fn beside(&self, layout: &dyn Layout, from: FileId, specifier: &str) -> Option<String> {
        let dots = specifier.bytes().take_while(|b| *b == b'.').count();
        let name = &specifier[dots..];
        let up = "../".repeat(dots.checked_sub(1)?);
        join(parent(layout.path(from)), &format!("{up}{}", name.replace('.', "/")))
            .filter(|_| !name.is_empty())
    }

    fn child(&self, layout: &dyn Layout, parent_file: FileId, name: &str) -> ModuleTarget {
        let path = layout.path(parent_file);
        if !matches!(file_name(path), "__init__.py" | "__init__.pyi") {
            return ModuleTarget::Unknown;
        }
        self.child_of_dir(layout, parent(path), name)
    }

    fn child_of_dir(&self, layout: &dyn Layout, dir: &str, name: &str) -> ModuleTarget {
        module_at(layout, dir, name).unwrap_or(ModuleTarget::Unknown)
    }

    fn module_of<'p>(&self, path: &'p str) -> (&'p str, &'p str) {
        module_with_main(path, "__init__")
    }

    fn dotted(&self) -> Option<&'static dyn DottedModules> {
        Some(&Dotted)
    }

    fn siblings(&self, _layout: &dyn Layout, _file: FileId) -> Vec<FileId> {
        Vec::new()
    }

    fn specifier(&self, layout: &dyn Layout, from: FileId, target: FileId) -> Option<String> {
        let path = layout.path(target);
        let module = path.strip_suffix(".pyi").or_else(|| path.strip_suffix(".py"))?;
        let module = module.strip_suffix("/__init__").unwrap_or(module);
        let mut found: Vec<(bool, String)> = roots(layout, parent(layout.path(from)))
            .iter()
            .filter_map(|root| {
                let below = match root.is_empty() {
                    true => module,
                    false => module.strip_prefix(&**root)?.strip_prefix('/')?,
                };
                Some((package_file(layout, root).is_some(), below.replace('/', ".")))
            })
            .filter(|(_, specifier)| self.resolve(layout, from, specifier) == ModuleTarget::file(target))
            .collect();
        // The shortest is the one from the innermost root. What is in a package is named with that.
        found.sort_by_key(|(in_package, specifier)| (*in_package, specifier.len()));
        found.into_iter().next().map(|(_, specifier)| specifier)
    }
}

/// Where absolute imports of a file may start, nearest first: every directory above it that is not itself a package
/// (a script's own directory, a test root, `src`), then the projects' roots and the folder.
fn roots(layout: &dyn Layout, here: &str) -> Vec<String> {
    let mut roots = Vec::new();
    let mut push = |root: String| {
        if !roots.contains(&root) {
            roots.push(root);
        }
    };
    for dir in upwards(here) {
        let is_package = package_file(layout, dir).is_some();
        if !is_package {
            push(dir.to_owned());
            for root in SOURCE_ROOTS {
                if let Some(root) = join(dir, root)
                    && !root.is_empty()
                    && layout.has_dir(&root)
                {
                    push(root);
                }
            }
        }
    }
    for name in Modules.manifest_names() {
        for manifest in layout.manifests(name) {
            for root in SOURCE_ROOTS {
                if let Some(root) = join(&manifest.dir, root) {
                    push(root);
                }
            }
        }
    }
    push(String::new());
    roots
}

/// What a module's file may be called, the one that counts first: beside a library's code may lie what it says of its
/// types.
fn extensions(layout: &dyn Layout, dir: &str) -> [&'static str; 2] {
    if is_in(dir, layout.stores()) { ["pyi", "py"] } else { ["py", "pyi"] }
}

fn package_file(layout: &dyn Layout, dir: &str) -> Option<FileId> {
    extensions(layout, dir).iter().find_map(|e| layout.file(&join(dir, &format!("__init__.{e}"))?))
}

/// The module at `dir/relative`: a package, a module file, its `.pyi`, or a namespace directory.
fn module_at(layout: &dyn Layout, dir: &str, relative: &str) -> Option<ModuleTarget> {
    let path = join(dir, relative)?;
    if let Some(file) = package_file(layout, &path) {
        return Some(ModuleTarget::file(file));
    }
    if relative.is_empty() {
        return layout.has_dir(&path).then_some(ModuleTarget::Directory(path));
    }
    for extension in extensions(layout, dir) {
        if let Some(file) = layout.file(&format!("{path}.{extension}")) {
            return Some(ModuleTarget::file(file));
        }
    }
    layout.has_dir(&path).then_some(ModuleTarget::Directory(path))
}
