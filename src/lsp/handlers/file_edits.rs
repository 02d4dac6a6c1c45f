//! What other files need when files come, go or move: edits in the folders that have them, and a word about those that
//! name them in others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// Most places that one message names.
const TOLD_MAX: usize = 5;

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

/// Files of one folder; of what moves, where to.
type Files = Vec<(PathBuf, Option<PathBuf>)>;

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
    let mut folders: BTreeMap<PathBuf, Files> = BTreeMap::new();
    for (old, new) in &uris {
        // What is no file does not keep the others from being followed.
        let Some(old) = uri::to_path(old).filter(|old| is_offered(manager, FEATURE, old)) else { continue };
        let capture = manager.capture(&old);
        let Some(folder) = capture.folder() else { continue };
        folders.entry(folder.to_owned()).or_default().push((old, new.as_ref().and_then(uri::to_path)));
    }
    let going: Vec<PathBuf> = match question.away {
        Some(_) => folders.values().flatten().filter(|f| f.1.is_none()).map(|f| f.0.clone()).collect(),
        None => Vec::new(),
    };
    let mut asked: Vec<(PathBuf, Abroad, Answer<Option<Part>>)> = Vec::new();
    for (folder, files) in folders {
        let Some((first, uri)) = files.first().and_then(|(old, _)| Some((old, uri::of_path(old)?))) else {
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
            tell_left(&session, away, &going, verb).await?;
        }
        Ok((!all.is_empty()).then(|| all.finish()))
    })
}

/// What the folder has to say of those that are its own.
fn part(
    session: &Arc<Session>,
    uri: &Uri,
    all: Files,
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
        for (old, new) in &all {
            let Some(from) = inside(old) else { continue };
            let to = new.as_deref().and_then(inside);
            gone.push((from.clone(), to.clone()));
            if new.is_some() && to.is_none() {
                leaving.push(old.clone());
            } else {
                files.push((from, to));
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
            Some(_) => query::files_away(&ready.view, &gone),
            None => Vec::new(),
        };
        let away: Vec<PathBuf> = away.into_iter().map(|file| ready.absolute(file)).collect();
        // What is not known there is not missed.
        leaving.retain(|path| away.iter().any(|file| file.starts_with(path)));
        Ok(Some(Part { edits, leaving, away }))
    })
}

/// Tells the user of what names these files in folders that are not changed.
async fn tell_left(
    session: &Arc<Session>,
    away: Vec<(Abroad, Vec<PathBuf>)>,
    going: &[PathBuf],
    verb: &str,
) -> Result<()> {
    let mut left: BTreeMap<Left, (Uri, Range)> = BTreeMap::new();
    let mut more = false;
    for (abroad, files) in away.into_iter().filter(|(abroad, _)| abroad.are_there()) {
        more |= files.len() > DEFINING_MAX;
        for file in files.iter().take(DEFINING_MAX) {
            let Some(uri) = session.uris.of(file) else { continue };
            for (path, uri, range, truncated) in abroad.clone().ask(&uri, named).await?.all {
                more |= truncated;
                // What goes too names nothing any more.
                if !going.iter().any(|gone| path.starts_with(gone)) {
                    left.entry(Left { path, line: range.start.line + 1 }).or_insert((uri, range));
                }
            }
        }
    }
    let Some(message) = words(left.keys(), more, verb) else { return Ok(()) };
    match left.into_values().next() {
        Some((uri, place)) => showing::offer(session, MessageType::Warning, message, uri, place),
        None => session.show(MessageType::Warning, message),
    }
    Ok(())
}

/// Where the folder names the file, and whether there may be more.
fn named(reading: &Reading, cancel: &CancelToken) -> Result<Vec<(PathBuf, Uri, Range, bool)>> {
    reading.knows_uses()?;
    if reading.ready.freshness.dependencies == Known::Reading {
        return Err(errors::failed("its dependencies are being read"));
    }
    let uses = query::file_uses(&reading.ready.view, reading.file, cancel.flag());
    if uses.cancelled || cancel.is_cancelled() {
        return Err(errors::cancelled());
    }
    let truncated = uses.truncated;
    Ok(reading.in_files(uses.places, |uri, places, place| {
        let path = reading.ready.absolute(place.file);
        (path, uri.clone(), convert::range(places, place.span), truncated)
    }))
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
        0 if more => Some(format!(
            "coppice: more files {verb} than are looked for in other folders, where nothing is changed"
        )),
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
        assert!(told(0, true).unwrap().contains("more files"));
        assert!(told(1, false).unwrap().ends_with("changed: /a.py line 1"));
        assert!(told(2, true).unwrap().ends_with("/a.py line 1, /a.py line 2 and others"));
        assert!(told(7, false).unwrap().ends_with("/a.py line 5 and 2 more"));
    }
}
