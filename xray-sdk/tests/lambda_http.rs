//! `HttpLayer` over requests as `lambda_http` makes them.

#![allow(clippy::unwrap_used, reason = "tests")]

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use telemetry_wire::Document;
use tower::{Layer as _, ServiceExt as _};
use xray_sdk::Environment;
use xray_sdk::lambda::HttpLayer;
use xray_sdk::testing::with_recorder;
use xray_sdk::tower::TraceLayer;

const HEADER: &str = "Root=1-6b043ab7-2b32fe46c61b681eeb79240c;Parent=53995c3f42cd8ad8;Sampled=1";

/// `lambda_http` writes the invocation's header over that of the request.
fn invoke(app: Router, path: &str) -> Vec<Document> {
    let mut context = lambda_runtime::Context::default();
    context.xray_trace_id = Some(HEADER.to_owned());
    let request = Request::get(format!("https://api.example.com{path}?token=s3cret"))
        .header("x-amzn-trace-id", HEADER)
        .extension(context)
        .header("user-agent", "curl")
        .header("x-forwarded-for", "198.51.100.7");
    let request = request.body(Body::empty()).unwrap();
    let in_lambda = |name: &str| (name == "LAMBDA_TASK_ROOT").then(|| "/var/task".to_owned());
    let call = || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { HttpLayer::new().named("shop").layer(app).oneshot(request).await.unwrap() })
    };
    with_recorder(|builder| builder.environment(Environment::from_fn(in_lambda)), call).0
}

#[test]
fn an_invocation_by_http_has_its_status_and_no_query() {
    let documents = invoke(Router::new().route("/busy", get(|| async { StatusCode::SERVICE_UNAVAILABLE })), "/busy");
    let http = documents[0].http.as_ref().unwrap();
    assert_eq!(
        (http.request.url.as_deref(), http.response.status, documents[0].fault),
        (Some("https://api.example.com/busy"), Some(503), true)
    );
    let request = (http.request.user_agent.as_deref(), http.request.client_ip.as_deref(), http.request.x_forwarded_for);
    assert_eq!(request, (Some("curl"), Some("198.51.100.7"), true));
    assert_eq!((documents[0].name.as_str(), http.response.content_length), ("shop", Some(0)));
    assert_eq!(documents[0].parent_id.unwrap().to_string(), "53995c3f42cd8ad8");
}

#[test]
fn the_server_layer_opens_no_segment_within_an_invocation() {
    let inside = || async { drop(xray_sdk::subsegment("inside")) };
    let documents = invoke(Router::new().route("/orders/{id}", get(inside)).layer(TraceLayer::new("shop")), "/orders/7");
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0].annotations["http_route"], "/orders/{id}".into());
    assert!(documents[0].child("inside").is_some());
}
