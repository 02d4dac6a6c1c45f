//! Where a walk can be taken up again: places between two items of a file, or of a large node in it, at which nothing that the
//! walk keeps in mind reaches from one into the other.

use tree_sitter::Node;

use super::Walk;
use super::around::Around;
use super::builder::Builder;
use super::splice::{Replaced, last_semicolon};
use crate::lang::facts::{DefFlags, Facts, Name};

/// Bytes between two seams of one node at least; in tests few, so that small texts have seams.
const APART_BYTES: u32 = if cfg!(test) { 1 << 6 } else { 1 << 10 };

/// Bytes of a node that has seams of its own, at least.
const AROUND_BYTES: usize = if cfg!(test) { 1 << 8 } else { 16 << 10 };

/// Nodes with seams are looked for so deep, and there are so many of them at most: each keeps what is above it.
const DEPTH_MAX: usize = 32;
const NODES_MAX: usize = 256;

/// Frames above an outermost item: one around everything, and the file's.
pub(super) const OUTERMOST: usize = 2;

/// How much had been written down: the lengths of the lists in [`Facts`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub scopes: u32,
    pub defs: u32,
    pub refs: u32,
    pub globs: u32,
    pub extensions: u32,
    pub inherits: u32,
    pub arguments: u32,
    pub listed: u32,
    pub package: Option<Name>,
}

impl Mark {
    pub fn of(facts: &Facts) -> Mark {
        Mark {
            scopes: facts.scopes.len() as u32,
            defs: facts.defs.len() as u32,
            refs: facts.refs.len() as u32,
            globs: facts.globs.len() as u32,
            extensions: facts.extensions.len() as u32,
            inherits: facts.inherits.len() as u32,
            arguments: facts.arguments.len() as u32,
            listed: facts.listed.as_ref().map_or(0, Vec::len) as u32,
            package: facts.package,
        }
    }

    /// The mark behind what lies between two others.
    pub fn behind(self, from: Mark, to: Mark) -> Mark {
        Mark {
            scopes: self.scopes + to.scopes - from.scopes,
            defs: self.defs + to.defs - from.defs,
            refs: self.refs + to.refs - from.refs,
            globs: self.globs + to.globs - from.globs,
            extensions: self.extensions + to.extensions - from.extensions,
            inherits: self.inherits + to.inherits - from.inherits,
            arguments: self.arguments + to.arguments - from.arguments,
            listed: self.listed + to.listed - from.listed,
            package: to.package,
        }
    }
}

/// A place before a child of the file or of a large node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seam {
    /// Where the child begins.
    pub at: u32,
    pub mark: Mark,
    /// The node, among [`Seams::around`].
    pub inside: u32,
    /// Named children before this one.
    pub children: u32,
    /// Flags of what stands in the node from here on.
    pub flags: DefFlags,
}

/// The seams of a file that was walked, and what else another walk has to know of that one.
#[derive(Clone, Debug, Default)]
pub struct Seams {
    /// In order.
    pub(super) all: Vec<Seam>,
    /// The file, and nodes with seams.
    pub(super) around: Vec<Around>,
    /// When the root had been left.
    pub(super) end: Mark,
    /// Names of parameters that were asked for.
    pub(super) asked: Vec<Box<str>>,
    /// Where the last semicolon stands: arguments of a macro are read with the next one.
    pub(super) last_semicolon: Option<u32>,
    /// Names and nodes that there were when all of the file was walked.
    pub(super) names: usize,
    pub(super) nodes: usize,
}

impl Seams {
    /// Whether a walk can be taken up anywhere.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Bytes held on the heap.
    pub fn heap_bytes(&self) -> usize {
        let asked: usize = self.asked.iter().map(|name| name.len()).sum();
        let around: usize = self.around.iter().map(Around::heap_bytes).sum();
        self.all.capacity() * size_of::<Seam>()
            + self.around.capacity() * size_of::<Around>()
            + around
            + self.asked.capacity() * size_of::<Box<str>>()
            + asked
    }
}

/// What a walk does about seams on its way.
#[derive(Default)]
pub(super) struct Sewing<'t> {
    /// Whether seams are wanted.
    pub on: bool,
    pub found: Vec<Seam>,
    pub around: Vec<Around>,
    /// Those of these nodes that the walk is in.
    open: Vec<Open>,
    /// What was read on the way down goes on up to here, and is not to be taken apart.
    whole_until: u32,
    /// How much there was when the root had been left.
    pub end: Mark,
    /// The seams of the walk before, what has changed since, and the node that the walk was taken up in.
    pub before: Option<(&'t Seams, Replaced, u32)>,
    /// Of these the one from which on nothing has changed, with what it is here.
    pub joint: Option<(usize, Seam)>,
}

/// A large node that the walk is in.
struct Open {
    number: u32,
    /// Frames in it.
    depth: usize,
    /// The child before belongs to what comes behind it: a comment, an attribute.
    leads: bool,
    /// From where on the next seam may be.
    next: u32,
}

