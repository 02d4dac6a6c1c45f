//! `textDocument/documentHighlight`.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{DocumentHighlight, DocumentHighlightKind, DocumentHighlightParams};

use crate::lsp::convert::range;
use crate::lsp::errors;
use crate::lsp::reading::{Answer, Found, Patience, read};
use crate::lsp::session::Session;
use crate::query;

pub const FEATURE: &str = "highlight";

pub fn handle(
    session: &Arc<Session>,
    params: DocumentHighlightParams,
) -> Answer<Option<Vec<DocumentHighlight>>> {
    let at = params.text_document_position_params;
    let uri = at.text_document.uri;
    read(session, FEATURE, &uri, Patience::Local, move |reading, _, cancel| {
        let Some(offset) = reading.offset(at.position) else { return Ok(Found::Nothing) };
        let found = query::highlight(&reading.ready.view, reading.file, offset, cancel.flag());
        if cancel.is_cancelled() {
            return Err(errors::cancelled());
        }
        let places = reading.places(reading.file);
        let highlight = |h: &query::Highlight| DocumentHighlight {
            range: range(&places, h.span),
            kind: Some(if h.write { DocumentHighlightKind::Write } else { DocumentHighlightKind::Read }),
        };
        Ok(Found::Answer(found.iter().map(highlight).collect()))
    })
}
