//! Uses of a symbol: the places where its names occur, each resolved, those kept that lead back to it.

use std::cell::OnceCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::expansions::Expansions;
use super::holders::Holders;
use super::index::FileIndex;
use super::leading::Leading;
use super::ty::Place;
use super::visible::Filter;
use super::{Cx, Entity, HITS_MAX, Resolver, Symbol, Target};
use crate::graph::member_of;
use crate::lang::facts::{Def, DefFlags, DefKind, Name, Ref, Role, Span, Term};
use crate::lang::modules::{FileId, Layout, file_name, parent};

/// How many different names one symbol is followed under.
const NAMES_MAX: usize = 64;

/// References that one search resolves; more of one name are found in a handful of folders, for a handful of names.
const CANDIDATES_MAX: usize = 200_000;

/// Files from which on it is asked which of them imports lead from.
const FILES_MANY: usize = 32;

/// Candidates between two looks at the clock.
const CLOCK_EVERY: usize = 64;

/// What bounds a search for references.
#[derive(Clone, Copy, Default)]
pub struct ReferenceLimits<'a> {
    /// Places that are kept; the search stops there.
    pub found_max: Option<usize>,
    /// Set by somebody who no longer wants the answer.
    pub cancel: Option<&'a AtomicBool>,
    /// When the search ends with what it has.
    pub until: Option<Instant>,
    /// Only look into this file.
    pub within: Option<FileId>,
    /// Where a macro is used whose text mentions the symbol counts as a use of it.
    pub expansions: bool,
    /// Which uses are kept and counted, by what they do; all if it is not said.
    pub keeps: Option<fn(Role) -> bool>,
}

impl ReferenceLimits<'_> {
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_some_and(|cancel| cancel.load(Ordering::Relaxed))
    }

    pub(super) fn is_late(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// Whether a search ends here, because of the time or of who no longer wants the answer.
    pub fn is_over(&self) -> bool {
        self.is_cancelled() || self.is_late()
    }
}

/// A place where a symbol is used or declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    pub file: FileId,
    pub span: Span,
    /// It is one of the symbol's own definitions rather than a use.
    pub declaration: bool,
    /// It writes to the symbol.
    pub write: bool,
    /// What is written here is a macro, whose text mentions the symbol.
    pub expansion: bool,
}

impl Found {
    fn new(file: FileId, span: Span) -> Found {
        Found { file, span, declaration: false, write: false, expansion: false }
    }
}

/// What a search for references found.
#[derive(Clone, Debug, Default)]
pub struct References {
    /// By file, then position.
    pub found: Vec<Found>,
    /// Names of the symbol in the texts of macros whose uses are among `found`: what they say is said there.
    pub mentions: Vec<Found>,
    /// What was searched for: the target, what counts as one symbol with it, and what that overrides.
    pub targets: Vec<Target>,
    /// A limit was reached, there may be more.
    pub truncated: bool,
    pub cancelled: bool,
}

impl Resolver<'_> {
    /// Every use of the target in the view, as far as the limits let it.
    pub fn references(&self, target: Target, limits: ReferenceLimits<'_>) -> References {
        // A guess is no reference, and takes a look at everything of its name.
        self.sober.set(true);
        let mut search = Search::new(self, limits);
        search.aim(target);
        search.run();
        search.expand();
        self.sober.set(false);
        // What was found without guesses is not all that others may want to know.
        self.forget();
        search.finish()
    }

    /// The definitions that count as one symbol with this one, members of the same class included.
    pub(super) fn same_symbol(&self, symbol: Symbol) -> Vec<Symbol> {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        let mut all: Vec<Symbol> = self.group(symbol).into_iter().collect();
        // What one place declares in several scopes is one symbol (the variable of a type switch).
        if def.kind == DefKind::Variable {
            for (id, other) in index.named(def.name) {
                let twin = Symbol { file: symbol.file, def: id };
                if other.name_span == def.name_span && other.kind == def.kind && !all.contains(&twin) {
                    all.push(twin);
                }
            }
        }
        let owner = match def.of {
            Some(_) => self.owner_by_receiver(symbol.file, def),
            None => match def.kind {
                DefKind::Field | DefKind::Property | DefKind::Method => index
                    .facts
                    .scope(def.scope)
                    .owner
                    .map(|def| self.canonical(Symbol { file: symbol.file, def })),
                _ => None,
            },
        };
        if let Some(owner) = owner
            && self.knobs(symbol.file).assigned_members != crate::lang::pack::AssignedMembers::None
        {
            let mut seen: FxHashSet<Symbol> = all.iter().copied().collect();
            all.extend(self.own_symbols(owner, def.name).into_iter().filter(|member| seen.insert(*member)));
        }
        all
    }
}

