use std::time::Duration;

use super::super::ledger::Account;
use super::super::retry::Retry;
use super::super::slot::Cause;
use super::*;

pub(in crate::workspace) mod model;
#[cfg(feature = "shuttle")]
mod schedules;

/// A graph that is nothing but its charges.
#[derive(Debug)]
struct Fake {
    charges: Charges,
}

type Kept = Keeper<Fake>;

fn make(charges: Charges) -> Arc<Fake> {
    Arc::new(Fake { charges })
}

const NOW: Moment = Moment(0);
/// When every wait after a failure is over.
const LATER: Moment = Moment(u64::MAX);

fn ask<'a>(folder: FolderId, start: &Start, bytes: u64, cancel: &'a CancelToken) -> Ask<'a> {
    let now = Instant::now();
    Ask { folder, build: start.id, bytes, own_may_go: true, patience: now, turn: now, held: 0, cancel }
}

/// Reserves, builds and publishes.
fn load(keeper: &Kept, id: FolderId, bytes: u64) -> Result<Cost, Unmet> {
    let start = keeper.wanted(id, NOW).or_else(|| keeper.reload(id, NOW)).expect("no build runs");
    if !keeper.begin(id, start.id) {
        return Err(Unmet::Outdated);
    }
    let cancel = CancelToken::new();
    let mut cost = Cost::default();
    match keeper.reserve(ask(id, &start, bytes, &cancel), &mut cost) {
        Ok(reservation) => {
            keeper.publish(finished(id, start.id, reservation, bytes, Charges::new()), NOW, make).unwrap();
            Ok(cost)
        }
        Err(unmet) => {
            keeper.fail(id, start.id, failure(), NOW);
            Err(unmet)
        }
    }
}

fn finished(
    folder: FolderId,
    build: BuildId,
    reservation: Reservation,
    bytes: u64,
    shared: Charges,
) -> Finished {
    Finished { folder, build, reservation, parts: vec![bytes], shared, owed: None }
}

fn failure() -> Failure {
    Failure { cause: Cause::Memory, message: "no room".into(), retry: Retry::Backoff }
}

fn keeper(limit: u64, folders: u32) -> (Kept, Vec<Arc<Shelf<Fake>>>) {
    let keeper = Keeper::new(limit);
    let shelves = (0..folders).map(|i| keeper.add(FolderId(i))).collect();
    (keeper, shelves)
}

fn ids(list: &[u32]) -> Vec<FolderId> {
    list.iter().map(|i| FolderId(*i)).collect()
}

#[test]
fn the_least_recently_used_goes_first_and_comes_back_on_demand() {
    let (keeper, shelves) = keeper(100, 3);
    load(&keeper, FolderId(0), 40).unwrap();
    load(&keeper, FolderId(1), 40).unwrap();
    keeper.touch(&shelves[0]);
    let cost = load(&keeper, FolderId(2), 40).unwrap();
    assert_eq!(cost, Cost { evicted: ids(&[1]), own_went: false });
    assert_eq!(keeper.report(FolderId(1)).unwrap().lifecycle, Lifecycle::Evicted);
    assert!(shelves[1].load().is_none());
    keeper.touch(&shelves[2]);
    let cost = load(&keeper, FolderId(1), 40).unwrap();
    assert_eq!(cost.evicted, ids(&[0]));
    keeper.ledger().validate();
}

#[test]
fn a_build_that_waits_for_a_thread_keeps_nobody_waiting() {
    let (keeper, shelves) = keeper(100, 2);
    load(&keeper, FolderId(0), 60).unwrap();
    let begun = keeper.changed(FolderId(0), Changes::Rescan, NOW).unwrap();
    assert!(keeper.begin(FolderId(0), begun.id));
    assert!(matches!(load(&keeper, FolderId(1), 60), Err(Unmet::Refused(_))));
    keeper.confirm(FolderId(0), begun.id, None, NOW);
    let queued = keeper.changed(FolderId(0), Changes::Rescan, NOW).unwrap();
    assert_eq!(load(&keeper, FolderId(1), 60).unwrap().evicted, ids(&[0]));
    assert!(!keeper.begin(FolderId(0), queued.id) && shelves[0].load().is_none());
}

#[test]
fn pinned_folders_stay() {
    let (keeper, shelves) = keeper(100, 2);
    load(&keeper, FolderId(0), 60).unwrap();
    keeper.set_pinned(FolderId(0), true);
    assert!(matches!(load(&keeper, FolderId(1), 60), Err(Unmet::Refused(_))));
    assert!(shelves[0].load().is_some());
}

