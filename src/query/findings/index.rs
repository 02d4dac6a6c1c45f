//! What is asked of a file once for each of its definitions, looked up once for all.

use std::cell::RefCell;

use rustc_hash::{FxHashMap, FxHashSet};

use super::words::Words;
use crate::graph::View;
use crate::lang::facts::{DefFlags, DefId, Facts, Name, Role, ScopeId, Span};
use crate::lang::modules::FileId;
use crate::query::enclosing::Enclosing;

/// Names of other files that are kept; of more, those are collected anew that are asked for again.
const NAMES_KEPT_MAX: usize = 1 << 20;

/// One file's words and definitions.
pub struct Index<'a> {
    pub words: Words<'a>,
    /// Spans of statements that give several names.
    pub shared: FxHashSet<Span>,
    /// Scopes that implement an interface for a type.
    pub implementing: FxHashSet<ScopeId>,
    /// Definitions with a base.
    pub inheriting: FxHashSet<DefId>,
    /// The file imports or exports something.
    pub exports: bool,
    /// What imports spell out.
    pub imported: Enclosing,
    /// Every name with where it is used or defined, by name and place.
    named: Vec<(Name, Span)>,
}

impl<'a> Index<'a> {
    pub fn new(facts: &Facts, text: &'a str) -> Index<'a> {
        let mut first: FxHashMap<Span, Span> = FxHashMap::default();
        let differs =
            |d: &&crate::lang::facts::Def| *first.entry(d.span).or_insert(d.name_span) != d.name_span;
        let shared = facts.defs.iter().filter(differs).map(|d| d.span).collect();
        let uses = facts.refs.iter().map(|r| (r.name, r.span));
        let mut named: Vec<(Name, Span)> =
            uses.chain(facts.defs.iter().map(|d| (d.name, d.name_span))).collect();
        named.sort_unstable();
        let imports = facts.refs.iter().filter(|r| r.role == Role::Import);
        Index {
            words: Words::new(text),
            shared,
            implementing: facts
                .extensions
                .iter()
                .filter(|e| e.implements.is_some())
                .filter_map(|e| e.scope)
                .collect(),
            inheriting: facts.inherits.iter().map(|i| i.def).collect(),
            exports: facts.defs.iter().any(|d| d.kind.is_alias() || d.flags.has(DefFlags::EXPORTED)),
            imported: Enclosing::new(imports.map(|r| r.span)),
            named,
        }
    }

    /// Where the name is used or defined.
    pub fn places(&self, name: Name) -> impl Iterator<Item = Span> {
        let start = self.named.partition_point(|(n, _)| *n < name);
        self.named[start..].iter().take_while(move |(n, _)| *n == name).map(|(_, span)| *span)
    }
}

/// The names that other files use or define.
#[derive(Default)]
pub struct Others(RefCell<FxHashMap<FileId, FxHashSet<Name>>>);

impl Others {
    pub fn have(&self, view: &View, file: FileId, name: Name) -> bool {
        let mut known = self.0.borrow_mut();
        if !known.contains_key(&file) && known.values().map(FxHashSet::len).sum::<usize>() > NAMES_KEPT_MAX {
            known.clear();
        }
        let names = known.entry(file).or_insert_with(|| {
            let facts = view.facts(file);
            facts.refs.iter().map(|r| r.name).chain(facts.defs.iter().map(|d| d.name)).collect()
        });
        names.contains(&name)
    }
}
