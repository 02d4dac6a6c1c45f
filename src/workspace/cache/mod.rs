//! Graphs kept on disk, so that a folder comes back without being built: in memory of its own, believed only after all
//! of it has been checked, and then compared with the folder file by file.
//!
//! One directory of the user's holds them, for every process of this user. Each folder has a lock there: the process
//! that holds it writes, the others read. A snapshot is written aside and renamed, so that a reader finds a whole one
//! whenever it looks and whoever is killed meanwhile.

mod identity;
mod journal;
mod lock;
mod place;
mod snapshot;
mod sweep;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

pub use identity::Identity;
pub use journal::{Crash, Journal};
pub use lock::FolderLock;
use place::Place;
pub use place::{PlaceError, default_dir};
pub use snapshot::{Found, Missing};

use super::retry::doubled;
use crate::graph::Graph;

/// Most bytes of all snapshots together: a few dozen large folders, and less than one of them has in sources and
/// version control.
pub const CACHE_BYTES_MAX: u64 = 2 << 30;

/// Changes that follow soon are written together with the first.
const QUIET: Duration = Duration::from_secs(2);
/// Time between two writes of one folder, while it changes all the time. What is lost with the process is only time:
/// files that changed since are read again.
const INTERVAL: Duration = Duration::from_secs(60);
/// First and longest wait after a write has failed: a disk that was full for a moment is written to soon, one that is
/// read-only is not tried all day long.
const RETRY_FIRST: Duration = Duration::from_secs(5);
const RETRY_MAX: Duration = Duration::from_secs(3_600);

/// The directory in use.
pub struct Cache {
    place: Place,
    bytes_max: u64,
}

impl Cache {
    /// # Errors
    /// If the directory is not fit to be used.
    pub fn open(dir: &Path, bytes_max: u64) -> Result<Cache, PlaceError> {
        Ok(Cache { place: Place::open(dir)?, bytes_max })
    }

    /// Whether the directory is there; it may have been removed since it was opened.
    pub fn is_there(&self) -> bool {
        self.place.dir().is_dir()
    }

    /// The right to write the folder's files; `None` if another process has it.
    ///
    /// # Errors
    /// If the directory cannot be written to.
    pub fn lock(&self, identity: &Identity) -> io::Result<Option<FolderLock>> {
        FolderLock::take(&self.place, &identity.file(sweep::LOCK))
    }

    /// The folder's journal of parses, and what has crashed so far.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn journal(
        &self,
        lock: &Arc<FolderLock>,
        identity: &Identity,
        now_ms: u64,
    ) -> io::Result<(Journal, Vec<Crash>)> {
        Journal::open(&self.place, identity, lock, now_ms)
    }

    /// Looks for the folder's snapshot.
    ///
    /// # Errors
    /// If there is none that can be used.
    pub fn find(&self, identity: &Identity) -> Result<Found, Missing> {
        snapshot::find(&self.place, identity)
    }

    /// Writes the folder's snapshot and makes room for it. Returns its size.
    ///
    /// # Errors
    /// If it cannot be written; what was there before stays.
    pub fn write(
        &self,
        _lock: &FolderLock,
        identity: &Identity,
        looked_ns: i64,
        graph: &Graph,
    ) -> io::Result<u64> {
        let bytes = snapshot::write(&self.place, identity, looked_ns, graph)?;
        // The snapshot is there all the same; the next one tries again.
        if let Err(error) = self.sweep() {
            tracing::warn!("what is kept on disk cannot be brought within its bound: {error}");
        }
        Ok(bytes)
    }

    /// Brings the cache within its bound.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn sweep(&self) -> io::Result<()> {
        let left = sweep::sweep(&self.place, self.bytes_max, SystemTime::now())?;
        tracing::debug!("the cache holds {left} bytes");
        Ok(())
    }
}

/// Whether the cache in this directory has a snapshot of the folder that really is there, of whatever kind. A look at one
/// name in the cache, and none at the folder.
pub fn has_snapshot(dir: &Path, real: &Path) -> bool {
    dir.join(identity::file_of(real, snapshot::KIND)).is_file()
}

/// When a graph published at `now` is to be written, after the folder's last snapshot.
pub fn due(last: Option<Instant>, now: Instant) -> Instant {
    last.map_or(now, |last| (last + INTERVAL).max(now + QUIET))
}

/// How long nothing is written after the `failures`-th write in a row has failed (counted from 1): doubling, bounded.
pub fn backoff(failures: u32) -> Duration {
    doubled(RETRY_FIRST, failures, RETRY_MAX)
}

/// The number of this build of coppice.
fn build() -> u64 {
    const TEXT: &str = env!("COPPICE_BUILD_ID");
    TEXT.bytes().fold(0, |n: u64, digit| n.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_after_failed_writes_double_up_to_the_bound() {
        assert_eq!([1, 2, 3].map(|n| backoff(n).as_secs()), [5, 10, 20]);
        assert_eq!([11, u32::MAX].map(backoff), [RETRY_MAX; 2]);
    }

    #[test]
    fn the_first_snapshot_is_written_at_once_and_many_changes_make_one() {
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(due(None, now), now);
        assert_eq!(due(Some(now), after(5)), after(60));
        assert_eq!(due(Some(now), after(100)), after(102));
    }
}
