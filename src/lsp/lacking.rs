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
    /// How often memory has come back.
    returns: u64,
    /// A look at them is on its way.
    scheduled: bool,
}

struct Lack {
    /// Looks in a row that were made because memory had come back, and the first one.
    looks: u32,
    /// It is not looked at again before.
    until: Instant,
    /// It is being looked at because memory has come back.
    tried: bool,
}

/// How often memory had come back when a look began.
#[derive(Clone, Copy)]
pub struct Seen(u64);

impl Lacking {
    /// A look at a document begins.
    pub fn begin(&self) -> Seen {
        Seen(self.0.lock().returns)
    }

    /// There was no memory for the document. `true` if some has come back since the look began, of which nobody will hear
    /// again.
    #[must_use]
    pub fn lacks(&self, path: &Path, seen: Seen, now: Instant) -> bool {
        let mut state = self.0.lock();
        let first = Lack { looks: 0, until: now, tried: true };
        let lack = state.documents.entry(path.to_owned()).or_insert(first);
        // Each look may drive folders out, whose return is what makes the next one. Who types does not count.
        if std::mem::take(&mut lack.tried) {
            lack.looks = lack.looks.saturating_add(1);
            lack.until = now + backoff(lack.looks);
        }
        state.returns != seen.0
    }

    /// There was memory for the document, or it is closed.
    pub fn forget(&self, path: &Path) {
        self.0.lock().documents.remove(path);
    }

    /// Memory may have come back: how long to wait before a look at documents, if there are some and nobody waits for that.
    pub fn come_back(&self, now: Instant) -> Option<Duration> {
        let mut state = self.0.lock();
        state.returns += 1;
        if state.scheduled {
            return None;
        }
        let soonest = state.documents.values().filter(|lack| !lack.tried).map(|lack| lack.until).min()?;
        state.scheduled = true;
        Some(soonest.saturating_duration_since(now))
    }

    /// The wait is over: the documents that are to be looked at now, and how long to wait for others.
    pub fn take(&self, now: Instant) -> (Vec<PathBuf>, Option<Duration>) {
        let mut state = self.0.lock();
        let mut due = Vec::new();
        let mut next: Option<Instant> = None;
        for (path, lack) in state.documents.iter_mut().filter(|(_, lack)| !lack.tried) {
            if lack.until <= now {
                lack.tried = true;
                due.push(path.clone());
            } else {
                next = Some(next.map_or(lack.until, |next| next.min(lack.until)));
            }
        }
        state.scheduled = next.is_some();
        (due, next.map(|next| next - now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);

    #[test]
    fn what_lacks_memory_is_looked_at_once_it_is_back_and_ever_later() {
        let (lacking, path, now) = (Lacking::default(), Path::new("/a.py"), Instant::now());
        assert_eq!(lacking.come_back(now), None);
        assert!(!lacking.lacks(path, lacking.begin(), now));
        let mut at = now;
        for looks in 1..5 {
            assert_eq!(lacking.come_back(at), Some(backoff(looks)));
            assert_eq!(lacking.come_back(at), None, "one look is enough");
            assert_eq!(lacking.take(at), (Vec::new(), Some(backoff(looks))), "too soon");
            at += backoff(looks);
            assert_eq!(lacking.take(at), (vec![path.to_owned()], None));
            assert_eq!(lacking.come_back(at), None, "it is being looked at");
            assert!(lacking.lacks(path, Seen(0), at), "memory has come back meanwhile");
            // Looks for other reasons, as many as there may be, put nothing off.
            for _ in 0..10 {
                assert!(!lacking.lacks(path, lacking.begin(), at + LONG));
            }
        }
        lacking.forget(path);
        assert_eq!((lacking.come_back(at + LONG), lacking.take(at + LONG)), (None, (Vec::new(), None)));
    }
}
