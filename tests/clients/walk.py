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
refused("UnknownOperationException", xray.get_groups)

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
refused("UnknownOperationException", client("sqs").list_queues)

aws("cloudwatch", "put-metric-data", "--namespace", "Cli", "--metric-name", "c", "--value", "7")
assert aws("cloudwatch", "list-metrics", "--namespace", "Cli")["Metrics"][0]["MetricName"] == "c"
assert aws("logs", "filter-log-events", "--log-group-name", "/walk", "--filter-pattern", "ERROR")["events"][0]["message"].startswith("ERROR")
assert aws("sts", "get-caller-identity")["Arn"]
print("every operation answered as it should")
