//! `workspace/diagnostic`: errors and warnings of files that are not open, told when they change.
//!
//! A request to which there is nothing new to say waits until a folder says something else, or nobody wants it any more.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::oneshot;
use tower_lsp::gen_lsp_types::{
    Diagnostic, FullDocumentDiagnosticReport, Uri, WorkspaceDiagnosticParams, WorkspaceDiagnosticReport,
    WorkspaceDocumentDiagnosticReport, WorkspaceFullDocumentDiagnosticReport,
};
use tower_lsp::jsonrpc::Result;

use super::diagnostic::result_id;
use crate::lang::modules::Layout;
use crate::lsp::diagnostics::{FEATURE, of_document};
use crate::lsp::errors;
use crate::lsp::features::ClientFeatures;
use crate::lsp::findings;
use crate::lsp::partial::Parts;
use crate::lsp::reading::{Answer, at_once};
use crate::lsp::session::Session;
use crate::lsp::uri;
use crate::lsp::work::{CancelOnDrop, caught};
use crate::query::FindingKind;
use crate::workspace::cancel::CancelToken;
use crate::workspace::documents::DocumentSet;
use crate::workspace::manager::Ready;
use crate::workspace::settings::Switch;

/// Most files of one folder whose imports are followed for warnings; more would keep a thread busy with what nobody reads.
const FILES_MAX: usize = 5_000;
/// Most files with errors of one folder that are told of.
const FILES_TOLD_MAX: usize = 500;

/// What is wrong with files, by their URIs.
type Told = BTreeMap<String, (Uri, Vec<Diagnostic>)>;

/// A look at all folders.
#[derive(Default)]
struct Seen {
    told: Told,
    /// The folders, and whether they could tell.
    folders: Vec<(PathBuf, bool)>,
    /// Documents that are open, of which their own reports tell.
    open: Arc<DocumentSet>,
}

impl Seen {
    /// Whether it is known that nothing is wrong with a file that is not told of. What a folder said that cannot tell
    /// anything just now is not taken back.
    fn is_mended(&self, uri: &Uri) -> bool {
        let Some(path) = uri::to_path(uri) else { return true };
        if self.open.contains_key(path.as_path()) {
            return false;
        }
        let holding = self.folders.iter().filter(|(root, _)| path.starts_with(root));
        holding.max_by_key(|(root, _)| root.components().count()).is_none_or(|(_, tells)| *tells)
    }
}

pub fn handle(
    session: &Arc<Session>,
    params: WorkspaceDiagnosticParams,
) -> Answer<WorkspaceDiagnosticReport> {
    if session.manager().is_ok_and(|m| !m.all_settings().offers(FEATURE)) {
        return at_once(Ok(WorkspaceDiagnosticReport::default()));
    }
    let parts = Parts::new(session, params.partial_result_params);
    let before: HashMap<Uri, String> =
        params.previous_result_ids.into_iter().map(|previous| (previous.uri, previous.value)).collect();
    let mut changes = session.changes.subscribe();
    let first = look(session);
    let session = Arc::clone(session);
    Box::pin(async move {
        let mut seen = first.await?;
        loop {
            let items = news(seen, &before);
            if !items.is_empty() {
                let items = parts.send_as(items, |items| WorkspaceDiagnosticReport { items })?;
                return Ok(WorkspaceDiagnosticReport { items });
            }
            // Ended by the end of the session.
            changes.changed().await.map_err(|_| errors::cancelled())?;
            if session.is_over() {
                return Err(errors::cancelled());
            }
            seen = look(&session).await?;
        }
    })
}

/// What is not as the client knows it.
fn news(mut seen: Seen, before: &HashMap<Uri, String>) -> Vec<WorkspaceDocumentDiagnosticReport> {
    let mended: Vec<&Uri> = before.keys().filter(|uri| seen.is_mended(uri)).collect();
    let told = &mut seen.told;
    for uri in mended {
        told.entry(uri.as_str().to_owned()).or_insert_with(|| (uri.clone(), Vec::new()));
    }
    let news = seen.told.into_values().filter_map(|(uri, items)| {
        let id = result_id(&items);
        if before.get(&uri) == Some(&id) {
            return None;
        }
        Some(WorkspaceDocumentDiagnosticReport::WorkspaceFullDocumentDiagnosticReport(
            WorkspaceFullDocumentDiagnosticReport {
                uri,
                version: None,
                full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id: Some(id), items },
            },
        ))
    });
    news.collect()
}

