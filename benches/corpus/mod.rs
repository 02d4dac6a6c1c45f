//! A folder of source files as a view, built in this process.

#![allow(dead_code, reason = "every bench uses its own part of it")]

#[path = "../clock/mod.rs"]
pub mod clock;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use coppice::graph::{EncodedFile, FileMeta, GraphBuilder, Texts, View, content_hash};
use coppice::lang::modules::{FileId, Layout, file_name};
use coppice::lang::{LangId, ParseLimits, Parser, extract, read_manifest};

use clock::Clock;

/// Directories that the tools compared with do not look into either.
const SKIPPED: [&str; 6] = ["node_modules", ".git", "target", ".venv", "__pycache__", ".cache"];

/// A folder that was read, parsed and put into a graph.
pub struct Corpus {
    pub view: View,
    pub files: BTreeMap<String, FileId>,
    pub texts: BTreeMap<String, Arc<str>>,
    /// CPU time that parsing alone took, in seconds.
    pub parse: f64,
    pub lines: usize,
}

struct InMemory(BTreeMap<String, Arc<str>>);

impl Texts for InMemory {
    fn read(&self, path: &str) -> std::io::Result<String> {
        let text = self.0.get(path).ok_or(std::io::ErrorKind::NotFound)?;
        Ok(text.to_string())
    }
}

impl Corpus {
    /// Reads everything below the folder that has a language.
    pub fn load(root: &Path) -> Corpus {
        // No file is left out because the machine is busy.
        let limits = ParseLimits { deadline: Duration::from_secs(60), cancel: None };
        let mut parser = Parser::new();
        let mut builder = GraphBuilder::new();
        let (mut texts, mut parse, mut lines) = (BTreeMap::new(), 0.0, 0);
        for path in paths(root) {
            let Ok(relative) = path.strip_prefix(root) else { continue };
            let relative = relative.to_string_lossy().into_owned();
            if LangId::all().any(|l| l.strategy().manifest_names().contains(&file_name(&relative)))
                && let Ok(text) = std::fs::read_to_string(&path)
                && let Some(manifest) = read_manifest(&relative, &text)
            {
                builder.add_manifest(manifest);
            }
            let Some(lang) = LangId::of_path(&path) else { continue };
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let lang = lang.of_text(&relative, &text);
            let clock = Clock::start();
            let Ok(tree) = parser.parse(lang, &text, None, &limits) else { continue };
            parse += clock.seconds();
            lines += text.lines().count();
            let meta = FileMeta {
                path: relative.clone(),
                lang,
                bytes: text.len() as u64,
                mtime_ns: 0,
                hash: content_hash(text.as_bytes()),
                syntax_errors: 0,
            };
            builder.add(EncodedFile::new(meta, &text, &extract(lang, &tree, &text)));
            texts.insert(relative, Arc::<str>::from(text));
        }
        let graph = builder.finish().expect("corpora fit into memory");
        let view = View::new(Arc::new(graph), Vec::new(), Arc::new(InMemory(texts.clone())));
        let files = view.files().map(|f| (view.path(f).to_owned(), f)).collect();
        Corpus { view, files, texts, parse, lines }
    }

    /// The line of the file that the offset is in, counted from 0.
    pub fn line(&self, file: FileId, offset: u32) -> u32 {
        let text = self.texts.get(self.view.path(file)).cloned().unwrap_or_default();
        text.as_bytes()[..offset as usize].iter().filter(|b| **b == b'\n').count() as u32
    }
}

fn paths(root: &Path) -> Vec<std::path::PathBuf> {
    let mut stack = vec![root.to_path_buf()];
    let mut paths = Vec::new();
    while let Some(dir) = stack.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                if !SKIPPED.iter().any(|s| entry.file_name() == *s) {
                    stack.push(path);
                }
            } else {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths
}
