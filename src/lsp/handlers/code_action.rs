//! `textDocument/codeAction`: adding an import that is missing.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{
    CodeAction, CodeActionKind, CodeActionOptions, CodeActionParams, CodeActionResponse,
};

use crate::lsp::convert::WorkspaceEdits;
use crate::lsp::reading::{Answer, Found, Patience, read};
use crate::lsp::session::Session;
use crate::query;

pub const FEATURE: &str = "codeAction";

pub fn options() -> CodeActionOptions {
    CodeActionOptions {
        code_action_kinds: Some(vec![CodeActionKind::QuickFix]),
        ..CodeActionOptions::default()
    }
}

pub fn handle(session: &Arc<Session>, params: CodeActionParams) -> Answer<Option<Vec<CodeActionResponse>>> {
    let can = session.features().map(|f| f.edits).unwrap_or_default();
    let only = params.context.only;
    let wanted = only.is_none_or(|kinds| {
        kinds.iter().any(|k| matches!(k, CodeActionKind::QuickFix | CodeActionKind::Empty))
    });
    let (uri, at) = (params.text_document.uri, params.range.start);
    read(session, FEATURE, &uri, Patience::Folder, move |reading, _, _| {
        let Some(offset) = reading.offset(at).filter(|_| wanted) else { return Ok(Found::Nothing) };
        let missing = query::missing_imports(&reading.ready.view, reading.file, offset);
        let Some(uri) = reading.uri(reading.file) else { return Ok(Found::Nothing) };
        let single = missing.len() == 1;
        let actions = missing.iter().map(|missing| {
            let mut edits = WorkspaceEdits::new(can);
            let places = reading.places(reading.file);
            let edit = std::slice::from_ref(&missing.edit);
            edits.add(uri.clone(), reading.version(reading.file), &places, edit);
            CodeActionResponse::CodeAction(CodeAction {
                title: format!("Import `{}` from `{}`", missing.import.name, missing.import.module),
                kind: Some(CodeActionKind::QuickFix),
                is_preferred: single.then_some(true),
                edit: Some(edits.finish()),
                ..CodeAction::default()
            })
        });
        Ok(Found::Answer(actions.collect()))
    })
}
