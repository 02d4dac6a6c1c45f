//! What has to hold of semantic tokens, folding and selection ranges whatever the text is, and call hierarchies against
//! gold references, over stdio: `cargo bench --bench properties -- GOLD CORPORA [--corpus NAME]… [--misses] [--server PATH]`.
//!
//! Every file of a corpus is opened. Tokens: in order, none over another, within their lines; those of a range are the
//! whole document's in it; after each of three edits, the difference applied to what was told before gives what a new
//! question for everything gives. Folds: each inside the document, in order, each two apart or one in the other.
//! Selections, at evenly spread offsets: each around the offset, inside the document, and smaller than the next. Calls:
//! for each function, method and macro that is called, who calls it; what only holds a function (a parameter, a variable
//! that is given one, a property of a function's type) has no hierarchy and does not count. A gold reference counts as a call
//! if a bracket follows the name, unless it stands where an override or overload is declared. `--misses` shows what is missing.
//! Exits with 1 if a property does not hold.

#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use coppice::lang::LangId;
use serde_json::{Value, json};
use support::Wire;

/// Offsets of a file that selections are asked at.
const SELECTIONS: usize = 50;
/// What does not hold is shown so many times for each corpus.
const SHOWN_MAX: usize = 5;
/// Larger files are not coloured by the editors either.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A place in lines and utf-16 units.
type Place = (u64, u64);
/// Line, character, length, type and modifiers.
type Token = [u64; 5];

#[derive(Default)]
struct Counts {
    files: usize,
    tokens: usize,
    deltas: usize,
    folds: usize,
    selections: usize,
    broken: usize,
}

#[derive(Default)]
struct Calls {
    symbols: usize,
    found: usize,
    gold: usize,
    /// Calls that are told, and those of them that the gold has as a reference.
    told: usize,
    right: usize,
}

fn main() -> ExitCode {
    let (mut paths, mut only, mut misses) = (Vec::new(), Vec::new(), false);
    let mut server = PathBuf::from(env!("CARGO_BIN_EXE_coppice"));
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--corpus" => only.extend(args.next()),
            "--server" => server = args.next().map(PathBuf::from).unwrap_or(server),
            "--misses" => misses = true,
            "--bench" => {}
            _ => paths.push(PathBuf::from(arg)),
        }
    }
    let [gold, corpora] = &paths[..] else {
        eprintln!("properties: needs GOLD and CORPORA; options --corpus NAME, --server PATH");
        return ExitCode::SUCCESS;
    };
    let mut roots: Vec<PathBuf> =
        std::fs::read_dir(corpora).into_iter().flatten().flatten().map(|e| e.path()).collect();
    roots.sort();
    println!(
        "| corpus | files | tokens | deltas | folds | selections | broken | called symbols | recall of calls % | precision % |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut broken = 0;
    for root in roots.iter().filter_map(|root| root.canonicalize().ok()) {
        let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if root.is_dir() && (only.is_empty() || only.contains(&name)) {
            let mut wire = started(&server, &root);
            let counts = properties(&mut wire, &root);
            let calls = calls(&mut wire, &root, &gold.join(format!("{name}.refs.jsonl")), misses);
            println!(
                "| {name} | {} | {} | {} | {} | {} | {} | {} | {:.1} | {:.1} |",
                counts.files,
                counts.tokens,
                counts.deltas,
                counts.folds,
                counts.selections,
                counts.broken,
                calls.symbols,
                percent(calls.found, calls.gold),
                percent(calls.right, calls.told)
            );
            broken += counts.broken;
        }
    }
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

fn started(server: &Path, root: &Path) -> Wire {
    let mut wire = Wire::of(Command::new(server).args(["--cache.dir", "off"]));
    let types = [
        "namespace",
        "type",
        "class",
        "enum",
        "interface",
        "struct",
        "typeParameter",
        "parameter",
        "variable",
        "property",
        "enumMember",
        "function",
        "method",
        "macro",
        "label",
    ];
    wire.initialize(json!({
        "workspaceFolders": [{"uri": format!("file://{}", root.display()), "name": "corpus"}],
        "initializationOptions": {"request.waitMs": 60_000},
        "capabilities": {"textDocument": {"semanticTokens": {
            "requests": {"full": {"delta": true}, "range": true}, "formats": ["relative"],
            "tokenTypes": types, "tokenModifiers": ["declaration", "readonly", "static"],
        }}},
    }));
    wire.ready();
    wire
}

fn properties(wire: &mut Wire, root: &Path) -> Counts {
    let mut counts = Counts::default();
    for path in sources(root) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let uri = format!("file://{}", path.display());
        // The language goes by the ending.
        wire.open(&uri, "", &text);
        counts.files += 1;
        let file = File { uri, lines: utf16_lines(&text) };
        let mut wrong = Vec::new();
        folds(wire, &file, &mut counts, &mut wrong);
        selections(wire, &file, &mut counts, &mut wrong);
        tokens(wire, &file, &text, &mut counts, &mut wrong);
        wire.notify("textDocument/didClose", json!({"textDocument": {"uri": file.uri}}));
        drop(wire.leftovers());
        for told in &wrong {
            if counts.broken < SHOWN_MAX {
                println!("  {}: {told}", path.display());
            }
            counts.broken += 1;
        }
    }
    counts
}

