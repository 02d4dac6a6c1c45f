//! What a request takes before anything else can happen, and how it gets its answer's world from that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::super::cancel::CancelToken;
use super::super::clock::Moment;
use super::super::degrade::Degraded;
use super::super::dependencies::named;
use super::super::document::{Document, Unanalysed};
use super::super::documents::DocumentSet;
use super::super::keeper::Served;
use super::super::ledger::Refused;
use super::super::pool::NotTaken;
use super::super::read::{FolderTexts, read_bounded};
use super::super::settings::Settings;
use super::super::settling::SettlingSet;
use super::super::slot::{Cause, Lifecycle, Serve};
use super::super::staleness::{Verdict, judge};
use super::super::status::Reading;
use super::super::sync::Mutex;
use super::core::Core;
use super::folder::Folder;
use super::libraries::{Known, Reach};
use super::resident::{Placed, Resident, Sight};
use crate::graph::{Graph, GraphBuilder, Leads, leads_of};
use crate::lang::check_text;
use crate::lang::modules::{FileId, Layout, file_name};
use crate::text::BYTE_ORDER_MARK;

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

/// A view to answer from.
#[derive(Clone)]
pub struct Ready {
    pub view: Arc<Sight>,
    pub freshness: Freshness,
    /// The folder, or the directory of a file outside every folder; paths of the view are relative to it.
    pub root: PathBuf,
    /// The file that was asked for, if the view has it.
    pub file: Option<FileId>,
}

impl Ready {
    /// Where a file of the view lies.
    pub fn absolute(&self, file: FileId) -> PathBuf {
        self.root.join(self.view.path(file))
    }

    /// The file that lies there, if the folder's own files are known to include it.
    pub fn own_file(&self, path: &Path) -> Option<FileId> {
        let below = path.strip_prefix(&self.root).ok().and_then(super::super::scan::relative)?;
        self.view.file(&below).filter(|file| !self.view.is_library(*file))
    }

    /// The file that lies there, as one of dependencies: as often as they have it under another name. Looks at the disk.
    pub fn libraries_at(&self, path: &Path) -> Vec<FileId> {
        let graph = self.view.graph();
        Shelves::of(graph).at(graph, &self.root, path)
    }
}

/// How sure it is that a view is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// Zero for a file outside every folder.
    pub generation: u64,
    pub stale: Option<StaleSince>,
    /// What is known of the folder, if that is not all.
    pub degraded: Option<Degraded>,
    /// Which files have not been read for want of memory just now, and why, in words.
    pub owed: Option<Arc<str>>,
    /// What the view has of the folder's dependencies.
    pub dependencies: Known,
}

impl Freshness {
    /// What of the folder is not known, in words.
    pub fn missing(&self) -> Option<String> {
        let owed = || self.owed.as_ref().map(|owed| owed.to_string());
        self.degraded.map(|degraded| degraded.words()).or_else(owed)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaleSince {
    pub age: Duration,
    pub last_good: Moment,
    pub error: String,
}

/// Why there is no view.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unavailable {
    pub kind: Kind,
    pub folder: Option<PathBuf>,
    /// Whether asking again later can help.
    pub retryable: bool,
    pub message: String,
}

/// The reasons that a client can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    NotLoaded,
    BuildFailed,
    StaleExpired,
    MemoryExceeded,
    Evicted,
    /// The file belongs to no folder and is not open, or does not exist.
    NoSuchFile,
    /// The document itself cannot be analysed.
    Document,
    Cancelled,
    /// Too many requests are waiting.
    Busy,
}

impl Kind {
    /// The word for it in `data.kind` of an error.
    pub fn name(self) -> &'static str {
        match self {
            Kind::NotLoaded => "workspace_not_loaded",
            Kind::BuildFailed => "workspace_build_failed",
            Kind::StaleExpired => "workspace_stale_expired",
            Kind::MemoryExceeded => "memory_budget_exceeded",
            Kind::Evicted => "workspace_evicted",
            Kind::NoSuchFile => "no_such_file",
            Kind::Document => "document_not_indexed",
            Kind::Cancelled => "cancelled",
            Kind::Busy => "server_busy",
        }
    }
}

/// The files of dependencies, by the names of files.
struct Shelves<'g>(FxHashMap<&'g str, Vec<FileId>>);

