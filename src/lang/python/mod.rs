//! The Python pack.

use super::modules::{FileId, Layout, Manifest, ModuleStrategy, ModuleTarget};
use super::{Family, Knobs, Pack};

pub static PACK: Pack = Pack {
    name: "python",
    family: Family::Python,
    extensions: &["py", "pyi"],
    language_ids: &["python"],
    grammar: || tree_sitter_python::LANGUAGE.into(),
    rules: include_str!("rules.scm"),
    hooks: &[],
    knobs: Knobs::DEFAULT,
    strategy: &Modules,
};

/// Module rules of Python.
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
