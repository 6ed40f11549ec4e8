//! Faults that users of other tracing libraries have reported, tried here. Each test has the address of the report.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::future::Future;
use std::pin::Pin;

use telemetry_wire::{Document, SqlDialect, TraceHeader, sanitize_sql};
use xray_sdk::testing::with_recorded_documents;
use xray_sdk::{FutureExt as _, Segment, Subsegment, traced};

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// <https://github.com/tokio-rs/tracing/issues/1296>: variables of a function that returns a boxed future were out of scope in its macros.
#[test]
fn macros_in_a_boxed_future_see_the_variables_of_the_function() {
    macro_rules! logged {
        ($value:expr) => {
            format!("{} {}", stringify!($value), $value)
        };
    }
    #[traced]
    fn work(name: &'static str) -> Pin<Box<dyn Future<Output = String>>> {
        let length = name.len();
        Box::pin(async move {
            let twice = length * 2;
            logged!(twice) + &logged!(length) + &format!("{name}{twice}")
        })
    }
    let (documents, text) = with_recorded_documents(|| block_on(work("ab").in_segment(Segment::begin("shop"))));
    assert_eq!((text.as_str(), documents.len()), ("twice 4length 2ab4", 1));
}

/// <https://github.com/aws/aws-xray-sdk-java/issues/419>: a subsegment that had ended was the parent of the next one.
#[test]
fn a_subsegment_that_has_ended_is_no_parent() {
    let (documents, ()) = with_recorded_documents(|| {
        Segment::begin("shop").context().in_scope(|| {
            let first = Subsegment::begin("first");
            first.end();
            drop(xray_sdk::subsegment("second"));
            let third = xray_sdk::subsegment("third");
            let fourth = Subsegment::begin("fourth");
            drop(third);
            drop(fourth);
            drop(xray_sdk::subsegment("fifth"));
        });
    });
    let names = |document: &Document| document.subsegments.iter().map(|child| child.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&documents[0]), ["first", "second", "third", "fifth"]);
    assert_eq!(names(documents[0].child("third").unwrap()), ["fourth"]);
}

/// <https://github.com/aws/aws-xray-java-agent/issues/73>: a segment whose request had ended was not sent while tasks of it ran.
#[test]
fn a_segment_leaves_at_its_end_although_its_tasks_run_on() {
    let (documents, before) = with_recorded_documents(|| {
        block_on(async {
            let (release, _) = tokio::sync::broadcast::channel::<()>(1);
            let segment = Segment::begin("shop");
            let tasks: Vec<_> = (0..10)
                .map(|_| {
                    let mut released = release.subscribe();
                    tokio::spawn(async move { drop(released.recv().await) }.in_subsegment("task").in_context(segment.context()))
                })
                .collect();
            tokio::task::yield_now().await;
            drop(segment);
            release.send(()).unwrap();
            let mut ended = 0;
            for task in tasks {
                task.await.unwrap();
                ended += 1;
            }
            ended
        })
    });
    assert_eq!((before, documents.len()), (10, 11));
    let shop = documents.iter().find(|document| document.name == "shop").unwrap();
    assert!(documents.iter().filter(|document| document.name == "task").all(|task| task.parent_id == Some(shop.id)));
}

/// <https://github.com/DataDog/dd-trace-py/pull/974>: after the first span of a context ended, the next one began another trace.
#[test]
fn work_after_the_first_child_stays_in_the_callers_trace() {
    let header = TraceHeader::parse("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1");
    let (documents, ids) = with_recorded_documents(|| {
        let segment = Segment::begin_from("shop", &header);
        segment.context().in_scope(|| {
            drop(xray_sdk::subsegment("first"));
            let after = xray_sdk::trace_id();
            drop(xray_sdk::subsegment("second"));
            [after, xray_sdk::trace_id()]
        })
    });
    assert_eq!(ids, [header.root; 2]);
    assert_eq!((documents.len(), documents[0].trace_id, documents[0].parent_id), (1, header.root, header.parent));
}

#[cfg(all(feature = "axum", feature = "reqwest"))]
mod http {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::response::Response;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use xray_sdk::reqwest::RequestBuilderExt as _;
    use xray_sdk::tower::TraceLayer;

    use super::*;

    async fn switch() -> Response {
        let answer = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS).header("connection", "upgrade").header("upgrade", "echo");
        answer.body(axum::body::Body::empty()).unwrap()
    }

    async fn serve() -> std::net::SocketAddr {
        let app = Router::new()
            .route("/chat", get(switch))
            .route("/ok", get(|| async { "hello" }))
            .route("/missing", get(|| async { StatusCode::NOT_FOUND }))
            .route("/broken", get(|| async { StatusCode::BAD_GATEWAY }))
            .layer(TraceLayer::new("server"));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        address
    }

    /// <https://github.com/open-telemetry/opentelemetry-java-instrumentation/issues/20217>: the span of an upgrade to a WebSocket never ended.
    #[test]
    fn the_segment_of_an_upgrade_ends_with_its_answer() {
        let (documents, ()) = with_recorded_documents(|| {
            block_on(async {
                let mut stream = tokio::net::TcpStream::connect(serve().await).await.unwrap();
                stream.write_all(b"GET /chat HTTP/1.1\r\nhost: chat\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n").await.unwrap();
                let mut answer = [0; 12];
                stream.read_exact(&mut answer).await.unwrap();
                assert_eq!(&answer, b"HTTP/1.1 101");
            });
        });
        let http = documents[0].http.as_ref().unwrap();
        assert_eq!((documents.len(), http.response.status, documents[0].error, documents[0].fault), (1, Some(101), false, false));
    }

    /// <https://github.com/DataDog/dd-trace-js/issues/2089>: each HEAD request of a client was an error.
    /// <https://github.com/open-telemetry/opentelemetry-java-instrumentation/issues/2244>: answers 4xx and 5xx had no status at the client.
    #[test]
    fn a_head_request_is_no_error_and_each_answer_has_its_status() {
        let (documents, ()) = with_recorded_documents(|| {
            block_on(
                async {
                    let address = serve().await;
                    let client = reqwest::Client::new();
                    client.head(format!("http://{address}/ok")).send_traced().await.unwrap();
                    for path in ["missing", "broken"] {
                        client.get(format!("http://{address}/{path}")).send_traced().await.unwrap();
                    }
                }
                .in_segment(Segment::begin("shop")),
            );
        });
        let shop = documents.iter().find(|document| document.name == "shop").unwrap();
        let outcome = |document: &Document| (document.http.as_ref().unwrap().response.status.unwrap(), document.error, document.fault);
        let calls: Vec<_> = shop.subsegments.iter().map(outcome).collect();
        assert_eq!(calls, [(200, false, false), (404, true, false), (502, false, true)]);
        let served: Vec<_> = documents.iter().filter(|document| document.name == "server").map(outcome).collect();
        assert_eq!(served, calls);
    }
}

