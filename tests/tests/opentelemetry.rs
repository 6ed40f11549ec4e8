//! OpenTelemetry's clients against our agent, and our agent against a collector.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::SocketAddr;

use crate::support::{SOON, config, console, run_script, send, until};
use metrics_agent::Agent;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, SpanKind, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry_otlp::{Compression, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _, WithTonicConfig as _};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use prost::Message as _;
use serde_json::{Value, json};
use xray_console::Console;

/// An agent that takes spans, in front of a console.
async fn agent(console: &Console) -> Agent {
    let mut config = config(&format!("http://{}", console.address()));
    config.otlp.enabled = Some(true);
    config.otlp.indexed = vec!["tenant".to_owned()];
    Agent::start(config).await.unwrap()
}

/// The segments and subsegments of a trace that the console has, however they came.
async fn entities(console: &Console, trace: u128) -> Vec<Value> {
    let mut waiting = documents(console, trace).await;
    let mut all = Vec::new();
    while let Some(entity) = waiting.pop() {
        waiting.extend(entity["subsegments"].as_array().cloned().unwrap_or_default());
        all.push(entity);
    }
    all
}

/// The documents of a trace that the console has.
async fn documents(console: &Console, trace: u128) -> Vec<Value> {
    let digits = format!("{trace:032x}");
    let (time, rest) = digits.split_at(8);
    let body = json!({ "TraceIds": [format!("1-{time}-{rest}")] });
    let answer = reqwest::Client::new().post(format!("http://{}/Traces", console.address())).json(&body).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let segments = answer["Traces"][0]["Segments"].as_array().cloned().unwrap_or_default();
    segments.iter().map(|segment| serde_json::from_str(segment["Document"].as_str().unwrap()).unwrap()).collect()
}

fn span(id: u64, parent: u64) -> Span {
    Span {
        trace_id: vec![7; 16],
        span_id: id.to_be_bytes().to_vec(),
        parent_span_id: if parent == 0 { Vec::new() } else { parent.to_be_bytes().to_vec() },
        name: format!("span {id}"),
        kind: 1,
        start_time_unix_nano: 1_500_000_000_000_000_000,
        end_time_unix_nano: 1_500_000_001_000_000_000,
        ..Span::default()
    }
}

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

const TRACE: u128 = u128::from_be_bytes([7; 16]);

fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }] }
}

fn carried(prefix: &str, request: &ExportTraceServiceRequest) -> String {
    let text = telemetry_wire::otlp::carry(&telemetry_wire::otlp::Message::decode(request.encode_to_vec().as_slice()).unwrap());
    text.replacen("T1S", prefix, 1)
}

/// Sends a trace of two spans with OpenTelemetry's SDK; gives its id.
fn export(exporter: SpanExporter) -> u128 {
    let resource = Resource::builder().with_service_name("orders").with_attribute(KeyValue::new("service.version", "1.2")).build();
    let provider = SdkTracerProvider::builder().with_resource(resource).with_simple_exporter(exporter).build();
    let tracer = provider.tracer("test");
    let root = tracer.span_builder("handle").with_kind(SpanKind::Server).with_attributes([KeyValue::new("tenant", "t1")]).start(&tracer);
    let context = opentelemetry::Context::new().with_span(root);
    tracer.start_with_context("work", &context).end();
    context.span().end();
    let trace = u128::from_be_bytes(context.span().span_context().trace_id().to_bytes());
    provider.shutdown().unwrap();
    trace
}

fn by_http(address: SocketAddr, protocol: Protocol) -> SpanExporter {
    let endpoint = format!("http://{address}/v1/traces");
    SpanExporter::builder().with_http().with_protocol(protocol).with_compression(Compression::Gzip).with_endpoint(endpoint).build().unwrap()
}

