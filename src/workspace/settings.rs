//! The settings, from whatever the client sends, each checked by itself: a bad one keeps its default and is told.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::cache::default_dir;
use super::machine;
use super::staleness::AgeCap;
use crate::lang::LangId;

const MIB: u64 = 1 << 20;
/// Most threads that a build may be given.
pub const BUILD_THREADS_MAX: usize = 256;

/// Largest default budget; a user who wants more says so.
const MEMORY_DEFAULT_MAX: u64 = 2_048 * MIB;
/// Smallest budget that is taken: below it not even one small folder and its parses fit.
const MEMORY_MIN_MB: f64 = 8.0;
const MEMORY_MAX_MB: f64 = (1u64 << 40) as f64;

/// Who tells that files have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchMode {
    /// The client if it can, else the system, else polling.
    Auto,
    Client,
    Native,
    Poll,
}

/// Whether a feature is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    Auto,
    On,
    Off,
}

/// Where sources of dependencies are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dependencies {
    /// In the folder itself (`node_modules`, a virtual environment).
    Inside,
    Off,
    /// In the folder and in these stores.
    Stores(Vec<PathBuf>),
}

/// Where graphs are kept between runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CacheDir {
    /// In the user's directory for caches.
    Default,
    At(PathBuf),
    /// Nowhere.
    Off,
}

impl CacheDir {
    /// The directory; `None` if nothing is to be kept, or the environment names no place for it.
    pub fn path(&self) -> Option<PathBuf> {
        match self {
            CacheDir::Default => default_dir(),
            CacheDir::At(dir) => Some(dir.clone()),
            CacheDir::Off => None,
        }
    }
}

/// All that a user can set.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `memory.limitMb`, in bytes.
    pub memory_limit: u64,
    /// `stale.maxAgeHours`.
    pub stale_cap: AgeCap,
    /// `build.threads`.
    pub build_threads: usize,
    /// `build.debounceMs`.
    pub build_debounce: Duration,
    /// `request.waitMs`.
    pub request_wait: Duration,
    /// `files.maxBytes`; open files may have twice as much.
    pub file_bytes_max: u64,
    /// `files.exclude`, in the syntax of ignore files, relative to each folder.
    pub excludes: Vec<String>,
    /// `watch`.
    pub watch: WatchMode,
    /// `cache.dir`.
    pub cache_dir: CacheDir,
    /// `features.<feature>`.
    pub features: BTreeMap<String, Switch>,
    /// `dependencies`.
    pub dependencies: Dependencies,
    /// `pinned`: folders that are never evicted, as paths or file URIs.
    pub pinned: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            memory_limit: (machine::memory_bytes() / 4).min(MEMORY_DEFAULT_MAX),
            stale_cap: AgeCap(Some(Duration::from_secs(24 * 3_600))),
            build_threads: default_threads(machine::cores()),
            build_debounce: Duration::from_millis(100),
            request_wait: Duration::from_secs(10),
            file_bytes_max: MIB,
            excludes: Vec::new(),
            watch: WatchMode::Auto,
            cache_dir: CacheDir::Default,
            features: BTreeMap::new(),
            dependencies: Dependencies::Inside,
            pinned: Vec::new(),
        }
    }
}

/// Half the cores, so that the editor and the answers keep theirs; two where there are two, since the first build is
/// what a user waits for.
fn default_threads(cores: usize) -> usize {
    (cores / 2).clamp(cores.min(2), 8)
}

/// A setting that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("setting `{key}`: {message}")]
pub struct SettingError {
    pub key: String,
    pub message: String,
}

