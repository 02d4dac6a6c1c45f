//! Names as words of a text.

use crate::lang::facts::Span;

/// Where the words of a text stand. Made once, it is asked about names for the price of a search.
pub struct Words<'t> {
    text: &'t str,
    /// Letters, digits, underscores and what is beyond ASCII in a row; by what they spell, then by place.
    runs: Vec<Span>,
}

impl<'t> Words<'t> {
    pub fn new(text: &'t str) -> Words<'t> {
        let mut runs = runs(text.as_bytes());
        runs.sort_unstable_by(|a, b| spelled(text, *a).cmp(spelled(text, *b)).then(a.start.cmp(&b.start)));
        Words { text, runs }
    }

    /// Where the name stands as a word of its own from an offset on, by place. One without a letter stands nowhere.
    pub fn places<'a>(&'a self, name: &'a str, from: u32) -> impl Iterator<Item = Span> + 'a {
        let text = self.text.as_bytes();
        let first = runs(name.as_bytes()).into_iter().next().unwrap_or(Span::new(0, 0));
        let key = &name.as_bytes()[first.start as usize..first.end as usize];
        let at = self.runs.partition_point(|run| (spelled(self.text, *run), run.start) < (key, from));
        let same = self.runs[at..].iter().take_while(move |run| spelled(self.text, **run) == key);
        same.filter_map(move |run| {
            let start = run.start.checked_sub(first.start)?;
            let span = Span::new(start, start + name.len() as u32);
            let stands = text.get(start as usize..span.end as usize) == Some(name.as_bytes());
            let apart = |at: Option<u32>| !at.and_then(|at| text.get(at as usize)).is_some_and(is_part);
            (start >= from && stands && apart(start.checked_sub(1)) && apart(Some(span.end))).then_some(span)
        })
    }
}

fn is_part(byte: &u8) -> bool {
    *byte == b'_' || byte.is_ascii_alphanumeric() || *byte >= 0x80
}

fn spelled(text: &str, run: Span) -> &[u8] {
    &text.as_bytes()[run.start as usize..run.end as usize]
}

fn runs(bytes: &[u8]) -> Vec<Span> {
    let mut runs = Vec::new();
    let mut at = 0;
    for part in bytes.chunk_by(|a, b| is_part(a) == is_part(b)) {
        if is_part(&part[0]) {
            runs.push(Span::new(at, at + part.len() as u32));
        }
        at += part.len() as u32;
    }
    runs
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
        let text = "ab a_b ab. xab abü ab $ab a.$ab";
        let found = |name, from| Words::new(text).places(name, from).map(|s| s.start).collect::<Vec<_>>();
        assert_eq!(found("ab", 0), [0, 7, 20, 24, 30]);
        assert_eq!(found("ab", 8), [20, 24, 30]);
        assert_eq!(found("$ab", 0), [23, 29]);
        assert_eq!((found("a.$ab", 0), found("xa", 0), found("", 0)), (vec![27], vec![], vec![]));
        assert_eq!((line_at("a\nbc\nd", 3), line_above("a\nbc\nd", 3), line_above("a", 0)), ("bc", "a", ""));
    }
}
