//! `textDocument/codeLens` and `codeLens/resolve`.
//!
//! What a click does is the client's: one that says that it has the command gets the places with it. In others the
//! lens is a number.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::json;
use tower_lsp::gen_lsp_types::{CodeLens, CodeLensOptions, CodeLensParams, Command, Location, Position, Uri};
use tower_lsp::jsonrpc::{Error, Result};

use crate::lsp::abroad::Abroad;
use crate::lsp::convert;
use crate::lsp::errors;
use crate::lsp::reading::{Answer, Found, Patience, Reading, at_once, read};
use crate::lsp::session::Session;
use crate::query::{self, Item, LensKind};
use crate::workspace::cancel::CancelToken;

pub const FEATURE: &str = "codeLens";
/// The client's command that shows places: URI, position, locations.
pub const SHOW: &str = "coppice.showReferences";
/// Most places that are counted: what has more is used a lot.
const PLACES_MAX: usize = 1_000;
/// How long all folders together count for one lens. Editors ask for a screenful of them at once, and nearly all take a
/// hundredth of it.
const COUNT_TIME_MAX: Duration = Duration::from_millis(100);
/// How long it is looked for what may be counted: editors ask with every change, and nearly all files take a tenth of it.
const OFFER_TIME_MAX: Duration = Duration::from_millis(20);

pub fn options() -> CodeLensOptions {
    CodeLensOptions { resolve_provider: Some(true), ..CodeLensOptions::default() }
}

/// What a lens without a number is of.
#[derive(Serialize, Deserialize)]
struct Unresolved {
    uri: Uri,
    counts: Counts,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Counts {
    References,
    Callers,
    Implementations,
}

impl Counts {
    fn of(kind: LensKind) -> Counts {
        match kind {
            LensKind::References => Counts::References,
            LensKind::Callers => Counts::Callers,
            LensKind::Implementations => Counts::Implementations,
        }
    }

    fn kind(self) -> LensKind {
        match self {
            Counts::References => LensKind::References,
            Counts::Callers => LensKind::Callers,
            Counts::Implementations => LensKind::Implementations,
        }
    }
}

pub fn handle(session: &Arc<Session>, params: CodeLensParams) -> Answer<Option<Vec<CodeLens>>> {
    let uri = params.text_document.uri;
    let told = uri.clone();
    read(session, FEATURE, &uri, Patience::Folder, move |reading, _, cancel| {
        // Where uses are not known there is nothing to count.
        if reading.ready.freshness.degraded.is_some_and(|d| !d.level.has_references()) {
            return Ok(Found::Nothing);
        }
        let until = Instant::now().checked_add(OFFER_TIME_MAX);
        let found = query::code_lenses(&reading.ready.view, reading.file, until, cancel.flag());
        if found.cancelled {
            return Err(errors::cancelled());
        }
        let places = reading.places(reading.file);
        let lens = |lens: &query::Lens| {
            let counts = Counts::of(lens.kind);
            let data = serde_json::to_value(Unresolved { uri: told.clone(), counts }).ok();
            CodeLens { range: convert::range(&places, lens.span), command: None, data }
        };
        Ok(Found::Answer(found.lenses.iter().map(lens).collect()))
    })
}

/// Counts.
pub fn resolve(session: &Arc<Session>, lens: CodeLens) -> Answer<CodeLens> {
    let data = lens.data.clone().map(serde_json::from_value::<Unresolved>);
    let Some(Ok(Unresolved { uri, counts })) = data else {
        return at_once(Err(errors::invalid("a lens of another server")));
    };
    let at = lens.range.start;
    let shows = session.features().is_ok_and(|f| f.shows_references);
    let told = uri.clone();
    let bounds = Arc::new(Bounds::default());
    let others = match Abroad::capture(session, FEATURE, &uri) {
        Ok(others) => others,
        Err(error) => return at_once(Err(error)),
    };
    let within = Arc::clone(&bounds);
    let own = read(session, FEATURE, &uri, Patience::Folder, move |reading, _, cancel| {
        Ok(Found::Answer((count(reading, at, counts, &within, cancel)?, Within::of(reading))))
    });
    Box::pin(async move {
        let Some((mut counted, within)) = own.await? else { return Ok(lens) };
        if let Within::Folder = within {
            let there = others.ask_all(&told, move |reading, cancel| {
                count(reading, at, counts, &bounds, cancel).map(|counted| vec![counted])
            });
            match there.await {
                Ok(there) => there.into_iter().for_each(|there| counted.add(there)),
                // A folder that cannot tell may have more of them.
                Err(_) => counted.more = true,
            }
        }
        let title = title(counts, counted.counted.len(), counted.more, within);
        Ok(CodeLens { command: Some(shown(title, shows, &told, at, counted.places())), ..lens })
    })
}

/// What bounds all that is counted for one lens.
#[derive(Default)]
struct Bounds {
    /// Set by the first that counts.
    until: OnceLock<Option<Instant>>,
    counted: AtomicUsize,
}

impl Bounds {
    fn until(&self) -> Option<Instant> {
        *self.until.get_or_init(|| Instant::now().checked_add(COUNT_TIME_MAX))
    }

