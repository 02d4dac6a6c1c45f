use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};
use tempfile::TempDir;

use super::super::cancel::CancelToken;
use super::super::folder_settings::SettingsByFolder;
use super::super::settings::{CacheDir, WatchMode};
use super::super::slot::{BuildId, Cause, Lifecycle};
use super::super::trouble::Trouble;
use super::core::BUILDS_MAX;
use super::*;
use crate::graph::View;
use crate::lang::modules::Layout;
use crate::text::Position;

mod builds;
mod degraded;
mod dependencies;
mod documents;
mod incremental;
mod keeping;
mod pressure;
mod unreadable;
mod watching;

/// Longer than anything here takes on the slowest machine; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A manager over folders in a directory of their own, and what it tells.
pub(super) struct World {
    pub dir: TempDir,
    pub manager: Manager,
    pub events: Receiver<Event>,
    panics: Arc<AtomicBool>,
}

struct Recorder {
    sent: Sender<Event>,
    panics: Arc<AtomicBool>,
}

impl Observer for Recorder {
    fn event(&self, event: Event) {
        let progress = matches!(event, Event::Progress { .. });
        assert!(!(progress && self.panics.load(Ordering::SeqCst)), "an observer that goes wrong");
        let _ = self.sent.send(event);
    }
}

pub(super) fn settings() -> Settings {
    Settings {
        memory_limit: 256 << 20,
        build_threads: 2,
        build_debounce: Duration::ZERO,
        watch: WatchMode::Client,
        cache_dir: CacheDir::Off,
        ..Settings::default()
    }
}

fn started(settings: Settings, panics: &Arc<AtomicBool>) -> (Manager, Receiver<Event>) {
    let (sent, events) = unbounded();
    let recorder = Recorder { sent, panics: Arc::clone(panics) };
    (Manager::new(settings, Arc::new(recorder)), events)
}

impl World {
    pub fn new(files: &[(&str, &str)]) -> World {
        World::with(settings(), files)
    }

    pub fn with(settings: Settings, files: &[(&str, &str)]) -> World {
        let dir = tempfile::tempdir().unwrap();
        let panics = Arc::new(AtomicBool::new(false));
        let (manager, events) = started(settings, &panics);
        let world = World { dir, manager, events, panics };
        for (path, text) in files {
            world.write(path, text);
        }
        world
    }

    /// Ends the manager and starts another one over the same folders.
    pub fn restart(&mut self) {
        let (settings, folders) = (Settings::clone(&self.manager.settings()), self.manager.folders());
        self.manager.shutdown();
        (self.manager, self.events) = started(settings, &self.panics);
        for (path, name) in folders {
            self.manager.add_folder(&path, &name);
        }
    }

    pub fn at(&self, path: &str) -> PathBuf {
        clean(&self.dir.path().join(path))
    }

