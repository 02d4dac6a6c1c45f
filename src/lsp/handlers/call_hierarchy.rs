//! `textDocument/prepareCallHierarchy`, `callHierarchy/incomingCalls` and `callHierarchy/outgoingCalls`.
//!
//! An item is known again by the place of its name, in whatever folder that is.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{
    CallHierarchyIncomingCall, CallHierarchyIncomingCallsParams, CallHierarchyItem,
    CallHierarchyOutgoingCall, CallHierarchyOutgoingCallsParams, CallHierarchyPrepareParams, Range,
    SymbolKind,
};
use tower_lsp::jsonrpc::{Error, Result};

use crate::lang::facts::Span;
use crate::lang::modules::FileId;
use crate::lsp::abroad::{Abroad, joined};
use crate::lsp::convert;
use crate::lsp::errors;
use crate::lsp::reading::{Answer, Found, Patience, Reading, at_once, read};
use crate::lsp::session::Session;
use crate::query::{self, Calls, Empty, Item};
use crate::resolve::{Symbol, Target};
use crate::workspace::cancel::CancelToken;

pub const FEATURE: &str = "callHierarchy";
/// Most calls of one answer: a tree with more branches is not read.
const SITES_MAX: usize = 2_000;

pub fn prepare(
    session: &Arc<Session>,
    params: CallHierarchyPrepareParams,
) -> Answer<Option<Vec<CallHierarchyItem>>> {
    let at = params.text_document_position_params;
    let uri = at.text_document.uri;
    read(session, FEATURE, &uri, Patience::Folder, move |reading, _, _| {
        let Some(offset) = reading.offset(at.position) else { return Ok(Found::Nothing) };
        let items = match query::prepare_calls(&reading.ready.view, reading.file, offset) {
            Ok(items) => items,
            Err(Empty::NotAName) => return Ok(Found::Nothing),
            Err(Empty::External | Empty::Unresolved(_)) => {
                reading.knows_definitions()?;
                return Ok(Found::Nothing);
            }
        };
        let items: Vec<_> = items.iter().filter_map(|i| shown(reading, i)).collect();
        Ok(if items.is_empty() { Found::Nothing } else { Found::Answer(items) })
    })
}

pub fn incoming(
    session: &Arc<Session>,
    params: CallHierarchyIncomingCallsParams,
) -> Answer<Option<Vec<CallHierarchyIncomingCall>>> {
    let item = params.item;
    let uri = item.uri.clone();
    // Nobody calls a file.
    if item.kind == SymbolKind::File {
        return at_once(Ok(None));
    }
    let at = item.clone();
    let abroad = match Abroad::capture(session, FEATURE, &uri) {
        Ok(abroad) => abroad,
        Err(error) => return at_once(Err(error)),
    };
    let own = read(session, FEATURE, &uri, Patience::Folder, move |reading, _, cancel| {
        let Target::Symbol(symbol) = known(reading, &at)? else { return Ok(Found::Nothing) };
        Ok(Found::Answer(callers(reading, symbol, cancel)?))
    });
    let abroad = abroad.ask(&uri, move |reading, cancel| match known(reading, &item)? {
        Target::Symbol(symbol) => callers(reading, symbol, cancel),
        Target::File(_) => Ok(Vec::new()),
    });
    joined(own, abroad)
}

/// Who calls it in the folder; what its dependencies do is theirs to tell.
fn callers(
    reading: &Reading,
    symbol: Symbol,
    cancel: &CancelToken,
) -> Result<Vec<CallHierarchyIncomingCall>> {
    let view = &reading.ready.view;
    let found = query::incoming_calls(view, symbol, SITES_MAX, cancel.flag());
    let call = |call: &query::Call| {
        let from = shown(reading, &call.item)?;
        let from_ranges = ranges(reading, call.item.target.file(), &call.sites);
        Some(CallHierarchyIncomingCall { from, from_ranges })
    };
    let found = whole(reading, found, cancel)?;
    Ok(found.calls.iter().filter(|call| !view.is_library(call.item.target.file())).filter_map(call).collect())
}

pub fn outgoing(
    session: &Arc<Session>,
    params: CallHierarchyOutgoingCallsParams,
) -> Answer<Option<Vec<CallHierarchyOutgoingCall>>> {
    let item = params.item;
    let uri = item.uri.clone();
    read(session, FEATURE, &uri, Patience::Folder, move |reading, _, cancel| {
        let target = known(reading, &item)?;
        let found = query::outgoing_calls(&reading.ready.view, target, SITES_MAX, cancel.flag());
        let call = |call: &query::Call| {
            let to = shown(reading, &call.item)?;
            let from_ranges = ranges(reading, target.file(), &call.sites);
            Some(CallHierarchyOutgoingCall { to, from_ranges })
        };
        Ok(Found::Answer(whole(reading, found, cancel)?.calls.iter().filter_map(call).collect()))
    })
}

/// What an item stands for; if its name no longer stands where it was, it has to be prepared anew.
fn known(reading: &Reading, item: &CallHierarchyItem) -> Result<Target> {
    if item.kind == SymbolKind::File {
        return Ok(Target::File(reading.file));
    }
    let offset = reading.offset(item.selection_range.start);
    let symbol = offset.and_then(|offset| Item::at(&reading.ready.view, reading.file, offset));
    let named = |symbol: &Symbol| Item::new(&reading.ready.view, Target::Symbol(*symbol)).name == item.name;
    symbol.filter(named).map(Target::Symbol).ok_or_else(Error::content_modified)
}

fn whole(reading: &Reading, calls: Calls, cancel: &CancelToken) -> Result<Calls> {
    reading.knows_uses()?;
    if calls.cancelled || cancel.is_cancelled() {
        return Err(errors::cancelled());
    }
    if calls.truncated {
        reading.tell(format!("there are more than {SITES_MAX} calls; these are the first"));
    }
    Ok(calls)
}

fn shown(reading: &Reading, item: &Item) -> Option<CallHierarchyItem> {
    let file = item.target.file();
    Some(convert::call_item(item, reading.asked_uri(file)?, &reading.places(file)))
}

fn ranges(reading: &Reading, file: FileId, sites: &[Span]) -> Vec<Range> {
    let places = reading.places(file);
    sites.iter().map(|site| convert::range(&places, *site)).collect()
}
