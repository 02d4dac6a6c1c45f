//! From what a folder's files import to the files of libraries that say what it is.
//!
//! The search goes breadth first: what the folder itself imports, then what those files import, and so on, within
//! limits. Each file is parsed, reduced to what it declares, and kept encoded.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::bounds::{Bounds, read_bounded};
use super::super::crew::Crew;
use super::super::gate::Gate;
use super::super::read::Outcome;
use super::super::scan::{Found, What, mtime_ns};
use super::disk::Disk;
use super::{Loaded, Missing, Package};
use crate::graph::{EncodedFile, Graph, Libraries};
use crate::lang::facts::{DefFlags, DefKind, Facts, Name, Role, Term};
use crate::lang::modules::{FileId, Layout, Manifest, ModuleTarget, file_name, parent};
use crate::lang::{Family, LangId, check_text};

/// Files of libraries for one folder; the closest are taken first.
pub const FILES_MAX: usize = 3_000;
/// Bytes of what is kept of them, and at most this part of the budget.
pub const BYTES_MAX: u64 = 96 << 20;
pub const BUDGET_FRACTION: u64 = 8;
/// How long a load may take.
pub const TIME_MAX: Duration = Duration::from_secs(60);
/// Imports of imports are followed this far.
const ROUNDS_MAX: usize = 24;
/// Manifests that lead to each other are followed this far.
const MANIFESTS_DEPTH_MAX: usize = 3;
/// A manifest of a library is read up to this size.
const MANIFEST_BYTES_MAX: u64 = 4 << 20;
/// A file whose size says that no person wrote it is passed over.
pub const FILE_BYTES_MAX: u64 = 2 << 20;
/// Missing libraries that are listed.
const MISSING_MAX: usize = 200;

/// One load.
pub struct Job<'a> {
    pub graph: &'a Graph,
    pub bounds: &'a Bounds,
    pub stores: Vec<String>,
    /// What an earlier load read, which is not read again while it is the same.
    pub before: Option<&'a Libraries>,
    pub crew: Crew<'a>,
    pub bytes_max: u64,
}

/// What a file asks of modules.
struct Ask {
    lang: LangId,
    from: FileId,
    specifier: String,
    /// Names that are taken from it, each of which may be a module in it.
    names: BTreeSet<String>,
}

/// Gives memory for what is read, as long as there is some.
pub type Room<'a> = dyn FnMut(u64) -> bool + 'a;

/// Finds and reads what the files of a graph need; `room` is asked for the bytes of what is kept, and for the scratch of
/// a parse, of which as much as that many bytes more is used at a time.
pub fn load(job: Job<'_>, scratch: &Gate, room: &mut Room<'_>) -> Loaded {
    let Job { graph, bounds, stores, before, crew, bytes_max } = job;
    let deadline = Instant::now() + TIME_MAX;
    let is_over = || Instant::now() > deadline || crew.cancel.is_cancelled();
    let mut disk = Disk::new(graph, bounds, stores);
    let mut loading = Loading {
        before: before.iter().flat_map(|b| &b.files).map(|f| (f.meta.path.as_str(), f)).collect(),
        taken: FxHashSet::default(),
        out: Loaded::default(),
        bytes: 0,
        bytes_max,
    };
    const LATE: &str = "the time for reading dependencies was up";
    let mut asks = asks_of_folder(graph, &mut loading.out.asked, is_over);
    loading.out.limited = is_over().then_some(LATE);
    for round in 0..ROUNDS_MAX {
        // Some manifests say where others lie.
        for _ in 0..MANIFESTS_DEPTH_MAX {
            let manifests = manifests_for(&disk, &asks, &mut loading.taken);
            if manifests.is_empty() {
                break;
            }
            loading.out.libraries.manifests.extend(manifests.iter().cloned());
            disk.add_manifests(manifests);
        }
        let (mut wanted, mut cut): (Vec<FileId>, bool) = Default::default();
        for ask in &asks {
            cut = is_over();
            if cut {
                break;
            }
            let found = targets(&disk, ask);
            if found.is_empty() && round == 0 {
                loading.missing(&disk, ask);
            }
            wanted.extend(found);
        }
        asks = loading.read(&disk, wanted, &crew, scratch, room);
        if cut || !asks.is_empty() && is_over() {
            loading.out.limited = Some(LATE);
        }
        if asks.is_empty() || loading.out.limited.is_some() {
            break;
        }
    }
    let mut out = loading.out;
    out.libraries.stores = disk.stores().to_vec();
    out.libraries.root = disk.root().to_owned();
    out.packages = packages(&disk, &out.libraries);
    out
}

