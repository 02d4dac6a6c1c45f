//! `coppice doctor`: does the main job as an editor would, and says how it went.
//!
//! It starts the server as a child over stdio, opens the folders, waits until they are ready and asks real
//! questions about code that it finds in them.

mod questions;
mod report;
mod session;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::value_parser;

use super::WAIT_SECONDS_MAX;
use super::client::ClientError;
use super::flags::SettingFlags;
use super::output::{print, tell};
use crate::workspace::scan::Scope;
use crate::workspace::settings::Settings;
use report::Report;
use session::Session;

/// Checks that coppice works on the given folders.
///
/// Starts the server as an editor does, opens the folders, waits until they are ready, asks real questions and
/// prints what came back and how long it took. Exits with 0 when everything works and with 1 when something is wrong.
#[derive(clap::Args, Clone, Debug)]
pub struct DoctorArgs {
    /// Folders to open; the current directory if none is given.
    #[arg(value_name = "FOLDER")]
    pub folders: Vec<PathBuf>,
    /// Print the report as one JSON object.
    #[arg(long)]
    pub json: bool,
    /// How long the folders may take to become ready, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = value_parser!(u64).range(..=WAIT_SECONDS_MAX))]
    pub wait: u64,
    /// The server to examine, if not this program itself.
    #[arg(long, value_name = "PROGRAM")]
    pub server: Option<PathBuf>,
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// Runs the command and prints its report.
pub fn run(args: &DoctorArgs) -> ExitCode {
    let report = examine(args);
    let text = match args.json {
        true => serde_json::to_string_pretty(&report).map(|text| text + "\n").map_err(io::Error::from),
        false => Ok(report.to_string()),
    };
    let printed = text.and_then(|text| print(&text));
    if let Err(e) = &printed {
        tell(&format!("coppice doctor: the report cannot be printed: {e}"));
    }
    if report.ok && printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn examine(args: &DoctorArgs) -> Report {
    let mut report = Report::default();
    let folders = existing_folders(args, &mut report);
    if !folders.is_empty()
        && let Err(e) = talk(args, &folders, &mut report)
    {
        report.problems.push(e.to_string());
    }
    report.ok = report.problems.is_empty();
    report
}

/// What is wrong before a server is asked: settings, and folders that are none.
fn existing_folders(args: &DoctorArgs, report: &mut Report) -> Vec<PathBuf> {
    let here = [PathBuf::from(".")];
    let given = if args.folders.is_empty() { &here[..] } else { &args.folders };
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in given {
        match folder.canonicalize() {
            Ok(path) if !path.is_dir() => {
                report.problems.push(format!("{} is not a folder", folder.display()));
            }
            Ok(path) if !folders.contains(&path) => folders.push(path),
            Ok(_) => {}
            Err(e) => report.problems.push(format!("{} cannot be opened: {e}", folder.display())),
        }
    }
    folders
}

fn talk(args: &DoctorArgs, folders: &[PathBuf], report: &mut Report) -> Result<(), DoctorError> {
    let value = args.settings.clone().into_value();
    let (settings, _) = Settings::default().with(&value);
    let mut session = Session::start(args, value, folders, report)?;
    let ready = session.wait_until_ready(folders, Duration::from_secs(args.wait), report);
    if ready.is_ok() {
        for folder in &mut report.folders {
            let scope = scope_of(&folder.path, folders, &settings);
            questions::ask(&mut session, folder, &scope, &mut report.problems)?;
        }
        report.status = session.status()?;
        report.check_status();
    }
    session.stop(report)?;
    ready
}

/// What of a folder the server has as its own.
fn scope_of(folder: &Path, folders: &[PathBuf], settings: &Settings) -> Scope {
    let inner =
        folders.iter().filter(|other| *other != folder && other.starts_with(folder)).cloned().collect();
    let (excludes, file_bytes_max) = (settings.excludes.clone(), settings.file_bytes_max);
    Scope { root: folder.to_owned(), inner, excludes, file_bytes_max }
}

/// What ends an examination early.
#[derive(Debug, thiserror::Error)]
enum DoctorError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("this program does not know where it is: {0}")]
    Program(std::io::Error),
    #[error("not ready after {0} s: {1}")]
    NotReady(u64, String),
}
