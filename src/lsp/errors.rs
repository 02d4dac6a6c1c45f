//! The errors that requests end in.

use serde_json::json;
use tower_lsp::jsonrpc::{Error, ErrorCode};

use super::transport::REQUEST_FAILED;
use super::uri;
use crate::workspace::document::Unanalysed;
use crate::workspace::ledger::Refused;
use crate::workspace::manager::{Kind, Unavailable};
use crate::workspace::pool::NotTaken;

/// A fault of the server itself.
pub fn internal(message: impl Into<String>) -> Error {
    Error { code: ErrorCode::InternalError, message: message.into().into(), data: None }
}

/// Nobody wants the answer any more.
pub fn cancelled() -> Error {
    Error::request_cancelled()
}

/// Parameters that fit the protocol and make no sense.
pub fn invalid(message: impl Into<String>) -> Error {
    Error::invalid_params(message.into())
}

/// The request is in order, and cannot be served now.
pub fn failed(message: impl Into<String>) -> Error {
    Error { code: ErrorCode::ServerError(REQUEST_FAILED), message: message.into().into(), data: None }
}

/// The pool does not run it. A client that has ended the server waits for no answer, and shows no cancelled one to its
/// user.
pub fn not_taken(why: NotTaken) -> Error {
    match why {
        NotTaken::Full | NotTaken::NoThread => failed(why.to_string()),
        NotTaken::Closed => cancelled(),
    }
}

/// There is nothing to answer from: why, in a form that a client can act on.
pub fn unavailable(why: &Unavailable) -> Error {
    if why.kind == Kind::Cancelled {
        return cancelled();
    }
    let folder = why.folder.as_deref().and_then(uri::of_path);
    let data = json!({"kind": why.kind.name(), "folder": folder, "retryable": why.retryable});
    Error { data: Some(data), ..failed(why.message.clone()) }
}

/// The kind that an error of [`unavailable`] tells a client.
pub fn kind(error: &Error) -> Option<&str> {
    error.data.as_ref()?.get("kind")?.as_str()
}

/// The document itself cannot be answered from.
pub fn not_analysed(why: &Unanalysed) -> Error {
    let (kind, retryable) = match why {
        Unanalysed::Memory(_) => (Kind::MemoryExceeded, true),
        _ => (Kind::Document, false),
    };
    unavailable(&Unavailable { kind, folder: None, retryable, message: why.to_string() })
}

/// The answer is there, and the budget has no room for it until the client has read what waits for it.
pub fn no_room(refused: &Refused) -> Error {
    memory_exceeded(format!("the answer waits for memory that is not free: {refused}"))
}

/// A message has come for which the budget has no room; it has not been read.
pub fn left_out(length: usize, refused: &Refused) -> Error {
    memory_exceeded(format!("a message of {length} bytes is not read: {refused}"))
}

fn memory_exceeded(message: String) -> Error {
    unavailable(&Unavailable { kind: Kind::MemoryExceeded, folder: None, retryable: true, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_available_says_why() {
        let why = Unavailable {
            kind: Kind::BuildFailed,
            folder: Some("/a b".into()),
            retryable: true,
            message: "it is not a directory".to_owned(),
        };
        let error = unavailable(&why);
        let data = json!({"kind": "workspace_build_failed", "folder": "file:///a%20b", "retryable": true});
        assert_eq!((error.code.code(), error.data), (-32803, Some(data)));
        assert_eq!(unavailable(&Unavailable { kind: Kind::Cancelled, ..why }).code.code(), -32800);
    }

    #[test]
    fn who_ends_the_server_is_told_of_no_crowd() {
        assert_eq!(not_taken(NotTaken::Closed).code.code(), -32800);
        assert_eq!(not_taken(NotTaken::Full).code.code(), -32803);
    }
}
