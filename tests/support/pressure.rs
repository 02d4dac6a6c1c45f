//! Many folders in a small budget: random questions over stdio, the same ones as without pressure, and an eye on what the
//! system says of the process.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Wire, anonymous_bytes, cpu_time, peak_bytes, resident_bytes};

/// How often the resident size is looked at.
const SAMPLE_EVERY: Duration = Duration::from_millis(50);
/// In this time after the last build the process comes to rest and gives back what builds have left.
const QUIET: Duration = Duration::from_secs(10);
/// In this time what is written is known of, on the slowest machine.
const FRESH_PATIENCE: Duration = Duration::from_secs(60);
/// A bound that no lowering misses.
const LOWERED_PATIENCE: Duration = Duration::from_secs(600);

/// Something to ask of a folder, and the answer without pressure.
pub struct Question {
    method: &'static str,
    /// Inside the folder.
    file: String,
    line: usize,
    character: usize,
    answer: String,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    pub requests: u64,
    pub switches: u64,
    /// Files that were written meanwhile, and those of them whose folders were evicted then.
    pub edits: u64,
    pub edits_away: u64,
    pub reloads: u64,
    pub refused: u64,
    /// The first few answers that were not those of a server without pressure, and refusals.
    pub wrong: Vec<String>,
    pub wrong_count: u64,
    /// The most that was seen of the process, what the system itself remembers as the most, and what the process had
    /// before any folder was opened.
    pub peak_bytes: u64,
    pub system_peak_bytes: u64,
    pub empty_bytes: u64,
    /// CPU time of the server until every folder had been built once, and in all.
    pub start_cpu: Duration,
    pub cpu: Duration,
    /// The most that the server says it had in use.
    pub high_water_bytes: u64,
    pub graphs_bytes: u64,
    pub reserved_bytes_at_end: u64,
    pub slowest: Duration,
}

/// Numbers that are the same in each run.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// A server with these folders open, and what it had in memory before.
pub fn server(folders: &[PathBuf], limit_mb: u64, cache: Option<&Path>) -> (Wire, u64) {
    server_with(folders, limit_mb, cache, "poll")
}

/// The same, with a way to hear of changes on disk.
pub fn server_with(folders: &[PathBuf], limit_mb: u64, cache: Option<&Path>, watch: &str) -> (Wire, u64) {
    let mut wire = Wire::start();
    let empty = wire.rss();
    let list: Vec<Value> = folders.iter().map(|f| json!({"uri": uri(f), "name": uri(f)})).collect();
    let cache = cache.map_or("off".to_owned(), |path| path.display().to_string());
    let settings = json!({
        "memory.limitMb": limit_mb, "watch": watch, "request.waitMs": 60_000, "cache.dir": cache,
    });
    wire.initialize(json!({
        "workspaceFolders": list,
        "initializationOptions": settings,
        "capabilities": {"textDocument": {"documentSymbol": {"hierarchicalDocumentSymbolSupport": true}}},
    }));
    (wire, empty)
}

/// Waits, however long, until no folder is being built.
pub fn settled(wire: &mut Wire, patience: Duration) -> Value {
    let deadline = Instant::now() + patience;
    loop {
        let status = wire.ask("coppice/status", Value::Null)["result"].clone();
        let folders = status["folders"].as_array().cloned().unwrap_or_default();
        let busy = |f: &Value| matches!(f["state"].as_str(), Some("loading" | "rebuilding"));
        if !folders.is_empty() && !folders.iter().any(busy) {
            return status;
        }
        assert!(Instant::now() < deadline, "still not at rest: {status}");
        drop(wire.leftovers());
        thread::sleep(SAMPLE_EVERY);
    }
}

