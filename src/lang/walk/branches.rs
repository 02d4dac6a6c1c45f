//! The branches of conditional compilation that the walk is in, and the macros that tell which of them is compiled.

use rustc_hash::FxHashSet;

use super::Walk;
use crate::lang::facts::{DefFlags, DefKind, Name};

/// What is kept of a branch for the next one of its condition, which stands in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Branch {
    /// The frame of its node.
    frame: usize,
    /// What stands around the whole condition likely is not compiled.
    inactive_around: bool,
    /// It is compiled for sure, or one before it.
    taken: bool,
}

/// Conditions around the walk.
#[derive(Default)]
pub(super) struct Branches {
    open: Vec<Branch>,
    /// Macros that the file has defined so far, in branches that likely are compiled.
    macros: FxHashSet<Name>,
}

impl Walk<'_> {
    /// Says of the branch that the hook's node is whether its own condition holds, if that can be told; `continues` if
    /// the node above is the branch before it. What it declares is marked if it likely is not compiled.
    pub fn enter_branch(&mut self, continues: bool, holds: Option<bool>) {
        let frame = self.frames.len() - 1;
        while self.branches.open.pop_if(|branch| branch.frame >= frame).is_some() {}
        let before = self.branches.open.last().filter(|branch| continues && branch.frame + 1 == frame);
        let (inactive_around, taken) = match before {
            Some(before) => (before.inactive_around, before.taken),
            None => (frame > 0 && self.frames[frame - 1].flags.has(DefFlags::INACTIVE), false),
        };
        let inactive = inactive_around || taken || holds == Some(false);
        self.branches.open.push(Branch { frame, inactive_around, taken: taken || holds == Some(true) });
        let flags = &mut self.frames[frame].flags;
        *flags = if inactive { flags.with(DefFlags::INACTIVE) } else { flags.without(DefFlags::INACTIVE) };
    }

    /// Keeps in mind that the last definition is a macro, and marks it if it likely is not compiled.
    pub fn defined_macro(&mut self) {
        let inactive = self.flags().has(DefFlags::INACTIVE);
        let Some(def) = self.builder.facts.defs.last_mut() else { return };
        if inactive {
            def.flags = def.flags.with(DefFlags::INACTIVE);
        } else {
            self.branches.macros.insert(def.name);
        }
    }

    /// The branches that the walk is in.
    pub(super) fn open_branches(&mut self) -> &[Branch] {
        let frames = self.frames.len();
        while self.branches.open.pop_if(|branch| branch.frame >= frames).is_some() {}
        &self.branches.open
    }

    pub(super) fn set_open_branches(&mut self, open: &[Branch]) {
        self.branches.open = open.to_vec();
    }

    /// Keeps in mind the macros among the definitions that there are, as if they had been walked.
    pub(super) fn resume_macros(&mut self) {
        let defs = self.builder.facts.defs.iter();
        let active = defs.filter(|d| d.kind == DefKind::Macro && !d.flags.has(DefFlags::INACTIVE));
        self.branches.macros.extend(active.map(|d| d.name));
    }

    /// Whether the file has defined the macro so far, in a branch that likely is compiled.
    pub fn is_macro(&self, name: &str) -> bool {
        self.builder.known_name(name).is_some_and(|name| self.branches.macros.contains(&name))
    }
}
