use super::super::super::settings::Dependencies;
use super::super::super::status::Reading;
use super::*;
use crate::graph::LEADS_BYTES_MAX;

const USES: &str = "import { run } from 'lib';\nrun();\n";
const TYPES: &str = "export declare function run(): void;\n";

fn world(settings: Settings) -> World {
    let world = World::with(
        settings,
        &[("a/x.ts", USES), ("a/node_modules/lib/index.d.ts", TYPES), ("b/y.py", "def f(): pass\n")],
    );
    world.add("a");
    world.loaded("a");
    world
}

impl World {
    /// The view that a request about dependencies gets in the end.
    fn reach(&self, path: &str) -> Ready {
        let until = Instant::now() + PATIENCE;
        let capture = self.manager.capture(&self.at(path)).reaching(Reach::Dependencies).awaiting(until);
        capture.wait(until, &CancelToken::new()).unwrap()
    }

    /// Asks until the answer is as wanted.
    #[track_caller]
    fn until_reached(&self, path: &str, wanted: impl Fn(&Ready) -> bool) -> Ready {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ready = self.reach(path);
            if wanted(&ready) {
                return ready;
            }
            assert!(Instant::now() < deadline, "it never came to be");
            std::thread::yield_now();
        }
    }
}

fn has(ready: &Ready, path: &str) -> bool {
    ready.view.file(path).is_some_and(|file| ready.view.is_library(file))
}

const LIB: &str = "node_modules/lib/index.d.ts";

#[test]
fn they_are_read_when_they_are_needed_and_told_of() {
    let world = world(settings());
    assert_eq!(world.status("a").dependencies.reading, Reading::None);
    let plain = world.ask("a/x.ts").unwrap();
    assert!(!has(&plain, LIB) && plain.freshness.dependencies == Known::Nothing);
    let ready = world.reach("a/x.ts");
    assert!(has(&ready, LIB) && ready.freshness.dependencies == Known::Dependencies);
    assert_eq!(ready.absolute(ready.view.file(LIB).unwrap()), world.at("a").join(LIB));
    let status = world.status("a");
    assert_eq!((status.dependencies.reading, status.dependencies.files), (Reading::Done, 1));
    assert_eq!(status.dependencies.packages[0].name, "lib");
    assert_eq!(status.files, 1, "the folder's own");
    let memory = world.manager.status().memory;
    assert_eq!(memory.dependencies, status.dependencies.bytes);
    assert!(memory.dependencies > 0);
    assert!(!has(&world.ask("a/x.ts").unwrap(), LIB), "who does not ask for them does not see them");
}

#[test]
fn they_are_not_read_if_the_user_does_not_want_it() {
    let world = world(Settings { dependencies: Dependencies::Off, ..settings() });
    assert!(!has(&world.reach("a/x.ts"), LIB));
    assert_eq!(world.status("a").dependencies.reading, Reading::None);
    world.manager.set_settings(settings());
    assert!(has(&world.reach("a/x.ts"), LIB));
    world.manager.set_settings(Settings { dependencies: Dependencies::Off, ..settings() });
    assert!(!has(&world.reach("a/x.ts"), LIB));
    assert_eq!(world.released().dependencies, 0);
}

#[test]
fn they_follow_the_graph_that_they_lie_beside() {
    let world = world(settings());
    world.reach("a/x.ts");
    world.edit("a/x.ts", "import { run } from 'lib';\nexport function mine() { run(); }\n");
    world.until("a", |s| s.generation == 2 && s.state == Lifecycle::Loaded);
    let ready = world.reach("a/x.ts");
    assert!(has(&ready, LIB) && ready.view.lookup_name("mine").is_some());
    drop(ready);
    world.manager.evict(&world.at("a"));
    let memory = world.released();
    assert_eq!(memory.resident, 0);
    assert!(has(&world.reach("a/x.ts"), LIB));
    world.manager.remove_folder(&world.at("a"));
    assert_eq!(world.released().used, 0);
}

#[test]
fn an_import_that_is_new_has_its_library_read() {
    let world = world(settings());
    world.reach("a/x.ts");
    world.write("a/node_modules/other/index.d.ts", "export declare const x: number;\n");
    let text = "import { x } from 'other';\nx;\n";
    world.manager.open(&world.at("a/new.ts"), "typescript", 1, text).unwrap();
    world.until_reached("a/new.ts", |ready| has(ready, "node_modules/other/index.d.ts"));
}

