//! Results as text. The service between handlers and transport passes results on as trees of JSON values, which take many
//! times what their text does; so a result is written where it is made, and goes through the service as one string.

use serde::Serialize;
use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};

/// The one key of an object that stands for a text; no result of the protocol has it.
const TEXT: &str = "coppice/text";

/// Writes a result.
///
/// # Errors
/// If it cannot be written as JSON, which is a fault of the server.
pub fn write(result: &impl Serialize) -> Result<Value> {
    let text = serde_json::to_string(result).map_err(|error| Error {
        code: ErrorCode::InternalError,
        message: format!("an answer cannot be written as JSON: {error}").into(),
        data: None,
    })?;
    Ok(json!({ TEXT: text }))
}

/// What the service has passed on. The text is JSON: it comes from [`write`] alone, and is not read again.
#[derive(Debug)]
pub enum Written {
    Text(String),
    Tree(Value),
}

impl From<Value> for Written {
    fn from(mut result: Value) -> Written {
        match result.get_mut(TEXT) {
            Some(Value::String(text)) => Written::Text(std::mem::take(text)),
            _ => Written::Tree(result),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_comes_out_as_it_would_have() {
        for value in [json!(null), json!("a \"b\" \u{e9}"), json!([{"b": 1, "a": [1.5, {}]}])] {
            let Written::Text(text) = Written::from(write(&value).unwrap()) else { panic!("no text") };
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
            assert!(matches!(Written::from(value), Written::Tree(_)));
        }
    }
}
