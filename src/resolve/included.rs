//! Textual inclusion: what a file sees of others, and which of their definitions a name then means.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::lexical::{Use, affinity, fits};
use super::member::Wanted;
use super::ty::{Place, Ty};
use super::{Cx, Entity, Hit, Resolution, Resolver, Symbol, Tier};
use crate::lang::facts::{Def, DefFlags, DefKind, Name, Role, ScopeId, ScopeKind, Term, TermId};
use crate::lang::modules::{FileId, Layout, ModuleTarget};

/// Files that one file is taken to include; a unit of real code has a few hundred, rarely a few thousand.
const INCLUDED_MAX: usize = 4_096;

/// Files that declare a name, of those that are not included, among which what is meant is looked for.
const UNSEEN_MAX: usize = 256;

const NOT_INCLUDED: Resolution = Resolution::Missing("no included file declares it");

/// Namespaces around a name, the outermost first; those that are seen through are left out.
pub type Namespaces = SmallVec<[Name; 2]>;

/// The files whose text a file includes, itself and indirectly included ones among them.
#[derive(Debug, Default)]
pub struct Reach {
    order: FxHashMap<FileId, Included>,
}

/// Where an included file stands.
#[derive(Clone, Copy, Debug, Default)]
struct Included {
    /// In the order of inclusion, behind those that include it.
    place: u32,
    /// In the order of the text: as a file begins with what it includes, behind those.
    text: u32,
}

impl Reach {
    pub fn sees(&self, file: FileId) -> bool {
        self.order.contains_key(&file)
    }
}