/// An open document and the lengths of its lines.
struct File {
    uri: String,
    lines: Vec<u64>,
}

impl File {
    fn document(&self) -> Value {
        json!({"uri": self.uri})
    }

    fn has(&self, (line, character): Place) -> bool {
        self.lines.get(line as usize).is_some_and(|len| character <= *len)
    }

    fn end(&self) -> Place {
        (self.lines.len() as u64 - 1, self.lines.last().copied().unwrap_or_default())
    }
}

fn utf16_lines(text: &str) -> Vec<u64> {
    text.split('\n').map(|line| line.trim_end_matches('\r').encode_utf16().count() as u64).collect()
}

fn place(value: &Value) -> Place {
    (value["line"].as_u64().unwrap_or(u64::MAX), value["character"].as_u64().unwrap_or(u64::MAX))
}

fn position((line, character): Place) -> Value {
    json!({"line": line, "character": character})
}

fn folds(wire: &mut Wire, file: &File, counts: &mut Counts, wrong: &mut Vec<String>) {
    let reply = wire.ask("textDocument/foldingRange", json!({"textDocument": file.document()}));
    let of = |fold: &Value| {
        let side = |line: &str, character: &str, missing: u64| {
            let line = fold[line].as_u64().unwrap_or(u64::MAX);
            let whole = file.lines.get(line as usize).copied().unwrap_or_default();
            (line, fold[character].as_u64().unwrap_or(missing.min(whole)))
        };
        (side("startLine", "startCharacter", u64::MAX), side("endLine", "endCharacter", u64::MAX))
    };
    let all: Vec<(Place, Place)> = reply["result"].as_array().into_iter().flatten().map(of).collect();
    counts.folds += all.len();
    let mut around: Vec<(Place, Place)> = Vec::new();
    let mut last = (0, 0);
    for fold in all {
        let (start, end) = fold;
        if !file.has(start) || !file.has(end) || start >= end {
            wrong.push(format!("a fold from {start:?} to {end:?} is no part of the document"));
        }
        if start < last {
            wrong.push(format!("a fold from {start:?} comes after one from {last:?}"));
        }
        last = start;
        while around.last().is_some_and(|(_, other)| *other <= start) {
            around.pop();
        }
        if let Some((other, until)) = around.last().filter(|(_, until)| end > *until) {
            wrong.push(format!("the fold {start:?}–{end:?} is neither in {other:?}–{until:?} nor beside it"));
        }
        around.push(fold);
    }
}

fn selections(wire: &mut Wire, file: &File, counts: &mut Counts, wrong: &mut Vec<String>) {
    let step = (file.lines.len() / SELECTIONS).max(1);
    // Another part of each line.
    let at: Vec<Place> =
        (0..file.lines.len()).step_by(step).map(|l| (l as u64, file.lines[l] * (l as u64 % 7) / 7)).collect();
    let positions: Vec<Value> = at.iter().copied().map(position).collect();
    let params = json!({"textDocument": file.document(), "positions": positions});
    let reply = wire.ask("textDocument/selectionRange", params);
    let found = reply["result"].as_array().cloned().unwrap_or_default();
    if found.len() != at.len() {
        wrong.push(format!("{} selections for {} positions", found.len(), at.len()));
    }
    for (at, selection) in at.iter().zip(&found) {
        counts.selections += 1;
        let mut inner: Option<(Place, Place)> = None;
        let mut now = selection;
        while now.is_object() {
            let (start, end) = (place(&now["range"]["start"]), place(&now["range"]["end"]));
            if !file.has(start) || !file.has(end) || start > *at || end < *at {
                wrong.push(format!("the selection {start:?}–{end:?} is not around {at:?}"));
            }
            if let Some((from, to)) = inner
                && (start > from || end < to || (start, end) == (from, to))
            {
                wrong.push(format!("the selection {start:?}–{end:?} is not larger than {from:?}–{to:?}"));
            }
            inner = Some((start, end));
            now = &now["parent"];
        }
    }
}

