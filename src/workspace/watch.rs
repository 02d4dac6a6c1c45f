//! Being told of changes on disk: by the system where it can, directory by directory, so that what is ignored costs
//! nothing.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use super::slot::FolderId;
use super::sync::Mutex;

/// What the system says has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    Changed(Vec<PathBuf>),
    /// Events were lost: anything may have changed.
    Lost,
}

type Listener = Arc<dyn Fn(Notice) + Send + Sync>;

/// The system's watcher, shared by all folders.
pub struct Watch {
    listener: Listener,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    watcher: Option<RecommendedWatcher>,
    dirs: HashMap<FolderId, BTreeSet<PathBuf>>,
}

impl State {
    /// Lets go of a directory that a folder does not have any more, unless another one still has it: to the system they
    /// are one watch.
    fn let_go(&mut self, dir: &Path) {
        if self.dirs.values().any(|dirs| dirs.contains(dir)) {
            return;
        }
        if let Some(watcher) = &mut self.watcher {
            // A directory that is gone took its watch along.
            let _ = watcher.unwatch(dir);
        }
    }
}

/// Whether one watch covers everything below a directory. Where it does not (Linux), each directory has its own.
const RECURSIVE: bool = !cfg!(any(target_os = "linux", target_os = "android"));

impl Watch {
    pub fn new(listener: impl Fn(Notice) + Send + Sync + 'static) -> Watch {
        Watch { listener: Arc::new(listener), state: Mutex::default() }
    }

    /// Watches a directory of a folder from now on.
    ///
    /// # Errors
    /// If the system does not watch any more directories, or not this one.
    pub fn enter(&self, folder: FolderId, dir: &Path) -> notify::Result<()> {
        let mut state = self.state.lock();
        let State { watcher, dirs } = &mut *state;
        let dirs = dirs.entry(folder).or_default();
        if dirs.contains(dir) || RECURSIVE && !dirs.is_empty() {
            return Ok(());
        }
        let watcher = match watcher {
            Some(watcher) => watcher,
            None => {
                let listener = Arc::clone(&self.listener);
                watcher.insert(notify::recommended_watcher(move |event| hear(&*listener, event))?)
            }
        };
        let mode = if RECURSIVE { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        watcher.watch(dir, mode)?;
        dirs.insert(dir.to_owned());
        Ok(())
    }

    /// Watches a directory outside the folder that has files with rules for it, and nothing below. Only where each
    /// directory has its own watch.
    ///
    /// # Errors
    /// As for [`enter`](Self::enter).
    pub fn enter_outer(&self, folder: FolderId, dir: &Path) -> notify::Result<()> {
        if RECURSIVE { Ok(()) } else { self.enter(folder, dir) }
    }

    /// Lets go of the directories of a folder that are not among these.
    pub fn retain(&self, folder: FolderId, keep: impl Fn(&Path) -> bool) {
        if RECURSIVE {
            return;
        }
        let mut state = self.state.lock();
        let Some(dirs) = state.dirs.get_mut(&folder) else { return };
        let (kept, gone): (BTreeSet<PathBuf>, _) =
            std::mem::take(dirs).into_iter().partition(|dir| keep(dir));
        *dirs = kept;
        gone.iter().for_each(|dir| state.let_go(dir));
    }

    /// Forgets what it watches at or below these paths: something happened to the directories themselves, and a
    /// directory that was replaced has a watch only in name. The scan that follows enters them again.
    pub fn renew(&self, folder: FolderId, paths: &BTreeSet<PathBuf>) {
        if RECURSIVE {
            return;
        }
        let mut state = self.state.lock();
        let Some(dirs) = state.dirs.get_mut(&folder) else { return };
        let mut gone = Vec::new();
        for path in paths.iter().filter(|p| dirs.contains(*p)).cloned().collect::<Vec<_>>() {
            let below: Vec<PathBuf> =
                dirs.range(path.clone()..).take_while(|d| d.starts_with(&path)).cloned().collect();
            for dir in below {
                dirs.remove(&dir);
                gone.push(dir);
            }
        }
        gone.iter().for_each(|dir| state.let_go(dir));
    }

    pub fn forget(&self, folder: FolderId) {
        let mut state = self.state.lock();
        let gone = state.dirs.remove(&folder).unwrap_or_default();
        gone.iter().for_each(|dir| state.let_go(dir));
    }

    /// Stops watching altogether.
    pub fn stop(&self) {
        let state = std::mem::take(&mut *self.state.lock());
        drop(state);
    }

    /// How many directories are watched for the folder.
    pub fn watched(&self, folder: FolderId) -> usize {
        self.state.lock().dirs.get(&folder).map_or(0, BTreeSet::len)
    }
}

fn hear(listener: &(dyn Fn(Notice) + Send + Sync), event: notify::Result<notify::Event>) {
    match event {
        Ok(event) if event.need_rescan() => listener(Notice::Lost),
        Ok(event) => {
            let heard = match event.kind {
                // Reading is no change; the end of writing is one.
                EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
                EventKind::Access(_) => false,
                _ => true,
            };
            if heard && !event.paths.is_empty() {
                listener(Notice::Changed(event.paths));
            }
        }
        Err(error) => {
            tracing::debug!("watcher: {error}");
            listener(Notice::Lost);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn changes_in_watched_directories_are_heard_and_others_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("in")).unwrap();
        std::fs::create_dir_all(root.join("out")).unwrap();
        let (sent, got) = crossbeam_channel::unbounded();
        let watch = Watch::new(move |notice| drop(sent.send(notice)));
        let folder = FolderId(1);
        watch.enter(folder, &root).unwrap();
        watch.enter(folder, &root.join("in")).unwrap();
        std::fs::write(root.join("out/b.py"), "").unwrap();
        std::fs::write(root.join("in/a.py"), "").unwrap();
        let heard = loop {
            match got.recv_timeout(Duration::from_secs(20)).expect("an event") {
                Notice::Changed(paths) if paths.iter().any(|p| p.ends_with("a.py")) => break paths,
                Notice::Changed(paths) => assert!(RECURSIVE || !paths.iter().any(|p| p.ends_with("b.py"))),
                Notice::Lost => {}
            }
        };
        assert_eq!(heard, [root.join("in/a.py")]);
        watch.retain(folder, |d| d == root);
        assert_eq!(watch.watched(folder), 1);
        watch.forget(folder);
        assert_eq!(watch.watched(folder), 0);
    }

    #[test]
    fn a_directory_that_another_folder_has_too_is_still_watched() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let (sent, got) = crossbeam_channel::unbounded();
        let watch = Watch::new(move |notice| drop(sent.send(notice)));
        let [outer, inner] = [1, 2].map(FolderId);
        let lets_go: [&dyn Fn(); 3] = [&|| watch.forget(inner), &|| watch.retain(inner, |_| false), &|| {
            watch.renew(inner, &BTreeSet::from([root.clone()]))
        }];
        for (round, let_go) in lets_go.into_iter().enumerate() {
            [outer, inner].into_iter().for_each(|folder| watch.enter(folder, &root).unwrap());
            let_go();
            let file = root.join(format!("{round}.py"));
            std::fs::write(&file, "").unwrap();
            let is_it = |notice| matches!(notice, Notice::Changed(paths) if paths.contains(&file));
            while !is_it(got.recv_timeout(Duration::from_secs(20)).expect("an event")) {}
        }
    }
}
