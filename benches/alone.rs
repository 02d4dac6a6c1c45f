//! A folder that is alone and over the budget: `cargo bench --bench alone -- [--limit MB]… [FOLDER]`.
//!
//! It is opened with room for all of it, and then in each of the budgets. Printed is what it costs until the folder has
//! come to rest, in CPU time of the server and in files that are opened, by the system's word; and what happens after
//! that, which is to be nothing. The measure of it is the *scan*: one look at all there is, which means to find every file,
//! to read it and to parse it, as the build with room for all does. What finding the files takes alone is printed, too.
//! Without a folder there are tables of constants, whose graph is four times the largest budget.

mod clock;
#[path = "generated/mod.rs"]
mod generated;
#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clock::Clock;
use coppice::workspace::build::is_relevant_name;
use coppice::workspace::cancel::CancelToken;
use coppice::workspace::scan::{Scope, scan};
use coppice::workspace::settings::Settings;
use generated::tables;
use notify::event::{AccessKind, EventKind};
use notify::{RecursiveMode, Watcher as _};
use serde_json::Value;
use support::cpu_time;
use support::pressure::{server_with, settled};

const LIMITS_MB: [u64; 4] = [8, 16, 32, 64];
/// Room for any folder.
const ROOM_MB: u64 = 8_192;
/// A generated folder has a graph of so many times the largest budget.
const TIMES: u64 = 4;
/// CPU time until the folder has come to rest, in scans: what is to hold.
const SCANS_MAX: f64 = 2.0;
/// Longer than it takes until a build that has failed is tried again for the first few times.
const AFTERWARDS: Duration = Duration::from_secs(10);
/// What a server may do meanwhile that is at rest.
const AFTERWARDS_CPU_MAX: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(3_600);

fn main() -> ExitCode {
    let (limits_mb, named) = arguments();
    let folder = named.unwrap_or_else(|| generated(limits_mb.iter().copied().max().unwrap_or(1) << 20));
    let (found, finding) = find(&folder);
    let started = Came::of(tempfile::tempdir().expect("a temporary directory").path(), ROOM_MB).cpu;
    let whole = Came::of(&folder, ROOM_MB);
    let scanned = whole.cpu.saturating_sub(started);
    println!("{}: {found} files", folder.display());
    println!(
        "  found in {:.3} s of CPU time, found and built with room for all in {:.2} s: the scan",
        finding,
        scanned.as_secs_f64()
    );
    let mut good = true;
    for limit_mb in limits_mb {
        let came = Came::of(&folder, limit_mb);
        let cpu = came.cpu.saturating_sub(started);
        let scans = cpu.as_secs_f64() / scanned.as_secs_f64();
        println!(
            "budget {limit_mb} MiB: {}; {:.2} s of CPU time, {scans:.2} of the scan (at most {SCANS_MAX}), {:.1} times what finding takes",
            came.what,
            cpu.as_secs_f64(),
            cpu.as_secs_f64() / finding,
        );
        println!(
            "  {} files opened, {:.2} times on average and {} times at most, of which {} are in the graph; in the {} s after that {:.2} s of CPU time, {} files opened",
            came.opened.files,
            came.opened.times as f64 / came.opened.files.max(1) as f64,
            came.opened.most,
            came.kept,
            AFTERWARDS.as_secs(),
            came.cpu_afterwards.as_secs_f64(),
            came.opened_afterwards,
        );
        good &=
            scans <= SCANS_MAX && came.opened_afterwards == 0 && came.cpu_afterwards <= AFTERWARDS_CPU_MAX;
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn arguments() -> (Vec<u64>, Option<PathBuf>) {
    let (mut limits_mb, mut folder) = (Vec::new(), None);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--limit" => limits_mb.push(args.next().and_then(|n| n.parse().ok()).expect("a number")),
            "--bench" => {}
            _ => folder = Some(PathBuf::from(arg).canonicalize().expect("a folder")),
        }
    }
    if limits_mb.is_empty() {
        limits_mb.extend(LIMITS_MB);
    }
    (limits_mb, folder)
}

