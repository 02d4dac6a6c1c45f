//! What the documents say about the program is what the program does.

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
