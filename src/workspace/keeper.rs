//! The protocol by which folders share the budget: reserve, publish, serve, evict.
//!
//! The keeper joins the [`Slot`] of every folder with the [`Ledger`] under one lock for decisions, and shelves what
//! is published where readers take it without a lock. It knows neither files nor threads nor what a graph is, so
//! that its protocol can be checked by itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

use smallvec::SmallVec;

use super::cancel::CancelToken;
use super::changes::Changes;
use super::clock::Moment;
use super::fault::{Fault, injected};
use super::ledger::{Charge, Ledger, Refused, Reservation};
use super::slot::{BuildId, Failure, FolderId, Lifecycle, Owed, Serve, Slot, Start};
use super::staleness::AgeCap;
use super::sync::{AtomicU64, Guard, Mutex, Ordering, Published};
use super::victims::{Candidate, Plan, plan};
use crate::lang::scratch::shared_bytes;

/// Plans in a row that come to nothing because their victims have got busy; more than a few are no coincidence.
const FRUITLESS_MAX: usize = 16;

/// What readers of a folder get: whole, immutable, theirs for as long as they hold it.
#[derive(Debug)]
pub struct Served<G> {
    pub graph: Arc<G>,
    pub generation: u64,
    /// When the build was published that made it.
    pub built: Moment,
    /// Set once a later build has failed.
    pub stale: Option<Stale>,
    /// What the last build has left out and why, if it is not all of the folder.
    pub owed: Option<Arc<str>>,
    /// The bytes of the graph; the graph holds them too, since a reader may keep it longer than this.
    charges: Charges,
}

/// The charges of one graph: its own, and those of parts that it shares with others.
pub type Charges = SmallVec<[Arc<Charge>; CHARGES]>;

/// Why and since when a graph is not known to be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    pub last_good: Moment,
    pub error: Arc<str>,
}

impl<G> Served<G> {
    pub fn bytes(&self) -> u64 {
        self.charges.iter().map(|c| c.bytes()).sum()
    }
    pub fn charges(&self) -> &Charges {
        &self.charges
    }
}

/// The place of one folder where readers look; it needs no lock.
#[derive(Debug)]
pub struct Shelf<G> {
    pub id: FolderId,
    served: Published<Served<G>>,
    last_use: AtomicU64,
}

impl<G> Shelf<G> {
    pub fn load(&self) -> Option<Arc<Served<G>>> {
        self.served.load()
    }
    /// The number of the folder's last use; a larger one is more recent.
    pub fn last_use(&self) -> u64 {
        self.last_use.load(Ordering::Relaxed)
    }
}

/// What is known of a folder besides its graph.
#[derive(Clone, Debug)]
pub struct Report {
    pub lifecycle: Lifecycle,
    /// The build whose result counts.
    pub building: Option<BuildId>,
    pub serving: bool,
    pub stale: bool,
    pub pinned: bool,
    pub generation: u64,
    pub last_good: Option<Moment>,
    pub failure: Option<Failure>,
    /// Why what is served is not all of the folder.
    pub owed: Option<Failure>,
    pub failures: u32,
}

/// A build's need of memory.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    pub folder: FolderId,
    pub build: BuildId,
    pub bytes: u64,
    /// The build does not stand on the folder's present graph, which may go if both do not fit.
    pub own_may_go: bool,
    /// How long to wait for readers, and for other builds if this one has reserved something already.
    pub patience: Instant,
    /// How long to wait for other builds if this one has reserved nothing, so that none of them waits for it.
    pub turn: Instant,
    /// What the build has reserved already.
    pub held: u64,
    pub cancel: &'a CancelToken,
}

/// What a reservation has cost the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    pub evicted: Vec<FolderId>,
    /// The folder's own graph went before its successor was there.
    pub own_went: bool,
}

/// Why there is no reservation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmet {
    /// The build no longer counts.
    #[error("superseded")]
    Outdated,
    #[error("it needs {needed} bytes, more than the whole budget of {limit}")]
    Never { needed: u64, limit: u64 },
    #[error(transparent)]
    Refused(Refused),
}

