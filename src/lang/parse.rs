//! Parsing under limits: which texts are taken, how long a parse may last, what its errors are.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, Timespec, clock_gettime};

use super::facts::Span;
use super::patch::{Patch, changed, patched, shifted};
use super::scratch::{self, Place, Room};
use super::{LangId, Replaced};

/// Longest line that is taken. Longer ones are generated or minified code, which nobody navigates and which can
/// cost a parser quadratic time.
pub const LINE_CHARS_MAX: usize = 20_000;

/// Scratch memory of a parse per byte of source; covers all but pathological texts.
pub const PARSE_SCRATCH_PER_BYTE: u64 = 130;

/// Why a file's text is not indexed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SkipReason {
    #[error("contains NUL bytes (at offset {0})")]
    Binary(usize),
    #[error("is not valid UTF-8 (at offset {0})")]
    NotUtf8(usize),
    #[error("has a line over {LINE_CHARS_MAX} characters (line {0})")]
    LongLine(usize),
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    #[error("took longer than {0} ms to parse")]
    ParseDeadline(u128),
    #[error("cannot be read: {0}")]
    Unreadable(String),
    #[error("crashed or hung the parser twice; quarantined")]
    Quarantined,
}

/// The text of a file, if it is one that can be indexed.
pub fn check_text(bytes: &[u8]) -> Result<&str, SkipReason> {
    if let Some(at) = memchr::memchr(0, bytes) {
        return Err(SkipReason::Binary(at));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| SkipReason::NotUtf8(e.valid_up_to()))?;
    check_lines(text)?;
    Ok(text)
}

/// Whether no line is over the limit; lines are counted from 1.
pub fn check_lines(text: &str) -> Result<(), SkipReason> {
    let mut start = 0;
    for (i, end) in memchr::memchr_iter(b'\n', text.as_bytes()).chain([text.len()]).enumerate() {
        let long = end - start > LINE_CHARS_MAX && text[start..end].chars().count() > LINE_CHARS_MAX;
        if long {
            return Err(SkipReason::LongLine(i + 1));
        }
        start = end + 1;
    }
    Ok(())
}

/// What stops a parse before its end.
#[derive(Clone, Copy, Debug)]
pub struct ParseLimits<'a> {
    /// Most CPU time that the parse may take.
    pub deadline: Duration,
    pub cancel: Option<&'a AtomicBool>,
}

impl Default for ParseLimits<'_> {
    fn default() -> Self {
        ParseLimits { deadline: Duration::from_millis(500), cancel: None }
    }
}

/// Why there is no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("the parse took longer than {0:?}")]
    Deadline(Duration),
    #[error("the parse was cancelled")]
    Cancelled,
    #[error("the parse needs more than {0} bytes of memory")]
    Memory(usize),
}

/// A syntax error, for a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub span: Span,
    pub message: String,
}

/// A parser for every language whose trees are kept; one per thread.
pub struct Parser {
    inner: tree_sitter::Parser,
    lang: Option<LangId>,
}

impl Default for Parser {
    fn default() -> Self {
        scratch::install();
        Parser { inner: tree_sitter::Parser::new(), lang: None }
    }
}

impl Parser {
    pub fn new() -> Self {
        Self::default()
    }

    /// Parses the text; `old` is the tree of an earlier version with its edits applied.
    pub fn parse(
        &mut self,
        lang: LangId,
        text: &str,
        old: Option<&Tree>,
        limits: &ParseLimits<'_>,
    ) -> Result<Tree, ParseError> {
        self.parse_within(lang, text, old, limits, &|_| true)
    }