struct Loading<'a> {
    before: FxHashMap<&'a str, &'a Arc<EncodedFile>>,
    /// Paths of files and manifests that have been looked at.
    taken: FxHashSet<String>,
    out: Loaded,
    bytes: u64,
    bytes_max: u64,
}

impl Loading<'_> {
    /// Reads files that have not been read yet; returns what they ask in turn.
    fn read(
        &mut self,
        disk: &Disk<'_>,
        wanted: Vec<FileId>,
        crew: &Crew<'_>,
        scratch: &Gate,
        room: &mut Room<'_>,
    ) -> Vec<Ask> {
        let mut asks = Vec::new();
        let mut files: Vec<Found> = Vec::new();
        for file in wanted {
            let path = disk.path(file);
            if !self.taken.insert(path.to_owned()) {
                continue;
            }
            if self.taken.len() > FILES_MAX {
                self.out.limited = Some("there are more files of dependencies than are read");
                break;
            }
            let Some(found) = found(disk, path) else { continue };
            let same =
                |f: &&Arc<EncodedFile>| f.meta.bytes == found.bytes && f.meta.mtime_ns == found.mtime_ns;
            match self.before.get(path).copied().filter(same) {
                Some(known) => {
                    let known = Arc::clone(known);
                    self.keep(disk, known, &mut asks, room);
                }
                None => files.push(found),
            }
        }
        files.retain(|f| f.bytes <= FILE_BYTES_MAX);
        let outcome = crew.read_all(
            &files,
            |_| None,
            scratch,
            |_, outcome, _| {
                if let Outcome::Encoded(file) = outcome
                    && self.out.limited.is_none()
                {
                    self.keep(disk, Arc::new(*file), &mut asks, room);
                }
                Ok(())
            },
        );
        if outcome.is_err() {
            self.out.limited = Some("reading dependencies was ended");
        }
        asks
    }

    fn keep(&mut self, disk: &Disk<'_>, file: Arc<EncodedFile>, asks: &mut Vec<Ask>, room: &mut Room<'_>) {
        let bytes = (size_of::<EncodedFile>() + file.heap_bytes()) as u64;
        if self.bytes + bytes > self.bytes_max || !room(bytes) {
            self.out.limited = Some("there is no memory for more dependencies");
            return;
        }
        self.bytes += bytes;
        if let Some(from) = disk.file(&file.meta.path) {
            let facts = file.facts();
            let text = |name: Name| &*facts.names[name.index()];
            asks.extend(asks_of(file.meta.lang, from, &facts, text));
        }
        self.out.libraries.files.push(file);
    }

    /// Notes a library that the folder imports and that is nowhere.
    fn missing(&mut self, disk: &Disk<'_>, ask: &Ask) {
        let target = ask.lang.strategy().resolve(disk, ask.from, &ask.specifier);
        if target != ModuleTarget::External || self.out.missing.len() >= MISSING_MAX {
            return;
        }
        let name = match ask.lang.family() {
            Family::Python => ask.specifier.split('.').next().unwrap_or_default(),
            Family::EcmaScript if ask.specifier.starts_with(['.', '/', '#']) => return,
            _ => ask.specifier.as_str(),
        };
        if name.is_empty() || self.out.missing.iter().any(|m| m.name == name) {
            return;
        }
        let why =
            "not found in the folder's own dependencies, nor in the stores of the setting `dependencies`";
        self.out.missing.push(Missing { name: name.to_owned(), language: ask.lang.name(), why });
    }
}

/// The key under which it is remembered that a module was asked for.
pub fn asked_key(lang: LangId, specifier: &str) -> u64 {
    use std::hash::{Hash as _, Hasher as _};
    let mut hasher = rustc_hash::FxHasher::default();
    (lang.family() as u8).hash(&mut hasher);
    specifier.hash(&mut hasher);
    hasher.finish()
}

/// Modules that a file names.
pub fn specifiers(facts: &Facts) -> impl Iterator<Item = Name> + '_ {
    facts.terms.iter().filter_map(|term| match term {
        Term::Module(name) => Some(*name),
        _ => None,
    })
}

