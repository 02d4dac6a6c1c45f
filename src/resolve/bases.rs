//! Bases of a type and the order in which they are searched.

use std::rc::Rc;

use smallvec::SmallVec;

use super::ty::{Args, Head, Subst, Ty};
use super::{Cx, Resolver, Symbol};
use crate::lang::facts::{DefFlags, DefKind, ScopeId};
use crate::lang::pack::Mro;

/// Bases searched for one type; real hierarchies stay far below.
const BASES_MAX: usize = 256;

/// A type and everything it inherits from, in the order of search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Linear {
    /// The type itself first. The substitution says what the base's type parameters are, in terms of the type's.
    pub types: Vec<(Symbol, Rc<Subst>)>,
    /// Some base comes from outside the folder.
    pub external: bool,
    /// Some base is not known.
    pub unknown: bool,
}

impl Resolver<'_> {
    pub(super) fn linear(&self, symbol: Symbol) -> Rc<Linear> {
        let alone = || {
            Rc::new(Linear {
                types: vec![(symbol, Rc::new(Subst::default()))],
                external: false,
                unknown: true,
            })
        };
        self.remember(&self.linears, symbol, alone, || Rc::new(self.linearise(symbol)))
    }

    fn linearise(&self, symbol: Symbol) -> Linear {
        let mut linear = Linear::default();
        linear.types.push((symbol, Rc::new(Subst::default())));
        let mut lists: Vec<Vec<(Symbol, Rc<Subst>)>> = Vec::new();
        let mut direct: Vec<(Symbol, Rc<Subst>)> = Vec::new();
        for base in self.bases(symbol) {
            match base {
                Ty::Named(Head::Def(base), args) if base != symbol => {
                    let subst = Rc::new(self.arguments(base, &args));
                    let above = self.linear(base);
                    linear.external |= above.external || self.is_library(base.file);
                    linear.unknown |= above.unknown;
                    let seen =
                        above.types.iter().map(|(s, inner)| (*s, Rc::new(inner.then(&subst)))).collect();
                    lists.push(seen);
                    direct.push((base, subst));
                }
                Ty::Unknown => linear.unknown = true,
                _ => linear.external = true,
            }
        }
        if self.knobs(symbol.file).mro == Mro::C3 {
            lists.push(direct);
            if let Some(order) = merge(lists.clone()) {
                linear.types.extend(order);
                return linear;
            }
            lists.pop();
        }
        for (base, subst) in lists.into_iter().flatten() {
            if linear.types.len() < BASES_MAX && !linear.types.iter().any(|(s, _)| *s == base) {
                linear.types.push((base, subst));
            }
        }
        linear
    }

    /// The direct bases of a type, each as a value of it.
    pub(super) fn bases(&self, symbol: Symbol) -> SmallVec<[Ty; 2]> {
        let mut bases: SmallVec<[Ty; 2]> = SmallVec::new();
        for part in self.group(symbol) {
            let index = self.index(part.file);
            let def = index.facts.def(part.def);
            let scope = def.body.unwrap_or(def.scope);
            for base in index.bases(part.def) {
                bases.push(self.eval(Cx { file: part.file, scope }, base).ty.instance());
            }
            if let Some(body) = def.body {
                bases.extend(self.embedded(part, body));
            }
        }
        // Extensions of textual languages bring no bases.
        let extensions = match self.knobs(symbol.file).textual {
            true => Rc::new([]),
            false => self.extensions(symbol),
        };
        for extended in extensions.iter() {
            if let Some((scope, implements)) = extended.implements {
                bases.push(self.eval(Cx { file: extended.file, scope }, implements).ty.instance());
            }
        }
        bases.into_iter().flat_map(parts).collect()
    }

    /// Types of embedded fields.
    fn embedded(&self, symbol: Symbol, body: ScopeId) -> SmallVec<[Ty; 2]> {
        let index = self.index(symbol.file);
        let fields: SmallVec<[Symbol; 2]> = index
            .facts
            .defs_with_ids()
            .filter(|(_, d)| d.scope == body && d.flags.has(DefFlags::EMBEDDED))
            .map(|(def, _)| Symbol { file: symbol.file, def })
            .collect();
        fields.into_iter().map(|field| self.value(field).ty).collect()
    }

    /// What a type parameter is known to be at least.
    pub(super) fn bounds(&self, param: Symbol) -> Ty {
        let index = self.index(param.file);
        let def = index.facts.def(param.def);
        let cx = Cx { file: param.file, scope: def.scope };
        let listed = index.bases(param.def).map(|base| self.eval(cx, base).ty.instance());
        let declared = def.ty.map(|ty| self.eval(cx, ty).ty.instance());
        // A variable that stands for types says what they are at least where it is made.
        let made = def
            .init
            .filter(|_| !index.lang.knobs().type_variables.is_empty())
            .and_then(|init| self.type_variable(param, &self.eval(cx, init).ty))
            .filter(|bound| !bound.is_unknown());
        match Ty::union(listed.chain(declared).chain(made)) {
            Ty::Unknown => self.named_anew(param).map_or(Ty::Unknown, |own| self.bounds(own)),
            known => known,
        }
    }

    /// The `nth` type that the class gives to the base that it names with arguments.
    pub(super) fn argument_of_base(&self, class: Symbol, nth: usize) -> Option<Ty> {
        let index = self.index(class.file);
        let def = index.facts.def(class.def);
        let cx = Cx { file: class.file, scope: def.body.unwrap_or(def.scope) };
        index.bases(class.def).find_map(|base| match index.facts.term(base) {
            crate::lang::facts::Term::Apply(_, args) => {
                args.get(nth).map(|arg| self.eval(cx, *arg).ty.instance())
            }
            _ => None,
        })
    }

    /// The type's own parameter, where a receiver gives it a name (`func (l *List[T]) …`).
    fn named_anew(&self, param: Symbol) -> Option<Symbol> {
        let index = self.index(param.file);
        let scope = index.facts.def(param.def).scope;
        let method = index.facts.def(index.facts.scope(scope).owner?);
        let receiver = self.eval(Cx { file: param.file, scope }, method.of?).ty.instance();
        let Ty::Named(Head::Def(symbol), Some(args)) = receiver else { return None };
        let at = args.iter().position(|arg| *arg == Ty::Param(param))?;
        self.params(symbol).get(at).copied().filter(|own| *own != param)
    }

    /// The type parameters that a definition declares, in order.
    pub(super) fn params(&self, symbol: Symbol) -> Rc<[Symbol]> {
        if let Some(known) = self.params.borrow().get(&symbol) {
            return Rc::clone(known);
        }
        let index = self.index(symbol.file);
        let params: Rc<[Symbol]> = match index.facts.def(symbol.def).body {
            Some(body) => index
                .facts
                .defs_with_ids()
                .filter(|(_, d)| d.scope == body && d.kind == DefKind::TypeParameter)
                .map(|(def, _)| Symbol { file: symbol.file, def })
                .collect(),
            None => Rc::new([]),
        };
        let variables = index.lang.knobs().type_variables;
        let params =
            match params.is_empty() && !variables.is_empty() && index.facts.def(symbol.def).kind.is_type() {
                true => self.variables_of(symbol),
                false => params,
            };
        self.params.borrow_mut().insert(symbol, Rc::clone(&params));
        params
    }

    /// The type variables that a class takes: those among the arguments of its bases, in their order.
    fn variables_of(&self, symbol: Symbol) -> Rc<[Symbol]> {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        let cx = Cx { file: symbol.file, scope: def.body.unwrap_or(def.scope) };
        let mut found: Vec<Symbol> = Vec::new();
        for base in index.bases(symbol.def) {
            let crate::lang::facts::Term::Apply(_, args) = index.facts.term(base) else { continue };
            for arg in args {
                if let Ty::Param(param) = self.eval(cx, *arg).ty.instance()
                    && !found.contains(&param)
                {
                    found.push(param);
                }
            }
        }
        found.into()
    }

    /// What the arguments say of the type parameters of a type.
    pub(super) fn arguments(&self, symbol: Symbol, args: &Args) -> Subst {
        let mut subst = Subst::default();
        if let Some(args) = args {
            let params = self.params(symbol);
            subst.params.extend(params.iter().copied().zip(args.iter().cloned()));
        }
        subst
    }

    /// The same, with what type parameters are by default where no argument is given for them.
    pub(super) fn arguments_or_defaults(&self, symbol: Symbol, args: &Args) -> Subst {
        let mut subst = self.arguments(symbol, args);
        let given = subst.params.len();
        for param in self.params(symbol).iter().skip(given) {
            let index = self.index(param.file);
            let def = index.facts.def(param.def);
            let Some(default) = def.init.filter(|_| def.kind == DefKind::TypeParameter) else { continue };
            let ty =
                self.eval(Cx { file: param.file, scope: def.scope }, default).ty.instance().subst(&subst);
            if !ty.is_unknown() {
                subst.params.push((*param, ty));
            }
        }
        subst
    }
}

