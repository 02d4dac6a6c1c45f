//! What a search for references looks for, and the look at one file.

use std::sync::{Arc, OnceLock};

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::holders::Owners;
use super::index::FileIndex;
use super::leading::Leading;
use super::references::{Found, ReferenceLimits};
use super::ty::Place;
use super::visible::Filter;
use super::{Entity, Resolver, Symbol, Target};
use crate::graph::{Holders, Receivers};
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
    pub owners: Option<Owners>,
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

/// What is asked of the uses of one name in a file, and what an earlier search has found of it.
struct Asked {
    known: Option<Arc<Receivers>>,
    new: Receivers,
    /// Whether anything was asked that was not known.
    more: bool,
    /// Whether some of it is not known now, either: it took too long to find.
    cut: bool,
}

impl Asked {
    fn new(known: Option<Arc<Receivers>>) -> Asked {
        Asked { known, new: Receivers::default(), more: false, cut: false }
    }

    /// Leaves a use out.
    fn pass(&mut self, id: RefId, r: &Ref) {
        self.new.push(id, r.role, r.recv.is_some(), &Holders::Open);
    }

    fn ask(&mut self, id: RefId, r: &Ref, find: impl FnOnce() -> Holders) -> Holders {
        let known = self.known.as_deref().and_then(|known| known.of(id));
        let holders = match known {
            Some(holders) => holders.clone(),
            None => find(),
        };
        self.more |= known.is_none();
        self.new.push(id, r.role, r.recv.is_some(), &holders);
        holders
    }

    /// What is worth keeping once all uses have been asked for or left out.
    fn found(self) -> Option<Receivers> {
        (self.more && !self.cut && self.known.is_none() && self.new.tell()).then_some(self.new)
    }
}

/// Looks into files for the target, with the resolver of its own thread.
pub(super) struct Looker<'a, 'v, 'c> {
    pub resolver: &'a Resolver<'v>,
    pub aim: &'a Aim<'v, 'c>,
    /// Whether other definitions count as one of the targets, as far as that was asked.
    relatives: FxHashMap<Symbol, bool>,
    /// Whether many files use the name, so that what is found of it is worth keeping.
    pub many: bool,
}

