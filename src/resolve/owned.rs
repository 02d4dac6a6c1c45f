//! What a type declares itself: in its body, by assignment to its receiver, in extensions.

use std::rc::Rc;

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::member::Wanted;
use super::ty::{Head, Subst, Ty};
use super::{Cx, Entity, Hit, Resolution, Resolver, Symbol, Tier};
use crate::lang::LangId;
use crate::lang::facts::{
    Def, DefFlags, DefId, DefKind, Extension, Facts, Name, ScopeId, ScopeKind, Term, TermId,
};
use crate::lang::modules::{FileId, Layout};
use crate::lang::pack::AssignedMembers;

/// Members that a type declares itself; what an extension's type parameters are, if it is one's.
pub type OwnMembers = SmallVec<[(Symbol, Option<Rc<Subst>>); 2]>;

/// An extension of a type: a block of members, or one.
#[derive(Clone, Debug, PartialEq)]
pub struct Extended {
    pub file: FileId,
    pub scope: Option<ScopeId>,
    pub def: Option<DefId>,
    /// What the extension's type parameters are, in terms of the type's own.
    pub subst: Rc<Subst>,
    /// The trait or interface that it implements, where it is evaluated.
    pub implements: Option<(ScopeId, TermId)>,
}

/// What a file adds to a type from outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Added {
    scope: Option<ScopeId>,
    def: Option<DefId>,
    /// The trait or interface of the folder that it implements.
    implements: Option<Symbol>,
}

/// What a member of a type from outside is kept under: the type, the member, and what can be seen from where it is used.
pub type ForeignKey<'v> = (Name, Wanted, LangId, Option<&'v str>);

