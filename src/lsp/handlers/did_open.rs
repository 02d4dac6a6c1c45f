//! `textDocument/didOpen`: from now on the editor's text counts.

use std::sync::Arc;

use serde::Deserialize;
use tower_lsp::gen_lsp_types::{MessageType, Uri};

use crate::lsp::diagnostics;
use crate::lsp::session::Session;
use crate::lsp::uri;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Params {
    text_document: Item,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    uri: Uri,
    #[serde(default)]
    language_id: String,
    #[serde(default)]
    version: Option<i32>,
    text: String,
}

pub fn handle(session: &Arc<Session>, params: Params) {
    let Item { uri, language_id, version, text } = params.text_document;
    let Ok(manager) = session.manager() else { return };
    let Some(path) = uri::to_path(&uri) else {
        tracing::debug!("{uri} is no file and is not followed");
        return;
    };
    session.uris.opened(&path, &uri);
    if let Err(error) = manager.open(&path, &language_id, version.unwrap_or(0), &text) {
        session.show(MessageType::Warning, format!("coppice: {}: {error}", path.display()));
    }
    session.edited();
    diagnostics::document_changed(session, &path);
}
