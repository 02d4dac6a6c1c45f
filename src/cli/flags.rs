//! The settings as flags of the command line, under the names that clients use.

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use serde_json::{Map, Value};

use crate::workspace::settings::{SETTINGS, Settings};

/// One flag per setting, such as `--memory.limitMb 512`.
///
/// A value is read as JSON where it is JSON and as a string where not; a flag that is given more than once is a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SettingFlags(Map<String, Value>);

impl SettingFlags {
    /// These flags, and the others where these say nothing.
    pub fn or(mut self, others: SettingFlags) -> SettingFlags {
        for (key, value) in others.0 {
            self.0.entry(key).or_insert(value);
        }
        self
    }

    /// As a client would send them.
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        SETTINGS.iter().fold(command, |command, setting| {
            command.arg(
                Arg::new(setting.key)
                    .long(setting.key)
                    .value_name("VALUE")
                    .help(format!("Setting: {}", setting.expects))
                    .action(ArgAction::Append)
                    .help_heading("Settings"),
            )
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut flags = SettingFlags::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for setting in SETTINGS {
            let Some(given) = matches.get_many::<String>(setting.key) else { continue };
            let mut values: Vec<Value> = given.map(|text| read(text)).collect();
            let value = if values.len() > 1 { Value::Array(values) } else { values.remove(0) };
            // A setting that is a list takes a single value, too.
            let single = Value::Object(Map::from_iter([(setting.key.to_owned(), value.clone())]));
            let listed =
                Value::Object(Map::from_iter([(setting.key.to_owned(), Value::Array(vec![value.clone()]))]));
            let refused = |candidate: &Value| Settings::default().with(candidate).1;
            let value = match refused(&single).first() {
                None => value,
                Some(_) if refused(&listed).is_empty() => Value::Array(vec![value]),
                Some(error) => return Err(Error::raw(ErrorKind::InvalidValue, format!("{error}\n"))),
            };
            self.0.insert(setting.key.to_owned(), value);
        }
        Ok(())
    }
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(line: &[&str]) -> Result<Value, String> {
        let command = SettingFlags::augment_args(Command::new("coppice").no_binary_name(true));
        let matches = command.try_get_matches_from(line).map_err(|e| e.to_string())?;
        SettingFlags::from_arg_matches(&matches).map(SettingFlags::into_value).map_err(|e| e.to_string())
    }

    #[test]
    fn every_setting_is_a_flag() {
        let line = [
            "--memory.limitMb",
            "64",
            "--watch=poll",
            "--files.exclude",
            "gen/**",
            "--pinned",
            "/a",
            "--pinned",
            "/b",
        ];
        let expected = json!({"memory.limitMb": 64, "watch": "poll", "files.exclude": ["gen/**"], "pinned": ["/a", "/b"]});
        assert_eq!(parse(&line), Ok(expected));
        assert_eq!(parse(&["--features", "{\"hover\":\"off\"}"]), Ok(json!({"features": {"hover": "off"}})));
    }

    #[test]
    fn a_bad_value_is_named() {
        let error = parse(&["--memory.limitMb", "much"]).unwrap_err();
        assert!(error.contains("`memory.limitMb`: must be a number"), "{error}");
        assert!(parse(&["--no.such"]).is_err());
    }
}
