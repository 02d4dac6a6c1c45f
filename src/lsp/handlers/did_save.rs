//! `textDocument/didSave`: the file on disk is another.

use serde::Deserialize;
use std::sync::Arc;
use tower_lsp::gen_lsp_types::TextDocumentIdentifier;

use crate::lsp::session::Session;
use crate::lsp::uri;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Params {
    text_document: TextDocumentIdentifier,
}

pub fn handle(session: &Arc<Session>, params: Params) {
    if let (Ok(manager), Some(path)) = (session.manager(), uri::to_path(&params.text_document.uri)) {
        manager.save(&path);
    }
}
