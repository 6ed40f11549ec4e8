//! The operations that take items: each is checked against the limits of its service, and noted by its numbers.

use std::borrow::Cow;
use std::io::Read as _;

use hyper::Request;
use serde::Deserialize;
use serde_json::{Value, json};

use super::conduct::Fault;
use super::tally::Tally;
use crate::load;

/// An operation of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    PutTraceSegments,
    PutMetricData { is_compressed: bool },
    PutLogEvents,
    GetSamplingRules,
    GetSamplingTargets,
    Other,
}

impl Operation {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match request.uri().path() {
            "/TraceSegments" => Self::PutTraceSegments,
            "/GetSamplingRules" => Self::GetSamplingRules,
            "/SamplingTargets" => Self::GetSamplingTargets,
            path if path.ends_with("/operation/PutMetricData") => {
                Self::PutMetricData { is_compressed: header("content-encoding") == "gzip" }
            }
            _ if header("x-amz-target") == "Logs_20140328.PutLogEvents" => Self::PutLogEvents,
            _ => Self::Other,
        }
    }

    /// Takes items.
    pub(super) const fn is_put(self) -> bool {
        matches!(self, Self::PutTraceSegments | Self::PutMetricData { .. } | Self::PutLogEvents)
    }
}

#[derive(Deserialize)]
struct Segments<'a> {
    #[serde(rename = "TraceSegmentDocuments", borrow)]
    documents: Vec<Cow<'a, str>>,
}

/// Takes segments. Returns the answer; none if the request is malformed.
pub(super) fn put_segments(body: &[u8], fault: Option<Fault>, tally: &Tally) -> Option<Value> {
    let Segments { documents } = serde_json::from_slice(body).ok()?;
    let mut unprocessed = Vec::new();
    let mut is_taken = |document: &&str| {
        let Some(Fault::Unprocessed(share, code)) = fault else { return true };
        let is_taken = fastrand::f64() >= share;
        if !is_taken {
            let id = load::read(document).map(|(number, _)| format!("{number:016x}"));
            unprocessed.push(json!({ "Id": id, "ErrorCode": code, "Message": "as configured" }));
        }
        is_taken
    };
    let taken: Vec<&str> = documents.iter().map(AsRef::as_ref).filter(&mut is_taken).collect();
    tally.note_documents(taken.into_iter());
    Some(json!({ "UnprocessedTraceSegments": unprocessed }))
}

#[derive(Deserialize)]
struct Metrics {
    #[serde(rename = "MetricData")]
    data: Vec<Datum>,
}

#[derive(Deserialize)]
struct Datum {
    #[serde(rename = "Values", default)]
    values: Vec<f64>,
    #[serde(rename = "Counts", default)]
    counts: Vec<f64>,
}

/// Takes metrics whose values are numbers of items; each counts as often as its count says.
pub(super) fn put_metrics(body: &[u8], is_compressed: bool, tally: &Tally) -> Option<Value> {
    let mut plain = Vec::new();
    let body = if is_compressed {
        flate2::read::GzDecoder::new(body).read_to_end(&mut plain).ok()?;
        &plain
    } else {
        body
    };
    let Metrics { data } = ciborium::from_reader(body).ok()?;
    let is_valid = |datum: &Datum| (1..=150).contains(&datum.values.len()) && datum.values.len() == datum.counts.len();
    if data.len() > 1_000 || !data.iter().all(is_valid) {
        return None;
    }
    let values = data.iter().flat_map(|datum| datum.values.iter().zip(&datum.counts));
    tally.note_values(values.flat_map(|(value, count)| std::iter::repeat_n(*value as u64, *count as usize)));
    Some(json!({}))
}

#[derive(Deserialize)]
struct Events<'a> {
    #[serde(rename = "logEvents", borrow)]
    events: Vec<Event<'a>>,
}

#[derive(Deserialize)]
struct Event<'a> {
    timestamp: i64,
    #[serde(borrow)]
    message: Cow<'a, str>,
}

/// Takes log events.
pub(super) fn put_events(body: &[u8], tally: &Tally) -> Option<Value> {
    let Events { events } = serde_json::from_slice(body).ok()?;
    let bytes: usize = events.iter().map(|event| event.message.len() + 26).sum();
    let is_sorted = events.is_sorted_by_key(|event| event.timestamp);
    if events.is_empty() || events.len() > 10_000 || bytes > 1_048_576 || !is_sorted {
        return None;
    }
    tally.note_lines(events.iter().map(|event| &*event.message));
    Some(json!({ "nextSequenceToken": "1" }))
}
