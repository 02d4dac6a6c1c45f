//! The one syntax walk: a cursor over the tree, the pack's tables, facts.
//!
//! Each node on the path from the root has a frame. Entering a node reads its rule and does what comes before the
//! children (define, open a scope, refer); leaving it makes the term from what the children put in the frame's
//! slots and hands it up. The walk is iterative, with a cap on depth.

mod around;
mod assigned;
mod branches;
mod builder;
pub(in crate::lang) mod compact;
mod declare;
mod emit;
mod expected;
mod fragment;
mod frame;
mod hooks;
mod narrowing;
mod said;
mod seams;
mod splice;
mod standing;
mod terms;
#[cfg(test)]
mod tests;

use std::num::NonZeroU16;

use tree_sitter::{Node, TreeCursor};

use super::facts::{DefFlags, DefKind, Facts, Span, Term, TermId};
use super::pack::Pack;
use super::rules::{
    Action, Condition, Context, ContextChoice, Reading, Rule, Rules, Slot, SlotChoice, TermAction, Wrap,
};
use super::scratch::FragmentTrees;
use super::{LangId, TreeRef};
use branches::Branches;
use builder::Builder;
use fragment::Fragments;
use frame::{Frame, Function, Group, Subject};
use narrowing::{Narrowed, TestedUses};
pub use narrowing::{Tested, Value};
pub use said::Said;
pub use seams::Seams;
use seams::{Mark, Sewing};
pub use splice::{Replaced, follow};

/// Deepest nesting that is read. Real code stays under 3,400; what lies deeper is left out.
pub const DEPTH_MAX: usize = 4_096;

/// Code for a node kind that tables cannot express, named by a rule's `@hook.name`.
pub type Hook = for<'t> fn(&mut Walk<'t>, Node<'t>) -> Hooked;

/// What a hook did with its node.
pub enum Hooked {
    /// Nothing: the rest of the rule applies.
    Continue,
    /// Everything: the children are not walked, the node's term is this.
    Done(Option<TermId>),
}

/// The walk's state, as hooks see it.
pub struct Walk<'t> {
    builder: Builder<'t>,
    pack: &'static Pack,
    rules: &'static Rules,
    frames: Vec<Frame>,
    items: Vec<TermId>,
    groups: Vec<Group>,
    functions: Vec<Function>,
    fragments: Fragments<'t>,
    notes: Vec<Span>,
    /// What comments say of the definitions behind them, and where each comment ends.
    said: Vec<(u32, Said)>,
    branches: Branches,
    /// Tests that hold, each for a region.
    narrowed: Vec<Narrowed<'t>>,
    tested_uses: TestedUses,
    sewing: Sewing<'t>,
}

/// Extracts the facts of a tree.
pub fn walk(lang: LangId, tree: TreeRef<'_>, text: &str) -> Facts {
    let trees = FragmentTrees::new(tree.place);
    whole(walker(lang, text, &trees), tree, text).0
}

/// The same, and where the walk can be taken up again once the text has changed.
pub fn walk_with_seams(lang: LangId, tree: TreeRef<'_>, text: &str) -> (Facts, Seams) {
    let trees = FragmentTrees::new(tree.place);
    let mut walk = walker(lang, text, &trees);
    walk.sewing.on = true;
    whole(walk, tree, text)
}

fn whole<'t>(mut walk: Walk<'t>, tree: TreeRef<'t>, text: &'t str) -> (Facts, Seams) {
    walk.run(tree.root.walk());
    walk.sewing.end = Mark::of(&walk.builder.facts);
    walk.hidden(tree.patches);
    walk.finish(text)
}

/// A walk that has not begun.
fn walker<'t>(lang: LangId, text: &'t str, trees: &'t FragmentTrees<'_>) -> Walk<'t> {
    let mut walk = Walk {
        fragments: Fragments::new(lang, trees),
        notes: Vec::new(),
        said: Vec::new(),
        branches: Branches::default(),
        narrowed: Vec::new(),
        tested_uses: TestedUses::default(),
        builder: Builder::new(text),
        pack: lang.pack(),
        rules: lang.rules(),
        frames: Vec::with_capacity(64),
        items: Vec::new(),
        groups: Vec::new(),
        functions: Vec::new(),
        sewing: Sewing::default(),
    };
    walk.frames.push(Frame::root());
    walk
}

