//! The one account of all memory that coppice promises to keep under its limit.
//!
//! Every grant is checked against the limit under one lock, and every grant is a value that gives its bytes back
//! when it is dropped, on whatever path. The ledger does not count the fixed overhead of the process (binary,
//! grammars, stacks, queues), and it takes its callers' word for how many bytes a thing has.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::sync::{Condvar, Mutex};

/// What a charge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// A graph, or part of one, that is served.
    Resident,
    /// A graph that has been replaced or evicted and that a reader still holds.
    Retained,
    /// Texts, trees and facts of open documents.
    Documents,
}

/// The sums, taken at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    pub limit: u64,
    pub reserved: u64,
    pub resident: u64,
    pub retained: u64,
    pub documents: u64,
    /// The most that was ever in use.
    pub high_water: u64,
}

impl Balance {
    pub fn used(&self) -> u64 {
        self.reserved + self.resident + self.retained + self.documents
    }
    /// What can still be granted; zero while a lowered limit is exceeded.
    pub fn available(&self) -> u64 {
        self.limit.saturating_sub(self.used())
    }
}

/// A grant that would have exceeded the limit. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{needed} bytes more are needed, {} of {} are free", balance.available(), balance.limit)]
pub struct Refused {
    pub needed: u64,
    pub balance: Balance,
}

/// A shared handle of the account.
#[derive(Clone, Debug)]
pub struct Ledger(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    book: Mutex<Book>,
    released: Condvar,
}

/// The sums and the entries they are sums of. An entry's amount is recorded only here, so that what is taken out is
/// always what was put in.
#[derive(Debug, Default)]
struct Book {
    balance: Balance,
    charges: HashMap<u64, (Account, u64)>,
    next: u64,
    /// Counts releases, for those who wait for one.
    releases: u64,
}

impl Book {
    fn sum(&mut self, account: Account) -> &mut u64 {
        match account {
            Account::Resident => &mut self.balance.resident,
            Account::Retained => &mut self.balance.retained,
            Account::Documents => &mut self.balance.documents,
        }
    }

    /// Whether `more` bytes fit after `less` have gone.
    fn check(&self, more: u64, less: u64) -> Result<(), Refused> {
        let kept = self.balance.used().checked_sub(less).expect("only what is in use is given back");
        match kept.checked_add(more) {
            Some(sum) if sum <= self.balance.limit || more <= less => Ok(()),
            _ => Err(Refused { needed: more - less.min(more), balance: self.balance }),
        }
    }

    fn add(&mut self, account: Account, bytes: u64) {
        let sum = self.sum(account);
        *sum = sum.checked_add(bytes).expect("checked against the limit");
        self.mark();
    }

    fn subtract(&mut self, account: Account, bytes: u64) {
        let sum = self.sum(account);
        *sum = sum.checked_sub(bytes).expect("an entry is part of its account's sum");
    }

    fn mark(&mut self) {
        self.balance.high_water = self.balance.high_water.max(self.balance.used());
    }

    fn enter(&mut self, account: Account, bytes: u64) -> u64 {
        let key = self.next;
        self.next += 1;
        self.charges.insert(key, (account, bytes));
        self.add(account, bytes);
        key
    }
}

impl Ledger {
    pub fn new(limit: u64) -> Ledger {
        let balance = Balance { limit, ..Balance::default() };
        let book = Book { balance, ..Book::default() };
        Ledger(Arc::new(Shared { book: Mutex::new(book), released: Condvar::new() }))
    }

    pub fn balance(&self) -> Balance {
        self.0.book.lock().balance
    }

    /// Changes the limit. What is in use stays in use: a lowered limit refuses every grant until enough has gone.
    pub fn set_limit(&self, limit: u64) {
        self.0.book.lock().balance.limit = limit;
        self.wake();
    }