fn by_grpc(address: SocketAddr) -> SpanExporter {
    SpanExporter::builder().with_tonic().with_compression(Compression::Gzip).with_endpoint(format!("http://{address}")).build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_for_rust_sends_by_http_and_grpc_to_either_port() {
    let console = console().await;
    let agent = agent(&console).await;
    let (http, grpc) = (agent.addresses().otlp_http.unwrap(), agent.addresses().otlp_grpc.unwrap());
    let mut traces = Vec::new();
    for exporter in [by_grpc(grpc), by_grpc(http)] {
        traces.push(tokio::task::spawn_blocking(|| export(exporter)).await.unwrap());
    }
    for (address, protocol) in [(http, Protocol::HttpBinary), (http, Protocol::HttpJson), (grpc, Protocol::HttpBinary)] {
        traces.push(tokio::task::spawn_blocking(move || export(by_http(address, protocol))).await.unwrap());
    }
    for trace in traces {
        until("both spans", || async { entities(&console, trace).await.len() == 2 }).await;
        let segment = documents(&console, trace).await.remove(0);
        assert_eq!(
            (&segment["name"], &segment["annotations"]["tenant"], &segment["service"]["version"]),
            (&json!("orders"), &json!("t1"), &json!("1.2"))
        );
        assert_eq!(segment["subsegments"][0]["name"], "work");
    }
    let ledger = agent.drain(SOON).await.swap_remove(0);
    assert_eq!((ledger.0, ledger.1.entered, ledger.1.accepted), ("traces", 10, 10));
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_for_python_sends_by_grpc_http_and_udp() {
    let console = console().await;
    let agent = agent(&console).await;
    let at = agent.addresses();
    let arguments =
        [format!("http://{}", console.address()), at.udp.to_string(), at.otlp_http.unwrap().to_string(), at.otlp_grpc.unwrap().to_string()];
    run_script("TEST_PYTHON", "clients/opentelemetry_sdk.py", &arguments).await;
    agent.drain(SOON).await;
    console.stop().await;
}

#[tokio::test]
async fn spans_in_datagrams_and_posts_are_carried_to_x_ray_and_garbage_beside_them_is_counted() {
    let console = console().await;
    let agent = agent(&console).await;
    let datagram = |body: &str| format!("{{\"format\":\"json\",\"version\":1}}\n{body}").into_bytes();
    let bodies =
        [carried("T1S", &request(vec![span(1, 0), span(2, 1)])), carried("T1U", &request(vec![span(9, 0)])), "T1S!!".into(), "T2S".into()];
    let datagrams = bodies.map(|body| datagram(&body));
    send(agent.addresses().udp, &datagrams.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let posted = json!({ "TraceSegmentDocuments": [carried("T1S", &request(vec![span(3, 1)])), "T3"] });
    let url = format!("http://{}/TraceSegments", agent.addresses().tcp);
    let answer: Value = reqwest::Client::new().post(url).json(&posted).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["UnprocessedTraceSegments"].as_array().unwrap().len(), 1, "{answer}");
    until("all spans", || async { entities(&console, TRACE).await.len() == 3 }).await;
    let names: BTreeSet<String> = entities(&console, TRACE).await.iter().map(|entity| entity["name"].to_string()).collect();
    assert_eq!(names, BTreeSet::from(["span 1", "span 2", "span 3"].map(|name| format!("\"{name}\""))));
    let metrics = reqwest::get(format!("http://{}/metrics", agent.addresses().health.unwrap())).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("metrics_agent_datagrams_malformed_total 2"), "{metrics}");
    let ledger = agent.drain(SOON).await.swap_remove(0).1;
    let lost: Vec<(&str, u64)> = ledger.lost.iter().map(|(reason, count)| (reason.0, *count)).collect();
    assert_eq!((ledger.entered, ledger.accepted, lost), (4, 3, vec![("refused_by_xray", 1)]));
    console.stop().await;
}

#[tokio::test]
async fn spans_that_cannot_be_are_unprocessed_with_a_reason_at_the_console() {
    let console = console().await;
    let bad_id = Span { trace_id: vec![1; 3], ..span(2, 0) };
    let documents_sent =
        ["T1S!!".to_owned(), "T1S/////w==".to_owned(), carried("T1S", &request(vec![span(1, 0), bad_id])), "T1S".to_owned()];
    let body = json!({ "TraceSegmentDocuments": documents_sent });
    let answer = reqwest::Client::new().post(format!("http://{}/TraceSegments", console.address())).json(&body).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let reasons: Vec<&str> =
        answer["UnprocessedTraceSegments"].as_array().unwrap().iter().map(|it| it["Message"].as_str().unwrap()).collect();
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert!(
        reasons[0].contains("no base64") && reasons[1].contains("no OTLP") && reasons[2].contains("1 spans without valid ids"),
        "{reasons:?}"
    );
    assert_eq!(documents(&console, TRACE).await.len(), 1);
    console.stop().await;
}

#[tokio::test]
async fn hostile_requests_are_refused_and_good_ones_beside_them_taken() {
    let console = console().await;
    let agent = agent(&console).await;
    let url = format!("http://{}/v1/traces", agent.addresses().otlp_http.unwrap());
    let client = reqwest::Client::new();
    let post = |kind: &'static str, body: Vec<u8>| client.post(&url).header("content-type", kind).body(body);
    const PROTOBUF: &str = "application/x-protobuf";
    let good = || request(vec![span(1, 0)]).encode_to_vec();
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let value = format!("{}{{}}{}", r#"{"arrayValue":{"values":["#.repeat(500), "]}}".repeat(500));
    let deep = format!(r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"k","value":{value}}}]}}}}]}}"#);
    let refused = [
        (post("text/plain", good()), 415),
        (post(PROTOBUF, good()).header("content-encoding", "zstd"), 415),
        (post(PROTOBUF, b"\xff\xff\xff garbage".to_vec()), 400),
        (post("application/json", b"{".to_vec()), 400),
        (post("application/json", deep.into_bytes()), 400),
        (post(PROTOBUF, good()).header("content-encoding", "gzip"), 400),
        (post(PROTOBUF, vec![0; 5 << 20]), 413),
        (post(PROTOBUF, gzip(&vec![0; 50 << 20])).header("content-encoding", "gzip"), 413),
        (post(PROTOBUF, good()).header("origin", "http://evil.test"), 403),
        (client.post(url.replace("traces", "logs")).body(Vec::new()), 404),
        (client.get(&url), 405),
    ];
    for (number, (request, status)) in refused.into_iter().enumerate() {
        assert_eq!(request.send().await.unwrap().status().as_u16(), status, "request {number}");
    }
    let export = format!("http://{}{EXPORT}", agent.addresses().otlp_grpc.unwrap());
    let huge = [&[0_u8][..], &(64_u32 << 20).to_be_bytes()[..], b"x"].concat();
    for body in [b"\0\0\0\0\x03\xff\xff\xff".to_vec(), huge, b"garbage".to_vec(), Vec::new()] {
        let answer = client.post(&export).header("content-type", "application/grpc").body(body).send().await.unwrap();
        assert_ne!(answer.headers()["grpc-status"], "0");
    }
    let from_a_page = client.post(&export).header("content-type", "application/grpc").header("origin", "http://evil.test");
    assert_eq!(from_a_page.send().await.unwrap().status(), 403);
    let bad =
        vec![Span { span_id: vec![0; 8], ..span(2, 0) }, span(3, 0), Span { end_time_unix_nano: 0, name: String::new(), ..span(4, 0) }];
    let answer = post(PROTOBUF, request(bad.clone()).encode_to_vec()).send().await.unwrap();
    let partial = ExportTraceServiceResponse::decode(answer.bytes().await.unwrap()).unwrap().partial_success.unwrap();
    assert_eq!((partial.rejected_spans, &*partial.error_message), (1, "1 spans without valid ids"));
    let json = serde_json::to_vec(&request(bad)).unwrap();
    let answer: Value = post("application/json; charset=utf-8", json).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["partialSuccess"]["rejectedSpans"], "1");
    let answer = post(PROTOBUF, gzip(&good())).header("content-encoding", "gzip").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()), (200, PROTOBUF));
    assert!(answer.bytes().await.unwrap().is_empty());
    until("three spans", || async { documents(&console, TRACE).await.len() == 3 }).await;
    agent.drain(SOON).await;
    console.stop().await;
}

