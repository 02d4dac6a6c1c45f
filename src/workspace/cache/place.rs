//! Where snapshots lie: a directory of the user's own that is closed to everybody else.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Says that what is here can be made again, to backups and to scans (also to coppice's own).
const TAG_NAME: &str = "CACHEDIR.TAG";
const TAG: &str =
    "Signature: 8a477f597d28d172789f06886806bc55\n# Snapshots of code graphs, kept by coppice.\n";

/// A directory that has been found fit.
#[derive(Clone, Debug)]
pub struct Place {
    dir: PathBuf,
}

/// Why a directory is not used.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it is a link")]
    Linked,
    #[error("it is not a directory")]
    NotADirectory,
    #[error("it belongs to another user")]
    Foreign,
    #[error("other users may enter it (mode {0:o}); make it private or name another")]
    Open(u32),
}

impl Place {
    /// Takes the directory, which is made if it is not there. One that is there must be the user's own and private; an
    /// empty one is made private.
    pub fn open(dir: &Path) -> Result<Place, PlaceError> {
        if let Err(error) = fs::symlink_metadata(dir) {
            match error.kind() {
                io::ErrorKind::NotFound => make_private(dir)?,
                _ => return Err(error.into()),
            }
        }
        let meta = fs::symlink_metadata(dir)?;
        if meta.is_symlink() {
            return Err(PlaceError::Linked);
        }
        if !meta.is_dir() {
            return Err(PlaceError::NotADirectory);
        }
        if is_foreign(&meta) {
            return Err(PlaceError::Foreign);
        }
        close_to_others(dir, &meta)?;
        let place = Place { dir: dir.to_owned() };
        if !dir.join(TAG_NAME).exists() {
            // A directory that cannot be written to can still be read from.
            let _ =
                place.create(TAG_NAME).and_then(|mut file| io::Write::write_all(&mut file, TAG.as_bytes()));
        }
        Ok(place)
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Opens a file for reading. Links and files of others are refused.
    pub fn open_file(&self, name: &str) -> io::Result<File> {
        checked(options().read(true).open(self.path(name))?)
    }

    /// Makes a file that only the user can read, or empties the one that is there.
    pub fn create(&self, name: &str) -> io::Result<File> {
        checked(options().write(true).create(true).truncate(true).open(self.path(name))?)
    }

    /// Opens a file for reading and writing, or makes it.
    pub fn open_or_create(&self, name: &str) -> io::Result<File> {
        checked(options().read(true).write(true).create(true).truncate(false).open(self.path(name))?)
    }

    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))?;
        self.sync()
    }

    /// Removes a file; that it is not there is no error.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Makes renames last.
    #[cfg(unix)]
    fn sync(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }

    #[cfg(not(unix))]
    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// The directory for the user's caches, and in it coppice's own; `None` where the environment names none.
pub fn default_dir() -> Option<PathBuf> {
    let from = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let caches = if cfg!(windows) {
        from("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        from("HOME").map(|home| home.join("Library/Caches"))
    } else {
        from("XDG_CACHE_HOME").or_else(|| Some(from("HOME")?.join(".cache")))
    };
    Some(caches?.join("coppice"))
}

fn checked(file: File) -> io::Result<File> {
    let meta = file.metadata()?;
    match meta.is_file() && !is_foreign(&meta) {
        true => Ok(file),
        false => Err(io::Error::other("it is not a file of this user's")),
    }
}

#[cfg(unix)]
mod system {
    use super::*;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};

    const DIR_MODE: u32 = 0o700;
    const FILE_MODE: u32 = 0o600;
    const OTHERS: u32 = 0o077;

    pub fn make_private(dir: &Path) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(DIR_MODE).create(dir)
    }

    pub fn is_foreign(meta: &Metadata) -> bool {
        meta.uid() != rustix::process::geteuid().as_raw()
    }

    pub fn close_to_others(dir: &Path, meta: &Metadata) -> Result<(), PlaceError> {
        let mode = meta.permissions().mode() & 0o7777;
        if mode & OTHERS == 0 {
            return Ok(());
        }
        if fs::read_dir(dir)?.next().is_some() {
            return Err(PlaceError::Open(mode));
        }
        Ok(fs::set_permissions(dir, fs::Permissions::from_mode(DIR_MODE))?)
    }

    pub fn options() -> OpenOptions {
        let mut options = OpenOptions::new();
        options.mode(FILE_MODE).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
        options
    }
}

#[cfg(not(unix))]
mod system {
    use super::*;

    pub fn make_private(dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir)
    }

    /// The user's directory for local data is the user's alone.
    pub fn is_foreign(_: &Metadata) -> bool {
        false
    }

    pub fn close_to_others(_: &Path, _: &Metadata) -> Result<(), PlaceError> {
        Ok(())
    }

    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }
}

use system::{close_to_others, is_foreign, make_private, options};

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_private() {
        let above = tempfile::tempdir().unwrap();
        let dir = above.path().join("a/b");
        let place = Place::open(&dir).unwrap();
        drop(place.create("x").unwrap());
        assert_eq!((mode(&dir), mode(&place.path("x"))), (0o700, 0o600));
        assert!(place.path(TAG_NAME).exists());
        Place::open(&dir).unwrap();
    }

    #[test]
    fn an_empty_directory_is_closed_and_a_full_one_refused() {
        let dir = tempfile::tempdir().unwrap();
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(dir.path(), open.clone()).unwrap();
        Place::open(dir.path()).unwrap();
        assert_eq!(mode(dir.path()), 0o700);
        fs::set_permissions(dir.path(), open).unwrap();
        assert!(matches!(Place::open(dir.path()), Err(PlaceError::Open(0o755))));
        assert_eq!(mode(dir.path()), 0o755, "what may hold other things is left as it is");
    }

    #[test]
    fn links_files_and_what_is_not_ours_are_refused() {
        let above = tempfile::tempdir().unwrap();
        let (dir, link) = (above.path().join("dir"), above.path().join("link"));
        let place = Place::open(&dir).unwrap();
        symlink(&dir, &link).unwrap();
        assert!(matches!(Place::open(&link), Err(PlaceError::Linked)));
        fs::write(above.path().join("file"), "").unwrap();
        assert!(matches!(Place::open(&above.path().join("file")), Err(PlaceError::NotADirectory)));
        symlink(above.path().join("file"), place.path("x")).unwrap();
        assert!(place.open_file("x").is_err() && place.create("x").is_err());
        assert_eq!(fs::read(above.path().join("file")).unwrap(), b"");
        // Root can give a directory away; everybody else finds one that is root's.
        let foreign = match rustix::process::geteuid().is_root() {
            true => {
                std::os::unix::fs::chown(&dir, Some(12_345), None).unwrap();
                dir
            }
            false => PathBuf::from("/usr"),
        };
        assert!(matches!(Place::open(&foreign), Err(PlaceError::Foreign)));
    }
}
