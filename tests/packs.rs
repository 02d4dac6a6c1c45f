//! Golden fixtures of the packs: `src/lang/<name>/fixtures/*` against the facts beside them.
//!
//! `UPDATE_EXPECT=1 cargo test --test packs` writes the facts anew.

use std::fs;
use std::path::{Path, PathBuf};

use coppice::lang::{LangId, ParseLimits, Parser, dump::dump, extract};

fn fixtures() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for pack in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lang")).unwrap() {
        let Ok(files) = fs::read_dir(pack.unwrap().path().join("fixtures")) else { continue };
        found
            .extend(files.map(|f| f.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e != "facts")));
    }
    found.sort();
    found
}

#[test]
fn facts_of_the_fixtures_are_as_written_down() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let fixtures = fixtures();
    assert!(!fixtures.is_empty());
    for path in fixtures {
        let lang = LangId::of_path(&path).unwrap_or_else(|| panic!("{}: no pack", path.display()));
        let text = fs::read_to_string(&path).unwrap();
        let lang = lang.of_text(&path.to_string_lossy(), &text);
        let tree = Parser::new().parse(lang, &text, None, &ParseLimits::default()).unwrap();
        let errors = tree.syntax_errors(&text, 5);
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        let actual = dump(&extract(lang, &tree, &text), &text);
        let golden = path.with_file_name(format!("{}.facts", path.file_name().unwrap().to_str().unwrap()));
        if update {
            fs::write(&golden, &actual).unwrap();
            continue;
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert!(
            expected == actual,
            "{} differs:\n{}",
            golden.display(),
            first_difference(&expected, &actual)
        );
    }
}

fn first_difference(expected: &str, actual: &str) -> String {
    let (mut e, mut a) = (expected.lines(), actual.lines());
    loop {
        match (e.next(), a.next()) {
            (None, None) => return "line ends".into(),
            (left, right) if left == right => {}
            (left, right) => return format!("expected {left:?}\n  actual {right:?}"),
        }
    }
}

#[test]
fn every_pack_survives_every_fixture_cut_anywhere() {
    for path in fixtures() {
        let lang = LangId::of_path(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let mut parser = Parser::new();
        for end in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
            let cut = &text[..end];
            let tree = parser.parse(lang, cut, None, &ParseLimits::default()).unwrap();
            let facts = extract(lang, &tree, cut);
            for def in &facts.defs {
                assert!(def.name_span.end as usize <= end, "{} cut at {end}", path.display());
            }
        }
    }
}

#[test]
fn deep_nesting_is_cut_off_and_not_fatal() {
    const LEVELS: usize = 60_000;
    for lang in LangId::all() {
        for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("a(", ")"), ("a.", "")] {
            let text = format!("{}x{}", open.repeat(LEVELS), close.repeat(LEVELS));
            let limits =
                ParseLimits { deadline: std::time::Duration::from_secs(60), ..ParseLimits::default() };
            if let Ok(tree) = Parser::new().parse(lang, &text, None, &limits) {
                extract(lang, &tree, &text);
                tree.syntax_errors(&text, 10);
            }
        }
    }
}
