//! Languages under the names that editors have for them.

use super::SetupError;
use crate::lang::LangId;

/// A language as editors tell them apart: JavaScript with JSX is one of its own for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// The identifier of the protocol, which is also VS Code's.
    pub id: &'static str,
    pub pack: LangId,
}

/// Names that differ from the protocol's: its own, Helix's, Neovim's and Kakoune's, what follows `source.` in
/// Sublime Text, and the stem of Emacs's modes.
const NAMES: [(&str, [&str; 5]); 9] = [
    ("typescript", ["typescript", "typescript", "typescript", "ts", "typescript"]),
    ("typescriptreact", ["tsx", "typescriptreact", "typescript", "tsx", "tsx"]),
    ("javascript", ["javascript", "javascript", "javascript", "js", "js"]),
    ("javascriptreact", ["jsx", "javascriptreact", "javascript", "jsx", "js-jsx"]),
    ("cpp", ["cpp", "cpp", "cpp", "c++", "c++"]),
    ("csharp", ["c-sharp", "cs", "csharp", "cs", "csharp"]),
    ("shellscript", ["bash", "sh", "sh", "shell.bash", "sh"]),
    ("makefile", ["make", "make", "makefile", "makefile", "makefile"]),
    ("objective-c", ["objc", "objc", "objc", "objc", "objc"]),
];

impl Language {
    /// Every language, in the registry's order.
    pub fn all() -> Vec<Language> {
        let of = |pack: LangId| pack.pack().language_ids.iter().map(move |id| Language { id, pack });
        LangId::all().flat_map(of).collect()
    }

    /// The languages of these names, each the protocol's or ours; all for no name.
    pub fn named(names: &[String]) -> Result<Vec<Language>, SetupError> {
        let all = Language::all();
        if names.is_empty() {
            return Ok(all);
        }
        let mut chosen: Vec<Language> = Vec::new();
        for name in names {
            let matching = |l: &&Language| l.id == name || l.pack.name() == name;
            let found: Vec<&Language> = all.iter().filter(matching).collect();
            if found.is_empty() {
                let known: Vec<&str> = all.iter().map(|l| l.id).collect();
                return Err(SetupError::NoLanguage(name.clone(), known.join(", ")));
            }
            chosen.extend(found.into_iter().filter(|l| !chosen.contains(l)).collect::<Vec<_>>());
        }
        Ok(chosen)
    }

    fn name(self, column: usize) -> &'static str {
        NAMES.iter().find(|(id, _)| *id == self.id).map_or(self.id, |(_, names)| names[column])
    }

    /// The endings of its files, without the dot. JSX has its own among those of the pack that it shares with JavaScript.
    pub(super) fn extensions(self) -> impl Iterator<Item = &'static str> {
        let is_react = self.id.ends_with("react");
        self.pack
            .pack()
            .extensions
            .iter()
            .copied()
            .filter(move |extension| extension.ends_with("sx") == is_react)
    }

    /// Files at the top of its projects.
    pub(super) fn manifests(self) -> &'static [&'static str] {
        self.pack.strategy().manifest_names()
    }

    pub(super) fn helix(self) -> &'static str {
        self.name(0)
    }

    pub(super) fn neovim(self) -> &'static str {
        self.name(1)
    }

    pub(super) fn kakoune(self) -> &'static str {
        self.name(2)
    }

    pub(super) fn sublime_scope(self) -> &'static str {
        self.name(3)
    }

    /// The classic mode and the one that builds on tree-sitter; those that are not installed do no harm.
    pub(super) fn emacs_modes(self) -> [String; 2] {
        let stem = self.name(4);
        [format!("{stem}-mode"), format!("{stem}-ts-mode")]
    }
}
