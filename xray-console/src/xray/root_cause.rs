//! Why a trace failed or took long: the path from the root to the deepest culprit.
//!
//! A simple reading of what AWS does not publish: from the root always into the failing child, or for time into the longest.

use telemetry_rules::filter::{EntityFacts, ExceptionFacts, RootCauseFacts, RootCauseService};
use telemetry_wire::Document;

use super::inferred::Inferred;
use super::tree::TraceTree;

pub(super) fn root_causes(tree: &TraceTree, root: Option<usize>) -> RootCauseFacts {
    let Some(root) = root else { return RootCauseFacts::default() };
    let is_cause = |holds: fn(&Document) -> bool| tree.get(root).filter(|entity| holds(&entity.document)).map(|_| path(tree, root, holds));
    let longest = |_: &Document| true;
    RootCauseFacts {
        fault: is_cause(|document| document.flags().fault).into_iter().collect(),
        error: is_cause(|document| document.flags().error).into_iter().collect(),
        response_time: tree
            .get(root)
            .filter(|entity| entity.document.end_time.is_some())
            .map(|_| path(tree, root, longest))
            .into_iter()
            .collect(),
    }
}

fn seconds(document: &Document) -> f64 {
    document.end_time.map_or(0.0, |end| end - document.start_time)
}

fn path(tree: &TraceTree, root: usize, holds: impl Fn(&Document) -> bool) -> Vec<RootCauseService> {
    let whole = tree.get(root).map_or(0.0, |entity| seconds(&entity.document));
    let mut services: Vec<RootCauseService> = Vec::new();
    let mut next = Some(root);
    while let Some(entity) = next.and_then(|place| tree.get(place)).filter(|_| services.len() < 64) {
        let document = &entity.document;
        if entity.is_segment || services.is_empty() {
            services.push(RootCauseService { name: document.name.clone(), kind: document.origin.clone(), ..RootCauseService::default() });
        }
        if let Some(service) = services.last_mut() {
            service.entities.push(entity_facts(document, whole));
        }
        let place = next.unwrap_or(root);
        let below = tree.callee(place).into_iter().chain(entity.children.iter().copied());
        let candidates = below.filter(|&child| tree.get(child).is_some_and(|child| holds(&child.document)));
        let deeper = candidates.max_by(|&a, &b| {
            let length = |place: usize| tree.get(place).map_or(0.0, |entity| seconds(&entity.document));
            length(a).total_cmp(&length(b))
        });
        if deeper.is_none()
            && let Some(Inferred { name, kind }) = Inferred::of(document)
        {
            let entities = vec![entity_facts(document, whole)];
            services.push(RootCauseService { name, kind: Some(kind), is_inferred: true, entities, ..RootCauseService::default() });
        }
        next = deeper;
    }
    services
}

fn entity_facts(document: &Document, whole: f64) -> EntityFacts {
    let exceptions = document.cause.as_ref().map(|cause| cause.exceptions()).unwrap_or_default();
    EntityFacts {
        name: document.name.clone(),
        is_remote: document.namespace.is_some(),
        coverage: (whole > 0.0).then(|| seconds(document) / whole),
        exceptions: exceptions
            .iter()
            .map(|exception| ExceptionFacts {
                name: exception.kind.clone().unwrap_or_default(),
                message: exception.message.clone().unwrap_or_default(),
            })
            .collect(),
    }
}
