//! `workspace/willCreateFiles`, `workspace/willDeleteFiles`, and what is told when files have come, gone or moved.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tower_lsp::gen_lsp_types::{
    CreateFilesParams, DeleteFilesParams, FileOperationFilter, FileOperationOptions, FileOperationPattern,
    FileOperationPatternKind, FileOperationRegistrationOptions, RenameFilesParams, Uri, WorkspaceEdit,
};

use super::rename::{refused, refused_if_stale};
use crate::graph::View;
use crate::lang::LangId;
use crate::lang::modules::FileId;
use crate::lsp::convert::{Places, WorkspaceEdits};
use crate::lsp::errors;
use crate::lsp::features::FileOperations;
use crate::lsp::reading::{Answer, at_once, read_folder};
use crate::lsp::session::Session;
use crate::lsp::uri;
use crate::query::{self, Edit, Refusal};
use crate::workspace::cancel::CancelToken;

/// What the edits of other files are switched by.
pub const FEATURE: &str = "fileRename";

/// What is asked and told of, as far as the client does so.
pub fn options(can: FileOperations) -> FileOperationOptions {
    let registered = |wanted: bool| wanted.then(registration);
    FileOperationOptions {
        will_create: registered(can.will_create),
        did_create: registered(can.did_create),
        will_rename: registered(can.will_rename),
        did_rename: registered(can.did_rename),
        will_delete: registered(can.will_delete),
        did_delete: registered(can.did_delete),
    }
}

fn registration() -> FileOperationRegistrationOptions {
    let extensions: Vec<&str> = LangId::all().flat_map(|lang| lang.pack().extensions).copied().collect();
    let filter = |glob: String, kind| FileOperationFilter {
        scheme: Some("file".to_owned()),
        pattern: FileOperationPattern { glob, matches: Some(kind), options: None },
    };
    FileOperationRegistrationOptions {
        filters: vec![
            filter(format!("**/*.{{{}}}", extensions.join(",")), FileOperationPatternKind::File),
            filter("**".to_owned(), FileOperationPatternKind::Folder),
        ],
    }
}

pub fn will_create(session: &Arc<Session>, params: CreateFilesParams) -> Answer<Option<WorkspaceEdit>> {
    let uris = params.files.into_iter().map(|f| (f.uri, None)).collect();
    edited(session, uris, |view, files, _| Ok(query::file_creations(view, &of_paths(files))))
}

pub fn will_delete(session: &Arc<Session>, params: DeleteFilesParams) -> Answer<Option<WorkspaceEdit>> {
    let uris = params.files.into_iter().map(|f| (f.uri, None)).collect();
    edited(session, uris, |view, files, cancel| query::file_deletions(view, &of_paths(files), cancel.flag()))
}

pub fn will_rename(session: &Arc<Session>, params: RenameFilesParams) -> Answer<Option<WorkspaceEdit>> {
    let uris = params.files.into_iter().map(|f| (f.old_uri, Some(f.new_uri))).collect();
    edited(session, uris, |view, files, cancel| {
        let moves: Vec<(String, String)> =
            files.iter().filter_map(|(old, new)| Some((old.clone(), new.clone()?))).collect();
        query::file_renames(view, &moves, cancel.flag())
    })
}

/// What has come, gone or moved is looked at on disk, as when a watcher tells of it.
pub fn did_create(session: &Arc<Session>, params: CreateFilesParams) {
    changed(session, params.files.iter().map(|f| &f.uri));
}

pub fn did_delete(session: &Arc<Session>, params: DeleteFilesParams) {
    changed(session, params.files.iter().map(|f| &f.uri));
}

pub fn did_rename(session: &Arc<Session>, params: RenameFilesParams) {
    changed(session, params.files.iter().flat_map(|f| [&f.old_uri, &f.new_uri]));
}

fn changed<'u>(session: &Session, uris: impl Iterator<Item = &'u Uri>) {
    if let Ok(manager) = session.manager() {
        manager.files_changed(uris.filter_map(uri::to_path));
    }
}

/// Paths relative to their folder; of what moves, where to.
type Paths = [(String, Option<String>)];

fn of_paths(files: &Paths) -> Vec<String> {
    files.iter().map(|(path, _)| path.clone()).collect()
}

/// The edits for files of one folder, worked out together; what leaves its folder is not followed.
fn edited(
    session: &Arc<Session>,
    uris: Vec<(Uri, Option<Uri>)>,
    edits: impl Fn(&View, &Paths, &CancelToken) -> Result<Vec<(FileId, Vec<Edit>)>, Refusal> + Send + 'static,
) -> Answer<Option<WorkspaceEdit>> {
    let (manager, features) = match (session.manager(), session.features()) {
        (Ok(manager), Ok(features)) => (manager, features),
        (Err(error), _) | (_, Err(error)) => return at_once(Err(error)),
    };
    let (can, encoding) = (features.edits, features.encoding);
    let paths: Vec<(PathBuf, Option<PathBuf>)> = uris
        .iter()
        .filter_map(|(old, new)| Some((uri::to_path(old)?, new.as_ref().and_then(uri::to_path))))
        .collect();
    // What is no file does not keep the others from being followed.
    let Some((first, _)) = paths.first() else { return at_once(Ok(None)) };
    let Some(uri) = uri::of_path(first) else { return at_once(Ok(None)) };
    let capture = manager.capture(first);
    if capture.folder().is_none() {
        return at_once(Ok(None));
    }
    let names = Arc::clone(session);
    read_folder(session, FEATURE, &uri, move |_, ready, cancel| {
        refused_if_stale(&ready.freshness)?;
        let inside = |path: &Path| Some(path.strip_prefix(&ready.root).ok()?.to_str()?.to_owned());
        let files: Vec<(String, Option<String>)> = paths
            .iter()
            .filter_map(|(old, new)| Some((inside(old)?, new.as_deref().and_then(inside))))
            .collect();
        let found = edits(&ready.view, &files, cancel);
        if cancel.is_cancelled() {
            return Err(errors::cancelled());
        }
        let found = found.map_err(|why| refused(&why))?;
        let mut all = WorkspaceEdits::new(can);
        for (file, list) in &found {
            let path = ready.absolute(*file);
            let uri = names.uris.of(&path).ok_or_else(|| errors::internal("a file has no URI"))?;
            let version = capture.document_at(&path).and_then(|document| document.version);
            all.add(uri, version, &Places::File(ready.view.positions(*file, encoding)), list);
        }
        Ok((!found.is_empty()).then(|| all.finish()))
    })
}
