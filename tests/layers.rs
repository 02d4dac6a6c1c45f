//! The rules of the source tree that a machine can check: who may use whom, where foreign vocabularies end,
//! how long a file may be, what comments may not say.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Each layer may use those before it, none after it.
const LAYERS: [&str; 8] = ["text", "lang", "graph", "resolve", "query", "workspace", "lsp", "cli"];

/// A crate and the layers that may name it; `main` is the binary's own file.
const CONFINED: [(&str, &[&str]); 7] = [
    ("tree_sitter", &["lang"]),
    ("tower_lsp", &["lsp"]),
    ("tower", &["lsp"]),
    ("tokio", &["lsp", "main"]),
    ("notify", &["workspace"]),
    ("ignore", &["workspace"]),
    ("clap", &["lsp", "cli", "main"]),
];

/// The one module with `unsafe` code, and why it may have it, is its first paragraph's business.
const UNSAFE: &str = "src/lang/scratch.rs";

/// One noun names a file only as long as it fits a few screens.
const FILE_LINES_MAX: usize = 800;

/// A comment says why the code is as it is; what is still to be done belongs in the tracker.
const COMMENT_WORDS: [&str; 5] = ["TODO", "FIXME", "XXX", "HACK", "stub"];

/// Code that says it is not finished, or that prints where a server may not.
const MACROS: [&str; 3] = ["todo!", "unimplemented!", "dbg!"];

struct Source {
    /// Relative to the package, with `/`.
    path: String,
    /// Without comments and without the contents of literals, line by line as in the file.
    code: String,
    /// Only the comments, line by line as in the file.
    comments: String,
    lines: usize,
}

impl Source {
    /// `lang` for `src/lang/…`, `main` for `src/main.rs`, nothing for `src/lib.rs`.
    fn layer(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        match inside.split_once('/') {
            Some((layer, _)) => Some(layer),
            None if inside == "main.rs" => Some("main"),
            None => None,
        }
    }

    /// How many `super` lead from this file's module to the crate's root.
    fn depth(&self) -> usize {
        let inside = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let segments = inside.split('/').filter(|s| !matches!(*s, "mod" | "lib" | "main")).count();
        segments.max(1)
    }
}

