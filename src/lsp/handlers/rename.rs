//! `textDocument/rename`.

use std::path::PathBuf;
use std::sync::Arc;

use tower_lsp::gen_lsp_types::{
    Position, Range, RenameParams, TextDocumentPositionParams, Uri, WorkspaceEdit,
};
use tower_lsp::jsonrpc::Result;

use crate::lang::modules::{FileId, Layout};
use crate::lsp::abroad;
use crate::lsp::convert::{self, EditFeatures, WorkspaceEdits};
use crate::lsp::errors;
use crate::lsp::reading::{Answer, Found, Patience, Reading, at_once, read};
use crate::lsp::session::Session;
use crate::query::{self, Refusal};
use crate::workspace::cancel::CancelToken;
use crate::workspace::manager::Freshness;

pub const FEATURE: &str = "rename";

/// Most uses in other folders that are changed: nobody looks through more.
const ABROAD_MAX: usize = 1_000;
/// Why those have to be looked at: what else bears the new name there was not looked for.
const ABROAD: &str = "it stands in another folder, where the change has not been checked";

/// What changes in the folder itself, and where the symbol is defined, for the others.
struct Own {
    edits: WorkspaceEdits,
    defined: Option<(Uri, Position)>,
}

/// What changes in a file of another folder.
struct Abroad {
    uri: Uri,
    version: Option<i32>,
    path: PathBuf,
    edits: Vec<(Range, query::Edit)>,
}

pub fn handle(session: &Arc<Session>, params: RenameParams) -> Answer<Option<WorkspaceEdit>> {
    let at = params.text_document_position_params;
    let can = session.features().map(|f| f.edits).unwrap_or_default();
    let others = match abroad::Abroad::capture(session, FEATURE, &at.text_document.uri) {
        Ok(others) => others,
        Err(error) => return at_once(Err(error)),
    };
    let name: Arc<str> = params.new_name.into();
    let own = inside(session, at, Arc::clone(&name), can);
    Box::pin(async move {
        let Some(Own { mut edits, defined }) = own.await? else { return Ok(None) };
        let Some((uri, position)) = defined else { return Ok(Some(edits.finish())) };
        let found = others.ask(&uri, move |reading, cancel| outside(reading, position, &name, cancel));
        for file in found.await? {
            if !(can.versioned && can.annotated) {
                let line = file.edits.first().map_or(0, |(range, _)| range.start.line + 1);
                let path = file.path.display();
                return Err(refused(&Refusal(format!("not sure about {path} line {line}: {ABROAD}"))));
            }
            edits.add_ranges(file.uri, file.version, file.edits);
        }
        Ok(Some(edits.finish()))
    })
}

/// The uses in a folder that has the definition at the position among its dependencies.
fn outside(reading: &Reading, position: Position, name: &str, cancel: &CancelToken) -> Result<Vec<Abroad>> {
    reading.knows_uses()?;
    let view = &reading.ready.view;
    let defined = reading.offset(position);
    let Some(symbol) = defined.and_then(|offset| query::Item::at(view, reading.file, offset)) else {
        return Err(errors::failed("what it knows of the definition is older"));
    };
    let old = view.name_text(view.facts(symbol.file).def(symbol.def).name);
    let at = defined.unwrap_or_default();
    let uses = query::references(view, reading.file, at, true, ABROAD_MAX, cancel.flag());
    let Ok(uses) = uses else { return Ok(Vec::new()) };
    if uses.cancelled || cancel.is_cancelled() {
        return Err(errors::cancelled());
    }
    if uses.truncated {
        return Err(refused(&Refusal(format!(
            "more than {ABROAD_MAX} places in another folder would change"
        ))));
    }
    let mut found: Vec<Abroad> = Vec::new();
    let mut locations: Vec<query::Location> = uses.items.iter().map(|used| used.location).collect();
    locations.extend(uses.mentions.iter().copied());
    locations.sort_by_key(|l| (l.file, l.span));
    locations.dedup_by_key(|l| (l.file, l.span));
    for of in locations.chunk_by(|a, b| a.file == b.file) {
        let file = of[0].file;
        let text = view.text(file).map_err(|e| errors::failed(format!("{}: {e}", view.path(file))))?;
        let places = reading.places(file);
        // Under another name it stays what it is.
        let spelled = |l: &&query::Location| {
            text.get(l.span.start as usize..l.span.end as usize).is_some_and(|word| word == old)
        };
        let edit = |l: &query::Location| {
            let edit = query::Edit { span: l.span, text: name.to_owned(), doubt: Some(ABROAD) };
            (convert::range(&places, l.span), edit)
        };
        let edits: Vec<(Range, query::Edit)> = of.iter().filter(spelled).map(edit).collect();
        if !edits.is_empty() {
            let uri = reading.uri(file).ok_or_else(|| errors::internal("a file has no URI"))?;
            let (version, path) = (reading.version(file), reading.ready.absolute(file));
            found.push(Abroad { uri, version, path, edits });
        }
    }
    Ok(found)
}

