//! Segments to an OpenTelemetry collector, here one in this process; with `OTEL_EXPORTER_OTLP_ENDPOINT` set, to that one.

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use telemetry_wire::otlp::{ExportTraceServiceRequest, Message as _};
use xray_sdk::sampling::SampleAll;
use xray_sdk::{OtlpEmitter, OtlpEndpoint, Segment, traced};

#[traced(annotate(order))]
fn charge(order: u64) -> u64 {
    order
}

async fn show(body: Bytes) {
    let request = ExportTraceServiceRequest::decode(body).unwrap_or_default();
    let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
    let names: Vec<_> = scopes.flat_map(|scope| &scope.spans).map(|span| span.name.as_str()).collect();
    println!("the collector was sent the spans {names:?}");
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let here = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async { axum::serve(listener, Router::new().route("/v1/traces", post(show))).await });

    let is_elsewhere = std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_some();
    let collector = if is_elsewhere { OtlpEndpoint::from_env()? } else { OtlpEndpoint::new(&here)? };
    let xray = xray_sdk::builder("orders").sampler(SampleAll).emitter(OtlpEmitter::new(collector)?).install()?;
    let segment = Segment::begin("orders");
    segment.context().in_scope(|| charge(7));
    drop(segment);
    tokio::task::spawn_blocking(move || examples::report(&xray)).await?;
    Ok(())
}
