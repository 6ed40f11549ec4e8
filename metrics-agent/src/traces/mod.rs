//! X-Ray: segments out, sampling rules through, and once a minute how it goes.

mod body;
mod failures;
mod rules_cache;

mod proxy;
mod put_trace_segments;
mod telemetry;

pub(crate) use failures::Failures;
pub(crate) use proxy::{Proxy, proxy_routes};
pub(crate) use put_trace_segments::PutTraceSegments;
pub(crate) use telemetry::{TelemetrySources, send_telemetry};
