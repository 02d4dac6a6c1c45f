//! From a reference to its definitions: scopes, imports, members and light types over a whole graph.
//!
//! [`Resolver`] knows no language by name: it reads facts, asks the language's knobs and module rules, and keeps
//! with each answer the [`Tier`] of certainty it was found at. Whatever it cannot know it says so:
//! [`Outcome::External`] for what is known to come from outside the folder, [`Outcome::Unresolved`] for the rest.

mod aim;
mod ambient;
mod bases;
mod built_for;
mod call;
mod contextual;
mod describe;
mod expansions;
mod given;
mod group;
mod guess;
mod hierarchy;
mod holders;
mod implementation;
mod imported;
mod included;
mod index;
mod iterate;
mod kept;
mod keys;
mod kin;
mod leading;
mod lexical;
mod library;
mod linkage;
pub mod listing;
mod member;
mod memo;
mod module;
mod overload;
mod owned;
mod packages;
mod present;
mod receiver;
mod references;
mod related;
mod search;
mod shares;
mod sketches;
mod standard;
mod term;
mod tested;
mod ty;
mod type_of;
pub mod usage;
mod users;
mod value;
mod visible;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::graph::{Graph, View};
use crate::lang::Knobs;
use crate::lang::facts::{Def, DefId, DefKind, Name, Ref, RefId, Role, ScopeId, ScopeKind, Span};
use crate::lang::modules::{FileId, Layout, ModuleTarget};
use bases::Linear;
pub use hierarchy::Types;
pub use implementation::{Implementation, Implementations};
use index::FileIndex;
use kept::{Between, Indexed, Kept};
pub use kin::Kin;
use member::{Members, Wanted};
use memo::{Guarded, Left, Memo};
pub use references::{Found, ReferenceLimits, References};
pub use sketches::Sketched;
use ty::{Place, Subst, Ty};

/// A definition of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol {
    pub file: FileId,
    pub def: DefId,
}

/// What a name can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    Symbol(Symbol),
    /// A module: its file.
    File(FileId),
}

impl Target {
    pub fn file(self) -> FileId {
        match self {
            Target::Symbol(symbol) => symbol.file,
            Target::File(file) => file,
        }
    }
    pub fn symbol(self) -> Option<Symbol> {
        match self {
            Target::Symbol(symbol) => Some(symbol),
            Target::File(_) => None,
        }
    }
}

/// How an answer was found, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// By the scopes of the file.
    Lexical,
    /// Through imports and modules.
    Import,
    /// As a member of the enclosing type or of a named one.
    Member,
    /// As a member of a declared type.
    Declared,
    /// As a member of a type inferred from constructors, calls and assignments.
    Inferred,
    /// As a member of an interface or trait that several types implement.
    Dispatch,
    /// The only member of that name in the folder; the receiver's type is not known.
    UniqueName,
    /// One of several of that name; the receiver's type is not known.
    Ranked,
}

impl Tier {
    /// In plain words, for hover and reports.
    pub fn words(self) -> &'static str {
        match self {
            Tier::Lexical => "found by scope",
            Tier::Import => "found through imports",
            Tier::Member => "member of a named type",
            Tier::Declared => "member of a declared type",
            Tier::Inferred => "member of an inferred type",
            Tier::Dispatch => "one of the implementations",
            Tier::UniqueName => "the only member of that name; the receiver's type is not known",
            Tier::Ranked => "a guess by name; the receiver's type is not known",
        }
    }
    /// Whether the answer is by name alone.
    pub fn is_guess(self) -> bool {
        self >= Tier::UniqueName
    }
}

/// What is known of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Never empty; the best first.
    Found(Vec<(Target, Tier)>),
    /// Known to come from outside the folder.
    External,
    Unresolved(&'static str),
}

/// What stands under a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occurrence {
    Ref(RefId),
    Def(DefId),
}

/// Evaluations that one question may take; a question that needs more stays unanswered.
const STEPS_MAX: u32 = 60_000;

/// Evaluations nested in each other; chains of real code stay far below.
const DEPTH_MAX: u32 = 48;

