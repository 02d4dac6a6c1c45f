//! A folder that the budget can never hold.

use super::super::super::build::GRAPH_BYTES_PER_SOURCE_BYTE;
use super::super::super::degrade::{Degraded, Level, needed};
use super::*;

const FILES: usize = 36;

/// One of the files, some of which lie deeper than others; it uses what the one before it defines.
fn path(file: usize) -> String {
    let dir = ["", "lib/", "lib/deep/er/"][file * 3 / FILES];
    format!("a/{dir}m{file:02}.py")
}

fn source(file: usize) -> String {
    let before = file.wrapping_sub(1) % FILES;
    let used = format!("from m{before:02} import first_{before}\n\n");
    let first = format!("def first_{file}(a):\n    return first_{before}(a)\n\n");
    let rest: String =
        (0..560).map(|i| format!("def f{file}_{i}(a, b):\n    return a.b{i}(b)\n\n")).collect();
    used + &first + &rest
}

/// A folder that has been read once, in a budget that holds so many percent of what that takes.
fn tight(percent: u64) -> World {
    let world = World::new(&[]);
    let bytes = (0..FILES).map(|file| world.written(&path(file), &source(file))).sum();
    world.add("a");
    let ratio = world.loaded("a").high_water_bytes as f64 / bytes as f64;
    let memory_limit = needed(bytes, ratio) * percent / 100;
    world.manager.set_settings(Settings { memory_limit, ..settings() });
    world.manager.reload(&world.at("a"));
    world.until("a", |s| s.generation == 2 && s.state == Lifecycle::Loaded);
    world
}

fn known(world: &World) -> Vec<bool> {
    let ready = world.ask(&path(0)).unwrap();
    (0..FILES).map(|file| !defining(&ready.view, &format!("first_{file}")).is_empty()).collect()
}

#[test]
fn the_files_nearest_to_the_root_stay_and_the_rest_is_named() {
    let world = tight(97);
    let status = world.loaded("a");
    let Degraded { level, files, of, needed, room } = status.degraded.unwrap();
    assert_eq!((level, of), (Level::Files, FILES));
    assert!((FILES / 2..FILES).contains(&files) && needed > room, "{files} files, {needed} of {room}");
    assert_eq!(known(&world), (0..FILES).map(|file| file < files).collect::<Vec<_>>());
    let left_out: Vec<PathBuf> = status.skipped.iter().map(|s| s.path.clone()).collect();
    assert_eq!(left_out, (files..FILES).map(|file| world.at(&path(file))).collect::<Vec<_>>());
    assert!(status.skipped.iter().all(|s| s.left_out && s.why.contains("memory budget")));
    assert_eq!((status.last_error, status.retry_count, status.generation), (None, 0, 2));
    let memory = world.manager.status().memory;
    assert!(memory.reserved == 0 && memory.used <= memory.limit, "{memory:?}");
    let degraded = world.ask(&path(0)).unwrap().freshness.degraded.unwrap();
    assert!(degraded.words().contains(&format!("{files} of {FILES} files are indexed")));
}

#[test]
fn what_is_kept_is_followed_and_what_is_not_stays_out() {
    let world = tight(97);
    let files = world.loaded("a").degraded.unwrap().files;
    world.edit(&path(0), "def first_0(): pass\ndef renewed(): pass\n");
    world.until("a", |s| s.generation == 3 && s.state == Lifecycle::Loaded);
    assert_eq!(world.defined(&path(0), "renewed"), ["m00.py"]);
    world.edit("a/new.py", "def brand_new(): pass\n");
    world.edit(&path(FILES - 1), "def first_35(): pass\n");
    world.edit(&path(1), "def first_1(): pass\ndef last(): pass\n");
    world.until("a", |s| s.state == Lifecycle::Loaded && world.defined(&path(0), "last") == ["m01.py"]);
    assert!(world.defined(&path(0), "brand_new").is_empty());
    assert_eq!(known(&world), (0..FILES).map(|file| file < files).collect::<Vec<_>>());
    assert_eq!(world.status("a").degraded.unwrap().level, Level::Files);
}

/// The contents of the next generation, whenever that is told of.
fn contents(world: &World, generation: u64) -> u64 {
    loop {
        match world.events.recv_timeout(PATIENCE).unwrap() {
            Event::Folder(t) if t.to.generation == generation => return t.to.contents,
            _ => {}
        }
    }
}

#[test]
fn how_much_of_it_comes_back_is_nothing_new() {
    let world = tight(97);
    let first = world.loaded("a").degraded.unwrap();
    let next = |generation| contents(&world, generation);
    let comes_back = |memory_limit| {
        world.manager.evict(&world.at("a"));
        world.manager.set_settings(Settings { memory_limit, ..settings() });
        world.ask(&path(0)).unwrap();
        world.loaded("a").degraded.unwrap()
    };
    let limit = world.manager.settings().memory_limit;
    comes_back(limit);
    let before = next(3);
    let less = comes_back(limit * 96 / 97);
    assert!(less.level == first.level && less.files < first.files, "{less:?} after {first:?}");
    assert_eq!(next(4), before);
    world.manager.evict(&world.at("a"));
    world.write(&path(FILES - 1), "def changed(): pass\n");
    world.ask(&path(0)).unwrap();
    assert!(next(5) != before);
}

