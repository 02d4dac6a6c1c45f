//! Why a request gets no answer.

use std::path::{Path, PathBuf};

use super::super::super::document::Unanalysed;
use super::super::super::ledger::Refused;
use super::super::super::slot::{Cause, Lifecycle};
use super::super::folder::Folder;
use super::{Capture, Freshness};

/// Why there is no view.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unavailable {
    pub kind: Kind,
    pub folder: Option<PathBuf>,
    /// Whether asking again later can help.
    pub retryable: bool,
    pub message: String,
}

/// The reasons that a client can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    NotLoaded,
    BuildFailed,
    StaleExpired,
    MemoryExceeded,
    Evicted,
    /// The file belongs to no folder and is not open, or does not exist.
    NoSuchFile,
    /// The document itself cannot be analysed.
    Document,
    Cancelled,
    /// Too many requests are waiting.
    Busy,
}

impl Kind {
    /// Whether the folder may be there soon.
    pub fn may_pass(self) -> bool {
        matches!(self, Kind::NotLoaded | Kind::Evicted)
    }

    /// The word for it in `data.kind` of an error.
    pub fn name(self) -> &'static str {
        match self {
            Kind::NotLoaded => "workspace_not_loaded",
            Kind::BuildFailed => "workspace_build_failed",
            Kind::StaleExpired => "workspace_stale_expired",
            Kind::MemoryExceeded => "memory_budget_exceeded",
            Kind::Evicted => "workspace_evicted",
            Kind::NoSuchFile => "no_such_file",
            Kind::Document => "document_not_indexed",
            Kind::Cancelled => "cancelled",
            Kind::Busy => "server_busy",
        }
    }
}

impl Capture {
    pub(super) fn failed(&self, folder: &Folder) -> Unavailable {
        let failure = self.core.keeper.report(folder.id).and_then(|r| r.failure);
        match failure {
            Some(failure) => {
                let kind = match failure.cause {
                    Cause::Memory => Kind::MemoryExceeded,
                    Cause::Build => Kind::BuildFailed,
                };
                self.unavailable(kind, true, failure.message)
            }
            None => self.not_yet(),
        }
    }

    pub(super) fn not_yet(&self) -> Unavailable {
        let report = self.folder.as_ref().and_then(|f| self.core.keeper.report(f.id));
        match report.map(|r| r.lifecycle) {
            Some(Lifecycle::Evicted) => {
                let message = "the folder was evicted for memory and is not back yet".to_owned();
                self.unavailable(Kind::Evicted, true, message)
            }
            state => {
                let state = state.map_or("closed", Lifecycle::name);
                self.unavailable(Kind::NotLoaded, true, format!("the folder is not ready yet ({state})"))
            }
        }
    }

    pub(super) fn cancelled(&self) -> Unavailable {
        self.unavailable(Kind::Cancelled, false, "the request was cancelled".to_owned())
    }

    pub(super) fn no_memory(&self, refused: &Refused) -> Unavailable {
        self.unavailable(Kind::MemoryExceeded, true, refused.to_string())
    }

    /// Something that the folder would have if the budget were larger or the disk could be read.
    pub fn left_out(&self, message: String) -> Unavailable {
        let report = self.folder.as_ref().and_then(|folder| self.core.keeper.report(folder.id));
        let kind = match report.and_then(|r| r.owed).map(|owed| owed.cause) {
            Some(Cause::Build) => Kind::BuildFailed,
            Some(Cause::Memory) | None => Kind::MemoryExceeded,
        };
        self.unavailable(kind, true, message)
    }

    /// Why nothing is no answer that stands on all of the folder, if that is not known as it is now.
    pub fn lacking(&self, freshness: &Freshness) -> Option<Unavailable> {
        let lacking = freshness.lacking()?;
        let message = format!("nothing was found, and not all is known: {lacking}");
        Some(match freshness.missing() {
            Some(_) => self.left_out(message),
            None => self.unavailable(Kind::BuildFailed, true, message),
        })
    }

    pub(super) fn not_analysed(&self, why: &Unanalysed) -> Unavailable {
        match why {
            Unanalysed::Memory(refused) => self.no_memory(refused),
            other => self.unavailable(Kind::Document, false, other.to_string()),
        }
    }

    pub(super) fn unavailable(&self, kind: Kind, retryable: bool, message: String) -> Unavailable {
        Unavailable { kind, folder: self.folder().map(Path::to_owned), retryable, message }
    }
}
