//! Folders that come back from disk.

use std::os::unix::fs::DirBuilderExt;

use proptest::prelude::*;

use crate::workspace::testing::scaled;

use super::incremental::{Op, anew, apply, op, settle};
use super::*;

/// A world with a cache of its own.
fn keeping(files: &[(&str, &str)]) -> World {
    let world = World::with(settings(), files);
    let cache_dir = CacheDir::At(world.at("cache"));
    world.manager.set_settings(Settings { cache_dir, ..settings() });
    world
}

/// Waits until the snapshot on disk is of the graph that is served.
#[track_caller]
fn kept(world: &World, folder: &str) {
    let deadline = Instant::now() + PATIENCE;
    while world.status(folder).snapshot.is_none_or(|s| !s.current) {
        assert!(Instant::now() < deadline, "no snapshot: {:#?}", world.status(folder));
        std::thread::yield_now();
    }
}

fn snapshots(world: &World) -> Vec<PathBuf> {
    kept_in(&world.at("cache"), "graph")
}

fn kept_in(cache: &Path, kind: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(cache).unwrap().map(|e| e.unwrap().path());
    files.filter(|p| p.extension().is_some_and(|e| e == kind)).collect()
}

fn warnings(world: &World) -> Vec<String> {
    let message = |e: Event| match e {
        Event::Message(Severity::Warning, text) => Some(text),
        _ => None,
    };
    world.events.try_iter().filter_map(message).collect()
}

fn from_snapshot(status: &FolderStatus) -> bool {
    status.build.unwrap().from_snapshot
}

const FILES: [(&str, &str); 3] = [
    ("a/x.py", "def f(): pass\n"),
    ("a/p/y.py", "import x\nx.f()\n"),
    ("a/package.json", "{\"name\": \"a\"}"),
];

#[test]
fn an_evicted_folder_comes_back_from_its_snapshot() {
    let world = keeping(&FILES);
    world.add("a");
    assert!(!from_snapshot(&world.loaded("a")));
    let before = told(&world.ask("a/x.py").unwrap().view);
    world.manager.evict(&world.at("a"));
    let after = told(&world.ask("a/x.py").unwrap().view);
    let status = world.loaded("a");
    assert!(from_snapshot(&status), "{status:#?}");
    assert_eq!((before, status.generation), (after, 2));
    assert_eq!(world.released().resident, status.resident_bytes);
}

#[test]
fn a_new_process_finds_what_the_last_one_kept_and_what_has_changed_since() {
    let mut world = keeping(&FILES);
    world.write("a/z.py", "def gone(): pass\n");
    world.add("a");
    world.loaded("a");
    kept(&world, "a");
    world.manager.shutdown();
    world.write("a/x.py", "def f2(): pass\n");
    world.write("a/new/w.py", "def f3(): pass\n");
    world.write("a/package.json", "{\"name\": \"b\"}");
    fs::remove_file(world.at("a/z.py")).unwrap();
    world.restart();
    let status = world.loaded("a");
    assert!(from_snapshot(&status), "{status:#?}");
    let view = world.ask("a/x.py").unwrap().view;
    let names = |n: &str| defining(&view, n).into_iter().collect::<Vec<_>>();
    assert_eq!([names("f2"), names("f3")], [["x.py"], ["new/w.py"]]);
    assert!(names("gone").is_empty() && names("f").is_empty());
    assert_eq!(view.manifests("package.json")[0].name.as_deref(), Some("b"));
    kept(&world, "a");
}

#[test]
fn a_reload_reads_every_file() {
    let world = keeping(&FILES);
    world.add("a");
    world.loaded("a");
    world.manager.evict(&world.at("a"));
    world.manager.reload(&world.at("a"));
    assert!(!from_snapshot(&world.loaded("a")));
    world.manager.evict(&world.at("a"));
    world.ask("a/x.py").unwrap();
    assert!(from_snapshot(&world.loaded("a")));
}

