//! Graphs on disk, from outside: processes that are killed, share, or find the disk against them.

#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use coppice::graph::fixture::Fixture;
use coppice::graph::{Graph, GraphBuilder};
use coppice::workspace::cache::{CACHE_BYTES_MAX, Cache, Identity, Missing};
use serde_json::{Value, json};

mod support;
use support::{Folder, PATIENCE, Wire};

/// Who a test becomes that has to be somebody else than root.
const NOBODY: u32 = 65_534;

/// So many rounds, or that times what the variable says: a night has time for more than a change.
fn scaled(rounds: usize) -> usize {
    let scale = std::env::var("COPPICE_TEST_SCALE").ok().and_then(|s| s.parse().ok());
    rounds * scale.unwrap_or(1)
}

/// A graph whose every file says the same number.
fn numbered(number: usize) -> Graph {
    let mut builder = GraphBuilder::new();
    for file in 0..40 {
        let text: String = (0..50).map(|i| format!("def f{i}_of_{number}(): return {i}\n")).collect();
        builder.add(Fixture::encode(&format!("f{file}.py"), &text).unwrap());
    }
    builder.finish().unwrap()
}

/// The number that all files of the graph agree on.
fn number_of(graph: &Graph) -> usize {
    let names: Vec<&str> = graph.names().map(|(_, text)| text).collect();
    let numbers: Vec<usize> = names.iter().filter_map(|n| n.split_once("_of_")?.1.parse().ok()).collect();
    assert!(numbers.iter().all(|n| *n == numbers[0]), "a graph of two: {names:?}");
    assert_eq!(graph.files().map(|f| graph.facts(f).defs.len()).sum::<usize>(), 40 * 50);
    numbers[0]
}

const WRITES_TO: &str = "COPPICE_TEST_WRITES_TO";

/// The other half of the next test: writes snapshots until it is killed.
#[test]
fn a_process_that_writes() {
    let Some(dir) = std::env::var_os(WRITES_TO).map(PathBuf::from) else { return };
    let cache = Cache::open(&dir.join("cache"), CACHE_BYTES_MAX).unwrap();
    let identity = Identity::of(&dir).unwrap();
    let lock = cache.lock(&identity).unwrap().expect("the dead hold no lock");
    let graphs: Vec<Graph> = (0..3).map(numbered).collect();
    for round in 0.. {
        cache.write(&lock, &identity, 1, &graphs[round % graphs.len()]).unwrap();
        println!("written {round}");
    }
}

#[test]
fn whoever_is_killed_while_writing_leaves_a_whole_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    let identity = Identity::of(dir.path()).unwrap();
    let mut seen = [0; 3];
    let deadline = Instant::now() + PATIENCE;
    for round in 0.. {
        if round >= scaled(20) && seen.iter().all(|n| *n > 0) {
            break;
        }
        assert!(round < scaled(20) || Instant::now() < deadline, "kills at different moments: {seen:?}");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["a_process_that_writes", "--exact", "--nocapture"])
            .env(WRITES_TO, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        // Another one has been written last each time; the next is on its way. On one core the first stands behind the
        // name of the test.
        let last = format!("written {}", round % seen.len());
        lines.find(|line| line.ends_with(&last)).expect("that many writes");
        // Any moment of it will do.
        std::thread::sleep(Duration::from_micros(round as u64 * 7_919 % 20_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let cache = Cache::open(&dir.path().join("cache"), CACHE_BYTES_MAX).unwrap();
        let found = cache.find(&identity).expect("the last whole one");
        seen[number_of(&found.load().expect("a whole one"))] += 1;
    }
    let cache = Cache::open(&dir.path().join("cache"), CACHE_BYTES_MAX).unwrap();
    cache.sweep().unwrap();
    let left = fs::read_dir(dir.path().join("cache")).unwrap();
    let unfinished =
        left.filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|e| e == "graph-new"));
    assert_eq!(unfinished.count(), 0, "what the dead leave is cleared away");
}

/// A server over the folder, which keeps graphs in that directory.
fn server(cache: &Path, folder: &Folder) -> Wire {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coppice"));
    over(Wire::of(command.arg("--cache.dir").arg(cache)), folder)
}

