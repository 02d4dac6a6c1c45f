//! Definitions that count as uses of each other: members that override one another, and parameters that are fields.

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::{Resolver, Symbol};
use crate::lang::facts::{Def, DefFlags, DefKind, ScopeKind};

impl Resolver<'_> {
    /// The definition, the members of types above that it overrides, and the parameter or field that it is too. Two
    /// definitions are related if these have one in common.
    pub(super) fn related(&self, symbol: Symbol) -> SmallVec<[Symbol; 4]> {
        let mut all: SmallVec<[Symbol; 4]> = SmallVec::from_elem(symbol, 1);
        if !self.knobs(symbol.file).related_use {
            return all;
        }
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        let scope = index.facts.scope(def.scope);
        match def.kind {
            DefKind::Method | DefKind::Field | DefKind::Property => {
                let owner = match def.of {
                    Some(_) => self.owner_by_receiver(symbol.file, def),
                    None => scope
                        .owner
                        .filter(|_| scope.kind == ScopeKind::Class)
                        .map(|def| self.canonical(Symbol { file: symbol.file, def })),
                };
                let Some(owner) = owner else { return all };
                let mut seen: FxHashSet<Symbol> = all.iter().copied().collect();
                for (ty, _) in &self.linear(owner).types {
                    for member in self.own_symbols(*ty, def.name) {
                        let is_static = self.def(member).flags.has(DefFlags::STATIC);
                        if is_static == def.flags.has(DefFlags::STATIC) && seen.insert(member) {
                            all.push(member);
                        }
                    }
                }
                // A parameter that is a field too is written once.
                all.extend(self.twin(symbol, DefKind::Parameter));
            }
            DefKind::Parameter => {
                if let Some(field) = self.twin(symbol, DefKind::Field) {
                    all.extend(self.related(field).into_iter().filter(|s| *s != symbol));
                }
            }
            _ => {}
        }
        all
    }

    /// The other definition that the same letters are.
    fn twin(&self, symbol: Symbol, kind: DefKind) -> Option<Symbol> {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        let is_twin = |other: &Def| other.kind == kind && other.name_span == def.name_span;
        let found = index.named(def.name).find(|(_, other)| is_twin(other))?;
        Some(Symbol { file: symbol.file, def: found.0 })
    }
}
