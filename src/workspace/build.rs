//! One build of a folder's graph: scan, read, encode, freeze; from nothing, or upon the graph that is there.
//!
//! A build runs on the thread that calls it and reads files on threads of its own. It changes nothing but what it
//! returns: its caller publishes.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::changes::Changes;
use super::crew::Crew;
use super::degrade::{Choice, Degraded, Means, choose, needed};
use super::directory::{Directory, Root};
use super::intake::{Intake, Memory};
use super::keeper::Unmet;
use super::ledger::Refused;
use super::outdated::{Outdated, UNFINISHED};
use super::read::{MENDED, Outcome, Whole};
use super::scan::{Found, Lost, Scan, ScanError, Scope, What, scan, scan_paths};
use super::stamps::{Stamps, is_trusted};
use crate::graph::{self, EncodedFile, FreezeError, Graph, GraphBuilder};
use crate::lang::modules::{FileId, Layout, Manifest, file_name, parent};
use crate::lang::{LangId, SkipReason};

/// Bytes of a graph per byte of source, before a folder's own builds have shown better.
pub const GRAPH_BYTES_PER_SOURCE_BYTE: f64 = 0.5;

const HALF_WRITTEN: &str = "does not parse just now; what its unchanged parts said is kept";
const MEMORY_SHORT: &str = "there is no memory for its parse just now; it is read as soon as there is";

/// What a build goes by.
pub struct Plan<'a> {
    pub scope: Scope,
    pub changes: Changes,
    /// The graph to build upon; none: from nothing.
    pub base: Option<Base>,
    /// What the folder was when it was last read, by whichever build; with a base, what the base is of.
    pub root: Option<Root>,
    pub crew: Crew<'a>,
    /// What the base has as it was before.
    pub outdated: Arc<Outdated>,
    /// What is known of files whose times are not those in the graph.
    pub stamps: Arc<Stamps>,
    /// Graph bytes per source byte, as this folder's last build showed it.
    pub ratio: f64,
    /// Takes the same as a build shows it that fails for lack of memory.
    pub ratio_shown: &'a Cell<f64>,
    /// Told of each directory before it is read.
    pub entering: &'a mut dyn FnMut(&Path),
    /// What is left out if not all of it can ever fit.
    pub means: Means,
    /// What the base has of the folder, if that is not all.
    pub degraded: Option<Degraded>,
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
    /// Files that were read and have the contents that they have in the base, and these contents' hashes.
    pub same: Vec<(Found, u64)>,
    /// Bytes of source that the graph was made from, if it was made from nothing.
    pub source_bytes: u64,
    /// What the graph has of the folder, if that is not all.
    pub degraded: Option<Degraded>,
    /// Files that are to be looked at again.
    pub owing: Option<Owing>,
}

/// Files that were not read because others have the memory just now. What was known of them stays.
#[derive(Debug)]
pub struct Owing {
    pub paths: BTreeSet<String>,
    /// What was lacking for one of them.
    pub refused: Refused,
}

/// What a build saw besides the graph.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The directory that was looked at.
    pub root: Directory,
    /// The paths that were looked at, relative to the folder; `None`: all.
    pub asked: Option<BTreeSet<String>>,
    /// A number for the files that there are, if all were looked at: another one if one of them is another.
    pub there: Option<u64>,
    /// Files that are not indexed, and why.
    pub skipped: BTreeMap<String, String>,
    /// Those of them whose parses take more than this budget allows.
    pub too_costly: BTreeSet<String>,
    /// Those of them that are read as soon as there is memory.
    pub owed: BTreeSet<String>,
    pub skipped_more: usize,
    pub dirs: BTreeSet<String>,
    pub truncated: bool,
    /// Files and directories that cannot be read just now and are to be looked at again, and why.
    pub unread: BTreeMap<String, String>,
    /// Files of which the graph has what they said before, or directories of such files, and why.
    pub outdated: BTreeMap<String, String>,
    /// Places of which nothing could be seen.
    lost: BTreeMap<String, Lost>,
    /// Files for which there is no room, if the build looked at all files.
    pub left_out: Vec<String>,
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

