//! What the client is asked to ask again once a folder says something else, or features are switched.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{
    CodeLensRefreshRequest, DiagnosticRefreshRequest, InlayHintRefreshRequest, Request,
    SemanticTokensRefreshRequest,
};

use super::diagnostics;
use super::session::Session;
use crate::workspace::manager::Transition;

/// A folder is in another state: answers from before its new graph are old.
pub fn folder_changed(session: &Arc<Session>, transition: &Transition) {
    if transition.from.generation == transition.to.generation && !transition.closed {
        return;
    }
    session.changed();
    // Those that are told rather than ask.
    diagnostics::graph_changed(session, &transition.folder);
    ask_again(session);
}

/// Features are switched otherwise: what is off has no answers any more, and what is on has.
pub fn features_changed(session: &Arc<Session>) {
    session.changed();
    diagnostics::features_changed(session);
    ask_again(session);
}

fn ask_again(session: &Session) {
    let Ok(refreshes) = session.features().map(|f| f.refreshes) else { return };
    if refreshes.diagnostics {
        ask::<DiagnosticRefreshRequest>(session);
    }
    if refreshes.code_lenses {
        ask::<CodeLensRefreshRequest>(session);
    }
    if refreshes.inlay_hints {
        ask::<InlayHintRefreshRequest>(session);
    }
    if refreshes.semantic_tokens {
        ask::<SemanticTokensRefreshRequest>(session);
    }
}

fn ask<R: Request<Params = ()> + 'static>(session: &Session)
where
    R::Result: Send,
{
    let answer = session.client.ask::<R>(&());
    session.runtime.spawn(async move {
        if let Err(error) = answer.await {
            tracing::info!("the client does not ask again: {error}");
        }
    });
}
