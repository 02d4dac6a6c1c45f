//! One file, ready to be put into a graph: made by any worker, without knowledge of the graph.

use super::blob;
use super::codec::{CorruptError, Reader, Writer};
use crate::lang::LangId;
use crate::lang::facts::{Facts, ScopeKind};
use crate::text::LineIndex;

/// What is known of a file besides its facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMeta {
    /// Relative to the folder, separated by `/`.
    pub path: String,
    pub lang: LangId,
    /// Size in bytes.
    pub bytes: u64,
    /// Time of the last change as the file system tells it, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// XXH3 of the contents.
    pub hash: u64,
    pub syntax_errors: u32,
}

/// A file with its facts encoded under names of its own.
#[derive(Clone, Debug)]
pub struct EncodedFile {
    pub meta: FileMeta,
    /// Only ASCII: columns are the same in every position encoding.
    pub ascii: bool,
    pub lines: u32,
    pub defs: u32,
    pub refs: u32,
    pub(super) blob: Box<[u8]>,
    pub(super) lines_table: Box<[u8]>,
    /// By number in the blob.
    pub(super) names: Vec<Box<str>>,
    /// Name and definition of everything that is not local to a function.
    pub(super) visible: Vec<(u32, u32)>,
    /// Names of the types that the file extends.
    pub(super) extended: Vec<u32>,
}

/// The content hash by which a file is known to be unchanged.
pub fn content_hash(text: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(text)
}

impl EncodedFile {
    /// Encodes fresh facts of the text.
    pub fn new(meta: FileMeta, text: &str, facts: &Facts) -> EncodedFile {
        let index = LineIndex::new(text);
        let (visible, extended) = keys(facts);
        EncodedFile {
            ascii: text.is_ascii(),
            lines: index.line_count(),
            defs: facts.defs.len() as u32,
            refs: facts.refs.len() as u32,
            blob: blob::encode(facts).into(),
            lines_table: encode_lines(&index).into(),
            names: facts.names.clone(),
            visible,
            extended,
            meta,
        }
    }

    /// Bytes held on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.meta.path.capacity()
            + self.blob.len()
            + self.lines_table.len()
            + self.names.iter().map(|n| n.len() + size_of::<Box<str>>()).sum::<usize>()
            + self.visible.capacity() * size_of::<(u32, u32)>()
            + self.extended.capacity() * size_of::<u32>()
    }
}

/// The names under which others find what the file declares: (name, definition), and extended types.
pub(super) fn keys(facts: &Facts) -> (Vec<(u32, u32)>, Vec<u32>) {
    let visible = facts
        .defs_with_ids()
        .filter(|(_, def)| {
            let local = facts
                .ancestors(def.scope)
                .any(|s| matches!(facts.scope(s).kind, ScopeKind::Function | ScopeKind::Block));
            let member = facts.scope(def.scope).kind == ScopeKind::Class;
            !local || def.of.is_some() || member
        })
        .map(|(id, def)| (def.name.0, id.0))
        .collect();
    let mut extended: Vec<u32> = facts.extensions.iter().map(|e| e.target_name.0).collect();
    extended.sort_unstable();
    extended.dedup();
    (visible, extended)
}

pub(super) fn encode_lines(index: &LineIndex) -> Vec<u8> {
    let mut out = Writer::default();
    out.u32(index.text_len());
    out.u32(index.line_count());
    for pair in index.starts().windows(2) {
        out.u32(pair[1] - pair[0]);
    }
    out.bytes
}

pub(super) fn decode_lines(bytes: &[u8]) -> Result<LineIndex, CorruptError> {
    let mut input = Reader::new(bytes);
    let len = input.u32()?;
    let count = input.number()?;
    if count == 0 || count > bytes.len() as u64 + 1 {
        return Err(CorruptError::OutOfRange);
    }
    let mut starts = Vec::with_capacity(count as usize);
    let mut at = 0u32;
    starts.push(0);
    for _ in 1..count {
        at = at.checked_add(input.u32()?).ok_or(CorruptError::OutOfRange)?;
        starts.push(at);
    }
    if at > len { Err(CorruptError::OutOfRange) } else { Ok(LineIndex::from_starts(starts, len)) }
}
