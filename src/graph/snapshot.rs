//! The graph of a folder at one generation.

use std::any::Any;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::blob;
use super::cache::Cache;
use super::encoded::{EncodedFile, FileMeta, decode_lines, keys};
use super::frozen::{FreezeError, Frozen, FrozenBuilder};
use super::overlay::Overlay;
use crate::lang::LangId;
use crate::lang::facts::{DefId, Facts, Name};
use crate::lang::modules::{FileId, Layout, Manifest, parent};
use crate::text::LineIndex;

/// Decoded facts kept for each graph: at most this, and a quarter of its columns' size.
pub const FACTS_CACHE_BYTES_MAX: usize = 8 << 20;
/// But at least this, so that the facts of one ordinary file stay.
const FACTS_CACHE_BYTES_MIN: usize = 256 << 10;

fn cache_limit(base: &Frozen) -> usize {
    (base.bytes() / 4).clamp(FACTS_CACHE_BYTES_MIN, FACTS_CACHE_BYTES_MAX)
}

/// The overlay is folded into fresh columns when it holds more files than this and more than a fraction of all.
const OVERLAY_FILES_MAX: usize = 256;
/// The fraction: one in so many.
const OVERLAY_FRACTION: usize = 8;

/// Symbols of a folder and how they refer to each other: immutable, shared by readers.
#[derive(Debug)]
pub struct Graph {
    base: Arc<Frozen>,
    overlay: Overlay,
    manifests: Arc<Manifests>,
    cache: Arc<Cache<CacheKey, Facts>>,
    /// Dropped after everything above, so that whoever counts the graph's bytes hears of their return only then.
    held: Held,
}

/// What a graph keeps alive for its owner, besides its own contents.
pub type Held = Vec<Arc<dyn Any + Send + Sync>>;

type Manifests = BTreeMap<String, Vec<Manifest>>;

/// A frozen file, or one version of a changed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum CacheKey {
    Frozen(FileId),
    Row(u64),
}

/// What a graph says of a file besides its facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    pub id: FileId,
    pub meta: FileMeta,
    pub ascii: bool,
    pub lines: u32,
    pub defs: u32,
    pub refs: u32,
}

/// Sums over a graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub files: u32,
    pub lines: u64,
    pub bytes: u64,
    pub defs: u64,
    pub refs: u64,
    pub languages: BTreeMap<&'static str, u32>,
}

/// What changes from one graph to the next.
#[derive(Debug, Default)]
pub struct Changes {
    pub changed: Vec<EncodedFile>,
    /// Paths.
    pub removed: Vec<String>,
    /// All manifests, if any of them changed.
    pub manifests: Option<Vec<Manifest>>,
}

/// Builds a graph from nothing.
#[derive(Default)]
pub struct GraphBuilder {
    files: FrozenBuilder,
    manifests: Vec<Manifest>,
}

impl GraphBuilder {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn add(&mut self, file: EncodedFile) {
        self.files.add(file);
    }
    pub fn add_manifest(&mut self, manifest: Manifest) {
        self.manifests.push(manifest);
    }
    /// Bytes on the heap at this moment.
    pub fn heap_bytes(&self) -> usize {
        self.files.heap_bytes()
    }
    /// # Errors
    /// If the folder is too large for 32-bit offsets, or the system gives no memory.
    pub fn finish(self) -> Result<Graph, FreezeError> {
        let base = self.files.freeze()?;
        Ok(Graph {
            overlay: Overlay::default(),
            manifests: Arc::new(sorted(self.manifests)),
            cache: Arc::new(Cache::new(cache_limit(&base))),
            base: Arc::new(base),
            held: Held::new(),
        })
    }
}

fn sorted(manifests: Vec<Manifest>) -> Manifests {
    let mut by_name = Manifests::new();
    for manifest in manifests {
        by_name.entry(manifest.file.clone()).or_default().push(manifest);
    }
    for list in by_name.values_mut() {
        list.sort_by(|a, b| a.dir.cmp(&b.dir));
    }
    by_name
}

impl Graph {
    /// The graph after the changes; shares what did not change.
    ///
    /// # Errors
    /// If the overlay is folded in and the result cannot be frozen.
    pub fn update(&self, changes: Changes) -> Result<Graph, FreezeError> {
        let next = self.overlaid(changes);
        if next.overlay_full(0) { next.folded() } else { Ok(next) }
    }

