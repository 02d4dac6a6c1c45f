//! The ceiling under load, over stdio:
//! `cargo bench --bench ceiling -- [--limit MB]… [--requests N] [--stay N] [--lower MB] [--costly] [--account] [FOLDER…]`.
//!
//! Twenty-four folders are open in a budget of a quarter of their graphs, and random questions go to random ones of
//! them. Each answer is compared with that of a server that has room for all, and the system is asked twenty times a
//! second how large the process is. The folders are twins of those given, by hard links; without any they are of
//! generated code: a program in five languages, and tables of constants that make the graph as large as it is to be.
//!
//! `--lower` fills the first budget and lowers it to this one, instead of asking; `--costly` opens a folder of twenty
//! files that cost a parser far more memory than what people write; `--account` opens each folder given as many times as
//! it takes for a size that matters, and compares what the graphs are said to take with what the process has gained.

#[path = "generated/mod.rs"]
mod generated;
#[path = "../tests/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use generated::tables;
use support::pressure::{
    Dice, Outcome, Peak, Question, account, at_rest, lowered, pathological, questions, run, server, settled,
    twin,
};

const FOLDERS: usize = 24;
/// Generated folders have graphs of so many times the budget in sum.
const TIMES: u64 = 4;
const QUESTIONS: usize = 200;
/// What the process may take beyond its budget.
const OVERHEAD_BYTES: u64 = 24 << 20;
/// A client stays in a folder for so many questions on average.
const STAY: usize = 40;
const PATIENCE: Duration = Duration::from_secs(3_600);

struct Arguments {
    limits_mb: Vec<u64>,
    requests: u64,
    stay: usize,
    lower_mb: Option<u64>,
    costly: bool,
    account: bool,
    originals: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = arguments();
    let mut dice = Dice::new(1);
    // Of its own, so that two of these do not take each other's folders away.
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("ceiling_{}", std::process::id()));
    if arguments.account {
        let all_good =
            arguments.originals.iter().filter(|original| !accounted(original, &place)).count() == 0;
        let _ = std::fs::remove_dir_all(&place);
        return if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let mut asked = Asked::new();
    let mut good = true;
    for limit_mb in &arguments.limits_mb {
        if arguments.costly {
            good &= costly(*limit_mb);
            continue;
        }
        let originals = match arguments.originals.as_slice() {
            [] => {
                asked.clear();
                vec![generated(*limit_mb << 20)]
            }
            given => given.to_vec(),
        };
        if asked.is_empty() {
            asked = originals.iter().map(|o| questions(o, QUESTIONS, &mut dice, PATIENCE)).collect();
        }
        let _ = std::fs::remove_dir_all(&place);
        let mut folders = Vec::new();
        let mut graphs = 0;
        for i in 0..FOLDERS {
            let at = place.join(format!("folder_{i}"));
            let (questions, bytes) = &asked[i % asked.len()];
            twin(&originals[i % originals.len()], &at).expect("the folder can be copied");
            folders.push((at, questions.as_slice()));
            graphs += bytes;
        }
        if let Some(lower_mb) = arguments.lower_mb {
            good &= lower(&folders, *limit_mb, lower_mb);
            continue;
        }
        let started = Instant::now();
        let outcome = run(&folders, *limit_mb, arguments.requests, arguments.stay, &mut dice, PATIENCE);
        good &= report(*limit_mb, graphs, started.elapsed(), &outcome);
    }
    let _ = std::fs::remove_dir_all(&place);
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Of each original, the questions with their answers, and the size of its graph.
type Asked = Vec<(Vec<Question>, u64)>;

fn arguments() -> Arguments {
    let mut arguments = Arguments {
        limits_mb: Vec::new(),
        requests: 10_000,
        stay: STAY,
        lower_mb: None,
        costly: false,
        account: false,
        originals: Vec::new(),
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|n| n.parse::<u64>().ok()).expect("a number");
        match arg.as_str() {
            "--limit" => arguments.limits_mb.push(number()),
            "--requests" => arguments.requests = number(),
            "--stay" => arguments.stay = number() as usize,
            "--lower" => arguments.lower_mb = Some(number()),
            "--costly" => arguments.costly = true,
            "--account" => arguments.account = true,
            "--bench" => {}
            _ => arguments.originals.push(PathBuf::from(arg).canonicalize().expect("a folder")),
        }
    }
    if arguments.limits_mb.is_empty() {
        arguments.limits_mb.push(64);
    }
    arguments
}

