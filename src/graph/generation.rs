//! The graph of a folder at one generation.

use std::any::Any;
use std::sync::Arc;

use smallvec::SmallVec;

use super::blob::{self, DefSketch, Mentions};
use super::cache::Cache;
use super::encoded::FileMeta;
use super::frozen::{Frozen, Record, Totals, read_names};
use super::imports::{ImportsCell, imports_bytes_max};
use super::lender::Lender;
use super::lines::{self, Lines};
use super::names::NameColumns;
use super::overlay::{Body, Overlay, next_stamp};
use super::receivers::{ReceiversCache, shared_out};
use crate::lang::LangId;
use crate::lang::facts::{
    Arguments, Def, DefId, DefKind, Extension, Facts, Glob, Inherit, Name, Ref, Scope, Term, TermId,
};
use crate::lang::modules::{FileId, Manifest};
use crate::lang::scratch::{piece_bytes, shared_bytes};
use crate::text::LineIndex;

/// Decoded facts kept for each graph: at most this, and a quarter of its columns' size.
pub const FACTS_CACHE_BYTES_MAX: usize = 8 << 20;
/// But at least this, so that the facts of an ordinary file or two stay.
const FACTS_CACHE_BYTES_MIN: usize = 256 << 10;

/// Symbols of a folder and how they refer to each other: immutable, shared by readers.
///
/// Numbers of files and names hold for a graph and those updated from it, until the overlay is folded in.
#[derive(Debug)]
pub struct Graph {
    pub(super) base: Arc<Frozen>,
    pub(super) overlay: Overlay,
    pub(super) manifests: Arc<Manifests>,
    pub(super) cache: Arc<FactsCache>,
    /// What stands before uses of names.
    pub(super) receivers: Arc<ReceiversCache>,
    /// Tells what the graph says from what those say that share its caches.
    pub(super) state: u64,
    /// Of the columns, under these manifests.
    pub(super) imports: Arc<ImportsCell>,
    totals: Totals,
    /// Asked for memory that is needed for a while.
    pub(super) lender: Option<Lender>,
    /// Dropped after everything above, so that whoever counts the graph's bytes hears of their return only then.
    pub(super) held: Held,
}

/// What a graph keeps alive for its owner, besides its own contents.
pub type Held = SmallVec<[Arc<dyn Any + Send + Sync>; 2]>;

pub(super) type FactsCache = Cache<CacheKey, Facts>;

/// A frozen file, or one version of a changed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum CacheKey {
    Frozen(FileId),
    Row(u64),
}

/// What a graph says of a file besides its facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    pub id: FileId,
    pub meta: FileMeta,
    /// Only ASCII: a column is a byte in every encoding.
    pub ascii: bool,
    pub lines: u32,
    pub defs: u32,
    pub refs: u32,
}

/// All manifests, by file name and then by directory.
#[derive(Debug, Default)]
pub(super) struct Manifests {
    all: Vec<Manifest>,
    /// See [`Layout::stores`](crate::lang::modules::Layout::stores).
    stores: Vec<String>,
    /// See [`Layout::root`](crate::lang::modules::Layout::root).
    root: String,
}

impl Manifests {
    pub fn new(mut manifests: Vec<Manifest>) -> Manifests {
        manifests.sort_by(|a, b| (&a.file, &a.dir).cmp(&(&b.file, &b.dir)));
        manifests.shrink_to_fit();
        Manifests { all: manifests, stores: Vec::new(), root: String::new() }
    }
    pub fn with_stores(self, root: String, stores: Vec<String>) -> Manifests {
        Manifests { root, stores, ..self }
    }
    pub fn all(&self) -> &[Manifest] {
        &self.all
    }
    pub fn stores(&self) -> &[String] {
        &self.stores
    }
    pub fn root(&self) -> &str {
        &self.root
    }
    pub fn named(&self, file_name: &str) -> &[Manifest] {
        let start = self.all.partition_point(|m| m.file.as_str() < file_name);
        let len = self.all[start..].partition_point(|m| m.file == file_name);
        &self.all[start..start + len]
    }
    pub(super) fn heap_bytes(&self) -> usize {
        manifests_bytes(&self.all) + stores_bytes(&self.stores) + self.root.capacity()
    }
}

