//! The open documents, as one immutable set per moment.
//!
//! Changes are applied one after the other, in the order in which they are made known; a reader takes the set as it
//! is and keeps it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::budget::Budget;
use super::document::{Change, Document, Trouble};
use super::sync::{Mutex, Published};
use crate::lang::LangId;
use crate::text::Encoding;

/// Most documents that are open at once; more are refused one by one.
pub const DOCUMENTS_MAX: usize = 10_000;

/// The documents that are open at one moment, by path.
pub type DocumentSet = BTreeMap<Arc<Path>, Arc<Document>>;

/// The open documents.
pub struct Documents {
    set: Published<DocumentSet>,
    /// Held while one set is made from another.
    writing: Mutex<Writing>,
    budget: Arc<Budget>,
}

/// The turn of the one who makes the next set.
#[derive(Debug, Default)]
struct Writing;

/// Why a document was not opened, changed or closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    #[error("the document is not open")]
    NotOpen,
    #[error("more than {DOCUMENTS_MAX} documents are open")]
    TooMany,
    #[error("the document is {0}")]
    Trouble(Trouble),
}

impl Documents {
    pub fn new(budget: Arc<Budget>) -> Documents {
        Documents { set: Published::default(), writing: Mutex::default(), budget }
    }

    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// All documents as they are now.
    pub fn all(&self) -> Arc<DocumentSet> {
        self.set.load().unwrap_or_default()
    }

    pub fn get(&self, path: &Path) -> Option<Arc<Document>> {
        self.all().get(path).cloned()
    }

    /// Opens a document, or replaces it if it is open already. `language_id` is the client's word for its language
    /// and goes before the file name's within one family; a file whose name is of another family is what its name
    /// says, since some clients have one word for all documents of a server.
    pub fn open(
        &self,
        path: PathBuf,
        language_id: &str,
        version: i32,
        text: &str,
        bytes_max: u64,
    ) -> Result<Arc<Document>, DocumentError> {
        let (told, shown) = (LangId::of_language_id(language_id), LangId::of_path(&path));
        let named = match (told, shown) {
            (Some(told), Some(shown)) if told.family() != shown.family() => Some(shown),
            _ => told.or(shown),
        };
        let lang = named.map(|lang| lang.of_text(&path.to_string_lossy(), text));
        let set = self.all();
        if set.len() >= DOCUMENTS_MAX && !set.contains_key(path.as_path()) {
            return Err(DocumentError::TooMany);
        }
        let document = Document::new(path, Some(version), lang, text, bytes_max, &self.budget);
        self.put(Arc::new(document))
    }

    /// Applies the changes in their order. A change that does not fit leaves the document out of step: it answers
    /// nothing until it is opened again or replaced as a whole.
    pub fn change(
        &self,
        path: &Path,
        version: i32,
        changes: &[Change],
        encoding: Encoding,
    ) -> Result<Arc<Document>, DocumentError> {
        let present = self.get(path).ok_or(DocumentError::NotOpen)?;
        self.put(Arc::new(present.changed(version, changes, encoding)))
    }

    /// The client has said something about a document that was not heard: it answers nothing until it is opened again or
    /// replaced as a whole, and that it is open is known from now on.
    pub fn lose(&self, path: &Path, why: &str, bytes_max: u64) {
        let present = self.get(path);
        let present = present.or_else(|| self.open(path.to_owned(), "", 0, "", bytes_max).ok());
        // That it is in trouble is what is wanted.
        let _ = present.map(|document| self.put(Arc::new(document.out_of_step(why))));
    }

    /// Closes a document; its file is answered for from disk again.
    pub fn close(&self, path: &Path) -> Result<(), DocumentError> {
        let was = self.update(|set| set.remove(path));
        was.map(drop).ok_or(DocumentError::NotOpen)
    }

