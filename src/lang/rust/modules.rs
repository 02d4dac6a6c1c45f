//! Rust's modules: crates from their manifests, `mod name;` to files, `crate`, `super` and crate names in paths.

use rustc_hash::FxHashSet;

use super::packages::{self, dependents, package_of, placed, renamed};
use crate::lang::modules::{
    FileId, Layout, Manifest, ModuleStrategy, ModuleTarget, file_name, is_in, join, module_with_main, parent,
    upwards,
};

/// Module rules of Rust.
pub struct Modules;

pub const MANIFEST: &str = "Cargo.toml";

/// Marks a manifest that is of a workspace, and one that is of nothing else.
pub const WORKSPACE: &str = "workspace";
pub const VIRTUAL: &str = "virtual";

/// Which versions of libraries a folder uses.
const LOCK: &str = "Cargo.lock";

/// Crates that come with the compiler.
const SYSROOT: [&str; 5] = ["std", "core", "alloc", "proc_macro", "test"];

/// Kinds of targets with a directory of their own, in which each file is a crate.
const TARGETS: [(&str, &str); 3] = [("test", "tests"), ("example", "examples"), ("bench", "benches")];

impl ModuleStrategy for Modules {
    fn manifest_names(&self) -> &'static [&'static str] {
        &[MANIFEST]
    }

    /// Entries: `lib`, `bin`, `test`, `example` and `bench` with the path of the crate's root file, `explicit` for
    /// each kind of target that is not to be discovered, `dependency` with a crate's name, `rename` with
    /// `name=package`, `path` with `name=way`, `inherited` with the name of what the workspace's manifest has as
    /// `workspace rename` and `workspace path`, and `package` with the package's name if its library has another. Of a
    /// lock, by key: `package name` with its names and versions, and `needs name version` with what that package uses where
    /// there are several versions of it.
    fn read_manifest(&self, dir: &str, file: &str, text: &str) -> Option<Manifest> {
        let table: toml::Table = text.parse().ok()?;
        if file == LOCK {
            return Some(read_lock(dir, &table));
        }
        let mut entries = workspace(&table);
        let Some(package) = table.get("package").and_then(toml::Value::as_table) else {
            // Only what its members inherit is of use.
            let inherits = entries.iter().any(|(key, _)| key != WORKSPACE);
            entries.push((VIRTUAL.to_owned(), String::new()));
            let manifest = Manifest { dir: dir.to_owned(), file: file.to_owned(), name: None, entries };
            return inherits.then_some(manifest);
        };
        let package_name = package.get("name").and_then(toml::Value::as_str).map(identifier);
        let mut name = package_name;
        if let Some(lib) = table.get("lib").and_then(toml::Value::as_table) {
            if let Some(own) = lib.get("name").and_then(toml::Value::as_str) {
                let package = name.replace(identifier(own)).filter(|package| *package != identifier(own));
                entries.extend(package.map(|package| ("package".to_owned(), package)));
            }
            push_path(&mut entries, "lib", dir, lib);
        }
        for kind in ["bin", "test", "example", "bench"] {
            for target in table.get(kind).and_then(toml::Value::as_array).into_iter().flatten() {
                if let Some(target) = target.as_table() {
                    push_path(&mut entries, kind, dir, target);
                }
            }
        }
        for (key, kind) in [("autotests", "test"), ("autoexamples", "example"), ("autobenches", "bench")] {
            if package.get(key).and_then(toml::Value::as_bool) == Some(false) {
                entries.push(("explicit".to_owned(), kind.to_owned()));
            }
        }
        dependencies(&table, &mut entries);
        for target in table.get("target").and_then(toml::Value::as_table).into_iter().flat_map(|t| t.values())
        {
            if let Some(target) = target.as_table() {
                dependencies(target, &mut entries);
            }
        }
        Some(Manifest { dir: dir.to_owned(), file: file.to_owned(), name, entries })
    }

    /// `crate`, `self`, `super::super`, `./path` from an attribute, or a crate's name, with `::` before it or not.
    fn resolve(&self, layout: &dyn Layout, from: FileId, specifier: &str) -> ModuleTarget {
        let path = layout.path(from);
        let found = match specifier {
            "self" => Some(from),
            "crate" => crate_root(layout, path).and_then(|root| layout.file(&root)),
            _ if specifier.starts_with("super") => {
                let mut at = Some(path.to_owned());
                for _ in specifier.split("::") {
                    at = at.and_then(|at| module_above(layout, &at));
                }
                at.and_then(|at| layout.file(&at))
            }
            _ if specifier.starts_with("./") => {
                join(parent(path), specifier).and_then(|path| layout.file(&path))
            }
            _ => return named_crate(layout, path, specifier.trim_start_matches("::")),
        };
        found.map_or(ModuleTarget::Unknown, ModuleTarget::file)
    }

    fn library_manifests(&self, layout: &dyn Layout, from: FileId, specifier: &str) -> Vec<String> {
        let path = layout.path(from);
        let mut paths = Vec::new();
        if !is_in(path, layout.stores()) {
            paths.extend(upwards(parent(path)).map(|dir| inside(dir, LOCK)));
        } else {
            // A member of a workspace inherits from its manifest.
            let above = upwards(parent(path)).take_while(|dir| is_in(dir, layout.stores()));
            paths.extend(above.map(|dir| inside(dir, MANIFEST)));
        }
        let name = specifier.trim_start_matches("::").split("::").next().unwrap_or_default();
        let package = package_of(layout, path);
        if let Some(placed) = package.and_then(|package| placed(layout, package, name)) {
            paths.extend(placed.map(|dir| inside(&dir, MANIFEST)));
            return paths;
        }
        let name = package.and_then(|package| renamed(layout, package, name)).unwrap_or(name);
        paths.extend(stored(layout, path, name).map(|dir| inside(&dir, MANIFEST)));
        paths
    }

    fn child_dir(&self, layout: &dyn Layout, parent_file: FileId) -> Option<String> {
        Some(module_dir(layout, layout.path(parent_file)))
    }

    fn child_path(&self, layout: &dyn Layout, parent_file: FileId, name: &str) -> Option<String> {
        Some(inside(&module_dir(layout, layout.path(parent_file)), name))
    }

    /// Modules written inside a file stand before the name (`inline::name`): their files lie in directories.
    fn child_of_dir(&self, layout: &dyn Layout, dir: &str, name: &str) -> ModuleTarget {
        let stem = inside(dir, &name.replace("::", "/"));
        layout
            .file(&format!("{stem}.rs"))
            .or_else(|| layout.file(&format!("{stem}/mod.rs")))
            .map_or(ModuleTarget::Unknown, ModuleTarget::file)
    }

    fn module_of<'p>(&self, path: &'p str) -> (&'p str, &'p str) {
        module_with_main(path, "mod")
    }

    fn siblings(&self, _layout: &dyn Layout, _file: FileId) -> Vec<FileId> {
        Vec::new()
    }

    fn specifier(&self, layout: &dyn Layout, from: FileId, target: FileId) -> Option<String> {
        let path = layout.path(target);
        let mut names: Vec<String> = Vec::new();
        let mut at = path.to_owned();
        let root = crate_root(layout, path)?;
        while at != root {
            let stem = file_name(&at).strip_suffix(".rs")?;
            let name = if stem == "mod" { file_name(parent(&at)) } else { stem };
            names.push(name.to_owned());
            // Each step goes up a directory or to its main file, so a path cannot have more.
            let above = module_above(layout, &at).filter(|_| names.len() <= path.len())?;
            at = above;
        }
        let own = crate_root(layout, layout.path(from)).is_some_and(|own| own == root);
        let first = match own {
            true => "crate".to_owned(),
            false => package_of(layout, path)?.name.clone()?,
        };
        let reaches = self.resolve(layout, from, &first) == ModuleTarget::file(layout.file(&root)?);
        let path =
            std::iter::once(first.clone()).chain(names.into_iter().rev()).collect::<Vec<_>>().join("::");
        reaches.then_some(path)
    }

    fn declaration(&self, layout: &dyn Layout, path: &str) -> Option<(FileId, String, String)> {
        let stem = file_name(path).strip_suffix(".rs")?;
        let name = if stem == "mod" { file_name(parent(path)) } else { stem };
        let above = module_above(layout, path).and_then(|above| layout.file(&above))?;
        Some((above, name.to_owned(), format!("mod {name};")))
    }

    fn unit(&self, layout: &dyn Layout, file: FileId) -> Option<FileId> {
        crate_root(layout, layout.path(file)).and_then(|root| layout.file(&root))
    }

    fn package<'l>(&self, layout: &'l dyn Layout, file: FileId) -> Option<&'l str> {
        package_of(layout, layout.path(file)).map(|package| &*package.dir)
    }

    fn dependents<'l>(&self, layout: &'l dyn Layout, package: &str) -> FxHashSet<&'l str> {
        dependents(layout, package)
    }

    fn dependencies<'l>(&self, layout: &'l dyn Layout, package: &str) -> FxHashSet<&'l str> {
        packages::dependencies(layout, package)
    }
}

