//! Real AWS clients against moto: what they call is recorded, and messages keep the trace.

#![allow(clippy::unwrap_used, reason = "tests")]

use crate::support::{aws_config as config, moto};
use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use telemetry_wire::Document;
use xray_sdk::aws_sdk::{TraceInterceptor, traced as traced_config};
use xray_sdk::sqs::Consumer;
use xray_sdk::testing::with_recorded_documents;
use xray_sdk::{FutureExt as _, Segment};

fn recorded<F: Future>(work: impl FnOnce() -> F) -> (Vec<Document>, F::Output) {
    with_recorded_documents(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(work())
    })
}

fn sqs(config: &SdkConfig) -> aws_sdk_sqs::Client {
    aws_sdk_sqs::Client::from_conf(aws_sdk_sqs::config::Builder::from(config).interceptor(TraceInterceptor::new()).build())
}

fn named<'a>(documents: &'a [Document], name: &str) -> Vec<&'a Document> {
    documents.iter().filter(|document| document.name == name).collect()
}

/// Two messages of a traced sender, one of another, and a consumer of all three.
async fn send_and_consume(config: &SdkConfig, in_batch: bool) {
    let sqs = sqs(config);
    let created = sqs.create_queue().queue_name("orders").send().await.unwrap();
    let queue = created.queue_url().unwrap().to_owned();
    // Ten attributes are the most that a message may have; the trace is none of them.
    let full = || Some((0..10).map(|number| (format!("a{number}"), text("x"))).collect());
    let send = async {
        sqs.send_message().queue_url(&queue).message_body("good").send().await.unwrap();
        if in_batch {
            let mut entry = SendMessageBatchRequestEntry::builder().id("bad").message_body("bad").build().unwrap();
            entry.message_attributes = full();
            let broken = SendMessageBatchRequestEntry::builder().id("broken").message_body("").build().unwrap();
            let sent = sqs.send_message_batch().queue_url(&queue).entries(entry).entries(broken).send().await.unwrap();
            assert_eq!((sent.successful().len(), sent.failed().len()), (1, 1));
        } else {
            sqs.send_message().queue_url(&queue).message_body("bad").set_message_attributes(full()).send().await.unwrap();
        }
    };
    send.in_segment(Segment::begin("shop")).await;
    aws_sdk_sqs::Client::new(config).send_message().queue_url(&queue).message_body("no header").send().await.unwrap();
    let consumer = Consumer::new("worker").queue(&queue);
    let received = sqs.receive_message().queue_url(&queue).max_number_of_messages(10).wait_time_seconds(1).send().await.unwrap();
    for message in received.messages() {
        let work = async { if message.body() == Some("bad") { Err("refused") } else { Ok(()) } };
        if consumer.message(message, work).await.is_ok() {
            sqs.delete_message().queue_url(&queue).set_receipt_handle(message.receipt_handle.clone()).send().await.unwrap();
        }
    }
    consumer.batch(received.messages(), async { Ok::<_, String>(()) }).await.unwrap();
    let missing = sqs.get_queue_url().queue_name("missing").send().await.unwrap_err();
    assert!(missing.into_service_error().is_queue_does_not_exist());
}

fn assert_continued(documents: &[Document]) {
    let shop = named(documents, "shop")[0];
    let sends: Vec<_> = shop.subsegments.iter().map(|call| Some(call.id)).collect();
    let workers = named(documents, "worker");
    assert_eq!(workers.len(), 4);
    let continued: Vec<_> = workers.iter().filter(|worker| worker.trace_id == shop.trace_id).collect();
    assert_eq!(continued.iter().map(|worker| worker.parent_id).collect::<Vec<_>>(), sends);
    assert_eq!(continued.iter().map(|worker| worker.fault).collect::<Vec<_>>(), [false, true]);
    assert!(continued[0].annotations.contains_key("message_age_ms") && continued[0].annotations.contains_key("message_attempts"));
    let batch = workers.iter().find(|worker| !worker.links.is_empty()).unwrap();
    assert_eq!(batch.links.iter().map(|link| Some(link.id)).collect::<Vec<_>>(), sends);
    assert!(batch.trace_id != shop.trace_id && batch.annotations.contains_key("message_count"));
}

/// moto loses the header of batches.
#[test]
fn a_consumer_goes_on_with_the_trace_of_each_message() {
    let Some(moto) = moto() else { return };
    assert_continued(&recorded(|| async { send_and_consume(&config(moto.port), false).await }).0);
}

#[test]
fn the_consoles_queues_keep_the_trace_of_batches_too() {
    let (documents, ()) = recorded(|| async {
        let console = crate::support::console().await;
        send_and_consume(&config(console.address().port()), true).await;
        console.stop().await;
    });
    assert_continued(&documents);
}

fn text(value: &str) -> aws_sdk_sqs::types::MessageAttributeValue {
    aws_sdk_sqs::types::MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap()
}

