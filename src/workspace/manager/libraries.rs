//! A folder's dependencies: read when they are first needed, laid beside its graph, and given up before anything else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::cancel::CancelToken;
use super::super::crew::Crew;
use super::super::dependencies::{
    BUDGET_FRACTION, BYTES_MAX, Bounds, FILE_BYTES_MAX, Job, Loaded, Marks, asked_key, load, named,
    neighbours, specifiers, stores,
};
use super::super::gate::Gate;
use super::super::keeper::Served;
use super::super::ledger::{Account, Charge};
use super::super::read::{FolderTexts, read_file};
use super::super::settings::{BUILD_THREADS_MAX, Dependencies};
use super::super::slot::FolderId;
use super::super::status::{DependenciesStatus, Reading};
use super::super::sync::Mutex;
use super::core::Core;
use super::folder::Folder;
use super::observer::Event;
use super::resident::{Resident, Sight};
use crate::graph::{Graph, Leads};
use crate::lang::modules::{FileId, Layout};

/// Scratch for the parses of a load: the most that is free of these, the largest first. Files that need more are passed
/// over.
const SCRATCH_BYTES: [u64; 3] = [128 << 20, 48 << 20, 12 << 20];
/// A load that came to nothing for want of memory is not tried again sooner.
const RETRY: Duration = Duration::from_secs(30);
/// The disk is looked at for changes of dependencies at most so often.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// Threads of a load: it shares the machine with what people wait for more.
const THREADS_MAX: usize = 2;
/// Dependencies return only into so many times the memory that they took.
const RETURN_FACTOR: u64 = 3;
/// A graph beside dependencies takes about so many times what is kept of them: rows, names and decoded facts.
const LAID_FACTOR: u64 = 2;

/// How far an answer looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Into the folder alone.
    Folder,
    /// Into its dependencies too, as far as they have been read.
    Read,
    /// Into its dependencies, which are read for it.
    Dependencies,
}

/// What an answer could see of the folder's dependencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// There was no need to look, or there is nothing to be had.
    Nothing,
    /// They are being read.
    Reading,
    Dependencies,
}

/// What is kept of a folder's dependencies.
#[derive(Default)]
pub struct Shelved(Mutex<State>);

#[derive(Default)]
struct State {
    phase: Phase,
    /// Grows with each load, so that one that no longer counts is known.
    load: u64,
    kept: Option<Arc<Kept>>,
    laid: Option<Laid>,
    looked: Option<Instant>,
    /// The folder's generation that imports nothing but what was looked for.
    covered: Option<u64>,
    /// What was kept last, for a judgement whether it fits again.
    bytes: u64,
}

#[derive(Default)]
enum Phase {
    #[default]
    Never,
    Reading(CancelToken),
    Read,
    /// There is nothing, for this reason.
    Absent(&'static str, Instant),
    /// The folder is closed.
    Closed,
}

/// Dependencies that have been read.
struct Kept {
    loaded: Loaded,
    marks: Marks,
    /// Generations of the other folders that it may have come from.
    neighbours: Vec<(FolderId, u64)>,
    /// Where they may be opened.
    bounds: Bounds,
    charge: Charge,
}

/// A graph with its dependencies beside it.
struct Laid {
    below: Arc<Resident>,
    kept: Arc<Kept>,
    resident: Arc<Resident>,
    charge: Arc<Charge>,
}

impl Shelved {
    /// Nothing is known any more, and the next who needs it has it read again.
    pub fn forget(&self) {
        self.let_go(Phase::Never);
    }

    /// The folder is closed: nothing is known any more, nor read for those who still ask.
    pub fn close(&self) {
        self.let_go(Phase::Closed);
    }

    fn let_go(&self, phase: Phase) {
        let mut state = self.0.lock();
        let phase = if let Phase::Closed = state.phase { Phase::Closed } else { phase };
        let old = state.become_empty(phase);
        drop(state);
        old.end();
    }

