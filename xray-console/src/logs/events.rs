//! FilterLogEvents, GetLogEvents and what the page asks.

use rusqlite::Connection;
use serde::Serialize;
use serde_json::{Value, json};

use super::groups::{group_id, group_name, limit_of, not_found, stream_id, stream_name};
use super::pattern::Pattern;
use crate::protocol::ApiError;
use crate::storage::{Storage, StorageError};

/// Events per page.
const PAGE: usize = 10_000;

/// A stored event.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogLine {
    pub(crate) id: i64,
    pub(crate) group: String,
    pub(crate) stream: String,
    pub(crate) timestamp: i64,
    pub(crate) ingestion: i64,
    pub(crate) message: String,
    pub(crate) trace_id: Option<String>,
}

/// What to look for. `after` is the position from which a page goes on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Search {
    pub(crate) group: Option<String>,
    pub(crate) streams: Vec<String>,
    pub(crate) prefix: Option<String>,
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
    pub(crate) after: Option<(i64, i64)>,
    pub(crate) before: Option<(i64, i64)>,
    pub(crate) pattern: Pattern,
    pub(crate) limit: usize,
    pub(crate) newest_first: bool,
}

const COLUMNS: &str = "SELECT e.id, g.name, s.name, e.timestamp, e.ingestion, e.message, e.trace_id
    FROM log_event e JOIN log_group g ON g.id = e.log_group JOIN log_stream s ON s.id = e.log_stream";

fn line(row: &rusqlite::Row<'_>) -> rusqlite::Result<LogLine> {
    Ok(LogLine {
        id: row.get(0)?,
        group: row.get(1)?,
        stream: row.get(2)?,
        timestamp: row.get(3)?,
        ingestion: row.get(4)?,
        message: row.get(5)?,
        trace_id: row.get(6)?,
    })
}

/// Finds lines in the order of time. Conditions are written only when asked for: one that could be nothing keeps SQLite from
/// using an index.
pub(crate) fn search(connection: &Connection, search: &Search) -> rusqlite::Result<Vec<LogLine>> {
    let group = match &search.group {
        Some(name) => match group_id(connection, name)? {
            Some(id) => Some(id),
            None => return Ok(Vec::new()),
        },
        None => None,
    };
    let (index, of_group) =
        if group.is_some() { ("log_event_time", "e.log_group = ?1 AND") } else { ("log_event_all_times", "?1 IS NULL AND") };
    let direction = if search.newest_first { "DESC" } else { "ASC" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT e.id, g.name, s.name, e.timestamp, e.ingestion, e.message, e.trace_id
         FROM log_event e INDEXED BY {index} CROSS JOIN log_group g ON g.id = e.log_group CROSS JOIN log_stream s ON s.id = e.log_stream
         WHERE {of_group} e.timestamp >= ?2 AND e.timestamp < ?3 AND (e.timestamp, e.id) > (?4, ?5) AND (e.timestamp, e.id) < (?6, ?7)
         ORDER BY e.timestamp {direction}, e.id {direction}"
    ))?;
    let (after_time, after_id) = search.after.unwrap_or((i64::MIN, i64::MIN));
    let (before_time, before_id) = search.before.unwrap_or((i64::MAX, i64::MAX));
    let (from, to) = (search.from.unwrap_or(0), search.to.unwrap_or(i64::MAX));
    let rows = statement.query_map((group, from, to, after_time, after_id, before_time, before_id), line)?;
    let is_of_stream = |line: &LogLine| {
        (search.streams.is_empty() || search.streams.contains(&line.stream))
            && search.prefix.as_ref().is_none_or(|prefix| line.stream.starts_with(prefix))
    };
    let matches =
        |line: &rusqlite::Result<LogLine>| line.as_ref().map_or(true, |line| is_of_stream(line) && search.pattern.matches(&line.message));
    rows.filter(matches).take(search.limit).collect()
}

/// The lines of a trace, in the order of time.
pub(crate) fn lines_of_trace(connection: &Connection, trace_id: &str) -> rusqlite::Result<Vec<LogLine>> {
    const LINES: usize = 5_000;
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} WHERE e.trace_id = ?1 ORDER BY e.timestamp, e.id LIMIT {LINES}"))?;
    statement.query_map([trace_id], line)?.collect()
}

