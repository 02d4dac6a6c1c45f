//! What leads into a dependency and no further: it is from outside, and never a reason to guess.
//!
//! A dependency's files say what is declared, not all of it: what its functions do is left out, and so are files that
//! nothing leads to. What is missing there may be there all the same.

use super::ty::{Head, Place, Ty};
use super::{Cx, Entity, Resolver, Symbol, Typed};
use crate::lang::facts::{Term, TermId};
use crate::lang::modules::FileId;

/// Values that stand for each other, followed to where they come from.
const HOPS_MAX: usize = 24;

impl Resolver<'_> {
    pub(super) fn is_library(&self, file: FileId) -> bool {
        self.view.is_library(file)
    }

    /// What a dependency leaves open is a value from outside.
    pub(super) fn settled(&self, symbol: Symbol, typed: Typed) -> Typed {
        match typed.ty {
            Ty::Unknown if self.is_library(symbol.file) => Typed { ty: Ty::Foreign(None), ..typed },
            _ => typed,
        }
    }

    /// Whether the type is declared by a dependency, as far as its name goes.
    pub(super) fn is_of_library(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Named(Head::Def(symbol), _)
            | Ty::This(symbol)
            | Ty::Param(symbol)
            | Ty::Function(symbol, _) => self.is_library(symbol.file),
            Ty::Of(inner) | Ty::Super(inner) => self.is_of_library(inner),
            Ty::Module(place) => self.is_library_place(place),
            Ty::Object(file, _) | Ty::Exports(file) => self.is_library(*file),
            Ty::Union(parts) => parts.iter().any(|part| self.is_of_library(part)),
            _ => false,
        }
    }

    pub(super) fn is_library_place(&self, place: &Place) -> bool {
        match place {
            Place::Files(files) => files.iter().any(|file| self.is_library(*file)),
            Place::Inline(symbol) => self.is_library(symbol.file),
            Place::Directory(from, dir) => self.is_library(*from) || self.view.is_library_dir(dir),
        }
    }

    /// Whether the value of a term comes out of a dependency, by the links that it is made of.
    pub(super) fn comes_from_library(&self, cx: Cx, term: TermId) -> bool {
        let (mut cx, mut at) = (cx, term);
        for _ in 0..HOPS_MAX {
            let index = self.index(cx.file);
            at = match index.facts.term(at) {
                Term::Same(inner)
                | Term::Call(inner)
                | Term::Instance(inner)
                | Term::Index(inner)
                | Term::Iter(inner)
                | Term::Await(inner)
                | Term::Unwrap(inner)
                | Term::Deref(inner)
                | Term::AddrOf(inner)
                | Term::Enter(inner)
                | Term::Nth(inner, _)
                | Term::Argument(inner, ..)
                | Term::Payload(_, inner, _)
                | Term::Apply(inner, _) => *inner,
                Term::Ref(reference) => {
                    let found = self.reference(cx.file, *reference);
                    match found.hits().first().map(|hit| &hit.entity) {
                        Some(Entity::Place(place)) => return self.is_library_place(place),
                        Some(Entity::Symbol(symbol)) => match self.origin(*symbol) {
                            Ok(is_library) => return is_library,
                            Err(next) => {
                                (cx, at) = next;
                                continue;
                            }
                        },
                        None => match self.reference_of(cx.file, *reference).recv {
                            Some(recv) => recv,
                            None => return false,
                        },
                    }
                }
                Term::Def(def) => match self.origin(Symbol { file: cx.file, def: *def }) {
                    Ok(is_library) => return is_library,
                    Err(next) => {
                        (cx, at) = next;
                        continue;
                    }
                },
                _ => return false,
            };
        }
        false
    }

    /// Whether the symbol is a dependency's; or where the value of one of the folder comes from.
    fn origin(&self, symbol: Symbol) -> Result<bool, (Cx, TermId)> {
        if self.is_library(symbol.file) {
            return Ok(true);
        }
        let def = self.def(symbol);
        match def.ty.or(def.init) {
            Some(next) if !def.kind.is_type() => {
                Err((Cx { file: symbol.file, scope: def.body.unwrap_or(def.scope) }, next))
            }
            _ => Ok(false),
        }
    }
}
