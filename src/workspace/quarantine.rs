//! Files that are left alone for a while because parsing them has gone wrong before.
//!
//! Of a process that died nobody knows whether the file that it was parsing was the reason: somebody may have ended it, or
//! the power failed, and a file that takes long is the likeliest to be found in the journal. So a file is left alone only
//! after it was there twice without having been parsed in between, and not for good: after a day it is tried again. If it
//! is to blame, that costs one more process and the wait doubles; if it is not, it is parsed and all is forgotten.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::cache::{Crash, Journal};
use super::scan::Found;
use super::sync::Mutex;

/// Crashes in a row on the same contents after which a file is left alone.
const CRASHES_MAX: u8 = 2;
/// How long it is left alone at first, and at most: one process in a month is what a file that brings them all down may
/// cost.
const TIME_FIRST: Duration = Duration::from_secs(24 * 3_600);
const TIME_MAX: Duration = Duration::from_secs(32 * 24 * 3_600);

/// Contents on which the parser has crashed or hung, so that the same file does not fail every build, nor bring down
/// every process.
#[derive(Debug, Default)]
pub struct Quarantine(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// By path.
    crashes: HashMap<String, Crashes>,
    /// Where it is written down, if it is.
    journal: Option<Journal>,
    /// Nothing is written down any more.
    closed: bool,
}

/// What has happened on some contents of a file.
#[derive(Clone, Copy, Debug)]
struct Crashes {
    /// The file's time, which stands for its contents.
    mtime_ns: i64,
    count: u8,
    last_ms: u64,
}

impl Crashes {
    /// Whether the file is left alone at that time.
    fn forbid(self, now_ms: u64) -> bool {
        let Some(doublings) = self.count.checked_sub(CRASHES_MAX) else { return false };
        let time = TIME_FIRST.saturating_mul(1 << doublings.min(30)).min(TIME_MAX);
        // By a clock that has been set back, the last time is to come; that is no reason to wait for it.
        Duration::from_millis(now_ms.abs_diff(self.last_ms)) < time
    }
}

/// Milliseconds since the epoch.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

impl Quarantine {
    /// From now on crashes are written down; those that have been are known.
    pub fn journalled(&self, journal: Journal, crashes: Vec<Crash>) {
        let mut state = self.0.lock();
        if state.closed {
            drop(state);
            // It holds the folder's lock, which another process may be about to take.
            journal.close();
            return;
        }
        let known = |c: Crash| {
            let Crash { path, mtime_ns, count, last_ms } = c;
            (path, Crashes { mtime_ns, count, last_ms })
        };
        state.crashes.extend(crashes.into_iter().map(known));
        state.journal = Some(journal);
    }

    pub fn is_journalled(&self) -> bool {
        self.0.lock().journal.is_some()
    }

    pub fn holds(&self, found: &Found) -> bool {
        let crashes = self.0.lock().crashes.get(&found.path).copied();
        crashes.is_some_and(|c| c.mtime_ns == found.mtime_ns && c.forbid(now_ms()))
    }

    /// The build's thread of this number is about to parse the file.
    pub fn entering(&self, thread: usize, found: &Found) {
        if let Some(journal) = &self.0.lock().journal {
            journal.entering(thread, &found.path, found.mtime_ns);
        }
    }

    /// The file has been parsed: what happened before was not because of it.
    pub fn passed(&self, found: &Found) {
        let mut state = self.0.lock();
        if !state.crashes.is_empty() && state.crashes.remove(&found.path).is_some() {
            state.keep();
        }
    }

    /// The build's thread of this number parses no more.
    pub fn left(&self, thread: usize) {
        if let Some(journal) = &self.0.lock().journal {
            journal.left(thread);
        }
    }

    /// Parsing the file has panicked.
    pub fn crashed(&self, found: &Found) {
        let mut state = self.0.lock();
        let before = state.crashes.get(&found.path).filter(|c| c.mtime_ns == found.mtime_ns);
        let count = before.map_or(0, |c| c.count).saturating_add(1);
        let crashes = Crashes { mtime_ns: found.mtime_ns, count, last_ms: now_ms() };
        state.crashes.insert(found.path.clone(), crashes);
        state.keep();
    }

    /// Every file is to be tried again.
    pub fn forget(&self) {
        let mut state = self.0.lock();
        if !state.crashes.is_empty() {
            state.crashes.clear();
            state.keep();
        }
    }

    /// The process, or the folder's time in it, ends in good order.
    pub fn close(&self) {
        self.0.lock().closed = true;
        self.pause();
    }

    /// The journal is no longer where it was, or is another process's there: it is left as it is.
    pub fn abandon(&self) {
        let journal = self.0.lock().journal.take();
        drop(journal);
    }

    /// Nothing is written down until there is another journal.
    pub fn pause(&self) {
        let journal = self.0.lock().journal.take();
        if let Some(journal) = journal {
            journal.close();
        }
    }
}

impl State {
    fn keep(&self) {
        let Some(journal) = &self.journal else { return };
        let crash = |(path, c): (&String, &Crashes)| Crash {
            path: path.clone(),
            mtime_ns: c.mtime_ns,
            count: c.count,
            last_ms: c.last_ms,
        };
        let crashes: Vec<Crash> = self.crashes.iter().map(crash).collect();
        if let Err(error) = journal.keep(&crashes) {
            tracing::warn!("which files crash the parser cannot be written down: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::scan::What;

    const DAY_MS: u64 = 24 * 3_600 * 1_000;

    fn found(mtime_ns: i64) -> Found {
        Found { path: "a.py".to_owned(), what: What::Manifest, bytes: 1, mtime_ns, outline: false }
    }

    #[test]
    fn two_crashes_in_a_row_are_needed_and_other_contents_are_another_file() {
        let quarantine = Quarantine::default();
        for crashed in [1, 2, 1] {
            quarantine.crashed(&found(crashed));
            assert!(!quarantine.holds(&found(1)));
        }
        quarantine.passed(&found(1));
        quarantine.crashed(&found(1));
        assert!(!quarantine.holds(&found(1)), "it was parsed in between");
        quarantine.crashed(&found(1));
        assert!(quarantine.holds(&found(1)) && !quarantine.holds(&found(2)));
        quarantine.forget();
        assert!(!quarantine.holds(&found(1)));
    }

    #[test]
    fn it_is_tried_again_after_a_day_and_then_ever_later() {
        let days = |count: u8| {
            let crashes = Crashes { mtime_ns: 0, count, last_ms: 100 * DAY_MS };
            (0..100).take_while(|day| crashes.forbid((100 + day) * DAY_MS)).count()
        };
        assert_eq!([1, 2, 3, 4, 7, 8, u8::MAX].map(days), [0, 1, 2, 4, 32, 32, 32]);
        let ahead = Crashes { mtime_ns: 0, count: 2, last_ms: 100 * DAY_MS };
        assert!(!ahead.forbid(DAY_MS), "by a clock that went back");
    }
}