/// <https://github.com/getredash/redash/pull/7778>: `@>` and `<@` came apart. <https://github.com/appsignal/appsignal-ruby/pull/751>: operators of JSON were not
/// understood. <https://github.com/mridoni/gixsql/issues/70>: a cast was taken for a named parameter.
#[test]
fn operators_of_postgresql_stay_whole_and_their_values_are_hidden() {
    let sanitized = |sql| sanitize_sql(sql, SqlDialect::PostgreSql);
    assert_eq!(
        sanitized(r#"SELECT * FROM t WHERE data @> '{"a": "s3cret"}' AND data <@ '{}'::jsonb"#),
        "SELECT * FROM t WHERE data @> ? AND data <@ ?::jsonb"
    );
    assert_eq!(
        sanitized("SELECT data->'s3cret'->>'s3cret', data #>> '{s3cret}', data ? 's3cret', data ?| array['s3cret'] FROM t"),
        "SELECT data->?->>?, data #>> ?, data ? ?, data ?| array[?] FROM t"
    );
    assert_eq!(sanitized("SELECT $1::int + '7'::int, x::text, now()::date FROM t"), "SELECT $1::int + ?::int, x::text, now()::date FROM t");
}

#[cfg(feature = "sqs")]
mod aws {
    use aws_config::{BehaviorVersion, Region, SdkConfig};
    use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
    use aws_sdk_sqs::types::{MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue};
    use aws_smithy_http_client::test_util::{ReplayEvent, StaticReplayClient};
    use aws_smithy_types::body::SdkBody;
    use serde_json::Value;
    use xray_sdk::aws_sdk::TraceInterceptor;

    use super::*;

    fn sqs() -> (aws_sdk_sqs::Client, StaticReplayClient) {
        let request = || ::http::Request::builder().uri("http://unchecked/").body(SdkBody::empty()).unwrap();
        let answer = || ::http::Response::builder().body(SdkBody::from("{}")).unwrap();
        let http = StaticReplayClient::new((0..3).map(|_| ReplayEvent::new(request(), answer())).collect());
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
            .http_client(http.clone())
            .build();
        let builder = aws_sdk_sqs::config::Builder::from(&config).interceptor(TraceInterceptor::new());
        (aws_sdk_sqs::Client::from_conf(builder.build()), http)
    }

    fn bodies(http: &StaticReplayClient) -> Vec<Value> {
        http.actual_requests().map(|request| serde_json::from_slice(request.body().bytes().unwrap()).unwrap()).collect()
    }

    fn attribute(text: &str) -> MessageAttributeValue {
        MessageAttributeValue::builder().data_type("String").string_value(text).build().unwrap()
    }

    /// <https://github.com/open-telemetry/opentelemetry-java-instrumentation/issues/13799>: the trace was the eleventh attribute of a message that may have ten.
    /// <https://github.com/getsentry/sentry-javascript/pull/22165>: a header that was there already counted again.
    #[test]
    fn a_message_with_ten_attributes_keeps_them_and_a_header_of_its_own() {
        let (client, http) = sqs();
        let own = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        with_recorded_documents(|| {
            block_on(
                async {
                    let full = (0..10).fold(client.send_message().queue_url("http://q/1").message_body("m"), |message, number| {
                        message.message_attributes(format!("a{number}"), attribute("v"))
                    });
                    full.send().await.unwrap();
                    let header = MessageSystemAttributeValue::builder().data_type("String").string_value(own).build().unwrap();
                    let message = client.send_message().queue_url("http://q/1").message_body("m");
                    message.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, header).send().await.unwrap();
                }
                .in_segment(Segment::begin("shop")),
            );
        });
        let bodies = bodies(&http);
        assert_eq!(bodies[0]["MessageAttributes"].as_object().unwrap().len(), 10);
        assert!(bodies[0]["MessageSystemAttributes"]["AWSTraceHeader"].is_object());
        assert_eq!(bodies[1]["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"], own);
    }

    /// <https://github.com/open-telemetry/opentelemetry-js-contrib/issues/1038>: each poll added names to the request, until it was too large.
    #[test]
    fn each_poll_asks_for_the_same_names() {
        let (client, http) = sqs();
        let poll = client.receive_message().queue_url("http://q/1").message_attribute_names("own");
        with_recorded_documents(|| {
            block_on(async {
                for _ in 0..3 {
                    poll.clone().send().await.unwrap();
                }
            });
        });
        let bodies = bodies(&http);
        assert_eq!(bodies[0]["MessageSystemAttributeNames"].as_array().unwrap().len(), 3);
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    }
}
