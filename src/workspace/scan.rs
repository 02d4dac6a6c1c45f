//! Which files of a folder are its own source code.
//!
//! A scan walks the folder, or only some paths of it, and opens nothing but directories and ignore files. Left out
//! are: what ignore files and the excludes say; version control's own directories; installed dependencies
//! (`node_modules`, `site-packages`, virtual environments) and directories marked as caches (`CACHEDIR.TAG`), even
//! where no ignore file names them, for no user means them by "my code"; folders that are open by themselves.
//! A `vendor` directory that is not ignored is source like any other. Hidden files are taken.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, DirEntry, FileType, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use ignore::gitignore::Gitignore;

use super::cancel::CancelToken;
use super::directory::Directory;
use super::rules::{Rules, excludes, is_foreign_dir, is_in_any, makes_rules, marks_itself_foreign};
use super::trouble;
use crate::lang::modules::{file_name, parent};
use crate::lang::{LangId, SkipReason};

/// Most source files of one folder; the rest is left out and said so.
pub const FILES_MAX: usize = 1_000_000;
/// Most directory entries looked at in one scan, of whatever kind.
pub const ENTRIES_MAX: usize = 10_000_000;
/// Deepest nesting of directories; deeper ones are made by accident or malice.
pub const DEPTH_MAX: usize = 256;
/// Most skipped files that are listed; they are counted beyond that.
pub const SKIPPED_MAX: usize = 1_000;
/// Most places that could not be looked at and are told apart; of more, nothing is taken for gone.
pub const LOST_MAX: usize = 1_000;

/// What a scan goes by.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The folder, as its user names it.
    pub root: PathBuf,
    /// Folders open inside it: not its own.
    pub inner: Vec<PathBuf>,
    pub excludes: Vec<String>,
    pub file_bytes_max: u64,
}

/// A file that is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Relative to the folder, separated by `/`.
    pub path: String,
    pub what: What,
    pub bytes: u64,
    pub mtime_ns: i64,
    /// Whether no more of it is wanted than its definitions.
    pub outline: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Source(LangId),
    /// A package's project file that some language's module rules want to see.
    Manifest,
}

/// A file or directory that is not indexed although it looks like it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Relative to the folder.
    pub path: String,
    pub why: String,
}

/// What a scan found, sorted by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// The folder's own directory.
    pub root: Directory,
    pub files: Vec<Found>,
    pub skipped: Vec<Skipped>,
    /// How many more were skipped than are listed.
    pub skipped_more: usize,
    /// Places that are there and could not be looked at, files or directories: nothing is known of what is there or below.
    pub lost: BTreeMap<String, Lost>,
    /// Directories that were entered, relative to the folder; `""` is the folder.
    pub dirs: BTreeSet<String>,
    /// A limit was reached; not all of the folder was seen.
    pub truncated: bool,
}

/// Why a place could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    pub why: String,
    /// Whether that may pass without anything being changed.
    pub passes: bool,
}

/// Why there is nothing to index.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    #[error("the folder does not exist")]
    Missing,
    #[error("it is a file, not a folder")]
    NotADirectory,
    #[error("the folder cannot be read: {0}")]
    Unreadable(io::Error),
    /// Nobody has deleted its files: a file system that is no longer mounted leaves an empty directory behind.
    #[error("the folder is empty, and another directory than it was when there were files in it")]
    Emptied,
    #[error("another directory has taken the folder's place while it was read")]
    Replaced,
    #[error("cancelled")]
    Cancelled,
}

/// Scans the whole folder. `entering` is called with each directory before its entries are read, so that a watch set
/// there misses nothing.
pub fn scan(scope: &Scope, cancel: &CancelToken, entering: &mut dyn FnMut(&Path)) -> Result<Scan, ScanError> {
    let mut walk = Walk::start(scope, cancel, entering)?;
    walk.trees(vec![(String::new(), walk.top.clone(), None)])?;
    walk.follow_links()?;
    Ok(walk.finish())
}

