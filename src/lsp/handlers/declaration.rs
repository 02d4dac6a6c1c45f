//! `textDocument/declaration`.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{Declaration, DeclarationParams, DeclarationResponse};

use super::definition::{Targets, targets};
use crate::lsp::reading::Answer;
use crate::lsp::session::Session;
use crate::query;

pub const FEATURE: &str = "declaration";

pub fn handle(session: &Arc<Session>, params: DeclarationParams) -> Answer<Option<DeclarationResponse>> {
    let links = session.features().is_ok_and(|f| f.declaration_links);
    let targets =
        targets(session, FEATURE, params.text_document_position_params, links, |reading, offset| {
            query::declaration(&reading.ready.view, reading.file, offset)
        });
    Box::pin(async move {
        Ok(targets.await?.map(|targets| match targets {
            Targets::Locations(list) => DeclarationResponse::Declaration(Declaration::LocationList(list)),
            Targets::Links(list) => DeclarationResponse::DeclarationLinkList(list),
        }))
    })
}