    pub fn write(&self, path: &str, text: &str) {
        let full = self.at(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
    }

    /// Writes, and says how many bytes.
    pub fn written(&self, path: &str, text: &str) -> u64 {
        self.write(path, text);
        text.len() as u64
    }

    pub fn add(&self, folder: &str) {
        self.manager.add_folder(&self.at(folder), folder);
    }

    /// Writes and tells, as an editor that watches would.
    pub fn edit(&self, path: &str, text: &str) {
        self.write(path, text);
        self.manager.files_changed([self.at(path)]);
    }

    pub fn remove(&self, path: &str) {
        let full = self.at(path);
        if full.is_dir() { fs::remove_dir_all(&full) } else { fs::remove_file(&full) }.unwrap();
        self.manager.files_changed([full]);
    }

    pub fn status(&self, folder: &str) -> FolderStatus {
        let status = self.manager.status();
        status.folders.into_iter().find(|f| f.path == self.at(folder)).expect("the folder is open")
    }

    /// Waits until the folder's status is as wanted.
    #[track_caller]
    pub fn until(&self, folder: &str, wanted: impl Fn(&FolderStatus) -> bool) -> FolderStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = self.status(folder);
            if wanted(&status) {
                return status;
            }
            if self.events.recv_deadline(deadline).is_err() {
                panic!("it never came to be: {status:#?}");
            }
        }
    }

    /// Waits until a folder is told to be in a state.
    #[track_caller]
    pub fn until_told(&self, state: Lifecycle) {
        let is = |e: &Event| matches!(e, Event::Folder(t) if t.to.lifecycle == state);
        while !is(&self.events.recv_timeout(PATIENCE).expect("a transition")) {}
    }

    /// Waits until that graph of a folder is told to be loaded: what is told from then on is of later builds.
    #[track_caller]
    pub fn until_told_of(&self, generation: u64) {
        let is = |e: &Event| matches!(e, Event::Folder(t) if t.to.lifecycle == Lifecycle::Loaded && t.to.generation == generation);
        while !is(&self.events.recv_timeout(PATIENCE).expect("a transition")) {}
    }

    /// Waits until nothing is being built any more.
    #[track_caller]
    pub fn at_rest(&self) -> Status {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = self.manager.status();
            if status.ready {
                return status;
            }
            assert!(self.events.recv_deadline(deadline).is_ok(), "it never came to rest: {status:#?}");
        }
    }

    /// Waits until nothing is being built, and whoever has built or read has let go.
    #[track_caller]
    pub fn released(&self) -> Memory {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let memory = self.at_rest().memory;
            if memory.reserved + memory.retained == 0 {
                return memory;
            }
            assert!(Instant::now() < deadline, "it is never given back: {memory:?}");
            std::thread::yield_now();
        }
    }

    pub fn loaded(&self, folder: &str) -> FolderStatus {
        self.until(folder, |s| s.state == Lifecycle::Loaded)
    }

    pub fn ask(&self, path: &str) -> Result<Ready, Unavailable> {
        self.manager.capture(&self.at(path)).wait(Instant::now() + PATIENCE, &CancelToken::new())
    }

    /// Where the name is defined, as the folder of the path sees it.
    pub fn defined(&self, path: &str, name: &str) -> Vec<String> {
        let ready = self.ask(path).unwrap();
        let files = defining(&ready.view, name);
        files.into_iter().collect()
    }

    /// Waits until the name is defined in that file alone. A watcher may tell of a file that is still being written, so
    /// that a build alone says nothing.
    #[track_caller]
    pub fn until_defined(&self, path: &str, name: &str, file: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let defined = self.defined(path, name);
            if defined == [file] {
                return;
            }
            assert!(self.events.recv_deadline(deadline).is_ok(), "{name} is in {defined:?}");
        }
    }
}

pub(super) fn defining(view: &View, name: &str) -> BTreeSet<String> {
    let Some(name) = view.lookup_name(name) else { return BTreeSet::new() };
    view.defs_named(name).map(|(file, _)| view.path(file).to_owned()).collect()
}

#[test]
fn a_folder_is_built_served_and_told_of() {
    let world =
        World::new(&[("a/x.py", "def f(): pass\n"), ("a/sub/y.rs", "fn g() {}\n"), ("a/big.py", "\0")]);
    world.add("a");
    let ready = world.ask("a/sub/y.rs").unwrap();
    assert_eq!(
        ready.freshness,
        Freshness {
            generation: 1,
            stale: None,
            degraded: None,
            owed: None,
            outdated: Arc::default(),
            dependencies: Known::Nothing
        }
    );
    assert_eq!(ready.file.map(|f| ready.absolute(f)), Some(world.at("a/sub/y.rs")));
    assert_eq!(defining(&ready.view, "f"), ["x.py".to_owned()].into());
    let status = world.loaded("a");
    assert_eq!((status.files, status.generation, status.stale), (2, 1, false));
    assert_eq!(status.languages, [("python", 1), ("rust", 1)].into());
    let why = "contains NUL bytes (at offset 0)".to_owned();
    assert_eq!(status.skipped, [SkippedFile { path: world.at("a/big.py"), why, left_out: false }]);
    assert!(status.resident_bytes > 0 && status.symbols >= 1 && status.last_error.is_none());
    let all = world.manager.status();
    assert!(all.ready && all.memory.reserved == 0 && all.memory.resident == status.resident_bytes);
}