impl<'t> Walk<'t> {
    /// What comes after the last node.
    fn finish(mut self, text: &str) -> (Facts, Seams) {
        self.settle_tests();
        let mut seams = self.sewing.finish(&self.builder, text);
        let mut facts = self.builder.facts;
        said::settle(&mut facts, &self.said, text, self.pack.knobs.comment_types);
        facts.arities.sort_unstable();
        compact::compact_with(&mut facts, |visit| {
            seams.around.iter_mut().for_each(|around| around.each_term(visit));
        });
        (facts, seams)
    }

    /// Reads what the cursor stands on, and all that comes behind it in what it was made for.
    fn run(&mut self, mut cursor: TreeCursor<'t>) {
        loop {
            if self.sewing.on && self.arrive(cursor.node()) {
                return;
            }
            let descend = self.enter(&cursor);
            if descend {
                self.surround(cursor.node());
                if cursor.goto_first_child() {
                    continue;
                }
                self.leave();
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
                self.leave();
            }
        }
    }

    /// Reads a node on the way down. True if it has a frame and its children are to be walked.
    fn enter(&mut self, cursor: &TreeCursor<'t>) -> bool {
        let node = cursor.node();
        let parent = self.frames.len() - 1;
        let named = node.is_named();
        let parent_rule = self.frames[parent].rule.map(|r| self.rules.rule(r));
        if !named && !parent_rule.is_some_and(|r| r.tokens) {
            return false;
        }
        if node.is_extra() && !node.is_error() {
            self.remark(node);
            return false;
        }
        let reading = match parent_rule {
            Some(rule) => {
                let field = if rule.fields { cursor.field_id() } else { None };
                let first = self.frames[parent].children == 0;
                match select(rule, field, node.kind_id(), named, first) {
                    Some(reading) => Some(reading),
                    None if named => Some(Reading::WALK),
                    None => return false,
                }
            }
            None => None,
        };
        if let Some(reading) = reading
            && reading.skip
        {
            if reading.flags != DefFlags::NONE {
                self.flag(parent, reading.flags);
            }
            return false;
        }
        let mut frame = self.frame(parent, reading, node);
        if named {
            self.frames[parent].children += 1;
        }
        let rule_index = self.rule_for(node, frame.context);
        frame.rule = rule_index;
        let Some(rule) = rule_index.map(|r| self.rules.rule(r)) else {
            if frame.context == Context::Name {
                // A name that is not a single word is computed: what is in it is read.
                if node.child_count() == 0 || is_quoted(node, self.source()) {
                    self.frames[frame.target].name = Some(self.name_span(node));
                    return false;
                }
                frame.context = Context::Value;
            }
            let single = !matches!(frame.slot, Slot::None | Slot::Item | Slot::Inherit | Slot::Decorator);
            if single && node.named_child_count() != 1 {
                frame.slot = Slot::None;
            }
            return self.push(frame);
        };
        self.begin(frame, rule, node)
    }

    /// A comment may stand anywhere, so it has no frame; a hook reads it where it is.
    fn remark(&mut self, node: Node<'t>) {
        let Some(&index) = self.rules.of(node.kind_id()).first() else { return };
        let hook = self.rules.rule(index).actions.iter().find_map(|action| match action {
            Action::Hook(hook) => Some(*hook),
            _ => None,
        });
        if let Some(hook) = hook {
            let _ = (self.pack.hooks[usize::from(hook)].1)(self, node);
        }
    }

