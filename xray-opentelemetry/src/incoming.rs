//! What an incoming header says beside what OpenTelemetry has a place for; travels in its context.

use opentelemetry::{SpanId, TraceId};

/// Valid for the span context that it came with: another propagator may have replaced that one.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) trace: TraceId,
    /// Nobody has decided whether to sample.
    pub(crate) is_undecided: bool,
    /// The header, if it has pairs to pass on.
    pub(crate) text: String,
}

/// The parent of a header without one, since OpenTelemetry takes a zero parent for no parent and makes a new trace. Told by the trace, so
/// that exporter and propagator know it again and leave it out.
pub(crate) fn stand_in_parent(trace: TraceId) -> SpanId {
    SpanId::from((u128::from_be_bytes(trace.to_bytes()) as u64).max(1))
}
