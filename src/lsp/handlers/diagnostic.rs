//! `textDocument/diagnostic`: what is wrong with a document, for clients that ask.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use tokio::sync::watch;
use tower_lsp::gen_lsp_types::{
    Diagnostic, DocumentDiagnosticParams, DocumentDiagnosticReport, FullDocumentDiagnosticReport,
    RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport,
    UnchangedDocumentDiagnosticReport,
};
use tower_lsp::jsonrpc::{Error, ErrorCode};

use crate::graph::content_hash;
use crate::lang::LangId;
use crate::lsp::convert;
use crate::lsp::diagnostics::{FEATURE, is_unasked, note_unasked, of_document};
use crate::lsp::errors;
use crate::lsp::findings;
use crate::lsp::reading::{Answer, Found, Patience, Scope, read, read_document};
use crate::lsp::session::Session;
use crate::lsp::uri;

/// The protocol's code for a request that the server has given up, and that may be made again.
const SERVER_CANCELLED: i64 = -32802;

/// What the folder adds to what the document says by itself.
enum More {
    Found(Vec<Diagnostic>),
    /// The folder is not there yet, or not by the end of the wait.
    Later,
}

pub fn handle(session: &Arc<Session>, params: DocumentDiagnosticParams) -> Answer<DocumentDiagnosticReport> {
    let before = params.previous_result_id;
    let uri = params.text_document.uri;
    let looking = Arc::clone(session);
    let alone = read_document(session, FEATURE, &uri, move |document, encoding| {
        Ok(Some(of_document(&looking, document, encoding)))
    });
    let features = session.features().cloned().unwrap_or_default();
    let refreshes = features.refreshes.diagnostics;
    let path = uri::to_path(&uri);
    let lang = path.as_deref().and_then(LangId::of_path);
    let settings = session.manager().ok().zip(path.as_deref()).map(|(m, path)| m.settings_at(path));
    let kinds = settings.map(|settings| findings::wanted(&settings, lang)).unwrap_or_default();
    // Whoever is told when to ask again is content with what there is until then. Others ask again as soon as they are
    // told to by an answer, which therefore waits.
    let patience = if refreshes { Patience::Local } else { Patience::FolderFirst };
    let edits = session.edits.subscribe();
    let version = path.as_deref().and_then(|path| open_version(session, path));
    let seen = session.unasked.begin();
    let more = read(session, FEATURE, &uri, patience, move |reading, scope, cancel| {
        Ok(Found::Answer(match scope {
            Scope::FileAlone => More::Later,
            Scope::Folder => {
                More::Found(findings::of_file(&reading.ready, reading.file, &kinds, &features, cancel)?)
            }
        }))
    });
    let session = Arc::clone(session);
    Box::pin(async move {
        let Some(mut items) = alone.await? else { return Ok(full(FullDocumentDiagnosticReport::default())) };
        let more = match path.as_deref().filter(|_| !refreshes) {
            None => more.await,
            Some(path) => tokio::select! {
                more = more => more,
                useless = useless(&session, edits, path, version) => return Err(useless),
            },
        };
        let unasked = |error: &Error| {
            let asked = path.as_deref().zip(errors::kind(error));
            asked.is_some_and(|(path, kind)| is_unasked(&session, path, kind))
        };
        if let Some(path) = path.as_deref().filter(|_| more.is_ok()) {
            session.unasked.forget(path);
        }
        match more {
            Ok(Some(More::Found(found))) => items.extend(found),
            Ok(Some(More::Later)) if !refreshes => return Err(later(!session.is_over())),
            Ok(Some(More::Later) | None) => {}
            Err(error) if error == errors::cancelled() => return Err(error),
            Err(error) if unasked(&error) => {
                if let Some(path) = path.as_deref().filter(|path| open_version(&session, path).is_some()) {
                    note_unasked(&session, path, seen);
                }
                items.push(convert::not_looked_for(&error.message));
            }
            // Of a folder that cannot answer its own diagnostic tells.
            Err(error) => tracing::debug!("the folder adds no diagnostics: {}", error.message),
        }
        let id = result_id(&items);
        Ok(match before == Some(id.clone()) {
            true => DocumentDiagnosticReport::RelatedUnchangedDocumentDiagnosticReport(
                RelatedUnchangedDocumentDiagnosticReport {
                    related_documents: None,
                    unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id: id },
                },
            ),
            false => full(FullDocumentDiagnosticReport { result_id: Some(id), items }),
        })
    })
}

/// The same diagnostics have the same name.
pub fn result_id(items: &[Diagnostic]) -> String {
    let written = serde_json::to_vec(items).unwrap_or_default();
    format!("{:016x}/{}", content_hash(&written), items.len())
}

/// Waits until nobody has a use for the answer about a version of a document any more; the error that says so.
async fn useless(
    session: &Session,
    mut edits: watch::Receiver<u64>,
    path: &Path,
    version: Option<Option<i32>>,
) -> Error {
    loop {
        if session.is_over() {
            return later(false);
        }
        if open_version(session, path) != version {
            return Error::content_modified();
        }
        if edits.changed().await.is_err() {
            return errors::cancelled();
        }
    }
}

/// The version of a document, if it is open.
fn open_version(session: &Session, path: &Path) -> Option<Option<i32>> {
    Some(session.manager().ok()?.documents().get(path)?.version)
}

/// The folder is not there yet, and whether to ask again.
fn later(again: bool) -> Error {
    Error {
        code: ErrorCode::ServerError(SERVER_CANCELLED),
        message: "the folder is being read".into(),
        data: Some(json!({"retriggerRequest": again})),
    }
}

fn full(report: FullDocumentDiagnosticReport) -> DocumentDiagnosticReport {
    DocumentDiagnosticReport::RelatedFullDocumentDiagnosticReport(RelatedFullDocumentDiagnosticReport {
        related_documents: None,
        full_document_diagnostic_report: report,
    })
}
