//! The life of one folder, as two independent facts: what is being built, and what is served.
//!
//! A slot is told what happened and says what to do. It has no clock, no lock and no graph.

use std::time::Duration;

use super::changes::Changes;
use super::clock::Moment;
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
    },
    BackingOff {
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
            Building::BackingOff { until: Some(until) } if until <= now => Some(self.start(now)),
            _ => None,
        }
    }

    /// The next moment at which [`tick`](Self::tick) has something to do.
    pub fn next_tick(&self) -> Option<Moment> {
        match self.building {
            Building::BackingOff { until } => until,
            _ => None,
        }
    }

    /// Whether this build is the one whose result counts.
    pub fn is_current(&self, build: BuildId) -> bool {
        matches!(self.building, Building::Running { id, .. } if id == build)
    }

    /// The current build's graph is now served. The caller then asks [`follow_up`](Self::follow_up).
    pub fn published(&mut self, build: BuildId, now: Moment) -> u64 {
        debug_assert!(self.is_current(build));
        self.generation += 1;
        self.settle_fresh(now);
        self.generation
    }

    /// The current build found that what is served is still right.
    pub fn confirmed(&mut self, build: BuildId, now: Moment) {
        debug_assert!(self.is_current(build) && !matches!(self.served, Served::Nothing { .. }));
        self.settle_fresh(now);
    }

    /// The current build failed: what it took comes back, what was served goes stale.
    pub fn failed(&mut self, build: BuildId, failure: Failure, now: Moment) {
        let Building::Running { id, started, changes } =
            std::mem::replace(&mut self.building, Building::Idle)
        else {
            debug_assert!(false, "only a running build fails");
            return;
        };
        debug_assert_eq!(id, build);
        self.failures = self.failures.saturating_add(1);
        // A change that came meanwhile may have mended it: not to be waited for as long as a failure alone, but
        // long enough that a storm of changes does not become a storm of failing builds.
        let until = if self.pending.is_nothing() {
            next_try(failure.retry, self.failures, now)
        } else {
            Some(now.plus(RETRY_FIRST))
        };
        self.pending.merge(changes);
        self.building = Building::BackingOff { until };
        if let Served::Fresh { .. } = self.served {
            self.served = Served::Stale { last_good: started };
        }
        self.failure = Some(failure);
    }

    /// The build that the changes which came during the last one ask for.
    pub fn follow_up(&mut self, now: Moment) -> Option<Start> {
        (self.building == Building::Idle && !self.pending.is_nothing()).then(|| self.start(now))
    }

    /// The graph is dropped for memory; a running build no longer counts.
    pub fn evict(&mut self) {
        self.building = Building::Idle;
        self.served = Served::Nothing { evicted: true };
        self.pending = Changes::Nothing;
        self.failure = None;
        self.failures = 0;
    }

    /// The graph is dropped so that its own successor fits; the running build goes on.
    pub fn give_up_graph(&mut self) {
        self.served = Served::Nothing { evicted: false };
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
            (Building::BackingOff { .. }, _) => Lifecycle::Failed,
            (Building::Idle, Served::Nothing { evicted: true }) => Lifecycle::Evicted,
            (Building::Idle, Served::Nothing { evicted: false }) => Lifecycle::Unloaded,
            (Building::Idle, _) => Lifecycle::Loaded,
        }
    }

    /// Whether nothing is on its way: loaded, evicted, unloaded, or failed and waiting.
    pub fn is_settled(&self) -> bool {
        !self.is_building()
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

    /// Failures in a row.
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
        self.building = Building::Running { id, started: now, changes: changes.clone() };
        Start { id, changes }
    }

    fn settle_fresh(&mut self, now: Moment) {
        self.building = Building::Idle;
        self.served = Served::Fresh { since: now };
        self.failure = None;
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    const NO_CAP: AgeCap = AgeCap(None);

    fn failure(retry: Retry) -> Failure {
        Failure { cause: Cause::Build, message: "broken".into(), retry }
    }

    fn loaded() -> Slot {
        let mut slot = Slot::default();
        let start = slot.wanted(Moment(0)).unwrap();
        slot.published(start.id, Moment(1));
        slot
    }

    #[test]
    fn every_state_is_reached_by_its_transition() {
        let mut slot = Slot::default();
        assert_eq!(slot.lifecycle(), Lifecycle::Unloaded);
        let first = slot.wanted(Moment(0)).unwrap();
        assert_eq!((slot.lifecycle(), first.changes), (Lifecycle::Loading, Changes::Everything));
        assert_eq!(slot.wanted(Moment(0)), None, "a second request waits for the same build");
        assert_eq!(slot.published(first.id, Moment(1)), 1);
        assert_eq!(slot.lifecycle(), Lifecycle::Loaded);
        let second = slot.changed(Changes::path(Path::new("/a")), Moment(2)).unwrap();
        assert_eq!((slot.lifecycle(), slot.serve(Moment(2), NO_CAP)), (Lifecycle::Rebuilding, Serve::Fresh));
        slot.failed(second.id, failure(Retry::Backoff), Moment(3));
        assert_eq!(slot.lifecycle(), Lifecycle::Failed);
        let third = slot.tick(Moment(1_003)).unwrap();
        assert_eq!(third.changes, second.changes, "what a failed build took is not lost");
        assert_eq!((slot.lifecycle(), slot.is_stale()), (Lifecycle::Rebuilding, true));
        slot.confirmed(third.id, Moment(1_004));
        assert_eq!((slot.lifecycle(), slot.failure(), slot.generation()), (Lifecycle::Loaded, None, 1));
        slot.evict();
        assert_eq!(slot.lifecycle(), Lifecycle::Evicted);
        assert_eq!(slot.changed(Changes::Rescan, Moment(5)), None, "an evicted folder builds on demand");
        assert!(slot.wanted(Moment(6)).is_some());
    }

    #[test]
    fn a_storm_of_changes_is_one_more_build() {
        let mut slot = loaded();
        let build = slot.changed(Changes::path(Path::new("/a")), Moment(2)).unwrap();
        for i in 0..100 {
            assert_eq!(slot.changed(Changes::path(Path::new(&format!("/{i}"))), Moment(3)), None);
        }
        slot.published(build.id, Moment(4));
        let follow = slot.follow_up(Moment(4)).unwrap();
        assert!(matches!(follow.changes, Changes::Paths(paths) if paths.len() == 100));
        slot.published(follow.id, Moment(5));
        assert_eq!(slot.follow_up(Moment(5)), None);
    }

    #[test]
    fn an_evicted_build_does_not_count() {
        let mut slot = loaded();
        let build = slot.reload(Moment(2)).unwrap();
        slot.evict();
        assert!(!slot.is_current(build.id));
        let again = slot.wanted(Moment(3)).unwrap();
        assert!(slot.is_current(again.id) && !slot.is_current(build.id));
    }

    #[test]
    fn age_counts_from_the_first_failing_build_not_from_the_last_publish() {
        let mut slot = loaded();
        let day = 86_400_000;
        let build = slot.changed(Changes::Rescan, Moment(3 * day)).unwrap();
        slot.failed(build.id, failure(Retry::OnChange), Moment(3 * day + 5));
        let cap = AgeCap(Some(Duration::from_millis(day)));
        assert!(matches!(slot.serve(Moment(3 * day + 6), cap), Serve::Stale { .. }));
        let again = slot.changed(Changes::Rescan, Moment(4 * day)).unwrap();
        slot.failed(again.id, failure(Retry::OnChange), Moment(4 * day));
        assert!(matches!(slot.serve(Moment(4 * day + 1), cap), Serve::Expired { .. }));
        assert!(matches!(slot.serve(Moment(40 * day), NO_CAP), Serve::Stale { .. }));
    }

    #[test]
    fn a_failure_without_a_graph_says_failed_until_something_changes() {
        let mut slot = Slot::default();
        let build = slot.wanted(Moment(0)).unwrap();
        slot.failed(build.id, failure(Retry::OnChange), Moment(1));
        assert_eq!((slot.serve(Moment(2), NO_CAP), slot.next_tick()), (Serve::Failed, None));
        assert_eq!(slot.wanted(Moment(3)), None);
        assert!(slot.changed(Changes::path(Path::new("/a")), Moment(4)).is_some());
    }

    #[derive(Clone, Debug)]
    enum Event {
        Wanted,
        Changed,
        Rescan,
        Reload,
        Tick(u64),
        Publish { late: bool },
        Confirm,
        Fail { retry: bool },
        Evict,
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            2 => Just(Event::Wanted),
            4 => Just(Event::Changed),
            1 => Just(Event::Rescan),
            1 => Just(Event::Reload),
            2 => (0u64..400_000).prop_map(Event::Tick),
            3 => any::<bool>().prop_map(|late| Event::Publish { late }),
            2 => Just(Event::Confirm),
            2 => any::<bool>().prop_map(|retry| Event::Fail { retry }),
            1 => Just(Event::Evict),
        ]
    }

    /// The model: a build is a number with the list of changes it will reflect; a change is a number that is
    /// outstanding until a build that took it is published. It knows nothing of the slot's enums.
    #[derive(Default)]
    struct Model {
        changes: usize,
        outstanding: BTreeSet<PathBuf>,
        /// The running build: its id and what was outstanding when it started (None: it reads everything).
        running: Option<(BuildId, Option<BTreeSet<PathBuf>>)>,
        discarded: Vec<BuildId>,
        has_graph: bool,
        failed: bool,
        generation: u64,
    }

    impl Model {
        fn started(&mut self, start: Option<Start>) {
            let Some(start) = start else { return };
            assert!(self.running.is_none(), "two builds at once");
            let took = match start.changes {
                Changes::Paths(paths) => {
                    assert!(self.outstanding.is_subset(&paths), "a change was lost");
                    Some(paths)
                }
                Changes::Rescan | Changes::Everything => None,
                Changes::Nothing => panic!("a build without a reason"),
            };
            assert!(self.has_graph || took.is_none(), "nothing to update");
            self.running = Some((start.id, took));
            self.failed = false;
        }

        fn reflected(&mut self) {
            // Changes that came during the build were put into `outstanding` again after `since_start` was cleared.
            self.running = None;
            self.failed = false;
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]
        #[test]
        fn no_change_is_lost_and_only_the_current_build_counts(events in prop::collection::vec(event(), 1..120)) {
            let mut slot = Slot::default();
            let mut model = Model::default();
            let mut now = Moment(0);
            // Changes seen since the running build started.
            let mut since_start: BTreeSet<PathBuf> = BTreeSet::new();
            for event in events {
                let was_running = model.running.is_some();
                match event {
                    Event::Wanted => {
                        let start = slot.wanted(now);
                        prop_assert_eq!(start.is_some(), !was_running && !model.has_graph && !model.failed);
                        model.started(start);
                    }
                    Event::Changed | Event::Rescan => {
                        model.changes += 1;
                        let path = PathBuf::from(format!("/{}", model.changes));
                        let lives = was_running || model.has_graph || model.failed;
                        let changes = match event {
                            Event::Rescan => Changes::Rescan,
                            _ => {
                                if lives { model.outstanding.insert(path.clone()); since_start.insert(path.clone()); }
                                Changes::path(&path)
                            }
                        };
                        let start = slot.changed(changes, now);
                        prop_assert_eq!(start.is_some(), lives && !was_running);
                        model.started(start);
                    }
                    Event::Reload => {
                        let start = slot.reload(now);
                        prop_assert_eq!(start.is_some(), !was_running);
                        model.started(start);
                    }
                    Event::Tick(ms) => {
                        now = Moment(now.0 + ms);
                        let due = slot.next_tick().is_some_and(|t| t <= now);
                        let start = slot.tick(now);
                        prop_assert_eq!(start.is_some(), due);
                        prop_assert!(!due || model.failed, "only failures are retried");
                        model.started(start);
                    }
                    Event::Publish { late: true } => {
                        prop_assert!(model.discarded.iter().all(|b| !slot.is_current(*b)));
                    }
                    Event::Publish { late: false } => if let Some((id, _)) = model.running.clone() {
                        prop_assert!(slot.is_current(id));
                        model.generation += 1;
                        prop_assert_eq!(slot.published(id, now), model.generation);
                        model.has_graph = true;
                        model.outstanding = since_start.clone();
                        model.discarded.push(id);
                        model.reflected();
                        model.started(slot.follow_up(now));
                        prop_assert!(model.running.is_some() || model.outstanding.is_empty());
                    },
                    Event::Confirm => if let Some((id, _)) = model.running.clone() && model.has_graph {
                        slot.confirmed(id, now);
                        model.outstanding = since_start.clone();
                        model.discarded.push(id);
                        model.reflected();
                        model.started(slot.follow_up(now));
                    },
                    Event::Fail { retry } => if let Some((id, _)) = model.running.take() {
                        let retry = if retry { Retry::Backoff } else { Retry::OnChange };
                        slot.failed(id, failure(retry), now);
                        model.discarded.push(id);
                        model.failed = true;
                        prop_assert_eq!(slot.follow_up(now), None);
                        if retry == Retry::Backoff || !since_start.is_empty() {
                            prop_assert!(slot.next_tick().is_some_and(|t| t > now));
                        }
                    },
                    Event::Evict => {
                        if let Some((id, _)) = model.running.take() { model.discarded.push(id); }
                        slot.evict();
                        model.has_graph = false;
                        model.failed = false;
                        model.outstanding.clear();
                    }
                }
                if model.running.is_some() != was_running || matches!(event, Event::Publish { .. } | Event::Confirm) {
                    since_start.clear();
                }
                prop_assert_eq!(slot.is_building(), model.running.is_some());
                prop_assert_eq!(slot.is_serving(), model.has_graph);
                prop_assert_eq!(slot.generation(), model.generation);
                let serve = slot.serve(now, NO_CAP);
                match (model.has_graph, model.failed) {
                    (true, _) => {
                        let answers = matches!(serve, Serve::Fresh | Serve::Stale { .. });
                        prop_assert!(answers);
                    }
                    (false, true) => prop_assert_eq!(serve, Serve::Failed),
                    (false, false) => prop_assert_eq!(serve, Serve::Wait),
                }
                let expected = match (model.running.is_some(), model.has_graph, model.failed) {
                    (true, false, _) => &[Lifecycle::Loading][..],
                    (true, true, _) => &[Lifecycle::Rebuilding],
                    (false, _, true) => &[Lifecycle::Failed],
                    (false, true, false) => &[Lifecycle::Loaded],
                    (false, false, false) => &[Lifecycle::Unloaded, Lifecycle::Evicted],
                };
                prop_assert!(expected.contains(&slot.lifecycle()));
            }
        }
    }
}
