//! What is seen everywhere without an import: names that scripts and `declare global` declare, and modules that are declared
//! by their specifier.

use super::ty::Place;
use super::{Entity, Hit, Hits, Resolution, Resolver, Symbol, Target, Tier};
use crate::graph::View;
use crate::lang::facts::{Def, DefFlags, DefKind, Facts, Name, Ref, Role, Scope, ScopeId, ScopeKind};
use crate::lang::modules::{FileId, Layout};

/// Definitions of one name that are looked at.
const CANDIDATES_MAX: usize = 64;

impl Resolver<'_> {
    /// What the bare name stands for that a file of the same family declares for all.
    pub(super) fn in_ambient(&self, file: FileId, r: &Ref) -> Option<Resolution> {
        if matches!(r.role, Role::Label | Role::Key | Role::Import) {
            return None;
        }
        let typed = matches!(r.role, Role::Type | Role::Inherit);
        let symbols = self.ambient(r.name, file, |kind| kind != DefKind::Namespace || !typed);
        let hits: Hits = symbols
            .map(|symbol| Hit { entity: Entity::Symbol(symbol), tier: Tier::Import, subst: None })
            .collect();
        (!hits.is_empty()).then(|| Resolution::Found(hits).bounded())
    }

    /// The module that is declared by this specifier (`declare module 'x' { … }`).
    pub(super) fn ambient_module(&self, file: FileId, specifier: Name) -> Option<Place> {
        self.ambient(specifier, file, |kind| kind == DefKind::Namespace).next().map(Place::Inline)
    }

    /// Whether the definition is seen without an import.
    pub(super) fn is_ambient(&self, target: Target) -> bool {
        let Some(symbol) = target.symbol() else { return false };
        self.knobs(symbol.file).ambient && {
            let index = self.index(symbol.file);
            is_ambient(&index.facts, index.facts.def(symbol.def))
        }
    }

    /// Whether something is declared in the file that is seen without an import, and its members with it.
    pub(super) fn declares_ambient(&self, file: FileId) -> bool {
        self.knobs(file).ambient && {
            let index = self.index(file);
            let is_module = |scope: &Scope| scope.kind == ScopeKind::Module;
            is_script(&index.facts) || index.facts.scopes.iter().any(is_module)
        }
    }

    fn ambient(
        &self,
        name: Name,
        like: FileId,
        takes: impl Fn(DefKind) -> bool,
    ) -> impl Iterator<Item = Symbol> {
        let view: &View = self.view;
        let family = view.lang(like).family();
        view.defs_named(name).take(CANDIDATES_MAX).filter_map(move |(file, def)| {
            let lang = view.lang(file);
            if lang.family() != family || !lang.knobs().ambient {
                return None;
            }
            let (symbol, sketched) = (Symbol { file, def }, self.sketched(file));
            let d = sketched.def(symbol).filter(|d| takes(d.kind))?;
            // Of a file that imports or exports nothing is seen that stands outermost.
            if d.scope == ScopeId::FILE && sketched.marked {
                return None;
            }
            let index = self.index(file);
            is_ambient(&index.facts, index.facts.def(def)).then_some(symbol)
        })
    }
}

/// Whether all files see the definition: it stands in `declare global`, or in a file that neither imports nor exports.
fn is_ambient(facts: &Facts, def: &Def) -> bool {
    if def.of.is_some() || matches!(def.kind, DefKind::Import | DefKind::Export | DefKind::Label) {
        return false;
    }
    let scope = facts.scope(def.scope);
    if scope.kind == ScopeKind::Module {
        return scope.owner.is_none();
    }
    def.scope == ScopeId::FILE && is_script(facts)
}

/// Whether a file neither imports nor exports.
fn is_script(facts: &Facts) -> bool {
    let marked = |d: &Def| {
        matches!(d.kind, DefKind::Import | DefKind::Export)
            || d.scope == ScopeId::FILE && d.flags.has(DefFlags::EXPORTED)
    };
    let imports = || facts.refs.iter().any(|r| r.role == Role::Import);
    facts.globs.is_empty() && !facts.defs.iter().any(marked) && !imports()
}
