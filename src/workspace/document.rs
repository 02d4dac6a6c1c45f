//! One version of an open document: immutable text, and what a parse makes of it once somebody asks.

use std::cell::RefCell;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::budget::Budget;
use super::ledger::{Charge, Refused};
use super::sync::Mutex;
use crate::graph::{content_hash, facts_bytes};
use crate::lang::facts::Facts;
use crate::lang::mend::mend;
use crate::lang::parse::{PARSE_SCRATCH_PER_BYTE, Point, check_lines};
use crate::lang::{LangId, ParseError, ParseLimits, Parser, Reading, Replaced, SkipReason, Tree};
use crate::text::{Encoding, LineIndex, Position, apply_edit};

/// Most edits that one parse takes over from an earlier tree; beyond it the text is parsed anew, which costs less
/// than adjusting a tree so often.
const SEED_EDITS_MAX: usize = 256;
/// In steps of at least so much a parse gets more memory.
const GROWTH_BYTES_MIN: u64 = 256 << 10;
/// A document's own fields.
const DOCUMENT_BYTES: u64 = 512;

/// A snapshot of a document. An edit makes a new one; readers keep theirs.
pub struct Document {
    pub path: PathBuf,
    /// The client's number; for a file that is not open, `None`.
    pub version: Option<i32>,
    pub lang: Option<LangId>,
    pub text: Arc<str>,
    pub lines: Arc<LineIndex>,
    /// Set when the text is not what the client has.
    pub trouble: Option<Trouble>,
    /// Largest text that is analysed.
    bytes_max: u64,
    analysis: OnceLock<Result<Arc<Analysis>, SkipReason>>,
    computing: Mutex<Computing>,
    seed: Option<Seed>,
    hash: OnceLock<u64>,
    /// Set once the client has written this very version to disk.
    written: OnceLock<()>,
    budget: Arc<Budget>,
    /// Bytes of text and lines; last, so that they are given back after these.
    charge: Option<Charge>,
}

/// The turn of the one who parses.
#[derive(Debug, Default)]
struct Computing;

/// Why a document cannot be answered from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// An edit did not fit the text, so that what the client shows is not known any more.
    #[error("out of step with the editor since version {version}: {why}; close and open it again")]
    OutOfStep { version: i32, why: String },
    #[error("no memory for it: {0}")]
    Memory(Refused),
}

/// Why there are no facts of a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanalysed {
    #[error(transparent)]
    Trouble(Trouble),
    #[error("it is in no language that coppice knows")]
    NoLanguage,
    #[error("not indexed: {0}")]
    Skipped(SkipReason),
    /// This may pass: the budget is full right now.
    #[error("no memory to parse it: {0}")]
    Memory(Refused),
}

/// What a parse gave.
pub struct Analysis {
    /// What the text alone says; the next version is read from it.
    pub reading: Arc<Reading>,
    /// Names are the document's own. Where the text does not parse just now, they keep what its unchanged parts said when
    /// it last did.
    pub facts: Arc<Facts>,
    pub has_errors: bool,
    /// Whether the facts are in part those of an earlier version.
    is_mended: bool,
    /// The last version without syntax errors: this one, if it has none.
    good: Option<Good>,
    tree_bytes: u64,
    /// Bytes of the tree and of the facts; last, so that they are given back after these.
    _tree_charge: Charge,
    _reading_charge: Charge,
    _facts_charge: Arc<Charge>,
}

/// A text and its facts that may outlive their version, with their bytes.
#[derive(Clone)]
struct Good {
    text: Arc<str>,
    facts: Arc<Facts>,
    #[expect(dead_code, reason = "held for as long as text and facts")]
    charges: (Arc<Charge>, Arc<Charge>),
}

impl Analysis {
    pub fn tree(&self) -> &Tree {
        &self.reading.tree
    }

    /// The last facts of this document that came from a text without syntax errors, if this one has some.
    pub fn last_good(&self) -> Option<&Arc<Facts>> {
        self.good.as_ref().filter(|_| self.has_errors).map(|good| &good.facts)
    }
}

/// From where the next parse starts: an analysed version, and the edits since.
#[derive(Clone)]
struct Seed {
    base: Arc<Analysis>,
    /// `None` once there were too many.
    edits: Option<Vec<[Point; 3]>>,
}