impl Resolver<'_> {
    /// Definitions of a trait's member in its implementations, in languages where they count as uses of it.
    fn implementations(&self, symbol: Symbol) -> Vec<Symbol> {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        let owner = index.facts.scope(def.scope).owner.map(|def| Symbol { file: symbol.file, def });
        let Some(owner) = owner.filter(|o| index.facts.def(o.def).kind == DefKind::Trait) else {
            return Vec::new();
        };
        if !index.lang.knobs().implementations_use {
            return Vec::new();
        }
        let mut found = Vec::new();
        for file in self.view.files_with(index.facts.def(owner.def).name) {
            let there = self.index(file);
            for extension in &there.facts.extensions {
                let (Some(scope), Some(implements)) = (extension.scope, extension.implements) else {
                    continue;
                };
                let Some((member, _)) = there.declared(scope, def.name).next() else { continue };
                if self.eval(Cx { file, scope }, implements).ty.instance().symbol() == Some(owner) {
                    found.push(Symbol { file, def: member });
                }
            }
        }
        found
    }
}

struct Search<'r, 'v, 'c> {
    resolver: &'r Resolver<'v>,
    limits: ReferenceLimits<'c>,
    targets: FxHashSet<Target>,
    /// Those that are the symbol itself.
    own: FxHashSet<Symbol>,
    /// Whether other definitions count as one of the targets, as far as that was asked.
    relatives: FxHashMap<Symbol, bool>,
    /// Names under which the target is known, those still to be searched last.
    names: Vec<Name>,
    /// What a reference has to be like, as far as all targets agree.
    filter: Option<Filter>,
    /// The types that all targets are members of, where these are told.
    holders: Option<Holders>,
    /// Where imports lead from to the targets, once it was asked for; nothing where that may be anywhere.
    leading: OnceCell<Option<Leading<'v>>>,
    /// Macros whose text mentions a target; see [`Search::expand`].
    macros: Expansions,
    /// Uses in the texts of such macros, each with the macro's number.
    mentioned: Vec<(Found, usize)>,
    /// The number of the macro that is the target now, instead of the symbol.
    expanding: Option<usize>,
    /// Candidates looked at, in all.
    looked: usize,
    result: References,
}

impl<'r, 'v, 'c> Search<'r, 'v, 'c> {
    fn new(resolver: &'r Resolver<'v>, limits: ReferenceLimits<'c>) -> Self {
        Search {
            resolver,
            limits,
            targets: FxHashSet::default(),
            own: FxHashSet::default(),
            relatives: FxHashMap::default(),
            names: Vec::new(),
            filter: None,
            holders: None,
            leading: OnceCell::new(),
            macros: Expansions::default(),
            mentioned: Vec::new(),
            expanding: None,
            looked: 0,
            result: References::default(),
        }
    }

    /// Says what is searched for.
    fn aim(&mut self, target: Target) {
        let resolver = self.resolver;
        resolver.begin();
        self.targets.clear();
        self.own.clear();
        self.relatives.clear();
        self.names.clear();
        match target {
            Target::Symbol(symbol) => {
                for symbol in resolver.implementations(symbol) {
                    let span = resolver.def(symbol).name_span;
                    self.result.found.push(Found::new(symbol.file, span));
                }
                for (at, symbol) in resolver.same_symbol(symbol).into_iter().enumerate() {
                    // Definitions of one member have the same relatives; of very many the first are asked.
                    let related = match at < HITS_MAX {
                        true => resolver.related(symbol),
                        false => SmallVec::from_elem(symbol, 1),
                    };
                    for symbol in related {
                        self.targets.insert(Target::Symbol(symbol));
                        self.add_name(resolver.def(symbol).name);
                        self.add_exported_names(symbol);
                    }
                    self.own.insert(symbol);
                }
            }
            Target::File(file) => {
                self.targets.insert(target);
                self.add_file_names(file);
            }
        }
        if self.expanding.is_none() {
            let own = self.own.iter().map(|symbol| Target::Symbol(*symbol));
            self.result.targets = self.targets.iter().copied().chain(own).collect();
        }
        self.filter = resolver.filter(self.targets.iter().copied());
        self.holders = resolver.holders(self.targets.iter().copied());
        self.leading = OnceCell::new();
    }

