//! `textDocument/selectionRange`: from the document alone.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{SelectionRange, SelectionRangeParams};

use crate::lsp::convert::{Places, selection_range, text_position};
use crate::lsp::errors;
use crate::lsp::reading::{Answer, analysed, at_once, read_document};
use crate::lsp::session::Session;
use crate::query;

pub const FEATURE: &str = "selectionRange";
/// Most positions of one request; an editor sends one for each of its cursors.
const POSITIONS_MAX: usize = 1_000;

pub fn handle(session: &Arc<Session>, params: SelectionRangeParams) -> Answer<Option<Vec<SelectionRange>>> {
    let positions = params.positions;
    if positions.len() > POSITIONS_MAX {
        return at_once(Err(errors::invalid(format!("more than {POSITIONS_MAX} positions"))));
    }
    read_document(session, FEATURE, &params.text_document.uri, move |document, encoding| {
        let Some(analysis) = analysed(document)? else { return Ok(None) };
        let places = Places::Document(Arc::clone(document), encoding);
        let ranges = positions.iter().map(|at| {
            let offset = document.lines.offset(&document.text, text_position(*at), encoding);
            let offset = offset.unwrap_or(document.text.len() as u32);
            selection_range(&query::selection_ranges(analysis.tree(), &document.text, offset), &places)
        });
        Ok(Some(ranges.collect()))
    })
}
