//! Files that are left alone because parsing them has gone wrong before.

use std::collections::HashMap;

use super::cache::{Crash, Journal};
use super::scan::Found;
use super::sync::Mutex;

/// Crashes on the same contents after which a file is left alone.
const CRASHES_MAX: u8 = 2;

/// Contents on which the parser has crashed or hung, so that the same file does not fail every build, nor bring down
/// every process.
#[derive(Debug, Default)]
pub struct Quarantine(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// By path: the file's time and the number of crashes.
    crashes: HashMap<String, (i64, u8)>,
    /// Where it is written down, if it is.
    journal: Option<Journal>,
    /// Nothing is written down any more.
    closed: bool,
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
        state.crashes.extend(crashes.into_iter().map(|c| (c.path, (c.mtime_ns, c.count))));
        state.journal = Some(journal);
    }

    pub fn is_journalled(&self) -> bool {
        self.0.lock().journal.is_some()
    }

    pub fn holds(&self, found: &Found) -> bool {
        let state = self.0.lock();
        let crashes = state.crashes.get(&found.path);
        crashes.is_some_and(|(mtime, n)| *mtime == found.mtime_ns && *n >= CRASHES_MAX)
    }

    /// The build's thread of this number is about to parse the file.
    pub fn entering(&self, thread: usize, found: &Found) {
        if let Some(journal) = &self.0.lock().journal {
            journal.entering(thread, &found.path, found.mtime_ns);
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
        let entry = state.crashes.entry(found.path.clone()).or_default();
        *entry = (found.mtime_ns, if entry.0 == found.mtime_ns { entry.1.saturating_add(1) } else { 1 });
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
        let crash = |(path, (mtime_ns, count)): (&String, &(i64, u8))| Crash {
            path: path.clone(),
            mtime_ns: *mtime_ns,
            count: *count,
        };
        let crashes: Vec<Crash> = self.crashes.iter().map(crash).collect();
        if let Err(error) = journal.keep(&crashes) {
            tracing::warn!("which files crash the parser cannot be written down: {error}");
        }
    }
}
