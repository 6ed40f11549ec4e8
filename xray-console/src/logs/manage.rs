//! What is done to groups and streams as a whole: deletion, retention, tags.

use rusqlite::{OptionalExtension as _, Transaction};
use serde_json::{Map, Value, json};

use super::groups::{group_id, group_name, not_found, stream_id, stream_name};
use crate::clock::now_millis;
use crate::protocol::ApiError;
use crate::storage::Storage;

const DAY: i64 = 86_400_000;
/// Days that the service takes.
const RETENTIONS: [i64; 22] = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];
/// Tags of a group.
const TAGS: usize = 50;

/// DeleteLogGroup: with its streams and lines.
pub(crate) async fn delete_log_group(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let name = group_name(input)?;
    let delete = move |transaction: &Transaction<'_>| {
        let Some(group) = group_id(transaction, &name)? else { return Ok(false) };
        transaction.execute("DELETE FROM log_event WHERE log_group = ?1", [group])?;
        transaction.execute("DELETE FROM log_stream WHERE log_group = ?1", [group])?;
        transaction.execute("DELETE FROM log_group WHERE id = ?1", [group])?;
        Ok(true)
    };
    if storage.write(delete).await? { Ok(json!({})) } else { Err(not_found("group")) }
}

/// DeleteLogStream: with its lines.
pub(crate) async fn delete_log_stream(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let (group, stream) = (group_name(input)?, stream_name(input)?);
    let delete = move |transaction: &Transaction<'_>| {
        let Some(group) = group_id(transaction, &group)? else { return Ok(Err("group")) };
        let Some(stream) = stream_id(transaction, group, &stream)? else { return Ok(Err("stream")) };
        transaction.execute("DELETE FROM log_event WHERE log_group = ?1 AND log_stream = ?2", [group, stream])?;
        transaction.execute("DELETE FROM log_stream WHERE id = ?1", [stream])?;
        Ok(Ok(()))
    };
    storage.write(delete).await?.map_err(not_found)?;
    Ok(json!({}))
}

/// PutRetentionPolicy.
pub(crate) async fn put_retention_policy(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let days = input.get("retentionInDays").and_then(Value::as_i64).filter(|days| RETENTIONS.contains(days));
    let days = days.ok_or_else(|| ApiError::invalid_parameter(format!("retentionInDays is one of {RETENTIONS:?}")))?;
    change(storage, group_name(input)?, move |record| drop(record.insert("retentionInDays".into(), json!(days)))).await
}

/// DeleteRetentionPolicy: lines never expire.
pub(crate) async fn delete_retention_policy(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    change(storage, group_name(input)?, |record| drop(record.remove("retentionInDays"))).await
}

/// TagResource and TagLogGroup.
pub(crate) async fn tag(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let tags = input.get("tags").and_then(Value::as_object).cloned().filter(|tags| !tags.is_empty() && tags.len() <= TAGS);
    let tags = tags.ok_or_else(|| ApiError::invalid_parameter(format!("tags has 1 to {TAGS} members")))?;
    let add = |record: &mut Map<String, Value>| {
        if let Some(known) = record.entry("tags").or_insert_with(|| json!({})).as_object_mut() {
            known.extend(tags);
        }
    };
    change(storage, tagged(input)?, add).await
}

/// UntagResource and UntagLogGroup.
pub(crate) async fn untag(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let keys = input.get("tagKeys").or_else(|| input.get("tags")).and_then(Value::as_array).cloned().unwrap_or_default();
    let take = move |record: &mut Map<String, Value>| {
        if let Some(known) = record.get_mut("tags").and_then(Value::as_object_mut) {
            keys.iter().filter_map(Value::as_str).for_each(|key| drop(known.remove(key)));
        }
    };
    change(storage, tagged(input)?, take).await
}

/// ListTagsForResource and ListTagsLogGroup.
pub(crate) async fn list_tags(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let name = tagged(input)?;
    let read = move |connection: &rusqlite::Connection| {
        connection.query_row("SELECT record FROM log_group WHERE name = ?1", [name], |row| row.get::<_, String>(0)).optional()
    };
    let record = storage.read(read).await?.ok_or_else(|| not_found("group"))?;
    let record: Value = serde_json::from_str(&record).unwrap_or_default();
    Ok(json!({ "tags": record.get("tags").cloned().unwrap_or_else(|| json!({})) }))
}

/// A group by its ARN or by its name.
fn tagged(input: &Value) -> Result<String, ApiError> {
    match input.get("resourceArn") {
        Some(arn) => group_name(&json!({ "logGroupIdentifier": arn })),
        None => group_name(input),
    }
}

async fn change(storage: &Storage, name: String, change: impl FnOnce(&mut Map<String, Value>) + Send + 'static) -> Result<Value, ApiError> {
    let put = move |transaction: &Transaction<'_>| {
        let found = "SELECT id, record FROM log_group WHERE name = ?1";
        let found = transaction.query_row(found, [name], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))).optional()?;
        let Some((group, record)) = found else { return Ok(false) };
        let mut record: Map<String, Value> = serde_json::from_str(&record).unwrap_or_default();
        change(&mut record);
        transaction.execute("UPDATE log_group SET record = ?2 WHERE id = ?1", (group, Value::Object(record).to_string()))?;
        expire(transaction, group)?;
        Ok(true)
    };
    if storage.write(put).await? { Ok(json!({})) } else { Err(not_found("group")) }
}

