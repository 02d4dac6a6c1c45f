//! Everything that could stand at a place: the names in scope, and the members of what a term evaluates to.

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::ty::{Head, Place, Ty};
use super::{Cx, Entity, Resolution, Resolver, Symbol, Target};
use crate::lang::facts::{Def, DefFlags, DefKind, Name, Ref, Role, ScopeId, ScopeKind, Span, TermId};
use crate::lang::modules::{FileId, Layout, ModuleTarget, file_name, parent};
use crate::lang::pack::{AssignedMembers, Exports, MemberScope};

/// Members and names that one listing has at most; nobody reads further.
const LISTED_MAX: usize = 4_096;
/// Modules that hand on the names of others, nested in each other.
const REEXPORTS_MAX: usize = 4;
/// Files of one directory that are looked at for modules.
const MODULES_MAX: usize = 1_024;

/// From how far away a name is seen, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reach {
    /// A local name, or a member of the receiver's own type.
    Near,
    /// A member of the enclosing type by its bare name, or an inherited one.
    Member,
    /// Of the file.
    File,
    /// Of another file that shares the top level.
    Package,
    /// Brought by an import of everything.
    Glob,
}

/// A thing and the name that it has at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub name: String,
    pub target: Option<Target>,
    pub kind: DefKind,
    pub reach: Reach,
}

/// The members of a value, type or module.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    pub items: Vec<Listed>,
    /// There may be others, which the folder does not know.
    pub open: bool,
    seen: FxHashSet<String>,
    /// Scopes that have been listed: modules may hand on each other's names in circles.
    listed: FxHashSet<(FileId, ScopeId)>,
}

impl Listing {
    fn add(&mut self, name: &str, target: Option<Target>, kind: DefKind, reach: Reach) {
        if self.items.len() < LISTED_MAX && !name.is_empty() && self.seen.insert(name.to_owned()) {
            self.items.push(Listed { name: name.to_owned(), target, kind, reach });
        }
    }
}

