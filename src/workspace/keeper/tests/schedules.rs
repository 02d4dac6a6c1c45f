//! The protocol under every order of its steps that a scheduler can think of: at random, and by priorities that
//! change a few times (PCT), which finds bugs of few preemptions with a known probability.
//!
//! Time stands still here, so whoever waits does so until woken: a lost wake-up is a deadlock.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;

use super::*;
use crate::workspace::fault::{Fault, caught};
use crate::workspace::testing::scaled;

/// Schedules of each kind for each scenario; `COPPICE_TEST_SCALE=100` makes them a long run.
const SCHEDULES: usize = 1_000;
/// Changes of priority in one schedule.
const PREEMPTIONS: usize = 3;

type Scenario = fn();

const SCENARIOS: [(&str, Scenario); 9] = [
    ("budget_holds", budget_holds),
    ("sums_are_right", sums_are_right),
    ("waiting_ends", waiting_ends),
    ("busy_folders_stay", busy_folders_stay),
    ("what_no_longer_counts_is_not_published", what_no_longer_counts_is_not_published),
    ("what_is_read_is_counted", what_is_read_is_counted),
    ("what_is_owed_is_paid", what_is_owed_is_paid),
    ("busy_folders_are_waited_for", busy_folders_are_waited_for),
    ("a_report_is_of_one_moment", a_report_is_of_one_moment),
];

fn check(scenario: Scenario, schedules: usize) {
    shuttle::check_random(scenario, schedules);
    shuttle::check_pct(scenario, schedules, PREEMPTIONS);
}

#[test]
fn every_scenario_holds() {
    for (name, scenario) in SCENARIOS {
        let outcome = catch_unwind(|| check(scenario, scaled(SCHEDULES)));
        assert!(outcome.is_ok(), "{name}");
    }
}

#[test]
fn mistakes_that_only_a_schedule_shows_are_found() {
    let faults: [(Fault, Scenario); 9] = [
        (Fault::SilentRelease, waiting_ends),
        (Fault::CountedTooLate, waiting_ends),
        (Fault::EvictUnchecked, busy_folders_stay),
        (Fault::PublishUnchecked, what_no_longer_counts_is_not_published),
        (Fault::SettleUnchecked, sums_are_right),
        (Fault::GrowUnchecked, sums_are_right),
        (Fault::DoubleRelease, budget_holds),
        (Fault::StartedTwice, what_is_owed_is_paid),
        (Fault::SilentEnd, busy_folders_are_waited_for),
    ];
    for (fault, scenario) in faults {
        let found = caught(fault, || check(scenario, SCHEDULES));
        assert!(found, "{fault:?} goes unnoticed");
    }
}

fn world(limit: u64, folders: u32) -> (Arc<Kept>, Vec<Arc<Shelf<Fake>>>) {
    let (keeper, shelves) = keeper(limit, folders);
    (Arc::new(keeper), shelves)
}

fn long() -> Instant {
    Instant::now() + Duration::from_secs(3_600)
}

/// Everything is let go, and everything has come back.
fn nothing_is_left(keeper: &Kept, shelves: &[Arc<Shelf<Fake>>]) {
    let balance = keeper.ledger().balance();
    assert_eq!((balance.reserved, balance.retained), (0, 0));
    keeper.ledger().validate();
    for shelf in shelves {
        keeper.remove(shelf.id);
    }
    assert_eq!(keeper.ledger().balance().used(), 0);
}

/// The panic of a build that is to go wrong.
struct Planned;

/// The steps of a build: each ends with nothing having gone wrong, or the build panics there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Begun,
    Reserved,
    Grown,
    /// The graph is being made, under the lock: the charges are there, and nobody has seen it.
    Made,
    Published,
}

const STEPS: [Step; 5] = [Step::Begun, Step::Reserved, Step::Grown, Step::Made, Step::Published];

/// A build from its start to one of its ends, by the way one that panics, at any of its steps.
fn build(keeper: &Kept, shelf: &Shelf<Fake>, start: Start, patience: Instant) -> Option<Publication> {
    let mut rng = thread_rng();
    let (bytes, actual, more) = (rng.gen_range(10..50), rng.gen_range(10..60), rng.gen_range(0..20));
    let (fails, panics) =
        (rng.gen_ratio(1, 8), rng.gen_ratio(1, 4).then(|| STEPS[rng.gen_range(0..STEPS.len())]));
    let passes = |step: Step| {
        if panics == Some(step) {
            resume_unwind(Box::new(Planned));
        }
    };
    let cancel = CancelToken::new();
    let ask = Ask { patience, ..ask(shelf.id, &start, bytes, &cancel) };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        if !keeper.begin(shelf.id, start.id) {
            return None;
        }
        passes(Step::Begun);
        let mut cost = Cost::default();
        let mut held = keeper.reserve(ask, &mut cost).ok()?;
        passes(Step::Reserved);
        let _ = keeper.grow(Ask { bytes: more, own_may_go: false, ..ask }, &mut cost, &mut held);
        assert!(!cost.evicted.contains(&shelf.id));
        passes(Step::Grown);
        if fails {
            return None;
        }
        let shared = shelf.load().filter(|_| more > 10).map(|s| s.charges().clone()).unwrap_or_default();
        let making = |charges| {
            passes(Step::Made);
            make(charges)
        };
        let published = keeper.publish(finished(shelf.id, start.id, held, actual, shared), NOW, making);
        passes(Step::Published);
        published.ok()
    }));
    let published = outcome.unwrap_or_else(|panic| match panic.downcast::<Planned>() {
        Ok(_) => None,
        Err(other) => resume_unwind(other),
    });
    if published.is_none() {
        keeper.fail(shelf.id, start.id, failure(), NOW);
    }
    published
}

