//! What answers cost on a loaded folder, in-process:
//! `cargo bench --bench latency -- FOLDER... [--asked N] [--slowest N] [--unlinked] [--answers FILE]`.
//!
//! First every reference is resolved once, by one resolver, against what parsing the folder took. Then single questions,
//! each to a fresh resolver, as an editor's are: definitions at references, references and workspace symbols of what is
//! declared outside of functions. Both are picked with a fixed seed from all that there are, so frequent names come up as
//! often as they are written. Times are CPU time of the thread that answers, but for references: several threads may search for
//! these, so what is shown is the time on the clock, which a client waits and other programs on the machine add to, and the
//! CPU time of all threads. The exit code is 1 where linking takes longer than parsing, or the hundredth part of definitions or
//! references longer than they may, the latter on the clock.
//!
//! `--unlinked` leaves out the first part. `--answers` writes where each reference leads into a file for each folder, to be compared with another build's.

mod corpus;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use coppice::graph::View;
use coppice::lang::facts::{DefId, Name};
use coppice::lang::modules::{FileId, Layout};
use coppice::query;
use coppice::resolve::{Outcome, Resolver, Target};

use corpus::Corpus;
use corpus::clock::Clock;

/// Most references of one answer, as over the protocol.
const REFERENCES_MAX: usize = 10_000;
/// Most symbols of one answer, as over the protocol.
const SYMBOLS_MAX: usize = 256;

/// What 99 of 100 answers may take, in seconds, on a folder of a million lines.
const DEFINITION_MAX: f64 = 0.005;
const REFERENCES_TIME_MAX: f64 = 0.050;

struct Options {
    asked: usize,
    slowest: usize,
    unlinked: bool,
    answers: Option<PathBuf>,
}

fn main() -> ExitCode {
    let mut folders = Vec::new();
    let mut options = Options { asked: 300, slowest: 5, unlinked: false, answers: None };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|n| n.parse().ok());
        match arg.as_str() {
            "--asked" => options.asked = number().unwrap_or(options.asked),
            "--slowest" => options.slowest = number().unwrap_or(options.slowest),
            "--unlinked" => options.unlinked = true,
            "--answers" => options.answers = args.next().map(PathBuf::from),
            "--bench" => {}
            _ => folders.push(PathBuf::from(arg)),
        }
    }
    if folders.is_empty() {
        eprintln!("latency: needs a FOLDER; options --asked N, --slowest N, --unlinked, --answers FILE");
        return ExitCode::SUCCESS;
    }
    let mut holds = true;
    for folder in folders {
        let started = Instant::now();
        let corpus = Corpus::load(&folder);
        let (files, lines) = (corpus.files.len(), corpus.lines);
        let loaded = started.elapsed();
        println!("{}: {files} files, {lines} lines, loaded in {loaded:.1?}", folder.display());
        holds &= options.unlinked || link(&corpus, &folder, &options);
        holds &= measure(&corpus, &options);
    }
    ExitCode::from(u8::from(!holds))
}

/// Resolves every reference once; whether that takes less than parsing.
fn link(corpus: &Corpus, folder: &Path, options: &Options) -> bool {
    let view = &corpus.view;
    let resolver = Resolver::new(view);
    let (mut total, mut slowest, mut linked) = (0usize, Vec::new(), 0.0);
    let (mut found, mut external, mut guesses) = (0usize, 0usize, 0usize);
    let mut answers = String::new();
    for (path, file) in &corpus.files {
        let facts = view.facts(*file);
        let of_file = Clock::start();
        for (id, reference) in facts.refs_with_ids() {
            let outcome = resolver.resolve(*file, id);
            total += 1;
            match &outcome {
                Outcome::Found(targets) if targets[0].1.is_guess() => guesses += 1,
                Outcome::Found(_) => found += 1,
                Outcome::External => external += 1,
                Outcome::Unresolved(_) => {}
            }
            if options.answers.is_some() {
                let name = view.name_text(reference.name);
                let _ = writeln!(answers, "{path}:{} {name} {}", reference.span.start, told(view, &outcome));
            }
        }
        let took = of_file.seconds();
        linked += took;
        slowest.push((took, format!("{path}, {} references", facts.refs.len())));
    }
    if let Some(prefix) = &options.answers {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let file = format!("{}.{name}", prefix.display());
        if let Err(error) = std::fs::write(&file, answers) {
            eprintln!("latency: {file}: {error}");
        }
    }
    let share = |count: usize| 100.0 * count as f64 / total.max(1) as f64;
    println!(
        "  {total} references linked in {linked:.2} s, {:.0} % of {:.2} s for parsing; {:.1} % lead into the folder, \
         {:.1} % out of it, {:.1} % are guesses",
        100.0 * linked / corpus.parse.max(1e-9),
        corpus.parse,
        share(found),
        share(external),
        share(guesses)
    );
    print_slowest(slowest, options.slowest);
    linked < corpus.parse
}

