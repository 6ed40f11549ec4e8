"""boto3 and the AWS CLI walk every operation that the console serves, and some that it refuses."""

import datetime
import json
import os
import subprocess
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint = sys.argv[1]
config = Config(retries={"max_attempts": 1}, request_min_compression_size_bytes=128)
client = lambda service: boto3.client(service, endpoint_url=endpoint, config=config)
now = time.time()
from_, to = now - 600, now + 60


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error.response["Error"]["Message"]
    raise AssertionError(f"{call} was not refused with {code}")


def aws(*arguments):
    command = [os.path.join(os.path.dirname(sys.executable), "aws"), "--endpoint-url", endpoint, *arguments]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout or b"{}")


xray = client("xray")
good = {"name": "walk", "id": "53995c3f42cd8ad8", "trace_id": "1-5759e988-bd862e3fe1be46a994272793", "start_time": now - 2, "end_time": now - 1}
documents = [json.dumps(good), "{broken", json.dumps({**good, "id": "70de5b6f19ff9a0a", "trace_id": "nonsense"}), "{\"subsegments\":[" * 1000]
unprocessed = xray.put_trace_segments(TraceSegmentDocuments=documents)["UnprocessedTraceSegments"]
assert [entry["ErrorCode"] for entry in unprocessed] == ["JSONFormatError", "InvalidTraceId", "JSONFormatError"], unprocessed
assert unprocessed[1]["Id"] == "70de5b6f19ff9a0a"
xray.put_telemetry_records(TelemetryRecords=[{"Timestamp": now, "SegmentsReceivedCount": 1}], Hostname="h")
assert len(xray.get_trace_summaries(StartTime=from_, EndTime=to)["TraceSummaries"]) == 1
message = refused("InvalidRequestException", xray.get_trace_summaries, StartTime=from_, EndTime=to, FilterExpression="responsetime >")
assert "position 14" in message, message
assert xray.batch_get_traces(TraceIds=["1-00000000-000000000000000000000000"])["UnprocessedTraceIds"]
assert xray.get_service_graph(StartTime=from_, EndTime=to)["Services"]
assert xray.get_trace_graph(TraceIds=[good["trace_id"]])["Services"]
rule = xray.get_sampling_rules()["SamplingRuleRecords"][0]["SamplingRule"]
assert (rule["RuleName"], rule["FixedRate"]) == ("Default", 1.0)
statistics = {"RuleName": "Default", "ClientID": "0123456789abcdef01234567", "Timestamp": now, "RequestCount": 1, "SampledCount": 1, "BorrowCount": 0}
targets = xray.get_sampling_targets(SamplingStatisticsDocuments=[statistics, {**statistics, "RuleName": "other"}])
assert targets["SamplingTargetDocuments"][0]["ReservoirQuota"] == 1 and targets["UnprocessedStatistics"][0]["RuleName"] == "other"
refused("UnknownOperationException", xray.get_encryption_config)

cloudwatch = client("cloudwatch")
dimensions = [{"Name": "a", "Value": "b"}]
datum = {"MetricName": "m", "Dimensions": dimensions, "Unit": "Count"}
data = [{**datum, "Value": 3}, {**datum, "Values": [1, 2], "Counts": [2, 1]}, {**datum, "StatisticValues": {"SampleCount": 2, "Sum": 10, "Minimum": 4, "Maximum": 6}}]
cloudwatch.put_metric_data(Namespace="Walk", MetricData=data)  # compressed: it is above 128 bytes
assert cloudwatch.list_metrics(Namespace="Walk", Dimensions=[{"Name": "a"}])["Metrics"] == [{"Namespace": "Walk", "MetricName": "m", "Dimensions": dimensions}]
window = {"StartTime": datetime.datetime.fromtimestamp(from_, datetime.timezone.utc), "EndTime": datetime.datetime.fromtimestamp(to, datetime.timezone.utc)}
points = cloudwatch.get_metric_statistics(Namespace="Walk", MetricName="m", Dimensions=dimensions, Period=60, Statistics=["Sum", "SampleCount", "Minimum", "Maximum", "Average"], **window)["Datapoints"]
assert (sum(point["Sum"] for point in points), sum(point["SampleCount"] for point in points)) == (17, 6), points
assert (min(point["Minimum"] for point in points), max(point["Maximum"] for point in points)) == (1, 6)
query = {"Id": "q", "MetricStat": {"Metric": {"Namespace": "Walk", "MetricName": "m", "Dimensions": dimensions}, "Period": 60, "Stat": "Sum"}}
result = cloudwatch.get_metric_data(MetricDataQueries=[query], **window)["MetricDataResults"][0]
assert (sum(result["Values"]), result["StatusCode"]) == (17, "Complete")
refused("InvalidParameterValue", cloudwatch.put_metric_data, Namespace=":x", MetricData=data)
refused("InvalidParameterValue", cloudwatch.put_metric_data, Namespace="Walk", MetricData=[{**datum, "Value": 1, "Timestamp": now - 30 * 86400}])
refused("InvalidParameterValue", cloudwatch.get_metric_data, MetricDataQueries=[{"Id": "e", "Expression": "1+1"}], **window)

