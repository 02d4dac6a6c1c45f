//! How a request waits for its folder: without a thread, no longer than it may, and until it is cancelled.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::super::cancel::CancelToken;
use super::super::super::keeper::Served;
use super::super::super::pool::NotTaken;
use super::super::super::slot::Serve;
use super::super::super::staleness::{Verdict, judge};
use super::super::super::sync::Mutex;
use super::super::folder::Folder;
use super::super::libraries::Reach;
use super::super::resident::Resident;
use super::{Capture, Kind, Ready, Unavailable};

/// Whether there is something to answer from.
enum Look {
    Served(Arc<Served<Resident>>),
    /// There is, and soon there will be more.
    Reading(Arc<Served<Resident>>),
    Lone,
    Wait,
    Never(Unavailable),
}

/// What a request waits for.
enum Awaited {
    Folder,
    /// The folder could be answered from, and soon its dependencies can, too.
    Dependencies,
}

impl Capture {
    /// Waits on this thread until the folder can be answered from; see [`Capture::when_ready`] for waiting without
    /// one.
    pub fn wait(&self, deadline: Instant, cancel: &CancelToken) -> Result<Ready, Unavailable> {
        let (sent, woken) = crossbeam_channel::bounded::<()>(1);
        let waiting = Arc::new(());
        let by_cancel = sent.clone();
        cancel.on_cancel(move || {
            let _ = by_cancel.try_send(());
        });
        loop {
            let sent = sent.clone();
            let wake = move || {
                let _ = sent.try_send(());
            };
            let waiting = Arc::downgrade(&waiting);
            let look = self.look_or_listen(wake, move || waiting.strong_count() > 0);
            if cancel.is_cancelled() {
                return Err(self.cancelled());
            }
            let (until, served) = match look {
                Ok(Awaited::Folder) => (deadline, false),
                Ok(Awaited::Dependencies) => (self.awaited_until.unwrap_or(deadline), true),
                Err(look) => return self.ready(look),
            };
            // What is only waited for because there will be more is served all the same.
            if woken.recv_deadline(until).is_err() && !served {
                return Err(self.not_yet());
            }
        }
    }

    /// Runs the job on the pool once the folder can be answered from, or with the reason once it cannot, the wait is
    /// over or the token is cancelled. No thread waits meanwhile. The job runs exactly once, unless the manager is
    /// shut down.
    pub fn when_ready(
        self,
        wait: Duration,
        cancel: CancelToken,
        job: impl FnOnce(Result<Ready, Unavailable>, &CancelToken) + Send + 'static,
    ) {
        let deadline = Instant::now() + wait;
        let awaited_until = self.awaited_until;
        let timer = self.core.timer.clone();
        let request = Mutex::new(Some((self, Box::new(job) as Job)));
        let waiting = Arc::new(Waiting { request, cancel: cancel.clone(), deadline });
        if waiting.attempt() {
            // The token is a part of what waits, which the timer alone keeps until its time is up.
            let by_cancel = Arc::downgrade(&waiting);
            for until in [Some(deadline), awaited_until].into_iter().flatten() {
                let by_time = Arc::clone(&waiting);
                timer.at(until, move || {
                    by_time.attempt();
                });
            }
            cancel.on_cancel(move || {
                if let Some(waiting) = by_cancel.upgrade() {
                    waiting.attempt();
                }
            });
        }
    }

    /// Looks whether there is something to answer from. While there is not, but may be, the waker is called when it is
    /// worth another look and that is still wanted; `Err` with what was seen otherwise, and nobody is called.
    fn look_or_listen(
        &self,
        wake: impl FnOnce() + Send + 'static,
        is_wanted: impl Fn() -> bool + Send + 'static,
    ) -> Result<Awaited, Look> {
        let Some(folder) = &self.folder else { return Err(Look::Lone) };
        // Most requests find their folder there, and leave nothing behind that only its next change would take away.
        match self.look() {
            Look::Wait | Look::Reading(_) => {}
            seen => return Err(seen),
        }
        let changes = folder.on_change(wake, is_wanted);
        // What has happened before anybody listened is seen now.
        match self.look() {
            Look::Wait if changes => Ok(Awaited::Folder),
            Look::Reading(_) if changes => Ok(Awaited::Dependencies),
            seen => Err(seen),
        }
    }

