//! `initialized`: from here on the client may be asked.

use crate::lsp::session::Session;

pub fn handle(_: &Session) {}
