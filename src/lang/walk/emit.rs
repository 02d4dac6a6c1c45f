//! What the walk writes down: names at leaves, terms and members on the way up, and the calls open to hooks.

use tree_sitter::Node;

use super::Walk;
use super::builder::NewDef;
use super::frame::{Frame, Subject};
use crate::lang::facts::{
    ARITY_MAX, Arguments, DefFlags, DefId, DefKind, Inherit, Role, ScopeId, ScopeKind, Span, Term, TermId,
};
use crate::lang::pack::AssignedMembers;
use crate::lang::rules::{Action, Context, Slot, TermAction};

impl<'t> Walk<'t> {
    /// A name at a leaf, used as its context says.
    pub(super) fn identifier(&mut self, frame: &Frame, action: Action, node: Node<'t>) {
        let span = self.name_span(node);
        if span.is_empty() {
            return;
        }
        let wanted = frame.slot != Slot::None;
        match frame.context {
            Context::Name => self.frames[frame.target].name = Some(span),
            Context::Bind if action == Action::Shorthand => {
                let recv = self.subject_term(frame.subject, frame.group);
                let key = self.builder.reference(span, Role::Key, frame.scope, recv);
                let value = self.builder.term(Term::Ref(key));
                self.bind(frame, span, Subject::Term(value));
            }
            Context::Bind if action != Action::TypeIdentifier => self.bind(frame, span, frame.subject),
            Context::Key => {
                let Some(recv) = self.subject_term(frame.subject, frame.group) else { return };
                let key = self.builder.reference(span, Role::Key, frame.scope, Some(recv));
                let value = self.builder.term(Term::Ref(key));
                // What follows the key in the pattern is matched with the field.
                self.frames[frame.target].subject = Subject::Term(value);
            }
            context => {
                let text = self.builder.text(span);
                if self.pack.knobs.super_names.contains(&text) {
                    let term = self.builder.term(Term::Super);
                    self.deliver(frame, Some(term));
                    return;
                }
                if self.pack.knobs.self_type_names.contains(&text) {
                    let term = wanted.then(|| self.builder.term(Term::SelfType));
                    self.deliver(frame, term);
                    return;
                }
                let role = match (action, context.role()) {
                    (Action::TypeIdentifier, Role::Read | Role::Write) => Role::Type,
                    (_, role) => role,
                };
                let reference = self.builder.reference(span, role, frame.scope, None);
                let shorthand = action == Action::Shorthand;
                if role == Role::Write {
                    self.widen(span);
                }
                let term = (wanted || shorthand).then(|| match self.as_tested(reference, span) {
                    Some(tested) => tested,
                    None => self.builder.term(Term::Ref(reference)),
                });
                if shorthand {
                    self.shorthand(frame, span, term);
                }
                self.deliver(frame, term);
            }
        }
    }

    /// A name in a pattern.
    fn bind(&mut self, frame: &Frame, span: Span, subject: Subject) {
        let Some(group) = frame.group else { return };
        self.widen(span);
        let Some(kind) = self.groups[group].kind else {
            self.builder.reference(span, Role::Write, frame.scope, None);
            return;
        };
        let mut scope = self.defining_scope(frame);
        if !frame.function_scope {
            scope = self.real_scope(scope, self.groups[group].span.start);
        }
        if self.groups[group].rebinds && self.builder.declares(scope, span) {
            self.builder.reference(span, Role::Write, frame.scope, None);
            return;
        }
        let kind = self.kind_in_scope(kind, scope, span);
        let whole = self.groups[group].span;
        let def =
            self.builder.define(NewDef { kind, flags: frame.flags, name_span: span, span: whole, scope });
        if kind == DefKind::Parameter {
            self.receiver_parameter(def, scope);
        }
        match subject {
            Subject::Whole => self.groups[group].whole.push(def),
            Subject::Term(term) => self.builder.facts.defs[def.index()].init = Some(term),
            Subject::None => {}
        }
    }

    /// Types the first parameter of a method where the language says that it is the receiver.
    fn receiver_parameter(&mut self, parameter: DefId, scope: ScopeId) {
        if !self.pack.knobs.self_parameter {
            return;
        }
        let Some(function) = self.functions.last() else { return };
        let (Some(method), 1) = (function.def, function.parameters) else { return };
        let facts = &mut self.builder.facts;
        let flags = facts.def(method).flags;
        let in_class = facts.scope(facts.def(method).scope).kind == ScopeKind::Class;
        if !in_class || flags.has(DefFlags::STATIC) || facts.scope(scope).owner != Some(method) {
            return;
        }
        facts.defs[method.index()].flags = flags.with(DefFlags::RECEIVER);
        let class = self.builder.term(Term::SelfType);
        let parameter = &mut self.builder.facts.defs[parameter.index()];
        if flags.has(DefFlags::CLASS_METHOD) {
            parameter.init = Some(class);
        } else {
            parameter.ty = Some(class);
        }
    }

