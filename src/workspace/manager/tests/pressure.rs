//! Several folders in a budget that does not hold them all.

use super::super::super::retry::Retry;
use super::super::super::slot::Failure;
use super::*;
use crate::lang::parse::PARSE_SCRATCH_PER_BYTE;

/// A folder's worth of source.
fn source(folder: usize, file: usize) -> String {
    (0..200).map(|i| format!("def f{folder}_{file}_{i}(a, b):\n    return a.b{i}(b)\n\n")).collect()
}

fn crowded(limit: u64, folders: usize) -> World {
    let world = World::with(Settings { memory_limit: limit, ..settings() }, &[]);
    for folder in 0..folders {
        for file in 0..4 {
            world.write(&format!("w{folder}/f{file}.py"), &source(folder, file));
        }
    }
    world
}

/// What one of these folders takes once it is loaded.
fn weight() -> u64 {
    let world = crowded(1 << 30, 1);
    world.add("w0");
    world.loaded("w0").resident_bytes
}

#[test]
fn the_least_recently_used_make_room_and_everybody_is_answered() {
    const FOLDERS: usize = 6;
    let limit = 3 * weight() + (24 << 20);
    let world = crowded(limit, FOLDERS);
    for folder in 0..FOLDERS {
        world.add(&format!("w{folder}"));
    }
    for round in 0..3 {
        for folder in 0..FOLDERS {
            let folder = (folder * 5 + round) % FOLDERS;
            let name = format!("f{folder}_3_199");
            assert_eq!(world.defined(&format!("w{folder}/f0.py"), &name), ["f3.py"]);
            let memory = world.manager.status().memory;
            assert!(memory.used <= limit && memory.high_water <= limit, "{memory:?}");
        }
    }
    let settled = |s: &FolderStatus| !matches!(s.state, Lifecycle::Loading | Lifecycle::Rebuilding);
    for folder in 0..FOLDERS {
        world.until(&format!("w{folder}"), settled);
    }
    let memory = world.manager.status().memory;
    assert_eq!((memory.reserved, memory.retained), (0, 0));
}

#[test]
fn a_request_to_all_folders_drives_nobody_out() {
    let world = crowded(1 << 30, 2);
    for folder in ["w0", "w1"] {
        world.add(folder);
        world.loaded(folder);
    }
    world.manager.evict(&world.at("w0"));
    let ask = |world: &World| -> Vec<Option<Kind>> {
        let wait =
            |c: &Capture| c.wait(Instant::now() + PATIENCE, &CancelToken::new()).err().map(|why| why.kind);
        world.manager.capture_folders().iter().map(wait).collect()
    };
    let tight = world.manager.status().memory.used + (1 << 20);
    world.manager.set_settings(Settings { memory_limit: tight, ..settings() });
    assert_eq!(ask(&world), [Some(Kind::Evicted), None]);
    assert_eq!(world.status("w0").state, Lifecycle::Evicted);
    world.manager.set_settings(settings());
    assert_eq!(ask(&world), [None, None]);
}

#[test]
fn a_request_to_all_folders_brings_back_no_more_than_there_is_room_for() {
    const FOLDERS: usize = 4;
    let world = crowded(1 << 30, FOLDERS);
    for folder in 0..FOLDERS {
        world.add(&format!("w{folder}"));
        world.loaded(&format!("w{folder}"));
    }
    for folder in 1..FOLDERS {
        world.manager.evict(&world.at(&format!("w{folder}")));
    }
    // Room for one of them, while it is built.
    let room = 4 * weight() + (16 << 20) + (1 << 20);
    let tight = world.manager.status().memory.used + room;
    world.manager.set_settings(Settings { memory_limit: tight, ..settings() });
    let captures = world.manager.capture_folders();
    let wait = |c: &Capture| c.wait(Instant::now() + PATIENCE, &CancelToken::new()).err().map(|why| why.kind);
    let told: Vec<_> = captures.iter().map(wait).collect();
    assert_eq!(told, [None, None, Some(Kind::Evicted), Some(Kind::Evicted)]);
}

#[test]
fn a_folder_that_is_known_in_part_is_read_whole_once_there_is_room() {
    let (one, world) = (weight(), crowded(1 << 30, 2));
    world.add("w0");
    world.loaded("w0");
    assert!(world.manager.pin(&world.at("w0")));
    let tight = 3 * one / 2 + (1 << 20);
    world.manager.set_settings(Settings { memory_limit: tight, ..settings() });
    world.add("w1");
    let needed = world.loaded("w1").degraded.unwrap().needed;
    // Beside the pinned folder there is not enough.
    world.manager.set_settings(Settings { memory_limit: needed + one / 2, ..settings() });
    assert!(world.loaded("w1").degraded.is_some());
    assert!(world.manager.remove_folder(&world.at("w0")));
    let whole = |s: &FolderStatus| s.state == Lifecycle::Loaded && s.degraded.is_none();
    world.until("w1", whole);
}

