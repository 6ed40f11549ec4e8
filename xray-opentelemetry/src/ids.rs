//! [`XrayIdGenerator`].

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::{SpanId, TraceId};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

/// Trace ids that begin with the time, as X-Ray's do; without it, parts of AWS take a trace for one of another century and drop it.
#[derive(Debug, Default)]
pub struct XrayIdGenerator {
    random: RandomIdGenerator,
}

impl IdGenerator for XrayIdGenerator {
    #[expect(clippy::disallowed_methods, reason = "the time is part of the id")]
    fn new_trace_id(&self) -> TraceId {
        let random = u128::from_be_bytes(self.random.new_trace_id().to_bytes()) & ((1 << 96) - 1);
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()) as u32;
        TraceId::from(u128::from(seconds) << 96 | random)
    }

    fn new_span_id(&self) -> SpanId {
        self.random.new_span_id()
    }
}
