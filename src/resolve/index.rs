//! One file's facts with the lookups that resolving asks of them.

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashSet;

use crate::graph::facts_bytes;
use crate::lang::LangId;
use crate::lang::facts::{
    Def, DefFlags, DefId, DefKind, Facts, Name, Ref, RefId, Role, ScopeId, ScopeKind, Span, Term, TermId,
};

/// Definitions in chains by a hash of their names: a search looks at thousands of files once, and sorting them would
/// take longer than looking.
struct ByName {
    /// By hash: the first definition, or [`NONE`].
    first: Box<[u32]>,
    /// By definition: the next one of its chain.
    next: Box<[u32]>,
}

/// Where a chain ends.
const NONE: u32 = u32::MAX;

impl ByName {
    fn new(defs: &[Def]) -> ByName {
        let buckets = defs.len().next_power_of_two();
        let mut by_name = ByName { first: vec![NONE; buckets].into(), next: vec![NONE; defs.len()].into() };
        let place = |id: u32| (defs[id as usize].name_span.start, id);
        let all = 0..defs.len() as u32;
        // Each goes in front of those behind it. Most files have them in the order of their places.
        if all.clone().is_sorted_by_key(place) {
            all.rev().for_each(|id| by_name.put(id, defs));
        } else {
            // They are in a few runs.
            let mut ordered: Vec<u32> = all.collect();
            ordered.sort_by_key(|id| place(*id));
            ordered.into_iter().rev().for_each(|id| by_name.put(id, defs));
        }
        by_name
    }

    fn put(&mut self, id: u32, defs: &[Def]) {
        let bucket = self.bucket(defs[id as usize].name);
        self.next[id as usize] = std::mem::replace(&mut self.first[bucket], id);
    }

    fn bucket(&self, name: Name) -> usize {
        // Fibonacci hashing: the upper half of the product is mixed best.
        let mixed = u64::from(name.0).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        mixed as usize & (self.first.len() - 1)
    }

    /// Definitions that may have the name, by position.
    fn of(&self, name: Name) -> impl Iterator<Item = DefId> {
        let mut at = self.first[self.bucket(name)];
        std::iter::from_fn(move || {
            let id = (at != NONE).then_some(at)?;
            at = self.next[id as usize];
            Some(DefId(id))
        })
    }
}

/// Facts of a file, and its definitions by name.
pub struct FileIndex {
    pub facts: Arc<Facts>,
    pub lang: LangId,
    by_name: ByName,
    /// Sorted by definition.
    inherits: Vec<(DefId, TermId)>,
    /// References that an import or export stands for.
    imported: FxHashSet<RefId>,
    /// Definitions that are members by what stands before their name.
    pub attached: Vec<DefId>,
    /// Macros with a text, by position; none lies in another.
    macros: Vec<(Span, DefId)>,
    /// Keys of literals, by position; made when one is asked for.
    keys: OnceLock<Box<[(Span, RefId)]>>,
}

impl FileIndex {
    pub fn new(facts: Arc<Facts>, lang: LangId) -> Self {
        let by_name = ByName::new(&facts.defs);
        let mut inherits: Vec<(DefId, TermId)> = facts.inherits.iter().map(|i| (i.def, i.base)).collect();
        inherits.sort_by_key(|(def, _)| *def);
        let imported = facts
            .defs
            .iter()
            .filter(|d| d.kind.is_alias())
            .filter_map(|d| match facts.term(d.init?) {
                Term::Ref(reference) => Some(*reference),
                _ => None,
            })
            .collect();
        let attached = facts.defs_with_ids().filter(|(_, d)| d.of.is_some()).map(|(id, _)| id).collect();
        let mut macros = Vec::new();
        if lang.knobs().textual {
            let all = facts.defs_with_ids().filter(|(_, d)| d.kind == DefKind::Macro);
            macros.extend(all.map(|(id, d)| (d.span, id)));
            macros.sort_unstable_by_key(|(span, _)| span.start);
        }
        FileIndex { facts, lang, by_name, inherits, imported, attached, macros, keys: OnceLock::new() }
    }

    /// Bytes on the heap, the facts included.
    pub fn bytes(&self) -> usize {
        facts_bytes(&self.facts)
            + size_of_val(&*self.by_name.first)
            + size_of_val(&*self.by_name.next)
            + size_of_val(&*self.inherits)
            + size_of_val(&*self.attached)
            + size_of_val(&*self.macros)
            + self.imported.capacity() * 2 * size_of::<RefId>()
    }

