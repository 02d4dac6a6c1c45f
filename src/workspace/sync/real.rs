//! The locks that the server runs with.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;

use super::order::Held;

pub use std::sync::atomic::AtomicU64;

/// A mutex that does not poison: a panic under it is caught by whoever runs the work, and state is only changed by
/// steps that cannot panic half-way.
#[derive(Debug, Default)]
pub struct Mutex<T>(parking_lot::Mutex<T>);

/// What a locked [`Mutex`] protects; unlocks it when dropped.
#[derive(Debug)]
pub struct Guard<'a, T> {
    inner: parking_lot::MutexGuard<'a, T>,
    _held: Held,
}

impl<T> Mutex<T> {
    pub const fn new(value: T) -> Self {
        Mutex(parking_lot::Mutex::new(value))
    }
    pub fn lock(&self) -> Guard<'_, T> {
        let held = Held::taking(std::any::type_name::<T>());
        Guard { inner: self.0.lock(), _held: held }
    }
    pub fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

/// A condition variable for [`Mutex`].
#[derive(Debug, Default)]
pub struct Condvar(parking_lot::Condvar);

impl Condvar {
    pub const fn new() -> Self {
        Condvar(parking_lot::Condvar::new())
    }
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
    pub fn notify_one(&self) {
        self.0.notify_one();
    }
    pub fn wait<T>(&self, guard: &mut Guard<'_, T>) {
        self.0.wait(&mut guard.inner);
    }
    /// Waits until woken or until the deadline; `false` once the deadline has passed.
    pub fn wait_until<T>(&self, guard: &mut Guard<'_, T>, deadline: Instant) -> bool {
        !self.0.wait_until(&mut guard.inner, deadline).timed_out()
    }
    /// Waits until woken or for the duration; `false` once it has passed.
    pub fn wait_for<T>(&self, guard: &mut Guard<'_, T>, duration: Duration) -> bool {
        !self.0.wait_for(&mut guard.inner, duration).timed_out()
    }
}

/// A cell whose readers never block: what they load stays whole and alive for as long as they hold it.
#[derive(Debug)]
pub struct Published<T>(ArcSwapOption<T>);

impl<T> Default for Published<T> {
    fn default() -> Self {
        Published(ArcSwapOption::empty())
    }
}

impl<T> Published<T> {
    pub fn of(value: T) -> Published<T> {
        Published(ArcSwapOption::from_pointee(value))
    }
    pub fn load(&self) -> Option<Arc<T>> {
        self.0.load_full()
    }
    /// Puts the new value in place and hands the old one to the caller, who drops it outside every lock.
    #[must_use = "the replaced value is to be dropped outside every lock"]
    pub fn swap(&self, value: Option<Arc<T>>) -> Option<Arc<T>> {
        self.0.swap(value)
    }
}
