//! GetServiceGraph and GetTraceGraph: services, the calls between them, and how those went.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use telemetry_rules::filter::{Expression, NodeFacts, TraceFacts};

use super::digest::digest;
use super::groups::filter_of;
use super::load_documents;
use super::traces::{Digest, Window, load};
use super::tree::TraceTree;
use crate::clock::epoch_seconds;
use crate::protocol::ApiError;
use crate::storage::Storage;

/// Traces that a graph looks at.
const TRACES: usize = 20_000;

/// Counts of one node or edge. A request counts once: throttle before fault before error before ok.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Statistics {
    pub(crate) ok: u64,
    pub(crate) error: u64,
    pub(crate) throttle: u64,
    pub(crate) fault: u64,
    pub(crate) seconds: f64,
    /// Milliseconds, rounded to two digits, and how often.
    #[serde(skip)]
    histogram: BTreeMap<u64, u64>,
}

/// A service.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct GraphNode {
    pub(crate) name: String,
    pub(crate) kind: Option<String>,
    pub(crate) is_root: bool,
    pub(crate) is_inferred: bool,
    pub(crate) statistics: Statistics,
    pub(crate) edges: BTreeMap<usize, Statistics>,
    #[serde(skip)]
    account_id: Option<String>,
    #[serde(skip)]
    span: (f64, f64),
}

/// Services by position.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct ServiceGraph {
    pub(crate) nodes: Vec<GraphNode>,
}

impl Statistics {
    fn add(&mut self, facts: &NodeFacts) {
        match facts {
            facts if facts.is_throttle => self.throttle += 1,
            facts if facts.is_fault => self.fault += 1,
            facts if facts.is_error => self.error += 1,
            _ => self.ok += 1,
        }
        let seconds = facts.response_time.unwrap_or(0.0);
        self.seconds += seconds;
        *self.histogram.entry(two_digits((seconds * 1_000.0) as u64)).or_default() += 1;
    }

    fn total(&self) -> u64 {
        self.ok + self.error + self.throttle + self.fault
    }

    fn summary(&self) -> Value {
        json!({
            "OkCount": self.ok,
            "ErrorStatistics": { "ThrottleCount": self.throttle, "OtherCount": self.error, "TotalCount": self.throttle + self.error },
            "FaultStatistics": { "OtherCount": self.fault, "TotalCount": self.fault },
            "TotalCount": self.total(),
            "TotalResponseTime": self.seconds,
        })
    }

    fn histogram(&self) -> Vec<Value> {
        self.histogram.iter().map(|(millis, count)| json!({ "Value": *millis as f64 / 1_000.0, "Count": count })).collect()
    }
}

/// 1,234 becomes 1,200: at most 90 bins per decade.
const fn two_digits(value: u64) -> u64 {
    let mut unit = 1;
    while value / unit >= 100 {
        unit *= 10;
    }
    value / unit * unit
}

impl ServiceGraph {
    /// Counts one trace in.
    pub(crate) fn add(&mut self, facts: &TraceFacts, start: f64) {
        let end = start + facts.duration.unwrap_or(0.0);
        let places: Vec<usize> = facts.nodes.iter().map(|node| self.place_of(node, (start, end))).collect();
        for (node, &place) in facts.nodes.iter().zip(&places) {
            self.nodes[place].statistics.add(node);
            if node.is_root {
                self.nodes[place].is_root = true;
                let client = self.client_of(node, (start, end));
                self.nodes[client].edges.entry(place).or_default().add(node);
            }
        }
        for edge in &facts.edges {
            if let (Some(&from), Some(&to)) = (places.get(edge.from), places.get(edge.to)) {
                self.nodes[from].edges.entry(to).or_default().add(&edge.call);
            }
        }
    }

    fn place_of(&mut self, node: &NodeFacts, span: (f64, f64)) -> usize {
        let name = node.names.first().cloned().unwrap_or_default();
        self.place(name, node.kind.clone(), node, span)
    }

    /// The caller that nobody knows, one per root service.
    fn client_of(&mut self, root: &NodeFacts, span: (f64, f64)) -> usize {
        let name = root.names.first().cloned().unwrap_or_default();
        self.place(name, Some("client".into()), root, span)
    }

    fn place(&mut self, name: String, kind: Option<String>, node: &NodeFacts, span: (f64, f64)) -> usize {
        let known = self.nodes.iter().position(|known| known.name == name && known.kind == kind && known.account_id == node.account_id);
        let place = known.unwrap_or(self.nodes.len());
        if known.is_none() {
            let (is_inferred, account_id) = (node.is_inferred, node.account_id.clone());
            self.nodes.push(GraphNode {
                name,
                kind,
                is_root: false,
                is_inferred,
                statistics: Statistics::default(),
                edges: BTreeMap::new(),
                account_id,
                span,
            });
        }
        let seen = &mut self.nodes[place].span;
        *seen = (seen.0.min(span.0), seen.1.max(span.1));
        place
    }

    fn services(&self) -> Vec<Value> {
        self.nodes.iter().enumerate().map(|(place, node)| self.service(place, node)).collect()
    }

    fn service(&self, place: usize, node: &GraphNode) -> Value {
        let edges: Vec<Value> = node
            .edges
            .iter()
            .map(|(to, statistics)| {
                let (start, end) = self.nodes[*to].span;
                json!({ "ReferenceId": to, "StartTime": start, "EndTime": end, "SummaryStatistics": statistics.summary(),
                    "ResponseTimeHistogram": statistics.histogram(), "Aliases": [] })
            })
            .collect();
        let is_client = node.kind.as_deref() == Some("client");
        let mut service = json!({
            "ReferenceId": place, "Name": node.name, "Names": [node.name], "Root": node.is_root, "AccountId": node.account_id, "Type": node.kind,
            "State": if is_client || node.is_inferred { "unknown" } else { "active" }, "StartTime": node.span.0, "EndTime": node.span.1, "Edges": edges,
        });
        if !is_client {
            service["SummaryStatistics"] = node.statistics.summary();
            service["DurationHistogram"] = json!(node.statistics.histogram());
            service["ResponseTimeHistogram"] = json!(node.statistics.histogram());
        }
        service
    }

    /// The graph of the traces of a window.
    pub(crate) async fn of_window(storage: &Storage, from: f64, to: f64, filter: Option<&Expression>) -> Result<Self, ApiError> {
        let digests: Vec<Digest> = load(storage, Window { from, to, by_update: false }, None, TRACES).await?;
        let mut graph = Self::default();
        let is_wanted = |digest: &&Digest| filter.is_none_or(|filter| filter.matches(&digest.facts));
        digests.iter().rev().filter(is_wanted).for_each(|digest| graph.add(&digest.facts, digest.start));
        Ok(graph)
    }
}

/// GetServiceGraph.
pub(crate) async fn get_service_graph(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let time = |key: &str| input.get(key).and_then(epoch_seconds).ok_or_else(|| ApiError::invalid_request(format!("{key} is required")));
    let (from, to) = (time("StartTime")?, time("EndTime")?);
    let filter = filter_of(storage, input).await?;
    let graph = ServiceGraph::of_window(storage, from, to, filter.as_ref()).await?;
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
