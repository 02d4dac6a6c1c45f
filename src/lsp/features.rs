//! What the client can take, and what is agreed on with it.

use std::collections::BTreeSet;

use serde_json::Value;
use tower_lsp::gen_lsp_types::{
    DiagnosticTag, InitializeParams, MarkupKind, PositionEncodingKind, ResourceOperationKind,
    TextDocumentClientCapabilities,
};

use super::convert::TokenLegend;
use super::convert::{CompletionFeatures, EditFeatures, HintFeatures, Prose, SignatureFeatures, SymbolKinds};
use super::handlers::code_lens::SHOW as SHOW_REFERENCES;
use super::registration;
use crate::text::Encoding;

/// The client's abilities, as far as answers depend on them.
#[derive(Clone, Debug, Default)]
pub struct ClientFeatures {
    pub encoding: Encoding,
    pub hierarchical_symbols: bool,
    /// The kinds of symbols that it knows in outlines.
    pub outline_kinds: SymbolKinds,
    /// The same in searches for symbols.
    pub symbol_kinds: SymbolKinds,
    pub definition_links: bool,
    pub declaration_links: bool,
    pub type_definition_links: bool,
    pub implementation_links: bool,
    pub markdown_hover: bool,
    /// Says how it reads Markdown: what a link leads to is not shown, and can be opened.
    pub markdown_links: bool,
    pub pulls_diagnostics: bool,
    pub configuration: bool,
    /// Wants to be asked to tell of changed settings.
    pub registers_configuration: bool,
    /// Tells of changed files, if asked to, and really does.
    pub watches_files: bool,
    pub folding: Folding,
    /// What it may be asked to ask again.
    pub refreshes: Refreshes,
    pub link_tooltips: bool,
    /// Has the command of lenses that shows places.
    pub shows_references: bool,
    /// Fades what a diagnostic says is not needed.
    pub unnecessary_tags: bool,
    /// The kinds of semantic tokens that it knows.
    pub token_legend: Option<TokenLegend>,
    pub progress: bool,
    /// Opens a document at a place when it is told to.
    pub shows_documents: bool,
    pub completion: CompletionFeatures,
    pub edits: EditFeatures,
    /// What it asks and tells when files come, go or move.
    pub file_operations: FileOperations,
    /// The providers that may be registered later on.
    pub registers: BTreeSet<&'static str>,
    /// Takes code actions that are more than commands.
    pub code_action_literals: bool,
    pub signature: SignatureFeatures,
    pub hints: HintFeatures,
    /// Asks whether a name can be renamed before it asks for another one.
    pub prepares_rename: bool,
    /// Wants `experimental/serverStatus`.
    pub server_status: bool,
}

/// Comings, goings and moves of files that the client asks about beforehand or tells of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileOperations {
    pub will_create: bool,
    pub did_create: bool,
    pub will_rename: bool,
    pub did_rename: bool,
    pub will_delete: bool,
    pub did_delete: bool,
}

/// How the client folds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Folding {
    pub whole_lines: bool,
    pub ranges_max: Option<u32>,
}

/// Answers that the client gets anew when it is told that they are other ones by now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Refreshes {
    pub code_lenses: bool,
    pub diagnostics: bool,
    pub inlay_hints: bool,
    pub semantic_tokens: bool,
}

