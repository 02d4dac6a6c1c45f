//! Python's modules: packages, relative imports, src layouts.

use smallvec::SmallVec;

use super::dotted::Dotted;
use crate::lang::modules::{
    DottedModules, FileId, Layout, Manifest, ModuleStrategy, ModuleTarget, Unit, file_name, is_in, join,
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

    fn dependency_files(&self) -> &'static [&'static str] {
        &["pyproject.toml", "setup.cfg", "requirements.txt", "Pipfile", "uv.toml"]
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
            let found = first_root(layout, here, |root| module_at(layout, root, &relative));
            if let Some(found) = found {
                return found;
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

    fn child_dir(&self, layout: &dyn Layout, parent_file: FileId) -> Option<String> {
        let path = layout.path(parent_file);
        matches!(file_name(path), "__init__.py" | "__init__.pyi").then(|| parent(path).to_owned())
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

    fn closed_units(&self) -> Option<Unit> {
        Some(Unit::File)
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

/// What the first of the roots gives: where absolute imports of a file may start, nearest first, which is every directory
/// above it that is not itself a package (a script's own directory, a test root, `src`), then the projects' roots and the
/// folder. Each is looked for only when those before it gave nothing.
fn first_root<T>(layout: &dyn Layout, here: &str, mut give: impl FnMut(&str) -> Option<T>) -> Option<T> {
    let mut seen: SmallVec<[String; 8]> = SmallVec::new();
    let mut ask = |root: &str| {
        if seen.iter().any(|known| known == root) {
            return None;
        }
        seen.push(root.to_owned());
        give(root)
    };
    for dir in upwards(here).filter(|dir| package_file(layout, dir).is_none()) {
        let below = || SOURCE_ROOTS.iter().filter_map(|root| join(dir, root));
        let found = ask(dir).or_else(|| {
            below().filter(|root| !root.is_empty() && layout.has_dir(root)).find_map(|root| ask(&root))
        });
        if found.is_some() {
            return found;
        }
    }
    let manifests = Modules.manifest_names().iter().flat_map(|name| layout.manifests(name));
    let mut projects = manifests.flat_map(|m| SOURCE_ROOTS.iter().filter_map(|root| join(&m.dir, root)));
    projects.find_map(|root| ask(&root)).or_else(|| ask(""))
}

fn roots(layout: &dyn Layout, here: &str) -> Vec<String> {
    let mut roots = Vec::new();
    first_root(layout, here, |root| {
        roots.push(root.to_owned());
        None::<()>
    });
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