/// Definitions that one use may have: a field that is assigned in more places, or a function with more signatures, is
/// told by the first of them. Every use of a name keeps its own.
const HITS_MAX: usize = 64;

/// Answers that a resolver, or those that share a search, keep between questions, each of some hundred bytes.
const ANSWERS_KEPT_MAX: usize = 1 << 17;

/// The place that a term is evaluated at: it decides what `self` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cx {
    file: FileId,
    scope: ScopeId,
}

/// A thing that a name was found to stand for.
#[derive(Clone, Debug, PartialEq)]
struct Hit {
    entity: Entity,
    tier: Tier,
    /// What the receiver says about type parameters.
    subst: Option<Rc<Subst>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Entity {
    Symbol(Symbol),
    Place(Rc<Place>),
}

type Hits = SmallVec<[Hit; 1]>;

/// The answer to "what does this name stand for", with what evaluation needs to go on.
#[derive(Clone, Debug, PartialEq)]
enum Resolution {
    Found(Hits),
    /// From outside; by its last name if that is known.
    External(Option<Name>),
    Missing(&'static str),
}

impl Resolution {
    fn symbol(symbol: Symbol, tier: Tier) -> Resolution {
        Resolution::Found(SmallVec::from_elem(Hit { entity: Entity::Symbol(symbol), tier, subst: None }, 1))
    }
    fn place(place: Place, tier: Tier) -> Resolution {
        let hit = Hit { entity: Entity::Place(Rc::new(place)), tier, subst: None };
        Resolution::Found(SmallVec::from_elem(hit, 1))
    }
    fn hits(&self) -> &[Hit] {
        match self {
            Resolution::Found(hits) => hits,
            _ => &[],
        }
    }
    /// The first definitions of many.
    fn bounded(mut self) -> Resolution {
        if let Resolution::Found(hits) = &mut self {
            hits.truncate(HITS_MAX);
        }
        self
    }
    /// At best as sure as the tier.
    fn at_most(mut self, tier: Tier) -> Resolution {
        if let Resolution::Found(hits) = &mut self {
            for hit in hits {
                hit.tier = hit.tier.max(tier);
            }
        }
        self
    }
    fn first_symbol(&self) -> Option<Symbol> {
        self.hits().iter().find_map(|h| match h.entity {
            Entity::Symbol(symbol) => Some(symbol),
            Entity::Place(_) => None,
        })
    }
}

/// A type and how sure it is.
#[derive(Clone, Debug, Default, PartialEq)]
struct Typed {
    ty: Ty,
    tier: TierOr,
}

/// A tier that starts as the surest.
type TierOr = Option<Tier>;

impl Typed {
    fn new(ty: Ty, tier: Tier) -> Typed {
        Typed { ty, tier: Some(tier) }
    }
    fn sure(ty: Ty) -> Typed {
        Typed { ty, tier: None }
    }
    fn unknown() -> Typed {
        Typed::default()
    }
    fn map(self, f: impl FnOnce(Ty) -> Ty) -> Typed {
        Typed { ty: f(self.ty), tier: self.tier }
    }
    fn at_most(mut self, tier: impl Into<TierOr>) -> Typed {
        self.tier = self.tier.max(tier.into());
        self
    }
}

/// Resolves references of one view. Cheap to make; keeps what it has learnt, so ask related questions of one resolver.
pub struct Resolver<'v> {
    view: &'v View,
    steps: Cell<u32>,
    depth: Cell<u32>,
    guard: memo::Guard,
    /// A chain is being resolved link by link.
    linking: Cell<bool>,
    /// Nothing is guessed by name: whoever asks has no use for guesses.
    sober: Cell<bool>,
    files: Kept,
    sketches: sketches::Sketches,
    answers_max: Cell<usize>,
    refs: Memo<(FileId, RefId), Rc<Resolution>>,
    aliases: Memo<Symbol, Rc<Resolution>>,
    values: Memo<Symbol, Typed>,
    results: Memo<Symbol, Typed>,
    linears: Memo<Symbol, Rc<Linear>>,
    members: Memo<(Symbol, Wanted), Rc<Members>>,
    exports: Memo<(FileId, Name), Rc<Resolution>>,
    params: RefCell<FxHashMap<Symbol, Rc<[Symbol]>>>,
    extensions: Memo<Symbol, Rc<[owned::Extended]>>,
    /// The same for a name that their members may have.
    extensions_with: Memo<(Symbol, Name), Rc<[owned::Extended]>>,
    /// What files add to types from outside, by the names of these.
    added: Memo<(FileId, Name), Rc<[owned::Added]>>,
    foreign_members: Memo<owned::ForeignKey<'v>, Rc<Resolution>>,
    receivers: Memo<(FileId, ScopeId), Ty>,
    modules: RefCell<FxHashMap<(FileId, Name), ModuleTarget>>,
    siblings: RefCell<FxHashMap<FileId, Rc<[FileId]>>>,
    /// Files by the names that they declare; see `all_declaring`.
    declaring: RefCell<FxHashMap<Name, module::Declaring>>,
    users: users::Memory,
    /// Where files' submodules lie, if there is anything.
    child_dirs: RefCell<FxHashMap<FileId, Option<Rc<str>>>>,
    guesses: guess::Guesses,
    /// What files include.
    reaches: RefCell<FxHashMap<FileId, Rc<included::Reach>>>,
    /// Where the text of a file opens a namespace first.
    opened: RefCell<FxHashMap<(FileId, Symbol), Symbol>>,
    /// Whether a file sees the library that a namespace belongs to.
    libraries_seen: RefCell<FxHashMap<(FileId, Name), bool>>,
    /// Declarations of one thing in several files.
    groups: RefCell<FxHashMap<Symbol, Rc<[Symbol]>>>,
    packages: packages::Packages<'v>,
}

impl<'v> Resolver<'v> {
    pub fn new(view: &'v View) -> Self {
        Resolver {
            view,
            steps: Cell::new(0),
            depth: Cell::new(0),
            guard: memo::Guard::default(),
            linking: Cell::new(false),
            sober: Cell::new(false),
            files: Kept::default(),
            sketches: sketches::Sketches::default(),
            answers_max: Cell::new(ANSWERS_KEPT_MAX),
            refs: Memo::default(),
            aliases: Memo::default(),
            values: Memo::default(),
            results: Memo::default(),
            linears: Memo::default(),
            members: Memo::default(),
            exports: Memo::default(),
            params: RefCell::default(),
            extensions: Memo::default(),
            extensions_with: Memo::default(),
            added: Memo::default(),
            foreign_members: Memo::default(),
            receivers: Memo::default(),
            modules: RefCell::default(),
            siblings: RefCell::default(),
            declaring: RefCell::default(),
            users: users::Memory::default(),
            child_dirs: RefCell::default(),
            guesses: RefCell::default(),
            reaches: RefCell::default(),
            opened: RefCell::default(),
            libraries_seen: RefCell::default(),
            groups: RefCell::default(),
            packages: packages::Packages::default(),
        }
    }

