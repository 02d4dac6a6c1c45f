//! How requests read: what they capture at once, and what they are given on the pool.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tower_lsp::gen_lsp_types::{MessageType, Position, Range, Uri};
use tower_lsp::jsonrpc::{Error, Result};

use super::convert::{self, Places};
use super::errors;
use super::lanes::Turn;
use super::refresh::{self, is_refreshed};
use super::session::Session;
use super::uri;
use super::work::{CancelOnDrop, caught};
use crate::lang::LangId;
use crate::lang::facts::Span;
use crate::lang::modules::FileId;
use crate::query::Location;
use crate::resolve::{Occurrence, Resolver};
use crate::text::Encoding;
use crate::workspace::cancel::CancelToken;
use crate::workspace::document::{Analysis, Document, Unanalysed};
use crate::workspace::manager::{Capture, Freshness, Kind, Known, Manager, Reach, Ready, Unavailable};
use crate::workspace::settings::Switch;
use crate::workspace::sync::Mutex;

/// Least time that [`Patience::FolderFirst`] waits, whatever the settings say: a client that is told by its answer to ask
/// again does so at once.
const FOLDER_FIRST_MIN: Duration = Duration::from_secs(1);

/// Longest wait for a folder that is on its way back by those that the client would make again. It is back soon, and says
/// nothing new then that would be worth asking again for.
const RETURN_WAIT_MAX: Duration = Duration::from_secs(1);

/// How long one waits for the folder who would ask again once it is there.
pub(super) fn return_wait(capture: &Capture) -> Duration {
    match capture.comes_back() {
        true => capture.settings().request_wait.min(RETURN_WAIT_MAX),
        false => Duration::ZERO,
    }
}

/// The result of a request, on its way.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// An answer that is known at once.
pub fn at_once<T: Send + 'static>(result: Result<T>) -> Answer<T> {
    Box::pin(std::future::ready(result))
}

/// What a request about one file reads: a view that holds it, as everything was when the request arrived.
pub struct Reading {
    pub ready: Ready,
    pub file: FileId,
    pub encoding: Encoding,
    session: Arc<Session>,
    document: Option<Arc<Document>>,
    capture: Capture,
    elsewhere: bool,
    told: Told,
}

/// What the user has been told about one answer.
pub type Told = Arc<Mutex<BTreeSet<String>>>;

impl Reading {
    /// A file of another folder, or one of its dependencies', which is no document there.
    pub(super) fn elsewhere(
        ready: Ready,
        file: FileId,
        encoding: Encoding,
        session: Arc<Session>,
        capture: Capture,
        told: Told,
    ) -> Reading {
        Reading { ready, file, encoding, session, document: None, capture, elsewhere: true, told }
    }

    /// Tree and facts of the file, if it is open.
    pub fn analysis(&self) -> Option<Arc<Analysis>> {
        self.document.as_ref()?.analysis().ok()
    }

    /// The offset of a position of the client's; `None` for a line past the end.
    pub fn offset(&self, position: Position) -> Option<u32> {
        self.ready.view.offset(self.file, convert::text_position(position), self.encoding)
    }

