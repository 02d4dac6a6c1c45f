//! `textDocument/linkedEditingRange`: the two names of an element, which are always the same; from the document alone.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{LinkedEditingRangeParams, LinkedEditingRanges};

use crate::lsp::convert::{self, Places};
use crate::lsp::reading::{Answer, analysed, read_document};
use crate::lsp::session::Session;

pub const FEATURE: &str = "linkedEditingRange";
/// What the name of an element may be.
const NAME_PATTERN: &str = "[-.:\\w$]*";

pub fn handle(
    session: &Arc<Session>,
    params: LinkedEditingRangeParams,
) -> Answer<Option<LinkedEditingRanges>> {
    let at = params.text_document_position_params;
    read_document(session, FEATURE, &at.text_document.uri, move |document, encoding| {
        let Some(analysis) = analysed(document)? else { return Ok(None) };
        let Some(offset) =
            document.lines.offset(&document.text, convert::text_position(at.position), encoding)
        else {
            return Ok(None);
        };
        let places = Places::Document(Arc::clone(document), encoding);
        let ranges = |names: [crate::lang::facts::Span; 2]| LinkedEditingRanges {
            ranges: names.iter().map(|span| convert::range(&places, *span)).collect(),
            word_pattern: Some(NAME_PATTERN.to_owned()),
        };
        Ok(analysis.tree().linked_names(&document.text, offset).map(ranges))
    })
}
