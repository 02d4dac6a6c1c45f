//! The configuration itself, one function per editor.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{Editor, Language, SetupError};
use crate::lang::LangId;

/// The configuration that Neovim reads from a file of this name; complete but for the command and the languages.
const NEOVIM: &str = include_str!("../../../editors/nvim/lsp/coppice.lua");

/// What Helix asks the language's own server for, and coppice not; the workspace's symbols and the commands remain.
const LEFT_TO_OTHERS: [&str; 15] = [
    "format",
    "goto-definition",
    "goto-declaration",
    "goto-type-definition",
    "goto-reference",
    "goto-implementation",
    "signature-help",
    "hover",
    "document-highlight",
    "completion",
    "code-action",
    "document-symbols",
    "diagnostics",
    "rename-symbol",
    "inlay-hints",
];

/// What of that a server of one language, by Helix's name for it, is not able to do by its capabilities; coppice keeps it.
const LACKING: [(&str, &[&str]); 5] = [
    ("gopls", &["goto-declaration"]),
    ("jedi", &["goto-implementation", "inlay-hints"]),
    ("pylsp", &["goto-declaration", "goto-implementation", "inlay-hints"]),
    ("pyright", &["goto-implementation", "inlay-hints"]),
    ("typescript-language-server", &["goto-declaration"]),
];

/// What is to be configured.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub command: &'a str,
    pub languages: &'a [Language],
    /// The user named the languages, rather than taking all.
    pub only_these: bool,
    /// A server that goes before coppice.
    pub beside: Option<&'a str>,
}

/// The configuration of an editor, as the whole text of a file or a part of one.
pub fn fragment(editor: Editor, request: &Request) -> Result<String, SetupError> {
    if request.beside.is_some() && editor != Editor::Helix {
        return Err(SetupError::NotBeside(editor.preference()));
    }
    Ok(match editor {
        Editor::Helix => helix(request),
        Editor::Neovim => neovim(request),
        Editor::VsCode => vs_code(request),
        Editor::Emacs => emacs(request),
        Editor::Zed => return Err(SetupError::Zed),
        Editor::Sublime => sublime(request),
        Editor::Kakoune => kakoune(request),
        Editor::ClaudeCode => claude_code(request),
    })
}

fn helix(request: &Request) -> String {
    let servers = match request.beside {
        None => "[\"coppice\"]".to_owned(),
        Some(other) => {
            let lacking =
                LACKING.iter().find(|(server, _)| *server == other).map_or(&[][..], |(_, lacking)| lacking);
            let left = LEFT_TO_OTHERS.into_iter().filter(|feature| !lacking.contains(feature));
            let features = left.map(quoted).collect::<Vec<_>>().join(", ");
            format!("[{}, {{ name = \"coppice\", except-features = [{features}] }}]", quoted(other))
        }
    };
    let mut text = format!("[language-server.coppice]\ncommand = {}\n", quoted(request.command));
    for language in request.languages {
        let name = quoted(language.helix());
        let _ = write!(text, "\n[[language]]\nname = {name}\nlanguage-servers = {servers}\n");
    }
    text
}

/// The plugin's file with another command and other file types.
fn neovim(request: &Request) -> String {
    let filetypes: Vec<&str> = unique(request.languages.iter().map(|l| l.neovim()));
    let list: String = filetypes.iter().map(|filetype| format!("    '{filetype}',\n")).collect();
    let manifests: String = request
        .languages
        .iter()
        .map(|l| {
            let names: Vec<String> = l.manifests().iter().map(|name| format!("'{name}'")).collect();
            format!("  {} = {{ {} }},\n", l.neovim(), names.join(", "))
        })
        .collect();
    let command = request.command.replace('\\', "\\\\").replace('\'', "\\'");
    let mut lines = NEOVIM.lines();
    let mut text = String::new();
    while let Some(line) = lines.next() {
        let (items, end) = match line.trim_start() {
            "cmd = { 'coppice' }," => {
                let _ = writeln!(text, "  cmd = {{ '{command}' }},");
                continue;
            }
            "filetypes = {" => (&list, "  },"),
            "local manifests = {" => (&manifests, "}"),
            _ => {
                let _ = writeln!(text, "{line}");
                continue;
            }
        };
        let _ = writeln!(text, "{line}\n{items}{end}");
        lines.by_ref().find(|line| *line == end);
    }
    text
}