/// Scans these absolute paths, with what lies below them, as [`scan`] would see them. Paths that are not there, not
/// the folder's own or left out are not part of what comes back.
pub fn scan_paths(
    scope: &Scope,
    paths: &BTreeSet<PathBuf>,
    cancel: &CancelToken,
    entering: &mut dyn FnMut(&Path),
) -> Result<Scan, ScanError> {
    let mut walk = Walk::start(scope, cancel, entering)?;
    let mut done: Option<&Path> = None;
    for path in paths {
        // In order of path, what lies below a directory follows it.
        if done.is_some_and(|above| path.starts_with(above)) {
            continue;
        }
        if path == &scope.root {
            return scan(scope, cancel, walk.entering);
        }
        done = Some(path);
        walk.one(path)?;
    }
    walk.follow_links()?;
    Ok(walk.finish())
}

struct Walk<'a> {
    scope: &'a Scope,
    cancel: &'a CancelToken,
    entering: &'a mut dyn FnMut(&Path),
    canonical: PathBuf,
    top: Rules,
    excludes: Gitignore,
    manifests: HashSet<&'static str>,
    out: Scan,
    entries: usize,
    /// Links wait until everything that is there by itself has been seen; with the rules where they stand.
    links: BTreeMap<String, Rules>,
    /// Real places reached through links, each taken once.
    linked: HashSet<PathBuf>,
}

/// A directory to enter: its path, the rules above it, and where it really is if it was reached through a link.
type Dir = (String, Rules, Option<PathBuf>);

/// The rules in a directory, and where it really is if it was reached through a link.
type Way = (Rules, Option<PathBuf>);

/// Whether the walk goes on.
type Step = Result<(), ScanError>;

