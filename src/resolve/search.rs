//! A search for references: the files where names of the symbol occur, each looked into, on several threads where they are
//! many.

use std::sync::OnceLock;

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::aim::{Aim, Around, Count, End, Look, Looker, Used};
use super::expansions::Expansions;
use super::references::{Found, ReferenceLimits, References};
use super::shares::{Helpers, Shares, Taken, together};
use super::{HITS_MAX, Resolver, Symbol, Target};
use crate::graph::member_of;
use crate::lang::facts::{Def, DefKind, Name, Term};
use crate::lang::modules::{FileId, Layout, file_name, parent};

/// How many different names one symbol is followed under.
const NAMES_MAX: usize = 64;

/// References that one search resolves; more of one name are found in a handful of folders, for a handful of names.
const CANDIDATES_MAX: usize = 200_000;

/// Files that use a name from which on they are many.
const FILES_MANY: usize = 32;

/// Files that are decoded before a search is shared. What takes no more is done before others have begun, and each thread
/// has to learn what the first one has learnt.
const DECODED_ALONE: usize = 16;

/// Files left at which a search is still shared.
const FILES_SHARED_MIN: usize = 32;

/// Files that use a name.
#[derive(Clone, Copy)]
struct Named<'f> {
    name: Name,
    files: &'f [FileId],
    /// Whether those are left out that imports do not lead from.
    many: bool,
}

impl Named<'_> {
    /// Looks into a thread's share of the files; gives what is found, with the numbers of the files. `before` is what there
    /// was before all of them.
    fn look<'v>(
        &self,
        looker: &mut Looker<'_, 'v, '_>,
        shares: &Shares,
        thread: usize,
        before: Count,
    ) -> Vec<(usize, Look)> {
        let (aim, mut looks, mut count) = (looker.aim, Vec::new(), before);
        looker.many = self.many;
        while let Some(next) = shares.next(thread) {
            if aim.limits.is_over() {
                shares.close();
                looks.push((next.number, Look { end: End::Over, ..Look::default() }));
                break;
            }
            // What was found elsewhere may come after this.
            count = if next.elsewhere { before } else { count };
            let file = self.files[next.number];
            if self.many && !aim.leads_there(looker.resolver, file) {
                continue;
            }
            let look = looker.look(file, self.name, count);
            count = look.count(count, aim.expanding);
            match look.end {
                End::Whole => {}
                // Whatever the files before it have, nothing after it is taken.
                End::Full => shares.cut(next.number),
                End::Over => shares.close(),
            }
            if !look.is_nothing() {
                looks.push((next.number, look));
            }
        }
        looks
    }
}

/// How much a search may do, and when it is shared among threads.
#[derive(Clone, Copy)]
pub(super) struct Effort<'h> {
    candidates_max: usize,
    helpers: &'h Helpers,
    /// Files decoded by one thread before others help: what takes no more is done before they are there.
    decoded_alone: usize,
    /// Files from which on it is asked which of them imports lead from, and what stands before uses is kept.
    files_many: usize,
    /// Files left to look into that are worth a thread's beginning.
    files_shared_min: usize,
}

impl Effort<'static> {
    pub fn usual() -> Self {
        Effort {
            candidates_max: CANDIDATES_MAX,
            helpers: Helpers::of_process(),
            decoded_alone: DECODED_ALONE,
            files_many: FILES_MANY,
            files_shared_min: FILES_SHARED_MIN,
        }
    }

    #[cfg(test)]
    pub fn for_many(candidates_max: usize) -> Self {
        Effort { candidates_max, files_many: 1, ..Effort::usual() }
    }
}

impl Resolver<'_> {
    /// Every use of the target, as far as the limits let it.
    pub(super) fn search(
        &self,
        target: Target,
        limits: ReferenceLimits<'_>,
        effort: Effort<'_>,
    ) -> References {
        // A guess is no reference, and takes a look at everything of its name.
        self.sober.set(true);
        let mut search = Search::new(self, limits, effort);
        let aim = search.aim(target);
        search.run(&aim);
        search.expand(&aim);
        self.sober.set(false);
        // What was found without guesses is not all that others may want to know.
        self.forget();
        search.finish()
    }
}

