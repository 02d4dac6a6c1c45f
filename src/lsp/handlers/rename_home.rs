//! Where the rename of a name belongs that another open folder defines.

use std::path::PathBuf;
use std::sync::Arc;

use tower_lsp::gen_lsp_types::{Position, Range, TextDocumentPositionParams, Uri};

use super::rename::{FEATURE, refused_if_stale};
use crate::lsp::convert;
use crate::lsp::reading::{Answer, Found, Patience, read_reaching};
use crate::lsp::session::Session;
use crate::query;
use crate::workspace::manager::{Known, Reach};

/// The definition of a name in another folder than the one that the name stands in.
pub struct Home {
    pub folder: PathBuf,
    pub uri: Uri,
    pub position: Position,
    /// The name that was asked about.
    pub origin: Range,
    pub text: String,
    /// All that has to change with it, as far as that is known where the name stands: there, and wherever that defines it.
    pub known: Vec<(Uri, Range)>,
}

/// Where what stands at the position is defined, if that is not its own folder.
pub fn find(
    session: &Arc<Session>,
    TextDocumentPositionParams { text_document, position }: &TextDocumentPositionParams,
) -> Answer<Option<Home>> {
    let (uri, position) = (text_document.uri.clone(), *position);
    let asked = uri.clone();
    read_reaching(Reach::Dependencies, session, FEATURE, &uri, Patience::Folder, move |reading, _, _| {
        let (ready, file) = (&reading.ready, reading.file);
        let Some(offset) = reading.offset(position) else { return Ok(Found::Nothing) };
        let Some(outside) = query::rename_outside(&ready.view, file, offset) else {
            return Ok(Found::Nothing);
        };
        let first = outside.defined.iter().find(|(file, _)| ready.view.is_library(*file));
        let Some((folder, home)) = first.and_then(|(file, _)| reading.home(*file)) else {
            return Ok(Found::Nothing);
        };
        refused_if_stale(&ready.freshness)?;
        let origin = reading.range(outside.span);
        let mut known = vec![(asked.clone(), origin)];
        for (file, span) in &outside.defined {
            // What lies in no open folder cannot be changed.
            let Some(uri) = reading.asked_uri(*file) else { return Ok(Found::Nothing) };
            known.push((uri, convert::range(&reading.places(*file), *span)));
        }
        let position = known.iter().skip(1).find(|(uri, _)| *uri == home).map(|(_, range)| range.start);
        let Some(position) = position.filter(|_| ready.freshness.dependencies != Known::Reading) else {
            return Ok(Found::Nothing);
        };
        Ok(Found::Answer(Home { folder, uri: home, position, origin, text: outside.text, known }))
    })
}
