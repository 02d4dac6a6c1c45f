//! The commands that people and scripts run: `doctor`, `query` and `setup`.

pub mod doctor;
pub mod flags;
pub mod query;
pub mod setup;

mod client;
mod output;

/// The longest that a command can be told to wait for its folders: a day, by which time nobody does.
const WAIT_SECONDS_MAX: u64 = 86_400;