/// A package's name as it stands in code.
fn identifier(name: &str) -> String {
    name.replace('-', "_")
}

fn inside(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}

fn push_path(entries: &mut Vec<(String, String)>, kind: &str, dir: &str, target: &toml::Table) {
    if let Some(path) = target.get("path").and_then(toml::Value::as_str).and_then(|p| join(dir, p)) {
        entries.push((kind.to_owned(), path));
    }
}

fn dependencies(table: &toml::Table, entries: &mut Vec<(String, String)>) {
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for (name, value) in table.get(section).and_then(toml::Value::as_table).into_iter().flatten() {
            let (package, path) = package_and_path(value);
            let name = identifier(name);
            if value.get("workspace").and_then(toml::Value::as_bool) == Some(true) {
                entries.push(("inherited".to_owned(), name.clone()));
            }
            entries.extend(path.map(|path| ("path".to_owned(), format!("{name}={path}"))));
            match package {
                Some(package) => entries.push(("rename".to_owned(), format!("{name}={package}"))),
                None => entries.push(("dependency".to_owned(), name)),
            }
        }
    }
}

/// What members of a workspace may inherit.
fn workspace(table: &toml::Table) -> Vec<(String, String)> {
    let Some(workspace) = table.get("workspace").and_then(toml::Value::as_table) else { return Vec::new() };
    let mut entries = vec![(WORKSPACE.to_owned(), String::new())];
    let listed = workspace.get("dependencies").and_then(toml::Value::as_table);
    for (name, value) in listed.into_iter().flatten() {
        let (package, path) = package_and_path(value);
        let name = identifier(name);
        entries.extend(package.map(|package| ("workspace rename".to_owned(), format!("{name}={package}"))));
        entries.extend(path.map(|path| ("workspace path".to_owned(), format!("{name}={path}"))));
    }
    entries
}