#[test]
fn a_folder_behind_a_link_has_its_files_from_the_first_moment() {
    let world = World::new(&[("real/x.py", "def f(): pass\n")]);
    std::os::unix::fs::symlink(world.at("real"), world.at("link")).unwrap();
    // No file is read meanwhile, and nobody waits for that here.
    let held = world.manager.hold_builds();
    world.add("link");
    let capture = world.manager.capture(&world.at("real/x.py"));
    assert_eq!(capture.folder(), Some(world.at("link").as_path()));
    drop(held);
    assert_eq!(world.defined("real/x.py", "f"), ["x.py"]);
}

#[test]
fn changes_are_followed_and_what_is_the_same_is_not_built() {
    let world = World::new(&[("a/x.py", "def f(): pass\n"), ("a/y.py", "def g(): pass\n")]);
    world.add("a");
    world.loaded("a");
    world.edit("a/x.py", "def changed(): pass\n");
    let status = world.until("a", |s| s.generation == 2 && s.state == Lifecycle::Loaded);
    assert_eq!(status.files, 2);
    assert_eq!(world.defined("a/x.py", "changed"), ["x.py"]);
    assert!(world.defined("a/x.py", "f").is_empty());
    world.edit("a/new/z.py", "def h(): pass\n");
    world.until("a", |s| s.generation == 3 && s.state == Lifecycle::Loaded);
    assert_eq!(world.defined("a/x.py", "h"), ["new/z.py"]);
    world.remove("a/new");
    world.until("a", |s| s.generation == 4 && s.state == Lifecycle::Loaded);
    assert!(world.defined("a/x.py", "h").is_empty());
    // The same contents again: a build runs and finds nothing to do.
    world.edit("a/x.py", "def changed(): pass\n");
    world.edit("a/y.py", "def last(): pass\n");
    world.until_told_of(5);
    world.edit("a/y.py", "def last(): pass\n");
    world.until_told(Lifecycle::Rebuilding);
    world.until_told(Lifecycle::Loaded);
    assert_eq!(world.status("a").generation, 5);
}

#[test]
fn ignore_files_that_change_change_the_graph() {
    let world = World::new(&[("a/x.py", "def f(): pass\n"), ("a/gen/y.py", "def g(): pass\n")]);
    world.add("a");
    world.loaded("a");
    world.edit("a/.gitignore", "gen/\n");
    world.until("a", |s| s.files == 1);
    world.remove("a/.gitignore");
    world.until("a", |s| s.files == 2);
}

#[test]
fn folders_that_are_none_say_so_and_others_are_served() {
    let world = World::new(&[("ok/x.py", "def f(): pass\n"), ("file", ""), ("text/README", "hello")]);
    fs::create_dir(world.at("empty")).unwrap();
    for folder in ["missing", "file", "empty", "text", "ok"] {
        world.add(folder);
    }
    let error = |folder| {
        let status = world.until(folder, |s| s.state == Lifecycle::Failed);
        let unavailable = world.ask(&format!("{folder}/x.py")).map(|_| ()).unwrap_err();
        assert_eq!((unavailable.kind, unavailable.retryable), (Kind::BuildFailed, true));
        status.last_error.unwrap().message
    };
    assert_eq!(error("missing"), "the folder does not exist");
    assert_eq!(error("file"), "it is a file, not a folder");
    for folder in ["empty", "text"] {
        let status = world.loaded(folder);
        assert_eq!(status.note.unwrap(), "it holds no file in a language that coppice knows");
    }
    assert_eq!(world.defined("ok/x.py", "f"), ["x.py"]);
}