impl<'g> Shelves<'g> {
    fn of(graph: &'g Graph) -> Shelves<'g> {
        let mut named: FxHashMap<&str, Vec<FileId>> = FxHashMap::default();
        graph
            .library_files()
            .for_each(|file| named.entry(file_name(graph.path(file))).or_default().push(file));
        Shelves(named)
    }

    /// Those that lie there, under whatever names the folder knows them.
    fn at(&self, graph: &Graph, root: &Path, path: &Path) -> Vec<FileId> {
        let named = path.file_name().and_then(|name| self.0.get(name.to_str()?));
        let Some((named, real)) = named.zip(path.canonicalize().ok()) else { return Vec::new() };
        let is_there =
            |file: &FileId| root.join(graph.path(*file)).canonicalize().is_ok_and(|other| other == real);
        named.iter().copied().filter(is_there).collect()
    }
}

/// Whether there is something to answer from.
enum Look {
    Served(Arc<Served<Resident>>),
    /// There is, and soon there will be more.
    Reading(Arc<Served<Resident>>),
    Lone,
    Wait,
    Never(Unavailable),
}

/// What a request waits for.
enum Awaited {
    Folder,
    /// The folder could be answered from, and soon its dependencies can, too.
    Dependencies,
}

impl Capture {
    pub(super) fn of_path(core: &Arc<Core>, path: &Path) -> Capture {
        let folder = core.owner(path);
        if let Some(folder) = &folder {
            core.keeper.touch(&folder.shelf);
        }
        Capture::new(core, folder, path.to_owned(), true)
    }

