//! What a question is about: a name, a place in a file, or a file.

use std::path::Path;

use super::QueryError;
use crate::workspace::scan::relative;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Name(String),
    /// A file by its path inside the folder.
    File(String),
    /// A line, and perhaps a column, both counted from 1.
    Place {
        file: String,
        line: u32,
        column: Option<u32>,
    },
}

impl Subject {
    /// Reads what was typed. A file is meant if there is one of that name, seen from the current directory or from the
    /// folder, or if only a file makes sense.
    pub(super) fn read(text: &str, root: &Path, only_file: bool) -> Result<Subject, QueryError> {
        let (path, numbers) = split_numbers(text);
        if let Some(file) = inside(path, root)? {
            return Ok(match numbers[..] {
                [] => Subject::File(file),
                [line, ref column @ ..] => Subject::Place { file, line, column: column.first().copied() },
            });
        }
        match only_file || !numbers.is_empty() {
            true => Err(QueryError::NoFile(path.to_owned())),
            false => Ok(Subject::Name(text.to_owned())),
        }
    }

    pub(super) fn file(&self) -> Option<&str> {
        match self {
            Subject::Name(_) => None,
            Subject::File(file) | Subject::Place { file, .. } => Some(file),
        }
    }
}

/// `a/b.rs:3:4` as its path and its numbers.
fn split_numbers(text: &str) -> (&str, Vec<u32>) {
    let (mut path, mut numbers) = (text, Vec::new());
    while numbers.len() < 2
        && let Some((before, number)) = path.rsplit_once(':')
        && let Ok(number) = number.parse()
        && !before.is_empty()
    {
        path = before;
        numbers.insert(0, number);
    }
    (path, numbers)
}

/// The path inside the folder of a file that is there.
fn inside(path: &str, root: &Path) -> Result<Option<String>, QueryError> {
    let candidates = [Path::new(path).to_owned(), root.join(path)];
    for candidate in candidates.iter().filter(|candidate| candidate.is_file()) {
        let Ok(absolute) = candidate.canonicalize() else { continue };
        if let Some(inside) = absolute.strip_prefix(root).ok().and_then(relative) {
            return Ok(Some(inside));
        }
    }
    match candidates.iter().any(|candidate| candidate.is_file()) {
        true => Err(QueryError::OutsideFolder(path.to_owned())),
        false => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_from_the_end() {
        assert_eq!(split_numbers("a/b.rs"), ("a/b.rs", vec![]));
        assert_eq!(split_numbers("a/b.rs:3"), ("a/b.rs", vec![3]));
        assert_eq!(split_numbers("a/b.rs:3:14"), ("a/b.rs", vec![3, 14]));
        assert_eq!(split_numbers("x:1:2:3"), ("x:1", vec![2, 3]));
        assert_eq!(split_numbers("std::vec"), ("std::vec", vec![]));
    }

    #[test]
    fn a_subject_is_a_file_only_if_it_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("sub")).unwrap();
        std::fs::write(root.join("sub/a.py"), "x = 1\n").unwrap();
        let read = |text: &str| Subject::read(text, &root, false);
        let file = "sub/a.py".to_owned();
        assert_eq!(read("sub/a.py").unwrap(), Subject::File(file.clone()));
        assert_eq!(read("sub/a.py:1:2").unwrap(), Subject::Place { file, line: 1, column: Some(2) });
        assert_eq!(read("Item.total").unwrap(), Subject::Name("Item.total".into()));
        assert!(matches!(read("gone.py:3"), Err(QueryError::NoFile(_))));
        assert!(matches!(Subject::read("Item", &root, true), Err(QueryError::NoFile(_))));
        assert!(matches!(read("/etc/hostname"), Err(QueryError::OutsideFolder(_))));
    }
}