struct Search<'r, 'v, 'c> {
    resolver: &'r Resolver<'v>,
    limits: ReferenceLimits<'c>,
    effort: Effort<'r>,
    /// Names under which the target is known, those still to be searched last.
    names: Vec<Name>,
    /// Macros whose text mentions a target; see [`Search::expand`].
    macros: Expansions,
    /// Uses in the texts of such macros, each with the macro's number.
    mentioned: Vec<(Found, usize)>,
    /// The number of the macro that is the target now, instead of the symbol.
    expanding: Option<usize>,
    /// Candidates looked at, in all.
    looked: usize,
    result: References,
}

impl<'r, 'v, 'c> Search<'r, 'v, 'c> {
    fn new(resolver: &'r Resolver<'v>, limits: ReferenceLimits<'c>, effort: Effort<'r>) -> Self {
        Search {
            resolver,
            limits,
            effort,
            names: Vec::new(),
            macros: Expansions::default(),
            mentioned: Vec::new(),
            expanding: None,
            looked: 0,
            result: References::default(),
        }
    }

    /// Says what is searched for.
    fn aim(&mut self, target: Target) -> Aim<'v, 'c> {
        let resolver = self.resolver;
        resolver.begin();
        self.names.clear();
        let mut targets: FxHashSet<Target> = FxHashSet::default();
        let mut own: FxHashSet<Symbol> = FxHashSet::default();
        match target {
            Target::Symbol(symbol) => {
                for symbol in resolver.implementations(symbol) {
                    let span = resolver.def(symbol).name_span;
                    self.result.found.push(Found::new(symbol.file, span));
                }
                for (at, symbol) in resolver.same_symbol(symbol).into_iter().enumerate() {
                    // Definitions of one member have the same relatives; of very many the first are asked.
                    let related = match at < HITS_MAX {
                        true => resolver.related(symbol),
                        false => SmallVec::from_elem(symbol, 1),
                    };
                    for symbol in related {
                        targets.insert(Target::Symbol(symbol));
                        self.add_name(resolver.def(symbol).name);
                        self.add_exported_names(symbol);
                    }
                    own.insert(symbol);
                }
            }
            Target::File(file) => {
                targets.insert(target);
                self.add_file_names(file);
            }
        }
        if self.expanding.is_none() {
            let own = own.iter().map(|symbol| Target::Symbol(*symbol));
            self.result.targets = targets.iter().copied().chain(own).collect();
        }
        Aim {
            limits: self.limits,
            candidates_max: self.effort.candidates_max,
            filter: resolver.filter(targets.iter().copied()),
            owners: resolver.owners(targets.iter().copied()),
            leading: OnceLock::new(),
            expanding: self.expanding.is_some(),
            targets,
            own,
        }
    }

    /// Searches for the uses of the macros that mention the symbol, and of those that mention them in turn. What is
    /// written in a macro's own text is put to use where the macro is.
    fn expand(&mut self, aim: &Aim<'v, 'c>) {
        let is_macro = |t: &Target| t.symbol().is_some_and(|s| self.resolver.def(s).kind == DefKind::Macro);
        if aim.targets.iter().any(is_macro) {
            // A macro is used where its name is written.
            return;
        }
        let mut at = 0;
        while let Some(symbol) = self.macros.get(at)
            && !self.is_over()
        {
            self.expanding = Some(at);
            let aim = self.aim(Target::Symbol(symbol));
            self.run(&aim);
            at += 1;
        }
    }

