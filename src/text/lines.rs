//! Where the lines of a text start.

use super::{Encoding, Position};

/// Byte offsets of the lines of a text; lines end at `\n`, `\r\n` or `\r`, as the protocol has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineIndex {
    /// The first is 0.
    starts: Vec<u32>,
    len: u32,
}

impl LineIndex {
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        push_starts(text, 0, &mut starts);
        LineIndex { starts, len: text.len() as u32 }
    }

    /// From the offsets at which lines start (the first being 0) and the text's length in bytes.
    pub fn from_starts(starts: Vec<u32>, len: u32) -> Self {
        debug_assert!(starts.first() == Some(&0) && starts.is_sorted());
        LineIndex { starts, len }
    }

    pub fn starts(&self) -> &[u32] {
        &self.starts
    }

    /// Length of the text in bytes.
    pub fn text_len(&self) -> u32 {
        self.len
    }

    /// At least 1: an empty text has one empty line.
    pub fn line_count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// The line that holds the offset; the last one for offsets past the end.
    pub fn line_of(&self, offset: u32) -> u32 {
        self.starts.partition_point(|s| *s <= offset) as u32 - 1
    }

    /// Where the line starts; the text's length for lines past the last.
    pub fn line_start(&self, line: u32) -> u32 {
        self.starts.get(line as usize).copied().unwrap_or(self.len)
    }

    /// Where the next line starts.
    pub fn line_end(&self, line: u32) -> u32 {
        self.line_start(line.saturating_add(1))
    }

    /// The line's text without its terminator.
    pub fn line_text<'t>(&self, text: &'t str, line: u32) -> &'t str {
        let text = text.get(self.line_start(line) as usize..self.line_end(line) as usize).unwrap_or_default();
        let text = text.strip_suffix('\n').unwrap_or(text);
        text.strip_suffix('\r').unwrap_or(text)
    }

    /// The position of an offset, which is clamped to the text and to the start of a character.
    pub fn position(&self, text: &str, offset: u32, encoding: Encoding) -> Position {
        let line = self.line_of(offset.min(self.len));
        let start = self.line_start(line);
        let content = text.get(start as usize..self.line_end(line) as usize).unwrap_or_default();
        Position { line, column: encoding.column(content, offset.min(self.len) - start) }
    }

    /// The offset of a position. A column past the line's end is its end (before the terminator), one inside a
    /// character is the character's start; `None` for a line past the last.
    pub fn offset(&self, text: &str, position: Position, encoding: Encoding) -> Option<u32> {
        if position.line >= self.line_count() {
            return None;
        }
        let content = self.line_text(text, position.line);
        Some(self.line_start(position.line) + encoding.byte(content, position.column))
    }

    /// Like [`position`](Self::position) for a text known to be ASCII, which need not be at hand.
    pub fn ascii_position(&self, offset: u32) -> Position {
        let offset = offset.min(self.len);
        let line = self.line_of(offset);
        Position { line, column: offset - self.line_start(line) }
    }

    /// Like [`offset`](Self::offset) for a text known to be ASCII, which need not be at hand. A column past the line's
    /// end is the last byte of its terminator.
    pub fn ascii_offset(&self, position: Position) -> Option<u32> {
        if position.line >= self.line_count() {
            return None;
        }
        let last_line = position.line + 1 == self.line_count();
        let end = if last_line { self.len } else { self.line_end(position.line) - 1 };
        Some(self.line_start(position.line).saturating_add(position.column).min(end))
    }

    /// Bytes that the index holds on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.starts.capacity() * size_of::<u32>()
    }

    /// Follows a replacement of `start..old_end` by `inserted`, given the text after it.
    pub(super) fn splice(&mut self, text: &str, start: u32, old_end: u32, inserted: u32) {
        // A terminator may be split or joined at the edges (`\r` and `\n`), so one byte more on each side is redone.
        let first = self.starts.partition_point(|s| *s < start).max(1);
        let last = self.starts.partition_point(|s| *s <= old_end.saturating_add(1));
        let redo_from = self.starts[first - 1];
        let new_end = start + inserted;
        let shift = |s: u32| s - old_end + new_end;
        let redo_to = self.starts.get(last).map_or(text.len() as u32, |s| shift(*s));
        let mut fresh = Vec::new();
        push_starts(&text[redo_from as usize..redo_to as usize], redo_from, &mut fresh);
        // The start that the rest begins with is found again at the end of what was redone.
        if last < self.starts.len() && fresh.last() == Some(&redo_to) {
            fresh.pop();
        }
        for start in &mut self.starts[last..] {
            *start = shift(*start);
        }
        self.starts.splice(first..last, fresh);
        self.len = text.len() as u32;
    }
}

