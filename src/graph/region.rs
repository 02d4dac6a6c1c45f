//! One anonymous memory map that holds all frozen columns of a graph.
//!
//! Memory from the allocator mostly stays with the process when it is freed; a map goes back to the system the moment
//! it is dropped, and its size is exactly what is charged for it.

use std::io;
use std::ops::Range;

use bytemuck::Pod;
use memmap2::{Mmap, MmapMut};

/// Columns start at multiples of this, which suits every element type.
const ALIGN: usize = 8;

/// A column: where its elements lie in the region.
#[derive(Clone, Debug, Default)]
pub struct Column {
    bytes: Range<usize>,
}

/// Gathers columns, then lays them out in one map.
#[derive(Default)]
pub struct RegionBuilder<'a> {
    parts: Vec<&'a [u8]>,
    len: usize,
}

impl<'a> RegionBuilder<'a> {
    pub fn column<T: Pod>(&mut self, elements: &'a [T]) -> Column {
        let bytes: &[u8] = bytemuck::cast_slice(elements);
        let start = self.len.next_multiple_of(ALIGN);
        self.len = start + bytes.len();
        self.parts.push(bytes);
        Column { bytes: start..self.len }
    }

    /// # Errors
    /// If the system gives no memory.
    pub fn freeze(self) -> io::Result<Region> {
        let mut map = MmapMut::map_anon(self.len.max(1))?;
        let mut at: usize = 0;
        for part in self.parts {
            at = at.next_multiple_of(ALIGN);
            map[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        Ok(Region { map: map.make_read_only()? })
    }
}

/// Read-only memory of its own.
#[derive(Debug)]
pub struct Region {
    map: Mmap,
}

impl Region {
    pub fn column<T: Pod>(&self, column: &Column) -> &[T] {
        bytemuck::cast_slice(&self.map[column.bytes.clone()])
    }

    /// Bytes that the map takes from the system: whole pages.
    pub fn bytes(&self) -> usize {
        const PAGE: usize = 4096;
        self.map.len().next_multiple_of(PAGE)
    }
}
