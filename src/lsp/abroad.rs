//! Questions to the folders that another folder's files are dependencies of.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tower_lsp::gen_lsp_types::{MessageType, Uri};
use tower_lsp::jsonrpc::{Error, Result};

use super::errors;
use super::reading::{Answer, Reading, Told, at_once, is_offered};
use super::session::Session;
use super::uri;
use super::work::{CancelOnDrop, caught, run};
use crate::lang::modules::FileId;
use crate::text::Encoding;
use crate::workspace::cancel::CancelToken;
use crate::workspace::manager::{Capture, Known, Manager, Reach, Ready};
use crate::workspace::sync::Mutex;

/// Most files of definitions that other folders are asked about.
pub const DEFINING_MAX: usize = 64;

/// The other folders as they were when a request arrived.
#[derive(Clone)]
pub struct Abroad {
    session: Arc<Session>,
    feature: String,
    others: Vec<Capture>,
    encoding: Encoding,
    wait: Duration,
    request: Arc<Request>,
}

/// What all that one request asks has in common.
#[derive(Default)]
struct Request {
    /// Until when folders are waited for, from the first question on.
    until: OnceLock<Instant>,
    /// What the user has been told.
    told: Told,
    /// Where folders may have dependencies, of those of which it is known.
    depends_on: Mutex<HashMap<PathBuf, Arc<[PathBuf]>>>,
}

impl Request {
    /// Whether the folder may have files at the place among its dependencies. Looks at the disk, once for each folder.
    fn may_depend_on(&self, capture: &Capture, real: Option<&Path>) -> bool {
        let Some(folder) = capture.folder() else { return false };
        let known = self.depends_on.lock().get(folder).map(Arc::clone);
        let places = match known {
            Some(places) => places,
            None => match capture.depends_on() {
                // It may be known the next time.
                None => return true,
                Some(places) => {
                    let places: Arc<[PathBuf]> = places.into();
                    self.depends_on.lock().insert(folder.to_owned(), Arc::clone(&places));
                    places
                }
            },
        };
        real.is_some_and(|real| places.iter().any(|place| real.starts_with(place)))
    }
}

/// What other folders say.
pub struct Part<T> {
    pub all: Vec<T>,
    /// Each of them could say.
    pub whole: bool,
}

impl Abroad {
    /// Those that do not own the document.
    ///
    /// # Errors
    /// If the session is not there yet.
    pub fn capture(session: &Arc<Session>, feature: &str, uri: &Uri) -> Result<Abroad> {
        let (manager, features) = (session.manager()?, session.features()?);
        let others = uri::to_path(uri).map(|path| manager.capture_others(&path)).unwrap_or_default();
        let (encoding, wait) = (features.encoding, request_wait(manager, uri));
        let request = Arc::default();
        Ok(Abroad {
            session: Arc::clone(session),
            feature: feature.to_owned(),
            others,
            encoding,
            wait,
            request,
        })
    }

    /// All folders, for a question that begins in the document's and is another's.
    ///
    /// # Errors
    /// If the session is not there yet.
    pub fn capture_all(session: &Arc<Session>, feature: &str, uri: &Uri) -> Result<Abroad> {
        let (manager, features) = (session.manager()?, session.features()?);
        Ok(Abroad {
            session: Arc::clone(session),
            feature: feature.to_owned(),
            others: manager.capture_all(),
            encoding: features.encoding,
            wait: request_wait(manager, uri),
            request: Arc::default(),
        })
    }

    /// The same without the folder that lies there.
    #[must_use]
    pub fn without(mut self, folder: &Path) -> Abroad {
        self.others.retain(|capture| capture.folder() != Some(folder));
        self
    }

