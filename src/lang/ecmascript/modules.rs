//! The modules of TypeScript and JavaScript: relative specifiers, `tsconfig` paths, packages of the folder.

use crate::lang::modules::{
    FileId, Layout, Manifest, ModuleStrategy, ModuleTarget, Unit, file_name, is_in, join, module_with_main,
    parent, reach, relative_path, upwards,
};

use super::globals::NODE_MODULES;
use super::manifests::{self, PACKAGE, PROJECTS};

/// Module rules of TypeScript and JavaScript.
pub struct Modules;

/// The directory that packages are installed in.
const INSTALLED: &str = "node_modules";

/// Extensions that a specifier may leave out, in the order in which they are tried.
const EXTENSIONS: [&str; 10] = ["ts", "tsx", "d.ts", "mts", "cts", "js", "jsx", "mjs", "cjs", "d.mts"];

/// A specifier names the file that is compiled to, the folder has the one that is compiled.
const COMPILED: [(&str, &[&str]); 4] = [
    (".js", &["ts", "tsx", "d.ts"]),
    (".jsx", &["tsx", "d.ts"]),
    (".mjs", &["mts", "d.mts", "ts"]),
    (".cjs", &["cts", "d.cts", "ts"]),
];

/// Directories that a build writes to; their sources commonly stand in `src`.
const OUTPUTS: [&str; 12] =
    ["dist", "lib", "build", "out", "es", "esm", "cjs", "umd", "types", "typings", "node", "commonjs"];

/// Configurations that extend each other are followed this far.
const EXTENDS_MAX: usize = 8;

/// Packages whose entry leads to another directory with an entry are followed this far.
const ENTRIES_MAX: usize = 4;

impl ModuleStrategy for Modules {
    fn manifest_names(&self) -> &'static [&'static str] {
        &["package.json", "tsconfig.json", "jsconfig.json", "tsconfig.base.json"]
    }

    fn read_manifest(&self, dir: &str, file: &str, text: &str) -> Option<Manifest> {
        manifests::read(dir, file, text)
    }

    fn resolve(&self, layout: &dyn Layout, from: FileId, specifier: &str) -> ModuleTarget {
        let here = parent(layout.path(from));
        let specifier = specifier.split(['?', '!']).next().unwrap_or_default();
        if is_relative(specifier) {
            return relative(layout, here, specifier);
        }
        if let Some(rooted) = specifier.strip_prefix('/') {
            return probe(layout, rooted).map_or(ModuleTarget::External, ModuleTarget::file);
        }
        if specifier.is_empty() || specifier.starts_with("node:") {
            return ModuleTarget::External;
        }
        if specifier.starts_with('#')
            && let Some(found) = private_import(layout, here, specifier)
        {
            return ModuleTarget::file(found);
        }
        if let Some(found) = by_project(layout, here, specifier) {
            return ModuleTarget::file(found);
        }
        if NODE_MODULES.contains(&specifier.split('/').next().unwrap_or_default()) {
            return ModuleTarget::External;
        }
        by_package(layout, here, specifier)
    }

    fn library_manifests(&self, layout: &dyn Layout, from: FileId, specifier: &str) -> Vec<String> {
        let here = parent(layout.path(from));
        if is_relative(specifier) {
            // What is there may be a package.
            let target = reach(layout, here, specifier).filter(|path| is_in(path, layout.stores()));
            return target.into_iter().map(|dir| format!("{dir}/{PACKAGE}")).collect();
        }
        if specifier.starts_with('/') || specifier.contains(':') {
            return Vec::new();
        }
        let mut paths = project_manifests(layout, here);
        if specifier.starts_with('#') {
            return paths;
        }
        let (name, below) = split_package(specifier);
        for modules in installed_dirs(layout, here) {
            for dir in [format!("{modules}/{name}"), types_dir(&modules, name)] {
                paths.push(format!("{dir}/{PACKAGE}"));
                if !below.is_empty() {
                    paths.push(format!("{dir}/{below}/{PACKAGE}"));
                }
            }
        }
        paths
    }

    fn beside(&self, layout: &dyn Layout, from: FileId, specifier: &str) -> Option<String> {
        let specifier = specifier.split(['?', '!']).next().unwrap_or_default();
        let path = join(parent(layout.path(from)), specifier).filter(|_| is_relative(specifier))?;
        let name = file_name(&path);
        let stem = EXTENSIONS.iter().find_map(|e| name.strip_suffix(e)?.strip_suffix('.')).unwrap_or(name);
        // A directory is found by what its manifest says, which may be anywhere.
        (!stem.is_empty()).then(|| path[..path.len() - name.len() + stem.len()].to_owned())
    }

    fn child_of_dir(&self, _layout: &dyn Layout, _dir: &str, _name: &str) -> ModuleTarget {
        ModuleTarget::Unknown
    }

    fn module_of<'p>(&self, path: &'p str) -> (&'p str, &'p str) {
        module_with_main(path, "index")
    }

    fn ways(&self) -> Option<fn(&str) -> Option<&str>> {
        Some(|specifier| Some(specifier).filter(|path| is_relative(path)))
    }

    fn closed_units(&self) -> Option<Unit> {
        Some(Unit::File)
    }

    fn siblings(&self, _layout: &dyn Layout, _file: FileId) -> Vec<FileId> {
        Vec::new()
    }

    fn specifier(&self, layout: &dyn Layout, from: FileId, target: FileId) -> Option<String> {
        let (here, path) = (parent(layout.path(from)), layout.path(target));
        let extension = EXTENSIONS.iter().find(|e| path.ends_with(&format!(".{e}")))?;
        let stem = path.strip_suffix(extension)?.strip_suffix('.')?;
        let whole = stem.strip_suffix("/index").unwrap_or(stem);
        let package = |path: &str| {
            let inside = |p: &&Manifest| strip_dir(path, &p.dir).is_some();
            layout.manifests(PACKAGE).iter().filter(inside).max_by_key(|p| p.dir.len())
        };
        let other = package(path).filter(|p| package(layout.path(from)).is_none_or(|own| own.dir != p.dir));
        let named = other.and_then(|p| p.name.clone());
        let relative = [relative_path(here, whole), relative_path(here, stem), relative_path(here, path)];
        let reaches = |s: &String| self.resolve(layout, from, s) == ModuleTarget::file(target);
        named.into_iter().chain(relative).find(reaches)
    }
}