/// Appends the offset behind every line terminator.
fn push_starts(text: &str, base: u32, starts: &mut Vec<u32>) {
    let bytes = text.as_bytes();
    for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
        if bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n') {
            continue;
        }
        starts.push(base + at as u32 + 1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Character by character, without an index.
    fn model_position(text: &str, offset: usize, encoding: Encoding) -> Position {
        let mut at = Position::default();
        let mut chars = text.char_indices().peekable();
        while let Some((i, c)) = chars.next() {
            if i + c.len_utf8() > offset {
                break;
            }
            let crlf = c == '\r' && chars.peek().is_some_and(|(_, n)| *n == '\n');
            if (c == '\n' || c == '\r') && !crlf {
                at = Position::new(at.line + 1, 0);
            } else {
                at.column += encoding.len(c);
            }
        }
        at
    }

    const ENCODINGS: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

    proptest! {
        #[test]
        fn positions_agree_with_counting(text in "[a\u{e9}\u{1F600}\r\n]{0,40}") {
            let index = LineIndex::new(&text);
            for encoding in ENCODINGS {
                for (offset, _) in text.char_indices().chain([(text.len(), ' ')]) {
                    let position = index.position(&text, offset as u32, encoding);
                    prop_assert_eq!(position, model_position(&text, offset, encoding));
                    let inside_terminator = text[..offset].ends_with('\r') && text[offset..].starts_with('\n');
                    if !inside_terminator {
                        prop_assert_eq!(index.offset(&text, position, encoding), Some(offset as u32));
                    }
                }
            }
        }
    }

    /// The largest offset on the line whose column is not past the asked one.
    fn model_offset(text: &str, position: Position, encoding: Encoding) -> Option<u32> {
        let boundaries = text.char_indices().map(|(i, _)| i).chain([text.len()]);
        let inside_terminator = |o: &usize| text[..*o].ends_with('\r') && text[*o..].starts_with('\n');
        boundaries
            .filter(|o| !inside_terminator(o))
            .filter(|o| {
                let at = model_position(text, *o, encoding);
                at.line == position.line && at.column <= position.column
            })
            .max()
            .map(|o| o as u32)
    }

    proptest! {
        #[test]
        fn offsets_agree_with_counting(text in "[a\u{e9}\u{1F600}\r\n]{0,20}", line in 0u32..8, column in 0u32..12) {
            let index = LineIndex::new(&text);
            for encoding in ENCODINGS {
                let at = Position::new(line, column);
                prop_assert_eq!(index.offset(&text, at, encoding), model_offset(&text, at, encoding));
            }
        }

        #[test]
        fn ascii_needs_no_text(text in "[ab\n]{0,30}", line in 0u32..8, column in 0u32..12, offset in 0u32..40) {
            let index = LineIndex::new(&text);
            let at = Position::new(line, column);
            prop_assert_eq!(index.ascii_offset(at), index.offset(&text, at, Encoding::Utf16));
            prop_assert_eq!(index.ascii_position(offset), index.position(&text, offset, Encoding::Utf16));
        }
    }

    #[test]
    fn positions_outside_are_clamped_or_none() {
        let text = "a\u{1F600}b\nc";
        let index = LineIndex::new(text);
        assert_eq!(
            index.offset(text, Position::new(0, 2), Encoding::Utf16),
            Some(1),
            "inside a surrogate pair"
        );
        assert_eq!(index.offset(text, Position::new(0, 99), Encoding::Utf16), Some(6));
        assert_eq!(index.offset(text, Position::new(2, 0), Encoding::Utf16), None);
        assert_eq!(index.position(text, 999, Encoding::Utf16), Position::new(1, 1));
    }
}
