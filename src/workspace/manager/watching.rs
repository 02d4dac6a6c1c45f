//! From what is heard of the disk to what folders have to look at again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::build::{Seen, is_relevant_name};
use super::super::changes::Changes;
use super::super::retry::{RETRY_MAX, Retry};
use super::super::rules::{is_foreign_dir, outer_dirs, ruled_by};
use super::super::settings::WatchMode;
use super::super::slot::{Failure, FolderId, Lifecycle};
use super::super::status::Watcher;
use super::core::Core;
use super::folder::Folder;

/// Time between two looks at folders that cannot be watched; longer if looking takes long.
const POLL_INTERVAL: Duration = Duration::from_secs(3);
/// When what found no place among the chores tries again.
const CHORE_RETRY: Duration = Duration::from_secs(1);
/// A look may take this part of the time, one in so many.
const POLL_SHARE: u32 = 20;

impl Core {
    /// Notes changes; they are handed on together once no more than the debounce time has passed.
    pub fn heard(self: &Arc<Self>, changes: Changes) {
        for (wait, changes) in self.by_wait(changes) {
            let mut pending = self.pending.lock();
            let scheduled = pending.changes.contains_key(&wait);
            pending.changes.entry(wait).or_default().merge(changes);
            drop(pending);
            if !scheduled {
                self.later(Instant::now() + wait, move |core| core.hand_on_beside(wait));
            }
        }
    }

    /// The changes by how long their folders collect them.
    fn by_wait(&self, changes: Changes) -> BTreeMap<Duration, Changes> {
        let Changes::Paths(paths) = changes else {
            return BTreeMap::from([(self.settings().build_debounce, changes)]);
        };
        let mut by_wait: BTreeMap<Duration, Changes> = BTreeMap::new();
        for path in paths {
            let wait = self.settings_at(&path).build_debounce;
            by_wait.entry(wait).or_default().merge(Changes::path(&path));
        }
        by_wait
    }

    /// A document that is about to be closed answers until its folder has looked at what was saved.
    pub fn settle(&self, path: &Path) {
        let Some(document) = self.documents.get(path) else { return };
        let Some(folder) = self.owner(path) else { return };
        if concerns(&folder, path).is_some_and(|(_, by_name)| by_name) {
            self.settling.put(&document, Instant::now());
            self.unsettle(&folder);
        }
    }

    /// An evicted folder needs no closed documents: before it answers again it looks at the disk, where they were saved.
    pub(super) fn unsettle(&self, folder: &Folder) {
        // What is closed from here on may be of a look that begins meanwhile.
        let now = Instant::now();
        if self.keeper.report(folder.id).is_some_and(|r| r.lifecycle == Lifecycle::Evicted) {
            self.settling.looked(now, |path| self.owner(path).is_some_and(|f| f.id == folder.id));
        }
    }

    /// Off the timer's thread: the paths are looked at, and a disk that hangs is not to hang what else is timed.
    fn hand_on_beside(self: &Arc<Self>, wait: Duration) {
        if !self.chore(move |core| core.hand_on(wait)) {
            // So much waits behind such a disk. What this one was about is looked at with what comes next.
            tracing::warn!("changes are not looked at: too many wait already");
            self.later(Instant::now() + CHORE_RETRY, move |core| core.hand_on_beside(wait));
        }
    }

    fn hand_on(self: &Arc<Self>, wait: Duration) {
        let changes = self.pending.lock().changes.remove(&wait).unwrap_or_default();
        let paths = match changes {
            Changes::Nothing => return,
            Changes::Rescan | Changes::Everything => {
                for folder in self.folders().iter() {
                    self.changed(folder, Changes::Rescan);
                }
                return;
            }
            Changes::Paths(paths) => paths,
        };
        let mut by_folder: BTreeMap<FolderId, (Arc<Folder>, Changes)> = BTreeMap::new();
        for path in paths {
            if let Some(dir) = ruled_by(&path) {
                self.rules_changed(dir);
            }
            for (folder, known) in self.readers(&path) {
                if known != path && ruled_by(&known).is_some() {
                    self.changed(&folder, Changes::Rescan);
                }
                if let Some(path) = relevant(&folder, &known) {
                    let entry = by_folder.entry(folder.id).or_insert_with(|| (folder, Changes::Nothing));
                    entry.1.merge(Changes::path(&path));
                }
            }
        }
        for (folder, changes) in by_folder.into_values() {
            if let Changes::Paths(paths) = &changes {
                let watched = paths.iter().map(|path| folder.watched(path)).collect();
                self.watch.renew(folder.id, &watched);
            }
            self.changed(&folder, changes);
        }
    }

