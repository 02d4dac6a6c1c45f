//! Several files in one text, with markers, as a view: for tests of everything above the graph.
//!
//! ```text
//! //- /a.py
//! def ⟦f⟧(): pass
//! //- /b.py
//! from a import f
//! $0f()
//! ```

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::builder::GraphBuilder;
use super::encoded::{EncodedFile, FileMeta, content_hash};
use super::generation::Graph;
use super::view::{Texts, View};
use crate::lang::facts::Span;
use crate::lang::modules::{FileId, Layout};
use crate::lang::{LangId, ParseLimits, Parser, extract, read_manifest};

/// A fixture taken apart: texts without their markers, and where the markers stood.
#[derive(Debug, Default)]
pub struct Fixture {
    /// Path (relative to the folder) and text.
    pub files: BTreeMap<String, String>,
    /// `$0`, `$1`, …: number, path and offset, in source order.
    pub cursors: Vec<(u32, String, u32)>,
    /// `⟦…⟧`: path and span, in source order.
    pub ranges: Vec<(String, Span)>,
}

impl Fixture {
    /// # Panics
    /// If the text is not a fixture; that is a mistake in a test.
    pub fn parse(text: &str) -> Fixture {
        let mut fixture = Fixture::default();
        let mut path: Option<String> = None;
        let mut body = String::new();
        let indent =
            text.lines().filter(|l| !l.trim().is_empty()).map(|l| l.len() - l.trim_start().len()).min();
        let dedented = text.lines().map(|l| l.get(indent.unwrap_or(0)..).unwrap_or_default());
        for line in dedented.chain(["//- /"]) {
            let Some(next) = line.strip_prefix("//- /") else {
                body.push_str(line);
                body.push('\n');
                continue;
            };
            if let Some(path) = path.take() {
                let clean = fixture.take_markers(&path, &body);
                fixture.files.insert(path, clean);
            }
            body.clear();
            path = Some(next.trim().to_owned());
        }
        assert!(!fixture.files.is_empty(), "a fixture starts with `//- /path`");
        fixture
    }

    fn take_markers(&mut self, path: &str, body: &str) -> String {
        let mut out = String::new();
        let mut opened = Vec::new();
        let mut chars = body.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '⟦' => {
                    opened.push(self.ranges.len());
                    self.ranges.push((path.to_owned(), Span::new(out.len() as u32, 0)));
                }
                '⟧' => {
                    let at = opened.pop().expect("`⟧` closes a `⟦`");
                    self.ranges[at].1.end = out.len() as u32;
                }
                '$' if chars.peek().is_some_and(char::is_ascii_digit) => {
                    let number = chars.next().and_then(|d| d.to_digit(10)).unwrap_or_default();
                    self.cursors.push((number, path.to_owned(), out.len() as u32));
                }
                other => out.push(other),
            }
        }
        assert!(opened.is_empty(), "`⟦` without `⟧` in {path}");
        out
    }

    /// The file as a build would encode it; `None` if no pack takes it.
    pub fn encode(path: &str, text: &str) -> Option<EncodedFile> {
        let lang = LangId::of_path(Path::new(path))?.of_text(path, text);
        // However slow the machine.
        let limits = ParseLimits { deadline: Duration::from_secs(60), cancel: None };
        let tree = Parser::new().parse(lang, text, None, &limits).expect("fixtures are small");
        let meta = FileMeta {
            path: path.to_owned(),
            lang,
            bytes: text.len() as u64,
            mtime_ns: 0,
            hash: content_hash(text.as_bytes()),
            syntax_errors: tree.syntax_errors(text, 1).len() as u32,
        };
        Some(EncodedFile::new(meta, text, &extract(lang, &tree, text)))
    }

    /// Where the ranges start, by path and offset.
    pub fn starts(&self) -> Vec<(String, u32)> {
        let mut starts: Vec<(String, u32)> =
            self.ranges.iter().map(|(path, span)| (path.clone(), span.start)).collect();
        starts.sort();
        starts
    }

    pub fn graph(&self) -> Graph {
        let mut builder = GraphBuilder::new();
        for (path, text) in &self.files {
            if let Some(manifest) = read_manifest(path, text) {
                builder.add_manifest(manifest);
            }
            if let Some(file) = Fixture::encode(path, text) {
                builder.add(file);
            }
        }
        builder.finish().expect("fixtures are small")
    }

    pub fn view(&self) -> View {
        View::new(Arc::new(self.graph()), Vec::new(), Arc::new(InMemory(self.files.clone())))
    }

    /// The text of the file with the cursor, with something put in at an offset.
    pub fn with_insertion(&self, view: &View, offset: u32, inserted: &str) -> String {
        let (file, _) = self.cursor(view);
        let mut text = self.files[view.path(file)].clone();
        text.insert_str(offset as usize, inserted);
        text
    }

    /// A view of the fixture whose file has become another one on disk.
    pub fn view_behind(&self, path: &str, text: &str) -> View {
        let mut files = self.files.clone();
        files.insert(path.to_owned(), text.to_owned());
        View::new(Arc::new(self.graph()), Vec::new(), Arc::new(InMemory(files)))
    }

    /// The cursor `$0` in a view of the fixture.
    pub fn cursor(&self, view: &View) -> (FileId, u32) {
        let (_, path, offset) = self.cursors.iter().find(|(n, ..)| *n == 0).expect("the fixture has a `$0`");
        (view.file(path).expect("the cursor stands in a file of the graph"), *offset)
    }
}

struct InMemory(BTreeMap<String, String>);

impl Texts for InMemory {
    fn read(&self, path: &str) -> io::Result<String> {
        self.0.get(path).cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}
