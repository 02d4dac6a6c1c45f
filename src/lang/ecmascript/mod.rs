//! What TypeScript, TSX and JavaScript share: hooks, module rules, knobs.

mod globals;
mod hooks;
mod jsdoc;
mod manifests;
mod modules;
mod narrowing;

use super::imports::ImportStyle;
use super::pack::{AssignedMembers, Exports, Generic, Hands, MemberScope, Mro, Stub, Visibility};
use super::{Knobs, Usage};

pub use hooks::HOOKS;
pub use modules::Modules;

/// Knobs of TypeScript.
pub const TYPESCRIPT: Knobs = Knobs {
    constructor_names: &["constructor"],
    member_scope: MemberScope::Receiver,
    visibility: Visibility::Scope,
    type_namespace: true,
    related_use: true,
    contextual: true,
    arities: true,
    mro: Mro::DepthFirst,
    exports: Exports::Marked,
    transparent: TRANSPARENT,
    generics: GENERICS,
    call_names: &["()"],
    iter_names: &["[Symbol.iterator]", "Symbol.iterator"],
    index_names: &["[]"],
    hands: HANDS,
    iterates_pairs: true,
    comparing: &["sort", "toSorted"],
    folding: &["reduce", "reduceRight"],
    functional: &["FC", "FunctionComponent", "VFC", "ForwardRefRenderFunction", "EventHandler", "Dispatch"],
    builtins: globals::GLOBALS,
    prototype_names: &["prototype"],
    doc_prefixes: &["/**", "//"],
    decorator_prefixes: &["@"],
    structural_types: true,
    base_members: &["props", "state"],
    ambient: true,
    member_marks: &[".", "?."],
    imports: Some(ImportStyle {
        line: "import { $name } from '$module';",
        in_block: None,
        older: Some(("require(", "const { $name } = require('$module');")),
        by_package: false,
        qualified: false,
    }),
    stub: Some(Stub {
        function: "function $name($parameters) {\n    throw new Error('not implemented');\n}",
        method: Some("$name($parameters) {\n    throw new Error('not implemented');\n}"),
        parameter: "$name",
        blank_lines: 1,
        statements_only: false,
        in_class: false,
    }),
    attachment_marks: &["@"],
    computed_members: &["Object.assign(this", "this[", "new Proxy(this"],
    member_strings: &["["],
    found_by_name: &["constructor", "toString", "valueOf", "toJSON", "toLocaleString", "then"],
    standard_members: globals::MEMBERS,
    usage: Usage {
        implicit_imports: &["React", "h", "jsx"],
        private_by_default: true,
        imports_run: true,
        erased_imports: &["import type", "export type"],
        ..Usage::DEFAULT
    },
    ..Knobs::DEFAULT
};

/// Knobs of JavaScript: TypeScript's, and assignments declare members.
pub const JAVASCRIPT: Knobs = Knobs {
    assigned_members: AssignedMembers::Any,
    arities: false,
    ambient: false,
    comment_types: true,
    ..TYPESCRIPT
};

/// Types that have the members of their argument.
const TRANSPARENT: &[&str] = &[
    "Awaited",
    "Exclude",
    "Extract",
    "InstanceType",
    "NoInfer",
    "NonNullable",
    "Omit",
    "Partial",
    "Pick",
    "Readonly",
    "Required",
];

/// Types of the standard library that hold what their arguments say.
const GENERICS: &[(&str, Generic)] = &[
    ("Array", Generic::List),
    ("ArrayLike", Generic::List),
    ("AsyncGenerator", Generic::List),
    ("AsyncIterable", Generic::List),
    ("AsyncIterableIterator", Generic::List),
    ("AsyncIterator", Generic::List),
    ("Generator", Generic::List),
    ("Iterable", Generic::List),
    ("IterableIterator", Generic::List),
    ("Iterator", Generic::List),
    ("Map", Generic::Map),
    ("ReadonlyArray", Generic::List),
    ("ReadonlyMap", Generic::Map),
    ("ReadonlySet", Generic::List),
    ("Record", Generic::Map),
    ("ReturnType", Generic::Returned),
    ("Set", Generic::List),
    ("WeakMap", Generic::Map),
    ("WeakSet", Generic::List),
];

/// What methods of the standard library's containers hand out.
const HANDS: &[(&str, Hands)] = &[
    ("at", Hands::Element),
    ("catch", Hands::Receiver),
    ("concat", Hands::Receiver),
    ("entries", Hands::Items),
    ("fill", Hands::Receiver),
    ("filter", Hands::Receiver),
    ("flat", Hands::Flattened),
    ("flatMap", Hands::Flat),
    ("finally", Hands::Receiver),
    ("find", Hands::Element),
    ("findLast", Hands::Element),
    ("get", Hands::Element),
    ("keys", Hands::Keys),
    ("map", Hands::Mapped),
    ("pop", Hands::Element),
    ("reduce", Hands::Folded),
    ("reduceRight", Hands::Folded),
    ("reverse", Hands::Receiver),
    ("shift", Hands::Element),
    ("slice", Hands::Receiver),
    ("sort", Hands::Receiver),
    ("splice", Hands::Receiver),
    ("then", Hands::Mapped),
    ("toReversed", Hands::Receiver),
    ("toSorted", Hands::Receiver),
    ("values", Hands::Values),
];
