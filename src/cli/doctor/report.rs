//! What an examination found, as text for people and as JSON for programs.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::cli::client::{file_path, file_uri};

/// Skipped files named in the text; the JSON has as many as the server lists.
const SKIPPED_SHOWN_MAX: usize = 10;

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub ok: bool,
    /// What is wrong, one sentence each.
    pub problems: Vec<String>,
    pub version: String,
    pub server: ServerReport,
    pub folders: Vec<FolderReport>,
    /// The server's own `coppice/status` after the questions.
    pub status: Value,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServerReport {
    pub name: String,
    pub program: PathBuf,
    pub pid: u32,
    pub position_encoding: String,
    pub initialize_ms: f64,
    /// From `shutdown` to the end of the process; nothing if it did not end well.
    pub exit_ms: Option<f64>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FolderReport {
    pub path: PathBuf,
    pub uri: String,
    pub state: String,
    /// From the start of the server until the folder was ready.
    pub ready_ms: Option<f64>,
    /// What the last build took.
    pub build_ms: Option<u64>,
    /// The folder came back from its snapshot on disk.
    pub from_snapshot: bool,
    /// What is worth knowing although nothing is wrong.
    pub note: Option<String>,
    pub languages: BTreeMap<String, u64>,
    pub files: u64,
    pub lines: u64,
    pub symbols: u64,
    pub references: u64,
    pub resident_bytes: u64,
    pub bytes_per_line: f64,
    pub watcher: Option<String>,
    pub last_error: Option<String>,
    pub skipped: Vec<Skipped>,
    /// How many more were skipped than are listed.
    pub skipped_more: u64,
    pub questions: Vec<Tally>,
    pub examples: Vec<Example>,
}

#[derive(Debug, Serialize)]
pub(super) struct Skipped {
    pub uri: String,
    pub why: String,
}

/// How one kind of question went in one language.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tally {
    pub language: String,
    pub question: String,
    pub asked: usize,
    pub answered: usize,
    /// Answers that are known to be right: a use that leads back to the symbol it was found for.
    pub confirmed: Option<usize>,
    pub p50_ms: f64,
    pub max_ms: f64,
    #[serde(skip)]
    pub taken_ms: Vec<f64>,
}

/// One question with its answer, to look at.
#[derive(Debug, Serialize)]
pub(super) struct Example {
    pub question: String,
    pub at: String,
    pub answer: String,
    pub ms: f64,
}

pub(super) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e5).round() / 100.0
}

impl FolderReport {
    pub(super) fn new(path: &Path, row: &Value, ready: Option<Duration>) -> Self {
        let number = |key: &str| row[key].as_u64().unwrap_or(0);
        let text = |key: &str| row[key].as_str().map(str::to_owned);
        let languages = row["languages"].as_object().into_iter().flatten();
        let skipped = row["skipped"].as_array().into_iter().flatten();
        let (lines, resident_bytes) = (number("lines"), number("residentBytes"));
        FolderReport {
            path: path.to_owned(),
            uri: text("uri").unwrap_or_else(|| file_uri(path)),
            state: text("state").unwrap_or_else(|| "unknown".to_owned()),
            ready_ms: ready.map(millis),
            build_ms: row["buildMs"].as_u64(),
            from_snapshot: row["fromSnapshot"].as_bool().unwrap_or(false),
            note: text("note"),
            languages: languages.map(|(name, n)| (name.clone(), n.as_u64().unwrap_or(0))).collect(),
            files: number("files"),
            lines,
            symbols: number("symbols"),
            references: number("references"),
            resident_bytes,
            bytes_per_line: resident_bytes as f64 / lines.max(1) as f64,
            watcher: text("watcher"),
            last_error: text("lastError"),
            skipped: skipped
                .map(|s| Skipped {
                    uri: s["uri"].as_str().unwrap_or_default().to_owned(),
                    why: s["why"].as_str().unwrap_or_default().to_owned(),
                })
                .collect(),
            skipped_more: number("skippedMore"),
            questions: Vec::new(),
            examples: Vec::new(),
        }
    }

    /// A path inside the folder, as short as it can be said.
    pub(super) fn inside(&self, uri: &str) -> String {
        let Some(path) = file_path(uri) else { return uri.to_owned() };
        path.strip_prefix(&self.path).unwrap_or(&path).display().to_string()
    }

    pub(super) fn tally(&mut self, language: &str, question: &str) -> &mut Tally {
        let is_it = |t: &Tally| t.language == language && t.question == question;
        let at = self.questions.iter().position(is_it).unwrap_or_else(|| {
            let (language, question) = (language.to_owned(), question.to_owned());
            self.questions.push(Tally { language, question, ..Tally::default() });
            self.questions.len() - 1
        });
        &mut self.questions[at]
    }
}

