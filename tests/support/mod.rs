//! A client that can misbehave: it writes bytes, and reads frames as they come.

#![allow(dead_code, reason = "every test file uses its own part of it")]

pub mod pressure;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, unbounded};
use serde_json::{Value, json};

/// A bound that no machine misses and no test waits for unless it fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Wire {
    input: Option<ChildStdin>,
    frames: Receiver<Value>,
    kept: Vec<Value>,
    ended: Receiver<Option<i32>>,
    child: Arc<Mutex<Child>>,
    pid: u32,
    next_id: i64,
    refused: Vec<String>,
    results: BTreeMap<String, Value>,
}

impl Wire {
    /// A server with its test hooks on, which keeps nothing on disk.
    pub fn start() -> Wire {
        Wire::of(Command::new(env!("CARGO_BIN_EXE_coppice")).args(["--cache.dir", "off"]))
    }

    /// A server that the command starts, with its test hooks on.
    pub fn of(command: &mut Command) -> Wire {
        Wire::paced(command, &Arc::default())
    }

    /// The same with a client that reads as slowly as the pace says.
    pub fn paced(command: &mut Command, pace: &Arc<Pace>) -> Wire {
        let mut child = command
            .env("COPPICE_TEST_HOOKS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let (input, output) = (child.stdin.take(), child.stdout.take().expect("piped"));
        let pid = child.id();
        let child = Arc::new(Mutex::new(child));
        let (sender, frames) = unbounded();
        let (end, ended) = unbounded();
        let (reading, pace) = (Arc::clone(&child), Arc::clone(pace));
        thread::spawn(move || {
            read_frames(Paced { output, pace }, |frame| drop(sender.send(frame)));
            // The output has ended, so the process is about to.
            let _ = end.send(reading.lock().unwrap().wait().unwrap().code());
        });
        let (kept, refused, results) = (Vec::new(), Vec::new(), BTreeMap::new());
        Wire { input, frames, kept, ended, child, pid, next_id: 0, refused, results }
    }

    /// A server that is past `initialize`.
    pub fn initialized(params: Value) -> Wire {
        let mut wire = Wire::start();
        let reply = wire.initialize(params);
        assert!(reply.get("result").is_some(), "{reply}");
        wire
    }

    /// A server with one folder, for a client that takes outlines as trees.
    pub fn in_folder(folder: &Folder) -> Wire {
        Wire::initialized(json!({
            "workspaceFolders": [{"uri": folder.uri(""), "name": "folder"}],
            "capabilities": {"textDocument": {"documentSymbol": {"hierarchicalDocumentSymbolSupport": true}}},
        }))
    }

    /// The answer to `initialize` with these parameters; what is missing is plain.
    pub fn initialize(&mut self, params: Value) -> Value {
        let mut all = json!({"processId": null, "rootUri": null, "capabilities": {}});
        for (key, value) in params.as_object().cloned().unwrap_or_default() {
            all[key] = value;
        }
        let reply = self.ask("initialize", all);
        self.notify("initialized", json!({}));
        reply
    }

    /// Asks until every folder has come to rest; the status then.
    pub fn ready(&mut self) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = self.ask("coppice/status", Value::Null)["result"].clone();
            if status["ready"] == true {
                return status;
            }
            assert!(Instant::now() < deadline, "still not ready: {status}");
            thread::yield_now();
        }
    }

    /// Asks until a symbol of that name is found.
    pub fn until_symbol(&mut self, name: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let reply = self.ask("workspace/symbol", json!({"query": name}));
            if reply["result"].as_array().is_some_and(|list| list.iter().any(|s| s["name"] == name)) {
                return;
            }
            assert!(Instant::now() < deadline, "no {name}: {reply}");
            thread::yield_now();
        }
    }

    pub fn open(&mut self, uri: &str, language: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": language, "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// From now on, requests of the server by this method are answered with an error.
    pub fn refuse(&mut self, method: &str) {
        self.refused.push(method.to_owned());
    }

    /// From now on, requests of the server by this method get this result.
    pub fn answer_with(&mut self, method: &str, result: Value) {
        self.results.insert(method.to_owned(), result);
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("the input is open");
        input.write_all(bytes).expect("the server reads");
        input.flush().expect("the server reads");
    }

    pub fn send(&mut self, message: &Value) {
        self.raw(&frame(message.to_string().as_bytes()));
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    pub fn request(&mut self, method: &str, params: Value) -> i64 {
        self.next_id += 1;
        let mut message = json!({"jsonrpc": "2.0", "id": self.next_id, "method": method});
        if !params.is_null() {
            message["params"] = params;
        }
        self.send(&message);
        self.next_id
    }

    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        self.reply(&json!(id))
    }

    pub fn reply(&mut self, id: &Value) -> Value {
        self.until(|frame| frame.get("method").is_none() && frame["id"] == *id)
    }

    /// The first frame for which something holds; what the server asks meanwhile is answered.
    pub fn until(&mut self, holds: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.kept.iter().position(&holds) {
            return self.kept.remove(at);
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let frame = self.frames.recv_deadline(deadline).expect("the awaited frame");
            if frame.get("method").is_some() && frame.get("id").is_some() {
                self.answer(&frame);
            }
            if holds(&frame) {
                return frame;
            }
            self.kept.push(frame);
        }
    }

    fn answer(&mut self, request: &Value) {
        if self.refused.iter().any(|method| request["method"] == **method) {
            let error = json!({"code": -32601, "message": "not by this client"});
            return self.send(&json!({"jsonrpc": "2.0", "id": request["id"], "error": error}));
        }
        let result = match request["method"].as_str() {
            Some("workspace/configuration") => {
                request["params"]["items"].as_array().map(|items| items.iter().map(|_| Value::Null).collect())
            }
            Some(method) => self.results.get(method).cloned(),
            None => None,
        };
        self.send(&json!({"jsonrpc": "2.0", "id": request["id"], "result": result.unwrap_or(Value::Null)}));
    }

    /// Frames that have come and nobody has asked for.
    pub fn leftovers(&mut self) -> Vec<Value> {
        self.kept.extend(self.frames.try_iter());
        std::mem::take(&mut self.kept)
    }

    /// Ends the server as no server ends by itself.
    pub fn kill(&mut self) {
        self.child.lock().unwrap().kill().expect("a running server");
        self.ended.recv_timeout(PATIENCE).expect("the server has ended");
    }

    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// The exit code of a server that should be ending.
    pub fn ends_within(&self, limit: Duration) -> Option<i32> {
        self.ended.recv_timeout(limit).expect("the server has ended")
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Resident memory; nothing on systems that do not tell.
    pub fn rss(&self) -> u64 {
        resident_bytes(self.pid)
    }
}

/// How fast a client reads; at first as fast as it can.
#[derive(Default)]
pub struct Pace {
    state: Mutex<Reading>,
    changed: Condvar,
}

#[derive(Default)]
struct Reading {
    /// `None`: without limit; zero: nothing.
    bytes_per_second: Option<usize>,
    read: usize,
}

impl Pace {
    pub fn set(&self, bytes_per_second: Option<usize>) {
        let mut state = self.state.lock().unwrap();
        (state.bytes_per_second, state.read) = (bytes_per_second, 0);
        self.changed.notify_all();
    }

    /// Waits until so much has been read at this pace.
    pub fn until_read(&self, bytes: usize) {
        let deadline = Instant::now() + Duration::from_secs(3_600);
        let mut state = self.state.lock().unwrap();
        while state.read < bytes {
            assert!(Instant::now() < deadline, "{} of {bytes} bytes", state.read);
            state = self.changed.wait_timeout(state, PATIENCE).unwrap().0;
        }
    }

    /// Waits until something may be read.
    fn wait(&self) {
        let mut state = self.state.lock().unwrap();
        while state.bytes_per_second == Some(0) {
            state = self.changed.wait(state).unwrap();
        }
    }

    /// Takes the time that reading so much takes.
    fn took(&self, bytes: usize) {
        let mut state = self.state.lock().unwrap();
        state.read += bytes;
        self.changed.notify_all();
        let Some(pace) = state.bytes_per_second.filter(|pace| *pace > 0) else { return };
        let until = Instant::now() + Duration::from_secs(bytes as u64) / pace as u32;
        // Until then, or until the pace is another.
        while let Some(left) = until.checked_duration_since(Instant::now())
            && state.bytes_per_second == Some(pace)
        {
            state = self.changed.wait_timeout(state, left).unwrap().0;
        }
    }
}

struct Paced {
    output: ChildStdout,
    pace: Arc<Pace>,
}

impl Read for Paced {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        /// What a slow reader takes at once.
        const BYTES: usize = 10_000;
        self.pace.wait();
        let len = buffer.len().min(BYTES);
        let read = self.output.read(&mut buffer[..len])?;
        self.pace.took(read);
        Ok(read)
    }
}