#[test]
fn layers_use_only_the_layers_before_them() {
    let mut problems = String::new();
    for source in sources(&["src"]) {
        let Some(at) = source.layer().and_then(|l| LAYERS.iter().position(|x| *x == l)) else {
            continue;
        };
        for (line, used) in crate_paths(&source) {
            let Some(target) = LAYERS.iter().position(|x| *x == used) else { continue };
            if target > at {
                let layer = LAYERS[at];
                let _ = writeln!(problems, "{}:{line}: {layer} may not use {used}", source.path);
            }
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

#[test]
fn every_module_is_a_layer() {
    let mut modules: Vec<String> = Vec::new();
    for source in sources(&["src"]) {
        if let Some(layer) = source.layer().filter(|l| *l != "main") {
            modules.push(layer.to_owned());
        }
    }
    modules.sort();
    modules.dedup();
    let unknown: Vec<_> = modules.iter().filter(|m| !LAYERS.contains(&m.as_str())).collect();
    assert!(unknown.is_empty(), "modules without a place among the layers: {unknown:?}");
}

#[test]
fn foreign_crates_stay_in_their_layers() {
    let mut problems = String::new();
    for source in sources(&["src"]) {
        let Some(layer) = source.layer() else { continue };
        for (krate, allowed) in CONFINED {
            if allowed.contains(&layer) || !source.code.contains(krate) {
                continue;
            }
            for (line, text) in numbered(&source.code) {
                if words(text).any(|(at, word)| word == krate && text[at + word.len()..].starts_with("::")) {
                    let _ = writeln!(problems, "{}:{line}: only {allowed:?} may use {krate}", source.path);
                }
            }
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

#[test]
fn comments_do_not_put_things_off_and_code_is_finished() {
    let mut problems = String::new();
    for source in sources(&["src", "benches", "tests"]) {
        if source.path == "tests/layers.rs" {
            continue;
        }
        for (line, text) in numbered(&source.comments) {
            // Python's stub files are a thing of the language, not of our code.
            let about_stub_files = text.contains(".pyi");
            for (_, word) in words(text) {
                if COMMENT_WORDS.contains(&word) && !(word == "stub" && about_stub_files) {
                    let _ = writeln!(problems, "{}:{line}: a comment says `{word}`", source.path);
                }
            }
        }
        for (line, text) in numbered(&source.code) {
            for name in MACROS {
                let called = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
                if text.find(name).is_some_and(called) {
                    let _ = writeln!(problems, "{}:{line}: `{name}`", source.path);
                }
            }
            if source.path != UNSAFE && words(text).any(|(_, word)| word == "unsafe") {
                let _ = writeln!(problems, "{}:{line}: unsafe code of our own", source.path);
            }
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

#[test]
fn files_are_short_enough_to_read() {
    let mut problems = String::new();
    for source in sources(&["src", "benches", "tests"]) {
        if source.lines > FILE_LINES_MAX {
            let _ =
                writeln!(problems, "{}: {} lines, the limit is {FILE_LINES_MAX}", source.path, source.lines);
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

#[test]
fn the_scanner_sees_paths_and_not_text() {
    let text = r##"
        use crate::{lang::facts, graph};
        //! crate::lsp in a comment
        let a = "crate::cli";
        let b = r#"crate::cli "quoted" "#;
        let c = ('"', crate::query::f, '\'', b'"', 'a');
        fn f<'a>(x: &'a str) -> super::super::resolve::X {}
        /* crate::workspace /* nested */ still */ super::sibling::y();
    "##;
    let source = read_source("src/text/edit.rs", text);
    let found: Vec<_> = crate_paths(&source).into_iter().map(|(_, name)| name).collect();
    assert_eq!(found, ["lang", "graph", "query", "resolve"]);
    assert!(source.comments.contains("crate::workspace"));
}

/// The first segments of paths that start at the crate's root, with their lines.
fn crate_paths(source: &Source) -> Vec<(usize, String)> {
    let code = source.code.as_str();
    let mut found = Vec::new();
    let mut supers = 0;
    for (at, word) in words(code) {
        let rest = code[at + word.len()..].trim_start();
        let leads = match word {
            "crate" | "coppice" => rest.starts_with("::"),
            "super" => {
                supers += 1;
                rest.starts_with("::") && supers >= source.depth()
            }
            _ => false,
        };
        if word != "super" {
            supers = 0;
        }
        if leads {
            let line = code[..at].matches('\n').count() + 1;
            let tail = rest[2..].trim_start();
            match tail.strip_prefix('{') {
                Some(group) => found.extend(group_heads(group).into_iter().map(|name| (line, name))),
                None => found.extend(words(tail).next().map(|(_, name)| (line, name.to_owned()))),
            }
        }
    }
    found
}

/// The first words of the members of `{a::b, c::{d, e}}`, given what follows the first brace.
fn group_heads(text: &str) -> Vec<String> {
    let mut heads = Vec::new();
    let (mut depth, mut expects) = (0, true);
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => expects = true,
            c if expects && (c.is_alphanumeric() || c == '_') => {
                heads.extend(words(&text[at..]).next().map(|(_, word)| word.to_owned()));
                expects = false;
            }
            _ => {}
        }
    }
    heads
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(i, line)| (i + 1, line))
}

/// Identifiers and where they start.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(is_word)?;
        let end = text[start..].find(|c| !is_word(c)).map_or(text.len(), |n| start + n);
        at = end;
        Some((start, &text[start..end]))
    })
}

fn sources(folders: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in folders {
        let mut pending = vec![root.join(folder)];
        while let Some(dir) = pending.pop() {
            let Ok(entries) = std::fs::read_dir(&dir) else { continue };
            let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            paths.sort();
            for path in paths {
                if path.is_dir() {
                    // Fixtures are what packs read, not code of the crate.
                    if !path.ends_with("fixtures") {
                        pending.push(path);
                    }
                } else if path.extension().is_some_and(|ext| ext == "rs") {
                    let relative = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                    found.push(read_source(&relative, &std::fs::read_to_string(&path).unwrap()));
                }
            }
        }
    }
    assert!(!found.is_empty());
    found
}

/// Splits a file into its code and its comments; what belongs to the other one is blank in each.
fn read_source(path: &str, text: &str) -> Source {
    let (mut code, mut comments) = (String::new(), String::new());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (length, into) = match c {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), &mut comments),
            '/' if rest.starts_with("/*") => (block_comment(rest), &mut comments),
            '"' => (string(rest), &mut String::new()),
            'r' | 'b' | 'c' if literal_prefix(&code) && raw_string(rest).is_some() => {
                (raw_string(rest).unwrap_or(1), &mut String::new())
            }
            '\'' if character(rest).is_some() => (character(rest).unwrap_or(1), &mut String::new()),
            _ => {
                code.push(c);
                comments.push(if c == '\n' { c } else { ' ' });
                rest = &rest[c.len_utf8()..];
                continue;
            }
        };
        let (token, tail) = rest.split_at(length);
        into.push_str(token);
        let newlines = "\n".repeat(token.matches('\n').count());
        if !token.starts_with('/') {
            comments.push_str(&newlines);
        }
        code.push(' ');
        code.push_str(&newlines);
        rest = tail;
    }
    Source { path: path.to_owned(), code, comments, lines: text.lines().count() }
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Whether a literal's prefix could start here, rather than the middle of a word.
fn literal_prefix(code: &str) -> bool {
    !code.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Length of `r"…"`, `br#"…"#` and the like.
fn raw_string(text: &str) -> Option<usize> {
    let body = text.strip_prefix("br").or(text.strip_prefix("cr")).or(text.strip_prefix('r'))?;
    let hashes = body.len() - body.trim_start_matches('#').len();
    body[hashes..].strip_prefix('"')?;
    let open = text.len() - body.len() + hashes + 1;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(text[open..].find(&close).map_or(text.len(), |n| open + n + close.len()))
}

/// Length of a character literal; nothing for a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    match chars.next()? {
        (_, '\\') => {
            chars.next()?;
            chars.find(|(_, c)| *c == '\'').map(|(at, _)| at + 1)
        }
        _ => chars.next().filter(|(_, c)| *c == '\'').map(|(at, _)| at + 1),
    }
}
