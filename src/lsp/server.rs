//! Which method goes to which handler.

use std::sync::Arc;

use crossbeam_channel::Sender;
use tower_lsp::gen_lsp_types::{InitializeParams, InitializeResult, InitializedParams};
use tower_lsp::jsonrpc::Result;
use tower_lsp::{LanguageServer, LspService};

use super::handlers;
use super::serve::{Ending, Options};
use super::session::Session;
use super::transport::Client;

/// What the service calls.
pub struct Server {
    pub session: Arc<Session>,
}

impl LanguageServer for Server {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        handlers::initialize::handle(&self.session, params)
    }
    async fn initialized(&self, _: InitializedParams) {
        handlers::initialized::handle(&self.session);
    }
    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }
}

/// The service over a new session.
pub fn service(
    client: Client,
    runtime: tokio::runtime::Handle,
    end: Sender<Ending>,
    options: Options,
) -> LspService<Server> {
    let test_hooks = options.test_hooks;
    let session = Arc::new(Session::new(client, runtime, end, options));
    // The library's own handle of the client is not used: it awaits the client before it queues a message, so that a
    // notification could arrive after the response that it precedes.
    let mut builder = LspService::build_with_lifecycle_methods(|_| Server { session });
    if test_hooks {
        builder = handlers::test_hooks::register(builder);
    }
    builder.finish().0
}

/// The session under a service.
pub fn session(service: &LspService<Server>) -> Arc<Session> {
    Arc::clone(&service.inner().session)
}
