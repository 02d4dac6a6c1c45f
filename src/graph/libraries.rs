//! Sources of dependencies beside a folder's own files: they say what names mean, and are nobody's to search or change.

use std::sync::Arc;

use super::encoded::EncodedFile;
use super::generation::{Graph, Manifests, facts_cache_bytes_max, manifests_bytes, stores_bytes};
use super::imports::imports_bytes_max;
use super::overlay::{Row, capacity_bytes, group};
use crate::lang::facts::{DefId, Name};
use crate::lang::modules::{FileId, Manifest, is_in};

/// What a folder knows of its dependencies, independent of any graph.
#[derive(Clone, Debug, Default)]
pub struct Libraries {
    /// Paths are relative to the folder, or absolute outside of it.
    pub files: Vec<Arc<EncodedFile>>,
    pub manifests: Vec<Manifest>,
    /// Directories in which libraries lie by the names that imports give them.
    pub stores: Vec<String>,
    /// Where the folder lies.
    pub root: String,
}

/// The files of dependencies under a graph's names, by path.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// The number of the first; the others follow.
    first: u32,
    rows: Vec<Arc<Row>>,
    defs: Vec<(Name, FileId, DefId)>,
    extensions: Vec<(Name, FileId)>,
}

impl Libraries {
    /// Bytes held on the heap. Graphs share the encoded facts with them, and count those again.
    pub fn heap_bytes(&self) -> usize {
        let files: usize = self.files.iter().map(|f| size_of::<EncodedFile>() + f.heap_bytes()).sum();
        let named = manifests_bytes(&self.manifests) + stores_bytes(&self.stores) + self.root.capacity();
        files + capacity_bytes(&self.files) + named
    }
}

impl Shelf {
    pub fn new(first: u32, rows: Vec<Row>) -> Shelf {
        let mut rows: Vec<Arc<Row>> = rows.into_iter().map(Arc::new).collect();
        rows.sort_by(|a, b| a.path.cmp(&b.path));
        rows.dedup_by(|a, b| a.path == b.path);
        let (mut defs, mut extensions) = (Vec::new(), Vec::new());
        for (row, id) in rows.iter().zip((first..).map(FileId)) {
            defs.extend(row.defs.iter().map(|(name, def)| (*name, id, *def)));
            extensions.extend(row.extended.iter().map(|name| (*name, id)));
        }
        defs.sort_unstable();
        extensions.sort_unstable();
        rows.shrink_to_fit();
        defs.shrink_to_fit();
        extensions.shrink_to_fit();
        Shelf { first, rows, defs, extensions }
    }

    pub fn len(&self) -> u32 {
        self.rows.len() as u32
    }

    pub fn has(&self, id: FileId) -> bool {
        id.0.checked_sub(self.first).is_some_and(|at| at < self.len())
    }

    pub fn row(&self, id: FileId) -> Option<&Arc<Row>> {
        self.rows.get(id.0.checked_sub(self.first)? as usize)
    }

    pub fn find(&self, path: &str) -> Option<FileId> {
        let at = self.rows.binary_search_by(|row| (*row.path).cmp(path)).ok()?;
        Some(self.id(at))
    }

    pub fn id(&self, at: usize) -> FileId {
        FileId(self.first + at as u32)
    }

    pub fn path(&self, at: u32) -> &str {
        &self.rows[at as usize].path
    }

    /// The first whose path is not less.
    pub fn first_from(&self, path: &str) -> u32 {
        self.rows.partition_point(|row| *row.path < *path) as u32
    }

    pub fn defs(&self, name: Name) -> impl Iterator<Item = (FileId, DefId)> + '_ {
        group(&self.defs, name, |e| e.0).map(|e| (e.1, e.2))
    }

    pub fn extensions(&self, name: Name) -> impl Iterator<Item = FileId> + '_ {
        group(&self.extensions, name, |e| e.0).map(|e| e.1)
    }

    pub fn heap_bytes(&self) -> usize {
        /// The two counts of an [`Arc`].
        const COUNTS: usize = 2 * size_of::<usize>();
        let rows: usize = self.rows.iter().map(|row| COUNTS + row.heap_bytes()).sum();
        rows + capacity_bytes(&self.rows) + capacity_bytes(&self.defs) + capacity_bytes(&self.extensions)
    }
}

