//! `POST /TraceSegments`: documents that must not be lost, by TCP or a Unix socket. Answered with 200 once they are held, on disk if
//! the spool takes everything, with 429 when there is no room; who sends then keeps them and comes again.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde::Deserialize;
use serde_json::json;
use telemetry_delivery::Queue;

use super::segment::RawSegment;
use super::udp::IntakeCounters;

/// 64 documents of 64 kB, escaped.
const BODY: usize = 8 << 20;
/// Seconds after which there may be room again.
const RETRY_AFTER: &str = "1";

struct Posted {
    queue: Arc<Queue<RawSegment>>,
    counters: Arc<IntakeCounters>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Documents {
    trace_segment_documents: Vec<String>,
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
    let (mut segments, mut refused) = (Vec::new(), Vec::new());
    for document in documents.trace_segment_documents {
        match RawSegment::checked(&document) {
            Ok(segment) => segments.push(segment),
            Err(error) => {
                posted.counters.malformed.fetch_add(1, Ordering::Relaxed);
                refused.push(json!({ "ErrorCode": "JSONFormatError", "Message": error.to_string() }));
            }
        }
    }
    let count = segments.len() as u64;
    if !posted.queue.hold(segments).await {
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, RETRY_AFTER)], "no room for now\n").into_response();
    }
    posted.counters.received.fetch_add(count, Ordering::Relaxed);
    axum::Json(json!({ "UnprocessedTraceSegments": refused })).into_response()
}
