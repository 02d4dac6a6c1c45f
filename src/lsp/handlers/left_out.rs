//! `coppice/leftOut`, by which our own transport tells of a message that it has not read: what it was to change is not
//! known any more.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use tower_lsp::gen_lsp_types::Uri;

use crate::lsp::diagnostics;
use crate::lsp::session::Session;
use crate::lsp::uri;

/// Why documents are out of step.
const WHY: &str = "a message about it did not fit into the memory budget";

#[derive(Deserialize)]
pub struct Params {
    /// The document, if it was about one.
    uri: Option<Uri>,
    /// Whether it may have been about any document.
    documents: bool,
    /// Whether it may have told of files.
    files: bool,
}

pub fn handle(session: &Arc<Session>, params: Params) {
    let Ok(manager) = session.manager() else { return };
    let lost: Vec<PathBuf> = match params.uri {
        Some(uri) => uri::to_path(&uri).into_iter().collect(),
        None if params.documents => manager.documents().keys().map(|path| path.to_path_buf()).collect(),
        None => Vec::new(),
    };
    for path in lost {
        manager.lose(&path, WHY);
        diagnostics::document_changed(session, &path);
    }
    if params.files {
        manager.any_file_changed();
    }
}
