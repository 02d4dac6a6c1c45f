//! What `package.json` and `tsconfig.json` say about modules.

use serde_json::Value;

use crate::lang::modules::Manifest;

/// The manifest of a package.
pub const PACKAGE: &str = "package.json";

/// Manifests of a project; the first two are found by their place, the last only by being extended.
pub const PROJECTS: [&str; 3] = ["tsconfig.json", "jsconfig.json", "tsconfig.base.json"];

/// Conditions inside conditions are followed this far.
const CONDITIONS_MAX: usize = 6;

/// Keeps of a manifest what module rules ask: entry points, `exports x` and `imports x`, `paths x` and directories.
pub fn read(dir: &str, file: &str, text: &str) -> Option<Manifest> {
    let value: Value = serde_json::from_str(&plain(text)).ok()?;
    let mut manifest =
        Manifest { dir: dir.to_owned(), file: file.to_owned(), name: None, entries: Vec::new() };
    if file == PACKAGE {
        package(&value, &mut manifest);
    } else {
        project(&value, &mut manifest);
    }
    Some(manifest)
}

fn package(value: &Value, manifest: &mut Manifest) {
    manifest.name = value["name"].as_str().map(str::to_owned);
    for key in ["types", "typings", "source", "module", "main"] {
        push(manifest, key, &value[key]);
    }
    match &value["exports"] {
        Value::Object(table) if table.keys().any(|key| key.starts_with('.')) => {
            for (subpath, target) in table {
                leaves(manifest, &format!("exports {subpath}"), target, 0);
            }
        }
        target => leaves(manifest, "exports .", target, 0),
    }
    if let Value::Object(table) = &value["imports"] {
        for (name, target) in table {
            leaves(manifest, &format!("imports {name}"), target, 0);
        }
    }
}

/// Every file that the conditions lead to.
fn leaves(manifest: &mut Manifest, key: &str, target: &Value, depth: usize) {
    match target {
        Value::String(_) => push(manifest, key, target),
        Value::Array(targets) if depth < CONDITIONS_MAX => {
            targets.iter().for_each(|target| leaves(manifest, key, target, depth + 1));
        }
        Value::Object(conditions) if depth < CONDITIONS_MAX => {
            conditions.values().for_each(|target| leaves(manifest, key, target, depth + 1));
        }
        _ => {}
    }
}

fn project(value: &Value, manifest: &mut Manifest) {
    push(manifest, "extends", &value["extends"]);
    let options = &value["compilerOptions"];
    push(manifest, "baseUrl", &options["baseUrl"]);
    if let Value::Array(roots) = &options["rootDirs"] {
        roots.iter().for_each(|root| push(manifest, "rootDirs", root));
    }
    if let Value::Object(paths) = &options["paths"] {
        for (pattern, targets) in paths {
            let targets = targets.as_array().map(Vec::as_slice).unwrap_or_default();
            targets.iter().for_each(|target| push(manifest, &format!("paths {pattern}"), target));
        }
    }
}

fn push(manifest: &mut Manifest, key: &str, value: &Value) {
    if let Some(text) = value.as_str() {
        manifest.entries.push((key.to_owned(), text.to_owned()));
    }
}

/// JSON without the comments and the commas before closing brackets that configurations may have.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.trim_start_matches('\u{feff}').chars().peekable();
    let mut in_string = false;
    while let Some(c) = rest.next() {
        match c {
            '"' => {
                in_string = !in_string;
                out.push(c);
            }
            '\\' if in_string => {
                out.push(c);
                out.extend(rest.next());
            }
            '/' if !in_string && rest.peek() == Some(&'/') => {
                while rest.peek().is_some_and(|c| *c != '\n') {
                    rest.next();
                }
            }
            '/' if !in_string && rest.peek() == Some(&'*') => {
                rest.next();
                let mut before = ' ';
                for c in rest.by_ref() {
                    if before == '*' && c == '/' {
                        break;
                    }
                    before = c;
                }
            }
            '}' | ']' if !in_string => {
                let kept = out.trim_end().trim_end_matches(',').len();
                out.truncate(kept);
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas_are_dropped() {
        let text = "{ // one\n \"a\": \"x // y\", /* two */ \"b\": [1, 2,],\n}";
        assert_eq!(serde_json::from_str::<Value>(&plain(text)).unwrap()["b"][1], 2);
    }

    #[test]
    fn broken_manifests_are_none() {
        assert_eq!(read("", PACKAGE, "{"), None);
        assert_eq!(read("", PACKAGE, "[]").unwrap().entries, Vec::new());
    }
}
