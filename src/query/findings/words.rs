//! Names as words of a text.

use crate::lang::facts::Span;

/// Where a word stands in a text.
pub fn occurrences<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = Span> + 't {
    let bytes = text.as_bytes();
    let is_part = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at)).is_some_and(|b| *b == b'_' || b.is_ascii_alphanumeric() || *b >= 0x80)
    };
    memchr::memmem::find_iter(bytes, word.as_bytes()).filter_map(move |at| {
        let end = at + word.len();
        (!word.is_empty() && !is_part(at.checked_sub(1)) && !is_part(Some(end)))
            .then_some(Span::new(at as u32, end as u32))
    })
}

/// The line that holds an offset.
pub fn line_at(text: &str, offset: u32) -> &str {
    let Some((before, after)) = text.split_at_checked(offset as usize) else { return "" };
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let end = before.len() + after.find('\n').unwrap_or(after.len());
    &text[start..end]
}

/// The line above the one that holds an offset, without the white space around it.
pub fn line_above(text: &str, offset: u32) -> &str {
    let before = text.get(..offset as usize).unwrap_or_default();
    match before.rfind('\n') {
        Some(end) => line_at(text, end as u32).trim(),
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole() {
        let found: Vec<u32> = occurrences("ab a_b ab. xab abü ab", "ab").map(|s| s.start).collect();
        assert_eq!(found, [0, 7, 20]);
        assert_eq!((line_at("a\nbc\nd", 3), line_above("a\nbc\nd", 3), line_above("a", 0)), ("bc", "a", ""));
    }
}
