//! A call of the AWS SDK over loopback.

use std::collections::HashMap;
use std::error::Error;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use axum::http::HeaderMap;
use axum::routing::post;
use tokio::runtime::Runtime;
use xray_sdk::aws_sdk::TraceInterceptor;

use super::peers::Tracing;
use super::rounds::{Way, compare};
use super::table::{CALLS_PER_TRACE, Traces, in_turns};
use crate::server::serve;

const CALLS: u32 = 100;
/// Attributes of the items: bodies of 1 kB and of 56 kB.
const ITEMS: [(&str, usize); 2] = [("PutItem, 1 kB", 20), ("PutItem, 56 kB", 1_000)];

type Item = HashMap<String, AttributeValue>;

/// Prints the rows.
pub(super) fn rows(runtime: &Runtime, traces: &Traces<'_>, tracing: &Tracing) -> Result<(), Box<dyn Error>> {
    let url = serve_answers()?;
    let config = || {
        Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "bench"))
            .endpoint_url(url.clone())
    };
    let clients = Clients {
        plain: Client::from_conf(config().build()),
        traced: Client::from_conf(config().interceptor(TraceInterceptor::new()).build()),
    };
    clients.rows(traces, tracing, "ListTables, 11 B", |client, count| {
        runtime.block_on(async {
            for _ in 0..count {
                list(client).await?;
            }
            Ok(())
        })
    })?;
    for (name, attributes) in ITEMS {
        let item = item(attributes);
        clients.rows(traces, tracing, name, |client, count| {
            runtime.block_on(async {
                for _ in 0..count {
                    client.put_item().table_name("orders").set_item(Some(item.clone())).send().await?;
                }
                Ok(())
            })
        })?;
    }
    Ok(())
}

/// Answers `ListTables` with a table, and `PutItem` as DynamoDB does without further wishes.
fn serve_answers() -> Result<String, Box<dyn Error>> {
    let answer = async |headers: HeaderMap| {
        let is_list = headers.get("x-amz-target").is_some_and(|target| target.as_bytes().ends_with(b"ListTables"));
        let body = if is_list { r#"{"TableNames":["orders"]}"# } else { "{}" };
        ([("content-type", "application/x-amz-json-1.0"), ("x-amzn-requestid", "R")], body)
    };
    Ok(format!("http://{}", serve(Router::new().route("/", post(answer)))?))
}

async fn list(client: &Client) -> Result<(), Box<dyn Error>> {
    client.list_tables().limit(5).send().await?;
    Ok(())
}

/// An item of so many attributes, 56 bytes each in JSON.
fn item(attributes: usize) -> Item {
    let value = |number| AttributeValue::S(format!("value of attribute {number:06}......"));
    (0..attributes).map(|number| (format!("attribute{number:06}"), value(number))).collect()
}

struct Clients {
    plain: Client,
    traced: Client,
}

impl Clients {
    fn rows(
        &self,
        traces: &Traces<'_>,
        tracing: &Tracing,
        call: &str,
        ask: impl Fn(&Client, u32) -> Result<(), Box<dyn Error>>,
    ) -> Result<(), Box<dyn Error>> {
        // Spans of operations whose first call no subscriber sees are never recorded.
        tracing.warm(|| ask(&self.plain, 1))?;
        compare(
            &format!("AWS SDK call, loopback: {call}"),
            CALLS,
            &[
                Way::new("bare", |count| in_turns(count, |count| ask(&self.plain, count)), || ()),
                Way::new("**xray-sdk**", |count| traces.sampled(count, |count| ask(&self.traced, count)), || traces.flush()),
                Way::new("**xray-sdk**, not sampled", |count| traces.not_sampled(count, |count| ask(&self.traced, count)), || ()),
                Way::new(
                    "the SDK's own spans + tracing-opentelemetry, no header",
                    |count| (0..count / CALLS_PER_TRACE).try_for_each(|_| tracing.in_root(|| ask(&self.plain, CALLS_PER_TRACE))),
                    || tracing.flush(CALLS),
                ),
            ],
        )
    }
}
