//! Contextual types: what a call expects of a literal, and which of several types the literal is of.

use smallvec::SmallVec;

use super::member::Wanted;
use super::ty::{Head, Subst, Ty, UNION_MAX};
use super::{Cx, Resolution, Resolver, Symbol, Tier, Typed};
use crate::lang::facts::{Def, DefFlags, DefKind, Name, ScopeKind, Term, TermId};

/// Signatures of what is called that are looked at.
const SIGNATURES_MAX: usize = 8;

/// Definitions before and behind a key among which the other keys of its literal are looked for.
const AROUND_MAX: usize = 256;

/// Keys of a literal that a type is asked for.
const KEYS_MAX: usize = 16;

/// What the signatures of what is called expect at a position.
#[derive(Default)]
struct Expected {
    types: SmallVec<[Ty; 2]>,
    /// Some signature may take anything, or there are too many.
    open: bool,
}

impl Expected {
    fn add(&mut self, ty: Option<Ty>) {
        match ty {
            Some(ty) if self.types.len() >= SIGNATURES_MAX => self.open |= !self.types.contains(&ty),
            Some(ty) if !self.types.contains(&ty) => self.types.push(ty),
            _ => {}
        }
    }
}

impl Resolver<'_> {
    /// What the parameters at that position of what is called are declared to be.
    pub(super) fn expected_argument(&self, cx: Cx, callee: TermId, position: u32) -> Typed {
        let index = self.index(cx.file);
        let called = self.eval(cx, callee);
        let mut expected = Expected::default();
        let found = match index.facts.term(callee) {
            Term::Ref(reference) => Some(self.reference(cx.file, *reference)),
            _ => None,
        };
        match found.as_ref().map(|found| found.hits()) {
            // A value of several types has a function of each.
            Some(hits) if hits.len() > 1 => {
                hits.iter().for_each(|hit| self.expect(&self.value_of_hit(hit).ty, position, &mut expected));
            }
            _ => self.expect(&called.ty, position, &mut expected),
        }
        let tier = match &*expected.types {
            [] => return Typed::unknown(),
            [_] if !expected.open => Tier::Inferred,
            types if expected.open || types.iter().any(|ty| self.takes_any(cx, ty)) => Tier::Ranked,
            _ => Tier::Inferred,
        };
        Typed { ty: Ty::union(expected.types), tier: called.tier }.at_most(tier)
    }

    /// Adds what the signatures of one of the values that are called expect.
    fn expect(&self, callee: &Ty, position: u32, expected: &mut Expected) {
        match callee {
            Ty::Function(symbol, seen) => {
                self.expect_of(*symbol, seen.as_deref().unwrap_or(&Subst::default()), position, expected);
            }
            Ty::Of(class) => {
                let Some(symbol) = class.symbol() else { return };
                let constructor = self.knobs(symbol.file).constructor_names.iter().find_map(|word| {
                    let name = self.view.lookup_name(word)?;
                    self.member_of_symbol(symbol, Wanted::any(name)).first_symbol()
                });
                let Some(constructor) = constructor else { return };
                let args = match &**class {
                    Ty::Named(_, args) => args,
                    _ => &None,
                };
                self.expect_of(constructor, &self.arguments(symbol, args), position, expected);
            }
            Ty::Closure(params, _) => expected.add(params.get(position as usize).cloned()),
            Ty::Union(parts) => parts.iter().for_each(|part| self.expect(part, position, expected)),
            _ => {}
        }
    }

    fn expect_of(&self, function: Symbol, seen: &Subst, position: u32, expected: &mut Expected) {
        let signatures = self.signatures(function);
        for signature in &signatures {
            let is_rest = self
                .parameters(*signature)
                .last()
                .is_some_and(|last| self.def(*last).flags.has(DefFlags::VARIADIC));
            let ty = self.whole_parameter(*signature, position).map(|ty| match ty.subst(seen) {
                // What a type parameter is bound to be.
                Ty::Param(param) => self.bounds(param).subst(seen),
                ty => ty,
            });
            // Among others, one that takes as many as there are may be meant.
            expected.open |= is_rest && signatures.len() > 1;
            expected.add(ty);
        }
    }

    /// The signatures of a function that its callers see.
    fn signatures(&self, function: Symbol) -> SmallVec<[Symbol; 4]> {
        let index = self.index(function.file);
        let def = index.facts.def(function.def);
        let is_static = |d: &Def| d.flags.has(DefFlags::STATIC);
        let same = |d: &Def| d.kind.is_callable() && is_static(d) == is_static(def);
        let all = index.declared(def.scope, def.name).filter(|(_, d)| same(d));
        let mut all: SmallVec<[(Symbol, bool); 4]> = all
            .map(|(id, d)| (Symbol { file: function.file, def: id }, d.flags.has(DefFlags::OVERLOAD)))
            .take(SIGNATURES_MAX + 1)
            .collect();
        // The one with a body is not for callers.
        if all.iter().any(|(_, signature)| *signature) {
            all.retain(|(_, signature)| *signature);
        } else if !all.iter().any(|(symbol, _)| *symbol == function) {
            return SmallVec::from_elem(function, 1);
        }
        all.into_iter().map(|(symbol, _)| symbol).collect()
    }

    /// Whether nobody knows what literals a parameter of the type takes.
    fn takes_any(&self, cx: Cx, ty: &Ty) -> bool {
        match ty {
            Ty::Named(Head::Foreign(head), args) => args.is_none() || !self.looks_through(cx.file, *head),
            Ty::Unknown | Ty::Foreign(_) | Ty::Handed(..) | Ty::Param(_) | Ty::Map(_) => true,
            _ => false,
        }
    }

    /// A key of a literal that is expected to be of one of several types: that of the types that have all of its keys. If
    /// they have several, none of them is sure.
    pub(super) fn key_of_any(&self, cx: Cx, typed: &Typed, wanted: Wanted) -> Option<Resolution> {
        let index = self.index(cx.file);
        if !index.lang.knobs().contextual || index.facts.scope(cx.scope).kind != ScopeKind::Object {
            return None;
        }
        let parts = self.alternatives(cx, &typed.ty, 0);
        if parts.len() < 2 {
            return None;
        }
        // Of more types than are kept nobody knows the rest.
        let mut several = parts.len() >= UNION_MAX;
        let member = |part: &Ty, name: Name| {
            let of = Typed { ty: part.clone(), tier: typed.tier };
            self.member(&of, None, Wanted { name, ..wanted }, cx.file)
        };
        let mut having: SmallVec<[(Ty, Resolution); 4]> = SmallVec::new();
        for part in parts {
            let found = member(&part, wanted.name);
            if !found.hits().is_empty() {
                having.push((part, found));
            }
        }
        if having.len() > 1 {
            let others = self.keys_beside(cx, wanted.name);
            let has = |part: &Ty, name: Name| !matches!(member(part, name), Resolution::Missing(_));
            // What an index signature takes has any key.
            let index_names = index.lang.knobs().index_names;
            let indexed = index_names.iter().find_map(|word| self.view.lookup_name(word));
            let has_all = |part: &Ty| {
                let takes_any = || self.is_open_type(part) || indexed.is_some_and(|name| has(part, name));
                others.iter().all(|name| has(part, *name)) || takes_any()
            };
            if having.iter().any(|(part, _)| has_all(part)) {
                having.retain(|(part, _)| has_all(part));
            }
        }
        let mut each = having.into_iter().map(|(_, found)| found);
        let Resolution::Found(mut hits) = each.next()? else { return None };
        for found in each {
            for hit in found.hits() {
                if !hits.iter().any(|other| other.entity == hit.entity) {
                    several = true;
                    hits.push(hit.clone());
                }
            }
        }
        let found = Resolution::Found(hits);
        Some(if several { found.at_most(Tier::Ranked) } else { found })
    }

    /// Keys of the literal other than that one.
    fn keys_beside(&self, cx: Cx, name: Name) -> SmallVec<[Name; 8]> {
        let index = self.index(cx.file);
        let Some((own, _)) = index.declared(cx.scope, name).next() else { return SmallVec::new() };
        // What stands in the literal has been written down together.
        let (before, behind) = index.facts.defs.split_at(own.index());
        let inside = |d: &&Def| d.scope >= cx.scope;
        let around = before.iter().rev().take(AROUND_MAX).take_while(inside);
        let around = around.chain(behind.iter().take(AROUND_MAX).take_while(inside));
        let is_key = |d: &&Def| {
            d.scope == cx.scope && d.name != name && matches!(d.kind, DefKind::Property | DefKind::Method)
        };
        around.filter(is_key).map(|d| d.name).take(KEYS_MAX).collect()
    }
}
