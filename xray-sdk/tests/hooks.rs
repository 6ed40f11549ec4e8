//! What the application decides: whose fault, which ids, code at begin and end, where work goes on.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use futures_util::StreamExt as _;
use telemetry_wire::{AnnotationValue, Document};
use xray_sdk::stream::StreamExt as _;
use xray_sdk::testing::{with_recorded_documents, with_recorder};
use xray_sdk::{Classification, FutureExt as _, IdSource, Listener, Segment, Subsegment, TraceId, traced};

#[traced]
fn read(kind: io::ErrorKind) -> Result<(), io::Error> {
    Err(io::Error::new(kind, "on purpose"))
}

#[test]
fn the_classifier_is_asked_for_every_fault() {
    let classify = |exceptions: &[telemetry_wire::Exception]| match exceptions[0].kind.as_deref() {
        Some("io::Error") if exceptions[0].message.as_deref() == Some("on purpose") => Classification::Error,
        Some("panic") => Classification::Ignored,
        _ => Classification::Fault,
    };
    let (documents, _, ()) = with_recorder(
        |builder| builder.classify(classify),
        || {
            let mut segment = Segment::begin("shop");
            segment.context().in_scope(|| {
                read(io::ErrorKind::NotFound).unwrap_err();
                assert!(std::panic::catch_unwind(|| xray_sdk::in_subsegment("panics", |_| panic!("quiet"))).is_err());
            });
            segment.failure(Classification::Fault, || xray_sdk::Exceptions::new("Own", "fault"));
        },
    );
    let of = |name: &str| documents[0].child(name).map(|child| (child.error, child.fault)).unwrap();
    assert_eq!((of("read"), of("panics"), documents[0].fault), ((true, false), (false, false), true));
}

struct Counting(AtomicU64);

impl IdSource for Counting {
    fn trace_id(&self, seconds: u64) -> TraceId {
        TraceId::new(u32::try_from(seconds).unwrap(), 7)
    }

    fn id_base(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

#[test]
fn ids_come_from_the_applications_source() {
    let record = || {
        let work = || {
            let segment = Segment::begin("shop");
            segment.context().in_scope(|| drop(xray_sdk::subsegment("a")));
        };
        let (mut documents, _, ()) = with_recorder(|builder| builder.ids(Counting(AtomicU64::new(1))), work);
        documents.remove(0)
    };
    let (first, second) = (record(), record());
    assert_eq!((first.id, first.subsegments[0].id), (second.id, second.subsegments[0].id));
    assert!(first.trace_id.unwrap().to_string().ends_with("000000000000000000000007"));
}

static TOLD: AtomicU32 = AtomicU32::new(0);

struct Stamp;

impl Listener for Stamp {
    fn segment_began(&self, segment: &mut Segment) {
        segment.annotate("stamped", true);
    }

    fn subsegment_ends(&self, subsegment: &mut Subsegment) {
        TOLD.fetch_add(1, Ordering::Relaxed);
        subsegment.annotate("told", true);
    }

    fn segment_ends(&self, _: &mut Segment) {
        panic!("a listener that panics");
    }
}

/// The listener is the process's; the other tests of this file do not mind.
#[test]
fn a_listener_sees_begin_and_end_and_its_panic_is_its_own() {
    assert!(xray_sdk::listen(Stamp));
    assert!(!xray_sdk::listen(Stamp));
    let (documents, ()) = with_recorded_documents(|| {
        let segment = Segment::begin("shop");
        segment.context().in_scope(|| drop(xray_sdk::subsegment("a")));
    });
    assert_eq!(documents[0].annotations["stamped"], AnnotationValue::from(true));
    assert_eq!(documents[0].subsegments[0].annotations["told"], AnnotationValue::from(true));
    assert!(TOLD.load(Ordering::Relaxed) >= 1);
}

fn names(document: &Document) -> Vec<&str> {
    document.subsegments.iter().map(|child| child.name.as_str()).collect()
}

#[test]
fn threads_tasks_and_streams_keep_their_context() {
    let (documents, ()) = with_recorded_documents(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let work = async {
            xray_sdk::tokio::spawn(async { drop(xray_sdk::subsegment("task")) }).await.unwrap();
            xray_sdk::tokio::spawn_blocking(|| drop(xray_sdk::subsegment("blocking"))).await.unwrap();
            xray_sdk::spawn_thread(|| drop(xray_sdk::subsegment("thread"))).join().unwrap();
            let items: Vec<u32> = futures_util::stream::iter([1, 2, 3]).map(|item| item * 2).in_subsegment("stream").collect().await;
            assert_eq!(items, [2, 4, 6]);
            let mut first = futures_util::stream::iter([1, 2, 3]).in_subsegment("first only");
            first.next().await;
            drop(first);
            let unsampled = Subsegment::begin_unsampled();
            unsampled.context().in_scope(|| drop(xray_sdk::subsegment("not recorded")));
            assert!(unsampled.context().trace_header_text().unwrap().ends_with("Sampled=0"));
        };
        runtime.block_on(work.in_segment(Segment::begin("shop")));
    });
    assert_eq!(names(&documents[0]), ["task", "blocking", "thread", "stream", "first only"]);
    let items = |name: &str| documents[0].child(name).unwrap().metadata["default"]["items"].clone();
    assert_eq!((items("stream"), items("first only")), (3.into(), 1.into()));
    assert!(documents[0].subsegments.iter().all(|child| !child.error && !child.fault));
}
