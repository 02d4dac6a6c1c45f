//! Completions, and what is told of one when somebody looks at it.

use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::{
    CompletionItem, CompletionItemKind, CompletionItemLabelDetails, CompletionItemTextEdit, CompletionList,
    TextEdit, Uri,
};

use super::location::{Places, range};
use super::prose::Prose;
use crate::lang::facts::{DefKind, Span};
use crate::lang::imports::Insertion;
use crate::query::{Completion, CompletionKind, Completions, Described, Import};

/// What a client can do with completions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompletionFeatures {
    /// Asks for the edits beside the completion only once it is chosen.
    pub resolves_edits: bool,
    pub commit_characters: bool,
    pub label_details: bool,
    pub prose: Prose,
}

/// What a completion is known by when it is looked at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CompletionData {
    /// The document that it is for.
    pub uri: Uri,
    /// Where it is put into that.
    pub offset: u32,
    /// The file of the definition, relative to the folder, and the offset of its name.
    pub path: Option<String>,
    pub at: Option<u32>,
    /// The import that it brings.
    pub module: Option<String>,
    pub name: Option<String>,
}

impl CompletionData {
    pub fn import(&self) -> Option<Import> {
        Some(Import { module: self.module.clone()?, name: self.name.clone()? })
    }
}

pub fn completion_list(
    found: &Completions,
    places: &Places<'_>,
    can: CompletionFeatures,
    data: impl Fn(&Completion) -> CompletionData,
) -> CompletionList {
    let replaced = range(places, found.replaced);
    let items = found.items.iter().enumerate().map(|(at, completion)| {
        let origin =
            completion.import.as_ref().map(|i| i.module.clone()).or_else(|| completion.origin.clone());
        let commit = commit_characters(completion.kind).filter(|_| can.commit_characters);
        let edit = TextEdit { range: replaced, new_text: completion.insert.clone() };
        CompletionItem {
            label: completion.label.clone(),
            kind: Some(kind(completion.kind)),
            detail: origin.clone().filter(|_| !can.label_details),
            label_details: origin.filter(|_| can.label_details).map(|description| {
                CompletionItemLabelDetails { detail: None, description: Some(description) }
            }),
            // Clients sort by text; ours is the place in the list.
            sort_text: Some(format!("{at:04}")),
            filter_text: Some(completion.insert.clone()),
            text_edit: Some(CompletionItemTextEdit::TextEdit(edit)),
            commit_characters: commit.map(|all| all.iter().map(|c| (*c).to_owned()).collect()),
            data: serde_json::to_value(data(completion)).ok(),
            ..CompletionItem::default()
        }
    });
    CompletionList { is_incomplete: found.incomplete, items: items.collect(), ..CompletionList::default() }
}

/// Signature and documentation.
pub fn described(item: &mut CompletionItem, described: &Described, prose: Prose) {
    item.detail = Some(described.signature.clone());
    item.documentation = described.documentation.clone().map(|text| prose.documentation(text));
}

pub fn insertion_edit(insertion: &Insertion, places: &Places<'_>) -> TextEdit {
    let span = Span::new(insertion.offset, insertion.offset);
    TextEdit { range: range(places, span), new_text: insertion.text.clone() }
}

fn kind(kind: CompletionKind) -> CompletionItemKind {
    match kind {
        CompletionKind::Keyword => CompletionItemKind::Keyword,
        CompletionKind::Word => CompletionItemKind::Text,
        CompletionKind::Definition(kind) => match kind {
            DefKind::Module | DefKind::Namespace => CompletionItemKind::Module,
            DefKind::Class | DefKind::TypeAlias => CompletionItemKind::Class,
            DefKind::Struct | DefKind::Union => CompletionItemKind::Struct,
            DefKind::Enum => CompletionItemKind::Enum,
            DefKind::Interface | DefKind::Trait => CompletionItemKind::Interface,
            DefKind::EnumMember => CompletionItemKind::EnumMember,
            DefKind::Function | DefKind::Macro => CompletionItemKind::Function,
            DefKind::Method => CompletionItemKind::Method,
            DefKind::Constructor => CompletionItemKind::Constructor,
            DefKind::Property => CompletionItemKind::Property,
            DefKind::Field => CompletionItemKind::Field,
            DefKind::Constant => CompletionItemKind::Constant,
            DefKind::TypeParameter => CompletionItemKind::TypeParameter,
            DefKind::Label
            | DefKind::Static
            | DefKind::Variable
            | DefKind::Parameter
            | DefKind::Import
            | DefKind::Export => CompletionItemKind::Variable,
        },
    }
}

/// Characters that accept the completion when they are typed behind it: those that can only follow a whole name.
fn commit_characters(kind: CompletionKind) -> Option<&'static [&'static str]> {
    match kind {
        CompletionKind::Definition(kind) if kind.is_callable() => Some(&["("]),
        CompletionKind::Definition(_) => Some(&["."]),
        CompletionKind::Keyword | CompletionKind::Word => None,
    }
}
