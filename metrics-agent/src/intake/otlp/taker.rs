//! [`SpanTaker`]: from a request to segments in the queue.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};

use telemetry_delivery::Queue;
use telemetry_wire::otlp::{DocumentMapping, ExportTraceServiceRequest, PartialSuccess, carry, cut};
use telemetry_wire::{SPANS_SAMPLED, limits};

use crate::config::Config;
use crate::intake::{IntakeCounters, RawSegment};
use crate::otlp_settings::TracesTo;

/// Bytes of the spans that travel together as they came: base64 makes 4 of 3, and a document of 64 kB of them.
const CARRIED: usize = (limits::DOCUMENT_BYTES - SPANS_SAMPLED.len()) / 4 * 3;

/// Takes spans.
#[derive(Debug)]
pub(crate) struct SpanTaker {
    queue: Arc<Queue<RawSegment>>,
    counters: Arc<IntakeCounters>,
    taken_as: RwLock<Arc<TakenAs>>,
}

/// What spans become.
#[derive(Debug)]
enum TakenAs {
    /// What the destination takes.
    Documents(DocumentMapping),
    /// What they are.
    Spans,
}

impl TakenAs {
    fn of(config: &Config) -> Self {
        match config.traces.to {
            TracesTo::Otlp => Self::Spans,
            TracesTo::Xray => Self::Documents(DocumentMapping {
                indexed: config.otlp.indexed.iter().cloned().collect(),
                indexes_all: config.otlp.index_all,
                ..DocumentMapping::default()
            }),
        }
    }

    fn take(&self, request: ExportTraceServiceRequest) -> (Vec<RawSegment>, PartialSuccess) {
        match self {
            Self::Documents(mapping) => mapped(mapping, &request),
            Self::Spans => {
                (cut(request, CARRIED).iter().map(|piece| RawSegment::of_document(&carry(piece))).collect(), PartialSuccess::default())
            }
        }
    }
}

/// There is no room for now.
#[derive(Debug)]
pub(super) struct Full;

impl SpanTaker {
    pub(crate) fn new(queue: Arc<Queue<RawSegment>>, counters: Arc<IntakeCounters>, config: &Config) -> Arc<Self> {
        Arc::new(Self { queue, counters, taken_as: RwLock::new(Arc::new(TakenAs::of(config))) })
    }

    /// Goes on with another configuration.
    pub(crate) fn follow(&self, config: &Config) {
        *self.taken_as.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(TakenAs::of(config));
    }

    /// Takes all spans that can be sent, and tells of the others. When there is no room some may be held: sent again they replace
    /// themselves, as their ids are the same.
    pub(super) async fn take(&self, request: ExportTraceServiceRequest) -> Result<PartialSuccess, Full> {
        let taken_as = Arc::clone(&self.taken_as.read().unwrap_or_else(PoisonError::into_inner));
        // A request of small spans is a hundred times larger here than on its way: it is gone before anything is awaited, so that there
        // are never more of them than threads.
        let (segments, partial) = taken_as.take(request);
        let count = segments.len() as u64;
        if !self.queue.hold(segments).await {
            return Err(Full);
        }
        self.counters.received.fetch_add(count, Ordering::Relaxed);
        self.counters.malformed.fetch_add(partial.rejected_spans as u64, Ordering::Relaxed);
        Ok(partial)
    }

    /// Counts a request that is none.
    pub(super) fn note_malformed(&self) {
        self.counters.malformed.fetch_add(1, Ordering::Relaxed);
    }
}

fn mapped(mapping: &DocumentMapping, request: &ExportTraceServiceRequest) -> (Vec<RawSegment>, PartialSuccess) {
    let mapped = mapping.documents_of(request);
    let reasons = [(mapped.invalid, "without valid ids"), (mapped.too_large, "larger than 64 kB")];
    let told: Vec<String> =
        reasons.iter().filter(|(count, _)| *count > 0).map(|(count, reason)| format!("{count} spans {reason}")).collect();
    let partial = PartialSuccess { rejected_spans: (mapped.invalid + mapped.too_large) as i64, error_message: told.join(", ") };
    (mapped.documents.iter().map(|document| RawSegment::of_document(&document.text)).collect(), partial)
}