    /// Searches for the uses of the macros that mention the symbol, and of those that mention them in turn. What is
    /// written in a macro's own text is put to use where the macro is.
    fn expand(&mut self) {
        let is_macro = |t: &Target| t.symbol().is_some_and(|s| self.resolver.def(s).kind == DefKind::Macro);
        if self.targets.iter().any(is_macro) {
            // A macro is used where its name is written.
            return;
        }
        let mut at = 0;
        while let Some(symbol) = self.macros.get(at)
            && !self.is_over()
        {
            self.expanding = Some(at);
            self.aim(Target::Symbol(symbol));
            self.run();
            at += 1;
        }
    }

    /// The macro whose text holds the use, if uses of macros are looked for.
    fn macro_around(&self, index: &FileIndex, file: FileId, used: Span) -> Option<Symbol> {
        if !self.limits.expansions || !index.lang.knobs().textual {
            return None;
        }
        index.macro_around(used.start).map(|def| Symbol { file, def })
    }

    /// Remembers the macro whose text holds a use, and gives its number.
    fn note_macro(&mut self, around: Symbol) -> Option<usize> {
        if self.resolver.def(around).flags.has(DefFlags::INACTIVE) {
            // The macro likely is the one of another branch, whose text is another.
            return None;
        }
        let number = self.macros.add(self.resolver.canonical(around));
        self.result.truncated |= number.is_none();
        number
    }

    /// Keeps a place where the symbol, or a macro that mentions it, is used.
    fn add_use(&mut self, index: &FileIndex, file: FileId, r: &Ref) {
        let found = Found { write: r.role == Role::Write, ..Found::new(file, r.span) };
        let around = self.macro_around(index, file, r.span);
        let number = around.and_then(|around| self.note_macro(around));
        match (self.expanding, around) {
            (None, _) => match number {
                Some(number) => self.mentioned.push((found, number)),
                None => self.result.found.push(found),
            },
            (Some(used), Some(_)) => {
                if let Some(by) = number {
                    self.macros.note_nested(used, by);
                }
            }
            // A condition asks for the name of a macro, and puts nothing to use.
            (Some(_), None) if r.role == Role::Macro => {}
            (Some(used), None) => {
                self.macros.note_code(used);
                self.result.found.push(Found { expansion: true, ..found });
            }
        }
    }

    /// A declaration that is exported as it stands may be so under another name (`export default class A`).
    fn add_exported_names(&mut self, symbol: Symbol) {
        let index = self.resolver.index(symbol.file);
        let stands = |d: &&Def| {
            d.kind == DefKind::Export
                && d.init.is_some_and(|init| *index.facts.term(init) == Term::Def(symbol.def))
        };
        for exported in index.facts.defs.iter().filter(stands) {
            self.add_name(exported.name);
        }
    }

