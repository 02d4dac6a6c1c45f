//! A small blocking LSP client: it starts a server as a child process and talks to it
//! over stdio, as an editor would.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use parking_lot::Mutex;
use serde_json::{Value, json};

/// How much of the server's log is kept to show when it dies.
const LOG_LINES_MAX: usize = 20;
/// Largest frame taken from a server.
const BODY_BYTES_MAX: usize = 256 << 20;

/// Why a server gave no usable reply.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("the server `{program}` cannot be started: {why}")]
    Spawn { program: PathBuf, why: std::io::Error },
    #[error("the server stopped ({status}) before it answered {method}{log}")]
    Stopped { method: String, status: String, log: String },
    #[error("no answer to {method} within {} s", after.as_secs_f32())]
    TimedOut { method: String, after: Duration },
    #[error("{method} was refused: {message} ({code})")]
    Refused { method: String, code: i64, message: String, data: Value },
}

type Reply = Result<Value, (i64, String, Value)>;
/// Who waits for which reply; `None` once the server's output has ended and no more will come.
type Waiting = Arc<Mutex<Option<HashMap<i64, Sender<Reply>>>>>;

/// A server running as a child; dropping it ends the child.
pub struct Client {
    child: Child,
    /// Frames on their way to the server; `None` once its input is closed.
    outbox: Option<Sender<Value>>,
    waiting: Waiting,
    log: Arc<Mutex<VecDeque<String>>>,
    next_id: i64,
}

