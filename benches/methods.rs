//! How long each method of the protocol takes on a loaded folder, over stdio, at rest and while the folder is built anew:
//! `cargo bench --bench methods -- FOLDER [--asked N] [--files N] [--server PATH]`.
//!
//! Places are names in files that are picked at random with a fixed seed and are open. Each method is asked about so many
//! of them, one after the other. The CPU time is that of all the server's threads but those that build, between request
//! and answer; the time on the clock also has what other programs took, so it is only of use on a machine at rest. An
//! answer that is an error is counted, and what it said is printed once.

#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::Wire;
use support::pressure::{Dice, settled};

/// How long a folder of millions of lines may take to be there.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// Larger files are no places where people look around.
const FILE_BYTES_MAX: usize = 300_000;
const ENDINGS: [(&str, &str); 9] = [
    (".go", "go"),
    (".rs", "rust"),
    (".py", "python"),
    (".ts", "typescript"),
    (".tsx", "typescriptreact"),
    (".js", "javascript"),
    (".java", "java"),
    (".c", "c"),
    (".cc", "cpp"),
];

/// A name in an open file.
struct Place {
    uri: String,
    line: usize,
    character: usize,
    lines: usize,
    name: String,
}

impl Place {
    fn at(&self) -> Value {
        json!({"textDocument": {"uri": self.uri}, "position": {"line": self.line, "character": self.character}})
    }

    fn with(&self, more: Value) -> Value {
        let mut params = self.at();
        for (key, value) in more.as_object().cloned().unwrap_or_default() {
            params[key] = value;
        }
        params
    }

    fn range(&self) -> Value {
        json!({"start": {"line": self.line, "character": 0}, "end": {"line": self.line + 1, "character": 0}})
    }
}

/// Measured times of one method, in milliseconds.
#[derive(Default)]
struct Times {
    cpu: Vec<f64>,
    clock: Vec<f64>,
    errors: usize,
    error: Option<String>,
}

/// A method, how its parameters follow from a place, and what has to be asked before for them.
struct Method {
    name: &'static str,
    /// What is asked first; its results, one by one, are the items of the parameters.
    first: Option<&'static str>,
    params: fn(&Place, &Value) -> Option<Value>,
}

const fn plain(name: &'static str, params: fn(&Place, &Value) -> Option<Value>) -> Method {
    Method { name, first: None, params }
}

const fn after(
    name: &'static str,
    first: &'static str,
    params: fn(&Place, &Value) -> Option<Value>,
) -> Method {
    Method { name, first: Some(first), params }
}

fn at(place: &Place, _: &Value) -> Option<Value> {
    Some(place.at())
}

fn of_document(place: &Place, _: &Value) -> Option<Value> {
    Some(json!({"textDocument": {"uri": place.uri}}))
}

fn of_whole_range(place: &Place, _: &Value) -> Option<Value> {
    let end = json!({"line": place.lines, "character": 0});
    Some(
        json!({"textDocument": {"uri": place.uri}, "range": {"start": {"line": 0, "character": 0}, "end": end}}),
    )
}

fn item(_: &Place, first: &Value) -> Option<Value> {
    Some(json!({"item": first.get(0)?}))
}

fn first_of(_: &Place, first: &Value) -> Option<Value> {
    first.get(0).or_else(|| first.get("items")?.get(0)).cloned()
}

const METHODS: [Method; 37] = [
    plain("textDocument/definition", at),
    plain("textDocument/declaration", at),
    plain("textDocument/typeDefinition", at),
    plain("textDocument/implementation", at),
    plain("textDocument/references", |p, _| Some(p.with(json!({"context": {"includeDeclaration": true}})))),
    plain("textDocument/documentHighlight", at),
    plain("textDocument/hover", at),
    plain("textDocument/moniker", at),
    plain("textDocument/prepareCallHierarchy", at),
    after("callHierarchy/incomingCalls", "textDocument/prepareCallHierarchy", item),
    after("callHierarchy/outgoingCalls", "textDocument/prepareCallHierarchy", item),
    plain("textDocument/prepareTypeHierarchy", at),
    after("typeHierarchy/supertypes", "textDocument/prepareTypeHierarchy", item),
    after("typeHierarchy/subtypes", "textDocument/prepareTypeHierarchy", item),
    plain("textDocument/documentSymbol", of_document),
    plain("workspace/symbol", |p, _| Some(json!({"query": p.name.chars().take(5).collect::<String>()}))),
    plain("textDocument/documentLink", of_document),
    plain("textDocument/foldingRange", of_document),
    plain("textDocument/selectionRange", |p, _| {
        Some(json!({"textDocument": {"uri": p.uri}, "positions": [p.at()["position"]]}))
    }),
    plain("textDocument/semanticTokens/full", of_document),
    after("textDocument/semanticTokens/full/delta", "textDocument/semanticTokens/full", |p, first| {
        Some(json!({"textDocument": {"uri": p.uri}, "previousResultId": first.get("resultId")?}))
    }),
    plain("textDocument/semanticTokens/range", of_whole_range),
    plain("textDocument/inlayHint", of_whole_range),
    after("inlayHint/resolve", "textDocument/inlayHint", first_of),
    plain("textDocument/codeLens", of_document),
    after("codeLens/resolve", "textDocument/codeLens", first_of),
    plain("textDocument/completion", |p, _| {
        let position = json!({"line": p.line, "character": p.character + 2});
        Some(json!({"textDocument": {"uri": p.uri}, "position": position}))
    }),
    after("completionItem/resolve", "textDocument/completion", first_of),
    plain("textDocument/signatureHelp", at),
    plain("textDocument/prepareRename", at),
    plain("textDocument/rename", |p, _| Some(p.with(json!({"newName": format!("{}Zq", p.name)})))),
    plain("textDocument/linkedEditingRange", at),
    plain("textDocument/codeAction", |p, _| {
        Some(json!({"textDocument": {"uri": p.uri}, "range": p.range(), "context": {"diagnostics": []}}))
    }),
    plain("textDocument/diagnostic", of_document),
    plain("workspace/willRenameFiles", |p, _| {
        let (stem, ending) = p.uri.rsplit_once('.')?;
        Some(json!({"files": [{"oldUri": p.uri, "newUri": format!("{stem}_zq.{ending}")}]}))
    }),
    plain("workspace/executeCommand", |p, _| {
        let argument = json!({"uri": p.uri, "position": p.at()["position"]});
        Some(json!({"command": "coppice.graph", "arguments": [argument]}))
    }),
    plain("coppice/status", |_, _| Some(Value::Null)),
];

