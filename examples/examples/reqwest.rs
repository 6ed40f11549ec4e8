//! Calls with reqwest: a subsegment per call, and the trace in the headers, so that the other side goes on with it.
//!
//! `cargo run --package examples --example reqwest`, with `metrics-agent local` beside it to see the traces.

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use xray_sdk::reqwest::RequestBuilderExt as _;
use xray_sdk::sampling::SampleAll;
use xray_sdk::{FutureExt as _, Segment};

async fn echo(headers: HeaderMap) -> String {
    headers.get("x-amzn-trace-id").map_or_else(String::new, |value| value.to_str().unwrap_or_default().to_owned())
}

async fn call(url: String) -> Result<String, reqwest::Error> {
    let client = reqwest::Client::new();
    // Instead of `send`; queries and credentials stay out of the document.
    client.get(format!("{url}?card=4111")).send_traced().await?.text().await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let xray = xray_sdk::builder("caller").sampler(SampleAll).install()?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/echo", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/echo", get(echo))).await });
    let passed_on = call(url).in_segment(Segment::begin("nightly")).await?;
    println!("the other side got {passed_on}");
    let refused = call("http://127.0.0.1:1/".into()).in_segment(Segment::begin("nightly")).await;
    println!("a call that fails is a fault: {}", refused.is_err());
    examples::report(&xray);
    Ok(())
}