    fn look(&self) -> Look {
        let Some(folder) = &self.folder else { return Look::Lone };
        let now = self.core.clock.now();
        let cap = self.core.settings_of(folder).stale_cap;
        if let Some(served) = folder.shelf.load() {
            let verdict = served.stale.as_ref().map(|s| (judge(s.last_good, now, cap), s));
            return match verdict {
                Some((Verdict::Expired { age }, stale)) => {
                    let (hours, error) = (age.as_secs_f64() / 3_600.0, &stale.error);
                    let message =
                        format!("the last good graph is {hours:.1} hours old, too old to answer: {error}");
                    Look::Never(self.unavailable(Kind::StaleExpired, true, message))
                }
                _ => self.reached(folder, served),
            };
        }
        match self.core.keeper.serve(folder.id, now, cap) {
            None => {
                Look::Never(self.unavailable(Kind::NotLoaded, false, "the folder has been closed".to_owned()))
            }
            Some(Serve::Failed) => Look::Never(self.failed(folder)),
            Some(Serve::Wait) if self.stays_away(folder) => {
                let message =
                    "the folder is evicted for memory; a request about one of its files brings it back";
                Look::Never(self.unavailable(Kind::Evicted, true, message.to_owned()))
            }
            // It may have been evicted since it was captured.
            Some(Serve::Wait) => {
                self.core.want(folder);
                Look::Wait
            }
            // Published between the two looks.
            Some(_) => folder.shelf.load().map_or(Look::Wait, Look::Served),
        }
    }

    /// Whether what is served is all that this is to wait for.
    fn reached(&self, folder: &Arc<Folder>, served: Arc<Served<Resident>>) -> Look {
        if self.reach != Reach::Dependencies || self.awaited_until.is_none_or(|until| Instant::now() >= until)
        {
            return Look::Served(served);
        }
        match self.libraries_awaited(folder, &served) {
            true => Look::Reading(served),
            false => Look::Served(served),
        }
    }

    pub(super) fn libraries_awaited(&self, folder: &Arc<Folder>, served: &Arc<Served<Resident>>) -> bool {
        let (capture, of) = (self.clone(), Arc::clone(served));
        self.core.libraries_awaited(folder, move || {
            let folder = capture.folder.as_ref()?;
            let budget = capture.core.documents.budget();
            of.graph.view(capture.placed(folder), |bytes| budget.charge(bytes)).ok()
        })
    }

    fn ready(&self, look: Look) -> Result<Ready, Unavailable> {
        match look {
            Look::Served(served) | Look::Reading(served) => self.in_folder(&served),
            Look::Lone => self.alone(),
            Look::Never(unavailable) => Err(unavailable),
            Look::Wait => Err(self.not_yet()),
        }
    }
}

type Job = Box<dyn FnOnce(Result<Ready, Unavailable>, &CancelToken) + Send>;

/// A request that waits for its folder.
struct Waiting {
    /// Taken by whoever hands the job to the pool.
    request: Mutex<Option<(Capture, Job)>>,
    cancel: CancelToken,
    deadline: Instant,
}

impl Waiting {
    /// Looks whether it is time; called whenever something has changed. `true` while it still waits.
    fn attempt(self: &Arc<Self>) -> bool {
        let Some(capture) = self.request.lock().as_ref().map(|(capture, _)| capture.clone()) else {
            return false;
        };
        if self.cancel.is_cancelled() {
            return self.run(Look::Wait);
        }
        let (waiting, wanted) = (Arc::downgrade(self), Arc::downgrade(self));
        let wake = move || {
            if let Some(waiting) = waiting.upgrade() {
                waiting.attempt();
            }
        };
        let look = capture.look_or_listen(wake, move || wanted.strong_count() > 0);
        match look {
            Ok(Awaited::Folder) if Instant::now() < self.deadline => true,
            Ok(Awaited::Folder) => self.run(Look::Wait),
            // It is looked at again when they have been read, or the time is up.
            Ok(Awaited::Dependencies) => true,
            Err(look) => self.run(look),
        }
    }

    /// Hands the job to the pool, once.
    fn run(&self, look: Look) -> bool {
        let Some((capture, job)) = self.request.lock().take() else { return false };
        let pool = capture.core.pool.clone();
        let busy = capture.unavailable(Kind::Busy, true, NotTaken::Full.to_string());
        let ending = capture.cancelled();
        let job = Arc::new(Mutex::new(Some(job)));
        let queued = Arc::clone(&job);
        let submitted = pool.submit(self.cancel.clone(), move |cancel| {
            let Some(job) = queued.lock().take() else { return };
            let outcome = if cancel.is_cancelled() { Err(capture.cancelled()) } else { capture.ready(look) };
            job(outcome, cancel);
        });
        if let Err(why) = submitted
            && let Some(job) = job.lock().take()
        {
            let unavailable = match why {
                NotTaken::Full | NotTaken::NoThread => busy,
                NotTaken::Closed => ending,
            };
            job(Err(unavailable), &self.cancel);
        }
        false
    }
}
