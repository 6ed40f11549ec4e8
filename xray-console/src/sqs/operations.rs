//! [`Queues`]: the operations.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;

use super::message::Message;
use super::queue::{MOST, Queue};
use crate::clock::now;
use crate::protocol::ApiError;

/// Entries of a batch, messages of a receive.
const BATCH: usize = 10;
/// Seconds that a receive may wait.
const LONGEST_WAIT: f64 = 20.0;

/// Attributes that are kept as they were given and shown; of these `VisibilityTimeout` has an effect here. Queues in order (FIFO) are not served.
const SHOWN: [&str; 11] = [
    "DelaySeconds",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "Policy",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
];

/// What a queue has that was made without them.
const DEFAULTS: [(&str, &str); 4] =
    [("DelaySeconds", "0"), ("MessageRetentionPeriod", "345600"), ("ReceiveMessageWaitTimeSeconds", "0"), ("VisibilityTimeout", "30")];

/// All queues.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct State {
    queues: BTreeMap<String, Queue>,
    messages: u64,
}

fn text<'a>(input: &'a Value, key: &str) -> Option<&'a str> {
    input.get(key).and_then(Value::as_str)
}

fn missing(parameter: &str) -> ApiError {
    ApiError::client("MissingParameter", format!("The request must contain the parameter {parameter}."))
}

fn no_queue() -> ApiError {
    ApiError::client("QueueDoesNotExist", "The specified queue does not exist.")
}

/// A number within bounds, or the default.
fn number(input: &Value, key: &'static str, range: std::ops::RangeInclusive<f64>, default: f64) -> Result<f64, ApiError> {
    let value = input.get(key).and_then(|value| value.as_f64().or_else(|| value.as_str()?.parse().ok()));
    match value {
        None => Ok(default),
        Some(value) if range.contains(&value) => Ok(value),
        Some(value) => {
            let message =
                format!("Value {value} for parameter {key} is invalid. Reason: must be between {} and {}.", range.start(), range.end());
            Err(ApiError::client("InvalidParameterValue", message))
        }
    }
}

fn entries(input: &Value) -> Result<&Vec<Value>, ApiError> {
    let entries = input.get("Entries").and_then(Value::as_array).filter(|entries| !entries.is_empty());
    let entries = entries.ok_or_else(|| ApiError::client("EmptyBatchRequest", "There should be at least one entry in the request."))?;
    if entries.len() > BATCH {
        return Err(ApiError::client("TooManyEntriesInBatchRequest", format!("Maximum number of entries per request are {BATCH}.")));
    }
    Ok(entries)
}

impl Queues {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Deletes all queues with their messages.
    pub(crate) fn clear(&self) {
        self.lock().queues.clear();
    }

    /// Runs an operation; `None` for one that is not served. `host` is how the caller reached us, `header` the call's trace header.
    pub(crate) async fn serve(&self, operation: &str, input: &Value, host: &str, header: Option<&str>) -> Option<Result<Value, ApiError>> {
        Some(match operation {
            "CreateQueue" => self.create(input, host),
            "GetQueueUrl" => self.queue_url(input, host),
            "ListQueues" => Ok(self.list(input, host)),
            "DeleteQueue" => self.delete_queue(input),
            "PurgeQueue" => self.with(input, |queue, _| {
                queue.messages.clear();
                Ok(json!({}))
            }),
            "GetQueueAttributes" => self.attributes(input),
            "SendMessage" => self.send(input, header),
            "SendMessageBatch" => self.send_batch(input, header),
            "ReceiveMessage" => self.receive(input).await,
            "DeleteMessage" => self.delete(input),
            "DeleteMessageBatch" => self.delete_batch(input),
            "ChangeMessageVisibility" => self.change_visibility(input),
            _ => return None,
        })
    }

    /// Runs `work` on the queue that `QueueUrl` means: the last part of its path.
    fn with(&self, input: &Value, work: impl FnOnce(&mut Queue, &mut u64) -> Result<Value, ApiError>) -> Result<Value, ApiError> {
        let name = text(input, "QueueUrl").ok_or_else(|| missing("QueueUrl"))?.rsplit('/').next().unwrap_or_default();
        let State { queues, messages } = &mut *self.lock();
        work(queues.get_mut(name).ok_or_else(no_queue)?, messages)
    }

