//! Folders' graphs on disk: written after a publish and before an eviction, read before a build.
//!
//! The disk is an aid, not a need: whatever goes wrong with it is said once, and folders are built as if it were not
//! there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::build::Base;
use super::super::cache::{
    CACHE_BYTES_MAX, Cache, FolderLock, Found, Identity, Missing, backoff, due, has_snapshot,
};
use super::super::cancel::CancelToken;
use super::super::clock::Moment;
use super::super::directory::Root;
use super::super::keeper::{Ask, Cost, Served, Unmet};
use super::super::ledger::Reservation;
use super::super::quarantine::now_ms;
use super::super::settings::CacheDir;
use super::super::slot::FolderId;
use super::super::status::KeptOnDisk;
use super::super::sync::{Condvar, Mutex};
use super::super::workers::Workers;
use super::builds::Published;
use super::core::Core;
use super::folder::Folder;
use super::resident::Resident;

/// Longest that the end of the process waits for a snapshot that is being written; the rest of the shutdown fits
/// beside it into the two seconds that there are.
const FINISH_WAIT: Duration = Duration::from_millis(800);

/// Longest that a build that needs memory waits for other snapshots before it takes a folder's without one.
const TURN_WAIT: Duration = Duration::from_secs(1);

/// The cache of this process, and the thread that writes to it.
pub struct Keeping {
    opened: Mutex<Option<(CacheDir, Option<Arc<Cache>>)>>,
    trouble: Mutex<Trouble>,
    writer: Workers,
    /// One snapshot is written at a time.
    writing: Mutex<bool>,
    written: Condvar,
}

#[derive(Default)]
struct Trouble {
    told: bool,
    /// Writes in a row that have failed, and until when none is tried.
    failures: u32,
    until: Option<Instant>,
}

impl Default for Keeping {
    fn default() -> Self {
        Keeping {
            opened: Mutex::default(),
            trouble: Mutex::default(),
            writer: Workers::new("snapshot", 1),
            writing: Mutex::default(),
            written: Condvar::default(),
        }
    }
}

impl Keeping {
    /// Starts no further write and waits a little for the one that runs.
    pub fn shutdown(&self) {
        self.writer.shutdown();
        let deadline = Instant::now() + FINISH_WAIT;
        let mut writing = self.writing.lock();
        while *writing && self.written.wait_until(&mut writing, deadline) {}
    }

    /// Waits until nobody else writes, or the time has come.
    fn begin(&self, until: Option<Instant>) -> Option<Writing<'_>> {
        let mut writing = self.writing.lock();
        while *writing {
            match until {
                None => self.written.wait(&mut writing),
                Some(until) if self.written.wait_until(&mut writing, until) => {}
                Some(_) => return None,
            }
        }
        *writing = true;
        Some(Writing(self))
    }

    /// When writing is worth an attempt, if that is not now.
    fn barred_until(&self) -> Option<Instant> {
        self.trouble.lock().until.filter(|until| *until > Instant::now())
    }
}

/// The turn to write, until it is dropped.
struct Writing<'a>(&'a Keeping);

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        *self.0.writing.lock() = false;
        self.0.written.notify_all();
    }
}

/// A folder that has gone before its snapshot was written; those that wait for that are told once this is dropped.
struct Parting(Arc<Core>, Arc<Folder>);

impl Parting {
    fn begin(core: &Arc<Core>, folder: &Arc<Folder>) -> Parting {
        folder.kept.0.lock().partings += 1;
        Parting(Arc::clone(core), Arc::clone(folder))
    }
}

impl Drop for Parting {
    fn drop(&mut self) {
        let Parting(core, folder) = self;
        folder.kept.0.lock().partings -= 1;
        // Taken, so that nobody looks and then waits in between.
        drop(core.keeping.writing.lock());
        core.keeping.written.notify_all();
    }
}

/// What is known of a folder's snapshot.
#[derive(Default)]
pub struct Kept(Mutex<State>, Mutex<Claiming>);

/// The turn of the thread that takes the folder's lock: to the system, another thread is as another process.
#[derive(Debug, Default)]
struct Claiming;

