//! Parsing where nothing outlives the reading: the parser's memory is a scratch arena, counted and capped.
//!
//! tree-sitter asks for memory several times for each node. Here it takes it from one map of the thread's own, in which
//! an allocation is an addition and the whole tree is dropped by starting anew. Trees that are kept (those of open
//! documents) come from the system's allocator, as ever.
//!
//! The system's allocator, which everything else uses, is told from here to hold on to little: [`hold_little`], [`purge`].
//!
//! This is the only module with `unsafe` code. What it relies on:
//!
//! - The allocator is installed before the first parser is made, once, and never taken back. Its four functions give
//!   pointers of one arena or of the system's allocator, and tell them apart by address: an arena's map stays where it is
//!   for as long as one of its pointers is in use.
//! - An arena is entered only while tree-sitter makes, runs or drops a parser or a tree of [`InScratch`], never while
//!   foreign code runs. So everything that has memory of an arena belongs to that one value, which is gone before the
//!   arena is used again; its tree is lent as a [`TreeRef`], which has no way to an owned tree.
//! - The trees of fragments that are parsed while the tree is read are lent in the same way, and gone before it is.
//! - An arena belongs to one thread at a time, and only the thread that has entered it finds it.
//! - What is told to the system's allocator changes where memory comes from and when it goes back, never what is in it.
#![allow(unsafe_code, reason = "allocators are C functions")]

use std::alloc::{Layout, handle_alloc_error};
use std::cell::Cell;
use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::Once;

use memmap2::MmapMut;

mod fragments;

use super::LangId;
use super::parse::{ParseError, ParseLimits, TreeRef, patches_of, run};
use super::patch::{Patch, patched};
pub(super) use fragments::{FragmentParser, FragmentTrees, Place, Room};

/// What any parser takes, however short its text.
pub const SCRATCH_BYTES_MIN: usize = 256 << 10;

/// Memory that a parser keeps from one text to the next: as much as most texts take, so that few ask the system for any.
pub const SCRATCH_BYTES_KEPT: usize = 4 << 20;

/// Allocations start at multiples of this, as C wants it of any allocator.
const ALIGN: usize = 16;
/// In front of each allocation stands the size of its block.
const HEADER: usize = size_of::<usize>();
/// Blocks up to this size have a list of freed ones for each multiple of [`ALIGN`].
const SMALL_BYTES_MAX: usize = 1024;
const SMALL_CLASSES: usize = SMALL_BYTES_MAX / ALIGN + 1;
/// Larger ones have four sizes for each power of two.
const CLASSES: usize = SMALL_CLASSES + 4 * (usize::BITS - SMALL_BYTES_MAX.ilog2()) as usize;

/// A parser for every language whose trees are gone after they have been read; one per thread.
#[derive(Default)]
pub struct ScratchParser {
    arena: Option<Box<Arena>>,
    bytes_max: usize,
    /// There is no more for a text that needs it.
    is_last: bool,
}

impl ScratchParser {
    pub fn new() -> ScratchParser {
        ScratchParser::default()
    }

    /// So much memory may the parses to come take, those of fragments included.
    pub fn admit(&mut self, bytes_max: usize) {
        (self.bytes_max, self.is_last) = (bytes_max, false);
    }

    /// The same for a text that cannot have more: a fragment for which there is no room is left unread, and the rest is
    /// taken as it is.
    pub fn admit_at_most(&mut self, bytes_max: usize) {
        (self.bytes_max, self.is_last) = (bytes_max, true);
    }

    /// Gives back what is kept for the next text.
    pub fn release(&mut self) {
        self.arena = None;
    }

    /// Bytes that the last parse has taken, if they have been kept.
    pub fn used(&self) -> usize {
        self.arena.as_ref().map_or(0, |arena| arena.most.get())
    }

