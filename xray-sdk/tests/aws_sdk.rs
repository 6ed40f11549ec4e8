//! Calls of real AWS clients, answered by a scripted HTTP client; `tests/tests/aws.rs` has moto.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Select};
use aws_smithy_http_client::test_util::{NeverClient, ReplayEvent, StaticReplayClient};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use telemetry_wire::{Document, TraceHeader};
use xray_sdk::aws_sdk::{TraceInterceptor, TracedHttpClient};
use xray_sdk::testing::{with_recorded_documents, with_recorder};
use xray_sdk::{FutureExt as _, Segment};

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> ReplayEvent {
    let request = http::Request::builder().uri("http://unchecked/").body(SdkBody::empty()).unwrap();
    let mut response = http::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    ReplayEvent::new(request, response.body(SdkBody::from(body)).unwrap())
}

fn config(client: &StaticReplayClient) -> SdkConfig {
    configured().http_client(client.clone()).build()
}

fn configured() -> aws_types::sdk_config::Builder {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
}

fn dynamodb(config: &SdkConfig) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::from_conf(aws_sdk_dynamodb::config::Builder::from(config).interceptor(TraceInterceptor::new()).build())
}

fn traced<F: Future>(work: F) -> (Document, F::Output) {
    let (mut documents, output) = with_recorded_documents(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(work.in_segment(Segment::begin("shop")))
    });
    (documents.remove(0), output)
}

fn headers_of(client: &StaticReplayClient) -> Vec<TraceHeader<'_>> {
    client.actual_requests().map(|request| TraceHeader::parse(request.headers().get("x-amzn-trace-id").unwrap())).collect()
}

const OK: &str = "{}";
const ID: (&str, &str) = ("x-amzn-requestid", "REQUEST-1");

#[test]
fn an_operation_is_one_subsegment_with_what_x_ray_shows() {
    let client = StaticReplayClient::new(vec![answer(200, &[ID, ("content-length", "2")], OK)]);
    let key = AttributeValue::S("s3cret".to_owned());
    let (document, result) = traced(dynamodb(&config(&client)).get_item().table_name("orders").consistent_read(true).key("id", key).send());
    result.unwrap();
    let call = document.child("DynamoDB").unwrap();
    let (aws, http) = (call.aws.as_ref().unwrap(), call.http.as_ref().unwrap());
    assert_eq!(
        (call.namespace.as_deref(), aws.operation.as_deref(), aws.region.as_deref()),
        (Some("aws"), Some("GetItem"), Some("eu-west-1"))
    );
    assert_eq!((aws.table_name.as_deref(), &aws.more["consistent_read"], aws.retries), (Some("orders"), &true.into(), None));
    assert_eq!((aws.request_id.as_deref(), http.response.status, http.response.content_length), (Some("REQUEST-1"), Some(200), Some(2)));
    assert!(call.subsegments.is_empty() && !call.error && !call.fault);
    assert!(!format!("{document:?}").contains("s3cret"));
    let header = headers_of(&client).remove(0);
    assert_eq!((header.root, header.parent), (document.trace_id, Some(call.id)));
}

#[test]
fn repeated_attempts_are_children_and_pass_themselves_on() {
    let throttled = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}"#;
    let client = StaticReplayClient::new(vec![answer(400, &[ID], throttled), answer(503, &[], ""), answer(200, &[ID], OK)]);
    let (document, result) = traced(dynamodb(&config(&client)).list_tables().send());
    result.unwrap();
    let call = document.child("DynamoDB").unwrap();
    let attempts: Vec<_> =
        call.subsegments.iter().map(|attempt| (attempt.name.as_str(), attempt.error, attempt.throttle, attempt.fault)).collect();
    assert_eq!(attempts, [("attempt 1", true, true, false), ("attempt 2", false, false, true), ("attempt 3", false, false, false)]);
    assert_eq!((call.aws.as_ref().unwrap().retries, call.error, call.fault), (Some(2), false, false));
    let parents: Vec<_> = headers_of(&client).iter().map(|header| header.parent.unwrap()).collect();
    assert_eq!(parents, [call.id, call.subsegments[1].id, call.subsegments[2].id]);
}

#[test]
fn errors_have_their_code_and_their_class() {
    let refused = |kind: &str| format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{kind}","message":"no such thing"}}"#);
    for (status, kind, flags) in [
        (400, "ResourceNotFoundException", (true, false, false)),
        (400, "SomethingUnmodelled", (true, false, false)),
        (400, "ThrottlingException", (true, true, false)),
        (500, "InternalServerError", (false, false, true)),
    ] {
        let client = StaticReplayClient::new((0..3).map(|_| answer(status, &[], &refused(kind))).collect());
        let (document, result) = traced(dynamodb(&config(&client)).describe_table().table_name("t").send());
        assert!(result.is_err());
        let call = document.child("DynamoDB").unwrap();
        assert_eq!((call.error, call.throttle, call.fault), flags, "{kind}");
        let is_repeated = flags.1 || flags.2;
        assert_eq!(call.subsegments.len(), if is_repeated { 3 } else { 0 }, "{kind}: an attempt alone tells nothing more");
        let Some(telemetry_wire::Cause::Here(cause)) = &call.cause else { panic!("{kind}: no cause") };
        let exception = &cause.exceptions[0];
        assert_eq!((exception.kind.as_deref(), exception.remote), (Some(kind), true));
        assert_eq!(exception.message.as_deref(), Some("no such thing"), "without the type once more");
    }
}

