//! `textDocument/references`.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use tower_lsp::gen_lsp_types::{Location, MessageType, Position, ReferenceParams, Uri};
use tower_lsp::jsonrpc::{Error, Result};

use crate::lsp::abroad::{Abroad, DEFINING_MAX};
use crate::lsp::convert::{self, location};
use crate::lsp::errors;
use crate::lsp::partial::Parts;
use crate::lsp::reading::{Answer, Found, Patience, Reading, Scope, at_once, read};
use crate::lsp::session::Session;
use crate::query::{self, Item, Uses};
use crate::resolve::Target;
use crate::workspace::cancel::CancelToken;

pub const FEATURE: &str = "references";
/// Most that one answer holds: a list nobody reads to its end.
const REFERENCES_MAX: usize = 10_000;

/// Definitions in one file that other folders are asked about; the rest are the same symbol again (a field that is assigned in
/// many places).
const NAMES_MAX: usize = 8;

/// Uses in one folder, and by what other folders may know what is used.
struct Own {
    places: Vec<Location>,
    defined: Defined,
}

/// Where something is defined, file by file: the names of its definitions, or none for the file itself.
type Defined = BTreeMap<String, (Uri, Vec<Option<Position>>)>;

pub fn handle(session: &Arc<Session>, params: ReferenceParams) -> Answer<Option<Vec<Location>>> {
    let at = params.text_document_position_params;
    let declaration = params.context.include_declaration;
    let parts = Parts::new(session, params.partial_result_params);
    let uri = at.text_document.uri;
    let others = match Abroad::capture(session, FEATURE, &uri) {
        Ok(others) => others,
        Err(error) => return at_once(Err(error)),
    };
    let several = others.are_there();
    let own = read(session, FEATURE, &uri, Patience::LocalFirst, move |reading, scope, cancel| {
        // What else there is in the folder is not known of a file by itself; and with dependencies that are being read, not
        // who else defines it in another folder.
        if scope == Scope::FileAlone && (several || reading.ready.freshness.generation == 0) {
            return Ok(Found::NotAlone);
        }
        reading.knows_uses()?;
        let Some(offset) = reading.offset(at.position) else { return Ok(Found::Nothing) };
        let view = &reading.ready.view;
        match query::references(view, reading.file, offset, declaration, REFERENCES_MAX, cancel.flag()) {
            Ok(uses) => Ok(Found::Answer(own_uses(reading, &uses, cancel)?)),
            // Dependencies that are being read may define it.
            Err(query::Empty::External | query::Empty::Unresolved(_)) => Ok(Found::NotAlone),
            Err(query::Empty::NotAName) => Ok(Found::Nothing),
        }
    });
    let teller = Arc::clone(session);
    Box::pin(async move {
        let Some(Own { places, defined }) = own.await? else { return Ok(None) };
        let all = everywhere(&teller, others, places, defined, declaration).await?;
        Ok(Some(parts.send(all)?))
    })
}

/// The uses in a folder, and those in the folders that know a definition.
async fn everywhere(
    session: &Session,
    others: Abroad,
    mut places: Vec<Location>,
    defined: Defined,
    declaration: bool,
) -> Result<Vec<Location>> {
    if !others.are_there() {
        return Ok(places);
    }
    if defined.len() > DEFINING_MAX {
        let message = "coppice: it is defined in too many files for other folders to be asked about it";
        session.show(MessageType::Info, message.to_owned());
        return Ok(places);
    }
    // Several definitions have uses in common.
    let mut seen: HashSet<Location> = places.iter().cloned().collect();
    for (uri, names) in defined.into_values() {
        let found = others.clone().ask(&uri, move |reading, cancel| {
            reading.knows_uses()?;
            let mut all = HashSet::new();
            for name in &names {
                all.extend(abroad(reading, *name, declaration, cancel)?);
                if all.len() > REFERENCES_MAX {
                    break;
                }
            }
            let mut all: Vec<Location> = all.into_iter().collect();
            all.sort_by(|a, b| place_of(a).cmp(&place_of(b)));
            Ok(all)
        });
        places.extend(found.await?.all.into_iter().filter(|place| seen.insert(place.clone())));
        if places.len() > REFERENCES_MAX {
            break;
        }
    }
    if places.len() > REFERENCES_MAX {
        places.truncate(REFERENCES_MAX);
        tell_limit(session, REFERENCES_MAX);
    }
    Ok(places)
}

fn place_of(location: &Location) -> (&str, u32, u32) {
    let start = location.range.start;
    (location.uri.as_str(), start.line, start.character)
}

/// Uses in the folder of what the name at the position defines in one of its files, or one of its dependencies'.
fn abroad(
    reading: &Reading,
    name: Option<Position>,
    declaration: bool,
    cancel: &CancelToken,
) -> Result<Vec<Location>> {
    let view = &reading.ready.view;
    let target = match name {
        None => Target::File(reading.file),
        Some(at) => {
            let offset = reading.offset(at);
            let symbol = offset.and_then(|offset| Item::at(view, reading.file, offset));
            Target::Symbol(symbol.ok_or_else(Error::content_modified)?)
        }
    };
    let uses = query::references_to(view, target, declaration, REFERENCES_MAX, cancel.flag());
    Ok(own_uses(reading, &uses, cancel)?.places)
}

fn own_uses(reading: &Reading, uses: &Uses, cancel: &CancelToken) -> Result<Own> {
    if uses.cancelled || cancel.is_cancelled() {
        return Err(errors::cancelled());
    }
    if uses.truncated {
        tell_limit(reading.session(), uses.total);
    }
    let places = uses.items.iter().map(|u| u.location);
    let places = reading.in_files(places, |uri, places, l| location(uri.clone(), places, l.span));
    let mut defined = Defined::new();
    for (file, span) in &uses.defined {
        let Some(uri) = reading.asked_uri(*file) else { continue };
        let position = span.map(|span| convert::range(&reading.places(*file), span).start);
        let (_, names) = defined.entry(uri.to_string()).or_insert_with(|| (uri, Vec::new()));
        if names.len() < NAMES_MAX {
            names.push(position);
        }
    }
    Ok(Own { places, defined })
}

fn tell_limit(session: &Session, count: usize) {
    let message =
        format!("coppice: there may be more references than these {count}: the search reached its limit");
    session.show(MessageType::Info, message);
}
