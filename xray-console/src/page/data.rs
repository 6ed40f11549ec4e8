//! Data of the overview, the metrics and the logs.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::Api;
use crate::cloudwatch::{self, SeriesKey};
use crate::logs::{self, Pattern, Search};
use crate::protocol::ApiError;
use crate::{clock, xray};

/// An error as the page shows it.
pub(super) struct PageError(ApiError);

impl<E: Into<ApiError>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        (self.0.status, Json(json!({ "code": self.0.code, "message": self.0.message }))).into_response()
    }
}

pub(super) type Page = Result<Json<Value>, PageError>;

/// A number that grows whenever something arrives. The page asks for it once a second while it is visible: a stream would take one of the
/// six connections that a browser has for all tabs of an origin.
pub(super) async fn version(State(api): State<Api>) -> Json<Value> {
    Json(json!({ "version": api.activity.version() }))
}

/// Arrivals, calls, refusals, storage, sampling rules.
pub(super) async fn overview(State(api): State<Api>) -> Page {
    let news = api.activity.news();
    let usage = api.storage.usage().await?;
    let oldest: Option<f64> =
        api.storage.read(|connection| connection.query_row("SELECT min(start) FROM trace", [], |row| row.get(0))).await?;
    let rules = xray::rules_with_reports(&api.storage, &api.clients).await?;
    Ok(Json(json!({ "news": news, "storage": usage, "oldestTrace": oldest, "rules": rules })))
}

/// All metrics.
pub(super) async fn metrics(State(api): State<Api>) -> Page {
    const TWO_WEEKS: f64 = 14.0 * 86_400.0;
    Ok(Json(json!(cloudwatch::metrics(&api.storage, TWO_WEEKS).await?)))
}

#[derive(Deserialize)]
pub(super) struct MetricQuery {
    namespace: String,
    name: String,
    dimensions: String,
    unit: String,
    from: f64,
    to: f64,
    period: i64,
}

/// The points of one metric.
pub(super) async fn metric(State(api): State<Api>, Query(query): Query<MetricQuery>) -> Page {
    let MetricQuery { namespace, name, dimensions, unit, from, to, period } = query;
    let key = SeriesKey { namespace, name, dimensions, unit: Some(unit) };
    let (from, to, period) = (from as i64, to.ceil() as i64, period.clamp(1, 86_400));
    let points = api.storage.read(move |connection| cloudwatch::points(connection, &key, from, to, period)).await?;
    Ok(Json(json!(points)))
}

#[derive(Deserialize)]
pub(super) struct LogQuery {
    #[serde(default)]
    group: String,
    #[serde(default)]
    pattern: String,
    from: f64,
    to: f64,
}

/// The newest lines that match, and all groups.
pub(super) async fn logs(State(api): State<Api>, Query(query): Query<LogQuery>) -> Page {
    const LINES: usize = 500;
    let groups = logs::group_names(&api.storage).await?;
    let search = Search {
        group: Some(query.group).filter(|group| !group.is_empty()),
        from: Some((query.from * 1e3) as i64),
        to: Some((query.to * 1e3) as i64),
        pattern: Pattern::parse(&query.pattern)?,
        limit: LINES,
        newest_first: true,
        ..Search::default()
    };
    let lines = search.run(&api.storage).await?;
    let groups: Vec<String> = groups.into_iter().map(|(name, _)| name).collect();
    Ok(Json(json!({ "groups": groups, "lines": lines })))
}

/// Deletes everything that has arrived: traces, metrics, log lines, groups, rules and queues. The header keeps forms of other pages out.
pub(super) async fn reset(State(api): State<Api>, headers: HeaderMap) -> Result<StatusCode, PageError> {
    if !headers.contains_key("x-console-reset") {
        return Err(PageError(ApiError::invalid_request("a reset deletes everything; send the header `x-console-reset: yes`")));
    }
    api.storage.reset().await?;
    api.queues.clear();
    api.activity.changed();
    Ok(StatusCode::NO_CONTENT)
}

/// Stores a trace of two services, so that an empty page has something to show.
pub(super) async fn sample(State(api): State<Api>) -> Result<StatusCode, PageError> {
    let now = clock::now();
    let trace_id = format!("1-{:08x}-{:024x}", now as u32, now.to_bits());
    let call = format!("{:016x}", now.to_bits());
    let documents = [
        json!({ "name": "sample-storefront", "id": format!("{:016x}", now.to_bits() ^ 1), "trace_id": trace_id, "start_time": now - 0.25, "end_time": now,
            "http": { "request": { "method": "GET", "url": "http://sample/cart" }, "response": { "status": 200 } }, "annotations": { "sample": true },
            "subsegments": [{ "name": "sample-orders", "id": call, "start_time": now - 0.2, "end_time": now - 0.05, "namespace": "remote",
                "http": { "request": { "method": "GET", "url": "http://sample-orders/7" }, "response": { "status": 200 } } }] }),
        json!({ "name": "sample-orders", "id": format!("{:016x}", now.to_bits() ^ 2), "trace_id": trace_id, "parent_id": call, "start_time": now - 0.18, "end_time": now - 0.06,
            "http": { "request": { "method": "GET", "url": "http://sample-orders/7" }, "response": { "status": 200 } } }),
    ];
    let documents: Vec<Value> = documents.iter().map(|document| json!(document.to_string())).collect();
    let (_, count, _) = xray::put_trace_segments(&api.storage, &json!({ "TraceSegmentDocuments": documents })).await?;
    api.activity.arrived(crate::activity::Signal::Segments, count);
    Ok(StatusCode::NO_CONTENT)
}