#[test]
fn what_is_kept_outlives_an_empty_directory_in_the_folder_s_place() {
    let mut world = keeping(&FILES);
    world.add("a");
    world.loaded("a");
    kept(&world, "a");
    world.manager.shutdown();
    fs::rename(world.at("a"), world.at("away")).unwrap();
    fs::create_dir(world.at("a")).unwrap();
    world.restart();
    assert_eq!(world.loaded("a").files, 0);
    world.manager.evict(&world.at("a"));
    world.manager.shutdown();
    fs::remove_dir(world.at("a")).unwrap();
    fs::rename(world.at("away"), world.at("a")).unwrap();
    world.restart();
    assert!(from_snapshot(&world.loaded("a")));
}

#[test]
fn a_damaged_snapshot_is_built_over() {
    let mut world = keeping(&FILES);
    world.add("a");
    world.loaded("a");
    kept(&world, "a");
    let [snapshot] = &snapshots(&world)[..] else { panic!("one snapshot") };
    for damage in 0..4 {
        world.manager.shutdown();
        let mut bytes = fs::read(snapshot).unwrap();
        match damage {
            0 => bytes.truncate(bytes.len() / 2),
            1 => bytes.clear(),
            2 => bytes[200] ^= 1,
            _ => bytes.push(0),
        }
        fs::write(snapshot, &bytes).unwrap();
        world.restart();
        assert!(!from_snapshot(&world.loaded("a")), "damage {damage}");
        assert_eq!(world.defined("a/x.py", "f"), ["x.py"]);
        kept(&world, "a");
    }
    world.restart();
    assert!(from_snapshot(&world.loaded("a")));
}

#[test]
fn another_directory_in_the_same_place_is_another_folder() {
    let mut world = keeping(&FILES);
    world.add("a");
    world.loaded("a");
    kept(&world, "a");
    world.manager.shutdown();
    fs::rename(world.at("a"), world.at("old")).unwrap();
    world.write("a/x.py", "def other(): pass\n");
    world.restart();
    assert!(!from_snapshot(&world.loaded("a")));
    assert_eq!(world.defined("a/x.py", "other"), ["x.py"]);
}

#[test]
fn a_build_s_victims_are_kept_before_they_go() {
    let world = keeping(&[]);
    let source: String = (0..10_000).map(|i| format!("def f{i}(a, b):\n    return a.b{i}(b)\n\n")).collect();
    for folder in ["a", "b"] {
        world.write(&format!("{folder}/x.py"), &source);
        world.add(folder);
        world.loaded(folder);
        kept(&world, folder);
    }
    // The graph of `a` is of a later generation than its snapshot now, which is not due yet.
    world.edit("a/x.py", &source.replace("def f1(", "def changed("));
    world.until("a", |s| s.generation == 2 && s.state == Lifecycle::Loaded);
    assert!(world.status("a").snapshot.is_some_and(|s| !s.current));
    let tight = world.manager.status().memory.used + (1 << 20);
    world
        .manager
        .set_settings(Settings { memory_limit: tight, ..Settings::clone(&world.manager.settings()) });
    world.write("c/x.py", &"def small(): pass\n".repeat(500));
    world.ask("b/x.py").unwrap();
    world.add("c");
    world.loaded("c");
    assert_eq!(world.status("a").state, Lifecycle::Evicted);
    assert!(world.status("a").snapshot.is_some_and(|s| s.current), "{:#?}", world.status("a"));
}

