//! `textDocument/didClose`: the file on disk counts again.

use std::sync::Arc;

use serde::Deserialize;
use tower_lsp::gen_lsp_types::TextDocumentIdentifier;

use crate::lsp::diagnostics;
use crate::lsp::session::Session;
use crate::lsp::uri;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Params {
    text_document: TextDocumentIdentifier,
}

pub fn handle(session: &Arc<Session>, params: Params) {
    let (Ok(manager), Some(path)) = (session.manager(), uri::to_path(&params.text_document.uri)) else {
        return;
    };
    if let Err(error) = manager.close(&path) {
        tracing::debug!("{}: {error}", path.display());
        return;
    }
    session.edited();
    // Reports on a whole folder tell of the file from now on.
    session.changed();
    diagnostics::document_closed(session, &path);
    session.token_results.forget(&params.text_document.uri);
    session.uris.closed(&path);
}
