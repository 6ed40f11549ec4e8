//! What is recorded, where it hangs, and how it ends.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;
use std::time::Duration;

use telemetry_wire::{Document, TraceHeader};
use xray_sdk::testing::{with_recorded_documents, with_recorder};
use xray_sdk::{Classification, Context, FutureExt as _, Segment, Subsegment, in_subsegment, subsegment};

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

fn in_segment<R>(work: impl FnOnce() -> R) -> (Document, R) {
    let (mut documents, result) = with_recorded_documents(|| {
        let segment = Segment::begin("orders");
        segment.context().in_scope(work)
    });
    assert_eq!(documents.len(), 1, "{documents:#?}");
    (documents.remove(0), result)
}

#[test]
fn scopes_nest() {
    let (document, ()) = in_segment(|| {
        let _outer = subsegment("outer");
        drop(subsegment("first"));
        drop(subsegment("second"));
    });
    assert_eq!(document.name, "orders");
    let names: Vec<_> = document.child("outer").unwrap().subsegments.iter().map(|child| &*child.name).collect();
    assert_eq!(names, ["first", "second"]);
}

#[test]
fn times_lie_within_the_parents() {
    let (document, ()) = in_segment(|| {
        let _outer = subsegment("outer");
        drop(subsegment("inner"));
    });
    for parent in document.walk() {
        for child in &parent.subsegments {
            assert!(parent.start_time <= child.start_time && child.end_time <= parent.end_time, "{parent:?}");
            assert!(child.start_time <= child.end_time.unwrap());
        }
    }
}

#[test]
fn guards_dropped_out_of_order_are_still_recorded() {
    let (document, ()) = in_segment(|| {
        let outer = subsegment("outer");
        let inner = subsegment("inner");
        drop(outer);
        drop(inner);
    });
    assert_eq!(document.walk().count(), 3);
}

#[test]
fn annotations_metadata_and_user_reach_the_right_entity() {
    let (document, ()) = in_segment(|| {
        xray_sdk::set_user("alice");
        xray_sdk::annotate("tenant", "t1");
        let mut work = subsegment("work");
        work.annotate("order.id", 42).metadata("cart", [1, 2]);
        xray_sdk::annotate("late", true);
    });
    assert_eq!(document.user.as_deref(), Some("alice"));
    assert_eq!(document.annotations["tenant"], "t1".into());
    let work = document.child("work").unwrap();
    assert_eq!(work.annotations["order_id"], 42.into());
    assert_eq!(work.annotations["late"], true.into());
    assert_eq!(work.metadata["default"]["cart"], serde_json::json!([1, 2]));
}

#[test]
fn metadata_that_does_not_serialize_says_so_and_is_counted() {
    struct Broken;
    impl serde::Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("broken on purpose"))
        }
    }
    let (documents, counters, ()) = with_recorder(
        |builder| builder,
        || {
            Segment::begin("orders").metadata("x", Broken);
        },
    );
    assert_eq!(documents[0].metadata["default"]["x"], "not serializable: broken on purpose");
    assert_eq!(counters.unserializable_metadata, 1);
}

#[test]
fn errors_are_classified_and_linked() {
    let (document, ()) = in_segment(|| {
        let error = std::io::Error::other("disk full");
        subsegment("fault").error(&error);
        subsegment("bad request").failure(Classification::Error, || unreachable_if_ignored(&error));
        subsegment("slow down").failure(Classification::Throttle, || unreachable_if_ignored(&error));
        subsegment("fine").failure(Classification::Ignored, || panic!("not described when ignored"));
    });
    let flags: Vec<_> = document.subsegments.iter().map(|child| (child.error, child.throttle, child.fault)).collect();
    assert_eq!(flags, [(false, false, true), (true, false, false), (true, true, false), (false, false, false)]);
    let exceptions = document.child("fault").unwrap().cause.as_ref().unwrap().exceptions().to_vec();
    assert_eq!(exceptions[0].message.as_deref(), Some("disk full"));
    assert_eq!(exceptions[0].kind.as_deref(), Some("io::Error"));
}

fn unreachable_if_ignored(error: &std::io::Error) -> xray_sdk::Exceptions {
    xray_sdk::Exceptions::of(error)
}

#[test]
fn a_panic_is_a_fault_and_goes_on() {
    let (document, message) = in_segment(|| {
        let caught = std::panic::catch_unwind(|| in_subsegment("boom", |_| panic!("out of {}", String::from("stock"))));
        let payload = caught.unwrap_err();
        payload.downcast_ref::<String>().cloned()
    });
    assert_eq!(message.as_deref(), Some("out of stock"));
    let boom = document.child("boom").unwrap();
    assert!(boom.fault);
    assert_eq!(boom.cause.as_ref().unwrap().exceptions()[0].message.as_deref(), Some("out of stock"));
}

