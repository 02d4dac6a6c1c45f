//! The calls open to hooks: what a pack's code may ask of the walk and write down through it.

use tree_sitter::Node;

use super::Walk;
use super::builder::NewDef;
use crate::lang::facts::{
    DefFlags, DefId, DefKind, Facts, Glob, Name, Role, ScopeId, ScopeKind, Span, Term, TermId,
};
use crate::lang::patch::Patch;
use crate::lang::rules::{Context, Slot};

/// What hooks may do.
impl<'t> Walk<'t> {
    pub fn text(&self, node: Node<'t>) -> &'t str {
        self.builder.text(self.span(node))
    }

    /// The text of a span.
    pub fn slice(&self, span: Span) -> &'t str {
        self.builder.text(span)
    }

    /// The context in which the hook's node is read.
    pub fn context(&self) -> Context {
        self.frames[self.frames.len() - 1].context
    }

    /// What the pattern around the node defines; nothing if it is an assignment's target.
    pub fn binds(&self) -> Option<DefKind> {
        let frame = &self.frames[self.frames.len() - 1];
        frame.group.and_then(|group| self.groups[group].kind)
    }

    /// Whether somebody uses the node's term.
    pub fn wanted(&self) -> bool {
        self.frames[self.frames.len() - 1].slot != Slot::None
    }

    /// Keeps a place for a hook of a later node (an attribute for what follows it).
    pub fn note(&mut self, span: Span) {
        self.notes.push(span);
    }

    /// The places kept since the last call.
    pub fn take_notes(&mut self) -> Vec<Span> {
        std::mem::take(&mut self.notes)
    }

    /// The function around the node, if it has a name.
    pub fn function(&self) -> Option<DefId> {
        self.functions.last().and_then(|function| function.def)
    }

    pub fn scope(&self) -> ScopeId {
        self.frames[self.frames.len() - 1].scope
    }

    /// Flags that modifiers around the node put on the definitions in it.
    pub fn flags(&self) -> DefFlags {
        self.frames[self.frames.len() - 1].flags
    }

    pub fn term(&mut self, term: Term) -> TermId {
        self.builder.term(term)
    }

    /// The module that the specifier names.
    pub fn module(&mut self, specifier: &str) -> TermId {
        let name = self.builder.coined_name(specifier);
        self.builder.term(Term::Module(name))
    }

    /// A use of the name that the node spells.
    pub fn refer(&mut self, node: Node<'t>, role: Role, recv: Option<TermId>) -> TermId {
        let span = self.name_span(node);
        self.refer_span(span, role, recv)
    }

    /// A use of the name that stands at the span.
    pub fn refer_span(&mut self, span: Span, role: Role, recv: Option<TermId>) -> TermId {
        let scope = self.scope();
        let reference = self.builder.reference(span, role, scope, recv);
        self.builder.term(Term::Ref(reference))
    }

    /// A use of a name that is not the one written there (`import x from` uses `default`).
    pub fn refer_as(&mut self, node: Node<'t>, name: &str, role: Role, recv: Option<TermId>) -> TermId {
        self.refer_span_as(self.name_span(node), name, role, recv)
    }

    /// The same, for names that are no node of their own.
    pub fn refer_span_as(&mut self, span: Span, name: &str, role: Role, recv: Option<TermId>) -> TermId {
        let name = self.builder.coined_name(name);
        let scope = self.scope();
        let reference = self.builder.reference_to(name, span, role, scope, recv);
        self.builder.term(Term::Ref(reference))
    }

    /// Whether types in comments count: the language has no others.
    pub fn comment_types(&self) -> bool {
        self.pack.knobs.comment_types
    }

    /// A scope in the current one, for members that stand in no node of their own.
    pub fn open_object(&mut self, span: Span) -> ScopeId {
        let parent = self.scope();
        self.builder.open_scope(ScopeKind::Object, parent, span, None)
    }

    /// A member of an object's scope.
    pub fn define_property(&mut self, object: ScopeId, name: Span, ty: Option<TermId>) {
        let new = NewDef {
            kind: DefKind::Property,
            flags: DefFlags::NONE,
            name_span: name,
            span: name,
            scope: object,
        };
        let def = self.builder.define(new);
        self.builder.facts.defs[def.index()].ty = ty;
    }