#[test]
fn a_pinned_folder_stays_while_others_go() {
    let limit = 2 * weight() + (24 << 20);
    let world = crowded(limit, 8);
    world.add("w0");
    world.loaded("w0");
    assert!(world.manager.pin(&world.at("w0")));
    for folder in 1..8 {
        let name = format!("w{folder}");
        world.add(&name);
        world.ask(&format!("{name}/f0.py")).unwrap();
        assert_eq!(world.status("w0").state, Lifecycle::Loaded);
    }
    assert!(world.manager.unpin(&world.at("w0")));
}

#[test]
fn a_lowered_limit_is_met_and_a_raised_one_used() {
    let world = crowded(1 << 30, 3);
    for folder in 0..3 {
        world.add(&format!("w{folder}"));
        world.loaded(&format!("w{folder}"));
    }
    let one = world.status("w0").resident_bytes;
    world.manager.set_settings(Settings { memory_limit: one + one / 2, ..settings() });
    let status = world.manager.status();
    assert!(status.memory.used <= one + one / 2);
    assert_eq!(status.folders.iter().filter(|f| f.state == Lifecycle::Evicted).count(), 2);
    assert_eq!(world.status("w2").state, Lifecycle::Loaded, "the most recently opened stays");
    world.manager.set_settings(Settings { memory_limit: 1 << 30, ..settings() });
    for folder in 0..3 {
        let name = format!("f{folder}_3_199");
        assert_eq!(world.defined(&format!("w{folder}/f0.py"), &name), ["f3.py"]);
    }
    for folder in world.at_rest().folders {
        assert_eq!((folder.state, folder.degraded), (Lifecycle::Loaded, None), "{}", folder.name);
    }
}

/// Opens a folder whose builds have failed so often for want of memory that the next one is due in minutes.
fn starved(world: &World, folder: &str) {
    let held = world.manager.hold_builds();
    world.add(folder);
    let core = world.manager.core();
    let id = core.folder(&world.at(folder)).unwrap().id;
    let lacking = || Failure { cause: Cause::Memory, message: "no memory".to_owned(), retry: Retry::Backoff };
    let mut build = BuildId(1);
    for _ in 0..10 {
        let now = core.clock.now();
        assert!(core.keeper.fail(id, build, lacking(), now));
        build = core.keeper.reload(id, now).unwrap().id;
    }
    assert!(core.keeper.fail(id, build, lacking(), core.clock.now()));
    drop(held);
}

#[test]
fn a_folder_that_memory_was_lacking_for_is_tried_when_a_document_closes_and_when_another_goes() {
    let world = crowded(1 << 30, 2);
    world.add("w0");
    world.loaded("w0");
    world.manager.open(&world.at("w0/f0.py"), "python", 1, "def f(): pass\n").unwrap();
    starved(&world, "w1");
    world.manager.close(&world.at("w0/f0.py")).unwrap();
    world.loaded("w1");
    assert!(world.manager.remove_folder(&world.at("w1")));
    starved(&world, "w1");
    assert!(world.manager.evict(&world.at("w0")));
    world.loaded("w1");
}

#[test]
fn readers_keep_what_they_hold_and_its_bytes_are_told() {
    let world = crowded(1 << 30, 1);
    world.add("w0");
    let reader = world.ask("w0/f0.py").unwrap();
    let bytes = world.loaded("w0").resident_bytes;
    for file in 0..4 {
        world.write(&format!("w0/f{file}.py"), &source(9, file));
    }
    world.manager.reload(&world.at("w0"));
    world.until("w0", |s| s.generation == 2 && s.state == Lifecycle::Loaded);
    assert_eq!(world.manager.status().memory.retained, bytes);
    assert_eq!(defining(&reader.view, "f0_0_0"), ["f0.py".to_owned()].into());
    drop(reader);
    // Who has published it lets go of it a moment later.
    world.released();
}

#[test]
fn a_shortage_that_passes_costs_no_folder_its_graph() {
    const LIMIT: u64 = 64 << 20;
    const FILES: usize = 100;
    /// For the parse of one file at a time.
    const SCRATCH: u64 = (64 << 10) * PARSE_SCRATCH_PER_BYTE;
    let world = World::with(Settings { memory_limit: LIMIT, ..settings() }, &[]);
    let write = |name| (0..FILES).for_each(|file| world.write(&format!("w/f{file}.py"), &source(name, file)));
    write(0);
    world.add("w");
    let own = world.loaded("w").high_water_bytes;
    // A client that reads slowly, and a question that takes its time.
    let reader = world.ask("w/f0.py").unwrap();
    let free = SCRATCH + own * 5 / 2;
    let reply = world.manager.holder().hold(LIMIT - world.manager.status().memory.used - free).unwrap();
    write(9);
    world.manager.files_changed([world.at("w")]);
    let failed = world.until("w", |s| s.state == Lifecycle::Failed);
    assert!(failed.stale && failed.generation == 1 && failed.note.is_none(), "{failed:?}");
    assert_eq!(failed.last_error.map(|e| e.cause), Some(Cause::Memory));
    assert_eq!(world.defined("w/f0.py", "f0_3_0"), ["f3.py"]);
    drop((reply, reader));
    world.until("w", |s| s.state == Lifecycle::Loaded && !s.stale);
    assert_eq!(world.defined("w/f0.py", "f9_3_0"), ["f3.py"]);
}

