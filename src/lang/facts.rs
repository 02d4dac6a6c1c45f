//! What one source file says: its scopes, definitions, references and the small terms that carry types.
//!
//! [`Facts`] is plain data in the order of one syntax walk. It knows no other file: a reference names its
//! receiver by a [`Term`], an import is a definition whose value is a term, and the resolver evaluates terms
//! against a whole graph.

/// A byte range of a file, end exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub const fn new(start: u32, end: u32) -> Self {
        Span { start, end }
    }
    pub const fn contains(&self, offset: u32) -> bool {
        self.start <= offset && offset < self.end
    }
    /// Like [`contains`](Self::contains), but true at the end offset too (a cursor behind the last letter).
    pub const fn touches(&self, offset: u32) -> bool {
        self.start <= offset && offset <= self.end
    }
    pub const fn encloses(&self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }
    pub const fn len(&self) -> u32 {
        self.end - self.start
    }
    pub const fn is_empty(&self) -> bool {
        self.end == self.start
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A name: an index into [`Facts::names`] in fresh facts, into the graph's interner in facts taken from a graph.
    Name,
    /// An index into [`Facts::scopes`].
    ScopeId,
    /// An index into [`Facts::defs`].
    DefId,
    /// An index into [`Facts::refs`].
    RefId,
    /// An index into [`Facts::terms`].
    TermId,
}

impl ScopeId {
    /// The scope of the file itself, always the first.
    pub const FILE: ScopeId = ScopeId(0);
}

/// What a scope is; it decides who sees the names declared in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ScopeKind {
    /// The whole file.
    File,
    /// A module or namespace written inside a file.
    Module,
    /// The body of a class, struct, interface, trait or enum: names in it are members.
    Class,
    /// A block that adds members to a type declared elsewhere (a Rust `impl`): see [`Scope::of`].
    Extension,
    /// A function, with its parameters and type parameters.
    Function,
    /// A block, loop, comprehension or match arm.
    Block,
    /// An object literal: names in it are its properties.
    Object,
}

/// A region in which names are declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    pub kind: ScopeKind,
    pub parent: Option<ScopeId>,
    pub span: Span,
    /// The definition whose body this is.
    pub owner: Option<DefId>,
    /// For an extension: the type that it adds members to. For a function without a receiver of its own (an arrow
    /// function): the receiver of what is around it.
    pub of: Option<TermId>,
}

/// What a definition is, in the vocabulary of editors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum DefKind {
    Module,
    Namespace,
    Class,
    Struct,
    Enum,
    Union,
    Interface,
    Trait,
    TypeAlias,
    EnumMember,
    Function,
    Method,
    Constructor,
    Property,
    Field,
    Constant,
    Static,
    Variable,
    Parameter,
    TypeParameter,
    Macro,
    Label,
    /// A name brought in from elsewhere; [`Def::init`] says what it stands for.
    Import,
    /// A name that only importers see (`export { a as b }`, `export default …`); [`Def::init`] says what it stands for.
    Export,
}

impl DefKind {
    pub const ALL: [DefKind; 24] = [
        DefKind::Module,
        DefKind::Namespace,
        DefKind::Class,
        DefKind::Struct,
        DefKind::Enum,
        DefKind::Union,
        DefKind::Interface,
        DefKind::Trait,
        DefKind::TypeAlias,
        DefKind::EnumMember,
        DefKind::Function,
        DefKind::Method,
        DefKind::Constructor,
        DefKind::Property,
        DefKind::Field,
        DefKind::Constant,
        DefKind::Static,
        DefKind::Variable,
        DefKind::Parameter,
        DefKind::TypeParameter,
        DefKind::Macro,
        DefKind::Label,
        DefKind::Import,
        DefKind::Export,
    ];