fn asks_of_folder(graph: &Graph, asked: &mut FxHashSet<u64>, is_over: impl Fn() -> bool) -> Vec<Ask> {
    let mut all = Vec::new();
    // Of files in one directory one stands for all, as far as they ask the same.
    let mut seen: FxHashMap<(String, u64), usize> = FxHashMap::default();
    for file in graph.files() {
        if is_over() {
            break;
        }
        let facts = graph.facts(file);
        let text = |name: Name| graph.name_text(name);
        for ask in asks_of(graph.lang(file), file, &facts, text) {
            let key = asked_key(ask.lang, &ask.specifier);
            asked.insert(key);
            let dir = parent(graph.path(file)).to_owned();
            match seen.get(&(dir.clone(), key)) {
                Some(at) => {
                    let known: &mut Ask = &mut all[*at];
                    known.names.extend(ask.names);
                }
                None => {
                    seen.insert((dir, key), all.len());
                    all.push(ask);
                }
            }
        }
    }
    all
}

fn asks_of<'t>(lang: LangId, from: FileId, facts: &Facts, text: impl Fn(Name) -> &'t str) -> Vec<Ask> {
    let mut asks: Vec<Ask> = Vec::new();
    let mut at: FxHashMap<Name, usize> = FxHashMap::default();
    for name in specifiers(facts) {
        at.entry(name).or_insert_with(|| {
            asks.push(Ask { lang, from, specifier: text(name).to_owned(), names: BTreeSet::new() });
            asks.len() - 1
        });
    }
    for r in facts.refs.iter().filter(|r| r.role == Role::Import) {
        if let Some(Term::Module(module)) = r.recv.map(|recv| facts.term(recv))
            && let Some(at) = at.get(module)
        {
            asks[*at].names.insert(text(r.name).to_owned());
        }
    }
    // Where the names of modules need no import, what stands before a name may be one.
    if lang.knobs().module_names {
        for r in &facts.refs {
            let head = r.recv.and_then(|recv| match facts.term(recv) {
                Term::Ref(head) => Some(facts.reference(*head)).filter(|head| head.recv.is_none()),
                _ => None,
            });
            if let Some(head) = head {
                at.entry(head.name).or_insert_with(|| {
                    asks.push(Ask {
                        lang,
                        from,
                        specifier: text(head.name).to_owned(),
                        names: BTreeSet::new(),
                    });
                    asks.len() - 1
                });
            }
        }
    }
    // `import a.b` binds `a`.
    if let Some(dotted) = lang.strategy().dotted() {
        let named: FxHashSet<&str> = asks.iter().map(|ask| ask.specifier.as_str()).collect();
        let above: BTreeSet<String> = asks
            .iter()
            .filter_map(|ask| ask.specifier.split_once(dotted.separator()))
            .map(|(first, _)| first)
            .filter(|first| !first.is_empty() && !named.contains(first))
            .map(str::to_owned)
            .collect();
        asks.extend(above.into_iter().map(|specifier| Ask { lang, from, specifier, names: BTreeSet::new() }));
    }
    // Modules whose bodies are files of their own are parts of this one.
    for def in &facts.defs {
        if def.kind == DefKind::Module && def.flags.has(DefFlags::FILE_MODULE) {
            let around = facts.ancestors(def.scope).filter_map(|s| facts.scope(s).owner);
            let mut path: Vec<&str> = around.map(|owner| text(facts.def(owner).name)).collect();
            path.reverse();
            path.push(text(def.name));
            let names = BTreeSet::from([path.join("::")]);
            asks.push(Ask { lang, from, specifier: String::new(), names });
        }
    }
    asks
}

/// The manifests of libraries that may be needed, as far as they are there and have not been read.
fn manifests_for(disk: &Disk<'_>, asks: &[Ask], taken: &mut FxHashSet<String>) -> Vec<Manifest> {
    let mut found = Vec::new();
    for ask in asks.iter().filter(|ask| !ask.specifier.is_empty()) {
        for path in ask.lang.strategy().library_manifests(disk, ask.from, &ask.specifier) {
            if taken.insert(path.clone()) {
                found.extend(read_manifest(disk, ask.lang, &path));
            }
        }
    }
    found
}

