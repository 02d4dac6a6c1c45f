use std::fs;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use tempfile::TempDir;

use super::super::bounds::Bounds;
use super::super::cancel::CancelToken;
use super::super::crew::ReadFile;
use super::super::gate::Gate;
use super::super::ledger::{Account, Ledger, Reservation};
use super::super::quarantine::Quarantine;
use super::super::read::read_file;
use super::*;
use crate::lang::ScratchParser;

/// A ledger of its own, and the most that was ever reserved of it.
struct Purse {
    ledger: Ledger,
    held: Option<Reservation>,
}

impl Purse {
    fn new(limit: u64) -> Purse {
        Purse { ledger: Ledger::new(limit), held: None }
    }
}

impl Memory for Purse {
    fn reserve(&mut self, wanted: u64, needed: u64, least: u64) -> Result<u64, Unmet> {
        let tried = [wanted, needed, least].into_iter().find_map(|bytes| self.ledger.reserve(bytes).ok());
        let limit = self.ledger.balance().limit;
        self.held = Some(tried.ok_or(Unmet::Never { needed: least, limit })?);
        Ok(self.held.as_ref().unwrap().bytes())
    }
    fn grow_now(&mut self, more: u64) -> Result<(), Unmet> {
        let (held, limit) = (self.held.as_mut().unwrap(), self.ledger.balance().limit);
        match held.bytes() + more {
            needed if needed > limit => Err(Unmet::Never { needed, limit }),
            _ => held.grow(more).map_err(Unmet::Refused),
        }
    }
    fn grow(&mut self, more: u64) -> Result<(), Unmet> {
        self.held.as_mut().unwrap().grow(more).map_err(Unmet::Refused)
    }
    fn shrink_to(&mut self, bytes: u64) {
        self.held.as_mut().unwrap().shrink_to(bytes);
    }
}

struct Site {
    dir: TempDir,
    quarantine: Quarantine,
    cancel: CancelToken,
    stamps: Arc<Stamps>,
    outdated: Arc<Outdated>,
    /// What the folder was when it was last read, if that is not what it is.
    root: Option<Root>,
    /// Files whose reading panics.
    cursed: &'static str,
    read: AtomicUsize,
    /// Most source bytes that were read at once, and what is being read now.
    peak: AtomicU64,
    now: AtomicU64,
}

impl Site {
    fn new(files: &[(&str, &str)]) -> Site {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let full = dir.path().join(path);
            fs::create_dir_all(full.parent().unwrap()).unwrap();
            fs::write(full, text).unwrap();
        }
        let (read, peak, now) = Default::default();
        let (quarantine, cancel, stamps, outdated) = Default::default();
        Site { dir, quarantine, cancel, stamps, outdated, root: None, cursed: "", read, peak, now }
    }

    fn build(&self, base: Option<Base>, changes: Changes, purse: &mut Purse) -> Result<Built, BuildError> {
        let root = self.dir.path();
        let bounds = Bounds::new(root, &[]);
        let graph = base.as_ref().map(|base| Arc::clone(&base.graph));
        let before = |path: &str| graph.as_ref().and_then(|graph| whole(graph, path));
        let read = |found: &Found, known: Option<u64>, parser: &mut ScratchParser| {
            self.read.fetch_add(1, Ordering::Relaxed);
            assert!(self.cursed.is_empty() || !found.path.contains(self.cursed), "a file that goes wrong");
            let now = self.now.fetch_add(found.bytes, Ordering::SeqCst) + found.bytes;
            self.peak.fetch_max(now, Ordering::SeqCst);
            let outcome = read_file(&bounds, found, known, before, 1 << 20, parser, self.cancel.flag());
            self.now.fetch_sub(found.bytes, Ordering::SeqCst);
            outcome
        };
        self.build_by(root, base, changes, purse, &read)
    }

    fn build_by(
        &self,
        root: &Path,
        base: Option<Base>,
        changes: Changes,
        purse: &mut Purse,
        read: &ReadFile<'_>,
    ) -> Result<Built, BuildError> {
        let permits = Gate::new(4);
        let ratio_shown = Cell::default();
        let plan = Plan {
            ratio_shown: &ratio_shown,
            scope: Scope {
                root: root.into(),
                inner: Vec::new(),
                excludes: Vec::new(),
                file_bytes_max: 1 << 20,
            },
            changes,
            base,
            root: self.root.or(Some(Root { directory: Directory::at(root).unwrap(), has_files: true })),
            crew: Crew {
                threads: 3,
                first: 0,
                permits: &permits,
                quarantine: &self.quarantine,
                read,
                cancel: &self.cancel,
                progress: &|_, _| {},
            },
            outdated: Arc::clone(&self.outdated),
            stamps: Arc::clone(&self.stamps),
            ratio: GRAPH_BYTES_PER_SOURCE_BYTE,
            entering: &mut |_| {},
            means: Means { room: u64::MAX, ..Means::default() },
            degraded: None,
        };
        let built = build(plan, purse);
        if built.is_err() {
            purse.held = None;
        }
        built
    }

    fn paths(&self, paths: &[&str]) -> Changes {
        paths.iter().map(|p| self.dir.path().join(p)).collect()
    }
}