fn generated(limit: u64) -> PathBuf {
    let folder = generated::workspace().expect("the fixture can be written");
    tables::write(&folder, limit * TIMES / tables::LINE_GRAPH_BYTES).expect("the fixture can be written");
    folder
}

/// How many files the folder has that are looked at, and the CPU time that finding them takes at best.
fn find(folder: &Path) -> (usize, f64) {
    const ROUNDS: usize = 5;
    let file_bytes_max = Settings::default().file_bytes_max;
    let scope = Scope { root: folder.to_owned(), inner: Vec::new(), excludes: Vec::new(), file_bytes_max };
    let round = |_| {
        let clock = Clock::start();
        let found = scan(&scope, &CancelToken::new(), &mut |_| ()).expect("the folder can be read");
        (found.files.len(), clock.seconds())
    };
    (0..ROUNDS).map(round).min_by(|a, b| a.1.total_cmp(&b.1)).expect("a round")
}

/// What came of a folder in a budget.
struct Came {
    /// In words: whole, degraded or refused.
    what: String,
    /// Files in the graph.
    kept: u64,
    /// From the server's start until the folder was at rest.
    cpu: Duration,
    opened: Counted,
    cpu_afterwards: Duration,
    opened_afterwards: u64,
}

impl Came {
    fn of(folder: &Path, limit_mb: u64) -> Came {
        let opens = Opens::watch(folder);
        let (mut wire, _) = server_with(&[folder.to_owned()], limit_mb, None, "client");
        let status = settled(&mut wire, PATIENCE);
        let (cpu, opened) = (cpu_time(wire.pid()), opens.count());
        std::thread::sleep(AFTERWARDS);
        let cpu_afterwards = cpu_time(wire.pid()).saturating_sub(cpu);
        let opened_afterwards = opens.count().times - opened.times;
        let (what, kept) = came_to(&status["folders"][0]);
        Came { what, kept, cpu, opened, cpu_afterwards, opened_afterwards }
    }
}

fn came_to(folder: &Value) -> (String, u64) {
    let degraded = &folder["degraded"];
    let what = match (folder["lastError"].as_str(), degraded["level"].as_str()) {
        (Some(error), _) => format!("refused, {error}"),
        (None, Some(level)) => {
            format!("{level} of {} of {} files", degraded["files"], degraded["filesInAll"])
        }
        (None, None) => "all of it".to_owned(),
    };
    (what, folder["files"].as_u64().unwrap_or(0))
}

/// How often each file of a folder is opened, by anybody.
struct Opens {
    seen: Arc<Mutex<HashMap<PathBuf, u64>>>,
    _watcher: notify::RecommendedWatcher,
}

#[derive(Clone, Copy, Default)]
struct Counted {
    files: usize,
    times: u64,
    most: u64,
}

impl Opens {
    fn watch(folder: &Path) -> Opens {
        let seen = Arc::<Mutex<HashMap<PathBuf, u64>>>::default();
        let sees = Arc::clone(&seen);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let event = event.expect("the system tells of it");
            assert!(!event.need_rescan(), "more happened than the system tells of");
            if !matches!(event.kind, EventKind::Access(AccessKind::Open(_))) {
                return;
            }
            let is_read = |path: &PathBuf| {
                path.file_name().and_then(|n| n.to_str()).is_some_and(is_relevant_name) && path.is_file()
            };
            let mut seen = sees.lock().expect("nobody panics");
            event.paths.into_iter().filter(is_read).for_each(|path| *seen.entry(path).or_default() += 1);
        })
        .expect("the system tells of changes");
        watcher.watch(folder, RecursiveMode::Recursive).expect("the folder can be watched");
        Opens { seen, _watcher: watcher }
    }

    fn count(&self) -> Counted {
        let seen = self.seen.lock().expect("nobody panics");
        Counted {
            files: seen.len(),
            times: seen.values().sum(),
            most: seen.values().copied().max().unwrap_or(0),
        }
    }
}
