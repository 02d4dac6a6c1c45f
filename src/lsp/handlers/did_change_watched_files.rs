//! `workspace/didChangeWatchedFiles`: hints; the workspace looks for itself.

use std::sync::Arc;

use serde::Deserialize;
use tower_lsp::gen_lsp_types::Uri;

use crate::lsp::session::Session;
use crate::lsp::uri;

#[derive(Deserialize)]
pub struct Params {
    changes: Vec<Change>,
}

/// What has happened to the file is not looked at: it may be over by now.
#[derive(Deserialize)]
struct Change {
    uri: String,
}

pub fn handle(session: &Arc<Session>, params: Params) {
    let Ok(manager) = session.manager() else { return };
    let paths = params.changes.iter().filter_map(|c| uri::to_path(&Uri::parse(&c.uri).ok()?));
    manager.files_changed(paths);
}
