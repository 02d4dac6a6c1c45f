//! `coppice`: a language server on standard input and output, and its command line.

use std::fs::OpenOptions;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use coppice::cli::doctor::{self, DoctorArgs};
use coppice::cli::flags::SettingFlags;
use coppice::cli::query::{self, QueryArgs};
use coppice::cli::setup::{self, SetupArgs};
use coppice::lang::scratch::hold_little;
use coppice::lsp::{Options, serve};
use tracing_subscriber::EnvFilter;

/// Turns on the requests that tests use to see the server survive.
const TEST_HOOKS_VARIABLE: &str = "COPPICE_TEST_HOOKS";

/// A language server for every language in the workspace, in one process, inside one memory budget.
///
/// Without a command it serves LSP on standard input and output, which is how editors start it.
#[derive(Parser)]
#[command(name = "coppice", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    log: LogArguments,
    #[command(flatten)]
    settings: SettingFlags,
    /// Serve on standard input and output; editors that insist on saying so may.
    #[arg(long)]
    stdio: bool,
}

#[derive(clap::Args)]
struct LogArguments {
    /// Where the log goes; standard error if not given.
    #[arg(long, value_name = "FILE", env = "COPPICE_LOG_FILE", global = true)]
    log_file: Option<PathBuf>,
    /// What is logged: error, warn, info, debug, trace, off, or a filter such as `warn,coppice::workspace=debug`.
    #[arg(long, value_name = "LEVEL", env = "COPPICE_LOG", default_value = "warn", global = true)]
    log_level: String,
}

#[derive(Subcommand)]
enum Command {
    /// Serve LSP on standard input and output.
    Serve(SettingFlags),
    Doctor(DoctorArgs),
    Query(QueryArgs),
    Setup(SetupArgs),
}

fn main() -> ExitCode {
    hold_little();
    let arguments = Arguments::parse();
    if let Err(message) = start_log(&arguments.log) {
        eprintln!("coppice: {message}");
        return ExitCode::from(2);
    }
    let settings = match arguments.command {
        Some(Command::Doctor(mut args)) => {
            args.settings = args.settings.or(arguments.settings);
            return doctor::run(&args);
        }
        Some(Command::Query(args)) => return query::run(&args),
        Some(Command::Setup(args)) => return setup::run(&args),
        Some(Command::Serve(settings)) => arguments.settings.or(settings),
        None => arguments.settings,
    };
    let options = Options {
        settings: settings.into_value(),
        test_hooks: std::env::var_os(TEST_HOOKS_VARIABLE).is_some(),
    };
    match serve(options) {
        Ok(never) => match never {},
        Err(error) => {
            eprintln!("coppice: cannot serve: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Standard output belongs to the protocol, so the log goes anywhere else.
fn start_log(log: &LogArguments) -> Result<(), String> {
    let filter = EnvFilter::try_new(&log.log_level)
        .map_err(|error| format!("--log-level {} is not understood: {error}", log.log_level))?;
    let format = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    match &log.log_file {
        None => format.with_writer(io::stderr).init(),
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            let file =
                file.map_err(|error| format!("the log file {} cannot be opened: {error}", path.display()))?;
            format.with_writer(file).init();
        }
    }
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    Ok(())
}
