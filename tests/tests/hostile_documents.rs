//! Documents that X-Ray refuses, at the console: each with its reason, none at its neighbours' cost.

#![allow(clippy::unwrap_used, reason = "tests")]

use crate::support::console;
use serde_json::{Value, json};

const TRACE: &str = "1-5759e988-bd862e3fe1be46a994272793";

fn document(change: impl FnOnce(&mut Value)) -> String {
    let mut document = json!({ "name": "orders", "id": "53995c3f42cd8ad8", "trace_id": TRACE, "start_time": 1.5, "end_time": 2.5 });
    change(&mut document);
    document.to_string()
}

/// A thousand subsegments, each inside the one before.
fn a_thousand_levels() -> String {
    let subsegment = |inner: &str| format!(r#"{{"name":"a","id":"00000000000000aa","start_time":1.5,"end_time":2.5{inner}}}"#);
    let nested = (0..1_000).fold(subsegment(""), |inner, _| subsegment(&format!(r#","subsegments":[{inner}]"#)));
    nested.replacen('{', &format!(r#"{{"trace_id":"{TRACE}","#), 1)
}

#[tokio::test]
async fn what_breaks_the_rules_is_unprocessed_with_a_reason() {
    let bad = [
        ("no JSON", "{\"name\":".to_owned()),
        ("no object", "[1]".to_owned()),
        ("a time that is no number", document(|_| ()).replace("1.5", "NaN")),
        ("a time beyond numbers", document(|_| ()).replace("1.5", "1e400")),
        ("a negative time", document(|document| document["start_time"] = json!(-1))),
        ("no id", document(|document| document["id"] = Value::Null)),
        ("an id of another form", document(|document| document["id"] = json!("xyz"))),
        ("no trace", document(|document| document["trace_id"] = Value::Null)),
        ("more than 64 kB", document(|document| document["metadata"] = json!({ "default": { "blob": "x".repeat(70_000) } }))),
        ("a thousand levels", a_thousand_levels()),
    ];
    let console = console().await;
    let endpoint = format!("http://{}", console.address());
    let mut documents: Vec<&str> = bad.iter().map(|(_, document)| &**document).collect();
    let good = document(|document| document["id"] = json!("0000000000000001"));
    documents.insert(5, &good);
    let call =
        reqwest::Client::new().post(format!("{endpoint}/TraceSegments")).body(json!({ "TraceSegmentDocuments": documents }).to_string());
    let answer: Value = call.send().await.unwrap().json().await.unwrap();
    let refused = answer["UnprocessedTraceSegments"].as_array().unwrap();
    let reasons: Vec<&str> = refused.iter().map(|refused| refused["Message"].as_str().unwrap()).collect();
    assert_eq!(refused.len(), bad.len(), "{reasons:#?}");
    assert!(reasons.iter().all(|reason| reason.len() > "Invalid segment. ErrorCode: ".len()), "{reasons:#?}");

    let call = reqwest::Client::new().post(format!("{endpoint}/Traces")).body(json!({ "TraceIds": [TRACE] }).to_string());
    let answer: Value = call.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["Traces"][0]["Segments"].as_array().unwrap().len(), 1, "the good one: {answer}");
    console.stop().await;
}