#[test]
fn futures_carry_their_subsegment_over_await() {
    let (document, ()) = in_segment(|| {
        block_on(async {
            let one = async {
                tokio::task::yield_now().await;
                drop(subsegment("inside one"));
            };
            let two = async {
                tokio::task::yield_now().await;
                drop(subsegment("inside two"));
            };
            tokio::join!(one.in_subsegment("one"), two.in_subsegment("two"));
            drop(subsegment("after"));
        });
    });
    assert!(document.child("one").unwrap().child("inside one").is_some());
    assert!(document.child("two").unwrap().child("inside two").is_some());
    assert!(document.child("after").is_some());
}

#[test]
fn a_dropped_future_is_cancelled_not_ok() {
    let (document, ()) = in_segment(|| {
        block_on(async {
            let never = std::future::pending::<()>().in_subsegment("never");
            tokio::time::timeout(Duration::ZERO, never).await.unwrap_err();
        });
    });
    let never = document.child("never").unwrap();
    assert!(never.error);
    assert_eq!(never.cause.as_ref().unwrap().exceptions()[0].kind.as_deref(), Some("cancelled"));
}

#[test]
fn spawned_tasks_and_threads_take_the_context_along() {
    let (document, ()) = in_segment(|| {
        let context = Context::current();
        std::thread::spawn(move || context.in_scope(|| drop(subsegment("thread")))).join().unwrap();
        block_on(async {
            tokio::spawn(async { drop(subsegment("task")) }.in_current_context()).await.unwrap();
        });
    });
    assert!(document.child("thread").is_some() && document.child("task").is_some());
}

#[test]
fn a_child_that_ends_after_its_segment_follows_on_its_own() {
    let (documents, ()) = with_recorded_documents(|| {
        let segment = Segment::begin("orders");
        let late = Subsegment::begin_in(segment.context(), "late");
        drop(segment);
        drop(Subsegment::begin_in(late.context(), "later"));
        drop(late);
    });
    let names: Vec<_> = documents.iter().map(|document| &*document.name).collect();
    assert_eq!(names, ["orders", "later", "late"]);
    assert_eq!(documents[2].parent_id, Some(documents[0].id));
    assert_eq!(documents[1].parent_id, Some(documents[2].id));
    assert!(documents[1].is_subsegment() && documents[1].trace_id == documents[0].trace_id);
}

#[test]
fn work_begun_after_its_segment_becomes_a_document_under_the_right_parent() {
    let (documents, ()) = with_recorded_documents(|| {
        let segment = Segment::begin("orders");
        let context = segment.context();
        drop(segment);
        drop(Segment::begin("another, in the same cell"));
        context.in_scope(|| {
            let _refresh = subsegment("refresh");
            drop(subsegment("query"));
        });
    });
    let refresh = documents.iter().find(|document| document.name == "refresh").unwrap();
    assert_eq!(refresh.parent_id, Some(documents[0].id));
    assert_eq!(refresh.trace_id, documents[0].trace_id);
    assert!(refresh.is_subsegment() && refresh.child("query").is_some());
}

#[test]
fn the_callers_trace_goes_on() {
    let header = TraceHeader::parse("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1");
    let (documents, passed_on) = with_recorded_documents(|| {
        let segment = Segment::begin_from("orders", &header);
        segment.context().trace_header().unwrap().text().to_string()
    });
    assert_eq!(documents[0].trace_id, header.root);
    assert_eq!(documents[0].parent_id, header.parent);
    assert_eq!(passed_on, format!("Root=1-5759e988-bd862e3fe1be46a994272793;Parent={};Sampled=1", documents[0].id));
}

#[test]
fn lineage_and_unknown_keys_are_passed_on_while_the_segment_lives() {
    let text = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Self=1-x;Lineage=a87bd80c:1|68fd508a:5;CalledFrom=app";
    let (_, (during, after)) = with_recorded_documents(|| {
        let segment = Segment::begin_from("orders", &TraceHeader::parse(text));
        let context = segment.context();
        let during = context.trace_header_text().unwrap();
        drop(segment);
        drop(Segment::begin_from("another", &TraceHeader::parse("Lineage=other:1")));
        (during, context.trace_header_text().unwrap())
    });
    assert!(during.ends_with(";Sampled=1;Lineage=a87bd80c:1|68fd508a:5;CalledFrom=app"), "{during}");
    assert!(after.ends_with(";Sampled=1"), "{after}");
}

