//! `POST /TraceSegments`: documents that must not be lost, by TCP or a Unix socket.
//!
//! The answer is 200 once they are on disk, whatever the mode of the spool; in memory without a spool. It is 429 when there is no room:
//! the sender keeps them and comes again. Documents that X-Ray would refuse for sure are refused one by one in the answer.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use telemetry_delivery::Queue;

use super::segment::RawSegment;
use super::udp::IntakeCounters;

/// 64 documents of 64 kB, escaped.
const BODY: usize = 8 << 20;
/// Documents per request: the answer may name each.
const DOCUMENTS: usize = 10_000;
/// Seconds after which there may be room again.
const RETRY_AFTER: &str = "1";

struct Posted {
    queue: Arc<Queue<RawSegment>>,
    counters: Arc<IntakeCounters>,
}

/// Documents of a request, sorted as each is read, so that memory holds only those that are taken.
#[derive(Default)]
struct Sorted {
    segments: Vec<RawSegment>,
    refused: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Documents {
    trace_segment_documents: Sorted,
}

impl<'de> Deserialize<'de> for Sorted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Sorted;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of documents as strings")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut documents: A) -> Result<Sorted, A::Error> {
                let mut sorted = Sorted::default();
                while let Some(document) = documents.next_element::<Cow<'de, str>>()? {
                    if sorted.segments.len() + sorted.refused.len() == DOCUMENTS {
                        return Err(A::Error::custom(format!("more than {DOCUMENTS} documents in a request; send them in several")));
                    }
                    sorted.add(&document);
                }
                Ok(sorted)
            }
        }
        deserializer.deserialize_seq(Each)
    }
}

/// Ids that X-Ray requires of every document.
#[derive(Deserialize)]
struct Ids<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    trace_id: Option<Cow<'a, str>>,
}

impl Sorted {
    fn add(&mut self, document: &str) {
        match checked(document) {
            Ok(segment) => self.segments.push(segment),
            Err((id, code, message)) => self.refused.push(json!({ "Id": id, "ErrorCode": code, "Message": message })),
        }
    }
}

/// Spans of OpenTelemetry have their ids inside.
fn checked(document: &str) -> Result<RawSegment, (Option<String>, &'static str, String)> {
    let segment = RawSegment::checked(document).map_err(|error| (None, "JSONFormatError", error.to_string()))?;
    if !segment.document.starts_with('{') {
        return Ok(segment);
    }
    let ids: Ids<'_> = serde_json::from_str(&segment.document).map_err(|error| (None, "JSONFormatError", error.to_string()))?;
    match (ids.id, ids.trace_id) {
        (Some(_), Some(_)) => Ok(segment),
        (None, _) => Err((None, "MissingParam", "the document has no id".into())),
        (Some(id), None) => Err((Some(id.into_owned()), "MissingParam", "the document has no trace_id".into())),
    }
}

/// The route.
pub(crate) fn posted_routes(queue: Arc<Queue<RawSegment>>, counters: Arc<IntakeCounters>) -> Router {
    let posted = Arc::new(Posted { queue, counters });
    Router::new().route("/TraceSegments", post(take)).layer(DefaultBodyLimit::max(BODY)).with_state(posted)
}

/// Takes all, or as many as there is room for: those that are sent again replace themselves, as their ids are the same.
async fn take(State(posted): State<Arc<Posted>>, body: Bytes) -> Response {
    let documents: Documents = match serde_json::from_slice(&body) {
        Ok(documents) => documents,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("expected {{\"TraceSegmentDocuments\": [..]}}: {error}\n")).into_response(),
    };
    drop(body);
    let Sorted { segments, refused } = documents.trace_segment_documents;
    posted.counters.malformed.fetch_add(refused.len() as u64, Ordering::Relaxed);
    let count = segments.len() as u64;
    if !posted.queue.hold(segments).await {
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, RETRY_AFTER)], "no room for now\n").into_response();
    }
    posted.counters.received.fetch_add(count, Ordering::Relaxed);
    axum::Json(json!({ "UnprocessedTraceSegments": refused })).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(documents: &[&str]) -> Result<Sorted, String> {
        let body = json!({ "TraceSegmentDocuments": documents }).to_string();
        let documents: Result<Documents, _> = serde_json::from_str(&body);
        documents.map(|documents| documents.trace_segment_documents).map_err(|error| error.to_string())
    }

    #[test]
    fn documents_that_x_ray_would_refuse_are_refused_one_by_one() {
        let good = r#"{"trace_id":"1-5759e988-bd862e3fe1be46a994272793","id":"53995c3f42cd8ad8","name":"\u0061"}"#;
        let sorted = sorted(&[good, "{}", r#"{"id":"6226467e3f845502"}"#, "garbage", "{broken", r#"{"id":1}"#, "T1SCgA="]).unwrap();
        assert_eq!(sorted.segments.iter().map(|segment| &*segment.document).collect::<Vec<_>>(), [good, "T1SCgA="]);
        let codes: Vec<(&Value, &str)> =
            sorted.refused.iter().map(|refused| (&refused["Id"], refused["ErrorCode"].as_str().unwrap())).collect();
        let (none, id) = (Value::Null, Value::from("6226467e3f845502"));
        let json = "JSONFormatError";
        assert_eq!(codes, [(&none, "MissingParam"), (&id, "MissingParam"), (&none, json), (&none, json), (&none, json)]);
    }

    #[test]
    fn half_a_million_documents_are_refused_before_they_are_in_memory() {
        let error = sorted(&vec!["{}"; 500_000]).err().unwrap();
        assert!(error.contains("more than 10000 documents"), "{error}");
    }
}
