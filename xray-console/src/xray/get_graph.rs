//! GetServiceGraph and GetTraceGraph.

use serde_json::{Value, json};
use telemetry_rules::filter::Expression;

use super::digest::digest;
use super::graph::ServiceGraph;
use super::groups::filter_of;
use super::rollup;
use super::traces::{Digest, Window, load_documents};
use super::tree::TraceTree;
use crate::clock::epoch_seconds;
use crate::protocol::ApiError;
use crate::storage::{Storage, StorageError};

/// The graph of the traces of a window that match.
pub(crate) async fn graph_of_window(
    storage: &Storage,
    (from, to): (f64, f64),
    filter: Option<&Expression>,
) -> Result<ServiceGraph, StorageError> {
    let Some(filter) = filter else { return rollup::graph_of(storage, from, to).await };
    let mut graph = ServiceGraph::default();
    let add = |digest: &Digest| {
        if filter.matches(&digest.facts) {
            graph.add(&digest.facts, digest.start);
        }
    };
    rollup::each_digest(storage, Window { from, to, by_update: false }, add).await?;
    Ok(graph)
}

/// GetServiceGraph.
pub(crate) async fn get_service_graph(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let time = |key: &str| input.get(key).and_then(epoch_seconds).ok_or_else(|| ApiError::invalid_request(format!("{key} is required")));
    let (from, to) = (time("StartTime")?, time("EndTime")?);
    if from > to {
        return Err(ApiError::invalid_request("StartTime is after EndTime"));
    }
    let filter = filter_of(storage, input).await?;
    let graph = graph_of_window(storage, (from, to), filter.as_ref()).await?;
    Ok(json!({ "StartTime": from, "EndTime": to, "Services": graph.services(), "ContainsOldGroupVersions": false }))
}

/// GetTraceGraph.
pub(crate) async fn get_trace_graph(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let ids = input.get("TraceIds").and_then(Value::as_array).ok_or_else(|| ApiError::invalid_request("TraceIds is required"))?;
    let ids: Vec<String> = ids.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let graph = storage.read(move |connection| {
        let mut graph = ServiceGraph::default();
        for id in ids {
            let tree = TraceTree::join(load_documents(connection, &id)?);
            let start = tree.entities.iter().map(|entity| entity.document.start_time).fold(f64::MAX, f64::min);
            graph.add(&digest(&tree).facts, start);
        }
        Ok(graph)
    });
    Ok(json!({ "Services": graph.await?.services() }))
}
