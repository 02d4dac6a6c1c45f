//! Which names are used otherwise than in calls, as by importing them or handing them on.

use std::cmp::Reverse;

use rustc_hash::FxHashSet;

use super::call_hierarchy::is_call;
use crate::graph::View;
use crate::lang::facts::Name;
use crate::lang::modules::{FileId, Layout};
use crate::resolve::ReferenceLimits;

/// Other files with one name that are looked at.
const NAMING_MAX: usize = 32;
/// Bytes of other files that one question goes over, which takes about a millisecond. Twenty large files have as many.
const SKIMMED_BYTES_MAX: usize = 512 << 10;

/// What is known of the uses of names.
#[derive(Default)]
pub struct MoreThanCalled {
    /// Those of which it is known.
    pub names: FxHashSet<Name>,
    /// Other files that have been gone over.
    pub skimmed: usize,
    pub cancelled: bool,
}

/// The names among these, of functions of the file, that files of its kind do more with than to call them. Each file is
/// gone over once for all of them, those with the most of them first, until the time that is given or a limit; a name that
/// is not decided by then is not among those found.
pub fn more_than_called(
    view: &View,
    file: FileId,
    names: impl Iterator<Item = Name>,
    limits: ReferenceLimits<'_>,
) -> MoreThanCalled {
    let wanted: FxHashSet<Name> = names.collect();
    let mut found = MoreThanCalled::default();
    let facts = view.facts(file);
    found.names.extend(facts.refs.iter().filter(|r| !is_call(r.role)).map(|r| r.name));
    found.names.retain(|name| wanted.contains(name));
    let family = view.lang(file).family();
    let mut naming: Vec<(FileId, Name)> = Vec::new();
    for name in wanted.into_iter().filter(|name| !found.names.contains(name)) {
        if limits.is_over() {
            break;
        }
        let others = view.files_with(name).filter(|at| *at != file && view.lang(*at).family() == family);
        naming.extend(others.take(NAMING_MAX).map(|at| (at, name)));
    }
    naming.sort_unstable();
    let mut files: Vec<&[(FileId, Name)]> = naming.chunk_by(|a, b| a.0 == b.0).collect();
    files.sort_by_key(|names| Reverse(names.len()));
    let mut left = SKIMMED_BYTES_MAX;
    for of_file in files {
        if limits.is_over() {
            break;
        }
        let open: Vec<Name> =
            of_file.iter().map(|(_, name)| *name).filter(|name| !found.names.contains(name)).collect();
        let Some((at, _)) = of_file.first().filter(|_| !open.is_empty()) else { continue };
        // A smaller one may still do.
        let Some(rest) = left.checked_sub(view.mentions_len(*at)) else { continue };
        left = rest;
        found.skimmed += 1;
        let uses = view.mentions_each(*at, &open);
        let more = open.into_iter().zip(uses).filter(|(_, uses)| uses.refs().any(|(role, _)| !is_call(role)));
        found.names.extend(more.map(|(name, _)| name));
    }
    found.cancelled = limits.is_cancelled();
    found
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::graph::fixture::Fixture;
    use crate::lang::facts::DefKind;

    /// Asks about the functions of the file with the cursor.
    fn ask(fixture: &str, until: Option<Instant>, cancelled: bool) -> (Vec<String>, MoreThanCalled) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, _) = fixture.cursor(&view);
        let facts = view.facts(file);
        let names = facts.defs.iter().filter(|d| d.kind == DefKind::Function).map(|d| d.name);
        let cancel = AtomicBool::new(cancelled);
        let limits = ReferenceLimits { until, cancel: Some(&cancel), ..ReferenceLimits::default() };
        let found = more_than_called(&view, file, names, limits);
        let mut told: Vec<String> = found.names.iter().map(|n| view.name_text(*n).to_owned()).collect();
        told.sort();
        (told, found)
    }

    fn lines(n: usize, line: impl Fn(usize) -> String) -> String {
        (0..n).map(|i| line(i) + "\n").collect()
    }

    /// Many functions, each called in as many files, and one that is handed on in the last of them.
    fn many() -> String {
        let functions = lines(100, |i| format!("int f{i}(void) {{ return 0; }}"));
        let calls = lines(100, |i| format!(" f{i}();"));
        let files = lines(30, |i| format!("//- /u{i}.c\nvoid u{i}(void) {{\n{calls}}}"));
        format!("\n//- /a.c\n$0{functions}{files}//- /z.c\nvoid z(void) {{ use(f7); }}\n")
    }

    #[test]
    fn files_are_gone_over_once_for_all_names() {
        let (names, found) = ask(&many(), None, false);
        assert_eq!((names, found.skimmed, found.cancelled), (vec!["f7".to_owned()], 31, false));
    }

    #[test]
    fn what_the_file_itself_does_takes_no_other() {
        let (names, found) = ask(
            "
            //- /a.c
            $0void f(void) {}
            void g(void) { use(f); }
            //- /b.c
            void h(void) { use(f); }
            //- /c.py
            use(g)
            ",
            None,
            false,
        );
        assert_eq!((names, found.skimmed), (vec!["f".to_owned()], 0));
    }

    #[test]
    fn a_folder_of_any_size_takes_a_limited_look() {
        let functions = lines(200, |i| format!("int f{i}(void) {{ return 0; }}"));
        let weight = lines(2_000, |i| format!(" v{i}();"));
        let files = lines(200, |i| format!("//- /u{i}.c\nvoid u{i}(void) {{ use(f{i});\n{weight}}}"));
        let (names, found) = ask(&format!("\n//- /a.c\n$0{functions}{files}"), None, false);
        assert_eq!(names.len(), found.skimmed);
        assert!((10..200).contains(&found.skimmed), "{}", found.skimmed);
    }

    #[test]
    fn who_no_longer_wants_to_know_or_cannot_wait_takes_no_look() {
        let (_, found) = ask(&many(), None, true);
        assert_eq!((found.skimmed, found.cancelled), (0, true));
        let past = Instant::now().checked_sub(Duration::from_millis(1));
        let (_, found) = ask(&many(), past.or(Some(Instant::now())), false);
        assert_eq!((found.skimmed, found.cancelled), (0, false));
    }
}
