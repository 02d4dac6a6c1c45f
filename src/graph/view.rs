//! What a query sees: a graph with the open documents over it.

use std::io;
use std::ops::Deref;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::encoded::{EncodedFile, FileMeta, content_hash};
use super::snapshot::{Changes, Graph};
use crate::lang::LangId;
use crate::lang::facts::Facts;
use crate::lang::modules::{FileId, Layout};
use crate::text::{Encoding, Position};

/// Where the text of a closed file comes from.
pub trait Texts: Send + Sync {
    /// The current text of the file at the path, relative to the folder.
    fn read(&self, path: &str) -> io::Result<String>;
}

/// An open document: it counts instead of the file on disk.
#[derive(Clone)]
pub struct OpenFile {
    /// Relative to the folder.
    pub path: String,
    pub lang: LangId,
    pub text: Arc<str>,
    /// Fresh facts of the text, under names of its own.
    pub facts: Arc<Facts>,
}

/// A graph with documents over it; everything of [`Graph`] is answered with the documents in it.
pub struct View {
    graph: Arc<Graph>,
    open: FxHashMap<FileId, Arc<str>>,
    texts: Arc<dyn Texts>,
}

impl Deref for View {
    type Target = Graph;
    fn deref(&self) -> &Graph {
        &self.graph
    }
}

impl View {
    pub fn new(graph: Arc<Graph>, documents: Vec<OpenFile>, texts: Arc<dyn Texts>) -> View {
        if documents.is_empty() {
            return View { graph, open: FxHashMap::default(), texts };
        }
        let mut changes = Changes::default();
        let mut open = Vec::new();
        for document in documents {
            let meta = FileMeta {
                path: document.path.clone(),
                lang: document.lang,
                bytes: document.text.len() as u64,
                mtime_ns: 0,
                hash: content_hash(document.text.as_bytes()),
                syntax_errors: 0,
            };
            changes.changed.push(EncodedFile::new(meta, &document.text, &document.facts));
            open.push((document.path, document.text));
        }
        let graph = graph.overlaid(changes);
        let open = open.into_iter().filter_map(|(path, text)| Some((graph.file(&path)?, text))).collect();
        View { graph: Arc::new(graph), open, texts }
    }

    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// The text of an open document, or of the file on disk as it is now.
    pub fn text(&self, file: FileId) -> io::Result<Arc<str>> {
        match self.open.get(&file) {
            Some(text) => Ok(Arc::clone(text)),
            None => self.texts.read(self.path(file)).map(Arc::from),
        }
    }

    /// Whether the file is an open document.
    pub fn is_open(&self, file: FileId) -> bool {
        self.open.contains_key(&file)
    }

    /// The position of an offset. The text is read only if columns depend on the encoding; if it cannot be read, or is
    /// shorter by now, the column counts bytes.
    pub fn position(&self, file: FileId, offset: u32, encoding: Encoding) -> Position {
        self.positions(file, encoding).position(offset)
    }

    /// Positions for many offsets of one file.
    pub fn positions(&self, file: FileId, encoding: Encoding) -> Positions {
        let lines = self.line_index(file);
        let plain = encoding == Encoding::Utf8 || self.is_ascii(file);
        let text =
            if plain { None } else { self.text(file).ok().filter(|t| t.len() as u32 == lines.text_len()) };
        Positions { lines, text, encoding }
    }

    /// The offset of a position; `None` if the line is past the end.
    pub fn offset(&self, file: FileId, position: Position, encoding: Encoding) -> Option<u32> {
        self.positions(file, encoding).offset(position)
    }
}

/// Offsets and positions of one file.
pub struct Positions {
    lines: crate::text::LineIndex,
    /// Only where columns are not bytes.
    text: Option<Arc<str>>,
    encoding: Encoding,
}

impl Positions {
    pub fn position(&self, offset: u32) -> Position {
        match &self.text {
            Some(text) => self.lines.position(text, offset, self.encoding),
            None => {
                let offset = offset.min(self.lines.text_len());
                let line = self.lines.line_of(offset);
                Position { line, column: offset - self.lines.line_start(line) }
            }
        }
    }

    pub fn offset(&self, position: Position) -> Option<u32> {
        if let Some(text) = &self.text {
            return self.lines.offset(text, position, self.encoding);
        }
        if position.line >= self.lines.line_count() {
            return None;
        }
        let (start, end) = (self.lines.line_start(position.line), self.lines.line_end(position.line));
        // A column past the line stays on it: before the terminator, unless the text ends there.
        let last =
            if position.line + 1 < self.lines.line_count() { end.saturating_sub(1).max(start) } else { end };
        Some(start.saturating_add(position.column).min(last))
    }

    pub fn lines(&self) -> &crate::text::LineIndex {
        &self.lines
    }
}
