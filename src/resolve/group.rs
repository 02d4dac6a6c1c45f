//! Definitions that are one symbol.

use smallvec::SmallVec;

use super::{FileIndex, Resolver, Symbol};
use crate::lang::facts::{Def, DefFlags, DefKind};
use crate::lang::pack::Visibility;

impl Resolver<'_> {
    /// The definitions that are one symbol with this one: overloads, merged declarations, assignments of one name.
    pub(super) fn group(&self, symbol: Symbol) -> SmallVec<[Symbol; 2]> {
        if let Some(linked) = self.linked_group(symbol) {
            return linked.iter().copied().collect();
        }
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        let mut group: SmallVec<[Symbol; 2]> = SmallVec::new();
        if def.of.is_some() {
            group.push(symbol);
            return group;
        }
        for (id, other) in index.declared(def.scope, def.name) {
            if id == symbol.def || self.merges(&index, def, other) {
                group.push(Symbol { file: symbol.file, def: id });
            }
        }
        if group.len() > 1 && index.lang.knobs().textual {
            group.sort_by_key(|s| index.facts.def(s.def).flags.has(DefFlags::INACTIVE));
        }
        group
    }

    fn merges(&self, index: &FileIndex, def: &Def, other: &Def) -> bool {
        let knobs = index.lang.knobs();
        if knobs.textual {
            // What is declared again stands in the other branch of a condition.
            let again = matches!(
                def.kind,
                DefKind::Macro | DefKind::TypeAlias | DefKind::Field | DefKind::EnumMember
            );
            return again && def.kind == other.kind;
        }
        let separate = |d: &Def| matches!(d.kind, DefKind::Label | DefKind::Export | DefKind::Macro);
        if separate(def) || separate(other) {
            return false;
        }
        match knobs.visibility {
            Visibility::Scope => true,
            Visibility::Declaration => {
                let overload = |d: &Def| d.flags.has(DefFlags::OVERLOAD);
                let variable = |d: &Def| matches!(d.kind, DefKind::Variable | DefKind::Parameter);
                overload(def) && overload(other) || !knobs.shadowing && variable(def) && variable(other)
            }
        }
    }

    /// The first definition of the symbol, which stands for all of them.
    pub(super) fn canonical(&self, symbol: Symbol) -> Symbol {
        self.group(symbol).first().copied().unwrap_or(symbol)
    }
}
