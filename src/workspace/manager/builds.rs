//! Running builds: memory from the keeper, the graph to the keeper, and what became of it to everybody else.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::super::bounds::Bounds;
use super::super::build::{Base, BuildError, Built, Owing, Plan, Seen, build, is_asked, is_below, whole};
use super::super::cancel::CancelToken;
use super::super::changes::Changes;
use super::super::crew::{Crew, panic_message};
use super::super::degrade::{Means, has_grown};
use super::super::directory::Root;
use super::super::intake::Memory;
use super::super::keeper::{Ask, Charges, Cost, Finished, Keeper, Publication, Rejected, Unmet};
use super::super::ledger::{Account, Charge, Reservation};
use super::super::outdated::PLACES_MAX;
use super::super::read::{FolderTexts, read_file};
use super::super::retry::Retry;
use super::super::scan::Scope;
use super::super::slot::{BuildId, Cause, Failure, Owed, Start};
use super::super::status::{BuildTime, Watcher};
use super::core::Core;
use super::folder::Folder;
use super::observer::{Event, Severity};
use super::resident::{Resident, contents, paths_number};
use crate::graph::{FreezeError, Graph};
use crate::lang::modules::parent;

/// An estimate that was too low is doubled until it is as many times what it was.
const CAUTION_MAX: u32 = 16;
/// How long a build waits for readers to give memory back, and for other builds if they may wait for it too.
const PATIENCE: Duration = Duration::from_secs(10);
/// Of that, what is left at least to a build that has waited for its turn: what others have left on the heap goes back
/// soon after them.
const PATIENCE_LEFT: Duration = Duration::from_secs(1);
/// How long a build that has nothing yet waits for others to end: they are at work, and so many do not fit at once.
const TURN: Duration = Duration::from_secs(600);
/// A build that has been refused what it did not expect to need begins again, to wait for all of it at once.
const FRESH_STARTS_MAX: u32 = 1;
/// What a graph of less source than this takes is for the most part what any graph takes, and says nothing of what a
/// larger one would.
const TELLING_SOURCE_BYTES_MIN: u64 = 64 << 10;
/// A replaced graph that is held longer than this is worth a warning: some reader has forgotten it.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

/// A graph that has just been published, for those who do more with it.
#[derive(Clone)]
pub struct Published {
    pub folder: PathBuf,
    pub generation: u64,
    pub graph: Arc<Graph>,
}

/// A build that waits for a thread.
pub(super) struct Queued {
    folder: Arc<Folder>,
    start: Start,
    cancel: CancelToken,
    /// The folder's last use when it was queued.
    last_use: u64,
}

/// How a build ended.
enum End {
    Published(Publication),
    Confirmed(Option<Start>),
    Outdated,
}

/// Memory for one build, out of the keeper's budget.
struct Grant<'a> {
    keeper: &'a Keeper<Resident>,
    ask: Ask<'a>,
    reservation: Option<Reservation>,
    /// Holds the graph that has come back from disk and that is built upon.
    recalled: Option<Reservation>,
    /// What of it nobody has been told yet.
    cost: &'a mut Cost,
}

impl Grant<'_> {
    fn bytes(&self) -> u64 {
        self.reservation.iter().chain(&self.recalled).map(Reservation::bytes).sum()
    }

    /// The most that the build could have with all others gone.
    fn most(&self) -> u64 {
        match self.ask.own_may_go {
            true => self.keeper.attainable(self.ask.folder),
            false => self.keeper.attainable_beside_own(self.ask.folder),
        }
    }

    /// A refusal passes, unless the build could not have so much in all with all others gone. What is still on the heap
    /// after the build has waited that long, and no other build can have left there, will not go with them.
    fn for_good(&self, unmet: Unmet, needed: u64, waited_until: Instant) -> Unmet {
        let Unmet::Refused(refused) = unmet else { return unmet };
        let alone = refused.balance.reserved <= self.bytes();
        let stays = if alone && Instant::now() >= waited_until { refused.balance.heap } else { 0 };
        let limit = self.most().saturating_sub(stays);
        if needed > limit { Unmet::Never { needed, limit } } else { unmet }
    }

    fn take(&mut self) -> Option<Reservation> {
        let mut all = self.reservation.take()?;
        if let Some(recalled) = self.recalled.take() {
            all.absorb(recalled);
        }
        Some(all)
    }
}