    /// Whether the definition names a type.
    pub fn is_type(self) -> bool {
        use DefKind::*;
        matches!(self, Class | Struct | Enum | Union | Interface | Trait | TypeAlias | TypeParameter)
    }
    /// Whether the definition can be called for a result.
    pub fn is_callable(self) -> bool {
        matches!(self, DefKind::Function | DefKind::Method | DefKind::Constructor | DefKind::Macro)
    }
    /// Whether the definition only stands for another one.
    pub fn is_alias(self) -> bool {
        matches!(self, DefKind::Import | DefKind::Export)
    }
}

/// Properties of a definition, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DefFlags(pub u16);

impl DefFlags {
    pub const NONE: DefFlags = DefFlags(0);
    /// Visible to importers where the language wants that said (`export`, `pub`, a Go capital).
    pub const EXPORTED: DefFlags = DefFlags(1);
    pub const STATIC: DefFlags = DefFlags(1 << 1);
    pub const ASYNC: DefFlags = DefFlags(1 << 2);
    pub const ABSTRACT: DefFlags = DefFlags(1 << 3);
    /// Read without a call although declared as a function (a Python property, a getter).
    pub const GETTER: DefFlags = DefFlags(1 << 4);
    /// One signature among several of the same name (`@overload`, a TypeScript overload, a prototype).
    pub const OVERLOAD: DefFlags = DefFlags(1 << 5);
    /// A module whose body is another file (Rust's `mod x;`).
    pub const FILE_MODULE: DefFlags = DefFlags(1 << 6);
    /// Its first parameter is the receiver's class rather than the receiver (`@classmethod`).
    pub const CLASS_METHOD: DefFlags = DefFlags(1 << 7);
    /// An embedded field or mixin: its type's members are members of the owner too (Go).
    pub const EMBEDDED: DefFlags = DefFlags(1 << 8);
    /// Visible only in its own type or file.
    pub const PRIVATE: DefFlags = DefFlags(1 << 9);
    /// Declared by being assigned, where a later declaration may be the better one (`self.x = …`).
    pub const ASSIGNED: DefFlags = DefFlags(1 << 10);
    /// A generator: a call gives an iterator of the returned type.
    pub const GENERATOR: DefFlags = DefFlags(1 << 11);
    /// Visible from the start of its scope on, before its own position (hoisted).
    pub const HOISTED: DefFlags = DefFlags(1 << 12);
    /// Its name stands in an outer scope than the one it is written in (`global x`, `#[macro_export]`).
    pub const OUTER: DefFlags = DefFlags(1 << 13);
    /// In a branch of a condition, or a file, that likely is not compiled. Shares its bit with what only methods can be.
    pub const INACTIVE: DefFlags = DefFlags::CLASS_METHOD;
    /// A namespace whose names stand in the one around it too. Shares its bit with what no namespace can be.
    pub const INLINE: DefFlags = DefFlags::EXPORTED;
    /// Takes a receiver (`self`) as its first parameter.
    pub const RECEIVER: DefFlags = DefFlags(1 << 14);
    /// A parameter that takes any number of arguments.
    pub const VARIADIC: DefFlags = DefFlags(1 << 15);
    /// A parameter that a call may leave out, or a member that a value may lack. Shares its bit with what only functions can be.
    pub const OPTIONAL: DefFlags = DefFlags::GENERATOR;
    /// Only says that the thing exists; what it is stands elsewhere (a prototype, `extern`, `struct s;`). Shares its bit
    /// with what only modules can be.
    pub const DECLARATION: DefFlags = DefFlags::FILE_MODULE;

    pub const fn has(self, other: DefFlags) -> bool {
        self.0 & other.0 == other.0
    }
    pub const fn with(self, other: DefFlags) -> DefFlags {
        DefFlags(self.0 | other.0)
    }
    pub const fn without(self, other: DefFlags) -> DefFlags {
        DefFlags(self.0 & !other.0)
    }
}

