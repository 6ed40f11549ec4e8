use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::document::{Annotation, AnnotationFixes, Cause, CauseDetail, Document, Exception, Http, StackFrame};

const TRACE: TraceId = TraceId::new(0x5759_e988, 0xbd86_2e3f_e1be_46a9_9427_2793);
const ID: SegmentId = SegmentId::from_u64(0x5399_5c3f_42cd_8ad8);

fn entity(name: &str) -> Entity<'_> {
    Entity {
        name,
        id: ID,
        start: Timestamp::from_micros(1_461_096_053_370_769),
        end: Some(Timestamp::from_micros(1_461_096_053_400_007)),
        flags: Flags::default(),
        details: None,
    }
}

fn encoded(entity: &Entity<'_>, placement: Placement<'_>) -> String {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out);
    encoder.open(entity, placement);
    encoder.close();
    String::from_utf8(out).unwrap()
}

fn segment() -> Placement<'static> {
    Placement::Segment { trace_id: TRACE, parent_id: None, info: None }
}

#[test]
fn the_smallest_segment_is_six_fields() {
    assert_eq!(
        encoded(&entity("orders"), segment()),
        r#"{"name":"orders","id":"53995c3f42cd8ad8","start_time":1461096053.370769,"end_time":1461096053.400007,"trace_id":"1-5759e988-bd862e3fe1be46a994272793"}"#
    );
}

#[test]
fn an_independent_subsegment_says_whose_it_is() {
    let text = encoded(&Entity { end: None, ..entity("query") }, Placement::Independent { trace_id: TRACE, parent_id: ID });
    assert_eq!(
        text,
        r#"{"name":"query","id":"53995c3f42cd8ad8","start_time":1461096053.370769,"in_progress":true,"type":"subsegment","trace_id":"1-5759e988-bd862e3fe1be46a994272793","parent_id":"53995c3f42cd8ad8"}"#
    );
}

#[test]
fn every_block_is_written_where_the_schema_wants_it() {
    let mut exception = Exception::new(ID);
    exception.message = Some("no \"answer\"\n".into());
    exception.stack.push(StackFrame { path: Some("src/a.rs".into()), line: Some(7), label: Some("charge".into()) });
    let mut details = Details {
        user: Some("u".repeat(300)),
        namespace: Some("remote".into()),
        cause: Some(Box::new(Cause::Here(CauseDetail { exceptions: vec![exception], ..CauseDetail::default() }))),
        ..Details::default()
    };
    details.http = Some(Box::new(Http::default()));
    if let Some(http) = &mut details.http {
        http.request.method = Some("GET".into());
        http.response.status = Some(504);
    }
    details.annotations.push(Annotation { key: "nan".into(), value: f64::NAN.into(), original: None });
    assert!(details.annotate("order.id".into(), 42.into()).key);
    details.add_metadata("default".into(), "cart".into(), json!([1, {"a": null}]));
    let entity = Entity { flags: Flags::of_status(504), details: Some(&details), ..entity("payments") };
    let value: serde_json::Value = serde_json::from_str(&encoded(&entity, segment())).unwrap();
    assert_eq!(value["fault"], json!(true));
    assert_eq!(value["user"].as_str().unwrap().len(), limits::TEXT_CHARS);
    assert_eq!(value["annotations"], json!({"order_id": 42}));
    assert_eq!(value["metadata"], json!({"default": {"cart": [1, {"a": null}]}}));
    assert_eq!(value["http"], json!({"request": {"method": "GET"}, "response": {"status": 504}}));
    assert_eq!(value["cause"]["exceptions"][0]["message"], json!("no \"answer\"\n"));
    assert_eq!(crate::check_document(&value), []);
}

#[test]
fn two_keys_are_two_annotations_whatever_x_ray_refuses_in_them() {
    let mut details = Details::default();
    for (key, value) in [("a.b", 1), ("a_b", 2), ("a-b", 3), ("a.b", 4), ("a_b", 5), ("a_b_2", 6)] {
        assert_eq!(details.annotate(key.into(), value.into()), AnnotationFixes { key: key.contains(['.', '-']), left_out: false });
    }
    let value: serde_json::Value = serde_json::from_str(&encoded(&Entity { details: Some(&details), ..entity("a") }, segment())).unwrap();
    assert_eq!(value["annotations"], json!({"a_b": 5, "a_b_2": 6, "a_b_3": 3, "a_b_4": 4}));
}

#[test]
fn numbers_beyond_a_signed_integer_stay_whole_and_no_number_is_left_out() {
    let mut details = Details::default();
    details.annotate("most".into(), u64::MAX.into());
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(details.annotate("none".into(), number.into()).left_out);
    }
    let text = encoded(&Entity { details: Some(&details), ..entity("a") }, segment());
    assert!(text.contains(r#""annotations":{"most":18446744073709551615}"#), "{text}");
    assert_eq!(Document::parse(text.as_bytes()).unwrap().annotations["most"], u64::MAX.into());
}

#[test]
fn a_clock_that_went_backwards_gives_no_negative_duration() {
    let entity = Entity { end: Some(Timestamp::from_micros(5)), ..entity("a") };
    let document = Document::parse(encoded(&entity, segment()).as_bytes()).unwrap();
    assert_eq!(document.end_time, Some(document.start_time));
}

proptest! {
    #[test]
    fn documents_read_back_and_keep_the_schema(
        name in ".{0,300}", id: u64, start in 0_u64..4_000_000_000_000_000, length in 0_u64..10_000_000_000,
        keys in prop::collection::vec((".{0,8}", ".{0,20}"), 0..6), user in proptest::option::of(".{0,300}"),
    ) {
        let mut details = Details { user: user.clone(), ..Details::default() };
        for (key, value) in keys {
            details.annotate(key.into(), value.into());
        }
        let entity = Entity {
            name: &name, id: SegmentId::from_u64(id), start: Timestamp::from_micros(start),
            end: Some(Timestamp::from_micros(start + length)), flags: Flags::default(), details: Some(&details),
        };
        let text = encoded(&entity, segment());
        let document = Document::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(document.id, entity.id);
        prop_assert_eq!(&*document.name, &*limits::name(&name));
        prop_assert_eq!(document.annotations.len(), details.annotations.len());
        prop_assert!((document.start_time - entity.start.as_seconds_f64()).abs() < 1e-5);
        prop_assert_eq!(crate::check_text(text.as_bytes()).unwrap(), vec![]);
    }
}
