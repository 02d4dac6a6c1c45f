//! `textDocument/hover`.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{Hover, HoverParams};

use crate::lsp::convert;
use crate::lsp::reading::{Answer, Found, Patience, Reading, Scope, read};
use crate::lsp::session::Session;
use crate::query::{self, Empty};
use crate::resolve::Tier;

pub const FEATURE: &str = "hover";

pub fn handle(session: &Arc<Session>, params: HoverParams) -> Answer<Option<Hover>> {
    let (markdown, links) =
        session.features().map_or((false, false), |f| (f.markdown_hover, f.markdown_links));
    let at = params.text_document_position_params;
    let uri = at.text_document.uri;
    read(session, FEATURE, &uri, Patience::LocalFirst, move |reading, scope, _| {
        let Some(offset) = reading.offset(at.position) else { return Ok(Found::Nothing) };
        let certain = |h: &query::Hover| h.tier == Tier::Lexical && h.others == 0 && !h.kind.is_alias();
        Ok(match query::hover(&reading.ready.view, reading.file, offset) {
            Ok(hover) if scope == Scope::Folder || certain(&hover) => {
                let places = reading.places(reading.file);
                let link = links.then(|| link(reading, hover.location)).flatten();
                Found::Answer(convert::hover(
                    &hover,
                    &places,
                    link.as_deref(),
                    markdown,
                    &reading.ready.freshness,
                    reading.ready.outdated([reading.file, hover.location.file]),
                ))
            }
            Err(Empty::NotAName) => Found::Nothing,
            Err(Empty::External) if scope == Scope::Folder => {
                query::outside(&reading.ready.view, reading.file, offset)
                    .map(|outside| {
                        let places = reading.places(reading.file);
                        let outdated = reading.ready.outdated([reading.file]);
                        convert::hover_outside(
                            &outside,
                            &places,
                            markdown,
                            &reading.ready.freshness,
                            outdated,
                        )
                    })
                    .into()
            }
            Ok(_) | Err(_) => Found::NotAlone,
        })
    })
}

/// A link to a place that editors open at its line.
fn link(reading: &Reading, location: query::Location) -> Option<String> {
    let line = reading.places(location.file).position(location.span.start).line + 1;
    // What would end the link in Markdown is escaped.
    let uri = reading.uri(location.file)?.as_str().replace('(', "%28").replace(')', "%29");
    Some(format!("{uri}#L{line}"))
}
