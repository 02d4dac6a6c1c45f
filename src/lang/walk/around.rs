//! What a walk keeps in mind in a node that holds many others: with it, the walk can be taken up in between them.

use tree_sitter::{Node, TreeCursor};

use super::Walk;
use super::branches::Branch;
use super::frame::{Frame, Group};
use super::seams::{Mark, Seam};
use super::splice::{Ids, Replaced};
use crate::lang::facts::{DefId, TermId};

/// The state of a walk in a node before its first child. Functions are not among what may be around.
#[derive(Clone, Debug, Default)]
pub(super) struct Around {
    /// Where the node begins and ends.
    pub start: u32,
    pub end: u32,
    /// From the one around everything to the node's own; none if the node is there no more.
    pub frames: Vec<Frame>,
    groups: Vec<Group>,
    items: Vec<TermId>,
    branches: Vec<Branch>,
    open_until: u32,
}

impl Around {
    /// Whether this is the file itself.
    pub fn is_file(&self) -> bool {
        self.frames.len() == super::seams::OUTERMOST
    }

    /// Whether it may matter to a child of the node which one it is.
    pub fn is_list(&self) -> bool {
        self.frames.last().is_none_or(|own| own.rule.is_some() || own.arguments_of.is_some())
    }

    /// The same after a change of the text around which, before which or behind which the node stands, with the ids of what
    /// was written down.
    pub fn moved(&mut self, change: Replaced, ids: &Ids) {
        self.start = change.after(self.start);
        self.end = change.after(self.end);
        self.open_until = change.after(self.open_until);
        let mut kept = true;
        for frame in &mut self.frames {
            kept &= ids.scope(frame.scope).map(|id| frame.scope = id).is_some();
            kept &= frame.def.is_none_or(|def| {
                frame.def = ids.def(def);
                frame.def.is_some()
            });
            frame.lazy_scope = frame.lazy_scope.map(|end| change.after(end));
            frame.name = frame.name.map(|name| change.around(name));
        }
        for group in &mut self.groups {
            group.span = change.around(group.span);
            for def in &mut group.whole {
                kept &= ids.def(*def).map(|id| *def = id).is_some();
            }
        }
        if !kept {
            *self = Around::default();
        }
    }

    /// Calls `visit` on the id of each term.
    pub fn each_term(&mut self, visit: &mut dyn FnMut(&mut TermId)) {
        self.frames.iter_mut().for_each(|frame| frame.each_term(visit));
        for group in &mut self.groups {
            group.hole.iter_mut().for_each(&mut *visit);
            group.argument.iter_mut().for_each(&mut *visit);
        }
        self.items.iter_mut().for_each(visit);
    }

    /// Bytes held on the heap.
    pub fn heap_bytes(&self) -> usize {
        let whole: usize = self.groups.iter().map(|group| group.whole.capacity()).sum();
        self.frames.capacity() * size_of::<Frame>()
            + whole * size_of::<DefId>()
            + self.groups.capacity() * size_of::<Group>()
            + self.items.capacity() * size_of::<TermId>()
            + self.branches.capacity() * size_of::<Branch>()
    }
}

impl<'t> Walk<'t> {
    /// The state in the node of the last frame, which has just been entered.
    pub(super) fn around(&mut self, node: Node<'t>) -> Around {
        let span = self.span(node);
        Around {
            start: span.start,
            end: span.end,
            frames: self.frames.clone(),
            groups: self.groups.clone(),
            items: self.items.clone(),
            branches: self.open_branches().to_vec(),
            open_until: self.builder.open_until,
        }
    }

    /// Whether all is as it was before the node's first child, but for how many children there have been and the flags of
    /// what comes.
    pub(super) fn is_as_at_first(&mut self, around: &Around, at: u32) -> bool {
        let Some((known, above)) = around.frames.split_last() else { return false };
        let [.., own] = &self.frames[..] else { return false };
        let first = Frame { children: own.children, flags: own.flags, ..known.clone() };
        self.frames.len() == around.frames.len()
            && self.functions.is_empty()
            && self.notes.is_empty()
            && self.builder.late_globs == 0
            && *own == first
            && self.frames[..above.len()] == *above
            && self.groups == around.groups
            && self.items.len() == around.items.len()
            && self.open_branches().len() == around.branches.len()
            && (self.builder.open_until == around.open_until || self.builder.open_until <= at)
    }

    /// Takes a walk up in a node, at the seam. The cursor stands on the root, and then on what is behind the seam. `None` if
    /// there is no such place in the tree.
    pub(super) fn take_up(
        &mut self,
        cursor: &mut TreeCursor<'t>,
        around: &Around,
        seam: &Seam,
    ) -> Option<()> {
        let written = Mark::of(&self.builder.facts);
        // Where a file begins is told by what it holds.
        if !self.enter(cursor) || Mark::of(&self.builder.facts) != written {
            return None;
        }
        let (above, below) = around.frames.split_at_checked(self.frames.len())?;
        let [.., file] = &self.frames[..] else { return None };
        if above.last().is_none_or(|known| (known.kind, known.rule) != (file.kind, file.rule)) {
            return None;
        }
        self.frames = above.to_vec();
        for known in below {
            cursor.goto_first_child_for_byte(seam.at as usize)?;
            let node = cursor.node();
            // Which rule a node is read by may depend on what it holds.
            if node.kind_id() != known.kind || self.rule_for(node, known.context) != known.rule {
                return None;
            }
            self.frames.push(known.clone());
        }
        let node = cursor.node();
        *cursor = node.walk();
        cursor.goto_first_child_for_byte(seam.at as usize)?;
        if cursor.node().start_byte() != seam.at as usize {
            return None;
        }
        self.groups.clone_from(&around.groups);
        self.items.clone_from(&around.items);
        self.set_open_branches(&around.branches);
        self.builder.open_until = around.open_until;
        let own = self.frames.last_mut()?;
        (own.children, own.flags) = (seam.children, seam.flags);
        Some(())
    }
}
