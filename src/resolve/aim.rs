//! What a search for references looks for, and the look at one file.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::holders::Holders;
use super::index::FileIndex;
use super::leading::Leading;
use super::references::{Found, ReferenceLimits};
use super::ty::Place;
use super::visible::Filter;
use super::{Entity, Resolver, Symbol, Target};
use crate::lang::facts::{DefFlags, Name, Ref, RefId, Role, Span, Term};
use crate::lang::modules::{FileId, Layout};

/// Candidates between two looks at the clock.
const CLOCK_EVERY: usize = 64;

/// What is searched for. It stays as it is while files are looked into, whoever does it.
pub(super) struct Aim<'v, 'c> {
    pub limits: ReferenceLimits<'c>,
    /// Candidates that the search may resolve.
    pub candidates_max: usize,
    pub targets: FxHashSet<Target>,
    /// Those that are the symbol itself.
    pub own: FxHashSet<Symbol>,
    /// The target is a macro that mentions the symbol, instead of the symbol.
    pub expanding: bool,
    /// What a reference has to be like, as far as all targets agree.
    pub filter: Option<Filter>,
    /// The types that all targets are members of, where these are told.
    pub holders: Option<Holders>,
    /// Where imports lead from to the targets, once it was asked for; nothing where that may be anywhere.
    pub leading: OnceLock<Option<Leading<'v>>>,
}

impl<'v> Aim<'v, '_> {
    /// Whether imports lead from the file to a target.
    pub fn leads_there(&self, resolver: &Resolver<'v>, file: FileId) -> bool {
        let find = || resolver.leading(self.targets.iter().copied(), self.limits.cancel);
        self.leading.get_or_init(find).as_ref().is_none_or(|leading| leading.contains(file))
    }
}

/// How much there is already: what a search may have is bounded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    /// Candidates resolved.
    pub looked: usize,
    /// Places found.
    pub found: usize,
}

/// What was found in one file, in the order in which it was found.
#[derive(Default)]
pub(super) struct Look {
    /// Whether what is known without the file's facts was not enough.
    pub decoded: bool,
    /// Candidates looked at, and the one at which it ended if that was for their number.
    pub looked: usize,
    pub hits: Vec<Hit>,
    /// Definitions that are the symbol, count as one of its uses, or hand it on under its own name.
    pub declared: Vec<Found>,
    pub end: End,
}

/// How a look at a file ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum End {
    #[default]
    Whole,
    /// There may be no more.
    Full,
    /// The time was up, or nobody wants the answer any more.
    Over,
}

/// A reference that leads to the target.
pub(super) struct Hit {
    /// How many candidates of the file had been looked at, this one included.
    pub at: usize,
    /// Nothing where it is of a role that is not kept.
    pub used: Option<Used>,
    /// Other names that an import or export gives to it.
    pub aliases: Vec<Name>,
}

pub(super) struct Used {
    pub found: Found,
    /// A condition that asks for the name of a macro, and puts nothing to use.
    pub asks: bool,
    pub around: Around,
}

/// The macro whose text holds a use, where uses of macros are looked for.
pub(super) enum Around {
    Nothing,
    Macro(Symbol),
    /// One that likely is not compiled.
    Inactive,
}

impl Used {
    /// Whether it is a place that is found, rather than one that leads to others.
    pub fn is_place(&self, expanding: bool) -> bool {
        match (&self.around, expanding) {
            (Around::Nothing, expanding) => !(expanding && self.asks),
            (Around::Inactive, expanding) => !expanding,
            (Around::Macro(_), _) => false,
        }
    }
}

impl Look {
    /// Whether there is nothing to tell of the file.
    pub fn is_nothing(&self) -> bool {
        self.looked == 0 && self.declared.is_empty() && self.end == End::Whole
    }

    /// What there is after the file.
    pub fn count(&self, before: Count, expanding: bool) -> Count {
        let places = self.hits.iter().filter_map(|hit| hit.used.as_ref());
        let found = places.filter(|used| used.is_place(expanding)).count() + self.declared.len();
        Count { looked: before.looked + self.looked, found: before.found + found }
    }
}

/// Looks into files for the target, with the resolver of its own thread.
pub(super) struct Looker<'a, 'v, 'c> {
    pub resolver: &'a Resolver<'v>,
    pub aim: &'a Aim<'v, 'c>,
    /// Whether other definitions count as one of the targets, as far as that was asked.
    relatives: FxHashMap<Symbol, bool>,
}

impl<'a, 'v, 'c> Looker<'a, 'v, 'c> {
    pub fn new(resolver: &'a Resolver<'v>, aim: &'a Aim<'v, 'c>) -> Self {
        Looker { resolver, aim, relatives: FxHashMap::default() }
    }

