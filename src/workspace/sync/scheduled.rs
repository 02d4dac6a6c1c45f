//! The same locks for a checker of schedules: every use is a point at which another thread may run.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

pub use shuttle::sync::atomic::AtomicU64;

#[derive(Debug, Default)]
pub struct Mutex<T>(shuttle::sync::Mutex<T>);

/// What a locked [`Mutex`] protects; unlocks it when dropped.
#[derive(Debug)]
pub struct Guard<'a, T>(Option<shuttle::sync::MutexGuard<'a, T>>);

const LOCKED: &str = "it is locked except while it is waited with";

impl<T> Mutex<T> {
    pub const fn new(value: T) -> Self {
        Mutex(shuttle::sync::Mutex::new(value))
    }
    pub fn lock(&self) -> Guard<'_, T> {
        Guard(Some(self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
    pub fn into_inner(self) -> T {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.0.as_deref().expect(LOCKED)
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_deref_mut().expect(LOCKED)
    }
}

/// A condition variable for [`Mutex`]. Time stands still in a checked schedule: a deadline has passed, or never does,
/// so that a wake-up that gets lost is a deadlock that the checker reports.
#[derive(Debug, Default)]
pub struct Condvar(shuttle::sync::Condvar);

impl Condvar {
    pub const fn new() -> Self {
        Condvar(shuttle::sync::Condvar::new())
    }
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
    pub fn notify_one(&self) {
        self.0.notify_one();
    }
    pub fn wait<T>(&self, guard: &mut Guard<'_, T>) {
        let locked = guard.0.take().expect(LOCKED);
        guard.0 = Some(self.0.wait(locked).unwrap_or_else(PoisonError::into_inner));
    }
    /// Waits until woken; `false` at once if the deadline has passed.
    pub fn wait_until<T>(&self, guard: &mut Guard<'_, T>, deadline: Instant) -> bool {
        let waits = Instant::now() < deadline;
        if waits {
            self.wait(guard);
        }
        waits
    }
    /// Waits until woken; `false` at once if there is no time to wait.
    pub fn wait_for<T>(&self, guard: &mut Guard<'_, T>, duration: Duration) -> bool {
        let waits = !duration.is_zero();
        if waits {
            self.wait(guard);
        }
        waits
    }
}

/// A cell that is read and replaced in one step each.
#[derive(Debug)]
pub struct Published<T>(shuttle::sync::Mutex<Option<Arc<T>>>);

impl<T> Default for Published<T> {
    fn default() -> Self {
        Published(shuttle::sync::Mutex::new(None))
    }
}

impl<T> Published<T> {
    pub fn of(value: T) -> Published<T> {
        Published(shuttle::sync::Mutex::new(Some(Arc::new(value))))
    }
    pub fn load(&self) -> Option<Arc<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    #[must_use = "the replaced value is to be dropped outside every lock"]
    pub fn swap(&self, value: Option<Arc<T>>) -> Option<Arc<T>> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), value)
    }
}
