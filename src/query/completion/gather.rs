//! Candidates from every source, ranked.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::{FxHashMap, FxHashSet};

use super::call_shape::CallShape;
use super::evidence::Evidence;
use super::kinship::{next_in_order, shared_with_line};
use super::site::Site;
use super::{Completion, CompletionKind, Completions, Source, import_of};
use crate::graph::{DefSketch, View};
use crate::lang::LangId;
use crate::lang::facts::{DefFlags, DefId, DefKind, Facts, Name, Role, ScopeId, Span, Term};
use crate::lang::modules::{FileId, Layout};
use crate::lang::pack::Exports;
use crate::lang::words::keywords;
use crate::query::signature::signature;
use crate::resolve::listing::{Listed, Reach};
use crate::resolve::{Resolver, Symbol, Target};

/// Letters that a name needs for the whole folder to be asked for it.
const FOLDER_LETTERS_MIN: usize = 2;
/// Names of the folder that are weighed.
const NAMES_MAX: usize = 4_096;
/// Names of other files that are offered with their import.
const IMPORTS_MAX: usize = 30;
/// Files that are looked at for those.
const LOOKED_MAX: usize = 128;
/// Files that are asked what their definitions are, for those.
const ASKED_MAX: usize = 2_048;
/// Definitions of one name that are looked at for one to import.
const NAMESAKES_MAX: usize = 64;
/// Names of files that share the top level.
const PACKAGE_MAX: usize = 256;
/// Words without a meaning that are offered.
const WORDS_MAX: usize = 40;
/// Files that are looked into for what others write behind a name.
const FILES_MAX: usize = 24;

/// Files that use a name beyond which it is no more common than others.
const COMMON_FILES_MAX: usize = 64;
/// Points for being common, by the logarithm of that.
const COMMON_POINTS: f64 = 6.0;
/// Candidates, the likeliest of all, that are compared with each other.
const COMPARED_MAX: usize = 1_024;
/// Callables, the likeliest of all, whose parameters are looked at.
const CALLS_MAX: usize = 256;

/// Outlines of the files whose callables were looked at, for the time of one question.
#[derive(Default)]
struct Outlines(RefCell<FxHashMap<FileId, Arc<Facts>>>);

impl Outlines {
    fn of(&self, view: &View, file: FileId) -> Arc<Facts> {
        Arc::clone(self.0.borrow_mut().entry(file).or_insert_with(|| view.outline(file)))
    }
}

/// One candidate and its points.
struct Candidate {
    completion: Completion,
    /// What it stands for.
    target: Option<Target>,
    points: i32,
}

struct Gather<'a, 'v> {
    resolver: Resolver<'v>,
    file: FileId,
    site: &'a Site,
    /// The letters that are there already.
    word: String,
    evidence: Evidence<'a>,
    found: Vec<Candidate>,
    seen: FxHashSet<String>,
    outlines: Outlines,
    /// What [`names_of_folder`](Self::names_of_folder) has found.
    names: Option<Rc<[(Name, usize)]>>,
    incomplete: bool,
}

pub fn gather(
    view: &View,
    file: FileId,
    text: &str,
    site: &Site,
    limit: usize,
    cancel: &AtomicBool,
) -> Completions {
    let word = text[site.word.start as usize..site.word.end as usize].to_owned();
    let evidence = Evidence::new(text, site.word, |candidate| fits(candidate, &word) && *candidate != word);
    let mut gather = Gather {
        resolver: Resolver::new(view),
        file,
        site,
        evidence,
        found: Vec::new(),
        seen: FxHashSet::default(),
        outlines: Outlines::default(),
        names: None,
        incomplete: word.len() < FOLDER_LETTERS_MIN,
        word,
    };
    let cancelled = || cancel.load(Ordering::Relaxed);
    if site.member {
        gather.members();
    } else {
        gather.in_scope();
        if !cancelled() {
            gather.words_of_language();
            gather.of_folder(view);
        }
    }
    gather.finish(limit, site.word)
}

/// Whether a name may be what the letters are the beginning of: they are its first ones, or its first one and others in
/// their order.
fn fits(name: &str, word: &str) -> bool {
    match name.is_ascii() && word.is_ascii() {
        true => has_letters(ascii_lowercase(name), ascii_lowercase(word)),
        false => has_letters(lowercase(name), lowercase(word)),
    }
}