#[test]
fn a_folder_that_goes_away_is_served_stale_until_it_is_back() {
    let world = World::new(&[("a/x.py", "def f(): pass\n")]);
    world.add("a");
    world.loaded("a");
    fs::rename(world.at("a"), world.at("elsewhere")).unwrap();
    world.manager.files_changed([world.at("a")]);
    let status = world.until("a", |s| s.state == Lifecycle::Failed);
    assert!(status.stale && status.retry_count == 1 && status.generation == 1);
    let ready = world.ask("a/x.py").unwrap();
    let stale = ready.freshness.stale.clone().unwrap();
    assert_eq!(stale.error, "the folder does not exist");
    assert_eq!(defining(&ready.view, "f"), ["x.py".to_owned()].into());
    fs::rename(world.at("elsewhere"), world.at("a")).unwrap();
    // It is back by itself: nobody tells.
    let status = world.loaded("a");
    assert_eq!((status.stale, status.last_error, status.retry_count), (false, None, 0));
    assert_eq!(world.ask("a/x.py").unwrap().freshness.stale, None);
}

#[test]
fn an_unmounted_folder_is_no_empty_one() {
    let world = World::new(&[("a/x.py", "def f(): pass\n")]);
    world.add("a");
    world.loaded("a");
    // What is left of a file system that is no longer mounted: its mount point.
    let unmount = || {
        fs::rename(world.at("a"), world.at("mounted")).unwrap();
        fs::create_dir(world.at("a")).unwrap();
    };
    let mount = || {
        fs::remove_dir(world.at("a")).unwrap();
        fs::rename(world.at("mounted"), world.at("a")).unwrap();
    };
    unmount();
    world.manager.files_changed([world.at("a/x.py")]);
    let status = world.until("a", |s| s.state == Lifecycle::Failed);
    assert!(status.stale && status.files == 1, "{status:#?}");
    let why = "the folder is empty, and another directory than it was when there were files in it";
    assert_eq!(status.last_error.unwrap().message, why);
    assert_eq!(world.defined("a/x.py", "f"), ["x.py"]);
    // Nor is it when nothing of it is in memory any more.
    world.manager.evict(&world.at("a"));
    assert_eq!(world.ask("a/x.py").map(|_| ()).unwrap_err().kind, Kind::BuildFailed);
    mount();
    world.loaded("a");
    assert_eq!(world.defined("a/x.py", "f"), ["x.py"]);
    // Another directory with files is the folder from now on, and may lose them.
    unmount();
    world.edit("a/y.py", "def g(): pass\n");
    world.until("a", |s| s.state == Lifecycle::Loaded && s.generation == 3);
    assert_eq!(world.defined("a/x.py", "g"), ["y.py"]);
    assert!(world.defined("a/x.py", "f").is_empty());
    world.remove("a/y.py");
    let status = world.until("a", |s| s.files == 0);
    assert!(!status.stale, "{status:#?}");
}

#[test]
fn a_stale_graph_expires_at_the_cap() {
    let mut settings = settings();
    settings.stale_cap = super::super::staleness::AgeCap(Some(Duration::ZERO));
    let world = World::with(settings, &[("a/x.py", "def f(): pass\n")]);
    world.add("a");
    world.loaded("a");
    world.remove("a");
    world.until("a", |s| s.state == Lifecycle::Failed && s.age > Duration::ZERO);
    let unavailable = world.ask("a/x.py").map(|_| ()).unwrap_err();
    assert_eq!(unavailable.kind, Kind::StaleExpired);
}

#[test]
fn a_build_that_panics_fails_with_its_message_and_leaks_nothing() {
    let world = World::new(&[("a/x.py", "def f(): pass\n")]);
    world.panics.store(true, Ordering::SeqCst);
    world.add("a");
    let status = world.until("a", |s| s.state == Lifecycle::Failed);
    assert_eq!(status.last_error.unwrap().message, "the build panicked: an observer that goes wrong");
    assert_eq!(world.manager.status().memory.used, 0);
    world.panics.store(false, Ordering::SeqCst);
    world.loaded("a");
}