impl Graph {
    /// The graph with dependencies beside it. Its files and names keep their numbers; what is asked about the folder
    /// (its files, uses and definitions by name) is answered without the dependencies, what is asked about a file or
    /// by the rules of modules with them.
    pub fn with_libraries(&self, libraries: &Libraries) -> Graph {
        let mut overlay = self.overlay.clone();
        let mut rows = Vec::with_capacity(libraries.files.len());
        for file in &libraries.files {
            let names = file.names.iter().map(|name| overlay.intern(&self.base, name)).collect();
            rows.push(Row::encoded(EncodedFile::clone(file), names));
        }
        overlay.shelve(&self.base, rows);
        let manifests = self.manifests.all().iter().chain(&libraries.manifests).cloned().collect();
        let manifests = Manifests::new(manifests);
        let manifests = manifests.with_stores(libraries.root.clone(), libraries.stores.clone());
        let mut graph = self.with_overlay(overlay, Arc::new(manifests));
        graph.set_cache_bytes_max(self.library_cache_bytes(libraries));
        graph
    }

    /// The most that decoded facts may take beside libraries, which the graph's owner is to charge for.
    fn library_cache_bytes(&self, libraries: &Libraries) -> usize {
        facts_cache_bytes_max((self.base.bytes() + libraries.heap_bytes()) as u64) as usize
    }

    /// Bytes that the graph with these libraries takes besides the graph that it was made of.
    pub fn library_bytes(&self, libraries: &Libraries) -> usize {
        let shared = self.overlay.rows_bytes() - self.overlay.libraries().heap_bytes();
        self.own_bytes() - shared + self.library_cache_bytes(libraries) + imports_bytes_max(self.base.bytes())
    }

    /// Whether the file is one of a dependency, rather than of the folder.
    pub fn is_library(&self, id: FileId) -> bool {
        self.overlay.libraries().has(id)
    }

