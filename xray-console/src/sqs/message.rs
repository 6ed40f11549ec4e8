//! [`Message`]: checked as SQS checks it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use md5::{Digest as _, Md5};
use serde_json::{Map, Value, json};

use crate::protocol::ApiError;

/// Bytes of a message's body and attributes, since August 2025.
const LARGEST: usize = 1 << 20;
/// Attributes of a message; `AWSTraceHeader` is none.
const ATTRIBUTES: usize = 10;

/// A message in a queue.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) attributes: Map<String, Value>,
    pub(super) trace_header: Option<String>,
    pub(super) sent: f64,
    pub(super) visible: f64,
    pub(super) received: u64,
    pub(super) first_received: Option<f64>,
    pub(super) receipt: Option<String>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::client("InvalidParameterValue", message)
}

impl Message {
    /// Reads a message of SendMessage, or an entry of its batch.
    pub(super) fn read(input: &Value, header: Option<&str>, id: String, now: f64) -> Result<Self, ApiError> {
        let body = input.get("MessageBody").and_then(Value::as_str);
        let body = body.ok_or_else(|| ApiError::client("MissingParameter", "The request must contain the parameter MessageBody."))?;
        if body.is_empty() || body.len() > LARGEST {
            return Err(invalid(format!("One or more parameters are invalid. Reason: Message must have 1 to {LARGEST} bytes.")));
        }
        let attributes = input.get("MessageAttributes").and_then(Value::as_object).cloned().unwrap_or_default();
        if attributes.len() > ATTRIBUTES {
            return Err(invalid(format!(
                "Number of message attributes [{}] exceeds the allowed maximum [{ATTRIBUTES}].",
                attributes.len()
            )));
        }
        let own = input.pointer("/MessageSystemAttributes/AWSTraceHeader/StringValue").and_then(Value::as_str);
        let delay = input.get("DelaySeconds").and_then(Value::as_f64).unwrap_or(0.0);
        if !(0.0..=900.0).contains(&delay) {
            return Err(invalid(format!("Value {delay} for parameter DelaySeconds is invalid. Reason: must be between 0 and 900.")));
        }
        Ok(Self {
            id,
            body: body.to_owned(),
            attributes,
            trace_header: own.or(header).map(str::to_owned),
            sent: now,
            visible: now + delay,
            received: 0,
            first_received: None,
            receipt: None,
        })
    }

    /// What the sender is told. Clients compare the sums.
    pub(super) fn sent(&self) -> Map<String, Value> {
        let mut sent = Map::new();
        sent.insert("MessageId".into(), json!(self.id));
        sent.insert("MD5OfMessageBody".into(), json!(self.body_sum()));
        if !self.attributes.is_empty() {
            sent.insert("MD5OfMessageAttributes".into(), json!(sum_of_attributes(&self.attributes)));
        }
        sent
    }

    fn body_sum(&self) -> String {
        hex(&Md5::digest(self.body.as_bytes()))
    }

    /// What a receiver gets, with the attributes that it asked for.
    pub(super) fn shown(&self, wants: impl Fn(&str) -> bool, wants_attribute: impl Fn(&str) -> bool) -> Value {
        let millis = |seconds: f64| format!("{:.0}", (seconds * 1_000.0).floor());
        let all = [
            ("SentTimestamp", Some(millis(self.sent))),
            ("ApproximateReceiveCount", Some(self.received.to_string())),
            ("ApproximateFirstReceiveTimestamp", self.first_received.map(millis)),
            ("SenderId", Some("000000000000".to_owned())),
            ("AWSTraceHeader", self.trace_header.clone()),
        ];
        let system: BTreeMap<&str, String> =
            all.into_iter().filter_map(|(name, value)| Some((name, value?))).filter(|(name, _)| wants(name)).collect();
        let attributes: Map<String, Value> =
            self.attributes.iter().filter(|(name, _)| wants_attribute(name)).map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut shown = json!({ "MessageId": self.id, "ReceiptHandle": self.receipt, "MD5OfBody": self.body_sum(), "Body": self.body });
        if !system.is_empty() {
            shown["Attributes"] = json!(system);
        }
        if !attributes.is_empty() {
            shown["MD5OfMessageAttributes"] = json!(sum_of_attributes(&attributes));
            shown["MessageAttributes"] = Value::Object(attributes);
        }
        shown
    }
}

/// As SQS documents it: by name; name, type, kind of value and value, each with its length. Binary values are not served here.
fn sum_of_attributes(attributes: &Map<String, Value>) -> String {
    const STRING: [u8; 1] = [1];
    const BINARY: [u8; 1] = [2];
    let mut sum = Md5::new();
    let mut add = |bytes: &[u8], kind: &[u8]| {
        sum.update(kind);
        sum.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        sum.update(bytes);
    };
    let sorted: BTreeMap<&String, &Value> = attributes.iter().collect();
    for (name, value) in sorted {
        let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        add(name.as_bytes(), &[]);
        add(text("DataType").as_bytes(), &[]);
        // Bytes count as they are, not as the text that carries them.
        match BASE64_STANDARD.decode(text("BinaryValue")) {
            Ok(bytes) if text("DataType").starts_with("Binary") => add(&bytes, &BINARY),
            _ => add(text("StringValue").as_bytes(), &STRING),
        }
    }
    hex(&sum.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sums that boto3 and the AWS SDKs compute.
    #[test]
    fn sums_are_those_that_clients_compute() {
        let message = Message::read(&json!({ "MessageBody": "hello" }), None, "id".into(), 1.0).expect("a message");
        assert_eq!(message.sent()["MD5OfMessageBody"], "5d41402abc4b2a76b9719d911017c592");
        let binary = json!({ "bin": { "DataType": "Binary", "BinaryValue": "AAH+/w==" } });
        assert_eq!(sum_of_attributes(binary.as_object().unwrap()), "de0cdb1ff67c59f58da5afec431dfcfa");
    }

    #[test]
    fn the_attribute_wins_over_the_header() {
        let input =
            json!({ "MessageBody": "x", "MessageSystemAttributes": { "AWSTraceHeader": { "DataType": "String", "StringValue": "own" } } });
        let header = |input: &Value| Message::read(input, Some("header"), "id".into(), 1.0).expect("a message").trace_header;
        assert_eq!((header(&input).as_deref(), header(&json!({ "MessageBody": "x" })).as_deref()), (Some("own"), Some("header")));
    }

    #[test]
    fn limits_are_those_of_sqs() {
        let read = |input: Value| Message::read(&input, None, "id".into(), 1.0).map_err(|error| error.code).err();
        let many: Map<String, Value> = (0..11).map(|number| (number.to_string(), json!({}))).collect();
        assert_eq!(read(json!({})), Some("MissingParameter"));
        assert_eq!(read(json!({ "MessageBody": "x", "MessageAttributes": many })), Some("InvalidParameterValue"));
        assert_eq!(read(json!({ "MessageBody": "x", "DelaySeconds": 901 })), Some("InvalidParameterValue"));
        assert_eq!(read(json!({ "MessageBody": "y".repeat(LARGEST + 1) })), Some("InvalidParameterValue"));
    }
}
