"""CloudWatch and SQS as boto3 of several ages speak them: query and XML, JSON, CBOR."""

import datetime
import pathlib
import sys

if len(sys.argv) > 2:
    sys.path.insert(0, str(pathlib.Path(sys.prefix) / "older" / sys.argv[2]))

import boto3
from botocore.config import Config

endpoint = sys.argv[1]
settings = dict(
    endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="local", config=Config(retries={"max_attempts": 0})
)
version = boto3.__version__
now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)

cloudwatch = boto3.client("cloudwatch", **settings)
namespace = f"Older/{version}"
cloudwatch.put_metric_data(
    Namespace=namespace,
    MetricData=[
        {"MetricName": "one", "Value": 3.5, "Unit": "Count", "Timestamp": now, "Dimensions": [{"Name": "Stage", "Value": "7"}]},
        {"MetricName": "many", "Values": [1.0, 2.0], "Counts": [3.0, 4.0], "Timestamp": now},
        {"MetricName": "set", "StatisticValues": {"SampleCount": 2, "Sum": 10, "Minimum": 4, "Maximum": 6}, "Timestamp": now},
    ],
)
metrics = cloudwatch.list_metrics(Namespace=namespace)["Metrics"]
assert sorted(metric["MetricName"] for metric in metrics) == ["many", "one", "set"], metrics
assert [metric["Dimensions"] for metric in metrics if metric["MetricName"] == "one"] == [[{"Name": "Stage", "Value": "7"}]], metrics
window = dict(StartTime=now - datetime.timedelta(minutes=5), EndTime=now + datetime.timedelta(minutes=5))
points = cloudwatch.get_metric_statistics(Namespace=namespace, MetricName="many", Period=60, Statistics=["Sum", "SampleCount", "Maximum"], **window)["Datapoints"]
assert [(point["Sum"], point["SampleCount"], point["Maximum"]) for point in points] == [(11.0, 7.0, 2.0)], points
assert points[0]["Timestamp"] == now.replace(second=0), points
query = {"Id": "a", "MetricStat": {"Metric": {"Namespace": namespace, "MetricName": "set"}, "Period": 60, "Stat": "Average"}}
(result,) = cloudwatch.get_metric_data(MetricDataQueries=[query], **window)["MetricDataResults"]
assert result["Values"] == [5.0] and result["Timestamps"] == [now.replace(second=0)], result
try:
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "bad", "Value": 1, "Unit": "Furlongs"}])
except cloudwatch.exceptions.ClientError as error:
    assert error.response["Error"]["Code"] in ("InvalidParameterValue", "InvalidParameterValueException"), error.response
else:
    raise AssertionError("a unit that is none was taken")

sqs = boto3.client("sqs", **settings)
url = sqs.create_queue(QueueName=f"older-{version.replace('.', '-')}", Attributes={"VisibilityTimeout": "1"})["QueueUrl"]
assert url in sqs.list_queues()["QueueUrls"]
sqs.send_message(QueueUrl=url, MessageBody="first <&>", MessageAttributes={"n": {"DataType": "Number", "StringValue": "5"}})
sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(number), "MessageBody": f"body {number}"} for number in range(3)])
seen = []
while len(seen) < 4:
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, AttributeNames=["All"], MessageAttributeNames=["All"])["Messages"]
    seen += messages
    sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": str(at), "ReceiptHandle": message["ReceiptHandle"]} for at, message in enumerate(messages)])
assert sorted(message["Body"] for message in seen) == ["body 0", "body 1", "body 2", "first <&>"], seen
(first,) = [message for message in seen if message["Body"].startswith("first")]
assert first["MessageAttributes"]["n"] == {"DataType": "Number", "StringValue": "5"} and "SentTimestamp" in first["Attributes"], first
assert int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["ApproximateNumberOfMessages"]) == 0
sqs.delete_queue(QueueUrl=url)
try:
    sqs.get_queue_url(QueueName="nowhere")
except sqs.exceptions.QueueDoesNotExist:
    pass
else:
    raise AssertionError("a queue that is not there was found")

sts = boto3.client("sts", **settings)
assert sts.get_caller_identity()["Account"] == "000000000000"
print(f"boto3 {version}: all right")
