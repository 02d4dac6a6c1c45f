//! `textDocument/didChange`: edits, applied before the next message is looked at.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use tower_lsp::gen_lsp_types::{MessageType, Range, Uri};

use crate::lsp::convert::text_position;
use crate::lsp::diagnostics;
use crate::lsp::session::Session;
use crate::lsp::uri;
use crate::workspace::document::Change;
use crate::workspace::documents::DocumentError;

/// Bytes of replaced versions that requests may still be reading. A client that edits and asks faster than it can be
/// answered is made to wait a little, rather than to fill the budget with versions of one text.
const REPLACED_BYTES_MAX: u64 = 32 << 20;
/// Longest that it is made to wait.
const REPLACED_WAIT: Duration = Duration::from_secs(2);
const REPLACED_POLL: Duration = Duration::from_millis(1);

/// Read by hand: the library's type would take a change whose range makes no sense for one of the whole text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Params {
    text_document: Identifier,
    content_changes: Vec<ContentChange>,
}

#[derive(Deserialize)]
struct Identifier {
    uri: Uri,
    #[serde(default)]
    version: Option<i32>,
}

#[derive(Deserialize)]
struct ContentChange {
    #[serde(default)]
    range: Option<Range>,
    text: String,
}

pub fn handle(session: &Arc<Session>, params: Params) {
    let (Ok(manager), Ok(features)) = (session.manager(), session.features()) else { return };
    let Some(path) = uri::to_path(&params.text_document.uri) else { return };
    let changes: Vec<Change> = params
        .content_changes
        .into_iter()
        .map(|c| Change {
            range: c.range.map(|r| (text_position(r.start), text_position(r.end))),
            text: c.text,
        })
        .collect();
    let before = manager.documents().get(path.as_path()).cloned();
    let version = params.text_document.version;
    let version = version.or_else(|| before.as_ref()?.version?.checked_add(1)).unwrap_or(0);
    match manager.change(&path, version, &changes, features.encoding) {
        Ok(_) => {}
        Err(DocumentError::NotOpen) => {
            tracing::warn!("a change of {}, which is not open, is not followed", path.display());
            return;
        }
        // The first of many: as long as it is not opened again, every further change fails in the same way.
        Err(error) if before.as_ref().is_some_and(|b| b.trouble.is_none()) => {
            session.show(MessageType::Warning, format!("coppice: {}: {error}", path.display()));
        }
        Err(error) => tracing::debug!("{}: {error}", path.display()),
    }
    session.edited();
    if let Some(before) = before {
        session.replaced.push(&before);
    }
    let patience = Instant::now() + REPLACED_WAIT;
    while session.replaced.bytes() > REPLACED_BYTES_MAX && Instant::now() < patience {
        thread::sleep(REPLACED_POLL);
    }
    diagnostics::document_changed(session, &path);
}
