//! Whether anything grows: `cargo bench --bench soak -- [--cycles N] [--seconds N] [--pause-ms N]`.
//!
//! First a folder is opened, asked about and closed so many times. Then, for so long, several folders that do not all
//! fit into the budget are edited, asked about, evicted, reloaded, pinned, closed, moved away and back, under a limit
//! that changes, with documents open and snapshots on disk. Now and then everything is closed or evicted: what the
//! process has then can be compared from one time to the next, and is to stay the same.
//!
//! Printed are the memory of the process's own (anonymous pages: pages of the binary come and go with other programs, and
//! count as written to for as long as those of a new one are on their way to the disk), threads and open files as the
//! system counts them, what the allocator has handed out, and what the ledger says. What is handed out grows if something
//! is kept; pages alone grow if what is handed out lies further apart. The C library keeps some freed memory for each
//! thread, at most 0.24 MiB, which counts as handed out and takes half an hour to fill up: with
//! `GLIBC_TUNABLES=glibc.malloc.tcache_count=0` it keeps none.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use coppice::lang::modules::Layout;
use coppice::lang::scratch::{allocated, hold_little, purge};
use coppice::query;
use coppice::text::{Encoding, Position};
use coppice::workspace::cancel::CancelToken;
use coppice::workspace::document::Change;
use coppice::workspace::manager::{Deaf, Manager};
use coppice::workspace::settings::{CacheDir, Settings, WatchMode};

const CYCLES: usize = 1_000;
const SECONDS: u64 = 60;
/// Folders of the mixed part, and files of each.
const FOLDERS: usize = 6;
const FILES: usize = 40;
/// Functions of each file.
const FUNCTIONS: usize = 60;
/// Holds about half of the folders, with the build of one.
const LIMIT: u64 = 40 << 20;
/// Between two steps, in milliseconds, so that the machine has time for others.
const PAUSE_MS: u64 = 20;
/// Between two looks at whether it has come to rest.
const LOOK: Duration = Duration::from_millis(20);
/// Times that everything is closed and evicted, spread over the soak; at least this far apart.
const RESTS: u32 = 60;
const BETWEEN_RESTS_MIN: Duration = Duration::from_secs(2);
/// Time between two looks at the process under load.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);
/// The first part of a soak, in percent, in which pools and caches fill.
const WARM_UP_PERCENT: usize = 15;
/// By how much a process at rest may grow in an hour, in MiB, and the shortest soak that tells.
const SLOPE_MAX: f64 = 1.0;
const TELLING: Duration = Duration::from_secs(900);
/// Most references of one answer, as over the protocol.
const REFERENCES_MAX: usize = 10_000;
const PATIENCE: Duration = Duration::from_secs(60);
const MIB: f64 = (1 << 20) as f64;

fn main() -> ExitCode {
    // As the server does.
    hold_little();
    let (cycles, seconds) = (argument("--cycles", CYCLES as u64), argument("--seconds", SECONDS));
    // Of its own, so that two of these do not take each other's folders away.
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("soak_{}", std::process::id()));
    let _ = fs::remove_dir_all(&root);
    let pause = Duration::from_millis(argument("--pause-ms", PAUSE_MS));
    let outcome =
        cycle(&root, cycles as usize).and_then(|()| soak(&root, Duration::from_secs(seconds), pause));
    let _ = fs::remove_dir_all(&root);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn argument(name: &str, otherwise: u64) -> u64 {
    let mut all = std::env::args().skip_while(|arg| arg != name).skip(1);
    all.next().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

fn manager(root: &Path) -> Manager {
    let settings = Settings {
        memory_limit: LIMIT,
        build_debounce: Duration::ZERO,
        watch: WatchMode::Native,
        cache_dir: CacheDir::At(root.join("cache")),
        ..Settings::default()
    };
    Manager::new(settings, Arc::new(Deaf))
}

fn source(folder: usize, file: usize, round: u64) -> String {
    let items =
        (0..FUNCTIONS).map(|i| format!("def f{folder}_{file}_{i}(a, b):\n    return a.b{i}(b, {round})\n\n"));
    items.collect()
}

fn write(root: &Path, folder: usize, files: usize) -> Result<PathBuf, String> {
    let path = root.join(format!("w{folder}"));
    for file in 0..files {
        let dir = path.join(format!("p{}", file % 5));
        fs::create_dir_all(&dir).map_err(|e| e.to_string())?;
        fs::write(dir.join(format!("m{file}.py")), source(folder, file, 0)).map_err(|e| e.to_string())?;
    }
    Ok(path)
}

/// Questions about a name in a file; whether there was an answer.
fn ask(manager: &Manager, path: &Path, line: u32) -> bool {
    let ready = manager.capture(path).wait(Instant::now() + PATIENCE, &CancelToken::new());
    let Ok(ready) = ready else { return false };
    let view = &ready.view;
    let Some(file) = path.strip_prefix(&ready.root).ok().and_then(Path::to_str).and_then(|p| view.file(p))
    else {
        return false;
    };
    let Some(offset) = view.offset(file, Position::new(line, 5), Encoding::Utf16) else { return false };
    let _ = query::definition(view, file, offset);
    let _ = query::hover(view, file, offset);
    let _ = query::references(view, file, offset, true, REFERENCES_MAX, &AtomicBool::new(false));
    !query::document_symbols(view, file).is_empty()
}

/// What the system counts of this process.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    seconds: f64,
    own: u64,
    /// Bytes that the allocator has handed out.
    heap: u64,
    threads: u64,
    files: u64,
}

