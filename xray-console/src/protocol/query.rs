//! Inputs of the query protocol: forms whose keys are paths, such as `MetricData.member.1.Dimensions.member.2.Name`.
//!
//! They become what the same operation has in JSON: lists, maps and numbers, by the names in the services' models.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Number, Value};

use super::service::Service;

/// Parts of a key; those of the models have fewer.
const DEPTH: usize = 12;

/// Members of CloudWatch that are numbers.
const NUMBERS: [&str; 11] =
    ["Value", "Values", "Counts", "SampleCount", "Sum", "Minimum", "Maximum", "StorageResolution", "Period", "MaxDatapoints", "MaxRecords"];
/// Members of CloudWatch that are times.
const TIMES: [&str; 3] = ["Timestamp", "StartTime", "EndTime"];

/// Lists of SQS, by the name of one member in the form and of the list in JSON.
const LISTS: [(&str, &str); 6] = [
    ("AttributeName", "AttributeNames"),
    ("MessageAttributeName", "MessageAttributeNames"),
    ("MessageSystemAttributeName", "MessageSystemAttributeNames"),
    ("SendMessageBatchRequestEntry", "Entries"),
    ("DeleteMessageBatchRequestEntry", "Entries"),
    ("ChangeMessageVisibilityBatchRequestEntry", "Entries"),
];
/// Maps of SQS, as above, with the name of the key.
const MAPS: [(&str, &str, &str); 4] = [
    ("Attribute", "Attributes", "Name"),
    ("MessageAttribute", "MessageAttributes", "Name"),
    ("MessageSystemAttribute", "MessageSystemAttributes", "Name"),
    ("Tag", "tags", "Key"),
];

/// The service that has a version of the query protocol, and its name.
pub(super) fn service_of(version: &str) -> Option<(Service, &'static str)> {
    Some(match version {
        "2010-08-01" => (Service::CloudWatch, "monitoring"),
        "2011-06-15" => (Service::Sts, "sts"),
        "2012-11-05" => (Service::Sqs, "sqs"),
        _ => return None,
    })
}

/// A form's fields by the parts of their keys.
#[derive(Debug, Default)]
struct Tree {
    value: Option<String>,
    below: BTreeMap<Part, Self>,
}

/// A number before a name, so that lists are in their order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Place(u64),
    Name(String),
}

/// Reads a form as the input of an operation.
///
/// # Errors
/// When a key has more parts than any of the models, or a number or a time is none.
pub(super) fn input_of(service: Service, fields: Vec<(String, String)>) -> Result<Value, String> {
    let mut tree = Tree::default();
    for (key, value) in fields.into_iter().filter(|(key, _)| key != "Action" && key != "Version") {
        if key.split('.').count() > DEPTH {
            return Err(format!("the parameter `{key}` has more than {DEPTH} parts"));
        }
        let mut place = &mut tree;
        for part in key.split('.') {
            let part = part.parse().map_or_else(|_| Part::Name(part.to_owned()), Part::Place);
            place = place.below.entry(part).or_default();
        }
        place.value = Some(value);
    }
    let input = tree.value(service, "")?;
    Ok(if service == Service::Sqs { as_in_json(input) } else { input })
}

impl Tree {
    fn value(self, service: Service, name: &str) -> Result<Value, String> {
        let Self { value, mut below } = self;
        if let Some(text) = value {
            return scalar(service, name, text);
        }
        // A list's members have a name of their own between them and the list.
        if below.len() == 1
            && let Some(members) = below.remove(&Part::Name("member".into()))
        {
            return members.value(service, name);
        }
        if below.keys().all(|part| matches!(part, Part::Place(_))) && !below.is_empty() {
            return below.into_values().map(|member| member.value(service, name)).collect::<Result<_, _>>().map(Value::Array);
        }
        // The value of a dimension has the name of a number, and is text.
        let is_pair = below.contains_key(&Part::Name("Name".into()));
        let fields = below.into_iter().map(|(part, member)| {
            let name = match part {
                Part::Place(place) => place.to_string(),
                Part::Name(name) => name,
            };
            let value = member.value(service, if is_pair { "" } else { &name })?;
            Ok((name, value))
        });
        fields.collect::<Result<Map<_, _>, String>>().map(Value::Object)
    }
}

