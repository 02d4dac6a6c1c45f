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
    #[error("line {0} is past the end of the document")]
    NoSuchLine(u32),
    #[error("the edit's range ends before it starts")]
    Reversed,
    #[error("the document would exceed {0} bytes")]
    TooLarge(u32),
}

/// Largest text that an edit may make: offsets are 32 bits wide.
const TEXT_BYTES_MAX: u32 = 1 << 30;

/// Replaces the range between two positions. A position on the line just past the last one is the end of the text, as
/// editors send it when they replace everything.
pub fn apply_edit(
    text: &mut String,
    index: &mut LineIndex,
    range: (Position, Position),
    encoding: Encoding,
    new: &str,
) -> Result<Edit, EditError> {
    let place = |position: Position| match index.offset(text, position, encoding) {
        Some(offset) => Ok(offset),
        None if position.line == index.line_count() && position.column == 0 => Ok(text.len() as u32),
        None => Err(EditError::NoSuchLine(position.line)),
    };
    let (start, old_end) = (place(range.0)?, place(range.1)?);
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
            edits in prop::collection::vec((0usize..40, 0usize..40, "[b\u{1F600}\r\n]{0,6}"), 1..12),
        ) {
            let mut edited = text;
            let mut index = LineIndex::new(&edited);
            for (a, b, new) in edits {
                let boundaries: Vec<usize> = edited.char_indices().map(|(i, _)| i).chain([edited.len()]).collect();
                let (a, b) = (boundaries[a % boundaries.len()], boundaries[b % boundaries.len()]);
                let position = |offset: usize| index.position(&edited, offset as u32, Encoding::Utf16);
                let range = (position(a.min(b)), position(a.max(b)));
                let start = index.offset(&edited, range.0, Encoding::Utf16).unwrap() as usize;
                let end = index.offset(&edited, range.1, Encoding::Utf16).unwrap() as usize;
                let expected = format!("{}{new}{}", &edited[..start], &edited[end..]);
                apply_edit(&mut edited, &mut index, range, Encoding::Utf16, &new).unwrap();
                prop_assert_eq!(&edited, &expected);
                prop_assert_eq!(&index, &LineIndex::new(&expected));
            }
        }
    }

    #[test]
    fn an_edit_that_does_not_fit_changes_nothing() {
        let mut text = "a\nb".to_owned();
        let mut index = LineIndex::new(&text);
        let at = Position::new;
        let mut edit = |from, to| apply_edit(&mut text, &mut index, (from, to), Encoding::Utf16, "x");
        assert_eq!(edit(at(5, 0), at(6, 0)), Err(EditError::NoSuchLine(5)));
        assert_eq!(edit(at(1, 0), at(0, 0)), Err(EditError::Reversed));
        assert_eq!(edit(at(0, 0), at(2, 0)), Ok(Edit { start: 0, old_end: 3, new_end: 1 }));
        assert_eq!(text, "x");
    }
}
