//! The TypeScript packs: the language, and the language with elements.

mod signatures;

use super::ecmascript::{HOOKS, Modules, TYPESCRIPT};
use super::{Family, Pack};

pub static PACK: Pack = Pack {
    name: "typescript",
    family: Family::EcmaScript,
    extensions: &["ts", "mts", "cts"],
    language_ids: &["typescript"],
    grammar: || tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
    rules: concat!(
        include_str!("assertion.scm"),
        include_str!("../ecmascript/library.scm"),
        include_str!("rules.scm"),
        include_str!("../ecmascript/rules.scm")
    ),
    hooks: HOOKS,
    knobs: TYPESCRIPT,
    strategy: &Modules,
    contents: None,
    patches: Some(signatures::patches),
};

pub static TSX_PACK: Pack = Pack {
    name: "tsx",
    family: Family::EcmaScript,
    extensions: &["tsx"],
    language_ids: &["typescriptreact"],
    grammar: || tree_sitter_typescript::LANGUAGE_TSX.into(),
    rules: concat!(
        include_str!("../ecmascript/jsx.scm"),
        include_str!("../ecmascript/library.scm"),
        include_str!("rules.scm"),
        include_str!("../ecmascript/rules.scm")
    ),
    hooks: HOOKS,
    knobs: TYPESCRIPT,
    strategy: &Modules,
    contents: None,
    patches: Some(signatures::patches),
};
