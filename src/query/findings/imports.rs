//! Imports that lead nowhere, and imports that nobody uses.

use super::words::{line_above, line_at};
use super::{Finding, FindingKind, Looking, What};
use crate::lang::facts::{Def, DefFlags, DefId, DefKind, Role, ScopeId, Span, Term};
use crate::lang::modules::{FileId, Layout, ModuleTarget, file_name};
use crate::lang::pack::Exports;
use crate::resolve::{Outcome, Symbol, Target};

/// Files that use a name which are looked at for users of an import; a name with more counts as used.
const USERS_MAX: usize = 200;

/// Marks by which authors say that they know.
const MARKS: [&str; 5] = ["noqa", "nolint", "eslint-disable", "SuppressWarnings", "allow(unused"];

impl Looking<'_> {
    /// Imports that can only mean a file beside this one, which the graph does not have.
    pub(super) fn unresolved_imports(&self) -> Vec<Finding> {
        let strategy = self.view.lang(self.file).strategy();
        let imports =
            self.facts.refs_with_ids().filter(|(_, r)| r.role == Role::Import && !r.span.is_empty());
        let mut found = Vec::new();
        for (id, r) in imports {
            let Some((specifier, ModuleTarget::Unknown)) = self.resolver.imported_module(self.file, id)
            else {
                continue;
            };
            if let Some(path) = strategy.beside(&**self.view, self.file, specifier) {
                found.push(Finding {
                    kind: FindingKind::UnresolvedImport,
                    span: r.span,
                    what: What::Path(path),
                });
            }
        }
        for (def, d) in self.facts.defs_with_ids() {
            if d.kind == DefKind::Module
                && d.scope == ScopeId::FILE
                && d.flags.has(DefFlags::FILE_MODULE)
                && !self.is_decorated(d)
                && let Outcome::Found(targets) = self.resolver.meaning(Symbol { file: self.file, def })
                && targets.iter().all(|(target, _)| target.symbol().is_some())
                && let Some(path) = strategy.child_path(&**self.view, self.file, self.name(d))
            {
                found.push(Finding {
                    kind: FindingKind::UnresolvedImport,
                    span: d.name_span,
                    what: What::Path(path),
                });
            }
        }
        found
    }

    /// Imports whose name stands nowhere else.
    pub(super) fn unused_imports(&self) -> Vec<Finding> {
        let knobs = self.view.lang(self.file).knobs();
        if knobs.usage.package_files.contains(&file_name(self.view.path(self.file))) {
            return Vec::new();
        }
        let imports =
            self.facts.defs_with_ids().filter(|(_, d)| d.kind == DefKind::Import && !d.name_span.is_empty());
        let unused = imports.filter(|(def, d)| {
            let name = self.name(d);
            !self.is_cancelled()
                && !d.flags.has(DefFlags::EXPORTED)
                && !self.facts.listed.as_ref().is_some_and(|listed| listed.contains(&d.name))
                && !knobs.usage.implicit_imports.contains(&name)
                && self.is_written_once(d, name)
                && !self.is_marked(d.span)
                && (!knobs.usage.unnamed_imports || self.is_used_by_name_alone(*def, d))
                && (knobs.exports == Exports::Marked || !self.is_used_elsewhere(d))
        });
        let finding = |(_, d): (DefId, &Def)| {
            let what = What::Name(self.name(d).to_owned(), d.kind);
            Finding { kind: FindingKind::UnusedImport, span: d.name_span, what }
        };
        unused.map(finding).take(self.max).collect()
    }

    /// Whether the name stands once in its import, as itself, and nowhere else.
    fn is_written_once(&self, d: &Def, name: &str) -> bool {
        let mut places = self.index().words.places(name, 0);
        places.next() == Some(d.name_span) && places.next().is_none()
    }

    /// Whether somebody has said that it is meant to be so.
    pub(super) fn is_marked(&self, span: Span) -> bool {
        // The line above says something of this one only if it says nothing itself.
        let above =
            Some(line_above(self.text, span.start)).filter(|line| line.starts_with(['#', '/', '*', '@']));
        let own = [line_at(self.text, span.start), line_at(self.text, span.end)];
        own.into_iter().chain(above).any(|line| MARKS.iter().any(|mark| line.contains(mark)))
    }

    pub(super) fn is_decorated(&self, d: &Def) -> bool {
        let above = line_above(self.text, d.span.start);
        let knobs = self.view.lang(self.file).knobs();
        let own = line_at(self.text, d.span.start).trim_start();
        let decorates = |line: &str| knobs.decorator_prefixes.iter().any(|prefix| line.starts_with(prefix));
        decorates(above) || decorates(own) || above.ends_with(']') && !knobs.decorator_prefixes.is_empty()
    }

    /// Whether what is imported has no use but by its name, in languages where imports may have.
    fn is_used_by_name_alone(&self, def: DefId, d: &Def) -> bool {
        if let Some(Term::Module(_)) = d.init.map(|init| self.facts.term(init)) {
            // A package is used by the name that it gives itself, unless the import names it.
            if self.index().imported.first_around(d.name_span).is_none() {
                return true;
            }
            let files = self.resolver.module_files(self.file, d.scope, d.init);
            return !files.is_empty()
                && files.iter().all(|file| self.view.facts(*file).package.is_none_or(|name| name == d.name));
        }
        let Outcome::Found(targets) = self.resolver.meaning(Symbol { file: self.file, def }) else {
            return false;
        };
        targets.iter().all(|(target, tier)| match target {
            Target::File(_) => true,
            Target::Symbol(symbol) => {
                let kind = self.view.facts(symbol.file).def(symbol.def).kind;
                !tier.is_guess() && !matches!(kind, DefKind::Trait | DefKind::Macro | DefKind::Import)
            }
        })
    }

    /// Whether another file takes the name from this one.
    fn is_used_elsewhere(&self, d: &Def) -> bool {
        let family = self.view.lang(self.file).family();
        let others = self.view.files_with(d.name).filter(|other| *other != self.file);
        let mut others = others.filter(|other| self.view.lang(*other).family() == family);
        let used = others.by_ref().take(USERS_MAX).any(|other| self.takes_from_here(other, d));
        used || others.next().is_some()
    }

    fn takes_from_here(&self, other: FileId, d: &Def) -> bool {
        let facts = self.view.facts(other);
        let is_here = |scope, term| self.resolver.module_files(other, scope, Some(term)).contains(&self.file);
        let mut uses = facts.refs.iter().filter(|r| r.name == d.name);
        let mut globs = None;
        uses.any(|r| match r.recv {
            Some(recv) => is_here(r.scope, recv),
            None => {
                *globs.get_or_insert_with(|| facts.globs.iter().any(|glob| is_here(glob.scope, glob.target)))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::FindingKind::{UnresolvedImport, UnusedImport};
    use super::super::tests::check_findings;

    #[test]
    fn relative_imports_of_nothing() {
        check_findings(
            UnresolvedImport,
            "
            //- /pkg/__init__.py
            //- /pkg/x.py
            //- /pkg/a.py
            $0import os, nothing
            from .x import y
            from .⟦z⟧ import y
            from ..⟦far⟧ import y
            ",
        );
        check_findings(
            UnresolvedImport,
            "
            //- /x.ts
            export const y = 1;
            //- /a.ts
            $0import { y } from './x';
            import z from '⟦./nowhere⟧';
            import 'package';
            import './style.css';
            ",
        );
        check_findings(
            UnresolvedImport,
            "
            //- /src/lib.rs
            $0mod a;
            mod ⟦b⟧;
            #[path = \"other.rs\"]
            mod c;
            mod d { mod e {} }
            //- /src/a.rs
            ",
        );
    }

    #[test]
    fn imports_that_nobody_names() {
        check_findings(
            UnusedImport,
            "
            //- /a.py
            $0from __future__ import annotations
            import ⟦os⟧
            import sys, ⟦json⟧
            import named  # noqa
            from b import used_below as u, ⟦f⟧
            import in_comment
            import taken
            # in_comment
            try:
                import z
            except ImportError:
                z = None
            print(sys, u)
            //- /b.py
            from a import taken
            f = 1
            //- /pkg/__init__.py
            from .x import y
            ",
        );
        check_findings(
            UnusedImport,
            "
            //- /x.ts
            export class A {}
            //- /a.tsx
            $0import React from 'react';
            import { A, B, ⟦C⟧ } from './x';
            import type { ⟦D⟧ } from './x';
            export { B };
            const a = <p>{new A()}</p>;
            ",
        );
        check_findings(
            UnusedImport,
            "
            //- /src/lib.rs
            mod m;
            $0use std::io::Read;
            use m::{⟦S⟧, T, U};
            pub use m::V;
            fn f(_: U) {}
            //- /src/m.rs
            pub struct S; pub trait T {} pub struct U; pub struct V;
            ",
        );
        check_findings(
            UnusedImport,
            "
            //- /go.mod
            module example.com/m
            //- /x/x.go
            package x
            //- /y/y.go
            package other
            //- /a.go
            package m
            $0import (
                \"fmt\"
                ⟦u⟧ \"example.com/m/x\"
                \"example.com/m/y\"
            )
            ",
        );
        check_findings(
            UnusedImport,
            "
            //- /q/B.java
            package q;
            public class B {}
            //- /p/A.java
            package p;
            $0import q.⟦B⟧;
            import java.util.List;
            /** {@link Map} */
            import java.util.Map;
            class A { List l; }
            ",
        );
    }
}