/// Picks questions about names in the folder's files and answers them by a server that has room.
pub fn questions(folder: &Path, count: usize, dice: &mut Dice, patience: Duration) -> (Vec<Question>, u64) {
    let files = sources(folder);
    assert!(!files.is_empty(), "{} has no sources", folder.display());
    let (mut wire, _) = server(&[folder.to_owned()], 8192, None);
    let status = settled(&mut wire, patience);
    let bytes = status["memory"]["residentBytes"].as_u64().unwrap_or(0);
    let mut questions = Vec::new();
    while questions.len() < count {
        let file = &files[dice.below(files.len())];
        let Ok(text) = std::fs::read_to_string(folder.join(file)) else { continue };
        let lines: Vec<&str> = text.lines().collect();
        let line = dice.below(lines.len());
        let Some(character) = lines.get(line).and_then(|l| name_in(l, dice)) else { continue };
        let method = match questions.len() % 10 {
            0..=4 => "textDocument/definition",
            5 | 6 => "textDocument/hover",
            7 => "textDocument/documentSymbol",
            8 => "textDocument/documentHighlight",
            _ => "textDocument/references",
        };
        let mut question = Question { method, file: file.clone(), line, character, answer: String::new() };
        let Ok(answer) = question.ask(&mut wire, folder) else { continue };
        question.answer = answer;
        questions.push(question);
    }
    (questions, bytes)
}

impl Question {
    /// The answer without the folder's own place in it.
    fn ask(&self, wire: &mut Wire, folder: &Path) -> Result<String, String> {
        let uri = uri(&folder.join(&self.file));
        let params = json!({
            "textDocument": {"uri": uri},
            "position": {"line": self.line, "character": self.character},
            "context": {"includeDeclaration": true},
        });
        let reply = wire.ask(self.method, params);
        match reply.get("result") {
            Some(result) => Ok(result.to_string().replace(&self::uri(folder), "")),
            None => Err(reply["error"].to_string()),
        }
    }
}

/// A file that is written again and again, by what it said last and by what is there now: a definition on the line of that
/// number. It is asked for by its use in another file, so that the answer is the graph's.
struct Edited {
    known: u64,
    written: u64,
}

impl Edited {
    const FILE: &str = "edited_meanwhile.py";
    const USER: &str = "uses_edited.py";
    const LINES: u64 = 1_000;

    /// Puts the file into a folder that is not open yet.
    fn begin(folder: &Path) -> Edited {
        std::fs::write(folder.join(Self::USER), "from edited_meanwhile import edited\n\nedited()\n")
            .expect("a file");
        Self::put(folder, 0);
        Edited { known: 0, written: 0 }
    }

    fn put(folder: &Path, number: u64) {
        let new = folder.join("edited.new");
        let lines = "\n".repeat((number % Self::LINES) as usize);
        std::fs::write(&new, format!("{lines}def edited(): pass\n")).expect("a file");
        std::fs::rename(&new, folder.join(Self::FILE)).expect("the file is replaced");
    }

    /// Writes another text, which is another file then, and tells the server.
    fn write(&mut self, wire: &mut Wire, folder: &Path, number: u64) {
        Self::put(folder, number);
        self.written = number;
        let change = json!({"uri": uri(&folder.join(Self::FILE)), "type": 2});
        wire.notify("workspace/didChangeWatchedFiles", json!({ "changes": [change] }));
    }

    /// Asks until the answer is of what is there now. One of before may come until then, and none once a later one has; none
    /// at all from a folder that was away when the file was written, which looks at it when it comes back.
    fn read(&mut self, wire: &mut Wire, folder: &Path, was_away: bool) -> Result<(), String> {
        let deadline = Instant::now() + FRESH_PATIENCE;
        loop {
            let document = json!({"uri": uri(&folder.join(Self::USER))});
            let at = json!({"textDocument": document, "position": {"line": 2, "character": 0}});
            let reply = wire.ask("textDocument/definition", at);
            match reply["result"][0]["range"]["start"]["line"].as_u64() {
                Some(line) if line == self.written % Self::LINES => {
                    self.known = self.written;
                    return Ok(());
                }
                Some(line) if line == self.known % Self::LINES && !was_away => {}
                _ => {
                    return Err(format!("{reply} instead of {}, and {} before it", self.written, self.known));
                }
            }
            if Instant::now() > deadline {
                return Err(format!("{reply} for ever instead of {}", self.written));
            }
        }
    }
}

