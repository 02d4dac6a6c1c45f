//! Members: what a name after a dot means, by the type of what stands before it.

use std::rc::Rc;

use smallvec::SmallVec;

use super::lexical::Use;
use super::ty::{Args, Head, Place, Subst, Ty};
use super::{Cx, Entity, HITS_MAX, Hit, Hits, Resolution, Resolver, Symbol, Tier, Typed};
use crate::lang::Knobs;
use crate::lang::facts::{Def, DefFlags, DefKind, Name, Ref, RefId, Role, ScopeId, Term, TermId, WHOLE};
use crate::lang::modules::FileId;
use crate::lang::pack::AssignedMembers;

/// Which members of a name are meant, where methods and fields are named apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Want {
    Any,
    Method,
    Field,
}

/// A member that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    pub name: Name,
    pub want: Want,
}

impl Wanted {
    pub fn any(name: Name) -> Wanted {
        Wanted { name, want: Want::Any }
    }
    pub fn by_role(name: Name, role: Role, knobs: &Knobs) -> Wanted {
        let want = match role {
            _ if !knobs.split_members => Want::Any,
            Role::Call => Want::Method,
            Role::Read | Role::Write | Role::Key => Want::Field,
            _ => Want::Any,
        };
        Wanted { name, want }
    }
    pub fn takes(self, def: &Def) -> bool {
        match self.want {
            Want::Any => true,
            Want::Method => def.kind.is_callable() || def.kind == DefKind::EnumMember,
            Want::Field => !def.kind.is_callable(),
        }
    }
}

/// A member found by name in a type or its bases, before the receiver's type arguments are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members {
    pub found: SmallVec<[(Symbol, Rc<Subst>); 2]>,
    /// The type has bases that are not of the folder, so a missing member may be theirs.
    pub external: bool,
    pub unknown: bool,
}