impl ClientFeatures {
    pub fn of(params: &InitializeParams) -> ClientFeatures {
        let all = &params.capabilities;
        let text = all.text_document.as_ref();
        let workspace = all.workspace.as_ref();
        let yes = |value: Option<bool>| value == Some(true);
        let experimental =
            |key: &str| all.experimental.as_ref().and_then(|e| e.get(key)) == Some(&Value::Bool(true));
        let name = params.client_info.as_ref().map_or("", |c| c.name.as_str());
        ClientFeatures {
            encoding: encoding(params),
            hierarchical_symbols: yes(
                text.and_then(|t| t.document_symbol.as_ref()?.hierarchical_document_symbol_support)
            ),
            outline_kinds: SymbolKinds::new(
                text.and_then(|t| t.document_symbol.as_ref()?.symbol_kind.as_ref()),
            ),
            symbol_kinds: SymbolKinds::new(workspace.and_then(|w| w.symbol.as_ref()?.symbol_kind.as_ref())),
            definition_links: yes(text.and_then(|t| t.definition.as_ref()?.link_support)),
            declaration_links: yes(text.and_then(|t| t.declaration.as_ref()?.link_support)),
            type_definition_links: yes(text.and_then(|t| t.type_definition.as_ref()?.link_support)),
            implementation_links: yes(text.and_then(|t| t.implementation.as_ref()?.link_support)),
            // The first format is the one that the client likes best.
            markdown_hover: text
                .and_then(|t| t.hover.as_ref()?.content_format.as_ref()?.first())
                .is_some_and(|first| *first == MarkupKind::Markdown),
            markdown_links: all.general.as_ref().is_some_and(|g| g.markdown.is_some()),
            pulls_diagnostics: text.is_some_and(|t| t.diagnostic.is_some()),
            configuration: yes(workspace.and_then(|w| w.configuration)),
            registers_configuration: yes(
                workspace.and_then(|w| w.did_change_configuration.as_ref()?.dynamic_registration)
            ),
            watches_files: yes(
                workspace.and_then(|w| w.did_change_watched_files.as_ref()?.dynamic_registration)
            ) && really_watches(name),
            folding: text.and_then(|t| t.folding_range.as_ref()).map_or(Folding::default(), |f| Folding {
                whole_lines: yes(f.line_folding_only),
                ranges_max: f.range_limit,
            }),
            refreshes: Refreshes {
                code_lenses: yes(workspace.and_then(|w| w.code_lens.as_ref()?.refresh_support)),
                diagnostics: yes(workspace.and_then(|w| w.diagnostics.as_ref()?.refresh_support)),
                inlay_hints: yes(workspace.and_then(|w| w.inlay_hint.as_ref()?.refresh_support)),
                semantic_tokens: yes(workspace.and_then(|w| w.semantic_tokens.as_ref()?.refresh_support)),
            },
            link_tooltips: yes(text.and_then(|t| t.document_link.as_ref()?.tooltip_support)),
            shows_references: has_command(all.experimental.as_ref(), SHOW_REFERENCES),
            unnecessary_tags: text.is_some_and(fades),
            token_legend: text
                .and_then(|t| t.semantic_tokens.as_ref())
                .map(|tokens| TokenLegend::new(&tokens.token_types, &tokens.token_modifiers)),
            progress: yes(all.window.as_ref().and_then(|w| w.work_done_progress)),
            shows_documents: all
                .window
                .as_ref()
                .and_then(|w| w.show_document.as_ref())
                .is_some_and(|show| show.support),
            completion: completion(params),
            edits: edits(params),
            registers: registration::taken(all),
            file_operations: workspace.and_then(|w| w.file_operations.as_ref()).map_or(
                FileOperations::default(),
                |f| FileOperations {
                    will_create: yes(f.will_create),
                    did_create: yes(f.did_create),
                    will_rename: yes(f.will_rename),
                    did_rename: yes(f.did_rename),
                    will_delete: yes(f.will_delete),
                    did_delete: yes(f.did_delete),
                },
            ),
            code_action_literals: text.is_some_and(|t| {
                t.code_action.as_ref().is_some_and(|c| c.code_action_literal_support.is_some())
            }),
            signature: signature(params),
            hints: hints(params),
            prepares_rename: yes(text.and_then(|t| t.rename.as_ref()?.prepare_support)),
            server_status: experimental("serverStatusNotification"),
        }
    }
}

/// Whether the client knows the tag of what is not needed.
fn fades(text: &TextDocumentClientCapabilities) -> bool {
    let published = text.publish_diagnostics.as_ref().map(|d| &d.diagnostics_capabilities);
    let pulled = text.diagnostic.as_ref().map(|d| &d.diagnostics_capabilities);
    let mut tags = [published, pulled].into_iter().flatten().filter_map(|d| d.tag_support.as_ref());
    tags.any(|tags| tags.value_set.contains(&DiagnosticTag::Unnecessary))
}

/// Whether the client says that it has a command of its own under this name, as rust-analyzer asks for it.
fn has_command(experimental: Option<&Value>, name: &str) -> bool {
    let listed = experimental.and_then(|e| e.get("commands")?.get("commands")?.as_array());
    listed.is_some_and(|names| names.iter().any(|n| n == name))
}

fn completion(params: &InitializeParams) -> CompletionFeatures {
    let text = params.capabilities.text_document.as_ref();
    let item = text.and_then(|t| t.completion.as_ref()?.completion_item.as_ref());
    let resolved = item.and_then(|i| i.resolve_support.as_ref());
    CompletionFeatures {
        resolves_edits: resolved.is_some_and(|r| r.properties.iter().any(|p| p == "additionalTextEdits")),
        commit_characters: item.and_then(|i| i.commit_characters_support) == Some(true),
        label_details: item.and_then(|i| i.label_details_support) == Some(true),
        prose: Prose::of(item.and_then(|i| i.documentation_format.as_ref())),
    }
}