fn base(built: Built) -> Base {
    Base { graph: Arc::new(built.graph.expect("a graph")), looked_ns: i64::MAX }
}

fn listed(graph: &Graph) -> Vec<&str> {
    let mut all: Vec<&str> = graph.files().map(|f| graph.path(f)).collect();
    all.sort_unstable();
    all
}

#[test]
fn a_file_that_crashes_twice_is_left_alone_and_keeps_its_definitions() {
    let mut site = Site::new(&[("a.py", "def f(): pass\n"), ("cursed.py", "def g(): pass\n")]);
    let mut purse = Purse::new(1 << 30);
    let good = base(site.build(None, Changes::Everything, &mut purse).unwrap());
    site.cursed = "cursed";
    fs::write(site.dir.path().join("cursed.py"), "def changed(): pass\n").unwrap();
    let next = site.build(Some(good.clone()), site.paths(&["cursed.py"]), &mut purse).unwrap();
    assert!(next.graph.is_none(), "there is nothing better than what is there");
    let quarantined = SkipReason::Quarantined.to_string();
    assert_eq!(
        (&next.seen.skipped["cursed.py"], &next.seen.outdated["cursed.py"]),
        (&quarantined, &quarantined)
    );
    assert!(good.graph.lookup_name("g").is_some());
    let reads = site.read.load(Ordering::Relaxed);
    site.build(Some(good), site.paths(&["cursed.py"]), &mut purse).unwrap();
    assert_eq!(site.read.load(Ordering::Relaxed), reads, "it is not tried again as it is");
    let fresh = site.build(None, Changes::Everything, &mut purse).unwrap();
    assert_eq!(listed(fresh.graph.as_ref().unwrap()), ["a.py"]);
}

#[test]
fn a_changed_path_reads_no_more_than_itself() {
    let site =
        Site::new(&[("a.py", "def f(): pass\n"), ("d/b.py", "def g(): pass\n"), ("d/c.py", "x = 1\n")]);
    let mut purse = Purse::new(1 << 30);
    let first = base(site.build(None, Changes::Everything, &mut purse).unwrap());
    fs::write(site.dir.path().join("a.py"), "def changed(): pass\n").unwrap();
    let built = site.build(Some(first.clone()), site.paths(&["a.py"]), &mut purse).unwrap();
    assert_eq!((built.files_read, built.from_nothing), (1, false));
    let second = base(built);
    assert!(second.graph.shares_columns(&first.graph));
    fs::remove_dir_all(site.dir.path().join("d")).unwrap();
    let third = base(site.build(Some(second), site.paths(&["d", "none.py"]), &mut purse).unwrap());
    assert_eq!(listed(&third.graph), ["a.py"]);
    let same = site.build(Some(third.clone()), site.paths(&["a.py", "d"]), &mut purse).unwrap();
    assert!(same.graph.is_none());
    // A rescan trusts sizes and times that are old enough, and reads nothing.
    let same = site.build(Some(third), Changes::Rescan, &mut purse).unwrap();
    assert_eq!((same.graph.is_none(), same.files_read), (true, 0));
}

