//! `textDocument/rename`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;
use std::sync::Arc;

use tower_lsp::gen_lsp_types::{
    Position, Range, RenameParams, TextDocumentPositionParams, Uri, WorkspaceEdit,
};
use tower_lsp::jsonrpc::Result;

use super::rename_home::{self, Home};
use crate::lang::modules::{FileId, Layout};
use crate::lsp::abroad;
use crate::lsp::convert::{self, EditFeatures, WorkspaceEdits};
use crate::lsp::errors;
use crate::lsp::reading::{Answer, Patience, Reading, at_once, read};
use crate::lsp::session::Session;
use crate::query::{self, Refusal, Shared};
use crate::workspace::cancel::CancelToken;
use crate::workspace::manager::{Freshness, Known};

pub const FEATURE: &str = "rename";

/// Most uses in other folders that are changed: nobody looks through more.
const ABROAD_MAX: usize = 1_000;
/// Why those have to be looked at: what else bears the new name there was not looked for.
const ABROAD: &str = "it stands in another folder, where the change has not been checked";

/// What changes in the folder itself, and what other folders may use.
struct Own {
    edits: WorkspaceEdits,
    shared: Option<Shared>,
    /// Where that is defined, file by file.
    defined: BTreeMap<String, (Uri, Vec<Position>)>,
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
    let can = session.features().map(|f| f.edits.of_renames()).unwrap_or_default();
    let others = match abroad::Abroad::capture(session, FEATURE, &at.text_document.uri) {
        Ok(others) => others,
        Err(error) => return at_once(Err(error)),
    };
    let everybody = match abroad::Abroad::capture_all(session, FEATURE, &at.text_document.uri) {
        Ok(everybody) => everybody,
        Err(error) => return at_once(Err(error)),
    };
    let name: Arc<str> = params.new_name.into();
    let home = match others.are_there() {
        true => rename_home::find(session, &at),
        false => at_once(Ok(None)),
    };
    let own = inside(session, at, Arc::clone(&name), can);
    Box::pin(async move {
        let (own, others, known) = match home.await? {
            None => (own.await?, others, Vec::new()),
            // What another folder defines is renamed as if that had been asked there.
            Some(Home { folder, uri, position, known, .. }) => {
                drop(own);
                let name = Arc::clone(&name);
                let there = everybody.clone().ask_folder(&folder, &uri, move |reading, cancel| {
                    worked_out(reading, position, &name, can, cancel)
                });
                (there.await?, everybody.without(&folder), known)
            }
        };
        let Some(Own { mut edits, shared, defined }) = own else { return Ok(None) };
        let checked = |edits: WorkspaceEdits| match known.iter().find(|(uri, at)| !edits.has(uri, *at)) {
            None => Ok(Some(edits.finish())),
            Some((uri, at)) => {
                let (file, line) = (uri.as_str(), at.start.line + 1);
                Err(refused(&Refusal(format!("it is not known to be what {file} has in line {line}"))))
            }
        };
        let Some(shared) = shared.map(Arc::new) else { return checked(edits) };
        if defined.len() > abroad::DEFINING_MAX {
            let most = abroad::DEFINING_MAX;
            let why = format!("more than {most} files define it, which other folders may use");
            return Err(refused(&Refusal(why)));
        }
        let mut changed: BTreeMap<PathBuf, Abroad> = BTreeMap::new();
        for (uri, positions) in defined.into_values() {
            let (name, shared) = (Arc::clone(&name), Arc::clone(&shared));
            let found = others.clone().ask_all(&uri, move |reading, cancel| {
                let mut all = Vec::new();
                for position in &positions {
                    all.extend(outside(reading, *position, &shared, &name, cancel)?);
                }
                Ok(all)
            });
            for file in found.await? {
                match changed.entry(file.path.clone()) {
                    Entry::Vacant(place) => drop(place.insert(file)),
                    Entry::Occupied(mut known) => known.get_mut().edits.extend(file.edits),
                }
            }
        }
        let mut count = 0;
        for mut file in changed.into_values() {
            // What several definitions have in common is used once.
            file.edits.sort_by_key(|(_, edit)| edit.span);
            file.edits.dedup_by_key(|(_, edit)| edit.span);
            count += file.edits.len();
            if count > ABROAD_MAX {
                let why = format!("more than {ABROAD_MAX} places in other folders would change");
                return Err(refused(&Refusal(why)));
            }
            if !(can.versioned && can.annotated) {
                let line = file.edits.first().map_or(0, |(range, _)| range.start.line + 1);
                let path = file.path.display();
                return Err(refused(&Refusal(format!("not sure about {path} line {line}: {ABROAD}"))));
            }
            edits.add_ranges(file.uri, file.version, file.edits);
        }
        checked(edits)
    })
}

