//! PutTelemetryRecords: how the agents are doing.

use serde_json::{Value, json};

use crate::clock::now;
use crate::protocol::ApiError;
use crate::storage::Storage;

/// Keeps the newest record of each agent.
pub(crate) async fn put_telemetry_records(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let records = input.get("TelemetryRecords").and_then(Value::as_array);
    let records = records.ok_or_else(|| ApiError::invalid_request("TelemetryRecords is required"))?;
    let text = |key: &str| input.get(key).and_then(Value::as_str).unwrap_or_default();
    let source = format!("{} {} {}", text("Hostname"), text("EC2InstanceId"), text("ResourceARN")).trim().to_owned();
    if let Some(newest) = records.last().map(Value::to_string) {
        let put = "INSERT INTO agent (source, record, received) VALUES (?1, ?2, ?3)
            ON CONFLICT (source) DO UPDATE SET record = excluded.record, received = excluded.received";
        storage.write(move |transaction| transaction.execute(put, (source, newest, now()))).await?;
    }
    Ok(json!({}))
}
