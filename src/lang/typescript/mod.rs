//! The TypeScript pack.

use super::modules::{FileId, Layout, Manifest, ModuleStrategy, ModuleTarget};
use super::{Family, Knobs, Pack};

pub static PACK: Pack = Pack {
    name: "typescript",
    family: Family::EcmaScript,
    extensions: &["ts", "mts", "cts"],
    language_ids: &["typescript"],
    grammar: || tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
    rules: include_str!("rules.scm"),
    hooks: &[],
    knobs: Knobs::DEFAULT,
    strategy: &Modules,
};

/// Module rules of TypeScript.
pub struct Modules;

impl ModuleStrategy for Modules {
    fn manifest_names(&self) -> &'static [&'static str] {
        &[]
    }
    fn read_manifest(&self, _dir: &str, _file: &str, _text: &str) -> Option<Manifest> {
        None
    }
    fn resolve(&self, _layout: &dyn Layout, _from: FileId, _specifier: &str) -> ModuleTarget {
        ModuleTarget::Unknown
    }
    fn child(&self, _layout: &dyn Layout, _parent: FileId, _name: &str) -> ModuleTarget {
        ModuleTarget::Unknown
    }
    fn child_of_dir(&self, _layout: &dyn Layout, _dir: &str, _name: &str) -> ModuleTarget {
        ModuleTarget::Unknown
    }
    fn siblings(&self, _layout: &dyn Layout, _file: FileId) -> Vec<FileId> {
        Vec::new()
    }
}

pub static TSX_PACK: Pack = Pack {
    name: "tsx",
    family: Family::EcmaScript,
    extensions: &["tsx"],
    language_ids: &["typescriptreact"],
    grammar: || tree_sitter_typescript::LANGUAGE_TSX.into(),
    rules: include_str!("rules.scm"),
    hooks: &[],
    knobs: Knobs::DEFAULT,
    strategy: &Modules,
};
