//! The server layer in front of real services.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{Request, Response, StatusCode};
use axum::routing::get;
use http_body_util::BodyExt as _;
use telemetry_wire::Document;
use tower::{Layer as _, ServiceExt as _, service_fn};
use xray_sdk::testing::{with_recorded_documents, with_recorder};
use xray_sdk::tower::{Naming, TraceLayer};

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

fn app() -> Router {
    Router::new()
        .route("/orders/{id}", get(|Path(id): Path<u32>| async move { (status(id), format!("order {id}")) }))
        .route("/health", get(|| async { "ok" }))
        .layer(TraceLayer::new("shop").exclude("/heal*"))
}

fn status(id: u32) -> StatusCode {
    drop(xray_sdk::subsegment("look up"));
    u16::try_from(id).ok().and_then(|id| StatusCode::from_u16(id).ok()).unwrap_or(StatusCode::OK)
}

fn request(path: &str) -> axum::http::request::Builder {
    Request::get(path).header("host", "shop.example.com:8080").header("user-agent", "curl/8")
}

/// One request through the layer, its body read to the end.
fn ask(request: Request<Body>) -> (Vec<Document>, Response<()>) {
    with_recorded_documents(|| {
        block_on(async {
            let response = app().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            body.collect().await.unwrap();
            Response::from_parts(parts, ())
        })
    })
}

#[test]
fn a_request_is_a_segment_with_its_http_block() {
    let request = request("/orders/1?card=4111").header("x-forwarded-for", " 10.0.0.9, 10.0.0.1").body(Body::empty()).unwrap();
    let (documents, response) = ask(request);
    let segment = &documents[0];
    let http = segment.http.as_ref().unwrap();
    assert_eq!(segment.name, "shop");
    assert_eq!(http.request.method.as_deref(), Some("GET"));
    assert_eq!(http.request.url.as_deref(), Some("http://shop.example.com:8080/orders/1"), "no query string");
    assert_eq!(http.request.user_agent.as_deref(), Some("curl/8"));
    assert_eq!((http.request.client_ip.as_deref(), http.request.x_forwarded_for), (Some("10.0.0.9"), true));
    assert_eq!((http.response.status, http.response.content_length), (Some(200), Some(7)));
    assert_eq!(segment.annotations["http_route"], "/orders/{id}".into());
    assert!(segment.child("look up").is_some());
    assert_eq!(response.headers()["x-amzn-trace-id"], format!("Root={}", segment.trace_id.unwrap()));
}

#[test]
fn status_codes_become_error_throttle_and_fault() {
    for (code, expected) in
        [(200, (false, false, false)), (404, (true, false, false)), (429, (true, true, false)), (503, (false, false, true))]
    {
        let (documents, _) = ask(request(&format!("/orders/{code}")).body(Body::empty()).unwrap());
        let segment = &documents[0];
        assert_eq!((segment.error, segment.throttle, segment.fault), expected, "{code}");
    }
}

#[test]
fn excluded_paths_have_no_segment_and_no_header() {
    let (documents, response) = ask(request("/health").body(Body::empty()).unwrap());
    assert_eq!((documents.len(), response.headers().get("x-amzn-trace-id")), (0, None));
}

#[test]
fn the_callers_trace_goes_on_and_a_question_is_answered() {
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=?";
    let (documents, response) = ask(request("/orders/1").header("X-Amzn-Trace-Id", header).body(Body::empty()).unwrap());
    assert_eq!(documents[0].parent_id.map(|id| id.to_string()).as_deref(), Some("53995c3f42cd8ad8"));
    assert_eq!(response.headers()["x-amzn-trace-id"], "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1");
}

#[test]
fn traceparent_is_read_when_the_other_header_names_no_trace() {
    let request = request("/orders/1")
        .header("x-amzn-trace-id", "Sampled=?;;=")
        .header("traceparent", "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01");
    let (documents, _) = ask(request.body(Body::empty()).unwrap());
    assert_eq!(documents[0].trace_id.map(|id| id.to_string()).as_deref(), Some("1-5759e988-bd862e3fe1be46a994272793"));
}

