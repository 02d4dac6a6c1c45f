//! Imports that lead to a file.

use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::FxHashSet;

use super::enclosing::Enclosing;
use crate::graph::View;
use crate::lang::facts::{DefFlags, DefKind, Role, Span};
use crate::lang::modules::FileId;
use crate::resolve::{Outcome, Resolver, Symbol, Target};

/// A name or path in a file, and the file that it imports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    pub span: Span,
    pub file: FileId,
}

/// Where the imports of a file lead inside the folder, in source order: modules to their files; where types are imported
/// rather than modules, those to theirs.
pub fn document_links(view: &View, file: FileId, cancel: &AtomicBool) -> Vec<Link> {
    links(&Resolver::new(view), file, cancel)
}

/// The same, of a resolver that is asked about several files.
pub(super) fn links(resolver: &Resolver<'_>, file: FileId, cancel: &AtomicBool) -> Vec<Link> {
    let facts = resolver.view().facts(file);
    let mut links: Vec<Link> = Vec::new();
    let mut names: Vec<Link> = Vec::new();
    for (id, r) in facts.refs_with_ids().filter(|(_, r)| r.role == Role::Import && !r.span.is_empty()) {
        if cancel.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let Outcome::Found(targets) = resolver.resolve(file, id) else { continue };
        match targets.first() {
            Some((Target::File(found), tier)) if *found != file && !tier.is_guess() => {
                links.push(Link { span: r.span, file: *found });
            }
            Some((Target::Symbol(symbol), tier)) if symbol.file != file && !tier.is_guess() => {
                names.push(Link { span: r.span, file: symbol.file });
            }
            _ => {}
        }
    }
    for (def, d) in facts.defs_with_ids() {
        if d.kind == DefKind::Module
            && d.flags.has(DefFlags::FILE_MODULE)
            && let Outcome::Found(targets) = resolver.meaning(Symbol { file, def })
            && let Some((Target::File(found), _)) = targets.first()
        {
            links.push(Link { span: d.name_span, file: *found });
        }
    }
    // A name is a link only where nothing in its import says which file it is of.
    links.sort_unstable();
    let holds_link = |statement: &Span| {
        let next = links.partition_point(|link| link.span.start < statement.start);
        links.get(next).is_some_and(|link| statement.encloses(link.span))
    };
    let statements = facts.defs.iter().filter(|d| d.kind.is_alias()).map(|d| d.span);
    let telling = Enclosing::new(statements.filter(holds_link));
    let said: FxHashSet<FileId> = links.iter().map(|link| link.file).collect();
    let told = |name: &Link| said.contains(&name.file) || telling.first_around(name.span).is_some();
    let extra: Vec<Link> = names.into_iter().filter(|name| !told(name)).collect();
    links.extend(extra);
    links.sort_unstable();
    links.dedup_by_key(|link| link.span);
    links
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;
    use crate::lang::modules::Layout;

    /// What stands in brackets are the links of the file with the cursor, and lead to these files.
    fn check_links(fixture: &str, expected: &[&str]) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, _) = fixture.cursor(&view);
        let links = document_links(&view, file, &AtomicBool::new(false));
        let spans: Vec<Span> = links.iter().map(|l| l.span).collect();
        assert_eq!(spans, fixture.ranges.iter().map(|(_, span)| *span).collect::<Vec<_>>());
        let files: Vec<&str> = links.iter().map(|l| view.path(l.file)).collect();
        assert_eq!(files, expected);
    }

    #[test]
    fn imports_lead_to_files_in_every_language() {
        check_links(
            "
            //- /pkg/__init__.py
            //- /pkg/x.py
            f = 1
            //- /pkg/a.py
            $0import os
            from .⟦x⟧ import f
            import ⟦pkg⟧.⟦x⟧
            from ⟦pkg⟧ import ⟦x⟧ as y
            ",
            &["pkg/x.py", "pkg/__init__.py", "pkg/x.py", "pkg/__init__.py", "pkg/x.py"],
        );
        check_links(
            "
            //- /src/lib.rs
            $0mod ⟦m⟧;
            use ⟦m⟧::f;
            use std::fmt;
            //- /src/m.rs
            pub fn f() {}
            ",
            &["src/m.rs", "src/m.rs"],
        );
        check_links(
            "
            //- /m.ts
            export default 1;
            //- /a.ts
            $0import d from './⟦m⟧';
            "
            .replace("./⟦m⟧", "⟦./m⟧")
            .as_str(),
            &["m.ts"],
        );
        check_links(
            "
            //- /go.mod
            module example.com/m
            //- /x/x.go
            package x
            //- /a.go
            package m
            $0import (
                \"fmt\"
                \"⟦example.com/m/x⟧\"
            )
            ",
            &["x/x.go"],
        );
        check_links(
            "
            //- /q/B.java
            package q;
            public class B {}
            //- /p/A.java
            package p;
            $0import q.⟦B⟧;
            import java.util.List;
            class A {}
            ",
            &["q/B.java"],
        );
    }
}
