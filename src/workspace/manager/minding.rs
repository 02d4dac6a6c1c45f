//! An eye on what the process has in memory, for as long as something goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::super::excess::{Purging, accountable, excess};
use super::super::machine::Footprint;
use super::super::sync::Mutex;
use super::core::Core;
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
    scheduled: AtomicBool,
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
        if self.minding.on.load(Ordering::Relaxed) {
            self.minding.stirred.store(true, Ordering::SeqCst);
            self.schedule_look(FIRST_LOOK);
        }
    }

    fn schedule_look(self: &Arc<Self>, wait: Duration) {
        if !self.minding.scheduled.swap(true, Ordering::SeqCst) {
            self.later(Instant::now() + wait, move |core| core.look(wait));
        }
    }

    fn look(self: Arc<Self>, waited: Duration) {
        let stirred = self.minding.stirred.swap(false, Ordering::SeqCst);
        self.charge_for_excess();
        let next = if stirred { FIRST_LOOK } else { waited * 2 };
        self.minding.scheduled.store(false, Ordering::SeqCst);
        if next <= LAST_LOOK || self.minding.stirred.load(Ordering::SeqCst) {
            self.schedule_look(next.min(LAST_LOOK));
        }
    }

    /// Has the allocator let go if that helps, and charges the budget for what is left beyond the fixed overhead.
    fn charge_for_excess(self: &Arc<Self>) {
        // Only one look is under way at a time.
        let mut purging = std::mem::take(&mut *self.minding.purging.lock());
        if purging.is_due(self.excess()) {
            purge();
            purging.done(self.excess());
        }
        *self.minding.purging.lock() = purging;
        let found = || self.keeper.ledger().found(accountable(Footprint::now().anonymous));
        let uncounted = found();
        if uncounted > 0 {
            // If nobody can go, the rest is readers' and builds'; until they let go, nobody is granted more.
            let gone = self.keeper.make_room(uncounted, None);
            self.evicted(&gone);
            found();
        }
    }

    fn excess(&self) -> u64 {
        let balance = self.keeper.ledger().balance();
        excess(Footprint::now().anonymous, balance.used() - balance.heap)
    }
}
