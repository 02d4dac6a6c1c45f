//! Features that are switched on after the client was told what there is.
//!
//! What is offered at the start is declared in the answer to `initialize`, and stays so: switched off, it has no answers.
//! What was off then and is on now is registered, with clients that take registrations of it, and taken back once it is off
//! again.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use tower_lsp::gen_lsp_types::{
    ClientCapabilities, Registration, RegistrationParams, RegistrationRequest, Unregistration,
    UnregistrationParams, UnregistrationRequest,
};

use super::handlers::initialize;
use super::session::Session;
use crate::workspace::folder_settings::SettingsByFolder;
use crate::workspace::sync::Mutex;

/// What declares a method, the method, and where the client says that it takes registrations of it; the first and the last
/// as paths in the capabilities.
const METHODS: [(&str, &str, &str); 30] = [
    ("callHierarchyProvider", "textDocument/prepareCallHierarchy", "textDocument/callHierarchy"),
    ("codeActionProvider", "textDocument/codeAction", "textDocument/codeAction"),
    ("codeLensProvider", "textDocument/codeLens", "textDocument/codeLens"),
    ("completionProvider", "textDocument/completion", "textDocument/completion"),
    ("declarationProvider", "textDocument/declaration", "textDocument/declaration"),
    ("definitionProvider", "textDocument/definition", "textDocument/definition"),
    ("diagnosticProvider", "textDocument/diagnostic", "textDocument/diagnostic"),
    ("documentHighlightProvider", "textDocument/documentHighlight", "textDocument/documentHighlight"),
    ("documentLinkProvider", "textDocument/documentLink", "textDocument/documentLink"),
    ("documentSymbolProvider", "textDocument/documentSymbol", "textDocument/documentSymbol"),
    ("foldingRangeProvider", "textDocument/foldingRange", "textDocument/foldingRange"),
    ("hoverProvider", "textDocument/hover", "textDocument/hover"),
    ("implementationProvider", "textDocument/implementation", "textDocument/implementation"),
    ("inlayHintProvider", "textDocument/inlayHint", "textDocument/inlayHint"),
    ("linkedEditingRangeProvider", "textDocument/linkedEditingRange", "textDocument/linkedEditingRange"),
    ("monikerProvider", "textDocument/moniker", "textDocument/moniker"),
    ("referencesProvider", "textDocument/references", "textDocument/references"),
    ("renameProvider", "textDocument/rename", "textDocument/rename"),
    ("selectionRangeProvider", "textDocument/selectionRange", "textDocument/selectionRange"),
    ("semanticTokensProvider", "textDocument/semanticTokens", "textDocument/semanticTokens"),
    ("signatureHelpProvider", "textDocument/signatureHelp", "textDocument/signatureHelp"),
    ("typeDefinitionProvider", "textDocument/typeDefinition", "textDocument/typeDefinition"),
    ("typeHierarchyProvider", "textDocument/prepareTypeHierarchy", "textDocument/typeHierarchy"),
    ("workspaceSymbolProvider", "workspace/symbol", "workspace/symbol"),
    ("workspace/fileOperations/didCreate", "workspace/didCreateFiles", "workspace/fileOperations"),
    ("workspace/fileOperations/didDelete", "workspace/didDeleteFiles", "workspace/fileOperations"),
    ("workspace/fileOperations/didRename", "workspace/didRenameFiles", "workspace/fileOperations"),
    ("workspace/fileOperations/willCreate", "workspace/willCreateFiles", "workspace/fileOperations"),
    ("workspace/fileOperations/willDelete", "workspace/willDeleteFiles", "workspace/fileOperations"),
    ("workspace/fileOperations/willRename", "workspace/willRenameFiles", "workspace/fileOperations"),
];

/// The providers whose methods the client takes registrations of.
pub fn taken(capabilities: &ClientCapabilities) -> BTreeSet<&'static str> {
    let all = serde_json::to_value(capabilities).unwrap_or_default();
    let taken = METHODS.iter().filter(|(_, _, path)| {
        all.pointer(&format!("/{path}/dynamicRegistration")) == Some(&Value::Bool(true))
    });
    taken.map(|(provider, ..)| *provider).collect()
}

/// What is registered, and what was declared at the start.
#[derive(Default)]
pub struct Registrations(Mutex<State>);

#[derive(Default)]
struct State {
    declared: BTreeSet<&'static str>,
    registered: BTreeSet<&'static str>,
}

/// What changes with other settings.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changes {
    on: Vec<&'static str>,
    off: Vec<&'static str>,
}