fn inside(
    session: &Arc<Session>,
    at: TextDocumentPositionParams,
    name: Arc<str>,
    can: EditFeatures,
) -> Answer<Option<Own>> {
    let uri = at.text_document.uri;
    read(session, FEATURE, &uri, Patience::Folder, move |reading, _, cancel| {
        refused_if_stale(&reading.ready.freshness)?;
        let Some(offset) = reading.offset(at.position) else { return Ok(Found::Nothing) };
        let view = &reading.ready.view;
        let renaming = query::rename(view, reading.file, offset, &name, cancel.flag());
        if cancel.is_cancelled() {
            return Err(errors::cancelled());
        }
        let renaming = renaming.map_err(|why| refused(&why))?;
        // What nobody is shown nobody can look at first.
        if let Some((file, edit)) = renaming.doubtful().filter(|_| !(can.versioned && can.annotated)) {
            return Err(refused(&doubtful(reading, file, edit)));
        }
        let mut edits = WorkspaceEdits::new(can);
        for (file, list) in &renaming.files {
            let uri = reading.uri(*file).ok_or_else(|| errors::internal("a file has no URI"))?;
            edits.add(uri, reading.version(*file), &reading.places(*file), list);
        }
        if let Some((file, path)) = &renaming.moved {
            let (from, to) = (reading.uri(*file), reading.uri_of_path(path));
            match (from, to) {
                (Some(from), Some(to)) if can.versioned && can.renames_files => edits.rename_file(from, to),
                _ => {
                    return Err(errors::failed(
                        "its file would have to be renamed, which the editor cannot do",
                    ));
                }
            }
        }
        Ok(Found::Answer(Own { edits, defined: defined(reading, offset) }))
    })
}

/// Where the symbol at the offset is defined.
fn defined(reading: &Reading, offset: u32) -> Option<(Uri, Position)> {
    let found = query::definition(&reading.ready.view, reading.file, offset).ok()?;
    let location = found.first()?.location;
    let range = convert::range(&reading.places(location.file), location.span);
    Some((reading.uri(location.file)?, range.start))
}

fn doubtful(reading: &Reading, file: FileId, edit: &query::Edit) -> Refusal {
    let line = reading.places(file).position(edit.span.start).line + 1;
    let path = reading.ready.view.path(file);
    Refusal(format!("not sure about {path} line {line}: {}", edit.doubt.unwrap_or_default()))
}

/// What is old may have changed since, and what is not known would keep its name.
pub fn refused_if_stale(freshness: &Freshness) -> Result<()> {
    if let Some(why) = freshness.missing() {
        return Err(errors::failed(format!(
            "nothing is renamed while part of the folder is not known: {why}"
        )));
    }
    match &freshness.stale {
        None => Ok(()),
        Some(stale) => Err(errors::failed(format!(
            "nothing is renamed while the folder cannot be read again: {}",
            stale.error
        ))),
    }
}

pub fn refused(why: &Refusal) -> tower_lsp::jsonrpc::Error {
    errors::failed(format!("not renamed: {why}"))
}
