//! Files that import each other in a circle.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::words::line_at;
use super::{Finding, FindingKind, Looking, What};
use crate::lang::facts::{Def, DefId, DefKind, ScopeId, Span};
use crate::lang::modules::{FileId, Layout};
use crate::query::document_links::{Link, links};
use crate::query::enclosing::Enclosing;
use crate::resolve::{Outcome, Symbol};

/// Files that are followed from one import; circles in real code are far smaller, and larger ones nobody can break.
const FILES_MAX: usize = 500;

/// Imports of one file by another that are looked at for one that is there when it runs; nobody writes as many.
const IMPORTS_MAX: usize = 64;

/// What is known of imports, for all of a file's that are followed.
#[derive(Default)]
pub struct Imports {
    /// Of each file, those that run when the file does.
    eager: RefCell<FxHashMap<FileId, Rc<[Link]>>>,
}

impl Looking<'_> {
    /// Imports that lead back to the file, in languages where importing a file runs it.
    pub(super) fn import_cycles(&self) -> Vec<Finding> {
        if !self.view.lang(self.file).knobs().usage.imports_run {
            return Vec::new();
        }
        let mut found = Vec::new();
        let mut circles: FxHashMap<FileId, Option<Vec<FileId>>> = FxHashMap::default();
        for link in self.eager_imports(self.file).iter() {
            if self.is_cancelled() || found.len() >= self.max {
                break;
            }
            let circle = circles.entry(link.file).or_insert_with(|| self.circle(link.file));
            if let Some(circle) = circle.as_ref().filter(|_| !self.is_marked(link.span)) {
                let what = What::Circle(circle.iter().map(|file| self.view.path(*file).to_owned()).collect());
                found.push(Finding { kind: FindingKind::ImportCycle, span: link.span, what });
            }
        }
        found
    }

    /// The files from this one by another to the last that imports this one, if each runs the next.
    fn circle(&self, by: FileId) -> Option<Vec<FileId>> {
        let circle: Vec<FileId> = std::iter::once(self.file).chain(self.way_back(by)?).collect();
        let next = circle.iter().skip(1).chain(&circle[..1]);
        circle.iter().zip(next).all(|(from, to)| self.runs(*from, *to)).then_some(circle)
    }

    /// Imports of a file that stand at the start of a line, in no function and no condition.
    fn eager_imports(&self, file: FileId) -> Rc<[Link]> {
        if let Some(known) = self.imports.eager.borrow().get(&file) {
            return Rc::clone(known);
        }
        let facts = self.view.facts(file);
        let lines = self.view.line_index(file);
        let statements = Enclosing::new(facts.defs.iter().filter(|d| d.kind.is_alias()).map(|d| d.span));
        let in_file = facts.refs.iter().filter(|r| r.scope == ScopeId::FILE);
        let in_file: FxHashSet<Span> = in_file.map(|r| r.span).collect();
        let at_start = |span: Span| {
            let start = statements.first_around(span).map_or(span.start, |statement| statement.start);
            in_file.contains(&span) && lines.line_start(lines.line_of(start)) == start
        };
        let links = links(&self.resolver, file, self.cancel);
        let eager: Rc<[Link]> = links.into_iter().filter(|link| at_start(link.span)).collect();
        self.imports.eager.borrow_mut().insert(file, Rc::clone(&eager));
        eager
    }

    /// The files from one to the last that imports this file, the shortest way.
    fn way_back(&self, from: FileId) -> Option<Vec<FileId>> {
        let mut before: FxHashMap<FileId, Option<FileId>> = FxHashMap::default();
        before.insert(from, None);
        let mut open = VecDeque::from([from]);
        while let Some(at) = open.pop_front() {
            if self.is_cancelled() || before.len() > FILES_MAX {
                return None;
            }
            for link in self.eager_imports(at).iter() {
                if link.file == self.file {
                    let mut way: Vec<FileId> = std::iter::successors(Some(at), |file| before[file]).collect();
                    way.reverse();
                    return Some(way);
                }
                before.entry(link.file).or_insert_with(|| {
                    open.push_back(link.file);
                    Some(at)
                });
            }
        }
        None
    }

    /// Whether a file's import of another is there when it runs: not of types alone.
    fn runs(&self, from: FileId, to: FileId) -> bool {
        let erased = self.view.lang(from).knobs().usage.erased_imports;
        let Ok(text) = self.view.text(from) else { return false };
        let facts = self.view.facts(from);
        let imports = self.eager_imports(from);
        let mut imports = imports.iter().filter(|link| link.file == to).take(IMPORTS_MAX);
        imports.any(|link| {
            let names =
                facts.defs_with_ids().filter(|(_, d)| d.kind.is_alias() && d.span.encloses(link.span));
            let names: Vec<(DefId, &Def)> = names.collect();
            let start = names.iter().map(|(_, d)| d.span.start).min().unwrap_or(link.span.start);
            let is_erased = erased.iter().any(|prefix| line_at(&text, start).starts_with(prefix));
            // Where types are erased, an import of nothing else is too.
            let types_alone = !erased.is_empty()
                && !names.is_empty()
                && names.iter().all(|(def, _)| self.is_erased_type(Symbol { file: from, def: *def }));
            !is_erased && !types_alone
        })
    }

    fn is_erased_type(&self, import: Symbol) -> bool {
        let Outcome::Found(targets) = self.resolver.meaning(import) else { return true };
        targets.iter().filter_map(|(target, _)| target.symbol()).any(|symbol| {
            let kind = self.view.facts(symbol.file).def(symbol.def).kind;
            matches!(kind, DefKind::Interface | DefKind::TypeAlias)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::FindingKind::ImportCycle;
    use super::super::tests::check_findings;

    #[test]
    fn imports_that_lead_back() {
        check_findings(
            ImportCycle,
            "
            //- /pkg/__init__.py
            //- /pkg/a.py
            $0from .⟦b⟧ import x
            from . import d
            //- /pkg/b.py
            from .c import x
            //- /pkg/c.py
            from .a import y
            x = 1
            //- /pkg/d.py
            def f():
                from .a import z
            if TYPE_CHECKING:
                from .a import Z
            ",
        );
        check_findings(
            ImportCycle,
            "
            //- /a.ts
            $0import { b } from '⟦./b⟧';
            import { c } from './c';
            import { I } from './d';
            //- /b.ts
            import { a } from './a';
            export const b = 1;
            //- /d.ts
            import { a } from './a';
            export interface I {}
            //- /c.ts
            import type { A } from './a';
            export const c = 1;
            ",
        );
        check_findings(
            ImportCycle,
            "
            //- /src/lib.rs
            mod a;
            mod b;
            //- /src/a.rs
            $0use crate::b;
            //- /src/b.rs
            use crate::a;
            ",
        );
        check_findings(
            ImportCycle,
            "
            //- /p/A.java
            package p;
            $0import q.B;
            public class A {}
            //- /q/B.java
            package q;
            import p.A;
            public class B {}
            ",
        );
    }
}
