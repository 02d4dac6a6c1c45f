//! Answers kept, and cycles cut.
//!
//! What a name stands for may depend on itself (an import that leads back, a variable that is assigned what a function
//! of it gives). The evaluation that is led back to is the head of a cycle; there an assumption takes the answer's place,
//! at first that nothing is known. What is found below the head rests on the assumption: such an answer is given again
//! while the head is open. If the outermost head finds something else than was assumed, it is evaluated once more, from
//! what was found; if not, the assumption is borne out, and all answers of the cycle are kept. So what is kept is the
//! same whichever question came first.
//!
//! Where evaluation was cut short, for it was nested too deep or the question took too many steps, the answer is the
//! question's own: it is given again where it is nested as deep, and not kept.

use std::cell::{Cell, RefCell};
use std::hash::Hash;

use rustc_hash::FxHashMap;

/// Evaluations of one cycle; what has not come to rest by then is not kept but for its head.
const ROUNDS_MAX: u32 = 4;

/// The evaluations that are open, and what the innermost of them rests on.
#[derive(Default)]
pub struct Guard {
    /// Numbers of the open evaluations, the outermost first.
    open: RefCell<Vec<u32>>,
    /// The number of the last evaluation that was opened.
    last: Cell<u32>,
    /// What the innermost open evaluation rests on so far.
    rests: Cell<Rests>,
    /// Answers with a number from this one on may be assumed.
    assumed_from: Cell<u32>,
    /// Numbers of evaluations whose answers have been borne out, in ranges, ascending.
    borne_out: RefCell<Vec<(u32, u32)>>,
    /// Those of rounds of this question that were not.
    refuted: RefCell<Vec<(u32, u32)>>,
    /// The question.
    question: Cell<u32>,
    depth: Cell<u32>,
}

/// What an answer rests on beside facts and what is kept.
#[derive(Clone, Copy, Debug)]
struct Rests {
    /// The outermost open evaluation that it led back to, by its place among the open ones.
    head: usize,
    /// Evaluation was cut short.
    cut: bool,
    /// A head found something else than was assumed for it.
    refuted: bool,
}

/// On no head.
const NO_HEAD: usize = usize::MAX;

impl Default for Rests {
    fn default() -> Rests {
        Rests { head: NO_HEAD, cut: false, refuted: false }
    }
}

impl Rests {
    fn and(self, other: Rests) -> Rests {
        Rests {
            head: self.head.min(other.head),
            cut: self.cut || other.cut,
            refuted: self.refuted || other.refuted,
        }
    }
}

impl Guard {
    /// Starts a question.
    pub fn clear(&self) {
        self.open.borrow_mut().clear();
        self.refuted.borrow_mut().clear();
        self.rests.take();
        self.assumed_from.set(u32::MAX);
        self.question.set(self.question.get().wrapping_add(1));
    }

    /// Forgets what was borne out: no answer is kept any more.
    pub fn forget(&self) {
        self.borne_out.borrow_mut().clear();
    }

    /// Ranges that are kept.
    pub fn len(&self) -> usize {
        self.borne_out.borrow().len()
    }

    /// Evaluation is cut short: nothing that is open now may be kept.
    pub fn cut(&self) {
        self.rest_on(Rests { cut: true, ..Rests::default() });
    }

    /// Whether evaluation was cut short since the question began.
    pub fn is_cut(&self) -> bool {
        self.rests.get().cut
    }

    fn rest_on(&self, more: Rests) {
        self.rests.set(self.rests.get().and(more));
    }

    fn opened(&self) -> (u32, usize) {
        let number = self.last.get().wrapping_add(1);
        self.last.set(number);
        let mut open = self.open.borrow_mut();
        open.push(number);
        (number, open.len() - 1)
    }

    /// Whether the evaluation is open at that place.
    fn is_open(&self, place: usize, number: u32) -> bool {
        self.open.borrow().get(place) == Some(&number)
    }

    fn is_borne_out(&self, number: u32) -> bool {
        let ranges = self.borne_out.borrow();
        let at = ranges.partition_point(|(first, _)| *first <= number);
        at > 0 && number <= ranges[at - 1].1
    }

