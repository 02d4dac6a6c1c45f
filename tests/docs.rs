//! What the documents say about the program is what the program does.

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use coppice::cli::setup::{Editor, Language, Request, fragment};
use coppice::lang::LangId;
use coppice::workspace::settings::{FEATURES, SETTINGS};
use serde_json::{Value, json};
use support::Wire;

const README: &str = include_str!("../README.md");
const PROTOCOL: &str = include_str!("../docs/lsp.md");
const COMMANDS: &str = include_str!("../docs/commands.md");

/// Capabilities, and the methods that they declare.
const PROVIDERS: &[(&str, &[&str])] = &[
    (
        "callHierarchyProvider",
        &["textDocument/prepareCallHierarchy", "callHierarchy/incomingCalls", "callHierarchy/outgoingCalls"],
    ),
    ("codeActionProvider", &["textDocument/codeAction"]),
    ("codeActionProvider/resolveProvider", &["codeAction/resolve"]),
    ("codeLensProvider", &["textDocument/codeLens"]),
    ("codeLensProvider/resolveProvider", &["codeLens/resolve"]),
    ("colorProvider", &["textDocument/documentColor", "textDocument/colorPresentation"]),
    ("completionProvider", &["textDocument/completion"]),
    ("completionProvider/resolveProvider", &["completionItem/resolve"]),
    ("declarationProvider", &["textDocument/declaration"]),
    ("definitionProvider", &["textDocument/definition"]),
    ("diagnosticProvider", &["textDocument/diagnostic"]),
    ("diagnosticProvider/workspaceDiagnostics", &["workspace/diagnostic"]),
    ("documentFormattingProvider", &["textDocument/formatting"]),
    ("documentHighlightProvider", &["textDocument/documentHighlight"]),
    ("documentLinkProvider", &["textDocument/documentLink"]),
    ("documentLinkProvider/resolveProvider", &["documentLink/resolve"]),
    ("documentOnTypeFormattingProvider", &["textDocument/onTypeFormatting"]),
    ("documentRangeFormattingProvider", &["textDocument/rangeFormatting"]),
    ("documentRangeFormattingProvider/rangesSupport", &["textDocument/rangesFormatting"]),
    ("documentSymbolProvider", &["textDocument/documentSymbol"]),
    ("executeCommandProvider", &["workspace/executeCommand"]),
    ("foldingRangeProvider", &["textDocument/foldingRange"]),
    ("hoverProvider", &["textDocument/hover"]),
    ("implementationProvider", &["textDocument/implementation"]),
    ("inlayHintProvider", &["textDocument/inlayHint"]),
    ("inlayHintProvider/resolveProvider", &["inlayHint/resolve"]),
    ("inlineCompletionProvider", &["textDocument/inlineCompletion"]),
    ("inlineValueProvider", &["textDocument/inlineValue"]),
    ("linkedEditingRangeProvider", &["textDocument/linkedEditingRange"]),
    ("monikerProvider", &["textDocument/moniker"]),
    ("referencesProvider", &["textDocument/references"]),
    ("renameProvider", &["textDocument/rename"]),
    ("renameProvider/prepareProvider", &["textDocument/prepareRename"]),
    ("selectionRangeProvider", &["textDocument/selectionRange"]),
    ("semanticTokensProvider/full", &["textDocument/semanticTokens/full"]),
    ("semanticTokensProvider/full/delta", &["textDocument/semanticTokens/full/delta"]),
    ("semanticTokensProvider/range", &["textDocument/semanticTokens/range"]),
    ("signatureHelpProvider", &["textDocument/signatureHelp"]),
    ("textDocumentSync/change", &["textDocument/didChange"]),
    ("textDocumentSync/openClose", &["textDocument/didOpen", "textDocument/didClose"]),
    ("textDocumentSync/save", &["textDocument/didSave"]),
    ("textDocumentSync/willSave", &["textDocument/willSave"]),
    ("textDocumentSync/willSaveWaitUntil", &["textDocument/willSaveWaitUntil"]),
    ("typeDefinitionProvider", &["textDocument/typeDefinition"]),
    (
        "typeHierarchyProvider",
        &["textDocument/prepareTypeHierarchy", "typeHierarchy/supertypes", "typeHierarchy/subtypes"],
    ),
    ("workspace/fileOperations/didCreate", &["workspace/didCreateFiles"]),
    ("workspace/fileOperations/didDelete", &["workspace/didDeleteFiles"]),
    ("workspace/fileOperations/didRename", &["workspace/didRenameFiles"]),
    ("workspace/fileOperations/willCreate", &["workspace/willCreateFiles"]),
    ("workspace/fileOperations/willDelete", &["workspace/willDeleteFiles"]),
    ("workspace/fileOperations/willRename", &["workspace/willRenameFiles"]),
    ("workspace/textDocumentContent", &["workspace/textDocumentContent"]),
    ("workspace/workspaceFolders/changeNotifications", &["workspace/didChangeWorkspaceFolders"]),
    ("workspaceSymbolProvider", &["workspace/symbol"]),
    ("workspaceSymbolProvider/resolveProvider", &["workspaceSymbol/resolve"]),
];