fn main() -> ExitCode {
    let (mut folder, mut asked, mut files) = (None, 100usize, 40usize);
    let mut server = PathBuf::from(env!("CARGO_BIN_EXE_coppice"));
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|n| n.parse().ok());
        match arg.as_str() {
            "--asked" => asked = number().unwrap_or(asked),
            "--files" => files = number().unwrap_or(files),
            "--server" => server = args.next().map(PathBuf::from).unwrap_or(server),
            "--bench" => {}
            _ => folder = Some(PathBuf::from(arg)),
        }
    }
    let Some(folder) = folder.and_then(|f| f.canonicalize().ok()) else {
        eprintln!("methods: needs a FOLDER; options --asked N, --files N, --server PATH");
        return ExitCode::SUCCESS;
    };
    let uri = format!("file://{}", folder.display());
    let mut wire = Wire::of(Command::new(server).args(["--cache.dir", "off"]));
    wire.initialize(json!({
        "workspaceFolders": [{"uri": uri, "name": "folder"}],
        "initializationOptions": {"memory.limitMb": 2048, "request.waitMs": 60_000, "watch": "poll"},
        "capabilities": capabilities(),
    }));
    let status = settled(&mut wire, PATIENCE);
    let state = &status["folders"][0];
    println!("{}: {} files, {} lines, {}", folder.display(), state["files"], state["lines"], state["state"]);
    let places = places(&mut wire, &folder, files, asked);
    println!("{} places in {files} open files", places.len());

    let mut idle: BTreeMap<&str, Times> = BTreeMap::new();
    for method in &METHODS {
        for place in &places {
            ask(&mut wire, method, place, idle.entry(method.name).or_default());
        }
    }
    // One method after the other, so that each is asked in every part of a build.
    let mut built: BTreeMap<&str, Times> = BTreeMap::new();
    for place in &places {
        for method in METHODS.iter().filter(|m| m.name != "coppice/status") {
            if !is_building(&mut wire) {
                let reload = json!({"command": "coppice.reload", "arguments": [uri]});
                let reply = wire.ask("workspace/executeCommand", reload);
                assert!(reply.get("error").is_none(), "{reply}");
            }
            ask(&mut wire, method, place, built.entry(method.name).or_default());
        }
    }
    print(&idle, &built);
    ExitCode::SUCCESS
}

fn capabilities() -> Value {
    let types =
        ["namespace", "type", "class", "enum", "interface", "struct", "parameter", "variable", "property"];
    json!({
        "textDocument": {
            "documentSymbol": {"hierarchicalDocumentSymbolSupport": true},
            "semanticTokens": {
                "requests": {"full": {"delta": true}, "range": true}, "formats": ["relative"],
                "tokenTypes": types, "tokenModifiers": ["declaration", "static"],
            },
            "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "source"]}}},
            "diagnostic": {},
            "rename": {"prepareSupport": true},
            "inlayHint": {"resolveSupport": {"properties": ["tooltip", "label.location"]}},
        },
        "workspace": {
            "workspaceEdit": {
                "documentChanges": true, "resourceOperations": ["create", "rename", "delete"],
                "changeAnnotationSupport": {},
            },
            "fileOperations": {"willRename": true},
        },
    })
}

fn is_building(wire: &mut Wire) -> bool {
    let status = wire.ask("coppice/status", Value::Null);
    matches!(status["result"]["folders"][0]["state"].as_str(), Some("loading" | "rebuilding"))
}

