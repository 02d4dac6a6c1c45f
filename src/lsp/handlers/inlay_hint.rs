//! `textDocument/inlayHint` and `inlayHint/resolve`.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{InlayHint, InlayHintOptions, InlayHintParams};
use tower_lsp::jsonrpc::Error;

use crate::lang::facts::Span;
use crate::lang::modules::FileId;
use crate::lsp::convert::{self, Declared};
use crate::lsp::errors;
use crate::lsp::reading::{Answer, Found, Patience, Reading, at_once, read};
use crate::lsp::session::Session;
use crate::lsp::uri;
use crate::query::{self, Item};
use crate::resolve::{Symbol, Target};
use crate::workspace::manager::Kind;

pub const FEATURE: &str = "inlayHint";

pub fn options() -> InlayHintOptions {
    InlayHintOptions { resolve_provider: Some(true), ..InlayHintOptions::default() }
}

pub fn handle(session: &Arc<Session>, params: InlayHintParams) -> Answer<Option<Vec<InlayHint>>> {
    let range = params.range;
    let can = session.features().map(|f| f.hints).unwrap_or_default();
    read(session, FEATURE, &params.text_document.uri, Patience::Folder, move |reading, _, cancel| {
        let Some(start) = reading.offset(range.start) else { return Ok(Found::Nothing) };
        let within = Span::new(start, reading.offset(range.end).unwrap_or(u32::MAX).max(start));
        let tree = reading.analysis();
        let view = &reading.ready.view;
        let found =
            query::inlay_hints(view, reading.file, tree.as_ref().map(|a| a.tree()), within, cancel.flag());
        if found.cancelled {
            return Err(errors::cancelled());
        }
        let places = reading.places(reading.file);
        let hint = |hint: &query::Hint| {
            let position = places.position(hint.offset);
            convert::inlay_hint(hint.kind, &hint.name, position, declared(reading, hint.symbol), can)
        };
        Ok(Found::Answer(found.hints.iter().map(hint).collect()))
    })
}

fn declared(reading: &Reading, symbol: Symbol) -> Option<Declared> {
    let item = Item::new(&reading.ready.view, Target::Symbol(symbol));
    Some(Declared {
        uri: reading.uri(symbol.file)?,
        range: convert::range(&reading.places(symbol.file), item.location.span),
        name: item.name,
        container: item.container,
        version: reading.version(symbol.file),
        from: match reading.asked_uri(symbol.file) {
            Some(_) => None,
            None => reading.uri(reading.file),
        },
    })
}

/// Adds what is known of the type or parameter, and a way to it.
pub fn resolve(session: &Arc<Session>, hint: InlayHint) -> Answer<InlayHint> {
    let data = hint.data.clone().and_then(|data| serde_json::from_value::<Declared>(data).ok());
    let Some(known) = data else { return at_once(Ok(hint)) };
    let (markdown, can) = session.features().map(|f| (f.markdown_hover, f.hints)).unwrap_or_default();
    let target = known.uri.clone();
    let asked = known.from.clone().unwrap_or_else(|| known.uri.clone());
    let alone = uri::to_path(&asked).zip(session.manager().ok());
    let alone = alone.is_some_and(|(path, manager)| manager.capture(&path).folder().is_none());
    let told = read(session, FEATURE, &asked, Patience::Folder, move |reading, _, _| {
        let ready = &reading.ready;
        let file = match &known.from {
            None => Some(reading.file),
            Some(_) => uri::to_path(&known.uri).and_then(|path| ready.libraries_at(&path).first().copied()),
        };
        // It has moved, or the text has changed since: the client asks for all hints anew.
        let known_there = file.and_then(|file| Some((file, stands(reading, file, &known)?)));
        let (file, offset) = known_there.ok_or_else(Error::content_modified)?;
        let Ok(hover) = query::hover(&ready.view, file, offset) else { return Ok(Found::Nothing) };
        let range = convert::range(&reading.places(file), hover.span);
        let outdated = ready.outdated([file, hover.location.file]);
        let content = convert::hover_content(&hover, None, markdown, &ready.freshness, outdated);
        Ok(Found::Answer((range, content)))
    });
    Box::pin(async move {
        let told = match told.await {
            // What is in no folder, and open no more, is as little known as what has no data.
            Err(error) if alone && errors::kind(&error) == Some(Kind::NoSuchFile.name()) => return Ok(hint),
            told => told?,
        };
        let Some((range, content)) = told else { return Ok(hint) };
        Ok(convert::resolved_hint(hint, target, range, content.into(), can))
    })
}

/// Where the name stands that was declared there, if it still does.
fn stands(reading: &Reading, file: FileId, known: &Declared) -> Option<u32> {
    // The version of a document that was not open before, or is not any more, says nothing of its text.
    let now = reading.version(file);
    if now.zip(known.version).is_some_and(|(now, then)| now != then) {
        return None;
    }
    let view = &reading.ready.view;
    let offset = view.offset(file, convert::text_position(known.range.start), reading.encoding)?;
    let facts = view.facts(file);
    let mut here = facts.defs_with_ids().filter(|(_, def)| def.name_span.start == offset);
    let is_it = |def| {
        let item = Item::new(view, Target::Symbol(Symbol { file, def }));
        item.name == known.name && item.container == known.container
    };
    here.any(|(def, _)| is_it(def)).then_some(offset)
}