/// What the graph knows of a file from when it last parsed.
pub fn whole(graph: &Graph, path: &str) -> Option<Whole> {
    let id = graph.file(path)?;
    let meta = graph.row(id).meta;
    let is_whole = meta.syntax_errors == 0 || meta.mtime_ns == MENDED;
    is_whole.then(|| Whole { facts: graph.own_facts(id), bytes: meta.bytes })
}

/// Scans the whole folder. An empty directory in the place of one with files is no folder whose files are gone.
fn scan_all(plan: &mut Plan<'_>) -> Result<Scan, ScanError> {
    let scan = scan(&plan.scope, plan.crew.cancel, plan.entering)?;
    match plan.root {
        Some(root) if root.has_files && root.directory != scan.root && scan.files.is_empty() => {
            Err(ScanError::Emptied)
        }
        _ => Ok(scan),
    }
}

/// Files that are gone are gone only if the folder is still the directory in which they were found.
fn still_there(scope: &Scope, root: Directory) -> Result<(), ScanError> {
    match Directory::at(&scope.root) {
        Ok(now) if now == root => Ok(()),
        _ => Err(ScanError::Replaced),
    }
}

fn from_nothing(mut plan: Plan<'_>, memory: &mut dyn Memory) -> Result<Built, BuildError> {
    let scan = scan_all(&mut plan)?;
    let (files, mut seen) = taken_apart(scan, None);
    seen.note_lost(None);
    let Choice { mut files, left_out, degraded, ratio } = choose(files, plan.ratio, &plan.means);
    sort_by_size(&mut files);
    seen.left_out = left_out;
    if files.is_empty() && degraded.is_some() {
        return of_no_file(seen, degraded, memory);
    }
    let source_bytes = files.iter().map(|f| f.bytes).sum();
    let graph_bytes = Intake::frozen((source_bytes as f64 * ratio) as u64);
    let mut builder = GraphBuilder::new();
    let mut intake = Intake::start(plan.crew.threads, &files, graph_bytes, memory)?;
    let mut taken_bytes = 0;
    let take = |intake: &mut Intake<'_>, file: &Found, outcome: Outcome| {
        match outcome {
            Outcome::Encoded(encoded) => {
                taken_bytes += encoded.meta.bytes;
                intake.took(&encoded)?;
                builder.add(*encoded);
            }
            Outcome::Manifest(manifest) => builder.add_manifest(manifest),
            other => seen.note(&file.path, &other, false),
        }
        Ok(())
    };
    let read = read_all(&plan.crew, &files, |_| None, &mut intake, take);
    let read = read.and_then(|read| {
        intake.freezing(builder.heap_bytes() as u64)?;
        Ok(read)
    });
    if let Err(BuildError::Memory(_)) = &read {
        let bytes = intake.held().max(builder.heap_bytes() as u64);
        plan.ratio_shown.set(bytes as f64 / taken_bytes.max(1) as f64);
    }
    let (files_read, owing) = read?;
    still_there(&plan.scope, seen.root)?;
    seen.owes(owing.as_ref());
    let graph = builder.finish()?;
    // What a part of a file takes says nothing of what files take.
    let source_bytes = if degraded.is_none_or(|d| d.level.has_references()) { source_bytes } else { 0 };
    let same = Vec::new();
    Ok(Built {
        graph: Some(graph),
        from_nothing: true,
        seen,
        files_read,
        same,
        source_bytes,
        degraded,
        owing,
    })
}

