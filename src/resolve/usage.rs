//! Whether a use means one of some definitions, surely, perhaps or not.

use rustc_hash::FxHashSet;

use super::ty::{Head, Place, Ty};
use super::{Cx, Entity, Resolution, Resolver, Symbol};
use crate::lang::facts::{DefKind, RefId, Role, Term};
use crate::lang::modules::FileId;

/// Names of one path.
const PATH_NAMES_MAX: usize = 32;

/// Definitions whose uses are looked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub symbols: FxHashSet<Symbol>,
    /// They are members: found behind a receiver.
    pub member: bool,
    /// For a parameter: the name of what takes it, or of the type that is built with it.
    pub taker: Option<String>,
    /// Values of types from outside may have these members too (a trait's).
    pub open: bool,
    /// They are seen in one file only.
    pub local: bool,
}

/// What a use means, as far as the wanted definitions go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// One of them.
    Is,
    /// One of them and something else as well.
    Both,
    /// It is not known, and why.
    May(&'static str),
    Not,
}

impl Resolver<'_> {
    /// What a use of the definitions' name means.
    pub fn usage(&self, file: FileId, id: RefId, wanted: &Wanted) -> Usage {
        self.begin();
        let r = self.reference_of(file, id);
        let found = self.reference(file, id);
        let presented = self.presented(file, id, &r, &found);
        let is_wanted = |entity: &Entity| match entity {
            Entity::Symbol(symbol) => wanted.symbols.contains(symbol),
            Entity::Place(place) => match &**place {
                Place::Inline(symbol) => wanted.symbols.contains(symbol),
                _ => false,
            },
        };
        if presented.iter().flat_map(Resolution::hits).any(|hit| is_wanted(&hit.entity)) {
            return Usage::Is;
        }
        let hits = found.hits();
        let sure = hits.iter().filter(|hit| !hit.tier.is_guess());
        let (ours, others) = sure.fold((0, 0), |(ours, others), hit| match is_wanted(&hit.entity) {
            true => (ours + 1, others),
            false => (ours, others + 1),
        });
        match (ours, others) {
            (0, 0) => {}
            (_, 0) => return Usage::Is,
            (0, _) => return Usage::Not,
            // A declaration and what it hands on may both be answers.
            _ if r.role == Role::Import => return Usage::Is,
            _ => return Usage::Both,
        }
        if hits.iter().any(|hit| is_wanted(&hit.entity)) {
            return Usage::May("the type of what stands before it is not known");
        }
        if hits.len() >= super::guess::GUESSES_MAX && wanted.member {
            return Usage::May("the type of what stands before it is not known");
        }
        match (r.role, r.recv, &*found) {
            (_, _, Resolution::Found(_)) => Usage::Not,
            (Role::Key, Some(recv), _) => match (&wanted.taker, wanted.member) {
                (Some(taker), _) if self.names(file, recv, taker) => {
                    Usage::May("it is not known what takes it")
                }
                (None, true) if self.is_open(Cx { file, scope: r.scope }, recv, wanted) => {
                    Usage::May("the type that it belongs to is not known")
                }
                _ => Usage::Not,
            },
            (_, Some(recv), _)
                if wanted.member && self.is_open(Cx { file, scope: r.scope }, recv, wanted) =>
            {
                Usage::May("the type of what stands before it is not known")
            }
            (_, None, Resolution::Missing(_)) if !wanted.member => {
                Usage::May("nothing of this name is found in its scope")
            }
            (_, None, Resolution::External(_)) if self.may_replace_standard(file, &r, wanted) => {
                Usage::May("it is the standard library's, and this one's where that lacks it")
            }
            _ => Usage::Not,
        }
    }

    /// Whether a term ends in a use of the name.
    fn names(&self, file: FileId, term: crate::lang::facts::TermId, name: &str) -> bool {
        let index = self.index(file);
        match index.facts.term(term) {
            Term::Ref(reference) => {
                self.view.name_text(index.facts.reference(*reference).name) == name
                    && self.reference(file, *reference).hits().is_empty()
            }
            _ => false,
        }
    }

    /// Whether a receiver may be a value of any type.
    fn is_open(&self, cx: Cx, recv: crate::lang::facts::TermId, wanted: &Wanted) -> bool {
        // What is named by its path from outside is outside itself.
        if self.is_path_from_outside(cx.file, recv) {
            return false;
        }
        let ty = self.eval(cx, recv).ty;
        let bare = |ty: &Ty| matches!(ty, Ty::Literal(_) | Ty::List(_) | Ty::Map(_) | Ty::Tuple(_));
        let outside = wanted.open && (bare(&ty) || matches!(&ty, Ty::Of(inner) if bare(inner)));
        outside || self.is_open_type(&ty)
    }

    /// Whether a term is a path whose first name comes from outside (`os.path`, and not a member of a parameter).
    fn is_path_from_outside(&self, file: FileId, term: crate::lang::facts::TermId) -> bool {
        let index = self.index(file);
        let mut at = term;
        for _ in 0..PATH_NAMES_MAX {
            let Term::Ref(reference) = index.facts.term(index.facts.plain(at)) else { return false };
            if !matches!(&*self.reference(file, *reference), Resolution::External(_)) {
                return false;
            }
            match index.facts.reference(*reference).recv {
                Some(recv) => at = recv,
                None => return true,
            }
        }
        false
    }

    pub(super) fn is_open_type(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Unknown | Ty::Foreign(_) | Ty::Handed(..) => true,
            Ty::Param(param) => self.is_open_type(&self.bounds(*param)),
            Ty::Named(Head::Foreign(_), args) => args.is_some(),
            Ty::Named(Head::Def(symbol), _) | Ty::This(symbol) => self.linear(*symbol).unknown,
            Ty::Super(inner) | Ty::Of(inner) => self.is_open_type(inner),
            Ty::Union(parts) => parts.iter().any(|part| self.is_open_type(part)),
            _ => false,
        }
    }

    /// The name of what a parameter is handed to: its function, or the type that the function constructs.
    pub fn taker(&self, parameter: Symbol) -> Option<String> {
        let index = self.index(parameter.file);
        let def = index.facts.def(parameter.def);
        let function = index.facts.scope(def.scope).owner.filter(|_| def.kind == DefKind::Parameter)?;
        let function_def = index.facts.def(function);
        let constructs = function_def.kind == DefKind::Constructor;
        let named = match self.owner(Symbol { file: parameter.file, def: function }).filter(|_| constructs) {
            Some(class) => self.def(class).name,
            None => function_def.name,
        };
        Some(self.view.name_text(named).to_owned())
    }
}