/// One change of a document's text; without a range, of all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub range: Option<(Position, Position)>,
    pub text: String,
}

impl Document {
    pub(super) fn new(
        path: PathBuf,
        version: Option<i32>,
        lang: Option<LangId>,
        text: &str,
        bytes_max: u64,
        budget: &Arc<Budget>,
    ) -> Document {
        Document::made(path, version, lang, text, LineIndex::new(text), None, bytes_max, budget)
    }

    #[expect(clippy::too_many_arguments, reason = "one private constructor for both ways to a document")]
    fn made(
        path: PathBuf,
        version: Option<i32>,
        lang: Option<LangId>,
        text: &str,
        lines: LineIndex,
        seed: Option<Seed>,
        bytes_max: u64,
        budget: &Arc<Budget>,
    ) -> Document {
        let bytes = DOCUMENT_BYTES + text.len() as u64 + 4 * u64::from(lines.line_count());
        let charge = budget.charge(bytes);
        let trouble = charge.as_ref().err().map(|refused| Trouble::Memory(*refused));
        let (text, lines) = match trouble {
            None => (Arc::from(text), lines),
            Some(_) => (Arc::from(""), LineIndex::new("")),
        };
        Document {
            path,
            version,
            lang,
            text,
            lines: Arc::new(lines),
            trouble,
            bytes_max,
            analysis: OnceLock::new(),
            computing: Mutex::default(),
            seed,
            hash: OnceLock::new(),
            written: OnceLock::new(),
            budget: Arc::clone(budget),
            charge: charge.ok(),
        }
    }

    /// The next version. Nothing is parsed here; that waits until somebody asks.
    pub(super) fn changed(&self, version: i32, changes: &[Change], encoding: Encoding) -> Document {
        // After a change of all of the text it no longer matters what was wrong before.
        let last_whole = changes.iter().rposition(|c| c.range.is_none());
        if self.trouble.is_some() && last_whole.is_none() {
            return self.troubled(version, self.trouble.clone());
        }
        let (mut text, mut lines, mut seed) = match last_whole {
            Some(at) => {
                let text = changes[at].text.clone();
                let lines = LineIndex::new(&text);
                (text, lines, self.next_seed().map(|s| Seed { edits: None, ..s }))
            }
            None => (String::from(&*self.text), LineIndex::clone(&self.lines), self.next_seed()),
        };
        for change in &changes[last_whole.map_or(0, |at| at + 1)..] {
            let range = change.range.expect("changes behind the last whole one have a range");
            match edit(&mut text, &mut lines, range, encoding, &change.text) {
                Ok(points) => {
                    if let Some(seed) = &mut seed {
                        seed.push(points);
                    }
                }
                Err(error) => {
                    let why = error.to_string();
                    return self.troubled(version, Some(Trouble::OutOfStep { version, why }));
                }
            }
        }
        let path = self.path.clone();
        Document::made(path, Some(version), self.lang, &text, lines, seed, self.bytes_max, &self.budget)
    }

    /// The same, of which it is no longer known what the client shows.
    pub(super) fn out_of_step(&self, why: &str) -> Document {
        let version = self.version.unwrap_or_default();
        self.troubled(version, Some(Trouble::OutOfStep { version, why: why.to_owned() }))
    }

    fn troubled(&self, version: i32, trouble: Option<Trouble>) -> Document {
        let (path, budget) = (self.path.clone(), &self.budget);
        let mut next = Document::new(path, Some(version), self.lang, "", self.bytes_max, budget);
        next.trouble = trouble;
        next
    }

    fn next_seed(&self) -> Option<Seed> {
        match self.analysis.get() {
            Some(Ok(base)) => Some(Seed { base: Arc::clone(base), edits: Some(Vec::new()) }),
            _ => self.seed.clone(),
        }
    }

    /// Bytes that the text takes of the budget.
    pub fn bytes(&self) -> u64 {
        self.charge.as_ref().map_or(0, Charge::bytes)
    }

    /// The client has written this version to disk.
    pub(super) fn note_written(&self) {
        let _ = self.written.set(());
    }

    pub fn is_written(&self) -> bool {
        self.written.get().is_some()
    }