/// FilterLogEvents.
pub(crate) async fn filter_log_events(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let group = group_name(input)?;
    let texts =
        |key: &str| input.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let (limit, streams): (_, Vec<String>) = (limit_of(input, PAGE)?, texts("logStreamNames"));
    let prefix = input.get("logStreamNamePrefix").and_then(Value::as_str).map(str::to_owned);
    if prefix.is_some() && !streams.is_empty() {
        return Err(ApiError::invalid_parameter("logStreamNames and logStreamNamePrefix are mutually exclusive parameters."));
    }
    let (from, to) = (input.get("startTime").and_then(Value::as_i64), input.get("endTime").and_then(Value::as_i64));
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(ApiError::invalid_parameter("startTime is after endTime"));
    }
    let looked_for = Search {
        group: Some(group.clone()),
        streams,
        prefix,
        from,
        to: to.map(|end| end.saturating_add(1)),
        after: input.get("nextToken").and_then(Value::as_str).map(position).transpose()?,
        before: None,
        pattern: Pattern::parse(input.get("filterPattern").and_then(Value::as_str).unwrap_or_default())?,
        limit,
        newest_first: false,
    };
    let found = storage.read(move |connection| {
        let Some(id) = group_id(connection, &group)? else { return Ok(Err("group")) };
        for stream in &looked_for.streams {
            if stream_id(connection, id, stream)?.is_none() {
                return Ok(Err("stream"));
            }
        }
        search(connection, &looked_for).map(Ok)
    });
    let lines = found.await?.map_err(not_found)?;
    let events: Vec<Value> = lines
        .iter()
        .map(|line| {
            json!({ "logStreamName": line.stream, "timestamp": line.timestamp, "message": line.message, "ingestionTime": line.ingestion,
                "eventId": format!("{:056}", line.id) })
        })
        .collect();
    let mut output = json!({ "events": events, "searchedLogStreams": [] });
    if lines.len() == limit
        && let Some(last) = lines.last()
    {
        output["nextToken"] = json!(format!("{}-{}", last.timestamp, last.id));
    }
    Ok(output)
}

fn position(token: &str) -> Result<(i64, i64), ApiError> {
    let parts = token.split_once('-').and_then(|(time, id)| Some((time.parse().ok()?, id.parse().ok()?)));
    parts.ok_or_else(|| ApiError::invalid_parameter("The specified nextToken is invalid."))
}

/// GetLogEvents: newest page first unless `startFromHead`; the token sent back is returned at the end.
pub(crate) async fn get_log_events(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let (group, stream) = (group_name(input)?, stream_name(input)?);
    let limit = limit_of(input, PAGE)?;
    let token = input.get("nextToken").and_then(Value::as_str).map(str::to_owned);
    let from_head = input.get("startFromHead").and_then(Value::as_bool).unwrap_or(false);
    let forward_from = token.as_deref().and_then(|token| token.strip_prefix("f/")).map(position).transpose()?;
    let backward_from = token.as_deref().and_then(|token| token.strip_prefix("b/")).map(position).transpose()?;
    if token.is_some() && forward_from.is_none() && backward_from.is_none() {
        return Err(ApiError::invalid_parameter("The specified nextToken is invalid."));
    }
    let from = input.get("startTime").and_then(Value::as_i64);
    let to = input.get("endTime").and_then(Value::as_i64);
    let newest_first = backward_from.is_some() || token.is_none() && !from_head;
    let read = move |connection: &Connection| {
        let Some(group_id) = group_id(connection, &group)? else { return Ok(Err("group")) };
        if stream_id(connection, group_id, &stream)?.is_none() {
            return Ok(Err("stream"));
        }
        let streams = vec![stream];
        let (after, before) = (forward_from, backward_from);
        let looked_for = Search { group: Some(group), streams, from, to, after, before, limit, newest_first, ..Search::default() };
        let mut page = search(connection, &looked_for)?;
        if newest_first {
            page.reverse();
        }
        Ok(Ok(page))
    };
    let lines = storage.read(read).await?.map_err(not_found)?;
    let events: Vec<Value> =
        lines.iter().map(|line| json!({ "timestamp": line.timestamp, "message": line.message, "ingestionTime": line.ingestion })).collect();
    let at = |line: Option<&LogLine>, sign: char| line.map(|line| format!("{sign}/{}-{}", line.timestamp, line.id));
    let unmoved = |sign: char| token.clone().filter(|token| token.starts_with(sign)).unwrap_or_else(|| format!("{sign}/0-0"));
    let forward = at(lines.last(), 'f').unwrap_or_else(|| unmoved('f'));
    let backward = at(lines.first(), 'b').unwrap_or_else(|| unmoved('b'));
    Ok(json!({ "events": events, "nextForwardToken": forward, "nextBackwardToken": backward }))
}

/// Lines for the page.
impl Search {
    pub(crate) async fn run(self, storage: &Storage) -> Result<Vec<LogLine>, StorageError> {
        storage.read(move |connection| search(connection, &self)).await
    }
}
