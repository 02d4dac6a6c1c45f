//! A pack: what coppice knows of one language, as data.

use std::path::Path;
use std::sync::OnceLock;

use super::facts::DefFlags;
use super::modules::ModuleStrategy;
use super::patch::Patch;
use super::rules::Rules;
use super::{c, cpp, go, java, javascript, python, rust, typescript};

/// A language that has a pack: an index into the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LangId(u8);

/// The registry: one line per language.
static PACKS: [&Pack; 9] = [
    &rust::PACK,
    &python::PACK,
    &typescript::PACK,
    &typescript::TSX_PACK,
    &javascript::PACK,
    &go::PACK,
    &java::PACK,
    &c::PACK,
    &cpp::PACK,
];

impl LangId {
    /// How many languages there are.
    pub const COUNT: usize = PACKS.len();

    /// Every language, in registry order.
    pub fn all() -> impl ExactSizeIterator<Item = LangId> {
        (0..PACKS.len()).map(|i| LangId(i as u8))
    }
    /// The language with this index in the registry.
    pub fn from_index(index: u8) -> Option<LangId> {
        (usize::from(index) < PACKS.len()).then_some(LangId(index))
    }
    pub fn index(self) -> u8 {
        self.0
    }
    /// By the file name's extension.
    pub fn of_path(path: &Path) -> Option<LangId> {
        let extension = path.extension()?.to_str()?;
        Self::all().find(|l| l.pack().extensions.contains(&extension))
    }
    /// The language of this text in a file that goes by this language: packs may share an extension.
    pub fn of_text(self, path: &str, text: &str) -> LangId {
        let named = self.pack().contents.and_then(|contents| contents(path, text));
        named.and_then(|name| Self::all().find(|l| l.name() == name)).unwrap_or(self)
    }
    /// By the language identifier that editors send (`typescriptreact`).
    pub fn of_language_id(id: &str) -> Option<LangId> {
        Self::all().find(|l| l.pack().language_ids.contains(&id))
    }
    pub fn pack(self) -> &'static Pack {
        PACKS[usize::from(self.0)]
    }
    pub fn name(self) -> &'static str {
        self.pack().name
    }
    pub fn family(self) -> Family {
        self.pack().family
    }
    pub fn knobs(self) -> &'static Knobs {
        &self.pack().knobs
    }
    /// The compiled rules of the pack, made once for the process.
    ///
    /// # Panics
    /// If the pack's rules do not fit its grammar, which a test excludes for every pack.
    pub fn rules(self) -> &'static Rules {
        static COMPILED: [OnceLock<Rules>; PACKS.len()] = [const { OnceLock::new() }; PACKS.len()];
        COMPILED[usize::from(self.0)].get_or_init(|| {
            let pack = self.pack();
            Rules::compile(pack.rules, &(pack.grammar)(), pack.hooks)
                .unwrap_or_else(|error| panic!("the rules of {} do not compile: {error}", pack.name))
        })
    }
    pub fn strategy(self) -> &'static dyn ModuleStrategy {
        self.pack().strategy
    }
}

/// Languages that see each other's names. Names never resolve from one family to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    Rust,
    Python,
    EcmaScript,
    Go,
    Java,
    /// C and C++.
    C,
}

/// Who sees a member by its bare name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberScope {
    /// Nobody: members need a receiver (Rust, Go, TypeScript).
    Receiver,
    /// The class body itself, but not the functions in it (Python).
    Body,
    /// Everything inside the class, inherited members included (Java, C++).
    Lexical,
}

/// From where on a name is visible in its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// In the whole scope, the nearest earlier binding first (Python, JavaScript).
    Scope,
    /// Items in the whole scope, local variables from their declaration on, shadowing earlier ones (Rust, Go).
    Declaration,
}

/// Which assignments to a member define it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignedMembers {
    /// None: fields are declared (Rust, Go).
    None,
    /// Those to the receiver (`self.x = …` in Python).
    Receiver,
    /// Those to anything (JavaScript).
    Any,
}

/// The order in which bases are searched for a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mro {
    /// C3 linearisation (Python).
    C3,
    /// Own members, then bases depth first (single inheritance, interfaces, embedded fields, traits).
    DepthFirst,
}

/// Which definitions of a file other files see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exports {
    /// All at the top level (Python, Rust as far as paths reach).
    All,
    /// Those marked with [`DefFlags::EXPORTED`] and [`DefKind::Export`](super::facts::DefKind::Export).
    Marked,
}

