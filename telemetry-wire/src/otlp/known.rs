//! Attributes by name, of which some are taken: what is left goes elsewhere.

use std::cell::Cell;

use serde_json::Value as Json;

use super::message::{KeyValue, any_value::Value};

/// Looks attributes up by the first name that is there, new names before old.
pub(super) struct Known<'a> {
    all: &'a [KeyValue],
    is_taken: Vec<Cell<bool>>,
}

impl<'a> Known<'a> {
    pub(super) fn new(all: &'a [KeyValue]) -> Self {
        Self { all, is_taken: vec![Cell::new(false); all.len()] }
    }

    fn find(&self, names: &[&str]) -> Option<&'a Value> {
        let place = names.iter().find_map(|name| self.all.iter().position(|pair| pair.key == *name))?;
        self.is_taken[place].set(true);
        value_of(&self.all[place])
    }

    /// Looks without taking.
    pub(super) fn peek(&self, names: &[&str]) -> Option<&'a str> {
        let pair = names.iter().find_map(|name| self.all.iter().find(|pair| pair.key == *name))?;
        text_of(value_of(pair)?)
    }

    /// A text that is not empty.
    pub(super) fn text(&self, names: &[&str]) -> Option<&'a str> {
        text_of(self.find(names)?)
    }

    pub(super) fn owned(&self, names: &[&str]) -> Option<String> {
        self.text(names).map(str::to_owned)
    }

    /// A number, also one that came as text; one that `T` cannot hold is none.
    pub(super) fn number<T: TryFrom<i64>>(&self, names: &[&str]) -> Option<T> {
        let number = match self.find(names)? {
            Value::Int(number) => Some(*number),
            Value::Double(number) if number.fract() == 0.0 => Some(*number as i64),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        number.and_then(|number| T::try_from(number).ok())
    }

    pub(super) fn flag(&self, names: &[&str]) -> bool {
        matches!(self.find(names), Some(Value::Bool(true)))
    }

    /// One text, or several.
    pub(super) fn texts(&self, names: &[&str]) -> Vec<&'a str> {
        match self.find(names) {
            Some(Value::Array(list)) => list.values.iter().filter_map(|value| text_of(value.value.as_ref()?)).collect(),
            Some(value) => text_of(value).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// What nobody has taken and has a value.
    pub(super) fn left(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let pairs = self.all.iter().zip(&self.is_taken).filter(|(_, is_taken)| !is_taken.get());
        pairs.filter_map(|(pair, _)| Some((pair.key.as_str(), value_of(pair)?)))
    }
}

fn value_of(pair: &KeyValue) -> Option<&Value> {
    pair.value.as_ref()?.value.as_ref()
}

fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// Levels of a value. What is deeper becomes text, so that a document with [`limits::DEPTH`](crate::limits::DEPTH) levels of subsegments stays
/// within the 128 that JSON's readers take.
pub(super) const LEVELS: usize = 8;

/// As JSON: bytes are hexadecimal digits, and a number that JSON cannot say is text.
pub(super) fn json(value: &Value) -> Json {
    shallow(whole(value), LEVELS)
}

/// As a JSON object.
pub(super) fn pairs(attributes: &[KeyValue]) -> Json {
    shallow(object(attributes), LEVELS)
}

/// The same for what is JSON already.
pub(super) fn shallow(value: Json, levels: usize) -> Json {
    match value {
        deep @ (Json::Array(_) | Json::Object(_)) if levels == 0 => deep.to_string().into(),
        Json::Array(list) => list.into_iter().map(|value| shallow(value, levels - 1)).collect(),
        Json::Object(map) => map.into_iter().map(|(key, value)| (key, shallow(value, levels - 1))).collect(),
        plain => plain,
    }
}

/// As deep as the decoders let values be.
fn whole(value: &Value) -> Json {
    match value {
        Value::String(text) => text.as_str().into(),
        Value::Bool(flag) => (*flag).into(),
        Value::Int(number) => (*number).into(),
        Value::Double(number) => serde_json::Number::from_f64(*number).map_or_else(|| number.to_string().into(), Json::Number),
        Value::Array(list) => list.values.iter().map(|value| value.value.as_ref().map_or(Json::Null, whole)).collect(),
        Value::KvList(list) => object(&list.values),
        Value::Bytes(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into(),
    }
}

fn object(attributes: &[KeyValue]) -> Json {
    attributes.iter().map(|pair| (pair.key.clone(), value_of(pair).map_or(Json::Null, whole))).collect()
}