/// Reads the files, the largest first. Those for whose parses there was too little memory are read once more when all
/// others are done, with what they need if that can be had by then.
fn read_all(
    crew: &Crew<'_>,
    files: &[Found],
    known: impl Fn(&str) -> Option<u64> + Sync,
    intake: &mut Intake<'_>,
    mut take: impl FnMut(&mut Intake<'_>, &Found, Outcome) -> Result<(), BuildError>,
) -> Result<(usize, Option<Owing>), BuildError> {
    let scratch = intake.scratch.clone();
    let mut short: Vec<(Found, u64)> = Vec::new();
    let read = crew.read_all(files, &known, &scratch, |file, outcome, left| {
        intake.left(left);
        match outcome {
            Outcome::Short(bytes) => short.push((file.clone(), bytes)),
            other => take(intake, file, other)?,
        }
        Ok(())
    })?;
    let mut owing: Option<Owing> = None;
    // A file is here at most twice: for the ordinary scratch of its size, and for the most that it may have.
    while !short.is_empty() {
        let mut again = Vec::new();
        for (file, bytes) in short.drain(..) {
            match intake.room_for(bytes) {
                Ok(()) => again.push(file),
                Err(Unmet::Never { .. }) => take(intake, &file, Outcome::TooCostly(bytes))?,
                Err(Unmet::Refused(refused)) => {
                    let owing = owing.get_or_insert_with(|| Owing { paths: BTreeSet::new(), refused });
                    owing.paths.insert(file.path);
                }
                Err(Unmet::Outdated) => return Err(Unmet::Outdated.into()),
            }
        }
        // All have been told of as done.
        let crew = Crew { progress: &|_, _| {}, ..*crew };
        crew.read_all(&again, &known, &scratch, |file, outcome, _| {
            match outcome {
                Outcome::Short(bytes) => short.push((file.clone(), bytes)),
                other => take(intake, file, other)?,
            }
            Ok(())
        })?;
    }
    Ok((read, owing))
}

/// The graph of a folder for none of whose files there is room.
fn of_no_file(seen: Seen, degraded: Option<Degraded>, memory: &mut dyn Memory) -> Result<Built, BuildError> {
    let graph = GraphBuilder::new().finish()?;
    let bytes = graph.heap_bytes() as u64;
    memory.reserve(bytes, bytes, bytes)?;
    let (files_read, same, owing) = (0, Vec::new(), None);
    Ok(Built {
        graph: Some(graph),
        from_nothing: true,
        seen,
        files_read,
        same,
        source_bytes: 0,
        degraded,
        owing,
    })
}

fn upon(mut plan: Plan<'_>, base: Base, memory: &mut dyn Memory) -> Result<Built, BuildError> {
    let graph = &base.graph;
    let is_known = |there: Directory| plan.root.is_some_and(|root| root.directory == there);
    let some = match &plan.changes {
        Changes::Paths(paths) => {
            let scan = scan_paths(&plan.scope, paths, plan.crew.cancel, plan.entering)?;
            // In another directory nothing is as it was, whatever it is that has been told of.
            is_known(scan.root).then(|| (scan, asked(&plan.scope.root, paths)))
        }
        _ => None,
    };
    let (scan, asked) = match some {
        Some(some) => some,
        None => (scan_all(&mut plan)?, None),
    };
    // There, times say nothing of contents either: archives give the same one to every file.
    let (looked_ns, stamps) = match plan.root.is_some_and(|root| root.directory == scan.root) {
        true => (base.looked_ns, Arc::clone(&plan.stamps)),
        false => (i64::MIN, Stamps::none()),
    };
    let (mut files, mut seen) = taken_apart(scan, asked);
    let mut degraded = plan.degraded;
    if let Some(degraded) = &mut degraded {
        let all: u64 = files.iter().map(|f| f.bytes).sum();
        let has_room = needed(all, plan.ratio) <= plan.means.room || plan.means.grown;
        if seen.asked.is_none() && has_room {
            drop(base);
            return from_nothing(plan, memory);
        }
        seen.left_out = leave_out(&mut files, graph, degraded, seen.asked.is_none());
    }
    seen.note_lost(Some(graph));
    let mut removed = match &seen.asked {
        // Events say that a file has changed; without them the file's size and time must.
        None => compare(graph, &mut files, looked_ns, &stamps),
        Some(asked) => {
            let there: BTreeSet<&str> = files.iter().map(|f| f.path.as_str()).collect();
            let mut known = known_paths(graph, asked);
            known.retain(|path| !there.contains(path.as_str()));
            known
        }
    };
    removed.retain(|path| !is_below(path, &seen.lost));
    sort_by_size(&mut files);
    let mut manifests =
        KnownManifests::of(graph, |path| is_asked(path, seen.asked.as_ref()) && !is_below(path, &seen.lost));
    let source_bytes: u64 = files.iter().map(|f| f.bytes).sum();
    let fold = if graph.overlay_full(files.len() + removed.len()) { graph.heap_bytes() as u64 } else { 0 };
    let graph_bytes =
        Intake::frozen((source_bytes as f64 * plan.ratio) as u64 + fold) + graph.own_bytes() as u64;
    let (mut changed, mut same): (Vec<EncodedFile>, Vec<(Found, u64)>) = Default::default();
    let mut intake = Intake::start(plan.crew.threads, &files, graph_bytes, memory)?;
    let known = |path: &str| graph.file(path).map(|id| graph.row(id).meta.hash);
    let (files_read, owing) = read_all(&plan.crew, &files, known, &mut intake, |intake, file, outcome| {
        let path = file.path.as_str();
        if is_unfinished(graph, path, &outcome) && !plan.outdated.is_unfinished(path) {
            // If that is what it is to be, it is the same when it is looked at again, for whatever reason that is.
            for seen in [&mut seen.outdated, &mut seen.unread, &mut seen.skipped] {
                seen.insert(path.to_owned(), UNFINISHED.to_owned());
            }
            return Ok(());
        }
        match outcome {
            Outcome::Encoded(file) => {
                if file.meta.mtime_ns == MENDED {
                    seen.outdated.insert(path.to_owned(), HALF_WRITTEN.to_owned());
                }
                intake.took(&file)?;
                changed.push(*file);
            }
            Outcome::Manifest(manifest) => manifests.found(manifest),
            Outcome::Same => {
                let meta = graph.file(path).map(|id| graph.row(id).meta);
                if meta.as_ref().is_some_and(|meta| meta.mtime_ns == MENDED) {
                    seen.outdated.insert(path.to_owned(), HALF_WRITTEN.to_owned());
                }
                same.extend(meta.map(|meta| (file.clone(), meta.hash)));
            }
            other => {
                // What cannot be read or parsed just now keeps the definitions that it had.
                let passing = matches!(
                    other,
                    Outcome::Skipped(SkipReason::ParseDeadline(_) | SkipReason::Quarantined)
                        | Outcome::TooCostly(_)
                        | Outcome::Unreadable(_)
                );
                let has_facts = graph.file(path).is_some();
                seen.note(path, &other, passing && (has_facts || manifests.had(path)));
                if passing {
                    manifests.keep(path);
                } else if has_facts {
                    removed.insert(path.to_owned());
                }
            }
        }
        Ok(())
    })?;
    still_there(&plan.scope, seen.root)?;
    seen.owes(owing.as_ref());
    seen.outdated.extend(
        owing
            .iter()
            .flat_map(|o| &o.paths)
            .filter(|path| graph.file(path).is_some())
            .map(|path| (path.clone(), MEMORY_SHORT.to_owned())),
    );
    let manifests = manifests.changed();
    let graph = if changed.is_empty() && removed.is_empty() && manifests.is_none() {
        None
    } else {
        intake.freezing(graph.own_bytes() as u64 + fold)?;
        let changes = graph::Changes { changed, removed: removed.into_iter().collect(), manifests };
        Some(graph.update(changes)?)
    };
    let (from_nothing, source_bytes) = (false, 0);
    Ok(Built { graph, from_nothing, seen, files_read, same, source_bytes, degraded, owing })
}

/// Whether a file that said something is now as whoever writes it leaves it for a moment.
fn is_unfinished(graph: &Graph, path: &str, outcome: &Outcome) -> bool {
    let is_blank = match outcome {
        Outcome::Encoded(file) => file.meta.bytes == 0,
        Outcome::Skipped(why) => matches!(why, SkipReason::NotUtf8(_) | SkipReason::Binary(_)),
        _ => false,
    };
    is_blank && graph.file(path).is_some_and(|id| graph.row(id).meta.bytes > 0)
}

/// Leaves out what a graph that has not all of its folder does not have. Which files those are is chosen anew only
/// when all is read anew.
fn leave_out(files: &mut Vec<Found>, graph: &Graph, degraded: &mut Degraded, all: bool) -> Vec<String> {
    let mut left_out = Vec::new();
    let is_source = |f: &Found| matches!(f.what, What::Source(_));
    let of = files.iter().filter(|f| is_source(f)).count();
    files.retain_mut(|f| {
        f.outline = !degraded.level.has_references();
        let kept = !is_source(f) || graph.file(&f.path).is_some();
        if !kept {
            left_out.push(f.path.clone());
        }
        kept
    });
    if all {
        (degraded.of, degraded.files) = (of, of - left_out.len());
    }
    left_out.sort();
    left_out
}

/// The scan's files, and what else it saw.
fn taken_apart(scan: Scan, asked: Option<BTreeSet<String>>) -> (Vec<Found>, Seen) {
    let Scan { root, files, skipped, skipped_more, lost, dirs, truncated } = scan;
    let skipped = skipped.into_iter().map(|s| (s.path, s.why)).collect();
    let there = asked.is_none().then(|| there(&files));
    (files, Seen { root, asked, there, skipped, skipped_more, lost, dirs, truncated, ..Seen::default() })
}

/// See [`Seen::there`]. Whatever their order is.
fn there(files: &[Found]) -> u64 {
    let number = |found: &Found| {
        let stamp = [found.bytes.to_le_bytes(), found.mtime_ns.to_le_bytes()].concat();
        graph::content_hash(found.path.as_bytes()).rotate_left(1) ^ graph::content_hash(&stamp)
    };
    files.iter().map(number).fold(0, u64::wrapping_add)
}

/// The largest first: their scratch is given back early, and no thread is left alone with one at the end.
fn sort_by_size(files: &mut [Found]) {
    files.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)));
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

