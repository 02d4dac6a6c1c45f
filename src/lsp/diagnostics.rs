//! What is published about documents, files and folders.
//!
//! A publication replaces all that was said about a file before, so what comes from a folder's state and what comes
//! from an open document is kept apart here and sent together. For a client that has fallen behind, files are only noted:
//! what is said of them once it has caught up is what holds by then.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tower_lsp::gen_lsp_types::{Diagnostic, PublishDiagnosticsNotification, PublishDiagnosticsParams, Uri};

use super::announcer::Announcer;
use super::convert::{self, Places};
use super::findings;
use super::lacking::{Lacking, Seen};
use super::reading::return_wait;
use super::refresh;
use super::session::Session;
use super::transport::Client;
use super::uri::OpenUris;
use super::work::{self, CancelOnDrop};
use crate::lang::LangId;
use crate::query::FindingKind;
use crate::text::Encoding;
use crate::workspace::cancel::CancelToken;
use crate::workspace::document::{Document, Unanalysed};
use crate::workspace::manager::{Capture, Kind};
use crate::workspace::settings::Switch;
use crate::workspace::status::FolderStatus;
use crate::workspace::sync::Mutex;

/// How long typing has to pause before errors are looked for.
const PAUSE: Duration = Duration::from_millis(100);
/// Most syntax errors that are told of one file; after the first few the rest is noise.
const ERRORS_MAX: usize = 100;
/// The feature's name in the settings.
pub const FEATURE: &str = "diagnostics";

/// What has been published.
pub struct Diagnostics {
    client: Client,
    /// Whoever calls [`catch_up`](Diagnostics::catch_up).
    announcer: Arc<Announcer>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<PathBuf, About>,
    /// The files that each folder has said something about.
    folders: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
    /// Files of which something else is to be said once the client has caught up, by the client's name for them then.
    unsaid: BTreeMap<PathBuf, Option<Uri>>,
    /// Documents whose errors are being looked for, and whether they have changed meanwhile.
    looking: BTreeMap<PathBuf, bool>,
}

/// What is said of one file.
#[derive(Default)]
struct About {
    folder: OfFolder,
    document: Option<OfDocument>,
}

/// What is wrong with an open document.
struct OfDocument {
    version: Option<i32>,
    /// As its text alone tells.
    alone: Vec<Diagnostic>,
    /// What its folder finds in it.
    more: Vec<Diagnostic>,
}

/// What a folder says of one file.
#[derive(Clone, Default, PartialEq)]
struct OfFolder {
    /// About the folder as a whole, for which the file stands.
    whole: Vec<Diagnostic>,
    /// About the file as it is on disk.
    file: Vec<Diagnostic>,
}

impl OfFolder {
    fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.file.is_empty()
    }
}

impl Diagnostics {
    pub fn new(client: Client, announcer: Arc<Announcer>) -> Diagnostics {
        Diagnostics { client, announcer, state: Mutex::default() }
    }

    /// Says what could not be said while the client was behind, until it is so again.
    pub fn catch_up(&self) {
        let mut state = self.state.lock();
        while !self.client.is_behind()
            && let Some((path, uri)) = state.unsaid.pop_first()
        {
            self.say(&mut state, uri, &path);
        }
        if !state.unsaid.is_empty() {
            self.announcer.stir();
        }
    }

    /// Publishes what is wrong with a version of a document, if that is still the version that is open. Without `more` what
    /// the folder has found in this version before stays.
    fn set_document(
        &self,
        uris: &OpenUris,
        path: &Path,
        version: Option<i32>,
        alone: Vec<Diagnostic>,
        more: Option<Vec<Diagnostic>>,
        is_current: impl Fn() -> bool,
    ) {
        let mut state = self.state.lock();
        // Closing is made known to the documents first and here afterwards, so a version that is current now is one
        // that a closing will still clear.
        if is_current() {
            let about = state.files.entry(path.to_owned()).or_default();
            let before = about.document.take().filter(|before| before.version == version);
            let before = before.map(|before| before.more);
            let more = more.or(before).unwrap_or_default();
            about.document = Some(OfDocument { version, alone, more });
            self.publish(&mut state, uris, path);
        }
    }

    fn clear_document(&self, uris: &OpenUris, path: &Path) {
        let mut state = self.state.lock();
        if let Some(about) = state.files.get_mut(path)
            && about.document.take().is_some()
        {
            self.publish(&mut state, uris, path);
        }
    }

