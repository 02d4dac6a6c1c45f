use super::*;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::testing::holds;

const NO_CAP: AgeCap = AgeCap(None);

fn failure(retry: Retry) -> Failure {
    Failure { cause: Cause::Build, message: "broken".into(), retry }
}

fn loaded() -> Slot {
    let mut slot = Slot::default();
    let start = slot.wanted(Moment(0)).unwrap();
    slot.published(start.id, None, Moment(1));
    slot
}

#[test]
fn every_state_is_reached_by_its_transition() {
    let mut slot = Slot::default();
    assert_eq!(slot.lifecycle(), Lifecycle::Unloaded);
    let first = slot.wanted(Moment(0)).unwrap();
    assert_eq!((slot.lifecycle(), first.changes), (Lifecycle::Loading, Changes::Everything));
    assert_eq!(slot.wanted(Moment(0)), None, "a second request waits for the same build");
    assert_eq!(slot.published(first.id, None, Moment(1)), 1);
    assert_eq!(slot.lifecycle(), Lifecycle::Loaded);
    let second = slot.changed(Changes::path(Path::new("/a")), Moment(2)).unwrap();
    assert_eq!((slot.lifecycle(), slot.serve(Moment(2), NO_CAP)), (Lifecycle::Rebuilding, Serve::Fresh));
    slot.failed(second.id, failure(Retry::Backoff), Moment(3));
    assert_eq!(slot.lifecycle(), Lifecycle::Failed);
    let third = slot.tick(Moment(1_003)).unwrap();
    assert_eq!(third.changes, second.changes, "what a failed build took is not lost");
    assert_eq!((slot.lifecycle(), slot.is_stale()), (Lifecycle::Rebuilding, true));
    slot.confirmed(third.id, None, Moment(1_004));
    assert_eq!((slot.lifecycle(), slot.failure(), slot.generation()), (Lifecycle::Loaded, None, 1));
    slot.evict();
    assert_eq!(slot.lifecycle(), Lifecycle::Evicted);
    assert_eq!(slot.changed(Changes::Rescan, Moment(5)), None, "an evicted folder builds on demand");
    assert!(slot.wanted(Moment(6)).is_some());
}

#[test]
fn a_storm_of_changes_is_one_more_build() {
    let mut slot = loaded();
    let build = slot.changed(Changes::path(Path::new("/a")), Moment(2)).unwrap();
    for i in 0..100 {
        assert_eq!(slot.changed(Changes::path(Path::new(&format!("/{i}"))), Moment(3)), None);
    }
    slot.published(build.id, None, Moment(4));
    let follow = slot.follow_up(Moment(4)).unwrap();
    assert!(matches!(follow.changes, Changes::Paths(paths) if paths.len() == 100));
    slot.published(follow.id, None, Moment(5));
    assert_eq!(slot.follow_up(Moment(5)), None);
}

#[test]
fn an_evicted_build_does_not_count() {
    let mut slot = loaded();
    let build = slot.reload(Moment(2)).unwrap();
    slot.evict();
    assert!(!slot.is_current(build.id));
    let again = slot.wanted(Moment(3)).unwrap();
    assert!(slot.is_current(again.id) && !slot.is_current(build.id));
}

#[test]
fn age_counts_from_the_first_failing_build_not_from_the_last_publish() {
    let mut slot = loaded();
    let day = 86_400_000;
    let build = slot.changed(Changes::Rescan, Moment(3 * day)).unwrap();
    slot.failed(build.id, failure(Retry::OnChange), Moment(3 * day + 5));
    let cap = AgeCap(Some(Duration::from_millis(day)));
    assert!(matches!(slot.serve(Moment(3 * day + 6), cap), Serve::Stale { .. }));
    let again = slot.changed(Changes::Rescan, Moment(4 * day)).unwrap();
    slot.failed(again.id, failure(Retry::OnChange), Moment(4 * day));
    assert!(matches!(slot.serve(Moment(4 * day + 1), cap), Serve::Expired { .. }));
    assert!(matches!(slot.serve(Moment(40 * day), NO_CAP), Serve::Stale { .. }));
}

