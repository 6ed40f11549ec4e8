//! A call of reqwest over loopback.

use std::error::Error;

use axum::Router;
use axum::routing::get;
use reqwest_tracing::TracingMiddleware;
use tokio::runtime::Runtime;
use xray_sdk::reqwest::RequestBuilderExt as _;

use super::peers::Tracing;
use super::rounds::{Way, compare};
use super::table::{CALLS_PER_TRACE, Traces, in_turns};
use crate::server::serve;

const CALLS: u32 = 300;

/// Prints the rows.
pub(super) fn rows(runtime: &Runtime, traces: &Traces<'_>, tracing: &Tracing) -> Result<(), Box<dyn Error>> {
    let url = format!("http://{}/", serve(Router::new().route("/", get(|| async { "ok" })))?);
    let client = reqwest::Client::new();
    let other = reqwest_middleware::ClientBuilder::new(client.clone()).with(TracingMiddleware::default()).build();
    let bare = |count| {
        runtime.block_on(async {
            for _ in 0..count {
                client.get(&url).send().await?.bytes().await?;
            }
            Ok(())
        })
    };
    let ours = |count| {
        runtime.block_on(async {
            for _ in 0..count {
                client.get(&url).send_traced().await?.bytes().await?;
            }
            Ok(())
        })
    };
    let theirs = |count| {
        runtime.block_on(async {
            for _ in 0..count {
                other.get(&url).send().await?.bytes().await?;
            }
            Ok(())
        })
    };
    tracing.warm(|| theirs(1))?;
    compare(
        "reqwest call, loopback",
        CALLS,
        &[
            Way::new("bare", |count| in_turns(count, bare), || ()),
            Way::new("**xray-sdk**", |count| traces.sampled(count, ours), || traces.flush()),
            Way::new("**xray-sdk**, not sampled", |count| traces.not_sampled(count, ours), || ()),
            Way::new(
                "reqwest-tracing + tracing-opentelemetry, no header",
                |count| (0..count / CALLS_PER_TRACE).try_for_each(|_| tracing.in_root(|| theirs(CALLS_PER_TRACE))),
                || tracing.flush(CALLS),
            ),
        ],
    )
}
