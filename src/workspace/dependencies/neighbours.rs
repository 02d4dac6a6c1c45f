//! Other workspace folders that a folder depends on, as its own files say.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::super::read::read_bounded;
use super::disk::Bounds;
use crate::lang::LangId;

/// A manifest is looked at up to this size.
const MANIFEST_BYTES_MAX: u64 = 1 << 20;
/// Entries of `node_modules` that are looked at for links.
const ENTRIES_MAX: usize = 4_096;

/// Those of the other folders that a manifest of the folder names by the way to them (`../lib`), or that a package
/// installed in it is a link to, and their `src`. Paths are real ones.
pub fn neighbours(root: &Path, others: &[PathBuf]) -> Vec<PathBuf> {
    if others.is_empty() {
        return Vec::new();
    }
    let bounds = Bounds::new(root, &[]);
    let text = |name: &&str| {
        let path = root.join(name);
        // A pipe would be waited for, and a link may lead to where nothing is to be opened.
        let opened = path.is_file() && bounds.holds(&path);
        String::from_utf8(opened.then(|| read_bounded(&path, MANIFEST_BYTES_MAX).ok())???).ok()
    };
    let files: BTreeSet<&str> =
        LangId::all().flat_map(|lang| lang.strategy().dependency_files()).copied().collect();
    let manifests: Vec<String> = files.iter().filter_map(text).collect();
    let links = links(root, &bounds);
    let is_named = |other: &&PathBuf| {
        links.iter().any(|link| link.starts_with(other))
            || way(root, other).is_some_and(|way| manifests.iter().any(|text| names(text, &way)))
    };
    let mut found = Vec::new();
    for other in others.iter().filter(|other| *other != root).filter(is_named) {
        // Python's packages and Go's commands often lie there.
        found.extend(Some(other.join("src")).filter(|src| src.is_dir()));
        found.push(other.clone());
    }
    found
}

/// Where the links in `node_modules` lead.
fn links(root: &Path, bounds: &Bounds) -> Vec<PathBuf> {
    let entries = |dir: &Path| {
        let list = bounds.holds(dir).then(|| fs::read_dir(dir).ok()).flatten();
        list.into_iter().flatten().take(ENTRIES_MAX).flatten().map(|e| e.path()).collect::<Vec<_>>()
    };
    let mut found = entries(&root.join("node_modules"));
    let is_scope = |p: &&PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with('@'));
    let scoped: Vec<PathBuf> = found.iter().filter(is_scope).cloned().collect();
    for dir in scoped {
        if found.len() >= ENTRIES_MAX {
            break;
        }
        found.extend(entries(&dir));
    }
    found.into_iter().filter(|path| path.is_symlink()).filter_map(|path| path.canonicalize().ok()).collect()
}

/// The way from one directory to another as manifests write it, with at least one slash.
fn way(from: &Path, to: &Path) -> Option<String> {
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (from.components().collect(), to.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut parts: Vec<&str> = vec![".."; from.len() - common];
    for part in &to[common..] {
        parts.push(part.as_os_str().to_str()?);
    }
    match parts[..] {
        [] => None,
        [inside] if inside != ".." => Some(format!("./{inside}")),
        [_] => None,
        _ => Some(parts.join("/")),
    }
}

/// Whether the text has the way as a whole path, not as a part of a longer one.
fn names(text: &str, way: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@');
    text.match_indices(way).any(|(at, _)| {
        let behind = text[at + way.len()..].trim_start_matches('/');
        !text[..at].trim_end_matches("./").ends_with(part) && !behind.starts_with(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_named_only_as_a_whole() {
        for text in ["replace x => ../lib", "-e ../lib/", "\"file:../lib\"", "path = \"../lib\"", "./../lib"]
        {
            assert!(names(text, "../lib"), "{text}");
        }
        for text in ["../library", "../../lib", "../lib-two", "../lib/inner", "x/../lib", "lib"] {
            assert!(!names(text, "../lib"), "{text}");
        }
    }

    #[test]
    fn ways_lead_up_and_down() {
        let way = |from: &str, to: &str| way(Path::new(from), Path::new(to));
        assert_eq!(way("/a/app", "/a/lib").as_deref(), Some("../lib"));
        assert_eq!(way("/a/x/app", "/a/lib").as_deref(), Some("../../lib"));
        assert_eq!(way("/a", "/a/lib").as_deref(), Some("./lib"));
        assert_eq!(way("/a", "/a/in/lib").as_deref(), Some("in/lib"));
        assert_eq!(way("/a/lib", "/a"), None, "what is around it is no dependency");
    }

    #[test]
    fn folders_that_manifests_and_links_name_are_neighbours() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        for path in ["app/node_modules/@x", "lib/src", "linked/inner", "stranger"] {
            fs::create_dir_all(top.join(path)).unwrap();
        }
        fs::write(top.join("app/requirements.txt"), "-e ../lib\n").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("../../../linked/inner", top.join("app/node_modules/@x/inner")).unwrap();
        let others = ["lib", "linked", "stranger"].map(|name| top.join(name));
        let mut expected = vec![top.join("lib/src"), top.join("lib")];
        expected.extend(cfg!(unix).then(|| top.join("linked")));
        assert_eq!(neighbours(&top.join("app"), &others), expected);
    }

    #[cfg(unix)]
    #[test]
    fn nothing_outside_the_folder_is_opened_for_it_and_no_pipe() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        for path in ["app", "lib", "elsewhere/node_modules"] {
            fs::create_dir_all(top.join(path)).unwrap();
        }
        fs::write(top.join("elsewhere/requirements.txt"), "-e ../lib\n").unwrap();
        symlink("../elsewhere/requirements.txt", top.join("app/requirements.txt")).unwrap();
        symlink("../../lib", top.join("elsewhere/node_modules/lib")).unwrap();
        symlink("../elsewhere/node_modules", top.join("app/node_modules")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(top.join("app/go.mod")).status();
        assert!(made.unwrap().success());
        assert_eq!(neighbours(&top.join("app"), &[top.join("lib")]), Vec::<PathBuf>::new());
    }
}
