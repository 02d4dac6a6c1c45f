//! What a query sees: a graph with the open documents over it.

use std::cell::OnceCell;
use std::io;
use std::ops::Deref;
use std::sync::Arc;

use super::encoded::content_hash;
use super::generation::Graph;
use super::lines::Lines;
use super::open::OpenFile;
use super::overlay::Row;
use crate::lang::Reading;
use crate::lang::modules::{FileId, Layout};
use crate::text::{BYTE_ORDER_MARK, Encoding, Position};

/// Where the text of a closed file comes from.
pub trait Texts: Send + Sync {
    /// The current text of the file at the path, relative to the folder.
    fn read(&self, path: &str) -> io::Result<String>;
}

/// A graph with documents over it; everything of [`Graph`] is answered with the documents in it.
pub struct View {
    /// With the documents in its overlay.
    graph: Arc<Graph>,
    /// Without them.
    below: Arc<Graph>,
    open: Vec<Open>,
    texts: Arc<dyn Texts>,
}

struct Open {
    id: FileId,
    document: OpenFile,
    row: Arc<Row>,
}

/// Names that documents once had and no longer have are kept from view to view up to this number.
const NAMES_KEPT_MAX: u32 = 4_096;

impl Deref for View {
    type Target = Graph;
    fn deref(&self) -> &Graph {
        &self.graph
    }
}

impl View {
    pub fn new(graph: Arc<Graph>, documents: Vec<OpenFile>, texts: Arc<dyn Texts>) -> View {
        View::make(graph, documents, texts, None)
    }

    /// The view of the same graph under these documents. Those that are as they were in this view cost nothing anew.
    pub fn with_documents(&self, documents: Vec<OpenFile>) -> View {
        View::make(Arc::clone(&self.below), documents, Arc::clone(&self.texts), Some(self))
    }

    /// The view as it would be if these files were open with these texts, and those paths were gone. What else is open
    /// stays so.
    pub fn changed(&self, documents: Vec<OpenFile>, removed: &[String]) -> View {
        let stays = |open: &&Open| {
            let path = &open.document.path;
            !removed.contains(path) && !documents.iter().any(|d| d.path == *path)
        };
        let kept: Vec<OpenFile> = self.open.iter().filter(stays).map(|o| o.document.clone()).collect();
        let all = kept.into_iter().chain(documents).collect();
        View::laid_over(Arc::clone(&self.below), all, removed, Arc::clone(&self.texts), Some(self))
    }

    fn make(
        below: Arc<Graph>,
        documents: Vec<OpenFile>,
        texts: Arc<dyn Texts>,
        before: Option<&View>,
    ) -> View {
        View::laid_over(below, documents, &[], texts, before)
    }

    fn laid_over(
        below: Arc<Graph>,
        documents: Vec<OpenFile>,
        removed: &[String],
        texts: Arc<dyn Texts>,
        before: Option<&View>,
    ) -> View {
        if documents.is_empty() {
            return View { graph: Arc::clone(&below), below, open: Vec::new(), texts };
        }
        let mut overlay = below.overlay.clone();
        let before = before.filter(|view| view.names_kept() <= NAMES_KEPT_MAX);
        if let Some(before) = before {
            overlay.set_names(Arc::clone(before.graph.overlay.shared_names()));
        }
        let mut rows = Vec::with_capacity(documents.len());
        for document in &documents {
            let kept = before.and_then(|b| b.open.iter().find(|o| o.document.is_same(document)));
            rows.push(match kept {
                Some(open) => Arc::clone(&open.row),
                None => Arc::new(document.row(&below.base, &mut overlay)),
            });
        }
        overlay.change(&below.base, rows.clone(), removed);
        let graph = Arc::new(below.with_overlay(overlay, Arc::clone(&below.manifests)));
        let open = documents.into_iter().zip(rows).filter_map(|(document, row)| {
            let id = graph.file(&document.path)?;
            Some(Open { id, document, row })
        });
        View { open: open.collect(), graph, below, texts }
    }

    /// Names of this view that its graph does not have.
    fn names_kept(&self) -> u32 {
        let count = |graph: &Graph| graph.overlay.names().columns().len();
        count(&self.graph) - count(&self.below)
    }

    /// The graph with the documents in it.
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    fn document(&self, file: FileId) -> Option<&OpenFile> {
        self.open.iter().find(|o| o.id == file).map(|o| &o.document)
    }

    /// The text of an open document, or of the file on disk.
    ///
    /// # Errors
    /// If the file cannot be read, or is another one than the graph knows by now: no offset would mean in it what it
    /// should.
    pub fn text(&self, file: FileId) -> io::Result<Arc<str>> {
        if let Some(document) = self.document(file) {
            return Ok(Arc::clone(&document.text));
        }
        let text = self.texts.read(self.path(file))?;
        match content_hash(text.as_bytes()) == self.record(file).hash {
            true => Ok(text.into()),
            false => Err(io::Error::other("it has changed on disk and is being read again")),
        }
    }