    /// Publishes what a folder says of its files, and takes back what it does not say any more.
    fn set_folder(&self, uris: &OpenUris, folder: &Path, mut said: BTreeMap<PathBuf, OfFolder>) {
        let mut state = self.state.lock();
        let now: BTreeSet<PathBuf> = said.keys().cloned().collect();
        let before = state.folders.insert(folder.to_owned(), now.clone()).unwrap_or_default();
        for path in before.union(&now) {
            let fresh = said.remove(path).unwrap_or_default();
            let about = state.files.entry(path.clone()).or_default();
            if about.folder != fresh {
                about.folder = fresh;
                self.publish(&mut state, uris, path);
            }
        }
        if now.is_empty() {
            state.folders.remove(folder);
        }
    }

    /// Sent under the lock, so that publications leave in the order in which they were decided.
    fn publish(&self, state: &mut State, uris: &OpenUris, path: &Path) {
        let uri = uris.of(path);
        if self.client.is_behind() {
            state.unsaid.insert(path.to_owned(), uri);
            self.announcer.stir();
        } else {
            state.unsaid.remove(path);
            self.say(state, uri, path);
        }
    }

    fn say(&self, state: &mut State, uri: Option<Uri>, path: &Path) {
        let Some(about) = state.files.get(path) else { return };
        let mut diagnostics = about.folder.whole.clone();
        // What a folder says of a file on disk may not hold for the text in the editor.
        let version = match &about.document {
            Some(OfDocument { version, alone, more }) => {
                diagnostics.extend(alone.iter().chain(more).cloned());
                *version
            }
            None => {
                diagnostics.extend_from_slice(&about.folder.file);
                None
            }
        };
        if let Some(uri) = uri {
            let params = PublishDiagnosticsParams { uri, version, diagnostics };
            self.client.tell::<PublishDiagnosticsNotification>(&params);
        }
        if about.document.is_none() && about.folder.is_empty() {
            state.files.remove(path);
        }
    }

    /// `true` if somebody has to start looking; otherwise the one who looks will look again.
    fn wanted(&self, path: &Path) -> bool {
        let mut state = self.state.lock();
        match state.looking.get_mut(path) {
            Some(changed) => {
                *changed = true;
                false
            }
            None => {
                state.looking.insert(path.to_owned(), false);
                true
            }
        }
    }

    /// Like [`changed_meanwhile`](Self::changed_meanwhile), but the one who looks goes on either way.
    fn changed_meanwhile_paused(&self, path: &Path) -> bool {
        let mut state = self.state.lock();
        state.looking.get_mut(path).is_some_and(std::mem::take)
    }

    /// `true` if it changed while it was looked at.
    fn changed_meanwhile(&self, path: &Path) -> bool {
        let mut state = self.state.lock();
        match state.looking.get_mut(path) {
            Some(changed @ true) => {
                *changed = false;
                true
            }
            _ => {
                state.looking.remove(path);
                false
            }
        }
    }
}

/// Whether what is wrong with a document is published.
fn pushes(session: &Session, path: &Path) -> bool {
    let pulls = session.features().is_ok_and(|f| f.pulls_diagnostics);
    let switch = session.manager().map(|m| m.settings_at(path).feature_in(FEATURE, LangId::of_path(path)));
    !pulls && switch.is_ok_and(|switch| switch != Switch::Off)
}

/// Looks for the errors of a document once its editing pauses.
pub fn document_changed(session: &Arc<Session>, path: &Path) {
    if !pushes(session, path) || !session.diagnostics.wanted(path) {
        return;
    }
    let (session, path) = (Arc::clone(session), path.to_owned());
    let runtime = session.runtime.clone();
    runtime.spawn(async move {
        loop {
            tokio::time::sleep(PAUSE).await;
            if session.diagnostics.changed_meanwhile_paused(&path) {
                continue;
            }
            look(&session, &path).await;
            if !session.diagnostics.changed_meanwhile(&path) {
                return;
            }
        }
    });
}

