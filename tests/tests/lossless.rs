//! What an application hands to the agent by HTTP, and what it asks of it: documents that may not be lost, sampling rules.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use crate::support::{agent, config, console, until};
use serde_json::{Value, json};
use xray_sdk::sampling::{CentralSampler, LocalSampler, Sampler as _, SamplingRequest};
use xray_sdk::{Emitter as _, LosslessEmitter};

fn datagram(number: u32) -> Vec<u8> {
    let document = json!({ "name": "s", "id": format!("{number:016x}"), "trace_id": "1-6b043ab7-2b32fe46c61b681eeb79240c", "start_time": 1.0, "end_time": 2.0 });
    format!("{{\"format\":\"json\",\"version\":1}}\n{document}").into_bytes()
}

async fn stored(console: &xray_console::Console) -> usize {
    let body = json!({ "TraceIds": ["1-6b043ab7-2b32fe46c61b681eeb79240c"] });
    let answer = reqwest::Client::new().post(format!("http://{}/Traces", console.address())).json(&body).send().await.unwrap();
    let traces: Value = answer.json().await.unwrap();
    traces["Traces"][0]["Segments"].as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_arrive_though_the_agent_starts_late_and_stops_in_between() {
    let console = console().await;
    let endpoint = format!("http://{}", console.address());
    let first = agent(&endpoint).await;
    let address = first.addresses().tcp;
    first.drain(Duration::from_secs(1)).await;
    let emitter = LosslessEmitter::tcp(address.to_string()).unwrap();
    for number in 1..=500 {
        emitter.emit(&datagram(number)).unwrap();
    }
    assert!(!tokio::task::block_in_place(|| emitter.flush(Duration::from_millis(50))), "nobody listens");
    let mut settings = config(&endpoint);
    settings.traces.tcp = address;
    let agent = metrics_agent::Agent::start(settings).await.unwrap();
    assert!(tokio::task::block_in_place(|| emitter.flush(Duration::from_secs(20))));
    until("all documents", || async { stored(&console).await == 500 }).await;
    agent.drain(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_takes_documents_and_refuses_what_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("xray.sock");
    let console = console().await;
    let mut settings = config(&format!("http://{}", console.address()));
    settings.traces.socket = Some(path.clone());
    std::fs::write(&path, "somebody's").unwrap();
    let refused = metrics_agent::Agent::start(settings.clone()).await.unwrap_err().to_string();
    assert!(refused.contains("traces.socket") && std::fs::read(&path).unwrap() == b"somebody's", "{refused}");
    std::fs::remove_file(&path).unwrap();
    // What a killed agent leaves behind.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let agent = metrics_agent::Agent::start(settings).await.unwrap();
    let emitter = LosslessEmitter::unix(&path).unwrap();
    emitter.emit(&datagram(1)).unwrap();
    assert!(emitter.emit(b"no datagram").is_err());
    assert!(tokio::task::block_in_place(|| emitter.flush(Duration::from_secs(20))));
    until("the document", || async { stored(&console).await == 1 }).await;
    let url = format!("http://{}/TraceSegments", agent.addresses().tcp);
    let post = |body: &'static str| reqwest::Client::new().post(&url).body(body).send();
    assert_eq!(post("{}").await.unwrap().status(), 400);
    let answer: Value = post(r#"{"TraceSegmentDocuments":["no JSON"]}"#).await.unwrap().json().await.unwrap();
    assert_eq!(answer["UnprocessedTraceSegments"][0]["ErrorCode"], "JSONFormatError");
    agent.drain(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_agent_says_so_and_nothing_is_lost() {
    let mut settings = config("http://127.0.0.1:1");
    settings.traces.memory = 1;
    let agent = metrics_agent::Agent::start(settings).await.unwrap();
    let url = format!("http://{}/TraceSegments", agent.addresses().tcp);
    let large = json!({ "TraceSegmentDocuments": [format!(r#"{{"id":"53995c3f42cd8ad8","trace_id":"1-5759e988-bd862e3fe1be46a994272793","x":"{}"}}"#, "y".repeat(60_000))] }).to_string();
    let mut statuses = Vec::new();
    for _ in 0..30 {
        statuses.push(reqwest::Client::new().post(&url).body(large.clone()).send().await.unwrap().status().as_u16());
    }
    assert!(statuses.contains(&200) && statuses.last() == Some(&429), "{statuses:?}");
    let ledgers = agent.ledgers();
    assert!(ledgers[0].1.lost.is_empty(), "a refusal is no loss");
    agent.drain(Duration::from_millis(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_the_console_reach_the_application_through_the_agent() {
    let console = console().await;
    let endpoint = format!("http://{}", console.address());
    let agent = agent(&endpoint).await;
    let local = LocalSampler::parse(r#"{"version":2,"default":{"fixed_target":0,"rate":0}}"#).unwrap();
    let sampler = CentralSampler::new(agent.addresses().tcp.to_string(), local);
    let request = SamplingRequest { path: Some("/orders"), ..SamplingRequest::default() };
    until("the rules", || async { sampler.decide(&request, 1).rule_name.as_deref() == Some("Default") }).await;
    agent.drain(Duration::from_secs(1)).await;
}
