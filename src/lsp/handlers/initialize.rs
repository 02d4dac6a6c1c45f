//! `initialize`: who we are and what we can; everything else goes on in the background.

use tower_lsp::gen_lsp_types::{InitializeParams, InitializeResult, ServerCapabilities, ServerInfo};
use tower_lsp::jsonrpc::Result;

use crate::lsp::parent;
use crate::lsp::serve::Ending;
use crate::lsp::session::Session;

use std::sync::Arc;

pub fn handle(session: &Arc<Session>, params: InitializeParams) -> Result<InitializeResult> {
    if let Some(pid) = params.process_id {
        let session = Arc::clone(session);
        parent::on_death(pid, move || session.end(Ending::ParentDied(pid)));
    }
    let version = Some(env!("CARGO_PKG_VERSION").to_owned());
    Ok(InitializeResult {
        capabilities: ServerCapabilities::default(),
        server_info: Some(ServerInfo { name: "coppice".to_owned(), version }),
    })
}
