//! What the documents say about the program is what the program does.

use std::path::Path;

use coppice::cli::setup::{Editor, Language, Request, fragment};
use coppice::lang::LangId;
use coppice::workspace::settings::SETTINGS;

const README: &str = include_str!("../README.md");

#[test]
fn the_readme_lists_every_setting() {
    let (_, section) = README.split_once("\n## Settings\n").expect("a section on settings");
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let listed: Vec<&str> =
        section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let known: Vec<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
    assert_eq!(listed, known);
}

#[test]
fn the_readme_opens_with_the_two_commands() {
    let commands: Vec<&str> =
        README.split("```sh\n").skip(1).filter_map(|block| block.lines().next()).collect();
    assert_eq!(commands[..2], ["cargo run --release -- doctor [FOLDER...]", "tests/run"]);
    let line = README.lines().position(|line| line == "tests/run").expect("the tests' command");
    assert!(line < 16, "on the first screen, not in line {line}");
}

#[test]
fn the_readme_names_every_language() {
    let line = README.lines().find(|line| line.starts_with("Languages:")).expect("a line on languages");
    let named: Vec<String> = line.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
    for language in LangId::all().map(LangId::name) {
        assert!(named.iter().any(|name| name == language), "{language} is missing from: {line}");
    }
}

/// Files that people copy are what `coppice setup` prints; `UPDATE_EXPECT=1` writes them.
#[test]
fn the_editors_files_are_what_setup_prints() {
    let beside = [
        ("rust", "rust-analyzer"),
        ("python", "pylsp"),
        ("typescript,tsx,javascript", "typescript-language-server"),
        ("go", "gopls"),
        ("java", "jdtls"),
    ];
    let mut files = vec![
        ("helix/languages.toml".to_owned(), Editor::Helix, Language::all(), None),
        ("nvim/lsp/coppice.lua".to_owned(), Editor::Neovim, Language::all(), None),
    ];
    for (languages, server) in beside {
        let names: Vec<String> = languages.split(',').map(str::to_owned).collect();
        let languages = Language::named(&names).unwrap();
        files.push((format!("helix/beside-{server}.toml"), Editor::Helix, languages, Some(server)));
    }
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    for (file, editor, languages, beside) in files {
        let request = Request { command: "coppice", languages: &languages, only_these: false, beside };
        let printed = fragment(editor, &request).unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("editors").join(&file);
        if update {
            std::fs::write(&path, &printed).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(&path).unwrap_or_default(),
            printed,
            "editors/{file} is out of date"
        );
    }
}
