//! Whether a rename changes what anything means.
//!
//! The changed files are parsed and walked as they would be, a view is laid over them, and every use of the old or the new
//! name is resolved before and after: it has to lead to the same definition. Definitions must not meet others of the new
//! name. So captures, collisions and names that the grammar reads differently are found by the rules that questions are
//! answered by.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::{FxHashMap, FxHashSet};

use super::places::{Changed, Mark, Place, is_key_def};
use super::relabel::{Words, divided, relabelled};
use super::subject::Subject;
use super::{Edit, Refusal, Renaming, refuse};
use crate::graph::{OpenFile, View};
use crate::lang::facts::{DefId, DefKind, Facts, Name, RefId, Role, ScopeId, ScopeKind, Span};
use crate::lang::modules::{FileId, Layout};
use crate::lang::{ParseLimits, Parser, extract};
use crate::resolve::{Outcome, Resolver, Symbol, Target};

/// Files in which the new name is looked at; a name that more have is better not given.
const FILES_MAX: usize = 4_000;

pub fn check(
    resolver: &Resolver<'_>,
    subject: &Subject,
    changed: &[Changed],
    renaming: &Renaming,
    name: &str,
    cancel: &AtomicBool,
) -> Result<(), Refusal> {
    let view = resolver.view();
    let mut moves: FxHashMap<FileId, Moves> = FxHashMap::default();
    let mut documents = Vec::new();
    let words = Words { old: &subject.text, new: name };
    let (files, read) = divided(view, subject, changed, &renaming.files, words);
    let mut trusted = true;
    for (at, (before, edits)) in files.into_iter().enumerate() {
        if cancel.load(Ordering::Relaxed) {
            return refuse("cancelled");
        }
        let file = before.file;
        let text = applied(&before.text, edits);
        let said = || relabelled(&view.facts(file), |name| view.name_text(name), edits, words);
        documents.push(match (at >= read && trusted).then(said).flatten() {
            Some(facts) => {
                let (path, lang) = (view.path(file).to_owned(), view.lang(file));
                OpenFile { path, lang, text: text.into(), facts: Arc::new(facts), reading: None }
            }
            None => {
                let document = parsed(view, file, text, &before.text, name)?;
                // Few files are all read, and nothing is said of any.
                trusted &= read == renaming.files.len() || is_as_said(view, before, edits, &document, words);
                document
            }
        });
        moves.insert(file, Moves::new(edits, before));
    }
    let after_view = view.changed(documents, &[]);
    let after = Resolver::new(&after_view);
    let comparison = Comparison { before: resolver, after: &after, moves, subject };

    let mut files: FxHashSet<FileId> = comparison.moves.keys().copied().collect();
    if !subject.wanted.local
        && let Some(name) = view.lookup_name(name)
    {
        let family = view.lang(subject.file).family();
        files.extend(view.files_with(name).filter(|f| view.lang(*f).family() == family).take(FILES_MAX + 1));
    }
    if files.len() > FILES_MAX {
        return refuse(format!("`{name}` is the name of too many things already"));
    }
    let mut files: Vec<FileId> = files.into_iter().collect();
    files.sort_unstable();
    for file in &files {
        if cancel.load(Ordering::Relaxed) {
            return refuse("cancelled");
        }
        comparison.file(*file, name)?;
    }
    comparison.collisions(&files, name, cancel)
}

/// Whether a reading of the file says what would have been said without one. Where more than the letters had to change, or
/// the text cannot be read, nothing would have been.
fn is_as_said(view: &View, before: &Changed, edits: &[Edit], after: &OpenFile, words: Words<'_>) -> bool {
    let lang = view.lang(before.file);
    let Ok(tree) = Parser::new().parse(lang, &before.text, None, &ParseLimits::default()) else {
        return true;
    };
    let (was, is) = (extract(lang, &tree, &before.text), &*after.facts);
    let said = relabelled(&was, |name| &was.names[name.index()], edits, words);
    said.is_none_or(|said| Some(said) == relabelled(is, |name| &is.names[name.index()], &[], words))
}

fn applied(text: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(text.len() + edits.len() * 8);
    let mut at = 0;
    for edit in edits {
        out.push_str(&text[at..edit.span.start as usize]);
        out.push_str(&edit.text);
        at = edit.span.end as usize;
    }
    out.push_str(&text[at..]);
    out
}

/// The file as it would be. What was read without an error has to be afterwards.
fn parsed(view: &View, file: FileId, text: String, before: &str, name: &str) -> Result<OpenFile, Refusal> {
    let lang = view.lang(file);
    let path = view.path(file).to_owned();
    let mut parser = Parser::new();
    let mut parse = |text: &str| {
        parser
            .parse(lang, text, None, &ParseLimits::default())
            .or_else(|e| refuse(format!("{path} cannot be checked: {e}")))
    };
    let tree = parse(&text)?;
    if tree.has_errors() && !parse(before)?.has_errors() {
        return refuse(format!("`{name}` cannot stand where the name stands in {path}"));
    }
    let facts = Arc::new(extract(lang, &tree, &text));
    Ok(OpenFile { path, lang, text: text.into(), facts, reading: None })
}