#[test]
fn an_evicted_folder_stays_known_and_returns_with_the_next_request() {
    let world = World::new(&[("a/x.py", "def f(): pass\n")]);
    world.add("a");
    world.loaded("a");
    assert!(world.manager.evict(&world.at("a")));
    assert_eq!(world.status("a").state, Lifecycle::Evicted);
    assert_eq!(world.manager.status().memory.resident, 0);
    world.write("a/x.py", "def g(): pass\n");
    assert_eq!(world.defined("a/x.py", "g"), ["x.py"]);
    assert!(!world.manager.evict(&world.at("b")));
}

#[test]
fn the_innermost_folder_owns_a_file() {
    let world = World::new(&[("a/x.py", "def f(): pass\n"), ("a/in/y.py", "def g(): pass\n")]);
    world.add("a");
    world.until("a", |s| s.files == 2);
    world.add("a/in");
    world.until("a", |s| s.files == 1);
    world.loaded("a/in");
    let ready = world.ask("a/in/y.py").unwrap();
    assert_eq!((ready.root.clone(), ready.view.file_count()), (world.at("a/in"), 1));
    world.edit("a/in/y.py", "def h(): pass\n");
    world.until("a/in", |s| s.generation == 2);
    assert!(world.manager.remove_folder(&world.at("a/in")));
    world.until("a", |s| s.files == 2 && s.state == Lifecycle::Loaded);
    assert_eq!(world.defined("a/in/y.py", "h"), ["in/y.py"]);
    assert!(!world.manager.remove_folder(&world.at("a/in")));
}

#[test]
fn no_link_leads_a_question_out_of_the_folder() {
    let world = World::new(&[("a/x.py", "def f(): pass\n"), ("b/y.py", "def secret(): pass\n")]);
    world.add("a");
    world.loaded("a");
    let link = |target: &str, path: &str| {
        let _ = fs::remove_file(world.at(path));
        std::os::unix::fs::symlink(world.at(target), world.at(path)).unwrap();
    };
    let local = |path: &str| world.manager.capture(&world.at(path)).local().map(|d| d.text.to_string());
    link("b/y.py", "a/out.py");
    link("b", "a/dir");
    link("a/x.py", "a/in.py");
    for path in ["a/out.py", "a/dir/y.py"] {
        let refused = local(path).unwrap_err();
        assert_eq!(refused.kind, Kind::NoSuchFile);
        assert!(refused.message.ends_with("it is a link to a place outside the folder"), "{refused}");
    }
    assert!(local("a/in.py").unwrap().contains("def f"));
    let ready = world.ask("a/x.py").unwrap();
    let text = || ready.view.text(ready.file.unwrap());
    assert!(text().is_ok());
    link("b/y.py", "a/x.py");
    assert!(text().is_err(), "it was exchanged since it was read");
}

#[test]
fn waiting_ends_with_the_folder_the_deadline_or_the_token() {
    let world = World::new(&[("a/x.py", "def f(): pass\n")]);
    let (sent, got) = unbounded();
    let ask = |wait: Duration, cancel: &CancelToken| {
        let sent = sent.clone();
        let capture = world.manager.capture(&world.at("a/x.py"));
        capture.when_ready(wait, cancel.clone(), move |outcome, _| {
            sent.send(outcome.map(|r| r.freshness.generation).map_err(|e| e.kind)).unwrap();
        });
    };
    world.add("a");
    ask(PATIENCE, &CancelToken::new());
    assert_eq!(got.recv_timeout(PATIENCE).unwrap(), Ok(1));
    let cancelled = CancelToken::new();
    cancelled.cancel();
    ask(PATIENCE, &cancelled);
    assert_eq!(got.recv_timeout(PATIENCE).unwrap(), Err(Kind::Cancelled));
    world.manager.remove_folder(&world.at("a"));
    assert_eq!(world.ask("a/x.py").map(|_| ()).unwrap_err().kind, Kind::NoSuchFile);
    let held = world.manager.hold_builds();
    world.add("a");
    ask(PATIENCE, &CancelToken::new());
    world.manager.remove_folder(&world.at("a"));
    assert_eq!(got.recv_timeout(PATIENCE).unwrap(), Err(Kind::NotLoaded), "it was closed meanwhile");
    world.add("a");
    ask(PATIENCE, &CancelToken::new());
    // Who still waits is woken by the end, and looks once, not for ever.
    world.manager.shutdown();
    drop(held);
    let late = world.manager.capture(&world.at("a/x.py"));
    let late = late.wait(Instant::now() + PATIENCE, &CancelToken::new());
    assert_eq!(late.map(|_| ()).unwrap_err().kind, Kind::NotLoaded);
}

