//! What open folders are said to take is what they take.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use coppice::lang::scratch::allocated;
use coppice::workspace::manager::{Event, Manager, Observer};
use coppice::workspace::settings::{CacheDir, Settings, WatchMode};
use coppice::workspace::slot::Lifecycle;
use crossbeam_channel::{Receiver, Sender, unbounded};

/// However busy the machine is.
const PATIENCE: Duration = Duration::from_secs(120);

/// Says which folders have been loaded.
struct Loaded(Sender<PathBuf>);

impl Observer for Loaded {
    fn event(&self, event: Event) {
        if let Event::Folder(transition) = event
            && transition.to.lifecycle == Lifecycle::Loaded
        {
            let _ = self.0.send(transition.folder);
        }
    }
}

/// Opens folders and waits until all have been loaded; bytes of the heap that are in use then, and those that are charged
/// for folders beside the columns of their graphs.
fn open(manager: &Manager, folders: &[PathBuf], loaded: &Receiver<PathBuf>) -> [u64; 2] {
    /// The columns of a graph of one small file.
    const PAGE: u64 = 4 << 10;
    folders.iter().for_each(|folder| manager.add_folder(folder, "folder"));
    for _ in folders {
        loaded.recv_timeout(PATIENCE).expect("a folder is loaded");
    }
    let charged = manager.status().folders.iter().map(|f| f.high_water_bytes - PAGE).sum();
    [allocated().0, charged]
}

#[test]
#[cfg_attr(not(all(target_os = "linux", target_env = "gnu")), ignore = "the allocator does not tell")]
fn what_is_charged_for_open_folders_is_what_they_take() {
    const FIRST: usize = 50;
    const MORE: usize = 1_000;
    let place = tempfile::tempdir().unwrap();
    let folder = |i: usize| {
        let folder = place.path().join(format!("folder_{i}"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("m.py"), "def f(): pass\n").unwrap();
        folder
    };
    let folders: Vec<PathBuf> = (0..FIRST + MORE).map(folder).collect();
    let (sent, loaded) = unbounded();
    let settings = Settings {
        memory_limit: 4 << 30,
        cache_dir: CacheDir::Off,
        watch: WatchMode::Client,
        ..Settings::default()
    };
    let manager = Manager::new(settings, Arc::new(Loaded(sent)));
    // What any process has once builders have been at work is no folder's.
    let [used_before, charged_before] = open(&manager, &folders[..FIRST], &loaded);
    let [used, charged] = open(&manager, &folders[FIRST..], &loaded);
    let each = |after: u64, before: u64| (after - before) as f64 / MORE as f64;
    let (taken, charged) = (each(used, used_before), each(charged, charged_before));
    let off = charged / taken - 1.0;
    // Threads keep freed pieces for themselves, which the allocator calls used.
    assert!(off.abs() < 0.25, "{taken:.0} bytes are taken, {charged:.0} charged");
}
