//! The one account of all memory that coppice promises to keep under its limit.
//!
//! Every grant is checked against the limit under one lock, and every grant is a value that gives its bytes back
//! when it is dropped, on whatever path. The ledger does not count the fixed overhead of the process (binary,
//! grammars, stacks, queues), and it takes its callers' word for how many bytes a thing has.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::fault::{Fault, injected};
use super::sync::{Condvar, Mutex};

/// What a charge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// A graph, or part of one, that is served.
    Resident,
    /// What readers hold: a graph that has been replaced or evicted, a reply that the client has not read.
    Retained,
    /// Texts, trees and facts of open documents.
    Documents,
    /// What is known of dependencies; the first to go when memory runs short.
    Dependencies,
}

impl Account {
    /// Whether what it is for lies on the heap, where a look at the whole process may have counted it already. Graphs
    /// have maps of their own, which their builds have reserved before they made them.
    fn is_on_heap(self) -> bool {
        matches!(self, Account::Retained | Account::Documents | Account::Dependencies)
    }
}

/// The sums, taken at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    pub limit: u64,
    pub reserved: u64,
    pub resident: u64,
    pub retained: u64,
    pub documents: u64,
    /// What the process was found to have on its heap beyond all that is metered and beyond the fixed overhead.
    pub heap: u64,
    pub dependencies: u64,
    /// The most that was ever in use.
    pub high_water: u64,
}

impl Balance {
    pub fn used(&self) -> u64 {
        self.reserved + self.resident + self.retained + self.documents + self.dependencies + self.heap
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
            Account::Dependencies => &mut self.balance.dependencies,
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
        give_back(self.sum(account), bytes, "an entry is part of its account's sum");
    }

    fn mark(&mut self) {
        self.balance.high_water = self.balance.high_water.max(self.balance.used());
    }

    /// Takes bytes that are about to be counted by name out of what was found on the heap: they are there already.
    fn name(&mut self, account: Account, more: u64) {
        if account.is_on_heap() {
            self.balance.heap -= more.min(self.balance.heap);
        }
    }

    /// Whether `more` bytes of an account fit after `less` have gone, those on the heap being counted already.
    fn check_named(&self, account: Account, more: u64, less: u64) -> Result<(), Refused> {
        let named = if account.is_on_heap() { self.balance.heap.min(more.saturating_sub(less)) } else { 0 };
        self.check(more, less + named)
    }

    fn enter(&mut self, account: Account, bytes: u64) -> u64 {
        let key = self.next;
        self.next += 1;
        self.charges.insert(key, (account, bytes));
        self.add(account, bytes);
        key
    }
}

/// What holds of every reservation.
const PROMISED: &str = "a promise is part of the sum";

/// Takes bytes out of the sum that they are part of.
///
/// Grants are given back while a panic unwinds too. A second panic would end the process there, so the sum then stops
/// at zero, and the first panic is the one that is heard.
fn give_back(sum: &mut u64, bytes: u64, invariant: &str) {
    *sum = match sum.checked_sub(bytes) {
        Some(rest) => rest,
        None if std::thread::panicking() => 0,
        None => panic!("{invariant}: {bytes} of {sum} bytes"),
    };
}

impl Ledger {
    /// What an entry takes in the book.
    pub const ENTRY_BYTES: usize = size_of::<(u64, (Account, u64))>() + 1;

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

    /// Counts an object that exists. One on the heap is no longer part of what was found there without a name.
    pub fn charge(&self, account: Account, bytes: u64) -> Result<Charge, Refused> {
        let mut book = self.0.book.lock();
        book.check_named(account, bytes, 0)?;
        book.name(account, bytes);
        let key = book.enter(account, bytes);
        drop(book);
        Ok(Charge { ledger: self.clone(), key })
    }

