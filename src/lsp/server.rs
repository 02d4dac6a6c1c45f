//! Which method goes to which handler.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use crossbeam_channel::Sender;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower_lsp::gen_lsp_types::{
    CallHierarchyIncomingCallsRequest, CallHierarchyOutgoingCallsRequest, CallHierarchyPrepareRequest,
    CodeActionRequest, CodeLensRequest, CodeLensResolveRequest, CompletionRequest, CompletionResolveRequest,
    DeclarationRequest, DefinitionRequest, DocumentDiagnosticRequest, DocumentHighlightRequest,
    DocumentLinkRequest, DocumentSymbolRequest, ExecuteCommandRequest, FoldingRangeRequest, HoverRequest,
    ImplementationRequest, InitializeParams, InitializeResult, InitializedParams, InlayHintRequest,
    InlayHintResolveRequest, LinkedEditingRangeRequest, MonikerRequest, PrepareRenameRequest,
    ReferencesRequest, RenameRequest, Request, SelectionRangeRequest, SemanticTokensDeltaRequest,
    SemanticTokensRangeRequest, SemanticTokensRequest, SignatureHelpRequest, TypeDefinitionRequest,
    TypeHierarchyPrepareRequest, TypeHierarchySubtypesRequest, TypeHierarchySupertypesRequest,
    WillCreateFilesRequest, WillDeleteFilesRequest, WillRenameFilesRequest, WorkspaceDiagnosticRequest,
    WorkspaceSymbolRequest,
};
use tower_lsp::jsonrpc::Result;
use tower_lsp::{LanguageServer, LspService, LspServiceBuilder};

use super::handlers;
use super::reading::Answer;
use super::serve::{Ending, Options};
use super::session::Session;
use super::transport::{Client, LEFT_OUT, written};
use super::work;

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
        self.session.finish();
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
    let mut builder = register(LspService::build_with_lifecycle_methods(|_| Server { session }));
    if test_hooks {
        builder = handlers::test_hooks::register(builder);
    }
    builder.finish().0
}

