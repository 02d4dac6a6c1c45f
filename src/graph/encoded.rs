//! One file, ready to be put into a graph: made by any worker, without knowledge of the graph.

use std::sync::Arc;

use super::blob;
use super::lines::{self, Lines};
use crate::lang::LangId;
use crate::lang::facts::{Def, DefFlags, Facts, Name, ScopeKind};

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
    pub counts: Counts,
    pub(super) blob: Arc<[u8]>,
    pub(super) line_table: Arc<[u8]>,
    pub(super) names: LocalNames,
    /// Number of the name in the blob and definition, of everything that is not local to a function.
    pub(super) visible: Box<[(u32, u32)]>,
    /// Names of the types that the file extends, by number in the blob, each once.
    pub(super) extended: Box<[u32]>,
}

/// How much a file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub lines: u32,
    pub defs: u32,
    pub refs: u32,
    /// Only ASCII: a column is a byte in every encoding.
    pub ascii: bool,
    /// It takes in all names of something else.
    pub globs: bool,
}

/// Names in the order of their numbers in a blob, in two allocations.
#[derive(Clone, Debug, Default)]
pub(super) struct LocalNames {
    text: Box<str>,
    ends: Box<[u32]>,
}

impl LocalNames {
    pub fn new<'a>(names: impl Iterator<Item = &'a str>) -> LocalNames {
        let (mut text, mut ends) = (String::new(), Vec::new());
        for name in names {
            text.push_str(name);
            ends.push(text.len() as u32);
        }
        LocalNames { text: text.into(), ends: ends.into() }
    }
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let name = &self.text[start as usize..*end as usize];
            start = *end;
            name
        })
    }
    fn heap_bytes(&self) -> usize {
        self.text.len() + size_of_val(&*self.ends)
    }
}

/// The content hash by which a file is known to be unchanged.
pub fn content_hash(text: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(text)
}

impl EncodedFile {
    /// Encodes fresh facts of the text.
    pub fn new(meta: FileMeta, text: &str, facts: &Facts) -> EncodedFile {
        debug_assert!(blob::check(facts).is_ok(), "{}: facts that do not hold together", meta.path);
        let lines = Lines::new(text);
        let encoded = blob::encode(facts);
        let mut numbers = vec![0; facts.names.len()];
        for (number, name) in encoded.names.iter().enumerate() {
            numbers[name.index()] = number as u32;
        }
        let visible =
            facts.defs_with_ids().filter(|(_, d)| is_visible(facts, d)).map(|(id, d)| (d.name, id.0));
        let mut extended: Vec<u32> =
            facts.extensions.iter().map(|e| numbers[e.target_name.index()]).collect();
        extended.sort_unstable();
        extended.dedup();
        EncodedFile {
            counts: Counts::new(&lines, facts),
            line_table: lines::encode(&lines).into(),
            names: LocalNames::new(encoded.names.iter().map(|n| &*facts.names[n.index()])),
            visible: visible.map(|(name, def)| (numbers[name.index()], def)).collect(),
            blob: encoded.bytes.into(),
            extended: extended.into(),
            meta,
        }
    }

    /// The facts under names of the file's own, as they were before they were encoded.
    pub fn facts(&self) -> Facts {
        let names: Vec<(Name, u32)> =
            (0..).map(Name).zip(self.names.iter().map(|name| name.len() as u32)).collect();
        // It was encoded here, so it can be decoded.
        let mut facts = blob::decode(&self.blob, &names).unwrap_or_else(|_| Facts::of_file(0));
        facts.names = self.names.iter().map(Box::from).collect();
        facts
    }

    /// Bytes held on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.meta.path.capacity()
            + self.blob.len()
            + self.line_table.len()
            + self.names.heap_bytes()
            + size_of_val(&*self.visible)
            + size_of_val(&*self.extended)
    }
}

impl Counts {
    pub(super) fn new(lines: &Lines, facts: &Facts) -> Counts {
        Counts {
            lines: lines.index.line_count(),
            defs: facts.defs.len() as u32,
            refs: facts.refs.len() as u32,
            ascii: lines.wide.is_empty(),
            globs: !facts.globs.is_empty(),
        }
    }
}

/// Whether a definition is found by its name from anywhere: all are but those local to a function or a block.
pub(super) fn is_visible(facts: &Facts, def: &Def) -> bool {
    let local = matches!(facts.scope(def.scope).kind, ScopeKind::Function | ScopeKind::Block);
    !local || def.of.is_some() || def.flags.has(DefFlags::OUTER)
}
