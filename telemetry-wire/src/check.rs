//! Says which rules of the published JSON schema a document breaks.
//!
//! A transcription of segment document schema v1.0.0 and of the requirements in "AWS X-Ray segment documents". It shares
//! nothing with the encoder but the notion of a name's characters, so that the two can disagree.

use std::fmt;

use serde_json::{Map, Value};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

use crate::document::limits;
use crate::id::{SegmentId, TraceId};

/// A broken rule and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Like `subsegments[2].http.request.url`.
    pub path: String,
    /// What the rule asks.
    pub rule: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", if self.path.is_empty() { "document" } else { &self.path }, self.rule)
    }
}

/// Checks a document's text, size included.
///
/// # Errors
/// When the text is no JSON or nests too deep to be read.
pub fn check_text(document: &[u8]) -> Result<Vec<Violation>, serde_json::Error> {
    let value = serde_json::from_slice(document)?;
    let mut violations = check_document(&value);
    if document.len() > limits::DOCUMENT_BYTES {
        violations.push(Violation { path: String::new(), rule: "at most 64 kB" });
    }
    Ok(violations)
}

/// Checks a segment or an independent subsegment.
#[must_use]
pub fn check_document(document: &Value) -> Vec<Violation> {
    let mut check = Check { path: Vec::new(), violations: Vec::new() };
    match document.as_object() {
        Some(fields) => check.document(fields),
        None => check.report("a JSON object"),
    }
    check.violations
}

#[derive(Clone, Copy, PartialEq)]
enum Role {
    Segment,
    Independent,
    Nested,
}

struct Check {
    path: Vec<String>,
    violations: Vec<Violation>,
}

type Fields = Map<String, Value>;

impl Check {
    fn report(&mut self, rule: &'static str) {
        let mut path = String::new();
        for step in &self.path {
            let dot = if path.is_empty() || step.starts_with('[') { "" } else { "." };
            path.extend([dot, step]);
        }
        self.violations.push(Violation { path, rule });
    }

    fn at<R>(&mut self, step: impl Into<String>, visit: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(step.into());
        let result = visit(self);
        self.path.pop();
        result
    }

    /// Reports `rule` at `key` when the field is there and does not hold.
    fn optional(&mut self, fields: &Fields, key: &str, rule: &'static str, holds: impl FnOnce(&Value) -> bool) {
        if let Some(value) = fields.get(key)
            && !holds(value)
        {
            self.at(key, |check| check.report(rule));
        }
    }

    fn required(&mut self, fields: &Fields, key: &str, rule: &'static str, holds: impl FnOnce(&Value) -> bool) {
        if fields.contains_key(key) {
            self.optional(fields, key, rule, holds);
        } else {
            self.at(key, |check| check.report("required"));
        }
    }

    fn object(&mut self, fields: &Fields, key: &str, visit: impl FnOnce(&mut Self, &Fields)) {
        match fields.get(key) {
            None => {}
            Some(Value::Object(inner)) => self.at(key, |check| visit(check, inner)),
            Some(_) => self.at(key, |check| check.report("an object")),
        }
    }