/// What a server declares to a client that can take everything.
fn declared() -> Value {
    let mut wire = Wire::start();
    let semantic_tokens =
        json!({"requests": {}, "tokenTypes": ["class"], "tokenModifiers": [], "formats": ["relative"]});
    let reply = wire.initialize(json!({"capabilities": {
        "textDocument": {
            "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "source"]}}},
            "diagnostic": {},
            "rename": {"prepareSupport": true},
            "semanticTokens": semantic_tokens,
        },
        "workspace": {"fileOperations": {
            "willRename": true, "didRename": true, "willCreate": true, "didCreate": true, "willDelete": true,
            "didDelete": true,
        }},
    }}));
    reply["result"]["capabilities"].clone()
}

/// Methods by what the table says of them.
fn listed(served: &str) -> BTreeSet<&'static str> {
    let cells = PROTOCOL.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    cells.filter(|(_, rest)| rest.split(" | ").next() == Some(served)).map(|(method, _)| method).collect()
}

#[test]
fn the_table_of_methods_says_what_is_declared() {
    let capabilities = declared();
    let is_declared = |path: &str| {
        let value = capabilities.pointer(&format!("/{path}"));
        value.is_some_and(|v| !v.is_null() && *v != json!(false))
    };
    let declared: BTreeSet<&str> = PROVIDERS
        .iter()
        .filter(|(path, _)| is_declared(path))
        .flat_map(|(_, methods)| methods.iter().copied())
        .collect();
    assert_eq!(listed("yes"), declared, "docs/lsp.md has `yes` for exactly what the server declares");
    let unknown: Vec<&str> = PROVIDERS
        .iter()
        .flat_map(|(_, methods)| methods.iter().copied())
        .filter(|m| !PROTOCOL.contains(m))
        .collect();
    assert!(unknown.is_empty(), "docs/lsp.md has no line on {unknown:?}");
}

#[test]
fn every_method_that_is_served_is_tested_from_end_to_end() {
    let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/python");
    let files = std::fs::read_dir(tests).unwrap().map(|entry| entry.unwrap().path());
    let sources: String = files.filter_map(|path| std::fs::read_to_string(path).ok()).collect();
    let snake = |method: &str| {
        let mut out = String::new();
        for c in method.chars() {
            match c {
                '/' => out.push('_'),
                c if c.is_ascii_uppercase() => out.extend(['_', c.to_ascii_lowercase()]),
                c => out.push(c),
            }
        }
        out
    };
    let untested: Vec<&str> = listed("yes").into_iter().filter(|m| !sources.contains(&snake(m))).collect();
    assert!(untested.is_empty(), "no test of {untested:?} under {tests}");
}

/// Files with the marked tests of methods about names, by what they answer.
const MARKED: &[(&str, &[&str])] = &[
    (
        "call_hierarchy.rs",
        &["textDocument/prepareCallHierarchy", "callHierarchy/incomingCalls", "callHierarchy/outgoingCalls"],
    ),
    ("code_lens.rs", &["textDocument/codeLens", "codeLens/resolve"]),
    ("completion/tests.rs", &["textDocument/completion", "completionItem/resolve"]),
    ("declaration.rs", &["textDocument/declaration"]),
    ("definition/tests/mod.rs", &["textDocument/definition"]),
    ("document_links.rs", &["textDocument/documentLink"]),
    ("document_symbols.rs", &["textDocument/documentSymbol"]),
    ("file_existence.rs", &["workspace/willCreateFiles", "workspace/willDeleteFiles"]),
    ("file_renames/tests.rs", &["workspace/willRenameFiles"]),
    ("findings/imports.rs", &["textDocument/diagnostic", "workspace/diagnostic"]),
    ("highlight.rs", &["textDocument/documentHighlight"]),
    ("hover.rs", &["textDocument/hover"]),
    ("implementation.rs", &["textDocument/implementation"]),
    ("inlay_hints.rs", &["textDocument/inlayHint", "inlayHint/resolve"]),
    ("missing_imports.rs", &["textDocument/codeAction"]),
    ("moniker.rs", &["textDocument/moniker"]),
    ("picture.rs", &["workspace/executeCommand"]),
    ("references.rs", &["textDocument/references"]),
    ("rename/tests.rs", &["textDocument/prepareRename", "textDocument/rename"]),
    (
        "semantic_tokens.rs",
        &[
            "textDocument/semanticTokens/full",
            "textDocument/semanticTokens/full/delta",
            "textDocument/semanticTokens/range",
        ],
    ),
    ("signature_help.rs", &["textDocument/signatureHelp"]),
    ("type_definition.rs", &["textDocument/typeDefinition"]),
    (
        "type_hierarchy.rs",
        &["textDocument/prepareTypeHierarchy", "typeHierarchy/supertypes", "typeHierarchy/subtypes"],
    ),
    ("workspace_symbols.rs", &["workspace/symbol"]),
];

