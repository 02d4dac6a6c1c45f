//! CPU time of the walk against the parse: `cargo run --release --example walk_cost -- FOLDER`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use coppice::lang::{LangId, ParseLimits, Parser, extract};

fn main() {
    let mut stack: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let (mut parse, mut walk) = (Duration::ZERO, Duration::ZERO);
    let (mut lines, mut refs, mut defs, mut terms, mut scopes, mut names) = (0, 0, 0, 0, 0, 0);
    let mut parser = Parser::new();
    while let Some(path) = stack.pop() {
        if path.is_dir() {
            stack.extend(std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
            continue;
        }
        let Some(lang) = LangId::of_path(Path::new(&path)) else { continue };
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let started = Instant::now();
        let Ok(tree) = parser.parse(lang, &text, None, &ParseLimits::default()) else { continue };
        parse += started.elapsed();
        let started = Instant::now();
        let facts = extract(lang, &tree, &text);
        walk += started.elapsed();
        lines += text.lines().count();
        refs += facts.refs.len();
        defs += facts.defs.len();
        terms += facts.terms.len();
        scopes += facts.scopes.len();
        names += facts.names.len();
    }
    println!(
        "{lines} lines, parse {parse:?}, walk {walk:?} = {:.1} %; per line: {:.2} refs {:.2} defs {:.2} terms {:.2} scopes {:.2} names",
        100.0 * walk.as_secs_f64() / parse.as_secs_f64(),
        refs as f64 / lines as f64,
        defs as f64 / lines as f64,
        terms as f64 / lines as f64,
        scopes as f64 / lines as f64,
        names as f64 / lines as f64
    );
}
