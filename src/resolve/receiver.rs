//! What `self` and `Self` are at a place.

use super::ty::{Head, Ty};
use super::{Cx, Resolver, Symbol};
use crate::lang::facts::{Def, DefFlags, DefKind, ScopeKind};

impl Ty {
    /// The definition of the named type that this is a value of.
    pub(super) fn symbol(&self) -> Option<Symbol> {
        match self {
            Ty::Named(Head::Def(symbol), _) | Ty::This(symbol) => Some(*symbol),
            _ => None,
        }
    }
}

impl Resolver<'_> {
    /// The enclosing type itself.
    pub(super) fn self_type(&self, cx: Cx) -> Ty {
        self.self_value(cx).of()
    }

    /// The receiver of the enclosing method.
    pub(super) fn self_value(&self, cx: Cx) -> Ty {
        self.remember(&self.receivers, (cx.file, cx.scope), Ty::default, || self.find_receiver(cx))
    }

    fn find_receiver(&self, cx: Cx) -> Ty {
        let index = self.index(cx.file);
        let facts = &index.facts;
        // In an object literal, methods and function expressions alone have it as their receiver.
        let mut in_function = false;
        for id in facts.ancestors(cx.scope) {
            let scope = facts.scope(id);
            match scope.kind {
                ScopeKind::Class => {
                    if let Some(def) = scope.owner {
                        return Ty::This(self.canonical(Symbol { file: cx.file, def }));
                    }
                }
                ScopeKind::Extension => {
                    if let Some(of) = scope.of {
                        return self.eval(Cx { file: cx.file, scope: id }, of).ty.instance();
                    }
                }
                ScopeKind::Object if in_function => return Ty::Object(cx.file, id),
                ScopeKind::Function if scope.of.is_some() => {}
                ScopeKind::Function => {
                    in_function = true;
                    let declared =
                        self.view.lookup_name("this").and_then(|this| index.declared(id, this).next());
                    if let Some((def, _)) = declared {
                        return self.value(Symbol { file: cx.file, def }).ty;
                    }
                    if let Some(receiver) = self.receiver_of_function(cx, id) {
                        return receiver;
                    }
                }
                ScopeKind::File | ScopeKind::Module | ScopeKind::Block | ScopeKind::Object => {}
            }
        }
        Ty::Unknown
    }

    /// The receiver that a function outside a type's body has: what it is assigned to, or what it constructs.
    fn receiver_of_function(&self, cx: Cx, scope: crate::lang::facts::ScopeId) -> Option<Ty> {
        let index = self.index(cx.file);
        let facts = &index.facts;
        let function = facts.scope(scope);
        let attached = |def: &Def| {
            let of = def.of?;
            let outer = facts.scope(scope).parent.unwrap_or(scope);
            Some(self.eval(Cx { file: cx.file, scope: outer }, of).ty.instance())
        };
        let owner = function.owner.map(|owner| (owner, facts.def(owner)));
        // A function expression's own name stands in a scope made for it alone.
        let is_expression = |def: &Def| facts.scope(def.scope).span == def.span;
        if let Some((owner, def)) = owner
            && !is_expression(def)
        {
            if def.of.is_some() {
                return attached(def);
            }
            return self.constructed(cx, owner);
        }
        // `Foo.prototype.bar = function () { … }`: the assignment around it says whose member it is.
        let around = index
            .attached
            .iter()
            .map(|id| facts.def(*id))
            .filter(|d| d.span.encloses(function.span) && d.flags.has(DefFlags::ASSIGNED))
            .min_by_key(|d| d.span.len())
            // Only if the function is the whole value, not an argument somewhere in it.
            .filter(|d| d.span.end.saturating_sub(function.span.end) <= 2);
        match (around, owner) {
            (Some(around), _) => attached(around),
            (None, Some((owner, def))) => {
                let around = facts.scope(def.scope).parent.map(|s| facts.scope(s).kind);
                // In an object it is one of its methods.
                if around == Some(ScopeKind::Object) { None } else { self.constructed(cx, owner) }
            }
            (None, None) => None,
        }
    }

    /// A function that is nobody's member is a constructor, as far as it assigns to its receiver.
    fn constructed(&self, cx: Cx, function: crate::lang::facts::DefId) -> Option<Ty> {
        let symbol = Symbol { file: cx.file, def: function };
        let constructs = !self.knobs(cx.file).prototype_names.is_empty();
        (constructs && self.def(symbol).kind == DefKind::Function).then_some(Ty::This(symbol))
    }
}
