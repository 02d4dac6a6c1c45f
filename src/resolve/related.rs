//! Definitions that count as uses of each other: members that override one another, and what stands for a member in a
//! pattern.

use smallvec::SmallVec;

use super::{Entity, Resolver, Symbol};
use crate::lang::facts::{DefKind, Role, ScopeKind};

impl Resolver<'_> {
    /// The definition, the members of types above that it overrides, and the member that a pattern binds it to. Two
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
                for (ty, _) in &self.linear(owner).types {
                    for member in self.own_symbols(*ty, def.name) {
                        if !all.contains(&member) {
                            all.push(member);
                        }
                    }
                }
                // A parameter that is a field too is written once.
                self.add_twins(symbol, DefKind::Parameter, &mut all);
            }
            DefKind::Variable | DefKind::Constant | DefKind::Parameter => {
                let key = |r: &crate::lang::facts::Ref| r.role == Role::Key && r.span == def.name_span;
                if let Some((id, _)) = index.facts.refs_with_ids().find(|(_, r)| key(r)) {
                    for hit in self.reference(symbol.file, id).hits() {
                        let Entity::Symbol(member) = hit.entity else { continue };
                        let of_member = if member == symbol { SmallVec::new() } else { self.related(member) };
                        for member in of_member {
                            if !hit.tier.is_guess() && !all.contains(&member) {
                                all.push(member);
                            }
                        }
                    }
                }
                self.add_twins(symbol, DefKind::Field, &mut all);
            }
            _ => {}
        }
        all
    }

    fn add_twins(&self, symbol: Symbol, kind: DefKind, all: &mut SmallVec<[Symbol; 4]>) {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        for (id, other) in index.named(def.name) {
            let twin = Symbol { file: symbol.file, def: id };
            if other.kind == kind && other.name_span == def.name_span && !all.contains(&twin) {
                all.push(twin);
            }
        }
    }
}
