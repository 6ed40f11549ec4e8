//! From a joined trace to what the map and filter expressions look at.

use std::collections::{HashMap, HashSet};

use telemetry_rules::filter::{AnnotationFact, EdgeFacts, NodeFacts, TraceFacts};
use telemetry_wire::{AnnotationValue, Document, Http};

use super::inferred::Inferred;
use super::root_cause::root_causes;
use super::tree::{Entity, TraceTree};

/// Which node of [`TraceFacts::nodes`] each segment is.
pub(super) struct Nodes {
    pub(super) facts: TraceFacts,
    /// By place in the tree: segments, and subsegments that stand for an inferred service.
    pub(super) of_place: HashMap<usize, usize>,
    /// Annotations that are listed already.
    known: HashSet<String>,
}

/// Derives everything.
pub(super) fn digest(tree: &TraceTree) -> Nodes {
    let mut nodes = Nodes { facts: TraceFacts::default(), of_place: HashMap::new(), known: HashSet::new() };
    let root = tree.root();
    for (place, entity) in tree.entities.iter().enumerate() {
        nodes.look_at(tree, place, entity, root);
    }
    nodes.add_edges(tree);
    nodes.describe_root(tree, root);
    nodes.facts.root_causes = root_causes(tree, root);
    nodes
}

impl Nodes {
    fn look_at(&mut self, tree: &TraceTree, place: usize, entity: &Entity, root: Option<usize>) {
        let document = &entity.document;
        let flags = document.flags();
        self.facts.has_throttle |= flags.throttle;
        self.facts.is_partial |= document.end_time.is_none() || document.traced && tree.callee(place).is_none();
        self.facts.users.extend(document.user.clone().filter(|user| !self.facts.users.contains(user)));
        for (key, value) in &document.annotations {
            if self.known.insert(format!("{key} {value:?}")) {
                self.facts.annotations.push((key.clone(), fact_of(value)));
            }
        }
        self.note_places(document);
        if entity.is_segment {
            let node = NodeFacts { kind: document.origin.clone(), is_root: root == Some(place), ..call_facts(document) };
            self.add_node(place, node);
        } else if let Some(Inferred { name, kind }) = Inferred::of(document)
            && (tree.callee(place).is_none() || stays_between(&kind))
        {
            self.add_node(place, NodeFacts { names: vec![name], kind: Some(kind), is_inferred: true, ..call_facts(document) });
        }
    }

    fn note_places(&mut self, document: &Document) {
        let ec2 = document.aws.as_ref().and_then(|aws| aws.ec2.as_ref());
        let add = |list: &mut Vec<String>, value: Option<&String>| {
            list.extend(value.filter(|value| !list.contains(value)).cloned().into_iter().collect::<Vec<_>>())
        };
        add(&mut self.facts.instance_ids, ec2.and_then(|ec2| ec2.instance_id.as_ref()));
        add(&mut self.facts.availability_zones, ec2.and_then(|ec2| ec2.availability_zone.as_ref()));
        add(&mut self.facts.resource_arns, document.resource_arn.as_ref());
    }

    fn add_node(&mut self, place: usize, node: NodeFacts) {
        self.of_place.insert(place, self.facts.nodes.len());
        self.facts.nodes.push(node);
    }

    fn add_edges(&mut self, tree: &TraceTree) {
        for (place, entity) in tree.entities.iter().enumerate() {
            let caller = if entity.is_segment { entity.caller } else { Some(place) };
            let Some((caller, &to)) = caller.zip(self.of_place.get(&place)) else { continue };
            let segment =
                tree.get(caller).map(|caller| caller.segment).filter(|&segment| tree.get(segment).is_some_and(|top| top.is_segment));
            // What a queue has passed on comes from the queue.
            let queue = self.of_place.get(&caller).filter(|_| entity.is_segment);
            let Some(&from) = queue.or_else(|| self.of_place.get(&segment?)) else { continue };
            let call = if queue.is_some() { Some(place) } else { Some(caller) };
            let call = call.and_then(|call| tree.get(call)).map(|call| call_facts(&call.document)).unwrap_or_default();
            self.facts.edges.push(EdgeFacts { from, to, call });
        }
    }

    fn describe_root(&mut self, tree: &TraceTree, root: Option<usize>) {
        let starts =
            tree.entities.iter().filter(|entity| entity.is_segment || entity.parent.is_none()).map(|entity| entity.document.start_time);
        let ends = tree.entities.iter().filter_map(|entity| entity.document.end_time);
        let span = ends.fold(f64::MIN, f64::max) - starts.fold(f64::MAX, f64::min);
        self.facts.duration = Some(span).filter(|span| span.is_finite() && *span >= 0.0 && *span < 1e12);
        let Some(root) = root.and_then(|root| tree.get(root)) else {
            self.facts.is_partial = true;
            return;
        };
        let facts = call_facts(&root.document);
        self.facts.has_error = facts.is_error;
        self.facts.has_fault = facts.is_fault;
        self.facts.response_time = facts.response_time;
        self.facts.http_status = facts.http_status;
        self.facts.http_url = facts.http_url;
        self.facts.http_method = facts.http_method;
        self.facts.http_user_agent = facts.http_user_agent;
        self.facts.http_client_ip = facts.http_client_ip;
    }
}

/// Whether this service stands between who calls and who is called, and is not itself what reports.
fn stays_between(kind: &str) -> bool {
    matches!(kind, "AWS::SQS::Queue" | "AWS::SNS" | "AWS::EventBridge")
}

/// What one segment or call says of itself.
fn call_facts(document: &Document) -> NodeFacts {
    let flags = document.flags();
    let Http { request, response } = document.http.clone().unwrap_or_default();
    NodeFacts {
        names: vec![document.name.clone()],
        account_id: document.aws.as_ref().and_then(|aws| aws.account_id.clone()),
        is_error: flags.error,
        is_fault: flags.fault,
        is_throttle: flags.throttle,
        is_partial: document.end_time.is_none(),
        response_time: document.end_time.map(|end| end - document.start_time),
        http_status: response.status.map(f64::from),
        http_url: request.url,
        http_method: request.method,
        http_user_agent: request.user_agent,
        http_client_ip: request.client_ip,
        user: document.user.clone(),
        ..NodeFacts::default()
    }
}

fn fact_of(value: &AnnotationValue) -> AnnotationFact {
    match value {
        AnnotationValue::Bool(flag) => AnnotationFact::Bool(*flag),
        AnnotationValue::Integer(number) => AnnotationFact::Number(*number as f64),
        AnnotationValue::Unsigned(number) => AnnotationFact::Number(*number as f64),
        AnnotationValue::Float(number) => AnnotationFact::Number(*number),
        AnnotationValue::Text(text) => AnnotationFact::Text(text.clone().into_owned()),
    }
}
