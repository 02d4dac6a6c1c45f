//! What implements a type or a member: types below it, members that override it, types that have what an interface asks
//! for.

use smallvec::SmallVec;

use super::member::Wanted;
use super::{Cx, ReferenceLimits, Resolver, Symbol, Types};
use crate::lang::facts::{Def, DefFlags, DefKind, Extension, Facts, Name, ScopeId, Span, Term, TermId};
use crate::lang::modules::{FileId, Layout};
use crate::lang::pack::Interfaces;

/// Types that one search goes through; real hierarchies stay below.
const TYPES_MAX: usize = 4_096;

/// Terms inside each other until the name of an extended type.
const HEAD_DEPTH_MAX: usize = 8;

/// A place that implements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Implementation {
    pub file: FileId,
    /// The name of what implements: of a type or a member, or of the type in the head of an implementing block.
    pub span: Span,
    /// The declaration or the block.
    pub full: Span,
    /// The type or member, where it is of the folder.
    pub symbol: Option<Symbol>,
}

/// What a search for implementations found.
#[derive(Clone, Debug, Default)]
pub struct Implementations {
    /// By file, then position.
    pub found: Vec<Implementation>,
    /// The definition asked about only says what there is to be; it is not among those found.
    pub is_abstract: bool,
    /// A limit was reached, there may be more.
    pub truncated: bool,
    pub cancelled: bool,
}

impl Implementations {
    /// Whether the search ends here: nobody wants the answer any more, or it has taken long enough.
    fn ends(&mut self, limits: ReferenceLimits<'_>) -> bool {
        let late = limits.is_late();
        self.cancelled |= limits.is_cancelled();
        self.truncated |= late;
        self.cancelled || late
    }

    fn add(&mut self, found: Implementation) {
        if !self.found.contains(&found) {
            self.found.push(found);
        }
    }
}

