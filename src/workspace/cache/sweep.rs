//! Keeps the cache within its bound: the snapshots that were used longest ago go first.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::time::{Duration, SystemTime};

use super::identity::split;
use super::lock::FolderLock;
use super::place::Place;
use super::snapshot;

/// Files looked at in one sweep; a cache within its bound has far fewer.
const ENTRIES_MAX: usize = 100_000;
/// What belongs to no snapshot is left this long to processes that have just begun.
const ORPHAN_AGE: Duration = Duration::from_secs(24 * 3_600);

/// The kind of a folder's lock file.
pub const LOCK: &str = "lock";

struct File {
    key: String,
    kind: String,
    bytes: u64,
    used: SystemTime,
}

impl File {
    fn name(&self) -> String {
        format!("{}.{}", self.key, self.kind)
    }
}

/// Removes snapshots until all files together take no more than `bytes_max`, and what processes that died have left.
/// Files that are not of the cache are not touched. Returns what is left.
///
/// # Errors
/// If the directory cannot be read.
pub fn sweep(place: &Place, bytes_max: u64, now: SystemTime) -> io::Result<u64> {
    let mut files = files(place)?;
    files.sort_by_key(|f| f.used);
    let mut left: u64 = files.iter().map(|f| f.bytes).sum();
    let mut kept: HashSet<&str> = HashSet::new();
    for file in files.iter().filter(|f| f.kind == snapshot::KIND) {
        if left > bytes_max && place.remove(&file.name()).is_ok() {
            left -= file.bytes;
        } else {
            kept.insert(&file.key);
        }
    }
    for file in files.iter().filter(|f| f.kind != snapshot::KIND) {
        let old = now.duration_since(file.used).is_ok_and(|age| age > ORPHAN_AGE);
        let orphan = file.kind == snapshot::KIND_UNFINISHED || old && !kept.contains(file.key.as_str());
        // Who can have the lock may remove what it guards; a lock in use is of an open folder.
        if orphan && let Ok(Some(_lock)) = FolderLock::take(place, &format!("{}.{LOCK}", file.key)) {
            left -= if place.remove(&file.name()).is_ok() { file.bytes } else { 0 };
        }
    }
    Ok(left)
}

fn files(place: &Place) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(place.dir())?.take(ENTRIES_MAX).flatten() {
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        let (Some((key, kind)), Ok(meta)) = (split(&name), entry.metadata()) else { continue };
        if meta.is_file() {
            let (key, kind) = (key.to_owned(), kind.to_owned());
            let used = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            files.push(File { key, kind, bytes: meta.len(), used });
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn put(place: &Place, key: u32, kind: &str, bytes: usize, hour: u64) -> String {
        let name = format!("{key:032x}.{kind}");
        let mut file = place.create(&name).unwrap();
        file.write_all(&vec![1; bytes]).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(hour * 3_600)).unwrap();
        name
    }

    #[test]
    fn the_oldest_go_first_and_nothing_else_does() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::open(&dir.path().join("c")).unwrap();
        let used = [3, 1, 4, 2];
        let names: Vec<String> = (0..4).map(|n| put(&place, n, "graph", 100, used[n as usize])).collect();
        fs::write(place.path("notes"), vec![0; 1_000]).unwrap();
        let there = |name: &String| place.path(name).exists();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(5 * 3_600);
        assert_eq!(sweep(&place, 400, now).unwrap(), 400);
        assert_eq!(sweep(&place, 250, now).unwrap(), 200);
        assert_eq!(names.iter().map(there).collect::<Vec<_>>(), [true, false, true, false]);
        assert!(place.path("notes").exists());
    }

    #[test]
    fn what_the_dead_have_left_goes_but_not_what_the_living_hold() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::open(&dir.path().join("c")).unwrap();
        let dead = put(&place, 1, "graph-new", 10, 0);
        let living = put(&place, 2, "graph-new", 10, 0);
        let _lock = FolderLock::take(&place, &format!("{:032x}.lock", 2)).unwrap().unwrap();
        let lone = put(&place, 3, "lock", 0, 0);
        let used = put(&place, 4, "lock", 0, 0);
        put(&place, 4, "graph", 10, 0);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(48 * 3_600);
        sweep(&place, 1_000, now).unwrap();
        let there = [dead, living, lone, used].map(|name| place.path(&name).exists());
        assert_eq!(there, [false, true, false, true]);
    }
}