#[test]
fn lineage_is_passed_on_for_requests_that_are_not_sampled_too() {
    let text = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0;Lineage=a87bd80c:1";
    let (_, (during, after)) = with_recorded_documents(|| {
        let segment = Segment::begin_from("orders", &TraceHeader::parse(text));
        let context = segment.context();
        let during = context.in_scope(|| Subsegment::begin("call").context().trace_header_text().unwrap());
        drop(segment);
        (during, context.trace_header_text().unwrap())
    });
    assert_eq!(during, text);
    assert!(after.ends_with(";Sampled=0"), "{after}");
}

#[test]
fn an_emitter_that_panics_loses_its_datagrams_and_nothing_else() {
    struct Broken;
    impl xray_sdk::Emitter for Broken {
        fn emit(&self, _: &[u8]) -> std::io::Result<()> {
            panic!("broken on purpose")
        }
    }
    let (_, counters, ()) = with_recorder(|builder| builder.emitter(Broken), || (0..2).for_each(|_| drop(Segment::begin("job"))));
    assert_eq!((counters.sent, counters.dropped_io_error), (0, 2));
}

#[test]
fn a_guard_that_records_nothing_keeps_the_trace_it_began_in() {
    let text = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0";
    let (_, header) = with_recorded_documents(|| {
        let segment = Segment::begin_from("orders", &TraceHeader::parse(text));
        let guard = segment.context().in_scope(|| subsegment("work"));
        guard.trace_header().unwrap().text().to_string()
    });
    assert_eq!(header, text);
}

#[test]
fn an_unsampled_caller_is_obeyed_and_passed_on() {
    let text = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";
    let (documents, passed_on) = with_recorded_documents(|| {
        let segment = Segment::begin_from("orders", &TraceHeader::parse(text));
        segment.context().in_scope(|| {
            let mut work = subsegment("work");
            work.failure(Classification::Fault, || panic!("not described when not sampled"));
            work.trace_header().unwrap().text().to_string()
        })
    });
    assert_eq!((documents.len(), &*passed_on), (0, text));
}

#[test]
fn an_open_segment_can_announce_itself() {
    let (documents, _, ()) = with_recorder(|builder| builder.announce_open_segments(true), || drop(Segment::begin("orders")));
    assert!(documents[0].in_progress && documents[0].end_time.is_none());
    assert!(!documents[1].in_progress && documents[1].id == documents[0].id);
}

#[test]
fn without_a_segment_nothing_is_recorded_and_it_is_counted() {
    let (documents, counters, ()) = with_recorder(
        |builder| builder,
        || {
            xray_sdk::annotate("a", 1);
            drop(subsegment("lost"));
            in_subsegment("closure", |_| ());
        },
    );
    assert_eq!((documents.len(), counters.context_missing), (0, 3));
}

#[test]
#[should_panic(expected = "AWS_XRAY_CONTEXT_MISSING is RUNTIME_ERROR")]
fn runtime_error_panics_where_the_segment_is_missing() {
    with_recorder(|builder| builder.context_missing(xray_sdk::ContextMissing::RuntimeError), || drop(subsegment("lost")));
}

#[test]
fn a_segment_that_a_panic_unwinds_is_a_fault() {
    let (documents, _) = with_recorded_documents(|| {
        std::panic::catch_unwind(|| {
            let segment = Segment::begin("nightly");
            segment.context().in_scope(|| {
                let _step = subsegment("step");
                panic!("on purpose");
            })
        })
    });
    assert!(documents[0].fault && documents[0].child("step").unwrap().fault);
}

#[test]
fn a_sdk_that_is_switched_off_misses_no_context() {
    let configure = |builder: xray_sdk::Builder| builder.enabled(false).context_missing(xray_sdk::ContextMissing::RuntimeError);
    let (documents, counters, ()) = with_recorder(configure, || {
        let segment = Segment::begin("off");
        segment.context().in_scope(|| drop(subsegment("off too")));
    });
    assert_eq!((documents.len(), counters.context_missing), (0, 0));
}

#[test]
fn a_parent_without_its_trace_is_not_taken() {
    let header = TraceHeader::parse("Root=garbage;Parent=53995c3f42cd8ad8;Sampled=1");
    let (documents, ()) = with_recorded_documents(|| drop(Segment::begin_from("orders", &header)));
    assert_eq!(documents[0].parent_id, None);
}