    /// All evaluations from the number on are borne out, but those of rounds that were not.
    fn bear_out(&self, first: u32) {
        let mut ranges = self.borne_out.borrow_mut();
        while ranges.last().is_some_and(|(inner, _)| *inner >= first) {
            ranges.pop();
        }
        let mut refuted = self.refuted.borrow_mut();
        let inner = refuted.partition_point(|(start, _)| *start < first);
        let mut from = first;
        for (start, end) in refuted.drain(inner..) {
            if from < start {
                ranges.push((from, start - 1));
            }
            from = from.max(end + 1);
        }
        ranges.push((from, self.last.get()));
    }

    /// What was found since the number does not hold.
    fn refute(&self, first: u32) {
        let mut ranges = self.refuted.borrow_mut();
        while ranges.last().is_some_and(|(inner, _)| *inner >= first) {
            ranges.pop();
        }
        ranges.push((first, self.last.get()));
    }
}

enum Slot<V> {
    /// What is assumed for it, if it is not that nothing is known; and whether it was led back to.
    Open {
        place: usize,
        assumed: Option<V>,
        head: bool,
    },
    /// An answer that rests on an open evaluation, by its place and number.
    Below {
        value: V,
        number: u32,
        head: (usize, u32),
    },
    /// An answer of an evaluation that was cut short, and how deep it was nested.
    Cut {
        value: V,
        head: Option<(usize, u32)>,
        question: u32,
        depth: u32,
    },
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
    /// The same question is open further out; what is assumed for it, if anything.
    Cycle(Option<V>),
    /// The caller computes the answer and hands it to [`Memo::leave`].
    Entered(Entry<K, V>),
}

/// An evaluation.
pub struct Entry<K, V> {
    key: K,
    number: u32,
    place: usize,
    round: u32,
    /// The answer of the first round, which stands on its own.
    first: Option<V>,
    /// What the evaluation around it rests on so far.
    outer: Rests,
    outer_assumed_from: u32,
}

/// What comes of an evaluation.
pub enum Left<K, V> {
    Done(V),
    /// Something else was assumed: it has to be evaluated once more.
    Again(Entry<K, V>),
}

impl<K: Copy + Eq + Hash, V: Clone + PartialEq> Memo<K, V> {
    pub fn len(&self) -> usize {
        self.slots.borrow().len()
    }
    pub fn clear(&self) {
        self.slots.borrow_mut().clear();
    }

    /// Whether the answer is there.
    pub fn knows(&self, key: K, guard: &Guard) -> bool {
        match self.slots.borrow().get(&key) {
            Some(slot) => given(slot, guard).is_some(),
            None => false,
        }
    }

    /// The answer, if it is kept.
    pub fn known(&self, key: K) -> Option<V> {
        match self.slots.borrow().get(&key) {
            Some(Slot::Known(value)) => Some(value.clone()),
            _ => None,
        }
    }

    pub fn enter(&self, key: K, guard: &Guard, depth: u32) -> Guarded<K, V> {
        guard.depth.set(depth);
        let mut slots = self.slots.borrow_mut();
        let mut assumed = None;
        match slots.get_mut(&key) {
            Some(Slot::Open { place, assumed, head }) => {
                *head = true;
                guard.rest_on(Rests { head: *place, ..Rests::default() });
                return Guarded::Cycle(assumed.clone());
            }
            Some(slot) => {
                if let Some((value, rests)) = given(slot, guard) {
                    guard.rest_on(rests);
                    if let Slot::Below { number, .. } = slot
                        && guard.is_borne_out(*number)
                    {
                        *slot = Slot::Known(value.clone());
                    }
                    return Guarded::Known(value);
                }
                if let Slot::Below { value, number, .. } = slot
                    && *number >= guard.assumed_from.get()
                {
                    assumed = Some(value.clone());
                }
            }
            None => {}
        }
        let (number, place) = guard.opened();
        slots.insert(key, Slot::Open { place, assumed, head: false });
        Guarded::Entered(Entry {
            key,
            number,
            place,
            round: 1,
            first: None,
            outer: guard.rests.take(),
            outer_assumed_from: guard.assumed_from.get(),
        })
    }

