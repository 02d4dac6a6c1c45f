//! Who names files, or imports something of them.

use std::cell::OnceCell;

use rustc_hash::FxHashSet;

use super::file_renames::by_path;
use crate::graph::Mentions;
use crate::lang::facts::{DefFlags, DefKind, Name, Role, ScopeId, Span};
use crate::lang::modules::{FileId, Layout};
use crate::resolve::{Outcome, ReferenceLimits, Resolver, Symbol, Target};

/// Names that something of one file may be imported by which are looked at.
const NAMES_MAX: usize = 256;
/// Files with one such name that are looked at.
const NAMING_MAX: usize = 1_000;

/// Who names files.
#[derive(Debug, Default)]
pub struct Naming {
    /// Where they are named by their paths or as modules.
    pub places: Vec<(FileId, Span)>,
    /// Other files that have such places, or that import what may be something of them; ascending.
    pub files: Vec<FileId>,
    /// A limit was reached, or nobody wants the answer any more: there may be more.
    pub truncated: bool,
}

/// Who names these files, or may import something that they define.
pub fn naming(resolver: &Resolver<'_>, files: &FxHashSet<FileId>, limits: ReferenceLimits<'_>) -> Naming {
    let mut found = Naming::default();
    let (places, truncated) = by_path(resolver, files, limits);
    found.truncated |= truncated;
    found.places.extend(places.into_iter().map(|(at, span, _)| (at, span)));
    for file in files {
        if limits.is_over() {
            found.truncated = true;
            break;
        }
        let uses = resolver.references(Target::File(*file), limits);
        found.truncated |= uses.truncated || uses.cancelled;
        found.places.extend(uses.found.iter().map(|at| (at.file, at.span)));
    }
    found.files.extend(found.places.iter().map(|(at, _)| *at));
    add_importers(resolver, files, limits, &mut found);
    found.files.retain(|file| !files.contains(file));
    found.files.sort_unstable();
    found.files.dedup();
    found
}

/// Adds the files that import something by a name that these define, or make a module of a name that one of them has.
fn add_importers(
    resolver: &Resolver<'_>,
    files: &FxHashSet<FileId>,
    limits: ReferenceLimits<'_>,
    found: &mut Naming,
) {
    let view = resolver.view();
    let (mut names, mut modules) = (FxHashSet::default(), FxHashSet::default());
    for file in files {
        modules.extend(view.lookup_name(view.lang(*file).strategy().module_of(view.path(*file)).1));
        let outline = view.outline(*file);
        let mut own: Vec<Name> =
            outline.defs.iter().filter(|d| d.scope == ScopeId::FILE).map(|d| d.name).collect();
        own.sort_unstable();
        own.dedup();
        found.truncated |= own.len() > NAMES_MAX;
        names.extend(own.into_iter().take(NAMES_MAX));
    }
    names.extend(modules.iter().copied());
    let families: FxHashSet<_> = files.iter().map(|file| view.lang(*file).family()).collect();
    let leading = OnceCell::new();
    let mut candidates: Vec<(FileId, Name)> = Vec::new();
    for name in names {
        if limits.is_over() {
            found.truncated = true;
            break;
        }
        let mut with: Vec<FileId> = view.files_with(name).take(NAMING_MAX + 1).collect();
        if with.len() > NAMING_MAX {
            let targets = || files.iter().map(|file| Target::File(*file));
            let leading = leading.get_or_init(|| resolver.leading(targets(), limits.cancel));
            if let Some(leading) = leading {
                let there = view.files_with(name).filter(|file| leading.contains(*file));
                with = there.take(NAMING_MAX + 1).collect();
            }
        }
        found.truncated |= with.len() > NAMING_MAX;
        with.truncate(NAMING_MAX);
        with.retain(|at| !files.contains(at) && families.contains(&view.lang(*at).family()));
        candidates.extend(with.into_iter().map(|at| (at, name)));
    }
    candidates.sort_unstable();
    for of_file in candidates.chunk_by(|a, b| a.0 == b.0) {
        if limits.is_over() {
            found.truncated = true;
            break;
        }
        let at = of_file[0].0;
        let names: Vec<Name> = of_file.iter().map(|(_, name)| *name).collect();
        let imports = |(name, mentions): (&Name, Mentions)| {
            mentions.alias
                || mentions.defined && modules.contains(name)
                || mentions.refs().any(|(role, _)| role == Role::Import)
        };
        if names.iter().zip(view.mentions_each(at, &names)).any(imports) {
            found.files.push(at);
        }
    }
}

/// The names by which a file imports one of these, or something of them, and those among them by which it makes one a
/// module.
pub fn leads_to(resolver: &Resolver<'_>, file: FileId, files: &FxHashSet<FileId>) -> Vec<(Span, bool)> {
    let facts = resolver.view().facts(file);
    let leads_there = |def| match resolver.meaning(Symbol { file, def }) {
        Outcome::Found(targets) => targets.iter().all(|(target, _)| files.contains(&target.file())),
        _ => false,
    };
    let imports = facts.defs_with_ids().filter(|(_, d)| {
        d.flags.has(DefFlags::FILE_MODULE) || d.kind == DefKind::Import && !d.flags.has(DefFlags::EXPORTED)
    });
    imports
        .filter(|(id, _)| leads_there(*id))
        .map(|(_, d)| (d.name_span, d.flags.has(DefFlags::FILE_MODULE)))
        .collect()
}