    /// Rules concern everything below their directory, and that may lie in a folder or above it.
    fn rules_changed(self: &Arc<Self>, dir: &Path) {
        let concerns = |root: &Path| root.starts_with(dir) || dir.starts_with(root);
        for folder in self.folders().iter().filter(|f| concerns(&f.path) || concerns(f.real())) {
            self.changed(folder, Changes::Rescan);
        }
    }

    /// Before a folder's rules are read: from now on changes of those that lie outside of it are to be heard of.
    pub(super) fn watch_rules(&self, folder: &Folder) {
        if folder.details.lock().watcher != Watcher::Native {
            return;
        }
        for dir in outer_dirs(folder.real()) {
            if let Err(error) = self.watch.enter_outer(folder.id, &dir) {
                tracing::info!(
                    "{}: changes of ignore files are seen with other changes: {error}",
                    dir.display()
                );
            }
        }
    }

    /// Says whether the client tells of changes; decides for folders that are to come and those that are there.
    pub fn set_client_watches(self: &Arc<Self>, watches: bool) {
        self.pending.lock().client_watches = watches;
        for folder in self.folders().iter() {
            let before = folder.details.lock().watcher;
            self.choose_watcher(folder);
            let after = folder.details.lock().watcher;
            if before != after {
                self.watch.forget(folder.id);
                self.changed(folder, Changes::Rescan);
            }
        }
    }

    pub(super) fn choose_watcher(self: &Arc<Self>, folder: &Arc<Folder>) {
        let client = self.pending.lock().client_watches;
        let watcher = match self.settings_of(folder).watch {
            WatchMode::Auto if client => Watcher::Client,
            WatchMode::Auto | WatchMode::Native => Watcher::Native,
            WatchMode::Client => Watcher::Client,
            WatchMode::Poll => Watcher::Poll,
        };
        folder.details.lock().watcher = watcher;
        if watcher == Watcher::Poll {
            self.poll();
        }
    }

    /// The system does not watch all of the folder: looks at it now and then instead, and says so once.
    pub(super) fn fall_back_to_polling(self: &Arc<Self>, folder: &Arc<Folder>, why: &str) {
        let before = std::mem::replace(&mut folder.details.lock().watcher, Watcher::Poll);
        self.watch.forget(folder.id);
        if before != Watcher::Poll {
            let seconds = POLL_INTERVAL.as_secs();
            let path = folder.path.display();
            self.warn(format!(
                "{path} cannot be watched ({why}); coppice looks at it every {seconds} s instead"
            ));
        }
        self.poll();
    }

    fn poll(self: &Arc<Self>) {
        self.poll_after(POLL_INTERVAL);
    }

    fn poll_after(self: &Arc<Self>, wait: Duration) {
        if std::mem::replace(&mut self.pending.lock().polling, true) {
            return;
        }
        self.later(Instant::now() + wait, |core| Polling { core, wait: POLL_INTERVAL }.look());
    }

    fn polled(&self) -> Vec<Arc<Folder>> {
        let is_polled = |f: &&Arc<Folder>| f.details.lock().watcher == Watcher::Poll;
        self.folders().iter().filter(is_polled).cloned().collect()
    }

    /// After a build: watches no more than it saw, and looks again at directories that came into view with it.
    pub(super) fn watch_only(self: &Arc<Self>, folder: &Arc<Folder>, seen: &Seen) {
        if seen.asked.is_none() {
            let outer = outer_dirs(folder.real());
            let inside = |dir: &Path| folder.relative(dir).is_some_and(|d| seen.dirs.contains(&d));
            self.watch.retain(folder.id, |dir| inside(dir) || outer.iter().any(|o| o == dir));
        }
    }
}

