//! The rules of a pack: tree-sitter query syntax with a closed vocabulary of captures, compiled to tables.
//!
//! A rules file is a list of patterns one level deep. The pattern's own captures say what its node *does*
//! (defines, opens a scope, refers, makes a term); the captures on its children say how each child is *read*
//! (as a value, a type, a pattern that binds) and where its term goes. The walk looks a node's kind up, takes the
//! first rule whose conditions hold, and hands every child the reading that the rule gives it. Nodes without a
//! rule are transparent: their children are read as they would have been.
//!
//! ```text
//! (function_definition name: (_) @name return_type: (_) @type) @def.function @scope.function
//! (assignment left: (_) @bind type: (_) @type right: (_) @init) @bind.variable
//! (attribute object: (_) @recv attribute: (_) @name) @member
//! (identifier) @ident
//! ```
//!
//! The vocabulary is [`Action`] for nodes and [`Reading`] for children; README.md beside this file has the tables.

mod compile;
mod reader;

use std::collections::HashMap;
use std::num::NonZeroU16;

use super::facts::{DefFlags, DefKind, Literal, Role, ScopeKind};
use super::walk::Hook;
use compile::Compiler;

/// In what capacity a subtree is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// An expression or statement: names are read.
    Value,
    /// What is being called.
    Call,
    /// A type.
    Type,
    /// A base of a type.
    Inherit,
    /// A target of assignment.
    Write,
    /// A pattern: names are defined.
    Bind,
    /// The name of the node above; says nothing by itself.
    Name,
    /// A key that names a member of what is matched or built.
    Key,
    /// A label.
    Label,
    /// A macro's name.
    Macro,
    /// A segment of a path before the last: a module or a type.
    Path,
    /// The name after `struct`, `union` or `enum`.
    Tag,
}

impl Context {
    /// The role of a name that stands here.
    pub fn role(self) -> Role {
        match self {
            Context::Value | Context::Bind | Context::Name => Role::Read,
            Context::Call => Role::Call,
            Context::Type | Context::Path => Role::Type,
            Context::Inherit => Role::Inherit,
            Context::Write => Role::Write,
            Context::Key => Role::Key,
            Context::Label => Role::Label,
            Context::Macro => Role::Macro,
            Context::Tag => Role::Tag,
        }
    }
}

/// Where the term of a child goes in the node that reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    None,
    Value,
    Receiver,
    Type,
    Init,
    /// Appended to the node's items.
    Item,
    /// Returned from the enclosing function.
    Return,
    /// A decorator of the definition.
    Decorator,
    /// A base of the definition.
    Inherit,
    /// The type or value whose member is defined.
    Of,
    /// The trait that is implemented.
    Trait,
}

/// What is put around a child's term on its way to the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrap {
    None,
    Iter,
    Index,
    Await,
    Unwrap,
    Deref,
    AddrOf,
    Enter,
    Instance,
    Call,
    List,
    /// A sequence of pairs of a position and an element.
    Enumerate,
    /// A sequence of pairs of a key and what is at it.
    Entries,
    /// A mapping from strings.
    Mapping,
    /// The value awaited, or a sequence or tuple of such values.
    Awaited,
}

