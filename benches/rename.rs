//! Whether renames break what built before, checked by a tool that knows.
//!
//! ```text
//! cargo bench --bench rename -- FOLDER COMMAND [--count N] [--lang NAME] [--seed N] [--confirmed] [--server PATH]
//! ```
//!
//! Names of the folder are taken at random, half where they are defined and half where they are used, and the server is asked to
//! give them fresh ones. Each rename that it accepts without a doubt is written to the folder, `sh -c COMMAND` is run in
//! it, and the files are put back; the command has to succeed as it did before. With `--confirmed`, doubtful edits are
//! applied as well. The folder's files change while it runs: give it a copy. `--only PATH:LINE:COLUMN`, counted from 1,
//! takes one place instead, shows what it changes and what the command says.

mod corpus;
#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use coppice::graph::View;
use coppice::lang::modules::{FileId, Layout};
use coppice::text::Encoding;
use serde_json::{Value, json};

use corpus::Corpus;
use support::Wire;

struct Options {
    count: usize,
    lang: Option<String>,
    seed: u64,
    confirmed: bool,
    server: PathBuf,
    only: Option<String>,
}

fn main() {
    let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
    let mut plain = Vec::new();
    let server = PathBuf::from(env!("CARGO_BIN_EXE_coppice"));
    let mut options = Options { count: 50, lang: None, seed: 1, confirmed: false, server, only: None };
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|n| n.parse().ok());
        match arg.as_str() {
            "--count" => options.count = number().unwrap_or(options.count as u64) as usize,
            "--seed" => options.seed = number().unwrap_or(options.seed),
            "--lang" => options.lang = args.next(),
            "--only" => options.only = args.next(),
            "--server" => options.server = args.next().map_or(options.server, PathBuf::from),
            "--confirmed" => options.confirmed = true,
            _ => plain.push(arg),
        }
    }
    let [root, command] = &plain[..] else {
        eprintln!("rename: needs FOLDER and COMMAND; see the head of benches/rename.rs for the options");
        return;
    };
    let root = PathBuf::from(root).canonicalize().expect("the folder is there");
    assert!(runs(&root, command, Stdio::null).0, "the folder does not build before anything is renamed");
    let view = Corpus::load(&root).view;
    let (mut names, mut used) = names(&view, options.lang.as_deref());
    shuffle(&mut used, options.seed);
    match &options.only {
        Some(only) => {
            names.append(&mut used);
            names.retain(|name| name.place(&view) == *only);
            names.truncate(1);
        }
        None => {
            used.truncate(names.len());
            names.append(&mut used);
            shuffle(&mut names, options.seed);
        }
    }
    let mut wire = started(&options.server, &root);
    let mut tally = Tally::default();
    for name in names {
        if tally.checked() >= options.count {
            break;
        }
        tally.tried += 1;
        let new = fresh(&name.text);
        let at = view.position(name.file, name.start, Encoding::Utf8);
        let begun = Instant::now();
        let reply = wire.ask(
            "textDocument/rename",
            json!({
                "textDocument": {"uri": format!("file://{}", root.join(view.path(name.file)).display())},
                "position": {"line": at.line, "character": at.column},
                "newName": new,
            }),
        );
        tally.times.push(begun.elapsed());
        if let Some(message) = reply["error"]["message"].as_str() {
            tally.refused(&message.replace(&name.text, "NAME").replace(&new, "NEW"));
            continue;
        }
        let edit = &reply["result"];
        if edit.is_null() {
            tally.refused("there is nothing to rename");
            continue;
        }
        let annotations = edit["changeAnnotations"].as_object().into_iter().flat_map(|all| all.values());
        let doubts: Vec<&str> = annotations
            .filter(|a| a["needsConfirmation"] == true)
            .map(|a| a["description"].as_str().or(a["label"].as_str()).unwrap_or_default())
            .collect();
        if let Some(doubt) = doubts.first().filter(|_| !options.confirmed) {
            tally.doubtful(&doubt.replace(&name.text, "NAME"));
            continue;
        }
        let written = Written::write(edit);
        let (built, said) =
            runs(&root, command, if options.only.is_some() { Stdio::inherit } else { Stdio::piped });
        if options.only.is_some() {
            println!("{edit:#}");
        }
        written.restore();
        *tally.outcomes.entry(if built { "built" } else { "BROKEN" }).or_default() += 1;
        if !built {
            println!("BROKEN: {} -> {new} at {}", name.text, name.place(&view));
            said.lines()
                .filter(|line| !line.trim().is_empty())
                .take(4)
                .for_each(|line| println!("    {line}"));
        }
    }
    println!("{}: {tally}", root.display());
}