impl Sample {
    fn take(since: Instant) -> Sample {
        let own = number("/proc/self/smaps_rollup", "Anonymous:") * 1024;
        let files = fs::read_dir("/proc/self/fd").map_or(0, |list| list.count() as u64);
        let seconds = since.elapsed().as_secs_f64();
        Sample { seconds, own, heap: allocated().0, threads: number("/proc/self/status", "Threads:"), files }
    }

    fn print(&self, what: &str) {
        let Sample { seconds, own, heap, threads, files } = self;
        let (own, heap) = (*own as f64 / MIB, *heap as f64 / MIB);
        println!(
            "{what:<24} {seconds:>7.0} s {own:>8.2} MiB, handed out {heap:>7.3} MiB {threads:>5} threads {files:>5} files"
        );
    }
}

/// The number after the key in one of the system's files about this process.
fn number(file: &str, key: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix(key)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

/// Opens and closes a folder again and again.
fn cycle(root: &Path, cycles: usize) -> Result<(), String> {
    let manager = manager(root);
    let path = write(root, 0, 5)?;
    let started = Instant::now();
    for done in 0..cycles {
        manager.add_folder(&path, "w");
        if !ask(&manager, &path.join("p0/m0.py"), 0) {
            return Err("a folder that was opened did not answer".to_owned());
        }
        manager.remove_folder(&path);
        if done % (cycles / 10).max(1) == 0 {
            Sample::take(started).print(&format!("{done} cycles"));
        }
    }
    Sample::take(started).print(&format!("{cycles} cycles"));
    at_rest(&manager)?;
    println!("after {cycles} cycles at rest: 0 bytes reserved");
    manager.shutdown();
    Ok(())
}

/// Everything at once, for a while.
fn soak(root: &Path, duration: Duration, pause: Duration) -> Result<(), String> {
    let manager = manager(root);
    let paths: Vec<PathBuf> =
        (0..FOLDERS).map(|folder| write(root, folder, FILES)).collect::<Result<_, _>>()?;
    for path in &paths {
        manager.add_folder(path, "w");
    }
    let started = Instant::now();
    let (mut loaded, mut resting) = (Vec::<Sample>::new(), Vec::<Sample>::new());
    let (mut steps, mut answers, mut questions) = (0u64, 0u64, 0u64);
    let mut dice = Dice(7);
    let every = (duration / RESTS).max(BETWEEN_RESTS_MIN);
    while started.elapsed() < duration {
        steps += 1;
        let (folder, file) = (dice.below(FOLDERS as u64) as usize, dice.below(FILES as u64) as usize);
        let path = &paths[folder];
        let name = path.join(format!("p{}/m{file}.py", file % 5));
        let line = dice.below(FUNCTIONS as u64) as u32 * 3;
        match dice.below(40) {
            0 => drop(manager.evict(path)),
            1 => drop(manager.reload(path)),
            2 => drop(manager.pin(path)),
            3 => unpin(&manager, &paths),
            4 => {
                manager.remove_folder(path);
                manager.add_folder(path, "w");
            }
            5 => {
                let away = root.join("away");
                if fs::rename(path, &away).is_ok() {
                    manager.files_changed([path.clone()]);
                    questions += 1;
                    answers += u64::from(ask(&manager, &name, line));
                    fs::rename(&away, path).map_err(|e| e.to_string())?;
                    manager.files_changed([path.clone()]);
                }
            }
            6 => limit(&manager, LIMIT - LIMIT / 4 * dice.below(3)),
            7..14 => {
                fs::write(&name, source(folder, file, steps)).map_err(|e| e.to_string())?;
                manager.files_changed([name.clone()]);
            }
            14..17 => drop(manager.open(&name, "python", 1, &source(folder, file, steps))),
            17..22 => {
                let whole = Change { range: None, text: source(folder, file, steps) };
                drop(manager.change(&name, steps as i32, &[whole], Encoding::Utf16));
            }
            22..25 => {
                let open: Vec<PathBuf> = manager.documents().keys().map(|path| path.to_path_buf()).collect();
                if open.len() > 4 || dice.below(2) == 0 {
                    open.first().into_iter().for_each(|path| drop(manager.close(path)));
                }
            }
            _ => {
                questions += 1;
                answers += u64::from(ask(&manager, &name, line));
            }
        }
        let memory = manager.status().memory;
        if memory.used > memory.limit.max(LIMIT) {
            return Err(format!("over the budget: {memory:?}"));
        }
        if started.elapsed() > SAMPLE_EVERY * loaded.len() as u32 {
            loaded.push(Sample::take(started));
        }
        if started.elapsed() > every * (resting.len() + 1) as u32 {
            put_to_rest(&manager, &paths)?;
            let sample = Sample::take(started);
            sample.print(&format!("at rest, {steps} steps"));
            resting.push(sample);
        }
        std::thread::sleep(pause);
    }
    println!("{answers} of {questions} questions were answered");
    let mean = loaded.iter().map(|s| s.own as f64).sum::<f64>() / loaded.len().max(1) as f64;
    let most = loaded.iter().map(|s| s.own).max().unwrap_or(0) as f64;
    let under_load = Slope::of(&loaded, |s| s.own);
    println!("under load: {:.1} MiB on average, {:.1} at most, {under_load}", mean / MIB, most / MIB);
    let (at_rest, heap) = (Slope::of(&resting, |s| s.own), Slope::of(&resting, |s| s.heap));
    println!(
        "at rest: {at_rest}, handed out {heap}, after the first {WARM_UP_PERCENT} % of the time; {steps} steps"
    );
    put_to_rest(&manager, &paths)?;
    for path in &paths {
        manager.remove_folder(path);
    }
    let memory = manager.status().memory;
    println!(
        "with everything closed: {} bytes in use, high water {:.1} MiB",
        memory.used,
        memory.high_water as f64 / MIB
    );
    let last = Sample::take(started);
    last.print("closed");
    manager.shutdown();
    // By then all pools are there that there will be.
    let first = resting.get(resting.len() * WARM_UP_PERCENT / 100);
    if let Some(first) = first.filter(|f| last.threads > f.threads || last.files > f.files) {
        return Err(format!("threads or files are left: {first:?}, {last:?}"));
    }
    match (memory.used, duration >= TELLING && at_rest.per_hour >= SLOPE_MAX) {
        (0, false) => Ok(()),
        (0, true) => Err(format!("it grows: {at_rest}")),
        _ => Err(format!("something was kept: {memory:?}")),
    }
}

fn unpin(manager: &Manager, paths: &[PathBuf]) {
    for path in paths {
        manager.unpin(path);
    }
}

fn limit(manager: &Manager, memory_limit: u64) {
    manager.set_settings(Settings { memory_limit, ..(*manager.settings()).clone() });
}

/// Closes all documents and evicts all folders; nothing is in use then.
fn put_to_rest(manager: &Manager, paths: &[PathBuf]) -> Result<(), String> {
    for path in manager.documents().keys() {
        let _ = manager.close(path);
    }
    unpin(manager, paths);
    limit(manager, LIMIT);
    at_rest(manager)?;
    let deadline = Instant::now() + PATIENCE;
    while manager.status().memory.used > 0 {
        if Instant::now() > deadline {
            return Err(format!("something is kept: {:?}", manager.status().memory));
        }
        for path in paths {
            manager.evict(path);
        }
        std::thread::sleep(LOOK);
    }
    // What was freed after the last eviction and has not gone back yet is no growth.
    purge();
    Ok(())
}

/// Waits until nothing is being built and nothing is promised any more: builds that have been superseded take a moment to
/// see it.
fn at_rest(manager: &Manager) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let status = manager.status();
        match (status.ready, status.memory.reserved) {
            (true, 0) => return Ok(()),
            (false, _) if Instant::now() > deadline => return Err("it never came to rest".to_owned()),
            (_, kept) if Instant::now() > deadline => return Err(format!("{kept} bytes stay reserved")),
            _ => std::thread::sleep(LOOK),
        }
    }
}