/// How a type comes to implement an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interfaces {
    /// It names the interface among its bases (Java, TypeScript, Python).
    Named,
    /// A block for the two of them (Rust's `impl … for …`).
    Blocks,
    /// It has the methods (Go).
    Methods,
}

/// What a method of a wrapper type hands out, for receivers whose type has no source at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hands {
    /// The receiver itself, wrappers and all (`clone`, `as_ref`).
    Receiver,
    /// The value inside (`unwrap`, `lock`).
    Inner,
    /// The second argument of its type (`unwrap_err`).
    Second,
    /// An element (`next`, `first`).
    Element,
    /// A sequence of the elements (`iter`, `values` of a list).
    Elements,
    /// The key type of a mapping, or a sequence of it.
    Keys,
    /// A sequence of a mapping's values.
    Values,
    /// A sequence of pairs of key and value.
    Items,
    /// A sequence of pairs of position and element.
    Enumerated,
    /// A pointer to an element, or to a mapping's pair of key and value (an iterator).
    Entry,
    /// An element, or a mapping's value, in the language's optional.
    Maybe,
    /// The value inside, perhaps in a wrapper still (a lock whose owner may have failed).
    Guard,
    /// A sequence of the same (`chunks`).
    Parts,
    /// A sequence of the elements of the elements.
    Flattened,
    /// A part of a pair (`getKey`).
    Nth(u32),
    /// What the function gives that the receiver is.
    Called,
    /// The receiver with what a callback gives in the place of its elements (`map`).
    Mapped,
    /// A sequence of the elements of what a callback gives (`flatMap`).
    Flat,
    /// What a callback gives (`and_then`).
    Returned,
    /// A sequence of pairs of an element and one of the first argument.
    Zipped,
    /// The first argument (`fold`).
    Given,
    /// The second argument, else an element (`reduce`).
    Folded,
}

/// What a generic type without source is, as far as its parts matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generic {
    /// Elements of the first argument (`Vec<T>`, `Sequence[T]`).
    List,
    /// Keys of the first argument, values of the second (`HashMap<K, V>`).
    Map,
    /// One part for each argument (`tuple[A, B]`).
    Tuple,
    /// One of the arguments (`Union[A, B]`).
    Union,
    /// The type itself as a value (`type[T]`).
    Type,
    /// A function whose result is the last argument (`Callable[[A], R]`).
    Callable,
    /// What the function gives that the argument is the type of (`ReturnType<typeof f>`).
    Returned,
}

/// How a language writes a function that is still to be written. `$name` and `$parameters` stand for those of the call.
#[derive(Clone, Copy, Debug)]
pub struct Stub {
    /// The text, its lines indented by what one level is.
    pub function: &'static str,
    /// A member of the type that calls it on itself (`self.go()`).
    pub method: Option<&'static str>,
    /// One of the parameters, by `$name`.
    pub parameter: &'static str,
    /// Empty lines between functions.
    pub blank_lines: usize,
    /// It has no result, so it stands for a call whose result nobody wants.
    pub statements_only: bool,
    /// Functions are members, and called by their bare names (Java).
    pub in_class: bool,
}

