//! Members: what a name after a dot means, by the type of what stands before it.

use std::rc::Rc;

use smallvec::SmallVec;

use super::ty::{Args, Head, Subst, Ty};
use super::{Cx, Entity, Hit, Hits, Resolution, Resolver, Symbol, Tier, Typed};
use crate::lang::facts::{Def, DefFlags, DefId, DefKind, Name, Ref, RefId, Role, ScopeId, Term, TermId};
use crate::lang::modules::FileId;

/// A member found by name in a type or its bases, before the receiver's type arguments are known.
#[derive(Clone, Debug, Default)]
pub struct Members {
    found: SmallVec<[(Symbol, Rc<Subst>); 2]>,
    /// The type has bases that are not of the folder, so a missing member may be theirs.
    external: bool,
    unknown: bool,
}

/// Members that a type declares itself; what an extension's type parameters are, if it is one's.
type OwnMembers = SmallVec<[(Symbol, Option<Rc<Subst>>); 2]>;

/// An extension of a type: a block of members, or one.
#[derive(Clone, Debug)]
pub struct Extended {
    file: FileId,
    scope: Option<ScopeId>,
    def: Option<DefId>,
    /// What the extension's type parameters are, in terms of the type's own.
    subst: Rc<Subst>,
    /// The trait or interface that it implements, as a value of it.
    pub implements: Option<Ty>,
}

const NO_MEMBER: Resolution = Resolution::Missing("the type has no such member");

