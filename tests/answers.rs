//! Where every name of small programs leads: `tests/answers/*.fixture` against the answers beside them, which show each
//! line with its names below it.
//!
//! ```text
//! area→a.ts:12     the file and the line of the definition, the line alone where the file is the same
//! area⇢12          a guess by name
//! push→ext         from outside the folder
//! push→?           not known
//! ```
//!
//! `UPDATE_EXPECT=1 cargo test --test answers` writes the answers anew.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use coppice::graph::View;
use coppice::graph::fixture::Fixture;
use coppice::lang::modules::{FileId, Layout};
use coppice::query::{Empty, agreement::agreement, definition};

fn fixtures() -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers")).unwrap();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|e| e == "fixture"));
    found.sort();
    assert!(!found.is_empty());
    found
}

fn line_of(text: &str, offset: u32) -> usize {
    text[..offset as usize].matches('\n').count() + 1
}

/// The answers at every use of a name, below the line that it stands in.
fn answers(view: &View, fixture: &Fixture) -> String {
    let mut out = String::new();
    for (path, text) in &fixture.files {
        let Some(file) = view.file(path) else { continue };
        let facts = view.facts(file);
        let mut spans: Vec<_> = facts.refs.iter().map(|r| r.span).filter(|span| !span.is_empty()).collect();
        spans.sort();
        spans.dedup();
        writeln!(out, "//- /{path}").unwrap();
        for (number, line) in (1..).zip(text.trim_end().lines()) {
            writeln!(out, "{number:>3} {line}").unwrap();
            let here = spans.iter().filter(|span| line_of(text, span.start) == number);
            let told: Vec<String> = here
                .map(|span| {
                    let name = &text[span.start as usize..span.end as usize];
                    format!("{name}{}", answer(view, fixture, file, span.start))
                })
                .collect();
            if !told.is_empty() {
                writeln!(out, "      {}", told.join("  ")).unwrap();
            }
        }
    }
    out
}

fn answer(view: &View, fixture: &Fixture, file: FileId, offset: u32) -> String {
    let found = match definition(view, file, offset) {
        Ok(found) => found,
        Err(Empty::External) => return "→ext".to_owned(),
        Err(_) => return "→?".to_owned(),
    };
    let arrow = if found.iter().any(|d| d.tier.is_guess()) { '⇢' } else { '→' };
    let places: Vec<String> = found
        .iter()
        .map(|d| {
            let path = view.path(d.location.file);
            let line = line_of(&fixture.files[path], d.location.span.start);
            if d.location.file == file { line.to_string() } else { format!("{path}:{line}") }
        })
        .collect();
    format!("{arrow}{}", places.join("|"))
}

#[test]
fn every_name_leads_where_it_should() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for path in fixtures() {
        let fixture = Fixture::parse(&fs::read_to_string(&path).unwrap());
        let actual = answers(&fixture.view(), &fixture);
        let golden = path.with_extension("answers");
        if update {
            fs::write(&golden, &actual).unwrap();
            continue;
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        let pairs = expected.lines().zip(actual.lines()).filter(|(e, a)| e != a);
        wrong.extend(pairs.map(|(e, a)| format!("{}\n  expected {e}\n  actual   {a}", golden.display())));
        if wrong.is_empty() && expected != actual {
            wrong.push(format!("{} has other lines", golden.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn definitions_and_references_agree() {
    for path in fixtures() {
        let found = agreement(&Fixture::parse(&fs::read_to_string(&path).unwrap()).view(), 1);
        assert!(found.uses > 0 && found.definitions > 0, "{}", path.display());
        let wrong = found.contradictions;
        assert!(
            wrong.is_empty(),
            "{}: {} contradictions:\n{}",
            path.display(),
            wrong.len(),
            wrong.join("\n")
        );
    }
}
