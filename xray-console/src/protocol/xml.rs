//! XML answers of the query protocol.

use jiff::Timestamp;
use serde_json::Value;

use super::service::Service;

/// `<OperationResponse><OperationResult>...`, fields as elements.
pub(super) fn answer(service: Service, operation: &str, output: &Value, request_id: &str) -> String {
    let operation = escaped(operation);
    let (namespace, result) = match service {
        Service::Sqs => ("http://queue.amazonaws.com/doc/2012-11-05/", queue_elements(&operation, output)),
        Service::CloudWatch => ("http://monitoring.amazonaws.com/doc/2010-08-01/", elements("", output)),
        _ => ("https://sts.amazonaws.com/doc/2011-06-15/", elements("", output)),
    };
    format!(
        "<{operation}Response xmlns=\"{namespace}\"><{operation}Result>{result}</{operation}Result>\
         <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    )
}

/// `<ErrorResponse><Error>...`.
pub(super) fn error(code: &str, message: &str, fault: &str, request_id: &str) -> String {
    let message = escaped(message);
    format!(
        "<ErrorResponse><Error><Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>{request_id}</RequestId></ErrorResponse>"
    )
}

/// Lists have members; times are text.
fn elements(name: &str, value: &Value) -> String {
    match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| format!("<{key}>{}</{key}>", elements(key, value))).collect(),
        Value::Array(items) => items.iter().map(|item| format!("<member>{}</member>", elements(name, item))).collect(),
        Value::String(text) => escaped(text),
        Value::Null => String::new(),
        Value::Number(seconds) if matches!(name, "Timestamp" | "Timestamps") => iso(seconds.as_f64().unwrap_or_default()),
        other => other.to_string(),
    }
}

fn iso(seconds: f64) -> String {
    Timestamp::from_millisecond((seconds * 1e3) as i64).map_or_else(|_| String::new(), |time| time.to_string())
}

/// SQS has no element around lists and maps: their members are repeated.
fn queue_elements(operation: &str, value: &Value) -> String {
    let Value::Object(fields) = value else { return elements("", value) };
    let repeated = |element: &str, items: &Value| {
        let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().map(|item| format!("<{element}>{}</{element}>", queue_elements(operation, item))).collect::<String>()
    };
    let map = |element: &str, entries: &Value| {
        let entries = entries.as_object().into_iter().flatten();
        let entry = |(name, value): (&String, &Value)| {
            format!("<{element}><Name>{}</Name><Value>{}</Value></{element}>", escaped(name), queue_elements(operation, value))
        };
        entries.map(entry).collect::<String>()
    };
    let field = |(name, value): (&String, &Value)| match &**name {
        "QueueUrls" => repeated("QueueUrl", value),
        "Messages" => repeated("Message", value),
        "Successful" => repeated(&format!("{operation}ResultEntry"), value),
        "Failed" => repeated("BatchResultErrorEntry", value),
        "Attributes" => map("Attribute", value),
        "MessageAttributes" => map("MessageAttribute", value),
        name => format!("<{name}>{}</{name}>", queue_elements(operation, value)),
    };
    fields.iter().map(field).collect()
}

fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '&' => "&amp;".to_owned(),
            '"' => "&quot;".to_owned(),
            c if c.is_control() && !matches!(c, '\n' | '\t') => String::new(),
            c => c.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_text_and_members_of_queues_are_repeated() {
        let output = json!({ "Datapoints": [{ "Timestamp": 1_796_126_400 }] });
        let xml = answer(Service::CloudWatch, "GetMetricStatistics", &output, "id");
        assert!(xml.contains("<Datapoints><member><Timestamp>2026-12-01T12:00:00Z</Timestamp></member></Datapoints>"), "{xml}");
        let output = json!({ "Messages": [{ "Attributes": { "SenderId": "x" } }, { "Body": "a<b" }] });
        let xml = answer(Service::Sqs, "ReceiveMessage", &output, "id");
        let messages =
            "<Message><Attribute><Name>SenderId</Name><Value>x</Value></Attribute></Message><Message><Body>a&lt;b</Body></Message>";
        assert!(xml.contains(messages), "{xml}");
    }
}
