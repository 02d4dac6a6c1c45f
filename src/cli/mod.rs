//! The commands that people and scripts run: `doctor`, `query` and `setup`.

pub mod doctor;
pub mod flags;
pub mod query;
pub mod setup;

mod client;