    /// Finishes the node on top: its term is made from its slots and handed up.
    pub(super) fn leave(&mut self) {
        if !self.frames.is_empty() {
            self.invoke(self.frames.len() - 1);
        }
        let Some(frame) = self.frames.pop() else { return };
        if self.pack.knobs.arities {
            self.count_arguments(&frame);
        }
        let mut term = None;
        let mut copies = 0;
        if let Some(rule) = frame.rule.map(|r| self.rules.rule(r)) {
            if let Some(def) = frame.def {
                let def = &mut self.builder.facts.defs[def.index()];
                def.ty = def.ty.or(frame.ty);
                def.init = def.init.or(frame.init);
                if frame.slot != Slot::None
                    && !frame.adopted
                    && let Some(def) = frame.def
                {
                    term = Some(self.builder.term(Term::Def(def)));
                }
            }
            if frame.owns_function {
                let function = self.leave_function(&frame);
                term = term.or(function);
            }
            if frame.given
                && self.pack.knobs.overloads
                && let Some(Term::Ref(callee)) = frame.value.map(|value| self.builder.facts.term(value))
            {
                let (callee, items) = (*callee, self.items[frame.items_start..].into());
                self.builder.facts.arguments.push(Arguments { callee, items });
            }
            for action in &rule.actions {
                match *action {
                    Action::Member => term = self.member(&frame),
                    Action::Extension => {
                        self.builder.facts.scopes[frame.scope.index()].of = frame.of;
                        if let Some(of) = frame.of {
                            self.builder.extend(of, Some(frame.scope), None, frame.implements);
                        }
                    }
                    Action::MemberOf => {
                        if let (Some(def), Some(of)) = (frame.def, frame.of) {
                            self.builder.facts.defs[def.index()].of = Some(of);
                            self.builder.extend(of, None, Some(def), None);
                        }
                    }
                    Action::Term(action) => {
                        term = self.made(action, &frame);
                        if action == TermAction::Each
                            && let Some(group) = frame.group
                        {
                            copies = self.groups[group].whole.len().saturating_sub(1);
                        }
                    }
                    _ => {}
                }
            }
            if let Some(hole) = frame.call_hole
                && let Some(term) = term
            {
                self.builder.facts.terms[hole.index()] = Term::Same(term);
            }
        }
        let silent = term.is_none() && self.items.len() == frame.items_start;
        if frame.rule.is_some_and(|r| self.rules.rule(r).items) {
            // Items found below a node that collects none belong to the node above it.
            self.items.truncate(frame.items_start);
        }
        self.close_owned_group(&frame);
        if silent && frame.slot == Slot::Item && frame.rule.is_some() && self.counts_items(frame.target) {
            term = Some(self.builder.term(Term::Unknown));
        }
        for _ in 0..copies {
            self.deliver(&frame, term);
        }
        self.deliver(&frame, term);
    }

    /// Whether the place of an item among the others matters to the node.
    fn counts_items(&self, frame: usize) -> bool {
        self.frames[frame].rule.is_some_and(|rule| {
            let rule = self.rules.rule(rule);
            self.frames[frame].given
                || rule.has(Action::Invoke)
                || [TermAction::Several, TermAction::Tuple, TermAction::Apply]
                    .iter()
                    .any(|term| rule.has(Action::Term(*term)))
        })
    }

    /// Writes down how many arguments the call of a name hands over.
    fn count_arguments(&mut self, frame: &Frame) {
        let is_spread = |walk: &Self| {
            frame.rule.is_some_and(|rule| walk.rules.rule(rule).has(Action::Term(TermAction::Iter)))
        };
        if self.frames.last().is_some_and(|above| above.arguments_of.is_some())
            && is_spread(self)
            && let Some(above) = self.frames.last_mut()
        {
            above.spread = true;
        }
        let Some(call) = frame.arguments_of.filter(|_| !frame.spread && frame.rule.is_none()) else { return };
        let callee = self.frames.get(call).and_then(|call| call.value);
        if let (Some(Term::Ref(reference)), Ok(count)) =
            (callee.map(|callee| self.builder.facts.term(callee)), u8::try_from(frame.children))
            && count <= ARITY_MAX
        {
            let reference = *reference;
            self.builder.facts.arities.push((reference, count));
        }
    }

