//! Real questions at positions picked in a folder: its symbols, and definitions, references and hovers of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::report::{Example, FolderReport, millis};
use super::session::Session;
use crate::cli::client::{ClientError, file_uri};
use crate::lang::check_text;
use crate::workspace::cancel::CancelToken;
use crate::workspace::scan::{ScanError, Scope, What, scan};

/// Files asked about in each language of a folder.
const FILES_ASKED_MAX: usize = 4;
/// Symbols asked about in each file.
const SYMBOLS_ASKED_MAX: usize = 4;
/// Uses of a symbol that are followed back to it.
const USES_ASKED_MAX: usize = 2;
/// Calls found in the text of a file that are asked for their definition.
const CALLS_ASKED_MAX: usize = 4;
/// Files of these sizes have something to ask about and are read quickly.
const FILE_BYTES: std::ops::RangeInclusive<u64> = 200..=300_000;
const SYMBOLS: &str = "symbols of a file";
const WORKSPACE: &str = "symbol by name";
const HOVER: &str = "hover";
const REFERENCES: &str = "references";
const DEFINITION: &str = "definition of a use";
const CALLS: &str = "definition of a call";

/// A symbol of a file, as the server named it.
struct Symbol {
    name: String,
    uri: String,
    /// Where its name stands.
    range: Value,
}

/// Asks about a sample of the folder's files and adds what is wrong to `problems`.
pub(super) fn ask(
    session: &mut Session,
    folder: &mut FolderReport,
    scope: &Scope,
    problems: &mut Vec<String>,
) -> Result<(), ClientError> {
    let shown = folder.path.display().to_string();
    if folder.state != "loaded" {
        let why = folder.last_error.clone().unwrap_or_else(|| "the server does not say why".to_owned());
        problems.push(format!("{shown} is {}: {why}", folder.state));
        return Ok(());
    }
    if folder.files == 0 {
        problems.push(format!("{shown} has no file in a language that coppice knows"));
        return Ok(());
    }
    let picked = match pick_files(scope) {
        Ok(picked) => picked,
        Err(e) => {
            problems.push(format!("{shown}: {e}"));
            return Ok(());
        }
    };
    for (language, files) in picked {
        if !folder.languages.contains_key(language) {
            continue;
        }
        let mut asked_by_name = false;
        for file in files {
            let mut about = About { session, folder, language, problems };
            let symbols = about.symbols(&file)?;
            for symbol in spread(&symbols, SYMBOLS_ASKED_MAX) {
                if !asked_by_name {
                    asked_by_name = true;
                    about.symbol_by_name(symbol)?;
                }
                about.hover(symbol)?;
                about.references_and_back(symbol)?;
            }
            about.calls(&file)?;
        }
    }
    problems.extend(unanswered(folder, &shown));
    Ok(())
}

/// Questions that nobody got an answer to although each of them has one.
fn unanswered(folder: &FolderReport, shown: &str) -> Vec<String> {
    let certain = [SYMBOLS, WORKSPACE, HOVER, REFERENCES, DEFINITION];
    let silent =
        folder.questions.iter().filter(|t| t.answered == 0 && certain.contains(&t.question.as_str()));
    silent
        .map(|t| format!("{shown}: none of {} × {} in {} had an answer", t.asked, t.question, t.language))
        .collect()
}

/// What questions about one language of a folder have in common.
struct About<'a> {
    session: &'a mut Session,
    folder: &'a mut FolderReport,
    language: &'static str,
    problems: &'a mut Vec<String>,
}