/// A build that has come to its end with a graph.
#[derive(Debug)]
pub struct Finished {
    pub folder: FolderId,
    pub build: BuildId,
    pub reservation: Reservation,
    /// Bytes of each new part of the graph.
    pub parts: Vec<u64>,
    /// Charges of the present graph for parts that the new one goes on using.
    pub shared: Charges,
    pub owed: Option<Owed>,
}

/// A finished build that is now served.
#[derive(Debug)]
pub struct Publication {
    pub generation: u64,
    /// The build that changes during this one ask for.
    pub follow_up: Option<Start>,
}

/// Why a finished build is not served.
#[derive(Debug)]
pub enum Rejected {
    /// The build no longer counts.
    Outdated,
    /// It is larger than was reserved, and the rest is not to be had.
    Refused(Reservation, Refused),
}

struct Entry<G> {
    slot: Slot,
    shelf: Arc<Shelf<G>>,
    pinned: bool,
    /// The charges of the graph that was given up last; of no one that readers have let go.
    given_up: SmallVec<[Weak<Charge>; CHARGES]>,
}

impl<G> Entry<G> {
    /// What the folder's eviction would set free.
    fn would_yield(&self) -> u64 {
        self.shelf.load().map_or(0, |s| s.bytes())
    }

    fn report(&self) -> Report {
        let Entry { slot, pinned, .. } = self;
        Report {
            lifecycle: slot.lifecycle(),
            building: slot.building(),
            serving: slot.is_serving(),
            stale: slot.is_stale(),
            pinned: *pinned,
            generation: slot.generation(),
            last_good: slot.last_good(),
            failure: slot.failure().cloned(),
            owed: slot.owed().cloned(),
            failures: slot.failures(),
        }
    }
}

/// Charges of a graph: of what it shares with those that follow it, and of its own.
const CHARGES: usize = 2;

/// Told of a folder before it is evicted so that a build can have its memory.
type Parting = Box<dyn Fn(FolderId) + Send + Sync>;

/// Gives up what is spared before any folder goes, as far as so many bytes are then free; `false` if there was nothing.
type Spare = Box<dyn Fn(u64) -> bool + Send + Sync>;

/// All folders and their budget.
pub struct Keeper<G> {
    ledger: Ledger,
    parting: Option<Parting>,
    spare: Option<Spare>,
    folders: Mutex<BTreeMap<FolderId, Entry<G>>>,
    uses: AtomicU64,
    /// Not zero while a build waits for others so that its reservation can grow.
    growing: AtomicU64,
}

type Folders<'a, G> = Guard<'a, BTreeMap<FolderId, Entry<G>>>;

impl<G> Keeper<G> {
    /// What a folder that is served takes on the heap here: its entry, its shelf, and what lies there with its charges.
    /// Nodes of the map are half full, since numbers of folders ascend; the ledger's table is so at worst.
    pub const FOLDER_BYTES: usize = 2 * size_of::<(FolderId, Entry<G>)>()
        + shared_bytes::<Shelf<G>>()
        + shared_bytes::<Served<G>>()
        + CHARGES * (shared_bytes::<Charge>() + 2 * Ledger::ENTRY_BYTES);

    pub fn new(limit: u64) -> Keeper<G> {
        let (folders, uses, growing) = (Mutex::default(), AtomicU64::new(1), AtomicU64::new(0));
        Keeper { ledger: Ledger::new(limit), parting: None, spare: None, folders, uses, growing }
    }

    /// Calls this before a folder goes for a build's memory, on the build's thread and outside every lock. It may take
    /// its time: the folder is still served.
    pub fn with_parting(mut self, parting: impl Fn(FolderId) + Send + Sync + 'static) -> Keeper<G> {
        self.parting = Some(Box::new(parting));
        self
    }