fn vs_code(request: &Request) -> String {
    let mut settings = Map::new();
    if request.command != "coppice" {
        settings.insert("coppice.server.path".to_owned(), json!(request.command));
    }
    if request.only_these {
        let ids: Vec<&str> = request.languages.iter().map(|l| l.id).collect();
        settings.insert("coppice.languages".to_owned(), json!(ids));
    }
    pretty(&Value::Object(settings))
}

fn emacs(request: &Request) -> String {
    let modes: Vec<String> = request.languages.iter().flat_map(|l| l.emacs_modes()).collect();
    format!(
        "(with-eval-after-load 'eglot\n  (add-to-list 'eglot-server-programs\n               '(({})\n                 {})))\n",
        modes.join(" "),
        quoted(request.command)
    )
}

fn sublime(request: &Request) -> String {
    let scopes = unique(request.languages.iter().map(|l| l.sublime_scope()));
    let selector = scopes.iter().map(|scope| format!("source.{scope}")).collect::<Vec<_>>().join(" | ");
    let client = json!({"enabled": true, "command": [request.command], "selector": selector});
    pretty(&json!({"clients": {"coppice": client}}))
}

/// One part for each pack: a project's root is told by what its language calls one, if it is in no repository.
fn kakoune(request: &Request) -> String {
    let command = quoted(request.command);
    let mut text = String::new();
    let mut done: Vec<LangId> = Vec::new();
    for language in request.languages {
        let of_pack = request.languages.iter().filter(|l| l.manifests() == language.manifests());
        if done.contains(&language.pack) {
            continue;
        }
        done.extend(of_pack.clone().map(|l| l.pack));
        let filetypes = unique(of_pack.map(|l| l.kakoune())).join("|");
        let roots: Vec<String> =
            [".git"].iter().chain(language.manifests()).map(|name| quoted(name)).collect();
        let _ = write!(
            text,
            "hook -group coppice global BufSetOption filetype=({filetypes}) %{{\n    set-option buffer lsp_servers %{{\n        \
             [coppice]\n        command = {command}\n        root_globs = [{}]\n    }}\n}}\n",
            roots.join(", ")
        );
    }
    let filetypes = unique(request.languages.iter().map(|l| l.kakoune())).join("|");
    let _ = writeln!(
        text,
        "hook -group coppice global WinSetOption filetype=({filetypes}) %{{ lsp-enable-window }}"
    );
    text
}

fn claude_code(request: &Request) -> String {
    let mut extensions = Map::new();
    for language in request.languages {
        for extension in language.extensions() {
            extensions.entry(format!(".{extension}")).or_insert(json!(language.id));
        }
    }
    pretty(&json!({"coppice": {"command": request.command, "extensionToLanguage": extensions}}))
}

