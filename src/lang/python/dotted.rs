//! How Python names its modules: by the packages they lie in, with dots between.

use crate::lang::Tree;
use crate::lang::facts::Span;
use crate::lang::modules::{DottedModules, join, way};

/// Names of modules in Python's imports.
pub struct Dotted;

const ENDINGS: [&str; 2] = ["py", "pyi"];

impl DottedModules for Dotted {
    fn separator(&self) -> char {
        '.'
    }

    fn relative_names(&self, tree: &Tree) -> Vec<Span> {
        let mut found = Vec::new();
        let mut cursor = tree.inner.walk();
        loop {
            let node = cursor.node();
            let is_relative = node.kind() == "relative_import";
            if is_relative {
                found.push(Span::new(node.start_byte() as u32, node.end_byte() as u32));
            }
            if !is_relative && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return found;
                }
            }
        }
    }

    fn relative_path(&self, dir: &str, name: &str) -> Option<String> {
        let below = name.trim_start_matches('.');
        let ups = "../".repeat((name.len() - below.len()).checked_sub(1)?);
        join(dir, &format!("{ups}{}", below.replace('.', "/")))
    }

    fn relative_name(&self, dir: &str, path: &str) -> String {
        let (up, names) = way(dir, path);
        format!("{}{}", ".".repeat(up + 1), names.join("."))
    }

    fn files(&self, path: &str) -> Vec<String> {
        ENDINGS.iter().map(|ending| format!("{path}.{ending}")).collect()
    }

    fn import(&self, package: &str, name: &str) -> String {
        match package.is_empty() {
            true => format!("import {name}"),
            false => format!("from {package} import {name}"),
        }
    }

    fn package_of_item<'t>(&self, statement: &'t str, at: usize) -> Option<&'t str> {
        let mut words = statement[..at].split_whitespace();
        let package = words.next().filter(|word| *word == "from").and_then(|_| words.next())?;
        words.any(|word| word == "import").then_some(package)
    }

    fn alias<'t>(&self, behind: &'t str) -> Option<&'t str> {
        let item = behind.split([',', ')']).next().unwrap_or_default().trim();
        item.starts_with("as ").then_some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_name_says_the_way_from_the_package_of_the_file() {
        for (dir, name, path) in [
            ("a/b", ".", "a/b"),
            ("a/b", ".c", "a/b/c"),
            ("a/b", "..c.d", "a/c/d"),
            ("a/b", "...", ""),
            ("", ".c", "c"),
        ] {
            assert_eq!(Dotted.relative_path(dir, name).as_deref(), Some(path), "{name} in {dir}");
            assert_eq!(Dotted.relative_name(dir, path), name, "{path} from {dir}");
        }
        assert_eq!(Dotted.relative_path("a", "...c"), None);
        assert_eq!(Dotted.relative_path("a", "c"), None);
    }

    #[test]
    fn the_package_of_an_item_stands_between_two_words() {
        let package = |text: &str| {
            let at = text.find('$').unwrap();
            Dotted.package_of_item(text, at).map(str::to_owned)
        };
        assert_eq!(package("from a.b import c, $").as_deref(), Some("a.b"));
        assert_eq!(package("from .. import (\n    $").as_deref(), Some(".."));
        assert_eq!(package("from a.$"), None);
        assert_eq!(package("import a.$"), None);
    }
}