impl About<'_> {
    fn symbols(&mut self, file: &Path) -> Result<Vec<Symbol>, ClientError> {
        let uri = file_uri(file);
        let params = json!({"textDocument": {"uri": uri}});
        let (result, taken) = self.put("textDocument/documentSymbol", params)?;
        let mut symbols = Vec::new();
        flatten(&result, &uri, &mut symbols);
        symbols.sort_by_key(|s| s.range["start"]["line"].as_u64());
        self.folder.tally(self.language, SYMBOLS).add(!symbols.is_empty(), taken);
        Ok(symbols)
    }

    fn symbol_by_name(&mut self, symbol: &Symbol) -> Result<(), ClientError> {
        let (result, taken) = self.put("workspace/symbol", json!({"query": symbol.name}))?;
        let found = result.as_array().into_iter().flatten().any(|item| item["name"] == symbol.name.as_str());
        self.folder.tally(self.language, WORKSPACE).add(found, taken);
        if !found {
            self.problems.push(format!("workspace/symbol does not find `{}` by its own name", symbol.name));
        }
        Ok(())
    }

    fn hover(&mut self, symbol: &Symbol) -> Result<(), ClientError> {
        let (result, taken) = self.put("textDocument/hover", at(&symbol.uri, &symbol.range["start"]))?;
        let text = hover_text(&result);
        self.folder.tally(self.language, HOVER).add(!text.is_empty(), taken);
        let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with("```"));
        if let Some(line) = first {
            self.example(HOVER, symbol, line.trim().to_owned(), taken);
        }
        Ok(())
    }

    /// References of a symbol, and from some of them back to the symbol.
    fn references_and_back(&mut self, symbol: &Symbol) -> Result<(), ClientError> {
        let mut params = at(&symbol.uri, &symbol.range["start"]);
        params["context"] = json!({"includeDeclaration": true});
        let (result, taken) = self.put("textDocument/references", params)?;
        let locations = result.as_array().cloned().unwrap_or_default();
        self.folder.tally(self.language, REFERENCES).add(!locations.is_empty(), taken);
        let files: std::collections::BTreeSet<_> = locations.iter().map(|l| l["uri"].to_string()).collect();
        self.example(REFERENCES, symbol, format!("{}, files: {}", locations.len(), files.len()), taken);

        let is_use = |l: &&Value| l["uri"] != symbol.uri.as_str() || l["range"] != symbol.range;
        let uses: Vec<&Value> = locations.iter().filter(is_use).collect();
        for place in spread(&uses, USES_ASKED_MAX) {
            let uri = place["uri"].as_str().unwrap_or_default().to_owned();
            let (result, taken) = self.put("textDocument/definition", at(&uri, &place["range"]["start"]))?;
            let targets = locations_of(&result);
            let back = |t: &Value| t["uri"] == symbol.uri.as_str() && t["range"] == symbol.range;
            let tally = self.folder.tally(self.language, DEFINITION);
            tally.add(!targets.is_empty(), taken);
            tally.confirm(targets.iter().any(back));
            let Some(target) = targets.first() else { continue };
            let answer = self.place(target["uri"].as_str().unwrap_or_default(), &target["range"]["start"]);
            let used = Symbol { name: symbol.name.clone(), uri, range: place["range"].clone() };
            self.example(DEFINITION, &used, answer, taken);
        }
        Ok(())
    }

    /// Definitions of calls found in the text, many of which lie outside the folder.
    fn calls(&mut self, file: &Path) -> Result<(), ClientError> {
        let Ok(text) = std::fs::read_to_string(file) else { return Ok(()) };
        let uri = file_uri(file);
        for (line, column) in spread(&call_sites(&text), CALLS_ASKED_MAX) {
            let position = json!({"line": line, "character": column});
            let (result, taken) = self.put("textDocument/definition", at(&uri, &position))?;
            self.folder.tally(self.language, CALLS).add(!locations_of(&result).is_empty(), taken);
        }
        Ok(())
    }

    /// Asks; a refusal is a problem of the report rather than the end of the examination.
    fn put(&mut self, method: &str, params: Value) -> Result<(Value, Duration), ClientError> {
        let place = params["textDocument"]["uri"].as_str().map(|uri| self.place(uri, &params["position"]));
        match self.session.ask(method, params) {
            Err(ClientError::Refused { message, code, .. }) => {
                let place = place.map(|p| format!(" at {p}")).unwrap_or_default();
                self.problems.push(format!("{method}{place} was refused: {message} ({code})"));
                Ok((Value::Null, Duration::ZERO))
            }
            other => other,
        }
    }

    /// Keeps the first answer of each kind in each language to look at.
    fn example(&mut self, question: &str, symbol: &Symbol, answer: String, taken: Duration) {
        let question = format!("{} {question} `{}`", self.language, symbol.name);
        let same = |e: &Example| question.starts_with(e.question.split('`').next().unwrap_or_default());
        if !self.folder.examples.iter().any(same) {
            let at = self.place(&symbol.uri, &symbol.range["start"]);
            self.folder.examples.push(Example { question, at, answer, ms: millis(taken) });
        }
    }

    /// `file:line:column` counted from 1, as editors show it.
    fn place(&self, uri: &str, position: &Value) -> String {
        let file = self.folder.inside(uri);
        match (position["line"].as_u64(), position["character"].as_u64()) {
            (Some(line), Some(column)) => format!("{file}:{}:{}", line + 1, column + 1),
            _ => file,
        }
    }
}

