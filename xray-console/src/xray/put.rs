//! PutTraceSegments: each document is taken or refused by itself; the call always succeeds.

use serde_json::{Value, json};
use telemetry_wire::otlp::CarriedSpans;
use telemetry_wire::{Document, TraceId, check_text};

use super::spans::documents_of;
use super::unprocessed::Unprocessed;
use crate::clock::now;
use crate::protocol::ApiError;
use crate::storage::Storage;

struct Taken {
    trace_id: TraceId,
    id: String,
    name: String,
    in_progress: bool,
    start: f64,
    text: String,
}

/// Stores the documents. Also returns what was refused, for the page.
pub(crate) async fn put_trace_segments(storage: &Storage, input: &Value) -> Result<(Value, usize, Vec<Unprocessed>), ApiError> {
    let documents = input.get("TraceSegmentDocuments").and_then(Value::as_array);
    let documents = documents.ok_or_else(|| ApiError::invalid_request("TraceSegmentDocuments is required"))?;
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for document in documents {
        let Some(text) = document.as_str() else {
            refused.push(Unprocessed::new("InvalidSegment", None, "a document must be a JSON string"));
            continue;
        };
        for checked in read(text, &mut refused) {
            match checked {
                Ok(document) => taken.push(document),
                Err(unprocessed) => refused.push(unprocessed),
            }
        }
    }
    let count = taken.len();
    if count > 0 {
        storage.write(move |transaction| store(transaction, &taken)).await?;
    }
    let listed: Vec<Value> =
        refused.iter().map(|refused| json!({ "Id": refused.id, "ErrorCode": refused.code, "Message": refused.message })).collect();
    Ok((json!({ "UnprocessedTraceSegments": listed }), count, refused))
}

/// A document of JSON, or those of OpenTelemetry's spans.
fn read(text: &str, refused: &mut Vec<Unprocessed>) -> Vec<Result<Taken, Unprocessed>> {
    let Some(carried) = CarriedSpans::find(text) else { return vec![check(text)] };
    let (documents, unreadable) = documents_of(carried);
    refused.extend(unreadable);
    documents.iter().map(|document| check(document)).collect()
}

/// Seconds of the year 5138: what is beyond was written in milliseconds.
const LATEST: f64 = 1e11;

fn check(text: &str) -> Result<Taken, Unprocessed> {
    let violations = check_text(text.as_bytes()).map_err(|error| Unprocessed::new("JSONFormatError", None, &error.to_string()))?;
    let id = || serde_json::from_str::<Value>(text).ok().and_then(|value| value.get("id")?.as_str().map(str::to_owned));
    if let Some(violation) = violations.iter().find(|violation| is_fatal(violation.rule, &violation.path)) {
        let code = match violation.path.as_str() {
            "trace_id" => "InvalidTraceId",
            "id" | "parent_id" => "InvalidSegmentId",
            _ if violation.rule == "required" => "MissingField",
            _ => "InvalidSegment",
        };
        return Err(Unprocessed::new(code, id(), &violation.to_string()));
    }
    let document = Document::parse(text.as_bytes()).map_err(|error| Unprocessed::new("InvalidSegment", id(), &error.to_string()))?;
    if document.start_time >= LATEST {
        let message = format!("start_time {} is not in epoch seconds; are these milliseconds?", document.start_time);
        return Err(Unprocessed::new("InvalidSegment", id(), &message));
    }
    let trace_id = document.trace_id.ok_or_else(|| Unprocessed::new("InvalidTraceId", id(), "trace_id is missing"))?;
    Ok(Taken {
        trace_id,
        id: document.id.to_string(),
        name: document.name.clone(),
        in_progress: document.end_time.is_none(),
        start: document.start_time,
        text: text.to_owned(),
    })
}

/// The service takes much that the published schema refuses, such as long URLs. What cannot be placed or read is refused.
fn is_fatal(rule: &str, path: &str) -> bool {
    let is_top_level = !path.contains(['.', '[']);
    rule == "at most 64 kB" || is_top_level && matches!(path, "" | "name" | "id" | "trace_id" | "parent_id" | "start_time" | "end_time")
}

fn store(transaction: &rusqlite::Transaction<'_>, documents: &[Taken]) -> rusqlite::Result<()> {
    let received = now();
    let mut put = transaction.prepare_cached(
        "INSERT INTO segment (trace_id, id, name, in_progress, document, received) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (trace_id, id, name) DO UPDATE SET in_progress = excluded.in_progress, document = excluded.document, received = excluded.received
         WHERE segment.in_progress OR NOT excluded.in_progress",
    )?;
    let mut touch = transaction.prepare_cached(
        "INSERT INTO trace (trace_id, start, updated, revision) VALUES (?1, ?2, ?3, 1)
         ON CONFLICT (trace_id) DO UPDATE SET start = min(start, excluded.start), updated = excluded.updated, revision = revision + 1, digest = NULL",
    )?;
    for document in documents {
        let trace_id = document.trace_id.to_string();
        put.execute((&trace_id, &document.id, &document.name, document.in_progress, &document.text, received))?;
        touch.execute((&trace_id, document.start, received))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_digit_of_a_time_is_kept() {
        let read: serde_json::Value = serde_json::from_str("1795453324.5238779").expect("a number");
        assert_eq!(read.to_string(), "1795453324.5238779");
    }
}
