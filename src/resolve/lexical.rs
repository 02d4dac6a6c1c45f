//! Bare names: the scopes around a use, innermost first, then what lies outside of the file.

use std::rc::Rc;

use smallvec::SmallVec;

use super::index::FileIndex;
use super::member::Wanted;
use super::ty::Ty;
use super::{Cx, Entity, HITS_MAX, Hit, Resolution, Resolver, Symbol, Tier};
use crate::lang::Knobs;
use crate::lang::facts::{Def, DefFlags, DefId, DefKind, Name, Ref, RefId, Role, ScopeId, ScopeKind, Term};
use crate::lang::modules::{FileId, ModuleTarget};
use crate::lang::pack::{MemberScope, Visibility};

/// A bare name and where it is used.
pub(super) struct Use<'a> {
    pub name: Name,
    pub role: Role,
    /// Where it stands; `None` when the whole scope is meant, wherever the name stands in it.
    pub offset: u32,
    pub scope: ScopeId,
    pub knobs: &'a Knobs,
}

/// Links of a chain that may nest in each other.
const LINKS_NESTED: usize = 3;

/// Longest chain that is resolved.
const LINKS_MAX: usize = 1_024;

/// Definitions of one name among which a macro is looked for.
const MACROS_MAX: usize = 256;

/// Words that stand where a type does, of C with extensions, and say that it is another's.
const TYPE_OPERATORS: [&str; 4] = ["__auto_type", "__typeof", "__typeof__", "typeof"];

type Candidates = SmallVec<[DefId; 2]>;