    pub fn places(&self, file: FileId) -> Places<'_> {
        Places::File(self.ready.view.positions(file, self.encoding))
    }

    /// The client's URI of a file of the view.
    pub fn uri(&self, file: FileId) -> Option<Uri> {
        self.session.uris.of(&self.ready.absolute(file))
    }

    /// The client's URI of a file of the view if it can be asked about: a dependency's only if it lies in another open
    /// folder, under its name there.
    pub fn asked_uri(&self, file: FileId) -> Option<Uri> {
        asked_uri(&self.session, &self.ready, file)
    }

    /// The other open folder that a dependency's file lies in, and its URI there.
    pub fn home(&self, file: FileId) -> Option<(PathBuf, Uri)> {
        let (path, folder) = owned_elsewhere(&self.session, &self.ready, file)?;
        Some((folder, self.session.uris.of(&path)?))
    }

    /// The client's URI for a path relative to the folder, whether there is such a file or not.
    pub fn uri_of_path(&self, path: &str) -> Option<Uri> {
        self.session.uris.of(&self.ready.root.join(path))
    }

    /// The version of a file of the view, if it is open.
    pub fn version(&self, file: FileId) -> Option<i32> {
        self.capture.document_at(&self.ready.absolute(file)).and_then(|document| document.version)
    }

    pub fn range(&self, span: Span) -> Range {
        convert::range(&self.places(self.file), span)
    }

    /// Whether this is not the folder that the request is about.
    pub fn is_elsewhere(&self) -> bool {
        self.elsewhere
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Tells the user something about the answer, once.
    pub fn tell(&self, message: impl std::fmt::Display) {
        let message = format!("coppice: {message}");
        if self.told.lock().insert(message.clone()) {
            self.session.show(MessageType::Info, message);
        }
    }

    /// Whether the file lies outside every folder, so that nothing is known of what uses it.
    pub fn is_alone(&self) -> bool {
        self.capture.folder().is_none()
    }

    /// An error if it is not known where things are used: none is no answer then. Tells the user if that is known of
    /// part of the folder alone.
    pub fn knows_uses(&self) -> Result<()> {
        let freshness = &self.ready.freshness;
        match freshness.degraded {
            Some(degraded) if !degraded.level.has_references() => Err(errors::unavailable(&Unavailable {
                kind: Kind::MemoryExceeded,
                folder: Some(self.ready.root.clone()),
                retryable: true,
                message: format!("it is not known where things are used: {}", degraded.words()),
            })),
            _ => {
                self.tell_lacking();
                Ok(())
            }
        }
    }

    /// An error if it is not known where all things are defined: a name that leads nowhere may lead to one of those then.
    pub fn knows_definitions(&self) -> Result<()> {
        match self.ready.freshness.missing() {
            Some(missing) => {
                let message = format!("it is not known where it is defined: {missing}");
                Err(errors::unavailable(&self.capture.left_out(message)))
            }
            None => Ok(()),
        }
    }

    /// Tells the user what of the folder is not known as it is now.
    pub fn tell_lacking(&self) {
        self.ready.freshness.lacking().iter().for_each(|lacking| self.tell(lacking));
    }

    /// What is not known of the folder, for an answer that stands on all of it.
    pub fn lacking(&self) -> Lacking {
        Lacking::of(&self.capture, &self.ready.freshness)
    }

    /// The name at an offset.
    pub fn name_at(&self, offset: u32) -> Option<Span> {
        let view = &self.ready.view;
        let facts = view.facts(self.file);
        Some(match Resolver::new(view).at(self.file, offset)? {
            Occurrence::Ref(reference) => facts.reference(reference).span,
            Occurrence::Def(def) => facts.def(def).name_span,
        })
    }

    /// What many locations are in, file by file, so that each file is looked at once.
    pub fn in_files<T>(
        &self,
        locations: impl IntoIterator<Item = Location>,
        mut each: impl FnMut(&Uri, &Places<'_>, Location) -> T,
    ) -> Vec<T> {
        let mut out = Vec::new();
        let mut present: Option<(FileId, Uri, Places<'_>)> = None;
        for location in locations {
            let file = location.file;
            if present.as_ref().is_none_or(|(of, _, _)| *of != file) {
                present = self.uri(file).map(|uri| (file, uri, self.places(file)));
            }
            if let Some((_, uri, places)) = present.as_ref().filter(|(of, _, _)| *of == file) {
                out.push(each(uri, places, location));
            }
        }
        out
    }
}

/// What an answer that stands on all of a folder lacks of it: in words, and why nothing is no answer.
#[derive(Default)]
pub struct Lacking(Option<(String, Unavailable)>);

impl Lacking {
    pub fn of(capture: &Capture, freshness: &Freshness) -> Lacking {
        Lacking(freshness.lacking().zip(capture.lacking(freshness)))
    }

    /// The words, and the error that nothing would end in.
    pub fn into_error(self) -> Option<(String, Error)> {
        self.0.map(|(lacking, why)| (lacking, errors::unavailable(&why)))
    }

    /// Tells the user what an answer lacks.
    ///
    /// # Errors
    /// If there is nothing in the answer.
    pub fn told(self, session: &Session, is_empty: bool) -> Result<()> {
        match self.0 {
            Some((_, why)) if is_empty => Err(errors::unavailable(&why)),
            Some((lacking, _)) => {
                session.show(MessageType::Info, format!("coppice: {lacking}"));
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// See [`Reading::asked_uri`].
pub fn asked_uri(session: &Session, ready: &Ready, file: FileId) -> Option<Uri> {
    let path = ready.absolute(file);
    if !ready.view.is_library(file) {
        return session.uris.of(&path);
    }
    owned_elsewhere(session, ready, file).and_then(|(path, _)| session.uris.of(&path))
}

/// Where a dependency's file lies in another open folder, and that folder.
fn owned_elsewhere(session: &Session, ready: &Ready, file: FileId) -> Option<(PathBuf, PathBuf)> {
    let (path, folder) = session.manager().ok()?.owned(&ready.absolute(file))?;
    (folder != ready.root).then_some((path, folder))
}

/// When a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Once the folder is ready; what is certain from the file alone, before.
    LocalFirst,
    /// Once the folder is ready.
    Folder,
    /// Once the folder is ready; from the file alone if it is not by the end of the wait.
    FolderFirst,
    /// At once, from the file alone if the folder is not ready.
    Local,
}

/// A request about one file of a folder.
///
/// `answer` runs on the pool. It gets the whole folder's view or, while that is not there and by what `patience` says,
/// the file alone; then it returns `None` where the folder could say more. An outer `None` is the protocol's null.
pub fn read<T, F>(
    session: &Arc<Session>,
    feature: &str,
    uri: &Uri,
    patience: Patience,
    answer: F,
) -> Answer<Option<T>>
where
    T: Send + 'static,
    F: Fn(&Reading, Scope, &CancelToken) -> Result<Found<T>> + Send + Sync + 'static,
{
    read_reaching(reach(feature), session, feature, uri, patience, answer)
}

/// The same, looking so far.
pub fn read_reaching<T, F>(
    reach: Reach,
    session: &Arc<Session>,
    feature: &str,
    uri: &Uri,
    patience: Patience,
    answer: F,
) -> Answer<Option<T>>
where
    T: Send + 'static,
    F: Fn(&Reading, Scope, &CancelToken) -> Result<Found<T>> + Send + Sync + 'static,
{
    let (manager, features) = match (session.manager(), session.features()) {
        (Ok(manager), Ok(features)) => (manager, features),
        (Err(error), _) | (_, Err(error)) => return at_once(Err(error)),
    };
    // What is no file has no folder, and nothing is known of it.
    let Some(path) = uri::to_path(uri).filter(|path| is_offered(manager, feature, path)) else {
        return at_once(Ok(None));
    };
    let request = Request {
        capture: manager.capture(&path).reaching(reach),
        session: Arc::clone(session),
        encoding: features.encoding,
        answer: Arc::new(answer),
        refreshed: is_refreshed(feature).then(Instant::now),
    };
    let wait = request.capture.settings().request_wait;
    let first_wait = match patience {
        Patience::Folder => wait,
        Patience::FolderFirst => wait.max(FOLDER_FIRST_MIN),
        // What is asked while somebody types cannot wait.
        Patience::Local if request.refreshed.is_some() => return_wait(&request.capture),
        Patience::Local | Patience::LocalFirst => Duration::ZERO,
    };
    // Versions of one document are parsed one after the other, however many are asked about at once.
    let unparsed = request.capture.document().filter(|d| !d.is_analysed());
    let parsed = unparsed.map(|document| {
        let version = document.version;
        // What keeps it from being parsed is said by whoever needs the result.
        in_lane(session, manager, &path, version, move || {
            let _ = document.analysis();
            Ok(())
        })
    });
    let begun = parsed.is_none().then(|| request.start(first_wait, patience));
    Box::pin(async move {
        let first = match (begun, parsed) {
            (Some(begun), _) => begun.await?,
            (None, Some(parsed)) => {
                parsed.await?;
                request.start(first_wait, patience).await?
            }
            (None, None) => return Err(errors::internal("a request was not begun")),
        };
        match first {
            Outcome::Answer(answer) => Ok(answer),
            Outcome::Wait => match request.start(wait, Patience::Folder).await? {
                Outcome::Answer(answer) => Ok(answer),
                Outcome::Wait => Err(errors::internal("a request waited twice")),
            },
        }
    })
}

/// How far a feature looks: what is asked of one place is asked of what its names come from too, and what is told of a
/// folder is told of the folder alone.
fn reach(feature: &str) -> Reach {
    match feature {
        "definition" | "declaration" | "typeDefinition" | "implementation" | "hover" | "signatureHelp"
        | "completion" | "why" | "callHierarchy" | "typeHierarchy" | "graph" | "references" => {
            Reach::Dependencies
        }
        "codeLens" | "inlayHint" | "highlight" => Reach::Read,
        _ => Reach::Folder,
    }
}

/// Whether a feature is not switched off for the language of a file.
pub(super) fn is_offered(manager: &Manager, feature: &str, path: &Path) -> bool {
    manager.settings_at(path).feature_in(feature, LangId::of_path(path)) != Switch::Off
}

/// What an answer was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Folder,
    /// The folder, or what it needs of its dependencies, is not there yet.
    FileAlone,
}

/// What came of reading.
pub enum Found<T> {
    Answer(T),
    /// There is nothing.
    Nothing,
    /// The file alone does not tell.
    NotAlone,
}

impl<T> From<Option<T>> for Found<T> {
    fn from(found: Option<T>) -> Self {
        found.map_or(Found::Nothing, Found::Answer)
    }
}

/// One attempt's end.
enum Outcome<T> {
    Answer(Option<T>),
    /// The folder has to be waited for.
    Wait,
}

/// A request as it was captured.
struct Request<F> {
    capture: Capture,
    session: Arc<Session>,
    encoding: Encoding,
    answer: Arc<F>,
    /// When it came, if the client can be asked to make it again.
    refreshed: Option<Instant>,
}

impl<F> Request<F> {
    /// Begins an attempt at once; the future is its end.
    fn start<T>(
        &self,
        wait: Duration,
        patience: Patience,
    ) -> impl Future<Output = Result<Outcome<T>>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: Fn(&Reading, Scope, &CancelToken) -> Result<Found<T>> + Send + Sync + 'static,
    {
        let token = CancelToken::new();
        let (sender, outcome) = oneshot::channel();
        let request = Request {
            capture: self.capture.clone(),
            session: Arc::clone(&self.session),
            encoding: self.encoding,
            answer: Arc::clone(&self.answer),
            refreshed: self.refreshed,
        };
        // Only who waits for the folder waits for its dependencies.
        let waits = patience == Patience::Folder;
        let capture = self.capture.clone();
        let capture = if waits { capture.awaiting(Instant::now() + wait) } else { capture };
        capture.when_ready(wait, token.clone(), move |ready, cancel| {
            let _ = sender.send(caught(|| request.run(ready, patience, cancel)));
        });
        let guard = CancelOnDrop(token);
        async move {
            let _guard = guard;
            outcome.await.unwrap_or_else(|_| Err(errors::cancelled()))
        }
    }

    fn run<T>(
        &self,
        ready: std::result::Result<Ready, Unavailable>,
        patience: Patience,
        cancel: &CancelToken,
    ) -> Result<Outcome<T>>
    where
        F: Fn(&Reading, Scope, &CancelToken) -> Result<Found<T>>,
    {
        if let (Err(why), Some(arrived)) = (&ready, self.refreshed) {
            refresh::turned_away(&self.session, &self.capture, why, arrived);
        }
        let (ready, scope) = match ready {
            Ok(ready)
                if ready.freshness.dependencies == Known::Reading && patience == Patience::LocalFirst =>
            {
                (ready, Scope::FileAlone)
            }
            Ok(ready) => (ready, Scope::Folder),
            Err(why) if patience != Patience::Folder && why.kind.may_pass() => {
                // The file is read by itself; if that cannot be done either, the folder has the better error.
                match self.capture.by_itself() {
                    Ok(ready) => (ready, Scope::FileAlone),
                    // It has been waited for.
                    Err(_) if patience == Patience::FolderFirst => return Err(errors::unavailable(&why)),
                    Err(_) => return Ok(Outcome::Wait),
                }
            }
            Err(why) => return Err(errors::unavailable(&why)),
        };
        if cancel.is_cancelled() {
            return Err(errors::cancelled());
        }
        let Some(file) = ready.file else { return self.without_file(&ready.freshness) };
        let (session, encoding) = (Arc::clone(&self.session), self.encoding);
        let document = self.capture.document();
        let capture = self.capture.clone();
        let (elsewhere, told) = (false, Told::default());
        let reading = Reading { ready, file, encoding, session, document, capture, elsewhere, told };
        match (self.answer)(&reading, scope, cancel)? {
            Found::Answer(answer) => Ok(Outcome::Answer(Some(answer))),
            Found::NotAlone if scope == Scope::FileAlone => Ok(Outcome::Wait),
            Found::Nothing | Found::NotAlone => Ok(Outcome::Answer(None)),
        }
    }

    /// The folder has no such file: a text in no language of ours has no names in it, and anything else is worth an
    /// explanation.
    fn without_file<T>(&self, freshness: &Freshness) -> Result<Outcome<T>> {
        let path = self.capture.path();
        if self.capture.document().is_some_and(|d| d.lang.is_none()) || LangId::of_path(path).is_none() {
            return Ok(Outcome::Answer(None));
        }
        if let Some(missing) = freshness.missing() {
            let message = format!("{} is not indexed: {missing}", path.display());
            return Err(errors::unavailable(&self.capture.left_out(message)));
        }
        let looking = self.capture.may_know_more(freshness);
        let why = match looking {
            true => "not yet: its folder is being read again",
            false => "it is ignored, skipped or not there",
        };
        let why = Unavailable {
            kind: Kind::NoSuchFile,
            folder: self.capture.folder().map(PathBuf::from),
            retryable: looking,
            message: format!("{} is not indexed: {why}", path.display()),
        };
        Err(errors::unavailable(&why))
    }
}

/// A request about the text of one file, whatever its folder is up to; one after the other for each document.
pub fn read_document<T, F>(session: &Arc<Session>, feature: &str, uri: &Uri, answer: F) -> Answer<Option<T>>
where
    T: Send + 'static,
    F: FnOnce(&Arc<Document>, Encoding) -> Result<Option<T>> + Send + 'static,
{
    let (manager, features) = match (session.manager(), session.features()) {
        (Ok(manager), Ok(features)) => (manager, features),
        (Err(error), _) | (_, Err(error)) => return at_once(Err(error)),
    };
    let Some(path) = uri::to_path(uri).filter(|path| is_offered(manager, feature, path)) else {
        return at_once(Ok(None));
    };
    let capture = manager.capture(&path);
    // An open document is all that is kept.
    let document = capture.document();
    let version = document.as_ref().and_then(|d| d.version);
    let capture = document.is_none().then_some(capture);
    let encoding = features.encoding;
    Box::pin(in_lane(session, manager, &path, version, move || {
        let document = match (document, capture) {
            (Some(document), _) => document,
            (None, Some(capture)) => capture.local().map_err(|why| errors::unavailable(&why))?,
            (None, None) => return Err(errors::internal("neither a document nor a file")),
        };
        answer(&document, encoding)
    }))
}

/// A request about a folder, or a file or directory in one; `answer` gets its path and runs on the pool.
pub fn read_folder<T, F>(session: &Arc<Session>, feature: &str, uri: &Uri, answer: F) -> Answer<Option<T>>
where
    T: Send + 'static,
    F: FnOnce(&Path, &Ready, &CancelToken) -> Result<Option<T>> + Send + 'static,
{
    let manager = match session.manager() {
        Ok(manager) => manager,
        Err(error) => return at_once(Err(error)),
    };
    let Some(path) = uri::to_path(uri).filter(|path| is_offered(manager, feature, path)) else {
        return at_once(Ok(None));
    };
    let token = CancelToken::new();
    let (sender, outcome) = oneshot::channel();
    let capture = manager.capture(&path).reaching(reach(feature));
    let wait = capture.settings().request_wait;
    let capture = capture.awaiting(Instant::now() + wait);
    capture.when_ready(wait, token.clone(), move |ready, cancel| {
        let _ = sender.send(caught(|| {
            let ready = ready.map_err(|why| errors::unavailable(&why))?;
            answer(&path, &ready, cancel)
        }));
    });
    let guard = CancelOnDrop(token);
    Box::pin(async move {
        let _guard = guard;
        outcome.await.unwrap_or_else(|_| Err(errors::cancelled()))
    })
}

/// Tree and facts of a document; nothing for one in no language of ours.
pub fn analysed(document: &Document) -> Result<Option<Arc<Analysis>>> {
    match document.analysis() {
        Ok(analysis) => Ok(Some(analysis)),
        Err(Unanalysed::NoLanguage) => Ok(None),
        Err(why) => Err(errors::not_analysed(&why)),
    }
}

/// Runs a job after those about the same document; it takes its place at once.
fn in_lane<T, F>(
    session: &Session,
    manager: &Manager,
    path: &Path,
    version: Option<i32>,
    job: F,
) -> impl Future<Output = Result<T>> + Send + use<T, F>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T> + Send + 'static,
{
    let token = CancelToken::new();
    let (sender, result) = oneshot::channel();
    let cancel = token.clone();
    session.lanes.enter(manager.pool(), path, version, token.clone(), move |turn| {
        let outcome = match turn {
            Turn::Superseded => Err(Error::content_modified()),
            Turn::Refused(why) => Err(errors::not_taken(why)),
            Turn::Go if cancel.is_cancelled() => Err(errors::cancelled()),
            Turn::Go => caught(job),
        };
        let _ = sender.send(outcome);
    });
    let guard = CancelOnDrop(token);
    async move {
        let _guard = guard;
        result.await.unwrap_or_else(|_| Err(errors::cancelled()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::manager::Deaf;
    use crate::workspace::settings::{CacheDir, Settings, WatchMode};

    #[test]
    fn only_a_folder_on_its_way_back_is_waited_for_and_a_second_at_most() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.py");
        std::fs::write(&file, "def f(): pass\n").unwrap();
        let settings = |wait: Duration| Settings {
            request_wait: wait,
            watch: WatchMode::Client,
            cache_dir: CacheDir::Off,
            ..Settings::default()
        };
        let manager = Manager::new(settings(Duration::from_secs(60)), Arc::new(Deaf));
        let wait = || return_wait(&manager.capture(&file));
        let held = manager.hold_builds();
        manager.add_folder(dir.path(), "a");
        assert_eq!(wait(), Duration::ZERO, "it has never been there");
        drop(held);
        let ready =
            manager.capture(&file).wait(Instant::now() + Duration::from_secs(60), &CancelToken::new());
        assert!(ready.is_ok());
        assert_eq!(wait(), Duration::ZERO, "it is there");
        let _held = manager.hold_builds();
        assert!(manager.evict(dir.path()));
        assert_eq!(wait(), Duration::from_secs(1));
        manager.set_settings(settings(Duration::from_millis(200)));
        assert_eq!(wait(), Duration::from_millis(200));
    }
}
