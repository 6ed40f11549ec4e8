//! Reading one metric's points.

use rusqlite::Connection;
use serde_json::Value;

use crate::protocol::ApiError;

/// Names one metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SeriesKey {
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// Sorted pairs as JSON text, so that equal sets are equal texts.
    pub(crate) dimensions: String,
    /// `None` means any unit.
    pub(crate) unit: Option<String>,
}

/// One period.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub(crate) struct Point {
    pub(crate) start: i64,
    pub(crate) count: f64,
    pub(crate) sum: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Point {
    /// A basic statistic by its API name.
    pub(crate) fn statistic(&self, name: &str) -> Option<f64> {
        Some(match name {
            "SampleCount" => self.count,
            "Sum" => self.sum,
            "Average" => self.sum / self.count,
            "Minimum" => self.min,
            "Maximum" => self.max,
            _ => return None,
        })
    }

    fn join(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

/// Reads the list `Dimensions` of an input into its canonical text.
pub(super) fn canonical_dimensions(input: Option<&Value>) -> Result<String, ApiError> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for dimension in input.and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| dimension.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        let invalid = || ApiError::client("InvalidParameterValueException", "a dimension needs a Name and a Value that are not blank");
        let (name, value) = (text("Name").ok_or_else(invalid)?, text("Value").ok_or_else(invalid)?);
        let refuse = |why: &str| Err(ApiError::client("InvalidParameterValueException", format!("the dimension `{name}` {why}")));
        if name.len() > 255 || value.len() > 1_024 || !name.is_ascii() || !value.is_ascii() || name.starts_with(':') {
            return refuse("has a name of more than 255 or a value of more than 1,024 ASCII characters, or begins with a colon");
        }
        if pairs.iter().any(|(known, _)| known == name) {
            return refuse("is there twice");
        }
        pairs.push((name.to_owned(), value.to_owned()));
    }
    pairs.sort();
    Ok(serde_json::json!(pairs).to_string())
}

/// The units under which a metric was put; each is a stream of its own.
pub(super) fn units(connection: &Connection, key: &SeriesKey) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT unit FROM metric WHERE namespace = ?1 AND name = ?2 AND dimensions = ?3 AND (?4 IS NULL OR unit = ?4) ORDER BY unit",
    )?;
    statement.query_map((&key.namespace, &key.name, &key.dimensions, &key.unit), |row| row.get(0))?.collect()
}

/// The points of a window, joined to periods that begin at multiples of `period` seconds.
pub(crate) fn points(connection: &Connection, key: &SeriesKey, from: i64, to: i64, period: i64) -> rusqlite::Result<Vec<Point>> {
    let mut statement = connection.prepare_cached(
        "SELECT d.start, d.count, d.sum, d.min, d.max FROM metric m JOIN datum d ON d.metric = m.id
         WHERE m.namespace = ?1 AND m.name = ?2 AND m.dimensions = ?3 AND (?4 IS NULL OR m.unit = ?4) AND d.start >= ?5 AND d.start < ?6 ORDER BY d.start",
    )?;
    let rows = statement.query_map((&key.namespace, &key.name, &key.dimensions, &key.unit, from, to), |row| {
        Ok(Point { start: row.get(0)?, count: row.get(1)?, sum: row.get(2)?, min: row.get(3)?, max: row.get(4)? })
    })?;
    let mut joined: Vec<Point> = Vec::new();
    for row in rows {
        let point = row?;
        let start = point.start - point.start.rem_euclid(period);
        match joined.last_mut().filter(|last| last.start == start) {
            Some(last) => last.join(&point),
            None => joined.push(Point { start, ..point }),
        }
    }
    Ok(joined)
}
