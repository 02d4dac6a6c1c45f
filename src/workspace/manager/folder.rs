//! What the manager keeps of one open folder besides its graph.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::super::build::{GRAPH_BYTES_PER_SOURCE_BYTE, Seen, is_asked};
use super::super::cancel::CancelToken;
use super::super::directory::Root;
use super::super::keeper::{Keeper, Shelf};
use super::super::outdated::Outdated;
use super::super::quarantine::Quarantine;
use super::super::read::FolderTexts;
use super::super::slot::{BuildId, FolderId};
use super::super::stamps::Stamps;
use super::super::status::{BuildTime, Watcher};
use super::super::sync::Mutex;
use super::keeping::Kept;
use super::leading::Leading;
use super::libraries::Shelved;
use super::resident::Resident;
use super::telling::Telling;
use crate::lang::LangId;
use crate::lang::scratch::{piece_bytes, shared_bytes};

/// Most skipped files of a folder that are kept for the status.
const SKIPPED_MAX: usize = 1_000;

/// An open folder. Its decisions are the keeper's; this is what execution remembers.
pub struct Folder {
    pub id: FolderId,
    /// As the client names it.
    pub path: PathBuf,
    pub name: String,
    /// Where it really is, if that is elsewhere; of a folder that was away when it was opened a build finds that out.
    canonical: OnceLock<Option<PathBuf>>,
    /// The link that the folder is has come to lead elsewhere since.
    elsewhere: AtomicBool,
    pub shelf: Arc<Shelf<Resident>>,
    pub quarantine: Quarantine,
    pub kept: Kept,
    /// Copied by a build when it begins.
    pub stamps: Mutex<Arc<Stamps>>,
    pub details: Mutex<Details>,
    /// The build that was started last, until it ends.
    pub running: Mutex<Option<(BuildId, CancelToken)>>,
    pub telling: Telling,
    pub libraries: Shelved,
    pub leading: Leading,
    waiters: Mutex<Waiters>,
}

/// So many wakers are kept before it is looked which of them nobody wants any more.
const WAKERS_UNCHECKED: usize = 32;

struct Waker {
    wake: Box<dyn FnOnce() + Send>,
    is_wanted: Box<dyn Fn() -> bool + Send>,
}

#[derive(Default)]
struct Waiters {
    wakers: Vec<Waker>,
    /// How many of them were wanted when that was last looked at.
    wanted: usize,
    closed: bool,
}

impl Waiters {
    /// Takes those out that nobody wants any more, once there may be as many of them as of others: a folder may wait for its
    /// turn long after requests have given up.
    fn take_unwanted(&mut self) -> Vec<Waker> {
        if self.wakers.len() < WAKERS_UNCHECKED + 2 * self.wanted {
            return Vec::new();
        }
        let (wanted, unwanted) = std::mem::take(&mut self.wakers).into_iter().partition(|w| (w.is_wanted)());
        self.wakers = wanted;
        self.wanted = self.wakers.len();
        unwanted
    }
}

/// What has been served of a folder that is known in part.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts {
    /// A number for the files that were last served; none if it was the whole folder.
    pub part: Option<u64>,
    /// How often one part has taken the place of another one.
    pub replaced: u64,
}

/// What builds have shown.
#[derive(Clone, Debug)]
pub struct Details {
    /// What the folder was when it was last read.
    pub root: Option<Root>,
    pub skipped: BTreeMap<String, String>,
    /// Those of them that a larger budget may have room for.
    pub too_costly: BTreeSet<String>,
    /// Those of them that are read as soon as there is memory, or as soon as they can be.
    pub owed: BTreeSet<String>,
    /// What the graph has as it was before.
    pub outdated: Arc<Outdated>,
    pub skipped_more: usize,
    pub truncated: bool,
    /// Files for which there is no room, and how many more there are than are listed.
    pub left_out: (Vec<String>, usize),
    /// How many files of how many a build has read that has not ended.
    pub progress: Option<(BuildId, usize, usize)>,
    /// Graph bytes per source byte of the last full build.
    pub ratio: f64,
    pub high_water: u64,
    pub build: Option<BuildTime>,
    /// How long it took to look at all files last time.
    pub look: Duration,
    pub watcher: Watcher,
    /// When it was last looked at because nobody tells of changes.
    pub polled: Instant,
    /// The most that the folder could have had when it was last looked at again for that.
    pub room_tried: u64,
    /// The most that it could have had when it was last looked whether all of it fits.
    pub room_looked: u64,
    /// The most that it could have had when its last build chose what to read.
    pub room_seen: u64,
    pub parts: Parts,
    /// What is on the heap has kept all of the folder from fitting.
    pub crowded: bool,
    /// The folder's old graph had to go before the new one was built.
    pub own_went: bool,
    /// The file at the top that stands for the folder.
    pub project_file: Option<PathBuf>,
}

