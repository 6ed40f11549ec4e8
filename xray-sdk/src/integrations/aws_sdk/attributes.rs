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
        member => more(aws, &snake_case(member), value.into()),
    }
}

pub(super) fn more(aws: &mut Aws, key: &str, value: Value) {
    aws.more.insert(key.to_owned(), value);
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