    /// What is served with dependencies beside it, if it is there.
    pub(super) fn laid_over(&self) -> Option<Arc<Resident>> {
        self.0.lock().laid.as_ref().map(|laid| Arc::clone(&laid.resident))
    }

    /// The graph that the dependencies lie beside is on its way out.
    pub fn unlay(&self) {
        let laid = self.0.lock().laid.take();
        if let Some(laid) = &laid {
            laid.charge.retire();
        }
    }

    /// Gives up what is kept, for memory; says whether there was something.
    fn give_up(&self) -> bool {
        let mut state = self.0.lock();
        if state.kept.is_none() && !matches!(state.phase, Phase::Reading(_)) {
            return false;
        }
        let bytes = state.kept.as_ref().map_or(state.bytes, |kept| kept.charge.bytes());
        let old = state.become_empty(Phase::Absent("given up for memory", Instant::now()));
        state.bytes = bytes;
        drop(state);
        old.end();
        true
    }

    pub fn status(&self) -> DependenciesStatus {
        let state = self.0.lock();
        let reading = match &state.phase {
            Phase::Never | Phase::Closed => Reading::None,
            Phase::Reading(_) => Reading::Running,
            Phase::Read => Reading::Done,
            Phase::Absent(why, _) => Reading::Absent(why),
        };
        let kept = state.kept.as_deref();
        let laid = state.laid.as_ref().map_or(0, |laid| laid.charge.bytes());
        DependenciesStatus {
            reading,
            files: kept.map_or(0, |k| k.loaded.libraries.files.len() as u64),
            bytes: kept.map_or(0, |k| k.charge.bytes()) + laid,
            limited: kept.and_then(|k| k.loaded.limited),
            packages: kept.map(|k| k.loaded.packages.clone()).unwrap_or_default(),
            missing: kept.map(|k| k.loaded.missing.clone()).unwrap_or_default(),
        }
    }
}

impl State {
    /// Empties the state in one step with the number that ends a load under way; returns what was there.
    fn become_empty(&mut self, phase: Phase) -> State {
        let load = self.load + 1;
        std::mem::replace(self, State { phase, load, ..State::default() })
    }

    /// Lets go, with the bytes counted as what readers hold.
    fn end(self) {
        if let Phase::Reading(cancel) = &self.phase {
            cancel.cancel();
        }
        if let Some(laid) = &self.laid {
            laid.charge.retire();
        }
        if let Some(kept) = &self.kept {
            kept.charge.retire();
        }
    }

    /// The part of a state that is replaced by other dependencies.
    fn replaced(&mut self, kept: Option<Arc<Kept>>) -> State {
        let kept = std::mem::replace(&mut self.kept, kept);
        State { kept, laid: self.laid.take(), ..State::default() }
    }
}

impl Core {
    /// Gives up dependencies of folders, those of the least recently used first, until so much is free.
    pub(super) fn spare_libraries(self: &Arc<Self>, bytes: u64) -> bool {
        let mut folders: Vec<Arc<Folder>> = self.folders().to_vec();
        folders.sort_by_key(|folder| folder.shelf.last_use());
        let mut any = false;
        for folder in folders {
            if any && self.keeper.ledger().balance().available() >= bytes {
                break;
            }
            any |= folder.leading.give_up();
            any |= self.give_up_libraries(&folder);
        }
        any
    }

    /// Gives up a folder's dependencies, for memory; says whether there was something. Who waits for them waits no longer.
    fn give_up_libraries(self: &Arc<Self>, folder: &Arc<Folder>) -> bool {
        let any = folder.libraries.give_up();
        if any {
            // Whoever needs the memory may hold a lock, under which nobody is to be woken.
            let folder = Arc::clone(folder);
            self.later(Instant::now(), move |_| folder.wake());
        }
        any
    }

