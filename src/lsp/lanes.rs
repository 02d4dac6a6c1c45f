//! One request after the other about the same document.
//!
//! A client may ask after every keystroke faster than answers can be made. Running all of that at once would parse
//! many versions of one text side by side; one lane per document keeps the order, and of versions that have been
//! replaced long ago it gives up the oldest.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::workspace::cancel::CancelToken;
use crate::workspace::pool::{NotTaken, Pool};
use crate::workspace::sync::Mutex;

/// Most requests that wait in one lane while the document goes on changing.
const WAITING_MAX: usize = 64;

/// What a request is told when its turn comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Go,
    /// The document has changed since, and there are too many to answer them all.
    Superseded,
    /// The pool does not take it.
    Refused(NotTaken),
}

type Job = Box<dyn FnOnce(Turn) + Send>;

/// A handle of all lanes.
#[derive(Clone, Default)]
pub struct Lanes(Arc<Mutex<HashMap<PathBuf, Lane>>>);

/// There is one as long as one of its requests runs.
#[derive(Default)]
struct Lane {
    waiting: VecDeque<Waiting>,
}

struct Waiting {
    /// The version that is asked about.
    version: Option<i32>,
    token: CancelToken,
    job: Job,
}

impl Lanes {
    /// Runs the job on the pool when those before it are done.
    pub fn enter(
        &self,
        pool: &Pool,
        path: &Path,
        version: Option<i32>,
        token: CancelToken,
        job: impl FnOnce(Turn) + Send + 'static,
    ) {
        let entry = Waiting { version, token, job: Box::new(job) };
        let (start, given_up) = {
            let mut lanes = self.0.lock();
            match lanes.get_mut(path) {
                None => {
                    lanes.insert(path.to_owned(), Lane::default());
                    (Some(entry), None)
                }
                Some(lane) => {
                    lane.waiting.push_back(entry);
                    (None, lane.give_up())
                }
            }
        };
        if let Some(old) = given_up {
            (old.job)(Turn::Superseded);
        }
        if let Some(entry) = start {
            self.start(pool, path.to_owned(), entry);
        }
    }

    fn start(&self, pool: &Pool, path: PathBuf, entry: Waiting) {
        let mut entry = Some(entry);
        while let Some(Waiting { token, job, .. }) = entry.take() {
            let (lanes, again, lane) = (self.clone(), pool.clone(), path.clone());
            let job = Arc::new(Mutex::new(Some(job)));
            let queued = Arc::clone(&job);
            let submitted = pool.submit(token, move |_| {
                // Goes on to the next however this one ends.
                let _next = Next { lanes, pool: again, path: lane };
                if let Some(job) = queued.lock().take() {
                    job(Turn::Go);
                }
            });
            if let Err(why) = submitted {
                if let Some(job) = job.lock().take() {
                    job(Turn::Refused(why));
                }
                entry = self.next(&path);
            }
        }
    }

    /// The next in the lane, which ends with its last.
    fn next(&self, path: &Path) -> Option<Waiting> {
        let mut lanes = self.0.lock();
        let next = lanes.get_mut(path)?.waiting.pop_front();
        if next.is_none() {
            lanes.remove(path);
        }
        next
    }
}

impl Lane {
    /// The oldest of a version other than the newest's, if there are too many.
    fn give_up(&mut self) -> Option<Waiting> {
        if self.waiting.len() <= WAITING_MAX {
            return None;
        }
        let newest = self.waiting.back()?.version;
        let old = self.waiting.iter().position(|w| w.version != newest)?;
        self.waiting.remove(old)
    }
}

struct Next {
    lanes: Lanes,
    pool: Pool,
    path: PathBuf,
}

impl Drop for Next {
    fn drop(&mut self) {
        if let Some(next) = self.lanes.next(&self.path) {
            self.lanes.start(&self.pool, std::mem::take(&mut self.path), next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::{bounded, unbounded};

    #[test]
    fn requests_keep_their_order_and_old_versions_are_given_up() {
        let (lanes, pool) = (Lanes::default(), Pool::new(1, 4));
        let (open, gate) = bounded::<()>(0);
        let (sent, got) = unbounded();
        let path = Path::new("/a");
        lanes.enter(&pool, path, Some(0), CancelToken::new(), move |_| gate.recv().unwrap());
        for i in 0..WAITING_MAX as i32 + 2 {
            let sent = sent.clone();
            lanes.enter(&pool, path, Some(i / 2), CancelToken::new(), move |turn| {
                assert!(i != 5, "one that goes wrong");
                sent.send((i, turn)).unwrap();
            });
        }
        open.send(()).unwrap();
        drop(sent);
        let all: Vec<(i32, Turn)> = got.iter().collect();
        let superseded = [(0, Turn::Superseded), (1, Turn::Superseded)];
        let rest = (2..WAITING_MAX as i32 + 2).filter(|i| *i != 5).map(|i| (i, Turn::Go));
        assert_eq!(all, superseded.into_iter().chain(rest).collect::<Vec<_>>());
    }

    #[test]
    fn requests_about_the_same_version_are_all_answered() {
        let (lanes, pool) = (Lanes::default(), Pool::new(1, 4));
        let (sent, got) = unbounded();
        for _ in 0..3 * WAITING_MAX {
            let sent = sent.clone();
            lanes.enter(&pool, Path::new("/a"), None, CancelToken::new(), move |turn| {
                sent.send(turn).unwrap();
            });
        }
        drop(sent);
        assert_eq!(got.iter().filter(|turn| *turn == Turn::Go).count(), 3 * WAITING_MAX);
    }

    #[test]
    fn lanes_do_not_wait_for_each_other_and_end_with_their_requests() {
        let (lanes, pool) = (Lanes::default(), Pool::new(1, 4));
        let (open, gate) = bounded::<()>(0);
        let (sent, got) = bounded(1);
        lanes.enter(&pool, Path::new("/a"), None, CancelToken::new(), move |_| gate.recv().unwrap());
        lanes.enter(&pool, Path::new("/b"), None, CancelToken::new(), move |turn| sent.send(turn).unwrap());
        assert_eq!(got.recv(), Ok(Turn::Go));
        open.send(()).unwrap();
        pool.shutdown();
        lanes.enter(&pool, Path::new("/c"), None, CancelToken::new(), |turn| {
            assert_eq!(turn, Turn::Refused(NotTaken::Closed));
        });
        assert!(!lanes.0.lock().contains_key(Path::new("/c")));
    }
}
