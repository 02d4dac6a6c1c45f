//! `workspace/willCreateFiles`, `workspace/willDeleteFiles`, and what is told when files have come, gone or moved.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{
    CreateFilesParams, DeleteFilesParams, FileOperationFilter, FileOperationOptions, FileOperationPattern,
    FileOperationPatternKind, FileOperationRegistrationOptions, RenameFilesParams, Uri, WorkspaceEdit,
};

use super::file_edits::{Paths, Question, edited};
use crate::graph::View;
use crate::lang::LangId;
use crate::lsp::features::FileOperations;
use crate::lsp::reading::Answer;
use crate::lsp::session::Session;
use crate::lsp::uri;
use crate::query;
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
    let edits =
        |view: &View, files: &Paths, _: &CancelToken| Ok(query::file_creations(view, &of_paths(files)));
    edited(session, uris, Question { edits, away: None })
}

pub fn will_delete(session: &Arc<Session>, params: DeleteFilesParams) -> Answer<Option<WorkspaceEdit>> {
    let uris = params.files.into_iter().map(|f| (f.uri, None)).collect();
    let edits = |view: &View, files: &Paths, cancel: &CancelToken| {
        query::file_deletions(view, &of_paths(files), cancel.flag())
    };
    edited(session, uris, Question { edits, away: Some("goes") })
}

pub fn will_rename(session: &Arc<Session>, params: RenameFilesParams) -> Answer<Option<WorkspaceEdit>> {
    let uris = params.files.into_iter().map(|f| (f.old_uri, Some(f.new_uri))).collect();
    let edits = |view: &View, files: &Paths, cancel: &CancelToken| {
        let moves: Vec<(String, String)> =
            files.iter().filter_map(|(old, new)| Some((old.clone(), new.clone()?))).collect();
        query::file_renames(view, &moves, cancel.flag())
    };
    edited(session, uris, Question { edits, away: Some("moves") })
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

fn of_paths(files: &Paths) -> Vec<String> {
    files.iter().map(|(path, _)| path.clone()).collect()
}
