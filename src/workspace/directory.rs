//! Which directory is at a path: an unmounted folder leaves an empty one behind, under the same name.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

/// A directory, whatever it is called. Where the system does not tell, all are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// The file system that it is on. It may have another number when the system has been started again.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
}

impl Directory {
    /// The one that is at the path, links followed.
    ///
    /// # Errors
    /// If there is none.
    pub fn at(path: &Path) -> io::Result<Directory> {
        fs::metadata(path).map(|meta| Directory::of(&meta))
    }

    #[cfg(unix)]
    pub fn of(meta: &Metadata) -> Directory {
        use std::os::unix::fs::MetadataExt;
        Directory { device: meta.dev(), inode: meta.ino() }
    }

    #[cfg(not(unix))]
    pub fn of(_: &Metadata) -> Directory {
        Directory::default()
    }
}

/// The directory that a folder was when it was last read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    pub directory: Directory,
    /// Whether there were files for the graph in it.
    pub has_files: bool,
}
