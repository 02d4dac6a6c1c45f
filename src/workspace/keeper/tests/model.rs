//! The keeper against a model that knows only who can reach what.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::*;
use crate::workspace::testing::holds;

/// Steps of the world around the keeper; folders and held things are taken modulo their number.
#[derive(Clone, Debug)]
enum Op {
    Close(u32),
    Touch(u32),
    Want(u32),
    Change(u32),
    Tick,
    Reserve {
        folder: u32,
        bytes: u64,
        own_may_go: bool,
    },
    Grow {
        folder: u32,
        bytes: u64,
    },
    Publish {
        folder: u32,
        bytes: u64,
        share: bool,
        owes: bool,
    },
    Confirm(u32, bool),
    CameBack,
    Fail(u32),
    Cancel(u32),
    Panic(u32),
    Evict(u32),
    Pin(u32, bool),
    Read(u32),
    LetGo(usize),
    Limit(u64),
    MakeRoom(u64),
    /// A build that no longer counts comes to its end.
    Late(usize),
}

const FOLDERS: u32 = 4;

fn op() -> impl Strategy<Value = Op> {
    let (f, b) = (0..FOLDERS, 0u64..70);
    prop_oneof![
        1 => f.clone().prop_map(Op::Close),
        2 => f.clone().prop_map(Op::Touch),
        4 => f.clone().prop_map(Op::Want),
        3 => f.clone().prop_map(Op::Change),
        1 => Just(Op::Tick),
        6 => (f.clone(), b.clone(), any::<bool>())
            .prop_map(|(folder, bytes, own_may_go)| Op::Reserve { folder, bytes, own_may_go }),
        2 => (f.clone(), b.clone()).prop_map(|(folder, bytes)| Op::Grow { folder, bytes }),
        6 => (f.clone(), b.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(folder, bytes, share, owes)| Op::Publish { folder, bytes, share, owes }),
        1 => (f.clone(), any::<bool>()).prop_map(|(f, owes)| Op::Confirm(f, owes)),
        1 => Just(Op::CameBack),
        1 => f.clone().prop_map(Op::Fail),
        1 => f.clone().prop_map(Op::Cancel),
        1 => f.clone().prop_map(Op::Panic),
        1 => f.clone().prop_map(Op::Evict),
        3 => (f.clone(), any::<bool>()).prop_map(|(f, p)| Op::Pin(f, p)),
        4 => f.prop_map(Op::Read),
        4 => (0usize..8).prop_map(Op::LetGo),
        1 => (40u64..160).prop_map(Op::Limit),
        1 => b.prop_map(Op::MakeRoom),
        2 => (0usize..8).prop_map(Op::Late),
    ]
}

/// What the model knows: which graphs somebody can still reach, and what builds have been promised. It derives the
/// sums from that alone.
#[derive(Default)]
struct World {
    running: BTreeMap<u32, (BuildId, Option<Reservation>)>,
    readers: Vec<Arc<Fake>>,
    /// Folders that changed while they were being built.
    dirty: BTreeSet<u32>,
    /// Folders whose build has a thread.
    begun: BTreeSet<FolderId>,
    /// Builds that no longer count and have not noticed.
    outdated: Vec<(FolderId, BuildId, Reservation)>,
}

impl World {
    /// Whatever the folder was building no longer counts.
    fn superseded(&mut self, place: u32, folder: FolderId) {
        self.begun.remove(&folder);
        if let Some((build, Some(held))) = self.running.remove(&place) {
            self.outdated.push((folder, build, held));
        }
    }

    fn started(&mut self, folder: u32, id: FolderId, start: Option<Start>) {
        if let Some(start) = start {
            self.running.insert(folder, (start.id, None));
            self.dirty.remove(&folder);
            self.begun.remove(&id);
        }
    }
}

fn sums(shelves: &[Arc<Shelf<Fake>>], world: &World) -> (u64, u64, u64) {
    let served: Vec<Arc<Served<Fake>>> = shelves.iter().filter_map(|s| s.load()).collect();
    let mut resident: Vec<Arc<Charge>> = served.iter().flat_map(|s| s.charges.clone()).collect();
    let mut held: Vec<Arc<Charge>> = world.readers.iter().flat_map(|f| f.charges.clone()).collect();
    let sort = |list: &mut Vec<Arc<Charge>>| {
        list.sort_by_key(Arc::as_ptr);
        list.dedup_by(|a, b| Arc::ptr_eq(a, b));
    };
    sort(&mut resident);
    sort(&mut held);
    held.retain(|c| !resident.iter().any(|r| Arc::ptr_eq(r, c)));
    let sum = |list: &[Arc<Charge>]| list.iter().map(|c| c.bytes()).sum::<u64>();
    let running = world.running.values().filter_map(|(_, r)| r.as_ref());
    let reserved = running.chain(world.outdated.iter().map(|(_, _, r)| r)).map(Reservation::bytes).sum();
    (sum(&resident), sum(&held), reserved)
}

