//! The semantic tokens that clients have, so that later ones can be told as a difference.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tower_lsp::gen_lsp_types::{SemanticToken, Uri};

/// Tokens that are kept in all, 20 bytes each: those of the documents that were coloured last.
const TOKENS_KEPT_MAX: usize = 200_000;

/// The last tokens of each document.
#[derive(Default)]
pub struct TokenResults(Mutex<State>);

#[derive(Default)]
struct State {
    told: u64,
    /// The document that was coloured last stands last.
    kept: VecDeque<Kept>,
}

struct Kept {
    uri: Uri,
    id: u64,
    tokens: Arc<[SemanticToken]>,
}

impl TokenResults {
    /// Keeps what is told of a document; the result's name.
    pub fn keep(&self, uri: &Uri, tokens: &Arc<[SemanticToken]>) -> String {
        let mut state = self.0.lock();
        state.told += 1;
        let id = state.told;
        state.kept.retain(|kept| kept.uri != *uri);
        state.kept.push_back(Kept { uri: uri.clone(), id, tokens: Arc::clone(tokens) });
        let count = |state: &State| state.kept.iter().map(|kept| kept.tokens.len()).sum::<usize>();
        while count(&state) > TOKENS_KEPT_MAX {
            state.kept.pop_front();
        }
        id.to_string()
    }

    /// What was told of a document under that name, if it is the last and still there.
    pub fn told(&self, uri: &Uri, id: &str) -> Option<Arc<[SemanticToken]>> {
        let state = self.0.lock();
        let kept = state.kept.iter().find(|kept| kept.uri == *uri && kept.id.to_string() == id)?;
        Some(Arc::clone(&kept.tokens))
    }

    pub fn forget(&self, uri: &Uri) {
        self.0.lock().kept.retain(|kept| kept.uri != *uri);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_result_of_a_document_is_known_until_others_need_the_room() {
        let results = TokenResults::default();
        let uri = |name: &str| Uri::parse(&format!("file:///{name}")).unwrap();
        let token = SemanticToken {
            delta_line: 0,
            delta_start: 0,
            length: 1,
            token_type: 0,
            token_modifiers_bitset: 0,
        };
        let few: Arc<[SemanticToken]> = [token].into();
        let first = results.keep(&uri("a"), &few);
        assert!(results.told(&uri("a"), &first).is_some());
        assert!(results.told(&uri("b"), &first).is_none());
        let second = results.keep(&uri("a"), &few);
        assert!(results.told(&uri("a"), &first).is_none());
        let many: Arc<[SemanticToken]> = vec![token; TOKENS_KEPT_MAX].into();
        results.keep(&uri("b"), &many);
        assert!(results.told(&uri("a"), &second).is_none());
    }
}
