//! Where other files name a file.

use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::FxHashSet;

use super::Location;
use super::file_existence::{importers, leads_to};
use super::file_renames::{by_path, is_below};
use crate::graph::View;
use crate::lang::modules::{FileId, Layout, parent};
use crate::resolve::{ReferenceLimits, Resolver, Target};

/// Places that name one file which are looked at.
const PLACES_MAX: usize = 1_000;
/// Files that may import something of it which are looked at.
const IMPORTERS_MAX: usize = 1_000;

/// Where a file is named, or something is imported from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileUses {
    /// In other files, those of dependencies not among them; by file, then position.
    pub places: Vec<Location>,
    /// A limit was reached: there may be more.
    pub truncated: bool,
    pub cancelled: bool,
}

/// The files that will not be any more where others name them, of what goes or moves, files or directories: all of them,
/// but for those that are known by the directory in which they stay.
pub fn files_away(view: &View, paths: &[(String, Option<String>)]) -> Vec<FileId> {
    let goes_away = |file: &FileId| {
        let path = view.path(*file);
        let known_by = |to: &str| view.lang(*file).strategy().by_directory() && parent(path) == parent(to);
        paths.iter().any(|(from, to)| {
            let to =
                to.as_ref().filter(|_| is_below(from, path)).map(|to| format!("{to}{}", &path[from.len()..]));
            is_below(from, path) && !to.is_some_and(|to| known_by(&to))
        })
    };
    view.files().filter(goes_away).collect()
}

/// Where the folder's files name the file, which may be a dependency's, or import something that it defines.
pub fn file_uses(view: &View, file: FileId, cancel: &AtomicBool) -> FileUses {
    let resolver = Resolver::new(view);
    let limits =
        ReferenceLimits { found_max: Some(PLACES_MAX), cancel: Some(cancel), ..ReferenceLimits::default() };
    let named = resolver.references(Target::File(file), limits);
    let mut uses = FileUses { truncated: named.truncated, cancelled: named.cancelled, ..FileUses::default() };
    let files: FxHashSet<FileId> = [file].into_iter().collect();
    let mut places: Vec<_> = named.found.iter().map(|found| (found.file, found.span)).collect();
    places.extend(by_path(view, &files, cancel).into_iter().map(|(at, span, _)| (at, span)));
    let importers = importers(&resolver, &files, cancel);
    uses.truncated |= importers.len() > IMPORTERS_MAX;
    for at in importers.into_iter().take(IMPORTERS_MAX) {
        if cancel.load(Ordering::Relaxed) {
            uses.cancelled = true;
            break;
        }
        places.extend(leads_to(&resolver, at, &files).into_iter().map(|(span, _)| (at, span)));
    }
    places.retain(|(at, span)| *at != file && !view.is_library(*at) && !span.is_empty());
    places.sort_unstable();
    places.dedup();
    uses.truncated |= places.len() > PLACES_MAX;
    places.truncate(PLACES_MAX);
    uses.places = places.into_iter().map(|(file, span)| Location { file, span, full: span }).collect();
    uses
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;
    use crate::query::starts;

    /// What is marked names the file with the cursor.
    fn check_uses(fixture: &str) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, _) = fixture.cursor(&view);
        let uses = file_uses(&view, file, &AtomicBool::new(false));
        let marked = fixture.ranges.iter().map(|(path, span)| (path.clone(), span.start));
        assert_eq!(starts(&view, uses.places.iter()), marked.collect::<Vec<_>>(), "{}", view.path(file));
    }

    #[test]
    fn files_are_named_by_paths_by_modules_and_by_what_is_taken_from_them() {
        check_uses(
            "
            //- /shop/__init__.py

            //- /shop/model.py
            $0class Item: pass
            //- /a.py
            from shop.⟦model⟧ import ⟦Item⟧
            Item()
            //- /b.py
            import other
            ",
        );
        check_uses(
            "
            //- /lib/model.ts
            $0export class Item {}
            //- /a.ts
            import { ⟦Item⟧ } from '⟦./lib/model⟧';
            new Item();
            ",
        );
        check_uses(
            "
            //- /Cargo.toml
            [package]
            name = \"m\"
            //- /src/lib.rs
            mod ⟦model⟧;
            use ⟦model⟧::⟦Item⟧;
            //- /src/model.rs
            $0pub struct Item;
            ",
        );
        check_uses(
            "
            //- /lib/model.h
            $0int f(void);
            //- /a.c
            #include \"⟦lib/model.h⟧\"
            int main(void) { return f(); }
            ",
        );
        check_uses(
            "
            //- /p/Item.java
            package p;
            $0public class Item {}
            //- /q/Use.java
            package q;
            import p.⟦Item⟧;
            class Use {}
            ",
        );
    }

    #[test]
    fn what_is_known_by_its_directory_goes_away_with_that_alone() {
        let fixture = Fixture::parse(
            "\n//- /p/a.go\npackage p\n//- /p/b.go\npackage p\n//- /q/a.py\nx = 1\n//- /qq.py\nx = 1\n",
        );
        let view = fixture.view();
        let away = |from: &str, to: Option<&str>| -> Vec<String> {
            let files = files_away(&view, &[(from.to_owned(), to.map(str::to_owned))]);
            files.into_iter().map(|file| view.path(file).to_owned()).collect()
        };
        assert_eq!(away("p/a.go", Some("p/c.go")), [""; 0]);
        assert_eq!(away("p/a.go", Some("r/a.go")), ["p/a.go"]);
        assert_eq!(away("p", Some("r")), ["p/a.go", "p/b.go"]);
        assert_eq!(away("p/a.go", None), ["p/a.go"]);
        assert_eq!(away("q", Some("r")), ["q/a.py"]);
    }

    #[test]
    fn who_no_longer_wants_to_know_gets_no_whole_answer() {
        let fixture = Fixture::parse("\n//- /a.py\n$0x = 1\n//- /b.py\nfrom a import x\n");
        let view = fixture.view();
        let (file, _) = fixture.cursor(&view);
        assert!(file_uses(&view, file, &AtomicBool::new(true)).cancelled);
    }
}
