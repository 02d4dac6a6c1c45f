//! `textDocument/completion`.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::{CompletionParams, CompletionResponse, CompletionTriggerKind, Uri};

use crate::lang::LangId;
use crate::lsp::convert::{CompletionData, completion_list, insertion_edit};
use crate::lsp::errors;
use crate::lsp::reading::{Answer, Found, Patience, read};
use crate::lsp::session::Session;
use crate::query::{self, Completion, ImportPlaces};

pub const FEATURE: &str = "completion";
/// Most that one list holds: whoever wants others types another letter.
const ITEMS_MAX: usize = 100;

/// Characters behind which members are asked for, in any language.
pub fn trigger_characters() -> Vec<String> {
    let marks = LangId::all().flat_map(|lang| lang.knobs().member_marks);
    let mut last: Vec<String> = marks.filter_map(|mark| mark.chars().last()).map(String::from).collect();
    last.sort();
    last.dedup();
    last
}

pub fn handle(session: &Arc<Session>, params: CompletionParams) -> Answer<Option<CompletionResponse>> {
    let can = session.features().map(|f| f.completion).unwrap_or_default();
    let at = params.text_document_position_params;
    let uri = at.text_document.uri.clone();
    let is_triggered =
        params.context.is_some_and(|c| c.trigger_kind == CompletionTriggerKind::TriggerCharacter);
    read(session, FEATURE, &uri, Patience::Local, move |reading, _, cancel| {
        let Some(offset) = reading.offset(at.position) else { return Ok(Found::Nothing) };
        let view = &reading.ready.view;
        // The characters are those of all languages together.
        if is_triggered && !query::is_behind_mark(view, reading.file, offset) {
            return Ok(Found::Nothing);
        }
        let found = query::completions(view, reading.file, offset, ITEMS_MAX, cancel.flag());
        if cancel.is_cancelled() {
            return Err(errors::cancelled());
        }
        let Some(found) = found else { return Ok(Found::Nothing) };
        let places = reading.places(reading.file);
        let mut list =
            completion_list(&found, &places, can, |c| data(&at.text_document.uri, found.replaced.start, c));
        if !can.resolves_edits {
            let imported = found.items.iter().any(|completion| completion.import.is_some());
            let imports = if imported { ImportPlaces::of(view, reading.file) } else { None };
            for (item, completion) in list.items.iter_mut().zip(&found.items) {
                let import = imports.as_ref().zip(completion.import.as_ref());
                let insertion = import.and_then(|(to, import)| to.insertion(found.replaced.start, import));
                item.additional_text_edits = insertion.map(|i| vec![insertion_edit(&i, &places)]);
            }
        }
        Ok(Found::Answer(CompletionResponse::CompletionList(list)))
    })
}

fn data(uri: &Uri, offset: u32, completion: &Completion) -> CompletionData {
    let source = completion.source.as_ref();
    CompletionData {
        uri: uri.clone(),
        offset,
        path: source.map(|s| s.path.clone()),
        at: source.map(|s| s.at),
        module: completion.import.as_ref().map(|i| i.module.clone()),
        name: completion.import.as_ref().map(|i| i.name.clone()),
    }
}