fn is_away(wire: &mut Wire, folder: &Path) -> bool {
    let status = wire.ask("coppice/status", Value::Null)["result"].clone();
    let all = status["folders"].as_array().into_iter().flatten();
    all.into_iter().any(|f| f["uri"] == uri(folder) && f["state"] == "evicted")
}

/// Asks `requests` random questions of folders that have the same contents as those the questions are about, some
/// `stay` of one folder before it goes to another. Now and then a file is written where it goes to; what was written
/// last is asked for whenever it comes there again.
pub fn run(
    folders: &[(PathBuf, &[Question])],
    limit_mb: u64,
    requests: u64,
    stay: usize,
    dice: &mut Dice,
    patience: Duration,
) -> Outcome {
    let paths: Vec<PathBuf> = folders.iter().map(|(path, _)| path.clone()).collect();
    let cache = tempfile::tempdir().expect("a temporary directory");
    let mut edited: Vec<Edited> = paths.iter().map(|folder| Edited::begin(folder)).collect();
    let (mut wire, empty_bytes) = server(&paths, limit_mb, Some(cache.path()));
    let peak = Peak::watch(wire.pid());
    let mut outcome = Outcome { requests, empty_bytes, ..Outcome::default() };
    let before = generations(&settled(&mut wire, patience));
    outcome.start_cpu = cpu_time(wire.pid());
    let mut at = folders.len();
    for _ in 0..requests {
        if at == folders.len() || dice.below(stay) == 0 {
            let next = dice.below(folders.len());
            outcome.switches += u64::from(next != at);
            at = next;
            // Before the folder is there again, and after that.
            let writes = dice.below(4);
            let was_away = writes == 0 && is_away(&mut wire, &folders[at].0);
            if writes == 0 {
                outcome.edits += 1;
                outcome.edits_away += u64::from(was_away);
                edited[at].write(&mut wire, &folders[at].0, outcome.edits);
            }
            let mut fresh = edited[at].read(&mut wire, &folders[at].0, was_away);
            if writes == 1 && fresh.is_ok() {
                outcome.edits += 1;
                edited[at].write(&mut wire, &folders[at].0, outcome.edits);
                fresh = edited[at].read(&mut wire, &folders[at].0, false);
            }
            if let Err(why) = fresh {
                outcome.wrong_count += 1;
                outcome.wrong.push(why);
            }
        }
        let (folder, questions) = &folders[at];
        let question = &questions[dice.below(questions.len())];
        let asked = Instant::now();
        match question.ask(&mut wire, folder) {
            Ok(answer) if answer == question.answer => {}
            Ok(answer) => {
                outcome.wrong_count += 1;
                if outcome.wrong.len() < 5 {
                    let Question { method, file, line, character, answer: right } = question;
                    let cut = |s: &str| s.chars().take(300).collect::<String>();
                    let place = format!("{method} {file}:{line}:{character}");
                    outcome.wrong.push(format!("{place}: {} instead of {}", cut(&answer), cut(right)));
                }
            }
            Err(why) => {
                outcome.refused += 1;
                if outcome.wrong.len() < 5 {
                    outcome.wrong.push(why);
                }
            }
        }
        outcome.slowest = outcome.slowest.max(asked.elapsed());
        drop(wire.leftovers());
    }
    let status = settled(&mut wire, patience);
    let after = generations(&status);
    outcome.reloads = after.iter().map(|(uri, g)| g - before.get(uri).copied().unwrap_or(0)).sum();
    outcome.high_water_bytes = status["memory"]["highWaterBytes"].as_u64().unwrap_or(0);
    outcome.reserved_bytes_at_end = status["memory"]["reservedBytes"].as_u64().unwrap_or(u64::MAX);
    outcome.cpu = cpu_time(wire.pid());
    outcome.system_peak_bytes = peak_bytes(wire.pid());
    outcome.peak_bytes = peak.end();
    outcome
}