/// The same of letters in lower case.
fn has_letters(mut letters: impl Iterator<Item = char>, mut wanted: impl Iterator<Item = char>) -> bool {
    match wanted.next() {
        None => true,
        Some(first) => {
            letters.find(|c| *c != '_' && *c != '$' || first == *c) == Some(first)
                && wanted.all(|w| letters.any(|c| c == w))
        }
    }
}

fn lowercase(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

/// The same of a text that is ASCII.
fn ascii_lowercase(text: &str) -> impl Iterator<Item = char> {
    text.bytes().map(|letter| char::from(letter.to_ascii_lowercase()))
}

fn starts_alike(name: &str, word: &str) -> bool {
    let mut letters = lowercase(name);
    lowercase(word).all(|letter| letters.next() == Some(letter))
}

impl Gather<'_, '_> {
    fn add(&mut self, completion: Completion, target: Option<Target>, points: i32) {
        let own = target.is_none()
            && (completion.label == self.word || completion.label.ends_with(super::site::PLACEHOLDER));
        if own {
            return;
        }
        if self.seen.insert(completion.label.clone()) {
            let listed = completion.kind == CompletionKind::Definition(DefKind::EnumMember);
            let exact =
                match (completion.label.starts_with(&self.word), starts_alike(&completion.label, &self.word))
                {
                    (true, _) => 30,
                    (false, true) => 12,
                    (false, false) => -20,
                };
            let points = points + exact + self.evidence.points(&completion.label, listed);
            self.found.push(Candidate { completion, target, points });
        }
    }

    fn listed(&mut self, item: Listed, points: i32) {
        let near = item.reach == Reach::Near || self.site.member;
        let common = if near { 0 } else { self.common(&item.name) };
        let points = points + common + self.by_role(item.kind);
        let kind = match item.target {
            Some(_) => CompletionKind::Definition(item.kind),
            None => CompletionKind::Word,
        };
        let origin = item.target.map(Target::file).filter(|f| *f != self.file);
        let origin = origin.map(|f| self.resolver.view().path(f).to_owned());
        let completion = Completion {
            insert: item.name.clone(),
            label: item.name,
            kind,
            origin,
            source: None,
            import: None,
        };
        self.add(completion, item.target, points);
    }

    /// How well a kind goes with the way in which the name is used.
    fn by_role(&self, kind: DefKind) -> i32 {
        let is_module = matches!(kind, DefKind::Module | DefKind::Namespace | DefKind::Import);
        match self.site.role {
            Role::Type | Role::Inherit if kind.is_type() => 20,
            Role::Type | Role::Inherit if is_module => 5,
            Role::Type | Role::Inherit => -15,
            Role::Call if kind.is_callable() => 8,
            Role::Macro if kind == DefKind::Macro => 20,
            Role::Read if kind.is_callable() => -4,
            Role::Write if kind.is_callable() || kind.is_type() => -10,
            _ => 0,
        }
    }

    fn members(&mut self) {
        let word = self.word.clone();
        let mut open = true;
        if let Some(above) = &self.site.module {
            let listing = self.resolver.modules_in(self.file, above);
            for item in listing.items.into_iter().filter(|item| fits(&item.name, &word)) {
                self.listed(item, 45);
            }
        }
        if let Some(recv) = self.site.recv {
            let listing = self.resolver.members_of(self.file, self.site.scope, recv);
            open = listing.open;
            for item in listing.items.into_iter().filter(|item| fits(&item.name, &word)) {
                let points = match item.reach {
                    Reach::Near => 45,
                    _ => 38,
                };
                let hidden = item.name.starts_with('_') && !word.starts_with('_');
                self.listed(item, if hidden { points - 20 } else { points });
            }
        }
        if open || self.found.is_empty() {
            self.behind_the_same_name();
            self.words(20);
            self.words_of_folder();
        }
    }

    /// What other files write behind a name like the receiver's.
    fn behind_the_same_name(&mut self) {
        let Some(recv) = self.site.recv else { return };
        let view = self.resolver.view();
        let Some(name) = written(&view.facts(self.file), recv) else { return };
        let family = view.lang(self.file).family();
        let mut counts: FxHashMap<Name, u32> = FxHashMap::default();
        let same = |f: &FileId| view.lang(*f).family() == family;
        for file in view.files_with(name).filter(same).take(FILES_MAX) {
            let facts = view.facts(file);
            for r in facts.refs.iter().filter(|r| r.recv.is_some_and(|t| written(&facts, t) == Some(name))) {
                *counts.entry(r.name).or_default() += 1;
            }
        }
        let mut counts: Vec<(Name, u32)> = counts.into_iter().collect();
        counts.sort_unstable_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        for (name, count) in counts {
            let label = view.name_text(name).to_owned();
            if fits(&label, &self.word) {
                self.add(word(label), None, 30 + (6.0 * f64::from(1 + count).ln()) as i32);
            }
        }
    }

    fn in_scope(&mut self) {
        let word = self.word.clone();
        let (scope, offset) = (self.site.scope, self.site.word.start);
        let listing =
            self.resolver.names_in_scope(self.file, scope, offset, self.site.role, &|name| fits(name, &word));
        for item in listing.items {
            let points = match item.reach {
                Reach::Near => 50,
                Reach::Member => 40,
                Reach::File => 42,
                Reach::Package => 34,
                Reach::Glob => 32,
            };
            self.listed(item, points);
        }
    }

    fn words_of_language(&mut self) {
        let lang = self.resolver.view().lang(self.file);
        let knobs = lang.knobs();
        let typed = self.word.clone();
        for builtin in knobs.builtins.iter().filter(|b| fits(b, &typed)) {
            let points = if self.site.role == Role::Type { 26 } else { 28 };
            self.add(word((*builtin).to_owned()), None, points);
        }
        for keyword in keywords(lang).iter().filter(|k| starts_alike(k, &typed)) {
            let kind = CompletionKind::Keyword;
            self.add(Completion { kind, ..word(keyword.clone()) }, None, 24);
        }
        for own in knobs.self_names.iter().chain(knobs.super_names).chain(knobs.self_type_names) {
            if starts_alike(own, &self.word) {
                self.add(Completion { kind: CompletionKind::Keyword, ..word((*own).to_owned()) }, None, 30);
            }
        }
    }

    /// Names of other files: those that share the top level, those that an import would bring, words.
    fn of_folder(&mut self, view: &View) {
        if self.word.len() >= FOLDER_LETTERS_MIN {
            let names = self.names_of_folder();
            self.of_package(view, &names);
            self.importable(view, &names);
        }
        self.words(12);
        self.words_of_folder();
    }

    /// Names of the folder that begin with the letters, and in how many files they stand; those of the most files first.
    fn names_of_folder(&mut self) -> Rc<[(Name, usize)]> {
        if let Some(known) = &self.names {
            return Rc::clone(known);
        }
        let view = self.resolver.view();
        let mut names = view.names_starting(&self.word);
        if names.len() > NAMES_MAX {
            names.truncate(NAMES_MAX);
            self.incomplete = true;
        }
        // What only dependencies say is nobody's word here.
        let counted = names.into_iter().map(|name| (name, view.files_with(name).count()));
        let mut counted: Vec<(Name, usize)> = counted.filter(|(_, count)| *count > 0).collect();
        counted.sort_unstable_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        let counted: Rc<[(Name, usize)]> = counted.into();
        self.names = Some(Rc::clone(&counted));
        counted
    }

    fn of_package(&mut self, view: &View, names: &[(Name, usize)]) {
        let siblings: FxHashSet<FileId> = self.resolver.sibling_files(self.file).into_iter().collect();
        if siblings.is_empty() {
            return;
        }
        let (scope, offset, role) = (self.site.scope, self.site.word.start, self.site.role);
        let mut added = 0;
        for (name, _) in names {
            let text = view.name_text(*name);
            if self.seen.contains(text) || !view.defs_named(*name).any(|(file, _)| siblings.contains(&file)) {
                continue;
            }
            if added == PACKAGE_MAX {
                self.incomplete = true;
                return;
            }
            added += 1;
            if let Some((target, kind)) = self.resolver.bare_at(self.file, scope, offset, role, *name) {
                let item = Listed { name: text.to_owned(), target, kind, reach: Reach::Package };
                self.listed(item, 34);
            }
        }
    }

    fn importable(&mut self, view: &View, names: &[(Name, usize)]) {
        let lang = view.lang(self.file);
        let Some(style) = lang.knobs().imports else { return };
        let family = lang.family();
        let (mut added, mut looked) = (0, FxHashSet::default());
        let mut asked: FxHashSet<FileId> = FxHashSet::default();
        for (name, count) in names {
            let text = view.name_text(*name);
            // Nearly all names end here, before any file is looked at.
            if !is_exported_name(lang, text) || self.seen.contains(text) && !style.qualified {
                continue;
            }
            if asked.len() > ASKED_MAX {
                self.incomplete = true;
                return;
            }
            let here = self.file;
            let other = |(file, def): &(FileId, DefId)| {
                *file != here && view.lang(*file).family() == family && {
                    asked.insert(*file);
                    let def = self.def(Symbol { file: *file, def: *def });
                    def.is_some_and(|def| is_importable_kind(def.kind))
                }
            };
            let found = view.defs_named(*name).take(NAMESAKES_MAX).filter(other).take(2);
            for (file, def) in found.collect::<Vec<_>>() {
                looked.insert(file);
                if added == IMPORTS_MAX || looked.len() > LOOKED_MAX {
                    self.incomplete = true;
                    return;
                }
                let symbol = Symbol { file, def };
                if !is_importable(view, &self.resolver.sketched(file).defs, symbol, text) {
                    continue;
                }
                let Some(import) = import_of(&self.resolver, self.file, symbol, text) else { continue };
                added += 1;
                let label = text.to_owned();
                let insert = match style.qualified {
                    true => format!("{}.{label}", import.name),
                    false => label.clone(),
                };
                let Some(DefSketch { kind, .. }) = self.def(symbol) else { continue };
                let completion = Completion {
                    label: if style.qualified { insert.clone() } else { label },
                    insert,
                    kind: CompletionKind::Definition(kind),
                    origin: Some(view.path(file).to_owned()),
                    source: None,
                    import: Some(import),
                };
                let often = (3.0 * (1.0 + *count as f64).ln()) as i32;
                let points = 4 + often.min(18) + self.by_role(kind);
                self.add(completion, Some(Target::Symbol(symbol)), points);
            }
        }
    }

    /// What a definition is.
    fn def(&self, symbol: Symbol) -> Option<DefSketch> {
        self.resolver.sketched(symbol.file).def(symbol).copied()
    }

    /// Words of the text that nothing else explains.
    fn words(&mut self, points: i32) {
        let mut words: Vec<String> = self.evidence.words().map(str::to_owned).collect();
        words.sort_by_key(|w| (std::cmp::Reverse(self.evidence.points(w, false)), w.clone()));
        self.incomplete |= words.len() > WORDS_MAX;
        for text in words.into_iter().take(WORDS_MAX) {
            self.add(word(text), None, points);
        }
    }

    /// Words of the folder that many files have.
    fn words_of_folder(&mut self) {
        if self.word.len() < FOLDER_LETTERS_MIN {
            return;
        }
        let names = self.names_of_folder();
        let view = self.resolver.view();
        let is_word = |name: Name| view.name_text(name).chars().all(super::site::is_word);
        let mut words = names.iter().filter(|(name, _)| is_word(*name));
        let first: Vec<(String, usize)> = words
            .by_ref()
            .take(WORDS_MAX)
            .map(|(name, count)| (view.name_text(*name).to_owned(), *count))
            .collect();
        self.incomplete |= words.next().is_some();
        for (text, count) in first {
            self.add(word(text), None, (4.0 * (1.0 + count as f64).ln()) as i32 - 4);
        }
    }

    fn sort(&mut self) {
        self.found.sort_by(|a, b| {
            b.points.cmp(&a.points).then_with(|| a.completion.label.cmp(&b.completion.label))
        });
    }

    /// How many files of the folder have the name, in points.
    fn common(&self, name: &str) -> i32 {
        let view = self.resolver.view();
        let Some(name) = view.lookup_name(name) else { return 0 };
        let files = view.files_with(name).take(COMMON_FILES_MAX).count();
        (COMMON_POINTS * (files as f64).ln().max(0.0)) as i32
    }

    /// Weighs the likeliest by what they have to do with the line, and with what was used before.
    fn compare(&mut self) {
        let compared = &self.found[..self.found.len().min(COMPARED_MAX)];
        let labels: Vec<&str> = compared.iter().map(|c| c.completion.label.as_str()).collect();
        let mut points = shared_with_line(self.evidence.line(), &labels);
        let symbol = |c: &Candidate| c.target.and_then(Target::symbol);
        let used =
            compared.iter().filter_map(|c| Some((self.evidence.before(&c.completion.label)?, symbol(c)?)));
        if let Some((_, last)) = used.max_by_key(|(at, _)| *at) {
            let sketched = self.resolver.sketched(last.file);
            let behind = |c: &Candidate| {
                let def = sketched.def(symbol(c).filter(|s| s.file == last.file)?)?;
                let last = sketched.def(last)?;
                let alike = def.kind == last.kind && def.scope == last.scope;
                (alike && def.start > last.start).then_some(def.start)
            };
            for (candidate, more) in next_in_order(compared.iter().map(behind)) {
                points[candidate] += more;
            }
        }
        if let Some(shape) = CallShape::behind(self.evidence.rest()) {
            self.compare_calls(&shape, &mut points);
        }
        for (candidate, more) in self.found.iter_mut().zip(points) {
            candidate.points += more;
        }
    }

    /// Weighs the likeliest callables by the arguments that are there already.
    fn compare_calls(&self, shape: &CallShape, points: &mut [i32]) {
        let view = self.resolver.view();
        let mut texts: FxHashMap<FileId, Option<Arc<str>>> = FxHashMap::default();
        for (candidate, points) in self.found.iter().zip(points).take(CALLS_MAX) {
            let Some(symbol) = candidate.target.and_then(Target::symbol) else { continue };
            let outline = match texts.len() < FILES_MAX || texts.contains_key(&symbol.file) {
                true => self.outlines.of(view, symbol.file),
                false => continue,
            };
            let def = outline.def(symbol.def);
            if !def.kind.is_callable() {
                continue;
            }
            let text = texts.entry(symbol.file).or_insert_with(|| view.text(symbol.file).ok());
            if let Some(text) = text {
                let knobs = view.lang(symbol.file).knobs();
                let head = signature(text, def, knobs);
                *points += shape.points(&head, view.name_text(def.name), knobs);
            }
        }
    }

    fn finish(mut self, limit: usize, replaced: Span) -> Completions {
        self.sort();
        self.compare();
        self.sort();
        let incomplete = self.incomplete || self.found.len() > limit;
        self.found.truncate(limit);
        let found = std::mem::take(&mut self.found);
        let view = self.resolver.view();
        let located = |mut candidate: Candidate| {
            let source = |symbol: Symbol| {
                let DefSketch { start: at, .. } = self.def(symbol)?;
                Some(Source { path: view.path(symbol.file).to_owned(), at })
            };
            candidate.completion.source = candidate.target.and_then(Target::symbol).and_then(source);
            candidate.completion
        };
        let items = found.into_iter().map(located).collect();
        Completions { items, replaced, incomplete }
    }
}

fn word(text: String) -> Completion {
    let kind = CompletionKind::Word;
    Completion { insert: text.clone(), label: text, kind, origin: None, source: None, import: None }
}

/// The last name that a receiver is written as.
fn written(facts: &Facts, term: crate::lang::facts::TermId) -> Option<Name> {
    match facts.term(term) {
        Term::Ref(reference) => Some(facts.reference(*reference).name),
        Term::Def(def) => Some(facts.def(*def).name),
        Term::Module(name) => Some(*name),
        _ => None,
    }
}

/// Whether a name may be one that other files see.
fn is_exported_name(lang: LangId, name: &str) -> bool {
    !name.starts_with('_') && (!lang.knobs().capitals_export || name.starts_with(char::is_uppercase))
}

/// Whether there are things of that kind that an import can bring.
fn is_importable_kind(kind: DefKind) -> bool {
    let inside = matches!(
        kind,
        DefKind::Method
            | DefKind::Constructor
            | DefKind::Property
            | DefKind::Field
            | DefKind::EnumMember
            | DefKind::Parameter
            | DefKind::TypeParameter
    );
    !inside && !kind.is_alias() && !matches!(kind, DefKind::Label | DefKind::Module)
}

/// Whether an import can bring the definition of this name, of whose file all definitions are given.
pub fn is_importable(view: &View, sketch: &[DefSketch], symbol: Symbol, name: &str) -> bool {
    let Some(def) = sketch.get(symbol.def.index()) else { return false };
    let lang = view.lang(symbol.file);
    let knobs = lang.knobs();
    let marked = knobs.exports == Exports::Marked || sketch.iter().any(|d| d.flags.has(DefFlags::EXPORTED));
    let exported = knobs.capitals_export || !marked || def.flags.has(DefFlags::EXPORTED);
    def.scope == ScopeId::FILE
        && def.apart
        && !name.is_empty()
        && exported
        && is_exported_name(lang, name)
        && is_importable_kind(def.kind)
}
