//! One build of a folder's graph: scan, read, encode, freeze; from nothing, or upon the graph that is there.
//!
//! A build runs on the thread that calls it and reads files on threads of its own. It changes nothing but what it
//! returns: its caller publishes.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_channel::bounded;

use super::cancel::CancelToken;
use super::changes::Changes;
use super::document::PARSE_SCRATCH_PER_BYTE;
use super::gate::Gate;
use super::keeper::Unmet;
use super::read::{Outcome, read_file};
use super::scan::{Found, Scan, ScanError, Scope, What, scan, scan_paths};
use super::sync::Mutex;
use crate::graph::{self, EncodedFile, FreezeError, Graph, GraphBuilder};
use crate::lang::modules::{FileId, Layout, Manifest, file_name, parent};
use crate::lang::{Parser, SkipReason};

/// Bytes of a graph per byte of source, before a folder's own builds have shown better.
pub const GRAPH_BYTES_PER_SOURCE_BYTE: f64 = 0.5;
/// While a graph is frozen, its files, its columns and its map are there at once.
const FREEZE_FACTOR: u64 = 3;
/// Scratch for the parse of an ordinary file; each thread is given as much to start with.
const SCRATCH_PER_THREAD: u64 = (64 << 10) * PARSE_SCRATCH_PER_BYTE;
/// A reservation grows by at least this much, so that it need not grow often.
const GROW_BYTES_MIN: u64 = 1 << 20;
/// Read files that wait to be taken in; each holds a few kilobytes.
const READ_AHEAD_MAX: usize = 64;
/// Modification times this close to the last look do not prove that a file is unchanged: the clock of a file system
/// can be as coarse as this.
const MTIME_TRUST_NS: i64 = 2_000_000_000;
/// Crashes on the same contents after which a file is left alone.
const CRASHES_MAX: u8 = 2;

/// The memory that a build may use.
pub trait Memory {
    /// Reserves `wanted` if that is free; else `needed`, or `least`, for which others are evicted. Says which.
    fn reserve(&mut self, wanted: u64, needed: u64, least: u64) -> Result<u64, Unmet>;
    /// Asks for more.
    fn grow(&mut self, more: u64) -> Result<(), Unmet>;
    /// Gives back what is over.
    fn shrink_to(&mut self, bytes: u64);
}

/// What a build goes by.
pub struct Plan<'a> {
    pub scope: Scope,
    pub changes: Changes,
    /// The graph to build upon; none: from nothing.
    pub base: Option<Base>,
    pub threads: usize,
    /// Shared by all builds.
    pub permits: &'a Gate,
    pub quarantine: &'a Quarantine,
    /// Graph bytes per source byte, as this folder's last build showed it.
    pub ratio: f64,
    pub cancel: &'a CancelToken,
    /// Told of each directory before it is read.
    pub entering: &'a mut dyn FnMut(&Path),
    /// Files done, and files in all.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
}

/// A graph, and when its files were looked at.
#[derive(Clone)]
pub struct Base {
    pub graph: Arc<Graph>,
    /// Nanoseconds since the epoch at which the look began.
    pub looked_ns: i64,
}

/// A build that came to its end.
pub struct Built {
    /// `None`: what is there is still right.
    pub graph: Option<Graph>,
    /// Whether the graph was made from nothing rather than upon the base.
    pub from_nothing: bool,
    pub seen: Seen,
    pub files_read: usize,
    /// Bytes of source that the graph was made from, if it was made from nothing.
    pub source_bytes: u64,
}

/// What a build saw besides the graph.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The paths that were looked at, relative to the folder; `None`: all.
    pub asked: Option<BTreeSet<String>>,
    /// Files that are not indexed, and why.
    pub skipped: BTreeMap<String, String>,
    pub skipped_more: usize,
    pub dirs: BTreeSet<String>,
    pub truncated: bool,
}

/// Why a build failed.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("cancelled")]
    Cancelled,
    #[error(transparent)]
    Scan(ScanError),
    #[error(transparent)]
    Memory(#[from] Unmet),
    #[error(transparent)]
    Freeze(#[from] FreezeError),
}

impl From<ScanError> for BuildError {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Cancelled => BuildError::Cancelled,
            other => BuildError::Scan(other),
        }
    }
}

