//! Which folder a file in the cache is about.

use std::io;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_128;

use super::super::directory::Directory;

/// A folder as the cache knows it: its real place, and the directory that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The real path, as the system writes it.
    pub path: Vec<u8>,
    /// Another directory at the same place is another folder.
    pub directory: Directory,
    key: String,
}

impl Identity {
    /// # Errors
    /// If the folder is not there.
    pub fn of(folder: &Path) -> io::Result<Identity> {
        let real = folder.canonicalize()?;
        let directory = Directory::at(&real)?;
        let path = real.as_os_str().as_encoded_bytes().to_owned();
        Ok(Identity { path, directory, key: key(&real) })
    }

    /// The name of one of the folder's files.
    pub fn file(&self, kind: &str) -> String {
        format!("{}.{kind}", self.key)
    }
}

/// The name of one of a folder's files, by the folder's real path.
pub fn file_of(real: &Path, kind: &str) -> String {
    format!("{}.{kind}", key(real))
}

fn key(real: &Path) -> String {
    format!("{:032x}", xxh3_128(real.as_os_str().as_encoded_bytes()))
}

/// Splits a name of [`Identity::file`] into key and kind; `None` for others.
pub fn split(name: &str) -> Option<(&str, &str)> {
    let (key, kind) = name.split_once('.')?;
    let is_key = key.len() == 32 && key.bytes().all(|b| b.is_ascii_hexdigit());
    is_key.then_some((key, kind))
}