    fn leave_function(&mut self, frame: &Frame) -> Option<TermId> {
        let mut function = self.functions.pop()?;
        let returned = match function.returns.len() {
            0 => None,
            1 => function.returns.pop(),
            _ => Some(self.builder.term(Term::Union(function.returns.into()))),
        };
        if let Some(def) = function.def {
            let def = &mut self.builder.facts.defs[def.index()];
            if def.ty.is_none() {
                def.init = def.init.or(returned);
            }
            return None;
        }
        if frame.slot == Slot::None {
            return None;
        }
        let result = match (frame.ty, returned) {
            (Some(ty), _) => self.builder.term(Term::Instance(ty)),
            (None, Some(returned)) => returned,
            (None, None) => self.builder.term(Term::Unknown),
        };
        let term = self.builder.term(Term::Func(result));
        if function.types.is_empty() {
            return Some(term);
        }
        Some(self.builder.term(Term::Apply(term, function.types.into())))
    }

    /// A name with a receiver: a use, and in a pattern perhaps the definition of a field.
    fn member(&mut self, frame: &Frame) -> Option<TermId> {
        let name = frame.name?;
        // In a pattern a path is a constant or variant; elsewhere a member that is bound is assigned to.
        let binds = frame.context == Context::Bind;
        let matched = binds && frame.group.is_some_and(|g| self.groups[g].kind.is_some());
        let matched = matched && self.pack.knobs.assigned_members == AssignedMembers::None;
        let role = if binds && !matched { Role::Write } else { frame.context.role() };
        let receiver = match frame.receiver {
            // A receiver of which nothing is known is not the same as none.
            None if frame.children > 1 => Some(self.builder.term(Term::Unknown)),
            receiver => receiver,
        };
        let reference = self.builder.reference(name, role, frame.scope, receiver);
        if binds {
            self.assigned_member(frame, name);
            return None;
        }
        (frame.slot != Slot::None).then(|| self.builder.term(Term::Ref(reference)))
    }

    /// The use of what a node calls, before its arguments: for grammars whose calls hold the name themselves.
    pub(super) fn invoke(&mut self, index: usize) {
        let frame = &self.frames[index];
        if !frame.rule.is_some_and(|rule| self.rules.rule(rule).has(Action::Invoke)) || frame.value.is_some()
        {
            return;
        }
        let Some(name) = frame.name else { return };
        let reference = self.builder.reference(name, Role::Call, frame.scope, frame.receiver);
        let callee = self.builder.term(Term::Ref(reference));
        self.frames[index].value = Some(callee);
    }

    fn assigned_member(&mut self, frame: &Frame, name: Span) {
        let (Some(group), Some(receiver)) = (frame.group, frame.receiver) else { return };
        let to_self = self.is_self(receiver);
        let defines = match self.pack.knobs.assigned_members {
            AssignedMembers::None => false,
            AssignedMembers::Receiver => to_self,
            AssignedMembers::Any => true,
        };
        if !defines {
            return;
        }
        let span = self.groups[group].span;
        let def = self.builder.define(NewDef {
            kind: if to_self { DefKind::Field } else { DefKind::Property },
            flags: frame.flags.with(DefFlags::ASSIGNED),
            name_span: name,
            span,
            scope: frame.scope,
        });
        self.builder.facts.defs[def.index()].of = Some(receiver);
        if !to_self {
            self.builder.extend(self.extended(receiver), None, Some(def), None);
        }
        match frame.subject {
            Subject::Whole => self.groups[group].whole.push(def),
            Subject::Term(term) => self.builder.facts.defs[def.index()].init = Some(term),
            Subject::None => {}
        }
    }

    /// What an assignment to `Foo.prototype.x` extends is `Foo`.
    fn extended(&self, receiver: TermId) -> TermId {
        if let Term::Ref(reference) = self.builder.facts.term(receiver) {
            let reference = self.builder.facts.reference(*reference);
            let name = &*self.builder.facts.names[reference.name.index()];
            if let Some(inner) = reference.recv
                && self.pack.knobs.prototype_names.contains(&name)
            {
                return inner;
            }
        }
        receiver
    }