/// What is wrong in all folders that are there, as they are now.
fn look(session: &Arc<Session>) -> impl Future<Output = Result<Seen>> + Send + use<> {
    let token = CancelToken::new();
    let features = session.features().cloned().unwrap_or_default();
    let (mut folders, mut open) = (Vec::new(), Arc::default());
    if let Ok(manager) = session.manager() {
        open = manager.documents();
        for capture in manager.capture_folders() {
            let (sender, found) = oneshot::channel::<Result<Option<Told>>>();
            let (session, features) = (Arc::clone(session), features.clone());
            let root = capture.folder().map(PathBuf::from);
            let wait = capture.settings().request_wait;
            capture.when_ready(wait, token.clone(), move |ready, cancel| {
                let _ = sender.send(caught(|| match ready {
                    Ok(ready) => in_folder(&session, &ready, &features, cancel).map(Some),
                    // One that is closed has nothing wrong any more.
                    Err(why) if !why.retryable => Ok(Some(Told::new())),
                    Err(_) => Ok(None),
                }));
            });
            folders.push((root, found));
        }
    }
    let guard = CancelOnDrop(token);
    async move {
        let _guard = guard;
        let mut seen = Seen { open, ..Seen::default() };
        for (root, found) in folders {
            let told = found.await.unwrap_or_else(|_| Err(errors::cancelled()))?;
            seen.folders.extend(root.map(|root| (root, told.is_some())));
            seen.told.extend(told.unwrap_or_default());
        }
        Ok(seen)
    }
}

fn in_folder(
    session: &Arc<Session>,
    ready: &Ready,
    features: &ClientFeatures,
    cancel: &CancelToken,
) -> Result<Told> {
    let manager = session.manager()?;
    let settings = manager.settings_at(&ready.root);
    let mut told = Told::new();
    let closed = ready.view.files().filter(|file| !ready.view.is_open(*file));
    for (number, file) in closed.enumerate() {
        if cancel.is_cancelled() {
            return Err(errors::cancelled());
        }
        if told.len() >= FILES_TOLD_MAX {
            break;
        }
        let lang = Some(ready.view.lang(file));
        if settings.feature_in(FEATURE, lang) == Switch::Off {
            continue;
        }
        let is_broken = ready.view.row(file).meta.syntax_errors > 0;
        if number >= FILES_MAX && !is_broken {
            continue;
        }
        let path = ready.absolute(file);
        let mut items = Vec::new();
        if is_broken && let Ok(document) = manager.capture(&path).local() {
            items = of_document(session, &Arc::clone(&document), features.encoding);
        }
        if number < FILES_MAX {
            let mut kinds = findings::wanted(&settings, lang);
            kinds.retain(|kind| *kind == FindingKind::UnresolvedImport);
            items.extend(findings::of_file(ready, file, &kinds, features, cancel)?);
        }
        if let Some(uri) = session.uris.of(&path).filter(|_| !items.is_empty()) {
            told.insert(uri.as_str().to_owned(), (uri, items));
        }
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_client_does_not_know_is_news() {
        let uri = |name: &str| Uri::parse(&format!("file:///{name}")).unwrap();
        let told = |names: &[&str]| -> Seen {
            let of = |name: &&str| (uri(name).as_str().to_owned(), (uri(name), vec![Diagnostic::default()]));
            Seen { told: names.iter().map(of).collect(), ..Seen::default() }
        };
        let known = |names: &[(&str, usize)]| -> HashMap<Uri, String> {
            let id = |count: usize| result_id(&vec![Diagnostic::default(); count]);
            names.iter().map(|(name, count)| (uri(name), id(*count))).collect()
        };
        assert_eq!(news(told(&["a", "b"]), &known(&[("a", 1)])).len(), 1);
        assert_eq!(news(told(&["a"]), &known(&[("a", 1), ("gone", 1)])).len(), 1, "what is mended is told");
        assert!(news(told(&["a"]), &known(&[("a", 1), ("mended", 0)])).is_empty());
        assert!(news(told(&[]), &known(&[])).is_empty());
        let silent = |folders: &[(&str, bool)]| {
            let folders = folders.iter().map(|(root, tells)| (PathBuf::from(root), *tells)).collect();
            news(Seen { folders, ..told(&[]) }, &known(&[("f/in/a", 1)])).len()
        };
        assert_eq!(silent(&[("/f", false)]), 0, "who cannot tell takes nothing back");
        assert_eq!(silent(&[("/f", false), ("/f/in", true)]), 1, "the innermost folder tells");
        assert_eq!(silent(&[("/g", false)]), 1, "the folder is closed");
    }
}
