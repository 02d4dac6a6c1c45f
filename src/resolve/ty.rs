//! Light types: as much of a value's type as finding its members takes.

use std::rc::Rc;

use smallvec::SmallVec;

use super::Symbol;
use crate::lang::facts::{Literal, Name, ScopeId};
use crate::lang::modules::FileId;

/// Types are kept to this depth; what lies deeper is unknown.
const DEPTH_MAX: usize = 6;

/// A union has no more parts than this.
pub(super) const UNION_MAX: usize = 12;

/// What a named type is named by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Head {
    /// A definition of the folder: a type, or a function that constructs (JavaScript).
    Def(Symbol),
    /// A type from elsewhere, by its last name.
    Foreign(Name),
}

/// The arguments of a generic type, each the type of a value.
pub type Args = Option<Rc<[Ty]>>;

/// What a value is known to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Ty {
    #[default]
    Unknown,
    /// From outside the folder; the name is that of the type or function, if it is known.
    Foreign(Option<Name>),
    /// A value of a named type.
    Named(Head, Args),
    /// A type as a value: calling it or declaring with it gives the inner one.
    Of(Rc<Ty>),
    /// A value of the type whose member is being looked at, declared in this type or one derived from it.
    This(Symbol),
    /// A value of a type parameter.
    Param(Symbol),
    Module(Rc<Place>),
    /// The exports object of a file.
    Exports(FileId),
    /// A declared function, seen through a receiver that says what its type parameters are.
    Function(Symbol, Option<Rc<Subst>>),
    /// A function value: parameters as far as they are known, and the result.
    Closure(Rc<[Ty]>, Rc<Ty>),
    /// A member of a value whose type is not of the folder.
    Handed(Rc<Ty>, Name),
    Tuple(Rc<[Ty]>),
    List(Rc<Ty>),
    Map(Rc<(Ty, Ty)>),
    Literal(Literal),
    /// An object literal, by its scope.
    Object(FileId, ScopeId),
    /// The bases of the type of this value.
    Super(Rc<Ty>),
    Union(Rc<[Ty]>),
}

/// What a module specifier or a module definition leads to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// One module made of these files, at least one.
    Files(SmallVec<[FileId; 1]>),
    /// A directory that is a namespace by itself.
    Directory(FileId, Box<str>),
    /// A module or namespace written inside a file.
    Inline(Symbol),
}

/// What type parameters stand for, and what `Self` does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subst {
    pub params: SmallVec<[(Symbol, Ty); 2]>,
    pub this: Option<Ty>,
}

impl Subst {
    pub fn is_empty(&self) -> bool {
        self.params.is_empty() && self.this.is_none()
    }
    fn param(&self, symbol: Symbol) -> Option<&Ty> {
        self.params.iter().find(|(p, _)| *p == symbol).map(|(_, ty)| ty)
    }
    /// First this one, then the outer: what it says of parameters is itself seen through the outer.
    pub fn then(&self, outer: &Subst) -> Subst {
        let mut both = Subst {
            params: self.params.iter().map(|(p, ty)| (*p, ty.subst(outer))).collect(),
            this: self.this.as_ref().map(|ty| ty.subst(outer)).or_else(|| outer.this.clone()),
        };
        for (param, ty) in &outer.params {
            if both.param(*param).is_none() {
                both.params.push((*param, ty.clone()));
            }
        }
        both
    }
}

impl Ty {
    pub fn named(symbol: Symbol) -> Ty {
        Ty::Named(Head::Def(symbol), None)
    }
    pub fn of(self) -> Ty {
        match self {
            Ty::Unknown | Ty::Foreign(_) => self,
            other => Ty::Of(Rc::new(other)),
        }
    }
    pub fn list(element: Ty) -> Ty {
        Ty::List(Rc::new(element))
    }
    pub fn union(parts: impl IntoIterator<Item = Ty>) -> Ty {
        let mut flat: SmallVec<[Ty; 4]> = SmallVec::new();
        let mut null = false;
        for part in parts {
            let mut add = |part: &Ty| match part {
                Ty::Literal(Literal::Null) => null = true,
                part if flat.len() < UNION_MAX && !flat.contains(part) => flat.push(part.clone()),
                _ => {}
            };
            match &part {
                Ty::Union(inner) => inner.iter().for_each(add),
                other => add(other),
            }
        }
        match flat.len() {
            0 if null => Ty::Literal(Literal::Null),
            0 => Ty::Unknown,
            1 => flat.swap_remove(0),
            _ => Ty::Union(flat.into_vec().into()),
        }
    }