fn signature(params: &InitializeParams) -> SignatureFeatures {
    let text = params.capabilities.text_document.as_ref();
    let all = text.and_then(|t| t.signature_help.as_ref()?.signature_information.as_ref());
    let parameter = all.and_then(|s| s.parameter_information.as_ref());
    SignatureFeatures {
        label_offsets: parameter.and_then(|p| p.label_offset_support) == Some(true),
        active_parameters: all.and_then(|s| s.active_parameter_support) == Some(true),
        no_active_parameter: all.and_then(|s| s.no_active_parameter_support) == Some(true),
        prose: Prose::of(all.and_then(|s| s.documentation_format.as_ref())),
    }
}

fn hints(params: &InitializeParams) -> HintFeatures {
    let text = params.capabilities.text_document.as_ref();
    let resolved = text.and_then(|t| t.inlay_hint.as_ref()?.resolve_support.as_ref());
    let names = |wanted: &[&str]| {
        resolved.is_some_and(|r| r.properties.iter().any(|name| wanted.contains(&name.as_str())))
    };
    HintFeatures {
        resolves_tooltip: names(&["tooltip"]),
        // Neovim does not name what the location is of.
        resolves_location: names(&["label.location", "location"]),
    }
}

fn edits(params: &InitializeParams) -> EditFeatures {
    let all = params.capabilities.workspace.as_ref().and_then(|w| w.workspace_edit.as_ref());
    let rename = params.capabilities.text_document.as_ref().and_then(|t| t.rename.as_ref());
    let can = |kind: ResourceOperationKind| {
        all.and_then(|e| e.resource_operations.as_ref()).is_some_and(|kinds| kinds.contains(&kind))
    };
    EditFeatures {
        // Operations on files are part of such edits, so who knows them knows the others.
        versioned: all.is_some_and(|e| e.document_changes == Some(true) || e.resource_operations.is_some()),
        annotated: all.is_some_and(|e| e.change_annotation_support.is_some()),
        annotated_renames: rename.and_then(|r| r.honors_change_annotations) == Some(true),
        renames_files: can(ResourceOperationKind::Rename),
        creates_files: can(ResourceOperationKind::Create),
    }
}

/// Helix only tells of what it saves itself; Neovim looks at Linux directories one by one, and without being asked
/// twice not at all.
fn really_watches(client: &str) -> bool {
    let client = client.to_ascii_lowercase();
    !(client.contains("helix") || client.contains("neovim") && cfg!(target_os = "linux"))
}

/// The first of the client's encodings, all of which we know; without any it is the protocol's default.
fn encoding(params: &InitializeParams) -> Encoding {
    let offered = params.capabilities.general.as_ref().and_then(|g| g.position_encodings.as_deref());
    let known = offered.unwrap_or_default().iter().find_map(|kind| match kind {
        PositionEncodingKind::UTF8 => Some(Encoding::Utf8),
        PositionEncodingKind::UTF16 => Some(Encoding::Utf16),
        PositionEncodingKind::UTF32 => Some(Encoding::Utf32),
        _ => None,
    });
    known.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn features(params: Value) -> ClientFeatures {
        ClientFeatures::of(&serde_json::from_value(params).unwrap())
    }

    #[test]
    fn a_client_that_says_nothing_gets_the_plainest() {
        let plain = features(json!({"capabilities": {}}));
        assert_eq!(plain.encoding, Encoding::Utf16);
        assert!(!plain.code_action_literals);
        assert!(
            !plain.hierarchical_symbols && !plain.markdown_hover && !plain.watches_files && !plain.progress
        );
    }

    #[test]
    fn the_client_s_first_encoding_is_taken() {
        let of = |kinds: Value| {
            features(json!({"capabilities": {"general": {"positionEncodings": kinds}}})).encoding
        };
        assert_eq!(of(json!(["utf-8", "utf-16"])), Encoding::Utf8);
        assert_eq!(of(json!(["utf-32", "utf-16"])), Encoding::Utf32);
        assert_eq!(of(json!(["utf-7", "utf-16"])), Encoding::Utf16);
        assert_eq!(of(json!([])), Encoding::Utf16);
    }

    #[test]
    fn clients_that_only_claim_to_watch_are_known() {
        let of = |name: &str| {
            let watched = json!({"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}}});
            features(json!({"clientInfo": {"name": name}, "capabilities": watched})).watches_files
        };
        assert!(of("Visual Studio Code"));
        assert!(!of("helix"));
        assert_eq!(of("Neovim"), !cfg!(target_os = "linux"));
    }
}