#[test]
fn a_failure_without_a_graph_says_failed_until_something_changes() {
    let mut slot = Slot::default();
    let build = slot.wanted(Moment(0)).unwrap();
    slot.failed(build.id, failure(Retry::OnChange), Moment(1));
    assert_eq!((slot.serve(Moment(2), NO_CAP), slot.next_tick()), (Serve::Failed, None));
    assert_eq!(slot.wanted(Moment(3)), None);
    assert!(slot.changed(Changes::path(Path::new("/a")), Moment(4)).is_some());
}

/// A file that a build has left out.
fn owed() -> Owed {
    let why = Failure { cause: Cause::Memory, ..failure(Retry::Backoff) };
    Owed { changes: Changes::path(Path::new("/owed")), why }
}

#[test]
fn what_is_owed_is_asked_for_again_in_time_and_not_before() {
    let mut slot = Slot::default();
    let build = slot.wanted(Moment(0)).unwrap();
    assert_eq!(slot.published(build.id, Some(owed()), Moment(7)), 1);
    // What could be read is there and right; nothing has failed.
    assert_eq!((slot.follow_up(Moment(7)), slot.lifecycle()), (None, Lifecycle::Loaded));
    assert_eq!((slot.serve(Moment(8), NO_CAP), slot.failure()), (Serve::Fresh, None));
    assert_eq!(slot.owed(), Some(&owed().why));
    // Tried again, the rest is known to be right, and the next wait is longer.
    let first = slot.next_tick().unwrap();
    let again = slot.tick(first).unwrap();
    assert_eq!((again.changes, slot.lifecycle()), (owed().changes, Lifecycle::Rebuilding));
    assert_eq!(slot.memory_came_back(first), None, "one build at a time");
    slot.confirmed(again.id, Some(owed()), Moment(2_000));
    assert_eq!((slot.serve(Moment(2_000), NO_CAP), slot.lifecycle()), (Serve::Fresh, Lifecycle::Loaded));
    assert!(slot.next_tick().unwrap().0 - 2_000 > first.0 - 7);
    // Readers that let go all the time are no reason to look at the folder all the time.
    let due = slot.next_tick().unwrap();
    for soon in [2_001, due.0 - 1] {
        assert_eq!(slot.memory_came_back(Moment(soon)), None);
    }
    assert_eq!(slot.next_tick(), Some(due));
    let paid = slot.memory_came_back(due).unwrap();
    slot.confirmed(paid.id, None, Moment(due.0 + 1));
    assert_eq!(
        (slot.serve(Moment(due.0 + 2), NO_CAP), slot.next_tick(), slot.failure(), slot.owed()),
        (Serve::Fresh, None, None, None)
    );
}

#[test]
fn a_build_that_fails_while_files_are_owed_leaves_both_to_be_told() {
    let mut slot = Slot::default();
    let build = slot.wanted(Moment(0)).unwrap();
    slot.published(build.id, Some(owed()), Moment(1));
    let build = slot.changed(Changes::path(Path::new("/a")), Moment(2)).unwrap();
    slot.failed(build.id, failure(Retry::Backoff), Moment(3));
    assert_eq!((slot.lifecycle(), slot.is_stale()), (Lifecycle::Failed, true));
    assert!(slot.failure().is_some() && slot.owed().is_some());
    let again = slot.tick(slot.next_tick().unwrap()).unwrap();
    let both: Changes = ["/a", "/owed"].map(PathBuf::from).into_iter().collect();
    assert_eq!(again.changes, both);
    slot.published(again.id, None, Moment(5_000));
    assert_eq!((slot.failure(), slot.owed(), slot.lifecycle()), (None, None, Lifecycle::Loaded));
}

#[derive(Clone, Debug)]
enum Event {
    Wanted,
    Changed,
    Rescan,
    Reload,
    Tick(u64),
    Publish { late: bool, owes: bool },
    Confirm { owes: bool },
    Fail { retry: bool },
    MemoryCameBack,
    Evict,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => Just(Event::Wanted),
        4 => Just(Event::Changed),
        1 => Just(Event::Rescan),
        1 => Just(Event::Reload),
        2 => (0u64..400_000).prop_map(Event::Tick),
        3 => any::<(bool, bool)>().prop_map(|(late, owes)| Event::Publish { late, owes }),
        2 => any::<bool>().prop_map(|owes| Event::Confirm { owes }),
        2 => any::<bool>().prop_map(|retry| Event::Fail { retry }),
        1 => Just(Event::MemoryCameBack),
        1 => Just(Event::Evict),
    ]
}

