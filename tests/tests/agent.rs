//! The agent in front of an endpoint that does what a script says.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use crate::support::{SOON, agent, config, console, send, until};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

/// What the endpoint saw, and how it answers: by the number of the call and its documents.
type Script = dyn Fn(usize, &[String]) -> Response + Send + Sync;

struct Endpoint {
    script: Box<Script>,
    calls: Mutex<Vec<(String, bool, Value)>>,
}

async fn answer(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let is_signed = request.headers().get("authorization").is_some_and(|value| value.to_str().unwrap().contains("/xray/aws4_request"));
    let body = axum::body::to_bytes(request.into_body(), 1 << 24).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let documents: Vec<String> =
        body["TraceSegmentDocuments"].as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect();
    let number = {
        let mut calls = endpoint.calls.lock().unwrap();
        calls.push((path, is_signed, body));
        calls.len() - 1
    };
    (endpoint.script)(number, &documents)
}

async fn endpoint(script: impl Fn(usize, &[String]) -> Response + Send + Sync + 'static) -> (String, Arc<Endpoint>) {
    let endpoint = Arc::new(Endpoint { script: Box::new(script), calls: Mutex::default() });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(answer).with_state(Arc::clone(&endpoint));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (address, endpoint)
}

fn error(status: u16, code: &'static str) -> Response {
    (StatusCode::from_u16(status).unwrap(), [("x-amzn-errortype", code)], json!({ "__type": code, "message": "scripted" }).to_string())
        .into_response()
}

fn taken(unprocessed: Value) -> Response {
    axum::Json(json!({ "UnprocessedTraceSegments": unprocessed })).into_response()
}

fn datagram(number: u32) -> Vec<u8> {
    let id = format!("{number:016x}");
    let document = json!({ "name": "s", "id": id, "trace_id": format!("1-5759e988-{number:024x}"), "start_time": 1.0, "end_time": 2.0 });
    format!("{{\"format\":\"json\",\"version\":1}}\n{document}").into_bytes()
}

#[tokio::test]
async fn throttled_failing_and_unprocessed_answers_lose_nothing() {
    let taken_ids: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&taken_ids);
    let (address, endpoint) = endpoint(move |call, documents| {
        let ids: Vec<String> =
            documents.iter().map(|document| serde_json::from_str::<Value>(document).unwrap()["id"].as_str().unwrap().to_owned()).collect();
        match call {
            0 => error(503, "ServiceUnavailable"),
            1 => error(429, "ThrottledException"),
            2 => error(400, "ThrottledException"),
            3 => {
                seen.lock().unwrap().extend(ids[1..].iter().cloned());
                taken(json!([{ "Id": ids[0], "ErrorCode": "ThrottledException", "Message": "later" }]))
            }
            _ => {
                seen.lock().unwrap().extend(ids);
                taken(json!([]))
            }
        }
    })
    .await;
    let agent = agent(&address).await;
    let datagrams: Vec<Vec<u8>> = (0..10).map(datagram).collect();
    send(agent.addresses().udp, &datagrams.iter().map(Vec::as_slice).collect::<Vec<_>>());
    until("the last call", || async { endpoint.calls.lock().unwrap().len() >= 5 }).await;
    let ledgers = agent.drain(SOON).await;
    let ledger = &ledgers.iter().find(|(signal, _)| *signal == "traces").unwrap().1;
    assert_eq!((ledger.entered, ledger.accepted, ledger.lost_in_all(), ledger.held()), (10, 10, 0, 0));
    let ids = taken_ids.lock().unwrap().clone();
    assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (10, 10), "each once");
}

#[tokio::test]
async fn a_refused_document_is_counted_and_its_neighbours_arrive() {
    let (address, _) = endpoint(|_, documents| {
        let bad = documents.iter().find(|document| document.contains("0000000000000003")).map(|_| "0000000000000003");
        taken(bad.map_or(json!([]), |id| json!([{ "Id": id, "ErrorCode": "InvalidTraceId", "Message": "no" }])))
    })
    .await;
    let agent = agent(&address).await;
    let datagrams: Vec<Vec<u8>> = (0..6).map(datagram).collect();
    send(agent.addresses().udp, &datagrams.iter().map(Vec::as_slice).collect::<Vec<_>>());
    until("six segments", || async { agent.ledgers()[0].1.entered == 6 }).await;
    let ledger = agent.drain(SOON).await.swap_remove(0).1;
    let lost: Vec<(&str, u64)> = ledger.lost.iter().map(|(reason, count)| (reason.0, *count)).collect();
    assert_eq!((ledger.accepted, lost), (5, vec![("refused_by_xray", 1)]));
}