    fn each(&mut self, fields: &Fields, key: &str, mut visit: impl FnMut(&mut Self, &Value)) {
        match fields.get(key) {
            None => {}
            Some(Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.at(format!("{key}[{index}]"), |check| visit(check, item));
                }
            }
            Some(_) => self.at(key, |check| check.report("an array")),
        }
    }

    fn document(&mut self, fields: &Fields) {
        let role = if fields.get("type").and_then(Value::as_str) == Some("subsegment") { Role::Independent } else { Role::Segment };
        self.entity(fields, role);
        self.required(fields, "trace_id", "like 1-5759e988-bd862e3fe1be46a994272793", is_trace_id);
        if role == Role::Independent {
            self.required(fields, "parent_id", "16 hexadecimal digits", is_segment_id);
        } else {
            self.optional(fields, "parent_id", "16 hexadecimal digits", is_segment_id);
            self.optional(fields, "user", "at most 250 characters", |value| is_text(value, limits::TEXT_CHARS));
            self.optional(fields, "origin", "a string", Value::is_string);
            self.optional(fields, "resource_arn", "a string", Value::is_string);
            self.object(fields, "service", |check, service| check.optional(service, "version", "a string", Value::is_string));
        }
    }

    fn entity(&mut self, fields: &Fields, role: Role) {
        if role == Role::Segment {
            self.required(fields, "name", "1 to 200 letters, digits, blanks and _.:/%&#=+-@", is_name);
        } else {
            self.required(fields, "name", "at least one character", |value| value.as_str().is_some_and(|name| !name.is_empty()));
        }
        self.required(fields, "id", "16 hexadecimal digits", is_segment_id);
        self.required(fields, "start_time", "epoch seconds", is_time);
        self.optional(fields, "end_time", "epoch seconds", is_time);
        self.optional(fields, "in_progress", "true or false", Value::is_boolean);
        let in_progress = fields.get("in_progress") == Some(&Value::Bool(true));
        match (fields.contains_key("end_time"), in_progress) {
            (false, false) => self.report("either end_time or in_progress"),
            (true, true) => self.report("not both end_time and in_progress"),
            _ => {}
        }
        for flag in ["error", "fault", "throttle", "traced"] {
            self.optional(fields, flag, "true or false", Value::is_boolean);
        }
        self.optional(fields, "namespace", "aws or remote", |value| matches!(value.as_str(), Some("aws" | "remote")));
        self.blocks(fields);
        self.each(fields, "subsegments", |check, child| match child.as_object() {
            Some(child) => check.entity(child, Role::Nested),
            None => check.report("an object"),
        });
    }

    fn blocks(&mut self, fields: &Fields) {
        self.object(fields, "http", Self::http);
        self.object(fields, "aws", Self::aws);
        self.object(fields, "sql", |check, sql| {
            for key in sql.keys() {
                check.optional(sql, key, "a string", Value::is_string);
            }
        });
        self.object(fields, "annotations", Self::annotations);
        self.object(fields, "metadata", |check, metadata| {
            for namespace in metadata.keys() {
                check.optional(metadata, namespace, "an object", Value::is_object);
            }
        });
        match fields.get("cause") {
            Some(Value::String(_)) => self.optional(fields, "cause", "16 hexadecimal digits", is_segment_id),
            _ => self.object(fields, "cause", Self::cause),
        }
        self.each(fields, "precursor_ids", |check, id| {
            if !is_segment_id(id) {
                check.report("16 hexadecimal digits");
            }
        });
    }

    fn http(&mut self, http: &Fields) {
        self.object(http, "request", |check, request| {
            for key in ["method", "client_ip", "url", "user_agent"] {
                check.optional(request, key, "at most 250 characters", |value| is_text(value, limits::TEXT_CHARS));
            }
            check.optional(request, "x_forwarded_for", "true or false", Value::is_boolean);
        });
        self.object(http, "response", |check, response| {
            check.optional(response, "status", "a number", Value::is_number);
            check.optional(response, "content_length", "a number", Value::is_number);
        });
    }

    fn aws(&mut self, aws: &Fields) {
        for key in ["account_id", "operation", "region", "request_id", "queue_url", "table_name"] {
            self.optional(aws, key, "a string", Value::is_string);
        }
        for key in ["ec2", "ecs", "eks", "elastic_beanstalk", "tracing", "xray"] {
            self.optional(aws, key, "an object", Value::is_object);
        }
        self.object(aws, "elastic_beanstalk", |check, block| check.optional(block, "deployment_id", "a number", Value::is_number));
    }

    fn annotations(&mut self, annotations: &Fields) {
        for (key, value) in annotations {
            let is_key = (1..=limits::ANNOTATION_KEY_CHARS).contains(&key.len())
                && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let is_value = value.is_number() || value.is_boolean() || is_text(value, limits::ANNOTATION_VALUE_CHARS);
            self.at(key, |check| {
                if !is_key {
                    check.report("a key of 1 to 500 letters, digits and _");
                }
                if !is_value {
                    check.report("a string of at most 1,000 characters, a number, true or false");
                }
            });
        }
    }

    fn cause(&mut self, cause: &Fields) {
        self.optional(cause, "working_directory", "a string", Value::is_string);
        self.each(cause, "exceptions", |check, exception| {
            let Some(exception) = exception.as_object() else { return check.report("an object") };
            check.required(exception, "id", "16 hexadecimal digits", is_segment_id);
            for key in ["message", "type", "cause"] {
                check.optional(exception, key, "a string", Value::is_string);
            }
            check.optional(exception, "remote", "true or false", Value::is_boolean);
            check.optional(exception, "truncated", "a whole number", |value| value.is_i64() || value.is_u64());
            check.optional(exception, "skipped", "a whole number", |value| value.is_i64() || value.is_u64());
            check.each(exception, "stack", |check, frame| {
                let Some(frame) = frame.as_object() else { return check.report("an object") };
                check.optional(frame, "path", "a string", Value::is_string);
                check.optional(frame, "line", "a whole number", |value| value.is_i64() || value.is_u64());
                check.optional(frame, "label", "a string", Value::is_string);
            });
        });
    }
}

