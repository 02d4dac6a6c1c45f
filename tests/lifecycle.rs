//! The life of a folder as `coppice/status` shows it from outside, and the errors that say where it stands.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

mod support;
use support::{Folder, PATIENCE, Wire, thread_names};

const REQUEST_FAILED: i64 = -32803;

const FILES: &[(&str, &str)] = &[
    ("w/pyproject.toml", "[project]\nname = \"w\"\n"),
    ("w/shop.py", "def total(n):\n    return 3 * n\n"),
    ("w/app.py", "from shop import total\n\ntotal(1)\n"),
];

/// The states of a folder, and the ways from one to another that `workspace/slot.rs` has. A folder that is not open is
/// not listed; one that is open is never `unloaded` when somebody looks. `+stale` is what is served after a failure.
const WAYS: [(&str, &str); 25] = [
    // Somebody wants it, again or for the first time.
    ("unloaded", "loading"),
    ("evicted", "loading"),
    ("failed", "loading"),
    // Something may have changed.
    ("loaded", "rebuilding"),
    ("failed+stale", "rebuilding+stale"),
    // A build comes to its end.
    ("loading", "loaded"),
    ("rebuilding", "loaded"),
    ("rebuilding+stale", "loaded"),
    // It fails.
    ("loading", "failed"),
    ("rebuilding", "failed+stale"),
    ("rebuilding+stale", "failed+stale"),
    // The old graph goes so that the new one fits.
    ("rebuilding", "loading"),
    // The folder is evicted, whatever is under way.
    ("loading", "evicted"),
    ("loaded", "evicted"),
    ("rebuilding", "evicted"),
    ("rebuilding+stale", "evicted"),
    ("failed", "evicted"),
    ("failed+stale", "evicted"),
    // It is closed, whatever is under way.
    ("loading", "unloaded"),
    ("loaded", "unloaded"),
    ("rebuilding", "unloaded"),
    ("rebuilding+stale", "unloaded"),
    ("failed", "unloaded"),
    ("failed+stale", "unloaded"),
    ("evicted", "unloaded"),
];

/// A session about the folder `w`, in which builds can be held up.
struct Session {
    disk: Folder,
    wire: Wire,
    /// The state that was seen last, and the ways on which it was seen to change.
    state: String,
    ways: BTreeSet<(String, String)>,
    holds: bool,
    /// What is taken of the budget by nobody.
    retained: u64,
}

impl Session {
    fn new(options: Value) -> Session {
        let disk = Folder::new(FILES);
        let wire = Wire::initialized(json!({ "initializationOptions": options }));
        let mut session = Session {
            disk,
            wire,
            state: "unloaded".to_owned(),
            ways: BTreeSet::new(),
            holds: false,
            retained: 0,
        };
        assert_eq!(session.status()["folders"], json!([]), "nothing is open yet");
        session.hold(true);
        session.folders("added");
        session
    }

    /// One that has loaded its folder.
    fn loaded(options: Value) -> Session {
        let mut session = Session::new(options);
        session.hold(false);
        session.until(|f| f["state"] == "loaded");
        session
    }

    /// Holds builds before their first file, or lets them go on.
    fn hold(&mut self, held: bool) {
        if std::mem::replace(&mut self.holds, held) == held {
            return;
        }
        let reply = self.wire.ask("coppice/test/hold", json!({ "held": held }));
        assert_eq!(reply["result"], Value::Null, "{reply}");
    }

    fn folders(&mut self, what: &str) {
        let mut event = json!({"added": [], "removed": []});
        event[what] = json!([{"uri": self.disk.uri("w"), "name": "w"}]);
        self.wire.notify("workspace/didChangeWorkspaceFolders", json!({ "event": event }));
    }

    fn status(&mut self) -> Value {
        let status = self.wire.ask("coppice/status", Value::Null)["result"].clone();
        let state = status["folders"].get(0).map_or("unloaded".to_owned(), |folder| {
            let stale = if folder["stale"] == true { "+stale" } else { "" };
            format!("{}{stale}", folder["state"].as_str().expect("a state"))
        });
        if state != self.state {
            let before = std::mem::replace(&mut self.state, state.clone());
            self.ways.insert((before, state));
        }
        status
    }

    /// Looks until the folder is in that state.
    #[track_caller]
    fn comes_to(&mut self, state: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.state != state {
            assert!(Instant::now() < deadline, "it never came to be {state}: {}", self.status());
            self.status();
        }
    }