/// An answer in one line.
fn told(view: &View, outcome: &Outcome) -> String {
    let place = |target: &Target| match target {
        Target::File(file) => view.path(*file).to_owned(),
        Target::Symbol(s) => {
            format!("{}:{}", view.path(s.file), view.facts(s.file).def(s.def).name_span.start)
        }
    };
    match outcome {
        Outcome::Found(targets) => targets
            .iter()
            .map(|(target, tier)| format!("{tier:?} {}", place(target)))
            .collect::<Vec<_>>()
            .join(", "),
        Outcome::External => "from outside".to_owned(),
        Outcome::Unresolved(why) => (*why).to_owned(),
    }
}

/// Asks single questions; whether they take no longer than they may.
fn measure(corpus: &Corpus, options: &Options) -> bool {
    let view = &corpus.view;
    let never = AtomicBool::new(false);
    println!("  {:<20}{:>8}{:>9}{:>9}{:>9}   (ms)", "", "asked", "p50", "p99", "max");
    let definitions = used(view, options.asked).into_iter().map(|(file, at)| {
        let clock = Clock::start();
        let _ = query::definition(view, file, at);
        let took = clock.seconds();
        (took, format!("{}:{}", view.path(file), corpus.line(file, at) + 1))
    });
    let definitions: Vec<(f64, String)> = definitions.collect();
    let holds = print("definition", &definitions) <= DEFINITION_MAX;
    print_slowest(definitions, options.slowest);
    let symbols = declared(view, options.asked);
    let (mut cut, mut cpu) = (0, Vec::new());
    let references = symbols.iter().map(|(name, file, def)| {
        let at = view.facts(*file).def(*def).name_span.start;
        let (asked, clock) = (Instant::now(), Clock::of_process());
        let found = query::references(view, *file, at, true, REFERENCES_MAX, &never);
        let (took, worked) = (asked.elapsed().as_secs_f64(), clock.seconds());
        cpu.push((worked, String::new()));
        let (total, truncated) = found.as_ref().map_or((0, false), |u| (u.items.len(), u.truncated));
        cut += usize::from(truncated);
        let line = corpus.line(*file, at) + 1;
        let more = if truncated { ", truncated" } else { "" };
        (took, format!("{} {}:{line}, {total} found{more}", view.name_text(*name), view.path(*file)))
    });
    let references: Vec<(f64, String)> = references.collect();
    let holds = print("references, clock", &references) <= REFERENCES_TIME_MAX && holds;
    print("references, CPU", &cpu);
    println!("    {cut} of {} searches were cut off", references.len());
    print_slowest(references, options.slowest);
    // What is typed to find a symbol: its beginning.
    let typed = symbols.iter().map(|(name, ..)| {
        let text: String = view.name_text(*name).chars().take(5).collect();
        let clock = Clock::start();
        let _ = query::workspace_symbols(view, &text, SYMBOLS_MAX, &never);
        (clock.seconds(), text)
    });
    print("workspace symbols", &typed.collect::<Vec<_>>());
    holds
}

/// Prints a row; the time that 99 of 100 take at most.
fn print(what: &str, answers: &[(f64, String)]) -> f64 {
    let mut took: Vec<f64> = answers.iter().map(|(took, _)| *took).collect();
    took.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let index = (took.len() as f64 * share) as usize;
        took.get(index.min(took.len().saturating_sub(1))).copied().unwrap_or_default()
    };
    let (half, most, all) = (at(0.5), at(0.99), at(1.0));
    println!("  {what:<20}{:>8}{:>9.2}{:>9.2}{:>9.2}", took.len(), half * 1e3, most * 1e3, all * 1e3);
    most
}

fn print_slowest(mut answers: Vec<(f64, String)>, count: usize) {
    answers.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (took, text) in answers.iter().take(count) {
        println!("    {:>8.1} ms  {text}", took * 1e3);
    }
}

/// Numbers below the bound, by a linear congruential generator with Knuth's constants for 64 bits.
fn random(bound: usize, count: usize) -> impl Iterator<Item = usize> {
    let mut state = 20_240_229_u64;
    let numbers = std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound.max(1)
    });
    numbers.take(if bound == 0 { 0 } else { count })
}

/// Declarations of the folder, evenly spread.
fn declared(view: &View, count: usize) -> Vec<(Name, FileId, DefId)> {
    let mut all: Vec<(Name, FileId, DefId)> = Vec::new();
    for (name, _) in view.names() {
        all.extend(view.defs_named(name).map(|(file, def)| (name, file, def)));
    }
    random(all.len(), count).map(|at| all[at]).collect()
}

/// References of the folder, evenly spread.
fn used(view: &View, count: usize) -> Vec<(FileId, u32)> {
    let mut ends = Vec::new();
    let mut total = 0;
    for file in view.files() {
        total += view.facts_once(file).refs.len();
        ends.push((total, file));
    }
    let of_all = |at: usize| {
        let (end, file) = ends[ends.partition_point(|(end, _)| *end <= at)];
        let facts = view.facts_once(file);
        (file, facts.refs[facts.refs.len() - (end - at)].span.start)
    };
    random(total, count).map(of_all).collect()
}
