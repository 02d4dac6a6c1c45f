//! `textDocument/implementation`.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tower_lsp::gen_lsp_types::{
    Definition, ImplementationParams, ImplementationResponse, Location, LocationLink, Position, Range, Uri,
};
use tower_lsp::jsonrpc::{Error, Result};

use super::definition::TARGETS_MAX;
use crate::lsp::abroad::{Abroad, DEFINING_MAX};
use crate::lsp::convert;
use crate::lsp::errors;
use crate::lsp::reading::{Answer, Found, Lacking, Patience, Reading, at_once, read};
use crate::lsp::session::Session;
use crate::query::{self, Empty, Implementers, Item};
use crate::workspace::cancel::CancelToken;

pub const FEATURE: &str = "implementation";
/// How long all folders together are searched; nearly all answers take a hundredth of it.
const SEARCH_TIME_MAX: Duration = Duration::from_secs(2);

/// Something that implements what was asked about.
#[derive(PartialEq)]
struct Place {
    uri: Uri,
    full: Range,
    name: Range,
}

struct Own {
    /// The name that was asked about.
    origin: Option<Range>,
    places: Vec<Place>,
    lacking: Lacking,
    /// What is implemented, file by file, by the names of its definitions.
    defined: BTreeMap<String, (Uri, Vec<Position>)>,
}

pub fn handle(
    session: &Arc<Session>,
    params: ImplementationParams,
) -> Answer<Option<ImplementationResponse>> {
    let links = session.features().is_ok_and(|f| f.implementation_links);
    let at = params.text_document_position_params;
    let uri = at.text_document.uri;
    let others = match Abroad::capture(session, FEATURE, &uri) {
        Ok(others) => others,
        Err(error) => return at_once(Err(error)),
    };
    let until = Arc::new(OnceLock::new());
    let beginning = Arc::clone(&until);
    let own = read(session, FEATURE, &uri, Patience::Folder, move |reading, _, cancel| {
        let Some(offset) = reading.offset(at.position) else { return Ok(Found::Nothing) };
        let view = &reading.ready.view;
        let until = *beginning.get_or_init(|| Instant::now().checked_add(SEARCH_TIME_MAX));
        let found = query::implementation(view, reading.file, offset, TARGETS_MAX, until, cancel.flag());
        let found = match found {
            Ok(found) => found,
            Err(Empty::NotAName) => return Ok(Found::Nothing),
            Err(Empty::External | Empty::Unresolved(_)) => {
                reading.knows_definitions()?;
                return Ok(Found::Nothing);
            }
        };
        let places = places(reading, &found, |_| true)?;
        let mut defined: BTreeMap<String, (Uri, Vec<Position>)> = BTreeMap::new();
        for (file, span) in &found.defined {
            let Some(uri) = reading.asked_uri(*file) else { continue };
            let start = convert::range(&reading.places(*file), *span).start;
            defined.entry(uri.to_string()).or_insert_with(|| (uri, Vec::new())).1.push(start);
        }
        let origin = reading.name_at(offset).map(|name| reading.range(name));
        Ok(Found::Answer(Own { origin, places, lacking: reading.lacking(), defined }))
    });
    let session = Arc::clone(session);
    Box::pin(async move {
        let Some(Own { origin, mut places, lacking, defined }) = own.await? else { return Ok(None) };
        let until = until.get().copied().flatten();
        for (uri, names) in defined.into_values().take(DEFINING_MAX) {
            if places.len() >= TARGETS_MAX {
                break;
            }
            let left = TARGETS_MAX - places.len();
            let found = others.clone().ask(&uri, move |reading, cancel| {
                let mut all = Vec::new();
                for name in &names {
                    all.extend(abroad(reading, *name, left, until, cancel)?);
                    if all.len() >= left {
                        break;
                    }
                }
                reading.tell_lacking();
                Ok(all)
            });
            for place in found.await?.all {
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        lacking.told(&session, places.is_empty())?;
        if places.is_empty() {
            return Ok(None);
        }
        places.truncate(TARGETS_MAX);
        Ok(Some(match links {
            true => ImplementationResponse::DefinitionLinkList(
                places.into_iter().map(|place| place.link(origin)).collect(),
            ),
            false => ImplementationResponse::Definition(Definition::LocationList(
                places.into_iter().map(|place| Location { uri: place.uri, range: place.name }).collect(),
            )),
        }))
    })
}

impl Place {
    fn link(self, origin: Option<Range>) -> LocationLink {
        LocationLink {
            origin_selection_range: origin,
            target_uri: self.uri,
            target_range: self.full,
            target_selection_range: self.name,
        }
    }
}

/// What implements in the folder what the name at the position defines in one of its files, or one of its dependencies'.
fn abroad(
    reading: &Reading,
    name: Position,
    limit: usize,
    until: Option<Instant>,
    cancel: &CancelToken,
) -> Result<Vec<Place>> {
    let view = &reading.ready.view;
    let symbol = reading.offset(name).and_then(|offset| Item::at(view, reading.file, offset));
    let symbol = symbol.ok_or_else(Error::content_modified)?;
    let found = query::implementation_of(view, symbol, limit, until, cancel.flag());
    // What dependencies do is theirs to tell.
    places(reading, &found, |location| !view.is_library(location.file))
}

fn places(
    reading: &Reading,
    found: &Implementers,
    counts: impl Fn(&query::Location) -> bool,
) -> Result<Vec<Place>> {
    if found.cancelled {
        return Err(errors::cancelled());
    }
    if found.truncated {
        let count = found.items.len();
        reading.tell(format!(
            "there may be more implementations than these {count}: the search reached its limit"
        ));
    }
    let locations = found.items.iter().map(|d| d.location).filter(counts);
    let place = |l: query::Location| {
        // What another folder has is told as that folder tells it.
        let uri = reading.asked_uri(l.file).or_else(|| reading.uri(l.file))?;
        let places = reading.places(l.file);
        let (full, name) = (convert::full_range(&places, l.full, l.span), convert::range(&places, l.span));
        Some(Place { uri, full, name })
    };
    Ok(locations.filter_map(place).collect())
}
