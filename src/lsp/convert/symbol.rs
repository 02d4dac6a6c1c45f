//! Outlines and symbols.

use tower_lsp::gen_lsp_types::{
    BaseSymbolInformation, DocumentSymbol, Location, SymbolInformation, SymbolKind, Uri,
};

use super::location::{Places, full_range, range};
use crate::lang::facts::DefKind;
use crate::query;

pub fn symbol_kind(kind: DefKind) -> SymbolKind {
    match kind {
        DefKind::Module => SymbolKind::Module,
        DefKind::Namespace => SymbolKind::Namespace,
        DefKind::Class | DefKind::TypeAlias => SymbolKind::Class,
        DefKind::Struct | DefKind::Union => SymbolKind::Struct,
        DefKind::Enum => SymbolKind::Enum,
        DefKind::Interface | DefKind::Trait => SymbolKind::Interface,
        DefKind::EnumMember => SymbolKind::EnumMember,
        DefKind::Function | DefKind::Macro => SymbolKind::Function,
        DefKind::Method => SymbolKind::Method,
        DefKind::Constructor => SymbolKind::Constructor,
        DefKind::Property => SymbolKind::Property,
        DefKind::Field => SymbolKind::Field,
        DefKind::Constant => SymbolKind::Constant,
        DefKind::TypeParameter => SymbolKind::TypeParameter,
        DefKind::Label => SymbolKind::Key,
        DefKind::Static | DefKind::Variable | DefKind::Parameter | DefKind::Import | DefKind::Export => {
            SymbolKind::Variable
        }
    }
}

/// The outline as a tree.
pub fn nested_symbols(symbols: &[query::DocumentSymbol], places: &Places<'_>) -> Vec<DocumentSymbol> {
    symbols.iter().map(|symbol| nested(symbol, places)).collect()
}

/// As deep as the outline, which is bounded.
fn nested(symbol: &query::DocumentSymbol, places: &Places<'_>) -> DocumentSymbol {
    let children = nested_symbols(&symbol.children, places);
    #[expect(deprecated, reason = "the protocol's type has a field that is to be left out")]
    DocumentSymbol {
        name: named(&symbol.name),
        detail: symbol.detail.clone(),
        kind: symbol_kind(symbol.kind),
        tags: None,
        deprecated: None,
        range: full_range(places, symbol.full, symbol.span),
        selection_range: range(places, symbol.span),
        children: (!children.is_empty()).then_some(children),
    }
}

/// The outline as a list, for clients that know no tree.
pub fn flat_symbols(
    symbols: &[query::DocumentSymbol],
    uri: &Uri,
    places: &Places<'_>,
) -> Vec<SymbolInformation> {
    let mut out = Vec::new();
    flatten(symbols, None, uri, places, &mut out);
    out
}

fn flatten(
    symbols: &[query::DocumentSymbol],
    container: Option<&str>,
    uri: &Uri,
    places: &Places<'_>,
    out: &mut Vec<SymbolInformation>,
) {
    for symbol in symbols {
        let location = Location { uri: uri.clone(), range: full_range(places, symbol.full, symbol.span) };
        out.push(information(&symbol.name, symbol.kind, container.map(str::to_owned), location));
        flatten(&symbol.children, Some(&symbol.name), uri, places, out);
    }
}

pub fn workspace_symbol(symbol: &query::WorkspaceSymbol, uri: Uri, places: &Places<'_>) -> SymbolInformation {
    let location = Location { uri, range: range(places, symbol.location.span) };
    information(&symbol.name, symbol.kind, symbol.container.clone(), location)
}

fn information(
    name: &str,
    kind: DefKind,
    container_name: Option<String>,
    location: Location,
) -> SymbolInformation {
    #[expect(deprecated, reason = "the protocol's type has a field that is to be left out")]
    SymbolInformation {
        deprecated: None,
        location,
        base_symbol_information: BaseSymbolInformation {
            name: named(name),
            kind: symbol_kind(kind),
            tags: None,
            container_name,
        },
    }
}

/// Clients refuse an outline with an empty name in it.
pub(super) fn named(name: &str) -> String {
    if name.is_empty() { "(unnamed)".to_owned() } else { name.to_owned() }
}