/// Bytes of the stores' names on the heap.
pub(super) fn stores_bytes(stores: &Vec<String>) -> usize {
    stores.capacity() * size_of::<String>() + stores.iter().map(String::capacity).sum::<usize>()
}

/// What a short text takes on the heap.
fn allocated(text: &String) -> usize {
    if text.capacity() == 0 { 0 } else { piece_bytes(text.capacity()) }
}

/// Bytes of manifests on the heap.
pub(super) fn manifests_bytes(manifests: &Vec<Manifest>) -> usize {
    let of = |m: &Manifest| {
        let entries = m.entries.iter().map(|(k, v)| allocated(k) + allocated(v)).sum::<usize>();
        allocated(&m.dir)
            + allocated(&m.file)
            + m.name.as_ref().map_or(0, allocated)
            + m.entries.capacity() * size_of::<(String, String)>()
            + entries
    };
    manifests.capacity() * size_of::<Manifest>() + manifests.iter().map(of).sum::<usize>()
}

impl Graph {
    pub(super) fn new(base: Frozen, manifests: Vec<Manifest>) -> Graph {
        let (cache, receivers) = caches(cache_bytes_max(&base));
        Graph {
            totals: base.totals().clone(),
            base: Arc::new(base),
            overlay: Overlay::default(),
            manifests: Arc::new(Manifests::new(manifests)),
            cache,
            receivers,
            state: next_stamp(),
            imports: Arc::default(),
            lender: None,
            held: Held::new(),
        }
    }

    /// The same columns under another overlay.
    pub(super) fn with_overlay(&self, overlay: Overlay, manifests: Arc<Manifests>) -> Graph {
        // What a specifier leads to depends on them.
        let imports = match Arc::ptr_eq(&manifests, &self.manifests) {
            true => Arc::clone(&self.imports),
            false => Arc::default(),
        };
        Graph {
            totals: overlay.totals(&self.base),
            base: Arc::clone(&self.base),
            overlay,
            manifests,
            cache: Arc::clone(&self.cache),
            receivers: Arc::clone(&self.receivers),
            state: next_stamp(),
            imports,
            lender: self.lender.clone(),
            held: self.held.clone(),
        }
    }

