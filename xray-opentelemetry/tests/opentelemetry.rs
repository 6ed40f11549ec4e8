//! The OpenTelemetry SDK of today, its spans as X-Ray documents in memory.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;
use std::time::Duration;

use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider};
use telemetry_wire::{AnnotationValue, Document, SamplingState, TraceHeader};
use xray_opentelemetry::{XrayExporter, XrayIdGenerator, XrayPropagator, XraySampler};
use xray_sdk::sampling::{LocalSampler, SampleAll, SampleNone, Sampler, SamplingDecision, SamplingRequest};
use xray_sdk::testing::MemoryEmitter;

/// What `work` makes, exported in one batch.
fn exported(configure: impl FnOnce(XrayExporter) -> XrayExporter, work: impl FnOnce(&SdkTracer)) -> (Vec<Document>, u64) {
    let emitter = MemoryEmitter::default();
    let exporter = configure(XrayExporter::new(emitter.clone()));
    let counts = exporter.counts();
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(100_000)
        .with_max_export_batch_size(100_000)
        .with_scheduled_delay(Duration::from_secs(3_600));
    let provider = SdkTracerProvider::builder()
        .with_id_generator(XrayIdGenerator::default())
        .with_sampler(XraySampler::new("orders", SampleAll))
        .with_resource(Resource::builder().with_service_name("orders").with_attribute(KeyValue::new("service.version", "1.2")).build())
        .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(config.build()).build())
        .build();
    work(&provider.tracer("test"));
    let _lost_is_counted = provider.force_flush();
    (emitter.take_documents(), counts().lost)
}

#[test]
fn a_root_of_any_kind_is_a_segment_and_its_children_nest() {
    for kind in [SpanKind::Internal, SpanKind::Consumer, SpanKind::Server, SpanKind::Client] {
        let (documents, lost) = exported(
            |exporter| exporter.index(["tenant"]),
            |tracer| {
                let root = tracer
                    .span_builder("handle")
                    .with_kind(kind.clone())
                    .with_attributes([KeyValue::new("tenant", "t1"), KeyValue::new("size", 7)])
                    .start(tracer);
                let context = Context::new().with_span(root);
                let mut child = tracer.start_with_context("query", &context);
                child.set_status(Status::error("no rows"));
                child.end();
                context.span().end();
            },
        );
        assert_eq!((documents.len(), lost), (1, 0), "{kind:?}");
        let segment = &documents[0];
        assert_eq!((segment.name.as_str(), segment.kind.is_none()), ("orders", true));
        assert_eq!(segment.service.as_ref().unwrap().version.as_deref(), Some("1.2"));
        assert_eq!(segment.annotations["tenant"], AnnotationValue::from("t1"));
        assert_eq!((&segment.metadata["default"]["size"], &segment.metadata["default"]["otel.span.name"]), (&7.into(), &"handle".into()));
        let child = segment.child("query").unwrap();
        assert!(child.fault && !segment.fault && child.cause.is_some());
    }
}

#[test]
fn calls_have_the_blocks_that_x_ray_draws() {
    let (documents, _) = exported(
        |exporter| exporter,
        |tracer| {
            let root = Context::new().with_span(tracer.span_builder("root").with_kind(SpanKind::Server).start(tracer));
            let call = |name: &'static str, attributes: Vec<KeyValue>| {
                tracer.span_builder(name).with_kind(SpanKind::Client).with_attributes(attributes).start_with_context(tracer, &root).end();
            };
            let http = [
                ("http.request.method", "GET"),
                ("url.full", "https://user:s3cret@shop.test/cart?card=4111"),
                ("server.address", "shop.test"),
            ];
            let mut http: Vec<KeyValue> = http.map(|(key, value)| KeyValue::new(key, value)).to_vec();
            http.push(KeyValue::new("http.response.status_code", 429));
            call("GET", http);
            let sql = [
                ("db.system.name", "postgresql"),
                ("db.namespace", "orders"),
                ("server.address", "db.test"),
                ("db.query.text", "SELECT ?"),
                ("db.user", "shop"),
            ];
            call("SELECT", sql.map(|(key, value)| KeyValue::new(key, value)).to_vec());
            let aws = [
                ("rpc.system", "aws-api"),
                ("rpc.service", "DynamoDB"),
                ("rpc.method", "GetItem"),
                ("aws.region", "eu-west-1"),
                ("aws.request_id", "R"),
            ];
            let mut aws: Vec<KeyValue> = aws.map(|(key, value)| KeyValue::new(key, value)).to_vec();
            aws.push(KeyValue::new(
                "aws.dynamodb.table_names",
                opentelemetry::Value::Array(opentelemetry::Array::String(vec!["t".into()])),
            ));
            call("DynamoDB.GetItem", aws);
            root.span().end();
        },
    );
    let segment = &documents[0];
    assert!(!format!("{segment:?}").contains("s3cret") && !format!("{segment:?}").contains("4111"));
    let http = segment.child("shop.test").unwrap();
    assert_eq!((http.namespace.as_deref(), http.error, http.throttle), (Some("remote"), true, true));
    assert_eq!(http.http.as_ref().unwrap().request.url.as_deref(), Some("https://shop.test/cart"));
    let sql = segment.child("orders@db.test").unwrap().sql.as_ref().unwrap();
    assert_eq!(
        (sql.database_type.as_deref(), sql.sanitized_query.as_deref(), sql.url.as_deref()),
        (Some("postgresql"), Some("SELECT ?"), Some("postgresql://db.test/orders"))
    );
    let aws = segment.child("DynamoDB").unwrap();
    assert_eq!(aws.namespace.as_deref(), Some("aws"));
    let aws = aws.aws.as_ref().unwrap();
    assert_eq!(
        (aws.operation.as_deref(), aws.region.as_deref(), aws.table_name.as_deref()),
        (Some("GetItem"), Some("eu-west-1"), Some("t"))
    );
}

