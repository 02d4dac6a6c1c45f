//! The interner: every distinct name of a graph once, by number.

use xxhash_rust::xxh3::xxh3_64;

use super::codec::CorruptError;

/// A growing interner: an arena of bytes, offsets, and an open-addressing table of numbers.
#[derive(Clone, Debug)]
pub struct NameTable {
    arena: Vec<u8>,
    /// Where each name starts; one more for the end of the last.
    offsets: Vec<u32>,
    /// Number plus one, 0 where free; at most three quarters full.
    slots: Vec<u32>,
}

impl Default for NameTable {
    fn default() -> Self {
        NameTable { arena: Vec::new(), offsets: vec![0], slots: Vec::new() }
    }
}

/// The columns of an interner, wherever they lie.
#[derive(Clone, Copy, Debug)]
pub struct NameColumns<'a> {
    pub arena: &'a [u8],
    pub offsets: &'a [u32],
    pub slots: &'a [u32],
}

impl<'a> NameColumns<'a> {
    pub fn len(self) -> u32 {
        (self.offsets.len() as u32).saturating_sub(1)
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The text of a name; empty if there is no such number.
    pub fn text(self, index: u32) -> &'a str {
        std::str::from_utf8(self.bytes(index)).unwrap_or_default()
    }

    /// The same without a look at whether it is text, which it is.
    pub fn bytes(self, index: u32) -> &'a [u8] {
        let index = index as usize;
        let ends = self.offsets.get(index).zip(self.offsets.get(index + 1));
        ends.and_then(|(a, b)| self.arena.get(*a as usize..*b as usize)).unwrap_or_default()
    }

    /// The length of a name in bytes.
    pub fn text_len(self, index: u32) -> u32 {
        self.bytes(index).len() as u32
    }

    pub fn find(self, text: &str) -> Option<u32> {
        self.probe(text.as_bytes()).ok()
    }

    /// Calls `found` with the number of every name that begins with these letters, which are ASCII, in whatever case.
    pub fn each_starting(self, letters: &[u8], mut found: impl FnMut(u32)) {
        // Nearly all names end at this comparison, so it is all that is done for them. Letters of both cases differ in this
        // bit; what else is alike but for it is told apart by the second comparison.
        const CASE: u8 = b'a' ^ b'A';
        let first = letters.first().map(|letter| letter | CASE);
        for (number, ends) in (0..).zip(self.offsets.windows(2)) {
            let (start, end) = (ends[0] as usize, ends[1] as usize);
            if first.is_some() && self.arena.get(start).map(|letter| letter | CASE) != first {
                continue;
            }
            let text = self.arena.get(start..end).unwrap_or_default();
            if text.get(..letters.len()).is_some_and(|text| text.eq_ignore_ascii_case(letters)) {
                found(number);
            }
        }
    }

    /// Whether every name is a text and every search ends.
    ///
    /// # Errors
    /// If not.
    pub fn check(self) -> Result<(), CorruptError> {
        let arena = std::str::from_utf8(self.arena).map_err(|_| CorruptError::NotText)?;
        let offsets = self.offsets.first() == Some(&0)
            && self.offsets.is_sorted()
            && self.offsets.last().is_some_and(|end| *end as usize == arena.len())
            && self.offsets.iter().all(|at| arena.is_char_boundary(*at as usize));
        let taken = self.slots.iter().filter(|s| **s != 0).count();
        let slots = self.slots.iter().all(|s| *s <= self.len())
            && taken == self.len() as usize
            && (self.slots.len() > taken || self.slots.is_empty());
        if offsets && slots { Ok(()) } else { Err(CorruptError::OutOfRange) }
    }

    /// The number of a name, or the free slot where it belongs.
    fn probe(self, text: &[u8]) -> Result<u32, usize> {
        let count = self.slots.len();
        if count == 0 {
            return Err(0);
        }
        // Maps the hash's upper half to a slot, whatever their number.
        let mut at = (((xxh3_64(text) >> 32) * count as u64) >> 32) as usize;
        loop {
            match self.slots[at] {
                0 => return Err(at),
                number if self.bytes(number - 1) == text => return Ok(number - 1),
                _ => at = if at + 1 == count { 0 } else { at + 1 },
            }
        }
    }
}

impl NameTable {
    pub fn columns(&self) -> NameColumns<'_> {
        NameColumns { arena: &self.arena, offsets: &self.offsets, slots: &self.slots }
    }

    pub fn intern(&mut self, text: &str) -> u32 {
        const FIRST_SLOTS: usize = 64;
        if (self.offsets.len()) * 4 > self.slots.len() * 3 {
            self.rehash((self.slots.len() * 2).max(FIRST_SLOTS));
        }
        match self.columns().probe(text.as_bytes()) {
            Ok(number) => number,
            Err(free) => {
                let number = self.columns().len();
                self.arena.extend_from_slice(text.as_bytes());
                self.offsets.push(self.arena.len() as u32);
                self.slots[free] = number + 1;
                number
            }
        }
    }

    /// Brings the table to the size that it is kept at when no more names come: five slots for four names.
    pub fn shrink_slots(&mut self) {
        let count = self.columns().len() as usize;
        self.rehash(count + count / 4 + 1);
    }

    fn rehash(&mut self, count: usize) {
        self.slots = vec![0; count];
        for number in 0..self.columns().len() {
            let columns = self.columns();
            if let Err(free) = columns.probe(columns.bytes(number)) {
                self.slots[free] = number + 1;
            }
        }
    }

    /// Bytes held on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.arena.capacity() + (self.offsets.capacity() + self.slots.capacity()) * size_of::<u32>()
    }

    /// Bytes of the names alone; numbers are 32 bits wide, so it stays below 4 GiB.
    pub fn text_bytes(&self) -> usize {
        self.arena.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_those_of_first_sight(texts in prop::collection::vec("[a-c]{0,4}", 0..200), shrink: bool) {
            let mut table = NameTable::default();
            let mut model: HashMap<String, u32> = HashMap::new();
            for text in &texts {
                let next = model.len() as u32;
                let expected = *model.entry(text.clone()).or_insert(next);
                prop_assert_eq!(table.intern(text), expected);
            }
            if shrink {
                table.shrink_slots();
            }
            for (text, number) in &model {
                prop_assert_eq!(table.columns().find(text), Some(*number));
                prop_assert_eq!(table.columns().text(*number), text);
            }
            prop_assert_eq!(table.columns().find("absent"), None);
            for letters in ["", "a", "Ab", "bCa", "_"] {
                let mut found = Vec::new();
                table.columns().each_starting(letters.as_bytes(), |number| found.push(number));
                let begins = |number: &u32| table.columns().text(*number).starts_with(&letters.to_lowercase());
                prop_assert_eq!(found, (0..table.columns().len()).filter(begins).collect::<Vec<_>>());
            }
            prop_assert_eq!(table.columns().len() as usize, model.len());
        }
    }
}
