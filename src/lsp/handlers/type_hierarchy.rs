//! `textDocument/prepareTypeHierarchy`, `typeHierarchy/supertypes` and `typeHierarchy/subtypes`.
//!
//! An item is known again by the place of its name, in whatever folder that is.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{
    TypeHierarchyItem, TypeHierarchyPrepareParams, TypeHierarchySubtypesParams, TypeHierarchySupertypesParams,
};
use tower_lsp::jsonrpc::{Error, Result};

use crate::lsp::abroad::Abroad;
use crate::lsp::convert;
use crate::lsp::errors;
use crate::lsp::reading::{Answer, Found, Patience, Reading, at_once, read};
use crate::lsp::session::Session;
use crate::query::{self, Empty, Item};
use crate::resolve::{Symbol, Target};
use crate::workspace::cancel::CancelToken;

pub const FEATURE: &str = "typeHierarchy";
/// Most types of one answer: a tree with more branches is not read.
const TYPES_MAX: usize = 1_000;

type Items = Option<Vec<TypeHierarchyItem>>;

pub fn prepare(session: &Arc<Session>, params: TypeHierarchyPrepareParams) -> Answer<Items> {
    let at = params.text_document_position_params;
    let uri = at.text_document.uri;
    read(session, FEATURE, &uri, Patience::Folder, move |reading, _, _| {
        let Some(offset) = reading.offset(at.position) else { return Ok(Found::Nothing) };
        Ok(match query::prepare_types(&reading.ready.view, reading.file, offset) {
            Ok(items) if !items.is_empty() => Found::Answer(shown(reading, &items)),
            Ok(_) | Err(Empty::NotAName) => Found::Nothing,
            Err(Empty::External | Empty::Unresolved(_)) => {
                reading.knows_definitions()?;
                Found::Nothing
            }
        })
    })
}

pub fn supertypes(session: &Arc<Session>, params: TypeHierarchySupertypesParams) -> Answer<Items> {
    let item = params.item;
    let uri = item.uri.clone();
    read(session, FEATURE, &uri, Patience::Folder, move |reading, _, _| {
        let symbol = known(reading, &item)?;
        let items = shown(reading, &query::supertypes(&reading.ready.view, symbol));
        reading.lacking().told(reading.session(), items.is_empty())?;
        Ok(Found::Answer(items))
    })
}

pub fn subtypes(session: &Arc<Session>, params: TypeHierarchySubtypesParams) -> Answer<Items> {
    let item = params.item;
    let uri = item.uri.clone();
    let at = item.clone();
    let abroad = match Abroad::capture(session, FEATURE, &uri) {
        Ok(abroad) => abroad,
        Err(error) => return at_once(Err(error)),
    };
    let own = read(session, FEATURE, &uri, Patience::Folder, move |reading, _, cancel| {
        Ok(Found::Answer((below(reading, known(reading, &at)?, cancel)?, reading.lacking())))
    });
    let abroad = abroad.ask(&uri, move |reading, cancel| {
        let items = below(reading, known(reading, &item)?, cancel)?;
        reading.tell_lacking();
        Ok(items)
    });
    let session = Arc::clone(session);
    Box::pin(async move {
        let (own, abroad) = (own.await?, abroad.await?.all);
        let (own, lacking) = own.unzip();
        let all: Vec<TypeHierarchyItem> = own.into_iter().flatten().chain(abroad).collect();
        lacking.map_or(Ok(()), |lacking| lacking.told(&session, all.is_empty()))?;
        Ok(Some(all))
    })
}

/// The types below it in the folder; those in its dependencies are theirs to tell.
fn below(reading: &Reading, symbol: Symbol, cancel: &CancelToken) -> Result<Vec<TypeHierarchyItem>> {
    let view = &reading.ready.view;
    let mut found = query::subtypes(view, symbol, TYPES_MAX, cancel.flag());
    if found.cancelled {
        return Err(errors::cancelled());
    }
    if found.truncated {
        reading.tell(format!("there are more than {TYPES_MAX} subtypes; these are the first"));
    }
    found.items.retain(|item| !view.is_library(item.target.file()));
    Ok(shown(reading, &found.items))
}

/// The type that an item stands for; if its name no longer stands where it was, it has to be prepared anew.
fn known(reading: &Reading, item: &TypeHierarchyItem) -> Result<Symbol> {
    let offset = reading.offset(item.selection_range.start);
    let symbol = offset.and_then(|offset| Item::at(&reading.ready.view, reading.file, offset));
    let named = |symbol: &Symbol| Item::new(&reading.ready.view, Target::Symbol(*symbol)).name == item.name;
    symbol.filter(named).ok_or_else(Error::content_modified)
}

fn shown(reading: &Reading, items: &[Item]) -> Vec<TypeHierarchyItem> {
    let item = |item: &Item| {
        let file = item.target.file();
        Some(convert::type_item(item, reading.asked_uri(file)?, &reading.places(file)))
    };
    items.iter().filter_map(item).collect()
}