    /// Hash of the contents, as the graph has it of files.
    pub fn hash(&self) -> u64 {
        *self.hash.get_or_init(|| content_hash(self.text.as_bytes()))
    }

    /// Tree and facts of this version; parsed by the first who asks, on the asker's thread.
    pub fn analysis(&self) -> Result<Arc<Analysis>, Unanalysed> {
        if let Some(trouble) = &self.trouble {
            return Err(Unanalysed::Trouble(trouble.clone()));
        }
        let lang = self.lang.ok_or(Unanalysed::NoLanguage)?;
        let outcome = match self.analysis.get() {
            Some(outcome) => outcome,
            None => {
                let _turn = self.computing.lock();
                match self.analysis.get() {
                    Some(outcome) => outcome,
                    // What may pass (no memory now) is not remembered.
                    None => {
                        let outcome = self.analyse(lang)?;
                        self.analysis.get_or_init(|| outcome)
                    }
                }
            }
        };
        outcome.clone().map_err(Unanalysed::Skipped)
    }

    /// Whether [`analysis`](Self::analysis) answers without a parse.
    pub fn is_analysed(&self) -> bool {
        self.trouble.is_some() || self.lang.is_none() || self.analysis.get().is_some()
    }

    /// Whether its facts are more than its text alone says: some are of an earlier version, which did parse. Does not parse
    /// where that cannot be.
    pub fn is_mended(&self) -> bool {
        let may_be =
            self.analysis.get().is_some() || self.seed.as_ref().is_some_and(|s| s.base.good.is_some());
        may_be && self.analysis().is_ok_and(|analysis| analysis.is_mended)
    }

    pub fn facts(&self) -> Result<Arc<Facts>, Unanalysed> {
        self.analysis().map(|a| Arc::clone(&a.facts))
    }