/// How the places of a changed file move.
struct Moves<'a> {
    /// By position.
    edits: &'a [Edit],
    places: &'a Changed,
    /// Before each edit, how much longer the text before it gets.
    longer: Vec<i64>,
}

impl<'a> Moves<'a> {
    fn new(edits: &'a [Edit], places: &'a Changed) -> Moves<'a> {
        let mut sum = 0;
        let mut longer = vec![0];
        longer.extend(edits.iter().map(|edit| {
            sum += edit.text.len() as i64 - i64::from(edit.span.len());
            sum
        }));
        Moves { edits, places, longer }
    }

    /// Where a name of the file stands afterwards; `key` if it is one.
    fn moved(&self, start: u32, key: bool) -> u32 {
        let at = self.edits.partition_point(|e| e.span.start < start);
        let mut delta = self.longer[at];
        if let Some(edit) = self.edits.get(at).filter(|e| e.span.start == start) {
            let both = matches!(
                self.places.places.get(&edit.span),
                Some(Place { key: Some(a), value: Some(b) })
                    if matches!(a, Mark::Ours(_)) != matches!(b, Mark::Ours(_))
            );
            if both && !key {
                delta += edit.text.find(": ").map_or(0, |at| at as i64 + 2);
            }
        }
        (i64::from(start) + delta) as u32
    }

    /// Whether the place is changed although it is not known what it means.
    fn is_doubtful(&self, span: Span) -> bool {
        let at = self.edits.partition_point(|e| e.span.start < span.start);
        let mut here = self.edits[at..].iter().take_while(|e| e.span.start == span.start);
        here.any(|e| e.span == span && e.doubt.is_some())
    }
}

/// Where a name leads, as it can be told from both sides: the file, the place there, whether it is a module.
type Leads = Vec<(FileId, u32, bool)>;

/// All that tells whether a definition collides with another: the file, the scope, what it is, its type, whether it is
/// declared outside of that.
type Standing = (FileId, ScopeId, Class, Option<Symbol>, bool);

/// Definitions by what they can collide with.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Class {
    Label,
    Local,
    Other,
}

impl Class {
    fn of(kind: DefKind) -> Class {
        match kind {
            DefKind::Label => Class::Label,
            DefKind::Variable | DefKind::Parameter => Class::Local,
            _ => Class::Other,
        }
    }
}

struct Comparison<'a, 'v> {
    before: &'a Resolver<'v>,
    after: &'a Resolver<'a>,
    moves: FxHashMap<FileId, Moves<'a>>,
    subject: &'a Subject,
}

impl Comparison<'_, '_> {
    /// Every use of the names in the file means what it meant.
    fn file(&self, file: FileId, name: &str) -> Result<(), Refusal> {
        let (facts, later) = (self.before.view().facts(file), self.after.view().facts(file));
        if facts.refs.len() != later.refs.len() || facts.defs.len() != later.defs.len() {
            return refuse(format!("{} would be read differently with `{name}`", self.path(file)));
        }
        let (old, new) = (self.names(self.before, name), self.names(self.after, name));
        let concerned = |name: Name| old.contains(&Some(name));
        let moves = self.moves.get(&file);
        let uses: FxHashMap<(u32, bool), RefId> = later
            .refs_with_ids()
            .filter(|(_, r)| new.contains(&Some(r.name)))
            .map(|(id, r)| ((r.span.start, r.role == Role::Key), id))
            .collect();
        for (id, r) in facts.refs_with_ids().filter(|(_, r)| concerned(r.name)) {
            if moves.is_some_and(|m| m.is_doubtful(r.span)) {
                continue;
            }
            let key = r.role == Role::Key;
            let there = moves.map_or(r.span.start, |m| m.moved(r.span.start, key));
            let Some(other) = uses.get(&(there, key)) else {
                return refuse(format!("{} would be read differently with `{name}`", self.path(file)));
            };
            let (is, was) = (self.leads_after(file, *other), self.leads_before(file, id));
            if is != was {
                let line = self.before.view().position(file, r.span.start, crate::text::Encoding::Utf8).line;
                let written = self.before.view().name_text(r.name);
                return refuse(format!(
                    "`{written}` in {} line {} would mean something else",
                    self.path(file),
                    line + 1
                ));
            }
        }
        Ok(())
    }

    fn path(&self, file: FileId) -> &str {
        self.before.view().path(file)
    }