#[tokio::test]
async fn hostile_datagrams_are_counted_and_good_ones_beside_them_arrive() {
    let console = console().await;
    let agent = agent(&format!("http://{}", console.address())).await;
    let huge = vec![b'x'; 65_000];
    let good = datagram(1);
    let hostile: [&[u8]; 7] = [
        b"",
        b"\n",
        b"garbage",
        b"{\"format\":\"json\",\"version\":2}\n{}",
        b"{\"format\":\"json\",\"version\":1}\n\xff\xfe",
        &huge,
        &good,
    ];
    send(agent.addresses().udp, &hostile);
    let metrics =
        async || reqwest::get(format!("http://{}/metrics", agent.addresses().health.unwrap())).await.unwrap().text().await.unwrap();
    until("seven datagrams", || async { metrics().await.contains("metrics_agent_datagrams_received_total 7") }).await;
    assert!(metrics().await.contains("metrics_agent_datagrams_malformed_total 6"));
    assert_eq!(agent.drain(SOON).await[0].1.accepted, 1);
    console.stop().await;
}

#[tokio::test]
async fn only_two_paths_are_forwarded() {
    let (address, endpoint) = endpoint(|_, _| axum::Json(json!({ "SamplingRuleRecords": [], "Unknown": 7 })).into_response()).await;
    let agent = agent(&address).await;
    let base = format!("http://{}", agent.addresses().tcp);
    let client = reqwest::Client::new();
    let answer: Value = client.post(format!("{base}/GetSamplingRules")).body("{}").send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["Unknown"], 7, "fields that we do not know pass");
    assert_eq!(client.post(format!("{base}/SamplingTargets")).body("{}").send().await.unwrap().status(), 200);
    for path in ["/CreateGroup", "/GetTraceSummaries", "/", "/GetSamplingRules/.."] {
        assert_eq!(client.post(format!("{base}{path}")).body("{}").send().await.unwrap().status(), 403, "{path}");
    }
    let from_a_page = client.post(format!("{base}/GetSamplingRules")).header("origin", "http://evil.test").body("{}");
    assert_eq!(from_a_page.send().await.unwrap().status(), 403);
    let calls: Vec<(String, bool)> = endpoint.calls.lock().unwrap().iter().map(|(path, signed, _)| (path.clone(), *signed)).collect();
    assert_eq!(calls, [("/GetSamplingRules".to_owned(), true), ("/SamplingTargets".to_owned(), true)]);
}

#[tokio::test]
async fn an_operation_that_the_configuration_names_is_forwarded_too() {
    let (address, _) = endpoint(|_, _| axum::Json(json!({ "TraceSummaries": [] })).into_response()).await;
    let mut config = config(&address);
    config.traces.forward = vec!["/TraceSummaries".into()];
    let mut agent = metrics_agent::Agent::start(config.clone()).await.unwrap();
    let base = format!("http://{}", agent.addresses().tcp);
    let status = async |path: &str| reqwest::Client::new().post(format!("{base}{path}")).body("{}").send().await.unwrap().status().as_u16();
    assert_eq!((status("/TraceSummaries").await, status("/Groups").await), (200, 403));
    config.traces.forward = vec!["/Groups".into()];
    agent.reload(config).await.unwrap();
    assert_eq!((status("/TraceSummaries").await, status("/Groups").await), (403, 200));
    assert_eq!(reqwest::get(format!("{base}/Groups")).await.unwrap().status(), 405);
}

