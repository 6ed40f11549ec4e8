//! What only the body of a request tells: tables of batches, counts, settings.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use telemetry_wire::Aws;

use super::attributes::{SHOWN_SCALARS, more, snake_case};

/// Larger bodies are not looked at: reading them would cost more than the call is worth.
const LARGEST: usize = 64 * 1024;

/// Adds what a body of JSON tells. Other bodies tell nothing.
pub(super) fn describe(aws: &mut Aws, body: Option<&[u8]>) {
    let Some(body) = body.filter(|body| body.first() == Some(&b'{') && body.len() <= LARGEST) else { return };
    let Ok(members) = serde_json::from_slice::<Map<String, Value>>(body) else { return };
    for name in SHOWN_SCALARS {
        if let Some(value) = members.get(name).filter(|value| value.is_number() || value.is_boolean()) {
            more(aws, &snake_case(name), value.clone());
        }
    }
    if aws.table_name.is_none() {
        aws.table_names = tables(&members);
    }
    match members.get("Entries").and_then(Value::as_array) {
        Some(entries) if aws.queue_url.is_some() => more(aws, "message_count", entries.len().into()),
        Some(entries) => {
            let buses: BTreeSet<&str> = entries.iter().filter_map(|entry| entry.get("EventBusName")?.as_str()).collect();
            if !buses.is_empty() {
                aws.resource_names = buses.into_iter().map(str::to_owned).collect();
            }
        }
        None => {}
    }
}

/// The tables of DynamoDB's batches and transactions.
fn tables(members: &Map<String, Value>) -> Vec<String> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    if let Some(tables) = members.get("RequestItems").and_then(Value::as_object) {
        names.extend(tables.keys().cloned());
    }
    let actions = members.get("TransactItems").and_then(Value::as_array).into_iter().flatten();
    for action in actions.filter_map(Value::as_object).flat_map(Map::values) {
        names.extend(action.get("TableName").and_then(Value::as_str).map(str::to_owned));
    }
    names.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(body: &str) -> Aws {
        let mut aws = Aws::default();
        describe(&mut aws, Some(body.as_bytes()));
        aws
    }

    #[test]
    fn batches_and_transactions_name_their_tables() {
        assert_eq!(described(r#"{"RequestItems":{"b":[],"a":[]}}"#).table_names, ["a", "b"]);
        assert_eq!(described(r#"{"TransactItems":[{"Put":{"TableName":"t","Item":{"id":{"S":"s3cret"}}}}]}"#).table_names, ["t"]);
        assert_eq!(described(r#"{"Entries":[{"EventBusName":"orders"},{}]}"#).resource_names, ["orders"]);
    }

    #[test]
    fn settings_are_shown_and_values_are_not() {
        let aws = described(r#"{"TableName":"t","ConsistentRead":true,"Limit":5,"Key":{"id":{"S":"s3cret"}},"Segment":"s3cret"}"#);
        assert_eq!((&aws.more["consistent_read"], &aws.more["limit"]), (&true.into(), &5.into()));
        assert!(!format!("{aws:?}").contains("s3cret"));
    }

    #[test]
    fn broken_bodies_tell_nothing() {
        assert_eq!(
            [described("{\"Limit\":"), described("Action=Publish"), described("")],
            [Aws::default(), Aws::default(), Aws::default()]
        );
    }
}
