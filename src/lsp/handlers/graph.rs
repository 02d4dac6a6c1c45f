//! The command `coppice.graph`: data for a picture of what is around a symbol, a file or a folder.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types::{Position, Uri};
use tower_lsp::jsonrpc::Error;

use crate::lang::modules::Layout;
use crate::lsp::abroad::Abroad;
use crate::lsp::convert::{self, Places};
use crate::lsp::errors;
use crate::lsp::reading::{Answer, asked_uri, at_once, read_folder};
use crate::lsp::session::Session;
use crate::query::{Centre, EdgeKind, Item, Leading, Picture, centre_at, leading_to, picture};
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
    let others = match Abroad::capture(session, FEATURE, &uri) {
        Ok(others) => others,
        Err(error) => return at_once(Err(error)),
    };
    let beyond = Arc::clone(session);
    let own = read_folder(session, FEATURE, &uri, move |path, ready, cancel| {
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
        let mut found = picture(&ready.view, &centre, depth, cancel.flag());
        if found.cancelled {
            return Err(errors::cancelled());
        }
        // What is in no open folder is none of the picture's business.
        found.retain(|item| asked_uri(&teller, ready, item.target.file()).is_some());
        let nodes: Vec<Value> = found.nodes.iter().map(|item| node(&teller, ready, item, encoding)).collect();
        let first = found.nodes.first().filter(|_| matches!(centre, Centre::Symbol(_)));
        let symbol = first.and_then(|item| {
            let file = item.location.file;
            let places = Places::File(ready.view.positions(file, encoding));
            let at = convert::range(&places, item.location.span).start;
            Some((asked_uri(&teller, ready, file)?, at, item.name.clone()))
        });
        Ok(Some((found, nodes, symbol)))
    });
    Box::pin(async move {
        let Some((mut picture, mut nodes, symbol)) = own.await? else { return Ok(None) };
        if let Some((uri, at, name)) = symbol {
            let leading = others.ask(&uri, move |reading, cancel| {
                let view = &reading.ready.view;
                let known = reading.offset(at).and_then(|offset| Item::at(view, reading.file, offset));
                let named = known
                    .filter(|symbol| view.name_text(view.facts(symbol.file).def(symbol.def).name) == name);
                let symbol = named.ok_or_else(Error::content_modified)?;
                let Leading { found, truncated } = leading_to(view, symbol, cancel.flag());
                let shown = |(item, kind): (Item, EdgeKind)| {
                    let node = node(&beyond, &reading.ready, &item, encoding);
                    (item, kind, node)
                };
                Ok(vec![(found.into_iter().map(shown).collect::<Vec<_>>(), truncated)])
            });
            let leading = leading.await?;
            picture.more |= !leading.whole;
            for (found, truncated) in leading.all {
                picture.more |= truncated;
                for (item, kind, node) in found {
                    // One step into another folder, and none further.
                    picture.more |= depth > 1;
                    if picture.add(item, kind) {
                        nodes.push(node);
                    }
                }
            }
        }
        Ok(Some(shown(&picture, nodes, format)))
    })
}

fn outside() -> Error {
    errors::invalid("the position is outside the document")
}

fn no_such() -> Error {
    errors::failed("it is neither a file nor a directory that is indexed")
}

fn shown(picture: &Picture, nodes: Vec<Value>, format: Format) -> Value {
    let (shown, total, more) = (picture.nodes.len(), picture.total, picture.more);
    let text = |name: &str, text: String| json!({"format": name, "text": text, "shown": shown, "total": total, "more": more});
    match format {
        Format::Dot => text("dot", picture.dot()),
        Format::Mermaid => text("mermaid", picture.mermaid()),
        Format::Json => {
            let numbered = |(id, mut node): (usize, Value)| {
                node["id"] = json!(id);
                node
            };
            let nodes: Vec<Value> = nodes.into_iter().enumerate().map(numbered).collect();
            let edges: Vec<Value> = picture
                .edges
                .iter()
                .map(|e| json!({"from": e.from, "to": e.to, "kind": e.kind.name()}))
                .collect();
            json!({"format": "json", "nodes": nodes, "edges": edges, "shown": shown, "total": total, "more": more})
        }
    }
}

fn node(session: &Session, ready: &Ready, item: &Item, encoding: Encoding) -> Value {
    let file = item.location.file;
    let places = Places::File(ready.view.positions(file, encoding));
    // What is asked about may be a dependency's outside every folder.
    let uri = asked_uri(session, ready, file).or_else(|| session.uris.of(&ready.absolute(file)));
    let kind = item.kind.map_or("file".to_owned(), |kind| format!("{kind:?}").to_lowercase());
    json!({
        "label": item.name,
        "kind": kind,
        "detail": item.container,
        "uri": uri,
        "range": convert::range(&places, item.location.span),
    })
}