    /// For a request that concerns every folder. It is nobody's use in particular, and an evicted folder comes back
    /// for it only into memory that is free: else each such request would drive out what the last one brought back.
    pub(super) fn of_folder(core: &Arc<Core>, folder: Arc<Folder>) -> Capture {
        let size = folder.details.lock().high_water;
        let free = core.keeper.ledger().balance().available();
        let factor = if folder.kept.is_on_disk() { RETURN_FACTOR_KEPT } else { RETURN_FACTOR };
        let brings_back = size.saturating_mul(factor).saturating_add(RETURN_SCRATCH) <= free;
        let path = folder.path.clone();
        Capture::new(core, Some(folder), path, brings_back)
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

    /// Whether the folder is being read just now, and may soon know of more.
    pub fn is_being_built(&self) -> bool {
        let report = self.folder.as_ref().and_then(|folder| self.core.keeper.report(folder.id));
        report.is_some_and(|r| !r.lifecycle.is_at_rest())
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
        if self.folder.is_none() {
            return Err(refuse("the file is in no open folder, and not open itself".to_owned()));
        }
        let settings = self.settings();
        let bytes = match read_bounded(&self.path, settings.file_bytes_max) {
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

    /// Waits on this thread until the folder can be answered from; see [`Capture::when_ready`] for waiting without
    /// one.
    pub fn wait(&self, deadline: Instant, cancel: &CancelToken) -> Result<Ready, Unavailable> {
        let (sent, woken) = crossbeam_channel::bounded::<()>(1);
        let by_cancel = sent.clone();
        cancel.on_cancel(move || {
            let _ = by_cancel.try_send(());
        });
        loop {
            let sent = sent.clone();
            let look = self.look_or_listen(move || {
                let _ = sent.try_send(());
            });
            if cancel.is_cancelled() {
                return Err(self.cancelled());
            }
            let (until, served) = match look {
                Ok(Awaited::Folder) => (deadline, false),
                Ok(Awaited::Dependencies) => (self.awaited_until.unwrap_or(deadline), true),
                Err(look) => return self.ready(look),
            };
            // What is only waited for because there will be more is served all the same.
            if woken.recv_deadline(until).is_err() && !served {
                return Err(self.not_yet());
            }
        }
    }

    /// Runs the job on the pool once the folder can be answered from, or with the reason once it cannot, the wait is
    /// over or the token is cancelled. No thread waits meanwhile. The job runs exactly once, unless the manager is
    /// shut down.
    pub fn when_ready(
        self,
        wait: Duration,
        cancel: CancelToken,
        job: impl FnOnce(Result<Ready, Unavailable>, &CancelToken) + Send + 'static,
    ) {
        let deadline = Instant::now() + wait;
        let awaited_until = self.awaited_until;
        let timer = self.core.timer.clone();
        let request = Mutex::new(Some((self, Box::new(job) as Job)));
        let waiting = Arc::new(Waiting { request, cancel: cancel.clone(), deadline });
        if waiting.attempt() {
            let (by_time, by_cancel) = (Arc::clone(&waiting), waiting);
            for until in [Some(deadline), awaited_until].into_iter().flatten() {
                let by_time = Arc::clone(&by_time);
                timer.at(until, move || {
                    by_time.attempt();
                });
            }
            cancel.on_cancel(move || {
                by_cancel.attempt();
            });
        }
    }

    /// Looks whether there is something to answer from. While there is not, but may be, the waker is called when it is
    /// worth another look; `Err` with what was seen otherwise, and nobody is called.
    fn look_or_listen(&self, waker: impl FnOnce() + Send + 'static) -> Result<Awaited, Look> {
        let Some(folder) = &self.folder else { return Err(Look::Lone) };
        // Most requests find their folder there, and leave nothing behind that only its next change would take away.
        match self.look() {
            Look::Wait | Look::Reading(_) => {}
            seen => return Err(seen),
        }
        let changes = folder.on_change(waker);
        // What has happened before anybody listened is seen now.
        match self.look() {
            Look::Wait if changes => Ok(Awaited::Folder),
            Look::Reading(_) if changes => Ok(Awaited::Dependencies),
            seen => Err(seen),
        }
    }

    fn look(&self) -> Look {
        let Some(folder) = &self.folder else { return Look::Lone };
        let now = self.core.clock.now();
        let cap = self.core.settings_of(folder).stale_cap;
        if let Some(served) = folder.shelf.load() {
            let verdict = served.stale.as_ref().map(|s| (judge(s.last_good, now, cap), s));
            return match verdict {
                Some((Verdict::Expired { age }, stale)) => {
                    let (hours, error) = (age.as_secs_f64() / 3_600.0, &stale.error);
                    let message =
                        format!("the last good graph is {hours:.1} hours old, too old to answer: {error}");
                    Look::Never(self.unavailable(Kind::StaleExpired, true, message))
                }
                _ => self.reached(folder, served),
            };
        }
        match self.core.keeper.serve(folder.id, now, cap) {
            None => {
                Look::Never(self.unavailable(Kind::NotLoaded, false, "the folder has been closed".to_owned()))
            }
            Some(Serve::Failed) => Look::Never(self.failed(folder)),
            Some(Serve::Wait) if self.stays_away(folder) => {
                let message =
                    "the folder is evicted for memory; a request about one of its files brings it back";
                Look::Never(self.unavailable(Kind::Evicted, true, message.to_owned()))
            }
            // It may have been evicted since it was captured.
            Some(Serve::Wait) => {
                self.core.want(folder);
                Look::Wait
            }
            // Published between the two looks.
            Some(_) => folder.shelf.load().map_or(Look::Wait, Look::Served),
        }
    }

    /// Whether what is served is all that this is to wait for.
    fn reached(&self, folder: &Arc<Folder>, served: Arc<Served<Resident>>) -> Look {
        if self.reach != Reach::Dependencies || self.awaited_until.is_none_or(|until| Instant::now() >= until)
        {
            return Look::Served(served);
        }
        match self.libraries_awaited(folder, &served) {
            true => Look::Reading(served),
            false => Look::Served(served),
        }
    }

    fn libraries_awaited(&self, folder: &Arc<Folder>, served: &Arc<Served<Resident>>) -> bool {
        let (capture, of) = (self.clone(), Arc::clone(served));
        self.core.libraries_awaited(folder, move || {
            let folder = capture.folder.as_ref()?;
            let budget = capture.core.documents.budget();
            of.graph.view(capture.placed(folder), |bytes| budget.charge(bytes)).ok()
        })
    }

    fn ready(&self, look: Look) -> Result<Ready, Unavailable> {
        match look {
            Look::Served(served) | Look::Reading(served) => self.in_folder(&served),
            Look::Lone => self.alone(),
            Look::Never(unavailable) => Err(unavailable),
            Look::Wait => Err(self.not_yet()),
        }
    }

    /// The view of the folder with the documents of the capture. Parses what has not been parsed yet.
    fn in_folder(&self, served: &Arc<Served<Resident>>) -> Result<Ready, Unavailable> {
        let folder = self.folder.as_ref().expect("a served graph is a folder's");
        if let Some(document) = self.document() {
            match document.analysis() {
                Ok(_) | Err(Unanalysed::NoLanguage) => {}
                Err(why) => return Err(self.not_analysed(&why)),
            }
        }
        let budget = self.core.documents.budget();
        let see = |resident: &Resident, documents: Vec<Placed>| {
            let view = resident.view(documents, |bytes| budget.charge(bytes));
            view.map_err(|refused| self.no_memory(&refused))
        };
        let mut view = see(&served.graph, self.placed(folder))?;
        let own_file = |view: &Sight| folder.relative(&self.path).and_then(|p| view.file(&p));
        let mut dependencies = Known::Nothing;
        if self.reach != Reach::Folder {
            let reading = self.reach == Reach::Dependencies
                && (self.core.libraries_outdated(folder, served.generation, &view, own_file(&view))
                    || self.libraries_awaited(folder, served));
            if let Some(beside) = self.core.beside_libraries(folder, served) {
                view = see(&beside, self.placed_beside(folder, &beside))?;
                dependencies = Known::Dependencies;
            }
            if reading {
                dependencies = Known::Reading;
            }
        }
        let now = self.core.clock.now();
        let stale = served.stale.as_ref().map(|s| StaleSince {
            age: now.since(s.last_good),
            last_good: s.last_good,
            error: s.error.to_string(),
        });
        let file = own_file(&view);
        let degraded = served.graph.degraded;
        let owed = served.owed.clone();
        let freshness = Freshness { generation: served.generation, stale, degraded, owed, dependencies };
        Ok(Ready { view, freshness, root: folder.path.clone(), file })
    }

    /// A view of one open document that belongs to no folder.
    fn alone(&self) -> Result<Ready, Unavailable> {
        if self.document().is_none() {
            let message = "the file is in no open folder, and not open itself".to_owned();
            return Err(self.unavailable(Kind::NoSuchFile, false, message));
        }
        self.by_itself()
    }

    /// A view of this one file, as open or from disk: for what can be answered before the folder is there. Parses what
    /// has not been parsed yet.
    pub fn by_itself(&self) -> Result<Ready, Unavailable> {
        let document = self.local()?;
        match document.analysis() {
            Ok(_) | Err(Unanalysed::NoLanguage) => {}
            Err(why) => return Err(self.not_analysed(&why)),
        }
        // Places are told as the folder will tell them.
        let inside = self.folder.as_ref().and_then(|f| Some((f.path.clone(), f.relative(&self.path)?)));
        let (root, name) = inside.unwrap_or_else(|| {
            let root = self.path.parent().unwrap_or(Path::new("/")).to_owned();
            (root, self.path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned())
        });
        let empty = nothing().ok_or_else(|| {
            self.unavailable(Kind::MemoryExceeded, true, "the system gives no memory".to_owned())
        })?;
        let texts = Arc::new(FolderTexts { root: root.clone(), bytes_max: 0 });
        let alone = Resident::over(empty, texts);
        let budget = self.core.documents.budget();
        let view = alone.view(vec![(name.clone(), document)], |bytes| budget.charge(bytes));
        let view = view.map_err(|refused| self.no_memory(&refused))?;
        let file = view.file(&name);
        let (stale, degraded, owed, dependencies) = (None, None, None, Known::Nothing);
        let freshness = Freshness { generation: 0, stale, degraded, owed, dependencies };
        Ok(Ready { view, freshness, root, file })
    }

    /// The same, and of other folders' those that are among the folder's dependencies, under their names there.
    fn placed_beside(&self, folder: &Arc<Folder>, beside: &Resident) -> Vec<Placed> {
        let mut documents = self.placed(folder);
        let elsewhere = |path: &Path| self.core.owner(path).is_none_or(|owner| owner.id != folder.id);
        let mut abroad = self.documents.iter().filter(|(path, _)| elsewhere(path)).peekable();
        if abroad.peek().is_none() {
            return documents;
        }
        let graph = &beside.graph;
        let shelves = Shelves::of(graph);
        for (path, document) in abroad {
            let known = shelves.at(graph, folder.real(), path);
            documents
                .extend(known.into_iter().map(|file| (graph.path(file).to_owned(), Arc::clone(document))));
        }
        documents
    }

    /// The captured documents that the folder owns, in the order of their paths; an open one goes before one that
    /// was closed.
    fn placed(&self, folder: &Arc<Folder>) -> Vec<Placed> {
        let own = |path: &Path| self.core.owner(path).is_some_and(|f| f.id == folder.id);
        let mut documents: BTreeMap<&Arc<Path>, &Arc<Document>> =
            self.settling.iter().map(|(path, settled)| (path, &settled.document)).collect();
        documents.extend(self.documents.iter());
        let under = documents.into_iter().filter(|(path, _)| folder.holds(path).is_some() && own(path));
        under.filter_map(|(path, d)| Some((folder.relative(path)?, Arc::clone(d)))).collect()
    }

    fn failed(&self, folder: &Folder) -> Unavailable {
        let failure = self.core.keeper.report(folder.id).and_then(|r| r.failure);
        match failure {
            Some(failure) => {
                let kind = match failure.cause {
                    Cause::Memory => Kind::MemoryExceeded,
                    Cause::Build => Kind::BuildFailed,
                };
                self.unavailable(kind, true, failure.message)
            }
            None => self.not_yet(),
        }
    }

    fn not_yet(&self) -> Unavailable {
        let report = self.folder.as_ref().and_then(|f| self.core.keeper.report(f.id));
        match report.map(|r| r.lifecycle) {
            Some(Lifecycle::Evicted) => {
                let message = "the folder was evicted for memory and is not back yet".to_owned();
                self.unavailable(Kind::Evicted, true, message)
            }
            state => {
                let state = state.map_or("closed", Lifecycle::name);
                self.unavailable(Kind::NotLoaded, true, format!("the folder is not ready yet ({state})"))
            }
        }
    }

    fn cancelled(&self) -> Unavailable {
        self.unavailable(Kind::Cancelled, false, "the request was cancelled".to_owned())
    }

    fn no_memory(&self, refused: &Refused) -> Unavailable {
        self.unavailable(Kind::MemoryExceeded, true, refused.to_string())
    }

    /// Something that the folder would have if the budget were larger.
    pub fn over_budget(&self, message: String) -> Unavailable {
        self.unavailable(Kind::MemoryExceeded, true, message)
    }

    fn not_analysed(&self, why: &Unanalysed) -> Unavailable {
        match why {
            Unanalysed::Memory(refused) => self.no_memory(refused),
            other => self.unavailable(Kind::Document, false, other.to_string()),
        }
    }

    fn unavailable(&self, kind: Kind, retryable: bool, message: String) -> Unavailable {
        Unavailable { kind, folder: self.folder().map(Path::to_owned), retryable, message }
    }
}

type Job = Box<dyn FnOnce(Result<Ready, Unavailable>, &CancelToken) + Send>;

/// A request that waits for its folder.
struct Waiting {
    /// Taken by whoever hands the job to the pool.
    request: Mutex<Option<(Capture, Job)>>,
    cancel: CancelToken,
    deadline: Instant,
}

impl Waiting {
    /// Looks whether it is time; called whenever something has changed. `true` while it still waits.
    fn attempt(self: &Arc<Self>) -> bool {
        let Some(capture) = self.request.lock().as_ref().map(|(capture, _)| capture.clone()) else {
            return false;
        };
        if self.cancel.is_cancelled() {
            return self.run(Look::Wait);
        }
        let waiting = Arc::downgrade(self);
        let look = capture.look_or_listen(move || {
            if let Some(waiting) = waiting.upgrade() {
                waiting.attempt();
            }
        });
        match look {
            Ok(Awaited::Folder) if Instant::now() < self.deadline => true,
            Ok(Awaited::Folder) => self.run(Look::Wait),
            // It is looked at again when they have been read, or the time is up.
            Ok(Awaited::Dependencies) => true,
            Err(look) => self.run(look),
        }
    }

    /// Hands the job to the pool, once.
    fn run(&self, look: Look) -> bool {
        let Some((capture, job)) = self.request.lock().take() else { return false };
        let pool = capture.core.pool.clone();
        let busy = capture.unavailable(Kind::Busy, true, NotTaken::Full.to_string());
        let ending = capture.cancelled();
        let job = Arc::new(Mutex::new(Some(job)));
        let queued = Arc::clone(&job);
        let submitted = pool.submit(self.cancel.clone(), move |cancel| {
            let Some(job) = queued.lock().take() else { return };
            let outcome = if cancel.is_cancelled() { Err(capture.cancelled()) } else { capture.ready(look) };
            job(outcome, cancel);
        });
        if let Err(why) = submitted
            && let Some(job) = job.lock().take()
        {
            let unavailable = match why {
                NotTaken::Full | NotTaken::NoThread => busy,
                NotTaken::Closed => ending,
            };
            job(Err(unavailable), &self.cancel);
        }
        false
    }
}

/// A graph without files, under documents that belong to no folder.
fn nothing() -> Option<Arc<Graph>> {
    static NOTHING: OnceLock<Option<Arc<Graph>>> = OnceLock::new();
    NOTHING.get_or_init(|| GraphBuilder::new().finish().ok().map(Arc::new)).clone()
}