    /// Whether nothing at all is known.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Ty::Unknown)
    }
    pub fn is_null(&self) -> bool {
        matches!(self, Ty::Literal(Literal::Null))
    }

    /// A value of this type expression.
    pub fn instance(&self) -> Ty {
        match self {
            Ty::Of(inner) => (**inner).clone(),
            Ty::Function(symbol, _) => Ty::named(*symbol),
            Ty::Union(parts) => Ty::union(parts.iter().map(Ty::instance)),
            Ty::Tuple(parts) => Ty::Tuple(parts.iter().map(Ty::instance).collect()),
            Ty::List(element) => Ty::list(element.instance()),
            Ty::Map(pair) => Ty::Map(Rc::new((pair.0.instance(), pair.1.instance()))),
            Ty::Closure(params, result) => {
                Ty::Closure(params.iter().map(Ty::instance).collect(), Rc::new(result.instance()))
            }
            other => other.clone(),
        }
    }

    /// The type with parameters replaced.
    pub fn subst(&self, by: &Subst) -> Ty {
        if by.is_empty() { self.clone() } else { self.subst_at(by, 0) }
    }

    fn subst_at(&self, by: &Subst, depth: usize) -> Ty {
        if depth > DEPTH_MAX {
            return Ty::Unknown;
        }
        let all =
            |parts: &Rc<[Ty]>| -> Rc<[Ty]> { parts.iter().map(|p| p.subst_at(by, depth + 1)).collect() };
        match self {
            Ty::Param(symbol) => by.param(*symbol).cloned().unwrap_or_else(|| self.clone()),
            Ty::This(_) => by.this.clone().unwrap_or_else(|| self.clone()),
            Ty::Named(head, Some(args)) => Ty::Named(*head, Some(all(args))),
            Ty::Of(inner) => inner.subst_at(by, depth + 1).of(),
            Ty::Function(symbol, inner) => {
                let subst = match inner {
                    Some(inner) => inner.then(by),
                    None => by.clone(),
                };
                Ty::Function(*symbol, Some(Rc::new(subst)))
            }
            Ty::Closure(params, result) => Ty::Closure(all(params), Rc::new(result.subst_at(by, depth + 1))),
            Ty::Handed(receiver, name) => Ty::Handed(Rc::new(receiver.subst_at(by, depth + 1)), *name),
            Ty::Tuple(parts) => Ty::Tuple(all(parts)),
            Ty::List(element) => Ty::list(element.subst_at(by, depth + 1)),
            Ty::Map(pair) => {
                Ty::Map(Rc::new((pair.0.subst_at(by, depth + 1), pair.1.subst_at(by, depth + 1))))
            }
            Ty::Super(inner) => Ty::Super(Rc::new(inner.subst_at(by, depth + 1))),
            Ty::Union(parts) => Ty::union(parts.iter().map(|p| p.subst_at(by, depth + 1))),
            _ => self.clone(),
        }
    }

    /// Whether type parameters stand in it, as deep as types are kept.
    pub fn has_params(&self) -> bool {
        self.has_params_at(0)
    }

    fn has_params_at(&self, depth: usize) -> bool {
        let any = |parts: &[Ty]| parts.iter().any(|part| part.has_params_at(depth + 1));
        match self {
            _ if depth > DEPTH_MAX => false,
            Ty::Param(_) => true,
            Ty::Named(_, Some(args)) => any(args),
            Ty::Of(inner) | Ty::List(inner) | Ty::Super(inner) | Ty::Handed(inner, _) => {
                inner.has_params_at(depth + 1)
            }
            Ty::Closure(params, result) => any(params) || result.has_params_at(depth + 1),
            Ty::Tuple(parts) | Ty::Union(parts) => any(parts),
            Ty::Map(pair) => pair.0.has_params_at(depth + 1) || pair.1.has_params_at(depth + 1),
            _ => false,
        }
    }

    /// The type cut at the depth that is kept.
    pub fn bounded(self) -> Ty {
        if self.depth(0) > DEPTH_MAX { Ty::Unknown } else { self }
    }

    fn depth(&self, above: usize) -> usize {
        if above > DEPTH_MAX {
            return above;
        }
        let deepest = |parts: &[Ty]| parts.iter().map(|p| p.depth(above + 1)).max().unwrap_or(above);
        match self {
            Ty::Named(_, Some(args)) => deepest(args),
            Ty::Of(inner) | Ty::List(inner) | Ty::Super(inner) | Ty::Handed(inner, _) => {
                inner.depth(above + 1)
            }
            Ty::Closure(params, result) => deepest(params).max(result.depth(above + 1)),
            Ty::Tuple(parts) | Ty::Union(parts) => deepest(parts),
            Ty::Map(pair) => pair.0.depth(above + 1).max(pair.1.depth(above + 1)),
            _ => above,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::facts::DefId;

    fn symbol(def: u32) -> Symbol {
        Symbol { file: FileId(0), def: DefId(def) }
    }

    #[test]
    fn parameters_are_replaced_two_levels_deep() {
        let generic = Ty::Named(Head::Def(symbol(1)), Some([Ty::list(Ty::Param(symbol(2)))].into()));
        let by = Subst { params: [(symbol(2), Ty::named(symbol(3)))].into_iter().collect(), this: None };
        let expected = Ty::Named(Head::Def(symbol(1)), Some([Ty::list(Ty::named(symbol(3)))].into()));
        assert_eq!(generic.subst(&by), expected);
    }

    #[test]
    fn a_union_is_flat_and_forgets_null() {
        let one = Ty::named(symbol(1));
        let two = Ty::named(symbol(2));
        assert_eq!(Ty::union([Ty::Literal(Literal::Null), one.clone()]), one);
        let nested = Ty::union([Ty::union([one.clone(), two.clone()]), one.clone()]);
        assert_eq!(nested, Ty::Union([one, two].into()));
        assert_eq!(Ty::union([]), Ty::Unknown);
    }
}
