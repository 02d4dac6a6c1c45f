//! One file's facts with the lookups that resolving asks of them.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::graph::facts_bytes;
use crate::lang::LangId;
use crate::lang::facts::{
    Def, DefFlags, DefId, DefKind, Facts, Name, RefId, ScopeId, ScopeKind, Span, Term, TermId,
};

/// Facts of a file, and its definitions by name.
pub struct FileIndex {
    pub facts: Arc<Facts>,
    pub lang: LangId,
    /// Sorted by name, then position.
    by_name: Vec<(Name, DefId)>,
    /// Sorted by definition.
    inherits: Vec<(DefId, TermId)>,
    /// References that an import or export stands for.
    imported: FxHashSet<RefId>,
    /// Definitions that are members by what stands before their name.
    pub attached: Vec<DefId>,
    /// Macros with a text, by position; none lies in another.
    macros: Vec<(Span, DefId)>,
}

impl FileIndex {
    pub fn new(facts: Arc<Facts>, lang: LangId) -> Self {
        let mut by_name: Vec<(Name, DefId)> = facts.defs_with_ids().map(|(id, d)| (d.name, id)).collect();
        by_name.sort_unstable_by_key(|(name, id)| (*name, facts.def(*id).name_span.start, *id));
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
        FileIndex { facts, lang, by_name, inherits, imported, attached, macros }
    }

    /// Bytes on the heap, the facts included.
    pub fn bytes(&self) -> usize {
        facts_bytes(&self.facts)
            + size_of_val(&*self.by_name)
            + size_of_val(&*self.inherits)
            + size_of_val(&*self.attached)
            + size_of_val(&*self.macros)
            + self.imported.capacity() * 2 * size_of::<RefId>()
    }

    /// The definitions of that name, by position.
    pub fn named(&self, name: Name) -> impl Iterator<Item = (DefId, &Def)> {
        let start = self.by_name.partition_point(|(n, _)| *n < name);
        self.by_name[start..]
            .iter()
            .take_while(move |(n, _)| *n == name)
            .map(|(_, id)| (*id, self.facts.def(*id)))
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