/// A snapshot that a build stood on, by its size, and whether it was still right.
struct Stood {
    bytes: u64,
    /// Where it is: how often the cache had been moved.
    moves: u64,
    right: bool,
}

impl Memory for Grant<'_> {
    fn reserve(&mut self, wanted: u64, needed: u64, least: u64) -> Result<u64, Unmet> {
        // What is merely wanted is taken only if nobody has to go for it.
        let free = self.keeper.ledger().reserve(wanted).map_err(Unmet::Refused);
        let held = self.bytes();
        // Other builds end in time; readers may not, and the least that is needed is waited for below.
        let in_turn = Ask { held, bytes: needed, own_may_go: false, patience: Instant::now(), ..self.ask };
        let granted = match free.or_else(|_| self.keeper.reserve(in_turn, self.cost)) {
            Ok(granted) => granted,
            Err(Unmet::Outdated) => return Err(Unmet::Outdated),
            Err(_) => {
                // However long the turn took.
                let patience = self.ask.patience.max(Instant::now() + PATIENCE_LEFT);
                let ask = Ask { held, bytes: least, patience, ..self.ask };
                let granted = self.keeper.reserve(ask, self.cost);
                granted.map_err(|unmet| self.for_good(unmet, held.saturating_add(least), patience))?
            }
        };
        let bytes = granted.bytes();
        self.reservation = Some(granted);
        Ok(bytes)
    }

    fn grow_now(&mut self, more: u64) -> Result<(), Unmet> {
        let (all, limit, now) = (self.bytes(), self.most(), Instant::now());
        let needed = all.saturating_add(more);
        if needed > limit {
            return Err(Unmet::Never { needed, limit });
        }
        let Some(held) = &mut self.reservation else { return self.reserve(more, more, more).map(drop) };
        let ask = Ask { held: all, bytes: more, own_may_go: false, patience: now, turn: now, ..self.ask };
        self.keeper.grow(ask, self.cost, held)
    }

    fn grow(&mut self, more: u64) -> Result<(), Unmet> {
        let all = self.bytes();
        match &mut self.reservation {
            Some(held) => {
                let patience = Instant::now() + PATIENCE;
                let ask = Ask { held: all, bytes: more, patience, ..self.ask };
                let granted = self.keeper.grow(ask, self.cost, held);
                granted.map_err(|unmet| self.for_good(unmet, all.saturating_add(more), patience))
            }
            None => self.reserve(more, more, more).map(drop),
        }
    }

    fn shrink_to(&mut self, bytes: u64) {
        if let Some(held) = &mut self.reservation {
            held.shrink_to(bytes);
        }
    }
}

impl Core {
    /// Queues a build that the slot has asked for.
    pub(super) fn start(self: &Arc<Self>, folder: &Arc<Folder>, start: Option<Start>) {
        let Some(start) = start else { return };
        let cancel = CancelToken::new();
        folder.began(start.id, cancel.clone());
        // One that waits for memory is to look up.
        let ledger = self.keeper.ledger().clone();
        cancel.on_cancel(move || ledger.wake());
        self.told(folder);
        let (id, last_use) = (start.id, folder.shelf.last_use());
        let (folder_queued, cancel_queued) = (Arc::clone(folder), cancel.clone());
        self.queue.lock().push(Queued { folder: folder_queued, start, cancel: cancel_queued, last_use });
        let core = Arc::clone(self);
        if self.builders.submit(cancel, move |_| core.run_next()).is_err() {
            self.queue.lock().retain(|q| q.folder.id != folder.id || q.start.id != id);
            let message = "too many builds are waiting".to_owned();
            self.failed(folder, id, Failure { cause: Cause::Build, message, retry: Retry::Backoff });
            self.told(folder);
        }
    }

    /// Runs one of the queued builds: one whose folder has been asked for since it was queued, or else the oldest.
    fn run_next(self: &Arc<Self>) {
        let mut queue = self.queue.lock();
        let asked = queue.iter().enumerate().filter(|(_, q)| q.folder.shelf.last_use() > q.last_use);
        let next = asked.max_by_key(|(_, q)| q.folder.shelf.last_use()).map_or(0, |(at, _)| at);
        if next >= queue.len() {
            return;
        }
        let Queued { folder, start, cancel, .. } = queue.remove(next);
        drop(queue);
        self.run(&folder, start, &cancel);
    }

