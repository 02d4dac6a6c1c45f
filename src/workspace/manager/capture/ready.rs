//! The view that a request is answered from, and how sure it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::super::super::bounds::Bounds;
use super::super::super::clock::Moment;
use super::super::super::degrade::Degraded;
use super::super::super::document::{Document, Unanalysed};
use super::super::super::keeper::Served;
use super::super::super::outdated::Outdated;
use super::super::super::read::FolderTexts;
use super::super::folder::Folder;
use super::super::libraries::{Known, Reach};
use super::super::resident::{Placed, Resident, Sight};
use super::{Capture, Kind, Unavailable};
use crate::graph::{Graph, GraphBuilder};
use crate::lang::modules::Layout;
use crate::lang::modules::{FileId, file_name};

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

    /// What is said of an answer that stands on these files, if one of them is known as it was before.
    pub fn outdated(&self, files: impl IntoIterator<Item = FileId>) -> Option<String> {
        let outdated = &self.freshness.outdated;
        if outdated.is_empty() {
            return None;
        }
        let mut closed = files.into_iter().filter(|file| !self.view.is_open(*file));
        closed.find_map(|file| outdated.words_of(self.view.path(file)))
    }

    /// The file that lies there, if the folder's own files are known to include it.
    pub fn own_file(&self, path: &Path) -> Option<FileId> {
        let below = path.strip_prefix(&self.root).ok().and_then(super::super::super::scan::relative)?;
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
    /// Which files have not been read just now, for want of memory or by a disk that fails, and why, in words.
    pub owed: Option<Arc<str>>,
    /// What the view has as it was before.
    pub outdated: Arc<Outdated>,
    /// What the view has of the folder's dependencies.
    pub dependencies: Known,
}

impl Freshness {
    /// What of the folder is not known, in words.
    pub fn missing(&self) -> Option<String> {
        let owed = || self.owed.as_ref().map(|owed| owed.to_string());
        self.degraded.map(|degraded| degraded.words()).or_else(owed)
    }

    /// What of the folder is not known as it is now, in words: for answers that stand on all of it.
    pub fn lacking(&self) -> Option<String> {
        self.missing().or_else(|| self.outdated.words())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaleSince {
    pub age: Duration,
    pub last_good: Moment,
    pub error: String,
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

impl Capture {
    /// The view of the folder with the documents of the capture. Parses what has not been parsed yet.
    pub(super) fn in_folder(&self, served: &Arc<Served<Resident>>) -> Result<Ready, Unavailable> {
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
        // An open document is known as it is.
        let is_open = |path: &str| view.file(path).is_some_and(|file| view.is_open(file));
        let outdated = served.graph.outdated().but_for(is_open);
        let generation = served.generation;
        let freshness = Freshness { generation, stale, degraded, owed, outdated, dependencies };
        Ok(Ready { view, freshness, root: folder.path.clone(), file })
    }

    /// A view of one open document that belongs to no folder.
    pub(super) fn alone(&self) -> Result<Ready, Unavailable> {
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
        let texts = Arc::new(FolderTexts { bounds: Bounds::nowhere(), bytes_max: 0 });
        let alone = Resident::over(empty, texts);
        let budget = self.core.documents.budget();
        let view = alone.view(vec![(name.clone(), document)], |bytes| budget.charge(bytes));
        let view = view.map_err(|refused| self.no_memory(&refused))?;
        let file = view.file(&name);
        let (stale, degraded, owed, dependencies) = (None, None, None, Known::Nothing);
        let outdated = Arc::default();
        let freshness = Freshness { generation: 0, stale, degraded, owed, outdated, dependencies };
        Ok(Ready { view, freshness, root, file })
    }

    /// The same, and of other folders' those that are among the folder's dependencies, under their names there.
    pub(super) fn placed_beside(&self, folder: &Arc<Folder>, beside: &Resident) -> Vec<Placed> {
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
    pub(super) fn placed(&self, folder: &Arc<Folder>) -> Vec<Placed> {
        let own = |path: &Path| self.core.owner(path).is_some_and(|f| f.id == folder.id);
        let mut documents: BTreeMap<&Arc<Path>, &Arc<Document>> =
            self.settling.iter().map(|(path, settled)| (path, &settled.document)).collect();
        documents.extend(self.documents.iter());
        let under = documents.into_iter().filter(|(path, _)| folder.holds(path).is_some() && own(path));
        under.filter_map(|(path, d)| Some((folder.relative(path)?, Arc::clone(d)))).collect()
    }
}

/// A graph without files, under documents that belong to no folder.
fn nothing() -> Option<Arc<Graph>> {
    static NOTHING: OnceLock<Option<Arc<Graph>>> = OnceLock::new();
    NOTHING.get_or_init(|| GraphBuilder::new().finish().ok().map(Arc::new)).clone()
}
