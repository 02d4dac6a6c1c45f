//! What has to change in imports when files or directories get another name.
//!
//! How a file names another one is one of three things: a path in a string ([`paths`]), a chain of names behind dots that
//! says where the module lies ([`dotted`]), or a name of its own that says nothing of the directory.

mod dotted;
mod paths;

pub(super) use paths::by_path;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::{FxHashMap, FxHashSet};

use super::Edit;
use super::rename::{Refusal, text_of};
use crate::graph::{OpenFile, View};
use crate::lang::facts::{DefFlags, Facts, Span};
use crate::lang::modules::{FileId, Layout, parent};
use crate::lang::words::is_name;
use crate::lang::{LangId, ParseLimits, Parser, extract};
use crate::resolve::{Outcome, ReferenceLimits, Resolver, Symbol, Target};

/// Places that one renaming may change.
const PLACES_MAX: usize = 10_000;
/// Files that may move at once; a larger directory is moved without help.
const FILES_MAX: usize = 2_000;

/// The edits that keep imports right when what lies at one path goes to another, for each pair of paths, all relative to
/// the folder and of files or directories. They are for the texts where they lie now. What is named by its whole path is
/// named by the new one, what is named by the file's own name by the new name.
pub fn file_renames(
    view: &View,
    moves: &[(String, String)],
    cancel: &AtomicBool,
) -> Result<Vec<(FileId, Vec<Edit>)>, Refusal> {
    let moving = Moving::new(view, moves)?;
    if moving.files.is_empty() {
        return Ok(Vec::new());
    }
    let resolver = Resolver::new(view);
    let mut edits = Edits::default();
    for (at, span, target) in moving.places(&resolver, cancel)? {
        if cancel.load(Ordering::Relaxed) {
            return Err(Refusal("cancelled".to_owned()));
        }
        let text = text_of(view, at)?;
        let Some(written) = text.get(span.start as usize..span.end as usize) else { continue };
        if paths::is_path(&text, span, written) {
            let replaced = paths::rewritten(&moving, at, target, written);
            edits.add(at, span, written, replaced);
        } else if let Some(naming) = view.lang(at).strategy().dotted() {
            let place = dotted::Place { at, span, target, text: &text, naming };
            dotted::rewrite(&moving, &place, &mut edits)?;
        } else {
            edits.add(at, span, written, moving.own_name(at, span, target, written)?);
        }
    }
    for (file, _) in moving.files.iter() {
        for (other, span) in module_lines(&resolver, *file, &moving.names(*file).0) {
            let (old, new) = moving.names(*file);
            edits.add(other, span, &old, Some(new));
        }
        if let Some(naming) = view.lang(*file).strategy().dotted() {
            dotted::relative_imports(&moving, *file, naming, &mut edits)?;
        }
    }
    edits.finish(&moving)
}

/// The files that move, and the folder as it will be.
pub struct Moving<'v> {
    view: &'v View,
    /// By where they lie now; where they will.
    files: FxHashMap<FileId, String>,
    moves: &'v [(String, String)],
    after: View,
}