fn budget_holds(ops: Vec<Op>) -> TestCaseResult {
    let (keeper, mut shelves) = keeper(100, FOLDERS);
    let mut world = World::default();
    let mut next = FOLDERS;
    // Closed folders are replaced, so that there is always one in each place.
    for op in ops {
        let before = keeper.ledger().balance();
        let id = |f: u32| shelves[f as usize].id;
        let mut lowered = false;
        match op {
            Op::Close(f) => {
                keeper.remove(id(f));
                world.superseded(f, id(f));
                shelves[f as usize] = keeper.add(FolderId(next));
                next += 1;
            }
            Op::Touch(f) => keeper.touch(&shelves[f as usize]),
            Op::Want(f) => world.started(f, id(f), keeper.wanted(id(f), NOW)),
            Op::Change(f) => {
                if world.running.contains_key(&f) {
                    world.dirty.insert(f);
                }
                world.started(f, id(f), keeper.changed(id(f), Changes::Rescan, NOW));
            }
            Op::Tick => {
                for (folder, start) in keeper.tick(Moment(u64::MAX)) {
                    let place = shelves.iter().position(|s| s.id == folder).unwrap();
                    world.started(place as u32, folder, Some(start));
                }
            }
            Op::Reserve { folder, bytes, own_may_go } => {
                let World { running, begun, readers, .. } = &mut world;
                if let Some((build, held)) = running.get_mut(&folder)
                    && held.is_none()
                {
                    prop_assert!(keeper.begin(id(folder), *build));
                    begun.insert(id(folder));
                    let cancel = CancelToken::new();
                    let ask = Ask {
                        folder: id(folder),
                        build: *build,
                        bytes,
                        own_may_go,
                        patience: Instant::now(),
                        turn: Instant::now(),
                        held: 0,
                        cancel: &cancel,
                    };
                    // What cannot go for it: promises, and the graphs of the pinned, the busy and of readers.
                    let mut fixed = before.reserved + before.retained;
                    for shelf in &shelves {
                        let Some(served) = shelf.load() else { continue };
                        let report = keeper.report(shelf.id).unwrap();
                        let stays = match shelf.id == ask.folder {
                            true => !own_may_go,
                            false => {
                                let rebuilding = report.lifecycle == Lifecycle::Rebuilding;
                                report.pinned || rebuilding && begun.contains(&shelf.id)
                            }
                        };
                        let of_it = |c: &Arc<Charge>| served.charges.iter().any(|own| Arc::ptr_eq(own, c));
                        let read = readers.iter().any(|r| r.charges.iter().any(of_it));
                        fixed += if stays || read { served.bytes() } else { 0 };
                    }
                    let mut cost = Cost::default();
                    let got = keeper.reserve(ask, &mut cost);
                    if fixed + bytes <= before.limit {
                        prop_assert!(got.is_ok(), "it could be met");
                    }
                    prop_assert!(!cost.evicted.contains(&id(folder)));
                    prop_assert!(!cost.own_went || own_may_go);
                    for victim in &cost.evicted {
                        prop_assert!(!keeper.report(*victim).unwrap().pinned);
                    }
                    if let Err(Unmet::Never { needed, limit }) = &got {
                        prop_assert!(needed > limit && cost == Cost::default());
                    }
                    *held = got.ok();
                    for victim in cost.evicted {
                        let place = shelves.iter().position(|s| s.id == victim).unwrap();
                        world.superseded(place as u32, victim);
                    }
                }
            }
            Op::Grow { folder, bytes } => {
                if let Some((build, Some(held))) = world.running.get_mut(&folder) {
                    let cancel = CancelToken::new();
                    let ask = Ask {
                        folder: id(folder),
                        build: *build,
                        bytes,
                        own_may_go: false,
                        patience: Instant::now(),
                        turn: Instant::now(),
                        held: 0,
                        cancel: &cancel,
                    };
                    let was = held.bytes();
                    let mut cost = Cost::default();
                    let granted = keeper.grow(ask, &mut cost, held).is_ok();
                    prop_assert_eq!(held.bytes(), if granted { was + bytes } else { was });
                    for victim in cost.evicted {
                        let place = shelves.iter().position(|s| s.id == victim).unwrap();
                        world.superseded(place as u32, victim);
                    }
                }
            }
            Op::Publish { folder, bytes, share, owes } => {
                if matches!(world.running.get(&folder), Some((_, Some(_))))
                    && let Some((build, Some(held))) = world.running.remove(&folder)
                {
                    let shelf = &shelves[folder as usize];
                    let shared =
                        shelf.load().filter(|_| share).map(|s| s.charges.clone()).unwrap_or_default();
                    let owed = owes.then(|| Owed { changes: Changes::Rescan, why: failure() });
                    let finished = Finished { owed, ..finished(shelf.id, build, held, bytes, shared) };
                    match keeper.publish(finished, NOW, make) {
                        Ok(publication) => {
                            let again = world.dirty.contains(&folder) && !owes;
                            prop_assert_eq!(publication.follow_up.is_some(), again);
                            let served = shelf.load();
                            prop_assert!(
                                served.is_some_and(|s| s.stale.is_none() && s.owed.is_some() == owes)
                            );
                            world.started(folder, shelf.id, publication.follow_up);
                        }
                        Err(Rejected::Refused(held, _)) => {
                            world.running.insert(folder, (build, Some(held)));
                        }
                        Err(Rejected::Outdated) => prop_assert!(false, "the model knows that it is current"),
                    }
                }
            }
            Op::Confirm(f, owes) => {
                if shelves[f as usize].load().is_some()
                    && let Some((build, _)) = world.running.remove(&f)
                {
                    let owed = owes.then(|| Owed { changes: Changes::Rescan, why: failure() });
                    world.started(f, id(f), keeper.confirm(id(f), build, owed, NOW));
                }
            }
            Op::CameBack => {
                for (folder, start) in keeper.memory_came_back(LATER) {
                    let place = shelves.iter().position(|s| s.id == folder).unwrap() as u32;
                    prop_assert!(!world.running.contains_key(&place), "one build at a time");
                    world.started(place, folder, Some(start));
                }
            }
            Op::Fail(f) => {
                if let Some((build, _)) = world.running.remove(&f) {
                    prop_assert!(keeper.fail(id(f), build, failure(), NOW));
                    prop_assert!(shelves[f as usize].load().is_none_or(|s| s.stale.is_some()));
                }
            }
            Op::Cancel(f) => {
                let running = world.running.remove(&f).map(|(build, _)| build);
                prop_assert_eq!(keeper.fail_current(id(f), failure(), NOW), running);
            }
            Op::Panic(f) => {
                if let Some((build, held)) = world.running.remove(&f) {
                    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
                        let _held = held;
                        std::panic::resume_unwind(Box::new("a build that goes wrong"));
                    }));
                    prop_assert!(unwound.is_err());
                    keeper.fail(id(f), build, failure(), NOW);
                }
            }
            Op::Evict(f) => {
                keeper.evict(id(f));
                world.superseded(f, id(f));
            }
            Op::Pin(f, pinned) => {
                keeper.set_pinned(id(f), pinned);
            }
            Op::Read(f) => {
                if let Some(served) = shelves[f as usize].load() {
                    world.readers.push(Arc::clone(&served.graph));
                }
            }
            Op::LetGo(i) => {
                if !world.readers.is_empty() {
                    let i = i % world.readers.len();
                    world.readers.swap_remove(i);
                }
            }
            Op::Limit(limit) => {
                lowered = true;
                keeper.ledger().set_limit(limit);
                for gone in keeper.enforce_limit() {
                    let place = shelves.iter().position(|s| s.id == gone).unwrap();
                    world.superseded(place as u32, gone);
                }
                let balance = keeper.ledger().balance();
                let outdated: u64 = world.outdated.iter().map(|(_, _, r)| r.bytes()).sum();
                // Builds that have been cut off give their bytes back once they notice.
                prop_assert!(balance.used() - balance.retained <= limit + outdated);
            }
            Op::Late(i) => {
                if !world.outdated.is_empty() {
                    let i = i % world.outdated.len();
                    let (folder, build, held) = world.outdated.swap_remove(i);
                    let rejected =
                        keeper.publish(finished(folder, build, held, 5, Charges::new()), NOW, make);
                    prop_assert!(matches!(rejected, Err(Rejected::Outdated)));
                    prop_assert!(!keeper.fail(folder, build, failure(), NOW));
                }
            }
            Op::MakeRoom(bytes) => {
                for victim in keeper.make_room(bytes, None) {
                    let place = shelves.iter().position(|s| s.id == victim).unwrap();
                    world.superseded(place as u32, victim);
                }
            }
        }
        let balance = keeper.ledger().balance();
        prop_assert_eq!((balance.resident, balance.retained, balance.reserved), sums(&shelves, &world));
        prop_assert!(lowered || balance.used() <= balance.limit || balance.used() <= before.used());
        for (place, shelf) in shelves.iter().enumerate() {
            let report = keeper.report(shelf.id).unwrap();
            prop_assert_eq!(report.serving, shelf.load().is_some());
            let building = matches!(report.lifecycle, Lifecycle::Loading | Lifecycle::Rebuilding);
            prop_assert_eq!(building, world.running.contains_key(&(place as u32)));
            if let Some(served) = shelf.load() {
                prop_assert_eq!(served.stale.is_some(), report.stale);
                prop_assert_eq!(served.owed.is_some(), report.owed.is_some());
                prop_assert!(served.charges.iter().all(|c| c.account() == Account::Resident));
            }
        }
        keeper.ledger().validate();
    }
    world.running.clear();
    world.outdated.clear();
    for shelf in &shelves {
        keeper.remove(shelf.id);
    }
    world.readers.clear();
    prop_assert_eq!(keeper.ledger().balance().used(), 0);
    Ok(())
}

/// See [`budget_holds`]; so many times eighty operations.
pub(in crate::workspace) fn model(cases: usize) {
    holds(cases, prop::collection::vec(op(), 1..160), budget_holds);
}

#[test]
fn the_budget_holds_and_nothing_leaks() {
    model(512);
}