impl Sewing<'_> {
    /// Goes on in a node that is known.
    pub fn open(&mut self, number: u32, from: u32) {
        let depth = self.around[number as usize].frames.len();
        self.open.push(Open { number, depth, leads: false, next: from });
    }

    pub fn finish(self, builder: &Builder<'_>, text: &str) -> Seams {
        if !self.on {
            return Seams::default();
        }
        let before = self.before.map(|(seams, ..)| seams);
        let mut asked: Vec<Box<str>> = before.map(|seams| seams.asked.clone()).unwrap_or_default();
        let new: Vec<&str> =
            builder.asked().filter(|name| !asked.iter().any(|known| **known == **name)).collect();
        asked.extend(new.into_iter().map(Into::into));
        let names = before.map_or(builder.facts.names.len(), |seams| seams.names);
        let nodes = before.map_or(self.around.len(), |seams| seams.nodes);
        let last_semicolon = last_semicolon(text);
        Seams { all: self.found, around: self.around, end: self.end, asked, last_semicolon, names, nodes }
    }
}

impl<'t> Walk<'t> {
    /// The node has just been entered, and its children come next.
    pub(super) fn surround(&mut self, node: Node<'t>) {
        let large = self.frames.len() == OUTERMOST || node.end_byte() - node.start_byte() >= AROUND_BYTES;
        let room = self.frames.len() <= DEPTH_MAX && self.sewing.around.len() < NODES_MAX;
        if !self.sewing.on || !large || !room || !self.functions.is_empty() || self.is_nested() {
            return;
        }
        let around = self.around(node);
        // No two seams are at one place.
        let from = around.start + u32::from(!around.is_file());
        self.sewing.around.push(around);
        self.sewing.open(self.sewing.around.len() as u32 - 1, from);
    }

    /// Looks at a node before it is read. True if all from there on is known.
    pub(super) fn arrive(&mut self, node: Node<'t>) -> bool {
        let frames = self.frames.len();
        let open = &mut self.sewing.open;
        while open.pop_if(|open| open.depth > frames).is_some() {}
        let Some(open) = open.last().filter(|open| open.depth == frames) else { return false };
        let (number, led, next) = (open.number, open.leads, open.next);
        let leads = self.is_lead(node);
        let at = node.start_byte() as u32;
        let known = self.known_from(number, at);
        let mut seam = None;
        if !led && (at >= next || known.is_some()) {
            seam = self.seam_at(number, at);
        }
        if let Some((known, seam)) = known.zip(seam) {
            if self.is_joint(known, &seam) {
                self.sewing.joint = Some((known, seam));
                return true;
            }
            // In a list it is so with all that come behind it.
            let is_list = self.sewing.around[number as usize].is_list();
            if is_list && !self.is_counted_alike(known, &seam) {
                return true;
            }
        }
        let Some(open) = self.sewing.open.last_mut() else { return false };
        open.leads = leads;
        if let Some(seam) = seam.filter(|_| at >= next) {
            open.next = at + APART_BYTES;
            self.sewing.found.push(seam);
        }
        false
    }

    /// The seam of the walk before that is at this place of the node, if nothing has changed behind it.
    fn known_from(&self, inside: u32, at: u32) -> Option<usize> {
        let (seams, change, known) = self.sewing.before?;
        let at = change.before(at).filter(|_| inside == known)?;
        let known = seams.all.binary_search_by_key(&at, |seam| seam.at).ok()?;
        (seams.all[known].inside == inside).then_some(known)
    }

    /// Whether what is behind the seam of the walk before would be read as it was.
    fn is_joint(&self, known: usize, seam: &Seam) -> bool {
        let Some((seams, ..)) = self.sewing.before else { return false };
        let old = &seams.all[known];
        let first = (old.children == 0) == (seam.children == 0);
        first
            && self.is_counted_alike(known, seam)
            && old.flags == seam.flags
            && old.mark.package == seam.mark.package
    }

    /// Whether it makes no difference to the children behind the seam how many there are before it now.
    fn is_counted_alike(&self, known: usize, seam: &Seam) -> bool {
        let Some((seams, ..)) = self.sewing.before else { return false };
        let (old, around) = (&seams.all[known], &self.sewing.around[seam.inside as usize]);
        // An only child may stand for the whole node.
        let several = old.children > 1 && seam.children > 1;
        old.children == seam.children || around.is_file() || several && !around.is_list()
    }

    /// Lets no seam be before this place of the text: what stands there is read as one.
    pub fn keep_whole(&mut self, until: usize) {
        self.sewing.whole_until = self.sewing.whole_until.max(until as u32);
    }

    /// The seam at this place of the node, if nothing reaches over it.
    fn seam_at(&mut self, inside: u32, at: u32) -> Option<Seam> {
        let around = std::mem::take(&mut self.sewing.around);
        let apart = self.sewing.whole_until <= at
            && !self.is_tested_behind(at)
            && !self.is_said_of(at)
            && self.is_as_at_first(&around[inside as usize], at);
        self.sewing.around = around;
        let own = self.frames.last()?;
        let mark = Mark::of(&self.builder.facts);
        apart.then_some(Seam { at, mark, inside, children: own.children, flags: own.flags })
    }

    /// Whether the node is read for what comes behind it.
    fn is_lead(&self, node: Node<'t>) -> bool {
        let marks = self.pack.knobs.attachment_marks;
        node.is_extra() || marks.iter().any(|mark| self.text(node).starts_with(mark))
    }
}