    /// The frame of a child, before its own rule.
    fn frame(&mut self, parent: usize, reading: Option<Reading>, node: Node<'t>) -> Frame {
        let up = &self.frames[parent];
        let mut frame = Frame::root();
        frame.kind = node.kind_id();
        frame.scope = up.scope;
        frame.flags = up.flags;
        frame.function_scope = up.function_scope;
        frame.group = up.group;
        frame.items_start = self.items.len();
        // Behind what is spread nobody knows which argument is whose.
        frame.argument = up.arguments_of.filter(|_| !up.spread).map(|call| (call, up.children));
        let Some(reading) = reading else {
            frame.context = up.context;
            frame.slot = up.slot;
            frame.wrap = up.wrap;
            frame.target = up.target;
            frame.subject = up.subject;
            frame.cast = up.cast;
            return frame;
        };
        frame.context = match reading.context {
            ContextChoice::Is(context) => context,
            ContextChoice::Inherited => up.context,
        };
        (frame.slot, frame.target, frame.wrap) = match reading.slot {
            // Items only become part of the node's term.
            SlotChoice::Is(Slot::Item) if up.slot == Slot::None && !reading.arguments => {
                (Slot::None, parent, Wrap::None)
            }
            SlotChoice::Is(slot) => (slot, parent, reading.wrap),
            SlotChoice::Inherited => (up.slot, up.target, up.wrap),
        };
        frame.cast = up.cast.filter(|_| reading.slot == SlotChoice::Inherited);
        if reading.arguments || reading.matched {
            if reading.arguments {
                self.invoke(parent);
                self.frames[parent].given |= reading.slot == SlotChoice::Is(Slot::Item);
                frame.arguments_of = Some(parent);
            }
            let up = &self.frames[parent];
            frame.subject = up.value.map_or(Subject::None, Subject::Term);
        } else if let Some(kind) = reading.binds {
            let group = self.open_group(Some(kind), self.span(node));
            frame.group = Some(group);
            frame.owns_group = true;
            frame.subject = Subject::Whole;
            // The type before several declarators is the type of each.
            frame.ty = self.frames[parent].ty;
        } else {
            frame.subject = self.subject_for_child(parent, reading);
        }
        frame
    }

    /// What the next child of a pattern is matched with.
    fn subject_for_child(&mut self, parent: usize, reading: Reading) -> Subject {
        let up = &self.frames[parent];
        let Some(rule) = up.rule.map(|r| self.rules.rule(r)) else { return up.subject };
        let (subject, group, nth, ty) = (up.subject, up.group, up.children, up.ty);
        if reading.slot == SlotChoice::Is(Slot::Type) {
            return Subject::None;
        }
        if reading.slot == SlotChoice::Is(Slot::Init) {
            return subject;
        }
        if rule.has(Action::PatternSubject) {
            return up.value.map_or(subject, Subject::Term);
        }
        if rule.has(Action::PatternNth) {
            match self.subject_term(subject, group) {
                Some(term) => Subject::Term(self.builder.term(Term::Nth(term, nth))),
                None => Subject::None,
            }
        } else if rule.has(Action::PatternEntry) {
            match self.subject_term(subject, group) {
                Some(term) if nth == 0 => Subject::Term(self.builder.term(Term::Iter(term))),
                Some(term) => Subject::Term(self.builder.term(Term::Index(term))),
                None => Subject::None,
            }
        } else if rule.has(Action::PatternFunction) {
            match self.subject_term(subject, group) {
                Some(term) => Subject::Term(self.builder.term(Term::Func(term))),
                None => Subject::None,
            }
        } else if rule.has(Action::PatternPayload) {
            let position = nth.saturating_sub(1);
            match (ty, self.subject_term(subject, group)) {
                (Some(ty), Some(term)) => Subject::Term(self.builder.term(Term::Payload(ty, term, position))),
                _ => Subject::None,
            }
        } else if rule.has(Action::PatternStruct) {
            match ty {
                Some(ty) => Subject::Term(self.builder.term(Term::Instance(ty))),
                None => Subject::None,
            }
        } else if reading.wrap != Wrap::None && reading.context == ContextChoice::Is(Context::Bind) {
            match self.subject_term(subject, group) {
                Some(term) => {
                    let wrapped = self.wrapped(reading.wrap, term);
                    Subject::Term(wrapped)
                }
                None => Subject::None,
            }
        } else {
            subject
        }
    }

    /// The term of a subject, made now if it is the group's whole value.
    fn subject_term(&mut self, subject: Subject, group: Option<usize>) -> Option<TermId> {
        match subject {
            Subject::None => None,
            Subject::Term(term) => Some(term),
            Subject::Whole => {
                let group = group?;
                if self.groups[group].hole.is_none() {
                    self.groups[group].hole = Some(self.builder.term(Term::Unknown));
                }
                self.groups[group].hole
            }
        }
    }

    fn open_group(&mut self, kind: Option<DefKind>, span: Span) -> usize {
        let mut argument = None;
        if kind == Some(DefKind::Parameter)
            && let Some(function) = self.functions.last_mut()
        {
            let nth = function.parameters;
            function.parameters += 1;
            if let Some((call, position)) = function.argument {
                let hole = self.call_hole(call);
                argument = Some(self.builder.term(Term::Argument(hole, position, nth)));
            } else if let Some(value) = function.declared {
                argument = Some(self.builder.term(Term::Argument(value, super::facts::DECLARED, nth)));
            }
        }
        self.groups.push(Group { kind, rebinds: false, span, hole: None, whole: Vec::new(), argument });
        self.groups.len() - 1
    }

