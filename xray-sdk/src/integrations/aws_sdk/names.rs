//! One name per service, whatever told it: the map has a node per name.

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
pub(super) fn canonical(known: &str) -> String {
    let plain: String = known.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    match NAMES.binary_search_by_key(&plain.as_str(), |(id, _)| id) {
        Ok(place) => NAMES.get(place).map_or(known, |(_, name)| name).to_owned(),
        Err(_) => known.to_owned(),
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
