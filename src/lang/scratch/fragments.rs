//! Parts of a text that are parsed on their own while its tree is read (the arguments of macros): their trees lie where the
//! text's own tree does, and count with it.

use std::cell::OnceCell;
use std::mem;
use std::ops::ControlFlow;

use tree_sitter::{Node, ParseState, Range};

use super::{Arena, Entered};
use crate::lang::LangId;
use crate::lang::parse::{PARSE_SCRATCH_PER_BYTE, tree_bytes};

/// Whether the trees of a text's fragments may take so much together.
pub(in crate::lang) type Room<'a> = dyn Fn(u64) -> bool + 'a;

/// Where the tree of a text lies: in an arena, or in memory of the system's allocator.
#[derive(Clone, Copy, Default)]
pub(in crate::lang) struct Place<'a> {
    arena: Option<&'a Arena>,
    /// Asked before memory is taken from the system's allocator, if anybody is.
    room: Option<&'a Room<'a>>,
}

impl<'a> Place<'a> {
    pub(super) fn of(arena: &'a Arena) -> Self {
        Place { arena: Some(arena), room: None }
    }

    pub fn within(room: &'a Room<'a>) -> Self {
        Place { arena: None, room: Some(room) }
    }

    fn enter(self) -> Option<Entered> {
        self.arena.map(Entered::new)
    }

    /// Whether there has been no room for something.
    fn is_full(self) -> bool {
        self.arena.is_some_and(|arena| arena.spilled.get() > 0)
    }

    fn has_room(self, bytes: u64) -> bool {
        self.room.is_none_or(|room| room(bytes))
    }
}

/// The trees of a text's fragments, for as long as it is read.
pub(in crate::lang) struct FragmentTrees<'a> {
    place: Place<'a>,
    first: OnceCell<Box<Link>>,
}

/// Handed out only by reference, so that no tree is dropped elsewhere than by [`FragmentTrees`].
struct Link {
    tree: tree_sitter::Tree,
    next: OnceCell<Box<Link>>,
}

impl<'a> FragmentTrees<'a> {
    pub fn new(place: Place<'a>) -> Self {
        FragmentTrees { place, first: OnceCell::new() }
    }

    /// Something to parse fragments with, whose trees are kept here. There is to be one at a time.
    pub fn parser(&self, lang: LangId) -> FragmentParser<'_> {
        FragmentParser { place: self.place, lang, inner: None, last: &self.first, bytes: 0 }
    }
}

impl Drop for FragmentTrees<'_> {
    /// One after the other: a text can have more fragments than the stack has room for.
    fn drop(&mut self) {
        // If nothing has been spilled all of it is the arena's, which forgets it as a whole.
        let forgotten = self.place.arena.is_some() && !self.place.is_full();
        let mut next = self.first.take();
        while let Some(link) = next {
            let Link { tree, next: mut following } = *link;
            if forgotten {
                mem::forget(tree);
            } else {
                let _entered = self.place.enter();
                drop(tree);
            }
            next = following.take();
        }
    }
}

/// Parses fragments of one text.
pub(in crate::lang) struct FragmentParser<'t> {
    place: Place<'t>,
    lang: LangId,
    inner: Option<tree_sitter::Parser>,
    last: &'t OnceCell<Box<Link>>,
    /// What the trees take that are there.
    bytes: u64,
}

impl<'t> FragmentParser<'t> {
    /// The root of the tree of these parts of the text if it has no errors, and if there is room for it. `stop` is asked now
    /// and then whether to leave it at that.
    pub fn parse(
        &mut self,
        text: &str,
        ranges: &[Range],
        stop: impl Fn(&ParseState) -> bool,
    ) -> Option<Node<'t>> {
        let place = self.place;
        let len: usize = ranges.iter().map(|range| range.end_byte - range.start_byte).sum();
        if place.is_full() || !place.has_room(self.bytes + len as u64 * PARSE_SCRATCH_PER_BYTE) {
            return None;
        }
        let entered = place.enter();
        if self.inner.is_none() {
            let mut parser = tree_sitter::Parser::new();
            parser.set_language(&(self.lang.pack().grammar)()).ok()?;
            self.inner = Some(parser);
        }
        let parser = self.inner.as_mut()?;
        parser.set_included_ranges(ranges).ok()?;
        let mut check = |state: &ParseState| match place.is_full() || stop(state) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let options = tree_sitter::ParseOptions::new().progress_callback(&mut check);
        let source = text.as_bytes();
        let tree =
            parser.parse_with_options(&mut |at, _| source.get(at..).unwrap_or_default(), None, Some(options));
        let Some(tree) = tree else {
            parser.reset();
            return None;
        };
        if place.is_full() || tree.root_node().has_error() {
            drop(tree);
            return None;
        }
        drop(entered);
        self.bytes += tree_bytes(&tree);
        let link = self.last.get_or_init(|| Box::new(Link { tree, next: OnceCell::new() }));
        self.last = &link.next;
        Some(link.tree.root_node())
    }
}

impl Drop for FragmentParser<'_> {
    fn drop(&mut self) {
        let _entered = self.place.enter();
        self.inner = None;
    }
}
