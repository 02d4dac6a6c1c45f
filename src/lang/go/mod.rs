//! The Go pack.

mod hooks;
mod modules;

use super::pack::{Exports, Interfaces, Mro, Visibility};
use super::{Family, Knobs, Pack};

pub static PACK: Pack = Pack {
    name: "go",
    family: Family::Go,
    extensions: &["go"],
    language_ids: &["go"],
    grammar: || tree_sitter_go::LANGUAGE.into(),
    rules: include_str!("rules.scm"),
    hooks: &[
        ("package", hooks::package),
        ("import", hooks::import),
        ("embedded", hooks::embedded),
        ("receiver", hooks::receiver),
        ("repeated", hooks::repeated),
        ("subject", hooks::subject),
        ("narrowed", hooks::narrowed),
    ],
    knobs: Knobs {
        visibility: Visibility::Declaration,
        key_names: true,
        import_names: true,
        several_results: true,
        small_names_stay: true,
        mro: Mro::DepthFirst,
        interfaces: Interfaces::Methods,
        exports: Exports::All,
        builtins: BUILTINS,
        doc_prefixes: &["//", "/*"],
        ..Knobs::DEFAULT
    },
    strategy: &modules::Modules,
    contents: None,
};

/// Predeclared identifiers, from the language specification.
const BUILTINS: &[&str] = &[
    "any",
    "append",
    "bool",
    "byte",
    "cap",
    "clear",
    "close",
    "comparable",
    "complex",
    "complex128",
    "complex64",
    "copy",
    "delete",
    "error",
    "false",
    "float32",
    "float64",
    "imag",
    "int",
    "int16",
    "int32",
    "int64",
    "int8",
    "iota",
    "len",
    "make",
    "max",
    "min",
    "new",
    "nil",
    "panic",
    "print",
    "println",
    "real",
    "recover",
    "rune",
    "string",
    "true",
    "uint",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "uintptr",
];