/// What a process has in memory; nothing on systems that do not tell.
pub fn resident_bytes(pid: u32) -> u64 {
    status_bytes(pid, "VmRSS:")
}

/// The part of it that is not of files.
pub fn anonymous_bytes(pid: u32) -> u64 {
    status_bytes(pid, "RssAnon:")
}

/// The most that it ever had, as the system remembers it.
pub fn peak_bytes(pid: u32) -> u64 {
    status_bytes(pid, "VmHWM:")
}

/// The names of a process's threads; nothing on systems that do not tell.
pub fn thread_names(pid: u32) -> Vec<String> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    // One that has just ended has no name any more.
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.map(|name| name.trim_end().to_owned()).collect()
}

fn status_bytes(pid: u32, key: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix(key)).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024
}

/// CPU time of a process so far; nothing on systems that do not tell.
pub fn cpu_time(pid: u32) -> Duration {
    /// Of the system's clock for this, a second has so many wherever Linux runs.
    const TICKS: u64 = 100;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in brackets, may hold anything. User and system time are the 14th and 15th field.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1000 / TICKS)
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.input = None;
        // While the reading thread waits for the end, it holds the child; the server is ending then.
        if let Ok(mut child) = self.child.try_lock() {
            let _ = child.kill();
        }
    }
}

pub fn frame(body: &[u8]) -> Vec<u8> {
    let mut out = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    out.extend_from_slice(body);
    out
}

fn read_frames(output: impl Read, mut each: impl FnMut(Value)) {
    let mut output = BufReader::new(output);
    loop {
        let mut length = None;
        loop {
            let mut line = String::new();
            if output.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            match line.trim_end() {
                "" => break,
                header => {
                    let value = header.strip_prefix("Content-Length: ").expect("only this header is sent");
                    length = Some(value.parse::<usize>().expect("a number"));
                }
            }
        }
        let mut body = vec![0; length.expect("a length")];
        if output.read_exact(&mut body).is_err() {
            return;
        }
        each(serde_json::from_slice(&body).expect("JSON"));
    }
}

/// A folder on disk that goes with its value.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().expect("a temporary directory"));
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("inside the folder")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }

    pub fn path(&self, path: &str) -> std::path::PathBuf {
        // Where temporary directories are behind a link, the server is given the real place.
        let root = self.0.path().canonicalize().expect("the folder is there");
        if path.is_empty() { root } else { root.join(path) }
    }

    /// The names used in tests need no escapes.
    pub fn uri(&self, path: &str) -> String {
        format!("file://{}", self.path(path).display())
    }
}