/// A named thing that the file declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Def {
    pub name: Name,
    pub kind: DefKind,
    pub flags: DefFlags,
    /// The identifier.
    pub name_span: Span,
    /// The whole declaration.
    pub span: Span,
    /// The scope in which it is declared.
    pub scope: ScopeId,
    /// The scope that it opens.
    pub body: Option<ScopeId>,
    /// The value or type whose member it is, where that is not the owner of `scope`
    /// (`self.x = …`, `func (t *T) M()`, `Foo.prototype.bar = …`).
    pub of: Option<TermId>,
    /// Declared type; for a callable the declared return type; for a type alias the aliased type.
    pub ty: Option<TermId>,
    /// What it is initialised with; for a callable without declared return type the union of what it returns;
    /// for an import or export what it stands for.
    pub init: Option<TermId>,
}

/// How a name is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Role {
    Read,
    Write,
    Call,
    Type,
    /// In the list of bases of a type (superclass, interface, trait, embedded type).
    Inherit,
    Import,
    /// A label, lifetime or other name outside the value and type namespaces.
    Label,
    /// The name of a macro being invoked.
    Macro,
    /// A key that names a field (`Point { x: 1 }`) or a keyword argument's parameter.
    Key,
    /// The name of a struct, union or enum after that word, where such names are a world of their own (C).
    Tag,
}

impl Role {
    pub const ALL: [Role; 10] = [
        Role::Read,
        Role::Write,
        Role::Call,
        Role::Type,
        Role::Inherit,
        Role::Import,
        Role::Label,
        Role::Macro,
        Role::Key,
        Role::Tag,
    ];
}

/// A place where a name is used. Its span is `start .. start + name length`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ref {
    pub name: Name,
    /// Where the identifier stands.
    pub span: Span,
    pub role: Role,
    /// The scope in which the name is looked up.
    pub scope: ScopeId,
    /// What stands before the dot, arrow or double colon; `None` for a bare name.
    pub recv: Option<TermId>,
}

/// The kind of a literal, enough to find the members of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Literal {
    String,
    Bytes,
    Integer,
    Float,
    Boolean,
    Null,
    List,
    Map,
    Set,
    Tuple,
    Regex,
    Character,
    Function,
}

impl Literal {
    pub const ALL: [Literal; 13] = [
        Literal::String,
        Literal::Bytes,
        Literal::Integer,
        Literal::Float,
        Literal::Boolean,
        Literal::Null,
        Literal::List,
        Literal::Map,
        Literal::Set,
        Literal::Tuple,
        Literal::Regex,
        Literal::Character,
        Literal::Function,
    ];
}

/// The position of no argument, in the term of a parameter of a function whose type is declared.
pub const DECLARED: u32 = u32::MAX;

/// The number of no payload: the subject itself, where it has been shown to be what the pattern says.
pub const WHOLE: u32 = u32::MAX;

/// The number of no payload: a truth value that says that the subject, a parameter, is of the type.
pub const SAYS: u32 = u32::MAX - 1;

