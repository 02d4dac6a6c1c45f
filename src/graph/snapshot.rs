//! Graphs as bytes, for disk: the raw columns, then what lies above them.
//!
//! A graph is read into memory of its own and believed only after its checksums match and every offset, number and
//! text of its columns has been checked. Facts are checked when they are decoded.

use std::io::{self, Read, Write};

use bytemuck::{Pod, Zeroable};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::codec::{CorruptError, Reader, Writer};
use super::encoded::{Counts, EncodedFile, FileMeta, LocalNames};
use super::frozen::{Columns, Frozen};
use super::generation::{Graph, OBJECTS_BYTES, facts_cache_bytes_max};
use super::imports::imports_bytes_max;
use super::overlay::Body;
use super::region::Region;
use super::update::Changes;
use crate::lang::LangId;
use crate::lang::modules::{Layout, Manifest};

/// First of all bytes; read on a machine of the other byte order it is another number.
const MAGIC: u64 = u64::from_le_bytes(*b"coppice\0");

/// Changes with every change of the columns, of the blobs or of what follows the columns.
const FORMAT: u64 = 3;

const COLUMNS: usize = 8;

const HEADER_LEN: u64 = size_of::<Header>() as u64;

#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
struct Header {
    magic: u64,
    format: u64,
    /// Start and end of each column in the region.
    columns: [[u64; 2]; COLUMNS],
    region_len: u64,
    region_hash: u64,
    tail_len: u64,
    tail_hash: u64,
    /// Of all fields before.
    header_hash: u64,
}

/// Why bytes are not taken for a graph.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("not a snapshot of this format")]
    Foreign,
    #[error("the snapshot is damaged")]
    Damaged,
    #[error("the snapshot does not hold together: {0}")]
    Corrupt(#[from] CorruptError),
    #[error("the graph takes {needed} bytes, {granted} are granted")]
    TooLarge { needed: u64, granted: u64 },
    #[error("the snapshot cannot be read: {0}")]
    Read(#[from] io::Error),
}

/// A graph that is about to be written: its bytes have been counted.
pub struct Saving<'a> {
    header: Header,
    graph: &'a Graph,
}

impl Saving<'_> {
    /// What will be written.
    pub fn disk_bytes(&self) -> u64 {
        HEADER_LEN + self.header.region_len + self.header.tail_len
    }

    /// # Errors
    /// If writing fails.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(bytemuck::bytes_of(&self.header))?;
        out.write_all(self.graph.base.region.contents())?;
        self.graph.tail(&mut |part| out.write_all(part))
    }
}

/// A saved graph of which only the header has been read, and found right.
pub struct Saved<R> {
    header: Header,
    input: R,
}

impl<R: Read> Saved<R> {
    /// # Errors
    /// If these are not the bytes of a graph, or reading fails.
    pub fn open(mut input: R) -> Result<Saved<R>, LoadError> {
        let mut header = Header::zeroed();
        input.read_exact(bytemuck::bytes_of_mut(&mut header))?;
        if header.magic != MAGIC || header.format != FORMAT {
            return Err(LoadError::Foreign);
        }
        if header.header_hash != hash_of(&header) {
            return Err(LoadError::Damaged);
        }
        Ok(Saved { header, input })
    }

    /// What was written, header included; `None` if no file is as long.
    pub fn disk_bytes(&self) -> Option<u64> {
        HEADER_LEN.checked_add(self.header.region_len)?.checked_add(self.header.tail_len)
    }

    /// Memory that the graph takes while it is read and afterwards, decoded facts included.
    pub fn memory_bytes(&self) -> u64 {
        // What follows the columns is decoded into about as much again, twice.
        let region = Region::bytes_of(self.header.region_len);
        let decoded = facts_cache_bytes_max(region);
        let contents = self.header.tail_len.saturating_mul(3).saturating_add(OBJECTS_BYTES as u64);
        let beside = decoded.saturating_add(imports_bytes_max(region as usize) as u64);
        contents.saturating_add(region).saturating_add(beside)
    }

