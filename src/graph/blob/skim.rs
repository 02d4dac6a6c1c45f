//! Going over the bytes of facts without making facts of them.

use super::super::codec::{CorruptError, Reader};
use super::{Digits, ODD_LENGTH, Slot};
use crate::lang::facts::{DefKind, Role};

/// Steps over the bytes as [`decode`](super::decode) reads them, and tells of each item what its head says.
pub struct Skimmer<'a> {
    pub input: Reader<'a>,
    /// Names met so far.
    pub fresh_name: u32,
}

impl<'a> Skimmer<'a> {
    pub fn new(bytes: &'a [u8]) -> Skimmer<'a> {
        Skimmer { input: Reader::new(bytes), fresh_name: 0 }
    }

    #[inline]
    fn skip(&mut self, numbers: usize) -> Result<(), CorruptError> {
        for _ in 0..numbers {
            self.input.number()?;
        }
        Ok(())
    }

    /// Steps over a name; its number.
    #[inline]
    fn name(&mut self, new: bool) -> Result<u32, CorruptError> {
        let number = if new { self.fresh_name } else { self.input.u32()? };
        self.fresh_name += u32::from(new);
        Ok(number)
    }

    pub fn scopes(&mut self) -> Result<(), CorruptError> {
        for _ in 0..self.input.number()? {
            let mut head = Digits(self.input.byte()?);
            head.take(super::SCOPE_KINDS.len() as u8);
            let spelled = [head.slot(), head.slot()].iter().filter(|s| **s == Slot::Explicit).count();
            let parent = usize::from(!head.flag());
            self.skip(parent + 2 + spelled)?;
        }
        Ok(())
    }

    /// Tells each definition's name, by its number, and kind.
    #[inline]
    pub fn defs(&mut self, mut each: impl FnMut(u32, DefKind)) -> Result<(), CorruptError> {
        for _ in 0..self.input.number()? {
            let (name, kind) = self.def()?;
            each(name, kind);
        }
        Ok(())
    }

    /// Steps over one definition.
    #[inline]
    pub fn def(&mut self) -> Result<(u32, DefKind), CorruptError> {
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
        let name = self.name(new_name)?;
        let numbers = 1
            + usize::from(odd_length)
            + usize::from(!same_flags)
            + usize::from(!same_scope)
            + if name_only { 0 } else { 2 }
            + slots.iter().filter(|s| **s == Slot::Explicit).count();
        self.skip(numbers)?;
        Ok((name, kind))
    }

    /// Tells each reference's name, by its number, its role, and whether something stands before it.
    #[inline]
    pub fn refs(&mut self, mut each: impl FnMut(u32, Role, bool)) -> Result<(), CorruptError> {
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
            let name = self.name(new_name)?;
            each(name, role, receiver != Slot::None);
            let numbers =
                usize::from(!adjoins) + usize::from(!same_scope) + usize::from(receiver == Slot::Explicit);
            self.skip(numbers)?;
        }
        Ok(())
    }
}
