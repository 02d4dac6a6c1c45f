//! A graph in memory, and the views of it that queries share.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use super::super::degrade::Degraded;
use super::super::document::{Document, Unanalysed};
use super::super::keeper::Charges;
use super::super::ledger::{Charge, Ledger};
use super::super::outdated::Outdated;
use super::super::read::MENDED;
use super::super::sync::Mutex;
use crate::graph::{FileMeta, Graph, Held, Lender, OpenFile, Texts, View, content_hash};
use crate::lang::modules::Layout;

/// What a folder serves: its graph, and the view that was asked for last.
pub struct Resident {
    pub graph: Arc<Graph>,
    /// When the look at the disk began that the graph is from, in nanoseconds since the epoch.
    pub looked_ns: i64,
    /// What the graph has of the folder, if that is not all.
    pub degraded: Option<Degraded>,
    /// What the graph says, by a number; see [`State::contents`](super::State::contents).
    pub contents: u64,
    /// What the graph has as it was before; a build that changes nothing else may see others.
    outdated: Mutex<Arc<Outdated>>,
    texts: Arc<dyn Texts>,
    /// Queries come in runs over the same documents.
    last: Mutex<Option<(Vec<Placed>, Arc<Sight>)>>,
}

/// A number for what a graph says: the same for graphs of the same files. A file that does not parse says what is left of its
/// text from before, and of that it is known only that it does so still. How much of a folder fits that does not fit as a
/// whole is another each time, and nothing new; what counts then are the files that there are, if all have been looked at and
/// have that number, and how often one such part has taken the place of another that was served.
pub fn contents(graph: &Graph, degraded: Option<Degraded>, there: Option<u64>, parts: u64) -> u64 {
    let level = degraded.map_or("", |degraded| degraded.level.name());
    let files = match there.filter(|_| degraded.is_some()) {
        Some(there) => there.wrapping_add(content_hash(&parts.to_le_bytes())),
        None => {
            let manifest = |manifest| content_hash(format!("{manifest:?}").as_bytes());
            let manifests = graph.all_manifests().map(manifest).fold(0, u64::wrapping_add);
            let file = |id| {
                let FileMeta { path, lang, hash, mtime_ns, .. } = graph.row(id).meta;
                let lang = lang.pack().name;
                content_hash(format!("{path}\0{lang}\0{hash:x}\0{}", mtime_ns == MENDED).as_bytes())
            };
            graph.files().map(file).fold(manifests, u64::wrapping_add)
        }
    };
    // Zero is what a folder says that has not been read.
    content_hash(level.as_bytes()).wrapping_add(files).max(1)
}

/// A number for which files a graph has.
pub fn paths_number(graph: &Graph) -> u64 {
    graph.files().map(|id| content_hash(graph.row(id).meta.path.as_bytes())).fold(0, u64::wrapping_add)
}

/// An open document and where it lies in the folder.
pub type Placed = (String, Arc<Document>);

/// A view, with the bytes that its documents take in it.
pub struct Sight {
    view: View,
    /// Those that lie over the graph: they own the bytes of what the view has of them.
    _documents: Vec<Arc<Document>>,
    _charge: Option<Charge>,
}

impl Deref for Sight {
    type Target = View;
    fn deref(&self) -> &View {
        &self.view
    }
}

impl Resident {
    /// Takes the graph over, with the charges for its bytes, and its [`contents`].
    pub fn new(
        mut graph: Graph,
        looked_ns: i64,
        texts: Arc<dyn Texts>,
        charges: Charges,
        ledger: &Ledger,
        degraded: Option<Degraded>,
        contents: u64,
    ) -> Resident {
        let held: Held = charges.into_iter().map(|c| c as _).collect();
        graph.hold(held);
        let ledger = ledger.clone();
        graph.borrow_from(Lender::new(move |bytes| Some(Box::new(ledger.reserve(bytes).ok()?))));
        let (outdated, last) = Default::default();
        Resident { graph: Arc::new(graph), looked_ns, degraded, contents, outdated, texts, last }
    }

    pub fn outdated(&self) -> Arc<Outdated> {
        Arc::clone(&self.outdated.lock())
    }

