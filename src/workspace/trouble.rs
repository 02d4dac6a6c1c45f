//! Disks that fail, for tests: a path that cannot be looked at although it is there.
//!
//! In builds that are no tests there are none, and the questions for them vanish.

#[cfg(not(test))]
#[inline(always)]
pub const fn at(_: &std::path::Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub use switch::{Trouble, at};

#[cfg(test)]
mod switch {
    use std::io;
    use std::path::{Path, PathBuf};

    use parking_lot::RwLock;

    static TROUBLED: RwLock<Vec<(PathBuf, io::ErrorKind)>> = RwLock::new(Vec::new());

    /// As long as it lives, the path cannot be looked at, on whatever thread.
    pub struct Trouble(PathBuf);

    impl Trouble {
        pub fn new(path: PathBuf, kind: io::ErrorKind) -> Trouble {
            TROUBLED.write().push((path.clone(), kind));
            Trouble(path)
        }
    }

    impl Drop for Trouble {
        fn drop(&mut self) {
            TROUBLED.write().retain(|(path, _)| *path != self.0);
        }
    }

    pub fn at(path: &Path) -> io::Result<()> {
        match TROUBLED.read().iter().find(|(troubled, _)| troubled == path) {
            Some((_, kind)) => Err((*kind).into()),
            None => Ok(()),
        }
    }
}
