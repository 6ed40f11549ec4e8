//! A value in JSON: named after its type.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::json::{Bytes, Double, Int};
use super::message::{AnyValue, any_value::Value};

impl<'de> Deserialize<'de> for AnyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = AnyValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of OTLP, such as {\"stringValue\": \"..\"}")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<AnyValue, M::Error> {
        let mut value = None;
        while let Some(kind) = map.next_key::<Cow<'de, str>>()? {
            value = match kind.as_ref() {
                "stringValue" => map.next_value().map(Value::String).map(Some)?,
                "boolValue" => map.next_value().map(Value::Bool).map(Some)?,
                "intValue" => map.next_value().map(|Int(number)| Some(Value::Int(number)))?,
                "doubleValue" => map.next_value().map(|Double(number)| Some(Value::Double(number)))?,
                "arrayValue" => map.next_value().map(Value::Array).map(Some)?,
                "kvlistValue" => map.next_value().map(Value::KvList).map(Some)?,
                "bytesValue" => map.next_value().map(|Bytes(bytes)| Some(Value::Bytes(bytes)))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    value
                }
            };
        }
        Ok(AnyValue { value })
    }
}
