//! The manager: opens and closes folders, keeps their graphs within the budget, and gives requests what they answer
//! from.
//!
//! Decisions are made by the [`Keeper`](super::keeper::Keeper); what is here executes them.

mod builds;
mod capture;
mod core;
mod folder;
mod holding;
mod keeping;
mod leading;
mod libraries;
mod minding;
mod observer;
mod resident;
mod telling;
mod watching;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::core::Core;
pub use builds::Published;
pub use capture::{Capture, Freshness, Kind, Ready, StaleSince, Unavailable};
pub use holding::{Hold, Holder};
pub use libraries::{Known, Reach};
pub use observer::{Deaf, Event, Observer, Severity, State, Transition};
pub use resident::Sight;

use super::build::is_relevant_name;
use super::changes::Changes;
use super::document::{Change, Document};
use super::documents::{DocumentError, DocumentSet};
use super::folder_settings::SettingsByFolder;
use super::gate::Permit;
use super::machine;
use super::pool::Pool;
use super::settings::Settings;
use super::status::{FolderStatus, LastError, Memory, OwedFiles, SkippedFile, Status};
use crate::text::Encoding;
use folder::Folder;

/// Why a file is not indexed that a degraded folder does without.
const LEFT_OUT: &str = "left out: the memory budget has no room for it";
/// Most threads for queries: enough that slow ones do not stop quick ones.
const QUERY_THREADS_MAX: usize = 32;

/// Everything about the open folders and documents. Clones share it; the last one to go ends its threads.
#[derive(Clone)]
pub struct Manager(Arc<Owner>);

struct Owner(Arc<Core>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.shutdown();
    }
}

impl Manager {
    pub fn new(settings: impl Into<SettingsByFolder>, observer: Arc<dyn Observer>) -> Manager {
        let pool = Pool::new(machine::cores(), QUERY_THREADS_MAX);
        let core = Core::new(settings.into(), observer, pool);
        core.start_keeping();
        Manager(Arc::new(Owner(core)))
    }

    /// Has the manager look after what the whole process takes: what is on the heap beyond what is metered is given back
    /// to the system, or the budget is charged for it. For a process that does nothing else.
    pub fn mind_process(&self) {
        self.core().mind_process();
    }

    fn core(&self) -> &Arc<Core> {
        &self.0.0
    }

    /// Opens a folder (an absolute path) and starts to build it. One that is open already stays as it is.
    pub fn add_folder(&self, path: &Path, name: &str) {
        self.core().add_folder(clean(path), name.to_owned());
    }

    /// Closes a folder; `false` if it was not open.
    pub fn remove_folder(&self, path: &Path) -> bool {
        self.core().remove_folder(&clean(path))
    }

    /// The open folders with their names, in the order in which they were opened.
    pub fn folders(&self) -> Vec<(PathBuf, String)> {
        self.core().folders().iter().map(|f| (f.path.clone(), f.name.clone())).collect()
    }

    /// What a request about the path takes before anything else can happen. Never blocks; counts as a use of the
    /// folder, and starts its build if it is not there.
    pub fn capture(&self, path: &Path) -> Capture {
        Capture::of_path(self.core(), path)
    }

    /// The same for a request that concerns every folder. This is no use of any folder in particular: one that is
    /// evicted comes back only into memory that is free, and says that it is evicted otherwise.
    pub fn capture_folders(&self) -> Vec<Capture> {
        Capture::of_folders(self.core())
    }

    /// Captures of the folders that do not own the path, for questions whether they depend on what lies there: each
    /// reaches into its dependencies. An evicted folder stays so.
    pub fn capture_others(&self, path: &Path) -> Vec<Capture> {
        let owner = self.core().owner(path).map(|folder| folder.id);
        let folders = self.core().folders();
        let others = folders.iter().filter(|folder| Some(folder.id) != owner);
        others.map(|folder| Capture::of_other(self.core(), Arc::clone(folder))).collect()
    }

    /// The same of all folders.
    pub fn capture_all(&self) -> Vec<Capture> {
        let folders = self.core().folders();
        folders.iter().map(|folder| Capture::of_other(self.core(), Arc::clone(folder))).collect()
    }

    /// The path under the open folder that owns the file, and that folder's; `None` if it is in none. One that is named as the
    /// folder knows it is that folder's, others are where they really are. Looks at the disk.
    pub fn owned(&self, path: &Path) -> Option<(PathBuf, PathBuf)> {
        let real = path.canonicalize().ok()?;
        let below = |folder: &Folder| Some(folder.path.join(folder.relative(&real)?));
        let named = self.core().owner(path).filter(|folder| below(folder).as_deref() == Some(path));
        let folder = named.or_else(|| self.core().owner(&real))?;
        Some((below(&folder)?, folder.path.clone()))
    }

