//! By name alone: what is left when the type of a receiver is not known.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{Entity, Hit, Resolution, Resolver, Symbol, Tier};
use crate::lang::LangId;
use crate::lang::facts::{DefFlags, DefKind, Name, Ref, Role, ScopeId, ScopeKind};
use crate::lang::modules::{FileId, Layout, parent};

/// Guesses that are offered.
pub(super) const GUESSES_MAX: usize = 10;

/// Definitions of one name that are looked at; a name with more says nothing.
const CANDIDATES_MAX: usize = 512;

/// Members by name, for the languages of one family.
pub type Guesses = RefCell<FxHashMap<(Name, LangId), Rc<[Symbol]>>>;

impl Resolver<'_> {
    /// The members of that name in the folder: one is an answer, several are ranked.
    pub(super) fn guess(&self, file: FileId, r: &Ref) -> Resolution {
        let unknown = Resolution::Missing("the type of the receiver is not known");
        if self.sober.get() || matches!(r.role, Role::Import | Role::Label | Role::Type | Role::Inherit) {
            return unknown;
        }
        if self.named_in(r.name, self.knobs(file).standard_members) {
            return unknown;
        }
        let candidates = self.members_named(r.name, file);
        let tier = match candidates.len() {
            0 => return unknown,
            1 => Tier::UniqueName,
            _ => Tier::Ranked,
        };
        let mut ranked: SmallVec<[Symbol; 8]> = candidates.iter().copied().collect();
        let here = self.view.path(file);
        ranked.sort_by_cached_key(|s| {
            let calls = self.def(*s).kind.is_callable() == (r.role == Role::Call);
            let there = self.view.path(s.file);
            // What is written in a literal is what a type declares elsewhere.
            let written = self.knobs(s.file).structural_types && self.is_of_a_value(*s);
            (written, !calls, s.file != file, parent(there) != parent(here), *s)
        });
        ranked.truncate(GUESSES_MAX);
        let hits = ranked.into_iter().map(|s| Hit { entity: Entity::Symbol(s), tier, subst: None });
        Resolution::Found(hits.collect())
    }

    /// Whether it is a property of a literal, or one that an assignment declares, rather than a type's.
    fn is_of_a_value(&self, symbol: Symbol) -> bool {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        // Where types are only said in comments most objects have no other.
        let literal = index.facts.scope(def.scope).kind == ScopeKind::Object
            && def.ty.is_none()
            && !index.lang.knobs().comment_types;
        literal || def.flags.has(DefFlags::ASSIGNED) && !def.kind.is_callable()
    }

    /// Members of that name, one for each type that has it.
    fn members_named(&self, name: Name, file: FileId) -> Rc<[Symbol]> {
        let lang = self.view.lang(file);
        if let Some(known) = self.guesses.borrow().get(&(name, lang)) {
            return Rc::clone(known);
        }
        let mut found: Vec<(Symbol, (FileId, Option<ScopeId>))> = Vec::new();
        for (file, def) in self.view.defs_named(name).take(CANDIDATES_MAX) {
            if self.view.lang(file).family() != lang.family() {
                continue;
            }
            let index = self.index(file);
            let d = index.facts.def(def);
            let is_member = matches!(
                d.kind,
                DefKind::Method
                    | DefKind::Field
                    | DefKind::Property
                    | DefKind::Function
                    | DefKind::EnumMember
            );
            let scope = index.facts.ancestors(d.scope).find(|s| {
                matches!(
                    index.facts.scope(*s).kind,
                    ScopeKind::Class | ScopeKind::Extension | ScopeKind::Object
                )
            });
            if !is_member || d.name_span.is_empty() || scope.is_none() && d.of.is_none() {
                continue;
            }
            let owner = (file, scope);
            if !found.iter().any(|(_, o)| *o == owner) {
                found.push((Symbol { file, def }, owner));
            }
        }
        let symbols: Rc<[Symbol]> = found.into_iter().map(|(s, _)| s).collect();
        self.guesses.borrow_mut().insert((name, lang), Rc::clone(&symbols));
        symbols
    }
}