/// Whether the path is one of those, or below one. The folder itself is `""`.
pub fn is_below<V>(path: &str, those: &BTreeMap<String, V>) -> bool {
    above(path, those).is_some()
}

/// What is said of the path, or of the nearest above it that something is said of.
pub fn above<'m, V>(path: &str, those: &'m BTreeMap<String, V>) -> Option<&'m V> {
    let mut at = path;
    while !those.is_empty() {
        match those.get(at) {
            None if !at.is_empty() => at = parent(at),
            found => return found,
        }
    }
    None
}

/// Takes from all the folder's files those that the graph knows as they are, and returns what it knows that is gone.
fn compare(graph: &Graph, files: &mut Vec<Found>, looked_ns: i64, stamps: &Stamps) -> BTreeSet<String> {
    let places: FxHashMap<&str, usize> = files.iter().zip(0..).map(|(f, at)| (f.path.as_str(), at)).collect();
    let mut same = vec![false; files.len()];
    let mut gone = BTreeSet::new();
    for id in graph.files() {
        match places.get(graph.path(id)) {
            Some(at) => same[*at] = unchanged(graph, id, &files[*at], looked_ns, stamps),
            None => drop(gone.insert(graph.path(id).to_owned())),
        }
    }
    let mut same = same.into_iter();
    files.retain(|_| same.next() == Some(false));
    gone
}