/// What came of a budget that was lowered while it was full.
#[derive(Debug, Default)]
pub struct Lowered {
    pub used_before: u64,
    pub resident_before: u64,
    /// How long it took until what is metered was within the new limit, and until the process was within its ceiling.
    pub metered_after: Duration,
    pub resident_after: Duration,
    pub used: u64,
    pub resident: u64,
}

/// Fills a budget with folders, asking one question of each, and lowers it by a change of the configuration.
pub fn lowered(folders: &[(PathBuf, &[Question])], limits_mb: [u64; 2], overhead: u64) -> Lowered {
    let paths: Vec<PathBuf> = folders.iter().map(|(path, _)| path.clone()).collect();
    let cache = tempfile::tempdir().expect("a temporary directory");
    let (mut wire, _) = server(&paths, limits_mb[0], Some(cache.path()));
    settled(&mut wire, LOWERED_PATIENCE);
    for (folder, questions) in folders {
        let _ = questions[0].ask(&mut wire, folder);
    }
    let before = settled(&mut wire, LOWERED_PATIENCE);
    let used = |status: &Value| status["memory"]["usedBytes"].as_u64().unwrap_or(u64::MAX);
    let limit = limits_mb[1] << 20;
    let mut outcome =
        Lowered { used_before: used(&before), resident_before: wire.rss(), ..Lowered::default() };
    let settings = json!({"settings": {"coppice": {"memory.limitMb": limits_mb[1]}}});
    let changed = Instant::now();
    wire.notify("workspace/didChangeConfiguration", settings);
    while outcome.metered_after.is_zero() || outcome.resident_after.is_zero() {
        let status = wire.ask("coppice/status", Value::Null)["result"].clone();
        let is_known = status["memory"]["limitBytes"] == limit;
        (outcome.used, outcome.resident) = (used(&status), wire.rss());
        if is_known && outcome.used <= limit && outcome.metered_after.is_zero() {
            outcome.metered_after = changed.elapsed();
        }
        if is_known && outcome.resident <= limit + overhead && outcome.resident_after.is_zero() {
            outcome.resident_after = changed.elapsed();
        }
        assert!(changed.elapsed() < LOWERED_PATIENCE, "never met: {outcome:?}, {status}");
    }
    outcome
}

/// What twins of a folder take by the server's word and by the system's.
#[derive(Debug, Default)]
pub struct Account {
    pub graphs: u64,
    pub grown: u64,
}

/// Opens twins of a folder, with room for all, and looks at what the process gains by those after the first few. What
/// builds cost once (stacks, parsers, what the allocator keeps) is no folder's.
pub fn account(first: &[PathBuf], more: &[PathBuf], patience: Duration) -> Account {
    // A look at all files now and then would keep it from coming to rest.
    let (mut wire, _) = server_with(first, 8_192, None, "client");
    let before = at_rest(&mut wire, patience);
    let added: Vec<Value> = more.iter().map(|f| json!({"uri": uri(f), "name": uri(f)})).collect();
    wire.notify("workspace/didChangeWorkspaceFolders", json!({"event": {"added": added, "removed": []}}));
    let after = at_rest(&mut wire, patience);
    Account { graphs: after.graphs - before.graphs, grown: after.grown.saturating_sub(before.grown) }
}

