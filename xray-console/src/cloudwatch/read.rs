//! GetMetricStatistics and GetMetricData, basic statistics.

use std::collections::BTreeSet;

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
    if input.get("ExtendedStatistics").is_some() {
        return Err(invalid("ExtendedStatistics (percentiles) are not served yet; use Statistics"));
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
    let is_ascending = match input.get("ScanBy").and_then(Value::as_str) {
        None | Some("TimestampDescending") => false,
        Some("TimestampAscending") => true,
        Some(other) => return Err(invalid(format!("ScanBy is `{other}`, expected TimestampAscending or TimestampDescending"))),
    };
    let mut ids = BTreeSet::new();
    for query in queries {
        let id = text(query, "Id")?;
        if !ids.insert(id.clone()) {
            let message = format!("The values for parameter id in MetricDataQueries are not unique: `{id}` is there twice.");
            return Err(ApiError::client("ValidationError", message));
        }
    }
    let labels = labels(queries);
    let mut results = Vec::new();
    for (query, label) in queries.iter().zip(labels) {
        let result = series(storage, input, (query, label), is_ascending).await?;
        if query.get("ReturnData").and_then(Value::as_bool).unwrap_or(true) {
            results.push(result);
        }
    }
    page(results, input)
}

/// Points of one answer.
const ANSWER: usize = 100_800;

/// Cuts the results to as many points as were asked for; the token is how many were given.
fn page(mut results: Vec<Value>, input: &Value) -> Result<Value, ApiError> {
    let most = match input.get("MaxDatapoints").filter(|most| !most.is_null()).map(Value::as_f64) {
        None => ANSWER,
        Some(Some(most)) if (1.0..=ANSWER as f64).contains(&most) => most as usize,
        Some(_) => return Err(invalid(format!("MaxDatapoints must be from 1 to {ANSWER}"))),
    };
    let given: usize = match input.get("NextToken").and_then(Value::as_str) {
        None => 0,
        Some(token) => token.parse().map_err(|_| ApiError::client("InvalidNextToken", "NextToken is none of ours"))?,
    };
    let (mut at, end, mut is_cut) = (0, given + most, false);
    for result in &mut results {
        let length = result["Values"].as_array().map_or(0, Vec::len);
        let (from, to) = (given.saturating_sub(at).min(length), end.saturating_sub(at).min(length));
        for key in ["Values", "Timestamps"] {
            if let Some(list) = result[key].as_array_mut() {
                *list = list.drain(from..to).collect();
            }
        }
        if to < length {
            result["StatusCode"] = json!("PartialData");
            is_cut = true;
        }
        at += length;
    }
    let mut output = json!({ "MetricDataResults": results, "Messages": [] });
    if is_cut {
        output["NextToken"] = json!(end.to_string());
    }
    Ok(output)
}

/// The label of each query: its own, else the metric's name, with the statistic and the period where the queries of that name differ in them.
fn labels(queries: &[Value]) -> Vec<String> {
    let text = |query: &Value, path: &str| match query.pointer(path) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.as_f64().map_or_else(String::new, |number| number.to_string()),
        _ => String::new(),
    };
    let name_of = |query: &Value| text(query, "/MetricStat/Metric/MetricName");
    let label = |query: &Value| {
        if let Some(label) = query.get("Label").and_then(Value::as_str) {
            return label.to_owned();
        }
        let name = name_of(query);
        let differs = |path: &&str| {
            let own = text(query, path);
            queries.iter().any(|other| name_of(other) == name && text(other, path) != own)
        };
        let parts = ["/MetricStat/Stat", "/MetricStat/Period"].into_iter().filter(differs).map(|path| text(query, path));
        [name.clone()].into_iter().chain(parts).collect::<Vec<_>>().join(" ")
    };
    queries.iter().map(label).collect()
}

