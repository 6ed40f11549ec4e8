//! The members of each operation that are honoured: any other is refused by its name, not ignored.

use serde_json::Value;

use super::call::Call;
use super::error::ApiError;
use super::service::Service;

/// Operations with their members. Of those that change nothing here: `sequenceToken` and `interleaved` are without effect in AWS too,
/// `entity` and the host of telemetry records are shown by AWS's console only, the owner of a queue is always this account.
const SERVED: [(Service, &str, &str); 51] = [
    (Service::XRay, "PutTraceSegments", "TraceSegmentDocuments"),
    (Service::XRay, "PutTelemetryRecords", "TelemetryRecords EC2InstanceId Hostname ResourceARN"),
    (Service::XRay, "GetTraceSummaries", "StartTime EndTime TimeRangeType FilterExpression NextToken"),
    (Service::XRay, "BatchGetTraces", "TraceIds"),
    (Service::XRay, "GetServiceGraph", "StartTime EndTime GroupName GroupARN"),
    (Service::XRay, "GetTraceGraph", "TraceIds"),
    (Service::XRay, "GetSamplingRules", ""),
    (Service::XRay, "GetSamplingTargets", "SamplingStatisticsDocuments SamplingBoostStatisticsDocuments"),
    (Service::XRay, "GetSamplingStatisticSummaries", ""),
    (Service::XRay, "CreateSamplingRule", "SamplingRule"),
    (Service::XRay, "UpdateSamplingRule", "SamplingRuleUpdate"),
    (Service::XRay, "DeleteSamplingRule", "RuleName RuleARN"),
    (Service::XRay, "CreateGroup", "GroupName FilterExpression InsightsConfiguration"),
    (Service::XRay, "UpdateGroup", "GroupName GroupARN FilterExpression InsightsConfiguration"),
    (Service::XRay, "DeleteGroup", "GroupName GroupARN"),
    (Service::XRay, "GetGroup", "GroupName GroupARN"),
    (Service::XRay, "GetGroups", ""),
    (Service::CloudWatch, "PutMetricData", "Namespace MetricData"),
    (Service::CloudWatch, "ListMetrics", "Namespace MetricName Dimensions NextToken RecentlyActive"),
    (Service::CloudWatch, "GetMetricStatistics", "Namespace MetricName Dimensions StartTime EndTime Period Statistics Unit"),
    (Service::CloudWatch, "GetMetricData", "MetricDataQueries StartTime EndTime NextToken ScanBy MaxDatapoints"),
    (Service::Logs, "CreateLogGroup", "logGroupName kmsKeyId tags logGroupClass"),
    (Service::Logs, "CreateLogStream", "logGroupName logStreamName"),
    (Service::Logs, "DescribeLogGroups", "logGroupNamePrefix logGroupNamePattern nextToken limit logGroupClass"),
    (Service::Logs, "DescribeLogStreams", "logGroupName logGroupIdentifier logStreamNamePrefix orderBy descending nextToken limit"),
    (Service::Logs, "PutLogEvents", "logGroupName logStreamName logEvents sequenceToken entity"),
    (
        Service::Logs,
        "FilterLogEvents",
        "logGroupName logGroupIdentifier logStreamNames logStreamNamePrefix startTime endTime filterPattern nextToken limit interleaved",
    ),
    (Service::Logs, "GetLogEvents", "logGroupName logGroupIdentifier logStreamName startTime endTime nextToken limit startFromHead"),
    (Service::Logs, "DeleteLogGroup", "logGroupName"),
    (Service::Logs, "DeleteLogStream", "logGroupName logStreamName"),
    (Service::Logs, "PutRetentionPolicy", "logGroupName retentionInDays"),
    (Service::Logs, "DeleteRetentionPolicy", "logGroupName"),
    (Service::Logs, "TagResource", "resourceArn tags"),
    (Service::Logs, "UntagResource", "resourceArn tagKeys"),
    (Service::Logs, "ListTagsForResource", "resourceArn"),
    (Service::Logs, "TagLogGroup", "logGroupName tags"),
    (Service::Logs, "UntagLogGroup", "logGroupName tags"),
    (Service::Logs, "ListTagsLogGroup", "logGroupName"),
    (Service::Sqs, "CreateQueue", "QueueName Attributes"),
    (Service::Sqs, "GetQueueUrl", "QueueName QueueOwnerAWSAccountId"),
    (Service::Sqs, "ListQueues", "QueueNamePrefix"),
    (Service::Sqs, "DeleteQueue", "QueueUrl"),
    (Service::Sqs, "PurgeQueue", "QueueUrl"),
    (Service::Sqs, "SendMessage", "QueueUrl MessageBody DelaySeconds MessageAttributes MessageSystemAttributes"),
    (Service::Sqs, "SendMessageBatch", "QueueUrl Entries"),
    (
        Service::Sqs,
        "ReceiveMessage",
        "QueueUrl AttributeNames MessageSystemAttributeNames MessageAttributeNames MaxNumberOfMessages VisibilityTimeout WaitTimeSeconds",
    ),
    (Service::Sqs, "DeleteMessage", "QueueUrl ReceiptHandle"),
    (Service::Sqs, "DeleteMessageBatch", "QueueUrl Entries"),
    (Service::Sqs, "ChangeMessageVisibility", "QueueUrl ReceiptHandle VisibilityTimeout"),
    (Service::Sqs, "GetQueueAttributes", "QueueUrl AttributeNames"),
    (Service::Sts, "GetCallerIdentity", ""),
];

/// Checks that a call has no member that is not honoured. `false` and nothing are what each member is by default.
///
/// # Errors
/// When it has one, with its name.
pub(crate) fn check(call: &Call) -> Result<(), ApiError> {
    let served = SERVED.iter().find(|(service, operation, _)| *service == call.service && *operation == call.operation);
    let Some(((.., members), input)) = served.zip(call.input.as_object()) else { return Ok(()) };
    let is_default = |value: &Value| matches!(value, Value::Null | Value::Bool(false)) || value == "false";
    let unknown = input.iter().find(|(name, value)| !is_default(value) && !members.split(' ').any(|member| member == name.as_str()));
    let Some((name, _)) = unknown else { return Ok(()) };
    let code = match call.service {
        Service::XRay => "InvalidRequestException",
        Service::Logs => "InvalidParameterException",
        Service::CloudWatch => "InvalidParameterValueException",
        Service::Sqs => "UnsupportedOperation",
        Service::Sts | Service::Other => "ValidationError",
    };
    Err(ApiError::client(code, format!("the parameter {name} of {} is not served here", call.operation)))
}