/// Methods that are not about names of a language: they follow documents, files and folders, or the shape of a text, which
/// `query/folding.rs`, `lang/structure.rs` and `lang/elements.rs` test by language.
const UNMARKED: [&str; 11] = [
    "textDocument/didOpen",
    "textDocument/didChange",
    "textDocument/didSave",
    "textDocument/didClose",
    "textDocument/foldingRange",
    "textDocument/linkedEditingRange",
    "textDocument/selectionRange",
    "workspace/didChangeWorkspaceFolders",
    "workspace/didCreateFiles",
    "workspace/didDeleteFiles",
    "workspace/didRenameFiles",
];

#[test]
fn every_method_about_names_has_marked_tests_in_four_languages() {
    const LANGUAGES_MIN: usize = 4;
    let families = |file: &str| {
        let path = format!("{}/src/query/{file}", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        let files = source.split("//- /").skip(1).filter_map(|rest| {
            let name = rest.split([' ', '\n', '\\', '"']).next()?;
            LangId::of_path(Path::new(name))
        });
        files.map(LangId::name).collect::<BTreeSet<_>>()
    };
    let few = MARKED.iter().map(|(file, _)| (file, families(file)));
    let few: Vec<_> = few.filter(|(_, languages)| languages.len() < LANGUAGES_MIN).collect();
    assert!(few.is_empty(), "marked tests in too few languages: {few:?}");
    let marked: BTreeSet<&str> = MARKED.iter().flat_map(|(_, methods)| methods.iter().copied()).collect();
    let unknown: Vec<&str> =
        listed("yes").into_iter().filter(|m| !marked.contains(m) && !UNMARKED.contains(m)).collect();
    assert!(unknown.is_empty(), "no marked tests of {unknown:?}");
}

#[test]
fn the_commands_are_those_that_are_declared() {
    let capabilities = declared();
    let declared = capabilities["executeCommandProvider"]["commands"].as_array().unwrap();
    for command in declared.iter().filter_map(Value::as_str) {
        assert!(COMMANDS.contains(&format!("`{command}`")), "docs/commands.md has no line on {command}");
    }
}

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
    let spelled = line.replace("C++", "cpp");
    let named: Vec<String> = spelled.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
    for language in LangId::all().map(LangId::name) {
        assert!(named.iter().any(|name| name == language), "{language} is missing from: {line}");
    }
}

/// Files that people copy are what `coppice setup` prints; `UPDATE_EXPECT=1` writes them.
#[test]
fn the_editors_files_are_what_setup_prints() {
    let beside = [
        ("rust", "rust-analyzer"),
        ("python", "pylsp"),
        ("python", "ty"),
        ("python", "pyright"),
        ("python", "basedpyright"),
        ("typescript,tsx,javascript", "typescript-language-server"),
        ("go", "gopls"),
        ("java", "jdtls"),
        ("c,cpp", "clangd"),
    ];
    let mut files = vec![
        ("helix/languages.toml".to_owned(), Editor::Helix, Language::all(), None),
        ("nvim/lsp/coppice.lua".to_owned(), Editor::Neovim, Language::all(), None),
    ];
    for (languages, server) in beside {
        let names: Vec<String> = languages.split(',').map(str::to_owned).collect();
        let languages = Language::named(&names).unwrap();
        files.push((format!("helix/beside-{server}.toml"), Editor::Helix, languages, Some(server)));
    }
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    for (file, editor, languages, beside) in files {
        let request = Request { command: "coppice", languages: &languages, only_these: false, beside };
        let printed = fragment(editor, &request).unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("editors").join(&file);
        if update {
            std::fs::write(&path, &printed).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(&path).unwrap_or_default(),
            printed,
            "editors/{file} is out of date"
        );
    }
}

#[test]
fn the_features_are_those_that_are_switched() {
    let table = PROTOCOL.split("| feature | what it switches |").nth(1).expect("the table of features");
    let rows = table.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0));
    assert_eq!(rows.collect::<Vec<_>>(), FEATURES);
    let switched = |text: &str| -> Vec<String> {
        let names = text.split("pub const FEATURE: &str = \"").skip(1);
        names.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
    };
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lsp");
    let mut handled = BTreeSet::new();
    for dir in [sources.join("handlers"), sources] {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                handled.extend(switched(&std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    assert!(handled.len() > 20, "{handled:?}");
    let unknown: Vec<&String> = handled.iter().filter(|name| !FEATURES.contains(&name.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    // What the extension leaves to others is named as the settings name it.
    let middleware = Path::new(env!("CARGO_MANIFEST_DIR")).join("editors/vscode/src/middleware.ts");
    let middleware = std::fs::read_to_string(middleware).unwrap();
    let table = middleware.split("const FEATURES = {").nth(1).and_then(|rest| rest.split('}').next());
    let guarded: Vec<&str> = table.expect("a table").split('"').skip(1).step_by(2).collect();
    assert!(guarded.len() > 20, "{guarded:?}");
    for name in guarded {
        assert!(FEATURES.contains(&name), "the extension asks about {name:?}");
    }
}
