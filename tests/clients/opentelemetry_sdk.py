"""OpenTelemetry's SDK for Python sends to our agent by gRPC and HTTP, and as AWS's distribution does by UDP; boto3 reads the traces back."""

import base64
import json
import socket
import sys
import time

import boto3
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as Grpc
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as Http
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode

endpoint, udp, http, grpc = sys.argv[1:]
xray = boto3.client("xray", endpoint_url=endpoint)


class Udp(SpanExporter):
    """The datagram of AWS's distribution."""

    def export(self, spans):
        host, port = udp.rsplit(":", 1)
        body = base64.b64encode(encode_spans(spans).SerializeToString())
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'{"format":"json","version":1}\nT1S' + body, (host, int(port)))
        return SpanExportResult.SUCCESS


def send(way, exporter):
    resource = Resource.create({"service.name": f"py-{way}", "service.version": "7", "cloud.provider": "aws", "cloud.platform": "aws_ecs"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("POST /orders", kind=SpanKind.SERVER) as root:
        root.set_attributes({"http.request.method": "POST", "url.path": "/orders", "server.address": "shop.test", "http.response.status_code": 500})
        root.set_attributes({"tenant": "t1", "aws.xray.annotations": ["tenant"], "items": [1, 2]})
        with tracer.start_as_current_span("SELECT", kind=SpanKind.CLIENT) as query:
            query.set_attributes({"db.system": "postgresql", "db.name": "orders", "db.statement": "SELECT ?", "net.peer.name": "db.test"})
        try:
            with tracer.start_as_current_span("charge"):
                raise ValueError("no funds")
        except ValueError:
            root.set_status(Status(StatusCode.ERROR))
    assert provider.force_flush()
    return format(root.get_span_context().trace_id, "032x")


def until(trace):
    trace_id = f"1-{trace[:8]}-{trace[8:]}"
    for _ in range(200):
        traces = xray.batch_get_traces(TraceIds=[trace_id])["Traces"]
        if traces:
            return [json.loads(part["Document"]) for part in traces[0]["Segments"]]
        time.sleep(0.1)
    raise AssertionError(f"{trace_id} did not arrive")


ways = {
    "grpc": Grpc(endpoint=f"http://{grpc}", insecure=True),
    "http": Http(endpoint=f"http://{http}/v1/traces", compression=Compression.Gzip),
    "udp": Udp(),
}
for way, exporter in ways.items():
    documents = {document["name"]: document for document in until(send(way, exporter))}
    segment = documents[f"py-{way}"]
    assert segment["fault"] is True and segment["annotations"] == {"tenant": "t1"}, segment
    assert segment["origin"] == "AWS::ECS::Container" and segment["service"]["version"] == "7", segment
    assert segment["http"] == {"request": {"method": "POST", "url": "http://shop.test/orders"}, "response": {"status": 500}}, segment["http"]
    assert segment["aws"]["xray"]["sdk"] == "opentelemetry for python", segment["aws"]
    assert segment["metadata"]["default"]["items"] == [1, 2], segment["metadata"]
    query, charge = segment["subsegments"]
    assert (query["name"], query["namespace"]) == ("orders@db.test", "remote"), query
    assert query["sql"] == {"url": "postgresql://db.test/orders", "database_type": "postgresql", "sanitized_query": "SELECT ?"}, query["sql"]
    exception = charge["cause"]["exceptions"][0]
    assert (charge["fault"], exception["type"], exception["message"]) == (True, "ValueError", "no funds"), charge
    assert exception["stack"][0]["path"].endswith("opentelemetry_sdk.py"), exception
    print(f"{way}: read back block by block")
