//! Who names which modules: for each unit of a folder those whose imports lead there directly, found when it is first
//! needed.
//!
//! It is of the frozen columns alone, and holds as long as no file has come or gone since; of changed files it says what
//! they named before.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::blob::Links;
use super::codec::{Reader, Writer};
use super::frozen::read_names;
use super::generation::Graph;
use super::lender::Borrowed;
use super::overlay::Body;
use crate::lang::facts::{Name, Term};
use crate::lang::modules::{FileId, ModuleStrategy, ModuleTarget, Unit, file_name, parent};
use crate::lang::pack::Family;

/// How much smaller than the graph's columns this is; one that would be larger is done without.
const SHARE_OF_COLUMNS: usize = 64;
/// But it may have this much, in which a few files always fit.
const IMPORTS_BYTES_MIN: usize = 16 << 10;

/// A unit, by its first file, or a directory that is a module without a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node(pub u32);

/// Imports of a folder, from what is imported to what imports it.
#[derive(Debug)]
pub struct Imports {
    files: u32,
    /// By file: the first file of its unit. Empty where every file is one.
    units: Box<[u32]>,
    /// Directories that are modules without a file, in order; their nodes follow those of files.
    dirs: Box<[Box<str>]>,
    /// By node, where its importers start; one more for the end.
    starts: Box<[u32]>,
    /// Importers of each node, ascending, as differences.
    importers: Box<[u8]>,
    /// Files that extend types, where a unit is a file.
    extending: Box<[FileId]>,
}

/// Kept with the columns that it is of.
#[derive(Debug, Default)]
pub(super) struct ImportsCell {
    /// Holds nothing where they would be too large to be kept.
    made: OnceLock<Option<Imports>>,
    /// The turn of the one who makes them.
    making: Mutex<()>,
}

impl ImportsCell {
    pub fn heap_bytes(&self) -> usize {
        self.made.get().and_then(Option::as_ref).map_or(0, Imports::heap_bytes)
    }
}

impl Imports {
    /// The node of a file of the columns.
    pub fn node(&self, file: FileId) -> Node {
        Node(self.units.get(file.index()).copied().unwrap_or(file.0))
    }

    pub fn node_count(&self) -> usize {
        self.starts.len() - 1
    }

    /// The node's first file; `None` for a directory.
    pub fn file(&self, node: Node) -> Option<FileId> {
        (node.0 < self.files).then_some(FileId(node.0))
    }

    /// The directory that the node is.
    pub fn dir(&self, node: Node) -> Option<&str> {
        let at = node.0.checked_sub(self.files)?;
        self.dirs.get(at as usize).map(|dir| &**dir)
    }

    /// The node of a directory that is a module without a file, if anything names it.
    pub fn dir_node(&self, dir: &str) -> Option<Node> {
        let at = self.dirs.binary_search_by(|own| (**own).cmp(dir)).ok()?;
        Some(Node(self.files + at as u32))
    }

    /// Nodes that import the node directly.
    pub fn importers(&self, node: Node) -> impl Iterator<Item = Node> + '_ {
        let ends = self.starts.get(node.0 as usize).zip(self.starts.get(node.0 as usize + 1));
        let bytes = ends.and_then(|(a, b)| self.importers.get(*a as usize..*b as usize));
        let mut input = Reader::new(bytes.unwrap_or_default());
        let mut last = 0;
        std::iter::from_fn(move || {
            last += input.u32().ok()?;
            Some(Node(last))
        })
    }

    /// Whether the file extends types that it may not declare.
    pub fn extends(&self, file: FileId) -> bool {
        self.extending.binary_search(&file).is_ok()
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.units)
            + size_of_val(&*self.dirs)
            + self.dirs.iter().map(|dir| dir.len()).sum::<usize>()
            + size_of_val(&*self.starts)
            + self.importers.len()
            + size_of_val(&*self.extending)
    }
}

/// The most that the imports of columns of so many bytes may take.
pub(super) fn imports_bytes_max(columns: usize) -> usize {
    (columns / SHARE_OF_COLUMNS).max(IMPORTS_BYTES_MIN)
}