#[derive(Default)]
struct State {
    lock: Option<Arc<FolderLock>>,
    released: bool,
    /// The generation that the snapshot on disk is of.
    generation: Option<u64>,
    looked: Moment,
    bytes: u64,
    written: Option<Instant>,
    /// A write is on its way.
    scheduled: bool,
    /// So many graphs that are no longer served are about to be written.
    partings: usize,
    /// How often the cache has been moved.
    moves: u64,
    /// The next build is not to stand on the snapshot.
    distrusted: bool,
}

impl Kept {
    /// The next build reads everything anew.
    pub fn distrust(&self) {
        self.0.lock().distrusted = true;
    }

    /// The folder is closed: others may write its snapshot.
    pub fn release(&self) {
        let mut state = self.0.lock();
        state.released = true;
        let lock = state.lock.take();
        drop(state);
        drop(lock);
    }

    /// The cache is in another place from now on, where nothing is kept and nothing is locked yet.
    pub fn moved(&self) {
        let mut state = self.0.lock();
        state.moves += 1;
        (state.generation, state.written) = (None, None);
        let lock = state.lock.take();
        drop(state);
        drop(lock);
    }

    /// The lock is no longer where it was taken: whatever was beside it is gone, or another process's.
    fn lost(&self) -> bool {
        // The disk is looked at without the lock.
        let held = self.0.lock().lock.clone();
        let Some(held) = held.filter(|lock| !lock.is_there()) else { return false };
        let mut state = self.0.lock();
        // Another one may have been taken meanwhile.
        if !state.lock.as_ref().is_some_and(|lock| Arc::ptr_eq(lock, &held)) {
            return false;
        }
        (state.generation, state.written) = (None, None);
        let lock = state.lock.take();
        drop(state);
        drop(lock);
        true
    }

    fn on_disk(&self, generation: u64) -> Option<KeptOnDisk> {
        let state = self.0.lock();
        let current = state.generation? == generation;
        Some(KeptOnDisk { looked: state.looked, bytes: state.bytes, current })
    }

    /// Whether there is a snapshot of some generation.
    pub fn is_on_disk(&self) -> bool {
        self.0.lock().generation.is_some()
    }

    fn is_of(&self, generation: u64) -> bool {
        self.0.lock().generation == Some(generation)
    }

    /// How often the cache has been moved so far.
    fn moves(&self) -> u64 {
        self.0.lock().moves
    }

    /// The snapshot on disk is of this generation. `false` if that is where the cache was after so many moves, and is no more.
    pub fn is_now(&self, moves: u64, generation: u64, looked_ns: i64, bytes: u64) -> bool {
        let mut state = self.0.lock();
        if state.moves != moves {
            return false;
        }
        let looked = Moment(u64::try_from(looked_ns / 1_000_000).unwrap_or(0));
        (state.generation, state.looked, state.bytes) = (Some(generation), looked, bytes);
        true
    }
}

/// A graph that has come back from disk, with the memory that is reserved for it.
pub struct Recalled {
    pub base: Base,
    pub reservation: Reservation,
    /// Of the snapshot on disk.
    pub bytes: u64,
    /// Where it is: how often the cache had been moved.
    pub moves: u64,
}

impl Core {
    /// Has every publish followed by a snapshot, in time.
    pub fn start_keeping(self: &Arc<Self>) {
        let core = Arc::downgrade(self);
        self.add_hook(Arc::new(move |published| {
            if let Some(core) = core.upgrade() {
                core.keep_published(published);
            }
        }));
    }

    fn keep_published(self: &Arc<Self>, published: &Published) {
        if let Some(folder) = self.folder(&published.folder) {
            self.keep_soon(folder, published.generation);
        }
    }

    /// The cache is in another place from now on: what is served is kept there, too.
    pub(super) fn cache_moved(self: &Arc<Self>, folder: &Arc<Folder>) {
        folder.quarantine.pause();
        folder.kept.moved();
        if let Some(served) = folder.shelf.load() {
            self.keep_soon(Arc::clone(folder), served.generation);
        }
    }

    /// Whether the snapshot on disk is of this generation. It may have been removed, for want of room or by hand.
    fn is_kept(&self, folder: &Folder, generation: u64) -> bool {
        folder.kept.is_of(generation) && self.has_snapshot(folder)
    }

