//! The frozen part of a graph: columns over all files, in one region.

use std::io;

use bytemuck::{Pod, Zeroable};

use super::codec::{CorruptError, Reader};
use super::encoded::{Counts, FileMeta};
use super::names::NameColumns;
use super::postings::Postings;
use super::region::{Column, Region};
use crate::lang::LangId;
use crate::lang::facts::Name;
use crate::lang::modules::{FileId, file_name};

/// What has a fixed size of a file. Its data is its names, its line table and its blob, next to each other.
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Record {
    pub bytes: u64,
    pub mtime_ns: i64,
    pub hash: u64,
    pub data: u32,
    pub names_len: u32,
    pub line_table_len: u32,
    pub blob_len: u32,
    pub path: u32,
    pub path_len: u32,
    pub lines: u32,
    pub defs: u32,
    pub refs: u32,
    pub syntax_errors: u32,
    /// Not of this file: the number of the file at this place in the order of file names.
    pub by_name: u32,
    pub lang: u8,
    pub ascii: u8,
    pub globs: u8,
    pub padding: u8,
}

impl Record {
    /// What is known of a file wherever its data lies.
    pub fn new(meta: &FileMeta, counts: &Counts) -> Record {
        Record {
            bytes: meta.bytes,
            mtime_ns: meta.mtime_ns,
            hash: meta.hash,
            lines: counts.lines,
            defs: counts.defs,
            refs: counts.refs,
            syntax_errors: meta.syntax_errors,
            lang: meta.lang.index(),
            ascii: u8::from(counts.ascii),
            globs: u8::from(counts.globs),
            ..Record::default()
        }
    }
}

/// The columns of a graph, in the order in which they lie in the region.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    /// Sorted by path.
    pub records: Column,
    pub name_offsets: Column,
    pub name_slots: Column,
    pub posting_offsets: Column,
    pub postings: Column,
    pub name_texts: Column,
    pub paths: Column,
    pub data: Column,
}

impl Columns {
    pub fn as_array(&self) -> [&Column; 8] {
        let Columns { records, name_offsets, name_slots, posting_offsets, postings, name_texts, paths, data } =
            self;
        [records, name_offsets, name_slots, posting_offsets, postings, name_texts, paths, data]
    }

    pub fn from_array(columns: [Column; 8]) -> Columns {
        let [records, name_offsets, name_slots, posting_offsets, postings, name_texts, paths, data] = columns;
        Columns { records, name_offsets, name_slots, posting_offsets, postings, name_texts, paths, data }
    }
}

/// Files sorted by path with their facts, the names, and the posting lists. Immutable.
#[derive(Debug)]
pub struct Frozen {
    pub(super) region: Region,
    pub(super) columns: Columns,
    totals: Totals,
}

/// Sums over a graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub files: u32,
    pub lines: u64,
    pub bytes: u64,
    pub defs: u64,
    pub refs: u64,
    /// Files by language; a graph's sums are kept with it, so they take no memory of their own.
    by_language: [u32; LangId::COUNT],
}

/// Why a graph cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum FreezeError {
    #[error("the folder's facts exceed 4 GiB")]
    TooLarge,
    #[error("no memory for the graph: {0}")]
    Memory(#[from] io::Error),
}

impl Frozen {
    /// The region must have been laid out as the columns say, or have been checked.
    pub(super) fn new(region: Region, columns: Columns) -> Frozen {
        let mut frozen = Frozen { region, columns, totals: Totals::default() };
        let mut totals = Totals::default();
        for id in 0..frozen.file_count() {
            totals.count(&frozen.records()[id as usize], true);
        }
        frozen.totals = totals;
        frozen
    }

