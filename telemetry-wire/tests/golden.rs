//! Documents as files, in `golden`: what the encoder writes, byte by byte, and what other senders write, as we read it.
//!
//! After a wanted change of the encoder: `UPDATE_GOLDEN=1 cargo test --package telemetry-wire --test golden`, and look at the diff.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use serde_json::json;
use telemetry_wire::{
    Aws, Cause, CauseDetail, Details, Document, Ecs, Encoder, Entity, Exception, Flags, Http, Link, LogGroup, Placement, SegmentId,
    SegmentInfo, Service, Sql, StackFrame, Timestamp, TraceId, XrayInfo, check_text,
};

const TRACE: TraceId = TraceId::from_u128(0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793);
const PARENT: SegmentId = SegmentId::from_u64(0x5399_5c3f_42cd_8ad8);

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn entity<'a>(name: &'a str, number: u64, details: Option<&'a Details>) -> Entity<'a> {
    let start = 1_461_096_053_370_769 + number * 1_000;
    Entity {
        name,
        id: SegmentId::from_u64(0x7016_3f7d_0b9c_8a10 + number),
        start: Timestamp::from_micros(start),
        end: Some(Timestamp::from_micros(start + 29_238)),
        flags: Flags::default(),
        details,
    }
}

fn assert_golden(name: &str, encode: impl FnOnce(&mut Encoder<'_>)) {
    let mut bytes = Vec::new();
    encode(&mut Encoder::new(&mut bytes));
    assert_eq!(check_text(&bytes).unwrap(), [], "{name}");
    let path = golden(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, [&*bytes, b"\n"].concat()).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), wanted.trim_end(), "{name}");
}

fn info() -> SegmentInfo {
    let service = Service { version: Some("1.4.2".into()), runtime: Some("rustc".into()), runtime_version: Some("1.95.0".into()) };
    let ecs = Ecs { container: Some("ip-172-31-5-9".into()), ..Ecs::default() };
    let xray = XrayInfo { sdk: Some("xray-sdk for Rust".into()), sdk_version: Some("0.1.0".into()), ..XrayInfo::default() };
    let aws = Aws { ecs: Some(ecs), xray: Some(xray), ..Aws::default() };
    SegmentInfo { service: Some(service), origin: Some("AWS::ECS::Container".into()), resource_arn: None, aws: Some(aws) }
}

fn http(url: &str, status: u16) -> Option<Box<Http>> {
    let mut http = Http::default();
    http.request.method = Some("POST".into());
    http.request.url = Some(url.into());
    http.request.client_ip = Some("203.0.113.7".into());
    http.request.x_forwarded_for = true;
    http.response.status = Some(status);
    http.response.content_length = Some(51);
    Some(Box::new(http))
}

#[test]
fn a_segment_with_every_block() {
    let mut exception = Exception::new(SegmentId::from_u64(0x0b1e));
    exception.kind = Some("std::io::Error".into());
    exception.message = Some("connection refused \u{1f980} \"quoted\"\n".into());
    exception.stack.push(StackFrame { path: Some("src/pay.rs".into()), line: Some(41), label: Some("shop::pay".into()) });
    let groups = vec![LogGroup { log_group: Some("/shop/orders".into()), arn: None }];
    let mut details = Details {
        user: Some("u-17".into()),
        http: http("https://shop.example.com/orders", 503),
        aws: Some(Box::new(Aws { account_id: Some("123456789012".into()), cloudwatch_logs: groups, ..Aws::default() })),
        cause: Some(Box::new(Cause::Here(CauseDetail { exceptions: vec![exception], ..CauseDetail::default() }))),
        links: vec![Link { trace_id: TRACE, id: PARENT }],
        ..Details::default()
    };
    details.annotate("tenant".into(), "t1".into());
    details.annotate("items".into(), 3.into());
    details.annotate("express".into(), true.into());
    details.annotate("weight".into(), 0.75.into());
    details.add_metadata("default".into(), "cart".into(), json!({"none": null, "sku": ["a", "b"]}));
    let info = info();
    let fault = Entity { flags: Flags::of_status(503), ..entity("orders", 0, Some(&details)) };
    assert_golden("segment.json", |encoder| {
        encoder.open(&fault, Placement::Segment { trace_id: TRACE, parent_id: Some(PARENT), info: Some(&info) });
        encoder.close();
    });
}

