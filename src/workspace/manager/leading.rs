//! Where the files of a folder lead outside of it: found once for each graph, and charged for as long as it is kept.

use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use super::super::ledger::{Account, Charge, Ledger};
use super::super::sync::Mutex;
use super::core::Core;
use super::folder::Folder;
use super::observer::Event;
use crate::graph::Leads;
use crate::lang::scratch::shared_bytes;

/// What is known of one folder: of its graph, or of the last one that it had.
#[derive(Default)]
pub struct Leading(Mutex<State>);

#[derive(Default)]
struct State {
    known: Option<Known>,
    /// Not all of what was found last could be known.
    is_cut: bool,
}

struct Known {
    /// Of the graph that says so.
    generation: u64,
    leads: Arc<Charged>,
}

/// Ways out of a folder, with the charge for their bytes, which go first.
#[derive(Default)]
pub struct Charged {
    leads: Leads,
    charge: Option<Charge>,
}

/// What most folders have, and share.
static NONE: LazyLock<Arc<Charged>> = LazyLock::new(Arc::default);

impl Charged {
    /// What is charged for it.
    fn bytes(&self) -> u64 {
        match self.leads.heap_bytes() {
            0 => 0,
            bytes => (bytes + shared_bytes::<Charged>() + 2 * Ledger::ENTRY_BYTES) as u64,
        }
    }

    /// With a charge if there is room for it.
    fn new(leads: Leads, ledger: &Ledger) -> (Arc<Charged>, bool) {
        let mut charged = Charged { leads, charge: None };
        match charged.bytes() {
            0 if !charged.is_cut() => (Arc::clone(&NONE), true),
            bytes => {
                charged.charge = ledger.charge(Account::Dependencies, bytes).ok();
                let keeps = charged.charge.is_some();
                (Arc::new(charged), keeps)
            }
        }
    }
}

impl Deref for Charged {
    type Target = Leads;
    fn deref(&self) -> &Leads {
        &self.leads
    }
}

impl Leading {
    /// Whether not all is known.
    pub fn is_cut(&self) -> bool {
        self.0.lock().is_cut
    }

    /// What is charged for it.
    pub fn bytes(&self) -> u64 {
        self.known().map_or(0, |(_, leads)| leads.bytes())
    }

    /// Forgets it, for memory; says whether that brings any.
    pub fn give_up(&self) -> bool {
        let known = self.0.lock().known.take_if(|known| known.leads.bytes() > 0);
        known.is_some()
    }

    fn known(&self) -> Option<(u64, Arc<Charged>)> {
        self.0.lock().known.as_ref().map(|known| (known.generation, Arc::clone(&known.leads)))
    }
}

impl Core {
    /// Where the folder's files lead outside of it, as far as that is known: what an evicted graph said counts until there
    /// is another. What there is no memory to keep is found again each time.
    pub(super) fn leads_of(&self, folder: &Folder) -> Option<Arc<Charged>> {
        let known = folder.leading.known();
        let Some(served) = folder.shelf.load() else { return known.map(|(_, leads)| leads) };
        if let Some((_, leads)) = known.filter(|(generation, _)| *generation == served.generation) {
            return Some(leads);
        }
        let (leads, keeps) = Charged::new(served.graph.graph.leads(), self.keeper.ledger());
        let generation = served.generation;
        let known = keeps.then(|| Known { generation, leads: Arc::clone(&leads) });
        let new = State { known, is_cut: leads.is_cut() };
        let mut state = folder.leading.0.lock();
        let (told, tells) = (state.is_cut, new.is_cut);
        let (old, is_newer) = match &state.known {
            Some(known) if known.generation > generation => (new, false),
            _ => (std::mem::replace(&mut *state, new), true),
        };
        drop(state);
        drop(old);
        if is_newer && told != tells {
            self.observer.event(Event::Dependencies(folder.path.clone()));
        }
        Some(leads)
    }
}
