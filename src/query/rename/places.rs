//! Where a name stands that is to be changed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::FxHashSet;

use super::subject::Subject;
use super::{Edit, Refusal, refuse};
use crate::graph::View;
use crate::lang::facts::{DefFlags, DefKind, Facts, Role, ScopeKind, Span};
use crate::lang::modules::{FileId, Layout};
use crate::lang::words::Leaf;
use crate::lang::{ParseLimits, Parser};
use crate::resolve::usage::Usage;
use crate::resolve::{Outcome, Resolver, Symbol, Target};

/// Files that one rename may change; beyond it nobody reviews what happens.
const FILES_MAX: usize = 2_000;
/// And places in them.
const PLACES_MAX: usize = 50_000;

/// One place, by what it is as a key of something and as a name of its own; both where one word is two things.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub key: Option<Mark>,
    pub value: Option<Mark>,
}

/// Whether a place is one of the subject's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Ours(Option<&'static str>),
    Others,
}

/// The places of one file and its text.
pub struct Changed {
    pub file: FileId,
    pub text: Arc<str>,
    pub places: BTreeMap<Span, Place>,
}

/// Whether the definition, or a use in that role, is a key rather than a name of its own.
pub fn is_key_def(facts: &Facts, kind: DefKind, scope: crate::lang::facts::ScopeId) -> bool {
    kind == DefKind::Property && facts.scope(scope).kind == ScopeKind::Object
}

pub fn places(
    resolver: &Resolver<'_>,
    subject: &Subject,
    cancel: &AtomicBool,
) -> Result<Vec<Changed>, Refusal> {
    let view = resolver.view();
    let family = view.lang(subject.file).family();
    let mut files: Vec<FileId> = match (subject.wanted.local, view.lookup_name(&subject.text)) {
        (true, _) => vec![subject.file],
        (false, Some(name)) => view.files_with(name).collect(),
        (false, None) => Vec::new(),
    };
    files.sort_unstable();
    files.dedup();
    let mut changed = Vec::new();
    let mut count = 0;
    for file in files {
        if cancel.load(Ordering::Relaxed) {
            return refuse("cancelled");
        }
        if view.lang(file).family() != family {
            continue;
        }
        let places = of_file(resolver, subject, file)?;
        if !places.values().any(|p| is_ours(p.key) || is_ours(p.value)) {
            continue;
        }
        count += places.len();
        if changed.len() >= FILES_MAX || count > PLACES_MAX {
            return refuse(format!("more than {FILES_MAX} files or {PLACES_MAX} places would change"));
        }
        changed.push(Changed { file, text: text_of(view, file)?, places });
    }
    if subject.alias {
        keep_to_alias(resolver, subject, &mut changed);
    }
    for file in &mut changed {
        add_unread(view, subject, file);
    }
    Ok(changed)
}

pub fn is_ours(mark: Option<Mark>) -> bool {
    matches!(mark, Some(Mark::Ours(_)))
}

/// The text that the graph knows the file by.
pub fn text_of(view: &View, file: FileId) -> Result<Arc<str>, Refusal> {
    let path = view.path(file);
    view.text(file).or_else(|e| refuse(format!("{path} cannot be read: {e}")))
}

fn of_file(
    resolver: &Resolver<'_>,
    subject: &Subject,
    file: FileId,
) -> Result<BTreeMap<Span, Place>, Refusal> {
    let view = resolver.view();
    let mut places: BTreeMap<Span, Place> = BTreeMap::new();
    let Some(name) = view.lookup_name(&subject.text) else { return Ok(places) };
    let facts = view.facts(file);
    let mut embedded: Vec<Symbol> = Vec::new();
    for (id, r) in facts.refs_with_ids().filter(|(_, r)| r.name == name && !r.span.is_empty()) {
        let mark = match resolver.usage(file, id, &subject.wanted) {
            Usage::Is => Mark::Ours(None),
            Usage::May(why) => Mark::Ours(Some(why)),
            Usage::Not => Mark::Others,
            Usage::Both => {
                let line = view.position(file, r.span.start, crate::text::Encoding::Utf8).line + 1;
                return refuse(format!(
                    "`{}` in {} line {line} may mean something else as well",
                    subject.text,
                    view.path(file)
                ));
            }
        };
        let place = places.entry(r.span).or_default();
        let slot = if r.role == Role::Key { &mut place.key } else { &mut place.value };
        *slot = Some(stronger(*slot, mark));
    }
    for (id, d) in facts.defs_with_ids().filter(|(_, d)| d.name == name && !d.name_span.is_empty()) {
        let symbol = Symbol { file, def: id };
        let follows = d.kind.is_alias() && resolver.is_written(symbol) && leads_to(resolver, subject, symbol);
        let ours = subject.wanted.symbols.contains(&symbol) || follows;
        if d.flags.has(DefFlags::EMBEDDED) && !ours {
            embedded.push(symbol);
        }
        if d.kind == DefKind::Import && !resolver.is_written(symbol) {
            continue;
        }
        let mark = if ours { Mark::Ours(subject.doubt) } else { Mark::Others };
        let place = places.entry(d.name_span).or_default();
        let key = is_key_def(&facts, d.kind, d.scope);
        let slot = if key { &mut place.key } else { &mut place.value };
        // What is doubted of the whole is so where it is assigned, too, which is a use as well.
        let doubted = matches!(mark, Mark::Ours(Some(_)));
        *slot = Some(if doubted { mark } else { stronger(*slot, mark) });
    }
    // A field that is embedded is named by its type.
    let named_after = |s: &Symbol| places.get(&facts.def(s.def).name_span).is_some_and(|p| is_ours(p.value));
    if embedded.iter().any(named_after) {
        return refuse(format!("a type embeds `{}`, and with it has a field of its name", subject.text));
    }
    Ok(places)
}

