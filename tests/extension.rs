//! The manifest of the extension for VS Code says of the server what the server is.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

use coppice::cli::setup::Language;
use coppice::workspace::schema::{Scope, schemas};
use serde_json::{Map, Value};

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("editors/vscode/package.json")
}

/// What it says, once it is brought up to date, if `UPDATE_EXPECT=1` wants that.
fn manifest() -> Value {
    static UPDATED: Once = Once::new();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        UPDATED.call_once(update);
    }
    serde_json::from_str(&fs::read_to_string(path()).unwrap()).unwrap()
}

/// The server's settings as the manifest has to have them.
fn generated() -> Map<String, Value> {
    let property = |(key, scope, mut schema): (&str, Scope, Value)| {
        schema["scope"] = scope.name().into();
        (format!("coppice.{key}"), schema)
    };
    schemas().into_iter().map(property).collect()
}

fn activation_events() -> Vec<String> {
    Language::all().iter().map(|l| format!("onLanguage:{}", l.id)).collect()
}

/// Puts lines between an opening and a closing into the manifest's text, which keeps its order and form.
fn replaced(text: &str, opening: &str, closing: &str, lines: &[String]) -> String {
    let (before, rest) = text.split_once(opening).unwrap_or_else(|| panic!("no {opening:?}"));
    let at = rest.find(closing).unwrap_or_else(|| panic!("no {closing:?} after {opening:?}"));
    format!("{before}{opening}{}\n{}", lines.join(",\n"), &rest[at..])
}

fn update() {
    let settings = generated();
    let settings: Vec<String> = schemas()
        .iter()
        .map(|(key, ..)| format!("          \"coppice.{key}\": {}", settings[&format!("coppice.{key}")]))
        .collect();
    let events: Vec<String> = activation_events().iter().map(|event| format!("    \"{event}\"")).collect();
    let text = fs::read_to_string(path()).unwrap();
    let server = "        \"title\": \"Server\",\n        \"properties\": {\n";
    let text = replaced(&text, server, "        }\n", &settings);
    fs::write(path(), replaced(&text, "  \"activationEvents\": [\n", "  ],\n", &events)).unwrap();
}

#[test]
fn its_settings_and_languages_are_the_servers() {
    let manifest = manifest();
    let groups = manifest["contributes"]["configuration"].as_array().unwrap();
    let server = groups.iter().find(|group| group["title"] == "Server").unwrap();
    assert_eq!(
        server["properties"],
        Value::Object(generated()),
        "out of date; UPDATE_EXPECT=1 cargo test --test extension"
    );
    assert_eq!(manifest["activationEvents"], Value::from(activation_events()), "out of date, too");
}

#[test]
fn what_a_workspace_may_not_set_is_restricted() {
    let manifest = manifest();
    let restricted = manifest["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"].clone();
    for (key, scope, _) in schemas() {
        let key = Value::from(format!("coppice.{key}"));
        let listed = restricted.as_array().unwrap().contains(&key);
        assert_eq!(listed, scope == Scope::MachineOverridable, "{key}");
    }
}

#[test]
fn it_runs_where_the_files_are() {
    let manifest = manifest();
    assert_eq!(manifest["extensionKind"], Value::from(vec!["workspace"]));
    let capabilities = &manifest["capabilities"];
    assert_eq!(capabilities["untrustedWorkspaces"]["supported"], "limited");
    assert_eq!(capabilities["virtualWorkspaces"]["supported"], false);
    for kind in ["untrustedWorkspaces", "virtualWorkspaces"] {
        let why = capabilities[kind]["description"].as_str().unwrap_or_default();
        assert!(!why.is_empty(), "the reason of {kind}");
    }
}

/// Paths are the machine's, which a trusted workspace may replace; a window has one status bar and one trace; the rest is
/// each folder's.
#[test]
fn the_editor_s_own_settings_have_the_right_scope() {
    let manifest = manifest();
    let groups = manifest["contributes"]["configuration"].as_array().unwrap();
    let editor = groups.iter().find(|group| group["title"] == "Editor").unwrap();
    for (key, property) in editor["properties"].as_object().unwrap() {
        let scope = match key.as_str() {
            "coppice.server.path" | "coppice.server.arguments" => "machine-overridable",
            "coppice.statusBar" | "coppice.trace.server" => "window",
            _ => "resource",
        };
        assert_eq!(property["scope"], scope, "{key}");
        let described = ["description", "markdownDescription"].iter().any(|d| property[d].is_string());
        assert!(described && property.get("default").is_some(), "{key}");
    }
}

#[test]
fn its_version_is_the_servers() {
    assert_eq!(manifest()["version"], env!("CARGO_PKG_VERSION"));
}
