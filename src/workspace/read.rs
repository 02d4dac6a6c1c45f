//! One file of a folder, from disk to its encoded facts.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::bounds::Bounds;
use super::scan::{Found, Lost, What, is_absence};
use crate::graph::{EncodedFile, FileMeta, Texts, content_hash};
use crate::lang::facts::Facts;
use crate::lang::mend::mend_by_names;
use crate::lang::modules::Manifest;
use crate::lang::outline::outline;
use crate::lang::{ParseError, ParseLimits, ScratchParser, SkipReason, check_text, extract, read_manifest};

/// Longest parse of one file; what takes longer is not written by people.
pub const PARSE_DEADLINE: Duration = Duration::from_millis(500);
/// Syntax errors are counted up to here.
const SYNTAX_ERRORS_MAX: usize = 100;

/// What became of a file.
#[derive(Debug)]
pub enum Outcome {
    Encoded(Box<EncodedFile>),
    Manifest(Manifest),
    /// Its contents are those that are known already, or it says nothing of use.
    Same,
    Skipped(SkipReason),
    Unreadable(Lost),
    /// Its parse may need this many bytes, more than its build has reserved for it.
    Short(u64),
    /// Its parse takes this many bytes or more, beyond what it can ever have.
    TooCostly(u64),
    /// It went away since it was found.
    Gone,
    Cancelled,
}

/// Most entries of a directory that are looked at; in a larger one anything may be.
const ENTRIES_MAX: usize = 10_000;

/// Whether the folder has anything at a path, whatever its extension, indexed or not. What cannot be looked at may.
pub fn has_entry(root: &Path, path: &str) -> bool {
    let path = root.join(path);
    let (Some(dir), Some(stem)) = (path.parent(), path.file_name().and_then(|n| n.to_str())) else {
        return true;
    };
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => return error.kind() != io::ErrorKind::NotFound,
    };
    let mut looked_at = 0;
    for entry in entries {
        looked_at += 1;
        let Ok(entry) = entry else { return true };
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let same = name.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        if same || looked_at > ENTRIES_MAX {
            return true;
        }
    }
    false
}

/// The time of a file whose facts are not all its own, as the graph has it: it is looked at by each look.
pub const MENDED: i64 = i64::MIN;

/// What was known of a file when it last parsed, and its length then.
pub struct Whole {
    pub facts: Facts,
    pub bytes: u64,
}

/// Reads, checks, parses, extracts and encodes. `known` is the hash of the contents that need not be read again. Of contents that
/// do not parse, the parts that are as they were when they last did keep what they said then, if `whole` tells it.
pub fn read_file(
    bounds: &Bounds,
    found: &Found,
    known: Option<u64>,
    whole: impl Fn(&str) -> Option<Whole>,
    bytes_max: u64,
    parser: &mut ScratchParser,
    cancel: &AtomicBool,
) -> Outcome {
    let bytes = match bounds.read(&found.path, bytes_max) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Outcome::Skipped(SkipReason::TooLarge(bytes_max)),
        Err(error) if is_absence(&error) => return Outcome::Gone,
        Err(error) => return Outcome::Unreadable(Lost::to(&error)),
    };
    let hash = content_hash(&bytes);
    if known == Some(hash) {
        return Outcome::Same;
    }
    let text = match check_text(&bytes) {
        Ok(text) => text,
        Err(reason) => return Outcome::Skipped(reason),
    };
    let lang = match found.what {
        What::Source(lang) => lang.of_text(&found.path, text),
        What::Manifest => return read_manifest(&found.path, text).map_or(Outcome::Same, Outcome::Manifest),
    };
    let limits = ParseLimits { deadline: PARSE_DEADLINE, cancel: Some(cancel) };
    let read = parser.read(lang, text, &limits, |tree| {
        let errors = tree.syntax_errors(text, SYNTAX_ERRORS_MAX).len();
        (extract(lang, tree, text), errors as u32)
    });
    let (mut facts, syntax_errors) = match read {
        Ok(read) => read,
        Err(ParseError::Deadline(after)) => {
            return Outcome::Skipped(SkipReason::ParseDeadline(after.as_millis()));
        }
        Err(ParseError::Memory(bytes)) => return Outcome::TooCostly(bytes as u64),
        Err(ParseError::Cancelled) => return Outcome::Cancelled,
    };
    let mended = (syntax_errors > 0)
        .then(|| whole(&found.path))
        .flatten()
        .and_then(|whole| mend_by_names(&facts, text, &whole.facts, u32::try_from(whole.bytes).ok()?));
    let is_mended = mended.is_some();
    facts = mended.unwrap_or(facts);
    if found.outline {
        outline(&mut facts);
    }
    let meta = FileMeta {
        path: found.path.clone(),
        lang,
        bytes: bytes.len() as u64,
        mtime_ns: if is_mended { MENDED } else { found.mtime_ns },
        hash,
        syntax_errors,
    };
    Outcome::Encoded(Box::new(EncodedFile::new(meta, text, &facts)))
}

/// The texts of a folder's closed files, read when they are asked for.
pub struct FolderTexts {
    pub bounds: Bounds,
    pub bytes_max: u64,
}

impl Texts for FolderTexts {
    fn read(&self, path: &str) -> io::Result<String> {
        let bytes = self.bounds.read(path, self.bytes_max)?;
        let bytes = bytes.ok_or_else(|| io::Error::other("the file has grown too large"))?;
        match check_text(&bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(reason) => Err(io::Error::other(reason)),
        }
    }
}