#[test]
fn a_segment_with_calls_below_it() {
    let query = Details {
        namespace: Some("remote".into()),
        sql: Some(std::sync::Arc::new(Sql {
            url: Some("postgresql://db.example.com:5432/shop".into()),
            sanitized_query: Some("select price from items where sku = ?".into()),
            database_type: Some("PostgreSQL".into()),
            ..Sql::default()
        })),
        ..Details::default()
    };
    let put = Details {
        namespace: Some("aws".into()),
        aws: Some(Box::new(Aws {
            operation: Some("PutItem".into()),
            region: Some("eu-central-1".into()),
            request_id: Some("3AIENM5J4ELQ3SPODHKBIRVIC3VV4KQNSO5AEMVJF66Q9ASUAAJG".into()),
            table_name: Some("orders".into()),
            retries: Some(1),
            ..Aws::default()
        })),
        ..Details::default()
    };
    let throttled = Entity { flags: Flags::of_status(429), ..entity("DynamoDB", 3, Some(&put)) };
    assert_golden("nested.json", |encoder| {
        encoder.open(&entity("orders", 0, None), Placement::Segment { trace_id: TRACE, parent_id: None, info: None });
        encoder.begin_children();
        encoder.open(&entity("price", 1, None), Placement::Nested);
        encoder.begin_children();
        encoder.open(&entity("shop@db.example.com", 2, Some(&query)), Placement::Nested);
        encoder.close();
        encoder.end_children();
        encoder.close();
        encoder.next_child();
        encoder.open(&throttled, Placement::Nested);
        encoder.close();
        encoder.end_children();
        encoder.close();
    });
}

#[test]
fn a_subsegment_on_its_own_and_one_in_progress() {
    let place = Placement::Independent { trace_id: TRACE, parent_id: PARENT };
    assert_golden("independent.json", |encoder| {
        encoder.open(&entity("late", 4, None), place);
        encoder.close();
    });
    assert_golden("in_progress.json", |encoder| {
        encoder.open(&Entity { end: None, ..entity("slow", 5, None) }, place);
        encoder.close();
    });
}

fn others(name: &str) -> Document {
    let text = std::fs::read(golden("others").join(name)).unwrap();
    Document::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn documents_of_the_python_sdk_are_read() {
    let segment = others("python.json");
    assert_eq!(segment.http.as_ref().unwrap().response.status, Some(500));
    assert_eq!(segment.annotations["tenant"], "t1".into());
    let Some(Cause::Here(cause)) = &segment.subsegments[0].cause else { panic!("no cause") };
    assert_eq!((cause.exceptions[0].kind.as_deref(), cause.exceptions[0].stack[0].line), (Some("ValueError"), Some(12)));
}

#[test]
fn documents_of_lambda_are_read() {
    let segment = others("lambda.json");
    assert_eq!((segment.origin.as_deref(), segment.parent_id), (Some("AWS::Lambda::Function"), Some(PARENT)));
    assert_eq!(segment.subsegments[0].name, "Initialization");
    assert_eq!(segment.subsegments[1].cause, Some(Cause::Elsewhere(PARENT)));
}

#[test]
fn blocks_of_a_wrong_type_are_passed_over() {
    let segment = others("off_type.json");
    assert_eq!((segment.http, segment.aws, segment.cause, segment.user), (None, None, None, None));
    assert_eq!(segment.annotations.len(), 1, "{:?}", segment.annotations);
    assert_eq!(segment.name, "odd");
}
