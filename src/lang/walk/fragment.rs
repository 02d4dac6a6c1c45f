//! Reading out of order: a subtree at a hook's request, and text that the grammar left as tokens.
//!
//! The arguments of a macro are code more often than not, but grammars see tokens. They are parsed once more on
//! their own, as a parenthesised expression or as statements, and what parses without an error is walked where it
//! stands.

use std::time::Duration;

use tree_sitter::{Node, Point, Range, TreeCursor};

use super::Walk;
use super::frame::Frame;
use crate::lang::LangId;
use crate::lang::facts::TermId;
use crate::lang::parse::Effort;
use crate::lang::rules::{Context, Slot};
use crate::lang::scratch::{FragmentParser, FragmentTrees};

/// Reads inside reads; each costs native stack.
const NESTED_MAX: usize = 24;

/// Together the fragments of a file may have this many times its length: nested ones are parsed again.
const LENGTHS_MAX: usize = 6;

/// Most CPU time that the fragments of one file may take together, as much as the file itself may. What a file says must
/// not depend on how busy the machine is.
const DEADLINE: Duration = Duration::from_millis(500);

/// What parsing fragments needs. Their trees live as long as the walk.
pub(super) struct Fragments<'t> {
    parser: FragmentParser<'t>,
    nested: usize,
    bytes: usize,
    spent: Duration,
}

impl<'t> Fragments<'t> {
    pub fn new(lang: LangId, trees: &'t FragmentTrees<'_>) -> Self {
        Fragments { parser: trees.parser(lang), nested: 0, bytes: 0, spent: Duration::ZERO }
    }

    /// The root of the tree of these parts of the text if it has no errors.
    fn parse(&mut self, text: &str, ranges: &[Range]) -> Option<Node<'t>> {
        let bytes: usize = ranges.iter().map(|r| r.end_byte - r.start_byte).sum();
        if self.bytes + bytes > text.len() * LENGTHS_MAX || self.spent > DEADLINE {
            return None;
        }
        self.bytes += bytes;
        let effort = Effort::start();
        let left = DEADLINE.saturating_sub(self.spent);
        // A parse that has met an error is of no use, and recovering from it costs more than all before.
        let root = self.parser.parse(text, ranges, |state| state.has_error() || effort.exceeds(left));
        self.spent += effort.spent();
        root
    }
}

impl<'t> Walk<'t> {
    /// Goes one level deeper in a hook that calls itself; false if that is too deep.
    pub fn nest(&mut self) -> bool {
        let room = self.fragments.nested < NESTED_MAX;
        self.fragments.nested += usize::from(room);
        room
    }

    /// Whether something is being read out of order.
    pub(super) fn is_nested(&self) -> bool {
        self.fragments.nested > 0
    }

    /// Comes back from [`nest`](Self::nest).
    pub fn unnest(&mut self) {
        self.fragments.nested -= 1;
    }

    /// Reads the subtree now, in this context, and gives its term.
    pub fn read(&mut self, node: Node<'t>, context: Context) -> Option<TermId> {
        self.read_at(node.walk(), context)
    }

    fn read_at(&mut self, cursor: TreeCursor<'t>, context: Context) -> Option<TermId> {
        if !self.nest() {
            return None;
        }
        let at = self.frames.len();
        let up = &self.frames[at - 1];
        let mut frame = Frame::root();
        frame.kind = up.kind;
        frame.scope = up.scope;
        frame.flags = up.flags;
        frame.group = up.group;
        frame.function_scope = up.function_scope;
        frame.items_start = self.items.len();
        (frame.context, frame.slot, frame.target) = (context, Slot::Value, at);
        self.frames.push(frame);
        self.run(cursor);
        while self.frames.len() > at + 1 {
            self.leave();
        }
        self.unnest();
        self.frames.pop().and_then(|frame| frame.value)
    }

    /// Parses and reads the tokens of a node that stands in delimiters as the code that they may be: an expression
    /// in parentheses or brackets, statements in braces. `None` if they are neither; then nothing has been read.
    pub fn read_tokens(&mut self, node: Node<'t>) -> Option<Option<TermId>> {
        if self.fragments.nested >= NESTED_MAX {
            return None;
        }
        let text = self.source();
        let whole = node.range();
        let inner = Range {
            start_byte: whole.start_byte + 1,
            end_byte: whole.end_byte.saturating_sub(1),
            start_point: Point::new(whole.start_point.row, whole.start_point.column + 1),
            end_point: whole.end_point,
        };
        if inner.start_byte >= inner.end_byte {
            return Some(None);
        }
        // An expression is a statement with the next semicolon, wherever that stands.
        let semicolon = memchr::memchr(b';', text.as_bytes().get(whole.end_byte..)?).map(|at| {
            let (start_byte, point) = (whole.end_byte + at, whole.end_point);
            Range { start_byte, end_byte: start_byte + 1, start_point: point, end_point: point }
        });
        let expression: Vec<Range> = std::iter::once(whole).chain(semicolon).collect();
        let statements = [inner];
        let ways: [&[Range]; 2] = match text.as_bytes()[whole.start_byte] {
            b'{' => [&statements, &expression],
            _ => [&expression, &statements],
        };
        let root = ways.into_iter().find_map(|ranges| self.fragments.parse(text, ranges))?;
        let only = (root.named_child_count() == 1).then(|| root.named_child(0)).flatten();
        // The value of the only statement is the value of all.
        let expression = only.filter(|s| s.named_child_count() == 1 && s.child_count() == 2);
        let start = expression.and_then(|s| s.named_child(0)).unwrap_or(root);
        Some(self.read_at(start.walk(), Context::Value))
    }
}
