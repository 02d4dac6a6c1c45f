//! What the manager tells its owner unasked.

use std::path::PathBuf;

use super::super::slot::Lifecycle;

/// Something that has happened. Told outside every lock, on whatever thread it happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A folder's state, freshness or graph is another; [`Manager::status`](super::Manager::status) has the rest.
    Folder(Transition),
    /// What is known of a folder's dependencies is not what it was.
    Dependencies(PathBuf),
    /// Memory has come back that something may have lacked.
    Room,
    /// A build has come further.
    Progress { folder: PathBuf, done: usize, total: usize },
    /// For the user to read, said once.
    Message(Severity, String),
}

/// From one state of a folder to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    pub folder: PathBuf,
    pub from: State,
    pub to: State,
    /// Why, if the folder failed.
    pub error: Option<String>,
    /// The folder was closed.
    pub closed: bool,
}

impl Transition {
    /// Whether the folder is being built now.
    pub fn is_building(&self) -> bool {
        matches!(self.to.lifecycle, Lifecycle::Loading | Lifecycle::Rebuilding) && !self.closed
    }
}

/// What of a folder's state shows from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    pub lifecycle: Lifecycle,
    pub stale: bool,
    pub generation: u64,
    /// What the last graph says, by a number: one that has come back as it was is of another generation and the same contents.
    pub contents: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Info,
    Warning,
    Error,
}

/// Who is told. It may call back into the manager.
pub trait Observer: Send + Sync {
    fn event(&self, event: Event);
}

/// For those who ask rather than listen.
pub struct Deaf;

impl Observer for Deaf {
    fn event(&self, _event: Event) {}
}
