//! The phases of a client's calls: dns, dial and first byte of the first, a reused connection of the second.

use axum::Router;
use axum::routing::get;
use xray_sdk::connection::{ConnectLayer, TracedResolver};
use xray_sdk::reqwest::RequestBuilderExt as _;
use xray_sdk::sampling::SampleAll;
use xray_sdk::{FutureExt as _, Segment};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let xray = xray_sdk::builder("caller").sampler(SampleAll).install()?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://localhost:{}/", listener.local_addr()?.port());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", get(|| async { "hello" }))).await });
    let client = reqwest::Client::builder().connector_layer(ConnectLayer::new()).dns_resolver(TracedResolver::default()).build()?;
    let calls = async {
        for _ in 0..2 {
            println!("{}", client.get(&url).send_traced().await?.text().await?);
        }
        Ok::<_, reqwest::Error>(())
    };
    calls.in_segment(Segment::begin("caller")).await?;
    examples::report(&xray);
    Ok(())
}