    /// One that keeps files together with others.
    fn sharing(view: &'v View, files: Between) -> Self {
        Resolver { files: Kept::sharing(files), ..Resolver::new(view) }
    }

    pub fn view(&self) -> &'v View {
        self.view
    }

    /// What module strategies see.
    fn layout(&self) -> &'v Graph {
        self.view
    }

    /// What stands at the offset: a reference rather than a definition where both do, for it leads further.
    pub fn at(&self, file: FileId, offset: u32) -> Option<Occurrence> {
        let index = self.index(file);
        let facts = &index.facts;
        let touching = |span: Span| span.touches(offset) && !span.is_empty();
        // Behind the last letter of one name may be the first of another, which then is meant.
        let rank = |span: Span| (!span.contains(offset), span.len());
        let reference = facts
            .refs_with_ids()
            .filter(|(_, r)| touching(r.span))
            .min_by_key(|(_, r)| (rank(r.span), r.role == Role::Key));
        let def = facts
            .defs_with_ids()
            .filter(|(_, d)| touching(d.name_span) && index.is_spelled(d))
            .min_by_key(|(_, d)| (rank(d.name_span), d.kind == DefKind::Export));
        match (reference, def) {
            (Some((r, reference)), Some((d, def))) => {
                let closer = rank(def.name_span) < rank(reference.span);
                // A key of a literal that nobody expects is a definition of its own.
                let own = reference.role == Role::Key
                    && index.lang.knobs().contextual
                    && def.name_span == reference.span
                    && index.facts.scope(def.scope).kind == ScopeKind::Object
                    && !matches!(self.resolve(file, r), Outcome::Found(_));
                Some(if closer || own { Occurrence::Def(d) } else { Occurrence::Ref(r) })
            }
            (Some((r, _)), None) => Some(Occurrence::Ref(r)),
            (None, Some((d, _))) => Some(Occurrence::Def(d)),
            (None, None) => None,
        }
    }

    /// What the reference stands for.
    pub fn resolve(&self, file: FileId, reference: RefId) -> Outcome {
        self.begin();
        let found = self.reference(file, reference);
        let r = self.reference_of(file, reference);
        match self.presented(file, reference, &r, &found) {
            Some(presented) => self.outcome(&presented),
            None => self.outcome(&found),
        }
    }

    /// What the definition stands for: itself, or for an import what it brings in.
    pub fn meaning(&self, symbol: Symbol) -> Outcome {
        self.begin();
        let def = self.def(symbol);
        if def.kind.is_alias() && !self.knobs(symbol.file).import_names {
            let followed = self.follow(symbol);
            return match self.outcome(&followed) {
                Outcome::Unresolved(_) if !matches!(*followed, Resolution::External(_)) => {
                    Outcome::Found(vec![(Target::Symbol(symbol), Tier::Lexical)])
                }
                outcome => outcome,
            };
        }
        if let Some(place) = self.file_module(symbol) {
            return self.outcome(&Resolution::place(place, Tier::Import));
        }
        Outcome::Found(vec![(Target::Symbol(self.canonical(symbol)), Tier::Lexical)])
    }

    /// The definition of what the symbol only declares.
    fn defined(&self, symbol: Symbol) -> Symbol {
        if self.knobs(symbol.file).textual { self.canonical(symbol) } else { symbol }
    }

    fn outcome(&self, resolution: &Resolution) -> Outcome {
        match resolution {
            Resolution::External(_) => Outcome::External,
            Resolution::Missing(why) => Outcome::Unresolved(why),
            Resolution::Found(hits) => {
                let mut targets: Vec<(Target, Tier)> = Vec::new();
                let mut add = |target: Target, tier: Tier| targets.push((target, tier));
                for hit in hits {
                    match &hit.entity {
                        Entity::Symbol(symbol) => add(Target::Symbol(self.defined(*symbol)), hit.tier),
                        Entity::Place(place) => match &**place {
                            Place::Files(files) => {
                                // A package of many files has no file that stands for it but the first.
                                if let Some(file) = files.first() {
                                    add(Target::File(*file), hit.tier);
                                }
                            }
                            Place::Inline(symbol) => add(Target::Symbol(*symbol), hit.tier),
                            Place::Directory(..) => {}
                        },
                    }
                }
                if targets.is_empty() {
                    return Outcome::Unresolved("a directory without a file of its own");
                }
                if targets.len() > 1 {
                    let mut seen = FxHashSet::default();
                    targets.retain(|(target, _)| seen.insert(*target));
                }
                targets.sort_by_key(|(_, tier)| *tier);
                Outcome::Found(targets)
            }
        }
    }

    /// Starts a question: its budget is fresh, and what earlier ones left is bounded.
    fn begin(&self) {
        self.steps.set(0);
        self.depth.set(0);
        self.linking.set(false);
        self.guard.clear();
        let named = self.refs.len() + self.aliases.len() + self.exports.len();
        let typed = self.values.len() + self.results.len() + self.receivers.len() + self.linears.len();
        let extensions = self.extensions.len() + self.extensions_with.len() + self.added.len();
        let members = self.members.len() + self.foreign_members.len();
        let kept = named + typed + extensions + members + self.guard.len();
        self.files.age();
        if kept > self.answers_max.get() {
            self.forget();
        }
    }

    /// Keeps its part of the answers that one resolver may, as one of so many that do so at the same time.
    fn keep_as_one_of(&self, resolvers: usize) {
        self.answers_max.set(ANSWERS_KEPT_MAX / resolvers);
    }

    /// Lets go all answers.
    fn forget(&self) {
        self.refs.clear();
        self.aliases.clear();
        self.values.clear();
        self.results.clear();
        self.linears.clear();
        self.members.clear();
        self.exports.clear();
        self.params.borrow_mut().clear();
        self.extensions.clear();
        self.extensions_with.clear();
        self.added.clear();
        self.foreign_members.clear();
        self.receivers.clear();
        self.modules.borrow_mut().clear();
        self.siblings.borrow_mut().clear();
        self.declaring.borrow_mut().clear();
        self.users.borrow_mut().clear();
        self.child_dirs.borrow_mut().clear();
        self.guesses.borrow_mut().clear();
        self.reaches.borrow_mut().clear();
        self.opened.borrow_mut().clear();
        self.libraries_seen.borrow_mut().clear();
        self.groups.borrow_mut().clear();
        self.packages.forget();
        self.sketches.forget();
        self.guard.forget();
    }

    /// Counts a step of evaluation; false when the question has used up its budget.
    fn step(&self) -> bool {
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        if steps > STEPS_MAX {
            self.guard.cut();
            return false;
        }
        true
    }

    /// Runs a nested evaluation; `None` when it is nested too deep.
    fn nested<T>(&self, run: impl FnOnce() -> T) -> Option<T> {
        let depth = self.depth.get();
        if depth >= DEPTH_MAX || !self.step() {
            self.guard.cut();
            return None;
        }
        self.depth.set(depth + 1);
        let result = run();
        self.depth.set(depth);
        Some(result)
    }

    fn index(&self, file: FileId) -> Indexed {
        if let Some(index) = self.files.get(file) {
            return index;
        }
        self.files.put(file, FileIndex::new(self.view.facts(file), self.view.lang(file)))
    }

    /// The same for a file that will likely not be asked for again once another one passes.
    fn passing_index(&self, file: FileId) -> Indexed {
        if let Some(index) = self.files.get(file) {
            return index;
        }
        self.files.pass(file, FileIndex::new(self.view.facts_once(file), self.view.lang(file)))
    }

    fn knobs(&self, file: FileId) -> &'static Knobs {
        self.view.lang(file).knobs()
    }

    fn def(&self, symbol: Symbol) -> Def {
        self.index(symbol.file).facts.def(symbol.def).clone()
    }

    fn reference_of(&self, file: FileId, reference: RefId) -> Ref {
        self.index(file).facts.reference(reference).clone()
    }

    fn named_in(&self, name: Name, words: &[&str]) -> bool {
        !words.is_empty() && words.contains(&self.view.name_text(name))
    }

    /// The answer that is kept, or else made; where it leads back to itself what is assumed for it, by default at first.
    fn remember<K, V>(&self, memo: &Memo<K, V>, key: K, default: impl Fn() -> V, make: impl Fn() -> V) -> V
    where
        K: Copy + Eq + std::hash::Hash,
        V: Clone + PartialEq,
    {
        let (guard, depth) = (&self.guard, self.depth.get());
        let mut entry = match memo.enter(key, guard, depth) {
            Guarded::Known(value) => return value,
            Guarded::Cycle(assumed) => return assumed.unwrap_or_else(default),
            Guarded::Entered(entry) => entry,
        };
        loop {
            let value = self.nested(&make).unwrap_or_else(&default);
            let more = self.steps.get() < STEPS_MAX / 2;
            match memo.leave(entry, value, guard, depth, &default, more) {
                Left::Done(value) => return value,
                Left::Again(again) => entry = again,
            }
        }
    }
}
