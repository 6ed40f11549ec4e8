//! X-Ray: segments out, sampling rules through.

mod proxy;
mod put_trace_segments;

pub(crate) use proxy::{Proxy, proxy_routes};
pub(crate) use put_trace_segments::PutTraceSegments;
