//! Where a walk can be taken up again: places between two of a file's outermost items at which nothing that the walk
//! keeps in mind reaches from one into the other.

use tree_sitter::Node;

use super::Walk;
use super::builder::Builder;
use super::frame::Frame;
use super::splice::Replaced;
use crate::lang::facts::{DefFlags, Facts, Name, ScopeId};

/// Bytes between two seams at least.
const APART_BYTES: u32 = 1 << 10;

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

/// A place before an outermost item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seam {
    /// Where the item begins.
    pub at: u32,
    pub mark: Mark,
    /// Named items before it.
    pub children: u32,
    /// Flags of what stands in the file from here on.
    pub flags: DefFlags,
}

/// The seams of a file that was walked, and what else another walk has to know of that one.
#[derive(Clone, Debug, Default)]
pub struct Seams {
    /// In order.
    pub(super) all: Vec<Seam>,
    /// The kind of the root.
    pub(super) root: u16,
    /// When the root had been left.
    pub(super) end: Mark,
    /// Names of parameters that were asked for.
    pub(super) asked: Vec<Box<str>>,
    /// Names that there were when all of the file was walked.
    pub(super) names: usize,
}

impl Seams {
    /// Whether a walk can be taken up anywhere.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Bytes held on the heap.
    pub fn heap_bytes(&self) -> usize {
        let asked: usize = self.asked.iter().map(|name| name.len()).sum();
        self.all.capacity() * size_of::<Seam>() + self.asked.capacity() * size_of::<Box<str>>() + asked
    }
}

/// What a walk does about seams on its way.
#[derive(Default)]
pub(super) struct Sewing<'t> {
    /// Whether seams are wanted.
    pub on: bool,
    pub found: Vec<Seam>,
    /// The kind of the root, and how much there was when it had been left.
    pub root: u16,
    pub end: Mark,
    /// The last outermost node belongs to what comes behind it: a comment, an attribute.
    leads: bool,
    /// The seams of the walk before, and what has changed since.
    pub before: Option<(&'t Seams, Replaced)>,
    /// Of these the one from which on nothing has changed, with what it is here.
    pub joint: Option<(usize, Seam)>,
}

impl Sewing<'_> {
    pub fn finish(self, builder: &Builder<'_>) -> Seams {
        if !self.on {
            return Seams::default();
        }
        let before = self.before.map_or(&[][..], |(seams, _)| &seams.asked);
        let mut asked: Vec<Box<str>> = before.to_vec();
        let new = builder.asked().filter(|name| !before.iter().any(|known| **known == **name));
        asked.extend(new.map(Into::into));
        let names = self.before.map_or(builder.facts.names.len(), |(seams, _)| seams.names);
        Seams { all: self.found, root: self.root, end: self.end, asked, names }
    }
}

impl<'t> Walk<'t> {
    /// Looks at an outermost node before it is read. True if all from there on is known.
    pub(super) fn arrive(&mut self, node: Node<'t>) -> bool {
        if !self.sewing.on {
            return false;
        }
        let seam = self.seam_at(node);
        self.sewing.leads = self.is_lead(node);
        let Some(seam) = seam else { return false };
        let last = self.sewing.found.last().map_or(0, |seam| seam.at);
        let known = self.known_from(&seam);
        if known.is_none() && seam.at < last + APART_BYTES {
            return false;
        }
        self.sewing.joint = known.map(|known| (known, seam));
        if known.is_none() {
            self.sewing.found.push(seam);
        }
        known.is_some()
    }

    /// The seam of the walk before that this one is, if nothing has changed behind it.
    fn known_from(&self, seam: &Seam) -> Option<usize> {
        let (seams, change) = self.sewing.before?;
        let at = change.before(seam.at)?;
        let known = seams.all.binary_search_by_key(&at, |seam| seam.at).ok()?;
        let old = &seams.all[known];
        let same = old.flags == seam.flags
            && (old.children == 0) == (seam.children == 0)
            && old.mark.package == seam.mark.package;
        same.then_some(known)
    }

    /// The seam before the node, if nothing reaches over it.
    fn seam_at(&self, node: Node<'t>) -> Option<Seam> {
        let at = node.start_byte() as u32;
        let file = self.frames.last()?;
        let apart = !self.sewing.leads
            && self.functions.is_empty()
            && self.groups.is_empty()
            && self.notes.is_empty()
            && self.items.len() == file.items_start
            && self.builder.late_globs == 0
            && self.builder.open_until <= at
            && !self.is_tested_behind(at)
            && is_bare(file);
        let mark = Mark::of(&self.builder.facts);
        apart.then_some(Seam { at, mark, children: file.children, flags: file.flags })
    }

    /// Whether the node is read for what comes behind it.
    fn is_lead(&self, node: Node<'t>) -> bool {
        let marks = self.pack.knobs.attachment_marks;
        node.is_extra() || marks.iter().any(|mark| self.text(node).starts_with(mark))
    }
}

/// Whether the items before have left nothing with the file's frame.
fn is_bare(file: &Frame) -> bool {
    let terms = [file.receiver, file.value, file.ty, file.init, file.of, file.implements, file.call_hole];
    terms.iter().all(Option::is_none)
        && file.name.is_none()
        && file.def.is_none()
        && file.key.is_none()
        && file.cast.is_none()
        && !file.spread
        && file.scope == ScopeId::FILE
}
