//! What a body says: a request, a notification, a response, or nothing that JSON-RPC knows.

use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::error::Category;
use tower_lsp::jsonrpc::{Error, ErrorCode};

/// Most values that one message may hold. A parsed value takes many times the bytes of its text, so the limit on bytes
/// alone would let `[[],[],…` grow into gigabytes.
const VALUES_MAX: usize = 2_000_000;
/// What a parsed value takes beside its text: its place among others, which is doubled as they come, and its name.
const VALUE_BYTES: u64 = 96;
/// How often the text of a long string is there while it is read: as it came, unescaped in a buffer that is doubled as it
/// fills, and as a value.
const COPIES: u64 = 4;

/// What a body of so many bytes takes until it has been read, its values not counted.
pub fn text_bytes(length: usize) -> u64 {
    COPIES * length as u64
}

/// The same with its values; without a look at it if that is at most `uninteresting`.
pub fn read_bytes(body: &[u8], uninteresting: u64) -> u64 {
    let values = match body.len() as u64 * (COPIES + VALUE_BYTES) <= uninteresting {
        true => 0,
        false => values(body, VALUES_MAX + 1),
    };
    text_bytes(body.len()) + values as u64 * VALUE_BYTES
}

/// The id of a request, a number or a string; it is only ever compared and sent back.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestId(Box<str>);

impl RequestId {
    pub fn read(value: &Value) -> Option<RequestId> {
        matches!(value, Value::Number(_) | Value::String(_)).then(|| RequestId(value.to_string().into()))
    }

    /// As JSON.
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A message from the client.
#[derive(Debug)]
pub enum Message {
    Request {
        id: RequestId,
        method: String,
        params: Option<Value>,
    },
    Notification {
        method: String,
        params: Option<Value>,
    },
    /// To a request of ours; an error as the client sent it.
    Response {
        id: Value,
        result: Result<Value, Value>,
    },
    /// JSON, but no message.
    Invalid {
        id: Option<RequestId>,
        error: Error,
    },
}

/// The members of a message, whatever they are; absent and `null` are told apart.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    jsonrpc: Value,
    #[serde(default, deserialize_with = "present")]
    id: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    method: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    params: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    result: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    error: Option<Value>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Message {
    /// Reads a body; the error is for a body that is not JSON.
    pub fn read(body: &[u8]) -> Result<Message, Error> {
        if body.len() > VALUES_MAX && values(body, VALUES_MAX + 1) > VALUES_MAX {
            return Ok(invalid(None, format!("the message holds more than {VALUES_MAX} values")));
        }
        match serde_json::from_slice::<Envelope>(body) {
            Ok(envelope) => Ok(envelope.classify()),
            // A wrong type is reported before the rest has been seen.
            Err(error) if error.classify() == Category::Data => match serde_json::from_slice(body) {
                Ok(IgnoredAny) => Ok(invalid(None, format!("not a message: {error}"))),
                Err(error) => Err(no_json(&error)),
            },
            Err(error) => Err(no_json(&error)),
        }
    }
}

impl Envelope {
    fn classify(self) -> Message {
        let id = self.id.as_ref().and_then(RequestId::read);
        if self.jsonrpc != "2.0" {
            return invalid(id, "`jsonrpc` must be \"2.0\"");
        }
        match (self.method, self.id, id) {
            (Some(Value::String(method)), None, _) => Message::Notification { method, params: self.params },
            (Some(Value::String(method)), Some(_), Some(id)) => {
                Message::Request { id, method, params: self.params }
            }
            (Some(Value::String(_)), Some(_), None) => invalid(None, "`id` must be a number or a string"),
            (Some(_), _, id) => invalid(id, "`method` must be a string"),
            (None, Some(id), _) if self.result.is_some() || self.error.is_some() => {
                let result = match self.error {
                    Some(error) if !error.is_null() => Err(error),
                    _ => Ok(self.result.unwrap_or_default()),
                };
                Message::Response { id, result }
            }
            (None, _, id) => invalid(id, "neither a request nor a response"),
        }
    }
}

fn no_json(error: &serde_json::Error) -> Error {
    let message = format!("the body is not JSON: {error}").into();
    Error { code: ErrorCode::ParseError, message, data: None }
}

fn invalid(id: Option<RequestId>, why: impl Into<std::borrow::Cow<'static, str>>) -> Message {
    Message::Invalid { id, error: Error { code: ErrorCode::InvalidRequest, message: why.into(), data: None } }
}

/// What a message that is not read may have changed.
#[derive(Debug, PartialEq, Eq)]
pub enum Unheard {
    /// No document.
    Nothing,
    /// The document with this URI.
    Document(String),
    /// Some document.
    Any,
}

/// What the beginning of a message tells of the document that it changes. Inside of strings the words stand behind
/// backslashes, so that texts are no matter.
pub fn unheard(beginning: &[u8]) -> Unheard {
    let uri = || string_after(beginning, b"\"uri\"");
    match string_after(beginning, b"\"method\"").as_deref() {
        Some("textDocument/didOpen") => uri().map_or(Unheard::Nothing, Unheard::Document),
        // An answer to a request of ours.
        None if has(beginning, b"\"result\"") && !has(beginning, b"\"params\"") => Unheard::Nothing,
        Some("textDocument/didChange") | None => uri().map_or(Unheard::Any, Unheard::Document),
        Some(_) => Unheard::Nothing,
    }
}

fn has(body: &[u8], name: &[u8]) -> bool {
    memchr::memmem::find(body, name).is_some()
}

/// The string that is the value of the first member with this name.
fn string_after(body: &[u8], name: &[u8]) -> Option<String> {
    let rest = &body[memchr::memmem::find(body, name)? + name.len()..];
    let value = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let end = string_end(value.strip_prefix(b"\"")?, 0) + 1;
    serde_json::from_slice(value.get(..=end)?).ok()
}

/// The commas and opening brackets of a JSON text outside its strings; more than `enough` are not counted.
fn values(body: &[u8], enough: usize) -> usize {
    let (mut values, mut at) = (0, 0);
    while at < body.len() && values < enough {
        match body[at] {
            b'"' => at = string_end(body, at + 1),
            b',' | b'[' | b'{' => values += 1,
            _ => {}
        }
        at += 1;
    }
    values
}

/// Where the string whose contents start at `at` ends.
fn string_end(body: &[u8], mut at: usize) -> usize {
    while let Some(found) = memchr::memchr2(b'"', b'\\', body.get(at..).unwrap_or_default()) {
        at += found;
        if body[at] == b'"' {
            return at;
        }
        at += 2;
    }
    body.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: &str) {
        let shown = match Message::read(body.as_bytes()) {
            Ok(Message::Request { id, method, params }) => format!("request {id:?} {method} {params:?}"),
            Ok(Message::Notification { method, params }) => format!("notification {method} {params:?}"),
            Ok(Message::Response { id, result }) => format!("response {id} {result:?}"),
            Ok(Message::Invalid { id, error }) => format!("invalid {id:?} {}", error.code.code()),
            Err(error) => format!("error {}", error.code.code()),
        };
        assert_eq!(shown, expected, "{body}");
    }