    /// Goes on from a folder that is loaded: holds builds, and has a file read again that is another each time.
    fn rebuilds(&mut self) {
        self.comes_to("loaded");
        self.hold(true);
        self.changes("rebuilding");
    }

    fn changes(&mut self, state: &str) {
        let number = self.ways.len() + self.folder()["generation"].as_u64().unwrap_or(0) as usize;
        self.write(
            "w/shop.py",
            &format!("def total(n): return n * {number}\n\ndef {}(): pass\n", "x".repeat(number)),
        );
        self.comes_to(state);
    }

    /// The same, and the build fails in the end.
    fn fails_to_rebuild(&mut self) {
        self.rebuilds();
        self.command("coppice.cancelBuild");
        self.comes_to("failed+stale");
    }

    /// Asks for what is not there; builds are held.
    fn is_wanted(&mut self) {
        self.hold(true);
        assert_eq!(self.references(), retryable("workspace_not_loaded"));
        self.comes_to("loading");
    }

    fn is_read(&mut self) {
        self.hold(false);
        self.comes_to("loaded");
    }

    fn is_evicted(&mut self) {
        self.command("coppice.evict");
        self.comes_to("evicted");
    }

    /// Closes the folder and opens it again; builds are held.
    fn closes(&mut self) {
        self.hold(true);
        self.folders("removed");
        self.comes_to("unloaded");
        self.folders("added");
        self.comes_to("loading");
    }

    fn folder(&mut self) -> Value {
        self.status()["folders"][0].clone()
    }

    /// The folder's row once it is as wanted.
    #[track_caller]
    fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let folder = self.folder();
            if wanted(&folder) {
                return folder;
            }
            assert!(Instant::now() < deadline, "it never came to be: {folder}");
            std::thread::yield_now();
        }
    }

    fn write(&mut self, path: &str, text: &str) {
        self.disk.write(path, text);
        self.tell(path);
    }

    fn tell(&mut self, path: &str) {
        let change = json!({"uri": self.disk.uri(path), "type": 2});
        self.wire.notify("workspace/didChangeWatchedFiles", json!({ "changes": [change] }));
    }

    fn command(&mut self, name: &str) {
        let arguments = json!([self.disk.uri("w")]);
        let reply =
            self.wire.ask("workspace/executeCommand", json!({"command": name, "arguments": arguments}));
        assert!(reply.get("error").is_none(), "{reply}");
    }

    /// Takes so much of the budget, or gives it back.
    fn retains(&mut self, bytes: u64) {
        let reply = self.wire.ask("coppice/test/retain", json!({ "bytes": bytes }));
        assert_eq!(reply["result"], Value::Null, "{reply}");
    }

    /// Leaves so much of the budget free.
    fn leaves_free(&mut self, bytes: u64) {
        self.retains(0);
        let memory = self.status()["memory"].clone();
        let [limit, used] = ["limitBytes", "usedBytes"].map(|key| memory[key].as_u64().expect("bytes"));
        self.retained = limit - used - bytes;
        self.retains(self.retained);
    }

    /// Adds files, and has them all read with so little memory free that their old graph has to go for it. Builds are held
    /// then.
    fn grows_until_it_fits_but_once(&mut self) {
        /// More than it takes to read any of these files.
        const ROOM_BYTES: u64 = 12 << 20;
        /// Too little, even with the old graph's.
        const NO_ROOM_BYTES: u64 = 64 << 10;
        let body: String = (0..600).map(|i| format!("def f{i}(a):\n    return a.b{i}()\n")).collect();
        for file in 0..40 {
            self.disk.write(&format!("w/m{file}.py"), &body);
        }
        self.command("coppice.reload");
        let step = self.until(|f| f["files"] == 42 && f["state"] == "loaded")["residentBytes"].as_u64();
        let step = step.expect("bytes") / 2;
        // Ever less, until it is too little for both.
        let mut free = ROOM_BYTES;
        loop {
            self.leaves_free(free);
            self.hold(true);
            self.command("coppice.reload");
            let deadline = Instant::now() + PATIENCE;
            while self.state != "loading"
                && (self.status()["memory"]["reservedBytes"] == 0 || self.state != "rebuilding")
            {
                assert!(Instant::now() < deadline, "{}", self.status());
            }
            if self.state == "loading" {
                break;
            }
            self.is_read();
            free -= step;
        }
        // It is waited for, first, so that this is seen.
        self.retains(0);
        self.is_read();
        self.leaves_free(NO_ROOM_BYTES);
        self.hold(true);
        self.command("coppice.reload");
        self.comes_to("rebuilding");
        self.retains(self.retained + NO_ROOM_BYTES - free);
    }

    fn settings(&mut self, settings: Value) {
        self.wire.notify("workspace/didChangeConfiguration", json!({"settings": {"coppice": settings}}));
    }

    /// Moves the folder away, or back.
    fn away(&mut self, away: bool) {
        let (from, to) = if away { ("w", "elsewhere") } else { ("elsewhere", "w") };
        std::fs::rename(self.disk.path(from), self.disk.path(to)).unwrap();
        self.tell("w");
    }

    fn at_use(&self) -> Value {
        json!({"textDocument": {"uri": self.disk.uri("w/app.py")}, "position": {"line": 2, "character": 0}})
    }

    fn definition(&mut self) -> Value {
        let at = self.at_use();
        self.wire.ask("textDocument/definition", at)
    }

    fn hover(&mut self) -> String {
        let at = self.at_use();
        self.wire.ask("textDocument/hover", at)["result"]["contents"].to_string()
    }

    /// What a client can tell from the error that the request ends in.
    fn refused(&mut self, method: &str, params: Value) -> (String, bool) {
        let error = self.wire.ask(method, params)["error"].clone();
        assert_eq!(error["code"], REQUEST_FAILED, "{error}");
        assert_eq!(error["data"]["folder"], self.disk.uri("w"), "{error}");
        (error["data"]["kind"].as_str().unwrap().to_owned(), error["data"]["retryable"] == true)
    }

    fn references(&mut self) -> (String, bool) {
        let mut at = self.at_use();
        at["context"] = json!({"includeDeclaration": true});
        self.refused("textDocument/references", at)
    }

    /// The one diagnostic about the folder as a whole: on its manifest.
    fn about_the_folder(&mut self, code: &str) -> String {
        let manifest = self.disk.uri("w/pyproject.toml");
        let told = self.wire.until(|f| {
            f["method"] == "textDocument/publishDiagnostics"
                && f["params"]["uri"].as_str().is_some_and(|uri| uri == manifest || uri.ends_with("/w"))
                && f["params"]["diagnostics"][0]["code"] == code
        });
        assert_eq!(told["params"]["diagnostics"].as_array().map(Vec::len), Some(1), "{told}");
        told["params"]["diagnostics"][0]["message"].as_str().unwrap().to_owned()
    }
}