fn is_name(value: &Value) -> bool {
    value.as_str().is_some_and(|name| (1..=limits::NAME_CHARS).contains(&name.chars().count()) && name.chars().all(may_be_in_name))
}

/// The classes of the schema and the backslash of AWS's documentation. On purpose not the function that writers use: a checker that shares it
/// finds none of its mistakes.
fn may_be_in_name(c: char) -> bool {
    use GeneralCategoryGroup::{Letter, Number, Separator};
    matches!(c.general_category_group(), Letter | Number | Separator) || r"_.:/%&#=+-@\".contains(c)
}

fn is_time(value: &Value) -> bool {
    value.as_f64().is_some_and(|seconds| seconds >= 0.0)
}

fn is_trace_id(value: &Value) -> bool {
    value.as_str().is_some_and(|text| TraceId::parse(text).is_ok())
}

fn is_segment_id(value: &Value) -> bool {
    value.as_str().is_some_and(|text| SegmentId::parse(text).is_ok())
}

fn is_text(value: &Value, chars: usize) -> bool {
    value.as_str().is_some_and(|text| text.chars().count() <= chars)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn broken(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut document = json!({
            "name": "api", "id": "53995c3f42cd8ad8", "trace_id": "1-5759e988-bd862e3fe1be46a994272793",
            "start_time": 1461096053.37, "end_time": 1461096053.40,
        });
        change(&mut document);
        check_document(&document).iter().map(Violation::to_string).collect()
    }

    #[test]
    fn a_good_document_breaks_nothing() {
        assert_eq!(broken(|_| ()), [""; 0]);
    }

    #[test]
    fn each_broken_rule_is_named_with_its_place() {
        assert_eq!(broken(|d| d["name"] = json!("a<b")), ["name: 1 to 200 letters, digits, blanks and _.:/%&#=+-@"]);
        assert_eq!(broken(|d| drop(d.as_object_mut().unwrap().remove("id"))), ["id: required"]);
        assert_eq!(broken(|d| drop(d.as_object_mut().unwrap().remove("end_time"))), ["document: either end_time or in_progress"]);
        assert_eq!(broken(|d| d["in_progress"] = json!(true)), ["document: not both end_time and in_progress"]);
        assert_eq!(broken(|d| d["type"] = json!("subsegment")), ["parent_id: required"]);
        assert_eq!(broken(|d| d["annotations"] = json!({"a.b": {}})).len(), 2);
        assert_eq!(broken(|d| d["metadata"] = json!({"default": 1})), ["metadata.default: an object"]);
        assert_eq!(
            broken(|d| d["subsegments"] =
                json!([{"name": "x", "id": "53995c3f42cd8ad8", "start_time": 1, "end_time": 2, "http": {"request": {"url": 7}}}])),
            ["subsegments[0].http.request.url: at most 250 characters"]
        );
        assert_eq!(broken(|d| d["cause"] = json!({"exceptions": [{"message": "m"}]})), ["cause.exceptions[0].id: required"]);
    }

    #[test]
    fn a_thousand_levels_are_an_error_and_no_crash() {
        let deep = "{\"subsegments\":[".repeat(1_000);
        assert!(check_text(deep.as_bytes()).is_err());
    }

    #[test]
    fn more_than_64_kilobytes_break_a_rule() {
        let text = json!({"name": "api", "id": "53995c3f42cd8ad8", "trace_id": "1-5759e988-bd862e3fe1be46a994272793", "start_time": 1, "end_time": 2, "metadata": {"default": {"x": "y".repeat(70_000)}}});
        assert_eq!(check_text(text.to_string().as_bytes()).unwrap()[0].rule, "at most 64 kB");
    }
}
