//! Files that changed since the columns were frozen.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use rustc_hash::FxHashMap;

use super::encoded::EncodedFile;
use super::frozen::{Frozen, Record, Totals};
use super::libraries::Shelf;
use super::lines::Lines;
use super::names::NameTable;
use crate::lang::facts::{DefId, Facts, Name};
use crate::lang::modules::FileId;

/// One version of a changed or new file, under the graph's names.
#[derive(Debug)]
pub(super) struct Row {
    pub path: Box<str>,
    /// Of the data columns it uses none.
    pub record: Record,
    pub body: Body,
    /// Every name that the file uses; in an encoded file by number in the blob.
    pub names: Box<[Name]>,
    /// Definitions that are not local to a function.
    pub defs: Box<[(Name, DefId)]>,
    /// Names of the types that it extends.
    pub extended: Box<[Name]>,
    /// Tells this version of the file from every other.
    pub stamp: u64,
}

/// What a row says.
#[derive(Debug)]
pub(super) enum Body {
    Encoded {
        blob: Arc<[u8]>,
        line_table: Arc<[u8]>,
    },
    /// An open document.
    Open {
        facts: Arc<Facts>,
        lines: Arc<Lines>,
    },
}

pub(super) fn next_stamp() -> u64 {
    static STAMP: AtomicU64 = AtomicU64::new(1);
    STAMP.fetch_add(1, Ordering::Relaxed)
}

impl Row {
    pub fn encoded(file: EncodedFile, names: Box<[Name]>) -> Row {
        let EncodedFile { meta, counts, blob, line_table, visible, extended, .. } = file;
        let record = Record::new(&meta, &counts);
        Row {
            path: meta.path.into(),
            record,
            defs: visible.iter().map(|(name, def)| (names[*name as usize], DefId(*def))).collect(),
            extended: extended.iter().map(|name| names[*name as usize]).collect(),
            names,
            body: Body::Encoded { blob, line_table },
            stamp: next_stamp(),
        }
    }

    /// The number in the blob of each name.
    pub fn numbers(&self) -> FxHashMap<Name, u32> {
        self.names.iter().copied().zip(0..).collect()
    }

    /// Bytes held on the heap, itself included.
    pub fn heap_bytes(&self) -> usize {
        let body = match &self.body {
            Body::Encoded { blob, line_table } => blob.len() + line_table.len(),
            Body::Open { facts, lines } => {
                super::generation::facts_bytes(facts) + size_of::<Lines>() + lines.heap_bytes()
            }
        };
        size_of::<Row>()
            + self.path.len()
            + body
            + size_of_val(&*self.names)
            + size_of_val(&*self.defs)
            + size_of_val(&*self.extended)
    }
}

/// What lies above the frozen columns: rows, and indexes over them that are sorted lists. A graph that follows copies
/// the lists and shares the rows; they are folded into new columns before copying them gets slow.
#[derive(Clone, Debug)]
pub(super) struct Overlay {
    /// By file.
    rows: Vec<(FileId, Arc<Row>)>,
    /// Frozen files that are gone, ascending.
    removed: Vec<FileId>,
    /// Files that the columns do not have, by path.
    new: Vec<(Box<str>, FileId)>,
    /// Names that the columns do not have, numbered after theirs.
    names: Arc<NameTable>,
    uses: Vec<(Name, FileId)>,
    defs: Vec<(Name, FileId, DefId)>,
    extensions: Vec<(Name, FileId)>,
    /// New files there have been; numbers are not used twice.
    numbered: u32,
    /// Files of dependencies, numbered after everything that was there before them.
    libraries: Arc<Shelf>,
}

impl Default for Overlay {
    /// An overlay of nothing. Most graphs have no more, and share what they do not have.
    fn default() -> Self {
        static NONE: LazyLock<(Arc<NameTable>, Arc<Shelf>)> = LazyLock::new(Default::default);
        Overlay {
            rows: Vec::new(),
            removed: Vec::new(),
            new: Vec::new(),
            names: Arc::clone(&NONE.0),
            uses: Vec::new(),
            defs: Vec::new(),
            extensions: Vec::new(),
            numbered: 0,
            libraries: Arc::clone(&NONE.1),
        }
    }
}