impl<'a> Walk<'a> {
    fn start(
        scope: &'a Scope,
        cancel: &'a CancelToken,
        entering: &'a mut dyn FnMut(&Path),
    ) -> Result<Walk<'a>, ScanError> {
        let meta = fs::metadata(&scope.root).map_err(unusable)?;
        if !meta.is_dir() {
            return Err(ScanError::NotADirectory);
        }
        let canonical = fs::canonicalize(&scope.root).map_err(unusable)?;
        // Whether it can be listed at all is asked first: an unreadable folder is not an empty one.
        fs::read_dir(&canonical).map_err(unusable)?;
        Ok(Walk {
            scope,
            cancel,
            entering,
            top: Rules::of_folder(&canonical),
            excludes: excludes(&canonical, &scope.excludes),
            canonical,
            manifests: LangId::all().flat_map(|l| l.strategy().manifest_names()).copied().collect(),
            out: Scan { root: Directory::of(&meta), ..Scan::default() },
            entries: 0,
            links: BTreeMap::new(),
            linked: HashSet::new(),
        })
    }

    /// One path, if no directory above it is left out.
    fn one(&mut self, path: &Path) -> Step {
        let Some(path) = path.strip_prefix(&self.scope.root).ok().and_then(relative) else { return Ok(()) };
        let (rules, real) = match self.way_to(parent(&path)) {
            Ok(Some(way)) => way,
            Ok(None) => return Ok(()),
            Err((at, error)) => {
                self.lose(&at, &error);
                return Ok(());
            }
        };
        let full = self.canonical.join(&path);
        let meta = trouble::at(&full).and_then(|()| fs::symlink_metadata(&full));
        let Some(meta) = self.known(&path, meta) else { return Ok(()) };
        let (there, mut below) = (There::At(meta), Vec::new());
        self.entry(parent(&path), file_name(&path), &there, &rules, real.as_deref(), &mut below)?;
        self.trees(below)
    }

    /// What was found of a path, if it is there; it is lost if that could not be told.
    fn known<T>(&mut self, path: &str, found: io::Result<T>) -> Option<T> {
        match found {
            Ok(found) => Some(found),
            Err(error) => {
                if !is_absence(&error) {
                    self.lose(path, &error);
                }
                None
            }
        }
    }

    /// The rules inside a directory, and where it really is if a link leads there; `None` if it is left out or not there,
    /// an error with the place that cannot be looked at.
    fn way_to(&self, dir: &str) -> Result<Option<Way>, (String, io::Error)> {
        let mut rules = self.top.clone();
        let mut real: Option<PathBuf> = None;
        for (end, _) in dir.match_indices('/').chain((!dir.is_empty()).then_some((dir.len(), ""))) {
            let part = &dir[..end];
            let full = self.canonical.join(part);
            let looked =
                trouble::at(&full).and_then(|()| Ok((fs::symlink_metadata(&full)?, fs::metadata(&full)?)));
            let (own, followed) = match looked {
                Ok(metas) => metas,
                Err(error) if is_absence(&error) => return Ok(None),
                Err(error) => return Err((part.to_owned(), error)),
            };
            if own.is_symlink() {
                let Ok(target) = self.target(&full) else { return Ok(None) };
                real = Some(target);
            } else {
                real = real.map(|r| r.join(file_name(part)));
            }
            if !followed.is_dir() || self.leaves_out_dir(&rules, part) {
                return Ok(None);
            }
            rules = rules.below(&full);
        }
        Ok(Some((rules, real)))
    }

    /// Directories and all below them, without recursion.
    fn trees(&mut self, mut stack: Vec<Dir>) -> Step {
        while let Some((dir, rules, real)) = stack.pop() {
            self.dir(&dir, &rules, real.as_deref(), &mut stack)?;
        }
        Ok(())
    }

    fn dir(&mut self, dir: &str, above: &Rules, real: Option<&Path>, below: &mut Vec<Dir>) -> Step {
        if self.cancel.is_cancelled() {
            return Err(ScanError::Cancelled);
        }
        if !self.out.dirs.insert(dir.to_owned()) {
            return Ok(());
        }
        (self.entering)(&self.scope.root.join(dir));
        let full = self.canonical.join(dir);
        let entries = match trouble::at(&full).and_then(|()| fs::read_dir(&full)) {
            Ok(entries) => entries,
            Err(error) => return self.dir_failed(dir, error),
        };
        // Which rules hold here is known once all names are; only what can matter is kept until then.
        let (mut listed, mut rules_makers): (Vec<(String, DirEntry)>, Vec<String>) = Default::default();
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                // Which others there are is not known.
                Err(error) => {
                    self.dir_failed(dir, error)?;
                    break;
                }
            };
            if self.entries >= ENTRIES_MAX || listed.len() >= FILES_MAX {
                self.out.truncated = true;
                break;
            }
            self.entries += 1;
            match entry.file_name().into_string() {
                Ok(name) => {
                    if makes_rules(&name) {
                        rules_makers.push(name.clone());
                    }
                    // Most systems tell the kind with the name: what cannot concern the graph is not looked at further.
                    if entry.file_type().map_or(true, |kind| !kind.is_file() || self.what(&name).is_some()) {
                        listed.push((name, entry));
                    }
                }
                Err(name) => {
                    let shown = joined(dir, &name.to_string_lossy());
                    if LangId::of_path(Path::new(&shown)).is_some() {
                        self.skip(&shown, "its name is not valid UTF-8".to_owned());
                    }
                }
            }
        }
        // Those of the folder itself are there already.
        let rules = match dir.is_empty() {
            true => above.clone(),
            false => above.below_listed(&full, |name| rules_makers.iter().any(|made| made == name)),
        };
        for (name, entry) in &listed {
            if self.out.files.len() >= FILES_MAX {
                self.out.truncated = true;
                break;
            }
            self.entry(dir, name, &There::Listed(entry), &rules, real, below)?;
        }
        Ok(())
    }

    /// A directory cannot be read, or not to its end. Without the folder's own there is nothing to go by.
    fn dir_failed(&mut self, dir: &str, error: io::Error) -> Step {
        match dir.is_empty() {
            true => Err(unusable(error)),
            false if is_absence(&error) => Ok(()),
            false => {
                self.lose(dir, &error);
                Ok(())
            }
        }
    }

    /// One entry of a directory; a directory that is to be entered is put on `below`.
    fn entry(
        &mut self,
        dir: &str,
        name: &str,
        there: &There<'_>,
        rules: &Rules,
        real: Option<&Path>,
        below: &mut Vec<Dir>,
    ) -> Step {
        let path = joined(dir, name);
        let Some(kind) = self.known(&path, there.kind()) else { return Ok(()) };
        if kind.is_file() && self.what(name).is_none() {
            return Ok(());
        }
        let full = self.canonical.join(&path);
        if kind.is_symlink() {
            self.links.insert(path, rules.clone());
            return Ok(());
        }
        let real = real.map(|r| r.join(name));
        if kind.is_dir() {
            if self.leaves_out_dir(rules, &path) || !self.first_time(real.as_deref()) {
                return Ok(());
            }
            if path.bytes().filter(|b| *b == b'/').count() >= DEPTH_MAX {
                self.skip(&path, format!("is nested over {DEPTH_MAX} directories deep"));
                return Ok(());
            }
            below.push((path, rules.clone(), real));
        } else if kind.is_file()
            && !self.leaves_out(rules, &full, false)
            && let Some(meta) = self.known(&path, trouble::at(&full).and_then(|()| there.metadata()))
            && self.first_time(real.as_deref())
        {
            self.file(path, &meta);
        }
        Ok(())
    }

    /// A place that was reached through a link is taken once.
    fn first_time(&mut self, real: Option<&Path>) -> bool {
        real.is_none_or(|real| self.linked.insert(real.to_owned()))
    }

    /// What a file of this name is to the graph, if anything.
    fn what(&self, name: &str) -> Option<What> {
        match self.manifests.contains(name) {
            true => Some(What::Manifest),
            false => LangId::of_path(Path::new(name)).map(What::Source),
        }
    }

    fn file(&mut self, path: String, meta: &Metadata) {
        let Some(what) = self.what(file_name(&path)) else { return };
        if meta.len() > self.scope.file_bytes_max {
            self.skip(&path, SkipReason::TooLarge(self.scope.file_bytes_max).to_string());
        } else {
            self.out.files.push(Found {
                path,
                what,
                bytes: meta.len(),
                mtime_ns: mtime_ns(meta),
                outline: false,
            });
        }
    }

    /// Links to places inside the folder that are not its own code by themselves are followed, each place once.
    fn follow_links(&mut self) -> Step {
        while let Some((path, rules)) = self.links.pop_first() {
            let full = self.canonical.join(&path);
            // A link that leads nowhere is nothing, like a file that is not there.
            let Some(meta) = self.known(&path, fs::metadata(&full)) else { continue };
            if self.leaves_out(&rules, &full, meta.is_dir()) {
                continue;
            }
            match self.target(&full) {
                Err(Elsewhere::Outside) => {
                    if meta.is_dir() || LangId::of_path(Path::new(&path)).is_some() {
                        self.skip(&path, "is a link to a place outside the folder".to_owned());
                    }
                }
                Err(Elsewhere::Own) => {}
                Ok(real) if !self.first_time(Some(&real)) => {}
                Ok(_) if meta.is_file() => self.file(path, &meta),
                Ok(real) if meta.is_dir() && !self.leaves_out_dir(&rules, &path) => {
                    self.trees(vec![(path, rules, Some(real))])?;
                }
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// Where a link leads, if that is inside the folder and not its own code by itself.
    fn target(&self, link: &Path) -> Result<PathBuf, Elsewhere> {
        let target = fs::canonicalize(link).map_err(|_| Elsewhere::Own)?;
        let inside = target.strip_prefix(&self.canonical).map_err(|_| Elsewhere::Outside)?;
        let Some(inside) = relative(inside) else { return Err(Elsewhere::Outside) };
        if is_in_any(&self.scope.root.join(&inside), &self.scope.inner) || inside.is_empty() {
            return Err(Elsewhere::Own);
        }
        let own = match self.way_to(parent(&inside)) {
            Ok(None) => false,
            Ok(Some((rules, _))) if target.is_dir() => !self.leaves_out_dir(&rules, &inside),
            Ok(Some((rules, _))) => !self.leaves_out(&rules, &target, false),
            // What cannot be looked at there is lost under its own path.
            Err(_) => true,
        };
        if own { Err(Elsewhere::Own) } else { Ok(target) }
    }

    fn leaves_out_dir(&self, rules: &Rules, path: &str) -> bool {
        let full = self.canonical.join(path);
        is_foreign_dir(file_name(path))
            || self.leaves_out(rules, &full, true)
            || is_in_any(&self.scope.root.join(path), &self.scope.inner)
            || marks_itself_foreign(&full)
    }

    fn leaves_out(&self, rules: &Rules, full: &Path, is_dir: bool) -> bool {
        self.excludes.matched(full, is_dir).is_ignore() || rules.leave_out(full, is_dir)
    }

    fn skip(&mut self, path: &str, why: String) {
        if self.out.skipped.len() < SKIPPED_MAX {
            self.out.skipped.push(Skipped { path: path.to_owned(), why });
        } else {
            self.out.skipped_more += 1;
        }
    }

    /// Something is there and cannot be looked at.
    fn lose(&mut self, path: &str, error: &io::Error) {
        let path = if self.out.lost.len() < LOST_MAX { path } else { "" };
        let lost = Lost::to(error);
        self.skip(path, lost.why.clone());
        self.out.lost.entry(path.to_owned()).or_insert(lost);
    }

    fn finish(mut self) -> Scan {
        self.out.files.sort_by(|a, b| a.path.cmp(&b.path));
        self.out.skipped.sort_by(|a, b| a.path.cmp(&b.path));
        self.out
    }
}

/// Something that is there, links not followed.
enum There<'a> {
    /// As its directory lists it.
    Listed(&'a DirEntry),
    At(Metadata),
}

impl There<'_> {
    fn kind(&self) -> io::Result<FileType> {
        match self {
            There::Listed(entry) => entry.file_type(),
            There::At(meta) => Ok(meta.file_type()),
        }
    }

    fn metadata(&self) -> io::Result<Metadata> {
        match self {
            There::Listed(entry) => entry.metadata(),
            There::At(meta) => Ok(meta.clone()),
        }
    }
}

/// Why a link is not followed.
enum Elsewhere {
    /// It leads out of the folder.
    Outside,
    /// It leads to what the scan sees anyway, or nowhere.
    Own,
}

impl Lost {
    pub fn to(error: &io::Error) -> Lost {
        let passes =
            !matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidFilename);
        Lost { why: SkipReason::Unreadable(error.to_string()).to_string(), passes }
    }
}

/// Whether the error says that nothing is there; links that lead in a circle lead to nothing.
pub fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        || error.raw_os_error() == Some(libc::ELOOP)
}

fn unusable(error: io::Error) -> ScanError {
    match error.kind() {
        io::ErrorKind::NotFound => ScanError::Missing,
        io::ErrorKind::NotADirectory => ScanError::NotADirectory,
        _ => ScanError::Unreadable(error),
    }
}

/// Nanoseconds since the epoch at which the file was last written; zero where the system does not tell.
pub fn mtime_ns(meta: &Metadata) -> i64 {
    let since = meta.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    since.and_then(|d| i64::try_from(d.as_nanos()).ok()).unwrap_or(0)
}

/// A relative path as the graph writes it; `None` if it is not UTF-8 or climbs.
pub fn relative(path: &Path) -> Option<String> {
    let mut out = String::new();
    for part in path.components() {
        let Component::Normal(part) = part else { return None };
        if !out.is_empty() {
            out.push('/');
        }
        out.push_str(part.to_str()?);
    }
    Some(out)
}

fn joined(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}

#[cfg(test)]
mod tests;
