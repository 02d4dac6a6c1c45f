//! The manager's insides, shared by its threads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::super::budget::Budget;
use super::super::cancel::CancelToken;
use super::super::changes::Changes;
use super::super::clock::{Clock, Moment};
use super::super::degrade::has_grown;
use super::super::documents::Documents;
use super::super::folder_settings::SettingsByFolder;
use super::super::gate::Gate;
use super::super::keeper::Keeper;
use super::super::pool::{NotTaken, Pool};
use super::super::settings::Settings;
use super::super::settling::Settling;
use super::super::slot::{Cause, FolderId};
use super::super::sync::{Mutex, Published, assert_none_held};
use super::super::timer::Timer;
use super::super::watch::{Notice, Watch};
use super::super::workers::Workers;
use super::builds;
use super::folder::Folder;
use super::keeping::Keeping;
use super::minding::Minding;
use super::observer::{Event, Observer, Severity};
use super::resident::Resident;
use crate::lang::scratch::purge;

/// Builds that run at once. More only split the same threads; fewer let one large folder hold up all the others.
pub(super) const BUILDS_MAX: usize = 4;
/// Folders whose dependencies are read at once, on threads that no build waits for: reading them may take a minute, and
/// a folder that is being loaded has no answers at all.
const LOADS_MAX: usize = 2;

/// Called after a publish, on the build's thread, outside every lock; may call the manager.
pub type PublishHook = Arc<dyn Fn(&builds::Published) + Send + Sync>;

/// Everything that outlives a single call.
pub struct Core {
    pub clock: Clock,
    pub keeper: Arc<Keeper<Resident>>,
    pub documents: Documents,
    pub settling: Settling,
    pub pool: Pool,
    pub timer: Timer,
    pub watch: Watch,
    pub observer: Arc<dyn Observer>,
    /// Threads that run builds; their parses share the permits.
    pub(super) builders: Workers,
    /// Threads that read dependencies; their parses share the permits, too.
    pub(super) loaders: Workers,
    /// One thread for what may take its time and is to happen in order: looks at paths of which something was heard, and
    /// what is given back to the system.
    chores: Workers,
    pub(super) permits: Gate,
    pub(super) queue: Mutex<Vec<builds::Queued>>,
    pub(super) keeping: Keeping,
    pub(super) minding: Minding,
    pub(super) pending: Mutex<Pending>,
    settings: Published<SettingsByFolder>,
    folders: Published<Vec<Arc<Folder>>>,
    /// Held while one list of folders is made from another; the next folder's number.
    opening: Mutex<u32>,
    hooks: Mutex<Vec<PublishHook>>,
    awaited: Mutex<Option<Awaited>>,
}

/// The retry that the timer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Awaited(Moment);

/// What has been heard of the disk and not been handed on yet.
#[derive(Default)]
pub(super) struct Pending {
    /// By how long they are collected before they are handed on.
    pub changes: BTreeMap<Duration, Changes>,
    pub client_watches: bool,
    pub polling: bool,
}

impl Core {
    pub fn new(settings: SettingsByFolder, observer: Arc<dyn Observer>, pool: Pool) -> Arc<Core> {
        Arc::new_cyclic(|core: &Weak<Core>| {
            let [for_budget, for_watch, for_keeper, for_spare] = [(); 4].map(|()| Weak::clone(core));
            let parting = move |folder| {
                if let Some(core) = for_keeper.upgrade() {
                    core.keep_before_eviction(folder);
                }
            };
            let spare = move |bytes| for_spare.upgrade().is_some_and(|core| core.spare_libraries(bytes));
            let keeper = Keeper::new(settings.shared().memory_limit).with_parting(parting).with_spare(spare);
            let keeper = Arc::new(keeper);
            let budget = Budget::new(keeper.ledger().clone(), move |bytes| {
                if let Some(core) = for_budget.upgrade() {
                    let gone = core.keeper.make_room(bytes, None);
                    // Whoever asks may hold a lock, under which nobody is to be told.
                    if !gone.is_empty() {
                        core.later(Instant::now(), move |core| core.evicted_in_passing(&gone));
                    }
                }
            });
            let watch = Watch::new(move |notice| {
                if let Some(core) = for_watch.upgrade() {
                    match notice {
                        Notice::Changed(paths) => core.heard(paths.into_iter().collect()),
                        Notice::Lost => core.heard(Changes::Rescan),
                    }
                }
            });
            Core {
                clock: Clock::start(),
                documents: Documents::new(Arc::new(budget)),
                settling: Settling::default(),
                pool,
                timer: Timer::start(),
                watch,
                observer,
                builders: Workers::new("build", BUILDS_MAX),
                loaders: Workers::new("load", LOADS_MAX),
                chores: Workers::new("chore", 1),
                permits: Gate::new(settings.shared().build_threads as u64),
                queue: Mutex::default(),
                keeping: Keeping::default(),
                minding: Minding::default(),
                pending: Mutex::default(),
                settings: Published::of(settings),
                folders: Published::of(Vec::new()),
                opening: Mutex::new(0),
                hooks: Mutex::default(),
                awaited: Mutex::default(),
                keeper,
            }
        })
    }

