//! Documents as OTLP, read by OpenTelemetry's own messages.

#![cfg(feature = "otlp")]
#![allow(clippy::unwrap_used, reason = "tests")]

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest as Theirs;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use telemetry_wire::Document;
use telemetry_wire::otlp::{request, resource_of, spans_of};

const SHOP: &str = r#"{
  "trace_id": "1-581cf771-a006649127e371903a2de979", "id": "70de5b6f19ff9a0a", "parent_id": "0000000000000001", "name": "shop",
  "start_time": 1478293361.271, "end_time": 1478293361.449, "fault": true, "user": "ada",
  "origin": "AWS::ECS::Fargate", "service": {"version": "1.2"},
  "aws": {"account_id": "123456789012", "ecs": {"task_family": "shop"}, "xray": {"sdk": "X-Ray for Rust", "sampling_rule_name": "busy"}},
  "http": {"request": {"method": "POST", "url": "http://shop/orders", "client_ip": "10.0.0.1"}, "response": {"status": 500}},
  "cause": {"exceptions": [{"id": "00000000000000ee", "type": "Refused", "message": "no funds", "stack": [{"path": "a.rs", "line": 7, "label": "pay"}]}]},
  "links": [{"trace_id": "1-581cf771-a006649127e371903a2de97a", "id": "0000000000000002"}],
  "subsegments": [
    {"id": "000000000000000a", "name": "orders@db", "namespace": "remote", "start_time": 1478293361.3, "end_time": 1478293361.31,
     "sql": {"url": "postgresql://db:5432/orders", "database_type": "PostgreSQL", "user": "shop", "sanitized_query": "SELECT ?"},
     "subsegments": [{"id": "000000000000000b", "name": "decode", "start_time": 1478293361.3, "end_time": 1478293361.301,
       "annotations": {"rows": 3, "hit": true, "share": 0.5, "kind": "x"}, "metadata": {"default": {"a": [1]}}}]},
    {"id": "000000000000000c", "name": "DynamoDB", "namespace": "aws", "start_time": 1478293361.3, "end_time": 1478293361.31, "throttle": true,
     "aws": {"operation": "PutItem", "region": "eu-west-1", "table_name": "orders", "retries": 2}},
    {"id": "000000000000000d", "name": "open", "start_time": 1478293361.3, "in_progress": true}
  ]}"#;

fn theirs() -> Theirs {
    let document = Document::parse(SHOP.as_bytes()).unwrap();
    let bytes = request(resource_of(&document), spans_of(&document)).encode_to_vec();
    let read = Theirs::decode(bytes.as_slice()).unwrap();
    assert_eq!(read.encode_to_vec(), bytes, "a field that OpenTelemetry does not know");
    read
}

fn value(attributes: &[KeyValue], key: &str) -> Option<String> {
    let value = attributes.iter().find(|pair| pair.key == key)?.value.clone()?.value?;
    Some(match value {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        Value::BoolValue(flag) => flag.to_string(),
        Value::DoubleValue(number) => number.to_string(),
        other => format!("{other:?}"),
    })
}

fn assert_all(attributes: &[KeyValue], expected: &[(&str, &str)]) {
    for (key, expected) in expected {
        assert_eq!(value(attributes, key).as_deref(), Some(*expected), "{key} of {attributes:?}");
    }
}

#[test]
fn a_segment_is_a_server_span_with_its_resource() {
    let request = theirs();
    let resource = request.resource_spans[0].resource.clone().unwrap().attributes;
    assert_all(
        &resource,
        &[
            ("service.name", "shop"),
            ("service.version", "1.2"),
            ("cloud.provider", "aws"),
            ("cloud.platform", "aws_ecs"),
            ("cloud.account.id", "123456789012"),
            ("aws.ecs.task.family", "shop"),
        ],
    );
    let span: &Span = &request.resource_spans[0].scope_spans[0].spans[0];
    assert_eq!((span.name.as_str(), span.kind, span.flags), ("shop", 2, 0x301));
    assert_eq!(span.trace_id, 0x581c_f771_a006_6491_27e3_7190_3a2d_e979_u128.to_be_bytes());
    assert_eq!((span.span_id[0], span.parent_span_id[7]), (0x70, 1));
    assert_eq!(span.start_time_unix_nano, 1_478_293_361_271_000_000);
    assert_eq!(span.status.clone().map(|status| (status.code, status.message)), Some((2, "no funds".into())));
    assert_eq!(span.links[0].span_id[7], 2);
    assert_all(
        &span.attributes,
        &[
            ("http.request.method", "POST"),
            ("url.full", "http://shop/orders"),
            ("client.address", "10.0.0.1"),
            ("http.response.status_code", "500"),
            ("enduser.id", "ada"),
            ("aws.xray.sampling_rule", "busy"),
        ],
    );
    let stack = "Refused: no funds\n\tat pay(a.rs: 7)";
    assert_all(&span.events[0].attributes, &[("exception.type", "Refused"), ("exception.stacktrace", stack)]);
}

