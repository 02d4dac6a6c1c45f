//! Ten thousand files that change at once: `cargo bench --bench branch_switch -- [--files N]`.
//!
//! Every file gets other contents, as when another branch is checked out; the client tells of them in no order and
//! forgets a fifth. Printed are how long it takes until the graph has all of them, against a build from nothing, and
//! the slowest answer meanwhile; CPU seconds are those of the whole process, the questions included. Then every file is
//! touched, which is no reason to build anything, nor to read any of them a second time at the next look.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use coppice::lang::modules::Layout;
use coppice::query;
use coppice::workspace::cancel::CancelToken;
use coppice::workspace::manager::{Deaf, Manager};
use coppice::workspace::settings::{Settings, WatchMode};
use coppice::workspace::slot::Lifecycle;
use rustix::time::{ClockId, clock_gettime};

const FILES: usize = 10_000;
const PER_DIRECTORY: usize = 100;
/// Changes are told in messages of so many.
const BATCH: usize = 500;
const PAUSE: Duration = Duration::from_millis(5);
/// CPU time until everything is fresh, in cold builds: what is to hold.
const COST_MAX: f64 = 1.5;
/// Within which every question is to be answered, on an idle machine.
const ANSWER_MAX: Duration = Duration::from_millis(100);
/// Over which it is no matter of what else the machine does.
const ANSWER_EXCESS: Duration = Duration::from_millis(500);
/// Longer than a file's time has to be past for it to be believed.
const OLD: Duration = Duration::from_secs(3_600);

