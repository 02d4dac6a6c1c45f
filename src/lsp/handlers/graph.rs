//! The command `coppice.graph`: data for a picture of what is around a symbol, a file or a folder.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types::{Position, Uri};
use tower_lsp::jsonrpc::{Error, Result};

use crate::lang::modules::Layout;
use crate::lsp::convert::{self, Places};
use crate::lsp::errors;
use crate::lsp::reading::{Answer, at_once, read_folder};
use crate::lsp::session::Session;
use crate::query::{Centre, Item, Picture, centre_at, picture};
use crate::text::Encoding;
use crate::workspace::manager::Ready;

pub const FEATURE: &str = "graph";
/// Most steps from what is in the middle; beyond it everything belongs together.
const DEPTH_MAX: usize = 2;

#[derive(Deserialize)]
struct Arguments {
    uri: Uri,
    #[serde(default)]
    position: Option<Position>,
    #[serde(default)]
    depth: Option<usize>,
    #[serde(default)]
    format: Format,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Json,
    Dot,
    Mermaid,
}

pub fn handle(session: &Arc<Session>, arguments: Vec<Value>) -> Answer<Option<Value>> {
    let arguments: Arguments = match arguments.into_iter().next().map(serde_json::from_value) {
        Some(Ok(arguments)) => arguments,
        Some(Err(error)) => return at_once(Err(errors::invalid(error.to_string()))),
        None => return at_once(Err(errors::invalid("the URI of a document or folder is needed"))),
    };
    let depth = arguments.depth.unwrap_or(1);
    if !(1..=DEPTH_MAX).contains(&depth) {
        return at_once(Err(errors::invalid(format!("the depth is from 1 to {DEPTH_MAX}, not {depth}"))));
    }
    let encoding = session.features().map(|f| f.encoding).unwrap_or_default();
    let teller = Arc::clone(session);
    let Arguments { uri, position, format, .. } = arguments;
    read_folder(session, FEATURE, &uri, move |path, ready, cancel| {
        let centre = match ready.file {
            Some(file) => {
                let offset = |at| ready.view.offset(file, convert::text_position(at), encoding);
                match position.map(|at| offset(at).ok_or_else(outside)).transpose()? {
                    Some(offset) => centre_at(&ready.view, file, offset),
                    None => Centre::File(file),
                }
            }
            None => {
                let inside = path.strip_prefix(&ready.root).ok().and_then(|p| p.to_str());
                let inside =
                    inside.filter(|dir| dir.is_empty() || ready.view.has_dir(dir)).ok_or_else(no_such)?;
                Centre::Directory(inside.to_owned())
            }
        };
        let found = picture(&ready.view, &centre, depth, cancel.flag());
        if found.cancelled {
            return Err(errors::cancelled());
        }
        shown(&teller, ready, &found, format, encoding).map(Some)
    })
}

fn outside() -> Error {
    errors::invalid("the position is outside the document")
}

fn no_such() -> Error {
    errors::failed("it is neither a file nor a directory that is indexed")
}

fn shown(
    session: &Session,
    ready: &Ready,
    picture: &Picture,
    format: Format,
    encoding: Encoding,
) -> Result<Value> {
    let (shown, total, more) = (picture.nodes.len(), picture.total, picture.more);
    let text = |name: &str, text: String| json!({"format": name, "text": text, "shown": shown, "total": total, "more": more});
    Ok(match format {
        Format::Dot => text("dot", picture.dot()),
        Format::Mermaid => text("mermaid", picture.mermaid()),
        Format::Json => {
            let nodes: Vec<Value> = picture
                .nodes
                .iter()
                .enumerate()
                .map(|(id, n)| node(session, ready, id, n, encoding))
                .collect();
            let edges: Vec<Value> = picture
                .edges
                .iter()
                .map(|e| json!({"from": e.from, "to": e.to, "kind": e.kind.name()}))
                .collect();
            json!({"format": "json", "nodes": nodes, "edges": edges, "shown": shown, "total": total, "more": more})
        }
    })
}

fn node(session: &Session, ready: &Ready, id: usize, item: &Item, encoding: Encoding) -> Value {
    let file = item.location.file;
    let places = Places::File(ready.view.positions(file, encoding));
    let kind = item.kind.map_or("file".to_owned(), |kind| format!("{kind:?}").to_lowercase());
    json!({
        "id": id,
        "label": item.name,
        "kind": kind,
        "detail": item.container,
        "uri": session.uris.of(&ready.absolute(file)),
        "range": convert::range(&places, item.location.span),
    })
}