/// Contents on which the parser has crashed, so that the same file does not fail every build.
#[derive(Debug, Default)]
pub struct Quarantine(Mutex<HashMap<String, (i64, u8)>>);

impl Quarantine {
    fn holds(&self, found: &Found) -> bool {
        self.0.lock().get(&found.path).is_some_and(|(mtime, n)| *mtime == found.mtime_ns && *n >= CRASHES_MAX)
    }

    fn crashed(&self, found: &Found) {
        let mut all = self.0.lock();
        let entry = all.entry(found.path.clone()).or_default();
        *entry = (found.mtime_ns, if entry.0 == found.mtime_ns { entry.1 + 1 } else { 1 });
    }
}

/// Builds.
pub fn build(mut plan: Plan<'_>, memory: &mut dyn Memory) -> Result<Built, BuildError> {
    match plan.base.take() {
        Some(base) if plan.changes != Changes::Everything => upon(plan, base, memory),
        // An old graph that is not built upon is not held either: the new one may need its place.
        base => {
            drop(base);
            from_nothing(plan, memory)
        }
    }
}

fn from_nothing(plan: Plan<'_>, memory: &mut dyn Memory) -> Result<Built, BuildError> {
    let scan = scan(&plan.scope, plan.cancel, plan.entering)?;
    let (files, mut seen) = taken_apart(scan, None);
    let source_bytes = files.iter().map(|f| f.bytes).sum();
    let graph_bytes = (source_bytes as f64 * plan.ratio) as u64 * FREEZE_FACTOR;
    let mut builder = GraphBuilder::new();
    let mut intake = Intake::start(&plan, &files, graph_bytes, memory)?;
    let scratch = intake.scratch.clone();
    let read = read_all(
        &plan,
        &files,
        |_| None,
        &scratch,
        |path, outcome, left| {
            intake.left(left);
            match outcome {
                Outcome::Encoded(file) => {
                    intake.took(&file)?;
                    builder.add(*file);
                }
                Outcome::Manifest(manifest) => builder.add_manifest(manifest),
                other => seen.note(path, &other),
            }
            Ok(())
        },
    )?;
    intake.freezing(builder.heap_bytes() as u64)?;
    let graph = builder.finish()?;
    Ok(Built { graph: Some(graph), from_nothing: true, seen, files_read: read, source_bytes })
}

fn upon(plan: Plan<'_>, base: Base, memory: &mut dyn Memory) -> Result<Built, BuildError> {
    let graph = &base.graph;
    let (scan, asked) = match &plan.changes {
        Changes::Paths(paths) => {
            let scan = scan_paths(&plan.scope, paths, plan.cancel, plan.entering)?;
            (scan, asked(&plan.scope.root, paths))
        }
        _ => (scan(&plan.scope, plan.cancel, plan.entering)?, None),
    };
    let (mut files, mut seen) = taken_apart(scan, asked);
    let there: BTreeSet<&str> = files.iter().map(|f| f.path.as_str()).collect();
    let mut removed: BTreeSet<String> = known_paths(graph, seen.asked.as_ref());
    removed.retain(|path| !there.contains(path.as_str()));
    // Events say that a file has changed; without them the file's size and time must.
    let by_stat = seen.asked.is_none();
    files.retain(|f| !(by_stat && matches!(f.what, What::Source(_)) && unchanged(graph, f, base.looked_ns)));
    let mut manifests = KnownManifests::of(graph, seen.asked.as_ref());
    let source_bytes: u64 = files.iter().map(|f| f.bytes).sum();
    let fold = if graph.overlay_full(files.len() + removed.len()) { graph.heap_bytes() as u64 } else { 0 };
    let graph_bytes =
        ((source_bytes as f64 * plan.ratio) as u64 + fold) * FREEZE_FACTOR + graph.own_bytes() as u64;
    let mut changed: Vec<EncodedFile> = Vec::new();
    let mut intake = Intake::start(&plan, &files, graph_bytes, memory)?;
    let known = |path: &str| graph.file(path).map(|id| graph.row(id).meta.hash);
    let scratch = intake.scratch.clone();
    let read = read_all(&plan, &files, known, &scratch, |path, outcome, left| {
        intake.left(left);
        match outcome {
            Outcome::Encoded(file) => {
                intake.took(&file)?;
                changed.push(*file);
            }
            Outcome::Manifest(manifest) => manifests.found(manifest),
            Outcome::Same => {}
            other => {
                seen.note(path, &other);
                // What cannot be parsed just now keeps the definitions that it had.
                let passing = matches!(
                    other,
                    Outcome::Skipped(SkipReason::ParseDeadline(_) | SkipReason::Quarantined)
                        | Outcome::TooCostly(_)
                );
                if !passing && graph.file(path).is_some() {
                    removed.insert(path.to_owned());
                }
            }
        }
        Ok(())
    })?;
    let manifests = manifests.changed();
    if changed.is_empty() && removed.is_empty() && manifests.is_none() {
        return Ok(Built { graph: None, from_nothing: false, seen, files_read: read, source_bytes: 0 });
    }
    intake.freezing(graph.own_bytes() as u64 + fold)?;
    let changes = graph::Changes { changed, removed: removed.into_iter().collect(), manifests };
    let next = graph.update(changes)?;
    Ok(Built { graph: Some(next), from_nothing: false, seen, files_read: read, source_bytes: 0 })
}

