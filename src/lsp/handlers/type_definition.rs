//! `textDocument/typeDefinition`.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{Definition, TypeDefinitionParams, TypeDefinitionResponse};

use super::definition::{Targets, targets};
use crate::lsp::reading::Answer;
use crate::lsp::session::Session;
use crate::query;

pub const FEATURE: &str = "typeDefinition";

pub fn handle(
    session: &Arc<Session>,
    params: TypeDefinitionParams,
) -> Answer<Option<TypeDefinitionResponse>> {
    let links = session.features().is_ok_and(|f| f.type_definition_links);
    let targets =
        targets(session, FEATURE, params.text_document_position_params, links, |reading, offset| {
            query::type_definition(&reading.ready.view, reading.file, offset)
        });
    Box::pin(async move {
        Ok(targets.await?.map(|targets| match targets {
            Targets::Locations(list) => TypeDefinitionResponse::Definition(Definition::LocationList(list)),
            Targets::Links(list) => TypeDefinitionResponse::DefinitionLinkList(list),
        }))
    })
}
