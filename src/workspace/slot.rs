//! The life of one folder, as two independent facts: what is being built, and what is served.
//!
//! A slot is told what happened and says what to do. It has no clock, no lock and no graph.

use std::time::Duration;

use super::changes::Changes;
use super::clock::Moment;
use super::fault::{Fault, injected};
use super::retry::{RETRY_FIRST, Retry, next_try};
use super::staleness::{AgeCap, Verdict, judge};

/// A workspace folder, for as long as it is open; never given to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FolderId(pub u32);

/// One build of one folder; never given to another of that folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BuildId(pub u64);

/// The one word that status says of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lifecycle {
    /// Not open, or opened in this very step, which ends with a build that has been asked for: nobody who looks at an
    /// open folder from outside finds it so.
    Unloaded,
    Loading,
    Loaded,
    Rebuilding,
    Failed,
    Evicted,
}

impl Lifecycle {
    pub fn name(self) -> &'static str {
        match self {
            Lifecycle::Unloaded => "unloaded",
            Lifecycle::Loading => "loading",
            Lifecycle::Loaded => "loaded",
            Lifecycle::Rebuilding => "rebuilding",
            Lifecycle::Failed => "failed",
            Lifecycle::Evicted => "evicted",
        }
    }

    /// Whether nothing is on its way: loaded, evicted, or failed and waiting.
    pub fn is_at_rest(self) -> bool {
        matches!(self, Lifecycle::Loaded | Lifecycle::Failed | Lifecycle::Evicted)
    }
}

/// Why a build failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub cause: Cause,
    /// In words for the user.
    pub message: String,
    pub retry: Retry,
}

/// The kinds of failure that a client can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The folder cannot be read, or the builder went wrong.
    Build,
    /// The budget does not allow it.
    Memory,
}

/// What a build has left out although it came to its end. What it made is right as far as it goes and is served as such;
/// the rest is looked at again, as after a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    pub changes: Changes,
    pub why: Failure,
}

/// A build that is to start now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    pub id: BuildId,
    /// What it has to look at; everything if nothing is served.
    pub changes: Changes,
}