    /// One build from start to end, on a thread of the builders.
    fn run(self: &Arc<Self>, folder: &Arc<Folder>, start: Start, cancel: &CancelToken) {
        if !self.keeper.begin(folder.id, start.id) {
            folder.ended(start.id);
            return;
        }
        let before: Vec<Weak<Charge>> =
            folder.shelf.load().iter().flat_map(|s| s.charges().iter().map(Arc::downgrade)).collect();
        let id = start.id;
        let mut cost = Cost::default();
        let outcome = catch_unwind(AssertUnwindSafe(|| self.attempt(folder, start, cancel, &mut cost)));
        // Whoever has gone for a build is told, whatever became of it.
        self.evicted(&cost.evicted);
        folder.ended(id);
        let mut generation = None;
        let follow_up = match outcome {
            Ok(Ok(End::Published(publication))) => {
                generation = Some(publication.generation);
                publication.follow_up
            }
            Ok(Ok(End::Confirmed(follow_up))) => follow_up,
            Ok(Ok(End::Outdated) | Err(BuildError::Cancelled | BuildError::Memory(Unmet::Outdated))) => None,
            Ok(Err(error)) => {
                self.failed(folder, id, failure(&error));
                None
            }
            Err(panic) => {
                let message = format!("the build panicked: {}", panic_message(&*panic));
                folder.kept.distrust();
                self.failed(folder, id, Failure { cause: Cause::Build, message, retry: Retry::Backoff });
                None
            }
        };
        self.start(folder, follow_up);
        self.told(folder);
        if self.keeper.report(folder.id).is_none() {
            // It was closed while directories were still being entered.
            self.watch.forget(folder.id);
        }
        if let Some(generation) = generation {
            self.published(folder, generation, before);
        }
    }

    /// Ends the build that is under way. It counts as failed, and is not tried again before something changes.
    pub(super) fn cancel_build(self: &Arc<Self>, folder: &Arc<Folder>) {
        let message = "the build was cancelled".to_owned();
        let failure = Failure { cause: Cause::Build, message, retry: Retry::OnRequest };
        let Some(build) = self.keeper.fail_current(folder.id, failure.clone(), self.clock.now()) else {
            return;
        };
        self.say_failed(folder, &failure);
        // One that nobody here knows of yet has not begun, and will not.
        folder.cancel_build(|other| other == build);
        self.told(folder);
    }

    fn failed(self: &Arc<Self>, folder: &Arc<Folder>, build: BuildId, failure: Failure) {
        if self.keeper.fail(folder.id, build, failure.clone(), self.clock.now()) {
            self.schedule_retries();
        }
        self.say_failed(folder, &failure);
    }

    /// Once it is so: whoever reads of it may look.
    fn say_failed(&self, folder: &Folder, failure: &Failure) {
        tracing::warn!(folder = %folder.path.display(), "build failed: {}", failure.message);
    }