/// A source file that a parse needs so many bytes for, give or take a few.
fn costly(name: &str, scratch: u64) -> String {
    // The parser goes over all comments that follow each of them: there are few.
    let line = format!("# {}\n", "-".repeat(9_998));
    let lines = (scratch / PARSE_SCRATCH_PER_BYTE) as usize / line.len();
    format!("def {name}(): pass\n{}", line.repeat(lines))
}

#[test]
fn a_file_that_memory_is_short_for_is_read_when_it_comes_back() {
    const LIMIT: u64 = 64 << 20;
    let world = World::with(Settings { memory_limit: LIMIT, ..settings() }, &[("w/a.py", "def a(): pass\n")]);
    world.add("w");
    world.loaded("w");
    // A client that reads slowly, and beside that a parse for which there would be room.
    let reply = world.manager.holder().hold(40 << 20).unwrap();
    world.write("w/large.py", &costly("large", 36 << 20));
    world.write("w/b.py", "def b(): pass\n");
    world.manager.files_changed([world.at("w/large.py"), world.at("w/b.py")]);
    let short = world.until("w", |s| s.owed.is_some());
    assert_eq!((short.state, short.stale, &short.last_error), (Lifecycle::Loaded, false, &None));
    let owed = short.owed.clone().expect("it is said");
    assert!(owed.why.contains("large.py") && owed.why.contains("bytes more are needed"), "{owed:?}");
    assert_eq!(owed.files, [world.at("w/large.py")]);
    assert!(short.skipped.iter().any(|s| s.path == world.at("w/large.py")), "{short:?}");
    assert_eq!(world.defined("w/a.py", "b"), ["b.py"], "what could be read is there");
    let answer = world.ask("w/a.py").unwrap();
    assert!(answer.freshness.missing().is_some_and(|m| m.contains("large.py")), "{:?}", answer.freshness);
    drop(answer);
    assert!(world.manager.status().memory.high_water <= LIMIT);
    drop(reply);
    let paid = world.until("w", |s| s.state == Lifecycle::Loaded && s.owed.is_none());
    assert_eq!((paid.last_error, paid.skipped.len(), paid.stale), (None, 0, false));
    assert_eq!(world.ask("w/a.py").unwrap().freshness.missing(), None);
    assert_eq!(world.defined("w/a.py", "large"), ["large.py"]);
}

#[test]
fn a_folder_is_served_without_a_file_that_memory_is_short_for() {
    let world = World::with(
        Settings { memory_limit: 64 << 20, ..settings() },
        &[("w/a.py", "def a(): pass\n"), ("w/large.py", &costly("large", 36 << 20))],
    );
    let reply = world.manager.holder().hold(40 << 20).unwrap();
    world.add("w");
    let short = world.until("w", |s| s.owed.is_some());
    assert_eq!((short.files, short.skipped.len(), short.stale), (1, 1, false), "{short:?}");
    assert_eq!(world.defined("w/a.py", "a"), ["a.py"]);
    drop(reply);
    assert_eq!(world.until("w", |s| s.owed.is_none() && s.state == Lifecycle::Loaded).files, 2);
    assert_eq!(world.defined("w/a.py", "large"), ["large.py"]);
}

#[test]
fn a_file_too_costly_for_the_budget_is_read_when_that_is_raised() {
    let world = World::with(
        Settings { memory_limit: 32 << 20, ..settings() },
        &[("w/a.py", "def a(): pass\n"), ("w/large.py", &costly("large", 36 << 20))],
    );
    world.add("w");
    let without = world.loaded("w");
    assert_eq!((without.files, without.skipped.len(), without.last_error), (1, 1, None));
    world.manager.set_settings(Settings { memory_limit: 256 << 20, ..settings() });
    let with = world.until("w", |s| s.state == Lifecycle::Loaded && s.files == 2);
    assert!(with.skipped.is_empty());
}

#[test]
fn what_waits_for_a_client_is_counted_once() {
    let world = World::with(Settings { memory_limit: 64 << 20, ..settings() }, &[("w/a.py", "")]);
    world.add("w");
    world.loaded("w");
    // While the answer was made, the process was found to have it.
    let ledger = world.manager.core().keeper.ledger();
    ledger.found(50 << 20);
    let reply = world.manager.holder().hold(45 << 20).unwrap();
    let memory = world.manager.status().memory;
    assert!(memory.used <= 51 << 20, "{memory:?}");
    drop(reply);
}