    /// Whether the folder of a file is there to be asked, whoever asks.
    pub fn is_served(&self, path: &Path) -> bool {
        self.core().owner(path).is_some_and(|folder| folder.shelf.load().is_some())
    }

    /// Opens a document: from now on its text counts instead of the file's.
    pub fn open(
        &self,
        path: &Path,
        language_id: &str,
        version: i32,
        text: &str,
    ) -> Result<Arc<Document>, DocumentError> {
        let bytes_max = self.settings_at(path).document_bytes_max();
        let opened = self.core().documents.open(path.to_owned(), language_id, version, text, bytes_max);
        self.core().settling.forget(path);
        opened
    }

    /// Applies the changes in their order, at once; nothing is parsed.
    pub fn change(
        &self,
        path: &Path,
        version: i32,
        changes: &[Change],
        encoding: Encoding,
    ) -> Result<Arc<Document>, DocumentError> {
        self.core().documents.change(path, version, changes, encoding)
    }

    /// What the client has said of a document was not heard, for this reason; nothing is answered for it until all of it
    /// is said again.
    pub fn lose(&self, path: &Path, why: &str) {
        let bytes_max = self.settings_at(path).document_bytes_max();
        self.core().documents.lose(path, why, bytes_max);
        self.core().settling.forget(path);
    }

    /// The document was written to disk.
    pub fn save(&self, path: &Path) {
        if let Some(document) = self.core().documents.get(path) {
            document.note_written();
        }
        self.files_changed([path.to_owned()]);
    }

    /// Closes a document: the file on disk counts again.
    pub fn close(&self, path: &Path) -> Result<(), DocumentError> {
        self.core().settle(path);
        let closed = self.core().documents.close(path);
        self.core().forget_closed();
        self.files_changed([path.to_owned()]);
        self.core().documents_gave_back();
        closed
    }

    pub fn documents(&self) -> Arc<DocumentSet> {
        self.core().documents.all()
    }

    /// These files or directories may have changed, come or gone. A hint: what has really happened is looked up.
    pub fn files_changed(&self, paths: impl IntoIterator<Item = PathBuf>) {
        self.core().heard(paths.into_iter().collect());
    }

    /// Something was told of files that is not known: all folders look for themselves what has changed.
    pub fn any_file_changed(&self) {
        self.core().heard(Changes::Rescan);
    }

    /// Reads a folder again from nothing; `false` if it is not open.
    pub fn reload(&self, folder: &Path) -> bool {
        self.with(folder, |core, folder| {
            folder.kept.distrust();
            folder.quarantine.forget();
            core.reload(folder);
        })
    }

    /// Ends the build of a folder, if one is under way; what is served stays. `false` if the folder is not open.
    pub fn cancel_build(&self, folder: &Path) -> bool {
        self.with(folder, |core, folder| core.cancel_build(folder))
    }

    /// Drops a folder's graph; it comes back with the next request.
    pub fn evict(&self, folder: &Path) -> bool {
        self.with(folder, |core, folder| core.evict(folder))
    }

    /// Never evicts the folder, unless the limit is lowered below what is pinned.
    pub fn pin(&self, folder: &Path) -> bool {
        self.with(folder, |core, folder| {
            core.keeper.set_pinned(folder.id, true);
        })
    }

    pub fn unpin(&self, folder: &Path) -> bool {
        self.with(folder, |core, folder| {
            core.keeper.set_pinned(folder.id, false);
            core.room_may_be_more();
        })
    }

    /// Counts what waits for the client.
    pub fn holder(&self) -> Holder {
        Holder(Arc::downgrade(self.core()))
    }

    /// Those of the process, which are also those of all that has no others.
    pub fn settings(&self) -> Arc<Settings> {
        self.core().settings()
    }

    pub fn all_settings(&self) -> Arc<SettingsByFolder> {
        self.core().all_settings()
    }

    /// Those of the folder that owns the path.
    pub fn settings_at(&self, path: &Path) -> Arc<Settings> {
        self.core().settings_at(path)
    }

    /// Takes new settings; limits, excludes and watching follow at once.
    pub fn set_settings(&self, settings: impl Into<SettingsByFolder>) {
        self.core().set_settings(settings.into());
    }

    /// Says whether the client tells of changes on disk, by [`files_changed`](Self::files_changed).
    pub fn set_client_watches(&self, watches: bool) {
        self.core().set_client_watches(watches);
    }

    /// Calls the hook after each publish, outside every lock; it may call the manager.
    pub fn on_publish(&self, hook: impl Fn(&Published) + Send + Sync + 'static) {
        self.core().add_hook(Arc::new(hook));
    }

    /// Keeps builds from reading files for as long as the value lives, whatever else they do: for a look at what happens
    /// meanwhile. Waits for the files that are being read.
    pub fn hold_builds(&self) -> Option<Permit> {
        let permits = &self.core().permits;
        permits.acquire(permits.capacity())
    }

