//! Line tables: where lines start, and on which of them columns depend on the encoding.

use super::codec::{CorruptError, Reader, Writer};
use crate::text::LineIndex;

/// The lines of a file of the graph, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    pub index: LineIndex,
    /// Lines with characters beyond ASCII, ascending. On all others a column is a byte in every encoding.
    pub wide: Vec<u32>,
}

impl Lines {
    pub fn new(text: &str) -> Lines {
        let index = LineIndex::new(text);
        Lines { wide: wide_lines(text, &index), index }
    }

    pub fn is_wide(&self, line: u32) -> bool {
        self.wide.binary_search(&line).is_ok()
    }

    /// Bytes held on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.index.heap_bytes() + self.wide.capacity() * size_of::<u32>()
    }
}

fn wide_lines(text: &str, index: &LineIndex) -> Vec<u32> {
    if text.is_ascii() {
        return Vec::new();
    }
    let is_wide = |line: &u32| {
        let content = text.get(index.line_start(*line) as usize..index.line_end(*line) as usize);
        !content.unwrap_or_default().is_ascii()
    };
    (0..index.line_count()).filter(is_wide).collect()
}

/// The length of the text, the lengths of all lines but the last, the distances between wide lines.
pub fn encode(lines: &Lines) -> Vec<u8> {
    let mut out = Writer::default();
    out.u32(lines.index.text_len());
    out.u32(lines.index.line_count());
    for pair in lines.index.starts().windows(2) {
        out.u32(pair[1] - pair[0]);
    }
    let mut last = 0;
    for line in &lines.wide {
        out.u32(line - last);
        last = *line;
    }
    out.bytes
}

/// # Errors
/// If the bytes are not those of a line table.
pub fn decode(bytes: &[u8]) -> Result<Lines, CorruptError> {
    let mut input = Reader::new(bytes);
    let len = input.u32()?;
    let further = input.u32()?.checked_sub(1).ok_or(CorruptError::OutOfRange)?;
    let further = input.bounded(u64::from(further), 1)?;
    let mut starts = Vec::with_capacity(further + 1);
    let mut at = 0u32;
    starts.push(at);
    for _ in 0..further {
        at = at.checked_add(input.u32()?).ok_or(CorruptError::OutOfRange)?;
        starts.push(at);
    }
    if at > len {
        return Err(CorruptError::OutOfRange);
    }
    let mut wide = Vec::new();
    let mut line = 0u32;
    while !input.is_empty() {
        line = line.checked_add(input.u32()?).ok_or(CorruptError::OutOfRange)?;
        wide.push(line);
    }
    Ok(Lines { index: LineIndex::from_starts(starts, len), wide })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lines_survive_their_encoding(text in "[ab\u{e9}\u{1F600}\r\n]{0,60}") {
            let lines = Lines::new(&text);
            prop_assert_eq!(decode(&encode(&lines)), Ok(lines.clone()));
            for line in 0..lines.index.line_count() {
                prop_assert_eq!(lines.is_wide(line), !lines.index.line_text(&text, line).is_ascii());
            }
        }

        #[test]
        fn corrupt_tables_are_errors_or_tables(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(lines) = decode(&bytes) {
                prop_assert!(lines.index.line_count() as usize <= bytes.len());
            }
        }
    }
}
