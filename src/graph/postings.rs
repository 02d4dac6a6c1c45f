//! Posting lists: for each name the files that use it, the definitions that have it, the files that extend a type of
//! it.
//!
//! The lists of one name follow one another: twice the number of definitions, plus one if there are extensions; the
//! definitions, each as the distance to the file of the one before and its number (after one of the same file: the
//! distance to it); the number of extending files and their distances; the distances of the files that use the name,
//! to the end. Most names are in one file and define nothing, which takes two or three bytes.

use super::codec::{CorruptError, Reader, Writer};
use crate::lang::facts::{DefId, Name};
use crate::lang::modules::FileId;

/// What the lists are made of; each stream is gone through twice.
pub struct Sources<D, E, U> {
    /// (name, file, definition), in each file in the order of definitions.
    pub defs: D,
    /// (name, file), once each.
    pub extensions: E,
    pub uses: U,
}

/// Lists as bytes: where the lists of each name start, one more for the end, and the bytes.
pub struct Lists {
    pub offsets: Vec<u32>,
    pub bytes: Vec<u8>,
}

/// Writes the lists of `names` names. Streams need not be sorted by file.
///
/// # Errors
/// If the lists exceed 4 GiB.
pub fn write<D, E, U>(names: usize, sources: &Sources<D, E, U>) -> Result<Lists, CorruptError>
where
    D: Fn(&mut dyn FnMut(u32, (u32, u32))),
    E: Fn(&mut dyn FnMut(u32, u32)),
    U: Fn(&mut dyn FnMut(u32, u32)),
{
    let defs = Groups::new(names, |put| (sources.defs)(put));
    let extensions = Groups::new(names, |put| (sources.extensions)(put));
    let uses = Groups::new(names, |put| (sources.uses)(put));
    let mut out = Writer::default();
    let mut offsets = Vec::with_capacity(names + 1);
    for name in 0..names {
        offsets.push(u32::try_from(out.bytes.len()).map_err(|_| CorruptError::OutOfRange)?);
        let (defs, extending) = (defs.of(name), extensions.of(name));
        out.number((defs.len() as u64) << 1 | u64::from(!extending.is_empty()));
        let (mut last_file, mut last_def) = (0, 0);
        for (file, def) in defs {
            out.u32(file - last_file);
            out.u32(if *file == last_file { def - last_def } else { *def });
            (last_file, last_def) = (*file, *def);
        }
        if !extending.is_empty() {
            out.u32(extending.len() as u32);
            write_files(&mut out, extending);
        }
        write_files(&mut out, uses.of(name));
    }
    offsets.push(u32::try_from(out.bytes.len()).map_err(|_| CorruptError::OutOfRange)?);
    Ok(Lists { offsets, bytes: out.bytes })
}

fn write_files(out: &mut Writer, files: &[u32]) {
    let mut last = 0;
    for file in files {
        out.u32(file - last);
        last = *file;
    }
}

/// Entries by name, ascending: a counting sort.
struct Groups<T> {
    starts: Vec<u32>,
    entries: Vec<T>,
}

impl<T: Copy + Ord + Default> Groups<T> {
    fn new(names: usize, stream: impl Fn(&mut dyn FnMut(u32, T))) -> Groups<T> {
        let mut starts = vec![0u32; names + 1];
        stream(&mut |name, _| starts[name as usize + 1] += 1);
        for name in 0..names {
            starts[name + 1] += starts[name];
        }
        let mut entries = vec![T::default(); starts[names] as usize];
        let mut next = starts.clone();
        stream(&mut |name, entry| {
            let at = &mut next[name as usize];
            entries[*at as usize] = entry;
            *at += 1;
        });
        for name in 0..names {
            entries[starts[name] as usize..starts[name + 1] as usize].sort_unstable();
        }
        Groups { starts, entries }
    }
    fn of(&self, name: usize) -> &[T] {
        &self.entries[self.starts[name] as usize..self.starts[name + 1] as usize]
    }
}

/// The lists, wherever they lie.
#[derive(Clone, Copy)]
pub struct Postings<'a> {
    pub offsets: &'a [u32],
    pub bytes: &'a [u8],
}