/// The scan's files, and what else it saw.
fn taken_apart(scan: Scan, asked: Option<BTreeSet<String>>) -> (Vec<Found>, Seen) {
    let Scan { mut files, skipped, skipped_more, dirs, truncated } = scan;
    // The largest first: their scratch is given back early, and no thread is left alone with one at the end.
    files.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)));
    let skipped = skipped.into_iter().map(|s| (s.path, s.why)).collect();
    (files, Seen { asked, skipped, skipped_more, dirs, truncated })
}

/// The paths as the graph writes them; `None` if the folder itself is among them. One that the graph cannot write is
/// of no concern to it.
fn asked(root: &Path, paths: &BTreeSet<PathBuf>) -> Option<BTreeSet<String>> {
    let relative = |path: &PathBuf| super::scan::relative(path.strip_prefix(root).ok()?);
    let all: BTreeSet<String> = paths.iter().filter_map(relative).collect();
    (!all.contains("")).then_some(all)
}

/// Whether the path is one of those asked for, or below one.
pub fn is_asked(path: &str, asked: Option<&BTreeSet<String>>) -> bool {
    let Some(asked) = asked else { return true };
    let above = std::iter::successors(Some(path), |p| Some(parent(p)).filter(|p| !p.is_empty()));
    above.into_iter().any(|p| asked.contains(p))
}

/// The graph's files that were asked for.
fn known_paths(graph: &Graph, asked: Option<&BTreeSet<String>>) -> BTreeSet<String> {
    let all = || graph.files().map(|id| graph.path(id));
    let Some(asked) = asked else { return all().map(str::to_owned).collect() };
    // A single file is the ordinary case and needs no walk over the graph.
    let is_dir = |path: &&String| graph.file(path).is_none() && graph.has_dir(path);
    let mut known: BTreeSet<String> = asked.iter().filter(|p| graph.file(p).is_some()).cloned().collect();
    let dirs: BTreeSet<String> = asked.iter().filter(is_dir).cloned().collect();
    if !dirs.is_empty() {
        known.extend(all().filter(|p| is_asked(p, Some(&dirs))).map(str::to_owned));
    }
    known
}

fn unchanged(graph: &Graph, found: &Found, looked_ns: i64) -> bool {
    let row = graph.file(&found.path).map(|id: FileId| graph.row(id).meta);
    row.is_some_and(|meta| {
        meta.bytes == found.bytes
            && meta.mtime_ns == found.mtime_ns
            && found.mtime_ns.saturating_add(MTIME_TRUST_NS) < looked_ns
            && found.what == What::Source(meta.lang)
    })
}