#[test]
fn timeouts_and_dropped_calls_end_their_subsegments() {
    let timeout = TimeoutConfig::builder().operation_timeout(Duration::from_millis(30)).build();
    let slow = configured().http_client(NeverClient::new()).timeout_config(timeout).build();
    let (document, result) = traced(dynamodb(&slow).list_tables().send());
    assert!(result.is_err());
    let call = document.child("DynamoDB").unwrap();
    assert!(call.fault && call.cause.is_some());
    let never = configured().http_client(NeverClient::new()).build();
    let (document, ()) = traced(async {
        let call = dynamodb(&never).list_tables().send();
        assert!(tokio::time::timeout(Duration::from_millis(20), call).await.is_err());
    });
    let call = document.child("DynamoDB").unwrap();
    assert!(call.error && !call.fault && call.end_time.is_some(), "cancelled");
}

#[test]
fn a_call_without_an_answer_is_a_fault() {
    let client = StaticReplayClient::new(vec![answer(400, &[], "no JSON")]);
    let (document, result) = traced(dynamodb(&config(&client)).list_tables().send());
    assert!(result.is_err());
    let call = document.child("DynamoDB").unwrap();
    assert!((call.error || call.fault) && call.aws.as_ref().unwrap().request_id.is_none());
    let exceptions = call.cause.as_ref().unwrap().exceptions();
    assert!(exceptions.len() > 1 && exceptions[0].cause == Some(exceptions[1].id), "the parser's error is kept: {exceptions:?}");
}

#[test]
fn presigning_makes_no_subsegment_and_leaves_the_request_alone() {
    let client = StaticReplayClient::new(Vec::new());
    let s3 =
        aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(&config(&client)).interceptor(TraceInterceptor::new()).build());
    let (document, url) = traced(async {
        let expiry = aws_sdk_s3::presigning::PresigningConfig::expires_in(Duration::from_secs(60)).unwrap();
        s3.get_object().bucket("b").key("k").presigned(expiry).await.unwrap()
    });
    assert!(document.subsegments.is_empty());
    assert!(url.headers().all(|(name, _)| !name.eq_ignore_ascii_case("x-amzn-trace-id")));
}

#[test]
fn s3_keeps_bucket_and_extended_id_but_no_key() {
    let headers = [("x-amz-request-id", "R"), ("x-amz-id-2", "EXTENDED")];
    let client = StaticReplayClient::new(vec![answer(200, &headers, "content")]);
    let s3 =
        aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(&config(&client)).interceptor(TraceInterceptor::new()).build());
    let (document, result) = traced(s3.get_object().bucket("receipts").key("s3cret").send());
    result.unwrap();
    let aws = document.child("S3").unwrap().aws.clone().unwrap();
    assert_eq!(
        (&aws.more["bucket_name"], aws.id_2.as_deref(), aws.request_id.as_deref()),
        (&"receipts".into(), Some("EXTENDED"), Some("R"))
    );
    assert!(!format!("{document:?}").contains("s3cret"));
}

#[test]
fn batches_name_their_tables() {
    let client = StaticReplayClient::new(vec![answer(200, &[], OK)]);
    let keys = KeysAndAttributes::builder().keys([("id".to_owned(), AttributeValue::S("s3cret".to_owned()))].into()).build().unwrap();
    let (document, result) = traced(dynamodb(&config(&client)).batch_get_item().request_items("orders", keys).send());
    result.unwrap();
    assert_eq!(document.child("DynamoDB").unwrap().aws.as_ref().unwrap().table_names, ["orders"]);
}

#[test]
fn the_http_client_covers_every_client_once() {
    let client = StaticReplayClient::new((0..3).map(|_| answer(200, &[ID], OK)).collect());
    let config = configured().http_client(TracedHttpClient::new(client.clone())).build();
    let (document, ()) = traced(async {
        aws_sdk_sqs::Client::new(&config).list_queues().send().await.unwrap();
        aws_sdk_dynamodb::Client::new(&config).list_tables().exclusive_start_table_name("orders").limit(5).send().await.unwrap();
        dynamodb(&config).list_tables().send().await.unwrap();
    });
    let calls: Vec<_> =
        document.subsegments.iter().map(|call| (call.name.as_str(), call.aws.as_ref().unwrap().operation.as_deref())).collect();
    assert_eq!(calls, [("SQS", Some("ListQueues")), ("DynamoDB", Some("ListTables")), ("DynamoDB", Some("ListTables"))]);
    assert_eq!(document.subsegments[0].aws.as_ref().unwrap().region.as_deref(), Some("eu-west-1"));
    let shown = &document.subsegments[1].aws.as_ref().unwrap().more;
    assert_eq!((&shown["exclusive_start_table_name"], &shown["limit"]), (&"orders".into(), &5.into()));
    let ids: Vec<_> = document.subsegments.iter().map(|call| Some(call.id)).collect();
    assert_eq!(headers_of(&client).iter().map(|header| header.parent).collect::<Vec<_>>(), ids);
}

