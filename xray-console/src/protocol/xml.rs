//! XML answers of the query protocol.

use serde_json::Value;

/// `<OperationResponse><OperationResult>...`, fields as elements.
pub(super) fn answer(operation: &str, output: &Value, request_id: &str) -> String {
    let operation = escaped(operation);
    let result = elements(output);
    format!(
        "<{operation}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{operation}Result>{result}</{operation}Result>\
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

fn elements(value: &Value) -> String {
    match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| format!("<{key}>{}</{key}>", elements(value))).collect(),
        Value::Array(items) => items.iter().map(|item| format!("<member>{}</member>", elements(item))).collect(),
        Value::String(text) => escaped(text),
        other => other.to_string(),
    }
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