    /// The definitions of that name, by position.
    pub fn named(&self, name: Name) -> impl Iterator<Item = (DefId, &Def)> {
        let defs = self.by_name.of(name).map(|id| (id, self.facts.def(id)));
        defs.filter(move |(_, d)| d.name == name)
    }

    /// The definitions of that name that are declared in the scope itself.
    pub fn declared(&self, scope: ScopeId, name: Name) -> impl Iterator<Item = (DefId, &Def)> {
        self.named(name).filter(move |(_, d)| d.of.is_none() && (d.scope == scope || self.home(d) == scope))
    }

    /// The scope in which the definition's name stands.
    pub fn home(&self, def: &Def) -> ScopeId {
        if !def.flags.has(DefFlags::OUTER) {
            return def.scope;
        }
        let tags = self.lang.knobs().tags;
        let is_open = |scope: &ScopeId| {
            let scope = self.facts.scope(*scope);
            let of_enum = || scope.owner.is_some_and(|owner| self.facts.def(owner).kind == DefKind::Enum);
            matches!(scope.kind, ScopeKind::Class | ScopeKind::Object) && (tags || of_enum())
        };
        self.facts.ancestors(def.scope).find(|scope| !is_open(scope)).unwrap_or(ScopeId::FILE)
    }

    /// The bases that the definition lists, in source order.
    pub fn bases(&self, def: DefId) -> impl Iterator<Item = TermId> {
        let start = self.inherits.partition_point(|(d, _)| *d < def);
        self.inherits[start..].iter().take_while(move |(d, _)| *d == def).map(|(_, base)| *base)
    }

    /// Whether an import or export hands on what the reference names.
    pub fn is_imported(&self, reference: RefId) -> bool {
        self.imported.contains(&reference)
    }

    /// The macro whose text holds the offset.
    pub fn macro_around(&self, offset: u32) -> Option<DefId> {
        let end = self.macros.partition_point(|(span, _)| span.start <= offset);
        let (span, def) = *self.macros[..end].last()?;
        (span.contains(offset) && !self.facts.def(def).name_span.contains(offset)).then_some(def)
    }

    /// The key of a literal that stands at the span.
    pub fn key_at(&self, span: Span) -> Option<RefId> {
        let keys = self.keys.get_or_init(|| {
            let is_key = |r: &Ref| r.role == Role::Key && self.facts.scope(r.scope).kind == ScopeKind::Object;
            let all = self.facts.refs_with_ids().filter(|(_, r)| is_key(r));
            let mut keys: Box<[(Span, RefId)]> = all.map(|(id, r)| (r.span, id)).collect();
            keys.sort_unstable();
            keys
        });
        let at = keys.partition_point(|(key, _)| *key < span);
        keys.get(at).filter(|(key, _)| *key == span).map(|(_, id)| *id)
    }

    /// Whether the definition's name stands in the text: a coined name's span is another thing's.
    pub fn is_spelled(&self, def: &Def) -> bool {
        match def.kind {
            DefKind::Export => !def.name_span.is_empty(),
            // An import without an alias stands at the path that it imports.
            DefKind::Import if self.lang.knobs().import_names => def.name_span != def.span,
            _ => true,
        }
    }

    pub fn is_exported(&self, def: &Def) -> bool {
        def.kind == DefKind::Export || def.flags.has(DefFlags::EXPORTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn definitions_are_found_by_name_in_their_order(all in proptest::collection::vec((0u32..9, 0u32..50), 0..40)) {
            let mut facts = Facts::of_file(100);
            for (name, start) in &all {
                let span = Span::new(*start, start + 1);
                facts.defs.push(Def {
                    name: Name(name * 7919),
                    kind: DefKind::Variable,
                    flags: DefFlags::NONE,
                    name_span: span,
                    span,
                    scope: ScopeId::FILE,
                    body: None,
                    of: None,
                    ty: None,
                    init: None,
                });
            }
            let index = FileIndex::new(Arc::new(facts), LangId::all().next().unwrap());
            for wanted in 0..10 {
                let mut expected: Vec<(u32, u32)> = (0..).zip(&all).filter(|(_, (name, _))| *name == wanted).map(|(id, (_, start))| (*start, id)).collect();
                expected.sort();
                let found: Vec<u32> = index.named(Name(wanted * 7919)).map(|(id, _)| id.0).collect();
                proptest::prop_assert_eq!(found, expected.iter().map(|(_, id)| *id).collect::<Vec<_>>());
            }
        }
    }
}