    fn left(&self) -> usize {
        PLACES_MAX.saturating_sub(self.counted.load(Ordering::Relaxed))
    }
}

/// What one or several folders have of what a lens counts.
struct Places {
    /// What the number is of.
    counted: Vec<Location>,
    /// Where that is, if it is not the place itself.
    sites: Vec<Location>,
    /// There may be more.
    more: bool,
}

impl Places {
    fn add(&mut self, other: Places) {
        self.more |= other.more;
        add_new(&mut self.counted, other.counted);
        add_new(&mut self.sites, other.sites);
    }

    /// What a click shows.
    fn places(&self) -> &[Location] {
        if self.sites.is_empty() { &self.counted } else { &self.sites }
    }
}

/// Folders in each other have the same places.
fn add_new<T: Clone + Eq + Hash>(all: &mut Vec<T>, others: Vec<T>) {
    let known: HashSet<T> = all.iter().cloned().collect();
    all.extend(others.into_iter().filter(|other| !known.contains(other)));
}

/// What the folder has of it, and of dependencies what is asked about there.
fn count(
    reading: &Reading,
    at: Position,
    counts: Counts,
    bounds: &Bounds,
    cancel: &CancelToken,
) -> Result<Places> {
    let view = &reading.ready.view;
    let symbol = reading.offset(at).and_then(|offset| Item::at(view, reading.file, offset));
    // The text has changed since: the client asks for all lenses anew.
    let symbol = symbol.ok_or_else(Error::content_modified)?;
    let mut counted =
        query::count_lens(view, symbol, counts.kind(), bounds.left(), bounds.until(), cancel.flag());
    if counted.cancelled {
        return Err(errors::cancelled());
    }
    if reading.is_elsewhere() {
        counted.counted.retain(|place| !view.is_library(place.file));
    }
    bounds.counted.fetch_add(counted.counted.len().max(counted.sites.len()), Ordering::Relaxed);
    let more = counted.truncated || reading.ready.freshness.degraded.is_some();
    let located = |places: Vec<query::Location>| {
        reading.in_files(places, |uri, places, l| convert::location(uri.clone(), places, l.span))
    };
    Ok(Places { counted: located(counted.counted), sites: located(counted.sites), more })
}

/// What was searched, and so what a number is true of.
#[derive(Clone, Copy, Debug)]
enum Within {
    /// The folder of the definition, and those that depend on it.
    Folder,
    /// A folder that a dependency's file was found from: what the dependency itself uses is not counted.
    Dependent,
    /// A file outside every folder.
    File,
}

impl Within {
    fn of(reading: &Reading) -> Within {
        match reading.ready.view.is_library(reading.file) {
            _ if reading.is_alone() => Within::File,
            true => Within::Dependent,
            false => Within::Folder,
        }
    }

    /// What a user who sees nothing but the number would take for granted otherwise.
    fn words(self) -> &'static str {
        match self {
            Within::Folder => "",
            Within::Dependent => " in the workspace",
            Within::File => " in this file",
        }
    }
}

fn title(counts: Counts, number: usize, more: bool, within: Within) -> String {
    let (one, many) = match counts {
        Counts::References => ("reference", "references"),
        Counts::Callers => ("caller", "callers"),
        Counts::Implementations => ("implementation", "implementations"),
    };
    let more = if more { "+" } else { "" };
    // One and more are many.
    let what = if number == 1 && more.is_empty() { one } else { many };
    format!("{number}{more} {what}{}", within.words())
}

fn shown(title: String, shows: bool, uri: &Uri, at: Position, places: &[Location]) -> Command {
    match shows && !places.is_empty() {
        true => Command {
            title,
            tooltip: None,
            command: SHOW.to_owned(),
            arguments: Some(vec![json!(uri), json!(at), json!(places)]),
        },
        false => Command { title, tooltip: None, command: String::new(), arguments: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_in_words() {
        assert_eq!(title(Counts::References, 1, false, Within::Folder), "1 reference");
        assert_eq!(title(Counts::References, 1_000, true, Within::Folder), "1000+ references");
        assert_eq!(title(Counts::References, 1, true, Within::Dependent), "1+ references in the workspace");
        assert_eq!(title(Counts::Callers, 1, false, Within::Folder), "1 caller");
        assert_eq!(title(Counts::Callers, 3, false, Within::File), "3 callers in this file");
        assert_eq!(title(Counts::Implementations, 0, false, Within::File), "0 implementations in this file");
    }
}
