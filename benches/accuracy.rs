//! How right definitions and references are, in-process, against the gold answers of type-aware tools.
//!
//! ```text
//! cargo bench --bench accuracy -- GOLD CORPORA [--corpus NAME]… [--kind KIND]… [--kinds] [--misses N] [--refs] [--agree N]
//!     [--compare TABLE | --write TABLE]
//! ```
//!
//! `--compare` exits with 1 if a figure is worse than in the table, `benches/accuracy.json`; `--write` makes it anew.
//! `--agree N` compares definitions and references of every N-th use and definition with each other; contradictions
//! are shown with `--misses`, and end with 1. `--refs` scores references too.
//!
//! `GOLD` holds `<corpus>.def.jsonl` and `<corpus>.refs.jsonl`, `CORPORA` a folder for each corpus.

mod corpus;
mod scores;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use coppice::lang::modules::{FileId, Layout};
use coppice::query;
use coppice::resolve::Tier;
use corpus::Corpus;
use scores::{Row, Scores, Table, Verdict, percent};
use serde::Deserialize;

/// Places of one symbol that a report of misses shows.
const REPORTED_MAX: usize = 4;

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    file: String,
    line: u32,
    #[serde(default)]
    character: u32,
}

#[derive(Debug, Deserialize)]
struct DefRecord {
    file: String,
    line: u32,
    character: u32,
    name: String,
    kind: String,
    qual: String,
    defs: Vec<Place>,
    #[serde(default)]
    alt: Vec<Place>,
    #[serde(default)]
    external: bool,
}

#[derive(Debug, Deserialize)]
struct RefRecord {
    def: Place,
    name: String,
    kind: String,
    refs: Vec<Place>,
    #[serde(default)]
    decls: Vec<Place>,
}

#[derive(Default)]
struct Options {
    gold: PathBuf,
    corpora: PathBuf,
    corpus: Vec<String>,
    kind: Vec<String>,
    kinds: bool,
    misses: usize,
    refs: bool,
    agree: Option<usize>,
    compare: Option<PathBuf>,
    write: Option<PathBuf>,
}

