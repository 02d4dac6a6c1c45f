//! What has to change in imports when a file gets another name.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Edit;
use super::rename::{Refusal, text_of};
use crate::graph::{OpenFile, View};
use crate::lang::facts::{DefFlags, Facts, Span};
use crate::lang::modules::{FileId, Layout, file_name, parent};
use crate::lang::words::is_name;
use crate::lang::{LangId, ParseLimits, Parser, extract};
use crate::resolve::{Outcome, ReferenceLimits, Resolver, Symbol, Target};

/// Places that one renaming may change.
const PLACES_MAX: usize = 10_000;

/// The edits of other files, and of the file itself where it lies now, that keep imports right when the file at one path
/// goes to another; both relative to the folder. What is named by its whole path is named by the new one, what is named
/// by the file's own name by the new name.
pub fn file_rename(
    view: &View,
    from: &str,
    to: &str,
    cancel: &AtomicBool,
) -> Result<Vec<(FileId, Vec<Edit>)>, Refusal> {
    let (Some(file), Some(lang)) = (view.file(from), LangId::of_path(std::path::Path::new(to))) else {
        return Ok(Vec::new());
    };
    let text = text_of(view, file)?;
    let there = moved(view, file, lang, to, &text)?;
    let resolver = Resolver::new(view);
    let limits = ReferenceLimits { found_max: Some(PLACES_MAX), cancel: Some(cancel), within: None };
    let uses = resolver.references(Target::File(file), limits);
    if uses.truncated || uses.cancelled {
        return Err(Refusal(format!("{from} is used in more than {PLACES_MAX} places")));
    }
    let stem = |path: &str| file_name(path).split('.').next().unwrap_or_default().to_owned();
    let (old, new) = (stem(from), stem(to));
    let mut files: Vec<(FileId, Vec<Edit>)> = Vec::new();
    let mut places: Vec<(FileId, Span)> = uses.found.iter().map(|f| (f.file, f.span)).collect();
    places.extend(by_path(view, file, &old, cancel));
    for (at, span) in places.into_iter().filter(|(at, span)| *at != file && !span.is_empty()) {
        let other = text_of(view, at)?;
        let Some(written) = other.get(span.start as usize..span.end as usize) else { continue };
        let replaced = match written == old {
            // A name of its own says nothing of the directory.
            true if parent(from) == parent(to) => Some(new.clone()),
            true => None,
            false => specifier(&there, view.path(at), to, written),
        };
        add(&mut files, at, span, written, replaced);
    }
    if parent(from) == parent(to) {
        for (other, span) in module_lines(&resolver, file, &old) {
            add(&mut files, other, span, &old, Some(new.clone()));
        }
    }
    for (span, target) in specifiers(view, file) {
        let Some(written) = text.get(span.start as usize..span.end as usize) else { continue };
        let replaced = specifier(&there, to, view.path(target), written);
        add(&mut files, file, span, written, replaced);
    }
    for (_, edits) in &mut files {
        edits.sort_by_key(|e| e.span);
        edits.dedup_by_key(|e| e.span);
    }
    for (other, edits) in &files {
        as_a_name(view, *other, edits, &old, &new)?;
    }
    Ok(files)
}

/// Refused if the file's new name cannot stand where the edits put it, or is that of something else there.
fn as_a_name(view: &View, file: FileId, edits: &[Edit], old: &str, new: &str) -> Result<(), Refusal> {
    let (lang, path, facts) = (view.lang(file), view.path(file), view.facts(file));
    let text = text_of(view, file)?;
    let quoted = |e: &Edit| text[..e.span.start as usize].ends_with(['"', '\'', '`']);
    if edits.iter().any(|e| e.text == new && !quoted(e)) && !is_name(lang, new) {
        return Err(Refusal(format!(
            "{path} would have to name it `{new}`, which is not a name in {}",
            lang.name()
        )));
    }
    let called = |name: &str, span: Option<Span>| {
        let mut defs = facts.defs.iter().filter(|d| view.name_text(d.name) == name);
        defs.any(|d| span.is_none_or(|span| d.name_span == span))
    };
    if edits.iter().any(|e| e.text == new && called(old, Some(e.span))) && called(new, None) {
        return Err(Refusal(format!("{path} has a `{new}` already")));
    }
    Ok(())
}

fn add(
    files: &mut Vec<(FileId, Vec<Edit>)>,
    file: FileId,
    span: Span,
    written: &str,
    replaced: Option<String>,
) {
    let Some(text) = replaced.filter(|text| text != written) else { return };
    let edit = Edit { span, text, doubt: None };
    match files.iter_mut().find(|(f, _)| *f == file) {
        Some((_, edits)) => edits.push(edit),
        None => files.push((file, vec![edit])),
    }
}

/// The view with the file at its new path.
fn moved(view: &View, file: FileId, lang: LangId, to: &str, text: &Arc<str>) -> Result<View, Refusal> {
    let tree = Parser::new()
        .parse(lang, text, None, &ParseLimits::default())
        .map_err(|e| Refusal(format!("{to} cannot be read: {e}")))?;
    let facts: Arc<Facts> = extract(lang, &tree, text).into();
    let document = OpenFile { path: to.to_owned(), lang, text: Arc::clone(text), facts };
    Ok(view.changed(vec![document], &[view.path(file).to_owned()]))
}

