//! `workspace/willRenameFiles`: the edits that keep imports right.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{
    FileOperationFilter, FileOperationPattern, FileOperationRegistrationOptions, RenameFilesParams,
    WorkspaceEdit,
};

use super::rename::{refused, refused_if_stale};
use crate::lang::LangId;
use crate::lsp::convert::WorkspaceEdits;
use crate::lsp::errors;
use crate::lsp::reading::{Answer, Found, Patience, at_once, read};
use crate::lsp::session::Session;
use crate::lsp::uri;
use crate::query;

pub const FEATURE: &str = "fileRename";

pub fn options() -> FileOperationRegistrationOptions {
    let extensions: Vec<&str> = LangId::all().flat_map(|lang| lang.pack().extensions).copied().collect();
    FileOperationRegistrationOptions {
        filters: vec![FileOperationFilter {
            scheme: Some("file".to_owned()),
            pattern: FileOperationPattern {
                glob: format!("**/*.{{{}}}", extensions.join(",")),
                matches: None,
                options: None,
            },
        }],
    }
}

/// One file at a time is worked out: the edits for two that move at once would not know of each other.
pub fn handle(session: &Arc<Session>, params: RenameFilesParams) -> Answer<Option<WorkspaceEdit>> {
    let can = session.features().map(|f| f.edits).unwrap_or_default();
    let [rename] = &params.files[..] else { return at_once(Ok(None)) };
    let paths = uri::to_path(&rename.old_uri).zip(uri::to_path(&rename.new_uri));
    let Some((old, new)) = paths else { return at_once(Ok(None)) };
    read(session, FEATURE, &rename.old_uri, Patience::Folder, move |reading, _, cancel| {
        refused_if_stale(reading)?;
        let root = &reading.ready.root;
        let inside = |path: &std::path::Path| Some(path.strip_prefix(root).ok()?.to_str()?.to_owned());
        let Some((from, to)) = inside(&old).zip(inside(&new)) else { return Ok(Found::Nothing) };
        let files = query::file_rename(&reading.ready.view, &from, &to, cancel.flag());
        if cancel.is_cancelled() {
            return Err(errors::cancelled());
        }
        let files = files.map_err(|why| refused(&why))?;
        if files.is_empty() {
            return Ok(Found::Nothing);
        }
        let mut edits = WorkspaceEdits::new(can);
        for (file, list) in &files {
            let uri = reading.uri(*file).ok_or_else(|| errors::internal("a file has no URI"))?;
            edits.add(uri, reading.version(*file), &reading.places(*file), list);
        }
        Ok(Found::Answer(edits.finish()))
    })
}
