//! The threads that queries run on: a few, more while those are busy, a bounded queue, oldest first.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::cancel::CancelToken;
use super::sync::{Condvar, Guard, Mutex};

/// Most jobs that wait; a client with more requests in flight than this is told so rather than served ever later.
pub const QUEUED_MAX: usize = 4_096;

/// How long a thread beyond the usual ones waits for another job.
const IDLE_WAIT: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

/// A handle of the pool; the threads end when the last one is dropped or at [`shutdown`](Pool::shutdown).
#[derive(Clone)]
pub struct Pool(Arc<Handle>);

struct Handle(Arc<Queue>);

struct Queue {
    state: Mutex<State>,
    idle_wait: Duration,
    threads_kept: usize,
    threads_max: usize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    /// What wakes each thread that waits for a job; the last one waits for the shortest time. It gets the next job, so that
    /// those beyond what there is to do are left alone, and end.
    idle: Vec<Arc<Condvar>>,
    closed: bool,
}

/// Why a job was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    #[error("too many requests are waiting")]
    Full,
    /// The pool has been shut down: nobody waits for what it does.
    #[error("the server is ending")]
    Closed,
    #[error("the system has no thread for it")]
    NoThread,
}

impl Pool {
    /// A quick job does not wait behind slow ones: while all threads are busy another one is started, up to
    /// `threads_max`, and the system shares the cores among them. `threads_kept` stay when there is nothing to do.
    pub fn new(threads_kept: usize, threads_max: usize) -> Pool {
        Pool::waiting(threads_kept, threads_max, IDLE_WAIT)
    }

    fn waiting(threads_kept: usize, threads_max: usize, idle_wait: Duration) -> Pool {
        let (state, threads_max) = (Mutex::default(), threads_max.max(1));
        Pool(Arc::new(Handle(Arc::new(Queue { state, idle_wait, threads_kept, threads_max }))))
    }

    /// Queues a job. One whose token is cancelled by the time its turn comes still runs, so that it can say so; it
    /// is expected to look at the token first. A panic ends the job, not the thread.
    pub fn submit(
        &self,
        cancel: CancelToken,
        job: impl FnOnce(&CancelToken) + Send + 'static,
    ) -> Result<(), NotTaken> {
        let state = self.0.0.state.lock();
        if !state.closed && state.jobs.len() >= QUEUED_MAX {
            return Err(NotTaken::Full);
        }
        self.take(state, Box::new(move || job(&cancel)), false)
    }

    /// Queues what is left to do of a job that has run, before all that have not begun. However many wait, there is room for
    /// it: those have been taken.
    pub fn submit_rest(&self, rest: impl FnOnce() + Send + 'static) -> Result<(), NotTaken> {
        self.take(self.0.0.state.lock(), Box::new(rest), true)
    }

