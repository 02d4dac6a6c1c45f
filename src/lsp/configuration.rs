//! Settings in layers: the defaults, the command line, the client's options, the client's configuration, and what that
//! has for single folders.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tower_lsp::gen_lsp_types::{
    ConfigurationItem, ConfigurationParams, ConfigurationRequest, MessageType, Uri,
};

use super::refresh;
use super::registration;
use super::session::Session;
use super::uri;
use crate::workspace::folder_settings::SettingsByFolder;
use crate::workspace::settings::Settings;
use crate::workspace::sync::Mutex;

/// The section under which clients keep them.
pub const SECTION: &str = "coppice";
/// Most complaints that one message lists.
const COMPLAINTS_MAX: usize = 5;

/// The layers and what has been complained about.
pub struct Configuration(Mutex<Layers>);

struct Layers {
    flags: Value,
    options: Value,
    configuration: Value,
    /// What the client has for the folders that it was asked about.
    folders: Vec<(PathBuf, Value)>,
    /// How often the client has been asked for its configuration, and which of its answers counts.
    asked: u64,
    answered: u64,
    told: Vec<String>,
}

impl Configuration {
    pub fn new(flags: Value) -> Configuration {
        let (options, configuration, folders) = (Value::Null, Value::Null, Vec::new());
        let (asked, answered, told) = (0, 0, Vec::new());
        Configuration(Mutex::new(Layers { flags, options, configuration, folders, asked, answered, told }))
    }

    pub fn set_options(&self, options: Value) {
        self.0.lock().options = options;
    }

    pub fn set_configuration(&self, configuration: Value) {
        self.0.lock().configuration = configuration;
    }

    /// The client is about to be asked for its configuration; the number of the question.
    fn asks(&self) -> u64 {
        let mut layers = self.0.lock();
        layers.asked += 1;
        layers.asked
    }

    /// The client's answer to a question, unless one to a later question is there already.
    fn answer(&self, question: u64, configuration: Value, folders: Vec<(PathBuf, Value)>) {
        let mut layers = self.0.lock();
        if question > layers.answered {
            (layers.answered, layers.configuration, layers.folders) = (question, configuration, folders);
        }
    }

    /// All layers, the later before the earlier.
    pub fn settings(&self) -> SettingsByFolder {
        self.0.lock().read().0
    }

    /// What is wrong with them and has not been told yet.
    pub fn complaints(&self) -> Vec<String> {
        let mut layers = self.0.lock();
        let (_, all) = layers.read();
        let fresh = all.iter().filter(|c| !layers.told.contains(c)).cloned().collect();
        layers.told = all;
        fresh
    }
}

impl Layers {
    fn read(&self) -> (SettingsByFolder, Vec<String>) {
        let mut complaints = Vec::new();
        let mut over = |settings: &Settings, layer: &Value| {
            let (settings, errors) = settings.with(layer);
            for complaint in errors.iter().map(ToString::to_string) {
                if !complaints.contains(&complaint) {
                    complaints.push(complaint);
                }
            }
            settings
        };
        let layers = [&self.flags, &self.options, &self.configuration];
        let shared = layers.iter().fold(Settings::default(), |settings, layer| over(&settings, layer));
        let own = self.folders.iter().map(|(folder, layer)| (folder.clone(), over(&shared, layer)));
        let own: Vec<(PathBuf, Settings)> = own.collect();
        (SettingsByFolder::new(shared, own), complaints)
    }
}

/// Makes the settings count, and tells the user of those that make no sense.
pub fn apply(session: &Arc<Session>) {
    if let Ok(manager) = session.manager() {
        // Once more if others have come meanwhile: of two threads that are at it, the last one to look is right.
        loop {
            let (before, settings) = (manager.all_settings(), session.configuration.settings());
            if *before == settings {
                break;
            }
            let switched = !before.switches_as(&settings);
            registration::follow(session, &settings);
            manager.set_settings(settings);
            if switched {
                refresh::features_changed(session);
            }
        }
    }
    complain(session);
}