#[test]
fn a_folder_that_is_closed_is_another_process_s_to_keep() {
    let world = keeping(&FILES);
    world.add("a");
    world.loaded("a");
    kept(&world, "a");
    // Another process of the same user, as far as the cache can tell.
    let other = World::with(Settings::clone(&world.manager.settings()), &[]);
    let add = |world: &World, path: &Path| world.manager.add_folder(path, "a");
    let loaded = |other: &World| loop {
        let status = other.manager.status().folders[0].clone();
        if status.state == Lifecycle::Loaded {
            return status;
        }
        other.events.recv_timeout(PATIENCE).unwrap();
    };
    add(&other, &world.at("a"));
    assert!(from_snapshot(&loaded(&other)));
    let change = |other: &World, text| {
        world.write("a/x.py", text);
        let generation = loaded(other).generation;
        other.manager.files_changed([world.at("a/x.py")]);
        while other.manager.status().folders[0].generation == generation {
            other.events.recv_timeout(PATIENCE).unwrap();
        }
    };
    change(&other, "def g(): pass\n");
    let written = || fs::read(&snapshots(&world)[0]).unwrap();
    let before = written();
    other.manager.evict(&world.at("a"));
    // It comes back by what the first one has written.
    let capture = other.manager.capture(&world.at("a/x.py"));
    let ready = capture.wait(Instant::now() + PATIENCE, &CancelToken::new()).unwrap();
    assert_eq!(defining(&ready.view, "g"), ["x.py".to_owned()].into());
    assert!(from_snapshot(&loaded(&other)) && written() == before);
    world.manager.remove_folder(&world.at("a"));
    change(&other, "def h(): pass\n");
    other.manager.evict(&world.at("a"));
    capture.wait(Instant::now() + PATIENCE, &CancelToken::new()).unwrap();
    assert!(written() != before);
}

#[test]
fn a_cache_that_is_moved_is_locked_where_it_is_then() {
    let world = keeping(&FILES);
    world.add("a");
    world.loaded("a");
    kept(&world, "a");
    let cache_dir = CacheDir::At(world.at("cache-2"));
    // Another process has the folder there.
    let other = World::with(Settings { cache_dir: cache_dir.clone(), ..settings() }, &[]);
    other.manager.add_folder(&world.at("a"), "a");
    let deadline = Instant::now() + PATIENCE;
    while other.manager.status().folders[0].snapshot.is_none_or(|s| !s.current) {
        assert!(Instant::now() < deadline, "no snapshot");
        std::thread::yield_now();
    }
    let written = fs::read(&kept_in(&world.at("cache-2"), "graph")[0]).unwrap();
    world.manager.set_settings(Settings { cache_dir, ..settings() });
    world.edit("a/x.py", "def g(): pass\n");
    world.until("a", |s| s.generation == 2 && s.state == Lifecycle::Loaded);
    world.manager.evict(&world.at("a"));
    // It comes back after the attempt to write.
    assert_eq!(world.defined("a/x.py", "g"), ["x.py"]);
    let lock = fs::File::open(&kept_in(&world.at("cache"), "lock")[0]).unwrap();
    assert!(lock.try_lock().is_ok(), "the lock of the old place is given back");
    assert_eq!(
        fs::read(&kept_in(&world.at("cache-2"), "graph")[0]).unwrap(),
        written,
        "it is the other's to write"
    );
}

#[test]
fn what_is_served_is_kept_where_the_cache_has_been_moved_to() {
    let world = keeping(&FILES);
    world.add("a");
    world.loaded("a");
    kept(&world, "a");
    let cache_dir = CacheDir::At(world.at("cache-2"));
    world.manager.set_settings(Settings { cache_dir, ..settings() });
    // Nothing else happens that it would be written after.
    kept(&world, "a");
    assert_eq!(kept_in(&world.at("cache-2"), "graph").len(), 1);
    world.manager.evict(&world.at("a"));
    world.ask("a/x.py").unwrap();
    assert!(from_snapshot(&world.loaded("a")));
}

#[test]
fn a_snapshot_that_has_been_removed_is_written_again_before_an_eviction() {
    let world = keeping(&FILES);
    world.add("a");
    world.loaded("a");
    kept(&world, "a");
    // For want of room, by whichever process.
    fs::remove_file(&snapshots(&world)[0]).unwrap();
    assert!(world.status("a").snapshot.is_none());
    world.manager.evict(&world.at("a"));
    world.ask("a/x.py").unwrap();
    assert!(from_snapshot(&world.loaded("a")));
}