    fn create(&self, input: &Value, host: &str) -> Result<Value, ApiError> {
        let name = text(input, "QueueName").ok_or_else(|| missing("QueueName"))?;
        let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if name.is_empty() || name.len() > 80 || !is_plain {
            let message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
            return Err(ApiError::client("InvalidParameterValue", message));
        }
        let visibility = number(input.get("Attributes").unwrap_or(&Value::Null), "VisibilityTimeout", 0.0..=43_200.0, 30.0)?;
        let attributes = input.get("Attributes").and_then(Value::as_object).cloned().unwrap_or_default();
        if let Some(unknown) = attributes.keys().find(|name| !SHOWN.contains(&name.as_str())) {
            return Err(ApiError::client("InvalidAttributeName", format!("Unknown Attribute {unknown}.")));
        }
        let mut state = self.lock();
        let queue =
            state.queues.entry(name.to_owned()).or_insert_with(|| Queue::new(name.to_owned(), visibility, now(), attributes.clone()));
        let is_default = |name: &str, value: &Value| DEFAULTS.iter().any(|(known, of)| *known == name && value == of);
        let is_other =
            |(name, value): (&String, &Value)| queue.attributes.get(name).map_or(!is_default(name, value), |known| known != value);
        if attributes.iter().any(is_other) {
            let message = "A queue already exists with the same name and a different value for an attribute.";
            return Err(ApiError::client("QueueNameExists", message));
        }
        Ok(json!({ "QueueUrl": url(host, name) }))
    }

    fn queue_url(&self, input: &Value, host: &str) -> Result<Value, ApiError> {
        let name = text(input, "QueueName").ok_or_else(|| missing("QueueName"))?;
        if self.lock().queues.contains_key(name) { Ok(json!({ "QueueUrl": url(host, name) })) } else { Err(no_queue()) }
    }

    fn list(&self, input: &Value, host: &str) -> Value {
        let prefix = text(input, "QueueNamePrefix").unwrap_or_default();
        let state = self.lock();
        let urls: Vec<String> = state.queues.keys().filter(|name| name.starts_with(prefix)).map(|name| url(host, name)).collect();
        json!({ "QueueUrls": urls })
    }

    fn delete_queue(&self, input: &Value) -> Result<Value, ApiError> {
        let name = self.with(input, |queue, _| Ok(json!(queue.name)))?;
        self.lock().queues.remove(name.as_str().unwrap_or_default());
        Ok(json!({}))
    }

    fn attributes(&self, input: &Value) -> Result<Value, ApiError> {
        self.with(input, |queue, _| {
            let (visible, hidden, delayed) = queue.counts(now());
            let mut attributes = json!({
                "QueueArn": format!("arn:aws:sqs:us-east-1:000000000000:{}", queue.name),
                "ApproximateNumberOfMessages": visible.to_string(), "ApproximateNumberOfMessagesNotVisible": hidden.to_string(),
                "ApproximateNumberOfMessagesDelayed": delayed.to_string(), "VisibilityTimeout": queue.visibility.to_string(),
                "CreatedTimestamp": format!("{:.0}", queue.created) });
            if let Some(shown) = attributes.as_object_mut() {
                queue.attributes.iter().for_each(|(name, value)| drop(shown.insert(name.clone(), value.clone())));
            }
            Ok(json!({ "Attributes": attributes }))
        })
    }

    fn send(&self, input: &Value, header: Option<&str>) -> Result<Value, ApiError> {
        let sent = self.with(input, |queue, messages| put(queue, messages, input, header))?;
        self.arrived.notify_waiters();
        Ok(sent)
    }

    /// Each entry by itself: a bad one fails alone.
    fn send_batch(&self, input: &Value, header: Option<&str>) -> Result<Value, ApiError> {
        let entries = entries(input)?;
        let answer = self.with(input, |queue, messages| {
            let (mut successful, mut failed) = (Vec::new(), Vec::new());
            for entry in entries {
                let id = entry.get("Id").cloned().unwrap_or_default();
                match put(queue, messages, entry, header) {
                    Ok(mut sent) => {
                        sent["Id"] = id;
                        successful.push(sent);
                    }
                    Err(error) => failed.push(json!({ "Id": id, "SenderFault": true, "Code": error.code, "Message": error.message })),
                }
            }
            Ok(json!({ "Successful": successful, "Failed": failed }))
        });
        self.arrived.notify_waiters();
        answer
    }

