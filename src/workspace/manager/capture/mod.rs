//! What a request takes before anything else can happen, and how it gets its answer's world from that.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::super::bounds::Bounds;
use super::super::dependencies::named;
use super::super::document::Document;
use super::super::documents::DocumentSet;
use super::super::settings::Settings;
use super::super::settling::SettlingSet;
use super::super::slot::Lifecycle;
use super::super::status::Reading;
use super::core::Core;
use super::folder::Folder;
use super::libraries::Reach;
use crate::graph::{Leads, leads_of};
use crate::lang::check_text;
use crate::text::BYTE_ORDER_MARK;

mod ready;
mod unavailable;
mod waiting;

pub use ready::{Freshness, Ready, StaleSince};
pub use unavailable::{Kind, Unavailable};

/// A request's world as it was when the request arrived: the folder that owns its path, and the open documents.
#[derive(Clone)]
pub struct Capture {
    core: Arc<Core>,
    /// None for a file outside every folder.
    folder: Option<Arc<Folder>>,
    path: PathBuf,
    documents: Arc<DocumentSet>,
    /// Documents that were closed as saved, of which the folder may not know yet.
    settling: Arc<SettlingSet>,
    /// Whether an evicted folder is to come back for this.
    brings_back: bool,
    reach: Reach,
    /// Until when dependencies that are being read are waited for.
    awaited_until: Option<Instant>,
}

/// What a folder takes to come back, in sizes of its graph: it is built beside its parses and laid out anew.
const RETURN_FACTOR: u64 = 4;
/// The same where it comes back from its snapshot.
const RETURN_FACTOR_KEPT: u64 = 2;
/// And the parses.
const RETURN_SCRATCH: u64 = 16 << 20;

impl Capture {
    pub(super) fn of_path(core: &Arc<Core>, path: &Path) -> Capture {
        let folder = core.owner(path);
        if let Some(folder) = &folder {
            core.keeper.touch(&folder.shelf);
        }
        Capture::new(core, folder, path.to_owned(), true)
    }

    /// For a request that concerns every folder. It is nobody's use in particular, and evicted folders come back for it
    /// only into memory that is free, as much of it as those before them leave: else each such request would drive out
    /// what the last one brought back.
    pub(super) fn of_folders(core: &Arc<Core>) -> Vec<Capture> {
        let folders = core.folders();
        let state = |folder: &Folder| core.keeper.report(folder.id).map(|report| report.lifecycle);
        let coming = folders.iter().filter(|folder| state(folder) == Some(Lifecycle::Loading));
        let promised: u64 = coming.map(|folder| needs(folder)).fold(0, u64::saturating_add);
        let mut free = core.keeper.ledger().balance().available().saturating_sub(promised);
        let capture = |folder: &Arc<Folder>| {
            let needs = needs(folder);
            let brings_back = needs <= free;
            if brings_back && state(folder) == Some(Lifecycle::Evicted) {
                free -= needs;
            }
            Capture::new(core, Some(Arc::clone(folder)), folder.path.clone(), brings_back)
        };
        folders.iter().map(capture).collect()
    }

    /// For a question whether a folder depends on what lies elsewhere; an evicted one does not come back for it.
    pub(super) fn of_other(core: &Arc<Core>, folder: Arc<Folder>) -> Capture {
        let path = folder.path.clone();
        Capture::taken(core, Some(folder), path, false).reaching(Reach::Dependencies)
    }

    fn new(core: &Arc<Core>, folder: Option<Arc<Folder>>, path: PathBuf, brings_back: bool) -> Capture {
        let capture = Capture::taken(core, folder, path, brings_back);
        capture.want();
        capture
    }

    fn want(&self) {
        if let Some(folder) = &self.folder
            && folder.shelf.load().is_none()
            && !self.stays_away(folder)
        {
            self.core.want(folder);
        }
    }

    /// The same capture, for what turns out to be a question to the folder itself: an evicted one comes back for it.
    #[must_use]
    pub fn brought_back(self) -> Capture {
        let capture = Capture { brings_back: true, ..self };
        if let Some(folder) = &capture.folder {
            capture.core.keeper.touch(&folder.shelf);
        }
        capture.want();
        capture
    }

    fn taken(core: &Arc<Core>, folder: Option<Arc<Folder>>, path: PathBuf, brings_back: bool) -> Capture {
        core.stir();
        // In this order: a document that is being closed is in one of the two.
        let documents = core.documents.all();
        let settling = core.settling.all();
        let (core, reach, awaited_until) = (Arc::clone(core), Reach::Folder, None);
        Capture { core, folder, path, documents, settling, brings_back, reach, awaited_until }
    }

    /// Where the folder may have dependencies outside of itself, links followed; nothing while that is not known. Looks at
    /// the disk.
    pub fn depends_on(&self) -> Option<Vec<PathBuf>> {
        let Some(folder) = &self.folder else { return Some(Vec::new()) };
        if self.core.leads_of(folder).is_none() && self.may_be_read() {
            return None;
        }
        let setting = self.core.dependencies_of(folder, &self.open_leads(folder));
        Some(named(&setting).iter().filter_map(|place| place.canonicalize().ok()).collect())
    }