impl Graph {
    /// The folder's imports; `None` where they cannot be told, or not now: there is no memory to make them in, or nobody
    /// wants them any more.
    pub fn imports(&self, cancel: Option<&AtomicBool>) -> Option<&Imports> {
        if !self.overlay.new_files().is_empty() || !self.overlay.removed().is_empty() {
            return None;
        }
        let ImportsCell { made, making } = &*self.imports;
        if let Some(known) = made.get() {
            return known.as_ref();
        }
        let _turn = making.lock();
        if let Some(known) = made.get() {
            return known.as_ref();
        }
        let imports = Making::new(self, cancel).make()?;
        let fits = imports.heap_bytes() <= imports_bytes_max(self.base.bytes());
        made.get_or_init(|| fits.then_some(imports)).as_ref()
    }

    /// Files of the columns that have changed since, or are open documents.
    pub fn changed_files(&self) -> impl Iterator<Item = FileId> + '_ {
        let frozen = self.base.file_count();
        self.overlay.rows().map(|(id, _)| id).filter(move |id| id.0 < frozen)
    }

    /// Whether the file is one of the columns, in whatever version.
    pub fn is_of_columns(&self, file: FileId) -> bool {
        file.0 < self.base.file_count()
    }

    /// The names that a file with changes uses.
    pub fn changed_names(&self, file: FileId) -> &[Name] {
        self.overlay.row(file).map_or(&[], |row| &*row.names)
    }

    /// The modules that a file with changes names, and whether it extends types.
    pub fn links_of(&self, file: FileId) -> (Vec<Name>, bool) {
        let Some(row) = self.overlay.row(file) else { return (Vec::new(), false) };
        match &row.body {
            Body::Open { facts, .. } => {
                let module = |term: &Term| if let Term::Module(name) = term { Some(*name) } else { None };
                (facts.terms.iter().filter_map(module).collect(), !facts.extensions.is_empty())
            }
            Body::Encoded { blob, .. } => {
                let mut links = Links::default();
                // Encoded here, so it can be read.
                let _ = links.read(blob);
                let name = |number: &u32| row.names.get(*number as usize).copied();
                (links.modules.iter().filter_map(name).collect(), !links.extended.is_empty())
            }
        }
    }
}

/// For the path of a module's file or directory, where names of modules say what they lie in: the directory whose module
/// has it as a member, and the member's name.
pub fn member_of<'p>(strategy: &dyn ModuleStrategy, path: &'p str) -> Option<(&'p str, &'p str)> {
    strategy.dotted()?;
    Some(strategy.module_of(path)).filter(|(_, member)| !member.is_empty())
}

/// Whether the file is the module that its directory is.
pub fn is_main(strategy: &dyn ModuleStrategy, path: &str) -> bool {
    let dir = parent(path);
    !dir.is_empty() && member_of(strategy, path) == Some((parent(dir), file_name(dir)))
}

/// What a specifier leads to, from one directory.
type Led = SmallVec<[u32; 1]>;

struct Making<'g> {
    graph: &'g Graph,
    units: Vec<u32>,
    /// Directories that are modules without a file; their nodes follow those of files.
    dirs: Vec<String>,
    dir_numbers: FxHashMap<String, u32>,
    /// Members of packages, by the package's directory; several files may be one member (a module and the file that says
    /// its types).
    members: FxHashMap<&'g str, FxHashMap<Name, Led>>,
    /// What was asked of module rules, by directory.
    known: FxHashMap<(&'g str, Family, Name), Led>,
    /// (imported, importing)
    edges: Vec<(u32, u32)>,
    extending: Vec<FileId>,
    /// Bytes of the names of directories and of members, about.
    noted_bytes: usize,
    borrowed: Borrowed<'g>,
    cancel: Option<&'g AtomicBool>,
}

/// Work on so many files goes on between two looks at whether it is still wanted and has memory.
const FILES_BETWEEN_LOOKS: u32 = 32;

