//! Whether renames break what built before, checked by a tool that knows.
//!
//! ```text
//! cargo bench --bench rename -- FOLDER COMMAND [--count N] [--lang NAME] [--seed N] [--confirmed]
//! ```
//!
//! Names of the folder are taken at random and given fresh ones. Each rename that is accepted without a doubt is
//! written to the folder, `sh -c COMMAND` is run in it, and the files are put back; the command has to succeed as it
//! did before. With `--confirmed`, doubtful edits are applied as well.

mod corpus;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use coppice::graph::View;
use coppice::lang::facts::DefKind;
use coppice::lang::modules::{FileId, Layout};
use coppice::query;

use corpus::Corpus;

fn main() {
    let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
    let (mut plain, mut count, mut lang, mut seed, mut confirmed) = (Vec::new(), 50usize, None, 1u64, false);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--count" => count = args.next().and_then(|n| n.parse().ok()).unwrap_or(count),
            "--lang" => lang = args.next(),
            "--seed" => seed = args.next().and_then(|n| n.parse().ok()).unwrap_or(seed),
            "--confirmed" => confirmed = true,
            _ => plain.push(arg),
        }
    }
    let [root, command] = &plain[..] else {
        eprintln!("rename: needs FOLDER and COMMAND; options --count N, --lang NAME, --seed N, --confirmed");
        return;
    };
    let root = PathBuf::from(root);
    assert!(succeeds(&root, command), "the folder does not build before anything is renamed");
    let view = Corpus::load(&root).view;
    let mut names = names(&view, lang.as_deref());
    shuffle(&mut names, seed);
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut times: Vec<Duration> = Vec::new();
    let mut tried = 0;
    for (file, start, old) in names {
        if outcomes.get("built").unwrap_or(&0) + outcomes.get("BROKEN").unwrap_or(&0) >= count {
            break;
        }
        tried += 1;
        let new = fresh(&old);
        let begun = Instant::now();
        let renaming = query::rename(&view, file, start, &new, &AtomicBool::new(false));
        times.push(begun.elapsed());
        let renaming = match renaming {
            Ok(renaming) => renaming,
            Err(refusal) => {
                *outcomes.entry("refused").or_default() += 1;
                *reasons
                    .entry(refusal.to_string().replace(&old, "NAME").replace(&new, "NEW"))
                    .or_default() += 1;
                continue;
            }
        };
        if renaming.doubtful().is_some() && !confirmed {
            *outcomes.entry("to be confirmed").or_default() += 1;
            continue;
        }
        let before = write(&root, &view, &renaming);
        let built = succeeds(&root, command);
        restore(&root, &view, &renaming, before);
        *outcomes.entry(if built { "built" } else { "BROKEN" }).or_default() += 1;
        if !built {
            let line = view.position(file, start, coppice::text::Encoding::Utf8).line + 1;
            println!("BROKEN: {old} -> {new} at {}:{line}", view.path(file));
        }
    }
    times.sort_unstable();
    println!("{}: {tried} tried, {outcomes:?}", root.display());
    if let Some(last) = times.last() {
        println!(
            "worked out in p50 {:?}, p99 {:?}, at most {last:?}",
            times[times.len() / 2],
            times[times.len() * 99 / 100]
        );
    }
    let mut reasons: Vec<(String, usize)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    for (reason, n) in reasons.iter().take(12) {
        println!("{n:>5} refused: {reason}");
    }
}

/// Another name of the same shape.
fn fresh(old: &str) -> String {
    match old.chars().find(|c| c.is_alphabetic()) {
        Some(first) if first.is_uppercase() && old.chars().any(char::is_lowercase) => format!("{old}Zq"),
        Some(first) if first.is_uppercase() => format!("{old}_ZQ"),
        _ => format!("{old}_zq"),
    }
}

fn succeeds(root: &Path, command: &str) -> bool {
    let mut run = Command::new("sh");
    run.args(["-c", command]).current_dir(root).stdin(Stdio::null());
    run.stdout(Stdio::null()).stderr(Stdio::null());
    run.status().is_ok_and(|status| status.success())
}

/// Writes the changed files; their texts before.
fn write(root: &Path, view: &View, renaming: &query::Renaming) -> Vec<(PathBuf, String)> {
    let mut before = Vec::new();
    for (file, edits) in &renaming.files {
        let path = root.join(view.path(*file));
        let old = std::fs::read_to_string(&path).expect("the file is there");
        let mut new = old.clone();
        for edit in edits.iter().rev() {
            new.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
        }
        std::fs::write(&path, new).expect("the folder can be written to");
        before.push((path, old));
    }
    if let Some((file, to)) = &renaming.moved {
        std::fs::rename(root.join(view.path(*file)), root.join(to)).expect("the file can be renamed");
    }
    before
}

fn restore(root: &Path, view: &View, renaming: &query::Renaming, before: Vec<(PathBuf, String)>) {
    if let Some((file, to)) = &renaming.moved {
        std::fs::rename(root.join(to), root.join(view.path(*file))).expect("the file can be renamed");
    }
    for (path, text) in before {
        std::fs::write(path, text).expect("the folder can be written to");
    }
}

/// Names of definitions, each once.
fn names(view: &View, lang: Option<&str>) -> Vec<(FileId, u32, String)> {
    let mut all = Vec::new();
    // What is kept of others is not ours to rename.
    let own = |f: &FileId| !view.path(*f).split('/').any(|part| part == "vendor");
    for file in view.files().filter(own).filter(|f| lang.is_none_or(|l| view.lang(*f).name() == l)) {
        let facts = view.facts(file);
        for d in facts.defs.iter().filter(|d| !d.kind.is_alias() && d.kind != DefKind::Label) {
            let name = view.name_text(d.name);
            if name.len() > 1 && !d.name_span.is_empty() {
                all.push((file, d.name_span.start, name.to_owned()));
            }
        }
    }
    all
}

/// Fisher and Yates, with a small generator so that runs can be repeated.
fn shuffle<T>(list: &mut [T], seed: u64) {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for at in (1..list.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        list.swap(at, (state % (at as u64 + 1)) as usize);
    }
}
