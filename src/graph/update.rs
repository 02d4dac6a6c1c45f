//! From one graph to the next: changed files are laid over the frozen columns, and folded in when they are many.

use std::sync::Arc;

use super::builder::{FrozenBuilder, Parts};
use super::encoded::{Counts, EncodedFile};
use super::frozen::{FreezeError, read_names};
use super::generation::{Graph, Manifests};
use super::overlay::{Body, Overlay, Row};
use crate::lang::facts::Name;
use crate::lang::modules::{FileId, Manifest};

/// The overlay is folded into fresh columns when it holds more files than this and more than a fraction of all.
const OVERLAY_FILES_MAX: usize = 256;
/// The fraction: one in so many. Lookups stay a search in short lists, copies of them stay quick, and the bytes that
/// the columns keep of replaced files stay few.
const OVERLAY_FRACTION: usize = 8;

/// What changes from one graph to the next.
#[derive(Debug, Default)]
pub struct Changes {
    pub changed: Vec<EncodedFile>,
    /// Paths. One that is changed too is there afterwards.
    pub removed: Vec<String>,
    /// All manifests, if any of them changed.
    pub manifests: Option<Vec<Manifest>>,
}

impl Graph {
    /// The graph after the changes; shares what did not change. Answers as a graph built from nothing would.
    ///
    /// # Errors
    /// If the overlay is folded in and the result cannot be frozen.
    pub fn update(&self, changes: Changes) -> Result<Graph, FreezeError> {
        let next = self.laid(changes);
        if next.overlay_full(0) { next.folded() } else { Ok(next) }
    }

    /// The changes laid over the columns, however many.
    pub(super) fn laid(&self, changes: Changes) -> Graph {
        let mut overlay = self.overlay.clone();
        let rows = changes.changed.into_iter().map(|file| {
            let names = file.names.iter().map(|n| overlay.intern(&self.base, n)).collect();
            Arc::new(Row::encoded(file, names))
        });
        let rows = rows.collect();
        overlay.change(&self.base, rows, &changes.removed);
        let manifests = match changes.manifests {
            Some(manifests) => Arc::new(Manifests::new(manifests)),
            None => Arc::clone(&self.manifests),
        };
        self.with_overlay(overlay, manifests)
    }

    /// Whether an update by so many files may fold the overlay in, which takes the memory of a build from nothing.
    pub fn overlay_full(&self, more: usize) -> bool {
        files_changed(&self.overlay) + more
            > OVERLAY_FILES_MAX.max(self.base.file_count() as usize / OVERLAY_FRACTION)
    }

    /// The same graph in fresh columns, without an overlay. Files and names get new numbers.
    ///
    /// # Errors
    /// If the system gives no memory.
    pub fn folded(&self) -> Result<Graph, FreezeError> {
        let mut builder = FrozenBuilder::default();
        let mut frozen = self.frozen_keys();
        for id in self.files() {
            let row = self.overlay.row(id);
            let record = self.record(id);
            let counts = Counts {
                lines: record.lines,
                defs: record.defs,
                refs: record.refs,
                ascii: record.ascii != 0,
                globs: record.globs != 0,
            };
            match row.map(|row| (&row.body, row)) {
                // Documents lie over views only, and those are never folded.
                Some((Body::Open { .. }, _)) => {}
                Some((Body::Encoded { blob, line_table }, row)) => {
                    let numbers = row.numbers();
                    let visible: Vec<_> = row.defs.iter().map(|(n, d)| (numbers[n], d.0)).collect();
                    let extended: Vec<_> = row.extended.iter().map(|n| numbers[n]).collect();
                    let parts = Parts { line_table, blob, visible: &visible, extended: &extended };
                    let names = row.names.iter().map(|n| self.name_text(*n));
                    builder.add(&self.row(id).meta, counts, names, &parts)?;
                }
                None => {
                    let names: Vec<Name> = read_names(self.base.names_of(id)).flatten().collect();
                    let keys = frozen.of(id, &names);
                    let (line_table, blob) = (self.base.line_table(id), self.base.blob(id));
                    let parts = Parts { line_table, blob, visible: &keys.0, extended: &keys.1 };
                    let names = names.iter().map(|n| self.name_text(*n));
                    builder.add(&self.row(id).meta, counts, names, &parts)?;
                }
            }
        }
        Ok(Graph::new(builder.freeze()?, self.manifests.all().to_vec()))
    }

    /// What the posting lists of the columns say, by file.
    fn frozen_keys(&self) -> FrozenKeys {
        let postings = self.base.postings();
        let (mut defs, mut extended) = (Vec::new(), Vec::new());
        for name in (0..self.base.names().len()).map(Name) {
            defs.extend(postings.defs(name).map(|(file, def)| (file, def.0, name)));
            extended.extend(postings.extensions(name).map(|file| (file, name)));
        }
        defs.sort_unstable();
        extended.sort_unstable();
        FrozenKeys { defs, extended, numbers: vec![0; self.base.names().len() as usize] }
    }
}

fn files_changed(overlay: &Overlay) -> usize {
    overlay.rows().count() + overlay.removed().len()
}

/// Definitions and extended types of frozen files.
struct FrozenKeys {
    defs: Vec<(FileId, u32, Name)>,
    extended: Vec<(FileId, Name)>,
    /// By name: the number in the blob of the file at hand.
    numbers: Vec<u32>,
}

impl FrozenKeys {
    /// Those of one file, by the numbers that its names have in its blob.
    fn of(&mut self, id: FileId, names: &[Name]) -> (Vec<(u32, u32)>, Vec<u32>) {
        for (number, name) in names.iter().enumerate() {
            self.numbers[name.index()] = number as u32;
        }
        let start = self.defs.partition_point(|(file, ..)| *file < id);
        let defs = self.defs[start..].iter().take_while(|(file, ..)| *file == id);
        let start = self.extended.partition_point(|(file, _)| *file < id);
        let extended = self.extended[start..].iter().take_while(|(file, _)| *file == id);
        // Columns read from disk may list a file under a name that it does not use.
        let number = |name: &Name| {
            let number = self.numbers[name.index()];
            (names.get(number as usize) == Some(name)).then_some(number)
        };
        (
            defs.filter_map(|(_, def, name)| Some((number(name)?, *def))).collect(),
            extended.filter_map(|(_, name)| number(name)).collect(),
        )
    }
}
