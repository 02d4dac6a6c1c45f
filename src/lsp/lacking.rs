//! Documents for which there was no memory when somebody looked what is wrong with them.
//!
//! What was said of them then holds until there is memory again. Nobody asks about a document that does not change, so it
//! is looked at again from here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::workspace::retry::backoff;
use crate::workspace::sync::Mutex;

/// Which documents these are; no more than are open.
#[derive(Default)]
pub struct Lacking(Mutex<State>);

#[derive(Default)]
struct State {
    documents: BTreeMap<PathBuf, Lack>,
    /// How often memory has come back, and the most that there could be of it then.
    returns: u64,
    limit: u64,
    /// When the next look at them is made, and by whom: an earlier one takes the place of a later one.
    scheduled: Option<Instant>,
    turn: Turn,
}

/// Who is to look next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn(u64);

struct Lack {
    /// The bytes that were asked for.
    needs: u64,
    /// Looks in a row that were made because memory had come back, and the first one.
    looks: u32,
    /// It is not looked at again before.
    until: Instant,
}

/// How often memory had come back when a look began.
#[derive(Clone, Copy)]
pub struct Seen(u64);

impl Lacking {
    /// A look at a document begins.
    pub fn begin(&self) -> Seen {
        Seen(self.0.lock().returns)
    }

    /// There was no memory for the document, which needs so many bytes. `true` if some has come back since the look began, of
    /// which nobody will hear again.
    #[must_use]
    pub fn lacks(&self, path: &Path, needs: u64, seen: Seen, now: Instant) -> bool {
        let mut state = self.0.lock();
        // Who types, and looks for that, puts nothing off.
        let first = Lack { needs, looks: 1, until: now + backoff(1) };
        state.documents.entry(path.to_owned()).or_insert(first).needs = needs;
        state.returns != seen.0
    }

    /// There was memory for the document, or it is closed.
    pub fn forget(&self, path: &Path) {
        self.0.lock().documents.remove(path);
    }

    /// Memory may have come back, and there may be so many bytes in all: whose turn it is to look at documents, and after which
    /// wait, if there are some and nobody waits for that.
    pub fn come_back(&self, now: Instant, limit: u64) -> Option<(Turn, Duration)> {
        let mut state = self.0.lock();
        (state.returns, state.limit) = (state.returns + 1, limit);
        // What can never fit is not tried.
        let able = state.documents.values().filter(|lack| lack.needs <= limit);
        let soonest = able.map(|lack| lack.until).min()?;
        if state.scheduled.is_some_and(|at| at <= soonest) {
            return None;
        }
        state.turn.0 += 1;
        state.scheduled = Some(soonest);
        Some((state.turn, soonest.saturating_duration_since(now)))
    }

    /// The wait is over: the documents that are to be looked at now, and how long to wait for others. Nothing for whom another
    /// one has gone before.
    pub fn take(&self, turn: Turn, now: Instant) -> (Vec<PathBuf>, Option<Duration>) {
        let mut state = self.0.lock();
        if state.turn != turn {
            return (Vec::new(), None);
        }
        let (mut due, mut next) = (Vec::new(), None::<Instant>);
        let limit = state.limit;
        for (path, lack) in state.documents.iter_mut().filter(|(_, lack)| lack.needs <= limit) {
            if lack.until <= now {
                // Each look may drive folders out, whose return is what makes the next one.
                lack.looks = lack.looks.saturating_add(1);
                lack.until = now + backoff(lack.looks);
                due.push(path.clone());
            } else {
                next = Some(next.map_or(lack.until, |next| next.min(lack.until)));
            }
        }
        state.scheduled = next;
        (due, next.map(|next| next - now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: u64 = 100;

    fn due(lacking: &Lacking, turn: Turn, at: Instant) -> Vec<PathBuf> {
        lacking.take(turn, at).0
    }

    #[test]
    fn what_lacks_memory_is_looked_at_once_it_is_back_and_ever_later() {
        let (lacking, path, now) = (Lacking::default(), Path::new("/a.py"), Instant::now());
        assert_eq!(lacking.come_back(now, LIMIT), None);
        assert!(!lacking.lacks(path, 10, lacking.begin(), now));
        let mut at = now;
        for looks in 1..5 {
            let (turn, wait) = lacking.come_back(at, LIMIT).unwrap();
            assert_eq!(wait, backoff(looks));
            assert_eq!(lacking.come_back(at, LIMIT), None, "one look is enough");
            assert_eq!(lacking.take(turn, at), (Vec::new(), Some(wait)), "too soon");
            at += wait;
            assert_eq!(lacking.take(turn, at), (vec![path.to_owned()], None));
            assert!(lacking.lacks(path, 10, Seen(0), at), "memory has come back meanwhile");
            // Looks for other reasons, as many as there may be, put nothing off.
            for _ in 0..10 {
                assert!(!lacking.lacks(path, 10, lacking.begin(), at));
            }
        }
        lacking.forget(path);
        assert_eq!(lacking.come_back(at, LIMIT), None);
    }

    #[test]
    fn one_that_waits_long_keeps_no_other_waiting_and_what_never_fits_is_left() {
        let [old, new, huge] = ["/old.py", "/new.py", "/huge.py"].map(Path::new);
        let (lacking, now) = (Lacking::default(), Instant::now());
        let _ = lacking.lacks(huge, LIMIT + 1, lacking.begin(), now);
        assert_eq!(lacking.come_back(now, LIMIT), None);
        let _ = lacking.lacks(old, 1, lacking.begin(), now);
        let mut at = now;
        for _ in 0..6 {
            let (turn, wait) = lacking.come_back(at, LIMIT).unwrap();
            at += wait;
            assert_eq!(due(&lacking, turn, at), [old]);
        }
        let (late, long) = lacking.come_back(at, LIMIT).unwrap();
        let _ = lacking.lacks(new, 1, lacking.begin(), at);
        let (early, short) = lacking.come_back(at, LIMIT).unwrap();
        assert!(short < long && short == backoff(1));
        assert_eq!(lacking.take(early, at + short), (vec![new.to_owned()], Some(long - short)));
        assert_eq!(lacking.take(late, at + long), (Vec::new(), None));
        assert_eq!(due(&lacking, early, at + long), [new, old]);
    }
}
