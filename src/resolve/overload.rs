//! Functions of one name that are told apart by what they are given.

use std::rc::Rc;

use smallvec::SmallVec;

use super::member::{Want, Wanted};
use super::ty::{Head, Ty};
use super::{Cx, Entity, HITS_MAX, Hit, Hits, Resolution, Resolver, Symbol};
use crate::lang::facts::{DefFlags, DefKind, Literal, RefId};
use crate::lang::modules::FileId;

/// How an argument goes with a parameter, from the same type down to one that cannot be handed over.
mod fit {
    pub const SAME: i32 = 4;
    pub const DERIVED: i32 = 2;
    pub const CONVERTED: i32 = 1;
    pub const UNKNOWN: i32 = 0;
    pub const UNLIKELY: i32 = -2;
    pub const NEVER: i32 = -8;
    /// The function takes another number of arguments, or is less fitting than one that does.
    pub const OTHER_COUNT: i32 = NEVER * 16;
    /// Every argument surely goes with its parameter, and no list takes up the rest.
    pub const SURE: i32 = 8;
}

/// How a function goes with what a call hands over.
#[derive(Clone, Copy, Debug)]
struct Fit {
    score: i32,
    /// Of every argument it is known that it goes with its parameter.
    known: bool,
}

impl Fit {
    const NONE: Fit = Fit { score: i32::MIN, known: false };
}

/// Types that everything can be handed over as.
const TOP_TYPES: [&str; 2] = ["Object", "any"];

/// What a literal is, by the names of types that take it: the first exactly, the others by conversion.
const LITERAL_TYPES: [(Literal, &[&str]); 5] = [
    (Literal::String, &["String", "CharSequence", "Comparable", "Serializable"]),
    (Literal::Integer, &["int", "long", "short", "byte", "char", "double", "float", "Integer", "Number"]),
    (Literal::Float, &["double", "float", "Double", "Number"]),
    (Literal::Boolean, &["boolean", "Boolean"]),
    (Literal::Character, &["char", "int", "Character"]),
];

