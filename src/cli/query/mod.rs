//! `coppice query`: one question about a folder, answered in this process.

mod answer;
mod ask;
mod folder;
mod subject;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use answer::Answer;
use clap::value_parser;
use folder::FolderError;
use subject::Subject;

use super::WAIT_SECONDS_MAX;
use super::flags::SettingFlags;
use super::output::{print, tell};
use crate::workspace::settings::Settings;

/// Something was found.
const FOUND: u8 = 0;
/// Everything was looked through, and there is nothing.
const NONE: u8 = 1;
/// The folder was not ready in time.
const NOT_READY: u8 = 3;
/// The question could not be asked or answered.
const FAILED: u8 = 4;
/// As much as a screen or two can show.
const LIMIT_DEFAULT: NonZeroUsize = NonZeroUsize::new(100).unwrap();

/// Answers one question about a folder.
///
/// Exits with 0 if something was found, 1 if there is nothing, 2 for a wrong command line, 3 if the folder was not
/// ready in time, 4 if the question could not be answered.
#[derive(clap::Args, Clone, Debug)]
pub struct QueryArgs {
    #[command(subcommand)]
    pub question: Question,
}

#[derive(clap::Subcommand, Clone, Debug)]
pub enum Question {
    /// Where a name is defined.
    Def(Options),
    /// Where a symbol is used, its definition included.
    Refs(Options),
    /// Symbols whose names match, best first; letters in order suffice.
    Symbols(Options),
    /// The symbols of a file, nested.
    Outline(Options),
}

#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// A name, or a place as FILE:LINE[:COLUMN], counted from 1 in characters. A place without column means the first
    /// name defined on the line, or else the first one used there. `outline` takes a file.
    #[arg(value_name = "NAME|FILE:LINE[:COLUMN]")]
    pub subject: String,
    /// The folder to ask about; the current directory if not given.
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Print at most this many results.
    #[arg(long, value_name = "N", default_value_t = LIMIT_DEFAULT)]
    pub limit: NonZeroUsize,
    /// How long the folder may take to become ready, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = value_parser!(u64).range(..=WAIT_SECONDS_MAX))]
    pub wait: u64,
    #[command(flatten)]
    pub settings: SettingFlags,
}

impl Question {
    fn options(&self) -> &Options {
        match self {
            Question::Def(options)
            | Question::Refs(options)
            | Question::Symbols(options)
            | Question::Outline(options) => options,
        }
    }
}

/// Runs the command and prints the answer.
pub fn run(args: &QueryArgs) -> ExitCode {
    let options = args.question.options();
    match answer(&args.question) {
        Ok(answer) => match answer.print(options.json) {
            Ok(()) => ExitCode::from(if answer.items.is_empty() { NONE } else { FOUND }),
            Err(e) => {
                tell(&format!("coppice query: the answer cannot be printed: {e}"));
                ExitCode::from(FAILED)
            }
        },
        Err(error) => {
            let message = error.to_string();
            tell(&format!("coppice query: {message}"));
            if options.json {
                let object = serde_json::json!({"error": message, "ready": !error.is_not_ready()});
                // The exit code says all that is left to say.
                let _ = print(&format!("{object}\n"));
            }
            ExitCode::from(if error.is_not_ready() { NOT_READY } else { FAILED })
        }
    }
}

fn answer(question: &Question) -> Result<Answer, QueryError> {
    let options = question.options();
    let root = options.folder.clone().unwrap_or_else(|| PathBuf::from("."));
    let root = root.canonicalize().map_err(|e| FolderError::Unusable(root.clone(), e))?;
    let subject = Subject::read(&options.subject, &root, matches!(question, Question::Outline(_)))?;
    let (settings, _) = Settings::default().with(&options.settings.clone().into_value());
    let folder = folder::open(&root, settings, Duration::from_secs(options.wait))?;
    let file = match subject.file() {
        Some(path) => Some(folder.file(path)?),
        None => None,
    };
    let degraded = folder.degraded();
    if let Some(degraded) =
        degraded.filter(|d| matches!(question, Question::Refs(_)) && !d.level.has_references())
    {
        return Err(QueryError::NoReferences(degraded.words()));
    }
    let mut answer = Answer {
        generation: folder.generation(),
        stale: folder.stale(),
        degraded: folder.lacking(),
        ..Answer::default()
    };
    ask::ask(question, &subject, file, folder.view(), &mut answer)?;
    Ok(answer)
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum QueryError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("`{0}` is outside the folder; name the one that it is in with --folder")]
    OutsideFolder(String),
    #[error("there is no file `{0}`")]
    NoFile(String),
    #[error("`{0}` is not indexed: it is ignored, skipped, or in no language that coppice knows")]
    NotIndexed(String),
    #[error("it is not known where things are used: {0}")]
    NoReferences(String),
    #[error("{file} has no line {line}")]
    NoLine { file: String, line: u32 },
    #[error("which line of {0}? Say FILE:LINE or FILE:LINE:COLUMN")]
    NeedsLine(String),
    #[error("`{0}` is a place; `symbols` takes a name")]
    NotAName(String),
}

impl QueryError {
    fn is_not_ready(&self) -> bool {
        matches!(self, QueryError::Folder(FolderError::NotReady(..)))
    }
}
