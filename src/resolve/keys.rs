//! Keys: fields named in literals and patterns, parameters named in calls.

use super::member::{NO_MEMBER, Want, Wanted};
use super::ty::{Head, Ty};
use super::{Cx, Resolution, Resolver, Symbol, Tier, Typed};
use crate::lang::facts::{DECLARED, DefKind, Name, Role, Term, TermId};

impl Resolver<'_> {
    /// A key in a literal or pattern of what `of` is, or the name of an argument of the call of `of`.
    pub(super) fn key(&self, cx: Cx, of: TermId, name: Name) -> Resolution {
        if let Some(found) = self.key_of_variant(cx, of, name) {
            return found;
        }
        if let Term::Def(def) = self.index(cx.file).facts.term(of) {
            // A comment names a parameter of the function behind it.
            return self.parameter(Symbol { file: cx.file, def: *def }, name);
        }
        if let Term::Argument(function, DECLARED, 0) = self.index(cx.file).facts.term(of) {
            return self.key_of_handed(cx, of, *function, name);
        }
        let typed = self.eval(cx, of);
        let wanted = Wanted::by_role(name, Role::Key, self.knobs(cx.file));
        let member = |typed: &Typed| match self.member(typed, None, wanted, cx.file) {
            // What an annotation's keys name are methods.
            Resolution::Missing(_) if wanted.want != Want::Any => {
                self.member(typed, None, Wanted::any(name), cx.file)
            }
            found => found,
        };
        let found = match &typed.ty {
            Ty::Function(symbol, _) => match self.parameter(*symbol, name) {
                // What no parameter takes the function takes as a whole (`**kwargs`).
                Resolution::Missing(_) => Resolution::symbol(*symbol, Tier::Member),
                found => found,
            },
            Ty::Of(inner) => match self.key_of_constructor(inner, name) {
                Some(found) => found,
                None => {
                    let instance = Typed { ty: (**inner).clone(), tier: typed.tier };
                    member(&instance)
                }
            },
            _ => self.key_of_any(cx, &typed, wanted).unwrap_or_else(|| member(&typed)),
        };
        // It is no surer than what it is a key of.
        found.at_most(typed.tier.unwrap_or(Tier::Lexical))
    }

    /// A member of what a function is handed first; of one whose type is not known, the parameter that takes it out.
    fn key_of_handed(&self, cx: Cx, of: TermId, function: TermId, name: Name) -> Resolution {
        let typed = self.eval(cx, of);
        let wanted = Wanted::by_role(name, Role::Key, self.knobs(cx.file));
        let found = self.member(&typed, None, wanted, cx.file);
        match (&found, self.eval(cx, function)) {
            (Resolution::Missing(_), Typed { ty: Ty::Function(symbol, _), tier }) => {
                self.parameter(symbol, name).at_most(tier.unwrap_or(Tier::Inferred))
            }
            _ => found.at_most(typed.tier.unwrap_or(Tier::Inferred)),
        }
    }

    /// Whether a key that is no member of what `of` is may be a name in scope.
    pub(super) fn is_key_name(&self, cx: Cx, of: TermId, name: Name) -> bool {
        if !self.knobs(cx.file).key_names {
            return false;
        }
        match self.eval(cx, of).ty {
            // Fields that can be named from outside are written large, and constants of others are too.
            Ty::Foreign(_) | Ty::Handed(..) | Ty::Named(Head::Foreign(_), _) => {
                self.view.name_text(name).starts_with(char::is_lowercase)
            }
            ref ty @ Ty::Named(Head::Def(_), _) => self.built_on(ty).is_some(),
            _ => true,
        }
    }

    /// A field of a variant that has fields of its own.
    fn key_of_variant(&self, cx: Cx, of: TermId, name: Name) -> Option<Resolution> {
        let index = self.index(cx.file);
        let of = match index.facts.term(of) {
            Term::Instance(inner) => *inner,
            _ => of,
        };
        let variant = self.denoted(cx, of)?.first_symbol()?;
        let index = self.index(variant.file);
        let def = index.facts.def(variant.def);
        let body = def.body.filter(|_| def.kind == DefKind::EnumMember)?;
        let (field, _) = index.declared(body, name).next()?;
        Some(Resolution::symbol(Symbol { file: variant.file, def: field }, Tier::Member))
    }

    /// The parameter of a type's constructor.
    fn key_of_constructor(&self, inner: &Ty, name: Name) -> Option<Resolution> {
        let class = inner.symbol()?;
        self.knobs(class.file).constructor_names.iter().find_map(|constructor| {
            let word = self.view.lookup_name(constructor)?;
            let made = self.member_of_symbol(class, Wanted::any(word)).first_symbol()?;
            let found = self.parameter(made, name);
            (!found.hits().is_empty()).then_some(found)
        })
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
}