/// The package that a dependency names otherwise, and where it lies, if that is said.
fn package_and_path(dependency: &toml::Value) -> (Option<String>, Option<&str>) {
    let text = |key: &str| dependency.get(key).and_then(toml::Value::as_str);
    (text("package").map(identifier), text("path"))
}

/// The root file of the package's library.
fn library(layout: &dyn Layout, package: &Manifest) -> Option<FileId> {
    match package.values("lib").next() {
        Some(path) => layout.file(path),
        None => layout.file(&inside(&package.dir, "src/lib.rs")),
    }
}

/// The crate that the name means in the file's package.
fn named_crate(layout: &dyn Layout, path: &str, name: &str) -> ModuleTarget {
    if SYSROOT.contains(&name) {
        return ModuleTarget::External;
    }
    let package = package_of(layout, path);
    let renamed = package.and_then(|package| renamed(layout, package, name));
    let placed = package.and_then(|package| placed(layout, package, name));
    let name = renamed.unwrap_or(name);
    let manifests = layout.manifests(MANIFEST);
    // Where a manifest says that it lies, and nowhere else.
    match placed {
        Some(None) => return ModuleTarget::External,
        Some(Some(dir)) => {
            let there = manifests.iter().find(|m| m.dir == dir).and_then(|package| library(layout, package));
            match there {
                Some(root) => return ModuleTarget::file(root),
                None if is_in(&dir, layout.stores()) => return ModuleTarget::External,
                None => {}
            }
        }
        None => {}
    }
    let own = package.filter(|m| m.name.as_deref() == Some(name));
    let of_folder = |m: &&Manifest| m.name.as_deref() == Some(name) && !is_in(&m.dir, layout.stores());
    let found = own.or_else(|| manifests.iter().find(of_folder)).or_else(|| {
        let dir = stored(layout, path, name)?;
        manifests.iter().find(|m| m.dir == dir)
    });
    if let Some(root) = found.and_then(|package| library(layout, package)) {
        return ModuleTarget::file(root);
    }
    let known = renamed.is_some() || package.is_some_and(|p| p.values("dependency").any(|d| d == name));
    if known { ModuleTarget::External } else { ModuleTarget::Unknown }
}