    /// Whether an update by so many files may fold the overlay in, which takes the memory of a build from nothing.
    pub fn overlay_full(&self, more: usize) -> bool {
        let files = self.overlay.rows.len() + self.overlay.removed.len() + more;
        files > OVERLAY_FILES_MAX.max(self.base.file_count() as usize / OVERLAY_FRACTION)
    }

    /// Replaces what the graph keeps alive until the last reader of its contents lets go, views included.
    pub fn hold(&mut self, held: Held) {
        self.held = held;
    }

    /// The graph after the changes, never folded: for documents over a graph.
    pub(super) fn overlaid(&self, changes: Changes) -> Graph {
        let mut overlay = self.overlay.clone();
        let frozen = self.base.file_count();
        for path in changes.removed {
            let Some(id) = self.file(&path) else { continue };
            overlay.take(id);
            if id.0 < frozen {
                overlay.removed.insert(id);
            } else {
                overlay.by_path.remove(path.as_str());
            }
        }
        let mut names = (*overlay.names).clone();
        for file in changes.changed {
            let numbers = file.names.iter().map(|n| self.number(&mut names, n)).collect();
            let path = file.meta.path.as_str();
            let known = overlay.by_path.get(path).copied().or_else(|| self.base.find(path));
            let id = match known {
                Some(id) => id,
                None => {
                    let id = overlay.new_id(frozen);
                    overlay.by_path.insert(path.into(), id);
                    id
                }
            };
            overlay.removed.remove(&id);
            overlay.put(id, file, numbers);
        }
        overlay.names = Arc::new(names);
        let manifests = match changes.manifests {
            Some(manifests) => Arc::new(sorted(manifests)),
            None => Arc::clone(&self.manifests),
        };
        let (base, cache) = (Arc::clone(&self.base), Arc::clone(&self.cache));
        Graph { base, overlay, manifests, cache, held: self.held.clone() }
    }

    fn number(&self, extra: &mut super::names::NameTable, text: &str) -> Name {
        match self.base.find_name(text) {
            Some(name) => name,
            None => Name(self.base.name_count() + extra.intern(text)),
        }
    }

    /// The same graph in fresh columns.
    fn folded(&self) -> Result<Graph, FreezeError> {
        let mut builder = GraphBuilder::new();
        for id in self.files() {
            builder.add(self.encoded(id));
        }
        builder.manifests = self.manifests.values().flatten().cloned().collect();
        builder.finish()
    }

    /// A file as it was added.
    fn encoded(&self, id: FileId) -> EncodedFile {
        let row = self.row(id);
        let (blob, lines_table, names) = match self.overlay.rows.get(&id) {
            Some(row) => (row.file.blob.clone(), row.file.lines_table.clone(), row.names.clone()),
            None => (self.base.blob(id).into(), self.base.line_table(id).into(), self.base.names_of(id)),
        };
        // Under the identity numbering the facts keep their own names.
        let own: Vec<Name> = (0..names.len() as u32).map(Name).collect();
        let (visible, extended) = keys(&blob::decode(&blob, &own).unwrap_or_else(|_| empty_facts()));
        EncodedFile {
            meta: row.meta,
            ascii: row.ascii,
            lines: row.lines,
            defs: row.defs,
            refs: row.refs,
            blob,
            lines_table,
            names: names.iter().map(|n| self.name_text(*n).into()).collect(),
            visible,
            extended,
        }
    }