    fn add_name(&mut self, name: Name) {
        if self.names.len() < NAMES_MAX && !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    /// A module is used under the name of its file, or of the directory that it is the main file of.
    fn add_file_names(&mut self, file: FileId) {
        let view = self.resolver.view;
        let path = view.path(file);
        if let Some((_, member)) = member_of(view.lang(file).strategy(), path) {
            // No manifest makes another file the main one.
            return self.add_spelled(member);
        }
        let stem = file_name(path).split('.').next().unwrap_or_default();
        let dir = parent(path);
        for text in [stem, file_name(dir), file_name(parent(dir))] {
            self.add_spelled(text);
            self.add_spelled(&text.replace('-', "_"));
        }
    }

    fn add_spelled(&mut self, text: &str) {
        if let Some(name) = self.resolver.view.lookup_name(text) {
            self.add_name(name);
        }
    }

    fn run(&mut self) {
        let mut at = 0;
        while let Some(name) = self.names.get(at).copied() {
            at += 1;
            let files: Vec<FileId> = match self.limits.within {
                Some(file) => vec![file],
                None => self.resolver.view.files_with(name).collect(),
            };
            let many = files.len() >= FILES_MANY;
            for file in files {
                if many && !self.leads_there(file) {
                    continue;
                }
                if !self.search_file(file, name) {
                    return;
                }
            }
        }
    }

    /// Whether imports lead from the file to a target.
    fn leads_there(&self, file: FileId) -> bool {
        let leading = self.leading.get_or_init(|| {
            let targets = self.targets.iter().copied();
            self.resolver.leading(targets, self.limits.cancel)
        });
        leading.as_ref().is_none_or(|leading| leading.contains(file))
    }

    /// Whether the search ends here: nobody wants the answer any more, or it has taken long enough.
    fn is_over(&mut self) -> bool {
        self.result.cancelled |= self.limits.is_cancelled();
        self.result.truncated |= self.limits.is_late() || self.looked > CANDIDATES_MAX;
        self.result.cancelled || self.result.truncated
    }

    /// False when the search ends: a limit is reached, or the answer no longer wanted.
    fn search_file(&mut self, file: FileId, name: Name) -> bool {
        let resolver = self.resolver;
        if self.is_over() {
            return false;
        }
        // Known without the file's facts.
        let family = |file: FileId| resolver.view.lang(file).family();
        let Some(filter) = self.filter else { return true };
        let same_family = self.targets.iter().next().is_some_and(|t| family(t.file()) == family(file));
        if !same_family
            || !resolver.reaches(&filter, file)
            || !resolver.sees_any(file, self.targets.iter().copied())
        {
            return true;
        }
        let mentions = resolver.view.mentions(file, name);
        let bare = self.targets.iter().any(|target| resolver.bare_leads_out(*target, file, mentions));
        let takes = |role: Role, receiver: bool| {
            let bound = receiver || bare || matches!(role, Role::Key | Role::Import | Role::Macro);
            bound && filter.takes(file, role, receiver)
        };
        let used = mentions.refs().any(|(role, receiver)| takes(role, receiver));
        let defined = mentions.alias || mentions.defined && self.may_define(file);
        if !used && (self.expanding.is_some() || !defined) {
            return true;
        }
        let takes = |r: &Ref| r.name == name && takes(r.role, r.recv.is_some());
        let index = resolver.passing_index(file);
        for (id, r) in index.facts.refs_with_ids().filter(|(_, r)| takes(r)) {
            self.looked += 1;
            if self.looked.is_multiple_of(CLOCK_EVERY) && self.is_over() {
                return false;
            }
            resolver.begin();
            if self.holders.as_ref().is_some_and(|holders| resolver.rules_out(file, id, r, holders)) {
                continue;
            }
            let resolution = resolver.reference(file, id);
            let presented = resolver.presented(file, id, r, &resolution);
            let hits = resolution.hits().iter().chain(presented.iter().flat_map(|p| p.hits()));
            let sure: SmallVec<[Entity; 2]> =
                hits.filter(|hit| !hit.tier.is_guess()).map(|hit| hit.entity.clone()).collect();
            if !sure.iter().any(|entity| self.is_target(entity)) {
                continue;
            }
            if self.limits.keeps.is_none_or(|keeps| keeps(r.role)) {
                self.add_use(&index, file, r);
            }
            if self.limits.found_max.is_some_and(|max| self.result.found.len() > max) {
                self.result.truncated = true;
                return false;
            }
            if self.expanding.is_none() {
                self.add_aliases(file, id);
            }
        }
        if self.expanding.is_some() {
            return true;
        }
        for (id, d) in index.named(name) {
            let symbol = Symbol { file, def: id };
            if self.is_target_symbol(symbol) {
                let declaration = self.own.contains(&symbol);
                let found = Found { declaration, write: true, ..Found::new(file, d.name_span) };
                self.result.found.push(found);
            } else if d.kind.is_alias() && index.is_spelled(d) && self.follows_to_target(symbol) {
                self.result.found.push(Found::new(file, d.name_span));
            }
        }
        true
    }

    /// Whether a definition in the file can be a target, or count as one.
    fn may_define(&self, file: FileId) -> bool {
        self.resolver.knobs(file).related_use || self.targets.iter().any(|target| target.file() == file)
    }

    fn follows_to_target(&mut self, alias: Symbol) -> bool {
        self.resolver.begin();
        let followed = self.resolver.follow(alias);
        followed.hits().iter().any(|hit| self.is_target(&hit.entity))
    }

    /// Whether the definition is a target, or counts as one.
    fn is_target_symbol(&mut self, symbol: Symbol) -> bool {
        if self.targets.contains(&Target::Symbol(symbol)) {
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
        let is = related.iter().any(|other| self.targets.contains(&Target::Symbol(*other)));
        self.relatives.insert(symbol, is);
        is
    }

    fn is_target(&mut self, entity: &Entity) -> bool {
        match entity {
            Entity::Symbol(symbol) => self.is_target_symbol(*symbol),
            Entity::Place(place) => match &**place {
                Place::Files(files) => {
                    files.first().is_some_and(|f| self.targets.contains(&Target::File(*f)))
                }
                Place::Inline(symbol) => self.targets.contains(&Target::Symbol(*symbol)),
                Place::Directory(..) => false,
            },
        }
    }

    /// Other names that an import or export gives to what the reference names.
    fn add_aliases(&mut self, file: FileId, id: crate::lang::facts::RefId) {
        let index = self.resolver.index(file);
        if !index.is_imported(id) {
            return;
        }
        let aliases: Vec<Name> = index
            .facts
            .defs
            .iter()
            .filter(|d| d.kind.is_alias())
            .filter(|d| d.init.is_some_and(|init| *index.facts.term(init) == Term::Ref(id)))
            .map(|d| d.name)
            .collect();
        for name in aliases {
            self.add_name(name);
        }
    }

    fn finish(mut self) -> References {
        let used = self.macros.into_used();
        for (found, number) in self.mentioned {
            let kept = if used[number] { &mut self.result.mentions } else { &mut self.result.found };
            kept.push(found);
        }
        self.result.mentions.sort_unstable();
        self.result.found.sort_unstable();
        // An import is both a use and a definition of the same letters.
        self.result.found.dedup_by(|b, a| {
            let same = a.file == b.file && a.span == b.span;
            if same {
                a.declaration |= b.declaration;
                a.write |= b.write;
                a.expansion &= b.expansion;
            }
            same
        });
        self.result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    /// The uses of the definition at the fixture's cursor.
    fn search(fixture: &str, until: Option<Instant>) -> References {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, offset) = fixture.cursor(&view);
        let resolver = Resolver::new(&view);
        let Some(super::super::Occurrence::Def(def)) = resolver.at(file, offset) else {
            panic!("there is no definition at the cursor")
        };
        let limits = ReferenceLimits { until, ..ReferenceLimits::default() };
        resolver.references(Target::Symbol(Symbol { file, def }), limits)
    }

    #[test]
    fn a_search_whose_time_is_up_says_so() {
        let fixture = "\n//- /a.py\ndef $0f(): pass\nf()\n";
        let late = search(fixture, Some(Instant::now()));
        assert!(late.truncated && late.found.is_empty());
        let whole = search(fixture, None);
        assert_eq!((whole.truncated, whole.found.len()), (false, 2));
    }

    #[test]
    fn what_cannot_be_seen_elsewhere_is_found_where_it_can() {
        let found = |fixture: &str| search(fixture, None).found.len();
        // A parameter's name is written in calls of other files.
        assert_eq!(
            found("\n//- /a.py\ndef f($0width): print(width)\n//- /b.py\nfrom a import f\nf(width=1)\n"),
            3
        );
        // Tests of the same directory see small names.
        let small = "
            //- /go.mod
            module m
            //- /a.go
            package m
            func $0small() {}
            //- /a_test.go
            package m
            func run() { small() }
            //- /sub/b.go
            package sub
            func small() {}
            func run() { small() }
            ";
        assert_eq!(found(small), 2);
        // What is not public is seen in its module and those below it.
        let hidden = "
            //- /Cargo.toml
            [package]
            name = \"m\"
            //- /src/lib.rs
            mod a;
            fn f(x: a::A) { x.go(); x.size; }
            //- /src/a.rs
            mod b;
            pub struct A { size: u32 }
            impl A { fn $0go(&self) { self.size; } }
            impl A { fn more(&self) { self.go(); } }
            //- /src/a/b.rs
            fn f(x: super::A) { x.go(); x.size; }
            ";
        assert_eq!(found(hidden), 3);
        assert_eq!(found(&hidden.replace("$0", "").replace("size: u32", "$0size: u32")), 3);
        assert_eq!(found(&hidden.replace("fn $0", "pub fn $0")), 4);
        assert_eq!(found(&hidden.replace("mod b;", "mod b; #[path = \"../else.rs\"] mod c;")), 4);
        // A member is used without a receiver where classes see their members.
        let member = "
            //- /A.java
            class A { int $0size; int get() { return size; } }
            //- /B.java
            class B extends A { int twice() { return size + this.size; } }
            ";
        assert_eq!(found(member), 4);
    }
}