    /// What the folder there says of its file, without its dependencies; it comes back for that if it is evicted.
    pub fn ask_folder<T, F>(self, folder: &Path, uri: &Uri, answer: F) -> Answer<Option<T>>
    where
        T: Send + 'static,
        F: Fn(&Reading, &CancelToken) -> Result<Option<T>> + Send + Sync + 'static,
    {
        let mut only = self;
        only.others.retain(|capture| capture.folder() == Some(folder));
        let wanted = |capture: Capture| capture.reaching(Reach::Folder).brought_back();
        only.others = only.others.into_iter().map(wanted).collect();
        let each =
            only.ask_each(uri, move |reading, cancel| Ok(answer(reading, cancel)?.into_iter().collect()));
        Box::pin(async move {
            let Some((_, outcome)) = each.await?.into_iter().next() else { return Ok(None) };
            Ok(outcome?.into_iter().next())
        })
    }

    /// Whether there are any.
    pub fn are_there(&self) -> bool {
        !self.others.is_empty()
    }

    /// What those of them say that have the file, or know it as one of their dependencies', one after the other. The user is
    /// told of folders that cannot say.
    pub fn ask<T, F>(self, uri: &Uri, answer: F) -> Answer<Part<T>>
    where
        T: Send + 'static,
        F: Fn(&Reading, &CancelToken) -> Result<Vec<T>> + Send + Sync + 'static,
    {
        let session = Arc::clone(&self.session);
        let request = Arc::clone(&self.request);
        let each = self.ask_each(uri, answer);
        Box::pin(async move {
            let mut told = Part { all: Vec::new(), whole: true };
            for (name, outcome) in each.await? {
                match outcome {
                    Ok(found) => told.all.extend(found),
                    Err(error) => {
                        told.whole = false;
                        let (name, why) = (name.display(), error.message);
                        let message = format!("coppice: {name} is not part of the answer: {why}");
                        if request.told.lock().insert(message.clone()) {
                            session.show(MessageType::Info, message);
                        }
                    }
                }
            }
            Ok(told)
        })
    }

    /// The same; one folder that cannot say is an error.
    pub fn ask_all<T, F>(self, uri: &Uri, answer: F) -> Answer<Vec<T>>
    where
        T: Send + 'static,
        F: Fn(&Reading, &CancelToken) -> Result<Vec<T>> + Send + Sync + 'static,
    {
        let each = self.ask_each(uri, answer);
        Box::pin(async move {
            let mut all = Vec::new();
            for (name, outcome) in each.await? {
                all.extend(outcome.map_err(|error| {
                    let message = format!("{} may use it: {}", name.display(), error.message);
                    Error { message: message.into(), ..error }
                })?);
            }
            Ok(all)
        })
    }