/// How a child is read: context, slot and what binds in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub context: ContextChoice,
    pub slot: SlotChoice,
    pub wrap: Wrap,
    /// Starts a pattern of its own that defines names of this kind.
    pub binds: Option<DefKind>,
    /// The children are the arguments of the node's call.
    pub arguments: bool,
    /// Patterns in the child are matched with the node's value.
    pub matched: bool,
    /// Sets these on the definition instead of being read.
    pub flags: DefFlags,
    pub skip: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextChoice {
    Is(Context),
    /// As the node itself is read.
    Inherited,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotChoice {
    Is(Slot),
    /// The child's term is the node's own.
    Inherited,
}

impl Reading {
    const fn new(context: Context, slot: Slot) -> Reading {
        Reading {
            context: ContextChoice::Is(context),
            slot: SlotChoice::Is(slot),
            wrap: Wrap::None,
            binds: None,
            arguments: false,
            matched: false,
            flags: DefFlags::NONE,
            skip: false,
        }
    }
    /// How children are read that no selector of the rule takes.
    pub const WALK: Reading = Reading::new(Context::Value, Slot::None);
}

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Defines the name in its name child.
    Define(DefKind),
    /// Opens a scope.
    Scope(ScopeKind),
    /// A function or class without a name: the definition whose initialiser it is has its body.
    Adopt,
    /// Starts a pattern group: names in `@bind` children are defined, with the node's type and initialiser.
    Bind(DefKind),
    /// A pattern group that is matched with what the node above hands down (a match arm).
    Arm(DefKind),
    /// A block that counts as a scope from the first definition in it on.
    LazyScope,
    /// Like a pattern group, but bare names are written to and only members are defined.
    Assign,
    /// Names of the group that their scope declares already are written to (Go's `:=`).
    Rebind,
    /// In a pattern: the i-th child matches the i-th part; as a value, a tuple.
    PatternNth,
    /// In a pattern: a field of what is matched; the key comes first.
    PatternField,
    /// In a pattern: positional payload of the type in the type slot.
    PatternPayload,
    /// In a pattern: what is matched is of the type in the type slot.
    PatternStruct,
    /// In a pattern: the child is a function that gives what is matched (C's `int (*f)(void)`).
    PatternFunction,
    /// The children are matched with the node's value (the cases of a switch).
    PatternSubject,
    /// In a pattern: the first child matches the keys of what is iterated, the second its elements.
    PatternEntry,
    /// In a pattern or literal: the children are matched with an element of the subject.
    PatternElement,
    /// The definition has the type of the pattern group that it stands in.
    Bound,
    /// A name, used according to its context.
    Identifier,
    /// A name that is both key and value (`{ x }`).
    Shorthand,
    /// A name that is a type wherever it stands.
    TypeIdentifier,
    /// A name with a receiver.
    Member,
    /// A name, perhaps with a receiver, that is called with the arguments that follow; the node's value.
    Invoke,
    /// Members for a type that is declared elsewhere.
    Extension,
    /// The definition is a member of the type in the `@of` slot.
    MemberOf,
    /// Sets flags on the definition of the node above.
    Flag(DefFlags),
    /// The definitions below carry these flags.
    FlagBelow(DefFlags),
    /// The definitions directly below belong to the function's scope (`var`).
    FunctionScope,
    /// The function has no receiver of its own, but that of what is around it.
    OuterReceiver,
    Term(TermAction),
    Hook(u16),
    /// Nothing inside is read.
    Skip,
}

/// The term that a node makes of its slots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TermAction {
    /// No term at all.
    None,
    Call,
    New,
    Index,
    /// An element of the first item; the item itself where it is the only one (a slice by a range).
    Element,
    Iter,
    Await,
    Unwrap,
    Deref,
    AddrOf,
    Same,
    /// The initialiser (an assignment's value).
    Init,
    /// A value of the type in the type slot, or the value where that says nothing.
    Cast,
    /// A value of the type in the type slot.
    Instance,
    /// The type slot itself.
    Type,
    Apply,
    Union,
    Tuple,
    /// A truth value that says that the first item is of the type that the second is.
    Says,
    /// A tuple of the items, or the item if there is only one (several results).
    Several,
    /// The first item.
    First,
    /// The second item.
    Second,
    /// A value of the type that the value names, or that stands before its name (`Some(x)`, `Mutex::new(x)`), with the
    /// items as its arguments.
    Wrap,
    /// A sequence of tuples of the items.
    Zip,
    /// The type slot, once for each name that the node binds.
    Each,
    List,
    Map,
    Func,
    Object,
    SelfValue,
    SelfType,
    Super,
    Literal(Literal),
}

/// A condition on the node, cheap enough to ask while walking.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    In(Context),
    NotIn(Context),
    Parent(Vec<u16>),
    NotParent(Vec<u16>),
    Has(u16),
    Lacks(u16),
    /// The text of the field's node is one of these.
    Text(u16, Vec<Box<str>>),
    /// The text of the node itself is one of these.
    TextIs(Vec<Box<str>>),
    /// The text of the first named child is one of these.
    Head(Vec<Box<str>>),
    /// The first named child is of one of these kinds.
    First(Vec<u16>),
    /// The last name in the field's text is one of these, and something stands before it.
    Last(u16, Vec<Box<str>>),
    /// The node's text starts with a capital letter.
    Upper,
    /// It does not.
    Lower,
    /// There are several named children, or several that start the node in this field.
    Several(Option<u16>),
    /// There are no named children.
    Leaf,
    /// The field's node is of one of these kinds.
    Kind(u16, Vec<u16>),
    /// One of the node's own tokens, or children.
    Token(Vec<u16>),
}

