//! The state of one conversation with a client.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use crossbeam_channel::Sender;
use tokio::sync::{Semaphore, watch};
use tower_lsp::gen_lsp_types::{MessageType, ProgressToken, ShowMessageNotification, ShowMessageParams};
use tower_lsp::jsonrpc::Result;

use super::announcer::Announcer;
use super::configuration::Configuration;
use super::diagnostics::Diagnostics;
use super::errors;
use super::features::ClientFeatures;
use super::handlers::workspace_symbol::Lack;
use super::lacking::Lacking;
use super::lanes::Lanes;
use super::refresh::TurnedAway;
use super::registration::Registrations;
use super::serve::{Ending, Options};
use super::showing::CHOICES_MAX;
use super::token_results::TokenResults;
use super::transport::Client;
use super::uri::OpenUris;
use crate::workspace::document::Document;
use crate::workspace::manager::Manager;
use crate::workspace::sync::Mutex;

/// Most folders that one message of the client has the user told of as left out.
const LEFT_OUT_TOLD_MAX: usize = 4;

/// What all handlers share.
pub struct Session {
    pub client: Client,
    pub runtime: tokio::runtime::Handle,
    pub configuration: Configuration,
    pub announcer: Arc<Announcer>,
    pub diagnostics: Diagnostics,
    pub uris: OpenUris,
    /// Documents that there was no memory to parse.
    pub lacking: Lacking,
    /// Documents of which their folders could not be asked, for want of memory or of a thread.
    pub unasked: Lacking,
    pub lanes: Lanes,
    pub replaced: Replaced,
    pub token_results: TokenResults,
    pub registrations: Registrations,
    /// Why not all symbols of the workspace were found the last time.
    pub symbols_lacked: Mutex<BTreeSet<Lack>>,
    pub turned_away: TurnedAway,
    /// Messages that wait for what the user picks.
    pub choices: Arc<Semaphore>,
    /// How often a folder has come to say something else.
    pub changes: watch::Sender<u64>,
    /// How often a document has come to be another text, or none.
    pub edits: watch::Sender<u64>,
    over: AtomicBool,
    begun: OnceLock<Begun>,
    end: Sender<Ending>,
}

/// What is there once the client has introduced itself.
struct Begun {
    features: ClientFeatures,
    manager: Manager,
    joint_progress: Option<JointProgress>,
}

/// The client's token for progress, and the folders that it stands for.
pub type JointProgress = (ProgressToken, Vec<PathBuf>);

impl Session {
    pub fn new(
        client: Client,
        runtime: tokio::runtime::Handle,
        end: Sender<Ending>,
        options: Options,
    ) -> Session {
        let announcer: Arc<Announcer> = Arc::default();
        Session {
            configuration: Configuration::new(options.settings),
            diagnostics: Diagnostics::new(client.clone(), Arc::clone(&announcer)),
            announcer,
            uris: OpenUris::default(),
            lacking: Lacking::default(),
            unasked: Lacking::default(),
            lanes: Lanes::default(),
            replaced: Replaced::default(),
            token_results: TokenResults::default(),
            registrations: Registrations::default(),
            symbols_lacked: Mutex::default(),
            turned_away: TurnedAway::default(),
            choices: Arc::new(Semaphore::new(CHOICES_MAX)),
            changes: watch::channel(0).0,
            edits: watch::channel(0).0,
            over: AtomicBool::new(false),
            begun: OnceLock::new(),
            client,
            runtime,
            end,
        }
    }

    /// Starts the workspace; once.
    pub fn begin(&self, features: ClientFeatures, joint_progress: Option<JointProgress>) -> Result<&Manager> {
        let observer = Arc::clone(&self.announcer);
        let manager = Manager::new(self.configuration.settings(), observer);
        self.client.count_by(manager.holder());
        manager.mind_process();
        let begun = Begun { features, manager, joint_progress };
        self.begun.set(begun).map_err(|_| errors::internal("the session has begun already"))?;
        self.manager()
    }

    pub fn manager(&self) -> Result<&Manager> {
        self.begun.get().map(|b| &b.manager).ok_or_else(|| errors::internal("the session has not begun"))
    }

    pub fn features(&self) -> Result<&ClientFeatures> {
        self.begun.get().map(|b| &b.features).ok_or_else(|| errors::internal("the session has not begun"))
    }

    pub fn joint_progress(&self) -> Option<JointProgress> {
        self.begun.get()?.joint_progress.clone()
    }

    /// Puts a message before the user.
    pub fn show(&self, kind: MessageType, message: impl Into<String>) {
        self.client.tell::<ShowMessageNotification>(&ShowMessageParams { kind, message: message.into() });
    }

    /// Tells the user of folders that lie on no disk of this machine, of which nothing will be answered.
    pub fn left_out(&self, folders: &[impl std::fmt::Display]) {
        for folder in folders.iter().take(LEFT_OUT_TOLD_MAX) {
            self.show(
                MessageType::Warning,
                format!("coppice: {folder} is no folder on this machine's disk, and is left out"),
            );
        }
    }

    /// A folder says something else: whoever waits for that looks again.
    pub fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// A document is another text, or none: whoever waits to answer about it looks whether that is of use.
    pub fn edited(&self) {
        self.edits.send_modify(|count| *count += 1);
    }

    /// The client wants no more answers: what waits is told.
    pub fn finish(&self) {
        self.over.store(true, Ordering::Release);
        self.changed();
        self.edited();
    }

    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Makes the process end.
    pub fn end(&self, ending: Ending) {
        // Full means that it is ending already.
        let _ = self.end.try_send(ending);
    }

    /// Puts everything away; nothing is asked any more.
    pub fn shut_down(&self) {
        if let Ok(manager) = self.manager() {
            manager.shutdown();
        }
    }
}

/// Versions of documents that have been replaced and that a request may still be reading.
#[derive(Default)]
pub struct Replaced(Mutex<Vec<Weak<Document>>>);

impl Replaced {
    pub fn push(&self, document: &Arc<Document>) {
        self.0.lock().push(Arc::downgrade(document));
    }

    /// Bytes of those that are still there.
    pub fn bytes(&self) -> u64 {
        let mut bytes = 0;
        self.0.lock().retain(|document| {
            let document = document.upgrade();
            bytes += document.as_ref().map_or(0, |d| d.bytes());
            document.is_some()
        });
        bytes
    }
}
