//! `initialize`: who we are and what we can; everything else goes on in the background.

use std::path::PathBuf;
use std::sync::Arc;

use tower_lsp::gen_lsp_types::{
    ChangeNotifications, CompletionOptions, DiagnosticOptions, DiagnosticProvider, ExecuteCommandOptions,
    InitializeParams, InitializeResult, PositionEncodingKind, RenameOptions, RenameProvider, RootPath, Save,
    SaveOptions, ServerCapabilities, ServerInfo, SignatureHelpOptions, TextDocumentSync,
    TextDocumentSyncKind, TextDocumentSyncOptions, Uri, WorkspaceFolders, WorkspaceFoldersServerCapabilities,
    WorkspaceOptions,
};
use tower_lsp::jsonrpc::Result;

use super::{
    call_hierarchy, code_action, code_lens, completion, declaration, definition, document_highlight,
    document_link, document_symbol, execute_command, file_operations, folding_range, hover, implementation,
    inlay_hint, linked_editing_range, moniker, references, rename, selection_range, semantic_tokens,
    signature_help, type_definition, type_hierarchy, workspace_symbol,
};
use crate::lsp::diagnostics;
use crate::lsp::features::ClientFeatures;
use crate::lsp::parent;
use crate::lsp::progress;
use crate::lsp::serve::Ending;
use crate::lsp::session::Session;
use crate::lsp::uri;
use crate::text::Encoding;
use crate::workspace::folder_settings::SettingsByFolder;

pub fn handle(session: &Arc<Session>, params: InitializeParams) -> Result<InitializeResult> {
    if let Some(pid) = params.process_id {
        let session = Arc::clone(session);
        parent::on_death(pid, move || session.end(Ending::ParentDied(pid)));
    }
    let features = ClientFeatures::of(&params);
    let (folders, left_out) = folders(&params);
    session.left_out(&left_out);
    session.configuration.set_options(params.initialization_options.unwrap_or_default());
    let settings = session.configuration.settings();
    let capabilities = capabilities(&features, &settings);
    session.registrations.declare(&serde_json::to_value(&capabilities).unwrap_or_default());

    let token = params.work_done_progress_params.work_done_token.filter(|_| !folders.is_empty());
    if let Some(token) = &token {
        progress::begin_joint(&session.client, token);
    }
    let watches = features.watches_files;
    let paths = || folders.iter().map(|(path, _)| path.clone()).collect();
    let manager = session.begin(features, token.map(|token| (token, paths())))?;
    manager.set_client_watches(watches);
    for (path, name) in &folders {
        manager.add_folder(path, name);
    }
    let version = Some(env!("CARGO_PKG_VERSION").to_owned());
    Ok(InitializeResult {
        capabilities,
        server_info: Some(ServerInfo { name: "coppice".to_owned(), version }),
    })
}

/// The folders that the client opens, and the URIs of those that lie on no disk; older clients only have a root.
fn folders(params: &InitializeParams) -> (Vec<(PathBuf, String)>, Vec<String>) {
    let (mut folders, mut left_out) = (Vec::new(), Vec::new());
    let mut open = |uri: &Uri, name: Option<&str>| match uri::to_path(uri) {
        Some(path) => {
            let name = name.map_or_else(|| uri::folder_name(&path), str::to_owned);
            folders.push((path, name));
        }
        None => left_out.push(format!("{:?}", uri.as_str())),
    };
    #[expect(deprecated, reason = "there are clients that send nothing else")]
    let (root_uri, root_path) = (&params.root_uri, &params.root_path);
    if let Some(WorkspaceFolders::WorkspaceFolderList(list)) =
        &params.workspace_folders_initialize_params.workspace_folders
    {
        list.iter().for_each(|folder| open(&folder.uri, Some(&folder.name)));
    } else if let Some(uri) = root_uri {
        open(uri, None);
    } else if let Some(RootPath::String(path)) = root_path {
        let path = Some(PathBuf::from(path)).filter(|path| path.is_absolute());
        folders.extend(path.map(|path| (path.clone(), uri::folder_name(&path))));
    }
    (folders, left_out)
}

