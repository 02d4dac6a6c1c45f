//! `textDocument/documentLink`: imports that lead to a file of the folder.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{DocumentLink, DocumentLinkOptions, DocumentLinkParams};

use crate::lang::modules::Layout;
use crate::lsp::errors;
use crate::lsp::reading::{Answer, Found, Patience, read};
use crate::lsp::session::Session;
use crate::query;

pub const FEATURE: &str = "documentLink";

pub fn options() -> DocumentLinkOptions {
    DocumentLinkOptions { resolve_provider: Some(false), ..DocumentLinkOptions::default() }
}

pub fn handle(session: &Arc<Session>, params: DocumentLinkParams) -> Answer<Option<Vec<DocumentLink>>> {
    let tooltips = session.features().is_ok_and(|f| f.link_tooltips);
    read(session, FEATURE, &params.text_document.uri, Patience::Folder, move |reading, _, cancel| {
        let view = &reading.ready.view;
        let links = query::document_links(view, reading.file, cancel.flag());
        if cancel.is_cancelled() {
            return Err(errors::cancelled());
        }
        let link = |link: &query::Link| {
            let tooltip = tooltips.then(|| view.path(link.file).to_owned());
            Some(DocumentLink {
                range: reading.range(link.span),
                target: Some(reading.uri(link.file)?),
                tooltip,
                data: None,
            })
        };
        Ok(Found::Answer(links.iter().filter_map(link).collect()))
    })
}