    fn names(&self, of: &Resolver<'_>, name: &str) -> [Option<Name>; 2] {
        [of.view().lookup_name(&self.subject.text), of.view().lookup_name(name)]
    }

    fn leads_before(&self, file: FileId, id: RefId) -> Leads {
        self.leads(self.before, self.before.resolve(file, id), |file, facts, def| {
            let d = facts.def(def);
            let key = is_key_def(facts, d.kind, d.scope);
            self.moves.get(&file).map_or(d.name_span.start, |m| m.moved(d.name_span.start, key))
        })
    }

    fn leads_after(&self, file: FileId, id: RefId) -> Leads {
        self.leads(self.after, self.after.resolve(file, id), |_, facts, def| facts.def(def).name_span.start)
    }

    /// Guesses are no knowledge; they change with every name.
    fn leads(
        &self,
        of: &Resolver<'_>,
        outcome: Outcome,
        place: impl Fn(FileId, &Facts, DefId) -> u32,
    ) -> Leads {
        let Outcome::Found(targets) = outcome else { return Leads::new() };
        let mut leads: Leads = targets
            .iter()
            .filter(|(_, tier)| !tier.is_guess())
            .map(|(target, _)| match target {
                Target::File(file) => (*file, 0, true),
                Target::Symbol(Symbol { file, def }) => {
                    (*file, place(*file, &of.view().facts(*file), *def), false)
                }
            })
            .collect();
        leads.sort_unstable();
        leads.dedup();
        leads
    }

    /// No definition that gets the new name stands beside another that has it.
    fn collisions(&self, files: &[FileId], name: &str, cancel: &AtomicBool) -> Result<(), Refusal> {
        let view = self.after.view();
        let Some(new) = view.lookup_name(name) else { return Ok(()) };
        // Of definitions that collide with the same others, one.
        let mut renamed: FxHashMap<Standing, Symbol> = FxHashMap::default();
        let mut others: FxHashMap<Standing, Symbol> = FxHashMap::default();
        for file in files {
            let facts = view.facts(*file);
            let mine: FxHashSet<u32> = match self.moves.get(file) {
                Some(moves) => {
                    let edits = moves
                        .edits
                        .iter()
                        .flat_map(|e| [moves.moved(e.span.start, true), moves.moved(e.span.start, false)]);
                    edits.collect()
                }
                None => FxHashSet::default(),
            };
            for (id, d) in facts.defs_with_ids().filter(|(_, d)| d.name == new) {
                let symbol = Symbol { file: *file, def: id };
                let key = is_key_def(&facts, d.kind, d.scope);
                let apart = d.kind == DefKind::Export || key;
                if apart {
                    continue;
                }
                let side = if mine.contains(&d.name_span.start) { &mut renamed } else { &mut others };
                side.entry(self.standing(&facts, symbol)).or_insert(symbol);
            }
        }
        let mut others: Vec<Symbol> = others.into_values().collect();
        others.sort_unstable();
        for one in renamed.values() {
            if cancel.load(Ordering::Relaxed) {
                return refuse("cancelled");
            }
            if let Some(other) = others.iter().find(|other| self.collide(*one, **other)) {
                return refuse(format!("{} has a `{name}` already", self.path(other.file)));
            }
        }
        Ok(())
    }

    fn standing(&self, facts: &Facts, symbol: Symbol) -> Standing {
        let def = facts.def(symbol.def);
        let outside = def.of.is_some();
        (symbol.file, def.scope, Class::of(def.kind), self.after.owner(symbol), outside)
    }

    fn collide(&self, one: Symbol, other: Symbol) -> bool {
        let view = self.after.view();
        let (facts, there) = (view.facts(one.file), view.facts(other.file));
        let (a, b) = (facts.def(one.def), there.def(other.def));
        let knobs = view.lang(one.file).knobs();
        let (mine, theirs) = (Class::of(a.kind), Class::of(b.kind));
        if mine == Class::Label || theirs == Class::Label {
            return mine == theirs && one.file == other.file && a.scope == b.scope;
        }
        if let (Some(mine), Some(theirs)) = (self.after.owner(one), self.after.owner(other)) {
            return self.after.are_related(mine, theirs);
        }
        if a.of.is_some() || b.of.is_some() {
            return false;
        }
        if one.file == other.file && a.scope == b.scope {
            let block = !matches!(facts.scope(a.scope).kind, ScopeKind::File | ScopeKind::Module);
            // A second variable of one name is another one, which the comparison has looked at.
            return !(knobs.shadowing && block && mine == Class::Local && theirs == Class::Local);
        }
        // The files of one package share their top level.
        a.scope == ScopeId::FILE
            && b.scope == ScopeId::FILE
            && one.file != other.file
            && self.after.shares_top_level(one.file, other.file)
    }
}