fn retryable(kind: &str) -> (String, bool) {
    (kind.to_owned(), true)
}

#[test]
fn every_state_and_every_way_between_them_is_seen_from_outside() {
    let mut session = Session::new(json!({"request": {"waitMs": 0}}));
    // Unloaded to loading: it is known at once, and builds.
    let folder = session.until(|f| f["progressPercent"] == 0);
    assert_eq!((&folder["state"], &folder["generation"]), (&json!("loading"), &json!(0)));
    assert!(session.status()["memory"]["reservedBytes"].as_u64() > Some(0));
    assert_eq!(session.status()["ready"], false);
    assert_eq!(session.references(), retryable("workspace_not_loaded"));
    // Loading to loaded.
    session.hold(false);
    let folder = session.until(|f| f["state"] == "loaded");
    assert_eq!(
        (&folder["generation"], &folder["files"], &folder["stale"]),
        (&json!(1), &json!(2), &json!(false))
    );
    assert_eq!((&folder["lastError"], &folder["progressPercent"]), (&Value::Null, &Value::Null));
    assert!(folder["lastGoodAt"].is_string() && folder["residentBytes"].as_u64() > Some(0));
    assert_eq!(session.status()["memory"]["reservedBytes"], 0);
    // Loaded to rebuilding; what is there is served meanwhile, and is not stale.
    session.hold(true);
    session.write("w/shop.py", "def other(): pass\n\ndef total(n): pass\n");
    let folder = session.until(|f| f["state"] == "rebuilding" && f["progressPercent"] == 0);
    assert_eq!((&folder["generation"], &folder["stale"]), (&json!(1), &json!(false)));
    assert_eq!(session.definition()["result"][0]["range"]["start"]["line"], 0);
    // And back.
    session.hold(false);
    session.until(|f| f["state"] == "loaded" && f["generation"] == 2);
    assert_eq!(session.definition()["result"][0]["range"]["start"]["line"], 2);
    // Rebuilding to failed, with a graph: it is served, and said to be stale.
    session.away(true);
    let folder = session.until(|f| f["state"] == "failed");
    assert_eq!(
        (&folder["stale"], &folder["generation"], &folder["retryCount"]),
        (&json!(true), &json!(2), &json!(1))
    );
    assert_eq!(folder["lastError"], "the folder does not exist");
    assert!(session.about_the_folder("stale").contains("as of"));
    assert!(session.hover().contains("As of"));
    assert_eq!(session.definition()["result"][0]["range"]["start"]["line"], 2);
    // Too old to be served, by the settings as they are now.
    session.settings(json!({"stale": {"maxAgeHours": 1e-9}, "request": {"waitMs": 0}}));
    let expired = session.until(|f| f["ageMs"].as_u64() > Some(0));
    assert_eq!(expired["stale"], true);
    assert_eq!(session.references(), retryable("workspace_stale_expired"));
    session.settings(json!({"request": {"waitMs": 0}}));
    assert!(session.definition().get("result").is_some());
    // Failed to loaded, by itself: nothing is left of the failure.
    std::fs::rename(session.disk.path("elsewhere"), session.disk.path("w")).unwrap();
    let folder = session.until(|f| f["state"] == "loaded");
    assert_eq!(
        (&folder["lastError"], &folder["retryCount"], &folder["stale"]),
        (&Value::Null, &json!(0), &json!(false))
    );
    assert!(!session.hover().contains("As of"));
    // Loaded to evicted, and back through loading with the next request.
    session.hold(true);
    session.command("coppice.evict");
    let folder = session.folder();
    assert_eq!(
        (&folder["state"], &folder["residentBytes"], &folder["files"]),
        (&json!("evicted"), &json!(0), &json!(0))
    );
    assert_eq!(session.status()["ready"], true, "an evicted folder is at rest");
    assert_eq!(session.references(), retryable("workspace_not_loaded"));
    session.until(|f| f["state"] == "loading" || f["state"] == "loaded");
    session.hold(false);
    session.until(|f| f["state"] == "loaded");
    // Pinned and not.
    session.command("coppice.pin");
    assert_eq!(session.folder()["pinned"], true);
    session.command("coppice.unpin");
    assert_eq!(session.folder()["pinned"], false);
    // Reloaded.
    let before = session.folder()["generation"].as_u64().unwrap();
    session.command("coppice.reload");
    session.until(|f| f["state"] == "loaded" && f["generation"].as_u64() == Some(before + 1));
    session.until(|f| f["state"] == "loaded" && f["retryCount"] == 0);
    // A build that is ended while there is a graph, and while that is stale.
    session.fails_to_rebuild();
    session.changes("rebuilding+stale");
    session.command("coppice.cancelBuild");
    session.comes_to("failed+stale");
    session.changes("rebuilding+stale");
    session.is_read();
    // Evicted whatever is under way, and closed.
    session.rebuilds();
    session.is_evicted();
    session.is_wanted();
    session.is_evicted();
    session.is_wanted();
    session.command("coppice.cancelBuild");
    session.comes_to("failed");
    session.is_evicted();
    session.closes();
    session.closes();
    session.command("coppice.cancelBuild");
    session.comes_to("failed");
    session.closes();
    session.command("coppice.cancelBuild");
    session.comes_to("failed");
    session.command("coppice.reload");
    session.comes_to("loading");
    session.is_read();
    session.fails_to_rebuild();
    session.is_evicted();
    session.is_wanted();
    session.is_read();
    session.fails_to_rebuild();
    session.changes("rebuilding+stale");
    session.is_evicted();
    session.is_wanted();
    session.is_read();
    session.rebuilds();
    session.closes();
    session.is_read();
    session.fails_to_rebuild();
    session.closes();
    session.is_read();
    session.fails_to_rebuild();
    session.changes("rebuilding+stale");
    session.closes();
    session.is_read();
    // There is room for the folder once, but not twice.
    session.grows_until_it_fits_but_once();
    session.comes_to("loading");
    session.retains(0);
    session.is_read();
    session.until(|f| f["degraded"].is_null() && f["owed"].is_null() && f["state"] == "loaded");
    // Closed: it is not known any more, and nothing of it is left.
    session.folders("removed");
    let status = session.status();
    assert_eq!((&status["folders"], &status["ready"]), (&json!([]), &json!(true)));
    assert_eq!(
        (&status["memory"]["residentBytes"], &status["memory"]["reservedBytes"]),
        (&json!(0), &json!(0))
    );
    let unseen = WAYS.iter().filter(|(from, to)| !session.ways.contains(&(from.to_string(), to.to_string())));
    assert_eq!(unseen.collect::<Vec<_>>(), Vec::<&(&str, &str)>::new(), "never seen, but {:?}", session.ways);
}