/// How one file of the view names the other, written like before: with the ending if that had one.
fn specifier(view: &View, from: &str, to: &str, written: &str) -> Option<String> {
    if !written.contains('/') {
        return None;
    }
    let (from, target) = (view.file(from)?, view.file(to)?);
    let mut specifier = view.lang(from).strategy().specifier(&**view.graph(), from, target)?;
    if let Some((_, ending)) = file_name(written).rsplit_once('.')
        && !file_name(&specifier).contains('.')
    {
        specifier = format!("{specifier}.{ending}");
    }
    Some(specifier)
}

/// Where other files name the file by a path (`./dir/name`): a name of its own to the graph.
fn by_path(view: &View, file: FileId, stem: &str, cancel: &AtomicBool) -> Vec<(FileId, Span)> {
    let directory = file_name(parent(view.path(file)));
    let ends = |text: &str| {
        let last = file_name(text);
        // The main file of a directory is named by it, or by nothing but dots.
        last.split('.').next() == Some(stem) || last == directory || last.bytes().all(|b| b == b'.')
    };
    let mut files: Vec<FileId> = view
        .names()
        .filter(|(_, text)| (text.contains('/') || text.starts_with('.')) && ends(text))
        .flat_map(|(name, _)| view.files_with(name))
        .collect();
    files.sort_unstable();
    files.dedup();
    let links = files.into_iter().flat_map(|at| {
        let links = super::document_links(view, at, cancel);
        links.into_iter().filter(|l| l.file == file).map(move |l| (at, l.span))
    });
    links.take(PLACES_MAX).collect()
}

/// Lines that make the file a module (`mod name;`).
fn module_lines(resolver: &Resolver<'_>, file: FileId, stem: &str) -> Vec<(FileId, Span)> {
    let view = resolver.view();
    let Some(name) = view.lookup_name(stem) else { return Vec::new() };
    let mut lines = Vec::new();
    for (other, def) in view.defs_named(name) {
        let facts = view.facts(other);
        let d = facts.def(def);
        if d.flags.has(DefFlags::FILE_MODULE)
            && let Outcome::Found(targets) = resolver.meaning(Symbol { file: other, def })
            && targets.iter().any(|(target, _)| *target == Target::File(file))
        {
            lines.push((other, d.name_span));
        }
    }
    lines
}

/// Modules that the file names by a path relative to itself.
fn specifiers(view: &View, file: FileId) -> Vec<(Span, FileId)> {
    let never = AtomicBool::new(false);
    let Ok(text) = view.text(file) else { return Vec::new() };
    let links = super::document_links(view, file, &never);
    let relative = |span: Span| {
        text.get(span.start as usize..span.end as usize).is_some_and(|written| written.starts_with('.'))
    };
    links.into_iter().filter(|l| relative(l.span)).map(|l| (l.span, l.file)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    /// Lines that change when the file with the cursor goes to the path.
    fn check(fixture: &str, to: &str, expected: &[&str]) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, _) = fixture.cursor(&view);
        let files = file_rename(&view, view.path(file), to, &AtomicBool::new(false)).unwrap();
        let mut lines = Vec::new();
        for (file, edits) in &files {
            let old = &fixture.files[view.path(*file)];
            let mut new = old.clone();
            for edit in edits.iter().rev() {
                new.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
            }
            let changed = old.lines().zip(new.lines()).filter(|(a, b)| a != b);
            lines.extend(changed.map(|(_, line)| format!("{}: {line}", view.path(*file))));
        }
        lines.sort();
        assert_eq!(lines, expected);
    }

    fn refused(fixture: &str, to: &str) -> bool {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, _) = fixture.cursor(&view);
        file_rename(&view, view.path(file), to, &AtomicBool::new(false)).is_err()
    }

    #[test]
    fn a_file_s_name_has_to_fit_where_it_is_a_name() {
        let python = "
            //- /pkg/__init__.py
            //- /pkg/a.py
            $0f = 1
            //- /main.py
            from pkg import a
            b = a.f
            ";
        assert!(refused(python, "pkg/my-mod.py"));
        assert!(refused(python, "pkg/class.py"));
        assert!(refused(python, "pkg/b.py"));
        assert!(!refused(python, "pkg/c.py"));
        let script = "
            //- /a.ts
            $0export const f = 1;
            //- /main.ts
            import { f } from './a';
            ";
        assert!(!refused(script, "my-mod.ts"));
    }

    #[test]
    fn imports_follow_the_file_s_name() {
        check(
            "
            //- /pkg/__init__.py
            //- /pkg/a.py
            $0f = 1
            //- /main.py
            from pkg.a import f
            from pkg import a
            a.f
            ",
            "pkg/b.py",
            &["main.py: b.f", "main.py: from pkg import b", "main.py: from pkg.b import f"],
        );
        check(
            "
            //- /Cargo.toml
            [package]
            name = \"m\"
            //- /src/lib.rs
            mod a;
            use a::f;
            //- /src/a.rs
            $0pub fn f() {}
            ",
            "src/b.rs",
            &["src/lib.rs: mod b;", "src/lib.rs: use b::f;"],
        );
        check(
            "
            //- /lib/a.ts
            $0import { g } from './g';
            export const f = g;
            //- /lib/g.ts
            export const g = 1;
            //- /main.ts
            import { f } from './lib/a';
            ",
            "other/b.ts",
            &["lib/a.ts: import { g } from '../lib/g';", "main.ts: import { f } from './other/b';"],
        );
        check(
            "
            //- /lib/a.js
            $0exports.f = 1;
            //- /main.js
            const { f } = require('./lib/a.js');
            ",
            "lib/b.js",
            &["main.js: const { f } = require('./lib/b.js');"],
        );
    }
}
