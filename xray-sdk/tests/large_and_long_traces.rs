//! Documents beyond the datagram limit, beyond what JSON readers take, and segments that stay open for long.

#![allow(clippy::unwrap_used, reason = "tests")]

use telemetry_wire::{Document, limits};
use xray_sdk::testing::with_recorder;
use xray_sdk::{Classification, Counters, Segment, Subsegment, subsegment};

const SMALL: usize = 4_096;

fn recorded(limit: usize, work: impl FnOnce()) -> (Vec<Document>, Counters) {
    let (documents, counters, ()) = with_recorder(
        |builder| builder.datagram_limit(limit).stream_after(usize::MAX, usize::MAX),
        || {
            let segment = Segment::begin("orders");
            segment.context().in_scope(work);
        },
    );
    (documents, counters)
}

/// Every entity that is not the segment must hang below an entity that arrived.
fn assert_all_connected(documents: &[Document], expected: usize) {
    let all: Vec<&Document> = documents.iter().flat_map(Document::walk).collect();
    assert_eq!(all.len(), expected);
    for document in documents.iter().filter(|document| document.is_subsegment()) {
        assert!(all.iter().any(|entity| Some(entity.id) == document.parent_id), "{} hangs nowhere", document.name);
    }
}

#[test]
fn ten_thousand_subsegments_arrive_in_datagrams_that_fit() {
    let (documents, counters) = recorded(65_507, || {
        for _ in 0..100 {
            let _batch = subsegment("batch");
            (0..99).for_each(|_| drop(subsegment("item")));
        }
    });
    assert_all_connected(&documents, 10_001);
    assert_eq!(counters.dropped_too_large, 0);
    assert!(documents.len() < 105, "split by subtree, not by item: {} documents", documents.len());
}

#[test]
fn a_flat_trace_sends_only_what_does_not_fit() {
    let (documents, counters) = recorded(SMALL, || (0..100).for_each(|_| drop(subsegment("item"))));
    assert_all_connected(&documents, 101);
    assert!(documents[0].subsegments.len() > 20, "{}", documents[0].subsegments.len());
    assert_eq!(counters.split as usize, documents.len() - 1);
}

#[test]
fn a_thousand_levels_are_cut_into_readable_depths() {
    fn dig(levels: usize) {
        let _level = subsegment("level");
        if levels > 1 {
            dig(levels - 1);
        }
    }
    let (documents, _) = recorded(65_507, || dig(1_000));
    assert_all_connected(&documents, 1_001);
    assert!(documents.len() >= 1_000 / limits::DEPTH);
}

#[test]
fn an_entity_too_large_by_itself_loses_metadata_and_says_so() {
    let (documents, counters) = recorded(SMALL, || {
        subsegment("large").metadata("blob", "x".repeat(10_000)).annotate("kept", 1);
    });
    let large = documents.iter().flat_map(Document::walk).find(|entity| entity.name == "large").unwrap();
    assert_eq!(large.metadata["default"]["truncated"], "to fit the document limit, these were removed: 1 entries of metadata");
    assert_eq!(large.annotations["kept"], 1.into());
    assert_eq!((counters.cut, counters.dropped_too_large), (1, 0));
}

#[test]
fn annotations_beyond_the_limit_lose_the_last_ones_not_the_subsegment() {
    let (documents, counters) = recorded(SMALL, || {
        let mut large = subsegment("large");
        for number in 0..20 {
            large.annotate(format!("key{number}"), "x".repeat(900));
        }
    });
    let large = &documents.iter().flat_map(Document::walk).find(|entity| entity.name == "large").unwrap().annotations;
    assert!((1..20).contains(&large.len()) && large.contains_key("key0"), "{large:?}");
    assert_eq!((counters.cut, counters.dropped_too_large), (1, 0));
}

#[test]
fn a_long_error_message_is_shortened_not_lost() {
    let (documents, counters) = recorded(1_024, || {
        subsegment("failing").error(&std::io::Error::other("e".repeat(65_000)));
    });
    assert_all_connected(&documents, 2);
    assert_eq!(counters.dropped_too_large, 0);
}

#[test]
fn a_name_of_65_kilobytes_is_fixed_and_counted() {
    let (documents, counters) = recorded(65_507, || drop(subsegment("n".repeat(65_000))));
    assert_eq!(documents[0].subsegments[0].name.len(), limits::NAME_CHARS);
    assert_eq!(counters.fixed_names, 1);
}

#[test]
fn ended_subtrees_leave_a_segment_that_stays_open() {
    let mut sent_while_open = 0;
    let (documents, counters, ()) = with_recorder(
        |builder| builder.stream_after(10, usize::MAX),
        || {
            let segment = Segment::begin("orders");
            segment.context().in_scope(|| (0..25).for_each(|_| drop(subsegment("step"))));
            sent_while_open = xray_sdk::counters().sent;
        },
    );
    assert_eq!((counters.streamed, sent_while_open), (20, 20));
    assert_all_connected(&documents, 26);
    assert_eq!(documents.last().unwrap().subsegments.len(), 5);
}