    /// Parses the text and reads the tree while it is there.
    ///
    /// # Errors
    /// Those of any parse, and [`ParseError::Memory`] if it needs more than has been admitted.
    pub fn read<T>(
        &mut self,
        lang: LangId,
        text: &str,
        limits: &ParseLimits<'_>,
        read: impl FnOnce(TreeRef<'_>) -> T,
    ) -> Result<T, ParseError> {
        let is_last = self.is_last;
        let arena = self.arena()?;
        let mut parse = InScratch::new(arena, lang);
        let mut outcome = parse.run(lang, text, limits).map(|()| read(parse.tree()));
        drop(parse);
        if outcome.is_ok() && arena.spilled.get() > 0 && !is_last {
            // What has been read may be without some fragments.
            outcome = Err(ParseError::Memory(arena.limit));
        }
        if self.used() > SCRATCH_BYTES_KEPT {
            self.arena = None;
        }
        outcome
    }

    /// The arena, empty.
    fn arena(&mut self) -> Result<&Arena, ParseError> {
        let bytes = self.bytes_max.max(SCRATCH_BYTES_MIN);
        let mut arena = match self.arena.take() {
            Some(arena) if arena.map.len() >= bytes => arena,
            small => {
                drop(small);
                let arena = Arena::new(bytes.max(SCRATCH_BYTES_KEPT));
                Box::new(arena.map_err(|_| ParseError::Memory(bytes))?)
            }
        };
        arena.reset(bytes);
        Ok(self.arena.insert(arena))
    }
}

/// A parser and its tree, all of whose memory is the arena's, or spilled from it.
struct InScratch<'a> {
    arena: &'a Arena,
    parser: ManuallyDrop<tree_sitter::Parser>,
    tree: Option<ManuallyDrop<tree_sitter::Tree>>,
    patches: Box<[Patch]>,
}

impl<'a> InScratch<'a> {
    fn new(arena: &'a Arena, lang: LangId) -> Self {
        install();
        let language = (lang.pack().grammar)();
        let entered = Entered::new(arena);
        let mut parser = tree_sitter::Parser::new();
        parser.set_language(&language).expect("every grammar in the registry loads (tested)");
        drop(entered);
        InScratch { arena, parser: ManuallyDrop::new(parser), tree: None, patches: Box::default() }
    }

    fn run(&mut self, lang: LangId, text: &str, limits: &ParseLimits<'_>) -> Result<(), ParseError> {
        self.patches = patches_of(lang, text);
        let seen = patched(text, &self.patches);
        let _entered = Entered::new(self.arena);
        let full = || (self.arena.spilled.get() > 0).then_some(ParseError::Memory(self.arena.limit));
        let tree = run(&mut self.parser, seen.as_deref().unwrap_or(text), None, limits, full)?;
        self.tree = Some(ManuallyDrop::new(tree));
        Ok(())
    }

    fn tree(&self) -> TreeRef<'_> {
        let tree = self.tree.as_ref().expect("a parse that has succeeded leaves a tree");
        TreeRef { place: Place::of(self.arena), ..TreeRef::new(tree, &self.patches) }
    }
}

impl Drop for InScratch<'_> {
    fn drop(&mut self) {
        let _entered = Entered::new(self.arena);
        if let Some(tree) = &mut self.tree
            && self.arena.spilled.get() > 0
        {
            // Otherwise all of it is the arena's, which forgets it as a whole.
            // SAFETY: it is not used after this.
            unsafe { ManuallyDrop::drop(tree) };
        }
        // A grammar's scanner may have memory that is not the arena's.
        // SAFETY: it is not used after this.
        unsafe { ManuallyDrop::drop(&mut self.parser) };
    }
}

/// While it lives, what tree-sitter asks for on this thread comes from the arena.
struct Entered(*const Arena);

