//! The interner: every distinct name of a graph once, by number.

use xxhash_rust::xxh3::xxh3_64;

use super::region::{Column, Region, RegionBuilder};
use crate::lang::facts::Name;

/// A growing interner: an arena of bytes, offsets, and an open-addressing table of numbers.
#[derive(Clone, Debug)]
pub struct NameTable {
    arena: Vec<u8>,
    /// Where each name starts; one more for the end of the last.
    offsets: Vec<u32>,
    /// Number plus one, 0 where free; a power of two long, at most three quarters full.
    table: Vec<u32>,
}

impl Default for NameTable {
    fn default() -> Self {
        NameTable { arena: Vec::new(), offsets: vec![0], table: Vec::new() }
    }
}

fn text_at<'a>(arena: &'a [u8], offsets: &[u32], index: usize) -> &'a str {
    let bytes =
        offsets.get(index).zip(offsets.get(index + 1)).and_then(|(a, b)| arena.get(*a as usize..*b as usize));
    bytes.and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default()
}

fn find(arena: &[u8], offsets: &[u32], table: &[u32], text: &str) -> Result<u32, usize> {
    if table.is_empty() {
        return Err(0);
    }
    let mask = table.len() - 1;
    let mut at = xxh3_64(text.as_bytes()) as usize & mask;
    loop {
        match table[at] {
            0 => return Err(at),
            number if text_at(arena, offsets, number as usize - 1) == text => return Ok(number - 1),
            _ => at = (at + 1) & mask,
        }
    }
}

impl NameTable {
    pub fn len(&self) -> u32 {
        self.offsets.len() as u32 - 1
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    pub fn text(&self, index: u32) -> &str {
        text_at(&self.arena, &self.offsets, index as usize)
    }
    pub fn find(&self, text: &str) -> Option<u32> {
        find(&self.arena, &self.offsets, &self.table, text).ok()
    }
    pub fn intern(&mut self, text: &str) -> u32 {
        if (self.len() as usize + 1) * 4 > self.table.len() * 3 {
            self.grow();
        }
        match find(&self.arena, &self.offsets, &self.table, text) {
            Ok(number) => number,
            Err(free) => {
                let number = self.len();
                self.arena.extend_from_slice(text.as_bytes());
                self.offsets.push(self.arena.len() as u32);
                self.table[free] = number + 1;
                number
            }
        }
    }
    fn grow(&mut self) {
        const FIRST_SLOTS: usize = 64;
        let slots = (self.table.len() * 2).max(FIRST_SLOTS);
        let mut table = vec![0; slots];
        for number in 0..self.len() {
            if let Err(free) = find(&self.arena, &self.offsets, &table, self.text(number)) {
                table[free] = number + 1;
            }
        }
        self.table = table;
    }
    /// Bytes held on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.arena.capacity() + (self.offsets.capacity() + self.table.capacity()) * size_of::<u32>()
    }

    pub(super) fn columns<'a>(&'a self, region: &mut RegionBuilder<'a>) -> NameColumns {
        NameColumns {
            arena: region.column(&self.arena),
            offsets: region.column(&self.offsets),
            table: region.column(&self.table),
        }
    }
}

/// The columns of a frozen interner.
#[derive(Debug, Default)]
pub(super) struct NameColumns {
    arena: Column,
    offsets: Column,
    table: Column,
}

impl NameColumns {
    pub fn len(&self, region: &Region) -> u32 {
        region.column::<u32>(&self.offsets).len() as u32 - 1
    }
    pub fn text<'a>(&self, region: &'a Region, name: Name) -> &'a str {
        text_at(region.column(&self.arena), region.column(&self.offsets), name.index())
    }
    pub fn find(&self, region: &Region, text: &str) -> Option<Name> {
        let (arena, offsets) = (region.column(&self.arena), region.column(&self.offsets));
        find(arena, offsets, region.column(&self.table), text).ok().map(Name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_those_of_first_sight(texts in prop::collection::vec("[a-c]{0,4}", 0..200)) {
            let mut table = NameTable::default();
            let mut model: HashMap<String, u32> = HashMap::new();
            for text in &texts {
                let next = model.len() as u32;
                let expected = *model.entry(text.clone()).or_insert(next);
                prop_assert_eq!(table.intern(text), expected);
            }
            for (text, number) in &model {
                prop_assert_eq!(table.find(text), Some(*number));
                prop_assert_eq!(table.text(*number), text);
            }
            prop_assert_eq!(table.find("absent"), None);
        }
    }
}