#[test]
fn more_of_it_is_something_else_where_less_was_served() {
    let world = tight(60);
    let first = world.loaded("a").degraded.unwrap();
    world.manager.reload(&world.at("a"));
    let before = contents(&world, 3);
    let memory_limit = world.manager.settings().memory_limit * 85 / 60;
    // Of what has no room as a whole, as much as there is room for by now.
    world.manager.set_settings(Settings { memory_limit, ..settings() });
    assert!(contents(&world, 4) != before);
    let more = world.loaded("a").degraded.unwrap();
    assert!(
        more.level == first.level && more.files > first.files && more.room > first.room,
        "{more:?} after {first:?}"
    );
}

#[test]
fn it_is_whole_again_once_the_budget_allows() {
    let world = tight(97);
    assert!(world.loaded("a").degraded.is_some());
    world.manager.set_settings(settings());
    let status = world.until("a", |s| s.state == Lifecycle::Loaded && s.degraded.is_none());
    assert_eq!((status.files, status.skipped.len(), status.note), (FILES as u64, 0, None));
    assert_eq!(known(&world), [true; FILES]);
    // And in part again once it does not.
    let limit = status.resident_bytes - 1;
    world.manager.set_settings(Settings { memory_limit: limit, ..settings() });
    assert_eq!(world.status("a").state, Lifecycle::Evicted);
    world.ask(&path(0)).unwrap();
    assert!(world.loaded("a").degraded.is_some());
}

#[test]
fn it_is_whole_again_whenever_large_documents_are_closed() {
    const DOCUMENT_BYTES: u64 = 8 << 20;
    let world = tight(110);
    let limit = world.manager.settings().memory_limit;
    assert_eq!(world.loaded("a").degraded, None);
    let settings = Settings { memory_limit: limit, file_bytes_max: DOCUMENT_BYTES, ..settings() };
    world.manager.set_settings(settings);
    let large = world.at("large.py");
    for _ in 0..2 {
        let text = "#".repeat(1 << 10) + "\n";
        // A build may hold nearly all that there is.
        world.at_rest();
        world.manager.open(&large, "python", 1, &text.repeat((limit / 5) as usize >> 10)).unwrap();
        world.manager.evict(&world.at("a"));
        world.ask(&path(0)).unwrap();
        assert!(world.loaded("a").degraded.is_some());
        world.manager.close(&large).unwrap();
        world.until("a", |s| s.state == Lifecycle::Loaded && s.degraded.is_none());
    }
}

#[test]
fn what_stays_on_the_heap_is_no_room_for_a_folder() {
    let world = tight(110);
    let limit = world.manager.settings().memory_limit;
    let heap = limit / 5;
    world.manager.evict(&world.at("a"));
    let ledger = world.manager.core().keeper.ledger();
    assert_eq!(ledger.found(heap), 0);
    assert!(world.ask(&path(0)).unwrap().freshness.degraded.is_some());
    let status = world.loaded("a");
    assert!(status.degraded.unwrap().room <= limit - heap, "{status:?}");
    assert_eq!((status.last_error, status.retry_count), (None, 0));
    // While it stays, no look at the folder tries again.
    reading(&world);
    world.write("a/not.txt", "");
    world.manager.any_file_changed();
    world.until_told(Lifecycle::Rebuilding);
    world.at_rest();
    let (_, files_read) = reading(&world);
    assert_eq!((files_read, world.status("a").generation), (0, status.generation));
    ledger.found(0);
    world.manager.any_file_changed();
    world.until("a", |s| s.state == Lifecycle::Loaded && s.degraded.is_none());
}

#[test]
fn it_is_whole_again_once_enough_of_it_is_gone() {
    let world = tight(97);
    assert!(world.loaded("a").degraded.is_some());
    fs::remove_dir_all(world.at("a/lib")).unwrap();
    world.manager.files_changed([world.at("a")]);
    let status = world.until("a", |s| s.state == Lifecycle::Loaded && s.degraded.is_none());
    assert_eq!(status.files, FILES as u64 / 3);
}

#[test]
fn with_less_room_definitions_alone_are_kept() {
    let world = tight(88);
    let status = world.loaded("a");
    let degraded = status.degraded.unwrap();
    assert_eq!(degraded.level, Level::Definitions);
    assert!(degraded.files > 0);
    let ready = world.ask(&path(0)).unwrap();
    assert_eq!(defining(&ready.view, "f0_7"), ["m00.py".to_owned()].into());
    let refs = |ready: &Ready| ready.view.facts(ready.file.unwrap()).refs.len();
    let closed = refs(&ready);
    // An open document says all that it has to say.
    world.manager.open(&world.at(&path(0)), "python", 1, &source(0)).unwrap();
    assert!(refs(&world.ask(&path(0)).unwrap()) > closed + 400);
    world.edit(&path(1), "def renewed(a):\n    a.b()\n");
    world.until("a", |s| s.generation == 3 && s.state == Lifecycle::Loaded);
    let ready = world.ask(&path(1)).unwrap();
    assert_eq!((refs(&ready), defining(&ready.view, "renewed").len()), (0, 1));
}