impl Resolver<'_> {
    /// The files that the file includes itself.
    fn includes(&self, file: FileId) -> SmallVec<[FileId; 16]> {
        let index = self.index(file);
        let family = index.lang.family();
        let mut found = SmallVec::new();
        for glob in &index.facts.globs {
            let Term::Module(specifier) = *index.facts.term(glob.target) else { continue };
            if let ModuleTarget::Files(files) = self.module(file, specifier) {
                found.extend(files.into_iter().filter(|f| self.layout().lang(*f).family() == family));
            }
        }
        found
    }

    /// Everything that the file includes.
    pub(super) fn reach(&self, file: FileId) -> Rc<Reach> {
        if let Some(known) = self.reaches.borrow().get(&file) {
            return Rc::clone(known);
        }
        let mut reach = Reach::default();
        let (mut pending, mut left) = (vec![(file, false)], 0);
        while let Some((next, read)) = pending.pop() {
            if read {
                if let Some(included) = reach.order.get_mut(&next) {
                    included.text = left;
                }
                left += 1;
                continue;
            }
            let place = reach.order.len() as u32;
            if reach.order.contains_key(&next) || reach.order.len() >= INCLUDED_MAX {
                continue;
            }
            reach.order.insert(next, Included { place, text: 0 });
            pending.push((next, true));
            pending.extend(self.includes(next).into_iter().rev().map(|file| (file, false)));
        }
        let reach = Rc::new(reach);
        self.reaches.borrow_mut().insert(file, Rc::clone(&reach));
        reach
    }

    /// The namespaces around a scope, if it stands outside of functions and types.
    pub(super) fn namespaces(&self, file: FileId, scope: ScopeId) -> Option<Namespaces> {
        let index = self.index(file);
        let facts = &index.facts;
        let mut found = Namespaces::new();
        for id in facts.ancestors(scope) {
            let scope = facts.scope(id);
            match scope.kind {
                ScopeKind::File => {}
                ScopeKind::Module => {
                    let owner = scope.owner.map(|owner| facts.def(owner));
                    // What stands in an inline namespace stands in the one around it too.
                    found.extend(owner.filter(|d| !d.flags.has(DefFlags::INLINE)).map(|d| d.name));
                }
                _ => return None,
            }
        }
        found.reverse();
        Some(found)
    }

    /// What the included files declare under the name in the namespaces around the scope.
    pub(super) fn in_included(&self, file: FileId, scope: ScopeId, used: &Use) -> Resolution {
        match self.namespaces(file, scope) {
            Some(namespaces) => self.declared_for(file, &namespaces, used),
            None => NOT_INCLUDED,
        }
    }

    /// What the file and those that it includes declare under the name in these namespaces.
    fn declared_for(&self, file: FileId, namespaces: &[Name], used: &Use) -> Resolution {
        let all = self.all_declaring(used.name);
        let mut found: SmallVec<[(Symbol, u8); 8]> = SmallVec::new();
        self.declared_outside(file, namespaces, used, &mut found);
        if all.iter().any(|(f, _)| *f != file) {
            let reach = self.reach(file);
            let mut seen: SmallVec<[(u32, FileId); 8]> = all
                .iter()
                .filter(|(f, _)| *f != file)
                .filter_map(|(f, _)| reach.order.get(f).map(|included| (included.place, *f)))
                .collect();
            seen.sort_unstable();
            if seen.len() > 1 {
                // What is included for another system goes last.
                seen.sort_by_cached_key(|(_, other)| self.apart(file, *other));
            }
            for (_, other) in seen {
                self.declared_outside(other, namespaces, used, &mut found);
            }
        }
        self.best_of(&found).unwrap_or(NOT_INCLUDED)
    }

    /// Whether the definition is a namespace that other places add to.
    pub(super) fn is_open_namespace(&self, symbol: Symbol) -> bool {
        self.knobs(symbol.file).textual && self.def(symbol).kind == DefKind::Namespace
    }

    /// For a namespace that several places open, the first of them in the text that the file sees.
    pub(super) fn first_opened(&self, file: FileId, found: Resolution) -> Resolution {
        let [Hit { entity: Entity::Symbol(symbol), tier, .. }] = found.hits() else { return found };
        let (symbol, tier) = (*symbol, *tier);
        if !self.is_open_namespace(symbol) {
            return found;
        }
        let known = self.opened.borrow().get(&(file, symbol)).copied();
        let first = known.unwrap_or_else(|| self.opening(file, symbol).unwrap_or(symbol));
        self.opened.borrow_mut().insert((file, symbol), first);
        Resolution::symbol(first, tier)
    }

    fn opening(&self, file: FileId, namespace: Symbol) -> Option<Symbol> {
        let index = self.index(namespace.file);
        let def = index.facts.def(namespace.def);
        let around = self.namespaces(namespace.file, def.scope)?;
        let reach = self.reach(file);
        let mut opening: SmallVec<[(u32, FileId); 8]> = self
            .all_declaring(def.name)
            .iter()
            .filter_map(|(other, _)| reach.order.get(other).map(|included| (included.text, *other)))
            .collect();
        opening.sort_unstable();
        opening.into_iter().find_map(|(_, other)| {
            let index = self.index(other);
            let opens = |d: &Def| {
                let inside = self.namespaces(other, d.scope);
                d.kind == DefKind::Namespace && inside.is_some_and(|path| path == around)
            };
            let opened = index.named(def.name).find(|(_, d)| opens(d)).map(|(id, _)| id);
            opened.map(|def| Symbol { file: other, def })
        })
    }

    /// A name of a namespace, wherever the file sees that opened. What it does not see is from outside.
    pub(super) fn in_namespace(&self, file: FileId, namespace: Symbol, name: Name) -> Resolution {
        let index = self.index(namespace.file);
        let outside = Resolution::External(Some(name));
        let Some(body) = index.facts.def(namespace.def).body else { return outside };
        let Some(namespaces) = self.namespaces(namespace.file, body) else { return outside };
        let knobs = self.knobs(file);
        let used = Use { name, role: Role::Read, offset: u32::MAX, scope: ScopeId::FILE, knobs };
        let through = || {
            let Some((last, around)) = namespaces.split_last() else { return NOT_INCLUDED };
            // The file's look at all that it includes comes last: it is the dearer one.
            match self.declared_for(file, around, &used) {
                found @ Resolution::Found(_) if self.is_seen_through(file, *last) => found,
                _ => NOT_INCLUDED,
            }
        };
        match self.declared_for(file, &namespaces, &used) {
            found @ Resolution::Found(_) => found,
            _ if let found @ Resolution::Found(_) = through() => found,
            _ => match self.unseen_in(file, &namespaces, &used) {
                found @ Resolution::Found(_) => found,
                _ => outside,
            },
        }
    }

    /// Whether the file sees a namespace of that name opened so that its names stand in the one around (by a macro).
    fn is_seen_through(&self, file: FileId, name: Name) -> bool {
        let reach = self.reach(file);
        let through = |d: &Def| d.kind == DefKind::Namespace && d.flags.has(DefFlags::INLINE);
        let all = self.all_declaring(name);
        all.iter().any(|(f, _)| reach.sees(*f) && self.index(*f).named(name).any(|(_, d)| through(d)))
    }

    /// What the namespaces bring that `using namespace` opens in the scope.
    pub(super) fn in_directives(&self, file: FileId, scope: ScopeId, used: &Use) -> Resolution {
        let index = self.index(file);
        let mut rest = NOT_INCLUDED;
        for glob in index.facts.globs.iter().filter(|g| g.scope == scope) {
            if matches!(index.facts.term(glob.target), Term::Module(_)) {
                continue;
            }
            match self.through_glob(Cx { file, scope }, glob.target, used.name) {
                found @ Resolution::Found(_) => return found.at_most(Tier::Import),
                Resolution::External(name) => rest = Resolution::External(name),
                Resolution::Missing(_) => {}
            }
        }
        rest
    }

    /// What a member that stands outside of its class sees there: the members of the class and of those around it, and
    /// the names of their namespace.
    pub(super) fn in_owner(&self, cx: Cx, of: TermId, used: &Use) -> Option<Resolution> {
        let owner = match self.eval(cx, of).ty {
            Ty::Module(place) => match &*place {
                Place::Inline(namespace) => {
                    let found = self.in_namespace(cx.file, *namespace, used.name);
                    return (!found.hits().is_empty()).then_some(found);
                }
                _ => return None,
            },
            ty => ty.instance().symbol()?,
        };
        let index = self.index(owner.file);
        let wanted = Wanted::by_role(used.name, used.role, used.knobs);
        let around = index.facts.ancestors(index.facts.def(owner.def).scope);
        let classes = around.filter_map(|s| {
            let scope = index.facts.scope(s);
            scope.owner.filter(|_| scope.kind == ScopeKind::Class)
        });
        for class in std::iter::once(owner.def).chain(classes) {
            let class = Symbol { file: owner.file, def: class };
            let found = self.member_of_symbol(class, wanted);
            let first = found.first_symbol();
            if first.is_some_and(|first| self.def(first).kind != DefKind::Constructor) {
                return Some(found.at_most(Tier::Member));
            }
            if self.def(class).name == used.name {
                return Some(Resolution::symbol(class, Tier::Lexical));
            }
        }
        let namespaces = self.namespaces(owner.file, index.home(index.facts.def(owner.def)));
        let own = self.namespaces(cx.file, cx.scope);
        match namespaces {
            Some(namespaces) if Some(&namespaces) != own.as_ref() && !namespaces.is_empty() => {
                let found = self.declared_for(cx.file, &namespaces, used);
                (!found.hits().is_empty()).then_some(found)
            }
            _ => None,
        }
    }

    /// What files that are not included declare under the name: a thing that is declared anywhere is the one that is
    /// linked, and a header may count on what was included before it.
    pub(super) fn in_unseen(&self, file: FileId, used: &Use) -> Resolution {
        let around = self.namespaces_around(file, used.scope);
        for depth in (0..=around.len()).rev() {
            let found = self.unseen_in(file, &around[..depth], used);
            if !found.hits().is_empty() {
                return found;
            }
        }
        Resolution::Missing("nothing of that name is in scope")
    }

    /// The namespaces around a place, whatever else is around it.
    fn namespaces_around(&self, file: FileId, scope: ScopeId) -> Namespaces {
        let index = self.index(file);
        let outer = index
            .facts
            .ancestors(scope)
            .find(|s| matches!(index.facts.scope(*s).kind, ScopeKind::File | ScopeKind::Module));
        outer.and_then(|scope| self.namespaces(file, scope)).unwrap_or_default()
    }

    fn unseen_in(&self, file: FileId, namespaces: &[Name], used: &Use) -> Resolution {
        let none = NOT_INCLUDED;
        let all = self.all_declaring(used.name);
        if all.len() > UNSEEN_MAX {
            return none;
        }
        let family = self.layout().lang(file).family();
        let mut found: SmallVec<[(Symbol, u8); 8]> = SmallVec::new();
        for (other, _) in all.iter().filter(|(f, _)| *f != file && self.layout().lang(*f).family() == family)
        {
            self.declared_outside(*other, namespaces, used, &mut found);
        }
        found.retain(|(symbol, _)| !self.is_internal(*symbol) || is_header(self.layout().path(symbol.file)));
        let mut groups: SmallVec<[Symbol; 4]> = found.iter().map(|(s, _)| self.canonical(*s)).collect();
        groups.sort_unstable();
        groups.dedup();
        if groups.len() > 1 {
            let apart: SmallVec<[_; 4]> = groups.iter().map(|s| self.apart(file, s.file)).collect();
            let least = apart.iter().min().copied();
            let mut at = 0..;
            groups.retain(|_| at.next().is_some_and(|at: usize| Some(apart[at]) == least));
        }
        match groups.as_slice() {
            [only] => {
                let linked = matches!(self.def(*only).kind, DefKind::Function | DefKind::Variable);
                // What is included is read in the includer, which declared it before, or after for a macro's text.
                let header =
                    self.def(*only).kind != DefKind::Macro && is_header(self.layout().path(only.file));
                let sure = linked || header && self.reach(only.file).sees(file);
                Resolution::symbol(*only, if sure { Tier::Import } else { Tier::UniqueName })
            }
            _ => none,
        }
    }

    /// What the file declares outside of functions and types, in these namespaces.
    fn declared_outside(
        &self,
        file: FileId,
        namespaces: &[Name],
        used: &Use,
        found: &mut SmallVec<[(Symbol, u8); 8]>,
    ) {
        let index = self.index(file);
        for (def, d) in index.named(used.name) {
            let home = index.home(d);
            if d.of.is_none()
                && fits(d, used)
                && self.namespaces(file, home).is_some_and(|around| *around == *namespaces)
            {
                found.push((Symbol { file, def }, affinity(d, used)));
            }
        }
    }

    /// The first of those that go best with the use, and the functions of that name beside it.
    fn best_of(&self, found: &[(Symbol, u8)]) -> Option<Resolution> {
        let best = found.iter().map(|(_, affinity)| *affinity).max()?;
        let (first, _) = found.iter().find(|(_, affinity)| *affinity == best)?;
        if self.def(*first).kind.is_alias() {
            return Some((*self.follow(*first)).clone().at_most(Tier::Import));
        }
        let overloads = self.knobs(first.file).arities && self.def(*first).kind.is_callable();
        if !overloads {
            return Some(Resolution::symbol(*first, Tier::Import));
        }
        let mut hits: SmallVec<[Hit; 1]> = SmallVec::new();
        for (symbol, _) in found.iter().filter(|(s, _)| self.def(*s).kind.is_callable()) {
            let entity = Entity::Symbol(self.canonical(*symbol));
            if !hits.iter().any(|hit| hit.entity == entity) {
                hits.push(Hit { entity, tier: Tier::Import, subst: None });
            }
        }
        Some(Resolution::Found(hits))
    }

    /// Whether a definition outside of functions is of its file alone.
    pub(super) fn is_internal(&self, symbol: Symbol) -> bool {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        // `static` once is enough for all declarations of a file.
        let of_file = |d: &Def| d.scope == def.scope && d.kind == def.kind && d.flags.has(DefFlags::STATIC);
        let anonymous = index.facts.ancestors(def.scope).any(|s| {
            let scope = index.facts.scope(s);
            scope.kind == ScopeKind::Module && scope.owner.is_none()
        });
        if !matches!(def.kind, DefKind::Function | DefKind::Variable) {
            return anonymous;
        }
        anonymous
            || matches!(index.facts.scope(def.scope).kind, ScopeKind::File | ScopeKind::Module)
                && index.named(def.name).any(|(_, d)| of_file(d))
    }
}

/// Whether a file is there to be included, by its name.
pub fn is_header(path: &str) -> bool {
    let extension = path.rsplit('.').next().unwrap_or_default();
    extension.starts_with('h') || matches!(extension, "inl" | "ipp" | "tpp" | "txx" | "tcc")
}
