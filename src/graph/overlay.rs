//! Files that changed since the columns were frozen.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::{FxHashMap, FxHashSet};

use super::encoded::EncodedFile;
use super::names::NameTable;
use crate::lang::facts::{DefId, Name};
use crate::lang::modules::FileId;

/// A changed or new file; its names have numbers in the graph.
#[derive(Debug)]
pub(super) struct Row {
    pub file: EncodedFile,
    pub names: Vec<Name>,
    /// Tells this version of the file from every other.
    pub stamp: u64,
    pub bytes: usize,
}

/// What lies above the frozen columns. Cloned when it changes: it is small, and folded in before it is not.
#[derive(Clone, Debug, Default)]
pub(super) struct Overlay {
    pub rows: FxHashMap<FileId, Arc<Row>>,
    pub removed: FxHashSet<FileId>,
    /// Paths of files that the columns do not have.
    pub by_path: BTreeMap<Arc<str>, FileId>,
    /// Names that the columns do not have, numbered after theirs.
    pub names: Arc<NameTable>,
    pub files_by_name: FxHashMap<Name, Vec<FileId>>,
    pub defs_by_name: FxHashMap<Name, Vec<(FileId, DefId)>>,
    pub extensions: FxHashMap<Name, Vec<FileId>>,
    added: u32,
}

impl Overlay {
    /// Numbers a new file after the frozen ones; numbers are not used twice.
    pub fn new_id(&mut self, frozen: u32) -> FileId {
        self.added += 1;
        FileId(frozen + self.added - 1)
    }

    pub fn put(&mut self, id: FileId, mut file: EncodedFile, names: Vec<Name>) {
        static STAMP: AtomicU64 = AtomicU64::new(1);
        self.take(id);
        file.names = Vec::new();
        for name in &names {
            let files = self.files_by_name.entry(*name).or_default();
            if files.last() != Some(&id) {
                files.push(id);
            }
        }
        for (name, def) in &file.visible {
            self.defs_by_name.entry(names[*name as usize]).or_default().push((id, DefId(*def)));
        }
        for name in &file.extended {
            self.extensions.entry(names[*name as usize]).or_default().push(id);
        }
        let bytes = file.heap_bytes() + names.capacity() * (size_of::<Name>() + size_of::<FileId>() * 4);
        let stamp = STAMP.fetch_add(1, Ordering::Relaxed);
        self.rows.insert(id, Arc::new(Row { file, names, stamp, bytes }));
    }

    /// Forgets the file's earlier version.
    pub fn take(&mut self, id: FileId) {
        let Some(row) = self.rows.remove(&id) else { return };
        for name in &row.names {
            drop_from(&mut self.files_by_name, *name, |f| *f == id);
        }
        for (name, _) in &row.file.visible {
            drop_from(&mut self.defs_by_name, row.names[*name as usize], |(f, _)| *f == id);
        }
        for name in &row.file.extended {
            drop_from(&mut self.extensions, row.names[*name as usize], |f| *f == id);
        }
    }

    /// Whether the columns' version of the file no longer counts.
    pub fn hides(&self, id: FileId) -> bool {
        self.rows.contains_key(&id) || self.removed.contains(&id)
    }

    pub fn bytes(&self) -> usize {
        self.rows.values().map(|r| r.bytes).sum::<usize>() + self.names.heap_bytes()
    }
}

fn drop_from<T>(lists: &mut FxHashMap<Name, Vec<T>>, name: Name, gone: impl Fn(&T) -> bool) {
    if let Some(list) = lists.get_mut(&name) {
        list.retain(|entry| !gone(entry));
        if list.is_empty() {
            lists.remove(&name);
        }
    }
}