    fn attempt(
        self: &Arc<Self>,
        folder: &Arc<Folder>,
        start: Start,
        cancel: &CancelToken,
        cost: &mut Cost,
    ) -> Result<End, BuildError> {
        let settings = self.settings_of(folder);
        let mut changes = start.changes;
        let (mut caution, mut room_shown) = (1, u64::MAX);
        folder.details.lock().own_went = false;
        folder.look_around();
        self.journal(folder);
        self.watch_rules(folder);
        let (mut may_recall, mut fresh_starts) = (true, 0);
        let ratio_shown = Cell::default();
        let patience = Instant::now() + PATIENCE;
        loop {
            let began = Instant::now();
            let look_ns = now_ns();
            let mut base = self.base(folder).filter(|_| changes != Changes::Everything);
            // A look at some files says nothing of when the others were looked at.
            let looked_ns = match (&base, &changes) {
                (Some(base), Changes::Paths(_)) => base.looked_ns,
                _ => look_ns,
            };
            let mut grant = Grant {
                keeper: &self.keeper,
                ask: Ask {
                    folder: folder.id,
                    build: start.id,
                    bytes: 0,
                    own_may_go: base.is_none(),
                    patience,
                    turn: Instant::now() + TURN,
                    held: 0,
                    cancel,
                },
                reservation: None,
                recalled: None,
                cost: &mut *cost,
            };
            let mut changes_seen = changes.clone();
            let mut stood = None;
            if base.is_none()
                && std::mem::take(&mut may_recall)
                && let Some(recalled) = self.recall(folder, grant.ask)?
            {
                stood = Some(Stood { bytes: recalled.bytes, moves: recalled.moves, right: false });
                grant.recalled = Some(recalled.reservation);
                base = Some(recalled.base);
                changes_seen = Changes::Rescan;
            }
            let mut columns = base.as_ref().map(|b| Arc::clone(&b.graph));
            let (ratio, root, outdated) = {
                let details = folder.details.lock();
                (details.ratio, details.root, Arc::clone(&details.outdated))
            };
            let mut means = self.means(folder, caution, fresh_starts > 0);
            means.room = means.room.min(room_shown);
            let room = means.room;
            let bounds = Bounds::new(&folder.path, &[]);
            let before = |path: &str| columns.as_ref().and_then(|graph| whole(graph, path));
            let plan = Plan {
                scope: self.scope(folder),
                changes: changes_seen,
                base,
                root,
                outdated,
                crew: Crew {
                    threads: settings.build_threads,
                    first: 0,
                    permits: &self.permits,
                    quarantine: &folder.quarantine,
                    read: &|found, known, parser| {
                        read_file(
                            &bounds,
                            found,
                            known,
                            before,
                            settings.file_bytes_max,
                            parser,
                            cancel.flag(),
                        )
                    },
                    cancel,
                    progress: &|done, total| self.progress(folder, start.id, done, total),
                },
                stamps: Arc::clone(&folder.stamps.lock()),
                ratio,
                ratio_shown: &ratio_shown,
                entering: &mut |dir: &Path| self.entering(folder, dir),
                means,
                degraded: folder.shelf.load().and_then(|s| s.graph.degraded),
            };
            let built = build(plan, &mut grant);
            let told = std::mem::take(grant.cost);
            self.evicted(&told.evicted);
            folder.details.lock().own_went |= told.own_went;
            let mut built = match built {
                // Beside the graph that it was to be built upon there is no room; without it there may be. The one that
                // is served does not go for what others may give back.
                Err(BuildError::Memory(unmet @ (Unmet::Refused(_) | Unmet::Never { .. })))
                    if columns.is_some() && (stood.is_some() || matches!(unmet, Unmet::Never { .. })) =>
                {
                    changes = Changes::Everything;
                    continue;
                }
                Err(BuildError::Memory(Unmet::Refused(_) | Unmet::Never { .. }))
                    if ratio_shown.get() > ratio && fresh_starts < FRESH_STARTS_MAX =>
                {
                    fresh_starts += 1;
                    folder.details.lock().ratio = ratio_shown.get();
                    continue;
                }
                // It was chosen for more room than there is beside what stays on the heap.
                Err(BuildError::Memory(Unmet::Never { limit, .. }))
                    if room_shown == u64::MAX && limit < room =>
                {
                    room_shown = limit;
                    folder.details.lock().crowded = true;
                    continue;
                }
                // It was chosen by an estimate that was too low.
                Err(BuildError::Memory(Unmet::Never { .. })) if caution < CAUTION_MAX => {
                    caution *= 2;
                    continue;
                }
                built => built?,
            };
            if let Some(stood) = &mut stood
                && built.graph.is_none()
            {
                built.graph = columns.take().and_then(Arc::into_inner);
                stood.right = true;
            }
            if !built.same.is_empty() {
                let mut stamps = folder.stamps.lock();
                let stamps = Arc::make_mut(&mut stamps);
                built.same.iter().for_each(|(f, hash)| stamps.note(&f.path, f.mtime_ns, *hash, look_ns));
            }
            let shares = |graph: &Graph| columns.as_ref().is_some_and(|c| c.shares_columns(graph));
            let shared = built.graph.as_ref().is_some_and(shares);
            drop(columns);
            return self.finish(folder, start.id, built, shared, stood, looked_ns, began, grant);
        }
    }

