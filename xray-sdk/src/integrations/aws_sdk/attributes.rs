//! Which members of inputs are shown, and as what.

use serde_json::Value;
use telemetry_wire::Aws;

/// Names of resources, of attributes and of their parts, never contents. Each is a member of some operation's input.
pub(super) const SHOWN: [&str; 29] = [
    "ApiId",
    "Bucket",
    "ClusterName",
    "DeliveryStreamName",
    "EndpointName",
    "EventBusName",
    "ExclusiveStartTableName",
    "FunctionName",
    "IndexName",
    "KeyId",
    "Label",
    "LogGroupName",
    "ModelId",
    "ProjectionExpression",
    "Qualifier",
    "QueueName",
    "QueueNamePrefix",
    "QueueOwnerAWSAccountId",
    "QueueUrl",
    "Rule",
    "SecretId",
    "StateMachineArn",
    "StreamARN",
    "StreamName",
    "TableName",
    "TargetArn",
    "TopicArn",
    "UserPoolId",
    "VersionId",
];

/// Services whose requests show the names of resources at the top level of their body, so that the SDK is not asked for them.
const IN_BODY: [&str; 3] = ["dynamodb", "events", "sqs"];

/// Members to ask the SDK for, by the service's signing name; of other services all of [`SHOWN`]. The SDK copies the list with each call.
pub(super) const REQUESTED: [(&str, &[&str]); 6] = [
    (IN_BODY[0], &[]),
    (IN_BODY[1], &[]),
    (IN_BODY[2], &[]),
    ("lambda", &["FunctionName", "Qualifier"]),
    ("s3", &["Bucket", "VersionId"]),
    ("sns", &["TargetArn", "TopicArn"]),
];

/// Returns whether the names of resources are read from the body of requests to this service.
pub(super) fn are_in_body(signing_name: &str) -> bool {
    IN_BODY.contains(&signing_name)
}

/// Returns whether a member of inputs is shown without being asked for.
pub(super) fn is_shown(member: &str) -> bool {
    SHOWN.binary_search(&member).is_ok()
}

/// Numbers, booleans and choices of a few words, which the SDK does not capture; read from bodies of JSON.
pub(super) const SHOWN_SETTINGS: [&str; 15] = [
    "AttributeDefinitions",
    "AttributeNames",
    "AttributesToGet",
    "ConsistentRead",
    "DelaySeconds",
    "Limit",
    "MaxNumberOfMessages",
    "MessageAttributeNames",
    "ProvisionedThroughput",
    "ScanIndexForward",
    "Segment",
    "Select",
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
        member => more(aws, snake_case(member), value.into()),
    }
}

pub(super) fn more(aws: &mut Aws, key: impl Into<String>, value: Value) {
    aws.more.insert(key.into(), value);
}

/// `TopicArn` becomes `topic_arn`, `StreamARN` becomes `stream_arn`, `QueueOwnerAWSAccountId` becomes `queue_owner_aws_account_id`.
pub(super) fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut before = 'A';
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        let begins_word = letters.peek().is_some_and(char::is_ascii_lowercase) || before.is_ascii_lowercase();
        if letter.is_ascii_uppercase() && begins_word && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
        before = letter;
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_shown_in_snake_case() {
        let members = ["TopicArn", "StreamARN", "MaxNumberOfMessages", "QueueOwnerAWSAccountId"];
        assert_eq!(members.map(snake_case), ["topic_arn", "stream_arn", "max_number_of_messages", "queue_owner_aws_account_id"]);
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