fn read_lock(dir: &str, table: &toml::Table) -> Manifest {
    let mut entries = Vec::new();
    for package in table.get("package").and_then(toml::Value::as_array).into_iter().flatten() {
        let text = |key: &str| package.get(key).and_then(toml::Value::as_str);
        let (Some(name), Some(version)) = (text("name"), text("version")) else { continue };
        entries.push((format!("package {}", identifier(name)), format!("{name} {version}")));
        let needs = package.get("dependencies").and_then(toml::Value::as_array).into_iter().flatten();
        for need in needs.filter_map(toml::Value::as_str).filter(|need| need.contains(' ')) {
            entries.push((format!("needs {name} {version}"), need.to_owned()));
        }
    }
    // Each question is about one package of thousands.
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    Manifest { dir: dir.to_owned(), file: LOCK.to_owned(), name: None, entries }
}

/// What a lock has under a key, in the file's order.
fn locked<'a>(lock: &'a Manifest, key: &str) -> impl DoubleEndedIterator<Item = &'a str> + use<'a> {
    let start = lock.entries.partition_point(|(k, _)| k.as_str() < key);
    let end = start + lock.entries[start..].partition_point(|(k, _)| k == key);
    lock.entries[start..end].iter().map(|(_, value)| value.as_str())
}

/// The directory in a store in which the library of that name lies, by the version that the folder's lock has of it: for
/// a file of a library, the one that this library uses.
fn stored(layout: &dyn Layout, path: &str, name: &str) -> Option<String> {
    let stores = layout.stores();
    if stores.is_empty() {
        return None;
    }
    let lock = layout.manifests(LOCK).iter().filter(|lock| {
        is_in(path, stores) || lock.dir.is_empty() || path.starts_with(&format!("{}/", lock.dir))
    });
    let lock = lock.max_by_key(|lock| lock.dir.len())?;
    let package = package_of(layout, path);
    let user = package.map(|package| file_name(&package.dir)).unwrap_or_default();
    let names = package.into_iter().flat_map(|p| p.values("package").chain(p.name.as_deref()));
    let mut users: Vec<&str> = names.flat_map(|name| locked(lock, &format!("package {name}"))).collect();
    // Of several versions the one that lies there.
    users.sort_by_key(|entry| entry.replacen(' ', "-", 1) != user);
    let is_it = |need: &&str| need.split(' ').next().is_some_and(|own| identifier(own) == name);
    let chosen = users.iter().find_map(|user| locked(lock, &format!("needs {user}")).find(is_it));
    // The last of several versions is the newest.
    let entry = chosen.or_else(|| locked(lock, &format!("package {name}")).next_back())?;
    let mut parts = entry.split(' ');
    let (name, version) = (parts.next()?, parts.next()?);
    let dirs = [format!("{name}-{version}"), name.to_owned()];
    stores
        .iter()
        .flat_map(|store| dirs.iter().filter_map(|dir| join(store, dir)))
        .find(|dir| layout.has_dir(dir))
}

