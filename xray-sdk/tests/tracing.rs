//! Spans and log lines through a real subscriber; `tracing_sqlx.rs` has sqlx's events.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::io;
use std::sync::{Arc, Mutex};

use telemetry_wire::{AnnotationValue, Document};
use tracing::{Instrument as _, instrument};
use tracing_subscriber::layer::SubscriberExt as _;
use xray_sdk::testing::with_recorded_documents;
use xray_sdk::tracing::{Layer, WithTrace};
use xray_sdk::{FutureExt as _, Segment};

fn recorded<R>(layer: Layer, work: impl FnOnce() -> R) -> Vec<Document> {
    let subscriber = tracing_subscriber::registry().with(layer);
    with_recorded_documents(|| tracing::subscriber::with_default(subscriber, work)).0
}

fn in_segment<R>(work: impl FnOnce() -> R) -> R {
    let segment = Segment::begin("shop");
    segment.context().in_scope(work)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[instrument(err)]
fn charge(order: u64, who: &str) -> Result<(), io::Error> {
    tracing::info_span!("gateway", attempts = 2, fast = false).in_scope(|| Err(io::Error::other("no answer")))
}

#[test]
fn instrumented_functions_are_subsegments_with_the_fields_that_are_named() {
    let layer = Layer::new().annotate_fields(["order", "who"]).annotate_fields(["attempts"]);
    let documents = recorded(layer, || in_segment(|| charge(7, "ann").unwrap_err()));
    let charge = documents[0].child("charge").unwrap();
    let annotation = |key: &str| charge.annotations.get(key).cloned();
    assert_eq!((annotation("order"), annotation("who")), (Some(AnnotationValue::from(7_u64)), Some(AnnotationValue::from("ann"))));
    assert!(charge.fault && !documents[0].fault);
    assert_eq!(charge.child("gateway").unwrap().annotations.get("attempts"), Some(&AnnotationValue::from(2_i64)));
}

#[test]
fn futures_keep_their_span_over_polls() {
    let documents = recorded(Layer::new(), || {
        let work = async {
            let step = |name: &'static str| async move {
                tokio::task::yield_now().await;
                drop(xray_sdk::subsegment(name));
            };
            let (a, b) = (step("in a").instrument(tracing::info_span!("a")), step("in b").instrument(tracing::info_span!("b")));
            tokio::join!(a, b);
        };
        runtime().block_on(work.in_segment(Segment::begin("shop")));
    });
    for name in ["a", "b"] {
        let span = documents[0].child(name).unwrap();
        assert_eq!(span.subsegments.len(), 1);
        assert!(span.child(&format!("in {name}")).is_some());
    }
}

#[test]
fn spans_left_out_of_order_and_after_their_segment_lose_nothing() {
    let documents = recorded(Layer::new(), || {
        let late = in_segment(|| {
            let (a, b) = (tracing::info_span!("a"), tracing::info_span!("b"));
            let entered = (a.clone().entered(), b.clone().entered());
            drop(entered.0);
            drop(xray_sdk::subsegment("in b"));
            drop(entered.1);
            drop(xray_sdk::subsegment("outside"));
            a
        });
        std::thread::spawn(move || drop(late)).join().unwrap();
    });
    let names = |documents: &[Document]| documents.iter().map(|document| document.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&documents), ["shop", "a"], "the span that outlived its segment follows");
    assert_eq!(names(&documents[0].subsegments), ["b", "outside"]);
}

#[test]
fn finer_spans_and_spans_outside_segments_are_left_alone() {
    let work = || {
        drop(tracing::info_span!("no segment").entered());
        in_segment(|| tracing::debug_span!("fine").in_scope(|| drop(xray_sdk::subsegment("inside"))));
    };
    let documents = recorded(Layer::new(), work);
    assert_eq!((documents.len(), documents[0].subsegments[0].name.as_str()), (1, "inside"));
    let documents = recorded(Layer::new().open_segments(true), work);
    assert_eq!(documents[0].name, "no segment");
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

#[test]
fn log_lines_name_their_trace() {
    use tracing_subscriber::fmt;
    let lines = Lines::default();
    let (text, json) = (lines.clone(), lines.clone());
    let text = fmt::layer().with_ansi(false).with_writer(move || text.clone()).event_format(WithTrace::text(fmt::format()));
    let json = fmt::layer()
        .with_writer(move || json.clone())
        .fmt_fields(fmt::format::JsonFields::new())
        .event_format(WithTrace::json(fmt::format().json()));
    let log = || {
        let (_, (inside, trace)) = with_recorded_documents(|| {
            in_segment(|| {
                tracing::info!("hello");
                (lines.take(), xray_sdk::trace_id().unwrap().to_string())
            })
        });
        tracing::info!("outside");
        (inside, trace, lines.take())
    };
    let (inside, trace, outside) = tracing::subscriber::with_default(tracing_subscriber::registry().with(text), log);
    assert!(inside.starts_with(&format!("AWS-XRAY-TRACE-ID: {trace}@")) && inside.trim_end().ends_with("hello"), "{inside}");
    assert!(!outside.contains("XRAY"));
    let (inside, trace, outside) = tracing::subscriber::with_default(tracing_subscriber::registry().with(json), log);
    let line: serde_json::Value = serde_json::from_str(&inside).unwrap();
    assert_eq!((&line["traceId"], &line["fields"]["message"]), (&trace.clone().into(), &"hello".into()));
    assert!(line["AWS-XRAY-TRACE-ID"].as_str().unwrap().starts_with(&format!("{trace}@")));
    assert!(serde_json::from_str::<serde_json::Value>(&outside).unwrap().get("traceId").is_none());
}

#[instrument]
fn login(user: &str, password: &str) {
    tracing::info!(user, "logged in");
}

#[test]
fn arguments_of_instrumented_functions_are_recorded_only_on_request() {
    let documents = recorded(Layer::new(), || in_segment(|| login("ada", "hunter2")));
    assert!(!format!("{documents:?}").contains("hunter2") && documents[0].child("login").unwrap().annotations.is_empty());
    let documents = recorded(Layer::new().annotate_all_fields(), || in_segment(|| login("ada", "hunter2")));
    assert_eq!(documents[0].child("login").unwrap().annotations["user"], AnnotationValue::from("ada"));
}

#[test]
fn a_span_ends_when_it_is_left_and_not_when_it_is_dropped() {
    let documents = recorded(Layer::new(), || {
        in_segment(|| {
            let span = tracing::info_span!("kept");
            span.in_scope(|| ());
            let later = xray_sdk::subsegment("later");
            drop(later);
            drop(span);
        })
    });
    let (kept, later) = (documents[0].child("kept").unwrap(), documents[0].child("later").unwrap());
    assert!(kept.end_time.unwrap() <= later.start_time, "{kept:?} {later:?}");
}

#[test]
fn errors_of_spans_and_warnings_are_recorded() {
    let documents = recorded(Layer::new(), || {
        in_segment(|| {
            let error = io::Error::other("no answer");
            drop(tracing::info_span!("field", error = &error as &dyn std::error::Error));
            tracing::info_span!("warned").in_scope(|| tracing::warn!(error = &error as &dyn std::error::Error, "retrying"));
        })
    });
    let of = |name: &str| documents[0].child(name).map(|child| (child.error, child.fault, child.cause.is_some())).unwrap();
    assert_eq!((of("field"), of("warned")), ((false, true, true), (true, false, true)));
}
