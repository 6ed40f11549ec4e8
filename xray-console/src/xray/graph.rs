//! [`ServiceGraph`]: services, the calls between them, and how those went.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use telemetry_rules::filter::{NodeFacts, TraceFacts};

/// Counts of one node or edge. A request counts once: throttle before fault before error before ok.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Statistics {
    pub(crate) ok: u64,
    pub(crate) error: u64,
    pub(crate) throttle: u64,
    pub(crate) fault: u64,
    pub(crate) seconds: f64,
    /// Milliseconds, rounded to two digits, and how often.
    histogram: BTreeMap<u64, u64>,
}

/// A service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GraphNode {
    pub(crate) name: String,
    pub(crate) kind: Option<String>,
    pub(crate) is_root: bool,
    pub(crate) is_inferred: bool,
    pub(crate) statistics: Statistics,
    pub(crate) edges: BTreeMap<usize, Statistics>,
    account_id: Option<String>,
    span: (f64, f64),
}

/// Services by position.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ServiceGraph {
    pub(crate) nodes: Vec<GraphNode>,
    /// Positions by what tells services apart.
    #[serde(skip)]
    places: HashMap<Service, usize>,
}

/// Name, type and account.
type Service = (String, Option<String>, Option<String>);

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

    fn merge(&mut self, other: &Self) {
        self.ok += other.ok;
        self.error += other.error;
        self.throttle += other.throttle;
        self.fault += other.fault;
        self.seconds += other.seconds;
        other.histogram.iter().for_each(|(millis, count)| *self.histogram.entry(*millis).or_default() += count);
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
        self.place_or_insert(GraphNode {
            name,
            kind,
            is_root: false,
            is_inferred: node.is_inferred,
            statistics: Statistics::default(),
            edges: BTreeMap::new(),
            account_id: node.account_id.clone(),
            span,
        })
    }

    /// The place of this service, which is `new` if it has none yet.
    fn place_or_insert(&mut self, new: GraphNode) -> usize {
        let service = (new.name.clone(), new.kind.clone(), new.account_id.clone());
        let span = new.span;
        let place = *self.places.entry(service).or_insert(self.nodes.len());
        if place == self.nodes.len() {
            self.nodes.push(new);
        }
        let seen = &mut self.nodes[place].span;
        *seen = (seen.0.min(span.0), seen.1.max(span.1));
        place
    }

    /// Adds the counts of another graph.
    pub(super) fn merge(&mut self, other: &Self) {
        let bare = |node: &GraphNode| GraphNode { statistics: Statistics::default(), edges: BTreeMap::new(), ..node.clone() };
        let places: Vec<usize> = other.nodes.iter().map(|node| self.place_or_insert(bare(node))).collect();
        for (node, &place) in other.nodes.iter().zip(&places) {
            self.nodes[place].statistics.merge(&node.statistics);
            self.nodes[place].is_root |= node.is_root;
            for (to, statistics) in &node.edges {
                if let Some(&to) = places.get(*to) {
                    self.nodes[place].edges.entry(to).or_default().merge(statistics);
                }
            }
        }
    }

    pub(super) fn services(&self) -> Vec<Value> {
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
}