#[derive(Default)]
struct Tally {
    tried: usize,
    outcomes: BTreeMap<&'static str, usize>,
    reasons: BTreeMap<String, usize>,
    times: Vec<Duration>,
}

impl Tally {
    fn checked(&self) -> usize {
        ["built", "BROKEN"].iter().filter_map(|outcome| self.outcomes.get(outcome)).sum()
    }

    fn refused(&mut self, reason: &str) {
        *self.outcomes.entry("refused").or_default() += 1;
        *self.reasons.entry(format!("refused: {reason}")).or_default() += 1;
    }

    fn doubtful(&mut self, reason: &str) {
        *self.outcomes.entry("to be confirmed").or_default() += 1;
        *self.reasons.entry(format!("to be confirmed: {reason}")).or_default() += 1;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        /// Reasons that are shown; those that follow are rare.
        const REASONS_MAX: usize = 16;
        write!(f, "{} tried, {:?}", self.tried, self.outcomes)?;
        let mut times = self.times.clone();
        times.sort_unstable();
        if let Some(last) = times.last() {
            let (half, most) = (times[times.len() / 2], times[times.len() * 99 / 100]);
            write!(f, "\nanswered in p50 {half:?}, p99 {most:?}, at most {last:?}")?;
        }
        let mut reasons: Vec<(&String, &usize)> = self.reasons.iter().collect();
        reasons.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
        reasons.iter().take(REASONS_MAX).try_for_each(|(reason, n)| write!(f, "\n{n:>5} {reason}"))
    }
}

/// A client that can do all that a rename may want.
fn started(server: &Path, root: &Path) -> Wire {
    let mut wire = Wire::of(Command::new(server).args(["--cache.dir", "off"]));
    let reply = wire.initialize(json!({
        "workspaceFolders": [{"uri": format!("file://{}", root.display()), "name": "corpus"}],
        // The files are what they were whenever something is asked.
        "initializationOptions": {"request.waitMs": 60_000, "watch": "client"},
        "capabilities": {
            "general": {"positionEncodings": ["utf-8"]},
            "workspace": {
                "didChangeWatchedFiles": {"dynamicRegistration": true},
                "workspaceEdit": {
                    "documentChanges": true,
                    "resourceOperations": ["create", "rename", "delete"],
                    "changeAnnotationSupport": {"groupsOnLabel": true},
                },
            },
        },
    }));
    assert_eq!(reply["result"]["capabilities"]["positionEncoding"], "utf-8");
    wire.ready();
    wire
}

/// Whether the command succeeds, and what it said.
fn runs(root: &Path, command: &str, told: fn() -> Stdio) -> (bool, String) {
    let mut run = Command::new("sh");
    run.args(["-c", &format!("{{ {command}\n}} 2>&1")]).current_dir(root);
    let run = run.stdin(Stdio::null()).stdout(told()).spawn().and_then(std::process::Child::wait_with_output);
    run.map_or((false, String::new()), |out| {
        (out.status.success(), String::from_utf8_lossy(&out.stdout).into_owned())
    })
}

