//! Declarations and definitions that are one thing, in whatever files they stand.

use std::cmp::Reverse;
use std::rc::Rc;

use smallvec::SmallVec;

use super::built_for::Apart;
use super::included::is_header;
use super::{Resolver, Symbol};
use crate::lang::facts::{Def, DefFlags, DefKind, Facts, Name, ScopeKind, Term, TermId};
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

/// Whether a member is called.
fn linked_member(kind: DefKind) -> bool {
    matches!(kind, DefKind::Method | DefKind::Function | DefKind::Constructor)
}

/// The last name of a type as it is written.
fn head_name(facts: &Facts, ty: TermId) -> Option<Name> {
    const STEPS_MAX: usize = 8;
    let mut at = ty;
    for _ in 0..STEPS_MAX {
        at = match facts.term(at) {
            Term::Ref(reference) => return Some(facts.reference(*reference).name),
            Term::Def(def) => return Some(facts.def(*def).name),
            Term::Apply(inner, _) | Term::Same(inner) | Term::Instance(inner) | Term::List(inner) => *inner,
            _ => return None,
        };
    }
    None
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
        if !index.lang.knobs().textual {
            return None;
        }
        let home = index.facts.scope(index.home(def));
        if def.of.is_some() || home.kind == ScopeKind::Class {
            return self.member_group(symbol, def);
        }
        if !matches!(home.kind, ScopeKind::File | ScopeKind::Module) {
            return None;
        }
        let kind = linked(def.kind)?;
        if let Some(known) = self.groups.borrow().get(&symbol) {
            return Some(Rc::clone(known));
        }
        let own = self.part(symbol.file, symbol, def, kind);
        let groups =
            if self.is_internal(symbol) { vec![vec![own]] } else { self.grouped(symbol, def, kind, own) };
        for parts in groups {
            let definitions = parts.iter().flat_map(|p| p.definitions.iter().copied());
            let declarations = parts.iter().flat_map(|p| p.declarations.iter().copied());
            let mut group: Vec<Symbol> = definitions.chain(declarations).collect();
            let flags = |s: &Symbol| self.def(*s).flags;
            group.sort_by_key(|s| (flags(s).has(DefFlags::DECLARATION), flags(s).has(DefFlags::INACTIVE)));
            let group: Rc<[Symbol]> = group.into();
            for symbol in group.iter() {
                self.groups.borrow_mut().insert(*symbol, Rc::clone(&group));
            }
        }
        self.groups.borrow().get(&symbol).map(Rc::clone)
    }

    /// What the file declares of the thing.
    fn part(&self, file: FileId, symbol: Symbol, def: &Def, kind: Linked) -> Part {
        let index = self.index(file);
        let namespaces = self.namespaces(symbol.file, self.index(symbol.file).home(def));
        let mut part = Part { file, definitions: SmallVec::new(), declarations: SmallVec::new() };
        for (id, other) in index.named(def.name) {
            let home = index.home(other);
            let other_symbol = Symbol { file, def: id };
            if linked(other.kind) == Some(kind)
                && other.of.is_none()
                && self.namespaces(file, home) == namespaces
                && self.takes_the_same(symbol, other_symbol)
            {
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
            let part = self.part(*file, symbol, def, kind);
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
                .max_by_key(|(at, group)| (self.closeness(group[0].file, part.file), Reverse(*at)));
            if let Some((at, _)) = best {
                groups[at].push(part);
            }
        }
        groups
    }

    /// Whether two functions can be one by their parameters, where functions of one name are told apart by them.
    fn takes_the_same(&self, one: Symbol, other: Symbol) -> bool {
        let arities = |symbol: Symbol| self.knobs(symbol.file).arities;
        !arities(one) || !arities(other) || self.signature(one) == self.signature(other)
    }

    /// The names of the types of a function's parameters, as far as they have any.
    fn signature(&self, function: Symbol) -> SmallVec<[Option<Name>; 6]> {
        let index = self.index(function.file);
        let facts = &index.facts;
        let Some(body) = facts.def(function.def).body else { return SmallVec::new() };
        let parameters = facts.defs[function.def.index()..].iter();
        parameters
            .take_while(|d| d.name_span.start <= facts.scope(body).span.end)
            .filter(|d| d.scope == body && d.kind == DefKind::Parameter)
            .map(|d| d.ty.and_then(|ty| head_name(facts, ty)))
            .collect()
    }

    /// The declarations of one member: in its class, and outside of it.
    fn member_group(&self, symbol: Symbol, def: &Def) -> Option<Rc<[Symbol]>> {
        let callable = matches!(def.kind, DefKind::Method | DefKind::Function | DefKind::Constructor);
        let is_type = |kind: DefKind| linked(kind) == Some(Linked::Type);
        if !callable && !is_type(def.kind) && !matches!(def.kind, DefKind::Field | DefKind::Variable) {
            return None;
        }
        if let Some(known) = self.groups.borrow().get(&symbol) {
            return Some(Rc::clone(known));
        }
        let owner = match def.of {
            Some(_) => self.owner_by_receiver(symbol.file, def)?,
            None => Symbol { file: symbol.file, def: self.index(symbol.file).facts.scope(def.scope).owner? },
        };
        let all: SmallVec<[Symbol; 4]> = self
            .own_symbols(self.canonical(owner), def.name)
            .into_iter()
            .filter(|s| {
                (linked_member(self.def(*s).kind) == linked_member(def.kind))
                    && is_type(self.def(*s).kind) == is_type(def.kind)
                    && (!callable || self.takes_the_same(symbol, *s))
            })
            .collect();
        if !all.contains(&symbol) {
            return None;
        }
        let mut group: Vec<Symbol> = all.into_vec();
        let outside = |s: &Symbol| self.def(*s).of.is_some();
        let declares = |s: &Symbol| self.def(*s).flags.has(DefFlags::DECLARATION);
        group.sort_by_key(|s| (declares(s), !outside(s)));
        let group: Rc<[Symbol]> = group.into();
        for symbol in group.iter() {
            self.groups.borrow_mut().insert(*symbol, Rc::clone(&group));
        }
        Some(group)
    }

    /// How likely the definition in the one file is what the other declares.
    fn closeness(&self, defining: FileId, declaring: FileId) -> (bool, Reverse<Apart>, usize, bool) {
        let (here, there) = (self.layout().path(defining), self.layout().path(declaring));
        let common =
            parent(here).split('/').zip(parent(there).split('/')).take_while(|(a, b)| a == b).count();
        let apart = self.apart(declaring, defining);
        (self.reach(defining).sees(declaring), Reverse(apart), common, !is_header(here))
    }
}
