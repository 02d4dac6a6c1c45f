//! The type of what stands at a place, as definitions that an editor can go to.

use super::ty::{Head, Place, Ty};
use super::{Cx, Occurrence, Outcome, Resolver, Symbol, Target, Tier};
use crate::lang::facts::DefKind;
use crate::lang::modules::FileId;

/// Wrappers inside each other that are looked through.
const WRAPPERS_MAX: usize = 4;

/// Definitions of a type, as far as they are of the folder.
#[derive(Default)]
struct Found {
    targets: Vec<Target>,
    /// A part of the type is from outside.
    external: bool,
}

impl Found {
    fn add(&mut self, target: Target) {
        if !self.targets.contains(&target) {
            self.targets.push(target);
        }
    }
}

impl Resolver<'_> {
    /// The definitions of the type of what stands there: of a function, of what it returns; of a type, of itself; of
    /// a container or wrapper without source, of what it holds.
    pub fn type_of(&self, file: FileId, at: Occurrence) -> Outcome {
        self.begin();
        let typed = match at {
            Occurrence::Ref(reference) => {
                let scope = self.reference_of(file, reference).scope;
                let resolved = self.reference(file, reference);
                // A key names the field itself, whatever it evaluates to.
                match self.value_of_resolution(&resolved) {
                    typed if typed.ty.is_unknown() => self.eval_reference(Cx { file, scope }, reference),
                    typed => typed,
                }
            }
            Occurrence::Def(def) => self.value(Symbol { file, def }),
        };
        let tier = typed.tier.unwrap_or(Tier::Declared);
        let returns = match &typed.ty {
            Ty::Function(symbol, _) => self.def(*symbol).kind.is_callable(),
            Ty::Closure(..) => true,
            _ => false,
        };
        let typed = if returns { self.call(file, typed) } else { typed };
        let mut found = Found::default();
        self.collect(&typed.ty, 0, &mut found);
        match (found.targets.is_empty(), found.external) {
            (false, _) => Outcome::Found(found.targets.into_iter().map(|t| (t, tier)).collect()),
            (true, true) => Outcome::External,
            (true, false) => Outcome::Unresolved("its type is not known"),
        }
    }

    fn collect(&self, ty: &Ty, depth: usize, found: &mut Found) {
        if depth > WRAPPERS_MAX {
            return;
        }
        let mut inside = |ty: &Ty| self.collect(ty, depth + 1, found);
        match ty {
            Ty::Named(Head::Def(symbol), _) | Ty::This(symbol) | Ty::Param(symbol) => {
                found.add(Target::Symbol(self.canonical(*symbol)));
            }
            // Of a type from outside, what it holds: that is where an editor can go.
            Ty::Named(Head::Foreign(_), args) => {
                args.iter().flat_map(|args| args.iter()).for_each(inside);
                found.external = true;
            }
            Ty::Of(inner) => inside(inner),
            Ty::List(element) => {
                inside(element);
                found.external = true;
            }
            Ty::Map(pair) => {
                inside(&pair.1);
                inside(&pair.0);
                found.external = true;
            }
            Ty::Union(parts) | Ty::Tuple(parts) => parts.iter().for_each(inside),
            Ty::Super(inner) => {
                if let Some(symbol) = inner.symbol()
                    && let Some((base, _)) = self.linear(symbol).types.get(1)
                {
                    found.add(Target::Symbol(*base));
                }
            }
            Ty::Module(place) => match &**place {
                Place::Files(files) => files.first().into_iter().for_each(|f| found.add(Target::File(*f))),
                Place::Inline(symbol) => found.add(Target::Symbol(*symbol)),
                Place::Directory(..) => {}
            },
            Ty::Function(symbol, _) if self.def(*symbol).kind == DefKind::Function => {
                // A function that constructs is a type where there is no other.
                found.add(Target::Symbol(*symbol));
            }
            Ty::Unknown | Ty::Object(..) | Ty::Function(..) | Ty::Closure(..) => {}
            Ty::Exports(file) => found.add(Target::File(*file)),
            Ty::Foreign(_) | Ty::Handed(..) | Ty::Literal(_) => found.external = true,
        }
    }
}