impl Overlay {
    pub fn row(&self, id: FileId) -> Option<&Arc<Row>> {
        // Most graphs have no rows at all.
        match self.rows.binary_search_by_key(&id, |(i, _)| *i) {
            Ok(at) => Some(&self.rows[at].1),
            Err(_) => self.libraries.row(id),
        }
    }

    /// Whether the file is of a dependency, and open.
    pub fn is_open_library(&self, id: FileId) -> bool {
        self.libraries.has(id) && self.rows.binary_search_by_key(&id, |(i, _)| *i).is_ok()
    }

    pub fn libraries(&self) -> &Shelf {
        &self.libraries
    }

    /// Puts files of dependencies under those that are open, in the place of others that may have been there.
    pub fn shelve(&mut self, base: &Frozen, rows: Vec<Row>) {
        let first = base.file_count() + self.numbered;
        let shelf = Shelf::new(first, rows);
        self.numbered += shelf.len();
        self.libraries = Arc::new(shelf);
    }

    pub fn rows(&self) -> impl Iterator<Item = (FileId, &Arc<Row>)> {
        self.rows.iter().map(|(id, row)| (*id, row))
    }

    pub fn is_removed(&self, id: FileId) -> bool {
        self.removed.binary_search(&id).is_ok()
    }

    pub fn removed(&self) -> &[FileId] {
        &self.removed
    }

    /// Whether the columns' version of the file no longer counts.
    pub fn hides(&self, id: FileId) -> bool {
        self.row(id).is_some() || self.is_removed(id)
    }

    /// New files, by path.
    pub fn new_files(&self) -> &[(Box<str>, FileId)] {
        &self.new
    }

    pub fn find_new(&self, path: &str) -> Option<FileId> {
        match self.new.binary_search_by(|(p, _)| (**p).cmp(path)) {
            Ok(at) => Some(self.new[at].1),
            Err(_) => self.libraries.find(path),
        }
    }

    pub fn names(&self) -> &NameTable {
        &self.names
    }

    pub fn shared_names(&self) -> &Arc<NameTable> {
        &self.names
    }

    /// Takes a table that begins with the names of the present one.
    pub fn set_names(&mut self, names: Arc<NameTable>) {
        debug_assert!(names.columns().len() >= self.names.columns().len());
        self.names = names;
    }