    /// Looks for the name in the file. `before` is what there is already, at least: the look ends early where what it
    /// finds cannot be taken any more.
    pub fn look(&mut self, file: FileId, name: Name, before: Count) -> Look {
        let (resolver, aim) = (self.resolver, self.aim);
        let mut look = Look::default();
        // Known without the file's facts.
        let family = |file: FileId| resolver.view.lang(file).family();
        let Some(filter) = aim.filter else { return look };
        let same_family = aim.targets.iter().next().is_some_and(|t| family(t.file()) == family(file));
        if !same_family
            || !resolver.reaches(&filter, file)
            || !resolver.sees_any(file, aim.targets.iter().copied())
        {
            return look;
        }
        let mentions = resolver.view.mentions(file, name);
        let bare = aim.targets.iter().any(|target| resolver.bare_leads_out(*target, file, mentions));
        let takes = |role: Role, receiver: bool| {
            let bound = receiver || bare || matches!(role, Role::Key | Role::Import | Role::Macro);
            bound && filter.takes(file, role, receiver)
        };
        let used = mentions.refs().any(|(role, receiver)| takes(role, receiver));
        let defined = mentions.alias || mentions.defined && self.may_define(file);
        if !used && (aim.expanding || !defined) {
            return look;
        }
        look.decoded = true;
        let takes = |r: &Ref| r.name == name && takes(r.role, r.recv.is_some());
        let index = resolver.passing_index(file);
        let mut found = before.found;
        for (id, r) in index.facts.refs_with_ids().filter(|(_, r)| takes(r)) {
            look.looked += 1;
            if before.looked + look.looked > aim.candidates_max {
                look.end = End::Full;
                return look;
            }
            if look.looked.is_multiple_of(CLOCK_EVERY) && aim.limits.is_over() {
                look.end = End::Over;
                return look;
            }
            if !self.leads_to_target(file, id, r) {
                continue;
            }
            let keeps = aim.limits.keeps.is_none_or(|keeps| keeps(r.role));
            let used = keeps.then(|| self.used(&index, file, r));
            found += usize::from(used.as_ref().is_some_and(|used| used.is_place(aim.expanding)));
            let aliases = if aim.expanding { Vec::new() } else { self.aliases(&index, id) };
            look.hits.push(Hit { at: look.looked, used, aliases });
            if aim.limits.found_max.is_some_and(|max| found > max) {
                look.end = End::Full;
                return look;
            }
        }
        if !aim.expanding {
            self.look_at_definitions(&index, file, name, &mut look);
        }
        look
    }

    fn leads_to_target(&mut self, file: FileId, id: RefId, r: &Ref) -> bool {
        let resolver = self.resolver;
        resolver.begin();
        if self.aim.holders.as_ref().is_some_and(|holders| resolver.rules_out(file, id, r, holders)) {
            return false;
        }
        let resolution = resolver.reference(file, id);
        let presented = resolver.presented(file, id, r, &resolution);
        let hits = resolution.hits().iter().chain(presented.iter().flat_map(|p| p.hits()));
        let sure: SmallVec<[Entity; 2]> =
            hits.filter(|hit| !hit.tier.is_guess()).map(|hit| hit.entity.clone()).collect();
        sure.iter().any(|entity| self.is_target(entity))
    }

    fn look_at_definitions(&mut self, index: &FileIndex, file: FileId, name: Name, look: &mut Look) {
        for (id, d) in index.named(name) {
            let symbol = Symbol { file, def: id };
            if self.is_target_symbol(symbol) {
                let declaration = self.aim.own.contains(&symbol);
                look.declared.push(Found { declaration, write: true, ..Found::new(file, d.name_span) });
            } else if d.kind.is_alias() && index.is_spelled(d) && self.follows_to_target(symbol) {
                look.declared.push(Found::new(file, d.name_span));
            }
        }
    }

    fn used(&self, index: &FileIndex, file: FileId, r: &Ref) -> Used {
        Used {
            found: Found { write: r.role == Role::Write, ..Found::new(file, r.span) },
            asks: r.role == Role::Macro,
            around: self.around(index, file, r.span),
        }
    }

    fn around(&self, index: &FileIndex, file: FileId, used: Span) -> Around {
        if !self.aim.limits.expansions || !index.lang.knobs().textual {
            return Around::Nothing;
        }
        match index.macro_around(used.start) {
            None => Around::Nothing,
            // The macro likely is the one of another branch, whose text is another.
            Some(def) if index.facts.def(def).flags.has(DefFlags::INACTIVE) => Around::Inactive,
            Some(def) => Around::Macro(self.resolver.canonical(Symbol { file, def })),
        }
    }

    /// Whether a definition in the file can be a target, or count as one.
    fn may_define(&self, file: FileId) -> bool {
        self.resolver.knobs(file).related_use || self.aim.targets.iter().any(|target| target.file() == file)
    }

    fn follows_to_target(&mut self, alias: Symbol) -> bool {
        self.resolver.begin();
        let followed = self.resolver.follow(alias);
        followed.hits().iter().any(|hit| self.is_target(&hit.entity))
    }

    /// Whether the definition is a target, or counts as one.
    fn is_target_symbol(&mut self, symbol: Symbol) -> bool {
        if self.aim.targets.contains(&Target::Symbol(symbol)) {
            return true;
        }
        let resolver = self.resolver;
        if !resolver.knobs(symbol.file).related_use {
            return false;
        }
        if let Some(known) = self.relatives.get(&symbol) {
            return *known;
        }
        let related = resolver.related(symbol);
        let is = related.iter().any(|other| self.aim.targets.contains(&Target::Symbol(*other)));
        self.relatives.insert(symbol, is);
        is
    }

    fn is_target(&mut self, entity: &Entity) -> bool {
        match entity {
            Entity::Symbol(symbol) => self.is_target_symbol(*symbol),
            Entity::Place(place) => match &**place {
                Place::Files(files) => {
                    files.first().is_some_and(|f| self.aim.targets.contains(&Target::File(*f)))
                }
                Place::Inline(symbol) => self.aim.targets.contains(&Target::Symbol(*symbol)),
                Place::Directory(..) => false,
            },
        }
    }

    /// Other names that an import or export gives to what the reference names.
    fn aliases(&self, index: &FileIndex, id: RefId) -> Vec<Name> {
        if !index.is_imported(id) {
            return Vec::new();
        }
        let all = index.facts.defs.iter().filter(|d| d.kind.is_alias());
        all.filter(|d| d.init.is_some_and(|init| *index.facts.term(init) == Term::Ref(id)))
            .map(|d| d.name)
            .collect()
    }
}
