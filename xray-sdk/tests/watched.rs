//! Segments whose sampler wants to know how they end, and those that are sent only because they ended badly.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};

use telemetry_wire::{Document, SamplingState};
use xray_sdk::sampling::{Sampler, SamplingDecision, SamplingRequest, SegmentOutcome, Watch};
use xray_sdk::testing::with_recorder;
use xray_sdk::{Counters, Segment, Subsegment};

/// Status, and whether it is a fault.
type Told = Vec<(Option<u16>, bool)>;

/// Samples nothing, watches, keeps what is a fault.
#[derive(Clone)]
struct Watching {
    watch: Watch,
    told: Arc<Mutex<Told>>,
}

impl Sampler for Watching {
    fn decide(&self, _: &SamplingRequest<'_>, _: u64) -> SamplingDecision {
        SamplingDecision { watch: self.watch, ..SamplingDecision::unnamed(false) }
    }

    fn ended(&self, outcome: &SegmentOutcome<'_>) -> bool {
        assert!(!outcome.is_sampled && outcome.service == "shop");
        self.told.lock().unwrap().push((outcome.status, outcome.is_fault));
        outcome.is_fault
    }
}

fn recorded<R>(watch: Watch, work: impl FnOnce() -> R) -> (Vec<Document>, Counters, Told, R) {
    let sampler = Watching { watch, told: Arc::default() };
    let told = Arc::clone(&sampler.told);
    let (documents, counters, result) = with_recorder(|builder| builder.sampler(sampler), work);
    let told = told.lock().unwrap().clone();
    (documents, counters, told, result)
}

fn request(status: u16) {
    let mut segment = Segment::begin("shop");
    segment.context().in_scope(|| drop(xray_sdk::subsegment("look up")));
    segment.status(status);
}

#[test]
fn a_watched_segment_is_not_recorded_and_its_end_is_told() {
    let (documents, counters, told, ()) = recorded(Watch::Outcome, || {
        request(200);
        request(503);
        Segment::begin("shop").error(&std::io::Error::other("broke"));
    });
    assert!(documents.is_empty());
    assert_eq!(told, [(Some(200), false), (Some(503), true), (None, true)]);
    assert_eq!((counters.segments_not_sampled, counters.segments_captured), (3, 0));
}

#[test]
fn what_ended_badly_is_sent_with_what_was_inside_and_the_rest_is_not() {
    let (documents, counters, told, ()) = recorded(Watch::Everything, || {
        request(200);
        request(503);
        request(404);
    });
    assert_eq!(told.len(), 3);
    assert_eq!((documents.len(), counters.sent, counters.segments_captured, counters.segments_not_sampled), (1, 1, 1, 3));
    assert!(documents[0].fault && documents[0].child("look up").is_some());
}

#[test]
fn others_are_told_that_it_is_not_sampled() {
    let (_, _, _, (header, inside)) = recorded(Watch::Everything, || {
        let segment = Segment::begin("shop");
        let subsegment = Subsegment::begin_in(segment.context(), "call");
        assert!(subsegment.is_recording());
        (segment.context().trace_header().unwrap(), subsegment.trace_header().unwrap())
    });
    assert_eq!((header.sampling, inside.sampling), (SamplingState::NotSampled, SamplingState::NotSampled));
    assert_eq!(header.root, inside.root);
}

#[test]
fn what_outlives_a_segment_that_was_not_sent_is_not_sent_either() {
    let (documents, counters, _, ()) = recorded(Watch::Everything, || {
        let segment = Segment::begin("shop");
        let context = segment.context();
        let straggler = Subsegment::begin_in(context, "straggler");
        drop(segment);
        drop(straggler);
        let late = Subsegment::begin_in(context, "late");
        assert!(!late.is_recording());
        assert_eq!(late.trace_header().unwrap().sampling, SamplingState::NotSampled);
    });
    assert!(documents.is_empty(), "{documents:?}");
    assert_eq!((counters.streamed, counters.context_missing), (0, 0));
}

#[test]
fn a_long_one_keeps_what_it_has_room_for_and_nothing_leaves_early() {
    let (documents, counters, _, ()) = recorded(Watch::Everything, || {
        let mut segment = Segment::begin("shop");
        segment.context().in_scope(|| (0..5_000).for_each(|_| drop(xray_sdk::subsegment("step"))));
        segment.status(500);
    });
    let kept: usize = documents.iter().map(|document| document.walk().count()).sum();
    assert!((50..2_000).contains(&kept), "{kept}");
    assert_eq!(counters.streamed, 0);
}

#[test]
fn a_cell_that_was_tentative_is_a_sampled_ones_next() {
    let (documents, _, ()) = with_recorder(
        |builder| builder.sampler(Watching { watch: Watch::Everything, told: Arc::default() }),
        || {
            request(200);
            let header = telemetry_wire::TraceHeader::parse("Root=1-581cf771-a006649127e371903a2de979;Sampled=1");
            let segment = Segment::begin_from("shop", &header);
            assert_eq!(segment.context().trace_header().unwrap().sampling, SamplingState::Sampled);
        },
    );
    assert_eq!(documents.len(), 1);
}
