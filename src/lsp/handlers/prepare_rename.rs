//! `textDocument/prepareRename`: whether the name under the cursor can be renamed, and which it is.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{PrepareRenameParams, PrepareRenamePlaceholder, PrepareRenameResult};

use super::rename::{FEATURE, refused, refused_if_stale};
use crate::lsp::reading::{Answer, Found, Patience, read};
use crate::lsp::session::Session;
use crate::query;

pub fn handle(session: &Arc<Session>, params: PrepareRenameParams) -> Answer<Option<PrepareRenameResult>> {
    let at = params.text_document_position_params;
    let uri = at.text_document.uri;
    read(session, FEATURE, &uri, Patience::Folder, move |reading, _, _| {
        refused_if_stale(&reading.ready.freshness)?;
        let Some(offset) = reading.offset(at.position) else { return Ok(Found::Nothing) };
        let view = &reading.ready.view;
        let span = query::prepare_rename(view, reading.file, offset).map_err(|why| refused(&why))?;
        let text = view.text(reading.file).ok();
        let placeholder = text.as_deref().and_then(|t| t.get(span.start as usize..span.end as usize));
        let placeholder = placeholder.unwrap_or_default().to_owned();
        let range = reading.range(span);
        Ok(Found::Answer(PrepareRenameResult::PrepareRenamePlaceholder(PrepareRenamePlaceholder {
            range,
            placeholder,
        })))
    })
}