#[test]
fn a_header_that_its_contents_make_another_language_is_read_once() {
    let site = Site::new(&[("a.h", "class A { public: void f(); };\n"), ("b.h", "void g(void);\n")]);
    let mut purse = Purse::new(1 << 30);
    let good = base(site.build(None, Changes::Everything, &mut purse).unwrap());
    let lang = |path: &str| good.graph.lang(good.graph.file(path).unwrap()).name();
    assert_eq!((lang("a.h"), lang("b.h")), ("cpp", "c"));
    let same = site.build(Some(good), Changes::Rescan, &mut purse).unwrap();
    assert_eq!((same.graph.is_none(), same.files_read), (true, 0));
}

#[test]
fn paths_that_a_graph_cannot_write_change_nothing_else() {
    use std::os::unix::ffi::OsStringExt as _;
    let site = Site::new(&[("a.py", "def f(): pass\n")]);
    let mut purse = Purse::new(1 << 30);
    let first = base(site.build(None, Changes::Everything, &mut purse).unwrap());
    let odd = site.dir.path().join(std::ffi::OsString::from_vec(vec![0xff, b'.', b'p', b'y']));
    let built = site.build(Some(first), Changes::path(&odd), &mut purse).unwrap();
    assert!(built.graph.is_none());
}

#[test]
fn no_more_is_read_at_once_than_there_is_scratch_for() {
    let large = "x = 1\n".repeat(10_000);
    let files: Vec<(String, &str)> = (0..12).map(|i| (format!("f{i}.py"), large.as_str())).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (p.as_str(), *t)).collect();
    let site = Site::new(&files);
    // Room for the graph, and for one such parse and a little.
    let mut purse = Purse::new(12 << 20);
    let built = site.build(None, Changes::Everything, &mut purse).unwrap();
    assert_eq!(built.files_read, 12);
    let most = site.peak.load(Ordering::SeqCst);
    assert!(most < 2 * large.len() as u64, "{most} bytes of source were parsed at once");
    assert!(purse.ledger.balance().high_water <= 12 << 20);
    let mut small = Purse::new(9 << 20);
    let tight = site.build(None, Changes::Everything, &mut small);
    assert!(matches!(tight, Err(BuildError::Memory(Unmet::Never { .. }))));
    assert_eq!(small.ledger.balance().used(), 0);
}

#[test]
fn a_file_too_costly_to_parse_is_left_out_with_why() {
    let large = "x = 1\n".repeat(40_000);
    let site = Site::new(&[("a.py", "def f(): pass\n"), ("large.py", &large)]);
    let mut purse = Purse::new(16 << 20);
    let built = site.build(None, Changes::Everything, &mut purse).unwrap();
    assert_eq!(listed(built.graph.as_ref().unwrap()), ["a.py"]);
    let why = "its parse takes 30 MiB or more, beyond what the memory budget has for it";
    assert_eq!(built.seen.skipped["large.py"], why);
    assert!(built.owing.is_none() && built.seen.too_costly.contains("large.py"));
}

