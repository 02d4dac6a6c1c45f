//! What a cold index costs against a bare parse of the same files, in one run: `cargo bench --bench index_cost -- [FOLDER...]`.
//!
//! CPU seconds of this thread, the best of three rounds. Without folders it runs on generated code.

mod clock;
mod generated;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use coppice::graph::{EncodedFile, FileMeta, Graph, GraphBuilder, content_hash};
use coppice::lang::parse::PARSE_SCRATCH_PER_BYTE;
use coppice::lang::scratch::SCRATCH_BYTES_MIN;
use coppice::lang::{ParseLimits, Parser, ScratchParser, check_text, extract};
use coppice::workspace::cancel::CancelToken;
use coppice::workspace::scan::{Found, Scope, What, scan};
use coppice::workspace::settings::Settings;

use clock::Clock;

const ROUNDS: usize = 3;

/// CPU seconds, in the order in which an index spends them.
#[derive(Clone, Copy, Default)]
struct Cost {
    scan: f64,
    read: f64,
    parse: f64,
    walk: f64,
    encode: f64,
    freeze: f64,
}

impl Cost {
    fn total(&self) -> f64 {
        self.scan + self.read + self.parse + self.walk + self.encode + self.freeze
    }
}

fn main() -> ExitCode {
    let folders: Vec<PathBuf> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).map(PathBuf::from).collect();
    let generated = if folders.is_empty() { generated::workspace() } else { Ok(PathBuf::new()) };
    let folders = match generated {
        Ok(folder) if folders.is_empty() => vec![folder],
        Ok(_) => folders,
        Err(e) => {
            eprintln!("the fixture cannot be written: {e}");
            return ExitCode::FAILURE;
        }
    };
    println!("CPU seconds of one thread, best of {ROUNDS} rounds; bytes of the frozen graph per line\n");
    println!(
        "{:<28} {:>8} {:>8} {:>8} {:>7}   {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>9}",
        "",
        "lines",
        "parse",
        "index",
        "ratio",
        "scan",
        "read",
        "walk",
        "encode",
        "freeze",
        "B/line",
        "lines/s"
    );
    for folder in &folders {
        if let Err(e) = measure(folder) {
            eprintln!("{}: {e}", folder.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Prints one line for each language of a folder and one for the whole.
fn measure(folder: &Path) -> std::io::Result<()> {
    let root = folder.canonicalize()?;
    let (found, _) = scanned(&root)?;
    let mut languages: BTreeMap<&str, Vec<Found>> = BTreeMap::new();
    for file in &found {
        if let What::Source(language) = file.what {
            languages.entry(language.name()).or_default().push(file.clone());
        }
    }
    println!("{}", root.display());
    if languages.len() > 1 {
        for (language, files) in &languages {
            best(language, &root, Some(files))?;
        }
    }
    best("all", &root, None)
}

/// Runs the rounds and prints the cheapest; without files the scan is part of what is measured.
fn best(name: &str, root: &Path, files: Option<&[Found]>) -> std::io::Result<()> {
    let mut best: Option<(f64, Cost, Graph)> = None;
    for _ in 0..ROUNDS {
        let (found, scan) = match files {
            Some(files) => (files.to_vec(), 0.0),
            None => scanned(root)?,
        };
        let bare = bare_parse(root, &found);
        let (cost, graph) = index(root, &found, scan);
        if best.as_ref().is_none_or(|(b, c, _)| cost.total() / bare < c.total() / b) {
            best = Some((bare, cost, graph));
        }
    }
    let Some((bare, cost, graph)) = best else { return Ok(()) };
    let lines = graph.totals().lines.max(1) as f64;
    println!(
        "  {name:<26} {lines:>8} {bare:>8.3} {:>8.3} {:>7.3}   {:>6.3} {:>6.3} {:>6.3} {:>6.3} {:>6.3} {:>6.1} {:>9.0}",
        cost.total(),
        cost.total() / bare,
        cost.scan,
        cost.read,
        cost.walk,
        cost.encode,
        cost.freeze,
        graph.heap_bytes() as f64 / lines,
        lines / cost.total()
    );
    Ok(())
}

/// The files of a folder and what the scan took.
fn scanned(root: &Path) -> std::io::Result<(Vec<Found>, f64)> {
    let settings = Settings::default();
    let scope = Scope {
        root: root.to_owned(),
        inner: Vec::new(),
        excludes: Vec::new(),
        file_bytes_max: settings.file_bytes_max,
    };
    let clock = Clock::start();
    let found = scan(&scope, &CancelToken::new(), &mut |_| ()).map_err(std::io::Error::other)?;
    Ok((found.files, clock.seconds()))
}

/// What tree-sitter alone takes for the files.
fn bare_parse(root: &Path, files: &[Found]) -> f64 {
    let mut parser = Parser::new();
    let mut seconds = 0.0;
    for file in files {
        let What::Source(language) = file.what else { continue };
        let Ok(bytes) = std::fs::read(root.join(&file.path)) else { continue };
        let Ok(text) = check_text(&bytes) else { continue };
        let clock = Clock::start();
        let tree = parser.parse(language, text, None, &limits());
        seconds += clock.seconds();
        drop(tree);
    }
    seconds
}

/// What the workspace does with the files, step by step.
fn index(root: &Path, files: &[Found], scan: f64) -> (Cost, Graph) {
    let mut cost = Cost { scan, ..Cost::default() };
    let mut parser = ScratchParser::new();
    let mut builder = GraphBuilder::new();
    for file in files {
        let What::Source(lang) = file.what else { continue };
        let clock = Clock::start();
        let Ok(bytes) = std::fs::read(root.join(&file.path)) else { continue };
        let Ok(text) = check_text(&bytes) else { continue };
        let hash = content_hash(&bytes);
        cost.read += clock.seconds();
        let clock = Clock::start();
        parser.admit_at_most(2 * SCRATCH_BYTES_MIN + text.len() * PARSE_SCRATCH_PER_BYTE as usize);
        let read = parser.read(lang, text, &limits(), |tree| {
            cost.parse += clock.seconds();
            let clock = Clock::start();
            let facts = extract(lang, tree, text);
            cost.walk += clock.seconds();
            (facts, tree.has_errors(), Clock::start())
        });
        let Ok((facts, has_errors, clock)) = read else { continue };
        // Dropping the tree is part of parsing it.
        cost.parse += clock.seconds();
        let clock = Clock::start();
        let meta = FileMeta {
            path: file.path.clone(),
            lang,
            bytes: bytes.len() as u64,
            mtime_ns: file.mtime_ns,
            hash,
            syntax_errors: u32::from(has_errors),
        };
        builder.add(EncodedFile::new(meta, text, &facts));
        drop(facts);
        cost.encode += clock.seconds();
    }
    let clock = Clock::start();
    let graph = builder.finish().expect("memory for the graph of a benchmark");
    cost.freeze = clock.seconds();
    (cost, graph)
}

fn limits() -> ParseLimits<'static> {
    ParseLimits { deadline: Duration::from_secs(10), cancel: None }
}