    /// A definition in another scope than the current one.
    pub fn define_in(&mut self, scope: ScopeId, kind: DefKind, name: Node<'t>, whole: Node<'t>) -> DefId {
        let new = NewDef {
            kind,
            flags: DefFlags::NONE,
            name_span: self.name_span(name),
            span: self.span(whole),
            scope,
        };
        self.builder.define(new)
    }

    /// The definition that the hook's node makes.
    pub fn defined(&self) -> Option<DefId> {
        self.frames.last().and_then(|frame| frame.def)
    }

    /// The slots of the hook's node are those of this definition.
    pub fn own(&mut self, def: DefId) {
        if let Some(frame) = self.frames.last_mut() {
            frame.def = Some(def);
        }
    }

    /// A definition named by `name`, declared by `whole`, in the current scope.
    pub fn define(&mut self, kind: DefKind, name: Node<'t>, whole: Node<'t>, init: Option<TermId>) -> DefId {
        let (name_span, span) = (self.name_span(name), self.span(whole));
        self.define_span(kind, name_span, span, init)
    }

    /// Like [`define`](Self::define), for names that are no node of their own.
    pub fn define_span(&mut self, kind: DefKind, name: Span, span: Span, init: Option<TermId>) -> DefId {
        let frame = self.frames.last();
        let scope = match frame.filter(|frame| frame.function_scope) {
            Some(frame) => self.defining_scope(frame),
            None => self.real_scope(self.scope(), span.start),
        };
        let new = NewDef { kind, flags: self.flags(), name_span: name, span, scope };
        let def = self.builder.define(new);
        self.builder.facts.defs[def.index()].init = init;
        def
    }

    /// Like [`define`](Self::define), for functions: in a type they are its methods.
    pub fn define_member(&mut self, kind: DefKind, name: Node<'t>, whole: Node<'t>) -> DefId {
        let (scope, span) = (self.scope(), self.name_span(name));
        let kind = self.kind_in_scope(kind, scope, span);
        self.define(kind, name, whole, None)
    }

    /// The definition is a member of the type or namespace that the term names.
    pub fn attach(&mut self, def: DefId, of: TermId) {
        self.builder.facts.defs[def.index()].of = Some(of);
        self.builder.extend(of, None, Some(def), None);
    }

    /// What follows in the hook's node stands in a scope of this kind.
    pub fn enter_scope(&mut self, kind: ScopeKind, span: Span, owner: Option<DefId>) {
        let parent = self.scope();
        let scope = self.builder.open_scope(kind, parent, span, owner);
        if let Some(frame) = self.frames.last_mut() {
            (frame.scope, frame.owns_scope, frame.flags) = (scope, true, DefFlags::NONE);
        }
    }

    /// Whether one of the nearest nodes above the hook's node is of this kind.
    pub fn is_below(&self, kind: &str) -> bool {
        const NEAREST: usize = 5;
        let grammar = (self.pack.grammar)();
        self.frames.iter().rev().take(NEAREST).any(|frame| grammar.node_kind_for_id(frame.kind) == Some(kind))
    }

    /// Uses of the names in text that the parser has not seen.
    pub(super) fn hidden(&mut self, patches: &[Patch]) {
        // What is covered elsewhere than in front of a preprocessor are words of the language.
        if !self.pack.knobs.textual {
            return;
        }
        // Scopes lie in pre-order, so those around a place are found on the way through them.
        let (mut next, mut around) = (1, vec![ScopeId::FILE]);
        for patch in patches.iter().filter(|patch| !patch.semicolon) {
            let at = patch.span.start;
            let scopes = &self.builder.facts.scopes;
            while next < scopes.len() && scopes[next].span.start <= at {
                around.push(ScopeId(next as u32));
                next += 1;
            }
            around.retain(|scope| scopes[scope.index()].span.contains(at) || *scope == ScopeId::FILE);
            let scope = around.last().copied().unwrap_or(ScopeId::FILE);
            for (span, called) in words(self.builder.text(patch.span), at) {
                let role = if called { Role::Call } else { Role::Read };
                self.builder.reference(span, role, scope, None);
            }
        }
    }

    /// Renames a definition to a name that does not stand in the text (`default`).
    pub fn rename(&mut self, def: DefId, name: &str) {
        let name = self.builder.coined_name(name);
        self.builder.facts.defs[def.index()].name = name;
    }

    /// Gives a definition the value that the assignment around the hook's node assigns.
    pub fn bind_whole(&mut self, def: DefId) {
        if let Some(group) = self.frames[self.frames.len() - 1].group {
            self.groups[group].whole.push(def);
        }
    }