#[test]
fn answers_tell_what_was_consumed() {
    let body =
        r#"{"Items":[{"id":{"S":"s3cret"}}],"Count":1,"ScannedCount":9,"ConsumedCapacity":{"TableName":"orders","CapacityUnits":0.5}}"#;
    let client = StaticReplayClient::new(vec![answer(200, &[], body)]);
    let (document, result) = traced(dynamodb(&config(&client)).scan().table_name("orders").select(Select::AllAttributes).send());
    assert_eq!(result.unwrap().count, 1);
    let shown = &document.child("DynamoDB").unwrap().aws.as_ref().unwrap().more;
    assert_eq!((&shown["scanned_count"], &shown["select"]), (&9.into(), &"ALL_ATTRIBUTES".into()));
    assert_eq!(shown["consumed_capacity"]["CapacityUnits"], 0.5);
    assert!(!format!("{document:?}").contains("s3cret"));
}

#[test]
fn an_interceptor_added_twice_records_once() {
    let client = StaticReplayClient::new(vec![answer(200, &[], OK)]);
    let builder =
        aws_sdk_dynamodb::config::Builder::from(&config(&client)).interceptor(TraceInterceptor::new()).interceptor(TraceInterceptor::new());
    let (document, result) = traced(aws_sdk_dynamodb::Client::from_conf(builder.build()).list_tables().send());
    result.unwrap();
    assert_eq!(document.subsegments.len(), 1);
}

#[test]
fn what_is_not_sampled_is_passed_on_as_such() {
    let client = StaticReplayClient::new(vec![answer(200, &[], OK)]);
    let (documents, _, result) = with_recorder(
        |builder| builder.sampler(xray_sdk::sampling::SampleNone),
        || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(dynamodb(&config(&client)).list_tables().send().in_segment(Segment::begin("shop"))).map(drop).map_err(drop)
        },
    );
    result.unwrap();
    assert!(documents.is_empty());
    assert_eq!(headers_of(&client)[0].sampling, telemetry_wire::SamplingState::NotSampled);
}

fn body_of(client: &StaticReplayClient) -> serde_json::Value {
    serde_json::from_slice(client.actual_requests().next().unwrap().body().bytes().unwrap()).unwrap()
}

#[test]
fn messages_and_events_carry_the_trace() {
    let client = StaticReplayClient::new(vec![answer(200, &[], OK)]);
    let sqs = |client: &StaticReplayClient| {
        aws_sdk_sqs::Client::from_conf(aws_sdk_sqs::config::Builder::from(&config(client)).interceptor(TraceInterceptor::new()).build())
    };
    let entry = |id: &str| aws_sdk_sqs::types::SendMessageBatchRequestEntry::builder().id(id).message_body("s3cret").build().unwrap();
    let send = sqs(&client).send_message_batch().queue_url("http://q/orders").entries(entry("a")).entries(entry("b")).send();
    let (document, _) = traced(send);
    let call = document.child("SQS").unwrap();
    let aws = call.aws.as_ref().unwrap();
    assert_eq!((aws.queue_url.as_deref(), &aws.more["message_count"]), (Some("http://q/orders"), &2.into()));
    for entry in body_of(&client)["Entries"].as_array().unwrap() {
        let header = entry["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"].as_str().unwrap();
        assert_eq!(TraceHeader::parse(header).parent, Some(call.id));
    }
    assert!(!format!("{document:?}").contains("s3cret"));

    let client = StaticReplayClient::new(vec![answer(200, &[], OK)]);
    let (documents, _) = with_recorded_documents(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(sqs(&client).receive_message().queue_url("http://q/orders").send()).unwrap()
    });
    assert!(documents.is_empty(), "polls are not recorded");
    assert_eq!(
        body_of(&client)["MessageSystemAttributeNames"],
        serde_json::json!(["AWSTraceHeader", "SentTimestamp", "ApproximateReceiveCount"])
    );

    let client = StaticReplayClient::new(vec![answer(200, &[], r#"{"FailedEntryCount":0,"Entries":[]}"#)]);
    let events = aws_sdk_eventbridge::Client::from_conf(
        aws_sdk_eventbridge::config::Builder::from(&config(&client)).interceptor(TraceInterceptor::new()).build(),
    );
    let entry = aws_sdk_eventbridge::types::PutEventsRequestEntry::builder().event_bus_name("orders").detail("{}").build();
    let (document, _) = traced(events.put_events().entries(entry).send());
    let call = document.child("EventBridge").unwrap();
    assert_eq!(call.aws.as_ref().unwrap().resource_names, ["orders"]);
    let header = body_of(&client)["Entries"][0]["TraceHeader"].as_str().unwrap().to_owned();
    assert_eq!(TraceHeader::parse(&header).parent, Some(call.id));
}
