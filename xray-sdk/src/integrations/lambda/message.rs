//! Messages that an invocation brings.

use std::borrow::Cow;
use std::collections::HashMap;

use telemetry_wire::{SamplingState, TraceHeader};

use crate::Subsegment;

fn header(attributes: &HashMap<String, String>) -> TraceHeader<'_> {
    attributes.get("AWSTraceHeader").map(|header| TraceHeader::parse(header)).unwrap_or_default()
}

/// Whether the sender of a message of SQS was recorded, by the `attributes` of its record.
#[must_use]
pub fn is_sampled(attributes: &HashMap<String, String>) -> bool {
    header(attributes).sampling == SamplingState::Sampled
}

/// Begins a subsegment for a message of SQS: recorded if its sender was, otherwise what happens inside is neither recorded nor asked of
/// others. The sender's trace is its metadata; Lambda links the two.
pub fn message(name: impl Into<Cow<'static, str>>, attributes: &HashMap<String, String>) -> Subsegment {
    let header = header(attributes);
    if header.sampling != SamplingState::Sampled {
        return Subsegment::begin_unsampled();
    }
    let mut subsegment = Subsegment::begin(name);
    if let Some(trace) = header.root {
        subsegment.metadata("sender_trace_id", trace.to_string());
    }
    subsegment
}
