//! The disk as module rules see it: a folder's graph, and what lies where libraries are.

use std::cell::{Cell, OnceCell, RefCell};
use std::fs;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::super::bounds::Bounds;
use super::super::scan;
use crate::graph::Graph;
use crate::lang::LangId;
use crate::lang::modules::{FileId, Layout, Manifest, is_in, join};

/// Files on disk that one load may name. More are as good as not there.
const NAMED_MAX: usize = 1 << 15;
/// Entries of a directory that are looked at; packages of more files are not written by people.
const ENTRIES_MAX: usize = 4_096;
/// The number of the first file that is not the graph's; far from all of those.
const FIRST: u32 = 1 << 30;
/// The directory that packages of JavaScript are installed in, wherever it is.
const INSTALLED: &str = "node_modules";

/// A graph's layout, with libraries found on disk as they are asked for.
pub struct Disk<'a> {
    graph: &'a Graph,
    bounds: &'a Bounds,
    /// Where the folder lies; empty if that is no text.
    root: String,
    stores: Vec<String>,
    /// The graph's and the libraries', by file name and directory.
    manifests: Vec<Manifest>,
    named: Vec<OnceCell<Box<str>>>,
    used: Cell<usize>,
    known: RefCell<FxHashMap<String, Option<FileId>>>,
}

impl<'a> Disk<'a> {
    pub fn new(graph: &'a Graph, bounds: &'a Bounds, stores: Vec<String>) -> Disk<'a> {
        let mut disk = Disk {
            graph,
            bounds,
            root: bounds.root().to_str().unwrap_or_default().to_owned(),
            stores,
            manifests: graph.all_manifests().cloned().collect(),
            named: vec![OnceCell::new(); NAMED_MAX],
            used: Cell::new(0),
            known: RefCell::default(),
        };
        disk.sort_manifests();
        disk
    }

    pub fn add_manifests(&mut self, manifests: impl IntoIterator<Item = Manifest>) {
        self.manifests.extend(manifests);
        self.sort_manifests();
    }

    fn sort_manifests(&mut self) {
        self.manifests.sort_by(|a, b| (&a.file, &a.dir).cmp(&(&b.file, &b.dir)));
    }

    /// Whether the file is a library's, rather than of the graph.
    pub fn is_library(file: FileId) -> bool {
        file.0 >= FIRST
    }

    /// Whether libraries lie there.
    pub fn is_library_path(&self, path: &str) -> bool {
        path.split('/').any(|part| part == INSTALLED) || is_in(path, &self.stores)
    }

    /// Where the path really is, if it is a place to look at.
    pub fn real(&self, path: &str) -> Option<PathBuf> {
        self.bounds.real(path)
    }

    fn look(&self, path: &str) -> Option<FileId> {
        LangId::of_path(Path::new(path))?;
        let full = self.bounds.root().join(path);
        if !full.is_file() {
            return None;
        }
        let real = self.bounds.real(path)?;
        // A link to a file of the folder is that file, which is known under its own path.
        let inside = self.bounds.below_folder(&real).and_then(scan::relative);
        if inside.is_some_and(|inside| self.graph.file(&inside).is_some()) {
            return None;
        }
        let at = self.used.get();
        self.named.get(at)?.set(path.into()).ok()?;
        self.used.set(at + 1);
        Some(FileId(FIRST + at as u32))
    }
}

impl Layout for Disk<'_> {
    fn path(&self, file: FileId) -> &str {
        match file.0.checked_sub(FIRST) {
            Some(at) => self.named.get(at as usize).and_then(OnceCell::get).map_or("", |path| path),
            None => self.graph.path(file),
        }
    }

    fn file(&self, path: &str) -> Option<FileId> {
        if let Some(file) = self.graph.file(path) {
            return Some(file);
        }
        if !self.is_library_path(path) {
            return None;
        }
        if let Some(known) = self.known.borrow().get(path) {
            return *known;
        }
        let found = self.look(path);
        self.known.borrow_mut().insert(path.to_owned(), found);
        found
    }

    fn files_in(&self, dir: &str) -> Vec<FileId> {
        let mut files = self.graph.files_in(dir);
        if !files.is_empty() || !self.is_library_path(dir) || self.bounds.real(dir).is_none() {
            return files;
        }
        let Ok(entries) = fs::read_dir(self.bounds.root().join(dir)) else { return files };
        let mut names: Vec<String> = entries
            .take(ENTRIES_MAX)
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort_unstable();
        files.extend(names.iter().filter_map(|name| self.file(&join(dir, name)?)));
        files
    }

    fn files_named(&self, file_name: &str, max: usize) -> Vec<FileId> {
        self.graph.files_named(file_name, max)
    }

    fn has_dir(&self, dir: &str) -> bool {
        self.graph.has_dir(dir) || self.is_library_path(dir) && self.bounds.root().join(dir).is_dir()
    }

    fn lang(&self, file: FileId) -> LangId {
        match Disk::is_library(file) {
            true => LangId::of_path(Path::new(self.path(file))).unwrap_or_else(|| self.graph_lang()),
            false => self.graph.lang(file),
        }
    }

    fn manifests(&self, file_name: &str) -> &[Manifest] {
        let start = self.manifests.partition_point(|m| m.file.as_str() < file_name);
        let len = self.manifests[start..].partition_point(|m| m.file == file_name);
        &self.manifests[start..start + len]
    }

    fn stores(&self) -> &[String] {
        &self.stores
    }

    fn root(&self) -> &str {
        &self.root
    }
}

impl Disk<'_> {
    /// Files are named only if they are in some language, so this is never asked.
    fn graph_lang(&self) -> LangId {
        LangId::all().next().expect("there is a language")
    }
}
