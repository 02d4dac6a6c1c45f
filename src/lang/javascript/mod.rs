//! The JavaScript pack, elements included.

use super::ecmascript::{HOOKS, JAVASCRIPT, Modules};
use super::{Family, Pack};

pub static PACK: Pack = Pack {
    name: "javascript",
    family: Family::EcmaScript,
    extensions: &["js", "jsx", "mjs", "cjs"],
    language_ids: &["javascript", "javascriptreact"],
    grammar: || tree_sitter_javascript::LANGUAGE.into(),
    rules: concat!(
        include_str!("../ecmascript/jsx.scm"),
        include_str!("../ecmascript/library.scm"),
        include_str!("rules.scm"),
        include_str!("../ecmascript/rules.scm")
    ),
    hooks: HOOKS,
    knobs: JAVASCRIPT,
    strategy: &Modules,
    contents: None,
    patches: None,
};
