//! How long definition, references and workspace symbols take on a loaded folder, in-process:
//! `cargo bench --bench latency -- FOLDER... [--symbols N] [--slowest N]`.
//!
//! Symbols are picked with a fixed seed from everything that the folder declares outside of functions, so frequent
//! names come up as often as they are declared; each question has a fresh resolver, as an editor's has. Times are CPU
//! time of the thread that answers.

mod clock;
mod corpus;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use coppice::graph::View;
use coppice::lang::facts::{DefId, Name};
use coppice::lang::modules::{FileId, Layout};
use coppice::query;

use clock::Clock;
use corpus::Corpus;

/// Most references of one answer, as over the protocol.
const REFERENCES_MAX: usize = 10_000;
/// Most symbols of one answer, as over the protocol.
const SYMBOLS_MAX: usize = 256;

fn main() -> ExitCode {
    let (mut folders, mut count, mut slowest) = (Vec::new(), 300usize, 5usize);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|n| n.parse().ok());
        match arg.as_str() {
            "--symbols" => count = number().unwrap_or(count),
            "--slowest" => slowest = number().unwrap_or(slowest),
            "--bench" => {}
            _ => folders.push(PathBuf::from(arg)),
        }
    }
    if folders.is_empty() {
        eprintln!("latency: needs a FOLDER; options --symbols N, --slowest N");
        return ExitCode::SUCCESS;
    }
    for folder in folders {
        let started = Instant::now();
        let corpus = Corpus::load(&folder);
        let (files, lines, parse) = (corpus.files.len(), corpus.lines, corpus.parse);
        let loaded = started.elapsed();
        println!(
            "{}: {files} files, {lines} lines, loaded in {loaded:.1?}, {parse:.1?} of it parsing",
            folder.display()
        );
        measure(&corpus, count, slowest);
    }
    ExitCode::SUCCESS
}

fn measure(corpus: &Corpus, count: usize, slowest: usize) {
    let view = &corpus.view;
    let symbols = pick(view, count);
    println!("  {:<20}{:>8}{:>9}{:>9}{:>9}   (ms)", "", "asked", "p50", "p99", "max");
    let never = AtomicBool::new(false);
    let mut cut = 0;
    let mut references: Vec<(f64, String)> = Vec::new();
    let mut uses: Vec<(FileId, u32)> = Vec::new();
    for (name, file, def) in &symbols {
        let at = view.facts(*file).def(*def).name_span.start;
        let clock = Clock::start();
        let found = query::references(view, *file, at, true, REFERENCES_MAX, &never);
        let took = clock.seconds();
        let (total, truncated) = found.as_ref().map_or((0, false), |u| (u.items.len(), u.truncated));
        cut += usize::from(truncated);
        if let Some(last) = found.iter().flat_map(|u| &u.items).rfind(|u| !u.declaration) {
            uses.push((last.location.file, last.location.span.start));
        }
        let line = corpus.line(*file, at) + 1;
        let more = if truncated { ", truncated" } else { "" };
        let text = format!("{} {}:{line}, {total} found{more}", view.name_text(*name), view.path(*file));
        references.push((took, text));
    }
    let definitions: Vec<f64> = uses
        .iter()
        .map(|(file, at)| {
            let clock = Clock::start();
            let _ = query::definition(view, *file, *at);
            clock.seconds()
        })
        .collect();
    print("definition", definitions);
    print("references", references.iter().map(|(took, _)| *took).collect());
    // What is typed to find a symbol: its beginning.
    let typed = symbols.iter().map(|(name, ..)| {
        let text: String = view.name_text(*name).chars().take(5).collect();
        let clock = Clock::start();
        let _ = query::workspace_symbols(view, &text, SYMBOLS_MAX, &never);
        clock.seconds()
    });
    print("workspace symbols", typed.collect());
    println!("  {cut} of {} searches for references were cut off", references.len());
    references.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (took, text) in references.iter().take(slowest) {
        println!("    {:>8.1} ms  {text}", took * 1e3);
    }
}

fn print(what: &str, mut took: Vec<f64>) {
    took.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let index = (took.len() as f64 * share) as usize;
        took.get(index.min(took.len().saturating_sub(1))).copied().unwrap_or_default() * 1e3
    };
    println!("  {what:<20}{:>8}{:>9.2}{:>9.2}{:>9.2}", took.len(), at(0.5), at(0.99), at(1.0));
}

/// Declarations of the folder, evenly spread by a fixed sequence of pseudo-random numbers.
fn pick(view: &View, count: usize) -> Vec<(Name, FileId, DefId)> {
    let mut all: Vec<(Name, FileId, DefId)> = Vec::new();
    for (name, _) in view.names() {
        all.extend(view.defs_named(name).map(|(file, def)| (name, file, def)));
    }
    // A linear congruential generator, by Knuth's constants for 64 bits.
    let mut state = 20_240_229_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    (0..count).filter_map(|_| all.get(next() % all.len().max(1)).copied()).collect()
}
