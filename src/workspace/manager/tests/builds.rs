//! Builds on their way from a start to an end.

use std::sync::OnceLock;

use super::super::super::ledger::Ledger;
use super::super::super::sync::Mutex;
use super::*;

#[test]
fn a_build_can_be_cancelled_from_the_moment_that_it_counts() {
    let world = World::new(&[("a/x.py", "def f(): pass\n")]);
    world.add("a");
    world.until_told_of(1);
    let core = world.manager.core();
    let folder = core.folder(&world.at("a")).unwrap();
    // Status says that it is under way, and nothing else here knows of it yet.
    let start = core.keeper.reload(folder.id, core.clock.now());
    assert_eq!(world.status("a").state, Lifecycle::Rebuilding);
    assert!(world.manager.cancel_build(&world.at("a")));
    core.start(&folder, start);
    let deadline = Instant::now() + PATIENCE;
    while folder.running.lock().is_some() {
        assert!(Instant::now() < deadline, "it never came to its end");
        std::thread::yield_now();
    }
    let status = world.status("a");
    assert_eq!((status.state, status.stale, status.generation), (Lifecycle::Failed, true, 1));
    assert_eq!(status.last_error.unwrap().message, "the build was cancelled");
}

#[test]
fn progress_is_that_of_the_build_that_counts() {
    let world = World::new(&[("a/x.py", "def f(): pass\n")]);
    let held = world.manager.hold_builds();
    world.add("a");
    let read = |percent| world.until("a", |s| s.progress == percent);
    read(Some(0));
    assert!(world.manager.evict(&world.at("a")));
    assert_eq!(world.status("a").progress, None, "it counts no more");
    // It has not come to its end yet, and reads on.
    let core = world.manager.core();
    let folder = core.folder(&world.at("a")).unwrap();
    while world.events.try_recv().is_ok() {}
    let goes_on = |done| {
        core.progress(&folder, BuildId(1), done, 2);
        assert!(!world.events.try_iter().any(|event| matches!(event, Event::Progress { .. })));
    };
    goes_on(1);
    core.want(&folder);
    read(Some(0));
    while world.events.try_recv().is_ok() {}
    goes_on(2);
    folder.ended(BuildId(1));
    assert_eq!(world.status("a").progress, Some(0));
    drop(held);
    assert_eq!(world.loaded("a").progress, None);
}

#[test]
fn a_view_from_before_a_build_is_not_all_that_its_folder_knows() {
    let world = World::new(&[("a/x.py", "def f(): pass\n")]);
    world.add("a");
    world.until_told_of(1);
    let capture = world.manager.capture(&world.at("a/y.py"));
    let before = capture.wait(Instant::now() + PATIENCE, &CancelToken::new()).unwrap();
    assert!(before.file.is_none() && !capture.may_know_more(&before.freshness));
    world.edit("a/y.py", "def g(): pass\n");
    world.until_told_of(2);
    assert!(capture.may_know_more(&before.freshness));
}

#[test]
fn a_folder_that_is_at_rest_has_nothing_reserved() {
    /// What was reserved whenever a build said that memory may have come back.
    #[derive(Default)]
    struct Reserved {
        ledger: OnceLock<Ledger>,
        told: Mutex<Vec<u64>>,
    }
    impl Observer for Reserved {
        fn event(&self, event: Event) {
            let by_build = std::thread::current().name().is_some_and(|name| name.starts_with("build"));
            if let (Event::Room, true, Some(ledger)) = (event, by_build, self.ledger.get()) {
                self.told.lock().push(ledger.balance().reserved);
            }
        }
    }
    let mut world = World::new(&[("a/x.py", "def f(): pass\n")]);
    let reserved = Arc::<Reserved>::default();
    world.manager.shutdown();
    world.manager = Manager::new(settings(), Arc::<Reserved>::clone(&reserved));
    let _ = reserved.ledger.set(world.manager.core().keeper.ledger().clone());
    world.add("a");
    let path = world.at("a/x.py");
    world.manager.open(&path, "python", 1, "def f(): pass\n").unwrap();
    world.ask("a/x.py").unwrap();
    world.manager.documents()[path.as_path()].note_written();
    // The view keeps the document until a build has found the file to be the same, which then gives it up.
    world.manager.close(&path).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while reserved.told.lock().is_empty() {
        assert!(Instant::now() < deadline, "no build has told");
        std::thread::yield_now();
    }
    assert_eq!((world.status("a").generation, reserved.told.lock().clone()), (1, vec![0]));
}

#[test]
fn a_graph_that_goes_for_the_last_bytes_of_its_successor_has_gone() {
    const LIMIT: u64 = 64 << 20;
    let world = World::with(Settings { memory_limit: LIMIT, ..settings() }, &[]);
    // Of these a folder has no more than its list of them, which counts once they have all been looked at.
    let deep: String = (0..4).map(|i| format!("{i}{}/", "d".repeat(230))).collect();
    (0..1_000).for_each(|i| world.write(&format!("a/{deep}{i}.py"), "\0"));
    world.add("a");
    world.until_told_of(1);
    let free = world.status("a").resident_bytes / 2;
    let used = world.released().used;
    let _reply = world.manager.holder().hold(LIMIT - used - free).unwrap();
    assert!(world.manager.reload(&world.at("a")));
    world.until_told_of(2);
    let note = world.status("a").note.unwrap();
    assert!(note.contains("does not fit twice"), "{note}");
}
