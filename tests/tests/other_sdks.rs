//! The X-Ray SDKs for other languages take our agent for AWS's daemon: its sampling rules decide, what they record comes back, and
//! their statistics arrive. Each runs the same program, `tests/clients/<language>/client`, written with that SDK.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::support::{SOON, agent, console, until};
use metrics_agent::Agent;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// SDKs report their statistics every ten seconds.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn node_samples_by_the_agents_rules_and_its_traces_come_back() {
    let Some(node) = set("TEST_NODE_SDK") else { return };
    let mut command = Command::new(node);
    command.arg("clients/node/client.js");
    sdk_uses_our_agent("node", command, "RangeError").await;
}

#[tokio::test]
async fn go_samples_by_the_agents_rules_and_its_traces_come_back() {
    let Some(client) = set("TEST_GO_SDK") else { return };
    sdk_uses_our_agent("go", Command::new(client), "errors.errorString").await;
}

#[tokio::test]
async fn java_samples_by_the_agents_rules_and_its_traces_come_back() {
    let Some(libraries) = set("TEST_JAVA_SDK") else { return };
    let mut command = Command::new("java");
    command.args(["-cp", &format!("{libraries}/*"), "clients/java/Client.java"]);
    sdk_uses_our_agent("java", command, "java.lang.IllegalStateException").await;
}

fn set(variable: &str) -> Option<String> {
    let value = std::env::var(variable).ok();
    if value.is_none() {
        eprintln!("skipped: {variable} is not set; `cargo xtask test` sets it");
    }
    value
}

/// All orders of `<language>-shop` are sampled, nothing of `<language>-silent` is.
async fn sdk_uses_our_agent(language: &str, command: Command, error: &str) {
    let (shop, silent) = (format!("{language}-shop"), format!("{language}-silent"));
    let console = console().await;
    let xray = XRay { endpoint: format!("http://{}", console.address()), http: reqwest::Client::new() };
    xray.create_rule(&shop, 1, 1.0).await;
    xray.create_rule(&silent, 0, 0.0).await;
    let agent = agent(&xray.endpoint).await;
    let scenario = async {
        let client = Client::start(command, [&shop, &silent], &agent).await;
        assert_eq!((client.orders.len(), &client.unsampled), (3, &json!(5)));
        for order in &client.orders {
            assert_order(order, &shop, error);
            assert_eq!(xray.document(order).await, as_processed(order.clone()));
        }
        until("the statistics", || async { xray.has_statistics(&shop, 3, 3).await && xray.has_statistics(&silent, 5, 0).await }).await;
        client.end().await;
    };
    tokio::time::timeout(PATIENCE, scenario).await.unwrap();
    agent.drain(SOON).await;
    console.stop().await;
}

/// A program that has said what it did and goes on reporting until its input ends.
struct Client {
    process: Child,
    /// Held open: what is logged later has to go somewhere.
    _output: Lines<BufReader<ChildStdout>>,
    /// Of what it said.
    orders: Vec<Value>,
    unsampled: Value,
}

impl Client {
    async fn start(mut command: Command, services: [&String; 2], agent: &Agent) -> Client {
        let addresses = agent.addresses();
        let mut process = command
            .args(services)
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
            .env("AWS_XRAY_DAEMON_ADDRESS", format!("tcp:{} udp:{}", addresses.tcp, addresses.udp))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
        // The SDK for Go logs to the same output.
        while let Some(line) = output.next_line().await.unwrap() {
            if let Ok(mut said) = serde_json::from_str::<Value>(&line) {
                let orders = said["orders"].take().as_array().unwrap().clone();
                return Client { process, _output: output, orders, unsampled: said["unsampled"].take() };
            }
        }
        panic!("{:?}", process.wait_with_output().await);
    }

    async fn end(self) {
        let output = self.process.wait_with_output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

/// What each program records, as its SDK wrote it.
fn assert_order(order: &Value, shop: &str, error: &str) {
    let sdk = &order["aws"]["xray"];
    assert_eq!([&sdk["rule_name"], &sdk["sampling_rule_name"]].into_iter().find_map(Value::as_str), Some(shop), "{order}");
    assert_eq!((&order["name"], &order["user"]), (&json!(shop), &json!("bob")), "{order}");
    assert_eq!(order["annotations"], json!({ "tenant": "t1", "items": 5, "express": true }));
    assert_eq!(order["metadata"]["default"]["cart"], json!({ "items": [1, null, "é"] }));
    let [price, charge] = order["subsegments"].as_array().unwrap().as_slice() else { panic!("{order}") };
    assert_eq!((&price["name"], &charge["name"], &charge["namespace"]), (&json!("price"), &json!("charge"), &json!("remote")));
    assert_eq!(price["subsegments"][0]["name"], "discount");
    assert_eq!(price["subsegments"][0]["annotations"], json!({ "percent": 12.5 }));
    let exception = &charge["cause"]["exceptions"][0];
    assert_eq!((&charge["fault"], &exception["message"], &exception["type"]), (&json!(true), &json!("no funds"), &json!(error)));
    assert!(!exception["stack"].as_array().unwrap().is_empty(), "{order}");
}

/// As X-Ray gives it back: what is nested does not say where it belongs.
fn as_processed(mut document: Value) -> Value {
    let fields = document.as_object_mut().unwrap();
    if let Some(Value::Array(children)) = fields.get_mut("subsegments") {
        for child in children {
            *child = as_processed(child.take());
            child.as_object_mut().unwrap().retain(|key, _| !matches!(key.as_str(), "type" | "trace_id" | "parent_id"));
        }
    }
    document
}

/// The console's X-Ray.
struct XRay {
    endpoint: String,
    http: reqwest::Client,
}

impl XRay {
    async fn call(&self, path: &str, body: Value) -> Value {
        let answer = self.http.post(format!("{}{path}", self.endpoint)).json(&body).send().await.unwrap();
        answer.error_for_status().unwrap().json().await.unwrap()
    }

    /// A rule for a service, of the service's name.
    async fn create_rule(&self, service: &str, reservoir: u32, rate: f64) {
        let rule = json!({ "RuleName": service, "ServiceName": service, "ReservoirSize": reservoir, "FixedRate": rate, "Priority": 1,
            "ResourceARN": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1 });
        self.call("/CreateSamplingRule", json!({ "SamplingRule": rule })).await;
    }

    /// What has arrived of a document.
    async fn document(&self, sent: &Value) -> Value {
        loop {
            let traces = self.call("/Traces", json!({ "TraceIds": [sent["trace_id"]] })).await;
            let mut segments = traces["Traces"][0]["Segments"].as_array().into_iter().flatten();
            if let Some(segment) = segments.find(|segment| segment["Id"] == sent["id"]) {
                return serde_json::from_str(segment["Document"].as_str().unwrap()).unwrap();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A request that a reservoir lent is sampled without being counted as such by these SDKs.
    async fn has_statistics(&self, rule: &str, requests: u64, sampled: u64) -> bool {
        let answer = self.call("/SamplingStatisticSummaries", json!({})).await;
        let summaries = answer["SamplingStatisticSummaries"].as_array().unwrap();
        summaries.iter().find(|summary| summary["RuleName"] == rule).is_some_and(|summary| {
            let count = |key: &str| summary[key].as_u64().unwrap();
            (count("RequestCount"), count("SampledCount") + count("BorrowCount")) == (requests, sampled)
        })
    }
}