    /// The same, which asks now and then whether it may have taken so many bytes.
    ///
    /// # Errors
    /// Those of any parse, and [`ParseError::Memory`] if it may not.
    pub fn parse_within(
        &mut self,
        lang: LangId,
        text: &str,
        old: Option<&Tree>,
        limits: &ParseLimits<'_>,
        may_have: &dyn Fn(u64) -> bool,
    ) -> Result<Tree, ParseError> {
        if self.lang != Some(lang) {
            self.inner
                .set_language(&(lang.pack().grammar)())
                .expect("every grammar in the registry has an ABI that the runtime loads (tested)");
            self.lang = Some(lang);
        }
        let patches = patches_of(lang, text);
        let seen = patched(text, &patches);
        let old = old.map(|old| old.seen_again(text, &patches));
        let text = seen.as_deref().unwrap_or(text);
        let before = scratch::taken();
        let full = || {
            let bytes = u64::try_from(scratch::taken() - before).unwrap_or_default();
            (!may_have(bytes)).then_some(ParseError::Memory(bytes as usize))
        };
        let inner = run(&mut self.inner, text, old.as_ref().map(|t| &t.inner), limits, full)?;
        Ok(Tree { inner, patches })
    }
}

/// What the language's grammar makes no sense of in the text.
pub(super) fn patches_of(lang: LangId, text: &str) -> Box<[Patch]> {
    lang.pack().patches.map(|find| find(text)).unwrap_or_default().into()
}

/// One parse under limits. `full` is asked now and then whether memory for it has run out.
pub(super) fn run(
    parser: &mut tree_sitter::Parser,
    text: &str,
    old: Option<&tree_sitter::Tree>,
    limits: &ParseLimits<'_>,
    full: impl Fn() -> Option<ParseError>,
) -> Result<tree_sitter::Tree, ParseError> {
    let effort = Effort::start();
    let mut stopped = ParseError::Cancelled;
    let mut check = |_: &tree_sitter::ParseState| {
        if limits.cancel.is_some_and(|c| c.load(Ordering::Relaxed)) {
            stopped = ParseError::Cancelled;
            ControlFlow::Break(())
        } else if effort.exceeds(limits.deadline) {
            stopped = ParseError::Deadline(limits.deadline);
            ControlFlow::Break(())
        } else if let Some(error) = full() {
            stopped = error;
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let bytes = text.as_bytes();
    let options = tree_sitter::ParseOptions::new().progress_callback(&mut check);
    let tree =
        parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), old, Some(options));
    tree.ok_or_else(|| {
        parser.reset();
        stopped
    })
}

/// What a parse has taken of its thread. A machine that is busy with other things makes no text slow to parse.
pub(super) struct Effort {
    wall: Instant,
    cpu: Timespec,
}

impl Effort {
    pub fn start() -> Effort {
        Effort { wall: Instant::now(), cpu: clock_gettime(ClockId::ThreadCPUTime) }
    }

    pub fn exceeds(&self, limit: Duration) -> bool {
        // Asking for CPU time costs a system call, and it is never more than wall time.
        self.wall.elapsed() > limit && self.spent() > limit
    }

    /// CPU time since the start.
    pub fn spent(&self) -> Duration {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        let nanoseconds = (now.tv_sec - self.cpu.tv_sec) * 1_000_000_000 + now.tv_nsec - self.cpu.tv_nsec;
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or_default())
    }
}

/// The syntax tree of one version of a text.
#[derive(Clone, Debug)]
pub struct Tree {
    pub(super) inner: tree_sitter::Tree,
    /// What the parser was shown otherwise.
    pub(super) patches: Box<[Patch]>,
}

/// A byte offset with its line and the byte column in it, as tree-sitter counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    pub offset: usize,
    pub line: usize,
    pub column: usize,
}

impl Point {
    /// Where an offset of the text is. The parser ends lines at `\n` alone, unlike editors.
    pub fn of(text: &str, offset: usize) -> Point {
        Point::default().behind(&text[..offset])
    }

    /// Where some text ends that starts here.
    pub fn behind(self, text: impl AsRef<[u8]>) -> Point {
        let bytes = text.as_ref();
        let offset = self.offset + bytes.len();
        match memchr::memrchr(b'\n', bytes) {
            None => Point { offset, line: self.line, column: self.column + bytes.len() },
            Some(last) => {
                let line = self.line + memchr::memchr_iter(b'\n', bytes).count();
                Point { offset, line, column: bytes.len() - last - 1 }
            }
        }
    }
}

