//! Whether a trace matches.
//!
//! A bare keyword outside blocks looks at the trace; inside a block it looks at one segment or one call, and the whole block
//! must hold for that one. `!=` does not hold where the value is missing: `!x` asks for absence.

use super::ast::{Compare, Expression, Node, Scalar, Selector, TextOp};
use super::facts::{AnnotationFact, NodeFacts, TraceFacts};
use super::keyword::{Flag, Number, Text};
use super::root_cause;

impl Expression {
    /// Whether the trace matches.
    #[must_use]
    pub fn matches(&self, trace: &TraceFacts) -> bool {
        evaluate(&self.0, trace, Scope::Trace)
    }
}

/// What bare keywords look at.
#[derive(Clone, Copy)]
enum Scope<'a> {
    Trace,
    Node(&'a NodeFacts),
}

fn evaluate(node: &Node, trace: &TraceFacts, scope: Scope<'_>) -> bool {
    match node {
        Node::Everything => true,
        Node::Or(branches) => branches.iter().any(|branch| evaluate(branch, trace, scope)),
        Node::And(terms) => terms.iter().all(|term| evaluate(term, trace, scope)),
        Node::Not(inner) => !evaluate(inner, trace, scope),
        Node::Flag(flag, wanted) => flag_of(*flag, trace, scope) == *wanted,
        Node::Number(number, compare, wanted) => number_of(*number, trace, scope).is_some_and(|value| compare.holds(value, *wanted)),
        Node::HasNumber(number) => number_of(*number, trace, scope).is_some(),
        Node::Text(text, op, wanted) => texts_of(*text, trace, scope).iter().any(|value| op.holds(value, wanted)),
        Node::HasText(text) => !texts_of(*text, trace, scope).is_empty(),
        Node::Annotation(key, condition) => annotation(trace, key, condition.as_ref()),
        Node::AnnotationText(key, op, wanted) => annotation_text(trace, key, *op, wanted),
        Node::Service(selector, block) => trace.nodes.iter().any(|service| {
            selector.as_ref().is_none_or(|selector| selects(selector, service))
                && block.as_ref().is_none_or(|block| evaluate(block, trace, Scope::Node(service)))
        }),
        Node::Edge(from, to, block) => trace.edges.iter().any(|edge| {
            let ends = trace.nodes.get(edge.from).zip(trace.nodes.get(edge.to));
            ends.is_some_and(|(caller, called)| selects(from, caller) && selects(to, called))
                && block.as_ref().is_none_or(|block| evaluate(block, trace, Scope::Node(&edge.call)))
        }),
        Node::RootCause(kind, block) => root_cause::matches(*kind, block.as_deref(), &trace.root_causes),
        Node::RootCauseJson(wanted) => root_cause::matches_json(wanted, &trace.root_causes),
    }
}

pub(super) fn selects(selector: &Selector, node: &NodeFacts) -> bool {
    selector.name.as_ref().is_none_or(|name| node.names.contains(name))
        && (selector.kind.is_none() || selector.kind == node.kind)
        && (selector.account_id.is_none() || selector.account_id == node.account_id)
}

fn flag_of(flag: Flag, trace: &TraceFacts, scope: Scope<'_>) -> bool {
    match (scope, flag) {
        (Scope::Trace, Flag::Ok) => !trace.has_error && !trace.has_fault && !trace.is_partial && is_answered(trace),
        (Scope::Trace, Flag::Error) => trace.has_error,
        (Scope::Trace, Flag::Fault) => trace.has_fault,
        (Scope::Trace, Flag::Throttle) => trace.has_throttle,
        (Scope::Trace, Flag::Partial) => trace.is_partial,
        (Scope::Trace, Flag::Inferred) => trace.nodes.iter().any(|node| node.is_inferred),
        (Scope::Trace, Flag::Root) => trace.nodes.iter().any(|node| node.is_root),
        (Scope::Node(node), Flag::Ok) => !node.is_error && !node.is_fault && !node.is_throttle && !node.is_partial,
        (Scope::Node(node), Flag::Error) => node.is_error,
        (Scope::Node(node), Flag::Fault) => node.is_fault,
        (Scope::Node(node), Flag::Throttle) => node.is_throttle,
        (Scope::Node(node), Flag::Partial) => node.is_partial,
        (Scope::Node(node), Flag::Inferred) => node.is_inferred,
        (Scope::Node(node), Flag::Root) => node.is_root,
        (_, Flag::First | Flag::Last | Flag::Remote) => false,
    }
}