    /// A build has seen what is outdated.
    pub fn is_outdated_by(&self, outdated: Arc<Outdated>) {
        let old = std::mem::replace(&mut *self.outdated.lock(), outdated);
        drop(old);
    }

    /// The same folder by the same graph with more beside it, whose bytes whoever made it has charged for, and whose texts
    /// are read in this way.
    pub fn beside(&self, graph: Graph, texts: Arc<dyn Texts>) -> Resident {
        Resident {
            graph: Arc::new(graph),
            looked_ns: self.looked_ns,
            degraded: self.degraded,
            contents: self.contents,
            outdated: Mutex::new(self.outdated()),
            texts,
            last: Mutex::default(),
        }
    }

    /// Over a graph that is not charged for.
    pub fn over(graph: Arc<Graph>, texts: Arc<dyn Texts>) -> Resident {
        let (outdated, last) = Default::default();
        Resident { graph, looked_ns: 0, degraded: None, contents: 0, outdated, texts, last }
    }

    /// The graph with the documents over it. `charge` is asked for the bytes that this takes.
    ///
    /// A document that cannot be analysed counts as its file on disk; it says so when it is itself asked for.
    pub fn view<E>(
        &self,
        documents: Vec<Placed>,
        charge: impl FnOnce(u64) -> Result<Charge, E>,
    ) -> Result<Arc<Sight>, E> {
        let last = self.last.lock().clone();
        if let Some((of, sight)) = &last
            && same(of, &documents)
        {
            return Ok(Arc::clone(sight));
        }
        // Without the lock: it may take a parse, and memory that other folders give up. Of two who make the same view at
        // once the later one's is kept.
        let (open, over): (Vec<OpenFile>, Vec<Arc<Document>>) =
            documents.iter().filter_map(|d| Some((self.overlay(d)?, Arc::clone(&d.1)))).unzip();
        let counts = !open.is_empty();
        // What the documents before have in common with these is not made again.
        let view = match &last {
            Some((_, sight)) => sight.view.with_documents(open),
            None => View::new(Arc::clone(&self.graph), open, Arc::clone(&self.texts)),
        };
        let charge = match counts {
            true => Some(charge(view.graph().own_bytes().saturating_sub(self.graph.own_bytes()) as u64)?),
            false => None,
        };
        let sight = Arc::new(Sight { view, _documents: over, _charge: charge });
        let old = self.last.lock().replace((documents, Arc::clone(&sight)));
        drop((last, old));
        Ok(sight)
    }

    /// Lets go of the last view if it has documents that are closed; `true` if it had.
    pub fn forget_closed(&self, is_open: impl Fn(&Path) -> bool) -> bool {
        let mut last = self.last.lock();
        let is_over = |(of, _): &mut (Vec<Placed>, _)| of.iter().any(|(_, d)| !is_open(&d.path));
        let old = last.take_if(is_over);
        drop(last);
        old.is_some()
    }

    /// The document as the view wants it, unless the graph says the same anyway: of contents that do not parse just now it
    /// has read no more than they say.
    fn overlay(&self, (path, document): &Placed) -> Option<OpenFile> {
        // A document says more than its definitions.
        let all = self.degraded.is_none_or(|d| d.level.has_references());
        let same = |id| {
            let meta = self.graph.row(id).meta;
            meta.hash == document.hash() && Some(meta.lang) == document.lang && all
        };
        if self.graph.file(path).is_some_and(same) && !document.is_mended() {
            return None;
        }
        match document.analysis() {
            Ok(analysis) => Some(OpenFile {
                path: path.clone(),
                lang: document.lang?,
                text: Arc::clone(&document.text),
                facts: Arc::clone(&analysis.facts),
                reading: Some(Arc::clone(&analysis.reading)),
            }),
            Err(Unanalysed::NoLanguage) => None,
            Err(why) => {
                tracing::debug!("{path} counts as on disk: {why}");
                None
            }
        }
    }
}

fn same(a: &[Placed], b: &[Placed]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| Arc::ptr_eq(&a.1, &b.1) && a.0 == b.0)
}