impl Resolver<'_> {
    /// Members that a type declares itself.
    pub(super) fn own_members(&self, symbol: Symbol, wanted: Wanted) -> OwnMembers {
        let mut found = OwnMembers::new();
        let mut seen: FxHashSet<Symbol> = FxHashSet::default();
        let mut add = |file: FileId, def: DefId, subst: Option<Rc<Subst>>| {
            let member = Symbol { file, def };
            if seen.insert(member) {
                found.push((member, subst));
            }
        };
        for part in self.group(symbol) {
            let index = self.index(part.file);
            let Some(body) = index.facts.def(part.def).body else { continue };
            if !is_member_scope(index.facts.scope(body).kind) {
                continue;
            }
            for (def, d) in index.declared(body, wanted.name) {
                if is_member(d) && wanted.takes(d) {
                    add(part.file, def, None);
                }
            }
        }
        let extensions = self.extensions_with(symbol, wanted.name);
        for extended in extensions.iter() {
            let index = self.index(extended.file);
            if let Some(scope) = extended.scope {
                for (def, d) in index.declared(scope, wanted.name) {
                    if is_member(d) && wanted.takes(d) {
                        add(extended.file, def, Some(Rc::clone(&extended.subst)));
                    }
                }
            }
            if let Some(def) = extended.def
                && index.facts.def(def).name == wanted.name
                && wanted.takes(index.facts.def(def))
            {
                add(extended.file, def, Some(Rc::clone(&extended.subst)));
            }
        }
        if self.knobs(symbol.file).assigned_members != AssignedMembers::None {
            let mut files: SmallVec<[FileId; 2]> = SmallVec::from_elem(symbol.file, 1);
            for extended in extensions.iter() {
                if !files.contains(&extended.file) {
                    files.push(extended.file);
                }
            }
            for file in files {
                let index = self.index(file);
                let assigned = index
                    .named(wanted.name)
                    .filter(|(_, d)| d.of.is_some() && d.flags.has(DefFlags::ASSIGNED));
                for (def, d) in assigned {
                    if self.owner_by_receiver(file, d) == Some(symbol) {
                        add(file, def, None);
                    }
                }
            }
        }
        self.in_order_of_preference(&mut found);
        found
    }

    /// The definitions of one member of a type.
    pub(super) fn own_symbols(&self, symbol: Symbol, name: Name) -> SmallVec<[Symbol; 2]> {
        self.own_members(symbol, Wanted::any(name)).into_iter().map(|(s, _)| s).collect()
    }

    /// What is declared comes before what is only assigned, what the constructor assigns before the rest.
    fn in_order_of_preference(&self, found: &mut OwnMembers) {
        if found.len() < 2 {
            return;
        }
        // Where every binding is an assignment, one in the class is no more than the others.
        let is_assigned = |symbol: Symbol| {
            self.knobs(symbol.file).assigned_members == AssignedMembers::Any
                && self.def(symbol).flags.has(DefFlags::ASSIGNED)
        };
        let rank =
            |symbol: Symbol| (!self.is_declared(symbol), is_assigned(symbol), !self.in_constructor(symbol));
        found.sort_by_key(|(symbol, _)| rank(*symbol));
        // In the body of its class it is what it is, whatever is assigned to it.
        if !is_assigned(found[0].0) {
            found.retain(|(symbol, _)| !is_assigned(*symbol));
        }
        // A declaration says more than the assignments beside it.
        if self.is_declared(found[0].0) {
            found.retain(|(symbol, _)| self.is_declared(*symbol));
        }
    }

    /// Whether a member is declared rather than known by what is assigned to it.
    pub(super) fn is_declared(&self, symbol: Symbol) -> bool {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        if def.ty.is_some() || def.kind.is_callable() || def.kind.is_type() {
            return true;
        }
        match index.lang.knobs().assigned_members {
            AssignedMembers::None => true,
            // Every binding is an assignment where variables are not declared.
            AssignedMembers::Receiver => false,
            AssignedMembers::Any => !def.flags.has(DefFlags::ASSIGNED),
        }
    }

    fn in_constructor(&self, symbol: Symbol) -> bool {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        index.facts.ancestors(def.scope).any(|scope| {
            index.facts.scope(scope).owner.is_some_and(|o| index.facts.def(o).kind == DefKind::Constructor)
        })
    }

    /// The type that a member assigned to a receiver belongs to.
    pub(super) fn owner_by_receiver(&self, file: FileId, def: &Def) -> Option<Symbol> {
        let of = def.of?;
        match self.eval(Cx { file, scope: def.scope }, of).ty {
            Ty::Of(inner) => inner.symbol(),
            Ty::Function(symbol, _) => Some(symbol),
            ty => ty.symbol(),
        }
    }

    /// Where a type is extended, in the whole graph.
    pub(super) fn extensions(&self, symbol: Symbol) -> Rc<[Extended]> {
        self.remember(
            &self.extensions,
            symbol,
            || Rc::new([]),
            || self.extended_in(symbol, |_| true, |_, _| true),
        )
    }

    /// Where a type is extended in files that use the name: what declares a member of that name is among these. Where
    /// members are assigned, too, targets of extensions lead back to members, so all are found as one answer.
    fn extensions_with(&self, symbol: Symbol, name: Name) -> Rc<[Extended]> {
        if self.knobs(symbol.file).assigned_members != AssignedMembers::None {
            return self.extensions(symbol);
        }
        if let Some(all) = self.extensions.known(symbol) {
            return all;
        }
        let make = || {
            let users = self.users(name);
            // Tests of one suite extend it thousands of times, each with a definition of its own.
            let may_name = |facts: &Facts, extension: &Extension| {
                extension.scope.is_some() || extension.def.is_some_and(|def| facts.def(def).name == name)
            };
            self.extended_in(symbol, |there| users.contain(there), may_name)
        };
        self.remember(&self.extensions_with, (symbol, name), || Rc::new([]), make)
    }

    fn extended_in(
        &self,
        symbol: Symbol,
        may: impl Fn(FileId) -> bool,
        takes: impl Fn(&Facts, &Extension) -> bool,
    ) -> Rc<[Extended]> {
        let name = self.index(symbol.file).facts.def(symbol.def).name;
        let mut all = Vec::new();
        let may = |there: FileId| may(there) && self.is_seen(symbol.file, there);
        self.each_extension(name, symbol.file, may, |cx, extension| {
            if !takes(&self.index(cx.file).facts, extension) {
                return;
            }
            let Some(subst) = self.extends(cx, extension.target, symbol) else { return };
            all.push(Extended {
                file: cx.file,
                scope: extension.scope,
                def: extension.def,
                subst: Rc::new(subst),
                implements: extension.implements.map(|implements| (cx.scope, implements)),
            });
        });
        all.into()
    }

    /// Every extension of a type of that name, in those files of the same family that may have one.
    fn each_extension(
        &self,
        name: Name,
        like: FileId,
        may: impl Fn(FileId) -> bool,
        mut each: impl FnMut(Cx, &Extension),
    ) {
        let family = self.view.lang(like).family();
        for file in self.view.extensions_of(name) {
            if self.view.lang(file).family() != family || !may(file) {
                continue;
            }
            let index = self.index(file);
            for extension in index.facts.extensions.iter().filter(|e| e.target_name == name) {
                each(Cx { file, scope: extension.scope_in(&index.facts) }, extension);
            }
        }
    }

    /// Whether the target is the type, and what the target's type parameters are in terms of the type's.
    fn extends(&self, cx: Cx, target: TermId, symbol: Symbol) -> Option<Subst> {
        let ty = self.eval(cx, target).ty.instance();
        let (found, args) = match &ty {
            Ty::Named(Head::Def(found), args) => (*found, args.clone()),
            Ty::This(found) => (*found, None),
            Ty::Function(found, _) => (*found, None),
            _ => return None,
        };
        if found != symbol && self.canonical(found) != self.canonical(symbol) {
            return None;
        }
        let mut subst = Subst::default();
        if let Some(args) = args {
            for (own, arg) in self.params(symbol).iter().zip(args.iter()) {
                if let Ty::Param(theirs) = arg {
                    subst.params.push((*theirs, Ty::Param(*own)));
                }
            }
        }
        Some(subst)
    }

    /// A member that the folder adds to a type from outside.
    pub(super) fn foreign_member(&self, head: Name, wanted: Wanted, file: FileId) -> Resolution {
        let external = || Rc::new(Resolution::External(Some(wanted.name)));
        let key = (head, wanted, self.view.lang(file), self.package(file));
        let found = self.remember(&self.foreign_members, key, external, || {
            Rc::new(
                self.find_foreign_member(head, wanted, file)
                    .unwrap_or(Resolution::External(Some(wanted.name))),
            )
        });
        (*found).clone()
    }

    fn find_foreign_member(&self, head: Name, wanted: Wanted, file: FileId) -> Option<Resolution> {
        let family = self.view.lang(file).family();
        let may = |there: &FileId| self.view.lang(*there).family() == family && self.sees(file, *there);
        let files: Vec<FileId> = self.view.extensions_of(head).filter(may).collect();
        let users = self.users(wanted.name);
        for there in files.iter().copied().filter(|there| users.contain(*there)) {
            let index = self.index(there);
            for added in self.added(there, head).iter() {
                let found = match (added.scope, added.def) {
                    (Some(scope), _) => index
                        .declared(scope, wanted.name)
                        .find(|(_, d)| is_member(d) && wanted.takes(d))
                        .map(|(def, _)| def),
                    (None, def) => def.filter(|def| index.facts.def(*def).name == wanted.name),
                };
                if let Some(def) = found {
                    return Some(Resolution::symbol(Symbol { file: there, def }, Tier::Member));
                }
            }
        }
        let mut asked: FxHashSet<Symbol> = FxHashSet::default();
        for there in files {
            for base in self.added(there, head).iter().filter_map(|added| added.implements) {
                if !asked.insert(base) {
                    continue;
                }
                let found = self.member_of_symbol(base, wanted);
                if !found.hits().is_empty() {
                    return Some(found);
                }
            }
        }
        None
    }

    /// What the file adds to the type from outside that is known by that name.
    fn added(&self, file: FileId, head: Name) -> Rc<[Added]> {
        let make = || {
            let index = self.index(file);
            let mut all = Vec::new();
            for extension in index.facts.extensions.iter().filter(|e| e.target_name == head) {
                let cx = Cx { file, scope: extension.scope_in(&index.facts) };
                let is_head = match self.eval(cx, extension.target).ty.instance() {
                    Ty::Foreign(Some(name)) | Ty::Named(Head::Foreign(name), _) => name == head,
                    _ => false,
                };
                if is_head {
                    let implements =
                        extension.implements.and_then(|t| self.eval(cx, t).ty.instance().symbol());
                    all.push(Added { scope: extension.scope, def: extension.def, implements });
                }
            }
            all.into()
        };
        self.remember(&self.added, (file, head), || Rc::new([]), make)
    }

    /// A property of an object literal, or one that was assigned to it later.
    pub(super) fn object_member(&self, file: FileId, scope: ScopeId, name: Name) -> Resolution {
        let index = self.index(file);
        let declared = index.declared(scope, name).filter(|(_, d)| is_member(d)).map(|(def, _)| def);
        let mut hits: SmallVec<[DefId; 2]> = declared.collect();
        if hits.is_empty() {
            let assigned = index.named(name).filter(|(_, d)| match d.of {
                Some(of) => {
                    let ty = self.eval(Cx { file, scope: d.scope }, of).ty;
                    let object = Ty::Object(file, scope);
                    ty == object || matches!(&ty, Ty::Union(parts) if parts.contains(&object))
                }
                None => false,
            });
            hits = assigned.map(|(def, _)| def).collect();
        }
        match hits.first() {
            Some(def) => {
                let entity = Entity::Symbol(Symbol { file, def: *def });
                Resolution::Found(SmallVec::from_elem(Hit { entity, tier: Tier::Member, subst: None }, 1))
            }
            None => Resolution::Missing("the object has no such property"),
        }
    }

    /// Whether a variable or parameter is what a call, a constructor or a declared type makes it, and that is not of the
    /// folder: then it is no object that its file builds up member by member.
    pub(super) fn holds_a_foreign_value(&self, symbol: Symbol) -> bool {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        if !matches!(def.kind, DefKind::Variable | DefKind::Constant | DefKind::Parameter | DefKind::Field) {
            return false;
        }
        let made = |init: TermId| matches!(index.facts.term(init), Term::Instance(_) | Term::Call(_));
        def.ty.is_some() || def.init.is_some_and(made)
    }

    /// A member that was assigned to a variable or function itself (`f.name = …`).
    pub(super) fn assigned_to(&self, symbol: Symbol, name: Name) -> Option<Resolution> {
        let index = self.index(symbol.file);
        if index.lang.knobs().assigned_members != AssignedMembers::Any {
            return None;
        }
        let own = index.facts.def(symbol.def).name;
        let mut files: SmallVec<[FileId; 2]> = SmallVec::from_elem(symbol.file, 1);
        files.extend(self.view.extensions_of(own).filter(|f| *f != symbol.file));
        for file in files {
            let index = self.index(file);
            let plain = |of| index.facts.term(index.facts.plain(of));
            let found = index.named(name).find(|(_, d)| match d.of.map(plain) {
                Some(Term::Ref(reference)) => {
                    let named = self.reference(file, *reference);
                    named.hits().iter().any(|h| h.entity == Entity::Symbol(symbol))
                }
                Some(Term::Def(def)) => Symbol { file, def: *def } == symbol,
                _ => false,
            });
            if let Some((def, _)) = found {
                return Some(Resolution::symbol(Symbol { file, def }, Tier::Member));
            }
        }
        None
    }
}

fn is_member_scope(kind: ScopeKind) -> bool {
    matches!(kind, ScopeKind::Class | ScopeKind::Module | ScopeKind::Extension | ScopeKind::Object)
}

fn is_member(def: &Def) -> bool {
    !matches!(def.kind, DefKind::TypeParameter | DefKind::Parameter | DefKind::Label)
}
