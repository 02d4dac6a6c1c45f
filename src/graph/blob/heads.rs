//! What the first bytes of items say, for each byte: told by a table, as taking a byte apart is most of reading it.

use super::super::codec::{CorruptError, Reader};
use super::{ODD_LENGTH, SCOPE_KINDS, Slot};
use crate::lang::facts::{DefKind, Role, ScopeKind};

/// Several small choices in one byte, as digits of a number in mixed base.
struct Digits(u8);

impl Digits {
    const fn take(&mut self, base: u8) -> u8 {
        let digit = self.0 % base;
        self.0 /= base;
        digit
    }
    const fn flag(&mut self) -> bool {
        self.take(2) != 0
    }
    const fn slot(&mut self) -> Slot {
        match self.take(Slot::COUNT) {
            0 => Slot::None,
            1 => Slot::Next,
            _ => Slot::Explicit,
        }
    }
    /// Whether the byte said nothing more.
    const fn is_done(&self) -> bool {
        self.0 == 0
    }
}

/// A table with an entry for each byte.
macro_rules! table {
    ($name:ident: $entry:ident by $read:expr) => {
        pub static $name: [$entry; 256] = {
            let mut table = [$read(0); 256];
            let mut byte = 1;
            while byte < 256 {
                table[byte] = $read(byte as u8);
                byte += 1;
            }
            table
        };
    };
}

#[derive(Clone, Copy)]
pub struct ScopeHead {
    pub kind: ScopeKind,
    pub owner: Slot,
    pub of: Slot,
    pub next_to_parent: bool,
    pub valid: bool,
}

const fn scope_head(byte: u8) -> ScopeHead {
    let mut head = Digits(byte);
    let kind = SCOPE_KINDS[head.take(SCOPE_KINDS.len() as u8) as usize];
    let (owner, of) = (head.slot(), head.slot());
    let next_to_parent = head.flag();
    ScopeHead { kind, owner, of, next_to_parent, valid: head.is_done() }
}

table!(SCOPE_HEADS: ScopeHead by scope_head);

/// The first byte of a definition.
#[derive(Clone, Copy)]
pub struct DefHead {
    pub kind: DefKind,
    pub same_scope: bool,
    pub new_name: bool,
    pub name_only: bool,
    pub valid: bool,
}

const fn def_head(byte: u8) -> DefHead {
    let mut head = Digits(byte);
    let kind = DefKind::ALL[head.take(DefKind::ALL.len() as u8) as usize];
    let (same_scope, new_name, name_only) = (head.flag(), head.flag(), head.flag());
    DefHead { kind, same_scope, new_name, name_only, valid: head.is_done() }
}

table!(DEF_HEADS: DefHead by def_head);

/// The second byte of a definition.
#[derive(Clone, Copy)]
pub struct DefSlots {
    pub body: Slot,
    /// What it is of, its type, its initialiser.
    pub terms: [Slot; 3],
    /// How many of all these are spelled out.
    pub explicit: u8,
    pub same_flags: bool,
    pub valid: bool,
}

const fn def_slots(byte: u8) -> DefSlots {
    let mut head = Digits(byte);
    let body = head.slot();
    let terms = [head.slot(), head.slot(), head.slot()];
    let explicit =
        body.is_explicit() + terms[0].is_explicit() + terms[1].is_explicit() + terms[2].is_explicit();
    let same_flags = head.flag();
    DefSlots { body, terms, explicit, same_flags, valid: head.is_done() }
}

table!(DEF_SLOTS: DefSlots by def_slots);

/// What a definition begins with.
#[derive(Clone, Copy)]
pub struct DefStart {
    pub first: u8,
    /// Its name's span is not as long as the name's text.
    pub odd_length: bool,
    pub head: DefHead,
    pub slots: DefSlots,
}

impl DefStart {
    #[inline(always)]
    pub fn read(input: &mut Reader<'_>) -> Result<DefStart, CorruptError> {
        let mut first = input.byte()?;
        let odd_length = first == ODD_LENGTH;
        if odd_length {
            first = input.byte()?;
        }
        let (head, slots) = (DEF_HEADS[usize::from(first)], DEF_SLOTS[usize::from(input.byte()?)]);
        Ok(DefStart { first, odd_length, head, slots })
    }
}

#[derive(Clone, Copy)]
pub struct RefHead {
    pub role: Role,
    pub receiver: Slot,
    pub same_scope: bool,
    pub new_name: bool,
    pub adjoins: bool,
    /// How many numbers follow besides the name's.
    pub numbers: u8,
    pub valid: bool,
}

const fn ref_head(byte: u8) -> RefHead {
    let mut head = Digits(byte);
    let role = Role::ALL[head.take(Role::ALL.len() as u8) as usize];
    let receiver = head.slot();
    let (same_scope, new_name, adjoins) = (head.flag(), head.flag(), head.flag());
    let numbers = !adjoins as u8 + !same_scope as u8 + receiver.is_explicit();
    RefHead { role, receiver, same_scope, new_name, adjoins, numbers, valid: head.is_done() }
}

table!(REF_HEADS: RefHead by ref_head);