/// The turn of the one who looks at folders that are polled. Once it is dropped, however that comes, the next one has it, if
/// there are such folders then.
struct Polling {
    core: Arc<Core>,
    /// Until the next look.
    wait: Duration,
}

impl Polling {
    fn look(mut self) {
        let core = &self.core;
        let mut longest = Duration::ZERO;
        for folder in core.polled() {
            let report = core.keeper.report(folder.id).filter(|report| report.serving);
            let mut details = folder.details.lock();
            longest = longest.max(details.look);
            let looks = report.is_some_and(|r| is_polled(r.failure.as_ref(), details.polled.elapsed()));
            if looks {
                details.polled = Instant::now();
            }
            drop(details);
            if looks {
                core.changed(&folder, Changes::Rescan);
            }
        }
        self.wait = POLL_INTERVAL.max(longest * POLL_SHARE);
    }
}

impl Drop for Polling {
    fn drop(&mut self) {
        self.core.pending.lock().polling = false;
        // In this order: a folder that comes to be polled now begins that itself, and one that came before is seen here.
        if !self.core.polled().is_empty() {
            self.core.poll_after(self.wait);
        }
    }
}

/// Whether a folder is looked at that was last looked at so long ago.
fn is_polled(failure: Option<&Failure>, ago: Duration) -> bool {
    match failure.map(|failure| failure.retry) {
        None => true,
        // It is tried again by itself, and what the user has ended by the user.
        Some(Retry::Backoff | Retry::OnRequest) => false,
        // What has changed is not known without a look, which is a whole build that may fail once more.
        Some(Retry::OnChange) => ago >= RETRY_MAX,
    }
}

/// The path under the folder's own name, if a change of it can concern the folder's graph.
fn relevant(folder: &Folder, path: &Path) -> Option<PathBuf> {
    let (full, by_name) = concerns(folder, path)?;
    let relevant = by_name
        || match full.symlink_metadata() {
            Ok(meta) => meta.is_dir() || meta.is_symlink(),
            // What is gone may have been a directory: with sources in it, with manifests alone, or one that only the
            // build that is running knows of. A look at a single path is cheap.
            Err(_) => true,
        };
    relevant.then_some(full)
}

/// The same without a look at the disk, and whether the name alone says so.
fn concerns(folder: &Folder, path: &Path) -> Option<(PathBuf, bool)> {
    let relative = folder.relative(path)?;
    if relative.is_empty() {
        return Some((folder.path.clone(), true));
    }
    let (dirs, name) = relative.rsplit_once('/').unwrap_or(("", &relative));
    if dirs.split('/').any(is_foreign_dir) || is_foreign_dir(name) {
        return None;
    }
    Some((folder.path.join(&relative), is_relevant_name(name)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{World, settings};
    use super::*;
    use crate::workspace::settings::Settings;
    use crate::workspace::slot::Cause;

    #[test]
    fn a_folder_that_comes_to_be_polled_while_a_look_ends_is_polled() {
        let world = World::new(&[("a/x.py", "def f(): pass\n")]);
        world.add("a");
        world.loaded("a");
        let core = world.manager.core();
        // It has seen no such folder, and is not through yet.
        core.pending.lock().polling = true;
        let turn = Polling { core: Arc::clone(core), wait: POLL_INTERVAL };
        world.manager.set_settings(Settings { watch: WatchMode::Poll, ..settings() });
        world.at_rest();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _turn = turn;
            panic!("a look that goes wrong");
        }));
        assert!(panicked.is_err());
        world.write("a/y.py", "def g(): pass\n");
        world.until("a", |s| s.files == 2);
    }

    #[test]
    fn a_failed_build_keeps_its_time_under_polling() {
        let failed = |retry| Failure { cause: Cause::Build, message: String::new(), retry };
        let polled = |retry, ago| is_polled(Some(&failed(retry)), ago);
        assert!(is_polled(None, Duration::ZERO));
        assert!(!polled(Retry::Backoff, RETRY_MAX) && !polled(Retry::OnRequest, RETRY_MAX));
        assert!(!polled(Retry::OnChange, POLL_INTERVAL) && polled(Retry::OnChange, RETRY_MAX));
    }
}
