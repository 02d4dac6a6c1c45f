//! `workspace/willRenameFiles`: the edits that keep imports right.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tower_lsp::gen_lsp_types::{
    FileOperationFilter, FileOperationPattern, FileOperationPatternKind, FileOperationRegistrationOptions,
    FileRename, RenameFilesParams, WorkspaceEdit,
};

use super::rename::{refused, refused_if_stale};
use crate::lang::LangId;
use crate::lsp::convert::{Places, WorkspaceEdits};
use crate::lsp::errors;
use crate::lsp::reading::{Answer, at_once, read_folder};
use crate::lsp::session::Session;
use crate::lsp::uri;
use crate::query;

pub const FEATURE: &str = "fileRename";

pub fn options() -> FileOperationRegistrationOptions {
    let extensions: Vec<&str> = LangId::all().flat_map(|lang| lang.pack().extensions).copied().collect();
    FileOperationRegistrationOptions {
        filters: vec![
            filter(format!("**/*.{{{}}}", extensions.join(",")), FileOperationPatternKind::File),
            filter("**".to_owned(), FileOperationPatternKind::Folder),
        ],
    }
}

fn filter(glob: String, kind: FileOperationPatternKind) -> FileOperationFilter {
    FileOperationFilter {
        scheme: Some("file".to_owned()),
        pattern: FileOperationPattern { glob, matches: Some(kind), options: None },
    }
}

/// Files that move within one folder are worked out together; what leaves its folder is not followed.
pub fn handle(session: &Arc<Session>, params: RenameFilesParams) -> Answer<Option<WorkspaceEdit>> {
    let (manager, features) = match (session.manager(), session.features()) {
        (Ok(manager), Ok(features)) => (manager, features),
        (Err(error), _) | (_, Err(error)) => return at_once(Err(error)),
    };
    let (can, encoding) = (features.edits, features.encoding);
    let paths = |rename: &FileRename| uri::to_path(&rename.old_uri).zip(uri::to_path(&rename.new_uri));
    let moves: Vec<(PathBuf, PathBuf)> = params.files.iter().filter_map(paths).collect();
    let (Some((old, _)), Some(first)) = (moves.first(), params.files.first()) else {
        return at_once(Ok(None));
    };
    let capture = manager.capture(old);
    let session_of_uris = Arc::clone(session);
    read_folder(session, FEATURE, &first.old_uri, move |_, ready, cancel| {
        refused_if_stale(&ready.freshness)?;
        let inside = |path: &Path| Some(path.strip_prefix(&ready.root).ok()?.to_str()?.to_owned());
        let moves: Vec<(String, String)> =
            moves.iter().filter_map(|(old, new)| inside(old).zip(inside(new))).collect();
        let files = query::file_renames(&ready.view, &moves, cancel.flag());
        if cancel.is_cancelled() {
            return Err(errors::cancelled());
        }
        let files = files.map_err(|why| refused(&why))?;
        let mut edits = WorkspaceEdits::new(can);
        for (file, list) in &files {
            let path = ready.absolute(*file);
            let uri = session_of_uris.uris.of(&path).ok_or_else(|| errors::internal("a file has no URI"))?;
            let version = capture.document_at(&path).and_then(|document| document.version);
            let places = Places::File(ready.view.positions(*file, encoding));
            edits.add(uri, version, &places, list);
        }
        Ok((!files.is_empty()).then(|| edits.finish()))
    })
}
