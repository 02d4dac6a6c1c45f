//! What it costs to bring a folder back from its snapshot, against building it: `cargo bench --bench cache -- FOLDER`.
//!
//! CPU seconds of the whole process and wall-clock, from the request until the folder answers: scan, reading, checks
//! and the comparison of every file with the disk included. Each way back is the best of several rounds.

mod generated;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use coppice::workspace::cancel::CancelToken;
use coppice::workspace::manager::{Deaf, Manager};
use coppice::workspace::settings::{CacheDir, Settings};
use coppice::workspace::status::FolderStatus;
use rustix::time::{ClockId, Timespec, clock_gettime};

const ROUNDS: usize = 5;
/// Longer than the build of any folder takes.
const PATIENCE: Duration = Duration::from_secs(3_600);
const MEMORY_BYTES: u64 = 8 << 30;
/// The share of a build's CPU time that a return may take, and milliseconds of it per million lines: what is to hold.
const SHARE_MAX: f64 = 0.10;
const MS_PER_MILLION_MAX: f64 = 30.0;

#[derive(Clone, Copy)]
struct Cost {
    cpu: f64,
    wall: f64,
}

fn main() -> ExitCode {
    let named = std::env::args().skip(1).find(|arg| !arg.starts_with("--")).map(PathBuf::from);
    let folder = match named.map_or_else(generated::workspace, |folder| folder.canonicalize()) {
        Ok(folder) => folder,
        Err(error) => {
            eprintln!("the folder cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    match run(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &Path) -> Result<(), String> {
    let cache = tempfile::tempdir().map_err(|e| e.to_string())?;
    let settings = Settings {
        memory_limit: MEMORY_BYTES,
        build_threads: 1,
        cache_dir: CacheDir::At(cache.path().join("cache")),
        ..Settings::default()
    };
    let manager = Manager::new(settings.clone(), Arc::new(Deaf));
    let (cold, status) = opened(&manager, folder)?;
    let written = kept(&manager)?;
    let million_lines = status.lines as f64 / 1e6;
    println!("{}: {} lines in {} files", folder.display(), status.lines, status.files);
    println!("  graph                 {:>9.1} MB", status.resident_bytes as f64 / 1e6);
    println!("  snapshot              {:>9.1} MB", written as f64 / 1e6);
    println!("  cold build            {:>9.1} ms CPU  {:>9.1} ms", cold.cpu * 1e3, cold.wall * 1e3);

    let evicted = best(|| {
        let cost = measured(|| {
            manager.evict(folder);
            answers(&manager, folder)
        })?;
        from_snapshot(&manager)?;
        Ok(cost)
    })?;
    manager.shutdown();
    let started = best(|| {
        let manager = Manager::new(settings.clone(), Arc::new(Deaf));
        let (cost, _) = opened(&manager, folder)?;
        from_snapshot(&manager)?;
        manager.shutdown();
        Ok(cost)
    })?;
    let mut over = Vec::new();
    for (what, cost) in [("back after eviction", evicted), ("start from snapshot", started)] {
        let (share, per_million) = (cost.cpu / cold.cpu, cost.cpu * 1e3 / million_lines);
        println!(
            "  {what}   {:>9.1} ms CPU  {:>9.1} ms   {:>5.2} % of the build (at most {:.0})   \
             {per_million:>5.1} ms per million lines (at most {MS_PER_MILLION_MAX:.0})",
            cost.cpu * 1e3,
            cost.wall * 1e3,
            share * 100.0,
            SHARE_MAX * 100.0,
        );
        // Small folders cost as much as threads and directories do, whatever their lines.
        if share > SHARE_MAX || million_lines >= 1.0 && per_million > MS_PER_MILLION_MAX {
            over.push(what);
        }
    }
    if over.is_empty() { Ok(()) } else { Err(format!("over what is to hold: {}", over.join(", "))) }
}

fn opened(manager: &Manager, folder: &Path) -> Result<(Cost, FolderStatus), String> {
    let cost = measured(|| {
        manager.add_folder(folder, "bench");
        answers(manager, folder)
    })?;
    Ok((cost, status(manager)))
}

fn answers(manager: &Manager, folder: &Path) -> Result<(), String> {
    let capture = manager.capture(folder);
    capture.wait(Instant::now() + PATIENCE, &CancelToken::new()).map(drop).map_err(|e| e.to_string())
}

fn status(manager: &Manager) -> FolderStatus {
    manager.status().folders.remove(0)
}

fn from_snapshot(manager: &Manager) -> Result<(), String> {
    match status(manager).build {
        Some(build) if build.from_snapshot => Ok(()),
        _ => Err("the folder was built instead of coming back".to_owned()),
    }
}

/// Waits until the graph is on disk; the snapshot's size.
fn kept(manager: &Manager) -> Result<u64, String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match status(manager).snapshot {
            Some(snapshot) if snapshot.current => return Ok(snapshot.bytes),
            _ if Instant::now() > deadline => return Err("no snapshot is written".to_owned()),
            _ => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

fn best(mut round: impl FnMut() -> Result<Cost, String>) -> Result<Cost, String> {
    let rounds: Result<Vec<Cost>, String> = (0..ROUNDS).map(|_| round()).collect();
    let best = rounds?.into_iter().min_by(|a, b| a.cpu.total_cmp(&b.cpu));
    best.ok_or_else(|| "no round".to_owned())
}

fn measured(work: impl FnOnce() -> Result<(), String>) -> Result<Cost, String> {
    let (began, cpu) = (Instant::now(), clock_gettime(ClockId::ProcessCPUTime));
    work()?;
    let (wall, now) = (began.elapsed().as_secs_f64(), clock_gettime(ClockId::ProcessCPUTime));
    Ok(Cost { cpu: seconds(now) - seconds(cpu), wall })
}

fn seconds(time: Timespec) -> f64 {
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