/// The graph's files that were asked for.
fn known_paths(graph: &Graph, asked: &BTreeSet<String>) -> BTreeSet<String> {
    // A single file is the ordinary case and needs no walk over the graph.
    let is_dir = |path: &&String| graph.file(path).is_none() && graph.has_dir(path);
    let mut known: BTreeSet<String> = asked.iter().filter(|p| graph.file(p).is_some()).cloned().collect();
    let dirs: BTreeSet<String> = asked.iter().filter(is_dir).cloned().collect();
    if !dirs.is_empty() {
        let all = graph.files().map(|id| graph.path(id));
        known.extend(all.filter(|p| is_asked(p, Some(&dirs))).map(str::to_owned));
    }
    known
}

fn unchanged(graph: &Graph, id: FileId, found: &Found, looked_ns: i64, stamps: &Stamps) -> bool {
    let meta = graph.row(id).meta;
    let mtime_ns = found.mtime_ns;
    meta.mtime_ns != MENDED
        && meta.bytes == found.bytes
        // Of which language it is follows from its path and contents: a header of C++ is found as one of C.
        && matches!(found.what, What::Source(_))
        && (meta.mtime_ns == mtime_ns && is_trusted(mtime_ns, looked_ns)
            || stamps.prove(&found.path, mtime_ns, meta.hash))
}