/// A small expression over values and types of the file, evaluated by the resolver.
///
/// Children may have larger or smaller ids than their parent (a pattern is seen before its value); evaluation
/// carries a depth limit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// Nothing is known.
    Unknown,
    /// What the reference stands for: a value, a type or a module.
    Ref(RefId),
    /// A definition of this file.
    Def(DefId),
    /// The module that this specifier names (`./x`, `..pkg.mod`, `crate`), by the language's module rules.
    Module(Name),
    /// The exports object of this file (CommonJS).
    Exports,
    /// The receiver of the enclosing method, or the instance of the enclosing class.
    SelfValue,
    /// The enclosing type itself.
    SelfType,
    /// The base of the enclosing type, as a value.
    Super,
    /// Another term (filled in once the initialiser of a pattern is known).
    Same(TermId),
    /// The result of calling it (an instance, if it is a class). Of a tuple the first part is called, and the others are
    /// what it is given.
    Call(TermId),
    /// An instance of the type.
    Instance(TermId),
    /// An element by index or key.
    Index(TermId),
    /// An element by iteration.
    Iter(TermId),
    /// The value awaited.
    Await(TermId),
    /// The value inside an optional or result (`?`, `!`, `if let Some`).
    Unwrap(TermId),
    /// The value pointed to.
    Deref(TermId),
    /// A pointer or borrow.
    AddrOf(TermId),
    /// What a context manager hands out (`with … as x`).
    Enter(TermId),
    /// The n-th part of a tuple or of several results. Of a literal: one of its kind, by a number that stands for its text.
    Nth(TermId, u32),
    /// The n-th payload of a variant or positional pattern (`Some(x)`, `Point(a, b)`): pattern type, subject, n. The
    /// [`WHOLE`] subject is what a test has shown: an instance of the pattern's type; for the n-th part of a function what
    /// that [`SAYS`] of its n-th argument; for a tuple one whose member, the first part, has one of the values that follow;
    /// for a mapping one whose member does not have the value.
    Payload(TermId, TermId, u32),
    /// The n-th parameter handed to a function value that is an argument: the call it is an argument of,
    /// the argument's position and the parameter's. At the position [`DECLARED`] stands the function itself.
    Argument(TermId, u32, u32),
    /// A generic type with arguments: head first.
    Apply(TermId, Box<[TermId]>),
    /// One of several.
    Union(Box<[TermId]>),
    Tuple(Box<[TermId]>),
    /// A sequence with elements of this type or value.
    List(TermId),
    /// A mapping: key, value.
    Map(TermId, TermId),
    /// A function value with this result.
    Func(TermId),
    Literal(Literal),
    /// An object literal, by its scope.
    Object(ScopeId),
}

/// `from x import *`, `use a::*`, `export * from`: every visible name of a module or type, seen in a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    pub scope: ScopeId,
    pub target: TermId,
    /// Whether the names are handed on to importers of this file.
    pub reexport: bool,
}

/// Members added to a type outside its body: an `impl` block, a Go method, an assignment to a prototype.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Last segment of the extended type's name, the key under which the graph finds the extension.
    pub target_name: Name,
    pub target: TermId,
    /// The block with the members, or
    pub scope: Option<ScopeId>,
    /// the single member.
    pub def: Option<DefId>,
    /// The trait or interface that is implemented here.
    pub implements: Option<TermId>,
}

impl Extension {
    /// The scope that its terms are to be understood in.
    pub fn scope_in(&self, facts: &Facts) -> ScopeId {
        self.scope.or_else(|| self.def.map(|def| facts.def(def).scope)).unwrap_or(ScopeId::FILE)
    }
}

/// Bases of a type, in source order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inherit {
    pub def: DefId,
    pub base: TermId,
}

/// What a call is given, in languages whose signatures of one name are told apart by that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// The name that is called.
    pub callee: RefId,
    pub items: Box<[TermId]>,
}

/// The largest number of arguments that is written down.
pub const ARITY_MAX: u8 = 15;

/// Everything that one file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Distinct names of the file; empty once the facts' names are those of a graph.
    pub names: Vec<Box<str>>,
    /// In pre-order; the first is the file's.
    pub scopes: Vec<Scope>,
    pub defs: Vec<Def>,
    pub refs: Vec<Ref>,
    pub terms: Vec<Term>,
    pub globs: Vec<Glob>,
    pub extensions: Vec<Extension>,
    pub inherits: Vec<Inherit>,
    pub arguments: Vec<Arguments>,
    /// The names that a glob import of this file brings, where the file lists them (`__all__`).
    pub listed: Option<Vec<Name>>,
    /// How many arguments a call of the name hands over, by reference, where the language tells functions of one
    /// name apart by that; in order, counts up to [`ARITY_MAX`].
    pub arities: Vec<(RefId, u8)>,
    /// The package or module the file declares itself part of (Go `package x`, Java `package a.b`).
    pub package: Option<Name>,
}