impl Resolver<'_> {
    /// What implements a type, or the member of one; the definition itself where that is one of them.
    pub fn implementations_of(&self, symbol: Symbol, limits: ReferenceLimits<'_>) -> Implementations {
        self.begin();
        let symbol = self.canonical(symbol);
        let def = self.def(symbol);
        let index = self.index(symbol.file);
        let is_type = def.kind.is_type() && !matches!(def.kind, DefKind::TypeAlias | DefKind::TypeParameter);
        let owner = match def.of {
            Some(_) => self.owner_by_receiver(symbol.file, &def),
            None => index.facts.scope(def.scope).owner.map(|def| Symbol { file: symbol.file, def }),
        };
        let owner = owner.filter(|o| !is_type && self.def(*o).kind.is_type());
        let only_says = |d: &Def| {
            d.flags.has(DefFlags::ABSTRACT) || matches!(d.kind, DefKind::Interface | DefKind::Trait)
        };
        let of_interface = owner.is_some_and(|o| only_says(&self.def(o)));
        let mut all =
            Implementations { is_abstract: only_says(&def) || of_interface, ..Implementations::default() };
        if !all.is_abstract {
            all.add(self.declared_place(symbol));
        }
        match (is_type, owner) {
            (true, _) => self.types_implementing(symbol, limits, &mut all),
            (false, Some(owner)) => self.members_implementing(symbol, owner, def.name, limits, &mut all),
            (false, None) => {}
        }
        all.found.sort_unstable();
        all
    }

    fn declared_place(&self, symbol: Symbol) -> Implementation {
        let def = self.def(symbol);
        Implementation { file: symbol.file, span: def.name_span, full: def.span, symbol: Some(symbol) }
    }

    fn types_implementing(&self, of: Symbol, limits: ReferenceLimits<'_>, all: &mut Implementations) {
        match self.knobs(of.file).interfaces {
            Interfaces::Blocks if self.def(of).kind == DefKind::Trait => {
                self.each_block(of, limits, all, |file, facts, extension, all| {
                    let scope = extension.scope.unwrap_or(ScopeId::FILE);
                    let symbol = self.eval(Cx { file, scope }, extension.target).ty.instance().symbol();
                    if let Some(span) = head_span(facts, extension.target) {
                        let block = facts.scope(scope).span;
                        let full = Span::new(span.start.min(block.start), block.end.max(span.end));
                        all.add(Implementation { file, span, full, symbol });
                    }
                });
            }
            Interfaces::Blocks => {}
            Interfaces::Methods => {
                if self.def(of).kind == DefKind::Interface {
                    for ty in self.satisfying(of, limits, all) {
                        all.add(self.declared_place(ty));
                    }
                }
            }
            Interfaces::Named => {
                for ty in self.all_subtypes(of, limits, all) {
                    let def = self.def(ty);
                    if !def.flags.has(DefFlags::ABSTRACT)
                        && !matches!(def.kind, DefKind::Interface | DefKind::Trait)
                    {
                        all.add(self.declared_place(ty));
                    }
                }
            }
        }
    }

    fn members_implementing(
        &self,
        member: Symbol,
        owner: Symbol,
        name: Name,
        limits: ReferenceLimits<'_>,
        all: &mut Implementations,
    ) {
        let below = match self.knobs(owner.file).interfaces {
            Interfaces::Blocks => {
                self.each_block(owner, limits, all, |file, facts, extension, all| {
                    let declared = |d: &Def| Some(d.scope) == extension.scope && d.name == name;
                    for (def, _) in facts.defs_with_ids().filter(|(_, d)| declared(d)) {
                        all.add(self.declared_place(Symbol { file, def }));
                    }
                });
                return;
            }
            Interfaces::Methods if self.def(owner).kind != DefKind::Interface => return,
            Interfaces::Methods => self.satisfying(owner, limits, all),
            Interfaces::Named => self.all_subtypes(owner, limits, all),
        };
        for ty in below {
            if all.ends(limits) {
                return;
            }
            self.begin();
            let own: SmallVec<[Symbol; 2]> = match self.knobs(owner.file).interfaces {
                // A type may have the member by what it embeds.
                Interfaces::Methods => {
                    self.members(ty, Wanted::any(name)).found.iter().map(|(s, _)| *s).collect()
                }
                _ => self.own_symbols(ty, name),
            };
            for found in own.into_iter().filter(|s| *s != member) {
                let def = self.def(found);
                let says = def.flags.has(DefFlags::ABSTRACT) || self.def(ty).kind == DefKind::Interface;
                if !says && self.same_parameters(member, found) {
                    all.add(self.declared_place(found));
                }
            }
        }
    }

    /// Types below a type, at any depth.
    fn all_subtypes(
        &self,
        of: Symbol,
        limits: ReferenceLimits<'_>,
        all: &mut Implementations,
    ) -> Vec<Symbol> {
        let mut found: Vec<Symbol> = Vec::new();
        let mut open = vec![of];
        while let Some(ty) = open.pop() {
            let Types { found: below, truncated, cancelled } = self.subtypes(ty, limits);
            all.truncated |= truncated;
            all.cancelled |= cancelled;
            for below in below {
                if below != of && !found.contains(&below) {
                    found.push(below);
                    open.push(below);
                }
            }
            if found.len() > TYPES_MAX {
                all.truncated = true;
            }
            if all.cancelled || all.truncated {
                break;
            }
        }
        found
    }

    /// Every block of the folder that implements the trait.
    fn each_block(
        &self,
        of: Symbol,
        limits: ReferenceLimits<'_>,
        all: &mut Implementations,
        mut each: impl FnMut(FileId, &Facts, &Extension, &mut Implementations),
    ) {
        for file in self.view.files_with(self.def(of).name) {
            if self.view.lang(file).family() != self.view.lang(of.file).family() {
                continue;
            }
            if all.ends(limits) {
                return;
            }
            self.begin();
            let index = self.index(file);
            for extension in &index.facts.extensions {
                let (Some(scope), Some(implements)) = (extension.scope, extension.implements) else {
                    continue;
                };
                if self.eval(Cx { file, scope }, implements).ty.instance().symbol() == Some(of) {
                    each(file, &index.facts, extension, all);
                }
            }
            if limits.found_max.is_some_and(|max| all.found.len() > max) {
                all.truncated = true;
                return;
            }
        }
    }

    /// Types that have every method of an interface, by name and by what is known of results and parameters.
    fn satisfying(&self, of: Symbol, limits: ReferenceLimits<'_>, all: &mut Implementations) -> Vec<Symbol> {
        let mut methods: Vec<Symbol> = Vec::new();
        for (ty, _) in &self.linear(of).types {
            let index = self.index(ty.file);
            let body = index.facts.def(ty.def).body;
            let of_type = |d: &Def| Some(d.scope) == body && d.kind == DefKind::Method;
            let own = index.facts.defs_with_ids().filter(|(_, d)| of_type(d));
            methods.extend(own.map(|(def, _)| Symbol { file: ty.file, def }));
        }
        // Whoever has all of them has the rarest.
        let named = |method: &Symbol| self.view.defs_named(self.def(*method).name).take(TYPES_MAX).count();
        let Some(rarest) = methods.iter().copied().min_by_key(named) else { return Vec::new() };
        let mut open: Vec<Symbol> = Vec::new();
        for (file, def) in self.view.defs_named(self.def(rarest).name).take(TYPES_MAX) {
            if self.view.lang(file).family() != self.view.lang(of.file).family() {
                continue;
            }
            let index = self.index(file);
            let d = index.facts.def(def);
            let owner = match d.of {
                _ if d.kind != DefKind::Method => None,
                Some(_) => self.owner_by_receiver(file, d),
                None => index.facts.scope(d.scope).owner.map(|def| Symbol { file, def }),
            };
            open.extend(owner.filter(|o| !open.contains(o)));
        }
        let mut seen = open.clone();
        let mut found = Vec::new();
        while let Some(ty) = open.pop() {
            if all.ends(limits) {
                break;
            }
            self.begin();
            let has = |method: &Symbol| {
                let members = self.members(ty, Wanted::any(self.def(*method).name));
                members.found.first().is_some_and(|(member, _)| self.same_parameters(*method, *member))
            };
            if !methods.iter().all(has) {
                // What embeds it may have the rest.
                if seen.len() > TYPES_MAX {
                    all.truncated = true;
                    break;
                }
            } else if self.def(ty).kind != DefKind::Interface {
                found.push(ty);
            }
            let below = self.subtypes(ty, limits);
            all.truncated |= below.truncated;
            all.cancelled |= below.cancelled;
            for below in below.found {
                if !seen.contains(&below) {
                    seen.push(below);
                    open.push(below);
                }
            }
        }
        found
    }

    /// Whether two functions may be declared alike, as far as it is known.
    fn same_parameters(&self, one: Symbol, other: Symbol) -> bool {
        let (a, b) = (self.def(one), self.def(other));
        if self.knobs(one.file).interfaces == Interfaces::Methods {
            let (x, y) = (self.result(one).ty, self.result(other).ty);
            return a.ty.is_some() == b.ty.is_some()
                && (a.ty.is_none() || x.is_unknown() || y.is_unknown() || x == y);
        }
        if !self.knobs(one.file).overloads {
            return true;
        }
        let count = |symbol: Symbol, def: &Def| {
            let index = self.index(symbol.file);
            let parameters = |d: &&Def| Some(d.scope) == def.body && d.kind == DefKind::Parameter;
            index.facts.defs.iter().filter(parameters).count()
        };
        count(one, &a) == count(other, &b)
    }
}

/// Where the name of an extended type stands.
fn head_span(facts: &Facts, target: TermId) -> Option<Span> {
    let mut at = target;
    for _ in 0..HEAD_DEPTH_MAX {
        at = match facts.term(at) {
            Term::Ref(reference) => return Some(facts.reference(*reference).span),
            Term::Apply(inner, _)
            | Term::Instance(inner)
            | Term::Same(inner)
            | Term::AddrOf(inner)
            | Term::Deref(inner) => *inner,
            _ => return None,
        };
    }
    None
}
