//! Building a graph: encoded files in any order, then everything frozen at once.

use std::io;

use super::codec::Writer;
use super::encoded::{Counts, EncodedFile, FileMeta};
use super::frozen::{Columns, FreezeError, Frozen, Record, read_names};
use super::generation::{Graph, manifests_bytes};
use super::names::NameTable;
use super::postings::{self, Lists, Sources};
use super::region::{RegionBuilder, Scratch};
use crate::lang::modules::{Manifest, file_name};

/// Builds a graph from nothing. Workers encode files; one thread adds them.
#[derive(Default)]
pub struct GraphBuilder {
    files: FrozenBuilder,
    manifests: Vec<Manifest>,
    error: Option<io::Error>,
}

impl GraphBuilder {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the file over. Of several files with one path the last counts.
    pub fn add(&mut self, file: EncodedFile) {
        if let Err(error) = self.files.add_encoded(&file) {
            self.error.get_or_insert(error);
        }
    }

    pub fn add_manifest(&mut self, manifest: Manifest) {
        self.manifests.push(manifest);
    }

    /// Bytes held now. Finishing takes as much again for a moment; what is held goes back piece by piece meanwhile.
    pub fn heap_bytes(&self) -> usize {
        self.files.bytes() + manifests_bytes(&self.manifests)
    }

    /// # Errors
    /// If the folder is too large for 32-bit offsets, or the system gives no memory.
    pub fn finish(self) -> Result<Graph, FreezeError> {
        if let Some(error) = self.error {
            return Err(error.into());
        }
        Ok(Graph::new(self.files.freeze()?, self.manifests))
    }
}

/// Gathers files into columns.
#[derive(Default)]
pub(super) struct FrozenBuilder {
    names: NameTable,
    files: Vec<Pending>,
    paths: String,
    /// Names, line table and blob of each file.
    data: Scratch,
    /// What only posting lists are made from: definitions and extended types of each file.
    keys: Scratch,
    /// Used again for each file.
    numbers: Vec<u32>,
}

/// A file that was added.
struct Pending {
    record: Record,
    keys: usize,
    keys_len: usize,
}

/// A file as a builder takes it, whose names have numbers in the builder.
pub(super) struct Parts<'a> {
    pub line_table: &'a [u8],
    pub blob: &'a [u8],
    /// Number in the blob and definition, by definition.
    pub visible: &'a [(u32, u32)],
    /// Numbers in the blob.
    pub extended: &'a [u32],
}

impl FrozenBuilder {
    fn add_encoded(&mut self, file: &EncodedFile) -> io::Result<()> {
        let EncodedFile { meta, counts, blob, line_table, names, visible, extended } = file;
        self.add(meta, *counts, names.iter(), &Parts { line_table, blob, visible, extended })
    }

