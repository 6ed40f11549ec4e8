//! Documents as they come in: received, header line checked, not parsed. OpenTelemetry's spans become documents here.
//!
//! Next: the queue of [`telemetry_delivery`], then `traces/put_trace_segments.rs`.

mod kernel_drops;
mod posted;
mod segment;
mod udp;

#[cfg(feature = "otlp")]
mod otlp;

pub(crate) use kernel_drops::kernel_drops;
#[cfg(feature = "otlp")]
pub(crate) use otlp::{SpanTaker, otlp_routes};
pub(crate) use posted::posted_routes;
pub(crate) use segment::RawSegment;
pub(crate) use udp::{IntakeCounters, receive_segments};