/// The small properties of a language that the engine and the resolver look at instead of its name.
#[derive(Clone, Debug)]
pub struct Knobs {
    /// Words that stand for the receiver inside a method besides the grammar's own node (`self`, `cls`).
    pub self_names: &'static [&'static str],
    /// What stands in a list of parameters where there are none (`void`).
    pub no_parameters: Option<&'static str>,
    /// The first parameter of a method is its receiver, whatever its name (Python).
    pub self_parameter: bool,
    /// Words that stand for the base of the enclosing type (`super`).
    pub super_names: &'static [&'static str],
    /// Words that stand for the enclosing type (`Self`).
    pub self_type_names: &'static [&'static str],
    pub assigned_members: AssignedMembers,
    /// Methods that make an instance of their type when the type is called (`__init__`, `constructor`).
    pub constructor_names: &'static [&'static str],
    pub member_scope: MemberScope,
    pub visibility: Visibility,
    /// A second declaration of a local name in one scope is a new variable (Rust's `let`) rather than the same one.
    pub shadowing: bool,
    /// Types and values are named apart: a variable never hides a type (Rust, TypeScript).
    pub type_namespace: bool,
    /// Methods and fields are named apart: `x.f` and `x.f()` may be two things (Rust, Java).
    pub split_members: bool,
    /// Calling a class leads to its constructor, where it declares one (C++). Without `constructor_names`, a method that
    /// is named as its type is one (C++, Java).
    pub call_leads_to_constructor: bool,
    /// Definitions of a trait's members in its implementations are uses of them (Rust).
    pub implementations_use: bool,
    /// A member, those that it overrides or that override the same one, and parameters that are fields count as uses of
    /// each other (TypeScript).
    pub related_use: bool,
    /// Names that every module has without declaring them (`__name__`).
    pub module_attributes: &'static [&'static str],
    /// Names outside a module that is written inside a file are not visible in it (Rust's `mod x { … }`).
    pub opaque_modules: bool,
    /// A bare name that nothing declares may be a module by itself (a crate's name in a Rust path).
    pub module_names: bool,
    /// The name that an import binds is a definition of its own: what it names has none (a Go package).
    pub import_names: bool,
    /// Several results are no value: the first of what is not several is itself (Go's `x, ok := m[k]`).
    pub several_results: bool,
    /// Names that start with a small letter are seen by the files of their directory alone (Go).
    pub small_names_stay: bool,
    /// Methods and fields that are not marked as exported are seen in their module and those below it (Rust).
    pub members_stay: bool,
    /// A key that is no field of what is built or matched is a name in scope (Go's map literals, Java's `case`).
    pub key_names: bool,
    /// Functions of one name are told apart by what they are given.
    pub overloads: bool,
    /// Local variables belong to the enclosing function rather than to the block (Python, `var`).
    pub function_scoped: bool,
    /// Files include each other's text, and macros are replaced in it before anything else is read: what is declared
    /// outside of functions is seen by whoever includes it, a thing may be declared in one file and defined in another,
    /// and a macro may stand for any name (C).
    pub textual: bool,
    /// Structs, unions and enums are named apart from everything else, and a type in another one is not its member (C).
    pub tags: bool,
    /// Types in documentation comments are those of the definitions behind them (JavaScript).
    pub comment_types: bool,
    /// A literal is what the place where it stands expects: its keys are uses of that type's members (TypeScript,
    /// JavaScript).
    pub contextual: bool,
    /// Functions of one name may differ in how many arguments they take, so calls say how many they hand over.
    pub arities: bool,
    /// Types go together by their shape: members of one name may be the same without a word of it (TypeScript, Go).
    pub structural_types: bool,
    /// Members of classes that come from a base outside, in the order of the arguments of the base that are their types
    /// (`props` and `state` of `class A extends Component<Props, State>`).
    pub base_members: &'static [&'static str],
    /// What a file declares that neither imports nor exports is seen by all files (TypeScript).
    pub ambient: bool,
    /// Whether whole files are left out of a build by what they begin with or are called: their definitions carry
    /// [`INACTIVE`](super::facts::DefFlags::INACTIVE), or their strategy knows their names.
    pub build_constraints: bool,
    /// Definitions that something outside the folder finds by their name; `*` stands for any letters.
    pub found_by_name: &'static [&'static str],
    /// Members that nearly always are those of the language's own types: what a folder declares under such a name is no
    /// guess for a receiver of which nothing is known.
    pub standard_members: &'static [&'static str],
    /// How a function is begun that is called and not there; `None` where that takes types that nobody knows.
    pub stub: Option<Stub>,
    /// Functions that something outside the folder calls with arguments by the names of their parameters; `*` stands for any
    /// letters.
    pub called_by_name: &'static [&'static str],
    /// What stands before an argument that is many, each with a name that is computed (`**`).
    pub spread_arguments: Option<&'static str>,
    /// A name at the top of a file or class is the language's own until it is assigned.
    pub late_globals: bool,
    /// What marks an attribute or annotation of the definition behind it (`@`, `#[`).
    pub attachment_marks: &'static [&'static str],
    /// Attributes and annotations that make nothing of the names of what they are attached to.
    pub plain_attachments: &'static [&'static str],
    /// What a type writes that has members by names which are computed (`setattr(self`).
    pub computed_members: &'static [&'static str],
    /// What stands before a string that names a member: `[` behind a value, or a function that takes the name
    /// (`getattr(`).
    pub member_strings: &'static [&'static str],
    /// Callers can name the parameter that an argument is for (Python).
    pub keyword_arguments: bool,
    /// A capital at the start of a name makes it seen from other packages (Go).
    pub capitals_export: bool,
    /// How imports are written; `None` where coppice writes none.
    pub imports: Option<super::imports::ImportStyle>,
    /// What behind a name asks for its members (`.`, `::`).
    pub member_marks: &'static [&'static str],
    /// What begins an argument of a call.
    pub argument_marks: &'static [&'static str],
    /// A type that other files see stands in a file of its name (Java).
    pub type_names_file: bool,
    pub mro: Mro,
    pub interfaces: Interfaces,
    pub exports: Exports,
    /// Types that are looked through when a member is not found on them (`Box`, `Arc`, `Promise` awaited).
    pub transparent: &'static [&'static str],
    /// Members that such types have themselves, whatever is inside (`clone`).
    pub wrapper_members: &'static [&'static str],
    /// Generic types without source whose arguments say what they hold.
    pub generics: &'static [(&'static str, Generic)],
    /// The type of what may be missing (`Option`).
    pub optional: Option<&'static str>,
    /// Iterating a mapping gives pairs of key and value rather than keys.
    pub iterates_pairs: bool,
    /// A callback of a mapping is handed the key first, then the value (Java); else the value first.
    pub keys_first: bool,
    /// Methods of containers whose callbacks are handed two elements (`sort`).
    pub comparing: &'static [&'static str],
    /// Methods of containers whose callbacks are handed what there is so far, then an element (`reduce`).
    pub folding: &'static [&'static str],
    /// Function types from outside whose arguments are what they are handed (`Function<T, R>`).
    pub functional: &'static [&'static str],
    /// Bases from outside of which the classes derive whose variables are their instances (Python's `Enum`).
    pub enum_bases: &'static [&'static str],
    /// Types in a container that stand for its elements (`iterator`, `value_type`).
    pub element_types: &'static [&'static str],
    /// Functions that make a type parameter (`TypeVar`).
    pub type_variables: &'static [&'static str],
    /// Patterns of types without source, and which argument of the type they hold (`Some` the first, `Err` the second).
    pub variants: &'static [(&'static str, u32)],
    /// Members that are called when a value itself is (`__call__`).
    pub call_names: &'static [&'static str],
    /// Members that say what iterating a value gives: methods, or types (`__iter__`, Rust's `Item`).
    pub iter_names: &'static [&'static str],
    /// Methods of an iterator that give the next element, where iteration asks for an iterator first (`__next__`).
    pub next_names: &'static [&'static str],
    /// Members that say what an index gives (`__getitem__`, Rust's `Output`).
    pub index_names: &'static [&'static str],
    /// Members that say what a context manager hands out (`__enter__`).
    pub enter_names: &'static [&'static str],
    /// Members that say what a pointer-like value leads to (Rust's `Target`).
    pub deref_names: &'static [&'static str],
    /// Fields of a pair of two values, such as iterating a mapping gives; none where that gives keys (`first`, `second`).
    pub pairs: &'static [&'static str],
    /// Methods of types without source, and what they hand out.
    pub hands: &'static [(&'static str, Hands)],
    /// Names that are always there and never in the folder unless declared there.
    pub builtins: &'static [&'static str],
    /// Types that are defined in a namespace of the standard library by that library alone.
    pub library_types: &'static [&'static str],
    /// Decorators, attributes or annotations that change what a definition is.
    pub decorators: &'static [(&'static str, DefFlags)],
    /// Members that hold the instance type of a function (`prototype`).
    pub prototype_names: &'static [&'static str],
    /// Prefixes of comment lines that document the definition below (`///`), longest first; block comments by
    /// their opening (`/**`).
    pub doc_prefixes: &'static [&'static str],
    /// Attributes and decorators between a comment and its definition start with one of these.
    pub decorator_prefixes: &'static [&'static str],
    /// The first string of a body documents it (Python).
    pub docstrings: bool,
    pub usage: Usage,
}

