//! Positions, ranges and locations.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{Location, LocationLink, Position, Range, Uri};

use crate::graph::Positions;
use crate::lang::facts::Span;
use crate::text::{self, Encoding};
use crate::workspace::document::Document;

pub fn position(position: text::Position) -> Position {
    Position { line: position.line, character: position.column }
}

pub fn text_position(position: Position) -> text::Position {
    text::Position::new(position.line, position.character)
}

/// Turns the offsets of one file into positions.
pub enum Places<'a> {
    /// A file of a view.
    File(Positions<'a>),
    /// A document by itself.
    Document(Arc<Document>, Encoding),
}

impl Places<'_> {
    pub fn position(&self, offset: u32) -> Position {
        position(match self {
            Places::File(positions) => positions.position(offset),
            Places::Document(document, encoding) => {
                document.lines.position(&document.text, offset, *encoding)
            }
        })
    }
}

/// The range of a span.
pub fn range(places: &Places<'_>, span: Span) -> Range {
    Range { start: places.position(span.start), end: places.position(span.end.max(span.start)) }
}

/// The range of a whole declaration, which holds that of its name whatever the spans are.
pub fn full_range(places: &Places<'_>, full: Span, name: Span) -> Range {
    let span = Span::new(full.start.min(name.start), full.end.max(name.end));
    range(places, span)
}

/// Where a name stands.
pub fn location(uri: Uri, places: &Places<'_>, name: Span) -> Location {
    Location { uri, range: range(places, name) }
}

/// Where a name stands and what is around it; `origin` is the name that leads there.
pub fn location_link(
    uri: Uri,
    places: &Places<'_>,
    full: Span,
    name: Span,
    origin: Option<Range>,
) -> LocationLink {
    LocationLink {
        origin_selection_range: origin,
        target_uri: uri,
        target_range: full_range(places, full, name),
        target_selection_range: range(places, name),
    }
}
