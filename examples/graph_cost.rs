//! What a graph costs: `cargo run --example graph_cost -- FOLDER…` prints bytes per line by part, and times.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use coppice::graph::{EncodedFile, FileMeta, GraphBuilder, content_hash};
use coppice::lang::{LangId, ParseLimits, Parser, extract};

fn main() {
    let mut stack: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let mut parser = Parser::new();
    let mut builder = GraphBuilder::new();
    let mut encode = Duration::ZERO;
    let (mut scopes, mut terms, mut globs) = (0, 0, 0);
    while let Some(path) = stack.pop() {
        if path.is_dir() {
            let Ok(entries) = std::fs::read_dir(&path) else { continue };
            stack.extend(entries.flatten().filter(|e| !e.path().is_symlink()).map(|e| e.path()));
            continue;
        }
        let Some(lang) = LangId::of_path(Path::new(&path)) else { continue };
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let Ok(tree) = parser.parse(lang, &text, None, &ParseLimits::default()) else { continue };
        let facts = extract(lang, &tree, &text);
        scopes += facts.scopes.len();
        terms += facts.terms.len();
        globs += facts.globs.len() + facts.extensions.len() + facts.inherits.len();
        let meta = FileMeta {
            path: path.to_string_lossy().into_owned(),
            lang,
            bytes: text.len() as u64,
            mtime_ns: 0,
            hash: content_hash(text.as_bytes()),
            syntax_errors: 0,
        };
        let started = Instant::now();
        builder.add(EncodedFile::new(meta, &text, &facts));
        encode += started.elapsed();
    }
    let scratch = builder.heap_bytes();
    let started = Instant::now();
    let graph = builder.finish().expect("memory for the graph");
    let finish = started.elapsed();
    let totals = graph.totals();
    let lines = totals.lines as f64;
    println!(
        "{} files, {} lines, {:.1} bytes each; per line: {:.2} scopes {:.2} defs {:.2} refs {:.2} terms {:.3} others",
        totals.files,
        totals.lines,
        totals.bytes as f64 / lines,
        scopes as f64 / lines,
        totals.defs as f64 / lines,
        totals.refs as f64 / lines,
        terms as f64 / lines,
        globs as f64 / lines,
    );
    println!(
        "{:.2} bytes per line, {:.2} while building",
        graph.heap_bytes() as f64 / lines,
        scratch as f64 / lines
    );
    for (part, bytes) in graph.parts() {
        println!("  {part:<16}{:6.2}", bytes as f64 / lines);
    }
    let started = Instant::now();
    let mut decoded = 0;
    for file in graph.files() {
        decoded += graph.facts(file).refs.len();
    }
    println!("encode {encode:?}, freeze {finish:?}, decode {:?} ({decoded} references)", started.elapsed());
}