    pub fn uses(&self, name: Name) -> impl Iterator<Item = FileId> + '_ {
        group(&self.uses, name, |e| e.0).map(|e| e.1)
    }

    pub fn defs(&self, name: Name) -> impl Iterator<Item = (FileId, DefId)> + '_ {
        group(&self.defs, name, |e| e.0).map(|e| (e.1, e.2))
    }

    pub fn extensions(&self, name: Name) -> impl Iterator<Item = FileId> + '_ {
        group(&self.extensions, name, |e| e.0).map(|e| e.1)
    }

    /// The name's number, a new one if neither the columns nor the overlay have it.
    pub fn intern(&mut self, base: &Frozen, text: &str) -> Name {
        let first = base.names().len();
        if let Some(name) = base.names().find(text) {
            return Name(name);
        }
        let known = self.names.columns().find(text);
        Name(first + known.unwrap_or_else(|| Arc::make_mut(&mut self.names).intern(text)))
    }

    /// Puts rows in the place of what was there of their files, and takes files away. Paths that nothing is known of
    /// are passed over.
    pub fn change(&mut self, base: &Frozen, rows: Vec<Arc<Row>>, removed: &[String]) {
        let mut gone: Vec<FileId> = removed.iter().filter_map(|path| self.take_path(base, path)).collect();
        // Of several rows of one path the last counts.
        let mut put: Vec<(FileId, Arc<Row>)> = Vec::with_capacity(rows.len());
        for row in rows {
            put.push((self.place(base, &row.path), row));
        }
        put.sort_by_key(|(id, _)| *id);
        put.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        gone.extend(put.iter().map(|(id, _)| *id));
        gone.sort_unstable();
        self.forget(&gone);
        self.removed.retain(|id| put.binary_search_by_key(id, |(i, _)| *i).is_err());
        for (id, row) in &put {
            let mut names = row.names.to_vec();
            names.sort_unstable();
            names.dedup();
            self.uses.extend(names.into_iter().map(|n| (n, *id)));
            self.defs.extend(row.defs.iter().map(|(n, def)| (*n, *id, *def)));
            self.extensions.extend(row.extended.iter().map(|n| (*n, *id)));
        }
        self.rows.extend(put);
        // Two sorted runs in the ordinary case, which a stable sort merges.
        self.rows.sort_by_key(|(id, _)| *id);
        self.uses.sort();
        self.defs.sort();
        self.extensions.sort();
    }

    /// The number of the file at the path, which is given one if it is new.
    fn place(&mut self, base: &Frozen, path: &str) -> FileId {
        let frozen = base.find(path);
        // What has gone from the folder may have become another one's, which this one depends on.
        let stays = frozen.filter(|id| !self.is_removed(*id));
        if let Some(id) = stays.or_else(|| self.libraries.find(path)).or(frozen) {
            return id;
        }
        match self.new.binary_search_by(|(p, _)| (**p).cmp(path)) {
            Ok(at) => self.new[at].1,
            Err(at) => {
                let id = FileId(base.file_count() + self.numbered);
                self.numbered += 1;
                self.new.insert(at, (path.into(), id));
                id
            }
        }
    }

    fn take_path(&mut self, base: &Frozen, path: &str) -> Option<FileId> {
        if let Some(id) = base.find(path) {
            if let Err(at) = self.removed.binary_search(&id) {
                self.removed.insert(at, id);
            }
            return Some(id);
        }
        let at = self.new.binary_search_by(|(p, _)| (**p).cmp(path)).ok()?;
        Some(self.new.remove(at).1)
    }

    /// Drops rows and all that the indexes say of them.
    fn forget(&mut self, gone: &[FileId]) {
        let stays = |id: &FileId| gone.binary_search(id).is_err();
        let before = self.rows.len();
        self.rows.retain(|(id, _)| stays(id));
        if self.rows.len() < before {
            self.uses.retain(|e| stays(&e.1));
            self.defs.retain(|e| stays(&e.1));
            self.extensions.retain(|e| stays(&e.1));
        }
    }

    /// The sums over columns and overlay.
    pub fn totals(&self, base: &Frozen) -> Totals {
        let mut totals = base.totals().clone();
        for id in &self.removed {
            totals.count(base.record(*id), false);
        }
        for (id, row) in self.rows.iter().filter(|(id, _)| !self.libraries.has(*id)) {
            if id.0 < base.file_count() {
                totals.count(base.record(*id), false);
            }
            totals.count(&row.record, true);
        }
        totals
    }

    /// Bytes of the rows alone, which overlays share with those that they were made from.
    pub fn rows_bytes(&self) -> usize {
        /// The two counts of an [`Arc`].
        const COUNTS: usize = 2 * size_of::<usize>();
        let rows: usize = self.rows.iter().map(|(_, row)| COUNTS + row.heap_bytes()).sum();
        rows + self.libraries.heap_bytes()
    }

    /// Bytes held on the heap, rows and names included.
    pub fn heap_bytes(&self) -> usize {
        let rows = self.rows_bytes();
        let paths: usize = self.new.iter().map(|(path, _)| path.len()).sum();
        rows + paths
            + self.names.heap_bytes()
            + capacity_bytes(&self.rows)
            + capacity_bytes(&self.removed)
            + capacity_bytes(&self.new)
            + capacity_bytes(&self.uses)
            + capacity_bytes(&self.defs)
            + capacity_bytes(&self.extensions)
    }
}

pub(super) fn capacity_bytes<T>(list: &Vec<T>) -> usize {
    list.capacity() * size_of::<T>()
}

/// The entries of a sorted list that have the name.
pub(super) fn group<T>(list: &[T], name: Name, of: fn(&T) -> Name) -> std::slice::Iter<'_, T> {
    let start = list.partition_point(|e| of(e) < name);
    let len = list[start..].partition_point(|e| of(e) == name);
    list[start..start + len].iter()
}
