//! What assignments to prototypes and to a module's exports declare.

use super::Walk;
use crate::lang::facts::{Def, DefFlags, DefId, DefKind, Inherit, Name, ScopeId, Term, TermId};

impl Walk<'_> {
    /// `Foo.prototype = …`: an object adds its members to `Foo`, an instance makes its type a base.
    pub(super) fn assigned_prototype(&mut self, def: DefId) {
        let facts = &self.builder.facts;
        let def = facts.def(def);
        let (Some(of), Some(init)) = (def.of, def.init) else { return };
        if !self.pack.knobs.prototype_names.contains(&&*facts.names[def.name.index()]) {
            return;
        }
        let init = match *facts.term(init) {
            Term::Same(inner) => inner,
            _ => init,
        };
        match *facts.term(init) {
            Term::Object(scope) => self.builder.extend(of, Some(scope), None, None),
            Term::Instance(base) => {
                if let Some(head) = self.builder.head_name(of) {
                    self.inherit(head, base);
                }
            }
            _ => {}
        }
    }

    /// `exports.a = b` exports what `b` names.
    pub(super) fn assigned_export(&mut self, id: DefId) {
        let facts = &mut self.builder.facts;
        let def = &mut facts.defs[id.index()];
        let is = |term: Option<TermId>, test: fn(&Term) -> bool| {
            term.is_some_and(|t| test(&facts.terms[t.index()]))
        };
        // The initialiser of what has a body is what the function gives.
        let is_name = def.body.is_none() && is(def.init, |t| matches!(t, Term::Ref(_)));
        if is_name && is(def.of, |t| matches!(t, Term::Exports)) {
            def.kind = DefKind::Export;
            def.scope = ScopeId::FILE;
            def.of = None;
            def.flags = def.flags.without(DefFlags::ASSIGNED);
        }
    }

    /// `module.exports = { a, b }` exports what the names stand for, if it is all names.
    pub(super) fn exported_names(&mut self, id: DefId) {
        let facts = &mut self.builder.facts;
        let Some(Term::Object(object)) = facts.defs[id.index()].init.map(|init| facts.term(init)) else {
            return;
        };
        let object = *object;
        let (terms, refs) = (&facts.terms, &facts.refs);
        let is_name = |def: &Def| match def.init.map(|init| &terms[init.index()]) {
            Some(Term::Ref(reference)) => refs[reference.index()].span == def.name_span,
            _ => false,
        };
        // The object was just read, so its definitions are the last.
        let start =
            facts.defs.partition_point(|def| def.name_span.start < facts.scopes[object.index()].span.start);
        let own = facts.defs[start..].iter().filter(|def| def.scope == object);
        if !own.clone().all(is_name) {
            return;
        }
        for def in facts.defs[start..].iter_mut().filter(|def| def.scope == object) {
            def.kind = DefKind::Export;
            def.scope = ScopeId::FILE;
        }
    }

    /// Adds a base to the function or class of that name.
    pub(super) fn inherit(&mut self, name: Name, base: TermId) {
        let constructs = |def: &Def| matches!(def.kind, DefKind::Function | DefKind::Class);
        let defs = &self.builder.facts.defs;
        if let Some(at) = defs.iter().rposition(|def| def.name == name && constructs(def)) {
            self.builder.facts.inherits.push(Inherit { def: DefId(at as u32), base });
        }
    }
}
