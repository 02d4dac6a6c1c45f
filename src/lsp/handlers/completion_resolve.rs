//! `completionItem/resolve`: what a completion is, and the import that it brings.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::CompletionItem;

use super::completion::FEATURE;
use crate::lsp::convert::{CompletionData, described, insertion_edit};
use crate::lsp::reading::{Answer, Found, Patience, at_once, read};
use crate::lsp::session::Session;
use crate::query::{self, ImportPlaces};

pub fn handle(session: &Arc<Session>, item: CompletionItem) -> Answer<CompletionItem> {
    let data = item.data.clone().and_then(|data| serde_json::from_value::<CompletionData>(data).ok());
    let Some(data) = data else { return at_once(Ok(item)) };
    let can = session.features().map(|f| f.completion).unwrap_or_default();
    let (uri, plain) = (data.uri.clone(), item.clone());
    let resolved = read(session, FEATURE, &uri, Patience::Local, move |reading, _, _| {
        let view = &reading.ready.view;
        let mut item = item.clone();
        let found =
            data.path.as_deref().zip(data.at).and_then(|(p, at)| query::described(view, p, at, &item.label));
        if let Some(found) = found {
            described(&mut item, &found, can.prose);
        }
        if let Some(import) = data.import().filter(|_| item.additional_text_edits.is_none()) {
            let insertion =
                ImportPlaces::of(view, reading.file).and_then(|to| to.insertion(data.offset, &import));
            let places = reading.places(reading.file);
            item.additional_text_edits = insertion.map(|i| vec![insertion_edit(&i, &places)]);
        }
        Ok(Found::Answer(item))
    });
    Box::pin(async move { Ok(resolved.await?.unwrap_or(plain)) })
}