/// When a definition or import counts as used or seen although nothing names it.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Imports that code uses without naming them (`React`, by the elements of JSX).
    pub implicit_imports: &'static [&'static str],
    /// Files whose imports are there for others (`__init__.py`).
    pub package_files: &'static [&'static str],
    /// An import may be used under another name than its own (a trait by its methods, a package by the name that it
    /// gives itself).
    pub unnamed_imports: bool,
    /// Names that start so, and do not end so too, are not for others (Python's `_`).
    pub private_prefix: Option<&'static str>,
    /// What is not marked as exported is not seen outside of its file or package.
    pub private_by_default: bool,
    /// What starts with a capital is exported (Go).
    pub public_capital: bool,
    /// Functions that are called from outside (`main`).
    pub entry_names: &'static [&'static str],
    /// Importing a file runs it, so that files that import each other in a circle may find each other half made.
    pub imports_run: bool,
    /// How imports start of which nothing is left when the program runs (`import type`).
    pub erased_imports: &'static [&'static str],
}

impl Usage {
    pub const DEFAULT: Usage = Usage {
        implicit_imports: &[],
        package_files: &[],
        unnamed_imports: false,
        private_prefix: None,
        private_by_default: false,
        public_capital: false,
        entry_names: &[],
        imports_run: false,
        erased_imports: &[],
    };
}

