//! Modules, what they export, and imports followed to what they stand for.

use std::rc::Rc;

use smallvec::SmallVec;

use super::member::Wanted;
use super::ty::{Place, Ty};
use super::{Cx, Entity, HITS_MAX, Hit, Hits, Resolution, Resolver, Symbol, Tier, Typed};
use crate::lang::facts::{Def, DefFlags, DefKind, Name, ScopeId, ScopeKind, Term, TermId};
use crate::lang::modules::{FileId, Layout, ModuleTarget};
use crate::lang::pack::Exports;

/// The name under which a file exports one value as a whole (`export =`, `module.exports =`).
const WHOLE_EXPORT: &str = "export=";

/// The name of an ES module's default export.
const DEFAULT_EXPORT: &str = "default";

/// Files that declare a name, ascending, each with its place among the postings.
pub(super) type Declaring = Rc<[(FileId, u32)]>;

impl Resolver<'_> {
    /// What a definition stands for: itself, unless it is an import, an export or the line of a module.
    pub(super) fn follow(&self, symbol: Symbol) -> Rc<Resolution> {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        if let Some(place) = self.file_module(symbol) {
            return Rc::new(Resolution::place(place, Tier::Import));
        }
        if !def.kind.is_alias() {
            return Rc::new(Resolution::symbol(symbol, Tier::Lexical));
        }
        self.remember(
            &self.aliases,
            symbol,
            || Rc::new(Resolution::Missing("an import that leads back to itself")),
            || {
                let Some(init) = def.init else {
                    return Rc::new(Resolution::symbol(symbol, Tier::Lexical));
                };
                let cx = Cx { file: symbol.file, scope: def.scope };
                Rc::new(match self.denoted(cx, init) {
                    Some(found) => self.without_whole_export(symbol.file, def, found).at_most(Tier::Import),
                    // It stands for a value without a name, so its own line is the best there is.
                    None => Resolution::symbol(symbol, Tier::Lexical),
                })
            },
        )
    }

    /// A default or plain import of a module that exports one value as a whole means that value.
    fn without_whole_export(&self, from: FileId, def: &Def, found: Resolution) -> Resolution {
        if def.kind == DefKind::Export && self.view.name_text(def.name) == WHOLE_EXPORT {
            return found;
        }
        match found.hits() {
            [Hit { entity: Entity::Place(place), .. }] => match self.whole_export(from, place) {
                Some(whole) => whole,
                None => found,
            },
            _ => found,
        }
    }

    /// The definition that a module exports as a whole, if it does.
    fn whole_export(&self, from: FileId, place: &Place) -> Option<Resolution> {
        let Place::Files(files) = place else { return None };
        let name = self.view.lookup_name(WHOLE_EXPORT)?;
        let file = *files.first().filter(|f| **f != from)?;
        let index = self.index(file);
        let (def, whole) = index.declared(ScopeId::FILE, name).last()?;
        // An object is what the module itself is.
        if whole.init.is_some_and(|init| matches!(index.facts.term(init), Term::Object(_))) {
            return None;
        }
        match self.whole_value(Symbol { file, def }) {
            found @ Resolution::Found(_) => Some(found),
            _ => None,
        }
    }

    /// Where a module exports an object that is more than a list of names.
    pub fn exported_object(&self, file: FileId) -> Option<Symbol> {
        let name = self.view.lookup_name(WHOLE_EXPORT)?;
        let index = self.index(file);
        let (def, whole) = index.declared(ScopeId::FILE, name).last()?;
        let Term::Object(object) = index.facts.term(whole.init?) else { return None };
        index.facts.defs.iter().any(|d| d.scope == *object).then_some(Symbol { file, def })
    }

    /// What a file exports as a whole: a function or class and the namespace of its name are one thing.
    fn whole_value(&self, export: Symbol) -> Resolution {
        let followed = self.follow(export);
        let Some(first) = followed.first_symbol() else { return (*followed).clone() };
        let index = self.index(first.file);
        let def = index.facts.def(first.def);
        let merged = || index.declared(def.scope, def.name).filter(|(_, d)| !d.kind.is_alias());
        if merged().count() < 2 || !merged().any(|(_, d)| d.kind == DefKind::Namespace) {
            return (*followed).clone();
        }
        let symbols = merged().map(|(id, _)| Symbol { file: first.file, def: id });
        let hits = symbols.map(|s| Hit { entity: Entity::Symbol(s), tier: Tier::Import, subst: None });
        Resolution::Found(hits.collect())
    }

    /// The thing that a term names, if it names one rather than computing a value.
    pub(super) fn denoted(&self, cx: Cx, term: TermId) -> Option<Resolution> {
        let index = self.index(cx.file);
        self.nested(|| match index.facts.term(term) {
            Term::Ref(reference) => Some((*self.reference(cx.file, *reference)).clone()),
            Term::Def(def) => Some((*self.follow(Symbol { file: cx.file, def: *def })).clone()),
            Term::Module(specifier) => Some(self.module_term(cx, *specifier)),
            Term::Same(inner) | Term::Await(inner) | Term::Apply(inner, _) => self.denoted(cx, *inner),
            Term::SelfType => match self.self_type(cx) {
                Ty::Of(inner) => inner.symbol().map(|symbol| Resolution::symbol(symbol, Tier::Member)),
                _ => None,
            },
            _ => None,
        })
        .flatten()
    }

    /// The module that a specifier names at that place.
    fn module_term(&self, cx: Cx, specifier: Name) -> Resolution {
        let index = self.index(cx.file);
        let target = if index.lang.knobs().opaque_modules {
            match self.inner_module(cx, specifier) {
                Ok(place) => return Resolution::place(place, Tier::Import),
                Err(target) => target,
            }
        } else {
            self.module(cx.file, specifier)
        };
        match target {
            ModuleTarget::External => match self.ambient_module(cx.file, specifier) {
                Some(place) => Resolution::place(place, Tier::Import),
                None => Resolution::External(self.last_segment(specifier)),
            },
            ModuleTarget::Unknown => Resolution::Missing("no module of that name was found"),
            target => match self.place(cx.file, target) {
                Some(place) => Resolution::place(place, Tier::Import),
                None => Resolution::Missing("no module of that name was found"),
            },
        }
    }

    /// `self` and `super` inside modules that are written inside a file; what leads out of the file is left to the
    /// language's module rules.
    fn inner_module(&self, cx: Cx, specifier: Name) -> Result<Place, ModuleTarget> {
        let index = self.index(cx.file);
        let facts = &index.facts;
        let mut around = facts
            .ancestors(cx.scope)
            .filter(|s| facts.scope(*s).kind == ScopeKind::Module)
            .filter_map(|s| facts.scope(s).owner)
            .map(|def| Symbol { file: cx.file, def })
            .peekable();
        let text = self.view.name_text(specifier);
        let mut rest = text;
        loop {
            let (head, tail) = rest.split_once("::").unwrap_or((rest, ""));
            match head {
                "self" => {}
                "super" if around.peek().is_some() => {
                    around.next();
                    if around.peek().is_none() && !tail.starts_with("super") {
                        // The innermost module of the file was left: this is the file itself.
                        return match tail {
                            "" => Ok(Place::Files(SmallVec::from_elem(cx.file, 1))),
                            _ => Err(ModuleTarget::Unknown),
                        };
                    }
                }
                _ if rest.is_empty() => break,
                _ => {
                    let coined = self.view.lookup_name(rest);
                    return Err(match coined {
                        Some(name) => self.module(cx.file, name),
                        None => self.index(cx.file).lang.strategy().resolve(self.layout(), cx.file, rest),
                    });
                }
            }
            rest = tail;
        }
        match around.next() {
            Some(module) => Ok(Place::Inline(module)),
            None => Ok(Place::Files(SmallVec::from_elem(cx.file, 1))),
        }
    }

    pub(super) fn module(&self, file: FileId, specifier: Name) -> ModuleTarget {
        if let Some(known) = self.modules.borrow().get(&(file, specifier)) {
            return known.clone();
        }
        let text = self.view.name_text(specifier);
        let target = match self.index(file).lang.strategy().resolve(self.layout(), file, text) {
            ModuleTarget::Unknown if self.is_library(file) => ModuleTarget::External,
            target => target,
        };
        self.modules.borrow_mut().insert((file, specifier), target.clone());
        target
    }

    pub(super) fn place(&self, from: FileId, target: ModuleTarget) -> Option<Place> {
        match target {
            ModuleTarget::Files(files) => {
                // Files of another family cannot be meant, whatever their path.
                let family = self.layout().lang(from).family();
                let files: SmallVec<[FileId; 1]> =
                    files.into_iter().filter(|f| self.layout().lang(*f).family() == family).collect();
                (!files.is_empty()).then_some(Place::Files(files))
            }
            ModuleTarget::Directory(dir) => Some(Place::Directory(from, dir.into())),
            ModuleTarget::External | ModuleTarget::Unknown => None,
        }
    }

    fn last_segment(&self, specifier: Name) -> Option<Name> {
        let text = self.view.name_text(specifier);
        let last = text.rsplit(|c: char| c != '_' && !c.is_alphanumeric()).next()?;
        self.view.lookup_name(last)
    }

    /// The file that the line of a module (`mod name;`) stands for.
    pub(super) fn file_module(&self, symbol: Symbol) -> Option<Place> {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        if def.kind != DefKind::Module || !def.flags.has(DefFlags::FILE_MODULE) {
            return None;
        }
        // Inside inline modules the file lies below directories of their names.
        let mut path: Vec<&str> = index
            .facts
            .ancestors(def.scope)
            .filter_map(|s| index.facts.scope(s).owner)
            .map(|owner| self.view.name_text(index.facts.def(owner).name))
            .collect();
        path.reverse();
        path.push(self.view.name_text(def.name));
        let target = index.lang.strategy().child(self.layout(), symbol.file, &path.join("::"));
        self.place(symbol.file, target)
    }

    /// What a glob brings for the name: exported members of a module, or those of a type.
    pub(super) fn through_glob(&self, cx: Cx, target: TermId, name: Name) -> Resolution {
        let Some(target) = self.denoted(cx, target) else {
            return Resolution::Missing("the target of the glob is not known");
        };
        match target {
            Resolution::Found(hits) => {
                for hit in &hits {
                    let found = match &hit.entity {
                        Entity::Symbol(namespace) if self.is_open_namespace(*namespace) => {
                            self.in_namespace(cx.file, *namespace, name)
                        }
                        Entity::Place(place) => match &**place {
                            Place::Files(files) if !self.listed_in(files, name) => continue,
                            place => self.place_member(place, name),
                        },
                        Entity::Symbol(symbol) => self.member_of_symbol(*symbol, Wanted::any(name)),
                    };
                    if !matches!(found, Resolution::Missing(_)) {
                        return found;
                    }
                }
                Resolution::Missing("no glob brings it")
            }
            other => other,
        }
    }

    /// Whether a glob import of these files may bring the name.
    fn listed_in(&self, files: &[FileId], name: Name) -> bool {
        files.iter().any(|file| match &self.index(*file).facts.listed {
            Some(listed) => listed.contains(&name),
            None => self.view.name_text(name) != DEFAULT_EXPORT,
        })
    }

    /// A member of a module, imports followed.
    pub(super) fn place_member(&self, place: &Place, name: Name) -> Resolution {
        match self.member_of_place(place, name) {
            Resolution::Missing(_) if self.is_library_place(place) => Resolution::External(Some(name)),
            found => found,
        }
    }

    fn member_of_place(&self, place: &Place, name: Name) -> Resolution {
        match place {
            Place::Files(files) => {
                let mut hits = Hits::new();
                let mut rest = Resolution::Missing("the module has no such member");
                for file in self.declaring(files, name) {
                    match &*self.file_member(file, name) {
                        Resolution::Found(found) => hits.extend(found.iter().cloned()),
                        Resolution::External(foreign) => rest = Resolution::External(*foreign),
                        Resolution::Missing(_) => {}
                    }
                }
                if !hits.is_empty() {
                    return Resolution::Found(hits);
                }
                if let [file] = **files
                    && let Some(place) = self.child(file, name)
                {
                    return Resolution::place(place, Tier::Import);
                }
                rest
            }
            Place::Directory(from, dir) => {
                let text = self.view.name_text(name);
                let target = self.index(*from).lang.strategy().child_of_dir(self.layout(), dir, text);
                match self.place(*from, target) {
                    Some(place) => Resolution::place(place, Tier::Import),
                    None => Resolution::Missing("the directory has no such module"),
                }
            }
            Place::Inline(symbol) => {
                let index = self.index(symbol.file);
                match index.facts.def(symbol.def).body {
                    Some(scope) => self.scope_member(symbol.file, scope, name),
                    None => Resolution::Missing("the module has no body"),
                }
            }
        }
    }

    /// The submodule of that name of a module's file.
    fn child(&self, file: FileId, name: Name) -> Option<Place> {
        let dir = self.child_dir(file)?;
        let strategy = self.view.lang(file).strategy();
        let target = strategy.child_of_dir(self.layout(), &dir, self.view.name_text(name));
        self.place(file, target)
    }

    /// Where the submodules of a module's file lie, if there is anything.
    pub(super) fn child_dir(&self, file: FileId) -> Option<Rc<str>> {
        if let Some(known) = self.child_dirs.borrow().get(&file) {
            return known.clone();
        }
        let strategy = self.view.lang(file).strategy();
        let dir = strategy.child_dir(self.layout(), file).filter(|dir| self.layout().has_dir(dir));
        let dir: Option<Rc<str>> = dir.map(Rc::from);
        self.child_dirs.borrow_mut().insert(file, dir.clone());
        dir
    }

    /// Those of the files that may give the name. A package of many files is not read for each of its names.
    pub(super) fn declaring(&self, files: &[FileId], name: Name) -> SmallVec<[FileId; 4]> {
        if let [file] = files {
            return files.iter().copied().filter(|_| self.may_give(*file, name)).collect();
        }
        let all = self.all_declaring(name);
        let mut found: SmallVec<[FileId; 4]> = files
            .iter()
            .copied()
            .filter(|f| all.binary_search_by_key(f, |(file, _)| *file).is_ok())
            .collect();
        // In the order of the postings, as one after the other declares it.
        found.sort_by_key(|f| all.binary_search_by_key(f, |(file, _)| *file).map_or(0, |at| all[at].1));
        found
    }

    /// Whether a module can have a member of that name, by what is known without reading it.
    fn may_give(&self, file: FileId, name: Name) -> bool {
        let declares = |name: Name| self.all_declaring(name).binary_search_by_key(&file, |(f, _)| *f).is_ok();
        self.files.holds(file)
            || self.view.has_globs(file)
            || declares(name)
            || self.view.lookup_name(WHOLE_EXPORT).is_some_and(declares)
    }

    /// Every file that declares the name outside of functions, ascending, with its place among the postings.
    pub(super) fn all_declaring(&self, name: Name) -> Declaring {
        if let Some(known) = self.declaring.borrow().get(&name) {
            return Rc::clone(known);
        }
        let mut files: Vec<(FileId, u32)> =
            self.view.defs_anywhere(name).enumerate().map(|(at, (file, _))| (file, at as u32)).collect();
        files.sort_unstable();
        files.dedup_by_key(|(file, _)| *file);
        let files: Declaring = files.into();
        self.declaring.borrow_mut().insert(name, Rc::clone(&files));
        files
    }

    fn file_member(&self, file: FileId, name: Name) -> Rc<Resolution> {
        self.remember(
            &self.exports,
            (file, name),
            || Rc::new(Resolution::Missing("modules that import each other in a circle")),
            || Rc::new(self.scope_member(file, ScopeId::FILE, name)),
        )
    }

    /// An exported name of a module's scope.
    fn scope_member(&self, file: FileId, scope: ScopeId, name: Name) -> Resolution {
        let index = self.index(file);
        let knobs = index.lang.knobs();
        let marked = knobs.exports == Exports::Marked;
        let mut found: SmallVec<[(Symbol, &Def); 4]> = index
            .named(name)
            .filter(|(_, d)| {
                let declared = d.scope == scope && d.of.is_none()
                    || scope == ScopeId::FILE && d.flags.has(DefFlags::OUTER);
                declared && (!marked || index.is_exported(d)) && d.kind != DefKind::Label
            })
            .map(|(def, d)| (Symbol { file, def }, d))
            .collect();
        if scope == ScopeId::FILE {
            found.extend(self.assigned_to_exports(file, name).map(|s| (s, index.facts.def(s.def))));
        }
        // An explicit export line says what importers get.
        if found.iter().any(|(_, d)| d.kind == DefKind::Export) {
            found.retain(|(_, d)| d.kind == DefKind::Export);
        }
        let own: SmallVec<[(Symbol, &Def); 4]> =
            found.iter().copied().filter(|(_, d)| !d.kind.is_alias()).collect();
        let mut hits = Hits::new();
        let mut rest = Resolution::Missing("the module has no such member");
        let chosen = if own.is_empty() { &found } else { &own };
        for (symbol, _) in chosen.iter() {
            if hits.len() >= HITS_MAX {
                break;
            }
            match &*self.follow(*symbol) {
                Resolution::Found(more) => {
                    for hit in more {
                        if !hits.contains(hit) {
                            hits.push(hit.clone());
                        }
                    }
                }
                Resolution::External(foreign) => rest = Resolution::External(*foreign),
                Resolution::Missing(_) => {}
            }
        }
        if !hits.is_empty() {
            return Resolution::Found(hits).at_most(Tier::Import);
        }
        for glob in index.facts.globs.iter().filter(|g| g.scope == scope && (g.reexport || !marked)) {
            match self.through_glob(Cx { file, scope }, glob.target, name) {
                Resolution::Found(found) => return Resolution::Found(found).at_most(Tier::Import),
                Resolution::External(foreign) => rest = Resolution::External(foreign),
                Resolution::Missing(_) => {}
            }
        }
        if scope == ScopeId::FILE
            && let Some(found) = self.member_of_whole_export(file, name)
        {
            return found;
        }
        rest
    }

    /// `exports.name = …` of a CommonJS module.
    fn assigned_to_exports(&self, file: FileId, name: Name) -> impl Iterator<Item = Symbol> {
        let index = self.index(file);
        let ids: SmallVec<[Symbol; 2]> = index
            .named(name)
            .filter(|(_, d)| match d.of {
                Some(of) => self.is_exports(Cx { file, scope: d.scope }, of),
                None => false,
            })
            .map(|(def, _)| Symbol { file, def })
            .collect();
        ids.into_iter()
    }

    fn is_exports(&self, cx: Cx, of: TermId) -> bool {
        match self.eval(cx, of).ty {
            Ty::Exports(file) => file == cx.file,
            Ty::Union(parts) => parts.contains(&Ty::Exports(cx.file)),
            _ => false,
        }
    }

    /// What a file assigns to its exports beside a function that it exports as a whole is the function's member.
    pub(super) fn exported_beside(&self, symbol: Symbol, name: Name) -> Option<Resolution> {
        let whole = self.view.lookup_name(WHOLE_EXPORT)?;
        let index = self.index(symbol.file);
        let (def, _) = index.declared(ScopeId::FILE, whole).last()?;
        if self.follow(Symbol { file: symbol.file, def }).first_symbol()? != symbol {
            return None;
        }
        let listed = index.declared(ScopeId::FILE, name).filter(|(_, d)| d.kind == DefKind::Export).last();
        let found = match listed {
            Some((def, _)) => Symbol { file: symbol.file, def },
            None => self.assigned_to_exports(symbol.file, name).next()?,
        };
        Some((*self.follow(found)).clone().at_most(Tier::Import))
    }

    /// A member of the value that the file exports as a whole.
    fn member_of_whole_export(&self, file: FileId, name: Name) -> Option<Resolution> {
        let whole = self.view.lookup_name(WHOLE_EXPORT)?;
        let index = self.index(file);
        let (def, export) = index.declared(ScopeId::FILE, whole).last()?;
        if self.view.name_text(name) == DEFAULT_EXPORT {
            // An object is what the module itself is, which is no definition that is used.
            if export.init.is_some_and(|init| matches!(index.facts.term(init), Term::Object(_))) {
                return None;
            }
            // What the module is as a whole is its default export, too.
            let whole = self.whole_value(Symbol { file, def });
            return matches!(whole, Resolution::Found(_)).then(|| whole.at_most(Tier::Import));
        }
        let whole = self.whole_value(Symbol { file, def });
        let value = match whole.hits() {
            [_, _, ..] => self.value_of_resolution(&whole),
            _ => self.value(Symbol { file, def }),
        };
        if matches!(value.ty, Ty::Unknown | Ty::Exports(_)) {
            return None;
        }
        let found = self.member(&Typed::sure(value.ty), whole.first_symbol(), Wanted::any(name), file);
        (!found.hits().is_empty()).then(|| found.at_most(Tier::Import))
    }
}
