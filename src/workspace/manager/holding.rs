//! Memory that is held for a client: what has been said to it and that it has not read yet.

use std::sync::{Arc, Weak};
use std::time::Instant;

use super::super::ledger::{Account, Charge, Refused};
use super::core::Core;
use super::observer::Event;

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
        self.hold_free(bytes).or_else(|_| {
            self.make_room(bytes);
            self.hold_free(bytes)
        })
    }

    /// The same, for which nobody has to go.
    ///
    /// # Errors
    /// If there is not as much free.
    pub fn hold_free(&self, bytes: u64) -> Result<Hold, Refused> {
        let core = Weak::clone(&self.0);
        // If it has gone, it ends; what is still said is of no account.
        let charge = core.upgrade().map(|core| {
            core.stir();
            core.keeper.ledger().charge(Account::Retained, bytes)
        });
        Ok(Hold { charge: charge.transpose()?, core })
    }

    /// Evicts folders so that so much is free, as far as that goes.
    pub fn make_room(&self, bytes: u64) {
        let Some(core) = self.0.upgrade() else { return };
        core.stir();
        let gone = core.keeper.make_room(bytes, None);
        if !gone.is_empty() {
            // Whoever speaks may hold a lock, under which nobody is to be told.
            core.later(Instant::now(), move |core| core.evicted_in_passing(&gone));
        }
    }
}

impl Hold {
    /// Counts so many bytes from now on.
    ///
    /// # Errors
    /// If there is not as much more free; it counts what it did then.
    pub fn resize(&mut self, bytes: u64) -> Result<(), Refused> {
        let (Some(charge), Some(core)) = (&mut self.charge, self.core.upgrade()) else { return Ok(()) };
        let before = charge.bytes();
        charge.resize(bytes)?;
        match bytes < before {
            true => came_back(&core),
            false => core.stir(),
        }
        Ok(())
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        drop(self.charge.take());
        if let Some(core) = self.core.upgrade() {
            came_back(&core);
        }
    }
}

/// Whoever lets go may hold a lock, under which no build is to be started.
fn came_back(core: &Arc<Core>) {
    core.later(Instant::now(), |core| core.memory_came_back());
}

impl Core {
    /// Builds that memory was lacking for are tried again before their time; who else lacks some is told.
    pub(super) fn memory_came_back(self: &Arc<Self>) {
        self.observer.event(Event::Room);
        for (id, start) in self.keeper.memory_came_back(self.clock.now()) {
            let folder = self.folders().iter().find(|f| f.id == id).cloned();
            if let Some(folder) = folder {
                self.start(&folder, Some(start));
            }
        }
        self.schedule_retries();
    }
}
