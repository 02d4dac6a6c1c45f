//! Whether anything grows: `cargo bench --bench soak -- [--cycles N] [--seconds N]`.
//!
//! First a folder is opened, asked about and closed so many times. Then, for so long, several folders that do not all
//! fit into the budget are edited, asked about, evicted, reloaded, pinned, closed, moved away and back, under a limit
//! that changes, with documents open. Printed are resident memory, threads and open files as the system counts them,
//! and what the ledger says; in the end everything that was promised has to have come back.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use coppice::text::Encoding;
use coppice::workspace::cancel::CancelToken;
use coppice::workspace::document::Change;
use coppice::workspace::manager::{Deaf, Manager};
use coppice::workspace::settings::{Settings, WatchMode};

const CYCLES: usize = 1_000;
const SECONDS: u64 = 60;
/// Folders of the mixed part, and files of each.
const FOLDERS: usize = 6;
const FILES: usize = 40;
/// Holds about half of the folders, with the build of one.
const LIMIT: u64 = 40 << 20;
/// Between two steps, so that the machine has time for others.
const PAUSE: Duration = Duration::from_millis(20);
/// The first part of a soak, in percent, in which pools and caches fill.
const WARM_UP_PERCENT: usize = 25;
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let (cycles, seconds) = (argument("--cycles", CYCLES as u64), argument("--seconds", SECONDS));
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("soak");
    let _ = fs::remove_dir_all(&root);
    let outcome = cycle(&root, cycles as usize).and_then(|()| soak(&root, Duration::from_secs(seconds)));
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

fn manager() -> Manager {
    let settings = Settings {
        memory_limit: LIMIT,
        build_debounce: Duration::ZERO,
        watch: WatchMode::Native,
        ..Settings::default()
    };
    Manager::new(settings, Arc::new(Deaf))
}

fn source(folder: usize, file: usize, round: u64) -> String {
    let items =
        (0..60).map(|i| format!("def f{folder}_{file}_{i}(a, b):\n    return a.b{i}(b, {round})\n\n"));
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

/// A question about a file; whether there was an answer.
fn ask(manager: &Manager, path: &Path) -> bool {
    let ready = manager.capture(path).wait(Instant::now() + PATIENCE, &CancelToken::new());
    ready.is_ok_and(|ready| ready.view.file_count() > 0)
}

/// What the system counts of this process.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    seconds: f64,
    rss: u64,
    threads: u64,
    files: u64,
}

impl Sample {
    fn take(since: Instant) -> Sample {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let number = |key: &str| {
            let line = status.lines().find_map(|l| l.strip_prefix(key)).unwrap_or_default();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0)
        };
        let files = fs::read_dir("/proc/self/fd").map_or(0, |list| list.count() as u64);
        let seconds = since.elapsed().as_secs_f64();
        Sample { seconds, rss: number("VmRSS:") * 1024, threads: number("Threads:"), files }
    }

    fn print(&self, what: &str) {
        let Sample { seconds, rss, threads, files } = self;
        let mib = *rss as f64 / f64::from(1 << 20);
        println!("{what:<24} {seconds:>7.0} s {mib:>8.1} MiB {threads:>5} threads {files:>5} files");
    }
}

/// Opens and closes a folder again and again.
fn cycle(root: &Path, cycles: usize) -> Result<(), String> {
    let manager = manager();
    let path = write(root, 0, 5)?;
    let started = Instant::now();
    let mut samples = Vec::new();
    for done in 0..cycles {
        manager.add_folder(&path, "w");
        if !ask(&manager, &path.join("p0/m0.py")) {
            return Err("a folder that was opened did not answer".to_owned());
        }
        manager.remove_folder(&path);
        if done % (cycles / 10).max(1) == 0 {
            let sample = Sample::take(started);
            sample.print(&format!("{done} cycles"));
            samples.push(sample);
        }
    }
    Sample::take(started).print(&format!("{cycles} cycles"));
    at_rest(&manager)?;
    manager.shutdown();
    Ok(())
}