impl<'a> Postings<'a> {
    fn list(self, name: Name) -> Reader<'a> {
        let ends = self.offsets.get(name.index()).zip(self.offsets.get(name.index() + 1));
        Reader::new(ends.and_then(|(a, b)| self.bytes.get(*a as usize..*b as usize)).unwrap_or_default())
    }

    /// Definitions of the name, by file.
    pub fn defs(self, name: Name) -> impl Iterator<Item = (FileId, DefId)> + 'a {
        let mut input = self.list(name);
        let count = input.number().unwrap_or(0) >> 1;
        let mut last = (0, 0);
        (0..count).map_while(move |_| {
            last = next_def(&mut input, last).ok()?;
            Some((FileId(last.0), DefId(last.1)))
        })
    }

    /// Files that extend a type of the name.
    pub fn extensions(self, name: Name) -> impl Iterator<Item = FileId> + 'a {
        let mut input = self.list(name);
        let count = skip_defs(&mut input).unwrap_or(0);
        files(input).take(count)
    }

    /// Files that use the name.
    pub fn uses(self, name: Name) -> impl Iterator<Item = FileId> + 'a {
        let mut input = self.list(name);
        for _ in 0..skip_defs(&mut input).unwrap_or(0) {
            if input.u32().is_err() {
                break;
            }
        }
        files(input)
    }

    /// Whether all lists can be read and name only files and definitions that are there.
    ///
    /// # Errors
    /// If not.
    pub fn check(self, names: u32, defs_of: impl Fn(u32) -> Option<u32>) -> Result<(), CorruptError> {
        let whole = self.offsets.len() == names as usize + 1
            && self.offsets.is_sorted()
            && self.offsets.first() == Some(&0)
            && self.offsets.last().is_some_and(|end| *end as usize == self.bytes.len());
        if !whole {
            return Err(CorruptError::OutOfRange);
        }
        for name in 0..names {
            let mut input = self.list(Name(name));
            let head = input.number()?;
            let mut last = (0, 0);
            for _ in 0..input.bounded(head >> 1, 2)? {
                last = next_def(&mut input, last)?;
                if defs_of(last.0).is_none_or(|count| last.1 >= count) {
                    return Err(CorruptError::OutOfRange);
                }
            }
            let extending = if head & 1 != 0 { input.count(1)? } else { 0 };
            let (mut last, mut read) = (0u32, 0);
            while !input.is_empty() || read < extending {
                last = if read == extending { 0 } else { last };
                last = last.checked_add(input.u32()?).ok_or(CorruptError::OutOfRange)?;
                read += 1;
                if defs_of(last).is_none() {
                    return Err(CorruptError::OutOfRange);
                }
            }
        }
        Ok(())
    }
}

fn next_def(input: &mut Reader<'_>, last: (u32, u32)) -> Result<(u32, u32), CorruptError> {
    let (step, def) = (input.u32()?, input.u32()?);
    let before = if step == 0 { last.1 } else { 0 };
    match (last.0.checked_add(step), before.checked_add(def)) {
        (Some(file), Some(def)) => Ok((file, def)),
        _ => Err(CorruptError::OutOfRange),
    }
}

/// Goes past the definitions; the number of extending files, which follow.
fn skip_defs(input: &mut Reader<'_>) -> Result<usize, CorruptError> {
    let head = input.number()?;
    for _ in 0..head >> 1 {
        input.u32()?;
        input.u32()?;
    }
    if head & 1 != 0 { input.count(1) } else { Ok(0) }
}

fn files(mut input: Reader<'_>) -> impl Iterator<Item = FileId> + '_ {
    let mut last = 0u32;
    std::iter::from_fn(move || {
        last = last.checked_add(input.u32().ok()?)?;
        Some(FileId(last))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const NAMES: u32 = 6;

    proptest! {
        #[test]
        fn lists_hold_what_was_put_into_them(
            defs in prop::collection::btree_set((0..NAMES, 0u32..300, 0u32..300), 0..40),
            extensions in prop::collection::btree_set((0..NAMES, 0u32..300), 0..20),
            uses in prop::collection::btree_set((0..NAMES, 0u32..300), 0..60),
            reversed: bool,
        ) {
            let order = |set: &BTreeSet<(u32, u32)>| -> Vec<(u32, u32)> {
                if reversed { set.iter().rev().copied().collect() } else { set.iter().copied().collect() }
            };
            let sources = Sources {
                defs: |put: &mut dyn FnMut(u32, (u32, u32))| defs.iter().for_each(|(n, f, d)| put(*n, (*f, *d))),
                extensions: |put: &mut dyn FnMut(u32, u32)| order(&extensions).iter().for_each(|(n, f)| put(*n, *f)),
                uses: |put: &mut dyn FnMut(u32, u32)| order(&uses).iter().for_each(|(n, f)| put(*n, *f)),
            };
            let lists = write(NAMES as usize, &sources).unwrap();
            let postings = Postings { offsets: &lists.offsets, bytes: &lists.bytes };
            postings.check(NAMES, |file| (file < 300).then_some(300)).unwrap();
            for name in 0..NAMES {
                let read: BTreeSet<_> = postings.defs(Name(name)).map(|(f, d)| (name, f.0, d.0)).collect();
                prop_assert_eq!(read, defs.iter().filter(|d| d.0 == name).copied().collect());
                let read: Vec<_> = postings.extensions(Name(name)).map(|f| (name, f.0)).collect();
                prop_assert_eq!(read, extensions.iter().filter(|e| e.0 == name).copied().collect::<Vec<_>>());
                let read: Vec<_> = postings.uses(Name(name)).map(|f| (name, f.0)).collect();
                prop_assert_eq!(read, uses.iter().filter(|u| u.0 == name).copied().collect::<Vec<_>>());
            }
            prop_assert_eq!(postings.uses(Name(NAMES)).count(), 0);
        }

        #[test]
        fn corrupt_lists_are_found_and_cannot_harm(
            offsets in prop::collection::vec(0u32..40, 2..6),
            bytes in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let postings = Postings { offsets: &offsets, bytes: &bytes };
            let _ = postings.check(offsets.len() as u32 - 1, |file| (file < 9).then_some(9));
            for name in 0..offsets.len() as u32 {
                let read = postings.defs(Name(name)).count()
                    + postings.extensions(Name(name)).count() + postings.uses(Name(name)).count();
                prop_assert!(read <= 3 * bytes.len());
            }
        }
    }
}
