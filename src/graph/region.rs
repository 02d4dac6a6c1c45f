//! Anonymous memory maps: one holds all frozen columns of a graph, others what a build gathers.
//!
//! Memory from the allocator mostly stays with the process when it is freed; a map goes back to the system the moment
//! it is dropped, and its size is exactly what is charged for it.

use std::io::{self, Read};
use std::ops::Range;

use bytemuck::Pod;
use memmap2::{Mmap, MmapMut};

/// Columns start at multiples of this, which suits every element type.
const ALIGN: usize = 8;

/// The unit in which the system gives memory; larger pages only make a charge too high.
const PAGE: usize = 4096;

/// Maps from this size on are asked for in huge pages where the system has them: their memory comes in hundreds of times
/// fewer faults. A map is as long as its contents still, so that it takes no more than before.
#[cfg(target_os = "linux")]
const HUGE_BYTES_MIN: usize = 4 << 20;

/// A column: where its elements lie in the region.
pub type Column = Range<usize>;

/// Gathers columns, then lays them out in one map.
#[derive(Default)]
pub struct RegionBuilder<'a> {
    parts: Vec<(usize, Part<'a>)>,
    len: usize,
}

enum Part<'a> {
    Borrowed(&'a [u8]),
    Scratch(Scratch),
}

impl<'a> RegionBuilder<'a> {
    pub fn column<T: Pod>(&mut self, elements: &'a [T]) -> Column {
        let bytes: &[u8] = bytemuck::cast_slice(elements);
        self.put(bytes.len(), Part::Borrowed(bytes))
    }

    /// A column that is given back piece by piece while it is laid out, so that it is hardly ever there twice.
    pub fn scratch(&mut self, scratch: Scratch) -> Column {
        self.put(scratch.len, Part::Scratch(scratch))
    }

    fn put(&mut self, len: usize, part: Part<'a>) -> Column {
        let start = self.len.next_multiple_of(ALIGN);
        self.len = start + len;
        self.parts.push((start, part));
        start..self.len
    }

    /// # Errors
    /// If the system gives no memory.
    pub fn freeze(self) -> io::Result<Region> {
        let mut map = mapped(self.len)?;
        for (start, part) in self.parts {
            match part {
                Part::Borrowed(bytes) => map[start..start + bytes.len()].copy_from_slice(bytes),
                Part::Scratch(scratch) => {
                    for chunk in scratch.chunks {
                        let at = start + chunk.start;
                        map[at..at + chunk.used].copy_from_slice(&chunk.map[..chunk.used]);
                    }
                }
            }
        }
        Ok(Region { map: map.make_read_only()?, len: self.len })
    }
}

/// Read-only memory of its own.
#[derive(Debug)]
pub struct Region {
    map: Mmap,
    len: usize,
}

impl Region {
    pub fn column<T: Pod>(&self, column: &Column) -> &[T] {
        bytemuck::cast_slice(&self.map[column.clone()])
    }

    /// All that was laid out.
    pub fn contents(&self) -> &[u8] {
        &self.map[..self.len]
    }

    /// Takes the next `len` bytes of the input for its contents.
    ///
    /// # Errors
    /// If the input ends before, or the system gives no memory.
    pub fn read(input: &mut impl Read, len: usize) -> io::Result<Region> {
        let mut map = mapped(len)?;
        input.read_exact(&mut map[..len])?;
        Ok(Region { map: map.make_read_only()?, len })
    }

    /// Whether the region has such a column, of whole elements.
    pub fn has<T: Pod>(&self, column: &Column) -> bool {
        let whole = column.start <= column.end && column.end <= self.len;
        whole && bytemuck::try_cast_slice::<u8, T>(&self.map[column.clone()]).is_ok()
    }

    /// Bytes that the map takes from the system: whole pages.
    pub fn bytes(&self) -> usize {
        self.map.len().next_multiple_of(PAGE)
    }

    /// The same of a region with contents of this length, before there is one.
    pub fn bytes_of(len: u64) -> u64 {
        len.max(1).checked_next_multiple_of(PAGE as u64).unwrap_or(u64::MAX)
    }
}

fn mapped(len: usize) -> io::Result<MmapMut> {
    let map = MmapMut::map_anon(len.max(1))?;
    #[cfg(target_os = "linux")]
    if len >= HUGE_BYTES_MIN {
        // A system that has none goes on with small ones.
        let _ = map.advise(memmap2::Advice::HugePage);
    }
    Ok(map)
}

/// Bytes that a build gathers, in maps of growing size; pieces stay where they were put.
#[derive(Debug, Default)]
pub struct Scratch {
    chunks: Vec<Chunk>,
    len: usize,
}

#[derive(Debug)]
struct Chunk {
    map: MmapMut,
    /// Where its first byte stands among those of all chunks.
    start: usize,
    used: usize,
}

/// The first chunk is small, for most folders are; the others are as large as all before them, up to a bound at which
/// giving one back while columns are laid out is still fine-grained.
const CHUNK_BYTES_MIN: usize = 64 << 10;
const CHUNK_BYTES_MAX: usize = 1 << 20;

impl Scratch {
    /// Puts the pieces next to each other behind all others; returns where the first one starts.
    ///
    /// # Errors
    /// If the system gives no memory.
    pub fn append(&mut self, pieces: &[&[u8]]) -> io::Result<usize> {
        let len = pieces.iter().map(|p| p.len()).sum();
        let fits = self.chunks.last().is_some_and(|c| c.map.len() - c.used >= len);
        if !fits {
            let size = self.len.clamp(CHUNK_BYTES_MIN, CHUNK_BYTES_MAX).max(len).next_multiple_of(PAGE);
            self.chunks.push(Chunk { map: MmapMut::map_anon(size)?, start: self.len, used: 0 });
        }
        let start = self.len;
        if let Some(chunk) = self.chunks.last_mut() {
            for piece in pieces {
                chunk.map[chunk.used..chunk.used + piece.len()].copy_from_slice(piece);
                chunk.used += piece.len();
            }
        }
        self.len += len;
        Ok(start)
    }

    /// What was put there by one [`append`](Self::append), or a part of it.
    pub fn get(&self, start: usize, len: usize) -> &[u8] {
        let chunk = &self.chunks[self.chunks.partition_point(|c| c.start <= start) - 1];
        &chunk.map[start - chunk.start..start - chunk.start + len]
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// Bytes taken from the system: pages that were never written to are not.
    pub fn bytes(&self) -> usize {
        self.chunks.iter().map(|c| c.used.next_multiple_of(PAGE)).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn columns_hold_what_was_put_into_them(
            numbers in prop::collection::vec(any::<u64>(), 0..20),
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50_000), 0..20),
        ) {
            let mut scratch = Scratch::default();
            let mut places = Vec::new();
            for piece in &pieces {
                places.push(scratch.append(&[piece, b"tail"]).unwrap());
            }
            for (place, piece) in places.iter().zip(&pieces) {
                prop_assert_eq!(scratch.get(*place, piece.len()), &piece[..]);
            }
            let odd = [1u8, 2, 3];
            let mut builder = RegionBuilder::default();
            let (first, second) = (builder.column(&odd), builder.column(&numbers));
            let third = builder.scratch(scratch);
            let region = builder.freeze().unwrap();
            prop_assert_eq!(region.column::<u8>(&first), &odd[..]);
            prop_assert_eq!(region.column::<u64>(&second), &numbers[..]);
            let bytes = region.column::<u8>(&third);
            for (place, piece) in places.iter().zip(&pieces) {
                prop_assert_eq!(&bytes[*place..place + piece.len()], &piece[..]);
            }
        }
    }
}
