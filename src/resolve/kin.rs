//! Definitions that have to bear one name: overridden members, constructors named like their class, twins.

use rustc_hash::FxHashSet;

use super::member::Wanted;
use super::{Cx, Entity, Hit, ReferenceLimits, Resolver, Symbol};
use crate::lang::facts::{Def, DefFlags, DefId, DefKind, ScopeKind};
use crate::lang::modules::{FileId, Layout};
use crate::lang::pack::{AssignedMembers, Interfaces};

/// Definitions of one name that are looked at; a name with more says too little.
const NAMESAKES_MAX: usize = 2_048;

/// Definitions that bear one name together.
#[derive(Clone, Debug, Default)]
pub struct Kin {
    pub symbols: Vec<Symbol>,
    /// Why something else may have to bear the same name.
    pub doubt: Option<&'static str>,
}

/// Which types' members answer for which interfaces' methods.
#[derive(Default)]
struct Answering {
    pairs: FxHashSet<(Symbol, Symbol)>,
    /// A limit was reached, there may be more.
    truncated: bool,
}

impl Resolver<'_> {
    /// Everything that has to be called like the definition for the program to mean the same.
    pub fn kin(&self, symbol: Symbol) -> Kin {
        self.begin();
        let mut kin = Kin::default();
        let mut seen = FxHashSet::default();
        let mut add = |kin: &mut Kin, more: Vec<Symbol>| {
            kin.symbols.extend(more.into_iter().filter(|s| seen.insert(*s)));
        };
        add(&mut kin, self.same_symbol(symbol));
        add(&mut kin, self.twins(symbol));
        add(&mut kin, self.namesake_constructors(symbol));
        let def = self.def(symbol);
        let Some(owner) = self.owner(symbol) else {
            if self.is_property(symbol) {
                kin.doubt = self.structural_doubt(&kin, symbol);
            }
            return kin;
        };
        let namesakes = self.namesakes(&def, symbol);
        if namesakes.len() >= NAMESAKES_MAX {
            kin.doubt = Some("too many members have this name");
            return kin;
        }
        let Answering { pairs, truncated } = self.answering(&namesakes);
        // Until nobody joins: who overrides a member, or is overridden by one, bears its name, and so do an interface's
        // method and those of the types that have all of its methods.
        let mut owners = vec![owner];
        let mut at = 0;
        while let Some(of) = owners.get(at).copied() {
            at += 1;
            for (namesake, other) in &namesakes {
                let answers = pairs.contains(&(of, *other)) || pairs.contains(&(*other, of));
                if answers || self.overrides(*other, of) || self.overrides(of, *other) {
                    add(&mut kin, self.same_symbol(*namesake));
                    if !owners.contains(other) {
                        owners.push(*other);
                    }
                }
            }
        }
        kin.doubt = self.outside_doubt(&kin, &owners).or_else(|| self.structural_doubt(&kin, symbol));
        if truncated {
            kin.doubt = kin.doubt.or(Some("too many types may have to do with its interface"));
        }
        kin
    }

    /// Interfaces among the owners of members of one name, each with the owners of the members that answer for it in types
    /// that have all of its methods; where a language has interfaces of this kind.
    fn answering(&self, namesakes: &[(Symbol, Symbol)]) -> Answering {
        let mut answering = Answering::default();
        for (namesake, owner) in namesakes {
            let by_methods = self.knobs(owner.file).interfaces == Interfaces::Methods;
            if !by_methods || self.def(*owner).kind != DefKind::Interface {
                continue;
            }
            let limits = ReferenceLimits { found_max: Some(NAMESAKES_MAX), ..ReferenceLimits::default() };
            let all = self.implementations_of(*namesake, limits);
            answering.truncated |= all.truncated;
            let members = all.found.iter().filter_map(|found| found.symbol);
            answering.pairs.extend(members.filter_map(|m| self.owner(m)).map(|of| (*owner, of)));
        }
        answering
    }

    /// The type whose member the definition is; a member of an implementation belongs to the trait where the language
    /// counts it as a use of that.
    pub fn owner(&self, symbol: Symbol) -> Option<Symbol> {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        if def.of.is_some() {
            return self.owner_by_receiver(symbol.file, def).map(|owner| self.canonical(owner));
        }
        let scope = index.facts.scope(def.scope);
        match scope.kind {
            ScopeKind::Class => {
                scope.owner.map(|owner| self.canonical(Symbol { file: symbol.file, def: owner }))
            }
            ScopeKind::Extension => {
                let cx = Cx { file: symbol.file, scope: def.scope };
                let implemented = self.implemented(symbol).filter(|_| index.lang.knobs().implementations_use);
                let of = match implemented {
                    Some(Some(base)) => Some(base),
                    _ => scope.of.and_then(|of| self.eval(cx, of).ty.instance().symbol()),
                };
                of.map(|owner| self.canonical(owner))
            }
            _ => None,
        }
    }

    /// For a member of an extension that implements something: what, if it is of the folder.
    fn implemented(&self, symbol: Symbol) -> Option<Option<Symbol>> {
        let index = self.index(symbol.file);
        let scope = index.facts.def(symbol.def).scope;
        let extension = index.facts.extensions.iter().find(|e| e.scope == Some(scope))?;
        let cx = Cx { file: symbol.file, scope };
        Some(self.eval(cx, extension.implements?).ty.instance().symbol())
    }

    fn is_property(&self, symbol: Symbol) -> bool {
        let index = self.index(symbol.file);
        index.facts.scope(index.facts.def(symbol.def).scope).kind == ScopeKind::Object
    }

    /// A type and a value of one name in one scope, which imports bring together.
    fn twins(&self, symbol: Symbol) -> Vec<Symbol> {
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        if !index.lang.knobs().type_namespace || def.of.is_some() {
            return Vec::new();
        }
        let is_type = |d: &Def| d.kind.is_type() || matches!(d.kind, DefKind::Namespace | DefKind::Module);
        let twin = |d: &Def| {
            let apart = matches!(d.kind, DefKind::Label | DefKind::Parameter | DefKind::TypeParameter);
            !apart && !d.kind.is_alias() && (is_type(d) != is_type(def) || is_type(d) && d.kind != def.kind)
        };
        let found = index.declared(def.scope, def.name).filter(|(_, d)| twin(d));
        found.map(|(id, _)| Symbol { file: symbol.file, def: id }).collect()
    }

    /// Constructors of a type that bear its name.
    fn namesake_constructors(&self, symbol: Symbol) -> Vec<Symbol> {
        let def = self.def(symbol);
        if !def.kind.is_type() {
            return Vec::new();
        }
        let own = self.own_members(self.canonical(symbol), Wanted::any(def.name));
        own.into_iter().map(|(s, _)| s).filter(|s| self.def(*s).kind == DefKind::Constructor).collect()
    }

    /// Members of the name in the folder, each with its type.
    fn namesakes(&self, def: &Def, like: Symbol) -> Vec<(Symbol, Symbol)> {
        let family = self.view.lang(like.file).family();
        let mut found = Vec::new();
        for (file, id) in self.view.defs_named(def.name).take(NAMESAKES_MAX) {
            if self.view.lang(file).family() != family {
                continue;
            }
            let symbol = Symbol { file, def: id };
            if let Some(owner) = self.owner(symbol) {
                found.push((symbol, owner));
            }
        }
        found
    }

    /// Whether a member of one type stands for that of the other.
    fn overrides(&self, derived: Symbol, base: Symbol) -> bool {
        // Where implementations name their trait, nothing else overrides.
        derived == base
            || !self.knobs(derived.file).implementations_use
                && self.linear(derived).types.iter().any(|(s, _)| *s == base)
    }

    /// Whether something from outside the folder may know the members by their name.
    fn outside_doubt(&self, kin: &Kin, owners: &[Symbol]) -> Option<&'static str> {
        const IMPLEMENTS: &str = "it may implement a member of a type from outside the folder";
        if kin.symbols.iter().any(|s| matches!(self.implemented(*s), Some(None))) {
            return Some(IMPLEMENTS);
        }
        let first = *kin.symbols.first()?;
        let knobs = self.knobs(first.file);
        let is_hidden = |s: &Symbol| self.def(*s).flags.has(DefFlags::PRIVATE);
        let plain =
            |s: &Symbol| knobs.assigned_members == AssignedMembers::None && !self.def(*s).kind.is_callable();
        if knobs.implementations_use
            || kin.symbols.iter().all(|s| is_hidden(s) || plain(s) || self.is_constructor(*s))
        {
            return None;
        }
        let open = |owner: &Symbol| {
            let linear = self.linear(*owner);
            let mut types = linear.types.iter();
            types.any(|(ty, _)| self.group(*ty).iter().any(|part| self.has_base_outside(*part)))
        };
        owners.iter().any(open).then_some(IMPLEMENTS)
    }

    fn is_constructor(&self, symbol: Symbol) -> bool {
        self.def(symbol).kind == DefKind::Constructor
    }

    fn has_base_outside(&self, part: Symbol) -> bool {
        let index = self.index(part.file);
        let def = index.facts.def(part.def);
        let cx = Cx { file: part.file, scope: def.body.unwrap_or(def.scope) };
        index.bases(part.def).any(|base| self.eval(cx, base).ty.instance().symbol().is_none())
    }

    /// Whether the property of a literal is known to be one of these members, by what is expected where it stands.
    fn is_expected_as(&self, symbol: Symbol, members: &[Symbol]) -> bool {
        if !self.knobs(symbol.file).contextual || !self.is_property(symbol) {
            return false;
        }
        let index = self.index(symbol.file);
        let span = index.facts.def(symbol.def).name_span;
        let Some(key) = index.key_at(span) else { return false };
        let found = self.reference(symbol.file, key);
        let is_one = |hit: &Hit| match hit.entity {
            Entity::Symbol(member) => !hit.tier.is_guess() && members.contains(&member),
            Entity::Place(_) => false,
        };
        !found.hits().is_empty() && found.hits().iter().all(is_one)
    }

    /// Whether other members of the name may be one with these by the shape of their types alone.
    fn structural_doubt(&self, kin: &Kin, symbol: Symbol) -> Option<&'static str> {
        let knobs = self.knobs(symbol.file);
        let def = self.def(symbol);
        if !knobs.structural_types || def.flags.has(DefFlags::PRIVATE) {
            return None;
        }
        let family = self.view.lang(symbol.file).family();
        let is_interface = |s: Symbol| {
            let owner = self.owner(s).map(|o| self.def(o).kind);
            matches!(owner, Some(DefKind::Interface | DefKind::TypeAlias)) || self.is_property(s)
        };
        let among = kin.symbols.iter().any(|s| is_interface(*s));
        // Where interfaces are asked for by methods, what is known of both types has been compared.
        let undecided = |s: Symbol| {
            knobs.interfaces != Interfaces::Methods
                || self.owner(s).is_none_or(|owner| self.linear(owner).unknown)
        };
        let ours_undecided = kin.symbols.iter().any(|s| undecided(*s));
        let other = |(file, def): (FileId, DefId)| {
            let s = Symbol { file, def };
            let d = self.def(s);
            let member = self.owner(s).is_some() || self.is_property(s);
            self.view.lang(file).family() == family
                && member
                && !d.kind.is_alias()
                && !kin.symbols.contains(&s)
                && (among || is_interface(s))
                && (ours_undecided || undecided(s))
                && !self.is_expected_as(s, &kin.symbols)
        };
        let mut named = self.view.defs_named(def.name).take(NAMESAKES_MAX);
        named.any(other).then_some("another member of this name may be the same by its type's shape")
    }
}

