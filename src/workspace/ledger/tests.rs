use super::*;
use std::panic::AssertUnwindSafe;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::super::testing::holds;

#[test]
fn a_replaced_graph_counts_against_the_settlement() {
    let ledger = Ledger::new(100);
    let old = ledger.reserve(50).unwrap().settle(&[50], &[]).unwrap().remove(0);
    let build = ledger.reserve(30).unwrap();
    let (build, refused) = build.settle(&[60, 5], &[&old]).unwrap_err();
    assert_eq!((refused.needed, build.bytes()), (35, 30));
    assert_eq!(old.account(), Account::Resident, "a refused settlement retires nothing");
    let new = build.settle(&[50], &[&old]).unwrap().remove(0);
    assert_eq!(ledger.balance().used(), 100);
    assert_eq!((old.account(), new.account()), (Account::Retained, Account::Resident));
    drop(old);
    assert_eq!(ledger.balance().used(), 50);
}

#[test]
fn a_lowered_limit_lets_things_shrink_but_not_grow() {
    let ledger = Ledger::new(100);
    let mut build = ledger.reserve(80).unwrap();
    ledger.set_limit(50);
    assert!(build.grow(1).is_err());
    assert!(ledger.reserve(1).is_err());
    build.shrink_to(60);
    let charge =
        build.settle(&[50, 5], &[]).expect("less than was promised is taken even over a lowered limit");
    assert_eq!((ledger.balance().used(), ledger.balance().available()), (55, 0));
    drop(charge);
    assert_eq!(ledger.balance().used(), 0);
}

#[test]
fn a_panic_gives_everything_back() {
    let ledger = Ledger::new(100);
    let inner = ledger.clone();
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(move || {
        let _build = inner.reserve(40).unwrap();
        let _charge = inner.charge(Account::Documents, 10).unwrap();
        panic!("a build that goes wrong");
    }));
    assert!(outcome.is_err());
    assert_eq!(ledger.balance().used(), 0);
    assert_eq!(ledger.balance().high_water, 50);
}

#[test]
fn what_was_promised_to_an_object_on_the_heap_is_not_anothers_meanwhile() {
    let ledger = Ledger::new(100);
    let _others = ledger.reserve(60).unwrap();
    let charge = ledger.reserve(40).unwrap().settle_on_heap(Account::Dependencies, 30).unwrap();
    assert_eq!((charge.account(), ledger.balance().used()), (Account::Dependencies, 90));
    assert_eq!(ledger.found(95), 0);
    // What is more than was promised has been found on the heap.
    let more = ledger.reserve(2).unwrap().settle_on_heap(Account::Dependencies, 7).unwrap();
    assert_eq!((ledger.balance().heap, ledger.balance().used()), (0, 97));
    let refused = ledger.reserve(3).unwrap().settle_on_heap(Account::Dependencies, 4).unwrap_err();
    assert_eq!((refused.needed, ledger.balance().used()), (1, 97));
    drop((charge, more));
    assert_eq!(ledger.balance().used(), 60);
    ledger.validate();
}

#[test]
fn two_promises_settle_as_one() {
    let ledger = Ledger::new(100);
    let mut build = ledger.reserve(10).unwrap();
    build.absorb(ledger.reserve(20).unwrap());
    assert_eq!((build.bytes(), ledger.balance().reserved), (30, 30));
    build.shrink_to(25);
    let charges = build.settle(&[25], &[]).unwrap();
    assert_eq!((ledger.balance().reserved, ledger.balance().used()), (0, 25));
    drop(charges);
    assert_eq!(ledger.balance().used(), 0);
}

#[test]
fn absurd_amounts_are_refused() {
    let ledger = Ledger::new(u64::MAX);
    let mut one = ledger.reserve(1).unwrap();
    assert!(ledger.reserve(u64::MAX).is_err());
    assert!(one.grow(u64::MAX).is_err());
    assert_eq!(ledger.balance().used(), 1);
}

#[test]
fn waiting_ends_with_a_release() {
    let ledger = Ledger::new(100);
    let charge = ledger.charge(Account::Resident, 10).unwrap();
    let seen = ledger.releases();
    assert!(!ledger.wait_released(seen, Instant::now()));
    let waiter = {
        let ledger = ledger.clone();
        let long = Instant::now() + std::time::Duration::from_secs(60);
        std::thread::spawn(move || ledger.wait_released(seen, long))
    };
    drop(charge);
    assert!(waiter.join().unwrap());
}