    /// Takes columns from elsewhere, if all that they say can be true.
    pub(super) fn checked(region: Region, columns: Columns) -> Result<Frozen, CorruptError> {
        let c = &columns;
        let numbers = [&c.name_offsets, &c.name_slots, &c.posting_offsets];
        let bytes = [&c.postings, &c.name_texts, &c.paths, &c.data];
        let whole = region.has::<Record>(&c.records)
            && numbers.iter().all(|c| region.has::<u32>(c))
            && bytes.iter().all(|c| region.has::<u8>(c));
        if !whole {
            return Err(CorruptError::OutOfRange);
        }
        let frozen = Frozen { region, columns, totals: Totals::default() };
        frozen.names().check()?;
        frozen.check_records()?;
        let records = frozen.records();
        let defs_of = |file: u32| records.get(file as usize).map(|r| r.defs);
        frozen.postings().check(frozen.names().len(), defs_of)?;
        Ok(Frozen::new(frozen.region, frozen.columns))
    }

    fn check_records(&self) -> Result<(), CorruptError> {
        /// More than any file that is read, so that no sum of sizes overflows.
        const FILE_BYTES_MAX: u64 = 1 << 32;
        // Taken once: there are a dozen names for each definition.
        let records = self.records();
        let paths: &[u8] = self.region.column(&self.columns.paths);
        let data: &[u8] = self.region.column(&self.columns.data);
        let names = self.names().len();
        let mut last_path = None;
        for r in records {
            let data_len = u64::from(r.names_len) + u64::from(r.line_table_len) + u64::from(r.blob_len);
            let inside = u64::from(r.path) + u64::from(r.path_len) <= paths.len() as u64
                && u64::from(r.data) + data_len <= data.len() as u64
                && r.bytes <= FILE_BYTES_MAX;
            let ordered = (r.by_name as usize) < records.len();
            if !inside || !ordered || LangId::from_index(r.lang).is_none() {
                return Err(CorruptError::OutOfRange);
            }
            let path = slice(paths, r.path, r.path_len);
            if std::str::from_utf8(path).is_err() || last_path.is_some_and(|last| last >= path) {
                return Err(CorruptError::OutOfRange);
            }
            last_path = Some(path);
            for name in read_names(slice(data, r.data, r.names_len)) {
                if name?.0 >= names {
                    return Err(CorruptError::OutOfRange);
                }
            }
        }
        Ok(())
    }

    /// Bytes taken from the system.
    pub fn bytes(&self) -> usize {
        self.region.bytes()
    }

    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Bytes by what they hold.
    pub fn parts(&self) -> Vec<(&'static str, usize)> {
        let c = &self.columns;
        let sum = |len: fn(&Record) -> u32| self.records().iter().map(|r| len(r) as usize).sum();
        vec![
            ("files", c.records.len()),
            ("paths", c.paths.len()),
            ("facts", sum(|r| r.blob_len)),
            ("names of files", sum(|r| r.names_len)),
            ("lines", sum(|r| r.line_table_len)),
            ("postings", c.postings.len()),
            ("posting offsets", c.posting_offsets.len()),
            ("name texts", c.name_texts.len()),
            ("name offsets", c.name_offsets.len()),
            ("name slots", c.name_slots.len()),
        ]
    }

    pub(super) fn records(&self) -> &[Record] {
        self.region.column(&self.columns.records)
    }

    pub(super) fn record(&self, file: FileId) -> &Record {
        &self.records()[file.index()]
    }

    pub fn file_count(&self) -> u32 {
        self.records().len() as u32
    }

    pub fn path(&self, file: FileId) -> &str {
        std::str::from_utf8(self.path_bytes(file)).unwrap_or_default()
    }

    /// The same without a look at whether it is text, which it is.
    fn path_bytes(&self, file: FileId) -> &[u8] {
        let record = self.record(file);
        slice(self.region.column(&self.columns.paths), record.path, record.path_len)
    }

    pub fn lang(&self, file: FileId) -> LangId {
        self.record(file).lang()
    }