    /// Every file: those of the columns by path, then those that are new since.
    pub fn files(&self) -> impl Iterator<Item = FileId> + '_ {
        let frozen = (0..self.base.file_count()).map(FileId).filter(|id| !self.overlay.is_removed(*id));
        frozen.chain(self.overlay.new_files().iter().map(|(_, id)| *id))
    }

    pub fn file_count(&self) -> u32 {
        self.totals.files
    }

    /// Whether the graph has a file of this number.
    pub fn has(&self, id: FileId) -> bool {
        self.overlay.row(id).is_some() || id.0 < self.base.file_count() && !self.overlay.is_removed(id)
    }

    /// # Panics
    /// If the graph has no such file; numbers come from this graph or one that it was updated from.
    pub fn row(&self, id: FileId) -> FileRow {
        let record = self.record(id);
        let meta = FileMeta {
            path: self.path_of(id).to_owned(),
            lang: record.lang(),
            bytes: record.bytes,
            mtime_ns: record.mtime_ns,
            hash: record.hash,
            syntax_errors: record.syntax_errors,
        };
        let Record { ascii, lines, defs, refs, .. } = *record;
        FileRow { id, meta, ascii: ascii != 0, lines, defs, refs }
    }

    pub(super) fn record(&self, id: FileId) -> &Record {
        self.overlay.row(id).map_or_else(|| self.base.record(id), |row| &row.record)
    }

    pub(super) fn path_of(&self, id: FileId) -> &str {
        self.overlay.row(id).map_or_else(|| self.base.path(id), |row| &row.path)
    }

    pub(super) fn lang_of(&self, id: FileId) -> LangId {
        self.record(id).lang()
    }

    /// The file's facts, with names of this graph.
    pub fn facts(&self, id: FileId) -> Arc<Facts> {
        match self.bytes_of(id) {
            Ok((key, bytes)) => self.cache.get_or_make(key, || {
                let facts = self.decoded(id, bytes);
                let size = facts_bytes(&facts);
                (facts, size)
            }),
            Err(open) => Arc::clone(open),
        }
    }

    /// The file's facts for one look at them: they are not kept, so that what others look at again stays.
    pub fn facts_once(&self, id: FileId) -> Arc<Facts> {
        match self.bytes_of(id) {
            Ok((key, bytes)) => self.cache.get(key).unwrap_or_else(|| Arc::new(self.decoded(id, bytes))),
            Err(open) => Arc::clone(open),
        }
    }

    /// The file's facts with names of their own, as a file's are that is in no graph.
    pub fn own_facts(&self, id: FileId) -> Facts {
        let Ok((_, bytes)) = self.bytes_of(id) else { return Facts::of_file(0) };
        let measured = self.measured_names(id, usize::MAX);
        let own: Vec<(Name, u32)> = (0..).map(Name).zip(measured.iter().map(|(_, len)| *len)).collect();
        let mut facts = blob::decode(bytes, &own).unwrap_or_else(|_| Facts::of_file(0));
        facts.names = measured.iter().map(|(name, _)| self.name_text(*name).into()).collect();
        facts
    }

    /// What the file declares: its scopes, definitions, extensions and package without references and terms, which is
    /// far cheaper than its facts.
    pub fn outline(&self, id: FileId) -> Arc<Facts> {
        let (key, bytes) = match self.bytes_of(id) {
            Ok(encoded) => encoded,
            Err(open) => return Arc::clone(open),
        };
        if let Some(facts) = self.cache.get(key) {
            return facts;
        }
        // Names are numbered as they are met, those of definitions first.
        let measured = self.record(id).defs as usize;
        match blob::outline(bytes, &self.measured_names(id, measured)) {
            Ok(outline) => Arc::new(outline),
            // It says so, if they cannot be read.
            Err(_) => self.facts(id),
        }
    }

    /// The kinds of definitions of one file, ascending, told without decoding its facts.
    pub fn kinds_of(&self, id: FileId, defs: &[DefId]) -> Vec<DefKind> {
        let of = |facts: &Facts| defs.iter().map(|def| facts.def(*def).kind).collect();
        match self.bytes_of(id) {
            Ok((_, bytes)) => blob::kinds_of(bytes, defs).unwrap_or_else(|_| of(&self.facts(id))),
            Err(open) => of(open),
        }
    }

    /// What the file says of each of its definitions, told without decoding its facts.
    pub fn sketch(&self, id: FileId) -> Vec<DefSketch> {
        let sketch = |def: &Def| DefSketch::of(def, self.name_len(def.name));
        let of = |facts: &Facts| facts.defs.iter().map(sketch).collect();
        match self.bytes_of(id) {
            Ok((_, bytes)) => blob::sketch(bytes).unwrap_or_else(|_| of(&self.facts(id))),
            Err(open) => of(open),
        }
    }

    /// The package that the file says it is of, told without decoding its facts.
    pub fn package_of(&self, id: FileId) -> Option<Name> {
        match self.bytes_of(id) {
            Ok((_, bytes)) => match blob::package(bytes) {
                Ok(number) => self.names_of(id).nth(number? as usize),
                Err(_) => self.facts(id).package,
            },
            Err(open) => open.package,
        }
    }

    /// How the file uses the name, told without decoding its facts.
    pub fn mentions(&self, id: FileId, name: Name) -> Mentions {
        let of = |facts: &Facts| Mentions::of(facts, &[name])[0];
        match self.bytes_of(id) {
            Ok((_, bytes)) => {
                let numbered = self.names_of(id).zip(0..);
                let numbers: SmallVec<[u32; 2]> =
                    numbered.filter(|(n, _)| *n == name).map(|(_, number)| number).collect();
                let mut found = [Mentions::default()];
                match blob::mentions(bytes, &mut found, |number| numbers.contains(&number).then_some(0)) {
                    Ok(()) => found[0],
                    Err(_) => of(&self.facts(id)),
                }
            }
            Err(open) => of(open),
        }
    }

    /// The same for several names, ascending, in one go.
    pub fn mentions_each(&self, id: FileId, names: &[Name]) -> Vec<Mentions> {
        match self.bytes_of(id) {
            Ok((_, bytes)) => {
                let which: Vec<Option<usize>> =
                    self.names_of(id).map(|name| names.binary_search(&name).ok()).collect();
                let mut found = vec![Mentions::default(); names.len()];
                match blob::mentions(bytes, &mut found, |number| *which.get(number as usize)?) {
                    Ok(()) => found,
                    Err(_) => Mentions::of(&self.facts(id), names),
                }
            }
            Err(open) => Mentions::of(open, names),
        }
    }

    /// Bytes that a look at how the file uses names goes over, which is what one costs.
    pub fn mentions_len(&self, id: FileId) -> usize {
        match self.bytes_of(id) {
            Ok((_, bytes)) => bytes.len(),
            Err(open) => size_of_val(open.defs.as_slice()) + size_of_val(open.refs.as_slice()),
        }
    }

    /// The bytes that the file's facts are encoded in, and what they are kept under; the facts of an open document.
    fn bytes_of(&self, id: FileId) -> Result<(CacheKey, &[u8]), &Arc<Facts>> {
        match self.overlay.row(id).map(|row| (&row.body, row.stamp)) {
            None => Ok((CacheKey::Frozen(id), self.base.blob(id))),
            Some((Body::Encoded { blob, .. }, stamp)) => Ok((CacheKey::Row(stamp), blob)),
            Some((Body::Open { facts, .. }, _)) => Err(facts),
        }
    }

    /// The names of a file that is not an open document, by their numbers in its bytes.
    pub(super) fn names_of(&self, id: FileId) -> impl Iterator<Item = Name> + '_ {
        let (of_row, frozen): (&[Name], &[u8]) = match self.overlay.row(id) {
            Some(row) => (&row.names, &[]),
            None => (&[], self.base.names_of(id)),
        };
        of_row.iter().copied().chain(read_names(frozen).flatten())
    }

    /// The same with the lengths of the first so many.
    fn measured_names(&self, id: FileId, measured: usize) -> Vec<(Name, u32)> {
        let length = |at: usize, name: Name| if at < measured { self.name_len(name) } else { 0 };
        self.names_of(id).enumerate().map(|(at, name)| (name, length(at, name))).collect()
    }

    /// Facts. Columns are checked when they come from elsewhere, so this fails only if memory does; the file then says
    /// nothing.
    fn decoded(&self, id: FileId, bytes: &[u8]) -> Facts {
        blob::decode(bytes, &self.measured_names(id, usize::MAX)).unwrap_or_else(|error| {
            tracing::error!("the facts of file {} cannot be read: {error}", id.0);
            Facts::of_file(0)
        })
    }

    /// Where the file's lines start.
    pub fn line_index(&self, id: FileId) -> LineIndex {
        match self.lines(id) {
            Ok(open) => open.index.clone(),
            Err(lines) => lines.index,
        }
    }

    /// The file's lines: those of an open document are there, others are decoded.
    pub(super) fn lines(&self, id: FileId) -> Result<Arc<Lines>, Lines> {
        let table = match self.overlay.row(id).map(|row| &row.body) {
            Some(Body::Open { lines, .. }) => return Ok(Arc::clone(lines)),
            Some(Body::Encoded { line_table, .. }) => line_table,
            None => self.base.line_table(id),
        };
        Err(lines::decode(table).unwrap_or_else(|_| Lines::new("")))
    }

    /// Only ASCII: columns are byte columns in every encoding.
    pub fn is_ascii(&self, id: FileId) -> bool {
        self.record(id).ascii != 0
    }

    /// The file takes in all names of something else, as far as that goes.
    pub fn has_globs(&self, id: FileId) -> bool {
        self.record(id).globs != 0
    }

    /// The name's text; empty if there is no such name.
    pub fn name_text(&self, name: Name) -> &str {
        let (columns, number) = self.name_columns(name);
        columns.text(number)
    }

    fn name_len(&self, name: Name) -> u32 {
        let (columns, number) = self.name_columns(name);
        columns.text_len(number)
    }

    fn name_columns(&self, name: Name) -> (NameColumns<'_>, u32) {
        let frozen = self.base.names();
        match name.0.checked_sub(frozen.len()) {
            None => (frozen, name.0),
            Some(number) => (self.overlay.names().columns(), number),
        }
    }

    pub fn lookup_name(&self, text: &str) -> Option<Name> {
        let frozen = self.base.names();
        let later = || self.overlay.names().columns().find(text).map(|n| frozen.len() + n);
        frozen.find(text).or_else(later).map(Name)
    }

    /// Every name, some of which may no longer occur.
    pub fn names(&self) -> impl Iterator<Item = (Name, &str)> + '_ {
        self.names_bytes().map(|(name, _)| (name, self.name_text(name)))
    }

    /// Every name as bytes: for looking at all of them, a small part of which then matter.
    pub fn names_bytes(&self) -> impl Iterator<Item = (Name, &[u8])> + '_ {
        let (frozen, later) = (self.base.names(), self.overlay.names().columns());
        let texts = (0..frozen.len()).map(move |n| frozen.bytes(n));
        let texts = texts.chain((0..later.len()).map(move |n| later.bytes(n)));
        (0..).map(Name).zip(texts)
    }

    /// Names that begin with these letters, in whatever case, in the order of [`names`](Self::names).
    pub fn names_starting(&self, letters: &str) -> Vec<Name> {
        let (frozen, later) = (self.base.names(), self.overlay.names().columns());
        let mut names = Vec::new();
        if letters.is_ascii() {
            frozen.each_starting(letters.as_bytes(), |number| names.push(Name(number)));
            later.each_starting(letters.as_bytes(), |number| names.push(Name(frozen.len() + number)));
        } else {
            let begins = |text: &str| {
                let mut own = text.chars().flat_map(char::to_lowercase);
                letters.chars().flat_map(char::to_lowercase).all(|letter| own.next() == Some(letter))
            };
            names.extend(self.names().filter(|(_, text)| begins(text)).map(|(name, _)| name));
        }
        names
    }

    /// Files that use the name: for a definition, a reference, a module or a list of exports.
    pub fn files_with(&self, name: Name) -> impl Iterator<Item = FileId> + '_ {
        let frozen = self.base.postings().uses(name).filter(|f| !self.overlay.hides(*f));
        frozen.chain(self.overlay.uses(name)).filter(|file| !self.is_library(*file))
    }

    /// Definitions of the name that are not local to a function or block.
    pub fn defs_named(&self, name: Name) -> impl Iterator<Item = (FileId, DefId)> + '_ {
        self.defs_with_open_libraries(name).filter(|(file, _)| !self.is_library(*file))
    }

    pub(super) fn defs_with_open_libraries(&self, name: Name) -> impl Iterator<Item = (FileId, DefId)> + '_ {
        let frozen = self.base.postings().defs(name).filter(|(f, _)| !self.overlay.hides(*f));
        frozen.chain(self.overlay.defs(name))
    }

    /// Files that add members to a type of this name outside its body, in dependencies too.
    pub fn extensions_of(&self, name: Name) -> impl Iterator<Item = FileId> + '_ {
        let frozen = self.base.postings().extensions(name).filter(|f| !self.overlay.hides(*f));
        let shelf = self.overlay.libraries();
        let closed = shelf.extensions(name).filter(|file| !self.overlay.is_open_library(*file));
        frozen.chain(self.overlay.extensions(name)).chain(closed)
    }

    pub fn totals(&self) -> Totals {
        self.totals.clone()
    }

    /// All manifests, by file name and then by directory.
    pub fn all_manifests(&self) -> impl Iterator<Item = &Manifest> + '_ {
        self.manifests.all().iter()
    }

    /// Replaces what the graph keeps alive until the last reader of its contents lets go, views included.
    pub fn hold(&mut self, held: Held) {
        self.held = held;
    }

    /// Has it asked for memory that something made from the graph needs for a while, by the graph and by those updated from
    /// it.
    pub fn borrow_from(&mut self, lender: Lender) {
        self.lender = Some(lender);
    }

    /// Keeps something more alive, besides what it keeps already.
    pub fn hold_more(&mut self, more: Arc<dyn Any + Send + Sync>) {
        self.held.push(more);
    }

    /// Bytes of the graph: its columns, its overlay and its manifests. Decoded facts are counted apart, by
    /// [`cache_bytes`](Self::cache_bytes).
    pub fn heap_bytes(&self) -> usize {
        self.base.bytes() + self.own_bytes()
    }

    /// Bytes of the graph that are its alone, or that it shares with none but views of it and graphs updated from it,
    /// each of which counts them again.
    pub fn own_bytes(&self) -> usize {
        OBJECTS_BYTES + self.overlay.heap_bytes() + self.manifests.heap_bytes()
    }

    /// Bytes that the graph shares with those updated from it: its columns, and the most that decoded facts and imports
    /// may take.
    pub fn shared_bytes(&self) -> usize {
        self.base.bytes() + cache_bytes_max(&self.base) + imports_bytes_max(self.base.bytes())
    }

    /// Whether the graph stands on the same columns: numbers of files and names are the same then.
    pub fn shares_columns(&self, other: &Graph) -> bool {
        Arc::ptr_eq(&self.base, &other.base)
    }

    /// Bytes of the columns by what they hold, for reports.
    pub fn parts(&self) -> Vec<(&'static str, usize)> {
        self.base.parts()
    }

    /// Bytes of decoded facts, and of what was found by them, that are kept at this moment, at most
    /// [`FACTS_CACHE_BYTES_MAX`]. Facts that a reader still holds when they are no longer kept are not counted.
    pub fn cache_bytes(&self) -> usize {
        self.cache.bytes() + self.receivers.bytes()
    }

    /// Bytes of decoded facts and of imports that may still come, of those that [`shared_bytes`](Self::shared_bytes)
    /// counts.
    pub fn promised_bytes(&self) -> usize {
        let facts = cache_bytes_max(&self.base).saturating_sub(self.cache_bytes());
        facts + imports_bytes_max(self.base.bytes()).saturating_sub(self.imports.heap_bytes())
    }

    pub(super) fn set_cache_bytes_max(&mut self, bytes: usize) {
        (self.cache, self.receivers) = caches(bytes);
    }

    pub fn clear_cache(&self) {
        self.cache.clear();
        self.receivers.clear();
    }
}

