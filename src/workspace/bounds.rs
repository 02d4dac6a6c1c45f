//! Where files may be opened, and how: this is the only way to a folder's files.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::trouble;

/// Where files may be opened: below the folder, and below the stores that the user names. Links that lead elsewhere are
/// not followed.
#[derive(Clone, Debug)]
pub struct Bounds {
    root: PathBuf,
    /// As they really are, the folder first if it is there.
    allowed: Box<[PathBuf]>,
}

impl Bounds {
    pub fn new(root: &Path, stores: &[PathBuf]) -> Bounds {
        let places = std::iter::once(root).chain(stores.iter().map(PathBuf::as_path));
        Bounds { root: root.to_owned(), allowed: places.filter_map(|p| p.canonicalize().ok()).collect() }
    }

    /// For texts none of which are on disk.
    pub fn nowhere() -> Bounds {
        Bounds { root: PathBuf::new(), allowed: Box::default() }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether the path really is at a place to look at.
    pub fn holds(&self, path: &Path) -> bool {
        path.canonicalize().is_ok_and(|real| self.allows(&real))
    }

    fn allows(&self, real: &Path) -> bool {
        self.allowed.iter().any(|place| real.starts_with(place))
    }

    /// Where the path really is, if that is a place to look at. Paths are relative to the folder, or absolute.
    pub fn real(&self, path: &str) -> Option<PathBuf> {
        let real = self.root.join(path).canonicalize().ok()?;
        self.allows(&real).then_some(real)
    }

    /// What is below the folder of a real path that is.
    pub fn below_folder<'p>(&self, real: &'p Path) -> Option<&'p Path> {
        real.strip_prefix(self.allowed.first()?).ok()
    }

    /// Reads a file of at most `bytes_max` bytes; `None` if it is larger. Paths are as in [`real`](Self::real).
    ///
    /// # Errors
    /// If it cannot be read. What is no file, or really lies elsewhere, is as good as not there.
    pub fn read(&self, path: impl AsRef<Path>, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
        let path = self.root.join(path);
        trouble::at(&path)?;
        let real = path.canonicalize()?;
        if !self.allows(&real) {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "it is a link to a place outside the folder",
            ));
        }
        read_bounded(&real, bytes_max)
    }
}

/// Reads a file of at most `bytes_max` bytes; `None` if it is larger. The path leads there without a link at its end.
pub fn read_bounded(path: &Path, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    let file = open(path)?;
    let expected = file.metadata().map_or(0, |m| m.len()).min(bytes_max);
    let mut bytes = Vec::with_capacity(expected as usize + 1);
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(if bytes.len() as u64 > bytes_max { None } else { Some(bytes) })
}

/// Opens a file that is one: a pipe would be waited for, for good.
pub fn open(path: &Path) -> io::Result<File> {
    let file = options().read(true).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::NotFound, "it is no file")),
    }
}

#[cfg(unix)]
fn options() -> OpenOptions {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    options.custom_flags(flags.bits().cast_signed());
    options
}

#[cfg(not(unix))]
fn options() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_files_that_really_lie_there_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| dir.path().join(path);
        fs::create_dir_all(at("folder/sub")).unwrap();
        fs::create_dir_all(at("store")).unwrap();
        for path in ["folder/a", "folder/sub/b", "store/c", "secret"] {
            fs::write(at(path), path).unwrap();
        }
        for (link, target) in
            [("out", "secret"), ("up", ""), ("in", "folder/sub/b"), ("ring", "folder/ring"), ("lost", "none")]
        {
            symlink(at(target), at("folder").join(link)).unwrap();
        }
        let pipe = at("folder/pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let bounds = Bounds::new(&at("folder"), &[at("store")]);
        let read = |path: &str| {
            let bytes = bounds.read(path, 100).ok()?.expect("small");
            Some(String::from_utf8(bytes).unwrap())
        };
        for (path, found) in [
            ("a", Some("folder/a")),
            ("sub/b", Some("folder/sub/b")),
            ("in", Some("folder/sub/b")),
            ("../store/c", Some("store/c")),
            ("../secret", None),
            ("out", None),
            ("up/secret", None),
            ("up/folder/a", Some("folder/a")),
            ("ring", None),
            ("lost", None),
            ("sub", None),
            ("pipe", None),
        ] {
            assert_eq!(read(path).as_deref(), found, "{path}");
        }
        assert_eq!(bounds.read("a", 3).unwrap(), None);
        // It was one a moment ago.
        assert!(open(&at("folder/in")).is_err());
        assert!(Bounds::nowhere().read(at("secret"), 100).is_err());
    }
}