impl Facts {
    /// Facts of which nothing is known but that they are a file's, of this many bytes.
    pub fn of_file(text_len: u32) -> Facts {
        let (kind, span) = (ScopeKind::File, Span::new(0, text_len));
        let file = Scope { kind, parent: None, span, owner: None, of: None };
        Facts { scopes: vec![file], ..Facts::default() }
    }
    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.index()]
    }

    /// Calls `visit` on each name where it is used, in an order that depends on nothing but what the facts say.
    pub fn each_name(&mut self, mut visit: impl FnMut(&mut Name)) {
        self.defs.iter_mut().for_each(|d| visit(&mut d.name));
        self.refs.iter_mut().for_each(|r| visit(&mut r.name));
        self.extensions.iter_mut().for_each(|e| visit(&mut e.target_name));
        self.listed.iter_mut().flatten().for_each(&mut visit);
        self.package.iter_mut().for_each(&mut visit);
        for term in &mut self.terms {
            if let Term::Module(name) = term {
                visit(name);
            }
        }
    }

    /// The same with each name that is used once, in order of use.
    #[must_use]
    pub fn in_order_of_names(mut self) -> Facts {
        let old = std::mem::take(&mut self.names);
        let mut numbers = rustc_hash::FxHashMap::default();
        let mut names = Vec::new();
        self.each_name(|name| {
            let text = &old[name.index()];
            *name = *numbers.entry(text).or_insert_with(|| {
                names.push(text.clone());
                Name(names.len() as u32 - 1)
            });
        });
        self.names = names;
        self
    }
    pub fn def(&self, id: DefId) -> &Def {
        &self.defs[id.index()]
    }
    pub fn reference(&self, id: RefId) -> &Ref {
        &self.refs[id.index()]
    }
    pub fn term(&self, id: TermId) -> &Term {
        &self.terms[id.index()]
    }
    /// The term without what a test has shown it to be.
    pub fn plain(&self, term: TermId) -> TermId {
        match self.term(term) {
            Term::Payload(_, subject, WHOLE) => *subject,
            _ => term,
        }
    }
    /// What is called, of the term of a call.
    pub fn callee(&self, called: TermId) -> TermId {
        match self.term(called) {
            Term::Tuple(parts) => parts.first().copied().unwrap_or(called),
            _ => called,
        }
    }
    /// How many arguments a call hands over, if that is written down.
    pub fn arity(&self, id: RefId) -> Option<u8> {
        let at = self.arities.binary_search_by_key(&id, |(reference, _)| *reference).ok()?;
        Some(self.arities[at].1)
    }
    pub fn defs_with_ids(&self) -> impl Iterator<Item = (DefId, &Def)> {
        self.defs.iter().enumerate().map(|(i, d)| (DefId(i as u32), d))
    }
    pub fn refs_with_ids(&self) -> impl Iterator<Item = (RefId, &Ref)> {
        self.refs.iter().enumerate().map(|(i, r)| (RefId(i as u32), r))
    }
    pub fn scopes_with_ids(&self) -> impl Iterator<Item = (ScopeId, &Scope)> {
        self.scopes.iter().enumerate().map(|(i, s)| (ScopeId(i as u32), s))
    }
    /// The scope and its ancestors, innermost first.
    pub fn ancestors(&self, scope: ScopeId) -> impl Iterator<Item = ScopeId> {
        std::iter::successors(Some(scope), |s| self.scopes[s.index()].parent)
    }
    /// The innermost scope that holds the offset.
    pub fn scope_at(&self, offset: u32) -> ScopeId {
        let mut found = ScopeId::FILE;
        for (id, scope) in self.scopes_with_ids() {
            if scope.span.start > offset {
                break;
            }
            if scope.span.contains(offset) {
                found = id;
            }
        }
        found
    }
}