    /// The first rule of the node's kind whose conditions hold.
    fn rule_for(&self, node: Node<'t>, context: Context) -> Option<u16> {
        // Every node above has a frame, so the tree need not be asked for the parent.
        let parent = self.frames.last().map_or(0, |frame| frame.kind);
        self.rules.of(node.kind_id()).iter().copied().find(|&index| {
            self.rules.rule(index).conditions.iter().all(|condition| match condition {
                Condition::In(wanted) => context == *wanted,
                Condition::NotIn(unwanted) => context != *unwanted,
                Condition::Parent(kinds) => kinds.contains(&parent),
                Condition::NotParent(kinds) => !kinds.contains(&parent),
                Condition::Has(field) => node.child_by_field_id(*field).is_some(),
                Condition::Lacks(field) => node.child_by_field_id(*field).is_none(),
                Condition::Text(field, texts) => {
                    node.child_by_field_id(*field).is_some_and(|n| texts.iter().any(|t| **t == *self.text(n)))
                }
                Condition::TextIs(texts) => texts.iter().any(|t| **t == *self.text(node)),
                Condition::Head(texts) => {
                    node.named_child(0).is_some_and(|n| texts.iter().any(|t| **t == *self.text(n)))
                }
                Condition::First(kinds) => node.named_child(0).is_some_and(|n| kinds.contains(&n.kind_id())),
                Condition::Last(field, texts) => node.child_by_field_id(*field).is_some_and(|n| {
                    let text = self.text(n);
                    let before = text.trim_end_matches(|c: char| c == '_' || c.is_alphanumeric());
                    !before.is_empty() && texts.iter().any(|t| **t == text[before.len()..])
                }),
                Condition::Upper => self.text(node).starts_with(char::is_uppercase),
                Condition::Lower => !self.text(node).starts_with(char::is_uppercase),
                Condition::Several(None) => node.named_child_count() > 1,
                Condition::Several(Some(field)) => several_in(node, *field),
                Condition::Leaf => node.named_child_count() == 0,
                Condition::Kind(field, kinds) => {
                    node.child_by_field_id(*field).is_some_and(|n| kinds.contains(&n.kind_id()))
                }
                Condition::Token(kinds) => (0..node.child_count())
                    .any(|i| node.child(i).is_some_and(|n| kinds.contains(&n.kind_id()))),
            })
        })
    }

    /// Does what a rule says before its children. True if they are to be walked.
    fn begin(&mut self, mut frame: Frame, rule: &'static Rule, node: Node<'t>) -> bool {
        for action in &rule.actions {
            match *action {
                Action::Skip => {
                    // A literal has a term although nothing in it is read.
                    for action in &rule.actions {
                        if let Action::Term(action @ TermAction::Literal(_)) = *action {
                            let term = self.made(action, &frame);
                            self.deliver(&frame, term);
                        }
                    }
                    return false;
                }
                Action::Flag(flags) => {
                    let target = self.frames.len() - 1;
                    self.flag(target, flags);
                    return false;
                }
                Action::FlagBelow(flags) => frame.flags = frame.flags.with(flags),
                Action::FunctionScope => frame.function_scope = true,
                Action::OuterReceiver => {
                    let receiver = self.builder.term(Term::SelfValue);
                    self.builder.facts.scopes[frame.scope.index()].of = Some(receiver);
                }
                Action::Identifier | Action::TypeIdentifier | Action::Shorthand => {
                    self.identifier(&frame, *action, node);
                    self.close_owned_group(&frame);
                    return false;
                }
                Action::Define(kind) => self.define_named(&mut frame, rule, kind, node),
                Action::Bound => {
                    if let (Some(def), Some(group)) = (frame.def, frame.group) {
                        self.groups[group].whole.push(def);
                    }
                }
                Action::Scope(kind) => self.open_scope(&mut frame, kind, node),
                Action::LazyScope => frame.lazy_scope = Some(self.span(node).end),
                Action::Adopt => self.adopt(&mut frame, rule),
                Action::Bind(kind) => {
                    let mut span = self.span(node);
                    if let Some(body) = rule.body.and_then(|field| node.child_by_field_id(field)) {
                        span.end = self.span(body).start;
                    }
                    frame.group = Some(self.open_group(Some(kind), span));
                    frame.owns_group = true;
                    frame.subject = Subject::Whole;
                }
                Action::Arm(kind) => {
                    let span = self.span(matched_part(rule, node));
                    frame.group = Some(self.open_group(Some(kind), span));
                    frame.owns_group = true;
                }
                Action::Assign => {
                    frame.group = Some(self.open_group(None, self.span(node)));
                    frame.owns_group = true;
                    frame.subject = Subject::Whole;
                }
                Action::Rebind => {
                    if let Some(group) = frame.group {
                        self.groups[group].rebinds = true;
                    }
                }
                Action::PatternElement => {
                    frame.subject = match self.subject_term(frame.subject, frame.group) {
                        Some(term) => Subject::Term(self.builder.term(Term::Index(term))),
                        None => Subject::None,
                    };
                }
                Action::Hook(index) => {
                    let depth = self.frames.len();
                    if !self.push(frame) {
                        return false;
                    }
                    match (self.pack.hooks[usize::from(index)].1)(self, node) {
                        Hooked::Continue => match self.frames.pop() {
                            Some(popped) => frame = popped,
                            None => return false,
                        },
                        Hooked::Done(term) => {
                            debug_assert_eq!(self.frames.len(), depth + 1);
                            if let Some(frame) = self.frames.pop() {
                                self.close_owned_group(&frame);
                                self.deliver(&frame, term);
                            }
                            return false;
                        }
                    }
                }
                _ => {}
            }
        }
        self.push(frame)
    }

