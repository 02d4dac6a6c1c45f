//! Diagnostics: syntax errors, files that are not indexed, folders that are not well.

use tower_lsp::gen_lsp_types::{
    Code, Diagnostic, DiagnosticSeverity, DiagnosticTag, Message, Position, Range,
};

use super::location::{Places, range};
use crate::lang::SyntaxError;
use crate::query::{Finding, FindingKind, What};
use crate::workspace::document::Unanalysed;
use crate::workspace::slot::Cause;
use crate::workspace::status::FolderStatus;

/// The name under which editors show them.
const SOURCE: &str = "coppice";

pub fn syntax_error(error: &SyntaxError, places: &Places<'_>) -> Diagnostic {
    diagnostic(range(places, error.span), DiagnosticSeverity::Error, "syntax", error.message.clone())
}

/// Why an open document is not analysed; nothing if it is simply in no language of ours.
pub fn about_document(why: &Unanalysed) -> Option<Diagnostic> {
    match why {
        Unanalysed::NoLanguage => None,
        other => {
            let message = format!("coppice cannot answer for this file: {other}");
            Some(diagnostic(Range::default(), DiagnosticSeverity::Warning, "not-analysed", message))
        }
    }
}

/// Its folder could not be asked what else is wrong with a file.
pub fn not_looked_for(why: &str) -> Diagnostic {
    let message = format!("coppice has not looked for all that may be wrong with this file: {why}");
    diagnostic(Range::default(), DiagnosticSeverity::Information, "not-looked-for", message)
}

/// A file of a folder that is not in its graph.
pub fn skipped_file(why: &str) -> Diagnostic {
    let message = format!("coppice does not index this file: {why}");
    diagnostic(Range::default(), DiagnosticSeverity::Information, "skipped", message)
}

/// What is wrong with a folder, or worth knowing of it.
pub fn about_folder(folder: &FolderStatus) -> Option<Diagnostic> {
    let (severity, code, message) = match (&folder.last_error, &folder.note) {
        (Some(error), _) => {
            let code = match error.cause {
                Cause::Memory => "over-budget",
                Cause::Build if folder.stale => "stale",
                Cause::Build => "build-failed",
            };
            match (folder.stale, folder.last_good) {
                (true, Some(good)) => {
                    let why = format!(
                        "coppice answers for {} as of {}: {}",
                        folder.name,
                        good.rfc3339(),
                        error.message
                    );
                    (DiagnosticSeverity::Warning, code, why)
                }
                _ => {
                    let why = format!("coppice cannot answer for {}: {}", folder.name, error.message);
                    (DiagnosticSeverity::Error, code, why)
                }
            }
        }
        (None, _) if let Some(degraded) = &folder.degraded => {
            let why = format!("coppice knows only part of {}: {}", folder.name, degraded.words());
            (DiagnosticSeverity::Warning, "over-budget", why)
        }
        (None, _) if let Some(owed) = &folder.owed => {
            let why = format!("coppice knows only part of {} just now: {}", folder.name, owed.why);
            let code = match owed.cause {
                Cause::Memory => "over-budget",
                Cause::Build => "unreadable",
            };
            (DiagnosticSeverity::Warning, code, why)
        }
        (None, Some(note)) => {
            (DiagnosticSeverity::Information, "note", format!("coppice, of {}: {note}", folder.name))
        }
        (None, None) => return None,
    };
    Some(diagnostic(Range::default(), severity, code, message))
}

/// What was found in a file. What is not needed is faded by clients that know the tag.
pub fn finding(finding: &Finding, places: &Places<'_>, unnecessary_tags: bool) -> Diagnostic {
    let (severity, code) = match finding.kind {
        FindingKind::UnresolvedImport => (DiagnosticSeverity::Warning, "unresolved-import"),
        FindingKind::UnusedImport => (DiagnosticSeverity::Hint, "unused-import"),
        FindingKind::UnusedLocal => (DiagnosticSeverity::Hint, "unused-local"),
        FindingKind::ImportCycle => (DiagnosticSeverity::Information, "import-cycle"),
        FindingKind::UnreachableDefinition => (DiagnosticSeverity::Hint, "unreachable-definition"),
    };
    let message = match (&finding.what, finding.kind) {
        (What::Path(path), _) => format!("There is no `{path}` in this folder"),
        (What::Circle(files), _) => {
            let first = files.first().map_or("", String::as_str);
            format!("Imports lead back here: {} → {first}", files.join(" → "))
        }
        (What::Name(name, _), FindingKind::UnusedImport) => format!("`{name}` is imported and not used"),
        (What::Name(name, _), FindingKind::UnusedLocal) => format!("`{name}` is not used"),
        (What::Name(name, _), _) => format!("`{name}` is private and not used anywhere"),
    };
    let unneeded = severity == DiagnosticSeverity::Hint && unnecessary_tags;
    let tags = unneeded.then(|| vec![DiagnosticTag::Unnecessary]);
    Diagnostic { tags, ..diagnostic(range(places, finding.span), severity, code, message) }
}

fn diagnostic(range: Range, severity: DiagnosticSeverity, code: &str, message: String) -> Diagnostic {
    let range = match range {
        // An empty range is invisible in some editors.
        Range { start, end } if start == end => {
            Range { start, end: Position { line: end.line, character: end.character.saturating_add(1) } }
        }
        range => range,
    };
    Diagnostic {
        range,
        severity: Some(severity),
        code: Some(Code::String(code.to_owned())),
        source: Some(SOURCE.to_owned()),
        message: Message::String(message),
        ..Diagnostic::default()
    }
}
