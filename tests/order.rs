//! Answers reflect exactly the edits that arrived before their questions.

use std::collections::BTreeMap;

use serde_json::{Value, json};

mod support;
use support::{Folder, Wire};

const EDITS: i32 = 2_000;
const CONTENT_MODIFIED: i64 = -32801;

/// A cheap choice that is the same on every run.
struct Choice(u64);

impl Choice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

/// A document as the client sees it: one name per line.
#[derive(Default)]
struct Page {
    names: Vec<String>,
    version: i32,
}

impl Page {
    /// A random edit, as the change that the protocol wants.
    fn edit(&mut self, choose: &mut Choice) -> Value {
        self.version += 1;
        let line = choose.below(self.names.len() + 1);
        let span = |from: usize, to: usize| json!({"start": {"line": from, "character": 0}, "end": {"line": to, "character": 0}});
        if line < self.names.len() && choose.below(10) < 4 {
            self.names.remove(line);
            return json!([{"range": span(line, line + 1), "text": ""}]);
        }
        // A name that needs two units for some of its letters, so that columns are not bytes.
        let name = format!("n𝒳ü_{}", self.version);
        let text = format!("{name} = '𝒳'; # 𝒳\n");
        self.names.insert(line, name.clone());
        match choose.below(10) {
            0 => json!([{"text": self.text()}]),
            // In two steps, the second of which depends on the first.
            1 => json!([
                {"range": span(line, line), "text": "\n"},
                {"range": {"start": {"line": line, "character": 0}, "end": {"line": line + 1, "character": 0}}, "text": text},
            ]),
            _ => json!([{"range": span(line, line), "text": text}]),
        }
    }

    fn text(&self) -> String {
        self.names.iter().map(|name| format!("{name} = '𝒳'; # 𝒳\n")).collect()
    }
}

fn names(reply: &Value) -> Vec<String> {
    let list = reply["result"].as_array().unwrap_or_else(|| panic!("no outline: {reply}"));
    list.iter().map(|symbol| symbol["name"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn every_answer_reflects_exactly_the_edits_before_it() {
    let folder = Folder::new(&[("a.py", "x = 1\n"), ("b.py", "y = 1\n")]);
    let mut wire = Wire::in_folder(&folder);
    let mut choose = Choice(7);
    let mut pages: BTreeMap<&str, Page> = BTreeMap::new();
    for file in ["a.py", "b.py"] {
        wire.open(&folder.uri(file), "python", "");
        pages.insert(file, Page::default());
    }
    let mut expected = Vec::new();
    for i in 0..EDITS {
        let file = if i % 5 == 0 { "b.py" } else { "a.py" };
        let (uri, page) = (folder.uri(file), pages.get_mut(file).unwrap());
        let changes = page.edit(&mut choose);
        wire.notify(
            "textDocument/didChange",
            json!({"textDocument": {"uri": uri, "version": page.version}, "contentChanges": changes}),
        );
        let id = wire.request("textDocument/documentSymbol", json!({"textDocument": {"uri": uri}}));
        expected.push((id, page.names.clone()));
    }
    let mut answered = 0;
    for (id, names_then) in expected {
        let reply = wire.reply(&json!(id));
        if reply["error"]["code"] == CONTENT_MODIFIED {
            continue;
        }
        assert_eq!(names(&reply), names_then, "request {id}");
        answered += 1;
    }
    assert!(answered >= 100, "only {answered} answers");
    for (file, page) in pages {
        let reply =
            wire.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": folder.uri(file)}}));
        assert_eq!(names(&reply), page.names, "{file} in the end");
    }
}

#[test]
fn a_question_between_two_edits_sees_the_first_only() {
    let folder = Folder::new(&[("a.py", "")]);
    let mut wire = Wire::in_folder(&folder);
    let uri = folder.uri("a.py");
    wire.open(&uri, "python", "one = 1\n");
    let ask = json!({"textDocument": {"uri": uri}});
    let mut ids = vec![wire.request("textDocument/documentSymbol", ask.clone())];
    for (version, name) in [(2, "two"), (3, "three")] {
        wire.notify(
            "textDocument/didChange",
            json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": format!("{name} = 1\n")}]}),
        );
        ids.push(wire.request("textDocument/documentSymbol", ask.clone()));
    }
    wire.notify("textDocument/didClose", ask.clone());
    ids.push(wire.request("textDocument/documentSymbol", ask));
    let answers: Vec<Vec<String>> = ids.iter().map(|id| names(&wire.reply(&json!(id)))).collect();
    assert_eq!(answers, [vec!["one"], vec!["two"], vec!["three"], vec![]]);
}

#[test]
fn a_definition_follows_the_edits_of_both_files() {
    let folder = Folder::new(&[("a.py", "def f(): pass\n"), ("b.py", "from a import f\nf()\n")]);
    let mut wire = Wire::in_folder(&folder);
    let (a, b) = (folder.uri("a.py"), folder.uri("b.py"));
    wire.open(&a, "python", "def f(): pass\n");
    wire.open(&b, "python", "from a import f\nf()\n");
    let mut ids = Vec::new();
    for line in 0..100 {
        let insert = json!([{"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}, "text": "#\n"}]);
        for uri in [&a, &b] {
            wire.notify(
                "textDocument/didChange",
                json!({"textDocument": {"uri": uri, "version": line + 2}, "contentChanges": insert}),
            );
        }
        let position = json!({"line": line + 2, "character": 0});
        ids.push(
            wire.request(
                "textDocument/definition",
                json!({"textDocument": {"uri": b}, "position": position}),
            ),
        );
    }
    let mut answered = 0;
    for (i, id) in ids.iter().enumerate() {
        let reply = wire.reply(&json!(id));
        // Of too many that wait, the oldest are given up.
        if reply["error"]["code"] == CONTENT_MODIFIED {
            continue;
        }
        assert_eq!(reply["result"][0]["uri"], a, "{reply}");
        assert_eq!(reply["result"][0]["range"]["start"], json!({"line": i + 1, "character": 4}), "{reply}");
        answered += 1;
    }
    assert!(answered >= 64, "only {answered} answers");
}
