//! Files whose times are others than those in the graph, and that were read and found to be the same.
//!
//! Touching a file changes its time and nothing else. Once that has been seen, the file need not be read again at every
//! look at the folder. What is remembered holds for any graph that has the file with these contents.

use std::sync::{Arc, LazyLock};

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

/// Modification times this close to a look at the disk do not prove that a file is unchanged since: the clock of a file
/// system can be as coarse as this.
pub const MTIME_TRUST_NS: i64 = 2_000_000_000;

/// Files that are remembered, at some forty bytes each; of more, the others are read at every look.
const STAMPS_MAX: usize = 1 << 15;

/// Whether a file that had this time when it was looked at then is unchanged as long as it has it.
pub fn is_trusted(mtime_ns: i64, looked_ns: i64) -> bool {
    mtime_ns.saturating_add(MTIME_TRUST_NS) < looked_ns
}

/// Times and content hashes by path.
#[derive(Clone, Debug, Default)]
pub struct Stamps(FxHashMap<u64, (i64, u64)>);

impl Stamps {
    /// What most folders have, and share.
    pub fn none() -> Arc<Stamps> {
        static NONE: LazyLock<Arc<Stamps>> = LazyLock::new(Arc::default);
        Arc::clone(&NONE)
    }

    /// The file had these contents in a look that began then.
    pub fn note(&mut self, path: &str, mtime_ns: i64, hash: u64, looked_ns: i64) {
        if !is_trusted(mtime_ns, looked_ns) {
            return;
        }
        let key = xxh3_64(path.as_bytes());
        if self.0.len() >= STAMPS_MAX && !self.0.contains_key(&key) {
            // Most of them are of files that have changed since.
            self.0 = FxHashMap::default();
        }
        self.0.insert(key, (mtime_ns, hash));
    }

    /// Whether the file, by its time, has these contents.
    pub fn prove(&self, path: &str, mtime_ns: i64, hash: u64) -> bool {
        !self.0.is_empty() && self.0.get(&xxh3_64(path.as_bytes())) == Some(&(mtime_ns, hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: i64 = 10 * MTIME_TRUST_NS;

    #[test]
    fn only_the_same_time_and_contents_are_proved_and_only_by_a_later_look() {
        let mut stamps = Stamps::default();
        stamps.note("a.py", 5, 7, LATER);
        assert!(stamps.prove("a.py", 5, 7));
        assert!(!stamps.prove("a.py", 6, 7) && !stamps.prove("a.py", 5, 8) && !stamps.prove("b.py", 5, 7));
        stamps.note("b.py", LATER - 1, 7, LATER);
        assert!(!stamps.prove("b.py", LATER - 1, 7));
        stamps.note("a.py", 6, 7, LATER);
        assert!(stamps.prove("a.py", 6, 7) && !stamps.prove("a.py", 5, 7));
    }

    #[test]
    fn they_are_bounded() {
        let mut stamps = Stamps::default();
        for i in 0..=STAMPS_MAX {
            stamps.note(&i.to_string(), 5, 7, LATER);
        }
        assert!(stamps.0.len() <= STAMPS_MAX && stamps.prove(&STAMPS_MAX.to_string(), 5, 7));
    }
}