#[test]
fn requests_that_find_their_folder_leave_nothing_behind() {
    let world = World::new(&[("a/x.py", "def f(): pass\n")]);
    world.add("a");
    world.loaded("a");
    let (sent, got) = unbounded();
    for _ in 0..20 {
        world.ask("a/x.py").unwrap();
        let sent = sent.clone();
        let capture = world.manager.capture(&world.at("a/x.py"));
        capture.when_ready(PATIENCE, CancelToken::new(), move |ready, _| sent.send(ready.is_ok()).unwrap());
        assert_eq!(got.recv_timeout(PATIENCE), Ok(true));
    }
    assert_eq!(world.manager.core().folder(&world.at("a")).unwrap().waiting(), 0);
}

#[test]
fn requests_that_have_given_up_leave_little_behind_while_their_folder_waits() {
    let world = World::new(&[("a/x.py", "def f(): pass\n")]);
    let held = world.manager.hold_builds();
    world.add("a");
    let folder = world.manager.core().folder(&world.at("a")).unwrap();
    let (sent, got) = unbounded();
    let ask = |wait| {
        let sent = sent.clone();
        let capture = world.manager.capture(&world.at("a/x.py"));
        capture.when_ready(wait, CancelToken::new(), move |ready, _| sent.send(ready.is_ok()).unwrap());
    };
    const WAITING: usize = 20;
    (0..WAITING).for_each(|_| ask(PATIENCE));
    for _ in 0..2_000 {
        ask(Duration::ZERO);
        assert_eq!(got.recv_timeout(PATIENCE), Ok(false));
    }
    assert!(folder.waiting() < 10 * WAITING, "{} wait", folder.waiting());
    // Who still waits is told.
    drop(held);
    assert!((0..WAITING).all(|_| got.recv_timeout(PATIENCE) == Ok(true)));
}

#[test]
fn a_publish_hook_may_call_back() {
    let world = World::new(&[("a/x.py", "def f(): pass\n")]);
    let (sent, got) = unbounded();
    let manager = world.manager.clone();
    world.manager.on_publish(move |published| {
        let state = manager.status().folders[0].state;
        manager.evict(&published.folder);
        let _ = sent.send((published.generation, published.graph.file_count(), state));
    });
    world.add("a");
    assert_eq!(got.recv_timeout(PATIENCE).unwrap(), (1, 1, Lifecycle::Loaded));
    world.until("a", |s| s.state == Lifecycle::Evicted);
    // The hook holds a handle of the manager, which would keep itself alive.
    world.manager.shutdown();
}