#[test]
fn a_cancelled_request_is_one_document() {
    let (documents, ()) = with_recorded_documents(|| {
        block_on(async {
            let work = std::future::pending::<()>().in_subsegment("inner").in_subsegment("outer").in_segment(Segment::begin("request"));
            tokio::time::timeout(Duration::ZERO, work).await.unwrap_err();
        });
    });
    assert_eq!((documents.len(), documents[0].walk().count()), (1, 3));
    assert!(documents[0].walk().all(|entity| entity.error));
}

#[test]
fn what_is_said_after_the_end_is_counted() {
    let (_, counters, ()) = with_recorder(
        |builder| builder,
        || {
            let segment = Segment::begin("orders");
            let context = segment.context();
            drop(segment);
            context.in_scope(|| xray_sdk::annotate("late", true));
        },
    );
    assert_eq!(counters.notes_too_late, 1);
}

#[test]
fn threads_that_close_and_begin_at_once_lose_nothing() {
    const SEGMENTS: usize = 300;
    const CHILDREN: usize = 40;
    let (documents, ()) = with_recorded_documents(|| {
        // Cells are used again while stragglers of their last segment still end.
        std::thread::scope(|scope| {
            for _ in 0..SEGMENTS {
                let segment = Segment::begin("busy");
                let context = segment.context();
                for _ in 0..3 {
                    scope.spawn(move || (0..CHILDREN).for_each(|_| drop(Subsegment::begin_in(context, "child"))));
                }
                scope.spawn(move || drop(segment));
            }
        });
    });
    let entities: usize = documents.iter().map(|document| document.walk().count()).sum();
    assert_eq!(entities, SEGMENTS * (1 + 3 * CHILDREN));
    let mut ids: Vec<_> = documents.iter().flat_map(Document::walk).map(|entity| entity.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), entities, "ids are unique");
    let segments: HashMap<_, _> = documents.iter().filter(|document| !document.is_subsegment()).map(|it| (it.id, it.trace_id)).collect();
    for late in documents.iter().filter(|document| document.is_subsegment()) {
        let of_parent = late.parent_id.and_then(|parent| segments.get(&parent));
        assert_eq!(of_parent, Some(&late.trace_id), "below its own segment");
    }
}

#[test]
fn work_that_completes_while_another_panic_unwinds_is_no_fault() {
    struct CleansUp(Context);
    impl Drop for CleansUp {
        fn drop(&mut self) {
            self.0.in_scope(|| {
                drop(subsegment("guard"));
                in_subsegment("closure", |_| ());
                drop(Subsegment::begin("owner"));
            });
            drop(Segment::begin("segment"));
        }
    }
    let (documents, ()) = with_recorded_documents(|| {
        let segment = Segment::begin("orders");
        let context = segment.context();
        let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _cleans_up = CleansUp(context);
            let _unwound = Subsegment::begin_in(context, "unwound");
            panic!("x");
        }));
        assert!(unwound.is_err());
    });
    let all: Vec<&Document> = documents.iter().flat_map(Document::walk).collect();
    let faults: Vec<&str> = all.iter().filter(|entity| entity.fault).map(|entity| &*entity.name).collect();
    assert_eq!((all.len(), faults), (6, vec!["unwound"]));
}

#[test]
fn what_begins_after_guards_were_dropped_out_of_order_hangs_below_what_is_open() {
    let (document, ()) = in_segment(|| {
        let a = subsegment("a");
        let b = subsegment("b");
        drop(a);
        let c = subsegment("c");
        drop(b);
        drop(c);
        drop(subsegment("d"));
    });
    let names = |parent: &Document| parent.subsegments.iter().map(|child| child.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&document), ["a", "d"], "d is not below what ended before it began");
    assert_eq!(names(document.child("a").unwrap()), ["b"]);
    assert_eq!(names(document.child("a").unwrap().child("b").unwrap()), ["c"]);
}

#[test]
fn code_of_the_application_that_panics_costs_its_value_and_not_the_request() {
    struct Panics;
    impl std::fmt::Debug for Panics {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("in Debug")
        }
    }
    impl std::fmt::Display for Panics {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("in Display")
        }
    }
    impl std::error::Error for Panics {}
    impl serde::Serialize for Panics {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("in Serialize")
        }
    }
    let (document, ()) = in_segment(|| {
        let mut work = subsegment("work");
        work.error(&Panics).metadata("value", Panics).annotate("kept", 1);
    });
    let work = document.child("work").unwrap();
    assert!(work.fault && work.annotations.contains_key("kept"), "{work:?}");
    assert_eq!(work.metadata["default"]["value"], "not serializable: its `Serialize` panicked");
}