/// Every setting: its key, what it means, and how it is read. The one list that parsing, documentation and the
/// editor schemas go by.
pub const SETTINGS: &[Setting] = &[
    Setting { key: "memory.limitMb", expects: "a number of MiB, at least 8", read: read_memory_limit },
    Setting { key: "stale.maxAgeHours", expects: "a number of hours, 0 for no cap", read: read_stale_cap },
    Setting { key: "build.threads", expects: "a whole number from 1 to 256", read: read_threads },
    Setting { key: "build.debounceMs", expects: "a number of milliseconds up to 60000", read: read_debounce },
    Setting { key: "request.waitMs", expects: "a number of milliseconds up to 600000", read: read_wait },
    Setting { key: "files.maxBytes", expects: "a number of bytes from 1 to 64 MiB", read: read_file_bytes },
    Setting { key: "files.exclude", expects: "a list of glob patterns", read: read_excludes },
    Setting { key: "watch", expects: "`auto`, `client`, `native` or `poll`", read: read_watch },
    Setting { key: "cache.dir", expects: "an absolute path or `off`", read: read_cache_dir },
    Setting {
        key: "features",
        expects: "an object of `auto`, `on` or `off` per feature",
        read: read_features,
    },
    Setting { key: "dependencies", expects: "`inside`, `off` or a list of paths", read: read_dependencies },
    Setting {
        key: "pinned",
        expects: "a list of folders, as absolute paths or `file:` URIs",
        read: read_pinned,
    },
];

/// Every name that `features` takes, each switched by itself.
pub const FEATURES: &[&str] = &[
    "callHierarchy",
    "codeAction",
    "codeLens",
    "completion",
    "declaration",
    "definition",
    "diagnostics",
    "documentLink",
    "documentSymbols",
    "fileRename",
    "foldingRange",
    "graph",
    "highlight",
    "hover",
    "implementation",
    "importCycles",
    "inlayHint",
    "linkedEditingRange",
    "moniker",
    "references",
    "rename",
    "selectionRange",
    "semanticTokens",
    "signatureHelp",
    "typeDefinition",
    "typeHierarchy",
    "unreachableDefinitions",
    "unresolvedImports",
    "unusedImports",
    "unusedLocals",
    "why",
    "workspaceSymbols",
];

/// One line of [`SETTINGS`].
pub struct Setting {
    pub key: &'static str,
    /// What a value must be, in words that complete "must be …".
    pub expects: &'static str,
    read: fn(&mut Settings, &Value) -> Option<()>,
}

impl Settings {
    /// These settings with those of the value in their place, and what was wrong with the others.
    ///
    /// Keys may be nested (`{"memory": {"limitMb": 64}}`) or dotted (`{"memory.limitMb": 64}`), inside a `coppice`
    /// object or not. `null` leaves a setting as it is.
    pub fn with(&self, value: &Value) -> (Settings, Vec<SettingError>) {
        let mut settings = self.clone();
        let mut errors = Vec::new();
        match value.get("coppice").unwrap_or(value) {
            Value::Null => {}
            Value::Object(_) => settings.read("", value.get("coppice").unwrap_or(value), &mut errors),
            other => errors.push(SettingError {
                key: "coppice".to_owned(),
                message: format!("must be an object, not {}", shown(other)),
            }),
        }
        (settings, errors)
    }

    /// Size up to which an open document is analysed.
    pub fn document_bytes_max(&self) -> u64 {
        self.file_bytes_max.saturating_mul(2)
    }

    pub fn feature(&self, name: &str) -> Switch {
        self.features.get(name).copied().unwrap_or(Switch::Auto)
    }

    /// Whether a feature is offered for a language, which may have a switch of its own.
    pub fn feature_in(&self, name: &str, lang: Option<LangId>) -> Switch {
        let own = lang.and_then(|lang| self.features.get(&format!("{name}.{}", lang.name())));
        own.copied().unwrap_or_else(|| self.feature(name))
    }

    /// Whether a feature is offered for any language.
    pub fn offers(&self, name: &str) -> bool {
        let own = |key: &str| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        self.feature(name) != Switch::Off
            || self.features.iter().any(|(key, switch)| own(key) && *switch != Switch::Off)
    }

