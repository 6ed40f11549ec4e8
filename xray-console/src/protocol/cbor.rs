//! Smithy RPC v2 CBOR, as the CloudWatch clients of today speak it.

use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value};

/// Levels that input may nest; the reader would go deeper than we want to follow.
const DEPTH: usize = 64;

/// Decodes a body; an empty one is an empty object. Timestamps (tag 1) become epoch seconds.
pub(super) fn decode(body: &[u8]) -> Result<Value, String> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let value: Cbor =
        ciborium::de::from_reader_with_recursion_limit(body, DEPTH).map_err(|error| format!("the body is no CBOR: {error}"))?;
    to_json(value)
}

fn to_json(value: Cbor) -> Result<Value, String> {
    Ok(match value {
        Cbor::Integer(number) => i64::try_from(number).map_or(Value::Null, Value::from),
        Cbor::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        Cbor::Text(text) => Value::String(text),
        Cbor::Bool(flag) => Value::Bool(flag),
        Cbor::Tag(_, inner) => to_json(*inner)?,
        Cbor::Array(items) => Value::Array(items.into_iter().map(to_json).collect::<Result<_, _>>()?),
        Cbor::Map(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let Cbor::Text(key) = key else { return Err("a key of the body is no text".into()) };
                map.insert(key, to_json(value)?);
            }
            Value::Object(map)
        }
        _ => Value::Null,
    })
}

/// Encodes an answer. Numbers are doubles, as CloudWatch's model has them; those below a key that names a time get tag 1.
pub(super) fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    if let Err(error) = ciborium::into_writer(&from_json(value, false), &mut out) {
        tracing::error!(%error, "an answer could not be encoded");
    }
    out
}

fn from_json(value: &Value, is_time: bool) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(flag) => Cbor::Bool(*flag),
        Value::Number(number) => {
            let number = Cbor::Float(number.as_f64().unwrap_or(0.0));
            if is_time { Cbor::Tag(1, Box::new(number)) } else { number }
        }
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Array(items) => Cbor::Array(items.iter().map(|item| from_json(item, is_time)).collect()),
        Value::Object(map) => Cbor::Map(
            map.iter()
                .map(|(key, value)| (Cbor::Text(key.clone()), from_json(value, matches!(key.as_str(), "Timestamp" | "Timestamps"))))
                .collect(),
        ),
    }
}