#[test]
fn a_folder_that_fails_before_it_has_a_graph_says_so_until_it_is_there() {
    let mut session = Session::loaded(json!({"request": {"waitMs": 60_000}}));
    session.folders("removed");
    std::fs::rename(session.disk.path("w"), session.disk.path("elsewhere")).unwrap();
    session.folders("added");
    let folder = session.until(|f| f["state"] == "failed");
    assert_eq!((&folder["stale"], &folder["lastGoodAt"]), (&json!(false), &Value::Null));
    assert!(session.about_the_folder("build-failed").contains("does not exist"));
    assert_eq!(session.references(), retryable("workspace_build_failed"));
    session.away(false);
    session.until(|f| f["state"] == "loaded");
}

#[test]
fn an_evicted_folder_that_no_request_is_about_stays_away_and_says_so() {
    let mut session = Session::loaded(json!({"memory": {"limitMb": 8}}));
    session.command("coppice.evict");
    let refused = session.refused("workspace/symbol", json!({"query": "total"}));
    assert_eq!(refused, retryable("workspace_evicted"));
    assert_eq!(session.folder()["state"], "evicted");
    assert!(session.definition().get("result").is_some());
}

#[test]
fn a_limit_that_is_changed_live_is_met_both_ways() {
    let mut session = Session::loaded(json!({"memory": {"limitMb": 256}}));
    let body: String = (0..500).map(|i| format!("def f{i}(a):\n    return a.b{i}()\n")).collect();
    for file in 0..80 {
        session.disk.write(&format!("w/m{file}.py"), &body);
    }
    session.command("coppice.reload");
    session.until(|f| f["files"] == 82 && f["state"] == "loaded");
    session.settings(json!({"memory": {"limitMb": 8}}));
    let memory = session.status()["memory"].clone();
    assert_eq!(memory["limitBytes"], 8 << 20);
    assert!(memory["usedBytes"].as_u64().expect("bytes") <= 8 << 20, "{memory}");
    // There is no room to read all of it again: it is there as far as there is, and says so.
    session.command("coppice.reload");
    let folder = session.until(|f| f["state"] == "loaded" && f["degraded"] != Value::Null);
    assert_eq!(
        (&folder["degraded"]["level"], &folder["degraded"]["filesInAll"]),
        (&json!("definitions"), &json!(82))
    );
    let left_out = folder["skipped"][0]["uri"].clone();
    let closed = json!({"textDocument": {"uri": left_out}, "position": {"line": 0, "character": 4}});
    assert_eq!(session.refused("textDocument/hover", closed), retryable("memory_budget_exceeded"));
    assert_eq!(session.references(), retryable("memory_budget_exceeded"));
    assert_eq!((&folder["lastError"], &folder["retryCount"]), (&Value::Null, &json!(0)));
    assert!(session.about_the_folder("over-budget").contains("only definitions"));
    let app = session.disk.uri("w/app.py");
    session.wire.open(&app, "python", "def local(): pass\n\nlocal()\n");
    assert_eq!(session.definition()["result"][0]["range"]["start"]["line"], 0);
    session.settings(json!({"memory": {"limitMb": 256}}));
    let folder = session.until(|f| f["state"] == "loaded" && f["files"] == 82);
    assert_eq!(folder["degraded"], Value::Null);
}