#[test]
fn a_folder_that_does_not_fit_beside_its_old_graph_gives_it_up_and_spares_the_others() {
    let (keeper, shelves) = keeper(100, 2);
    load(&keeper, FolderId(1), 20).unwrap();
    load(&keeper, FolderId(0), 60).unwrap();
    let cost = load(&keeper, FolderId(0), 70).unwrap();
    assert_eq!(cost, Cost { evicted: vec![], own_went: true });
    assert!(shelves[1].load().is_some());
    assert_eq!(keeper.ledger().balance().used(), 90);
}

#[test]
fn what_can_never_fit_is_refused_at_once_and_evicts_nobody() {
    let (keeper, shelves) = keeper(100, 2);
    load(&keeper, FolderId(1), 50).unwrap();
    assert_eq!(load(&keeper, FolderId(0), 101), Err(Unmet::Never { needed: 101, limit: 100 }));
    assert!(shelves[1].load().is_some());
    assert_eq!(keeper.report(FolderId(0)).unwrap().lifecycle, Lifecycle::Failed);
}

#[test]
fn readers_keep_their_graph_and_new_builds_wait_for_them() {
    let (keeper, shelves) = keeper(100, 2);
    load(&keeper, FolderId(0), 70).unwrap();
    let reader = Arc::clone(&shelves[0].load().unwrap().graph);
    let refused = load(&keeper, FolderId(1), 50).unwrap_err();
    assert!(matches!(refused, Unmet::Refused(r) if r.balance.retained == 70), "{refused}");
    let start = keeper.reload(FolderId(1), NOW).unwrap();
    let keeper = Arc::new(keeper);
    let waiting = {
        let keeper = Arc::clone(&keeper);
        std::thread::spawn(move || {
            let cancel = CancelToken::new();
            let patience = Instant::now() + Duration::from_secs(60);
            let ask = Ask { patience, ..ask(FolderId(1), &start, 50, &cancel) };
            keeper.reserve(ask, &mut Cost::default()).map(|r| r.bytes())
        })
    };
    drop(reader);
    assert_eq!(waiting.join().unwrap(), Ok(50));
}

#[test]
fn of_two_builds_that_outgrow_what_they_have_one_gives_way_to_the_other() {
    let (keeper, _) = keeper(100, 2);
    let patience = Instant::now() + Duration::from_secs(60);
    let cancel = CancelToken::new();
    let mut builds = [0, 1].map(|n| {
        let start = keeper.wanted(FolderId(n), NOW).unwrap();
        let ask = Ask { patience, ..ask(FolderId(n), &start, 40, &cancel) };
        let reservation = keeper.reserve(ask, &mut Cost::default()).unwrap();
        Some((Ask { held: 40, ..ask }, reservation))
    });
    let granted = std::thread::scope(|scope| {
        let threads = builds.each_mut().map(|build| {
            let (ask, mut reservation) = build.take().unwrap();
            let keeper = &keeper;
            scope.spawn(move || keeper.grow(ask, &mut Cost::default(), &mut reservation).is_ok())
        });
        threads.map(|thread| thread.join().unwrap())
    });
    assert!(granted[0] != granted[1], "{granted:?}");
    assert_eq!(keeper.ledger().balance().reserved, 0);
}

#[test]
fn a_build_that_has_nothing_waits_for_its_turn_and_one_that_has_something_does_not() {
    let (keeper, _) = keeper(100, 2);
    let cancel = CancelToken::new();
    let [first, second] = [0, 1].map(|n| keeper.wanted(FolderId(n), NOW).unwrap());
    let reservation = keeper.reserve(ask(FolderId(0), &first, 80, &cancel), &mut Cost::default()).unwrap();
    let turn = Instant::now() + Duration::from_secs(60);
    let waits = Ask { turn, ..ask(FolderId(1), &second, 50, &cancel) };
    let hurries = Ask { held: 10, ..waits };
    assert!(matches!(keeper.reserve(hurries, &mut Cost::default()), Err(Unmet::Refused(_))));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| keeper.reserve(waits, &mut Cost::default()).map(|r| r.bytes()));
        drop(reservation);
        assert_eq!(waiting.join().unwrap(), Ok(50));
    });
}

