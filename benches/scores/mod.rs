//! How answers compare with the gold's, counted; and a table of results that may not get worse.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{DefRecord, Place};

/// Points that a figure may lie below the table before it counts as worse: one answer of a small corpus is a quarter of
/// a point.
const TOLERANCE: f64 = 0.3;

pub fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

/// Results of one corpus, in percent to a tenth.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub struct Row {
    /// Definitions that come first.
    pub exact: f64,
    /// The same of names with something before them.
    pub qualified: f64,
    pub wrong: f64,
    pub unanswered: f64,
    /// Answers inside the corpus where the target is outside.
    pub external: f64,
    pub recall: f64,
    pub precision: f64,
}

impl Row {
    pub fn new(all: &Scores, qualified: &Scores, (recall, precision): (f64, f64)) -> Row {
        let tenth = |share: f64| (share * 10.0).round() / 10.0;
        let of = |scores: &Scores, key: &str| tenth(percent(scores.get(key), scores.inside()));
        Row {
            exact: of(all, "exact"),
            qualified: of(qualified, "exact"),
            wrong: tenth(percent(all.get("wrong") + all.get("later"), all.inside())),
            unanswered: of(all, "none"),
            external: tenth(percent(all.get("external"), all.outside())),
            recall: tenth(recall),
            precision: tenth(precision),
        }
    }

    /// Figures, and whether more is better.
    fn figures(&self) -> [(&'static str, f64, bool); 7] {
        [
            ("exact", self.exact, true),
            ("qualified", self.qualified, true),
            ("wrong", self.wrong, false),
            ("unanswered", self.unanswered, false),
            ("external", self.external, false),
            ("recall", self.recall, true),
            ("precision", self.precision, true),
        ]
    }
}

/// Results by corpus.
pub type Table = BTreeMap<String, Row>;

/// What is worse than in the table's file, in words. A corpus that the table does not have has nothing to compare with.
pub fn worse(file: &Path, now: &Table) -> Result<Vec<String>, String> {
    let told = |e: &dyn std::fmt::Display| format!("{}: {e}", file.display());
    let text = std::fs::read_to_string(file).map_err(|e| told(&e))?;
    let before: Table = serde_json::from_str(&text).map_err(|e| told(&e))?;
    let mut worse = Vec::new();
    for (corpus, now) in now {
        let Some(before) = before.get(corpus) else { continue };
        for ((name, now, more), (_, before, _)) in now.figures().into_iter().zip(before.figures()) {
            let lost = if more { before - now } else { now - before };
            if lost > TOLERANCE {
                worse.push(format!("{corpus}: {name} is {now:.1} %, it was {before:.1} %"));
            }
        }
    }
    Ok(worse)
}

/// Writes the results as the table to compare with.
pub fn write(file: &Path, now: &Table) -> Result<(), String> {
    let text = serde_json::to_string_pretty(now).map_err(|e| e.to_string())?;
    std::fs::write(file, text + "\n").map_err(|e| format!("{}: {e}", file.display()))
}

/// How one answer compares with the gold's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Exact,
    /// First is another declaration of the right symbol.
    Alternative,
    /// The right one is not first.
    Later,
    Wrong,
    Unanswered,
    ExternalQuiet,
    /// The target is outside of the corpus, the answer inside.
    ExternalWrong,
}

impl Verdict {
    pub fn of(record: &DefRecord, places: &[Place]) -> Verdict {
        let is =
            |place: &Place, of: &[Place]| of.iter().any(|p| p.file == place.file && p.line == place.line);
        match places.first() {
            _ if record.external && places.is_empty() => Verdict::ExternalQuiet,
            _ if record.external => Verdict::ExternalWrong,
            None => Verdict::Unanswered,
            Some(first) if is(first, &record.defs) => Verdict::Exact,
            Some(first) if is(first, &record.alt) => Verdict::Alternative,
            _ if places.iter().any(|p| is(p, &record.defs) || is(p, &record.alt)) => Verdict::Later,
            _ => Verdict::Wrong,
        }
    }
}

#[derive(Default)]
pub struct Scores {
    counts: BTreeMap<&'static str, usize>,
}

impl Scores {
    pub fn add(&mut self, verdict: Verdict) {
        let key = match verdict {
            Verdict::Exact => "exact",
            Verdict::Alternative => "alt",
            Verdict::Later => "later",
            Verdict::Wrong => "wrong",
            Verdict::Unanswered => "none",
            Verdict::ExternalQuiet => "quiet",
            Verdict::ExternalWrong => "external",
        };
        *self.counts.entry(key).or_default() += 1;
    }
    pub fn get(&self, key: &str) -> usize {
        self.counts.get(key).copied().unwrap_or_default()
    }
    /// Records whose answer is inside the corpus.
    pub fn inside(&self) -> usize {
        ["exact", "alt", "later", "wrong", "none"].iter().map(|k| self.get(k)).sum()
    }
    pub fn outside(&self) -> usize {
        self.get("quiet") + self.get("external")
    }
    pub fn print(&self, label: &str) {
        let inside = self.inside();
        let outside = self.outside();
        let alt = self.get("exact") + self.get("alt");
        println!(
            "{label:<28}{inside:>7}{:>9.1}{:>8.1}{:>8.1}{:>8.1}{:>8.1}{outside:>8}{:>9.1}",
            percent(self.get("exact"), inside),
            percent(alt, inside),
            percent(alt + self.get("later"), inside),
            percent(self.get("wrong") + self.get("later"), inside),
            percent(self.get("none"), inside),
            percent(self.get("external"), outside),
        );
    }
}
