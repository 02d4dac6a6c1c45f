//! `textDocument/moniker`.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{Moniker, MonikerKind, MonikerParams, UniquenessLevel};

use crate::lsp::reading::{Answer, Found, Patience, read};
use crate::lsp::session::Session;
use crate::query;

pub const FEATURE: &str = "moniker";
/// What identifiers are made by: path and names, relative to the folder.
const SCHEME: &str = "coppice";

pub fn handle(session: &Arc<Session>, params: MonikerParams) -> Answer<Option<Vec<Moniker>>> {
    let at = params.text_document_position_params;
    let uri = at.text_document.uri;
    read(session, FEATURE, &uri, Patience::Folder, move |reading, _, _| {
        let Some(offset) = reading.offset(at.position) else { return Ok(Found::Nothing) };
        let found = query::monikers(&reading.ready.view, reading.file, offset).unwrap_or_default();
        let moniker = |found: query::Moniker| Moniker {
            scheme: SCHEME.to_owned(),
            identifier: found.identifier,
            unique: if found.local { UniquenessLevel::Document } else { UniquenessLevel::Project },
            kind: Some(if found.local { MonikerKind::Local } else { MonikerKind::Export }),
        };
        let all: Vec<Moniker> = found.into_iter().map(moniker).collect();
        Ok(if all.is_empty() { Found::Nothing } else { Found::Answer(all) })
    })
}
