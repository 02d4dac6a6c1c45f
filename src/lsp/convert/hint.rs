//! Inlay hints.

use serde::{Deserialize, Serialize};
use serde_json::json;
use tower_lsp::gen_lsp_types::{
    InlayHint, InlayHintKind, InlayHintLabelPart, Label, Location, Position, Range, Tooltip, Uri,
};

use crate::query::HintKind;

/// What the client asks for when it shows a hint's own text, rather than with all hints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HintFeatures {
    pub resolves_tooltip: bool,
    pub resolves_location: bool,
}

/// Where what a hint names is declared, and what makes it known again there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    pub uri: Uri,
    /// Of the name.
    pub range: Range,
    pub name: String,
    /// What it stands in.
    pub container: Option<String>,
    /// Of the document, if it was open.
    pub version: Option<i32>,
    /// A file of the folder that knows it as a dependency's, which no open folder has.
    pub from: Option<Uri>,
}

/// A hint at a position; what the client does not ask for later on has the place at once. A tooltip is not worked out for
/// each of a hundred hints: it is there for who asks for it.
pub fn inlay_hint(
    kind: HintKind,
    name: &str,
    position: Position,
    declared: Option<Declared>,
    can: HintFeatures,
) -> InlayHint {
    let (label, kind) = match kind {
        HintKind::Type => (format!(": {name}"), InlayHintKind::Type),
        HintKind::Parameter => (format!("{name}:"), InlayHintKind::Parameter),
    };
    let hint = InlayHint {
        position,
        label: label.into(),
        padding_right: (kind == InlayHintKind::Parameter).then_some(true),
        kind: Some(kind),
        text_edits: None,
        tooltip: None,
        padding_left: None,
        data: None,
    };
    let Some(declared) = declared else { return hint };
    let data = (can.resolves_tooltip || can.resolves_location).then(|| json!(declared));
    let hint = if can.resolves_location { hint } else { located(hint, declared.uri, declared.range) };
    InlayHint { data, ..hint }
}

/// The hint with what its client asks for of this.
pub fn resolved_hint(
    hint: InlayHint,
    uri: Uri,
    range: Range,
    tooltip: Tooltip,
    can: HintFeatures,
) -> InlayHint {
    let hint = if can.resolves_location { located(hint, uri, range) } else { hint };
    InlayHint { tooltip: can.resolves_tooltip.then_some(tooltip), ..hint }
}

fn located(mut hint: InlayHint, uri: Uri, range: Range) -> InlayHint {
    if let Label::String(value) = hint.label {
        let location = Some(Location { uri, range });
        let part = InlayHintLabelPart { value, tooltip: None, location, command: None };
        hint.label = Label::InlayHintLabelPartList(vec![part]);
    }
    hint
}