    /// Keeps a place where the symbol, or a macro that mentions it, is used.
    fn add_use(&mut self, used: Used) {
        let (number, inside) = match used.around {
            Around::Nothing => (None, false),
            Around::Inactive => (None, true),
            Around::Macro(symbol) => {
                let number = self.macros.add(symbol);
                self.result.truncated |= number.is_none();
                (number, true)
            }
        };
        match (self.expanding, number) {
            (None, Some(number)) => self.mentioned.push((used.found, number)),
            (None, None) => self.result.found.push(used.found),
            (Some(target), Some(by)) => self.macros.note_nested(target, by),
            (Some(_), None) if inside || used.asks => {}
            (Some(target), None) => {
                self.macros.note_code(target);
                self.result.found.push(Found { expansion: true, ..used.found });
            }
        }
    }

    /// A declaration that is exported as it stands may be so under another name (`export default class A`).
    fn add_exported_names(&mut self, symbol: Symbol) {
        let index = self.resolver.index(symbol.file);
        let stands = |d: &&Def| {
            d.kind == DefKind::Export
                && d.init.is_some_and(|init| *index.facts.term(init) == Term::Def(symbol.def))
        };
        for exported in index.facts.defs.iter().filter(stands) {
            self.add_name(exported.name);
        }
    }