    /// Takes the answer of an evaluation. `more` says whether there are steps left to evaluate it once more.
    pub fn leave(
        &self,
        mut entry: Entry<K, V>,
        value: V,
        guard: &Guard,
        depth: u32,
        default: impl FnOnce() -> V,
        more: bool,
    ) -> Left<K, V> {
        let mut rests = guard.rests.take();
        let mut slots = self.slots.borrow_mut();
        let (head, assumed) = match slots.remove(&entry.key) {
            Some(Slot::Open { assumed, head, .. }) => (head, assumed),
            _ => (false, None),
        };
        if head && value != assumed.unwrap_or_else(default) {
            rests.refuted = true;
        }
        let below = (rests.head < entry.place).then(|| (rests.head, guard.open.borrow()[rests.head]));
        guard.open.borrow_mut().truncate(entry.place);
        let (slot, value) = match (below, entry.first.take()) {
            // The cycle as a whole takes too much: what its first round gives is right as far as it goes.
            (None, Some(first)) if rests.cut => {
                rests = Rests::default();
                (Slot::Known(first.clone()), first)
            }
            (head, _) if rests.cut => {
                let slot = Slot::Cut { value: value.clone(), head, question: guard.question.get(), depth };
                (slot, value)
            }
            (Some(head), _) => (Slot::Below { value: value.clone(), number: entry.number, head }, value),
            (None, first) if head && rests.refuted && more && entry.round < ROUNDS_MAX => {
                guard.refute(entry.number);
                guard.assumed_from.set(entry.number);
                (entry.number, entry.place) = guard.opened();
                entry.first = first.or_else(|| Some(value.clone()));
                entry.round += 1;
                slots.insert(entry.key, Slot::Open { place: entry.place, assumed: Some(value), head: false });
                return Left::Again(entry);
            }
            (None, first) => {
                let settled = !rests.refuted;
                match settled {
                    true if head => guard.bear_out(entry.number),
                    true => {}
                    false => guard.refute(entry.number),
                }
                rests = Rests::default();
                let value = if settled { value } else { first.unwrap_or(value) };
                (Slot::Known(value.clone()), value)
            }
        };
        slots.insert(entry.key, slot);
        guard.assumed_from.set(entry.outer_assumed_from);
        guard.rests.set(entry.outer.and(rests));
        Left::Done(value)
    }
}