    fn has_snapshot(&self, folder: &Folder) -> bool {
        self.settings().cache_dir.path().is_some_and(|dir| has_snapshot(&dir, folder.real()))
    }

    /// What is known of the folder's snapshot, which is there.
    pub(super) fn kept_on_disk(&self, folder: &Folder, generation: u64) -> Option<KeptOnDisk> {
        folder.kept.on_disk(generation).filter(|_| self.has_snapshot(folder))
    }

    /// Looks whether the cache has been removed since the folder's lock was taken there; then nothing is kept, locked or
    /// written down any more, as where the cache has just been moved to, and what is served is kept again.
    fn notice_lost(self: &Arc<Self>, folder: &Folder) {
        if !folder.kept.lost() {
            return;
        }
        tracing::info!("the cache has been removed");
        for lost in self.folders().iter().filter(|f| f.id == folder.id || f.kept.lost()) {
            lost.quarantine.abandon();
            if let Some(served) = lost.shelf.load() {
                self.keep_soon(Arc::clone(lost), served.generation);
            }
        }
    }

    fn keep_soon(self: &Arc<Self>, folder: Arc<Folder>, generation: u64) {
        if self.settings().cache_dir == CacheDir::Off || self.is_kept(&folder, generation) {
            return;
        }
        let mut state = folder.kept.0.lock();
        if std::mem::replace(&mut state.scheduled, true) {
            return;
        }
        let when = due(state.written, Instant::now());
        drop(state);
        self.keep_at(folder, when);
    }

    /// Writes what the folder serves then; if that fails, later.
    fn keep_at(self: &Arc<Self>, folder: Arc<Folder>, when: Instant) {
        self.later(when, move |core| {
            let (inner, refused) = (Arc::clone(&core), Arc::clone(&folder));
            let write = move |_: &CancelToken| {
                folder.kept.0.lock().scheduled = false;
                let served = folder.shelf.load();
                let again = served.and_then(|served| inner.write_snapshot(&folder, &served, None));
                let Some(when) = again else { return };
                let mut state = folder.kept.0.lock();
                let wanted = !state.released && !std::mem::replace(&mut state.scheduled, true);
                drop(state);
                if wanted {
                    inner.keep_at(folder, when);
                }
            };
            if core.keeping.writer.submit(CancelToken::new(), write).is_err() {
                // The next graph is written, if anything still is.
                refused.kept.0.lock().scheduled = false;
            }
        });
    }

    /// A folder is about to go for another's build, whose thread this is.
    pub(super) fn keep_before_eviction(self: &Arc<Self>, id: FolderId) {
        let folder = self.folders().iter().find(|f| f.id == id).cloned();
        if let Some(folder) = folder
            && let Some(served) = folder.shelf.load()
        {
            // Whoever needs the memory does not wait for a slow disk: the folder is built anew then.
            self.write_snapshot(&folder, &served, Some(Instant::now() + TURN_WAIT));
        }
    }

    /// A folder is about to go because the user wants it: its graph is held until it has been written.
    pub(super) fn keep_evicted(self: &Arc<Self>, folder: &Arc<Folder>) {
        let Some(served) = folder.shelf.load() else { return };
        if self.settings().cache_dir == CacheDir::Off || self.is_kept(folder, served.generation) {
            return;
        }
        let parting = Parting::begin(self, folder);
        // It ends with the job, whether that has run or not.
        let _ = self.keeping.writer.submit(CancelToken::new(), move |_| {
            let Parting(core, folder) = &parting;
            core.write_snapshot(folder, &served, None);
            drop(served);
        });
    }

    /// Waits for snapshots of the folder that are about to be there. `false` if one still is when the time has come.
    fn wait_for_partings(&self, folder: &Folder, deadline: Instant) -> bool {
        let mut writing = self.keeping.writing.lock();
        while folder.kept.0.lock().partings > 0 {
            if !self.keeping.written.wait_until(&mut writing, deadline) {
                return false;
            }
        }
        true
    }

