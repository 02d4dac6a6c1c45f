//! Memory that is held for a client: what has been said to it and that it has not read yet.

use std::sync::{Arc, Weak};
use std::time::Instant;

use super::super::ledger::{Account, Charge, Refused};
use super::core::Core;

/// Counts what waits for the client among what readers retain. Does not keep the manager alive.
#[derive(Clone)]
pub struct Holder(pub(super) Weak<Core>);

/// Bytes that wait for the client, until they are dropped. Folders that lack memory are looked at again then.
pub struct Hold {
    charge: Option<Charge>,
    core: Weak<Core>,
}

impl Holder {
    /// Counts so many bytes; for want of room, folders are evicted.
    ///
    /// # Errors
    /// If that is not enough.
    pub fn hold(&self, bytes: u64) -> Result<Hold, Refused> {
        let core = Weak::clone(&self.0);
        match core.upgrade() {
            Some(alive) => Ok(Hold { charge: Some(alive.hold(bytes)?), core }),
            // It ends; what is still said is of no account.
            None => Ok(Hold { charge: None, core }),
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        drop(self.charge.take());
        if let Some(core) = self.core.upgrade() {
            core.later(Instant::now(), |core| core.memory_came_back());
        }
    }
}

impl Core {
    /// Builds that memory was lacking for are tried again before their time.
    pub(super) fn memory_came_back(self: &Arc<Self>) {
        for (id, start) in self.keeper.memory_came_back(self.clock.now()) {
            let folder = self.folders().iter().find(|f| f.id == id).cloned();
            if let Some(folder) = folder {
                self.start(&folder, Some(start));
            }
        }
    }

    fn hold(self: &Arc<Self>, bytes: u64) -> Result<Charge, Refused> {
        self.stir();
        let charge = || self.keeper.ledger().charge(Account::Retained, bytes);
        charge().or_else(|_| {
            let gone = self.keeper.make_room(bytes, None);
            if !gone.is_empty() {
                // Whoever speaks may hold a lock, under which nobody is to be told.
                self.later(Instant::now(), move |core| core.evicted(&gone));
            }
            charge()
        })
    }
}
