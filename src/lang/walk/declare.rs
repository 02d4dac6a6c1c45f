//! What a node declares on the way down: its definition and its scope.

use tree_sitter::Node;

use super::builder::NewDef;
use super::frame::{Frame, Function, Group, Subject};
use super::{Walk, is_quoted};
use crate::lang::facts::{DefFlags, DefKind, ScopeId, ScopeKind, Span, Term, TermId};
use crate::lang::rules::{Action, Rule, Slot, Wrap};

impl<'t> Walk<'t> {
    pub(super) fn define_named(&mut self, frame: &mut Frame, rule: &Rule, kind: DefKind, node: Node<'t>) {
        let Some(name) = rule.name.as_ref().and_then(|name| match (name.field, name.kinds.as_slice()) {
            (Some(field), []) => node.child_by_field_id(field),
            (Some(field), kinds) => node.child_by_field_id(field).filter(|n| kinds.contains(&n.kind_id())),
            (None, kinds) => (0..node.named_child_count() as u32)
                .filter_map(|i| node.named_child(i))
                .find(|n| kinds.contains(&n.kind_id())),
        }) else {
            return;
        };
        if name.child_count() > 0 && !is_quoted(name, self.source()) || name.is_missing() {
            return;
        }
        let name_span = self.name_span(name);
        if !frame.function_scope {
            frame.scope = self.real_scope(frame.scope, self.span(node).start);
        }
        let kind = self.kind_in_scope(kind, frame.scope, name_span);
        let def = self.builder.define(NewDef {
            kind,
            flags: frame.flags,
            name_span,
            span: self.span(node),
            scope: self.defining_scope(frame),
        });
        frame.def = Some(def);
        frame.name = Some(name_span);
        if matches!(kind, DefKind::Property | DefKind::Method) {
            frame.key = self.contextual_key(name_span);
        }
    }

    /// A function or class without a name of its own is the definition that it is the value of.
    pub(super) fn adopt(&mut self, frame: &mut Frame, rule: &Rule) {
        let above = &self.frames[frame.target];
        if frame.slot != Slot::Init || frame.wrap != Wrap::None || above.ty.is_some() {
            return;
        }
        let group = above.group.filter(|_| above.owns_group).map(|g| &self.groups[g]);
        let def = match (above.def, group) {
            (Some(def), _) => def,
            (None, Some(Group { whole, hole: None, .. })) if whole.len() == 1 => whole[0],
            _ => return,
        };
        let is_class = rule.has(Action::Scope(ScopeKind::Class));
        let adopting = &mut self.builder.facts.defs[def.index()];
        let kind = match adopting.kind {
            _ if adopting.body.is_some() => return,
            DefKind::Variable | DefKind::Constant | DefKind::Property | DefKind::Field | DefKind::Export
                if is_class =>
            {
                DefKind::Class
            }
            DefKind::Property | DefKind::Field => DefKind::Method,
            DefKind::Variable | DefKind::Constant | DefKind::Export => DefKind::Function,
            _ => return,
        };
        if adopting.kind == DefKind::Export {
            adopting.flags = adopting.flags.with(DefFlags::EXPORTED);
        }
        let of_exports =
            adopting.of.is_some_and(|of| matches!(self.builder.facts.terms[of.index()], Term::Exports));
        adopting.kind = if of_exports && kind == DefKind::Method { DefKind::Function } else { kind };
        frame.def = Some(def);
        frame.adopted = true;
    }

    /// A function in a class is a method, a variable there a field.
    pub(super) fn kind_in_scope(&self, kind: DefKind, scope: ScopeId, name: Span) -> DefKind {
        let in_type = matches!(self.builder.facts.scope(scope).kind, ScopeKind::Class | ScopeKind::Extension);
        match kind {
            DefKind::Function | DefKind::Method
                if in_type && self.pack.knobs.constructor_names.contains(&self.builder.text(name)) =>
            {
                DefKind::Constructor
            }
            DefKind::Function if in_type && self.is_named_as_type(scope, name) => DefKind::Constructor,
            DefKind::Function if in_type => DefKind::Method,
            DefKind::Variable if in_type => DefKind::Field,
            other => other,
        }
    }

    /// Whether the name is the type's own, where that is what constructors are called.
    fn is_named_as_type(&self, scope: ScopeId, name: Span) -> bool {
        let knobs = &self.pack.knobs;
        let facts = &self.builder.facts;
        knobs.constructor_names.is_empty()
            && knobs.call_leads_to_constructor
            && facts
                .scope(scope)
                .owner
                .is_some_and(|owner| self.builder.text(facts.def(owner).name_span) == self.builder.text(name))
    }

    /// Where a name is declared: in the innermost scope, or the innermost function's.
    pub(super) fn defining_scope(&self, frame: &Frame) -> ScopeId {
        if !frame.function_scope {
            return frame.scope;
        }
        let facts = &self.builder.facts;
        facts
            .ancestors(frame.scope)
            .find(|s| facts.scope(*s).kind != ScopeKind::Block)
            .unwrap_or(ScopeId::FILE)
    }

    /// The scope for a definition that starts at the offset: the innermost block that waited for one becomes a
    /// scope now.
    pub(super) fn real_scope(&mut self, scope: ScopeId, start: u32) -> ScopeId {
        let waiting = self.frames.iter().rposition(|f| f.owns_scope || f.lazy_scope.is_some());
        let Some((at, end)) = waiting.and_then(|at| Some((at, self.frames[at].lazy_scope?))) else {
            return scope;
        };
        let parent = self.frames[at].scope;
        let scope = self.builder.open_scope(ScopeKind::Block, parent, Span::new(start, end), None);
        self.frames[at].lazy_scope = None;
        self.frames[at].owns_scope = true;
        for frame in &mut self.frames[at..] {
            frame.scope = scope;
        }
        scope
    }

    /// A value of the type that a function is to have where it stands.
    fn declared_function(&mut self, frame: &Frame) -> Option<TermId> {
        if frame.key.is_some() {
            return frame.key;
        }
        if frame.slot == Slot::Init {
            let above = &self.frames[frame.target];
            return match (above.key, above.ty.filter(|_| frame.def.is_none())) {
                (Some(key), _) => Some(key),
                (None, ty) => ty.map(|ty| self.builder.term(Term::Instance(ty))),
            };
        }
        if frame.def.is_some() || frame.argument.is_some() {
            return None;
        }
        self.expected(frame)
    }

    /// Opens the scope of a node: behind its name, which belongs outside.
    pub(super) fn open_scope(&mut self, frame: &mut Frame, kind: ScopeKind, node: Node<'t>) {
        if kind == ScopeKind::File {
            return;
        }
        let mut span = self.span(node);
        if let (Some(_), Some(name)) = (frame.def, frame.name) {
            span.start = name.end.min(span.end);
        }
        frame.scope = self.builder.open_scope(kind, frame.scope, span, frame.def);
        frame.owns_scope = true;
        if matches!(kind, ScopeKind::Object | ScopeKind::Function | ScopeKind::Class) {
            // What is written inside is not matched with what the whole is matched with.
            frame.subject = Subject::None;
        }
        frame.flags = DefFlags::NONE;
        frame.function_scope = false;
        if kind == ScopeKind::Function {
            let declared = self.declared_function(frame);
            self.functions.push(Function {
                def: frame.def,
                returns: Vec::new(),
                parameters: 0,
                types: Vec::new(),
                argument: frame.argument,
                declared,
            });
            frame.owns_function = true;
        }
    }
}