/// The uses in a folder that has the definition at the position among its dependencies.
fn outside(
    reading: &Reading,
    position: Position,
    shared: &Shared,
    name: &str,
    cancel: &CancelToken,
) -> Result<Vec<Abroad>> {
    let ready = &reading.ready;
    refused_if_stale(&ready.freshness)?;
    if ready.freshness.dependencies == Known::Reading {
        return Err(errors::failed("its dependencies are being read"));
    }
    let view = &ready.view;
    let renamed = match reading.offset(position) {
        Some(at) => query::rename_abroad(view, reading.file, at, shared, name, cancel.flag()),
        None => Err(Refusal("what is known of the definition is older".to_owned())),
    };
    if cancel.is_cancelled() {
        return Err(errors::cancelled());
    }
    let mut found: Vec<Abroad> = Vec::new();
    for (file, edits) in renamed.map_err(|why| refused(&why))? {
        let places = reading.places(file);
        let edit = |edit: query::Edit| {
            (convert::range(&places, edit.span), query::Edit { doubt: edit.doubt.or(Some(ABROAD)), ..edit })
        };
        let edits = edits.into_iter().map(edit).collect();
        let uri = reading.uri(file).ok_or_else(|| errors::internal("a file has no URI"))?;
        let (version, path) = (reading.version(file), ready.absolute(file));
        found.push(Abroad { uri, version, path, edits });
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
        Ok(worked_out(reading, at.position, &name, can, cancel)?.into())
    })
}

/// What changes in the folder of the file.
fn worked_out(
    reading: &Reading,
    at: Position,
    name: &str,
    can: EditFeatures,
    cancel: &CancelToken,
) -> Result<Option<Own>> {
    refused_if_stale(&reading.ready.freshness)?;
    let Some(offset) = reading.offset(at) else { return Ok(None) };
    let view = &reading.ready.view;
    let renaming = query::rename(view, reading.file, offset, name, cancel.flag());
    if cancel.is_cancelled() {
        return Err(errors::cancelled());
    }
    let renaming = renaming.map_err(|why| refused(&why))?;
    // What nobody is shown nobody can look at first.
    if let Some((file, edit)) = renaming.doubtful().filter(|_| !(can.versioned && can.annotated)) {
        return Err(refused(&doubtful(reading, file, edit)));
    }
    let mut defined: BTreeMap<String, (Uri, Vec<Position>)> = BTreeMap::new();
    for (file, span) in renaming.shared.iter().flat_map(|shared| &shared.defined) {
        let uri = reading.uri(*file).ok_or_else(|| errors::internal("a file has no URI"))?;
        let start = convert::range(&reading.places(*file), *span).start;
        let (_, positions) = defined.entry(view.path(*file).to_owned()).or_insert_with(|| (uri, Vec::new()));
        positions.push(start);
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
                return Err(errors::failed("its file would have to be renamed, which the editor cannot do"));
            }
        }
    }
    Ok(Some(Own { edits, shared: renaming.shared, defined }))
}

fn doubtful(reading: &Reading, file: FileId, edit: &query::Edit) -> Refusal {
    let line = reading.places(file).position(edit.span.start).line + 1;
    let path = reading.ready.view.path(file);
    Refusal(format!("not sure about {path} line {line}: {}", edit.doubt.unwrap_or_default()))
}

/// What is old may have changed since, and what is not known would keep its name.
pub fn refused_if_stale(freshness: &Freshness) -> Result<()> {
    if let Some(why) = freshness.lacking() {
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
