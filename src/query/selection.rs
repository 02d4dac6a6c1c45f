//! What a selection grows to.

use crate::lang::Tree;
use crate::lang::facts::Span;

/// Steps of one selection; whoever grows one further selects everything.
const STEPS_MAX: usize = 128;

/// What lies around an offset of a document, the innermost first, each larger than the one before; at least an empty
/// range at the offset.
pub fn selection_ranges(tree: &Tree, text: &str, offset: u32) -> Vec<Span> {
    let mut spans = tree.around(text, offset);
    spans.truncate(STEPS_MAX);
    if spans.is_empty() {
        spans.push(Span::new(offset, offset));
    }
    spans
}
