//! The order in which locks are taken, watched in debug builds.
//!
//! Locks are told apart by the type of what they protect. Once one has been taken while another was held, taking them
//! the other way round is a deadlock that waits for its moment: it panics here at the first try, whether or not the
//! moment has come. Every test thereby looks for deadlocks. Release builds watch nothing.

/// Stands for a lock that its thread holds, or is about to.
#[derive(Debug)]
pub struct Held(#[cfg(debug_assertions)] watch::Class);

impl Held {
    #[inline]
    pub fn taking(#[cfg_attr(not(debug_assertions), expect(unused))] class: &'static str) -> Held {
        #[cfg(debug_assertions)]
        watch::taking(class);
        Held(
            #[cfg(debug_assertions)]
            class,
        )
    }
}

#[cfg(debug_assertions)]
pub use watch::assert_none_held;

#[cfg(debug_assertions)]
mod watch {
    use std::cell::RefCell;
    use std::collections::{BTreeMap, BTreeSet};

    use super::Held;

    pub type Class = &'static str;

    /// For each class those that have been taken while it was held.
    type Taken = BTreeMap<Class, BTreeSet<Class>>;

    static TAKEN: parking_lot::Mutex<Taken> = parking_lot::Mutex::new(BTreeMap::new());

    thread_local! {
        static HELD: RefCell<Vec<Class>> = const { RefCell::new(Vec::new()) };
        /// Pairs that this thread has looked up before.
        static KNOWN: RefCell<BTreeSet<(Class, Class)>> = const { RefCell::new(BTreeSet::new()) };
    }

    pub fn taking(class: Class) {
        let held = HELD.with_borrow(Vec::clone);
        for holding in &held {
            if KNOWN.with_borrow_mut(|known| known.insert((holding, class))) {
                note(&mut TAKEN.lock(), holding, class);
            }
        }
        HELD.with_borrow_mut(|held| held.push(class));
    }

    impl Drop for Held {
        fn drop(&mut self) {
            // Guards may be dropped in any order, and after the thread's own variables.
            let _ = HELD.try_with(|held| {
                let mut held = held.borrow_mut();
                if let Some(at) = held.iter().rposition(|class| *class == self.0) {
                    held.remove(at);
                }
            });
        }
    }

    #[track_caller]
    pub fn assert_none_held() {
        let held = HELD.with_borrow(Vec::clone);
        assert!(held.is_empty(), "a callback under a lock: {held:?}");
    }

    /// Adds a pair, if it is not against what is known.
    pub(super) fn note(taken: &mut Taken, holding: Class, class: Class) {
        let reverse = way(taken, class, holding);
        assert!(reverse.is_none(), "{class} is taken while {holding} is held, and elsewhere {reverse:?}");
        taken.entry(holding).or_default().insert(class);
    }

    /// How holding one class has led to taking the other, step by step.
    fn way(taken: &Taken, from: Class, to: Class) -> Option<Vec<Class>> {
        let mut ways = vec![vec![from]];
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop() {
            let last = *way.last()?;
            if last == to {
                return Some(way);
            }
            if seen.insert(last) {
                let next = taken.get(last).into_iter().flatten();
                ways.extend(next.map(|class| [&way[..], &[class]].concat()));
            }
        }
        None
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use std::panic::{AssertUnwindSafe, catch_unwind};

        #[test]
        fn an_order_that_goes_round_is_found_before_it_locks_up() {
            let mut taken = Taken::new();
            for (holding, class) in [("a", "b"), ("b", "c"), ("a", "c"), ("b", "d")] {
                note(&mut taken, holding, class);
            }
            for (holding, class) in [("c", "a"), ("d", "a"), ("b", "a"), ("a", "a")] {
                let taken = taken.clone();
                let found = catch_unwind(move || note(&mut { taken }, holding, class));
                assert!(found.is_err(), "{class} under {holding}");
            }
            note(&mut taken, "c", "d");
        }

        #[test]
        fn what_is_held_is_known_while_it_is_held() {
            struct Outer;
            struct Inner;
            let outer = crate::workspace::sync::Mutex::new(Outer);
            let inner = crate::workspace::sync::Mutex::new(Inner);
            let first = outer.lock();
            let second = inner.lock();
            assert!(catch_unwind(assert_none_held).is_err());
            drop(first);
            drop(second);
            assert_none_held();
            let backwards = catch_unwind(AssertUnwindSafe(|| {
                let _second = inner.lock();
                let _first = outer.lock();
            }));
            assert!(backwards.is_err());
            assert_none_held();
        }
    }
}
