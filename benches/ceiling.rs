//! The ceiling under load, over stdio: `cargo bench --bench ceiling -- [--requests N] [--limit MB]… [FOLDER…]`.
//!
//! Twenty-four folders, each a twin of one of those given (of generated code without any), are open in a budget of a
//! fraction of their graphs; random questions go to random ones of them. Each answer is compared with that of a server
//! that has room for all, and the system is asked twenty times a second how large the process is.

#[path = "generated/mod.rs"]
mod generated;
#[path = "../tests/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use support::pressure::{Dice, questions, run, twin};

const FOLDERS: usize = 24;
const QUESTIONS: usize = 200;
/// What the process may take beyond its budget.
const OVERHEAD_BYTES: u64 = 24 << 20;
/// A client stays in a folder for so many questions on average.
const STAY: usize = 40;
const PATIENCE: Duration = Duration::from_secs(3_600);

fn main() -> ExitCode {
    let mut limits = Vec::new();
    let mut requests = 10_000;
    let mut originals = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|n| n.parse::<u64>().ok()).expect("a number");
        match arg.as_str() {
            "--limit" => limits.push(number()),
            "--requests" => requests = number(),
            "--bench" => {}
            _ => originals.push(PathBuf::from(arg).canonicalize().expect("a folder")),
        }
    }
    if limits.is_empty() {
        limits.push(64);
    }
    if originals.is_empty() {
        originals.push(generated::workspace().expect("the fixture can be written"));
    }
    let mut dice = Dice::new(1);
    let asked: Vec<_> = originals.iter().map(|o| questions(o, QUESTIONS, &mut dice, PATIENCE)).collect();
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ceiling");
    let _ = std::fs::remove_dir_all(&place);
    let mut folders = Vec::new();
    let mut graphs = 0;
    for i in 0..FOLDERS {
        let at = place.join(format!("folder_{i}"));
        let (original, (questions, bytes)) = (&originals[i % originals.len()], &asked[i % asked.len()]);
        twin(original, &at).expect("the folder can be copied");
        folders.push((at, questions.as_slice()));
        graphs += bytes;
    }
    let mut good = true;
    for limit in limits {
        let started = Instant::now();
        let outcome = run(&folders, limit, requests, STAY, &mut dice, PATIENCE);
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let over = mib(outcome.peak_bytes) - limit as f64;
        println!(
            "budget {limit} MiB, graphs of {:.0} MiB in {FOLDERS} folders, {} requests, {} switches, {} reloads in {:.0} s",
            mib(graphs),
            outcome.requests,
            outcome.switches,
            outcome.reloads,
            started.elapsed().as_secs_f64()
        );
        println!(
            "  RSS: {:.1} MiB at most, budget {over:+.1} MiB; {:.1} MiB before; ledger at most {:.1} MiB, {} bytes reserved at the end",
            mib(outcome.peak_bytes),
            mib(outcome.empty_bytes),
            mib(outcome.high_water_bytes),
            outcome.reserved_bytes_at_end
        );
        println!(
            "  wrong answers: {}, refused: {}, slowest: {:.1} s",
            outcome.wrong_count,
            outcome.refused,
            outcome.slowest.as_secs_f64()
        );
        outcome.wrong.iter().for_each(|wrong| println!("    {wrong}"));
        good &= outcome.peak_bytes <= (limit << 20) + OVERHEAD_BYTES
            && outcome.wrong_count == 0
            && outcome.reserved_bytes_at_end == 0
            && outcome.reloads <= outcome.switches + FOLDERS as u64;
    }
    let _ = std::fs::remove_dir_all(&place);
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