/// Builds, reads, evictions, closes, changes and panics on folders that do not all fit.
fn budget_holds() {
    const LIMIT: u64 = 100;
    let (keeper, shelves) = world(LIMIT, 3);
    let shelves = Arc::new(shelves);
    let work = |steps: usize| {
        let (keeper, shelves) = (Arc::clone(&keeper), Arc::clone(&shelves));
        thread::spawn(move || {
            for _ in 0..steps {
                let (which, what) = (thread_rng().gen_range(0..3), thread_rng().gen_range(0..10));
                let shelf = &shelves[which];
                match what {
                    0 => drop(keeper.evict(shelf.id)),
                    1 => keeper.remove(shelf.id),
                    2 => drop(keeper.make_room(30, None)),
                    3 => drop(keeper.set_pinned(shelf.id, true) && keeper.set_pinned(shelf.id, false)),
                    4 => {
                        let reader = shelf.load();
                        keeper.touch(shelf);
                        drop(reader);
                    }
                    _ => {
                        let start = keeper
                            .wanted(shelf.id, NOW)
                            .or_else(|| keeper.changed(shelf.id, Changes::Rescan, NOW));
                        let published = start.and_then(|start| build(&keeper, shelf, start, Instant::now()));
                        if let Some(start) = published.and_then(|p| p.follow_up) {
                            build(&keeper, shelf, start, Instant::now());
                        }
                    }
                }
                let balance = keeper.ledger().balance();
                assert!(balance.used() <= LIMIT && balance.high_water <= LIMIT, "{balance:?}");
            }
        })
    };
    let threads = [work(3), work(3), work(3)];
    threads.into_iter().for_each(|t| t.join().unwrap());
    nothing_is_left(&keeper, &shelves);
}

/// The counter by itself.
fn sums_are_right() {
    const LIMIT: u64 = 60;
    let ledger = Ledger::new(LIMIT);
    let work = || {
        let ledger = ledger.clone();
        thread::spawn(move || {
            let mut rng = thread_rng();
            let Ok(mut build) = ledger.reserve(rng.gen_range(5..30)) else { return };
            let _ = build.grow(rng.gen_range(5..30));
            let document = ledger.charge(Account::Documents, rng.gen_range(1..10));
            let own = build.bytes() + document.as_ref().map_or(0, Charge::bytes);
            let balance = ledger.balance();
            assert!(own <= balance.used() && balance.used() <= LIMIT, "{balance:?}");
            if let Ok(parts) = build.settle(&[rng.gen_range(5..40), 3], &[]) {
                parts[0].retire();
                let balance = ledger.balance();
                assert!(balance.retained >= parts[0].bytes() && balance.used() <= LIMIT, "{balance:?}");
            }
            ledger.validate();
        })
    };
    let threads = [work(), work(), work()];
    threads.into_iter().for_each(|t| t.join().unwrap());
    assert_eq!(ledger.balance().used(), 0);
    assert!(ledger.balance().high_water <= LIMIT);
}

/// A build that waits for a reader and for another build gets its memory once both have let go.
fn waiting_ends() {
    let (keeper, shelves) = world(100, 3);
    load(&keeper, FolderId(0), 60).unwrap();
    let reader = shelves[0].load().unwrap();
    keeper.evict(FolderId(0));
    let other = keeper.wanted(FolderId(1), NOW).unwrap();
    let cancel = CancelToken::new();
    let held = keeper.reserve(ask(FolderId(1), &other, 30, &cancel), &mut Cost::default()).unwrap();
    let waiter = {
        let (keeper, start) = (Arc::clone(&keeper), keeper.wanted(FolderId(2), NOW).unwrap());
        thread::spawn(move || {
            let cancel = CancelToken::new();
            let ask = Ask { patience: long(), ..ask(FolderId(2), &start, 90, &cancel) };
            let got = keeper.reserve(ask, &mut Cost::default());
            assert_eq!(got.map(|r| r.bytes()), Ok(90));
            keeper.fail(FolderId(2), start.id, failure(), NOW);
        })
    };
    let letting_go = thread::spawn(move || drop(reader));
    // The other one goes on without it: its end, too, would wake the waiter.
    drop(held);
    letting_go.join().unwrap();
    waiter.join().unwrap();
    keeper.fail(FolderId(1), other.id, failure(), NOW);
    nothing_is_left(&keeper, &shelves);
}