    /// Writes the graph out unless that has been done, cannot be done, or is another process's to do. Returns when it is
    /// worth another attempt. Whoever else is writing is waited for until then, if there is such a time.
    fn write_snapshot(
        self: &Arc<Self>,
        folder: &Folder,
        served: &Served<Resident>,
        until: Option<Instant>,
    ) -> Option<Instant> {
        let resident = &served.graph;
        // Only a whole graph is worth coming back to, and one of no files is made at once.
        if resident.degraded.is_some() || resident.graph.file_count() == 0 {
            return None;
        }
        if self.is_kept(folder, served.generation) {
            return None;
        }
        let _writing = self.keeping.begin(until)?;
        if self.is_kept(folder, served.generation) {
            return None;
        }
        if let Some(until) = self.keeping.barred_until() {
            return Some(until);
        }
        self.notice_lost(folder);
        // Before it is looked where the cache is.
        let moves = folder.kept.moves();
        let cache = self.cache()?;
        let identity = Identity::of(&folder.path).ok()?;
        // Whatever is there by now, the graph is not of it.
        if folder.details.lock().root.is_none_or(|root| root.directory != identity.directory) {
            return None;
        }
        let began = Instant::now();
        let written = match self.claim(folder, &cache, &identity) {
            Ok(Some(lock)) => cache.write(&lock, &identity, resident.looked_ns, &resident.graph),
            Ok(None) => return None,
            Err(error) => Err(error),
        };
        match written {
            Ok(bytes) => {
                if !folder.kept.is_now(moves, served.generation, resident.looked_ns, bytes) {
                    return Some(Instant::now());
                }
                folder.kept.0.lock().written = Some(Instant::now());
                let mut trouble = self.keeping.trouble.lock();
                (trouble.failures, trouble.until) = (0, None);
                drop(trouble);
                let (path, took) = (folder.path.display(), began.elapsed());
                tracing::info!(folder = %path, bytes, "snapshot written in {took:?}");
                None
            }
            Err(error) => Some(self.cannot_write(&error)),
        }
    }

    /// Has the folder's parses written down before they begin, if that is this process's to do.
    pub(super) fn journal(self: &Arc<Self>, folder: &Folder) {
        self.notice_lost(folder);
        if folder.quarantine.is_journalled() || self.keeping.barred_until().is_some() {
            return;
        }
        let Some(cache) = self.cache() else { return };
        let Ok(identity) = Identity::of(&folder.path) else { return };
        let opened = match self.claim(folder, &cache, &identity) {
            Ok(Some(lock)) => cache.journal(&lock, &identity, now_ms()),
            Ok(None) => return,
            Err(error) => Err(error),
        };
        match opened {
            Ok((journal, crashes)) => folder.quarantine.journalled(journal, crashes),
            Err(error) => drop(self.cannot_write(&error)),
        }
    }

    /// Bars writing for a while; returns until when.
    fn cannot_write(&self, error: &std::io::Error) -> Instant {
        let mut trouble = self.keeping.trouble.lock();
        trouble.failures = trouble.failures.saturating_add(1);
        let until = Instant::now() + backoff(trouble.failures);
        trouble.until = Some(until);
        drop(trouble);
        self.cache_trouble(&format!("graphs cannot be kept on disk: {error}"));
        until
    }

    /// The right to write the folder's snapshot, which stays with this process while the folder is open.
    fn claim(
        &self,
        folder: &Folder,
        cache: &Cache,
        identity: &Identity,
    ) -> std::io::Result<Option<Arc<FolderLock>>> {
        let _turn = folder.kept.1.lock();
        let held = folder.kept.0.lock().lock.clone();
        if held.is_some() {
            return Ok(held);
        }
        let taken = cache.lock(identity)?.map(Arc::new);
        let mut state = folder.kept.0.lock();
        if !state.released {
            state.lock = taken.clone();
        }
        Ok(taken)
    }

