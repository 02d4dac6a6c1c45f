//! Items of call and type hierarchies.

use tower_lsp::gen_lsp_types::{CallHierarchyItem, Range, SymbolKind, TypeHierarchyItem, Uri};

use super::location::{Places, full_range, range};
use super::symbol::{named, symbol_kind};
use crate::query::Item;

pub fn call_item(item: &Item, uri: Uri, places: &Places<'_>) -> CallHierarchyItem {
    let Shown { name, kind, detail, range, selection_range } = shown(item, places);
    CallHierarchyItem { name, kind, tags: None, detail, uri, range, selection_range, data: None }
}

pub fn type_item(item: &Item, uri: Uri, places: &Places<'_>) -> TypeHierarchyItem {
    let Shown { name, kind, detail, range, selection_range } = shown(item, places);
    TypeHierarchyItem { name, kind, tags: None, detail, uri, range, selection_range, data: None }
}

/// What the two kinds of items share.
struct Shown {
    name: String,
    kind: SymbolKind,
    detail: Option<String>,
    range: Range,
    selection_range: Range,
}

fn shown(item: &Item, places: &Places<'_>) -> Shown {
    Shown {
        name: named(&item.name),
        kind: item.kind.map_or(SymbolKind::File, symbol_kind),
        detail: item.container.clone(),
        range: full_range(places, item.location.full, item.location.span),
        selection_range: range(places, item.location.span),
    }
}
