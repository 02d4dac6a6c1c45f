//! Rename a symbol wherever it is used, or say why that cannot be done safely.
//!
//! A rename is worked out in three steps: what has to bear the name ([`subject`]), where it stands ([`places`]), and
//! whether every name of the changed files still means what it meant before ([`check`]). The last reads the changed texts
//! anew, so it catches what languages make of a name in ways that nobody listed.

mod by_name;
mod check;
mod places;
mod relabel;
mod strings;
mod subject;

pub(super) use places::text_of;
pub(super) use subject::is_local;

use std::sync::atomic::AtomicBool;

use crate::graph::View;
use crate::lang::facts::Span;
use crate::lang::modules::{FileId, Layout, file_name, parent};
use crate::lang::words::is_name;
use crate::resolve::Resolver;

/// One replacement in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub text: String,
    /// Why somebody should look at it first, if so.
    pub doubt: Option<&'static str>,
}

/// Everything that a rename changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renaming {
    /// By file; in each by position.
    pub files: Vec<(FileId, Vec<Edit>)>,
    /// A file that bears the name too, and its new path relative to the folder.
    pub moved: Option<(FileId, String)>,
    /// What other folders may use too: none of what only its own file can see.
    pub shared: Option<Shared>,
}

/// A name that files of other folders may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    pub name: String,
    /// It is a name that an import gives to something that is called otherwise.
    pub alias: bool,
    /// Where what it stands for is defined, by the names there.
    pub defined: Vec<(FileId, Span)>,
}

impl Renaming {
    /// The first edit that somebody should look at.
    pub fn doubtful(&self) -> Option<(FileId, &Edit)> {
        let edits = self.files.iter().flat_map(|(file, edits)| edits.iter().map(|edit| (*file, edit)));
        edits.into_iter().find(|(_, edit)| edit.doubt.is_some())
    }
}

/// Why there is no rename, in words for the user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

fn refuse<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(why.into()))
}

/// The name at the offset, if it can be renamed at all.
pub fn prepare_rename(view: &View, file: FileId, offset: u32) -> Result<Span, Refusal> {
    subject::under_cursor(&Resolver::new(view), file, offset)
}

/// What giving another name to the symbol at the offset changes. `cancel` ends it with a refusal.
pub fn rename(
    view: &View,
    file: FileId,
    offset: u32,
    name: &str,
    cancel: &AtomicBool,
) -> Result<Renaming, Refusal> {
    let resolver = Resolver::new(view);
    let subject = subject::subject(&resolver, file, offset)?;
    let lang = view.lang(file);
    // Marks that belong to a name stay if they are left out.
    let mark = subject.text.chars().next().filter(|c| matches!(c, '\'' | '#'));
    let name = match mark {
        Some(mark) if !name.starts_with(mark) => format!("{mark}{name}"),
        _ => name.to_owned(),
    };
    if !is_name(lang, &name) {
        return refuse(format!("`{name}` is not a name in {}", lang.name()));
    }
    if name == subject.text {
        return Ok(Renaming::default());
    }
    let capital = |text: &str| text.starts_with(char::is_uppercase);
    if lang.knobs().capitals_export && !subject.wanted.local && capital(&name) != capital(&subject.text) {
        return refuse(format!("`{name}` would not be seen from the same places as `{}`", subject.text));
    }
    let mut found = places::places(&resolver, &subject, cancel)?;
    strings::add_strings(&resolver, &subject, &mut found, cancel)?;
    let shared = shared(view, &subject);
    let mut renaming = Renaming { files: places::edits(&found, &subject, &name), moved: None, shared };
    check::check(&resolver, &subject, &found, &renaming, &name, cancel)?;
    if lang.knobs().type_names_file {
        renaming.moved = moved(&resolver, &subject, &name);
        if let Some((_, path)) = renaming.moved.as_ref().filter(|(_, path)| view.file(path).is_some()) {
            return refuse(format!("its file would have to be {path}, which is there already"));
        }
    }
    Ok(renaming)
}

/// What giving another name to a definition of a dependency changes in the folder's own files. What else bears the new name
/// there is not looked at.
pub fn rename_abroad(
    view: &View,
    file: FileId,
    offset: u32,
    shared: &Shared,
    name: &str,
    cancel: &AtomicBool,
) -> Result<Vec<(FileId, Vec<Edit>)>, Refusal> {
    let resolver = Resolver::new(view);
    let mut subject = subject::subject(&resolver, file, offset)?;
    if !shared.alias && subject.text != shared.name {
        return refuse("what is known of the definition is older");
    }
    (subject.text, subject.alias) = (shared.name.clone(), shared.alias);
    let mut found = places::places(&resolver, &subject, cancel)?;
    strings::add_strings(&resolver, &subject, &mut found, cancel)?;
    found.retain(|changed| !view.is_library(changed.file));
    let mut edits = places::edits(&found, &subject, name);
    edits.retain(|(_, edits)| !edits.is_empty());
    match edits.first() {
        Some((file, _)) if shared.alias => {
            refuse(format!("`{}` in {} may be the same alias", shared.name, view.path(*file)))
        }
        _ => Ok(edits),
    }
}

/// What dependencies define, as it is used in the folder under its own name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// The name that was asked about.
    pub span: Span,
    pub text: String,
    /// Where it is defined, by the names there; at least one is a dependency's.
    pub defined: Vec<(FileId, Span)>,
}

/// What the name at the offset stands for, if that is surely a dependency's, which is renamed where that is at home.
pub fn rename_outside(view: &View, file: FileId, offset: u32) -> Option<Outside> {
    subject::outside(&Resolver::new(view), file, offset)
        .filter(|found| found.defined.iter().any(|(file, _)| view.is_library(*file)))
}

fn shared(view: &View, subject: &subject::Subject) -> Option<Shared> {
    if subject.wanted.local {
        return None;
    }
    let named = |s: &crate::resolve::Symbol| (s.file, view.facts(s.file).def(s.def).name_span);
    let mut defined: Vec<(FileId, Span)> = subject.wanted.symbols.iter().map(named).collect();
    defined.sort_unstable();
    defined.dedup();
    Some(Shared { name: subject.text.clone(), alias: subject.alias, defined })
}

/// The file of the type that it has to be named after.
fn moved(resolver: &Resolver<'_>, subject: &subject::Subject, name: &str) -> Option<(FileId, String)> {
    let view = resolver.view();
    let of_type = |s: &&crate::resolve::Symbol| view.facts(s.file).def(s.def).kind.is_type();
    let declared = subject.wanted.symbols.iter().find(of_type)?;
    let path = view.path(declared.file);
    let (stem, extension) = file_name(path).split_once('.')?;
    let dir = parent(path);
    let slash = if dir.is_empty() { "" } else { "/" };
    (stem == subject.text).then(|| (declared.file, format!("{dir}{slash}{name}.{extension}")))
}

#[cfg(test)]
mod tests;
