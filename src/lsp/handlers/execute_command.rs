//! `workspace/executeCommand`: what users do with folders, and ask about answers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tower_lsp::gen_lsp_types::{ExecuteCommandParams, TextDocumentPositionParams, Uri};
use tower_lsp::jsonrpc::Result;

use super::{graph, status};
use crate::lsp::convert;
use crate::lsp::errors;
use crate::lsp::reading::{Answer, Patience, Reading, at_once, read};
use crate::lsp::session::Session;
use crate::lsp::uri;
use crate::query::{self, Candidate, Empty};
use crate::workspace::manager::{Known, Manager};

pub const COMMANDS: [&str; 8] = [
    "coppice.reload",
    "coppice.cancelBuild",
    "coppice.evict",
    "coppice.pin",
    "coppice.unpin",
    "coppice.status",
    "coppice.why",
    "coppice.graph",
];

pub fn handle(session: &Arc<Session>, params: ExecuteCommandParams) -> Answer<Option<Value>> {
    let arguments = params.arguments.unwrap_or_default();
    match params.command.as_str() {
        "coppice.reload" => at_once(on_folder(session, &arguments, Manager::reload)),
        "coppice.cancelBuild" => at_once(on_folder(session, &arguments, Manager::cancel_build)),
        "coppice.evict" => at_once(on_folder(session, &arguments, Manager::evict)),
        "coppice.pin" => at_once(on_folder(session, &arguments, Manager::pin)),
        "coppice.unpin" => at_once(on_folder(session, &arguments, Manager::unpin)),
        "coppice.status" => {
            let status = status::handle(session);
            Box::pin(async move {
                serde_json::to_value(status.await?).map(Some).map_err(|e| errors::internal(e.to_string()))
            })
        }
        "coppice.graph" => graph::handle(session, arguments),
        "coppice.why" => why(session, arguments),
        other => at_once(Err(errors::invalid(format!("there is no command {other}")))),
    }
}

fn on_folder(
    session: &Session,
    arguments: &[Value],
    act: impl FnOnce(&Manager, &Path) -> bool,
) -> Result<Option<Value>> {
    let manager = session.manager()?;
    let folder = folder(manager, arguments)?;
    match act(manager, &folder) {
        true => Ok(None),
        false => Err(errors::invalid(format!("{} is not an open folder", folder.display()))),
    }
}

/// The folder whose URI is the first argument; without one, the only folder there is.
fn folder(manager: &Manager, arguments: &[Value]) -> Result<PathBuf> {
    match arguments.first() {
        Some(Value::String(text)) => Uri::parse(text)
            .ok()
            .and_then(|uri| uri::to_path(&uri))
            .ok_or_else(|| errors::invalid(format!("{text:?} is not the URI of a folder"))),
        Some(other) => Err(errors::invalid(format!("a folder's URI is needed, not {other}"))),
        None => match manager.folders().as_slice() {
            [(path, _)] => Ok(path.clone()),
            _ => Err(errors::invalid("a folder's URI is needed")),
        },
    }
}

/// What is known of the name under a position, and how.
fn why(session: &Arc<Session>, arguments: Vec<Value>) -> Answer<Option<Value>> {
    let at: TextDocumentPositionParams = match arguments.into_iter().next().map(serde_json::from_value) {
        Some(Ok(at)) => at,
        Some(Err(error)) => return at_once(Err(errors::invalid(error.to_string()))),
        None => return at_once(Err(errors::invalid("a document and a position are needed"))),
    };
    let uri = at.text_document.uri;
    read(session, "why", &uri, Patience::Folder, move |reading, _, _| {
        let offset = reading.offset(at.position);
        let why = offset.and_then(|offset| query::why(&reading.ready.view, reading.file, offset));
        Ok(why.map(|why| shown(reading, &why)).into())
    })
}

fn shown(reading: &Reading, why: &query::Why) -> Value {
    let freshness = &reading.ready.freshness;
    let stale = freshness.stale.as_ref().map(
        |s| json!({"ageMs": s.age.as_millis() as u64, "lastGoodAt": s.last_good.rfc3339(), "error": s.error}),
    );
    let candidates: Vec<Value> = why.candidates.iter().map(|c| candidate(reading, c)).collect();
    let nothing = why.empty.map(|empty| match empty {
        Empty::NotAName => "there is no name here",
        Empty::External => "it is defined outside the folder",
        Empty::Unresolved(why) => why,
    });
    let found = why.candidates.iter().map(|c| c.destination.location.file);
    let files = std::iter::once(reading.file).chain(found);
    json!({
        "name": why.name,
        "role": why.role.map(|role| format!("{role:?}").to_lowercase()),
        "receiver": why.receiver,
        "tier": why.tier.map(|tier| format!("{tier:?}").to_lowercase()),
        "how": why.tier.map(|tier| tier.words()),
        "nothing": nothing,
        "candidates": candidates,
        "generation": freshness.generation,
        "stale": stale,
        "missing": freshness.missing().or_else(|| reading.ready.outdated(files)),
        "dependenciesAreBeingRead": freshness.dependencies == Known::Reading,
    })
}

fn candidate(reading: &Reading, candidate: &Candidate) -> Value {
    let destination = &candidate.destination;
    let file = destination.location.file;
    let places = reading.places(file);
    json!({
        "name": destination.name,
        "kind": format!("{:?}", destination.kind).to_lowercase(),
        "how": candidate.words,
        "uri": reading.uri(file),
        "range": convert::range(&places, destination.location.span),
    })
}
