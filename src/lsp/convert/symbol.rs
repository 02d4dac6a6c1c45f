//! Outlines and symbols.

use tower_lsp::gen_lsp_types::{
    BaseSymbolInformation, ClientSymbolKindOptions, DocumentSymbol, Location, SymbolInformation, SymbolKind,
    Uri,
};

use super::location::{Places, full_range, range};
use crate::lang::facts::DefKind;
use crate::query;

/// The kinds of symbols that a client knows in one kind of answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SymbolKinds {
    /// Those that it lists: without a list it knows the ones that the protocol began with.
    known: Vec<SymbolKind>,
}

impl SymbolKinds {
    pub fn new(known: Option<&ClientSymbolKindOptions>) -> SymbolKinds {
        SymbolKinds { known: known.and_then(|options| options.value_set.clone()).unwrap_or_default() }
    }

    /// The kind itself, or the one of the protocol's first that comes next to it.
    fn of(&self, kind: DefKind) -> SymbolKind {
        let own = symbol_kind(kind);
        if self.known.contains(&own) {
            return own;
        }
        match own {
            SymbolKind::Struct | SymbolKind::TypeParameter => SymbolKind::Class,
            SymbolKind::EnumMember | SymbolKind::Key => SymbolKind::Constant,
            first => first,
        }
    }
}

/// The kind in answers whose clients know them all (hierarchies).
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
pub fn nested_symbols(
    symbols: &[query::DocumentSymbol],
    places: &Places<'_>,
    kinds: &SymbolKinds,
) -> Vec<DocumentSymbol> {
    symbols.iter().map(|symbol| nested(symbol, places, kinds)).collect()
}

/// As deep as the outline, which is bounded.
fn nested(symbol: &query::DocumentSymbol, places: &Places<'_>, kinds: &SymbolKinds) -> DocumentSymbol {
    let children = nested_symbols(&symbol.children, places, kinds);
    #[expect(deprecated, reason = "the protocol's type has a field that is to be left out")]
    DocumentSymbol {
        name: named(&symbol.name),
        detail: symbol.detail.clone(),
        kind: kinds.of(symbol.kind),
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
    kinds: &SymbolKinds,
) -> Vec<SymbolInformation> {
    let mut out = Vec::new();
    flatten(symbols, None, uri, places, kinds, &mut out);
    out
}

fn flatten(
    symbols: &[query::DocumentSymbol],
    container: Option<&str>,
    uri: &Uri,
    places: &Places<'_>,
    kinds: &SymbolKinds,
    out: &mut Vec<SymbolInformation>,
) {
    for symbol in symbols {
        let location = Location { uri: uri.clone(), range: full_range(places, symbol.full, symbol.span) };
        let kind = kinds.of(symbol.kind);
        out.push(information(&symbol.name, kind, container.map(str::to_owned), location));
        flatten(&symbol.children, Some(&symbol.name), uri, places, kinds, out);
    }
}

pub fn workspace_symbol(
    symbol: &query::WorkspaceSymbol,
    uri: Uri,
    places: &Places<'_>,
    kinds: &SymbolKinds,
) -> SymbolInformation {
    let location = Location { uri, range: range(places, symbol.location.span) };
    information(&symbol.name, kinds.of(symbol.kind), symbol.container.clone(), location)
}

fn information(
    name: &str,
    kind: SymbolKind,
    container_name: Option<String>,
    location: Location,
) -> SymbolInformation {
    #[expect(deprecated, reason = "the protocol's type has a field that is to be left out")]
    SymbolInformation {
        deprecated: None,
        location,
        base_symbol_information: BaseSymbolInformation {
            name: named(name),
            kind,
            tags: None,
            container_name,
        },
    }
}

/// Clients refuse an outline with an empty name in it.
pub(super) fn named(name: &str) -> String {
    if name.is_empty() { "(unnamed)".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_a_client_does_not_list_become_ones_that_all_know() {
        let plain = SymbolKinds::new(None);
        let of = |known: &[SymbolKind]| {
            SymbolKinds::new(Some(&ClientSymbolKindOptions { value_set: Some(known.to_vec()) }))
        };
        for kind in DefKind::ALL {
            let number = u32::from(plain.of(kind));
            assert!((1..=18).contains(&number), "{kind:?} is {number}");
            assert_eq!(of(&[symbol_kind(kind)]).of(kind), symbol_kind(kind));
        }
        let some = of(&[SymbolKind::Struct]);
        assert_eq!(some.of(DefKind::Struct), SymbolKind::Struct);
        assert_eq!(some.of(DefKind::EnumMember), SymbolKind::Constant);
        assert_eq!(some.of(DefKind::TypeParameter), SymbolKind::Class);
        // What the protocol began with is known, listed or not.
        assert_eq!(some.of(DefKind::Method), SymbolKind::Method);
    }
}
