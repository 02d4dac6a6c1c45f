//! Answers kept, and cycles cut.
//!
//! An answer that was computed while one of its own ancestors was still open depends on where evaluation started.
//! Such answers are given but not kept, so that what is kept is the same whichever question came first.

use std::cell::{Cell, RefCell};
use std::hash::Hash;

use rustc_hash::FxHashMap;

/// The evaluations that are open, and the outermost of them that a cycle reached back to.
#[derive(Default)]
pub struct Guard {
    open: Cell<u32>,
    reached: Cell<Option<u32>>,
}

impl Guard {
    pub fn clear(&self) {
        self.open.set(0);
        self.reached.set(None);
    }
    /// A budget ran out: nothing that is open now may be kept.
    pub fn cut(&self) {
        self.reach(0);
    }
    fn reach(&self, level: u32) {
        self.reached.set(Some(self.reached.get().map_or(level, |r| r.min(level))));
    }
}

enum Slot<V> {
    Open(u32),
    Known(V),
}

pub struct Memo<K, V> {
    slots: RefCell<FxHashMap<K, Slot<V>>>,
}

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Memo { slots: RefCell::default() }
    }
}

/// What [`Memo::enter`] found.
pub enum Guarded<K, V> {
    Known(V),
    /// The same question is open further out.
    Cycle,
    /// The caller computes the answer and hands it to [`Memo::leave`].
    Entered(Entry<K>),
}

pub struct Entry<K> {
    key: K,
    level: u32,
}

impl<K: Copy + Eq + Hash, V: Clone> Memo<K, V> {
    pub fn len(&self) -> usize {
        self.slots.borrow().len()
    }
    pub fn clear(&self) {
        self.slots.borrow_mut().clear();
    }

    /// Whether the answer is kept.
    pub fn knows(&self, key: K) -> bool {
        matches!(self.slots.borrow().get(&key), Some(Slot::Known(_)))
    }

    /// The answer, if it is kept.
    pub fn known(&self, key: K) -> Option<V> {
        match self.slots.borrow().get(&key) {
            Some(Slot::Known(value)) => Some(value.clone()),
            _ => None,
        }
    }

    pub fn enter(&self, key: K, guard: &Guard) -> Guarded<K, V> {
        let mut slots = self.slots.borrow_mut();
        match slots.get(&key) {
            Some(Slot::Known(value)) => Guarded::Known(value.clone()),
            Some(Slot::Open(level)) => {
                guard.reach(*level);
                Guarded::Cycle
            }
            None => {
                let level = guard.open.get() + 1;
                guard.open.set(level);
                slots.insert(key, Slot::Open(level));
                Guarded::Entered(Entry { key, level })
            }
        }
    }

    pub fn leave(&self, entry: Entry<K>, value: V, guard: &Guard) -> V {
        guard.open.set(entry.level - 1);
        let mut slots = self.slots.borrow_mut();
        match guard.reached.get() {
            Some(reached) if reached < entry.level => {
                slots.remove(&entry.key);
            }
            reached => {
                // A cycle that reaches no further than here is closed by this answer.
                if reached.is_some() {
                    guard.reached.set(None);
                }
                slots.insert(entry.key, Slot::Known(value.clone()));
            }
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(memo: &Memo<u32, u32>, guard: &Guard, key: u32) -> Entry<u32> {
        match memo.enter(key, guard) {
            Guarded::Entered(entry) => entry,
            _ => panic!("{key} was expected to be new"),
        }
    }

    #[test]
    fn an_answer_inside_a_cycle_is_not_kept_but_its_head_is() {
        let (memo, guard) = (Memo::default(), Guard::default());
        let one = enter(&memo, &guard, 1);
        let two = enter(&memo, &guard, 2);
        assert!(matches!(memo.enter(1, &guard), Guarded::Cycle));
        memo.leave(two, 20, &guard);
        memo.leave(one, 10, &guard);
        assert!(matches!(memo.enter(1, &guard), Guarded::Known(10)));
        assert!(matches!(memo.enter(2, &guard), Guarded::Entered(_)));
    }

    #[test]
    fn a_budget_that_ran_out_keeps_nothing() {
        let (memo, guard) = (Memo::default(), Guard::default());
        let one = enter(&memo, &guard, 1);
        guard.cut();
        memo.leave(one, 10, &guard);
        assert!(matches!(memo.enter(1, &guard), Guarded::Entered(_)));
    }
}
