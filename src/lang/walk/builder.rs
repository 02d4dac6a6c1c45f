//! Facts under construction.

use rustc_hash::{FxHashMap, FxHashSet};

use super::seams::Mark;
use crate::lang::facts::{
    Def, DefFlags, DefId, DefKind, Extension, Facts, Name, Ref, RefId, Role, Scope, ScopeId, ScopeKind, Span,
    Term, TermId,
};

/// Appends to [`Facts`], giving each distinct name one number.
pub struct Builder<'t> {
    pub facts: Facts,
    text: &'t str,
    names: FxHashMap<&'t str, Name>,
    /// Names that were not in the text so far when they were asked for.
    coined: FxHashMap<Box<str>, Name>,
    /// What each scope has declared so far.
    declared: FxHashSet<(ScopeId, Name)>,
    /// Names of parameters that were asked for: the definitions that were looked at, and whether one is among them.
    parameters: FxHashMap<Box<str>, (usize, bool)>,
    /// What stands in modules up to here is visible from outside of them without a word that says so.
    pub open_until: u32,
    /// Globs at the end that stay behind those to come.
    pub late_globs: usize,
}

/// What [`Builder::define`] needs to know of a definition at the moment its name is seen.
pub struct NewDef {
    pub kind: DefKind,
    pub flags: DefFlags,
    pub name_span: Span,
    pub span: Span,
    pub scope: ScopeId,
}

impl<'t> Builder<'t> {
    pub fn new(text: &'t str) -> Self {
        let facts = Facts::of_file(text.len() as u32);
        let (names, coined, declared, parameters) = Default::default();
        Builder { facts, text, names, coined, declared, parameters, open_until: 0, late_globs: 0 }
    }

