//! Declarations and definitions that are one thing, in whatever files they stand.

use std::rc::Rc;

use smallvec::SmallVec;

use super::included::is_header;
use super::{Resolver, Symbol};
use crate::lang::facts::{Def, DefFlags, DefKind, ScopeKind};
use crate::lang::modules::{FileId, Layout, parent};

/// Files that declare one name of which the declarations are brought together.
const FILES_MAX: usize = 512;

/// Kinds of things of which several declarations can be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Linked {
    Function,
    Variable,
    Type,
}

fn linked(kind: DefKind) -> Option<Linked> {
    match kind {
        DefKind::Function => Some(Linked::Function),
        DefKind::Variable => Some(Linked::Variable),
        DefKind::Class | DefKind::Struct | DefKind::Union | DefKind::Enum => Some(Linked::Type),
        _ => None,
    }
}

/// One file's declarations of a thing.
struct Part {
    file: FileId,
    definitions: SmallVec<[Symbol; 2]>,
    declarations: SmallVec<[Symbol; 2]>,
}

impl Resolver<'_> {
    /// What only declares the thing that this is a definition of, in languages that tell the two apart.
    pub fn declarations(&self, symbol: Symbol) -> Vec<Symbol> {
        let group = self.linked_group(symbol).unwrap_or_default();
        group.iter().copied().filter(|s| self.def(*s).flags.has(DefFlags::DECLARATION)).collect()
    }

    /// The declarations of the same thing in all files, definitions first; `None` if it can only be declared once.
    pub(super) fn linked_group(&self, symbol: Symbol) -> Option<Rc<[Symbol]>> {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        let outside = matches!(index.facts.scope(index.home(def)).kind, ScopeKind::File | ScopeKind::Module);
        if !index.lang.knobs().textual || !outside || def.of.is_some() {
            return None;
        }
        let kind = linked(def.kind)?;
        if let Some(known) = self.groups.borrow().get(&symbol) {
            return Some(Rc::clone(known));
        }
        let own = self.part(symbol.file, def, kind);
        let groups =
            if self.is_internal(symbol) { vec![vec![own]] } else { self.grouped(symbol, def, kind, own) };
        for parts in groups {
            let definitions = parts.iter().flat_map(|p| p.definitions.iter().copied());
            let declarations = parts.iter().flat_map(|p| p.declarations.iter().copied());
            let group: Rc<[Symbol]> = definitions.chain(declarations).collect();
            for symbol in group.iter() {
                self.groups.borrow_mut().insert(*symbol, Rc::clone(&group));
            }
        }
        self.groups.borrow().get(&symbol).map(Rc::clone)
    }

    /// What the file declares of the thing.
    fn part(&self, file: FileId, def: &Def, kind: Linked) -> Part {
        let index = self.index(file);
        let mut part = Part { file, definitions: SmallVec::new(), declarations: SmallVec::new() };
        for (id, other) in index.named(def.name) {
            let home = index.home(other);
            let outside = matches!(index.facts.scope(home).kind, ScopeKind::File | ScopeKind::Module);
            if linked(other.kind) == Some(kind) && other.of.is_none() && outside {
                let list = match other.flags.has(DefFlags::DECLARATION) {
                    true => &mut part.declarations,
                    false => &mut part.definitions,
                };
                list.push(Symbol { file, def: id });
            }
        }
        part
    }

    /// The declarations in all files, brought together: all of them if there is one definition, otherwise each
    /// declaration with the definition whose file includes it, or the nearest.
    fn grouped(&self, symbol: Symbol, def: &Def, kind: Linked, own: Part) -> Vec<Vec<Part>> {
        let all = self.all_declaring(def.name);
        if all.len() > FILES_MAX {
            return vec![vec![own]];
        }
        let family = self.layout().lang(symbol.file).family();
        let mut parts = vec![own];
        for (file, _) in all.iter().filter(|(f, _)| *f != symbol.file) {
            if self.layout().lang(*file).family() != family {
                continue;
            }
            let part = self.part(*file, def, kind);
            let first = part.definitions.first().or(part.declarations.first());
            if first.is_some_and(|first| !self.is_internal(*first)) {
                parts.push(part);
            }
        }
        // The numbers of files are those of a graph, their paths are the folder's.
        parts.sort_by(|a, b| self.layout().path(a.file).cmp(self.layout().path(b.file)));
        let (defining, declaring): (Vec<Part>, Vec<Part>) =
            parts.into_iter().partition(|part| !part.definitions.is_empty());
        if defining.len() < 2 {
            return vec![defining.into_iter().chain(declaring).collect()];
        }
        let mut groups: Vec<Vec<Part>> = defining.into_iter().map(|part| vec![part]).collect();
        for part in declaring {
            let best = groups
                .iter()
                .enumerate()
                .max_by_key(|(at, group)| (self.closeness(group[0].file, part.file), std::cmp::Reverse(*at)));
            if let Some((at, _)) = best {
                groups[at].push(part);
            }
        }
        groups
    }

    /// How likely the definition in the one file is what the other declares.
    fn closeness(&self, defining: FileId, declaring: FileId) -> (bool, usize, bool) {
        let (here, there) = (self.layout().path(defining), self.layout().path(declaring));
        let common =
            parent(here).split('/').zip(parent(there).split('/')).take_while(|(a, b)| a == b).count();
        (self.reach(defining).sees(declaring), common, !is_header(here))
    }
}