/// Nobody evicts or closes anything on purpose, so a build that has begun comes to its end.
fn busy_folders_stay() {
    let (keeper, shelves) = world(100, 3);
    load(&keeper, FolderId(0), 30).unwrap();
    load(&keeper, FolderId(1), 30).unwrap();
    let rebuilding = {
        let keeper = Arc::clone(&keeper);
        thread::spawn(move || {
            let Some(start) = keeper.changed(FolderId(0), Changes::Rescan, NOW) else { return };
            if !keeper.begin(FolderId(0), start.id) {
                return;
            }
            let cancel = CancelToken::new();
            let ask = Ask { own_may_go: false, ..ask(FolderId(0), &start, 5, &cancel) };
            match keeper.reserve(ask, &mut Cost::default()) {
                Ok(held) => {
                    let published =
                        keeper.publish(finished(FolderId(0), start.id, held, 5, Charges::new()), NOW, make);
                    assert!(published.is_ok(), "{published:?}");
                }
                Err(why) => {
                    assert_ne!(why, Unmet::Outdated);
                    keeper.fail(FolderId(0), start.id, failure(), NOW);
                }
            }
        })
    };
    let crowding = {
        let keeper = Arc::clone(&keeper);
        thread::spawn(move || drop(load(&keeper, FolderId(2), 50)))
    };
    rebuilding.join().unwrap();
    crowding.join().unwrap();
    nothing_is_left(&keeper, &shelves);
}

/// A build whose folder is evicted or closed under it leaves no graph behind, whenever that happens.
fn what_no_longer_counts_is_not_published() {
    let (keeper, shelves) = world(100, 2);
    let closes = thread_rng().gen_ratio(1, 2);
    let start = keeper.wanted(FolderId(0), NOW).unwrap();
    let building = {
        let (keeper, shelf) = (Arc::clone(&keeper), Arc::clone(&shelves[0]));
        thread::spawn(move || {
            build(&keeper, &shelf, start, long());
        })
    };
    match closes {
        true => keeper.remove(FolderId(0)),
        false => assert!(keeper.evict(FolderId(0))),
    }
    building.join().unwrap();
    assert!(shelves[0].load().is_none());
    assert_eq!(keeper.ledger().balance().used(), 0);
    nothing_is_left(&keeper, &shelves);
}

/// Whatever becomes of a folder, the bytes that a reader holds are in the sums.
fn what_is_read_is_counted() {
    let (keeper, shelves) = world(100, 2);
    load(&keeper, FolderId(0), 40).unwrap();
    let reading = {
        let (keeper, shelf) = (Arc::clone(&keeper), Arc::clone(&shelves[0]));
        thread::spawn(move || {
            let Some(served) = shelf.load() else { return };
            let graph = Arc::clone(&served.graph);
            drop(served);
            let bytes: u64 = graph.charges.iter().map(|c| c.bytes()).sum();
            let balance = keeper.ledger().balance();
            assert!(balance.resident + balance.retained >= bytes, "{balance:?}");
        })
    };
    let replacing = {
        let (keeper, shelf) = (Arc::clone(&keeper), Arc::clone(&shelves[0]));
        thread::spawn(move || {
            if let Some(start) = keeper.reload(FolderId(0), NOW) {
                build(&keeper, &shelf, start, Instant::now());
            }
        })
    };
    let crowding = {
        let keeper = Arc::clone(&keeper);
        thread::spawn(move || drop(load(&keeper, FolderId(1), 70)))
    };
    [reading, replacing, crowding].into_iter().for_each(|t| t.join().unwrap());
    nothing_is_left(&keeper, &shelves);
}