impl Tree {
    /// Tells the tree of an edit, so that it can seed the next parse.
    pub fn edit(&mut self, start: Point, old_end: Point, new_end: Point) {
        let point = |p: Point| tree_sitter::Point::new(p.line, p.column);
        self.inner.edit(&tree_sitter::InputEdit {
            start_byte: start.offset,
            old_end_byte: old_end.offset,
            new_end_byte: new_end.offset,
            start_position: point(start),
            old_end_position: point(old_end),
            new_end_position: point(new_end),
        });
        self.patches =
            shifted(&self.patches, start.offset as u32, old_end.offset as u32, new_end.offset as u32);
    }

    /// The tree as a seed for a parse that is shown these patches of the text: what is shown otherwise than last time
    /// counts as edited.
    fn seen_again(&self, text: &str, patches: &[Patch]) -> Cow<'_, Tree> {
        let changed = changed(&self.patches, patches);
        if changed.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut tree = self.clone();
        let mut point = Point::default();
        let bytes = text.as_bytes();
        let mut forward = |offset: usize| {
            let offset = offset.clamp(point.offset, bytes.len());
            point = point.behind(&bytes[point.offset..offset]);
            point
        };
        for span in changed {
            let start = forward(span.start as usize);
            let end = forward(span.end as usize);
            tree.edit(start, end, end);
        }
        Cow::Owned(tree)
    }

    /// The change of the text as far as the tree goes: with all that is read otherwise than in the tree before it, which
    /// has been told of the change and seeded this one.
    pub fn read_otherwise(&self, before: &Tree, text: &str, change: Replaced) -> Replaced {
        let patched = changed(&before.patches, &self.patches).into_iter();
        let before = before.seen_again(text, &self.patches);
        let ranges = before.inner.changed_ranges(&self.inner);
        let read = ranges.map(|range| Span::new(range.start_byte as u32, range.end_byte as u32));
        patched.chain(read).fold(change, Replaced::with)
    }

    /// Nodes that the grammar names or shows.
    pub fn node_count(&self) -> usize {
        self.inner.root_node().descendant_count()
    }

    /// What the tree takes in memory, about.
    pub fn bytes(&self) -> u64 {
        tree_bytes(&self.inner)
    }

    pub fn read(&self) -> TreeRef<'_> {
        TreeRef::new(&self.inner, &self.patches)
    }

    pub fn has_errors(&self) -> bool {
        self.read().has_errors()
    }

    /// The first `max` syntax errors in source order.
    pub fn syntax_errors(&self, text: &str, max: usize) -> Vec<SyntaxError> {
        self.read().syntax_errors(text, max)
    }
}

/// Memory of a tree, by what grows with it: nodes that the grammar names or shows.
pub(super) fn tree_bytes(tree: &tree_sitter::Tree) -> u64 {
    /// Hidden nodes and leaves included.
    const BYTES_PER_NODE: u64 = 64;
    tree.root_node().descendant_count() as u64 * BYTES_PER_NODE
}

/// A tree to read in: nothing of it can be kept.
#[derive(Clone, Copy)]
pub struct TreeRef<'t> {
    pub(super) root: tree_sitter::Node<'t>,
    /// What the parser was shown otherwise.
    pub(super) patches: &'t [Patch],
    /// Where the tree lies, and trees of its fragments are to.
    pub(super) place: Place<'t>,
}

impl<'t> From<&'t Tree> for TreeRef<'t> {
    fn from(tree: &'t Tree) -> Self {
        tree.read()
    }
}

impl<'t> TreeRef<'t> {
    pub(super) fn new(tree: &'t tree_sitter::Tree, patches: &'t [Patch]) -> Self {
        TreeRef { root: tree.root_node(), patches, place: Place::default() }
    }

    /// The same tree, with something to ask for the memory of its fragments' trees.
    pub(super) fn within(self, room: &'t Room<'t>) -> Self {
        TreeRef { place: Place::within(room), ..self }
    }

    pub fn has_errors(self) -> bool {
        self.root.has_error()
    }