    /// By what it is chosen what a folder has to do without. A choice that has been too large again and again is none:
    /// there is room for open documents then, and for no file.
    fn means(&self, folder: &Arc<Folder>, caution: u32, unusual: bool) -> Means {
        let documents = self.documents.all();
        let own = |path: &Path| self.owner(path).is_some_and(|f| f.id == folder.id);
        let open = documents.keys().filter(|path| folder.holds(path).is_some() && own(path));
        let near = open.filter_map(|path| Some(parent(&folder.relative(path)?).to_owned())).collect();
        let there = self.room(folder);
        let room = if caution < CAUTION_MAX { there } else { 0 };
        let mut details = folder.details.lock();
        details.room_seen = there;
        let known = folder.shelf.load().and_then(|served| served.graph.degraded);
        let grown = known.is_some_and(|known| has_grown(room, known.room, details.room_tried));
        drop(details);
        Means { room, grown, near, caution, unusual }
    }

    /// The graph to build upon: the one that is served.
    fn base(&self, folder: &Folder) -> Option<Base> {
        let served = folder.shelf.load()?;
        Some(Base { graph: Arc::clone(&served.graph.graph), looked_ns: served.graph.looked_ns })
    }

    #[expect(clippy::too_many_arguments, reason = "the results of one build, taken apart")]
    fn finish(
        self: &Arc<Self>,
        folder: &Arc<Folder>,
        build: BuildId,
        built: Built,
        shared: bool,
        stood: Option<Stood>,
        looked_ns: i64,
        began: Instant,
        mut grant: Grant<'_>,
    ) -> Result<End, BuildError> {
        let Built { graph, from_nothing, seen, files_read, same: _, source_bytes, degraded, owing } = built;
        let owed = owed(folder, owing, &seen.unread);
        let owes = owed.is_some();
        if seen.asked.is_none() {
            folder.details.lock().look = began.elapsed();
        }
        self.watch_only(folder, &seen);
        let now = self.clock.now();
        let root = |graph: &Graph| {
            let has_files = graph.file_count() > 0 || !seen.left_out.is_empty();
            Some(Root { directory: seen.root, has_files })
        };
        let Some(graph) = graph else {
            let mut details = folder.details.lock();
            details.saw(&seen);
            let served = folder.shelf.load();
            details.root = served.as_ref().and_then(|served| root(&served.graph.graph)).or(details.root);
            let outdated = Arc::clone(&details.outdated);
            drop(details);
            if !self.keeper.is_current(folder.id, build) {
                return Ok(End::Outdated);
            }
            if let Some(served) = served {
                served.graph.is_outdated_by(outdated);
            }
            // A folder that is at rest has nothing reserved.
            drop(grant);
            let follow_up = self.keeper.confirm(folder.id, build, owed, now);
            if owes {
                self.schedule_retries();
            }
            self.settled(folder, &seen, began);
            return Ok(End::Confirmed(follow_up));
        };
        let source_bytes_known = graph.totals().bytes;
        let heap = graph.heap_bytes() as u64;
        let beside = folder.heap_bytes(&seen);
        let own = graph.own_bytes() as u64 + beside;
        let (parts, shared) = match folder.shelf.load().filter(|_| shared) {
            Some(served) => (vec![own], Charges::from(&served.charges()[..1])),
            None => (vec![graph.shared_bytes() as u64, own], Charges::new()),
        };
        let needed: u64 = parts.iter().sum();
        let held = grant.bytes();
        if needed > held {
            let grown = grant.grow(needed - held);
            folder.details.lock().own_went |= grant.cost.own_went;
            grown?;
        }
        let Some(reservation) = grant.take() else { return Ok(End::Outdated) };
        let finished = Finished { folder: folder.id, build, reservation, parts, shared, owed };
        let bytes_max = self.settings_of(folder).file_bytes_max;
        let texts = Arc::new(FolderTexts { bounds: Bounds::new(&folder.path, &[]), bytes_max });
        let part = degraded.map(|_| paths_number(&graph));
        let is_served = folder.shelf.load().is_some();
        let (mut parts, own_went) = {
            let details = folder.details.lock();
            (details.parts, details.own_went)
        };
        // What has been evicted comes back by itself; who asks then is told.
        if (is_served || own_went) && parts.part.is_some() && parts.part != part {
            parts.replaced += 1;
        }
        parts.part = part;
        let contents = contents(&graph, degraded, seen.there, parts.replaced);
        let make = |charges| {
            // Here, so that whoever finds the new graph finds what is known of it.
            let mut details = folder.details.lock();
            details.saw(&seen);
            details.root = root(&graph);
            details.parts = parts;
            if from_nothing && degraded.is_some() {
                (details.room_tried, details.room_looked) = (details.room_seen, 0);
            }
            if degraded.is_none() {
                // Should there be less room again, what was tried before says nothing of what to try then.
                (details.room_tried, details.room_looked) = (0, 0);
                details.crowded = false;
            }
            details.high_water = details.high_water.max(heap + beside);
            let (wall, files_read) = (began.elapsed(), files_read as u64);
            details.build = Some(BuildTime { wall, files_read, from_snapshot: stood.is_some() });
            let source_bytes = if stood.is_some() { source_bytes_known } else { source_bytes };
            if (from_nothing || stood.is_some()) && source_bytes >= TELLING_SOURCE_BYTES_MIN {
                details.ratio = heap as f64 / source_bytes as f64;
            }
            let outdated = Arc::clone(&details.outdated);
            drop(details);
            let resident =
                Resident::new(graph, looked_ns, texts, charges, self.keeper.ledger(), degraded, contents);
            resident.is_outdated_by(outdated);
            Arc::new(resident)
        };
        match self.keeper.publish(finished, now, make) {
            Ok(publication) => {
                if owes {
                    self.schedule_retries();
                }
                self.settled(folder, &seen, began);
                if let Some(Stood { bytes, moves, right: true }) = stood {
                    // If it is elsewhere by now, the graph is written there like any other.
                    let _ = folder.kept.is_now(moves, publication.generation, looked_ns, bytes);
                }
                Ok(End::Published(publication))
            }
            Err(Rejected::Outdated) => Ok(End::Outdated),
            Err(Rejected::Refused(_, refused)) => Err(BuildError::Memory(Unmet::Refused(refused))),
        }
    }