/// Tells the user of settings that make no sense.
pub fn complain(session: &Session) {
    let complaints = session.configuration.complaints();
    if complaints.is_empty() {
        return;
    }
    let mut message = format!("coppice: {}", complaints[..complaints.len().min(COMPLAINTS_MAX)].join("; "));
    if complaints.len() > COMPLAINTS_MAX {
        message.push_str(&format!("; and {} more", complaints.len() - COMPLAINTS_MAX));
    }
    session.show(MessageType::Warning, format!("{message}. What was set before stays."));
}

/// Asks the client for its configuration, that of all and that of each folder, in the background.
pub fn pull(session: &Arc<Session>) {
    let Ok(manager) = session.manager() else { return };
    let question = session.configuration.asks();
    let scopes: Vec<(PathBuf, Uri)> = manager
        .folders()
        .into_iter()
        .filter_map(|(path, _)| Some((path.clone(), uri::of_path(&path)?)))
        .collect();
    let item = |scope_uri| ConfigurationItem { scope_uri, section: Some(SECTION.to_owned()) };
    let of_folders = scopes.iter().map(|(_, uri)| item(Some(uri.clone())));
    let items = std::iter::once(item(None)).chain(of_folders).collect();
    let answer = session.client.ask::<ConfigurationRequest>(&ConfigurationParams { items });
    let session = Arc::clone(session);
    let runtime = session.runtime.clone();
    runtime.spawn(async move {
        match answer.await {
            Ok(values) => {
                let mut values = values.into_iter();
                let shared = values.next().unwrap_or_default();
                let own = scopes.into_iter().map(|(path, _)| path).zip(values).collect();
                session.configuration.answer(question, shared, own);
                apply(&session);
            }
            Err(error) => tracing::warn!("no configuration: {error}"),
        }
    });
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use serde_json::json;

    #[test]
    fn later_layers_win_and_each_complaint_is_made_once() {
        let configuration = Configuration::new(json!({"memory.limitMb": 10, "build.threads": 3}));
        configuration.set_options(json!({"memory": {"limitMb": 20}, "watch": "never"}));
        assert_eq!(configuration.settings().shared().memory_limit, 20 << 20);
        assert_eq!(configuration.complaints().len(), 1);
        configuration.set_configuration(json!({"memory": {"limitMb": 30}}));
        let settings = configuration.settings();
        let settings = settings.shared();
        assert_eq!((settings.memory_limit, settings.build_threads), (30 << 20, 3));
        assert!(configuration.complaints().is_empty());
        configuration.set_configuration(Value::Null);
        assert_eq!(configuration.settings().shared().memory_limit, 20 << 20);
        configuration.set_configuration(json!({"memory": 4}));
        assert_eq!(configuration.complaints().len(), 1);
    }

    #[test]
    fn the_answer_to_the_last_question_counts() {
        let configuration = Configuration::new(Value::Null);
        let limit = |mb: u64| json!({"memory": {"limitMb": mb}});
        let (first, second) = (configuration.asks(), configuration.asks());
        configuration.answer(second, limit(20), Vec::new());
        configuration.answer(first, limit(30), Vec::new());
        assert_eq!(configuration.settings().shared().memory_limit, 20 << 20);
        configuration.answer(configuration.asks(), limit(40), Vec::new());
        assert_eq!(configuration.settings().shared().memory_limit, 40 << 20);
    }

    #[test]
    fn a_folder_has_what_the_client_has_for_it() {
        let configuration = Configuration::new(json!({"files.exclude": ["a"]}));
        let own = json!({"memory": {"limitMb": 500}, "files": {"exclude": ["b"], "maxBytes": "many"}});
        let shared = json!({"memory": {"limitMb": 20}, "files": {"maxBytes": "many"}});
        configuration.answer(
            configuration.asks(),
            shared,
            vec![("/x".into(), own), ("/y".into(), Value::Null)],
        );
        let settings = configuration.settings();
        let told = |folder: &str| {
            let settings = settings.of(Path::new(folder));
            (settings.excludes.clone(), settings.memory_limit)
        };
        assert_eq!(told("/x"), (vec!["b".to_owned()], 20 << 20));
        assert_eq!(told("/y"), (vec!["a".to_owned()], 20 << 20));
        // The same mistake in two places is one.
        assert_eq!(configuration.complaints().len(), 1);
    }
}