async fn series(storage: &Storage, input: &Value, (query, label): (&Value, String), is_ascending: bool) -> Result<Value, ApiError> {
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
    let key = SeriesKey { namespace: text(metric, "Namespace")?, name, dimensions: canonical_dimensions(metric.get("Dimensions"))?, unit };
    let mut read = storage.read(move |connection| points(connection, &key, window.from, window.to, window.period)).await?;
    if !is_ascending {
        read.reverse();
    }
    let values =
        read.iter().map(|point| point.statistic(&statistic).ok_or_else(|| not_basic(&statistic))).collect::<Result<Vec<_>, _>>()?;
    let times: Vec<i64> = read.iter().map(|point| point.start).collect();
    Ok(json!({ "Id": id, "Label": label, "Timestamps": times, "Values": values, "StatusCode": "Complete" }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::now;
    use crate::cloudwatch::put_metric_data;

    fn query(id: &str, stat: &str, period: u32) -> Value {
        json!({ "Id": id, "MetricStat": { "Metric": { "Namespace": "Shop", "MetricName": "metric1" }, "Period": period, "Stat": stat } })
    }

    /// The shapes of answers recorded from CloudWatch.
    #[test]
    fn a_label_has_what_tells_it_from_the_others() {
        let of = |pairs: [(&str, u32); 2]| labels(&pairs.map(|(stat, period)| query("a", stat, period)));
        assert_eq!(of([("Sum", 60), ("Minimum", 30)]), ["metric1 Sum 60", "metric1 Minimum 30"]);
        assert_eq!(of([("Sum", 60), ("Minimum", 60)]), ["metric1 Sum", "metric1 Minimum"]);
        assert_eq!(of([("Sum", 60), ("Sum", 30)]), ["metric1 60", "metric1 30"]);
        assert_eq!(of([("Sum", 60), ("Sum", 60)]), ["metric1", "metric1"]);
    }

    #[tokio::test]
    async fn answers_are_cut_at_the_points_that_were_asked_for_and_go_on_behind_the_token() {
        let storage = Storage::open(None, 1 << 30).unwrap();
        let end = (now() / 60.0).floor() * 60.0;
        let data: Vec<Value> = (0..15)
            .map(|minute| json!({ "MetricName": "metric1", "Value": minute, "Timestamp": end - 60.0 * f64::from(minute) }))
            .collect();
        put_metric_data(&storage, &json!({ "Namespace": "Shop", "MetricData": data })).await.unwrap();
        let (mut token, mut sums, mut answers) = (Value::Null, Vec::new(), 0);
        loop {
            let input = json!({ "MetricDataQueries": [query("a", "Sum", 60), query("b", "Maximum", 60)], "StartTime": end - 3_600.0, "EndTime": end + 60.0,
                "MaxDatapoints": 10, "NextToken": token });
            let output = get_metric_data(&storage, &input).await.unwrap();
            let results = output["MetricDataResults"].as_array().unwrap();
            let points: usize = results.iter().map(|result| result["Values"].as_array().unwrap().len()).sum();
            assert!(points <= 10);
            sums.extend(results.iter().flat_map(|result| result["Values"].as_array().unwrap().clone()));
            answers += 1;
            token = output["NextToken"].clone();
            if token.is_null() {
                break;
            }
        }
        assert_eq!((sums.len(), answers), (30, 3));
        let twice = json!({ "MetricDataQueries": [query("a", "Sum", 60), query("a", "Sum", 60)], "StartTime": 0, "EndTime": 1 });
        assert_eq!(get_metric_data(&storage, &twice).await.unwrap_err().code, "ValidationError");
    }

    #[tokio::test]
    async fn contradictory_data_are_refused() {
        let storage = Storage::open(None, 1 << 30).unwrap();
        let put = async |namespace: &str, datum: Value| {
            let input = json!({ "Namespace": namespace, "MetricData": [datum] });
            put_metric_data(&storage, &input).await.map(|_| ()).map_err(|error| error.code)
        };
        let combination = Err("InvalidParameterCombinationException");
        let set = |count: f64, min: f64| json!({ "SampleCount": count, "Sum": 1, "Minimum": min, "Maximum": 2 });
        assert_eq!(put("Shop", json!({ "MetricName": "a", "Value": 1, "Values": [1] })).await, combination);
        assert_eq!(put("Shop", json!({ "MetricName": "a", "Value": 1, "StatisticValues": set(1.0, 1.0) })).await, combination);
        let invalid = Err("InvalidParameterValueException");
        let dimension = |name: String| json!([{ "Name": name, "Value": "v" }]);
        for datum in [
            json!({ "MetricName": "a", "Values": [1], "Counts": [-1] }),
            json!({ "MetricName": "a", "StatisticValues": set(0.0, 1.0) }),
            json!({ "MetricName": "a", "StatisticValues": set(1.0, 3.0) }),
            json!({ "MetricName": "a", "Value": 1, "Dimensions": dimension("n".repeat(256)) }),
            json!({ "MetricName": "a", "Value": 1, "Dimensions": [{ "Name": "n", "Value": "v" }, { "Name": "n", "Value": "w" }] }),
        ] {
            assert_eq!(put("Shop", datum.clone()).await, invalid, "{datum}");
        }
        assert_eq!(put("AWS/EC2", json!({ "MetricName": "a", "Value": 1 })).await, invalid);
        assert_eq!(put("Shop", json!({ "MetricName": "a", "Value": 1, "Dimensions": dimension("n".repeat(255)) })).await, Ok(()));
    }
}
