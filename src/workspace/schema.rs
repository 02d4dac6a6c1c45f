//! What editors show of the settings: for each a description, a type and a default, as JSON schema.
//!
//! [`SETTINGS`](super::settings::SETTINGS) decides what is taken; a test holds these descriptions to it.

use serde_json::{Value, json};

/// Who may set it, in the words of VS Code. A budget and a place are the user's alone, never the workspace's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One for the machine.
    Machine,
    /// One for the machine, which a trusted workspace may replace.
    MachineOverridable,
    /// One for each folder.
    Resource,
}

impl Scope {
    pub fn name(self) -> &'static str {
        match self {
            Scope::Machine => "machine",
            Scope::MachineOverridable => "machine-overridable",
            Scope::Resource => "resource",
        }
    }
}

/// The schema of every setting, keyed by its name, in the order of [`SETTINGS`](super::settings::SETTINGS).
pub fn schemas() -> Vec<(&'static str, Scope, Value)> {
    vec![
        (
            "memory.limitMb",
            Scope::Machine,
            json!({
                "type": ["number", "null"], "default": null, "minimum": 8,
                "markdownDescription": "Budget in MiB for everything that coppice holds: graphs, builds, open documents. \
                    Counts at once when changed. Empty: a quarter of the machine's memory, at most 2048.",
            }),
        ),
        (
            "stale.maxAgeHours",
            Scope::Resource,
            json!({
                "type": "number", "default": 24, "minimum": 0,
                "markdownDescription": "How old an answer may be, in hours, when a folder cannot be read again. \
                    0: any age.",
            }),
        ),
        (
            "build.threads",
            Scope::Machine,
            json!({
                "type": ["integer", "null"], "default": null, "minimum": 1, "maximum": 256,
                "markdownDescription": "Threads that build graphs. Empty: half the cores, between 2 and 8, or the only one.",
            }),
        ),
        (
            "build.debounceMs",
            Scope::Resource,
            json!({
                "type": "number", "default": 100, "minimum": 0, "maximum": 60_000,
                "markdownDescription": "How long changes on disk are collected before a rebuild, in milliseconds.",
            }),
        ),
        (
            "request.waitMs",
            Scope::Resource,
            json!({
                "type": "number", "default": 10_000, "minimum": 0, "maximum": 600_000,
                "markdownDescription": "How long a question waits for a folder that is being loaded, in milliseconds.",
            }),
        ),
        (
            "files.maxBytes",
            Scope::Resource,
            json!({
                "type": "integer", "default": 1 << 20, "minimum": 1, "maximum": 64 << 20,
                "markdownDescription": "Larger files are skipped, and said so. Open ones may be twice as large.",
            }),
        ),
        (
            "files.exclude",
            Scope::Resource,
            json!({
                "type": "array", "items": {"type": "string"}, "default": [],
                "markdownDescription": "What is not to be indexed, as globs in the syntax of `.gitignore`.",
            }),
        ),
        (
            "watch",
            Scope::Resource,
            json!({
                "type": "string", "enum": ["auto", "client", "native", "poll"], "default": "auto",
                "enumDescriptions": [
                    "Whoever can.", "The editor.", "The server, by the system's notifications.",
                    "The server, by looking from time to time.",
                ],
                "markdownDescription": "Who watches the files.",
            }),
        ),
        (
            "cache.dir",
            Scope::MachineOverridable,
            json!({
                "type": ["string", "null"], "default": null,
                "markdownDescription": "Where graphs are kept on disk between sessions: an absolute path, or `off` for \
                    nowhere. Empty: in your directory for caches. There is one for all folders: what only one of several \
                    folders has set does not count.",
            }),
        ),
        (
            "features",
            Scope::Resource,
            json!({
                "type": "object", "default": {},
                "additionalProperties": {"anyOf": [
                    {"type": "string", "enum": ["auto", "on", "off"]},
                    {
                        "type": "object",
                        "additionalProperties": {"type": "string", "enum": ["auto", "on", "off"]},
                    },
                ]},
                "markdownDescription": "Switches single features, such as `{\"hover\": \"off\"}`, or \
                    `{\"hover\": {\"python\": \"off\"}}` for one language. `on` also offers the feature where a \
                    dedicated extension has it. Counts at once.",
            }),
        ),
        (
            "dependencies",
            Scope::MachineOverridable,
            json!({
                "anyOf": [
                    {"type": "string", "enum": ["inside", "off"]},
                    {"type": "array", "items": {"type": "string"}},
                ],
                "default": "inside",
                "markdownDescription": "Where sources of dependencies are looked for: `inside` the folder \
                    (`node_modules`, virtual environments), nowhere (`off`), or in these directories, too.",
            }),
        ),
        (
            "pinned",
            Scope::MachineOverridable,
            json!({
                "type": "array", "items": {"type": "string"}, "default": [],
                "markdownDescription": "Folders that are never evicted, as paths or `file:` URIs.",
            }),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::folder_settings::SettingsByFolder;
    use crate::workspace::settings::{SETTINGS, Settings};

    #[test]
    fn every_setting_has_a_schema_whose_default_is_the_default() {
        let schemas = schemas();
        let described: Vec<&str> = schemas.iter().map(|(key, ..)| *key).collect();
        assert_eq!(described, SETTINGS.iter().map(|s| s.key).collect::<Vec<_>>());
        for (key, _, schema) in schemas {
            assert!(schema["markdownDescription"].is_string(), "{key}");
            let (settings, errors) = Settings::default().with(&json!({key: schema["default"]}));
            assert_eq!((settings, errors), (Settings::default(), Vec::new()), "the default of {key}");
        }
    }

    #[test]
    fn what_is_a_folder_s_may_differ_in_one() {
        let others = json!({
            "memory.limitMb": 9, "stale.maxAgeHours": 1, "build.threads": 77, "build.debounceMs": 1, "request.waitMs": 1,
            "files.maxBytes": 1, "files.exclude": ["x"], "watch": "poll", "cache.dir": "/x", "features": {"hover": "off"},
            "dependencies": "off", "pinned": ["/x"],
        });
        for (key, scope, _) in schemas() {
            let own = Settings::default().with(&json!({key: others[key]})).0;
            assert_ne!(own, Settings::default(), "{key}");
            let all = SettingsByFolder::new(Settings::default(), [("/a".into(), own)]);
            let differs = all != Settings::default().into();
            // There is one cache.
            assert_eq!(differs, scope != Scope::Machine && key != "cache.dir", "{key}");
        }
    }

    #[test]
    fn the_bounds_are_those_that_are_checked() {
        let refused = |key: &str, value: Value| !Settings::default().with(&json!({key: value})).1.is_empty();
        for (key, _, schema) in schemas() {
            if let Some(least) = schema["minimum"].as_i64() {
                assert!(
                    !refused(key, json!(least)) && refused(key, json!(least - 1)),
                    "the minimum of {key}"
                );
            }
            if let Some(most) = schema["maximum"].as_i64() {
                assert!(!refused(key, json!(most)) && refused(key, json!(most + 1)), "the maximum of {key}");
            }
            for value in schema["enum"].as_array().into_iter().flatten() {
                assert!(!refused(key, value.clone()), "{value} for {key}");
            }
        }
    }
}