    /// Reads the entries of an object whose own key is `prefix`.
    fn read(&mut self, prefix: &str, value: &Value, errors: &mut Vec<SettingError>) {
        for (name, value) in value.as_object().into_iter().flatten() {
            let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            let group = |s: &&Setting| s.key.strip_prefix(&key).is_some_and(|rest| rest.starts_with('.'));
            if value.is_null() {
                continue;
            } else if let Some(feature) = key.strip_prefix("features.") {
                if !is_feature(feature) {
                    errors.push(SettingError { key, message: "there is no such feature".to_owned() });
                } else if read_feature(self, feature, value).is_none() {
                    errors.push(refuse(
                        &key,
                        "`auto`, `on` or `off`, or an object of these by language",
                        value,
                    ));
                }
            } else if key == "features" && value.is_object() {
                self.read(&key, value, errors);
            } else if let Some(setting) = SETTINGS.iter().find(|s| s.key == key) {
                if (setting.read)(self, value).is_none() {
                    errors.push(refuse(&key, setting.expects, value));
                }
            } else if SETTINGS.iter().any(|s| group(&s)) {
                match value {
                    Value::Object(_) => self.read(&key, value, errors),
                    other => errors.push(refuse(&key, "an object", other)),
                }
            } else {
                errors.push(SettingError { key, message: "there is no such setting".to_owned() });
            }
        }
    }
}

fn refuse(key: &str, expects: &str, value: &Value) -> SettingError {
    SettingError { key: key.to_owned(), message: format!("must be {expects}, not {}", shown(value)) }
}

/// The value as the user wrote it, shortened.
fn shown(value: &Value) -> String {
    const SHOWN_CHARS_MAX: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((at, _)) => format!("`{}…`", &text[..at]),
        None => format!("`{text}`"),
    }
}

fn number(value: &Value, min: f64, max: f64) -> Option<f64> {
    value.as_f64().filter(|n| (min..=max).contains(n))
}

fn whole(value: &Value, min: u64, max: u64) -> Option<u64> {
    let number = number(value, min as f64, max as f64)?;
    (number.fract() == 0.0).then_some(number as u64)
}

fn strings(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|v| v.as_str().map(str::to_owned)).collect()
}

fn absolute(text: &str) -> Option<PathBuf> {
    let path = PathBuf::from(text);
    path.is_absolute().then_some(path)
}

fn read_memory_limit(settings: &mut Settings, value: &Value) -> Option<()> {
    settings.memory_limit = (number(value, MEMORY_MIN_MB, MEMORY_MAX_MB)? * MIB as f64) as u64;
    Some(())
}

fn read_stale_cap(settings: &mut Settings, value: &Value) -> Option<()> {
    const HOURS_MAX: f64 = 1e9;
    let hours = number(value, 0.0, HOURS_MAX)?;
    settings.stale_cap = AgeCap((hours > 0.0).then(|| Duration::from_secs_f64(hours * 3_600.0)));
    Some(())
}

fn read_threads(settings: &mut Settings, value: &Value) -> Option<()> {
    settings.build_threads = whole(value, 1, BUILD_THREADS_MAX as u64)? as usize;
    Some(())
}

fn read_debounce(settings: &mut Settings, value: &Value) -> Option<()> {
    settings.build_debounce = Duration::from_secs_f64(number(value, 0.0, 60_000.0)? / 1_000.0);
    Some(())
}

fn read_wait(settings: &mut Settings, value: &Value) -> Option<()> {
    settings.request_wait = Duration::from_secs_f64(number(value, 0.0, 600_000.0)? / 1_000.0);
    Some(())
}

fn read_file_bytes(settings: &mut Settings, value: &Value) -> Option<()> {
    settings.file_bytes_max = whole(value, 1, 64 * MIB)?;
    Some(())
}

fn read_excludes(settings: &mut Settings, value: &Value) -> Option<()> {
    let list = strings(value)?;
    let valid = |glob: &String| ignore::gitignore::GitignoreBuilder::new("/").add_line(None, glob).is_ok();
    if !list.iter().all(valid) {
        return None;
    }
    settings.excludes = list;
    Some(())
}