#[test]
fn a_graph_larger_than_reserved_is_refused_and_the_old_one_stays() {
    let (keeper, shelves) = keeper(100, 1);
    load(&keeper, FolderId(0), 50).unwrap();
    let start = keeper.reload(FolderId(0), NOW).unwrap();
    let cancel = CancelToken::new();
    let reservation = keeper.reserve(ask(FolderId(0), &start, 30, &cancel), &mut Cost::default()).unwrap();
    let rejected = keeper
        .publish(finished(FolderId(0), start.id, reservation, 60, Charges::new()), NOW, make)
        .unwrap_err();
    let Rejected::Refused(reservation, refused) = rejected else { panic!("{rejected:?}") };
    assert_eq!((reservation.bytes(), refused.needed), (30, 30));
    drop(reservation);
    assert!(keeper.fail(FolderId(0), start.id, failure(), NOW));
    let served = shelves[0].load().unwrap();
    assert_eq!(served.stale.as_ref().unwrap().error.as_ref(), "no room");
    assert_eq!((served.generation, keeper.ledger().balance().used()), (1, 50));
}

#[test]
fn a_build_whose_folder_was_closed_or_evicted_publishes_nothing() {
    for close in [true, false] {
        let (keeper, shelves) = keeper(100, 1);
        let start = keeper.wanted(FolderId(0), NOW).unwrap();
        let cancel = CancelToken::new();
        let reservation =
            keeper.reserve(ask(FolderId(0), &start, 30, &cancel), &mut Cost::default()).unwrap();
        if close {
            keeper.remove(FolderId(0));
        } else {
            keeper.evict(FolderId(0));
        }
        let rejected =
            keeper.publish(finished(FolderId(0), start.id, reservation, 30, Charges::new()), NOW, make);
        assert!(matches!(rejected, Err(Rejected::Outdated)));
        assert!(shelves[0].load().is_none());
        assert_eq!(keeper.ledger().balance().used(), 0);
    }
}

#[test]
fn parts_that_a_successor_shares_are_counted_once() {
    let (keeper, shelves) = keeper(100, 1);
    load(&keeper, FolderId(0), 60).unwrap();
    let base = shelves[0].load().unwrap();
    let start = keeper.changed(FolderId(0), Changes::Rescan, NOW).unwrap();
    let cancel = CancelToken::new();
    let reservation = keeper.reserve(ask(FolderId(0), &start, 10, &cancel), &mut Cost::default()).unwrap();
    let shared = base.charges().clone();
    keeper.publish(finished(FolderId(0), start.id, reservation, 10, shared), NOW, make).unwrap();
    assert_eq!(keeper.ledger().balance().resident, 70);
    drop(base);
    assert_eq!(keeper.ledger().balance().resident, 70);
    keeper.evict(FolderId(0));
    assert_eq!(keeper.ledger().balance().used(), 0);
}

#[test]
fn what_is_taken_already_is_made_room_for_as_far_as_that_goes() {
    let (keeper, _) = keeper(100, 3);
    for id in ids(&[0, 1, 2]) {
        load(&keeper, id, 30).unwrap();
    }
    keeper.set_pinned(FolderId(2), true);
    // For a need that cannot be met nobody goes; for what there is already, all who can.
    assert_eq!(keeper.make_room(80, None), []);
    assert_eq!(keeper.make_what_room_there_is(30), ids(&[0]));
    assert_eq!(keeper.make_what_room_there_is(90), ids(&[1]));
    assert_eq!(keeper.make_what_room_there_is(90), []);
}

#[test]
fn a_lowered_limit_takes_the_unpinned_then_the_builds_then_the_pinned() {
    let (keeper, _shelves) = keeper(100, 3);
    load(&keeper, FolderId(0), 30).unwrap();
    load(&keeper, FolderId(1), 30).unwrap();
    keeper.set_pinned(FolderId(0), true);
    let start = keeper.wanted(FolderId(2), NOW).unwrap();
    let cancel = CancelToken::new();
    let reservation = keeper.reserve(ask(FolderId(2), &start, 30, &cancel), &mut Cost::default()).unwrap();
    keeper.ledger().set_limit(60);
    assert_eq!(keeper.enforce_limit(), ids(&[1]));
    keeper.ledger().set_limit(40);
    assert_eq!(keeper.enforce_limit(), ids(&[2]));
    keeper.ledger().set_limit(20);
    assert_eq!(keeper.enforce_limit(), ids(&[0]));
    drop(reservation);
    assert_eq!(keeper.ledger().balance().used(), 0);
}