/// What was written to the folder, and what was there before.
#[derive(Default)]
struct Written {
    texts: Vec<(PathBuf, String)>,
    moves: Vec<(PathBuf, PathBuf)>,
}

impl Written {
    fn write(edit: &Value) -> Written {
        let mut written = Written::default();
        for change in edit["documentChanges"].as_array().into_iter().flatten() {
            if change["kind"] == "rename" {
                let (from, to) = (path_of(&change["oldUri"]), path_of(&change["newUri"]));
                std::fs::rename(&from, &to).expect("the file can be renamed");
                written.moves.push((from, to));
                continue;
            }
            let path = path_of(&change["textDocument"]["uri"]);
            let old = std::fs::read_to_string(&path).expect("the file is there");
            let mut edits: Vec<(usize, usize, &str)> = change["edits"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|e| {
                    let (start, end) = (offset(&old, &e["range"]["start"]), offset(&old, &e["range"]["end"]));
                    (start, end, e["newText"].as_str().unwrap_or_default())
                })
                .collect();
            edits.sort_unstable();
            let mut new = old.clone();
            edits.iter().rev().for_each(|(start, end, text)| new.replace_range(*start..*end, text));
            std::fs::write(&path, new).expect("the folder can be written to");
            written.texts.push((path, old));
        }
        written
    }

    fn restore(self) {
        for (from, to) in self.moves.iter().rev() {
            std::fs::rename(to, from).expect("the file can be renamed");
        }
        for (path, text) in self.texts {
            std::fs::write(path, text).expect("the folder can be written to");
        }
    }
}

/// The corpora's paths need no escapes.
fn path_of(uri: &Value) -> PathBuf {
    PathBuf::from(uri.as_str().and_then(|uri| uri.strip_prefix("file://")).expect("a file's URI"))
}

fn offset(text: &str, position: &Value) -> usize {
    let line = position["line"].as_u64().expect("a line") as usize;
    let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    before + position["character"].as_u64().expect("a character") as usize
}

/// A place where a name stands.
struct Name {
    file: FileId,
    start: u32,
    text: String,
}

impl Name {
    fn place(&self, view: &View) -> String {
        let at = view.position(self.file, self.start, Encoding::Utf8);
        format!("{}:{}:{}", view.path(self.file), at.line + 1, at.column + 1)
    }
}

/// Another name of the same shape.
fn fresh(old: &str) -> String {
    match old.chars().find(|c| c.is_alphabetic()) {
        Some(first) if first.is_uppercase() && old.chars().any(char::is_lowercase) => format!("{old}Zq"),
        Some(first) if first.is_uppercase() => format!("{old}_ZQ"),
        _ => format!("{old}_zq"),
    }
}

/// Where names are defined, and where they are used.
fn names(view: &View, lang: Option<&str>) -> (Vec<Name>, Vec<Name>) {
    let (mut defined, mut used) = (Vec::new(), Vec::new());
    // What is kept of others is not ours to rename.
    let own = |f: &FileId| !view.path(*f).split('/').any(|part| part == "vendor");
    for file in view.files().filter(own).filter(|f| lang.is_none_or(|l| view.lang(*f).name() == l)) {
        let facts = view.facts(file);
        let name = |name, start| Name { file, start, text: view.name_text(name).to_owned() };
        let is_name = |name: &Name| name.text.len() > 1;
        let defs = facts.defs.iter().filter(|d| !d.name_span.is_empty());
        defined.extend(defs.map(|d| name(d.name, d.name_span.start)).filter(is_name));
        let refs = facts.refs.iter().filter(|r| !r.span.is_empty());
        used.extend(refs.map(|r| name(r.name, r.span.start)).filter(is_name));
    }
    (defined, used)
}

/// Fisher and Yates, with a small generator so that runs can be repeated.
fn shuffle<T>(list: &mut [T], seed: u64) {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for at in (1..list.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        list.swap(at, (state % (at as u64 + 1)) as usize);
    }
}
