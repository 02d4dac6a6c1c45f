//! What has to change in other files when files come or go.

use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::FxHashSet;

use super::file_renames::Roots;
use super::findings::{FindingKind, first_findings};
use super::importers::{leads_to, naming};
use super::rename::{Refusal, text_of};
use super::{Edit, unused_imports};
use crate::graph::View;
use crate::lang::facts::{DefFlags, DefKind, Span};
use crate::lang::imports::removal;
use crate::lang::modules::{FileId, Layout};
use crate::lang::{LangId, ParseLimits, Parser};
use crate::resolve::{ReferenceLimits, Resolver};

/// Files that may come or go at once; for more nothing is worked out.
const FILES_MAX: usize = 500;
/// Places that name one file which are looked at.
const PLACES_MAX: usize = 10_000;

/// The edits by which new files at these paths, relative to the folder, become part of their program, where another file
/// has to say so (`mod name;`).
pub fn file_creations(view: &View, paths: &[String]) -> Vec<(FileId, Vec<Edit>)> {
    let mut files: Vec<(FileId, Vec<Edit>)> = Vec::new();
    for path in paths.iter().take(FILES_MAX) {
        let Some(lang) = LangId::of_path(std::path::Path::new(path)) else { continue };
        let Some((above, name, line)) = lang.strategy().declaration(&**view.graph(), path) else { continue };
        let facts = view.facts(above);
        let is_module = |d: &&crate::lang::facts::Def| d.kind == DefKind::Module;
        if facts.defs.iter().filter(is_module).any(|d| view.name_text(d.name) == name) {
            continue;
        }
        let Ok(text) = text_of(view, above) else { continue };
        let declared = facts.defs.iter().filter(|d| d.flags.has(DefFlags::FILE_MODULE));
        let last = declared.map(|d| d.span.end as usize).max().filter(|end| *end <= text.len());
        // Behind the others, or else at the end.
        let at = last.map_or(text.len(), |end| text[end..].find('\n').map_or(text.len(), |n| end + n + 1));
        let before = if at == 0 || text[..at].ends_with('\n') { "" } else { "\n" };
        let span = Span::new(at as u32, at as u32);
        let edit = Edit { span, text: format!("{before}{line}\n"), doubt: None };
        match files.iter_mut().find(|(file, _)| *file == above) {
            Some((_, edits)) => edits.push(edit),
            None => files.push((above, vec![edit])),
        }
    }
    files
}

/// The edits that take what lies at these paths, files or directories, out of the files that stay: lines that make it a
/// module, and imports of it that nothing uses. What uses it is left for somebody to look at.
pub fn file_deletions(
    view: &View,
    paths: &[String],
    cancel: &AtomicBool,
) -> Result<Vec<(FileId, Vec<Edit>)>, Refusal> {
    let going: Roots<'_, ()> = paths.iter().map(|path| (path.as_str(), ())).collect();
    let goes = |file: &FileId| going.around(view.path(*file)).next().is_some();
    let gone: FxHashSet<FileId> = view.files().filter(goes).take(FILES_MAX + 1).collect();
    if gone.is_empty() || gone.len() > FILES_MAX {
        return Ok(Vec::new());
    }
    let resolver = Resolver::new(view);
    let mut files = Vec::new();
    let limits =
        ReferenceLimits { found_max: Some(PLACES_MAX), cancel: Some(cancel), ..ReferenceLimits::default() };
    // An import that is not found is left for somebody to look at, too.
    for file in naming(&resolver, &gone, limits).files {
        if cancel.load(Ordering::Relaxed) {
            return Err(Refusal("cancelled".to_owned()));
        }
        let edits = taken_out(&resolver, file, &gone, cancel)?;
        if !edits.is_empty() {
            files.push((file, edits));
        }
    }
    Ok(files)
}