impl Resolver<'_> {
    /// What a reference stands for.
    pub(super) fn reference(&self, file: FileId, reference: RefId) -> Rc<Resolution> {
        self.resolve_links(file, reference);
        self.remember(
            &self.refs,
            (file, reference),
            || Rc::new(Resolution::Missing("a name that leads back to itself")),
            || {
                let r = self.reference_of(file, reference);
                let found = match r.recv {
                    None => self.unless_standard(file, r.name, self.bare(file, &r)),
                    Some(recv) => self.qualified(file, reference, &r, recv),
                };
                let found = self.built_first(file, self.in_sight(file, found).bounded());
                let found = self.first_opened(file, found);
                let found = match r.role {
                    Role::Call if self.knobs(file).overloads => self.chosen(file, reference, found),
                    Role::Call => self.called(found),
                    _ => found,
                };
                Rc::new(match self.index(file).facts.arity(reference) {
                    Some(arity) => self.by_arity(found, usize::from(arity)),
                    None => found,
                })
            },
        )
    }

    /// Of several functions of one name, those first that take so many arguments; of those the signatures first.
    pub(super) fn by_arity(&self, found: Resolution, arity: usize) -> Resolution {
        let Resolution::Found(mut hits) = found else { return found };
        if hits.len() > 1 {
            hits.sort_by_key(|hit| match hit.entity {
                Entity::Symbol(symbol) if self.def(symbol).kind.is_callable() => {
                    (!self.takes(symbol, arity), !self.def(symbol).flags.has(DefFlags::OVERLOAD))
                }
                _ => (false, false),
            });
            // Where signatures are declared, those that do not take so many are not meant.
            let knobs = |symbol: Symbol| self.knobs(symbol.file);
            let takes = |hit: &Hit| match hit.entity {
                Entity::Symbol(symbol) => !knobs(symbol).textual || self.takes(symbol, arity),
                Entity::Place(_) => true,
            };
            if hits.iter().any(takes) {
                hits.retain(|hit| takes(hit));
            }
        }
        Resolution::Found(hits)
    }

    /// Whether the function can be called with so many arguments.
    fn takes(&self, function: Symbol, arity: usize) -> bool {
        let index = self.index(function.file);
        let Some(body) = index.facts.def(function.def).body else { return true };
        let (mut least, mut most) = (0, 0);
        // What a function declares follows it.
        let end = index.facts.scope(body).span.end;
        let declared =
            index.facts.defs[function.def.index()..].iter().take_while(|d| d.name_span.start <= end);
        for parameter in declared.filter(|d| d.scope == body && d.kind == DefKind::Parameter) {
            if parameter.flags.has(DefFlags::VARIADIC) {
                return arity >= least;
            }
            most += 1;
            if !parameter.flags.has(DefFlags::OPTIONAL) {
                least = most;
            }
        }
        (least..=most).contains(&arity)
    }

    /// A call of a variable that holds a function of the folder means that function, then the variable.
    fn called(&self, found: Resolution) -> Resolution {
        let [Hit { entity: Entity::Symbol(symbol), tier, .. }] = found.hits() else { return found };
        let (symbol, tier) = (*symbol, *tier);
        let def = self.def(symbol);
        let holds = matches!(def.kind, DefKind::Variable | DefKind::Property | DefKind::Field);
        if !holds || def.ty.is_some() || self.knobs(symbol.file).prototype_names.is_empty() {
            return found;
        }
        let Ty::Function(function, subst) = self.value(symbol).ty else { return found };
        let Resolution::Found(mut hits) = found else { return found };
        hits.insert(0, Hit { entity: Entity::Symbol(function), tier, subst });
        Resolution::Found(hits)
    }

    /// Resolves what stands before the name in a long chain of calls, the first link first: each then finds the
    /// one before it answered, where going down from the last would nest too deep.
    pub(super) fn resolve_links(&self, file: FileId, reference: RefId) {
        if self.linking.get() || self.refs.knows((file, reference), &self.guard) {
            return;
        }
        let index = self.index(file);
        let mut links: SmallVec<[RefId; 16]> = SmallVec::new();
        let mut at = self.reference_of(file, reference).recv;
        while let Some(term) = at
            && links.len() < LINKS_MAX
        {
            at = match index.facts.term(term) {
                Term::Call(inner) => Some(index.facts.callee(*inner)),
                Term::Index(inner)
                | Term::Await(inner)
                | Term::Unwrap(inner)
                | Term::Deref(inner)
                | Term::AddrOf(inner)
                | Term::Apply(inner, _) => Some(*inner),
                Term::Ref(link) if !self.refs.knows((file, *link), &self.guard) => {
                    links.push(*link);
                    self.reference_of(file, *link).recv
                }
                _ => None,
            };
        }
        if links.len() > LINKS_NESTED {
            self.linking.set(true);
            for link in links.into_iter().rev() {
                self.reference(file, link);
            }
            self.linking.set(false);
        }
    }

    pub(super) fn bare(&self, file: FileId, r: &Ref) -> Resolution {
        let index = self.index(file);
        let knobs = index.lang.knobs();
        let used = Use { name: r.name, role: r.role, offset: r.span.start, scope: r.scope, knobs };
        let mut outside = false;
        let mut opaque = false;
        for scope in index.facts.ancestors(r.scope) {
            if opaque && scope != ScopeId::FILE {
                continue;
            }
            if opaque && index.facts.scope(scope).kind == ScopeKind::File {
                break;
            }
            let mut found = self.in_scope(file, &index, scope, &used);
            // A type's bases are named outside of it, where its parameters alone are seen.
            let heads = scope == r.scope
                && r.role == Role::Inherit
                && index.facts.scope(scope).kind == ScopeKind::Class;
            if heads {
                found.retain(|def| index.facts.def(*def).kind == DefKind::TypeParameter);
            }
            if !found.is_empty() {
                return match self.followed(file, &found, Tier::Lexical) {
                    found @ Resolution::Found(_) => found,
                    other => self.other_binding(file, &index, scope, &used).unwrap_or(other),
                };
            }
            if !heads && let Some(found) = self.in_members(file, &index, scope, &used) {
                return found;
            }
            if scope == ScopeId::FILE {
                let found = self.in_siblings(file, &used);
                if !found.hits().is_empty() {
                    return found;
                }
            }
            let kind = index.facts.scope(scope).kind;
            if knobs.textual && matches!(kind, ScopeKind::File | ScopeKind::Module) {
                match self.in_included(file, scope, &used) {
                    Resolution::Missing(_) => {}
                    found => return found,
                }
                match self.in_directives(file, scope, &used) {
                    Resolution::Missing(_) => continue,
                    Resolution::External(_) => {
                        outside = true;
                        continue;
                    }
                    found => return found,
                }
            }
            match self.in_globs(file, &index, scope, &used) {
                Resolution::Missing(_) => {}
                Resolution::External(_) => outside = true,
                found => return found,
            }
            opaque |= knobs.opaque_modules && index.facts.scope(scope).kind == ScopeKind::Module;
        }
        if r.role == Role::Macro {
            let found = self.macro_of_unit(file, r.name);
            if !found.hits().is_empty() {
                return found;
            }
        }
        if let Some(found) = self.module_attribute(file, r) {
            return found;
        }
        if knobs.module_names && !matches!(r.role, Role::Label | Role::Write | Role::Key) {
            match self.module(file, r.name) {
                ModuleTarget::External => return Resolution::External(Some(r.name)),
                ModuleTarget::Unknown => {}
                target => {
                    if let Some(place) = self.place(file, target) {
                        return Resolution::place(place, Tier::Import);
                    }
                }
            }
        }
        if knobs.import_names
            && !self.named_in(r.name, knobs.builtins)
            && let Some(found) = self.imported_package(file, &index, r.name)
        {
            return found;
        }
        if let Some(found) = self.in_ambient(file, r) {
            return found;
        }
        if outside || self.named_in(r.name, knobs.builtins) {
            return Resolution::External(Some(r.name));
        }
        if knobs.textual {
            let found = self.in_unseen(file, &used);
            if !found.hits().is_empty() {
                return found;
            }
            if knobs.tags && matches!(r.role, Role::Type | Role::Read) {
                // A header for two languages may leave out `struct`.
                match self.bare(file, &Ref { role: Role::Tag, ..r.clone() }) {
                    Resolution::External(_) if r.role == Role::Read => {}
                    found => return found,
                }
            }
            if self.is_foreign_type(&index, r) {
                return Resolution::External(Some(r.name));
            }
        }
        Resolution::Missing("nothing of that name is in scope")
    }

    /// Whether the name is that of a type which nothing in the folder declares: as types have to be declared, a header from
    /// outside does.
    fn is_foreign_type(&self, index: &FileIndex, r: &Ref) -> bool {
        if !matches!(r.role, Role::Type | Role::Tag) || self.named_in(r.name, &TYPE_OPERATORS) {
            return false;
        }
        // In a function within a function, names may be what a macro is handed before a block.
        let facts = &index.facts;
        let functions = facts.ancestors(r.scope).filter(|s| facts.scope(*s).kind == ScopeKind::Function);
        functions.take(2).count() < 2 && self.all_declaring(r.name).is_empty()
    }

    /// The import that binds the bare name, in languages where that is what the name leads to.
    pub(super) fn bound_import(&self, file: FileId, r: &Ref) -> Option<Symbol> {
        let index = self.index(file);
        let knobs = index.lang.knobs();
        if !knobs.import_names || r.recv.is_some() {
            return None;
        }
        let used = Use { name: r.name, role: r.role, offset: r.span.start, scope: r.scope, knobs };
        let mut scopes = index.facts.ancestors(r.scope);
        let found = scopes.find_map(|s| self.in_scope(file, &index, s, &used).first().copied());
        let def = match found {
            Some(def) => Some(def).filter(|d| index.facts.def(*d).kind == DefKind::Import),
            None if self.named_in(r.name, knobs.builtins) => None,
            None => self.import_declaring(file, &index, r.name).map(|(def, _)| def),
        }?;
        Some(Symbol { file, def })
    }

    /// A package that is imported under the name that it declares itself, where its path says another one.
    fn imported_package(&self, file: FileId, index: &FileIndex, name: Name) -> Option<Resolution> {
        let (def, outside) = self.import_declaring(file, index, name)?;
        if outside {
            return Some(Resolution::External(Some(name)));
        }
        Some((*self.follow(Symbol { file, def })).clone())
    }

    /// The import of a package that declares itself by this name; true if that can only be told by the path.
    fn import_declaring(&self, file: FileId, index: &FileIndex, name: Name) -> Option<(DefId, bool)> {
        let text = self.view.name_text(name);
        let mut outside = None;
        for (id, def) in index.facts.defs_with_ids() {
            // An alias is bound as it is written.
            let guessed = def.kind == DefKind::Import && !index.is_spelled(def);
            let Some(Term::Module(path)) = def.init.filter(|_| guessed).map(|t| index.facts.term(t)) else {
                continue;
            };
            match self.module(file, *path) {
                ModuleTarget::Files(files) => {
                    let declared = files.first().and_then(|f| self.index(*f).facts.package);
                    if declared == Some(name) {
                        return Some((id, false));
                    }
                }
                ModuleTarget::External => {
                    let letters =
                        |part: &str| -> String { part.chars().filter(|c| c.is_alphanumeric()).collect() };
                    let mut last = self.view.name_text(*path).rsplit('/').take(2);
                    if outside.is_none() && last.any(|part| letters(part).ends_with(text)) {
                        outside = Some((id, true));
                    }
                }
                _ => {}
            }
        }
        outside
    }

    /// What the found definitions stand for, imports followed.
    fn followed(&self, file: FileId, defs: &[DefId], tier: Tier) -> Resolution {
        let mut hits: SmallVec<[Hit; 1]> = SmallVec::new();
        let mut rest = Resolution::Missing("an import that leads nowhere");
        for def in defs {
            if hits.len() >= HITS_MAX {
                break;
            }
            match &*self.follow(Symbol { file, def: *def }) {
                Resolution::Found(found) => {
                    for hit in found {
                        if !hits.contains(hit) {
                            hits.push(hit.clone());
                        }
                    }
                }
                other => rest = other.clone(),
            }
        }
        if hits.is_empty() { rest } else { Resolution::Found(hits).at_most(tier) }
    }

    /// The definitions that the scope itself gives for the name at the place of its use.
    fn in_scope(&self, _file: FileId, index: &FileIndex, scope: ScopeId, used: &Use) -> Candidates {
        let facts = &index.facts;
        let kind = facts.scope(scope).kind;
        if kind == ScopeKind::Object {
            // Members are no names; the parameter of a mapped type is.
            let declared = index.declared(scope, used.name);
            let parameters = declared.filter(|(_, d)| d.kind == DefKind::TypeParameter && fits(d, used));
            return parameters.map(|(id, _)| id).collect();
        }
        let in_type = matches!(kind, ScopeKind::Class | ScopeKind::Extension);
        let sees_members = in_type && self.sees_members(index, scope, used);
        let mut candidates: SmallVec<[(DefId, &Def); 4]> = index
            .declared(scope, used.name)
            .filter(|(_, d)| fits(d, used))
            .filter(|(_, d)| {
                !in_type
                    || matches!(d.kind, DefKind::TypeParameter | DefKind::Label)
                    || sees_members
                    || d.kind == DefKind::EnumMember && used.scope == scope && used.role == Role::Read
            })
            .collect();
        if in_type && sees_members && used.knobs.member_scope == MemberScope::Body {
            // The body of a class runs from top to bottom.
            candidates.retain(|(_, d)| d.span.end <= used.offset);
        }
        // A name is not what its own import, base list, parameter or initialiser brings in.
        let outside = |d: &Def| !d.span.contains(used.offset) || !is_bound_by_its_span(d, used, scope);
        let any = candidates.iter().any(|(_, d)| outside(d));
        candidates.retain(|(_, d)| outside(d) || !any && !never_inside(d, used));
        self.pick(kind, used, &candidates)
    }

    /// Another binding of the name in the scope, where the nearest is an import that leads out of the folder
    /// (`try: import x` … `except ImportError: x = None`).
    fn other_binding(
        &self,
        file: FileId,
        index: &FileIndex,
        scope: ScopeId,
        used: &Use,
    ) -> Option<Resolution> {
        if used.knobs.visibility != Visibility::Scope {
            return None;
        }
        let bound = index.declared(scope, used.name).filter(|(_, d)| fits(d, used) && !d.kind.is_alias());
        let (def, _) = bound.last()?;
        Some(Resolution::symbol(Symbol { file, def }, Tier::Lexical))
    }

    /// Of several declarations of one name in one scope, those that the use means.
    fn pick(&self, kind: ScopeKind, used: &Use, candidates: &[(DefId, &Def)]) -> Candidates {
        let local = matches!(kind, ScopeKind::Function | ScopeKind::Block | ScopeKind::File);
        let before = |d: &Def| d.name_span.end <= used.offset;
        let best = candidates.iter().map(|(_, d)| affinity(d, used)).max().unwrap_or_default();
        let fitting = || candidates.iter().filter(|(_, d)| affinity(d, used) == best);
        let is_local = |d: &Def| {
            local && kind != ScopeKind::File && matches!(d.kind, DefKind::Variable | DefKind::Parameter)
        };
        match used.knobs.visibility {
            Visibility::Declaration => {
                let visible = || fitting().filter(|(_, d)| !is_local(d) || before(d));
                let chosen = if used.knobs.shadowing {
                    visible().rfind(|(_, d)| is_local(d)).or_else(|| visible().next())
                } else {
                    visible().next()
                };
                match chosen {
                    Some((id, d)) if !is_local(d) => {
                        let overloads = used.knobs.overloads || used.knobs.textual && used.knobs.arities;
                        self.with_overloads(*id, d, candidates, overloads)
                    }
                    Some((id, _)) => SmallVec::from_elem(*id, 1),
                    None => Candidates::new(),
                }
            }
            Visibility::Scope => {
                let chosen = fitting().rfind(|(_, d)| before(d)).or_else(|| fitting().next());
                match chosen {
                    Some((id, d)) => self.with_overloads(*id, d, candidates, used.knobs.overloads),
                    None => Candidates::new(),
                }
            }
        }
    }

    /// A definition whose other signatures stand beside it is answered by all of them.
    fn with_overloads(
        &self,
        id: DefId,
        def: &Def,
        candidates: &[(DefId, &Def)],
        overloads: bool,
    ) -> Candidates {
        if !def.kind.is_callable()
            || !overloads && !candidates.iter().any(|(_, d)| d.flags.has(DefFlags::OVERLOAD))
        {
            return SmallVec::from_elem(id, 1);
        }
        candidates.iter().filter(|(_, d)| d.kind.is_callable()).map(|(id, _)| *id).collect()
    }

    /// Whether a use sees the members of the type around it by their bare names.
    fn sees_members(&self, index: &FileIndex, scope: ScopeId, used: &Use) -> bool {
        let facts = &index.facts;
        match used.knobs.member_scope {
            MemberScope::Lexical => true,
            MemberScope::Receiver => false,
            MemberScope::Body => {
                let inner = facts.ancestors(used.scope).take_while(|s| *s != scope);
                let mut functions = inner.filter(|s| facts.scope(*s).kind != ScopeKind::Block);
                match (functions.next(), functions.next()) {
                    (None, _) => true,
                    // The header of a method is evaluated in the class: its annotations and defaults.
                    (Some(method), None) if facts.scope(method).kind == ScopeKind::Function => {
                        used.role == Role::Type
                            || facts.defs.iter().any(|d| {
                                d.scope == method
                                    && d.kind == DefKind::Parameter
                                    && d.span.contains(used.offset)
                                    && !d.name_span.contains(used.offset)
                            })
                    }
                    _ => false,
                }
            }
        }
    }

    /// Inherited members that a bare name sees, in languages where it does.
    fn in_members(&self, file: FileId, index: &FileIndex, scope: ScopeId, used: &Use) -> Option<Resolution> {
        if used.knobs.member_scope != MemberScope::Lexical {
            return None;
        }
        let scope = index.facts.scope(scope);
        let owner = scope.owner?;
        let wanted = Wanted::by_role(used.name, used.role, used.knobs);
        let found = match scope.kind {
            ScopeKind::Class => match self.member_of_symbol(Symbol { file, def: owner }, wanted) {
                found if found.hits().is_empty() && used.knobs.textual => {
                    // So does a class that stands outside of the one that it is a member of.
                    let class = index.facts.def(owner);
                    let of = class.of.filter(|_| used.offset >= class.name_span.start)?;
                    if class.name == used.name {
                        return Some(Resolution::symbol(Symbol { file, def: owner }, Tier::Lexical));
                    }
                    return self.in_owner(Cx { file, scope: class.scope }, of, used);
                }
                found => found,
            },
            // A member that stands outside of its class sees what the class and the namespace around it see.
            ScopeKind::Function if used.knobs.textual => {
                let member = index.facts.def(owner);
                let of = member.of.filter(|_| used.offset >= member.name_span.start)?;
                let cx = Cx { file, scope: index.facts.def(owner).scope };
                return self.in_owner(cx, of, used);
            }
            _ => return None,
        };
        // The name of a class inside it is the class, not its constructor.
        let is_member = self.def(found.first_symbol()?).kind != DefKind::Constructor;
        is_member.then(|| found.at_most(Tier::Member))
    }

    /// The other files of the package that shares one top-level scope.
    fn in_siblings(&self, file: FileId, used: &Use) -> Resolution {
        let mut hits: SmallVec<[Hit; 1]> = SmallVec::new();
        let package = self.index(file).facts.package;
        for sibling in self.declaring(&self.siblings(file), used.name).iter() {
            let index = self.index(*sibling);
            // A directory may hold the tests of a package as a package of its own.
            if index.facts.package != package {
                continue;
            }
            let fitting: SmallVec<[(DefId, &Def); 4]> = index
                .declared(ScopeId::FILE, used.name)
                .filter(|(_, d)| !d.kind.is_alias() && fits(d, used))
                .collect();
            let anywhere = Use { offset: u32::MAX, ..*used };
            for id in self.pick(ScopeKind::File, &anywhere, &fitting) {
                if hits.len() >= HITS_MAX {
                    break;
                }
                if let Resolution::Found(found) = &*self.follow(Symbol { file: *sibling, def: id }) {
                    hits.extend(found.iter().cloned());
                }
            }
        }
        if hits.is_empty() {
            return Resolution::Missing("no sibling declares it");
        }
        Resolution::Found(hits).at_most(Tier::Lexical)
    }

    /// A macro that another file of the same unit declares outside of functions: it is seen from there on, whatever
    /// the modules.
    fn macro_of_unit(&self, file: FileId, name: Name) -> Resolution {
        let none = Resolution::Missing("no macro of that name is in the unit");
        let strategy = self.index(file).lang.strategy();
        let Some(unit) = strategy.unit(self.layout(), file) else { return none };
        let declared = |(there, def): &(FileId, DefId)| {
            let symbol = Symbol { file: *there, def: *def };
            if self.sketched(*there).def(symbol).is_none_or(|d| d.kind != DefKind::Macro) {
                return false;
            }
            let index = self.index(*there);
            let scope = index.facts.def(*def).scope;
            let outside = matches!(index.facts.scope(scope).kind, ScopeKind::File | ScopeKind::Module);
            outside && strategy.unit(self.layout(), *there) == Some(unit)
        };
        match self.view.defs_named(name).take(MACROS_MAX).find(declared) {
            Some((file, def)) => Resolution::symbol(Symbol { file, def }, Tier::Import),
            None => none,
        }
    }

    /// What glob imports of the scope bring.
    fn in_globs(&self, file: FileId, index: &FileIndex, scope: ScopeId, used: &Use) -> Resolution {
        let mut rest = Resolution::Missing("no glob brings it");
        for glob in index.facts.globs.iter().filter(|g| g.scope == scope) {
            match self.through_glob(Cx { file, scope }, glob.target, used.name) {
                Resolution::Missing(_) => {}
                Resolution::External(name) => rest = Resolution::External(name),
                found => return found.at_most(Tier::Import),
            }
        }
        rest
    }

    pub(super) fn siblings(&self, file: FileId) -> Rc<[FileId]> {
        if let Some(known) = self.siblings.borrow().get(&file) {
            return Rc::clone(known);
        }
        let lang = self.index(file).lang;
        let found: Rc<[FileId]> = lang.strategy().siblings(self.layout(), file).into();
        self.siblings.borrow_mut().insert(file, Rc::clone(&found));
        found
    }
}

