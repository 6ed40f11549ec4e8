//! X-Ray: segments out, sampling rules through, and once a minute how it goes. Segments out as OpenTelemetry's spans.

mod body;
mod failures;
mod rejection;
mod rules_cache;

mod proxy;
mod put_trace_segments;
mod telemetry;

#[cfg(feature = "otlp")]
mod otlp;

mod destination;

pub(crate) use destination::TraceDestination;
pub(crate) use failures::Failures;
pub(crate) use proxy::{Proxy, proxy_routes};
pub(crate) use put_trace_segments::PutTraceSegments;
pub(crate) use telemetry::{TelemetrySources, send_telemetry};
