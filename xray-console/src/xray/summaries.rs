//! GetTraceSummaries.

use serde_json::{Map, Value, json};
use telemetry_rules::filter::{AnnotationFact, Expression, NodeFacts, RootCauseService, TraceFacts};

use super::traces::{Cursor, Digest, Window, load};
use crate::clock::{epoch_seconds, now};
use crate::protocol::ApiError;
use crate::storage::Storage;

/// Traces looked at per call; more are named by `NextToken`.
const PAGE: usize = 1_000;

/// A window and a filter.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) by_update: bool,
    pub(crate) filter: Expression,
    pub(crate) limit: usize,
}

/// The digests that match, newest first, and how many were looked at.
pub(crate) async fn select(storage: &Storage, query: &Query) -> Result<(Vec<Digest>, usize), ApiError> {
    let mut digests = load(storage, query.window(), None, query.limit).await?;
    let looked_at = digests.len();
    digests.retain(|digest| query.filter.matches(&digest.facts));
    Ok((digests, looked_at))
}

impl Query {
    const fn window(&self) -> Window {
        Window { from: self.from, to: self.to, by_update: self.by_update }
    }
}

/// The operation. A page may be empty and still have a token: it counts traces looked at, not found.
pub(crate) async fn get_trace_summaries(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let (query, after) = read(input)?;
    let mut digests = load(storage, query.window(), after, query.limit).await?;
    let looked_at = digests.len();
    let next = digests.last().filter(|_| looked_at == query.limit).map(|last| Cursor::of(last, query.window()).token());
    digests.retain(|digest| query.filter.matches(&digest.facts));
    let mut output = json!({
        "TraceSummaries": digests.iter().map(summary).collect::<Vec<_>>(),
        "ApproximateTime": now(),
        "TracesProcessedCount": looked_at,
    });
    if let Some(next) = next {
        output["NextToken"] = json!(next);
    }
    Ok(output)
}

fn read(input: &Value) -> Result<(Query, Option<Cursor>), ApiError> {
    let time = |key: &str| {
        let time = input.get(key).and_then(epoch_seconds);
        time.ok_or_else(|| ApiError::invalid_request(format!("{key} is required, in epoch seconds")))
    };
    let (from, to) = (time("StartTime")?, time("EndTime")?);
    if from > to {
        return Err(ApiError::invalid_request("StartTime is after EndTime"));
    }
    let token = input.get("NextToken").and_then(Value::as_str);
    let after =
        token.map(|token| Cursor::parse(token).ok_or_else(|| ApiError::invalid_request("NextToken is none of ours"))).transpose()?;
    let filter = input.get("FilterExpression").and_then(Value::as_str).unwrap_or_default();
    let filter = Expression::parse(filter).map_err(|error| ApiError::invalid_request(error.to_string()))?;
    let by_update = matches!(input.get("TimeRangeType").and_then(Value::as_str), Some("Event" | "Service"));
    Ok((Query { from, to, by_update, filter, limit: PAGE }, after))
}

fn summary(digest: &Digest) -> Value {
    let facts = &digest.facts;
    let root = facts.nodes.iter().find(|node| node.is_root);
    let mut services: Vec<Value> = Vec::new();
    for service in facts.nodes.iter().map(service_id) {
        if !services.contains(&service) {
            services.push(service);
        }
    }
    json!({
        "Id": digest.id,
        "StartTime": digest.start,
        "Duration": facts.duration,
        "ResponseTime": facts.response_time,
        "HasFault": facts.has_fault,
        "HasError": facts.has_error,
        "HasThrottle": facts.has_throttle,
        "IsPartial": facts.is_partial,
        "Http": http(facts),
        "Annotations": annotations(facts, &services),
        "Users": facts.users.iter().map(|user| json!({ "UserName": user, "ServiceIds": services })).collect::<Vec<_>>(),
        "ServiceIds": services,
        "ResourceARNs": facts.resource_arns.iter().map(|arn| json!({ "ARN": arn })).collect::<Vec<_>>(),
        "InstanceIds": facts.instance_ids.iter().map(|id| json!({ "Id": id })).collect::<Vec<_>>(),
        "AvailabilityZones": facts.availability_zones.iter().map(|name| json!({ "Name": name })).collect::<Vec<_>>(),
        "EntryPoint": root.map(service_id),
        "FaultRootCauses": causes(&facts.root_causes.fault, facts.has_fault),
        "ErrorRootCauses": causes(&facts.root_causes.error, facts.has_error),
        "ResponseTimeRootCauses": causes(&facts.root_causes.response_time, true),
        "Revision": digest.revision,
        "MatchedEventTime": digest.updated,
    })
}

fn http(facts: &TraceFacts) -> Value {
    json!({
        "HttpURL": facts.http_url,
        "HttpStatus": facts.http_status.map(|status| status as u16),
        "HttpMethod": facts.http_method,
        "UserAgent": facts.http_user_agent,
        "ClientIp": facts.http_client_ip,
    })
}

fn service_id(node: &NodeFacts) -> Value {
    json!({ "Name": node.names.first(), "Names": node.names, "AccountId": node.account_id, "Type": node.kind })
}

fn annotations(facts: &TraceFacts, services: &[Value]) -> Value {
    let mut map = Map::new();
    for (key, value) in &facts.annotations {
        let value = match value {
            AnnotationFact::Text(text) => json!({ "StringValue": text }),
            AnnotationFact::Number(number) => json!({ "NumberValue": number }),
            AnnotationFact::Bool(flag) => json!({ "BooleanValue": flag }),
        };
        let list = map.entry(key.clone()).or_insert_with(|| json!([]));
        if let Value::Array(list) = list {
            list.push(json!({ "AnnotationValue": value, "ServiceIds": services }));
        }
    }
    Value::Object(map)
}

fn causes(causes: &[Vec<RootCauseService>], client_impacting: bool) -> Vec<Value> {
    let entity = |entity: &telemetry_rules::filter::EntityFacts| {
        let exceptions: Vec<Value> =
            entity.exceptions.iter().map(|exception| json!({ "Name": exception.name, "Message": exception.message })).collect();
        json!({ "Name": entity.name, "Remote": entity.is_remote, "Coverage": entity.coverage, "Exceptions": exceptions })
    };
    let service = |service: &RootCauseService| {
        json!({
            "Name": service.name, "Names": [service.name], "Type": service.kind, "AccountId": service.account_id, "Inferred": service.is_inferred,
            "EntityPath": service.entities.iter().map(entity).collect::<Vec<_>>(),
        })
    };
    causes
        .iter()
        .map(|path| json!({ "Services": path.iter().map(service).collect::<Vec<_>>(), "ClientImpacting": client_impacting }))
        .collect()
}
