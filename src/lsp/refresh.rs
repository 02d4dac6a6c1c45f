//! What the client is asked to ask again once a folder says something else, or features are switched.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tower_lsp::gen_lsp_types::{
    CodeLensRefreshRequest, DiagnosticRefreshRequest, InlayHintRefreshRequest, Request,
    SemanticTokensRefreshRequest,
};

use super::diagnostics;
use super::handlers::{code_lens, inlay_hint, semantic_tokens};
use super::session::Session;
use crate::workspace::manager::{Capture, Transition, Unavailable};
use crate::workspace::sync::Mutex;

/// Requests that come so soon after the client has been asked to ask again are made because of that.
const ASKED_AGAIN: Duration = Duration::from_secs(5);

/// Folders of which requests have been turned away that would be made again if the client were asked to.
#[derive(Default)]
pub struct TurnedAway(Mutex<Turned>);

#[derive(Default)]
struct Turned {
    folders: BTreeSet<PathBuf>,
    /// When the client was last asked to ask again because of them.
    asked_again: Option<Instant>,
    /// The folders that it was asked to do so for, each because of what it asked for the one before.
    chain: BTreeSet<PathBuf>,
}

impl TurnedAway {
    /// A request about the folder got no answer, or none from the folder. What the client was asked for counts once for each
    /// folder: two that do not fit into memory together would have it ask for ever, and drive each other out for it.
    fn note(&self, folder: &Path, arrived: Instant) {
        let mut turned = self.0.lock();
        if turned.asked_again.is_none_or(|asked| arrived >= asked + ASKED_AGAIN) {
            turned.chain.clear();
        }
        if !turned.chain.contains(folder) {
            turned.folders.insert(folder.to_owned());
        }
    }

    /// The folder is there: whether requests about it have been turned away, which are to be made again now.
    fn take(&self, folder: &Path, now: Instant) -> bool {
        let mut turned = self.0.lock();
        let some = turned.folders.remove(folder);
        if some {
            turned.asked_again = Some(now);
            turned.chain.insert(folder.to_owned());
        }
        some
    }
}

/// A request that arrived then was turned away: if its folder may be there soon, the client is to ask again once it is, which
/// may be by now.
pub fn turned_away(session: &Arc<Session>, asked: &Capture, why: &Unavailable, arrived: Instant) {
    let (Some(folder), true) = (&why.folder, why.retryable) else { return };
    session.turned_away.note(folder, arrived);
    // Who puts a folder there looks for those that were turned away before; the others come by here.
    if why.kind.may_pass() && asked.is_served() && session.turned_away.take(folder, Instant::now()) {
        says_else(session, folder);
    }
}

/// Whether the client can be asked to ask again for what the feature says.
pub fn is_refreshed(feature: &str) -> bool {
    [diagnostics::FEATURE, code_lens::FEATURE, inlay_hint::FEATURE, semantic_tokens::FEATURE]
        .contains(&feature)
}

/// A folder is in another state. Answers from before are old if it says something else; one that is back from where it was
/// evicted to says the same, and would be there for the sake of being asked again.
pub fn folder_changed(session: &Arc<Session>, transition: &Transition) {
    let Transition { folder, from, to, closed, .. } = transition;
    let is_new = from.generation != to.generation;
    // One whose graph was too old to answer from answers again, whether that is another graph or the same.
    let answers = is_new || from.stale && !to.stale;
    let turned_away = answers && session.turned_away.take(folder, Instant::now());
    if is_new || *closed {
        session.changed();
    }
    if from.contents != to.contents || *closed || turned_away {
        says_else(session, folder);
    }
}

/// A folder has been closed, whatever has become of its place since.
pub fn folder_closed(session: &Arc<Session>, folder: &Path) {
    session.changed();
    says_else(session, folder);
}

fn says_else(session: &Arc<Session>, folder: &Path) {
    // Those that are told rather than ask.
    diagnostics::graph_changed(session, folder);
    ask_again(session);
}

/// Features are switched otherwise: what is off has no answers any more, and what is on has.
pub fn features_changed(session: &Arc<Session>) {
    session.changed();
    diagnostics::features_changed(session);
    ask_again(session);
}

/// What is wrong with documents is not what the client was told when it asked.
pub fn diagnostics_changed(session: &Session) {
    if session.features().is_ok_and(|f| f.refreshes.diagnostics) {
        ask::<DiagnosticRefreshRequest>(session);
    }
}

fn ask_again(session: &Session) {
    let Ok(refreshes) = session.features().map(|f| f.refreshes) else { return };
    diagnostics_changed(session);
    if refreshes.code_lenses {
        ask::<CodeLensRefreshRequest>(session);
    }
    if refreshes.inlay_hints {
        ask::<InlayHintRefreshRequest>(session);
    }
    if refreshes.semantic_tokens {
        ask::<SemanticTokensRefreshRequest>(session);
    }
}

fn ask<R: Request<Params = ()> + 'static>(session: &Session)
where
    R::Result: Send,
{
    let answer = session.client.ask::<R>(&());
    session.runtime.spawn(async move {
        if let Err(error) = answer.await {
            tracing::info!("the client does not ask again: {error}");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_turned_away_is_told_once_and_not_for_asking_again() {
        let (turned, now) = (TurnedAway::default(), Instant::now());
        let [a, b] = ["/a", "/b"].map(Path::new);
        assert!(!turned.take(a, now));
        turned.note(a, now);
        turned.note(a, now);
        assert!(!turned.take(b, now) && turned.take(a, now) && !turned.take(a, now));
        // What the client asks for now it has been told to ask for; another folder may have missed it all the same.
        let soon = now + Duration::from_secs(1);
        turned.note(a, soon);
        turned.note(b, soon);
        assert!(!turned.take(a, soon) && turned.take(b, soon));
        // However long it takes a folder to come back, each has had its turn.
        turned.note(a, soon);
        let late = soon + 10 * ASKED_AGAIN;
        turned.note(b, soon);
        assert!(!turned.take(a, late) && !turned.take(b, late));
        turned.note(a, late);
        assert!(turned.take(a, late));
    }
}
