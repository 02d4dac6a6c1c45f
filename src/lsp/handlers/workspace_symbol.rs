//! `workspace/symbol`: symbols of all folders by a fuzzy query.

use std::cmp::Reverse;
use std::sync::Arc;

use tokio::sync::oneshot;
use tower_lsp::gen_lsp_types::{SymbolInformation, WorkspaceSymbolParams, WorkspaceSymbolResponse};
use tower_lsp::jsonrpc::{Error, Result};

use crate::lsp::convert::{self, Places};
use crate::lsp::errors;
use crate::lsp::partial::Parts;
use crate::lsp::reading::{Answer, at_once};
use crate::lsp::session::Session;
use crate::lsp::work::{CancelOnDrop, caught};
use crate::query;
use crate::text::Encoding;
use crate::workspace::cancel::CancelToken;
use crate::workspace::manager::Ready;
use crate::workspace::settings::Switch;

pub const FEATURE: &str = "workspaceSymbols";
/// Most symbols of one answer, and of each folder's part of one; who wants others types another letter.
const SYMBOLS_MAX: usize = 256;

/// A symbol and how well it matches.
type Scored = (u32, SymbolInformation);

pub fn handle(
    session: &Arc<Session>,
    params: WorkspaceSymbolParams,
) -> Answer<Option<WorkspaceSymbolResponse>> {
    let (manager, features) = match (session.manager(), session.features()) {
        (Ok(manager), Ok(features)) => (manager, features),
        (Err(error), _) | (_, Err(error)) => return at_once(Err(error)),
    };
    let mut asked = manager.capture_folders();
    asked.retain(|capture| capture.settings().feature(FEATURE) != Switch::Off);
    if manager.settings().feature(FEATURE) == Switch::Off && asked.is_empty() {
        return at_once(Ok(None));
    }
    let token = CancelToken::new();
    let parts = Parts::new(session, params.partial_result_params);
    let query: Arc<str> = params.query.into();
    let encoding = features.encoding;
    let folders: Vec<oneshot::Receiver<Result<Vec<Scored>>>> = asked
        .into_iter()
        .map(|capture| {
            let (sender, found) = oneshot::channel();
            let (query, session) = (Arc::clone(&query), Arc::clone(session));
            let wait = capture.settings().request_wait;
            capture.when_ready(wait, token.clone(), move |ready, cancel| {
                let _ = sender.send(caught(|| {
                    let ready = ready.map_err(|why| errors::unavailable(&why))?;
                    Ok(find(&session, &ready, &query, encoding, cancel))
                }));
            });
            found
        })
        .collect();
    let guard = CancelOnDrop(token);
    Box::pin(async move {
        let _guard = guard;
        let mut results = Vec::with_capacity(folders.len());
        let mut sent = false;
        for folder in folders {
            let found = folder.await.unwrap_or_else(|_| Err(errors::cancelled()));
            results.push(match found {
                // Each folder's as soon as they are there, and as many as if it were alone: which are the best is not
                // known before all are there. The client sorts what it shows.
                Ok(found) if parts.are_wanted() => {
                    sent |= !found.is_empty();
                    parts.send(found.into_iter().map(|(_, symbol)| symbol).collect())?;
                    Ok(Vec::new())
                }
                found => found,
            });
        }
        if sent {
            return Ok(Some(WorkspaceSymbolResponse::SymbolInformationList(Vec::new())));
        }
        merge(results).map(|list| Some(WorkspaceSymbolResponse::SymbolInformationList(list)))
    })
}

fn find(
    session: &Session,
    ready: &Ready,
    query: &str,
    encoding: Encoding,
    cancel: &CancelToken,
) -> Vec<Scored> {
    let (found, _) = query::workspace_symbols(&ready.view, query, SYMBOLS_MAX, cancel.flag());
    let symbol = |symbol: &query::WorkspaceSymbol| {
        let file = symbol.location.file;
        let uri = session.uris.of(&ready.absolute(file))?;
        let places = Places::File(ready.view.positions(file, encoding));
        Some((symbol.score, convert::workspace_symbol(symbol, uri, &places)))
    };
    found.iter().filter_map(symbol).collect()
}

/// The best of all folders. One that is not there does not keep the others from answering, but nothing found is only
/// said where all have been asked.
fn merge(folders: Vec<Result<Vec<Scored>>>) -> Result<Vec<SymbolInformation>> {
    let mut all: Vec<Scored> = Vec::new();
    let mut missing: Option<Error> = None;
    for folder in folders {
        match folder {
            Ok(found) => all.extend(found),
            Err(error) => {
                tracing::info!("a folder has no part in the symbols: {}", error.message);
                missing.get_or_insert(error);
            }
        }
    }
    match missing {
        Some(error) if all.is_empty() => Err(error),
        _ => {
            // Stable, so that symbols of one folder stay in its order.
            all.sort_by_key(|(score, _)| Reverse(*score));
            all.truncate(SYMBOLS_MAX);
            Ok(all.into_iter().map(|(_, symbol)| symbol).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::manager::{Kind, Unavailable};

    fn symbols(scores: &[u32]) -> Vec<Scored> {
        let symbol = |score: &u32| {
            let value = serde_json::json!({"name": score.to_string(), "kind": 12, "location":
                {"uri": "file:///a", "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}}});
            (*score, serde_json::from_value(value).unwrap())
        };
        scores.iter().map(symbol).collect()
    }

    fn missing() -> Error {
        errors::unavailable(&Unavailable {
            kind: Kind::NotLoaded,
            folder: None,
            retryable: true,
            message: String::new(),
        })
    }

    #[test]
    fn the_best_of_all_folders_come_first() {
        let merged = merge(vec![Ok(symbols(&[9, 3])), Ok(symbols(&[7])), Err(missing())]).unwrap();
        let names: Vec<&str> = merged.iter().map(|s| s.base_symbol_information.name.as_str()).collect();
        assert_eq!(names, ["9", "7", "3"]);
    }

    #[test]
    fn nothing_is_only_said_where_all_folders_were_asked() {
        assert_eq!(merge(vec![Ok(Vec::new()), Ok(Vec::new())]).unwrap(), []);
        assert!(merge(vec![Ok(Vec::new()), Err(missing())]).is_err());
        assert_eq!(merge(Vec::new()).unwrap(), []);
    }
}
