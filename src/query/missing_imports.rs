//! Imports that would bring a name that nothing brings yet.

use rustc_hash::FxHashSet;

use super::Edit;
use super::completion::{Import, import_of, is_importable};
use super::reading;
use crate::graph::View;
use crate::lang::facts::{Name, Ref, RefId, Span};
use crate::lang::imports::insertion;
use crate::lang::modules::{FileId, Layout};
use crate::resolve::{Occurrence, Outcome, Resolver, Symbol};

/// Imports that are offered for one name; a name with more is not chosen from a list.
const IMPORTS_MAX: usize = 10;
/// Uses in one range that are looked at, and names among them that something is offered for.
const USES_MAX: usize = 1_000;
const NAMES_MAX: usize = 16;
/// Definitions of the name that are looked at.
const CANDIDATES_MAX: usize = 256;

/// An import that would bring a name, and the edit that adds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingImport {
    pub import: Import,
    pub edit: Edit,
}

/// The imports that would bring the bare names in the span, each that nothing in the file brings; in an empty span, the
/// name that touches it.
pub fn missing_imports(view: &View, file: FileId, span: Span) -> Vec<MissingImport> {
    let resolver = Resolver::new(view);
    let lang = view.lang(file);
    let Some(style) = lang.knobs().imports else { return Vec::new() };
    let facts = view.facts(file);
    let uses: Vec<&Ref> = unresolved(&resolver, file, span)
        .into_iter()
        .map(|id| facts.reference(id))
        .filter(|r| r.recv.is_none())
        .collect();
    if uses.is_empty() {
        return Vec::new();
    }
    let Ok(text) = view.text(file) else { return Vec::new() };
    let Some(tree) = reading::tree(view, file, &text) else { return Vec::new() };
    let mut offered: Vec<MissingImport> = Vec::new();
    for r in uses {
        let imports = match style.qualified {
            true => packages(&resolver, file, r.name),
            false => definitions(&resolver, file, r.name),
        };
        let mut left = IMPORTS_MAX;
        for import in imports {
            if left == 0 {
                break;
            }
            if offered.iter().any(|o| o.import == import) {
                continue;
            }
            let of = (&*import.module, &*import.name);
            if let Some(insertion) = insertion(lang, &tree, &text, r.span.start, of) {
                let span = Span::new(insertion.offset, insertion.offset);
                let edit = Edit { span, text: insertion.text, doubt: None };
                offered.push(MissingImport { import, edit });
                left -= 1;
            }
        }
    }
    offered
}

/// Uses in the span of names that nothing is known of, each name once.
pub fn unresolved(resolver: &Resolver<'_>, file: FileId, span: Span) -> Vec<RefId> {
    let facts = resolver.view().facts(file);
    let mut found: Vec<RefId> = match span.is_empty() {
        true => match resolver.at(file, span.start) {
            Some(Occurrence::Ref(id)) => vec![id],
            _ => Vec::new(),
        },
        false => {
            let inside =
                facts.refs_with_ids().filter(|(_, r)| r.span.start < span.end && r.span.end > span.start);
            inside.map(|(id, _)| id).take(USES_MAX).collect()
        }
    };
    let mut names = FxHashSet::default();
    found.retain(|id| matches!(resolver.resolve(file, *id), Outcome::Unresolved(_)));
    found.retain(|id| names.insert(facts.reference(*id).name));
    found.truncate(NAMES_MAX);
    found
}

/// Those that import a definition of the name.
fn definitions(resolver: &Resolver<'_>, file: FileId, name: Name) -> Vec<Import> {
    let view = resolver.view();
    let (family, text) = (view.lang(file).family(), view.name_text(name));
    let defs = view.defs_named(name).take(CANDIDATES_MAX);
    let others = defs.filter(|(other, _)| *other != file && view.lang(*other).family() == family);
    others
        .filter_map(|(other, def)| {
            let symbol = Symbol { file: other, def };
            is_importable(view, &view.sketch(other), symbol, text)
                .then(|| import_of(resolver, file, symbol, text))?
        })
        .collect()
}

/// Those that import a package that calls itself by the name.
fn packages(resolver: &Resolver<'_>, file: FileId, name: Name) -> Vec<Import> {
    let view = resolver.view();
    let lang = view.lang(file);
    let named = view.files_with(name).take(CANDIDATES_MAX).filter(|other| {
        view.lang(*other).family() == lang.family() && view.facts(*other).package == Some(name)
    });
    let module = |other| lang.strategy().specifier(&**view.graph(), file, other);
    let text = view.name_text(name).to_owned();
    named.filter_map(module).map(|module| Import { module, name: text.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    /// The file with the cursor, with the first import added that is offered there.
    fn imported(fixture: &str) -> Option<String> {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let missing = missing_imports(&view, file, Span::new(offset, offset)).into_iter().next()?;
        Some(fixture.with_insertion(&view, missing.edit.span.start, &missing.edit.text))
    }

    #[test]
    fn a_missing_name_is_imported_in_every_language() {
        let cases = [
            (
                "\n//- /pkg/a.py\ndef compute(): pass\n//- /b.py\nimport os\n$0compute()\n",
                "import os\nfrom pkg.a import compute\ncompute()\n",
            ),
            (
                "\n//- /lib/a.ts\nexport function compute() {}\n//- /b.ts\n$0compute();\n",
                "import { compute } from './lib/a';\n\ncompute();\n",
            ),
            (
                "\n//- /Cargo.toml\n[package]\nname = \"m\"\n//- /src/lib.rs\nmod a;\nmod b;\n//- /src/a.rs\npub struct Item;\n//- /src/b.rs\nfn f(x: $0Item) {}\n",
                "use crate::a::Item;\n\nfn f(x: Item) {}\n",
            ),
            (
                "\n//- /go.mod\nmodule m\n//- /p/a.go\npackage p\nfunc Compute() {}\n//- /b.go\npackage main\n\nfunc main() { $0p.Compute() }\n",
                "package main\n\nimport \"m/p\"\n\nfunc main() { p.Compute() }\n",
            ),
            (
                "\n//- /src/p/Item.java\npackage p;\npublic class Item {}\n//- /src/q/Use.java\npackage q;\n\nclass Use { $0Item x; }\n",
                "package q;\n\nimport p.Item;\n\nclass Use { Item x; }\n",
            ),
        ];
        for (fixture, expected) in cases {
            assert_eq!(imported(fixture).as_deref(), Some(expected));
        }
    }

    #[test]
    fn all_names_of_a_range_are_looked_at() {
        let fixture = Fixture::parse(
            "
            //- /a.py
            def first(): pass
            def second(): pass
            //- /b.py
            $0first(second(), first())
            ",
        );
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let names = |span| {
            let found = missing_imports(&view, file, span);
            found.into_iter().map(|m| m.import.name).collect::<Vec<_>>()
        };
        assert_eq!(names(Span::new(offset, offset + 24)), ["first", "second"]);
        assert_eq!(names(Span::new(offset + 6, offset + 12)), ["second"]);
        assert_eq!(names(Span::new(offset, offset)), ["first"]);
    }

    #[test]
    fn what_is_there_is_not_imported() {
        assert_eq!(imported("\n//- /a.py\ndef f(): pass\n//- /b.py\nfrom a import f\n$0f()\n"), None);
        assert_eq!(imported("\n//- /a.py\ndef print(): pass\n//- /b.py\n$0print()\n"), None);
        assert_eq!(imported("\n//- /a.py\ndef f(): pass\n//- /b.py\nx.$0f()\n"), None);
    }
}
