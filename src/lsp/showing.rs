//! Messages about a place that the user can have shown.

use std::sync::Arc;
use std::time::Duration;

use tower_lsp::gen_lsp_types::{
    MessageActionItem, MessageType, Range, ShowDocumentParams, ShowDocumentRequest, ShowMessageRequest,
    ShowMessageRequestParams, Uri,
};

use super::session::Session;
use super::transport::AskError;

/// What the user picks.
const SHOW: &str = "Show";
/// Longest that the user may think it over: a message that is answered later has been forgotten.
const CHOICE_WAIT: Duration = Duration::from_secs(10 * 60);
/// Most messages that may wait for the user at once; what comes then is a message alone.
pub const CHOICES_MAX: usize = 8;

/// Puts a message before the user, and what it is about if the user wants that and the client can show it.
pub fn offer(session: &Arc<Session>, kind: MessageType, message: String, uri: Uri, place: Range) {
    let can = session.features().is_ok_and(|f| f.shows_documents);
    let waits = can.then(|| Arc::clone(&session.choices).try_acquire_owned().ok()).flatten();
    let Some(waits) = waits else { return session.show(kind, message) };
    let action = MessageActionItem { title: SHOW.to_owned(), ..MessageActionItem::default() };
    let params = ShowMessageRequestParams { kind, message: message.clone(), actions: Some(vec![action]) };
    let choice = session.client.ask_within::<ShowMessageRequest>(&params, CHOICE_WAIT);
    let (session, runtime) = (Arc::clone(session), session.runtime.clone());
    runtime.spawn(async move {
        let _waits = waits;
        match choice.await {
            Ok(Some(picked)) if picked.title == SHOW => show(&session, uri, place).await,
            Ok(_) | Err(AskError::NoAnswer(_)) => {}
            // A client that has no such messages has the plain ones.
            Err(AskError::Refused { .. } | AskError::Unreadable { .. }) => session.show(kind, message),
        }
    });
}

async fn show(session: &Session, uri: Uri, place: Range) {
    let name = uri.to_string();
    let params = ShowDocumentParams { uri, external: None, take_focus: Some(true), selection: Some(place) };
    match session.client.ask::<ShowDocumentRequest>(&params).await {
        Ok(shown) if shown.success => {}
        Ok(_) => tracing::warn!("the client does not show {name}"),
        Err(error) => tracing::warn!("the client does not show {name}: {error}"),
    }
}