/// Whether the file is the root of a crate.
fn is_root(package: Option<&Manifest>, path: &str) -> bool {
    let Some(package) = package else { return matches!(file_name(path), "lib.rs" | "main.rs") };
    if ["lib", "bin", "test", "example", "bench"].iter().any(|kind| package.values(kind).any(|p| p == path)) {
        return true;
    }
    let Some(relative) = path.strip_prefix(&*package.dir).map(|rest| rest.trim_start_matches('/')) else {
        return false;
    };
    if matches!(relative, "src/lib.rs" | "src/main.rs" | "build.rs") {
        return true;
    }
    if let Some(rest) = relative.strip_prefix("src/bin/") {
        return is_target(rest);
    }
    TARGETS.iter().any(|(kind, dir)| {
        let rest = relative.strip_prefix(dir).and_then(|rest| rest.strip_prefix('/'));
        let declared = |p: &str| parent(p) == parent(path);
        rest.is_some_and(is_target)
            && !package.values("explicit").any(|k| k == *kind)
            // Beside crates that the manifest lists, other files are their modules.
            && !package.values(kind).any(declared)
    })
}

/// Whether the path inside a directory of targets is that of a crate: `name.rs` or `name/main.rs`.
fn is_target(rest: &str) -> bool {
    match rest.split_once('/') {
        None => rest.ends_with(".rs"),
        Some((_, rest)) => rest == "main.rs",
    }
}

/// The directory in which the submodules of the file's module lie.
fn module_dir(layout: &dyn Layout, path: &str) -> String {
    let dir = parent(path);
    if matches!(file_name(path), "mod.rs" | "lib.rs" | "main.rs") || is_root(package_of(layout, path), path) {
        return dir.to_owned();
    }
    path.strip_suffix(".rs").unwrap_or(path).to_owned()
}

/// The file of the module that declares the file's module.
fn module_above(layout: &dyn Layout, path: &str) -> Option<String> {
    let package = package_of(layout, path);
    if is_root(package, path) {
        return None;
    }
    let dir = if file_name(path) == "mod.rs" { parent(parent(path)) } else { parent(path) };
    let exists = |path: &String| layout.file(path).is_some();
    let here = inside(dir, "mod.rs");
    if here != path && exists(&here) {
        return Some(here);
    }
    let roots = ["lib", "bin", "test", "example", "bench"]
        .iter()
        .flat_map(|kind| package.into_iter().flat_map(|p| p.values(kind)))
        .find(|root| parent(root) == dir && *root != path && layout.file(root).is_some());
    if let Some(root) = roots {
        return Some(root.to_owned());
    }
    let usual = ["lib.rs", "main.rs"].map(|name| inside(dir, name));
    if let Some(root) = usual.into_iter().find(|root| root != path && exists(root)) {
        return Some(root);
    }
    (!dir.is_empty()).then(|| format!("{dir}.rs")).filter(exists)
}