/// Everything at once, for a while.
fn soak(root: &Path, duration: Duration) -> Result<(), String> {
    let manager = manager();
    let paths: Vec<PathBuf> =
        (0..FOLDERS).map(|folder| write(root, folder, FILES)).collect::<Result<_, _>>()?;
    for path in &paths {
        manager.add_folder(path, "w");
    }
    let started = Instant::now();
    let (mut samples, mut steps, mut answers, mut questions) = (Vec::new(), 0u64, 0u64, 0u64);
    let mut dice = Dice(7);
    let every = (duration / 40).max(Duration::from_secs(1));
    while started.elapsed() < duration {
        steps += 1;
        let (folder, file) = (dice.below(FOLDERS as u64) as usize, dice.below(FILES as u64) as usize);
        let path = &paths[folder];
        let name = path.join(format!("p{}/m{file}.py", file % 5));
        match dice.below(40) {
            0 => drop(manager.evict(path)),
            1 => drop(manager.reload(path)),
            2 => drop(manager.pin(path)),
            3 => {
                for path in &paths {
                    manager.unpin(path);
                }
            }
            4 => {
                manager.remove_folder(path);
                manager.add_folder(path, "w");
            }
            5 => {
                let away = root.join("away");
                if fs::rename(path, &away).is_ok() {
                    manager.files_changed([path.clone()]);
                    questions += 1;
                    answers += u64::from(ask(&manager, &name));
                    fs::rename(&away, path).map_err(|e| e.to_string())?;
                    manager.files_changed([path.clone()]);
                }
            }
            6 => {
                let memory_limit = LIMIT - LIMIT / 4 * dice.below(3);
                manager.set_settings(Settings { memory_limit, ..(*manager.settings()).clone() });
            }
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
                answers += u64::from(ask(&manager, &name));
            }
        }
        let memory = manager.status().memory;
        if memory.used > memory.limit.max(LIMIT) {
            return Err(format!("over the budget: {memory:?}"));
        }
        if started.elapsed() > every * samples.len() as u32 {
            let sample = Sample::take(started);
            sample.print(&format!("{steps} steps"));
            samples.push(sample);
        }
        std::thread::sleep(PAUSE);
    }
    println!("{answers} of {questions} questions were answered");
    for path in manager.documents().keys() {
        let _ = manager.close(path);
    }
    let warm = &samples[samples.len() * WARM_UP_PERCENT / 100..];
    let slope = slope(warm) * 3_600.0 / f64::from(1 << 20);
    println!("resident memory: {slope:+.2} MiB/h after the first {WARM_UP_PERCENT} % of the time");
    at_rest(&manager)?;
    for path in &paths {
        manager.remove_folder(path);
    }
    let memory = manager.status().memory;
    println!(
        "with everything closed: {} bytes in use, high water {:.1} MiB",
        memory.used,
        memory.high_water as f64 / f64::from(1 << 20)
    );
    Sample::take(started).print("closed");
    manager.shutdown();
    if memory.used == 0 { Ok(()) } else { Err(format!("something was kept: {memory:?}")) }
}

/// Waits until nothing is being built; nothing may be promised then.
fn at_rest(manager: &Manager) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    while !manager.status().ready {
        if Instant::now() > deadline {
            return Err("it never came to rest".to_owned());
        }
        std::thread::sleep(PAUSE);
    }
    let reserved = manager.status().memory.reserved;
    println!("at rest: {reserved} bytes reserved");
    if reserved == 0 { Ok(()) } else { Err("a reservation was kept".to_owned()) }
}

/// Bytes per second, by least squares.
fn slope(samples: &[Sample]) -> f64 {
    let n = samples.len() as f64;
    let (x, y): (Vec<f64>, Vec<f64>) = samples.iter().map(|s| (s.seconds, s.rss as f64)).unzip();
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut above, mut below) = (0.0, 0.0);
    for (x, y) in x.iter().zip(&y) {
        above += (x - mean_x) * (y - mean_y);
        below += (x - mean_x) * (x - mean_x);
    }
    if below > 0.0 { above / below } else { 0.0 }
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
