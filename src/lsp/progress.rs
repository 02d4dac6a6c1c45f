//! `$/progress`: how far builds are, in percent.
//!
//! The client's own token, if it gave one with `initialize`, stands for the folders of that moment together. Every other
//! build that takes a while gets a token of ours, which has to be asked for first.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::Notify;
use tower_lsp::gen_lsp_types::{
    ProgressNotification, ProgressParams, ProgressToken, WorkDoneProgressCreateParams,
    WorkDoneProgressCreateRequest,
};

use super::session::Session;
use super::transport::Client;
use super::uri;
use crate::workspace::manager::Transition;
use crate::workspace::slot::Lifecycle;
use crate::workspace::sync::Mutex;

/// A rebuild of fewer files is over before anybody has read about it.
const REBUILD_FILES_MIN: usize = 200;

/// What a `$/progress` notification says, in the protocol's words.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Value {
    Begin {
        title: String,
        cancellable: bool,
        percentage: u32,
    },
    Report {
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        percentage: u32,
    },
    End {
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
}

/// The bars that the client shows.
pub struct Progress {
    session: Arc<Session>,
    joint: Option<Joint>,
    bars: BTreeMap<PathBuf, Bar>,
    answers: Arc<Answers>,
    tokens: u64,
}

/// The client's token, for several folders.
struct Joint {
    token: ProgressToken,
    pending: BTreeSet<PathBuf>,
    percentages: BTreeMap<PathBuf, u32>,
    shown: u32,
}

/// One folder's bar.
struct Bar {
    token: ProgressToken,
    state: BarState,
    percentage: u32,
    shown: u32,
    message: Option<String>,
    /// The build is over, and what is to be said about it.
    ended: Option<Option<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum BarState {
    /// The client has not agreed to it yet.
    Asked,
    Shown,
    Refused,
}

/// What the client has said to our tokens.
#[derive(Default)]
struct Answers {
    given: Mutex<Vec<(PathBuf, ProgressToken, bool)>>,
    something: Notify,
}

/// Opens the bar of the client's token, which is allowed before `initialize` is answered.
pub fn begin_joint(client: &Client, token: &ProgressToken) {
    let title = "coppice reads the workspace".to_owned();
    say(client, token, &Value::Begin { title, cancellable: false, percentage: 0 });
}

fn say(client: &Client, token: &ProgressToken, value: &Value) {
    match serde_json::to_value(value) {
        Ok(value) => {
            client.tell::<ProgressNotification>(&ProgressParams { token: token.clone(), value });
        }
        Err(error) => tracing::error!("progress cannot be written as JSON: {error}"),
    }
}

impl Progress {
    pub fn new(session: &Arc<Session>) -> Progress {
        let joint = session.joint_progress().map(|(token, folders)| Joint {
            token,
            pending: folders.into_iter().collect(),
            percentages: BTreeMap::new(),
            shown: 0,
        });
        let (bars, answers) = Default::default();
        Progress { session: Arc::clone(session), joint, bars, answers, tokens: 0 }
    }

    /// A folder's state is another.
    pub fn transition(&mut self, transition: &Transition) {
        let folder = &transition.folder;
        let (from, to) = (transition.from.lifecycle, transition.to.lifecycle);
        let building = transition.is_building();
        // A folder that was read between two announcements was loading all the same; clients wait for the end of it.
        let read_unseen = matches!(from, Lifecycle::Unloaded | Lifecycle::Evicted)
            && matches!(to, Lifecycle::Loaded | Lifecycle::Failed);
        if building && to == Lifecycle::Loading || read_unseen {
            self.open(folder);
        }
        if building {
            return;
        }
        if let Some(joint) = &mut self.joint {
            joint.pending.remove(folder);
            joint.percentages.remove(folder);
        }
        if let Some(bar) = self.bars.get_mut(folder) {
            bar.ended = Some(transition.error.clone());
        }
    }

    /// A build has come further.
    pub fn advanced(&mut self, folder: &Path, done: usize, total: usize) {
        let percentage = (done.min(total) * 100 / total.max(1)) as u32;
        if let Some(joint) = &mut self.joint
            && joint.pending.contains(folder)
        {
            joint.percentages.insert(folder.to_owned(), percentage);
            return;
        }
        if total >= REBUILD_FILES_MIN && done < total {
            self.open(folder);
        }
        if let Some(bar) = self.bars.get_mut(folder) {
            bar.percentage = bar.percentage.max(percentage);
            bar.message = Some(format!("{done}/{total} files"));
        }
    }

    /// Asks for a bar, unless the folder has one.
    fn open(&mut self, folder: &Path) {
        let joint = self.joint.as_ref().is_some_and(|j| j.pending.contains(folder));
        let wanted = self.session.features().is_ok_and(|f| f.progress);
        if joint || !wanted || self.bars.get(folder).is_some_and(|b| b.ended.is_none()) {
            return;
        }
        self.tokens += 1;
        let token = ProgressToken::String(format!("coppice/build/{}", self.tokens));
        let params = WorkDoneProgressCreateParams { token: token.clone() };
        let answer = self.session.client.ask::<WorkDoneProgressCreateRequest>(&params);
        let (answers, path, asked) = (Arc::clone(&self.answers), folder.to_owned(), token.clone());
        self.session.runtime.spawn(async move {
            let agreed = answer.await.is_ok();
            answers.given.lock().push((path, asked, agreed));
            answers.something.notify_one();
        });
        let bar = Bar { token, state: BarState::Asked, percentage: 0, shown: 0, message: None, ended: None };
        self.bars.insert(folder.to_owned(), bar);
    }

    /// Waits for the client to say something to a token.
    pub async fn answered(&self) {
        self.answers.something.notified().await;
    }

    /// Shows what has changed.
    pub fn settle(&mut self) {
        let client = &self.session.client;
        for (folder, token, agreed) in std::mem::take(&mut *self.answers.given.lock()) {
            let bar = self.bars.get_mut(&folder).filter(|b| b.token == token);
            match (bar, agreed) {
                (Some(bar), true) => {
                    bar.state = BarState::Shown;
                    let title = format!("coppice reads {}", uri::folder_name(&folder));
                    say(client, &token, &Value::Begin { title, cancellable: false, percentage: 0 });
                }
                (Some(bar), false) => bar.state = BarState::Refused,
                // Another build of the folder has begun meanwhile.
                (None, _) => {}
            }
        }
        self.bars.retain(|_, bar| {
            if bar.state == BarState::Shown {
                bar.show(client);
            }
            bar.ended.is_none() || bar.state == BarState::Asked
        });
        if let Some(joint) = &mut self.joint
            && joint.show(client)
        {
            self.joint = None;
        }
    }
}

impl Bar {
    fn show(&mut self, client: &Client) {
        if self.percentage > self.shown {
            self.shown = self.percentage;
            let message = self.message.clone();
            say(client, &self.token, &Value::Report { message, percentage: self.percentage });
        }
        if let Some(message) = &self.ended {
            say(client, &self.token, &Value::End { message: message.clone() });
        }
    }
}

impl Joint {
    /// `true` once all folders are done.
    fn show(&mut self, client: &Client) -> bool {
        if self.pending.is_empty() {
            say(client, &self.token, &Value::End { message: None });
            return true;
        }
        let sum: u32 = self.percentages.values().sum();
        // Of the folders that are done the bar knows no more; it never goes back.
        let percentage = sum / self.pending.len() as u32;
        if percentage > self.shown {
            self.shown = percentage;
            say(client, &self.token, &Value::Report { message: None, percentage });
        }
        false
    }
}