    /// A file as if it were open, for answers about it alone while its folder is not there yet.
    pub fn unopened(&self, path: PathBuf, text: &str, bytes_max: u64) -> Document {
        let lang = LangId::of_path(&path).map(|lang| lang.of_text(&path.to_string_lossy(), text));
        Document::new(path, None, lang, text, bytes_max, &self.budget)
    }

    fn put(&self, document: Arc<Document>) -> Result<Arc<Document>, DocumentError> {
        let replaced = self.update(|set| set.insert(document.path.as_path().into(), Arc::clone(&document)));
        drop(replaced);
        match &document.trouble {
            None => Ok(document),
            Some(trouble) => Err(DocumentError::Trouble(trouble.clone())),
        }
    }

    /// Replaces the set by a changed copy; the copy shares the documents.
    fn update<T>(&self, change: impl FnOnce(&mut DocumentSet) -> T) -> T {
        let turn = self.writing.lock();
        let mut set = DocumentSet::clone(&self.all());
        let out = change(&mut set);
        let old = self.set.swap(Some(Arc::new(set)));
        drop(turn);
        drop(old);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::ledger::Ledger;
    use super::*;
    use crate::graph::{EncodedFile, FileMeta};
    use crate::lang::canonical;
    use crate::lang::facts::Facts;
    use crate::text::Position;
    use crate::workspace::document::Analysis;
    use proptest::prelude::*;

    fn documents(limit: u64) -> (Documents, Ledger) {
        let ledger = Ledger::new(limit);
        let budget = Budget::new(ledger.clone(), |_| {});
        (Documents::new(Arc::new(budget)), ledger)
    }

    fn whole(text: &str) -> Change {
        Change { range: None, text: text.to_owned() }
    }

    fn part(from: (u32, u32), to: (u32, u32), text: &str) -> Change {
        let at = |(line, column)| Position::new(line, column);
        Change { range: Some((at(from), at(to))), text: text.to_owned() }
    }

    #[test]
    fn the_clients_word_for_a_language_counts_within_a_family() {
        let named = |path: &str, language_id: &str| {
            let document = documents(1 << 20).0.open(path.into(), language_id, 1, "", MAX).unwrap();
            document.lang.map(LangId::name)
        };
        assert_eq!(named("/a.js", "typescript"), Some("typescript"));
        assert_eq!(named("/a", "python"), Some("python"));
        assert_eq!(named("/a.py", "plaintext"), Some("python"));
        assert_eq!(named("/a.c", "python"), Some("c"));
        assert_eq!(named("/a.txt", "plaintext"), None);
    }

    const PATH: &str = "/a.py";
    const MAX: u64 = 1 << 21;

    fn open(documents: &Documents, text: &str) -> Arc<Document> {
        documents.open(PATH.into(), "python", 1, text, MAX).unwrap()
    }

    fn change(
        documents: &Documents,
        version: i32,
        changes: &[Change],
    ) -> Result<Arc<Document>, DocumentError> {
        documents.change(Path::new(PATH), version, changes, Encoding::Utf16)
    }

    const TEXTS: [(&str, &str); 4] = [
        (
            "/t.py",
            "import a\nclass A(a.B):\n    size: int = 0\n    def m(self, n): return self.size\nx = A().m(1)\n",
        ),
        (
            "/t.rs",
            "use a::B;\nstruct S { b: B }\nimpl S {\n    fn m(&self) -> u8 { self.b.c() }\n}\nfn f() { S::m() }\n",
        ),
        (
            "/t.ts",
            "import { a } from './a';\nexport class C extends a {\n  f: number = 1;\n  m() { return `${this.f}`; }\n}\n",
        ),
        ("/T.java", "package p;\nclass T extends B {\n  int n;\n  int m(int a) { return this.n + a; }\n}\n"),
    ];
    const TYPED: [&str; 10] = ["", "\"\"\"", "/*", "{", "}", "(", "x", "\n", "class ", "`"];

    #[test]
    fn a_reader_keeps_its_version() {
        let (documents, _) = documents(1 << 24);
        open(&documents, "def f(): pass\n");
        let before = documents.all();
        let now = change(&documents, 2, &[part((0, 4), (0, 5), "g"), part((0, 0), (0, 0), "\n")]).unwrap();
        assert_eq!((&*now.text, now.version), ("\ndef g(): pass\n", Some(2)));
        assert_eq!(&*before[Path::new(PATH)].text, "def f(): pass\n");
        documents.close(Path::new(PATH)).unwrap();
        assert_eq!(documents.close(Path::new(PATH)), Err(DocumentError::NotOpen));
        assert_eq!(change(&documents, 3, &[]).unwrap_err(), DocumentError::NotOpen);
    }

    #[test]
    fn an_edit_that_makes_no_sense_puts_it_out_of_step_until_it_is_replaced() {
        let (documents, _) = documents(1 << 24);
        open(&documents, "a\n");
        let error = change(&documents, 2, &[part((1, 0), (0, 0), "b")]).unwrap_err();
        assert!(matches!(error, DocumentError::Trouble(Trouble::OutOfStep { version: 2, .. })));
        assert!(change(&documents, 3, &[part((0, 0), (0, 0), "b")]).is_err());
        let path = Path::new(PATH);
        assert!(matches!(documents.get(path).unwrap().facts(), Err(Unanalysed::Trouble(_))));
        let now = change(&documents, 4, &[whole("b\n"), part((0, 1), (0, 1), "c")]).unwrap();
        assert_eq!((&*now.text, &now.trouble), ("bc\n", &None));
    }

    use super::super::document::Unanalysed;
    use crate::lang::parse::PARSE_SCRATCH_PER_BYTE;

    #[test]
    fn every_byte_comes_back() {
        let (documents, ledger) = documents(1 << 24);
        let first = open(&documents, "def f(): pass\n");
        first.analysis().unwrap();
        let used = ledger.balance();
        assert!(used.documents > 0 && used.reserved == 0);
        for version in 2..50 {
            change(&documents, version, &[part((0, 4), (0, 4), "x")]).unwrap().analysis().unwrap();
        }
        documents.close(Path::new(PATH)).unwrap();
        drop(first);
        assert_eq!(ledger.balance().used(), 0);
    }

    #[test]
    fn a_document_that_does_not_fit_says_so_and_a_parse_that_does_not_fit_may_pass() {
        let (small, ledger) = documents(2_000);
        let text = "x = 1\n".repeat(1_000);
        let error = small.open(PATH.into(), "python", 1, &text, MAX).unwrap_err();
        assert!(matches!(error, DocumentError::Trouble(Trouble::Memory(_))));
        assert!(ledger.balance().used() <= 2_000);
        ledger.set_limit(100_000);
        let document = small.open(PATH.into(), "python", 2, &text, MAX).unwrap();
        assert!(matches!(document.analysis(), Err(Unanalysed::Memory(_))));
        ledger.set_limit(10_000_000);
        assert!(document.analysis().is_ok());
    }

    #[test]
    fn trees_of_fragments_are_reserved_for() {
        let text = format!("fn main() {{ m!({{ {} }}); }}", "f(1);\n".repeat(5_000));
        let len = text.len() as u64;
        let (documents, ledger) = documents(1 << 30);
        let rust = |version| documents.open("/t.rs".into(), "rust", version, &text, MAX).unwrap();
        let document = rust(1);
        let facts = document.facts().unwrap();
        let all = facts.refs.len();
        assert!(all > 5_000, "what stands in the macro is read");
        let high_water = ledger.balance().high_water;
        assert!(high_water > len * PARSE_SCRATCH_PER_BYTE * 5 / 4, "{high_water} bytes for {len}");
        assert_eq!(ledger.balance().reserved, 0);
        // Where there is room for the text's own tree alone, what the fragments say is not passed over.
        documents.close(Path::new("/t.rs")).unwrap();
        drop((document, facts));
        ledger.set_limit(len * PARSE_SCRATCH_PER_BYTE * 5 / 4);
        let document = rust(2);
        assert!(matches!(document.facts(), Err(Unanalysed::Memory(_))));
        assert_eq!(ledger.balance().reserved, 0);
        ledger.set_limit(1 << 30);
        assert_eq!(document.facts().unwrap().refs.len(), all);
    }

    #[test]
    fn a_large_paste_is_reserved_for_before_it_is_parsed() {
        let (documents, ledger) = documents(1 << 30);
        open(&documents, "x = 1\n").analysis().unwrap();
        let pasted = "f(a, b)\n".repeat(20_000);
        let document = change(&documents, 2, &[part((1, 0), (1, 0), &pasted)]).unwrap();
        ledger.set_limit(pasted.len() as u64 * PARSE_SCRATCH_PER_BYTE / 2);
        assert!(matches!(document.analysis(), Err(Unanalysed::Memory(_))));
        assert_eq!(ledger.balance().reserved, 0);
        ledger.set_limit(1 << 30);
        document.analysis().unwrap();
        let high_water = ledger.balance().high_water;
        assert!(high_water >= pasted.len() as u64 * PARSE_SCRATCH_PER_BYTE, "{high_water}");
    }

    #[test]
    fn texts_that_are_not_source_say_why() {
        let (documents, _) = documents(1 << 30);
        let why =
            |text: &str| documents.open(PATH.into(), "python", 1, text, 50_000).unwrap().facts().unwrap_err();
        assert_eq!(why("a\0").to_string(), "not indexed: contains NUL bytes (at offset 1)");
        assert_eq!(why(&"x\n".repeat(30_000)).to_string(), "not indexed: larger than 50000 bytes");
        assert_eq!(
            why(&"x".repeat(20_001)).to_string(),
            "not indexed: has a line over 20000 characters (line 1)"
        );
        let unknown = documents.open("/a.xyz".into(), "klingon", 1, "x", 50_000).unwrap();
        assert_eq!(unknown.facts().unwrap_err(), Unanalysed::NoLanguage);
    }

    #[test]
    fn syntax_errors_keep_the_last_good_facts() {
        let (documents, _) = documents(1 << 24);
        let good = open(&documents, "def f(): pass\n").analysis().unwrap();
        let bad = change(&documents, 2, &[part((0, 5), (0, 8), "((")]).unwrap().analysis().unwrap();
        assert!(!good.has_errors && good.last_good().is_none() && bad.has_errors);
        assert!(Arc::ptr_eq(bad.last_good().unwrap(), &good.facts));
        let worse = change(&documents, 3, &[part((0, 0), (0, 0), "((")]).unwrap().analysis().unwrap();
        assert!(Arc::ptr_eq(worse.last_good().unwrap(), &good.facts));
    }

    #[test]
    fn a_half_written_text_keeps_the_definitions_of_the_rest() {
        let (documents, _) = documents(1 << 24);
        let names = |document: &Document| -> Vec<String> {
            let facts = document.facts().unwrap();
            facts.defs.iter().map(|d| facts.names[d.name.index()].to_string()).collect()
        };
        let whole = open(&documents, "x = 1\nclass A:\n    size: int = 0\n    def m(self): pass\n");
        let expected = names(&whole);
        let half = change(&documents, 2, &[part((0, 4), (0, 5), "\"\"\"")]).unwrap();
        assert!(half.analysis().unwrap().has_errors);
        assert_eq!(names(&half), expected);
        // It is still so after more of it has been written, and over once the text parses.
        let more = change(&documents, 3, &[part((0, 7), (0, 7), "a b")]).unwrap();
        assert_eq!(names(&more), expected);
        let closed = change(&documents, 4, &[part((3, 0), (4, 0), "\"\"\"\n")]).unwrap();
        assert!(!closed.analysis().unwrap().has_errors);
        assert_eq!(names(&closed), ["x"]);
    }

    proptest! {
        /// Whatever is typed where, facts hold together, and a definition stands where its name is written.
        #[test]
        fn facts_of_half_written_texts_hold_together(
            which in 0..TEXTS.len(),
            edits in prop::collection::vec((0u32..8, 0u32..24, 0..TYPED.len(), 0u32..3), 1..12),
        ) {
            let (documents, _) = documents(1 << 26);
            let (path, text) = TEXTS[which];
            let mut document = documents.open(path.into(), "", 1, text, 50_000).unwrap();
            for (version, (line, column, typed, over)) in edits.into_iter().enumerate() {
                document.facts().unwrap();
                let range = (Position::new(line, column), Position::new(line, column + over));
                let change = Change { range: Some(range), text: TYPED[typed].to_owned() };
                let next = documents.change(Path::new(path), version as i32 + 2, &[change], Encoding::Utf8);
                let Ok(next) = next else { break };
                document = next;
                let facts = document.facts().unwrap();
                let meta = FileMeta {
                    path: path.to_owned(), lang: document.lang.unwrap(), bytes: 0, mtime_ns: 0, hash: 0, syntax_errors: 0,
                };
                // Checks that every number in the facts leads to something.
                EncodedFile::new(meta, &document.text, &facts);
                for def in &facts.defs {
                    let at = document.text.get(def.name_span.start as usize..def.name_span.end as usize);
                    prop_assert!(at.is_some() && def.span.end as usize <= document.text.len());
                }
            }
        }
    }

    #[test]
    fn two_thousand_edits_are_quick_and_each_is_seen() {
        let (documents, _) = documents(1 << 28);
        open(&documents, &"def f(): pass\n".repeat(5_000));
        let started = std::time::Instant::now();
        for i in 0..2_000u32 {
            let now = change(&documents, i as i32 + 2, &[part((i, 4), (i, 4), "g")]).unwrap();
            assert_eq!(now.lines.line_text(&now.text, i), "def gf(): pass");
        }
        // A bound no machine misses; what an edit really costs is measured by the benches.
        assert!(started.elapsed().as_secs() < 20);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Whatever versions are asked for on the way, facts equal those of a fresh parse of the same text.
        #[test]
        fn facts_after_edits_are_those_of_the_text(
            text in "(def [ab]\\(\\): pass\n|x = [ab]\\(\\)\r\n|é = 1\n|\r){0,6}",
            edits in prop::collection::vec(
                (0usize..80, 0usize..12, "(def c\\(\\):|\n|\r|x\\.y|\u{1F600}|\\(|\\)| ){0,3}", any::<bool>()), 1..12),
        ) {
            let (documents, ledger) = documents(1 << 26);
            let mut current = open(&documents, &text);
            let _ = current.analysis();
            for (i, (at, len, new, look)) in edits.into_iter().enumerate() {
                let text = current.text.to_string();
                let places: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
                let from = places[at % places.len()];
                let to = places[(at % places.len() + len).min(places.len() - 1)];
                let place = |o: usize| current.lines.position(&text, o as u32, Encoding::Utf16);
                let edit = Change { range: Some((place(from), place(to))), text: new };
                current = change(&documents, i as i32 + 2, &[edit]).unwrap();
                if look {
                    let (fresh, _) = self::documents(1 << 26);
                    let fresh = open(&fresh, &current.text);
                    let (a, b) = (current.analysis().unwrap(), fresh.analysis().unwrap());
                    prop_assert_eq!(a.has_errors, b.has_errors);
                    if !a.has_errors {
                        let said = |analysis: &Analysis| canonical(Facts::clone(&analysis.facts));
                        prop_assert_eq!(said(&a), said(&b));
                    }
                }
            }
            drop(current);
            documents.close(Path::new(PATH)).unwrap();
            prop_assert_eq!(ledger.balance().used(), 0);
        }
    }
}
