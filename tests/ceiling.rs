//! More folders than the budget has room for: every answer is right, and the process stays below its ceiling.
//!
//! `cargo bench --bench ceiling` does the same with real trees for as long as one likes.

mod support;

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};
use support::pressure::{
    Dice, Peak, lowered, pathological, questions, run, server, server_with, settled, twin,
};
use support::{Folder, Wire};

const FOLDERS: usize = 64;
const FILES: usize = 10;
/// Files of each folder of those whose graphs are four times the budget.
const MANY_FILES: usize = 80;
/// Room for one build and a few of the graphs.
const LIMIT_MB: u64 = 16;
/// What the README says a process may take beyond its budget, and what code without optimisations takes beyond that.
const OVERHEAD_BYTES: u64 = (24 + 8) << 20;
const PATIENCE: Duration = Duration::from_secs(120);

/// A module whose functions call those of the one before.
fn module(number: usize) -> String {
    module_with(number, 60, "")
}

/// The same with names of its own that all end so: of large graphs what is cheap to read.
fn module_with(number: usize, methods: usize, tail: &str) -> String {
    let before = number.saturating_sub(1);
    let mut text = format!("from m{before} import Base{before} as Above\n\nclass Base{number}(Above):\n");
    for i in 0..methods {
        let last = if tail.is_empty() { format!("last_{i}") } else { format!("last_{number}_{i}_{tail}") };
        let _ = write!(text, "    def step_{i}(self, a, b):\n        self.{last} = a + b\n");
        let _ = writeln!(text, "        return self.step_{}(a, self.{last})\n", (i + 7) % methods);
    }
    text
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the resident size is read from /proc")]
fn under_pressure_answers_are_right_and_memory_stays_below_the_ceiling() {
    let tail = "which_is_long_".repeat(24);
    let modules: Vec<(String, String)> =
        (0..MANY_FILES).map(|i| (format!("m{i}.py"), module_with(i, 30, &tail))).collect();
    let modules: Vec<(&str, &str)> =
        modules.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let original = Folder::new(&modules);
    let mut dice = Dice::new(7);
    let (asked, graph_bytes) = questions(&original.path(""), 60, &mut dice, PATIENCE);
    assert!(
        graph_bytes * FOLDERS as u64 > 4 * (LIMIT_MB << 20),
        "{FOLDERS} graphs of {graph_bytes} bytes are not four times the budget"
    );
    let twins = Folder::new(&[]);
    let at = |i: usize| twins.path("").join(format!("folder_{i}"));
    (0..FOLDERS).for_each(|i| twin(&original.path(""), &at(i)).expect("the folder can be copied"));
    let folders: Vec<_> = (0..FOLDERS).map(|i| (at(i), asked.as_slice())).collect();
    let outcome = run(&folders, LIMIT_MB, 200, 10, &mut dice, PATIENCE);
    assert_eq!((outcome.wrong_count, outcome.refused), (0, 0), "{outcome:?}");
    assert_eq!(outcome.reserved_bytes_at_end, 0, "{outcome:?}");
    assert!(outcome.high_water_bytes <= LIMIT_MB << 20, "{outcome:?}");
    assert!(outcome.peak_bytes <= (LIMIT_MB << 20) + OVERHEAD_BYTES, "{outcome:?}");
    assert!(outcome.edits > outcome.edits_away && outcome.edits_away > 0, "{outcome:?}");
    assert!(outcome.reloads > 0 && outcome.reloads <= outcome.switches + outcome.edits, "{outcome:?}");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the resident size is read from /proc")]
fn files_that_cost_a_parser_much_stay_within_the_budget() {
    const LIMIT_MB: u64 = 96;
    let files: Vec<(String, String)> = (0..20).map(|kind| pathological(kind, 300 << 10)).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let folder = Folder::new(&files);
    folder.write("fine.py", "def fine(): pass\n");
    let (mut wire, _) = server(&[folder.path("")], LIMIT_MB, None);
    let peak = Peak::watch(wire.pid());
    let status = settled(&mut wire, PATIENCE);
    assert_eq!(status["folders"][0]["state"], "loaded", "{status}");
    let most = peak.end();
    assert!(most <= (LIMIT_MB << 20) + OVERHEAD_BYTES, "{most} bytes at most: {status}");
    assert!(status["memory"]["highWaterBytes"].as_u64().expect("bytes") <= LIMIT_MB << 20, "{status}");
    wire.until_symbol("fine");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the resident size is read from /proc")]
fn a_lowered_limit_is_met_at_once() {
    const LIMITS_MB: [u64; 2] = [48, 12];
    let modules: Vec<(String, String)> = (0..FILES).map(|i| (format!("m{i}.py"), module(i))).collect();
    let modules: Vec<(&str, &str)> =
        modules.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let original = Folder::new(&modules);
    let (asked, graph_bytes) = questions(&original.path(""), 1, &mut Dice::new(3), PATIENCE);
    let count = (LIMITS_MB[0] << 20) / graph_bytes;
    let twins = Folder::new(&[]);
    let at = |i: u64| twins.path("").join(format!("folder_{i}"));
    (0..count).for_each(|i| twin(&original.path(""), &at(i)).expect("the folder can be copied"));
    let folders: Vec<_> = (0..count).map(|i| (at(i), asked.as_slice())).collect();
    let outcome = lowered(&folders, LIMITS_MB, OVERHEAD_BYTES);
    assert!(outcome.used_before > LIMITS_MB[1] << 20, "{outcome:?}");
    let slowest = outcome.metered_after.max(outcome.resident_after);
    assert!(slowest < Duration::from_secs(5), "{outcome:?}");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the resident size is read from /proc")]
fn a_message_for_which_there_is_no_room_is_not_read() {
    const LIMIT_MB: u64 = 24;
    const MESSAGE_BYTES: usize = 56 << 20;
    let folder = Folder::new(&[("x.py", "def fine(): pass\n")]);
    let (mut wire, _) = server(&[folder.path("")], LIMIT_MB, None);
    settled(&mut wire, PATIENCE);
    let peak = Peak::watch(wire.pid());
    let rows = "x = 1\n".repeat(MESSAGE_BYTES / 7);
    for text in [rows, "[".to_owned()] {
        wire.open(&folder.uri("large.py"), "python", &text);
    }
    let is_refusal = |f: &Value| f["id"].is_null() && f["error"]["data"]["kind"] == "memory_budget_exceeded";
    let refused = wire.until(is_refusal);
    assert!(refused["error"]["message"].as_str().is_some_and(|m| m.contains("is not read")), "{refused}");
    wire.until(|f| f["method"] == "window/showMessage");
    // What is not read may be a change of a text that is then not known any more.
    let symbols = |wire: &mut Wire, name: &str| {
        let at = json!({"textDocument": {"uri": folder.uri(name)}});
        wire.ask("textDocument/documentSymbol", at)
    };
    for name in ["one.py", "two.py"] {
        wire.open(&folder.uri(name), "python", "def f(): pass\n");
    }
    let change = |name: &str, text: &str| {
        let (uri, text) = (folder.uri(name), json!(text));
        let document = format!("{{\"uri\":\"{uri}\",\"version\":2}}");
        let params = format!("{{\"textDocument\":{document},\"contentChanges\":[{{\"text\":{text}}}]}}");
        format!("{{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didChange\",\"params\":{params}}}")
    };
    wire.raw(&support::frame(change("one.py", &" ".repeat(MESSAGE_BYTES)).as_bytes()));
    wire.until(is_refusal);
    let reply = symbols(&mut wire, "one.py");
    assert!(reply["error"]["message"].as_str().is_some_and(|m| m.contains("out of step")), "{reply}");
    assert_eq!(symbols(&mut wire, "two.py")["result"][0]["name"], "f");
    wire.raw(&support::frame(change("one.py", "def g(): pass\n").as_bytes()));
    assert_eq!(symbols(&mut wire, "one.py")["result"][0]["name"], "g");
    // Short of text, and long as values.
    let values = format!("{{\"jsonrpc\":\"2.0\",\"method\":\"$/x\",\"params\":[{}0]}}", "0,".repeat(450_000));
    wire.raw(&support::frame(values.as_bytes()));
    wire.until(is_refusal);
    wire.until_symbol("fine");
    let status = settled(&mut wire, PATIENCE);
    let most = peak.end();
    assert!(most <= (LIMIT_MB << 20) + OVERHEAD_BYTES, "{most} bytes at most: {status}");
    assert_eq!(status["memory"]["retainedBytes"], 0, "{status}");
    // One for which there is room is read, and leaves nothing.
    wire.open(&folder.uri("fits.py"), "python", &format!("def fits(): pass\n# {}\n", "-".repeat(3 << 20)));
    let at = json!({"textDocument": {"uri": folder.uri("fits.py")}});
    let reply = wire.ask("textDocument/documentSymbol", at);
    assert!(reply["error"]["message"].as_str().is_some_and(|m| m.contains("larger")), "{reply}");
    assert_eq!(settled(&mut wire, PATIENCE)["memory"]["retainedBytes"], 0);
}

#[test]
fn nothing_is_missed_with_a_message_for_which_there_is_no_room() {
    const LIMIT_MB: u64 = 24;
    /// What is free of the budget while the messages come, which is less than any of them takes.
    const FREE_BYTES: u64 = 1 << 20;
    /// Of a message that is read nonetheless, and of one that is not.
    const LENGTHS: [usize; 2] = [3 << 19, 3 << 20];
    let folder = Folder::new(&[("x.py", "def round_0(): pass\n"), ("y.py", "def disk(): pass\n")]);
    let (mut wire, _) = server_with(&[folder.path("")], LIMIT_MB, None, "client");
    settled(&mut wire, PATIENCE);
    // It would look at the disk whenever it came back.
    let pinned = wire
        .ask("workspace/executeCommand", json!({"command": "coppice.pin", "arguments": [folder.uri("")]}));
    assert_eq!(pinned.get("error"), None, "{pinned}");
    let retain = |wire: &mut Wire, bytes: u64| {
        let reply = wire.ask("coppice/test/retain", json!({ "bytes": bytes }));
        assert_eq!(reply["result"], Value::Null, "{reply}");
    };
    let fill = |wire: &mut Wire| {
        let memory = settled(wire, PATIENCE)["memory"].clone();
        let [limit, used] = ["limitBytes", "usedBytes"].map(|key| memory[key].as_u64().expect("bytes"));
        retain(wire, limit - used - FREE_BYTES);
    };
    let symbols = |wire: &mut Wire, name: &str| {
        wire.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": folder.uri(name)}}))
    };
    // News of files.
    for (round, length) in LENGTHS.into_iter().enumerate() {
        fill(&mut wire);
        let name = format!("round_{}", round + 1);
        folder.write("x.py", &format!("def {name}(): pass\n"));
        let long = format!("file:///{}", "d".repeat(1_000));
        let mut changes = vec![json!({"uri": long, "type": 2}); length / long.len()];
        changes.push(json!({"uri": folder.uri("x.py"), "type": 2}));
        wire.notify("workspace/didChangeWatchedFiles", json!({ "changes": changes }));
        retain(&mut wire, 0);
        wire.until_symbol(&name);
    }
    // Questions.
    fill(&mut wire);
    let reply = wire.ask("coppice/test/quick", json!({"padding": " ".repeat(LENGTHS[0])}));
    assert_eq!(reply["error"]["data"]["kind"], "memory_budget_exceeded", "{reply}");
    // A document whose text stands before its URI, and the end of one.
    wire.open(&folder.uri("x.py"), "python", &format!("def opened(): pass\n#{}", "-".repeat(LENGTHS[0])));
    let reply = symbols(&mut wire, "x.py");
    assert!(reply["error"]["message"].as_str().is_some_and(|m| m.contains("out of step")), "{reply}");
    wire.open(&folder.uri("y.py"), "python", "def opened(): pass\n");
    assert_eq!(symbols(&mut wire, "y.py")["result"][0]["name"], "opened");
    let closed = json!({"padding": " ".repeat(LENGTHS[0]), "textDocument": {"uri": folder.uri("y.py")}});
    wire.notify("textDocument/didClose", closed);
    retain(&mut wire, 0);
    assert_eq!(symbols(&mut wire, "y.py")["result"][0]["name"], "disk");
}
