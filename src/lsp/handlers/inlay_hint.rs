//! `textDocument/inlayHint` and `inlayHint/resolve`.

use std::sync::Arc;

use serde::Deserialize;
use tower_lsp::gen_lsp_types::{
    InlayHint, InlayHintLabelPart, InlayHintOptions, InlayHintParams, Label, Location, Position, Range, Uri,
};

use crate::lang::facts::Span;
use crate::lsp::convert;
use crate::lsp::errors;
use crate::lsp::reading::{Answer, Found, Patience, at_once, read};
use crate::lsp::session::Session;
use crate::query;

pub const FEATURE: &str = "inlayHint";

pub fn options() -> InlayHintOptions {
    InlayHintOptions { resolve_provider: Some(true), ..InlayHintOptions::default() }
}

pub fn handle(session: &Arc<Session>, params: InlayHintParams) -> Answer<Option<Vec<InlayHint>>> {
    let range = params.range;
    read(session, FEATURE, &params.text_document.uri, Patience::Folder, move |reading, _, cancel| {
        let Some(start) = reading.offset(range.start) else { return Ok(Found::Nothing) };
        let within = Span::new(start, reading.offset(range.end).unwrap_or(u32::MAX).max(start));
        let tree = reading.analysis();
        let view = &reading.ready.view;
        let found =
            query::inlay_hints(view, reading.file, tree.as_ref().map(|a| &a.tree), within, cancel.flag());
        if found.cancelled {
            return Err(errors::cancelled());
        }
        let places = reading.places(reading.file);
        let hint = |hint: &query::Hint| {
            let declared = view.facts(hint.symbol.file).def(hint.symbol.def).name_span.start;
            let uri = reading.uri(hint.symbol.file);
            let target = uri.map(|uri| (uri, reading.places(hint.symbol.file).position(declared)));
            convert::inlay_hint(hint.kind, &hint.name, places.position(hint.offset), target)
        };
        Ok(Found::Answer(found.hints.iter().map(hint).collect()))
    })
}

/// Where what a hint names is declared.
#[derive(Deserialize)]
struct Declared {
    uri: Uri,
    position: Position,
}

/// Adds what is known of the type or parameter, and a way to it.
pub fn resolve(session: &Arc<Session>, hint: InlayHint) -> Answer<InlayHint> {
    let declared: Option<Declared> = hint.data.clone().and_then(|data| serde_json::from_value(data).ok());
    let Some(Declared { uri, position }) = declared else { return at_once(Ok(hint)) };
    let markdown = session.features().is_ok_and(|f| f.markdown_hover);
    let target = uri.clone();
    let known = read(session, FEATURE, &uri, Patience::Folder, move |reading, _, _| {
        let Some(offset) = reading.offset(position) else { return Ok(Found::Nothing) };
        let view = &reading.ready.view;
        let Ok(hover) = query::hover(view, reading.file, offset) else { return Ok(Found::Nothing) };
        let range = reading.range(hover.span);
        let ready = &reading.ready;
        let outdated = ready.outdated([reading.file, hover.location.file]);
        let content = convert::hover_content(&hover, None, markdown, &ready.freshness, outdated);
        Ok(Found::Answer((range, content)))
    });
    Box::pin(async move {
        let Some((range, content)) = known.await? else { return Ok(hint) };
        Ok(with_more(hint, target, range, content.into()))
    })
}

fn with_more(
    mut hint: InlayHint,
    uri: Uri,
    range: Range,
    tooltip: tower_lsp::gen_lsp_types::Tooltip,
) -> InlayHint {
    if let Label::String(value) = hint.label {
        let location = Some(Location { uri, range });
        let part = InlayHintLabelPart { value, tooltip: None, location, command: None };
        hint.label = Label::InlayHintLabelPartList(vec![part]);
    }
    hint.tooltip = Some(tooltip);
    hint
}