#[test]
fn a_file_that_memory_is_short_for_just_now_is_owed_and_keeps_what_was_known() {
    let site = Site::new(&[("a.py", "def f(): pass\n"), ("large.py", "def small(): pass\n")]);
    let mut purse = Purse::new(64 << 20);
    let good = base(site.build(None, Changes::Everything, &mut purse).unwrap());
    let write = |path: &str, text: &str| fs::write(site.dir.path().join(path), text).unwrap();
    write("a.py", "def changed(): pass\n");
    // The parser goes over all comments that follow each of them: there are few.
    let line = format!("# {}\n", "-".repeat(9_998));
    write("large.py", &format!("def large(): pass\n{}", line.repeat(28)));
    let others = purse.ledger.charge(Account::Retained, 50 << 20).unwrap();
    let changes = site.paths(&["a.py", "large.py"]);
    purse.held = None;
    let short = site.build(Some(good), changes, &mut purse).unwrap();
    let owing = short.owing.as_ref().unwrap();
    assert_eq!(owing.paths, ["large.py".to_owned()].into());
    assert!(owing.refused.needed > owing.refused.balance.available(), "{owing:?}");
    assert!(short.seen.skipped.contains_key("large.py") && short.seen.too_costly.is_empty());
    assert!(short.seen.outdated.contains_key("large.py") && short.seen.unread.is_empty());
    let next = base(short);
    for (name, known) in [("changed", true), ("small", true), ("large", false)] {
        assert_eq!(next.graph.lookup_name(name).is_some(), known, "{name}");
    }
    drop(others);
    purse.held = None;
    let paid = site.build(Some(next), site.paths(&["large.py"]), &mut purse).unwrap();
    assert!(paid.owing.is_none() && paid.seen.skipped.is_empty(), "{:?}", paid.seen);
    assert!(base(paid).graph.lookup_name("large").is_some());
}

#[test]
fn a_file_whose_tree_outgrows_its_scratch_is_read_at_the_end_if_there_is_room() {
    let line = "    span!(target: \"t\", Level::DEBUG, \"f\", bar.baz = ?2, quux = %3, quuux = 4);\n";
    let dense = format!("fn dense() {{\n{}}}\n", line.repeat(900));
    let site = Site::new(&[("a.py", "def f(): pass\n"), ("dense.rs", &dense)]);
    let mut purse = Purse::new(20 << 20);
    let built = site.build(None, Changes::Everything, &mut purse).unwrap();
    assert_eq!(listed(built.graph.as_ref().unwrap()), ["a.py"]);
    assert!(built.seen.skipped["dense.rs"].contains("beyond what the memory budget has"));
    let mut purse = Purse::new(1 << 30);
    let built = site.build(None, Changes::Everything, &mut purse).unwrap();
    assert_eq!(listed(built.graph.as_ref().unwrap()), ["a.py", "dense.rs"]);
    assert!(built.seen.skipped.is_empty());
}

#[test]
fn a_cancelled_build_gives_everything_back() {
    let site = Site::new(&[("a.py", "def f(): pass\n")]);
    site.cancel.cancel();
    let mut purse = Purse::new(1 << 30);
    assert!(matches!(site.build(None, Changes::Everything, &mut purse), Err(BuildError::Cancelled)));
    assert_eq!(purse.ledger.balance().used(), 0);
}

#[test]
fn a_file_that_was_only_touched_is_read_once() {
    let mut site = Site::new(&[("a.py", "def f(): pass\n"), ("b.py", "def g(): pass\n")]);
    let mut purse = Purse::new(1 << 30);
    let good = base(site.build(None, Changes::Everything, &mut purse).unwrap());
    let touch = |seconds| {
        let file = fs::File::options().write(true).open(site.dir.path().join("a.py")).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
    };
    touch(1_000);
    let read_before = site.read.load(Ordering::Relaxed);
    let touched = site.build(Some(good.clone()), Changes::Rescan, &mut purse).unwrap();
    let same: Vec<&str> = touched.same.iter().map(|(found, _)| found.path.as_str()).collect();
    assert_eq!((touched.graph.is_none(), same, touched.files_read), (true, vec!["a.py"], 1));
    let stamps = Arc::make_mut(&mut site.stamps);
    touched.same.iter().for_each(|(found, hash)| stamps.note(&found.path, found.mtime_ns, *hash, i64::MAX));
    let again = site.build(Some(good.clone()), Changes::Rescan, &mut purse).unwrap();
    assert_eq!((again.graph.is_none(), again.files_read), (true, 0));
    assert_eq!(site.read.load(Ordering::Relaxed), read_before + 1);
    fs::write(site.dir.path().join("a.py"), "def h(): pass\n").unwrap();
    let changed = site.build(Some(good), Changes::Rescan, &mut purse).unwrap();
    assert!(changed.graph.is_some() && changed.same.is_empty());
}

