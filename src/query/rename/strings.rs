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

/// Files that are searched for strings; in a larger folder those beyond are not.
const FILES_MAX: usize = 20_000;
/// Letters of a line before the string that may say what the string is for.
const BEFORE_BYTES: usize = 256;

/// Adds the strings by which files of the subject's languages may reach it.
pub fn add_strings(
    view: &View,
    subject: &Subject,
    changed: &mut Vec<Changed>,
    cancel: &AtomicBool,
) -> Result<(), Refusal> {
    if subject.wanted.local || subject.alias {
        return Ok(());
    }
    let family = view.lang(subject.file).family();
    let reached = |lang: LangId| lang.family() == family && !lang.knobs().member_strings.is_empty();
    let own = view.files().filter(|f| !view.is_library(*f) && reached(view.lang(*f)));
    for file in own.take(FILES_MAX) {
        if cancel.load(Ordering::Relaxed) {
            return refuse("cancelled");
        }
        let spans = strings(view, file, &subject.text);
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

/// Strings of the file that hold nothing but the name, where strings name members.
fn strings(view: &View, file: FileId, name: &str) -> Vec<Span> {
    // What cannot be read any more is told of where it has to be changed.
    let Ok(text) = view.text(file) else { return Vec::new() };
    let lang = view.lang(file);
    let found: Vec<Span> = text
        .match_indices(name)
        .filter(|(at, found)| is_for_member(lang, &text, *at, at + found.len()))
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