    /// Every file, frozen ones in the order of their paths, new ones behind them.
    pub fn files(&self) -> impl Iterator<Item = FileId> + '_ {
        let frozen = self.base.file_count();
        let base = (0..frozen).map(FileId).filter(|id| !self.overlay.removed.contains(id));
        base.chain(self.overlay.by_path.values().copied())
    }

    pub fn file_count(&self) -> u32 {
        self.base.file_count() - self.overlay.removed.len() as u32 + self.overlay.by_path.len() as u32
    }

    /// Whether the graph has a file of this number.
    pub fn has(&self, id: FileId) -> bool {
        if id.0 < self.base.file_count() {
            !self.overlay.removed.contains(&id)
        } else {
            self.overlay.rows.contains_key(&id)
        }
    }

    /// # Panics
    /// If the graph has no such file; numbers come from this graph or one that it was updated from.
    pub fn row(&self, id: FileId) -> FileRow {
        match self.overlay.rows.get(&id) {
            Some(row) => FileRow {
                id,
                meta: row.file.meta.clone(),
                ascii: row.file.ascii,
                lines: row.file.lines,
                defs: row.file.defs,
                refs: row.file.refs,
            },
            None => {
                let record = &self.base.records()[id.index()];
                FileRow {
                    id,
                    meta: FileMeta {
                        path: self.base.path(id).to_owned(),
                        lang: self.base.lang(id),
                        bytes: record.bytes,
                        mtime_ns: record.mtime_ns,
                        hash: record.hash,
                        syntax_errors: record.syntax_errors,
                    },
                    ascii: record.ascii != 0,
                    lines: record.lines,
                    defs: record.defs,
                    refs: record.refs,
                }
            }
        }
    }

    /// The file's facts, with names of this graph.
    pub fn facts(&self, id: FileId) -> Arc<Facts> {
        let row = self.overlay.rows.get(&id);
        let key = row.map_or(CacheKey::Frozen(id), |r| CacheKey::Row(r.stamp));
        self.cache.get_or_make(key, || {
            let facts = match row {
                Some(row) => blob::decode(&row.file.blob, &row.names),
                None => blob::decode(self.base.blob(id), &self.base.names_of(id)),
            };
            debug_assert!(facts.is_ok(), "{}: {facts:?}", self.path(id));
            let facts = facts.unwrap_or_else(|_| empty_facts());
            let bytes = facts_bytes(&facts);
            (facts, bytes)
        })
    }

    pub fn line_index(&self, id: FileId) -> LineIndex {
        let bytes = match self.overlay.rows.get(&id) {
            Some(row) => &row.file.lines_table,
            None => self.base.line_table(id),
        };
        decode_lines(bytes).unwrap_or_else(|_| LineIndex::new(""))
    }

    /// Only ASCII: columns are byte columns in every encoding.
    pub fn is_ascii(&self, id: FileId) -> bool {
        match self.overlay.rows.get(&id) {
            Some(row) => row.file.ascii,
            None => self.base.records()[id.index()].ascii != 0,
        }
    }

    pub fn name_text(&self, name: Name) -> &str {
        match name.0.checked_sub(self.base.name_count()) {
            None => self.base.name_text(name),
            Some(extra) => self.overlay.names.text(extra),
        }
    }

    pub fn lookup_name(&self, text: &str) -> Option<Name> {
        self.base
            .find_name(text)
            .or_else(|| self.overlay.names.find(text).map(|n| Name(self.base.name_count() + n)))
    }

    /// Every name, some of which may no longer occur.
    pub fn names(&self) -> impl Iterator<Item = (Name, &str)> + '_ {
        let count = self.base.name_count() + self.overlay.names.len();
        (0..count).map(|n| (Name(n), self.name_text(Name(n))))
    }

    /// Files in which the name occurs.
    pub fn files_with(&self, name: Name) -> impl Iterator<Item = FileId> + '_ {
        let base = self.base.files_with(name).filter(|f| !self.overlay.hides(*f));
        base.chain(self.overlay.files_by_name.get(&name).into_iter().flatten().copied())
    }

    /// Definitions of the name that are not local to a function.
    pub fn defs_named(&self, name: Name) -> impl Iterator<Item = (FileId, DefId)> + '_ {
        let base = self.base.defs_named(name).filter(|(f, _)| !self.overlay.hides(*f));
        base.chain(self.overlay.defs_by_name.get(&name).into_iter().flatten().copied())
    }

    /// Files that add members to a type of this name outside its body.
    pub fn extensions_of(&self, name: Name) -> impl Iterator<Item = FileId> + '_ {
        let base = self.base.extensions_of(name).filter(|f| !self.overlay.hides(*f));
        base.chain(self.overlay.extensions.get(&name).into_iter().flatten().copied())
    }

    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for id in self.files() {
            let row = self.row(id);
            totals.files += 1;
            totals.lines += u64::from(row.lines);
            totals.bytes += row.meta.bytes;
            totals.defs += u64::from(row.defs);
            totals.refs += u64::from(row.refs);
            *totals.languages.entry(row.meta.lang.name()).or_default() += 1;
        }
        totals
    }

    /// Bytes of the graph: its columns, its overlay and its manifests. Decoded facts are counted apart, by
    /// [`cache_bytes`](Self::cache_bytes).
    pub fn heap_bytes(&self) -> usize {
        let manifests: usize = self
            .manifests
            .values()
            .flatten()
            .map(|m| {
                let entries: usize = m.entries.iter().map(|(k, v)| k.len() + v.len() + 48).sum();
                m.dir.len() + m.file.len() + entries + size_of::<Manifest>()
            })
            .sum();
        self.base.bytes() + self.overlay.bytes() + manifests
    }

    /// Bytes that the graph shares with those updated from it: its columns, and the most that decoded facts may take.
    pub fn shared_bytes(&self) -> usize {
        self.base.bytes() + cache_limit(&self.base)
    }

    /// Bytes of the graph that are its alone.
    pub fn own_bytes(&self) -> usize {
        self.heap_bytes() - self.base.bytes()
    }

    /// Whether the graph stands on the same columns.
    pub fn shares_columns(&self, other: &Graph) -> bool {
        Arc::ptr_eq(&self.base, &other.base)
    }

    /// Bytes of decoded facts that are kept at this moment, at most [`FACTS_CACHE_BYTES_MAX`].
    pub fn cache_bytes(&self) -> usize {
        self.cache.bytes()
    }

    pub fn clear_cache(&self) {
        self.cache.clear();
    }

    /// All manifests, by file name and then by directory.
    pub fn all_manifests(&self) -> impl Iterator<Item = &Manifest> + '_ {
        self.manifests.values().flatten()
    }
}

