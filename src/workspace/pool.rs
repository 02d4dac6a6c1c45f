//! The threads that queries run on: a fixed number, a bounded queue, oldest first.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use super::cancel::CancelToken;
use super::sync::{Condvar, Mutex};

/// Most jobs that wait; a client with more requests in flight than this is told so rather than served ever later.
pub const QUEUED_MAX: usize = 4_096;

type Job = Box<dyn FnOnce() + Send>;

/// A handle of the pool; the threads end when the last one is dropped or at [`shutdown`](Pool::shutdown).
#[derive(Clone)]
pub struct Pool(Arc<Handle>);

struct Handle(Arc<Queue>);

struct Queue {
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    closed: bool,
}

/// The job was not taken: the queue is full, or the pool has been shut down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests are waiting")]
pub struct Busy;

impl Pool {
    pub fn new(threads: usize) -> Pool {
        let queue = Arc::new(Queue { state: Mutex::new(State::default()), filled: Condvar::new() });
        for i in 0..threads.max(1) {
            let queue = Arc::clone(&queue);
            let spawned = thread::Builder::new().name(format!("query-{i}")).spawn(move || queue.work());
            if let Err(error) = spawned {
                tracing::warn!("cannot start a query thread: {error}");
            }
        }
        Pool(Arc::new(Handle(queue)))
    }

    /// Queues a job. One whose token is cancelled by the time its turn comes still runs, so that it can say so; it
    /// is expected to look at the token first. A panic ends the job, not the thread.
    pub fn submit(
        &self,
        cancel: CancelToken,
        job: impl FnOnce(&CancelToken) + Send + 'static,
    ) -> Result<(), Busy> {
        let queue = &self.0.0;
        let mut state = queue.state.lock();
        if state.closed || state.jobs.len() >= QUEUED_MAX {
            return Err(Busy);
        }
        state.jobs.push_back(Box::new(move || job(&cancel)));
        drop(state);
        queue.filled.notify_one();
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
        let forgotten = {
            let mut state = self.state.lock();
            state.closed = true;
            std::mem::take(&mut state.jobs)
        };
        self.filled.notify_all();
        drop(forgotten);
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!("a query panicked");
            }
        }
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.state.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            self.filled.wait(&mut state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::{bounded, unbounded};

    #[test]
    fn jobs_run_in_order_and_a_panic_ends_only_its_own() {
        let pool = Pool::new(1);
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
    fn the_queue_is_bounded_and_closes() {
        let pool = Pool::new(1);
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
        assert_eq!(pool.submit(CancelToken::new(), |_| {}), Err(Busy));
        pool.shutdown();
        drop(release);
        assert_eq!(pool.submit(CancelToken::new(), |_| {}), Err(Busy));
    }
}
