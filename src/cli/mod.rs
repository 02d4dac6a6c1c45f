//! The commands that people and scripts run: `doctor` and `query`.

pub mod doctor;
pub mod flags;
pub mod query;

mod client;