/// What there is for a client with these abilities and settings.
pub fn capabilities(features: &ClientFeatures, settings: &SettingsByFolder) -> ServerCapabilities {
    let offers = |feature: &str| settings.offers(feature);
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::Incremental),
        save: Some(Save::SaveOptions(SaveOptions { include_text: Some(false) })),
        ..TextDocumentSyncOptions::default()
    };
    ServerCapabilities {
        position_encoding: Some(match features.encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }),
        text_document_sync: Some(TextDocumentSync::Options(sync)),
        call_hierarchy_provider: offers(call_hierarchy::FEATURE).then(|| true.into()),
        code_action_provider: (features.code_action_literals && offers(code_action::FEATURE))
            .then(|| code_action::options().into()),
        code_lens_provider: offers(code_lens::FEATURE).then(code_lens::options),
        completion_provider: offers(completion::FEATURE).then(|| CompletionOptions {
            trigger_characters: Some(completion::trigger_characters()),
            resolve_provider: Some(true),
            ..CompletionOptions::default()
        }),
        signature_help_provider: offers(signature_help::FEATURE).then(|| SignatureHelpOptions {
            trigger_characters: Some(signature_help::trigger_characters()),
            retrigger_characters: Some(vec![")".to_owned()]),
            ..SignatureHelpOptions::default()
        }),
        definition_provider: offers(definition::FEATURE).then(|| true.into()),
        declaration_provider: offers(declaration::FEATURE).then(|| true.into()),
        type_definition_provider: offers(type_definition::FEATURE).then(|| true.into()),
        implementation_provider: offers(implementation::FEATURE).then(|| true.into()),
        references_provider: offers(references::FEATURE).then(|| true.into()),
        rename_provider: offers(rename::FEATURE).then(|| {
            RenameProvider::RenameOptions(RenameOptions {
                prepare_provider: features.prepares_rename.then_some(true),
                ..RenameOptions::default()
            })
        }),
        document_highlight_provider: offers(document_highlight::FEATURE).then(|| true.into()),
        folding_range_provider: offers(folding_range::FEATURE).then(|| true.into()),
        hover_provider: offers(hover::FEATURE).then(|| true.into()),
        document_link_provider: offers(document_link::FEATURE).then(document_link::options),
        document_symbol_provider: offers(document_symbol::FEATURE).then(|| true.into()),
        inlay_hint_provider: offers(inlay_hint::FEATURE).then(|| inlay_hint::options().into()),
        linked_editing_range_provider: offers(linked_editing_range::FEATURE).then(|| true.into()),
        moniker_provider: offers(moniker::FEATURE).then(|| true.into()),
        selection_range_provider: offers(selection_range::FEATURE).then(|| true.into()),
        semantic_tokens_provider: semantic_tokens::options(features)
            .filter(|_| offers(semantic_tokens::FEATURE))
            .map(Into::into),
        type_hierarchy_provider: offers(type_hierarchy::FEATURE).then(|| true.into()),
        workspace_symbol_provider: offers(workspace_symbol::FEATURE).then(|| true.into()),
        diagnostic_provider: (features.pulls_diagnostics && offers(diagnostics::FEATURE)).then(|| {
            DiagnosticProvider::DiagnosticOptions(DiagnosticOptions {
                identifier: Some("coppice".to_owned()),
                inter_file_dependencies: true,
                workspace_diagnostics: true,
                ..DiagnosticOptions::default()
            })
        }),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: execute_command::COMMANDS.map(str::to_owned).to_vec(),
            ..ExecuteCommandOptions::default()
        }),
        workspace: Some(WorkspaceOptions {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(ChangeNotifications::Bool(true)),
            }),
            file_operations: offers(file_operations::FEATURE)
                .then(|| file_operations::options(features.file_operations)),
            ..WorkspaceOptions::default()
        }),
        ..ServerCapabilities::default()
    }
}