fn over(mut wire: Wire, folder: &Folder) -> Wire {
    let reply = wire.initialize(json!({"workspaceFolders": [{"uri": folder.uri(""), "name": "folder"}]}));
    assert!(reply.get("result").is_some(), "{reply}");
    wire
}

fn command(wire: &mut Wire, name: &str) {
    let reply = wire.ask("workspace/executeCommand", json!({"command": name, "arguments": []}));
    assert_eq!(reply["result"], Value::Null, "{reply}");
}

fn from_snapshot(wire: &mut Wire) -> bool {
    wire.ready()["folders"][0]["fromSnapshot"].as_bool().expect("a folder")
}

/// Warnings that have been shown so far.
fn warnings(wire: &mut Wire) -> Vec<String> {
    let frames = wire.leftovers().into_iter().filter(|f| f["method"] == "window/showMessage");
    frames.map(|f| f["params"]["message"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The only warning there is, which may come after the answer that it is about.
#[track_caller]
fn one_warning(wire: &mut Wire) -> String {
    let shown = wire.until(|frame| frame["method"] == "window/showMessage");
    assert_eq!(warnings(wire), Vec::<String>::new(), "besides {shown}");
    shown["params"]["message"].as_str().unwrap_or_default().to_owned()
}

/// Waits until there is a snapshot of the folder, of whichever of its graphs.
fn until_kept(wire: &mut Wire) {
    let deadline = Instant::now() + PATIENCE;
    while wire.ready()["folders"][0]["snapshot"].is_null() {
        assert!(Instant::now() < deadline, "{}", wire.ready());
    }
}

/// Whether the folder has a symbol of that name now.
fn knows(wire: &mut Wire, name: &str) -> bool {
    let reply = wire.ask("workspace/symbol", json!({"query": name}));
    let found = reply["result"].as_array().unwrap_or_else(|| panic!("no answer: {reply}"));
    found.iter().any(|symbol| symbol["name"] == name)
}

/// Enough to be larger than the files that a cache has anyway.
fn large() -> Folder {
    let text: String = (0..500).map(|i| format!("def f{i}(a): return a.b{i}\n")).collect();
    Folder::new(&[("a.py", &text)])
}

/// The folder goes and comes back; it is answered for all the same.
fn goes_and_comes_back(wire: &mut Wire) {
    wire.ready();
    command(wire, "coppice.evict");
    wire.until_symbol("f1");
    wire.ready();
}

#[test]
fn a_killed_server_leaves_what_the_next_one_can_use() {
    let (dir, folder) = (tempfile::tempdir().unwrap(), large());
    let cache = dir.path().join("cache");
    for round in 0..scaled(3) {
        let mut wire = server(&cache, &folder);
        wire.ready();
        let name = format!("round_{round}");
        folder.write("b.py", &format!("def {name}(): pass\n"));
        wire.notify(
            "workspace/didChangeWatchedFiles",
            json!({"changes": [{"uri": folder.uri("b.py"), "type": 2}]}),
        );
        wire.until_symbol(&name);
        // There is a whole one beside the one that is to be broken off.
        until_kept(&mut wire);
        command(&mut wire, "coppice.evict");
        // Killed while the graph that was evicted is being written.
        wire.kill();
        let mut next = server(&cache, &folder);
        assert!(from_snapshot(&mut next), "its first graph, before it has written any itself");
        assert_eq!((knows(&mut next, &name), knows(&mut next, "f1")), (true, true));
        assert_eq!(round.checked_sub(1).filter(|before| knows(&mut next, &format!("round_{before}"))), None);
    }
}

#[test]
fn two_servers_share_a_cache() {
    let (dir, folder) = (tempfile::tempdir().unwrap(), large());
    let cache = dir.path().join("cache");
    let mut servers = [server(&cache, &folder), server(&cache, &folder)];
    for round in 0..scaled(5) {
        let name = format!("round_{round}");
        folder.write("b.py", &format!("def {name}(): pass\n"));
        for wire in &mut servers {
            wire.notify(
                "workspace/didChangeWatchedFiles",
                json!({"changes": [{"uri": folder.uri("b.py"), "type": 2}]}),
            );
            if round % 3 == 0 {
                command(wire, "coppice.evict");
            }
        }
        // In the one order and the other: who does not hold the lock comes back from what the other has written, be that of
        // this round or of the one before.
        servers.reverse();
        for wire in &mut servers {
            wire.until_symbol(&name);
            goes_and_comes_back(wire);
            assert!(knows(wire, &name), "{name} is gone with the graph");
            // Whoever wrote the snapshot last may have done so before the file was changed.
            let before = round.checked_sub(1).map(|before| format!("round_{before}"));
            assert_eq!(before.filter(|name| knows(wire, name)), None, "as it was before {name}");
        }
    }
    for wire in &mut servers {
        assert_eq!(warnings(wire), [""; 0]);
    }
    let files = fs::read_dir(&cache).unwrap().count();
    assert!(files <= 5, "one snapshot, its lock, the tag: {files} files");
}

#[test]
fn a_full_disk_is_told_of_once_and_is_left_no_fuller() {
    let (dir, folder) = (tempfile::tempdir().unwrap(), large());
    let cache = dir.path().join("cache");
    // No file may grow beyond 8 KiB, which to the writer is the same.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_coppice")]);
    let mut wire = over(Wire::of(command.arg("--cache.dir").arg(&cache)), &folder);
    for _ in 0..3 {
        goes_and_comes_back(&mut wire);
    }
    assert!(!from_snapshot(&mut wire));
    let told = one_warning(&mut wire);
    assert!(told.contains("cannot be kept on disk"), "{told}");
    let names = fs::read_dir(&cache).unwrap().map(|e| e.unwrap().path());
    let graphs: Vec<PathBuf> = names.filter(|p| p.to_string_lossy().contains(".graph")).collect();
    assert!(graphs.is_empty(), "{graphs:?}");
}

/// A server that is not root, so that it can be kept from something.
fn powerless(dir: &Path, cache: &Path, folder: &Folder) -> Wire {
    let mut program = PathBuf::from(env!("CARGO_BIN_EXE_coppice"));
    let root = rustix::process::geteuid().is_root();
    if root {
        // Where the build is may be closed to others.
        let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        open(dir);
        open(&folder.path(""));
        let copy = dir.join("coppice");
        if !copy.exists() {
            fs::hard_link(&program, &copy).or_else(|_| fs::copy(&program, &copy).map(drop)).unwrap();
        }
        program = copy;
    }
    let mut command = Command::new(program);
    if root {
        command.uid(NOBODY).gid(NOBODY);
    }
    over(Wire::of(command.arg("--cache.dir").arg(cache)), folder)
}

#[test]
fn a_cache_that_cannot_be_written_to_is_told_of_once_and_still_read() {
    let (dir, folder) = (tempfile::tempdir().unwrap(), large());
    let cache = dir.path().join("cache");
    fs::create_dir(&cache).unwrap();
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&cache, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    goes_and_comes_back(&mut powerless(dir.path(), &cache, &folder));
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o500)).unwrap();
    let mut wire = powerless(dir.path(), &cache, &folder);
    assert!(from_snapshot(&mut wire));
    for text in ["def g(): pass\n", "def h(): pass\n"] {
        folder.write("b.py", text);
        command(&mut wire, "coppice.reload");
        goes_and_comes_back(&mut wire);
    }
    // Writing goes on by itself; what it says comes when it comes.
    wire.until(|f| f["params"]["message"].as_str().is_some_and(|m| m.contains("cannot be kept on disk")));
    goes_and_comes_back(&mut wire);
    assert_eq!(warnings(&mut wire), Vec::<String>::new());
    // What could not be written is written once it can be, without anything else having to happen.
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o700)).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while wire.ready()["folders"][0]["snapshot"]["current"] != true {
        assert!(Instant::now() < deadline, "{}", wire.ready());
    }
    assert_eq!(warnings(&mut wire), Vec::<String>::new());
}

