//! GetTraceSummaries.

use serde_json::{Map, Value, json};
use telemetry_rules::filter::{AnnotationFact, Expression, NodeFacts, RootCauseService, TraceFacts};

use super::groups::expressions;
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
    /// The expression asks for groups, which are known when it is evaluated.
    asks_for_groups: bool,
    /// Traces that are read.
    pub(crate) limit: usize,
    /// A token of the answer before.
    pub(super) after: Option<Cursor>,
}

/// One answer to a [`Query`].
#[derive(Debug)]
pub(crate) struct Selected {
    /// Those that match, newest first.
    pub(crate) digests: Vec<Digest>,
    /// Traces that were read.
    pub(crate) read: usize,
    /// The token of the next answer, if more traces are in the window.
    pub(crate) next: Option<String>,
}

/// Reads traces of a window and returns those that match.
pub(crate) async fn select(storage: &Storage, query: Query) -> Result<Selected, ApiError> {
    let window = query.window();
    let mut digests = load(storage, window, query.after, query.limit).await?;
    let read = digests.len();
    let next = digests.last().filter(|_| read == query.limit).map(|last| Cursor::of(last, window).token());
    if query.asks_for_groups {
        let groups = expressions(storage).await?;
        for Digest { facts, .. } in &mut digests {
            let of = groups.iter().filter(|(.., expression)| expression.matches(facts));
            facts.groups = of.map(|(name, arn, _)| (name.clone(), arn.clone())).collect();
        }
    }
    digests.retain(|digest| query.filter.matches(&digest.facts));
    Ok(Selected { digests, read, next })
}

impl Query {
    /// The traces of a window that match, the newest first; `after` is the token of the answer before.
    ///
    /// # Errors
    /// When the expression or the token is malformed.
    pub(crate) fn new((from, to): (f64, f64), filter: &str, after: Option<&str>, limit: usize) -> Result<Self, ApiError> {
        let asks_for_groups = filter.to_ascii_lowercase().contains("group.");
        let filter = Expression::parse(filter).map_err(|error| ApiError::invalid_request(error.to_string()))?;
        let cursor = |token| Cursor::parse(token).ok_or_else(|| ApiError::invalid_request("NextToken is none of ours"));
        Ok(Self { from, to, by_update: false, filter, asks_for_groups, limit, after: after.map(cursor).transpose()? })
    }

    const fn window(&self) -> Window {
        Window { from: self.from, to: self.to, by_update: self.by_update }
    }
}

/// The operation. A page may be empty and still have a token: it counts traces looked at, not found.
pub(crate) async fn get_trace_summaries(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let Selected { digests, read, next } = select(storage, read(input)?).await?;
    let mut output = json!({
        "TraceSummaries": digests.iter().map(summary).collect::<Vec<_>>(),
        "ApproximateTime": now(),
        "TracesProcessedCount": read,
    });
    if let Some(next) = next {
        output["NextToken"] = json!(next);
    }
    Ok(output)
}

fn read(input: &Value) -> Result<Query, ApiError> {
    let time = |key: &str| {
        let time = input.get(key).and_then(epoch_seconds);
        time.ok_or_else(|| ApiError::invalid_request(format!("{key} is required, in epoch seconds")))
    };
    let (from, to) = (time("StartTime")?, time("EndTime")?);
    if from > to {
        return Err(ApiError::invalid_request("StartTime is after EndTime"));
    }
    let text = |key: &str| input.get(key).and_then(Value::as_str);
    let by_update = match text("TimeRangeType") {
        None | Some("TraceId") => false,
        Some("Event" | "Service") => true,
        Some(other) => return Err(ApiError::invalid_request(format!("TimeRangeType is `{other}`, expected TraceId, Event or Service"))),
    };
    Ok(Query { by_update, ..Query::new((from, to), text("FilterExpression").unwrap_or_default(), text("NextToken"), PAGE)? })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xray::{create_group, put_trace_segments};

    #[tokio::test]
    async fn a_search_goes_on_behind_the_token_until_all_are_read() {
        let storage = Storage::open(None, 1 << 30).unwrap();
        for number in 0..25_u32 {
            let document = json!({ "name": "shop", "id": format!("{number:016x}"), "trace_id": format!("1-5759e988-{number:024x}"),
                "start_time": 1_700_000_000 + number, "end_time": 1_700_000_001 + number, "annotations": { "order": number } });
            put_trace_segments(&storage, &json!({ "TraceSegmentDocuments": [document.to_string()] })).await.unwrap();
        }
        let (mut found, mut read, mut after) = (Vec::new(), 0, None);
        loop {
            let query = Query::new((0.0, 2e9), "annotation.order = 3", after.as_deref(), 10).unwrap();
            let selected = select(&storage, query).await.unwrap();
            found.extend(selected.digests);
            read += selected.read;
            after = selected.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!((found.len(), read), (1, 25));
        create_group(&storage, &json!({ "GroupName": "late", "FilterExpression": "annotation.order >= 20" })).await.unwrap();
        for (filter, expected) in
            [("group.name = \"late\"", 5), ("group.name = \"late\" AND annotation.order = 21", 1), ("group.name = \"other\"", 0)]
        {
            let query = Query::new((0.0, 2e9), filter, None, 100).unwrap();
            assert_eq!(select(&storage, query).await.unwrap().digests.len(), expected, "{filter}");
        }
        let nonsense = json!({ "StartTime": 0, "EndTime": 1, "TimeRangeType": "nonsense" });
        assert!(get_trace_summaries(&storage, &nonsense).await.unwrap_err().message.contains("nonsense"));
    }
}