#[test]
fn a_file_that_is_about_to_be_read_is_worth_asking_for_again() {
    let mut session = Session::loaded(json!({}));
    let at = json!({"textDocument": {"uri": session.disk.uri("w/new.py")}, "position": {"line": 0, "character": 4}});
    assert_eq!(session.refused("textDocument/definition", at.clone()), ("no_such_file".to_owned(), false));
    session.hold(true);
    session.write("w/new.py", "def new(): pass\n");
    session.until(|f| f["state"] == "rebuilding");
    assert_eq!(session.refused("textDocument/definition", at.clone()), retryable("no_such_file"));
    session.hold(false);
    session.until(|f| f["state"] == "loaded" && f["files"] == 3);
    assert!(session.wire.ask("textDocument/definition", at)["result"].is_array());
}

#[test]
fn a_file_that_cannot_be_indexed_has_a_diagnostic_of_its_own() {
    let mut session = Session::loaded(json!({}));
    session.write("w/bad.py", "x = 1\0\n");
    let uri = session.disk.uri("w/bad.py");
    let about = |f: &Value| f["method"] == "textDocument/publishDiagnostics" && f["params"]["uri"] == uri;
    let told = session.wire.until(about);
    assert_eq!(told["params"]["diagnostics"][0]["code"], "skipped");
    assert!(session.folder()["skipped"][0]["why"].as_str().unwrap().contains("NUL"));
    session.write("w/bad.py", "x = 1\n");
    assert_eq!(session.wire.until(about)["params"]["diagnostics"], json!([]));
    assert_eq!(session.until(|f| f["files"] == 3)["skipped"], json!([]));
}

