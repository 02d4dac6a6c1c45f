//! What has been told of a folder, in the order in which it was so.
//!
//! States are looked up and told on whatever threads they come about. Without an order between those, the last word that
//! a client hears might be of a state that has long passed.

use std::collections::VecDeque;
use std::path::Path;

use super::super::keeper::Report;
use super::super::slot::Lifecycle;
use super::super::sync::Mutex;
use super::observer::{State, Transition};

/// Most transitions that wait for a listener; of more, the last is told as one with those that follow.
const WAITING_MAX: usize = 64;

/// The transitions of one folder.
#[derive(Default)]
pub struct Telling(Mutex<Told>);

struct Told {
    /// As of the last transition, told or waiting.
    state: State,
    waiting: VecDeque<Transition>,
    /// A thread tells what waits.
    telling: bool,
    /// The folder is closed; nothing follows.
    closed: bool,
}

impl Default for Told {
    fn default() -> Self {
        let state = State { lifecycle: Lifecycle::Unloaded, stale: false, generation: 0, contents: 0 };
        Told { state, waiting: VecDeque::new(), telling: false, closed: false }
    }
}

impl Telling {
    /// Looks at the folder's state, and keeps the transition to it for [`tell`](Self::tell). Without a report the folder
    /// is closed. The number stands for what its graph says, if it has one.
    pub fn note(&self, folder: &Path, look: impl FnOnce() -> (Option<u64>, Option<Report>)) {
        let mut told = self.0.lock();
        // Under the lock: who looks later notes later.
        let (contents, report) = look();
        let from = told.state;
        let (to, closed) = match &report {
            Some(r) => {
                let Report { lifecycle, stale, generation, .. } = *r;
                let contents = contents.unwrap_or(from.contents);
                (State { lifecycle, stale, generation, contents }, false)
            }
            None => (State { lifecycle: Lifecycle::Unloaded, stale: false, ..from }, true),
        };
        if told.closed || from == to && !closed {
            return;
        }
        (told.state, told.closed) = (to, closed);
        let error = report.and_then(|r| r.failure).map(|f| f.message);
        let transition = Transition { folder: folder.to_owned(), from, to, error, closed };
        if told.waiting.len() < WAITING_MAX {
            told.waiting.push_back(transition);
        } else if let Some(last) = told.waiting.back_mut() {
            *last = Transition { from: last.from, ..transition };
        }
    }

    /// Tells what waits, outside the lock; if another thread is at it, that one goes on with it.
    pub fn tell(&self, listener: impl Fn(Transition)) {
        if std::mem::replace(&mut self.0.lock().telling, true) {
            return;
        }
        // However a listener ends, the next one is told.
        let _done = Done(self);
        while let Some(transition) = self.next() {
            listener(transition);
        }
    }

    /// The next to be told; with the last one the turn ends, so that what comes then is told by who notes it.
    fn next(&self) -> Option<Transition> {
        let mut told = self.0.lock();
        let next = told.waiting.pop_front();
        if next.is_none() {
            // Folders are there for long, and mostly silent.
            told.waiting = VecDeque::new();
        }
        told.telling = next.is_some();
        next
    }
}

/// Ends the turn of a thread whose listener panics.
struct Done<'a>(&'a Telling);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.0.lock().telling = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn report(generation: u64) -> (Option<u64>, Option<Report>) {
        let (lifecycle, building, last_good, failure, owed) = (Lifecycle::Loaded, None, None, None, None);
        let (serving, stale, pinned) = (true, false, false);
        let failures = 0;
        let report = Report {
            lifecycle,
            building,
            serving,
            stale,
            pinned,
            generation,
            last_good,
            failure,
            owed,
            failures,
        };
        (None, Some(report))
    }

    #[test]
    fn what_comes_while_a_listener_is_told_follows_it() {
        let (telling, heard) = (Telling::default(), RefCell::new(Vec::new()));
        let path = Path::new("/a");
        telling.note(path, || report(1));
        telling.note(path, || report(1));
        telling.tell(|first| {
            if first.to.generation == 1 {
                telling.note(path, || report(2));
                telling.note(path, || (None, None));
                telling.note(path, || report(3));
                telling.tell(|_| panic!("the outer one tells"));
            }
            heard.borrow_mut().push((first.from.generation, first.to.generation, first.closed));
        });
        assert_eq!(*heard.borrow(), [(0, 1, false), (1, 2, false), (2, 2, true)]);
    }

    #[test]
    fn of_too_many_the_last_state_is_told() {
        let (telling, heard) = (Telling::default(), RefCell::new(Vec::new()));
        let last = 2 * WAITING_MAX as u64;
        for generation in 1..=last {
            telling.note(Path::new("/a"), || report(generation));
        }
        telling.tell(|t| heard.borrow_mut().push((t.from.generation, t.to.generation)));
        let heard = heard.into_inner();
        assert_eq!((heard.len(), heard.last()), (WAITING_MAX, Some(&(WAITING_MAX as u64 - 1, last))));
    }

    #[test]
    fn a_listener_that_panics_does_not_silence_the_folder() {
        let (telling, path) = (Telling::default(), Path::new("/a"));
        telling.note(path, || report(1));
        let panicked =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| telling.tell(|_| panic!("no"))));
        assert!(panicked.is_err());
        telling.note(path, || report(2));
        let heard = RefCell::new(0);
        telling.tell(|t| *heard.borrow_mut() = t.to.generation);
        assert_eq!(heard.into_inner(), 2);
    }
}
