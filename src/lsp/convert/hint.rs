//! Inlay hints.

use serde_json::json;
use tower_lsp::gen_lsp_types::{InlayHint, InlayHintKind, Position, Uri};

use crate::query::HintKind;

/// A hint at a position; `target` says where what it names is declared, for whoever asks for more.
pub fn inlay_hint(
    kind: HintKind,
    name: &str,
    position: Position,
    target: Option<(Uri, Position)>,
) -> InlayHint {
    let (label, kind) = match kind {
        HintKind::Type => (format!(": {name}"), InlayHintKind::Type),
        HintKind::Parameter => (format!("{name}:"), InlayHintKind::Parameter),
    };
    InlayHint {
        position,
        label: label.into(),
        padding_right: (kind == InlayHintKind::Parameter).then_some(true),
        kind: Some(kind),
        text_edits: None,
        tooltip: None,
        padding_left: None,
        data: target.map(|(uri, position)| json!({"uri": uri, "position": position})),
    }
}