impl Resolver<'_> {
    /// The members of what the term evaluates to at that place.
    pub fn members_of(&self, file: FileId, scope: ScopeId, term: TermId) -> Listing {
        self.begin();
        let mut listing = Listing::default();
        let typed = self.eval(Cx { file, scope }, term);
        self.list_type(&typed.ty, &mut listing, 0);
        listing
    }

    /// The modules that lie in one, by its name as the file's imports write it, with what stands before the next name;
    /// without one, those that lie beside the file and at the top of the folder.
    pub fn modules_in(&self, file: FileId, above: &str) -> Listing {
        self.begin();
        let mut listing = Listing::default();
        let strategy = self.view.lang(file).strategy();
        let Some(dotted) = strategy.dotted() else { return listing };
        let named = above.trim_end_matches(dotted.separator());
        let target = match (above.is_empty(), named.is_empty()) {
            (true, _) => {
                let here = Place::Directory(file, parent(self.view.path(file)).into());
                self.list_place(&here, &mut listing, 0);
                ModuleTarget::Directory(String::new())
            }
            // Nothing but dots: the packages around the file.
            (false, true) => strategy.resolve(self.layout(), file, above),
            (false, false) => strategy.resolve(self.layout(), file, named),
        };
        if let Some(place) = self.place(file, target) {
            self.list_place(&place, &mut listing, 0);
        }
        listing.items.retain(|item| item.kind == DefKind::Module);
        listing
    }

    fn list_type(&self, ty: &Ty, listing: &mut Listing, depth: usize) {
        if depth > REEXPORTS_MAX {
            return;
        }
        match ty {
            Ty::Named(Head::Def(symbol), _) | Ty::This(symbol) => self.list_members(*symbol, listing),
            Ty::Named(Head::Foreign(_), Some(args)) => {
                listing.open = true;
                if let Some(inner) = args.first() {
                    self.list_type(inner, listing, depth + 1);
                }
            }
            Ty::Of(inner) | Ty::Super(inner) => self.list_type(inner, listing, depth + 1),
            Ty::Param(param) => self.list_type(&self.bounds(*param), listing, depth + 1),
            Ty::Union(parts) => {
                for part in parts.iter() {
                    self.list_type(part, listing, depth + 1);
                }
            }
            Ty::Module(place) => self.list_place(place, listing, depth),
            Ty::Exports(file) => {
                self.list_place(&Place::Files(SmallVec::from_elem(*file, 1)), listing, depth);
            }
            Ty::Object(file, scope) => {
                let index = self.index(*file);
                for (id, d) in index.facts.defs_with_ids().filter(|(_, d)| d.scope == *scope) {
                    self.list_def(*file, id, d, Reach::Near, listing);
                }
            }
            _ => listing.open = true,
        }
    }

    fn list_def(
        &self,
        file: FileId,
        def: crate::lang::facts::DefId,
        d: &Def,
        reach: Reach,
        listing: &mut Listing,
    ) {
        let hidden = matches!(
            d.kind,
            DefKind::TypeParameter | DefKind::Parameter | DefKind::Label | DefKind::Constructor
        );
        if !hidden {
            let target = Target::Symbol(Symbol { file, def });
            listing.add(self.view.name_text(d.name), Some(target), d.kind, reach);
        }
    }

    /// What a type declares and inherits.
    fn list_members(&self, symbol: Symbol, listing: &mut Listing) {
        let linear = self.linear(self.canonical(symbol));
        listing.open |= linear.external || linear.unknown;
        for (at, (ty, _)) in linear.types.iter().enumerate() {
            let reach = if at == 0 { Reach::Near } else { Reach::Member };
            for part in self.group(*ty) {
                let index = self.index(part.file);
                let Some(body) = index.facts.def(part.def).body else { continue };
                if index.facts.scope(body).kind == ScopeKind::Function {
                    continue;
                }
                for (id, d) in index.facts.defs_with_ids() {
                    if d.scope == body && d.of.is_none() {
                        self.list_def(part.file, id, d, reach, listing);
                    }
                }
            }
            let mut files: SmallVec<[FileId; 2]> = SmallVec::from_elem(ty.file, 1);
            for extended in self.extensions(*ty).iter() {
                if !files.contains(&extended.file) {
                    files.push(extended.file);
                }
                let index = self.index(extended.file);
                if let Some(scope) = extended.scope {
                    for (id, d) in index.facts.defs_with_ids().filter(|(_, d)| d.scope == scope) {
                        self.list_def(extended.file, id, d, reach, listing);
                    }
                }
                if let Some(def) = extended.def {
                    self.list_def(extended.file, def, index.facts.def(def), reach, listing);
                }
            }
            if self.knobs(ty.file).assigned_members == AssignedMembers::None {
                continue;
            }
            for file in files {
                let index = self.index(file);
                for id in &index.attached {
                    let d = index.facts.def(*id);
                    if d.flags.has(DefFlags::ASSIGNED) && self.owner_by_receiver(file, d) == Some(*ty) {
                        self.list_def(file, *id, d, reach, listing);
                    }
                }
            }
        }
    }

    fn list_place(&self, place: &Place, listing: &mut Listing, depth: usize) {
        if depth > REEXPORTS_MAX {
            return;
        }
        match place {
            Place::Files(files) => {
                for file in files {
                    self.list_scope(*file, ScopeId::FILE, listing, depth);
                }
                if let [file] = **files {
                    let path = self.view.path(file);
                    let lang = self.view.lang(file);
                    let child = |name: &str| lang.strategy().child(self.layout(), file, name);
                    let stem = file_name(path).split('.').next().unwrap_or_default();
                    let below = format!("{}/{stem}", parent(path));
                    self.list_modules(parent(path), file, child, listing);
                    self.list_modules(below.trim_start_matches('/'), file, child, listing);
                }
            }
            Place::Directory(from, dir) => {
                let lang = self.view.lang(*from);
                let child = |name: &str| lang.strategy().child_of_dir(self.layout(), dir, name);
                self.list_modules(dir, *from, child, listing);
            }
            Place::Inline(symbol) => {
                if let Some(body) = self.index(symbol.file).facts.def(symbol.def).body {
                    self.list_scope(symbol.file, body, listing, depth);
                }
            }
        }
    }

    /// Modules that the language finds in a directory.
    fn list_modules(
        &self,
        dir: &str,
        from: FileId,
        child: impl Fn(&str) -> ModuleTarget,
        listing: &mut Listing,
    ) {
        let family = self.view.lang(from).family();
        for file in self.view.files_in(dir).into_iter().take(MODULES_MAX) {
            let stem = file_name(self.view.path(file)).split('.').next().unwrap_or_default();
            if self.view.lang(file).family() == family && child(stem) == ModuleTarget::file(file) {
                listing.add(stem, Some(Target::File(file)), DefKind::Module, Reach::Member);
            }
        }
    }

    /// The names that importers of a scope see.
    fn list_scope(&self, file: FileId, scope: ScopeId, listing: &mut Listing, depth: usize) {
        if !listing.listed.insert((file, scope)) {
            return;
        }
        let index = self.index(file);
        let marked = index.lang.knobs().exports == Exports::Marked;
        for (id, d) in index.facts.defs_with_ids() {
            let declared =
                d.scope == scope && d.of.is_none() || scope == ScopeId::FILE && d.flags.has(DefFlags::OUTER);
            if declared && (!marked || index.is_exported(d)) {
                let reach = if d.kind.is_alias() { Reach::Member } else { Reach::Near };
                self.list_def(file, id, d, reach, listing);
            }
        }
        for glob in index.facts.globs.iter().filter(|g| g.scope == scope && (g.reexport || !marked)) {
            match self.denoted(Cx { file, scope }, glob.target) {
                Some(Resolution::Found(hits)) => {
                    for hit in &hits {
                        match &hit.entity {
                            Entity::Place(place) => self.list_place(place, listing, depth + 1),
                            Entity::Symbol(symbol) => self.list_members(*symbol, listing),
                        }
                    }
                }
                _ => listing.open = true,
            }
        }
    }

    /// The names that a bare name could be at that place, of those that fit.
    pub fn names_in_scope(
        &self,
        file: FileId,
        scope: ScopeId,
        offset: u32,
        role: Role,
        fits: &dyn Fn(&str) -> bool,
    ) -> Listing {
        let mut listing = Listing::default();
        let index = self.index(file);
        let knobs = index.lang.knobs();
        let mut candidates: Vec<(Name, Reach)> = Vec::new();
        let mut seen: FxHashSet<Name> = FxHashSet::default();
        let chain: SmallVec<[ScopeId; 8]> = index.facts.ancestors(scope).collect();
        let mut add = |name: Name, reach: Reach| {
            if candidates.len() < LISTED_MAX && fits(self.view.name_text(name)) && seen.insert(name) {
                candidates.push((name, reach));
            }
        };
        for at in &chain {
            let kind = index.facts.scope(*at).kind;
            let reach = if *at == ScopeId::FILE { Reach::File } else { Reach::Near };
            if kind == ScopeKind::Object {
                continue;
            }
            let declared = |d: &&Def| d.of.is_none() && (d.scope == *at || index.home(d) == *at);
            for d in index.facts.defs.iter().filter(declared) {
                if !matches!(d.kind, DefKind::Export | DefKind::Constructor | DefKind::Label) {
                    add(d.name, reach);
                }
            }
        }
        // The listings below are of whole modules and types, which `fits` thins out.
        let mut wider = Listing::default();
        for at in &chain {
            for glob in index.facts.globs.iter().filter(|g| g.scope == *at) {
                self.begin();
                match self.denoted(Cx { file, scope: *at }, glob.target) {
                    Some(Resolution::Found(hits)) => {
                        for hit in &hits {
                            match &hit.entity {
                                Entity::Place(place) => self.list_place(place, &mut wider, 1),
                                Entity::Symbol(symbol) => self.list_members(*symbol, &mut wider),
                            }
                        }
                    }
                    _ => listing.open = true,
                }
            }
        }
        let globbed = wider.items.len();
        if knobs.member_scope == MemberScope::Lexical {
            for at in &chain {
                let at = index.facts.scope(*at);
                if let Some(owner) = at.owner.filter(|_| at.kind == ScopeKind::Class) {
                    self.begin();
                    self.list_members(Symbol { file, def: owner }, &mut wider);
                }
            }
        }
        for (at, item) in wider.items.iter().enumerate() {
            if let Some(name) = self.view.lookup_name(&item.name) {
                add(name, if at < globbed { Reach::Glob } else { Reach::Member });
            }
        }
        for (name, reach) in candidates {
            let text = self.view.name_text(name);
            if let Some((target, kind)) = self.bare_at(file, scope, offset, role, name) {
                listing.add(text, target, kind, reach);
            }
        }
        listing
    }

    /// What a bare name is at a place; `None` if nothing.
    pub fn bare_at(
        &self,
        file: FileId,
        scope: ScopeId,
        offset: u32,
        role: Role,
        name: Name,
    ) -> Option<(Option<Target>, DefKind)> {
        let span = Span::new(offset, offset);
        let roles = [role, Role::Read, Role::Call, Role::Type, Role::Macro];
        let mut outside = false;
        for role in roles {
            self.begin();
            match self.bare(file, &Ref { name, span, role, scope, recv: None }) {
                Resolution::Found(hits) => {
                    return hits.first().map(|hit| match &hit.entity {
                        Entity::Symbol(symbol) => (
                            Some(Target::Symbol(*symbol)),
                            self.index(symbol.file).facts.def(symbol.def).kind,
                        ),
                        Entity::Place(place) => match &**place {
                            Place::Files(files) => (files.first().map(|f| Target::File(*f)), DefKind::Module),
                            Place::Inline(symbol) => (Some(Target::Symbol(*symbol)), DefKind::Module),
                            Place::Directory(..) => (None, DefKind::Module),
                        },
                    });
                }
                Resolution::External(_) => outside = true,
                Resolution::Missing(_) => {}
            }
        }
        outside.then_some((None, DefKind::Import))
    }

    /// Other files that may share the top level with the file.
    pub fn sibling_files(&self, file: FileId) -> Vec<FileId> {
        self.siblings(file).to_vec()
    }
}
