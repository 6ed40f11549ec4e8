//! The trace header on requests and responses.

#[cfg(any(feature = "reqwest", feature = "hyper", feature = "tonic"))]
use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue};
#[cfg(feature = "tower")]
use telemetry_wire::TraceHeader;

/// The name of X-Ray's header, in requests and in responses.
const X_AMZN_TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");
/// The name of the W3C header.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Reads the caller's trace: `X-Amzn-Trace-Id` wins over `traceparent` when it names a trace.
#[cfg(feature = "tower")]
pub(crate) fn incoming(headers: &HeaderMap) -> TraceHeader<'_> {
    let own = || texts(headers, &X_AMZN_TRACE_ID).map(TraceHeader::parse);
    let with_root = own().find(|header| header.root.is_some());
    let standard = || texts(headers, &TRACEPARENT).find_map(telemetry_wire::Traceparent::parse);
    // Without a trace it may still say whether to sample.
    with_root.or_else(|| standard().map(telemetry_wire::Traceparent::to_trace_header)).or_else(|| own().next()).unwrap_or_default()
}

/// The values of all headers of this name: a proxy may add an empty one.
#[cfg(feature = "tower")]
fn texts<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> + use<'a> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
}

/// Writes both headers, unless one of them is there: the application passes on a trace of its own, and a request belongs to one trace.
#[cfg(any(feature = "reqwest", feature = "hyper", feature = "tonic"))]
pub(crate) fn inject(headers: &mut HeaderMap, context: crate::Context) {
    if headers.contains_key(X_AMZN_TRACE_ID) || headers.contains_key(TRACEPARENT) {
        return;
    }
    let (Some(text), Some(header)) = (context.trace_header_text(), context.trace_header()) else { return };
    if let Ok(value) = HeaderValue::try_from(text) {
        headers.insert(X_AMZN_TRACE_ID, value);
    }
    let (Some(trace_id), Some(parent_id)) = (header.root, header.parent) else { return };
    let sampled = header.sampling == telemetry_wire::SamplingState::Sampled;
    let traceparent = telemetry_wire::Traceparent { trace_id, parent_id, sampled };
    let mut text = String::with_capacity(telemetry_wire::Traceparent::LENGTH);
    if write!(text, "{traceparent}").is_ok()
        && let Ok(value) = HeaderValue::try_from(text)
    {
        headers.insert(TRACEPARENT, value);
    }
}

/// The answer to the caller: `Root`, and `Sampled` when it asked with `?`.
#[cfg(feature = "tower")]
#[derive(Debug)]
pub(crate) struct ResponseHeader(Option<HeaderValue>);

#[cfg(feature = "tower")]
impl ResponseHeader {
    pub(crate) fn new(context: crate::Context, asked: bool) -> Self {
        use telemetry_wire::SamplingState;
        let sampling = match (asked, context.is_sampled()) {
            (false, _) => SamplingState::Unknown,
            (true, true) => SamplingState::Sampled,
            (true, false) => SamplingState::NotSampled,
        };
        /// `Root=1-..`, and `;Sampled=1`: with nothing to spare it becomes a header's value without a copy.
        const LENGTH: (usize, usize) = (40, 50);
        let Some(trace) = context.trace_id() else { return Self::none() };
        let mut text = String::with_capacity(if asked { LENGTH.1 } else { LENGTH.0 });
        TraceHeader::new(trace, None, sampling).text().write(&mut text);
        Self(HeaderValue::try_from(text).ok())
    }

    /// Answers nothing.
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    pub(crate) fn write(&mut self, headers: &mut HeaderMap) {
        if let Some(value) = self.0.take() {
            headers.entry(X_AMZN_TRACE_ID).or_insert(value);
        }
    }
}
