//! Client calls against a real server.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use telemetry_wire::Document;
use tower::{ServiceBuilder, ServiceExt as _};
use xray_sdk::reqwest::{RequestBuilderExt as _, Settings, TraceLayer, TraceMiddleware};
use xray_sdk::testing::with_recorded_documents;
use xray_sdk::{FutureExt as _, Segment, TraceHeader};

/// Answers with the trace headers that it got.
async fn serve() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let echo = |headers: HeaderMap| async move {
        let text = |name: &str| headers.get(name).map_or("none", |value| value.to_str().unwrap_or("none")).to_owned();
        format!("{} {}", text("x-amzn-trace-id"), text("traceparent"))
    };
    let app = Router::new().route("/echo", get(echo)).route("/busy", get(|| async { StatusCode::TOO_MANY_REQUESTS }));
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Runs `work` in a segment, with the address of a server.
fn traced<F: Future>(work: impl FnOnce(SocketAddr) -> F) -> (Document, F::Output) {
    let (mut documents, output) = with_recorded_documents(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let address = serve().await;
            work(address).in_segment(Segment::begin("shop")).await
        })
    });
    (documents.remove(0), output)
}

fn only_call(document: &Document) -> &Document {
    assert_eq!(document.subsegments.len(), 1);
    &document.subsegments[0]
}

#[test]
fn the_extension_records_the_call_and_passes_the_trace_on() {
    let (document, body) = traced(|address| async move {
        let url = format!("http://user:secret@{address}/echo?card=4111");
        reqwest::Client::new().get(url).send_traced().await.unwrap().text().await.unwrap()
    });
    let call = only_call(&document);
    let http = call.http.as_ref().unwrap();
    assert_eq!((&*call.name, call.namespace.as_deref()), ("127.0.0.1", Some("remote")));
    let url = http.request.url.as_deref().unwrap();
    assert!(url.ends_with("/echo") && !url.contains("secret"), "{url}");
    assert_eq!((http.response.status, http.response.content_length), (Some(200), Some(body.len() as u64)));
    let (own, w3c) = body.split_once(' ').unwrap();
    let header = TraceHeader::parse(own);
    assert_eq!((header.root, header.parent), (document.trace_id, Some(call.id)));
    assert_eq!(w3c, format!("00-{}-{}-01", document.trace_id.unwrap().to_w3c(), call.id));
}

#[test]
fn the_layer_can_keep_the_query() {
    let (document, ()) = traced(|address| async move {
        let settings = Settings { query: true, ..Settings::default() };
        let client = ServiceBuilder::new().layer(TraceLayer::new(settings)).service(reqwest::Client::new());
        let request = reqwest::Client::new().get(format!("http://{address}/busy?page=2")).build().unwrap();
        client.oneshot(request).await.unwrap();
    });
    let call = only_call(&document);
    assert!(call.http.as_ref().unwrap().request.url.as_deref().unwrap().ends_with("/busy?page=2"));
    assert!(call.error && call.throttle);
}

#[test]
fn the_middleware_records_the_call() {
    let (document, ()) = traced(|address| async move {
        let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).with(TraceMiddleware::default()).build();
        client.get(format!("http://{address}/echo")).send().await.unwrap();
    });
    assert_eq!(only_call(&document).http.as_ref().unwrap().response.status, Some(200));
}

#[test]
fn a_refused_connection_is_a_fault_without_the_url() {
    let (document, ()) = traced(|_| async {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let call = reqwest::Client::new().get(format!("http://{closed}/x?token=secret")).send_traced().await;
        assert!(call.is_err());
    });
    let call = only_call(&document);
    let exceptions = call.cause.as_ref().unwrap().exceptions();
    assert!(call.fault);
    assert_eq!(exceptions[0].message.as_deref(), Some("could not connect"));
    assert!(exceptions.len() > 1 && exceptions[0].cause == Some(exceptions[1].id));
    assert!(!format!("{exceptions:?}").contains("secret"));
}

#[test]
fn a_request_that_cannot_be_built_is_a_fault() {
    let (document, ()) = traced(|_| async {
        assert!(reqwest::Client::new().get("http://[secret").send_traced().await.is_err());
    });
    let call = only_call(&document);
    assert_eq!((call.name.as_str(), call.namespace.as_deref(), call.fault), ("unknown host", Some("remote"), true));
    let exceptions = call.cause.as_ref().unwrap().exceptions();
    assert_eq!(exceptions[0].message.as_deref(), Some("is not a valid request"));
    assert!(!format!("{exceptions:?}").contains("secret"));
}

#[test]
fn an_unsampled_trace_is_passed_on_as_such() {
    let (documents, body) = with_recorded_documents(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let header = TraceHeader::parse("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0");
        runtime.block_on(async {
            let address = serve().await;
            let call = async { reqwest::Client::new().get(format!("http://{address}/echo")).send_traced().await.unwrap().text().await };
            call.in_segment(Segment::begin_from("shop", &header)).await.unwrap()
        })
    });
    assert_eq!((documents.len(), &*body), (0, "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0 none"));
}

#[test]
fn a_request_with_a_trace_of_its_own_gets_no_other() {
    let (_, body) = traced(|address| async move {
        let own = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let request = reqwest::Client::new().get(format!("http://{address}/echo")).header("x-amzn-trace-id", own);
        request.send_traced().await.unwrap().text().await.unwrap()
    });
    assert!(body.ends_with(" none"), "a traceparent of another trace: {body}");
}

#[test]
fn the_application_classifies_the_status_of_servers_and_clients_alike() {
    use xray_sdk::Classification;
    let (documents, _, ()) = xray_sdk::testing::with_recorder(
        |builder| builder.classify_status(|status| if status == 429 { Classification::Ignored } else { Classification::Fault }),
        || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let address = serve().await;
                let call = reqwest::Client::new().get(format!("http://{address}/busy")).send_traced();
                call.in_segment(Segment::begin("shop")).await.unwrap();
            });
            Segment::begin("ok is a fault").status(200);
        },
    );
    let call = &documents[0].subsegments[0];
    assert_eq!((call.error, call.throttle, call.fault), (false, false, false));
    assert!(documents[1].fault);
}
