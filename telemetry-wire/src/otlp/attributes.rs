//! A list of attributes that is filled from optional fields.

use super::message::{AnyValue, ArrayValue, KeyValue, any_value::Value};

/// Attributes in order of their addition.
#[derive(Debug, Default)]
pub(super) struct Attributes(Vec<KeyValue>);

impl Attributes {
    pub(super) fn add(&mut self, key: impl Into<String>, value: Value) -> &mut Self {
        self.0.push(KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }) });
        self
    }

    pub(super) fn text(&mut self, key: &str, text: Option<&str>) -> &mut Self {
        if let Some(text) = text {
            self.add(key, Value::String(text.to_owned()));
        }
        self
    }

    pub(super) fn texts<'t>(&mut self, key: &str, texts: impl IntoIterator<Item = &'t str>) -> &mut Self {
        let values: Vec<_> = texts.into_iter().map(|text| AnyValue { value: Some(Value::String(text.to_owned())) }).collect();
        if !values.is_empty() {
            self.add(key, Value::Array(ArrayValue { values }));
        }
        self
    }

    /// Numbers beyond `i64` are left out.
    pub(super) fn number(&mut self, key: &str, number: Option<impl TryInto<i64>>) -> &mut Self {
        if let Some(number) = number.and_then(|number| number.try_into().ok()) {
            self.add(key, Value::Int(number));
        }
        self
    }

    pub(super) fn flag(&mut self, key: &str, flag: bool) -> &mut Self {
        if flag {
            self.add(key, Value::Bool(true));
        }
        self
    }

    pub(super) fn take(self) -> Vec<KeyValue> {
        self.0
    }
}
