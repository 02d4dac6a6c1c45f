//! Highlight the uses of a name in its file.

use std::sync::atomic::AtomicBool;

use super::destinations;
use crate::graph::View;
use crate::lang::facts::Span;
use crate::lang::modules::FileId;
use crate::resolve::{Occurrence, ReferenceLimits, Resolver};

/// A use to highlight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Highlight {
    pub span: Span,
    /// It declares or assigns.
    pub write: bool,
}

/// The places in the file that mean the same as the name at the offset. Of a name that leads out of the folder, nowhere,
/// or to a guess, those spelled alike.
pub fn highlight(view: &View, file: FileId, offset: u32, cancel: &AtomicBool) -> Vec<Highlight> {
    let resolver = Resolver::new(view);
    let found = match destinations(&resolver, file, offset) {
        Ok(best) => match best.first() {
            Some(target) => {
                let limits = ReferenceLimits {
                    cancel: Some(cancel),
                    within: Some(file),
                    ..ReferenceLimits::default()
                };
                resolver.references(target.target(), limits).found
            }
            None => Vec::new(),
        },
        Err(_) => Vec::new(),
    };
    let mut highlights: Vec<Highlight> = found
        .iter()
        .filter(|f| f.file == file && !f.span.is_empty())
        .map(|f| Highlight { span: f.span, write: f.write })
        .collect();
    // What the name at the offset may stand for is not sure enough for it to be one of the uses.
    if !highlights.iter().any(|h| h.span.touches(offset)) {
        highlights = spelled_alike(&resolver, file, offset);
    }
    highlights.sort_unstable();
    highlights.dedup_by_key(|h| h.span);
    highlights
}

fn spelled_alike(resolver: &Resolver<'_>, file: FileId, offset: u32) -> Vec<Highlight> {
    let facts = resolver.view().facts(file);
    let (name, bare) = match resolver.at(file, offset) {
        Some(Occurrence::Ref(reference)) => {
            let reference = facts.reference(reference);
            (reference.name, reference.recv.is_none())
        }
        Some(Occurrence::Def(def)) => (facts.def(def).name, true),
        None => return Vec::new(),
    };
    let uses = facts
        .refs
        .iter()
        .filter(|r| r.name == name && r.recv.is_none() == bare)
        .map(|r| Highlight { span: r.span, write: r.role == crate::lang::facts::Role::Write });
    let imports = facts
        .defs
        .iter()
        .filter(|d| bare && d.name == name && d.kind.is_alias() && !d.name_span.is_empty())
        .map(|d| Highlight { span: d.name_span, write: true });
    uses.chain(imports).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    #[test]
    fn uses_in_the_file_are_highlighted_and_writes_told_apart() {
        let fixture = Fixture::parse(
            "
            //- /a.py
            import os
            def f(⟦x⟧):
                return $0⟦x⟧ + ⟦x⟧
            x = 1
            ",
        );
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let found = highlight(&view, file, offset, &AtomicBool::new(false));
        let spans: Vec<Span> = found.iter().map(|h| h.span).collect();
        assert_eq!(spans, fixture.ranges.iter().map(|(_, span)| *span).collect::<Vec<_>>());
        assert_eq!(found.iter().map(|h| h.write).collect::<Vec<_>>(), [true, false, false]);
    }

    #[test]
    fn what_is_guessed_is_highlighted_by_its_spelling() {
        let fixture = Fixture::parse(
            "\n//- /a.py\nclass A:\n    def run(self): pass\ndef f(x, y):\n    x.$0⟦run⟧()\n    y.⟦run⟧()\n",
        );
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let found = highlight(&view, file, offset, &AtomicBool::new(false));
        let spans: Vec<Span> = found.iter().map(|h| h.span).collect();
        assert_eq!(spans, fixture.ranges.iter().map(|(_, span)| *span).collect::<Vec<_>>());
    }

    #[test]
    fn names_from_outside_are_highlighted_by_their_spelling() {
        let fixture = Fixture::parse("\n//- /a.py\nimport ⟦os⟧\n$0⟦os⟧.getcwd()\n");
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        assert_eq!(highlight(&view, file, offset, &AtomicBool::new(false)).len(), 2);
    }

    #[test]
    fn a_variable_is_highlighted_in_every_language() {
        for fixture in [
            "\n//- /a.ts\nfunction f(⟦x⟧: number) { return $0⟦x⟧ + g(⟦x⟧, y.x); }\n",
            "\n//- /a.rs\nfn f(⟦x⟧: u32) -> u32 { $0⟦x⟧ + g(⟦x⟧, y.x) }\n",
            "\n//- /a.go\npackage a\nfunc f(⟦x⟧ int) int { return $0⟦x⟧ + g(⟦x⟧, y.x) }\n",
            "\n//- /A.java\nclass A { int f(int ⟦x⟧) { return $0⟦x⟧ + g(⟦x⟧, y.x); } }\n",
        ] {
            let marked = Fixture::parse(fixture);
            let view = marked.view();
            let (file, offset) = marked.cursor(&view);
            let found = highlight(&view, file, offset, &AtomicBool::new(false));
            let spans: Vec<Span> = found.iter().map(|h| h.span).collect();
            assert_eq!(spans, marked.ranges.iter().map(|(_, span)| *span).collect::<Vec<_>>(), "{fixture}");
        }
    }
}
