//! What the server tells and asks the client on its own account.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tower_lsp::gen_lsp_types::{Notification, Request};

use super::outbox::Outbox;
use crate::workspace::ledger::Refused;
use crate::workspace::manager::Holder;
use crate::workspace::sync::Mutex;

/// Longest that an answer of the client is waited for. Only background tasks wait, so nothing hangs meanwhile.
pub const ANSWER_WAIT: Duration = Duration::from_secs(60);

/// A handle of the client.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    outbox: Outbox,
    next_id: AtomicI64,
    waiting: Mutex<HashMap<i64, oneshot::Sender<Result<Value, Value>>>>,
}

/// A notification as it is sent.
#[derive(Serialize)]
struct Told<'a, P> {
    jsonrpc: &'static str,
    method: &'a str,
    params: &'a P,
}

/// Why the client gave no answer that can be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AskError {
    #[error("the client refused {method}: {error}")]
    Refused { method: String, error: Value },
    #[error("the client did not answer {0}")]
    NoAnswer(String),
    #[error("the client's answer to {method} makes no sense: {error}")]
    Unreadable { method: String, error: String },
}

impl Client {
    pub fn new(outbox: Outbox) -> Client {
        Client(Arc::new(Shared { outbox, next_id: AtomicI64::new(1), waiting: Mutex::default() }))
    }

    /// From now on what waits for the client is counted.
    pub fn count_by(&self, holder: Holder) {
        self.0.outbox.count_by(holder);
    }

    /// Whether the client has fallen behind: what it is told unasked is to wait then, and to be told as it is when the
    /// client has caught up.
    pub fn is_behind(&self) -> bool {
        self.0.outbox.is_behind()
    }

    /// Waits until the client is not behind.
    pub async fn caught_up(&self) {
        self.0.outbox.caught_up().await;
    }

    pub fn tell<N: Notification>(&self, params: &N::Params) {
        self.tell_custom(N::METHOD.as_str(), params);
    }

    /// For notifications that are not in the protocol.
    pub fn tell_custom(&self, method: &str, params: &impl Serialize) {
        self.0.outbox.send(&Told { jsonrpc: "2.0", method, params });
    }

    /// The same for what something smaller can stand in for.
    ///
    /// # Errors
    /// If the budget has no room for it; it has not been told then.
    pub fn try_tell_custom(&self, method: &str, params: &impl Serialize) -> Result<(), Refused> {
        self.0.outbox.try_send(&Told { jsonrpc: "2.0", method, params })
    }

    /// Asks the client. The request is on its way when this returns; the answer is for a background task to await.
    pub fn ask<R: Request>(
        &self,
        params: &R::Params,
    ) -> impl Future<Output = Result<R::Result, AskError>> + Send + use<R> {
        self.ask_within::<R>(params, ANSWER_WAIT)
    }

    /// The same for what the user answers, who takes longer than a program.
    pub fn ask_within<R: Request>(
        &self,
        params: &R::Params,
        wait: Duration,
    ) -> impl Future<Output = Result<R::Result, AskError>> + Send + use<R> {
        let method = R::METHOD.as_str().to_owned();
        let id = self.0.next_id.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        self.0.waiting.lock().insert(id, sender);
        let mut frame = json!({"jsonrpc": "2.0", "id": id, "method": method});
        match serde_json::to_value(params) {
            Ok(Value::Null) => {}
            Ok(params) => frame["params"] = params,
            Err(error) => tracing::error!("{method} cannot be written as JSON: {error}"),
        }
        self.0.outbox.send(&frame);
        let forget = Forget { shared: Arc::clone(&self.0), id };
        async move {
            let _forget = forget;
            match tokio::time::timeout(wait, answer).await {
                Ok(Ok(Ok(result))) => serde_json::from_value(result)
                    .map_err(|error| AskError::Unreadable { method, error: error.to_string() }),
                Ok(Ok(Err(error))) => Err(AskError::Refused { method, error }),
                Ok(Err(_)) | Err(_) => Err(AskError::NoAnswer(method)),
            }
        }
    }

    /// Takes the client's answer to a request of ours.
    pub(super) fn answered(&self, id: &Value, result: Result<Value, Value>) {
        let waiting = id.as_i64().and_then(|id| self.0.waiting.lock().remove(&id));
        match waiting {
            Some(sender) => drop(sender.send(result)),
            None => tracing::warn!("the client answered {id}, which was not asked or not waited for"),
        }
    }
}

/// Drops the entry of a request nobody waits for any more.
struct Forget {
    shared: Arc<Shared>,
    id: i64,
}

impl Drop for Forget {
    fn drop(&mut self) {
        self.shared.waiting.lock().remove(&self.id);
    }
}
