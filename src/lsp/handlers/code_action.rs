//! `textDocument/codeAction`: adding an import or beginning a function that is missing, removing imports that
//! nobody uses.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{
    CodeAction, CodeActionKind, CodeActionOptions, CodeActionParams, CodeActionResponse,
};

use crate::lang::facts::Span;
use crate::lang::modules::Layout;
use crate::lsp::convert::WorkspaceEdits;
use crate::lsp::errors;
use crate::lsp::findings;
use crate::lsp::reading::{Answer, Found, Patience, read};
use crate::lsp::session::Session;
use crate::query;

pub const FEATURE: &str = "codeAction";

pub fn options() -> CodeActionOptions {
    CodeActionOptions {
        code_action_kinds: Some(vec![CodeActionKind::QuickFix, CodeActionKind::SourceOrganizeImports]),
        ..CodeActionOptions::default()
    }
}

pub fn handle(session: &Arc<Session>, params: CodeActionParams) -> Answer<Option<Vec<CodeActionResponse>>> {
    let can = session.features().map(|f| f.edits).unwrap_or_default();
    let only = params.context.only;
    // A client that asks for sources of changes asks for those alone.
    let asked = |kind: CodeActionKind, by: &[CodeActionKind]| match &only {
        None => kind == CodeActionKind::QuickFix,
        Some(kinds) => kinds.iter().any(|k| *k == kind || by.contains(k)),
    };
    let fixes = asked(CodeActionKind::QuickFix, &[CodeActionKind::Empty]);
    let organises =
        asked(CodeActionKind::SourceOrganizeImports, &[CodeActionKind::Source, CodeActionKind::Empty]);
    let (uri, asked_at) = (params.text_document.uri, params.range);
    let holder = Arc::clone(session);
    read(session, FEATURE, &uri, Patience::Folder, move |reading, _, cancel| {
        let view = &reading.ready.view;
        let Some(uri) = reading.uri(reading.file) else { return Ok(Found::Nothing) };
        let action = |title: String, kind: CodeActionKind, preferred: bool, edits: &[query::Edit]| {
            let mut all = WorkspaceEdits::new(can);
            all.add(uri.clone(), reading.version(reading.file), &reading.places(reading.file), edits);
            CodeActionResponse::CodeAction(CodeAction {
                title,
                kind: Some(kind),
                is_preferred: preferred.then_some(true),
                edit: Some(all.finish()),
                ..CodeAction::default()
            })
        };
        // Who leaves them to another server is offered them by that.
        let settings = holder.manager()?.settings_at(&reading.ready.root);
        let finds_unused = findings::wanted(&settings, Some(view.lang(reading.file)))
            .contains(&query::FindingKind::UnusedImport);
        let mut actions = Vec::new();
        let ends = reading.offset(asked_at.start).zip(reading.offset(asked_at.end));
        if let Some((start, end)) = ends.filter(|_| fixes) {
            let range = Span::new(start, end.max(start));
            let missing = query::missing_imports(view, reading.file, range);
            for m in &missing {
                let title = format!("Import `{}` from `{}`", m.import.name, m.import.module);
                let edit = std::slice::from_ref(&m.edit);
                actions.push(action(title, CodeActionKind::QuickFix, missing.len() == 1, edit));
            }
            // What is defined somewhere is not begun once more.
            let is_there = |name: &str| missing.iter().any(|m| m.import.name == name);
            let functions = query::missing_functions(view, reading.file, range);
            for function in functions.iter().filter(|f| !is_there(&f.name)) {
                let title = format!("Create function `{}`", function.name);
                let edit = std::slice::from_ref(&function.edit);
                actions.push(action(title, CodeActionKind::QuickFix, false, edit));
            }
            let edits = match finds_unused {
                true => query::remove_unused_imports_on_lines(view, reading.file, range, cancel.flag()),
                false => Vec::new(),
            };
            if !edits.is_empty() {
                let title = if edits.len() == 1 { "Remove unused import" } else { "Remove unused imports" };
                actions.push(action(title.to_owned(), CodeActionKind::QuickFix, true, &edits));
            }
        }
        if organises && finds_unused {
            let edits = query::remove_unused_imports(view, reading.file, cancel.flag());
            if !edits.is_empty() {
                let title = "Remove unused imports".to_owned();
                actions.push(action(title, CodeActionKind::SourceOrganizeImports, false, &edits));
            }
        }
        if cancel.is_cancelled() {
            return Err(errors::cancelled());
        }
        Ok(Found::Answer(actions))
    })
}