fn tokens(wire: &mut Wire, file: &File, text: &str, counts: &mut Counts, wrong: &mut Vec<String>) {
    let full = |wire: &mut Wire| {
        let reply = wire.ask("textDocument/semanticTokens/full", json!({"textDocument": {"uri": file.uri}}));
        (data(&reply["result"]["data"]), reply["result"]["resultId"].clone())
    };
    let (mut told, mut id) = full(wire);
    let all = absolute(&told);
    counts.tokens += all.len();
    let mut last = (0, 0);
    for [line, start, len, ..] in &all {
        if (*line, *start) < last || *len == 0 || !file.has((*line, start + len)) {
            wrong.push(format!(
                "the token at {line}:{start} of {len} is not behind {last:?}, or not in its line"
            ));
        }
        last = (*line, start + len);
    }
    // A part of the document.
    let (from, to) = (file.end().0 / 3, file.end().0 * 2 / 3);
    let range = json!({"start": position((from, 0)), "end": position((to, 0))});
    let params = json!({"textDocument": file.document(), "range": range});
    let reply = wire.ask("textDocument/semanticTokens/range", params);
    let expected: Vec<Token> = all.iter().filter(|t| (from..to).contains(&t[0])).copied().collect();
    if absolute(&data(&reply["result"]["data"])) != expected {
        wrong.push(format!("the tokens of lines {from} to {to} are not the document's"));
    }
    // Edits: a line more at the top, a line less in the middle, everything as it was.
    let middle = text.split_inclusive('\n').count() / 2;
    let shorter: String = text
        .split_inclusive('\n')
        .enumerate()
        .filter(|(at, _)| *at != middle)
        .map(|(_, line)| line)
        .collect();
    for (version, edited) in [format!("\n{text}"), shorter, text.to_owned()].into_iter().enumerate() {
        let document = json!({"uri": file.uri, "version": version + 2});
        wire.notify(
            "textDocument/didChange",
            json!({"textDocument": document, "contentChanges": [{"text": edited}]}),
        );
        let params = json!({"textDocument": file.document(), "previousResultId": id});
        let result = wire.ask("textDocument/semanticTokens/full/delta", params)["result"].clone();
        let applied = match result["edits"].as_array() {
            Some(edits) => apply(told, edits),
            None => data(&result["data"]),
        };
        counts.deltas += 1;
        let (now, next) = full(wire);
        if applied != now {
            wrong.push(format!("after edit {version}, the difference does not lead to all tokens"));
        }
        (told, id) = (now, next);
    }
    if absolute(&told) != all {
        wrong.push("the same text has other tokens than before".to_owned());
    }
}

fn data(value: &Value) -> Vec<u64> {
    value.as_array().into_iter().flatten().filter_map(Value::as_u64).collect()
}

/// Edits refer to the numbers as they were.
fn apply(mut numbers: Vec<u64>, edits: &[Value]) -> Vec<u64> {
    let mut edits: Vec<&Value> = edits.iter().collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit["start"].as_u64()));
    for edit in edits {
        let start = edit["start"].as_u64().unwrap_or_default() as usize;
        let count = edit["deleteCount"].as_u64().unwrap_or_default() as usize;
        numbers.splice(start..start + count, data(&edit["data"]));
    }
    numbers
}

fn absolute(numbers: &[u64]) -> Vec<Token> {
    let (mut line, mut start) = (0, 0);
    let of = |token: &[u64]| {
        let &[lines, by, len, kind, modifiers] = token else { return [0; 5] };
        (line, start) = if lines == 0 { (line, start + by) } else { (line + lines, by) };
        [line, start, len, kind, modifiers]
    };
    numbers.chunks(5).map(of).collect()
}