#[test]
fn a_cache_of_somebody_else_is_not_touched() {
    let (dir, folder) = (tempfile::tempdir().unwrap(), large());
    let cache = dir.path().join("cache");
    let theirs = match rustix::process::geteuid().is_root() {
        true => {
            drop(Cache::open(&cache, CACHE_BYTES_MAX).unwrap());
            std::os::unix::fs::chown(&cache, Some(NOBODY), None).unwrap();
            cache
        }
        false => PathBuf::from("/"),
    };
    let mut wire = server(&theirs, &folder);
    goes_and_comes_back(&mut wire);
    let told = one_warning(&mut wire);
    assert!(told.contains("belongs to another user"), "{told}");
}

#[test]
fn the_first_start_makes_the_second_quick() {
    let (dir, folder) = (tempfile::tempdir().unwrap(), large());
    let mut first = Command::new(env!("CARGO_BIN_EXE_coppice"));
    let mut wire = over(Wire::of(first.env("XDG_CACHE_HOME", dir.path())), &folder);
    wire.until_symbol("f1");
    // The end waits for the snapshot that is on its way.
    wire.ask("shutdown", Value::Null);
    wire.notify("exit", Value::Null);
    assert_eq!(wire.ends_within(Duration::from_secs(10)), Some(0));
    let mut second = Command::new(env!("CARGO_BIN_EXE_coppice"));
    let mut wire = over(Wire::of(second.env("XDG_CACHE_HOME", dir.path())), &folder);
    wire.until_symbol("f1");
    assert!(from_snapshot(&mut wire));
    let identity = Identity::of(&folder.path("")).unwrap();
    let cache = Cache::open(&dir.path().join("coppice"), CACHE_BYTES_MAX).unwrap();
    // This binary of the tests is of the same build.
    assert!(!matches!(cache.find(&identity), Err(Missing::NotThere)));
}

