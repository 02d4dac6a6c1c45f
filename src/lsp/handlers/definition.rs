//! `textDocument/definition`.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{
    Definition, DefinitionParams, DefinitionResponse, Location, LocationLink, TextDocumentPositionParams,
};

use crate::lsp::convert::{location, location_link};
use crate::lsp::reading::{Answer, Found, Patience, Reading, Scope, read};
use crate::lsp::session::Session;
use crate::query::{self, Destination};
use crate::resolve::Tier;

pub const FEATURE: &str = "definition";
/// Most targets of one name; whoever has more to choose from does not choose.
pub const TARGETS_MAX: usize = 100;

/// Targets, in the form that the client wants.
pub enum Targets {
    Locations(Vec<Location>),
    Links(Vec<LocationLink>),
}

pub fn handle(session: &Arc<Session>, params: DefinitionParams) -> Answer<Option<DefinitionResponse>> {
    let links = session.features().is_ok_and(|f| f.definition_links);
    let targets =
        targets(session, FEATURE, params.text_document_position_params, links, |reading, offset| {
            query::definition(&reading.ready.view, reading.file, offset)
        });
    Box::pin(async move {
        Ok(targets.await?.map(|targets| match targets {
            Targets::Locations(list) => DefinitionResponse::Definition(Definition::LocationList(list)),
            Targets::Links(list) => DefinitionResponse::DefinitionLinkList(list),
        }))
    })
}

/// Where a name leads by some question; shared with `declaration` and `typeDefinition`.
pub fn targets(
    session: &Arc<Session>,
    feature: &str,
    params: TextDocumentPositionParams,
    links: bool,
    ask: impl Fn(&Reading, u32) -> query::Answer + Send + Sync + 'static,
) -> Answer<Option<Targets>> {
    let (uri, position) = (params.text_document.uri, params.position);
    read(session, feature, &uri, Patience::LocalFirst, move |reading, scope, _| {
        let Some(offset) = reading.offset(position) else { return Ok(Found::Nothing) };
        let found = match ask(reading, offset) {
            Ok(found) if scope == Scope::Folder || is_certain(&found) => found,
            Err(query::Empty::NotAName) => return Ok(Found::Nothing),
            Err(_) if scope == Scope::Folder => {
                reading.knows_definitions()?;
                return Ok(Found::Nothing);
            }
            Ok(_) | Err(_) => return Ok(Found::NotAlone),
        };
        Ok(Found::Answer(present(reading, offset, links, &found)))
    })
}

/// Where the name at the offset leads, as the client wants it told.
pub fn present(reading: &Reading, offset: u32, links: bool, found: &[Destination]) -> Targets {
    let origin = reading.name_at(offset).map(|name| reading.range(name));
    let locations = found.iter().take(TARGETS_MAX).map(|d| d.location);
    match links {
        true => Targets::Links(reading.in_files(locations, |uri, places, l| {
            location_link(uri.clone(), places, l.full, l.span, origin)
        })),
        false => Targets::Locations(
            reading.in_files(locations, |uri, places, l| location(uri.clone(), places, l.span)),
        ),
    }
}

/// Whether no other file can say otherwise.
pub fn is_certain(found: &[Destination]) -> bool {
    !found.is_empty() && found.iter().all(|d| d.tier == Tier::Lexical && !d.kind.is_alias())
}