/// Who calls the gold's symbols, against their gold references.
fn calls(wire: &mut Wire, root: &Path, gold: &Path, misses: bool) -> Calls {
    let mut calls = Calls::default();
    let uri = |file: &Value| format!("file://{}/{}", root.display(), file.as_str().unwrap_or_default());
    for record in std::fs::read_to_string(gold).unwrap_or_default().lines() {
        let Ok(record) = serde_json::from_str::<Value>(record) else { continue };
        let def = &record["def"];
        let refs = record["refs"].as_array().cloned().unwrap_or_default();
        let key = |r: &Value| (uri(&r["file"]), r["line"].as_u64().unwrap_or_default());
        let gold_refs: BTreeSet<(String, u64)> = refs.iter().map(key).collect();
        let gold_calls: BTreeSet<(String, u64)> =
            refs.iter().filter(|r| is_call(root, r, &record)).map(key).collect();
        let callable = matches!(record["kind"].as_str(), Some("function" | "method" | "macro"));
        if !callable || gold_calls.is_empty() || !is_function(root, &record) {
            continue;
        }
        let at = json!({"textDocument": {"uri": uri(&def["file"])}, "position": position(place(def))});
        let items = wire.ask("textDocument/prepareCallHierarchy", at)["result"].clone();
        calls.symbols += 1;
        let mut sites: BTreeSet<(String, u64)> = BTreeSet::new();
        for item in items.as_array().into_iter().flatten() {
            let found = wire.ask("callHierarchy/incomingCalls", json!({ "item": item }));
            for call in found["result"].as_array().into_iter().flatten() {
                let from = call["from"]["uri"].as_str().unwrap_or_default();
                let ranges = call["fromRanges"].as_array().into_iter().flatten();
                sites.extend(ranges.map(|range| (from.to_owned(), place(&range["start"]).0)));
            }
        }
        let missing: Vec<&(String, u64)> = gold_calls.difference(&sites).collect();
        if misses && !missing.is_empty() {
            let (name, at) = (&record["name"], place(def).0 + 1);
            println!(
                "  {name} in {}:{at}, {} items, without",
                def["file"],
                items.as_array().map_or(0, Vec::len)
            );
            missing.iter().for_each(|(uri, line)| println!("    {uri}:{}", line + 1));
        }
        calls.gold += gold_calls.len();
        calls.found += gold_calls.len() - missing.len();
        calls.told += sites.len();
        calls.right += sites.intersection(&gold_refs).count();
        drop(wire.leftovers());
    }
    calls
}

/// What stands in the line before a record's name, and from the name's end on.
fn around(root: &Path, at: &Value, name: &str) -> Option<(String, String)> {
    let text = std::fs::read_to_string(root.join(at["file"].as_str()?)).ok()?;
    let (line, character) = place(at);
    let units: Vec<u16> = text.lines().nth(line as usize)?.encode_utf16().collect();
    let (before, rest) = units.split_at_checked(character as usize)?;
    let rest = String::from_utf16_lossy(rest);
    let behind = rest.strip_prefix(name)?.trim_start().to_owned();
    Some((String::from_utf16_lossy(before).trim_end().to_owned(), behind))
}

/// Words that stand before an expression; behind any other a name is declared.
const BEFORE_CALLS: [&str; 24] = [
    "and", "assert", "await", "case", "default", "defer", "delete", "do", "elif", "else", "go", "if", "in",
    "is", "new", "not", "of", "or", "return", "throw", "typeof", "void", "while", "yield",
];

/// Whether the symbol is called at a reference.
fn is_call(root: &Path, reference: &Value, record: &Value) -> bool {
    let name = record["name"].as_str().unwrap_or_default();
    let Some((before, behind)) = around(root, reference, name) else { return false };
    let word = before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let declared = !word.is_empty() && !BEFORE_CALLS.contains(&word);
    // Methods are called on something there, be it `this`.
    let bare = record["kind"] == "method"
        && matches!(record["lang"].as_str(), Some("js" | "ts"))
        && !before.ends_with('.');
    behind.trim_start_matches([' ', '!']).starts_with('(') && !declared && !bare
}

/// Whether what is defined is a function, rather than a name for whatever function it holds.
fn is_function(root: &Path, record: &Value) -> bool {
    let name = record["name"].as_str().unwrap_or_default();
    let Some((before, behind)) = around(root, &record["def"], name) else { return false };
    let introduced = ["function", "function*", "def", "fn", "func", "define", "macro_rules!"];
    let mut value = behind.as_str();
    let given = [":=", "=", ":"].iter().any(|sign| match value.strip_prefix(sign) {
        Some(rest) => {
            value = rest.trim_start();
            true
        }
        None => false,
    });
    let value = value.strip_prefix("async ").unwrap_or(value);
    let written = ["function", "func(", "lambda"].iter().any(|word| value.starts_with(word))
        // A property's type has an arrow, too.
        || behind.starts_with('=') && value.contains("=>");
    introduced.iter().any(|word| before.ends_with(word))
        || behind.starts_with(['(', '<', '['])
        || given && written
}

fn sources(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut dirs = vec![root.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                dirs.push(path);
            } else if LangId::of_path(&path).is_some()
                && entry.metadata().is_ok_and(|data| data.len() <= FILE_BYTES_MAX)
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
