//! From a batch of segments to one request.

use std::collections::HashMap;

use telemetry_delivery::{Held, LossReason};
use telemetry_wire::otlp::{CarriedSpans, ExportTraceServiceRequest, Resource, request, resource_of, spans_of};
use telemetry_wire::{Document, TraceId};

use crate::intake::RawSegment;
use crate::traces::rejection::UNREADABLE;

/// Spans that are not sampled are for X-Ray, which makes metrics of them; a collector would take them for traces.
const NOT_SAMPLED: LossReason = LossReason("not_sampled");

/// The name of a service that nobody has told, as OpenTelemetry has it.
const UNKNOWN: &str = "unknown_service";

/// A batch as spans.
#[derive(Debug, Default)]
pub(super) struct Spans {
    pub(super) request: ExportTraceServiceRequest,
    /// Positions in the batch of what no spans can be made of.
    pub(super) refused: Vec<(usize, LossReason)>,
}

impl Spans {
    /// Maps documents, and takes spans as they are.
    pub(super) fn of(batch: &[Held<RawSegment>]) -> Self {
        let mut spans = Self::default();
        let mut documents = Vec::new();
        for (position, held) in batch.iter().enumerate() {
            let text = &held.item.document;
            let taken = match CarriedSpans::find(text) {
                Some(carried) => spans.take_carried(carried),
                None => Document::parse(text.as_bytes()).map(|document| documents.push(document)).map_err(|_| UNREADABLE),
            };
            spans.refused.extend(taken.err().map(|reason| (position, reason)));
        }
        spans.take_documents(&documents);
        spans
    }

    fn take_carried(&mut self, carried: CarriedSpans<'_>) -> Result<(), LossReason> {
        if !carried.are_sampled {
            return Err(NOT_SAMPLED);
        }
        let request = carried.decode().map_err(|_| UNREADABLE)?;
        self.request.resource_spans.extend(request.resource_spans);
        Ok(())
    }

    /// A subsegment that came on its own does not know its process: it has the resource of its trace's segment in the batch.
    fn take_documents(&mut self, documents: &[Document]) {
        let segments = documents.iter().filter(|document| !document.is_subsegment());
        let by_trace: HashMap<Option<TraceId>, &Document> = segments.map(|segment| (segment.trace_id, segment)).collect();
        for document in documents {
            let resource = match (document.is_subsegment(), by_trace.get(&document.trace_id)) {
                (false, _) => resource_of(document),
                (true, Some(segment)) => resource_of(segment),
                (true, None) => Resource::of_service(UNKNOWN),
            };
            let spans = spans_of(document);
            if !spans.is_empty() {
                self.request.resource_spans.extend(request(resource, spans).resource_spans);
            }
        }
    }

    /// How many.
    pub(super) fn count(&self) -> usize {
        self.request.resource_spans.iter().flat_map(|resource| &resource.scope_spans).map(|scope| scope.spans.len()).sum()
    }
}
