//! The settings of all, and those of single folders.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::settings::Settings;

/// All settings at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SettingsByFolder {
    shared: Arc<Settings>,
    /// Of the folders that have others.
    own: BTreeMap<PathBuf, Arc<Settings>>,
}

impl SettingsByFolder {
    /// What belongs to the process is as the shared ones have it; a folder whose settings are the shared ones has none of
    /// its own.
    pub fn new(shared: Settings, own: impl IntoIterator<Item = (PathBuf, Settings)>) -> SettingsByFolder {
        let own = own.into_iter().map(|(folder, settings)| {
            let Settings { memory_limit, build_threads, .. } = shared;
            let cache_dir = shared.cache_dir.clone();
            (folder, Settings { memory_limit, build_threads, cache_dir, ..settings })
        });
        let own = own.filter(|(_, settings)| *settings != shared).map(|(f, s)| (f, Arc::new(s))).collect();
        SettingsByFolder { shared: Arc::new(shared), own }
    }

    /// Those of the process, of files outside every folder, and of folders without others.
    pub fn shared(&self) -> &Arc<Settings> {
        &self.shared
    }

    /// Those of a folder, by its path.
    pub fn of(&self, folder: &Path) -> &Arc<Settings> {
        self.own.get(folder).unwrap_or(&self.shared)
    }

    /// Whether a feature is offered anywhere.
    pub fn offers(&self, feature: &str) -> bool {
        self.shared.offers(feature) || self.own.values().any(|settings| settings.offers(feature))
    }

    /// Whether features are switched alike in these and in others, in each folder.
    pub fn switches_as(&self, other: &SettingsByFolder) -> bool {
        let mut folders = self.own.keys().chain(other.own.keys());
        self.shared.features == other.shared.features
            && folders.all(|folder| self.of(folder).features == other.of(folder).features)
    }
}

impl From<Settings> for SettingsByFolder {
    fn from(shared: Settings) -> SettingsByFolder {
        SettingsByFolder::new(shared, [])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(base: &Settings, value: serde_json::Value) -> Settings {
        let (settings, errors) = base.with(&value);
        assert!(errors.is_empty(), "{errors:?}");
        settings
    }

    #[test]
    fn a_folder_has_its_own_but_for_what_belongs_to_the_process() {
        let shared = read(&Settings::default(), json!({"memory.limitMb": 64, "watch": "poll"}));
        let own = json!({"memory.limitMb": 4000, "build.threads": 200, "cache.dir": "/x", "files.exclude": ["gen"]});
        let all = SettingsByFolder::new(shared.clone(), [("/a".into(), read(&shared, own))]);
        let expected = Settings { excludes: vec!["gen".into()], ..shared.clone() };
        assert_eq!(**all.of(Path::new("/a")), expected);
        assert_eq!(
            [all.shared(), all.of(Path::new("/b"))].map(|s| Settings::clone(s)),
            [shared.clone(), shared]
        );
    }

    #[test]
    fn a_folder_with_the_shared_ones_has_none_of_its_own() {
        let shared = Settings::default();
        let own = read(&shared, json!({"memory.limitMb": 4000}));
        assert_eq!(SettingsByFolder::new(shared.clone(), [("/a".into(), own)]), shared.into());
    }

    #[test]
    fn features_are_offered_where_one_folder_has_them() {
        let off = read(&Settings::default(), json!({"features.hover": "off"}));
        let on = read(&off, json!({"features.hover": "on"}));
        let other = read(&off, json!({"watch": "poll"}));
        let (all, some) =
            (SettingsByFolder::from(off.clone()), SettingsByFolder::new(off.clone(), [("/a".into(), on)]));
        assert!(!all.offers("hover") && some.offers("hover"));
        assert!(!all.switches_as(&some));
        assert!(all.switches_as(&SettingsByFolder::new(off, [("/a".into(), other)])));
    }
}