/// All methods but those of the lifecycle, which the trait above has.
fn register(builder: Builder) -> Builder {
    use handlers as h;
    let b = builder;
    let b = notification(b, "textDocument/didOpen", h::did_open::handle);
    let b = notification(b, "textDocument/didChange", h::did_change::handle);
    let b = notification(b, "textDocument/didSave", h::did_save::handle);
    let b = notification(b, "textDocument/didClose", h::did_close::handle);
    let b = notification(b, "workspace/didChangeWatchedFiles", h::did_change_watched_files::handle);
    let b = notification(b, "workspace/didChangeConfiguration", h::did_change_configuration::handle);
    let b = notification(b, "workspace/didChangeWorkspaceFolders", h::did_change_workspace_folders::handle);
    let b = notification(b, LEFT_OUT, h::left_out::handle);
    let b = request::<CompletionRequest>(b, h::completion::handle);
    let b = request::<CompletionResolveRequest>(b, h::completion_resolve::handle);
    let b = request::<DocumentSymbolRequest>(b, h::document_symbol::handle);
    let b = request::<DefinitionRequest>(b, h::definition::handle);
    let b = request::<DeclarationRequest>(b, h::declaration::handle);
    let b = request::<TypeDefinitionRequest>(b, h::type_definition::handle);
    let b = request::<ImplementationRequest>(b, h::implementation::handle);
    let b = request::<PrepareRenameRequest>(b, h::prepare_rename::handle);
    let b = request::<ReferencesRequest>(b, h::references::handle);
    let b = request::<SignatureHelpRequest>(b, h::signature_help::handle);
    let b = request::<CodeActionRequest>(b, h::code_action::handle);
    let b = request::<WillCreateFilesRequest>(b, h::file_operations::will_create);
    let b = request::<WillRenameFilesRequest>(b, h::file_operations::will_rename);
    let b = request::<WillDeleteFilesRequest>(b, h::file_operations::will_delete);
    let b = notification(b, "workspace/didCreateFiles", h::file_operations::did_create);
    let b = notification(b, "workspace/didRenameFiles", h::file_operations::did_rename);
    let b = notification(b, "workspace/didDeleteFiles", h::file_operations::did_delete);
    let b = request::<LinkedEditingRangeRequest>(b, h::linked_editing_range::handle);
    let b = request::<RenameRequest>(b, h::rename::handle);
    let b = request::<DocumentHighlightRequest>(b, h::document_highlight::handle);
    let b = request::<CallHierarchyPrepareRequest>(b, h::call_hierarchy::prepare);
    let b = request::<CallHierarchyIncomingCallsRequest>(b, h::call_hierarchy::incoming);
    let b = request::<CallHierarchyOutgoingCallsRequest>(b, h::call_hierarchy::outgoing);
    let b = request::<CodeLensRequest>(b, h::code_lens::handle);
    let b = request::<CodeLensResolveRequest>(b, h::code_lens::resolve);
    let b = request::<DocumentLinkRequest>(b, h::document_link::handle);
    let b = request::<InlayHintRequest>(b, h::inlay_hint::handle);
    let b = request::<InlayHintResolveRequest>(b, h::inlay_hint::resolve);
    let b = request::<MonikerRequest>(b, h::moniker::handle);
    let b = request::<FoldingRangeRequest>(b, h::folding_range::handle);
    let b = request::<SelectionRangeRequest>(b, h::selection_range::handle);
    let b = request::<SemanticTokensRequest>(b, h::semantic_tokens::full);
    let b = request::<SemanticTokensDeltaRequest>(b, h::semantic_tokens::delta);
    let b = request::<SemanticTokensRangeRequest>(b, h::semantic_tokens::range);
    let b = request::<TypeHierarchyPrepareRequest>(b, h::type_hierarchy::prepare);
    let b = request::<TypeHierarchySupertypesRequest>(b, h::type_hierarchy::supertypes);
    let b = request::<TypeHierarchySubtypesRequest>(b, h::type_hierarchy::subtypes);
    let b = request::<HoverRequest>(b, h::hover::handle);
    let b = request::<DocumentDiagnosticRequest>(b, h::diagnostic::handle);
    let b = request::<WorkspaceDiagnosticRequest>(b, h::workspace_diagnostic::handle);
    let b = request::<WorkspaceSymbolRequest>(b, h::workspace_symbol::handle);
    let b = request::<ExecuteCommandRequest>(b, h::execute_command::handle);
    b.custom_method("coppice/status", |server: &Server| h::status::handle(&server.session))
}

type Builder = LspServiceBuilder<Server>;

/// A request of the protocol. The handler captures what it reads before it returns the future.
fn request<R: Request>(builder: Builder, handle: fn(&Arc<Session>, R::Params) -> Answer<R::Result>) -> Builder
where
    R::Result: Send + 'static,
{
    let method = R::METHOD.as_str();
    builder.custom_method(method, move |server: &Server, params: R::Params| {
        let answer = handle(&server.session, params);
        let session = Arc::clone(&server.session);
        async move { write(&session, answer).await }
    })
}

/// Writes an answer. One that took its time may be long, and is written beside the runtime.
async fn write<T: Serialize + Send + 'static>(session: &Session, mut answer: Answer<T>) -> Result<Value> {
    let at_once = poll_fn(|cx| {
        Poll::Ready(match answer.as_mut().poll(cx) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        })
    });
    if let Some(answer) = at_once.await {
        return written::write(&answer?);
    }
    let answer = answer.await?;
    work::rest(session.manager()?.pool(), move || written::write(&answer)).await
}

/// A notification, which is over when its handler returns. One that cannot be read is worth a line in the log: the
/// client will not be told.
fn notification<P: DeserializeOwned + 'static>(
    builder: Builder,
    method: &'static str,
    handle: fn(&Arc<Session>, P),
) -> Builder {
    builder.custom_method(method, move |server: &Server, params: Value| {
        match serde_json::from_value(params) {
            Ok(params) => handle(&server.session, params),
            Err(error) => tracing::warn!("{method} makes no sense and is not followed: {error}"),
        }
        std::future::ready(())
    })
}

/// The session under a service.
pub fn session(service: &LspService<Server>) -> Arc<Session> {
    Arc::clone(&service.inner().session)
}