/// An answer that holds where evaluation is now, and what it rests on.
fn given<V: Clone>(slot: &Slot<V>, guard: &Guard) -> Option<(V, Rests)> {
    let none = Rests::default();
    match slot {
        Slot::Known(value) => Some((value.clone(), none)),
        Slot::Open { .. } => None,
        Slot::Below { value, number, head: (place, head) } => {
            if guard.is_open(*place, *head) {
                return Some((value.clone(), Rests { head: *place, ..none }));
            }
            guard.is_borne_out(*number).then(|| (value.clone(), none))
        }
        Slot::Cut { value, head, question, depth } => {
            let same = *question == guard.question.get() && guard.depth.get() >= *depth;
            let place = match head {
                Some((place, number)) => guard.is_open(*place, *number).then_some(*place)?,
                None => NO_HEAD,
            };
            same.then(|| (value.clone(), Rests { head: place, cut: true, refuted: false }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sets of numbers below 32, each with its own number and those of the sets that it names.
    #[derive(Default)]
    struct Sets {
        named: Vec<Vec<u32>>,
        memo: Memo<u32, u32>,
        guard: Guard,
        depth: Cell<u32>,
        depth_max: Option<u32>,
        evaluated: Cell<usize>,
    }

    impl Sets {
        fn of(named: &[&[u32]]) -> Sets {
            Sets { named: named.iter().map(|n| n.to_vec()).collect(), ..Sets::default() }
        }

        /// A question.
        fn ask(&self, key: u32) -> u32 {
            self.guard.clear();
            self.evaluated.set(0);
            self.get(key)
        }

        fn get(&self, key: u32) -> u32 {
            let depth = self.depth.get();
            let mut entry = match self.memo.enter(key, &self.guard, depth) {
                Guarded::Known(value) => return value,
                Guarded::Cycle(assumed) => return assumed.unwrap_or_default(),
                Guarded::Entered(entry) => entry,
            };
            loop {
                self.evaluated.set(self.evaluated.get() + 1);
                self.depth.set(depth + 1);
                let mut value = 1 << key;
                match self.depth_max {
                    Some(max) if depth >= max => self.guard.cut(),
                    _ => value |= self.named[key as usize].iter().fold(0, |all, n| all | self.get(*n)),
                }
                self.depth.set(depth);
                match self.memo.leave(entry, value, &self.guard, depth, || 0, true) {
                    Left::Done(value) => return value,
                    Left::Again(again) => entry = again,
                }
            }
        }

        fn reached(&self, from: u32) -> u32 {
            let (mut seen, mut open) = (0, vec![from]);
            while let Some(at) = open.pop() {
                if seen >> at & 1 == 0 {
                    seen |= 1 << at;
                    open.extend(&self.named[at as usize]);
                }
            }
            seen
        }
    }

    #[test]
    fn what_is_found_inside_a_cycle_is_whole_and_kept() {
        let sets = Sets::of(&[&[1, 3], &[2], &[0], &[]]);
        assert_eq!(sets.ask(0), 0b1111);
        for inside in 1..4 {
            assert_eq!(sets.ask(inside), if inside == 3 { 0b1000 } else { 0b1111 });
            assert_eq!(sets.evaluated.get(), 0, "{inside} was found with 0");
        }
    }

    #[test]
    fn what_does_not_lead_back_is_kept_at_once() {
        let sets = Sets::of(&[&[1, 2, 3], &[0], &[], &[2]]);
        assert_eq!(sets.ask(0), 0b1111);
        // Two rounds of 0 and 1, one of 2 and 3.
        assert_eq!(sets.evaluated.get(), 6);
    }

    #[test]
    fn an_answer_below_an_open_head_is_given_again() {
        // Each names the next two: by every way that leads there it would be found more than a million times.
        let named: Vec<Vec<u32>> = (0..30).map(|n| vec![(n + 1) % 30, (n + 2) % 30]).collect();
        let sets = Sets { named, ..Sets::default() };
        assert_eq!(sets.ask(0), (1 << 30) - 1);
        assert!(sets.evaluated.get() <= 30 * ROUNDS_MAX as usize, "{}", sets.evaluated.get());
    }

    #[test]
    fn what_was_cut_short_is_given_again_as_deep_and_found_anew_elsewhere() {
        let named = vec![vec![1, 2], vec![2], vec![3], vec![4], vec![]];
        let sets = Sets { named, depth_max: Some(3), ..Sets::default() };
        // By way of 1 the set 4 is too deep, directly it is not.
        assert_eq!(sets.ask(0), 0b11111);
        assert_eq!(sets.ask(1), 0b11110);
        let chain: Vec<Vec<u32>> =
            (0..30).map(|n| if n < 29 { vec![n + 1, n + 1] } else { vec![] }).collect();
        let sets = Sets { named: chain, depth_max: Some(20), ..Sets::default() };
        assert_eq!(sets.ask(0), (1 << 21) - 1);
        assert_eq!(sets.evaluated.get(), 21);
        assert_eq!(sets.ask(10), ((1 << 30) - 1) & !((1 << 10) - 1), "nothing of it was kept");
    }

    #[test]
    fn what_rests_on_a_refuted_assumption_alone_is_found_anew() {
        let (memo, guard) = (Memo::<u32, u32>::default(), Guard::default());
        let enter = |key| match memo.enter(key, &guard, 0) {
            Guarded::Entered(entry) => entry,
            _ => panic!("{key} was expected to be new"),
        };
        let leave = |entry, value| match memo.leave(entry, value, &guard, 0, || 0, true) {
            Left::Done(_) => None,
            Left::Again(entry) => Some(entry),
        };
        let outer = enter(0);
        let head = enter(1);
        let below = enter(2);
        assert!(matches!(memo.enter(1, &guard, 0), Guarded::Cycle(None)));
        assert!(leave(below, 20).is_none());
        // In the second round it is not asked for.
        let head = leave(head, 10).expect("nothing was assumed");
        assert!(leave(head, 10).is_none());
        let other = enter(3);
        assert!(matches!(memo.enter(0, &guard, 0), Guarded::Cycle(None)));
        assert!(leave(other, 30).is_none());
        // The outer cycle is borne out.
        assert!(leave(outer, 0).is_none());
        assert!(matches!(memo.enter(3, &guard, 0), Guarded::Known(30)));
        assert!(matches!(memo.enter(2, &guard, 0), Guarded::Entered(_)));
    }

    proptest::proptest! {
        #[test]
        fn answers_are_whole_in_every_order(
            named in proptest::collection::vec(proptest::collection::vec(0u32..12, 0..4), 12),
            asked in proptest::collection::vec(0u32..12, 1..20),
        ) {
            let sets = Sets { named, ..Sets::default() };
            for key in asked {
                proptest::prop_assert_eq!(sets.ask(key), sets.reached(key));
            }
        }
    }
}
