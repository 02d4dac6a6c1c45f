//! Builds on their way from a start to an end.

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