impl Folder {
    pub fn new(
        id: FolderId,
        path: PathBuf,
        name: String,
        shelf: Arc<Shelf<Resident>>,
        real: Option<PathBuf>,
    ) -> Folder {
        let details = Details {
            root: None,
            skipped: BTreeMap::new(),
            too_costly: BTreeSet::new(),
            owed: BTreeSet::new(),
            outdated: Arc::default(),
            skipped_more: 0,
            truncated: false,
            left_out: (Vec::new(), 0),
            progress: None,
            ratio: GRAPH_BYTES_PER_SOURCE_BYTE,
            high_water: 0,
            build: None,
            look: Duration::ZERO,
            watcher: Watcher::None,
            polled: Instant::now(),
            room_tried: 0,
            room_looked: 0,
            room_seen: 0,
            parts: Parts::default(),
            crowded: false,
            own_went: false,
            project_file: None,
        };
        let elsewhere = |real: PathBuf| Some(real).filter(|real| *real != path);
        let canonical = real.map_or_else(OnceLock::new, |real| OnceLock::from(elsewhere(real)));
        Folder {
            id,
            path,
            name,
            canonical,
            elsewhere: AtomicBool::new(false),
            shelf,
            quarantine: Quarantine::default(),
            kept: Kept::default(),
            stamps: Mutex::new(Stamps::none()),
            details: Mutex::new(details),
            running: Mutex::default(),
            telling: Telling::default(),
            libraries: Shelved::default(),
            leading: Leading::default(),
            waiters: Mutex::default(),
        }
    }

    /// Bytes on the heap that the folder takes while it is served, beside its graph: itself, what the keeper has of it, and
    /// what builds have shown, the one that saw this included.
    pub fn heap_bytes(&self, seen: &Seen) -> u64 {
        const OBJECTS: usize = shared_bytes::<Folder>()
            + Keeper::<Resident>::FOLDER_BYTES
            + shared_bytes::<Resident>()
            + shared_bytes::<FolderTexts>();
        // The others are those of the texts: as named, and as it really is.
        let real = piece_bytes(self.real().as_os_str().len()) + piece_bytes(size_of::<PathBuf>());
        let path = piece_bytes(self.path.capacity()) + piece_bytes(self.path.as_os_str().len()) + real;
        let canonical = self.canonical().map_or(0, |path| piece_bytes(path.as_os_str().len()));
        let mut details = self.details.lock().clone();
        details.saw(seen);
        let details = details.heap_bytes();
        (OBJECTS + path + canonical + piece_bytes(self.name.capacity()) + details) as u64
    }

    /// Where it really is, as far as is known.
    pub fn real(&self) -> &Path {
        self.canonical().unwrap_or(&self.path)
    }

    fn canonical(&self) -> Option<&Path> {
        self.canonical.get().and_then(Option::as_deref)
    }

    /// Looks where the folder is and which file stands for it: one of the languages that it has most of. For a build's
    /// thread. What was known stays if the folder is away.
    pub fn look_around(&self) {
        let Ok(real) = self.path.canonicalize() else { return };
        let _ = self.canonical.set(Some(real.clone()).filter(|real| *real != self.path));
        self.elsewhere.store(real != self.real(), Ordering::Relaxed);
        let mut languages: Vec<LangId> = LangId::all().collect();
        if let Some(served) = self.shelf.load() {
            let counts: BTreeMap<&str, u32> = served.graph.graph.totals().languages().collect();
            languages.sort_by_key(|l| Reverse(counts.get(l.pack().name).copied()));
        }
        let names = languages.iter().flat_map(|l| l.strategy().project_files());
        let file = names.map(|name| self.path.join(name)).find(|file| file.is_file());
        self.details.lock().project_file = file;
    }

    /// Where a directory of the folder is watched: to the system, a directory has one watch whatever it is called, and folders
    /// that share it are to call it the same.
    pub fn watched(&self, dir: &Path) -> PathBuf {
        let Ok(below) = dir.strip_prefix(&self.path) else { return dir.to_owned() };
        if self.elsewhere.load(Ordering::Relaxed) {
            return dir.to_owned();
        }
        // Joined with nothing, a path would get a slash at its end.
        self.real().components().chain(below.components()).collect()
    }

    /// The path below the folder, as the graph writes it; `None` if it lies elsewhere.
    pub fn relative(&self, path: &Path) -> Option<String> {
        let below = path.strip_prefix(&self.path);
        let below = below.or_else(|error| match self.canonical() {
            Some(canonical) => path.strip_prefix(canonical),
            None => Err(error),
        });
        super::super::scan::relative(below.ok()?)
    }