#[tokio::test]
async fn a_full_agent_tells_both_kinds_of_clients_to_come_again() {
    let mut config = config("http://127.0.0.1:1");
    config.traces.memory = 1;
    config.otlp.enabled = Some(true);
    let agent = Agent::start(config).await.unwrap();
    let (http, grpc) = (agent.addresses().otlp_http.unwrap(), agent.addresses().otlp_grpc.unwrap());
    let large = Span {
        name: "n".into(),
        status: Some(opentelemetry_proto::tonic::trace::v1::Status { message: "x".repeat(50_000), code: 2 }),
        ..span(1, 0)
    };
    let body = request(vec![large; 1]).encode_to_vec();
    let mut last = None;
    for _ in 0..40 {
        let call = reqwest::Client::new().post(format!("http://{http}/v1/traces")).header("content-type", "application/x-protobuf");
        last = Some(call.body(body.clone()).send().await.unwrap());
    }
    let last = last.unwrap();
    assert_eq!((last.status().as_u16(), last.headers()["retry-after"].to_str().unwrap()), (503, "1"));
    let mut client = tonic::client::Grpc::new(tonic::transport::Endpoint::new(format!("http://{grpc}")).unwrap().connect().await.unwrap());
    client.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static(EXPORT);
    let codec = tonic_prost::ProstCodec::<ExportTraceServiceRequest, ExportTraceServiceResponse>::default();
    let message = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
    let refused = client.unary(tonic::Request::new(message), path, codec).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unavailable);
    assert!(agent.ledgers()[0].1.lost.is_empty(), "a refusal is no loss");
    agent.drain(std::time::Duration::from_millis(10)).await;
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_setting() {
    let console = console().await;
    let mut config = config(&format!("http://{}", console.address()));
    (config.otlp.enabled, config.otlp.grpc) = (Some(true), console.address());
    let error = Agent::start(config).await.unwrap_err().to_string();
    assert!(error.contains(&console.address().to_string()) && error.contains("otlp.grpc"), "{error}");
    console.stop().await;
}
