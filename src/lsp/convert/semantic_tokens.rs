//! Semantic tokens: the legend that is agreed on, and tokens as numbers by it.

use tower_lsp::gen_lsp_types::{SemanticToken, SemanticTokensEdit, SemanticTokensLegend};

use super::location::Places;
use crate::query::{Token, TokenKind, TokenModifiers};

/// Kinds of tokens as the protocol names them, each with a plainer kind for clients that do not know it.
const KINDS: [(TokenKind, &str, Option<TokenKind>); 15] = [
    (TokenKind::Namespace, "namespace", None),
    (TokenKind::Type, "type", None),
    (TokenKind::Class, "class", Some(TokenKind::Type)),
    (TokenKind::Enum, "enum", Some(TokenKind::Type)),
    (TokenKind::Interface, "interface", Some(TokenKind::Type)),
    (TokenKind::Struct, "struct", Some(TokenKind::Type)),
    (TokenKind::TypeParameter, "typeParameter", Some(TokenKind::Type)),
    (TokenKind::Parameter, "parameter", Some(TokenKind::Variable)),
    (TokenKind::Variable, "variable", None),
    (TokenKind::Property, "property", Some(TokenKind::Variable)),
    (TokenKind::EnumMember, "enumMember", Some(TokenKind::Property)),
    (TokenKind::Function, "function", None),
    (TokenKind::Method, "method", Some(TokenKind::Function)),
    (TokenKind::Macro, "macro", Some(TokenKind::Function)),
    (TokenKind::Label, "label", None),
];

const MODIFIERS: [(TokenModifiers, &str); 7] = [
    (TokenModifiers::DECLARATION, "declaration"),
    (TokenModifiers::READONLY, "readonly"),
    (TokenModifiers::STATIC, "static"),
    (TokenModifiers::ABSTRACT, "abstract"),
    (TokenModifiers::ASYNC, "async"),
    (TokenModifiers::MODIFICATION, "modification"),
    (TokenModifiers::DEFAULT_LIBRARY, "defaultLibrary"),
];

/// The kinds and modifiers that the client knows of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenLegend {
    kinds: Vec<TokenKind>,
    modifiers: Vec<TokenModifiers>,
}

impl TokenLegend {
    pub fn new(kinds: &[String], modifiers: &[String]) -> TokenLegend {
        TokenLegend {
            kinds: KINDS.iter().filter(|(_, name, _)| kinds.iter().any(|k| k == name)).map(|k| k.0).collect(),
            modifiers: MODIFIERS
                .iter()
                .filter(|(_, name)| modifiers.iter().any(|m| m == name))
                .map(|m| m.0)
                .collect(),
        }
    }

    pub fn names(&self) -> SemanticTokensLegend {
        let kinds = KINDS.iter().filter(|(kind, ..)| self.kinds.contains(kind));
        let modifiers = MODIFIERS.iter().filter(|(modifier, _)| self.modifiers.contains(modifier));
        SemanticTokensLegend {
            token_types: kinds.map(|(_, name, _)| (*name).to_owned()).collect(),
            token_modifiers: modifiers.map(|(_, name)| (*name).to_owned()).collect(),
        }
    }

    /// The number of a kind, or of the plainer one that stands for it.
    fn kind(&self, kind: TokenKind) -> Option<u32> {
        let mut wanted = Some(kind);
        while let Some(kind) = wanted {
            if let Some(at) = self.kinds.iter().position(|k| *k == kind) {
                return Some(at as u32);
            }
            wanted = KINDS.iter().find(|(k, ..)| *k == kind).and_then(|(.., plainer)| *plainer);
        }
        None
    }

    fn bits(&self, modifiers: TokenModifiers) -> u32 {
        let set = self.modifiers.iter().enumerate().filter(|(_, modifier)| modifiers.has(**modifier));
        set.fold(0, |bits, (at, _)| bits | 1 << at)
    }

    /// Tokens in source order, each told by its distance to the one before.
    pub fn encode(&self, tokens: &[Token], places: &Places<'_>) -> Vec<SemanticToken> {
        let (mut line, mut character) = (0, 0);
        let mut encoded = Vec::with_capacity(tokens.len());
        for token in tokens {
            let Some(token_type) = self.kind(token.kind) else { continue };
            let (start, end) = (places.position(token.span.start), places.position(token.span.end));
            if start.line != end.line || end.character <= start.character {
                continue;
            }
            encoded.push(SemanticToken {
                delta_line: start.line - line,
                delta_start: if start.line == line { start.character - character } else { start.character },
                length: end.character - start.character,
                token_type,
                token_modifiers_bitset: self.bits(token.modifiers),
            });
            (line, character) = (start.line, start.character);
        }
        encoded
    }
}

/// What has to be replaced of the numbers of the tokens before to get those after; nothing if they are the same.
pub fn token_edits(before: &[SemanticToken], after: &[SemanticToken]) -> Vec<SemanticTokensEdit> {
    let head = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let (old, new) = (&before[head..], &after[head..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    if old.is_empty() && new.is_empty() {
        return Vec::new();
    }
    let data: Vec<u32> = new.iter().flat_map(numbers).collect();
    let data = (!data.is_empty()).then_some(data);
    vec![SemanticTokensEdit { start: 5 * head as u32, delete_count: 5 * old.len() as u32, data }]
}

fn numbers(token: &SemanticToken) -> [u32; 5] {
    let SemanticToken { delta_line, delta_start, length, token_type, token_modifiers_bitset } = *token;
    [delta_line, delta_start, length, token_type, token_modifiers_bitset]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_kind_that_the_client_does_not_know_is_a_plainer_one() {
        let named = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let legend =
            TokenLegend::new(&named(&["keyword", "property", "type"]), &named(&["static", "documentation"]));
        assert_eq!(legend.names().token_types, ["type", "property"]);
        assert_eq!(legend.names().token_modifiers, ["static"]);
        assert_eq!(legend.kind(TokenKind::Struct), Some(0));
        assert_eq!(legend.kind(TokenKind::EnumMember), Some(1));
        assert_eq!(legend.kind(TokenKind::Parameter), None);
        assert_eq!(legend.bits(TokenModifiers::STATIC), 1);
        assert_eq!(legend.bits(TokenModifiers::ASYNC), 0);
    }

    fn token(n: u32) -> SemanticToken {
        SemanticToken { delta_line: 0, delta_start: n, length: 1, token_type: n, token_modifiers_bitset: 0 }
    }

    proptest! {
        #[test]
        fn the_tokens_before_with_the_edits_are_those_after(
            before in prop::collection::vec(0u32..3, 0..12),
            after in prop::collection::vec(0u32..3, 0..12),
        ) {
            let (before, after): (Vec<_>, Vec<_>) =
                (before.into_iter().map(token).collect(), after.into_iter().map(token).collect());
            let mut edited: Vec<u32> = before.iter().flat_map(numbers).collect();
            for edit in token_edits(&before, &after).into_iter().rev() {
                let (start, count) = (edit.start as usize, edit.delete_count as usize);
                edited.splice(start..start + count, edit.data.unwrap_or_default());
            }
            prop_assert_eq!(edited, after.iter().flat_map(numbers).collect::<Vec<u32>>());
            prop_assert!(token_edits(&after, &after).is_empty());
        }
    }
}
