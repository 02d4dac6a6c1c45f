//! `textDocument/semanticTokens/full`, `…/full/delta` and `…/range`.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{
    Full, Range, SemanticToken, SemanticTokens, SemanticTokensDelta, SemanticTokensDeltaParams,
    SemanticTokensDeltaResponse, SemanticTokensFullDelta, SemanticTokensOptions, SemanticTokensParams,
    SemanticTokensRangeParams, Uri,
};

use crate::lang::facts::Span;
use crate::lsp::convert::token_edits;
use crate::lsp::errors;
use crate::lsp::features::ClientFeatures;
use crate::lsp::reading::{Answer, Found, Patience, read};
use crate::lsp::session::Session;
use crate::query;

pub const FEATURE: &str = "semanticTokens";

/// What is offered to a client that knows any of our tokens.
pub fn options(features: &ClientFeatures) -> Option<SemanticTokensOptions> {
    let legend = features.token_legend.as_ref()?.names();
    let full = Full::SemanticTokensFullDelta(SemanticTokensFullDelta { delta: Some(true) });
    (!legend.token_types.is_empty()).then(|| SemanticTokensOptions {
        legend,
        range: Some(true.into()),
        full: Some(full),
        ..SemanticTokensOptions::default()
    })
}

pub fn full(session: &Arc<Session>, params: SemanticTokensParams) -> Answer<Option<SemanticTokens>> {
    let uri = params.text_document.uri;
    let (tokens, session) = (tokens(session, &uri, None), Arc::clone(session));
    Box::pin(async move { Ok(tokens.await?.map(|tokens| whole(&session, &uri, tokens))) })
}

pub fn delta(
    session: &Arc<Session>,
    params: SemanticTokensDeltaParams,
) -> Answer<Option<SemanticTokensDeltaResponse>> {
    let uri = params.text_document.uri;
    let before = session.token_results.told(&uri, &params.previous_result_id);
    let (tokens, session) = (tokens(session, &uri, None), Arc::clone(session));
    Box::pin(async move {
        let Some(tokens) = tokens.await? else { return Ok(None) };
        let Some(before) = before else {
            return Ok(Some(SemanticTokensDeltaResponse::SemanticTokens(whole(&session, &uri, tokens))));
        };
        let edits = token_edits(&before, &tokens);
        let result_id = Some(session.token_results.keep(&uri, &tokens.into()));
        Ok(Some(SemanticTokensDeltaResponse::SemanticTokensDelta(SemanticTokensDelta { result_id, edits })))
    })
}

pub fn range(session: &Arc<Session>, params: SemanticTokensRangeParams) -> Answer<Option<SemanticTokens>> {
    let tokens = tokens(session, &params.text_document.uri, Some(params.range));
    Box::pin(async move { Ok(tokens.await?.map(|data| SemanticTokens { result_id: None, data })) })
}

fn whole(session: &Session, uri: &Uri, tokens: Vec<SemanticToken>) -> SemanticTokens {
    let kept: Arc<[SemanticToken]> = tokens.into();
    SemanticTokens { result_id: Some(session.token_results.keep(uri, &kept)), data: kept.to_vec() }
}

/// Tokens of a document, or of a part of it.
fn tokens(session: &Arc<Session>, uri: &Uri, range: Option<Range>) -> Answer<Option<Vec<SemanticToken>>> {
    let legend = session.features().map(|f| f.token_legend.clone()).unwrap_or_default().unwrap_or_default();
    // Who can be told to ask again gets at once what the document alone says.
    let refreshes = session.features().is_ok_and(|f| f.refreshes.semantic_tokens);
    let patience = if refreshes { Patience::Local } else { Patience::Folder };
    read(session, FEATURE, uri, patience, move |reading, _, cancel| {
        let view = &reading.ready.view;
        let within = range.map(|range| {
            let start = reading.offset(range.start).unwrap_or(u32::MAX);
            Span::new(start, reading.offset(range.end).unwrap_or(u32::MAX).max(start))
        });
        let found = query::semantic_tokens(view, reading.file, within, cancel.flag());
        if found.cancelled {
            return Err(errors::cancelled());
        }
        Ok(Found::Answer(legend.encode(&found.tokens, &reading.places(reading.file))))
    })
}