impl Entered {
    fn new(arena: &Arena) -> Entered {
        Entered(CURRENT.replace(ptr::from_ref(arena)))
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

thread_local! {
    /// The arena that this thread has entered, or null.
    static CURRENT: Cell<*const Arena> = const { Cell::new(ptr::null()) };
    /// What this thread has had of the system's allocator for tree-sitter, less what it has given back: of others, too.
    static TAKEN: Cell<i64> = const { Cell::new(0) };
}

/// A measure of what this thread has of the system's allocator for trees: its growth is what has been taken since.
pub(super) fn taken() -> i64 {
    TAKEN.get()
}

/// Counts a block of the system's allocator in; `sign` is -1 for one that is about to go.
fn count(block: *mut c_void, sign: i64) {
    #[cfg(target_os = "linux")]
    if !block.is_null() {
        // SAFETY: the block is one of the system's allocator, and in use.
        let bytes = unsafe { libc::malloc_usable_size(block) };
        // A thread that is ending has nothing to count for.
        let _ = TAKEN.try_with(|taken| taken.set(taken.get() + sign * bytes as i64));
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (block, sign);
}

/// Memory that is handed out from its start on. Freed blocks are handed out again to those who ask for their size.
struct Arena {
    map: MmapMut,
    base: *mut u8,
    /// So much of the map may be used.
    limit: usize,
    /// Where the next new block starts: [`HEADER`] below a multiple of [`ALIGN`].
    top: Cell<usize>,
    /// The furthest that it has come.
    most: Cell<usize>,
    /// By class, the freed block on top of its list; its first word is the next one's address.
    free: [Cell<*mut u8>; CLASSES],
    /// Bytes that were asked of the system's allocator because there was no room.
    spilled: Cell<usize>,
}

// SAFETY: all pointers of an arena point into its own map.
unsafe impl Send for Arena {}

impl Arena {
    fn new(bytes: usize) -> std::io::Result<Arena> {
        let mut map = MmapMut::map_anon(bytes)?;
        let base = map.as_mut_ptr();
        let free = [const { Cell::new(ptr::null_mut()) }; CLASSES];
        let (top, most, spilled) = (Cell::new(0), Cell::new(0), Cell::new(0));
        Ok(Arena { map, base, limit: 0, top, most, free, spilled })
    }

    /// Forgets all blocks; up to `limit` bytes are handed out from now on.
    fn reset(&mut self, limit: usize) {
        self.limit = limit.min(self.map.len());
        self.top.set(ALIGN - HEADER);
        self.most.set(0);
        self.free.iter().for_each(|list| list.set(ptr::null_mut()));
        self.spilled.set(0);
    }

    fn holds(&self, block: *mut u8) -> bool {
        (block as usize).wrapping_sub(self.base as usize) < self.map.len()
    }

    /// Room for `size` bytes, or null if there is none.
    fn allocate(&self, size: usize) -> *mut u8 {
        let Some((bytes, class)) = block_for(size) else { return ptr::null_mut() };
        let list = &self.free[class];
        let freed = list.get();
        if !freed.is_null() {
            // SAFETY: a freed block is one of the arena's, and its first word was written when it was freed.
            list.set(unsafe { freed.cast::<*mut u8>().read() });
            return freed;
        }
        let start = self.top.get();
        if bytes > self.limit - start {
            return ptr::null_mut();
        }
        self.set_top(start + bytes);
        // SAFETY: the block lies in the map, and its header at a multiple of its size.
        unsafe {
            self.base.add(start).cast::<usize>().write(bytes);
            self.base.add(start + HEADER)
        }
    }

    /// # Safety
    /// The block is one of this arena's in use; it is not used after this.
    unsafe fn release(&self, block: *mut u8) {
        // SAFETY: every block has a header.
        let bytes = unsafe { size_of_block(block) };
        let start = block as usize - HEADER - self.base as usize;
        if start + bytes == self.top.get() {
            self.top.set(start);
            return;
        }
        let list = &self.free[class_of(bytes)];
        // SAFETY: a block has room for an address at least, and nobody else uses it any more.
        unsafe { block.cast::<*mut u8>().write(list.get()) };
        list.set(block);
    }

    /// The block with room for `size` bytes, or another one with the same contents; null if there is no room, and then
    /// the block stays as it is.
    ///
    /// # Safety
    /// The block is one of this arena's in use; if another one is given, it is not used after this.
    unsafe fn resize(&self, block: *mut u8, size: usize) -> *mut u8 {
        // SAFETY: every block has a header.
        let bytes = unsafe { size_of_block(block) };
        if size <= bytes - HEADER {
            return block;
        }
        let start = block as usize - HEADER - self.base as usize;
        if start + bytes == self.top.get() {
            // The last block grows where it is.
            let Some((more, _)) = block_for(size) else { return ptr::null_mut() };
            if more <= self.limit - start {
                self.set_top(start + more);
                // SAFETY: this is the block's header.
                unsafe { self.base.add(start).cast::<usize>().write(more) };
                return block;
            }
        }
        let other = self.allocate(size);
        if !other.is_null() {
            // SAFETY: both are blocks of their own, the other one being larger.
            unsafe {
                ptr::copy_nonoverlapping(block, other, bytes - HEADER);
                self.release(block);
            }
        }
        other
    }

    fn set_top(&self, top: usize) {
        self.top.set(top);
        self.most.set(self.most.get().max(top));
    }
}

/// # Safety
/// It is a block of an arena.
unsafe fn size_of_block(block: *mut u8) -> usize {
    // SAFETY: the size was written there when the block was made.
    unsafe { block.sub(HEADER).cast::<usize>().read() }
}

/// Size and class of the block for an allocation; `None` if no block is so large.
fn block_for(size: usize) -> Option<(usize, usize)> {
    let least = size.checked_add(HEADER + ALIGN - 1)? & !(ALIGN - 1);
    if least <= SMALL_BYTES_MAX {
        return Some((least.max(ALIGN), least.max(ALIGN) / ALIGN));
    }
    let step = 1usize << ((least - 1).ilog2() - 2);
    let bytes = least.checked_add(step - 1)? & !(step - 1);
    Some((bytes, class_of(bytes)))
}

/// The class of a block of one of the sizes that [`block_for`] gives.
fn class_of(bytes: usize) -> usize {
    if bytes <= SMALL_BYTES_MAX {
        return bytes / ALIGN;
    }
    let power = (bytes - 1).ilog2();
    let quarter = ((bytes - 1) >> (power - 2)) & 3;
    SMALL_CLASSES + 4 * (power - SMALL_BYTES_MAX.ilog2()) as usize + quarter
}

/// Sees to it that tree-sitter takes its memory here. To be called before any parser is made.
pub(super) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // SAFETY: the four functions are one allocator, nothing of tree-sitter is alive before the first parser, and
        // `Once` lets no other thread go on before it is done.
        unsafe {
            tree_sitter::set_allocator(Some(tree_sitter::Allocator { malloc, calloc, realloc, free }));
        }
    });
}