fn scalar(service: Service, name: &str, text: String) -> Result<Value, String> {
    if service != Service::CloudWatch {
        return Ok(Value::String(text));
    }
    let number = |number: f64| Number::from_f64(number).map(Value::Number);
    if NUMBERS.contains(&name) {
        return Ok(text.parse().ok().and_then(number).unwrap_or(Value::String(text)));
    }
    if TIMES.contains(&name) {
        let time = text.parse::<Timestamp>().map_err(|error| format!("{name} is `{text}`, which is no time: {error}"))?;
        return Ok(number(time.as_nanosecond() as f64 / 1e9).unwrap_or(Value::Null));
    }
    Ok(match (name, &*text) {
        ("ReturnData", "true") => Value::Bool(true),
        ("ReturnData", "false") => Value::Bool(false),
        _ => Value::String(text),
    })
}

/// SQS's lists and maps as they are in JSON.
fn as_in_json(value: Value) -> Value {
    let fields = match value {
        Value::Object(fields) => fields,
        Value::Array(items) => return Value::Array(items.into_iter().map(as_in_json).collect()),
        other => return other,
    };
    let renamed = fields.into_iter().map(|(name, value)| {
        if let Some((_, list)) = LISTS.iter().find(|(member, _)| *member == name) {
            return ((*list).to_owned(), as_in_json(value));
        }
        match MAPS.iter().find(|(member, ..)| *member == name) {
            Some((_, map, key)) => ((*map).to_owned(), as_map(value, key)),
            None => (name, as_in_json(value)),
        }
    });
    Value::Object(renamed.collect())
}

fn as_map(value: Value, key: &str) -> Value {
    let Value::Array(entries) = value else { return value };
    let entry = |entry: Value| {
        let name = entry.get(key)?.as_str()?.to_owned();
        Some((name, entry.get("Value").cloned().unwrap_or_default()))
    };
    Value::Object(entries.into_iter().filter_map(entry).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn input(service: Service, form: &str) -> Value {
        let fields = form.split('&').filter_map(|pair| pair.split_once('=')).map(|(key, value)| (key.to_owned(), value.to_owned()));
        input_of(service, fields.collect()).unwrap()
    }

    #[test]
    fn metric_data_is_what_it_is_in_json() {
        let form = "Action=PutMetricData&Version=2010-08-01&Namespace=Shop&MetricData.member.1.MetricName=a&MetricData.member.1.Values.member.1=1.5\
            &MetricData.member.1.Values.member.2=2&MetricData.member.1.Counts.member.1=3&MetricData.member.1.Counts.member.2=4\
            &MetricData.member.1.Dimensions.member.1.Name=Stage&MetricData.member.1.Dimensions.member.1.Value=7\
            &MetricData.member.2.MetricName=b&MetricData.member.2.Value=9&MetricData.member.2.Timestamp=2026-12-01T12:00:00Z";
        let expected = json!({ "Namespace": "Shop", "MetricData": [
            { "MetricName": "a", "Values": [1.5, 2.0], "Counts": [3.0, 4.0], "Dimensions": [{ "Name": "Stage", "Value": "7" }] },
            { "MetricName": "b", "Value": 9.0, "Timestamp": 1_796_126_400.0 },
        ] });
        assert_eq!(input(Service::CloudWatch, &form.replace("            ", "")), expected);
    }

    #[test]
    fn lists_and_maps_of_queues_have_their_names_of_json() {
        let form = "AttributeName.2=b&AttributeName.1=a&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5\
            &SendMessageBatchRequestEntry.1.Id=x&SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=n\
            &SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType=String&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue=v";
        let expected = json!({ "AttributeNames": ["a", "b"], "Attributes": { "DelaySeconds": "5" }, "Entries": [
            { "Id": "x", "MessageAttributes": { "n": { "DataType": "String", "StringValue": "v" } } } ] });
        assert_eq!(input(Service::Sqs, &form.replace("            ", "")), expected);
    }

    #[test]
    fn a_key_of_many_parts_is_refused() {
        let fields = vec![("a.".repeat(100_000), "x".to_owned())];
        assert!(input_of(Service::Sqs, fields).unwrap_err().contains("parts"));
    }
}
