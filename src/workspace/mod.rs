//! The workspace: which folders are open, what is known of each, and the memory that all of it may take.
//!
//! [`ledger`], [`slot`], [`changes`], [`victims`], [`staleness`] and [`retry`] decide and touch nothing.

pub mod bounds;
pub mod budget;
pub mod build;
pub mod cache;
pub mod cancel;
pub mod changes;
pub mod clock;
pub mod crew;
pub mod degrade;
pub mod dependencies;
pub mod directory;
pub mod document;
pub mod documents;
pub mod excess;
mod fault;
pub mod folder_settings;
pub mod gate;
pub mod intake;
pub mod keeper;
pub mod ledger;
pub mod machine;
pub mod manager;
#[cfg(all(test, not(feature = "shuttle")))]
mod mutants;
pub mod outdated;
pub mod pool;
pub mod quarantine;
pub mod read;
pub mod retry;
pub mod rules;
pub mod scan;
pub mod schema;
pub mod settings;
pub mod settling;
pub mod slot;
pub mod staleness;
pub mod stamps;
pub mod status;
pub mod sync;
#[cfg(test)]
mod testing;
pub mod timer;
mod trouble;
pub mod victims;
pub mod watch;
pub mod workers;
