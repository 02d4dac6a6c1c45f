//! What other files need when files come, go or move: edits in the folders that have them, and a word about those that
//! name them in others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tower_lsp::gen_lsp_types::{MessageType, Range, Uri, WorkspaceEdit};
use tower_lsp::jsonrpc::Result;

use super::file_operations::FEATURE;
use super::rename::{refused, refused_if_stale};
use crate::graph::View;
use crate::lang::modules::FileId;
use crate::lsp::abroad::{Abroad, DEFINING_MAX};
use crate::lsp::convert::{self, EditFeatures, Places, WorkspaceEdits};
use crate::lsp::errors;
use crate::lsp::reading::{Answer, Reading, at_once, is_offered, read_folder};
use crate::lsp::session::Session;
use crate::lsp::showing;
use crate::lsp::uri;
use crate::query::{self, Edit, Refusal};
use crate::text::Encoding;
use crate::workspace::cancel::CancelToken;
use crate::workspace::manager::{Capture, Known};
use crate::workspace::sync::Mutex;

/// Most places that one message names.
const TOLD_MAX: usize = 5;
/// How long the edits wait for who else names the files: editors give up all of them after a few seconds.
const LEFT_TIME_MAX: Duration = Duration::from_secs(1);
/// How much longer they do for what a folder has found by then.
const LEFT_GRACE: Duration = Duration::from_millis(250);

/// Paths relative to their folder; of what moves, where to.
pub type Paths = [(String, Option<String>)];

/// Edits, file by file.
type Worked = std::result::Result<Vec<(FileId, Vec<Edit>)>, Refusal>;

/// What is asked about files.
#[derive(Clone, Copy)]
pub struct Question {
    /// The edits of one folder.
    pub edits: fn(&View, &Paths, &CancelToken) -> Worked,
    /// What the files do then, if they are named in vain afterwards: a verb.
    pub away: Option<&'static str>,
}

/// A file or directory of a folder.
struct Old {
    path: PathBuf,
    to: To,
}

/// What becomes of it.
enum To {
    /// It comes or goes.
    Nothing,
    /// It moves inside its folder.
    Path(PathBuf),
    /// It moves out of its folder, which may be into one that lies in that.
    Elsewhere,
}

/// What one folder has to say.
struct Part {
    edits: WorkspaceEdits,
    /// Those that others name in vain afterwards.
    away: Vec<PathBuf>,
    /// What goes to another place than the folder.
    leaving: Vec<PathBuf>,
}

/// A place in another folder that names what goes away.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Left {
    path: PathBuf,
    line: u32,
}

/// The edits for files of all folders, worked out together for each of these.
pub fn edited(
    session: &Arc<Session>,
    uris: Vec<(Uri, Option<Uri>)>,
    question: Question,
) -> Answer<Option<WorkspaceEdit>> {
    let (manager, features) = match (session.manager(), session.features()) {
        (Ok(manager), Ok(features)) => (manager, features),
        (Err(error), _) | (_, Err(error)) => return at_once(Err(error)),
    };
    let (can, encoding) = (features.edits, features.encoding);
    let mut folders: BTreeMap<PathBuf, Vec<Old>> = BTreeMap::new();
    for (old, new) in &uris {
        // What is no file does not keep the others from being followed.
        let Some(old) = uri::to_path(old).filter(|old| is_offered(manager, FEATURE, old)) else { continue };
        let capture = manager.capture(&old);
        let Some(folder) = capture.folder() else { continue };
        let to = match new {
            None => To::Nothing,
            Some(new) => {
                let stays = |new: &PathBuf| manager.capture(new).folder() == Some(folder);
                uri::to_path(new).filter(stays).map_or(To::Elsewhere, To::Path)
            }
        };
        folders.entry(folder.to_owned()).or_default().push(Old { path: old, to });
    }
    let going: Vec<PathBuf> = match question.away {
        Some(_) => {
            let goes = |old: &&Old| matches!(old.to, To::Nothing);
            folders.values().flatten().filter(goes).map(|old| old.path.clone()).collect()
        }
        None => Vec::new(),
    };
    let mut asked: Vec<(PathBuf, Abroad, Answer<Option<Part>>)> = Vec::new();
    for (folder, files) in folders {
        let Some((first, uri)) = files.first().and_then(|old| Some((&old.path, uri::of_path(&old.path)?)))
        else {
            continue;
        };
        let abroad = match Abroad::capture(session, FEATURE, &uri) {
            Ok(abroad) => abroad,
            Err(error) => return at_once(Err(error)),
        };
        let capture = manager.capture(first);
        asked.push((folder, abroad, part(session, &uri, files, question, capture, (can, encoding))));
    }
    let session = Arc::clone(session);
    Box::pin(async move {
        let mut all = WorkspaceEdits::new(can);
        let (mut answered, mut refusals) = (false, Vec::new());
        let mut away = Vec::new();
        for (folder, abroad, part) in asked {
            match part.await {
                Ok(None) => answered = true,
                Ok(Some(part)) => {
                    answered = true;
                    all.append(part.edits);
                    if let Some(message) = leaving_words(&part.leaving) {
                        session.show(MessageType::Warning, message);
                    }
                    away.push((abroad, part.away));
                }
                Err(error) => refusals.push((folder, error)),
            }
        }
        // One folder that cannot say does not keep the others from being right.
        for (folder, error) in refusals {
            if !answered {
                return Err(error);
            }
            let message = format!("coppice: nothing is changed in {}: {}", folder.display(), error.message);
            session.show(MessageType::Warning, message);
        }
        if let Some(verb) = question.away {
            tell_left(&session, away, going, verb).await;
        }
        Ok((!all.is_empty()).then(|| all.finish()))
    })
}

