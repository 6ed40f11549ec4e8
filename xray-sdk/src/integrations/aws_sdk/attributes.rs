//! Which members of inputs are shown, and as what.

use serde_json::Value;
use telemetry_wire::Aws;

/// Names of resources, never contents. Each is a member of some operation's input.
pub(super) const SHOWN: [&str; 24] = [
    "ApiId",
    "Bucket",
    "ClusterName",
    "DeliveryStreamName",
    "EndpointName",
    "EventBusName",
    "FunctionName",
    "IndexName",
    "KeyId",
    "LogGroupName",
    "ModelId",
    "QueueName",
    "QueueOwnerAWSAccountId",
    "QueueUrl",
    "Qualifier",
    "Rule",
    "SecretId",
    "StateMachineArn",
    "StreamARN",
    "StreamName",
    "TableName",
    "TargetArn",
    "TopicArn",
    "UserPoolId",
];

/// Numbers and booleans, which the SDK does not capture; read from bodies of JSON.
pub(super) const SHOWN_SCALARS: [&str; 9] = [
    "ConsistentRead",
    "DelaySeconds",
    "Limit",
    "MaxNumberOfMessages",
    "ScanIndexForward",
    "Segment",
    "TotalSegments",
    "VisibilityTimeout",
    "WaitTimeSeconds",
];

/// Puts a member where X-Ray looks for it.
pub(super) fn set(aws: &mut Aws, member: &str, value: &str) {
    match member {
        "QueueUrl" => aws.queue_url = Some(value.to_owned()),
        "TableName" => aws.table_name = Some(value.to_owned()),
        "Bucket" => more(aws, "bucket_name", value.into()),
        member => more(aws, &snake_case(member), value.into()),
    }
}

pub(super) fn more(aws: &mut Aws, key: &str, value: Value) {
    aws.more.insert(key.to_owned(), value);
}

/// `TopicArn` becomes `topic_arn`, `StreamARN` becomes `stream_arn`.
pub(super) fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut was_lower = false;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && was_lower {
            snake.push('_');
        }
        was_lower = !letter.is_ascii_uppercase();
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_shown_in_snake_case() {
        assert_eq!(["TopicArn", "StreamARN", "MaxNumberOfMessages"].map(snake_case), ["topic_arn", "stream_arn", "max_number_of_messages"]);
    }

    #[test]
    fn queues_tables_and_buckets_have_places_of_their_own() {
        let mut aws = Aws::default();
        for (member, value) in [("QueueUrl", "q"), ("TableName", "t"), ("Bucket", "b"), ("TopicArn", "a")] {
            set(&mut aws, member, value);
        }
        assert_eq!((aws.queue_url.as_deref(), aws.table_name.as_deref()), (Some("q"), Some("t")));
        assert_eq!((&aws.more["bucket_name"], &aws.more["topic_arn"]), (&"b".into(), &"a".into()));
    }
}