#[test]
fn with_no_room_at_all_open_documents_are_answered_for() {
    let world = tight(100);
    world.manager.set_settings(Settings { memory_limit: 512 << 10, ..settings() });
    assert!(world.ask(&path(0)).unwrap().file.is_none());
    let status = world.loaded("a");
    assert_eq!(status.degraded.map(|d| (d.level, d.files)), Some((Level::Documents, 0)));
    assert_eq!((status.skipped.len(), status.last_error), (FILES, None));
    world.manager.open(&world.at(&path(0)), "python", 1, "def open_one(): pass\n").unwrap();
    assert_eq!(world.defined(&path(0), "open_one"), ["m00.py"]);
    let before = world.status("a").generation;
    world.manager.files_changed([world.at("a")]);
    world.at_rest();
    assert_eq!((world.status("a").generation, world.status("a").retry_count), (before, 0));
}

#[test]
fn what_pinned_folders_keep_is_not_there_for_others() {
    let world = tight(110);
    assert_eq!(world.loaded("a").degraded, None);
    let limit = world.manager.settings().memory_limit;
    world.write("b/x.py", &source(0));
    world.add("b");
    let pinned = world.loaded("b").resident_bytes;
    world.manager.pin(&world.at("b"));
    let tight = limit * 100 / 110 + pinned / 2;
    world.manager.set_settings(Settings { memory_limit: tight, ..settings() });
    world.manager.reload(&world.at("a"));
    world.until("a", |s| s.state == Lifecycle::Loaded && s.degraded.is_some());
    assert_eq!(world.status("b").state, Lifecycle::Loaded);
    world.manager.unpin(&world.at("b"));
    world.until("a", |s| s.state == Lifecycle::Loaded && s.degraded.is_none());
}

/// How often files were begun to be read, and how many those were together, by what has been told.
fn reading(world: &World) -> (usize, usize) {
    let began = |event: Event| match event {
        Event::Progress { done: 0, total, .. } => Some(total),
        _ => None,
    };
    let totals: Vec<usize> = world.events.try_iter().filter_map(began).collect();
    (totals.len(), totals.iter().sum())
}

/// A folder of such files alone in such a budget, once it has come to rest: how often it was begun to be read, how many
/// files those were, and how many were kept. Nobody tries again by himself.
fn alone(limit: u64, source: impl Fn(usize) -> String) -> (usize, usize, usize) {
    let world = World::with(Settings { memory_limit: limit, ..settings() }, &[]);
    (0..FILES).for_each(|file| world.write(&path(file), &source(file)));
    world.add("a");
    // Whoever asks in the meantime waits for the same build.
    let asked = world.ask(&path(0));
    let status = world.at_rest().folders.remove(0);
    let kept = status.degraded.expect("it does not fit").files;
    assert_eq!((status.state, status.generation, status.retry_count), (Lifecycle::Loaded, 1, 0));
    assert_eq!(status.build.unwrap().files_read, kept as u64);
    assert!(asked.is_ok_and(|ready| ready.freshness.degraded.is_some()));
    assert_eq!(world.manager.core().keeper.next_tick(), None);
    let (builds, files) = reading(&world);
    (builds, files, kept)
}

/// What can never be held is seen from the scan, before anything is read. If graphs turn out larger than expected a build
/// learns that once, and is not tried again and again.
#[test]
fn a_folder_alone_over_the_budget_is_read_as_far_as_it_fits_and_once_more_at_most() {
    let plain = |_| "def f(a, b):\n    return a.b(b)\n\n".repeat(700);
    // Its definitions alone take more than a whole graph does of other code.
    let table = |file| (0..400).map(|i| format!("NAME_OF_{file}_{i}_AND_NO_OTHER = {i}\n")).collect();
    for source in [&plain as &dyn Fn(usize) -> String, &source, &table] {
        let bytes: u64 = (0..FILES).map(|file| source(file).len() as u64).sum();
        let needs = |part: u64| needed(bytes * part / 4, GRAPH_BYTES_PER_SOURCE_BYTE);
        for limit in [512 << 10, needs(1), needs(2), needs(3)] {
            let (builds, files, kept) = alone(limit, source);
            let least = (usize::from(kept > 0), kept);
            let most = if kept > 0 { (2, FILES + kept) } else { (0, 0) };
            let fits = least.0 <= builds && builds <= most.0 && least.1 <= files && files <= most.1;
            assert!(fits, "{builds} builds of {files} files, {kept} kept, in {limit} bytes");
        }
    }
}
