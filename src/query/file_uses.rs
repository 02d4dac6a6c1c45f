//! Where other files name a file.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rustc_hash::FxHashSet;

use super::Location;
use super::file_renames::Roots;
use super::importers::{leads_to, naming};
use crate::graph::View;
use crate::lang::modules::{FileId, Layout, parent};
use crate::resolve::{ReferenceLimits, Resolver};

/// Places that are told.
const PLACES_MAX: usize = 1_000;
/// Files that may import something which are looked at.
const IMPORTERS_MAX: usize = 1_000;

/// Where files are named, or something is imported from them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileUses {
    /// In other files, those of dependencies not among them; by file, then position.
    pub places: Vec<Location>,
    /// A limit was reached: there may be more.
    pub truncated: bool,
    pub cancelled: bool,
}

/// The files that will not be any more where others name them, of what goes or moves, files or directories: all of them,
/// at most so many, but for those that are known by the directory in which they stay.
pub fn files_away(
    view: &View,
    paths: &[(String, Option<String>)],
    files_max: usize,
    cancel: &AtomicBool,
) -> Vec<FileId> {
    let going: Roots<'_, Option<&str>> =
        paths.iter().map(|(from, to)| (from.as_str(), to.as_deref())).collect();
    let goes_away = |file: &FileId| {
        let path = view.path(*file);
        let known_by = |to: &str| view.lang(*file).strategy().by_directory() && parent(path) == parent(to);
        let stays = |(from, to): (&str, &Option<&str>)| {
            to.is_some_and(|to| known_by(&format!("{to}{}", &path[from.len()..])))
        };
        going.around(path).any(|root| !stays(root))
    };
    let wanted = view.files().take_while(|_| !cancel.load(Ordering::Relaxed));
    wanted.filter(goes_away).take(files_max).collect()
}

/// Which of these paths, files or directories, hold files of the folder, by their numbers; ascending.
pub fn paths_held(view: &View, paths: &[String], cancel: &AtomicBool) -> Vec<usize> {
    let roots: Roots<'_, usize> = paths.iter().zip(0..).map(|(path, at)| (path.as_str(), at)).collect();
    let mut held = FxHashSet::default();
    for file in view.files() {
        if held.len() == paths.len() || cancel.load(Ordering::Relaxed) {
            break;
        }
        held.extend(roots.around(view.path(file)).map(|(_, at)| *at));
    }
    let mut held: Vec<usize> = held.into_iter().collect();
    held.sort_unstable();
    held
}

/// Where the folder's other files name these, which may be dependencies', or import something that they define, as far as
/// that is known at the time that is given.
pub fn file_uses(view: &View, files: &[FileId], until: Option<Instant>, cancel: &AtomicBool) -> FileUses {
    let resolver = Resolver::new(view);
    let limits = ReferenceLimits {
        found_max: Some(PLACES_MAX),
        cancel: Some(cancel),
        until,
        ..ReferenceLimits::default()
    };
    let files: FxHashSet<FileId> = files.iter().copied().collect();
    let found = naming(&resolver, &files, limits);
    let mut places = found.places;
    let mut truncated = found.truncated || found.files.len() > IMPORTERS_MAX;
    for at in found.files.into_iter().take(IMPORTERS_MAX) {
        if limits.is_over() {
            truncated = true;
            break;
        }
        places.extend(leads_to(&resolver, at, &files).into_iter().map(|(span, _)| (at, span)));
    }
    places.retain(|(at, span)| !files.contains(at) && !view.is_library(*at) && !span.is_empty());
    places.sort_unstable();
    places.dedup();
    truncated |= places.len() > PLACES_MAX;
    places.truncate(PLACES_MAX);
    let places = places.into_iter().map(|(file, span)| Location { file, span, full: span }).collect();
    FileUses { places, truncated, cancelled: cancel.load(Ordering::Relaxed) }
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
        let uses = file_uses(&view, &[file], None, &AtomicBool::new(false));
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
    fn several_files_are_looked_for_at_once() {
        let fixture = Fixture::parse(
            "
            //- /lib/a.ts
            import { b } from './b';
            export const a = b;
            //- /lib/b.ts
            export const b = 1;
            //- /main.ts
            import { a as ⟦c⟧ } from '⟦./lib/a⟧';
            import { ⟦b⟧ } from '⟦./lib/b⟧';
            //- /other.ts
            import { a } from './more';
            ",
        );
        let view = fixture.view();
        let files: Vec<FileId> = ["lib/a.ts", "lib/b.ts"].map(|path| view.file(path).unwrap()).into();
        let uses = file_uses(&view, &files, None, &AtomicBool::new(false));
        let marked = fixture.ranges.iter().map(|(path, span)| (path.clone(), span.start));
        assert_eq!(starts(&view, uses.places.iter()), marked.collect::<Vec<_>>());
        assert!(!uses.truncated);
    }

    #[test]
    fn a_look_that_ends_before_it_is_done_says_so() {
        let names = |n: usize| (0..n).map(|i| format!("v{i} = 1\n")).collect::<String>();
        let look = |n: usize, until| {
            let fixture =
                Fixture::parse(&format!("\n//- /a.py\n$0{}//- /b.py\nfrom a import v0\n", names(n)));
            let view = fixture.view();
            let (file, _) = fixture.cursor(&view);
            let uses = file_uses(&view, &[file], until, &AtomicBool::new(false));
            (uses.places.is_empty(), uses.truncated, uses.cancelled)
        };
        assert_eq!(look(256, None), (false, false, false));
        assert_eq!(look(257, None), (false, true, false));
        assert_eq!(look(1, Some(Instant::now())), (true, true, false));
    }

    #[test]
    fn what_is_known_by_its_directory_goes_away_with_that_alone() {
        let fixture = Fixture::parse(
            "\n//- /p/a.go\npackage p\n//- /p/b.go\npackage p\n//- /q/a.py\nx = 1\n//- /qq.py\nx = 1\n",
        );
        let view = fixture.view();
        let away = |from: &str, to: Option<&str>| -> Vec<String> {
            let files =
                files_away(&view, &[(from.to_owned(), to.map(str::to_owned))], 2, &AtomicBool::new(false));
            files.into_iter().map(|file| view.path(file).to_owned()).collect()
        };
        assert_eq!(away("p/a.go", Some("p/c.go")), [""; 0]);
        assert_eq!(away("p/a.go", Some("r/a.go")), ["p/a.go"]);
        assert_eq!(away("p", Some("r")), ["p/a.go", "p/b.go"]);
        assert_eq!(away("p/a.go", None), ["p/a.go"]);
        assert_eq!(away("q", Some("r")), ["q/a.py"]);
        let paths = ["q/a.py", "p", "r", "qq"].map(str::to_owned);
        assert_eq!(paths_held(&view, &paths, &AtomicBool::new(false)), [0, 1]);
        // No more than are wanted, and none where nobody wants them.
        let all = [("p".to_owned(), None), ("q".to_owned(), None)];
        assert_eq!(files_away(&view, &all, 2, &AtomicBool::new(false)).len(), 2);
        assert_eq!(files_away(&view, &all, 9, &AtomicBool::new(true)), []);
    }

    #[test]
    fn who_no_longer_wants_to_know_gets_no_whole_answer() {
        let fixture = Fixture::parse("\n//- /a.py\n$0x = 1\n//- /b.py\nfrom a import x\n");
        let view = fixture.view();
        let (file, _) = fixture.cursor(&view);
        assert!(file_uses(&view, &[file], None, &AtomicBool::new(true)).cancelled);
    }
}