/// What the folder has to say of those that are its own.
fn part(
    session: &Arc<Session>,
    uri: &Uri,
    all: Vec<Old>,
    question: Question,
    capture: Capture,
    (can, encoding): (EditFeatures, Encoding),
) -> Answer<Option<Part>> {
    let names = Arc::clone(session);
    read_folder(session, FEATURE, uri, move |_, ready, cancel| {
        refused_if_stale(&ready.freshness)?;
        let inside = |path: &Path| Some(path.strip_prefix(&ready.root).ok()?.to_str()?.to_owned());
        let (mut files, mut gone) = (Vec::new(), Vec::new());
        let mut leaving = Vec::new();
        for old in &all {
            let Some(from) = inside(&old.path) else { continue };
            let to = match &old.to {
                To::Path(to) => inside(to),
                To::Nothing | To::Elsewhere => None,
            };
            gone.push((from.clone(), to.clone()));
            match to.is_some() || matches!(old.to, To::Nothing) {
                true => files.push((from, to)),
                false => leaving.push(from),
            }
        }
        let found = (question.edits)(&ready.view, &files, cancel);
        if cancel.is_cancelled() {
            return Err(errors::cancelled());
        }
        let mut edits = WorkspaceEdits::new(can);
        for (file, list) in &found.map_err(|why| refused(&why))? {
            let path = ready.absolute(*file);
            let uri = names.uris.of(&path).ok_or_else(|| errors::internal("a file has no URI"))?;
            let version = capture.document_at(&path).and_then(|document| document.version);
            edits.add(uri, version, &Places::File(ready.view.positions(*file, encoding)), list);
        }
        let away = match question.away {
            // One more says that there are more.
            Some(_) => query::files_away(&ready.view, &gone, DEFINING_MAX + 1, cancel.flag()),
            None => Vec::new(),
        };
        let away: Vec<PathBuf> = away.into_iter().map(|file| ready.absolute(file)).collect();
        // What is not known there is not missed.
        let held = query::paths_held(&ready.view, &leaving, cancel.flag());
        let leaving = held.into_iter().map(|at| ready.root.join(&leaving[at])).collect();
        Ok(Some(Part { edits, leaving, away }))
    })
}

/// What names files in other folders, as far as it has been found.
#[derive(Default)]
struct Named {
    places: BTreeMap<Left, (Uri, Range)>,
    /// There may be more.
    more: bool,
}