    /// What is known of a folder's dependencies does not hold any more: who waits for them looks again.
    pub(super) fn forget_libraries(&self, folder: &Folder) {
        folder.libraries.forget();
        folder.wake();
    }

    /// Whether the folder's dependencies are being read; what is not there yet begins to be.
    pub(super) fn libraries_awaited(
        self: &Arc<Self>,
        folder: &Arc<Folder>,
        sight: impl Fn() -> Option<Arc<Sight>> + Send + 'static,
    ) -> bool {
        if self.settings_of(folder).dependencies == Dependencies::Off {
            return false;
        }
        let mut state = folder.libraries.0.lock();
        match &state.phase {
            Phase::Reading(_) => return true,
            Phase::Read | Phase::Closed => return false,
            Phase::Absent(_, since) => {
                let free = self.keeper.ledger().balance().available();
                if since.elapsed() < RETRY || free < state.bytes.saturating_mul(RETURN_FACTOR) {
                    return false;
                }
            }
            Phase::Never => {}
        }
        let (cancel, load) = state.begin();
        drop(state);
        self.read_libraries(folder, cancel, load, sight);
        true
    }

    /// Where the folder's dependencies are looked for: in it, where the user says, and in other folders that its own files
    /// or open documents name, or those of such folders. Looks at the disk.
    pub(super) fn dependencies_of(&self, folder: &Folder, open: &Leads) -> Dependencies {
        let setting = self.settings_of(folder).dependencies.clone();
        let folders = self.folders();
        if setting == Dependencies::Off || folders.len() < 2 {
            return setting;
        }
        let real: Vec<PathBuf> = folders.iter().map(|other| other.real().to_owned()).collect();
        let mut near: Vec<PathBuf> = Vec::new();
        let mut seen = vec![folder.id];
        let mut at = 0;
        while let Some(from) = seen.get(at).and_then(|id| folders.iter().find(|other| other.id == *id)) {
            let leads = self.leads_of(from);
            let leads = leads.iter().flat_map(|leads| leads.iter());
            let open = open.iter().filter(|_| at == 0);
            for place in neighbours(from.real(), &real, leads.chain(open)) {
                let around = folders.iter().filter(|other| place.starts_with(other.real()));
                let Some(owner) = around.max_by_key(|other| other.real().components().count()) else {
                    continue;
                };
                // What the folder itself has is its own.
                if owner.id != folder.id && !near.contains(&place) {
                    near.push(place);
                }
                if !seen.contains(&owner.id) {
                    seen.push(owner.id);
                }
            }
            at += 1;
        }
        match near.is_empty() {
            true => setting,
            false => Dependencies::Stores([named(&setting), &near].concat()),
        }
    }

    /// The generations of the other folders that a folder may have dependencies in.
    fn neighbours_of(&self, folder: &Folder, setting: &Dependencies) -> Vec<(FolderId, u64)> {
        let folders = self.folders();
        let near = |other: &&Arc<Folder>| {
            let overlaps =
                |place: &PathBuf| place.starts_with(other.real()) || other.real().starts_with(place);
            other.id != folder.id && named(setting).iter().any(overlaps)
        };
        let generation = |other: &Arc<Folder>| other.shelf.load().map_or(0, |served| served.generation);
        folders.iter().filter(near).map(|other| (other.id, generation(other))).collect()
    }

    fn read_libraries(
        self: &Arc<Self>,
        folder: &Arc<Folder>,
        cancel: CancelToken,
        load: u64,
        sight: impl Fn() -> Option<Arc<Sight>> + Send + 'static,
    ) {
        let (core, of) = (Arc::clone(self), Arc::clone(folder));
        let job = move |cancel: &CancelToken| {
            let read = catch_unwind(AssertUnwindSafe(|| {
                sight()
                    .ok_or("its graph has gone")
                    .and_then(|sight| core.load_libraries(&of, sight.graph(), cancel))
            }));
            let read = read.unwrap_or(Err("reading them went wrong"));
            core.libraries_read(&of, load, read);
        };
        if self.loaders.submit(cancel, job).is_err() {
            self.libraries_read(folder, load, Err("too many others are being read"));
        }
    }