logs = client("logs")
logs.create_log_group(logGroupName="/walk")
refused("ResourceAlreadyExistsException", logs.create_log_group, logGroupName="/walk")
refused("InvalidParameterException", logs.create_log_group, logGroupName="a b")
refused("ResourceNotFoundException", logs.put_log_events, logGroupName="/none", logStreamName="s", logEvents=[{"timestamp": 1, "message": "m"}])
logs.create_log_stream(logGroupName="/walk", logStreamName="s")
millis = int(now * 1000)
events = [{"timestamp": millis - 20 * 86400000, "message": "too old"}]
assert logs.put_log_events(logGroupName="/walk", logStreamName="s", logEvents=events)["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
events = [{"timestamp": millis + n, "message": f"{level} order {n} {good['trace_id']}"} for n, level in enumerate(["INFO", "ERROR", "WARN"])]
assert "rejectedLogEventsInfo" not in logs.put_log_events(logGroupName="/walk", logStreamName="s", logEvents=events)
refused("InvalidParameterException", logs.put_log_events, logGroupName="/walk", logStreamName="s", logEvents=list(reversed(events)))
match = lambda pattern: [event["message"].split()[0] for event in logs.filter_log_events(logGroupName="/walk", filterPattern=pattern)["events"]]
assert (match("order"), match("?ERROR ?WARN"), match('"order 1"'), match("order -INFO")) == (["INFO", "ERROR", "WARN"], ["ERROR", "WARN"], ["ERROR"], ["ERROR", "WARN"])
refused("InvalidParameterException", logs.filter_log_events, logGroupName="/walk", filterPattern="{ $.a = 1 }")
page = logs.get_log_events(logGroupName="/walk", logStreamName="s", startFromHead=True, limit=2)
assert len(page["events"]) == 2
page = logs.get_log_events(logGroupName="/walk", logStreamName="s", startFromHead=True, nextToken=page["nextForwardToken"])
assert len(page["events"]) == 1
assert logs.get_log_events(logGroupName="/walk", logStreamName="s", nextToken=page["nextForwardToken"])["nextForwardToken"] == page["nextForwardToken"]
assert logs.describe_log_groups(logGroupNamePrefix="/wa")["logGroups"][0]["logGroupName"] == "/walk"
assert logs.describe_log_streams(logGroupName="/walk")["logStreams"][0]["lastEventTimestamp"] == millis + 2
refused("UnknownOperationException", logs.start_query, logGroupName="/walk", startTime=1, endTime=2, queryString="fields @message")

sts = client("sts")
assert sts.get_caller_identity()["Account"] == "000000000000"
credentials = sts.assume_role(RoleArn="arn:aws:iam::000000000000:role/r", RoleSessionName="session")["Credentials"]
assert credentials["SecretAccessKey"] and credentials["Expiration"] > datetime.datetime.now(datetime.timezone.utc)
refused("InvalidAction", sts.get_session_token)
refused("UnknownOperationException", client("events").list_rules)

rule = {"RuleName": "pay", "ResourceARN": "*", "Priority": 5, "FixedRate": 0.5, "ReservoirSize": 5, "ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "POST", "URLPath": "/pay/*", "Version": 1}
created = xray.create_sampling_rule(SamplingRule=rule)["SamplingRuleRecord"]
refused("InvalidRequestException", xray.create_sampling_rule, SamplingRule=rule)
refused("InvalidRequestException", xray.create_sampling_rule, SamplingRule={**rule, "RuleName": "x", "FixedRate": 2.0})
refused("InvalidRequestException", xray.delete_sampling_rule, RuleName="Default")
assert [record["SamplingRule"]["RuleName"] for record in xray.get_sampling_rules()["SamplingRuleRecords"]] == ["pay", "Default"]
report = lambda name, id: {"RuleName": name, "ClientID": id * 24, "Timestamp": now, "RequestCount": 10, "SampledCount": 4, "BorrowCount": 1}
targets = lambda *reports: xray.get_sampling_targets(SamplingStatisticsDocuments=list(reports))
targets(report("pay", "a"), report("pay", "b"))
both = [targets(report("pay", id))["SamplingTargetDocuments"][0] for id in "ab"]
assert sum(target["ReservoirQuota"] for target in both) == 5 and both[0]["FixedRate"] == 0.5, both
answer = targets(report("gone", "a"))
assert answer["UnprocessedStatistics"][0]["RuleName"] == "gone" and answer["LastRuleModification"] >= created["ModifiedAt"]
updated = xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": "pay", "FixedRate": 0.1})["SamplingRuleRecord"]
assert (updated["SamplingRule"]["FixedRate"], updated["SamplingRule"]["URLPath"]) == (0.1, "/pay/*")
refused("InvalidRequestException", xray.update_sampling_rule, SamplingRuleUpdate={"RuleName": "pay", "SamplingRateBoost": {"MaxRate": 2.0, "CooldownWindowMinutes": 5}})
xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": "pay", "SamplingRateBoost": {"MaxRate": 0.9, "CooldownWindowMinutes": 5}})
wrong = lambda name, anomalies: {"RuleName": name, "ServiceName": "shop", "Timestamp": now, "AnomalyCount": anomalies, "TotalCount": 10, "SampledAnomalyCount": 0}
boosted = lambda anomalies: xray.get_sampling_targets(
    SamplingStatisticsDocuments=[{**report("pay", "a"), "RequestCount": 0}], SamplingBoostStatisticsDocuments=[wrong("pay", anomalies), wrong("Default", 0)])
answer = boosted(0)
assert "SamplingBoost" not in answer["SamplingTargetDocuments"][0] and answer["UnprocessedBoostStatistics"][0]["RuleName"] == "Default", answer
assert boosted(1)["SamplingTargetDocuments"][0]["SamplingBoost"]["BoostRate"] == 0.9
summaries = {summary["RuleName"]: summary["RequestCount"] for summary in xray.get_sampling_statistic_summaries()["SamplingStatisticSummaries"]}
assert summaries["pay"] == 40, summaries
xray.delete_sampling_rule(RuleName="pay")
assert len(xray.get_sampling_rules()["SamplingRuleRecords"]) == 1

xray.create_group(GroupName="failing", FilterExpression="fault = true")
refused("InvalidRequestException", xray.create_group, GroupName="broken", FilterExpression="fault = = true")
assert xray.get_groups()["Groups"][0]["GroupName"] == "failing"
window = {"StartTime": datetime.datetime.fromtimestamp(now - 3600), "EndTime": datetime.datetime.fromtimestamp(now + 3600)}
assert len(xray.get_service_graph(GroupName="failing", **window)["Services"]) < len(xray.get_service_graph(**window)["Services"])
assert xray.update_group(GroupName="failing", FilterExpression="error = true")["Group"]["FilterExpression"] == "error = true"
xray.delete_group(GroupName="failing")
refused("InvalidRequestException", xray.get_group, GroupName="failing")

sqs = client("sqs")
queue = sqs.create_queue(QueueName="walk")["QueueUrl"]
refused("AWS.SimpleQueueService.NonExistentQueue", sqs.get_queue_url, QueueName="none")
header = "Root=1-6b043ab7-2b32fe46c61b681eeb79240c;Parent=53995c3f42cd8ad8;Sampled=1"
attribute = lambda value: {"DataType": "String", "StringValue": value}
sqs.send_message(QueueUrl=queue, MessageBody="one", MessageAttributes={"b": attribute("2"), "a": attribute("1")}, MessageSystemAttributes={"AWSTraceHeader": attribute(header)})
sent = sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": "good", "MessageBody": "two"}, {"Id": "late", "MessageBody": "three", "DelaySeconds": 900}])
assert len(sent["Successful"]) == 2
refused("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", sqs.send_message_batch, QueueUrl=queue, Entries=[{"Id": str(n), "MessageBody": "x"} for n in range(11)])
received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"])["Messages"]
assert [message["Body"] for message in received] == ["one", "two"] and received[0]["Attributes"]["AWSTraceHeader"] == header
assert "Messages" not in sqs.receive_message(QueueUrl=queue), "hidden from others"
sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=received[1]["ReceiptHandle"], VisibilityTimeout=0)
sqs.delete_message(QueueUrl=queue, ReceiptHandle=received[0]["ReceiptHandle"])
again = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1, AttributeNames=["ApproximateReceiveCount"])["Messages"]
assert (again[0]["Body"], again[0]["Attributes"]["ApproximateReceiveCount"]) == ("two", "2")
assert sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]["ApproximateNumberOfMessagesDelayed"] == "1"
sqs.delete_queue(QueueUrl=queue)

aws("cloudwatch", "put-metric-data", "--namespace", "Cli", "--metric-name", "c", "--value", "7")
assert aws("cloudwatch", "list-metrics", "--namespace", "Cli")["Metrics"][0]["MetricName"] == "c"
assert aws("logs", "filter-log-events", "--log-group-name", "/walk", "--filter-pattern", "ERROR")["events"][0]["message"].startswith("ERROR")
assert aws("sts", "get-caller-identity")["Arn"]
print("every operation answered as it should")
