//! Faults that the tests put into the ledger and the protocol on purpose, to see that they would be found.
//!
//! Each is a mistake that somebody could make there. In builds that are no tests none can be switched on, and the
//! questions for them vanish.

/// A mistake in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A build is settled at whatever size it has.
    SettleUnchecked,
    /// Replaced graphs are retired before it is known whether the settlement is granted.
    RetireBeforeCheck,
    /// A replaced graph goes on counting as served.
    ForgottenRetire,
    /// A settled reservation gives its bytes back once more.
    DoubleRelease,
    /// A reservation grows without a look at the limit.
    GrowUnchecked,
    /// What is given back wakes nobody.
    SilentRelease,
    /// An evicted graph goes on counting as served.
    ForgottenEviction,
    /// A finished build is published although it no longer counts.
    PublishUnchecked,
    /// A planned victim goes although it has got busy since.
    EvictUnchecked,
    /// Releases are counted after the look at what is free, not before.
    CountedTooLate,
    /// The plan takes pinned folders too.
    PinnedPlanned,
    /// The most recently used go first.
    RecentFirst,
    /// A failed build leaves its folder's graph fresh.
    NotMarkedStale,
    /// What a failed build took is forgotten.
    ChangesForgotten,
    /// Changes that came during a build are left at that.
    NoFollowUp,
    /// A build that ends without a graph wakes nobody.
    SilentEnd,
    /// Memory that comes back starts a build although one runs.
    StartedTwice,
}

/// Whether the fault is switched on for this thread.
#[cfg(not(test))]
#[inline(always)]
pub const fn injected(_: Fault) -> bool {
    false
}

#[cfg(test)]
pub use switch::{any, caught, injected};

#[cfg(test)]
mod switch {
    use std::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::Fault;

    thread_local! {
        static ON: Cell<Option<Fault>> = const { Cell::new(None) };
    }

    pub fn injected(fault: Fault) -> bool {
        ON.get() == Some(fault)
    }

    pub fn any() -> bool {
        ON.get().is_some()
    }

    /// Whether the check fails while the fault is on.
    pub fn caught(fault: Fault, check: impl FnOnce()) -> bool {
        ON.set(Some(fault));
        let outcome = catch_unwind(AssertUnwindSafe(check));
        ON.set(None);
        outcome.is_err()
    }
}