/// What every graph has on the heap beside its contents: itself, and what it shares.
pub(super) const OBJECTS_BYTES: usize = shared_bytes::<Graph>()
    + shared_bytes::<Frozen>()
    + shared_bytes::<Manifests>()
    + shared_bytes::<FactsCache>()
    + shared_bytes::<ReceiversCache>()
    + shared_bytes::<ImportsCell>();

/// The caches that may have so many bytes together.
fn caches(bytes_max: usize) -> (Arc<FactsCache>, Arc<ReceiversCache>) {
    let (facts, receivers) = shared_out(bytes_max);
    (Arc::new(Cache::new(facts)), Arc::new(Cache::new(receivers)))
}

fn cache_bytes_max(base: &Frozen) -> usize {
    facts_cache_bytes_max(base.bytes() as u64) as usize
}

/// Bytes that decoded facts may take beside columns of so many.
pub(super) fn facts_cache_bytes_max(columns: u64) -> u64 {
    (columns / 4).clamp(FACTS_CACHE_BYTES_MIN as u64, FACTS_CACHE_BYTES_MAX as u64)
}

/// Bytes of facts on the heap, themselves included.
pub fn facts_bytes(facts: &Facts) -> usize {
    let Facts {
        names,
        scopes,
        defs,
        refs,
        terms,
        globs,
        extensions,
        inherits,
        arguments,
        arities,
        listed,
        package: _,
    } = facts;
    let children: usize = terms
        .iter()
        .map(|term| match term {
            Term::Apply(_, parts) | Term::Union(parts) | Term::Tuple(parts) => {
                parts.len() * size_of::<TermId>()
            }
            _ => 0,
        })
        .sum();
    size_of::<Facts>()
        + names.capacity() * size_of::<Box<str>>()
        + names.iter().map(|n| n.len()).sum::<usize>()
        + scopes.capacity() * size_of::<Scope>()
        + defs.capacity() * size_of::<Def>()
        + refs.capacity() * size_of::<Ref>()
        + terms.capacity() * size_of::<Term>()
        + children
        + globs.capacity() * size_of::<Glob>()
        + extensions.capacity() * size_of::<Extension>()
        + inherits.capacity() * size_of::<Inherit>()
        + arguments.capacity() * size_of::<Arguments>()
        + arguments.iter().map(|a| a.items.len() * size_of::<TermId>()).sum::<usize>()
        + arities.capacity() * size_of::<(crate::lang::facts::RefId, u8)>()
        + listed.as_ref().map_or(0, |l| l.capacity() * size_of::<Name>())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;
    use crate::lang::modules::Layout;

    #[test]
    fn a_look_at_a_name_says_what_the_facts_say_of_it() {
        // A name that is made up beside the same one as it is written has two numbers.
        let mut coined = false;
        for pack in
            std::fs::read_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lang")).unwrap()
        {
            let Ok(files) = std::fs::read_dir(pack.unwrap().path().join("fixtures")) else { continue };
            for path in
                files.map(|f| f.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e != "facts"))
            {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                let files = [(name, std::fs::read_to_string(&path).unwrap())].into_iter().collect();
                let view = Fixture { files, ..Fixture::default() }.view();
                for file in view.files() {
                    let facts = view.facts(file);
                    let all: Vec<(Name, &str)> = view.names().collect();
                    let together =
                        view.mentions_each(file, &all.iter().map(|(name, _)| *name).collect::<Vec<_>>());
                    for ((name, text), together) in all.into_iter().zip(together) {
                        let said = Mentions::of(&facts, &[name])[0];
                        let path = view.path(file);
                        assert_eq!((view.mentions(file, name), together), (said, said), "{text} in {path}");
                    }
                    let sketches: Vec<DefSketch> =
                        facts.defs.iter().map(|d| DefSketch::of(d, view.name_len(d.name))).collect();
                    assert_eq!(view.sketch(file), sketches);
                    assert_eq!(view.package_of(file), facts.package);
                    let mut names: Vec<Name> = read_names(view.base.names_of(file)).flatten().collect();
                    let mut links = blob::Links::default();
                    links.read(view.base.blob(file)).unwrap();
                    let named = |numbers: &[u32]| -> Vec<Name> {
                        numbers.iter().map(|number| names[*number as usize]).collect()
                    };
                    let module = |t: &Term| if let Term::Module(name) = t { Some(*name) } else { None };
                    let modules: Vec<Name> = facts.terms.iter().filter_map(module).collect();
                    let extended: Vec<Name> = facts.extensions.iter().map(|e| e.target_name).collect();
                    assert_eq!((named(&links.modules), named(&links.extended)), (modules, extended));
                    let all = names.len();
                    names.sort_unstable();
                    names.dedup();
                    coined |= names.len() < all;
                }
            }
        }
        assert!(coined);
    }
}