    /// Adds a file whose names, in the order of their numbers in the blob, are these.
    pub fn add<'n>(
        &mut self,
        meta: &FileMeta,
        counts: Counts,
        names: impl Iterator<Item = &'n str>,
        parts: &Parts<'_>,
    ) -> io::Result<()> {
        let mut numbers = std::mem::take(&mut self.numbers);
        numbers.clear();
        numbers.extend(names.map(|n| self.names.intern(n)));
        let (mut stored, mut next) = (Writer::default(), 0u32);
        for number in &numbers {
            stored.difference(*number, next);
            next = number.wrapping_add(1);
        }
        let mut keys = Writer::default();
        keys.u32(parts.visible.len() as u32);
        for (name, def) in parts.visible {
            keys.u32(numbers[*name as usize]);
            keys.u32(*def);
        }
        parts.extended.iter().for_each(|name| keys.u32(numbers[*name as usize]));
        self.numbers = numbers;
        let data = self.data.append(&[&stored.bytes, parts.line_table, parts.blob])?;
        let keys_len = keys.bytes.len();
        let keys = self.keys.append(&[&keys.bytes])?;
        let record = Record {
            // Whether everything stayed below 4 GiB is checked once, at the end.
            data: data as u32,
            names_len: stored.bytes.len() as u32,
            line_table_len: parts.line_table.len() as u32,
            blob_len: parts.blob.len() as u32,
            path: self.paths.len() as u32,
            path_len: meta.path.len() as u32,
            ..Record::new(meta, &counts)
        };
        self.paths.push_str(&meta.path);
        self.files.push(Pending { record, keys, keys_len });
        Ok(())
    }

    pub fn bytes(&self) -> usize {
        self.names.heap_bytes()
            + self.files.capacity() * size_of::<Pending>()
            + self.numbers.capacity() * size_of::<u32>()
            + self.paths.capacity()
            + self.data.bytes()
            + self.keys.bytes()
    }

    pub fn freeze(mut self) -> Result<Frozen, FreezeError> {
        let most = [self.data.len(), self.paths.len(), self.names.text_bytes()];
        if most.iter().any(|len| u32::try_from(*len).is_err()) {
            return Err(FreezeError::TooLarge);
        }
        self.sort();
        self.names.shrink_slots();
        let lists = self.lists().map_err(|_| FreezeError::TooLarge)?;
        let records = self.records();
        self.keys = Scratch::default();
        let mut region = RegionBuilder::default();
        let names = self.names.columns();
        let columns = Columns {
            records: region.column(&records),
            name_offsets: region.column(names.offsets),
            name_slots: region.column(names.slots),
            posting_offsets: region.column(&lists.offsets),
            postings: region.column(&lists.bytes),
            name_texts: region.column(names.arena),
            paths: region.column(self.paths.as_bytes()),
            data: region.scratch(self.data),
        };
        Ok(Frozen::new(region.freeze()?, columns))
    }

    /// By path, the last of several files with one path.
    fn sort(&mut self) {
        let paths = &self.paths;
        let path = |f: &Pending| &paths[f.record.path as usize..][..f.record.path_len as usize];
        self.files.sort_by(|a, b| path(a).cmp(path(b)));
        // The later of two stands behind the earlier, and it is the earlier one that is kept in its place.
        self.files.dedup_by(|later, earlier| {
            let same = path(later) == path(earlier);
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
    }

    /// The records in order of path, and in them the order of file names.
    fn records(&self) -> Vec<Record> {
        let mut records: Vec<Record> = self.files.iter().map(|f| f.record).collect();
        let name = |at: &u32| {
            let record = &self.files[*at as usize].record;
            file_name(&self.paths[record.path as usize..][..record.path_len as usize])
        };
        let mut order: Vec<u32> = (0..records.len() as u32).collect();
        order.sort_by_key(name);
        for (record, id) in records.iter_mut().zip(order) {
            record.by_name = id;
        }
        records
    }

    fn lists(&self) -> Result<Lists, super::codec::CorruptError> {
        let keys = |file: &Pending| super::codec::Reader::new(self.keys.get(file.keys, file.keys_len));
        let sources = Sources {
            defs: |put: &mut dyn FnMut(u32, (u32, u32))| {
                for (id, file) in self.files.iter().enumerate() {
                    let mut keys = keys(file);
                    for _ in 0..keys.u32().unwrap_or(0) {
                        if let (Ok(name), Ok(def)) = (keys.u32(), keys.u32()) {
                            put(name, (id as u32, def));
                        }
                    }
                }
            },
            extensions: |put: &mut dyn FnMut(u32, u32)| {
                for (id, file) in self.files.iter().enumerate() {
                    let mut keys = keys(file);
                    for _ in 0..2 * keys.u32().unwrap_or(0) {
                        let _ = keys.u32();
                    }
                    while let Ok(name) = keys.u32() {
                        put(name, id as u32);
                    }
                }
            },
            uses: |put: &mut dyn FnMut(u32, u32)| {
                for (id, file) in self.files.iter().enumerate() {
                    let names = self.data.get(file.record.data as usize, file.record.names_len as usize);
                    read_names(names).flatten().for_each(|name| put(name.0, id as u32));
                }
            },
        };
        postings::write(self.names.columns().len() as usize, &sources)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_counted() {
        let mut builder = GraphBuilder::new();
        let before = builder.heap_bytes();
        let value = "x".repeat(10_000);
        builder.add_manifest(Manifest {
            dir: String::new(),
            file: "package.json".to_owned(),
            name: None,
            entries: vec![("main".to_owned(), value)],
        });
        assert!(builder.heap_bytes() >= before + 10_000);
    }
}