impl Client {
    pub fn start(program: &Path, args: &[String]) -> Result<Client, ClientError> {
        let mut child = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|why| ClientError::Spawn { program: program.to_owned(), why })?;
        let (outbox, frames) = crossbeam_channel::unbounded();
        let waiting = Waiting::new(Mutex::new(Some(HashMap::new())));
        let log = Arc::new(Mutex::new(VecDeque::new()));
        if let Some(stdin) = child.stdin.take() {
            std::thread::spawn(move || write_frames(stdin, &frames));
        }
        if let Some(stdout) = child.stdout.take() {
            let (waiting, outbox) = (Arc::clone(&waiting), outbox.clone());
            std::thread::spawn(move || read_frames(stdout, &waiting, &outbox));
        }
        if let Some(stderr) = child.stderr.take() {
            let log = Arc::clone(&log);
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    let mut log = log.lock();
                    if log.len() == LOG_LINES_MAX {
                        log.pop_front();
                    }
                    log.push_back(line);
                }
            });
        }
        Ok(Client { child, outbox: Some(outbox), waiting, log, next_id: 0 })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a request and waits for its result.
    pub fn request(&mut self, method: &str, params: Value, wait: Duration) -> Result<Value, ClientError> {
        self.next_id += 1;
        let id = self.next_id;
        let (sender, reply) = crossbeam_channel::bounded(1);
        // Where no reply can come any more, the sender is dropped here, which says so.
        match self.waiting.lock().as_mut() {
            Some(waiting) => drop(waiting.insert(id, sender)),
            None => drop(sender),
        }
        let mut frame = json!({"jsonrpc": "2.0", "id": id, "method": method});
        if !params.is_null() {
            frame["params"] = params;
        }
        self.send(frame);
        match reply.recv_timeout(wait) {
            Ok(Ok(result)) => Ok(result),
            Ok(Err((code, message, data))) => {
                Err(ClientError::Refused { method: method.to_owned(), code, message, data })
            }
            Err(crossbeam_channel::RecvTimeoutError::Timeout) => {
                self.waiting.lock().as_mut().and_then(|waiting| waiting.remove(&id));
                Err(ClientError::TimedOut { method: method.to_owned(), after: wait })
            }
            Err(crossbeam_channel::RecvTimeoutError::Disconnected) => Err(self.stopped(method)),
        }
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        let mut frame = json!({"jsonrpc": "2.0", "method": method});
        if !params.is_null() {
            frame["params"] = params;
        }
        self.send(frame);
    }

    /// `shutdown`, `exit`, and the status with which the server ended, if it did so in time.
    pub fn stop(&mut self, wait: Duration) -> Result<Option<ExitStatus>, ClientError> {
        self.request("shutdown", Value::Null, wait)?;
        self.notify("exit", Value::Null);
        self.outbox = None;
        let started = Instant::now();
        while started.elapsed() < wait {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Ok(Some(status));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(None)
    }

    fn send(&mut self, frame: Value) {
        // A send fails only when the server's input is closed; the reply's channel tells the caller.
        if let Some(outbox) = &self.outbox {
            let _ = outbox.send(frame);
        }
    }

    fn stopped(&mut self, method: &str) -> ClientError {
        let started = Instant::now();
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status.to_string(),
                _ if started.elapsed() > Duration::from_secs(2) => break "its output ended".to_owned(),
                _ => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        let log: String = self.log.lock().iter().map(|line| format!("\n  | {line}")).collect();
        ClientError::Stopped { method: method.to_owned(), status, log }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.outbox = None;
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn write_frames(mut stdin: ChildStdin, frames: &Receiver<Value>) {
    for frame in frames {
        let body = frame.to_string();
        if write!(stdin, "Content-Length: {}\r\n\r\n{body}", body.len()).and_then(|()| stdin.flush()).is_err()
        {
            return;
        }
    }
}

/// Hands replies to whoever waits for them and answers what the server asks, until its output ends.
fn read_frames(stdout: ChildStdout, waiting: &Waiting, outbox: &Sender<Value>) {
    let mut stdout = BufReader::new(stdout);
    while let Some(frame) = read_frame(&mut stdout) {
        let id = frame.get("id").cloned();
        match (frame.get("method").and_then(Value::as_str), id) {
            (Some(method), Some(id)) => {
                let answer = answer(method, frame.get("params").unwrap_or(&Value::Null));
                let mut reply = json!({"jsonrpc": "2.0", "id": id});
                match answer {
                    Some(result) => reply["result"] = result,
                    None => reply["error"] = json!({"code": -32601, "message": "not supported"}),
                }
                let _ = outbox.send(reply);
            }
            (Some(_), None) => {}
            (None, id) => {
                let Some(sender) = id.and_then(|id| waiting.lock().as_mut()?.remove(&id.as_i64()?)) else {
                    continue;
                };
                let _ = sender.send(reply_of(&frame));
            }
        }
    }
    *waiting.lock() = None;
}

fn reply_of(frame: &Value) -> Reply {
    match frame.get("error") {
        Some(error) => Err((
            error["code"].as_i64().unwrap_or_default(),
            error["message"].as_str().unwrap_or_default().to_owned(),
            error["data"].clone(),
        )),
        None => Ok(frame.get("result").cloned().unwrap_or_default()),
    }
}

/// What a plain editor answers to a server's request.
fn answer(method: &str, params: &Value) -> Option<Value> {
    match method {
        "workspace/configuration" => {
            let items = params["items"].as_array().map_or(0, Vec::len);
            Some(Value::Array(vec![Value::Null; items]))
        }
        "window/workDoneProgress/create"
        | "client/registerCapability"
        | "client/unregisterCapability"
        | "workspace/diagnostic/refresh"
        | "window/showMessageRequest" => Some(Value::Null),
        _ => None,
    }
}

fn read_frame(stdout: &mut impl BufRead) -> Option<Value> {
    loop {
        let mut length = None;
        loop {
            let mut line = String::new();
            if stdout.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim();
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse::<usize>().ok();
            }
        }
        let length = length.filter(|n| *n <= BODY_BYTES_MAX)?;
        let mut body = vec![0; length];
        stdout.read_exact(&mut body).ok()?;
        if let Ok(frame) = serde_json::from_slice(&body) {
            return Some(frame);
        }
    }
}

/// The `file:` URI of an absolute path.
pub fn file_uri(path: &Path) -> String {
    let mut uri = String::from("file://");
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(byte as char)
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// The path of a `file:` URI.
pub fn file_path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let path = &rest[rest.find('/')?..];
    let mut bytes = Vec::with_capacity(path.len());
    let mut left = path.as_bytes();
    while let Some((&byte, tail)) = left.split_first() {
        let escaped = (byte == b'%').then(|| tail.get(..2)).flatten();
        let value = escaped.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(value.unwrap_or(byte));
        left = if value.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_survive_the_way_through_a_uri() {
        for path in ["/a/b.rs", "/with space/ü.py", "/100%/#x?.ts", "/a%20b"] {
            assert_eq!(file_path(&file_uri(Path::new(path))).as_deref(), Some(Path::new(path)));
        }
        assert_eq!(file_uri(Path::new("/a b")), "file:///a%20b");
        assert_eq!(file_path("untitled:Untitled-1"), None);
    }

    #[test]
    fn frames_are_read_one_after_the_other() {
        let mut input = "Content-Length: 2\r\n\r\n{}content-length: 4\r\nX: y\r\n\r\nnull".as_bytes();
        assert_eq!(read_frame(&mut input), Some(json!({})));
        assert_eq!(read_frame(&mut input), Some(Value::Null));
        assert_eq!(read_frame(&mut input), None);
    }

    #[test]
    fn a_server_that_cannot_be_started_or_ends_at_once_is_reported() {
        let missing = Client::start(Path::new("/nowhere/server"), &[]).err().unwrap();
        assert!(missing.to_string().contains("/nowhere/server"), "{missing}");
        let mut client =
            Client::start(Path::new("/bin/sh"), &["-c".into(), "echo gone >&2; exit 3".into()]).unwrap();
        let error = client.request("initialize", json!({}), Duration::from_secs(10)).unwrap_err();
        assert!(matches!(error, ClientError::Stopped { .. }), "{error}");
        assert!(error.to_string().contains("exit status: 3"), "{error}");
    }
}
