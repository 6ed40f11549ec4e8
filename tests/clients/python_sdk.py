"""The X-Ray SDK for Python sends to our agent; the AWS CLI reads the trace back from the console."""

import json
import os
import subprocess
import sys
import time
import traceback

endpoint, agent = sys.argv[1:]
os.environ["AWS_XRAY_DAEMON_ADDRESS"] = agent

from aws_xray_sdk.core import xray_recorder  # noqa: E402  the SDK reads the variable when it is imported


def aws(*arguments):
    command = [os.path.join(os.path.dirname(sys.executable), "aws"), "--endpoint-url", endpoint, *arguments]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def until(what, look):
    for _ in range(100):
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not arrive")


xray_recorder.configure(service="py", sampling=False)
segment = xray_recorder.begin_segment("python-app")
segment.put_annotation("tenant", "t1")
segment.put_annotation("n", 5)
segment.put_metadata("cart", {"items": [1, None, "é"]})
segment.set_user("bob")
segment.put_http_meta("url", "http://example.com/orders")
segment.put_http_meta("method", "GET")
segment.put_http_meta("status", 500)
segment.add_fault_flag()
subsegment = xray_recorder.begin_subsegment("charge", namespace="remote")
try:
    raise ValueError("no funds")
except ValueError as error:
    subsegment.add_exception(error, traceback.extract_stack())
xray_recorder.end_subsegment()
xray_recorder.end_segment()

now = time.time()
window = ["--start-time", str(now - 300), "--end-time", str(now + 60)]
found = until("the trace", lambda: aws("xray", "get-trace-summaries", *window, "--filter-expression", 'annotation.tenant = "t1" AND fault')["TraceSummaries"])
summary = found[0]
assert summary["Id"] == segment.trace_id
assert (summary["HasFault"], summary["HasError"], summary["HasThrottle"]) == (True, False, False), summary
assert summary["Http"] == {"HttpURL": "http://example.com/orders", "HttpStatus": 500, "HttpMethod": "GET"}, summary["Http"]
assert summary["Users"][0]["UserName"] == "bob"
assert summary["Annotations"]["n"][0]["AnnotationValue"] == {"NumberValue": 5.0}
assert abs(summary["ResponseTime"] - (segment.end_time - segment.start_time)) < 1e-6

traces = aws("xray", "batch-get-traces", "--trace-ids", segment.trace_id)["Traces"]
documents = {document["name"]: document for document in (json.loads(part["Document"]) for part in traces[0]["Segments"])}
own = documents["python-app"]
sent = json.loads(segment.serialize())
for key, value in sent.items():
    if key != "subsegments":
        assert own[key] == value, (key, own.get(key), value)
assert own["subsegments"][0]["cause"]["exceptions"][0]["message"] == "no funds"
assert documents["charge"]["inferred"] is True and documents["charge"]["parent_id"] == subsegment.id

services = {service["Name"]: service for service in aws("xray", "get-service-graph", *window)["Services"] if service.get("Type") != "client"}
assert services["python-app"]["SummaryStatistics"]["FaultStatistics"]["TotalCount"] == 1
assert services["charge"]["Type"] == "remote"
print("read back field by field")