/// As a string of TOML, JSON or Lisp, which agree on what an editor's or a path's name can contain.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    names.fold(Vec::new(), |mut kept, name| {
        if !kept.contains(&name) {
            kept.push(name);
        }
        kept
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(editor: Editor, languages: &[&str], beside: Option<&str>, expected: &str) {
        let names: Vec<String> = languages.iter().map(|&name| name.to_owned()).collect();
        let languages = Language::named(&names).unwrap();
        let request =
            Request { command: "/opt/coppice", languages: &languages, only_these: !names.is_empty(), beside };
        assert_eq!(fragment(editor, &request).unwrap(), expected);
    }

    #[test]
    fn helix_takes_its_own_names() {
        let expected = "[language-server.coppice]\ncommand = \"/opt/coppice\"\n\n\
                        [[language]]\nname = \"javascript\"\nlanguage-servers = [\"coppice\"]\n\n\
                        [[language]]\nname = \"jsx\"\nlanguage-servers = [\"coppice\"]\n";
        check(Editor::Helix, &["javascript"], None, expected);
    }

    #[test]
    fn helix_keeps_another_server_before_coppice() {
        let request = Request {
            command: "coppice",
            languages: &Language::named(&["go".to_owned()]).unwrap(),
            only_these: true,
            beside: Some("other"),
        };
        let left_to = |server: &'static str| -> Vec<String> {
            let text = fragment(Editor::Helix, &Request { beside: Some(server), ..request }).unwrap();
            let parsed: Value = toml::from_str(&text).unwrap();
            let servers = &parsed["language"][0]["language-servers"];
            assert_eq!(servers[0], server);
            assert_eq!(servers[1]["name"], "coppice");
            serde_json::from_value(servers[1]["except-features"].clone()).unwrap()
        };
        assert_eq!(left_to("other"), LEFT_TO_OTHERS);
        let kept = LEFT_TO_OTHERS.into_iter().filter(|feature| *feature != "goto-declaration");
        assert_eq!(left_to("gopls"), kept.collect::<Vec<_>>());
        for (server, lacking) in LACKING {
            assert_eq!(left_to(server).len() + lacking.len(), LEFT_TO_OTHERS.len(), "{server}");
        }
        let refused = fragment(Editor::Emacs, &request).unwrap_err();
        assert!(refused.to_string().contains("leave the language out"), "{refused}");
    }

    #[test]
    fn the_other_editors_have_their_forms() {
        check(
            Editor::VsCode,
            &["rust"],
            None,
            "{\n  \"coppice.languages\": [\n    \"rust\"\n  ],\n  \"coppice.server.path\": \"/opt/coppice\"\n}\n",
        );
        check(
            Editor::Emacs,
            &["python", "typescriptreact"],
            None,
            "(with-eval-after-load 'eglot\n  (add-to-list 'eglot-server-programs\n               \
             '((python-mode python-ts-mode tsx-mode tsx-ts-mode)\n                 \"/opt/coppice\")))\n",
        );
        check(
            Editor::Kakoune,
            &["cpp", "rust", "c"],
            None,
            "hook -group coppice global BufSetOption filetype=(cpp|c) %{\n    \
             set-option buffer lsp_servers %{\n        [coppice]\n        command = \"/opt/coppice\"\n        \
             root_globs = [\".git\", \"compile_commands.json\", \"compile_flags.txt\"]\n    }\n}\n\
             hook -group coppice global BufSetOption filetype=(rust) %{\n    \
             set-option buffer lsp_servers %{\n        [coppice]\n        command = \"/opt/coppice\"\n        \
             root_globs = [\".git\", \"Cargo.toml\"]\n    }\n}\n\
             hook -group coppice global WinSetOption filetype=(cpp|rust|c) %{ lsp-enable-window }\n",
        );
        check(
            Editor::Sublime,
            &["rust", "typescript"],
            None,
            "{\n  \"clients\": {\n    \"coppice\": {\n      \"command\": [\n        \"/opt/coppice\"\n      ],\n      \
             \"enabled\": true,\n      \"selector\": \"source.rust | source.ts\"\n    }\n  }\n}\n",
        );
        check(
            Editor::ClaudeCode,
            &["python", "javascript"],
            None,
            "{\n  \"coppice\": {\n    \"command\": \"/opt/coppice\",\n    \"extensionToLanguage\": {\n      \
             \".cjs\": \"javascript\",\n      \".js\": \"javascript\",\n      \".jsx\": \"javascriptreact\",\n      \
             \".mjs\": \"javascript\",\n      \".py\": \"python\",\n      \".pyi\": \"python\"\n    }\n  }\n}\n",
        );
    }

    #[test]
    fn neovim_takes_the_plugin_s_file_with_other_languages() {
        let languages = Language::named(&["go".to_owned()]).unwrap();
        let request = Request { command: "/o'x", languages: &languages, only_these: true, beside: None };
        let text = fragment(Editor::Neovim, &request).unwrap();
        assert!(
            text.contains("  cmd = { '/o\\'x' },\n  filetypes = {\n    'go',\n  },\n  -- A whole"),
            "{text}"
        );
        assert!(text.contains("\nlocal manifests = {\n  go = { 'go.mod', 'go.work' },\n}\n"), "{text}");
        assert!(text.contains("reuse_client"));
    }

    #[test]
    fn an_unknown_language_is_named() {
        let error = Language::named(&["cobol".to_owned()]).unwrap_err().to_string();
        assert!(error.starts_with("there is no language `cobol`; there are rust, python"), "{error}");
    }
}
