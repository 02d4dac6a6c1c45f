//! Where something is being written, and what is known of the place.

use super::super::reading::with_replaced;
use crate::graph::View;
use crate::lang::LangId;
use crate::lang::facts::{DefKind, Facts, Role, ScopeId, Span, Term, TermId};
use crate::lang::modules::{FileId, Layout};
use crate::lang::pack::AssignedMembers;
use crate::lang::words::Leaf;

/// The name that stands in for the one that is still to be written.
pub const PLACEHOLDER: &str = "c0mpletion";

/// A place where something is being written.
#[derive(Clone, Debug)]
pub struct Site {
    /// The letters before the cursor, empty behind a dot.
    pub word: Span,
    /// Behind a receiver, this one; `None` for a bare name.
    pub recv: Option<TermId>,
    /// There is a mark before it that asks for members, of something unknown.
    pub member: bool,
    pub scope: ScopeId,
    pub role: Role,
    /// A part of the name of a module, behind this.
    pub module: Option<String>,
}

pub enum Found {
    Here(Site),
    /// In another view, whose text has a placeholder at the site.
    Elsewhere(Box<View>, Site, Placeholder),
}

/// A name that stands in for what is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// Where it stands in the other text.
    span: Span,
    /// Bytes of the text itself that it stands for.
    instead_of: u32,
}

impl Placeholder {
    /// An offset of the other text as one of the text itself; `None` inside the placeholder.
    pub fn back(self, offset: u32) -> Option<u32> {
        match self.span {
            span if offset < span.start => Some(offset),
            span if offset >= span.end => Some(offset - span.end + span.start + self.instead_of),
            _ => None,
        }
    }
}

pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// Whether the text ends in a mark that asks for members.
pub fn ends_in_mark(lang: LangId, text: &str) -> bool {
    lang.knobs().member_marks.iter().any(|mark| text.ends_with(mark))
}

pub fn find(view: &View, file: FileId, text: &str, offset: u32) -> Option<Found> {
    let before = text.get(..offset as usize)?;
    let start = before.trim_end_matches(is_word).len() as u32;
    let word = Span::new(start, offset);
    if before[start as usize..].starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let facts = view.facts(file);
    if !word.is_empty() {
        match at_name(view, file, &facts, word) {
            At::Use(site) => return Some(Found::Here(site)),
            At::NewName => return None,
            At::Nothing => {}
        }
    }
    // The rest of the word is what the placeholder stands for too.
    let end = offset as usize
        + text[offset as usize..].find(|c| !is_word(c)).unwrap_or(text.len() - offset as usize);
    let name = format!("{}{PLACEHOLDER}", &text[start as usize..offset as usize]);
    let lang = view.lang(file);
    let rest = rest_of_import(lang, &before[..start as usize], &text[end..]);
    let instead_of = Span::new(start, end as u32);
    let there = with_replaced(view, file, text, instead_of, &format!("{name}{rest}"))?;
    // Names in strings are names where the language reads them (a format string).
    let leaf = there.reading(file)?.tree.leaf_at(start).0;
    let in_text = matches!(leaf, Leaf::Comment | Leaf::String);
    let facts = there.facts(file);
    let wide = Span::new(start, start + name.len() as u32);
    let site = match at_name(&there, file, &facts, wide) {
        At::Use(site) => Site { word, ..site },
        At::NewName => return None,
        At::Nothing if in_text => return None,
        At::Nothing => Site {
            word,
            recv: None,
            member: ends_in_mark(lang, &before[..start as usize]),
            scope: facts.scope_at(start),
            role: Role::Read,
            module: None,
        },
    };
    let span = Span::new(start, wide.end + rest.len() as u32);
    let placeholder = Placeholder { span, instead_of: instead_of.len() };
    Some(Found::Elsewhere(Box::new(there), site, placeholder))
}

/// What an import lacks that ends in its module's name (`from pkg.`).
fn rest_of_import(lang: LangId, before: &str, after: &str) -> String {
    let Some((style, dotted)) = lang.knobs().imports.zip(lang.strategy().dotted()) else {
        return String::new();
    };
    let separator = dotted.separator();
    let parts =
        style.line.split_once("$module").and_then(|(start, rest)| Some((start, rest.split_once("$name")?.0)));
    let line = before[before.rfind('\n').map_or(0, |at| at + 1)..].trim_start();
    match parts {
        Some((start, between))
            if line.strip_prefix(start).is_some_and(|m| m.chars().all(|c| is_word(c) || c == separator))
                && !after.starts_with(between) =>
        {
            format!("{between}{PLACEHOLDER}")
        }
        _ => String::new(),
    }
}

enum At {
    Use(Site),
    /// A definition gets its name here.
    NewName,
    Nothing,
}

fn at_name(view: &View, file: FileId, facts: &Facts, word: Span) -> At {
    // What is behind the cursor may belong to the word already.
    let used = facts.refs.iter().filter(|r| r.span.start == word.start && r.span.end >= word.end);
    if let Some(r) = used.min_by_key(|r| r.role == Role::Key) {
        let module = r.recv.filter(|_| r.role == Role::Import).and_then(|recv| match facts.term(recv) {
            Term::Module(whole) => view.name_text(*whole).strip_suffix(view.name_text(r.name)),
            _ => None,
        });
        let module = module.filter(|_| view.lang(file).strategy().dotted().is_some()).map(str::to_owned);
        return At::Use(Site {
            word,
            recv: r.recv,
            member: r.recv.is_some(),
            scope: r.scope,
            role: r.role,
            module,
        });
    }
    let mut defined =
        facts.defs.iter().filter(|d| d.name_span.start == word.start && d.name_span.end >= word.end);
    match defined.next() {
        None => At::Nothing,
        Some(d) => {
            let bound =
                matches!(d.kind, DefKind::Variable | DefKind::Import | DefKind::Export | DefKind::Field);
            // Where every assignment declares, the name may be one that is there already.
            match bound && view.lang(file).knobs().assigned_members == AssignedMembers::Receiver {
                true => At::Use(Site {
                    word,
                    recv: d.of,
                    member: d.of.is_some(),
                    scope: d.scope,
                    role: Role::Write,
                    module: None,
                }),
                false => At::NewName,
            }
        }
    }
}
