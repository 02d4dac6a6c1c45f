//! What the manager knows of itself at one moment, as plain data.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::clock::Moment;
use super::degrade::Degraded;
use super::dependencies::{Missing, Package};
use super::ledger::Balance;
use super::machine::Footprint;
use super::slot::{Cause, Lifecycle};
use crate::lang::scratch::allocated;

/// Everything that `coppice/status` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    pub uptime: Duration,
    /// Every folder has come to rest: none is being built, and none waits for its first build.
    pub ready: bool,
    pub memory: Memory,
    /// In the order in which they were opened.
    pub folders: Vec<FolderStatus>,
}

/// The budget and what is in use of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    pub limit: u64,
    pub used: u64,
    pub reserved: u64,
    pub resident: u64,
    pub retained: u64,
    pub documents: u64,
    /// Charged for what the process has on its heap beyond what is metered otherwise and beyond the fixed overhead.
    pub heap: u64,
    pub dependencies: u64,
    pub high_water: u64,
    /// What the system says of the whole process.
    pub rss: u64,
    /// The part of it that is the program itself: pages of its file and of its libraries.
    pub program: u64,
    /// Bytes that the allocator has handed out: decoded facts, documents, and everything that is in no map of its own.
    pub allocated: u64,
    /// Bytes that the allocator keeps for the next who ask; some of their pages may be the system's again.
    pub allocator_free: u64,
}

impl Memory {
    pub(super) fn new(balance: Balance) -> Memory {
        let footprint = Footprint::now();
        let (allocated, allocator_free) = allocated();
        Memory {
            limit: balance.limit,
            used: balance.used(),
            reserved: balance.reserved,
            resident: balance.resident,
            retained: balance.retained,
            documents: balance.documents,
            heap: balance.heap,
            dependencies: balance.dependencies,
            high_water: balance.high_water,
            rss: footprint.resident(),
            program: footprint.files,
            allocated,
            allocator_free,
        }
    }
}

/// How changes on disk become known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watcher {
    Client,
    Native,
    Poll,
    /// Nothing is watched yet, or nothing is there to watch.
    None,
}

impl Watcher {
    pub fn name(self) -> &'static str {
        match self {
            Watcher::Client => "client",
            Watcher::Native => "native",
            Watcher::Poll => "poll",
            Watcher::None => "none",
        }
    }
}

/// One folder.
#[derive(Clone, Debug, PartialEq)]
pub struct FolderStatus {
    pub path: PathBuf,
    /// The file at its top that stands for it, if there is one.
    pub project_file: Option<PathBuf>,
    pub name: String,
    pub state: Lifecycle,
    pub stale: bool,
    pub pinned: bool,
    pub generation: u64,
    /// Bytes of the graph that is served.
    pub resident_bytes: u64,
    /// The most that a graph of this folder ever had.
    pub high_water_bytes: u64,
    pub files: u64,
    pub lines: u64,
    pub symbols: u64,
    pub references: u64,
    /// Files by language.
    pub languages: BTreeMap<&'static str, u64>,
    /// While building, once the number of files is known.
    pub progress: Option<u8>,
    pub last_good: Option<Moment>,
    /// How long ago a stale graph was last known to be right.
    pub age: Duration,
    pub last_error: Option<LastError>,
    /// Failures in a row.
    pub retry_count: u32,
    /// What is still to be read although what is there is right.
    pub owed: Option<OwedFiles>,
    /// How long the last successful build took, and what it read.
    pub build: Option<BuildTime>,
    /// The snapshot on disk, as far as this process has written or read it.
    pub snapshot: Option<KeptOnDisk>,
    pub skipped: Vec<SkippedFile>,
    /// How many more were skipped than are listed.
    pub skipped_more: u64,
    /// What is known of the folder, if the budget can never hold all of it.
    pub degraded: Option<Degraded>,
    pub watcher: Watcher,
    pub dependencies: DependenciesStatus,
    /// What the user should know although nothing is wrong: an empty folder, a limit reached, memory given up.
    pub note: Option<String>,
}

/// What is known of a folder's dependencies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependenciesStatus {
    pub reading: Reading,
    pub files: u64,
    /// Everything that is kept for them.
    pub bytes: u64,
    /// Why not all of them were read, if so.
    pub limited: Option<&'static str>,
    /// By name.
    pub packages: Vec<Package>,
    pub missing: Vec<Missing>,
}

/// Whether dependencies have been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Nobody has needed them yet.
    None,
    Running,
    Done,
    /// They are not there, for this reason.
    Absent(&'static str),
}

impl Reading {
    pub fn name(self) -> &'static str {
        match self {
            Reading::None => "none",
            Reading::Running => "reading",
            Reading::Done => "read",
            Reading::Absent(_) => "absent",
        }
    }
}

/// Files for which memory is short just now, or that the disk does not give; they are read as soon as they can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwedFiles {
    pub cause: Cause,
    pub why: String,
    pub files: Vec<PathBuf>,
}

/// What went wrong with the last build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastError {
    pub cause: Cause,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildTime {
    pub wall: Duration,
    pub files_read: u64,
    /// The folder came back from its snapshot: only files that changed since were parsed.
    pub from_snapshot: bool,
}

/// What is kept of a folder on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptOnDisk {
    /// When the look at the files began that it is from.
    pub looked: Moment,
    pub bytes: u64,
    /// It is of the graph that is served, not of an earlier one.
    pub current: bool,
}

/// A file that is not indexed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedFile {
    pub path: PathBuf,
    pub why: String,
    /// There is nothing wrong with the file: the folder does without it for memory.
    pub left_out: bool,
}