    /// Calls this when memory is short, before a folder is thought of; outside every lock of the keeper's.
    pub fn with_spare(mut self, spare: impl Fn(u64) -> bool + Send + Sync + 'static) -> Keeper<G> {
        self.spare = Some(Box::new(spare));
        self
    }

    fn spare(&self, bytes: u64) -> bool {
        self.spare.as_ref().is_some_and(|spare| spare(bytes))
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Opens a folder; the id must be new.
    pub fn add(&self, id: FolderId) -> Arc<Shelf<G>> {
        let shelf = Arc::new(Shelf { id, served: Published::default(), last_use: AtomicU64::new(0) });
        self.touch(&shelf);
        let entry = Entry {
            slot: Slot::default(),
            shelf: Arc::clone(&shelf),
            pinned: false,
            given_up: SmallVec::new(),
        };
        self.folders.lock().insert(id, entry);
        shelf
    }

    /// Closes a folder. A running build of it no longer counts.
    pub fn remove(&self, id: FolderId) {
        let mut folders = self.folders.lock();
        let Some(mut entry) = folders.remove(&id) else { return };
        let old = take(&mut entry);
        drop(folders);
        drop(old);
        self.ledger.wake();
    }

    /// The charges of the graph that the folder has given up last, as far as readers still hold it.
    pub fn given_up(&self, id: FolderId) -> Vec<Weak<Charge>> {
        let mut folders = self.folders.lock();
        folders.get_mut(&id).map(|entry| std::mem::take(&mut entry.given_up).into_vec()).unwrap_or_default()
    }

    /// Counts a use for the order of evictions.
    pub fn touch(&self, shelf: &Shelf<G>) {
        shelf.last_use.store(self.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
    }

    pub fn set_pinned(&self, id: FolderId, pinned: bool) -> bool {
        let mut folders = self.folders.lock();
        let entry = folders.get_mut(&id);
        entry.map(|e| e.pinned = pinned).is_some()
    }

    pub fn report(&self, id: FolderId) -> Option<Report> {
        Some(self.folders.lock().get(&id)?.report())
    }

    /// The same, with what is served at that moment.
    pub fn report_served(&self, id: FolderId) -> Option<(Report, Option<Arc<Served<G>>>)> {
        let folders = self.folders.lock();
        let entry = folders.get(&id)?;
        Some((entry.report(), entry.shelf.load()))
    }

    /// Whether the folder answers; `None` if it is not open.
    pub fn serve(&self, id: FolderId, now: Moment, cap: AgeCap) -> Option<Serve> {
        Some(self.folders.lock().get(&id)?.slot.serve(now, cap))
    }

    /// See [`Slot::wanted`].
    pub fn wanted(&self, id: FolderId, now: Moment) -> Option<Start> {
        self.folders.lock().get_mut(&id)?.slot.wanted(now)
    }

    /// See [`Slot::changed`].
    pub fn changed(&self, id: FolderId, changes: Changes, now: Moment) -> Option<Start> {
        self.folders.lock().get_mut(&id)?.slot.changed(changes, now)
    }

    /// See [`Slot::reload`].
    pub fn reload(&self, id: FolderId, now: Moment) -> Option<Start> {
        self.folders.lock().get_mut(&id)?.slot.reload(now)
    }

    /// The builds that are due by now, after failures.
    pub fn tick(&self, now: Moment) -> Vec<(FolderId, Start)> {
        let mut folders = self.folders.lock();
        folders.iter_mut().filter_map(|(id, e)| Some((*id, e.slot.tick(now)?))).collect()
    }

    /// See [`Slot::memory_came_back`].
    pub fn memory_came_back(&self, now: Moment) -> Vec<(FolderId, Start)> {
        let mut folders = self.folders.lock();
        folders.iter_mut().filter_map(|(id, e)| Some((*id, e.slot.memory_came_back(now)?))).collect()
    }

    /// When [`tick`](Self::tick) next has something to do.
    pub fn next_tick(&self) -> Option<Moment> {
        self.folders.lock().values().filter_map(|e| e.slot.next_tick()).min()
    }

    /// The most that the folder could have of the budget: all but what open documents and pinned folders keep.
    pub fn attainable(&self, id: FolderId) -> u64 {
        let folders = self.folders.lock();
        let pinned = folders.iter().filter(|(other, e)| **other != id && e.pinned);
        let kept: u64 = pinned.map(|(_, e)| e.would_yield()).sum();
        let balance = self.ledger.balance();
        balance.limit.saturating_sub(balance.documents).saturating_sub(kept)
    }

    /// The same for a build that stands on the folder's present graph.
    pub fn attainable_beside_own(&self, id: FolderId) -> u64 {
        let own = self.folders.lock().get(&id).map_or(0, Entry::would_yield);
        self.attainable(id).saturating_sub(own)
    }

    /// See [`Slot::begin`].
    pub fn begin(&self, id: FolderId, build: BuildId) -> bool {
        self.folders.lock().get_mut(&id).is_some_and(|e| e.slot.begin(build))
    }

    pub fn is_current(&self, id: FolderId, build: BuildId) -> bool {
        self.folders.lock().get(&id).is_some_and(|e| e.slot.is_current(build))
    }

    /// Reserves in three phases, again and again until it is granted or cannot be: whom to evict is planned under
    /// the lock, evictions are executed without it, and the grant is made under it.
    pub fn reserve(&self, ask: Ask<'_>, cost: &mut Cost) -> Result<Reservation, Unmet> {
        self.obtain(ask, cost, |ledger| ledger.reserve(ask.bytes))
    }

    /// Enlarges a reservation, evicting others if need be. Only one build at a time waits for others with this: two that
    /// wait for each other's bytes would wait for ever. The others are refused, and by that give back what they have.
    pub fn grow(&self, ask: Ask<'_>, cost: &mut Cost, reservation: &mut Reservation) -> Result<(), Unmet> {
        let at_once = Ask { patience: Instant::now(), ..ask };
        match self.obtain(at_once, cost, |_| reservation.grow(ask.bytes)) {
            Err(Unmet::Refused(refused)) => {
                let Some(_turn) = Turn::take(&self.growing) else { return Err(Unmet::Refused(refused)) };
                self.obtain(ask, cost, |_| reservation.grow(ask.bytes))
            }
            outcome => outcome,
        }
    }

    fn obtain<T>(
        &self,
        ask: Ask<'_>,
        cost: &mut Cost,
        mut grant: impl FnMut(&Ledger) -> Result<T, Refused>,
    ) -> Result<T, Unmet> {
        let mut fruitless = 0;
        let mut spared = self.spare.is_none();
        loop {
            let mut seen = self.ledger.releases();
            let folders = self.folders.lock();
            let current = folders.get(&ask.folder).filter(|e| e.slot.is_current(ask.build));
            let Some(own) = current else { return Err(Unmet::Outdated) };
            if ask.cancel.is_cancelled() {
                return Err(Unmet::Outdated);
            }
            let refused = match grant(&self.ledger) {
                Ok(granted) => return Ok(granted),
                Err(refused) => refused,
            };
            if !std::mem::replace(&mut spared, true) {
                drop(folders);
                self.spare(ask.bytes);
                continue;
            }
            let balance = refused.balance;
            if ask.bytes > balance.limit {
                return Err(Unmet::Never { needed: ask.bytes, limit: balance.limit });
            }
            let need = (balance.used().saturating_add(ask.bytes)).saturating_sub(balance.limit);
            match plan(&candidates(&folders), Some(ask.folder), need) {
                Ok(plan) => {
                    drop(folders);
                    let before = cost.evicted.len();
                    for victim in plan.victims {
                        if let Some(parting) = &self.parting {
                            parting(victim);
                        }
                        let idle = |e: &Entry<G>| !e.pinned && !e.slot.is_at_work();
                        if self.evict_if(victim, |e| idle(e) || injected(Fault::EvictUnchecked)) {
                            cost.evicted.push(victim);
                        }
                    }
                    // Victims that got busy between plan and eviction are planned around, but not for ever.
                    fruitless += usize::from(cost.evicted.len() == before);
                    if fruitless > FRUITLESS_MAX {
                        return Err(Unmet::Refused(refused));
                    }
                }
                Err(could) if ask.own_may_go && own.would_yield() >= need - could.min(need) => {
                    drop(folders);
                    cost.own_went |= self.give_up_own(ask.folder, ask.build);
                }
                Err(could) => {
                    let busy = if ask.held == 0 { busy(&folders, own) } else { 0 };
                    drop(folders);
                    if injected(Fault::CountedTooLate) {
                        seen = self.ledger.releases();
                    }
                    // Other builds will give back this much, and what they have on the heap with it, and leave graphs
                    // that may go; readers in time.
                    let builds = balance.reserved.saturating_sub(ask.held).saturating_add(busy);
                    let theirs = if builds > 0 { builds.saturating_add(balance.heap) } else { 0 };
                    let until = match could.saturating_add(theirs) >= need && ask.held == 0 {
                        true => ask.turn.max(ask.patience),
                        false => ask.patience,
                    };
                    let passing = builds.saturating_add(balance.retained).saturating_add(balance.heap);
                    if could.saturating_add(passing) < need || !self.ledger.wait_released(seen, until) {
                        return Err(Unmet::Refused(refused));
                    }
                }
            }
        }
    }

    /// Puts a finished build's graph before the readers, in one step with the check of build id and limit.
    ///
    /// `make` receives all charges of the new graph, the shared ones first, and is to keep them inside it.
    pub fn publish(
        &self,
        finished: Finished,
        now: Moment,
        make: impl FnOnce(Charges) -> Arc<G>,
    ) -> Result<Publication, Rejected> {
        let Finished { folder, build, reservation, parts, shared, owed } = finished;
        let mut folders = self.folders.lock();
        let counts = |e: &&mut Entry<G>| e.slot.is_current(build) || injected(Fault::PublishUnchecked);
        let Some(entry) = folders.get_mut(&folder).filter(counts) else {
            drop(folders);
            return Err(Rejected::Outdated);
        };
        let present = entry.shelf.load();
        let replaced = present.iter().flat_map(|s| &s.charges);
        let replaced: Vec<&Charge> =
            replaced.filter(|c| !shared.iter().any(|s| Arc::ptr_eq(s, c))).map(|c| &**c).collect();
        let own = match reservation.settle(&parts, &replaced) {
            Ok(own) => own,
            Err((reservation, refused)) => return Err(Rejected::Refused(reservation, refused)),
        };
        let mut charges = shared;
        charges.extend(own.into_iter().map(Arc::new));
        let still_served = StillServed(&replaced);
        let graph = make(charges.clone());
        std::mem::forget(still_served);
        let left_out = left_out_by(&owed);
        let generation = entry.slot.published(build, owed, now);
        let served = Served { graph, generation, built: now, stale: None, owed: left_out, charges };
        let old = entry.shelf.served.swap(Some(Arc::new(served)));
        let follow_up = entry.slot.follow_up(now);
        drop(folders);
        drop((old, present));
        Ok(Publication { generation, follow_up })
    }

    /// A build found that what is served is still right, but for what it owes.
    pub fn confirm(&self, id: FolderId, build: BuildId, owed: Option<Owed>, now: Moment) -> Option<Start> {
        let mut folders = self.folders.lock();
        let entry = folders.get_mut(&id).filter(|e| e.slot.is_current(build))?;
        let left_out = left_out_by(&owed);
        entry.slot.confirmed(build, owed, now);
        let old = mark(entry, |_| (None, left_out));
        let follow_up = entry.slot.follow_up(now);
        drop(folders);
        drop(old);
        self.ended();
        follow_up
    }

    /// A build failed; what is served, if anything, is stale from now on. `false` if the build no longer counts.
    pub fn fail(&self, id: FolderId, build: BuildId, failure: Failure, now: Moment) -> bool {
        self.fail_if(id, |current| current == build, failure, now).is_some()
    }

    /// The same of whichever build counts, and which that was.
    pub fn fail_current(&self, id: FolderId, failure: Failure, now: Moment) -> Option<BuildId> {
        self.fail_if(id, |_| true, failure, now)
    }

    fn fail_if(
        &self,
        id: FolderId,
        may: impl FnOnce(BuildId) -> bool,
        failure: Failure,
        now: Moment,
    ) -> Option<BuildId> {
        let mut folders = self.folders.lock();
        let entry = folders.get_mut(&id)?;
        let build = entry.slot.building().filter(|current| may(*current))?;
        let error: Arc<str> = failure.message.as_str().into();
        entry.slot.failed(build, failure, now);
        let stale = entry.slot.last_good().map(|last_good| Stale { last_good, error });
        let old = mark(entry, |served| (stale, served.owed.clone()));
        drop(folders);
        drop(old);
        self.ended();
        Some(build)
    }

    /// A build has come to its end, and its folder may go again.
    fn ended(&self) {
        if !injected(Fault::SilentEnd) {
            self.ledger.wake();
        }
    }

    /// Drops the folder's graph, whoever asks for it; a running build no longer counts. `false` if it is not open.
    pub fn evict(&self, id: FolderId) -> bool {
        self.evict_if(id, |_| true)
    }

    /// Evicts so that `bytes` more fit, and says who went: nobody if that would not be enough.
    pub fn make_room(&self, bytes: u64, requester: Option<FolderId>) -> Vec<FolderId> {
        if self.ledger.balance().available() < bytes {
            self.spare(bytes);
        }
        let balance = self.ledger.balance();
        let need = balance.used().saturating_add(bytes).saturating_sub(balance.limit);
        let plan = plan(&candidates(&self.folders.lock()), requester, need);
        self.evict_idle(plan.unwrap_or_default())
    }

    /// Evicts so that as much of `bytes` fits as can be had, and says who went: what is already taken is not refused.
    pub fn make_what_room_there_is(&self, bytes: u64) -> Vec<FolderId> {
        let balance = self.ledger.balance();
        let need = balance.used().saturating_add(bytes).saturating_sub(balance.limit);
        let candidates = candidates(&self.folders.lock());
        let plan = plan(&candidates, None, need).or_else(|most| plan(&candidates, None, most));
        self.evict_idle(plan.unwrap_or_default())
    }

    /// Those of the plan that are still idle go; says who.
    fn evict_idle(&self, plan: Plan) -> Vec<FolderId> {
        let mut gone = plan.victims;
        gone.retain(|victim| self.evict_if(*victim, |e| !e.pinned && !e.slot.is_at_work()));
        gone
    }

    /// Brings what is in use under a limit that has been lowered, and says who went: first the least recently used,
    /// then those being built, then pinned ones. What readers hold is left to them.
    pub fn enforce_limit(&self) -> Vec<FolderId> {
        let balance = self.ledger.balance();
        if balance.used() > balance.limit {
            self.spare(1);
        }
        let mut gone: Vec<FolderId> = Vec::new();
        type May<G> = fn(&Entry<G>) -> bool;
        let stages: [(May<G>, bool); 3] = [
            (|e| !e.pinned && !e.slot.is_building(), true),
            (|e| e.slot.is_building(), true),
            (|_| true, false),
        ];
        for (may, with_reserved) in stages {
            loop {
                let balance = self.ledger.balance();
                let reserved = if with_reserved { balance.reserved } else { 0 };
                if balance.resident + balance.documents + reserved <= balance.limit {
                    break;
                }
                let folders = self.folders.lock();
                let able = folders.iter().filter(|(id, e)| {
                    let has_something = e.slot.is_serving() || e.slot.is_building();
                    has_something && may(e) && !gone.contains(id)
                });
                let oldest = able.min_by_key(|(_, e)| e.shelf.last_use()).map(|(id, _)| *id);
                drop(folders);
                let Some(victim) = oldest else { break };
                if self.evict_if(victim, may) {
                    gone.push(victim);
                }
            }
        }
        gone
    }

    fn evict_if(&self, id: FolderId, may: impl Fn(&Entry<G>) -> bool) -> bool {
        let mut folders = self.folders.lock();
        let Some(entry) = folders.get_mut(&id).filter(|e| may(e)) else { return false };
        entry.slot.evict();
        let old = take(entry);
        drop(folders);
        drop(old);
        self.ledger.wake();
        true
    }

    fn give_up_own(&self, id: FolderId, build: BuildId) -> bool {
        let mut folders = self.folders.lock();
        let Some(entry) = folders.get_mut(&id).filter(|e| e.slot.is_current(build)) else { return false };
        entry.slot.give_up_graph();
        let old = take(entry);
        drop(folders);
        old.is_some()
    }
}

/// What is to be replaced by a graph that is being made: if that panics, it is served on.
struct StillServed<'a>(&'a [&'a Charge]);

impl Drop for StillServed<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(|charge| charge.reinstate());
    }
}

/// The right of one build to wait for others with a reservation in hand.
struct Turn<'a>(&'a AtomicU64);