    /// Whether the path lies in the folder, and how long the folder's path is: the longest owns it.
    pub fn holds(&self, path: &Path) -> Option<usize> {
        let by = |root: &Path| path.starts_with(root).then(|| root.components().count());
        by(&self.path).or_else(|| self.canonical().and_then(by))
    }

    /// Calls `wake` at the folder's next change of state, if that is still wanted by then. `false` if it has been closed:
    /// nothing will change any more, and nobody is called.
    #[must_use]
    pub fn on_change(
        &self,
        wake: impl FnOnce() + Send + 'static,
        is_wanted: impl Fn() -> bool + Send + 'static,
    ) -> bool {
        let waker = Waker { wake: Box::new(wake), is_wanted: Box::new(is_wanted) };
        let mut waiters = self.waiters.lock();
        let listens = !waiters.closed;
        let unwanted = waiters.take_unwanted();
        if listens {
            waiters.wakers.push(waker);
        }
        drop(waiters);
        drop(unwanted);
        listens
    }

    /// How many wait for a change.
    #[cfg(test)]
    pub fn waiting(&self) -> usize {
        self.waiters.lock().wakers.len()
    }

    pub fn wake(&self) {
        let mut waiters = self.waiters.lock();
        let wakers = std::mem::take(&mut waiters.wakers);
        waiters.wanted = 0;
        drop(waiters);
        for waker in wakers {
            (waker.wake)();
        }
    }

    pub fn close(&self) {
        self.waiters.lock().closed = true;
        self.libraries.close();
        self.cancel_build(|_| true);
        self.wake();
    }

    /// The build can be cancelled from now on. Of two that were started at nearly the same time the later one counts,
    /// whichever is made known first.
    pub fn began(&self, build: BuildId, token: CancelToken) {
        let mut running = self.running.lock();
        let old = match &*running {
            Some((later, _)) if *later > build => None,
            _ => running.replace((build, token)),
        };
        drop(running);
        drop(old);
    }

    /// The build has come to its end: nothing is there to be cancelled, and nothing comes any further.
    pub fn ended(&self, build: BuildId) {
        self.details.lock().progress.take_if(|(of, ..)| *of == build);
        let ended = self.running.lock().take_if(|(running, _)| *running == build);
        drop(ended);
    }

    /// Cancels the build that was started last, if it is one of those.
    pub fn cancel_build(&self, which: impl FnOnce(BuildId) -> bool) {
        let running = self.running.lock().clone();
        if let Some((build, token)) = running
            && which(build)
        {
            token.cancel();
        }
    }
}

impl Details {
    fn heap_bytes(&self) -> usize {
        let text = |text: &String| size_of::<String>() + piece_bytes(text.capacity());
        let skipped = self.skipped.iter().map(|(path, why)| text(path) + text(why));
        let (left_out, _) = &self.left_out;
        let listed = self.too_costly.iter().chain(&self.owed).chain(left_out);
        let outdated = self.outdated.heap_bytes(text);
        let project_file = self.project_file.as_ref().map_or(0, |path| piece_bytes(path.capacity()));
        skipped.chain(listed.map(text)).sum::<usize>() + outdated + project_file
    }

    /// Takes over what a build saw: of all files, or of those that it looked at.
    pub fn saw(&mut self, seen: &Seen) {
        self.skipped.retain(|path, _| !is_asked(path, seen.asked.as_ref()));
        self.too_costly.retain(|path| !is_asked(path, seen.asked.as_ref()));
        self.too_costly.extend(seen.too_costly.iter().take(SKIPPED_MAX).cloned());
        self.owed.retain(|path| !is_asked(path, seen.asked.as_ref()));
        self.owed.extend(seen.owed.iter().chain(seen.unread.keys()).take(SKIPPED_MAX).cloned());
        if !self.outdated.is_empty() || !seen.outdated.is_empty() {
            self.outdated = Arc::new(self.outdated.after(seen.asked.as_ref(), &seen.outdated));
        }
        for (path, why) in &seen.skipped {
            self.skipped.insert(path.clone(), why.clone());
        }
        if seen.asked.is_none() {
            self.skipped_more = seen.skipped_more;
            self.truncated = seen.truncated;
            let listed = seen.left_out.len().min(SKIPPED_MAX);
            self.left_out = (seen.left_out[..listed].to_vec(), seen.left_out.len() - listed);
        }
        while self.skipped.len() > SKIPPED_MAX {
            self.skipped.pop_last();
            self.skipped_more += 1;
        }
    }
}
