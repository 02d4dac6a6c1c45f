//! `initialized`: from here on the client may be told and asked.

use std::sync::Arc;

use serde_json::json;
use tower_lsp::gen_lsp_types::{Registration, RegistrationParams, RegistrationRequest};

use crate::lang::LangId;
use crate::lsp::announcer;
use crate::lsp::configuration;
use crate::lsp::session::Session;

/// Kinds of changes, as the protocol numbers them.
const CREATED_OR_DELETED: u32 = 1 | 4;
const CHANGED: u32 = 2;

pub fn handle(session: &Arc<Session>) {
    let Ok(features) = session.features() else { return };
    announcer::start(session);
    configuration::complain(session);
    if features.registers_configuration {
        let options = json!({"section": configuration::SECTION});
        register(session, "workspace/didChangeConfiguration", options, |_, agreed| {
            if !agreed {
                tracing::info!("the client does not tell of changed settings");
            }
        });
    }
    if features.configuration {
        configuration::pull(session);
    }
    if features.watches_files {
        register(session, "workspace/didChangeWatchedFiles", watchers(), |session, agreed| {
            // Then we watch ourselves.
            if !agreed && let Ok(manager) = session.manager() {
                manager.set_client_watches(false);
            }
        });
    }
}

/// What comes and goes is of interest whatever its name, since it may be a directory; what changes only if it is a file
/// that we read.
fn watchers() -> serde_json::Value {
    let extensions: Vec<&str> = LangId::all().flat_map(|l| l.pack().extensions.iter().copied()).collect();
    let mut names: Vec<&str> =
        LangId::all().flat_map(|l| l.strategy().manifest_names().iter().copied()).collect();
    names.extend([".gitignore", ".ignore"]);
    names.sort_unstable();
    names.dedup();
    json!({"watchers": [
        {"globPattern": "**/*", "kind": CREATED_OR_DELETED},
        {"globPattern": format!("**/*.{{{}}}", extensions.join(",")), "kind": CHANGED},
        {"globPattern": format!("**/{{{}}}", names.join(",")), "kind": CHANGED},
    ]})
}

/// Asks to be told of something, in the background.
fn register(
    session: &Arc<Session>,
    method: &'static str,
    options: serde_json::Value,
    then: impl FnOnce(&Session, bool) + Send + 'static,
) {
    let registration = Registration {
        id: format!("coppice/{method}"),
        method: method.to_owned(),
        register_options: Some(options),
    };
    let params = RegistrationParams { registrations: vec![registration] };
    let answer = session.client.ask::<RegistrationRequest>(&params);
    let (session, runtime) = (Arc::clone(session), session.runtime.clone());
    runtime.spawn(async move {
        let answer = answer.await;
        if let Err(error) = &answer {
            tracing::warn!("{method} is not registered: {error}");
        }
        then(&session, answer.is_ok());
    });
}