fn is_relative(specifier: &str) -> bool {
    matches!(specifier, "." | "..") || specifier.starts_with("./") || specifier.starts_with("../")
}

fn relative(layout: &dyn Layout, here: &str, specifier: &str) -> ModuleTarget {
    let Some(path) = reach(layout, here, specifier) else { return ModuleTarget::External };
    if let Some(file) = probe(layout, &path) {
        return ModuleTarget::file(file);
    }
    // The directories that a project lists as roots are one.
    for project in projects(layout, here) {
        let roots: Vec<String> =
            project.values("rootDirs").filter_map(|root| reach(layout, &project.dir, root)).collect();
        for root in &roots {
            let Some(below) = strip_dir(&path, root) else { continue };
            let others = roots.iter().filter(|other| *other != root);
            if let Some(file) = others.filter_map(|other| join(other, below)).find_map(|p| probe(layout, &p))
            {
                return ModuleTarget::file(file);
            }
        }
    }
    // Data, styles and pictures are no code, so nothing in the folder answers for them.
    match file_name(&path).rsplit_once('.') {
        Some((stem, extension))
            if !stem.is_empty() && !EXTENSIONS.contains(&extension) && is_asset(extension) =>
        {
            ModuleTarget::External
        }
        _ => ModuleTarget::Unknown,
    }
}

fn is_asset(extension: &str) -> bool {
    const ASSETS: [&str; 20] = [
        "json", "css", "scss", "sass", "less", "svg", "png", "jpg", "jpeg", "gif", "webp", "ico", "html",
        "md", "txt", "wasm", "node", "yaml", "yml", "graphql",
    ];
    ASSETS.contains(&extension)
}

fn strip_dir<'a>(path: &'a str, dir: &str) -> Option<&'a str> {
    if dir.is_empty() {
        return Some(path);
    }
    path.strip_prefix(dir)?.strip_prefix('/')
}

/// The file that a path without certain extension means.
fn probe(layout: &dyn Layout, path: &str) -> Option<FileId> {
    probe_at(layout, path, ENTRIES_MAX)
}

