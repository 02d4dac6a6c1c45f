//! Modules that are named by where they lie, as names behind dots (`pkg.mod`, `..mod`).

use super::{Edits, Moving, moved_path};
use crate::lang::facts::{DefKind, Role, Span};
use crate::lang::imports::removal;
use crate::lang::modules::{DottedModules, FileId, Layout, parent};
use crate::lang::{LangId, ParseLimits, Parser};
use crate::query::rename::{Refusal, text_of};

/// Where a file's name stands in another one, or in itself.
pub struct Place<'t> {
    pub at: FileId,
    pub span: Span,
    pub target: FileId,
    pub text: &'t str,
    pub naming: &'static dyn DottedModules,
}

impl Place<'_> {
    fn written(&self, span: Span) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }

    fn is_separator(&self, c: char) -> bool {
        c == self.naming.separator()
    }

    /// The names up to this one, with what stands between them.
    fn chain(&self) -> Span {
        let before = &self.text[..self.span.start as usize];
        let part = |c: char| c.is_alphanumeric() || c == '_' || self.is_separator(c);
        Span::new(before.trim_end_matches(part).len() as u32, self.span.end)
    }

    fn goes_on(&self) -> bool {
        self.text[self.span.end as usize..].starts_with(|c| self.is_separator(c))
    }
}

/// The edits that a place needs.
pub fn rewrite(moving: &Moving<'_>, place: &Place<'_>, edits: &mut Edits) -> Result<(), Refusal> {
    let facts = moving.view.facts(place.at);
    let name = place.written(place.span);
    let ((dir, old), (to, new)) = moving.modules(place.target);
    if name != old {
        return Ok(());
    }
    let imports = |span: Span| facts.refs.iter().any(|r| r.role == Role::Import && r.span == span);
    let statement = facts.defs.iter().filter(|d| d.kind == DefKind::Import && d.span.encloses(place.span));
    let statement = statement.map(|d| d.span).min_by_key(|s| s.len());
    if imports(place.span) {
        let Some(statement) = statement else {
            // Nothing but everything is taken from it.
            return specifier(moving, place, edits);
        };
        let at = (place.span.start - statement.start) as usize;
        return match place.naming.package_of_item(place.written(statement), at) {
            None => specifier(moving, place, edits),
            Some(package) => item(moving, place, statement, package, edits),
        };
    }
    let chain = place.chain();
    let written = place.written(chain);
    if !written.contains(|c| place.is_separator(c)) {
        // The name that an import bound.
        edits.add(place.at, place.span, name, Some(new.to_owned()));
        return Ok(());
    }
    let before =
        moving.view.lang(place.at).strategy().specifier(&**moving.view.graph(), place.at, place.target);
    if before.as_deref() == Some(written) {
        edits.add(place.at, chain, written, moving.specifier(place.at, place.target));
        return Ok(());
    }
    if dir == to {
        edits.add(place.at, place.span, name, Some(new.to_owned()));
        return Ok(());
    }
    let line = moving.view.position(place.at, place.span.start, crate::text::Encoding::Utf8).line + 1;
    let path = moving.view.path(place.at);
    Err(Refusal(format!("{path} line {line} reaches `{old}` through what it lies in, as `{written}`")))
}

/// The whole name of a module.
fn specifier(moving: &Moving<'_>, place: &Place<'_>, edits: &mut Edits) -> Result<(), Refusal> {
    // The last name says it all.
    if place.goes_on() {
        return Ok(());
    }
    let chain = place.chain();
    let written = place.written(chain);
    if written.starts_with(|c| place.is_separator(c)) {
        // Its own are rewritten as a whole.
        if !moving.files.contains_key(&place.at) {
            edits.add(place.at, chain, written, Some(relative(moving, place)));
        }
        return Ok(());
    }
    edits.add(place.at, chain, written, moving.specifier(place.at, place.target));
    Ok(())
}

