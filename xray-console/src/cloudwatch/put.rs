//! PutMetricData, with the service's rules: one bad datum fails the whole call.

use serde_json::{Value, json};

use super::series::{Point, SeriesKey, canonical_dimensions};
use crate::clock::now;
use crate::protocol::ApiError;
use crate::storage::Storage;

const METRICS: usize = 1_000;
const VALUES: usize = 150;
const DIMENSIONS: usize = 30;
const NAME_CHARS: usize = 255;
/// Two weeks, in seconds.
const OLDEST: f64 = 14.0 * 86_400.0;
/// Two hours, in seconds.
const NEWEST: f64 = 2.0 * 3_600.0;
/// Beyond this the service refuses a value.
const LARGEST: f64 = 2.348_542_582_773_833_4e108;

const UNITS: &str = "Seconds Microseconds Milliseconds Bytes Kilobytes Megabytes Gigabytes Terabytes Bits Kilobits Megabits Gigabits Terabits \
    Percent Count Bytes/Second Kilobytes/Second Megabytes/Second Gigabytes/Second Terabytes/Second Bits/Second Kilobits/Second Megabits/Second \
    Gigabits/Second Terabits/Second Count/Second None";

/// Stores the data. Also returns how many data there were, for the page.
pub(crate) async fn put_metric_data(storage: &Storage, input: &Value) -> Result<(Value, usize), ApiError> {
    let namespace = input.get("Namespace").and_then(Value::as_str).ok_or_else(|| missing("Namespace"))?;
    if namespace.is_empty() || namespace.len() > NAME_CHARS || namespace.starts_with(':') || !namespace.is_ascii() {
        return Err(invalid("Namespace is 1 to 255 ASCII characters and does not begin with a colon"));
    }
    if namespace.starts_with("AWS/") {
        return Err(invalid("The value AWS/ for parameter Namespace is invalid: it is reserved for AWS"));
    }
    if input.get("EntityMetricData").is_some() {
        return Err(invalid("EntityMetricData is not served here; use MetricData"));
    }
    let data = input.get("MetricData").and_then(Value::as_array).ok_or_else(|| missing("MetricData"))?;
    if data.len() > METRICS {
        return Err(invalid(format!("MetricData has {} members, at most {METRICS} are allowed", data.len())));
    }
    let read: Vec<(SeriesKey, Point)> = data.iter().enumerate().map(|(at, datum)| read(namespace, at, datum)).collect::<Result<_, _>>()?;
    let count = read.len();
    storage.write(move |transaction| store(transaction, &read)).await?;
    Ok((json!({}), count))
}

fn missing(what: &str) -> ApiError {
    ApiError::client("MissingRequiredParameterException", format!("The parameter {what} is required."))
}

fn invalid(why: impl Into<String>) -> ApiError {
    ApiError::client("InvalidParameterValueException", why)
}

fn read(namespace: &str, at: usize, datum: &Value) -> Result<(SeriesKey, Point), ApiError> {
    let place = format!("MetricData.member.{}", at + 1);
    let name = datum.get("MetricName").and_then(Value::as_str).filter(|name| !name.is_empty() && name.len() <= NAME_CHARS);
    let name = name.ok_or_else(|| missing(&format!("{place}.MetricName")))?;
    if datum.get("Dimensions").and_then(Value::as_array).is_some_and(|dimensions| dimensions.len() > DIMENSIONS) {
        return Err(invalid(format!("{place}.Dimensions has more than {DIMENSIONS} members")));
    }
    let unit = datum.get("Unit").and_then(Value::as_str).unwrap_or("None");
    if !UNITS.split(' ').any(|known| known == unit) {
        return Err(invalid(format!("{place}.Unit `{unit}` is none of CloudWatch's units")));
    }
    let resolution = match datum.get("StorageResolution").and_then(Value::as_f64).unwrap_or(60.0) {
        1.0 => 1,
        60.0 => 60,
        _ => return Err(invalid(format!("{place}.StorageResolution is 1 or 60"))),
    };
    let timestamp = datum.get("Timestamp").and_then(crate::clock::epoch_seconds).unwrap_or_else(now);
    if timestamp < now() - OLDEST || timestamp > now() + NEWEST {
        return Err(invalid(format!("{place}.Timestamp must not be more than two weeks in the past or two hours in the future")));
    }
    let start = timestamp as i64 / resolution * resolution;
    let key = SeriesKey {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: canonical_dimensions(datum.get("Dimensions"))?,
        unit: Some(unit.to_owned()),
    };
    Ok((key, values(&place, datum, start)?))
}