fn probe_at(layout: &dyn Layout, path: &str, entries: usize) -> Option<FileId> {
    probe_file(layout, path).or_else(|| probe_dir(layout, path, entries))
}

fn probe_file(layout: &dyn Layout, path: &str) -> Option<FileId> {
    for (suffix, sources) in COMPILED {
        if let Some(stem) = path.strip_suffix(suffix)
            && let Some(file) = sources.iter().find_map(|e| layout.file(&format!("{stem}.{e}")))
        {
            return Some(file);
        }
    }
    if path.is_empty() {
        return None;
    }
    layout.file(path).or_else(|| EXTENSIONS.iter().find_map(|e| layout.file(&format!("{path}.{e}"))))
}

fn probe_dir(layout: &dyn Layout, dir: &str, entries: usize) -> Option<FileId> {
    if entries == 0 || !dir.is_empty() && !layout.has_dir(dir) {
        return None;
    }
    if let Some(package) = package_at(layout, dir)
        && let Some(file) = main_of(layout, package, entries - 1)
    {
        return Some(file);
    }
    let index = join(dir, "index")?;
    EXTENSIONS.iter().find_map(|e| layout.file(&format!("{index}.{e}")))
}

fn package_at<'a>(layout: &'a dyn Layout, dir: &str) -> Option<&'a Manifest> {
    layout.manifests(PACKAGE).iter().find(|package| package.dir == dir)
}

/// Manifests of the projects that hold a directory, as far as they lie in a store, and of those they may be extended from or
/// lead to there.
fn project_manifests(layout: &dyn Layout, here: &str) -> Vec<String> {
    let above = upwards(here).take_while(|dir| is_in(dir, layout.stores()) && !dir.contains(INSTALLED));
    let own =
        above.flat_map(|dir| PROJECTS[..2].iter().chain([&PACKAGE]).map(move |name| format!("{dir}/{name}")));
    let extended = projects(layout, here).into_iter().filter_map(|project| extended_path(layout, project));
    own.chain(extended.filter(|path| is_in(path, layout.stores()))).collect()
}

/// The projects that hold the directory, the nearest first, each followed by those it extends.
fn projects<'a>(layout: &'a dyn Layout, here: &str) -> Vec<&'a Manifest> {
    let mut found = Vec::new();
    for dir in upwards(here) {
        for name in &PROJECTS[..2] {
            if let Some(project) = layout.manifests(name).iter().find(|project| project.dir == dir) {
                let mut at = Some(project);
                for _ in 0..EXTENDS_MAX {
                    let Some(project) = at else { break };
                    found.push(project);
                    at = extended(layout, project);
                }
            }
        }
    }
    found
}

fn extended_path(layout: &dyn Layout, project: &Manifest) -> Option<String> {
    let target = project.values("extends").next()?;
    let path = reach(layout, &project.dir, target)?;
    Some(if path.ends_with(".json") { path } else { format!("{path}.json") })
}

fn extended<'a>(layout: &'a dyn Layout, project: &Manifest) -> Option<&'a Manifest> {
    let path = extended_path(layout, project)?;
    layout.manifests(file_name(&path)).iter().find(|other| other.dir == parent(&path))
}

/// By the paths and the base directory of the nearest projects.
fn by_project(layout: &dyn Layout, here: &str, specifier: &str) -> Option<FileId> {
    let projects = projects(layout, here);
    for project in &projects {
        let base = project.values("baseUrl").next().and_then(|base| reach(layout, &project.dir, base));
        let root = base.clone().unwrap_or_else(|| project.dir.clone());
        let mut patterns: Vec<(usize, &str, &str)> = project
            .entries
            .iter()
            .filter_map(|(key, target)| {
                let pattern = key.strip_prefix("paths ")?;
                let star = matched(pattern, specifier)?;
                Some((pattern.len(), star, target.as_str()))
            })
            .collect();
        // The longest pattern first; of one pattern the targets in their order.
        patterns.sort_by_key(|(length, ..)| std::cmp::Reverse(*length));
        for (_, star, target) in patterns {
            let path = reach(layout, &root, &target.replacen('*', star, 1));
            let found = path.and_then(|path| probe(layout, &path));
            if found.is_some() {
                return found;
            }
        }
        if let Some(found) =
            base.and_then(|base| join(&base, specifier)).and_then(|path| probe(layout, &path))
        {
            return Some(found);
        }
    }
    None
}