fn read_watch(settings: &mut Settings, value: &Value) -> Option<()> {
    settings.watch = match value.as_str()? {
        "auto" => WatchMode::Auto,
        "client" => WatchMode::Client,
        "native" => WatchMode::Native,
        "poll" => WatchMode::Poll,
        _ => return None,
    };
    Some(())
}

fn read_cache_dir(settings: &mut Settings, value: &Value) -> Option<()> {
    settings.cache_dir = match value.as_str()? {
        "off" => CacheDir::Off,
        path => CacheDir::At(absolute(path)?),
    };
    Some(())
}

/// Only for what is no object; the entries of one are read one by one.
fn read_features(_: &mut Settings, _: &Value) -> Option<()> {
    None
}

/// The name of a feature, or with a language's after a dot.
fn is_feature(name: &str) -> bool {
    let (feature, language) = name.split_once('.').map_or((name, None), |(f, l)| (f, Some(l)));
    FEATURES.contains(&feature) && language.is_none_or(is_language)
}

fn is_language(name: &str) -> bool {
    LangId::all().any(|lang| lang.name() == name)
}

/// One switch, or an object of one for each language.
fn read_feature(settings: &mut Settings, name: &str, value: &Value) -> Option<()> {
    let Some(languages) = value.as_object() else {
        settings.features.insert(name.to_owned(), switch(value)?);
        return Some(());
    };
    let own = languages.iter().map(|(language, v)| {
        Some((format!("{name}.{language}"), switch(v).filter(|_| is_language(language))?))
    });
    let own: Option<Vec<(String, Switch)>> = own.collect();
    settings.features.extend(own?);
    Some(())
}

fn switch(value: &Value) -> Option<Switch> {
    match value.as_str()? {
        "auto" => Some(Switch::Auto),
        "on" => Some(Switch::On),
        "off" => Some(Switch::Off),
        _ => None,
    }
}

fn read_dependencies(settings: &mut Settings, value: &Value) -> Option<()> {
    settings.dependencies = match value.as_str() {
        Some("inside") => Dependencies::Inside,
        Some("off") => Dependencies::Off,
        Some(_) => return None,
        None => Dependencies::Stores(strings(value)?.iter().map(|p| absolute(p)).collect::<Option<_>>()?),
    };
    Some(())
}