#[test]
fn transitions_are_told_in_order() {
    let world = World::new(&[("a/x.py", "def f(): pass\n")]);
    let mut told: Vec<Transition> = Vec::new();
    let mut until = |holds: fn(&Transition) -> bool| {
        let deadline = Instant::now() + PATIENCE;
        while !told.last().is_some_and(holds) {
            if let Event::Folder(transition) = world.events.recv_deadline(deadline).unwrap() {
                told.push(transition);
            }
        }
    };
    world.add("a");
    until(|t| t.to.lifecycle == Lifecycle::Loaded);
    world.edit("a/x.py", "def g(): pass\n");
    until(|t| t.to.lifecycle == Lifecycle::Loaded && t.to.generation == 2);
    world.manager.evict(&world.at("a"));
    world.manager.remove_folder(&world.at("a"));
    until(|t| t.closed);
    use Lifecycle::*;
    let states: Vec<_> = told.iter().map(|t| (t.to.lifecycle, t.to.generation)).collect();
    assert_eq!(
        states,
        [(Loading, 0), (Loaded, 1), (Rebuilding, 1), (Loaded, 2), (Evicted, 2), (Unloaded, 2)]
    );
    let first = State { lifecycle: Unloaded, stale: false, generation: 0, contents: 0 };
    let before = [first].into_iter().chain(told.iter().map(|t| t.to));
    assert!(before.zip(&told).all(|(before, t)| t.from == before), "one leads to the next: {told:?}");
    assert!(told.iter().all(|t| t.folder == world.at("a") && t.error.is_none()), "{told:?}");
}

#[test]
fn a_folder_that_comes_back_as_it_was_says_the_same() {
    let cache_dir =
        |world: &World, cached| if cached { CacheDir::At(world.at("cache")) } else { CacheDir::Off };
    for cached in [false, true] {
        let world = World::new(&[("a/x.py", "def f(): pass\n"), ("a/package.json", "{\"name\": \"a\"}")]);
        world.manager.set_settings(Settings { cache_dir: cache_dir(&world, cached), ..settings() });
        world.add("a");
        // The contents of the next generation, whenever that is told of.
        let next = |generation| loop {
            match world.events.recv_timeout(PATIENCE).unwrap() {
                Event::Folder(t) if t.to.generation == generation => return t.to.contents,
                _ => {}
            }
        };
        let comes_back = || {
            world.manager.evict(&world.at("a"));
            world.ask("a/x.py").unwrap();
        };
        let first = next(1);
        comes_back();
        assert_eq!(next(2), first);
        world.edit("a/x.py", "def g(): pass\n");
        let second = next(3);
        assert!(second != first && first != 0);
        world.manager.evict(&world.at("a"));
        world.write("a/package.json", "{\"name\": \"b\"}");
        world.ask("a/x.py").unwrap();
        assert!(![first, second].contains(&next(4)));
        world.edit("a/x.py", "def f(): pass\n");
        next(5);
        world.edit("a/package.json", "{\"name\": \"a\"}");
        assert_eq!(next(6), first);
    }
}

#[test]
fn what_is_heard_of_is_looked_at_beside_the_timer() {
    /// On which thread a folder begins to be rebuilt.
    struct Threads(Sender<String>);
    impl Observer for Threads {
        fn event(&self, event: Event) {
            if let Event::Folder(t) = event
                && t.to.lifecycle == Lifecycle::Rebuilding
            {
                let name = std::thread::current().name().unwrap_or_default().to_owned();
                let _ = self.0.send(name);
            }
        }
    }
    let mut world = World::new(&[("a/x.py", "def f(): pass\n")]);
    let (sent, threads) = unbounded();
    world.manager.shutdown();
    world.manager = Manager::new(settings(), Arc::new(Threads(sent)));
    world.add("a");
    world.ask("a/x.py").unwrap();
    world.edit("a/x.py", "def g(): pass\n");
    let thread = threads.recv_timeout(PATIENCE).unwrap();
    assert!(thread.starts_with("chore"), "{thread}");
}

