//! The two ways of tracing calls of the AWS SDK, side by side: `docs/aws-calls.md` is what this test finds.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, SdkConfig};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use axum::body::Body;
use axum::http::Response;
use telemetry_wire::{Cause, Document};
use xray_sdk::aws_sdk::{TraceInterceptor, traced};
use xray_sdk::testing::with_recorded_documents;
use xray_sdk::{FutureExt as _, Segment};

#[derive(Clone, Copy)]
enum Way {
    Interceptor,
    HttpClient,
}

/// A client of a service, traced in one way.
macro_rules! client {
    ($service:ident, $config:expr, $way:expr) => {{
        let builder = $service::config::Builder::from(&$config);
        match $way {
            Way::Interceptor => $service::Client::from_conf(builder.interceptor(TraceInterceptor::new()).build()),
            Way::HttpClient => $service::Client::from_conf(builder.build()),
        }
    }};
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response<Body> {
    let mut response = Response::builder().status(status).header("content-length", body.len());
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Body::from(body.to_owned())).unwrap()
}

/// Gives these answers, one to each request, and then none.
async fn serve(answers: Vec<Response<Body>>) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answers = Arc::new(Mutex::new(VecDeque::from(answers)));
    let next = move || {
        let answer = answers.lock().unwrap().pop_front();
        async move {
            match answer {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        }
    };
    let service = Router::new().fallback(next);
    tokio::spawn(async move { axum::serve(listener, service).await });
    port
}

fn config(port: u16, way: Way) -> SdkConfig {
    let timeout = TimeoutConfig::builder().operation_timeout(Duration::from_millis(500)).build();
    let retry = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    let config = crate::support::aws_config(port).into_builder().retry_config(retry).timeout_config(timeout);
    let config = config.app_name(AppName::new("both").unwrap()).build();
    match way {
        Way::Interceptor => config,
        Way::HttpClient => traced(config),
    }
}

/// The subsegments of what `call` does with a server that gives these answers, in words.
fn shown<F: Future>(way: Way, answers: Vec<Response<Body>>, call: impl FnOnce(SdkConfig) -> F) -> String {
    let (documents, ()) = with_recorded_documents(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(
            async {
                call(config(serve(answers).await, way)).await;
            }
            .in_segment(Segment::begin("shop")),
        );
    });
    let calls: Vec<String> = documents[0].subsegments.iter().map(words).collect();
    if calls.is_empty() { "nothing".to_owned() } else { calls.join("; then ") }
}

fn words(call: &Document) -> String {
    let aws = call.aws.clone().unwrap_or_default();
    let mut words = vec![format!("{} {}", call.name, aws.operation.as_deref().unwrap_or("(no operation)"))];
    words.extend(aws.table_name.map(|table| format!("table {table}")));
    words.extend(aws.queue_url.map(|_| "queue".to_owned()));
    for (key, what) in [("bucket_name", "bucket"), ("topic_arn", "topic"), ("function_name", "function")] {
        words.extend(aws.more.get(key).map(|value| format!("{what} {}", value.as_str().unwrap())));
    }
    words.extend(aws.retries.map(|retries| format!("{retries} retries")));
    for (flag, is_set) in [("throttle", call.throttle), ("error", call.error && !call.throttle), ("fault", call.fault)] {
        words.extend(is_set.then(|| flag.to_owned()));
    }
    if let Some(Cause::Here(cause)) = &call.cause {
        words.extend(cause.exceptions.first().and_then(|exception| exception.kind.clone()).map(|kind| format!("`{kind}`")));
    }
    if !call.subsegments.is_empty() {
        words.push(format!("{} attempts inside", call.subsegments.len()));
    }
    words.join(", ")
}

/// Runs a call in both ways and gives its row.
macro_rules! row {
    ($name:literal, $answers:expr, $service:ident, |$client:ident| $call:expr) => {{
        let [interceptor, http_client] = [Way::Interceptor, Way::HttpClient].map(|way| {
            shown(way, $answers, |config| async move {
                let $client = client!($service, config, way);
                let _outcome = $call.await.map(drop).map_err(drop);
            })
        });
        let http_client = if http_client == interceptor { "the same".to_owned() } else { http_client };
        format!("| {} | {interceptor} | {http_client} |", $name)
    }};
}

#[test]
fn the_page_says_what_each_way_records() {
    const SLOW: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}"#;
    const NO_KEY: &str = "<Error><Code>NoSuchKey</Code><Message>no key</Message></Error>";
    const NO_TOPIC: &str = "<ErrorResponse><Error><Code>NotFound</Code><Message>no topic</Message></Error></ErrorResponse>";
    let id = || AttributeValue::S("1".to_owned());
    let topic = "arn:aws:sns:us-east-1:1:t";
    let ok = |body| vec![answer(200, &[], body)];
    let no_function = || vec![answer(404, &[("x-amzn-errortype", "ResourceNotFoundException")], r#"{"Message":"no function"}"#)];
    let rows = [
        row!("DynamoDB PutItem", ok("{}"), aws_sdk_dynamodb, |client| client.put_item().table_name("orders").item("id", id()).send()),
        row!("a throttled call, repeated", vec![answer(400, &[], SLOW), answer(200, &[], "{}")], aws_sdk_dynamodb, |client| client
            .get_item()
            .table_name("orders")
            .key("id", id())
            .send()),
        row!("an answer that is no JSON", ok("<html>"), aws_sdk_dynamodb, |client| client.list_tables().send()),
        row!("an operation that times out", Vec::new(), aws_sdk_dynamodb, |client| client.list_tables().send()),
        row!("SQS SendMessage", ok(r#"{"MessageId":"m"}"#), aws_sdk_sqs, |client| client
            .send_message()
            .queue_url("https://h/1/q")
            .message_body("m")
            .send()),
        row!("S3 PutObject", ok(""), aws_sdk_s3, |client| client.put_object().bucket("receipts").key("k").send()),
        row!("S3 GetObject, no key", vec![answer(404, &[], NO_KEY)], aws_sdk_s3, |client| client
            .get_object()
            .bucket("receipts")
            .key("k")
            .send()),
        row!("S3 HeadObject", ok(""), aws_sdk_s3, |client| client.head_object().bucket("receipts").key("k").send()),
        row!("S3 CreateBucket", ok(""), aws_sdk_s3, |client| client.create_bucket().bucket("receipts").send()),
        row!("S3 ListObjectsV2", ok("<ListBucketResult/>"), aws_sdk_s3, |client| client.list_objects_v2().bucket("receipts").send()),
        row!("SNS Publish, no topic", vec![answer(404, &[], NO_TOPIC)], aws_sdk_sns, |client| client
            .publish()
            .topic_arn(topic)
            .message("m")
            .send()),
        row!("Lambda Invoke, no function", no_function(), aws_sdk_lambda, |client| client.invoke().function_name("charge").send()),
    ];
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/aws-calls.md");
    let page = std::fs::read_to_string(file).unwrap_or_default();
    let listed: Vec<&str> = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| call ")).collect();
    assert_eq!(listed, rows, "docs/aws-calls.md has other rows; these are right:\n{}\n", rows.join("\n"));
}