#[test]
fn what_is_said_of_a_folder_stays_while_its_manifest_is_open() {
    let mut session = Session::loaded(json!({}));
    let manifest = session.disk.uri("w/pyproject.toml");
    session.wire.open(&manifest, "toml", "[project]\n");
    session.away(true);
    session.about_the_folder("stale");
    // Open as something that is read, and with something wrong.
    session.away(false);
    session.comes_to("loaded");
    session.write("w/setup.py", "x = 1\n");
    std::fs::remove_file(session.disk.path("w/pyproject.toml")).unwrap();
    session.tell("w/pyproject.toml");
    session.command("coppice.reload");
    session.until(|f| f["state"] == "loaded");
    let setup = session.disk.uri("w/setup.py");
    session.wire.open(&setup, "python", "x = (\n");
    let about_setup = |codes: &'static [&'static str]| {
        let setup = setup.clone();
        move |f: &Value| {
            let all = f["params"]["diagnostics"].as_array();
            f["params"]["uri"] == *setup
                && all.is_some_and(|all| {
                    all.iter().map(|d| d["code"].as_str().unwrap_or("")).eq(codes.iter().copied())
                })
        }
    };
    session.wire.until(about_setup(&["syntax"]));
    session.away(true);
    session.wire.until(about_setup(&["stale", "syntax"]));
    session.away(false);
    session.wire.until(about_setup(&["syntax"]));
}

#[test]
fn a_folder_is_spoken_of_at_the_file_that_stands_for_it() {
    let files = [
        ("pom.xml", "A.java", "class A {}\n"),
        ("Makefile", "a.c", "int a;\n"),
        ("CMakeLists.txt", "a.cpp", "int a;\n"),
    ];
    for (stands, path, text) in files {
        let disk = Folder::new(&[("w/Cargo.toml.in", "")]);
        disk.write(&format!("w/{stands}"), "");
        disk.write(&format!("w/{path}"), text);
        let mut wire = Wire::initialized(json!({"workspaceFolders": [{"uri": disk.uri("w"), "name": "w"}]}));
        wire.ready();
        std::fs::rename(disk.path("w"), disk.path("elsewhere")).unwrap();
        wire.notify(
            "workspace/didChangeWatchedFiles",
            json!({"changes": [{"uri": disk.uri("w"), "type": 3}]}),
        );
        let told = wire.until(|f| f["params"]["diagnostics"][0]["code"] == "stale");
        assert_eq!(told["params"]["uri"], disk.uri(&format!("w/{stands}")));
    }
}

