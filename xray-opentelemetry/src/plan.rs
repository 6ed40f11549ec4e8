//! Which spans of a batch head documents, and which nest below them.

use std::collections::HashMap;

use opentelemetry::SpanId;
use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::trace::SpanData;

/// Spans by place in the batch.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) heads: Vec<usize>,
    pub(crate) children: Vec<Vec<usize>>,
}

/// A span without a parent here: no root is lost, whatever its kind.
pub(crate) fn opens_segment(span: &SpanData) -> bool {
    span.parent_span_id == SpanId::INVALID || span.parent_span_is_remote || span.span_kind == SpanKind::Server
}

impl Plan {
    pub(crate) fn of(batch: &[SpanData]) -> Self {
        let key = |span: &SpanData, id: SpanId| (span.span_context.trace_id(), id);
        let places: HashMap<_, usize> =
            batch.iter().enumerate().map(|(place, span)| (key(span, span.span_context.span_id()), place)).collect();
        let (mut heads, mut children) = (Vec::new(), vec![Vec::new(); batch.len()]);
        for (place, span) in batch.iter().enumerate() {
            match places.get(&key(span, span.parent_span_id)) {
                Some(&parent) if parent != place && !opens_segment(span) => children[parent].push(place),
                _ => heads.push(place),
            }
        }
        for list in &mut children {
            list.sort_by_key(|&place| batch[place].start_time);
        }
        let mut plan = Self { heads, children };
        plan.break_circles(batch.len());
        plan
    }

    /// Spans whose parents are each other's: the first of each circle heads a document.
    fn break_circles(&mut self, spans: usize) {
        let mut is_reached = vec![false; spans];
        let reach = |plan: &Self, from: usize, is_reached: &mut Vec<bool>| {
            let mut waiting = vec![from];
            while let Some(place) = waiting.pop() {
                if !std::mem::replace(&mut is_reached[place], true) {
                    waiting.extend(&plan.children[place]);
                }
            }
        };
        for head in self.heads.clone() {
            reach(self, head, &mut is_reached);
        }
        for place in 0..spans {
            if !is_reached[place] {
                self.children.iter_mut().for_each(|list| list.retain(|&child| child != place));
                self.heads.push(place);
                reach(self, place, &mut is_reached);
            }
        }
    }
}
