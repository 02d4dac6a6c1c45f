//! An eye on what the process has in memory, for as long as something goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::super::excess::{Purging, accountable, excess};
use super::super::machine::Footprint;
use super::super::sync::Mutex;
use super::core::Core;
use super::observer::Event;
use crate::lang::scratch::purge;

/// How soon after something has happened the first look is.
const FIRST_LOOK: Duration = Duration::from_millis(10);
/// While nothing happens each look is twice as late as the one before; after one as late as this there is none.
const LAST_LOOK: Duration = Duration::from_secs(4);

/// Whether and when there is a next look, and what came of the last one.
#[derive(Default)]
pub struct Minding {
    on: AtomicBool,
    /// Something has happened since the last look.
    stirred: AtomicBool,
    /// The row of looks that counts, each later than the one before; those of an older row are none.
    row: AtomicU64,
    purging: Mutex<Purging>,
}

impl Core {
    /// From now on what the whole process takes is the manager's concern, which is to be the only one in it.
    pub fn mind_process(self: &Arc<Self>) {
        self.minding.on.store(true, Ordering::Relaxed);
        self.stir();
    }

    /// Something is about to take memory that nobody meters.
    pub(super) fn stir(self: &Arc<Self>) {
        if self.minding.on.load(Ordering::Relaxed) && !self.minding.stirred.swap(true, Ordering::SeqCst) {
            let row = self.minding.row.fetch_add(1, Ordering::SeqCst) + 1;
            self.look_later(row, FIRST_LOOK);
        }
    }

    fn look_later(self: &Arc<Self>, row: u64, wait: Duration) {
        self.later(Instant::now() + wait, move |core| core.look(row, wait));
    }

    fn look(self: Arc<Self>, row: u64, waited: Duration) {
        if self.minding.row.load(Ordering::SeqCst) != row {
            return;
        }
        self.minding.stirred.store(false, Ordering::SeqCst);
        let next = waited * 2;
        self.charge_for_excess(next > LAST_LOOK);
        match next <= LAST_LOOK {
            true => self.look_later(row, next),
            // What is on the heap may have kept a folder or a document from fitting, and be gone by now.
            false => {
                self.look_for_room();
                self.observer.event(Event::Room);
            }
        }
    }

    /// Has the allocator let go if that helps, and charges the budget for what is left beyond the fixed overhead.
    fn charge_for_excess(self: &Arc<Self>, at_rest: bool) {
        // Only one look is under way at a time.
        let mut purging = std::mem::take(&mut *self.minding.purging.lock());
        if purging.is_due(self.excess(), at_rest) {
            purge();
            purging.done(self.excess(), at_rest);
        }
        *self.minding.purging.lock() = purging;
        let found = || self.keeper.ledger().found(accountable(Footprint::now().anonymous));
        let uncounted = found();
        if uncounted > 0 {
            // What nobody can go for is readers' and builds'; until they let go, nobody is granted more.
            let gone = self.keeper.make_what_room_there_is(uncounted);
            self.evicted(&gone);
            found();
        }
    }

    /// What the process has beyond what is metered and there.
    fn excess(&self) -> u64 {
        let folders = self.folders();
        let graphs = folders.iter().filter_map(|folder| folder.shelf.load());
        // A graph is charged for what it may come to keep of facts and imports, most of which is not there yet.
        let promised: u64 = graphs.map(|served| served.graph.graph.promised_bytes() as u64).sum();
        let balance = self.keeper.ledger().balance();
        excess(Footprint::now().anonymous, (balance.used() - balance.heap).saturating_sub(promised))
    }
}