async fn look(session: &Arc<Session>, path: &Path) {
    let (Ok(manager), Ok(features)) = (session.manager(), session.features()) else { return };
    // Document and folder as they are at one moment.
    let capture = manager.capture(path);
    let Some(document) = capture.document() else { return };
    let (encoding, version, lang) = (features.encoding, document.version, document.lang);
    let looking = Arc::clone(session);
    let found = work::run(manager.pool(), move |_| Ok(of_document(&looking, &document, encoding))).await;
    let alone = match found {
        Ok(found) => found,
        Err(error) => return tracing::warn!("no diagnostics for {}: {error}", path.display()),
    };
    let is_open = || manager.documents().get(path).is_some_and(|now| now.version == version);
    let is_current = || is_open() && pushes(session, path);
    // What the text alone tells does not wait for the folder.
    let wait = return_wait(&capture);
    let tell = |alone, more| {
        session.diagnostics.set_document(&session.uris, path, version, alone, more, is_current);
    };
    if !wait.is_zero() {
        tell(alone.clone(), None);
    }
    let more = more(session, capture, wait, findings::wanted(&manager.settings_at(path), lang)).await;
    tell(alone, more);
}

/// What the folder finds in a document; nothing if it cannot be asked just now, and then somebody looks again.
async fn more(
    session: &Arc<Session>,
    capture: Capture,
    wait: Duration,
    kinds: Vec<FindingKind>,
) -> Option<Vec<Diagnostic>> {
    let features = session.features().cloned().ok()?;
    if kinds.is_empty() || capture.folder().is_none() {
        return Some(Vec::new());
    }
    let (sender, found) = oneshot::channel();
    let arrived = Instant::now();
    let (teller, asked, seen) = (Arc::clone(session), capture.clone(), session.unasked.begin());
    let guard = CancelOnDrop(CancelToken::new());
    capture.when_ready(wait, guard.0.clone(), move |ready, cancel| {
        let found = work::caught(|| match ready {
            Ok(ready) => {
                teller.unasked.forget(asked.path());
                match ready.file {
                    Some(file) => findings::of_file(&ready, file, &kinds, &features, cancel).map(Some),
                    None => Ok(Some(Vec::new())),
                }
            }
            Err(why) => {
                refresh::turned_away(&teller, &asked, &why, arrived);
                let unasked = is_unasked(&teller, asked.path(), why.kind.name());
                if unasked {
                    note_unasked(&teller, asked.path(), seen);
                }
                let passes = unasked || why.retryable && why.kind.may_pass();
                Ok((!passes).then(Vec::new))
            }
        });
        let _ = sender.send(found.unwrap_or_else(|_| Some(Vec::new())));
    });
    found.await.ok().flatten()
}

/// Whether the folder of a document would be asked, and cannot be for want of memory or of a thread, by the kind of an error. A
/// folder that there is no memory to build, and a document that there is none to parse, tell so themselves.
pub fn is_unasked(session: &Session, path: &Path, kind: &str) -> bool {
    let Ok(manager) = session.manager() else { return false };
    let is_parsed = || manager.documents().get(path).is_none_or(|document| document.is_analysed());
    is_crowded(kind, manager.is_served(path)) && is_parsed()
}

fn is_crowded(kind: &str, is_served: bool) -> bool {
    kind == Kind::Busy.name() || kind == Kind::MemoryExceeded.name() && is_served
}

/// The folder of an open document could not be asked: it is asked again once there may be memory, which is so whenever what
/// takes it comes to an end.
pub fn note_unasked(session: &Arc<Session>, path: &Path, seen: Seen) {
    /// How much it takes is known to who tries.
    const NEEDS: u64 = 0;
    if session.unasked.lacks(path, NEEDS, seen, Instant::now()) {
        memory_came_back(session);
    }
}

/// A folder says something else, and with it of what is open in it.
pub fn graph_changed(session: &Arc<Session>, folder: &Path) {
    let Ok(manager) = session.manager() else { return };
    let documents = manager.documents();
    for path in documents.keys().filter(|path| path.starts_with(folder)) {
        document_changed(session, path);
    }
}

/// Features are switched otherwise: what is off is taken back, what is on is looked for.
pub fn features_changed(session: &Arc<Session>) {
    let Ok(manager) = session.manager() else { return };
    for path in manager.documents().keys() {
        if pushes(session, path) {
            document_changed(session, path);
        } else {
            session.diagnostics.clear_document(&session.uris, path);
        }
    }
}

/// There may be memory again for documents that lacked it, or for what is asked of their folders: they are looked at, by the
/// client where it asks.
pub fn memory_came_back(session: &Arc<Session>) {
    let Ok(limit) = session.manager().map(|manager| manager.settings().memory_limit) else { return };
    let all: [fn(&Session) -> &Lacking; 2] = [|session| &session.lacking, |session| &session.unasked];
    for lacking in all {
        let Some((turn, mut wait)) = lacking(session).come_back(Instant::now(), limit) else { continue };
        let session = Arc::clone(session);
        let runtime = session.runtime.clone();
        runtime.spawn(async move {
            loop {
                tokio::time::sleep(wait).await;
                let (due, next) = lacking(&session).take(turn, Instant::now());
                look_again(&session, &due);
                match next {
                    Some(next) => wait = next,
                    None => return,
                }
            }
        });
    }
}

