//! `textDocument/signatureHelp`.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{SignatureHelp, SignatureHelpParams};

use crate::lang::LangId;
use crate::lsp::convert;
use crate::lsp::reading::{Answer, Found, Patience, read};
use crate::lsp::session::Session;
use crate::query;

pub const FEATURE: &str = "signatureHelp";

/// Characters behind which a call's signature is asked for, in any language.
pub fn trigger_characters() -> Vec<String> {
    let mut marks: Vec<String> =
        LangId::all().flat_map(|lang| lang.knobs().argument_marks).map(|mark| (*mark).to_owned()).collect();
    marks.sort();
    marks.dedup();
    marks
}

pub fn handle(session: &Arc<Session>, params: SignatureHelpParams) -> Answer<Option<SignatureHelp>> {
    let can = session.features().map(|f| f.signature).unwrap_or_default();
    let at = params.text_document_position_params;
    let uri = at.text_document.uri;
    read(session, FEATURE, &uri, Patience::Local, move |reading, _, _| {
        let Some(offset) = reading.offset(at.position) else { return Ok(Found::Nothing) };
        let help = query::signature_help(&reading.ready.view, reading.file, offset);
        Ok(help.map(|help| convert::signature_help(&help, can)).into())
    })
}