#[test]
fn an_unsampled_request_is_answered_and_not_recorded() {
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0";
    let (documents, response) = ask(request("/orders/500").header("x-amzn-trace-id", header).body(Body::empty()).unwrap());
    assert_eq!(documents.len(), 0);
    assert_eq!(response.headers()["x-amzn-trace-id"], "Root=1-5759e988-bd862e3fe1be46a994272793");
}

#[test]
fn dynamic_names_follow_known_hosts_only() {
    let naming = Naming::Dynamic { pattern: "*.example.com".into(), fallback: "unknown".into() };
    let service =
        TraceLayer::named(naming).layer(service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) }));
    let (documents, ()) = with_recorded_documents(|| {
        for host in ["shop.example.com", "evil.test"] {
            let request = Request::get("/").header("host", host).body(Body::empty()).unwrap();
            drop(block_on(service.clone().oneshot(request)));
        }
    });
    assert_eq!(documents.iter().map(|document| &*document.name).collect::<Vec<_>>(), ["shop.example.com", "unknown"]);
}

#[test]
fn a_streaming_body_keeps_the_segment_open_and_current() {
    let stream = frames(3);
    let service = TraceLayer::new("stream").layer(service_fn(move |_: Request<Body>| {
        let body = stream.clone();
        async move { Ok::<_, Infallible>(Response::new(body)) }
    }));
    let (documents, sent_before_the_end) = with_recorded_documents(|| {
        block_on(async {
            let mut body = service.oneshot(Request::new(Body::empty())).await.unwrap().into_body();
            body.frame().await;
            let sent = xray_sdk::counters().sent;
            body.collect().await.unwrap();
            sent
        })
    });
    assert_eq!(sent_before_the_end, 0);
    assert_eq!(documents[0].http.as_ref().unwrap().response.content_length, Some(15));
    assert_eq!(documents[0].subsegments.len(), 3, "made while the body was polled");
}

#[test]
fn an_aborted_body_and_a_dropped_request_are_no_success() {
    let streaming = TraceLayer::new("stream").layer(service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(frames(3))) }));
    let hanging =
        TraceLayer::new("hang").layer(service_fn(|_: Request<Body>| std::future::pending::<Result<Response<Body>, Infallible>>()));
    let (documents, ()) = with_recorded_documents(|| {
        block_on(async {
            let mut body = streaming.oneshot(Request::new(Body::empty())).await.unwrap().into_body();
            body.frame().await;
            drop(body);
            let hung = tokio::time::timeout(Duration::ZERO, hanging.oneshot(Request::new(Body::empty()))).await;
            assert!(hung.is_err());
        });
    });
    let causes: Vec<_> = documents.iter().map(|document| document.cause.as_ref().unwrap().exceptions()[0].kind.clone().unwrap()).collect();
    assert_eq!(causes, ["aborted", "cancelled"]);
    assert!(documents.iter().all(|document| document.error && !document.fault));
}

#[test]
fn a_panicking_handler_is_a_fault() {
    let service = TraceLayer::new("boom").layer(service_fn(|_: Request<Body>| async {
        if true {
            panic!("out of stock");
        }
        Ok::<_, Infallible>(Response::new(Body::empty()))
    }));
    let (documents, _) = with_recorded_documents(|| {
        let run = std::panic::AssertUnwindSafe(|| block_on(service.oneshot(Request::new(Body::empty()))));
        std::panic::catch_unwind(run).map(drop).unwrap_err()
    });
    assert!(documents[0].fault);
}

#[test]
fn the_sampler_sees_the_request() {
    let rules = r#"{"version":2,"default":{"fixed_target":0,"rate":0},"rules":[
        {"host":"shop.*","http_method":"GET","url_path":"/orders/*","fixed_target":0,"rate":1}]}"#;
    let (documents, counters, ()) = with_recorder(
        |builder| builder.sampling_rules(rules),
        || {
            for path in ["/orders/1", "/elsewhere"] {
                drop(block_on(app().oneshot(request(path).body(Body::empty()).unwrap())));
            }
        },
    );
    assert_eq!((documents.len(), counters.segments_not_sampled), (1, 1));
}