    /// The text of the whole file.
    pub fn source(&self) -> &'t str {
        self.text
    }

    pub fn text(&self, span: Span) -> &'t str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    pub fn name(&mut self, text: &'t str) -> Name {
        let next = Name(self.facts.names.len() as u32);
        *self.names.entry(text).or_insert_with(|| {
            self.facts.names.push(text.into());
            next
        })
    }

    /// The number of a name that has been used so far.
    pub fn known_name(&self, text: &str) -> Option<Name> {
        self.names.get(text).copied()
    }

    /// A name that does not stand in the text as it is written.
    pub fn coined_name(&mut self, text: &str) -> Name {
        if let Some(name) = self.names.get(text) {
            return *name;
        }
        // A coined name that the text spells too later on becomes two entries; equal names are one again in a graph.
        if let Some(name) = self.coined.get(text) {
            return *name;
        }
        let name = Name(self.facts.names.len() as u32);
        self.facts.names.push(text.into());
        self.coined.insert(text.into(), name);
        name
    }

    pub fn term(&mut self, term: Term) -> TermId {
        self.facts.terms.push(term);
        TermId(self.facts.terms.len() as u32 - 1)
    }

    pub fn reference(&mut self, span: Span, role: Role, scope: ScopeId, recv: Option<TermId>) -> RefId {
        let name = self.name(self.text(span));
        self.reference_to(name, span, role, scope, recv)
    }

    /// A use of a name that is not the one written at the span.
    pub fn reference_to(
        &mut self,
        name: Name,
        span: Span,
        role: Role,
        scope: ScopeId,
        recv: Option<TermId>,
    ) -> RefId {
        self.facts.refs.push(Ref { name, span, role, scope, recv });
        RefId(self.facts.refs.len() as u32 - 1)
    }

    pub fn define(&mut self, new: NewDef) -> DefId {
        let name = self.name(self.text(new.name_span));
        self.declared.insert((new.scope, name));
        let open =
            new.name_span.start < self.open_until && self.facts.scope(new.scope).kind == ScopeKind::Module;
        let flags = if open { new.flags.with(DefFlags::EXPORTED) } else { new.flags };
        self.facts.defs.push(Def {
            name,
            kind: new.kind,
            flags,
            name_span: new.name_span,
            span: new.span,
            scope: new.scope,
            body: None,
            of: None,
            ty: None,
            init: None,
        });
        DefId(self.facts.defs.len() as u32 - 1)
    }

    /// Whether the scope itself declares the name at the span already.
    pub fn declares(&self, scope: ScopeId, name: Span) -> bool {
        self.names.get(self.text(name)).is_some_and(|name| self.declared.contains(&(scope, *name)))
    }

    /// Whether a parameter of something in the file has the name so far. Only definitions that are new since the name
    /// was last asked for are looked at.
    pub fn is_inner_parameter(&mut self, name: &str) -> bool {
        let Facts { defs, scopes, .. } = &self.facts;
        if !self.parameters.contains_key(name) {
            self.parameters.insert(name.into(), (0, false));
        }
        let Some((seen, found)) = self.parameters.get_mut(name) else { return false };
        let Some(name) = self.names.get(name).copied() else { return false };
        let is = |d: &Def| {
            d.name == name && d.kind == DefKind::Parameter && scopes[d.scope.index()].parent.is_some()
        };
        *found = *found || defs[*seen..].iter().any(is);
        *seen = defs.len();
        *found
    }

    /// Names of parameters that were asked for so far.
    pub fn asked(&self) -> impl Iterator<Item = &str> {
        self.parameters.keys().map(|name| &**name)
    }

    /// Begins with what stands before a mark in the facts of another version of the text, under its names, to go on
    /// inside of these scopes; terms are taken over whole.
    pub fn take_over(&mut self, old: &'t Facts, mark: Mark, inside: &[ScopeId], text_len: u32) {
        self.names = old.names.iter().zip(0..).map(|(name, number)| (&**name, Name(number))).collect();
        let listed = old.listed.as_ref().map(|listed| listed[..mark.listed as usize].to_vec());
        let counted = old.arities.partition_point(|(id, _)| id.0 < mark.refs);
        self.facts = Facts {
            names: old.names.clone(),
            scopes: old.scopes[..mark.scopes as usize].to_vec(),
            defs: old.defs[..mark.defs as usize].to_vec(),
            refs: old.refs[..mark.refs as usize].to_vec(),
            terms: old.terms.clone(),
            globs: old.globs[..mark.globs as usize].to_vec(),
            extensions: old.extensions[..mark.extensions as usize].to_vec(),
            inherits: old.inherits[..mark.inherits as usize].to_vec(),
            arguments: old.arguments[..mark.arguments as usize].to_vec(),
            listed: listed.filter(|listed| !listed.is_empty()),
            arities: old.arities[..counted].to_vec(),
            package: mark.package,
        };
        // A pack may say otherwise when the file is entered.
        self.facts.scopes[0].span = Span::new(0, text_len);
        let declared = self.facts.defs.iter().filter(|def| inside.contains(&def.scope));
        self.declared = declared.map(|def| (def.scope, def.name)).collect();
    }

    pub fn open_scope(
        &mut self,
        kind: ScopeKind,
        parent: ScopeId,
        span: Span,
        owner: Option<DefId>,
    ) -> ScopeId {
        let id = ScopeId(self.facts.scopes.len() as u32);
        self.facts.scopes.push(Scope { kind, parent: Some(parent), span, owner, of: None });
        if let Some(owner) = owner {
            self.facts.defs[owner.index()].body = Some(id);
        }
        id
    }

    /// The last name of the path or type that the term spells: the key of an extension.
    pub fn head_name(&self, term: TermId) -> Option<Name> {
        const STEPS_MAX: usize = 16;
        let mut at = term;
        for _ in 0..STEPS_MAX {
            at = match self.facts.term(self.facts.plain(at)) {
                Term::Ref(reference) => return Some(self.facts.reference(*reference).name),
                Term::Def(def) => return Some(self.facts.def(*def).name),
                Term::Apply(head, _) => *head,
                Term::AddrOf(inner)
                | Term::Deref(inner)
                | Term::Same(inner)
                | Term::Instance(inner)
                | Term::List(inner) => *inner,
                _ => return None,
            };
        }
        None
    }

    pub fn extend(
        &mut self,
        target: TermId,
        scope: Option<ScopeId>,
        def: Option<DefId>,
        implements: Option<TermId>,
    ) {
        // What is implemented for a type without a name (`u8`, a tuple) is kept under the name of what that is.
        let name = self.head_name(target).or_else(|| self.head_name(implements?));
        if let Some(target_name) = name {
            self.facts.extensions.push(Extension { target_name, target, scope, def, implements });
        }
    }
}