/// MiB in an hour, by least squares without the warm-up, and how far off that may be: twice its standard error.
struct Slope {
    per_hour: f64,
    margin: f64,
}

impl Slope {
    fn of(samples: &[Sample], bytes: impl Fn(&Sample) -> u64) -> Slope {
        let samples = &samples[samples.len() * WARM_UP_PERCENT / 100..];
        let n = samples.len() as f64;
        let points = || samples.iter().map(|s| (s.seconds / 3_600.0, bytes(s) as f64 / MIB));
        let mean_x = points().map(|(x, _)| x).sum::<f64>() / n;
        let mean_y = points().map(|(_, y)| y).sum::<f64>() / n;
        let spread: f64 = points().map(|(x, _)| (x - mean_x).powi(2)).sum();
        let together: f64 = points().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
        let per_hour = if spread > 0.0 { together / spread } else { 0.0 };
        let off: f64 = points().map(|(x, y)| (y - mean_y - per_hour * (x - mean_x)).powi(2)).sum();
        let margin = if n > 2.0 { 2.0 * (off / (n - 2.0) / spread).sqrt() } else { f64::INFINITY };
        Slope { per_hour, margin }
    }
}

impl std::fmt::Display for Slope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:+.2} ± {:.2} MiB/h", self.per_hour, self.margin)
    }
}

/// Splitmix64: the same run every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}
