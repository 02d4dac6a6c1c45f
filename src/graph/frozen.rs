//! The frozen part of a graph: columns over all files, in one region.

use std::io;

use bytemuck::{Pod, Zeroable};
use rustc_hash::FxHashMap;

use super::codec::{Reader, Writer};
use super::encoded::EncodedFile;
use super::names::{NameColumns, NameTable};
use super::region::{Column, Region, RegionBuilder};
use crate::lang::LangId;
use crate::lang::facts::{DefId, Name};
use crate::lang::modules::FileId;

/// Fixed-size facts of a file; the variable ones lie in columns at its offsets.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Record {
    pub bytes: u64,
    pub mtime_ns: i64,
    pub hash: u64,
    pub path: u32,
    pub path_len: u32,
    pub blob: u32,
    pub blob_len: u32,
    /// Numbers of the file's names in the graph.
    pub names: u32,
    pub names_len: u32,
    pub line_table: u32,
    pub line_table_len: u32,
    pub lines: u32,
    pub defs: u32,
    pub refs: u32,
    pub syntax_errors: u32,
    pub lang: u8,
    pub ascii: u8,
    pub padding: [u8; 6],
}

/// Lists by name: where each list starts in the bytes.
#[derive(Debug, Default)]
struct Lists {
    offsets: Column,
    bytes: Column,
}

/// Files sorted by path, their blobs, names and posting lists. Immutable.
#[derive(Debug)]
pub struct Frozen {
    region: Region,
    names: NameColumns,
    records: Column,
    paths: Column,
    blobs: Column,
    file_names: Column,
    line_tables: Column,
    files_by_name: Lists,
    defs_by_name: Lists,
    extensions: Lists,
}

/// Why a graph cannot be frozen.
#[derive(Debug, thiserror::Error)]
pub enum FreezeError {
    #[error("the folder's facts exceed 4 GiB")]
    TooLarge,
    #[error("no memory for the graph: {0}")]
    Memory(#[from] io::Error),
}

/// Gathers encoded files into columns.
#[derive(Default)]
pub struct FrozenBuilder {
    files: Vec<(EncodedFile, Vec<u32>)>,
    names: NameTable,
}

impl FrozenBuilder {
    /// Takes the file over; its names get numbers now, so that their text is held once.
    pub fn add(&mut self, mut file: EncodedFile) {
        let names = std::mem::take(&mut file.names);
        let numbers = names.iter().map(|n| self.names.intern(n)).collect();
        self.files.push((file, numbers));
    }

    /// Bytes on the heap at this moment.
    pub fn heap_bytes(&self) -> usize {
        let files = self.files.iter().map(|(f, n)| f.heap_bytes() + n.capacity() * size_of::<u32>());
        files.sum::<usize>() + self.names.heap_bytes()
    }

