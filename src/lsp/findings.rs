//! What is found in a file of a view, as diagnostics.

use tower_lsp::gen_lsp_types::Diagnostic;
use tower_lsp::jsonrpc::Result;

use super::convert::{self, Places};
use super::errors;
use super::features::ClientFeatures;
use crate::lang::LangId;
use crate::lang::modules::FileId;
use crate::query::{self, Finding, FindingKind, What};
use crate::workspace::cancel::CancelToken;
use crate::workspace::manager::Ready;
use crate::workspace::read::has_entry;
use crate::workspace::settings::{Settings, Switch};

/// The name under which a kind of finding is switched in the settings.
fn feature(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::UnresolvedImport => "unresolvedImports",
        FindingKind::UnusedImport => "unusedImports",
        FindingKind::UnusedLocal => "unusedLocals",
        FindingKind::ImportCycle => "importCycles",
        FindingKind::UnreachableDefinition => "unreachableDefinitions",
    }
}

/// The kinds that are not switched off for a language.
pub fn wanted(settings: &Settings, lang: Option<LangId>) -> Vec<FindingKind> {
    FindingKind::ALL
        .into_iter()
        .filter(|kind| settings.feature_in(feature(*kind), lang) != Switch::Off)
        .collect()
}

/// What is found in a file of a folder.
pub fn of_file(
    ready: &Ready,
    file: FileId,
    kinds: &[FindingKind],
    features: &ClientFeatures,
    cancel: &CancelToken,
) -> Result<Vec<Diagnostic>> {
    let found = query::findings(&ready.view, file, kinds, cancel.flag());
    if found.cancelled {
        return Err(errors::cancelled());
    }
    let places = Places::File(ready.view.positions(file, features.encoding));
    let is_certain = |finding: &&Finding| match &finding.what {
        // What is there and not indexed is no fault of the import.
        What::Path(path) => !has_entry(&ready.root, path),
        What::Name(..) | What::Circle(_) => true,
    };
    let certain = found.items.iter().filter(is_certain);
    Ok(certain.map(|finding| convert::finding(finding, &places, features.unnecessary_tags)).collect())
}
