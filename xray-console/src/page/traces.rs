//! Data of the trace list, the waterfall and the map.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use telemetry_rules::filter::{AnnotationFact, TraceFacts};

use super::data::{Page, PageError};
use crate::api::Api;
use crate::logs::{self, LogLine};
use crate::xray::{self, Digest, Selected};

/// Traces that one answer reads; the page asks for the next until it has enough.
const READ: usize = 5_000;
/// Rows of the list.
const ROWS: usize = 200;
/// Values shown per facet.
const VALUES: usize = 12;

#[derive(Deserialize)]
pub(super) struct Window {
    from: f64,
    to: f64,
    #[serde(default)]
    filter: String,
    /// The token of the answer before.
    after: Option<String>,
}

/// The list with its facets and percentiles.
pub(super) async fn list(State(api): State<Api>, Query(window): Query<Window>) -> Page {
    let Window { from, to, .. } = window;
    let query = xray::Query::new((from, to), &window.filter, window.after.as_deref(), READ)?;
    let Selected { digests, read, next } = xray::select(&api.storage, query).await?;
    let count = "SELECT count(*) FROM trace WHERE start >= ?1 AND start < ?2";
    let in_range: i64 = api.storage.read(move |connection| connection.query_row(count, [from, to], |row| row.get(0))).await?;
    Ok(Json(json!({
        "rows": digests.iter().take(ROWS).map(row).collect::<Vec<_>>(),
        "matching": digests.len(),
        "read": read,
        "inRange": in_range,
        "next": next,
        "facets": facets(&digests),
        "latency": latency(&digests),
    })))
}

fn row(digest: &Digest) -> Value {
    let facts = &digest.facts;
    let root = facts.nodes.iter().find(|node| node.is_root).or_else(|| facts.nodes.first());
    let annotations: Vec<String> = facts.annotations.iter().take(4).map(|(key, value)| format!("{key}={}", shown(value))).collect();
    json!({
        "id": digest.id, "start": digest.start, "duration": facts.duration, "responseTime": facts.response_time,
        "name": root.and_then(|root| root.names.first()), "method": facts.http_method, "url": facts.http_url, "status": facts.http_status,
        "outcome": outcome(facts), "services": facts.nodes.len(), "entities": digest.entities, "annotations": annotations, "users": facts.users,
        "cause": cause(facts),
    })
}

fn shown(value: &AnnotationFact) -> String {
    match value {
        AnnotationFact::Text(text) => text.clone(),
        AnnotationFact::Number(number) => number.to_string(),
        AnnotationFact::Bool(flag) => flag.to_string(),
    }
}

/// What the deepest exception of the root cause says.
fn cause(facts: &TraceFacts) -> Option<String> {
    let path = facts.root_causes.fault.first().or_else(|| facts.root_causes.error.first())?;
    let exceptions = path.iter().flat_map(|service| &service.entities).flat_map(|entity| &entity.exceptions);
    exceptions.last().map(|exception| format!("{}: {}", exception.name, exception.message))
}

fn outcome(facts: &TraceFacts) -> &'static str {
    match facts {
        facts if facts.has_fault => "fault",
        facts if facts.has_throttle && facts.has_error => "throttle",
        facts if facts.has_error => "error",
        facts if facts.is_partial => "partial",
        _ => "ok",
    }
}

fn facets(digests: &[Digest]) -> Value {
    let mut outcomes: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut services, mut users) = (BTreeMap::new(), BTreeMap::new());
    let mut annotations: BTreeMap<&str, BTreeMap<String, (u64, &AnnotationFact)>> = BTreeMap::new();
    for Digest { facts, .. } in digests {
        *outcomes.entry(outcome(facts)).or_default() += 1;
        let mut names: Vec<&str> = facts.nodes.iter().filter_map(|node| node.names.first()).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().for_each(|name| *services.entry(name).or_insert(0_u64) += 1);
        facts.users.iter().for_each(|user| *users.entry(user.as_str()).or_insert(0_u64) += 1);
        for (key, value) in &facts.annotations {
            annotations.entry(key).or_default().entry(shown(value)).or_insert((0, value)).0 += 1;
        }
    }
    let annotations: Vec<Value> = annotations
        .into_iter()
        .map(|(key, values)| {
            let distinct = values.len();
            let mut values: Vec<Value> = values
                .into_iter()
                .map(|(text, (count, value))| json!({ "text": text, "count": count, "isText": matches!(value, AnnotationFact::Text(_)) }))
                .collect();
            values.sort_by_key(|value| std::cmp::Reverse(value["count"].as_u64()));
            values.truncate(VALUES);
            json!({ "key": key, "distinct": distinct, "values": values })
        })
        .collect();
    json!({ "outcomes": outcomes, "services": top(services), "users": top(users), "annotations": annotations })
}

fn top(counts: BTreeMap<&str, u64>) -> Vec<Value> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.into_iter().take(VALUES).map(|(name, count)| json!({ "name": name, "count": count })).collect()
}

fn latency(digests: &[Digest]) -> Value {
    let mut seconds: Vec<f64> = digests.iter().filter_map(|digest| digest.facts.response_time).collect();
    seconds.sort_by(f64::total_cmp);
    let at = |share: f64| seconds.get(((seconds.len() as f64 * share) as usize).min(seconds.len().saturating_sub(1))).copied();
    json!({ "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "max": seconds.last() })
}

/// Everything of one trace: its documents as they came, and its log lines.
#[derive(Serialize)]
pub(super) struct Trace {
    documents: Vec<Box<RawValue>>,
    logs: Vec<LogLine>,
}

/// One trace. A reader that has it in this revision is spared the documents.
pub(super) async fn one(State(api): State<Api>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, PageError> {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    let of_trace = id.clone();
    let tag = api.storage.read(move |connection| revision(connection, &of_trace)).await?;
    if known.as_deref() == Some(&*tag) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let read = move |connection: &rusqlite::Connection| {
        let mut statement = connection.prepare_cached("SELECT document FROM segment WHERE trace_id = ?1 ORDER BY rowid")?;
        let documents: Vec<String> = statement.query_map([&id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        Ok((documents, logs::lines_of_trace(connection, &id)?))
    };
    let (documents, logs) = api.storage.read(read).await?;
    let documents = documents.into_iter().filter_map(|text| RawValue::from_string(text).ok()).collect();
    Ok(([(header::ETAG, tag)], Json(Trace { documents, logs })).into_response())
}

/// Changes with the trace's documents and log lines.
fn revision(connection: &rusqlite::Connection, id: &str) -> rusqlite::Result<String> {
    let revision = "SELECT coalesce((SELECT revision FROM trace WHERE trace_id = ?1), 0)";
    let lines = "SELECT count(*), coalesce(max(id), 0) FROM log_event WHERE trace_id = ?1";
    let revision: i64 = connection.prepare_cached(revision)?.query_row([id], |row| row.get(0))?;
    let (lines, last): (i64, i64) = connection.prepare_cached(lines)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(format!("\"{revision}-{lines}-{last}\""))
}

/// The map.
pub(super) async fn graph(State(api): State<Api>, Query(window): Query<Window>) -> Page {
    let graph = xray::graph_of_window(&api.storage, (window.from, window.to), None).await?;
    Ok(Json(json!(graph)))
}