impl<'g> Making<'g> {
    fn new(graph: &'g Graph, cancel: Option<&'g AtomicBool>) -> Making<'g> {
        Making {
            graph,
            noted_bytes: 0,
            borrowed: Borrowed::of(graph.lender.as_ref()),
            cancel,
            units: Vec::new(),
            dirs: Vec::new(),
            dir_numbers: FxHashMap::default(),
            members: FxHashMap::default(),
            known: FxHashMap::default(),
            edges: Vec::new(),
            extending: Vec::new(),
        }
    }

    fn closed(&self, file: FileId) -> Option<Unit> {
        self.graph.base.lang(file).strategy().closed_units()
    }

    /// Whether to go on: it is still wanted, and there is memory for so many bytes besides what there is.
    fn may_go_on(&mut self, more: usize) -> bool {
        if self.cancel.is_some_and(|cancel| cancel.load(Ordering::Relaxed)) {
            return false;
        }
        // Lists and tables grow by doubling, before the next look.
        let bytes = 2 * self.heap_bytes() + more;
        self.borrowed.cover(bytes)
    }

    fn heap_bytes(&self) -> usize {
        size_of::<u32>() * self.units.capacity()
            + size_of::<String>() * self.dirs.capacity()
            + size_of::<(String, u32)>() * self.dir_numbers.capacity()
            + size_of::<(&str, FxHashMap<Name, Led>)>() * self.members.capacity()
            + size_of::<((&str, Family, Name), Led)>() * self.known.capacity()
            + size_of::<(u32, u32)>() * self.edges.capacity()
            + size_of::<FileId>() * self.extending.capacity()
            + self.noted_bytes
    }

    /// `None` if it was stopped.
    fn make(mut self) -> Option<Imports> {
        self.note_units()?;
        let files = self.graph.base.file_count();
        let mut links = Links::default();
        let mut names: Vec<Name> = Vec::new();
        for file in (0..files).map(FileId) {
            if file.0.is_multiple_of(FILES_BETWEEN_LOOKS) && !self.may_go_on(0) {
                return None;
            }
            let Some(unit) = self.closed(file) else { continue };
            if links.read(self.graph.base.blob(file)).is_err() {
                continue;
            }
            if unit == Unit::File && !links.extended.is_empty() {
                self.extending.push(file);
            }
            if links.modules.is_empty() {
                continue;
            }
            names.clear();
            names.extend(read_names(self.graph.base.names_of(file)).flatten());
            let mut modules: Vec<Name> =
                links.modules.iter().filter_map(|number| names.get(*number as usize).copied()).collect();
            modules.sort_unstable();
            modules.dedup();
            self.link(file, &modules, &names);
        }
        // What comes of it: a start for each node, and differences of at most five bytes.
        let nodes = files as usize + self.dirs.len();
        let rest = 5 * self.edges.len() + 2 * size_of::<u32>() * nodes;
        self.may_go_on(rest).then(|| self.finish())
    }

    fn note_units(&mut self) -> Option<()> {
        let base = &self.graph.base;
        let files = base.file_count();
        // Of a unit for each file, and of as many first ones at most.
        let units_bytes = files as usize * (size_of::<u32>() + 2 * size_of::<((&str, u8), u32)>());
        if !self.may_go_on(units_bytes) {
            return None;
        }
        let mut firsts: FxHashMap<(&str, u8), u32> = FxHashMap::default();
        let mut units: Vec<u32> = (0..files).collect();
        for file in (0..files).map(FileId) {
            if file.0.is_multiple_of(FILES_BETWEEN_LOOKS) && !self.may_go_on(units_bytes) {
                return None;
            }
            let lang = base.lang(file);
            let path = base.path(file);
            match lang.strategy().closed_units() {
                Some(Unit::Directory) => {
                    units[file.index()] = *firsts.entry((parent(path), lang.index())).or_insert(file.0);
                }
                Some(Unit::File) => self.note_member(lang.strategy(), path, file.0),
                None => {}
            }
        }
        if !firsts.is_empty() {
            self.units = units;
        }
        Some(())
    }

    /// Notes whose member the module at the path is, and the directories above it that are modules by themselves.
    fn note_member(&mut self, strategy: &dyn ModuleStrategy, path: &'g str, node: u32) {
        let graph = self.graph;
        let (mut path, mut node) = (path, node);
        while let Some((dir, member)) = member_of(strategy, path) {
            let Some(name) = graph.lookup_name(member) else { return };
            let nodes = self.members.entry(dir).or_default().entry(name).or_default();
            let seen = !nodes.is_empty();
            // Most members are alone in a table that has room for twice as many.
            self.noted_bytes += if seen { 0 } else { 2 * size_of::<(Name, Led)>() };
            if !nodes.contains(&node) {
                nodes.push(node);
            }
            if seen || dir.is_empty() {
                return;
            }
            // A package with a file is noted when its file is.
            let above = strategy.child_of_dir(graph, parent(dir), file_name(dir));
            let ModuleTarget::Directory(_) = above else { return };
            (path, node) = (dir, self.dir_node(dir));
        }
    }

    fn dir_node(&mut self, dir: &str) -> u32 {
        let files = self.graph.base.file_count();
        if let Some(number) = self.dir_numbers.get(dir) {
            return files + number;
        }
        let number = self.dirs.len() as u32;
        self.dirs.push(dir.to_owned());
        // Here, and in the table of numbers.
        self.noted_bytes += 2 * dir.len();
        self.dir_numbers.insert(dir.to_owned(), number);
        files + number
    }

    fn unit(&self, file: FileId) -> u32 {
        self.units.get(file.index()).copied().unwrap_or(file.0)
    }

    /// Adds what a file with these modules and names leads to.
    fn link(&mut self, file: FileId, modules: &[Name], names: &[Name]) {
        let dir = parent(self.graph.base.path(file));
        let family = self.graph.base.lang(file).family();
        let from = self.unit(file);
        let mut packages: SmallVec<[&'g str; 8]> = SmallVec::new();
        for module in modules {
            let led = match self.known.get(&(dir, family, *module)) {
                Some(led) => led.clone(),
                None => {
                    let led = self.led(file, *module);
                    self.known.insert((dir, family, *module), led.clone());
                    led
                }
            };
            for node in led {
                self.add(node, from, &mut packages);
            }
        }
        if packages.is_empty() {
            return;
        }
        // A member is reached through its package by its name.
        let own: FxHashSet<Name> = names.iter().copied().collect();
        let mut at = 0;
        while let Some(package) = packages.get(at).copied() {
            at += 1;
            let members = &self.members[package];
            // Packages may have far more members than a file has names.
            let named: SmallVec<[u32; 8]> = match own.len() < members.len() {
                true => own.iter().filter_map(|name| members.get(name)).flatten().copied().collect(),
                false => {
                    let named = members.iter().filter(|(name, _)| own.contains(name));
                    named.flat_map(|(_, nodes)| nodes).copied().collect()
                }
            };
            for node in named {
                self.add(node, from, &mut packages);
            }
        }
    }

    fn add(&mut self, node: u32, from: u32, packages: &mut SmallVec<[&'g str; 8]>) {
        self.edges.push((node, from));
        if let Some(package) = self.package(node)
            && !packages.contains(&package)
        {
            packages.push(package);
        }
    }

    /// The directory of the package that the node is, if it has members.
    fn package(&self, node: u32) -> Option<&'g str> {
        let base = &self.graph.base;
        if let Some(number) = node.checked_sub(base.file_count()) {
            let dir = self.dirs.get(number as usize)?;
            return self.members.get_key_value(dir.as_str()).map(|(dir, _)| *dir);
        }
        let path = base.path(FileId(node));
        is_main(base.lang(FileId(node)).strategy(), path)
            .then(|| self.members.get_key_value(parent(path)).map(|(dir, _)| *dir))
            .flatten()
    }

    /// The nodes that a specifier leads to.
    fn led(&mut self, from: FileId, specifier: Name) -> Led {
        let graph = self.graph;
        let text = graph.name_text(specifier);
        let files = graph.base.file_count();
        match graph.base.lang(from).strategy().resolve(graph, from, text) {
            ModuleTarget::Files(found) => {
                let mut nodes: Led = found.iter().filter(|f| f.0 < files).map(|f| self.unit(*f)).collect();
                nodes.dedup();
                nodes
            }
            ModuleTarget::Directory(dir) => SmallVec::from_elem(self.dir_node(&dir), 1),
            ModuleTarget::External | ModuleTarget::Unknown => Led::new(),
        }
    }

    fn finish(mut self) -> Imports {
        let files = self.graph.base.file_count();
        // Directories are numbered by their order.
        let mut dirs: Vec<(String, u32)> = self.dirs.into_iter().zip(0..).collect();
        dirs.sort_unstable();
        let mut numbers = vec![0; dirs.len()];
        for (at, (_, old)) in dirs.iter().enumerate() {
            numbers[*old as usize] = files + at as u32;
        }
        for (imported, _) in &mut self.edges {
            if let Some(old) = imported.checked_sub(files) {
                *imported = numbers[old as usize];
            }
        }
        self.edges.retain(|(imported, importing)| imported != importing);
        self.edges.sort_unstable();
        self.edges.dedup();
        let nodes = files as usize + dirs.len();
        let mut starts = Vec::with_capacity(nodes + 1);
        let mut out = Writer::default();
        let mut edges = self.edges.iter().peekable();
        for node in 0..nodes as u32 {
            starts.push(out.bytes.len() as u32);
            let mut last = 0;
            while let Some((_, importing)) = edges.next_if(|(imported, _)| *imported == node) {
                out.u32(importing - last);
                last = *importing;
            }
        }
        starts.push(out.bytes.len() as u32);
        Imports {
            files,
            units: self.units.into(),
            dirs: dirs.into_iter().map(|(dir, _)| dir.into()).collect(),
            starts: starts.into(),
            importers: out.bytes.into(),
            extending: self.extending.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    use super::super::fixture::Fixture;
    use super::super::lender::Lender;
    use super::*;

    /// What is lent at this moment, of so much.
    struct Purse(AtomicU64, AtomicU64);

    struct Lent(Arc<Purse>, u64);

    impl Drop for Lent {
        fn drop(&mut self) {
            self.0.0.fetch_sub(self.1, Ordering::SeqCst);
        }
    }

    /// A graph of many files, and what lends to it.
    fn borrowing() -> (Graph, Arc<Purse>) {
        let file = |n: u32| format!("//- /p/m{n}.py\nimport p.m{}\nfrom p.m{} import x\n", n + 1, n + 2);
        let text: String = (0..200).map(file).collect();
        let mut graph = Fixture::parse(&text).graph();
        let purse = Arc::new(Purse(AtomicU64::new(0), AtomicU64::new(0)));
        let lending = Arc::clone(&purse);
        graph.borrow_from(Lender::new(move |bytes| {
            let lent = Lent(Arc::clone(&lending), bytes);
            let sum = lending.0.fetch_add(bytes, Ordering::SeqCst) + bytes;
            (sum <= lending.1.load(Ordering::SeqCst)).then(|| Box::new(lent) as _)
        }));
        (graph, purse)
    }

    #[test]
    fn they_are_made_in_memory_that_is_lent_and_given_back() {
        let (graph, purse) = borrowing();
        for room in [0, 20 << 10] {
            purse.1.store(room, Ordering::SeqCst);
            assert!(graph.imports(None).is_none(), "there is no room");
            assert_eq!(purse.0.load(Ordering::SeqCst), 0, "what was lent is given back");
        }
        let promised = graph.promised_bytes();
        assert_eq!(promised, graph.shared_bytes() - graph.base.bytes(), "nothing of it is there");
        purse.1.store(1 << 20, Ordering::SeqCst);
        let imports = graph.imports(None).expect("that there was no room is not remembered");
        let file = graph.base.find("p/m5.py").unwrap();
        assert!(imports.importers(imports.node(file)).count() >= 2);
        assert_eq!(graph.promised_bytes() + graph.cache.bytes() + imports.heap_bytes(), promised);
        assert_eq!(purse.0.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn what_nobody_wants_any_more_is_not_made() {
        let (graph, purse) = borrowing();
        purse.1.store(u64::MAX, Ordering::SeqCst);
        let cancel = AtomicBool::new(true);
        assert!(graph.imports(Some(&cancel)).is_none());
        cancel.store(false, Ordering::SeqCst);
        assert!(graph.imports(Some(&cancel)).is_some(), "the next who asks has them");
    }
}