/// Heaps that threads share; with one for each thread, each holds on to what its own busiest moment took.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAPS_MAX: libc::c_int = 2;
/// From this size on an allocation is a map of its own, which goes back when it is freed. Left to itself the allocator
/// raises this to what was once freed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const OWN_MAP_BYTES_MIN: libc::c_int = 128 << 10;

/// Has the system's allocator hold on to little of what is freed. To be called before there are threads.
pub fn hold_little() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: these are parameters of the allocator, in their range; one that is refused stays as it was.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, HEAPS_MAX);
        libc::mallopt(libc::M_MMAP_THRESHOLD, OWN_MAP_BYTES_MIN);
        libc::mallopt(libc::M_TRIM_THRESHOLD, OWN_MAP_BYTES_MIN);
    }
}

/// What the system's allocator takes for a piece of so many bytes: a word more, in steps of two, and four at least.
pub const fn piece_bytes(bytes: usize) -> usize {
    const WORD: usize = size_of::<usize>();
    let taken = (bytes + WORD).next_multiple_of(2 * WORD);
    if taken < 4 * WORD { 4 * WORD } else { taken }
}

/// The same of something that is shared by counted pointers, its counts included.
pub const fn shared_bytes<T>() -> usize {
    piece_bytes(2 * size_of::<usize>() + size_of::<T>())
}

/// Gives what is free in the system's allocator back to the system. Takes some milliseconds.
pub fn purge() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it may be called at any time, from any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Bytes that the system's allocator has handed out, and bytes that it keeps for the next who ask; as far as it tells.
/// Of the latter it may have given pages back to the system.
pub fn allocated() -> (u64, u64) {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: it may be called at any time, from any thread.
        let info = unsafe { libc::mallinfo() };
        // Sums that have outgrown the field's sign are still right up to 4 GiB.
        let bytes = |field: libc::c_int| u64::from(field.cast_unsigned());
        (bytes(info.uordblks) + bytes(info.hblkhd), bytes(info.fordblks))
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    (0, 0)
}

/// The arena that this thread has entered.
fn current<'a>() -> Option<&'a Arena> {
    // SAFETY: what is entered is borrowed until it is left, by `Entered` on this thread's stack; the reference is used
    // only inside one call of the allocator.
    unsafe { CURRENT.get().as_ref() }
}

/// Says that memory of the system's allocator is used in an arena's place.
fn spill(size: usize) {
    if let Some(arena) = current() {
        arena.spilled.set(arena.spilled.get().saturating_add(size.max(1)));
    }
}

/// The system's answer; like tree-sitter's own allocator this ends the process where the system has nothing left.
fn given(block: *mut c_void, size: usize) -> *mut c_void {
    if block.is_null() && size > 0 {
        handle_alloc_error(Layout::from_size_align(size, ALIGN).unwrap_or(Layout::new::<usize>()));
    }
    count(block, 1);
    block
}

unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    if let Some(arena) = current() {
        let block = arena.allocate(size);
        if !block.is_null() {
            return block.cast();
        }
        spill(size);
    }
    // SAFETY: any size may be asked for.
    given(unsafe { libc::malloc(size) }, size)
}

unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    if let (Some(arena), Some(bytes)) = (current(), count.checked_mul(size)) {
        let block = arena.allocate(bytes);
        if !block.is_null() {
            // SAFETY: the block has room for so many bytes.
            unsafe { block.write_bytes(0, bytes) };
            return block.cast();
        }
        spill(bytes);
    }
    // SAFETY: any size may be asked for.
    given(unsafe { libc::calloc(count, size) }, count.saturating_mul(size))
}

unsafe extern "C" fn realloc(block: *mut c_void, size: usize) -> *mut c_void {
    if block.is_null() {
        // SAFETY: as for `malloc`.
        return unsafe { malloc(size) };
    }
    if let Some(arena) = current() {
        if arena.holds(block.cast()) {
            // SAFETY: an address in the arena is one of its blocks.
            let moved = unsafe { arena.resize(block.cast(), size) };
            if !moved.is_null() {
                return moved.cast();
            }
            spill(size);
            // SAFETY: the new block is larger than the old one, which is left behind.
            unsafe {
                let other = given(libc::malloc(size), size);
                let bytes = size_of_block(block.cast()) - HEADER;
                ptr::copy_nonoverlapping(block.cast::<u8>(), other.cast(), bytes);
                arena.release(block.cast());
                return other;
            }
        }
        spill(size);
    }
    count(block, -1);
    // SAFETY: what is not an arena's is the system's.
    given(unsafe { libc::realloc(block, size) }, size)
}

