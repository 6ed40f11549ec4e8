//! Groups and streams.

use rusqlite::OptionalExtension as _;
use serde_json::{Value, json};

use crate::clock::now_millis;
use crate::protocol::ApiError;
use crate::storage::{Storage, StorageError};

/// Items per page of the Describe operations.
const PAGE: usize = 50;

/// A group's name: 1 to 512 of `[.-_/#A-Za-z0-9]`, not beginning with `aws/`.
pub(super) fn group_name(input: &Value) -> Result<String, ApiError> {
    if input.get("logGroupName").is_some() && input.get("logGroupIdentifier").is_some() {
        return Err(ApiError::invalid_parameter("LogGroup name and LogGroup ARN are mutually exclusive parameters."));
    }
    let name = input.get("logGroupName").or_else(|| input.get("logGroupIdentifier")).and_then(Value::as_str).unwrap_or_default();
    let name = name.rsplit("log-group:").next().unwrap_or(name).trim_end_matches(":*");
    let is_name = (1..=512).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_/#".contains(&byte))
        && !name.starts_with("aws/");
    if is_name {
        Ok(name.to_owned())
    } else {
        Err(ApiError::invalid_parameter(format!(
            "`{name}` is no log group name: 1 to 512 letters, digits and . - _ / #, not beginning with aws/"
        )))
    }
}

/// A stream's name: 1 to 512 characters without `:` and `*`.
pub(super) fn stream_name(input: &Value) -> Result<String, ApiError> {
    let name = input.get("logStreamName").and_then(Value::as_str).unwrap_or_default();
    if (1..=512).contains(&name.chars().count()) && !name.contains([':', '*']) {
        Ok(name.to_owned())
    } else {
        Err(ApiError::invalid_parameter(format!("`{name}` is no log stream name: 1 to 512 characters without : and *")))
    }
}

pub(super) fn not_found(what: &str) -> ApiError {
    ApiError::client("ResourceNotFoundException", format!("The specified log {what} does not exist."))
}

fn exists(what: &str) -> ApiError {
    ApiError::client("ResourceAlreadyExistsException", format!("The specified log {what} already exists"))
}

/// CreateLogGroup.
pub(crate) async fn create_log_group(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let name = group_name(input)?;
    let class = input.get("logGroupClass").and_then(Value::as_str).unwrap_or("STANDARD");
    if !["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"].contains(&class) {
        return Err(ApiError::invalid_parameter(format!("logGroupClass is `{class}`, expected STANDARD, INFREQUENT_ACCESS or DELIVERY")));
    }
    let shown = ["kmsKeyId", "logGroupClass", "tags"].into_iter().filter_map(|key| Some((key.to_owned(), input.get(key)?.clone())));
    let record = Value::Object(shown.collect()).to_string();
    let put = move |transaction: &rusqlite::Transaction<'_>| {
        transaction.execute("INSERT OR IGNORE INTO log_group (name, created, record) VALUES (?1, ?2, ?3)", (name, now_millis(), record))
    };
    if storage.write(put).await? == 0 { Err(exists("group")) } else { Ok(json!({})) }
}

/// CreateLogStream.
pub(crate) async fn create_log_stream(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let (group, stream) = (group_name(input)?, stream_name(input)?);
    let put = move |transaction: &rusqlite::Transaction<'_>| {
        let Some(group) = group_id(transaction, &group)? else { return Ok(None) };
        let put = "INSERT OR IGNORE INTO log_stream (log_group, name, created) VALUES (?1, ?2, ?3)";
        transaction.execute(put, (group, stream, now_millis())).map(Some)
    };
    match storage.write(put).await? {
        None => Err(not_found("group")),
        Some(0) => Err(exists("stream")),
        Some(_) => Ok(json!({})),
    }
}

pub(super) fn group_id(connection: &rusqlite::Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    connection.prepare_cached("SELECT id FROM log_group WHERE name = ?1")?.query_row([name], |row| row.get(0)).optional()
}

pub(super) fn stream_id(connection: &rusqlite::Connection, group: i64, name: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM log_stream WHERE log_group = ?1 AND name = ?2")?
        .query_row((group, name), |row| row.get(0))
        .optional()
}

/// All groups by name.
pub(crate) async fn group_names(storage: &Storage) -> Result<Vec<(String, i64)>, StorageError> {
    let read = |connection: &rusqlite::Connection| {
        let mut statement = connection.prepare_cached("SELECT name, created FROM log_group ORDER BY name")?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    };
    storage.read(read).await
}

