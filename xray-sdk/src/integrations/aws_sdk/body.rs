//! What only bodies tell, and a few headers: tables of batches, counts, settings, the message's id, the capacity consumed.

use std::collections::BTreeSet;

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use telemetry_wire::Aws;

use super::attributes::{SHOWN, SHOWN_SETTINGS, more, set, snake_case};

/// Larger bodies are not looked at: reading them would cost more than the call is worth.
const LARGEST: usize = 64 * 1024;

/// Whether bodies are an operation's members in JSON. Those of other protocols may be anybody's: objects, payloads of functions.
pub(super) fn is_of_members(request: &HttpRequest) -> bool {
    request.headers().get("x-amz-target").is_some()
}

/// Adds what a request tells of itself.
pub(super) fn describe_request(aws: &mut Aws, request: &HttpRequest) {
    describe_headers(aws, request);
    describe_members(aws, &members_of(request));
}

/// The same and the names of resources; for who has no interceptor that is told them.
pub(super) fn describe_request_and_names(aws: &mut Aws, request: &HttpRequest) {
    let members = members_of(request);
    for member in SHOWN {
        if let Some(value) = members.get(member).and_then(Value::as_str) {
            set(aws, member, value);
        }
    }
    describe_headers(aws, request);
    describe_members(aws, &members);
}

fn describe_headers(aws: &mut Aws, request: &HttpRequest) {
    for header in ["x-amz-invocation-type", "x-amz-log-type"] {
        if let Some(value) = request.headers().get(header) {
            more(aws, &header.trim_start_matches("x-amz-").replace('-', "_"), value.into());
        }
    }
}

/// An operation's members; none if its body is something else.
fn members_of(request: &HttpRequest) -> Map<String, Value> {
    let body = small(request.body().bytes()).filter(|_| is_of_members(request));
    body.and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default()
}

/// Adds what an answer tells.
pub(super) fn describe_answer(aws: &mut Aws, response: &HttpResponse, is_of_members: bool) {
    if let Some(kind) = response.headers().get("x-amz-function-error") {
        more(aws, "function_error", kind.into());
    }
    if is_of_members
        && let Some(body) = small(response.body().bytes())
        && let Ok(told) = serde_json::from_slice::<Told>(body)
    {
        told.describe(aws);
    }
}

fn small(body: Option<&[u8]>) -> Option<&[u8]> {
    body.filter(|body| body.len() <= LARGEST)
}

fn describe_members(aws: &mut Aws, members: &Map<String, Value>) {
    for name in SHOWN_SETTINGS {
        if let Some(value) = members.get(name) {
            more(aws, &snake_case(name), value.clone());
        }
    }
    for (name, shown) in [("MessageAttributes", "message_attribute_names"), ("Attributes", "attribute_names")] {
        if let Some(attributes) = members.get(name).and_then(Value::as_object).filter(|_| aws.queue_url.is_some()) {
            more(aws, shown, attributes.keys().cloned().collect());
        }
    }
    if aws.table_name.is_none() {
        aws.table_names = tables(members);
    }
    match members.get("Entries").and_then(Value::as_array) {
        Some(entries) if aws.queue_url.is_some() => more(aws, "message_count", entries.len().into()),
        Some(entries) => {
            let buses: BTreeSet<&str> = entries.iter().filter_map(|entry| entry.get("EventBusName")?.as_str()).collect();
            if !buses.is_empty() {
                aws.resource_names = buses.into_iter().map(str::to_owned).collect();
            }
        }
        None => {}
    }
}

/// The tables of DynamoDB's batches and transactions.
fn tables(members: &Map<String, Value>) -> Vec<String> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    if let Some(tables) = members.get("RequestItems").and_then(Value::as_object) {
        names.extend(tables.keys().cloned());
    }
    let actions = members.get("TransactItems").and_then(Value::as_array).into_iter().flatten();
    for action in actions.filter_map(Value::as_object).flat_map(Map::values) {
        names.extend(action.get("TableName").and_then(Value::as_str).map(str::to_owned));
    }
    names.into_iter().collect()
}

/// The members of answers that are shown, or counted; nothing else is kept while reading.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Told {
    message_id: Option<String>,
    queue_url: Option<String>,
    consumed_capacity: Option<Value>,
    count: Option<u64>,
    scanned_count: Option<u64>,
    failed_entry_count: Option<u64>,
    failed_record_count: Option<u64>,
    failed: Option<Vec<IgnoredAny>>,
    successful: Option<Vec<IgnoredAny>>,
    messages: Option<Vec<IgnoredAny>>,
    table_names: Option<Vec<IgnoredAny>>,
    #[serde(alias = "queueUrls")]
    queue_urls: Option<Vec<IgnoredAny>>,
}

