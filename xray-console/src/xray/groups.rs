//! Groups: filter expressions with a name. Here they are evaluated when they are asked for, in AWS when a trace arrives.

use rusqlite::params;
use serde_json::{Value, json};
use telemetry_rules::filter::Expression;

use crate::protocol::ApiError;
use crate::storage::Storage;

fn arn(name: &str) -> String {
    format!("arn:aws:xray:us-east-1:000000000000:group/{name}/LOCAL")
}

fn text<'a>(input: &'a Value, key: &str) -> Option<&'a str> {
    input.get(key).and_then(Value::as_str)
}

/// The name in a call, by itself or in an ARN.
fn name_of(input: &Value) -> Result<String, ApiError> {
    let name = text(input, "GroupName").or_else(|| text(input, "GroupARN").and_then(|arn| arn.split('/').nth(1)));
    name.map(str::to_owned).ok_or_else(|| ApiError::invalid_request("GroupName or GroupARN is required"))
}

async fn stored(storage: &Storage) -> Result<Vec<Value>, ApiError> {
    let records = storage.read(|connection| {
        let mut statement = connection.prepare_cached("SELECT record FROM trace_group ORDER BY name")?;
        let records = statement.query_map([], |row| row.get::<_, String>(0))?;
        records.collect::<rusqlite::Result<Vec<String>>>()
    });
    Ok(records.await?.iter().filter_map(|record| serde_json::from_str(record).ok()).collect())
}

async fn find(storage: &Storage, name: &str) -> Result<Option<Value>, ApiError> {
    Ok(stored(storage).await?.into_iter().find(|group| group["GroupName"] == name))
}

async fn known(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let name = name_of(input)?;
    find(storage, &name).await?.ok_or_else(|| ApiError::invalid_request(format!("there is no group named {name}")))
}

async fn save(storage: &Storage, group: Value) -> Result<Value, ApiError> {
    let (name, record) = (group["GroupName"].as_str().unwrap_or_default().to_owned(), group.to_string());
    storage
        .write(move |transaction| transaction.execute("INSERT OR REPLACE INTO trace_group VALUES (?1, ?2)", params![name, record]))
        .await?;
    Ok(json!({ "Group": group }))
}

fn checked_filter(input: &Value) -> Result<String, ApiError> {
    let filter = text(input, "FilterExpression").unwrap_or_default();
    if !filter.trim().is_empty() {
        Expression::parse(filter).map_err(|error| ApiError::invalid_request(format!("FilterExpression: {error}")))?;
    }
    Ok(filter.to_owned())
}

/// CreateGroup.
pub(crate) async fn create_group(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let name = text(input, "GroupName").unwrap_or_default();
    if name.is_empty() || name.chars().count() > 32 {
        return Err(ApiError::invalid_request("GroupName must have 1 to 32 characters"));
    }
    if find(storage, name).await?.is_some() {
        return Err(ApiError::invalid_request(format!("a group named {name} exists already")));
    }
    let insights =
        input.get("InsightsConfiguration").cloned().unwrap_or_else(|| json!({ "InsightsEnabled": false, "NotificationsEnabled": false }));
    let group =
        json!({ "GroupName": name, "GroupARN": arn(name), "FilterExpression": checked_filter(input)?, "InsightsConfiguration": insights });
    save(storage, group).await
}

/// UpdateGroup: what the update leaves out stays.
pub(crate) async fn update_group(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let mut group = known(storage, input).await?;
    if input.get("FilterExpression").is_some() {
        group["FilterExpression"] = json!(checked_filter(input)?);
    }
    if let Some(insights) = input.get("InsightsConfiguration") {
        group["InsightsConfiguration"] = insights.clone();
    }
    save(storage, group).await
}

/// DeleteGroup.
pub(crate) async fn delete_group(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let name = known(storage, input).await?["GroupName"].as_str().unwrap_or_default().to_owned();
    storage.write(move |transaction| transaction.execute("DELETE FROM trace_group WHERE name = ?1", [name])).await?;
    Ok(json!({}))
}

/// GetGroup.
pub(crate) async fn get_group(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    Ok(json!({ "Group": known(storage, input).await? }))
}

/// GetGroups.
pub(crate) async fn get_groups(storage: &Storage) -> Result<Value, ApiError> {
    Ok(json!({ "Groups": stored(storage).await? }))
}

/// All groups that have an expression: name, ARN, expression.
pub(super) async fn expressions(storage: &Storage) -> Result<Vec<(String, String, Expression)>, ApiError> {
    let group = |group: &Value| {
        let expression = Expression::parse(text(group, "FilterExpression")?).ok()?;
        Some((text(group, "GroupName")?.to_owned(), text(group, "GroupARN")?.to_owned(), expression))
    };
    Ok(stored(storage).await?.iter().filter_map(group).collect())
}

/// The filter of the group that a call names; `None` when it names none, or one without a filter.
pub(super) async fn filter_of(storage: &Storage, input: &Value) -> Result<Option<Expression>, ApiError> {
    if input.get("GroupName").is_none() && input.get("GroupARN").is_none() {
        return Ok(None);
    }
    let group = known(storage, input).await?;
    Ok(text(&group, "FilterExpression").and_then(|filter| Expression::parse(filter).ok()))
}
