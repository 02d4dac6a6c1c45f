//! What is being parsed at this moment, and what has ended a process: so that a file that does it twice is left alone.
//!
//! Each thread of a build has a slot in the journal, where it puts a file's name before it parses the file. What a new
//! process finds there is what the last one was parsing when it died.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::identity::Identity;
use super::lock::FolderLock;
use super::place::Place;
use crate::graph::codec::{CorruptError, Reader, Writer};
use crate::workspace::settings::BUILD_THREADS_MAX;

/// The kinds of the folder's two files: what is being parsed, and what has crashed.
const KIND_PARSING: &str = "parsing";
const KIND_CRASHES: &str = "crashes";
const KIND_CRASHES_UNFINISHED: &str = "crashes-new";

/// A slot holds any path that systems allow. Writing one is a single write to the system's own memory, which outlives
/// the process; nothing is synced.
const SLOT_BYTES: usize = 4_608;
/// As many threads as a build and a load of dependencies may have together, and more.
const SLOTS_MAX: usize = 2 * BUILD_THREADS_MAX;
/// Files that are remembered; more crash only if something else is wrong.
const CRASHES_MAX: usize = 1_000;
const CRASHES_BYTES_MAX: u64 = (CRASHES_MAX * SLOT_BYTES) as u64;

/// A file that has ended a process or a parse, as it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// Relative to the folder.
    pub path: String,
    pub mtime_ns: i64,
    /// How often in a row.
    pub count: u8,
    /// When it became known last, in milliseconds since the epoch.
    pub last_ms: u64,
}

/// A folder's journal, while this process has the folder's lock.
#[derive(Debug)]
pub struct Journal {
    place: Place,
    identity: Identity,
    parsing: File,
    _lock: Arc<FolderLock>,
}

impl Journal {
    /// Opens the journal and empties it. Returns what has crashed so far, in this build of coppice; what the last
    /// process was parsing when it died counts once more.
    ///
    /// # Errors
    /// If the cache cannot be written to.
    pub(super) fn open(
        place: &Place,
        identity: &Identity,
        lock: &Arc<FolderLock>,
        now_ms: u64,
    ) -> io::Result<(Journal, Vec<Crash>)> {
        let mut crashes = crashes(place, identity);
        let mut parsing = place.open_or_create(&identity.file(KIND_PARSING))?;
        let suspects = suspects(&mut parsing)?;
        let lock = Arc::clone(lock);
        let journal = Journal { place: place.clone(), identity: identity.clone(), parsing, _lock: lock };
        if !suspects.is_empty() {
            for (path, mtime_ns) in suspects {
                tracing::warn!("the last process ended while it was parsing {path}");
                match crashes.iter_mut().find(|c| c.path == path && c.mtime_ns == mtime_ns) {
                    Some(crash) => {
                        (crash.count, crash.last_ms) = (crash.count.saturating_add(1), now_ms);
                    }
                    None => {
                        crashes.retain(|c| c.path != path);
                        crashes.push(Crash { path, mtime_ns, count: 1, last_ms: now_ms });
                    }
                }
            }
            journal.keep(&crashes)?;
        }
        journal.parsing.set_len(0)?;
        Ok((journal, crashes))
    }

    /// The thread of this slot is about to parse the file.
    pub fn entering(&self, slot: usize, path: &str, mtime_ns: i64) {
        let mut entry = Writer::default();
        entry.number(mtime_ns as u64);
        entry.text(path);
        let hash = xxh3_64(&entry.bytes);
        let bytes = [&hash.to_le_bytes(), &entry.bytes[..]].concat();
        if bytes.len() <= SLOT_BYTES {
            self.put(slot, &bytes);
        }
    }

    /// The thread of this slot has come to its end.
    pub fn left(&self, slot: usize) {
        self.put(slot, &[0; SLOT_BYTES]);
    }

    /// A journal that cannot be written to is no reason not to parse.
    fn put(&self, slot: usize, bytes: &[u8]) {
        let mut file = &self.parsing;
        if slot < SLOTS_MAX && file.seek(SeekFrom::Start((slot * SLOT_BYTES) as u64)).is_ok() {
            let _ = file.write_all(bytes);
        }
    }

    /// Remembers what has crashed.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep(&self, crashes: &[Crash]) -> io::Result<()> {
        let (name, unfinished) =
            (self.identity.file(KIND_CRASHES), self.identity.file(KIND_CRASHES_UNFINISHED));
        if crashes.is_empty() {
            return self.place.remove(&name);
        }
        let kept = &crashes[crashes.len().saturating_sub(CRASHES_MAX)..];
        let mut out = Writer::default();
        out.number(super::build());
        out.number(kept.len() as u64);
        for crash in kept {
            out.text(&crash.path);
            out.number(crash.mtime_ns as u64);
            out.byte(crash.count);
            out.number(crash.last_ms);
        }
        let mut file = self.place.create(&unfinished)?;
        file.write_all(&xxh3_64(&out.bytes).to_le_bytes())?;
        file.write_all(&out.bytes)?;
        file.sync_all()?;
        self.place.rename(&unfinished, &name)
    }

    /// Ends in good order: whatever is being parsed is not to blame.
    pub fn close(self) {
        let _ = self.place.remove(&self.identity.file(KIND_PARSING));
    }
}