fn options() -> Option<Options> {
    let mut options = Options::default();
    let mut paths = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--corpus" => options.corpus.push(args.next()?),
            "--kind" => options.kind.push(args.next()?),
            "--kinds" => options.kinds = true,
            "--refs" => options.refs = true,
            "--agree" => options.agree = Some(args.next()?.parse().ok()?),
            "--misses" => options.misses = args.next()?.parse().ok()?,
            "--compare" => options.compare = Some(args.next()?.into()),
            "--write" => options.write = Some(args.next()?.into()),
            "--bench" => {}
            _ => paths.push(PathBuf::from(arg)),
        }
    }
    let mut paths = paths.into_iter();
    options.gold = paths.next()?;
    options.corpora = paths.next()?;
    Some(options)
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!(
            "accuracy: needs GOLD and CORPORA; options --corpus NAME, --kind KIND, --kinds, --misses N, --refs, --agree N, \
             --compare TABLE, --write TABLE"
        );
        return ExitCode::SUCCESS;
    };
    let mut corpora: Vec<String> = match std::fs::read_dir(&options.gold) {
        Ok(entries) => entries
            .flatten()
            .filter_map(|e| Some(e.file_name().to_str()?.strip_suffix(".def.jsonl")?.to_owned()))
            .collect(),
        Err(error) => {
            eprintln!("accuracy: {}: {error}", options.gold.display());
            return ExitCode::FAILURE;
        }
    };
    corpora.sort();
    if options.agree.is_none() {
        println!(
            "{:<28}{:>7}{:>9}{:>8}{:>8}{:>8}{:>8}{:>8}{:>9}",
            "definition", "records", "exact@1", "alt@1", "any", "wrong", "none", "ext", "ext-fp"
        );
    }
    let mut table = Table::new();
    let mut reference_rows = Vec::new();
    let mut disagree = false;
    for name in corpora {
        if !options.corpus.is_empty() && !options.corpus.contains(&name) {
            continue;
        }
        let root = options.corpora.join(&name);
        let corpus = Scored(Corpus::load(&root));
        if corpus.view.files().next().is_none() {
            continue;
        }
        if let Some(every) = options.agree {
            disagree |= !corpus.agree(&name, every, options.misses);
            continue;
        }
        let Some((all, qualified)) = corpus.definitions(&name, &options) else { continue };
        let mut found = (0.0, 0.0);
        if options.refs
            && let Some((row, recall, precision)) = corpus.references(&name, &options)
        {
            reference_rows.push(row);
            found = (recall, precision);
        }
        table.insert(name, Row::new(&all, &qualified, found));
    }
    if !reference_rows.is_empty() {
        println!(
            "\n{:<28}{:>7}{:>9}{:>8}{:>8}{:>8}{:>8}",
            "references", "symbols", "perfect", "recall", "precis.", "none", "p99 ms"
        );
        for row in reference_rows {
            print!("{row}");
        }
    }
    if disagree {
        eprintln!("accuracy: definitions and references contradict each other");
        return ExitCode::FAILURE;
    }
    match judge(&options, &table) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("accuracy: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Compares with the table, or writes it.
fn judge(options: &Options, table: &Table) -> Result<(), String> {
    if let Some(file) = &options.write {
        scores::write(file, table)?;
    }
    let Some(file) = &options.compare else { return Ok(()) };
    if table.is_empty() {
        return Err("there is no corpus to compare".to_owned());
    }
    let worse = scores::worse(file, table)?;
    if worse.is_empty() {
        Ok(())
    } else {
        Err(format!("worse than {}:\n{}", file.display(), worse.join("\n")))
    }
}

/// A corpus and what is asked of it.
struct Scored(Corpus);

impl std::ops::Deref for Scored {
    type Target = Corpus;
    fn deref(&self) -> &Corpus {
        &self.0
    }
}

impl Scored {
    fn offset(&self, place: &Place) -> Option<(FileId, u32)> {
        let file = *self.files.get(&place.file)?;
        let text = self.texts.get(&place.file)?;
        let start: usize = text.split_inclusive('\n').take(place.line as usize).map(str::len).sum();
        let line = text[start..].lines().next().unwrap_or_default();
        let mut units = 0;
        let column = line.char_indices().find_map(|(at, c)| {
            let here = (units >= place.character).then_some(at);
            units += c.len_utf16() as u32;
            here
        });
        Some((file, (start + column.unwrap_or(line.len())) as u32))
    }

    fn place(&self, file: FileId, offset: u32) -> Place {
        let path = self.view.path(file);
        Place { file: path.to_owned(), line: self.line(file, offset), character: 0 }
    }

    fn line_text(&self, place: &Place) -> String {
        let Some(text) = self.texts.get(&place.file) else { return String::new() };
        text.lines().nth(place.line as usize).unwrap_or_default().trim().to_owned()
    }

    /// The scores of all records, and of those with something before the name.
    fn definitions(&self, name: &str, options: &Options) -> Option<(Scores, Scores)> {
        let lines = std::fs::read_to_string(options.gold.join(format!("{name}.def.jsonl"))).ok()?;
        let (mut all, mut qualified) = (Scores::default(), Scores::default());
        let mut kinds: BTreeMap<String, Scores> = BTreeMap::new();
        let mut tiers: BTreeMap<Tier, Scores> = BTreeMap::new();
        let mut misses = options.misses;
        let started = Instant::now();
        for line in lines.lines() {
            let Ok(record) = serde_json::from_str::<DefRecord>(line) else { continue };
            if !options.kind.is_empty() && !options.kind.contains(&record.kind) {
                continue;
            }
            let at = Place { file: record.file.clone(), line: record.line, character: record.character };
            let answer = match self.offset(&at) {
                Some((file, offset)) => query::definition(&self.view, file, offset),
                None => Err(query::Empty::NotAName),
            };
            let places: Vec<Place> =
                answer.iter().flatten().map(|d| self.place(d.location.file, d.location.span.start)).collect();
            let verdict = Verdict::of(&record, &places);
            all.add(verdict);
            if !record.qual.is_empty() {
                qualified.add(verdict);
            }
            kinds.entry(record.kind.clone()).or_default().add(verdict);
            if let Some(best) = answer.iter().flatten().next() {
                tiers.entry(best.tier).or_default().add(verdict);
            }
            if misses > 0
                && !matches!(verdict, Verdict::Exact | Verdict::Alternative | Verdict::ExternalQuiet)
            {
                misses -= 1;
                self.print_miss(&record, &at, &answer, &places, verdict);
            }
        }
        let asked = started.elapsed();
        all.print(name);
        if options.kinds {
            for (kind, scores) in &kinds {
                scores.print(&format!("  {kind}"));
            }
            qualified.print("  with a qualifier");
            for (tier, scores) in &tiers {
                scores.print(&format!("  by {tier:?}"));
            }
        }
        if options.misses > 0 {
            println!("  {} lines, parse {:.2} s, questions {asked:?}", self.lines, self.parse);
        }
        Some((all, qualified))
    }

    fn print_miss(
        &self,
        record: &DefRecord,
        at: &Place,
        answer: &query::Answer,
        places: &[Place],
        verdict: Verdict,
    ) {
        println!(
            "{verdict:?} {} {}{} {}:{}:{}  | {}",
            record.kind,
            record.qual,
            record.name,
            record.file,
            record.line + 1,
            record.character + 1,
            self.line_text(at)
        );
        if !record.external {
            for gold in record.defs.iter().take(3) {
                println!("    want {}:{}  | {}", gold.file, gold.line + 1, self.line_text(gold));
            }
        }
        match answer {
            Ok(found) => {
                for (place, found) in places.iter().zip(found).take(3) {
                    println!(
                        "    got  {}:{} {:?}  | {}",
                        place.file,
                        place.line + 1,
                        found.tier,
                        self.line_text(place)
                    );
                }
            }
            Err(why) => println!("    got  {why:?}"),
        }
    }

    /// Compares definitions and references with each other; whether nothing contradicts.
    fn agree(&self, name: &str, every: usize, misses: usize) -> bool {
        let found = query::agreement::agreement(&self.view, every);
        let asked = found.uses + found.definitions;
        let wrong = found.contradictions.len();
        println!(
            "{name}: {} uses and {} definitions compared, {wrong} contradictions ({:.2} %), {} searches cut off",
            found.uses,
            found.definitions,
            percent(wrong, asked),
            found.cut
        );
        for told in found.contradictions.iter().take(misses) {
            println!("    {told}");
        }
        wrong == 0
    }

    /// A line of the report, recall and precision.
    fn references(&self, name: &str, options: &Options) -> Option<(String, f64, f64)> {
        let lines = std::fs::read_to_string(options.gold.join(format!("{name}.refs.jsonl"))).ok()?;
        let (mut symbols, mut perfect, mut none) = (0, 0, 0);
        let (mut hit, mut extra, mut missing) = (0, 0, 0);
        let mut latencies = Vec::new();
        let mut misses = options.misses;
        for line in lines.lines() {
            let Ok(record) = serde_json::from_str::<RefRecord>(line) else { continue };
            if !options.kind.is_empty() && !options.kind.contains(&record.kind) {
                continue;
            }
            let Some((file, offset)) = self.offset(&record.def) else { continue };
            let key = |p: &Place| (p.file.clone(), p.line);
            let mut skip: BTreeSet<(String, u32)> = record.decls.iter().map(key).collect();
            skip.insert(key(&record.def));
            let gold: BTreeSet<(String, u32)> =
                record.refs.iter().map(key).filter(|p| !skip.contains(p)).collect();
            if gold.is_empty() {
                continue;
            }
            let started = Instant::now();
            let never = AtomicBool::new(false);
            let found =
                query::references(&self.view, file, offset, true, usize::MAX, &never).unwrap_or_default();
            latencies.push(started.elapsed());
            let got: BTreeSet<(String, u32)> = found
                .items
                .iter()
                .filter(|f| !f.declaration)
                .map(|f| key(&self.place(f.location.file, f.location.span.start)))
                .filter(|p| !skip.contains(p))
                .collect();
            symbols += 1;
            let right = gold.intersection(&got).count();
            hit += right;
            missing += gold.len() - right;
            extra += got.len() - right;
            perfect += usize::from(gold == got);
            none += usize::from(got.is_empty());
            if misses > 0 && gold != got {
                misses -= 1;
                println!(
                    "references of {} {} {}:{}",
                    record.kind,
                    record.name,
                    record.def.file,
                    record.def.line + 1
                );
                for (label, places) in
                    [("missing", gold.difference(&got)), ("extra  ", got.difference(&gold))]
                {
                    let places: Vec<_> = places.collect();
                    if places.len() > REPORTED_MAX {
                        println!("    {label} {} in all", places.len());
                    }
                    for (file, line) in places.into_iter().take(REPORTED_MAX) {
                        let place = Place { file: file.clone(), line: *line, character: 0 };
                        println!("    {label} {file}:{}  | {}", line + 1, self.line_text(&place));
                    }
                }
            }
        }
        latencies.sort();
        let p99 = latencies.get(latencies.len() * 99 / 100).copied().unwrap_or_default();
        let (recall, precision) = (percent(hit, hit + missing), percent(hit, hit + extra));
        let row = format!(
            "{name:<28}{symbols:>7}{:>9.1}{recall:>8.1}{precision:>8.1}{:>8.1}{:>8.1}\n",
            percent(perfect, symbols),
            percent(none, symbols),
            p99.as_secs_f64() * 1e3
        );
        Some((row, recall, precision))
    }
}