#[test]
fn what_was_found_and_is_then_named_counts_once() {
    let ledger = Ledger::new(100);
    assert_eq!(ledger.found(70), 0);
    let reply = ledger.charge(Account::Retained, 60).unwrap();
    let balance = ledger.balance();
    assert_eq!((balance.heap, balance.retained, balance.used()), (10, 60, 70));
    // A graph that is made is not on the heap.
    let graph = ledger.reserve(20).unwrap().settle(&[20], &[]).unwrap();
    assert_eq!(ledger.balance().heap, 10);
    assert_eq!(ledger.found(150), 50, "there is no room for all of it");
    assert_eq!((ledger.balance().heap, ledger.balance().used()), (20, 100));
    drop((reply, graph));
    assert_eq!(ledger.balance().used(), 20, "what is on the heap stays until it is looked at again");
    ledger.found(5);
    assert_eq!(ledger.balance().used(), 5);
}

/// What a caller can do; indices are taken modulo the number of live things.
#[derive(Clone, Debug)]
enum Op {
    Reserve(u64),
    Grow(usize, u64),
    Shrink(usize, u64),
    Abort(usize),
    Settle { build: usize, parts: Vec<u64>, replaced: Vec<usize> },
    SettleOnHeap(usize, Account, u64),
    Absorb(usize, usize),
    Charge(Account, u64),
    Found(u64),
    Resize(usize, u64),
    Retire(usize),
    Drop(usize),
    Limit(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let (i, b) = (0usize..8, 0u64..60);
    const ACCOUNTS: [Account; 4] =
        [Account::Resident, Account::Retained, Account::Documents, Account::Dependencies];
    let on_heap = prop::sample::select(&ACCOUNTS[1..]);
    prop_oneof![
        b.clone().prop_map(Op::Reserve),
        (i.clone(), b.clone()).prop_map(|(i, b)| Op::Grow(i, b)),
        (i.clone(), b.clone()).prop_map(|(i, b)| Op::Shrink(i, b)),
        i.clone().prop_map(Op::Abort),
        (i.clone(), prop::collection::vec(0u64..40, 0..4), prop::collection::vec(i.clone(), 0..3))
            .prop_map(|(build, parts, replaced)| Op::Settle { build, parts, replaced }),
        (i.clone(), on_heap, b.clone()).prop_map(|(i, account, b)| Op::SettleOnHeap(i, account, b)),
        (i.clone(), i.clone()).prop_map(|(i, other)| Op::Absorb(i, other)),
        (prop::sample::select(ACCOUNTS.to_vec()), b.clone()).prop_map(|(account, b)| Op::Charge(account, b)),
        (0u64..250).prop_map(Op::Found),
        (i.clone(), b).prop_map(|(i, b)| Op::Resize(i, b)),
        i.clone().prop_map(Op::Retire),
        i.prop_map(Op::Drop),
        (20u64..200).prop_map(Op::Limit),
    ]
}

/// What becomes of the bytes of something that is replaced.
fn retired(account: Account) -> Account {
    match account {
        Account::Resident | Account::Dependencies => Account::Retained,
        Account::Retained | Account::Documents => account,
    }
}

/// The model keeps nothing but lists of live amounts and adds them up anew after every step.
fn sums_are_of_live_things(ops: Vec<Op>) -> TestCaseResult {
    let mut limit = 100;
    let ledger = Ledger::new(limit);
    let mut builds: Vec<(Reservation, u64)> = Vec::new();
    let mut charges: Vec<(Charge, u64, Account)> = Vec::new();
    let (mut high, mut heap) = (0, 0);
    for op in ops {
        let named = |b: &[(Reservation, u64)], c: &[(Charge, u64, Account)]| -> u64 {
            b.iter().map(|x| x.1).sum::<u64>() + c.iter().map(|x| x.1).sum::<u64>()
        };
        let before = named(&builds, &charges) + heap;
        match op {
            Op::Reserve(bytes) => match ledger.reserve(bytes) {
                Ok(r) => {
                    prop_assert!(bytes == 0 || before + bytes <= limit);
                    builds.push((r, bytes));
                }
                Err(_) => prop_assert!(before + bytes > limit),
            },
            Op::Grow(i, more) if !builds.is_empty() => {
                let i = i % builds.len();
                let granted = builds[i].0.grow(more).is_ok();
                prop_assert_eq!(granted, more == 0 || before + more <= limit);
                if granted {
                    builds[i].1 += more;
                }
            }
            Op::Shrink(i, to) if !builds.is_empty() => {
                let i = i % builds.len();
                builds[i].0.shrink_to(to);
                builds[i].1 = builds[i].1.min(to);
            }
            Op::Abort(i) if !builds.is_empty() => drop(builds.swap_remove(i % builds.len())),
            Op::Settle { build, parts, replaced } if !builds.is_empty() => {
                let (r, promised) = builds.swap_remove(build % builds.len());
                let replaced: Vec<usize> =
                    replaced.iter().filter(|_| !charges.is_empty()).map(|i| i % charges.len()).collect();
                let list: Vec<&Charge> = replaced.iter().map(|i| &charges[*i].0).collect();
                let bytes: u64 = parts.iter().sum();
                let fits = before - promised + bytes <= limit || bytes <= promised;
                match r.settle(&parts, &list) {
                    Ok(made) => {
                        prop_assert!(fits);
                        replaced.iter().for_each(|i| charges[*i].2 = retired(charges[*i].2));
                        prop_assert_eq!(made.len(), parts.len());
                        charges.extend(
                            made.into_iter().zip(parts).map(|(c, bytes)| (c, bytes, Account::Resident)),
                        );
                    }
                    Err((r, _)) => {
                        prop_assert!(!fits);
                        builds.push((r, promised));
                    }
                }
            }
            Op::SettleOnHeap(i, account, bytes) if !builds.is_empty() => {
                let (r, promised) = builds.swap_remove(i % builds.len());
                let more = bytes.saturating_sub(promised);
                let found = more.min(heap);
                let made = r.settle_on_heap(account, bytes);
                prop_assert_eq!(made.is_ok(), more == found || before + more - found <= limit);
                // Refused, the promise is given back.
                if let Ok(charge) = made {
                    heap -= found;
                    charges.push((charge, bytes, account));
                }
            }
            Op::Absorb(i, other) if builds.len() > 1 => {
                let (other, bytes) = builds.swap_remove(other % builds.len());
                let i = i % builds.len();
                builds[i].0.absorb(other);
                builds[i].1 += bytes;
                prop_assert_eq!(builds[i].0.bytes(), builds[i].1);
            }
            Op::Charge(account, bytes) => {
                let found = if account == Account::Resident { 0 } else { bytes.min(heap) };
                let charge = ledger.charge(account, bytes);
                prop_assert_eq!(charge.is_ok(), bytes == found || before + bytes - found <= limit);
                if let Ok(charge) = charge {
                    heap -= found;
                    charges.push((charge, bytes, account));
                }
            }
            Op::Found(bytes) => {
                let nameless = bytes.saturating_sub(before - heap);
                heap = nameless.min(limit.saturating_sub(before - heap));
                prop_assert_eq!(ledger.found(bytes), nameless - heap);
            }
            Op::Resize(i, bytes) if !charges.is_empty() => {
                let i = i % charges.len();
                let more = bytes.saturating_sub(charges[i].1);
                let found = if charges[i].2 == Account::Resident { 0 } else { more.min(heap) };
                let granted = charges[i].0.resize(bytes).is_ok();
                prop_assert_eq!(granted, more == found || before + more - found <= limit);
                if granted {
                    charges[i].1 = bytes;
                    heap -= found;
                }
            }
            Op::Retire(i) if !charges.is_empty() => {
                let i = i % charges.len();
                charges[i].0.retire();
                charges[i].2 = retired(charges[i].2);
            }
            Op::Drop(i) if !charges.is_empty() => drop(charges.swap_remove(i % charges.len())),
            Op::Limit(to) => {
                limit = to;
                ledger.set_limit(to);
            }
            _ => {}
        }
        let of = |a: Account| charges.iter().filter(|c| c.2 == a).map(|c| c.1).sum::<u64>();
        let now = named(&builds, &charges) + heap;
        high = high.max(now);
        let balance = ledger.balance();
        prop_assert_eq!(balance.reserved, builds.iter().map(|b| b.1).sum::<u64>());
        prop_assert_eq!(balance.resident, of(Account::Resident));
        prop_assert_eq!(balance.retained, of(Account::Retained));
        prop_assert_eq!(balance.documents, of(Account::Documents));
        prop_assert_eq!(balance.dependencies, of(Account::Dependencies));
        prop_assert_eq!(balance.heap, heap);
        prop_assert_eq!(balance.used(), now);
        prop_assert_eq!(balance.high_water, high);
        prop_assert!(now <= limit || now <= before, "grew over the limit");
        ledger.validate();
    }
    drop(builds);
    drop(charges);
    ledger.found(0);
    prop_assert_eq!(ledger.balance().used(), 0);
    Ok(())
}

/// See [`sums_are_of_live_things`]; so many times a hundred operations.
pub(in super::super) fn model(cases: usize) {
    holds(cases, prop::collection::vec(op(), 1..200), sums_are_of_live_things);
}

#[test]
fn the_sums_are_those_of_the_live_things() {
    model(512);
}