    /// The threads for queries.
    pub fn pool(&self) -> &Pool {
        &self.core().pool
    }

    /// Whether a file of this name can belong to a graph; for clients that ask what to watch.
    pub fn is_relevant(name: &str) -> bool {
        is_relevant_name(name)
    }

    /// Ends builds, queries and watching. What is asked for later is not answered.
    pub fn shutdown(&self) {
        self.core().shutdown();
    }

    pub fn status(&self) -> Status {
        let core = self.core();
        let folders: Vec<_> = core.folders().iter().filter_map(|f| folder_status(core, f)).collect();
        // After the folders: what their builds had reserved is not told of when they are told to be at rest.
        let memory = Memory::new(core.keeper.ledger().balance());
        // By what is said of the folders, which may have moved on since.
        let ready = folders.iter().all(|f| f.state.is_at_rest());
        Status { uptime: core.clock.uptime(), ready, memory, folders }
    }

    fn with(&self, folder: &Path, act: impl FnOnce(&Arc<Core>, &Arc<Folder>)) -> bool {
        let found = self.core().folder(&clean(folder));
        if let Some(folder) = &found {
            act(self.core(), folder);
        }
        found.is_some()
    }
}

/// Without a separator at its end, by which paths would differ.
fn clean(path: &Path) -> PathBuf {
    path.components().collect()
}

fn folder_status(core: &Core, folder: &Folder) -> Option<FolderStatus> {
    let (report, served) = core.keeper.report_served(folder.id)?;
    let details = folder.details.lock().clone();
    let totals = served.as_ref().map(|s| s.graph.graph.totals()).unwrap_or_default();
    let now = core.clock.now();
    // A build that has published, or no longer counts, has a few steps left to do, which are no progress of the folder.
    let progress = details.progress.filter(|(of, ..)| report.building == Some(*of));
    let skipped = details.skipped.iter().map(|(path, why)| SkippedFile {
        path: folder.path.join(path),
        why: match details.outdated.why(path) {
            Some(_) => format!("{why}; what it said before is kept"),
            None => why.clone(),
        },
        left_out: false,
    });
    let degraded = served.as_ref().and_then(|s| s.graph.degraded);
    let left_out = details.left_out.0.iter().filter(|_| degraded.is_some());
    let left_out = left_out.map(|path| SkippedFile {
        path: folder.path.join(path),
        why: LEFT_OUT.into(),
        left_out: true,
    });
    let left_out_more = if degraded.is_some() { details.left_out.1 } else { 0 };
    let owed = report.owed.map(|why| OwedFiles {
        cause: why.cause,
        why: why.message,
        files: details.owed.iter().map(|path| folder.path.join(path)).collect(),
    });
    let whole = served.is_some() && degraded.is_none();
    let mut dependencies = folder.libraries.status();
    dependencies.bytes += folder.leading.bytes();
    let note = note(&details, whole, totals.files, folder.leading.is_cut());
    Some(FolderStatus {
        path: folder.path.clone(),
        project_file: details.project_file,
        name: folder.name.clone(),
        state: report.lifecycle,
        stale: report.stale,
        pinned: report.pinned,
        generation: report.generation,
        resident_bytes: served.as_ref().map_or(0, |s| s.bytes()),
        high_water_bytes: details.high_water,
        files: u64::from(totals.files),
        lines: totals.lines,
        symbols: totals.defs,
        references: totals.refs,
        languages: totals.languages().map(|(name, n)| (name, u64::from(n))).collect(),
        progress: progress.map(|(_, done, total)| (done * 100 / total.max(1)).min(100) as u8),
        last_good: report.last_good,
        age: report.last_good.filter(|_| report.stale).map(|good| now.since(good)).unwrap_or_default(),
        last_error: report.failure.as_ref().map(|f| LastError { cause: f.cause, message: f.message.clone() }),
        retry_count: if report.failure.is_some() { report.failures } else { 0 },
        owed,
        build: details.build,
        snapshot: core.kept_on_disk(folder, report.generation),
        skipped: skipped.chain(left_out).collect(),
        skipped_more: (details.skipped_more + left_out_more) as u64,
        degraded,
        watcher: details.watcher,
        dependencies,
        note,
    })
}

/// What is worth knowing although nothing is wrong.
fn note(details: &folder::Details, serving: bool, files: u32, leads_cut: bool) -> Option<String> {
    let mut notes = Vec::new();
    if serving && files == 0 {
        notes.push("it holds no file in a language that coppice knows");
    }
    if details.truncated {
        notes.push("it holds more files than coppice indexes; the rest is left out");
    }
    if leads_cut {
        notes.push("its files lead to more places outside of it than are looked at for other folders");
    }
    if details.own_went {
        notes.push("its graph does not fit twice: the old one was given up before the new one was built");
    }
    (!notes.is_empty()).then(|| notes.join("; "))
}

#[cfg(test)]
mod tests;