unsafe extern "C" fn free(block: *mut c_void) {
    match current() {
        // SAFETY: an address in the arena is one of its blocks.
        Some(arena) if arena.holds(block.cast()) => unsafe { arena.release(block.cast()) },
        _ => {
            count(block, -1);
            // SAFETY: what is not an arena's is the system's.
            unsafe { libc::free(block) }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use proptest::prelude::*;

    use super::super::{Parser, extract};
    use super::*;

    const TEXT: &str = "def f(a, b):\n    return [a(b), {'k': b.c}]\n";

    fn python() -> LangId {
        LangId::of_language_id("python").unwrap()
    }

    fn admitted(bytes: usize) -> ScratchParser {
        let mut parser = ScratchParser::new();
        parser.admit(bytes);
        parser
    }

    #[test]
    fn facts_are_those_of_a_kept_tree() {
        let mut scratch = admitted(8 << 20);
        for round in 0..3 {
            for lang in LangId::all() {
                let text = "((a.b + [c] \"d\nfor class x { y: z }".repeat(1 + 40 * round);
                let limits = ParseLimits::default();
                let kept = Parser::new().parse(lang, &text, None, &limits).unwrap();
                let there = scratch.read(lang, &text, &limits, |tree| {
                    // A tree that is made meanwhile is the caller's to keep.
                    let other = Parser::new().parse(lang, &text, None, &limits).unwrap();
                    (extract(lang, tree, &text), other)
                });
                let (facts, other) = there.unwrap();
                assert_eq!(facts, extract(lang, kept.read(), &text), "{}", lang.name());
                assert_eq!(facts, extract(lang, other.read(), &text), "{}", lang.name());
            }
        }
    }

    #[test]
    fn a_parse_that_needs_more_than_was_admitted_is_stopped() {
        let text = TEXT.repeat(2_000);
        let mut parser = admitted(SCRATCH_BYTES_MIN);
        let nodes = |parser: &mut ScratchParser| {
            parser.read(python(), &text, &ParseLimits::default(), |tree| tree.root.descendant_count())
        };
        assert_eq!(nodes(&mut parser), Err(ParseError::Memory(SCRATCH_BYTES_MIN)));
        parser.admit_at_most(text.len() * 130);
        let kept = Parser::new().parse(python(), &text, None, &ParseLimits::default()).unwrap();
        assert_eq!(nodes(&mut parser), Ok(kept.node_count()));
        assert_eq!(parser.used(), 0, "more than is kept goes back at once");
    }

    #[test]
    fn trees_of_fragments_are_counted_with_the_text_and_left_out_where_there_is_no_room() {
        let rust = LangId::of_language_id("rust").unwrap();
        let text = format!("fn f() {{ m!({{ {} }}); }}\n", "let x = g(a.b, [c, d]); ".repeat(400));
        let kept = extract(
            rust,
            Parser::new().parse(rust, &text, None, &ParseLimits::default()).unwrap().read(),
            &text,
        );
        let mut parser = ScratchParser::new();
        let mut read = |bytes: usize, is_last: bool| {
            match is_last {
                true => parser.admit_at_most(bytes),
                false => parser.admit(bytes),
            }
            let facts = parser.read(rust, &text, &ParseLimits::default(), |tree| extract(rust, tree, &text));
            (facts, parser.used())
        };
        let (facts, used) = read(4 << 20, false);
        assert_eq!(facts.unwrap(), kept);
        // For the tokens alone there is room.
        let tight = used - used / 8;
        assert!(tight > SCRATCH_BYTES_MIN, "{used}");
        assert_eq!(read(tight, false).0, Err(ParseError::Memory(tight)));
        let (part, used) = read(tight, true);
        assert!(used <= tight && part.is_ok_and(|part| part != kept));
    }

    #[test]
    fn memory_is_used_again_and_a_reader_that_panics_takes_none_along() {
        let mut parser = admitted(1 << 20);
        let mut used = Vec::new();
        for _ in 0..50 {
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                parser.read(python(), TEXT, &ParseLimits::default(), |_| panic!("a reader that goes wrong"))
            }));
            assert!(outcome.is_err());
            parser.read(python(), TEXT, &ParseLimits::default(), |_| ()).unwrap();
            used.push(parser.used());
        }
        assert!(used[0] > 0 && used.iter().all(|u| *u == used[0]), "{used:?}");
    }

    /// What tree-sitter may do; indices are taken modulo the number of live allocations.
    #[derive(Clone, Debug)]
    enum Op {
        Allocate(usize),
        Clear(usize),
        Resize(usize, usize),
        Free(usize),
    }

    fn op() -> impl Strategy<Value = Op> {
        let size = prop_oneof![0usize..80, 0usize..3_000, 0usize..40_000];
        prop_oneof![
            size.clone().prop_map(Op::Allocate),
            size.clone().prop_map(Op::Clear),
            (0usize..64, size).prop_map(|(i, size)| Op::Resize(i, size)),
            (0usize..64).prop_map(Op::Free),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        /// The model keeps what every allocation was filled with; the arena overflows now and then.
        #[test]
        fn allocations_keep_their_contents(ops in prop::collection::vec(op(), 1..300)) {
            let mut arena = Arena::new(SCRATCH_BYTES_MIN).unwrap();
            arena.reset(SCRATCH_BYTES_MIN);
            let mut live: Vec<(*mut u8, usize, u8)> = Vec::new();
            let filled = |block: *mut c_void, size: usize, mark: u8, from: usize| {
                let block = block.cast::<u8>();
                assert_eq!(block as usize % ALIGN, 0);
                for at in from..size {
                    // SAFETY: the allocation has room for so much.
                    unsafe { block.add(at).write(mark) };
                }
                (block, size, mark)
            };
            let entered = Entered::new(&arena);
            for (step, op) in ops.into_iter().enumerate() {
                let mark = step as u8;
                // SAFETY: every block is live and handed back once.
                unsafe {
                    match op {
                        Op::Allocate(size) => live.push(filled(malloc(size), size, mark, 0)),
                        Op::Clear(size) => {
                            let block = calloc(1, size).cast::<u8>();
                            for at in 0..size {
                                prop_assert_eq!(block.add(at).read(), 0);
                            }
                            live.push(filled(block.cast(), size, mark, 0));
                        }
                        Op::Resize(i, size) if !live.is_empty() => {
                            let at = i % live.len();
                            let (block, old, mark) = live[at];
                            let size = size.max(1);
                            let moved = realloc(block.cast(), size);
                            live[at] = filled(moved, size, mark, old.min(size));
                        }
                        Op::Free(i) if !live.is_empty() => {
                            let (block, ..) = live.swap_remove(i % live.len());
                            free(block.cast());
                        }
                        _ => {}
                    }
                    for (block, size, mark) in &live {
                        let (first, last) = (block.read(), block.add(size.saturating_sub(1)).read());
                        prop_assert!(*size == 0 || first == *mark && last == *mark);
                    }
                }
            }
            for (block, size, mark) in live {
                // SAFETY: as above.
                unsafe {
                    for at in 0..size {
                        prop_assert_eq!(block.add(at).read(), mark);
                    }
                    free(block.cast());
                }
            }
            drop(entered);
            prop_assert!(arena.most.get() <= SCRATCH_BYTES_MIN);
        }
    }
}
