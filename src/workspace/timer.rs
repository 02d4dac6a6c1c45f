//! One thread that runs small things when their time has come.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use super::sync::{Condvar, Mutex};

type Task = Box<dyn FnOnce() + Send>;

/// A handle of the timer; the thread ends when the last one is dropped or at [`shutdown`](Timer::shutdown).
#[derive(Clone)]
pub struct Timer(Arc<Handle>);

struct Handle(Arc<Queue>);

struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    due: BinaryHeap<Reverse<(Instant, u64)>>,
    tasks: std::collections::HashMap<u64, Task>,
    next: u64,
    closed: bool,
}

impl Timer {
    pub fn start() -> Timer {
        let queue = Arc::new(Queue { state: Mutex::default(), changed: Condvar::new() });
        let worker = Arc::clone(&queue);
        let spawned = thread::Builder::new().name("timer".to_owned()).spawn(move || worker.work());
        if let Err(error) = spawned {
            tracing::error!("cannot start the timer: {error}");
        }
        Timer(Arc::new(Handle(queue)))
    }

    /// Runs the task at the moment, or soon after. Tasks are short: they hand work on.
    pub fn at(&self, when: Instant, task: impl FnOnce() + Send + 'static) {
        let queue = &self.0.0;
        let mut state = queue.state.lock();
        if state.closed {
            return;
        }
        let id = state.next;
        state.next += 1;
        state.due.push(Reverse((when, id)));
        state.tasks.insert(id, Box::new(task));
        drop(state);
        queue.changed.notify_all();
    }

    /// Forgets everything that has not run yet.
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
            state.due.clear();
            std::mem::take(&mut state.tasks)
        };
        self.changed.notify_all();
        drop(forgotten);
    }

    fn work(&self) {
        while let Some(task) = self.next() {
            if catch_unwind(AssertUnwindSafe(task)).is_err() {
                tracing::error!("a timed task panicked");
            }
        }
    }

    fn next(&self) -> Option<Task> {
        let mut state = self.state.lock();
        loop {
            if state.closed {
                return None;
            }
            match state.due.peek().copied() {
                Some(Reverse((when, id))) if when <= Instant::now() => {
                    state.due.pop();
                    if let Some(task) = state.tasks.remove(&id) {
                        return Some(task);
                    }
                }
                Some(Reverse((when, _))) => {
                    self.changed.wait_until(&mut state, when);
                }
                None => self.changed.wait(&mut state),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn tasks_run_in_the_order_of_their_time_whatever_they_do() {
        let timer = Timer::start();
        let (sent, got) = crossbeam_channel::unbounded();
        let now = Instant::now();
        for ms in [30u64, 10, 20] {
            let sent = sent.clone();
            timer.at(now + Duration::from_millis(ms), move || {
                sent.send(ms).unwrap();
                assert!(ms != 10, "a task that goes wrong");
            });
        }
        drop(sent);
        assert_eq!(got.iter().collect::<Vec<_>>(), [10, 20, 30]);
        timer.shutdown();
    }
}
