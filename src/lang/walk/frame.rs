//! What the walk keeps of each node on the path from the root.

use crate::lang::facts::{DefFlags, DefId, DefKind, ScopeId, Span, TermId};
use crate::lang::rules::{Context, Slot, Wrap};

/// What the innermost subject of a pattern is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    None,
    /// The value that the pattern group as a whole is matched with.
    Whole,
    Term(TermId),
}

/// Definitions that one pattern makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// `None`: bare names are written to, members are defined.
    pub(super) kind: Option<DefKind>,
    /// Names that the scope declares already are written to.
    pub(super) rebinds: bool,
    pub(super) span: Span,
    /// Stands for the matched value until that is known.
    pub(super) hole: Option<TermId>,
    /// Definitions that are the whole value.
    pub(super) whole: Vec<DefId>,
    /// Parameter of a function that is itself an argument.
    pub(super) argument: Option<TermId>,
}

/// A function around the walk.
pub(super) struct Function {
    pub(super) def: Option<DefId>,
    pub(super) returns: Vec<TermId>,
    pub(super) parameters: u32,
    /// Their declared types, as far as a function type needs them.
    pub(super) types: Vec<TermId>,
    /// The frame of the call that it is an argument of, and its position there.
    pub(super) argument: Option<(usize, u32)>,
    /// A value of the type of what it is the initialiser of, or of what is expected where it stands.
    pub(super) declared: Option<TermId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) rule: Option<u16>,
    /// The kind of the node.
    pub(super) kind: u16,
    pub(super) context: Context,
    pub(super) slot: Slot,
    pub(super) wrap: Wrap,
    /// The frame whose slots this node's term goes to.
    pub(super) target: usize,
    pub(super) subject: Subject,
    pub(super) group: Option<usize>,
    pub(super) owns_group: bool,
    pub(super) owns_function: bool,
    pub(super) def: Option<DefId>,
    /// The definition is that of the node above, whose value this is.
    pub(super) adopted: bool,
    pub(super) scope: ScopeId,
    /// The scope is the node's own, or becomes its own with the first definition in it: up to this offset.
    pub(super) owns_scope: bool,
    pub(super) lazy_scope: Option<u32>,
    pub(super) flags: DefFlags,
    pub(super) function_scope: bool,
    pub(super) name: Option<Span>,
    pub(super) receiver: Option<TermId>,
    pub(super) value: Option<TermId>,
    pub(super) ty: Option<TermId>,
    pub(super) init: Option<TermId>,
    pub(super) of: Option<TermId>,
    pub(super) implements: Option<TermId>,
    pub(super) items_start: usize,
    pub(super) children: u32,
    /// Children are the arguments of this frame's call.
    pub(super) arguments_of: Option<usize>,
    /// Some argument stands for any number of them.
    pub(super) spread: bool,
    pub(super) argument: Option<(usize, u32)>,
    pub(super) call_hole: Option<TermId>,
    /// The arguments of the call are kept.
    pub(super) given: bool,
    /// What a comment says that the value of this node is.
    pub(super) cast: Option<TermId>,
    /// For a property of a literal: the member that is expected there.
    pub(super) key: Option<TermId>,
    /// For a literal: what is expected of it, once that was asked for.
    pub(super) expected: Option<Option<TermId>>,
}

impl Frame {
    pub(super) fn root() -> Frame {
        Frame {
            rule: None,
            kind: 0,
            context: Context::Value,
            slot: Slot::None,
            wrap: Wrap::None,
            target: 0,
            subject: Subject::None,
            group: None,
            owns_group: false,
            owns_function: false,
            def: None,
            adopted: false,
            scope: ScopeId::FILE,
            owns_scope: false,
            lazy_scope: None,
            flags: DefFlags::NONE,
            function_scope: false,
            name: None,
            receiver: None,
            value: None,
            ty: None,
            init: None,
            of: None,
            implements: None,
            items_start: 0,
            children: 0,
            arguments_of: None,
            spread: false,
            argument: None,
            call_hole: None,
            given: false,
            cast: None,
            key: None,
            expected: None,
        }
    }

    /// Calls `visit` on the id of each term.
    pub(super) fn each_term(&mut self, visit: &mut dyn FnMut(&mut TermId)) {
        if let Subject::Term(term) = &mut self.subject {
            visit(term);
        }
        let Frame { receiver, value, ty, init, of, implements, call_hole, cast, key, expected, .. } = self;
        let slots = [receiver, value, ty, init, of, implements, call_hole, cast, key];
        slots.into_iter().flatten().chain(expected.iter_mut().flatten()).for_each(visit);
    }
}