    /// Waits for messages as long as the caller wants to.
    async fn receive(&self, input: &Value) -> Result<Value, ApiError> {
        let most = number(input, "MaxNumberOfMessages", 1.0..=BATCH as f64, 1.0)? as usize;
        let wait = number(input, "WaitTimeSeconds", 0.0..=LONGEST_WAIT, 0.0)?;
        let deadline = tokio::time::Instant::now() + Duration::from_secs_f64(wait);
        loop {
            let arrived = self.arrived.notified();
            let received = self.with(input, |queue, _| {
                let visibility = number(input, "VisibilityTimeout", 0.0..=43_200.0, queue.visibility)?;
                Ok(shown(&queue.receive(most, visibility, now()), input))
            })?;
            let is_empty = received["Messages"].as_array().is_none_or(Vec::is_empty);
            if !is_empty {
                return Ok(received);
            }
            if tokio::time::timeout_at(deadline, arrived).await.is_err() {
                return Ok(json!({}));
            }
        }
    }

    fn delete(&self, input: &Value) -> Result<Value, ApiError> {
        let receipt = text(input, "ReceiptHandle").ok_or_else(|| missing("ReceiptHandle"))?;
        self.with(input, |queue, _| {
            queue.delete(receipt);
            Ok(json!({}))
        })
    }

    fn delete_batch(&self, input: &Value) -> Result<Value, ApiError> {
        let entries = entries(input)?;
        self.with(input, |queue, _| {
            entries.iter().for_each(|entry| queue.delete(text(entry, "ReceiptHandle").unwrap_or_default()));
            let ids: Vec<Value> = entries.iter().map(|entry| json!({ "Id": entry["Id"] })).collect();
            Ok(json!({ "Successful": ids, "Failed": [] }))
        })
    }

    fn change_visibility(&self, input: &Value) -> Result<Value, ApiError> {
        let receipt = text(input, "ReceiptHandle").ok_or_else(|| missing("ReceiptHandle"))?;
        let visibility = number(input, "VisibilityTimeout", 0.0..=43_200.0, 0.0)?;
        self.with(input, |queue, _| {
            let is_known = queue.change_visibility(receipt, visibility, now());
            if is_known { Ok(json!({})) } else { Err(ApiError::client("ReceiptHandleIsInvalid", "The receipt handle is not valid.")) }
        })
    }
}

fn url(host: &str, name: &str) -> String {
    format!("http://{host}/000000000000/{name}")
}

fn put(queue: &mut Queue, messages: &mut u64, input: &Value, header: Option<&str>) -> Result<Value, ApiError> {
    if queue.messages.len() >= MOST {
        return Err(ApiError::client("OverLimit", format!("the queue holds {MOST} messages already")));
    }
    *messages += 1;
    let id = format!("00000000-0000-4000-8000-{messages:012x}");
    let message = Message::read(input, header, id, now())?;
    let sent = Value::Object(message.sent());
    queue.messages.push_back(message);
    Ok(sent)
}

/// The messages with what the caller asked for, by either of the two lists that name system attributes.
fn shown(messages: &[Message], input: &Value) -> Value {
    let names = |key: &str| -> Vec<String> {
        let names = input.get(key).and_then(Value::as_array).into_iter().flatten();
        names.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let system = [names("MessageSystemAttributeNames"), names("AttributeNames")].concat();
    let own = names("MessageAttributeNames");
    let wants = |name: &str| system.iter().any(|wanted| wanted == "All" || wanted == name);
    let wants_attribute = |name: &str| {
        own.iter()
            .any(|wanted| wanted == "All" || wanted == name || wanted.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix)))
    };
    json!({ "Messages": messages.iter().map(|message| message.shown(wants, wants_attribute)).collect::<Vec<_>>() })
}
