//! The manifest of the extension for VS Code says of the server what the server is.

use std::fs;
use std::path::{Path, PathBuf};

use coppice::cli::setup::Language;
use coppice::workspace::schema::{Scope, schemas};
use serde_json::{Map, Value};

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("editors/vscode/package.json")
}

fn manifest() -> Value {
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

/// Puts the settings into the manifest's text, which keeps its order and form.
fn updated(text: &str, settings: &Map<String, Value>) -> String {
    const OPENING: &str = "        \"title\": \"Server\",\n        \"properties\": {\n";
    const CLOSING: &str = "\n        }\n";
    let (before, rest) = text.split_once(OPENING).expect("the group of the server's settings");
    let (_, after) = format!("\n{rest}").split_once(CLOSING).map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let keys = schemas();
    let lines: Vec<String> = keys
        .iter()
        .map(|(key, ..)| {
            let key = format!("coppice.{key}");
            format!("          {}: {}", Value::from(key.as_str()), settings[&key])
        })
        .collect();
    format!("{before}{OPENING}{}{CLOSING}{after}", lines.join(",\n"))
}

/// `UPDATE_EXPECT=1` writes them.
#[test]
fn its_settings_are_the_servers() {
    let settings = generated();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let text = fs::read_to_string(path()).unwrap();
        fs::write(path(), updated(&text, &settings)).unwrap();
    }
    let manifest = manifest();
    let groups = manifest["contributes"]["configuration"].as_array().unwrap();
    let server = groups.iter().find(|group| group["title"] == "Server").unwrap();
    assert_eq!(
        server["properties"],
        Value::Object(settings),
        "out of date; UPDATE_EXPECT=1 cargo test --test extension"
    );
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
fn it_starts_with_every_language() {
    let events: Vec<String> = Language::all().iter().map(|l| format!("onLanguage:{}", l.id)).collect();
    assert_eq!(manifest()["activationEvents"], Value::from(events));
}

#[test]
fn its_version_is_the_servers() {
    assert_eq!(manifest()["version"], env!("CARGO_PKG_VERSION"));
}
