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
        let each = only.ask_each(
            places(uri),
            one_by_one(move |reading, cancel| Ok(answer(reading, cancel)?.into_iter().collect())),
        );
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
        self.told(|all| all.ask_each(places(uri), one_by_one(answer)))
    }

    /// The same of several files, which each folder is given at once as far as it knows them, one or more.
    pub fn ask_about<T, F>(self, files: Vec<PathBuf>, answer: F) -> Answer<Part<T>>
    where
        T: Send + 'static,
        F: Fn(&[Reading], &CancelToken) -> Result<Vec<T>> + Send + Sync + 'static,
    {
        self.told(|all| all.ask_each(files, answer))
    }

    /// Waits for no folder any more from then on.
    #[must_use]
    pub fn until(mut self, until: Instant) -> Abroad {
        self.wait = self.wait.min(until.saturating_duration_since(Instant::now()));
        self
    }

    fn told<T: Send + 'static>(
        self,
        ask: impl FnOnce(Abroad) -> Answer<Vec<(PathBuf, Result<Vec<T>>)>>,
    ) -> Answer<Part<T>> {
        let session = Arc::clone(&self.session);
        let request = Arc::clone(&self.request);
        let each = ask(self);
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
        let each = self.ask_each(places(uri), one_by_one(answer));
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

    fn ask_each<T, F>(self, files: Vec<PathBuf>, answer: F) -> Answer<Vec<(PathBuf, Result<Vec<T>>)>>
    where
        T: Send + 'static,
        F: Fn(&[Reading], &CancelToken) -> Result<Vec<T>> + Send + Sync + 'static,
    {
        let Abroad { session, feature, others, encoding, wait, request } = self;
        let manager = match session.manager() {
            Ok(manager) => manager,
            Err(error) => return at_once(Err(error)),
        };
        let offered = |file: &PathBuf| is_offered(manager, &feature, file);
        let files: Vec<PathBuf> = files.into_iter().filter(offered).collect();
        if files.is_empty() || others.is_empty() {
            return at_once(Ok(Vec::new()));
        }
        let (teller, asking) = (Arc::clone(&session), Arc::clone(&request));
        // Which folders are asked about which of the files.
        let dependent = run(manager.pool(), move |_| {
            let manager = teller.manager()?;
            let asked = files.into_iter().map(|path| {
                let home = manager.owned(&path).map(|(_, folder)| folder);
                let real = path.canonicalize().ok();
                (path, home, real)
            });
            let asked: Vec<_> = asked.collect();
            let of = |capture: Capture| {
                let of = asked.iter().filter_map(|(path, home, real)| {
                    let home = home.is_some() && capture.folder() == home.as_deref();
                    let asked = home || asking.may_depend_on(&capture, real.as_deref());
                    asked.then(|| Asked { path: path.clone(), home })
                });
                let of: Arc<[Asked]> = of.collect();
                (!of.is_empty()).then_some((capture, of))
            };
            Ok(others.into_iter().filter_map(of).collect::<Vec<_>>())
        });
        let answer = Arc::new(answer);
        Box::pin(async move {
            let token = CancelToken::new();
            let _guard = CancelOnDrop(token.clone());
            let until = *request.until.get_or_init(|| Instant::now() + wait);
            // An attempt that is not the last gives up where dependencies have begun to be read anew.
            let ask = |capture: &Capture, of: &Arc<[Asked]>, last: bool| {
                let (sender, outcome) = oneshot::channel();
                let (answer, session, of) = (Arc::clone(&answer), Arc::clone(&session), Arc::clone(of));
                let request = Arc::clone(&request);
                let capture = capture.clone().awaiting(until);
                let left = until.saturating_duration_since(Instant::now());
                capture.clone().when_ready(left, token.clone(), move |ready, cancel| {
                    let _ = sender.send(caught(|| {
                        let ready = ready.map_err(|why| errors::unavailable(&why))?;
                        if !last && ready.freshness.dependencies == Known::Reading {
                            return Ok(None);
                        }
                        let (mut files, mut unknown) = (Vec::new(), None);
                        for asked in of.iter() {
                            match files_at(&ready, &capture, &request, asked) {
                                Ok(there) => files.extend(there),
                                Err(error) => unknown = unknown.or(Some(error)),
                            }
                        }
                        if files.is_empty() {
                            return unknown.map_or(Ok(Some((Vec::new(), None))), Err);
                        }
                        let reading = |file| {
                            let (session, ready) = (Arc::clone(&session), ready.clone());
                            let told = Arc::clone(&request.told);
                            Reading::elsewhere(ready, file, encoding, session, capture.clone(), told)
                        };
                        let readings: Vec<Reading> = files.into_iter().map(reading).collect();
                        Ok(Some((answer(&readings, cancel)?, unknown)))
                    }));
                });
                async move { outcome.await.unwrap_or_else(|_| Err(errors::cancelled())) }
            };
            let dependent = dependent.await?;
            let asked: Vec<_> = dependent.iter().map(|(capture, of)| ask(capture, of, false)).collect();
            let mut all = Vec::new();
            for ((capture, of), outcome) in dependent.iter().zip(asked) {
                let outcome = match outcome.await {
                    Ok(None) => ask(capture, of, true).await,
                    outcome => outcome,
                };
                let name = capture.folder().map(Path::to_owned).unwrap_or_default();
                match outcome.map(Option::unwrap_or_default) {
                    Ok((found, unknown)) => {
                        all.push((name.clone(), Ok(found)));
                        // It has not said all.
                        all.extend(unknown.map(|error| (name, Err(error))));
                    }
                    Err(error) => all.push((name, Err(error))),
                }
            }
            Ok(all)
        })
    }
}

/// A file that a folder is asked about.
struct Asked {
    path: PathBuf,
    /// It is the folder's own.
    home: bool,
}

fn places(uri: &Uri) -> Vec<PathBuf> {
    uri::to_path(uri).into_iter().collect()
}

/// Answers about each file by itself.
fn one_by_one<T, F>(answer: F) -> impl Fn(&[Reading], &CancelToken) -> Result<Vec<T>> + Send + Sync + 'static
where
    F: Fn(&Reading, &CancelToken) -> Result<Vec<T>> + Send + Sync + 'static,
    T: 'static,
{
    move |readings, cancel| {
        let mut all = Vec::new();
        for reading in readings {
            all.extend(answer(reading, cancel)?);
        }
        Ok(all)
    }
}

/// How long folders are waited for, as the folder has it where the question begins.
fn request_wait(manager: &Manager, uri: &Uri) -> Duration {
    let settings = uri::to_path(uri).map_or_else(|| manager.settings(), |path| manager.settings_at(&path));
    settings.request_wait
}

/// The file that lies there as a folder knows it, under each of its names.
fn files_at(ready: &Ready, capture: &Capture, request: &Request, asked: &Asked) -> Result<Vec<FileId>> {
    let path = &asked.path;
    if asked.home {
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