fn empty_facts() -> Facts {
    let file = crate::lang::facts::Scope {
        kind: crate::lang::facts::ScopeKind::File,
        parent: None,
        span: crate::lang::facts::Span::new(0, 0),
        owner: None,
        of: None,
    };
    Facts { scopes: vec![file], ..Facts::default() }
}

/// Bytes of decoded facts on the heap.
pub fn facts_bytes(facts: &Facts) -> usize {
    use crate::lang::facts::{Def, Extension, Glob, Inherit, Ref, Scope, Term};
    size_of::<Facts>()
        + facts.scopes.capacity() * size_of::<Scope>()
        + facts.defs.capacity() * size_of::<Def>()
        + facts.refs.capacity() * size_of::<Ref>()
        + facts.terms.capacity() * (size_of::<Term>() + 4)
        + facts.globs.capacity() * size_of::<Glob>()
        + facts.extensions.capacity() * size_of::<Extension>()
        + facts.inherits.capacity() * size_of::<Inherit>()
}

impl Layout for Graph {
    fn path(&self, file: FileId) -> &str {
        match self.overlay.rows.get(&file) {
            Some(row) => &row.file.meta.path,
            None => self.base.path(file),
        }
    }
    fn file(&self, path: &str) -> Option<FileId> {
        match self.overlay.by_path.get(path) {
            Some(id) => Some(*id),
            None => self.base.find(path).filter(|id| !self.overlay.removed.contains(id)),
        }
    }
    fn files_in(&self, dir: &str) -> Vec<FileId> {
        let prefix = if dir.is_empty() { String::new() } else { format!("{dir}/") };
        let mut files = Vec::new();
        let mut at = self.base.first_from(&prefix);
        while at < self.base.file_count() {
            let path = self.base.path(FileId(at));
            let Some(rest) = path.strip_prefix(prefix.as_str()) else { break };
            match rest.find('/') {
                // Past everything in the subdirectory: `0` is the character after `/`.
                Some(slash) => at = self.base.first_from(&format!("{prefix}{}0", &rest[..slash])),
                None => {
                    if !self.overlay.removed.contains(&FileId(at)) {
                        files.push(FileId(at));
                    }
                    at += 1;
                }
            }
        }
        for (path, id) in self.new_files_from(&prefix) {
            if parent(path) == dir {
                files.push(id);
            }
        }
        files
    }
    fn has_dir(&self, dir: &str) -> bool {
        if dir.is_empty() {
            return self.file_count() > 0;
        }
        let prefix = format!("{dir}/");
        let first = self.base.first_from(&prefix);
        let frozen = (first..self.base.file_count())
            .map(FileId)
            .take_while(|id| self.base.path(*id).starts_with(&prefix))
            .any(|id| !self.overlay.removed.contains(&id));
        frozen || self.new_files_from(&prefix).next().is_some()
    }
    fn lang(&self, file: FileId) -> LangId {
        match self.overlay.rows.get(&file) {
            Some(row) => row.file.meta.lang,
            None => self.base.lang(file),
        }
    }
    fn manifests(&self, file_name: &str) -> &[Manifest] {
        self.manifests.get(file_name).map_or(&[], Vec::as_slice)
    }
}

impl Graph {
    fn new_files_from<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, FileId)> {
        let from: (Bound<&str>, Bound<&str>) = (Bound::Included(prefix), Bound::Unbounded);
        self.overlay
            .by_path
            .range::<str, _>(from)
            .take_while(move |(path, _)| path.starts_with(prefix))
            .map(|(path, id)| (&**path, *id))
    }
}
