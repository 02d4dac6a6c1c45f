//! Results in parts, for clients that give a token for them.

use serde::Serialize;
use serde_json::json;
use tower_lsp::gen_lsp_types::{PartialResultParams, ProgressToken};

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
    pub fn send<T: Serialize>(&self, items: Vec<T>) -> Vec<T> {
        self.send_as(items, |part| part)
    }

    /// The same, where a part is more than a list.
    pub fn send_as<T, P: Serialize>(&self, mut items: Vec<T>, part: impl Fn(Vec<T>) -> P) -> Vec<T> {
        let Some(token) = &self.token else { return items };
        while !items.is_empty() {
            let rest = items.split_off(items.len().min(ITEMS_MAX));
            self.client.tell_custom("$/progress", &json!({"token": token, "value": part(items)}));
            items = rest;
        }
        items
    }
}
