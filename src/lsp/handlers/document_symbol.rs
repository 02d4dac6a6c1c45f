//! `textDocument/documentSymbol`: the outline, from the document alone.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{DocumentSymbolParams, DocumentSymbolResponse};

use crate::lsp::convert::{Places, flat_symbols, nested_symbols};
use crate::lsp::errors;
use crate::lsp::partial::Parts;
use crate::lsp::reading::{Answer, read_document};
use crate::lsp::session::Session;
use crate::query::document_symbols_of;
use crate::workspace::document::Unanalysed;

pub const FEATURE: &str = "documentSymbols";

pub fn handle(
    session: &Arc<Session>,
    params: DocumentSymbolParams,
) -> Answer<Option<DocumentSymbolResponse>> {
    let (hierarchical, kinds) = session
        .features()
        .map(|features| (features.hierarchical_symbols, features.outline_kinds.clone()))
        .unwrap_or_default();
    let parts = Parts::new(session, params.partial_result_params);
    let uri = params.text_document.uri;
    let asked = uri.clone();
    read_document(session, FEATURE, &asked, move |document, encoding| {
        let facts = match document.facts() {
            Ok(facts) => facts,
            Err(Unanalysed::NoLanguage) => return Ok(None),
            Err(why) => return Err(errors::not_analysed(&why)),
        };
        let symbols = document_symbols_of(&facts, &|name| &facts.names[name.index()]);
        let places = Places::Document(Arc::clone(document), encoding);
        Ok(Some(match hierarchical {
            true => DocumentSymbolResponse::DocumentSymbolList(
                parts.send(nested_symbols(&symbols, &places, &kinds))?,
            ),
            false => DocumentSymbolResponse::SymbolInformationList(
                parts.send(flat_symbols(&symbols, &uri, &places, &kinds))?,
            ),
        }))
    })
}