/// Exactly one of `Value`, `Values` with `Counts`, `StatisticValues`; CloudWatch takes `Values` beside `StatisticValues` and
/// lets the statistics win.
fn values(place: &str, datum: &Value, start: i64) -> Result<Point, ApiError> {
    for other in ["Values", "StatisticValues"] {
        if datum.get("Value").is_some() && datum.get(other).is_some() {
            let message = format!("The parameters {place}.Value and {place}.{other} are mutually exclusive and you have specified both.");
            return Err(ApiError::client("InvalidParameterCombinationException", message));
        }
    }
    let number = |value: &Value| value.as_f64().filter(|number| number.abs() <= LARGEST);
    let not_a_number = |field: &str| invalid(format!("{place}.{field} must be a finite number of at most 2^360"));
    if let Some(statistics) = datum.get("StatisticValues") {
        let field = |key: &str| statistics.get(key).and_then(number).ok_or_else(|| not_a_number(&format!("StatisticValues.{key}")));
        let point = Point { start, count: field("SampleCount")?, sum: field("Sum")?, min: field("Minimum")?, max: field("Maximum")? };
        if point.count <= 0.0 {
            return Err(invalid(format!("{place}.StatisticValues.SampleCount must be greater than 0")));
        }
        if point.min > point.max {
            return Err(invalid(format!("{place}.StatisticValues.Minimum must not be greater than Maximum")));
        }
        return Ok(point);
    }
    if let Some(listed) = datum.get("Values").and_then(Value::as_array) {
        let counts: Option<&Vec<Value>> = datum.get("Counts").and_then(Value::as_array);
        if listed.is_empty() || listed.len() > VALUES || counts.is_some_and(|counts| counts.len() != listed.len()) {
            return Err(invalid(format!("{place}.Values has 1 to {VALUES} members, and Counts as many")));
        }
        let mut point = Point { start, count: 0.0, sum: 0.0, min: f64::MAX, max: f64::MIN };
        for (at, value) in listed.iter().enumerate() {
            let value = number(value).ok_or_else(|| not_a_number("Values"))?;
            let count = counts.and_then(|counts| counts.get(at)).map_or(Some(1.0), Value::as_f64).ok_or_else(|| not_a_number("Counts"))?;
            if count < 0.0 {
                return Err(invalid(format!("{place}.Counts must not have a negative number")));
            }
            point = Point {
                start,
                count: point.count + count,
                sum: point.sum + value * count,
                min: point.min.min(value),
                max: point.max.max(value),
            };
        }
        return Ok(point);
    }
    let value = datum.get("Value").ok_or_else(|| missing(&format!("{place}.Value")))?;
    let value = number(value).ok_or_else(|| not_a_number("Value"))?;
    Ok(Point { start, count: 1.0, sum: value, min: value, max: value })
}

fn store(transaction: &rusqlite::Transaction<'_>, data: &[(SeriesKey, Point)]) -> rusqlite::Result<()> {
    let mut metric = transaction.prepare_cached(
        "INSERT INTO metric (namespace, name, dimensions, unit, updated) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (namespace, name, dimensions, unit) DO UPDATE SET updated = excluded.updated RETURNING id",
    )?;
    let mut datum = transaction.prepare_cached(
        "INSERT INTO datum (metric, start, count, sum, min, max) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (metric, start) DO UPDATE SET count = count + excluded.count, sum = sum + excluded.sum,
         min = min(min, excluded.min), max = max(max, excluded.max)",
    )?;
    for (key, point) in data {
        let id: i64 = metric.query_row((&key.namespace, &key.name, &key.dimensions, &key.unit, now()), |row| row.get(0))?;
        datum.execute((id, point.start, point.count, point.sum, point.min, point.max))?;
    }
    Ok(())
}