    fn load_libraries(
        &self,
        folder: &Folder,
        graph: &Graph,
        cancel: &CancelToken,
    ) -> Result<Arc<Kept>, &'static str> {
        const SHORT: &str = "there is no memory for them";
        let settings = self.settings();
        let ledger = self.keeper.ledger();
        let root = folder.real();
        let scratch = SCRATCH_BYTES.iter().find_map(|bytes| ledger.reserve(*bytes).ok()).ok_or(SHORT)?;
        let mut room = ledger.reserve(0).map_err(|_| SHORT)?;
        let setting = self.dependencies_of(folder, &graph.open_leads());
        let marks = Marks::read(root, graph, &setting);
        let neighbours = self.neighbours_of(folder, &setting);
        let bounds = Bounds::new(root, named(&setting));
        let before = folder.libraries.0.lock().kept.clone();
        let crew = Crew {
            threads: settings.build_threads.min(THREADS_MAX),
            first: BUILD_THREADS_MAX,
            permits: &self.permits,
            quarantine: &folder.quarantine,
            read: &|found, known, parser| {
                read_file(&bounds, found, known, |_| None, FILE_BYTES_MAX, parser, cancel.flag())
            },
            cancel,
            progress: &|_, _| {},
        };
        let job = Job {
            graph,
            bounds: &bounds,
            stores: stores(root, &setting),
            before: before.as_ref().map(|kept| &kept.loaded.libraries),
            crew,
            bytes_max: BYTES_MAX.min(settings.memory_limit / BUDGET_FRACTION),
        };
        let gate = Gate::new(scratch.bytes());
        let mut loaded = load(job, &gate, &mut |bytes| room.grow(bytes).is_ok());
        if cancel.is_cancelled() {
            return Err("reading them was ended");
        }
        loaded.libraries.files.shrink_to_fit();
        let bytes = loaded.libraries.heap_bytes() as u64;
        let charge = room.settle_on_heap(Account::Dependencies, bytes).map_err(|_| SHORT)?;
        Ok(Arc::new(Kept { loaded, marks, neighbours, bounds, charge }))
    }

    fn libraries_read(
        self: &Arc<Self>,
        folder: &Arc<Folder>,
        load: u64,
        read: Result<Arc<Kept>, &'static str>,
    ) {
        let mut state = folder.libraries.0.lock();
        if state.load != load {
            return;
        }
        let (kept, phase) = match read {
            Ok(kept) => (Some(kept), Phase::Read),
            Err(why) => (None, Phase::Absent(why, Instant::now())),
        };
        let old = state.replaced(kept);
        state.phase = phase;
        state.looked = Some(Instant::now());
        state.covered = None;
        drop(state);
        old.end();
        folder.wake();
        self.observer.event(Event::Dependencies(folder.path.clone()));
    }

