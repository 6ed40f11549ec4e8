//! Our agent in front of a collector that does what a script says.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use metrics_agent::{Agent, Config, Headers, TracesTo};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use support::{SOON, config, send, until};
use xray_sdk::sampling::SampleAll;
use xray_sdk::{DaemonAddress, Emitter as _, OtlpUdpEmitter, Segment, UdpEmitter, in_subsegment};

type Script = dyn Fn(usize, &[Span]) -> Response + Send + Sync;

/// What a collector was sent, and what it answers: by the number of the call and its spans.
struct Collector {
    script: Box<Script>,
    calls: Mutex<Vec<(HeaderMap, ExportTraceServiceRequest)>>,
}

impl Collector {
    fn spans(&self) -> Vec<Span> {
        self.calls.lock().unwrap().iter().flat_map(|(_, request)| spans(request)).collect()
    }

    fn calls(&self) -> usize {
        self.calls.lock().unwrap().len()
    }
}

fn spans(request: &ExportTraceServiceRequest) -> Vec<Span> {
    request.resource_spans.iter().flat_map(|resource| &resource.scope_spans).flat_map(|scope| scope.spans.clone()).collect()
}

async fn answer(State(collector): State<Arc<Collector>>, headers: HeaderMap, body: Bytes) -> Response {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let spans = spans(&request);
    let number = {
        let mut calls = collector.calls.lock().unwrap();
        calls.push((headers, request));
        calls.len() - 1
    };
    (collector.script)(number, &spans)
}

async fn collector(script: impl Fn(usize, &[Span]) -> Response + Send + Sync + 'static) -> (String, Arc<Collector>) {
    let collector = Arc::new(Collector { script: Box::new(script), calls: Mutex::default() });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().route("/v1/traces", axum::routing::post(answer)).with_state(Arc::clone(&collector));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (address, collector)
}

fn to_collector(address: &str) -> Config {
    let mut config = config("http://127.0.0.1:1");
    config.traces.to = TracesTo::Otlp;
    config.traces.otlp.endpoint = Some(format!("{address}/v1/traces"));
    config
}

fn taken() -> Response {
    StatusCode::OK.into_response()
}

fn datagram(document: &str) -> Vec<u8> {
    format!("{{\"format\":\"json\",\"version\":1}}\n{document}").into_bytes()
}