/// Builders, readers, evictions and closes all at once: whatever the order, everything comes back.
#[test]
fn threads_in_any_order_leave_nothing_behind() {
    const THREADS: u32 = 4;
    const STEPS: u32 = 2_000;
    let (keeper, shelves) = keeper(100, 3);
    let over = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (keeper, shelves, over) = (&keeper, &shelves, &over);
            scope.spawn(move || {
                let mut seed = u64::from(thread) + 1;
                for _ in 0..STEPS {
                    seed ^= seed << 13;
                    seed ^= seed >> 7;
                    seed ^= seed << 17;
                    let shelf = &shelves[(seed % 3) as usize];
                    match seed >> 8 & 7 {
                        0 => drop(keeper.evict(shelf.id)),
                        1 | 2 => {
                            let reader = shelf.load();
                            keeper.touch(shelf);
                            std::thread::yield_now();
                            drop(reader);
                        }
                        _ => {
                            let start = keeper.wanted(shelf.id, NOW).or_else(|| keeper.reload(shelf.id, NOW));
                            let Some(start) = start else { continue };
                            let bytes = 20 + seed % 40;
                            let cancel = CancelToken::new();
                            let ask = ask(shelf.id, &start, bytes, &cancel);
                            let outcome = keeper.reserve(ask, &mut Cost::default()).ok().and_then(|held| {
                                keeper
                                    .publish(
                                        finished(shelf.id, start.id, held, bytes, Charges::new()),
                                        NOW,
                                        make,
                                    )
                                    .ok()
                            });
                            match outcome {
                                None => drop(keeper.fail(shelf.id, start.id, failure(), NOW)),
                                Some(publication) => {
                                    if let Some(start) = publication.follow_up {
                                        keeper.fail(shelf.id, start.id, failure(), NOW);
                                    }
                                }
                            }
                        }
                    }
                    if keeper.ledger().balance().used() > 100 {
                        over.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(over.into_inner(), 0);
    let balance = keeper.ledger().balance();
    assert_eq!((balance.reserved, balance.retained), (0, 0));
    assert!(balance.high_water <= 100);
    for shelf in &shelves {
        keeper.remove(shelf.id);
    }
    assert_eq!(keeper.ledger().balance().used(), 0);
}

#[test]
fn what_is_on_the_heap_for_the_moment_is_waited_for() {
    let (keeper, _) = keeper(100, 1);
    let start = keeper.wanted(FolderId(0), NOW).unwrap();
    let cancel = CancelToken::new();
    keeper.ledger().found(90);
    let at_once = ask(FolderId(0), &start, 40, &cancel);
    assert!(matches!(keeper.reserve(at_once, &mut Cost::default()), Err(Unmet::Refused(_))));
    let patient = Ask { patience: Instant::now() + Duration::from_secs(60), ..at_once };
    let granted = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| keeper.reserve(patient, &mut Cost::default()).map(|r| r.bytes()));
        keeper.ledger().found(10);
        waiting.join().unwrap()
    });
    assert_eq!(granted, Ok(40));
}

#[test]
fn folders_that_are_looked_at_just_now_are_waited_for_by_one_that_has_nothing() {
    let (keeper, _) = keeper(100, 2);
    load(&keeper, FolderId(0), 60).unwrap();
    let look = keeper.changed(FolderId(0), Changes::Rescan, NOW).unwrap();
    assert!(keeper.begin(FolderId(0), look.id));
    let start = keeper.wanted(FolderId(1), NOW).unwrap();
    let cancel = CancelToken::new();
    let at_once = ask(FolderId(1), &start, 50, &cancel);
    assert!(matches!(keeper.reserve(at_once, &mut Cost::default()), Err(Unmet::Refused(_))));
    let waits = Ask { turn: Instant::now() + Duration::from_secs(60), ..at_once };
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| keeper.reserve(waits, &mut Cost::default()).map(|r| r.bytes()));
        keeper.confirm(FolderId(0), look.id, None, NOW);
        assert_eq!(waiting.join().unwrap(), Ok(50));
    });
    // One that has a graph itself may be what the others wait for.
    keeper.fail(FolderId(1), start.id, failure(), NOW);
    load(&keeper, FolderId(0), 60).unwrap();
    load(&keeper, FolderId(1), 30).unwrap();
    let look = keeper.changed(FolderId(0), Changes::Rescan, NOW).unwrap();
    assert!(keeper.begin(FolderId(0), look.id));
    let start = keeper.changed(FolderId(1), Changes::Rescan, NOW).unwrap();
    let turn = Instant::now() + Duration::from_secs(3_600);
    let waits = Ask { turn, own_may_go: false, ..ask(FolderId(1), &start, 50, &cancel) };
    assert!(matches!(keeper.reserve(waits, &mut Cost::default()), Err(Unmet::Refused(_))));
}
