//! Documents that were closed as they stand on disk, until their folder has looked at the disk.
//!
//! A client that saves and closes has made its edits known; the graph learns of them a moment later, from a watcher
//! and a build. In between the closed document still answers, so that no answer goes back behind an edit.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::document::Document;
use super::sync::{Mutex, Published};

/// Most documents that settle at once; of more, the folder's next build tells.
const SETTLING_MAX: usize = 1_024;

/// A closed document, and when it was closed.
pub struct Settled {
    pub document: Arc<Document>,
    closed: Instant,
}

/// The settling documents of one moment, by path.
pub type SettlingSet = BTreeMap<Arc<Path>, Arc<Settled>>;

/// The documents that settle.
#[derive(Default)]
pub struct Settling {
    set: Published<SettlingSet>,
    /// Held while one set is made from another.
    writing: Mutex<()>,
}

impl Settling {
    pub fn all(&self) -> Arc<SettlingSet> {
        self.set.load().unwrap_or_default()
    }

    /// Keeps a document that is about to be closed, if it is what the client has last written.
    pub fn put(&self, document: &Arc<Document>, now: Instant) {
        if document.is_written() && self.all().len() < SETTLING_MAX {
            let settled = Settled { document: Arc::clone(document), closed: now };
            self.update(|set| {
                set.insert(document.path.as_path().into(), Arc::new(settled));
            });
        }
    }

    /// The path is open again, or of nobody's concern.
    pub fn forget(&self, path: &Path) {
        if self.all().contains_key(path) {
            self.update(|set| {
                set.remove(path);
            });
        }
    }

    /// A look at the disk that began then has told of these paths.
    pub fn looked(&self, began: Instant, at: impl Fn(&Path) -> bool) {
        if !self.all().is_empty() {
            self.update(|set| set.retain(|path, settled| settled.closed >= began || !at(path)));
        }
    }

    fn update(&self, change: impl FnOnce(&mut SettlingSet)) {
        let turn = self.writing.lock();
        let mut set = SettlingSet::clone(&self.all());
        change(&mut set);
        let old = self.set.swap((!set.is_empty()).then(|| Arc::new(set)));
        drop(turn);
        drop(old);
    }
}