/// A module that is taken from the package that it lies in.
fn item(
    moving: &Moving<'_>,
    place: &Place<'_>,
    statement: Span,
    package: &str,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    let ((dir, old), (to, new)) = moving.modules(place.target);
    if dir == to || moving.moves_along(place.at, place.target) {
        edits.add(place.at, place.span, old, Some(new.to_owned()));
        return Ok(());
    }
    let text = place.written(statement);
    let whole = match package.starts_with(|c| place.is_separator(c)) {
        true => Some(relative(moving, place)),
        false => moving.specifier(place.at, place.target),
    };
    let Some(whole) = whole else {
        let path = moving.view.path(place.at);
        return Err(Refusal(format!("{path} could not import `{new}` any more")));
    };
    let (package_after, name) = split(&whole, place.naming.separator());
    let facts = moving.view.facts(place.at);
    let items = facts.defs.iter().filter(|d| d.kind == DefKind::Import && d.span == statement).count();
    // Up to the comma or the end: the name that it is given stays.
    let rest = &place.text[place.span.end as usize..statement.end as usize];
    let alias = place.naming.alias(rest).map_or(String::new(), |alias| format!(" {alias}"));
    let line = format!("{}{alias}", place.naming.import(package_after, name));
    if items == 1 {
        edits.add(place.at, statement, text, Some(line));
        return Ok(());
    }
    let lang = moving.view.lang(place.at);
    let source = text_of(moving.view, place.at)?;
    let tree = Parser::new().parse(lang, &source, None, &ParseLimits::default());
    let removed = tree.ok().and_then(|tree| removal(&tree, &source, place.span, |_| false));
    let Some(removed) = removed else {
        let path = moving.view.path(place.at);
        return Err(Refusal(format!("`{old}` cannot be taken out of an import of {path}")));
    };
    let start = place.text[..statement.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let indent = &place.text[start..statement.start as usize];
    let before = Span::new(statement.start, statement.start);
    edits.add(place.at, before, "", Some(format!("{line}\n{indent}")));
    edits.add(place.at, removed, place.written(removed), Some(String::new()));
    Ok(())
}

/// What a moved file imports with respect to where it lies.
pub fn relative_imports(
    moving: &Moving<'_>,
    file: FileId,
    naming: &dyn DottedModules,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    let view = moving.view;
    let (here, there) = (parent(view.path(file)), parent(moving.path(file)));
    let text = text_of(view, file)?;
    let Ok(tree) = Parser::new().parse(view.lang(file), &text, None, &ParseLimits::default()) else {
        return Ok(());
    };
    for span in naming.relative_names(&tree) {
        let written = &text[span.start as usize..span.end as usize];
        let Some(old) = naming.relative_path(here, written) else { continue };
        let moved = naming.files(&old).iter().find_map(|file| moved_path(moving.moves, file));
        let as_file = moved.map(|to| module_path(view.lang(file), &to));
        let new = as_file.or_else(|| moved_path(moving.moves, &old)).unwrap_or(old);
        edits.add(file, span, written, Some(naming.relative_name(there, &new)));
    }
    Ok(())
}

/// The path of the module that a file is, without an ending.
fn module_path(lang: LangId, path: &str) -> String {
    let (dir, name) = lang.strategy().module_of(path);
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}

/// The name by which the place will say the way to what it names.
fn relative(moving: &Moving<'_>, place: &Place<'_>) -> String {
    let target = module_path(moving.view.lang(place.target), moving.path(place.target));
    place.naming.relative_name(parent(moving.path(place.at)), &target)
}

/// The package, and the module in it.
fn split(specifier: &str, separator: char) -> (&str, &str) {
    let Some(at) = specifier.rfind(separator) else { return ("", specifier) };
    let name = &specifier[at + separator.len_utf8()..];
    match specifier[..at].trim_start_matches(separator).is_empty() {
        true => (&specifier[..at + separator.len_utf8()], name),
        false => (&specifier[..at], name),
    }
}
