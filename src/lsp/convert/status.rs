//! `coppice/status` and `experimental/serverStatus`.

use serde::Serialize;
use std::collections::BTreeMap;
use tower_lsp::gen_lsp_types::Uri;

use crate::lsp::uri;
use crate::workspace::slot::Lifecycle;
use crate::workspace::status::{self as plain, FolderStatus};

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    version: &'static str,
    pid: u32,
    uptime_ms: u64,
    ready: bool,
    memory: Memory,
    folders: Vec<Folder>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Memory {
    limit_bytes: u64,
    used_bytes: u64,
    reserved_bytes: u64,
    resident_bytes: u64,
    retained_bytes: u64,
    document_bytes: u64,
    heap_bytes: u64,
    dependency_bytes: u64,
    high_water_bytes: u64,
    rss_bytes: u64,
    /// Of the process: the pages of its own file and of its libraries.
    program_bytes: u64,
    /// Handed out by the allocator, metered or not; and kept by it for the next who ask.
    allocated_bytes: u64,
    allocator_free_bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Folder {
    uri: Option<Uri>,
    name: String,
    state: &'static str,
    stale: bool,
    pinned: bool,
    generation: u64,
    resident_bytes: u64,
    high_water_bytes: u64,
    files: u64,
    lines: u64,
    symbols: u64,
    references: u64,
    languages: BTreeMap<&'static str, u64>,
    progress_percent: Option<u8>,
    last_good_at: Option<String>,
    age_ms: u64,
    last_error: Option<String>,
    retry_count: u32,
    build_ms: Option<u64>,
    from_snapshot: bool,
    snapshot: Option<Snapshot>,
    watcher: &'static str,
    note: Option<String>,
    skipped: Vec<Skipped>,
    /// How many more were skipped than are listed.
    skipped_more: u64,
    degraded: Option<Degraded>,
    owed: Option<Owed>,
    dependencies: Dependencies,
}

/// Files that are read as soon as there is memory for them, or as soon as the disk gives them.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Owed {
    why: String,
    uris: Vec<Uri>,
}

/// What is known of a folder's dependencies.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependencies {
    /// `none`: nobody has needed them yet; `reading`; `read`; `absent`.
    state: &'static str,
    /// Why they are absent, or not all there.
    why: Option<&'static str>,
    files: u64,
    bytes: u64,
    packages: Vec<Package>,
    missing: Vec<Missing>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Package {
    name: String,
    files: u32,
    bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Missing {
    name: String,
    language: &'static str,
    why: &'static str,
}

/// What is known of a folder that the budget can never hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Degraded {
    /// `files`: some files; `definitions`: definitions alone; `documents`: open documents alone.
    level: &'static str,
    files: usize,
    files_in_all: usize,
    needed_bytes: u64,
    available_bytes: u64,
}

/// What is kept of the folder on disk.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Snapshot {
    /// When its files were looked at.
    at: String,
    bytes: u64,
    /// Of the graph that is served, not of an earlier one.
    current: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Skipped {
    uri: Option<Uri>,
    why: String,
}

pub fn status(status: plain::Status) -> Status {
    let memory = &status.memory;
    Status {
        version: env!("CARGO_PKG_VERSION"),
        pid: std::process::id(),
        uptime_ms: status.uptime.as_millis() as u64,
        ready: status.ready,
        memory: Memory {
            limit_bytes: memory.limit,
            used_bytes: memory.used,
            reserved_bytes: memory.reserved,
            resident_bytes: memory.resident,
            retained_bytes: memory.retained,
            document_bytes: memory.documents,
            heap_bytes: memory.heap,
            dependency_bytes: memory.dependencies,
            high_water_bytes: memory.high_water,
            rss_bytes: memory.rss,
            program_bytes: memory.program,
            allocated_bytes: memory.allocated,
            allocator_free_bytes: memory.allocator_free,
        },
        folders: status.folders.into_iter().map(folder).collect(),
    }
}

fn folder(folder: FolderStatus) -> Folder {
    let note = [folder.note, folder.owed.as_ref().map(|owed| owed.why.clone())];
    let note: Vec<String> = note.into_iter().flatten().collect();
    let skipped = |s: plain::SkippedFile| Skipped { uri: uri::of_path(&s.path), why: s.why };
    Folder {
        uri: uri::of_path(&folder.path),
        name: folder.name,
        state: folder.state.name(),
        stale: folder.stale,
        pinned: folder.pinned,
        generation: folder.generation,
        resident_bytes: folder.resident_bytes,
        high_water_bytes: folder.high_water_bytes,
        files: folder.files,
        lines: folder.lines,
        symbols: folder.symbols,
        references: folder.references,
        languages: folder.languages,
        progress_percent: folder.progress,
        last_good_at: folder.last_good.map(|good| good.rfc3339()),
        age_ms: folder.age.as_millis() as u64,
        last_error: folder.last_error.map(|e| e.message),
        retry_count: folder.retry_count,
        build_ms: folder.build.map(|b| b.wall.as_millis() as u64),
        from_snapshot: folder.build.is_some_and(|b| b.from_snapshot),
        snapshot: folder.snapshot.map(|s| Snapshot {
            at: s.looked.rfc3339(),
            bytes: s.bytes,
            current: s.current,
        }),
        watcher: folder.watcher.name(),
        note: (!note.is_empty()).then(|| note.join("; ")),
        skipped: folder.skipped.into_iter().map(skipped).collect(),
        skipped_more: folder.skipped_more,
        degraded: folder.degraded.map(|d| Degraded {
            level: d.level.name(),
            files: d.files,
            files_in_all: d.of,
            needed_bytes: d.needed,
            available_bytes: d.room,
        }),
        owed: folder.owed.map(|owed| Owed {
            why: owed.why,
            uris: owed.files.iter().filter_map(|path| uri::of_path(path)).collect(),
        }),
        dependencies: dependencies(folder.dependencies),
    }
}

fn dependencies(known: plain::DependenciesStatus) -> Dependencies {
    let package =
        |p: crate::workspace::dependencies::Package| Package { name: p.name, files: p.files, bytes: p.bytes };
    let missing = |m: crate::workspace::dependencies::Missing| Missing {
        name: m.name,
        language: m.language,
        why: m.why,
    };
    Dependencies {
        state: known.reading.name(),
        why: match known.reading {
            plain::Reading::Absent(why) => Some(why),
            _ => known.limited,
        },
        files: known.files,
        bytes: known.bytes,
        packages: known.packages.into_iter().map(package).collect(),
        missing: known.missing.into_iter().map(missing).collect(),
    }
}

/// What `experimental/serverStatus` says, as rust-analyzer has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServerStatus {
    health: &'static str,
    quiescent: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

pub fn health(status: &plain::Status) -> ServerStatus {
    let trouble = |f: &FolderStatus| {
        let error = f.last_error.as_ref().map(|error| &error.message);
        let why = error.or(f.owed.as_ref().map(|owed| &owed.why))?;
        Some(format!("{}: {why}", f.name))
    };
    let failed = status.folders.iter().any(|f| f.state == Lifecycle::Failed && !f.stale);
    let messages: Vec<String> = status.folders.iter().filter_map(trouble).collect();
    let health = match (failed, messages.is_empty()) {
        (true, _) => "error",
        (false, false) => "warning",
        (false, true) => "ok",
    };
    let message = (!messages.is_empty()).then(|| messages.join("\n"));
    ServerStatus { health, quiescent: status.ready, message }
}