    fn push(&mut self, frame: Frame) -> bool {
        if self.frames.len() > DEPTH_MAX {
            return false;
        }
        self.frames.push(frame);
        true
    }

    /// Adds flags to the definition of a frame, made or to be made below it.
    fn flag(&mut self, frame: usize, flags: DefFlags) {
        // A rule may stand between the modifier and the definition (`modifiers`), so the nearest one counts.
        let frame = if self.frames[frame].rule.is_none() { self.frames[frame].target } else { frame };
        let frame = &mut self.frames[frame];
        if let Some(def) = frame.def {
            let def = &mut self.builder.facts.defs[def.index()];
            def.flags = def.flags.with(flags);
        } else {
            frame.flags = frame.flags.with(flags);
        }
    }

    pub(super) fn span(&self, node: Node<'t>) -> Span {
        Span::new(node.start_byte() as u32, node.end_byte() as u32)
    }

    /// The text of the whole file.
    pub fn source(&self) -> &'t str {
        self.builder.source()
    }

    /// The span of a name without the marks that are not part of it: quotes, `r#`.
    fn name_span(&self, node: Node<'t>) -> Span {
        let mut span = self.span(node);
        let text = self.builder.text(span);
        if is_quoted(node, self.source()) && span.len() >= 2 {
            span.start += 1;
            span.end -= 1;
        } else if text.starts_with("r#") {
            span.start += 2;
        }
        span
    }
}

/// The pattern of an arm without its guard, which sees the pattern's names.
fn matched_part<'t>(rule: &Rule, node: Node<'t>) -> Node<'t> {
    let binding = rule.selectors.iter().find(|s| s.reading.context == ContextChoice::Is(Context::Bind));
    let pattern = binding.and_then(|s| s.field).and_then(|field| node.child_by_field_id(field));
    pattern.map_or(node, |pattern| pattern.named_child(0).unwrap_or(pattern))
}

/// Whether more than one named child stands in the field.
fn several_in(node: Node<'_>, field: u16) -> bool {
    let mut cursor = node.walk();
    let Some(field) = NonZeroU16::new(field) else { return false };
    node.children_by_field_id(field, &mut cursor).filter(Node::is_named).nth(1).is_some()
}

fn is_quoted(node: Node<'_>, source: &str) -> bool {
    let (start, end) = (node.start_byte(), node.end_byte());
    let first = source.as_bytes().get(start).copied().unwrap_or_default();
    matches!(first, b'"' | b'\'') && end > start + 1 && source.as_bytes().get(end - 1) == Some(&first)
}

fn select(rule: &Rule, field: Option<NonZeroU16>, kind: u16, named: bool, first: bool) -> Option<Reading> {
    let field = field.map_or(0, NonZeroU16::get);
    rule.selectors
        .iter()
        .find(|selector| {
            let of_field = selector.field.is_none_or(|f| f == field);
            let of_kind = if selector.kinds.is_empty() { named } else { selector.kinds.contains(&kind) };
            of_field && of_kind && (first || !selector.first)
        })
        .map(|selector| selector.reading)
}