    fn analyse(&self, lang: LangId) -> Result<Result<Arc<Analysis>, SkipReason>, Unanalysed> {
        let len = self.text.len() as u64;
        if len > self.bytes_max {
            return Ok(Err(SkipReason::TooLarge(self.bytes_max)));
        }
        if let Some(at) = memchr::memchr(0, self.text.as_bytes()) {
            return Ok(Err(SkipReason::Binary(at)));
        }
        if let Err(reason) = check_lines(&self.text) {
            return Ok(Err(reason));
        }
        // A parse that starts from a tree takes about another of these, and for what is new as one from nothing does; where
        // it takes more, it has to get that before it goes on.
        let scratch = match &self.seed {
            Some(Seed { base, edits: Some(edits) }) => {
                let new: u64 = edits.iter().map(|[start, _, end]| (end.offset - start.offset) as u64).sum();
                2 * base.tree_bytes + 64 * len.min(1 << 10) + new.min(len) * PARSE_SCRATCH_PER_BYTE
            }
            _ => len * PARSE_SCRATCH_PER_BYTE,
        };
        let scratch = self.budget.reserve(scratch).map_err(Unanalysed::Memory)?;
        let room = RefCell::new((scratch, None));
        let may_have = |bytes: u64| {
            let (scratch, refused) = &mut *room.borrow_mut();
            let missing = bytes.saturating_sub(scratch.bytes());
            if missing > 0 && refused.is_none() {
                let ample = missing.max(GROWTH_BYTES_MIN);
                let grown = self.budget.grow(scratch, ample).or_else(|_| self.budget.grow(scratch, missing));
                *refused = grown.err();
            }
            refused.is_none()
        };
        let old = self.seed.as_ref().and_then(Seed::tree);
        let limits = ParseLimits::default();
        let parse = |p: &mut Parser| p.parse_within(lang, &self.text, old.as_ref(), &limits, &may_have);
        let tree = match (self.budget.with_parser(parse), room.borrow().1) {
            (Ok(tree), _) => tree,
            (Err(ParseError::Memory(_)), Some(refused)) => return Err(Unanalysed::Memory(refused)),
            (Err(ParseError::Deadline(after)), _) => {
                return Ok(Err(SkipReason::ParseDeadline(after.as_millis())));
            }
            (Err(ParseError::Cancelled | ParseError::Memory(_)), _) => {
                unreachable!("nobody can cancel this parse, and only a refusal stops it for memory")
            }
        };
        let has_errors = tree.has_errors();
        let before = self.seed.as_ref().filter(|_| has_errors).and_then(|seed| seed.base.good.clone());
        let tree_bytes = tree.bytes();
        // Fragments of the text have trees of their own beside its tree, until it has been read.
        let beside = |bytes: u64| may_have(tree_bytes.saturating_add(bytes));
        let seeded = self.seed.as_ref().zip(old.as_ref());
        let reading = match seeded.and_then(|(seed, old)| Some((seed, old, seed.replaced()?))) {
            Some((Seed { base, .. }, old, replaced)) => {
                base.reading.next(lang, (tree, old), &self.text, &beside, replaced)
            }
            None => Reading::whole(lang, tree, &self.text, &beside),
        };
        drop(old);
        let (scratch, refused) = room.into_inner();
        if let Some(refused) = refused {
            return Err(Unanalysed::Memory(refused));
        }
        let made = &reading.facts;
        let mended = before.as_ref().and_then(|good| mend(made, &self.text, &good.facts, &good.text));
        let is_mended = mended.is_some();
        let facts = mended.map_or_else(|| Arc::clone(made), Arc::new);
        let beside = reading.seams_bytes() + if is_mended { facts_bytes(made) } else { 0 };
        drop(scratch);
        let reading_charge = self.budget.charge(beside as u64).map_err(Unanalysed::Memory)?;
        let tree_charge = self.budget.charge(tree_bytes).map_err(Unanalysed::Memory)?;
        let charge = |bytes: u64| self.budget.charge(bytes).map(Arc::new).map_err(Unanalysed::Memory);
        let facts_charge = charge(facts_bytes(&facts) as u64)?;
        let good = match has_errors {
            true => before,
            false => Some(Good {
                text: Arc::clone(&self.text),
                facts: Arc::clone(&facts),
                charges: (charge(len)?, Arc::clone(&facts_charge)),
            }),
        };
        Ok(Ok(Arc::new(Analysis {
            reading: Arc::new(reading),
            facts,
            has_errors,
            is_mended,
            good,
            tree_bytes,
            _tree_charge: tree_charge,
            _reading_charge: reading_charge,
            _facts_charge: facts_charge,
        })))
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Document { path, version, trouble, .. } = self;
        f.debug_struct("Document")
            .field("path", path)
            .field("version", version)
            .field("trouble", trouble)
            .finish()
    }
}

impl Seed {
    fn push(&mut self, points: [Point; 3]) {
        if let Some(edits) = &mut self.edits {
            edits.push(points);
            if edits.len() > SEED_EDITS_MAX {
                self.edits = None;
            }
        }
    }

    /// What has become of the base's text; nothing where that is not known.
    fn replaced(&self) -> Option<Replaced> {
        let change = |[start, old_end, new_end]: &[Point; 3]| Replaced {
            start: start.offset as u32,
            old_end: old_end.offset as u32,
            new_end: new_end.offset as u32,
        };
        self.edits.as_ref()?.iter().map(change).reduce(Replaced::then)
    }

    /// The base's tree, told of the edits.
    fn tree(&self) -> Option<Tree> {
        let edits = self.edits.as_ref()?;
        let mut tree = self.base.reading.tree.clone();
        for [start, old_end, new_end] in edits {
            tree.edit(*start, *old_end, *new_end);
        }
        Some(tree)
    }
}

/// Applies one edit and says where it was, as the parser counts: start, old end, new end.
fn edit(
    text: &mut String,
    lines: &mut LineIndex,
    range: (Position, Position),
    encoding: Encoding,
    new: &str,
) -> Result<[Point; 3], crate::text::EditError> {
    let start_of =
        |p: Position, text: &str| lines.offset(text, p, encoding).unwrap_or(text.len() as u32) as usize;
    let (from, to) = (start_of(range.0, text), start_of(range.1, text));
    let removed = text.get(from..to).unwrap_or_default().to_owned();
    let done = apply_edit(text, lines, range, encoding, new)?;
    let start = Point::of(text, done.start as usize);
    debug_assert_eq!(removed.len(), (done.old_end - done.start) as usize);
    Ok([start, start.behind(&removed), start.behind(new)])
}
