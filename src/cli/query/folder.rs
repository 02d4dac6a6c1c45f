//! The folder that a question is about, opened in this process.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::QueryError;
use crate::graph::View;
use crate::lang::modules::{FileId, Layout};
use crate::workspace::cancel::CancelToken;
use crate::workspace::degrade::Degraded;
use crate::workspace::manager::{Deaf, Kind, Manager, Ready, Unavailable};
use crate::workspace::settings::{Settings, WatchMode};

/// A folder whose graph is there.
pub(super) struct Opened {
    ready: Ready,
    /// Keeps the folder open.
    _manager: Manager,
}

/// Why a folder cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum FolderError {
    #[error("the folder {0} cannot be opened: {1}")]
    Unusable(PathBuf, io::Error),
    #[error("{0} is not ready after {1} s: {2}")]
    NotReady(PathBuf, u64, Unavailable),
    #[error("{0}: {1}")]
    Failed(PathBuf, Unavailable),
}

/// Opens a folder and waits for its graph.
pub(super) fn open(root: &Path, settings: Settings, wait: Duration) -> Result<Opened, FolderError> {
    // One question has no use for what changes after it.
    let manager = Manager::new(Settings { watch: WatchMode::Client, ..settings }, Arc::new(Deaf));
    let name = root.file_name().unwrap_or(root.as_os_str()).to_string_lossy();
    manager.add_folder(root, &name);
    let ready = manager.capture(root).wait(Instant::now() + wait, &CancelToken::new());
    let ready = ready.map_err(|why| match why.kind {
        Kind::NotLoaded | Kind::Evicted | Kind::Busy | Kind::Cancelled => {
            FolderError::NotReady(root.to_owned(), wait.as_secs(), why)
        }
        _ => FolderError::Failed(root.to_owned(), why),
    })?;
    Ok(Opened { ready, _manager: manager })
}

impl Opened {
    pub(super) fn view(&self) -> &View {
        &self.ready.view
    }

    /// The number of the graph.
    pub(super) fn generation(&self) -> u64 {
        self.ready.freshness.generation
    }

    /// Why the graph may be older than the files, if it is.
    pub(super) fn stale(&self) -> Option<String> {
        let stale = self.ready.freshness.stale.as_ref()?;
        Some(format!("{} s old, since the last build failed: {}", stale.age.as_secs(), stale.error))
    }

    /// What is known of the folder, if that is not all.
    pub(super) fn degraded(&self) -> Option<Degraded> {
        self.ready.freshness.degraded
    }

    /// What of the folder is not known as it is now, in words.
    pub(super) fn lacking(&self) -> Option<String> {
        self.ready.freshness.lacking()
    }

    /// A file by its path inside the folder.
    pub(super) fn file(&self, path: &str) -> Result<FileId, QueryError> {
        self.ready.view.file(path).ok_or_else(|| QueryError::NotIndexed(path.to_owned()))
    }
}
