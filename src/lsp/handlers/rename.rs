//! `textDocument/rename`.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{RenameParams, WorkspaceEdit};
use tower_lsp::jsonrpc::Result;

use crate::lsp::convert::WorkspaceEdits;
use crate::lsp::errors;
use crate::lsp::reading::{Answer, Found, Patience, Reading, read};
use crate::lsp::session::Session;
use crate::query::{self, Refusal};
use crate::workspace::manager::Freshness;

pub const FEATURE: &str = "rename";

pub fn handle(session: &Arc<Session>, params: RenameParams) -> Answer<Option<WorkspaceEdit>> {
    let at = params.text_document_position_params;
    let name = params.new_name;
    let can = session.features().map(|f| f.edits).unwrap_or_default();
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
        Ok(Found::Answer(edits.finish()))
    })
}

fn doubtful(reading: &Reading, file: crate::lang::modules::FileId, edit: &query::Edit) -> Refusal {
    use crate::lang::modules::Layout;
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