    fn ask_each<T, F>(self, uri: &Uri, answer: F) -> Answer<Vec<(PathBuf, Result<Vec<T>>)>>
    where
        T: Send + 'static,
        F: Fn(&Reading, &CancelToken) -> Result<Vec<T>> + Send + Sync + 'static,
    {
        let Abroad { session, feature, others, encoding, wait, request } = self;
        let manager = match session.manager() {
            Ok(manager) => manager,
            Err(error) => return at_once(Err(error)),
        };
        let path = uri::to_path(uri).filter(|path| is_offered(manager, &feature, path));
        let Some(path) = path.filter(|_| !others.is_empty()) else { return at_once(Ok(Vec::new())) };
        let (asked, teller) = (path.clone(), Arc::clone(&session));
        let asking = Arc::clone(&request);
        let dependent = run(manager.pool(), move |_| {
            let home = teller.manager()?.owned(&asked).map(|(_, folder)| folder);
            let others = others.into_iter().map(|capture| {
                let home = home.is_some() && capture.folder() == home.as_deref();
                (capture, home)
            });
            let real = asked.canonicalize().ok();
            let may_depend = |capture: &Capture| asking.may_depend_on(capture, real.as_deref());
            Ok(others.filter(|(capture, home)| *home || may_depend(capture)).collect::<Vec<_>>())
        });
        let answer = Arc::new(answer);
        Box::pin(async move {
            let token = CancelToken::new();
            let _guard = CancelOnDrop(token.clone());
            let until = *request.until.get_or_init(|| Instant::now() + wait);
            // An attempt that is not the last gives up where dependencies have begun to be read anew.
            let ask = |capture: &Capture, home: bool, last: bool| {
                let (sender, outcome) = oneshot::channel();
                let (answer, session, path) = (Arc::clone(&answer), Arc::clone(&session), path.clone());
                let request = Arc::clone(&request);
                let capture = capture.clone().awaiting(until);
                let left = until.saturating_duration_since(Instant::now());
                capture.clone().when_ready(left, token.clone(), move |ready, cancel| {
                    let _ = sender.send(caught(|| {
                        let ready = ready.map_err(|why| errors::unavailable(&why))?;
                        if !last && ready.freshness.dependencies == Known::Reading {
                            return Ok(None);
                        }
                        let files = files_at(&ready, &capture, &request, &path, home)?;
                        let mut all = Vec::new();
                        for file in files {
                            let (session, ready) = (Arc::clone(&session), ready.clone());
                            let reading = Reading::elsewhere(
                                ready,
                                file,
                                encoding,
                                session,
                                capture.clone(),
                                Arc::clone(&request.told),
                            );
                            all.extend(answer(&reading, cancel)?);
                        }
                        Ok(Some(all))
                    }));
                });
                async move { outcome.await.unwrap_or_else(|_| Err(errors::cancelled())) }
            };
            let dependent = dependent.await?;
            let asked: Vec<_> = dependent.iter().map(|(capture, home)| ask(capture, *home, false)).collect();
            let mut all = Vec::new();
            for ((capture, home), outcome) in dependent.iter().zip(asked) {
                let outcome = match outcome.await {
                    Ok(None) => ask(capture, *home, true).await,
                    outcome => outcome,
                };
                let name = capture.folder().map(Path::to_owned).unwrap_or_default();
                all.push((name, outcome.map(Option::unwrap_or_default)));
            }
            Ok(all)
        })
    }
}

/// How long folders are waited for, as the folder has it where the question begins.
fn request_wait(manager: &Manager, uri: &Uri) -> Duration {
    let settings = uri::to_path(uri).map_or_else(|| manager.settings(), |path| manager.settings_at(&path));
    settings.request_wait
}

/// The file that lies there as a folder knows it, under each of its names.
fn files_at(
    ready: &Ready,
    capture: &Capture,
    request: &Request,
    path: &Path,
    home: bool,
) -> Result<Vec<FileId>> {
    if home {
        let file = ready.own_file(path).ok_or_else(|| errors::failed("it is not indexed there"))?;
        return Ok(vec![file]);
    }
    let files = ready.libraries_at(path);
    // What was not known to be none of its dependencies may be known by now.
    if !files.is_empty() || !request.may_depend_on(capture, path.canonicalize().ok().as_deref()) {
        return Ok(files);
    }
    // The folder around another one has its files until it has been read again.
    if ready.own_file(path).is_some() {
        return Err(errors::failed("it is being read again"));
    }
    // It depends on the folder, and on none of what lies in this file, if all could be read.
    match capture.libraries_lacking() {
        Some(why) => Err(errors::failed(format!("of its dependencies: {why}"))),
        None => Ok(files),
    }
}

/// What a folder itself says, and then what others say.
pub fn joined<T: Send + 'static>(
    own: Answer<Option<Vec<T>>>,
    abroad: Answer<Part<T>>,
) -> Answer<Option<Vec<T>>> {
    Box::pin(async move {
        let (own, abroad) = (own.await?, abroad.await?.all);
        Ok(match (own, abroad) {
            (None, abroad) if abroad.is_empty() => None,
            (own, abroad) => Some(own.into_iter().flatten().chain(abroad).collect()),
        })
    })
}
