//! `workspace/symbol`: symbols of all folders by a fuzzy query.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::oneshot;
use tower_lsp::gen_lsp_types::{
    MessageType, SymbolInformation, WorkspaceSymbolParams, WorkspaceSymbolResponse,
};
use tower_lsp::jsonrpc::{Error, Result};

use crate::lsp::convert::{self, Places, SymbolKinds};
use crate::lsp::errors;
use crate::lsp::partial::Parts;
use crate::lsp::reading::{Answer, Lacking, at_once};
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

/// One folder's part in an answer.
struct Part {
    folder: PathBuf,
    /// What it has, and what is not known of it; or why it cannot say.
    found: Result<(Vec<Scored>, Lacking)>,
}

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
    let (encoding, kinds) = (features.encoding, Arc::new(features.symbol_kinds.clone()));
    let folders: Vec<_> = asked
        .into_iter()
        .map(|capture| {
            let (sender, found) = oneshot::channel();
            let (query, session, kinds) = (Arc::clone(&query), Arc::clone(session), Arc::clone(&kinds));
            let wait = capture.settings().request_wait;
            let folder = capture.folder().map(Path::to_owned).unwrap_or_default();
            let asked = capture.clone();
            capture.when_ready(wait, token.clone(), move |ready, cancel| {
                let _ = sender.send(caught(|| {
                    let ready = ready.map_err(|why| errors::unavailable(&why))?;
                    let found = find(&session, &ready, &query, encoding, &kinds, cancel);
                    Ok((found, Lacking::of(&asked, &ready.freshness)))
                }));
            });
            (folder, found)
        })
        .collect();
    let guard = CancelOnDrop(token);
    let session = Arc::clone(session);
    Box::pin(async move {
        let _guard = guard;
        let mut results = Vec::with_capacity(folders.len());
        let mut sent = false;
        for (folder, found) in folders {
            let found = found.await.unwrap_or_else(|_| Err(errors::cancelled()));
            let found = match found {
                // Each folder's as soon as they are there, and as many as if it were alone: which are the best is not
                // known before all are there. The client sorts what it shows.
                Ok((found, lacking)) if parts.are_wanted() => {
                    sent |= !found.is_empty();
                    parts.send(found.into_iter().map(|(_, symbol)| symbol).collect())?;
                    Ok((Vec::new(), lacking))
                }
                found => found,
            };
            results.push(Part { folder, found });
        }
        let (list, lacks) = merge(results, sent)?;
        tell(&session, lacks);
        Ok(Some(WorkspaceSymbolResponse::SymbolInformationList(list)))
    })
}

/// Tells the user of what was not lacking the last time: who looks for a symbol asks with every letter.
fn tell(session: &Session, lacks: Lacks) {
    let messages = news(&mut session.symbols_lacked.lock(), lacks);
    messages.into_iter().for_each(|message| session.show(MessageType::Info, message));
}

/// What is to be told after what has been.
fn news(told: &mut BTreeSet<Lack>, lacks: Lacks) -> Vec<String> {
    // What is said of one folder has amounts in it that change.
    let now: BTreeSet<Lack> = lacks.values().flatten().cloned().collect();
    let before = std::mem::replace(told, now);
    let new = lacks.into_iter().filter_map(|(cause, mut folders)| {
        folders.retain(|lack| !before.contains(lack));
        (!folders.is_empty()).then(|| words(&cause, &folders))
    });
    new.collect()
}

fn words(cause: &str, folders: &[Lack]) -> String {
    let first = folders.first().map(|lack| lack.folder.display().to_string()).unwrap_or_default();
    match folders.len() {
        0 | 1 => format!("coppice: not all symbols of {first} are found: {cause}"),
        n => format!("coppice: not all symbols of {first} and {} more are found: {cause}", n - 1),
    }
}

fn find(
    session: &Session,
    ready: &Ready,
    query: &str,
    encoding: Encoding,
    kinds: &SymbolKinds,
    cancel: &CancelToken,
) -> Vec<Scored> {
    let (found, _) = query::workspace_symbols(&ready.view, query, SYMBOLS_MAX, cancel.flag());
    let symbol = |symbol: &query::WorkspaceSymbol| {
        let file = symbol.location.file;
        let uri = session.uris.of(&ready.absolute(file))?;
        let places = Places::File(ready.view.positions(file, encoding));
        Some((symbol.score, convert::workspace_symbol(symbol, uri, &places, kinds)))
    };
    found.iter().filter_map(symbol).collect()
}