/// What a server has at rest: by its own word, and by the system's once the allocator has let go of what builds have left.
pub fn at_rest(wire: &mut Wire, patience: Duration) -> Account {
    let status = settled(wire, patience);
    let of = |f: &Value| f["highWaterBytes"].as_u64().unwrap_or(0);
    let graphs = status["folders"].as_array().into_iter().flatten().map(of).sum();
    let deadline = Instant::now() + QUIET;
    let mut grown = u64::MAX;
    while Instant::now() < deadline {
        thread::sleep(SAMPLE_EVERY);
        grown = grown.min(anonymous_bytes(wire.pid()));
    }
    Account { graphs, grown }
}

/// Texts that make a parser ask for far more memory than what people write.
pub fn pathological(kind: usize, bytes: usize) -> (String, String) {
    let depth = bytes / 2;
    match kind % 5 {
        0 => (format!("nested_{kind}.py"), format!("x = {}{}", "(".repeat(depth), ")".repeat(depth))),
        1 => (format!("array_{kind}.js"), format!("x = [{}];", "1,\n".repeat(bytes / 3))),
        2 => (format!("sum_{kind}.go"), format!("package p\nvar x = {}1\n", "a+\n".repeat(bytes / 3))),
        3 => (format!("open_{kind}.ts"), "{[(<\n".repeat(bytes / 5)),
        _ => (format!("calls_{kind}.rs"), format!("fn f() {{ {} }}", "f(f(f()));\n".repeat(bytes / 11))),
    }
}

/// By folder; a folder without a graph has the number of its last one.
fn generations(status: &Value) -> HashMap<String, u64> {
    let folders = status["folders"].as_array().cloned().unwrap_or_default();
    let pair = |f: &Value| Some((f["uri"].as_str()?.to_owned(), f["generation"].as_u64()?));
    folders.iter().filter_map(pair).collect()
}

/// Watches a process's resident size.
pub struct Peak {
    most: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Peak {
    pub fn watch(pid: u32) -> Peak {
        let (most, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (seen, stopped) = (Arc::clone(&most), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                seen.fetch_max(resident_bytes(pid), Ordering::Relaxed);
                thread::sleep(SAMPLE_EVERY);
            }
        });
        Peak { most, stop, thread }
    }

    pub fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
        self.most.load(Ordering::Relaxed)
    }
}

/// Source files below the folder, relative to it.
fn sources(folder: &Path) -> Vec<String> {
    const ENDINGS: [&str; 7] = [".py", ".go", ".ts", ".tsx", ".js", ".rs", ".java"];
    let mut files = Vec::new();
    let mut dirs = vec![folder.to_owned()];
    while let Some(dir) = dirs.pop() {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(&dir).into_iter().flatten().flatten().map(|e| e.path()).collect();
        entries.sort();
        for path in entries {
            let Some(inside) = path.strip_prefix(folder).ok().and_then(Path::to_str) else { continue };
            if path.is_dir() {
                dirs.push(path);
            } else if ENDINGS.iter().any(|e| inside.ends_with(e)) && !inside.contains(['%', ' ', '+', '@']) {
                files.push(inside.to_owned());
            }
        }
    }
    files
}

/// The column of some name in the line.
fn name_in(line: &str, dice: &mut Dice) -> Option<usize> {
    if !line.is_ascii() {
        return None;
    }
    let bytes = line.as_bytes();
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let starts: Vec<usize> = (0..bytes.len())
        .filter(|&i| bytes[i].is_ascii_alphabetic() && (i == 0 || !is_name(bytes[i - 1])))
        .collect();
    (!starts.is_empty()).then(|| starts[dice.below(starts.len())])
}

/// A copy of the folder that shares its files.
pub fn twin(of: &Path, at: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(at)?;
    for entry in std::fs::read_dir(of)? {
        let entry = entry?;
        let (from, to) = (entry.path(), at.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            twin(&from, &to)?;
        } else if kind.is_file() && std::fs::hard_link(&from, &to).is_err() {
            std::fs::copy(&from, &to)?;
        }
    }
    Ok(())
}