    /// The folder's graph knows what was on disk when a build began, but for what that could not read.
    fn settled(self: &Arc<Self>, folder: &Folder, seen: &Seen, began: Instant) {
        let was_read = |path: &str| {
            is_asked(path, seen.asked.as_ref()) && !is_below(path, &seen.unread) && !seen.owed.contains(path)
        };
        self.settling.looked(began, |path| {
            self.owns(folder, path) && folder.relative(path).is_some_and(|path| was_read(&path))
        });
        if self.forget_closed() {
            self.documents_gave_back();
        }
    }

    /// After a publish: hooks, and an eye on the graph that was replaced.
    fn published(self: &Arc<Self>, folder: &Arc<Folder>, generation: u64, before: Vec<Weak<Charge>>) {
        folder.libraries.unlay();
        // Who is asked whether an evicted folder depends on another one goes by this.
        if self.folders().len() > 1 {
            let _ = self.leads_of(folder);
        }
        self.watch_drain(folder, before);
        tracing::info!(folder = %folder.path.display(), generation, "graph published");
        let Some(served) = folder.shelf.load().filter(|s| s.generation == generation) else { return };
        let published =
            Published { folder: folder.path.clone(), generation, graph: Arc::clone(&served.graph.graph) };
        drop(served);
        for hook in self.hooks() {
            hook(&published);
        }
    }

    /// Warns once if a replaced graph is still held when it should long be gone.
    pub(super) fn watch_drain(self: &Arc<Self>, folder: &Folder, charges: Vec<Weak<Charge>>) {
        if charges.iter().all(|c| c.strong_count() == 0) {
            return;
        }
        let (core, path) = (Arc::downgrade(self), folder.path.clone());
        self.timer.at(Instant::now() + DRAIN_TIMEOUT, move || {
            let held = charges.iter().filter_map(Weak::upgrade).filter(|c| c.account() == Account::Retained);
            let bytes: u64 = held.map(|c| c.bytes()).sum();
            if bytes > 0 && core.strong_count() > 0 {
                tracing::warn!(folder = %path.display(), bytes, "a replaced graph is still held by a reader");
            }
        });
    }

