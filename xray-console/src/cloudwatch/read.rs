//! GetMetricStatistics and GetMetricData, basic statistics.

use serde_json::{Map, Value, json};

use super::series::{Point, SeriesKey, canonical_dimensions, points, units};
use crate::clock::epoch_seconds;
use crate::protocol::ApiError;
use crate::storage::Storage;

/// Points that GetMetricStatistics gives.
const POINTS: i64 = 1_440;
/// Queries per call of GetMetricData.
const QUERIES: usize = 500;

fn invalid(why: impl Into<String>) -> ApiError {
    ApiError::client("InvalidParameterValueException", why)
}

fn required<'a>(input: &'a Value, key: &str) -> Result<&'a Value, ApiError> {
    input
        .get(key)
        .filter(|value| !value.is_null())
        .ok_or_else(|| ApiError::client("MissingRequiredParameterException", format!("The parameter {key} is required.")))
}

fn text(input: &Value, key: &str) -> Result<String, ApiError> {
    required(input, key)?.as_str().map(str::to_owned).ok_or_else(|| invalid(format!("{key} is not a string")))
}

struct Window {
    from: i64,
    to: i64,
    period: i64,
}

impl Window {
    /// 1, 5, 10, 20, 30 or a multiple of 60; the start goes down to a period's beginning.
    fn read(input: &Value, period: &Value) -> Result<Self, ApiError> {
        let time =
            |key: &str| required(input, key).and_then(|value| epoch_seconds(value).ok_or_else(|| invalid(format!("{key} is no time"))));
        let period = period.as_f64().unwrap_or(0.0) as i64;
        if !(matches!(period, 1 | 5 | 10 | 20 | 30) || period > 0 && period % 60 == 0) {
            return Err(invalid("Period is 1, 5, 10, 20, 30 or a multiple of 60"));
        }
        let (from, to) = (time("StartTime")?, time("EndTime")?);
        if from >= to {
            return Err(invalid("StartTime must be before EndTime"));
        }
        let from = from as i64;
        Ok(Self { from: from - from.rem_euclid(period), to: to.ceil() as i64, period })
    }
}

/// GetMetricStatistics.
pub(crate) async fn get_metric_statistics(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let window = Window::read(input, required(input, "Period")?)?;
    if (window.to - window.from) / window.period > POINTS {
        return Err(ApiError::client(
            "InvalidParameterCombinationException",
            format!("more than {POINTS} points: ask for a longer Period or a shorter time"),
        ));
    }
    let statistics: Vec<String> =
        required(input, "Statistics")?.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let unit = input.get("Unit").and_then(Value::as_str).map(str::to_owned);
    let label = text(input, "MetricName")?;
    let key = SeriesKey {
        namespace: text(input, "Namespace")?,
        name: label.clone(),
        dimensions: canonical_dimensions(input.get("Dimensions"))?,
        unit,
    };
    let read = storage.read(move |connection| {
        let mut read = Vec::new();
        for unit in units(connection, &key)? {
            let of_unit = SeriesKey { unit: Some(unit.clone()), ..key.clone() };
            let points = points(connection, &of_unit, window.from, window.to, window.period)?;
            read.extend(points.into_iter().map(|point| (point, unit.clone())));
        }
        Ok(read)
    });
    let datapoints = read.await?.iter().map(|(point, unit)| datapoint(point, &statistics, unit)).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "Label": label, "Datapoints": datapoints }))
}

fn datapoint(point: &Point, statistics: &[String], unit: &str) -> Result<Value, ApiError> {
    let mut datapoint = Map::new();
    datapoint.insert("Timestamp".into(), json!(point.start));
    datapoint.insert("Unit".into(), json!(unit));
    for statistic in statistics {
        let value = point.statistic(statistic).ok_or_else(|| not_basic(statistic))?;
        datapoint.insert(statistic.clone(), json!(value));
    }
    Ok(Value::Object(datapoint))
}

fn not_basic(statistic: &str) -> ApiError {
    invalid(format!("the statistic `{statistic}` is not served yet; there are SampleCount, Sum, Average, Minimum and Maximum"))
}

/// GetMetricData.
pub(crate) async fn get_metric_data(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let queries = required(input, "MetricDataQueries")?.as_array().ok_or_else(|| invalid("MetricDataQueries is not a list"))?;
    if queries.len() > QUERIES {
        return Err(invalid(format!("more than {QUERIES} MetricDataQueries")));
    }
    let is_ascending = input.get("ScanBy").and_then(Value::as_str) == Some("TimestampAscending");
    let mut results = Vec::new();
    for query in queries {
        let result = series(storage, input, query, is_ascending).await?;
        if query.get("ReturnData").and_then(Value::as_bool).unwrap_or(true) {
            results.push(result);
        }
    }
    Ok(json!({ "MetricDataResults": results, "Messages": [] }))
}

async fn series(storage: &Storage, input: &Value, query: &Value, is_ascending: bool) -> Result<Value, ApiError> {
    let id = text(query, "Id")?;
    if !id.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err(invalid(format!("the Id `{id}` does not begin with a lower-case letter")));
    }
    let stat = query.get("MetricStat").ok_or_else(|| invalid(format!("{id}: expressions are not served yet, give a MetricStat")))?;
    let metric = required(stat, "Metric")?;
    let window = Window::read(input, required(stat, "Period")?)?;
    let statistic = text(stat, "Stat")?;
    let name = text(metric, "MetricName")?;
    let unit = stat.get("Unit").and_then(Value::as_str).map(str::to_owned);
    let key = SeriesKey {
        namespace: text(metric, "Namespace")?,
        name: name.clone(),
        dimensions: canonical_dimensions(metric.get("Dimensions"))?,
        unit,
    };
    let mut read = storage.read(move |connection| points(connection, &key, window.from, window.to, window.period)).await?;
    if !is_ascending {
        read.reverse();
    }
    let values =
        read.iter().map(|point| point.statistic(&statistic).ok_or_else(|| not_basic(&statistic))).collect::<Result<Vec<_>, _>>()?;
    let label = query.get("Label").and_then(Value::as_str).unwrap_or(&name);
    let times: Vec<i64> = read.iter().map(|point| point.start).collect();
    Ok(json!({ "Id": id, "Label": label, "Timestamps": times, "Values": values, "StatusCode": "Complete" }))
}
