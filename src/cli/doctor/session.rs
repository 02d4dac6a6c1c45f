//! One conversation with a server: from `initialize` until it has ended.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::report::{FolderReport, Report, millis};
use super::{DoctorArgs, DoctorError};
use crate::cli::client::{Client, ClientError, file_path, file_uri};

/// Longest that one question may take before the server counts as hung.
const ANSWER_WAIT: Duration = Duration::from_secs(60);
/// How long the server may take to end after `exit`.
const EXIT_WAIT: Duration = Duration::from_secs(5);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Between two lines of progress where the output is no terminal.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(2);

pub(super) struct Session {
    client: Client,
    opened: Instant,
}

impl Session {
    pub(super) fn start(
        args: &DoctorArgs,
        settings: Value,
        folders: &[PathBuf],
        report: &mut Report,
    ) -> Result<Session, DoctorError> {
        let program = match &args.server {
            Some(program) => program.clone(),
            None => std::env::current_exe().map_err(DoctorError::Program)?,
        };
        let started = Instant::now();
        let mut client = Client::start(&program, &[])?;
        let result = client.request("initialize", initialize_params(folders, settings), ANSWER_WAIT)?;
        report.version = result["serverInfo"]["version"].as_str().unwrap_or("unknown").to_owned();
        report.server.name = result["serverInfo"]["name"].as_str().unwrap_or("unknown").to_owned();
        report.server.program = program;
        report.server.pid = client.pid();
        report.server.initialize_ms = millis(started.elapsed());
        report.server.position_encoding =
            result["capabilities"]["positionEncoding"].as_str().unwrap_or("utf-16").to_owned();
        client.notify("initialized", json!({}));
        Ok(Session { client, opened: started })
    }

    pub(super) fn ask(&mut self, method: &str, params: Value) -> Result<(Value, Duration), ClientError> {
        let started = Instant::now();
        let result = self.client.request(method, params, ANSWER_WAIT)?;
        Ok((result, started.elapsed()))
    }

    pub(super) fn status(&mut self) -> Result<Value, ClientError> {
        self.client.request("coppice/status", Value::Null, ANSWER_WAIT)
    }

    /// Watches the folders become ready and shows how far they are.
    pub(super) fn wait_until_ready(
        &mut self,
        folders: &[PathBuf],
        wait: Duration,
        report: &mut Report,
    ) -> Result<(), DoctorError> {
        let mut progress = Progress::new();
        let mut ready_after: BTreeMap<PathBuf, Duration> = BTreeMap::new();
        let result = loop {
            let status = self.status()?;
            let mut pending = Vec::new();
            for folder in folders {
                match folder_status(&status, folder) {
                    Some(row) if is_settled(row) => {
                        ready_after.entry(folder.clone()).or_insert_with(|| self.opened.elapsed());
                    }
                    Some(row) => pending.push(format!(
                        "{} {} {} %",
                        folder.display(),
                        row["state"].as_str().unwrap_or("?"),
                        row["progressPercent"].as_u64().unwrap_or(0)
                    )),
                    None => pending.push(format!("{} not opened yet", folder.display())),
                }
            }
            report.status = status;
            if pending.is_empty() {
                break Ok(());
            }
            if self.opened.elapsed() > wait {
                break Err(DoctorError::NotReady(wait.as_secs(), pending.join(", ")));
            }
            progress.show(&pending.join(", "));
            std::thread::sleep(POLL_INTERVAL);
        };
        progress.clear();
        for folder in folders {
            let row = folder_status(&report.status, folder).cloned().unwrap_or_default();
            report.folders.push(FolderReport::new(folder, &row, ready_after.get(folder).copied()));
        }
        result
    }

    /// Ends the server and checks that it ends as it should.
    pub(super) fn stop(mut self, report: &mut Report) -> Result<(), ClientError> {
        let started = Instant::now();
        match self.client.stop(EXIT_WAIT)? {
            Some(status) if status.success() => report.server.exit_ms = Some(millis(started.elapsed())),
            Some(status) => report.problems.push(format!("after shutdown the server ended with {status}")),
            None => report
                .problems
                .push(format!("the server was still there {} s after `exit`", EXIT_WAIT.as_secs())),
        }
        Ok(())
    }
}

fn initialize_params(folders: &[PathBuf], settings: Value) -> Value {
    let workspace_folders: Vec<Value> = folders
        .iter()
        .map(|path| {
            let name = path.file_name().map_or_else(|| "/".into(), |name| name.to_string_lossy());
            json!({"uri": file_uri(path), "name": name})
        })
        .collect();
    json!({
        "processId": std::process::id(),
        "clientInfo": {"name": "coppice doctor", "version": env!("CARGO_PKG_VERSION")},
        "rootUri": folders.first().map(|path| file_uri(path)),
        "workspaceFolders": workspace_folders,
        "initializationOptions": settings,
        "capabilities": {
            "general": {"positionEncodings": ["utf-8", "utf-16"]},
            "window": {"workDoneProgress": true},
            "workspace": {"workspaceFolders": true, "configuration": false, "symbol": {}},
            "textDocument": {
                "documentSymbol": {"hierarchicalDocumentSymbolSupport": true},
                "definition": {"linkSupport": false},
                "references": {},
                "hover": {"contentFormat": ["markdown", "plaintext"]}
            }
        }
    })
}

/// The row of `coppice/status` that is about a folder.
fn folder_status<'a>(status: &'a Value, folder: &Path) -> Option<&'a Value> {
    let is_it = |row: &&Value| {
        let path = row["uri"].as_str().and_then(file_path);
        path.is_some_and(|path| path == folder || path.canonicalize().is_ok_and(|path| path == folder))
    };
    status["folders"].as_array()?.iter().find(is_it)
}

/// Whether waiting longer would change nothing.
fn is_settled(row: &Value) -> bool {
    matches!(row["state"].as_str(), Some("loaded" | "failed" | "evicted"))
}

/// One line that is overwritten on a terminal; now and then a line elsewhere.
struct Progress {
    terminal: bool,
    shown: Option<Instant>,
}

impl Progress {
    fn new() -> Self {
        Progress { terminal: std::io::stderr().is_terminal(), shown: None }
    }

    fn show(&mut self, text: &str) {
        let mut stderr = std::io::stderr();
        // A terminal that is gone is no reason to stop.
        if self.terminal {
            let _ = write!(stderr, "\r\x1b[K{text}");
        } else if self.shown.is_none_or(|at| at.elapsed() >= PROGRESS_INTERVAL) {
            let _ = writeln!(stderr, "{text}");
        } else {
            return;
        }
        let _ = stderr.flush();
        self.shown = Some(Instant::now());
    }

    fn clear(&self) {
        if self.terminal && self.shown.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
