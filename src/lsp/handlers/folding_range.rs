//! `textDocument/foldingRange`: from the document alone.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{FoldingRange, FoldingRangeParams};

use crate::lsp::convert::{Places, folding_ranges};
use crate::lsp::reading::{Answer, analysed, read_document};
use crate::lsp::session::Session;
use crate::query;

pub const FEATURE: &str = "foldingRange";
/// Most folds of one document, if the client does not want fewer.
const FOLDS_MAX: u32 = 10_000;

pub fn handle(session: &Arc<Session>, params: FoldingRangeParams) -> Answer<Option<Vec<FoldingRange>>> {
    let folding = session.features().map(|f| f.folding).unwrap_or_default();
    let folds_max = folding.ranges_max.unwrap_or(FOLDS_MAX).min(FOLDS_MAX) as usize;
    read_document(session, FEATURE, &params.text_document.uri, move |document, encoding| {
        let Some(analysis) = analysed(document)? else { return Ok(None) };
        let folds = query::folding_ranges(analysis.tree(), &analysis.facts, &document.text, folds_max);
        let places = Places::Document(Arc::clone(document), encoding);
        Ok(Some(folding_ranges(&folds, &places, folding.whole_lines)))
    })
}
