//! `coppice/status`: answered at any time.

use std::sync::Arc;

use crate::lsp::convert;
use crate::lsp::reading::{Answer, at_once};
use crate::lsp::session::Session;

pub fn handle(session: &Arc<Session>) -> Answer<convert::Status> {
    at_once(session.manager().map(|manager| convert::status(manager.status())))
}