#[test]
fn the_build_that_was_started_last_is_the_one_that_can_be_cancelled() {
    let world = World::new(&[]);
    let held = world.manager.hold_builds();
    // One more than are built at once, so that it is still in the queue when it counts no more.
    let names: Vec<String> = (0..=BUILDS_MAX).map(|i| format!("w{i}")).collect();
    for name in &names {
        world.write(&format!("{name}/x.py"), "def f(): pass\n");
        world.add(name);
    }
    let last = world.at(&names[BUILDS_MAX]);
    let folder = world.manager.core().folder(&last).unwrap();
    assert!(world.manager.evict(&last));
    drop(held);
    let deadline = Instant::now() + PATIENCE;
    while folder.running.lock().is_some() {
        assert!(Instant::now() < deadline, "it never came to its end");
        std::thread::yield_now();
    }
    // Of two that two threads start the earlier one may be made known last.
    let builds = [9, 8].map(|build| (BuildId(build), CancelToken::new()));
    builds.iter().for_each(|(build, token)| folder.began(*build, token.clone()));
    folder.cancel_build(|_| true);
    assert_eq!(builds.map(|(_, token)| token.is_cancelled()), [true, false]);
}

#[test]
fn new_settings_hold_at_once() {
    let world = World::new(&[("a/x.py", "def f(): pass\n"), ("a/gen/y.py", "def g(): pass\n")]);
    world.add("a");
    world.until("a", |s| s.files == 2);
    let excluded = Settings { excludes: vec!["gen".into()], ..settings() };
    world.manager.set_settings(excluded);
    world.until("a", |s| s.files == 1);
    let small = Settings { file_bytes_max: 3, ..settings() };
    world.manager.set_settings(small);
    let status = world.until("a", |s| s.files == 0 && s.skipped.len() == 2);
    assert_eq!(status.skipped[0].why, "larger than 3 bytes");
}

#[test]
fn a_folder_has_settings_of_its_own() {
    let files = ["a/x.py", "a/gen/y.py", "b/x.py", "b/gen/y.py"].map(|path| (path, "def f(): pass\n"));
    let world = World::new(&files);
    let own = |own: Settings| SettingsByFolder::new(settings(), [(world.at("b"), own)]);
    world.manager.set_settings(own(Settings { excludes: vec!["gen".into()], ..settings() }));
    world.add("a");
    world.add("b");
    world.until("b", |s| s.files == 1);
    world.until("a", |s| s.files == 2);
    let patient = Settings { build_debounce: Duration::from_secs(3_600), file_bytes_max: 3, ..settings() };
    world.manager.set_settings(own(patient.clone()));
    world.until("b", |s| s.files == 0 && s.skipped.len() == 2);
    // The one waits for more changes, and the other does not.
    world.edit("b/z.py", "1");
    world.edit("a/z.py", "1");
    world.until("a", |s| s.files == 3);
    assert_eq!(world.status("b").files, 0);
    let at = |path: &str| world.manager.settings_at(&world.at(path)).file_bytes_max;
    assert_eq!(
        [at("b/x.py"), at("a/x.py"), at("c.py")],
        [3, settings().file_bytes_max, settings().file_bytes_max]
    );
    let document = world.manager.open(&world.at("b/x.py"), "python", 1, "x = 1000\n").unwrap();
    assert!(document.analysis().is_err(), "more than twice as large as a file may be");
    world.manager.set_settings(settings());
    world.until("b", |s| s.files == 3);
}

/// Everything that a view says, by names rather than numbers.
pub(super) fn told(view: &View) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for file in view.files() {
        let facts = view.facts(file);
        let name = |n| view.name_text(n).to_owned();
        let defs: Vec<_> = facts.defs.iter().map(|d| (name(d.name), d.kind, d.span)).collect();
        let refs: Vec<_> = facts.refs.iter().map(|r| (name(r.name), r.role, r.span)).collect();
        let mut found = Vec::new();
        for def in &facts.defs {
            let mut at: Vec<_> = view.files_with(def.name).map(|f| view.path(f).to_owned()).collect();
            at.sort();
            found.push((name(def.name), at, defining(view, &name(def.name))));
        }
        all.insert(view.path(file).to_owned(), format!("{defs:?} {refs:?} {found:?}"));
    }
    for manifest in view.all_manifests() {
        all.insert(format!("{}/{}", manifest.dir, manifest.file), format!("{manifest:?}"));
    }
    all
}
