//! Going over the bytes of facts without making facts of them.

use super::super::codec::{CorruptError, Reader};
use super::heads::{DEF_HEADS, DEF_SLOTS, REF_HEADS, SCOPE_HEADS};
use super::{ODD_LENGTH, Slot};
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
            let head = SCOPE_HEADS[usize::from(self.input.byte()?)];
            let spelled = usize::from(head.owner.is_explicit() + head.of.is_explicit());
            self.skip(usize::from(!head.next_to_parent) + 2 + spelled)?;
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
        let head = DEF_HEADS[usize::from(first)];
        let slots = DEF_SLOTS[usize::from(self.input.byte()?)];
        let name = self.name(head.new_name)?;
        let numbers = 1
            + usize::from(odd_length)
            + usize::from(!slots.same_flags)
            + usize::from(!head.same_scope)
            + if head.name_only { 0 } else { 2 }
            + usize::from(slots.explicit);
        self.skip(numbers)?;
        Ok((name, head.kind))
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
            let head = REF_HEADS[usize::from(byte)];
            let name = self.name(head.new_name)?;
            each(name, head.role, head.receiver != Slot::None);
            self.skip(usize::from(head.numbers))?;
        }
        Ok(())
    }
}
