//! The errors that requests end in.

use tower_lsp::jsonrpc::{Error, ErrorCode};

/// A fault of the server itself.
pub fn internal(message: impl Into<String>) -> Error {
    Error { code: ErrorCode::InternalError, message: message.into().into(), data: None }
}

/// Nobody wants the answer any more.
pub fn cancelled() -> Error {
    Error::request_cancelled()
}