impl Resolver<'_> {
    /// A name with something before it.
    pub(super) fn qualified(&self, file: FileId, id: RefId, r: &Ref, recv: TermId) -> Resolution {
        let cx = Cx { file, scope: r.scope };
        let index = self.index(file);
        if r.role == Role::Import
            && let Term::Module(specifier) = index.facts.term(recv)
            && self.view.name_text(*specifier).ends_with(self.view.name_text(r.name))
            && !index.is_imported(id)
        {
            // The last part of a module's path is the module itself, not a member of it.
            return self.denoted(cx, recv).unwrap_or(NO_MEMBER);
        }
        if r.role == Role::Key
            && let Some(field) = self.field_of_variant(cx, recv, r.name)
        {
            return field;
        }
        let typed = self.eval(cx, recv);
        if r.role == Role::Key {
            return self.key(&typed, r.name, file);
        }
        let named = if typed.ty.has_own_members() { None } else { self.receiver_symbol(cx, recv) };
        match self.member(&typed, named, r.name, file) {
            Resolution::Missing(_) if typed.ty.is_unknown() => self.guess(file, r),
            found => self.as_used(found, r.role),
        }
    }

    /// Of a field and a method of one name, the one that the use means: what is called is the method.
    fn as_used(&self, found: Resolution, role: Role) -> Resolution {
        let Resolution::Found(mut hits) = found else { return found };
        let is_method = |hit: &Hit| match hit.entity {
            Entity::Symbol(symbol) => self.def(symbol).kind.is_callable(),
            Entity::Place(_) => false,
        };
        if hits.len() > 1 && hits.iter().any(is_method) {
            if role == Role::Call {
                hits.retain(|hit| is_method(hit));
            } else {
                hits.sort_by_key(is_method);
            }
        }
        Resolution::Found(hits)
    }

    /// A field of the variant that a pattern or literal names; as a value it would be one of the whole enum.
    fn field_of_variant(&self, cx: Cx, recv: TermId, name: Name) -> Option<Resolution> {
        let index = self.index(cx.file);
        let Term::Instance(named) = index.facts.term(recv) else { return None };
        let variant = self.denoted(cx, *named)?.first_symbol()?;
        let index = self.index(variant.file);
        let def = index.facts.def(variant.def);
        let body = def.body.filter(|_| def.kind == DefKind::EnumMember)?;
        let (def, _) = index.declared(body, name).find(|(_, d)| d.kind == DefKind::Field)?;
        Some(Resolution::symbol(Symbol { file: variant.file, def }, Tier::Member))
    }

    /// The definition that the receiver names, for members that were assigned to it.
    fn receiver_symbol(&self, cx: Cx, recv: TermId) -> Option<Symbol> {
        let index = self.index(cx.file);
        match index.facts.term(recv) {
            Term::Ref(reference) => self.reference(cx.file, *reference).first_symbol(),
            Term::Def(def) => Some(Symbol { file: cx.file, def: *def }),
            _ => None,
        }
    }

    /// A key in a literal or pattern, or the name of an argument.
    fn key(&self, typed: &Typed, name: Name, file: FileId) -> Resolution {
        match &typed.ty {
            Ty::Function(symbol, _) => self.parameter(*symbol, name),
            Ty::Of(inner) => {
                if let Some(class) = inner.symbol() {
                    let constructors = self.knobs(class.file).constructor_names;
                    for constructor in constructors {
                        let Some(word) = self.view.lookup_name(constructor) else { continue };
                        let made = self.member_of_symbol(class, word);
                        if let Some(constructor) = made.first_symbol() {
                            let found = self.parameter(constructor, name);
                            if !found.hits().is_empty() {
                                return found;
                            }
                        }
                    }
                }
                self.member(&Typed { ty: (**inner).clone(), tier: typed.tier }, None, name, file)
            }
            _ => self.member(typed, None, name, file),
        }
    }

    /// The parameter of that name.
    fn parameter(&self, function: Symbol, name: Name) -> Resolution {
        let index = self.index(function.file);
        let Some(body) = index.facts.def(function.def).body else { return NO_MEMBER };
        match index.declared(body, name).find(|(_, d)| d.kind == DefKind::Parameter) {
            Some((def, _)) => Resolution::symbol(Symbol { file: function.file, def }, Tier::Member),
            None => NO_MEMBER,
        }
    }

    /// A member of a value. `named` is the definition that the receiver is known by, if it is.
    pub(super) fn member(
        &self,
        typed: &Typed,
        named: Option<Symbol>,
        name: Name,
        file: FileId,
    ) -> Resolution {
        self.nested(|| {
            let found = self.member_of(typed, name, file);
            match (&found, named) {
                (Resolution::Found(_), _) | (_, None) => found,
                (_, Some(symbol)) => match self.assigned_to(symbol, name) {
                    Some(assigned) => assigned,
                    None => found,
                },
            }
        })
        .unwrap_or(Resolution::Missing("the question needs more steps than allowed"))
    }

    fn member_of(&self, typed: &Typed, name: Name, file: FileId) -> Resolution {
        let tier = typed.tier.unwrap_or(Tier::Member).max(Tier::Member);
        match &typed.ty {
            Ty::Unknown => Resolution::Missing("the type of the receiver is not known"),
            Ty::Foreign(_)
            | Ty::Handed(..)
            | Ty::Closure(..)
            | Ty::Tuple(_)
            | Ty::List(_)
            | Ty::Map(_)
            | Ty::Literal(_) => Resolution::External(Some(name)),
            Ty::Named(Head::Def(symbol), args) => {
                self.named_member(*symbol, args, &typed.ty, name).at_most(tier)
            }
            Ty::Named(Head::Foreign(head), args) => match (args, self.looks_through(file, *head)) {
                (Some(args), true) if !args.is_empty() => {
                    let inner = Typed { ty: args[0].clone(), tier: typed.tier };
                    match self.member(&inner, None, name, file) {
                        Resolution::Missing(_) => Resolution::External(Some(name)),
                        found => found,
                    }
                }
                _ => Resolution::External(Some(name)),
            },
            Ty::This(symbol) => self.named_member(*symbol, &None, &typed.ty, name).at_most(Tier::Member),
            Ty::Param(param) => match self.bounds(*param) {
                Ty::Unknown => Resolution::Missing("a type parameter without bounds"),
                bound => self.member(&Typed::new(bound, tier), None, name, file),
            },
            Ty::Of(inner) => self.static_member(inner, name, file, tier),
            Ty::Module(place) => self.place_member(place, name),
            Ty::Exports(exports) => {
                let place = super::ty::Place::Files(SmallVec::from_elem(*exports, 1));
                self.place_member(&place, name)
            }
            Ty::Function(symbol, _) => match self.assigned_to(*symbol, name) {
                Some(found) => found,
                None => Resolution::External(Some(name)),
            },
            Ty::Object(file, scope) => self.object_member(*file, *scope, name).at_most(tier),
            Ty::Super(inner) => match inner.symbol() {
                Some(symbol) => self.inherited_member(symbol, name),
                None => Resolution::Missing("the base is not known"),
            },
            Ty::Union(parts) => self.member_of_any(parts, typed, name, file),
        }
    }

    /// A member of one of several types; those that have it count.
    fn member_of_any(&self, parts: &[Ty], typed: &Typed, name: Name, file: FileId) -> Resolution {
        let mut hits = Hits::new();
        let mut rest = NO_MEMBER;
        for part in parts {
            match self.member(&Typed { ty: part.clone(), tier: typed.tier }, None, name, file) {
                Resolution::Found(found) => {
                    for hit in found {
                        if !hits.iter().any(|h| h.entity == hit.entity) {
                            hits.push(hit);
                        }
                    }
                }
                Resolution::External(foreign) => rest = Resolution::External(foreign),
                Resolution::Missing(_) => {}
            }
        }
        if hits.is_empty() { rest } else { Resolution::Found(hits) }
    }

    fn looks_through(&self, file: FileId, head: Name) -> bool {
        self.named_in(head, self.knobs(file).transparent)
    }

    /// A member of a type itself: static members, nested types, variants, methods by their path.
    fn static_member(&self, inner: &Ty, name: Name, file: FileId, tier: Tier) -> Resolution {
        match inner {
            Ty::Named(Head::Def(symbol), args) => {
                let found = self.named_member(*symbol, args, inner, name).at_most(Tier::Member);
                self.prefer_static(found)
            }
            Ty::This(symbol) => {
                let found = self.named_member(*symbol, &None, inner, name).at_most(Tier::Member);
                self.prefer_static(found)
            }
            Ty::Param(_) | Ty::Union(_) => self.member(&Typed::new(inner.clone(), tier), None, name, file),
            Ty::Unknown => Resolution::Missing("the type is not known"),
            _ => Resolution::External(Some(name)),
        }
    }

    fn prefer_static(&self, found: Resolution) -> Resolution {
        let Resolution::Found(mut hits) = found else { return found };
        let is_static = |hit: &Hit| match hit.entity {
            Entity::Symbol(symbol) => self.def(symbol).flags.has(DefFlags::STATIC),
            Entity::Place(_) => false,
        };
        if hits.len() > 1 && hits.iter().any(is_static) {
            hits.retain(|hit| is_static(hit));
        }
        Resolution::Found(hits)
    }

    /// A member of a type of the folder, by the name of the type alone.
    pub(super) fn member_of_symbol(&self, symbol: Symbol, name: Name) -> Resolution {
        let ty = Ty::named(symbol);
        let value = match self.def(symbol).kind {
            DefKind::TypeAlias | DefKind::Import | DefKind::Export => self.value(symbol).ty.instance(),
            _ => ty,
        };
        match value.symbol() {
            Some(symbol) => self.named_member(symbol, &None, &value, name).at_most(Tier::Member),
            None => self.member(&Typed::sure(value), None, name, symbol.file),
        }
    }

    fn named_member(&self, symbol: Symbol, args: &Args, this: &Ty, name: Name) -> Resolution {
        let members = self.members(symbol, name);
        self.seen_through(&members, symbol, args, this)
    }

    /// Members as the receiver sees them: its type arguments put in.
    fn seen_through(&self, members: &Members, symbol: Symbol, args: &Args, this: &Ty) -> Resolution {
        if members.found.is_empty() {
            return match (members.external, members.unknown) {
                (true, _) => Resolution::External(None),
                (_, true) => Resolution::Missing("a base of the type is not known"),
                _ => NO_MEMBER,
            };
        }
        let mut receiver = self.arguments(symbol, args);
        receiver.this = Some(this.clone());
        let receiver = Rc::new(receiver);
        let hits = members.found.iter().map(|(found, path)| {
            let subst = if path.is_empty() { Rc::clone(&receiver) } else { Rc::new(path.then(&receiver)) };
            Hit { entity: Entity::Symbol(*found), tier: Tier::Member, subst: Some(subst) }
        });
        Resolution::Found(hits.collect())
    }

    /// The members of that name in a type and its bases: those of the first that has any.
    pub(super) fn members(&self, symbol: Symbol, name: Name) -> Rc<Members> {
        self.remember(&self.members, (symbol, name), Rc::default, || {
            let linear = self.linear(symbol);
            for (ty, path) in &linear.types {
                let own = self.own_members(*ty, name);
                if !own.is_empty() {
                    let found = own.into_iter().map(|(s, inner)| {
                        let subst = match inner {
                            Some(inner) => Rc::new(inner.then(path)),
                            None => Rc::clone(path),
                        };
                        (s, subst)
                    });
                    return Rc::new(Members { found: found.collect(), external: false, unknown: false });
                }
            }
            Rc::new(Members { found: SmallVec::new(), external: linear.external, unknown: linear.unknown })
        })
    }

    /// A member of the bases alone.
    fn inherited_member(&self, symbol: Symbol, name: Name) -> Resolution {
        let linear = self.linear(symbol);
        for (ty, path) in linear.types.iter().skip(1) {
            let own = self.own_members(*ty, name);
            if !own.is_empty() {
                let found = own.into_iter().map(|(s, _)| (s, Rc::clone(path))).collect();
                let members = Members { found, external: false, unknown: false };
                return self.seen_through(&members, symbol, &None, &Ty::This(symbol));
            }
        }
        if linear.external { Resolution::External(Some(name)) } else { NO_MEMBER }
    }

    /// Members that a type declares itself, in its body, by assignment, or in extensions.
    fn own_members(&self, symbol: Symbol, name: Name) -> OwnMembers {
        let mut found: OwnMembers = SmallVec::new();
        let mut add = |file: FileId, def: DefId, subst: Option<Rc<Subst>>| {
            let member = Symbol { file, def };
            if !found.iter().any(|(s, _)| *s == member) {
                found.push((member, subst));
            }
        };
        for part in self.group(symbol) {
            let index = self.index(part.file);
            if let Some(body) = index.facts.def(part.def).body {
                for (def, d) in index.declared(body, name) {
                    if !matches!(d.kind, DefKind::TypeParameter | DefKind::Parameter | DefKind::Label)
                        && is_member_scope(&index.facts.scope(body).kind)
                    {
                        add(part.file, def, None);
                    }
                }
            }
        }
        let extensions = self.extensions(symbol);
        for extended in extensions.iter() {
            let index = self.index(extended.file);
            if let Some(scope) = extended.scope {
                for (def, d) in index.declared(scope, name) {
                    if d.kind != DefKind::TypeParameter {
                        add(extended.file, def, Some(Rc::clone(&extended.subst)));
                    }
                }
            }
            if let Some(def) = extended.def
                && index.facts.def(def).name == name
            {
                add(extended.file, def, Some(Rc::clone(&extended.subst)));
            }
        }
        let mut files: SmallVec<[FileId; 2]> = SmallVec::from_elem(symbol.file, 1);
        for extended in extensions.iter() {
            if !files.contains(&extended.file) {
                files.push(extended.file);
            }
        }
        for file in files {
            let index = self.index(file);
            let assigned =
                index.named(name).filter(|(_, d)| d.of.is_some() && d.flags.has(DefFlags::ASSIGNED));
            for (def, d) in assigned {
                if self.owner_by_receiver(file, d) == Some(symbol) {
                    add(file, def, None);
                }
            }
        }
        self.in_order_of_preference(&mut found);
        found
    }

    /// The definitions of one member of a type.
    pub(super) fn own_symbols(&self, symbol: Symbol, name: Name) -> SmallVec<[Symbol; 2]> {
        self.own_members(symbol, name).into_iter().map(|(s, _)| s).collect()
    }

    /// What is declared comes before what is only assigned.
    fn in_order_of_preference(&self, found: &mut OwnMembers) {
        if found.len() < 2 {
            return;
        }
        let is_assigned = |symbol: &Symbol| {
            let index = self.index(symbol.file);
            let def = index.facts.def(symbol.def);
            (def.flags.has(DefFlags::ASSIGNED) && def.ty.is_none(), !self.in_constructor(*symbol))
        };
        found.sort_by_key(|(symbol, _)| is_assigned(symbol));
        // A signature that is written out says more than the assignments beside it.
        if let Some((first, _)) = found.first()
            && !is_assigned(first).0
        {
            found.retain(|(symbol, _)| !is_assigned(symbol).0);
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
            || {
                let name = self.index(symbol.file).facts.def(symbol.def).name;
                let family = self.index(symbol.file).lang.family();
                let mut all = Vec::new();
                for file in self.view.extensions_of(name) {
                    let index = self.index(file);
                    if index.lang.family() != family {
                        continue;
                    }
                    for extension in index.facts.extensions.iter().filter(|e| e.target_name == name) {
                        let scope = extension
                            .scope
                            .or_else(|| extension.def.map(|d| index.facts.def(d).scope))
                            .unwrap_or(ScopeId::FILE);
                        let cx = Cx { file, scope };
                        let Some(subst) = self.extends(cx, extension.target, symbol) else { continue };
                        let implements = extension.implements.map(|t| self.eval(cx, t).ty.instance());
                        all.push(Extended {
                            file,
                            scope: extension.scope,
                            def: extension.def,
                            subst: Rc::new(subst),
                            implements,
                        });
                    }
                }
                all.into()
            },
        )
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

    /// A property of an object literal, or one that was assigned to it later.
    fn object_member(&self, file: FileId, scope: ScopeId, name: Name) -> Resolution {
        let index = self.index(file);
        let declared = index.declared(scope, name).map(|(def, _)| def);
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
                let hit = Hit {
                    entity: Entity::Symbol(Symbol { file, def: *def }),
                    tier: Tier::Member,
                    subst: None,
                };
                Resolution::Found(SmallVec::from_elem(hit, 1))
            }
            None => NO_MEMBER,
        }
    }

    /// A member that was assigned to a variable or function itself (`f.name = …`).
    fn assigned_to(&self, symbol: Symbol, name: Name) -> Option<Resolution> {
        let index = self.index(symbol.file);
        let own = index.facts.def(symbol.def).name;
        let mut files: SmallVec<[FileId; 2]> = SmallVec::from_elem(symbol.file, 1);
        files.extend(self.view.extensions_of(own).filter(|f| *f != symbol.file));
        for file in files {
            let index = self.index(file);
            let found = index.named(name).find(|(_, d)| match d.of {
                Some(of) => match index.facts.term(of) {
                    Term::Ref(reference) => self
                        .reference(file, *reference)
                        .hits()
                        .iter()
                        .any(|h| h.entity == Entity::Symbol(symbol)),
                    Term::Def(def) => Symbol { file, def: *def } == symbol,
                    _ => false,
                },
                None => false,
            });
            if let Some((def, _)) = found {
                return Some(Resolution::symbol(Symbol { file, def }, Tier::Member));
            }
        }
        None
    }

    /// The definitions that are one symbol with this one: overloads, merged declarations, assignments of one name.
    pub(super) fn group(&self, symbol: Symbol) -> SmallVec<[Symbol; 2]> {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        let mut group: SmallVec<[Symbol; 2]> = SmallVec::new();
        if def.of.is_some() {
            group.push(symbol);
            return group;
        }
        for (id, other) in index.declared(def.scope, def.name) {
            if id == symbol.def || self.merges(&index, def, other) {
                group.push(Symbol { file: symbol.file, def: id });
            }
        }
        group
    }

    fn merges(&self, index: &super::FileIndex, def: &Def, other: &Def) -> bool {
        use crate::lang::pack::Visibility;
        let knobs = index.lang.knobs();
        let separate = |d: &Def| matches!(d.kind, DefKind::Label | DefKind::Export | DefKind::Macro);
        if separate(def) || separate(other) {
            return false;
        }
        match knobs.visibility {
            Visibility::Scope => true,
            Visibility::Declaration => {
                let overload = |d: &Def| d.flags.has(DefFlags::OVERLOAD);
                let variable = |d: &Def| matches!(d.kind, DefKind::Variable | DefKind::Parameter);
                overload(def) && overload(other) || !knobs.shadowing && variable(def) && variable(other)
            }
        }
    }

    /// The first definition of the symbol, which stands for all of them.
    pub(super) fn canonical(&self, symbol: Symbol) -> Symbol {
        self.group(symbol).first().copied().unwrap_or(symbol)
    }
}

impl Ty {
    /// Whether the type alone says what members there are.
    fn has_own_members(&self) -> bool {
        matches!(
            self,
            Ty::Named(..)
                | Ty::Of(_)
                | Ty::This(_)
                | Ty::Module(_)
                | Ty::Super(_)
                | Ty::Param(_)
                | Ty::Exports(_)
        )
    }
}

fn is_member_scope(kind: &crate::lang::facts::ScopeKind) -> bool {
    use crate::lang::facts::ScopeKind;
    matches!(kind, ScopeKind::Class | ScopeKind::Module | ScopeKind::Extension | ScopeKind::Object)
}