/// What stands in the slots; one that was being written counts for nothing.
fn suspects(parsing: &mut File) -> io::Result<Vec<(String, i64)>> {
    let mut bytes = Vec::new();
    parsing.take((SLOTS_MAX * SLOT_BYTES) as u64).read_to_end(&mut bytes)?;
    Ok(bytes.chunks(SLOT_BYTES).filter_map(|slot| suspect(slot).ok().flatten()).collect())
}

fn suspect(slot: &[u8]) -> Result<Option<(String, i64)>, CorruptError> {
    let Some((hash, entry)) = slot.split_first_chunk() else { return Ok(None) };
    // What an earlier, longer name has left behind this one is not part of it.
    let mut input = Reader::new(entry);
    let (mtime_ns, path) = (input.number()? as i64, input.text()?);
    let len = entry.len() - input.len();
    Ok((xxh3_64(&entry[..len]) == u64::from_le_bytes(*hash)).then(|| (path.to_owned(), mtime_ns)))
}

/// What the folder's list says; nothing if there is none, or it is another build's or damaged.
fn crashes(place: &Place, identity: &Identity) -> Vec<Crash> {
    let mut bytes = Vec::new();
    let file = place.open_file(&identity.file(KIND_CRASHES));
    let read = file.and_then(|file| file.take(CRASHES_BYTES_MAX).read_to_end(&mut bytes));
    match (read, bytes.split_first_chunk()) {
        (Ok(_), Some((hash, rest))) if xxh3_64(rest) == u64::from_le_bytes(*hash) => {
            decoded(rest).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

fn decoded(bytes: &[u8]) -> Result<Vec<Crash>, CorruptError> {
    let mut input = Reader::new(bytes);
    if input.number()? != super::build() {
        return Ok(Vec::new());
    }
    let crash = |input: &mut Reader<'_>| {
        Ok(Crash {
            path: input.text()?.to_owned(),
            mtime_ns: input.number()? as i64,
            count: input.byte()?,
            last_ms: input.number()?,
        })
    };
    (0..input.count(4)?).map(|_| crash(&mut input)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    struct Site {
        _dir: TempDir,
        place: Place,
        identity: Identity,
        lock: Arc<FolderLock>,
    }

    fn site() -> Site {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::open(&dir.path().join("cache")).unwrap();
        let identity = Identity::of(dir.path()).unwrap();
        let lock = Arc::new(FolderLock::take(&place, "x.lock").unwrap().unwrap());
        Site { _dir: dir, place, identity, lock }
    }

    impl Site {
        fn open(&self) -> (Journal, Vec<(String, u8)>) {
            let (journal, crashes) = Journal::open(&self.place, &self.identity, &self.lock, 5).unwrap();
            (journal, crashes.into_iter().map(|c| (c.path, c.count)).collect())
        }
    }

    #[test]
    fn what_was_being_parsed_when_a_process_died_counts() {
        let site = site();
        let (journal, crashes) = site.open();
        assert_eq!(crashes, []);
        journal.entering(0, "a/very/long/path/that/is/over.py", 1);
        journal.entering(0, "a.py", 1);
        journal.entering(1, "b.py", 2);
        journal.entering(2, "done.py", 3);
        journal.left(2);
        // It dies: nothing is put in order.
        drop(journal);
        let (journal, crashes) = site.open();
        assert_eq!(crashes, [("a.py".to_owned(), 1), ("b.py".to_owned(), 1)]);
        journal.entering(3, "b.py", 2);
        drop(journal);
        let (journal, crashes) = site.open();
        assert_eq!(crashes, [("a.py".to_owned(), 1), ("b.py".to_owned(), 2)]);
        // Other contents are another file.
        journal.entering(0, "b.py", 9);
        drop(journal);
        let (journal, crashes) = site.open();
        assert_eq!(crashes, [("a.py".to_owned(), 1), ("b.py".to_owned(), 1)]);
        journal.entering(0, "innocent.py", 1);
        journal.close();
        let (journal, crashes) = site.open();
        assert_eq!(crashes.len(), 2);
        journal.keep(&[]).unwrap();
        assert_eq!(site.open().1, []);
    }

    #[test]
    fn damaged_files_say_nothing() {
        let site = site();
        let (journal, _) = site.open();
        journal.keep(&[Crash { path: "a.py".into(), mtime_ns: 1, count: 2, last_ms: 3 }]).unwrap();
        journal.entering(0, "b.py", 1);
        drop(journal);
        for kind in [KIND_CRASHES, KIND_PARSING] {
            let path = site.place.path(&site.identity.file(kind));
            let whole = std::fs::read(&path).unwrap();
            for at in 0..whole.len() {
                let mut bytes = whole.clone();
                bytes[at] ^= 0x55;
                std::fs::write(&path, &bytes).unwrap();
                let mut parsing = site.place.open_file(&site.identity.file(KIND_PARSING)).unwrap();
                match kind {
                    KIND_CRASHES => assert_eq!(crashes(&site.place, &site.identity), []),
                    _ => assert_eq!(suspects(&mut parsing).unwrap(), []),
                }
            }
            std::fs::write(&path, &whole).unwrap();
        }
    }
}
