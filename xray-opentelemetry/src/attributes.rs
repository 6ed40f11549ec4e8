//! Attributes by name, of which some are taken: what is left goes elsewhere.

use std::cell::RefCell;
use std::collections::HashSet;

use opentelemetry::{Array, KeyValue, Value};

/// The attribute by which the sampler tells the exporter its rule.
pub(crate) const SAMPLING_RULE: &str = "aws.xray.sampling_rule";

/// Looks attributes up by the first name that is there, new names before old.
#[derive(Debug)]
pub(crate) struct Attributes<'a> {
    all: &'a [KeyValue],
    taken: RefCell<HashSet<&'a str>>,
}

impl<'a> Attributes<'a> {
    pub(crate) fn new(all: &'a [KeyValue]) -> Self {
        Self { all, taken: RefCell::default() }
    }

    fn find(&self, names: &[&str]) -> Option<&'a Value> {
        let found = names.iter().find_map(|name| self.all.iter().find(|pair| pair.key.as_str() == *name))?;
        self.taken.borrow_mut().insert(found.key.as_str());
        Some(&found.value)
    }

    /// A text that is not empty.
    pub(crate) fn text(&self, names: &[&str]) -> Option<&'a str> {
        match self.find(names)? {
            Value::String(text) => Some(text.as_str()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    pub(crate) fn owned(&self, names: &[&str]) -> Option<String> {
        self.text(names).map(str::to_owned)
    }

    /// A number, also one that came as text.
    pub(crate) fn number(&self, names: &[&str]) -> Option<i64> {
        match self.find(names)? {
            Value::I64(number) => Some(*number),
            Value::F64(number) if number.fract() == 0.0 => Some(*number as i64),
            Value::String(text) => text.as_str().parse().ok(),
            _ => None,
        }
    }

    pub(crate) fn flag(&self, names: &[&str]) -> bool {
        matches!(self.find(names), Some(Value::Bool(true)))
    }

    /// One text, or several.
    pub(crate) fn texts(&self, names: &[&str]) -> Vec<String> {
        match self.find(names) {
            Some(Value::String(text)) => vec![text.as_str().to_owned()],
            Some(Value::Array(Array::String(texts))) => texts.iter().map(|text| text.as_str().to_owned()).collect(),
            _ => Vec::new(),
        }
    }

    /// The path of a whole URL.
    pub(crate) fn path_of_url(&self) -> Option<String> {
        let rest = self.text(&["url.full", "http.url"])?.split_once("://")?.1;
        let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
        Some(path.split(['?', '#']).next().unwrap_or_default().to_owned())
    }

    /// What nobody has taken.
    pub(crate) fn left(&self) -> Vec<&'a KeyValue> {
        let taken = self.taken.borrow();
        self.all.iter().filter(|pair| !taken.contains(pair.key.as_str())).collect()
    }
}

/// As JSON; what JSON has no form for is text.
pub(crate) fn json(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Value::Bool(flag) => (*flag).into(),
        Value::I64(number) => (*number).into(),
        Value::F64(number) => serde_json::Number::from_f64(*number).map_or_else(|| number.to_string().into(), Json::Number),
        Value::String(text) => text.as_str().into(),
        Value::Array(Array::Bool(flags)) => flags.iter().copied().collect(),
        Value::Array(Array::I64(numbers)) => numbers.iter().copied().collect(),
        Value::Array(Array::F64(numbers)) => {
            numbers.iter().map(|number| serde_json::Number::from_f64(*number).map_or(Json::Null, Json::Number)).collect()
        }
        Value::Array(Array::String(texts)) => texts.iter().map(|text| text.as_str()).collect(),
        other => other.to_string().into(),
    }
}