impl Tally {
    pub(super) fn confirm(&mut self, right: bool) {
        *self.confirmed.get_or_insert(0) += usize::from(right);
    }

    pub(super) fn add(&mut self, answered: bool, taken: Duration) {
        self.asked += 1;
        self.answered += usize::from(answered);
        self.taken_ms.push(millis(taken));
        self.taken_ms.sort_by(f64::total_cmp);
        self.p50_ms = self.taken_ms[self.taken_ms.len() / 2];
        self.max_ms = self.taken_ms.last().copied().unwrap_or_default();
    }
}

impl Report {
    /// What the server says of itself that should not be so.
    pub(super) fn check_status(&mut self) {
        let memory = &self.status["memory"];
        let number = |key: &str| memory[key].as_u64().unwrap_or(0);
        if number("usedBytes") > number("limitBytes") {
            self.problems.push(format!(
                "{} bytes in use are over the budget of {}",
                number("usedBytes"),
                number("limitBytes")
            ));
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.version.is_empty() {
            let server = &self.server;
            writeln!(
                f,
                "{} {} (process {}, answered initialize in {:.1} ms, positions in {})",
                server.name, self.version, server.pid, server.initialize_ms, server.position_encoding
            )?;
        }
        for folder in &self.folders {
            writeln!(f, "\n{folder}")?;
        }
        if let Some(memory) = self.status.get("memory") {
            let mib = |key: &str| memory[key].as_u64().unwrap_or(0) as f64 / f64::from(1 << 20);
            writeln!(
                f,
                "memory: {:.2} of {:.0} MiB used, at most {:.2} so far; the whole process {:.1} MiB",
                mib("usedBytes"),
                mib("limitBytes"),
                mib("highWaterBytes"),
                mib("rssBytes")
            )?;
        }
        if let Some(exit) = self.server.exit_ms {
            writeln!(f, "ended in {exit:.1} ms after shutdown")?;
        }
        match self.problems.as_slice() {
            [] => writeln!(f, "\nEverything works."),
            problems => {
                writeln!(f, "\nSomething is wrong:")?;
                problems.iter().try_for_each(|problem| writeln!(f, "  - {problem}"))
            }
        }
    }
}

impl fmt::Display for FolderReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.state)?;
        if let Some(ms) = self.build_ms {
            let how = if self.from_snapshot { "back from its snapshot" } else { "built" };
            write!(f, ", {how} in {ms} ms")?;
        }
        match self.ready_ms {
            Some(ms) => writeln!(f, ", ready {ms:.0} ms after the start")?,
            None => writeln!(f)?,
        }
        if let Some(note) = &self.note {
            writeln!(f, "  note        {note}")?;
        }
        if let Some(error) = &self.last_error {
            writeln!(f, "  last error  {error}")?;
        }
        let languages: Vec<_> = self.languages.iter().map(|(name, n)| format!("{name} {n}")).collect();
        if !languages.is_empty() {
            writeln!(f, "  files       {} ({})", self.files, languages.join(", "))?;
        }
        writeln!(
            f,
            "  contents    {} lines, {} symbols, {} references",
            self.lines, self.symbols, self.references
        )?;
        let megabytes = self.resident_bytes as f64 / 1e6;
        writeln!(f, "  memory      {megabytes:.2} MB, {:.1} bytes per line", self.bytes_per_line)?;
        if let Some(watcher) = &self.watcher {
            writeln!(f, "  watched by  {watcher}")?;
        }
        let skipped = self.skipped.len() as u64 + self.skipped_more;
        if skipped > 0 {
            writeln!(f, "  skipped     {skipped} files")?;
            for skipped in self.skipped.iter().take(SKIPPED_SHOWN_MAX) {
                writeln!(f, "    {}: {}", self.inside(&skipped.uri), skipped.why)?;
            }
            if skipped > SKIPPED_SHOWN_MAX as u64 {
                writeln!(f, "    and {} more", skipped - SKIPPED_SHOWN_MAX as u64)?;
            }
        }
        if !self.questions.is_empty() {
            writeln!(f, "{:<40} asked  answered  confirmed  median ms   max ms", "  questions")?;
        }
        for tally in &self.questions {
            writeln!(
                f,
                "    {:<36} {:>5} {:>9} {:>10} {:>10.2} {:>8.2}",
                format!("{} {}", tally.language, tally.question),
                tally.asked,
                tally.answered,
                tally.confirmed.map(|n| n.to_string()).unwrap_or_default(),
                tally.p50_ms,
                tally.max_ms
            )?;
        }
        for example in &self.examples {
            writeln!(f, "  {} at {} ({:.2} ms)", example.question, example.at, example.ms)?;
            writeln!(f, "    {}", example.answer)?;
        }
        Ok(())
    }
}