/// The model: a build is a number with the list of changes it will reflect; a change is a number that is
/// outstanding until a build that took it is published. It knows nothing of the slot's enums.
#[derive(Default)]
struct Model {
    changes: usize,
    outstanding: BTreeSet<PathBuf>,
    /// The running build: its id and what was outstanding when it started (None: it reads everything).
    running: Option<(BuildId, Option<BTreeSet<PathBuf>>)>,
    discarded: Vec<BuildId>,
    has_graph: bool,
    failed: bool,
    owes: bool,
    generation: u64,
}

impl Model {
    fn started(&mut self, start: Option<Start>) {
        let Some(start) = start else { return };
        assert!(self.running.is_none(), "two builds at once");
        let took = match start.changes {
            Changes::Paths(paths) => {
                assert!(self.outstanding.is_subset(&paths), "a change was lost");
                Some(paths)
            }
            Changes::Rescan | Changes::Everything => None,
            Changes::Nothing => panic!("a build without a reason"),
        };
        assert!(self.has_graph || took.is_none(), "nothing to update");
        self.running = Some((start.id, took));
        self.failed = false;
    }

    /// The running build has come to its end, but for what it owes; what came since it started is still outstanding.
    fn reflected(&mut self, id: BuildId, since_start: &BTreeSet<PathBuf>, owed: &Option<Owed>) {
        self.discarded.push(id);
        self.outstanding = since_start.clone();
        if let Some(Owed { changes: Changes::Paths(paths), .. }) = owed {
            self.outstanding.extend(paths.iter().cloned());
        }
        self.running = None;
        (self.failed, self.owes) = (false, owed.is_some());
    }
}

fn life_is_as_modelled(events: Vec<Event>) -> TestCaseResult {
    let mut slot = Slot::default();
    let mut model = Model::default();
    let mut now = Moment(0);
    // Changes seen since the running build started.
    let mut since_start: BTreeSet<PathBuf> = BTreeSet::new();
    for event in events {
        let was_running = model.running.is_some();
        match event {
            Event::Wanted => {
                let start = slot.wanted(now);
                prop_assert_eq!(start.is_some(), !was_running && !model.has_graph && !model.failed);
                model.started(start);
            }
            Event::Changed | Event::Rescan => {
                model.changes += 1;
                let path = PathBuf::from(format!("/{}", model.changes));
                let lives = was_running || model.has_graph || model.failed;
                let changes = match event {
                    Event::Rescan => Changes::Rescan,
                    _ => {
                        if lives {
                            model.outstanding.insert(path.clone());
                            since_start.insert(path.clone());
                        }
                        Changes::path(&path)
                    }
                };
                let start = slot.changed(changes, now);
                prop_assert_eq!(start.is_some(), lives && !was_running);
                model.started(start);
            }
            Event::Reload => {
                let start = slot.reload(now);
                prop_assert_eq!(start.is_some(), !was_running);
                model.started(start);
            }
            Event::Tick(ms) => {
                now = Moment(now.0 + ms);
                let due = slot.next_tick().is_some_and(|t| t <= now);
                let start = slot.tick(now);
                prop_assert_eq!(start.is_some(), due);
                prop_assert!(!due || model.failed || model.owes, "only what is lacking is tried again");
                model.started(start);
            }
            Event::Publish { late: true, .. } => {
                prop_assert!(model.discarded.iter().all(|b| !slot.is_current(*b)));
            }
            Event::Publish { late: false, owes } => {
                if let Some((id, _)) = model.running.clone() {
                    prop_assert!(slot.is_current(id));
                    model.generation += 1;
                    let owed = owes.then(owed);
                    prop_assert_eq!(slot.published(id, owed.clone(), now), model.generation);
                    model.has_graph = true;
                    model.reflected(id, &since_start, &owed);
                    model.started(slot.follow_up(now));
                    prop_assert!(model.running.is_some() || owes || model.outstanding.is_empty());
                    prop_assert!(!owes || slot.next_tick().is_some_and(|t| t > now), "it is paid in time");
                }
            }
            Event::Confirm { owes } => {
                if let Some((id, _)) = model.running.clone()
                    && model.has_graph
                {
                    let owed = owes.then(owed);
                    slot.confirmed(id, owed.clone(), now);
                    model.reflected(id, &since_start, &owed);
                    model.started(slot.follow_up(now));
                }
            }
            Event::Fail { retry } => {
                if let Some((id, _)) = model.running.take() {
                    let retry = if retry { Retry::Backoff } else { Retry::OnChange };
                    slot.failed(id, failure(retry), now);
                    model.discarded.push(id);
                    model.failed = true;
                    prop_assert_eq!(slot.follow_up(now), None);
                    if retry == Retry::Backoff || !since_start.is_empty() {
                        prop_assert!(slot.next_tick().is_some_and(|t| t > now));
                    }
                }
            }
            Event::MemoryCameBack => {
                let waits = slot.next_tick().is_some_and(|due| due <= now) && !model.failed;
                let start = slot.memory_came_back(now);
                // Of these failures none is for memory.
                prop_assert_eq!(start.is_some(), waits && model.owes);
                model.started(start);
            }
            Event::Evict => {
                if let Some((id, _)) = model.running.take() {
                    model.discarded.push(id);
                }
                slot.evict();
                model.has_graph = false;
                (model.failed, model.owes) = (false, false);
                model.outstanding.clear();
            }
        }
        if model.running.is_some() != was_running
            || matches!(event, Event::Publish { .. } | Event::Confirm { .. })
        {
            since_start.clear();
        }
        prop_assert_eq!(slot.is_building(), model.running.is_some());
        prop_assert_eq!(slot.is_serving(), model.has_graph);
        prop_assert_eq!(slot.generation(), model.generation);
        prop_assert_eq!(slot.owed().is_some(), model.owes);
        let serve = slot.serve(now, NO_CAP);
        match (model.has_graph, model.failed) {
            (true, true) => {
                let is_stale = matches!(serve, Serve::Stale { .. });
                prop_assert!(is_stale);
            }
            (true, false) => {
                let answers = matches!(serve, Serve::Fresh | Serve::Stale { .. });
                prop_assert!(answers);
            }
            (false, true) => prop_assert_eq!(serve, Serve::Failed),
            (false, false) => prop_assert_eq!(serve, Serve::Wait),
        }
        let expected = match (model.running.is_some(), model.has_graph, model.failed) {
            (true, false, _) => &[Lifecycle::Loading][..],
            (true, true, _) => &[Lifecycle::Rebuilding],
            (false, _, true) => &[Lifecycle::Failed],
            (false, true, false) => &[Lifecycle::Loaded],
            (false, false, false) => &[Lifecycle::Unloaded, Lifecycle::Evicted],
        };
        prop_assert!(expected.contains(&slot.lifecycle()));
    }
    Ok(())
}