impl<'a, 'v, 'c> Looker<'a, 'v, 'c> {
    pub fn new(resolver: &'a Resolver<'v>, aim: &'a Aim<'v, 'c>) -> Self {
        Looker { resolver, aim, relatives: FxHashMap::default(), many: false }
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
        let known = aim.owners.as_ref().and_then(|_| resolver.view.receivers(file, name));
        if let Some((known, owners)) = known.as_deref().zip(aim.owners.as_ref())
            && (aim.expanding || !defined)
        {
            let taken = || known.uses().filter(|used| takes(used.role, used.receiver));
            if !taken().any(|used| used.holders.may_be(owners)) {
                let left = (aim.candidates_max + 1).saturating_sub(before.looked);
                look.looked = taken().take(left).count();
                look.end = if look.looked == left { End::Full } else { End::Whole };
                return look;
            }
        }
        look.decoded = true;
        let index = resolver.passing_index(file);
        let mut asked = Asked::new(known);
        let mut found = before.found;
        for (id, r) in index.facts.refs_with_ids().filter(|(_, r)| r.name == name) {
            if !takes(r.role, r.recv.is_some()) {
                asked.pass(id, r);
                continue;
            }
            look.looked += 1;
            if before.looked + look.looked > aim.candidates_max {
                look.end = End::Full;
                return look;
            }
            if look.looked.is_multiple_of(CLOCK_EVERY) && aim.limits.is_over() {
                look.end = End::Over;
                return look;
            }
            if !self.leads_to_target(file, id, r, &mut asked) {
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
        if let Some(found) = asked.found().filter(|_| self.many) {
            resolver.view.keep_receivers(file, name, found);
        }
        if !aim.expanding {
            self.look_at_definitions(&index, file, name, &mut look);
        }
        look
    }

    fn leads_to_target(&mut self, file: FileId, id: RefId, r: &Ref, asked: &mut Asked) -> bool {
        let resolver = self.resolver;
        resolver.begin();
        if let Some(owners) = &self.aim.owners {
            let holders = asked.ask(id, r, || resolver.holders(file, id, r));
            asked.cut |= resolver.guard.is_cut();
            if !holders.may_be(owners) {
                return false;
            }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Occurrence, References};
    use super::*;
    use crate::graph::View;
    use crate::graph::fixture::Fixture;
    use crate::resolve::search::Effort;

    /// Uses of a name that members of two types have, and a function.
    const USES: [&str; 8] = [
        "fn f(a: A) { a.go(); a.go(); }",
        "fn f(b: &B) { b.go(); b.other(); }",
        "fn f(b: Box<B>, a: A) { b.go(); a.go(); A::go(&a); }",
        "fn f<T: Other>(x: T, y: Unknown) { x.go(); y.go(); unknown().go(); }",
        "use crate::go;\nfn f() { go(); super::go(); }",
        "fn f(a: A) { let c = || a.go(); c().go(); macro_of!(a.go()); }",
        "pub struct C { pub go: u8 }\nfn f(c: C) { c.go; C { go: 1 }.go; }",
        "use crate::A as N;\nimpl N { fn more(&self) { self.go(); } }",
    ];

    fn fixture(files: &[usize]) -> Fixture {
        let modules: String = (0..files.len()).map(|at| format!("mod f{at};\n")).collect();
        let types = "pub struct A;\nimpl A { pub fn $0go(&self) -> B { B } }\npub struct B;\nimpl B { pub fn $1go(&self) {} }\n\
                     pub trait Other { fn $2go(&self); }\npub fn $3go() {}\n";
        let mut text = format!("\n//- /src/lib.rs\n{modules}{types}");
        for (at, uses) in files.iter().enumerate() {
            text += &format!("//- /src/f{at}.rs\nuse crate::{{A, B, Other}};\n{}\n", USES[*uses]);
        }
        Fixture::parse(&text)
    }

    fn search(view: &View, fixture: &Fixture, cursor: usize, candidates_max: usize) -> References {
        let (_, path, offset) = &fixture.cursors[cursor];
        let file = view.file(path).unwrap();
        let resolver = Resolver::new(view);
        let Some(Occurrence::Def(def)) = resolver.at(file, *offset) else { panic!("no definition there") };
        let effort = Effort::for_many(candidates_max);
        resolver.search(Target::Symbol(Symbol { file, def }), ReferenceLimits::default(), effort)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn what_earlier_searches_found_changes_nothing(
            files in prop::collection::vec(0usize..USES.len(), 1..20),
            searches in prop::collection::vec(0usize..4, 1..8),
            candidates_max in prop_oneof![Just(10_000), 0usize..30],
        ) {
            let fixture = fixture(&files);
            let known = fixture.view();
            for cursor in searches {
                let (again, first) = (
                    search(&known, &fixture, cursor, candidates_max),
                    search(&fixture.view(), &fixture, cursor, candidates_max),
                );
                prop_assert_eq!(again.found, first.found);
                prop_assert_eq!(again.truncated, first.truncated);
            }
        }
    }

    #[test]
    fn a_file_that_another_search_has_looked_into_is_not_decoded_for_nothing() {
        let fixture = fixture(&[1]);
        let view = fixture.view();
        search(&view, &fixture, 1, 10_000);
        let (resolver, file) = (Resolver::new(&view), view.file("src/f0.rs").unwrap());
        let lib = view.file("src/lib.rs").unwrap();
        let Some(Occurrence::Def(def)) = resolver.at(lib, fixture.cursors[0].2) else {
            panic!("no definition")
        };
        let name = view.facts(lib).def(def).name;
        let targets = [Target::Symbol(Symbol { file: lib, def })];
        let aim = Aim {
            limits: ReferenceLimits::default(),
            candidates_max: 10_000,
            filter: resolver.filter(targets.into_iter()),
            owners: resolver.owners(targets.into_iter()),
            leading: OnceLock::new(),
            expanding: false,
            targets: targets.into_iter().collect(),
            own: FxHashSet::default(),
        };
        let look = Looker::new(&resolver, &aim).look(file, name, Count::default());
        assert!((look.looked, look.decoded) == (1, false) && look.hits.is_empty());
    }
}
