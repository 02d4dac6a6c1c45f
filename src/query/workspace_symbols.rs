//! Symbols of a whole folder by a fuzzy query.

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::FxHashMap;

use super::Location;
use super::container::containers;
use crate::graph::View;
use crate::lang::facts::{Def, DefFlags, DefId, DefKind, Facts, Name};
use crate::lang::modules::FileId;

/// A definition found by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceSymbol {
    pub name: String,
    pub kind: DefKind,
    /// The name of the type or module around it.
    pub container: Option<String>,
    pub location: Location,
    /// How well it matches, larger is better; comparable across folders.
    pub score: u32,
}

/// Names that are looked up for every symbol wanted: some names have no definition.
const NAMES_PER_RESULT: usize = 8;
/// Definitions whose kinds are looked at before any of them is read: a few times as many as are shown.
const CANDIDATES_AT_A_TIME: usize = 1_024;
/// Names are matched this many at a time between looks at the cancel flag.
const CANCEL_EVERY: usize = 4_096;

/// The best `limit` symbols for the query, best first, and whether there may be more, as after `cancel`. An exact full name is always among
/// them. `Container.name` and `container::name` narrow by container.
pub fn workspace_symbols(
    view: &View,
    query: &str,
    limit: usize,
    cancel: &AtomicBool,
) -> (Vec<WorkspaceSymbol>, bool) {
    let (container, wanted) = split(query.trim());
    let matcher = Matcher::new(wanted);
    // The best names, worst on top so that it can be replaced.
    let mut best: BinaryHeap<Reverse<(u32, Reverse<usize>, Name)>> = BinaryHeap::new();
    let most = limit.saturating_mul(NAMES_PER_RESULT).max(1);
    let mut truncated = false;
    for (i, (name, text)) in view.names_bytes().enumerate() {
        if i % CANCEL_EVERY == 0 && cancel.load(Ordering::Relaxed) {
            return (Vec::new(), true);
        }
        let Some(score) = matcher.score(text) else { continue };
        let entry = Reverse((score, Reverse(text.len()), name));
        if best.len() < most {
            // A name without a definition is no answer, and many are only used.
            if view.defs_named(name).next().is_some() {
                best.push(entry);
            }
        } else if best.peek().is_some_and(|worst| entry.0 > worst.0) && view.defs_named(name).next().is_some()
        {
            best.pop();
            best.push(entry);
            truncated = true;
        } else {
            truncated = true;
        }
    }
    let mut ranked: Vec<_> = best.into_iter().map(|Reverse(entry)| entry).collect();
    ranked.sort_by_key(|(score, len, name)| (Reverse(*score), Reverse(*len), view.name_text(*name)));
    let mut candidates = ranked.iter().flat_map(|(score, _, name)| {
        view.defs_named(*name).map(|(file, def)| Candidate { score: *score, name: *name, file, def })
    });
    let mut found = Vec::new();
    let mut last: Option<Declared> = None;
    while found.len() <= limit && !cancel.load(Ordering::Relaxed) {
        let some: Vec<Candidate> = candidates.by_ref().take(CANDIDATES_AT_A_TIME).collect();
        if some.is_empty() {
            break;
        }
        for listed in listed_kinds(view, some).chunks(limit.saturating_add(1)) {
            found.extend(described(view, listed, container, &mut last));
            if found.len() > limit {
                break;
            }
        }
    }
    truncated |= found.len() > limit || cancel.load(Ordering::Relaxed);
    found.truncate(limit);
    (found, truncated)
}

/// A definition whose name matches.
#[derive(Clone, Copy)]
struct Candidate {
    score: u32,
    name: Name,
    file: FileId,
    def: DefId,
}

/// The candidates by file, each with its place among them.
fn by_file(candidates: &[Candidate]) -> Vec<(FileId, DefId, usize)> {
    let mut sorted: Vec<_> = candidates.iter().enumerate().map(|(at, c)| (c.file, c.def, at)).collect();
    sorted.sort_unstable();
    sorted
}

/// Those of a kind that is listed. Told without reading more of the files: of a common name most definitions may be
/// imports.
fn listed_kinds(view: &View, candidates: Vec<Candidate>) -> Vec<Candidate> {
    let mut listed = vec![false; candidates.len()];
    for of_file in by_file(&candidates).chunk_by(|a, b| a.0 == b.0) {
        let defs: Vec<DefId> = of_file.iter().map(|(_, def, _)| *def).collect();
        for ((.., at), kind) in of_file.iter().zip(view.kinds_of(of_file[0].0, &defs)) {
            use DefKind::*;
            listed[*at] = !matches!(kind, Parameter | TypeParameter | Label | Import | Export);
        }
    }
    candidates.into_iter().zip(listed).filter(|(_, listed)| *listed).map(|(c, _)| c).collect()
}

/// What a file declares.
struct Declared {
    file: FileId,
    facts: Arc<Facts>,
    /// Once it was asked for: where the first definition of each name and kind stands.
    firsts: OnceCell<FxHashMap<(Name, DefKind), u32>>,
}

