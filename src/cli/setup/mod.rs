//! `coppice setup`: prints what an editor's configuration needs, to be pasted or redirected.

mod editor;
mod fragment;
mod language;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::output::{print, tell};

pub use editor::Editor;
pub use fragment::{Request, fragment};
pub use language::Language;

/// The command line asks for something that does not exist.
const WRONG: u8 = 2;

/// Prints the configuration that an editor needs.
///
/// Standard output has the configuration and nothing else; where it belongs is said on standard error.
#[derive(clap::Args, Clone, Debug)]
pub struct SetupArgs {
    #[arg(value_name = "EDITOR")]
    pub editor: Editor,
    /// Only for these languages, separated by commas; for all that coppice knows if not given.
    #[arg(long, value_name = "LANGUAGES", value_delimiter = ',')]
    pub languages: Vec<String>,
    /// Keep this server of the language's own, and let coppice only do what it does not (Helix).
    #[arg(long, value_name = "SERVER")]
    pub beside: Option<String>,
    /// How the editor starts coppice; by its name if that is found on the PATH, or else by this program's path.
    #[arg(long, value_name = "PROGRAM")]
    pub command: Option<String>,
}

/// Runs the command and prints the configuration.
pub fn run(args: &SetupArgs) -> ExitCode {
    match answer(args) {
        Ok(text) => {
            tell(args.editor.place());
            match print(&text) {
                Ok(()) => ExitCode::SUCCESS,
                Err(e) => {
                    tell(&format!("coppice setup: {e}"));
                    ExitCode::from(WRONG)
                }
            }
        }
        Err(error) => {
            tell(&format!("coppice setup: {error}"));
            ExitCode::from(WRONG)
        }
    }
}

fn answer(args: &SetupArgs) -> Result<String, SetupError> {
    let languages = Language::named(&args.languages)?;
    let command = args.command.clone().unwrap_or_else(own_command);
    let request = Request {
        command: &command,
        languages: &languages,
        only_these: !args.languages.is_empty(),
        beside: args.beside.as_deref(),
    };
    fragment(args.editor, &request)
}

/// The name alone where that starts this very program, since a path does not survive an update to another place.
fn own_command() -> String {
    let name = "coppice";
    let Ok(own) = std::env::current_exe().and_then(|path| path.canonicalize()) else {
        return name.to_owned();
    };
    let found = std::env::var_os("PATH").and_then(|path| first_in(std::env::split_paths(&path), name));
    if found.is_some_and(|found| found == own) { name.to_owned() } else { own.display().to_string() }
}

fn first_in(directories: impl Iterator<Item = PathBuf>, name: &str) -> Option<PathBuf> {
    let mut candidates = directories.filter(|d| d.is_absolute()).map(|d| d.join(name));
    candidates.find_map(|candidate| candidate.canonicalize().ok().filter(|c| Path::is_file(c)))
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SetupError {
    #[error("there is no language `{0}`; there are {1}")]
    NoLanguage(String, String),
    #[error("--beside is for Helix; {0}")]
    NotBeside(&'static str),
    #[error(
        "Zed starts only the language servers that its extensions declare, and there is no such extension for coppice"
    )]
    Zed,
}
