//! How a file uses one name, read from its bytes without making facts of them.

use super::super::codec::CorruptError;
use super::skim::Skimmer;
use crate::lang::facts::{DefKind, Facts, Name, Role};

/// The ways in which one name occurs in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// It names a definition that stands for itself.
    pub defined: bool,
    /// It is given to something else by an import or export.
    pub alias: bool,
    /// The file takes in all names of something else, wherever that may be.
    pub globs: bool,
    /// Two bits for each role: a reference without and with a receiver.
    refs: u32,
}

impl Mentions {
    /// The same for several names, ascending, from facts.
    pub fn of(facts: &Facts, names: &[Name]) -> Vec<Mentions> {
        let none = Mentions { globs: !facts.globs.is_empty(), ..Mentions::default() };
        let mut found = vec![none; names.len()];
        for d in &facts.defs {
            if let Ok(at) = names.binary_search(&d.name) {
                found[at].define(d.kind);
            }
        }
        for r in &facts.refs {
            if let Ok(at) = names.binary_search(&r.name) {
                found[at].refer(r.role, r.recv.is_some());
            }
        }
        found
    }

    /// Roles in which the name is used, and whether something stands before it.
    pub fn refs(self) -> impl Iterator<Item = (Role, bool)> {
        let bit = move |at: usize| self.refs >> at & 1 != 0;
        let roles = Role::ALL.into_iter().enumerate();
        roles
            .flat_map(|(at, role)| [(2 * at, role, false), (2 * at + 1, role, true)])
            .filter_map(move |(at, role, receiver)| bit(at).then_some((role, receiver)))
    }

    fn define(&mut self, kind: DefKind) {
        if kind.is_alias() {
            self.alias = true;
        } else {
            self.defined = true;
        }
    }

    fn refer(&mut self, role: Role, receiver: bool) {
        self.refs |= 1 << (2 * role as usize + usize::from(receiver));
    }
}

/// Adds how the facts in the bytes use names. Which of them a number is, is told by `which`: a name that is made up beside
/// one that is written has several.
///
/// # Errors
/// If the bytes are not those of facts.
pub fn mentions(
    bytes: &[u8],
    found: &mut [Mentions],
    which: impl Fn(u32) -> Option<usize>,
) -> Result<(), CorruptError> {
    let mut skimmer = Skimmer::new(bytes);
    skimmer.scopes()?;
    skimmer.defs(|number, kind| {
        if let Some(at) = which(number) {
            found[at].define(kind);
        }
    })?;
    skimmer.refs(|number, role, receiver| {
        if let Some(at) = which(number) {
            found[at].refer(role, receiver);
        }
    })?;
    // What comes next is how many there are.
    let globs = skimmer.input.number()? > 0;
    found.iter_mut().for_each(|found| found.globs = globs);
    Ok(())
}

/// The names by which the facts in the bytes lead to other files, by their numbers; some occur several times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// Modules.
    pub modules: Vec<u32>,
    /// Types that are extended.
    pub extended: Vec<u32>,
}

impl Links {
    /// Reads them from the bytes, instead of what was there.
    ///
    /// # Errors
    /// If the bytes are not those of facts.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), CorruptError> {
        self.modules.clear();
        self.extended.clear();
        let mut skimmer = Skimmer::new(bytes);
        skimmer.scopes()?;
        skimmer.defs(|_, _| ())?;
        skimmer.refs(|_, _, _| ())?;
        skimmer.rest(|number| self.extended.push(number))?;
        skimmer.modules(|number| self.modules.push(number))
    }
}
