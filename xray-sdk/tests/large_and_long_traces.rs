//! Documents beyond the datagram limit, beyond what JSON readers take, and segments that stay open for long.

#![allow(clippy::unwrap_used, reason = "tests")]

use telemetry_wire::{Document, limits};
use xray_sdk::testing::with_recorder;
use xray_sdk::{Counters, Segment, Subsegment, subsegment};

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
    assert_eq!(large.metadata["default"]["truncated"], "metadata was cut to fit the document limit");
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
