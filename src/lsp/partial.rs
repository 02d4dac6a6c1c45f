//! Results in parts, for clients that give a token for them.

use serde::Serialize;
use serde_json::json;
use tower_lsp::gen_lsp_types::{PartialResultParams, ProgressToken};
use tower_lsp::jsonrpc::Result;

use super::errors;
use super::session::Session;
use super::transport::Client;

/// Items of one part: as many as a client shows at once.
const ITEMS_MAX: usize = 500;

/// Where the parts of one result go.
#[derive(Clone)]
pub struct Parts {
    client: Client,
    token: Option<ProgressToken>,
}

impl Parts {
    pub fn new(session: &Session, params: PartialResultParams) -> Parts {
        Parts { client: session.client.clone(), token: params.partial_result_token }
    }

    /// Whether the client wants parts.
    pub fn are_wanted(&self) -> bool {
        self.token.is_some()
    }

    /// What is left for the answer itself: everything, or nothing once it is sent.
    ///
    /// # Errors
    /// If the budget has no room for a part beside what else waits for the client.
    pub fn send<T: Serialize>(&self, items: Vec<T>) -> Result<Vec<T>> {
        self.send_as(items, |part| part)
    }

    /// The same, where a part is more than a list.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub fn send_as<T, P: Serialize>(&self, mut items: Vec<T>, part: impl Fn(Vec<T>) -> P) -> Result<Vec<T>> {
        let Some(token) = &self.token else { return Ok(items) };
        while !items.is_empty() {
            let rest = items.split_off(items.len().min(ITEMS_MAX));
            let sent =
                self.client.try_tell_custom("$/progress", &json!({"token": token, "value": part(items)}));
            sent.map_err(|refused| errors::no_room(&refused))?;
            items = rest;
        }
        Ok(items)
    }
}