/// The conventions since 2025, and those of before that may hold values.
#[test]
fn calls_by_new_names_are_found_and_old_ones_show_no_secret() {
    let (documents, _) = exported(
        |exporter| exporter,
        |tracer| {
            let root = Context::new().with_span(tracer.span_builder("root").with_kind(SpanKind::Server).start(tracer));
            let call = |name: &'static str, attributes: &[(&'static str, &'static str)]| {
                let attributes = attributes.iter().map(|&(key, value)| KeyValue::new(key, value)).collect::<Vec<_>>();
                tracer.span_builder(name).with_kind(SpanKind::Client).with_attributes(attributes).start_with_context(tracer, &root).end();
            };
            call("s3.get", &[("rpc.system.name", "aws-api"), ("rpc.method", "S3/GetObject"), ("aws.s3.bucket", "receipts")]);
            call(
                "select",
                &[
                    ("db.system", "postgresql"),
                    ("db.name", "shop"),
                    ("server.address", "db"),
                    ("db.connection_string", "postgres://u:s3cret@db/shop"),
                    ("db.statement", "SELECT * FROM users WHERE card = 's3cret'"),
                ],
            );
            root.span().end();
        },
    );
    let aws = documents[0].child("S3").unwrap().aws.as_ref().unwrap();
    assert_eq!((aws.operation.as_deref(), &aws.more["bucket_name"]), (Some("GetObject"), &"receipts".into()));
    let sql = documents[0].child("shop@db").unwrap().sql.as_ref().unwrap();
    assert_eq!(sql.sanitized_query.as_deref(), Some("SELECT * FROM users WHERE card = ?"));
    assert!(!format!("{documents:?}").contains("s3cret"), "{documents:?}");
}

#[test]
fn a_span_too_large_loses_its_largest_attributes_and_a_chain_too_deep_nothing() {
    let (documents, lost) = exported(
        |exporter| exporter,
        |tracer| {
            let root = Context::new().with_span(tracer.start("root"));
            let mut large = tracer.start_with_context("large", &root);
            large.set_attribute(KeyValue::new("body", "x".repeat(100_000)));
            large.end();
            let mut parent = root.clone();
            let mut chain = Vec::new();
            for number in 0..200 {
                parent = Context::new().with_span(tracer.start_with_context(format!("deep {number}"), &parent));
                chain.push(parent.clone());
            }
            chain.iter().rev().for_each(|context| context.span().end());
            root.span().end();
        },
    );
    let count: usize = documents.iter().map(|document| document.walk().count()).sum();
    assert_eq!((count, lost), (202, 0));
    let large = documents.iter().flat_map(Document::walk).find(|entity| entity.name == "large").unwrap();
    assert!(large.metadata["default"].get("body").is_none() && large.metadata["default"].get("truncated").is_some(), "{large:?}");
}

#[test]
fn a_child_in_a_later_batch_follows_below_its_parent() {
    let emitter = MemoryEmitter::default();
    let provider = SdkTracerProvider::builder()
        .with_sampler(XraySampler::new("s", SampleAll))
        .with_simple_exporter(XrayExporter::new(emitter.clone()))
        .build();
    let tracer = provider.tracer("test");
    let root = Context::new().with_span(tracer.start("root"));
    tracer.start_with_context("child", &root).end();
    root.span().end();
    let documents = emitter.take_documents();
    assert_eq!((documents[0].parent_id, documents[0].trace_id), (Some(documents[1].id), documents[1].trace_id));
    assert!(documents[0].kind.is_some() && documents[1].kind.is_none());
}

