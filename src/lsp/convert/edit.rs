//! Edits of many files, in the form that the client can apply.

use std::collections::HashMap;

use tower_lsp::gen_lsp_types::{
    AnnotatedTextEdit, ChangeAnnotation, DocumentChange, Edit, OptionalVersionedTextDocumentIdentifier,
    Range, RenameFile, TextDocumentEdit, TextDocumentIdentifier, TextEdit, Uri, WorkspaceEdit,
};

use super::location::{Places, range};
use crate::query;

/// What a client can do with edits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EditFeatures {
    /// Takes edits with the version of the document that they are for.
    pub versioned: bool,
    /// Shows which edits want to be looked at first.
    pub annotated: bool,
    /// Does so with the edits of a rename, too.
    pub annotated_renames: bool,
    pub renames_files: bool,
    pub creates_files: bool,
}

impl EditFeatures {
    /// What the client can do with the edits of a rename.
    pub fn of_renames(self) -> EditFeatures {
        EditFeatures { annotated: self.annotated && self.annotated_renames, ..self }
    }
}

/// Edits as they come together; file by file.
pub struct WorkspaceEdits {
    can: EditFeatures,
    files: Vec<(Uri, Option<i32>, Vec<Edit>)>,
    moves: Vec<RenameFile>,
    annotations: HashMap<String, ChangeAnnotation>,
}

impl WorkspaceEdits {
    pub fn new(can: EditFeatures) -> WorkspaceEdits {
        WorkspaceEdits { can, files: Vec::new(), moves: Vec::new(), annotations: HashMap::new() }
    }

    /// The edits of a file; of a document, for the version that they were worked out from.
    pub fn add(&mut self, uri: Uri, version: Option<i32>, places: &Places<'_>, edits: &[query::Edit]) {
        let placed = edits.iter().map(|edit| (range(places, edit.span), edit.clone()));
        self.add_ranges(uri, version, placed.collect());
    }

    /// The same with the ranges of the edits.
    pub fn add_ranges(&mut self, uri: Uri, version: Option<i32>, edits: Vec<(Range, query::Edit)>) {
        let edits = edits.into_iter().map(|(range, edit)| {
            let text_edit = TextEdit { range, new_text: edit.text };
            match edit.doubt.filter(|_| self.can.versioned && self.can.annotated) {
                None => Edit::TextEdit(text_edit),
                Some(doubt) => {
                    self.annotations.entry(doubt.to_owned()).or_insert_with(|| ChangeAnnotation {
                        label: "May be another one".to_owned(),
                        needs_confirmation: Some(true),
                        description: Some(doubt.to_owned()),
                    });
                    Edit::AnnotatedTextEdit(AnnotatedTextEdit { annotation_id: doubt.to_owned(), text_edit })
                }
            }
        });
        let edits = edits.collect();
        self.files.push((uri, version, edits));
    }

    /// Those of other files, too.
    pub fn append(&mut self, other: WorkspaceEdits) {
        self.files.extend(other.files);
        self.moves.extend(other.moves);
        self.annotations.extend(other.annotations);
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.moves.is_empty()
    }

    /// Whether what stands there is changed.
    pub fn has(&self, uri: &Uri, at: Range) -> bool {
        let range_of = |edit: &Edit| match edit {
            Edit::TextEdit(edit) => Some(edit.range),
            Edit::AnnotatedTextEdit(edit) => Some(edit.text_edit.range),
            Edit::SnippetTextEdit(_) => None,
        };
        let mut of_file = self.files.iter().filter(|(file, _, _)| file == uri);
        of_file.any(|(_, _, edits)| edits.iter().any(|edit| range_of(edit) == Some(at)))
    }

    pub fn rename_file(&mut self, old_uri: Uri, new_uri: Uri) {
        self.moves.push(RenameFile { old_uri, new_uri, options: None, annotation_id: None });
    }

    pub fn finish(self) -> WorkspaceEdit {
        if !self.can.versioned {
            let plain = |edit| match edit {
                Edit::TextEdit(edit) => Some(edit),
                Edit::AnnotatedTextEdit(edit) => Some(edit.text_edit),
                Edit::SnippetTextEdit(_) => None,
            };
            let changes = self
                .files
                .into_iter()
                .map(|(uri, _, edits)| (uri, edits.into_iter().filter_map(plain).collect()));
            return WorkspaceEdit { changes: Some(changes.collect()), ..WorkspaceEdit::default() };
        }
        let files = self.files.into_iter().map(|(uri, version, edits)| {
            let text_document = OptionalVersionedTextDocumentIdentifier {
                version,
                text_document_identifier: TextDocumentIdentifier { uri },
            };
            DocumentChange::TextDocumentEdit(TextDocumentEdit { text_document, edits })
        });
        // A file is changed where it lies before it goes elsewhere.
        let changes = files.chain(self.moves.into_iter().map(DocumentChange::RenameFile)).collect();
        WorkspaceEdit {
            document_changes: Some(changes),
            change_annotations: (!self.annotations.is_empty()).then_some(self.annotations),
            ..WorkspaceEdit::default()
        }
    }
}
