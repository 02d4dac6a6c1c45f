//! `textDocument/prepareRename`: whether the name under the cursor can be renamed, and which it is.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{PrepareRenameParams, PrepareRenamePlaceholder, PrepareRenameResult};

use super::rename::{FEATURE, refused, refused_if_stale};
use super::rename_home::{self, Home};
use crate::lsp::abroad::Abroad;
use crate::lsp::reading::{Answer, Found, Patience, at_once, read};
use crate::lsp::session::Session;
use crate::query;

pub fn handle(session: &Arc<Session>, params: PrepareRenameParams) -> Answer<Option<PrepareRenameResult>> {
    let at = params.text_document_position_params;
    let home = match Abroad::capture(session, FEATURE, &at.text_document.uri) {
        Ok(others) if others.are_there() => rename_home::find(session, &at),
        Ok(_) => at_once(Ok(None)),
        Err(error) => return at_once(Err(error)),
    };
    let uri = at.text_document.uri;
    let own = read(session, FEATURE, &uri, Patience::Folder, move |reading, _, _| {
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
    });
    Box::pin(async move {
        match home.await? {
            None => own.await,
            Some(Home { origin: range, text: placeholder, .. }) => {
                Ok(Some(PrepareRenameResult::PrepareRenamePlaceholder(PrepareRenamePlaceholder {
                    range,
                    placeholder,
                })))
            }
        }
    })
}
