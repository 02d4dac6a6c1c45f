//! Replacing a part of a text.

use super::{Encoding, LineIndex, Position};

/// What a replacement did, in byte offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit {
    pub start: u32,
    pub old_end: u32,
    pub new_end: u32,
}

/// Why an edit cannot be applied; the text is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("the edit's range ends before it starts")]
    Reversed,
    #[error("the document would exceed {0} bytes")]
    TooLarge(u32),
}

/// Largest text that an edit may make: offsets are 32 bits wide.
const TEXT_BYTES_MAX: u32 = 1 << 30;

/// Replaces the range between two positions. A position past the last line is the end of the text, as editors send it
/// when they replace everything: refusing it would leave the server with another text than the editor.
pub fn apply_edit(
    text: &mut String,
    index: &mut LineIndex,
    range: (Position, Position),
    encoding: Encoding,
    new: &str,
) -> Result<Edit, EditError> {
    let place = |position: Position| index.offset(text, position, encoding).unwrap_or(text.len() as u32);
    let (start, old_end) = (place(range.0), place(range.1));
    if start > old_end {
        return Err(EditError::Reversed);
    }
    let len = u64::from(text.len() as u32 - (old_end - start)) + new.len() as u64;
    if len > u64::from(TEXT_BYTES_MAX) {
        return Err(EditError::TooLarge(TEXT_BYTES_MAX));
    }
    text.replace_range(start as usize..old_end as usize, new);
    index.splice(text, start, old_end, new.len() as u32);
    Ok(Edit { start, old_end, new_end: start + new.len() as u32 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_index_after_edits_is_that_of_the_text(
            text in "[a\u{e9}\r\n]{0,30}",
            encoding in 0usize..3,
            edits in prop::collection::vec((0usize..40, 0usize..40, "[b\u{1F600}\r\n]{0,6}"), 1..12),
        ) {
            let mut edited = text;
            let mut index = LineIndex::new(&edited);
            let encoding = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32][encoding];
            for (a, b, new) in edits {
                let boundaries: Vec<usize> = edited.char_indices().map(|(i, _)| i).chain([edited.len()]).collect();
                let (a, b) = (boundaries[a % boundaries.len()], boundaries[b % boundaries.len()]);
                let position = |offset: usize| index.position(&edited, offset as u32, encoding);
                let range = (position(a.min(b)), position(a.max(b)));
                let start = index.offset(&edited, range.0, encoding).unwrap() as usize;
                let end = index.offset(&edited, range.1, encoding).unwrap() as usize;
                let expected = format!("{}{new}{}", &edited[..start], &edited[end..]);
                apply_edit(&mut edited, &mut index, range, encoding, &new).unwrap();
                prop_assert_eq!(&edited, &expected);
                prop_assert_eq!(&index, &LineIndex::new(&expected));
            }
        }
    }

    #[test]
    fn ranges_past_the_end_reach_the_end_and_reversed_ones_change_nothing() {
        let mut text = "a\nb".to_owned();
        let mut index = LineIndex::new(&text);
        let at = Position::new;
        let mut edit = |from, to| apply_edit(&mut text, &mut index, (from, to), Encoding::Utf16, "x");
        assert_eq!(edit(at(1, 0), at(0, 0)), Err(EditError::Reversed));
        assert_eq!(edit(at(9, 0), at(9, 9)), Ok(Edit { start: 3, old_end: 3, new_end: 4 }));
        assert_eq!(edit(at(0, 0), at(2, 0)), Ok(Edit { start: 0, old_end: 4, new_end: 1 }));
        assert_eq!(text, "x");
    }
}