impl<'v> Moving<'v> {
    fn new(view: &'v View, moves: &'v [(String, String)]) -> Result<Moving<'v>, Refusal> {
        let mut files: FxHashMap<FileId, String> = FxHashMap::default();
        let going: Roots<'_, &str> = moves.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
        for file in view.files() {
            let path = view.path(file);
            let Some((from, to)) = going.around(path).next() else { continue };
            let to = format!("{to}{}", &path[from.len()..]);
            // Who imports a package does not name its files.
            if view.lang(file).strategy().by_directory() && parent(path) == parent(&to) {
                continue;
            }
            if LangId::of_path(std::path::Path::new(&to)).is_some() {
                files.insert(file, to);
            }
            if files.len() > FILES_MAX {
                return Err(Refusal(format!("more than {FILES_MAX} files would move")));
            }
        }
        let mut documents = Vec::with_capacity(files.len());
        let mut gone = Vec::with_capacity(files.len());
        for (file, to) in &files {
            let text = text_of(view, *file)?;
            let lang = LangId::of_path(std::path::Path::new(to)).unwrap_or(view.lang(*file));
            let tree = Parser::new()
                .parse(lang, &text, None, &ParseLimits::default())
                .map_err(|e| Refusal(format!("{to} cannot be read: {e}")))?;
            let facts: Arc<Facts> = extract(lang, &tree, &text).into();
            documents.push(OpenFile { path: to.clone(), lang, text, facts, reading: None });
            gone.push(view.path(*file).to_owned());
        }
        let after = view.changed(documents, &gone);
        Ok(Moving { view, files, moves, after })
    }

    /// Where a file will lie.
    fn path(&self, file: FileId) -> &str {
        self.files.get(&file).map_or_else(|| self.view.path(file), String::as_str)
    }

    /// The module that a file is by its own name, before and after.
    fn names(&self, file: FileId) -> (String, String) {
        let ((_, old), (_, new)) = self.modules(file);
        (old.to_owned(), new.to_owned())
    }

    /// The directory and the name of the module that a file is, before and after.
    fn modules(&self, file: FileId) -> ((&str, &str), (&str, &str)) {
        let strategy = self.view.lang(file).strategy();
        (strategy.module_of(self.view.path(file)), strategy.module_of(self.path(file)))
    }

    /// How one file will name another.
    fn specifier(&self, from: FileId, target: FileId) -> Option<String> {
        let (from, target) = (self.after.file(self.path(from))?, self.after.file(self.path(target))?);
        self.after.lang(from).strategy().specifier(&**self.after.graph(), from, target)
    }

    /// Where files are named that move: by others, or by themselves with respect to where they lie.
    fn places(
        &self,
        resolver: &Resolver<'_>,
        cancel: &AtomicBool,
    ) -> Result<Vec<(FileId, Span, FileId)>, Refusal> {
        let limits = ReferenceLimits {
            found_max: Some(PLACES_MAX),
            cancel: Some(cancel),
            ..ReferenceLimits::default()
        };
        let mut places: Vec<(FileId, Span, FileId)> = Vec::new();
        for file in self.files.keys() {
            let uses = resolver.references(Target::File(*file), limits);
            if uses.truncated || uses.cancelled || places.len() > PLACES_MAX {
                let path = self.view.path(*file);
                return Err(Refusal(format!("{path} is used in more than {PLACES_MAX} places")));
            }
            places.extend(uses.found.iter().map(|f| (f.file, f.span, *file)));
            places
                .extend(paths::specifiers(self.view, *file).into_iter().map(|(span, to)| (*file, span, to)));
        }
        let moved: FxHashSet<FileId> = self.files.keys().copied().collect();
        let (named, truncated) = paths::by_path(resolver, &moved, limits);
        if truncated && !cancel.load(Ordering::Relaxed) {
            return Err(Refusal(format!("what moves is named in more than {PLACES_MAX} places")));
        }
        places.extend(named);
        places.retain(|(_, span, _)| !span.is_empty());
        places.sort_unstable();
        places.dedup();
        Ok(places)
    }

    /// What a name of its own becomes. It says nothing of where the file lies, so that cannot be another place.
    fn own_name(
        &self,
        at: FileId,
        span: Span,
        target: FileId,
        written: &str,
    ) -> Result<Option<String>, Refusal> {
        let ((dir, old), (to, new)) = self.modules(target);
        if written != old || self.moves_along(at, target) {
            return Ok(None);
        }
        if dir == to {
            return Ok(Some(new.to_owned()));
        }
        let line = self.view.position(at, span.start, crate::text::Encoding::Utf8).line + 1;
        let path = self.view.path(at);
        Err(Refusal(format!(
            "{path} line {line} names `{old}` by where it lies, which is not followed elsewhere"
        )))
    }

    /// Whether two files move with one directory, so that they lie to each other as before.
    fn moves_along(&self, a: FileId, b: FileId) -> bool {
        let by = |file: FileId| {
            let path = self.view.path(file);
            self.moves.iter().position(|(from, _)| is_below(from, path))
        };
        a == b || by(a).is_some() && by(a) == by(b)
    }
}

/// Where a path goes, if it does: with the innermost of what moves.
fn moved_path(moves: &[(String, String)], path: &str) -> Option<String> {
    let (from, to) =
        moves.iter().filter(|(from, _)| is_below(from, path)).max_by_key(|(from, _)| from.len())?;
    Some(format!("{to}{}", &path[from.len()..]))
}

/// Paths of files and directories, to be found from what lies in them.
pub(super) struct Roots<'p, T>(FxHashMap<&'p str, T>);

impl<'p, T> FromIterator<(&'p str, T)> for Roots<'p, T> {
    fn from_iter<I: IntoIterator<Item = (&'p str, T)>>(roots: I) -> Roots<'p, T> {
        Roots(roots.into_iter().collect())
    }
}

impl<T> Roots<'_, T> {
    /// Those that are the path or that it lies in, the innermost first.
    pub(super) fn around<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a str, &'a T)> {
        let up = |at: &&'a str| at.rfind('/').map(|end| &at[..end]);
        std::iter::successors(Some(path), up).filter_map(|at| Some((at, self.0.get(at)?)))
    }
}

/// Whether a path is that one or lies in it.
fn is_below(dir: &str, path: &str) -> bool {
    path.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Edits as they come together.
#[derive(Default)]
pub struct Edits {
    files: Vec<(FileId, Vec<Edit>)>,
}

impl Edits {
    /// Nothing, if the text is what is written already.
    fn add(&mut self, file: FileId, span: Span, written: &str, replaced: Option<String>) {
        let Some(text) = replaced.filter(|text| text != written) else { return };
        let edit = Edit { span, text, doubt: None };
        match self.files.iter_mut().find(|(f, _)| *f == file) {
            Some((_, edits)) if edits.contains(&edit) => {}
            Some((_, edits)) => edits.push(edit),
            None => self.files.push((file, vec![edit])),
        }
    }

    fn finish(mut self, moving: &Moving<'_>) -> Result<Vec<(FileId, Vec<Edit>)>, Refusal> {
        self.files.sort_by_key(|(file, _)| *file);
        for (file, edits) in &mut self.files {
            edits.sort_by_key(|e| (e.span.start, e.span.end));
            if edits.windows(2).any(|pair| pair[1].span.start < pair[0].span.end) {
                let path = moving.view.path(*file);
                return Err(Refusal(format!("an import of {path} would have to change in two ways at once")));
            }
        }
        let renamed = moving.files.keys().map(|moved| moving.names(*moved)).filter(|(old, new)| old != new);
        let renamed: Vec<(String, String)> = renamed.collect();
        for (file, edits) in &self.files {
            for (old, new) in &renamed {
                as_a_name(moving.view, *file, edits, old, new)?;
            }
        }
        Ok(self.files)
    }
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

#[cfg(test)]
mod tests;
