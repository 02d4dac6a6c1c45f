//! The memory of a build: for what it has read, for what it makes of that, and for the parses in flight.

use super::gate::Gate;
use super::keeper::Unmet;
use super::scan::Found;
use crate::graph::EncodedFile;
use crate::lang::parse::PARSE_SCRATCH_PER_BYTE;
use crate::lang::scratch::SCRATCH_BYTES_MIN;

/// While a graph is frozen, its files, its columns and its map are there at once.
const FREEZE_FACTOR: u64 = 3;
/// Scratch for the parse of an ordinary file; each thread is given as much to start with.
const SCRATCH_PER_THREAD: u64 = (64 << 10) * PARSE_SCRATCH_PER_BYTE;
/// Some texts, which people seldom write, have trees of hundreds of bytes for each of theirs; up to so many times the
/// ordinary scratch is used for one if it is free.
const PATHOLOGICAL_FACTOR: u64 = 3;
/// A reservation grows by at least this much, so that it need not grow often.
const GROW_BYTES_MIN: u64 = 1 << 20;

/// The memory that a build may use.
pub trait Memory {
    /// Reserves `wanted` if that is free; else `needed`, or `least`, for which others are evicted. Says which.
    fn reserve(&mut self, wanted: u64, needed: u64, least: u64) -> Result<u64, Unmet>;
    /// Takes more if it is to be had at once, others being evicted for it. [`Unmet::Never`] if the build could not have
    /// it with all others gone.
    fn grow_now(&mut self, more: u64) -> Result<(), Unmet>;
    /// Asks for more.
    fn grow(&mut self, more: u64) -> Result<(), Unmet>;
    /// Gives back what is over.
    fn shrink_to(&mut self, bytes: u64);
}

/// The build's memory while files come in, the largest first.
pub struct Intake<'a> {
    memory: &'a mut dyn Memory,
    /// For what has been read, and for what is made of it.
    graph: u64,
    reserved: u64,
    /// For parses in flight; less as the files that are left get smaller.
    pub scratch: Gate,
    threads: u64,
    held: u64,
}

/// Scratch memory that reading a file takes: its text, its tree, its facts.
pub fn scratch_of(file: &Found) -> u64 {
    file.bytes * PARSE_SCRATCH_PER_BYTE
}

/// Scratch memory for a file whose tree has outgrown the ordinary amount.
pub fn scratch_most_of(file: &Found) -> u64 {
    scratch_of(file) * PATHOLOGICAL_FACTOR
}

/// What the tree may take of a file's scratch; the rest is for its text and its facts. A parser's own first bytes are
/// part of what a thread costs, like its stack.
pub fn tree_share(scratch: u64) -> usize {
    SCRATCH_BYTES_MIN + (scratch - scratch / 4) as usize
}

impl<'a> Intake<'a> {
    /// What a graph of so many bytes takes while it is made.
    pub fn frozen(bytes: u64) -> u64 {
        bytes.saturating_mul(FREEZE_FACTOR)
    }

    /// What a build of so much source takes at least, with a graph of so many bytes while it is made.
    pub fn least(source_bytes: u64, graph: u64) -> u64 {
        graph.saturating_add(SCRATCH_PER_THREAD.min(source_bytes.saturating_mul(PARSE_SCRATCH_PER_BYTE)))
    }

    /// Reserves for a graph of which `graph` bytes are expected, and for the parses of the files.
    pub fn start(
        threads: usize,
        files: &[Found],
        graph: u64,
        memory: &'a mut dyn Memory,
    ) -> Result<Intake<'a>, Unmet> {
        let threads = threads.min(files.len()).max(1) as u64;
        let largest = files.iter().map(scratch_of).max().unwrap_or(0);
        let all = files.iter().map(scratch_of).fold(0, u64::saturating_add);
        // An edit of one file is read as it would be among others, which have more scratch together.
        let all_wanted = if files.len() == 1 { all * PATHOLOGICAL_FACTOR } else { all };
        let wanted = (SCRATCH_PER_THREAD * threads).max(largest).min(all_wanted);
        let needed = SCRATCH_PER_THREAD.max(largest).min(all);
        let least = SCRATCH_PER_THREAD.min(all);
        let reserved = memory.reserve(graph + wanted, graph + needed, graph + least)?;
        Ok(Intake { memory, graph, reserved, scratch: Gate::new(reserved - graph), threads, held: 0 })
    }

    /// A file has come in and is held until the graph is frozen.
    pub fn took(&mut self, file: &EncodedFile) -> Result<(), Unmet> {
        self.held += file.heap_bytes() as u64;
        self.need(self.held + self.scratch.capacity())
    }

    /// Bytes of what has come in.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// No file that is left needs more scratch than this.
    pub fn left(&mut self, largest: u64) {
        let enough = (SCRATCH_PER_THREAD * self.threads).max(largest);
        if enough + GROW_BYTES_MIN < self.scratch.capacity() {
            self.scratch.set_capacity(enough);
            let kept = (self.graph.max(self.held) + enough).min(self.reserved);
            self.memory.shrink_to(kept);
            self.reserved = kept;
        }
    }

    /// Makes room for a parse that has not been admitted with the scratch that there was, if that can be done at once.
    pub fn room_for(&mut self, scratch: u64) -> Result<(), Unmet> {
        if scratch > self.scratch.capacity() {
            let bytes = self.graph.max(self.held) + scratch;
            if bytes > self.reserved {
                self.memory.grow_now(bytes - self.reserved)?;
                self.reserved = bytes;
            }
            self.scratch.set_capacity(scratch);
        }
        Ok(())
    }

    /// Parsing is over; what is held is about to be laid out anew.
    pub fn freezing(&mut self, bytes: u64) -> Result<(), Unmet> {
        self.need(Intake::frozen(bytes.max(self.held)))
    }

    fn need(&mut self, bytes: u64) -> Result<(), Unmet> {
        if bytes > self.reserved {
            let more = (bytes - self.reserved).max(GROW_BYTES_MIN);
            self.memory.grow(more)?;
            self.reserved += more;
        }
        Ok(())
    }
}