/// The symbols that candidates are, in their order, each file read once; `last` is the file that the next ones may be of
/// too.
fn described(
    view: &View,
    candidates: &[Candidate],
    container: Option<&str>,
    last: &mut Option<Declared>,
) -> Vec<WorkspaceSymbol> {
    let mut symbols: Vec<Option<WorkspaceSymbol>> = vec![None; candidates.len()];
    for of_file in by_file(candidates).chunk_by(|a, b| a.0 == b.0) {
        let file = of_file[0].0;
        let declared = match last.take().filter(|last| last.file == file) {
            Some(declared) => declared,
            None => Declared { file, facts: view.outline(file), firsts: OnceCell::new() },
        };
        let Declared { facts, firsts, .. } = last.insert(declared);
        for (file, def, at) in of_file {
            let definition = facts.def(*def);
            let first = || {
                let firsts = firsts.get_or_init(|| firsts_of(facts));
                firsts.get(&(definition.name, definition.kind)).copied()
            };
            if !is_listed(definition, first) {
                continue;
            }
            let around = containers(view, facts, definition, usize::MAX).next().map(str::to_owned);
            if container.is_some_and(|c| !around.as_deref().is_some_and(|a| a.eq_ignore_ascii_case(c))) {
                continue;
            }
            symbols[*at] = Some(WorkspaceSymbol {
                name: view.name_text(candidates[*at].name).to_owned(),
                kind: definition.kind,
                container: around,
                location: Location { file: *file, span: definition.name_span, full: definition.span },
                score: candidates[*at].score,
            });
        }
    }
    symbols.into_iter().flatten().collect()
}

fn split(query: &str) -> (Option<&str>, &str) {
    let at = query.rfind("::").map(|at| (at, 2)).or_else(|| query.rfind(['.', '#']).map(|at| (at, 1)));
    match at {
        Some((at, len)) if at > 0 && at + len < query.len() => {
            let container = &query[..at];
            let from = container.rfind([':', '.', '#']).map_or(0, |i| i + 1);
            (Some(&container[from..]), &query[at + len..])
        }
        _ => (None, query),
    }
}

fn firsts_of(facts: &Facts) -> FxHashMap<(Name, DefKind), u32> {
    let mut firsts: FxHashMap<(Name, DefKind), u32> = FxHashMap::default();
    for d in &facts.defs {
        let first = firsts.entry((d.name, d.kind)).or_insert(u32::MAX);
        *first = d.name_span.start.min(*first);
    }
    firsts
}

/// Of a member that is assigned in many places the declared one is enough, if there is one; `first` tells where that is.
fn is_listed(def: &Def, first: impl FnOnce() -> Option<u32>) -> bool {
    let is_again =
        def.flags.has(DefFlags::ASSIGNED) && first().is_some_and(|first| first < def.name_span.start);
    !def.name_span.is_empty() && !is_again
}

/// One query, prepared.
struct Matcher {
    lower: Vec<u8>,
    exact: String,
    mask: u64,
}

impl Matcher {
    fn new(query: &str) -> Self {
        let lower: Vec<u8> = query.bytes().map(|b| b.to_ascii_lowercase()).collect();
        Matcher { mask: mask(&lower), lower, exact: query.to_owned() }
    }

    /// `None` if the query's letters do not occur in order. Exact beats prefix beats the starts of words beats substring
    /// beats scattered letters; equal kinds are told apart by case and by how much of the name is matched.
    fn score(&self, bytes: &[u8]) -> Option<u32> {
        if self.lower.is_empty() {
            return Some(1);
        }
        if bytes.len() < self.lower.len() || self.mask & !mask(bytes) != 0 {
            return None;
        }
        if bytes == self.exact.as_bytes() {
            return Some(10_000);
        }
        let starts = |from: usize| {
            bytes.len() - from >= self.lower.len()
                && bytes[from..].iter().zip(&self.lower).all(|(b, q)| b.to_ascii_lowercase() == *q)
        };
        let covered = (100 * self.lower.len() / bytes.len()) as u32;
        let cased = || u32::from(memchr::memmem::find(bytes, self.exact.as_bytes()).is_some()) * 50;
        if bytes.len() == self.lower.len() && starts(0) {
            return Some(9_000);
        }
        if starts(0) {
            return Some(7_000 + cased() + covered);
        }
        let mut inside = None;
        for at in 1..=bytes.len() - self.lower.len() {
            if starts(at) {
                if is_word_start(bytes, at) {
                    return Some(5_000 + cased() + covered);
                }
                inside = inside.or(Some(at));
            }
        }
        if inside.is_some() {
            return Some(3_000 + cased() + covered);
        }
        if self.by_words(bytes) {
            return Some(4_000 + covered);
        }
        self.scattered(bytes).then_some(1_000 + covered)
    }

