//! One piece of work on several threads: which of them has which part, and how many there may be.
//!
//! Whoever asks does part of it. Helpers are threads that are started for it and have ended before it does. There are a
//! few in the process, however many ask: they are not waited for, and who gets none does all of it.

use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use parking_lot::Mutex;

/// Threads of one piece of work, whoever asks included; more find less and less to share, and each learns for itself.
const THREADS_MAX: usize = 4;

/// How many more helpers there may be.
#[derive(Debug)]
pub struct Helpers {
    free: AtomicUsize,
}

impl Helpers {
    pub const fn new(count: usize) -> Helpers {
        Helpers { free: AtomicUsize::new(count) }
    }

    /// Those of the process: with who asks as many as there are cores, at most [`THREADS_MAX`].
    pub fn of_process() -> &'static Helpers {
        static OF_PROCESS: OnceLock<Helpers> = OnceLock::new();
        OF_PROCESS.get_or_init(|| {
            let cores = thread::available_parallelism().map_or(1, usize::from);
            Helpers::new(cores.min(THREADS_MAX) - 1)
        })
    }

    /// All that are free; `None` if none is.
    pub fn take(&self) -> Option<Taken<'_>> {
        let count = self.free.swap(0, Ordering::AcqRel);
        (count > 0).then_some(Taken { helpers: self, count })
    }
}

/// Helpers that are in use; dropped, they are free again.
#[derive(Debug)]
pub struct Taken<'h> {
    helpers: &'h Helpers,
    count: usize,
}

impl Taken<'_> {
    /// Threads that work, whoever asks included.
    pub fn threads(&self) -> usize {
        self.count + 1
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.helpers.free.fetch_add(self.count, Ordering::AcqRel);
    }
}

/// Numbers of things that are still to be done, in a range for each thread. Neighbours have much in common, so who has
/// done its own takes the latter half of the longest range that is left.
pub struct Shares(Mutex<Vec<Range<usize>>>);

/// The next thing that a thread is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    pub number: usize,
    /// It does not follow what the thread did before.
    pub elsewhere: bool,
}

impl Shares {
    fn new(count: usize, threads: usize) -> Shares {
        let bound = |thread: usize| count * thread / threads;
        Shares(Mutex::new((0..threads).map(|thread| bound(thread)..bound(thread + 1)).collect()))
    }

    /// The next thing for the thread.
    pub fn next(&self, thread: usize) -> Option<Next> {
        let mut ranges = self.0.lock();
        let elsewhere = ranges[thread].is_empty();
        if elsewhere {
            let longest = ranges.iter_mut().max_by_key(|range| range.len())?;
            let middle = longest.start + longest.len() / 2;
            let latter = middle..longest.end;
            longest.end = middle;
            ranges[thread] = latter;
        }
        ranges[thread].next().map(|number| Next { number, elsewhere })
    }

    /// Nothing from this number on is to be done any more.
    pub fn cut(&self, from: usize) {
        for range in self.0.lock().iter_mut() {
            range.end = range.end.min(from).max(range.start);
        }
    }

    /// Nothing is to be done any more.
    pub fn close(&self) {
        self.cut(0);
    }
}

/// Lets the others end too when a thread panics.
struct Closes<'s>(&'s Shares);

impl Drop for Closes<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.close();
        }
    }
}

/// Does `count` things on this thread, by `own`, and on those of helpers, by `help`; each has the number of its thread. What
/// the threads give comes in no order that means anything. A panic of any of them is one of this thread, once all have ended.
pub fn together<T: Send>(
    taken: &Taken<'_>,
    count: usize,
    own: impl FnOnce(&Shares, usize) -> T,
    help: impl Fn(&Shares, usize) -> T + Sync,
) -> Vec<T> {
    let shares = &Shares::new(count, taken.threads());
    let help = &help;
    thread::scope(|scope| {
        // What a thread has to do that the system does not give is done by the others.
        let helpers: Vec<_> = (1..taken.threads())
            .map_while(|number| {
                let named = thread::Builder::new().name(format!("search-{number}"));
                let run = move || {
                    let _closes = Closes(shares);
                    help(shares, number)
                };
                named
                    .spawn_scoped(scope, run)
                    .inspect_err(|e| tracing::warn!("cannot start a thread: {e}"))
                    .ok()
            })
            .collect();
        let mut done = {
            let _closes = Closes(shares);
            vec![own(shares, 0)]
        };
        for helper in helpers {
            done.push(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    })
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn numbers(shares: &Shares, thread: usize) -> Vec<usize> {
        std::iter::from_fn(|| shares.next(thread)).map(|next| next.number).collect()
    }

    #[test]
    fn everything_is_done_once() {
        for (count, helpers) in [(0, 1), (1, 3), (7, 1), (100, 3)] {
            let helpers = Helpers::new(helpers);
            let taken = helpers.take().unwrap();
            let mut done = together(&taken, count, numbers, numbers).concat();
            done.sort_unstable();
            assert_eq!(done, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn who_has_done_its_own_takes_half_of_the_longest() {
        let shares = Shares::new(8, 2);
        let next = |thread| shares.next(thread).map(|next| (next.number, next.elsewhere));
        assert_eq!(
            (next(1), next(1), next(1), next(1)),
            (Some((4, false)), Some((5, false)), Some((6, false)), Some((7, false)))
        );
        assert_eq!((next(0), next(1), next(1)), (Some((0, false)), Some((2, true)), Some((3, false))));
        assert_eq!((next(1), next(0)), (Some((1, true)), None));
    }

    #[test]
    fn what_is_cut_is_not_done() {
        let shares = Shares::new(8, 2);
        assert!(shares.next(1).is_some());
        shares.cut(3);
        assert_eq!(numbers(&shares, 1), [1, 2, 0]);
        let shares = Shares::new(8, 2);
        shares.close();
        assert_eq!((shares.next(0), shares.next(1)), (None, None));
    }

    #[test]
    fn helpers_are_not_more_than_there_may_be_and_come_back() {
        let helpers = Helpers::new(2);
        let taken = helpers.take().unwrap();
        assert_eq!(taken.threads(), 3);
        assert!(helpers.take().is_none());
        drop(taken);
        assert_eq!(helpers.take().unwrap().threads(), 3);
    }

    #[test]
    fn a_panic_ends_all_and_is_not_lost() {
        let endless = |shares: &Shares, thread: usize| {
            while shares.next(thread).is_some() {
                thread::yield_now();
            }
        };
        let breaks = |shares: &Shares, thread: usize| {
            let _ = shares.next(thread);
            panic!("a search that goes wrong")
        };
        let helpers = Helpers::new(1);
        for own_breaks in [true, false] {
            let broken = catch_unwind(AssertUnwindSafe(|| {
                let taken = helpers.take().unwrap();
                // More than any machine does in a day, were it not ended.
                match own_breaks {
                    true => together(&taken, 1 << 50, breaks, endless),
                    false => together(&taken, 1 << 50, endless, breaks),
                };
            }));
            let why = broken.unwrap_err();
            assert_eq!(why.downcast_ref::<&str>(), Some(&"a search that goes wrong"));
        }
        assert!(helpers.take().is_some(), "they are free again");
    }
}