/// What the star of a pattern stands for; empty for a pattern without one.
fn matched<'a>(pattern: &str, specifier: &'a str) -> Option<&'a str> {
    match pattern.split_once('*') {
        None => (pattern == specifier).then_some(""),
        Some((before, after)) => specifier.strip_prefix(before)?.strip_suffix(after),
    }
}

/// `#name`, by the `imports` of the nearest package.
fn private_import(layout: &dyn Layout, here: &str, specifier: &str) -> Option<FileId> {
    for dir in upwards(here) {
        if let Some(package) = package_at(layout, dir) {
            return targets(package, "imports ", specifier)
                .find_map(|target| target_file(layout, package, &target, ENTRIES_MAX));
        }
    }
    None
}

/// The targets that a package lists for a subpath or an import, stars filled in.
fn targets<'a>(package: &'a Manifest, table: &'a str, wanted: &'a str) -> impl Iterator<Item = String> + 'a {
    package.entries.iter().filter_map(move |(key, target)| {
        let star = matched(key.strip_prefix(table)?, wanted)?;
        Some(target.replace('*', star))
    })
}

/// The package that a specifier names, and what it names in it.
fn split_package(specifier: &str) -> (&str, &str) {
    let split = match specifier.strip_prefix('@') {
        Some(scoped) => scoped.match_indices('/').nth(1).map(|(at, _)| at + 1),
        None => specifier.find('/'),
    };
    match split {
        Some(at) => (&specifier[..at], &specifier[at + 1..]),
        None => (specifier, ""),
    }
}

/// By a package's name: one of the folder, or one that is installed in it.
fn by_package(layout: &dyn Layout, here: &str, specifier: &str) -> ModuleTarget {
    let (name, below) = split_package(specifier);
    let is_installed = |package: &Manifest| {
        package.dir.split('/').any(|part| part == INSTALLED) || is_in(&package.dir, layout.stores())
    };
    let mut known = false;
    for package in layout.manifests(PACKAGE).iter().filter(|p| p.name.as_deref() == Some(name)) {
        if is_installed(package) {
            continue;
        }
        known = true;
        if let Some(file) = in_package(layout, package, below) {
            return ModuleTarget::file(file);
        }
    }
    for modules in installed_dirs(layout, here) {
        if let Some(file) = installed_file(layout, &modules, name, below) {
            return ModuleTarget::file(file);
        }
    }
    if known { ModuleTarget::Unknown } else { ModuleTarget::External }
}

/// Where packages are installed that files of a directory see: the nearest first, then the user's stores.
fn installed_dirs(layout: &dyn Layout, here: &str) -> Vec<String> {
    let above = upwards(here).filter(|dir| file_name(dir) != INSTALLED);
    let near = above.filter_map(|dir| join(dir, INSTALLED)).filter(|dir| layout.has_dir(dir));
    near.chain(layout.stores().iter().filter(|store| file_name(store) == INSTALLED).cloned()).collect()
}

/// Where the types of a package lie that has none itself.
fn types_dir(modules: &str, name: &str) -> String {
    format!("{modules}/@types/{}", name.trim_start_matches('@').replace('/', "__"))
}

/// The file of an installed package that has its types: its own, those that others have written, or else its code.
fn installed_file(layout: &dyn Layout, modules: &str, name: &str, below: &str) -> Option<FileId> {
    let own = entries(layout, &format!("{modules}/{name}"), below);
    let typed = |file: &FileId| is_typed(layout.path(*file));
    let found = own.iter().copied().find(typed);
    let by_others = || entries(layout, &types_dir(modules, name), below).into_iter().find(typed);
    found.or_else(by_others).or_else(|| own.first().copied())
}

fn is_typed(path: &str) -> bool {
    [".ts", ".tsx", ".mts", ".cts"].iter().any(|extension| path.ends_with(extension))
}