/// Deletes lines that are older than their group keeps them.
pub(super) fn expire(transaction: &Transaction<'_>, group: i64) -> rusqlite::Result<()> {
    let days = "SELECT json_extract(record, '$.retentionInDays') FROM log_group WHERE id = ?1";
    let days: Option<i64> = transaction.prepare_cached(days)?.query_row([group], |row| row.get(0))?;
    if let Some(days) = days {
        let delete = "DELETE FROM log_event WHERE log_group = ?1 AND timestamp < ?2";
        transaction.prepare_cached(delete)?.execute((group, now_millis() - days * DAY))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{create_log_group, create_log_stream, describe_log_groups, describe_log_streams, filter_log_events, put_log_events};

    async fn with_lines() -> Storage {
        let storage = Storage::open(None, 1 << 30).unwrap();
        let group =
            json!({ "logGroupName": "/a", "tags": { "k": "v" }, "kmsKeyId": "arn:aws:kms:key", "logGroupClass": "INFREQUENT_ACCESS" });
        create_log_group(&storage, &group).await.unwrap();
        create_log_group(&storage, &json!({ "logGroupName": "/b/one" })).await.unwrap();
        for stream in ["s", "t"] {
            create_log_stream(&storage, &json!({ "logGroupName": "/a", "logStreamName": stream })).await.unwrap();
            for age in [3 * DAY, 0] {
                let event = json!({ "timestamp": now_millis() - age, "message": format!("{stream} {age}") });
                let put = json!({ "logGroupName": "/a", "logStreamName": stream, "logEvents": [event] });
                put_log_events(&storage, &put).await.unwrap();
            }
        }
        storage
    }

    async fn messages(storage: &Storage) -> Vec<String> {
        let found = filter_log_events(storage, &json!({ "logGroupName": "/a" })).await.unwrap();
        found["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap().to_owned()).collect()
    }

    #[tokio::test]
    async fn a_group_shows_what_it_was_made_with_and_its_tags_change() {
        let storage = with_lines().await;
        let described = describe_log_groups(&storage, &json!({ "logGroupNamePattern": "a" })).await.unwrap();
        let group = &described["logGroups"][0];
        assert_eq!((&group["kmsKeyId"], &group["logGroupClass"]), (&json!("arn:aws:kms:key"), &json!("INFREQUENT_ACCESS")));
        let arn = json!({ "resourceArn": group["logGroupArn"], "tags": { "l": "w" }, "tagKeys": ["k"] });
        tag(&storage, &arn).await.unwrap();
        assert_eq!(list_tags(&storage, &arn).await.unwrap(), json!({ "tags": { "k": "v", "l": "w" } }));
        untag(&storage, &arn).await.unwrap();
        assert_eq!(list_tags(&storage, &json!({ "logGroupName": "/a" })).await.unwrap(), json!({ "tags": { "l": "w" } }));
        let pattern = describe_log_groups(&storage, &json!({ "logGroupNamePattern": "/b" })).await.unwrap();
        assert_eq!(pattern["logGroups"].as_array().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn lines_expire_and_streams_and_groups_are_deleted_with_theirs() {
        let storage = with_lines().await;
        assert_eq!(messages(&storage).await.len(), 4);
        put_retention_policy(&storage, &json!({ "logGroupName": "/a", "retentionInDays": 1 })).await.unwrap();
        assert_eq!(messages(&storage).await, ["s 0", "t 0"]);
        assert!(put_retention_policy(&storage, &json!({ "logGroupName": "/a", "retentionInDays": 2 })).await.is_err());
        delete_log_stream(&storage, &json!({ "logGroupName": "/a", "logStreamName": "s" })).await.unwrap();
        assert_eq!(messages(&storage).await, ["t 0"]);
        let streams = describe_log_streams(&storage, &json!({ "logGroupName": "/a" })).await.unwrap();
        assert_eq!(streams["logStreams"].as_array().unwrap().len(), 1);
        delete_log_group(&storage, &json!({ "logGroupName": "/a" })).await.unwrap();
        assert_eq!(delete_log_group(&storage, &json!({ "logGroupName": "/a" })).await.unwrap_err().code, "ResourceNotFoundException");
        assert!(filter_log_events(&storage, &json!({ "logGroupName": "/a" })).await.is_err());
    }

    #[tokio::test]
    async fn contradictory_and_excessive_members_are_refused() {
        let storage = with_lines().await;
        let filter = async |more: Value| {
            let mut input = json!({ "logGroupName": "/a" });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            filter_log_events(&storage, &input).await.map_err(|error| error.code)
        };
        for wrong in [
            json!({ "logStreamNames": ["s"], "logStreamNamePrefix": "s" }),
            json!({ "limit": 0 }),
            json!({ "limit": 10_001 }),
            json!({ "startTime": 2, "endTime": 1 }),
            json!({ "logGroupIdentifier": "/a" }),
        ] {
            assert_eq!(filter(wrong.clone()).await, Err("InvalidParameterException"), "{wrong}");
        }
        assert_eq!(filter(json!({ "logStreamNames": ["nowhere"] })).await, Err("ResourceNotFoundException"));
        assert!(filter(json!({ "logStreamNames": ["s"], "limit": 10_000 })).await.is_ok());
        for wrong in
            [json!({ "orderBy": "sth" }), json!({ "orderBy": "LastEventTime", "logStreamNamePrefix": "s" }), json!({ "limit": 51 })]
        {
            let mut input = wrong.clone();
            input["logGroupName"] = json!("/a");
            assert!(describe_log_streams(&storage, &input).await.is_err(), "{wrong}");
        }
        for wrong in [json!({ "limit": 51 }), json!({ "logGroupNamePrefix": "/", "logGroupNamePattern": "a" })] {
            assert!(describe_log_groups(&storage, &wrong).await.is_err(), "{wrong}");
        }
    }
}