/// The graph's manifests, and which of those asked for have been found again.
struct KnownManifests {
    before: Vec<Manifest>,
    kept: Vec<Manifest>,
}

impl KnownManifests {
    /// Those that have been looked for are there only if they are found.
    fn of(graph: &Graph, looked_for: impl Fn(&str) -> bool) -> KnownManifests {
        let before: Vec<Manifest> = graph.all_manifests().cloned().collect();
        let kept = before.iter().filter(|m| !looked_for(&path_of(m))).cloned().collect();
        KnownManifests { before, kept }
    }

    fn had(&self, path: &str) -> bool {
        self.before.iter().any(|m| path_of(m) == path)
    }

    /// As it was.
    fn keep(&mut self, path: &str) {
        self.kept.extend(self.before.iter().filter(|m| path_of(m) == path).cloned());
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

fn path_of(manifest: &Manifest) -> String {
    let Manifest { dir, file, .. } = manifest;
    if dir.is_empty() { file.clone() } else { format!("{dir}/{file}") }
}

impl Seen {
    /// Takes down why a file was not read; if it is known from before, and stays as it was, that too.
    fn note(&mut self, path: &str, outcome: &Outcome, is_kept: bool) {
        let why = match outcome {
            Outcome::Skipped(why) => why.to_string(),
            Outcome::TooCostly(bytes) => {
                self.too_costly.insert(path.to_owned());
                let mib = bytes.div_ceil(1 << 20);
                format!("its parse takes {mib} MiB or more, beyond what the memory budget has for it")
            }
            Outcome::Unreadable(lost) => {
                if lost.passes || is_kept {
                    self.unread.insert(path.to_owned(), lost.why.clone());
                }
                lost.why.clone()
            }
            _ => return,
        };
        if is_kept {
            self.outdated.insert(path.to_owned(), why.clone());
        }
        self.skipped.insert(path.to_owned(), why);
    }

    /// What could not be looked at stays as the graph has it, and is looked at again if it is known or may come back.
    fn note_lost(&mut self, graph: Option<&Graph>) {
        let is_known =
            |path: &str| graph.is_some_and(|g| path.is_empty() || g.file(path).is_some() || g.has_dir(path));
        for (path, Lost { why, passes }) in &self.lost {
            if is_known(path) {
                self.outdated.insert(path.clone(), why.clone());
            }
            if *passes || is_known(path) {
                self.unread.insert(path.clone(), why.clone());
            }
        }
    }

    fn owes(&mut self, owing: Option<&Owing>) {
        for path in owing.iter().flat_map(|o| &o.paths) {
            self.skipped.insert(path.clone(), MEMORY_SHORT.to_owned());
            self.owed.insert(path.clone());
        }
    }
}

/// Whether a file of this name is looked at by any build.
pub fn is_relevant_name(name: &str) -> bool {
    let manifest = |l: LangId| l.strategy().manifest_names().contains(&name);
    LangId::of_path(Path::new(file_name(name))).is_some() || LangId::all().any(manifest)
}

#[cfg(test)]
mod tests;
