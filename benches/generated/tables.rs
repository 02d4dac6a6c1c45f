//! Tables of constants, as generators of bindings and of registers write them: a long name of its own on each line.
//!
//! Most of their graph is names, so that a large graph is made of little text: a graph of 100 MiB from a million lines.

use std::fmt::Write as _;
use std::path::Path;

use super::WORDS;

/// Lines of one file; an outline of it is a reply of ordinary size.
const FILE_LINES: u64 = 400;
/// What a line of a table takes in a graph, about; for choosing how many there are to be.
pub const LINE_GRAPH_BYTES: u64 = 104;
/// Words of a name.
const NAME_WORDS: u64 = 9;

/// By the ending of a file: what it begins with, and what stands before and behind a name and at a line's end.
const LANGUAGES: [(&str, &str, [&str; 2], &str); 4] = [
    ("py", "", ["", " = "], ""),
    ("rs", "", ["pub const ", ": u32 = "], ";"),
    ("ts", "", ["export const ", " = "], ";"),
    ("go", "package tables\n\nconst (\n", ["\t", " = "], ""),
];

/// Writes so many lines of tables below the folder, in four languages by turns.
pub fn write(root: &Path, lines: u64) -> std::io::Result<()> {
    let root = root.join("tables");
    std::fs::create_dir_all(&root)?;
    for file in 0..lines.div_ceil(FILE_LINES) {
        let (extension, before, each, after) = LANGUAGES[(file % LANGUAGES.len() as u64) as usize];
        let mut text = before.to_owned();
        for line in 0..FILE_LINES.min(lines - file * FILE_LINES) {
            let [start, end] = each;
            let _ = writeln!(text, "{start}{}{end}0x{line:x}{}", name(file, line), after);
        }
        if !before.is_empty() {
            text.push_str(")\n");
        }
        std::fs::write(root.join(format!("table_{file}.{extension}")), text)?;
    }
    Ok(())
}

/// A name that no other line of any file has.
fn name(file: u64, line: u64) -> String {
    let mut name = String::new();
    for word in 0..NAME_WORDS {
        let at = (file * 7 + line * 5 + word * (file + 3) + word * word) % WORDS.len() as u64;
        name.push_str(&WORDS[at as usize].to_ascii_uppercase());
        name.push('_');
    }
    let _ = write!(name, "{file:05X}_{line:03X}");
    name
}
