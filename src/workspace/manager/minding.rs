//! An eye on what the process has in memory, for as long as something goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::super::excess::{Purging, excess, owed};
use super::super::ledger::{Account, Charge};
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
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    purging: Purging,
    charge: Option<Charge>,
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
        // Only one look is under way at a time; folders are told of evictions without a lock.
        let State { mut purging, mut charge } = std::mem::take(&mut *self.minding.state.lock());
        if purging.is_due(self.excess()) {
            purge();
            purging.done(self.excess());
        }
        let owed = owed(self.excess());
        if !self.charge_heap(&mut charge, owed) {
            let held = charge.as_ref().map_or(0, Charge::bytes);
            let gone = self.keeper.make_room(owed.saturating_sub(held), None);
            self.evicted(&gone);
            // If nobody could go, there is nothing to charge: the rest is readers' and builds'.
            self.charge_heap(&mut charge, owed);
        }
        *self.minding.state.lock() = State { purging, charge };
    }

    fn excess(&self) -> u64 {
        let balance = self.keeper.ledger().balance();
        excess(Footprint::now().anonymous, balance.used() - balance.heap)
    }

    fn charge_heap(&self, charge: &mut Option<Charge>, bytes: u64) -> bool {
        match charge {
            _ if bytes == 0 => *charge = None,
            Some(charge) => return charge.resize(bytes).is_ok(),
            None => *charge = self.keeper.ledger().charge(Account::Heap, bytes).ok(),
        }
        bytes == 0 || charge.is_some()
    }
}