impl<'a> Turn<'a> {
    fn take(growing: &'a AtomicU64) -> Option<Turn<'a>> {
        (growing.swap(1, Ordering::SeqCst) == 0).then_some(Turn(growing))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::SeqCst);
    }
}

/// What folders have that stay only until their builds end, for one who has nothing himself: no build can be waiting for
/// his to end in turn.
fn busy<G>(folders: &Folders<'_, G>, own: &Entry<G>) -> u64 {
    if own.would_yield() > 0 {
        return 0;
    }
    let busy = folders.values().filter(|e| !e.pinned && e.slot.is_at_work());
    busy.map(Entry::would_yield).fold(0, u64::saturating_add)
}

fn candidates<G>(folders: &Folders<'_, G>) -> Vec<Candidate> {
    let candidate = |(id, e): (&FolderId, &Entry<G>)| Candidate {
        folder: *id,
        bytes: e.would_yield(),
        last_use: e.shelf.last_use(),
        protected: e.pinned && !injected(Fault::PinnedPlanned) || e.slot.is_at_work(),
    };
    folders.iter().map(candidate).collect()
}

/// Takes a graph from its readers' reach; its bytes are retained until the caller and the last reader drop it.
#[must_use = "to be dropped without the lock"]
fn take<G>(entry: &mut Entry<G>) -> Option<Arc<Served<G>>> {
    let old = entry.shelf.served.swap(None);
    entry.given_up = old.iter().flat_map(|s| s.charges.iter().map(Arc::downgrade)).collect();
    for charge in old.iter().flat_map(|s| &s.charges).filter(|_| !injected(Fault::ForgottenEviction)) {
        charge.retire();
    }
    old
}

/// What readers are told of that a build has left out.
fn left_out_by(owed: &Option<Owed>) -> Option<Arc<str>> {
    owed.as_ref().map(|owed| owed.why.message.as_str().into())
}

/// Serves the same graph with another word on whether it is right, and whether it is all.
#[must_use = "to be dropped without the lock"]
fn mark<G>(
    entry: &Entry<G>,
    word: impl FnOnce(&Served<G>) -> (Option<Stale>, Option<Arc<str>>),
) -> Option<Arc<Served<G>>> {
    let served = entry.shelf.load()?;
    let (stale, owed) = word(&served);
    if (&served.stale, &served.owed) == (&stale, &owed) || injected(Fault::NotMarkedStale) {
        return None;
    }
    let Served { ref graph, generation, built, ref charges, .. } = *served;
    let marked =
        Served { graph: Arc::clone(graph), generation, built, stale, owed, charges: charges.clone() };
    entry.shelf.served.swap(Some(Arc::new(marked)))
}

#[cfg(test)]
pub(super) mod tests;
