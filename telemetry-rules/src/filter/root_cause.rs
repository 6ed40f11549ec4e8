//! Conditions on root causes: ordered lists of services, entities and exceptions.

use serde_json::Value;

use super::ast::{Cause, Level, Node, RootCauseKind};
use super::facts::{RootCauseFacts, RootCauseService};
use super::keyword::{Flag, Number, Text};

/// One element of the list that a block ranges over.
struct Element<'a> {
    name: &'a str,
    kind: Option<&'a str>,
    message: Option<&'a str>,
    coverage: Option<f64>,
    is_remote: bool,
    is_inferred: bool,
    index: usize,
    is_last: bool,
}

pub(super) fn matches(kind: RootCauseKind, block: Option<&Node>, causes: &RootCauseFacts) -> bool {
    let causes = match kind.cause {
        Cause::Fault => &causes.fault,
        Cause::Error => &causes.error,
        Cause::ResponseTime => &causes.response_time,
    };
    causes.iter().any(|services| elements(kind.level, services).iter().any(|element| block.is_none_or(|block| holds(block, element))))
}

fn elements(level: Level, services: &[RootCauseService]) -> Vec<Element<'_>> {
    let bare =
        |name| Element { name, kind: None, message: None, coverage: None, is_remote: false, is_inferred: false, index: 0, is_last: false };
    let entities = services.iter().flat_map(|service| &service.entities);
    let mut elements: Vec<_> = match level {
        Level::Service => services
            .iter()
            .map(|service| Element { kind: service.kind.as_deref(), is_inferred: service.is_inferred, ..bare(&service.name) })
            .collect(),
        Level::Entity => {
            entities.map(|entity| Element { coverage: entity.coverage, is_remote: entity.is_remote, ..bare(&entity.name) }).collect()
        }
        Level::Exception => entities
            .flat_map(|entity| &entity.exceptions)
            .map(|exception| Element { message: Some(&exception.message), ..bare(&exception.name) })
            .collect(),
    };
    let last = elements.len().saturating_sub(1);
    for (index, element) in elements.iter_mut().enumerate() {
        element.index = index;
        element.is_last = index == last;
    }
    elements
}

fn holds(node: &Node, element: &Element<'_>) -> bool {
    match node {
        Node::Or(branches) => branches.iter().any(|branch| holds(branch, element)),
        Node::And(terms) => terms.iter().all(|term| holds(term, element)),
        Node::Not(inner) => !holds(inner, element),
        Node::Flag(flag, wanted) => flag_of(*flag, element) == *wanted,
        Node::Number(number, compare, wanted) => number_of(*number, element).is_some_and(|value| compare.holds(value, *wanted)),
        Node::HasNumber(number) => number_of(*number, element).is_some(),
        Node::Text(text, op, wanted) => text_of(*text, element).is_some_and(|value| op.holds(value, wanted)),
        Node::HasText(text) => text_of(*text, element).is_some(),
        _ => false,
    }
}

const fn flag_of(flag: Flag, element: &Element<'_>) -> bool {
    match flag {
        Flag::First => element.index == 0,
        Flag::Last => element.is_last,
        Flag::Remote => element.is_remote,
        Flag::Inferred => element.is_inferred,
        _ => false,
    }
}

const fn number_of(number: Number, element: &Element<'_>) -> Option<f64> {
    match number {
        Number::Index => Some(element.index as f64),
        Number::Coverage => element.coverage,
        _ => None,
    }
}

const fn text_of<'a>(text: Text, element: &Element<'a>) -> Option<&'a str> {
    match text {
        Text::Name => Some(element.name),
        Text::Type => element.kind,
        Text::Message => element.message,
        _ => None,
    }
}

/// Each object listed must be found: present fields exact, absent ones free, order significant.
pub(super) fn matches_json(wanted: &[Value], causes: &RootCauseFacts) -> bool {
    let all = || causes.fault.iter().chain(&causes.error).chain(&causes.response_time);
    wanted.iter().all(|object| all().any(|services| is_cause(object, services)))
}

fn is_cause(wanted: &Value, services: &[RootCauseService]) -> bool {
    let Some(listed) = wanted.get("Services").and_then(Value::as_array) else { return true };
    listed.len() == services.len() && listed.iter().zip(services).all(|(wanted, service)| is_service(wanted, service))
}

fn is_service(wanted: &Value, service: &RootCauseService) -> bool {
    let is_text = |key: &str, value: Option<&str>| wanted.get(key).and_then(Value::as_str).is_none_or(|text| Some(text) == value);
    let path = wanted.get("EntityPath").and_then(Value::as_array);
    is_text("Name", Some(&service.name))
        && is_text("Type", service.kind.as_deref())
        && is_text("AccountId", service.account_id.as_deref())
        && path.is_none_or(|path| {
            let name = |entity: &Value| entity.get("Name").and_then(Value::as_str).map(str::to_owned);
            path.len() == service.entities.len()
                && path.iter().zip(&service.entities).all(|(wanted, entity)| name(wanted).is_none_or(|name| name == entity.name))
        })
}