/// A folder that has no part in an answer, or not all that it has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lack {
    folder: PathBuf,
    /// Some of what it has is in the answer. Who has been told so is told again once nothing is.
    has_part: bool,
    /// Of what kind the reason is.
    kind: Option<String>,
}

/// The reasons, and of which folders.
type Lacks = BTreeMap<String, Vec<Lack>>;

/// The best of all folders, if none of it has been sent yet, and what it lacks. A folder that is not there, or not wholly,
/// does not keep the others from answering, but nothing found is only said where all have been asked for all they have.
fn merge(folders: Vec<Part>, sent: bool) -> Result<(Vec<SymbolInformation>, Lacks)> {
    let mut all: Vec<Scored> = Vec::new();
    let mut lacks = Lacks::new();
    let mut missing: Option<Error> = None;
    for Part { folder, found } in folders {
        let has_part = found.is_ok();
        let (cause, error) = match found {
            Ok((found, lacking)) => {
                all.extend(found);
                let Some((cause, error)) = lacking.into_error() else { continue };
                (cause, error)
            }
            Err(error) => (error.message.to_string(), error),
        };
        tracing::info!("not all symbols of {} are found: {cause}", folder.display());
        let kind = errors::kind(&error).map(str::to_owned);
        lacks.entry(cause).or_default().push(Lack { folder, has_part, kind });
        missing.get_or_insert(error);
    }
    if let Some(error) = missing.filter(|_| all.is_empty() && !sent) {
        return Err(error);
    }
    // Stable, so that symbols of one folder stay in its order.
    all.sort_by_key(|(score, _)| Reverse(*score));
    all.truncate(SYMBOLS_MAX);
    Ok((all.into_iter().map(|(_, symbol)| symbol).collect(), lacks))
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
            message: "it is away".to_owned(),
        })
    }

    fn part(folder: &str, found: Result<Vec<Scored>>) -> Part {
        Part { folder: folder.into(), found: found.map(|found| (found, Lacking::default())) }
    }

    #[test]
    fn the_best_of_all_folders_come_first_and_those_that_cannot_say_are_named() {
        let parts = [Ok(symbols(&[9, 3])), Ok(symbols(&[7])), Err(missing()), Err(missing())];
        let parts =
            ["/a", "/b", "/c", "/d"].into_iter().zip(parts).map(|(folder, found)| part(folder, found));
        let (merged, lacks) = merge(parts.collect(), false).unwrap();
        let names: Vec<&str> = merged.iter().map(|s| s.base_symbol_information.name.as_str()).collect();
        assert_eq!(names, ["9", "7", "3"]);
        let told: Vec<String> = lacks.iter().map(|(cause, folders)| words(cause, folders)).collect();
        assert_eq!(told, ["coppice: not all symbols of /c and 1 more are found: it is away"]);
    }

    #[test]
    fn a_folder_that_drops_out_is_told_of_again_and_its_amounts_are_not() {
        let lack = |cause: &str| {
            let kind = errors::kind(&missing()).map(str::to_owned);
            Lacks::from([(cause.to_owned(), vec![Lack { folder: "/a".into(), has_part: true, kind }])])
        };
        let out = || merge(vec![part("/a", Err(missing())), part("/b", Ok(symbols(&[1])))], false).unwrap().1;
        let mut told = BTreeSet::new();
        assert_eq!(news(&mut told, lack("1 MB short")).len(), 1);
        assert_eq!(news(&mut told, lack("2 MB short")), [""; 0]);
        assert_eq!(news(&mut told, out()).len(), 1);
        assert_eq!(news(&mut told, out()), [""; 0]);
        assert_eq!(news(&mut told, Lacks::new()), [""; 0]);
        assert_eq!(news(&mut told, out()).len(), 1);
    }

    #[test]
    fn nothing_is_only_said_where_all_folders_were_asked() {
        let none = || part("/a", Ok(Vec::new()));
        let list = |parts: Vec<Part>, sent| merge(parts, sent).map(|(list, _)| list);
        assert_eq!(list(vec![none(), none()], false).unwrap(), []);
        assert!(list(vec![none(), part("/b", Err(missing()))], false).is_err());
        assert_eq!(list(vec![none(), part("/b", Err(missing()))], true).unwrap(), []);
        assert_eq!(list(Vec::new(), false).unwrap(), []);
    }
}