/// The graph's manifests, and which of those asked for have been found again.
struct KnownManifests {
    before: Vec<Manifest>,
    kept: Vec<Manifest>,
}

impl KnownManifests {
    fn of(graph: &Graph, asked: Option<&BTreeSet<String>>) -> KnownManifests {
        let before: Vec<Manifest> = graph.all_manifests().cloned().collect();
        let path =
            |m: &Manifest| if m.dir.is_empty() { m.file.clone() } else { format!("{}/{}", m.dir, m.file) };
        let kept = before.iter().filter(|m| !is_asked(&path(m), asked)).cloned().collect();
        KnownManifests { before, kept }
    }

    fn found(&mut self, manifest: Manifest) {
        self.kept.push(manifest);
    }

    /// All of them, if they are not as they were.
    fn changed(mut self) -> Option<Vec<Manifest>> {
        let key = |m: &Manifest| (m.file.clone(), m.dir.clone());
        self.kept.sort_by_key(key);
        self.before.sort_by_key(key);
        (self.kept != self.before).then_some(self.kept)
    }
}

impl Seen {
    fn note(&mut self, path: &str, outcome: &Outcome) {
        let why = match outcome {
            Outcome::Skipped(why) => why.to_string(),
            Outcome::TooCostly(bytes) => {
                format!("its parse may need {} MiB, more than the budget has", bytes >> 20)
            }
            _ => return,
        };
        self.skipped.insert(path.to_owned(), why);
    }
}

/// The build's memory while files come in, the largest first.
struct Intake<'a> {
    memory: &'a mut dyn Memory,
    /// For what has been read, and for what is made of it.
    graph: u64,
    reserved: u64,
    /// For parses in flight; less as the files that are left get smaller.
    scratch: Gate,
    threads: u64,
    held: u64,
}

fn scratch_of(file: &Found) -> u64 {
    file.bytes * PARSE_SCRATCH_PER_BYTE
}

impl<'a> Intake<'a> {
    fn start(
        plan: &Plan<'_>,
        files: &[Found],
        graph_bytes: u64,
        memory: &'a mut dyn Memory,
    ) -> Result<Intake<'a>, BuildError> {
        let threads = plan.threads.min(files.len()).max(1) as u64;
        let largest = files.iter().map(scratch_of).max().unwrap_or(0);
        let all = files.iter().map(scratch_of).fold(0, u64::saturating_add);
        let wanted = (SCRATCH_PER_THREAD * threads).max(largest).min(all);
        let needed = SCRATCH_PER_THREAD.max(largest).min(all);
        let least = SCRATCH_PER_THREAD.min(all);
        let graph = graph_bytes;
        let reserved = memory.reserve(graph + wanted, graph + needed, graph + least)?;
        Ok(Intake { memory, graph, reserved, scratch: Gate::new(reserved - graph), threads, held: 0 })
    }

    /// A file has come in and is held until the graph is frozen.
    fn took(&mut self, file: &EncodedFile) -> Result<(), Unmet> {
        self.held += file.heap_bytes() as u64;
        self.need(self.held + self.scratch.capacity())
    }

    /// No file that is left needs more scratch than this.
    fn left(&mut self, largest: u64) {
        let enough = (SCRATCH_PER_THREAD * self.threads).max(largest);
        if enough + GROW_BYTES_MIN < self.scratch.capacity() {
            self.scratch.set_capacity(enough);
            let kept = (self.graph.max(self.held) + enough).min(self.reserved);
            self.memory.shrink_to(kept);
            self.reserved = kept;
        }
    }

    /// Parsing is over; what is held is about to be laid out anew.
    fn freezing(&mut self, bytes: u64) -> Result<(), Unmet> {
        self.need(bytes.max(self.held) * FREEZE_FACTOR)
    }

    fn need(&mut self, bytes: u64) -> Result<(), Unmet> {
        if bytes > self.reserved {
            let more = (bytes - self.reserved).max(GROW_BYTES_MIN);
            self.memory.grow(more)?;
            self.reserved += more;
        }
        Ok(())
    }
}

