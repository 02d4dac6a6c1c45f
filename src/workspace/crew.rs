//! The threads that read a build's files.

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_channel::bounded;

use super::build::BuildError;
use super::cancel::CancelToken;
use super::gate::Gate;
use super::intake::{scratch_most_of, scratch_of, tree_share};
use super::quarantine::Quarantine;
use super::read::Outcome;
use super::scan::Found;
use crate::lang::{ScratchParser, SkipReason};

/// Read files that wait to be taken in; each holds a few kilobytes.
const READ_AHEAD_MAX: usize = 64;

/// Reads one file; the second argument is the hash of contents that are known already.
pub type ReadFile<'a> = dyn Fn(&Found, Option<u64>, &mut ScratchParser) -> Outcome + Sync + 'a;

/// How a build's files are read.
#[derive(Clone, Copy)]
pub struct Crew<'a> {
    pub threads: usize,
    /// The journal's number of the first of them; crews that read at the same time for one folder have others.
    pub first: usize,
    /// Shared by all builds: so many files are read at once.
    pub permits: &'a Gate,
    pub quarantine: &'a Quarantine,
    pub read: &'a ReadFile<'a>,
    pub cancel: &'a CancelToken,
    /// Told of files done, and of files in all.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
}

impl Crew<'_> {
    /// Reads the files, the largest of which come first. Hands each outcome to `take` on this thread, with the most
    /// scratch that a file still to come may need. Returns how many were read.
    pub fn read_all(
        &self,
        files: &[Found],
        known: impl Fn(&str) -> Option<u64> + Sync,
        scratch: &Gate,
        mut take: impl FnMut(&Found, Outcome, u64) -> Result<(), BuildError>,
    ) -> Result<usize, BuildError> {
        let next = AtomicUsize::new(0);
        let stop = CancelToken::new();
        let (sent, received) = bounded::<(usize, Result<Outcome, BuildError>)>(READ_AHEAD_MAX);
        (self.progress)(0, files.len());
        std::thread::scope(|scope| {
            for thread in (self.first..).take(self.threads.min(files.len())) {
                let (sent, next, stop, known) = (sent.clone(), &next, &stop, &known);
                scope.spawn(move || {
                    let _left = Left(self.quarantine, thread);
                    let mut parser = ScratchParser::new();
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(found) = files.get(index) else { return };
                        if stop.is_cancelled() || self.cancel.is_cancelled() {
                            return;
                        }
                        let outcome = self.read_one(thread, found, known(&found.path), scratch, &mut parser);
                        if sent.send((index, outcome)).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(sent);
            let mut done = Done::default();
            let mut failed = None;
            while let Ok((index, outcome)) = received.recv() {
                let left = files.get(done.insert(index)).map_or(0, scratch_of);
                if let Err(error) = outcome.and_then(|outcome| take(&files[index], outcome, left)) {
                    failed = Some(error);
                    stop.cancel();
                    break;
                }
                (self.progress)(done.count, files.len());
            }
            // Threads that wait to send see that nobody receives any more.
            drop(received);
            match failed {
                Some(error) => Err(error),
                None if self.cancel.is_cancelled() => Err(BuildError::Cancelled),
                None => Ok(done.count),
            }
        })
    }

    fn read_one(
        &self,
        thread: usize,
        found: &Found,
        known: Option<u64>,
        scratch: &Gate,
        parser: &mut ScratchParser,
    ) -> Result<Outcome, BuildError> {
        for (bytes, is_last) in [(scratch_of(found), false), (scratch_most_of(found), true)] {
            let held = scratch.try_acquire(bytes).or_else(|| {
                // What is kept for the next file is nobody's while the thread waits.
                parser.release();
                scratch.acquire(bytes)
            });
            let Some(_held) = held else { return Ok(Outcome::Short(bytes)) };
            match is_last {
                false => parser.admit(tree_share(bytes)),
                true => parser.admit_at_most(tree_share(bytes)),
            }
            let _permit = self.permits.acquire(1);
            match self.read_admitted(thread, found, known, parser)? {
                Outcome::TooCostly(_) => {}
                outcome => return Ok(outcome),
            }
        }
        Ok(Outcome::TooCostly(scratch_most_of(found)))
    }

    fn read_admitted(
        &self,
        thread: usize,
        found: &Found,
        known: Option<u64>,
        parser: &mut ScratchParser,
    ) -> Result<Outcome, BuildError> {
        while !self.quarantine.holds(found) {
            self.quarantine.entering(thread, found);
            match catch_unwind(AssertUnwindSafe(|| (self.read)(found, known, parser))) {
                Ok(Outcome::Cancelled) => return Err(BuildError::Cancelled),
                Ok(outcome) => {
                    if matches!(outcome, Outcome::Encoded(_)) {
                        self.quarantine.passed(found);
                    }
                    return Ok(outcome);
                }
                Err(panic) => {
                    tracing::error!(path = %found.path, "reading a file went wrong: {}", panic_message(&*panic));
                    self.quarantine.crashed(found);
                }
            }
        }
        Ok(Outcome::Skipped(SkipReason::Quarantined))
    }
}

/// Says of a thread that it parses no more, however it ends.
struct Left<'a>(&'a Quarantine, usize);

impl Drop for Left<'_> {
    fn drop(&mut self) {
        self.0.left(self.1);
    }
}

/// Which indices are done: all below `all_below`, and some above.
#[derive(Default)]
struct Done {
    all_below: usize,
    above: BTreeSet<usize>,
    count: usize,
}

impl Done {
    /// Adds one; says which is the first that is not done.
    fn insert(&mut self, index: usize) -> usize {
        self.count += 1;
        self.above.insert(index);
        while self.above.remove(&self.all_below) {
            self.all_below += 1;
        }
        self.all_below
    }
}

/// What a panic says of itself.
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic").to_owned()
}