/// The file of that kind in the cache, if there is one.
fn in_cache(cache: &Path, kind: &str) -> Option<PathBuf> {
    let files = fs::read_dir(cache).ok()?.map(|e| e.unwrap().path());
    files.into_iter().find(|p| p.extension().is_some_and(|e| e == kind))
}

#[test]
fn a_file_that_ends_two_processes_is_left_alone_by_the_third() {
    // Slow to parse, so that there is time to end the process meanwhile.
    let slow = format!("x = {}1{}\n", "[(".repeat(4_000), ")]".repeat(4_000)).repeat(40);
    let (dir, folder) = (tempfile::tempdir().unwrap(), Folder::new(&[("good.py", "def f1(): pass\n")]));
    folder.write("slow.py", &slow);
    let cache = dir.path().join("cache");
    let is_being_parsed = || {
        let journal = in_cache(&cache, "parsing").map(|file| fs::read(file).unwrap_or_default());
        journal.is_some_and(|bytes| bytes.windows(7).any(|name| name == b"slow.py"))
    };
    let deadline = Instant::now() + PATIENCE;
    let mut deaths = 0;
    while deaths < 2 {
        let mut wire = server(&cache, &folder);
        // What the first one has left in the journal is counted before anything is parsed.
        while !is_being_parsed() || deaths > 0 && in_cache(&cache, "crashes").is_none() {
            assert!(Instant::now() < deadline, "{deaths} deaths");
            if wire.ask("coppice/status", Value::Null)["result"]["folders"][0]["state"] == "loaded" {
                break;
            }
        }
        wire.kill();
        // The parse may have ended before the process did; then the journal blames nobody, and it is tried again.
        deaths += usize::from(is_being_parsed());
        if let Some(snapshot) = in_cache(&cache, "graph") {
            fs::remove_file(snapshot).unwrap();
        }
    }
    let mut wire = server(&cache, &folder);
    let status = wire.ready();
    let skipped = status["folders"][0]["skipped"].to_string();
    assert!(skipped.contains("slow.py") && skipped.contains("quarantined"), "{status}");
    wire.until_symbol("f1");
    command(&mut wire, "coppice.reload");
    // It serves while it is built anew.
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        let status = wire.ready();
        if status["folders"][0]["state"] == "loaded" {
            break status;
        }
        assert!(Instant::now() < deadline, "{status}");
    };
    assert!(!status["folders"][0]["skipped"].to_string().contains("quarantined"), "{status}");
    wire.ask("shutdown", Value::Null);
    wire.notify("exit", Value::Null);
    wire.ends_within(PATIENCE);
    assert_eq!(in_cache(&cache, "parsing"), None, "an end in good order blames nobody");
}