/// Which children a reading is for.
#[derive(Clone, Debug)]
pub struct Selector {
    pub field: Option<u16>,
    /// Only the first named child.
    pub first: bool,
    /// Empty: any named child.
    pub kinds: Vec<u16>,
    pub reading: Reading,
}

/// One compiled pattern.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    pub conditions: Vec<Condition>,
    pub actions: Vec<Action>,
    pub selectors: Vec<Selector>,
    /// Whether any selector names a field.
    pub fields: bool,
    /// Whether any selector names an anonymous token.
    pub tokens: bool,
    /// Whether any child's term becomes one of the node's items.
    pub items: bool,
    /// For a pattern group: the field from which on its names are visible.
    pub body: Option<u16>,
    /// The child that holds the name, for rules that define.
    pub name: Option<Selector>,
}

impl Rule {
    pub fn has(&self, action: Action) -> bool {
        self.actions.contains(&action)
    }
}

/// The rules of a pack, by node kind.
#[derive(Debug)]
pub struct Rules {
    /// For each kind id, the range of its rules in `order`.
    by_kind: Vec<(u16, u16)>,
    order: Vec<u16>,
    rules: Vec<Rule>,
}

/// What is wrong with a rules file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rules, line {line}: {message}")]
pub struct RuleError {
    pub line: usize,
    pub message: String,
}

impl Rules {
    /// Compiles a rules file for a grammar; names unknown to the grammar or the vocabulary are errors.
    pub fn compile(
        source: &str,
        grammar: &tree_sitter::Language,
        hooks: &[(&str, Hook)],
    ) -> Result<Rules, RuleError> {
        let mut rules = Vec::new();
        let mut of_kind: HashMap<u16, Vec<u16>> = HashMap::new();
        for form in reader::read(source)? {
            let compiler = Compiler { grammar, hooks, line: form.line };
            let rule = compiler.rule(&form)?;
            for kind in &form.kinds {
                for id in compiler.kinds(kind, true)? {
                    of_kind.entry(id).or_default().push(rules.len() as u16);
                }
            }
            rules.push(rule);
        }
        let mut by_kind = vec![(0, 0); grammar.node_kind_count() + 1];
        let mut order = Vec::new();
        for (kind, mut indices) in of_kind {
            let start = order.len() as u16;
            order.append(&mut indices);
            if let Some(entry) = by_kind.get_mut(usize::from(kind)) {
                *entry = (start, order.len() as u16);
            }
        }
        Ok(Rules { by_kind, order, rules })
    }

    /// The rules of the kind, in the order of the file.
    pub fn of(&self, kind: u16) -> &[u16] {
        let (start, end) = self.by_kind.get(usize::from(kind)).copied().unwrap_or_default();
        &self.order[usize::from(start)..usize::from(end)]
    }
    pub fn rule(&self, index: u16) -> &Rule {
        &self.rules[usize::from(index)]
    }
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(source: &str) -> Result<Rules, RuleError> {
        Rules::compile(source, &tree_sitter_python::LANGUAGE.into(), &[])
    }

    #[test]
    fn names_that_the_grammar_or_the_vocabulary_lacks_are_errors_with_their_line() {
        assert!(compile("(identifier) @ident").is_ok());
        for (source, part) in [
            ("\n(idenfier) @ident", "no node `idenfier`"),
            ("(call funktion: (_) @callee)", "no field `funktion`"),
            ("(call function: (_) @calle)", "unknown capture `@calle`"),
            ("(call) @def.function", "needs a child captured as @name"),
            ("(call) @term.cal", "unknown term"),
            ("(call (#inn? type))", "unknown condition"),
            ("(call", "ends inside"),
        ] {
            let error = compile(source).unwrap_err();
            assert!(error.message.contains(part), "{source}: {error}");
        }
        assert_eq!(compile("\n(idenfier) @ident").unwrap_err().line, 2);
    }

    #[test]
    fn every_packs_rules_compile() {
        for lang in super::super::LangId::all() {
            let pack = lang.pack();
            let rules = Rules::compile(pack.rules, &(pack.grammar)(), pack.hooks);
            assert!(rules.is_ok(), "{}: {}", pack.name, rules.unwrap_err());
        }
    }
}
