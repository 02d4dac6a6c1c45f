//! Folding and selection ranges.

use tower_lsp::gen_lsp_types::{FoldingRange, FoldingRangeKind, Range, SelectionRange};

use super::location::{Places, position, range};
use crate::lang::facts::Span;
use crate::query::{Fold, FoldKind};

/// Folds of a document by position. For clients that fold whole lines there is one for each first line, and what closes
/// it stays to be seen.
pub fn folding_ranges(folds: &[Fold], places: &Places<'_>, whole_lines: bool) -> Vec<FoldingRange> {
    let mut ranges: Vec<FoldingRange> =
        folds.iter().filter_map(|f| folding_range(f, places, whole_lines)).collect();
    if whole_lines {
        // The larger one comes first.
        ranges.dedup_by_key(|range| range.start_line);
    }
    ranges
}

fn folding_range(fold: &Fold, places: &Places<'_>, whole_lines: bool) -> Option<FoldingRange> {
    let Range { start, end } = range(places, fold.span);
    let end_line = if whole_lines && fold.closed { end.line.saturating_sub(1) } else { end.line };
    let characters = |at: u32| (!whole_lines).then_some(at);
    (start.line < end_line).then(|| FoldingRange {
        start_line: start.line,
        start_character: characters(start.character),
        end_line,
        end_character: characters(end.character),
        kind: match fold.kind {
            FoldKind::Block => None,
            FoldKind::Comment => Some(FoldingRangeKind::Comment),
            FoldKind::Imports => Some(FoldingRangeKind::Imports),
            FoldKind::Region => Some(FoldingRangeKind::Region),
        },
        collapsed_text: None,
    })
}

/// Spans that enclose each other, the innermost first.
pub fn selection_range(spans: &[Span], places: &Places<'_>) -> SelectionRange {
    let outward = spans.iter().rev().fold(None, |parent: Option<Box<SelectionRange>>, span| {
        Some(Box::new(SelectionRange { range: range(places, *span), parent }))
    });
    match outward {
        Some(innermost) => *innermost,
        None => SelectionRange {
            range: Range { start: position(Default::default()), end: position(Default::default()) },
            parent: None,
        },
    }
}