fn at(uri: &str, position: &Value) -> Value {
    json!({"textDocument": {"uri": uri}, "position": position})
}

/// Named symbols of a hierarchical or a flat answer.
fn flatten(result: &Value, uri: &str, into: &mut Vec<Symbol>) {
    let mut pending: Vec<&Value> = result.as_array().into_iter().flatten().collect();
    while let Some(symbol) = pending.pop() {
        pending.extend(symbol["children"].as_array().into_iter().flatten());
        let range = symbol.get("selectionRange").or_else(|| symbol["location"].get("range"));
        let name = symbol["name"].as_str().unwrap_or_default();
        let is_word = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if let (true, Some(range)) = (is_word, range) {
            into.push(Symbol { name: name.to_owned(), uri: uri.to_owned(), range: range.clone() });
        }
    }
}

fn locations_of(result: &Value) -> Vec<Value> {
    match result {
        Value::Array(locations) => locations.clone(),
        Value::Object(_) => vec![result.clone()],
        _ => Vec::new(),
    }
}

fn hover_text(result: &Value) -> String {
    let contents = &result["contents"];
    contents.as_str().or(contents["value"].as_str()).unwrap_or_default().to_owned()
}

/// `name(` in lines of plain ASCII, whose columns are the same in every position encoding.
fn call_sites(text: &str) -> Vec<(usize, usize)> {
    let mut sites = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| line.is_ascii()) {
        let code = line.split("//").next().unwrap_or_default().split('#').next().unwrap_or_default();
        for (open, _) in code.match_indices('(') {
            let name = code[..open].trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
            if name.len() < open && !code[name.len()..].starts_with(|c: char| c.is_ascii_digit()) {
                sites.push((number, name.len()));
            }
        }
    }
    sites
}

/// At most `max` items, evenly spread over all of them.
fn spread<T>(items: &[T], max: usize) -> impl Iterator<Item = &T> {
    let taken = items.len().min(max);
    (0..taken).map(move |i| &items[i * items.len() / taken])
}

/// A few files of each language, the same ones at each run.
fn pick_files(scope: &Scope) -> Result<BTreeMap<&'static str, Vec<PathBuf>>, ScanError> {
    let mut by_language: BTreeMap<&'static str, Vec<PathBuf>> = BTreeMap::new();
    for found in scan(scope, &CancelToken::new(), &mut |_| ())?.files {
        if let What::Source(language) = found.what
            && FILE_BYTES.contains(&found.bytes)
        {
            by_language.entry(language.name()).or_default().push(scope.root.join(found.path));
        }
    }
    for files in by_language.values_mut() {
        *files = spread(files, FILES_ASKED_MAX).filter(|file| is_indexed(file)).cloned().collect();
    }
    Ok(by_language)
}

/// Whether the server takes the file's text: it says of the others that it skipped them, and why.
fn is_indexed(file: &Path) -> bool {
    std::fs::read(file).is_ok_and(|bytes| check_text(&bytes).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_where_a_name_stands_before_a_bracket() {
        assert_eq!(call_sites("x = f(a) // g(b)\n(1)\nüh(c)\nif a.len()"), [(0, 4), (3, 5)]);
    }

    #[test]
    fn a_spread_keeps_order_and_covers_the_whole() {
        let items = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        assert_eq!(spread(&items, 3).collect::<Vec<_>>(), [&1, &4, &7]);
        assert_eq!(spread(&items[..2], 3).collect::<Vec<_>>(), [&1, &2]);
        assert_eq!(spread(&items[..0], 3).count(), 0);
    }
}
