//! Calls through reqwest-middleware: every request of the client is traced, beside the other middlewares.
//!
//! `cargo run --package examples --example reqwest_middleware`, with `metrics-agent local` beside it to see the traces.

use axum::Router;
use axum::routing::get;
use xray_sdk::reqwest::{Settings, TraceMiddleware};
use xray_sdk::sampling::SampleAll;
use xray_sdk::{FutureExt as _, Segment};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let xray = xray_sdk::builder("caller").sampler(SampleAll).install()?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/price", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/price", get(|| async { "42" }))).await });

    let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).with(TraceMiddleware::new(Settings::default())).build();
    let price = async { client.get(&url).send().await?.text().await.map_err(reqwest_middleware::Error::from) };
    println!("the price is {}", price.in_segment(Segment::begin("checkout")).await?);

    examples::report(&xray);
    Ok(())
}
