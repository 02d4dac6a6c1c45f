//! `workspace/didChangeWorkspaceFolders`: folders come and go.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use tower_lsp::gen_lsp_types::Uri;

use crate::lsp::configuration;
use crate::lsp::session::Session;
use crate::lsp::uri;

#[derive(Deserialize)]
pub struct Params {
    event: Event,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    added: Vec<Folder>,
    #[serde(default)]
    removed: Vec<Folder>,
}

/// Each is looked at by itself, so that one that makes no sense does not take the others with it.
#[derive(Deserialize)]
struct Folder {
    uri: String,
    #[serde(default)]
    name: String,
}

impl Folder {
    fn path(&self) -> Option<PathBuf> {
        Uri::parse(&self.uri).ok().and_then(|uri| uri::to_path(&uri))
    }
}

pub fn handle(session: &Arc<Session>, params: Params) {
    let Ok(manager) = session.manager() else { return };
    for path in params.event.removed.iter().filter_map(Folder::path) {
        manager.remove_folder(&path);
    }
    let mut left_out = Vec::new();
    for folder in &params.event.added {
        let Some(path) = folder.path() else {
            left_out.push(format!("{:?}", folder.uri));
            continue;
        };
        let name = if folder.name.is_empty() { uri::folder_name(&path) } else { folder.name.clone() };
        manager.add_folder(&path, &name);
    }
    if !params.event.added.is_empty() && session.features().is_ok_and(|f| f.configuration) {
        configuration::pull(session);
    }
    session.left_out(&left_out);
}