    pub fn all_settings(&self) -> Arc<SettingsByFolder> {
        self.settings.load().expect("there are always settings")
    }

    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(self.all_settings().shared())
    }

    pub fn settings_of(&self, folder: &Folder) -> Arc<Settings> {
        Arc::clone(self.all_settings().of(&folder.path))
    }

    /// Those of the folder that owns the path, or the shared ones.
    pub fn settings_at(&self, path: &Path) -> Arc<Settings> {
        self.owner(path).map_or_else(|| self.settings(), |folder| self.settings_of(&folder))
    }

    pub fn folders(&self) -> Arc<Vec<Arc<Folder>>> {
        self.folders.load().expect("there is always a list")
    }

    pub fn folder(&self, path: &Path) -> Option<Arc<Folder>> {
        self.folders().iter().find(|f| f.path == path).cloned()
    }

    /// The folder that owns the path: of those that are named by it the innermost, or else of those where it really is.
    pub fn owner(&self, path: &Path) -> Option<Arc<Folder>> {
        let folders = self.folders();
        let holding = folders.iter().filter_map(|f| Some((closeness(f, path)?, f)));
        holding.max_by_key(|(closeness, _)| *closeness).map(|(_, folder)| Arc::clone(folder))
    }

    /// The folders that may have read what is at the path, each with the path as it knows it: one by its name, and others of
    /// which it is a part by another name.
    pub(super) fn readers(&self, path: &Path) -> Vec<(Arc<Folder>, PathBuf)> {
        let folders = self.folders();
        let inner = |f: &Folder, path: &Path| {
            folders
                .iter()
                .any(|g| g.path != f.path && g.path.starts_with(&f.path) && path.starts_with(&g.path))
        };
        let named = folders.iter().find(|f| path.starts_with(&f.path) && !inner(f, path));
        let real = named.map(|f| f.watched(path));
        let known = |f: &Arc<Folder>| {
            let relative = f.relative(path).or_else(|| f.relative(real.as_deref()?))?;
            let known = if relative.is_empty() { f.path.clone() } else { f.path.join(relative) };
            (!inner(f, &known)).then(|| (Arc::clone(f), known))
        };
        folders.iter().filter_map(known).collect()
    }

    /// Whether the path is the folder's own, or was until the folder was closed.
    pub(super) fn owns(&self, folder: &Folder, path: &Path) -> bool {
        // Of those that are equally close the one that was opened last, as `owner` has it.
        let rank = |f: &Folder| closeness(f, path).map(|closeness| (closeness, f.id));
        let own = rank(folder);
        own.is_some() && !self.folders().iter().any(|f| rank(f) > own)
    }

    /// Opens a folder and starts its first build. One that is open already stays as it is.
    pub fn add_folder(self: &Arc<Self>, path: PathBuf, name: String) {
        // Looked up here although a disk may take its time: by the next message it has to be known whose a file is.
        let real = path.canonicalize().ok();
        let mut next = self.opening.lock();
        if self.folder(&path).is_some() {
            return;
        }
        let id = FolderId(*next);
        *next += 1;
        let shelf = self.keeper.add(id);
        let folder = Arc::new(Folder::new(id, path, name, shelf, real));
        self.keeper.set_pinned(id, is_pinned(&self.settings_of(&folder), &folder.path));
        let mut list = Vec::clone(&self.folders());
        list.push(Arc::clone(&folder));
        let old = self.folders.swap(Some(Arc::new(list)));
        drop(next);
        drop(old);
        self.choose_watcher(&folder);
        self.want(&folder);
        self.owner_changed(&folder.path);
    }

    /// Closes a folder; whoever waits for it is told.
    pub fn remove_folder(self: &Arc<Self>, path: &Path) -> bool {
        let opening = self.opening.lock();
        let Some(folder) = self.folder(path) else { return false };
        let was_pinned = self.keeper.report(folder.id).is_some_and(|report| report.pinned);
        let list = self.folders().iter().filter(|f| f.id != folder.id).cloned().collect();
        let old = self.folders.swap(Some(Arc::new(list)));
        drop(opening);
        drop(old);
        self.keeper.remove(folder.id);
        folder.close();
        self.settling.looked(Instant::now(), |path| self.owns(&folder, path));
        folder.quarantine.close();
        folder.kept.release();
        self.watch.forget(folder.id);
        self.told(&folder);
        self.owner_changed(path);
        match was_pinned {
            true => self.room_may_be_more(),
            false => self.memory_came_back(),
        }
        true
    }

    /// The files below the path belong to another folder now: the one around it looks again.
    fn owner_changed(self: &Arc<Self>, path: &Path) {
        if let Some(outer) = path.parent().and_then(|above| self.owner(above)) {
            self.changed(&outer, Changes::path(path));
        }
    }

    /// Somebody needs the folder's graph.
    pub fn want(self: &Arc<Self>, folder: &Arc<Folder>) {
        let start = self.keeper.wanted(folder.id, self.clock.now());
        self.start(folder, start);
    }

    pub fn changed(self: &Arc<Self>, folder: &Arc<Folder>, changes: Changes) {
        let start = self.keeper.changed(folder.id, changes, self.clock.now());
        self.start(folder, start);
    }

    pub fn reload(self: &Arc<Self>, folder: &Arc<Folder>) {
        let start = self.keeper.reload(folder.id, self.clock.now());
        self.start(folder, start);
    }

    pub fn evict(self: &Arc<Self>, folder: &Arc<Folder>) {
        self.keep_evicted(folder);
        if self.keeper.evict(folder.id) {
            self.evicted_in_passing(&[folder.id]);
            self.memory_came_back();
        }
    }

    /// These folders' graphs have gone, for a build whose thread this is.
    pub(super) fn evicted(self: &Arc<Self>, gone: &[FolderId]) {
        self.tell_of_evicted(gone);
        if !gone.is_empty() {
            purge();
        }
    }

    /// These folders' graphs have gone. Whoever calls this has no time to give back to the system what they have left.
    pub(super) fn evicted_in_passing(self: &Arc<Self>, gone: &[FolderId]) {
        self.tell_of_evicted(gone);
        if !gone.is_empty() {
            // The graphs' columns have gone back by themselves; facts that were decoded from them are on the heap.
            self.chore(|_| purge());
        }
    }

    fn tell_of_evicted(self: &Arc<Self>, gone: &[FolderId]) {
        for folder in self.folders().iter().filter(|f| gone.contains(&f.id)) {
            tracing::debug!(folder = %folder.path.display(), "evicted");
            // By now the next build may have been started; that one goes on.
            folder.cancel_build(|build| !self.keeper.is_current(folder.id, build));
            self.unsettle(folder);
            folder.libraries.unlay();
            self.watch_drain(folder, self.keeper.given_up(folder.id));
            self.told(folder);
        }
    }

    /// Tells whoever listens or waits, if the folder's state is another than was told last.
    pub(super) fn told(self: &Arc<Self>, folder: &Arc<Folder>) {
        self.stir();
        folder.telling.note(&folder.path, || {
            // In this order: of a graph that comes in between it is told once more what it says, and not before it is there.
            let contents = folder.shelf.load().map(|served| served.graph.contents);
            (contents, self.keeper.report(folder.id))
        });
        assert_none_held();
        folder.wake();
        folder.telling.tell(|transition| self.observer.event(Event::Folder(transition)));
    }

    /// Sees to it that failed builds are tried again in time: one task waits for the next one that is due.
    pub(super) fn schedule_retries(self: &Arc<Self>) {
        let Some(due) = self.keeper.next_tick() else { return };
        let mut awaited = self.awaited.lock();
        if awaited.is_some_and(|Awaited(at)| at <= due) {
            return;
        }
        *awaited = Some(Awaited(due));
        drop(awaited);
        let core = Arc::downgrade(self);
        self.timer.at(self.clock.instant(due), move || {
            let Some(core) = core.upgrade() else { return };
            {
                let mut awaited = core.awaited.lock();
                // Another one, which was due before, may wait for what comes after it.
                if *awaited == Some(Awaited(due)) {
                    *awaited = None;
                }
            }
            for (id, start) in core.keeper.tick(core.clock.now()) {
                let folder = core.folders().iter().find(|f| f.id == id).cloned();
                if let Some(folder) = folder {
                    core.start(&folder, Some(start));
                }
            }
            core.schedule_retries();
        });
    }

    /// Takes new settings, as far as they concern what is there.
    pub fn set_settings(self: &Arc<Self>, settings: SettingsByFolder) {
        let all_old = self.settings.swap(Some(Arc::new(settings))).expect("there are always settings");
        let all_new = self.all_settings();
        self.permits.set_capacity(all_new.shared().build_threads as u64);
        let mut room = false;
        for folder in self.folders().iter() {
            let (old, new) = (all_old.of(&folder.path), all_new.of(&folder.path));
            room |= old.pinned != new.pinned;
            if old.pinned != new.pinned {
                self.keeper.set_pinned(folder.id, is_pinned(new, &folder.path));
            }
            if old.dependencies != new.dependencies {
                self.forget_libraries(folder);
            }
            if old.cache_dir != new.cache_dir {
                self.cache_moved(folder);
            }
            if old.watch != new.watch {
                self.watch.forget(folder.id);
                self.choose_watcher(folder);
            }
            if old.excludes != new.excludes
                || old.file_bytes_max != new.file_bytes_max
                || old.watch != new.watch
            {
                self.changed(folder, Changes::Rescan);
            }
        }
        let (old, new) = (all_old.shared(), all_new.shared());
        if old.memory_limit != new.memory_limit {
            room = true;
            self.keeper.ledger().set_limit(new.memory_limit);
            let gone = self.keeper.enforce_limit();
            self.evicted_in_passing(&gone);
            // What is on the heap may be over it too.
            self.stir();
        }
        if room {
            self.room_may_be_more();
        }
    }

    /// Folders that have failed for memory, or have been degraded, are looked at again: there may be room for them.
    pub(super) fn room_may_be_more(self: &Arc<Self>) {
        for folder in self.folders().iter() {
            let failure = self.keeper.report(folder.id).and_then(|r| r.failure);
            if failure.is_some_and(|f| f.cause == Cause::Memory) {
                self.reload(folder);
            } else if folder.shelf.load().is_some_and(|s| s.graph.degraded.is_some()) {
                self.changed(folder, Changes::Rescan);
            } else {
                let details = folder.details.lock();
                let lacking = details.too_costly.iter().chain(&details.owed);
                let lacking = lacking.map(|path| folder.path.join(path)).collect();
                drop(details);
                self.changed(folder, lacking);
            }
        }
        self.memory_came_back();
    }

    /// Documents have given something back: there may be room for all of a folder that is known in part, and for one whose
    /// build has failed.
    pub fn documents_gave_back(self: &Arc<Self>) {
        self.look_for_room();
        self.memory_came_back();
    }

    /// Views that were made for documents which are closed by now keep these no longer, whatever folder depends on them;
    /// `true` if some did.
    pub(super) fn forget_closed(&self) -> bool {
        let (open, settling) = (self.documents.all(), self.settling.all());
        let is_open = |path: &Path| open.contains_key(path) || settling.contains_key(path);
        let forgets = |folder: &Arc<Folder>| {
            let served = folder.shelf.load();
            let laid = folder.libraries.laid_over();
            let residents = laid.iter().chain(served.iter().map(|served| &served.graph));
            residents.filter(|resident| resident.forget_closed(is_open)).count() > 0
        };
        self.folders().iter().filter(|folder| forgets(folder)).count() > 0
    }

    /// The most that the folder can have: without what is on the heap, if that has been waited for in vain.
    pub(super) fn room(&self, folder: &Folder) -> u64 {
        let crowded = folder.details.lock().crowded;
        let heap = if crowded { self.keeper.ledger().balance().heap } else { 0 };
        self.keeper.attainable(folder.id).saturating_sub(heap)
    }

    /// A folder that is known in part is looked at again if it could now have as much as all of it is expected to need, and
    /// an eighth more than when that was last tried.
    pub(super) fn look_for_room(self: &Arc<Self>) {
        for folder in self.folders().iter() {
            let Some(degraded) = folder.shelf.load().and_then(|served| served.graph.degraded) else {
                continue;
            };
            let room = self.room(folder);
            let mut details = folder.details.lock();
            let before = details.room_tried.max(details.room_looked);
            let tries = room >= degraded.needed && has_grown(room, degraded.room, before);
            if tries {
                details.room_looked = room;
            }
            drop(details);
            if tries {
                self.changed(folder, Changes::Rescan);
            }
        }
    }

    pub fn add_hook(&self, hook: PublishHook) {
        self.hooks.lock().push(hook);
    }

    pub(super) fn hooks(&self) -> Vec<PublishHook> {
        self.hooks.lock().clone()
    }

    /// Ends everything that runs by itself.
    pub fn shutdown(&self) {
        self.timer.shutdown();
        self.watch.stop();
        for folder in self.folders().iter() {
            folder.close();
        }
        self.builders.shutdown();
        self.loaders.shutdown();
        self.chores.shutdown();
        self.pool.shutdown();
        for folder in self.folders().iter() {
            folder.quarantine.close();
        }
        self.keeping.shutdown();
    }

    /// Runs the task on a thread of its own, after those that were given before. `false` if there are too many, or there is
    /// no thread.
    pub(super) fn chore(self: &Arc<Self>, task: impl FnOnce(Arc<Core>) + Send + 'static) -> bool {
        let core = Arc::downgrade(self);
        let taken = self.chores.submit(CancelToken::new(), move |_| {
            if let Some(core) = core.upgrade() {
                task(core);
            }
        });
        !matches!(taken, Err(NotTaken::Full | NotTaken::NoThread))
    }

    /// Runs the task after the delay, unless the manager is gone by then.
    pub(super) fn later(self: &Arc<Self>, when: Instant, task: impl FnOnce(Arc<Core>) + Send + 'static) {
        let core = Arc::downgrade(self);
        self.timer.at(when, move || {
            if let Some(core) = core.upgrade() {
                task(core);
            }
        });
    }

    pub(super) fn warn(&self, text: String) {
        self.message(Severity::Warning, text);
    }
}

/// Whether the settings pin the folder, by path or by file URI.
fn is_pinned(settings: &Settings, folder: &Path) -> bool {
    settings.pinned.iter().any(|pinned| {
        let path = pinned.strip_prefix("file://").map_or_else(|| pinned.clone(), percent_decoded);
        Path::new(path.trim_end_matches('/')) == folder
    })
}

/// `%20` as a space; what is not an escape stays.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// How much a path is a folder's: whether it names the folder, and how deep that lies.
fn closeness(folder: &Folder, path: &Path) -> Option<(bool, usize)> {
    folder.holds(path).map(|depth| (path.starts_with(&folder.path), depth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_pinned_by_path_or_uri() {
        let settings =
            Settings { pinned: vec!["/a b".into(), "file:///c%20d/".into()], ..Settings::default() };
        assert!(is_pinned(&settings, Path::new("/a b")));
        assert!(is_pinned(&settings, Path::new("/c d")));
        assert!(!is_pinned(&settings, Path::new("/c")));
        assert_eq!(percent_decoded("%zz%4"), "%zz%4");
    }
}