    /// What a scan of the folder goes by.
    pub(super) fn scope(&self, folder: &Folder) -> Scope {
        let settings = self.settings_of(folder);
        let all = self.folders();
        let inner = all.iter().filter(|f| f.path != folder.path && f.path.starts_with(&folder.path));
        Scope {
            root: folder.path.clone(),
            inner: inner.map(|f| f.path.clone()).collect(),
            excludes: settings.excludes.clone(),
            file_bytes_max: settings.file_bytes_max,
        }
    }

    pub(super) fn progress(&self, folder: &Folder, build: BuildId, done: usize, total: usize) {
        let percent = |done: usize| done * 100 / total.max(1);
        let mut details = folder.details.lock();
        let before = details.progress;
        // A later build has taken the place of this one.
        if before.is_some_and(|(of, ..)| of > build) {
            return;
        }
        details.progress = Some((build, done, total));
        drop(details);
        let before = before.filter(|(of, ..)| *of == build).map(|(_, done, _)| percent(done));
        if before != Some(percent(done)) && self.keeper.is_current(folder.id, build) {
            self.observer.event(Event::Progress { folder: folder.path.clone(), done, total });
        }
    }

    /// A directory is about to be read: from now on its changes are to be heard of.
    fn entering(self: &Arc<Self>, folder: &Arc<Folder>, dir: &Path) {
        if folder.details.lock().watcher != Watcher::Native {
            return;
        }
        if let Err(error) = self.watch.enter(folder.id, &folder.watched(dir)) {
            // A directory that went away in the meantime is no reason to give up.
            if dir.exists() {
                self.fall_back_to_polling(folder, &error.to_string());
            }
        }
    }

    pub(super) fn message(&self, severity: Severity, text: String) {
        match severity {
            Severity::Info => tracing::info!("{text}"),
            Severity::Warning => tracing::warn!("{text}"),
            Severity::Error => tracing::error!("{text}"),
        }
        self.observer.event(Event::Message(severity, text));
    }
}

/// What is said of files that memory was short for or that the disk did not give, and what the next build is to look at.
fn owed(folder: &Folder, owing: Option<Owing>, unread: &BTreeMap<String, String>) -> Option<Owed> {
    let and_others = |first: &str, all: usize| match all {
        1 => first.to_owned(),
        n => format!("{first} and {} others", n - 1),
    };
    let mut said = Vec::new();
    if let Some(Owing { paths, refused }) = &owing {
        let which = and_others(paths.first().map_or("", String::as_str), paths.len());
        said.push(format!("{which} cannot be read before memory comes back: {refused}"));
    }
    if let Some((first, why)) = unread.first_key_value() {
        let first = if first.is_empty() { "part of the folder" } else { first };
        said.push(format!("{} {why}", and_others(first, unread.len())));
    }
    if said.is_empty() {
        return None;
    }
    let message = said.join("; ");
    tracing::warn!(folder = %folder.path.display(), "build left out files: {message}");
    let cause = if owing.is_some() { Cause::Memory } else { Cause::Build };
    let paths = owing.iter().flat_map(|owing| &owing.paths).chain(unread.keys());
    let changes = match unread.len() > PLACES_MAX {
        // They are not told apart any more, so that only a look at all files tells that none is left.
        true => Changes::Rescan,
        false => paths.map(|path| folder.path.join(path)).collect(),
    };
    Some(Owed { changes, why: Failure { cause, message, retry: Retry::Backoff } })
}

fn failure(error: &BuildError) -> Failure {
    let (cause, retry) = match error {
        BuildError::Memory(Unmet::Never { .. }) => (Cause::Memory, Retry::OnChange),
        BuildError::Memory(_) => (Cause::Memory, Retry::Backoff),
        BuildError::Freeze(FreezeError::TooLarge) => (Cause::Build, Retry::OnChange),
        BuildError::Freeze(FreezeError::Memory(_)) => (Cause::Memory, Retry::Backoff),
        BuildError::Scan(_) | BuildError::Cancelled => (Cause::Build, Retry::Backoff),
    };
    Failure { cause, message: error.to_string(), retry }
}

/// Nanoseconds since the epoch, as file systems stamp files.
fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
