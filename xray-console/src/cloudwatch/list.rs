//! ListMetrics.

use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::now;
use crate::protocol::ApiError;
use crate::storage::{Storage, StorageError};

/// Metrics per page.
const PAGE: usize = 500;
/// A metric without data for two weeks is hidden.
const HIDDEN_AFTER: f64 = 14.0 * 86_400.0;

/// A metric that has data.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Metric {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) dimensions: Vec<(String, String)>,
    pub(crate) unit: String,
}

/// All metrics with data of late.
pub(crate) async fn metrics(storage: &Storage, within: f64) -> Result<Vec<Metric>, StorageError> {
    let read = move |connection: &rusqlite::Connection| {
        let mut statement = connection.prepare_cached(
            "SELECT namespace, name, dimensions, unit FROM metric WHERE updated > ?1 ORDER BY namespace, name, dimensions",
        )?;
        let rows = statement.query_map([now() - within], |row| {
            let dimensions: String = row.get(2)?;
            let dimensions = serde_json::from_str(&dimensions).unwrap_or_default();
            Ok(Metric { namespace: row.get(0)?, name: row.get(1)?, dimensions, unit: row.get(3)? })
        })?;
        rows.collect()
    };
    storage.read(read).await
}

/// The operation.
pub(crate) async fn list_metrics(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let within = if input.get("RecentlyActive").and_then(Value::as_str) == Some("PT3H") { 3.0 * 3_600.0 } else { HIDDEN_AFTER };
    let skip: usize = match input.get("NextToken").and_then(Value::as_str) {
        None => 0,
        Some(token) => token.parse().map_err(|_| ApiError::client("InvalidParameterValueException", "NextToken is none of ours"))?,
    };
    let mut matching: Vec<Metric> = metrics(storage, within).await?.into_iter().filter(|metric| is_asked_for(metric, input)).collect();
    matching.dedup_by(|a, b| (&a.namespace, &a.name, &a.dimensions) == (&b.namespace, &b.name, &b.dimensions));
    let page: Vec<Value> = matching.iter().skip(skip).take(PAGE).map(described).collect();
    let mut output = json!({ "Metrics": page });
    if skip + PAGE < matching.len() {
        output["NextToken"] = json!((skip + PAGE).to_string());
    }
    Ok(output)
}

fn is_asked_for(metric: &Metric, input: &Value) -> bool {
    let is = |key: &str, value: &str| input.get(key).and_then(Value::as_str).is_none_or(|wanted| wanted == value);
    let wanted = input.get("Dimensions").and_then(Value::as_array);
    let has = |dimension: &Value| {
        let (name, value) = (dimension.get("Name").and_then(Value::as_str), dimension.get("Value").and_then(Value::as_str));
        metric.dimensions.iter().any(|(known, of)| Some(known.as_str()) == name && value.is_none_or(|value| value == of))
    };
    is("Namespace", &metric.namespace) && is("MetricName", &metric.name) && wanted.is_none_or(|wanted| wanted.iter().all(has))
}

fn described(metric: &Metric) -> Value {
    let dimensions: Vec<Value> = metric.dimensions.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
    json!({ "Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions })
}