#[test]
fn files_that_are_owed_are_told_of_until_they_are_read() {
    let mut session = Session::loaded(json!({"memory.limitMb": 64}));
    session.retains(40 << 20);
    // A parse may need more than is free beside that.
    let comment = format!("# {}\n", "-".repeat(9_998));
    session.write("w/large.py", &format!("def large():\n    pass\n{}", comment.repeat(29)));
    let large = session.disk.uri("w/large.py");
    let folder = session.until(|f| !f["owed"].is_null() && f["state"] == "loaded");
    assert_eq!(folder["owed"]["uris"], json!([large]));
    assert_eq!(
        (&folder["stale"], &folder["lastError"], &folder["retryCount"]),
        (&json!(false), &Value::Null, &json!(0))
    );
    assert!(folder["note"].as_str().is_some_and(|note| note.contains("large.py")), "{folder}");
    let about_file = |session: &mut Session, count: usize| {
        session.wire.until(|f| {
            let (method, told) = (&f["method"], &f["params"]);
            method == "textDocument/publishDiagnostics"
                && told["uri"] == large
                && told["diagnostics"].as_array().is_some_and(|all| all.len() == count)
        })
    };
    let told = about_file(&mut session, 1);
    let message = told["params"]["diagnostics"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("as soon as there is"), "{message}");
    assert!(session.about_the_folder("over-budget").contains("large.py"));
    // What is there is answered from, and the answer says that it is not all.
    assert!(session.hover().contains("Only part of the folder is known: large.py"));
    let at = session.at_use();
    let refused = session.wire.ask("textDocument/rename", {
        let mut at = at;
        at["newName"] = json!("sum");
        at
    });
    assert!(refused["error"]["message"].as_str().is_some_and(|m| m.contains("large.py")), "{refused}");
    session.retains(0);
    let folder = session.until(|f| f["owed"].is_null() && f["state"] == "loaded");
    assert_eq!(
        (&folder["files"], &folder["note"], &folder["skipped"]),
        (&json!(3), &Value::Null, &json!([]))
    );
    about_file(&mut session, 0);
    assert!(!session.hover().contains("Only part"));
}

/// More than can be parsed in what is left free.
fn large_and_broken() -> String {
    format!("{}x = (\n", "# comment\n".repeat(10_000))
}

#[test]
fn a_document_that_lacked_memory_is_looked_at_again_once_it_is_back() {
    let mut session = Session::loaded(json!({"memory.limitMb": 64}));
    session.leaves_free(1 << 20);
    let uri = session.disk.uri("w/app.py");
    session.wire.open(&uri, "python", &large_and_broken());
    let told = |code: &'static str| {
        let uri = uri.clone();
        move |f: &Value| {
            let (told, params) = (f["method"] == "textDocument/publishDiagnostics", &f["params"]);
            told && params["uri"] == *uri && params["diagnostics"][0]["code"] == code
        }
    };
    session.wire.until(told("not-analysed"));
    session.retains(0);
    session.wire.until(told("syntax"));
}

#[test]
fn a_client_that_asks_is_told_to_ask_again_about_a_document_that_lacked_memory() {
    let disk = Folder::new(FILES);
    let mut wire = Wire::initialized(json!({
        "initializationOptions": {"memory.limitMb": 64},
        "capabilities": {
            "textDocument": {"diagnostic": {}}, "workspace": {"diagnostics": {"refreshSupport": true}},
        },
    }));
    let uri = disk.uri("w/app.py");
    let memory = wire.ready()["memory"].clone();
    let [limit, used] = ["limitBytes", "usedBytes"].map(|key| memory[key].as_u64().expect("bytes"));
    wire.ask("coppice/test/retain", json!({"bytes": limit - used - (1 << 20)}));
    wire.open(&uri, "python", &large_and_broken());
    let code = |wire: &mut Wire| {
        let reply = wire.ask("textDocument/diagnostic", json!({"textDocument": {"uri": uri}}));
        reply["result"]["items"][0]["code"].clone()
    };
    assert_eq!(code(&mut wire), "not-analysed");
    wire.leftovers();
    wire.ask("coppice/test/retain", json!({"bytes": 0}));
    wire.until(|f| f["method"] == "workspace/diagnostic/refresh");
    assert_eq!(code(&mut wire), "syntax");
}

#[test]
fn threads_that_build_read_and_write_end_with_it() {
    /// Sooner than any thread gives up that waits for more to do.
    const WITHIN: Duration = Duration::from_secs(5);
    let disk = Folder::new(FILES);
    disk.write("w/.venv/lib/python3/site-packages/far.py", "def far(): pass\n");
    disk.write("w/.venv/pyvenv.cfg", "");
    disk.write("w/near.py", "from far import far\n\nfar()\n");
    let mut command = Command::new(env!("CARGO_BIN_EXE_coppice"));
    let mut wire = Wire::of(command.arg("--cache.dir").arg(disk.path("cache")));
    wire.initialize(json!({"workspaceFolders": [{"uri": disk.uri("w"), "name": "w"}]}));
    wire.ready();
    let at = json!({"textDocument": {"uri": disk.uri("w/near.py")}, "position": {"line": 2, "character": 1}});
    let far = wire.ask("textDocument/definition", at)["result"].to_string();
    assert!(far.contains("site-packages"), "{far}");
    let deadline = Instant::now() + PATIENCE;
    while wire.ready()["folders"][0]["snapshot"].is_null() {
        assert!(Instant::now() < deadline, "no snapshot");
        std::thread::yield_now();
    }
    let deadline = Instant::now() + WITHIN;
    let passing = |name: &String| ["build", "load", "snapshot"].iter().any(|kind| name.starts_with(kind));
    while thread_names(wire.pid()).iter().any(passing) {
        assert!(Instant::now() < deadline, "still there: {:?}", thread_names(wire.pid()));
        std::thread::yield_now();
    }
}