fn ask(wire: &mut Wire, method: &Method, place: &Place, times: &mut Times) {
    let first = match method.first {
        None => Value::Null,
        Some(first) => {
            let before = METHODS.iter().find(|m| m.name == first);
            let params = before.and_then(|m| (m.params)(place, &Value::Null)).unwrap_or_default();
            wire.ask(first, params)["result"].clone()
        }
    };
    let Some(params) = (method.params)(place, &first) else { return };
    let (cpu, started) = (answering_ns(wire.pid()), Instant::now());
    let reply = wire.ask(method.name, params);
    times.clock.push(started.elapsed().as_secs_f64() * 1e3);
    times.cpu.push(answering_ns(wire.pid()).saturating_sub(cpu) as f64 / 1e6);
    if let Some(error) = reply.get("error") {
        times.errors += 1;
        times.error.get_or_insert_with(|| error["message"].as_str().unwrap_or_default().to_owned());
    }
    drop(wire.leftovers());
}

/// CPU time of the threads that answer; those of a build have its name. Nothing on systems that do not tell.
fn answering_ns(pid: u32) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let of = |task: std::fs::DirEntry| {
        let name = std::fs::read_to_string(task.path().join("comm")).ok()?;
        let building = name.starts_with("build") || name.starts_with("snapshot");
        let spent = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        (!building).then(|| spent.split(' ').next()?.parse::<u64>().ok()).flatten()
    };
    tasks.filter_map(of).sum()
}

fn places(wire: &mut Wire, folder: &Path, files: usize, wanted: usize) -> Vec<Place> {
    let mut dice = Dice::new(1);
    let mut all = sources(folder);
    let mut texts = Vec::new();
    while texts.len() < files && !all.is_empty() {
        let (path, language) = all.swap_remove(dice.below(all.len()));
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        if text.len() <= FILE_BYTES_MAX && text.is_ascii() && text.lines().count() > 20 {
            let uri = format!("file://{}", path.display());
            wire.open(&uri, language, &text);
            texts.push((uri, text));
        }
    }
    let mut places = Vec::new();
    // Not every line has a name.
    for _ in 0..wanted * 50 {
        if places.len() == wanted || texts.is_empty() {
            break;
        }
        let (uri, text) = &texts[dice.below(texts.len())];
        let lines = text.lines().count();
        let line = dice.below(lines);
        let Some(written) = text.lines().nth(line).filter(|l| !l.trim_start().starts_with(['/', '#', '*']))
        else {
            continue;
        };
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let mut words: Vec<(usize, &str)> = Vec::new();
        let mut at = 0;
        for word in written.split(|c| !is_word(c)) {
            if word.len() > 3 && word.starts_with(|c: char| c.is_alphabetic()) {
                words.push((at, word));
            }
            at += word.len() + 1;
        }
        if !words.is_empty() {
            let (character, name) = words[dice.below(words.len())];
            let place = Place { uri: uri.clone(), line, character, lines, name: name.to_owned() };
            // Words of comments and strings are no names.
            let used = wire.ask("textDocument/documentHighlight", place.at());
            if used["result"].as_array().is_some_and(|list| !list.is_empty()) {
                places.push(place);
            }
        }
    }
    places
}

fn sources(folder: &Path) -> Vec<(PathBuf, &'static str)> {
    let mut found = Vec::new();
    let mut dirs = vec![folder.to_owned()];
    while let Some(dir) = dirs.pop() {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(&dir).into_iter().flatten().flatten().map(|e| e.path()).collect();
        entries.sort();
        for path in entries {
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() && !path.is_symlink() {
                dirs.push(path);
            } else if let Some((_, language)) = ENDINGS.iter().find(|(ending, _)| name.ends_with(ending))
                && !name.contains(['%', ' ', '+', '@'])
            {
                found.push((path, *language));
            }
        }
    }
    found
}

fn print(idle: &BTreeMap<&str, Times>, built: &BTreeMap<&str, Times>) {
    println!(
        "| method | asked | at rest: CPU ms p50 / p99 | clock p50 / p99 | while building: CPU ms p50 / p99 | clock p50 / p99 |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    let none = Times::default();
    for method in &METHODS {
        let of = |all: &BTreeMap<&str, Times>| {
            let times = all.get(method.name).unwrap_or(&none);
            format!("{} | {}", two(&times.cpu), two(&times.clock))
        };
        let count = idle.get(method.name).map_or(0, |t| t.cpu.len());
        println!("| `{}` | {count} | {} | {} |", method.name, of(idle), of(built));
    }
    for (when, all) in [("at rest", idle), ("while building", built)] {
        for (name, times) in all.iter().filter(|(_, t)| t.errors > 0) {
            let error = times.error.as_deref().unwrap_or_default();
            println!("{when}, {name}: {} errors, the first: {error}", times.errors);
        }
    }
}

/// The median and the 99th percentile.
fn two(times: &[f64]) -> String {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len().saturating_sub(1)));
    match (at(50), at(99)) {
        (Some(half), Some(most)) => format!("{half:.2} / {most:.2}"),
        _ => "–".to_owned(),
    }
}
