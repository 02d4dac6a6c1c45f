//! Modules that are named by where they lie, as names behind dots (`pkg.mod`, `..mod`).

use super::{Edits, Moving, module, moved_path};
use crate::lang::facts::{DefKind, Role, Span};
use crate::lang::imports::{relative_modules, removal};
use crate::lang::modules::{FileId, Layout, join, parent};
use crate::lang::{ParseLimits, Parser};
use crate::query::rename::{Refusal, text_of};

/// Where a file's name stands in another one, or in itself.
pub struct Place<'t> {
    pub at: FileId,
    pub span: Span,
    pub target: FileId,
    pub text: &'t str,
    pub separator: char,
}

impl Place<'_> {
    fn written(&self, span: Span) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// The names up to this one, with what stands between them.
    fn chain(&self) -> Span {
        let before = &self.text[..self.span.start as usize];
        let part = |c: char| c.is_alphanumeric() || c == '_' || c == self.separator;
        Span::new(before.trim_end_matches(part).len() as u32, self.span.end)
    }

    fn goes_on(&self) -> bool {
        self.text[self.span.end as usize..].starts_with(self.separator)
    }
}

/// The edits that a place needs.
pub fn rewrite(moving: &Moving<'_>, place: &Place<'_>, edits: &mut Edits) -> Result<(), Refusal> {
    let facts = moving.view.facts(place.at);
    let name = place.written(place.span);
    let ((dir, old), (to, new)) = (module(moving.view.path(place.target)), module(moving.path(place.target)));
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
        let list = listed(place, statement);
        return match list {
            false => specifier(moving, place, edits),
            true => item(moving, place, statement, (dir, old), (to, new), edits),
        };
    }
    let chain = place.chain();
    let written = place.written(chain);
    if !written.contains(place.separator) {
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

/// Whether a name of an import is one of those taken from a module, rather than part of the module's own.
fn listed(place: &Place<'_>, statement: Span) -> bool {
    let before = &place.text[statement.start as usize..place.span.start as usize];
    before.starts_with("from") && before.split_whitespace().any(|word| word == "import")
}

/// The whole name of a module.
fn specifier(moving: &Moving<'_>, place: &Place<'_>, edits: &mut Edits) -> Result<(), Refusal> {
    // The last name says it all.
    if place.goes_on() {
        return Ok(());
    }
    let chain = place.chain();
    let written = place.written(chain);
    if written.starts_with(place.separator) {
        // Its own are rewritten as a whole.
        if !moving.files.contains_key(&place.at) {
            let from = parent(moving.path(place.at));
            edits.add(
                place.at,
                chain,
                written,
                Some(relative(from, moving.path(place.target), place.separator)),
            );
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
    (dir, old): (&str, &str),
    (to, new): (&str, &str),
    edits: &mut Edits,
) -> Result<(), Refusal> {
    if dir == to || moving.moves_along(place.at, place.target) {
        edits.add(place.at, place.span, old, Some(new.to_owned()));
        return Ok(());
    }
    let text = place.written(statement);
    let package = text.split_whitespace().nth(1).unwrap_or_default();
    let whole = match package.starts_with(place.separator) {
        true => Some(relative(parent(moving.path(place.at)), moving.path(place.target), place.separator)),
        false => moving.specifier(place.at, place.target),
    };
    let Some(whole) = whole else {
        let path = moving.view.path(place.at);
        return Err(Refusal(format!("{path} could not import `{new}` any more")));
    };
    let (package_after, name) = split(&whole, place.separator);
    let facts = moving.view.facts(place.at);
    let items = facts.defs.iter().filter(|d| d.kind == DefKind::Import && d.span == statement).count();
    // Up to the comma or the end: the name that it is given stays.
    let rest = &place.text[place.span.end as usize..statement.end as usize];
    let alias = rest.split([',', ')']).next().unwrap_or_default().trim();
    let alias = if alias.starts_with("as ") { format!(" {alias}") } else { String::new() };
    let line = match package_after.is_empty() {
        true => format!("import {name}{alias}"),
        false => format!("from {package_after} import {name}{alias}"),
    };
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
    separator: char,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    let view = moving.view;
    let (here, there) = (parent(view.path(file)), parent(moving.path(file)));
    let text = text_of(view, file)?;
    let Ok(tree) = Parser::new().parse(view.lang(file), &text, None, &ParseLimits::default()) else {
        return Ok(());
    };
    for span in relative_modules(&tree) {
        let written = &text[span.start as usize..span.end as usize];
        let name = written.trim_start_matches(separator);
        let ups = "../".repeat((written.len() - name.len()).saturating_sub(1));
        let Some(old) = join(here, &format!("{ups}{}", name.replace(separator, "/"))) else { continue };
        let as_file = ["py", "pyi"].iter().find_map(|ending| {
            let to = moved_path(moving.moves, &format!("{old}.{ending}"))?;
            Some(to.strip_suffix(&format!(".{ending}"))?.to_owned())
        });
        let new = as_file.or_else(|| moved_path(moving.moves, &old)).unwrap_or(old);
        edits.add(file, span, written, Some(relative(there, &new, separator)));
    }
    Ok(())
}

/// The module at a path with respect to a directory: as many dots as it takes to get up, then names.
fn relative(dir: &str, path: &str, separator: char) -> String {
    let path = path.strip_suffix(".pyi").or_else(|| path.strip_suffix(".py")).unwrap_or(path);
    let path = path.strip_suffix("/__init__").unwrap_or(path);
    let parts = |text: &str| text.split('/').filter(|p| !p.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (here, there) = (parts(dir), parts(path));
    let common = here.iter().zip(&there).take_while(|(a, b)| a == b).count();
    let dots = separator.to_string().repeat(here.len() - common + 1);
    format!("{dots}{}", there[common..].join(&separator.to_string()))
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