    /// The folder's graph with its dependencies beside it; `None` if there are none, or no room for them.
    pub(super) fn beside_libraries(
        self: &Arc<Self>,
        folder: &Arc<Folder>,
        served: &Served<Resident>,
    ) -> Option<Arc<Resident>> {
        let kept = {
            let state = folder.libraries.0.lock();
            let kept = state.kept.clone().filter(|kept| !kept.loaded.libraries.files.is_empty())?;
            let same =
                |laid: &&Laid| Arc::ptr_eq(&laid.below, &served.graph) && Arc::ptr_eq(&laid.kept, &kept);
            if let Some(laid) = state.laid.as_ref().filter(same) {
                return Some(Arc::clone(&laid.resident));
            }
            kept
        };
        let ledger = self.keeper.ledger();
        let Ok(room) = ledger.reserve(kept.charge.bytes().saturating_mul(LAID_FACTOR)) else {
            self.give_up_libraries(folder);
            return None;
        };
        let mut graph = served.graph.graph.with_libraries(&kept.loaded.libraries);
        let bytes = graph.library_bytes(&kept.loaded.libraries) as u64;
        let Ok(charge) = room.settle_on_heap(Account::Dependencies, bytes) else {
            self.give_up_libraries(folder);
            return None;
        };
        let charge = Arc::new(charge);
        graph.hold_more(Arc::clone(&charge) as _);
        let bytes_max = self.settings_of(folder).file_bytes_max.max(FILE_BYTES_MAX);
        let texts = Arc::new(FolderTexts { bounds: kept.bounds.clone(), bytes_max });
        let resident = Arc::new(served.graph.beside(graph, texts));
        let laid = Laid {
            below: Arc::clone(&served.graph),
            kept: Arc::clone(&kept),
            resident: Arc::clone(&resident),
            charge,
        };
        let mut state = folder.libraries.0.lock();
        let current = state.kept.as_ref().is_some_and(|now| Arc::ptr_eq(now, &kept));
        let is_served = folder.shelf.load().is_some_and(|now| Arc::ptr_eq(&now.graph, &served.graph));
        let old = if current && is_served { state.laid.replace(laid) } else { Some(laid) };
        drop(state);
        if let Some(old) = &old {
            old.charge.retire();
        }
        drop(old);
        Some(resident)
    }

    /// Whether what was read may no longer be right for the file, or for all of the folder's if there is none in question:
    /// dependencies have changed on disk, or something is imported that nothing imported before. Then they are read again.
    /// Looks at the disk.
    pub(super) fn libraries_outdated(
        self: &Arc<Self>,
        folder: &Arc<Folder>,
        generation: u64,
        sight: &Arc<Sight>,
        file: Option<FileId>,
    ) -> bool {
        let mut state = folder.libraries.0.lock();
        let Some(kept) = state.kept.clone().filter(|_| matches!(state.phase, Phase::Read)) else {
            return false;
        };
        let look = state.looked.is_none_or(|at| at.elapsed() >= LOOK_INTERVAL);
        if look {
            state.looked = Some(Instant::now());
        }
        let (load, covered) = (state.load, state.covered == Some(generation));
        drop(state);
        let changed = look && {
            let setting = self.dependencies_of(folder, &sight.graph().open_leads());
            self.neighbours_of(folder, &setting) != kept.neighbours
                || Marks::read(folder.real(), sight.graph(), &setting) != kept.marks
        };
        // What a limit left out is not there the next time either.
        let whole = kept.loaded.limited.is_none();
        let asks_more = |file: FileId| {
            let (facts, lang) = (sight.facts(file), sight.lang(file));
            !sight.is_library(file)
                && specifiers(&facts)
                    .any(|name| !kept.loaded.asked.contains(&asked_key(lang, sight.name_text(name))))
        };
        let new = whole
            && match file {
                Some(file) => asks_more(file),
                // Documents change without another generation.
                None => sight.files().filter(|file| !covered || sight.is_open(*file)).any(asks_more),
            };
        let mut state = folder.libraries.0.lock();
        if !changed && !new {
            if state.load == load && file.is_none() {
                state.covered = Some(generation);
            }
            return false;
        }
        if state.load != load {
            return matches!(state.phase, Phase::Reading(_));
        }
        let (cancel, load) = state.begin();
        drop(state);
        let sight = Arc::clone(sight);
        self.read_libraries(folder, cancel, load, move || Some(Arc::clone(&sight)));
        true
    }
}

impl State {
    fn begin(&mut self) -> (CancelToken, u64) {
        let cancel = CancelToken::new();
        self.phase = Phase::Reading(cancel.clone());
        self.load += 1;
        (cancel, self.load)
    }
}