    /// The folder's graph from disk, into memory that is reserved before it is read; `None` if it is to be built.
    ///
    /// # Errors
    /// If the build no longer counts.
    pub(super) fn recall(self: &Arc<Self>, folder: &Folder, ask: Ask<'_>) -> Result<Option<Recalled>, Unmet> {
        if std::mem::take(&mut folder.kept.0.lock().distrusted) || folder.shelf.load().is_some() {
            return Ok(None);
        }
        self.wait_for_partings(folder, ask.patience);
        let moves = folder.kept.moves();
        let Some(found) = self.find_snapshot(folder) else { return Ok(None) };
        let (looked_ns, bytes, needed) = (found.looked_ns, found.bytes, found.memory_bytes());
        folder.details.lock().root = Some(Root { directory: found.directory, has_files: true });
        let mut cost = Cost::default();
        let reserved = self.keeper.reserve(Ask { bytes: needed, ..ask }, &mut cost);
        self.evicted(&cost.evicted);
        let mut reservation = match reserved {
            Ok(reservation) => reservation,
            Err(Unmet::Outdated) => return Err(Unmet::Outdated),
            // The build says what is lacking, or makes do with less.
            Err(_) => return Ok(None),
        };
        match found.load() {
            Ok(graph) => {
                reservation.shrink_to((graph.shared_bytes() + graph.own_bytes()) as u64);
                let base = Base { graph: Arc::new(graph), looked_ns };
                Ok(Some(Recalled { base, reservation, bytes, moves }))
            }
            Err(why) => {
                tracing::warn!(folder = %folder.path.display(), "the snapshot is not used: {why}");
                Ok(None)
            }
        }
    }

    fn find_snapshot(&self, folder: &Folder) -> Option<Found> {
        let cache = self.cache()?;
        let identity = Identity::of(&folder.path).ok()?;
        match cache.find(&identity) {
            Ok(found) => Some(found),
            Err(Missing::NotThere) => None,
            Err(Missing::OtherDirectory(directory)) if directory.device != identity.directory.device => {
                // It may be on a file system that is not mounted just now.
                folder.details.lock().root.get_or_insert(Root { directory, has_files: true });
                None
            }
            Err(why) => {
                tracing::info!(folder = %folder.path.display(), "the snapshot is not used: {why}");
                None
            }
        }
    }

    /// The cache that the settings name, opened when it is first needed, and again if its directory has been removed; `None` if
    /// there is none or it cannot be used.
    fn cache(&self) -> Option<Arc<Cache>> {
        let wanted = self.settings().cache_dir.clone();
        let mut opened = self.keeping.opened.lock();
        if let Some((dir, cache)) = &*opened
            && *dir == wanted
            && cache.as_ref().is_none_or(|cache| cache.is_there())
        {
            return cache.clone();
        }
        let dir = wanted.path();
        let outcome = dir.as_deref().map(|dir| Cache::open(dir, CACHE_BYTES_MAX));
        let (cache, error) = match outcome {
            Some(Ok(cache)) => (Some(Arc::new(cache)), None),
            Some(Err(error)) => (None, Some(error)),
            None => (None, None),
        };
        *opened = Some((wanted, cache.clone()));
        drop(opened);
        if let (Some(error), Some(dir)) = (error, dir) {
            self.cache_trouble(&format!("graphs are not kept on disk: {}: {error}", dir.display()));
        }
        cache
    }

    /// Says it once; the log hears of it every time.
    fn cache_trouble(&self, what: &str) {
        if std::mem::replace(&mut self.keeping.trouble.lock().told, true) {
            tracing::warn!("{what}");
        } else {
            self.warn(what.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::World;
    use super::*;

    #[test]
    fn a_folder_that_parts_twice_is_waited_for_twice() {
        let world = World::new(&[("a/x.py", "def f(): pass\n")]);
        world.add("a");
        let core = world.manager.core();
        let folder = core.folder(&world.at("a")).unwrap();
        let [first, second] = [(); 2].map(|()| Parting::begin(core, &folder));
        drop(first);
        assert!(!core.wait_for_partings(&folder, Instant::now()), "the second is not written yet");
        drop(second);
        assert!(core.wait_for_partings(&folder, Instant::now()));
    }

    #[test]
    fn what_was_written_where_the_cache_was_is_not_kept_where_it_is() {
        let kept = Kept::default();
        let moves = kept.moves();
        kept.moved();
        assert!(!kept.is_now(moves, 1, 0, 100) && !kept.is_on_disk());
        assert!(kept.is_now(kept.moves(), 1, 0, 100) && kept.is_of(1));
    }
}