fn look_again(session: &Arc<Session>, paths: &[PathBuf]) {
    let Ok(open) = session.manager().map(|manager| manager.documents()) else { return };
    let (told, asked): (Vec<&PathBuf>, Vec<_>) = paths.iter().partition(|path| pushes(session, path));
    for path in &told {
        document_changed(session, path);
    }
    if !asked.is_empty() {
        refresh::diagnostics_changed(session);
    }
    // Closed while somebody looked.
    paths
        .iter()
        .filter(|path| !open.contains_key(path.as_path()))
        .for_each(|path| forget_lacking(session, path));
}

fn forget_lacking(session: &Session, path: &Path) {
    session.lacking.forget(path);
    session.unasked.forget(path);
}

/// The document is closed: its errors go, and what its folder says of the file on disk counts again.
pub fn document_closed(session: &Session, path: &Path) {
    forget_lacking(session, path);
    session.diagnostics.clear_document(&session.uris, path);
}

/// What is wrong with a document. If there is no memory to say, it is looked at again once some has come back.
pub fn of_document(session: &Arc<Session>, document: &Arc<Document>, encoding: Encoding) -> Vec<Diagnostic> {
    let seen = session.lacking.begin();
    let analysis = document.analysis();
    match &analysis {
        Err(Unanalysed::Memory(refused)) => {
            let now = Instant::now();
            // A file that is not open is looked at whenever its folder is.
            let is_open = document.version.is_some();
            if is_open && session.lacking.lacks(&document.path, refused.needed, seen, now) {
                memory_came_back(session);
            }
        }
        _ => session.lacking.forget(&document.path),
    }
    match analysis {
        Ok(analysis) => {
            let errors = analysis.tree().syntax_errors(&document.text, ERRORS_MAX);
            let places = Places::Document(Arc::clone(document), encoding);
            errors.iter().map(|e| convert::syntax_error(e, &places)).collect()
        }
        Err(why) => convert::about_document(&why).into_iter().collect(),
    }
}

/// A folder's state is another; `None` if it is closed.
pub fn folder_changed(session: &Session, folder: &Path, status: Option<&FolderStatus>) {
    let mut said: BTreeMap<PathBuf, OfFolder> = BTreeMap::new();
    if let Some(status) = status {
        // What a whole folder has to do without is said once, of the folder.
        for skipped in status.skipped.iter().filter(|s| !s.left_out) {
            let of_folder = said.entry(skipped.path.clone()).or_default();
            of_folder.file.push(convert::skipped_file(&skipped.why));
        }
        if let Some(about) = convert::about_folder(status) {
            // The file under which editors show what concerns a whole folder.
            let stands_for = status.project_file.as_deref().unwrap_or(folder);
            said.entry(stands_for.to_owned()).or_default().whole.push(about);
        }
    }
    session.diagnostics.set_folder(&session.uris, folder, said);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lsp::transport::Outbox;

    #[test]
    fn a_folder_that_cannot_be_asked_for_the_moment_has_not_found_nothing() {
        let crowded = |kind: Kind| [false, true].map(|served| is_crowded(kind.name(), served));
        assert_eq!(crowded(Kind::Busy), [true, true]);
        assert_eq!(crowded(Kind::MemoryExceeded), [false, true]);
        assert_eq!(crowded(Kind::BuildFailed), [false, false]);
    }

    #[test]
    fn what_was_found_in_a_version_is_not_said_of_the_next() {
        let diagnostics = Diagnostics::new(Client::new(Outbox::default()), Arc::default());
        let (uris, path) = (OpenUris::default(), Path::new("/a.py"));
        let found = || vec![Diagnostic::default()];
        let said = |version, more| {
            diagnostics.set_document(&uris, path, Some(version), Vec::new(), more, || true);
            let state = diagnostics.state.lock();
            state.files[path].document.as_ref().map(|document| (document.version, document.more.len()))
        };
        assert_eq!(said(1, Some(found())), Some((Some(1), 1)));
        assert_eq!(said(1, None), Some((Some(1), 1)), "the folder is on its way back");
        assert_eq!(said(2, None), Some((Some(2), 0)));
        assert_eq!(said(2, Some(found())), Some((Some(2), 1)));
    }
}
