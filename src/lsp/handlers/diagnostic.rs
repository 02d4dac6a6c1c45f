//! `textDocument/diagnostic`: what is wrong with a document, for clients that ask.

use std::sync::Arc;

use serde_json::json;
use tower_lsp::gen_lsp_types::{
    Diagnostic, DocumentDiagnosticParams, DocumentDiagnosticReport, FullDocumentDiagnosticReport,
    RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport,
    UnchangedDocumentDiagnosticReport,
};
use tower_lsp::jsonrpc::{Error, ErrorCode};

use crate::graph::content_hash;
use crate::lang::LangId;
use crate::lsp::diagnostics::{FEATURE, of_document};
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
    /// The folder is not there yet.
    Later,
}

pub fn handle(session: &Arc<Session>, params: DocumentDiagnosticParams) -> Answer<DocumentDiagnosticReport> {
    let before = params.previous_result_id;
    let uri = params.text_document.uri;
    let alone =
        read_document(session, FEATURE, &uri, |document, encoding| Ok(Some(of_document(document, encoding))));
    let features = session.features().cloned().unwrap_or_default();
    let refreshes = features.refreshes.diagnostics;
    let path = uri::to_path(&uri);
    let lang = path.as_deref().and_then(LangId::of_path);
    let settings = session.manager().ok().zip(path.as_deref()).map(|(m, path)| m.settings_at(path));
    let kinds = settings.map(|settings| findings::wanted(&settings, lang)).unwrap_or_default();
    let more = read(session, FEATURE, &uri, Patience::Local, move |reading, scope, cancel| {
        Ok(Found::Answer(match scope {
            Scope::FileAlone => More::Later,
            Scope::Folder => {
                More::Found(findings::of_file(&reading.ready, reading.file, &kinds, &features, cancel)?)
            }
        }))
    });
    Box::pin(async move {
        let Some(mut items) = alone.await? else { return Ok(full(FullDocumentDiagnosticReport::default())) };
        match more.await {
            Ok(Some(More::Found(found))) => items.extend(found),
            // Whoever is told when to ask again is content with what there is until then.
            Ok(Some(More::Later)) if !refreshes => return Err(later()),
            Ok(Some(More::Later) | None) => {}
            Err(error) if error == errors::cancelled() => return Err(error),
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

/// Ask again.
fn later() -> Error {
    Error {
        code: ErrorCode::ServerError(SERVER_CANCELLED),
        message: "the folder is being read".into(),
        data: Some(json!({"retriggerRequest": true})),
    }
}

fn full(report: FullDocumentDiagnosticReport) -> DocumentDiagnosticReport {
    DocumentDiagnosticReport::RelatedFullDocumentDiagnosticReport(RelatedFullDocumentDiagnosticReport {
        related_documents: None,
        full_document_diagnostic_report: report,
    })
}