    /// Promises bytes to work that is about to start.
    pub fn reserve(&self, bytes: u64) -> Result<Reservation, Refused> {
        let mut book = self.0.book.lock();
        book.check(bytes, 0)?;
        book.balance.reserved += bytes;
        book.mark();
        drop(book);
        Ok(Reservation { ledger: self.clone(), bytes })
    }

    /// Counts an object that exists.
    pub fn charge(&self, account: Account, bytes: u64) -> Result<Charge, Refused> {
        let mut book = self.0.book.lock();
        book.check(bytes, 0)?;
        let key = book.enter(account, bytes);
        drop(book);
        Ok(Charge { ledger: self.clone(), key })
    }

    /// The number of releases so far, to hand to [`wait_released`](Self::wait_released).
    pub fn releases(&self) -> u64 {
        self.0.book.lock().releases
    }

    /// Waits until something has been given back since `seen` was read; `false` if the deadline came first.
    pub fn wait_released(&self, seen: u64, deadline: Instant) -> bool {
        let mut book = self.0.book.lock();
        while book.releases == seen {
            if !self.0.released.wait_until(&mut book, deadline) {
                return book.releases != seen;
            }
        }
        true
    }

    /// Wakes those who wait for a release, so that they look at the world again.
    pub fn wake(&self) {
        self.0.book.lock().releases += 1;
        self.0.released.notify_all();
    }

    /// Whether the sums are those of the entries; for tests.
    pub fn validate(&self) {
        let book = self.0.book.lock();
        for account in [Account::Resident, Account::Retained, Account::Documents] {
            let entries: u64 = book.charges.values().filter(|(a, _)| *a == account).map(|(_, b)| b).sum();
            let sum = match account {
                Account::Resident => book.balance.resident,
                Account::Retained => book.balance.retained,
                Account::Documents => book.balance.documents,
            };
            assert_eq!(entries, sum, "{account:?}");
        }
        assert!(book.balance.high_water >= book.balance.used());
    }
}

/// Bytes promised to a running build; they return when it is dropped.
#[derive(Debug)]
pub struct Reservation {
    ledger: Ledger,
    bytes: u64,
}

impl Reservation {
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Asks for more; refused, it stays as it is.
    pub fn grow(&mut self, more: u64) -> Result<(), Refused> {
        let mut book = self.ledger.0.book.lock();
        book.check(more, 0)?;
        book.balance.reserved += more;
        book.mark();
        drop(book);
        self.bytes += more;
        Ok(())
    }

    /// Gives back what is over `bytes`.
    pub fn shrink_to(&mut self, bytes: u64) {
        if let Some(less) = self.bytes.checked_sub(bytes) {
            self.release(less);
        }
    }

    /// Turns the promise into charges for what was really built, one per part, in one step with the limit check.
    ///
    /// The charges that they replace become retained in the same step: they are still there, and still counted.
    /// Refused, the reservation comes back unchanged and nothing is retired.
    pub fn settle(
        mut self,
        parts: &[u64],
        replaced: &[&Charge],
    ) -> Result<Vec<Charge>, (Reservation, Refused)> {
        let ledger = self.ledger.clone();
        let total = parts.iter().fold(0u64, |sum, part| sum.saturating_add(*part));
        let mut book = ledger.0.book.lock();
        if let Err(refused) = book.check(total, self.bytes) {
            drop(book);
            return Err((self, refused));
        }
        let promised = std::mem::take(&mut self.bytes);
        book.balance.reserved =
            book.balance.reserved.checked_sub(promised).expect("a promise is part of the sum");
        for charge in replaced {
            charge.retire_in(&mut book);
        }
        let keys: Vec<u64> = parts.iter().map(|part| book.enter(Account::Resident, *part)).collect();
        book.releases += 1;
        drop(book);
        ledger.0.released.notify_all();
        Ok(keys.into_iter().map(|key| Charge { ledger: ledger.clone(), key }).collect())
    }