impl Resolver<'_> {
    /// Whether a member of one type may hide one of the other.
    pub fn are_related(&self, a: Symbol, b: Symbol) -> bool {
        self.begin();
        let above =
            |derived: Symbol, base: Symbol| self.linear(derived).types.iter().any(|(s, _)| *s == base);
        a == b || above(a, b) || above(b, a)
    }

    /// Whether the top levels of the files are one scope.
    pub fn shares_top_level(&self, a: FileId, b: FileId) -> bool {
        self.siblings(a).contains(&b) && self.index(a).facts.package == self.index(b).facts.package
    }

    /// Whether a definition's name is written where it stands, rather than made up from something else.
    pub fn is_written(&self, symbol: Symbol) -> bool {
        let index = self.index(symbol.file);
        index.is_spelled(index.facts.def(symbol.def))
    }

    /// Whether the definition is the line of a module that is another file.
    pub fn is_file_module(&self, symbol: Symbol) -> bool {
        self.file_module(symbol).is_some()
    }

    /// Whether callers of the file's language can name parameters.
    pub fn has_keyword_arguments(&self, file: FileId) -> bool {
        self.knobs(file).keyword_arguments
    }

    /// The constructors that a type declares or inherits.
    pub fn constructors_named(&self, symbol: Symbol) -> Vec<Symbol> {
        self.begin();
        if !self.def(symbol).kind.is_type() {
            return Vec::new();
        }
        let class = self.canonical(symbol);
        for name in self.knobs(class.file).constructor_names.iter().filter_map(|n| self.view.lookup_name(n)) {
            let members = self.members(class, Wanted::any(name));
            if !members.found.is_empty() {
                return members.found.iter().map(|(s, _)| *s).collect();
            }
        }
        self.namesake_constructors(class)
    }

    /// The functions of the definition's name in its scope that it is one of.
    pub fn overloads(&self, symbol: Symbol) -> Vec<Symbol> {
        self.begin();
        let index = self.index(symbol.file);
        let def = index.facts.def(symbol.def);
        let mut all = vec![symbol];
        if index.lang.knobs().overloads || def.flags.has(DefFlags::OVERLOAD) {
            let others = index.declared(def.scope, def.name).filter(|(_, d)| d.kind == def.kind);
            all.extend(others.map(|(id, _)| Symbol { file: symbol.file, def: id }).filter(|s| *s != symbol));
        }
        all
    }
}
