//! The console's page in a real browser.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use support::{console, run_script};

const BIG: &str = "1-5759e988-bd862e3fe1be46a994272793";
const FAILED: &str = "1-5759e988-000000000000000000000001";
const CYCLE: &str = "1-5759e988-000000000000000000000002";
const ODD: &str = "1-5759e988-000000000000000000000003";

async fn call(endpoint: &str, target: Option<&str>, path: &str, body: Value) {
    let mut request = reqwest::Client::new().post(format!("{endpoint}{path}")).header("content-type", "application/x-amz-json-1.1");
    if let Some(target) = target {
        request = request.header("x-amz-target", target);
    }
    let answer = request.body(body.to_string()).send().await.unwrap();
    assert!(answer.status().is_success(), "{path} {target:?}: {}", answer.text().await.unwrap());
}

/// A trace of 10,000 subsegments of many names, in documents of their own as an SDK would split them.
fn big_trace(now: f64) -> Vec<Value> {
    let step = |number: usize| {
        let start = now - 30.0 + number as f64 * 0.0029;
        json!({ "name": format!("step {}", number % 997), "id": format!("{:016x}", 0x1000 + number), "start_time": start, "end_time": start + 0.002 })
    };
    let batch = |number: usize| {
        let steps: Vec<Value> = (number * 100..number * 100 + 99).map(step).collect();
        let (start, end) = (steps[0]["start_time"].clone(), steps[98]["end_time"].clone());
        json!({ "name": format!("batch {number}"), "id": format!("{:016x}", 0x100_0000 + number), "type": "subsegment", "trace_id": BIG, "parent_id": "53995c3f42cd8ad8",
            "start_time": start, "end_time": end, "subsegments": steps })
    };
    let segment = json!({ "name": "big", "id": "53995c3f42cd8ad8", "trace_id": BIG, "start_time": now - 30.0, "end_time": now - 1.0 });
    std::iter::once(segment).chain((0..100).map(batch)).collect()
}

fn failed_trace(now: f64) -> Vec<Value> {
    let hostile = "<img src=x onerror=alert(1)>\"';--";
    let cause = json!({ "exceptions": [
        { "id": "0000000000000011", "type": "GatewayTimeout", "message": hostile, "cause": "0000000000000012" },
        { "id": "0000000000000012", "type": "Elapsed", "message": "no answer within 300 ms" } ] });
    vec![
        json!({ "name": "storefront", "id": "0000000000000001", "trace_id": FAILED, "start_time": now - 2.0, "end_time": now - 1.0, "fault": true, "user": "alice",
            "http": { "request": { "method": "POST", "url": "http://shop/checkout" }, "response": { "status": 500 } },
            "annotations": { "tenant": "t1", "order": 7 }, "metadata": { "default": { "note": hostile } },
            "subsegments": [{ "name": "payments", "id": "0000000000000002", "start_time": now - 1.9, "end_time": now - 1.1, "namespace": "remote", "fault": true, "cause": cause }] }),
        json!({ "name": "payments", "id": "0000000000000003", "trace_id": FAILED, "parent_id": "0000000000000002", "start_time": now - 1.8, "end_time": now - 1.2, "fault": true }),
    ]
}

/// Two segments that name each other as parent.
fn cyclic_trace(now: f64) -> Vec<Value> {
    let segment = |name: &str, id: &str, parent: &str| json!({ "name": name, "id": id, "parent_id": parent, "trace_id": CYCLE, "start_time": now - 3.0, "end_time": now - 2.0 });
    vec![segment("chicken", "00000000000000c1", "00000000000000c2"), segment("egg", "00000000000000c2", "00000000000000c1")]
}

/// What other people's clients send: folded siblings, an open segment, metadata that is no object of objects, a cause that names an exception
/// elsewhere, links, a negative duration, a lone subsegment, an annotation whose key is no word.
fn odd_trace(now: f64) -> Vec<Value> {
    let query = |number: usize| {
        let mut query = json!({ "name": "query", "id": format!("{:016x}", 0xd000 + number), "start_time": now - 3.0, "end_time": now - 2.9,
            "annotations": { "needle": format!("needle{number}") } });
        if number == 13 {
            query["fault"] = json!(true);
            query["cause"] = json!({ "exceptions": [{ "id": "00000000000000ee", "type": "Boom", "message": "boom" }] });
        }
        query
    };
    let queries: Vec<Value> = (0..20).map(query).collect();
    vec![
        json!({ "name": "odd", "id": "00000000000000d1", "trace_id": ODD, "start_time": now - 3.0, "in_progress": true, "cause": "00000000000000ee", "fault": true,
            "metadata": { "debug": "hello", "n": 5, "flag": null }, "annotations": { "a b": "x" }, "links": [{ "trace_id": CYCLE }], "subsegments": queries }),
        json!({ "name": "backwards", "id": "00000000000000d2", "trace_id": ODD, "parent_id": "00000000000000d1", "start_time": now - 2.0, "end_time": now - 2.5 }),
        json!({ "name": "orphan", "type": "subsegment", "id": "00000000000000d3", "trace_id": ODD, "parent_id": "00000000000000ff", "start_time": now - 2.0, "end_time": now - 1.5 }),
    ]
}

#[tokio::test]
async fn a_browser_walks_the_page() {
    let console = console().await;
    let endpoint = format!("http://{}", console.address());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    for documents in [big_trace(now), failed_trace(now), cyclic_trace(now), odd_trace(now)] {
        let texts: Vec<String> = documents.iter().map(Value::to_string).collect();
        call(&endpoint, None, "/TraceSegments", json!({ "TraceSegmentDocuments": texts })).await;
    }
    call(&endpoint, Some("Logs_20140328.CreateLogGroup"), "/", json!({ "logGroupName": "/shop" })).await;
    call(&endpoint, Some("Logs_20140328.CreateLogStream"), "/", json!({ "logGroupName": "/shop", "logStreamName": "s" })).await;
    let line = json!({ "level": "ERROR", "service": "payments", "message": "gateway did not answer", "traceId": FAILED });
    let event = json!({ "timestamp": ((now - 1.3) * 1e3) as i64, "message": line.to_string() });
    call(
        &endpoint,
        Some("Logs_20140328.PutLogEvents"),
        "/",
        json!({ "logGroupName": "/shop", "logStreamName": "s", "logEvents": [event] }),
    )
    .await;
    let datum = json!({ "MetricName": "checkouts", "Value": 3.0, "Unit": "Count" });
    call(&endpoint, Some("GraniteServiceVersion20100801.PutMetricData"), "/", json!({ "Namespace": "Shop", "MetricData": [datum] })).await;
    let pictures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../.screenshots");
    std::fs::create_dir_all(&pictures).unwrap();
    run_script(
        "TEST_CHROMIUM",
        "browser/page.mjs",
        &[endpoint, pictures.display().to_string(), FAILED.into(), BIG.into(), CYCLE.into(), ODD.into()],
    )
    .await;
    console.stop().await;
}
