//! What a reference is answered with, where that is not the thing it evaluates to.

use smallvec::SmallVec;

use super::member::Wanted;
use super::ty::Place;
use super::{Entity, Hit, Hits, Resolution, Resolver, Symbol, Tier};
use crate::lang::facts::{DefFlags, DefKind, Ref, RefId, Role};
use crate::lang::modules::FileId;

impl Resolver<'_> {
    /// The answer to a reference: a constructor for the class that is called, an import for the package that it names.
    pub(super) fn presented(
        &self,
        file: FileId,
        id: RefId,
        r: &Ref,
        found: &Resolution,
    ) -> Option<Resolution> {
        let knobs = self.knobs(file);
        if let Some(import) = self.bound_import(file, r) {
            return Some(Resolution::symbol(import, Tier::Lexical));
        }
        if !knobs.arities
            && !knobs.overloads
            && !knobs.textual
            && let Some(found) = self.implementation_first(found)
        {
            return Some(found);
        }
        if knobs.call_leads_to_constructor && r.role == Role::Call {
            let constructors = self.constructors_of(found)?;
            return Some(match self.index(file).facts.arity(id) {
                Some(arity) => self.by_arity(constructors, usize::from(arity)),
                None => constructors,
            });
        }
        None
    }

    /// Of a function with several signatures the one with a body, where the call does not tell which signature is meant.
    fn implementation_first(&self, found: &Resolution) -> Option<Resolution> {
        let is_signature = |hit: &Hit| match hit.entity {
            Entity::Symbol(symbol) => self.def(symbol).flags.has(DefFlags::OVERLOAD),
            Entity::Place(_) => false,
        };
        let hits = found.hits();
        if hits.len() < 2 || !hits.first().is_some_and(is_signature) || hits.iter().all(is_signature) {
            return None;
        }
        let mut hits: Hits = hits.iter().cloned().collect();
        hits.sort_by_key(is_signature);
        Some(Resolution::Found(hits))
    }

    fn constructors_of(&self, found: &Resolution) -> Option<Resolution> {
        let class = found.first_symbol()?;
        let def = self.def(class);
        if !def.kind.is_type() {
            return None;
        }
        let constructors = self.constructors(class);
        (!constructors.is_empty()).then(|| Resolution::Found(constructors))
    }

    /// The constructors that a class declares or inherits.
    fn constructors(&self, class: Symbol) -> Hits {
        let class = self.canonical(class);
        let knobs = self.knobs(class.file);
        let own = self.def(class).name;
        let mut names: SmallVec<[_; 2]> =
            knobs.constructor_names.iter().filter_map(|n| self.view.lookup_name(n)).collect();
        if names.is_empty() {
            // Where constructors have no name of their own they have their class's.
            names.push(own);
        }
        let mut hits = Hits::new();
        for name in names {
            for member in self.own_members(class, Wanted::any(name)) {
                if self.def(member.0).kind == DefKind::Constructor {
                    hits.extend(Resolution::symbol(member.0, Tier::Member).hits().iter().cloned());
                }
            }
        }
        hits
    }

    /// The place of the file itself, for names that every module has without declaring them.
    pub(super) fn module_attribute(&self, file: FileId, r: &Ref) -> Option<Resolution> {
        self.named_in(r.name, self.knobs(file).module_attributes)
            .then(|| Resolution::place(Place::Files(SmallVec::from_elem(file, 1)), Tier::Lexical))
    }
}
