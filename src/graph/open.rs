//! Open documents as rows over a graph.

use std::sync::Arc;

use super::encoded::{Counts, content_hash, is_visible};
use super::frozen::{Frozen, Record};
use super::lines::Lines;
use super::overlay::{Body, Overlay, Row, next_stamp};
use crate::lang::facts::{DefId, Facts, Name};
use crate::lang::{LangId, Reading};

/// An open document: it counts instead of the file on disk.
#[derive(Clone, Debug)]
pub struct OpenFile {
    /// Relative to the folder.
    pub path: String,
    pub lang: LangId,
    pub text: Arc<str>,
    /// Fresh facts of the text, under names of its own.
    pub facts: Arc<Facts>,
    /// What the text itself says, and nothing else, so that other versions of it can be read from there. Whoever lays the
    /// document over a graph has its bytes charged for as long as that lies there.
    pub reading: Option<Arc<Reading>>,
}

impl OpenFile {
    /// Whether it says the same as another one, without a look at what that is.
    pub(super) fn is_same(&self, other: &OpenFile) -> bool {
        Arc::ptr_eq(&self.facts, &other.facts)
            && Arc::ptr_eq(&self.text, &other.text)
            && self.lang == other.lang
            && self.path == other.path
    }

    /// The document under the names of the graph that the overlay belongs to.
    pub(super) fn row(&self, base: &Frozen, overlay: &mut Overlay) -> Row {
        let mut facts = (*self.facts).clone();
        if facts.scopes.is_empty() {
            facts.scopes = Facts::of_file(self.text.len() as u32).scopes;
        }
        let lines = Lines::new(&self.text);
        let counts = Counts::new(&lines, &facts);
        let names = adopt(&mut facts, |name| overlay.intern(base, name));
        let visible = facts.defs_with_ids().filter(|(_, def)| is_visible(&facts, def));
        let mut extended: Vec<Name> = facts.extensions.iter().map(|e| e.target_name).collect();
        extended.sort_unstable();
        extended.dedup();
        let record = Record {
            bytes: self.text.len() as u64,
            hash: content_hash(self.text.as_bytes()),
            lines: counts.lines,
            defs: counts.defs,
            refs: counts.refs,
            lang: self.lang.index(),
            ascii: u8::from(counts.ascii),
            globs: u8::from(counts.globs),
            ..Record::default()
        };
        Row {
            path: self.path.as_str().into(),
            record,
            names: names.into(),
            defs: visible.map(|(id, def)| (def.name, id)).collect::<Box<[(Name, DefId)]>>(),
            extended: extended.into(),
            body: Body::Open { facts: Arc::new(facts), lines: Arc::new(lines) },
            stamp: next_stamp(),
        }
    }
}

/// Gives facts the names of a graph in the place of their own; returns those that they use.
fn adopt(facts: &mut Facts, mut intern: impl FnMut(&str) -> Name) -> Vec<Name> {
    let own = std::mem::take(&mut facts.names);
    let mut adopted: Vec<Option<Name>> = vec![None; own.len()];
    let mut used = Vec::new();
    facts.each_name(|name| {
        let of_graph = &mut adopted[name.index()];
        *name = *of_graph.get_or_insert_with(|| {
            let name = intern(&own[name.index()]);
            used.push(name);
            name
        });
    });
    used
}