fn read_manifest(disk: &Disk<'_>, lang: LangId, path: &str) -> Option<Manifest> {
    let known = |m: &Manifest| m.dir == parent(path);
    if disk.manifests(file_name(path)).iter().any(known) {
        return None;
    }
    let real = disk.real(path)?;
    let bytes = read_bounded(&real, MANIFEST_BYTES_MAX).ok()??;
    lang.strategy().read_manifest(parent(path), file_name(path), check_text(&bytes).ok()?)
}

/// The files of libraries that an import leads to.
fn targets(disk: &Disk<'_>, ask: &Ask) -> Vec<FileId> {
    let strategy = ask.lang.strategy();
    let mut found: Vec<FileId> = Vec::new();
    let mut add = |target: ModuleTarget| {
        if let ModuleTarget::Files(files) = target {
            found.extend(files.into_iter().filter(|file| Disk::is_library(*file)));
        }
    };
    if ask.specifier.is_empty() {
        if Disk::is_library(ask.from) {
            ask.names.iter().for_each(|name| add(strategy.child(disk, ask.from, name)));
        }
        return found;
    }
    match strategy.resolve(disk, ask.from, &ask.specifier) {
        ModuleTarget::Files(files) => {
            if let [file] = *files
                && Disk::is_library(file)
            {
                ask.names.iter().for_each(|name| add(strategy.child(disk, file, name)));
            }
            add(ModuleTarget::Files(files));
        }
        ModuleTarget::Directory(dir) if disk.is_library_path(&dir) => {
            ask.names.iter().for_each(|name| add(strategy.child_of_dir(disk, &dir, name)));
        }
        _ => {}
    }
    found
}

fn found(disk: &Disk<'_>, path: &str) -> Option<Found> {
    let lang = LangId::of_path(std::path::Path::new(path))?;
    let data = fs::metadata(disk.real(path)?).ok()?;
    Some(Found {
        path: path.to_owned(),
        what: What::Source(lang),
        bytes: data.len(),
        mtime_ns: mtime_ns(&data),
        outline: true,
    })
}

/// What was read, by library.
fn packages(disk: &Disk<'_>, libraries: &Libraries) -> Vec<Package> {
    let mut all: FxHashMap<&str, Package> = FxHashMap::default();
    for file in &libraries.files {
        let name = package_of(&file.meta.path, disk.stores());
        let package =
            all.entry(name).or_insert_with(|| Package { name: name.to_owned(), ..Package::default() });
        package.files += 1;
        package.bytes += file.heap_bytes() as u64;
    }
    let mut all: Vec<Package> = all.into_values().collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// The library that a path is part of, as people call it.
fn package_of<'a>(path: &'a str, stores: &[String]) -> &'a str {
    let below = match path.rfind("node_modules/") {
        Some(at) => &path[at + "node_modules/".len()..],
        None => {
            let store = stores.iter().filter(|s| path.starts_with(&format!("{s}/"))).map(String::len).max();
            &path[store.map_or(0, |len| len + 1)..]
        }
    };
    let mut ends = below.match_indices('/').map(|(at, _)| at);
    let first = ends.next().unwrap_or(below.len());
    let versioned = below.find('@').filter(|at| *at > 0);
    let end = match versioned {
        // A module of Go's cache: its path, with its version in the last part.
        Some(at) => below[at..].find('/').map_or(below.len(), |slash| at + slash),
        None if below.starts_with('@') => ends.next().unwrap_or(below.len()),
        None => first,
    };
    let name = &below[..end];
    name.strip_suffix(".pyi").or_else(|| name.strip_suffix(".py")).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::package_of;

    #[test]
    fn libraries_are_called_by_their_names() {
        let stores = ["/mod".to_owned(), "env/site-packages".to_owned()];
        for (path, name) in [
            ("node_modules/a/index.d.ts", "a"),
            ("node_modules/@types/b/index.d.ts", "@types/b"),
            ("node_modules/a/node_modules/c/c.js", "c"),
            ("env/site-packages/d/e.py", "d"),
            ("env/site-packages/six.py", "six"),
            ("/mod/github.com/x/y@v1.2.0/z/z.go", "github.com/x/y@v1.2.0"),
        ] {
            assert_eq!(package_of(path, &stores), name, "{path}");
        }
    }
}
