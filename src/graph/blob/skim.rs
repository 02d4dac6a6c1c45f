//! Going over the bytes of facts without making facts of them.

use super::super::codec::{CorruptError, Reader};
use super::DefSketch;
use super::encode::LastDef;
use super::heads::{DefStart, REF_HEADS, SCOPE_HEADS};
use super::{ODD_LENGTH, Slot, tag};
use crate::lang::facts::{DefFlags, DefKind, Role, ScopeId};

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
        self.input.skip_numbers(numbers)
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
        let DefStart { odd_length, head, slots, .. } = DefStart::read(&mut self.input)?;
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

    /// Steps over one definition, telling what stands of it before its body.
    #[inline]
    pub fn def_sketch(&mut self, last: &mut LastDef) -> Result<DefSketch, CorruptError> {
        let DefStart { odd_length, head, slots, .. } = DefStart::read(&mut self.input)?;
        self.name(head.new_name)?;
        last.start = self.input.difference(last.start)?;
        // What is as long as its name is not empty.
        let named = !odd_length || self.input.u32()? > 0;
        let flags = &mut last.flags[head.kind as usize];
        if !slots.same_flags {
            *flags = DefFlags(u16::try_from(self.input.u32()?).map_err(|_| CorruptError::OutOfRange)?);
        }
        if !head.same_scope {
            last.scope = self.input.difference(last.scope)?;
        }
        self.skip(if head.name_only { 0 } else { 2 } + usize::from(slots.explicit))?;
        Ok(DefSketch {
            start: last.start,
            scope: ScopeId(last.scope),
            flags: *flags,
            kind: head.kind,
            apart: named && slots.terms[0] == Slot::None,
        })
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

    /// Steps over a name without a head; its number.
    fn bare_name(&mut self) -> Result<u32, CorruptError> {
        match self.input.u32()?.checked_sub(1) {
            None => self.name(true),
            Some(number) => Ok(number),
        }
    }

    /// Steps over what stands between references and terms; tells the name of each type that is extended, and that of the
    /// package.
    pub fn rest(&mut self, mut extended: impl FnMut(u32)) -> Result<Option<u32>, CorruptError> {
        for _ in 0..self.input.number()? {
            self.skip(2)?;
        }
        for _ in 0..self.input.number()? {
            extended(self.bare_name()?);
            self.skip(3)?;
            let implements = self.input.flag()?;
            self.skip(usize::from(implements))?;
        }
        for _ in 0..self.input.number()? {
            self.skip(2)?;
        }
        for _ in 0..self.input.number()? {
            self.skip(1)?;
            self.children()?;
        }
        for _ in 0..self.input.number()? {
            self.skip(1)?;
        }
        for _ in 1..self.input.number()? {
            self.bare_name()?;
        }
        Ok(if self.input.flag()? { Some(self.bare_name()?) } else { None })
    }

    fn children(&mut self) -> Result<(), CorruptError> {
        for _ in 0..self.input.number()? {
            self.skip(1)?;
        }
        Ok(())
    }

    /// Tells the name of each module.
    pub fn modules(&mut self, mut each: impl FnMut(u32)) -> Result<(), CorruptError> {
        for _ in 0..self.input.number()? {
            let byte = self.input.byte()?;
            match byte {
                tag::LITERAL.. => {}
                tag::SAME.. => {
                    self.skip(usize::from(byte & 1))?;
                    match byte & !1 {
                        tag::NTH | tag::MAP => self.skip(1)?,
                        tag::PAYLOAD | tag::ARGUMENT => self.skip(2)?,
                        tag::APPLY => self.children()?,
                        _ => {}
                    }
                }
                tag::UNKNOWN | tag::EXPORTS | tag::SELF_VALUE | tag::SELF_TYPE | tag::SUPER => {}
                tag::DEF | tag::OBJECT | tag::REF => self.skip(1)?,
                tag::UNION | tag::TUPLE => self.children()?,
                // The two tags of a module differ in whether its name is new.
                _ => each(self.name(byte == tag::MODULE)?),
            }
        }
        Ok(())
    }
}
