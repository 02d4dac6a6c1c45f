//! Results as text. The service between handlers and transport passes results on as trees of JSON values, which take many
//! times what their text does; so a result is written where it is made, and goes through the service as one string.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
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

/// What the service has passed on.
#[derive(Debug)]
pub enum Written {
    Text(Box<RawValue>),
    Tree(Value),
}

impl From<Value> for Written {
    fn from(mut result: Value) -> Written {
        let text = match result.get_mut(TEXT) {
            Some(Value::String(text)) => std::mem::take(text),
            _ => return Written::Tree(result),
        };
        RawValue::from_string(text).map_or(Written::Tree(Value::Null), Written::Text)
    }
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Written::Text(text) => text.serialize(serializer),
            Written::Tree(tree) => tree.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_comes_out_as_it_would_have() {
        for value in [json!(null), json!("a \"b\" \u{e9}"), json!([{"b": 1, "a": [1.5, {}]}])] {
            let passed = Written::from(write(&value).unwrap());
            assert_eq!(serde_json::to_value(&passed).unwrap(), value);
            assert!(matches!(passed, Written::Text(_)));
            assert!(matches!(Written::from(value), Written::Tree(_)));
        }
    }
}