/// One word may be several things of which one is ours, surely rather than perhaps.
fn stronger(a: Option<Mark>, b: Mark) -> Mark {
    match (a, b) {
        (Some(Mark::Ours(None)), _) | (_, Mark::Ours(None)) => Mark::Ours(None),
        (Some(Mark::Ours(doubt)), _) => Mark::Ours(doubt),
        (_, b) => b,
    }
}

fn leads_to(resolver: &Resolver<'_>, subject: &Subject, alias: Symbol) -> bool {
    match resolver.meaning(alias) {
        Outcome::Found(targets) => targets.iter().any(|(target, _)| match target {
            Target::Symbol(symbol) => subject.wanted.symbols.contains(symbol),
            Target::File(_) => false,
        }),
        _ => false,
    }
}

/// Other files may have given the same alias by themselves; theirs stays.
fn keep_to_alias(resolver: &Resolver<'_>, subject: &Subject, changed: &mut Vec<Changed>) {
    let view = resolver.view();
    // A file whose import says "this as that" owes its alias to nobody.
    let by_itself = |c: &Changed| {
        let facts = view.facts(c.file);
        let named = |name| view.name_text(name) == subject.text;
        let renames = facts.defs.iter().any(|d| d.kind == DefKind::Import && named(d.name));
        let takes = facts.refs.iter().any(|r| {
            named(r.name) && (r.role == Role::Import || r.recv.is_some()) && c.places.contains_key(&r.span)
        });
        let gives = facts.defs.iter().any(|d| d.kind == DefKind::Export && named(d.name));
        renames && !takes && !gives
    };
    let home_alone = changed.iter().any(|c| c.file == subject.file && by_itself(c));
    let others_alone = changed.iter().all(|c| c.file == subject.file || by_itself(c));
    if home_alone && others_alone {
        changed.retain(|c| c.file == subject.file);
    }
}

/// Words of the name that are no comment, no string and no name that was read: macros, mostly.
fn add_unread(view: &View, subject: &Subject, changed: &mut Changed) {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let text = &changed.text;
    let lang = view.lang(changed.file);
    // A comment from there to the line's end, as the language writes what it says of a definition.
    let comments = lang.knobs().doc_prefixes.iter().filter(|prefix| prefix.starts_with("//"));
    let in_comment = |at: usize| {
        let line = text[..at].rfind('\n').map_or(0, |before| before + 1);
        comments.clone().any(|prefix| text[line..at].trim_start().starts_with(prefix))
    };
    let facts = view.facts(changed.file);
    let read: FxHashSet<Span> =
        facts.refs.iter().map(|r| r.span).chain(facts.defs.iter().map(|d| d.name_span)).collect();
    let unread: Vec<Span> = text
        .match_indices(&subject.text)
        .filter(|(at, found)| {
            let (before, after) = (&text[..*at], &text[at + found.len()..]);
            !before.ends_with(word) && !after.starts_with(word) && !in_comment(*at)
        })
        .map(|(at, found)| Span::new(at as u32, (at + found.len()) as u32))
        .filter(|span| !changed.places.contains_key(span) && !read.contains(span))
        .collect();
    if unread.is_empty() {
        return;
    }
    let Ok(tree) = Parser::new().parse(lang, text, None, &ParseLimits::default()) else { return };
    let leaves = tree.leaves_at(unread.iter().map(|span| span.start));
    for (span, leaf) in unread.into_iter().zip(leaves) {
        if leaf == (Leaf::Name, span) {
            let doubt = Mark::Ours(Some("the name stands here in code that is not understood"));
            changed.places.insert(span, Place { key: None, value: Some(doubt) });
        }
    }
}

/// The places as replacements.
pub fn edits(changed: &[Changed], subject: &Subject, name: &str) -> Vec<(FileId, Vec<Edit>)> {
    let old = &subject.text;
    let edit = |(span, place): (&Span, &Place)| {
        let (text, doubt) = match (place.key, place.value) {
            (Some(Mark::Ours(doubt)), Some(Mark::Others)) => (format!("{name}: {old}"), doubt),
            (Some(Mark::Others), Some(Mark::Ours(doubt))) => (format!("{old}: {name}"), doubt),
            (Some(Mark::Ours(a)), Some(Mark::Ours(b))) => (name.to_owned(), a.or(b)),
            (Some(Mark::Ours(doubt)), None) | (None, Some(Mark::Ours(doubt))) => (name.to_owned(), doubt),
            _ => return None,
        };
        Some(Edit { span: *span, text, doubt })
    };
    changed.iter().map(|c| (c.file, c.places.iter().filter_map(edit).collect())).collect()
}