/// A folder of which [`FOLDERS`] have graphs of [`TIMES`] the limit.
fn generated(limit: u64) -> PathBuf {
    /// What the program alone has, about.
    const PROGRAM_GRAPH_BYTES: u64 = 3 << 20;
    let folder = generated::workspace().expect("the fixture can be written");
    let more = (limit * TIMES / FOLDERS as u64).saturating_sub(PROGRAM_GRAPH_BYTES);
    tables::write(&folder, more / tables::LINE_GRAPH_BYTES).expect("the fixture can be written");
    folder
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Whether the bytes that are reported for a folder's graph are those that the process gains by it. Of a small graph that
/// says nothing, since whole pages and the ends of the heap count; so there are many.
fn accounted(original: &Path, place: &Path) -> bool {
    const GRAPHS_BYTES_MIN: u64 = 32 << 20;
    const TWINS_MAX: u64 = 400;
    // As many as it takes for all builders to have been at work.
    const FIRST: u64 = 8;
    const PERCENT_OFF_MAX: f64 = 10.0;
    let one = at_rest(&mut server(&[original.to_owned()], 8_192, None).0, PATIENCE).graphs.max(1);
    let _ = std::fs::remove_dir_all(place);
    let twins: Vec<PathBuf> = (0..FIRST + GRAPHS_BYTES_MIN.div_ceil(one).clamp(1, TWINS_MAX))
        .map(|i| place.join(format!("folder_{i}")))
        .inspect(|at| twin(original, at).expect("the folder can be copied"))
        .collect();
    let (first, more) = twins.split_at(FIRST as usize);
    let all = account(first, more, PATIENCE);
    let percent = 100.0 * all.grown as f64 / all.graphs as f64 - 100.0;
    println!(
        "{}: {} times, graphs of {:.1} MiB by the ledger, {:.1} MiB by the system: {percent:+.1} %",
        original.display(),
        more.len(),
        mib(all.graphs),
        mib(all.grown),
    );
    percent.abs() <= PERCENT_OFF_MAX
}

/// A full budget is lowered; whether what is metered and what the process takes follow in time.
fn lower(folders: &[(PathBuf, &[Question])], limit_mb: u64, lower_mb: u64) -> bool {
    const TIME_MAX: Duration = Duration::from_secs(5);
    let outcome = lowered(folders, [limit_mb, lower_mb], OVERHEAD_BYTES);
    println!(
        "budget {limit_mb} MiB, {:.1} in use, RSS {:.1} MiB, lowered to {lower_mb}: metered {:.1} MiB after {:.0} ms, RSS {:.1} MiB after {:.0} ms",
        mib(outcome.used_before),
        mib(outcome.resident_before),
        mib(outcome.used),
        outcome.metered_after.as_secs_f64() * 1e3,
        mib(outcome.resident),
        outcome.resident_after.as_secs_f64() * 1e3,
    );
    outcome.metered_after.max(outcome.resident_after) <= TIME_MAX
}

/// A folder of files whose parses take hundreds of bytes for each of theirs.
fn costly(limit_mb: u64) -> bool {
    const FILES: usize = 20;
    const FILE_BYTES: usize = 900 << 10;
    let folder = support::Folder::new(&[]);
    (0..FILES).map(|kind| pathological(kind, FILE_BYTES)).for_each(|(path, text)| folder.write(&path, &text));
    let (mut wire, _) = server(&[folder.path("")], limit_mb, None);
    let peak = Peak::watch(wire.pid());
    let status = settled(&mut wire, PATIENCE);
    let (sampled, marked) = (peak.end(), support::peak_bytes(wire.pid()));
    println!(
        "budget {limit_mb} MiB, {FILES} files of {} KiB that cost a parser much: RSS {:.1} MiB at most ({:.1} by the system's own mark), ledger {:.1} MiB at most, {} files read, {} given up; {:.1} s of CPU time",
        FILE_BYTES >> 10,
        mib(sampled),
        mib(marked),
        mib(status["memory"]["highWaterBytes"].as_u64().unwrap_or(0)),
        status["folders"][0]["files"],
        status["folders"][0]["skipped"].as_array().map_or(0, Vec::len),
        support::cpu_time(wire.pid()).as_secs_f64(),
    );
    marked <= (limit_mb << 20) + OVERHEAD_BYTES
}

/// Prints what came of a run; whether it is what is promised.
fn report(limit_mb: u64, graphs: u64, took: Duration, outcome: &Outcome) -> bool {
    let limit = limit_mb << 20;
    let over = |bytes: u64| mib(bytes) - limit_mb as f64;
    println!(
        "budget {limit_mb} MiB, graphs of {:.0} MiB ({:.1} times that) in {FOLDERS} folders: {} requests, {} switches, {} reloads",
        mib(graphs),
        graphs as f64 / limit as f64,
        outcome.requests,
        outcome.switches,
        outcome.reloads,
    );
    println!(
        "  RSS: {:.1} MiB at most as sampled, budget {:+.1}; {:.1} MiB ({:+.1}) by the system's own mark; {:.1} MiB at the start",
        mib(outcome.peak_bytes),
        over(outcome.peak_bytes),
        mib(outcome.system_peak_bytes),
        over(outcome.system_peak_bytes),
        mib(outcome.empty_bytes),
    );
    println!(
        "  ledger: {:.1} MiB at most, {} bytes reserved at the end",
        mib(outcome.high_water_bytes),
        outcome.reserved_bytes_at_end
    );
    println!(
        "  wrong answers: {}, refused: {}, slowest: {:.1} s; CPU {:.0} s until all had been built, {:.0} s in all; {:.0} s",
        outcome.wrong_count,
        outcome.refused,
        outcome.slowest.as_secs_f64(),
        outcome.start_cpu.as_secs_f64(),
        outcome.cpu.as_secs_f64(),
        took.as_secs_f64(),
    );
    outcome.wrong.iter().for_each(|wrong| println!("    {wrong}"));
    outcome.peak_bytes <= limit + OVERHEAD_BYTES
        && outcome.high_water_bytes <= limit
        && outcome.wrong_count == 0
        && outcome.refused == 0
        && outcome.reserved_bytes_at_end == 0
        && outcome.reloads <= outcome.switches + outcome.edits
}