#[test]
fn what_is_installed_anew_is_read_anew() {
    let world = world(settings());
    world.reach("a/x.ts");
    world.write(
        &format!("a/{LIB}"),
        "export declare function run(): void;\nexport declare function fresh(): void;\n",
    );
    world.write("a/package-lock.json", "{}");
    let fresh = |ready: &Ready| ready.view.lookup_name("fresh").is_some();
    world.until_reached("a/x.ts", fresh);
}

#[test]
fn what_a_reader_holds_of_those_before_is_retained() {
    let world = world(settings());
    let held = world.reach("a/x.ts");
    let more = "export declare function run(): void;\nexport declare function fresh(): void;\n";
    world.write(&format!("a/{LIB}"), more);
    world.write("a/package-lock.json", "{}");
    world.until_reached("a/x.ts", |ready| ready.view.lookup_name("fresh").is_some());
    let memory = world.manager.status().memory;
    assert_eq!(memory.dependencies, world.status("a").dependencies.bytes);
    assert!(memory.retained > 0);
    drop(held);
    assert_eq!(world.released().retained, 0);
}

#[test]
fn a_folder_that_is_closed_has_none_read_for_who_still_asks() {
    let world = world(settings());
    let until = Instant::now() + PATIENCE;
    let folder = world.manager.core().owner(&world.at("a/x.ts")).unwrap();
    let capture = world.manager.capture(&world.at("a/x.ts")).reaching(Reach::Dependencies).awaiting(until);
    world.manager.remove_folder(&world.at("a"));
    let _ = capture.wait(until, &CancelToken::new());
    folder.libraries.forget();
    let sight = || None;
    assert!(!world.manager.core().libraries_awaited(&folder, sight));
    assert_eq!(folder.libraries.status().reading, Reading::None);
}

#[test]
fn what_is_forgotten_while_it_begins_to_be_read_does_not_keep_anybody_waiting() {
    let world = world(settings());
    let core = world.manager.core();
    let folder = core.owner(&world.at("a/x.ts")).unwrap();
    // One of them forgets what the other begins, over and over.
    std::thread::scope(|scope| {
        let forgetting = scope.spawn(|| (0..20_000).for_each(|_| folder.libraries.forget()));
        while !forgetting.is_finished() {
            core.libraries_awaited(&folder, || None);
        }
    });
    let deadline = Instant::now() + PATIENCE;
    while folder.libraries.status().reading == Reading::Running {
        assert!(Instant::now() < deadline, "a load that nobody does");
        std::thread::yield_now();
    }
}

#[test]
fn who_waits_for_what_is_given_up_is_answered_at_once() {
    let world = world(settings());
    let core = world.manager.core();
    let folder = core.owner(&world.at("a/x.ts")).unwrap();
    let lets_go: [&dyn Fn(); 2] = [&|| assert!(core.spare_libraries(u64::MAX)), &|| {
        world.manager.set_settings(Settings { dependencies: Dependencies::Off, ..settings() })
    }];
    for let_go in lets_go {
        folder.libraries.forget();
        // A load that takes longer than anybody waits.
        let (release, gate) = crossbeam_channel::bounded::<()>(0);
        let stands = move || {
            let _ = gate.recv();
            None
        };
        assert!(core.libraries_awaited(&folder, stands));
        let (sent, answered) = crossbeam_channel::bounded(1);
        let capture = world.manager.capture(&world.at("a/x.ts"));
        let capture = capture.reaching(Reach::Dependencies).awaiting(Instant::now() + 10 * PATIENCE);
        capture.when_ready(10 * PATIENCE, CancelToken::new(), move |ready, _| {
            sent.send(has(&ready.unwrap(), LIB)).unwrap()
        });
        assert!(answered.is_empty(), "it waits");
        let_go();
        assert_eq!(answered.recv_timeout(PATIENCE), Ok(false));
        drop(release);
    }
}

#[test]
fn folders_are_built_while_dependencies_take_their_time() {
    // As many as there are threads of all kinds, and more.
    const LOADS: usize = 8;
    let names: Vec<String> = (0..LOADS).map(|n| format!("l{n}/x.ts")).collect();
    let mut files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), USES)).collect();
    files.push(("b/y.py", "def f(): pass\n"));
    let world = World::with(settings(), &files);
    let core = world.manager.core();
    let (release, gate) = crossbeam_channel::bounded::<()>(0);
    for name in &names {
        let folder = name.trim_end_matches("/x.ts");
        world.add(folder);
        world.loaded(folder);
        let (folder, gate) = (core.owner(&world.at(name)).unwrap(), gate.clone());
        let stands = move || {
            let _ = gate.recv();
            None
        };
        assert!(core.libraries_awaited(&folder, stands));
    }
    world.add("b");
    world.loaded("b");
    drop(release);
}

