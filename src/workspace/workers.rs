//! Threads that are there only while there is work: a bounded queue, oldest first, and nobody who waits for more.
//!
//! What a thread has freed, the allocator keeps for it to some extent, until it ends. So builds, loads and writes run on
//! threads that end with them, and a process at rest has none of these.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use super::cancel::CancelToken;
use super::pool::{NotTaken, QUEUED_MAX};
use super::sync::Mutex;

type Job = Box<dyn FnOnce() + Send>;

/// Takes jobs and starts threads for them. No job is begun after [`shutdown`](Workers::shutdown), or once this is dropped.
pub struct Workers(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// The threads' name, before their number.
    name: &'static str,
    threads_max: usize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// Each is at work, or about to be.
    threads: usize,
    closed: bool,
}

impl Workers {
    pub fn new(name: &'static str, threads_max: usize) -> Workers {
        Workers(Arc::new(Shared { state: Mutex::default(), name, threads_max: threads_max.max(1) }))
    }

    /// Queues a job, and starts a thread for it unless there are as many as there may be. One whose token is cancelled by
    /// the time its turn comes still runs, so that it can say so. A panic ends the job, not the thread.
    ///
    /// # Errors
    /// If the queue is full or closed, or the system has no thread and there is none.
    pub fn submit(
        &self,
        cancel: CancelToken,
        job: impl FnOnce(&CancelToken) + Send + 'static,
    ) -> Result<(), NotTaken> {
        let shared = &self.0;
        let mut state = shared.state.lock();
        if state.closed {
            return Err(NotTaken::Closed);
        }
        if state.jobs.len() >= QUEUED_MAX {
            return Err(NotTaken::Full);
        }
        // Under the lock, so that a job never waits for a thread that did not come to be.
        if state.threads < shared.threads_max {
            let (name, worker) = (format!("{}-{}", shared.name, state.threads + 1), Arc::clone(shared));
            match thread::Builder::new().name(name).spawn(move || worker.work()) {
                Ok(_) => state.threads += 1,
                Err(error) => {
                    tracing::warn!("cannot start a thread: {error}");
                    if state.threads == 0 {
                        return Err(NotTaken::NoThread);
                    }
                }
            }
        }
        state.jobs.push_back(Box::new(move || job(&cancel)));
        Ok(())
    }

    /// Takes no more jobs and forgets those that wait; the running ones end by their tokens.
    pub fn shutdown(&self) {
        let forgotten = {
            let mut state = self.0.state.lock();
            state.closed = true;
            std::mem::take(&mut state.jobs)
        };
        drop(forgotten);
    }

    #[cfg(test)]
    fn threads(&self) -> usize {
        self.0.state.lock().threads
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl Shared {
    fn work(&self) {
        while let Some(job) = self.next() {
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!("a job panicked");
            }
        }
    }

    /// The next job; without one the thread is counted no more, and ends.
    fn next(&self) -> Option<Job> {
        let mut state = self.state.lock();
        let job = state.jobs.pop_front();
        if job.is_none() {
            state.threads -= 1;
        }
        job
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::{bounded, unbounded};

    fn submit(workers: &Workers, job: impl FnOnce() + Send + 'static) {
        workers.submit(CancelToken::new(), move |_| job()).unwrap();
    }

    /// Waits until there are so many threads.
    fn until_threads(workers: &Workers, count: usize) {
        while workers.threads() != count {
            thread::yield_now();
        }
    }

    #[test]
    fn jobs_run_in_order_and_a_panic_ends_only_its_own() {
        let workers = Workers::new("test", 1);
        let (sent, got) = unbounded();
        for i in 0..5 {
            let sent = sent.clone();
            submit(&workers, move || {
                assert!(i != 2, "a build that goes wrong");
                sent.send(i).unwrap();
            });
        }
        drop(sent);
        assert_eq!(got.iter().collect::<Vec<_>>(), [0, 1, 3, 4]);
    }

    #[test]
    fn threads_are_as_many_as_may_be_and_end_with_the_work() {
        let workers = Workers::new("test", 2);
        assert_eq!(workers.threads(), 0);
        for _ in 0..2 {
            let (release, gate) = bounded::<()>(0);
            let (started, running) = unbounded();
            for _ in 0..3 {
                let (gate, started) = (gate.clone(), started.clone());
                submit(&workers, move || {
                    started.send(()).unwrap();
                    let _ = gate.recv();
                });
            }
            running.recv().unwrap();
            running.recv().unwrap();
            assert_eq!(workers.threads(), 2);
            assert!(running.is_empty(), "the third waits");
            drop(release);
            running.recv().unwrap();
            until_threads(&workers, 0);
        }
    }

    #[test]
    fn the_queue_is_bounded_and_closes() {
        let workers = Workers::new("test", 1);
        let (release, gate) = bounded::<()>(0);
        let (started, running) = bounded::<()>(0);
        submit(&workers, move || {
            started.send(()).unwrap();
            let _ = gate.recv();
        });
        running.recv().unwrap();
        for _ in 0..QUEUED_MAX {
            submit(&workers, || panic!("it is forgotten"));
        }
        assert_eq!(workers.submit(CancelToken::new(), |_| {}), Err(NotTaken::Full));
        workers.shutdown();
        drop(release);
        assert_eq!(workers.submit(CancelToken::new(), |_| {}), Err(NotTaken::Closed));
        until_threads(&workers, 0);
    }
}