#[test]
fn answers_of_a_folder_that_is_known_in_part_say_so_and_nothing_is_an_error() {
    let kinds =
        "class Base:\n    pass\n\n\nclass Sub(Base):\n    pass\n\n\nclass Lone:\n    pass\n\n\nlarge()\n";
    let mut session = Session::loaded(json!({"memory.limitMb": 64}));
    session.write("w/kinds.py", &format!("from large import large\n\n\n{kinds}"));
    session.write("w/face.ts", "export interface Face {\n  go(): void;\n}\n");
    session.until(|f| f["files"] == 4 && f["state"] == "loaded");
    session.retains(40 << 20);
    // A parse may need more than is free beside that.
    let comment = format!("# {}\n", "-".repeat(9_998));
    session.write("w/large.py", &format!("def large():\n    pass\n{}", comment.repeat(29)));
    session.until(|f| !f["owed"].is_null() && f["state"] == "loaded");
    let face = json!({
        "textDocument": {"uri": session.disk.uri("w/face.ts")}, "position": {"line": 0, "character": 17},
    });
    let uri = session.disk.uri("w/kinds.py");
    let at = |line: u32, character: u32| json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": character}});
    let [base, lone, large] = [at(3, 6), at(11, 6), at(15, 0)];
    let lacks = |frame: &Value| {
        let message = frame["params"]["message"].as_str().unwrap_or_default();
        frame["method"] == "window/showMessage" && message.contains("large.py cannot be read")
    };
    let exceeded = retryable("memory_budget_exceeded");
    // What is there is told, and that it is not all; who types on is not told with every letter.
    session.wire.leftovers();
    for query in ["tota", "total"] {
        let found = session.wire.ask("workspace/symbol", json!({"query": query}));
        assert_eq!(found["result"][0]["name"], "total", "{found}");
    }
    assert_eq!(session.wire.leftovers().iter().filter(|frame| lacks(frame)).count(), 1);
    let below = session.wire.ask("textDocument/implementation", base);
    assert_eq!(below["result"][1]["range"]["start"]["line"], 7, "{below}");
    assert_eq!(session.wire.leftovers().iter().filter(|frame| lacks(frame)).count(), 1);
    // Nothing is no answer.
    assert_eq!(session.refused("workspace/symbol", json!({"query": "nowhere"})), exceeded);
    assert_eq!(session.refused("textDocument/implementation", face.clone()), exceeded);
    let item = session.wire.ask("textDocument/prepareTypeHierarchy", lone)["result"][0].clone();
    for method in ["typeHierarchy/subtypes", "typeHierarchy/supertypes"] {
        assert_eq!(session.refused(method, json!({ "item": item })), exceeded);
    }
    for method in ["definition", "implementation", "prepareCallHierarchy", "prepareTypeHierarchy"] {
        assert_eq!(session.refused(&format!("textDocument/{method}"), large.clone()), exceeded, "{method}");
    }
    // Once it is read, it is one.
    session.retains(0);
    session.until(|f| f["owed"].is_null() && f["state"] == "loaded");
    let symbols = session.wire.ask("workspace/symbol", json!({"query": "nowhere"}));
    assert_eq!(symbols["result"], json!([]));
    assert_eq!(session.wire.ask("textDocument/implementation", face)["result"], Value::Null);
    let subtypes = session.wire.ask("typeHierarchy/subtypes", json!({ "item": item }));
    assert_eq!(subtypes["result"], json!([]));
    let defined = session.wire.ask("textDocument/definition", large);
    assert_eq!(defined["result"][0]["uri"], session.disk.uri("w/large.py"));
    assert!(!session.wire.leftovers().iter().any(lacks));
}
