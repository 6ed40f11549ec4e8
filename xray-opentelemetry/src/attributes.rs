//! Attributes by name.

use opentelemetry::{KeyValue, Value};

/// The attribute by which the sampler tells the exporter its rule.
pub(crate) const SAMPLING_RULE: &str = "aws.xray.sampling_rule";

/// The text of the first name that is there, new names before old.
pub(crate) fn text<'a>(attributes: &'a [KeyValue], names: &[&str]) -> Option<&'a str> {
    let pair = names.iter().find_map(|name| attributes.iter().find(|pair| pair.key.as_str() == *name))?;
    match &pair.value {
        Value::String(text) => Some(text.as_str()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// The path of a whole URL.
pub(crate) fn path_of_url(attributes: &[KeyValue]) -> Option<String> {
    let rest = text(attributes, &["url.full", "http.url"])?.split_once("://")?.1;
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
    Some(path.split(['?', '#']).next().unwrap_or_default().to_owned())
}
