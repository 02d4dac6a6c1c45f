//! How a file uses one name, read from its bytes without making facts of them.

use super::super::codec::{CorruptError, Reader};
use super::{Digits, ODD_LENGTH, Slot};
use crate::lang::facts::{DefKind, Facts, Name, Role};

/// The ways in which one name occurs in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// It names a definition that stands for itself.
    pub defined: bool,
    /// It is given to something else by an import or export.
    pub alias: bool,
    /// Two bits for each role: a reference without and with a receiver.
    refs: u32,
}

impl Mentions {
    /// The same, from facts.
    pub fn of(facts: &Facts, name: Name) -> Mentions {
        let mut mentions = Mentions::default();
        facts.defs.iter().filter(|d| d.name == name).for_each(|d| mentions.define(d.kind));
        for r in facts.refs.iter().filter(|r| r.name == name) {
            mentions.refer(r.role, r.recv.is_some());
        }
        mentions
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

/// How the facts in the bytes use a name, given its numbers: one that is made up beside one that is written has several.
///
/// # Errors
/// If the bytes are not those of facts.
pub fn mentions(bytes: &[u8], wanted: &[u32]) -> Result<Mentions, CorruptError> {
    let mut skimmer =
        Skimmer { input: Reader::new(bytes), fresh_name: 0, wanted, found: Mentions::default() };
    skimmer.scopes()?;
    skimmer.defs()?;
    skimmer.refs()?;
    Ok(skimmer.found)
}

/// Goes over the bytes as [`decode`](super::decode) does, and keeps nothing but what is asked for.
struct Skimmer<'a> {
    input: Reader<'a>,
    fresh_name: u32,
    wanted: &'a [u32],
    found: Mentions,
}

impl Skimmer<'_> {
    fn skip(&mut self, numbers: usize) -> Result<(), CorruptError> {
        for _ in 0..numbers {
            self.input.number()?;
        }
        Ok(())
    }

    /// Steps over a name; whether it is the one that is wanted.
    #[inline]
    fn name(&mut self, new: bool) -> Result<bool, CorruptError> {
        let number = if new { self.fresh_name } else { self.input.u32()? };
        self.fresh_name += u32::from(new);
        Ok(self.wanted.contains(&number))
    }

    fn scopes(&mut self) -> Result<(), CorruptError> {
        for _ in 0..self.input.number()? {
            let mut head = Digits(self.input.byte()?);
            head.take(super::SCOPE_KINDS.len() as u8);
            let spelled = [head.slot(), head.slot()].iter().filter(|s| **s == Slot::Explicit).count();
            let parent = usize::from(!head.flag());
            self.skip(parent + 2 + spelled)?;
        }
        Ok(())
    }

    fn defs(&mut self) -> Result<(), CorruptError> {
        for _ in 0..self.input.number()? {
            let mut first = self.input.byte()?;
            let odd_length = first == ODD_LENGTH;
            if odd_length {
                first = self.input.byte()?;
            }
            let mut head = Digits(first);
            let kind = DefKind::ALL[usize::from(head.take(DefKind::ALL.len() as u8))];
            let (same_scope, new_name, name_only) = (head.flag(), head.flag(), head.flag());
            let mut more = Digits(self.input.byte()?);
            let slots = [more.slot(), more.slot(), more.slot(), more.slot()];
            let same_flags = more.flag();
            if self.name(new_name)? {
                self.found.define(kind);
            }
            let numbers = 1
                + usize::from(odd_length)
                + usize::from(!same_flags)
                + usize::from(!same_scope)
                + if name_only { 0 } else { 2 }
                + slots.iter().filter(|s| **s == Slot::Explicit).count();
            self.skip(numbers)?;
        }
        Ok(())
    }

    fn refs(&mut self) -> Result<(), CorruptError> {
        for _ in 0..self.input.number()? {
            let mut byte = self.input.byte()?;
            if byte == ODD_LENGTH {
                self.skip(1)?;
                byte = self.input.byte()?;
            }
            let mut head = Digits(byte);
            let role = Role::ALL[usize::from(head.take(Role::ALL.len() as u8))];
            let receiver = head.slot();
            let (same_scope, new_name, adjoins) = (head.flag(), head.flag(), head.flag());
            if self.name(new_name)? {
                self.found.refer(role, receiver != Slot::None);
            }
            let numbers =
                usize::from(!adjoins) + usize::from(!same_scope) + usize::from(receiver == Slot::Explicit);
            self.skip(numbers)?;
        }
        Ok(())
    }
}
