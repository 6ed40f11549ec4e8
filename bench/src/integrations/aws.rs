//! A call of the AWS SDK over loopback.

use std::error::Error;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};
use axum::Router;
use axum::routing::post;
use tokio::runtime::Runtime;
use xray_sdk::aws_sdk::TraceInterceptor;

use super::peers::Tracing;
use super::rounds::{Way, compare};
use super::table::{CALLS_PER_TRACE, Traces, in_turns};
use crate::server::serve;

const CALLS: u32 = 100;

/// Prints the rows.
pub(super) fn rows(runtime: &Runtime, traces: &Traces<'_>, tracing: &Tracing) -> Result<(), Box<dyn Error>> {
    let answer = || async { ([("content-type", "application/x-amz-json-1.0"), ("x-amzn-requestid", "R")], r#"{"TableNames":["orders"]}"#) };
    let url = format!("http://{}", serve(Router::new().route("/", post(answer)))?);
    let config = || {
        Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "bench"))
            .endpoint_url(url.clone())
    };
    let plain = Client::from_conf(config().build());
    let traced = Client::from_conf(config().interceptor(TraceInterceptor::new()).build());
    let ask = |client: &Client, count| {
        runtime.block_on(async {
            for _ in 0..count {
                client.list_tables().limit(5).send().await?;
            }
            Ok(())
        })
    };
    tracing.warm(|| ask(&plain, 1))?;
    compare(
        "AWS SDK call, loopback",
        CALLS,
        &[
            Way::new("bare", |count| in_turns(count, |count| ask(&plain, count)), || ()),
            Way::new("**xray-sdk**", |count| traces.sampled(count, |count| ask(&traced, count)), || traces.flush()),
            Way::new("**xray-sdk**, not sampled", |count| traces.not_sampled(count, |count| ask(&traced, count)), || ()),
            Way::new(
                "the SDK's own spans + tracing-opentelemetry, no header",
                |count| (0..count / CALLS_PER_TRACE).try_for_each(|_| tracing.in_root(|| ask(&plain, CALLS_PER_TRACE))),
                || tracing.flush(CALLS),
            ),
        ],
    )
}
