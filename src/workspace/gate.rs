//! How many parses run at once: as many as there are threads for, and as the reserved scratch memory allows.

use std::sync::Arc;

use super::sync::{Condvar, Mutex};

/// A quantity that is lent in parts: threads, or bytes.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug)]
struct State {
    capacity: u64,
    lent: u64,
}

/// A part on loan; dropping it gives it back.
#[derive(Debug)]
pub struct Permit {
    gate: Gate,
    amount: u64,
}

impl Gate {
    pub fn new(capacity: u64) -> Gate {
        Gate(Arc::new(Inner { state: Mutex::new(State { capacity, lent: 0 }), freed: Condvar::new() }))
    }

    pub fn capacity(&self) -> u64 {
        self.0.state.lock().capacity
    }

    /// Changes the capacity; what is lent beyond it comes back in time.
    pub fn set_capacity(&self, capacity: u64) {
        self.0.state.lock().capacity = capacity;
        self.0.freed.notify_all();
    }

    /// The amount, if it is there now.
    pub fn try_acquire(&self, amount: u64) -> Option<Permit> {
        let mut state = self.0.state.lock();
        if state.lent.checked_add(amount)? > state.capacity {
            return None;
        }
        state.lent += amount;
        Some(Permit { gate: self.clone(), amount })
    }

    /// Waits for the amount; `None` if it is more than there is in all.
    pub fn acquire(&self, amount: u64) -> Option<Permit> {
        let mut state = self.0.state.lock();
        while state.lent + amount > state.capacity {
            if amount > state.capacity {
                return None;
            }
            self.0.freed.wait(&mut state);
        }
        state.lent += amount;
        Some(Permit { gate: self.clone(), amount })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.gate.0.state.lock();
        state.lent -= self.amount;
        drop(state);
        self.gate.0.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn never_more_is_lent_than_there_is() {
        let gate = Gate::new(10);
        let (lent, most) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for i in 0..4u64 {
                let (gate, lent, most) = (&gate, &lent, &most);
                scope.spawn(move || {
                    for step in 0..500 {
                        let amount = (i + step) % 6 + 1;
                        let permit = gate.acquire(amount).unwrap();
                        most.fetch_max(lent.fetch_add(amount, Ordering::SeqCst) + amount, Ordering::SeqCst);
                        lent.fetch_sub(amount, Ordering::SeqCst);
                        drop(permit);
                    }
                });
            }
        });
        assert!(most.into_inner() <= 10);
        assert!(gate.acquire(11).is_none(), "waiting for it would be for ever");
        let most = gate.try_acquire(7);
        assert!(most.is_some() && gate.try_acquire(4).is_none());
        drop(most);
        assert!(gate.try_acquire(10).is_some());
    }
}