    /// # Errors
    /// If the rest does not hold together, or reading fails.
    pub fn load(self) -> Result<Graph, LoadError> {
        let Saved { header, mut input } = self;
        let lengths = usize::try_from(header.region_len).ok().zip(usize::try_from(header.tail_len).ok());
        let (region_len, tail_len) = lengths.ok_or(LoadError::Damaged)?;
        let region = Region::read(&mut input, region_len)?;
        let mut tail = Vec::new();
        input.take(header.tail_len).read_to_end(&mut tail)?;
        if tail.len() != tail_len {
            return Err(LoadError::Read(io::ErrorKind::UnexpectedEof.into()));
        }
        if xxh3_64(region.contents()) != header.region_hash || xxh3_64(&tail) != header.tail_hash {
            return Err(LoadError::Damaged);
        }
        let columns = Columns::from_array(header.columns.map(|[start, end]| start as usize..end as usize));
        let base = Frozen::checked(region, columns)?;
        let (manifests, changes) = read_tail(&mut Reader::new(&tail))?;
        let graph = Graph::new(base, manifests);
        Ok(if changes.changed.is_empty() && changes.removed.is_empty() { graph } else { graph.laid(changes) })
    }
}

impl Graph {
    /// Prepares the graph to be written.
    ///
    /// # Errors
    /// If the graph is that of a view with open documents, which are not a matter of the disk.
    pub fn saving(&self) -> io::Result<Saving<'_>> {
        let region = self.base.region.contents();
        let (mut tail_len, mut tail_hash) = (0, Xxh3::new());
        self.tail(&mut |part| {
            tail_len += part.len() as u64;
            tail_hash.update(part);
            Ok(())
        })?;
        let mut header = Header {
            magic: MAGIC,
            format: FORMAT,
            columns: self.base.columns.as_array().map(|c| [c.start as u64, c.end as u64]),
            region_len: region.len() as u64,
            region_hash: xxh3_64(region),
            tail_len,
            tail_hash: tail_hash.digest(),
            header_hash: 0,
        };
        header.header_hash = hash_of(&header);
        Ok(Saving { header, graph: self })
    }

    /// Writes the graph out.
    ///
    /// # Errors
    /// If writing fails, or the graph is that of a view with open documents.
    pub fn save(&self, out: &mut impl Write) -> io::Result<()> {
        self.saving()?.write(out)
    }

    /// Reads a graph that was [saved](Self::save); `bytes_max` bounds what it may take in memory.
    ///
    /// # Errors
    /// If these are not the bytes of a graph, if it is larger than that, or if reading fails.
    pub fn load(input: &mut impl Read, bytes_max: u64) -> Result<Graph, LoadError> {
        let saved = Saved::open(input)?;
        let needed = saved.memory_bytes();
        if needed > bytes_max {
            return Err(LoadError::TooLarge { needed, granted: bytes_max });
        }
        saved.load()
    }

    /// Manifests, files that are gone, and files that lie above the columns; in parts, for together they may be large.
    fn tail(&self, put: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut out = Writer::default();
        out.number(self.manifests.all().len() as u64);
        for Manifest { dir, file, name, entries } in self.manifests.all() {
            out.text(dir);
            out.text(file);
            out.byte(u8::from(name.is_some()));
            name.iter().for_each(|name| out.text(name));
            out.number(entries.len() as u64);
            for (key, value) in entries {
                out.text(key);
                out.text(value);
            }
        }
        out.number(self.overlay.removed().len() as u64);
        self.overlay.removed().iter().for_each(|id| out.text(self.base.path(*id)));
        out.number(self.overlay.rows().count() as u64);
        put(&out.bytes)?;
        for (id, row) in self.overlay.rows() {
            let Body::Encoded { blob, line_table } = &row.body else {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!("{} is an open document", self.path(id)),
                ));
            };
            let meta = self.row(id).meta;
            out.bytes.clear();
            out.text(&meta.path);
            out.byte(meta.lang.index());
            out.number(meta.bytes);
            out.number(meta.mtime_ns as u64);
            out.number(meta.hash);
            out.u32(meta.syntax_errors);
            let record = &row.record;
            for count in
                [record.lines, record.defs, record.refs, u32::from(record.ascii), u32::from(record.globs)]
            {
                out.u32(count);
            }
            out.number(row.names.len() as u64);
            row.names.iter().for_each(|name| out.text(self.name_text(*name)));
            out.blob(blob);
            out.blob(line_table);
            let numbers = row.numbers();
            out.number(row.defs.len() as u64);
            for (name, def) in &row.defs {
                out.u32(numbers[name]);
                out.u32(def.0);
            }
            out.number(row.extended.len() as u64);
            row.extended.iter().for_each(|name| out.u32(numbers[name]));
            put(&out.bytes)?;
        }
        Ok(())
    }
}