    /// The first `max` syntax errors in source order.
    pub fn syntax_errors(self, text: &str, max: usize) -> Vec<SyntaxError> {
        let mut errors = Vec::new();
        if !self.has_errors() {
            return errors;
        }
        let mut cursor = self.root.walk();
        loop {
            let node = cursor.node();
            let mut descend = node.has_error();
            if node.is_missing() {
                let span = Span::new(node.start_byte() as u32, node.end_byte() as u32);
                errors
                    .push(SyntaxError { span, message: format!("Syntax error: missing `{}`", node.kind()) });
                descend = false;
            } else if node.is_error() {
                errors.push(unexpected(node, text));
                descend = false;
            }
            if errors.len() >= max {
                return errors;
            }
            if descend && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return errors;
                }
            }
        }
    }
}

/// Marks the first line of what could not be parsed, not the whole rest of the file.
fn unexpected(node: tree_sitter::Node<'_>, text: &str) -> SyntaxError {
    const SHOWN_CHARS_MAX: usize = 40;
    let (start, end) = (node.start_byte(), node.end_byte());
    let line = text.get(start..end).unwrap_or_default().lines().next().unwrap_or_default().trim_end();
    let shown: String = line.chars().take(SHOWN_CHARS_MAX).collect();
    let ellipsis = if shown.len() < line.len() { "…" } else { "" };
    let message = if shown.is_empty() {
        "Syntax error".to_owned()
    } else {
        format!("Syntax error: unexpected `{shown}{ellipsis}`")
    };
    SyntaxError { span: Span::new(start as u32, (start + line.len()) as u32), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_not_source_are_refused_with_why() {
        assert_eq!(check_text(b"a\0b"), Err(SkipReason::Binary(1)));
        assert_eq!(check_text(b"ab\xff"), Err(SkipReason::NotUtf8(2)));
        let long = format!("x\n{}\n", "y".repeat(LINE_CHARS_MAX + 1));
        assert_eq!(check_text(long.as_bytes()), Err(SkipReason::LongLine(2)));
        let wide = "é".repeat(LINE_CHARS_MAX);
        assert!(check_text(wide.as_bytes()).is_ok());
    }

    #[test]
    fn every_grammar_loads_and_reports_its_errors() {
        for lang in LangId::all() {
            let mut parser = Parser::new();
            let tree = parser.parse(lang, "((", None, &ParseLimits::default()).unwrap();
            assert!(!tree.syntax_errors("((", 10).is_empty(), "{}", lang.name());
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_parse_that_needs_more_memory_than_it_may_have_is_stopped() {
        let lang = LangId::of_language_id("python").unwrap();
        let text = "f(a, b)\n".repeat(20_000);
        let (most, limits) = (std::cell::Cell::new(0), ParseLimits::default());
        let mut parser = Parser::new();
        let mut within = |bytes_max: u64| {
            most.set(0);
            let may_have = |bytes: u64| {
                most.set(bytes.max(most.get()));
                bytes <= bytes_max
            };
            (parser.parse_within(lang, &text, None, &limits, &may_have), most.get())
        };
        let (tree, all) = within(u64::MAX);
        assert!(all > tree.unwrap().bytes() / 2, "{all}");
        let (stopped, asked) = within(all / 4);
        assert_eq!(stopped.unwrap_err(), ParseError::Memory(asked as usize));
        assert!(asked < all * 3 / 4, "{asked} of {all}");
    }

    #[test]
    fn a_cancelled_parse_says_so_and_the_parser_lives() {
        let lang = LangId::of_language_id("rust").unwrap();
        let cancel = AtomicBool::new(true);
        let text = "fn f() { g(1, 2, 3); }\n".repeat(2_000);
        let mut parser = Parser::new();
        let limits = ParseLimits { cancel: Some(&cancel), ..ParseLimits::default() };
        assert_eq!(parser.parse(lang, &text, None, &limits).unwrap_err(), ParseError::Cancelled);
        assert!(parser.parse(lang, "fn f() {}", None, &ParseLimits::default()).is_ok());
    }
}