/// Whether the folder answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Serve {
    Fresh,
    Stale {
        age: Duration,
        last_good: Moment,
    },
    Expired {
        age: Duration,
    },
    Failed,
    /// Not yet; a build is running or can be asked for.
    Wait,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Building {
    Idle,
    Running {
        id: BuildId,
        started: Moment,
        /// What it took; comes back if it fails.
        changes: Changes,
        /// It has a thread, rather than waiting for one.
        begun: bool,
    },
    BackingOff {
        since: Moment,
        until: Option<Moment>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Served {
    Nothing { evicted: bool },
    Fresh { since: Moment },
    Stale { last_good: Moment },
}

/// The state machine of one folder.
#[derive(Clone, Debug)]
pub struct Slot {
    building: Building,
    served: Served,
    /// What came up since the running build started; that build is followed by another.
    pending: Changes,
    failure: Option<Failure>,
    /// Why what is served is not all, if a build has left something out.
    owed: Option<Failure>,
    /// Builds in a row that have failed or left something out.
    failures: u32,
    generation: u64,
    builds: u64,
}

impl Default for Slot {
    fn default() -> Self {
        Slot {
            building: Building::Idle,
            served: Served::Nothing { evicted: false },
            pending: Changes::Nothing,
            failure: None,
            owed: None,
            failures: 0,
            generation: 0,
            builds: 0,
        }
    }
}

impl Slot {
    /// Somebody wants answers: builds if there is nothing to serve and nothing on its way.
    pub fn wanted(&mut self, now: Moment) -> Option<Start> {
        match (&self.building, self.served) {
            (Building::Idle, Served::Nothing { .. }) => Some(self.start(now)),
            _ => None,
        }
    }

    /// Something on disk may have changed. An evicted or never loaded folder reads all of it when it is wanted.
    pub fn changed(&mut self, changes: Changes, now: Moment) -> Option<Start> {
        if changes.is_nothing() {
            return None;
        }
        let absent = matches!(self.served, Served::Nothing { .. });
        if absent && self.building == Building::Idle {
            return None;
        }
        self.pending.merge(changes);
        self.start_unless_running(now)
    }

    /// The user wants everything read again.
    pub fn reload(&mut self, now: Moment) -> Option<Start> {
        self.pending.merge(Changes::Everything);
        self.start_unless_running(now)
    }

    /// The clock has moved: tries again if the wait after a failure is over.
    pub fn tick(&mut self, now: Moment) -> Option<Start> {
        match self.building {
            Building::BackingOff { until: Some(until), .. } if until <= now => Some(self.start(now)),
            _ => None,
        }
    }

    /// A reader has let go of memory: a build that has failed for want of it is tried again now, but no sooner after the
    /// failure than after any first one, since readers may let go a little at a time. What is merely owed keeps its time,
    /// however often readers let go: there are answers meanwhile, and each try looks at the folder again.
    pub fn memory_came_back(&mut self, now: Moment) -> Option<Start> {
        let lacking = |f: &Failure| f.cause == Cause::Memory && f.retry == Retry::Backoff;
        let (since, until) = match &mut self.building {
            Building::BackingOff { since, until: Some(until) } => (*since, until),
            Building::Running { .. } if injected(Fault::StartedTwice) => return Some(self.start(now)),
            _ => return None,
        };
        match (&self.failure, &self.owed) {
            (Some(failure), _) if lacking(failure) => *until = (*until).min(since.plus(RETRY_FIRST)),
            (None, Some(owed)) if lacking(owed) => {}
            _ => return None,
        }
        self.tick(now)
    }

    /// The next moment at which [`tick`](Self::tick) has something to do.
    pub fn next_tick(&self) -> Option<Moment> {
        match self.building {
            Building::BackingOff { until, .. } => until,
            _ => None,
        }
    }

    /// The build whose result counts.
    pub fn building(&self) -> Option<BuildId> {
        match self.building {
            Building::Running { id, .. } => Some(id),
            _ => None,
        }
    }

    /// Whether this build is the one whose result counts.
    pub fn is_current(&self, build: BuildId) -> bool {
        self.building() == Some(build)
    }

    /// The current build's graph is now served. The caller then asks [`follow_up`](Self::follow_up).
    pub fn published(&mut self, build: BuildId, owed: Option<Owed>, now: Moment) -> u64 {
        debug_assert!(self.is_current(build));
        self.generation += 1;
        self.settle(owed, now);
        self.generation
    }

    /// The current build found that what is served is still right, but for what it owes.
    pub fn confirmed(&mut self, build: BuildId, owed: Option<Owed>, now: Moment) {
        debug_assert!(self.is_current(build) && !matches!(self.served, Served::Nothing { .. }));
        self.settle(owed, now);
    }

    /// The current build failed: what it took comes back, what was served goes stale.
    pub fn failed(&mut self, build: BuildId, failure: Failure, now: Moment) {
        let Building::Running { id, started, changes, .. } =
            std::mem::replace(&mut self.building, Building::Idle)
        else {
            debug_assert!(false, "only a running build fails");
            return;
        };
        debug_assert_eq!(id, build);
        if let Served::Fresh { .. } = self.served {
            self.served = Served::Stale { last_good: started };
        }
        self.back_off(changes, failure.retry, now);
        self.failure = Some(failure);
    }

    /// The build that the changes which came during the last one ask for.
    pub fn follow_up(&mut self, now: Moment) -> Option<Start> {
        let more = !self.pending.is_nothing() && !injected(Fault::NoFollowUp);
        (more && self.building == Building::Idle).then(|| self.start(now))
    }

    /// The graph is dropped for memory; a running build no longer counts.
    pub fn evict(&mut self) {
        self.building = Building::Idle;
        self.served = Served::Nothing { evicted: true };
        self.pending = Changes::Nothing;
        self.failure = None;
        self.owed = None;
        self.failures = 0;
    }

    /// The graph is dropped so that its own successor fits; the running build goes on.
    pub fn give_up_graph(&mut self) {
        self.served = Served::Nothing { evicted: false };
        self.owed = None;
    }

    pub fn serve(&self, now: Moment, cap: AgeCap) -> Serve {
        match (self.served, &self.building) {
            (Served::Fresh { .. }, _) => Serve::Fresh,
            (Served::Stale { last_good }, _) => match judge(last_good, now, cap) {
                Verdict::Serve { age } => Serve::Stale { age, last_good },
                Verdict::Expired { age } => Serve::Expired { age },
            },
            (Served::Nothing { .. }, Building::BackingOff { .. }) => Serve::Failed,
            (Served::Nothing { .. }, _) => Serve::Wait,
        }
    }

    pub fn lifecycle(&self) -> Lifecycle {
        match (&self.building, self.served) {
            (Building::Running { .. }, Served::Nothing { .. }) => Lifecycle::Loading,
            (Building::Running { .. }, _) => Lifecycle::Rebuilding,
            // What is owed is waited for; nothing is wrong with what is there.
            (Building::BackingOff { .. }, Served::Fresh { .. }) => Lifecycle::Loaded,
            (Building::BackingOff { .. }, _) => Lifecycle::Failed,
            (Building::Idle, Served::Nothing { evicted: true }) => Lifecycle::Evicted,
            (Building::Idle, Served::Nothing { evicted: false }) => Lifecycle::Unloaded,
            (Building::Idle, _) => Lifecycle::Loaded,
        }
    }

    /// The build has got a thread, and ends by itself from now on. `false` if it no longer counts.
    pub fn begin(&mut self, build: BuildId) -> bool {
        match &mut self.building {
            Building::Running { id, begun, .. } if *id == build => {
                *begun = true;
                true
            }
            _ => false,
        }
    }

    /// Whether a build has begun and not ended. What only waits for a thread ends when others have, and they may wait for
    /// the memory of its folder.
    pub fn is_at_work(&self) -> bool {
        matches!(self.building, Building::Running { begun: true, .. })
    }

    pub fn is_building(&self) -> bool {
        matches!(self.building, Building::Running { .. })
    }

    pub fn is_serving(&self) -> bool {
        !matches!(self.served, Served::Nothing { .. })
    }

    pub fn is_stale(&self) -> bool {
        matches!(self.served, Served::Stale { .. })
    }

    /// When what is served was last known to be right.
    pub fn last_good(&self) -> Option<Moment> {
        match self.served {
            Served::Nothing { .. } => None,
            Served::Fresh { since } => Some(since),
            Served::Stale { last_good } => Some(last_good),
        }
    }

    /// The last build's failure; none once the folder is fresh again.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Why what is served is not all of the folder, if the build that made it has left something out.
    pub fn owed(&self) -> Option<&Failure> {
        self.owed.as_ref()
    }

    /// Builds in a row that have failed or left something out.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The number of the graph that is or was served last.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    fn start_unless_running(&mut self, now: Moment) -> Option<Start> {
        (!self.is_building()).then(|| self.start(now))
    }

    fn start(&mut self, now: Moment) -> Start {
        self.builds += 1;
        let id = BuildId(self.builds);
        let mut changes = self.pending.take();
        if !self.is_serving() {
            changes = Changes::Everything;
        }
        self.building = Building::Running { id, started: now, changes: changes.clone(), begun: false };
        Start { id, changes }
    }

    /// Waits for the next try, which takes on what this one has left.
    fn back_off(&mut self, left: Changes, retry: Retry, now: Moment) {
        self.failures = self.failures.saturating_add(1);
        // A change that came meanwhile may have mended it: not to be waited for as long as a failure alone, but
        // long enough that a storm of changes does not become a storm of failing builds.
        let until = if self.pending.is_nothing() || retry == Retry::OnRequest {
            next_try(retry, self.failures, now)
        } else {
            Some(now.plus(RETRY_FIRST))
        };
        if !injected(Fault::ChangesForgotten) {
            self.pending.merge(left);
        }
        self.building = Building::BackingOff { since: now, until };
    }

    fn settle(&mut self, owed: Option<Owed>, now: Moment) {
        self.served = Served::Fresh { since: now };
        self.failure = None;
        match owed {
            Some(Owed { changes, why }) => {
                self.back_off(changes, why.retry, now);
                self.owed = Some(why);
            }
            None => {
                self.building = Building::Idle;
                self.owed = None;
                self.failures = 0;
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
