//! Strings that name a member: `i['go']`, `getattr(i, "go")`.
//!
//! Nobody resolves them, so they are changed only if the user confirms it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use super::places::{Changed, Mark, Place, text_of};
use super::subject::Subject;
use super::{Refusal, refuse};
use crate::graph::View;
use crate::lang::facts::Span;
use crate::lang::modules::{FileId, Layout};
use crate::lang::words::Leaf;
use crate::lang::{LangId, ParseLimits, Parser};
use crate::resolve::Resolver;

/// Files that are searched for strings; in a larger folder those beyond are not.
const FILES_MAX: usize = 20_000;
/// Letters of a line before the string that may say what the string is for.
const BEFORE_BYTES: usize = 256;

/// Adds the strings by which files of the subject's languages may reach it.
pub fn add_strings(
    resolver: &Resolver<'_>,
    subject: &Subject,
    changed: &mut Vec<Changed>,
    cancel: &AtomicBool,
) -> Result<(), Refusal> {
    if subject.wanted.local || subject.alias {
        return Ok(());
    }
    let view = resolver.view();
    let family = view.lang(subject.file).family();
    let reached = |lang: LangId| lang.family() == family && !lang.knobs().member_strings.is_empty();
    let owners = owners(resolver, subject);
    let own = view.files().filter(|f| !view.is_library(*f) && reached(view.lang(*f)));
    for file in own.take(FILES_MAX) {
        if cancel.load(Ordering::Relaxed) {
            return refuse("cancelled");
        }
        let here: Vec<Span> = owners.iter().filter(|(at, _)| *at == file).map(|(_, span)| *span).collect();
        let spans = strings(view, file, &subject.text, &here);
        if spans.is_empty() {
            continue;
        }
        let at = match changed.iter().position(|c| c.file == file) {
            Some(at) => at,
            None => {
                changed.push(Changed { file, text: text_of(view, file)?, places: BTreeMap::new() });
                changed.len() - 1
            }
        };
        let doubt = Mark::Ours(Some("a string of this name may stand for it"));
        for span in spans {
            changed[at].places.entry(span).or_insert(Place { key: None, value: Some(doubt) });
        }
    }
    changed.sort_by_key(|c| c.file);
    Ok(())
}

/// The declarations of the types that have the subject as a member, and their files.
fn owners(resolver: &Resolver<'_>, subject: &Subject) -> Vec<(FileId, Span)> {
    let owners = subject.wanted.symbols.iter().filter_map(|symbol| resolver.owner(*symbol));
    owners.map(|owner| (owner.file, resolver.view().facts(owner.file).def(owner.def).span)).collect()
}

/// Strings of the file that hold nothing but the name, where strings name members: behind what takes such names, and in lists
/// of strings that a type declares (`__slots__`).
fn strings(view: &View, file: FileId, name: &str, owners: &[Span]) -> Vec<Span> {
    // What cannot be read any more is told of where it has to be changed.
    let Ok(text) = view.text(file) else { return Vec::new() };
    let lang = view.lang(file);
    let found: Vec<Span> = text
        .match_indices(name)
        .filter(|(at, found)| {
            let end = at + found.len();
            let inside = owners.iter().any(|owner| owner.contains(*at as u32));
            is_for_member(lang, &text, *at, end) || inside && is_listed(&text, *at, end)
        })
        .map(|(at, found)| Span::new(at as u32, (at + found.len()) as u32))
        .collect();
    if found.is_empty() {
        return found;
    }
    let Ok(tree) = Parser::new().parse(lang, &text, None, &ParseLimits::default()) else { return Vec::new() };
    let leaves = tree.leaves_at(found.iter().map(|span| span.start));
    found
        .into_iter()
        .zip(leaves)
        .filter(|(span, leaf)| *leaf == (Leaf::String, *span))
        .map(|(s, _)| s)
        .collect()
}

/// Whether the letters stand alone between quotes in a list, tuple or set of nothing but strings.
fn is_listed(text: &str, start: usize, end: usize) -> bool {
    const ITEM: [char; 7] = ['"', '\'', '`', ',', '_', '-', '$'];
    let in_list = |c: char| c.is_whitespace() || c.is_alphanumeric() || ITEM.contains(&c);
    let (before, after) = (&text[..start], &text[end..]);
    let quoted = before.ends_with(['"', '\'', '`']) && after.starts_with(['"', '\'', '`']);
    let Some(open) = before.rfind(|c| !in_list(c)).filter(|_| quoted) else { return false };
    let Some(close) = after.find(|c| !in_list(c)) else { return false };
    let brackets = (before[open..].chars().next(), after[close..].chars().next());
    // A call takes its arguments in brackets, too.
    let called = before[..open].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ')');
    let list = matches!(brackets, (Some('['), Some(']')) | (Some('{'), Some('}')) | (Some('('), Some(')')));
    // Every word of the list is a string.
    let items = before[open + 1..].chars().chain(after[..close].chars()).filter(|c| *c == ',').count() + 1;
    let quotes = text[open..end + close].chars().filter(|c| ITEM[..3].contains(c)).count();
    list && !called && quotes.div_ceil(2) >= items.saturating_sub(1)
}

/// Whether the letters stand alone between quotes, behind something that takes the name of a member.
fn is_for_member(lang: LangId, text: &str, start: usize, end: usize) -> bool {
    const QUOTES: [char; 3] = ['"', '\'', '`'];
    let Some(quote) = text[..start].chars().next_back().filter(|c| QUOTES.contains(c)) else { return false };
    if !text[end..].starts_with(quote) {
        return false;
    }
    let before = &text[..start - quote.len_utf8()];
    let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
    let mut from = line.len().saturating_sub(BEFORE_BYTES);
    while !line.is_char_boundary(from) {
        from += 1;
    }
    let line = &line[from..];
    lang.knobs().member_strings.iter().any(|takes| match line.rfind(takes) {
        // Behind brackets of its own there is a value; others hold a list.
        Some(at) if *takes == "[" => {
            let valued = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | ')' | ']' | '.');
            line[at + 1..].trim().is_empty() && line[..at].ends_with(valued)
        }
        Some(at) => !line[at..].contains(')'),
        None => false,
    })
}