/// Service, operation, error, fault.
fn facts(call: &Document) -> (String, String, bool, bool) {
    let aws = call.aws.clone().unwrap();
    (call.name.clone(), aws.operation.unwrap_or_default(), call.error, call.fault)
}

#[test]
fn calls_of_every_client_are_recorded() {
    let Some(moto) = moto() else { return };
    let config = traced_config(config(moto.port));
    let (documents, ()) = recorded(|| {
        async {
            let s3 = aws_sdk_s3::Client::from_conf(
                aws_sdk_s3::config::Builder::from(&config).force_path_style(true).interceptor(TraceInterceptor::new()).build(),
            );
            s3.create_bucket().bucket("receipts").send().await.unwrap();
            s3.put_object()
                .bucket("receipts")
                .key("s3cret")
                .body(aws_sdk_s3::primitives::ByteStream::from_static(b"s3cret"))
                .send()
                .await
                .unwrap();
            assert!(s3.get_object().bucket("receipts").key("none").send().await.is_err());
            let dynamodb = aws_sdk_dynamodb::Client::new(&config);
            let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap();
            let attribute = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S).build().unwrap();
            let create = dynamodb.create_table().table_name("orders").billing_mode(BillingMode::PayPerRequest);
            create.key_schema(key).attribute_definitions(attribute).send().await.unwrap();
            dynamodb.put_item().table_name("orders").item("id", AttributeValue::S("s3cret".into())).send().await.unwrap();
            let sns =
                aws_sdk_sns::Client::from_conf(aws_sdk_sns::config::Builder::from(&config).interceptor(TraceInterceptor::new()).build());
            let topic = sns.create_topic().name("orders").send().await.unwrap().topic_arn.unwrap();
            sns.publish().topic_arn(&topic).message("s3cret").send().await.unwrap();
            let lambda = aws_sdk_lambda::Client::from_conf(
                aws_sdk_lambda::config::Builder::from(&config).interceptor(TraceInterceptor::new()).build(),
            );
            assert!(lambda.invoke().function_name("missing").send().await.is_err());
        }
        .in_segment(Segment::begin("shop"))
    });
    let calls: Vec<_> = documents[0].subsegments.iter().map(facts).collect();
    let expected = [
        ("S3", "CreateBucket", false),
        ("S3", "PutObject", false),
        ("S3", "GetObject", true),
        ("DynamoDB", "CreateTable", false),
        ("DynamoDB", "PutItem", false),
        ("SNS", "CreateTopic", false),
        ("SNS", "Publish", false),
        ("Lambda", "Invoke", true),
    ];
    let expected: Vec<_> =
        expected.iter().map(|(service, operation, error)| ((*service).to_owned(), (*operation).to_owned(), *error, false)).collect();
    assert_eq!(calls, expected);
    assert!(!format!("{documents:?}").contains("s3cret"));
    let of = |operation: &str| {
        documents[0]
            .subsegments
            .iter()
            .map(|call| call.aws.clone().unwrap())
            .find(|aws| aws.operation.as_deref() == Some(operation))
            .unwrap()
    };
    assert_eq!(of("PutObject").more["bucket_name"], "receipts");
    assert!(of("Publish").more["topic_arn"].as_str().unwrap().ends_with(":orders"));
    assert_eq!(of("Invoke").more["function_name"], "missing");
}

/// The real service answers 200 when the function has failed.
#[test]
fn a_function_that_fails_is_a_fault_of_the_call() {
    let (documents, ()) = recorded(|| {
        async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let config = config(listener.local_addr().unwrap().port());
            let failed = || async { ([("x-amz-function-error", "Unhandled")], r#"{"errorMessage":"s3cret","Limit":5}"#) };
            let service = axum::Router::new().fallback(failed);
            tokio::spawn(async move { axum::serve(listener, service).await });
            for config in [&config, &traced_config(config.clone())] {
                let mut lambda = aws_sdk_lambda::config::Builder::from(config);
                if config.http_client().is_none() {
                    lambda = lambda.interceptor(TraceInterceptor::new());
                }
                let invoke = aws_sdk_lambda::Client::from_conf(lambda.build()).invoke().function_name("charge");
                let payload = aws_sdk_lambda::primitives::Blob::new(r#"{"RequestItems":{"s3cret":1}}"#);
                invoke.payload(payload).invocation_type("RequestResponse".into()).send().await.unwrap();
            }
        }
        .in_segment(Segment::begin("shop"))
    });
    let calls = &documents[0].subsegments;
    let shown: Vec<_> = calls.iter().map(|call| (call.fault, call.aws.clone().unwrap().more["invocation_type"].clone())).collect();
    assert_eq!(shown, [(true, "RequestResponse".into()), (true, "RequestResponse".into())]);
    assert_eq!(calls[0].aws.as_ref().unwrap().more["function_error"], "Unhandled");
    assert!(!format!("{documents:?}").contains("s3cret"));
}