#[tokio::test]
async fn operations_of_application_signals_are_signed_for_it() {
    let app = axum::Router::new().fallback(async |request: axum::extract::Request| {
        let authorization = request.headers()["authorization"].to_str().unwrap().to_owned();
        axum::Json(json!({ "path": request.uri().path(), "authorization": authorization }))
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let mut config = config(&address);
    let paths = ["/list-instrumentation-configurations", "/report-instrumentation-configuration-status", "/TraceSummaries"];
    config.traces.forward = paths.map(str::to_owned).to_vec();
    let agent = metrics_agent::Agent::start(config).await.unwrap();
    for (path, service) in paths.into_iter().zip(["application-signals", "application-signals", "xray"]) {
        let answer = reqwest::Client::new().post(format!("http://{}{path}", agent.addresses().tcp)).body("{}").send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["path"], path);
        assert!(answer["authorization"].as_str().unwrap().contains(&format!("/{service}/aws4_request")), "{answer}");
    }
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_setting() {
    let console = console().await;
    let mut config = config(&format!("http://{}", console.address()));
    config.health.listen = console.address();
    let error = metrics_agent::Agent::start(config).await.unwrap_err().to_string();
    assert!(error.contains(&console.address().to_string()) && error.contains("health.listen"), "{error}");
    console.stop().await;
}

#[tokio::test]
async fn statsd_garbage_leaves_good_lines_alone() {
    let console = console().await;
    let agent = agent(&format!("http://{}", console.address())).await;
    send(agent.addresses().statsd.unwrap(), &[b"orders:2|c\ngarbage\norders:x|c\n\xff\xff\norders:3|c|@0.5\n", b"orders:1|q\norders:1|c"]);
    let metrics =
        async || reqwest::get(format!("http://{}/metrics", agent.addresses().health.unwrap())).await.unwrap().text().await.unwrap();
    until("all lines", || async { metrics().await.contains("metrics_agent_statsd_lines_total 3") }).await;
    assert!(metrics().await.contains("metrics_agent_statsd_malformed_total 4"));
    agent.drain(SOON).await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    let input = json!({ "Namespace": "StatsD", "MetricName": "orders", "StartTime": now - 300.0, "EndTime": now + 60.0, "Period": 60, "Statistics": ["Sum"] });
    let call = reqwest::Client::new()
        .post(format!("http://{}/", console.address()))
        .header("x-amz-target", "GraniteServiceVersion20100801.GetMetricStatistics");
    let answer: Value =
        call.header("content-type", "application/x-amz-json-1.0").body(input.to_string()).send().await.unwrap().json().await.unwrap();
    let sum: f64 = answer["Datapoints"].as_array().unwrap().iter().filter_map(|point| point["Sum"].as_f64()).sum();
    assert_eq!(sum, 2.0 + 6.0 + 1.0, "{answer}");
    console.stop().await;
}

#[tokio::test]
async fn metrics_of_an_outage_are_sent_by_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let console = console().await;
    let mut config = config("http://127.0.0.1:1");
    config.traces.spool = Some(metrics_agent::Spool::Overflow);
    config.traces.spool_folder = Some(folder.path().to_owned());
    let first = metrics_agent::Agent::start(config.clone()).await.unwrap();
    send(first.addresses().statsd.unwrap(), &[b"orders:2|c\nqueue:7|g\nlatency:3|ms"]);
    let is_metrics = |signal: &str| signal == "metrics";
    let lines = async || reqwest::get(format!("http://{}/metrics", first.addresses().health.unwrap())).await.unwrap().text().await.unwrap();
    until("the lines", || async { lines().await.contains("metrics_agent_statsd_lines_total 3") }).await;
    let ledgers = first.drain(std::time::Duration::from_millis(200)).await;
    let left = &ledgers.iter().find(|(signal, _)| is_metrics(signal)).unwrap().1;
    assert_eq!((left.entered, left.accepted, left.lost_in_all(), left.held()), (3, 0, 0, 3));
    config.aws.endpoint = Some(format!("http://{}", console.address()));
    let second = metrics_agent::Agent::start(config).await.unwrap();
    until("the metrics of the first", || async {
        second.ledgers().iter().any(|(signal, ledger)| is_metrics(signal) && ledger.accepted == 3)
    })
    .await;
    assert!(second.drain(SOON).await.iter().any(|(signal, ledger)| is_metrics(signal) && ledger.recovered == 3));
    console.stop().await;
}
