//! Who may write a folder's files in the cache: one process at a time. The others read.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::place::Place;

/// Times that a lock is tried whose file is being removed by others.
const ATTEMPTS_MAX: usize = 8;

/// The right to write a folder's files, for as long as it is held. The system takes it back from a process that dies.
#[derive(Debug)]
pub struct FolderLock {
    file: File,
    path: PathBuf,
}

impl FolderLock {
    /// Takes the lock of that name; `None` if another process has it.
    pub fn take(place: &Place, name: &str) -> io::Result<Option<FolderLock>> {
        for _ in 0..ATTEMPTS_MAX {
            let file = place.open_or_create(name)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // The file may have been removed between its opening and its locking; others lock a new one then.
            let lock = FolderLock { file, path: place.path(name) };
            if lock.is_there() {
                return Ok(Some(lock));
            }
        }
        Ok(None)
    }

    /// Whether its file is where it was taken. One that has been removed keeps nobody out.
    pub fn is_there(&self) -> bool {
        is_at(&self.file, &self.path)
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let there = std::fs::symlink_metadata(path);
    let own = file.metadata();
    matches!((own, there), (Ok(own), Ok(there)) if own.ino() == there.ino() && own.dev() == there.dev())
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_until_it_lets_go() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::open(&dir.path().join("c")).unwrap();
        let first = FolderLock::take(&place, "a.lock").unwrap();
        assert!(first.is_some());
        assert!(FolderLock::take(&place, "a.lock").unwrap().is_none());
        assert!(FolderLock::take(&place, "b.lock").unwrap().is_some());
        drop(first);
        let second = FolderLock::take(&place, "a.lock").unwrap().unwrap();
        assert!(second.is_there());
        std::fs::remove_file(place.path("a.lock")).unwrap();
        assert!(!second.is_there());
        let third = FolderLock::take(&place, "a.lock").unwrap().unwrap();
        assert!(third.is_there() && !second.is_there());
    }
}