    pub fn freeze(mut self) -> Result<Frozen, FreezeError> {
        self.files.sort_by(|a, b| a.0.meta.path.cmp(&b.0.meta.path));
        let mut records = Vec::with_capacity(self.files.len());
        let (mut paths, mut blobs) = (Vec::new(), Vec::new());
        let (mut file_names, mut line_tables) = (Writer::default(), Vec::new());
        let offset = |n: usize| u32::try_from(n).map_err(|_| FreezeError::TooLarge);
        for (file, names) in &self.files {
            let (path, blob, line_table) =
                (offset(paths.len())?, offset(blobs.len())?, offset(line_tables.len())?);
            let names_at = offset(file_names.bytes.len())?;
            paths.extend_from_slice(file.meta.path.as_bytes());
            blobs.extend_from_slice(&file.blob);
            line_tables.extend_from_slice(&file.lines_table);
            write_names(&mut file_names, names);
            records.push(Record {
                bytes: file.meta.bytes,
                mtime_ns: file.meta.mtime_ns,
                hash: file.meta.hash,
                path,
                path_len: file.meta.path.len() as u32,
                blob,
                blob_len: file.blob.len() as u32,
                names: names_at,
                names_len: offset(file_names.bytes.len())? - names_at,
                line_table,
                line_table_len: file.lines_table.len() as u32,
                lines: file.lines,
                defs: file.defs,
                refs: file.refs,
                syntax_errors: file.meta.syntax_errors,
                lang: file.meta.lang.index(),
                ascii: u8::from(file.ascii),
                padding: [0; 6],
            });
        }
        let count = self.names.len() as usize;
        let all = self.files.iter().enumerate();
        let by_name = invert(count, || {
            all.clone().flat_map(|(id, (_, names))| names.iter().map(move |n| (*n, id as u32, None)))
        });
        let defs = invert(count, || {
            all.clone().flat_map(|(id, (file, names))| {
                file.visible.iter().map(move |(name, def)| (names[*name as usize], id as u32, Some(*def)))
            })
        });
        let extensions = invert(count, || {
            all.clone().flat_map(|(id, (file, names))| {
                file.extended.iter().map(move |name| (names[*name as usize], id as u32, None))
            })
        });
        let mut region = RegionBuilder::default();
        for lists in [&by_name, &defs, &extensions] {
            offset(lists.1.len())?;
        }
        let names = self.names.columns(&mut region);
        let records = region.column(&records);
        let paths = region.column(&paths);
        let blobs = region.column(&blobs);
        let file_names = region.column(&file_names.bytes);
        let line_tables = region.column(&line_tables);
        let files_by_name = Lists { offsets: region.column(&by_name.0), bytes: region.column(&by_name.1) };
        let defs_by_name = Lists { offsets: region.column(&defs.0), bytes: region.column(&defs.1) };
        let extension_lists =
            Lists { offsets: region.column(&extensions.0), bytes: region.column(&extensions.1) };
        Ok(Frozen {
            region: region.freeze()?,
            names,
            records,
            paths,
            blobs,
            file_names,
            line_tables,
            files_by_name,
            defs_by_name,
            extensions: extension_lists,
        })
    }
}

/// Numbers as differences from the one before: names that a file is the first to use follow one another.
fn write_names(out: &mut Writer, names: &[u32]) {
    out.u32(names.len() as u32);
    let mut last = 0;
    for name in names {
        out.difference(*name, last);
        last = name.wrapping_add(1);
    }
}

/// Lists of (file, definition) by name, files ascending: offsets and bytes.
fn invert<I: Iterator<Item = (u32, u32, Option<u32>)>>(
    names: usize,
    entries: impl Fn() -> I,
) -> (Vec<u32>, Vec<u8>) {
    let mut starts = vec![0u32; names + 1];
    let mut total = 0usize;
    for (name, _, _) in entries() {
        starts[name as usize + 1] += 1;
        total += 1;
    }
    for i in 0..names {
        starts[i + 1] += starts[i];
    }
    let mut next = starts.clone();
    let mut sorted = vec![(0u32, 0u32); total];
    let mut with_defs = false;
    for (name, file, def) in entries() {
        let at = &mut next[name as usize];
        sorted[*at as usize] = (file, def.unwrap_or_default());
        with_defs |= def.is_some();
        *at += 1;
    }
    let mut out = Writer::default();
    let mut offsets = Vec::with_capacity(names + 1);
    for name in 0..names {
        offsets.push(out.bytes.len() as u32);
        let mut last = 0;
        let mut previous = None;
        for &(file, def) in &sorted[starts[name] as usize..starts[name + 1] as usize] {
            // A file that uses a name twice under two numbers of its own is listed once.
            if !with_defs && previous == Some(file) {
                continue;
            }
            out.u32(file - last);
            if with_defs {
                out.u32(def);
            }
            last = file;
            previous = Some(file);
        }
    }
    offsets.push(out.bytes.len() as u32);
    (offsets, out.bytes)
}

impl Frozen {
    pub fn bytes(&self) -> usize {
        self.region.bytes()
    }
    pub(super) fn records(&self) -> &[Record] {
        self.region.column(&self.records)
    }
    pub fn file_count(&self) -> u32 {
        self.records().len() as u32
    }
    pub fn path(&self, file: FileId) -> &str {
        let record = &self.records()[file.index()];
        let bytes = slice(self.region.column(&self.paths), record.path, record.path_len);
        std::str::from_utf8(bytes).unwrap_or_default()
    }
    pub fn lang(&self, file: FileId) -> LangId {
        LangId::from_index(self.records()[file.index()].lang).expect("records hold registered languages")
    }
    pub fn find(&self, path: &str) -> Option<FileId> {
        let at = self.first_from(path);
        (at < self.file_count() && self.path(FileId(at)) == path).then_some(FileId(at))
    }
    /// The first file whose path is not less.
    pub fn first_from(&self, path: &str) -> u32 {
        let (mut low, mut high) = (0, self.file_count());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.path(FileId(middle)) < path { low = middle + 1 } else { high = middle }
        }
        low
    }
    pub(super) fn blob(&self, file: FileId) -> &[u8] {
        let record = &self.records()[file.index()];
        slice(self.region.column(&self.blobs), record.blob, record.blob_len)
    }
    pub(super) fn line_table(&self, file: FileId) -> &[u8] {
        let record = &self.records()[file.index()];
        slice(self.region.column(&self.line_tables), record.line_table, record.line_table_len)
    }
    /// The graph's numbers of the file's names.
    pub(super) fn names_of(&self, file: FileId) -> Vec<Name> {
        let record = &self.records()[file.index()];
        let mut input =
            Reader::new(slice(self.region.column(&self.file_names), record.names, record.names_len));
        let count = input.count().unwrap_or(0);
        let mut last = 0;
        let mut names = Vec::with_capacity(count);
        for _ in 0..count {
            let Ok(name) = input.difference(last) else { break };
            names.push(Name(name));
            last = name.wrapping_add(1);
        }
        names
    }
    pub fn name_count(&self) -> u32 {
        self.names.len(&self.region)
    }
    pub fn name_text(&self, name: Name) -> &str {
        self.names.text(&self.region, name)
    }
    pub fn find_name(&self, text: &str) -> Option<Name> {
        self.names.find(&self.region, text)
    }
    fn list(&self, lists: &Lists, name: Name) -> Reader<'_> {
        let offsets: &[u32] = self.region.column(&lists.offsets);
        let range = match (offsets.get(name.index()), offsets.get(name.index() + 1)) {
            (Some(start), Some(end)) => *start as usize..*end as usize,
            _ => 0..0,
        };
        Reader::new(&self.region.column::<u8>(&lists.bytes)[range])
    }
    fn files(&self, lists: &Lists, name: Name) -> impl Iterator<Item = FileId> + '_ {
        let mut input = self.list(lists, name);
        let mut last = 0;
        std::iter::from_fn(move || {
            last += input.u32().ok()?;
            Some(FileId(last))
        })
    }
    pub fn files_with(&self, name: Name) -> impl Iterator<Item = FileId> + '_ {
        self.files(&self.files_by_name, name)
    }
    pub fn extensions_of(&self, name: Name) -> impl Iterator<Item = FileId> + '_ {
        self.files(&self.extensions, name)
    }
    pub fn defs_named(&self, name: Name) -> impl Iterator<Item = (FileId, DefId)> + '_ {
        let mut input = self.list(&self.defs_by_name, name);
        let mut last = 0;
        std::iter::from_fn(move || {
            last += input.u32().ok()?;
            Some((FileId(last), DefId(input.u32().ok()?)))
        })
    }
    /// Files by language.
    pub fn languages(&self) -> FxHashMap<LangId, u32> {
        let mut counts = FxHashMap::default();
        for id in 0..self.file_count() {
            *counts.entry(self.lang(FileId(id))).or_default() += 1;
        }
        counts
    }
}

fn slice(bytes: &[u8], start: u32, len: u32) -> &[u8] {
    &bytes[start as usize..start as usize + len as usize]
}
