//! `workspace/didChangeConfiguration`: new settings, in the message or for us to ask for.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::lsp::configuration;
use crate::lsp::session::Session;

#[derive(Deserialize)]
pub struct Params {
    #[serde(default)]
    settings: Value,
}

pub fn handle(session: &Arc<Session>, params: Params) {
    if session.features().is_ok_and(|f| f.configuration) {
        configuration::pull(session);
        return;
    }
    // Clients that know many servers send everybody's settings.
    let ours = params.settings.get(configuration::SECTION).cloned().unwrap_or(params.settings);
    session.configuration.set_configuration(ours);
    configuration::apply(session);
}