impl Told {
    fn describe(self, aws: &mut Aws) {
        let length = |list: Option<Vec<IgnoredAny>>| list.map(|list| list.len() as u64);
        let counts = [
            ("count", self.count),
            ("scanned_count", self.scanned_count),
            ("failed_count", self.failed_entry_count.or(self.failed_record_count).or(length(self.failed))),
            ("successful_count", length(self.successful)),
            ("message_count", length(self.messages)),
            ("table_count", length(self.table_names)),
            ("queue_count", length(self.queue_urls)),
        ];
        for (key, count) in counts {
            if let Some(count) = count {
                more(aws, key, count.into());
            }
        }
        if let Some(id) = self.message_id {
            more(aws, "message_id", id.into());
        }
        if let Some(capacity) = self.consumed_capacity {
            more(aws, "consumed_capacity", capacity);
        }
        aws.queue_url = aws.queue_url.take().or(self.queue_url);
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn request(target: Option<&'static str>, body: &str) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(body));
        if let Some(target) = target {
            request.headers_mut().insert("x-amz-target", target);
        }
        request
    }

    fn described(body: &str) -> Aws {
        let mut aws = Aws::default();
        describe_request(&mut aws, &request(Some("S.O"), body));
        aws
    }

    fn told(answer: &str) -> Aws {
        let mut aws = Aws::default();
        let response = HttpResponse::new(200.try_into().expect("a status"), SdkBody::from(answer));
        describe_answer(&mut aws, &response, true);
        aws
    }

    #[test]
    fn batches_and_transactions_name_their_tables() {
        assert_eq!(described(r#"{"RequestItems":{"b":[],"a":[]}}"#).table_names, ["a", "b"]);
        assert_eq!(described(r#"{"TransactItems":[{"Put":{"TableName":"t","Item":{"id":{"S":"s3cret"}}}}]}"#).table_names, ["t"]);
        assert_eq!(described(r#"{"Entries":[{"EventBusName":"orders"},{}]}"#).resource_names, ["orders"]);
    }

    #[test]
    fn settings_are_shown_and_values_are_not() {
        let aws = described(r#"{"TableName":"t","ConsistentRead":true,"Limit":5,"Key":{"id":{"S":"s3cret"}},"Item":"s3cret"}"#);
        assert_eq!((&aws.more["consistent_read"], &aws.more["limit"]), (&true.into(), &5.into()));
        assert!(!format!("{aws:?}").contains("s3cret"));
    }

    #[test]
    fn of_message_attributes_the_names_are_shown() {
        let mut aws = Aws { queue_url: Some("q".into()), ..Aws::default() };
        let body = r#"{"MessageAttributes":{"kind":{"DataType":"String","StringValue":"s3cret"}}}"#;
        describe_request(&mut aws, &request(Some("AmazonSQS.SendMessage"), body));
        assert_eq!(aws.more["message_attribute_names"], serde_json::json!(["kind"]));
        assert!(!format!("{aws:?}").contains("s3cret"));
    }

    #[test]
    fn payloads_of_functions_and_objects_are_nobodys_business() {
        let payload = r#"{"Limit":5,"Entries":[{"EventBusName":"s3cret"}],"RequestItems":{"s3cret":1},"MessageId":"s3cret"}"#;
        let mut aws = Aws::default();
        describe_request(&mut aws, &request(None, payload));
        describe_request_and_names(&mut aws, &request(None, payload));
        let response = HttpResponse::new(200.try_into().expect("a status"), SdkBody::from(payload));
        describe_answer(&mut aws, &response, false);
        assert_eq!(aws, Aws::default());
    }

    #[test]
    fn answers_are_counted_and_their_contents_are_not_shown() {
        let aws = told(
            r#"{"Items":[{"id":{"S":"s3cret"}}],"Count":1,"ScannedCount":7,"ConsumedCapacity":{"TableName":"t","CapacityUnits":0.5}}"#,
        );
        assert_eq!((&aws.more["count"], &aws.more["scanned_count"]), (&1.into(), &7.into()));
        assert_eq!(aws.more["consumed_capacity"]["CapacityUnits"], 0.5);
        let aws = told(r#"{"Failed":[{"Id":"s3cret"}],"Successful":[{},{}]}"#);
        assert_eq!((&aws.more["failed_count"], &aws.more["successful_count"]), (&1.into(), &2.into()));
        assert_eq!(told(r#"{"MessageId":"m"}"#).more["message_id"], "m");
        assert_eq!(told(r#"{"FailedEntryCount":2,"Entries":[]}"#).more["failed_count"], 2);
    }

    #[test]
    fn broken_bodies_tell_nothing() {
        let broken = ["{\"Limit\":", "Action=Publish", "", "[]", r#"{"Count":"many"}"#];
        assert!(broken.iter().all(|body| told(body) == Aws::default()));
        assert!(broken[..4].iter().all(|body| described(body) == Aws::default()));
    }
}