/// Tells the user of what names these files in folders that are not changed, and waits for it no longer than a message is
/// worth.
async fn tell_left(
    session: &Arc<Session>,
    away: Vec<(Abroad, Vec<PathBuf>)>,
    going: Vec<PathBuf>,
    verb: &str,
) {
    let until = Instant::now() + LEFT_TIME_MAX;
    let (going, found) = (Arc::new(going), Arc::new(Mutex::new(Named::default())));
    let look = async {
        for (abroad, mut files) in
            away.into_iter().filter(|(abroad, files)| abroad.are_there() && !files.is_empty())
        {
            found.lock().more |= files.len() > DEFINING_MAX;
            files.truncate(DEFINING_MAX);
            let (going, into) = (Arc::clone(&going), Arc::clone(&found));
            let asked = abroad.until(until).ask_about(files, move |readings, cancel| {
                look_for(readings, &going, until, &into, cancel).map(|()| Vec::<()>::new())
            });
            // Who could not say has been named. The edits are right whatever becomes of the message.
            if let Err(error) = asked.await {
                tracing::warn!("it is not known who else names files: {}", error.message);
                found.lock().more = true;
            }
        }
    };
    let all = tokio::time::timeout(LEFT_TIME_MAX + LEFT_GRACE, look).await;
    let Named { places, more } = std::mem::take(&mut *found.lock());
    let Some(message) = words(places.keys(), more || all.is_err(), verb) else { return };
    match places.into_values().next() {
        Some((uri, place)) => showing::offer(session, MessageType::Warning, message, uri, place),
        None => session.show(MessageType::Warning, message),
    }
}

/// Adds where the folder names the files.
fn look_for(
    readings: &[Reading],
    going: &[PathBuf],
    until: Instant,
    into: &Mutex<Named>,
    cancel: &CancelToken,
) -> Result<()> {
    let Some(reading) = readings.first() else { return Ok(()) };
    reading.knows_uses()?;
    let ready = &reading.ready;
    if ready.freshness.dependencies == Known::Reading {
        return Err(errors::failed("its dependencies are being read"));
    }
    let files: Vec<FileId> = readings.iter().map(|reading| reading.file).collect();
    let uses = query::file_uses(&ready.view, &files, Some(until), cancel.flag());
    if uses.cancelled || cancel.is_cancelled() {
        return Err(errors::cancelled());
    }
    let places = reading.in_files(uses.places, |uri, places, place| {
        let range = convert::range(places, place.span);
        (Left { path: ready.absolute(place.file), line: range.start.line + 1 }, uri.clone(), range)
    });
    let mut found = into.lock();
    found.more |= uses.truncated;
    for (left, uri, range) in places {
        // What goes too names nothing any more.
        if !going.iter().any(|gone| left.path.starts_with(gone)) {
            found.places.entry(left).or_insert((uri, range));
        }
    }
    Ok(())
}

fn leaving_words(leaving: &[PathBuf]) -> Option<String> {
    let first = leaving.first()?.display();
    let what = match leaving.len() {
        1 => format!("{first} leaves its folder"),
        n => format!("{first} and {} more leave their folder", n - 1),
    };
    Some(format!("coppice: {what}: what is imported there, and from there, is not changed"))
}

fn words<'l>(left: impl ExactSizeIterator<Item = &'l Left>, more: bool, verb: &str) -> Option<String> {
    let number = left.len();
    let named = left.take(TOLD_MAX).map(|Left { path, line }| format!("{} line {line}", path.display()));
    let named = named.collect::<Vec<_>>().join(", ");
    let others = match number.saturating_sub(TOLD_MAX) {
        _ if more => " and others".to_owned(),
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    match number {
        0 if more => {
            Some(format!("coppice: what {verb} may be named in other folders, where nothing is changed"))
        }
        0 => None,
        _ => Some(format!(
            "coppice: what {verb} is named in other folders, where nothing is changed: {named}{others}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_named_as_far_as_somebody_reads_it() {
        let left: Vec<Left> = (1..=7).map(|line| Left { path: "/a.py".into(), line }).collect();
        let told = |n: usize, more| words(left[..n].iter(), more, "moves");
        assert_eq!(told(0, false), None);
        assert!(told(0, true).unwrap().contains("may be named"));
        assert!(told(1, false).unwrap().ends_with("changed: /a.py line 1"));
        assert!(told(2, true).unwrap().ends_with("/a.py line 1, /a.py line 2 and others"));
        assert!(told(7, false).unwrap().ends_with("/a.py line 5 and 2 more"));
    }
}