fn segment(number: u32) -> Vec<u8> {
    datagram(&format!(r#"{{"name":"s","id":"{number:016x}","trace_id":"1-5759e988-{number:024x}","start_time":1.0,"end_time":2.0}}"#))
}

fn service_of(request: &ExportTraceServiceRequest, span: u64) -> Option<String> {
    let of = |resource: &&opentelemetry_proto::tonic::trace::v1::ResourceSpans| {
        resource.scope_spans.iter().flat_map(|scope| &scope.spans).any(|it| it.span_id == span.to_be_bytes())
    };
    let resource = request.resource_spans.iter().find(of)?.resource.clone()?;
    match resource.attributes.into_iter().find(|pair| pair.key == "service.name")?.value?.value? {
        Value::StringValue(name) => Some(name),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn our_sdk_reaches_a_collector_through_the_agent() {
    let (address, collector) = collector(|_, _| taken()).await;
    let mut config = to_collector(&address);
    config.traces.otlp.headers = Headers::new([("x-api-key".to_owned(), "k".to_owned())]);
    let agent = Agent::start(config).await.unwrap();
    let emitter = UdpEmitter::connect(&DaemonAddress::parse(&agent.addresses().udp.to_string()).unwrap()).unwrap();
    let xray = xray_sdk::builder("shop").emitter(emitter).sampler(SampleAll).install().unwrap();
    let mut segment = Segment::begin("orders");
    segment.annotate("order", 7);
    segment.context().in_scope(|| in_subsegment("price", |_| ()));
    let trace = segment.context().trace_id().unwrap();
    drop(segment);
    xray.flush();
    until("both spans", || async { collector.spans().len() == 2 }).await;
    let spans = collector.spans();
    assert!(spans.iter().all(|span| span.trace_id == trace.as_u128().to_be_bytes()));
    assert_eq!((&*spans[0].name, &*spans[1].name, &spans[1].parent_span_id), ("orders", "price", &spans[0].span_id));
    let (headers, _) = collector.calls.lock().unwrap()[0].clone();
    assert!(headers["x-api-key"] == "k" && headers["content-type"] == "application/x-protobuf", "{headers:?}");
    assert_eq!(agent.drain(SOON).await[0].1.accepted, 1);
}

#[tokio::test]
async fn a_collector_that_is_away_gets_every_segment_and_poison_costs_itself() {
    let taken_ids: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let seen = Arc::clone(&taken_ids);
    let (address, collector) = collector(move |call, spans| match call {
        0 => (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "0")]).into_response(),
        1 => StatusCode::BAD_GATEWAY.into_response(),
        _ if spans.iter().any(|span| span.span_id[7] == 3) => StatusCode::BAD_REQUEST.into_response(),
        _ => {
            seen.lock().unwrap().extend(spans.iter().map(|span| span.span_id.clone()));
            taken()
        }
    })
    .await;
    let agent = Agent::start(to_collector(&address)).await.unwrap();
    let mut datagrams: Vec<Vec<u8>> = (1..=10).map(segment).collect();
    datagrams.push(datagram("{\"no\":\"segment\"}"));
    datagrams.push(datagram("T1Uxx"));
    send(agent.addresses().udp, &datagrams.iter().map(Vec::as_slice).collect::<Vec<_>>());
    until("all but three", || async { agent.ledgers()[0].1.accepted == 9 }).await;
    let ledger = agent.drain(SOON).await.swap_remove(0).1;
    let lost: Vec<(&str, u64)> = ledger.lost.iter().map(|(reason, count)| (reason.0, *count)).collect();
    assert_eq!((ledger.accepted, lost), (9, vec![("not_sampled", 1), ("poison", 1), ("unreadable", 1)]));
    assert_eq!(taken_ids.lock().unwrap().len(), 9);
    assert!(collector.calls() > 4);
}

#[tokio::test]
async fn rejected_spans_are_counted_and_segments_lost_only_when_all_are() {
    let rejecting = |rejected_spans| {
        let partial_success = Some(ExportTracePartialSuccess { rejected_spans, error_message: "too old".into() });
        ExportTraceServiceResponse { partial_success }.encode_to_vec().into_response()
    };
    let (address, _) = collector(move |call, spans| rejecting(if call == 0 { 1 } else { spans.len() as i64 })).await;
    let agent = Agent::start(to_collector(&address)).await.unwrap();
    send(agent.addresses().udp, &[&segment(1), &segment(2)]);
    until("the first", || async { agent.ledgers()[0].1.accepted == 2 }).await;
    send(agent.addresses().udp, &[&segment(3)]);
    until("the second", || async { agent.ledgers()[0].1.lost_in_all() == 1 }).await;
    let metrics = reqwest::get(format!("http://{}/metrics", agent.addresses().health.unwrap())).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("metrics_agent_spans_rejected_total 2"), "{metrics}");
    let ledger = agent.drain(SOON).await.swap_remove(0).1;
    assert_eq!(ledger.lost.keys().map(|reason| reason.0).collect::<Vec<_>>(), ["refused_by_collector"]);
}

#[tokio::test]
async fn a_subsegment_on_its_own_has_the_resource_of_its_segment_and_spans_pass_as_they_are() {
    let (address, collector) = collector(|_, _| taken()).await;
    let mut config = to_collector(&address);
    config.otlp.enabled = Some(true);
    let agent = Agent::start(config).await.unwrap();
    let child = |id: u32, trace: u32| {
        datagram(&format!(
            r#"{{"name":"c","id":"{id:016x}","type":"subsegment","parent_id":"{trace:016x}","trace_id":"1-5759e988-{trace:024x}","start_time":1.0,"end_time":2.0}}"#
        ))
    };
    send(agent.addresses().udp, &[&segment(1), &child(0xa1, 1), &child(0xa2, 2)]);
    until("documents", || async { collector.spans().len() == 3 }).await;
    let requests = || collector.calls.lock().unwrap().iter().map(|(_, request)| request.clone()).collect::<Vec<_>>();
    let service = |span| requests().iter().find_map(|request| service_of(request, span));
    assert_eq!((service(0xa1).as_deref(), service(0xa2).as_deref()), (Some("s"), Some("unknown_service")));

    let emitter = OtlpUdpEmitter::connect(&DaemonAddress::parse(&agent.addresses().udp.to_string()).unwrap()).unwrap();
    emitter.emit(&segment(4)).unwrap();
    until("a datagram of spans", || async { collector.spans().len() == 4 }).await;
    let consumer = Span { trace_id: vec![7; 16], span_id: vec![7; 8], kind: 5, trace_state: "a=b".into(), ..Span::default() };
    let scope_spans = vec![opentelemetry_proto::tonic::trace::v1::ScopeSpans { spans: vec![consumer.clone()], ..Default::default() }];
    let resource_spans = vec![opentelemetry_proto::tonic::trace::v1::ResourceSpans { scope_spans, ..Default::default() }];
    let post = reqwest::Client::new().post(format!("http://{}/v1/traces", agent.addresses().otlp_http.unwrap()));
    let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
    assert_eq!(post.header("content-type", "application/x-protobuf").body(body).send().await.unwrap().status(), 200);
    until("the span", || async { collector.spans().len() == 5 }).await;
    let passed = collector.spans().pop().unwrap();
    assert_eq!((passed.kind, passed.span_id, passed.trace_state.as_str()), (consumer.kind, consumer.span_id, "a=b"));
    agent.drain(SOON).await;
}

#[tokio::test]
async fn cloudwatch_gets_signed_requests() {
    let (address, collector) = collector(|_, _| taken()).await;
    let mut config = config(&address);
    config.traces.to = TracesTo::Otlp;
    let agent = Agent::start(config).await.unwrap();
    send(agent.addresses().udp, &[&segment(1)]);
    until("a span", || async { collector.spans().len() == 1 }).await;
    let (headers, _) = collector.calls.lock().unwrap()[0].clone();
    let signature = headers["authorization"].to_str().unwrap();
    assert!(signature.starts_with("AWS4-HMAC-SHA256 ") && signature.contains("/us-east-1/xray/aws4_request"), "{signature}");
    agent.drain(SOON).await;
}

#[tokio::test]
async fn what_waits_for_x_ray_goes_to_a_collector_when_the_configuration_says_so() {
    let (address, collector) = collector(|_, _| taken()).await;
    let mut agent = Agent::start(config("http://127.0.0.1:1")).await.unwrap();
    send(agent.addresses().udp, &[&segment(1)]);
    until("a call that fails", || async { agent.ledgers()[0].1.repeated > 0 }).await;
    assert!(agent.reload(to_collector(&address)).await.unwrap().is_empty());
    until("the span", || async { collector.spans().len() == 1 }).await;
    assert_eq!(agent.drain(SOON).await[0].1.accepted, 1);
}