/// DescribeLogGroups.
pub(crate) async fn describe_log_groups(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let text = |key: &str| input.get(key).and_then(Value::as_str);
    let (prefix, pattern, class) = (text("logGroupNamePrefix"), text("logGroupNamePattern"), text("logGroupClass"));
    if prefix.is_some() && pattern.is_some() {
        return Err(ApiError::invalid_parameter("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."));
    }
    let read = |connection: &rusqlite::Connection| {
        let mut statement = connection.prepare_cached("SELECT name, created, record FROM log_group ORDER BY name")?;
        statement.query_map([], |row| Ok(described(row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<rusqlite::Result<Vec<Value>>>()
    };
    let is_asked_for = |group: &Value| {
        let name = group["logGroupName"].as_str().unwrap_or_default();
        prefix.is_none_or(|prefix| name.starts_with(prefix))
            && pattern.is_none_or(|pattern| name.to_lowercase().contains(&pattern.to_lowercase()))
            && class.is_none_or(|class| group["logGroupClass"] == class)
    };
    let mut groups = storage.read(read).await?;
    groups.retain(is_asked_for);
    page("logGroups", groups, input)
}

fn described(name: String, created: i64, record: String) -> Value {
    let arn = format!("arn:aws:logs:us-east-1:000000000000:log-group:{name}");
    let mut group = json!({ "logGroupName": name, "creationTime": created, "arn": format!("{arn}:*"), "logGroupArn": arn, "storedBytes": 0,
        "metricFilterCount": 0, "logGroupClass": "STANDARD" });
    let record: Value = serde_json::from_str(&record).unwrap_or_default();
    for key in ["kmsKeyId", "logGroupClass", "retentionInDays"] {
        if let Some(value) = record.get(key) {
            group[key] = value.clone();
        }
    }
    group
}

/// DescribeLogStreams.
pub(crate) async fn describe_log_streams(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let group = group_name(input)?;
    let prefix = input.get("logStreamNamePrefix").and_then(Value::as_str).unwrap_or_default().to_owned();
    let by_time = match input.get("orderBy").and_then(Value::as_str) {
        None | Some("LogStreamName") => false,
        Some("LastEventTime") => true,
        Some(other) => return Err(ApiError::invalid_parameter(format!("orderBy is `{other}`, expected LogStreamName or LastEventTime"))),
    };
    if by_time && !prefix.is_empty() {
        return Err(ApiError::invalid_parameter("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let read = move |connection: &rusqlite::Connection| {
        let Some(id) = group_id(connection, &group)? else { return Ok(None) };
        let order = if by_time { "last_event" } else { "name" };
        let mut statement = connection.prepare(&format!(
            "SELECT name, created, first_event, last_event, last_ingestion FROM log_stream WHERE log_group = ?1 ORDER BY {order}"
        ))?;
        let streams = statement.query_map([id], |row| {
            let name: String = row.get(0)?;
            let arn = format!("arn:aws:logs:us-east-1:000000000000:log-group:{group}:log-stream:{name}");
            Ok(json!({ "logStreamName": name, "arn": arn, "creationTime": row.get::<_, i64>(1)?, "firstEventTimestamp": row.get::<_, Option<i64>>(2)?,
                "lastEventTimestamp": row.get::<_, Option<i64>>(3)?, "lastIngestionTime": row.get::<_, Option<i64>>(4)?, "storedBytes": 0 }))
        })?;
        streams.collect::<rusqlite::Result<Vec<Value>>>().map(Some)
    };
    let mut streams = storage.read(read).await?.ok_or_else(|| not_found("group"))?;
    streams.retain(|stream| stream["logStreamName"].as_str().is_some_and(|name| name.starts_with(&prefix)));
    if input.get("descending").and_then(Value::as_bool) == Some(true) {
        streams.reverse();
    }
    page("logStreams", streams, input)
}

/// A page's items, at most `most`, which is the default too.
pub(super) fn limit_of(input: &Value, most: usize) -> Result<usize, ApiError> {
    match input.get("limit").filter(|limit| !limit.is_null()).map(Value::as_u64) {
        None => Ok(most),
        Some(Some(limit)) if (1..=most as u64).contains(&limit) => Ok(limit as usize),
        Some(_) => Err(ApiError::invalid_parameter(format!("limit must be from 1 to {most}"))),
    }
}

fn page(key: &str, items: Vec<Value>, input: &Value) -> Result<Value, ApiError> {
    let limit = limit_of(input, PAGE)?;
    let skip: usize = match input.get("nextToken").and_then(Value::as_str) {
        None => 0,
        Some(token) => token.parse().map_err(|_| ApiError::invalid_parameter("The specified nextToken is invalid."))?,
    };
    let mut output = json!({ key: items.iter().skip(skip).take(limit).collect::<Vec<_>>() });
    if skip + limit < items.len() {
        output["nextToken"] = json!((skip + limit).to_string());
    }
    Ok(output)
}