fn main() -> ExitCode {
    let mut all = std::env::args().skip_while(|arg| arg != "--files").skip(1);
    let files = all.next().and_then(|n| n.parse().ok()).unwrap_or(FILES);
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("branch_switch");
    let _ = fs::remove_dir_all(&root);
    let outcome = run(&root, files);
    let _ = fs::remove_dir_all(&root);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn path(root: &Path, file: usize) -> PathBuf {
    root.join(format!("p{}/m{file}.py", file / PER_DIRECTORY))
}

fn write(root: &Path, files: usize, branch: &str) -> std::io::Result<()> {
    for file in 0..files {
        let path = path(root, file);
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        let item = |i| format!("def {branch}_{file}_{i}(a, b):\n    return a.b{i}(b)\n\n");
        fs::write(path, (0..20).map(item).collect::<String>())?;
    }
    Ok(())
}

fn loaded(manager: &Manager, generation: u64) -> bool {
    let status = manager.status();
    status.folders.iter().all(|f| f.state == Lifecycle::Loaded && f.generation >= generation)
}

/// How many files of the branch the graph has, and how long the answer took.
fn has(manager: &Manager, root: &Path, files: usize, branch: &str) -> Result<(usize, Duration), String> {
    let began = Instant::now();
    let capture = manager.capture(&path(root, 0));
    let ready = capture.wait(Instant::now() + Duration::from_secs(300), &CancelToken::new());
    let view = ready.map_err(|e| e.to_string())?.view;
    let took = began.elapsed();
    let there = |file: &usize| {
        view.lookup_name(&format!("{branch}_{file}_0")).is_some_and(|n| view.defs_named(n).next().is_some())
    };
    Ok(((0..files).filter(there).count(), took))
}

fn run(root: &Path, files: usize) -> Result<(), String> {
    write(root, files, "one").map_err(|e| e.to_string())?;
    let settings = Settings { memory_limit: 1 << 30, watch: WatchMode::Client, ..Settings::default() };
    let manager = Manager::new(settings, Arc::new(Deaf));
    let (began, cpu) = (Instant::now(), cpu_seconds());
    manager.add_folder(root, "switched");
    has(&manager, root, files, "one")?;
    let (cold, cold_cpu) = (began.elapsed(), cpu_seconds() - cpu);
    println!("{files} files, built from nothing: {:.0} ms, {cold_cpu:.2} s of CPU", millis(cold));

    write(root, files, "two").map_err(|e| e.to_string())?;
    let mut told: Vec<PathBuf> =
        (0..files).filter(|file| file % 5 != 3).map(|file| path(root, file)).collect();
    // In no order: by a multiplier that is prime to their number.
    told = (0..told.len()).map(|i| told[i * 7_919 % told.len()].clone()).collect();
    let done = Arc::new(AtomicBool::new(false));
    let asking = {
        let (manager, done, path) = (manager.clone(), Arc::clone(&done), path(root, 0));
        std::thread::spawn(move || {
            let mut worst = Duration::ZERO;
            let mut asked = 0;
            while !done.load(Ordering::SeqCst) {
                let began = Instant::now();
                let ready = manager.capture(&path).wait(began + Duration::from_secs(60), &CancelToken::new());
                if let Ok(ready) = ready
                    && let Some(file) = ready.view.file("p0/m0.py")
                {
                    // The name of the first function.
                    let _ = query::definition(&ready.view, file, 5);
                    let _ = query::document_symbols(&ready.view, file);
                }
                worst = worst.max(began.elapsed());
                asked += 1;
                std::thread::sleep(PAUSE);
            }
            (worst, asked)
        })
    };
    let (began, cpu) = (Instant::now(), cpu_seconds());
    for batch in told.chunks(BATCH) {
        manager.files_changed(batch.to_vec());
    }
    let fresh = loop {
        if loaded(&manager, 2) && has(&manager, root, files, "two")?.0 == files {
            break began.elapsed();
        }
        if began.elapsed() > Duration::from_secs(300) {
            return Err("it never had all of them".to_owned());
        }
        std::thread::sleep(PAUSE);
    };
    done.store(true, Ordering::SeqCst);
    let (worst, asked) = asking.join().map_err(|_| "the asking thread went wrong".to_owned())?;
    let (cpu, builds) = (cpu_seconds() - cpu, manager.status().folders[0].generation - 1);
    println!(
        "all of them changed, a fifth untold: fresh after {:.0} ms ({:.2} of the build), {cpu:.2} s of CPU ({:.2}), {builds} graphs",
        millis(fresh),
        fresh.as_secs_f64() / cold.as_secs_f64(),
        cpu / cold_cpu
    );
    println!("{asked} questions meanwhile, the slowest took {:.1} ms", millis(worst));

    let generation = manager.status().folders[0].generation;
    for file in 0..files {
        let file = fs::File::options().write(true).open(path(root, file)).map_err(|e| e.to_string())?;
        file.set_modified(SystemTime::now() - OLD).map_err(|e| e.to_string())?;
    }
    let (began, cpu_before) = (Instant::now(), cpu_seconds());
    manager.files_changed((0..files).map(|file| path(root, file)));
    looked(&manager, generation)?;
    let first = cpu_seconds() - cpu_before;
    let rebuilt = manager.status().folders[0].generation - generation;
    println!(
        "all of them touched: looked at within {:.0} ms, {first:.3} s of CPU, {rebuilt} new graphs",
        millis(began.elapsed())
    );
    let cpu_before = cpu_seconds();
    manager.files_changed((0..files).map(|file| path(root, file)));
    looked(&manager, generation)?;
    let second = cpu_seconds() - cpu_before;
    println!("looked at once more: {second:.3} s of CPU ({:.2} of the first look)", second / first);
    manager.shutdown();
    if rebuilt > 0 {
        return Err("what is the same was built again".to_owned());
    }
    if cpu / cold_cpu > COST_MAX {
        return Err(format!("over {COST_MAX} cold builds"));
    }
    if worst > ANSWER_EXCESS {
        return Err(format!("an answer took longer than {ANSWER_EXCESS:?}"));
    }
    if worst > ANSWER_MAX {
        println!("slower than {ANSWER_MAX:?}, which is to hold on an idle machine");
    }
    Ok(())
}

/// Waits until what has been told of has been looked at.
fn looked(manager: &Manager, generation: u64) -> Result<(), String> {
    let deadline = Instant::now() + Duration::from_secs(300);
    std::thread::sleep(manager.settings().build_debounce * 2);
    while !loaded(manager, generation) {
        if Instant::now() > deadline {
            return Err("it never came to rest".to_owned());
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// CPU time of this process.
fn cpu_seconds() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}