    /// What the text of an open document itself says, where that is at hand.
    pub fn reading(&self, file: FileId) -> Option<&Arc<Reading>> {
        self.document(file)?.reading.as_ref()
    }

    /// Whether the file is an open document.
    pub fn is_open(&self, file: FileId) -> bool {
        self.document(file).is_some()
    }

    /// The position of an offset. The text is read only if the line has characters beyond ASCII and the encoding makes
    /// a difference; if it cannot be read, or is another one by now, the column counts bytes.
    pub fn position(&self, file: FileId, offset: u32, encoding: Encoding) -> Position {
        self.positions(file, encoding).position(offset)
    }

    /// Positions for many offsets of one file.
    pub fn positions(&self, file: FileId, encoding: Encoding) -> Positions<'_> {
        let lines = self.lines(file).unwrap_or_else(Arc::new);
        Positions { view: self, file, lines, encoding, text: OnceCell::new() }
    }

    /// The offset of a position; `None` if the line is past the end.
    pub fn offset(&self, file: FileId, position: Position, encoding: Encoding) -> Option<u32> {
        self.positions(file, encoding).offset(position)
    }

    /// Bytes on the heap that the view has besides the graph that it was made of. Documents' texts, own facts and readings
    /// are not counted.
    pub fn own_bytes(&self) -> usize {
        if self.open.is_empty() {
            return 0;
        }
        let paths: usize = self.open.iter().map(|o| o.document.path.capacity()).sum();
        size_of::<Graph>()
            + self.open.capacity() * size_of::<Open>()
            + paths
            + self.graph.overlay.heap_bytes().saturating_sub(self.below.overlay.rows_bytes())
    }
}

/// Offsets and positions of one file. A byte order mark of a file that is not open has no column: no editor shows one, so
/// what is in its first line is counted as if it were not there.
pub struct Positions<'v> {
    view: &'v View,
    file: FileId,
    lines: Arc<Lines>,
    encoding: Encoding,
    /// Once it was asked for: the text, if it is the one that the lines are of.
    text: OnceCell<Option<Arc<str>>>,
}

impl Positions<'_> {
    pub fn position(&self, offset: u32) -> Position {
        let index = &self.lines.index;
        let line = index.line_of(offset.min(index.text_len()));
        match self.text_for(line) {
            Some(text) => {
                let at = index.position(text, offset, self.encoding);
                Position { column: at.column.saturating_sub(self.unseen(line, text)), ..at }
            }
            None => index.ascii_position(offset),
        }
    }

    pub fn offset(&self, position: Position) -> Option<u32> {
        let index = &self.lines.index;
        match self.text_for(position.line) {
            Some(text) => {
                let column = position.column.saturating_add(self.unseen(position.line, text));
                index.offset(text, Position { column, ..position }, self.encoding)
            }
            None => index.ascii_offset(position),
        }
    }

    /// Columns of a line that only the disk has.
    fn unseen(&self, line: u32, text: &str) -> u32 {
        let is_marked = line == 0 && text.starts_with(BYTE_ORDER_MARK) && !self.view.is_open(self.file);
        if is_marked { self.encoding.len(BYTE_ORDER_MARK) } else { 0 }
    }

    /// The text, if columns of the line depend on it.
    fn text_for(&self, line: u32) -> Option<&str> {
        if !self.lines.is_wide(line) {
            return None;
        }
        self.text.get_or_init(|| self.view.text(self.file).ok()).as_deref()
    }

    pub fn lines(&self) -> &crate::text::LineIndex {
        &self.lines.index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;
    use crate::lang::{ParseLimits, Parser, extract};

    #[test]
    fn a_byte_order_mark_of_a_closed_file_has_no_column() {
        let text = "\u{feff}def größe(): pass\nx = 1\n";
        let mut fixture = Fixture::default();
        fixture.files.insert("a.py".into(), text.into());
        let view = fixture.view();
        let file = view.file("a.py").unwrap();
        let at = |line, column| Position { line, column };
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            for (name, expected) in [("def", at(0, 0)), ("größe", at(0, 4)), ("x =", at(1, 0))] {
                let offset = text.find(name).unwrap() as u32;
                assert_eq!(view.position(file, offset, encoding), expected);
                assert_eq!(view.offset(file, expected, encoding), Some(offset));
            }
            assert_eq!(view.position(file, 0, encoding), at(0, 0));
        }
        let lang = view.lang(file);
        let tree = Parser::new().parse(lang, text, None, &ParseLimits::default()).unwrap();
        let facts = Arc::new(extract(lang, &tree, text));
        let document = OpenFile { path: "a.py".into(), lang, text: text.into(), facts, reading: None };
        // What an editor shows and calls a part of its text is counted.
        let open = view.changed(vec![document], &[]);
        assert_eq!(open.position(file, 3, Encoding::Utf16), at(0, 1));
    }
}
