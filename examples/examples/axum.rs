//! A service of axum: a segment per request with the matched route, a subsegment per `#[traced]` function.
//!
//! `cargo run --package examples --example axum`, with `metrics-agent local` beside it to see the traces.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;
use xray_sdk::sampling::SampleAll;
use xray_sdk::tower::TraceLayer;
use xray_sdk::traced;

#[derive(Debug, thiserror::Error)]
#[error("no order {0}")]
struct NoSuchOrder(u64);

/// An `Err` makes the subsegment a fault, with the error and its sources as exceptions.
#[traced(annotate(order))]
async fn find(order: u64) -> Result<String, NoSuchOrder> {
    if order < 100 { Ok(format!("order {order}\n")) } else { Err(NoSuchOrder(order)) }
}

async fn show(Path(order): Path<u64>) -> Result<String, (StatusCode, String)> {
    find(order).await.map_err(|error| (StatusCode::NOT_FOUND, format!("{error}\n")))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let xray = xray_sdk::builder("orders").sampler(SampleAll).install()?;
    let app = Router::new()
        .route("/orders/{order}", get(show))
        .route("/health", get(|| async { "fine\n" }))
        .layer(TraceLayer::new("orders").exclude("/health"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    for path in ["orders/7", "orders/700", "health"] {
        let response = reqwest::get(format!("http://{address}/{path}")).await?;
        let trace = response.headers().get("x-amzn-trace-id").map_or("no trace", |value| value.to_str().unwrap_or_default()).to_owned();
        println!("{path}: {} {trace}", response.status());
    }
    examples::report(&xray);
    Ok(())
}