    /// Gives the definitions of the hook's pattern group this type and value.
    pub fn bind_as(&mut self, ty: Option<TermId>, init: Option<TermId>) {
        if let Some(frame) = self.frames.last_mut() {
            (frame.ty, frame.init) = (ty, init);
        }
    }

    /// Whether a parameter of something in the file has the name so far.
    pub fn is_inner_parameter(&mut self, name: &str) -> bool {
        self.builder.is_inner_parameter(name)
    }

    /// Adds flags to what the node above the hook's node declares.
    pub fn flag_above(&mut self, flags: DefFlags) {
        if let Some(above) = self.frames.len().checked_sub(2) {
            self.flag(above, flags);
        }
    }

    /// What the node above the hook's node has for its value so far.
    pub fn above(&self) -> Option<TermId> {
        self.frames.len().checked_sub(2).and_then(|above| self.frames[above].value)
    }

    /// Adds flags to all that stands behind the hook's node in the node above.
    pub fn flag_behind(&mut self, flags: DefFlags) {
        let above = self.frames.len().checked_sub(2);
        if let Some(above) = above.and_then(|above| self.frames.get_mut(above)) {
            above.flags = above.flags.with(flags);
        }
    }

    /// The scope of the hook's node has the members of the type that the node above names.
    pub fn extend_above(&mut self) {
        let scope = self.scope();
        if let Some(above) = self.frames.len().checked_sub(2) {
            self.builder.facts.scopes[scope.index()].of = self.frames[above].value;
        }
    }

    /// Adds a base to the function or class that the term names.
    pub fn inherit_from(&mut self, derived: TermId, base: TermId) {
        if let Some(name) = self.builder.head_name(derived) {
            self.inherit(name, base);
        }
    }

    pub fn glob(&mut self, target: TermId, reexport: bool) {
        let scope = self.scope();
        let at = self.builder.facts.globs.len() - self.builder.late_globs;
        self.builder.facts.globs.insert(at, Glob { scope, target, reexport });
    }

    /// The same, behind all others of the file: for what likely is not compiled.
    pub fn glob_last(&mut self, target: TermId, reexport: bool) {
        let scope = self.scope();
        self.builder.facts.globs.push(Glob { scope, target, reexport });
        self.builder.late_globs += 1;
    }

    /// The facts so far, for what has no call of its own (`listed`, `package`, flags of a definition).
    pub fn facts(&mut self) -> &mut Facts {
        &mut self.builder.facts
    }

    /// What the node declares in modules is visible from outside of them without a word that says so.
    pub fn open_modules(&mut self, node: Node<'t>) {
        let end = self.span(node).end;
        self.builder.open_until = self.builder.open_until.max(end);
    }

    /// The number of a name, for [`Facts::listed`](crate::lang::facts::Facts::listed) and the like.
    pub fn name(&mut self, text: &str) -> Name {
        self.builder.coined_name(text)
    }
}

/// The words of a text that stands at the offset, and whether each is called. Literals, comments, the names of
/// directives and what stands behind a dot are no names of their own.
fn words(text: &str, offset: u32) -> Vec<(Span, bool)> {
    let mut found = Vec::new();
    let mut quote = None;
    let mut start = None;
    let mut before = ' ';
    let mut commented = 0;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if at < commented {
            continue;
        }
        if let Some(q) = quote {
            if c == q || c == '\n' {
                quote = None;
            }
            continue;
        }
        if c == '_' || c.is_alphanumeric() {
            start = start.or(Some((at, before)));
            continue;
        }
        if let Some((first, preceded)) = start.take() {
            before = ' ';
            if !matches!(preceded, '.' | '>' | ':' | '#')
                && !text[first..].starts_with(|c: char| c.is_ascii_digit())
            {
                let called = text[at..].trim_start().starts_with('(');
                found.push((Span::new(offset + first as u32, offset + at as u32), called));
            }
        }
        if matches!(c, '"' | '\'') {
            quote = Some(c);
        }
        let end = match text.as_bytes().get(at..at + 2) {
            Some(b"/*") => text[at + 2..].find("*/").map(|end| at + 2 + end + 2),
            Some(b"//") => text[at..].find('\n').map(|end| at + end),
            _ => Some(at),
        };
        commented = end.unwrap_or(text.len());
        if commented > at {
            continue;
        }
        if !c.is_whitespace() {
            before = c;
        }
    }
    found
}