#[test]
fn a_cache_that_is_removed_is_made_again() {
    let world = keeping(&FILES);
    world.write("b/x.py", "def g(): pass\n");
    for folder in ["a", "b"] {
        world.add(folder);
        world.loaded(folder);
        kept(&world, folder);
    }
    let cache = world.at("cache");
    let makes: [&dyn Fn(); 2] = [&|| {}, &|| fs::DirBuilder::new().mode(0o700).create(&cache).unwrap()];
    for (round, made_by_others) in makes.into_iter().enumerate() {
        fs::remove_dir_all(&cache).unwrap();
        made_by_others();
        let name = format!("f{round}");
        world.edit("a/x.py", &format!("def {name}(): pass\n"));
        let generation = world.until("a", |s| s.generation == 2 + 2 * round as u64).generation;
        world.loaded("a");
        world.manager.evict(&world.at("a"));
        assert_eq!(world.defined("a/x.py", &name), ["x.py"]);
        let status = world.loaded("a");
        assert!(from_snapshot(&status) && status.generation == generation + 1, "{status:#?}");
        // Nothing happens in the other one that it would be written after.
        kept(&world, "b");
        for lock in kept_in(&cache, "lock") {
            assert!(fs::File::open(lock).unwrap().try_lock().is_err(), "others are kept out");
        }
        assert!(!kept_in(&cache, "parsing").is_empty(), "what is parsed is written down");
    }
    assert_eq!(warnings(&world), [""; 0]);
}

#[test]
fn a_cache_that_cannot_be_used_is_told_of_once() {
    let world = World::with(settings(), &FILES);
    for folder in ["b", "c"] {
        world.write(&format!("{folder}/x.py"), "def f(): pass\n");
    }
    // Nothing can be made below a file, whoever asks.
    let cache_dir = CacheDir::At(world.at("a/x.py/cache"));
    world.manager.set_settings(Settings { cache_dir, ..settings() });
    let mut told = Vec::new();
    for folder in ["a", "b", "c"] {
        world.add(folder);
        for _ in 0..2 {
            world.ask(&format!("{folder}/x.py")).unwrap();
            told.extend(warnings(&world));
            world.manager.evict(&world.at(folder));
        }
        assert_eq!(world.defined(&format!("{folder}/x.py"), "f"), ["x.py"]);
    }
    told.extend(warnings(&world));
    assert!(matches!(&told[..], [one] if one.contains("graphs are not kept on disk")), "{told:?}");
}

#[test]
fn nothing_is_kept_where_the_user_wants_nothing_kept() {
    let world = World::with(Settings { cache_dir: CacheDir::Off, ..settings() }, &FILES);
    world.add("a");
    world.loaded("a");
    world.manager.evict(&world.at("a"));
    world.ask("a/x.py").unwrap();
    let status = world.loaded("a");
    assert!(!from_snapshot(&status) && status.snapshot.is_none());
    assert_eq!(warnings(&world), [""; 0]);
}

#[derive(Clone, Debug)]
enum Step {
    Disk(Op),
    Evict,
    Restart,
    Kept,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => op().prop_map(Step::Disk),
        2 => Just(Step::Evict),
        1 => Just(Step::Restart),
        1 => Just(Step::Kept),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(scaled(24) as u32))]
    #[test]
    fn a_graph_that_came_back_is_the_graph_built_from_nothing(steps in prop::collection::vec(step(), 1..25)) {
        let mut world = keeping(&[("w/a.py", "def f(): pass\n")]);
        world.add("w");
        world.loaded("w");
        for step in &steps {
            match step {
                Step::Disk(op) => apply(&world, op),
                Step::Evict => drop(world.manager.evict(&world.at("w"))),
                Step::Restart => world.restart(),
                Step::Kept => {
                    world.ask("w/a.py").unwrap();
                    world.manager.evict(&world.at("w"));
                    drop(world.ask("w/a.py").unwrap());
                }
            }
        }
        world.ask("w/a.py").unwrap();
        settle(&world, steps.len());
        let came_back = told(&world.ask("w/a.py").unwrap().view);
        prop_assert_eq!(came_back, anew(&world).1);
        world.at_rest();
    }
}