impl Resolver<'_> {
    /// Of several functions of one name those that go best with what the call hands over, inherited ones among them.
    pub(super) fn chosen(&self, file: FileId, call: RefId, found: Resolution) -> Resolution {
        let Resolution::Found(hits) = &found else { return found };
        if !hits.iter().all(|hit| self.function_of(hit).is_some()) {
            return found;
        }
        let index = self.index(file);
        let own = hits.len();
        let hits = self.with_inherited(hits);
        let open =
            || hits.first().and_then(|hit| self.class_of(hit)).is_some_and(|c| self.linear(c).external);
        if hits.len() < 2 && !open() {
            return found;
        }
        let Some(arguments) = index.facts.arguments.iter().find(|a| a.callee == call) else { return found };
        let cx = Cx { file, scope: index.facts.reference(call).scope };
        let given: SmallVec<[Ty; 6]> = arguments.items.iter().map(|item| self.eval(cx, *item).ty).collect();
        let fits: SmallVec<[Fit; 8]> = hits
            .iter()
            .map(|hit| self.function_of(hit).map_or(Fit::NONE, |function| self.goes_with(function, &given)))
            .collect();
        let best_own = fits[..own].iter().map(|fit| fit.score).max().unwrap_or(i32::MIN);
        // What is inherited counts where it surely goes, or nothing of the type's own does.
        let counts = |at: usize| at < own || fits[at].known || best_own < 0;
        let best =
            (0..hits.len()).filter(|at| counts(*at)).map(|at| fits[at].score).max().unwrap_or(best_own);
        if best <= fit::OTHER_COUNT && open() {
            // One that takes so many is inherited from outside.
            return Resolution::External(Some(index.facts.reference(call).name));
        }
        let mut chosen: Hits = (0..hits.len())
            .filter(|at| counts(*at) && fits[*at].score == best)
            .map(|at| hits[at].clone())
            .collect();
        // What overrides hides what it overrides.
        let class = chosen.first().and_then(|hit| self.class_of(hit));
        chosen.retain(|hit| self.class_of(hit) == class);
        Resolution::Found(chosen)
    }

    /// The methods with those of the same name that their class inherits, in the order of search.
    fn with_inherited(&self, hits: &Hits) -> Hits {
        let mut all = hits.clone();
        let Some(first) = hits.first() else { return all };
        let (Some(class), Some(method)) = (self.class_of(first), self.function_of(first)) else { return all };
        let wanted = Wanted { name: self.def(method).name, want: Want::Method };
        for (ty, path) in self.linear(class).types.iter().skip(1) {
            for (symbol, inner) in self.own_members(*ty, wanted) {
                let entity = Entity::Symbol(symbol);
                if all.len() >= HITS_MAX || all.iter().any(|hit| hit.entity == entity) {
                    continue;
                }
                let path = inner.map_or_else(|| Rc::clone(path), |inner| Rc::new(inner.then(path)));
                let subst = first.subst.as_ref().map_or_else(|| Rc::clone(&path), |s| Rc::new(path.then(s)));
                all.push(Hit { entity, tier: first.tier, subst: Some(subst) });
            }
        }
        all
    }

    /// The type that declares the method.
    fn class_of(&self, hit: &Hit) -> Option<Symbol> {
        let method = self.function_of(hit)?;
        let index = self.index(method.file);
        let def = index.facts.def(method.def);
        let owner = index.facts.scope(def.scope).owner.filter(|_| def.kind == DefKind::Method)?;
        Some(self.canonical(Symbol { file: method.file, def: owner }))
    }

    fn function_of(&self, hit: &Hit) -> Option<Symbol> {
        match hit.entity {
            Entity::Symbol(symbol) => Some(symbol).filter(|s| self.def(*s).kind.is_callable()),
            Entity::Place(_) => None,
        }
    }

    /// How well a function's parameters go with the arguments.
    fn goes_with(&self, function: Symbol, given: &[Ty]) -> Fit {
        let index = self.index(function.file);
        let Some(body) = index.facts.def(function.def).body else {
            return Fit { score: fit::NEVER, known: false };
        };
        let parameters: SmallVec<[(Symbol, bool); 6]> = index
            .facts
            .defs_with_ids()
            .filter(|(_, d)| d.scope == body && d.kind == DefKind::Parameter)
            .map(|(def, d)| (Symbol { file: function.file, def }, d.flags.has(DefFlags::VARIADIC)))
            .collect();
        let open = parameters.last().is_some_and(|(_, variadic)| *variadic);
        let fits = if open { given.len() + 1 >= parameters.len() } else { given.len() == parameters.len() };
        if !fits {
            let apart = given.len().abs_diff(parameters.len()) as i32;
            return Fit { score: fit::OTHER_COUNT + fit::NEVER * apart, known: false };
        }
        let (mut score, mut sure, mut known) = (i32::from(!open), !open, !given.is_empty());
        for (at, ty) in given.iter().enumerate() {
            let Some((parameter, variadic)) = parameters.get(at).or(parameters.last()) else { continue };
            let wanted = self.value(*parameter).ty;
            let fits = match &wanted {
                Ty::List(element) if *variadic && !matches!(ty, Ty::List(_)) => self.handed_as(ty, element),
                wanted => self.handed_as(ty, wanted),
            };
            sure &= fits > 0 || matches!(wanted, Ty::Param(_));
            known &= fits > 0;
            score += fits;
        }
        // A list takes what nothing else does.
        Fit { score: score + if sure { fit::SURE } else { 0 }, known }
    }

    /// How well a value of the one type is handed over as the other.
    fn handed_as(&self, given: &Ty, wanted: &Ty) -> i32 {
        match (given, wanted) {
            (Ty::Unknown | Ty::Param(_) | Ty::Handed(..) | Ty::Foreign(None), _)
            | (_, Ty::Unknown | Ty::Param(_) | Ty::Foreign(None)) => fit::UNKNOWN,
            (Ty::Union(parts), wanted) => {
                parts.iter().map(|part| self.handed_as(part, wanted)).max().unwrap_or_default()
            }
            (Ty::List(given), Ty::List(wanted)) => self.handed_as(given, wanted),
            (Ty::Literal(Literal::Null), wanted) => match self.name_of_foreign(wanted) {
                Some(name) if name.starts_with(char::is_lowercase) => fit::NEVER,
                _ => fit::UNKNOWN,
            },
            (given, wanted) => match (self.name_of_foreign(given), self.name_of_foreign(wanted)) {
                (_, Some(top)) if TOP_TYPES.contains(&top) => fit::CONVERTED,
                (Some(given), Some(wanted)) if given == wanted => fit::SAME,
                (Some(given), Some(wanted)) => by_name(given, wanted),
                _ => self.derived(given, wanted),
            },
        }
    }

    fn derived(&self, given: &Ty, wanted: &Ty) -> i32 {
        match (given, wanted) {
            (Ty::Literal(literal), wanted) => match self.name_of_foreign(wanted) {
                Some(name) => literal_as(*literal, name),
                None => fit::NEVER,
            },
            (Ty::Closure(..) | Ty::Function(..), Ty::Named(..) | Ty::Foreign(_) | Ty::Closure(..)) => {
                match self.name_of_foreign(wanted) {
                    Some(name) if name.starts_with(char::is_lowercase) || name == "String" => fit::NEVER,
                    _ => fit::UNKNOWN,
                }
            }
            (given, wanted) => match (given.symbol(), wanted.symbol()) {
                (Some(given), Some(wanted)) if given == wanted => fit::SAME,
                (Some(given), Some(wanted)) => {
                    let linear = self.linear(given);
                    match linear.types.iter().any(|(ty, _)| *ty == wanted) {
                        true => fit::DERIVED,
                        false if linear.external || linear.unknown => fit::UNLIKELY,
                        false => fit::NEVER,
                    }
                }
                // A type of the folder is one from outside only by its bases.
                (Some(given), None) => match (self.linear(given).external, self.name_of_foreign(wanted)) {
                    (true, Some(name)) if name.starts_with(char::is_uppercase) => fit::CONVERTED,
                    _ => fit::NEVER,
                },
                (None, Some(_)) => fit::UNLIKELY,
                (None, None) => fit::NEVER,
            },
        }
    }

    /// The name of a type from outside.
    fn name_of_foreign(&self, ty: &Ty) -> Option<&str> {
        match ty {
            Ty::Foreign(Some(name)) | Ty::Named(Head::Foreign(name), _) => Some(self.view.name_text(*name)),
            _ => None,
        }
    }
}

/// How a type of one name from outside is handed over as one of another.
fn by_name(given: &str, wanted: &str) -> i32 {
    let small = |name: &str| name.starts_with(char::is_lowercase);
    let numbers = LITERAL_TYPES[1].1;
    match (small(given), small(wanted)) {
        (true, true) => {
            let rank = |name: &str| numbers.iter().position(|n| *n == name);
            if rank(given).is_some() && rank(wanted).is_some() { fit::CONVERTED } else { fit::NEVER }
        }
        (false, false) => fit::UNLIKELY,
        _ => fit::UNLIKELY * 2,
    }
}

fn literal_as(literal: Literal, wanted: &str) -> i32 {
    match LITERAL_TYPES.iter().find(|(l, _)| *l == literal).map(|(_, names)| *names) {
        Some([exact, ..]) if *exact == wanted => fit::SAME,
        Some(names) if names.contains(&wanted) => fit::CONVERTED,
        Some(_) => fit::NEVER,
        None => fit::UNKNOWN,
    }
}