#[test]
fn an_empty_directory_in_the_place_of_one_with_files_is_no_empty_folder() {
    let mut site = Site::new(&[("a.py", "def f(): pass\n")]);
    let mut purse = Purse::new(1 << 30);
    let good = base(site.build(None, Changes::Everything, &mut purse).unwrap());
    fs::remove_file(site.dir.path().join("a.py")).unwrap();
    let emptied = |outcome: Result<Built, BuildError>| match outcome {
        Err(BuildError::Scan(ScanError::Emptied)) => true,
        Err(other) => panic!("{other}"),
        Ok(_) => false,
    };
    let there = Directory::at(site.dir.path()).unwrap();
    for (directory, has_files, refused) in [
        (there, true, false),
        (Directory { inode: there.inode + 1, ..there }, false, false),
        (Directory { inode: there.inode + 1, ..there }, true, true),
        (Directory { device: there.device + 1, ..there }, true, true),
    ] {
        site.root = Some(Root { directory, has_files });
        for (base, changes) in [
            (None, Changes::Everything),
            (Some(good.clone()), Changes::Rescan),
            (Some(good.clone()), site.paths(&["a.py"])),
        ] {
            assert_eq!(emptied(site.build(base, changes, &mut purse)), refused, "{:?}", site.root);
        }
    }
}

#[test]
fn another_directory_is_read_whole_whatever_its_times_are() {
    let mut site =
        Site::new(&[("a.py", "def f(): pass\n"), ("b.py", "x = 1\n"), ("c.py", "def g(): pass\n")]);
    let write = |path: &str, text: &str| {
        let full = site.dir.path().join(path);
        fs::write(&full, text).unwrap();
        let file = fs::File::options().write(true).open(full).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1)).unwrap();
    };
    write("a.py", "def f(): pass\n");
    let mut purse = Purse::new(1 << 30);
    let good = base(site.build(None, Changes::Everything, &mut purse).unwrap());
    write("a.py", "def h(): pass\n");
    fs::remove_file(site.dir.path().join("c.py")).unwrap();
    let told = || site.paths(&["b.py"]);
    let same = site.build(Some(good.clone()), told(), &mut purse).unwrap();
    assert!(same.graph.is_none());
    site.root = Some(Root { directory: Directory { device: 0, inode: 0 }, has_files: true });
    let next = base(site.build(Some(good), site.paths(&["b.py"]), &mut purse).unwrap());
    assert_eq!(listed(&next.graph), ["a.py", "b.py"]);
    assert!(next.graph.lookup_name("h").is_some());
}

#[test]
fn a_folder_that_is_replaced_while_it_is_read_loses_nothing() {
    let site = Site::new(&[("w/a.py", "def f(): pass\n"), ("w/b.py", "def g(): pass\n")]);
    let mut purse = Purse::new(1 << 30);
    let [here, away] = ["w", "away"].map(|name| site.dir.path().join(name));
    let gone = |_: &Found, _: Option<u64>, _: &mut ScratchParser| {
        let _ = fs::rename(&here, &away);
        let _ = fs::create_dir(&here);
        Outcome::Gone
    };
    let failed = site.build_by(&here, None, Changes::Everything, &mut purse, &gone);
    assert!(matches!(failed, Err(BuildError::Scan(ScanError::Replaced))));
}