    /// Each letter starts a word or follows the letter before it: `gsf` in `get_some_field`.
    fn by_words(&self, bytes: &[u8]) -> bool {
        let (mut at, mut wanted) = (0, 0);
        let mut last = usize::MAX;
        while at < bytes.len() && wanted < self.lower.len() {
            let follows = last != usize::MAX && at == last + 1;
            if bytes[at].to_ascii_lowercase() == self.lower[wanted] && (is_word_start(bytes, at) || follows) {
                last = at;
                wanted += 1;
            }
            at += 1;
        }
        wanted == self.lower.len()
    }

    fn scattered(&self, bytes: &[u8]) -> bool {
        let mut wanted = self.lower.iter();
        let mut next = wanted.next();
        for byte in bytes {
            if next == Some(&byte.to_ascii_lowercase()) {
                next = wanted.next();
            }
        }
        next.is_none()
    }
}

fn is_word_start(bytes: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|i| bytes[i]) else { return true };
    let here = bytes[at];
    here.is_ascii_alphanumeric() && !before.is_ascii_alphanumeric()
        || here.is_ascii_uppercase() && !before.is_ascii_uppercase()
        || here.is_ascii_digit() && !before.is_ascii_digit()
}

/// The letters that occur, a bit each.
fn mask(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |mask, b| mask | 1 << (b.to_ascii_lowercase() & 63))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;
    use crate::lang::modules::Layout;

    fn check_symbols(query: &str, limit: usize, expected: &[&str]) {
        let fixture = Fixture::parse(
            "
            //- /a.py
            class GetSomeField:
                def get(self): pass
            def get_some_field(): pass
            def target(): pass
            def gadget(): pass
            get = 1
            def widget(x): return x
            //- /b.py
            def Get(): pass
            ",
        );
        let view = fixture.view();
        let (found, _) = workspace_symbols(&view, query, limit, &AtomicBool::new(false));
        let found: Vec<String> = found
            .iter()
            .map(|s| s.container.as_ref().map_or(s.name.clone(), |c| format!("{c}.{}", s.name)))
            .collect();
        assert_eq!(found, expected, "{query}");
    }

    #[test]
    fn better_matches_come_first() {
        check_symbols(
            "get",
            10,
            &[
                "GetSomeField.get",
                "get",
                "Get",
                "get_some_field",
                "GetSomeField",
                "gadget",
                "target",
                "widget",
            ],
        );
        check_symbols("gsf", 10, &["GetSomeField", "get_some_field"]);
        check_symbols("GetSomeField.get", 10, &["GetSomeField.get"]);
        check_symbols("nothing", 10, &[]);
    }

    #[test]
    fn imports_are_not_listed_and_containers_are_looked_for_behind_what_does_not_match() {
        let import = "//- /m{}.py\nfrom a import Thing\n";
        let other = "//- /o{}.py\nclass Other:\n    def Thing(self): pass\n";
        let mut files: String = (0..30).map(|n| import.replace("{}", &n.to_string())).collect();
        files.extend((0..30).map(|n| other.replace("{}", &n.to_string())));
        files += "//- /z.py\nclass Wanted:\n    def Thing(self): pass\n";
        let view = Fixture::parse(&files).view();
        let search = |query, limit| {
            let (found, more) = workspace_symbols(&view, query, limit, &AtomicBool::new(false));
            let files = found.iter().map(|s| view.path(s.location.file).to_owned()).collect::<Vec<_>>();
            (files, more)
        };
        assert_eq!(search("Wanted.Thing", 2), (vec!["z.py".to_owned()], false));
        assert_eq!(search("Thing", 31).0.len(), 31);
        assert!(!search("Thing", 31).1);
        let (found, more) = search("Thing", 5);
        assert!(found.iter().all(|path| path.starts_with('o')) && found.len() == 5 && more);
    }

    #[test]
    fn what_was_cancelled_is_not_all() {
        let fixture = Fixture::parse("\n//- /a.py\ndef f(): pass\n");
        assert_eq!(workspace_symbols(&fixture.view(), "f", 9, &AtomicBool::new(true)), (Vec::new(), true));
    }

    #[test]
    fn all_may_be_wanted() {
        check_symbols("gsf", usize::MAX, &["GetSomeField", "get_some_field"]);
    }

    #[test]
    fn the_exact_name_is_there_however_few_are_wanted() {
        check_symbols("Get", 1, &["Get"]);
        check_symbols("widget", 1, &["widget"]);
    }

    #[test]
    fn symbols_of_every_language_are_found() {
        let fixture = Fixture::parse(
            "
            //- /a.ts
            export class Wanted { member() {} }
            //- /b.rs
            pub struct Wanted;
            //- /c.go
            package c
            type Wanted struct{}
            //- /Wanted.java
            class Wanted {}
            ",
        );
        let view = fixture.view();
        let (found, _) = workspace_symbols(&view, "wanted", 10, &AtomicBool::new(false));
        let mut files: Vec<&str> = found.iter().map(|s| view.path(s.location.file)).collect();
        files.sort_unstable();
        assert_eq!(files, ["Wanted.java", "a.ts", "b.rs", "c.go"]);
    }
}
