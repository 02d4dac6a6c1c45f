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

/// What is lost with a message that is not read.
#[derive(Debug, PartialEq, Eq)]
pub enum Unheard {
    /// Nothing that is missed.
    Nothing,
    /// A request, which is to be answered nonetheless.
    Request(RequestId),
    /// The answer to a request of ours, to the one with this id if that can be told.
    Reply(Option<Value>),
    /// What has become of the document with this URI.
    Document(String),
    /// A document that has been opened; it cannot be told which.
    Opened,
    /// What has become of files, or something else that is told by a notification.
    Files,
    /// It cannot be told what, so it may be anything.
    Any,
}

impl Unheard {
    /// Whether the whole message would tell more, or nothing can stand in for it.
    pub fn is_missed(&self) -> bool {
        matches!(self, Unheard::Opened | Unheard::Files | Unheard::Any | Unheard::Reply(None))
    }
}

/// What the beginning of a message tells of what would be lost with it.
pub fn unheard(beginning: &[u8]) -> Unheard {
    let head = Head::of(beginning);
    if head.is_reply && head.method.is_none() {
        return Unheard::Reply(head.id);
    }
    if let Some(id) = head.id.filter(|_| head.method.is_some() || head.has_params) {
        return RequestId::read(&id).map_or(Unheard::Nothing, Unheard::Request);
    }
    match head.method.as_deref() {
        Some("textDocument/didOpen") => first_uri(beginning).map_or(Unheard::Opened, Unheard::Document),
        Some("textDocument/didChange") => first_uri(beginning).map_or(Unheard::Any, Unheard::Document),
        // May be ignored, says the protocol.
        Some(method) if method.starts_with("$/") => Unheard::Nothing,
        // Or a request whose id stands behind.
        Some(_) => Unheard::Files,
        None => Unheard::Any,
    }
}

/// The members of a message that stand in its beginning; those of what it holds may have the same names.
#[derive(Default)]
struct Head {
    /// A number or a string.
    id: Option<Value>,
    method: Option<String>,
    has_params: bool,
    is_reply: bool,
}

impl Head {
    fn of(beginning: &[u8]) -> Head {
        let (mut head, mut depth, mut at) = (Head::default(), 0_usize, 0);
        while at < beginning.len() {
            match beginning[at] {
                b'"' => {
                    let end = string_end(beginning, at + 1);
                    let rest = beginning.get(end + 1..).unwrap_or_default().trim_ascii_start();
                    if depth == 1
                        && let Some(value) = rest.strip_prefix(b":")
                    {
                        head.see(&beginning[at + 1..end], value.trim_ascii_start());
                    }
                    at = end;
                }
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            at += 1;
        }
        head
    }

    fn see(&mut self, name: &[u8], value: &[u8]) {
        match name {
            b"id" => self.id = string(value).map(Value::String).or_else(|| number(value)),
            b"method" => self.method = string(value),
            b"params" => self.has_params = true,
            b"result" | b"error" => self.is_reply = true,
            _ => {}
        }
    }
}

/// The first value of a member `uri`. Inside of strings the word stands behind backslashes, so that texts are no matter.
fn first_uri(body: &[u8]) -> Option<String> {
    const NAME: &[u8] = b"\"uri\"";
    memchr::memmem::find_iter(body, NAME).find_map(|at| {
        string(body[at + NAME.len()..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start())
    })
}

/// The string at the beginning of these bytes, if it ends in them.
fn string(value: &[u8]) -> Option<String> {
    let end = string_end(value.strip_prefix(b"\"")?, 0) + 1;
    serde_json::from_slice(value.get(..=end)?).ok()
}

/// The same for a number.
fn number(value: &[u8]) -> Option<Value> {
    let end = value.iter().position(|b| b",}".contains(b) || b.is_ascii_whitespace())?;
    serde_json::from_slice(&value[..end]).ok().filter(Value::is_number)
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
    fn the_beginning_tells_what_is_lost_with_a_message() {
        let check =
            |beginning: &str, expected| assert_eq!(unheard(beginning.as_bytes()), expected, "{beginning}");
        let document = || Unheard::Document("file:///a".to_owned());
        let change = r#"{"method": "textDocument/didChange","params":{"#;
        check(&format!(r#"{change}"textDocument":{{"uri":"file:///a","version":2}},"cont"#), document());
        check(&format!(r#"{change}"textDocument":{{"uri":"file:\/\/\/a"}}"#), document());
        check(
            &format!(r#"{change}"contentChanges":[{{"text":"\"uri\":\"file:///b\" and so on"#),
            Unheard::Any,
        );
        check(&format!(r#"{change}"textDocument":{{"uri":"file:/"#), Unheard::Any);
        check(r#"{"params":{"textDocument":{"uri":"file:///a"}"#, Unheard::Any);
        let open = r#"{"method":"textDocument/didOpen","params":{"textDocument":{"#;
        check(&format!(r#"{open}"text":""#), Unheard::Opened);
        check(&format!(r#"{open}"uri":"file:///a","#), document());
        check(&format!(r#"{open}"text":"uri","uri":"file:///a""#), document());
        for told in ["didChangeWatchedFiles", "didChangeConfiguration", "didRenameFiles"] {
            let begun =
                format!(r#"{{"method":"workspace/{told}","params":{{"changes":[{{"uri":"file:///a"}},"#);
            check(&begun, Unheard::Files);
        }
        check(r#"{"method":"textDocument/didClose","params":{"textDocument":{"#, Unheard::Files);
        check(r#"{"method":"$/x","params":["#, Unheard::Nothing);
    }

    #[test]
    fn the_beginning_tells_whom_a_message_is_an_answer_or_a_question_to() {
        let check =
            |beginning: &str, expected| assert_eq!(unheard(beginning.as_bytes()), expected, "{beginning}");
        let request = |id: Value| Unheard::Request(RequestId::read(&id).unwrap());
        check(r#"{"id":17,"method":"m","params":[{"id":3}"#, request(17.into()));
        check(r#"{"method":"m","id" : "a\"b" ,"params":["#, request("a\"b".into()));
        check(
            r#"{"method":"m","params":{"id":3,"method":"textDocument/didOpen"},"id":4}"#,
            request(4.into()),
        );
        check(r#"{"method":"m","params":{"id":3,"result":5,"#, Unheard::Files);
        check(r#"{"method":"m","params":"id\":3","id":1"#, Unheard::Files);
        check(r#"{"id":1,"result":["#, Unheard::Reply(Some(1.into())));
        check(r#"{"error":{"message":"no"},"id":1}"#, Unheard::Reply(Some(1.into())));
        check(r#"{"result":[{"id":3}"#, Unheard::Reply(None));
        for cut in [
            "",
            "{",
            "{\"",
            "{\"id\"",
            "{\"id\":",
            "{\"id\":1",
            "{\"id\":1,",
            "{\"method\":\"m",
            "]]\"id\":1,",
        ] {
            check(cut, Unheard::Any);
        }
    }

    #[test]
    fn values_are_counted_outside_of_strings() {
        assert_eq!(values(b"[1,2,{\"a,,,,,,\\\",,,,\":3}]", 9), 4);
        assert_eq!(values(b"[1,2,{\"a\":3}]", 3), 3);
        assert_eq!(values(b"\"unterminated,,,,,,,", 9), 0);
        assert_eq!(values(b"\"\\", 9), 0);
    }
}