/// See [`life_is_as_modelled`]; so many times sixty events.
pub(in super::super) fn model(cases: usize) {
    holds(cases, prop::collection::vec(event(), 1..120), life_is_as_modelled);
}

#[test]
fn no_change_is_lost_and_only_the_current_build_counts() {
    model(1_024);
}

#[test]
fn what_was_ended_by_request_waits_for_another_change() {
    let mut slot = Slot::default();
    let build = slot.wanted(Moment(0)).unwrap();
    slot.changed(Changes::Everything, Moment(1));
    slot.failed(build.id, failure(Retry::OnRequest), Moment(2));
    assert_eq!((slot.next_tick(), slot.serve(Moment(3), AgeCap(None))), (None, Serve::Failed));
    assert!(slot.changed(Changes::Everything, Moment(4)).is_some());
}

#[test]
fn memory_that_comes_back_shortens_a_wait_and_no_row_of_it_is_a_storm_of_builds() {
    let lacking = || Failure { cause: Cause::Memory, ..failure(Retry::Backoff) };
    let mut slot = Slot::default();
    let mut build = slot.wanted(Moment(0)).unwrap();
    let mut now = 0;
    for _ in 0..8 {
        slot.failed(build.id, lacking(), Moment(now));
        let due = now + 1_000;
        assert!(slot.next_tick().unwrap().0 >= due);
        for soon in [now + 1, due - 1] {
            assert_eq!(slot.memory_came_back(Moment(soon)), None);
        }
        assert_eq!(slot.next_tick(), Some(Moment(due)));
        build = slot.tick(Moment(due)).unwrap();
        now = due;
    }
    // Later than that it is tried at once.
    slot.failed(build.id, lacking(), Moment(now));
    assert!(slot.memory_came_back(Moment(now + 5_000)).is_some());
}
