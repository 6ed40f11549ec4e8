//! Facts that only bodies and a few headers hold: members of inputs, the message's id, counts, the capacity consumed.

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use telemetry_wire::Aws;

use super::attributes::more;
use super::members;

/// Larger answers are not read: that would cost more than the call is worth.
const LARGEST: usize = 64 * 1024;

/// Returns the operation of a request whose body is the operation's members in JSON. Bodies of other protocols may be anybody's: objects,
/// payloads of functions.
pub(super) fn operation_of_members(request: &HttpRequest) -> Option<&str> {
    request.headers().get("x-amz-target").map(|target| target.rsplit('.').next().unwrap_or(target))
}

/// Adds the members of a body in JSON.
pub(super) fn describe_members(aws: &mut Aws, request: &HttpRequest) {
    if let (Some(operation), Some(body)) = (operation_of_members(request), request.body().bytes()) {
        members::describe(aws, operation, body);
    }
}

/// Adds the settings that are headers.
pub(super) fn describe_headers(aws: &mut Aws, request: &HttpRequest) {
    for (header, shown) in [("x-amz-invocation-type", "invocation_type"), ("x-amz-log-type", "log_type")] {
        if let Some(value) = request.headers().get(header) {
            more(aws, shown, value.into());
        }
    }
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

    fn told(answer: &str) -> Aws {
        let mut aws = Aws::default();
        let response = HttpResponse::new(200.try_into().expect("a status"), SdkBody::from(answer));
        describe_answer(&mut aws, &response, true);
        aws
    }

    #[test]
    fn payloads_of_functions_and_objects_are_nobodys_business() {
        let payload = r#"{"Limit":5,"Entries":[{"EventBusName":"s3cret"}],"RequestItems":{"s3cret":1},"MessageId":"s3cret"}"#;
        let mut aws = Aws::default();
        describe_members(&mut aws, &HttpRequest::new(SdkBody::from(payload)));
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
    }
}
