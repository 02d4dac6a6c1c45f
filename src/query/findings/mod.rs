//! What is worth a word about a file: imports that lead nowhere, what nobody uses.
//!
//! Nothing here is told where it may be otherwise: a name that stands anywhere else in the text, in a comment or a
//! string, counts as used.

mod cycles;
mod definitions;
mod imports;
mod index;
mod words;

use std::cell::OnceCell;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::graph::View;
use crate::lang::facts::{DefKind, Span};
use crate::lang::modules::FileId;
use crate::resolve::Resolver;
use cycles::Imports;
use index::{Index, Others};

/// Most findings of one kind in one file that are told; after the first few the rest is noise.
const FINDINGS_MAX: usize = 200;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FindingKind {
    UnresolvedImport,
    UnusedImport,
    UnusedLocal,
    ImportCycle,
    UnreachableDefinition,
}

impl FindingKind {
    pub const ALL: [FindingKind; 5] = [
        FindingKind::UnresolvedImport,
        FindingKind::UnusedImport,
        FindingKind::UnusedLocal,
        FindingKind::ImportCycle,
        FindingKind::UnreachableDefinition,
    ];
}

/// A finding in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub kind: FindingKind,
    pub span: Span,
    pub what: What,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A definition by its name.
    Name(String, DefKind),
    /// The path, relative to the folder and without an extension, that an import can only mean. The graph has no such
    /// file; the disk may have one that is not indexed.
    Path(String),
    /// The files of a circle by their paths, from the file itself to the one that imports it.
    Circle(Vec<String>),
}

/// What was found in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// By position.
    pub items: Vec<Finding>,
    pub cancelled: bool,
}

/// What is found in a file, of the kinds that are wanted.
pub fn findings(view: &View, file: FileId, wanted: &[FindingKind], cancel: &AtomicBool) -> Findings {
    first_findings(view, file, wanted, FINDINGS_MAX, cancel)
}

/// The same, with the first `max` of each kind.
pub(super) fn first_findings(
    view: &View,
    file: FileId,
    wanted: &[FindingKind],
    max: usize,
    cancel: &AtomicBool,
) -> Findings {
    let Ok(text) = view.text(file) else { return Findings::default() };
    let facts = view.facts(file);
    let looking = Looking {
        resolver: Resolver::new(view),
        view,
        file,
        facts: &facts,
        text: &text,
        cancel,
        max,
        index: OnceCell::new(),
        others: Others::default(),
        imports: Imports::default(),
    };
    let mut items = Vec::new();
    for kind in wanted {
        let mut found = match kind {
            FindingKind::UnresolvedImport => looking.unresolved_imports(),
            FindingKind::UnusedImport => looking.unused_imports(),
            FindingKind::UnusedLocal => looking.unused_locals(),
            FindingKind::ImportCycle => looking.import_cycles(),
            FindingKind::UnreachableDefinition => looking.unreachable_definitions(),
        };
        found.truncate(max);
        items.append(&mut found);
        if looking.is_cancelled() {
            return Findings { items: Vec::new(), cancelled: true };
        }
    }
    items.sort_by_key(|item| (item.span, item.kind));
    Findings { items, cancelled: false }
}

/// One file that is looked at.
struct Looking<'a> {
    resolver: Resolver<'a>,
    view: &'a View,
    file: FileId,
    facts: &'a crate::lang::facts::Facts,
    text: &'a str,
    cancel: &'a AtomicBool,
    /// Findings of one kind that are wanted.
    max: usize,
    index: OnceCell<Index<'a>>,
    others: Others,
    imports: Imports,
}

impl Looking<'_> {
    fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    fn index(&self) -> &Index<'_> {
        self.index.get_or_init(|| Index::new(self.facts, self.text))
    }

    fn name(&self, def: &crate::lang::facts::Def) -> &str {
        self.view.name_text(def.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    /// What stands in brackets in the file with the cursor is found, and nothing else of that kind.
    pub(super) fn check_findings(kind: FindingKind, fixture: &str) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, _) = fixture.cursor(&view);
        let found = findings(&view, file, &[kind], &AtomicBool::new(false));
        let spans: Vec<Span> = found.items.iter().map(|f| f.span).collect();
        assert_eq!(spans, fixture.ranges.iter().map(|(_, span)| *span).collect::<Vec<_>>(), "{found:?}");
        assert!(findings(&view, file, &[kind], &AtomicBool::new(true)).cancelled);
    }
}