/// The root file of the crate that the file is part of.
fn crate_root(layout: &dyn Layout, path: &str) -> Option<String> {
    const LEVELS_MAX: usize = 64;
    let mut at = path.to_owned();
    for _ in 0..LEVELS_MAX {
        match module_above(layout, &at) {
            Some(above) => at = above,
            None => return Some(at),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::LangId;

    struct Folder {
        files: Vec<&'static str>,
        manifests: Vec<Manifest>,
        stores: Vec<String>,
    }

    impl Layout for Folder {
        fn path(&self, file: FileId) -> &str {
            self.files[file.index()]
        }
        fn file(&self, path: &str) -> Option<FileId> {
            self.files.iter().position(|f| *f == path).map(|i| FileId(i as u32))
        }
        fn files_in(&self, _: &str) -> Vec<FileId> {
            Vec::new()
        }
        fn files_named(&self, file_name: &str, _: usize) -> Vec<FileId> {
            let named = |f: &FileId| crate::lang::modules::file_name(self.path(*f)) == file_name;
            (0..self.files.len() as u32).map(FileId).filter(named).collect()
        }
        fn has_dir(&self, _: &str) -> bool {
            false
        }
        fn lang(&self, _: FileId) -> LangId {
            LangId::of_language_id("rust").unwrap()
        }
        fn manifests(&self, _: &str) -> &[Manifest] {
            &self.manifests
        }
        fn stores(&self) -> &[String] {
            &self.stores
        }
        fn root(&self) -> &str {
            "/ws/app"
        }
    }

    fn folder() -> Folder {
        let manifest = |dir, text| Modules.read_manifest(dir, MANIFEST, text);
        Folder {
            files: vec![
                "a/src/lib.rs",
                "a/src/x.rs",
                "a/src/x/y.rs",
                "a/src/z/mod.rs",
                "a/src/z/w.rs",
                "a/tests/one.rs",
                "a/tests/common/mod.rs",
                "b/core/main.rs",
                "b/core/flags.rs",
                "b/tests/tests.rs",
                "b/tests/util.rs",
            ],
            manifests: [
                manifest("", "[workspace]\nmembers = [\"a\", \"b\"]"),
                manifest("a", "[package]\nname = \"a-lib\"\n[dependencies]\nserde = \"1\""),
                manifest(
                    "b",
                    "[package]\nname = \"b\"\n[[bin]]\nname = \"bb\"\npath = \"core/main.rs\"\n\
                     [[test]]\nname = \"t\"\npath = \"tests/tests.rs\"\n\
                     [dependencies]\nshort = { path = \"../a\", package = \"a-lib\" }",
                ),
            ]
            .into_iter()
            .flatten()
            .collect(),
            stores: Vec::new(),
        }
    }

    fn check(from: &str, specifier: &str, expected: &str) {
        check_in(&folder(), from, specifier, expected);
    }

    fn check_in(folder: &Folder, from: &str, specifier: &str, expected: &str) {
        let from = folder.file(from).unwrap();
        let found = match Modules.resolve(folder, from, specifier) {
            ModuleTarget::Files(files) => folder.path(files[0]).to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(found, expected, "{specifier} in {}", folder.path(from));
    }

    #[test]
    fn roots_parents_and_crates() {
        check("a/src/x/y.rs", "crate", "a/src/lib.rs");
        check("a/src/x/y.rs", "super", "a/src/x.rs");
        check("a/src/x/y.rs", "super::super", "a/src/lib.rs");
        check("a/src/z/w.rs", "super", "a/src/z/mod.rs");
        check("a/src/z/mod.rs", "super", "a/src/lib.rs");
        check("a/src/lib.rs", "super", "Unknown");
        check("a/tests/one.rs", "crate", "a/tests/one.rs");
        check("a/tests/one.rs", "a_lib", "a/src/lib.rs");
        check("b/core/flags.rs", "crate", "b/core/main.rs");
        check("b/core/flags.rs", "short", "a/src/lib.rs");
        check("b/core/flags.rs", "std", "External");
        check("a/src/lib.rs", "serde", "External");
        check("a/src/lib.rs", "nobody", "Unknown");
        check("b/tests/util.rs", "crate", "b/tests/tests.rs");
        check("a/src/lib.rs", "./z/w.rs", "a/src/z/w.rs");
    }

    #[test]
    fn crates_lie_where_manifests_say() {
        let manifest = |dir, text| Modules.read_manifest(dir, MANIFEST, text).unwrap();
        let mut folder = Folder {
            files: vec!["in/src/lib.rs", "use/src/lib.rs", "/ws/far/src/lib.rs", "/ws/near/src/lib.rs"],
            manifests: vec![
                manifest(
                    "",
                    "[workspace.dependencies]\nshort = { path = \"in\", package = \"in-one\" }\n\
                     beyond = { path = \"../far\", package = \"far\" }",
                ),
                manifest(
                    "/ws/far",
                    "[package]\nname = \"far\"\n[dependencies]\nnear = { path = \"../near\" }",
                ),
                manifest("/ws/near", "[package]\nname = \"near\""),
                manifest("in", "[package]\nname = \"in-one\""),
                manifest(
                    "use",
                    "[package]\nname = \"use\"\n[dependencies]\nshort.workspace = true\nbeyond = { workspace = true }\n\
                     closed = { path = \"../../closed\" }\nown = { path = \"../in\", package = \"in-one\" }",
                ),
            ],
            stores: vec!["/ws/far".to_owned(), "/ws/near".to_owned()],
        };
        check_in(&folder, "use/src/lib.rs", "short", "in/src/lib.rs");
        check_in(&folder, "use/src/lib.rs", "own", "in/src/lib.rs");
        check_in(&folder, "use/src/lib.rs", "beyond", "/ws/far/src/lib.rs");
        check_in(&folder, "/ws/far/src/lib.rs", "near", "/ws/near/src/lib.rs");
        check_in(&folder, "use/src/lib.rs", "closed", "External");
        let asked = Modules.library_manifests(&folder, folder.file("use/src/lib.rs").unwrap(), "beyond");
        assert!(asked.contains(&"/ws/far/Cargo.toml".to_owned()), "{asked:?}");
        // Who inherits a dependency under another name depends on it.
        assert!(Modules.dependents(&folder, "in").contains("use"));
        folder.stores.clear();
        check_in(&folder, "use/src/lib.rs", "beyond", "External");
    }

    #[test]
    fn packages_are_seen_by_those_that_depend_on_them() {
        let mut folder = folder();
        let far = "[package]\nname = \"far\"\n[lib]\nname = \"else\"\n[dev-dependencies]\nb = \"1\"";
        let on_far = "[package]\nname = \"on-far\"\n[target.'cfg(unix)'.dependencies]\nfar = \"1\"";
        folder.manifests.extend(Modules.read_manifest("c", MANIFEST, far));
        folder.manifests.extend(Modules.read_manifest("d", MANIFEST, on_far));
        let seen = |dir| {
            let mut dirs: Vec<&str> = Modules.dependents(&folder, dir).into_iter().collect();
            dirs.sort();
            dirs.concat()
        };
        assert_eq!([seen("a"), seen("b"), seen("c"), seen("d")], ["abcd", "bcd", "cd", "d"]);
        let sees = |dir| {
            let mut dirs: Vec<&str> = Modules.dependencies(&folder, dir).into_iter().collect();
            dirs.sort();
            dirs.concat()
        };
        assert_eq!([sees("a"), sees("b"), sees("c"), sees("d")], ["a", "ab", "abc", "abcd"]);
        let package = |path| Modules.package(&folder, folder.file(path).unwrap());
        assert_eq!([package("a/src/x/y.rs"), package("b/core/flags.rs")], [Some("a"), Some("b")]);
    }

    #[test]
    fn children_lie_beside_or_below() {
        let folder = folder();
        let child =
            |parent: &str, name: &str| match Modules.child(&folder, folder.file(parent).unwrap(), name) {
                ModuleTarget::Files(files) => folder.path(files[0]).to_owned(),
                other => format!("{other:?}"),
            };
        assert_eq!(child("a/src/lib.rs", "x"), "a/src/x.rs");
        assert_eq!(child("a/src/x.rs", "y"), "a/src/x/y.rs");
        assert_eq!(child("a/src/z/mod.rs", "w"), "a/src/z/w.rs");
        assert_eq!(child("a/tests/one.rs", "common"), "a/tests/common/mod.rs");
        assert_eq!(child("b/tests/tests.rs", "util"), "b/tests/util.rs");
        assert_eq!(child("a/src/x.rs", "z"), "Unknown");
    }

    #[test]
    fn a_broken_manifest_is_none() {
        assert!(Modules.read_manifest("", MANIFEST, "[package").is_none());
        assert!(Modules.read_manifest("", MANIFEST, "package = 1").is_none());
    }
}
