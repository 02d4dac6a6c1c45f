//! Modules that are named by a path in a string.

use std::sync::atomic::AtomicBool;

use rustc_hash::FxHashSet;

use super::{Moving, PLACES_MAX};
use crate::graph::View;
use crate::lang::facts::Span;
use crate::lang::modules::{FileId, Layout, file_name, join, parent, relative_path};
use crate::query::document_links::{document_links, links};
use crate::resolve::{ReferenceLimits, Resolver};

/// Whether what is written at the span is a path.
pub fn is_path(text: &str, span: Span, written: &str) -> bool {
    written.contains('/') || text[..span.start as usize].ends_with(['"', '\'', '`', '<'])
}

/// The path by which a file will name another, written like before: with the ending if that had one.
pub fn rewritten(moving: &Moving<'_>, at: FileId, target: FileId, written: &str) -> Option<String> {
    if moving.view.lang(at).knobs().textual {
        return included(moving, at, target, written);
    }
    if !written.contains('/') && !written.starts_with('.') {
        return None;
    }
    if written.starts_with('.') && moving.moves_along(at, target) {
        return None;
    }
    let mut specifier = moving.specifier(at, target)?;
    if let Some((_, ending)) = file_name(written).rsplit_once('.').filter(|(stem, _)| !stem.is_empty())
        && !file_name(&specifier).contains('.')
        && !ending.is_empty()
    {
        specifier = format!("{specifier}.{ending}");
    }
    Some(specifier)
}

/// What is included by its path from the file stays so, what is by its path from a directory of headers too, as long as it
/// stays in that.
fn included(moving: &Moving<'_>, at: FileId, target: FileId, written: &str) -> Option<String> {
    let (here, old) = (parent(moving.view.path(at)), moving.view.path(target));
    let (there, new) = (parent(moving.path(at)), moving.path(target));
    if join(here, written).as_deref() == Some(old) {
        let beside = relative_path(there, new);
        return Some(beside.strip_prefix("./").map_or(beside.clone(), str::to_owned));
    }
    let root = old.strip_suffix(written)?;
    new.strip_prefix(root).map(str::to_owned)
}

/// Where files name these by a path (`./dir/name`): a name of its own to the graph. And whether a limit was reached, so that
/// there may be more.
pub fn by_path(
    resolver: &Resolver<'_>,
    files: &FxHashSet<FileId>,
    limits: ReferenceLimits<'_>,
) -> (Vec<(FileId, Span, FileId)>, bool) {
    let view = resolver.view();
    let mut called: Vec<&str> = Vec::new();
    for file in files {
        let path = view.path(*file);
        called.push(file_name(path).split('.').next().unwrap_or_default());
        called.push(file_name(parent(path)));
    }
    called.sort_unstable();
    called.dedup();
    let ends = |text: &str| {
        let last = file_name(text);
        let stem = last.trim_start_matches(['"', '<']).split('.').next().unwrap_or_default();
        // The main file of a directory is named by it, or by nothing but dots.
        called.binary_search(&stem).is_ok()
            || called.binary_search(&last).is_ok()
            || last.bytes().all(|b| b == b'.')
    };
    let path_like = |text: &str| text.contains('/') || text.starts_with(['.', '"', '<']);
    let mut naming: Vec<FileId> = view
        .names()
        .filter(|(_, text)| path_like(text) && ends(text))
        .flat_map(|(name, _)| view.files_with(name))
        .collect();
    naming.sort_unstable();
    naming.dedup();
    let never = AtomicBool::new(false);
    let mut found = Vec::new();
    for at in naming {
        if limits.is_over() || found.len() > PLACES_MAX {
            return (found, true);
        }
        let links = links(resolver, at, limits.cancel.unwrap_or(&never));
        let there = links.into_iter().filter(|l| files.contains(&l.file));
        found.extend(there.map(|l| (at, l.span, l.file)));
    }
    (found, false)
}

/// Modules that the file names by a path with respect to itself.
pub fn specifiers(view: &View, file: FileId) -> Vec<(Span, FileId)> {
    let never = AtomicBool::new(false);
    let Ok(text) = view.text(file) else { return Vec::new() };
    let textual = view.lang(file).knobs().textual;
    let links = document_links(view, file, &never);
    let relative = |span: Span| {
        text.get(span.start as usize..span.end as usize)
            .is_some_and(|written| (textual || written.starts_with('.')) && is_path(&text, span, written))
    };
    links.into_iter().filter(|l| relative(l.span)).map(|l| (l.span, l.file)).collect()
}