    fn release(&mut self, bytes: u64) {
        if bytes == 0 {
            return;
        }
        let mut book = self.ledger.0.book.lock();
        book.balance.reserved =
            book.balance.reserved.checked_sub(bytes).expect("a promise is part of the sum");
        book.releases += 1;
        self.bytes -= bytes;
        drop(book);
        self.ledger.0.released.notify_all();
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.release(self.bytes);
    }
}

/// Bytes owned by a live object; they return when it is dropped, so it is to be dropped after the object's memory.
#[derive(Debug)]
pub struct Charge {
    ledger: Ledger,
    key: u64,
}

impl Charge {
    pub fn bytes(&self) -> u64 {
        self.entry().1
    }

    pub fn account(&self) -> Account {
        self.entry().0
    }

    /// Moves a served graph's bytes to the retained ones. Doing it twice changes nothing.
    pub fn retire(&self) {
        self.retire_in(&mut self.ledger.0.book.lock());
    }

    /// Follows a change of the object's size; a growth is refused if it exceeds the limit.
    pub fn resize(&mut self, bytes: u64) -> Result<(), Refused> {
        let mut book = self.ledger.0.book.lock();
        let (account, old) = book.charges[&self.key];
        book.check(bytes, old)?;
        book.subtract(account, old);
        book.add(account, bytes);
        book.charges.insert(self.key, (account, bytes));
        if bytes < old {
            book.releases += 1;
            drop(book);
            self.ledger.0.released.notify_all();
        }
        Ok(())
    }

    fn entry(&self) -> (Account, u64) {
        self.ledger.0.book.lock().charges[&self.key]
    }