/// Whether a definition can be what a name in that role means.
pub(super) fn fits(def: &Def, used: &Use) -> bool {
    // Where functions construct, a base is a value.
    let is_base = used.role == Role::Inherit && used.knobs.prototype_names.is_empty();
    let is_type_role = used.role == Role::Type || is_base;
    match def.kind {
        // A constructor is called by the name of its class.
        DefKind::Export | DefKind::Constructor => false,
        DefKind::Label => used.role == Role::Label,
        DefKind::Struct | DefKind::Union | DefKind::Enum if used.knobs.tags => used.role == Role::Tag,
        _ if used.role == Role::Tag => {
            matches!(def.kind, DefKind::Class | DefKind::Struct | DefKind::Union | DefKind::Enum)
        }
        _ if used.role == Role::Label => def.kind == DefKind::TypeParameter,
        DefKind::Macro => {
            used.knobs.textual
                || matches!(used.role, Role::Macro | Role::Import)
                || !used.knobs.type_namespace && used.role == Role::Call
        }
        DefKind::Import => true,
        // A function is only ever called.
        _ if used.knobs.overloads && matches!(used.role, Role::Call | Role::Read | Role::Write) => {
            def.kind.is_callable() == (used.role == Role::Call)
        }
        _ if used.role == Role::Macro => def.kind.is_callable(),
        DefKind::Parameter => !is_type_role,
        DefKind::Variable | DefKind::Function | DefKind::Method | DefKind::Static | DefKind::Field => {
            // What constructs may be named as a type in a comment.
            !(is_type_role && used.knobs.type_namespace && !used.knobs.comment_types)
        }
        _ => true,
    }
}