fn read_pinned(settings: &mut Settings, value: &Value) -> Option<()> {
    let list = strings(value)?;
    if !list.iter().all(|folder| folder.starts_with("file:///") || absolute(folder).is_some()) {
        return None;
    }
    settings.pinned = list;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(value: Value, change: impl FnOnce(&mut Settings), wrong: &[&str]) {
        let mut expected = Settings::default();
        change(&mut expected);
        let (settings, errors) = Settings::default().with(&value);
        assert_eq!(settings, expected);
        assert_eq!(errors.iter().map(ToString::to_string).collect::<Vec<_>>(), wrong);
    }

    #[test]
    fn nested_dotted_and_wrapped_keys_are_the_same() {
        for value in [
            json!({"memory": {"limitMb": 64}}),
            json!({"memory.limitMb": 64}),
            json!({"coppice": {"memory": {"limitMb": 64.0}}}),
        ] {
            check(value, |s| s.memory_limit = 64 << 20, &[]);
        }
        check(Value::Null, |_| {}, &[]);
        check(json!({"memory": null, "watch": null}), |_| {}, &[]);
    }

    #[test]
    fn every_setting_is_read() {
        let all = json!({
            "memory": {"limitMb": 100}, "stale": {"maxAgeHours": 0.5}, "build": {"threads": 3, "debounceMs": 20},
            "request": {"waitMs": 1500}, "files": {"maxBytes": 1000, "exclude": ["gen/**", "*.min.js"]},
            "watch": "poll", "cache": {"dir": "/c"}, "features": {"hover": "off", "rename": "on"},
            "dependencies": ["/store"], "pinned": ["file:///a"]
        });
        let change = |s: &mut Settings| {
            *s = Settings {
                memory_limit: 100 << 20,
                stale_cap: AgeCap(Some(Duration::from_secs(1_800))),
                build_threads: 3,
                build_debounce: Duration::from_millis(20),
                request_wait: Duration::from_millis(1_500),
                file_bytes_max: 1_000,
                excludes: vec!["gen/**".into(), "*.min.js".into()],
                watch: WatchMode::Poll,
                cache_dir: CacheDir::At("/c".into()),
                features: [("hover".to_owned(), Switch::Off), ("rename".to_owned(), Switch::On)].into(),
                dependencies: Dependencies::Stores(vec!["/store".into()]),
                pinned: vec!["file:///a".into()],
            }
        };
        check(all, change, &[]);
        check(json!({"stale": {"maxAgeHours": 0}}), |s| s.stale_cap = AgeCap(None), &[]);
        check(json!({"cache.dir": "off"}), |s| s.cache_dir = CacheDir::Off, &[]);
    }

    #[test]
    fn a_bad_setting_is_told_and_leaves_the_others_alone() {
        check(
            json!({"memory": {"limitMb": "much"}, "watch": "poll", "build": {"threads": 0, "speed": 9}}),
            |s| s.watch = WatchMode::Poll,
            &[
                "setting `build.speed`: there is no such setting",
                "setting `build.threads`: must be a whole number from 1 to 256, not `0`",
                "setting `memory.limitMb`: must be a number of MiB, at least 8, not `\"much\"`",
            ],
        );
        check(json!({"build": 3}), |_| {}, &["setting `build`: must be an object, not `3`"]);
        check(json!([1]), |_| {}, &["setting `coppice`: must be an object, not `[1]`"]);
        check(
            json!({"features": {"hover": "off", "rename": 1, "hoverr": "off", "rename.klingon": "off"}}),
            |s| s.features = [("hover".to_owned(), Switch::Off)].into(),
            &[
                "setting `features.hoverr`: there is no such feature",
                "setting `features.rename`: must be `auto`, `on` or `off`, or an object of these by language, not `1`",
                "setting `features.rename.klingon`: there is no such feature",
            ],
        );
        check(
            json!({"features": "off"}),
            |_| {},
            &["setting `features`: must be an object of `auto`, `on` or `off` per feature, not `\"off\"`"],
        );
        check(
            json!({"cache": {"dir": "here"}}),
            |_| {},
            &["setting `cache.dir`: must be an absolute path or `off`, not `\"here\"`"],
        );
        check(
            json!({"pinned": ["here"]}),
            |_| {},
            &[
                "setting `pinned`: must be a list of folders, as absolute paths or `file:` URIs, not `[\"here\"]`",
            ],
        );
        check(
            json!({"files.exclude": ["a", "{b"]}),
            |_| {},
            &["setting `files.exclude`: must be a list of glob patterns, not `[\"a\",\"{b\"]`"],
        );
    }

    #[test]
    fn a_language_may_have_a_switch_of_its_own() {
        let value = json!({"features": {"hover": {"python": "off"}, "rename": "off", "rename.go": "on"}});
        let (settings, errors) = Settings::default().with(&value);
        assert!(errors.is_empty(), "{errors:?}");
        let lang = |name: &str| LangId::all().find(|lang| lang.name() == name);
        assert_eq!(settings.feature_in("hover", lang("python")), Switch::Off);
        assert_eq!(settings.feature_in("hover", lang("go")), Switch::Auto);
        assert_eq!(settings.feature_in("rename", lang("python")), Switch::Off);
        assert_eq!(settings.feature_in("rename", lang("go")), Switch::On);
        assert!(settings.offers("hover") && settings.offers("rename"));
        assert!(!Settings::default().with(&json!({"features": {"rename": "off"}})).0.offers("rename"));
        assert_eq!(Settings::default().with(&json!({"features": {"hover": {"klingon": "off"}}})).1.len(), 1);
    }

    #[test]
    fn builds_leave_half_the_cores_alone() {
        assert_eq!([1, 2, 4, 16, 64].map(default_threads), [1, 2, 2, 8, 8]);
    }
}