/// The parts of a base that is written as several (`A + B`, `A & B`).
fn parts(ty: Ty) -> SmallVec<[Ty; 2]> {
    match ty {
        Ty::Union(parts) => parts.iter().cloned().collect(),
        Ty::Of(inner) => SmallVec::from_elem((*inner).clone(), 1),
        other => SmallVec::from_elem(other, 1),
    }
}

/// C3: the first head that is in no other list's tail, again and again; `None` if there is no such order.
fn merge(mut lists: Vec<Vec<(Symbol, Rc<Subst>)>>) -> Option<Vec<(Symbol, Rc<Subst>)>> {
    let mut order = Vec::new();
    loop {
        lists.retain(|list| !list.is_empty());
        if lists.is_empty() {
            return Some(order);
        }
        if order.len() > BASES_MAX {
            return None;
        }
        let next = lists
            .iter()
            .map(|list| &list[0])
            .find(|(head, _)| !lists.iter().any(|list| list[1..].iter().any(|(s, _)| s == head)))?
            .clone();
        for list in &mut lists {
            list.retain(|(s, _)| *s != next.0);
        }
        order.push(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::facts::DefId;
    use crate::lang::modules::FileId;

    fn list(symbols: &[u32]) -> Vec<(Symbol, Rc<Subst>)> {
        let symbol = |d: &u32| Symbol { file: FileId(0), def: DefId(*d) };
        symbols.iter().map(|d| (symbol(d), Rc::new(Subst::default()))).collect()
    }

    #[test]
    fn c3_keeps_the_order_of_every_list() {
        // class 1(2, 3), 2(4), 3(4)
        let merged = merge(vec![list(&[2, 4]), list(&[3, 4]), list(&[2, 3])]);
        assert_eq!(merged, Some(list(&[2, 3, 4])));
        assert_eq!(merge(vec![list(&[1, 2]), list(&[2, 1])]), None);
    }
}