impl State {
    fn follow(&mut self, offered: &BTreeSet<&'static str>, taken: &BTreeSet<&'static str>) -> Changes {
        let new = |provider: &&&str| !self.declared.contains(**provider) && taken.contains(**provider);
        let wanted: BTreeSet<&'static str> = offered.iter().filter(new).copied().collect();
        let changes = Changes {
            on: wanted.difference(&self.registered).copied().collect(),
            off: self.registered.difference(&wanted).copied().collect(),
        };
        self.registered = wanted;
        changes
    }
}

impl Registrations {
    /// The client is told of these in the answer to `initialize`.
    pub fn declare(&self, capabilities: &Value) {
        self.0.lock().declared = offered(capabilities);
    }
}

fn offered(capabilities: &Value) -> BTreeSet<&'static str> {
    let is_there =
        |provider: &str| capabilities.pointer(&format!("/{provider}")).is_some_and(|v| !v.is_null());
    METHODS.iter().map(|(provider, ..)| *provider).filter(|provider| is_there(provider)).collect()
}

/// Other settings count from here on.
pub fn follow(session: &Arc<Session>, settings: &SettingsByFolder) {
    let Ok(features) = session.features() else { return };
    let capabilities = serde_json::to_value(initialize::capabilities(features, settings)).unwrap_or_default();
    // Held until all is on its way, so that what is sent is in the order in which it was decided.
    let mut state = session.registrations.0.lock();
    let Changes { on, off } = state.follow(&offered(&capabilities), &features.registers);
    let registrations: Vec<Registration> = on
        .iter()
        .map(|provider| Registration {
            id: id(provider),
            method: method(provider).to_owned(),
            register_options: Some(options(&capabilities, provider)),
        })
        .collect();
    let unregisterations: Vec<Unregistration> = off
        .iter()
        .map(|provider| Unregistration { id: id(provider), method: method(provider).to_owned() })
        .collect();
    if !unregisterations.is_empty() {
        let answer = session.client.ask::<UnregistrationRequest>(&UnregistrationParams { unregisterations });
        session.runtime.spawn(async move {
            if let Err(error) = answer.await {
                tracing::warn!("what is off stays registered: {error}");
            }
        });
    }
    if !registrations.is_empty() {
        let answer = session.client.ask::<RegistrationRequest>(&RegistrationParams { registrations });
        session.runtime.spawn(async move {
            if let Err(error) = answer.await {
                tracing::warn!("what is on is not registered: {error}");
            }
        });
    }
}

fn method(provider: &str) -> &'static str {
    METHODS.iter().find(|(p, ..)| *p == provider).map_or("", |(_, method, _)| *method)
}

fn id(provider: &str) -> String {
    format!("coppice/{provider}")
}

/// What is registered with a method: what would be declared, for the documents that the client sends us anyway.
fn options(capabilities: &Value, provider: &str) -> Value {
    let declared = capabilities.pointer(&format!("/{provider}"));
    let mut options = declared.filter(|options| options.is_object()).cloned().unwrap_or_else(|| json!({}));
    let is_of_documents = method(provider).starts_with("textDocument/");
    if is_of_documents {
        options["documentSelector"] = Value::Null;
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_registered_is_what_would_be_declared() {
        let filters = json!({"filters": [{"pattern": {"glob": "**"}}]});
        let capabilities = json!({
            "hoverProvider": true,
            "workspaceSymbolProvider": true,
            "renameProvider": {"prepareProvider": true},
            "workspace": {"fileOperations": {"willRename": filters}},
        });
        let all = [
            "hoverProvider",
            "renameProvider",
            "workspace/fileOperations/willRename",
            "workspaceSymbolProvider",
        ];
        assert_eq!(offered(&capabilities), BTreeSet::from(all));
        let expected = [
            json!({"documentSelector": null}),
            json!({"prepareProvider": true, "documentSelector": null}),
            filters,
            json!({}),
        ];
        assert_eq!(all.map(|provider| options(&capabilities, provider)), expected);
        let client = json!({"workspace": {"fileOperations": {"dynamicRegistration": true}}});
        let taken = taken(&serde_json::from_value(client).unwrap());
        assert!(taken.len() == 6 && taken.contains("workspace/fileOperations/willRename"));
    }

    #[test]
    fn only_what_was_off_is_registered_and_taken_back() {
        let mut state = State { declared: BTreeSet::from(["hoverProvider"]), ..State::default() };
        let taken = BTreeSet::from(["hoverProvider", "renameProvider"]);
        let all = BTreeSet::from(["hoverProvider", "renameProvider", "monikerProvider"]);
        let changes =
            |on: &[&'static str], off: &[&'static str]| Changes { on: on.to_vec(), off: off.to_vec() };
        assert_eq!(state.follow(&all, &taken), changes(&["renameProvider"], &[]));
        assert_eq!(state.follow(&all, &taken), changes(&[], &[]));
        assert_eq!(state.follow(&BTreeSet::new(), &taken), changes(&[], &["renameProvider"]));
    }
}