#[test]
fn a_file_that_does_not_parse_just_now_keeps_what_its_unchanged_parts_said() {
    let whole =
        "def f(): pass\n\ndef g(a):\n    return a\n\ndef h(): pass\n\nclass C:\n    def m(self): pass\n";
    let site = Site::new(&[("a.py", whole), ("b.py", "def other(): pass\n")]);
    let mut purse = Purse::new(1 << 30);
    let first = base(site.build(None, Changes::Everything, &mut purse).unwrap());
    let defs = |graph: &Graph| {
        let facts = graph.own_facts(graph.file("a.py").unwrap());
        let text = fs::read_to_string(site.dir.path().join("a.py")).unwrap();
        let all = facts.defs.iter().filter(|def| !def.name_span.is_empty());
        let mut all: Vec<String> = all
            .map(|def| {
                let written = &text[def.name_span.start as usize..def.name_span.end as usize];
                assert_eq!(written, &*facts.names[def.name.index()]);
                written.to_owned()
            })
            .collect();
        all.sort();
        all
    };
    let all = defs(&first.graph);
    // A quote that swallows the rest.
    let broken = whole.replace("return a\n", "return \"\"\" more(a\n");
    fs::write(site.dir.path().join("a.py"), &broken).unwrap();
    let next = site.build(Some(first), site.paths(&["a.py"]), &mut purse).unwrap();
    assert!(next.seen.outdated["a.py"].starts_with("does not parse just now"));
    let second = base(next);
    assert_eq!(defs(&second.graph), all);
    // The same again is nothing new, and still not all its own.
    for changes in [site.paths(&["a.py"]), Changes::Rescan] {
        let again = site.build(Some(second.clone()), changes, &mut purse).unwrap();
        assert!(again.graph.is_none() && again.seen.outdated.contains_key("a.py"));
    }
    // Nor is it lost by the next edit.
    let broken = broken
        .replace("more(a", "still_more(a")
        .replace("def f(): pass\n", "def f(): pass\n# one more line\n");
    fs::write(site.dir.path().join("a.py"), broken).unwrap();
    let third = base(site.build(Some(second), Changes::Rescan, &mut purse).unwrap());
    assert_eq!(defs(&third.graph), all);
    fs::write(site.dir.path().join("a.py"), whole.replace("def h(): pass\n", "")).unwrap();
    let last = site.build(Some(third), site.paths(&["a.py"]), &mut purse).unwrap();
    assert!(last.seen.outdated.is_empty());
    assert!(!defs(&base(last).graph).contains(&"h".to_owned()));
}

#[test]
fn a_file_that_is_about_to_be_written_keeps_what_it_said_until_it_is_looked_at_again() {
    for blank in [&b""[..], b"def f(): pass\0\0", b"def \xff\xfe"] {
        let mut site = Site::new(&[("a.py", "def f(): pass\n")]);
        let mut purse = Purse::new(1 << 30);
        let good = base(site.build(None, Changes::Everything, &mut purse).unwrap());
        fs::write(site.dir.path().join("a.py"), blank).unwrap();
        let first = site.build(Some(good.clone()), site.paths(&["a.py"]), &mut purse).unwrap();
        assert!(first.graph.is_none() && first.seen.unread.contains_key("a.py"));
        site.outdated = Arc::new(site.outdated.after(None, &first.seen.outdated));
        let second = site.build(Some(good), site.paths(&["a.py"]), &mut purse).unwrap();
        assert!(second.seen.unread.is_empty() && second.seen.outdated.is_empty());
        let graph = base(second).graph;
        let facts = graph.file("a.py").map(|id| graph.own_facts(id));
        assert!(
            facts.is_none_or(|facts| facts.defs.is_empty() || facts.names.iter().all(|name| &**name != "f"))
        );
    }
}