fn hash_of(header: &Header) -> u64 {
    let bytes = bytemuck::bytes_of(header);
    xxh3_64(&bytes[..bytes.len() - size_of::<u64>()])
}

fn read_tail(input: &mut Reader<'_>) -> Result<(Vec<Manifest>, Changes), CorruptError> {
    let mut manifests = Vec::new();
    for _ in 0..input.count(4)? {
        let (dir, file) = (input.text()?.to_owned(), input.text()?.to_owned());
        let name = if input.flag()? { Some(input.text()?.to_owned()) } else { None };
        let mut entries = Vec::new();
        for _ in 0..input.count(2)? {
            entries.push((input.text()?.to_owned(), input.text()?.to_owned()));
        }
        manifests.push(Manifest { dir, file, name, entries });
    }
    let mut changes = Changes::default();
    for _ in 0..input.count(1)? {
        changes.removed.push(input.text()?.to_owned());
    }
    for _ in 0..input.count(16)? {
        changes.changed.push(read_file(input)?);
    }
    if input.is_empty() { Ok((manifests, changes)) } else { Err(CorruptError::OutOfRange) }
}

fn read_file(input: &mut Reader<'_>) -> Result<EncodedFile, CorruptError> {
    let path = input.text()?.to_owned();
    let lang = input.byte()?;
    let meta = FileMeta {
        path,
        lang: LangId::from_index(lang).ok_or(CorruptError::UnknownTag(lang))?,
        bytes: input.number()?,
        mtime_ns: input.number()? as i64,
        hash: input.number()?,
        syntax_errors: input.u32()?,
    };
    let counts = Counts {
        lines: input.u32()?,
        defs: input.u32()?,
        refs: input.u32()?,
        ascii: input.flag()?,
        globs: input.flag()?,
    };
    let names_count = input.count(1)?;
    let names: Vec<&str> = (0..names_count).map(|_| input.text()).collect::<Result<_, _>>()?;
    let (blob, line_table) = (input.blob()?.into(), input.blob()?.into());
    let number = |input: &mut Reader<'_>, below: usize| {
        input.u32().and_then(|n| if (n as usize) < below { Ok(n) } else { Err(CorruptError::OutOfRange) })
    };
    let visible_count = input.count(2)?;
    let visible: Vec<(u32, u32)> = (0..visible_count)
        .map(|_| Ok((number(input, names_count)?, number(input, counts.defs as usize)?)))
        .collect::<Result<_, _>>()?;
    let extended_count = input.count(1)?;
    let extended: Vec<u32> =
        (0..extended_count).map(|_| number(input, names_count)).collect::<Result<_, _>>()?;
    let names = LocalNames::new(names.into_iter());
    Ok(EncodedFile {
        meta,
        counts,
        blob,
        line_table,
        names,
        visible: visible.into(),
        extended: extended.into(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::Fixture;
    use super::*;
    use crate::lang::facts::Name;

    fn saved() -> Vec<u8> {
        let fixture = Fixture::parse(
            "
            //- /a.py
            class A:
                def m(self): return self.x
            //- /b/b.go
            package b
            func (t *T) M() {}
            //- /go.mod
            module example.com/m
            //- /c.py
            from a import *
            A().m()
            ",
        );
        let changed = vec![Fixture::encode("new.go", "package n\nfunc (t *T) N() {}\n").unwrap()];
        let removed = vec!["c.py".to_owned()];
        let graph = fixture.graph().update(Changes { changed, removed, manifests: None }).unwrap();
        let mut bytes = Vec::new();
        graph.save(&mut bytes).unwrap();
        bytes
    }

    fn load(bytes: &[u8]) -> Result<Graph, LoadError> {
        Graph::load(&mut &*bytes, 1 << 20)
    }

    /// Asks everything that goes by numbers in the bytes; facts apart, which are checked when they are decoded.
    fn ask(graph: &Graph) -> usize {
        let names: Vec<String> = graph.names().map(|(_, text)| text.to_owned()).collect();
        let mut asked = names.iter().filter_map(|n| graph.lookup_name(n)).count();
        for name in (0..names.len() as u32 + 1).map(Name) {
            let files = graph.files_with(name).chain(graph.extensions_of(name));
            let files = files.chain(graph.defs_named(name).map(|(file, _)| file));
            asked += files.map(|file| graph.row(file).meta.path.len()).sum::<usize>();
        }
        for file in graph.files() {
            asked += graph.facts(file).defs.len() + graph.line_index(file).line_count() as usize;
            assert_eq!(graph.file(graph.path(file)), Some(file));
        }
        asked + graph.files_in("b").len() + graph.folded().map_or(0, |g| g.files().count())
    }

    #[test]
    fn a_graph_comes_back_with_its_overlay_and_manifests() {
        let graph = load(&saved()).unwrap();
        assert!(ask(&graph) > 0);
        let paths: Vec<&str> = graph.files().map(|f| graph.path(f)).collect();
        assert_eq!(paths, ["a.py", "b/b.go", "new.go"]);
        assert_eq!(graph.extensions_of(graph.lookup_name("T").unwrap()).count(), 2);
        assert_eq!(graph.manifests("go.mod")[0].name.as_deref(), Some("example.com/m"));
    }

    #[test]
    fn what_is_not_a_whole_snapshot_of_this_format_is_refused() {
        let bytes = saved();
        assert!(matches!(load(&[]), Err(LoadError::Read(_))));
        assert!(matches!(load(&bytes[..bytes.len() - 1]), Err(LoadError::Read(_))));
        let mut other = bytes.clone();
        other[8] ^= 0xff;
        assert!(matches!(load(&other), Err(LoadError::Foreign)));
        let granted = 100;
        assert!(matches!(Graph::load(&mut &*bytes, granted), Err(LoadError::TooLarge { .. })));
    }

    proptest! {
        #[test]
        fn every_damaged_byte_is_seen(at in any::<prop::sample::Index>(), change in 1u8..) {
            let mut bytes = saved();
            let at = at.index(bytes.len());
            bytes[at] ^= change;
            prop_assert!(load(&bytes).is_err());
        }

        /// Checksums do not help against bytes that were wrong when they were written.
        #[test]
        fn wrong_bytes_with_right_checksums_cannot_harm(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let mut bytes = saved();
            const HEAD: usize = size_of::<Header>();
            for (at, byte) in damage {
                let at = at.index(bytes.len() - 16);
                // Magic and format stay, all else may change.
                bytes[at + 16] = byte;
            }
            let mut header: Header = bytemuck::pod_read_unaligned(&bytes[..HEAD]);
            let region = bytes[HEAD..].get(..header.region_len as usize);
            let tail = region.and_then(|r| bytes[HEAD + r.len()..].get(..header.tail_len as usize));
            header.region_hash = region.map_or(0, xxh3_64);
            header.tail_hash = tail.map_or(0, xxh3_64);
            header.header_hash = hash_of(&header);
            bytes[..HEAD].copy_from_slice(bytemuck::bytes_of(&header));
            if let Ok(graph) = load(&bytes) {
                ask(&graph);
            }
        }
    }
}