    fn retire_in(&self, book: &mut Book) {
        let (account, bytes) = book.charges[&self.key];
        if account == Account::Resident {
            book.subtract(account, bytes);
            book.add(Account::Retained, bytes);
            book.charges.insert(self.key, (Account::Retained, bytes));
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let mut book = self.ledger.0.book.lock();
        if let Some((account, bytes)) = book.charges.remove(&self.key) {
            book.subtract(account, bytes);
        }
        book.releases += 1;
        drop(book);
        self.ledger.0.released.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::AssertUnwindSafe;

    use proptest::prelude::*;

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

    /// What a caller can do; indices are taken modulo the number of live things.
    #[derive(Clone, Debug)]
    enum Op {
        Reserve(u64),
        Grow(usize, u64),
        Shrink(usize, u64),
        Abort(usize),
        Settle { build: usize, bytes: u64, replaced: Option<usize> },
        Document(u64),
        Resize(usize, u64),
        Retire(usize),
        Drop(usize),
        Limit(u64),
    }

    fn op() -> impl Strategy<Value = Op> {
        let (i, b) = (0usize..8, 0u64..60);
        prop_oneof![
            b.clone().prop_map(Op::Reserve),
            (i.clone(), b.clone()).prop_map(|(i, b)| Op::Grow(i, b)),
            (i.clone(), b.clone()).prop_map(|(i, b)| Op::Shrink(i, b)),
            i.clone().prop_map(Op::Abort),
            (i.clone(), b.clone(), prop::option::of(i.clone()))
                .prop_map(|(build, bytes, replaced)| Op::Settle { build, bytes, replaced }),
            b.clone().prop_map(Op::Document),
            (i.clone(), b).prop_map(|(i, b)| Op::Resize(i, b)),
            i.clone().prop_map(Op::Retire),
            i.prop_map(Op::Drop),
            (20u64..200).prop_map(Op::Limit),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        /// The model keeps nothing but lists of live amounts and adds them up anew after every step.
        #[test]
        fn the_sums_are_those_of_the_live_things(ops in prop::collection::vec(op(), 1..200)) {
            let mut limit = 100;
            let ledger = Ledger::new(limit);
            let mut builds: Vec<(Reservation, u64)> = Vec::new();
            let mut charges: Vec<(Charge, u64, Account)> = Vec::new();
            let mut high = 0;
            for op in ops {
                let used = |b: &[(Reservation, u64)], c: &[(Charge, u64, Account)]| -> u64 {
                    b.iter().map(|x| x.1).sum::<u64>() + c.iter().map(|x| x.1).sum::<u64>()
                };
                let before = used(&builds, &charges);
                match op {
                    Op::Reserve(bytes) => match ledger.reserve(bytes) {
                        Ok(r) => { prop_assert!(bytes == 0 || before + bytes <= limit); builds.push((r, bytes)); }
                        Err(_) => prop_assert!(before + bytes > limit),
                    },
                    Op::Grow(i, more) if !builds.is_empty() => {
                        let i = i % builds.len();
                        let granted = builds[i].0.grow(more).is_ok();
                        prop_assert_eq!(granted, more == 0 || before + more <= limit);
                        if granted { builds[i].1 += more; }
                    }
                    Op::Shrink(i, to) if !builds.is_empty() => {
                        let i = i % builds.len();
                        builds[i].0.shrink_to(to);
                        builds[i].1 = builds[i].1.min(to);
                    }
                    Op::Abort(i) if !builds.is_empty() => drop(builds.swap_remove(i % builds.len())),
                    Op::Settle { build, bytes, replaced } if !builds.is_empty() => {
                        let (r, promised) = builds.swap_remove(build % builds.len());
                        let replaced = replaced.filter(|_| !charges.is_empty()).map(|i| i % charges.len());
                        let list: Vec<&Charge> = replaced.iter().map(|i| &charges[*i].0).collect();
                        match r.settle(&[bytes], &list) {
                            Ok(mut made) => {
                                let charge = made.remove(0);
                                prop_assert!(before - promised + bytes <= limit || bytes <= promised);
                                if let Some(i) = replaced
                                    && charges[i].2 == Account::Resident { charges[i].2 = Account::Retained; }
                                charges.push((charge, bytes, Account::Resident));
                            }
                            Err((r, _)) => {
                                prop_assert!(before - promised + bytes > limit);
                                builds.push((r, promised));
                            }
                        }
                    }
                    Op::Document(bytes) => if let Ok(charge) = ledger.charge(Account::Documents, bytes) {
                        prop_assert!(bytes == 0 || before + bytes <= limit);
                        charges.push((charge, bytes, Account::Documents));
                    },
                    Op::Resize(i, bytes) if !charges.is_empty() => {
                        let i = i % charges.len();
                        let granted = charges[i].0.resize(bytes).is_ok();
                        prop_assert_eq!(granted, bytes <= charges[i].1 || before - charges[i].1 + bytes <= limit);
                        if granted { charges[i].1 = bytes; }
                    }
                    Op::Retire(i) if !charges.is_empty() => {
                        let i = i % charges.len();
                        charges[i].0.retire();
                        if charges[i].2 == Account::Resident { charges[i].2 = Account::Retained; }
                    }
                    Op::Drop(i) if !charges.is_empty() => drop(charges.swap_remove(i % charges.len())),
                    Op::Limit(to) => { limit = to; ledger.set_limit(to); }
                    _ => {}
                }
                let of = |a: Account| charges.iter().filter(|c| c.2 == a).map(|c| c.1).sum::<u64>();
                let now = used(&builds, &charges);
                high = high.max(now);
                let balance = ledger.balance();
                prop_assert_eq!(balance.reserved, builds.iter().map(|b| b.1).sum::<u64>());
                prop_assert_eq!(balance.resident, of(Account::Resident));
                prop_assert_eq!(balance.retained, of(Account::Retained));
                prop_assert_eq!(balance.documents, of(Account::Documents));
                prop_assert_eq!(balance.used(), now);
                prop_assert_eq!(balance.high_water, high);
                prop_assert!(now <= limit || now <= before, "grew over the limit");
                ledger.validate();
            }
            drop(builds);
            drop(charges);
            prop_assert_eq!(ledger.balance().used(), 0);
        }
    }
}