/// How well the kind of a definition goes with the way that the name is used, where one name means several things.
pub(super) fn affinity(def: &Def, used: &Use) -> u8 {
    // Of the branches of a condition the one that likely is compiled is meant.
    let inactive = used.knobs.textual && def.flags.has(DefFlags::INACTIVE);
    affinity_of_kind(def, used.role) + 2 * u8::from(!inactive)
}

fn affinity_of_kind(def: &Def, role: Role) -> u8 {
    let is_type = def.kind.is_type() || matches!(def.kind, DefKind::Module | DefKind::Namespace);
    match role {
        Role::Type | Role::Inherit => u8::from(is_type || def.kind == DefKind::Import),
        Role::Call | Role::Read | Role::Write => {
            let abstract_type = matches!(
                def.kind,
                DefKind::Interface | DefKind::TypeAlias | DefKind::Module | DefKind::TypeParameter
            );
            u8::from(!abstract_type)
        }
        _ => 0,
    }
}

/// Whether the definition's span holds code that does not see it.
fn is_bound_by_its_span(def: &Def, used: &Use, scope: ScopeId) -> bool {
    match def.kind {
        DefKind::Import => true,
        DefKind::Parameter => !def.name_span.contains(used.offset),
        // A declarator of C is seen from its end on, in its own initialiser too (`T *p = malloc(sizeof *p)`).
        DefKind::Variable if used.knobs.textual => used.offset < def.name_span.end,
        DefKind::Variable | DefKind::Constant | DefKind::Field => used.scope == scope,
        _ if def.kind.is_type() => used.role == Role::Inherit,
        _ => false,
    }
}

/// Whether a definition cannot be meant inside its own span, even if it is the only one.
fn never_inside(def: &Def, used: &Use) -> bool {
    match def.kind {
        DefKind::Import | DefKind::Parameter => true,
        DefKind::Variable => used.knobs.visibility == Visibility::Declaration,
        _ => def.kind.is_type() && used.role == Role::Inherit,
    }
}
