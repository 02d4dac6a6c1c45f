//! Text as editors and as parsers count it: byte offsets, positions in three encodings, edits.

mod edit;
mod lines;

pub use edit::{Edit, EditError, apply_edit};
pub use lines::LineIndex;

/// Stands first in a file or means something else.
pub const BYTE_ORDER_MARK: char = '\u{feff}';

/// What a position's column counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    Utf8,
    /// The protocol's default.
    #[default]
    Utf16,
    Utf32,
}

impl Encoding {
    /// Units that the character takes.
    pub fn len(self, c: char) -> u32 {
        match self {
            Encoding::Utf8 => c.len_utf8() as u32,
            Encoding::Utf16 => c.len_utf16() as u32,
            Encoding::Utf32 => 1,
        }
    }

    /// Units from the start of a line's text to the byte offset in it; an offset inside a character counts as its
    /// start.
    pub fn column(self, line: &str, byte: u32) -> u32 {
        if self == Encoding::Utf8 || line.is_ascii() {
            return byte.min(line.len() as u32);
        }
        let mut units = 0;
        for (at, c) in line.char_indices() {
            if at as u32 + c.len_utf8() as u32 > byte {
                break;
            }
            units += self.len(c);
        }
        units
    }

    /// The byte offset of the column in a line's text; past its end is its end, inside a character its start.
    pub fn byte(self, line: &str, column: u32) -> u32 {
        if line.is_ascii() {
            return column.min(line.len() as u32);
        }
        let mut units = 0;
        for (at, c) in line.char_indices() {
            units += self.len(c);
            if units > column {
                return at as u32;
            }
        }
        line.len() as u32
    }
}

/// A line and a column in it, both from 0; the column counts units of an [`Encoding`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

impl Position {
    pub const fn new(line: u32, column: u32) -> Self {
        Position { line, column }
    }
}