#[test]
fn they_go_before_any_folder_does() {
    let world = world(settings());
    world.add("b");
    world.loaded("b");
    world.reach("a/x.ts");
    // As much as is in use without them, and less than they take besides.
    let memory = world.released();
    assert!(memory.dependencies > 0);
    let limit = memory.used - memory.dependencies / 2;
    world.manager.set_settings(Settings { memory_limit: limit, ..settings() });
    let status = world.manager.status();
    assert_eq!(status.memory.dependencies, 0);
    assert!(status.folders.iter().all(|f| f.state == Lifecycle::Loaded), "{:?}", status.folders);
    assert_eq!(world.status("a").dependencies.reading, Reading::Absent("given up for memory"));
    let ready = world.reach("a/x.ts");
    assert!(!has(&ready, LIB), "there is no room to bring them back");
}

#[test]
fn without_memory_for_them_answers_are_what_they_were() {
    let world = world(Settings { memory_limit: 6 << 20, ..settings() });
    let ready = world.reach("a/x.ts");
    assert!(!has(&ready, LIB) && ready.freshness.dependencies == Known::Nothing);
    assert!(matches!(world.status("a").dependencies.reading, Reading::Absent(_)));
}

#[test]
fn where_a_folder_leads_is_charged_for_bounded_and_given_up_for_memory() {
    // More than are kept, by their letters, in files that are not too large.
    let imports = |ways: std::ops::Range<usize>| -> String {
        ways.map(|i| format!("import '../b/{i:0>200}';\n")).collect()
    };
    let world = World::new(&[("a/x.ts", "import '../b/y';\n"), ("b/y.ts", "export const y = 1;\n")]);
    world.add("b");
    world.add("a");
    // That is found after the folder has been told to be loaded.
    let until = |wanted: &dyn Fn(&FolderStatus) -> bool| -> FolderStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = world.status("a");
            if wanted(&status) {
                return status;
            }
            assert!(Instant::now() < deadline, "it never came to be: {status:?}");
            std::thread::yield_now();
        }
    };
    assert_eq!(until(&|s| s.dependencies.bytes > 0).note, None);
    world.edit("a/z.ts", &imports(0..3_000));
    world.edit("a/x.ts", &imports(3_000..6_000));
    let max = LEADS_BYTES_MAX as u64;
    // Both are told, but not as of one moment.
    let told = until(&|s| s.note.is_some() && s.dependencies.bytes > max - 300);
    assert!(told.note.as_ref().unwrap().contains("more places outside"), "{told:?}");
    let bytes = told.dependencies.bytes;
    assert!(bytes <= max + 200, "{bytes}");
    // What was found of a graph before may still be on its way out.
    until(&|_| world.manager.status().memory.dependencies == bytes);
    // Before anybody is evicted.
    let core = world.manager.core();
    let ledger = core.keeper.ledger();
    let rest = ledger.balance().available();
    assert!(core.spare_libraries(rest + bytes));
    assert_eq!((ledger.balance().available(), world.status("a").dependencies.bytes), (rest + bytes, 0));
    // They are found again, if there is room for them.
    let all = ledger.reserve(rest + bytes).unwrap();
    let folder = core.folder(&world.at("a")).unwrap();
    assert!(core.leads_of(&folder).unwrap().is_cut() && ledger.balance().dependencies == 0);
    drop(all);
    assert!(core.leads_of(&folder).unwrap().is_cut() && ledger.balance().dependencies == bytes);
    drop(folder);
    world.edit("a/x.ts", "import '../b/y';\n");
    world.edit("a/z.ts", "");
    until(&|s| {
        let all = world.manager.status().memory.dependencies;
        s.note.is_none() && s.dependencies.bytes < 1_000 && all < 1_000
    });
    for folder in ["a", "b"] {
        world.manager.remove_folder(&world.at(folder));
    }
    let deadline = Instant::now() + PATIENCE;
    while world.released().used > 0 {
        assert!(Instant::now() < deadline, "{:?}", world.manager.status().memory);
        std::thread::yield_now();
    }
}
