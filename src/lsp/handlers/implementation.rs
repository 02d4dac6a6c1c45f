//! `textDocument/implementation`.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{Definition, ImplementationParams, ImplementationResponse, MessageType};

use super::definition::{TARGETS_MAX, Targets, present};
use crate::lsp::errors;
use crate::lsp::reading::{Answer, Found, Patience, read};
use crate::lsp::session::Session;
use crate::query;

pub const FEATURE: &str = "implementation";

pub fn handle(
    session: &Arc<Session>,
    params: ImplementationParams,
) -> Answer<Option<ImplementationResponse>> {
    let links = session.features().is_ok_and(|f| f.implementation_links);
    let at = params.text_document_position_params;
    let teller = Arc::clone(session);
    let uri = at.text_document.uri;
    read(session, FEATURE, &uri, Patience::Folder, move |reading, _, cancel| {
        let Some(offset) = reading.offset(at.position) else { return Ok(Found::Nothing) };
        let view = &reading.ready.view;
        let found = query::implementation(view, reading.file, offset, TARGETS_MAX, cancel.flag());
        let Ok(found) = found else { return Ok(Found::Nothing) };
        if found.cancelled {
            return Err(errors::cancelled());
        }
        if found.truncated {
            let count = found.items.len();
            teller.show(
                MessageType::Info,
                format!(
                    "coppice: there may be more implementations than these {count}: the search reached its limit"
                ),
            );
        }
        Ok(Found::Answer(match present(reading, offset, links, &found.items) {
            Targets::Locations(list) => ImplementationResponse::Definition(Definition::LocationList(list)),
            Targets::Links(list) => ImplementationResponse::DefinitionLinkList(list),
        }))
    })
}
