//! Imports that would bring a name that nothing brings yet.

use super::Edit;
use super::completion::{Import, import_insertion, import_of, is_importable};
use crate::graph::View;
use crate::lang::facts::{Name, Span};
use crate::lang::modules::{FileId, Layout};
use crate::resolve::{Occurrence, Outcome, Resolver, Symbol};

/// Imports that are offered for one name; a name with more is not chosen from a list.
const IMPORTS_MAX: usize = 10;
/// Definitions of the name that are looked at.
const CANDIDATES_MAX: usize = 256;

/// An import that would bring a name, and the edit that adds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingImport {
    pub import: Import,
    pub edit: Edit,
}

/// The imports that would bring the bare name at the offset, if nothing in the file does.
pub fn missing_imports(view: &View, file: FileId, offset: u32) -> Vec<MissingImport> {
    let resolver = Resolver::new(view);
    let Some(Occurrence::Ref(id)) = resolver.at(file, offset) else { return Vec::new() };
    let r = view.facts(file).reference(id).clone();
    if r.recv.is_some() || !matches!(resolver.resolve(file, id), Outcome::Unresolved(_)) {
        return Vec::new();
    }
    let lang = view.lang(file);
    let Some(style) = lang.knobs().imports else { return Vec::new() };
    let imports = match style.qualified {
        true => packages(&resolver, file, r.name),
        false => definitions(&resolver, file, r.name),
    };
    let mut offered: Vec<MissingImport> = Vec::new();
    for import in imports {
        if offered.len() == IMPORTS_MAX || offered.iter().any(|o| o.import == import) {
            continue;
        }
        if let Some(insertion) = import_insertion(view, file, &import) {
            let span = Span::new(insertion.offset, insertion.offset);
            offered.push(MissingImport { import, edit: Edit { span, text: insertion.text, doubt: None } });
        }
    }
    offered
}

/// Those that import a definition of the name.
fn definitions(resolver: &Resolver<'_>, file: FileId, name: Name) -> Vec<Import> {
    let view = resolver.view();
    let family = view.lang(file).family();
    let defs = view.defs_named(name).take(CANDIDATES_MAX);
    let others = defs.filter(|(other, _)| *other != file && view.lang(*other).family() == family);
    others
        .map(|(file, def)| Symbol { file, def })
        .filter(|symbol| is_importable(view, &view.facts(symbol.file), *symbol))
        .filter_map(|symbol| import_of(resolver, file, symbol))
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
        let missing = missing_imports(&view, file, offset).into_iter().next()?;
        let mut text = fixture.files[view.path(file)].clone();
        text.insert_str(missing.edit.span.start as usize, &missing.edit.text);
        Some(text)
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
    fn what_is_there_is_not_imported() {
        assert_eq!(imported("\n//- /a.py\ndef f(): pass\n//- /b.py\nfrom a import f\n$0f()\n"), None);
        assert_eq!(imported("\n//- /a.py\ndef print(): pass\n//- /b.py\n$0print()\n"), None);
        assert_eq!(imported("\n//- /a.py\ndef f(): pass\n//- /b.py\nx.$0f()\n"), None);
    }
}