    fn take(&self, mut state: Guard<'_, State>, job: Job, is_rest: bool) -> Result<(), NotTaken> {
        let queue = &self.0.0;
        if state.closed {
            return Err(NotTaken::Closed);
        }
        match is_rest {
            true => state.jobs.push_front(job),
            false => state.jobs.push_back(job),
        }
        if let Some(idle) = state.idle.pop() {
            drop(state);
            idle.notify_one();
        } else if state.threads < queue.threads_max {
            let worker = Arc::clone(queue);
            let thread = thread::Builder::new().name(format!("query-{}", state.threads + 1));
            match thread.spawn(move || worker.work()) {
                Ok(_) => state.threads += 1,
                Err(error) => {
                    tracing::warn!("cannot start a thread: {error}");
                    if state.threads == 0 {
                        let job = if is_rest { state.jobs.pop_front() } else { state.jobs.pop_back() };
                        drop(state);
                        drop(job);
                        return Err(NotTaken::NoThread);
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes no more jobs and forgets those that wait; the running ones end by their tokens.
    pub fn shutdown(&self) {
        self.0.0.close();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Queue {
    fn close(&self) {
        let (forgotten, idle) = {
            let mut state = self.state.lock();
            state.closed = true;
            (std::mem::take(&mut state.jobs), std::mem::take(&mut state.idle))
        };
        idle.iter().for_each(|idle| idle.notify_one());
        drop(forgotten);
    }

    fn work(&self) {
        let woken = Arc::new(Condvar::new());
        while let Some(job) = self.next(&woken) {
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!("a job panicked");
            }
        }
    }

    fn next(&self, woken: &Arc<Condvar>) -> Option<Job> {
        let mut state = self.state.lock();
        loop {
            if state.closed {
                state.threads -= 1;
                return None;
            }
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            state.idle.push(Arc::clone(woken));
            woken.wait_for(&mut state, self.idle_wait);
            // Whoever wakes it takes it from there.
            let waited = state.idle.len();
            state.idle.retain(|idle| !Arc::ptr_eq(idle, woken));
            let in_vain = state.idle.len() < waited;
            if in_vain && state.jobs.is_empty() && state.threads > self.threads_kept {
                state.threads -= 1;
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::{bounded, unbounded};

    #[test]
    fn jobs_run_in_order_and_a_panic_ends_only_its_own() {
        let pool = Pool::new(1, 1);
        let (sent, got) = unbounded();
        for i in 0..5 {
            let sent = sent.clone();
            let job = move |_: &CancelToken| {
                assert!(i != 2, "a query that goes wrong");
                sent.send(i).unwrap();
            };
            pool.submit(CancelToken::new(), job).unwrap();
        }
        drop(sent);
        assert_eq!(got.iter().collect::<Vec<_>>(), [0, 1, 3, 4]);
    }

    #[test]
    fn what_is_left_of_a_job_runs_before_those_that_have_not_begun_however_many_wait() {
        let pool = Pool::new(1, 1);
        let (release, gate) = bounded::<()>(0);
        let (sent, got) = unbounded();
        let slow = move |_: &CancelToken| {
            let _ = gate.recv();
        };
        pool.submit(CancelToken::new(), slow).unwrap();
        let mut waiting = 0;
        let refused = loop {
            let sent = sent.clone();
            match pool.submit(CancelToken::new(), move |_| sent.send("later").unwrap()) {
                Ok(()) => waiting += 1,
                Err(why) => break why,
            }
        };
        assert_eq!(refused, NotTaken::Full);
        pool.submit_rest(move || sent.send("first").unwrap()).unwrap();
        drop(release);
        let order: Vec<&str> = got.iter().collect();
        assert_eq!((order[0], order.len()), ("first", waiting + 1));
    }

    #[test]
    fn a_quick_job_does_not_wait_behind_slow_ones() {
        let pool = Pool::new(1, 9);
        let (release, gate) = bounded::<()>(0);
        for _ in 0..8 {
            let gate = gate.clone();
            let slow = move |_: &CancelToken| {
                let _ = gate.recv();
            };
            pool.submit(CancelToken::new(), slow).unwrap();
        }
        let (sent, got) = bounded(1);
        pool.submit(CancelToken::new(), move |_| sent.send("quick").unwrap()).unwrap();
        assert_eq!(got.recv(), Ok("quick"));
        drop(release);
    }

    #[test]
    fn threads_beyond_those_that_there_is_work_for_end_while_it_goes_on() {
        const THREADS: usize = 6;
        let pool = Pool::waiting(1, THREADS, Duration::from_millis(20));
        let threads = || pool.0.0.state.lock().threads;
        let (release, gate) = bounded::<()>(0);
        for _ in 0..THREADS {
            let gate = gate.clone();
            let slow = move |_: &CancelToken| {
                let _ = gate.recv();
            };
            pool.submit(CancelToken::new(), slow).unwrap();
        }
        assert_eq!(threads(), THREADS);
        drop(release);
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        let (sent, got) = bounded(1);
        while threads() > 2 {
            assert!(std::time::Instant::now() < deadline, "{} threads", threads());
            let sent = sent.clone();
            pool.submit(CancelToken::new(), move |_| sent.send(()).unwrap()).unwrap();
            got.recv().unwrap();
        }
    }

    #[test]
    fn the_queue_is_bounded_and_closes() {
        let pool = Pool::new(1, 1);
        let (release, gate) = bounded::<()>(0);
        let (started, running) = bounded::<()>(0);
        let first = move |_: &CancelToken| {
            started.send(()).unwrap();
            let _ = gate.recv();
        };
        pool.submit(CancelToken::new(), first).unwrap();
        running.recv().unwrap();
        for _ in 0..QUEUED_MAX {
            pool.submit(CancelToken::new(), |_| {}).unwrap();
        }
        assert_eq!(pool.submit(CancelToken::new(), |_| {}), Err(NotTaken::Full));
        pool.shutdown();
        drop(release);
        assert_eq!(pool.submit(CancelToken::new(), |_| {}), Err(NotTaken::Closed));
    }
}