    /// Takes note of all that a look at the process has found in its memory: what nothing else is counted for is on the
    /// heap. What there is no room for is not counted, and returned: it is there all the same.
    pub fn found(&self, bytes: u64) -> u64 {
        let mut book = self.0.book.lock();
        let before = std::mem::take(&mut book.balance.heap);
        let nameless = bytes.saturating_sub(book.balance.used());
        book.balance.heap = nameless.min(book.balance.available());
        book.mark();
        let heap = book.balance.heap;
        if heap < before {
            book.releases += 1;
            drop(book);
            self.0.released.notify_all();
        }
        nameless - heap
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
        for account in [Account::Resident, Account::Retained, Account::Documents, Account::Dependencies] {
            let entries: u64 = book.charges.values().filter(|(a, _)| *a == account).map(|(_, b)| b).sum();
            let sum = match account {
                Account::Resident => book.balance.resident,
                Account::Retained => book.balance.retained,
                Account::Documents => book.balance.documents,
                Account::Dependencies => book.balance.dependencies,
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
        if !injected(Fault::GrowUnchecked) {
            book.check(more, 0)?;
        }
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

    /// Takes over the bytes of another promise of the same ledger.
    pub fn absorb(&mut self, mut other: Reservation) {
        debug_assert!(Arc::ptr_eq(&self.ledger.0, &other.ledger.0), "of one ledger");
        self.bytes += std::mem::take(&mut other.bytes);
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
        if injected(Fault::RetireBeforeCheck) {
            replaced.iter().for_each(|charge| charge.retire_in(&mut book));
        }
        if let Err(refused) = book.check(total, self.bytes)
            && !injected(Fault::SettleUnchecked)
        {
            drop(book);
            return Err((self, refused));
        }
        let promised = self.bytes;
        if !injected(Fault::DoubleRelease) {
            self.bytes = 0;
        }
        give_back(&mut book.balance.reserved, promised, PROMISED);
        for charge in replaced.iter().filter(|_| !injected(Fault::ForgottenRetire)) {
            charge.retire_in(&mut book);
        }
        let keys: Vec<u64> = parts.iter().map(|part| book.enter(Account::Resident, *part)).collect();
        book.releases += 1;
        drop(book);
        ledger.0.released.notify_all();
        Ok(keys.into_iter().map(|key| Charge { ledger: ledger.clone(), key }).collect())
    }

    /// Turns the promise into the charge of an object on the heap, in one step with the limit check. Refused, the promise
    /// is given back.
    pub fn settle_on_heap(mut self, account: Account, bytes: u64) -> Result<Charge, Refused> {
        let ledger = self.ledger.clone();
        let mut book = ledger.0.book.lock();
        let more = bytes.saturating_sub(self.bytes);
        book.check_named(account, more, 0)?;
        let promised = std::mem::take(&mut self.bytes);
        give_back(&mut book.balance.reserved, promised, PROMISED);
        book.name(account, more);
        let key = book.enter(account, bytes);
        book.releases += 1;
        drop(book);
        ledger.0.released.notify_all();
        Ok(Charge { ledger, key })
    }

    fn release(&mut self, bytes: u64) {
        if bytes == 0 {
            return;
        }
        let mut book = self.ledger.0.book.lock();
        give_back(&mut book.balance.reserved, bytes, PROMISED);
        book.releases += 1;
        self.bytes -= bytes;
        drop(book);
        if !injected(Fault::SilentRelease) {
            self.ledger.0.released.notify_all();
        }
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

    /// Moves the bytes of a served graph, or of dependencies, to the retained ones. Doing it twice changes nothing.
    pub fn retire(&self) {
        self.retire_in(&mut self.ledger.0.book.lock());
    }

    /// Takes back [`retire`](Self::retire) for a graph that is served after all.
    pub fn reinstate(&self) {
        let mut book = self.ledger.0.book.lock();
        let (account, bytes) = book.charges[&self.key];
        if account == Account::Retained {
            book.subtract(account, bytes);
            book.add(Account::Resident, bytes);
            book.charges.insert(self.key, (Account::Resident, bytes));
        }
    }

    /// Follows a change of the object's size; a growth is refused if it exceeds the limit.
    pub fn resize(&mut self, bytes: u64) -> Result<(), Refused> {
        let mut book = self.ledger.0.book.lock();
        let (account, old) = book.charges[&self.key];
        book.check_named(account, bytes, old)?;
        book.name(account, bytes.saturating_sub(old));
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
        if matches!(account, Account::Resident | Account::Dependencies) {
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
pub(super) mod tests;