/// A body of `count` frames of five bytes, each with a subsegment.
fn frames(count: usize) -> Frames {
    Frames { left: count }
}

#[derive(Clone)]
struct Frames {
    left: usize,
}

impl axum::body::HttpBody for Frames {
    type Data = bytes::Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, Infallible>>> {
        if self.left == 0 {
            return std::task::Poll::Ready(None);
        }
        self.left -= 1;
        drop(xray_sdk::subsegment("frame"));
        std::task::Poll::Ready(Some(Ok(http_body::Frame::data(bytes::Bytes::from_static(b"frame")))))
    }
}

/// Samples what has both attributes.
struct ByAttributes;

impl xray_sdk::sampling::Sampler for ByAttributes {
    fn decide(&self, request: &xray_sdk::sampling::SamplingRequest<'_>, _: u64) -> xray_sdk::sampling::SamplingDecision {
        let is_sampled = request.attributes.contains(&("tenant", "gold")) && request.attributes.contains(&("stage", "live"));
        xray_sdk::sampling::SamplingDecision::unnamed(is_sampled)
    }
}

#[test]
fn sampling_rules_see_the_attributes_of_the_process_and_of_the_request() {
    let tenant = |request: &axum::http::request::Parts| {
        let tenant = request.headers.get("x-tenant").and_then(|value| value.to_str().ok());
        tenant.map(|tenant| ("tenant", tenant.to_owned())).into_iter().collect()
    };
    let service = TraceLayer::new("shop")
        .sampling_attributes(tenant)
        .layer(service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) }));
    let (documents, _, ()) = with_recorder(
        |builder| builder.sampler(ByAttributes).sampling_attribute("stage", "live"),
        || {
            for tenant in ["gold", "silver"] {
                let request = Request::get("/").header("x-tenant", tenant).body(Body::empty()).unwrap();
                drop(block_on(service.clone().oneshot(request)));
            }
            let header = telemetry_wire::TraceHeader::default();
            drop(xray_sdk::Segment::begin_with_attributes("job", &header, &[("tenant", "gold")]));
            drop(xray_sdk::Segment::begin("job"));
        },
    );
    assert_eq!(documents.iter().map(|document| &*document.name).collect::<Vec<_>>(), ["shop", "job"]);
}

#[test]
fn no_credential_of_a_url_reaches_a_segment() {
    let absolute = Request::get("http://user:PASSWORD@host.example:81/orders/1").header("host", "host.example");
    let in_header = Request::get("/orders/1").header("host", "user:PASSWORD@host.example:81");
    for request in [absolute, in_header] {
        let (documents, _) = ask(request.body(Body::empty()).unwrap());
        let http = documents[0].http.as_ref().unwrap();
        assert_eq!(http.request.url.as_deref(), Some("http://host.example:81/orders/1"));
        assert!(!format!("{documents:?}").contains("PASSWORD"), "{documents:?}");
    }
}

#[test]
fn a_request_through_two_layers_is_one_segment() {
    let (documents, _) = with_recorded_documents(|| {
        block_on(async {
            let app = Router::new().nest("/api", app()).layer(TraceLayer::new("outer"));
            app.oneshot(request("/api/orders/1").body(Body::empty()).unwrap()).await.unwrap().into_body().collect().await.unwrap();
        })
    });
    assert_eq!((documents.len(), &*documents[0].name), (1, "outer"), "{documents:?}");
    assert!(documents[0].child("look up").is_some());
}

#[test]
fn an_error_of_the_service_is_recorded_with_its_text_and_sources() {
    type Boxed = Box<dyn std::error::Error + Send + Sync>;
    let (documents, ()) = with_recorded_documents(|| {
        block_on(async {
            let service = service_fn(|_: Request<Body>| async { Err::<Response<Body>, Boxed>("request timed out".into()) });
            let answered = TraceLayer::new("shop").layer(service).oneshot(request("/").body(Body::empty()).unwrap()).await;
            assert!(answered.is_err());
        })
    });
    let exceptions = documents[0].cause.as_ref().unwrap().exceptions();
    assert!(documents[0].fault && exceptions[0].message.as_deref() == Some("request timed out"), "{exceptions:?}");
}