/// Reads the files, the largest of which come first, on several threads. Hands each outcome to `take` on this thread,
/// with the most scratch that a file still to come may need. Returns how many were read.
fn read_all(
    plan: &Plan<'_>,
    files: &[Found],
    known: impl Fn(&str) -> Option<u64> + Sync,
    scratch: &Gate,
    mut take: impl FnMut(&str, Outcome, u64) -> Result<(), BuildError>,
) -> Result<usize, BuildError> {
    let Plan { ref scope, threads, permits, quarantine, cancel, progress, .. } = *plan;
    let next = AtomicUsize::new(0);
    let stop = CancelToken::new();
    let (sent, received) = bounded::<(usize, Result<Outcome, BuildError>)>(READ_AHEAD_MAX);
    progress(0, files.len());
    std::thread::scope(|threads_scope| {
        for _ in 0..threads.min(files.len()) {
            let (sent, next, stop, known) = (sent.clone(), &next, &stop, &known);
            threads_scope.spawn(move || {
                let mut parser = Parser::new();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(found) = files.get(index) else { return };
                    if stop.is_cancelled() || cancel.is_cancelled() {
                        return;
                    }
                    let outcome =
                        read_one(scope, found, &known, permits, scratch, quarantine, &mut parser, cancel);
                    if sent.send((index, outcome)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sent);
        let mut done = Done::default();
        let mut failed = None;
        while let Ok((index, outcome)) = received.recv() {
            let left = files.get(done.insert(index)).map_or(0, scratch_of);
            if let Err(error) = outcome.and_then(|outcome| take(&files[index].path, outcome, left)) {
                failed = Some(error);
                stop.cancel();
                break;
            }
            progress(done.count, files.len());
        }
        // Threads that wait to send see that nobody receives any more.
        drop(received);
        match failed {
            Some(error) => Err(error),
            None if cancel.is_cancelled() => Err(BuildError::Cancelled),
            None => Ok(done.count),
        }
    })
}

/// Which indices are done: all below `all_below`, and some above.
#[derive(Default)]
struct Done {
    all_below: usize,
    above: BTreeSet<usize>,
    count: usize,
}

impl Done {
    /// Adds one; says which is the first that is not done.
    fn insert(&mut self, index: usize) -> usize {
        self.count += 1;
        self.above.insert(index);
        while self.above.remove(&self.all_below) {
            self.all_below += 1;
        }
        self.all_below
    }
}

#[expect(clippy::too_many_arguments, reason = "the working parts of one thread, which own nothing together")]
fn read_one(
    scope: &Scope,
    found: &Found,
    known: &impl Fn(&str) -> Option<u64>,
    permits: &Gate,
    scratch: &Gate,
    quarantine: &Quarantine,
    parser: &mut Parser,
    cancel: &CancelToken,
) -> Result<Outcome, BuildError> {
    let Some(_scratch) = scratch.acquire(scratch_of(found)) else {
        return Ok(Outcome::TooCostly(scratch_of(found)));
    };
    let _permit = permits.acquire(1);
    let known = known(&found.path);
    while !quarantine.holds(found) {
        let read = || read_file(&scope.root, found, known, scope.file_bytes_max, parser, cancel.flag());
        match catch_unwind(AssertUnwindSafe(read)) {
            Ok(Outcome::Cancelled) => return Err(BuildError::Cancelled),
            Ok(outcome) => return Ok(outcome),
            Err(panic) => {
                tracing::error!(path = %found.path, "reading a file went wrong: {}", panic_message(&*panic));
                quarantine.crashed(found);
                *parser = Parser::new();
            }
        }
    }
    Ok(Outcome::Skipped(SkipReason::Quarantined))
}

/// What a panic says of itself.
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic").to_owned()
}

/// Whether a file of this name is looked at by any build.
pub fn is_relevant_name(name: &str) -> bool {
    let manifest = |l: crate::lang::LangId| l.strategy().manifest_names().contains(&name);
    crate::lang::LangId::of_path(Path::new(file_name(name))).is_some()
        || crate::lang::LangId::all().any(manifest)
}
