//! How often the right name is among the first completions, and how long they take.
//!
//! ```text
//! cargo bench --bench completion -- CORPORA [--corpus NAME]… [--positions N] [--letters N] [--misses N]
//! ```
//!
//! Each folder in `CORPORA` is loaded. Positions are uses of names, spread evenly over its files: the text is cut behind
//! the name's first letters (two if not said otherwise), what follows the name stays, and the name is looked for among the
//! completions. Without a letter, places are those behind a receiver alone. The
//! time is that of a client's question after the edit, in CPU time of the thread that answers: what the document says follows
//! from what it said before, is laid over the graph, and completed; the third from the end
//! is of what the document says, the last two of completing alone. Files over a megabyte, which the
//! server does not index, are no places to complete at.

mod corpus;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use coppice::graph::{OpenFile, View};
use coppice::lang::modules::{FileId, Layout};
use coppice::lang::parse::Point;
use coppice::lang::{ParseLimits, Parser, Reading, Replaced};
use coppice::query;

use corpus::Corpus;
use corpus::clock::Clock;

const SHOWN: usize = 10;
/// What the server indexes by default.
const FILE_BYTES_MAX: u64 = 1 << 20;

fn main() {
    let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
    let (mut corpora, mut only) = (None, Vec::new());
    let (mut positions, mut letters, mut misses) = (500, 2, 0);
    while let Some(arg) = args.next() {
        let mut number = |or: usize| args.next().and_then(|n| n.parse().ok()).unwrap_or(or);
        match arg.as_str() {
            "--positions" => positions = number(positions),
            "--letters" => letters = number(letters),
            "--misses" => misses = number(misses),
            "--corpus" => only.extend(args.next()),
            _ => corpora = Some(PathBuf::from(arg)),
        }
    }
    let Some(corpora) = corpora else {
        eprintln!("completion: needs CORPORA; options --corpus NAME, --positions N, --letters N, --misses N");
        return;
    };
    println!(
        "{:<26}{:>10}{:>10}{:>10}{:>9}{:>9}{:>9}{:>9}{:>10}{:>10}{:>10}",
        "completion",
        "positions",
        "lines",
        "top 10",
        "first",
        "p50 ms",
        "p99 ms",
        "max ms",
        "read p99",
        "alone p99",
        "max"
    );
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(&corpora).into_iter().flatten().flatten().map(|e| e.path()).collect();
    folders.sort();
    for root in folders.into_iter().filter(|f| f.is_dir()) {
        let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if only.is_empty() || only.contains(&name) {
            measure(&name, &root, positions, letters, misses);
        }
    }
}

fn measure(name: &str, root: &Path, wanted: usize, letters: usize, mut misses: usize) {
    let Corpus { view, lines, .. } = Corpus::load(root);
    let all = uses(&view, letters);
    if all.is_empty() {
        return;
    }
    let step = (all.len() / wanted).max(1);
    let (mut first, mut shown, mut count) = (0, 0, 0);
    let (mut times, mut reads, mut alone): (Vec<f64>, Vec<f64>, Vec<f64>) = Default::default();
    for (file, start, end) in all.iter().step_by(step).take(wanted) {
        let Ok(text) = view.text(*file) else { continue };
        let (start, end) = (*start as usize, *end as usize);
        let right = &text[start..end];
        let cut = start + letters;
        let edited: Arc<str> = format!("{}{}", &text[..cut], &text[end..]).into();
        let lang = view.lang(*file);
        let Ok(old) = Parser::new().parse(lang, &text, None, &ParseLimits::default()) else { continue };
        let before = Reading::whole(lang, old, &text, &|_| true);
        let replaced = Replaced { start: cut as u32, old_end: end as u32, new_end: cut as u32 };
        let mut seed = before.tree.clone();
        seed.edit(Point::of(&text, cut), Point::of(&text, end), Point::of(&text, cut));
        let Ok(tree) = Parser::new().parse(lang, &edited, Some(&seed), &ParseLimits::default()) else {
            continue;
        };
        let clock = Clock::start();
        let reading = before.next(lang, (tree, &seed), &edited, &|_| true, replaced);
        reads.push(clock.seconds());
        let (path, facts) = (view.path(*file).to_owned(), Arc::clone(&reading.facts));
        let reading = Some(Arc::new(reading));
        let document = OpenFile { path, lang, text: Arc::clone(&edited), facts, reading };
        let there = view.changed(vec![document], &[]);
        let before = clock.seconds();
        let found = query::completions(&there, *file, cut as u32, 100, &AtomicBool::new(false));
        times.push(clock.seconds());
        alone.push(clock.seconds() - before);
        count += 1;
        let items = found.map(|f| f.items).unwrap_or_default();
        let at = items.iter().position(|c| c.label == right || c.label.ends_with(&format!(".{right}")));
        first += usize::from(at == Some(0));
        shown += usize::from(at.is_some_and(|at| at < SHOWN));
        if at.is_none_or(|at| at >= SHOWN) && misses > 0 {
            misses -= 1;
            let labels: Vec<&str> = items.iter().take(6).map(|c| c.label.as_str()).collect();
            let line = text[..start].matches('\n').count() + 1;
            println!("  {}:{line} {right} is at {at:?} of {labels:?}", view.path(*file));
        }
    }
    times.sort_by(f64::total_cmp);
    reads.sort_by(f64::total_cmp);
    alone.sort_by(f64::total_cmp);
    let of =
        |times: &[f64], percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)] * 1000.0;
    println!(
        "{name:<26}{count:>10}{lines:>10}{:>9.1}%{:>8.1}%{:>9.2}{:>9.2}{:>9.2}{:>10.2}{:>10.2}{:>10.2}",
        100.0 * shown as f64 / count as f64,
        100.0 * first as f64 / count as f64,
        of(&times, 50),
        of(&times, 99),
        of(&times, 100),
        of(&reads, 99),
        of(&alone, 99),
        of(&alone, 100)
    );
}

/// Uses of names that are longer than what is left of them, by file and place.
fn uses(view: &View, letters: usize) -> Vec<(FileId, u32, u32)> {
    let mut all = Vec::new();
    for file in view.files().filter(|file| view.row(*file).meta.bytes <= FILE_BYTES_MAX) {
        let facts = view.facts(file);
        // Paths of modules are names to the graph too, but no identifiers.
        let is_word = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let uses = facts.refs.iter().filter(|r| {
            let name = view.name_text(r.name);
            name.len() > letters
                && r.span.len() as usize == name.len()
                && is_word(name)
                && (letters > 0 || r.recv.is_some())
        });
        all.extend(uses.map(|r| (file, r.span.start, r.span.end)));
    }
    all
}
