//! `textDocument/diagnostic`: what is wrong with a document, for clients that ask.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{
    DocumentDiagnosticParams, DocumentDiagnosticReport, FullDocumentDiagnosticReport,
    RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport,
    UnchangedDocumentDiagnosticReport,
};

use crate::lsp::diagnostics::{FEATURE, of_document};
use crate::lsp::reading::{Answer, read_document};
use crate::lsp::session::Session;

pub fn handle(session: &Arc<Session>, params: DocumentDiagnosticParams) -> Answer<DocumentDiagnosticReport> {
    let before = params.previous_result_id;
    let uri = params.text_document.uri;
    let report = read_document(session, FEATURE, &uri, move |document, encoding| {
        let items = of_document(document, encoding);
        // The same text has the same errors.
        let id = format!("{:016x}/{}", document.hash(), items.len());
        Ok(Some(match before == Some(id.clone()) {
            true => DocumentDiagnosticReport::RelatedUnchangedDocumentDiagnosticReport(
                RelatedUnchangedDocumentDiagnosticReport {
                    related_documents: None,
                    unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id: id },
                },
            ),
            false => full(FullDocumentDiagnosticReport { result_id: Some(id), items }),
        }))
    });
    Box::pin(
        async move { Ok(report.await?.unwrap_or_else(|| full(FullDocumentDiagnosticReport::default()))) },
    )
}

fn full(report: FullDocumentDiagnosticReport) -> DocumentDiagnosticReport {
    DocumentDiagnosticReport::RelatedFullDocumentDiagnosticReport(RelatedFullDocumentDiagnosticReport {
        related_documents: None,
        full_document_diagnostic_report: report,
    })
}
