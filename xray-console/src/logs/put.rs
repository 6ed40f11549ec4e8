//! PutLogEvents, with the service's rules.

use serde_json::{Value, json};

use super::groups::{group_id, group_name, not_found, stream_id, stream_name};
use super::manage::expire;
use super::trace_ids;
use crate::clock::now_millis;
use crate::protocol::ApiError;
use crate::storage::Storage;

const EVENTS: usize = 10_000;
/// Bytes of a batch: UTF-8 of the messages and 26 for each event.
const BYTES: usize = 1_048_576;
const OVERHEAD: usize = 26;
const HOUR: i64 = 3_600_000;
/// Span of one batch.
const SPAN: i64 = 24 * HOUR;
/// Older events are refused one by one.
const OLDEST: i64 = 14 * 24 * HOUR;
/// Later events are refused one by one.
const NEWEST: i64 = 2 * HOUR;

struct Event {
    timestamp: i64,
    message: String,
}

/// Stores the events. Also returns how many were taken and refused, for the page.
pub(crate) async fn put_log_events(storage: &Storage, input: &Value) -> Result<(Value, usize, usize), ApiError> {
    let (group, stream) = (group_name(input)?, stream_name(input)?);
    let events = read(input)?;
    check(&events)?;
    let now = now_millis();
    let too_old = events.partition_point(|event| event.timestamp < now - OLDEST);
    let too_new = events.partition_point(|event| event.timestamp <= now + NEWEST);
    let (all, kept) = (events.len(), too_new.saturating_sub(too_old));
    let taken: Vec<Event> = events.into_iter().skip(too_old).take(kept).collect();
    let put = move |transaction: &rusqlite::Transaction<'_>| {
        let Some(group) = group_id(transaction, &group)? else { return Ok(Err("group")) };
        let Some(stream) = stream_id(transaction, group, &stream)? else { return Ok(Err("stream")) };
        store(transaction, group, stream, &taken)?;
        expire(transaction, group).map(Ok)
    };
    storage.write(put).await?.map_err(not_found)?;
    let mut output = json!({ "nextSequenceToken": format!("{now:056}") });
    let mut rejected = serde_json::Map::new();
    if too_old > 0 {
        rejected.insert("tooOldLogEventEndIndex".into(), json!(too_old));
    }
    if too_new < all {
        rejected.insert("tooNewLogEventStartIndex".into(), json!(too_new));
    }
    if !rejected.is_empty() {
        output["rejectedLogEventsInfo"] = Value::Object(rejected);
    }
    Ok((output, kept, all - kept))
}

fn read(input: &Value) -> Result<Vec<Event>, ApiError> {
    let events = input.get("logEvents").and_then(Value::as_array).filter(|events| !events.is_empty());
    let events = events.ok_or_else(|| ApiError::invalid_parameter("logEvents must have at least one member"))?;
    let read = |event: &Value| {
        let timestamp = event.get("timestamp").and_then(Value::as_i64).filter(|timestamp| *timestamp >= 0);
        let message = event.get("message").and_then(Value::as_str).filter(|message| !message.is_empty());
        let (timestamp, message) = timestamp.zip(message)?;
        Some(Event { timestamp, message: message.to_owned() })
    };
    let event = |(at, event)| {
        read(event).ok_or_else(|| {
            ApiError::invalid_parameter(format!("logEvents.{}.member needs a timestamp of at least 0 and a message", at + 1))
        })
    };
    events.iter().enumerate().map(event).collect()
}

fn check(events: &[Event]) -> Result<(), ApiError> {
    let refuse = |why: &str| Err(ApiError::invalid_parameter(why));
    let bytes: usize = events.iter().map(|event| event.message.len() + OVERHEAD).sum();
    if events.len() > EVENTS {
        return refuse("Upload too large: more than 10000 events");
    }
    if bytes > BYTES {
        return refuse(&format!("Upload too large: {bytes} bytes exceeds limit of {BYTES}"));
    }
    if !events.is_sorted_by_key(|event| event.timestamp) {
        return refuse("Log events in a single PutLogEvents request must be in chronological order.");
    }
    let span = events.last().zip(events.first()).map_or(0, |(last, first)| last.timestamp - first.timestamp);
    if span > SPAN {
        return refuse("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
    }
    Ok(())
}

fn store(transaction: &rusqlite::Transaction<'_>, group: i64, stream: i64, events: &[Event]) -> rusqlite::Result<()> {
    let ingestion = now_millis();
    let mut put = transaction.prepare_cached(
        "INSERT INTO log_event (log_group, log_stream, timestamp, ingestion, message, trace_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for event in events {
        put.execute((group, stream, event.timestamp, ingestion, &event.message, trace_ids::find(&event.message)))?;
    }
    if let (Some(first), Some(last)) = (events.first(), events.last()) {
        let touch = "UPDATE log_stream SET first_event = min(coalesce(first_event, ?2), ?2), last_event = max(coalesce(last_event, ?3), ?3), last_ingestion = ?4 WHERE id = ?1";
        transaction.prepare_cached(touch)?.execute((stream, first.timestamp, last.timestamp, ingestion))?;
    }
    Ok(())
}
