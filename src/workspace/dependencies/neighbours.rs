//! Other workspace folders that a folder depends on, as its own files say.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::bounds::Bounds;
use crate::lang::LangId;
use crate::lang::modules::ways_out;

/// A manifest is looked at up to this size.
const MANIFEST_BYTES_MAX: u64 = 1 << 20;
/// Entries of `node_modules` that are looked at for links.
const ENTRIES_MAX: usize = 4_096;

/// Those of the other folders that a manifest of the folder or a file of it leads to (`../lib`, `../lib/src/x`), or that a
/// package installed in it is a link to, with the packages in them that are named, and their `src`. Paths are real ones.
/// None is around the folder.
pub fn neighbours<'w>(root: &Path, others: &[PathBuf], leads: impl Iterator<Item = &'w str>) -> Vec<PathBuf> {
    let beside = |other: &&PathBuf| !root.starts_with(other);
    let others: Vec<&PathBuf> = others.iter().filter(beside).collect();
    if others.is_empty() {
        return Vec::new();
    }
    let bounds = Bounds::new(root, &[]);
    let text = |name: &&str| String::from_utf8(bounds.read(name, MANIFEST_BYTES_MAX).ok()??).ok();
    let files: BTreeSet<&str> =
        LangId::all().flat_map(|lang| lang.strategy().dependency_files()).copied().collect();
    let manifests: Vec<String> = files.iter().filter_map(text).collect();
    let mut places = links(root, &bounds);
    let named = manifests.iter().flat_map(|text| ways_out("", text));
    places.extend(named.filter_map(|way| below(root, &way)));
    // Most lead to no other folder, and are only looked at.
    let in_other = |place: &PathBuf| others.iter().any(|other| place.starts_with(other));
    places.extend(leads.filter_map(|way| below(root, way)).filter(in_other));
    let mut found = Vec::new();
    for other in &others {
        let is_inner = |inner: &&PathBuf| inner.starts_with(other) && inner != other;
        let inner: Vec<&PathBuf> = others.iter().copied().filter(is_inner).collect();
        let own = |place: &&PathBuf| {
            place.starts_with(other) && !inner.iter().any(|inner| place.starts_with(inner))
        };
        let mut tops: Vec<&PathBuf> = places.iter().filter(own).collect();
        let inside = || inside(root, other).is_some_and(|way| manifests.iter().any(|text| names(text, &way)));
        if tops.is_empty() && !inside() {
            continue;
        }
        // A link may lead out of the folder, to where nothing is to be opened.
        let stays = |place: &Path| {
            place.canonicalize().is_ok_and(|real| {
                real.starts_with(other) && !inner.iter().any(|inner| real.starts_with(inner))
            })
        };
        // A package in the folder is named by where it lies there.
        tops.retain(|place| {
            place.is_dir() && stays(place) && files.iter().any(|file| place.join(file).is_file())
        });
        tops.push(other);
        for top in tops {
            // Python's packages and Go's commands often lie there.
            let places = Some(top.join("src"))
                .filter(|src| src.is_dir() && stays(src))
                .into_iter()
                .chain([top.clone()]);
            places.for_each(|place| {
                if !found.contains(&place) {
                    found.push(place)
                }
            });
        }
    }
    found
}

/// Where a way from the folder leads.
fn below(root: &Path, way: &str) -> Option<PathBuf> {
    let mut path = root.to_owned();
    for part in way.split('/') {
        match part {
            ".." => drop(path.pop().then_some(())?),
            part => path.push(part),
        }
    }
    Some(path)
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

/// The way from a directory to one below it as manifests write it, with at least one slash.
fn inside(from: &Path, to: &Path) -> Option<String> {
    let way = to.strip_prefix(from).ok()?.to_str().filter(|way| !way.is_empty())?;
    Some(if way.contains('/') { way.to_owned() } else { format!("./{way}") })
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
    use std::iter::empty;

    #[test]
    fn a_way_is_named_only_as_a_whole() {
        for text in ["replace x => ./lib", "-e ./lib/", "\"file:./lib\"", "path = \"././lib\""] {
            assert!(names(text, "./lib"), "{text}");
        }
        for text in ["./library", "../lib", "./lib-two", "./lib/inner", "x/./lib", "lib"] {
            assert!(!names(text, "./lib"), "{text}");
        }
        let inside = |from: &str, to: &str| inside(Path::new(from), Path::new(to));
        assert_eq!(inside("/a", "/a/lib").as_deref(), Some("./lib"));
        assert_eq!(inside("/a", "/a/in/lib").as_deref(), Some("in/lib"));
        assert_eq!(inside("/a/lib", "/a"), None, "what is around it is no dependency");
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
        assert_eq!(neighbours(&top.join("app"), &others, empty()), expected);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_a_folder_leads_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        for path in ["app", "mono", "elsewhere/src"] {
            fs::create_dir_all(top.join(path)).unwrap();
        }
        fs::write(top.join("elsewhere/package.json"), "{}").unwrap();
        fs::write(top.join("app/requirements.txt"), "-e ../mono/x\n").unwrap();
        for (to, link) in [("../elsewhere", "mono/x"), ("../elsewhere/src", "mono/src")] {
            std::os::unix::fs::symlink(to, top.join(link)).unwrap();
        }
        let found = neighbours(&top.join("app"), &[top.join("mono")], empty());
        assert_eq!(found, [top.join("mono")]);
    }

    #[test]
    fn what_is_named_in_a_folder_is_that_folders_and_the_innermost_owns_it() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        for path in ["app", "mono/pkg/src", "mono/inner", "mono/plain"] {
            fs::create_dir_all(top.join(path)).unwrap();
        }
        fs::write(top.join("mono/pkg/package.json"), "{}").unwrap();
        let others = ["mono", "mono/inner"].map(|name| top.join(name));
        let near = |leads: &[&str]| {
            let found = neighbours(&top.join("app"), &others, leads.iter().copied());
            found
                .iter()
                .map(|p| p.strip_prefix(&top).unwrap().to_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(near(&["../mono/pkg"]), ["mono/pkg/src", "mono/pkg", "mono"]);
        assert_eq!(near(&["../mono/plain/x.ts"]), ["mono"]);
        assert_eq!(near(&["../mono/inner/x"]), ["mono/inner"]);
        assert!(near(&["../monolith", "../app/x", "..", "../../../../../../../../../.."]).is_empty());
        // Neither is what lies around the folder.
        let around = [top.clone()];
        assert!(neighbours(&top.join("app"), &around, ["../x"].into_iter()).is_empty());
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
        assert_eq!(neighbours(&top.join("app"), &[top.join("lib")], empty()), Vec::<PathBuf>::new());
    }
}