#[test]
fn subsegments_are_client_and_internal_spans_below_it_and_open_ones_wait() {
    let request = theirs();
    let spans = &request.resource_spans[0].scope_spans[0].spans;
    let shape: Vec<_> = spans.iter().map(|span| (span.name.as_str(), span.kind, span.span_id[7], span.parent_span_id[7])).collect();
    assert_eq!(shape, [("shop", 2, 10, 1), ("orders@db", 3, 10, 10), ("decode", 1, 11, 10), ("DynamoDB", 3, 12, 10)]);
    assert_all(
        &spans[1].attributes,
        &[
            ("db.system.name", "postgresql"),
            ("db.query.text", "SELECT ?"),
            ("server.address", "db"),
            ("server.port", "5432"),
            ("db.namespace", "orders"),
        ],
    );
    assert_all(
        &spans[2].attributes,
        &[("rows", "3"), ("hit", "true"), ("share", "0.5"), ("kind", "x"), ("aws.xray.metadata.default", r#"{"a":[1]}"#)],
    );
    assert_all(
        &spans[3].attributes,
        &[
            ("rpc.system", "aws-api"),
            ("aws.service", "DynamoDB"),
            ("aws.operation", "PutItem"),
            ("aws.region", "eu-west-1"),
            ("aws.table_name", "orders"),
            ("aws.xray.retries", "2"),
        ],
    );
    assert_eq!(spans[3].status.as_ref().map(|status| status.code), Some(2));
}

#[test]
fn hostile_times_and_missing_ids_do_no_harm() {
    let document = |text: &str| Document::parse(text.as_bytes()).unwrap();
    let far = document(
        r#"{"trace_id":"1-581cf771-a006649127e371903a2de979","id":"0000000000000001","name":"n","start_time":-1e300,"end_time":1e300}"#,
    );
    assert_eq!(spans_of(&far)[0].start_time_unix_nano, 0);
    assert_eq!(spans_of(&far)[0].end_time_unix_nano, u64::MAX);
    assert!(spans_of(&document(r#"{"id":"0000000000000001","name":"n","start_time":1,"end_time":2}"#)).is_empty());
}

#[test]
fn json_says_the_same_as_protobuf() {
    use telemetry_wire::otlp::{AnyValue, ExportTraceServiceRequest, any_value};
    let text = r#"{"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}, "unknown": 1,
      "scopeSpans": [{"scope": {"name": "lib"}, "spans": [{"traceId": "581cf771a006649127e371903a2de979", "spanId": "70DE5B6F19FF9A0A",
        "parentSpanId": "", "name": "GET", "kind": 2, "startTimeUnixNano": "1500000000000000001", "endTimeUnixNano": 1500000000000000002,
        "flags": 257, "status": {"code": 2, "message": "no"},
        "events": [{"timeUnixNano": "7", "name": "exception"}], "links": [{"traceId": "00", "spanId": "01"}],
        "attributes": [{"key": "int", "value": {"intValue": "-7"}}, {"key": "plain", "value": {"intValue": 7}},
          {"key": "double", "value": {"doubleValue": "NaN"}}, {"key": "bytes", "value": {"bytesValue": "AQI="}},
          {"key": "list", "value": {"arrayValue": {"values": [{"boolValue": true}]}}}, {"key": "none", "value": {}}]}]}]}]}"#;
    let request: ExportTraceServiceRequest = serde_json::from_str(text).unwrap();
    let span = &request.resource_spans[0].scope_spans[0].spans[0];
    assert_eq!((span.trace_id.len(), span.span_id[7], span.parent_span_id.len(), span.kind), (16, 0x0a, 0, 2));
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (1_500_000_000_000_000_001, 1_500_000_000_000_000_002));
    let value = |place: usize| span.attributes[place].value.clone().unwrap_or_default().value;
    assert_eq!((value(0), value(1)), (Some(any_value::Value::Int(-7)), Some(any_value::Value::Int(7))));
    assert!(matches!(value(2), Some(any_value::Value::Double(number)) if number.is_nan()));
    assert_eq!((value(3), value(5)), (Some(any_value::Value::Bytes(vec![1, 2])), None));
    let flag = AnyValue { value: Some(any_value::Value::Bool(true)) };
    assert!(matches!(value(4), Some(any_value::Value::Array(list)) if list.values == [flag]));
    assert_eq!((span.events[0].time_unix_nano, &*span.links[0].span_id), (7, &[1_u8][..]));
    for bad in [
        r#"{"spanId": "x"}"#,
        r#"{"spanId": "123"}"#,
        r#"{"startTimeUnixNano": "-1"}"#,
        r#"{"attributes": [{"value": {"intValue": 0.5}}]}"#,
    ] {
        assert!(serde_json::from_str::<telemetry_wire::otlp::Span>(bad).is_err(), "{bad}");
    }
}