    /// The files of dependencies.
    pub fn library_files(&self) -> impl Iterator<Item = FileId> + '_ {
        let shelf = self.overlay.libraries();
        (0..shelf.len() as usize).map(|at| shelf.id(at))
    }

    /// Whether the directory lies in one of the stores of dependencies.
    pub fn is_library_dir(&self, dir: &str) -> bool {
        is_in(dir, self.manifests.stores())
    }

    /// Definitions of the name that are not local, in dependencies too.
    pub fn defs_anywhere(&self, name: Name) -> impl Iterator<Item = (FileId, DefId)> + '_ {
        let shelf = self.overlay.libraries();
        // An open document of a dependency has rows of its own.
        let closed = shelf.defs(name).filter(|(file, _)| !self.overlay.is_open_library(*file));
        self.defs_with_open_libraries(name).chain(closed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;
    use crate::lang::modules::Layout;

    fn libraries(files: &[(&str, &str)]) -> Libraries {
        let encode = |(path, text): &(&str, &str)| Arc::new(Fixture::encode(path, text).unwrap());
        Libraries { files: files.iter().map(encode).collect(), ..Libraries::default() }
    }

    #[test]
    fn files_of_dependencies_are_known_and_are_not_the_folders() {
        let folder = Fixture::parse("//- /a.py\nimport lib\nlib.f()\ndef g(): pass").graph();
        let graph = folder.with_libraries(&libraries(&[
            ("site/lib.py", "def f(): pass\n"),
            ("/far/x.py", "def g(): pass\n"),
        ]));
        let name = |text: &str| graph.lookup_name(text).unwrap();
        let file = graph.file("site/lib.py").unwrap();
        assert!(graph.has(file) && graph.is_library(file) && !graph.is_library(graph.file("a.py").unwrap()));
        assert_eq!(graph.path(file), "site/lib.py");
        assert_eq!(graph.files().count(), 1);
        assert_eq!(graph.file_count(), 1);
        assert_eq!(graph.totals(), folder.totals());
        assert_eq!(graph.files_in("site"), [file]);
        assert!(graph.has_dir("site") && graph.has_dir("/far"));
        assert_eq!(graph.facts(file).defs.len(), 1);
        assert_eq!(graph.files_with(name("f")).count(), 1, "the use in the folder");
        assert_eq!(graph.defs_named(name("f")).count(), 0);
        assert_eq!(graph.defs_anywhere(name("g")).count(), 2);
        assert!(graph.own_bytes() > folder.own_bytes());
    }

    #[test]
    fn what_stands_beside_the_facts_is_counted() {
        let manifest = |bytes: usize| Manifest {
            dir: String::new(),
            file: "package.json".to_owned(),
            name: None,
            entries: vec![("main".to_owned(), "x".repeat(bytes))],
        };
        let few = libraries(&[("site/lib.py", "def f(): pass\n")]);
        let stores: Vec<String> = (0..1000).map(|_| String::new()).collect();
        let more = Libraries { manifests: vec![manifest(50_000)], stores: stores.clone(), ..few.clone() };
        let added = 50_000 + stores.len() * size_of::<String>();
        assert!(more.heap_bytes() >= few.heap_bytes() + added);
        let folder = Fixture::parse("//- /a.py\nimport lib").graph();
        let bytes = |graph: &Graph| {
            let beside = graph.with_libraries(&more);
            beside.library_bytes(&more) - beside.library_cache_bytes(&more)
        };
        assert!(bytes(&folder) >= added);
        // The copies of the lists over changed files are its own, too; the rows are not.
        let changed: String = (0..500).map(|at| format!("def f{at}(): pass\n")).collect();
        let mut overlay = folder.overlay.clone();
        let file = Fixture::encode("b.py", &changed).unwrap();
        let names = file.names.iter().map(|name| overlay.intern(&folder.base, name)).collect();
        overlay.change(&folder.base, vec![Arc::new(Row::encoded(file, names))], &[]);
        let updated = folder.with_overlay(overlay, Arc::clone(&folder.manifests));
        let lists = 500 * (size_of::<(Name, FileId, DefId)>() + size_of::<(Name, FileId)>());
        let names = updated.overlay.names().heap_bytes() - folder.overlay.names().heap_bytes();
        assert!(bytes(&updated) >= bytes(&folder) + names + lists);
    }

    #[test]
    fn an_open_file_of_a_dependency_counts_instead_of_what_was_read() {
        let folder = Fixture::parse("//- /a.py\nimport lib").graph();
        check_open(folder);
        // Or a folder in this one, which was this one's own before.
        let folder = Fixture::parse("//- /a.py\nimport lib\n//- /site/lib.py\ndef f(): pass").graph();
        let mut overlay = folder.overlay.clone();
        overlay.change(&folder.base, Vec::new(), &["site/lib.py".to_owned()]);
        let manifests = Arc::clone(&folder.manifests);
        check_open(folder.with_overlay(overlay, manifests));
    }

    fn check_open(folder: Graph) {
        use super::super::view::View;
        let below = Arc::new(folder.with_libraries(&libraries(&[("site/lib.py", "def f(): pass\n")])));
        let text = "def other(): pass\n";
        let facts = Arc::new(Fixture::encode("site/lib.py", text).unwrap().facts());
        let lang = below.lang(below.file("site/lib.py").unwrap());
        let open = super::super::OpenFile {
            path: "site/lib.py".to_owned(),
            lang,
            text: text.into(),
            facts,
            reading: None,
        };
        struct NoTexts;
        impl super::super::Texts for NoTexts {
            fn read(&self, _: &str) -> std::io::Result<String> {
                Err(std::io::ErrorKind::NotFound.into())
            }
        }
        let view = View::new(below, vec![open], Arc::new(NoTexts));
        let file = view.file("site/lib.py").unwrap();
        assert!(view.is_library(file) && view.is_open(file));
        assert_eq!(view.files().count(), 1);
        let defs = |text: &str| view.lookup_name(text).map_or(0, |n| view.defs_anywhere(n).count());
        assert_eq!((defs("f"), defs("other")), (0, 1));
    }
}