fn is_answered(trace: &TraceFacts) -> bool {
    trace.response_time.is_some()
}

fn number_of(number: Number, trace: &TraceFacts, scope: Scope<'_>) -> Option<f64> {
    match (scope, number) {
        (Scope::Trace, Number::ResponseTime) => trace.response_time,
        (Scope::Trace, Number::Duration) => trace.duration,
        (Scope::Trace, Number::HttpStatus) => trace.http_status,
        (Scope::Node(node), Number::ResponseTime | Number::Duration) => node.response_time,
        (Scope::Node(node), Number::HttpStatus) => node.http_status,
        (_, Number::Index | Number::Coverage) => None,
    }
}

fn texts_of<'a>(text: Text, trace: &'a TraceFacts, scope: Scope<'a>) -> Vec<&'a str> {
    let one = |value: &'a Option<String>| value.as_deref().into_iter().collect::<Vec<_>>();
    let all = |values: &'a Vec<String>| values.iter().map(String::as_str).collect::<Vec<_>>();
    match (scope, text) {
        (Scope::Trace, Text::HttpUrl) => one(&trace.http_url),
        (Scope::Trace, Text::HttpMethod) => one(&trace.http_method),
        (Scope::Trace, Text::HttpUserAgent) => one(&trace.http_user_agent),
        (Scope::Trace, Text::HttpClientIp) => one(&trace.http_client_ip),
        (Scope::Trace, Text::User) => all(&trace.users),
        (Scope::Trace, Text::Name) => trace.nodes.iter().flat_map(|node| &node.names).map(String::as_str).collect(),
        (Scope::Trace, Text::Type) => trace.nodes.iter().filter_map(|node| node.kind.as_deref()).collect(),
        (Scope::Node(node), Text::HttpUrl) => one(&node.http_url),
        (Scope::Node(node), Text::HttpMethod) => one(&node.http_method),
        (Scope::Node(node), Text::HttpUserAgent) => one(&node.http_user_agent),
        (Scope::Node(node), Text::HttpClientIp) => one(&node.http_client_ip),
        (Scope::Node(node), Text::User) => one(&node.user),
        (Scope::Node(node), Text::Name) => all(&node.names),
        (Scope::Node(node), Text::Type) => one(&node.kind),
        (_, Text::AvailabilityZone) => all(&trace.availability_zones),
        (_, Text::InstanceId) => all(&trace.instance_ids),
        (_, Text::ResourceArn) => all(&trace.resource_arns),
        (_, Text::GroupName) => trace.groups.iter().map(|(name, _)| name.as_str()).collect(),
        (_, Text::GroupArn) => trace.groups.iter().map(|(_, arn)| arn.as_str()).collect(),
        (_, Text::Message) => Vec::new(),
    }
}

/// A bare annotation is its own value if that is true or false, else whether it is set.
fn annotation(trace: &TraceFacts, key: &str, condition: Option<&(Compare, Scalar)>) -> bool {
    let mut values = trace.annotations.iter().filter(|(known, _)| known == key).map(|(_, value)| value);
    values.any(|value| match (condition, value) {
        (None, AnnotationFact::Bool(flag)) => *flag,
        (None, _) => true,
        (Some((compare, Scalar::Number(wanted))), AnnotationFact::Number(number)) => compare.holds(*number, *wanted),
        (Some((Compare::Equal, Scalar::Bool(wanted))), AnnotationFact::Bool(flag)) => flag == wanted,
        (Some((Compare::NotEqual, Scalar::Bool(wanted))), AnnotationFact::Bool(flag)) => flag != wanted,
        _ => false,
    })
}

fn annotation_text(trace: &TraceFacts, key: &str, op: TextOp, wanted: &str) -> bool {
    trace.annotations.iter().any(|(known, value)| known == key && matches!(value, AnnotationFact::Text(text) if op.holds(text, wanted)))
}
