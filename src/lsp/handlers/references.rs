//! `textDocument/references`.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{Location, MessageType, ReferenceParams};

use crate::lsp::convert::location;
use crate::lsp::errors;
use crate::lsp::partial::Parts;
use crate::lsp::reading::{Answer, Found, Patience, read};
use crate::lsp::session::Session;
use crate::query;

pub const FEATURE: &str = "references";
/// Most that one answer holds: a list nobody reads to its end.
const REFERENCES_MAX: usize = 10_000;

pub fn handle(session: &Arc<Session>, params: ReferenceParams) -> Answer<Option<Vec<Location>>> {
    let at = params.text_document_position_params;
    let declaration = params.context.include_declaration;
    let teller = Arc::clone(session);
    let parts = Parts::new(session, params.partial_result_params);
    let uri = at.text_document.uri;
    read(session, FEATURE, &uri, Patience::Folder, move |reading, _, cancel| {
        reading.knows_uses()?;
        let Some(offset) = reading.offset(at.position) else { return Ok(Found::Nothing) };
        let view = &reading.ready.view;
        let uses = query::references(view, reading.file, offset, declaration, REFERENCES_MAX, cancel.flag());
        let Ok(uses) = uses else { return Ok(Found::Nothing) };
        if uses.cancelled {
            return Err(errors::cancelled());
        }
        if uses.truncated {
            let message = format!(
                "coppice: there may be more references than these {}: the search reached its limit",
                uses.total
            );
            teller.show(MessageType::Info, message);
        }
        let places = uses.items.iter().map(|u| u.location);
        let found = reading.in_files(places, |uri, places, l| location(uri.clone(), places, l.span));
        Ok(Found::Answer(parts.send(found)?))
    })
}
