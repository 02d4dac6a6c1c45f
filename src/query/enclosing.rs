//! Spans, asked for those that enclose another one.

use crate::lang::facts::Span;

/// Spans by their starts; a question is a binary search.
pub struct Enclosing {
    spans: Vec<Span>,
    /// The largest end of the spans up to each.
    ends: Vec<u32>,
}

impl Enclosing {
    pub fn new(spans: impl Iterator<Item = Span>) -> Enclosing {
        let mut spans: Vec<Span> = spans.collect();
        spans.sort_unstable_by_key(|s| (s.start, std::cmp::Reverse(s.end)));
        spans.dedup();
        let mut end = 0;
        let ends = spans.iter().map(|s| {
            end = end.max(s.end);
            end
        });
        Enclosing { ends: ends.collect(), spans }
    }

    /// Of the spans that enclose this one, the one that starts first.
    pub fn first_around(&self, span: Span) -> Option<Span> {
        let at = self.ends.partition_point(|end| *end < span.end);
        self.spans.get(at).copied().filter(|around| around.encloses(span))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_of_those_around_is_found(
            spans in prop::collection::vec((0u32..20, 0u32..9), 0..12), asked in (0u32..20, 0u32..5),
        ) {
            let span = |(start, len): (u32, u32)| Span::new(start, start + len);
            let all: Vec<Span> = spans.into_iter().map(span).collect();
            let asked = span(asked);
            let expected = all.iter().filter(|s| s.encloses(asked)).map(|s| s.start).min();
            let found = Enclosing::new(all.iter().copied()).first_around(asked);
            prop_assert_eq!(found.map(|s| s.start), expected);
            prop_assert!(found.is_none_or(|s| all.contains(&s)));
        }
    }
}