    #[test]
    fn bodies_are_told_apart() {
        check(r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#, "request 1 m None");
        check(
            r#"{"jsonrpc":"2.0","id":"a\"b","method":"m","params":null}"#,
            r#"request "a\"b" m Some(Null)"#,
        );
        check(r#"{"jsonrpc":"2.0","id":99999999999999999,"method":"m"}"#, "request 99999999999999999 m None");
        check(r#"{"jsonrpc":"2.0","id":1.5,"method":"m"}"#, "request 1.5 m None");
        check(r#"{"jsonrpc":"2.0","method":"m","other":7}"#, "notification m None");
        check(r#"{"jsonrpc":"2.0","id":1,"result":null}"#, "response 1 Ok(Null)");
        check(r#"{"jsonrpc":"2.0","id":1,"result":2,"error":null}"#, "response 1 Ok(Number(2))");
        check(r#"{"jsonrpc":"2.0","id":1,"error":3}"#, "response 1 Err(Number(3))");
        check(r#"{"jsonrpc":"2.0","id":null,"method":"m"}"#, "invalid None -32600");
        check(r#"{"jsonrpc":"2.0","id":[],"method":"m"}"#, "invalid None -32600");
        check(r#"{"jsonrpc":"2.0","id":1,"method":3}"#, "invalid Some(1) -32600");
        check(r#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, "invalid Some(1) -32600");
        check(r#"{"id":1,"method":"m"}"#, "invalid Some(1) -32600");
        check(r#"{"jsonrpc":"2.0","id":1}"#, "invalid Some(1) -32600");
        check(r#"{"jsonrpc":"2.0"}"#, "invalid None -32600");
        check(r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"m"}"#, "invalid None -32600");
        for body in ["[]", "7", "\"x\"", "null", "{}", r#"[{"jsonrpc":"2.0","method":"m"}]"#] {
            check(body, "invalid None -32600");
        }
        for body in ["", "{", "nonsense", "1 2", "\"\\ud800\"", &"[".repeat(10_000)] {
            check(body, "error -32700");
        }
        assert!(Message::read(b"\"\xff\"").is_err());
    }

    #[test]
    fn the_beginning_tells_what_a_message_may_have_changed() {
        let check =
            |beginning: &str, expected| assert_eq!(unheard(beginning.as_bytes()), expected, "{beginning}");
        let document = || Unheard::Document("file:///a".to_owned());
        let change = r#"{"method": "textDocument/didChange","params":{"#;
        check(&format!(r#"{change}"textDocument":{{"uri":"file:///a","version":2}},"cont"#), document());
        check(
            &format!(r#"{change}"contentChanges":[{{"text":"\"uri\":\"file:///b\" and so on"#),
            Unheard::Any,
        );
        check(&format!(r#"{change}"textDocument":{{"uri":"file:/"#), Unheard::Any);
        check(r#"{"params":{"textDocument":{"uri":"file:\/\/\/a"}"#, document());
        check(r#"{"method":"textDocument/didOpen","params":{"textDocument":{"text":""#, Unheard::Nothing);
        check(r#"{"method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///a","#, document());
        check(
            r#"{"method":"workspace/executeCommand","params":{"arguments":[{"uri":"file:///a"}"#,
            Unheard::Nothing,
        );
        check(r#"{"id":1,"result":["#, Unheard::Nothing);
    }

    #[test]
    fn values_are_counted_outside_of_strings() {
        assert_eq!(values(b"[1,2,{\"a,,,,,,\\\",,,,\":3}]", 9), 4);
        assert_eq!(values(b"[1,2,{\"a\":3}]", 3), 3);
        assert_eq!(values(b"\"unterminated,,,,,,,", 9), 0);
        assert_eq!(values(b"\"\\", 9), 0);
    }
}