    /// Whether the folder has not been read yet, and not for a failure.
    fn may_be_read(&self) -> bool {
        let report = self.folder.as_ref().and_then(|folder| self.core.keeper.report(folder.id));
        report.is_some_and(|r| !r.lifecycle.is_at_rest() || r.lifecycle == Lifecycle::Evicted)
    }

    /// Where the captured documents of the folder lead outside of it.
    fn open_leads(&self, folder: &Arc<Folder>) -> Leads {
        let ways = self.placed(folder).into_iter().flat_map(|(path, document)| {
            let lang = document.lang.filter(|lang| lang.strategy().ways().is_some());
            let facts = lang.and_then(|lang| Some((lang, document.facts().ok()?)));
            facts.map(|(lang, facts)| leads_of(lang, &path, &facts)).unwrap_or_default()
        });
        ways.collect()
    }

    /// Why not all of the folder's dependencies are known, if so.
    pub fn libraries_lacking(&self) -> Option<&'static str> {
        let status = self.folder.as_ref()?.libraries.status();
        match status.reading {
            Reading::Absent(why) => Some(why),
            Reading::Running => Some("they are being read"),
            Reading::None | Reading::Done => status.limited,
        }
    }

    /// The same capture, to be answered with what is known of dependencies.
    #[must_use]
    pub fn reaching(self, reach: Reach) -> Capture {
        Capture { reach, ..self }
    }

    /// The same capture, which waits until then for dependencies that are being read.
    #[must_use]
    pub fn awaiting(self, until: Instant) -> Capture {
        Capture { awaited_until: Some(until), ..self }
    }

    /// Whether the folder is evicted, and this is no reason for it to come back.
    fn stays_away(&self, folder: &Folder) -> bool {
        let evicted = |id| self.core.keeper.report(id).is_some_and(|r| r.lifecycle == Lifecycle::Evicted);
        !self.brings_back && evicted(folder.id)
    }

    /// Whether the folder was there before, and is on its way back.
    pub fn comes_back(&self) -> bool {
        let report = self.folder.as_ref().and_then(|folder| self.core.keeper.report(folder.id));
        let is_coming = |state| matches!(state, Lifecycle::Loading | Lifecycle::Evicted);
        report.is_some_and(|r| r.generation > 0 && !r.serving && is_coming(r.lifecycle))
    }

    /// Whether the folder is there, by now.
    pub fn is_served(&self) -> bool {
        self.folder.as_ref().is_some_and(|folder| folder.shelf.load().is_some())
    }

    /// Whether the folder is being read just now, or has been since that view of it, and may know of more than that.
    pub fn may_know_more(&self, than: &Freshness) -> bool {
        let report = self.folder.as_ref().and_then(|folder| self.core.keeper.report(folder.id));
        report.is_some_and(|r| !r.lifecycle.is_at_rest() || r.generation != than.generation)
    }

    /// The folder that owns the path.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(|f| f.path.as_path())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The document at the path as it was when the request arrived, if it is open.
    pub fn document(&self) -> Option<Arc<Document>> {
        self.documents.get(self.path.as_path()).cloned()
    }

    /// Those that count now for what is asked.
    pub fn settings(&self) -> Arc<Settings> {
        self.folder.as_ref().map_or_else(|| self.core.settings(), |folder| self.core.settings_of(folder))
    }

    /// Any document as it was then.
    pub fn document_at(&self, path: &Path) -> Option<Arc<Document>> {
        self.documents.get(path).cloned()
    }

    /// The document, or the file on disk as if it were one: for answers about this file alone, which need not wait
    /// for the folder.
    pub fn local(&self) -> Result<Arc<Document>, Unavailable> {
        if let Some(document) = self.document() {
            return Ok(document);
        }
        let refuse = |message: String| self.unavailable(Kind::NoSuchFile, false, message);
        let Some(folder) = &self.folder else {
            return Err(refuse("the file is in no open folder, and not open itself".to_owned()));
        };
        let settings = self.settings();
        let bytes = match Bounds::new(&folder.path, &[]).read(&self.path, settings.file_bytes_max) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                let message = format!("the file is larger than {} bytes", settings.file_bytes_max);
                return Err(self.unavailable(Kind::Document, false, message));
            }
            Err(error) => return Err(refuse(format!("the file cannot be read: {error}"))),
        };
        let text = check_text(&bytes).map_err(|e| self.unavailable(Kind::Document, false, e.to_string()))?;
        // As an editor would open it: none calls the mark a part of the text.
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let document = self.core.documents.unopened(self.path.clone(), text, settings.document_bytes_max());
        Ok(Arc::new(document))
    }
}

/// What it takes until the folder has come back.
fn needs(folder: &Folder) -> u64 {
    let size = folder.details.lock().high_water;
    let factor = if folder.kept.is_on_disk() { RETURN_FACTOR_KEPT } else { RETURN_FACTOR };
    size.saturating_mul(factor).saturating_add(RETURN_SCRATCH)
}
