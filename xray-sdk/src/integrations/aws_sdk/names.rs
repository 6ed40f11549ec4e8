//! One name per service, whatever told it: the map has a node per name.

use std::borrow::Cow;

/// In order of the first: signing names and ids in user agents, and what the services are called in their models.
const NAMES: [(&str, &str); 38] = [
    ("apigateway", "API Gateway"),
    ("athena", "Athena"),
    ("bedrock", "Bedrock Runtime"),
    ("bedrockruntime", "Bedrock Runtime"),
    ("cloudformation", "CloudFormation"),
    ("cloudwatch", "CloudWatch"),
    ("cloudwatchlogs", "CloudWatch Logs"),
    ("cognitoidentityprovider", "Cognito Identity Provider"),
    ("dynamodb", "DynamoDB"),
    ("dynamodbstreams", "DynamoDB Streams"),
    ("ec2", "EC2"),
    ("ecr", "ECR"),
    ("ecs", "ECS"),
    ("eventbridge", "EventBridge"),
    ("events", "EventBridge"),
    ("firehose", "Firehose"),
    ("glue", "Glue"),
    ("iam", "IAM"),
    ("kinesis", "Kinesis"),
    ("kms", "KMS"),
    ("lambda", "Lambda"),
    ("logs", "CloudWatch Logs"),
    ("monitoring", "CloudWatch"),
    ("rdsdata", "RDS Data"),
    ("s3", "S3"),
    ("s3express", "S3"),
    ("sagemakerruntime", "SageMaker Runtime"),
    ("scheduler", "Scheduler"),
    ("secretsmanager", "Secrets Manager"),
    ("ses", "SES"),
    ("sesv2", "SESv2"),
    ("sfn", "SFN"),
    ("sns", "SNS"),
    ("sqs", "SQS"),
    ("ssm", "SSM"),
    ("states", "SFN"),
    ("sts", "STS"),
    ("xray", "XRay"),
];

/// The service's name in its model, or `known` itself.
pub(super) fn canonical(known: &str) -> Cow<'static, str> {
    let plain = || known.bytes().filter(u8::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase());
    let found = NAMES.binary_search_by(|(id, _)| id.bytes().cmp(plain()));
    let name = found.ok().and_then(|place| NAMES.get(place)).map(|(_, name)| *name);
    name.map_or_else(|| Cow::Owned(known.to_owned()), Cow::Borrowed)
}

/// What an attempt is called.
pub(super) fn attempt(number: u32) -> Cow<'static, str> {
    match number {
        1 => "attempt 1".into(),
        2 => "attempt 2".into(),
        3 => "attempt 3".into(),
        more => format!("attempt {more}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_one_name() {
        assert_eq!(["dynamodb", "DynamoDB"].map(canonical), ["DynamoDB", "DynamoDB"]);
        assert_eq!(
            ["monitoring", "CloudWatch", "cloudwatch-logs", "events"].map(canonical),
            ["CloudWatch", "CloudWatch", "CloudWatch Logs", "EventBridge"]
        );
        assert_eq!(canonical("Some New Service"), "Some New Service");
    }
}