#[test]
fn a_subtree_streams_as_one_document_below_its_open_parent() {
    let (documents, _, ()) = with_recorder(
        |builder| builder.stream_after(4, usize::MAX),
        || {
            let segment = Segment::begin("orders");
            let open = Subsegment::begin_in(segment.context(), "open");
            open.context().in_scope(|| {
                let _done = subsegment("done");
                (0..3).for_each(|_| drop(subsegment("part")));
            });
        },
    );
    let done = documents.iter().find(|document| document.name == "done").unwrap();
    assert_eq!(done.subsegments.len(), 3);
    assert_all_connected(&documents, 6);
}

#[test]
fn a_flood_of_errors_is_cut_to_those_that_fit_and_says_so() {
    for size in [0, 100, 4_000] {
        let (documents, counters) = recorded(65_507, || {
            for row in 0..3_000 {
                let error = std::io::Error::other(format!("row {row} failed {}", "x".repeat(size)));
                xray_sdk::add_error(&error, xray_sdk::Classification::Error);
            }
        });
        assert_all_connected(&documents, 1);
        let exceptions = documents[0].cause.as_ref().unwrap().exceptions();
        assert!((2..3_000).contains(&exceptions.len()), "{}", exceptions.len());
        assert!(exceptions[0].message.as_ref().unwrap().starts_with("row 0 failed"), "the first stays");
        assert!(exceptions.last().unwrap().skipped.is_some());
        let said = documents[0].metadata["default"]["truncated"].as_str().unwrap().to_owned();
        assert!(said.contains("exceptions"), "{said}");
        assert_eq!((counters.cut, counters.dropped_too_large), (1, 0));
    }
}

#[test]
fn characters_that_json_escapes_count_as_what_they_become() {
    let (documents, counters) = recorded(65_507, || {
        let mut large = subsegment("large");
        for number in 0..200 {
            large.annotate(format!("key{number}"), "\u{1}".repeat(1_000));
        }
    });
    assert_all_connected(&documents, 2);
    assert_eq!((counters.cut, counters.dropped_too_large), (1, 0));
}

mod any_entity {
    use proptest::prelude::*;

    use super::*;

    /// One thing to record, up to a few times the limit.
    #[derive(Clone, Debug)]
    enum Part {
        Annotation(String, String),
        Metadata(String, String),
        Error(String, usize),
        Query(String),
        Http(String),
        Table(String),
    }

    fn text() -> impl Strategy<Value = String> {
        let unit = prop_oneof![Just("x"), Just("\u{1}"), Just("漢"), Just("\""), Just("🦀"), Just("\\")];
        (unit, 0_usize..30_000).prop_map(|(unit, count)| unit.repeat(count))
    }

    fn part() -> impl Strategy<Value = Part> {
        prop_oneof![
            ("[a-z]{1,8}", text()).prop_map(|(key, value)| Part::Annotation(key, value)),
            ("[a-z]{1,8}", text()).prop_map(|(key, value)| Part::Metadata(key, value)),
            (text(), 1_usize..200).prop_map(|(message, times)| Part::Error(message, times)),
            text().prop_map(Part::Query),
            text().prop_map(Part::Http),
            text().prop_map(Part::Table),
        ]
    }

    fn apply(part: &Part, entity: &mut Subsegment) {
        match part {
            Part::Annotation(key, value) => {
                entity.annotate(key.clone(), value.clone());
            }
            Part::Metadata(key, value) => {
                entity.metadata(key.clone(), value);
            }
            Part::Error(message, times) => {
                for _ in 0..*times {
                    entity.error(&std::io::Error::other(message.clone()));
                }
            }
            Part::Query(query) => {
                entity.sql(|sql| sql.sanitized_query = Some(query.clone()));
            }
            Part::Http(url) => {
                entity.http(|http| http.request.url = Some(url.clone()));
            }
            Part::Table(name) => {
                entity.aws(|aws| aws.table_names.push(name.clone()));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

        #[test]
        fn arrives_whatever_it_carries(
            parts in prop::collection::vec(part(), 0..12), limit in prop_oneof![Just(SMALL), Just(65_507)],
        ) {
            let (documents, counters) = recorded(limit, || {
                let mut entity = subsegment("entity");
                parts.iter().for_each(|part| apply(part, &mut entity));
                drop(subsegment("child"));
            });
            assert_all_connected(&documents, 3);
            prop_assert_eq!(counters.dropped_too_large, 0);
        }
    }
}

#[test]
fn notes_of_an_open_segment_take_bounded_memory_and_further_ones_are_counted() {
    let (documents, counters, ()) = with_recorder(
        |builder| builder,
        || {
            let mut segment = Segment::begin("shop");
            segment.context().in_scope(|| {
                for number in 0..100_000 {
                    xray_sdk::add_error(&std::io::Error::other(format!("error {number}")), Classification::Error);
                }
            });
            for number in 0..1_000 {
                segment.error(&std::io::Error::other(format!("own error {number}")));
            }
        },
    );
    assert_eq!(counters.notes_too_many, 100_000 - 1_048);
    let exceptions = documents[0].cause.as_ref().unwrap().exceptions();
    let skipped: u32 = exceptions.iter().filter_map(|exception| exception.skipped).sum();
    assert_eq!(exceptions.len() + skipped as usize, 1_000 + 1_048);
}