/// A caller's header through extract, a span of ours, and inject.
fn passed_through(header: &str, sampler: impl Sampler + 'static) -> (TraceHeader<'static>, Option<Document>, String) {
    let emitter = MemoryEmitter::default();
    let provider = SdkTracerProvider::builder()
        .with_id_generator(XrayIdGenerator::default())
        .with_sampler(XraySampler::new("s", sampler))
        .with_simple_exporter(XrayExporter::new(emitter.clone()))
        .build();
    let carrier = HashMap::from([("x-amzn-trace-id".to_owned(), header.to_owned())]);
    let incoming = XrayPropagator.extract_with_context(&Context::new(), &carrier);
    let context = incoming.with_span(provider.tracer("test").start_with_context("root", &incoming));
    let mut outgoing = HashMap::new();
    XrayPropagator.inject_context(&context, &mut outgoing);
    context.span().end();
    let text: String = outgoing.remove("x-amzn-trace-id").unwrap();
    let parsed = TraceHeader::parse(&text);
    let plain = TraceHeader::new(parsed.root.unwrap(), parsed.parent, parsed.sampling);
    (plain, emitter.take_documents().pop(), text)
}

const ROOT: &str = "Root=1-67891233-abcdef012345678912345678";

#[test]
fn the_header_keeps_its_trace_with_and_without_a_parent() {
    let (outgoing, segment, text) = passed_through(&format!("{ROOT};Lineage=a:1"), SampleAll);
    let segment = segment.unwrap();
    assert_eq!((outgoing.root, segment.trace_id, segment.parent_id), (TraceHeader::parse(ROOT).root, outgoing.root, None));
    assert_eq!((outgoing.parent, outgoing.sampling), (Some(segment.id), SamplingState::Sampled));
    assert!(text.ends_with("Lineage=a:1"));
    let (_, segment, _) = passed_through(&format!("Self=1;{ROOT};Parent=53995c3f42cd8ad8;Sampled=1;Bad.Key=1"), SampleNone);
    assert_eq!(segment.unwrap().parent_id.unwrap().to_string(), "53995c3f42cd8ad8");
    let (outgoing, segment, _) = passed_through(&format!("{ROOT};Parent=53995c3f42cd8ad8;Sampled=0"), SampleAll);
    assert!(segment.is_none() && outgoing.sampling == SamplingState::NotSampled, "an unsampled caller is never sampled again");
    let (outgoing, segment, _) = passed_through(&format!("{ROOT};Parent=0000000000000000;Sampled=1"), SampleAll);
    assert_eq!((outgoing.root, segment.unwrap().parent_id), (TraceHeader::parse(ROOT).root, None), "a parent of zeros is none");
    let (outgoing, segment, _) = passed_through("nonsense", SampleAll);
    assert!(segment.is_some() && outgoing.root != TraceHeader::parse(ROOT).root);
}

#[test]
fn what_only_passes_through_goes_on_as_it_came() {
    for header in [format!("{ROOT};Lineage=a:1"), format!("{ROOT};Parent=53995c3f42cd8ad8;Sampled=1")] {
        let carrier = HashMap::from([("x-amzn-trace-id".to_owned(), header.clone())]);
        let mut outgoing = HashMap::new();
        XrayPropagator.inject_context(&XrayPropagator.extract_with_context(&Context::new(), &carrier), &mut outgoing);
        assert_eq!(outgoing["x-amzn-trace-id"], header);
    }
}

#[derive(Debug)]
struct ByPath;

impl Sampler for ByPath {
    fn decide(&self, request: &SamplingRequest<'_>, _: u64) -> SamplingDecision {
        SamplingDecision {
            is_sampled: request.path == Some("/pay") && request.method == Some("POST"),
            rule_name: Some("pay".into()),
            ..SamplingDecision::unnamed(false)
        }
    }
}

#[test]
fn rules_see_the_request_and_their_name_is_in_the_segment() {
    let emitter = MemoryEmitter::default();
    let provider = SdkTracerProvider::builder()
        .with_id_generator(XrayIdGenerator::default())
        .with_sampler(XraySampler::new("s", ByPath))
        .with_simple_exporter(XrayExporter::new(emitter.clone()))
        .build();
    let tracer = provider.tracer("test");
    for path in ["/pay", "/cart"] {
        let attributes = [KeyValue::new("url.path", path), KeyValue::new("http.request.method", "POST")];
        tracer.span_builder("request").with_kind(SpanKind::Server).with_attributes(attributes).start(&tracer).end();
    }
    let documents = emitter.take_documents();
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0].aws.as_ref().unwrap().xray.as_ref().unwrap().sampling_rule_name.as_deref(), Some("pay"));
    drop(LocalSampler::default());
}