/// A folder owes a file for which memory is short. A reader lets go, changes come, and time goes by, all at once: one
/// build runs at a time, none that counts is left without an end, and what is owed is paid or waited for.
fn what_is_owed_is_paid() {
    const FILE: u64 = 30;
    let (keeper, shelves) = world(100, 2);
    load(&keeper, FolderId(1), 60).unwrap();
    let reader = shelves[1].load().unwrap();
    keeper.evict(FolderId(1));
    let running = Arc::new(AtomicU64::new(0));
    // Reads the file if there is memory for it by then, and owes it otherwise.
    let pay = {
        let (keeper, running) = (Arc::clone(&keeper), Arc::clone(&running));
        move |start: Start| {
            let mut next = Some(start);
            while let Some(start) = next.take() {
                assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0, "two builds at once");
                let cancel = CancelToken::new();
                let ask = Ask { own_may_go: false, ..ask(FolderId(0), &start, 20, &cancel) };
                let mut cost = Cost::default();
                let mut held = keeper.reserve(ask, &mut cost).expect("there is room for the rest");
                let short = keeper.grow(Ask { bytes: FILE, held: 20, ..ask }, &mut cost, &mut held).is_err();
                let owed = short.then(|| Owed { changes: Changes::path(Path::new("/file")), why: failure() });
                running.fetch_sub(1, Ordering::SeqCst);
                let finished = Finished { owed, ..finished(FolderId(0), start.id, held, 10, Charges::new()) };
                let published = keeper.publish(finished, NOW, make).expect("nobody evicts it");
                next = published.follow_up;
            }
        }
    };
    pay(keeper.wanted(FolderId(0), NOW).unwrap());
    let owing = keeper.report(FolderId(0)).unwrap();
    assert_eq!((owing.lifecycle, owing.owed.is_some()), (Lifecycle::Loaded, true));
    let came_back = {
        let (keeper, pay) = (Arc::clone(&keeper), pay.clone());
        thread::spawn(move || {
            drop(reader);
            keeper.memory_came_back(LATER).into_iter().for_each(|(_, start)| pay(start));
        })
    };
    let in_time = {
        let (keeper, pay) = (Arc::clone(&keeper), pay.clone());
        thread::spawn(move || keeper.tick(LATER).into_iter().for_each(|(_, start)| pay(start)))
    };
    let changing = {
        let (keeper, pay) = (Arc::clone(&keeper), pay.clone());
        thread::spawn(move || {
            let start = keeper.changed(FolderId(0), Changes::path(Path::new("/other")), NOW);
            start.into_iter().for_each(pay);
        })
    };
    [came_back, in_time, changing].into_iter().for_each(|t| t.join().unwrap());
    let report = keeper.report(FolderId(0)).unwrap();
    assert_eq!((report.lifecycle, report.stale), (Lifecycle::Loaded, false));
    assert_eq!(report.owed.is_some(), keeper.next_tick().is_some(), "what is owed is waited for");
    // A build may have begun before the reader let go; the memory that came back is there for the next.
    keeper.memory_came_back(LATER).into_iter().for_each(|(_, start)| pay(start));
    assert!(keeper.report(FolderId(0)).unwrap().owed.is_none());
    nothing_is_left(&keeper, &shelves);
}

/// All that could go is looked at again just now. A folder that has nothing waits for one of those looks to end.
fn busy_folders_are_waited_for() {
    let (keeper, shelves) = world(100, 3);
    load(&keeper, FolderId(0), 45).unwrap();
    load(&keeper, FolderId(1), 45).unwrap();
    let looks = [0, 1].map(|n| (FolderId(n), keeper.changed(FolderId(n), Changes::Rescan, NOW).unwrap()));
    assert!(looks.iter().all(|(folder, start)| keeper.begin(*folder, start.id)));
    let coming = {
        let (keeper, start) = (Arc::clone(&keeper), keeper.wanted(FolderId(2), NOW).unwrap());
        thread::spawn(move || {
            let cancel = CancelToken::new();
            let ask = Ask { turn: long(), ..ask(FolderId(2), &start, 50, &cancel) };
            let held = keeper.reserve(ask, &mut Cost::default()).expect("it is waited for");
            keeper.publish(finished(FolderId(2), start.id, held, 50, Charges::new()), NOW, make).unwrap();
        })
    };
    let threads = looks.map(|(folder, start)| {
        let keeper = Arc::clone(&keeper);
        thread::spawn(move || match folder {
            FolderId(0) => drop(keeper.confirm(folder, start.id, None, NOW)),
            _ => drop(keeper.fail(folder, start.id, failure(), NOW)),
        })
    });
    threads.into_iter().for_each(|t| t.join().unwrap());
    coming.join().unwrap();
    assert!(shelves[2].load().is_some());
    nothing_is_left(&keeper, &shelves);
}

/// A folder comes and goes while somebody looks at it.
fn a_report_is_of_one_moment() {
    let (keeper, shelves) = world(100, 1);
    let looking = {
        let keeper = Arc::clone(&keeper);
        thread::spawn(move || {
            for _ in 0..4 {
                let (report, served) = keeper.report_served(FolderId(0)).expect("it is open");
                assert_eq!(report.serving, served.is_some());
                assert!(served.is_none_or(|served| served.generation == report.generation));
            }
        })
    };
    load(&keeper, FolderId(0), 20).unwrap();
    load(&keeper, FolderId(0), 20).unwrap();
    keeper.evict(FolderId(0));
    looking.join().unwrap();
    nothing_is_left(&keeper, &shelves);
}