/// What may stand for an installed package, or for a path in it, the likeliest first.
fn entries(layout: &dyn Layout, dir: &str, below: &str) -> Vec<FileId> {
    if !layout.has_dir(dir) {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Some(package) = package_at(layout, dir) {
        let exported = if below.is_empty() { ".".to_owned() } else { format!("./{below}") };
        let exported = targets(package, "exports ", &exported);
        found.extend(exported.filter_map(|target| target_file(layout, package, &target, ENTRIES_MAX)));
        if below.is_empty() {
            let keys = ["types", "typings", "module", "main"];
            let listed = keys.iter().flat_map(|key| package.values(key));
            found.extend(listed.filter_map(|target| target_file(layout, package, target, ENTRIES_MAX)));
        }
    }
    found.extend(join(dir, below).and_then(|path| probe(layout, &path)));
    found
}

fn in_package(layout: &dyn Layout, package: &Manifest, below: &str) -> Option<FileId> {
    if below.is_empty() {
        let exported = targets(package, "exports ", ".");
        return exported
            .filter_map(|target| target_file(layout, package, &target, ENTRIES_MAX))
            .next()
            .or_else(|| probe_dir(layout, &package.dir, ENTRIES_MAX))
            .or_else(|| join(&package.dir, "src").and_then(|src| probe_dir(layout, &src, ENTRIES_MAX)));
    }
    let subpath = format!("./{below}");
    targets(package, "exports ", &subpath)
        .find_map(|target| target_file(layout, package, &target, ENTRIES_MAX))
        .or_else(|| target_file(layout, package, below, ENTRIES_MAX))
}

fn main_of(layout: &dyn Layout, package: &Manifest, entries: usize) -> Option<FileId> {
    ["types", "typings", "source", "module", "main"]
        .iter()
        .flat_map(|key| package.values(key))
        .find_map(|target| target_file(layout, package, target, entries))
}

/// The file that a package's target leads to, or the one that it is built from.
fn target_file(layout: &dyn Layout, package: &Manifest, target: &str, entries: usize) -> Option<FileId> {
    let path = join(&package.dir, target)?;
    if path != package.dir
        && let Some(file) = probe_at(layout, &path, entries)
    {
        return Some(file);
    }
    let mut below = strip_dir(&path, &package.dir)?;
    for suffix in [".d.ts", ".d.mts", ".d.cts"] {
        below = below.strip_suffix(suffix).unwrap_or(below);
    }
    let src = join(&package.dir, "src")?;
    if !layout.has_dir(&src) {
        return None;
    }
    loop {
        if let Some(file) =
            join(&src, below).filter(|path| *path != src).and_then(|path| probe_file(layout, &path))
        {
            return Some(file);
        }
        let (first, rest) = below.split_once('/')?;
        if !OUTPUTS.contains(&first) && first != "src" {
            return join(&src, below).and_then(|path| probe_at(layout, &path, entries));
        }
        below = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::LangId;
    use std::path::Path;

    struct Folder {
        paths: Vec<&'static str>,
        manifests: Vec<Manifest>,
    }

    impl Folder {
        fn new(paths: &[&'static str], manifests: &[(&str, &str)]) -> Folder {
            let mut manifests: Vec<Manifest> = manifests
                .iter()
                .filter_map(|(path, text)| Modules.read_manifest(parent(path), file_name(path), text))
                .collect();
            manifests.sort_by(|a, b| (&a.file, &a.dir).cmp(&(&b.file, &b.dir)));
            Folder { paths: paths.to_vec(), manifests }
        }
    }

    impl Layout for Folder {
        fn path(&self, file: FileId) -> &str {
            self.paths[file.index()]
        }
        fn file(&self, path: &str) -> Option<FileId> {
            self.paths.iter().position(|p| *p == path).map(|at| FileId(at as u32))
        }
        fn files_in(&self, dir: &str) -> Vec<FileId> {
            (0..self.paths.len() as u32).map(FileId).filter(|f| parent(self.path(*f)) == dir).collect()
        }
        fn files_named(&self, file_name: &str, _: usize) -> Vec<FileId> {
            let named = |f: &FileId| crate::lang::modules::file_name(self.path(*f)) == file_name;
            (0..self.paths.len() as u32).map(FileId).filter(named).collect()
        }
        fn has_dir(&self, dir: &str) -> bool {
            self.paths.iter().any(|p| strip_dir(p, dir).is_some())
        }
        fn lang(&self, file: FileId) -> LangId {
            LangId::of_path(Path::new(self.path(file))).unwrap()
        }
        fn manifests(&self, file_name: &str) -> &[Manifest] {
            let start = self.manifests.partition_point(|m| m.file.as_str() < file_name);
            let length = self.manifests[start..].iter().take_while(|m| m.file == file_name).count();
            &self.manifests[start..start + length]
        }
    }

    #[track_caller]
    fn check(folder: &Folder, from: &str, specifier: &str, expected: &str) {
        let from = folder.file(from).unwrap();
        let found = match Modules.resolve(folder, from, specifier) {
            ModuleTarget::Files(files) => folder.path(files[0]).to_owned(),
            ModuleTarget::External => "external".to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(found, expected, "{specifier}");
    }

    #[test]
    fn relative_specifiers() {
        let folder = Folder::new(&["a/x.ts", "a/y.tsx", "a/z/index.js", "b.d.ts", "c.js", "c.ts"], &[]);
        check(&folder, "a/x.ts", "./y", "a/y.tsx");
        check(&folder, "a/x.ts", "./z", "a/z/index.js");
        check(&folder, "a/x.ts", "../b", "b.d.ts");
        check(&folder, "a/x.ts", "../c.js", "c.ts");
        check(&folder, "a/x.ts", "./missing", "Unknown");
        check(&folder, "a/x.ts", "../package.json", "external");
        check(&folder, "a/x.ts", "../../up", "external");
        check(&folder, "a/x.ts", "fs", "external");
        check(&folder, "a/x.ts", "react", "external");
    }

    #[test]
    fn projects_map_paths() {
        let folder = Folder::new(
            &["app/src/a.ts", "app/src/lib/b.ts", "shared/c.ts", "app/gen/d.ts", "app/src/lib/deep.ts"],
            &[
                (
                    "app/tsconfig.json",
                    r#"{ // comment
                    "extends": "../tsconfig.base",
                    "compilerOptions": { "baseUrl": "./src", "paths": { "@lib/*": ["lib/*"], "@lib/deep": ["lib/deep"], }, },
                    /* end */ }"#,
                ),
                (
                    "tsconfig.base.json",
                    r#"{"compilerOptions": {"paths": {"@shared": ["shared/c"]}, "rootDirs": ["app/src", "app/gen"]}}"#,
                ),
            ],
        );
        check(&folder, "app/src/a.ts", "@lib/b", "app/src/lib/b.ts");
        check(&folder, "app/src/a.ts", "@lib/deep", "app/src/lib/deep.ts");
        check(&folder, "app/src/a.ts", "lib/b", "app/src/lib/b.ts");
        check(&folder, "app/src/a.ts", "@shared", "shared/c.ts");
        check(&folder, "app/src/a.ts", "./d", "app/gen/d.ts");
    }

    #[test]
    fn packages_of_the_folder() {
        let folder = Folder::new(
            &["packages/one/src/index.ts", "packages/one/src/util.ts", "packages/two/lib/main.js", "app.ts"],
            &[
                (
                    "packages/one/package.json",
                    r##"{"name": "@scope/one", "main": "dist/index.js", "exports": {".": {"import": "./dist/index.mjs"},
                    "./*": "./dist/*.js"}, "imports": {"#util": "./dist/util.js"}}"##,
                ),
                ("packages/two/package.json", r#"{"name": "two", "main": "./lib/main"}"#),
            ],
        );
        check(&folder, "app.ts", "@scope/one", "packages/one/src/index.ts");
        check(&folder, "app.ts", "@scope/one/util", "packages/one/src/util.ts");
        check(&folder, "app.ts", "two", "packages/two/lib/main.js");
        check(&folder, "app.ts", "two/missing", "Unknown");
        check(&folder, "packages/one/src/index.ts", "#util", "packages/one/src/util.ts");
    }

    #[test]
    fn installed_packages() {
        let folder = Folder::new(
            &["src/a.ts", "node_modules/left/index.d.ts", "node_modules/@types/right/index.d.ts"],
            &[("node_modules/left/package.json", r#"{"name": "left", "types": "index.d.ts"}"#)],
        );
        check(&folder, "src/a.ts", "left", "node_modules/left/index.d.ts");
        check(&folder, "src/a.ts", "right", "node_modules/@types/right/index.d.ts");
    }
}