    pub fn find(&self, path: &str) -> Option<FileId> {
        let at = self.first_from(path);
        (at < self.file_count() && self.path_bytes(FileId(at)) == path.as_bytes()).then_some(FileId(at))
    }

    /// The files of that name, in whatever directory, by path.
    pub fn files_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = FileId> + 'a {
        let named = |r: &Record| file_name(self.path(FileId(r.by_name)));
        let start = self.records().partition_point(|r| named(r) < name);
        self.records()[start..].iter().take_while(move |r| named(r) == name).map(|r| FileId(r.by_name))
    }

    /// The first file whose path is not less.
    pub fn first_from(&self, path: &str) -> u32 {
        let (mut low, mut high) = (0, self.file_count());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.path_bytes(FileId(middle)) < path.as_bytes() { low = middle + 1 } else { high = middle }
        }
        low
    }

    fn data(&self, start: u32, len: u32) -> &[u8] {
        slice(self.region.column(&self.columns.data), start, len)
    }

    /// The names of the file as they are stored; see [`read_names`].
    pub(super) fn names_of(&self, file: FileId) -> &[u8] {
        let record = self.record(file);
        self.data(record.data, record.names_len)
    }

    pub(super) fn line_table(&self, file: FileId) -> &[u8] {
        let record = self.record(file);
        self.data(record.data + record.names_len, record.line_table_len)
    }

    pub(super) fn blob(&self, file: FileId) -> &[u8] {
        let record = self.record(file);
        self.data(record.data + record.names_len + record.line_table_len, record.blob_len)
    }

    pub fn names(&self) -> NameColumns<'_> {
        NameColumns {
            arena: self.region.column(&self.columns.name_texts),
            offsets: self.region.column(&self.columns.name_offsets),
            slots: self.region.column(&self.columns.name_slots),
        }
    }

    pub fn postings(&self) -> Postings<'_> {
        Postings {
            offsets: self.region.column(&self.columns.posting_offsets),
            bytes: self.region.column(&self.columns.postings),
        }
    }
}

impl Record {
    pub fn lang(&self) -> LangId {
        // Records come from encoded files or have been checked, so the fallback is never taken.
        LangId::from_index(self.lang).unwrap_or_else(|| LangId::all().next().expect("there is a language"))
    }
}

impl Totals {
    /// Adds a file, or takes it away.
    pub(super) fn count(&mut self, record: &Record, there: bool) {
        let change = |sum: &mut u64, by: u64| *sum = if there { *sum + by } else { *sum - by };
        change(&mut self.lines, u64::from(record.lines));
        change(&mut self.bytes, record.bytes);
        change(&mut self.defs, u64::from(record.defs));
        change(&mut self.refs, u64::from(record.refs));
        let files = &mut self.by_language[usize::from(record.lang().index())];
        if there {
            *files += 1;
            self.files += 1;
        } else {
            *files -= 1;
            self.files -= 1;
        }
    }

    /// The languages that there are files of, by name, with the number of these.
    pub fn languages(&self) -> impl Iterator<Item = (&'static str, u32)> + '_ {
        let counted = LangId::all().zip(self.by_language);
        counted.filter(|(_, files)| *files > 0).map(|(lang, files)| (lang.name(), files))
    }
}

fn slice(bytes: &[u8], start: u32, len: u32) -> &[u8] {
    &bytes[start as usize..start as usize + len as usize]
}

/// Reads the names of a file, in the order of their numbers in its blob. They are stored as differences: names that a
/// file is the first to use follow one another.
pub(super) fn read_names(bytes: &[u8]) -> impl Iterator<Item = Result<Name, CorruptError>> + '_ {
    let mut input = Reader::new(bytes);
    let mut next = 0;
    std::iter::from_fn(move || {
        if input.is_empty() {
            return None;
        }
        let name = input.difference(next);
        next = name.unwrap_or(u32::MAX).wrapping_add(1);
        Some(name.map(Name))
    })
}