impl Knobs {
    /// The commonest values, for packs to override.
    pub const DEFAULT: Knobs = Knobs {
        self_names: &[],
        no_parameters: None,
        self_parameter: false,
        super_names: &[],
        self_type_names: &[],
        assigned_members: AssignedMembers::None,
        constructor_names: &[],
        member_scope: MemberScope::Receiver,
        visibility: Visibility::Declaration,
        shadowing: false,
        type_namespace: false,
        split_members: false,
        call_leads_to_constructor: false,
        implementations_use: false,
        related_use: false,
        contextual: false,
        module_attributes: &[],
        opaque_modules: false,
        module_names: false,
        import_names: false,
        several_results: false,
        small_names_stay: false,
        members_stay: false,
        key_names: false,
        overloads: false,
        function_scoped: false,
        textual: false,
        tags: false,
        comment_types: false,
        arities: false,
        structural_types: false,
        base_members: &[],
        ambient: false,
        build_constraints: false,
        found_by_name: &[],
        standard_members: &[],
        stub: None,
        called_by_name: &[],
        spread_arguments: None,
        late_globals: false,
        attachment_marks: &[],
        plain_attachments: &[],
        computed_members: &[],
        member_strings: &[],
        keyword_arguments: false,
        imports: None,
        member_marks: &["."],
        argument_marks: &["(", ","],
        capitals_export: false,
        type_names_file: false,
        mro: Mro::DepthFirst,
        interfaces: Interfaces::Named,
        exports: Exports::All,
        transparent: &[],
        wrapper_members: &[],
        generics: &[],
        optional: None,
        iterates_pairs: false,
        keys_first: false,
        comparing: &[],
        folding: &[],
        functional: &[],
        enum_bases: &[],
        element_types: &[],
        type_variables: &[],
        variants: &[],
        call_names: &[],
        iter_names: &[],
        next_names: &[],
        index_names: &[],
        enter_names: &[],
        deref_names: &[],
        pairs: &[],
        hands: &[],
        builtins: &[],
        library_types: &[],
        decorators: &[],
        prototype_names: &[],
        doc_prefixes: &[],
        decorator_prefixes: &[],
        docstrings: false,
        usage: Usage::DEFAULT,
    };
}

/// What coppice knows of one language.
pub struct Pack {
    /// Its name in status, reports and fixtures.
    pub name: &'static str,
    pub family: Family,
    /// Extensions of its files, without the dot.
    pub extensions: &'static [&'static str],
    /// The identifiers that editors send for it.
    pub language_ids: &'static [&'static str],
    pub grammar: fn() -> tree_sitter::Language,
    /// The rules of the walk; see [`rules`](super::rules).
    pub rules: &'static str,
    /// Code for node kinds that a rule hands to it by name: what tables cannot express.
    pub hooks: &'static [(&'static str, super::walk::Hook)],
    pub knobs: Knobs,
    pub strategy: &'static dyn ModuleStrategy,
    /// The pack that reads a file of one of the extensions, by the file's path and text, where it is not this one:
    /// for extensions that languages share.
    pub contents: Option<fn(&str, &str) -> Option<&'static str>>,
    /// What the parser is to see otherwise than it is written, for texts that the grammar cannot make sense of; in order
    /// and apart.
    pub patches: Option<fn(&str) -> Vec<Patch>>,
}
