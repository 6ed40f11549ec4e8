//! A request through axum, in this process.

use std::convert::Infallible;
use std::error::Error;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use axum::routing::get;
use axum_otel::{AxumOtelOnFailure, AxumOtelOnResponse, AxumOtelSpanCreator};
use http_body_util::BodyExt as _;
use tokio::runtime::Runtime;
use tower::layer::util::Identity;
use tower::{Service, ServiceExt as _};
use tower_http::trace::TraceLayer as OtherLayer;
use tracing::Level;
use xray_sdk::tower::TraceLayer;

use super::peers::Tracing;
use super::rounds::{Way, compare};
use super::table::Traces;

const CALLS: u32 = 2_000;

/// Prints the rows.
pub(super) fn rows(runtime: &Runtime, traces: &Traces<'_>, tracing: &Tracing) -> Result<(), Box<dyn Error>> {
    let router = || Router::new().route("/orders/{id}", get(|| async { "ok" }));
    let other = OtherLayer::new_for_http()
        .make_span_with(AxumOtelSpanCreator::new().level(Level::INFO))
        .on_response(AxumOtelOnResponse::new())
        .on_failure(AxumOtelOnFailure::new());
    let ask = |router: &Router, is_sampled: bool, count| runtime.block_on(ask(router.clone(), is_sampled, count));
    let (bare, empty) = (router(), router().layer(Identity::new()));
    let (ours, theirs) = (router().layer(TraceLayer::new("orders")), router().layer(other));
    tracing.warm(|| ask(&theirs, true, 1))?;
    compare(
        "axum request, in process",
        CALLS,
        &[
            Way::new("bare", |count| ask(&bare, true, count), || ()),
            Way::new("a layer that does nothing", |count| ask(&empty, true, count), || ()),
            Way::new("**xray-sdk**", |count| ask(&ours, true, count), || traces.flush()),
            Way::new("**xray-sdk**, not sampled", |count| ask(&ours, false, count), || ()),
            Way::new("axum-otel + tracing-opentelemetry", |count| tracing.within(|| ask(&theirs, true, count)), || tracing.flush(CALLS)),
        ],
    )
}

async fn ask<S>(mut service: S, is_sampled: bool, count: u32) -> Result<(), Box<dyn Error>>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let sampled = if is_sampled {
        "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"
    } else {
        "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"
    };
    for _ in 0..count {
        let request = Request::get("/orders/7").header("host", "shop").header("x-amzn-trace-id", sampled).body(Body::empty())?;
        let response = service.ready().await?.call(request).await?;
        if !response.status().is_success() || response.into_body().collect().await?.to_bytes() != "ok" {
            return Err("another answer".into());
        }
    }
    Ok(())
}
