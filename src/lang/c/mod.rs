//! The C pack.

use super::cfamily::{BUILTINS, DOC_PREFIXES, HOOKS, Includes, header_language, patches_c};
use super::pack::{Exports, Mro, Visibility};
use super::{Family, Knobs, Pack};

pub static PACK: Pack = Pack {
    name: "c",
    family: Family::C,
    extensions: &["c", "h"],
    language_ids: &["c"],
    grammar: || tree_sitter_c::LANGUAGE.into(),
    rules: concat!(include_str!("rules.scm"), include_str!("../cfamily/rules.scm")),
    hooks: HOOKS,
    knobs: Knobs {
        visibility: Visibility::Declaration,
        member_marks: &[".", "->"],
        type_namespace: true,
        textual: true,
        tags: true,
        mro: Mro::DepthFirst,
        exports: Exports::All,
        builtins: BUILTINS,
        doc_prefixes: DOC_PREFIXES,
        no_parameters: Some("void"),
        ..Knobs::DEFAULT
    },
    strategy: &Includes,
    contents: Some(header_language),
    patches: Some(patches_c),
};