    fn add_name(&mut self, name: Name) {
        if self.names.len() < NAMES_MAX && !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    /// A module is used under the name of its file, or of the directory that it is the main file of.
    fn add_file_names(&mut self, file: FileId) {
        let view = self.resolver.view;
        let path = view.path(file);
        if let Some((_, member)) = member_of(view.lang(file).strategy(), path) {
            // No manifest makes another file the main one.
            return self.add_spelled(member);
        }
        let stem = file_name(path).split('.').next().unwrap_or_default();
        let dir = parent(path);
        for text in [stem, file_name(dir), file_name(parent(dir))] {
            self.add_spelled(text);
            self.add_spelled(&text.replace('-', "_"));
        }
    }

    fn add_spelled(&mut self, text: &str) {
        if let Some(name) = self.resolver.view.lookup_name(text) {
            self.add_name(name);
        }
    }

    /// Looks for every name that the target is known under, those included that are found on the way.
    fn run(&mut self, aim: &Aim<'v, 'c>) {
        let mut looker = Looker::new(self.resolver, aim);
        let (mut at, mut decoded) = (0, 0);
        while let Some(name) = self.names.get(at).copied() {
            at += 1;
            let files: Vec<FileId> = match self.limits.within {
                Some(file) => vec![file],
                None => self.resolver.view.files_with(name).collect(),
            };
            let many = files.len() >= self.effort.files_many;
            looker.many = many;
            let mut rest = &files[..];
            while let Some((file, after)) = rest.split_first() {
                if decoded >= self.effort.decoded_alone
                    && rest.len() >= self.effort.files_shared_min
                    && let Some(taken) = self.effort.helpers.take()
                {
                    if !self.look_together(&mut looker, &taken, Named { name, files: rest, many }) {
                        return;
                    }
                    break;
                }
                rest = after;
                if many && !aim.leads_there(self.resolver, *file) {
                    continue;
                }
                if self.is_over() {
                    return;
                }
                let look = looker.look(*file, name, self.count());
                decoded += usize::from(look.decoded);
                // What ends a look stays true.
                let over = look.end == End::Over;
                if !self.take(look) || over && self.is_over() {
                    return;
                }
            }
        }
    }

    /// Looks into files on several threads. What they find is taken in the order of the files, as one thread would find
    /// it. False when the search ends.
    fn look_together(
        &mut self,
        looker: &mut Looker<'_, 'v, 'c>,
        taken: &Taken<'_>,
        named: Named<'_>,
    ) -> bool {
        let (aim, view, before, threads) = (looker.aim, self.resolver.view, self.count(), taken.threads());
        self.resolver.keep_as_one_of(threads);
        let files = self.resolver.files.between();
        let own = |shares: &Shares, number| named.look(looker, shares, number, before);
        let help = |shares: &Shares, number| {
            let resolver = Resolver::sharing(view, files.clone());
            resolver.sober.set(true);
            resolver.keep_as_one_of(threads);
            named.look(&mut Looker::new(&resolver, aim), shares, number, before)
        };
        let mut looks =
            together(taken, named.files.len(), own, help).into_iter().flatten().collect::<Vec<_>>();
        self.resolver.keep_as_one_of(1);
        looks.sort_unstable_by_key(|(at, _)| *at);
        let over = looks.iter().any(|(_, look)| look.end == End::Over);
        // Where the time was up there may be gaps between the files.
        looks.into_iter().all(|(_, look)| self.take(look)) && !(over && self.is_over())
    }

    fn count(&self) -> Count {
        Count { looked: self.looked, found: self.result.found.len() }
    }

    /// Takes what was found in the next file. False when the search ends, for a limit is reached.
    fn take(&mut self, look: Look) -> bool {
        let before = self.looked;
        for hit in look.hits {
            if before + hit.at > self.effort.candidates_max {
                break;
            }
            if let Some(used) = hit.used {
                self.add_use(used);
            }
            if self.limits.found_max.is_some_and(|max| self.result.found.len() > max) {
                self.result.truncated = true;
                return false;
            }
            hit.aliases.into_iter().for_each(|name| self.add_name(name));
        }
        self.looked += look.looked;
        if self.looked > self.effort.candidates_max {
            self.result.truncated = true;
            return false;
        }
        self.result.found.extend(look.declared);
        !self.result.truncated
    }

    /// Whether the search ends here: nobody wants the answer any more, or it has taken long enough.
    fn is_over(&mut self) -> bool {
        self.result.cancelled |= self.limits.is_cancelled();
        self.result.truncated |= self.limits.is_late();
        self.result.cancelled || self.result.truncated
    }

    fn finish(mut self) -> References {
        let used = self.macros.into_used();
        for (found, number) in self.mentioned {
            let kept = if used[number] { &mut self.result.mentions } else { &mut self.result.found };
            kept.push(found);
        }
        self.result.mentions.sort_unstable();
        self.result.found.sort_unstable();
        // An import is both a use and a definition of the same letters.
        self.result.found.dedup_by(|b, a| {
            let same = a.file == b.file && a.span == b.span;
            if same {
                a.declaration |= b.declaration;
                a.write |= b.write;
                a.expansion &= b.expansion;
            }
            same
        });
        self.result
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;
    use crate::graph::fixture::Fixture;
    use crate::lang::facts::Role;
    use crate::resolve::Occurrence;

    /// What uses a function, directly, by another name, by a name that another file gives it, or not.
    fn python(at: usize, how: u8, other: usize) -> String {
        match how {
            0 => "from m import f\nf()\nprint(f)\n".to_owned(),
            1 => "from m import f as g\ng()\ng()\n".to_owned(),
            2 => format!("from f{other} import g as h{at}\nh{at}()\n"),
            3 => "import m\nm.f()\nm.f()\nm.f()\n".to_owned(),
            4 => format!("from f{other} import f\nf()\n"),
            _ => "def f(): pass\ng = f()\n".to_owned(),
        }
    }

    /// The same with macros between.
    fn c(at: usize, how: u8, other: usize) -> String {
        let body = match how {
            0 => format!("int a{at}(int x) {{ return f(x) + f(x); }}"),
            1 => format!("#define CALL{at}(x) f(x)\nint a{at}(int x) {{ return CALL{at}(x); }}"),
            2 => format!("#include \"f{other}.c\"\nint a{at}(int x) {{ return CALL{other}(x) + f(x); }}"),
            3 => format!("#define CALL{at}(x) f(x)"),
            4 => format!("#include \"f{other}.c\"\n#define CALL{at}(x) CALL{other}(x)\nint b = CALL{at}(1);"),
            _ => return "static int f(int x) { return x; }\nint b = f(1);\n".to_owned(),
        };
        format!("#include \"m.h\"\n{body}\n")
    }

    fn fixture(in_c: bool, files: &[(u8, usize)]) -> Fixture {
        let mut text = match in_c {
            true => "\n//- /m.h\nint f(int x);\n//- /m.c\n#include \"m.h\"\nint $0f(int x) { return x; }\n",
            false => "\n//- /m.py\ndef $0f(): pass\n",
        }
        .to_owned();
        for (at, (how, other)) in files.iter().enumerate() {
            let other = other % files.len();
            let (file, extension) =
                if in_c { (c(at, *how, other), "c") } else { (python(at, *how, other), "py") };
            let _ = write!(text, "//- /f{at}.{extension}\n{file}");
        }
        Fixture::parse(&text)
    }

    /// Searches for what is defined at the cursor, with so many helpers.
    fn search(
        fixture: &Fixture,
        limits: ReferenceLimits<'_>,
        candidates_max: usize,
        helpers: usize,
    ) -> References {
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let resolver = Resolver::new(&view);
        let Some(Occurrence::Def(def)) = resolver.at(file, offset) else {
            panic!("there is no definition at the cursor")
        };
        let helpers = &Helpers::new(helpers);
        let effort =
            Effort { candidates_max, helpers, decoded_alone: 1, files_many: FILES_MANY, files_shared_min: 2 };
        resolver.search(Target::Symbol(Symbol { file, def }), limits, effort)
    }

    fn calls(role: Role) -> bool {
        role == Role::Call
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn several_threads_find_what_one_finds(
            in_c in any::<bool>(),
            files in prop::collection::vec((0u8..6, 0usize..40), 1..40),
            found_max in prop::option::of(0usize..60),
            candidates_max in prop_oneof![Just(CANDIDATES_MAX), 0usize..60],
            within in prop::option::weighted(0.1, 0u32..40),
            (expansions, only_calls) in any::<(bool, bool)>(),
            helpers in 1usize..4,
        ) {
            let fixture = fixture(in_c, &files);
            let limits = ReferenceLimits {
                found_max,
                expansions,
                within: within.map(|file| FileId(file % files.len() as u32)),
                keeps: only_calls.then_some(calls),
                ..ReferenceLimits::default()
            };
            let alone = search(&fixture, limits, candidates_max, 0);
            let shared = search(&fixture, limits, candidates_max, helpers);
            prop_assert_eq!(&shared.found, &alone.found);
            prop_assert_eq!(&shared.mentions, &alone.mentions);
            prop_assert_eq!(&shared.targets, &alone.targets);
            prop_assert_eq!((shared.truncated, shared.cancelled), (alone.truncated, alone.cancelled));
        }
    }

    #[test]
    fn all_threads_end_when_nobody_wants_the_answer_any_more() {
        static UNWANTED: AtomicBool = AtomicBool::new(false);
        fn unwanted_now(_: Role) -> bool {
            UNWANTED.store(true, Ordering::Relaxed);
            true
        }
        let fixture = fixture(false, &[(0, 0); 60]);
        let whole = search(&fixture, ReferenceLimits::default(), CANDIDATES_MAX, 3);
        assert_eq!((whole.found.len(), whole.cancelled), (181, false));
        let limits = ReferenceLimits {
            cancel: Some(&UNWANTED),
            keeps: Some(unwanted_now),
            ..ReferenceLimits::default()
        };
        let cancelled = search(&fixture, limits, CANDIDATES_MAX, 3);
        // One file of each thread, and the one that defines it.
        assert!(cancelled.cancelled && cancelled.found.len() <= 4 * 3 + 1, "{cancelled:?}");
    }

    #[test]
    fn all_threads_end_when_the_time_is_up() {
        let fixture = fixture(false, &[(0, 0); 60]);
        let limits = ReferenceLimits { until: Some(Instant::now()), ..ReferenceLimits::default() };
        let late = search(&fixture, limits, CANDIDATES_MAX, 3);
        assert!(late.truncated && late.found.is_empty());
    }
}