    fn is_self(&self, term: TermId) -> bool {
        match self.builder.facts.term(term) {
            Term::SelfValue => true,
            Term::Ref(reference) => {
                let reference = self.builder.facts.reference(*reference);
                reference.recv.is_none()
                    && self
                        .pack
                        .knobs
                        .self_names
                        .contains(&&*self.builder.facts.names[reference.name.index()])
            }
            _ => false,
        }
    }

    /// The definition of an assignment whose value took it over.
    pub(super) fn adopter(&self, frame: &Frame) -> Option<DefId> {
        let group = frame.group.filter(|_| frame.owns_group)?;
        let def = *self.groups[group].whole.first()?;
        self.builder.facts.def(def).body.map(|_| def)
    }

    /// Puts a node's term into the slot that it is read for.
    pub(super) fn deliver(&mut self, frame: &Frame, term: Option<TermId>) {
        let Some(term) = term else { return };
        if frame.slot == Slot::None {
            return;
        }
        let term = match frame.cast {
            Some(ty) => self.builder.term(Term::Instance(ty)),
            None => term,
        };
        let term = self.wrapped(frame.wrap, term);
        let target = &mut self.frames[frame.target];
        match frame.slot {
            Slot::None => {}
            Slot::Value => target.value = Some(term),
            Slot::Receiver => target.receiver = Some(term),
            Slot::Type => target.ty = Some(term),
            Slot::Init => target.init = Some(term),
            Slot::Of => target.of = Some(term),
            Slot::Trait => target.implements = Some(term),
            Slot::Item => self.items.push(term),
            Slot::Return => {
                if let Some(function) = self.functions.last_mut() {
                    function.returns.push(term);
                }
            }
            Slot::Inherit => {
                if let Some(def) = target.def {
                    self.builder.facts.inherits.push(Inherit { def, base: term });
                }
            }
            Slot::Decorator => {
                if let Some(flags) = self.decorator_flags(term) {
                    self.flag(frame.target, flags);
                }
            }
        }
    }

    fn decorator_flags(&self, term: TermId) -> Option<DefFlags> {
        let name = self.builder.head_name(match self.builder.facts.term(term) {
            Term::Call(callee) => self.builder.facts.callee(*callee),
            _ => term,
        })?;
        let text = &*self.builder.facts.names[name.index()];
        self.pack.knobs.decorators.iter().find(|(n, _)| *n == text).map(|(_, flags)| *flags)
    }

    /// Notes the declared type of a parameter of a function without a name; an unknown one as far as others follow.
    fn parameter_type(&mut self, ty: Option<TermId>) {
        let Some(function) = self.functions.last() else { return };
        let (None, Some(ty)) = (function.def, ty) else { return };
        let known = function.types.len();
        let before = (function.parameters as usize).saturating_sub(known + 1);
        let unknown: Vec<TermId> = (0..before).map(|_| self.builder.term(Term::Unknown)).collect();
        if let Some(function) = self.functions.last_mut() {
            function.types.extend(unknown);
            function.types.push(ty);
        }
    }

    /// Tells the definitions of a pattern what they are initialised with.
    pub(super) fn close_owned_group(&mut self, frame: &Frame) {
        if !frame.owns_group {
            return;
        }
        let Some(mut group) =
            frame.group.and_then(|g| (g + 1 == self.groups.len()).then(|| self.groups.pop()).flatten())
        else {
            return;
        };
        let init = frame.init.or(group.argument);
        if group.kind == Some(DefKind::Parameter) {
            self.parameter_type(frame.ty);
        }
        if let Some(hole) = group.hole {
            let value = match (frame.ty, init) {
                (Some(ty), _) => Some(self.builder.term(Term::Instance(ty))),
                (None, init) => init,
            };
            if let Some(value) = value {
                self.builder.facts.terms[hole.index()] = Term::Same(value);
            }
        }
        for id in group.whole.drain(..) {
            let def = &mut self.builder.facts.defs[id.index()];
            // What is written at a receiver stands beside what the receiver is anyway: it may be a type variable.
            let variables = !self.pack.knobs.type_variables.is_empty();
            let written =
                frame.ty.filter(|_| variables && def.kind == DefKind::Parameter && def.ty.is_some());
            def.ty = def.ty.or(frame.ty);
            def.init = def.init.or(init).or(written);
            if def.flags.has(DefFlags::ASSIGNED) {
                self.assigned_prototype(id);
                self.assigned_export(id);
            } else if def.kind == DefKind::Export {
                self.exported_names(id);
            }
        }
    }
}