pub const NO_MEMBER: Resolution = Resolution::Missing("the type has no such member");

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
        if r.role == Role::Key {
            let found = self.key(cx, recv, r.name);
            if found.hits().is_empty() && self.is_key_name(cx, recv, r.name) {
                return self.bare(file, r);
            }
            return found;
        }
        let typed = self.eval(cx, recv);
        let named = if typed.ty.has_own_members() { None } else { self.receiver_symbol(cx, recv) };
        let wanted = Wanted::by_role(r.name, r.role, index.lang.knobs());
        let found = match self.member(&typed, named, wanted, file) {
            Resolution::Found(_) if let Some(function) = self.by_path(&typed, wanted, file) => function,
            Resolution::Missing(_) | Resolution::External(_) if wanted.want != Want::Any => {
                // A method may be named without being called, and a field may hold what is called.
                self.member(&typed, named, Wanted::any(r.name), file)
            }
            found => found,
        };
        match found {
            Resolution::Missing(_) if let Some(found) = self.macro_behind(file, r) => found,
            Resolution::Missing(_) if self.is_of_library(&typed.ty) => Resolution::External(Some(r.name)),
            Resolution::Missing(_) if typed.ty.is_unknown() => match self.comes_from_library(cx, recv) {
                true => Resolution::External(Some(r.name)),
                false => self.guess(file, r),
            },
            found => self.as_used(found, r.role),
        }
    }

    /// Behind the name of a type a function is meant rather than a field that only its values have.
    fn by_path(&self, typed: &Typed, wanted: Wanted, file: FileId) -> Option<Resolution> {
        let of_values = matches!(typed.ty, Ty::Of(_)) && self.knobs(file).type_namespace;
        if !of_values || wanted.want != Want::Field {
            return None;
        }
        let found = self.member(typed, None, Wanted { want: Want::Method, ..wanted }, file);
        (!found.hits().is_empty()).then_some(found)
    }

    /// The macro that stands where a member is named: the preprocessor does not ask what it is a member of.
    fn macro_behind(&self, file: FileId, r: &Ref) -> Option<Resolution> {
        let knobs = self.knobs(file);
        if !knobs.textual {
            return None;
        }
        // Macros stand in no scope, and one that the file does not see is none.
        let used = Use { name: r.name, role: Role::Macro, offset: r.span.start, scope: ScopeId::FILE, knobs };
        let found = self.in_included(file, ScopeId::FILE, &used);
        let symbol = found.first_symbol()?;
        let seen = found.hits().iter().all(|hit| !hit.tier.is_guess());
        (seen && self.def(symbol).kind == DefKind::Macro).then_some(found)
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

    /// The definition that the receiver names, for members that were assigned to it.
    fn receiver_symbol(&self, cx: Cx, recv: TermId) -> Option<Symbol> {
        let index = self.index(cx.file);
        match index.facts.term(recv) {
            Term::Ref(reference) => {
                let found = self.reference(cx.file, *reference);
                let guessed = found.hits().first().is_some_and(|hit| hit.tier.is_guess());
                found.first_symbol().filter(|_| !guessed)
            }
            Term::Def(def) => Some(Symbol { file: cx.file, def: *def }),
            Term::Payload(_, subject, WHOLE) => self.receiver_symbol(cx, *subject),
            _ => None,
        }
    }

    /// A member of a value. `named` is the definition that the receiver is known by, if it is.
    pub(super) fn member(
        &self,
        typed: &Typed,
        named: Option<Symbol>,
        wanted: Wanted,
        file: FileId,
    ) -> Resolution {
        self.nested(|| {
            let found = self.member_of(typed, wanted, file);
            match (&found, named) {
                (Resolution::Found(_), _) | (_, None) => found,
                // Nothing that is assigned to a value from outside declares what it has.
                (Resolution::External(_), Some(symbol)) if self.holds_a_foreign_value(symbol) => found,
                (_, Some(symbol)) => match self.assigned_to(symbol, wanted.name) {
                    // It is no surer than the receiver.
                    Some(assigned) => assigned.at_most(typed.tier.unwrap_or(Tier::Lexical)),
                    None => found,
                },
            }
        })
        .unwrap_or(Resolution::Missing("the question needs more steps than allowed"))
    }

    fn member_of(&self, typed: &Typed, wanted: Wanted, file: FileId) -> Resolution {
        let tier = typed.tier.unwrap_or(Tier::Member).max(Tier::Member);
        match &typed.ty {
            Ty::Unknown => Resolution::Missing("the type of the receiver is not known"),
            Ty::Named(Head::Def(symbol), args) => {
                self.named_member(*symbol, args, &typed.ty, wanted).at_most(tier)
            }
            Ty::Named(Head::Foreign(head), args) => match (args, self.looks_through(file, *head)) {
                (Some(args), true) if !args.is_empty() && !self.is_of_wrapper(file, wanted.name) => {
                    let inner = Typed { ty: args[0].clone(), tier: typed.tier };
                    match self.member(&inner, None, wanted, file) {
                        Resolution::Missing(_) => Resolution::External(Some(wanted.name)),
                        found => found,
                    }
                }
                _ => self.foreign_member(*head, wanted, file),
            },
            Ty::Foreign(Some(head)) => self.foreign_member(*head, wanted, file),
            Ty::This(symbol) => self.named_member(*symbol, &None, &typed.ty, wanted).at_most(Tier::Member),
            Ty::Param(param) => match self.bounds(*param) {
                Ty::Unknown => Resolution::Missing("a type parameter without bounds"),
                bound => self.member(&Typed::new(bound, tier), None, wanted, file),
            },
            Ty::Of(inner) => self.static_member(inner, wanted, file, tier),
            Ty::Module(place) => match &**place {
                Place::Inline(namespace) if self.knobs(file).textual => {
                    self.in_namespace(file, *namespace, wanted.name)
                }
                place => self.place_member(place, wanted.name),
            },
            Ty::Exports(exports) => {
                self.place_member(&Place::Files(SmallVec::from_elem(*exports, 1)), wanted.name)
            }
            Ty::Function(symbol, _) => {
                // It is no surer than that it is this function.
                let guessed = typed.tier.filter(|tier| tier.is_guess()).unwrap_or(Tier::Lexical);
                let found = self.assigned_to(*symbol, wanted.name);
                match found.or_else(|| self.exported_beside(*symbol, wanted.name)) {
                    Some(found) => found.at_most(guessed),
                    None => Resolution::External(Some(wanted.name)),
                }
            }
            Ty::Object(file, scope) => self.object_member(*file, *scope, wanted.name).at_most(tier),
            Ty::Super(inner) => match inner.symbol() {
                Some(symbol) => self.inherited_member(symbol, wanted),
                None => Resolution::Missing("the base is not known"),
            },
            Ty::Union(parts) => self.member_of_any(parts, typed, wanted, file),
            Ty::Foreign(None)
            | Ty::Handed(..)
            | Ty::Closure(..)
            | Ty::Tuple(_)
            | Ty::List(_)
            | Ty::Map(_)
            | Ty::Literal(_) => Resolution::External(Some(wanted.name)),
        }
    }

    /// A member of one of several types; those that have it count.
    fn member_of_any(&self, parts: &[Ty], typed: &Typed, wanted: Wanted, file: FileId) -> Resolution {
        let mut hits = Hits::new();
        let mut rest = NO_MEMBER;
        for part in parts {
            match self.member(&Typed { ty: part.clone(), tier: typed.tier }, None, wanted, file) {
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

    fn is_of_wrapper(&self, file: FileId, name: Name) -> bool {
        self.named_in(name, self.knobs(file).wrapper_members)
    }

    pub(super) fn looks_through(&self, file: FileId, head: Name) -> bool {
        self.named_in(head, self.knobs(file).transparent)
    }

    /// A member of a type itself: static members, nested types, variants, methods by their path.
    fn static_member(&self, inner: &Ty, wanted: Wanted, file: FileId, tier: Tier) -> Resolution {
        match inner {
            Ty::Named(Head::Def(symbol), args) => {
                let found = self.named_member(*symbol, args, inner, wanted).at_most(Tier::Member);
                self.prefer_static(found)
            }
            Ty::This(symbol) => {
                let found = self.named_member(*symbol, &None, inner, wanted).at_most(Tier::Member);
                self.prefer_static(found)
            }
            Ty::Param(_) | Ty::Union(_) => self.member(&Typed::new(inner.clone(), tier), None, wanted, file),
            Ty::Foreign(Some(head)) | Ty::Named(Head::Foreign(head), _) => {
                self.foreign_member(*head, wanted, file)
            }
            Ty::Unknown => Resolution::Missing("the type is not known"),
            _ => Resolution::External(Some(wanted.name)),
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
    pub(super) fn member_of_symbol(&self, symbol: Symbol, wanted: Wanted) -> Resolution {
        let ty = Ty::named(symbol);
        let value = match self.def(symbol).kind {
            DefKind::TypeAlias | DefKind::Import | DefKind::Export => self.value(symbol).ty.instance(),
            _ => ty,
        };
        match value.symbol() {
            Some(symbol) => self.named_member(symbol, &None, &value, wanted).at_most(Tier::Member),
            None => self.member(&Typed::sure(value), None, wanted, symbol.file),
        }
    }

    fn named_member(&self, symbol: Symbol, args: &Args, this: &Ty, wanted: Wanted) -> Resolution {
        let members = self.members(symbol, wanted);
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
        // In the type itself its parameters are any that fit.
        let mut receiver = match this {
            Ty::Named(..) => self.arguments_or_defaults(symbol, args),
            _ => self.arguments(symbol, args),
        };
        receiver.this = Some(this.clone());
        let receiver = Rc::new(receiver);
        let hits = members.found.iter().take(HITS_MAX).map(|(found, path)| {
            let mut subst =
                if path.is_empty() { Rc::clone(&receiver) } else { Rc::new(path.then(&receiver)) };
            if let Some(param) = self.receiver_variable(*found) {
                Rc::make_mut(&mut subst).params.push((param, this.clone()));
            }
            Hit { entity: Entity::Symbol(*found), tier: Tier::Member, subst: Some(subst) }
        });
        Resolution::Found(hits.collect())
    }

    /// The type variable that a method's receiver is written to be (`def copy(self: T) -> T`).
    fn receiver_variable(&self, method: Symbol) -> Option<Symbol> {
        if self.knobs(method.file).type_variables.is_empty() {
            return None;
        }
        let index = self.index(method.file);
        let def = index.facts.def(method.def);
        let of_class = def.flags.has(DefFlags::CLASS_METHOD);
        let body = def.body.filter(|_| of_class || def.flags.has(DefFlags::RECEIVER))?;
        let (_, first) =
            index.facts.defs_with_ids().find(|(_, d)| d.scope == body && d.kind == DefKind::Parameter)?;
        let written = if of_class { first.ty } else { first.init }?;
        match self.eval(Cx { file: method.file, scope: body }, written).ty.instance() {
            Ty::Param(param) => Some(param),
            Ty::Of(inner) | Ty::List(inner) => match *inner {
                Ty::Param(param) => Some(param),
                _ => None,
            },
            Ty::Named(Head::Foreign(_), Some(args)) => match args.first() {
                Some(Ty::Param(param)) => Some(*param),
                _ => None,
            },
            _ => None,
        }
    }

    /// The members of that name in a type and its bases: those of the first that declares any.
    pub(super) fn members(&self, symbol: Symbol, wanted: Wanted) -> Rc<Members> {
        self.remember(&self.members, (symbol, wanted), Rc::default, || {
            // What it declares itself hides what its bases do: they need not be known. Where members are assigned, too, these
            // lead back to bases, so they come first.
            if self.knobs(symbol.file).assigned_members == AssignedMembers::None {
                let own = self.first_members(&[(symbol, Rc::default())], wanted);
                if !own.is_empty() {
                    return Rc::new(Members { found: own, ..Members::default() });
                }
            }
            let linear = self.linear(symbol);
            let found = self.first_members(&linear.types, wanted);
            let open = found.is_empty();
            Rc::new(Members { found, external: open && linear.external, unknown: open && linear.unknown })
        })
    }

    /// A member of the bases alone.
    fn inherited_member(&self, symbol: Symbol, wanted: Wanted) -> Resolution {
        let linear = self.linear(symbol);
        let found = self.first_members(linear.types.get(1..).unwrap_or_default(), wanted);
        let members = Members { found, external: linear.external, unknown: linear.unknown };
        self.seen_through(&members, symbol, &None, &Ty::This(symbol))
    }

    /// Of types in the order of search, the members of the first that declares any; what is only assigned counts where
    /// nothing is declared.
    fn first_members(
        &self,
        types: &[(Symbol, Rc<Subst>)],
        wanted: Wanted,
    ) -> SmallVec<[(Symbol, Rc<Subst>); 2]> {
        let mut assigned: SmallVec<[(Symbol, Rc<Subst>); 2]> = SmallVec::new();
        for (ty, path) in types {
            let own = self.own_members(*ty, wanted);
            let Some((first, _)) = own.first() else { continue };
            let declared = self.is_declared(*first);
            if !declared && !assigned.is_empty() {
                continue;
            }
            let found = own.into_iter().map(|(s, inner)| {
                let subst = match inner {
                    Some(inner) => Rc::new(inner.then(path)),
                    None => Rc::clone(path),
                };
                (s, subst)
            });
            if declared {
                return found.collect();
            }
            assigned = found.collect();
        }
        assigned
    }
}

impl Ty {
    /// Whether the type alone says what members there are.
    fn has_own_members(&self) -> bool {
        matches!(
            self,
            Ty::Named(Head::Def(_), _)
                | Ty::Of(_)
                | Ty::This(_)
                | Ty::Module(_)
                | Ty::Super(_)
                | Ty::Param(_)
                | Ty::Exports(_)
        )
    }
}
