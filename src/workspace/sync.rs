//! The locks of the workspace layer, in one place so that a schedule checker can stand in for them.
//!
//! With the feature `shuttle` they are those of the crate of that name, and work only inside its checks. Otherwise
//! they are the real ones; debug builds watch the [order] in which they are taken.

#[cfg(not(feature = "shuttle"))]
pub mod order;
#[cfg(not(feature = "shuttle"))]
mod real;
#[cfg(feature = "shuttle")]
mod scheduled;

#[cfg(not(feature = "shuttle"))]
pub use real::{AtomicU64, Condvar, Guard, Mutex, Published};
#[cfg(feature = "shuttle")]
pub use scheduled::{AtomicU64, Condvar, Guard, Mutex, Published};

pub use std::sync::atomic::Ordering;

/// Panics in debug builds if this thread holds a lock: before a callback, which may do anything.
#[track_caller]
pub fn assert_none_held() {
    #[cfg(all(debug_assertions, not(feature = "shuttle")))]
    order::assert_none_held();
}
