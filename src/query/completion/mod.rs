//! What could be written at a place: members of what stands before it, names in scope, names that an import would bring,
//! words of the language, and words that stand elsewhere.

mod call_shape;
mod evidence;
mod gather;
mod kinship;
mod site;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub(super) use gather::is_importable;

use super::docs::documentation;
use super::reading;
use super::signature::signature;
use crate::graph::View;
use crate::lang::facts::{Def, DefKind, Span};
use crate::lang::imports::{Insertion, insertion};
use crate::lang::modules::{FileId, Layout};
use crate::lang::{LangId, Tree};
use crate::resolve::{Resolver, Symbol};

/// What a completion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionKind {
    Definition(DefKind),
    /// A word of the language.
    Keyword,
    /// Known outside the folder, or a word that stands elsewhere.
    Word,
}

/// The import that a completion needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    pub module: String,
    /// What is imported from the module; for what is used behind its module's name, that name.
    pub name: String,
}

/// Where a name is defined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub path: String,
    /// The name's offset in the file.
    pub at: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    pub label: String,
    pub insert: String,
    pub kind: CompletionKind,
    /// Where it comes from, if that is another file.
    pub origin: Option<String>,
    /// Where the name of that is defined.
    pub source: Option<Source>,
    pub import: Option<Import>,
}

/// What could be written, the likeliest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    pub items: Vec<Completion>,
    /// What is replaced: the letters before the cursor.
    pub replaced: Span,
    /// Another letter may bring others.
    pub incomplete: bool,
}

/// Whether a mark stands before the offset that asks for members in the file's language.
pub fn is_behind_mark(view: &View, file: FileId, offset: u32) -> bool {
    let text = view.text(file).ok();
    text.is_some_and(|text| {
        text.get(..offset as usize).is_some_and(|t| site::ends_in_mark(view.lang(file), t))
    })
}

/// What could stand at the offset, at most `limit`. `None` where nothing is completed: in comments and strings, and
/// where a new name is being given.
pub fn completions(
    view: &View,
    file: FileId,
    offset: u32,
    limit: usize,
    cancel: &AtomicBool,
) -> Option<Completions> {
    let text = view.text(file).ok()?;
    Some(match site::find(view, file, &text, offset)? {
        site::Found::Here(site) => gather::gather(view, file, &text, &site, limit, cancel),
        // The text does not parse as it stands, so it is looked at as if a name were there.
        site::Found::Elsewhere(there, site, placeholder) => {
            let mut found = gather::gather(&there, file, &text, &site, limit, cancel);
            let path = view.path(file);
            for item in &mut found.items {
                item.source = item.source.take().and_then(|source| match source.path == path {
                    true => Some(Source { at: placeholder.back(source.at)?, ..source }),
                    false => Some(source),
                });
            }
            found
        }
    })
}

/// Where and how a file gets imports: there is one tree of its text for all that are asked for.
pub struct ImportPlaces {
    lang: LangId,
    text: Arc<str>,
    tree: Tree,
}

impl ImportPlaces {
    /// `None` if the file cannot be read or parsed.
    pub fn of(view: &View, file: FileId) -> Option<ImportPlaces> {
        let text = view.text(file).ok()?;
        let tree = reading::tree(view, file, &text)?;
        Some(ImportPlaces { lang: view.lang(file), text, tree })
    }

    /// What brings the import for a use at the offset; `None` where the language has no such thing.
    pub fn insertion(&self, used_at: u32, import: &Import) -> Option<Insertion> {
        insertion(self.lang, &self.tree, &self.text, used_at, (&import.module, &import.name))
    }
}

/// What is told of a completion when somebody looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    pub signature: String,
    pub documentation: Option<String>,
}

/// Signature and documentation of the definition whose name stands at the offset of the file.
pub fn described(view: &View, path: &str, at: u32, label: &str) -> Option<Described> {
    let file = view.file(path)?;
    let facts = view.facts(file);
    let named = |d: &&Def| d.name_span.start == at && label.ends_with(view.name_text(d.name));
    let def = facts.defs.iter().find(named)?;
    let text = view.text(file).ok()?;
    let knobs = view.lang(file).knobs();
    Some(Described {
        signature: signature(&text, def, knobs),
        documentation: documentation(&text, def, knobs),
    })
}

/// The import by which a file gets a definition of this name of another one.
pub fn import_of(resolver: &Resolver<'_>, file: FileId, symbol: Symbol, name: &str) -> Option<Import> {
    let view = resolver.view();
    let lang = view.lang(file);
    let style = lang.knobs().imports?;
    let package = || Some(view.name_text(view.package_of(symbol.file)?).to_owned());
    let module = match style.by_package {
        true => package()?,
        false => lang.strategy().specifier(&**view.graph(), file, symbol.file)?,
    };
    let name = match style.qualified {
        true => package()?,
        false => name.to_owned(),
    };
    Some(Import { module, name })
}

#[cfg(test)]
mod tests;