fn taken_out(
    resolver: &Resolver<'_>,
    file: FileId,
    gone: &FxHashSet<FileId>,
    cancel: &AtomicBool,
) -> Result<Vec<Edit>, Refusal> {
    let view = resolver.view();
    let facts = view.facts(file);
    let dead = leads_to(resolver, file, gone);
    if dead.is_empty() {
        return Ok(Vec::new());
    }
    let unused = first_findings(view, file, &[FindingKind::UnusedImport], usize::MAX, cancel);
    let unused: FxHashSet<Span> = unused.items.iter().map(|found| found.span).collect();
    let is_unused = |span: Span| unused.contains(&span);
    let text = text_of(view, file)?;
    let Ok(tree) = Parser::new().parse(view.lang(file), &text, None, &ParseLimits::default()) else {
        return Ok(Vec::new());
    };
    let taken: Vec<Span> =
        dead.iter().filter(|(span, module)| !module && is_unused(*span)).map(|(span, _)| *span).collect();
    let mut spans: Vec<Span> = unused_imports::removals(&facts, &tree, &text, &taken);
    for (name, _) in dead.iter().filter(|(_, module)| *module) {
        let statement = facts.defs.iter().find(|d| d.name_span == *name).map_or(*name, |d| d.span);
        let line = removal(&tree, &text, *name, |_| true);
        spans.push(line.unwrap_or_else(|| crate::lang::imports::lines(&text, statement)));
    }
    spans.sort_unstable();
    spans.dedup();
    if spans.windows(2).any(|pair| pair[1].start < pair[0].end) {
        return Ok(Vec::new());
    }
    Ok(spans.into_iter().map(|span| Edit { span, text: String::new(), doubt: None }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    fn after(fixture: &Fixture, files: &[(FileId, Vec<Edit>)]) -> Vec<(String, String)> {
        let view = fixture.view();
        let text = |(file, edits): &(FileId, Vec<Edit>)| {
            let mut text = fixture.files[view.path(*file)].clone();
            for edit in edits.iter().rev() {
                text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
            }
            (view.path(*file).to_owned(), text)
        };
        files.iter().map(text).collect()
    }

    fn check_created(fixture: &str, path: &str, expected: &[(&str, &str)]) {
        let fixture = Fixture::parse(fixture);
        let found = after(&fixture, &file_creations(&fixture.view(), &[path.to_owned()]));
        let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(found, expected);
    }

    fn check_deleted(fixture: &str, path: &str, expected: &[(&str, &str)]) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let files = file_deletions(&view, &[path.to_owned()], &AtomicBool::new(false)).unwrap();
        let found = after(&fixture, &files);
        let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_new_file_is_made_a_module_where_that_has_to_be_said() {
        let crate_with = |lib: &str| {
            format!(
                "\n//- /Cargo.toml\n[package]\nname = \"m\"\n//- /src/lib.rs\n{lib}//- /src/a.rs\nfn f() {{}}\n"
            )
        };
        check_created(
            &crate_with("mod a;\n\nfn g() {}\n"),
            "src/b.rs",
            &[("src/lib.rs", "mod a;\nmod b;\n\nfn g() {}\n")],
        );
        check_created(&crate_with("fn g() {}\n"), "src/b.rs", &[("src/lib.rs", "fn g() {}\nmod b;\n")]);
        check_created(&crate_with("mod a;\n"), "src/a/c.rs", &[("src/a.rs", "fn f() {}\nmod c;\n")]);
        check_created(&crate_with("mod b;\n"), "src/b.rs", &[]);
        check_created(&crate_with("mod a;\n"), "src/main.rs", &[]);
        check_created("\n//- /pkg/__init__.py\n\n//- /pkg/a.py\nx = 1\n", "pkg/b.py", &[]);
    }

    #[test]
    fn what_is_deleted_is_imported_no_more_where_nothing_uses_it() {
        check_deleted(
            "\n//- /pkg/__init__.py\n\n//- /pkg/a.py\nf = g = 1\n//- /b.py\nfrom pkg.a import f\nimport os\nos.x\n//- /c.py\nfrom pkg.a import f, g\nf()\n",
            "pkg/a.py",
            &[("b.py", "import os\nos.x\n"), ("c.py", "from pkg.a import f\nf()\n")],
        );
        check_deleted(
            "\n//- /lib/a.ts\nexport const f = 1;\n//- /b.ts\nimport { f } from './lib/a';\nx();\n",
            "lib",
            &[("b.ts", "x();\n")],
        );
        check_deleted(
            "\n//- /Cargo.toml\n[package]\nname = \"m\"\n//- /src/lib.rs\nmod a;\nmod b;\nuse a::f;\n//- /src/a.rs\npub fn f() {}\n//- /src/b.rs\n\n",
            "src/a.rs",
            &[("src/lib.rs", "mod b;\n")],
        );
        check_deleted(
            "\n//- /Cargo.toml\n[package]\nname = \"m\"\n//- /src/lib.rs\nmod a;\n//- /src/a/mod.rs\n\n",
            "src/a",
            &[("src/lib.rs", "")],
        );
        check_deleted(
            "\n//- /p/Item.java\npackage p;\npublic class Item {}\n//- /q/Use.java\npackage q;\nimport p.Item;\nclass Use {}\n",
            "p/Item.java",
            &[("q/Use.java", "package q;\nclass Use {}\n")],
        );
    }
}
